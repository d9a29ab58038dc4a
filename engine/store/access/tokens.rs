//! Tokens by which programs use the workspace.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::entry::{name, seconds};
use super::secret::hash_of_text;
use super::{Secret, UserId, users};
use crate::model::{Permission, Role};
use crate::store::events::{Event, append, timestamp};
use crate::store::row::of_word;
use crate::store::transaction::Durability;
use crate::store::{Store, StoreError, seal};

/// By which a token is recognised, also by programs that look for secrets in places where they do
/// not belong.
const PREFIX: &str = "dj_";

/// Most characters of a label.
const LABEL_CHARS: usize = 64;

/// How much later a token has to be used for it to be entered again, so that reading does not
/// write.
const USE_KEPT_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// A token's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(pub i64);

/// A token to be given out.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// What it is for: 1 to 64 characters; need not be unique.
    pub label: &'a str,
    /// What its bearer is.
    pub role: Role,
    /// What its bearer may do, as far as the role may; at least one.
    pub scopes: &'a [Permission],
    /// From when on it is not valid; after now.
    pub expires_at: Timestamp,
    /// The user for whom its bearer acts, if it is somebody's.
    pub user: Option<UserId>,
}

/// A token that was given out. Its secret is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRow {
    /// Its number.
    pub id: TokenId,
    /// What it is for.
    pub label: String,
    /// What its bearer is; no more than the user for whom it acts is now.
    pub role: Role,
    /// What its bearer may do, as far as the role may; in their order.
    pub scopes: Vec<Permission>,
    /// The user for whom its bearer acts.
    pub user: Option<UserId>,
    /// When it was given out.
    pub created_at: Timestamp,
    /// From when on it is not valid.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub used_at: Option<Timestamp>,
}

impl TokenRow {
    /// Whether its bearer may do something: both its scopes and its role have to allow it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission) && self.scopes.contains(&permission)
    }

    /// Whether its use is to be entered by [`Store::touch_token`].
    #[must_use]
    pub fn use_is_due(&self, at: Timestamp) -> bool {
        self.used_at.is_none_or(|used| at.duration_since(used) >= USE_KEPT_EVERY)
    }
}

