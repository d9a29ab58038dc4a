//! What has changed on a side since the last night.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::index::GONE;
use crate::model::Record;
use crate::pipeline::output::record_json;

/// A record of a generation: who it is, what it says, and where its derived data stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline) struct Known {
    /// Its id.
    pub id: String,
    /// SHA-256 of what it says, by [`content_hash`].
    pub hash: String,
    /// Which layer holds it, by place in the generation's list.
    pub layer: u32,
    /// Its row in that layer.
    pub row: u32,
}

/// How today's table of a side came from the last one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::pipeline) struct Change {
    /// By today's row: the last table's row of the same unchanged record.
    pub from: Vec<Option<u32>>,
    /// By the last table's row: today's row of the same unchanged record, or [`GONE`].
    pub to: Vec<u32>,
    /// New and changed rows of today, ascending.
    pub changed: Vec<u32>,
    /// Records of the last table whose id is no longer there.
    pub n_gone: usize,
}

impl Change {
    /// Compares two tables, each sorted by id; `hashes` are of today's records.
    pub(in crate::pipeline) fn between(
        last: &[Known],
        today: &[Record],
        hashes: &[String],
    ) -> Self {
        let mut change = Self {
            from: Vec::with_capacity(today.len()),
            to: vec![GONE; last.len()],
            changed: Vec::new(),
            n_gone: 0,
        };
        let mut at = 0;
        for ((row, record), hash) in (0_u32..).zip(today).zip(hashes) {
            while last.get(at).is_some_and(|known| known.id.as_str() < record.id.as_str()) {
                change.n_gone += 1;
                at += 1;
            }
            let same_id = last.get(at).filter(|known| known.id == record.id.as_str());
            let unchanged = same_id.is_some_and(|known| known.hash == *hash);
            if unchanged {
                change.to[at] = row;
                change.from.push(u32::try_from(at).ok());
            } else {
                change.from.push(None);
                change.changed.push(row);
            }
            at += usize::from(same_id.is_some());
        }
        change.n_gone += last.len() - at;
        change
    }

    /// Whether a row of today is new or changed.
    pub(in crate::pipeline) fn is_changed(&self, row: u32) -> bool {
        self.from[row as usize].is_none()
    }
}

/// SHA-256 of everything that a record's derived data are made of.
///
/// Where it was read and which records repeat it do not count: neither is indexed or scored.
pub(in crate::pipeline) fn content_hash(record: &Record) -> String {
    let digest = Sha256::digest(record_json(record));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, Side, SourceRef};

    fn record(id: &str) -> Record {
        let source = SourceRef { file: "a.csv".to_owned(), sheet: None, row: 2 };
        Record::new(Side::Demand, RecordId(id.to_owned()), "XQ-1".to_owned(), source)
    }

    fn known(id: &str, hash: &str) -> Known {
        Known { id: id.to_owned(), hash: hash.to_owned(), layer: 0, row: 0 }
    }

    #[test]
    fn new_changed_and_gone_are_told_apart() {
        let last = [known("a", "1"), known("c", "1"), known("d", "1"), known("f", "1")];
        let today = ["b", "c", "d", "g"].map(record);
        let hashes = ["1", "1", "2", "1"].map(str::to_owned);
        let change = Change::between(&last, &today, &hashes);
        assert_eq!(change.from, [None, Some(1), None, None]);
        assert_eq!(change.to, [GONE, 1, GONE, GONE]);
        assert_eq!(change.changed, [0, 2, 3]);
        assert_eq!(change.n_gone, 2, "a and f; d has changed and g is new");
        assert!(change.is_changed(0) && !change.is_changed(1));
    }

    #[test]
    fn a_hash_is_of_what_is_said() {
        let mut one = record("a");
        let before = content_hash(&one);
        one.source.row = 9;
        one.duplicate_group = Some(1);
        assert_eq!(content_hash(&one), before);
        one.valid_until = Some(jiff::civil::date(2026, 1, 1));
        assert_ne!(content_hash(&one), before);
    }
}
