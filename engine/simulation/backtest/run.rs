//! Rolling origins: fit, forecast, compare.

use super::forecast::{National, Start, forecast, persistence};
use super::panel::Panel;
use super::prior::{PriorPanels, THETA_NAMES, summaries};
use super::rivals::{autoregression, grid, linear_trend, random_walk};
use super::verdict::{COVERAGE_LEVELS, Verdict};
use crate::evaluation::{covers, ensemble_quantile, fair_crps, pit, uniformity};
use crate::simulation::SimulationError;

/// The rivals, in the order of [`Scored::rivals`].
pub const RIVALS: [&str; 3] = ["random walk with drift", "AR(1)", "linear trend"];

/// Quantiles that are kept of every forecast, in percent.
pub const QUANTILES: [u8; 7] = [3, 10, 25, 50, 75, 90, 97];

/// How much is run. The defaults take about two minutes of one core for 31 provinces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackTestOptions {
    /// Runs from the prior.
    pub prior_runs: u32,
    /// Members of each forecast.
    pub draws: usize,
    /// Years ahead.
    pub horizons: u32,
    /// Known years that a group needs up to an origin.
    pub least_years: usize,
    /// Firms at most, all groups together: beyond, luck of single firms hardly matters.
    pub most_firms: u32,
    /// Key of all draws.
    pub seed: [u32; 2],
}

impl Default for BackTestOptions {
    fn default() -> Self {
        Self {
            prior_runs: 1000,
            draws: 200,
            horizons: 3,
            least_years: 6,
            most_firms: 60_000,
            seed: [2026, 8],
        }
    }
}

/// One forecast and what came.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Group of the panel.
    pub group: usize,
    /// Year of the origin.
    pub origin: i32,
    /// Years ahead.
    pub horizon: u32,
    /// Log₂ growth since the origin that came.
    pub observed: f64,
    /// Quantiles of the forecast growth at [`QUANTILES`].
    pub quantiles: [f64; 7],
    /// Place of what came in the forecast, 0 to 1.
    pub place: f64,
    /// Whether it lies in the central intervals of [`COVERAGE_LEVELS`].
    pub covered: [bool; 3],
    /// CRPS of the model, log₂.
    pub crps: f64,
    /// CRPS of the [`RIVALS`].
    pub rivals: [f64; 3],
}

/// What was fitted at one origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Year of the origin.
    pub origin: i32,
    /// 10 %, 50 % and 90 % quantiles of each parameter's posterior.
    pub theta: [[f64; 3]; 3],
    /// National growth per year that goes on, log₂.
    pub national: f64,
    /// Share of relative growth that goes on.
    pub persistence: f64,
}

/// A back-test: every forecast, what was fitted, and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct BackTest {
    /// All forecasts, by origin, horizon, group.
    pub scored: Vec<Scored>,
    /// By origin.
    pub fitted: Vec<Fitted>,
    /// Simulation-based calibration at the last origin: counts of ranks in ten bins and p-value of
    /// uniformity, by parameter.
    pub calibration: Vec<(&'static str, Vec<usize>, f64)>,
    /// Groups without a forecast: too few years.
    pub left_out: Vec<usize>,
    /// Whether it passes, and by what.
    pub verdict: Verdict,
}

/// Runs the back-test. `told` is called before each origin with its number and their count.
///
/// # Errors
///
/// [`SimulationError::Shape`] for a panel that does not fit together or is too short, and what
/// [`Economy::step`](crate::simulation::Economy::step) refuses.
pub fn back_test(
    panel: &Panel,
    options: BackTestOptions,
    told: impl Fn(usize, usize),
) -> Result<BackTest, SimulationError> {
    panel.check()?;
    let short = SimulationError::Shape("too few years or groups for a back-test");
    let least = options.least_years.max(3);
    let is_origin = |last: &usize| {
        let enough = (0..panel.groups.len()).any(|g| can_forecast(panel, g, *last, least));
        let later = panel.years[*last + 1..].iter();
        let horizon = i32::try_from(options.horizons).unwrap_or(i32::MAX);
        enough && later.into_iter().any(|year| year - panel.years[*last] <= horizon)
    };
    let origins: Vec<usize> = (0..panel.years.len() - 1).filter(is_origin).collect();
    let (Some(first), Some(final_origin)) = (origins.first(), origins.last()) else {
        return Err(short);
    };
    // The path of the prior runs grows as the nation did before the first origin; only growth
    // relative to all is summarised.
    let growth = National::new(panel, *first).mean / 4.0;
    let earliest = Start::earliest(panel, options.most_firms);
    let prior = PriorPanels::new(panel, &earliest, growth, options.prior_runs, options.seed)?;
    let keep = (prior.theta.len() / 10).clamp(20, 400);
    let grid = grid(options.draws);
    let (mut scored, mut fitted) = (Vec::new(), Vec::new());
    for (i, &last) in origins.iter().enumerate() {
        told(i, origins.len());
        let runs = prior.until(panel, last);
        let observed = summaries(&panel.outputs[..=last], &panel.years[..=last]);
        let sample = observed.and_then(|it| runs.posterior(&it, keep, None));
        let sample = sample.ok_or(short.clone())?;
        let national = National::new(panel, last);
        let (slope, relative) = persistence(panel, last);
        let start = Start::new(panel, last, &relative, options.most_firms);
        let thetas: Vec<[f64; 3]> = (0..options.draws)
            .map(|draw| {
                let row = &sample[draw * sample.len() / options.draws];
                [row[0], row[1], row[2]]
            })
            .collect();
        let number = u32::try_from(i).expect("few years");
        let seed = options.seed;
        let ensembles = forecast(&start, national, &thetas, options.horizons, number, seed)?;
        for (horizon, by_group) in (1..).zip(&ensembles) {
            let target = panel.years[last] + i32::try_from(horizon).expect("few years");
            let Ok(at) = panel.years.binary_search(&target) else { continue };
            for (group, members) in by_group.iter().enumerate() {
                if can_forecast(panel, group, last, least) {
                    scored.extend(score(panel, group, (last, at), horizon, members, &grid));
                }
            }
        }
        let quantile = |j: usize| {
            let column: Vec<f64> = sample.iter().map(|row| row[j]).collect();
            [0.1, 0.5, 0.9].map(|p| ensemble_quantile(&column, p).unwrap_or(f64::NAN))
        };
        let (origin, theta) = (panel.years[last], [quantile(0), quantile(1), quantile(2)]);
        fitted.push(Fitted { origin, theta, national: national.mean, persistence: slope });
    }
    // Two hundred worlds suffice for ten bins.
    let ranks = prior.until(panel, *final_origin).ranks(200, keep).unwrap_or_default();
    let calibration = THETA_NAMES
        .iter()
        .zip(&ranks)
        .filter_map(|(name, ranks)| uniformity(ranks, 10).map(|(bins, p)| (*name, bins, p)))
        .collect();
    let told_of = |g: usize| scored.iter().any(|it| it.group == g);
    let left_out = (0..panel.groups.len()).filter(|g| !told_of(*g)).collect();
    let verdict = Verdict::new(&scored, options.seed).ok_or(short)?;
    Ok(BackTest { scored, fitted, calibration, left_out, verdict })
}

