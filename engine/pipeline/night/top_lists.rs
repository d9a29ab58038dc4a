//! The best answers of every asker, remembered deeper than they are needed, so that most lists
//! outlive the loss of a few entries.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::change::Change;
use crate::index::GONE;
use crate::kernel::Hit;

/// The best answers of each asker: score descending, then row ascending.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::pipeline) struct TopLists {
    /// One list per asker.
    pub lists: Vec<Vec<Hit>>,
    /// Whether there may be further answers below a list's last entry. Everything that is not worse
    /// than that entry is in the list.
    pub open: Vec<bool>,
}

impl TopLists {
    /// Lists that were cut at `depth`.
    pub(super) fn cut_at(depth: usize, lists: Vec<Vec<Hit>>) -> Self {
        let open = lists.iter().map(|list| list.len() >= depth).collect();
        Self { lists, open }
    }

    /// Carries the lists of unchanged askers over to today's rows, with the answers that are new or
    /// changed among them; other askers get empty, open lists.
    ///
    /// `fresh[asker]` are the best changed answers of each asker of today, best first, at least
    /// `depth` where there are so many. `order` compares a row of the last table of answers with one
    /// of today's by id.
    pub(super) fn carry(
        &self,
        askers: &Change,
        answers: &Change,
        fresh: &[Vec<Hit>],
        depth: usize,
        order: &(dyn Fn(u32, u32) -> Ordering + Sync),
    ) -> Self {
        let carried: Vec<(Vec<Hit>, bool)> = (askers.from.par_iter().zip(fresh))
            .map(|(from, fresh)| match from {
                Some(from) => {
                    let from = *from as usize;
                    carry_one((&self.lists[from], self.open[from]), answers, fresh, depth, order)
                }
                None => (Vec::new(), true),
            })
            .collect();
        let (lists, open) = carried.into_iter().unzip();
        Self { lists, open }
    }

    /// The askers whose `n` best answers are not known for certain, ascending.
    pub(super) fn uncertain(&self, n: usize) -> Vec<u32> {
        (0_u32..)
            .zip(self.lists.iter().zip(&self.open))
            .filter(|(_, (list, open))| **open && list.len() < n)
            .map(|(asker, _)| asker)
            .collect()
    }

    /// Puts the lists of some askers in their place, cut at `depth`.
    pub(super) fn replace(&mut self, askers: &[u32], lists: Vec<Vec<Hit>>, depth: usize) {
        for (&asker, list) in askers.iter().zip(lists) {
            self.open[asker as usize] = list.len() >= depth;
            self.lists[asker as usize] = list;
        }
    }
}

fn carry_one(
    (list, open): (&[Hit], bool),
    answers: &Change,
    fresh: &[Hit],
    depth: usize,
    order: &(dyn Fn(u32, u32) -> Ordering + Sync),
) -> (Vec<Hit>, bool) {
    let mut merged: Vec<Hit> = list
        .iter()
        .map(|hit| Hit { document: answers.to[hit.document as usize], score: hit.score })
        .filter(|hit| hit.document != GONE)
        .collect();
    // Below the last entry an open list knows nothing: a changed answer there may have unchanged
    // ones before it.
    let inside = |hit: &&Hit| match list.last() {
        _ if !open => true,
        Some(last) => match hit.score.total_cmp(&last.score) {
            Ordering::Equal => order(last.document, hit.document) != Ordering::Less,
            other => other == Ordering::Greater,
        },
        None => false,
    };
    merged.extend(fresh.iter().filter(inside));
    merged.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.document.cmp(&b.document)));
    let cut = merged.len() >= depth;
    merged.truncate(depth);
    (merged, open || cut)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn best(scores: &[Option<u8>], depth: usize) -> Vec<Hit> {
        let mut hits: Vec<Hit> = (0..)
            .zip(scores)
            .filter_map(|(document, score)| {
                Some(Hit { document, score: f32::from((*score).filter(|&s| s > 0)?) })
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.document.cmp(&b.document)));
        hits.truncate(depth);
        hits
    }

    proptest! {
        /// Night after night, what is certain equals what a search from scratch finds.
        #[test]
        fn certain_lists_are_those_of_a_search(
            nights in proptest::collection::vec(
                proptest::collection::vec((any::<bool>(), 0_u8..6), 30), 1..6),
            n in 1_usize..5,
        ) {
            // Thirty possible answers; absent ones have no score. Few scores, so many ties.
            let depth = n + 2;
            let mut scores: Vec<Option<u8>> = (0..30).map(|i| (i % 3 > 0).then_some(i % 5)).collect();
            let ids = |scores: &[Option<u8>]| -> Vec<u32> {
                (0..30).filter(|&id| scores[id as usize].is_some()).collect()
            };
            let of = |scores: &[Option<u8>]| -> Vec<Option<u8>> {
                scores.iter().filter(|s| s.is_some()).copied().collect()
            };
            let mut lists = TopLists::cut_at(depth, vec![best(&of(&scores), depth)]);
            for night in nights {
                let before = scores.clone();
                // A fifth of the answers change, come or go.
                for (id, (there, score)) in night.into_iter().enumerate().step_by(5) {
                    scores[id] = there.then_some(score);
                }
                let (last_ids, today_ids) = (ids(&before), ids(&scores));
                let changed_id = |id: u32| before[id as usize] != scores[id as usize];
                let row_of = |ids: &[u32], id: u32| {
                    (0_u32..).zip(ids).find(|(_, other)| **other == id).map(|(row, _)| row)
                };
                let answers = Change {
                    from: today_ids.iter().map(|&id| {
                        (!changed_id(id)).then(|| row_of(&last_ids, id).unwrap())
                    }).collect(),
                    to: last_ids.iter().map(|&id| {
                        let kept = scores[id as usize].is_some() && !changed_id(id);
                        if kept { row_of(&today_ids, id).unwrap() } else { GONE }
                    }).collect(),
                    changed: (0_u32..).zip(&today_ids)
                        .filter(|(_, id)| changed_id(**id)).map(|(row, _)| row).collect(),
                    n_gone: 0,
                };
                let asker = Change { from: vec![Some(0)], to: vec![0], ..Change::default() };
                let today = of(&scores);
                let only_changed: Vec<Option<u8>> = (0_u32..).zip(&today)
                    .map(|(row, score)| score.filter(|_| answers.is_changed(row))).collect();
                let fresh = vec![best(&only_changed, depth)];
                let order = |last: u32, now: u32| {
                    last_ids[last as usize].cmp(&today_ids[now as usize])
                };
                lists = lists.carry(&asker, &answers, &fresh, depth, &order);
                let scratch = best(&today, depth);
                let known = lists.lists[0].len().min(depth);
                prop_assert_eq!(&lists.lists[0][..], &scratch[..known]);
                if lists.uncertain(n).is_empty() {
                    prop_assert_eq!(&lists.lists[0][..known.min(n)], &scratch[..scratch.len().min(n)]);
                } else {
                    lists.replace(&[0], vec![scratch], depth);
                }
            }
        }
    }
}
