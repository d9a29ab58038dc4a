//! Demands and supplies that users typed and want to be told news of.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::UserId;
use super::entry::{name, seconds};
use super::users;
use crate::model::Side;
use crate::store::events::timestamp;
use crate::store::row::{side_code, side_of};
use crate::store::transaction::Durability;
use crate::store::{Store, StoreError, seal};

/// Most characters of a name.
const NAME_CHARS: usize = 100;
/// Most characters of a text: as long as the longest descriptions in lists.
const TEXT_CHARS: usize = 20_000;
/// Most bytes of filters.
const FILTER_BYTES: usize = 16 * 1024;
/// Most that one user may have: each is matched whenever a run is published.
const MOST: i64 = 200;

/// A saved text's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueryId(pub i64);

/// A text to be saved.
#[derive(Debug, Clone, Copy)]
pub struct NewQuery<'a> {
    /// Whose it is; `None` for whoever sits at the machine.
    pub user: Option<UserId>,
    /// What the user calls it: 1 to 100 characters, unique among the user's.
    pub name: &'a str,
    /// What the text is: a demand, or a supply.
    pub side: Side,
    /// The text: 1 to 20,000 characters.
    pub text: &'a str,
    /// What the answers are limited to: a JSON object of at most 16 KiB.
    pub filters: &'a serde_json::Value,
}

/// A saved text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SavedQuery {
    /// Its number.
    pub id: QueryId,
    /// Whose it is; `None` for whoever sits at the machine.
    pub user: Option<UserId>,
    /// What the user calls it.
    pub name: String,
    /// What the text is.
    pub side: Side,
    /// The text.
    pub text: String,
    /// What the answers are limited to: a JSON object.
    pub filters: serde_json::Value,
    /// When it was saved.
    pub created_at: Timestamp,
    /// The folder of the run whose answers the user last looked at.
    pub seen_run: Option<String>,
}

impl Store {
    /// Saves a text.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for a name that the user has already, for a value out of the bounds
    /// of [`NewQuery`], and for more than 200; `UnknownUser`; when the store cannot be written.
    pub fn save_query(
        &mut self,
        query: &NewQuery<'_>,
        at: Timestamp,
    ) -> Result<SavedQuery, StoreError> {
        let bad = |field, value: &str, why| {
            let value = value.chars().take(64).collect();
            Err(StoreError::BadEntry { field, value, why })
        };
        let name = name("name", query.name, NAME_CHARS)?;
        let text = query.text.trim();
        if text.is_empty() {
            return bad("text", "", "it must not be empty");
        }
        if text.chars().nth(TEXT_CHARS).is_some() {
            return bad("text", text, "it is too long");
        }
        let filters = query.filters.to_string();
        if !query.filters.is_object() {
            return bad("filters", &filters, "it is no JSON object");
        }
        if filters.len() > FILTER_BYTES {
            return bad("filters", &filters, "it is too long");
        }
        let user = query.user.map(|user| user.0);
        let at = seconds(at);
        self.write(Durability::Synced, |conn| {
            if let Some(user) = query.user {
                users::known(conn, user)?;
            }
            let mut taken =
                conn.prepare_cached("SELECT 1 FROM saved_queries WHERE user IS ?1 AND name = ?2")?;
            if taken.exists((user, &name))? {
                return bad("name", &name, "another saved text has it");
            }
            let count: i64 = conn
                .prepare_cached("SELECT count(*) FROM saved_queries WHERE user IS ?1")?
                .query_row([user], |row| row.get(0))?;
            if count >= MOST {
                return bad("name", &name, "there are 200 saved texts already");
            }
            let none = None::<String>;
            let side = side_code(query.side);
            let row = (user, &name, side, text, filters, at.to_string(), none);
            let id = seal::insert(conn, "saved_queries", row)?;
            let saved = read(conn, "id = ?1 AND user IS ?2", (Some(id), user))?.pop();
            saved.ok_or_else(|| StoreError::damaged(format!("the saved text {id} is missing")))
        })
    }

    /// The texts that a user saved, or whoever sits at the machine, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn saved_queries(&self, user: Option<UserId>) -> Result<Vec<SavedQuery>, StoreError> {
        let user = user.map(|user| user.0);
        self.read(|conn| read(conn, "?1 IS NULL AND user IS ?2", (None, user)))
    }

    /// Deletes a text of this user; whether it was there.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn delete_query(&mut self, user: Option<UserId>, id: QueryId) -> Result<bool, StoreError> {
        self.write(Durability::Synced, |conn| {
            let delete = "DELETE FROM saved_queries WHERE id = ?1 AND user IS ?2";
            Ok(conn.execute(delete, (id.0, user.map(|user| user.0)))? > 0)
        })
    }

    /// Enters that this user has looked at what a run answered, by the run's folder; whether the
    /// text is there.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for no name of a folder; when the store cannot be written.
    pub fn mark_query_seen(
        &mut self,
        user: Option<UserId>,
        id: QueryId,
        run: &str,
    ) -> Result<bool, StoreError> {
        let run = name("run", run, NAME_CHARS)?;
        self.write(Durability::Synced, |conn| {
            let mark = "UPDATE saved_queries SET seen_run = ?1 WHERE id = ?2 AND user IS ?3";
            let marked = conn.execute(mark, (run, id.0, user.map(|user| user.0)))? > 0;
            seal::seal(conn, "saved_queries", id.0)?;
            Ok(marked)
        })
    }
}

fn read(
    conn: &Connection,
    filter: &str,
    values: (Option<i64>, Option<i64>),
) -> Result<Vec<SavedQuery>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT id, user, name, side, text, filters, created_at, seen_run FROM saved_queries
         WHERE {filter} ORDER BY name, id"
    ))?;
    let mut rows = select.query(values)?;
    let mut saved = Vec::new();
    while let Some(row) = rows.next()? {
        saved.push(query(row)?);
    }
    Ok(saved)
}

fn query(row: &Row<'_>) -> Result<SavedQuery, StoreError> {
    let filters: String = row.get(5)?;
    Ok(SavedQuery {
        id: QueryId(row.get(0)?),
        user: row.get::<_, Option<i64>>(1)?.map(UserId),
        name: row.get(2)?,
        side: side_of(row.get(3)?)?,
        text: row.get(4)?,
        filters: serde_json::from_str(&filters)
            .map_err(|error| StoreError::damaged(format!("filters of a saved text: {error}")))?,
        created_at: timestamp(&row.get::<_, String>(6)?)?,
        seen_run: row.get(7)?,
    })
}
