//! Paths of the engine from totals, and the forecast of the coming years.

use rayon::prelude::*;

use super::panel::Panel;
use super::prior::parameters;
use crate::kernel::firm_step::fixed::{ONE, X_MAX, X_MIN, gauss, mulq, octave, q24, to_f64};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{FirmRow, Firms, pack};
use crate::simulation::{Economy, Parameters, Setup, SimulationError};

/// Tail exponent of firm sizes (Axtell 2001).
const TAIL: f64 = 1.06;
/// Firms drawn for all groups together where no counts are given.
const UNCOUNTED_FIRMS: f64 = 20_000.0;
/// Output in 万元 of a group whose firms have all gone.
const SMALLEST_OUTPUT: f64 = 1.0;
/// Deviation of a group's mean capability beside what its past growth tells.
const GROUP_CAPABILITY: f64 = 0.1;
/// Bound of the capability that past growth is explained by.
const CAPABILITY_BOUND: f64 = 1.5;
/// Years of national growth that go on.
const NATIONAL_YEARS: usize = 5;
/// Least deviation of national growth per year, log₂.
const NATIONAL_FLOOR: f64 = 0.01;
/// Years of relative growth by which persistence is judged.
const PERSISTENCE_YEARS: usize = 3;

/// Totals by group from which firms are drawn.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// Which groups of the panel; the others are unknown at that year.
    pub(super) groups: Vec<usize>,
    n_groups: usize,
    /// Output in 万元.
    outputs: Vec<f64>,
    firms: Vec<u32>,
    /// Expected growth per year relative to all, log₂.
    relative: Vec<f64>,
}

impl Start {
    /// The totals of the year at `last`, with the relative growth per year that every group of the
    /// panel is expected to go on with.
    pub(super) fn new(panel: &Panel, last: usize, relative: &[f64], most_firms: u32) -> Self {
        let known = |g: &usize| panel.outputs[last][*g].is_some();
        let groups: Vec<usize> = (0..panel.groups.len()).filter(known).collect();
        let outputs: Vec<f64> = groups.iter().filter_map(|g| panel.outputs[last][*g]).collect();
        let firms = groups.iter().map(|g| panel.firms_at(*g, last)).collect();
        Self::from_totals(panel.groups.len(), groups, outputs, firms, relative, most_firms)
    }

    /// Every group with its first known value, for panels whose series begin in different years.
    pub(super) fn earliest(panel: &Panel, most_firms: u32) -> Self {
        let first = |g: usize| panel.outputs.iter().find_map(|row| row[g]);
        let groups: Vec<usize> = (0..panel.groups.len()).filter(|g| first(*g).is_some()).collect();
        let outputs: Vec<f64> = groups.iter().filter_map(|g| first(*g)).collect();
        let counted = |g: &usize| panel.firms.iter().find_map(|row| row[*g]);
        let firms = groups.iter().map(counted).collect();
        let none = vec![0.0; panel.groups.len()];
        Self::from_totals(panel.groups.len(), groups, outputs, firms, &none, most_firms)
    }

