//! Writing the rows of an open import.

use std::collections::HashSet;

use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension};

use super::imports::{ImportFigures, ImportHead};
use super::likeness::{BYTES, is_derived, likeness};
use super::numbers::{self, Counters};
use super::row::{Incoming, side_code};
use super::transaction::{BYTES_AT_ONCE, Durability, ROWS_AT_ONCE};
use super::{Store, StoreError, contacts, organizations, pending, seal};
use crate::model::{Record, Side, SourceRef};

/// An open import. It is either finished, or discarded by the next builder.
#[derive(Debug)]
pub struct ImportTicket {
    pub(super) import: i64,
    pub(super) list: i64,
    pub(super) list_name: String,
    pub(super) side: Side,
    pub(super) file: String,
    pub(super) whole: bool,
    pub(super) year: i16,
    pub(super) figures: ImportFigures,
    pub(super) counters: Counters,
    /// Whether the list had rows without ids of their own before.
    pub(super) has_derived: bool,
    /// Whether a transaction failed: the ticket may know more than the store.
    pub(super) broken: bool,
}

impl ImportTicket {
    pub(super) fn new(
        conn: &Connection,
        import: i64,
        list: i64,
        list_name: &str,
        head: &ImportHead,
        counters: Counters,
    ) -> Result<Self, StoreError> {
        let has_derived = conn
            .prepare_cached(
                "SELECT 1 FROM records WHERE list = ?1 AND likeness IS NOT NULL LIMIT 1",
            )?
            .exists([list])?;
        Ok(Self {
            import,
            list,
            list_name: list_name.to_owned(),
            side: head.side,
            file: head.file.clone(),
            whole: head.whole,
            year: head.date.year(),
            figures: ImportFigures::default(),
            counters,
            has_derived,
            broken: false,
        })
    }

    /// Fails if an earlier step of the import failed.
    pub(super) const fn check_sound(&self) -> Result<(), StoreError> {
        if self.broken { Err(StoreError::NotOpen { what: "import" }) } else { Ok(()) }
    }

    /// Fails if the import was discarded by somebody else.
    pub(super) fn check_open(&self, conn: &Connection) -> Result<(), StoreError> {
        let open = conn
            .prepare_cached("SELECT 1 FROM imports WHERE id = ?1 AND state = 'staged'")?
            .exists([self.import])?;
        if open { Ok(()) } else { Err(StoreError::NotOpen { what: "import" }) }
    }
}

/// What a version does to its record, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    New = 0,
    Changed = 1,
    Withdrawn = 2,
    Revived = 3,
}

/// The version of a record that an import finds: the last one, as imports are one after another.
pub(super) struct Current {
    pub(super) kind: i64,
    pub(super) content: Option<Vec<u8>>,
    pub(super) given_id: Option<String>,
}

impl Store {
    /// Stages rows of an open import; any number of calls, and it does not matter where the rows
    /// are cut into calls.
    ///
    /// Ids are those of the import, numbers are given here: a new record gets the next number of
    /// its year, or keeps an id that has the form of a number. Where another list of the side
    /// already has the id, the record's id becomes `LIST/ID`. Rows of a list without ids are
    /// recognised by what they say, else by owner and title where these are unique.
    ///
    /// Returns the places of rows that were not taken in, because an earlier row of the same import
    /// has their id and says something else.
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] if the import was discarded or broke off; when the store cannot be
    /// written. The import is then still staged, to be discarded.
    pub fn stage(
        &mut self,
        ticket: &mut ImportTicket,
        records: &[Record],
    ) -> Result<Vec<SourceRef>, StoreError> {
        ticket.check_sound()?;
        let side = ticket.side;
        let reserved: HashSet<String> = records
            .iter()
            .filter(|record| numbers::is_number(side, &record.id.0))
            .map(|record| record.id.0.clone())
            .collect();
        let mut refused = Vec::new();
        for chunk in records.chunks(ROWS_AT_ONCE) {
            // Hashing and serialising need no lock.
            let incoming: Vec<Incoming> = chunk.par_iter().map(Incoming::of).collect();
            let mut rest = incoming.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at(fitting(rest));
                rest = later;
                let staged = self.write(Durability::Ordered, |conn| {
                    ticket.check_open(conn)?;
                    let before = ticket.counters.clone();
                    for row in now {
                        if take(conn, ticket, row, &reserved)? == Taken::Refused {
                            refused.push(row.source.clone());
                        }
                    }
                    if ticket.counters != before {
                        numbers::save(conn, side, &ticket.counters)?;
                    }
                    Ok(())
                });
                if staged.is_err() {
                    ticket.broken = true;
                }
                staged?;
            }
        }
        Ok(refused)
    }
}

