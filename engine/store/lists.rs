//! Named lists of one side, and sets of lists that are matched together.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::events::timestamp;
use super::row::{side_code, side_of};
use super::seal;
use super::transaction::Durability;
use super::{Store, StoreError};
use crate::model::Side;

/// The list that rows of a side go into where none is named.
#[must_use]
pub const fn default_list(side: Side) -> &'static str {
    match side {
        Side::Demand => "需求清单",
        Side::Supply => "供给清单",
    }
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ListRow {
    /// Its side.
    pub side: Side,
    /// Its name, unique within the side.
    pub name: String,
    /// The sets it belongs to, by name.
    pub sets: Vec<String>,
    /// Records that it holds now.
    pub live: u64,
    /// Records that it held once.
    pub withdrawn: u64,
    /// When it was last taken in.
    pub last_import: Option<Timestamp>,
}

/// A set of lists, such as 攻关, 科技资源 and 企业资源 of one office.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SetRow {
    /// Its name.
    pub name: String,
    /// Its lists: demands first, then by name.
    pub lists: Vec<(Side, String)>,
}

impl Store {
    /// All lists, demands first, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn lists(&self) -> Result<Vec<ListRow>, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT l.id, l.side, l.name, l.live, l.withdrawn, i.ended_at
                 FROM lists l LEFT JOIN imports i ON i.id = l.last_import ORDER BY l.side, l.name",
            )?;
            let mut sets = conn.prepare_cached(
                "SELECT s.name FROM set_lists m JOIN sets s ON s.id = m.list_set
                 WHERE m.list = ?1 ORDER BY s.name",
            )?;
            let mut rows = select.query([])?;
            let mut lists = Vec::new();
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let last: Option<String> = row.get(5)?;
                lists.push(ListRow {
                    side: side_of(row.get(1)?)?,
                    name: row.get(2)?,
                    sets: sets.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?,
                    live: row.get(3)?,
                    withdrawn: row.get(4)?,
                    last_import: last.as_deref().map(timestamp).transpose()?,
                });
            }
            Ok(lists)
        })
    }

    /// All sets, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sets(&self) -> Result<Vec<SetRow>, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT s.name, l.side, l.name FROM sets s
                 LEFT JOIN set_lists m ON m.list_set = s.id LEFT JOIN lists l ON l.id = m.list
                 ORDER BY s.name, l.side, l.name",
            )?;
            let mut rows = select.query([])?;
            let mut sets: Vec<SetRow> = Vec::new();
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                if sets.last().is_none_or(|set| set.name != name) {
                    sets.push(SetRow { name, lists: Vec::new() });
                }
                let list: Option<(i64, String)> = row.get::<_, Option<i64>>(1)?.zip(row.get(2)?);
                if let (Some((side, list)), Some(set)) = (list, sets.last_mut()) {
                    set.lists.push((side_of(side)?, list));
                }
            }
            Ok(sets)
        })
    }

    /// Puts a list into a set; either is made if there is none. Doing it twice changes nothing.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for an empty name; when the store cannot be written.
    pub fn put_list_in_set(&mut self, side: Side, list: &str, set: &str) -> Result<(), StoreError> {
        self.write(Durability::Synced, |conn| {
            let list = find_or_make(conn, side, list)?;
            put_in_set(conn, list, set)
        })
    }
}

fn named(name: &str) -> Result<&str, StoreError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(StoreError::BadEntry {
            field: "name",
            value: String::new(),
            why: "it must not be empty",
        });
    }
    Ok(name)
}

/// Id of a list, which is made if there is none.
pub(super) fn find_or_make(conn: &Connection, side: Side, name: &str) -> Result<i64, StoreError> {
    let name = named(name)?;
    if let Some(id) = find(conn, side, name)? {
        return Ok(id);
    }
    let none = rusqlite::types::Null;
    Ok(seal::insert(conn, "lists", (side_code(side), name, 0, 0, 0, none))?)
}

/// Id of a list, if there is one.
pub(super) fn find(conn: &Connection, side: Side, name: &str) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM lists WHERE side = ?1 AND name = ?2")?
        .query_row((side_code(side), name.trim()), |row| row.get(0))
        .optional()
}

/// Puts a list into a set, which is made if there is none.
pub(super) fn put_in_set(conn: &Connection, list: i64, set: &str) -> Result<(), StoreError> {
    let set = named(set)?;
    let id = conn
        .prepare_cached("SELECT id FROM sets WHERE name = ?1")?
        .query_row([set], |row| row.get(0))
        .optional()?;
    let set = match id {
        Some(id) => id,
        None => seal::insert(conn, "sets", [set])?,
    };
    let member = conn
        .prepare_cached("SELECT 1 FROM set_lists WHERE list_set = ?1 AND list = ?2")?
        .exists((set, list))?;
    if !member {
        seal::insert(conn, "set_lists", (set, list))?;
    }
    Ok(())
}
