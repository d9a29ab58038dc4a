//! How much there is: kept totals, so that the answer does not take longer as the store grows.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::{Store, StoreError, seal};

/// Records of one side, over all lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SideCounts {
    /// Records that a list holds now, expired ones included.
    pub live: u64,
    /// Records that were withdrawn.
    pub withdrawn: u64,
    /// Versions of all records, withdrawals included.
    pub versions: u64,
}

/// What the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Demands.
    pub demands: SideCounts,
    /// Supplies.
    pub supplies: SideCounts,
    /// Organizations, those merged into others not counted.
    pub organizations: u64,
    /// Answers of brokers.
    pub answers: u64,
    /// Complete imports.
    pub imports: u64,
    /// Published runs.
    pub runs: u64,
}

impl Store {
    /// Counts what there is. Reads a handful of rows, however many records there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT side, sum(live), sum(withdrawn), sum(versions) FROM lists GROUP BY side",
            )?;
            let mut rows = select.query([])?;
            let mut counts = Counts {
                organizations: total(conn, ORGANIZATIONS)?,
                answers: total(conn, ANSWERS)?,
                imports: total(conn, IMPORTS)?,
                runs: total(conn, RUNS)?,
                ..Counts::default()
            };
            while let Some(row) = rows.next()? {
                let side =
                    SideCounts { live: row.get(1)?, withdrawn: row.get(2)?, versions: row.get(3)? };
                match row.get(0)? {
                    0_i64 => counts.demands = side,
                    _ => counts.supplies = side,
                }
            }
            Ok(counts)
        })
    }
}

/// Name of the total of organizations.
pub(super) const ORGANIZATIONS: &str = "organizations";
/// Name of the total of answers.
pub(super) const ANSWERS: &str = "answers";
/// Name of the total of complete imports.
pub(super) const IMPORTS: &str = "imports";
/// Name of the total of rows in the log of who saw what.
pub(super) const ACCESSES: &str = "accesses";
/// Name of the total of published runs.
pub(super) const RUNS: &str = "runs";

fn total(conn: &Connection, name: &str) -> rusqlite::Result<u64> {
    let value = conn
        .prepare_cached("SELECT value FROM totals WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(value.unwrap_or(0))
}

/// Adds to a total, inside the caller's transaction.
pub(super) fn add(conn: &Connection, name: &str, by: i64) -> rusqlite::Result<()> {
    if by == 0 {
        return Ok(());
    }
    let held: Option<(i64, i64)> = conn
        .prepare_cached("SELECT id, value FROM totals WHERE name = ?1")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match held {
        Some((id, value)) => {
            conn.prepare_cached("UPDATE totals SET value = ?1 WHERE id = ?2")?
                .execute((value + by, id))?;
            seal::seal(conn, "totals", id)
        }
        None => seal::insert(conn, "totals", (name, by)).map(|_| ()),
    }
}
