//! Whether probabilities mean what they say.

use super::bootstrap_clusters;
use super::ranking::ratio;

/// Probability from which forecasts are looked at apart: below it nobody acts on a pair, and the
/// many pairs there would drown the rest.
pub const UPPER_FROM: f64 = 0.1;

/// Bins of equal width over `[0, 1]`, the customary ten.
const N_BINS: usize = 10;

/// A probability that was given, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Number of the query it belongs to, from 0: queries are resampled whole.
    pub query: usize,
    /// The probability, in `[0, 1]`.
    pub probability: f64,
    /// Whether the pair was graded relevant.
    pub relevant: bool,
}

/// The forecasts of one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReliabilityBin {
    /// Lower end of the bin; the upper one is a tenth higher, and belongs to the bin only at 1.
    pub from: f64,
    /// How many forecasts it holds.
    pub n: usize,
    /// Their mean probability; the middle of the bin where it is empty.
    pub mean_probability: f64,
    /// Share of them that were relevant; 0 where it is empty.
    pub observed: f64,
    /// 95 % interval of that share (Wilson 1927), forecasts taken as independent.
    pub interval: (f64, f64),
}

/// How well forecasts agree with what came of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// How many forecasts.
    pub n: usize,
    /// How many of them were relevant.
    pub n_relevant: usize,
    /// Mean squared difference of probability and outcome (Brier 1950); lower is better.
    pub brier: f64,
    /// The same for the base rate given to every pair.
    pub brier_base: f64,
    /// `1 − brier / brier_base`: 0 is no better than the base rate, 1 is certain and right; `None`
    /// where all outcomes are the same.
    pub skill: Option<f64>,
    /// 95 % interval of the skill, queries resampled.
    pub skill_interval: Option<(f64, f64)>,
    /// Expected calibration error: mean over the bins of |observed − mean probability|, weighted by
    /// their forecasts (Naeini, Cooper and Hauskrecht, AAAI 2015).
    pub calibration_error: f64,
    /// How many forecasts are at least [`UPPER_FROM`].
    pub n_upper: usize,
    /// Expected calibration error among these; `None` without any.
    pub calibration_error_upper: Option<f64>,
    /// 95 % interval of that error, queries resampled.
    pub calibration_error_upper_interval: Option<(f64, f64)>,
    /// Ten bins of equal width, ascending.
    pub bins: Vec<ReliabilityBin>,
}

/// Measures forecasts; `None` without any.
///
/// `seed` decides the resamples of the intervals. Probabilities outside `[0, 1]` go to the nearest
/// bin.
#[must_use]
pub fn reliability(forecasts: &[Forecast], seed: u64) -> Option<Reliability> {
    if forecasts.is_empty() {
        return None;
    }
    let n_queries =
        forecasts.iter().map(|forecast| forecast.query).max().map_or(0, |most| most + 1);
    let mut by_query: Vec<Vec<Forecast>> = vec![Vec::new(); n_queries];
    for &forecast in forecasts {
        by_query[forecast.query].push(forecast);
    }
    by_query.retain(|own| !own.is_empty());
    let drawn = |queries: &[usize]| -> Vec<Forecast> {
        queries.iter().flat_map(|&query| by_query[query].iter().copied()).collect()
    };
    let upper = |forecasts: &[Forecast]| -> Option<f64> {
        let upper: Vec<Forecast> =
            forecasts.iter().copied().filter(|f| f.probability >= UPPER_FROM).collect();
        (!upper.is_empty()).then(|| calibration_error(&bins(&upper)))
    };
    let n_relevant = forecasts.iter().filter(|forecast| forecast.relevant).count();
    let brier_scores = brier(forecasts);
    let bins = bins(forecasts);
    Some(Reliability {
        n: forecasts.len(),
        n_relevant,
        brier: brier_scores.0,
        brier_base: brier_scores.1,
        skill: skill(brier_scores),
        skill_interval: bootstrap_clusters(by_query.len(), seed, |queries| {
            skill(brier(&drawn(queries)))
        }),
        calibration_error: calibration_error(&bins),
        n_upper: forecasts.iter().filter(|f| f.probability >= UPPER_FROM).count(),
        calibration_error_upper: upper(forecasts),
        calibration_error_upper_interval: bootstrap_clusters(by_query.len(), seed, |queries| {
            upper(&drawn(queries))
        }),
        bins,
    })
}

/// The Brier score of the forecasts and that of their base rate.
fn brier(forecasts: &[Forecast]) -> (f64, f64) {
    let n = ratio(forecasts.len().max(1), 1);
    let outcome = |forecast: &Forecast| if forecast.relevant { 1.0 } else { 0.0 };
    let base: f64 = forecasts.iter().map(outcome).sum::<f64>() / n;
    let squares = |f: &Forecast| (f.probability - outcome(f)) * (f.probability - outcome(f));
    (forecasts.iter().map(squares).sum::<f64>() / n, base * (1.0 - base))
}

fn skill((brier, base): (f64, f64)) -> Option<f64> {
    (base > 0.0).then(|| 1.0 - brier / base)
}

