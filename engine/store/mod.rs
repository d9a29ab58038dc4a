//! The workspace's store: what the lists said, version by version, and what was made of it.
//!
//! One SQLite file in WAL mode is the source of truth; index, vectors and runs can be made again
//! from it. Everything that happens has its place in an append-only log ([`Event`], [`Seq`]), and
//! readers ask for the state up to such a place, so that a night sees one state however long it
//! takes. The store has no clock: writers are told the time.
//!
//! A [`Store`] is one connection, `Send` but not `Sync`: each thread opens its own. Readers never
//! wait. Writers wait up to five seconds for one another, and long work is cut into transactions of
//! a few hundred rows; an import or a run becomes visible by one short transaction at its end, and
//! what a dead process left is cleared away by [`Store::discard_staged`] and
//! [`Store::abandon_open_runs`].
//!
//! This module knows no list format, no score and no folder. Contacts go in and come out only by
//! the functions that name them, and no type here shows them when printed.

mod access;
mod answers;
mod backup;
mod contacts;
mod counts;
mod credit_code;
mod discard;
mod error;
mod events;
mod imports;
mod integrity;
mod ledger;
mod likeness;
mod lists;
mod mask;
mod numbers;
mod open;
mod organization_name;
mod organizations;
mod pending;
mod recorder;
mod records;
mod row;
mod rules;
mod runs;
mod schema;
mod seal;
mod staging;
#[cfg(test)]
mod tests;
mod transaction;
mod verdicts;
mod versions;

pub use access::{
    AUDIT_KEPT, AccessFilter, AccessKind, AccessRow, Actor, LAUNCH_LASTS, NewQuery, NewToken,
    NewUser, PASSWORD_CHARS, QueryId, SESSION_IDLE, SESSION_LONGEST, SavedQuery, Secret, Session,
    SessionId, TokenId, TokenRow, User, UserId,
};
pub use answers::{AnswerRow, AnswersSummary};
pub use backup::{BackupFacts, Restored};
pub use contacts::{ContactEntry, ContactsSummary};
pub use counts::{Counts, SideCounts};
pub use credit_code::{CreditCode, CreditCodeFault};
pub use error::StoreError;
pub use events::{Event, EventRow, Refusal, Seq, UserChange};
pub use imports::{Begun, Findings, ImportFigures, ImportHead, ImportId, ImportSummary};
pub use integrity::Finding;
pub use ledger::{LedgerEntry, LedgerFigures, LedgerRow, Step};
pub use lists::{ListRow, SetRow, default_list};
pub use mask::mask;
pub use open::Store;
pub use organization_name::normal_name;
pub use organizations::{Organization, OrganizationId};
pub use records::{LiveTable, Scope, StoredRecord};
pub use rules::{Rules, RulesKind};
pub use runs::{RunHead, RunId, RunResult, RunRow, RunState};
pub use schema::SCHEMA_VERSION;
pub use staging::ImportTicket;
pub use verdicts::{PairState, RulesRef, VerdictRow, VerdictsSummary};
pub use versions::{ChangeKind, VersionRow};
