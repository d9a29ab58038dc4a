//! One replicate: years by cluster, as they are kept.

use crate::kernel::firm_step::fixed::{ONE, q24};
use crate::scenario::{Part, Scenario, ScenarioError};
use crate::simulation::{Economy, Setup, SimulationError};

/// log₂ capability above which a firm counts as capable: 23 % above the nation's industry.
const CAPABLE: f64 = 0.3;
/// Year after which firms of all clusters are counted, for where clusters may grow.
pub(super) const COUNT_YEAR: u32 = 5;

/// A cluster in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Year {
    /// Output of the year in sixteenths of 万元, less what idle capacity did not make.
    pub(super) output: u64,
    /// Firms at its end.
    pub(super) firms: u32,
    /// Firms that entered.
    pub(super) entries: u32,
    /// Firms that left.
    pub(super) exits: u32,
    /// Innovations.
    pub(super) innovations: u32,
    /// Converted matches, spin-offs included.
    pub(super) transfers: u32,
    /// Firms above the nation's capability at its end.
    pub(super) capable: u32,
    /// Mean utilisation, Q24.
    pub(super) utilisation: u32,
}

/// Bytes of a [`Year`].
pub(super) const YEAR_BYTES: usize = 36;

impl Year {
    pub(super) fn to_bytes(self) -> [u8; YEAR_BYTES] {
        let mut bytes = [0; YEAR_BYTES];
        bytes[..8].copy_from_slice(&self.output.to_le_bytes());
        let words = [
            self.firms,
            self.entries,
            self.exits,
            self.innovations,
            self.transfers,
            self.capable,
            self.utilisation,
        ];
        for (place, word) in bytes[8..].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; YEAR_BYTES]) -> Self {
        let word = |i: usize| {
            let place = 8 + 4 * i;
            u32::from_le_bytes([bytes[place], bytes[place + 1], bytes[place + 2], bytes[place + 3]])
        };
        let mut output = [0; 8];
        output.copy_from_slice(&bytes[..8]);
        Self {
            output: u64::from_le_bytes(output),
            firms: word(0),
            entries: word(1),
            exits: word(2),
            innovations: word(3),
            transfers: word(4),
            capable: word(5),
            utilisation: word(6),
        }
    }
}

/// What is kept of a replicate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kept {
    /// `[clusters + 1][years]`: the reported clusters in their order, and all clusters together.
    pub(super) years: Vec<Vec<Year>>,
    /// Firms of every cluster after [`COUNT_YEAR`] years, or at the end of a shorter run.
    pub(super) firms: Vec<u16>,
}

/// Runs one replicate of a part of a scenario; `reported` are its clusters.
///
/// A replicate that needs more slots than there are is run again with twice as many: nothing is
/// dropped, and the result does not depend on the number of slots.
pub(super) fn run(
    scenario: &Scenario,
    part: Part,
    replicate: u32,
    reported: &[usize],
    normalisers: &[Vec<i32>],
) -> Result<Kept, ScenarioError> {
    let mut setup = scenario.setup(part, replicate, normalisers)?;
    loop {
        match attempt(&setup, scenario.quarters, replicate, reported) {
            Err(SimulationError::Capacity { .. }) => setup.capacity *= 2,
            other => return Ok(other?),
        }
    }
}

fn attempt(
    setup: &Setup,
    quarters: u32,
    replicate: u32,
    reported: &[usize],
) -> Result<Kept, SimulationError> {
    let mut economy = Economy::new(setup, replicate)?;
    let mut kept = Kept { years: vec![Vec::new(); reported.len() + 1], firms: Vec::new() };
    let clusters = setup.clusters();
    let mut year = vec![Year::default(); clusters];
    let mut used = vec![0_u64; clusters];
    for quarter in 1..=quarters {
        economy.step()?;
        for (c, sums) in economy.clusters().iter().enumerate() {
            let it = &mut year[c];
            it.entries += economy.entries()[c];
            it.exits += sums.exits;
            it.innovations += sums.innovations;
            it.transfers += sums.transfers + sums.spin_offs;
            used[c] += u64::from(economy.utilisation()[c].max(0).cast_unsigned());
        }
        if !quarter.is_multiple_of(4) {
            continue;
        }
        for firm in economy.firms().filter(|firm| firm.a > q24(CAPABLE)) {
            year[firm.cluster()].capable += 1;
        }
        let mut all = Year::default();
        for (c, sums) in economy.clusters().iter().enumerate() {
            let it = &mut year[c];
            it.firms = sums.firms;
            let mean = used[c] / 4;
            it.utilisation = u32::try_from(mean).expect("at most one in Q24");
            let made = u128::from(sums.output) * u128::from(mean) / u128::from(ONE.cast_unsigned());
            it.output = u64::try_from(made).expect("at most the capacity");
            all.output += it.output;
            all.firms += it.firms;
            all.entries += it.entries;
            all.exits += it.exits;
            all.innovations += it.innovations;
            all.transfers += it.transfers;
            all.capable += it.capable;
        }
        all.utilisation = ONE.cast_unsigned();
        for (place, cluster) in reported.iter().enumerate() {
            kept.years[place].push(year[*cluster]);
        }
        kept.years[reported.len()].push(all);
        if quarter == 4 * COUNT_YEAR || (quarter == quarters && kept.firms.is_empty()) {
            let firms = economy.clusters().iter().map(|it| it.firms);
            kept.firms = firms.map(|it| u16::try_from(it).unwrap_or(u16::MAX)).collect();
        }
        year.fill(Year::default());
        used.fill(0);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_survive_their_bytes() {
        let year = Year {
            output: u64::MAX - 5,
            firms: 1,
            entries: 2,
            exits: 3,
            innovations: 4,
            transfers: 5,
            capable: 6,
            utilisation: 7,
        };
        assert_eq!(Year::from_bytes(&year.to_bytes()), year);
    }
}
