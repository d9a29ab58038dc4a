//! Sessions of the pages: who is behind a cookie.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::entry::seconds;
use super::secret::hash_of_text;
use super::{Secret, User, UserId, users};
use crate::model::Role;
use crate::store::events::timestamp;
use crate::store::transaction::Durability;
use crate::store::{Store, StoreError, seal};

/// After how long without a request a session ends: a working day.
pub const SESSION_IDLE: SignedDuration = SignedDuration::from_hours(12);

/// After how long a session ends in any case: a week.
pub const SESSION_LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How much later a session has to be seen for it to be entered again, so that reading does not
/// write; a session may end this much earlier than [`SESSION_IDLE`] says.
const SEEN_KEPT_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A session's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub i64);

/// A session that has not ended.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// Whose it is; `None` for whoever sits at the machine, by the local page.
    pub user: Option<User>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last seen, to five minutes.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// What a form has to send for it to come from this session's pages. It is derived from the
    /// cookie's secret and kept nowhere.
    pub csrf: Secret,
}

impl Session {
    /// What its user is now. Whoever sits at the machine can do everything with the files anyway.
    #[must_use]
    pub fn role(&self) -> Role {
        self.user.as_ref().map_or(Role::Admin, |user| user.role)
    }

    /// Whether that it was seen is to be entered by [`Store::touch_session`].
    #[must_use]
    pub fn seen_is_due(&self, at: Timestamp) -> bool {
        at.duration_since(self.seen_at) >= SEEN_KEPT_EVERY
    }

    fn is_valid(&self, at: Timestamp) -> bool {
        at < self.expires_at
            && at.duration_since(self.seen_at) < SESSION_IDLE
            && self.user.as_ref().is_none_or(|user| !user.disabled)
    }
}

impl Store {
    /// Opens a session for a user, or for whoever sits at the machine. The secret, 64 hexadecimal
    /// digits of the system's random numbers, is for the cookie; it is told here only.
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], also for a disabled one; when the store cannot be written.
    pub fn open_session(
        &mut self,
        user: Option<UserId>,
        at: Timestamp,
    ) -> Result<(Session, Secret), StoreError> {
        self.write(Durability::Synced, |conn| open(conn, user, at))
    }

    /// The session of a cookie: `None` where it is malformed, unknown or closed, has not been seen
    /// for [`SESSION_IDLE`], is older than [`SESSION_LONGEST`], or its user is disabled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_session(&self, cookie: &str, at: Timestamp) -> Result<Option<Session>, StoreError> {
        let Some(hash) = hash_of_text(cookie, "") else { return Ok(None) };
        self.read(|conn| {
            let mut select = conn.prepare_cached(&format!("{} WHERE s.hash = ?1", select()))?;
            let mut rows = select.query([hash])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let session = session(row, &Secret::new(cookie.to_owned()))?;
            Ok(session.is_valid(at).then_some(session))
        })
    }

    /// Enters that a session was seen, at most every five minutes; whether it was entered. One that
    /// is no longer there is left alone.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<bool, StoreError> {
        let due = seconds(at.saturating_sub(SEEN_KEPT_EVERY).expect("a duration has no months"));
        let (at, due) = (seconds(at).to_string(), due.to_string());
        let known = "SELECT 1 FROM sessions WHERE id = ?1 AND seen_at <= ?2";
        if !self.read(|conn| Ok(conn.prepare_cached(known)?.exists((id.0, &due))?))? {
            return Ok(false);
        }
        // A session that is thought to be idle for five minutes longer is no loss.
        self.write(Durability::Ordered, |conn| {
            let changed = conn
                .prepare_cached("UPDATE sessions SET seen_at = ?1 WHERE id = ?2 AND seen_at <= ?3")?
                .execute((at, id.0, due))?;
            seal::seal(conn, "sessions", id.0)?;
            Ok(changed > 0)
        })
    }

    /// Ends a session; whether it was there.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn close_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        self.write(Durability::Synced, |conn| {
            Ok(conn.execute("DELETE FROM sessions WHERE id = ?1", [id.0])? > 0)
        })
    }

    /// Ends all sessions of a user and returns how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn close_sessions_of(&mut self, user: UserId) -> Result<u64, StoreError> {
        self.write(Durability::Synced, |conn| close_of(conn, user))
    }

    /// Removes sessions and launch tokens that have ended and returns how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn sweep_sessions(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let idle = seconds(at.saturating_sub(SESSION_IDLE).expect("a duration has no months"));
        let (at, idle) = (seconds(at).to_string(), idle.to_string());
        self.write(Durability::Ordered, |conn| {
            let sessions = conn.execute(
                "DELETE FROM sessions WHERE expires_at <= ?1 OR seen_at <= ?2",
                (&at, idle),
            )?;
            let launches = conn.execute("DELETE FROM launches WHERE expires_at <= ?1", [at])?;
            Ok((sessions + launches) as u64)
        })
    }
}

/// Opens a session, inside the caller's transaction.
pub(super) fn open(
    conn: &Connection,
    user: Option<UserId>,
    at: Timestamp,
) -> Result<(Session, Secret), StoreError> {
    let user = user.map(|user| users::enabled(conn, user)).transpose()?;
    let at = seconds(at);
    let expires_at = at.saturating_add(SESSION_LONGEST).expect("a duration has no months");
    let secret = Secret::random("")?;
    let id = seal::insert(
        conn,
        "sessions",
        (
            secret.hash(),
            user.as_ref().map(|user| user.id.0),
            at.to_string(),
            at.to_string(),
            expires_at.to_string(),
        ),
    )?;
    let session = Session {
        id: SessionId(id),
        user,
        created_at: at,
        seen_at: at,
        expires_at,
        csrf: csrf(&secret),
    };
    Ok((session, secret))
}

/// Ends all sessions of a user, inside the caller's transaction.
pub(super) fn close_of(conn: &Connection, user: UserId) -> Result<u64, StoreError> {
    let launches = conn.execute("DELETE FROM launches WHERE user = ?1", [user.0])?;
    let sessions = conn.execute("DELETE FROM sessions WHERE user = ?1", [user.0])?;
    Ok((sessions + launches) as u64)
}

fn csrf(cookie: &Secret) -> Secret {
    cookie.derived("duijie csrf")
}

fn select() -> String {
    format!(
        "SELECT s.id, s.user, s.created_at, s.seen_at, s.expires_at, {} FROM sessions s
         LEFT JOIN users ON users.id = s.user",
        users::COLUMNS
    )
}

fn session(row: &Row<'_>, cookie: &Secret) -> Result<Session, StoreError> {
    let time =
        |at: usize| -> Result<Timestamp, StoreError> { timestamp(&row.get::<_, String>(at)?) };
    let user = match row.get::<_, Option<i64>>(1)? {
        Some(_) => Some(users::user(row, 5)?),
        None => None,
    };
    Ok(Session {
        id: SessionId(row.get(0)?),
        user,
        created_at: time(2)?,
        seen_at: time(3)?,
        expires_at: time(4)?,
        csrf: csrf(cookie),
    })
}
