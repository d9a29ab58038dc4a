//! Replicates of one cluster under one member, ready for statistics. Money is in 亿元.

use super::error::ForecastError;
use super::parts::Parts;
use super::replicate::Year;
use super::statistics::sorted;

/// Sixteenths of 万元 in 亿元.
pub(super) const YI: f64 = 16.0 * 1e4;

/// Replicates of a cluster, `[replicate][year]`.
#[derive(Debug, Clone)]
pub(super) struct Sample(Vec<Vec<Year>>);

impl Sample {
    pub(super) fn read(
        parts: &Parts,
        member: usize,
        cluster: usize,
    ) -> Result<Self, ForecastError> {
        Ok(Self(parts.years(member, cluster)?))
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The years of every replicate, in order.
    pub(super) fn replicates(&self) -> impl Iterator<Item = &[Year]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// Output of a year by replicate, 亿元.
    pub(super) fn output(&self, year: usize) -> Vec<f64> {
        self.0.iter().map(|it| it[year].output as f64 / YI).collect()
    }

    /// Some count of a year, ascending.
    pub(super) fn sorted_count(&self, year: usize, count: impl Fn(&Year) -> u32) -> Vec<f64> {
        sorted(self.0.iter().map(|it| f64::from(count(&it[year]))))
    }

    /// Relative differences of output to paired replicates of the baseline; 0 where it has none.
    pub(super) fn relative(&self, baseline: &Self, year: usize) -> Vec<f64> {
        let pairs = self.0.iter().zip(&baseline.0);
        let ratio = |(a, b): (&Vec<Year>, &Vec<Year>)| {
            let (a, b) = (a[year].output, b[year].output);
            if b == 0 { 0.0 } else { a as f64 / b as f64 - 1.0 }
        };
        pairs.map(ratio).collect()
    }

    /// Differences of output to paired replicates of the baseline, 亿元.
    pub(super) fn difference(&self, baseline: &Self, year: usize) -> Vec<f64> {
        let pairs = self.output(year).into_iter().zip(baseline.output(year));
        pairs.map(|(a, b)| a - b).collect()
    }

    /// Whether a replicate differs from its pair in any year and count.
    pub(super) fn differs(&self, baseline: &Self) -> bool {
        self.0.iter().zip(&baseline.0).any(|(a, b)| a != b)
    }
}
