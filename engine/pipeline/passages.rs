//! The passage part of listed pairs, both ways, on a backend.

use super::PipelineError;
use crate::kernel::{Backend, BestRow};
use crate::matching::{Evidence, PassageVectors};

/// What stands where a pair has no passages to compare.
const NOT_KNOWN: f32 = f32::NAN;

/// Pairs handed to the backend at a time: what it gives for these, an entry per requirement, stays
/// within tens of megabytes for usual texts.
const BATCH: usize = 1 << 19;

/// Values the passages of each pair (demand row, supply row): as the demand sees the supply's, and
/// as the supply sees the demand's; [`NOT_KNOWN`] where a side has no vector for it.
///
/// On a processor the values are those of the one fixed order of additions.
pub(super) fn passage_values(
    backend: &dyn Backend,
    evidence: &Evidence,
    pairs: &[(u32, u32)],
) -> Result<Vec<[f32; 2]>, PipelineError> {
    let (demands, supplies) = (&evidence.demand_vectors, &evidence.supply_vectors);
    let mut values = vec![[NOT_KNOWN; 2]; pairs.len()];
    // Lists that were not read into passages have none.
    if demands.passages().n_records() == 0 || supplies.passages().n_records() == 0 {
        return Ok(values);
    }
    let mut turned: Vec<(u32, u32)> = Vec::new();
    for (pairs, values) in pairs.chunks(BATCH).zip(values.chunks_mut(BATCH)) {
        let best = backend.max_sim(demands.requirements(), supplies.passages(), pairs)?;
        fill(demands, supplies, pairs, &best, values.iter_mut().map(|value| &mut value[0]));
        turned.clear();
        turned.extend(pairs.iter().map(|&(demand, supply)| (supply, demand)));
        let best = backend.max_sim(supplies.requirements(), demands.passages(), &turned)?;
        fill(supplies, demands, &turned, &best, values.iter_mut().map(|value| &mut value[1]));
    }
    Ok(values)
}

/// Values each pair (asker, answer) from its share of the best rows.
fn fill<'a>(
    askers: &PassageVectors,
    answers: &PassageVectors,
    pairs: &[(u32, u32)],
    best: &[BestRow],
    values: impl Iterator<Item = &'a mut f32>,
) {
    let mut rest = best;
    for (&(asker, answer), value) in pairs.iter().zip(values) {
        let (asker, answer) = (asker as usize, answer as usize);
        let (own, others) = rest.split_at(askers.requirements().range(asker).len());
        rest = others;
        if answers.answers(answer) {
            *value = askers.value(asker, own).unwrap_or(NOT_KNOWN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::CpuBackend;
    use crate::model::{Embeddings, MultiVectors};

    fn table(rows: &[[f32; 2]], starts: &[u32]) -> MultiVectors {
        let rows = Embeddings::new(rows.concat(), 2).expect("whole rows");
        MultiVectors::new(rows, starts.to_vec()).expect("starts fit")
    }

    #[test]
    fn each_side_asks_with_its_own_requirements() {
        let both = |rows: &[[f32; 2]], starts: &[u32]| {
            PassageVectors::new(table(rows, starts), table(rows, starts))
        };
        let evidence = Evidence {
            demand_vectors: both(&[[1.0, 0.0]], &[0, 1]),
            supply_vectors: both(&[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], &[0, 2, 3]),
            ..Evidence::default()
        };
        let values = passage_values(&CpuBackend::new(), &evidence, &[(0, 0), (0, 1)]);
        let values = values.expect("the processor can");
        // The demand finds all it asks for; the supply has a second sentence that is not met.
        assert_eq!(values[0], [1.0, 0.5_f32.sqrt()]);
        assert!(values[1].iter().all(|value| value.is_nan()), "a text without a vector is missing");
        let none = passage_values(&CpuBackend::new(), &Evidence::default(), &[(0, 0)]);
        assert!(none.expect("nothing to do")[0][0].is_nan());
    }
}
