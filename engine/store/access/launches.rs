//! Tokens that open one session, for a page that the program itself brings up.

use jiff::{SignedDuration, Timestamp};

use super::entry::seconds;
use super::secret::hash_of_text;
use super::{Secret, Session, UserId, sessions, users};
use crate::store::events::timestamp;
use crate::store::transaction::Durability;
use crate::store::{Store, StoreError, seal};

/// How long a launch token can be used: a slow browser's start, and no more, for it stands in the
/// browser's history.
pub const LAUNCH_LASTS: SignedDuration = SignedDuration::from_mins(5);

/// By which a launch token is told from other secrets.
const PREFIX: &str = "launch_";

impl Store {
    /// Makes a token that opens one session, for a user or for whoever sits at the machine, within
    /// [`LAUNCH_LASTS`].
    ///
    /// # Errors
    /// [`StoreError::UnknownUser`], also for a disabled one; when the store cannot be written.
    pub fn put_launch_token(
        &mut self,
        user: Option<UserId>,
        at: Timestamp,
    ) -> Result<Secret, StoreError> {
        let secret = Secret::random(PREFIX)?;
        let until = seconds(at).saturating_add(LAUNCH_LASTS).expect("a duration has no months");
        self.write(Durability::Synced, |conn| {
            if let Some(user) = user {
                users::enabled(conn, user)?;
            }
            let row = (secret.hash(), user.map(|user| user.0), until.to_string());
            seal::insert(conn, "launches", row)?;
            Ok(())
        })?;
        Ok(secret)
    }

    /// Uses a launch token up and opens its session: `None` where it is malformed, unknown, used or
    /// expired, or its user was disabled since. Of two who use it at once one gets the session.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn take_launch_token(
        &mut self,
        text: &str,
        at: Timestamp,
    ) -> Result<Option<(Session, Secret)>, StoreError> {
        let Some(hash) = hash_of_text(text, PREFIX) else { return Ok(None) };
        // Whoever guesses must not keep writers waiting.
        let known = "SELECT 1 FROM launches WHERE hash = ?1";
        if !self.read(|conn| Ok(conn.prepare_cached(known)?.exists([hash])?))? {
            return Ok(None);
        }
        self.write(Durability::Synced, |conn| {
            let mut take =
                conn.prepare("DELETE FROM launches WHERE hash = ?1 RETURNING user, expires_at")?;
            let taken = take
                .query_map([hash], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?
                .collect::<Result<Vec<(Option<i64>, String)>, _>>()?;
            let Some((user, until)) = taken.into_iter().next() else { return Ok(None) };
            if at >= timestamp(&until)? {
                return Ok(None);
            }
            match sessions::open(conn, user.map(UserId), at) {
                Ok(opened) => Ok(Some(opened)),
                Err(StoreError::UnknownUser { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}