fn bins(forecasts: &[Forecast]) -> Vec<ReliabilityBin> {
    let mut sums = [(0_usize, 0.0_f64, 0_usize); N_BINS];
    for forecast in forecasts {
        // The first edge above the probability ends its bin; 1 belongs to the last.
        let bin = (1..N_BINS).find(|&edge| forecast.probability < ratio(edge, N_BINS));
        let sum = &mut sums[bin.unwrap_or(N_BINS) - 1];
        sum.0 += 1;
        sum.1 += forecast.probability;
        sum.2 += usize::from(forecast.relevant);
    }
    (0..N_BINS)
        .zip(sums)
        .map(|(bin, (n, probabilities, relevant))| {
            let from = ratio(bin, N_BINS);
            let mean_probability = if n == 0 { from + 0.05 } else { probabilities / ratio(n, 1) };
            let observed = ratio(relevant, n.max(1));
            ReliabilityBin { from, n, mean_probability, observed, interval: wilson(relevant, n) }
        })
        .collect()
}

fn calibration_error(bins: &[ReliabilityBin]) -> f64 {
    let n: usize = bins.iter().map(|bin| bin.n).sum();
    bins.iter()
        .map(|bin| ratio(bin.n, n.max(1)) * (bin.observed - bin.mean_probability).abs())
        .sum()
}

/// The 95 % interval of a share of `n` by Wilson's score; the whole of `[0, 1]` for none.
#[must_use]
pub fn wilson(hits: usize, n: usize) -> (f64, f64) {
    /// The standard normal's 97.5th percentile.
    const Z: f64 = 1.959_964;
    if n == 0 {
        return (0.0, 1.0);
    }
    let (share, n) = (ratio(hits, n), ratio(n, 1));
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - half) / scale).max(0.0), ((middle + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(query: usize, probability: f64, relevant: bool) -> Forecast {
        Forecast { query, probability, relevant }
    }

    #[test]
    fn figures_worked_by_hand() {
        // Brier: (0.04 + 0.04 + 0.36 + 0.01) / 4 = 0.1125; base rate 1/2: 0.25; skill 0.55.
        let made = [
            forecast(0, 0.8, true),
            forecast(0, 0.2, false),
            forecast(1, 0.4, true),
            forecast(1, 0.1, false),
        ];
        let measured = reliability(&made, 1).expect("forecasts");
        assert!((measured.brier - 0.1125).abs() < 1e-12);
        assert!((measured.brier_base - 0.25).abs() < 1e-12);
        assert!(measured.skill.is_some_and(|skill| (skill - 0.55).abs() < 1e-12));
        // One forecast per bin: |1 − .8|, |0 − .2|, |1 − .4|, |0 − .1|, each a quarter.
        assert!((measured.calibration_error - 0.275).abs() < 1e-12);
        assert_eq!((measured.n, measured.n_relevant, measured.n_upper), (4, 2, 4));
        assert_eq!(measured.bins.iter().map(|bin| bin.n).sum::<usize>(), 4);
    }

    #[test]
    fn the_edges_belong_to_the_upper_bin_and_one_to_the_last() {
        let made = [0.0, 0.1, 0.3, 0.7, 1.0].map(|p| forecast(0, p, false));
        let measured = reliability(&made, 1).expect("forecasts");
        let filled: Vec<usize> = measured
            .bins
            .iter()
            .enumerate()
            .filter(|(_, bin)| bin.n > 0)
            .map(|(at, _)| at)
            .collect();
        assert_eq!(filled, [0, 1, 3, 7, 9]);
        // Nothing was relevant, so no forecast can be better than the base rate.
        assert_eq!((measured.skill, measured.skill_interval), (None, None));
        assert_eq!(measured.n_upper, 4);
    }

    #[test]
    fn honest_forecasts_have_no_error_and_the_interval_holds_the_skill() {
        // Of a hundred pairs given 0.3, thirty are relevant; of a hundred given 0.9, ninety.
        let made: Vec<Forecast> = (0..200)
            .map(|i| match i % 2 {
                0 => forecast(i / 10, 0.3, i % 20 < 6),
                _ => forecast(i / 10, 0.9, i % 20 != 19),
            })
            .collect();
        let measured = reliability(&made, 1).expect("forecasts");
        assert!(measured.calibration_error < 1e-9, "{measured:?}");
        let skill = measured.skill.expect("both outcomes");
        let (low, high) = measured.skill_interval.expect("resamples");
        assert!(low <= skill && skill <= high && skill > 0.2, "{low} {skill} {high}");
        assert_eq!(reliability(&made, 1), Some(measured));
    }

    #[test]
    fn shares_have_intervals() {
        // Newcombe 1998, table I: 81 of 263 by the score method without correction.
        let (low, high) = wilson(81, 263);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert!(wilson(0, 10).0.abs() < 1e-12);
    }

    #[test]
    fn nothing_given_is_nothing_measured() {
        assert_eq!(reliability(&[], 1), None);
    }
}