/// How many of the rows go into one transaction: at least one.
fn fitting(rows: &[Incoming]) -> usize {
    let mut n_bytes = 0;
    let fit = rows
        .iter()
        .take_while(|row| {
            n_bytes += row.n_bytes();
            n_bytes <= BYTES_AT_ONCE
        })
        .count();
    fit.max(1)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    In,
    Refused,
}

/// Takes one row in, or puts it aside until all of its file has been seen.
fn take(
    conn: &Connection,
    ticket: &mut ImportTicket,
    row: &Incoming,
    reserved: &HashSet<String>,
) -> Result<Taken, StoreError> {
    if !is_derived(ticket.side, &row.given_id) {
        return match by_given_id(conn, ticket.side, ticket.list, &row.given_id)? {
            Some(record) => update(conn, ticket, record, row),
            None => add(conn, ticket, row, &row.given_id, reserved),
        };
    }
    if let Some(record) = by_current_id(conn, ticket.side, ticket.list, &row.given_id)? {
        return update(conn, ticket, record, row);
    }
    if !ticket.has_derived {
        return add(conn, ticket, row, &row.given_id, reserved);
    }
    pending::put_aside(conn, ticket, row, &like(row))?;
    Ok(Taken::In)
}

pub(super) fn like(row: &Incoming) -> [u8; BYTES] {
    likeness(&row.title, row.organization.as_deref())
}

/// The record of a list that had this id when it was first taken in.
pub(super) fn by_given_id(
    conn: &Connection,
    side: Side,
    list: i64,
    given_id: &str,
) -> rusqlite::Result<Option<i64>> {
    let same = conn
        .prepare_cached(
            "SELECT id FROM records WHERE side = ?1 AND record_id = ?2 AND given_id = ?2
             AND list = ?3",
        )?
        .query_row((side_code(side), given_id, list), |row| row.get(0))
        .optional()?;
    if same.is_some() {
        return Ok(same);
    }
    conn.prepare_cached(
        "SELECT id FROM records WHERE list = ?1 AND given_id = ?2 AND given_id <> record_id",
    )?
    .query_row((list, given_id), |row| row.get(0))
    .optional()
}

