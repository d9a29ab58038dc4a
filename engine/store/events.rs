//! What happened, one after another, never changed.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::imports::ImportFigures;
use super::transaction::Durability;
use super::{RulesKind, Store, StoreError, seal};
use crate::model::{Answer, Lang, Role, Side, SourceRef};

/// A place in the log of events; later events have greater ones.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

impl Seq {
    /// Before everything.
    pub const START: Self = Self(0);
}

/// Why rows were not taken in although they could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Marked 秘密, 机密 or 绝密.
    Classified,
    /// 请保密 or military wording: held for review.
    HeldForReview,
}

impl Refusal {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Classified => lang.pick("涉密，已拒收", "classified, refused"),
            Self::HeldForReview => lang.pick("待人工审核", "held for review"),
        }
    }
}

/// What changed about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserChange {
    /// The password.
    Password,
    /// The role, to this one.
    Role(Role),
    /// The user may no longer log in.
    Disabled,
    /// The user may log in again.
    Enabled,
}

/// Something that happened. Contacts, secrets and the texts of refused rows are never among it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The store was made.
    Created {
        /// Version of the program.
        program: String,
    },
    /// The schema was brought up to date.
    Migrated {
        /// Schema version before.
        from: u32,
        /// Schema version after.
        to: u32,
        /// Version of the program.
        program: String,
    },
    /// A list was taken in; its versions are visible from here on.
    ImportCompleted {
        /// The import.
        import: i64,
        /// The list's side.
        side: Side,
        /// The list's name.
        list: String,
        /// File name, without its folder.
        file: String,
        /// SHA-256 of the file, 64 hexadecimal digits.
        sha256: String,
        /// What became of its rows.
        figures: ImportFigures,
    },
    /// An import that did not come to its end was removed.
    ImportDiscarded {
        /// The import.
        import: i64,
        /// File name, without its folder.
        file: String,
    },
    /// Rows that were refused; only where they stand.
    RowsRefused {
        /// Why.
        why: Refusal,
        /// Where.
        rows: Vec<SourceRef>,
    },
    /// Contacts were added.
    ContactsAdded {
        /// How many.
        added: u64,
    },
    /// Two entries turned out to be one organization, as somebody said; where rows of a list say
    /// so, it is part of its import.
    OrganizationsMerged {
        /// The one that is no longer used.
        from: i64,
        /// The one that stands for both.
        into: i64,
    },
    /// A run began.
    RunStarted {
        /// The run.
        run: i64,
        /// Its folder.
        folder: String,
        /// Its reference date.
        as_of: Date,
        /// The last event it sees.
        reference: Seq,
    },
    /// A run was published; its verdicts are visible from here on.
    RunPublished {
        /// The run.
        run: i64,
        /// Its folder.
        folder: String,
        /// The generation it was made on.
        generation: u64,
    },
    /// A run ended with an error.
    RunFailed {
        /// The run.
        run: i64,
        /// Its folder.
        folder: String,
        /// The error's message.
        reason: String,
    },
    /// A run that did not come to its end was removed.
    RunAbandoned {
        /// The run.
        run: i64,
        /// Its folder.
        folder: String,
    },
    /// A run's verdicts were compared with the last ones and the changes kept.
    VerdictsRecorded {
        /// The run.
        run: i64,
        /// Pairs judged.
        judged: u64,
        /// Pairs that are new or judged otherwise.
        changed: u64,
        /// Pairs no longer judged.
        gone: u64,
    },
    /// A broker answered.
    Answered {
        /// The demand, as it was written.
        demand: String,
        /// The supply, as it was written.
        supply: String,
        /// What was said.
        answer: Answer,
    },
    /// The follow-up of a pair went on.
    FollowedUp {
        /// The demand.
        demand: String,
        /// The supply.
        supply: String,
        /// The step, such as `met`.
        step: String,
    },
    /// A text of rules was kept.
    RulesKept {
        /// What they are for.
        rules: RulesKind,
        /// SHA-256 of the text.
        sha256: String,
    },
    /// A user was made known.
    UserAdded {
        /// The user's number.
        user: i64,
        /// The name by which the user logs in.
        name: String,
        /// What the user is.
        role: Role,
    },
    /// Something about a user changed.
    UserChanged {
        /// The user's number.
        user: i64,
        /// The name by which the user logs in.
        name: String,
        /// What changed.
        change: UserChange,
    },
    /// A token was given out.
    TokenCreated {
        /// The token's number.
        token: i64,
        /// What it is called.
        label: String,
        /// What its bearer is.
        role: Role,
    },
    /// A token was taken back.
    TokenRevoked {
        /// The token's number.
        token: i64,
        /// What it is called.
        label: String,
    },
    /// The store was put back from a backup.
    Restored {
        /// File name of the backup, without its folder.
        backup: String,
    },
    /// Something that the job did beside the store.
    Noted {
        /// What it is about, such as `gc`.
        topic: String,
        /// What was done.
        text: String,
    },
}

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRow {
    /// Its place in the log.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Store {
    /// The last event's place: what a reader names who wants the state of now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn head(&self) -> Result<Seq, StoreError> {
        self.read(head)
    }

    /// Events after a place, in order, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn events(&self, after: Seq, limit: usize) -> Result<Vec<EventRow>, StoreError> {
        self.read(|conn| {
            let mut select = conn.prepare_cached(
                "SELECT seq, at, body FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = select.query((after.0, limit))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let body = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
                events.push(EventRow {
                    seq: Seq(row.get(0)?),
                    at: timestamp(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
                    event: serde_json::from_str(body)
                        .map_err(|error| StoreError::damaged(format!("an event: {error}")))?,
                });
            }
            Ok(events)
        })
    }

    /// Logs something that was done beside the store; `text` must not hold contacts.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note(&mut self, topic: &str, text: &str, at: Timestamp) -> Result<Seq, StoreError> {
        let event = Event::Noted { topic: topic.to_owned(), text: text.to_owned() };
        self.write(Durability::Synced, |conn| append(conn, at, &event))
    }

    /// Logs rows that were refused, by file and row only.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn note_refusals(
        &mut self,
        rows: &[SourceRef],
        why: Refusal,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let event = Event::RowsRefused { why, rows: rows.to_vec() };
        self.write(Durability::Synced, |conn| append(conn, at, &event).map(|_| ()))
    }
}

