//! A hash in every row, by which a flipped bit is found.
//!
//! SQLite notices damage to its structure but not to a text or a number in a row. Each table has a
//! column `sum`, the first 64 bits of a SHA-256 over the row's other columns. It is no protection
//! against somebody who wants to deceive: he can compute it too.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params};
use sha2::{Digest, Sha256};

/// Tables and the columns that their sums cover, in the order in which they are hashed.
///
/// `events` has a chained sum of its own (`super::events`).
pub(super) const SEALED: &[(&str, &[&str])] = &[
    ("meta", &["key", "value"]),
    ("lists", &["side", "name", "live", "withdrawn", "versions", "last_import"]),
    ("sets", &["name"]),
    ("set_lists", &["list_set", "list"]),
    (
        "imports",
        &[
            "list", "file", "sha256", "format", "whole", "begun_at", "counters", "state", "open",
            "event", "ended_at", "figures",
        ],
    ),
    ("records", &["list", "side", "record_id", "given_id", "number", "likeness", "import"]),
    (
        "versions",
        &[
            "record",
            "import",
            "kind",
            "content",
            "given_id",
            "organization",
            "file",
            "sheet",
            "row",
            "says",
            "drawn",
        ],
    ),
    ("pending", &["import", "given_id", "likeness", "row"]),
    ("counters", &["side", "year", "given"]),
    ("totals", &["name", "value"]),
    ("organizations", &["name", "code", "merged_into"]),
    ("organization_names", &["normal", "name", "organization"]),
    ("contacts", &["organization", "version", "person", "telephone", "email", "address"]),
    ("rules", &["sha256", "kind", "text"]),
    (
        "runs",
        &[
            "folder",
            "as_of",
            "reference",
            "program",
            "started_at",
            "state",
            "open",
            "finished_at",
            "generation",
            "summary",
            "failure",
        ],
    ),
    (
        "verdicts",
        &[
            "run",
            "demand",
            "supply",
            "demand_version",
            "supply_version",
            "weights",
            "calibration",
            "state",
        ],
    ),
    (
        "answers",
        &[
            "event",
            "at",
            "likeness",
            "demand",
            "supply",
            "demand_record",
            "supply_record",
            "answer",
            "reason",
            "date",
            "said_by",
            "demand_version",
            "supply_version",
            "file",
            "sheet",
            "row",
        ],
    ),
    (
        "ledger",
        &[
            "event",
            "at",
            "date",
            "demand",
            "supply",
            "step",
            "contract",
            "amount",
            "next_date",
            "note",
            "entered_by",
        ],
    ),
    (
        "users",
        &[
            "name",
            "display_name",
            "role",
            "broker",
            "password",
            "disabled",
            "created_at",
            "changed_at",
        ],
    ),
    (
        "tokens",
        &[
            "hash",
            "label",
            "role",
            "scopes",
            "user",
            "created_at",
            "expires_at",
            "revoked_at",
            "used_at",
        ],
    ),
    ("sessions", &["hash", "user", "created_at", "seen_at", "expires_at"]),
    ("launches", &["hash", "user", "expires_at"]),
    ("accesses", &["at", "actor_kind", "actor", "label", "kind", "side", "record", "visibility"]),
    ("saved_queries", &["user", "name", "side", "text", "filters", "created_at", "seen_run"]),
];

/// Columns of a table that its sum covers.
///
/// # Panics
/// When the table has none, which is a mistake of this module's callers.
pub(super) fn columns(table: &str) -> &'static [&'static str] {
    SEALED
        .iter()
        .find(|(name, _)| *name == table)
        .map(|(_, columns)| *columns)
        .expect("every table but the events is listed")
}

/// Teaches a connection `row_sum(…)`.
pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    conn.create_scalar_function(
        "row_sum",
        -1,
        FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS,
        |context: &Context<'_>| Ok(sum((0..context.len()).map(|at| context.get_raw(at)))),
    )
}

/// The hash of a row: each value with its type and length, so that values cannot run together.
pub(super) fn sum<'a>(values: impl Iterator<Item = ValueRef<'a>>) -> i64 {
    let mut hasher = Sha256::new();
    let mut bytes = |kind: u8, bytes: &[u8]| {
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for value in values {
        match value {
            ValueRef::Null => bytes(0, &[]),
            ValueRef::Integer(value) => bytes(1, &value.to_le_bytes()),
            ValueRef::Real(value) => bytes(2, &value.to_le_bytes()),
            ValueRef::Text(text) => bytes(3, text),
            ValueRef::Blob(blob) => bytes(4, blob),
        }
    }
    let hash = hasher.finalize();
    i64::from_le_bytes(hash[..8].try_into().expect("a SHA-256 has 32 bytes"))
}

/// Inserts a row with its sum and returns its id; values in the order of [`columns`].
pub(super) fn insert(conn: &Connection, table: &str, values: impl Params) -> rusqlite::Result<i64> {
    let columns = columns(table);
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
    let (names, places) = (columns.join(", "), places.join(", "));
    let sql = format!("INSERT INTO {table} ({names}, sum) VALUES ({places}, row_sum({places}))");
    conn.prepare_cached(&sql)?.insert(values)
}

/// Computes the sum of a row that was changed.
pub(super) fn seal(conn: &Connection, table: &str, id: i64) -> rusqlite::Result<()> {
    let sql =
        format!("UPDATE {table} SET sum = row_sum({}) WHERE id = ?1", columns(table).join(", "));
    conn.prepare_cached(&sql)?.execute([id]).map(|_| ())
}
