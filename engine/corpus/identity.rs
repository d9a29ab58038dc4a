//! Identities, numbers, and rows that say the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::assemble::Draft;
use crate::model::{
    MergedRow, Record, RecordId, RejectedRow, Rejection, Side, SourceRef, Visibility,
};

/// Drafts settled into records.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) records: Vec<Record>,
    pub(super) merged: Vec<MergedRow>,
    pub(super) rejected: Vec<RejectedRow>,
}

/// Gives ids as [`settle`] does, to drafts that pass one after another, keeping hashes and places
/// and no texts. Ids that a list gives further down are not known yet: one that equals a derived id
/// is refused there.
#[derive(Debug, Default)]
pub(super) struct Settler {
    /// Id → row and content.
    by_id: HashMap<u128, (u32, u128)>,
    by_content: HashMap<u128, u32>,
}

/// What became of a draft that passed.
pub(super) enum Passed {
    Record(Box<Record>),
    Merged(MergedRow),
    Rejected(RejectedRow),
}

/// A draft's derived id (empty where it has one), and the hash of its content.
pub(super) type Hashes = (String, [u8; 32]);

/// The hashes of a draft; they need nothing but the draft.
pub(super) fn hashes(side: Side, draft: &Draft) -> Hashes {
    let texts = Texts::of(&draft.record);
    let needs_id = draft.id_column.is_none();
    let derived = if needs_id { derived_id(side, &texts) } else { String::new() };
    (derived, content(&draft.record, &texts))
}

impl Settler {
    /// Settles the next draft.
    pub(super) fn pass(&mut self, draft: Draft, (derived, content): Hashes) -> Passed {
        let Draft { mut record, id_column, patent: _ } = draft;
        let place = |row: u32| SourceRef { row, ..record.source.clone() };
        let content = half(&content);
        if let Some(column) = id_column {
            if let Some(&(first, held)) = self.by_id.get(&half(&hash(&[&record.id.0]))) {
                let into = place(first);
                return if held == content {
                    Passed::Merged(MergedRow { source: record.source, into })
                } else {
                    Passed::Rejected(same_id(&record, column, &into))
                };
            }
        } else {
            if let Some(&first) = self.by_content.get(&content) {
                let into = place(first);
                return Passed::Merged(MergedRow { source: record.source, into });
            }
            let prefix = derived[..2].to_owned();
            let whole = format!("{content:032x}")[..12].to_owned();
            let id = [derived, format!("{prefix}{whole}")]
                .into_iter()
                .chain((2_u32..).map(|n| format!("{prefix}{whole}-{n}")))
                .find(|id| !self.by_id.contains_key(&half(&hash(&[id]))))
                .unwrap_or_default();
            record.id = RecordId(id);
        }
        let row = record.source.row;
        self.by_id.insert(half(&hash(&[&record.id.0])), (row, content));
        self.by_content.entry(content).or_insert(row);
        Passed::Record(Box::new(record))
    }
}

/// The first half of a hash, big-endian, so that its first digits are those of the whole.
fn half(hash: &[u8; 32]) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    u128::from_be_bytes(bytes)
}

/// Gives every draft an id and a number, in the order of the input.
///
/// A row whose whole content (all but id, number and place) equals an earlier record's is merged
/// into it, unless both rows carry different ids of their own. A given id that an earlier record
/// holds with other content rejects the later row. Derived ids are `d-` or `s-` and the first 12
/// hexadecimal digits of the SHA-256 of side, title, body and organization, spaces and width
/// folded; where these are equal but other fields differ, the later row's id is of its whole
/// content.
pub(super) fn settle(side: Side, drafts: Vec<Draft>) -> Settled {
    let hashes: Vec<Hashes> = drafts.par_iter().map(|draft| hashes(side, draft)).collect();
    let given: HashSet<String> = drafts
        .iter()
        .filter(|draft| draft.id_column.is_some())
        .map(|draft| draft.record.id.0.clone())
        .collect();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut by_content: HashMap<[u8; 32], usize> = HashMap::new();
    let mut settled = Settled::default();
    let mut contents: Vec<[u8; 32]> = Vec::new();
    for (draft, (derived, content)) in drafts.into_iter().zip(hashes) {
        let Draft { mut record, id_column, patent: _ } = draft;
        let merge = |into: usize, settled: &mut Settled| {
            let into = settled.records[into].source.clone();
            settled.merged.push(MergedRow { source: record.source.clone(), into });
        };
        if let Some(column) = id_column {
            if let Some(&first) = by_id.get(&record.id.0) {
                if contents[first] == content {
                    merge(first, &mut settled);
                } else {
                    let rejected = same_id(&record, column, &settled.records[first].source);
                    settled.rejected.push(rejected);
                }
                continue;
            }
        } else {
            if let Some(&first) = by_content.get(&content) {
                merge(first, &mut settled);
                continue;
            }
            let whole = hex(&content[..6]);
            let prefix = &derived[..2];
            let taken = |id: &str| by_id.contains_key(id) || given.contains(id);
            let id = [derived.clone(), format!("{prefix}{whole}")]
                .into_iter()
                .chain((2_u32..).map(|n| format!("{prefix}{whole}-{n}")))
                .find(|id| !taken(id))
                .unwrap_or_default();
            record.id = RecordId(id);
        }
        let at = settled.records.len();
        by_id.insert(record.id.0.clone(), at);
        by_content.entry(content).or_insert(at);
        contents.push(content);
        settled.records.push(record);
    }
    number(side, &mut settled.records);
    settled
}

