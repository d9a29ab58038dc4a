//! Exact lists from a coarse pass of a device.
//!
//! The device gives the candidates with the greatest coarse scores. What it does not give has a coarse
//! score of at most the last candidate's, so an exact score of at most that and the bound of
//! `kernel::RowFacts`. Where the k-th best exact score among the candidates is above this, nothing is
//! missing, and the list has the bits of the reference. Queries for which that is not so are asked
//! again for more candidates, and what is then left is searched by the processor.

use rayon::prelude::*;

use super::device::Device;
use super::plan::DeviceLimits;
use super::rung::Rung;
use super::top_k::{Fetched, Pass, TopK};
use crate::kernel::{
    Backend, BackendError, CpuBackend, Hit, Selected, Selecting, SelectionWork, best_first, dot,
};
use crate::model::{Embeddings, EmbeddingsView};

/// How many times more candidates are asked for the second time.
const WIDENING: usize = 8;

/// Finds the best of checked inputs, where there is something to find, by a coarse rung.
pub(super) fn select(
    (device, limits, top_k): (&Device, &DeviceLimits, &TopK),
    rung: Rung,
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    asked: &Selecting<'_>,
) -> Result<Selected, BackendError> {
    let n_allowed = asked.n_allowed(documents.n_rows());
    let k = asked.k.min(n_allowed);
    let mut work = SelectionWork {
        precision: rung.precision(),
        pairs: queries.n_rows() as u64 * n_allowed as u64,
        rescored: 0,
        exact: !asked.approximate,
    };
    let run = |queries: EmbeddingsView<'_>, k: usize| {
        top_k.run(device, limits, rung, Pass { queries, documents, k, allowed: asked.allowed })
    };
    if asked.approximate {
        let lists = worth(run(queries, k)?);
        return Ok(Selected { lists, work });
    }

    let fetch = rung.fetch(k, n_allowed);
    let mut lists: Vec<Option<Vec<Hit>>> = vec![None; queries.n_rows()];
    let mut open: Vec<usize> = (0..queries.n_rows()).collect();
    // A device whose bindings are too small for more candidates leaves them to the processor.
    for n_candidates in [fetch, (fetch * WIDENING).min(n_allowed)] {
        if open.is_empty() {
            break;
        }
        let asking = pick(queries, &open);
        let fetched = match run(asking.view(), n_candidates) {
            Err(BackendError::Limit { .. }) if n_candidates > fetch => break,
            fetched => fetched?,
        };
        work.rescored += fetched.lists.iter().map(|list| list.len() as u64).sum::<u64>();
        let all = n_candidates == n_allowed;
        let found = rescore(&fetched, asking.view(), documents, k, all);
        let mut still_open = Vec::new();
        for (query, list) in open.into_iter().zip(found) {
            if list.is_none() {
                still_open.push(query);
            }
            lists[query] = list;
        }
        open = still_open;
    }

    if !open.is_empty() {
        let by_cpu = CpuBackend::new().select(pick(queries, &open).view(), documents, asked)?;
        work.rescored += by_cpu.work.rescored;
        for (query, list) in open.into_iter().zip(by_cpu.lists) {
            lists[query] = Some(list);
        }
    }
    let lists = lists.into_iter().map(Option::unwrap_or_default).collect();
    Ok(Selected { lists, work })
}

/// Rows of a table, copied.
fn pick(rows: EmbeddingsView<'_>, picked: &[usize]) -> Embeddings {
    let data = picked.iter().flat_map(|&row| rows.row(row)).copied().collect();
    Embeddings::new(data, rows.dim()).expect("whole rows of a table are whole rows")
}

/// The exact `k` best of each query's candidates; `None` where something may be missing. `all` says
/// that the candidates are all documents that may be found.
fn rescore(
    fetched: &Fetched,
    queries: EmbeddingsView<'_>,
    documents: EmbeddingsView<'_>,
    k: usize,
    all: bool,
) -> Vec<Option<Vec<Hit>>> {
    let list = |(query, candidates): (usize, &Vec<Hit>)| {
        let facts = fetched.facts[query];
        let greatest = fetched.greatest;
        let mut hits: Vec<Hit> = candidates
            .iter()
            .map(|&Hit { document, .. }| {
                let score = dot(queries.row(query), documents.row(document as usize));
                Hit { document, score }
            })
            .collect();
        hits.sort_unstable_by(best_first);
        hits.truncate(k);
        let missed = candidates.last().map_or(f64::NEG_INFINITY, |last| {
            f64::from(last.score) * f64::from(facts.scale)
                + facts.bound(greatest.norm, greatest.error, queries.dim())
        });
        let certain = all || hits.last().is_some_and(|last| f64::from(last.score) > missed);
        certain.then_some(hits)
    };
    fetched
        .lists
        .par_iter()
        .enumerate()
        .map(|(query, candidates)| list((query, candidates)))
        .collect()
}

/// Coarse scores as scores.
fn worth(fetched: Fetched) -> Vec<Vec<Hit>> {
    let Fetched { mut lists, facts, .. } = fetched;
    for (list, facts) in lists.iter_mut().zip(facts) {
        for hit in list.iter_mut() {
            // Never −0, as no score is.
            hit.score = hit.score * facts.scale + 0.0;
        }
        // Rounding may have made two scores equal.
        list.sort_unstable_by(best_first);
    }
    lists
}
