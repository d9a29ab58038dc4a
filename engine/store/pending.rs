//! Rows that can be placed only when all of their file has been seen, and records that a whole
//! list no longer has.

use std::collections::HashSet;

use rusqlite::Connection;

use super::likeness::BYTES;
use super::row::Incoming;
use super::staging::{ImportTicket, Kind, add, by_given_id, current, like, update};
use super::transaction::{Durability, ROWS_AT_ONCE};
use super::{Store, StoreError, numbers, seal};

/// Keeps a row until the import is finished.
pub(super) fn put_aside(
    conn: &Connection,
    ticket: &ImportTicket,
    row: &Incoming,
    likeness: &[u8; BYTES],
) -> Result<(), StoreError> {
    let text = serde_json::to_string(row).expect("its keys are texts");
    seal::insert(conn, "pending", (ticket.import, &row.given_id, likeness, text))?;
    Ok(())
}

/// Settles the rows that were put aside, in their order.
///
/// A row goes on the record that once had its id, or on the one record of the list with its owner
/// and title if no other row and no other record has these; else it is a new record.
pub(super) fn settle_all(store: &mut Store, ticket: &mut ImportTicket) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let settled = store.write(Durability::Ordered, |conn| {
            ticket.check_open(conn)?;
            let before = ticket.counters.clone();
            let rows = read(conn, ticket.import, after)?;
            for (id, row) in &rows {
                settle(conn, ticket, row)?;
                after = *id;
            }
            if ticket.counters != before {
                numbers::save(conn, ticket.side, &ticket.counters)?;
            }
            Ok(!rows.is_empty())
        });
        match settled {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                ticket.broken = true;
                return Err(error);
            }
        }
    }
    while store.write(Durability::Ordered, |conn| remove(conn, ticket.import))? {}
    Ok(())
}

fn read(conn: &Connection, import: i64, after: i64) -> Result<Vec<(i64, Incoming)>, StoreError> {
    // By the order of ids, not by the index of imports: all rows are of the one that is open.
    let mut select = conn.prepare_cached(
        "SELECT id, row FROM pending WHERE +import = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = select.query((import, after, rows_at_once()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let text: String = row.get(1)?;
        let incoming = serde_json::from_str(&text)
            .map_err(|error| StoreError::damaged(format!("a staged row: {error}")))?;
        found.push((row.get(0)?, incoming));
    }
    Ok(found)
}

fn settle(conn: &Connection, ticket: &mut ImportTicket, row: &Incoming) -> Result<(), StoreError> {
    if let Some(record) = by_given_id(conn, ticket.side, ticket.list, &row.given_id)? {
        // A record that went on under another id comes back to this one, unless a row of this
        // import is it already; then this row is another record.
        let content = current(conn, record)?.content;
        if !is_seen(conn, ticket, record)? || content.as_deref() == Some(row.content.as_slice()) {
            return update(conn, ticket, record, row).map(|_| ());
        }
    } else if let Some(record) = only_like(conn, ticket, row)? {
        return update(conn, ticket, record, row).map(|_| ());
    }
    let given_id = free_given_id(conn, ticket, &row.given_id)?;
    add(conn, ticket, row, &given_id, &HashSet::new()).map(|_| ())
}

/// The id itself, or with a running number if it is that of another record of the list.
fn free_given_id(
    conn: &Connection,
    ticket: &ImportTicket,
    given_id: &str,
) -> Result<String, StoreError> {
    let mut id = given_id.to_owned();
    let mut n = 1_u64;
    while by_given_id(conn, ticket.side, ticket.list, &id)?.is_some() {
        n += 1;
        id = format!("{given_id}-{n}");
    }
    Ok(id)
}

fn is_seen(conn: &Connection, ticket: &ImportTicket, record: i64) -> Result<bool, StoreError> {
    let seen: i64 = conn
        .prepare_cached("SELECT last_seen FROM records WHERE id = ?1")?
        .query_row([record], |row| row.get(0))?;
    Ok(seen == ticket.import)
}

/// The one live record of the list with the row's owner and title, if there is no other such
/// record, it was not met in this import, and no other row was put aside with these.
fn only_like(
    conn: &Connection,
    ticket: &ImportTicket,
    row: &Incoming,
) -> Result<Option<i64>, StoreError> {
    let like = like(row);
    let n_rows: i64 = conn
        .prepare_cached("SELECT count(*) FROM pending WHERE import = ?1 AND likeness = ?2")?
        .query_row((ticket.import, like), |row| row.get(0))?;
    if n_rows != 1 {
        return Ok(None);
    }
    let mut select =
        conn.prepare_cached("SELECT id FROM records WHERE list = ?1 AND likeness = ?2")?;
    let records: Vec<i64> =
        select.query_map((ticket.list, like), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut live = Vec::new();
    for record in records {
        if current(conn, record)?.kind != Kind::Withdrawn as i64 {
            live.push(record);
        }
    }
    match live[..] {
        [record] if !is_seen(conn, ticket, record)? => Ok(Some(record)),
        _ => Ok(None),
    }
}

/// Removes some of the rows that were put aside; tells whether there were any.
pub(super) fn remove(conn: &Connection, import: i64) -> Result<bool, StoreError> {
    let n = conn
        .prepare_cached(
            "DELETE FROM pending WHERE id IN
             (SELECT id FROM pending WHERE +import = ?1 ORDER BY id LIMIT ?2)",
        )?
        .execute((import, rows_at_once()))?;
    Ok(n > 0)
}

/// Withdraws the records of the list that this import did not meet.
pub(super) fn withdraw_unseen(
    store: &mut Store,
    ticket: &mut ImportTicket,
) -> Result<(), StoreError> {
    // Looked for in one pass without a lock: nobody else changes records while the import is open.
    let unseen: Vec<i64> = store.read(|conn| {
        let mut select =
            conn.prepare_cached("SELECT id FROM records WHERE list = ?1 AND last_seen <> ?2")?;
        let rows = select.query_map((ticket.list, ticket.import), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    })?;
    for records in unseen.chunks(ROWS_AT_ONCE) {
        let withdrawn = store.write(Durability::Ordered, |conn| {
            ticket.check_open(conn)?;
            let mut withdrawn = 0;
            for record in records {
                let kind = Kind::Withdrawn as i64;
                if current(conn, *record)?.kind == kind {
                    continue;
                }
                let none = rusqlite::types::Null;
                seal::insert(
                    conn,
                    "versions",
                    (record, ticket.import, kind, none, none, none, none, none, none, none, none),
                )?;
                withdrawn += 1;
            }
            Ok(withdrawn)
        });
        if withdrawn.is_err() {
            ticket.broken = true;
        }
        ticket.figures.withdrawn += withdrawn?;
    }
    Ok(())
}

pub(super) fn rows_at_once() -> i64 {
    i64::try_from(ROWS_AT_ONCE).expect("a few hundred")
}
