//! Approximate Bayesian computation by regression: which parameters made data like these?

/// Adds half a thousandth at either end, so that a draw on the border of its range has a logit.
const BORDER: f64 = 5e-4;
/// Added to the diagonal of the normal equations: summaries that do not vary get no slope.
const RIDGE: f64 = 1e-6;

/// Draws from the prior with what a simulation made of each.
#[derive(Debug, Clone, Default)]
pub struct PriorRuns {
    /// Least and greatest value of each parameter; priors are log-uniform between them.
    pub ranges: Vec<(f64, f64)>,
    /// Parameters, `[n_runs][n_parameters]`.
    pub parameters: Vec<Vec<f64>>,
    /// Summaries, `[n_runs][n_summaries]`, finite.
    pub summaries: Vec<Vec<f64>>,
}

impl PriorRuns {
    /// A sample of the posterior of `observed` (Beaumont, Zhang and Balding 2002): of all runs but
    /// `without` the `keep` nearest ones by standardised summaries, moved along local-linear
    /// regressions in logit space, weighted by Epanechnikov's kernel in the regression.
    ///
    /// `None` with fewer runs than `keep`, fewer kept ones than summaries + 2, a range that does not
    /// ascend above 0, rows of different length, or numbers that are not finite.
    #[must_use]
    pub fn posterior(
        &self,
        observed: &[f64],
        keep: usize,
        without: Option<usize>,
    ) -> Option<Vec<Vec<f64>>> {
        let n = observed.len();
        let others: Vec<usize> =
            (0..self.parameters.len()).filter(|run| Some(*run) != without).collect();
        let ascend = self.ranges.iter().all(|(low, high)| 0.0 < *low && low < high);
        let even = self.summaries.len() == self.parameters.len()
            && self
                .summaries
                .iter()
                .all(|row| row.len() == n && row.iter().all(|it| it.is_finite()))
            && observed.iter().all(|it| it.is_finite())
            && self.parameters.iter().all(|row| row.len() == self.ranges.len());
        if keep < n + 2 || others.len() < keep || !ascend || !even {
            return None;
        }
        let spread: Vec<f64> = (0..n)
            .map(|j| {
                let mean = self.summaries.iter().map(|row| row[j]).sum::<f64>()
                    / self.summaries.len() as f64;
                let squares: f64 = self.summaries.iter().map(|row| (row[j] - mean).powi(2)).sum();
                let sd = (squares / self.summaries.len() as f64).sqrt();
                if sd > 0.0 { sd } else { 1.0 }
            })
            .collect();
        let apart = |run: usize| -> Vec<f64> {
            let row = &self.summaries[run];
            (0..n).map(|j| (row[j] - observed[j]) / spread[j]).collect()
        };
        let mut near: Vec<(f64, usize)> = others
            .into_iter()
            .map(|run| (apart(run).iter().map(|d| d * d).sum::<f64>().sqrt(), run))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.truncate(keep);
        let width = near.last().map_or(1.0, |it| it.0).max(f64::MIN_POSITIVE) * (1.0 + 1e-9);
        let designs: Vec<Vec<f64>> =
            near.iter().map(|(_, run)| std::iter::once(1.0).chain(apart(*run)).collect()).collect();
        let weights: Vec<f64> = near.iter().map(|it| 1.0 - (it.0 / width).powi(2)).collect();
        let mut sample = vec![vec![0.0; self.ranges.len()]; keep];
        for (j, range) in self.ranges.iter().enumerate() {
            let values: Vec<f64> =
                near.iter().map(|(_, run)| logit(self.parameters[*run][j], *range)).collect();
            let slopes = regression(&designs, &values, &weights);
            for ((row, design), value) in sample.iter_mut().zip(&designs).zip(&values) {
                let moved: f64 = design[1..].iter().zip(&slopes[1..]).map(|(d, b)| d * b).sum();
                row[j] = from_logit(value - moved, *range);
            }
        }
        Some(sample)
    }

    /// Simulation-based calibration (Talts et al. 2018): each of the first `worlds` runs is taken
    /// for the data, and the place of its parameters in the posterior of the other runs is noted,
    /// `[n_parameters][n_worlds]` from 0 to 1; uniform where the posterior is right.
    #[must_use]
    pub fn ranks(&self, worlds: usize, keep: usize) -> Option<Vec<Vec<f64>>> {
        let mut ranks = vec![Vec::new(); self.ranges.len()];
        for world in 0..worlds.min(self.parameters.len()) {
            let sample = self.posterior(&self.summaries[world], keep, Some(world))?;
            for (j, rank) in ranks.iter_mut().enumerate() {
                let column: Vec<f64> = sample.iter().map(|row| row[j]).collect();
                rank.push(super::pit(&column, self.parameters[world][j])?);
            }
        }
        Some(ranks)
    }
}

