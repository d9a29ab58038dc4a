//! The log of accesses: who saw which record that is not public, and when.

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use super::entry::seconds;
use super::{TokenId, UserId};
use crate::model::{Lang, RecordId, Side, Visibility};
use crate::store::events::timestamp;
use crate::store::row::{of_word, side_code, side_of, word};
use crate::store::transaction::{Durability, ROWS_AT_ONCE};
use crate::store::{Store, StoreError, counts, seal};

/// How long the log is kept at least: 180 days. The trigger `accesses_are_kept` says the same.
pub const AUDIT_KEPT: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Rows removed in one transaction: a delete touches four indexes, and 1,000 of them take some
/// milliseconds.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Who saw something, with what they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "actor", rename_all = "snake_case")]
pub enum Actor {
    /// A user who logged in.
    User {
        /// The user's number.
        id: UserId,
        /// The user's name.
        label: String,
    },
    /// A program with a token.
    Token {
        /// The token's number.
        id: TokenId,
        /// What it was called.
        label: String,
    },
    /// Whoever sits at the machine.
    Local,
}

/// What was seen or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    /// 查看记录: a record was shown.
    Record,
    /// 出现在列表: a record stood in a list of results.
    Search,
    /// 建议书: a record stood in a pair's page.
    Proposal,
    /// 查看联系人: a contact was shown unmasked.
    Contacts,
    /// 导出: a record went into a file.
    Export,
    /// 登录: a user logged in.
    Login,
    /// 清理: older rows of this log were removed.
    Sweep,
}

impl AccessKind {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Record => lang.pick("查看记录", "record"),
            Self::Search => lang.pick("出现在列表", "in a list"),
            Self::Proposal => lang.pick("建议书", "proposal"),
            Self::Contacts => lang.pick("查看联系人", "contacts"),
            Self::Export => lang.pick("导出", "export"),
            Self::Login => lang.pick("登录", "login"),
            Self::Sweep => lang.pick("清理记录", "log swept"),
        }
    }
}

/// One access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessRow {
    /// When; whole seconds are kept.
    pub at: Timestamp,
    /// Who.
    #[serde(flatten)]
    pub actor: Actor,
    /// What.
    pub kind: AccessKind,
    /// The record's side, if it was about one.
    pub side: Option<Side>,
    /// The record, if it was about one.
    pub record: Option<RecordId>,
    /// Who might see the record then.
    pub visibility: Option<Visibility>,
}

/// Which accesses are wanted; every field that is given has to fit.
#[derive(Debug, Clone, Default)]
pub struct AccessFilter {
    /// Those of a user.
    pub user: Option<UserId>,
    /// Those of a token.
    pub token: Option<TokenId>,
    /// Those of a kind.
    pub kind: Option<AccessKind>,
    /// Those about a record.
    pub record: Option<(Side, RecordId)>,
    /// Those at this time or later.
    pub since: Option<Timestamp>,
    /// Those before this time.
    pub until: Option<Timestamp>,
}

