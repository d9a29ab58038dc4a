//! Texts by which verdicts were made, kept under their hashes, so that a verdict of any past night
//! can be recomputed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::events::{Event, append};
use super::row::{hash_of, hex, of_word, word};
use super::transaction::Durability;
use super::{Store, StoreError, seal};

/// What rules are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesKind {
    /// Weights of the parts.
    Weights,
    /// From scores to probabilities and verdicts.
    Calibration,
    /// Words that stand for one another.
    Synonyms,
    /// Words of the lists' vocabularies.
    Vocabulary,
}

/// A text of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What they are for.
    pub kind: RulesKind,
    /// The text, to the byte.
    pub text: String,
}

impl Store {
    /// Keeps a text of rules and returns its SHA-256, 64 hexadecimal digits. A text that is known
    /// is not kept twice.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn put_rules(
        &mut self,
        kind: RulesKind,
        text: &str,
        at: Timestamp,
    ) -> Result<String, StoreError> {
        let hash: [u8; 32] = Sha256::digest(text).into();
        let sha256 = hex(&hash);
        self.write(Durability::Synced, |conn| {
            if id_of(conn, &hash)?.is_none() {
                seal::insert(conn, "rules", (hash, word(kind), text))?;
                append(conn, at, &Event::RulesKept { rules: kind, sha256: sha256.clone() })?;
            }
            Ok(())
        })?;
        Ok(sha256)
    }

    /// The rules with a hash.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for what is no hash; when the store cannot be read.
    pub fn rules(&self, sha256: &str) -> Result<Option<Rules>, StoreError> {
        let hash = hash_of(sha256)?;
        self.read(|conn| {
            let found: Option<(String, String)> = conn
                .prepare_cached("SELECT kind, text FROM rules WHERE sha256 = ?1")?
                .query_row([hash], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            found.map(|(kind, text)| Ok(Rules { kind: of_word(kind)?, text })).transpose()
        })
    }
}

fn id_of(conn: &Connection, hash: &[u8; 32]) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM rules WHERE sha256 = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()
}

/// The row of rules that must be there.
///
/// # Errors
/// [`StoreError::UnknownRules`] where they are not.
pub(super) fn known(conn: &Connection, sha256: &str) -> Result<i64, StoreError> {
    id_of(conn, &hash_of(sha256)?)?
        .ok_or_else(|| StoreError::UnknownRules { sha256: sha256.to_owned() })
}
