//! How far a mean over few queries can be trusted.

/// Resamples drawn for an interval or a test: the third digit of a bound stays put.
const N_RESAMPLES: usize = 5_000;

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The mean of the values.
    pub mean: f64,
    /// 2.5th percentile of the resampled means.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// The mean of per-query values with its bootstrap percentile interval (Efron 1979).
///
/// Queries are drawn with replacement, as many as there are; `seed` decides the draws. `None`
/// without values.
#[must_use]
pub fn bootstrap_mean(values: &[f64], seed: u64) -> Option<Interval> {
    let mean = mean(values)?;
    let mut draws = SplitMix64(seed);
    let mut means: Vec<f64> = (0..N_RESAMPLES)
        .map(|_| {
            let sum: f64 = values.iter().map(|_| values[draws.below(values.len())]).sum();
            sum / count(values.len())
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let cut = N_RESAMPLES / 40;
    Some(Interval { mean, low: means[cut], high: means[N_RESAMPLES - 1 - cut] })
}

/// The 95 % bootstrap percentile interval of any statistic of `n` clusters, such as the queries
/// whose pairs a figure is made of: pairs of one query are not independent, so whole queries are
/// drawn.
///
/// `statistic` is given the drawn clusters, `n` of `0..n` with repeats; draws for which it has no
/// value are left out. `None` where more than half have none, or without clusters.
#[must_use]
pub fn bootstrap_clusters(
    n: usize,
    seed: u64,
    statistic: impl Fn(&[usize]) -> Option<f64>,
) -> Option<(f64, f64)> {
    if n == 0 {
        return None;
    }
    let mut draws = SplitMix64(seed);
    let mut drawn = vec![0_usize; n];
    let mut values: Vec<f64> = (0..N_RESAMPLES)
        .filter_map(|_| {
            drawn.iter_mut().for_each(|cluster| *cluster = draws.below(n));
            statistic(&drawn)
        })
        .collect();
    if values.len() * 2 < N_RESAMPLES {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let cut = values.len() / 40;
    Some((values[cut], values[values.len() - 1 - cut]))
}

/// How often a difference of means at least as large would arise if the two runs were exchangeable
/// query by query: the two-sided randomisation test (Fisher; for retrieval: Smucker, Allan and
/// Carterette, CIKM 2007).
///
/// `a` and `b` are per-query values of the same queries in the same order. In `(0, 1]`: the
/// observed assignment counts as one of the draws. `None` without queries or with unequal lengths.
#[must_use]
pub fn randomisation_p(a: &[f64], b: &[f64], seed: u64) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let observed = mean(&differences)?.abs();
    let mut draws = SplitMix64(seed);
    let as_large = (0..N_RESAMPLES)
        .filter(|_| {
            let sum: f64 =
                differences.iter().map(|d| if draws.next() >> 63 == 0 { *d } else { -d }).sum();
            // A rounding unit of slack, so that the observed assignment is as large as itself.
            (sum / count(differences.len())).abs() >= observed - 1e-12
        })
        .count();
    Some(count(as_large + 1) / count(N_RESAMPLES + 1))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// The generator `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, by the high half of a product (Lemire 2019, without its rejection: the
    /// bias is `n / 2⁶⁴`).
    fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.next()) * n as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        // First outputs for the seed 1234567, as in the reference implementation's test.
        let mut draws = SplitMix64(1_234_567);
        assert_eq!(draws.next(), 6_457_827_717_110_365_317);
        assert_eq!(draws.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn an_interval_holds_the_mean_and_narrows_with_more_queries() {
        let few: Vec<f64> = (0..20).map(|i| f64::from(i % 5) / 4.0).collect();
        let many: Vec<f64> = (0..2_000).map(|i| f64::from(i % 5) / 4.0).collect();
        let (a, b) = (bootstrap_mean(&few, 1), bootstrap_mean(&many, 1));
        let (a, b) = (a.expect("values"), b.expect("values"));
        assert!(a.low <= a.mean && a.mean <= a.high);
        assert!((a.mean - 0.5).abs() < 1e-12 && (b.mean - 0.5).abs() < 1e-12);
        assert!(b.high - b.low < (a.high - a.low) / 5.0);
        // Standard error of the small one: 0.354 / √20 = 0.079; the interval is about ±1.96 of it.
        assert!((a.high - a.low - 2.0 * 1.96 * 0.079).abs() < 0.04, "{a:?}");
        assert_eq!(bootstrap_mean(&[], 1), None);
        assert_eq!(bootstrap_mean(&few, 7), bootstrap_mean(&few, 7));
    }

    #[test]
    fn clusters_give_the_interval_of_their_means() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i % 5) / 4.0).collect();
        let mean = |drawn: &[usize]| mean(&drawn.iter().map(|&at| values[at]).collect::<Vec<_>>());
        let of_values = bootstrap_mean(&values, 3).expect("values");
        assert_eq!(bootstrap_clusters(20, 3, mean), Some((of_values.low, of_values.high)));
        assert_eq!(bootstrap_clusters(0, 3, mean), None);
        assert_eq!(bootstrap_clusters(20, 3, |_| None), None);
    }

    #[test]
    fn chance_is_told_from_a_difference() {
        let base: Vec<f64> = (0..40).map(|i| f64::from(i % 7) / 7.0).collect();
        let better: Vec<f64> = base.iter().map(|x| x + 0.1).collect();
        let mixed: Vec<f64> =
            base.iter().zip(0..).map(|(x, i)| if i % 2 == 0 { x + 0.1 } else { x - 0.1 }).collect();
        assert!(randomisation_p(&better, &base, 1).expect("queries") < 0.001);
        assert!(randomisation_p(&mixed, &base, 1).expect("queries") > 0.5);
        assert_eq!(randomisation_p(&base, &base, 1), Some(1.0));
        assert_eq!(randomisation_p(&base, &base[1..], 1), None);
    }
}
