//! The people who may use the workspace.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::entry::{name, optional_name, seconds};
use super::{passwords, sessions};
use crate::model::Role;
use crate::store::events::{Event, append, timestamp};
use crate::store::row::of_word;
use crate::store::transaction::Durability;
use crate::store::{Store, StoreError, UserChange, seal};

/// Most characters of a name.
const NAME_CHARS: usize = 64;

/// A user's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

/// Somebody who may use the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The user's number.
    pub id: UserId,
    /// The name by which the user logs in.
    pub name: String,
    /// The name that is shown; empty where it is the same.
    pub display_name: String,
    /// What the user is.
    pub role: Role,
    /// The name under which answers and a broker's share of the hand-out go, if any.
    pub broker: Option<String>,
    /// Whether the user may not log in.
    pub disabled: bool,
    /// When the user was made known.
    pub created_at: Timestamp,
    /// When something about the user last changed.
    pub changed_at: Timestamp,
}

impl User {
    /// The name that people read.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }
}

/// A user to be made known.
#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    /// The name to log in by: 1 to 64 characters, blanks around it aside. No other user may have
    /// it; small and capital Latin letters are the same.
    pub name: &'a str,
    /// The name to be shown, of at most 64 characters; may be empty.
    pub display_name: &'a str,
    /// What the user is.
    pub role: Role,
    /// The name under which answers and a broker's share go, of at most 64 characters.
    pub broker: Option<&'a str>,
}

impl Store {
    /// Makes a user known.
    ///
    /// # Errors
    /// [`StoreError::UserExists`]; `BadEntry` for a name; `BadPassword`; when the store cannot be
    /// written.
    pub fn add_user(
        &mut self,
        user: &NewUser<'_>,
        password: &str,
        at: Timestamp,
    ) -> Result<User, StoreError> {
        let login = name("name", user.name, NAME_CHARS)?;
        let shown = optional_name("display name", user.display_name, NAME_CHARS)?;
        let broker = optional_name("broker", user.broker.unwrap_or_default(), NAME_CHARS)?;
        // Before the transaction: others need not wait for the hash.
        let hash = passwords::hash(password)?;
        let at = seconds(at);
        self.write(Durability::Synced, |conn| {
            if by_name(conn, &login)?.is_some() {
                return Err(StoreError::UserExists { name: login });
            }
            let time = at.to_string();
            let row = (
                &login,
                shown.unwrap_or_default(),
                user.role.word(),
                broker,
                hash,
                false,
                &time,
                &time,
            );
            let id = seal::insert(conn, "users", row)?;
            append(conn, at, &Event::UserAdded { user: id, name: login, role: user.role })?;
            known(conn, UserId(id))
        })
    }

    /// Gives a user another password and ends the user's sessions.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`]; `BadPassword`; when the store cannot be written.
    pub fn set_password(
        &mut self,
        id: UserId,
        password: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let hash = passwords::hash(password)?;
        self.change(id, at, UserChange::Password, |conn| {
            conn.execute("UPDATE users SET password = ?1 WHERE id = ?2", (hash, id.0))?;
            sessions::close_of(conn, id)?;
            Ok(())
        })
    }

    /// Gives a user another role, from the next request on.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`]; when the store cannot be written.
    pub fn set_role(&mut self, id: UserId, role: Role, at: Timestamp) -> Result<(), StoreError> {
        self.change(id, at, UserChange::Role(role), |conn| {
            conn.execute("UPDATE users SET role = ?1 WHERE id = ?2", (role.word(), id.0))?;
            Ok(())
        })
    }

    /// Keeps a user from logging in and ends the user's sessions; tokens that act for the user are
    /// not valid meanwhile. What the user did stays.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`]; when the store cannot be written.
    pub fn disable_user(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.change(id, at, UserChange::Disabled, |conn| {
            conn.execute("UPDATE users SET disabled = 1 WHERE id = ?1", [id.0])?;
            sessions::close_of(conn, id)?;
            Ok(())
        })
    }

