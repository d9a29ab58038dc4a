//! Which answers the report shows as examples.

use super::summary::top_class;
use super::{RunView, veil};
use crate::model::{Match, Record, Verdict};

/// Ten examples: five pairs to introduce, three to discuss, two demands without an answer.
pub(super) enum Example<'a> {
    /// A demand's best pair.
    Pair(&'a Match),
    /// A place in the list of gaps.
    Gap(usize),
}

/// Examples in all.
pub(super) const EXAMPLES: usize = 10;

/// Chooses examples: the most probable pairs of different classes and supplies first, then
/// whatever fills the ten; no internal record. The same view gives the same examples.
pub(super) fn examples<'a>(view: &RunView<'a>) -> Vec<Example<'a>> {
    let shown = |record: &Record| veil::may_hand_out(record);
    let mut best: Vec<&Match> = (view.by_demand.iter())
        .filter_map(|list| view.worthwhile(list, 1).next())
        .filter(|pair| shown(view.demand(pair)) && shown(view.supply(pair)))
        .collect();
    best.sort_by_key(|pair| (std::cmp::Reverse(pair.probability()), pair.demand, pair.supply));
    let gaps: Vec<usize> = (0..view.gaps.len())
        .filter(|&place| shown(&view.demands[view.gaps[place].demand.get()]))
        .collect();
    let n_gaps = gaps.len().min(2.max(EXAMPLES.saturating_sub(best.len())));

    let mut chosen: Vec<&Match> = Vec::new();
    let room = EXAMPLES - n_gaps;
    for (verdict, wanted) in [(Verdict::Recommend, 5), (Verdict::Discuss, 3)] {
        let mut taken = 0;
        for fresh_only in [true, false] {
            for &pair in best.iter().filter(|pair| pair.verdict == verdict) {
                let class = top_class(view.demand(pair));
                let seen = chosen.iter().any(|other| {
                    other.supply == pair.supply || top_class(view.demand(other)) == class
                });
                let already = chosen.iter().any(|other| other.demand == pair.demand);
                if taken < wanted && chosen.len() < room && !already && !(fresh_only && seen) {
                    chosen.push(pair);
                    taken += 1;
                }
            }
        }
    }
    for &pair in &best {
        if chosen.len() < room && chosen.iter().all(|other| other.demand != pair.demand) {
            chosen.push(pair);
        }
    }
    chosen.sort_by_key(|pair| {
        (std::cmp::Reverse(pair.verdict), std::cmp::Reverse(pair.probability()), pair.demand)
    });
    (chosen.into_iter().map(Example::Pair))
        .chain(gaps.into_iter().take(n_gaps).map(Example::Gap))
        .collect()
}