impl Store {
    /// Enters accesses, on the disk when this returns: call it before what was asked for is shown.
    /// More than 128 take several transactions, none of them long.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing should be shown.
    pub fn note_access(&mut self, rows: &[AccessRow]) -> Result<(), StoreError> {
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            self.write(Durability::Synced, |conn| {
                chunk.iter().try_for_each(|row| insert(conn, row))?;
                let added = i64::try_from(chunk.len()).expect("at most 128");
                Ok(counts::add(conn, counts::ACCESSES, added)?)
            })?;
        }
        Ok(())
    }

    /// The accesses that fit, the last entered first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn audit(&self, filter: &AccessFilter, limit: usize) -> Result<Vec<AccessRow>, StoreError> {
        let (mut conditions, mut values) = (Vec::new(), Vec::new());
        let mut add = |condition: &'static str, given: Vec<Value>| {
            conditions.push(condition);
            values.extend(given);
        };
        let time = |at: Timestamp| Value::from(seconds(at).to_string());
        if let Some(user) = filter.user {
            add("actor_kind = 'user' AND actor = ?", vec![user.0.into()]);
        }
        if let Some(token) = filter.token {
            add("actor_kind = 'token' AND actor = ?", vec![token.0.into()]);
        }
        if let Some(kind) = filter.kind {
            add("kind = ?", vec![word(kind).into()]);
        }
        if let Some((side, record)) = &filter.record {
            add("record = ? AND side = ?", vec![record.0.clone().into(), side_code(*side).into()]);
        }
        if let Some(since) = filter.since {
            add("at >= ?", vec![time(since)]);
        }
        if let Some(until) = filter.until {
            add("at < ?", vec![time(until)]);
        }
        let fits = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        self.read(|conn| {
            let mut select = conn.prepare_cached(&format!(
                "SELECT at, actor_kind, actor, label, kind, side, record, visibility FROM accesses
                 WHERE {fits} ORDER BY id DESC LIMIT ?"
            ))?;
            let mut rows = select.query(params_from_iter(values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(access(row)?);
            }
            Ok(found)
        })
    }

    /// Removes accesses before a time and returns how many there were; that it was done is entered
    /// first. Where there are none, nothing is written.
    ///
    /// # Errors
    /// [`StoreError::KeptLonger`] where `before` is not [`AUDIT_KEPT`] ago at `at`; when the store
    /// cannot be written: then some may be gone, and the rest can be removed later.
    pub fn sweep_audit(&mut self, before: Timestamp, at: Timestamp) -> Result<u64, StoreError> {
        let (before, at) = (seconds(before), seconds(at));
        let until = at.saturating_sub(AUDIT_KEPT).expect("a duration has no months");
        if before > until {
            return Err(StoreError::KeptLonger { before, until });
        }
        let before = before.to_string();
        let old = "SELECT 1 FROM accesses WHERE at < ?1";
        if !self.read(|conn| Ok(conn.prepare_cached(old)?.exists([&before])?))? {
            return Ok(0);
        }
        let (kind, actor) = (AccessKind::Sweep, Actor::Local);
        let sweep = AccessRow { at, actor, kind, side: None, record: None, visibility: None };
        self.note_access(&[sweep])?;
        let mut n_removed = 0;
        loop {
            let removed = self.write(Durability::Synced, |conn| {
                let removed = conn
                    .prepare_cached(
                        "DELETE FROM accesses WHERE id IN (
                             SELECT id FROM accesses WHERE at < ?1 ORDER BY at LIMIT ?2)",
                    )?
                    .execute((&before, SWEPT_AT_ONCE))?;
                let fewer = i64::try_from(removed).expect("at most 1,000");
                counts::add(conn, counts::ACCESSES, -fewer)?;
                Ok(removed)
            })?;
            if removed == 0 {
                return Ok(n_removed);
            }
            n_removed += removed as u64;
        }
    }
}

fn insert(conn: &Connection, row: &AccessRow) -> Result<(), StoreError> {
    let (kind, actor, label) = match &row.actor {
        Actor::User { id, label } => ("user", Some(id.0), label.as_str()),
        Actor::Token { id, label } => ("token", Some(id.0), label.as_str()),
        Actor::Local => ("local", None, ""),
    };
    let values = (
        seconds(row.at).to_string(),
        kind,
        actor,
        label,
        word(row.kind),
        row.side.map(side_code),
        row.record.as_ref().map(|record| &record.0),
        row.visibility.map(word),
    );
    seal::insert(conn, "accesses", values)?;
    Ok(())
}

fn access(row: &Row<'_>) -> Result<AccessRow, StoreError> {
    let (kind, id): (String, Option<i64>) = (row.get(1)?, row.get(2)?);
    let label: String = row.get(3)?;
    let actor = match (kind.as_str(), id) {
        ("user", Some(id)) => Actor::User { id: UserId(id), label },
        ("token", Some(id)) => Actor::Token { id: TokenId(id), label },
        ("local", None) => Actor::Local,
        (other, _) => return Err(StoreError::damaged(format!("an access by {other}"))),
    };
    Ok(AccessRow {
        at: timestamp(&row.get::<_, String>(0)?)?,
        actor,
        kind: of_word(row.get(4)?)?,
        side: row.get::<_, Option<i64>>(5)?.map(side_of).transpose()?,
        record: row.get::<_, Option<String>>(6)?.map(RecordId),
        visibility: row.get::<_, Option<String>>(7)?.map(of_word).transpose()?,
    })
}
