//! Who may use the workspace, and who saw what: users, tokens, sessions, the log of accesses, and
//! the demands that users saved.
//!
//! Secrets are made here, of the system's random numbers, and handed out once; the store keeps
//! hashes of them. It has no clock here either: every expiry is judged by the time that the caller
//! gives. Reading writes nothing, so that a read-only connection can tell who somebody is; when a
//! token was last used and a session last seen is entered by calls of their own, and seldom.

mod audit;
mod entry;
mod launches;
mod passwords;
mod queries;
mod secret;
mod sessions;
mod tokens;
mod users;

pub use audit::{AUDIT_KEPT, AccessFilter, AccessKind, AccessRow, Actor};
pub use launches::LAUNCH_LASTS;
pub use passwords::PASSWORD_CHARS;
pub use queries::{NewQuery, QueryId, SavedQuery};
pub use secret::Secret;
pub use sessions::{SESSION_IDLE, SESSION_LONGEST, Session, SessionId};
pub use tokens::{NewToken, TokenId, TokenRow};
pub use users::{NewUser, User, UserId};
