//! Small statistics of replicates.

/// The quantile `p` of ascending values, interpolated linearly between order statistics (type 7 of
/// Hyndman and Fan 1996); NaN without values.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let place = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "below the length")]
    #[expect(clippy::cast_sign_loss, reason = "not negative")]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Values in ascending order.
pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean of paired values and its standard error. Every `group` neighbours share a draw, so the
/// error is that of the means of groups; zero with fewer than two groups.
pub(super) fn grouped_mean(values: &[f64], group: usize) -> (f64, f64) {
    let means: Vec<f64> = values.chunks(group).map(mean).collect();
    let middle = mean(values);
    if means.len() < 2 {
        return (middle, 0.0);
    }
    let n = means.len() as f64;
    let centre = mean(&means);
    let variance = means.iter().map(|it| (it - centre).powi(2)).sum::<f64>() / (n - 1.0);
    (middle, (variance / n).sqrt())
}

/// Variance within draws and between them, of values in groups of `group` (one-way analysis of
/// variance, unbiased; the second may be negative by chance). `None` with fewer than ten draws.
pub(super) fn variance_parts(values: &[f64], group: usize) -> Option<(f64, f64)> {
    const FEWEST: usize = 10;
    let whole: Vec<&[f64]> = values.chunks_exact(group).collect();
    if whole.len() < FEWEST || group < 2 {
        return None;
    }
    let spread = |values: &[f64]| {
        let centre = mean(values);
        values.iter().map(|it| (it - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    };
    let within = mean(&whole.iter().map(|it| spread(it)).collect::<Vec<_>>());
    let means: Vec<f64> = whole.iter().map(|it| mean(it)).collect();
    Some((within, spread(&means) - within / group as f64))
}

/// Share of the variance of `y` that a straight line in `x` explains; 0 where either is constant.
pub(super) fn explained(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let pairs = || x.iter().zip(y);
    let cov: f64 = pairs().map(|(x, y)| (x - mx) * (y - my)).sum();
    let (vx, vy): (f64, f64) =
        pairs().fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx).powi(2), b + (y - my).powi(2)));
    if vx <= 0.0 || vy <= 0.0 { 0.0 } else { cov * cov / (vx * vy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!((quantile(&values, 0.0), quantile(&values, 1.0)), (1.0, 8.0));
        assert_eq!(quantile(&values, 0.5), 3.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn variance_splits_into_its_parts() {
        // Draw effects of variance 4 (±2), and ±1 within: sample variance 2 of a pair.
        let values: Vec<f64> = (0..400)
            .map(
                |i| if (i / 2) % 2 == 0 { 2.0 } else { -2.0 } + if i % 2 == 0 { 1.0 } else { -1.0 },
            )
            .collect();
        let (within, between) = variance_parts(&values, 2).expect("enough draws");
        assert!((within - 2.0).abs() < 1e-9 && (between + 1.0 - 4.0).abs() < 0.03, "{between}");
        assert!(variance_parts(&values[..10], 2).is_none());
        let (middle, error) = grouped_mean(&values, 2);
        assert!(middle.abs() < 1e-9 && (error - 2.0 / 200.0_f64.sqrt()).abs() < 0.001, "{error}");
    }

    #[test]
    fn a_line_explains_what_it_explains() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 * x + 1.0).collect();
        assert!((explained(&x, &y) - 1.0).abs() < 1e-12);
        assert_eq!(explained(&x, &vec![2.0; 50]), 0.0);
    }
}
