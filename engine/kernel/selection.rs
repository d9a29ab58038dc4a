//! The best hits of a stream of scores.

use super::{Hit, best_first};

/// Keeps the best `k` of the hits pushed into it, with a threshold that only rises.
///
/// Hits must arrive in ascending row order: then a score equal to the threshold belongs to a later
/// row than `k` hits that are at least as good, and is refused without looking at rows.
#[derive(Debug)]
pub(super) struct Selection {
    k: usize,
    /// What is kept at least, and up to as many newcomers again before they are thinned out.
    hits: Vec<Hit>,
    threshold: f32,
}

impl Selection {
    /// Below this many free places thinning out would run too often.
    const SPARE: usize = 64;

    pub(super) fn new(k: usize) -> Self {
        // With k = 0 nothing exceeds the threshold.
        let threshold = if k == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
        Self { k, hits: Vec::new(), threshold }
    }

    /// Takes the scores of documents `first`, `first + 1`, …
    pub(super) fn push_scores(&mut self, first: u32, scores: &[f32]) {
        const STEP: usize = 16;
        for (scores, row) in scores.chunks(STEP).zip((first..).step_by(STEP)) {
            // One vector comparison rules out most steps.
            if scores.iter().fold(false, |any, &score| any | (score > self.threshold)) {
                for (&score, document) in scores.iter().zip(row..) {
                    self.push(Hit { document, score });
                }
            }
        }
    }

    fn push(&mut self, hit: Hit) {
        if hit.score > self.threshold {
            self.hits.push(hit);
            if self.hits.len() >= self.k.saturating_mul(2).max(Self::SPARE).saturating_add(self.k) {
                self.thin_out();
            }
        }
    }

    fn thin_out(&mut self) {
        if self.hits.len() > self.k {
            // k is at least 1: with k = 0 nothing was ever pushed.
            let (_, last, _) = self.hits.select_nth_unstable_by(self.k - 1, best_first);
            self.threshold = last.score;
            self.hits.truncate(self.k);
        }
    }

    /// The best `k` of the hits of several selections over different rows, best first.
    pub(super) fn merge(k: usize, parts: impl IntoIterator<Item = Self>) -> Vec<Hit> {
        let mut hits = Vec::new();
        for mut part in parts {
            part.thin_out();
            hits.append(&mut part.hits);
        }
        if k < hits.len() && k > 0 {
            hits.select_nth_unstable_by(k - 1, best_first);
        }
        hits.truncate(k);
        hits.sort_unstable_by(best_first);
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use crate::kernel::{Hit, best_first};

    fn sorted(scores: &[f32], k: usize) -> Vec<Hit> {
        let hit = |(document, &score): (u32, &f32)| Hit { document, score };
        let mut hits: Vec<Hit> = (0..).zip(scores).map(hit).collect();
        hits.sort_by(best_first);
        hits.truncate(k);
        hits
    }

    proptest::proptest! {
        /// Few different scores make many ties; any cut of the stream gives the same.
        #[test]
        fn a_selection_is_a_sorted_prefix(
            scores in proptest::collection::vec((-3i8..3).prop_map(f32::from), 0..700),
            k in 0usize..90,
            cuts in proptest::collection::vec(0u16..700, 2),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(usize::from).collect();
            cuts.extend([0, scores.len()]);
            cuts.retain(|&cut| cut <= scores.len());
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| {
                let mut part = Selection::new(k);
                let first = u32::try_from(cut[0]).expect("cuts are below 700");
                part.push_scores(first, &scores[cut[0]..cut[1]]);
                part
            });
            proptest::prop_assert_eq!(Selection::merge(k, parts), sorted(&scores, k));
        }
    }

    use proptest::strategy::Strategy;

    #[test]
    fn rising_scores_replace_everything() {
        let scores: Vec<f32> = (0u16..5000).map(f32::from).collect();
        let mut selection = Selection::new(7);
        selection.push_scores(0, &scores);
        assert_eq!(Selection::merge(7, [selection]), sorted(&scores, 7));
    }
}
