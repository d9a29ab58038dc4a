//! Look-up tables: computed once in f64, rounded to integers, identified by their FNV hash.
//!
//! After rounding, the last bit of a platform's `ln` matters in rare entries only; where it does,
//! the hash differs, and results that were made with other tables are not mixed.

use super::fixed::{ONE, q24};

/// log-odds between nodes of [`Tables::conversion`]: sixteen per unit.
pub const LOGIT_STEPS: i32 = 16;
/// Least log-odds of [`Tables::conversion`]; the greatest is its negative.
pub const LOGIT_MIN: i32 = -16;
/// Quarters that an agreed match may take to become a contract.
pub const MATCH_QUARTERS: u32 = 12;

/// All tables of one parameter set. Lengths beyond the nodes are padding, so that a masked index
/// is always inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// 2^(j/256) in Q30, j = 0..=256.
    pub exp2: [u32; 257],
    /// log₂(1 + j/256) in Q24, j = 0..=256.
    pub log2: [i32; 258],
    /// −Φ⁻¹(p/2) over octaves of p, 1056 nodes.
    pub gauss: [i32; 2048],
    /// −ln p over octaves of p, 1056 nodes.
    pub expo: [i32; 2048],
    /// √V at 256 mid-quantiles, V = E^τ / mean, E ~ Exp(1).
    pub root_variance: [i32; 256],
    /// log₂ multiplier of the exit hazard by age in years.
    pub hazard_by_age: [i32; 64],
    /// Extra growth per quarter by age in years.
    pub young_growth: [i32; 64],
    /// Quarterly probability of conversion in 1/65536, over log-odds of the twelve-quarter
    /// probability from [`LOGIT_MIN`] in steps of 1/[`LOGIT_STEPS`], 512 nodes.
    pub conversion: [i32; 512],
    /// log-odds (Q24, natural) of the twelve-quarter probability by score 0..=255.
    pub logit_by_score: [i32; 256],
}

/// Exit hazard by age relative to the base rate: a low first year, a hump at ages one to four and
/// a long decline (national enterprise survival analysis, 2013).
const HAZARD_STEPS: [(usize, f64); 9] = [
    (1, 0.45),
    (2, 1.9),
    (3, 2.0),
    (4, 1.55),
    (5, 1.15),
    (7, 0.80),
    (10, 0.55),
    (15, 0.42),
    (64, 0.35),
];

/// Nodes of the octave tables: 32 octaves of 33 nodes.
const OCTAVE_NODES: usize = 32 * 33;

impl Tables {
    /// Builds the tables.
    ///
    /// `young` is the extra growth per quarter at birth, `tau` the exponent of the variance
    /// regimes; `logit0` and `logit1` are intercept and slope of conversion over the score.
    #[must_use]
    pub fn new(young: f64, tau: f64, logit0: f64, logit1: f64) -> Box<Self> {
        let octaves = |f: fn(f64) -> f64| -> [i32; 2048] {
            std::array::from_fn(|i| {
                if i >= OCTAVE_NODES {
                    return 0;
                }
                let octave = (0..i / 33).fold(0.5, |p, _| p / 2.0);
                q24(f(octave * (1.0 + index(i % 33) / 32.0)))
            })
        };
        let regimes: [f64; 256] =
            std::array::from_fn(|i| (-(1.0 - (index(i) + 0.5) / 256.0).ln()).powf(tau));
        let mean = regimes.iter().sum::<f64>() / 256.0;
        Box::new(Self {
            exp2: std::array::from_fn(|j| unsigned(2_f64.powi(30) * (index(j) / 256.0).exp2())),
            log2: std::array::from_fn(|j| q24((1.0 + index(j.min(256)) / 256.0).log2())),
            gauss: octaves(|p| -inverse_normal((p / 2.0).min(0.5))),
            expo: octaves(|p| -p.min(1.0).ln()),
            root_variance: regimes.map(|v| q24((v / mean).sqrt())),
            hazard_by_age: std::array::from_fn(|age| {
                let step = HAZARD_STEPS.iter().find(|(below, _)| age < *below);
                q24(step.map_or(0.35, |(_, multiplier)| *multiplier).log2())
            }),
            young_growth: std::array::from_fn(|age| q24(young * (-index(age) / 4.0).exp())),
            conversion: std::array::from_fn(|i| {
                let logit = f64::from(LOGIT_MIN) + index(i) / f64::from(LOGIT_STEPS);
                let total = 1.0 / (1.0 + (-logit).exp());
                let quarterly = 1.0 - (1.0 - total).powf(1.0 / f64::from(MATCH_QUARTERS));
                // Sixteen more bits than the test needs, so that interpolation does not round.
                q24(quarterly)
            }),
            logit_by_score: std::array::from_fn(|score| {
                q24(logit0 + logit1 * (index(score) + 0.5) / 256.0)
            }),
        })
    }

