//! What a record said when, and what changed between two places in the log.

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use super::events::{head, timestamp};
use super::imports::last_visible;
use super::records::find_known;
use super::row::{self, side_code};
use super::staging::Kind;
use super::{ImportId, Seq, Store, StoreError};
use crate::model::{Record, RecordId, Side, SourceRef};

/// How a record changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It came.
    New,
    /// It says something else.
    Changed,
    /// The list no longer has it.
    Withdrawn,
    /// It came back.
    Revived,
}

/// One version of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// What this version did.
    pub kind: ChangeKind,
    /// The import that brought it.
    pub import: ImportId,
    /// That import's place in the log.
    pub seq: Seq,
    /// When it was completed.
    pub at: Timestamp,
    /// The file that was imported.
    pub file: String,
    /// What it said; `None` for a withdrawal. Its contact is empty.
    pub record: Option<Record>,
}

impl Store {
    /// All versions of a record, the first one first.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn history(&self, side: Side, id: &RecordId) -> Result<Vec<VersionRow>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let record = find_known(conn, side, id, last)?;
            let mut select = conn.prepare_cached(
                "SELECT v.kind, v.import, i.event, i.ended_at, i.file, r.record_id, r.number,
                        coalesce(v.file, i.file), v.sheet, v.row, v.says, v.drawn
                 FROM versions v JOIN imports i ON i.id = v.import JOIN records r ON r.id = v.record
                 WHERE v.record = ?1 AND v.import <= ?2 ORDER BY v.import",
            )?;
            let mut rows = select.query((record, last))?;
            let mut versions = Vec::new();
            while let Some(row) = rows.next()? {
                let says: Option<String> = row.get(10)?;
                let record = match says {
                    Some(says) => {
                        let source =
                            SourceRef { file: row.get(7)?, sheet: row.get(8)?, row: row.get(9)? };
                        let drawn: Option<String> = row.get(11)?;
                        let (id, number) = (RecordId(row.get(5)?), row.get(6)?);
                        Some(row::record(side, id, number, source, &says, drawn.as_deref())?)
                    }
                    None => None,
                };
                versions.push(VersionRow {
                    kind: kind_of(row.get(0)?)?,
                    import: ImportId(row.get(1)?),
                    seq: Seq(row.get(2)?),
                    at: timestamp(&row.get::<_, String>(3)?)?,
                    file: row.get(4)?,
                    record,
                });
            }
            Ok(versions)
        })
    }

    /// The records of one side that are not the same at two places in the log, in the order of
    /// their ids: what came ([`ChangeKind::New`], or [`ChangeKind::Revived`] if it had been there
    /// before), went, or says something else. What changed and changed back is not among them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changed_between(
        &self,
        side: Side,
        after: Seq,
        upto: Seq,
    ) -> Result<Vec<(RecordId, ChangeKind)>, StoreError> {
        self.read(|conn| {
            let (before, now) = (last_visible(conn, after)?, last_visible(conn, upto)?);
            let mut select = conn.prepare_cached(
                "SELECT DISTINCT r.id, r.record_id FROM versions v INDEXED BY versions_by_import
                 CROSS JOIN records r ON r.id = v.record
                 WHERE v.import > ?1 AND v.import <= ?2 AND r.side = ?3 ORDER BY r.record_id",
            )?;
            let mut rows = select.query((before, now, side_code(side)))?;
            let mut changes = Vec::new();
            while let Some(row) = rows.next()? {
                let record: i64 = row.get(0)?;
                let change = match (at(conn, record, before)?, at(conn, record, now)?) {
                    (None, Some(Some(_))) => ChangeKind::New,
                    (Some(None), Some(Some(_))) => ChangeKind::Revived,
                    (Some(Some(_)), Some(None)) => ChangeKind::Withdrawn,
                    (Some(Some(a)), Some(Some(b))) if a != b => ChangeKind::Changed,
                    _ => continue,
                };
                changes.push((RecordId(row.get(1)?), change));
            }
            Ok(changes)
        })
    }
}

/// What a record said as of an import: nothing yet, nothing any more, or the hash of it.
fn at(conn: &Connection, record: i64, last: i64) -> Result<Option<Option<Vec<u8>>>, StoreError> {
    let mut select = conn.prepare_cached(
        "SELECT content FROM versions WHERE record = ?1 AND import <= ?2
         ORDER BY import DESC LIMIT 1",
    )?;
    let mut rows = select.query((record, last))?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

fn kind_of(code: i64) -> Result<ChangeKind, StoreError> {
    const KINDS: [(Kind, ChangeKind); 4] = [
        (Kind::New, ChangeKind::New),
        (Kind::Changed, ChangeKind::Changed),
        (Kind::Withdrawn, ChangeKind::Withdrawn),
        (Kind::Revived, ChangeKind::Revived),
    ];
    let found = KINDS.iter().find(|(stored, _)| *stored as i64 == code);
    found
        .map(|(_, kind)| *kind)
        .ok_or_else(|| StoreError::damaged(format!("a version of kind {code}")))
}
