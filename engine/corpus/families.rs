//! Patents of one family: an application and its grant, and the same invention in other countries.
//!
//! Documents belong together if they share a publication number (their own, or one that another's
//! family names), an application number, a family's number within one file, or all their priority
//! numbers: the simple family, in which all documents describe the same invention. Extended
//! families (INPADOC) are wider and are not used.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::assemble::Draft;
use super::headers::Field;
use super::layout::Column;
use super::table::Row;
use crate::model::{MergedRow, RecordId};

/// What a patent shares with the others of its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatentKeys {
    /// Its own publication number, as compared.
    pub(super) number: String,
    /// Keys of which one in common makes a family, its own number among them.
    pub(super) shared: Vec<String>,
    /// Whether its title is Chinese.
    chinese: bool,
}

impl PatentKeys {
    /// Whether the document is a grant and no application, by its kind code (WIPO ST.16): B and C
    /// are grants, U and Y utility models, S designs, E reissues.
    fn is_grant(&self) -> bool {
        let kind = self.number.trim_end_matches(|c: char| c.is_ascii_digit());
        // A number without a kind code ends in digits down to its country.
        kind.len() > 2 && kind.ends_with(['B', 'C', 'U', 'Y', 'S', 'E'])
    }

    fn country(&self) -> &str {
        let end = self.number.find(|c: char| !c.is_ascii_alphabetic());
        &self.number[..end.unwrap_or(0)]
    }

    /// What speaks for a document as the one whose text stands for the family; greater is better.
    fn rank(&self) -> (bool, bool, std::cmp::Reverse<&str>) {
        (self.chinese, self.is_grant(), std::cmp::Reverse(&self.number))
    }

    /// The order in which documents of a family appear: applications before grants.
    fn age(&self) -> (bool, &str) {
        (self.is_grant(), &self.number)
    }
}

/// The keys of a row; `None` unless it has a publication number, or if it has an id besides.
pub(super) fn keys(row: &Row, columns: &[Column], title: &str) -> Option<PatentKeys> {
    let texts = |field: Field| {
        columns
            .iter()
            .enumerate()
            .filter(move |(_, column)| column.field == Some(field) && !column.dropped)
            .filter_map(|(at, _)| row.cells.get(at))
            .filter(|cell| !cell.is_blank())
            .map(super::table::Cell::text)
    };
    // What a list gives ids of its own it keeps apart.
    if texts(Field::Id).next().is_some() {
        return None;
    }
    let number =
        texts(Field::PublicationNumber).map(|text| compared(&text)).find(|n| is_number(n))?;
    let mut shared = vec![format!("P{number}")];
    // Shorter ones are no application numbers but remarks.
    const SHORTEST: usize = 8;
    let applications = texts(Field::ApplicationNumber).map(|text| compared(&text));
    shared.extend(applications.filter(|n| n.len() >= SHORTEST).map(|n| format!("A{n}")));
    for text in texts(Field::Family) {
        let members = text.split([';', '；', '|', '、', ',', '\n']).map(compared);
        for member in members.filter(|member| !member.is_empty()) {
            // A family has a number, or is the list of its members' numbers.
            let kind = if is_number(&member) { 'P' } else { 'F' };
            shared.push(format!("{kind}{member}"));
        }
    }
    let mut priorities: Vec<String> = texts(Field::Priority)
        .flat_map(|text| text.split([';', '；', '|', '\n']).map(compared).collect::<Vec<_>>())
        .filter(|n| n.len() >= SHORTEST)
        .collect();
    priorities.sort_unstable();
    priorities.dedup();
    if !priorities.is_empty() {
        shared.push(format!("R{}", priorities.join("+")));
    }
    Some(PatentKeys { number, shared, chinese: is_chinese(title) })
}

/// Whether a text has Chinese characters.
pub(super) fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// A number without width, case, spaces and marks.
fn compared(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).filter(char::is_ascii_alphanumeric).collect()
}

