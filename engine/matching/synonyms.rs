//! Which synonyms two quoted passages have: 碳化硅＝SiC.

use std::cmp::Reverse;
use std::ops::Range;

use crate::model::SynonymPair;
use crate::text::{AliasId, Synonyms};

/// Most pairs that are named for two passages: what a reader takes in at a glance.
const MAX_PAIRS: usize = 3;

/// A word of the list of synonyms in a passage of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) alias: AliasId,
    /// Which passage of the record.
    pub(super) passage: u32,
    /// Bytes of the passage.
    start: u32,
    end: u32,
}

impl Standing {
    /// A word at a byte range of a passage.
    pub(super) fn new(alias: AliasId, passage: u32, range: &Range<usize>) -> Self {
        // Passages are sentences; a longer one than 32 bits can count is not quoted.
        let place = |at: usize| u32::try_from(at).unwrap_or(0);
        Self { alias, passage, start: place(range.start), end: place(range.end) }
    }

    fn of<'a>(&self, passage: &'a str) -> &'a str {
        passage.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The pairs of words, one in each passage, of which one stands for the other, as either side
/// sees them; the most telling first, ties by place in the first passage.
///
/// A word that both passages have needs no other, and every word is named once.
pub(super) fn name_pairs(
    synonyms: &Synonyms,
    weight: &dyn Fn(AliasId) -> u32,
    (here, here_text): (Vec<&Standing>, &str),
    (there, there_text): (Vec<&Standing>, &str),
) -> (Vec<SynonymPair>, Vec<SynonymPair>) {
    let holds = |list: &[&Standing], word| list.iter().any(|it| it.alias == word);
    let mut pairs = Vec::new();
    for own in here.iter().filter(|own| !holds(&there, own.alias)) {
        for alternative in synonyms.alternatives(own.alias) {
            if holds(&here, alternative.alias) {
                continue;
            }
            if let Some(other) = there.iter().find(|it| it.alias == alternative.alias) {
                pairs.push((weight(own.alias), alternative.weight, *own, *other, alternative.kind));
            }
        }
    }
    pairs.sort_by(|a, b| {
        let key =
            |it: &(u32, f32, &Standing, &Standing, _)| (Reverse(it.0), it.2.start, it.2.alias);
        key(a).cmp(&key(b)).then(b.1.total_cmp(&a.1)).then(a.3.alias.cmp(&b.3.alias))
    });
    let mut named: Vec<AliasId> = Vec::new();
    let (mut of_here, mut of_there) = (Vec::new(), Vec::new());
    for (.., own, other, kind) in pairs {
        if of_here.len() == MAX_PAIRS || named.contains(&own.alias) || named.contains(&other.alias)
        {
            continue;
        }
        named.extend([own.alias, other.alias]);
        let (own, other) = (own.of(here_text).to_owned(), other.of(there_text).to_owned());
        of_there.push(SynonymPair {
            own: other.clone(),
            other: own.clone(),
            kind: kind.reversed(),
        });
        of_here.push(SynonymPair { own, other, kind });
    }
    (of_here, of_there)
}
