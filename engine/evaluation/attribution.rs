//! What of a result belongs to what: Shapley values, paired differences, splits of variance,
//! Sobol indices.

/// Shapley values from the worths of all subsets of n players: `worths[mask]`, bit i of the mask
/// for player i. `None` when the length is not a power of two.
///
/// Exact up to rounding: they add up to `worths[all] − worths[none]`.
#[must_use]
pub fn shapley(worths: &[f64]) -> Option<Vec<f64>> {
    if !worths.len().is_power_of_two() {
        return None;
    }
    let n = worths.len().trailing_zeros() as usize;
    // |S|!(n − |S| − 1)!/n! = 1/(n · C(n − 1, |S|)).
    let mut choose = vec![1.0; n.max(1)];
    for size in 1..n {
        choose[size] = choose[size - 1] * (n - size) as f64 / size as f64;
    }
    let value = |player: usize| {
        let without = (0..worths.len()).filter(|mask| mask >> player & 1 == 0);
        let weighted = without.map(|mask| {
            let gain = worths[mask | 1 << player] - worths[mask];
            gain / (n as f64 * choose[mask.count_ones() as usize])
        });
        weighted.sum()
    };
    Some((0..n).map(value).collect())
}

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 for a single value.
    pub standard_error: f64,
    /// Values it is made of.
    pub n: usize,
}

/// Mean difference `scenario − baseline` of pairs and its standard error.
///
/// Pairs are replicates with common random numbers, in the same order. `None` when the lengths
/// differ or nothing is there.
#[must_use]
pub fn paired_difference(baseline: &[f64], scenario: &[f64]) -> Option<Estimate> {
    if baseline.len() != scenario.len() || baseline.is_empty() {
        return None;
    }
    let differences: Vec<f64> = baseline.iter().zip(scenario).map(|(a, b)| b - a).collect();
    let (mean, variance) = moments(&differences);
    let standard_error = (variance / differences.len() as f64).sqrt();
    Some(Estimate { mean, standard_error, n: differences.len() })
}

/// Mean and unbiased variance; the variance of one value is 0.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, squares / (n - 1.0).max(1.0))
}

/// The law of total variance over groups of equal length: what the groups explain, and what is
/// left inside them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceSplit {
    /// Variance of the groups' expectations, cleared of the luck inside them; at least 0.
    pub between: f64,
    /// Mean variance inside the groups.
    pub within: f64,
}

/// Splits the variance of `[n_groups, n_members]` values (draws of θ × replicates).
///
/// The variance of group means holds within/m of luck, which is taken off (one-way analysis of
/// variance). `None` for fewer than two groups or members, or groups of different length.
#[must_use]
pub fn split_variance(groups: &[Vec<f64>]) -> Option<VarianceSplit> {
    let m = groups.first()?.len();
    if groups.len() < 2 || m < 2 || groups.iter().any(|group| group.len() != m) {
        return None;
    }
    let each: Vec<(f64, f64)> = groups.iter().map(|group| moments(group)).collect();
    let within = each.iter().map(|it| it.1).sum::<f64>() / each.len() as f64;
    let means: Vec<f64> = each.iter().map(|it| it.0).collect();
    let between = (moments(&means).1 - within / m as f64).max(0.0);
    Some(VarianceSplit { between, within })
}

/// First-order and total Sobol indices of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SobolIndex {
    /// Share of the variance that the input explains alone.
    pub first: f64,
    /// Share that it takes part in.
    pub total: f64,
}

