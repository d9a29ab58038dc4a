//! The schema and its versions: numbered SQL files that lead from each to the next.

use rusqlite::Connection;

/// Marks the file as a store of this program: the letters `DUIJ` (PRAGMA application_id).
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"DUIJ");

/// The steps: the first makes version 1, the second leads from 1 to 2, and so on.
///
/// A step that has been released is never edited; another is added.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_lists.sql"),
    include_str!("migrations/0002_follow_up.sql"),
    include_str!("migrations/0003_access.sql"),
];

/// The schema version that this program writes (PRAGMA user_version).
pub const SCHEMA_VERSION: u32 = 3;

const _: () = assert!(MIGRATIONS.len() == SCHEMA_VERSION as usize, "one step per version");

/// Runs the steps after `from` up to `to`, inside the caller's transaction.
pub(super) fn migrate(conn: &Connection, from: u32, to: u32) -> rusqlite::Result<()> {
    for step in from..to {
        conn.execute_batch(MIGRATIONS[step as usize])?;
    }
    conn.pragma_update(None, "user_version", to)
}

/// What the database says about its own structure: type, name and SQL of every object, by name.
pub(super) fn objects(conn: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut found = conn.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
    )?;
    found.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}
