//! A short hash of what a record says, by which a changed record is told from an unchanged one.

use sha2::{Digest, Sha256};

use crate::model::Record;
use crate::text::normalise;

/// Hexadecimal digits of a fingerprint: 64 bits, enough to tell the versions of one record apart.
const DIGITS: usize = 16;

/// The fingerprint of what a broker judges a record by: title, body, keywords, classification,
/// codes, owner, region, cooperation, maturity, right, price.
///
/// Width, case and white space do not count, nor do dates, numbers and places: a list that is
/// handed in again unchanged has the same fingerprints.
#[must_use]
pub fn fingerprint(record: &Record) -> String {
    let mut hasher = Sha256::new();
    let mut add = |text: &str| {
        let text = normalise(text);
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    add(&record.title);
    add(&record.body);
    add(&record.keywords.join("\n"));
    let paths: Vec<String> = record.classification.iter().map(|path| path.join("—")).collect();
    add(&paths.join("\n"));
    add(&record.codes.join("\n"));
    add(record.organization.as_deref().unwrap_or_default());
    add(record.region.as_deref().unwrap_or_default());
    add(&format!("{:?}", record.cooperation));
    add(&format!("{:?}", record.maturity));
    add(record.ip_status.as_deref().unwrap_or_default());
    add(&format!("{:?}", record.legal_status));
    add(&format!("{:?}", record.price));
    hasher.finalize().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, Side, SourceRef};

    #[test]
    fn only_what_is_said_counts() {
        let source = SourceRef { file: "a.csv".to_owned(), sheet: None, row: 2 };
        let id = RecordId("d".to_owned());
        let mut record = Record::new(Side::Demand, id, "XQ-1".to_owned(), source);
        record.title = "真空炉".to_owned();
        let before = fingerprint(&record);
        assert_eq!(before.len(), DIGITS);
        record.number = "XQ-2".to_owned();
        record.source.row = 9;
        record.title = " 真空炉".to_owned();
        assert_eq!(fingerprint(&record), before);
        record.body = "要大".to_owned();
        assert_ne!(fingerprint(&record), before);
    }
}
