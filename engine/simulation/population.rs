//! Firms of the reference economy, where no register is given.

use crate::kernel::firm_step::fixed::{ONE, X_MAX, gauss, mulq, octave, q24, size16};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{FirmRow, Firms, pack};

/// Clusters are the same whatever the seed of the run: only firms differ.
const CLUSTER_SEED: [u32; 2] = [77, 0];
/// Smallest initial log₂ size, about 200 万元.
const SMALLEST: f64 = 7.64;
/// Tail exponent of initial sizes (Axtell 2001).
const TAIL: f64 = 1.06;

/// `n` firms with Pareto sizes in clusters of log-normal weight (sd 1.6 in natural logarithms).
///
/// Ages are exponential with mean eight years, at most fifty; capability is a cluster's mean
/// (sd 0.3) and the firm's own part (sd 0.4).
///
/// # Panics
///
/// When `clusters` is zero or above 511.
#[must_use]
pub fn reference_firms(n: u32, clusters: usize, seed: [u32; 2], tables: &Tables) -> Firms {
    assert!((1..=511).contains(&clusters), "clusters must be 1 to 511");
    let id = |c: usize| u32::try_from(c).expect("nine bits");
    let spread = q24(1.6 * std::f64::consts::LOG2_E);
    let mut cumulative = Vec::with_capacity(clusters);
    let mut total = 0_u64;
    for c in 0..clusters {
        let z = gauss(philox([id(c), 0, purpose::INITIAL_CLUSTER, 0], CLUSTER_SEED)[0], tables);
        total += u64::from(size16(12 * ONE + mulq(spread, z), tables));
        cumulative.push(total);
    }
    let mut firms = Firms::default();
    for uid in 0..n {
        let r = philox([uid, 0, purpose::INITIAL_FIRM, 0], seed);
        let more = philox([uid, 1, purpose::INITIAL_FIRM, 0], seed);
        let target = (u128::from(r[0]) * u128::from(total)) >> 32;
        let c = cumulative.partition_point(|below| u128::from(*below) <= target);
        let mean = philox([id(c), 0, purpose::INITIAL_CAPABILITY, 0], CLUSTER_SEED)[0];
        let a = mulq(q24(0.3), gauss(mean, tables)) + mulq(q24(0.4), gauss(r[3], tables));
        // −ln U / (ζ·ln 2) is the log₂ excess of a Pareto variable over its minimum.
        let excess = octave(r[1], &tables.expo);
        let x = q24(SMALLEST) + mulq(q24(1.0 / (TAIL * std::f64::consts::LN_2)), excess);
        // Thirty-two quarters per unit of Exp(1), the point moved from bit 24 to bit 0.
        let age = (octave(r[2], &tables.expo) >> 19).min(200);
        let w0 = pack(id(c), age.cast_unsigned(), more[0]);
        firms.push(FirmRow { uid, x: x.min(25 * ONE).min(X_MAX), a, w0, w1: 0 });
    }
    firms
}
