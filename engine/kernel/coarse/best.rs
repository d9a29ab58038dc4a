//! The best hits of one query, for all threads at once.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::kernel::{Hit, best_first, key_score, score_key};

/// Keeps the best `k` of the hits that any thread offers, in any order.
#[derive(Debug)]
pub(super) struct Best {
    /// Key of the score of some hit that was the k-th best; 0 before. Read without a lock: it only
    /// rises, and an older value lets more pass.
    reached: AtomicU32,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    k: usize,
    /// How many hits there may be before they are thinned out.
    full: usize,
    hits: Vec<Hit>,
    /// The k-th best when they were thinned out last.
    last: Option<Hit>,
}

impl Best {
    /// Of `k`, at least 1.
    pub(super) fn new(k: usize) -> Self {
        // As soon as there are k hits there is a threshold.
        let kept = Kept { k, full: k, hits: Vec::new(), last: None };
        Self { reached: AtomicU32::new(0), kept: Mutex::new(kept) }
    }

    /// A score above which every hit that may still be among the best lies: just below the k-th best
    /// known, since an equal score of an earlier row is better. `−∞` while there are fewer than `k`.
    #[inline]
    pub(super) fn threshold(&self) -> f32 {
        match self.reached.load(Relaxed) {
            0 => f32::NEG_INFINITY,
            key => key_score(key).next_down(),
        }
    }

    /// Takes what is among the best.
    pub(super) fn offer(&self, hits: impl Iterator<Item = Hit>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for hit in hits {
            kept.push(hit);
        }
        if let Some(last) = kept.last {
            self.reached.fetch_max(score_key(last.score), Relaxed);
        }
    }

    /// The best, in order.
    pub(super) fn into_list(self) -> Vec<Hit> {
        let Kept { k, mut hits, .. } =
            self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        hits.sort_unstable_by(best_first);
        hits.truncate(k);
        hits
    }
}

impl Kept {
    fn push(&mut self, hit: Hit) {
        // Exact scores cost more than thinning out: the threshold stays near the k-th best score.
        const LEAST_SPARE: usize = 4;
        if self.last.is_some_and(|last| best_first(&hit, &last).is_ge()) {
            return;
        }
        self.hits.push(hit);
        if self.hits.len() >= self.full {
            let (_, last, _) = self.hits.select_nth_unstable_by(self.k - 1, best_first);
            self.last = Some(*last);
            self.hits.truncate(self.k);
            self.full = self.k.saturating_add((self.k / 4).max(LEAST_SPARE));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Best;
    use crate::kernel::{Hit, best_first};

    proptest! {
        /// Few different scores make many ties; hits come in any order and in any portions.
        #[test]
        fn what_is_kept_is_a_sorted_prefix(
            scores in prop::collection::vec((-3i8..3).prop_map(f32::from), 1..300),
            (k, portion) in (1usize..40, 1usize..50),
            seed in any::<u64>(),
        ) {
            let mut hits: Vec<Hit> =
                (0..).zip(&scores).map(|(document, &score)| Hit { document, score }).collect();
            hits.sort_by_key(|hit| seed.wrapping_mul(u64::from(hit.document) * 2 + 1).rotate_left(29));
            let best = Best::new(k);
            let mut seen = Vec::new();
            for hits in hits.chunks(portion) {
                best.offer(hits.iter().copied());
                seen.extend_from_slice(hits);
                seen.sort_by(best_first);
                // Never above what a hit that belongs to the best may have.
                let kth = seen.get(k - 1).map_or(f32::NEG_INFINITY, |hit| hit.score);
                prop_assert!(best.threshold() < kth || kth == f32::NEG_INFINITY);
            }
            seen.truncate(k);
            prop_assert_eq!(best.into_list(), seen);
        }
    }

    #[test]
    fn there_is_a_threshold_as_soon_as_there_are_k() {
        let best = Best::new(2);
        best.offer([Hit { document: 0, score: 1.0 }].into_iter());
        assert_eq!(best.threshold(), f32::NEG_INFINITY);
        best.offer([Hit { document: 7, score: 3.0 }].into_iter());
        assert_eq!(best.threshold(), 1f32.next_down());
    }
}
