//! Shapes of sizes, growth and lifetimes: Hill's and Subbotin's exponents, Kaplan and Meier.

use super::special::ln_gamma;

/// Hill's estimator (1975) of the exponent of a Pareto tail over the `k` largest values.
///
/// `None` when `k` is 0, there are not more than `k` values, or the tail is not above 0 or does not
/// spread.
#[must_use]
pub fn hill(values: &[f64], k: usize) -> Option<f64> {
    if k == 0 || values.len() <= k {
        return None;
    }
    let mut sizes = values.to_vec();
    sizes.sort_by(|a, b| b.total_cmp(a));
    // NaN compares false, so that it is refused too.
    if !(sizes[k] > 0.0 && sizes[0].is_finite()) {
        return None;
    }
    let excess: f64 = sizes[..k].iter().map(|size| (size / sizes[k]).ln()).sum();
    (excess > 0.0).then(|| k as f64 / excess)
}

/// Exponent b of Subbotin's density exp(−|x − μ|ᵇ/(b·aᵇ)) by maximum likelihood, μ the median: 1 is
/// Laplace's, 2 the normal (Bottazzi and Secchi 2002). Between 0.2 and 4, to a thousandth.
///
/// `None` for fewer than two values, values that are not finite, or without spread.
#[must_use]
pub fn subbotin(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spread = sorted.last()? - sorted.first()?;
    if !(spread > 0.0 && spread.is_finite()) {
        return None;
    }
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    };
    let likelihood = |b: f64| {
        let mean = values.iter().map(|v| (v - median).abs().powf(b)).sum::<f64>();
        let scale = (mean / values.len() as f64).powf(1.0 / b);
        -scale.ln() - b.ln() / b - ln_gamma(1.0 + 1.0 / b) - 1.0 / b
    };
    // One maximum: ternary search.
    let (mut low, mut high) = (0.2, 4.0);
    while high - low > 1e-3 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if likelihood(left) > likelihood(right) { high = right } else { low = left }
    }
    Some(f64::midpoint(low, high))
}

/// A life that was watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Life {
    /// How long, from the beginning to its end or to the end of watching; not negative.
    pub duration: f64,
    /// Whether it ended; otherwise it was still going on.
    pub ended: bool,
}

/// The survival function of Kaplan and Meier (1958): after each duration with an end, the share
/// that lives longer, ascending by duration. Lives that were still going on at a duration count as
/// being at risk there. Empty without ends; durations that are NaN are left out.
#[must_use]
pub fn kaplan_meier(lives: &[Life]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<Life> = lives.iter().copied().filter(|it| !it.duration.is_nan()).collect();
    sorted.sort_by(|a, b| a.duration.total_cmp(&b.duration));
    let (mut share, mut at_risk) = (1.0, sorted.len());
    let mut steps = Vec::new();
    for same in sorted.chunk_by(|a, b| a.duration.total_cmp(&b.duration).is_eq()) {
        let ends = same.iter().filter(|it| it.ended).count();
        if ends > 0 {
            share *= 1.0 - ends as f64 / at_risk as f64;
            steps.push((same[0].duration, share));
        }
        at_risk -= same.len();
    }
    steps
}

/// The first duration after which at most half live; `None` where more than half outlive all.
#[must_use]
pub fn median_life(steps: &[(f64, f64)]) -> Option<f64> {
    steps.iter().find(|step| step.1 <= 0.5).map(|step| step.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::firm_step::philox::philox;

    fn uniforms(n: u32) -> impl Iterator<Item = f64> {
        (0..n / 4)
            .flat_map(|i| philox([i, 0, 18, 0], [5, 6]))
            .map(|r| (f64::from(r) + 0.5) / 2_f64.powi(32))
    }

    /// K18: Pareto sizes of known exponents; the estimator's standard error is ζ/√k.
    #[test]
    fn hill_recovers_the_exponent_of_pareto_sizes() {
        for exponent in [0.8, 1.06, 2.0] {
            let sizes: Vec<f64> = uniforms(40_000).map(|u| u.powf(-1.0 / exponent)).collect();
            let found = hill(&sizes, 4000).expect("a tail");
            assert!((found / exponent - 1.0).abs() < 0.04, "{exponent}: {found}");
        }
        // By hand: ln 4 + ln 2 over two values above 1.
        let two = hill(&[1.0, 4.0, 2.0], 2).expect("a tail");
        assert!((two - 2.0 / 8_f64.ln()).abs() < 1e-12);
        assert_eq!(hill(&[1.0, 2.0], 2), None);
        assert_eq!(hill(&[1.0, 1.0, 1.0], 2), None);
        assert_eq!(hill(&[0.0, 1.0, 2.0], 2), None);
    }

    /// K18: Laplace and normal growth.
    #[test]
    fn subbotin_tells_laplace_from_normal() {
        let laplace: Vec<f64> = uniforms(40_000)
            .map(|u| if u < 0.5 { (2.0 * u).ln() } else { -(2.0 - 2.0 * u).ln() })
            .collect();
        let found = subbotin(&laplace).expect("spread");
        assert!((found - 1.0).abs() < 0.03, "{found}");
        let normal: Vec<f64> =
            uniforms(8000).map(crate::evaluation::special::normal_quantile).collect();
        let found = subbotin(&normal).expect("spread");
        assert!((found - 2.0).abs() < 0.15, "{found}");
        assert_eq!(subbotin(&[1.0, 1.0]), None);
        assert_eq!(subbotin(&[]), None);
    }

    /// Durations 1, 2, 2+, 3 (+: still going on): ¾, then ⅔ of it, then nobody.
    #[test]
    fn kaplan_meier_by_hand() {
        let life = |duration, ended| Life { duration, ended };
        let lives = [life(3.0, true), life(2.0, false), life(1.0, true), life(2.0, true)];
        let steps = kaplan_meier(&lives);
        let expected = [(1.0, 0.75), (2.0, 0.5), (3.0, 0.0)];
        for (step, right) in steps.iter().zip(expected) {
            assert!((step.0 - right.0).abs() < 1e-12 && (step.1 - right.1).abs() < 1e-12);
        }
        assert_eq!(steps.len(), 3);
        assert_eq!(median_life(&steps), Some(2.0));
        assert!(kaplan_meier(&[life(1.0, false)]).is_empty());
        assert_eq!(median_life(&[]), None);
    }
}
