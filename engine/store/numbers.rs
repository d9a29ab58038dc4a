//! Numbers that people say, such as XQ-2026-0012: given once and kept for ever.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, OptionalExtension};

use super::row::side_code;
use super::{StoreError, seal};
use crate::model::Side;

/// How many numbers of each year were given on one side.
pub(super) type Counters = BTreeMap<i16, i64>;

/// 需求 or 供给 in two letters.
pub(super) const fn prefix(side: Side) -> &'static str {
    match side {
        Side::Demand => "XQ",
        Side::Supply => "GJ",
    }
}

/// Whether a list's own id has the form of a number of its side; it is then kept as the number.
pub(super) fn is_number(side: Side, id: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    id.strip_prefix(prefix(side))
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, n)| {
            year.len() == 4 && digits(year) && (4..=8).contains(&n.len()) && digits(n)
        })
}

/// The next free number of a year. `reserved` are ids that are going to be numbers themselves.
pub(super) fn next(
    conn: &Connection,
    side: Side,
    year: i16,
    counters: &mut Counters,
    reserved: &HashSet<String>,
) -> Result<String, StoreError> {
    let given = counters.entry(year).or_default();
    loop {
        *given += 1;
        let number = format!("{}-{year:04}-{given:04}", prefix(side));
        if !reserved.contains(&number) && !is_given(conn, &number)? {
            return Ok(number);
        }
    }
}

/// Whether some record has the number.
pub(super) fn is_given(conn: &Connection, number: &str) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM records WHERE number = ?1")?.exists([number])
}

/// The counters of a side.
pub(super) fn load(conn: &Connection, side: Side) -> Result<Counters, StoreError> {
    let mut select = conn.prepare_cached("SELECT year, given FROM counters WHERE side = ?1")?;
    let rows = select.query_map([side_code(side)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes the stored counters of a side equal to these; a counter that is missing here becomes 0.
pub(super) fn save(conn: &Connection, side: Side, counters: &Counters) -> Result<(), StoreError> {
    let stored = load(conn, side)?;
    let years: std::collections::BTreeSet<i16> =
        stored.keys().chain(counters.keys()).copied().collect();
    for year in years {
        let given = counters.get(&year).copied().unwrap_or(0);
        if stored.get(&year) == Some(&given) {
            continue;
        }
        let id = conn
            .prepare_cached("SELECT id FROM counters WHERE side = ?1 AND year = ?2")?
            .query_row((side_code(side), year), |row| row.get::<_, i64>(0))
            .optional()?;
        match id {
            Some(id) => {
                conn.prepare_cached("UPDATE counters SET given = ?1 WHERE id = ?2")?
                    .execute((given, id))?;
                seal::seal(conn, "counters", id)?;
            }
            None => {
                seal::insert(conn, "counters", (side_code(side), year, given))?;
            }
        }
    }
    Ok(())
}