/// Sobol indices from results at the rows of A, of B, and for each input of A with that column
/// from B: Saltelli et al. (2010) for the first order, Jansen (1999) for the total.
///
/// `None` when lengths differ, nothing is there, or results do not vary.
#[must_use]
pub fn sobol(a: &[f64], b: &[f64], mixed: &[Vec<f64>]) -> Option<Vec<SobolIndex>> {
    let n = a.len();
    if n < 2 || b.len() != n || mixed.iter().any(|column| column.len() != n) {
        return None;
    }
    let both: Vec<f64> = a.iter().chain(b).copied().collect();
    let (mean, variance) = moments(&both);
    if !(variance > 0.0 && variance.is_finite()) {
        return None;
    }
    let index = |column: &Vec<f64>| {
        let rows = || a.iter().zip(b).zip(column);
        // Values less their mean: the estimate does not depend on it, its error does.
        let first: f64 = rows().map(|((a, b), ab)| (b - mean) * (ab - a)).sum();
        let total: f64 = rows().map(|((a, _), ab)| (a - ab).powi(2)).sum();
        SobolIndex { first: first / n as f64 / variance, total: total / (2 * n) as f64 / variance }
    };
    Some(mixed.iter().map(index).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::firm_step::philox::philox;

    /// K16: efficiency, symmetry and the null player, on worths with every interaction.
    #[test]
    fn shapley_values_satisfy_their_axioms() {
        for n in 0..=8_u32 {
            let worths: Vec<f64> = (0..1_u32 << n)
                .map(|mask| f64::from(philox([mask, n, 0, 0], [1, 2])[0] >> 12))
                .collect();
            let values = shapley(&worths).expect("a power of two");
            let total: f64 = values.iter().sum();
            let gain = worths.last().expect("the full set") - worths[0];
            assert!((total - gain).abs() <= 1e-12 * worths.len() as f64 * 2_f64.powi(20), "{n}");
        }
        // Majority of three: all alike. Player 3 never matters.
        let worths: Vec<f64> =
            (0..16_u32).map(|mask| f64::from(u8::from((mask & 7).count_ones() >= 2))).collect();
        let values = shapley(&worths).expect("sixteen");
        assert!(values[..3].iter().all(|it| (it - 1.0 / 3.0).abs() < 1e-15), "{values:?}");
        assert_eq!(values[3], 0.0);
        // The gloves: one left (0), two right (1, 2); the left one is worth two thirds.
        let gloves = [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        let values = shapley(&gloves).expect("eight");
        assert!((values[0] - 2.0 / 3.0).abs() < 1e-15 && (values[1] - 1.0 / 6.0).abs() < 1e-15);
        assert_eq!(shapley(&[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn paired_differences_lose_what_is_common() {
        let baseline: Vec<f64> = (0..100).map(|i| f64::from(i * i)).collect();
        let same = paired_difference(&baseline, &baseline).expect("pairs");
        assert_eq!((same.mean, same.standard_error), (0.0, 0.0));
        let shifted: Vec<f64> =
            baseline.iter().zip(0..).map(|(v, i)| v + if i % 2 == 0 { 1.0 } else { 3.0 }).collect();
        let found = paired_difference(&baseline, &shifted).expect("pairs");
        // Unbiased variance 100/99, over 100.
        assert!((found.mean - 2.0).abs() < 1e-12);
        assert!((found.standard_error - (1.0 / 99.0_f64).sqrt()).abs() < 1e-12);
        assert_eq!(paired_difference(&[1.0], &[]), None);
    }

    #[test]
    fn variance_splits_by_the_law_of_total_variance() {
        let z = |i: u32, j: u32| {
            let u = philox([i, j, 3, 0], [7, 8]);
            super::super::special::normal_quantile((f64::from(u[0]) + 0.5) / 2_f64.powi(32))
        };
        let groups: Vec<Vec<f64>> =
            (0..400).map(|i| (0..8).map(|j| 2.0 * z(i, 99) + z(i, j)).collect()).collect();
        let split = split_variance(&groups).expect("groups");
        assert!((split.within - 1.0).abs() < 0.1, "{split:?}");
        assert!((split.between - 4.0).abs() < 0.6, "{split:?}");
        // All luck: nothing is left for the groups.
        let alike = vec![vec![1.0, 2.0]; 3];
        assert_eq!(split_variance(&alike).map(|it| it.between), Some(0.0));
        assert_eq!(split_variance(&[vec![1.0, 2.0], vec![1.0]]), None);
    }

    /// K15: the function of Ishigami and Homma (1990) with a = 7, b = 0.1.
    #[test]
    fn sobol_indices_of_ishigami() {
        let uniform = |i: u32, j: u32, block: u32| {
            let u = philox([i, j, 15, block], [3, 4])[0];
            std::f64::consts::PI * ((f64::from(u) + 0.5) / 2_f64.powi(31) - 1.0)
        };
        let f =
            |x: [f64; 3]| x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin();
        let n = 1 << 16;
        let row = |i: u32, block: u32| [0, 1, 2].map(|j| uniform(i, j, block));
        let a: Vec<f64> = (0..n).map(|i| f(row(i, 0))).collect();
        let b: Vec<f64> = (0..n).map(|i| f(row(i, 1))).collect();
        let mixed: Vec<Vec<f64>> = (0..3)
            .map(|j| {
                let one = |i| {
                    let mut x = row(i, 0);
                    x[j] = row(i, 1)[j];
                    f(x)
                };
                (0..n).map(one).collect()
            })
            .collect();
        let found = sobol(&a, &b, &mixed).expect("they vary");
        for (index, first) in found.iter().zip([0.3139, 0.4424, 0.0]) {
            assert!((index.first - first).abs() < 0.02, "{found:?}");
        }
        assert!((found[2].total - 0.2437).abs() < 0.02, "{found:?}");
        assert_eq!(sobol(&[1.0, 1.0], &[1.0, 1.0], &[]), None);
    }
}
