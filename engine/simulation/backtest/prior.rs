//! What is fitted, what it is fitted to, and the runs in between.

use rayon::prelude::*;

use super::forecast::{Start, path};
use super::panel::Panel;
use crate::evaluation::PriorRuns;
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::simulation::{Parameters, SimulationError};

/// The parameters that are fitted: σ_c, σ0, φ. Shocks common to all groups are not: they cancel in
/// growth relative to all, and the national path is an input.
pub const THETA_NAMES: [&str; 3] = ["σ_c", "σ0", "φ"];

/// Least and greatest value of each; priors are log-uniform. σ_c reaches beyond its evidence
/// (0.06), which stems from longer panels of larger places; the others keep to theirs.
pub const THETA_RANGES: [(f64, f64); 3] = [(0.005, 0.2), (0.45, 0.85), (0.04, 0.2)];

/// What series are summarised by: logarithms of the median absolute relative growth of large and
/// of small groups and of its 90 % quantile, its autocorrelation, and the logarithm of the
/// deviation of the groups' mean relative growth.
pub const SUMMARY_NAMES: [&str; 5] =
    ["ln |r| large", "ln |r| small", "ln |r| 90 %", "autocorrelation", "ln sd mean r"];

/// Smallest deviation that a logarithm is taken of: a hundredth of a percent.
const FLOOR: f64 = 1e-4;

/// Simulated panels, one per draw of the prior.
pub(super) struct PriorPanels {
    pub(super) theta: Vec<[f64; 3]>,
    /// `[n_runs][n_years][n_groups]`, known where the panel is.
    outputs: Vec<Vec<Vec<Option<f64>>>>,
}

/// Draw `run` of the prior.
fn draw(run: u32, seed: [u32; 2]) -> [f64; 3] {
    let words = philox([run, 0, purpose::PARAMETERS, 0], seed);
    std::array::from_fn(|j| {
        let (low, high) = THETA_RANGES[j];
        low * (high / low).powf((f64::from(words[j]) + 0.5) / 2_f64.powi(32))
    })
}

/// The parameters of a draw; common shocks are off, they cancel.
pub(super) fn parameters([sigma_cluster, sigma0, phi]: [f64; 3]) -> Parameters {
    let off = Parameters { sigma_industry: 0.0, sigma_province: 0.0, ..Parameters::default() };
    Parameters { sigma_cluster, sigma0, phi, ..off }
}

impl PriorPanels {
    /// Simulates the panel from its first year on, `n_runs` times.
    pub(super) fn new(
        panel: &Panel,
        start: &Start,
        growth: f64,
        n_runs: u32,
        seed: [u32; 2],
    ) -> Result<Self, SimulationError> {
        let years: Vec<u32> = panel
            .years
            .iter()
            .map(|year| u32::try_from(year - panel.years[0]).unwrap_or(0))
            .collect();
        let run = |run: u32| {
            let theta = draw(run, seed);
            let simulated = path(start, parameters(theta), growth, &years, run, seed)?;
            let known = |(known, it): (&Option<f64>, f64)| known.map(|_| it);
            let rows = panel.outputs.iter().zip(simulated);
            let outputs = rows
                .map(|(known_row, row)| known_row.iter().zip(row).map(known).collect())
                .collect();
            Ok((theta, outputs))
        };
        let runs: Vec<Result<_, SimulationError>> = (0..n_runs).into_par_iter().map(run).collect();
        let (theta, outputs) = runs.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok(Self { theta, outputs })
    }

    /// The runs as seen from the year at `last`: only the years up to it are summarised.
    pub(super) fn until(&self, panel: &Panel, last: usize) -> PriorRuns {
        let mut runs = PriorRuns { ranges: THETA_RANGES.to_vec(), ..PriorRuns::default() };
        for (theta, outputs) in self.theta.iter().zip(&self.outputs) {
            if let Some(summary) = summaries(&outputs[..=last], &panel.years[..=last]) {
                runs.parameters.push(theta.to_vec());
                runs.summaries.push(summary);
            }
        }
        runs
    }
}

/// The summaries in the order of [`SUMMARY_NAMES`]; `None` when fewer than eight growths are known.
pub(super) fn summaries(outputs: &[Vec<Option<f64>>], years: &[i32]) -> Option<Vec<f64>> {
    let relative = Panel::relative(outputs, years);
    let n_groups = outputs.first()?.len();
    let first = |g: usize| outputs.iter().find_map(|row| row[g]);
    let mut sizes: Vec<f64> = (0..n_groups).filter_map(first).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = *sizes.get(sizes.len() / 2)?;
    let (mut large, mut small, mut lagged, mut means) = (vec![], vec![], vec![], vec![]);
    for g in 0..n_groups {
        let own: Vec<Option<f64>> = relative.iter().map(|row| row[g]).collect();
        let known: Vec<f64> = own.iter().flatten().copied().collect();
        let side = if first(g) >= Some(middle) { &mut large } else { &mut small };
        side.extend(known.iter().map(|r| r.abs()));
        lagged.extend(own.windows(2).filter_map(|pair| Some((pair[0]?, pair[1]?))));
        if known.len() >= 2 {
            means.push(known.iter().sum::<f64>() / known.len() as f64);
        }
    }
    let mut all: Vec<f64> = large.iter().chain(&small).copied().collect();
    if all.len() < 8 || large.is_empty() || small.is_empty() || means.len() < 2 {
        return None;
    }
    let at = |values: &mut Vec<f64>, tenths: usize| {
        values.sort_by(f64::total_cmp);
        values[(values.len() * tenths / 10).min(values.len() - 1)].max(FLOOR).ln()
    };
    let mean = means.iter().sum::<f64>() / means.len() as f64;
    let squares: f64 = means.iter().map(|m| (m - mean).powi(2)).sum();
    let sd = (squares / (means.len() - 1) as f64).sqrt();
    let (cross, squares) = lagged.iter().fold((0.0, 0.0), |(cross, squares), (a, b)| {
        (cross + a * b, squares + (a * a + b * b) / 2.0)
    });
    let autocorrelation = if squares > 0.0 { cross / squares } else { 0.0 };
    let (large, small, tail) = (at(&mut large, 5), at(&mut small, 5), at(&mut all, 9));
    Some(vec![large, small, tail, autocorrelation, sd.max(FLOOR).ln()])
}