    /// Lets a user log in again.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`]; when the store cannot be written.
    pub fn enable_user(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.change(id, at, UserChange::Enabled, |conn| {
            conn.execute("UPDATE users SET disabled = 0 WHERE id = ?1", [id.0])?;
            Ok(())
        })
    }

    /// All users, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(|conn| {
            let mut select =
                conn.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY name, id"))?;
            let mut rows = select.query([])?;
            let mut users = Vec::new();
            while let Some(row) = rows.next()? {
                users.push(user(row, 0)?);
            }
            Ok(users)
        })
    }

    /// The user of a number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(|conn| by_id(conn, id))
    }

    /// The user of a name; small and capital Latin letters are the same.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.read(|conn| Ok(by_name(conn, &as_kept(name))?.map(|(user, _)| user)))
    }

    /// The user whose name and password these are: `None` for an unknown name, a wrong password and
    /// a disabled user, who are not told apart by time either, for a hash is computed for each.
    ///
    /// That takes tens of milliseconds and 19 MiB, outside of any transaction: whoever lets
    /// strangers ask bounds how many do so at once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verify_password(&self, name: &str, password: &str) -> Result<Option<User>, StoreError> {
        let found = self.read(|conn| by_name(conn, &as_kept(name)))?;
        let hash = found.as_ref().map_or(passwords::NOBODYS, |(_, hash)| hash);
        let right = passwords::verify(password, hash)?;
        Ok(found.map(|(user, _)| user).filter(|user| right && !user.disabled))
    }

    /// Changes a row of `users`, with its time, sum and event.
    fn change(
        &mut self,
        id: UserId,
        at: Timestamp,
        change: UserChange,
        body: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let at = seconds(at);
        self.write(Durability::Synced, |conn| {
            let user = known(conn, id)?;
            body(conn)?;
            conn.execute("UPDATE users SET changed_at = ?1 WHERE id = ?2", (at.to_string(), id.0))?;
            seal::seal(conn, "users", id.0)?;
            append(conn, at, &Event::UserChanged { user: id.0, name: user.name, change })?;
            Ok(())
        })
    }
}

/// A typed name as it would have been kept.
fn as_kept(name: &str) -> String {
    // Longer ones are nobody's; cut, they stay nobody's.
    name.trim().nfc().take(NAME_CHARS + 1).collect()
}

/// The columns that [`user`] reads.
pub(super) const COLUMNS: &str = "users.id, users.name, users.display_name, users.role, \
     users.broker, users.disabled, users.created_at, users.changed_at";

/// A user whose columns begin at a place of the row.
pub(super) fn user(row: &Row<'_>, from: usize) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.get(from)?),
        name: row.get(from + 1)?,
        display_name: row.get(from + 2)?,
        role: of_word(row.get(from + 3)?)?,
        broker: row.get(from + 4)?,
        disabled: row.get(from + 5)?,
        created_at: timestamp(&row.get::<_, String>(from + 6)?)?,
        changed_at: timestamp(&row.get::<_, String>(from + 7)?)?,
    })
}

/// The user of a number.
pub(super) fn by_id(conn: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE id = ?1"))?;
    let mut rows = select.query([id.0])?;
    rows.next()?.map(|row| user(row, 0)).transpose()
}

/// The user of a number, who must be there.
pub(super) fn known(conn: &Connection, id: UserId) -> Result<User, StoreError> {
    by_id(conn, id)?.ok_or_else(|| StoreError::UnknownUser { name: id.0.to_string() })
}

/// The user of a number, who must be there and not be disabled.
pub(super) fn enabled(conn: &Connection, id: UserId) -> Result<User, StoreError> {
    let user = known(conn, id)?;
    if user.disabled { Err(StoreError::UnknownUser { name: user.name }) } else { Ok(user) }
}

fn by_name(conn: &Connection, name: &str) -> Result<Option<(User, String)>, StoreError> {
    let mut select = conn
        .prepare_cached(&format!("SELECT {COLUMNS}, users.password FROM users WHERE name = ?1"))?;
    let found = select.query_row([name], |row| Ok((user(row, 0), row.get(8)?))).optional()?;
    found.map(|(user, hash)| Ok((user?, hash))).transpose()
}
