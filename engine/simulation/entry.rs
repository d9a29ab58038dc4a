//! Entry: candidates by cluster, thinned by one uniform number each, and spin-offs.

use serde::{Deserialize, Serialize};

use super::economy::State;
use super::setup::Setup;
use crate::kernel::firm_step::fixed::{ONE, exp2q, gauss, log2q, mulq, q24};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::{ClusterSums, FirmRow, pack};

/// First candidate number of spin-offs: their ids do not meet those of ordinary candidates.
const SPIN_OFFS: u32 = 0x2000;
/// First candidate number of attracted firms.
pub(super) const ATTRACTED: u32 = 0x3000;
/// Smallest and largest log₂ size of an entrant, in Q24: about 111 万元 and 2.6 亿元.
const ENTRANT_SIZES: (i32, i32) = (6 * ONE + ONE / 5 * 4, 18 * ONE);
/// Deviation of entrants' capability: the nearest Q24 to 0.4.
const CAPABILITY_SD: i32 = 6_710_886;
/// Largest part of a candidate: three candidates per expected entrant.
const SHARE: i64 = ONE as i64 / 3;

/// Proximity Φ of industries: how often two of them are found in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relatedness {
    industries: usize,
    /// `[industries, industries]`, row-major, Q16.
    proximity: Vec<u32>,
}

impl Relatedness {
    /// Proximities `[industries, industries]`, row-major, in 1/65536; `None` for another length or
    /// a proximity above one.
    #[must_use]
    pub fn new(industries: usize, proximity: Vec<u32>) -> Option<Self> {
        let fits = proximity.len() == industries * industries;
        (fits && proximity.iter().all(|it| *it <= 65536)).then_some(Self { industries, proximity })
    }

    /// Number of industries.
    #[must_use]
    pub const fn industries(&self) -> usize {
        self.industries
    }

    /// Density ω of every cluster, standardised over empty clusters, in Q24 within ±4.
    ///
    /// ω_rs = Σ Φ·min(1, LQ) / Σ Φ with the location quotient LQ of output (Hidalgo et al.
    /// 2007). All clusters serve where fewer than two are empty; equal densities give 0.
    #[must_use]
    pub fn density(&self, sums: &[ClusterSums]) -> Vec<i32> {
        let s = self.industries;
        let output = |c: usize| u128::from(sums[c].output);
        let cities = sums.len() / s;
        let of_city: Vec<u128> =
            (0..cities).map(|r| (0..s).map(|i| output(r * s + i)).sum()).collect();
        let of_industry: Vec<u128> =
            (0..s).map(|i| (0..cities).map(|r| output(r * s + i)).sum()).collect();
        let total: u128 = of_city.iter().sum();
        let present: Vec<u64> = (0..sums.len())
            .map(|c| {
                let national = of_city[c / s] * of_industry[c % s];
                let quotient = (output(c) * total * 65536).checked_div(national).unwrap_or(0);
                u64::try_from(quotient.min(65536)).expect("at most one")
            })
            .collect();
        let density: Vec<i64> = (0..sums.len())
            .map(|c| {
                let row = &self.proximity[(c % s) * s..(c % s + 1) * s];
                let city = &present[c / s * s..(c / s + 1) * s];
                let dot: u64 = row.iter().zip(city).map(|(phi, lq)| u64::from(*phi) * lq).sum();
                let weight: u64 = row.iter().map(|phi| u64::from(*phi)).sum();
                i64::try_from(dot * 256 / weight.max(1)).expect("at most one in Q24")
            })
            .collect();
        standardise(&density, |c| sums[c].firms == 0)
    }
}

/// `(value − mean) / sd` in Q24 within ±4, moments over the chosen entries.
fn standardise(values: &[i64], chosen: impl Fn(usize) -> bool) -> Vec<i32> {
    let mut base: Vec<i64> = (0..values.len()).filter(|i| chosen(*i)).map(|i| values[i]).collect();
    if base.len() < 2 {
        base = values.to_vec();
    }
    let n = i64::try_from(base.len()).expect("few clusters");
    let mean = base.iter().sum::<i64>() / n;
    let variance = base.iter().map(|v| (v - mean) * (v - mean)).sum::<i64>() / n;
    let sd = variance.isqrt();
    let bound = i64::from(4 * ONE);
    let z = |v: &i64| ((v - mean) * i64::from(ONE)).checked_div(sd).unwrap_or(0);
    let z = values.iter().map(|v| z(v).clamp(-bound, bound));
    z.map(|z| i32::try_from(z).expect("within four")).collect()
}