/// Whether a text is a publication number: a country of two letters and at least five digits.
fn is_number(text: &str) -> bool {
    const DIGITS: usize = 5;
    let rest = text.trim_start_matches(|c: char| c.is_ascii_uppercase());
    text.len() - rest.len() == 2 && rest.chars().take_while(char::is_ascii_digit).count() >= DIGITS
}

/// Families among documents that come one after another; document `n` is the nth that was added.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// Key → a document that has it.
    by_key: HashMap<u128, u32>,
    /// A document of the same family; itself for the family's root.
    parent: Vec<u32>,
}

impl Families {
    /// Adds the next document.
    pub(super) fn add(&mut self, shared: &[String]) {
        let document = u32::try_from(self.parent.len()).unwrap_or(u32::MAX);
        self.parent.push(document);
        for key in shared {
            let other = *self.by_key.entry(hash(key)).or_insert(document);
            let (a, b) = (self.root(document), self.root(other));
            // The earlier root stays, so that roots do not depend on how families grew together.
            self.parent[a.max(b) as usize] = a.min(b);
        }
    }

    /// The first document of a document's family.
    pub(super) fn root(&mut self, document: u32) -> u32 {
        let mut at = document;
        while self.parent[at as usize] != at {
            let above = self.parent[at as usize];
            self.parent[at as usize] = self.parent[above as usize];
            at = above;
        }
        at
    }
}

/// Half of a SHA-256: two of a thousand million keys are alike with a chance of 10⁻²¹.
fn hash(key: &str) -> u128 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    u128::from_le_bytes(bytes)
}

/// Merges the drafts of each family into one, and says which rows went into which.
///
/// The draft whose text is Chinese stands for the family, then the grant, then the lowest number.
/// Its id becomes the number of the family's earliest document of the same country, so that a later
/// grant changes a record and does not add one; all numbers of the family are kept under 同族公开号.
pub(super) fn merge(drafts: Vec<Draft>) -> (Vec<Draft>, Vec<MergedRow>) {
    let mut families = Families::default();
    let mut places: Vec<usize> = Vec::new();
    for (at, draft) in drafts.iter().enumerate() {
        if let Some(patent) = &draft.patent {
            families.add(&patent.shared);
            places.push(at);
        }
    }
    let mut members: HashMap<u32, Vec<usize>> = HashMap::new();
    for (document, &at) in (0_u32..).zip(&places) {
        members.entry(families.root(document)).or_default().push(at);
    }
    members.retain(|_, family| family.len() > 1);
    if members.is_empty() {
        return (drafts, Vec::new());
    }
    // By draft: the one that stands for its family, and what that one takes over.
    let mut into: HashMap<usize, usize> = HashMap::new();
    let mut taken: HashMap<usize, (String, String)> = HashMap::new();
    for family in members.values() {
        let keys: Vec<&PatentKeys> =
            family.iter().filter_map(|&at| drafts[at].patent.as_ref()).collect();
        let (best, id, numbers) = stands_for(&keys);
        let best = family[best];
        taken.insert(best, (id, numbers));
        into.extend(family.iter().filter(|&&at| at != best).map(|&at| (at, best)));
    }
    let mut merged: Vec<(usize, MergedRow)> = into
        .iter()
        .map(|(&at, &best)| {
            let source = drafts[at].record.source.clone();
            (at, MergedRow { source, into: drafts[best].record.source.clone() })
        })
        .collect();
    merged.sort_unstable_by_key(|(at, _)| *at);
    let kept = drafts
        .into_iter()
        .enumerate()
        .filter(|(at, _)| !into.contains_key(at))
        .map(|(at, mut draft)| {
            if let Some((id, numbers)) = taken.remove(&at) {
                take_over(&mut draft, id, numbers);
            }
            draft
        })
        .collect();
    (kept, merged.into_iter().map(|(_, row)| row).collect())
}

/// What a row of a stream is to its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// It goes into the row with this number.
    Into(u32),
    /// It stands for the family, with this id and these numbers.
    Stands(String, String),
}

/// Finds families among rows that pass one after another, keeping their numbers and no texts.
#[derive(Debug, Default)]
pub(super) struct Plan {
    families: Families,
    /// Row number, own publication number and whether the title is Chinese, by document.
    documents: Vec<(u32, Box<str>, bool)>,
}