    /// The identity of the tables: FNV-64 over all nodes in the order of the fields.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let signed = [
            &self.log2[..257],
            &self.gauss[..OCTAVE_NODES],
            &self.expo[..OCTAVE_NODES],
            &self.root_variance,
            &self.hazard_by_age,
            &self.young_growth,
            &self.conversion,
            &self.logit_by_score,
        ];
        let exp2 = self.exp2.iter().fold(FNV_BASIS, |hash, word| fnv(hash, u64::from(*word)));
        signed.iter().fold(exp2, |hash, table| fnv_table(hash, table))
    }

    /// The quarterly probability of conversion in Q24 at log-odds `logit` (Q24, natural).
    #[inline(always)]
    #[must_use]
    pub fn conversion_at(&self, logit: i32) -> i32 {
        // The last node has no successor, hence the bound one bit below it.
        let offset = (logit - LOGIT_MIN * ONE).clamp(0, 511 * (ONE / LOGIT_STEPS) - 1);
        let i = (offset >> 20) as usize;
        let (low, high) = (self.conversion[i & 511], self.conversion[(i + 1) & 511]);
        low + super::fixed::mul16(high - low, (offset >> 4) & 0xffff)
    }
}

/// Offset basis of FNV-1a, 64 bits.
pub const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV over whole words: exclusive or, then the prime.
#[must_use]
pub const fn fnv(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3)
}

fn fnv_table(hash: u64, table: &[i32]) -> u64 {
    table.iter().fold(hash, |hash, entry| fnv(hash, u64::from(entry.cast_unsigned())))
}

fn index(i: usize) -> f64 {
    f64::from(u32::try_from(i).expect("tables are short"))
}

#[expect(clippy::cast_possible_truncation, reason = "at most 2³¹")]
fn unsigned(x: f64) -> u32 {
    x.round() as u32
}

/// Φ⁻¹(p) for p in (0, ½] by Acklam's rational approximation (relative error 1.15·10⁻⁹).
fn inverse_normal(p: f64) -> f64 {
    let horner = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |y, c| y * x + c);
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    if p < 0.02425 {
        let q = (-2.0 * p.ln()).sqrt();
        horner(&C, q) / horner(&D, q)
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / horner(&B, r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::firm_step::fixed::to_f64;

    /// K2: the published hashes of the tables.
    #[test]
    fn hashes_are_the_published_ones() {
        let t = Tables::new(0.02, 1.3, -3.48, 2.26);
        assert_eq!(fnv_table(FNV_BASIS, &t.gauss[..OCTAVE_NODES]), 0xa261_369e_e307_137a);
        assert_eq!(fnv_table(FNV_BASIS, &t.expo[..OCTAVE_NODES]), 0xdcfc_2f0f_badd_83eb);
        assert_eq!(fnv_table(FNV_BASIS, &t.root_variance), 0xab83_183f_5849_8b02);
        assert_ne!(t.hash(), Tables::new(0.02, 1.2, -3.48, 2.26).hash());
    }

    /// K9: totals over twelve quarters at the centres of sixteenths of the score.
    #[test]
    fn conversion_totals() {
        let t = Tables::new(0.02, 1.3, -3.48, 2.26);
        for (score, expected) in [(8, 3.2), (72, 5.5), (136, 9.3), (200, 15.3), (248, 21.6)] {
            let logit = i32::midpoint(t.logit_by_score[score - 1], t.logit_by_score[score]);
            let q = to_f64(t.conversion_at(logit));
            let total = 100.0 * (1.0 - (1.0 - q).powi(12));
            assert!((total - expected).abs() < 0.06, "{score}: {total}");
        }
        assert!(t.conversion_at(i32::MIN / 8) >= 0 && t.conversion_at(30 * ONE) < ONE);
    }
}