/// The firms that enter this quarter, by cluster and candidate.
///
/// `before` are the sums at the start of the quarter, whose firms attract; transfers and spin-offs
/// are those of this quarter. Candidate `k` enters with probability min(⅓, Λ − k/3) by a uniform
/// number of its own, so a larger Λ keeps every entrant of a smaller one.
pub(super) fn entrants(
    setup: &Setup,
    state: &State,
    before: &[ClusterSums],
    pools: &[i32],
    levers: &[i32],
) -> Vec<FirmRow> {
    let density = setup.relatedness.as_ref().map(|it| it.density(before));
    let draw = Candidates::new(setup, state);
    let per_firm = q24(setup.parameters.e0.log2());
    let mut firms = Vec::new();
    for c in 0..setup.clusters() {
        let relatedness = density.as_ref().map_or(0, |z| z[c]);
        let base = per_firm + levers[c];
        let mut rate = rate(setup, &before[c], &state.sums[c], relatedness, base);
        let mut k = 0;
        while rate > 0 && k < SPIN_OFFS {
            let words = draw.words(c, k);
            // Two of three are refused, by the first word alone.
            if i64::from(words[0] >> 8) < rate.min(SHARE) {
                firms.push(draw.firm(c, k, words, pools[c]));
            }
            rate -= SHARE;
            k += 1;
        }
        let spin_offs = state.sums[c].spin_offs.min(ATTRACTED - SPIN_OFFS);
        firms.extend(
            (SPIN_OFFS..SPIN_OFFS + spin_offs).map(|k| draw.firm(c, k, draw.words(c, k), pools[c])),
        );
    }
    firms
}

/// Λ in Q24: expected ordinary entrants of the cluster; `base` is log₂ of e0 and levers.
fn rate(setup: &Setup, before: &ClusterSums, now: &ClusterSums, z: i32, base: i32) -> i64 {
    let (p, tables) = (&setup.parameters, setup.tables());
    let transfers = log2q(u64::from(now.transfers) + 1, tables);
    let per_firm = base + mulq(q24(p.b_relatedness), z) + mulq(q24(p.b_transfers), transfers);
    // (n + 0.02): a trickle into empty clusters.
    i64::from(exp2q(per_firm, tables)) * (50 * i64::from(before.firms) + 1) / 50
}

/// The candidates of one quarter.
struct Candidates<'a> {
    setup: &'a Setup,
    state: &'a State,
    median: i32,
    sd: i32,
}

impl<'a> Candidates<'a> {
    fn new(setup: &'a Setup, state: &'a State) -> Self {
        let p = &setup.parameters;
        Self { setup, state, median: q24(p.entrant_median), sd: q24(p.entrant_sd) }
    }

    /// The random words of a candidate; the first decides whether it enters.
    fn words(&self, c: usize, k: u32) -> [u32; 4] {
        let quarter = self.state.quarter;
        let counter = [entrant_uid(c, quarter, k), quarter, purpose::ENTRY, self.state.replicate];
        philox(counter, self.setup.seed)
    }

    /// The firm that a candidate is.
    fn firm(&self, c: usize, k: u32, words: [u32; 4], pool: i32) -> FirmRow {
        let tables = self.setup.tables();
        let national = self.state.national[c % self.setup.industries];
        let x = self.median + national + mulq(self.sd, gauss(words[1], tables));
        // Entrants know half of what the pool knows, and differ by 0.4.
        let a = (pool.min(ONE / 2) >> 1) + mulq(CAPABILITY_SD, gauss(words[2], tables));
        let cluster = u32::try_from(c).expect("nine bits");
        let x = x.clamp(ENTRANT_SIZES.0, ENTRANT_SIZES.1);
        let uid = entrant_uid(c, self.state.quarter, k);
        FirmRow { uid, x, a, w0: pack(cluster, 0, words[3]), w1: 0 }
    }
}

/// The id of an entrant: cluster in 9 bits, quarter in 8, candidate in 14.
pub(super) fn entrant_uid(c: usize, quarter: u32, k: u32) -> u32 {
    let cluster = u32::try_from(c).expect("nine bits");
    0x8000_0000 | (cluster << 22) | (quarter << 14) | k
}
