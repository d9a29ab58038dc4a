//! What a document earns for holding a synonym of a word that a query holds.
//!
//! Let a query hold the word `t` and a document one of its alternatives `u` with weight `ρ`. The
//! document is then taken as holding `t` as often as it holds `u`. For every term `x` inside `t`
//! (碳化硅, 碳化, 化硅), with `I` the BM25 contribution of a term for a query weight of one,
//!
//! ```text
//! earned(t, d) = Σ_x max(0, max_u ρ_tu · I_x(u, d) − I(x, d))
//! I_x(u, d)    = Σ_field min(worth_field(x), worth_field(u)) · share(tf_field(u, d), length)
//! ```
//!
//! and `earned` counts with the weight that `t` itself has in the query. So a document that holds
//! word and synonym earns the better of the two, not the sum; a synonym is worth no more than the
//! word asked for, nor than itself; and a query earns from itself by the same formula, so that a
//! record's score for itself stays what it is measured by. `earned` does not depend on the query:
//! it is one more list of postings.

use std::collections::HashMap;

use super::impacts::Model;
use super::occurrences::{Holding, place_of};
use super::terms::{N_ROLES, N_SCORED, Role};
use crate::text::{AliasId, Alternative, Synonyms};

/// What is known of a term inside a word.
#[derive(Debug, Clone, Default)]
pub(super) struct Inner {
    /// What it is worth, per field.
    pub(super) worth: [f32; N_SCORED],
    /// Its place among the shared terms, if documents hold it.
    pub(super) shared: Option<u32>,
    /// What it is worth in each query that holds it: (row, contribution), ascending by row.
    pub(super) own: Vec<(u32, f32)>,
}

/// Postings of one word: what documents earn, and what the queries that hold it earn themselves.
#[derive(Debug, Default)]
pub(super) struct Earned {
    /// (row, contribution for a query weight of one), ascending by row; positive.
    pub(super) documents: Vec<(u32, f32)>,
    /// (row, counts of the word, what the query earns from itself), ascending by row.
    pub(super) queries: Vec<(u32, [u32; N_SCORED], f32)>,
}

/// Everything that the formula looks up.
pub(super) struct Expansion<'a> {
    pub(super) synonyms: &'a Synonyms,
    pub(super) model: &'a Model,
    pub(super) query_norm_ids: &'a [Vec<u8>; N_SCORED],
    /// By term.
    pub(super) inner: &'a HashMap<Vec<u8>, Inner>,
    /// Postings of shared terms, as the scorer has them.
    pub(super) offsets: &'a [usize],
    pub(super) rows: &'a [u32],
    pub(super) impacts: &'a [f32],
    /// Records that hold each word, by role.
    pub(super) holding: &'a [Vec<Vec<Holding>>; N_ROLES],
    /// Whose records are counted.
    pub(super) statistics: Role,
}

impl Expansion<'_> {
    /// What is earned by the synonyms of `word`; nothing where no query holds it.
    pub(super) fn earned(&self, word: AliasId) -> Earned {
        let [queries, documents, _] = self.holding;
        let counted = &self.holding[place_of(self.statistics)];
        let asking = &queries[word.get()];
        let alternatives = self.synonyms.alternatives(word);
        if asking.is_empty() || alternatives.is_empty() {
            return Earned::default();
        }
        let inner: Vec<&Inner> = self
            .synonyms
            .inside(word)
            .iter()
            .filter_map(|term| self.inner.get(term.as_bytes()))
            .collect();
        let worth: Vec<[f32; N_SCORED]> =
            alternatives.iter().map(|it| self.worth(&counted[it.alias.get()])).collect();
        let norm_ids = self.model.norm_ids();
        let earn = |lists: &[Vec<Holding>],
                    norm_ids: &[Vec<u8>; N_SCORED],
                    row: u32,
                    own: &dyn Fn(&Inner) -> f32| {
            let mut sum = 0.0;
            for term in &inner {
                let mut best = 0.0_f32;
                for (alternative, worth) in alternatives.iter().zip(&worth) {
                    let counts = counts_of(&lists[alternative.alias.get()], row);
                    best =
                        best.max(self.stands_in(alternative, worth, term, counts, norm_ids, row));
                }
                sum += (best - own(term)).max(0.0);
            }
            sum
        };

        let mut rows: Vec<u32> = alternatives
            .iter()
            .flat_map(|it| documents[it.alias.get()].iter().map(|&(row, _)| row))
            .collect();
        rows.sort_unstable();
        rows.dedup();
        let documents = rows
            .into_iter()
            .map(|row| (row, earn(documents, norm_ids, row, &|term| self.impact(term, row))))
            .filter(|&(_, earned)| earned > 0.0)
            .collect();
        let queries = asking
            .iter()
            .map(|&(row, counts)| {
                let own = |term: &Inner| {
                    let at = term.own.binary_search_by_key(&row, |&(row, _)| row);
                    at.map_or(0.0, |at| term.own[at].1)
                };
                (row, counts, earn(queries, self.query_norm_ids, row, &own))
            })
            .collect();
        Earned { documents, queries }
    }

    /// What a word is worth that these documents hold, per field.
    fn worth(&self, holding: &[Holding]) -> [f32; N_SCORED] {
        std::array::from_fn(|field| {
            let n_holding = holding.iter().filter(|(_, counts)| counts[field] > 0).count();
            self.model.weight(field, n_holding as u64)
        })
    }

    /// What an alternative earns for a term, in a record that holds it so often.
    fn stands_in(
        &self,
        alternative: &Alternative,
        worth: &[f32; N_SCORED],
        term: &Inner,
        counts: [u32; N_SCORED],
        norm_ids: &[Vec<u8>; N_SCORED],
        row: u32,
    ) -> f32 {
        let mut sum = 0.0;
        for field in 0..N_SCORED {
            if counts[field] > 0 {
                let worth = f32::min(worth[field], term.worth[field]);
                let norm_id = norm_ids[field][row as usize];
                sum += worth * self.model.share(field, norm_id, counts[field]);
            }
        }
        alternative.weight * sum
    }

    /// What a term is worth in a document.
    fn impact(&self, term: &Inner, row: u32) -> f32 {
        let Some(shared) = term.shared else { return 0.0 };
        let postings = self.offsets[shared as usize]..self.offsets[shared as usize + 1];
        let at = self.rows[postings.clone()].binary_search(&row);
        at.map_or(0.0, |at| self.impacts[postings.start + at])
    }
}

/// How often a record holds a word, per field.
fn counts_of(holding: &[Holding], row: u32) -> [u32; N_SCORED] {
    let at = holding.binary_search_by_key(&row, |&(row, _)| row);
    at.map_or([0; N_SCORED], |at| holding[at].1)
}
