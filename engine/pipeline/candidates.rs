//! Candidate retrieval: which pairs are looked at, from both directions.

use crate::index::{LexicalScorer, Scratch, SideIndex};
use crate::kernel::{Backend, Hit};
use crate::model::{Embeddings, EmbeddingsView};
use crate::text::Synonyms;

use super::{PipelineError, Progress};

/// The candidate pairs of a run, by demand and then supply, each once.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// (demand row, supply row), ascending.
    pub pairs: Vec<(u32, u32)>,
    /// First place of each demand in `pairs`, and one past the last.
    pub starts: Vec<usize>,
    /// What the demand's words find in the supply.
    pub words_for_demand: Vec<WordValues>,
    /// What the supply's words find in the demand.
    pub words_for_supply: Vec<WordValues>,
    /// The best supplies per demand by BM25 alone: the baseline beside every quality claim.
    pub bm25_for_demand: Vec<Vec<Hit>>,
    /// The best demands per supply by BM25 alone.
    pub bm25_for_supply: Vec<Vec<Hit>>,
}

impl Candidates {
    /// Pairs that are given, ascending, without lists and lexical values.
    pub(super) fn of(pairs: Vec<(u32, u32)>, n_demands: usize) -> Self {
        let starts = starts_of(n_demands, pairs.iter().map(|pair| pair.0));
        Self { pairs, starts, ..Self::default() }
    }
}

/// Retrieves the union, over both directions, of the `n` best by BM25 and the `n` best by cosine
/// similarity, and gives every pair the values of its words in both directions.
pub(super) fn retrieve(
    (demand_index, supply_index): (&SideIndex, &SideIndex),
    synonyms: &Synonyms,
    demands: &Embeddings,
    supplies: &Embeddings,
    backend: &dyn Backend,
    n: usize,
    progress: &dyn Progress,
) -> Result<Candidates, PipelineError> {
    let scorers = Scorers::new(demand_index, supply_index, synonyms)?;
    retrieve_with(&scorers, demands, supplies, backend, n, progress)
}

/// What scores words in both directions.
pub(super) struct Scorers {
    /// Demands ask, supplies answer.
    pub forward: LexicalScorer,
    /// Supplies ask, demands answer.
    pub reverse: LexicalScorer,
}

impl Scorers {
    pub(super) fn new(
        demand_index: &SideIndex,
        supply_index: &SideIndex,
        synonyms: &Synonyms,
    ) -> Result<Self, PipelineError> {
        Ok(Self {
            forward: LexicalScorer::with_synonyms(demand_index, supply_index, synonyms)?,
            reverse: LexicalScorer::with_synonyms(supply_index, demand_index, synonyms)?,
        })
    }
}

/// [`retrieve`] with scorers at hand.
pub(super) fn retrieve_with(
    scorers: &Scorers,
    demands: &Embeddings,
    supplies: &Embeddings,
    backend: &dyn Backend,
    n: usize,
    progress: &dyn Progress,
) -> Result<Candidates, PipelineError> {
    // Places in the list of pairs are numbered in 32 bits, here and in the scoring.
    let n_records = demands.n_rows() + supplies.n_rows();
    let most = n_records.saturating_mul(2).saturating_mul(n);
    if u32::try_from(most).is_err() {
        return Err(PipelineError::TooManyCandidates { n_records, n });
    }
    let Scorers { forward, reverse } = scorers;
    let bm25_for_demand = forward.all_top_n(n, &|steps| progress.advance(steps));
    let bm25_for_supply = reverse.all_top_n(n, &|steps| progress.advance(steps));
    let dense_for_demand = top_k(backend, demands.view(), supplies.view(), n)?;
    let dense_for_supply = top_k(backend, supplies.view(), demands.view(), n)?;

    let mut keys: Vec<u64> = Vec::new();
    let mut add = |lists: &[Vec<Hit>], demand_first: bool| {
        for (asker, hits) in lists.iter().enumerate() {
            for hit in hits {
                let (asker, answer) = (asker as u64, u64::from(hit.document));
                keys.push(if demand_first { asker << 32 | answer } else { answer << 32 | asker });
            }
        }
    };
    add(&bm25_for_demand, true);
    add(&dense_for_demand, true);
    add(&bm25_for_supply, false);
    add(&dense_for_supply, false);
    rayon::slice::ParallelSliceMut::par_sort_unstable(keys.as_mut_slice());
    keys.dedup();
    #[expect(clippy::cast_possible_truncation, reason = "two halves of 32 bits were joined above")]
    let pairs: Vec<(u32, u32)> = keys.iter().map(|&key| ((key >> 32) as u32, key as u32)).collect();
    drop(keys);

    let starts = starts_of(forward.n_queries(), pairs.iter().map(|pair| pair.0));
    let (words_for_demand, words_for_supply) =
        words(forward, reverse, &pairs, &starts, forward.n_documents());
    Ok(Candidates {
        pairs,
        starts,
        words_for_demand,
        words_for_supply,
        bm25_for_demand,
        bm25_for_supply,
    })
}

