//! Removing what a dead process left half done, as if it had never begun.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::events::{Event, append};
use super::numbers::{self, Counters};
use super::pending::{self, rows_at_once};
use super::row::side_of;
use super::transaction::Durability;
use super::{Store, StoreError, seal};

impl Store {
    /// Removes the import that is open, if one is: its versions, records, contacts and numbers.
    /// Returns how many were removed, 0 or 1.
    ///
    /// Only who holds the builders' lock knows that nobody is working on it. Interrupted, it can be
    /// called again. Organizations that the rows named stay known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn discard_staged(&mut self, at: Timestamp) -> Result<usize, StoreError> {
        let open = self.write(Durability::Synced, |conn| {
            let open: Option<i64> = conn
                .query_row("SELECT id FROM imports WHERE open = 1", [], |row| row.get(0))
                .optional()?;
            if let Some(import) = open {
                set_state(conn, import, "discarding")?;
            }
            Ok(open)
        })?;
        let Some(import) = open else { return Ok(0) };
        self.without_foreign_keys(|store| {
            while store.write(Durability::Ordered, |conn| pending::remove(conn, import))? {}
            while store.write(Durability::Ordered, |conn| remove_versions(conn, import))? {}
            while store.write(Durability::Ordered, |conn| remove_records(conn, import))? {}
            Ok(())
        })?;
        self.write(Durability::Synced, |conn| {
            let (side, counters, file): (i64, String, String) = conn.query_row(
                "SELECT l.side, i.counters, i.file FROM imports i JOIN lists l ON l.id = i.list
                 WHERE i.id = ?1",
                [import],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let counters: Counters = serde_json::from_str(&counters).map_err(|error| {
                StoreError::damaged(format!("counters of import {import}: {error}"))
            })?;
            numbers::save(conn, side_of(side)?, &counters)?;
            conn.execute(
                "UPDATE imports SET open = NULL, ended_at = ?2 WHERE id = ?1",
                (import, at.to_string()),
            )?;
            set_state(conn, import, "discarded")?;
            append(conn, at, &Event::ImportDiscarded { import, file })?;
            Ok(())
        })?;
        Ok(1)
    }

    /// Runs `body` without looking for references to what it deletes. Nothing refers to rows that
    /// no reader has seen, and looking would read all verdicts and answers for each of them.
    fn without_foreign_keys(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let switch = |store: &Self, on: bool| {
            let done = store.conn.pragma_update(None, "foreign_keys", on);
            done.map_err(|error| StoreError::from(error).at(&store.path))
        };
        switch(self, false)?;
        let done = body(self);
        switch(self, true)?;
        done
    }
}

fn set_state(conn: &Connection, import: i64, state: &str) -> rusqlite::Result<()> {
    conn.execute("UPDATE imports SET state = ?2 WHERE id = ?1", (import, state))?;
    seal::seal(conn, "imports", import)
}

/// Removes the last versions, as long as they are the import's; imports are one after another.
fn remove_versions(conn: &Connection, import: i64) -> Result<bool, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT id FROM versions WHERE import = ?1 ORDER BY id DESC LIMIT ?2")?;
    let ids: Vec<i64> =
        select.query_map((import, rows_at_once()), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &ids {
        conn.prepare_cached("DELETE FROM contacts WHERE version = ?1")?.execute([id])?;
        conn.prepare_cached("DELETE FROM versions WHERE id = ?1")?.execute([id])?;
    }
    Ok(!ids.is_empty())
}

/// Removes the last records, as long as they came with the import.
fn remove_records(conn: &Connection, import: i64) -> Result<bool, StoreError> {
    let mut select =
        conn.prepare_cached("SELECT id, import FROM records ORDER BY id DESC LIMIT ?1")?;
    let rows: Vec<(i64, i64)> = select
        .query_map([rows_at_once()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut any = false;
    for (id, _) in rows.iter().take_while(|(_, first)| *first == import) {
        conn.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id])?;
        any = true;
    }
    Ok(any)
}