impl Store {
    /// Gives out a token: `dj_` and 64 hexadecimal digits, of the system's random numbers. This is
    /// the only time that its secret is told.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for a label, for no scope, or for an expiry that has passed;
    /// `UnknownUser`, also for a disabled one; when the store cannot be written.
    pub fn create_token(
        &mut self,
        token: &NewToken<'_>,
        at: Timestamp,
    ) -> Result<(TokenRow, Secret), StoreError> {
        let label = name("label", token.label, LABEL_CHARS)?;
        let (at, expires) = (seconds(at), seconds(token.expires_at));
        let mut scopes = token.scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            let why = "it must not be empty";
            return Err(StoreError::BadEntry { field: "scopes", value: String::new(), why });
        }
        if expires <= at {
            let (value, why) = (expires.to_string(), "it must be in the future");
            return Err(StoreError::BadEntry { field: "expiry", value, why });
        }
        let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        let secret = Secret::random(PREFIX)?;
        let row = self.write(Durability::Synced, |conn| {
            if let Some(user) = token.user {
                users::enabled(conn, user)?;
            }
            let values = (
                secret.hash(),
                &label,
                token.role.word(),
                words.join(","),
                token.user.map(|user| user.0),
                at.to_string(),
                expires.to_string(),
                None::<String>,
                None::<String>,
            );
            let id = seal::insert(conn, "tokens", values)?;
            append(conn, at, &Event::TokenCreated { token: id, label, role: token.role })?;
            known(conn, TokenId(id))
        })?;
        Ok((row, secret))
    }

    /// All tokens, in the order in which they were given out, invalid ones included.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(&format!("{SELECT} ORDER BY t.id"))?;
            let mut rows = select.query([])?;
            let mut tokens = Vec::new();
            while let Some(row) = rows.next()? {
                tokens.push(token(row)?.0);
            }
            Ok(tokens)
        })
    }

    /// Takes a token back, for good. One that was taken back before stays as it is.
    ///
    /// # Errors
    /// [`StoreError::UnknownToken`]; when the store cannot be written.
    pub fn revoke_token(&mut self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        let at = seconds(at);
        self.write(Durability::Synced, |conn| {
            let row = known(conn, id)?;
            if row.revoked_at.is_some() {
                return Ok(());
            }
            let revoke = "UPDATE tokens SET revoked_at = ?1 WHERE id = ?2";
            conn.execute(revoke, (at.to_string(), id.0))?;
            seal::seal(conn, "tokens", id.0)?;
            append(conn, at, &Event::TokenRevoked { token: id.0, label: row.label })?;
            Ok(())
        })
    }

    /// The token whose text this is: `None` where it is malformed, unknown, expired, taken back, or
    /// acts for a disabled user.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_token(&self, text: &str, at: Timestamp) -> Result<Option<TokenRow>, StoreError> {
        let Some(hash) = hash_of_text(text, PREFIX) else { return Ok(None) };
        self.read(|conn| {
            let mut select = conn.prepare_cached(&format!("{SELECT} WHERE t.hash = ?1"))?;
            let mut rows = select.query([hash])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let (row, disabled) = token(row)?;
            let valid = !disabled && row.revoked_at.is_none() && at < row.expires_at;
            Ok(valid.then_some(row))
        })
    }

    /// Enters that a token was used, at most once per hour; whether it was entered.
    ///
    /// # Errors
    /// [`StoreError::UnknownToken`]; when the store cannot be written.
    pub fn touch_token(&mut self, id: TokenId, at: Timestamp) -> Result<bool, StoreError> {
        let at = seconds(at);
        if !self.read(|conn| known(conn, id))?.use_is_due(at) {
            return Ok(false);
        }
        // That a token was used an hour ago is not worth waiting for the disk.
        self.write(Durability::Ordered, |conn| {
            conn.prepare_cached("UPDATE tokens SET used_at = ?1 WHERE id = ?2")?
                .execute((at.to_string(), id.0))?;
            seal::seal(conn, "tokens", id.0)?;
            Ok(true)
        })
    }
}

const SELECT: &str = "SELECT t.id, t.label, t.role, t.scopes, t.user, t.created_at, t.expires_at, \
     t.revoked_at, t.used_at, u.role, u.disabled FROM tokens t LEFT JOIN users u ON u.id = t.user";

fn known(conn: &Connection, id: TokenId) -> Result<TokenRow, StoreError> {
    let found = conn
        .prepare_cached(&format!("{SELECT} WHERE t.id = ?1"))?
        .query_row([id.0], |row| Ok(token(row)))
        .optional()?;
    found.map_or(Err(StoreError::UnknownToken { id: id.0 }), |row| Ok(row?.0))
}

/// A token, and whether the user for whom it acts is disabled.
fn token(row: &Row<'_>) -> Result<(TokenRow, bool), StoreError> {
    let time = |at: usize| -> Result<Option<Timestamp>, StoreError> {
        row.get::<_, Option<String>>(at)?.as_deref().map(timestamp).transpose()
    };
    let scopes: String = row.get(3)?;
    let scopes =
        scopes.split(',').map(|word| of_word(word.to_owned())).collect::<Result<_, _>>()?;
    let role: Role = of_word(row.get(2)?)?;
    let users: Option<Role> = row.get::<_, Option<String>>(9)?.map(of_word).transpose()?;
    let missing = || StoreError::damaged("a token without a time");
    let token = TokenRow {
        id: TokenId(row.get(0)?),
        label: row.get(1)?,
        role: users.map_or(role, |users| users.min(role)),
        scopes,
        user: row.get::<_, Option<i64>>(4)?.map(UserId),
        created_at: time(5)?.ok_or_else(missing)?,
        expires_at: time(6)?.ok_or_else(missing)?,
        revoked_at: time(7)?,
        used_at: time(8)?,
    };
    Ok((token, row.get::<_, Option<bool>>(10)?.unwrap_or(false)))
}
