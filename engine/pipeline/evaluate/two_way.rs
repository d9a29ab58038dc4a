//! What the lists of both sides look like, plain and handed out.

use crate::evaluation::{ListMeasures, TwoWay};
use crate::pipeline::allocation::Terms;
use crate::pipeline::compare::{self, MUTUAL_DEPTH};
use crate::pipeline::scoring::Judged;

/// The demands' best lists as they are, and what is handed out under the capacities, as the run
/// measured them.
pub(super) fn two_way(judged: &Judged, terms: &Terms<'_>) -> TwoWay {
    let [before, after] = &judged.comparisons;
    TwoWay {
        k: MUTUAL_DEPTH,
        per_demand: terms.per_demand,
        per_supply: terms.per_supply,
        plain: of(&before.plain),
        allocated: of(after.by(terms.method)),
    }
}

fn of(measured: &compare::ListMeasures) -> ListMeasures {
    let count = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    ListMeasures {
        n_entries: count(measured.entries),
        n_demands_served: count(measured.demands),
        coverage: measured.coverage,
        gini: measured.gini,
        largest_exposure: measured.largest_exposure,
        mutual_at_k: measured.mutual_at_10,
        one_sided_loss: measured.one_sided_loss,
        exposure: measured.exposure.clone(),
    }
}
