//! The records that lists hold, as a reader sees them who asks up to a place in the log.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row};

use super::events::{head, timestamp};
use super::imports::last_visible;
use super::row::{self, side_code};
use super::{ImportId, Seq, Store, StoreError};
use crate::model::{Record, RecordId, Side, SourceRef};

/// Which lists are looked at; a name that there is not gives no records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Scope {
    /// All lists of the side.
    #[default]
    All,
    /// One list, by name.
    List(String),
    /// The lists of a set, by its name.
    Set(String),
}

/// The records of one side that hold on a day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LiveTable {
    /// Records in the order of their ids. Contacts are empty, and no record stands in a group of
    /// near-duplicates; numbers and ids are the store's.
    pub records: Vec<Record>,
    /// Records whose last day is over, with that day, in the order of their ids.
    pub expired: Vec<(RecordId, Date)>,
}

/// A record with what the store knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// The record; as it was last, if it was withdrawn. Its contact is empty.
    pub record: Record,
    /// The list it belongs to.
    pub list: String,
    /// Its id in that list.
    pub given_id: String,
    /// The import that brought this version.
    pub import: ImportId,
    /// When that was completed.
    pub imported_at: Timestamp,
    /// Whether the list no longer has it.
    pub withdrawn: bool,
}

impl Store {
    /// The records of one side on a day, as of a place in the log. A record holds through the last
    /// day of its validity.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn live(
        &self,
        side: Side,
        scope: &Scope,
        upto: Seq,
        as_of: Date,
    ) -> Result<LiveTable, StoreError> {
        let mut table = LiveTable::default();
        self.for_each_live(side, scope, upto, |stored| {
            match stored.record.valid_until.filter(|last| *last < as_of) {
                Some(last) => table.expired.push((stored.record.id, last)),
                None => table.records.push(stored.record),
            }
            Ok(())
        })?;
        table.records.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        table.expired.sort_unstable();
        Ok(table)
    }

    /// Calls `each` for every record of one side that a list holds as of a place in the log,
    /// expired ones included, in the order in which they first came: so they lie in the file, and
    /// a million in the order of their ids would be a million reads here and there. One record is
    /// in memory at a time, and all are of one state.
    ///
    /// # Errors
    /// When the store cannot be read, and whatever `each` returns.
    pub fn for_each_live(
        &self,
        side: Side,
        scope: &Scope,
        upto: Seq,
        mut each: impl FnMut(StoredRecord) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, upto)?;
            let (filter, name) = match scope {
                Scope::All => ("?3 IS NULL", None),
                Scope::List(name) => ("l.name = ?3", Some(name)),
                Scope::Set(name) => (
                    "r.list IN (SELECT m.list FROM set_lists m JOIN sets s ON s.id = m.list_set
                                WHERE s.name = ?3)",
                    Some(name),
                ),
            };
            let mut select = conn.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM records r INDEXED BY records_by_side
                 JOIN versions v ON v.id = (SELECT c.id FROM versions c
                     WHERE c.record = r.id AND c.import <= ?2 ORDER BY c.import DESC LIMIT 1)
                 JOIN lists l ON l.id = r.list JOIN imports i ON i.id = v.import
                 WHERE r.side = ?1 AND v.says IS NOT NULL AND {filter} ORDER BY r.id"
            ))?;
            let mut rows = select.query((side_code(side), last, name))?;
            while let Some(row) = rows.next()? {
                each(stored(side, row)?)?;
            }
            Ok(())
        })
    }

    /// The record with an id or a number, as it is now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record(&self, side: Side, id: &str) -> Result<Option<StoredRecord>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let Some(record) = find(conn, side, id, last)? else { return Ok(None) };
            let mut select = conn.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM records r
                 JOIN versions v ON v.id = (SELECT c.id FROM versions c WHERE c.record = r.id
                     AND c.import <= ?2 AND c.says IS NOT NULL ORDER BY c.import DESC LIMIT 1)
                 JOIN lists l ON l.id = r.list JOIN imports i ON i.id = v.import WHERE r.id = ?1"
            ))?;
            let mut rows = select.query((record, last))?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let mut found = stored(side, row)?;
            found.withdrawn = conn
                .prepare_cached(
                    "SELECT says IS NULL FROM versions WHERE record = ?1 AND import <= ?2
                     ORDER BY import DESC LIMIT 1",
                )?
                .query_row((record, last), |row| row.get(0))?;
            Ok(Some(found))
        })
    }
}

/// Columns of a record with its version `v`, its list `l` and the version's import `i`.
pub(super) const COLUMNS: &str = "r.record_id, r.number, r.given_id, l.name, v.import, i.ended_at, \
                                  coalesce(v.file, i.file), v.sheet, v.row, v.says, v.drawn";

/// Reads [`COLUMNS`] of a version that is no withdrawal.
pub(super) fn stored(side: Side, row: &Row<'_>) -> Result<StoredRecord, StoreError> {
    let text = |at: usize| -> Result<&str, StoreError> {
        row.get_ref(at)?.as_str().map_err(|error| rusqlite::Error::from(error).into())
    };
    let drawn = row.get_ref(10)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let source = SourceRef { file: row.get(6)?, sheet: row.get(7)?, row: row.get(8)? };
    let id = RecordId(row.get(0)?);
    Ok(StoredRecord {
        record: row::record(side, id, row.get(1)?, source, text(9)?, drawn)?,
        list: row.get(3)?,
        given_id: row.get(2)?,
        import: ImportId(row.get(4)?),
        imported_at: timestamp(text(5)?)?,
        withdrawn: false,
    })
}

/// The row of the record with an id, else with a number, that an import up to `last` brought.
pub(super) fn find(
    conn: &Connection,
    side: Side,
    id: &str,
    last: i64,
) -> Result<Option<i64>, StoreError> {
    for column in ["record_id", "number"] {
        let sql =
            format!("SELECT id FROM records WHERE side = ?1 AND {column} = ?2 AND import <= ?3");
        let mut select = conn.prepare_cached(&sql)?;
        let mut rows = select.query((side_code(side), id, last))?;
        if let Some(row) = rows.next()? {
            return Ok(Some(row.get(0)?));
        }
    }
    Ok(None)
}

/// The row of a record that readers see.
///
/// # Errors
/// [`StoreError::UnknownRecord`] where there is none.
pub(super) fn find_known(
    conn: &Connection,
    side: Side,
    id: &RecordId,
    last: i64,
) -> Result<i64, StoreError> {
    find(conn, side, id.as_str(), last)?
        .ok_or_else(|| StoreError::UnknownRecord { side, id: id.0.clone() })
}
