//! The passage of a record that best shows why it was found.

use std::collections::HashSet;
use std::ops::Range;

use crate::text::{Segmenter, sentences};

/// A sentence of a record, with the words that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snippet {
    /// The sentence, as the record has it.
    pub text: String,
    /// Byte ranges of [`text`](Self::text) to highlight: ascending, disjoint, not touching.
    pub highlights: Vec<Range<usize>>,
}

/// The words of a question, as they are found again in texts.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    wanted: HashSet<String>,
}

impl Marks {
    pub(super) const fn new(wanted: HashSet<String>) -> Self {
        Self { wanted }
    }

    /// The words, as terms.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.wanted.iter().cloned().collect();
        words.sort_unstable();
        words
    }

    /// Byte ranges of `text` in which the words stand: ascending, disjoint, not touching.
    #[must_use]
    pub fn in_text(&self, text: &str) -> Vec<Range<usize>> {
        found(text, &self.wanted).1
    }

    /// The sentence of `text` that holds most of the words, the first among equals.
    #[must_use]
    pub fn snippet(&self, text: &str) -> Snippet {
        let mut best = Snippet::default();
        let mut most = None;
        for range in sentences(text) {
            let sentence = &text[range];
            let (n_terms, highlights) = found(sentence, &self.wanted);
            if most.is_none_or(|most| n_terms > most) {
                most = Some(n_terms);
                best = Snippet { text: sentence.to_owned(), highlights };
            }
        }
        best
    }
}

/// How many different wanted terms `text` holds, and where any of them stand.
fn found(text: &str, wanted: &HashSet<String>) -> (usize, Vec<Range<usize>>) {
    let mut distinct = HashSet::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for token in Segmenter::shared().tokens(text) {
        let Some(term) = wanted.get(&token.text) else { continue };
        distinct.insert(term);
        match ranges.last_mut() {
            // Parts of a word lie inside the whole, neighbours become one stretch.
            Some(last) if token.start <= last.end => last.end = last.end.max(token.end),
            _ => ranges.push(token.start..token.end),
        }
    }
    (distinct.len(), ranges)
}