/// The dense candidates; rows without a vector are similar to nothing.
fn top_k(
    backend: &dyn Backend,
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    n: usize,
) -> Result<Vec<Vec<Hit>>, PipelineError> {
    let mut lists = backend.top_k(queries, documents, n)?;
    for hits in &mut lists {
        hits.retain(|hit| hit.score > 0.0);
    }
    Ok(lists)
}

/// Where each of `n` rows begins in an ascending sequence of row numbers, and the end.
pub(super) fn starts_of(n: usize, rows: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0_usize; n + 1];
    for row in rows {
        starts[row as usize + 1] += 1;
    }
    for at in 1..=n {
        starts[at] += starts[at - 1];
    }
    starts
}

/// The order of `pairs` by supply and then demand: places in `pairs`, and where each supply begins.
pub(super) fn by_supply(pairs: &[(u32, u32)], n_supplies: usize) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0_usize; n_supplies + 1];
    for &(_, supply) in pairs {
        starts[supply as usize + 1] += 1;
    }
    for at in 1..=n_supplies {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; pairs.len()];
    for (at, &(_, supply)) in pairs.iter().enumerate() {
        let slot = &mut next[supply as usize];
        order[*slot] = u32::try_from(at).unwrap_or(u32::MAX);
        *slot += 1;
    }
    (order, starts)
}

/// What an asker's words find in an answer; NaN where the asker has none.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordValues {
    /// BM25 over the asker's own score for itself.
    pub lexical: f32,
    /// The share of its telling words.
    pub terms: f32,
}

impl WordValues {
    /// Of an asker without words.
    pub(super) const NOT_KNOWN: Self = Self { lexical: f32::NAN, terms: f32::NAN };
}

/// What an asker's words find in each of these answers, in the order given.
pub(super) fn word_values(
    scorer: &LexicalScorer,
    asker: u32,
    answers: &[u32],
    scratch: &mut Scratch,
) -> Vec<WordValues> {
    let scores = scorer.score(asker, answers, scratch);
    word_values_of(scorer, asker, answers, &scores, scratch)
}

/// The same with the BM25 scores at hand.
pub(super) fn word_values_of(
    scorer: &LexicalScorer,
    asker: u32,
    answers: &[u32],
    scores: &[f32],
    scratch: &mut Scratch,
) -> Vec<WordValues> {
    let own = scorer.self_score(asker);
    let shares = scorer.telling_share(asker, answers, scratch);
    (0..answers.len())
        .map(|at| WordValues {
            lexical: if own > 0.0 { scores[at] / own } else { f32::NAN },
            terms: shares.as_ref().map_or(f32::NAN, |shares| shares[at]),
        })
        .collect()
}

fn words(
    forward: &LexicalScorer,
    reverse: &LexicalScorer,
    pairs: &[(u32, u32)],
    starts: &[usize],
    n_supplies: usize,
) -> (Vec<WordValues>, Vec<WordValues>) {
    use rayon::prelude::*;

    let row = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let for_demand: Vec<WordValues> = (0..starts.len() - 1)
        .into_par_iter()
        .map_init(Scratch::default, |scratch, demand| {
            let answers: Vec<u32> =
                pairs[starts[demand]..starts[demand + 1]].iter().map(|pair| pair.1).collect();
            word_values(forward, row(demand), &answers, scratch)
        })
        .flatten_iter()
        .collect();

    let (order, supply_starts) = by_supply(pairs, n_supplies);
    let in_order: Vec<WordValues> = (0..n_supplies)
        .into_par_iter()
        .map_init(Scratch::default, |scratch, supply| {
            let answers: Vec<u32> = order[supply_starts[supply]..supply_starts[supply + 1]]
                .iter()
                .map(|&at| pairs[at as usize].0)
                .collect();
            word_values(reverse, row(supply), &answers, scratch)
        })
        .flatten_iter()
        .collect();
    let mut for_supply = vec![WordValues::NOT_KNOWN; pairs.len()];
    for (&at, value) in order.iter().zip(in_order) {
        for_supply[at as usize] = value;
    }
    (for_demand, for_supply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_again_from_the_supply() {
        let pairs = [(0, 1), (0, 2), (2, 0), (2, 2)];
        assert_eq!(starts_of(3, pairs.iter().map(|p| p.0)), [0, 2, 2, 4]);
        let (order, starts) = by_supply(&pairs, 4);
        assert_eq!(order, [2, 0, 1, 3]);
        assert_eq!(starts, [0, 1, 2, 4, 4]);
    }
}