/// Where a value stands between the ends of its range on a logarithmic scale, as log-odds.
fn logit(value: f64, (low, high): (f64, f64)) -> f64 {
    let place = ((value / low).ln() / (high / low).ln()).clamp(BORDER, 1.0 - BORDER);
    (place / (1.0 - place)).ln()
}

fn from_logit(logit: f64, (low, high): (f64, f64)) -> f64 {
    let place = 1.0 / (1.0 + (-logit).exp());
    low * (high / low).powf(place)
}

/// Weighted least squares by the normal equations.
fn regression(designs: &[Vec<f64>], values: &[f64], weights: &[f64]) -> Vec<f64> {
    let n = designs.first().map_or(0, Vec::len);
    // The matrix and beside it the right-hand side.
    let mut system = vec![vec![0.0; n + 1]; n];
    for ((design, value), weight) in designs.iter().zip(values).zip(weights) {
        for (row, left) in system.iter_mut().zip(design) {
            for (cell, right) in row.iter_mut().zip(design.iter().chain([value])) {
                *cell += weight * left * right;
            }
        }
    }
    for (i, row) in system.iter_mut().enumerate() {
        row[i] += RIDGE;
    }
    solve(system)
}

/// Gaussian elimination with partial pivoting of a system with its right-hand side in the last
/// column; the matrix is positive definite.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let n = system.len();
    for i in 0..n {
        let pivot = (i..n).max_by(|a, b| system[*a][i].abs().total_cmp(&system[*b][i].abs()));
        system.swap(i, pivot.unwrap_or(i));
        let (above, below) = system.split_at_mut(i + 1);
        for row in below {
            let factor = row[i] / above[i][i];
            row.iter_mut().zip(&above[i]).skip(i).for_each(|(cell, top)| *cell -= factor * top);
        }
    }
    let mut solution = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| system[i][j] * solution[j]).sum();
        solution[i] = (system[i][n] - known) / system[i][i];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::{normal_quantile, uniformity};
    use crate::kernel::firm_step::philox::philox;

    /// Data of ten normal numbers with unknown deviation, summarised by their log deviation.
    fn runs(n: u32) -> PriorRuns {
        let uniform =
            |i: u32, j: u32| (f64::from(philox([i, j, 400, 0], [1, 9])[0]) + 0.5) / 2_f64.powi(32);
        let range: (f64, f64) = (0.1, 10.0);
        let mut all = PriorRuns { ranges: vec![range], ..PriorRuns::default() };
        for i in 0..n {
            let sd = range.0 * (range.1 / range.0).powf(uniform(i, 0));
            let squares: f64 =
                (1..=10).map(|j| (sd * normal_quantile(uniform(i, j))).powi(2)).sum();
            all.parameters.push(vec![sd]);
            all.summaries.push(vec![(squares / 10.0).ln() / 2.0]);
        }
        all
    }

    #[test]
    fn the_posterior_is_where_the_data_come_from_and_its_ranks_are_uniform() {
        let runs = runs(3000);
        let sample = runs.posterior(&[0.0], 300, None).expect("enough runs");
        let mean = sample.iter().map(|row| row[0].ln()).sum::<f64>() / 300.0;
        let sd =
            (sample.iter().map(|row| (row[0].ln() - mean).powi(2)).sum::<f64>() / 300.0).sqrt();
        // ln s is nearly normal with deviation 1/√(2·10) and a mean 1/20 below ln σ.
        assert!((mean - 0.05).abs() < 0.04 && (sd - 0.224).abs() < 0.04, "{mean} {sd}");
        let ranks = runs.ranks(200, 300).expect("enough runs");
        let (counts, p) = uniformity(&ranks[0], 10).expect("ranks");
        assert!(p > 0.01, "{counts:?} {p}");
    }

    #[test]
    fn too_little_is_refused() {
        let runs = runs(50);
        assert!(runs.posterior(&[0.0], 51, None).is_none());
        assert!(runs.posterior(&[0.0], 2, None).is_none());
        assert!(runs.posterior(&[0.0, 0.0], 20, None).is_none());
        assert!(runs.posterior(&[0.0], 50, Some(0)).is_none());
        assert!(runs.posterior(&[f64::NEG_INFINITY], 20, None).is_none());
    }

    #[test]
    fn systems_are_solved() {
        let solution = solve(vec![vec![0.0, 2.0, 4.0], vec![3.0, 1.0, 5.0]]);
        assert!((solution[0] - 1.0).abs() < 1e-12 && (solution[1] - 2.0).abs() < 1e-12);
    }
}
