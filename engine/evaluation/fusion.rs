//! Reciprocal rank fusion: a line to compare with, never a score that is shown as confidence.

use std::collections::BTreeMap;

/// The constant of the fusion, as its authors chose it.
pub const RRF_K: u32 = 60;

/// Fuses ranked lists of documents: `Σ 1 / (RRF_K + rank)` over the lists that hold the document,
/// ranks from 1. Highest first, then the lower document. A list must not hold a document twice.
///
/// Source: Cormack, Clarke and Büttcher, SIGIR 2009.
#[must_use]
pub fn reciprocal_rank_fusion(lists: &[&[u32]]) -> Vec<(u32, f64)> {
    let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
    for list in lists {
        for (rank, &document) in (1_u32..).zip(*list) {
            *scores.entry(document).or_default() += 1.0 / f64::from(RRF_K + rank);
        }
    }
    let mut fused: Vec<(u32, f64)> = scores.into_iter().collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_lists_hold_comes_first() {
        let fused = reciprocal_rank_fusion(&[&[7, 3, 9], &[3, 5]]);
        // 3: 1/62 + 1/61; 7: 1/61; 5: 1/62; 9: 1/63.
        assert_eq!(fused.iter().map(|(d, _)| *d).collect::<Vec<_>>(), [3, 7, 5, 9]);
        assert!((fused[0].1 - (1.0 / 62.0 + 1.0 / 61.0)).abs() < 1e-15);
    }

    #[test]
    fn equal_sums_are_ordered_by_document() {
        let fused = reciprocal_rank_fusion(&[&[8, 2], &[2, 8]]);
        assert_eq!(fused[0].0, 2);
        assert!(reciprocal_rank_fusion(&[]).is_empty());
    }
}
