//! The simple rules that the model has to beat, as ensembles of quantiles of normal forecasts.

use crate::evaluation::normal_quantile;

/// Least deviation of a rival per year: a series without any spread is no certainty.
const FLOOR: f64 = 0.005;
/// Pairs of neighbouring growths that an AR(1) needs; with fewer it is the random walk.
const PAIRS: usize = 3;
/// Least share of the last value that a falling line is followed to: below, logarithms explode.
const SMALLEST: f64 = 0.05;

/// Quantiles of the standard normal at the middles of `n` equal parts.
pub(super) fn grid(n: usize) -> Vec<f64> {
    (0..n).map(|i| normal_quantile((i as f64 + 0.5) / n as f64)).collect()
}

/// Growth per year between neighbouring known years, and how many years lie between.
fn growths(series: &[(i32, f64)]) -> Vec<(f64, f64)> {
    let growth = |pair: &[(i32, f64)]| {
        let years = f64::from(pair[1].0 - pair[0].0);
        ((pair[1].1 / pair[0].1).log2() / years, years)
    };
    series.windows(2).map(growth).collect()
}

/// Random walk with drift on log₂: members of growth since the last value after `h` years.
///
/// Growth over w years has a w-th of the variance per year; the drift's own error is included.
pub(super) fn random_walk(series: &[(i32, f64)], h: u32, grid: &[f64]) -> Vec<f64> {
    let known = growths(series);
    let years: f64 = known.iter().map(|it| it.1).sum();
    let drift = known.iter().map(|it| it.0 * it.1).sum::<f64>() / years.max(1.0);
    let squares: f64 = known.iter().map(|it| it.1 * (it.0 - drift).powi(2)).sum();
    let sd = (squares / (known.len() as f64 - 1.0).max(1.0)).sqrt().max(FLOOR);
    let h = f64::from(h);
    let wide = sd * (h + h * h / years.max(1.0)).sqrt();
    grid.iter().map(|z| drift * h + wide * z).collect()
}

/// AR(1) with intercept on yearly log₂ growth, from neighbouring years without a gap; the random
/// walk where there are fewer than three pairs of them or the last year is not one of them.
pub(super) fn autoregression(series: &[(i32, f64)], h: u32, grid: &[f64]) -> Vec<f64> {
    let known = growths(series);
    let yearly = |it: &(f64, f64)| it.1 < 1.5;
    let pairs: Vec<(f64, f64)> = known
        .windows(2)
        .filter(|pair| pair.iter().all(yearly))
        .map(|pair| (pair[0].0, pair[1].0))
        .collect();
    let Some(last) = known.last().filter(|it| yearly(it) && pairs.len() >= PAIRS) else {
        return random_walk(series, h, grid);
    };
    let n = pairs.len() as f64;
    let (mx, my) = pairs.iter().fold((0.0, 0.0), |(mx, my), (x, y)| (mx + x / n, my + y / n));
    let sxx: f64 = pairs.iter().map(|(x, _)| (x - mx).powi(2)).sum();
    let sxy: f64 = pairs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    // A stationary process: an estimate beyond is an accident of few years.
    let rho = if sxx > 0.0 { (sxy / sxx).clamp(-0.95, 0.95) } else { 0.0 };
    let intercept = my - rho * mx;
    let squares: f64 = pairs.iter().map(|(x, y)| (y - intercept - rho * x).powi(2)).sum();
    let sd = (squares / (n - 2.0).max(1.0)).sqrt().max(FLOOR);
    let (mut mean, mut growth, mut variance, mut weight) = (0.0, last.0, 0.0, 0.0);
    for _ in 0..h {
        growth = intercept + rho * growth;
        mean += growth;
        // A shock k years before the horizon has weight 1 + ρ + … + ρᵏ.
        weight = 1.0 + rho * weight;
        variance += (sd * weight).powi(2);
    }
    grid.iter().map(|z| mean + variance.sqrt() * z).collect()
}

/// A straight line through the values by least squares, with its prediction error.
pub(super) fn linear_trend(series: &[(i32, f64)], h: u32, grid: &[f64]) -> Vec<f64> {
    let Some((last_year, last)) = series.last().copied() else { return Vec::new() };
    let n = series.len() as f64;
    let year = |it: &(i32, f64)| f64::from(it.0);
    let mx = series.iter().map(year).sum::<f64>() / n;
    let my = series.iter().map(|it| it.1).sum::<f64>() / n;
    let sxx: f64 = series.iter().map(|it| (year(it) - mx).powi(2)).sum();
    let sxy: f64 = series.iter().map(|it| (year(it) - mx) * (it.1 - my)).sum();
    let slope = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    let squares: f64 = series.iter().map(|it| (it.1 - my - slope * (year(it) - mx)).powi(2)).sum();
    let x = f64::from(last_year) + f64::from(h) - mx;
    let sd = (squares / (n - 2.0).max(1.0)).sqrt().max(FLOOR * last);
    let wide = sd * (1.0 + 1.0 / n + x * x / sxx.max(1.0)).sqrt();
    let member = |z: &f64| ((my + slope * x + wide * z).max(SMALLEST * last) / last).log2();
    grid.iter().map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn middle(members: &[f64]) -> f64 {
        members[members.len() / 2]
    }

    #[test]
    fn rules_go_on_as_they_say() {
        let grid = grid(101);
        assert!(grid[50].abs() < 1e-9);
        // Doubling every year, with a gap.
        let doubling = [(2010, 1.0), (2011, 2.0), (2013, 8.0), (2014, 16.0)];
        let members = random_walk(&doubling, 3, &grid);
        assert!((middle(&members) - 3.0).abs() < 1e-9);
        assert!(members.is_sorted());
        // Too few neighbours for an AR(1).
        assert_eq!(autoregression(&doubling, 3, &grid), members);
        let line: Vec<(i32, f64)> = (0..6).map(|i| (2010 + i, 10.0 + 2.0 * f64::from(i))).collect();
        let found = middle(&linear_trend(&line, 2, &grid));
        assert!((found - (24.0_f64 / 20.0).log2()).abs() < 1e-9, "{found}");
        assert!(linear_trend(&[], 1, &grid).is_empty());
    }

    #[test]
    fn an_autoregression_returns_to_its_mean() {
        // Growth halves its distance to 0.1 every year.
        let mut series = vec![(2000, 1.0)];
        let mut growth: f64 = 0.9;
        for year in 2001..2009 {
            let last = series[series.len() - 1].1;
            series.push((year, last * growth.exp2()));
            growth = 0.05 + growth / 2.0;
        }
        let found = middle(&autoregression(&series, 2, &grid(101)));
        let expected = growth + 0.05 + growth / 2.0;
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}