/// Whether the group is known at the origin and in enough years up to it.
fn can_forecast(panel: &Panel, group: usize, last: usize, least: usize) -> bool {
    panel.outputs[last][group].is_some() && panel.series(group, last).len() >= least
}

fn score(
    panel: &Panel,
    group: usize,
    (last, at): (usize, usize),
    horizon: u32,
    members: &[f64],
    grid: &[f64],
) -> Option<Scored> {
    let observed = (panel.outputs[at][group]? / panel.outputs[last][group]?).log2();
    let series = panel.series(group, last);
    let rivals = [
        random_walk(&series, horizon, grid),
        autoregression(&series, horizon, grid),
        linear_trend(&series, horizon, grid),
    ];
    let mut found = [f64::NAN; 3];
    for (score, rival) in found.iter_mut().zip(&rivals) {
        *score = fair_crps(rival, observed)?;
    }
    let quantile = |p: u8| ensemble_quantile(members, quantile_of(p)).unwrap_or(f64::NAN);
    Some(Scored {
        group,
        origin: panel.years[last],
        horizon,
        observed,
        quantiles: QUANTILES.map(quantile),
        place: pit(members, observed)?,
        covered: COVERAGE_LEVELS.map(|level| covers(members, observed, level) == Some(true)),
        crps: fair_crps(members, observed)?,
        rivals: found,
    })
}

/// The probability of a quantile's name: 3 and 97 stand for the ends of the 95 % interval.
fn quantile_of(percent: u8) -> f64 {
    match percent {
        3 => 0.025,
        97 => 0.975,
        other => f64::from(other) / 100.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::forecast::path;
    use super::super::prior::parameters;
    use super::*;

    /// A world made by the model itself is forecast with the coverage that is said, and what made
    /// it lies inside what is fitted.
    #[test]
    fn a_world_of_the_model_is_forecast_as_it_is() {
        let groups: Vec<String> = (0..16).map(|g| format!("G{g:02}")).collect();
        let outputs: Vec<Option<f64>> =
            (0..16).map(|g| Some(1e5 * f64::from(1 << (g % 4)))).collect();
        let first = Panel {
            years: vec![2000],
            outputs: vec![outputs],
            firms: vec![vec![Some(40.0); 16]],
            groups: groups.clone(),
        };
        let start = Start::earliest(&first, 60_000);
        let theta = [0.06, 0.65, 0.1];
        let years: Vec<u32> = (0..12).collect();
        let rows = path(&start, parameters(theta), 0.02, &years, 7, [5, 5]).expect("room");
        let world = Panel {
            groups,
            years: (2000..2012).collect(),
            firms: vec![vec![Some(40.0); 16]; 12],
            outputs: rows.iter().map(|row| row.iter().map(|y| Some(*y)).collect()).collect(),
        };
        let options = BackTestOptions { prior_runs: 300, draws: 60, ..BackTestOptions::default() };
        let found = back_test(&world, options, |_, _| {}).expect("a panel");
        assert_eq!(found.scored.len(), 16 * (4 * 3 + 2 + 1));
        assert!(found.left_out.is_empty());
        let coverage = found.verdict.coverage;
        assert!((0.65..=0.95).contains(&coverage[1]) && coverage[2] >= 0.85, "{coverage:?}");
        let [low, _, high] = found.fitted.last().expect("origins").theta[0];
        assert!(low <= 0.075 && 0.045 <= high, "{low} {high}");
        for (name, bins, p) in &found.calibration {
            assert!(*p > 0.001, "{name} {bins:?} {p}");
        }
        let again = back_test(&world, options, |_, _| {}).expect("a panel");
        assert_eq!(again, found);
    }
}