impl Plan {
    /// Adds the patent that stands in row `number`.
    pub(super) fn add(&mut self, number: u32, keys: &PatentKeys) {
        self.families.add(&keys.shared);
        self.documents.push((number, keys.number.as_str().into(), keys.chinese));
    }

    /// What each row of a family with several members is to it, by row number.
    pub(super) fn finish(mut self) -> HashMap<u32, Place> {
        let mut members: HashMap<u32, Vec<u32>> = HashMap::new();
        for document in 0..u32::try_from(self.documents.len()).unwrap_or(u32::MAX) {
            let root = self.families.root(document);
            if root != document {
                members.entry(root).or_default().push(document);
            }
        }
        let mut places = HashMap::new();
        for (root, mut family) in members {
            family.push(root);
            family.sort_unstable();
            let keys: Vec<PatentKeys> = family
                .iter()
                .map(|&document| {
                    let (_, number, chinese) = &self.documents[document as usize];
                    let (number, chinese) = (number.to_string(), *chinese);
                    PatentKeys { number, shared: Vec::new(), chinese }
                })
                .collect();
            let row = |at: usize| self.documents[family[at] as usize].0;
            let (best, id, numbers) = stands_for(&keys);
            for at in (0..family.len()).filter(|at| *at != best) {
                places.insert(row(at), Place::Into(row(best)));
            }
            places.insert(row(best), Place::Stands(id, numbers));
        }
        places
    }
}

/// Which document of a family stands for it, the family's id, and all its numbers.
fn stands_for<K: std::borrow::Borrow<PatentKeys>>(family: &[K]) -> (usize, String, String) {
    let best = (0..family.len())
        .max_by_key(|&at| (family[at].borrow().rank(), std::cmp::Reverse(at)))
        .unwrap_or(0);
    let mut sorted: Vec<&PatentKeys> = family.iter().map(K::borrow).collect();
    sorted.sort_unstable_by_key(|keys| keys.age());
    let country = family.get(best).map_or("", |keys| keys.borrow().country());
    let first = sorted.iter().find(|keys| keys.country() == country);
    let id = first.map(|keys| keys.number.clone()).unwrap_or_default();
    let mut numbers: Vec<&str> = sorted.iter().map(|keys| keys.number.as_str()).collect();
    numbers.dedup();
    (best, id, numbers.join("；"))
}

/// Gives a draft the id and the numbers of its family.
pub(super) fn take_over(draft: &mut Draft, id: String, numbers: String) {
    draft.record.id = RecordId(id);
    draft.record.extra.push(("同族公开号".to_owned(), numbers));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patent(number: &str, shared: &[&str], chinese: bool) -> PatentKeys {
        let mut keys = vec![format!("P{number}")];
        keys.extend(shared.iter().map(|key| (*key).to_owned()));
        PatentKeys { number: number.to_owned(), shared: keys, chinese }
    }

    #[test]
    fn families_grow_together_in_any_order() {
        let mut families = Families::default();
        families.add(&patent("CN100001A", &["Ax"], true).shared);
        families.add(&patent("US200002B2", &["Fz"], false).shared);
        families.add(&patent("CN300003A", &[], true).shared);
        families.add(&patent("CN100001B", &["Ax", "PUS200002B2"], true).shared);
        let roots: Vec<u32> = (0..4).map(|document| families.root(document)).collect();
        assert_eq!(roots, [0, 0, 2, 0]);
    }

    #[test]
    fn grants_are_told_from_applications() {
        for (number, grant) in [
            ("CN209900001A", false),
            ("CN209900001B", true),
            ("CN209900001U", true),
            ("US10000001B2", true),
            ("US20990000001A1", false),
            ("CN209900001", false),
        ] {
            assert_eq!(patent(number, &[], true).is_grant(), grant, "{number}");
        }
    }

    #[test]
    fn numbers_are_compared_without_marks() {
        assert_eq!(compared("cn 2099 00001 Ａ"), "CN209900001A");
        assert!(is_number("CN209900001A") && !is_number("123456") && !is_number("CNA"));
    }
}
