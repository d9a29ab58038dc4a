//! Random quantities outside the engine: effects, shares, events. Each is a function of the seed,
//! of what is drawn and for which draw, so scenarios and subsets of levers share them.

use crate::kernel::firm_step::philox::{philox, purpose};

/// A stream of uniform numbers for one quantity and draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    seed: [u32; 2],
    purpose: u32,
    what: u32,
    number: u32,
}

impl Draw {
    /// Numbers about parameters and effects.
    pub(super) const fn of_parameter(seed: [u32; 2], what: u32, number: u32) -> Self {
        Self { seed, purpose: purpose::PARAMETERS, what, number }
    }

    /// Numbers about events.
    pub(super) const fn of_event(seed: [u32; 2], what: u32, number: u32) -> Self {
        Self { seed, purpose: purpose::SHOCK_EVENT, what, number }
    }

    /// The uniform number `k`, strictly between 0 and 1.
    pub(super) fn uniform(&self, k: u32) -> f64 {
        let word = philox([self.what, k, self.purpose, self.number], self.seed)[0];
        (f64::from(word) + 0.5) / 4_294_967_296.0
    }

    /// A standard normal number from the uniform numbers `k` and `k + 1` (Box and Muller 1958).
    pub(super) fn normal(&self, k: u32) -> f64 {
        let radius = (-2.0 * self.uniform(k).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform(k + 1)).cos()
    }
}

/// The quantile `u` of the triangular distribution over `low..=high` with this mode.
pub(super) fn triangular(u: f64, (low, mode, high): (f64, f64, f64)) -> f64 {
    let width = high - low;
    if width <= 0.0 {
        return low;
    }
    let turn = (mode - low) / width;
    if u < turn {
        low + (u * width * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * width * (high - mode)).sqrt()
    }
}

/// The quantile `u` of the beta distribution, from its density on a grid of 2048 midpoints.
///
/// Accurate to the grid, 0.0005; shapes below one have their infinite ends cut at it.
pub(super) fn beta(u: f64, a: f64, b: f64) -> f64 {
    const GRID: usize = 2048;
    let at = |i: usize| (i as f64 + 0.5) / GRID as f64;
    let logs: Vec<f64> =
        (0..GRID).map(|i| (a - 1.0) * at(i).ln() + (b - 1.0) * (1.0 - at(i)).ln()).collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|it| (it - most).exp()).collect();
    let wanted = u * weights.iter().sum::<f64>();
    let mut sum = 0.0;
    for (i, weight) in weights.iter().enumerate() {
        if sum + weight >= wanted {
            return (i as f64 + (wanted - sum) / weight) / GRID as f64;
        }
        sum += weight;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_have_the_right_moments() {
        let n = 4000;
        let grid = || (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n));
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / f64::from(n);
        // (low + mode + high)/3 and a/(a + b).
        let t = mean(grid().map(|u| triangular(u, (0.0, 0.4, 1.0))).collect());
        assert!((t - 1.4 / 3.0).abs() < 1e-4, "{t}");
        let b = mean(grid().map(|u| beta(u, 3.0, 5.6)).collect());
        assert!((b - 3.0 / 8.6).abs() < 1e-3, "{b}");
        assert_eq!(triangular(0.3, (1.0, 1.0, 1.0)), 1.0);
    }

    #[test]
    fn draws_are_normal_and_repeat() {
        let values: Vec<f64> =
            (0..4000).map(|n| Draw::of_parameter([1, 2], 7, n).normal(0)).collect();
        let mean = values.iter().sum::<f64>() / 4000.0;
        let variance = values.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 4000.0;
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.1, "{mean} {variance}");
        let one = Draw::of_event([1, 2], 7, 3);
        assert_eq!(one.uniform(0), one.uniform(0));
        assert_ne!(one.uniform(0), Draw::of_event([1, 2], 8, 3).uniform(0));
    }
}
