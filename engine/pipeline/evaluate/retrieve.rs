//! One query ranked by its texts alone, and the pool of answers that is then judged.

use std::collections::HashMap;

use rayon::prelude::*;

use super::grades::Asked;
use crate::evaluation::reciprocal_rank_fusion;
use crate::index::{LexicalScorer, Scratch};
use crate::kernel::dot;
use crate::model::{Embeddings, Side};
use crate::pipeline::candidates::{Candidates, Scorers, WordValues, word_values};

/// What retrieval needs to know, apart from the query.
pub(super) struct Retrieving<'a> {
    pub asker: Side,
    /// Vectors of the demands and of the supplies, as a match has them.
    pub embeddings: &'a (Embeddings, Embeddings),
    /// Vectors of the named model by itself, where a match uses more than these: what the dense
    /// ranking and the fusion are made of, so that they stay what the model is worth alone.
    pub alone: Option<&'a (Embeddings, Embeddings)>,
    pub scorers: &'a Scorers,
    /// The candidates of a whole run; `None` to take them from the asking direction alone.
    pub candidates: Option<&'a Candidates>,
    /// Where each asker's pairs stand in the candidates, when supplies ask.
    pub by_supply: Option<&'a (Vec<u32>, Vec<usize>)>,
    /// The asker's own row among the answers, which never answers it.
    pub own: &'a HashMap<u32, u32>,
    /// Candidates per retriever.
    pub n_candidates: usize,
    /// Depth to which rankings are kept.
    pub depth: usize,
}

/// One ranker's order for one query.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    /// Rows and scores, best first, cut at the depth.
    pub documents: Vec<(u32, f64)>,
    /// Judged rows, best first, however deep.
    pub judged: Vec<u32>,
}

impl Ranking {
    /// Keeps of an ordered list the first `depth` that are ranked, and all that are judged.
    pub(super) fn of(
        list: &[(u32, f64)],
        query: &Asked,
        depth: usize,
        is_ranked: impl Fn(u32) -> bool,
    ) -> Self {
        let ranked = list.iter().filter(|(row, _)| is_ranked(*row));
        let rows = list.iter().map(|(row, _)| *row);
        Self {
            documents: ranked.take(depth).copied().collect(),
            judged: rows.filter(|row| query.grades.contains_key(row)).collect(),
        }
    }
}

/// An answer that is judged for a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pooled {
    /// The answer's row.
    pub row: u32,
    /// What the asker's words find in it.
    pub words: WordValues,
    /// What its words find in the asker.
    pub back: WordValues,
}

/// A query ranked by its texts alone: what the judging starts from.
pub(super) struct Retrieved {
    /// BM25, dense, and their fusion.
    pub rankings: [Ranking; 3],
    /// The union of candidates, ascending.
    pub candidates: Vec<u32>,
    /// Candidates and judged rows, ascending.
    pub pool: Vec<Pooled>,
}