/// The record of a list whose last version came with this derived id.
fn by_current_id(
    conn: &Connection,
    side: Side,
    list: i64,
    given_id: &str,
) -> Result<Option<i64>, StoreError> {
    if let Some(record) = by_given_id(conn, side, list, given_id)?
        && current(conn, record)?.given_id.is_none()
    {
        return Ok(Some(record));
    }
    let mut select = conn.prepare_cached(
        "SELECT DISTINCT v.record FROM versions v JOIN records r ON r.id = v.record
         WHERE v.given_id = ?1 AND r.list = ?2 ORDER BY v.record",
    )?;
    let found: Vec<i64> =
        select.query_map((given_id, list), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for record in found {
        if current(conn, record)?.given_id.as_deref() == Some(given_id) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The last version of a record; its id in the list is that of the last version that says something.
pub(super) fn current(conn: &Connection, record: i64) -> rusqlite::Result<Current> {
    let last = conn
        .prepare_cached(
            "SELECT kind, content, given_id FROM versions WHERE record = ?1
             ORDER BY import DESC LIMIT 1",
        )?
        .query_row([record], |row| {
            Ok(Current { kind: row.get(0)?, content: row.get(1)?, given_id: row.get(2)? })
        })?;
    if last.kind != Kind::Withdrawn as i64 {
        return Ok(last);
    }
    let given_id = conn
        .prepare_cached(
            "SELECT given_id FROM versions WHERE record = ?1 AND says IS NOT NULL
             ORDER BY import DESC LIMIT 1",
        )?
        .query_row([record], |row| row.get(0))?;
    Ok(Current { given_id, ..last })
}

/// Takes a row in as the next version of a record, if it says something else.
pub(super) fn update(
    conn: &Connection,
    ticket: &mut ImportTicket,
    record: i64,
    row: &Incoming,
) -> Result<Taken, StoreError> {
    let held = current(conn, record)?;
    let (last_seen, first_id): (i64, String) = conn
        .prepare_cached("SELECT last_seen, given_id FROM records WHERE id = ?1")?
        .query_row([record], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let same = held.content.as_deref() == Some(row.content.as_slice());
    if last_seen == ticket.import {
        // The file has the row twice; the first one stands.
        if same {
            ticket.figures.repeated += 1;
            return Ok(Taken::In);
        }
        ticket.figures.refused += 1;
        return Ok(Taken::Refused);
    }
    conn.prepare_cached("UPDATE records SET last_seen = ?2 WHERE id = ?1")?
        .execute((record, ticket.import))?;
    let kind = if held.kind == Kind::Withdrawn as i64 {
        ticket.figures.revived += 1;
        Kind::Revived
    } else if same {
        ticket.figures.unchanged += 1;
        return Ok(Taken::In);
    } else {
        ticket.figures.changed += 1;
        Kind::Changed
    };
    add_version(conn, ticket, record, kind, row, &first_id)?;
    Ok(Taken::In)
}

/// Takes a row in as a new record, by an id that no record of the list has.
pub(super) fn add(
    conn: &Connection,
    ticket: &mut ImportTicket,
    row: &Incoming,
    given_id: &str,
    reserved: &HashSet<String>,
) -> Result<Taken, StoreError> {
    let side = ticket.side;
    let number =
        if numbers::is_number(side, &row.given_id) && !numbers::is_given(conn, &row.given_id)? {
            row.given_id.clone()
        } else {
            let year = row.year.unwrap_or(ticket.year);
            numbers::next(conn, side, year, &mut ticket.counters, reserved)?
        };
    let record_id = free_id(conn, ticket, given_id)?;
    let like = is_derived(side, &row.given_id).then(|| like(row));
    let columns = "list, side, record_id, given_id, number, likeness, import";
    let record = conn
        .prepare_cached(&format!(
            "INSERT INTO records ({columns}, last_seen, sum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7))"
        ))?
        .insert((ticket.list, side_code(side), record_id, given_id, number, like, ticket.import))?;
    ticket.figures.new += 1;
    add_version(conn, ticket, record, Kind::New, row, given_id)?;
    Ok(Taken::In)
}

/// The id by which the workspace knows a new record of a list.
fn free_id(conn: &Connection, ticket: &ImportTicket, given_id: &str) -> Result<String, StoreError> {
    let mut taken =
        conn.prepare_cached("SELECT 1 FROM records WHERE side = ?1 AND record_id = ?2")?;
    let side = side_code(ticket.side);
    if !taken.exists((side, given_id))? {
        return Ok(given_id.to_owned());
    }
    let list: String = ticket
        .list_name
        .chars()
        .map(|c| if c.is_whitespace() || c == '/' { '-' } else { c })
        .collect();
    let named = format!("{list}/{given_id}");
    // A list may give ids that look like those of another list.
    let mut tries = std::iter::once(named.clone()).chain((2_u64..).map(|n| format!("{named}-{n}")));
    loop {
        let id = tries.next().expect("endless");
        if !taken.exists((side, &id))? {
            return Ok(id);
        }
    }
}

fn add_version(
    conn: &Connection,
    ticket: &ImportTicket,
    record: i64,
    kind: Kind,
    row: &Incoming,
    first_id: &str,
) -> Result<(), StoreError> {
    let organization =
        organizations::resolve(conn, row.organization.as_deref(), row.credit_code.as_deref())?;
    let version = seal::insert(
        conn,
        "versions",
        (
            record,
            ticket.import,
            kind as i64,
            row.content,
            (row.given_id != first_id).then_some(&row.given_id),
            organization,
            (row.source.file != ticket.file).then_some(&row.source.file),
            &row.source.sheet,
            row.source.row,
            &row.says,
            &row.drawn,
        ),
    )?;
    contacts::put_of_version(conn, version, &row.contact)
}