fn same_id(record: &Record, column: String, first: &SourceRef) -> RejectedRow {
    let mut cells =
        vec![(column.clone(), record.id.0.clone()), ("名称".to_owned(), record.title.clone())];
    if !record.body.is_empty() {
        cells.push(("内容".to_owned(), record.body.clone()));
    }
    if let Some(organization) = &record.organization
        && record.visibility == Visibility::Public
    {
        cells.push(("单位".to_owned(), organization.clone()));
    }
    RejectedRow {
        source: record.source.clone(),
        kind: Rejection::Faulty,
        column: Some(column),
        reason: format!(
            "编号“{}”与 {first} 重复，但内容不同",
            super::clean::shorten(&record.id.0, 40)
        ),
        cells,
    }
}

/// Title, body and organization with width, case and spaces folded: trivial changes of writing do
/// not change an identity.
struct Texts {
    title: String,
    body: String,
    organization: String,
}

impl Texts {
    fn of(record: &Record) -> Self {
        Self {
            title: normal(&record.title),
            body: normal(&record.body),
            organization: normal(record.organization.as_deref().unwrap_or_default()),
        }
    }
}

fn normal(text: &str) -> String {
    let fold = |c: char| c.to_lowercase().filter(|c| !c.is_whitespace());
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.chars().flat_map(fold).collect(),
        _ => text.nfkc().flat_map(fold).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn hash(fields: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for field in fields {
        // The length keeps `ab` + `c` apart from `a` + `bc`.
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().into()
}

fn derived_id(side: Side, texts: &Texts) -> String {
    let (prefix, name) = match side {
        Side::Demand => ("d-", "demand"),
        Side::Supply => ("s-", "supply"),
    };
    let hash = hash(&[name, &texts.title, &texts.body, &texts.organization]);
    format!("{prefix}{}", hex(&hash[..6]))
}

/// Hash of everything a record says, contacts and kept columns included: merging loses nothing.
fn content(record: &Record, texts: &Texts) -> [u8; 32] {
    let Record {
        side,
        id: _,
        number: _,
        title: _,
        body: _,
        keywords,
        classification,
        codes,
        organization: _,
        region,
        cooperation,
        maturity,
        maturity_stated,
        supply_kind,
        ip_status,
        legal_status,
        price,
        posted_on,
        valid_from,
        valid_until,
        visibility,
        contact,
        source: _,
        duplicate_group: _,
        extra,
        // Both are drawn from the body.
        supplements: _,
        contradictions: _,
    } = record;
    let rest = format!(
        "{side:?}{keywords:?}{classification:?}{codes:?}{region:?}{cooperation:?}{maturity:?}{maturity_stated:?}{supply_kind:?}\
         {ip_status:?}{price:?}{posted_on:?}{valid_from:?}{valid_until:?}{visibility:?}{extra:?}{legal_status:?}"
    );
    let contact = [&contact.person, &contact.telephone, &contact.email, &contact.address]
        .map(|field| field.as_deref().unwrap_or_default())
        .join("\n");
    hash(&[&texts.title, &texts.body, &texts.organization, &rest, &contact])
}

/// Whether an id is a number people can say, such as `XQ-2020-0012`.
fn is_number(id: &str, prefix: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    id.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, n)| {
            year.len() == 4 && digits(year) && (4..=8).contains(&n.len()) && digits(n)
        })
}

/// Numbers the records `XQ-YEAR-0001` or `GJ-YEAR-0001`, counting within the year.
///
/// The year is that of publication, else of the first valid day, else the commonest of the file
/// (the later of equals), else 0000. Ids of this form are kept as numbers and never given twice.
fn number(side: Side, records: &mut [Record]) {
    let prefix = match side {
        Side::Demand => "XQ",
        Side::Supply => "GJ",
    };
    let year_of = |record: &Record| record.posted_on.or(record.valid_from).map(|date| date.year());
    let mut years: HashMap<&str, BTreeMap<i16, usize>> = HashMap::new();
    for record in &*records {
        if let Some(year) = year_of(record) {
            *years.entry(&record.source.file).or_default().entry(year).or_default() += 1;
        }
    }
    let commonest: HashMap<String, i16> = years
        .into_iter()
        .filter_map(|(file, years)| {
            let year = years.into_iter().max_by_key(|(year, count)| (*count, *year))?.0;
            Some((file.to_owned(), year))
        })
        .collect();
    let taken: HashSet<String> = records
        .iter()
        .filter(|record| is_number(&record.id.0, prefix))
        .map(|record| record.id.0.clone())
        .collect();
    let mut next: HashMap<i16, u32> = HashMap::new();
    for record in records {
        if taken.contains(&record.id.0) {
            record.number.clone_from(&record.id.0);
            continue;
        }
        let year =
            year_of(record).or_else(|| commonest.get(&record.source.file).copied()).unwrap_or(0);
        let n = next.entry(year).or_default();
        loop {
            *n += 1;
            let number = format!("{prefix}-{year:04}-{n:04}");
            if !taken.contains(&number) {
                record.number = number;
                break;
            }
        }
    }
}