    fn from_totals(
        n_groups: usize,
        groups: Vec<usize>,
        outputs: Vec<f64>,
        counted: Vec<Option<f64>>,
        relative: &[f64],
        most_firms: u32,
    ) -> Self {
        let total: f64 = outputs.iter().sum();
        let share = |y: f64| UNCOUNTED_FIRMS * y / total;
        let wanted: Vec<f64> =
            counted.iter().zip(&outputs).map(|(n, y)| n.unwrap_or_else(|| share(*y))).collect();
        let scale = (f64::from(most_firms) / wanted.iter().sum::<f64>()).min(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few firms")]
        let firms = wanted.iter().map(|n| (n * scale).round().max(3.0) as u32).collect();
        Self {
            relative: groups.iter().map(|g| relative[*g]).collect(),
            n_groups,
            groups,
            outputs,
            firms,
        }
    }

    /// Firms with a Pareto tail whose sizes add up to the totals.
    fn draw(&self, phi: f64, run: u32, seed: [u32; 2], tables: &Tables) -> Firms {
        let mut firms = Firms::default();
        let mut uid = 0;
        for (i, (output, n)) in self.outputs.iter().zip(&self.firms).enumerate() {
            let cluster = u32::try_from(i).expect("at most 511 groups");
            let own = philox([cluster, 0, purpose::INITIAL_CAPABILITY, run], seed)[0];
            let told = (self.relative[i] / (4.0 * phi)).clamp(-CAPABILITY_BOUND, CAPABILITY_BOUND);
            let mean = q24(told) + mulq(q24(GROUP_CAPABILITY), gauss(own, tables));
            let per_excess = q24(1.0 / (TAIL * std::f64::consts::LN_2));
            let rows: Vec<([u32; 4], f64)> = (uid..uid + n)
                .map(|uid| {
                    let words = philox([uid, 0, purpose::INITIAL_FIRM, run], seed);
                    (words, to_f64(mulq(per_excess, octave(words[0], &tables.expo))))
                })
                .collect();
            let sum: f64 = rows.iter().map(|(_, x)| x.exp2()).sum();
            let shift = output.log2() - sum.log2();
            for (words, x) in rows {
                let a = mean + mulq(q24(0.4), gauss(words[1], tables));
                // Ages as in the reference economy: exponential with mean eight years.
                let age = (octave(words[2], &tables.expo) >> 19).min(200).cast_unsigned();
                let x = q24(x + shift).clamp(X_MIN, X_MAX);
                firms.push(FirmRow { uid, x, a, w0: pack(cluster, age, words[3]), w1: 0 });
                uid += 1;
            }
        }
        firms
    }
}

/// Outputs by group of the panel after `years`, in 万元, of one run; one for groups not started or
/// without firms, which have a logarithm nevertheless.
///
/// The economy is closed: ν holds the total at `growth` (log₂ per quarter), so that only growth
/// relative to all means anything.
pub(super) fn path(
    start: &Start,
    parameters: Parameters,
    growth: f64,
    years: &[u32],
    run: u32,
    seed: [u32; 2],
) -> Result<Vec<Vec<f64>>, SimulationError> {
    let p = &parameters;
    let tables = Tables::new(p.young, p.tau, p.logit0, p.logit1);
    let firms = start.draw(p.phi, run, seed, &tables);
    let shape = (start.groups.len(), 1);
    let mut setup = Setup::new(parameters, seed, shape, growth.clamp(-0.2, 0.2), firms)?;
    setup.capacity *= 4;
    let mut economy = Economy::closing(&setup, run)?;
    let mut nu = 0_i32;
    let mut rows = Vec::with_capacity(years.len());
    for year in years {
        while economy.quarter() < 4 * year {
            economy.set_nu(nu);
            economy.step()?;
            nu = (nu + economy.deviation() / 2).clamp(-ONE / 4, ONE / 4);
        }
        let mut row = vec![SMALLEST_OUTPUT; start.n_groups];
        for (g, sums) in start.groups.iter().zip(economy.clusters()) {
            row[*g] = (sums.output as f64 / 16.0).max(SMALLEST_OUTPUT);
        }
        rows.push(row);
    }
    Ok(rows)
}

/// National growth per year that goes on: mean, deviation and number of years behind them.
#[derive(Debug, Clone, Copy)]
pub(super) struct National {
    pub(super) mean: f64,
    sd: f64,
    n: f64,
}

impl National {
    /// From the years up to the one at `last`.
    pub(super) fn new(panel: &Panel, last: usize) -> Self {
        let known = Panel::national(&panel.outputs[..=last], &panel.years[..=last]);
        let known: Vec<f64> = known.into_iter().flatten().collect();
        let recent = &known[known.len().saturating_sub(NATIONAL_YEARS)..];
        let n = recent.len().max(1) as f64;
        let mean = recent.iter().sum::<f64>() / n;
        let squares: f64 = recent.iter().map(|g| (g - mean).powi(2)).sum();
        let sd = (squares / (n - 1.0).max(1.0)).sqrt().max(NATIONAL_FLOOR);
        Self { mean, sd, n }
    }
}

/// What of relative growth goes on: slope of a year's relative growth on the mean of the three
/// before it, over all groups and years up to the one at `last`, within 0 to 1; and that mean by
/// group, times the slope.
pub(super) fn persistence(panel: &Panel, last: usize) -> (f64, Vec<f64>) {
    let relative = Panel::relative(&panel.outputs[..=last], &panel.years[..=last]);
    let before = |g: usize, end: usize| {
        let from = end.saturating_sub(PERSISTENCE_YEARS);
        let known: Vec<f64> = relative[from..end].iter().filter_map(|row| row[g]).collect();
        let n = known.len() as f64;
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / n)
    };
    let (mut cross, mut squares) = (0.0, 0.0);
    for (t, row) in relative.iter().enumerate() {
        for (g, now) in row.iter().enumerate() {
            if let (Some(now), Some(past)) = (now, before(g, t)) {
                cross += now * past;
                squares += past * past;
            }
        }
    }
    let slope = if squares > 0.0 { (cross / squares).clamp(0.0, 1.0) } else { 0.0 };
    let by_group =
        (0..panel.groups.len()).map(|g| slope * before(g, relative.len()).unwrap_or(0.0));
    (slope, by_group.collect())
}

/// Ensembles of log₂ growth since the origin, `[n_horizons][n_groups][n_draws]`, for 1 to
/// `horizons` years; empty for groups unknown at the origin.
pub(super) fn forecast(
    start: &Start,
    national: National,
    thetas: &[[f64; 3]],
    horizons: u32,
    origin: u32,
    seed: [u32; 2],
) -> Result<Vec<Vec<Vec<f64>>>, SimulationError> {
    let years: Vec<u32> = (0..=horizons).collect();
    let tables = Tables::new(0.02, 1.3, -3.48, 2.26);
    let draw = |(i, theta): (u32, &[f64; 3])| {
        // Other draws than those of the prior runs and of other origins.
        let run = (origin + 1) << 20 | i;
        let rows = path(start, parameters(*theta), national.mean / 4.0, &years, run, seed)?;
        let z = |k: u32| {
            let words = philox([k, 1, purpose::PARAMETERS, run], seed);
            to_f64(gauss(words[0], &tables))
        };
        let drift = national.mean + national.sd / national.n.sqrt() * z(0);
        let total = |row: &[f64]| row.iter().sum::<f64>().log2();
        let mut path = 0.0;
        let mut grown = Vec::with_capacity(horizons as usize);
        for (h, row) in (1..).zip(&rows[1..]) {
            path += drift + national.sd * z(h);
            let all = total(row) - total(&rows[0]);
            let one = |g: &usize| (row[*g] / rows[0][*g]).log2() - all + path;
            grown.push(start.groups.iter().map(one).collect::<Vec<f64>>());
        }
        Ok(grown)
    };
    let numbered: Vec<(u32, &[f64; 3])> = (0..).zip(thetas).collect();
    let runs: Vec<Result<Vec<Vec<f64>>, SimulationError>> =
        numbered.into_par_iter().map(draw).collect();
    let mut ensembles = vec![vec![Vec::new(); start.n_groups]; horizons as usize];
    for run in runs {
        for (rows, grown) in ensembles.iter_mut().zip(run?) {
            for (g, value) in start.groups.iter().zip(grown) {
                rows[*g].push(value);
            }
        }
    }
    Ok(ensembles)
}