/// The last event's place.
pub(super) fn head(conn: &Connection) -> Result<Seq, StoreError> {
    let last = conn
        .prepare_cached("SELECT max(seq) FROM events")?
        .query_row([], |row| row.get::<_, Option<i64>>(0))?;
    Ok(Seq(last.unwrap_or(0)))
}

/// Adds an event at the end of the log, inside the caller's transaction.
pub(super) fn append(conn: &Connection, at: Timestamp, event: &Event) -> Result<Seq, StoreError> {
    let body = serde_json::to_value(event).expect("an event has text keys only");
    let kind = body["kind"].as_str().expect("the tag of an event").to_owned();
    let (at, body) = (at.to_string(), body.to_string());
    let last: Option<(i64, i64)> = conn
        .prepare_cached("SELECT seq, sum FROM events ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, before) = last.unwrap_or_default();
    let seq = last + 1;
    let sum = chained(before, seq, &at, &kind, &body);
    conn.prepare_cached(
        "INSERT INTO events (seq, at, kind, body, sum) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((seq, at, kind, body, sum))?;
    Ok(Seq(seq))
}

fn chained(before: i64, seq: i64, at: &str, kind: &str, body: &str) -> i64 {
    seal::sum(
        [
            ValueRef::Integer(before),
            ValueRef::Integer(seq),
            ValueRef::Text(at.as_bytes()),
            ValueRef::Text(kind.as_bytes()),
            ValueRef::Text(body.as_bytes()),
        ]
        .into_iter(),
    )
}

/// The first event whose sum does not follow from it and the one before, if any.
pub(super) fn broken_chain(conn: &Connection) -> Result<Option<i64>, StoreError> {
    let mut select = conn.prepare("SELECT seq, at, kind, body, sum FROM events ORDER BY seq")?;
    let mut rows = select.query([])?;
    let (mut last, mut before) = (0, 0);
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let text = |at: usize| -> Result<String, StoreError> { Ok(row.get(at)?) };
        let sum: i64 = row.get(4)?;
        if seq != last + 1 || sum != chained(before, seq, &text(1)?, &text(2)?, &text(3)?) {
            return Ok(Some(seq));
        }
        (last, before) = (seq, sum);
    }
    Ok(None)
}

/// Reads a stored time.
pub(super) fn timestamp(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|error| StoreError::damaged(format!("the time {text}: {error}")))
}

/// Reads a stored date.
pub(super) fn date(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|error| StoreError::damaged(format!("the date {text}: {error}")))
}
