//! Taking a list in as one step, however many transactions it needs.
//!
//! An import is begun, its rows are staged in short transactions that no reader sees, and one
//! transaction completes it. Imports are one after another, so a reader needs no more than the
//! last import that it may see: versions of later ones are not there for it.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::events::{Event, append, timestamp};
use super::numbers;
use super::row::{hash_of, hex, side_of};
use super::staging::ImportTicket;
use super::transaction::Durability;
use super::{Seq, Store, StoreError, counts, lists, pending, seal};
use crate::model::{Intake, Side};

/// An import's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(pub i64);

/// What is to be taken in, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportHead {
    /// The list's side.
    pub side: Side,
    /// The list's name; the side's own list where `None`. A new name makes a new list.
    pub list: Option<String>,
    /// A set that the list belongs to from now on.
    pub set: Option<String>,
    /// File name, without its folder.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// The format it was recognised as, such as `xlsx`.
    pub format: String,
    /// Whether the file is the whole list: records of the list that it lacks are withdrawn.
    pub whole: bool,
    /// Whether to take it in although the list has had this very file before.
    pub again: bool,
    /// Now.
    pub at: Timestamp,
    /// Today, where the office is; the year of rows without a date of their own.
    pub date: Date,
}

/// An import that began, or did not have to.
#[derive(Debug)]
pub enum Begun {
    /// Rows can be staged.
    Open(ImportTicket),
    /// The list has had this file before; nothing is to be done.
    AlreadyTaken {
        /// What became of it then.
        summary: ImportSummary,
        /// Whether other files went into the list since, so that the list may say otherwise now.
        superseded: bool,
    },
}

/// What reading the file found beside the rows that are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Rows merged into others of the file.
    pub merged: u64,
    /// Rows that are no records.
    pub skipped: u64,
    /// Rows that could not become records.
    pub rejected: u64,
    /// Values that were mended.
    pub repairs: u64,
}

impl Findings {
    /// The figures of an intake.
    #[must_use]
    pub fn of(intake: &Intake) -> Self {
        Self {
            merged: intake.merged.len() as u64,
            skipped: intake.skipped.len() as u64,
            rejected: intake.rejected.len() as u64,
            repairs: intake.repairs.len() as u64,
        }
    }
}

/// What became of an import's rows.
///
/// Rows that were staged = new + changed + revived + unchanged + repeated + refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportFigures {
    /// Records that the list did not have.
    pub new: u64,
    /// Records that say something else than before.
    pub changed: u64,
    /// Records that had been withdrawn.
    pub revived: u64,
    /// Records that say the same.
    pub unchanged: u64,
    /// Rows that repeat another row of the file to the letter.
    pub repeated: u64,
    /// Rows with the id of another row of the file but other content; not taken in.
    pub refused: u64,
    /// Records that the file, being the whole list, no longer has.
    pub withdrawn: u64,
    /// Rows merged into others while reading.
    pub merged: u64,
    /// Rows that are no records.
    pub skipped: u64,
    /// Rows that could not become records.
    pub rejected: u64,
    /// Values that were mended.
    pub repairs: u64,
}

/// A complete import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Its number.
    pub id: ImportId,
    /// Its place in the log: readers who ask up to here see it.
    pub seq: Seq,
    /// The list's side.
    pub side: Side,
    /// The list's name.
    pub list: String,
    /// File name, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The format it was recognised as.
    pub format: String,
    /// Whether it was the whole list.
    pub whole: bool,
    /// When it was completed.
    pub at: Timestamp,
    /// What became of its rows.
    pub figures: ImportFigures,
}

impl Store {
    /// Begins an import.
    ///
    /// A complete import of the same bytes into the same list (for the whole list, if `whole`) has
    /// been there before: nothing begins, unless `again`.
    ///
    /// # Errors
    /// [`StoreError::StagedImport`] while another one is open; `BadEntry` for a hash or name that
    /// is none; when the store cannot be written.
    pub fn begin_import(&mut self, head: &ImportHead) -> Result<Begun, StoreError> {
        self.write(Durability::Synced, |conn| {
            if let Some(file) = open_file(conn)? {
                return Err(StoreError::StagedImport { file });
            }
            let sha256 = hash_of(&head.sha256)?;
            let name = head.list.as_deref().unwrap_or(default_name(head.side));
            let list = lists::find_or_make(conn, head.side, name)?;
            if let Some(set) = &head.set {
                lists::put_in_set(conn, list, set)?;
            }
            if !head.again
                && let Some(id) = taken_before(conn, list, &sha256, head.whole)?
            {
                let summary = summary_of(conn, id)?.expect("a complete import has a summary");
                let superseded = conn
                    .prepare_cached(
                        "SELECT 1 FROM imports WHERE list = ?1 AND id > ?2 AND state = 'complete'",
                    )?
                    .exists((list, id))?;
                return Ok(Begun::AlreadyTaken { summary, superseded });
            }
            let counters = numbers::load(conn, head.side)?;
            let before = serde_json::to_string(&counters).expect("years and counts");
            let none = rusqlite::types::Null;
            let import = seal::insert(
                conn,
                "imports",
                (
                    list,
                    &head.file,
                    sha256,
                    &head.format,
                    head.whole,
                    head.at.to_string(),
                    before,
                    "staged",
                    1,
                    none,
                    none,
                    none,
                ),
            )?;
            Ok(Begun::Open(ImportTicket::new(conn, import, list, name.trim(), head, counters)?))
        })
    }

