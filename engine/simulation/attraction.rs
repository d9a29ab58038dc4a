//! Attracted firms (招商), and the output they displace elsewhere in the province.

use super::economy::State;
use super::entry::{ATTRACTED, entrant_uid};
use super::setup::Setup;
use crate::kernel::firm_step::fixed::{ONE, X_MIN, gauss, log2q, mulq, q24, size16};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::{FLAG_ATTRACTED, FirmRow, pack};

/// One firm that is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attraction {
    /// Quarter of its arrival.
    pub quarter: u32,
    /// Its cluster.
    pub cluster: usize,
    /// Least and greatest log₂ size in 万元, Q24.
    pub sizes: (i32, i32),
    /// Share of its output taken from other clusters of the industry, in 1/65536 (0.4 is usual).
    pub displacement16: u32,
}

/// Brings the firms of the quarter: shrinks those they displace, and returns the new ones.
///
/// All firms of the industry in other clusters shrink by one factor. Where less than twice the
/// displaced output is there, half of what is there is displaced.
pub(super) fn arrive(setup: &Setup, state: &mut State) -> Vec<FirmRow> {
    let tables = setup.tables();
    let due: Vec<Attraction> =
        setup.attractions.iter().filter(|it| it.quarter == state.quarter).copied().collect();
    let mut firms = Vec::with_capacity(due.len());
    for (i, it) in due.iter().enumerate() {
        // Numbered within the cluster, so that another cluster's arrivals do not change it.
        let earlier = due[..i].iter().filter(|other| other.cluster == it.cluster).count();
        let k = ATTRACTED + u32::try_from(earlier).expect("at most 4096, as checked");
        let uid = entrant_uid(it.cluster, state.quarter, k);
        let r = philox([uid, state.quarter, purpose::ATTRACTED, state.replicate], setup.seed);
        let (low, high) = it.sizes;
        let place = i32::try_from(r[0] >> 8).expect("24 bits");
        let x = low + mulq((high - low).max(0), place);
        let a = mulq(q24(0.4), gauss(r[1], tables));
        let cluster = u32::try_from(it.cluster).expect("nine bits");
        let w0 = pack(cluster, 0, r[2]) | FLAG_ATTRACTED;
        displace(setup, state, it, u64::from(size16(x, tables)));
        firms.push(FirmRow { uid, x, a, w0, w1: 0 });
    }
    firms
}

fn displace(setup: &Setup, state: &mut State, it: &Attraction, size: u64) {
    let tables = setup.tables();
    let industry = it.cluster % setup.industries;
    let elsewhere = |c: usize| c != it.cluster && c % setup.industries == industry;
    let others: u64 =
        (0..setup.clusters()).filter(|c| elsewhere(*c)).map(|c| state.sums[c].output).sum();
    let removed = ((size * u64::from(it.displacement16)) >> 16).min(others / 2);
    if removed == 0 {
        return;
    }
    let shift = log2q(others - removed, tables) - log2q(others, tables);
    debug_assert!((-ONE - 64..=0).contains(&shift));
    for slot in 0..state.firms.len() {
        let mut firm = state.firms.get(slot);
        if firm.is_alive() && elsewhere(firm.cluster()) {
            state.withdraw(&firm, tables);
            firm.x = (firm.x + shift).max(X_MIN);
            state.count(&firm, tables);
            state.firms.set(slot, firm);
        }
    }
}