impl Retrieving<'_> {
    /// Retrieves for every query, in order. The same for any number of threads.
    pub(super) fn retrieve_all(&self, asked: &[Asked]) -> Vec<Retrieved> {
        let mut retrieved: Vec<Retrieved> = asked
            .par_iter()
            .map_init(Scratch::default, |scratch, query| self.retrieve(query, scratch))
            .collect();
        self.value_back(asked, &mut retrieved);
        retrieved
    }

    fn scorer(&self) -> &LexicalScorer {
        match self.asker {
            Side::Demand => &self.scorers.forward,
            Side::Supply => &self.scorers.reverse,
        }
    }

    fn other_scorer(&self) -> &LexicalScorer {
        match self.asker {
            Side::Demand => &self.scorers.reverse,
            Side::Supply => &self.scorers.forward,
        }
    }

    /// Vectors of the askers and of the answers.
    const fn of_asker<'v>(
        &self,
        (demands, supplies): &'v (Embeddings, Embeddings),
    ) -> (&'v Embeddings, &'v Embeddings) {
        match self.asker {
            Side::Demand => (demands, supplies),
            Side::Supply => (supplies, demands),
        }
    }

    fn retrieve(&self, query: &Asked, scratch: &mut Scratch) -> Retrieved {
        let own = self.own.get(&query.row).copied();
        let scorer = self.scorer();
        let mut bm25: Vec<(u32, f64)> = scorer
            .top_n(query.row, scorer.n_documents(), scratch)
            .into_iter()
            .map(|hit| (hit.document, f64::from(hit.score)))
            .collect();
        bm25.retain(|(document, _)| Some(*document) != own);
        let cosines = |of| {
            let mut list = all_cosines(self.of_asker(of), query.row);
            list.retain(|(document, _)| Some(*document) != own);
            list
        };
        let near = cosines(self.embeddings);
        let dense = match self.alone {
            Some(alone) => cosines(alone),
            None => near.clone(),
        };
        let rows = |list: &[(u32, f64)]| list.iter().map(|(row, _)| *row).collect::<Vec<_>>();
        let fused = reciprocal_rank_fusion(&[&rows(&bm25), &rows(&dense)]);

        let candidates = match self.candidates {
            Some(candidates) => self.candidates_of(candidates, query.row, own),
            None => {
                let near = near.iter().filter(|(_, cosine)| *cosine > 0.0);
                let mut union: Vec<u32> = bm25
                    .iter()
                    .take(self.n_candidates)
                    .chain(near.take(self.n_candidates))
                    .map(|(row, _)| *row)
                    .collect();
                union.sort_unstable();
                union.dedup();
                union
            }
        };
        let judged = query.grades.keys().filter(|row| Some(**row) != own);
        let mut pool: Vec<u32> = candidates.iter().chain(judged).copied().collect();
        pool.sort_unstable();
        pool.dedup();
        let values = word_values(scorer, query.row, &pool, scratch);
        let pooled = |(&row, words)| Pooled { row, words, back: WordValues::NOT_KNOWN };
        Retrieved {
            rankings: [bm25, dense, fused]
                .map(|list| Ranking::of(&list, query, self.depth, |_| true)),
            pool: pool.iter().zip(values).map(pooled).collect(),
            candidates,
        }
    }

    fn candidates_of(&self, of: &Candidates, asker: u32, own: Option<u32>) -> Vec<u32> {
        let row = asker as usize;
        let mut rows: Vec<u32> = match self.by_supply {
            Some((order, starts)) => order[starts[row]..starts[row + 1]]
                .iter()
                .map(|&at| of.pairs[at as usize].0)
                .collect(),
            None => {
                of.pairs[of.starts[row]..of.starts[row + 1]].iter().map(|pair| pair.1).collect()
            }
        };
        rows.retain(|row| Some(*row) != own);
        rows
    }

    /// Gives all pooled pairs what the answers' words find in the askers, one accumulation per
    /// answer.
    fn value_back(&self, asked: &[Asked], retrieved: &mut [Retrieved]) {
        let mut askers_of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (query, retrieved) in asked.iter().zip(retrieved.iter()) {
            for pooled in &retrieved.pool {
                askers_of.entry(pooled.row).or_default().push(query.row);
            }
        }
        let scorer = self.other_scorer();
        let values: HashMap<(u32, u32), WordValues> = askers_of
            .par_iter()
            .map_init(Scratch::default, |scratch, (&answer, askers)| {
                let values = word_values(scorer, answer, askers, scratch);
                let pairs = askers.iter().zip(values);
                pairs.map(|(&asker, values)| ((asker, answer), values)).collect::<Vec<_>>()
            })
            .flatten_iter()
            .collect();
        for (query, retrieved) in asked.iter().zip(retrieved) {
            for pooled in &mut retrieved.pool {
                if let Some(found) = values.get(&(query.row, pooled.row)) {
                    pooled.back = *found;
                }
            }
        }
    }
}

/// Cosine similarity of an asker with every answer that has a vector, highest first, then by row;
/// empty where the asker has none.
fn all_cosines((askers, answers): (&Embeddings, &Embeddings), asker: u32) -> Vec<(u32, f64)> {
    let has_vector = |row: &[f32]| row.iter().any(|&x| x != 0.0);
    let query = askers.row(asker as usize);
    if !has_vector(query) {
        return Vec::new();
    }
    let mut list: Vec<(u32, f64)> = (0_u32..)
        .zip((0..answers.n_rows()).map(|row| answers.row(row)))
        .filter(|(_, answer)| has_vector(answer))
        .map(|(row, answer)| (row, f64::from(dot(query, answer))))
        .collect();
    list.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    list
}