    /// Completes an import: settles rows that had to wait, withdraws what the whole list lacks,
    /// and makes it all visible by one short transaction.
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] if the import was discarded or broke off with an error; when the
    /// store cannot be written. The import is then still staged, to be discarded.
    pub fn finish_import(
        &mut self,
        mut ticket: ImportTicket,
        findings: &Findings,
        at: Timestamp,
    ) -> Result<ImportSummary, StoreError> {
        ticket.check_sound()?;
        pending::settle_all(self, &mut ticket)?;
        if ticket.whole {
            pending::withdraw_unseen(self, &mut ticket)?;
        }
        let figures = ImportFigures {
            merged: findings.merged,
            skipped: findings.skipped,
            rejected: findings.rejected,
            repairs: findings.repairs,
            ..ticket.figures
        };
        self.write(Durability::Synced, |conn| {
            ticket.check_open(conn)?;
            let (file, sha256): (String, Vec<u8>) = conn.query_row(
                "SELECT file, sha256 FROM imports WHERE id = ?1",
                [ticket.import],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let event = Event::ImportCompleted {
                import: ticket.import,
                side: ticket.side,
                list: ticket.list_name.clone(),
                file,
                sha256: hex(&sha256),
                figures,
            };
            let seq = append(conn, at, &event)?;
            conn.execute(
                "UPDATE imports SET state = 'complete', open = NULL, event = ?2, ended_at = ?3,
                 figures = ?4 WHERE id = ?1",
                (
                    ticket.import,
                    seq.0,
                    at.to_string(),
                    serde_json::to_string(&figures).expect("plain figures"),
                ),
            )?;
            seal::seal(conn, "imports", ticket.import)?;
            let signed = |n: u64| i64::try_from(n).expect("far fewer than 2^63 rows");
            let (came, went) = (signed(figures.new + figures.revived), signed(figures.withdrawn));
            let versions = came + went + signed(figures.changed);
            conn.execute(
                "UPDATE lists SET live = live + ?2, withdrawn = withdrawn + ?3,
                 versions = versions + ?4, last_import = ?5 WHERE id = ?1",
                (ticket.list, came - went, went - signed(figures.revived), versions, ticket.import),
            )?;
            seal::seal(conn, "lists", ticket.list)?;
            counts::add(conn, counts::IMPORTS, 1)?;
            Ok(summary_of(conn, ticket.import)?.expect("it was completed just now"))
        })
    }

    /// Complete imports, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn imports(&self, limit: usize) -> Result<Vec<ImportSummary>, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT id FROM imports WHERE state = 'complete' ORDER BY id DESC LIMIT ?1",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let ids: Vec<i64> =
                select.query_map([limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut summaries = Vec::with_capacity(ids.len());
            for id in ids {
                summaries.extend(summary_of(conn, id)?);
            }
            Ok(summaries)
        })
    }
}

const fn default_name(side: Side) -> &'static str {
    lists::default_list(side)
}

/// The file of the import that is open, if one is.
fn open_file(conn: &Connection) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT file FROM imports WHERE open = 1", [], |row| row.get(0)).optional()
}

fn taken_before(
    conn: &Connection,
    list: i64,
    sha256: &[u8; 32],
    whole: bool,
) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "SELECT max(id) FROM imports
         WHERE list = ?1 AND sha256 = ?2 AND state = 'complete' AND whole >= ?3",
    )?
    .query_row((list, sha256, whole), |row| row.get(0))
}

/// The last import whose rows a reader sees who asks up to `upto`; 0 for none.
pub(super) fn last_visible(conn: &Connection, upto: Seq) -> rusqlite::Result<i64> {
    conn.prepare_cached("SELECT coalesce(max(id), 0) FROM imports WHERE event <= ?1")?
        .query_row([upto.0], |row| row.get(0))
}

/// A complete import's summary.
pub(super) fn summary_of(conn: &Connection, id: i64) -> Result<Option<ImportSummary>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT l.side, l.name, i.file, i.sha256, i.format, i.whole, i.event, i.ended_at, i.figures
         FROM imports i JOIN lists l ON l.id = i.list WHERE i.id = ?1 AND i.state = 'complete'",
    )?;
    let mut rows = select.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let figures: String = row.get(8)?;
    Ok(Some(ImportSummary {
        id: ImportId(id),
        seq: Seq(row.get(6)?),
        side: side_of(row.get(0)?)?,
        list: row.get(1)?,
        file: row.get(2)?,
        sha256: hex(&row.get::<_, Vec<u8>>(3)?),
        format: row.get(4)?,
        whole: row.get(5)?,
        at: timestamp(&row.get::<_, String>(7)?)?,
        figures: serde_json::from_str(&figures)
            .map_err(|error| StoreError::damaged(format!("figures of import {id}: {error}")))?,
    }))
}
