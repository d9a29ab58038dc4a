//! The additive score: contributions in millionths that sum to it exactly.

use crate::model::{Micro, Part, PartValues};

/// A direction's score and the contributions that make it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// Sum of the contributions, in `[0, 1]` up to half a millionth per part.
    pub score: Micro,
    /// What each part adds; `None` for a missing part. Order of [`Part::ALL`].
    pub contributions: PartValues,
}

/// Computes what each present part adds to the score.
///
/// `contribution_i = round(value_i · weight_i / Σ weight_j)` over the present parts `j`, in
/// millionths, halves up, in 64-bit integers. A missing part adds nothing and its weight is
/// shared by the others in proportion: it is never counted as zero. If the present parts have no
/// weight at all, each contributes zero.
#[must_use]
pub fn contributions(values: &PartValues, weights: &[u32; Part::ALL.len()]) -> PartValues {
    let present: i64 = values
        .iter()
        .zip(weights)
        .filter(|(value, _)| value.is_some())
        .map(|(_, &weight)| i64::from(weight))
        .sum();
    let mut out = [None; Part::ALL.len()];
    for ((slot, value), &weight) in out.iter_mut().zip(values).zip(weights) {
        let Some(value) = value else { continue };
        let micro = if present == 0 {
            0
        } else {
            (2 * i64::from(value.0) * i64::from(weight) + present) / (2 * present)
        };
        *slot = Some(Micro(i32::try_from(micro).unwrap_or(i32::MAX)));
    }
    out
}

/// Scores a pair in one direction: the contributions, and their sum.
#[must_use]
pub fn score(values: &PartValues, weights: &[u32; Part::ALL.len()]) -> Scored {
    let contributions = contributions(values, weights);
    Scored { score: contributions.iter().flatten().copied().sum(), contributions }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const N: usize = Part::ALL.len();

    fn value() -> impl Strategy<Value = Option<Micro>> {
        proptest::option::of((0..=1_000_000).prop_map(Micro))
    }

    #[test]
    fn weighs_the_present_parts() {
        let values = [Some(Micro(500_000)), Some(Micro::ONE), None, None, None, None, None, None];
        let scored = score(&values, &[250, 250, 100, 100, 100, 100, 50, 50]);
        // 0.5·½ + 1·½: the missing parts' weight is shared, not counted as zero.
        assert_eq!(scored.score, Micro(750_000));
        assert_eq!(scored.contributions[0], Some(Micro(250_000)));
        assert_eq!(scored.contributions[2], None);
    }

    #[test]
    fn nothing_known_scores_zero() {
        assert_eq!(score(&[None; N], &[200; N]).score, Micro::ZERO);
        assert_eq!(
            score(
                &[Some(Micro::ONE), None, None, None, None, None, None, None],
                &[0, 1_000, 0, 0, 0, 0, 0, 0]
            )
            .score,
            Micro::ZERO
        );
    }

    proptest! {
        #[test]
        fn contributions_sum_to_the_score(
            values in proptest::array::uniform8(value()),
            weights in proptest::array::uniform8(0_u32..500),
        ) {
            let scored = score(&values, &weights);
            let sum: Micro = scored.contributions.iter().flatten().copied().sum();
            prop_assert_eq!(sum, scored.score);
            prop_assert!(scored.score <= Micro(1_000_005));
            for (contribution, value) in scored.contributions.iter().zip(&values) {
                prop_assert_eq!(contribution.is_some(), value.is_some());
            }
        }

        #[test]
        fn more_of_a_part_never_lowers_the_score(
            values in proptest::array::uniform8(value()),
            weights in proptest::array::uniform8(1_u32..500),
            which in 0..N,
            more in 0_i32..1_000_000,
        ) {
            let mut better = values;
            if let Some(value) = values[which] {
                better[which] = Some(Micro((value.0 + more).min(1_000_000)));
                prop_assert!(score(&better, &weights).score >= score(&values, &weights).score);
            }
        }
    }
}
