//! One replicate: its state, the quarter in its fixed order, checkpoints, and many replicates.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cluster::Effect;
use super::error::SimulationError;
use super::setup::{MAX_QUARTERS, Setup};
use super::supply::SupplyState;
use super::{attraction, cluster, entry, transfer};
use crate::kernel::firm_step::fixed::{A_MAX, ONE, log2q, q24, size16};
use crate::kernel::firm_step::tables::{FNV_BASIS, Tables, fnv};
use crate::kernel::firm_step::{
    CHUNK, ClusterInputs, ClusterSums, FirmRow, Firms, StepConstants, Vectors, step,
};

/// What changes from quarter to quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) quarter: u32,
    pub(super) replicate: u32,
    pub(super) firms: Firms,
    pub(super) sums: Vec<ClusterSums>,
    /// Entrants of the last quarter by cluster, attracted firms and spin-offs included.
    pub(super) entries: Vec<u32>,
    pub(super) initial_output: Vec<u64>,
    pub(super) industry_shock: Vec<i32>,
    /// Sum of national growth by industry, Q24.
    pub(super) national: Vec<i32>,
    /// ν of this quarter.
    pub(super) normaliser: i32,
    /// Utilisation by cluster, Q24.
    pub(super) utilisation: Vec<i32>,
    /// Known matches whose firm was not alive.
    pub(super) unplaced: usize,
    pub(super) supply: Option<SupplyState>,
}

impl State {
    /// Adds a firm to the sums of its cluster.
    pub(super) fn count(&mut self, firm: &FirmRow, tables: &Tables) {
        let (size, weight) = weights(firm, tables);
        let sums = &mut self.sums[firm.cluster()];
        sums.firms += 1;
        sums.output += size;
        sums.capability += weight;
    }

    /// Takes a firm that was counted out of the sums of its cluster.
    pub(super) fn withdraw(&mut self, firm: &FirmRow, tables: &Tables) {
        let (size, weight) = weights(firm, tables);
        let sums = &mut self.sums[firm.cluster()];
        sums.firms -= 1;
        sums.output -= size;
        sums.capability -= weight;
    }
}

/// Size in sixteenths of 万元 and size-weighted capability, as the firm kernel adds them.
fn weights(firm: &FirmRow, tables: &Tables) -> (u64, u64) {
    let size = u64::from(size16(firm.x, tables));
    (size, (size >> 4) * u64::from(((firm.a + A_MAX) >> 8).cast_unsigned()))
}

/// One replicate of a setup.
#[derive(Debug, Clone)]
pub struct Economy<'a> {
    setup: &'a Setup,
    state: State,
    free: Vec<usize>,
    inputs: Box<ClusterInputs>,
    /// Whether ν is set from outside (reference economies) instead of taken from the setup.
    closing: bool,
    /// Growth of total output in the last quarter beyond what shocks and national path explain.
    deviation: i32,
    /// Levers, expected growth and output before, from the opening of a quarter to its end.
    effects: Vec<Effect>,
    expected: i32,
    output_before: u64,
    chunk: usize,
    vectors: Vectors,
}

/// What a quarter leaves of one replicate, as far as clusters are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// Quarters that have passed.
    pub quarter: u32,
    /// The replicate.
    pub replicate: u32,
    /// Sums by cluster; events are those of the last quarter.
    pub clusters: &'a [ClusterSums],
    /// Entrants of the last quarter by cluster.
    pub entries: &'a [u32],
    /// Utilisation by cluster in Q24.
    pub utilisation: &'a [i32],
}

/// A replicate at the end of a quarter, to be stored and resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    setup: u64,
    state: State,
}

impl<'a> Economy<'a> {
    /// The initial state of `replicate`.
    ///
    /// # Errors
    ///
    /// A setup that does not fit together, or more firms than its capacity.
    pub fn new(setup: &'a Setup, replicate: u32) -> Result<Self, SimulationError> {
        let clusters = setup.clusters();
        let mut state = State {
            quarter: 0,
            replicate,
            firms: setup.firms.clone(),
            sums: vec![ClusterSums::default(); clusters],
            entries: vec![0; clusters],
            initial_output: Vec::new(),
            industry_shock: vec![0; setup.industries],
            national: vec![0; setup.industries],
            normaliser: 0,
            utilisation: vec![ONE; clusters],
            unplaced: 0,
            supply: setup.supply.as_ref().map(SupplyState::new),
        };
        for firm in setup.firms.living() {
            state.count(&firm, setup.tables());
        }
        state.initial_output = state.sums.iter().map(|sums| sums.output).collect();
        Self::with_state(setup, state)
    }

    /// The same, with ν set from outside by [`set_nu`](Self::set_nu).
    pub(super) fn closing(setup: &'a Setup, replicate: u32) -> Result<Self, SimulationError> {
        Ok(Self { closing: true, ..Self::new(setup, replicate)? })
    }

    /// Goes on from a checkpoint of the same setup.
    ///
    /// # Errors
    ///
    /// A setup that does not fit together, or a checkpoint of another one.
    pub fn resume(setup: &'a Setup, checkpoint: Checkpoint) -> Result<Self, SimulationError> {
        let expected = setup.fingerprint();
        if checkpoint.setup != expected {
            let found = checkpoint.setup;
            return Err(SimulationError::ForeignCheckpoint { expected, found });
        }
        Self::with_state(setup, checkpoint.state)
    }

    fn with_state(setup: &'a Setup, state: State) -> Result<Self, SimulationError> {
        setup.check()?;
        let (needed, capacity) = (state.firms.len(), setup.capacity);
        if needed > capacity {
            let quarter = state.quarter;
            return Err(SimulationError::Capacity { needed, capacity, quarter });
        }
        let free = state.firms.free_slots();
        let mut inputs = Box::new(ClusterInputs::default());
        inputs.score_quantiles = std::array::from_fn(|i| i32::from(setup.score_quantiles[i]));
        let vectors = Vectors::preferred();
        Ok(Self {
            setup,
            state,
            free,
            inputs,
            closing: false,
            deviation: 0,
            effects: Vec::new(),
            expected: 0,
            output_before: 0,
            chunk: CHUNK,
            vectors,
        })
    }

    /// Sets how the work is cut and which registers are used; results do not depend on it.
    #[must_use]
    pub const fn with_work(mut self, chunk: usize, vectors: Vectors) -> Self {
        (self.chunk, self.vectors) = (chunk, vectors);
        self
    }

    /// The state, to be stored.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let setup = self.setup.fingerprint();
        Checkpoint { setup, state: self.state.clone() }
    }

    /// Quarters that have passed.
    #[must_use]
    pub const fn quarter(&self) -> u32 {
        self.state.quarter
    }

    /// Sums by cluster at the end of the last quarter; events are those of that quarter.
    #[must_use]
    pub fn clusters(&self) -> &[ClusterSums] {
        &self.state.sums
    }

    /// Entrants of the last quarter by cluster.
    #[must_use]
    pub fn entries(&self) -> &[u32] {
        &self.state.entries
    }

    /// Utilisation by cluster in Q24, from the supply chain; one without it.
    #[must_use]
    pub fn utilisation(&self) -> &[i32] {
        &self.state.utilisation
    }

    /// Living firms, in no particular order.
    pub fn firms(&self) -> impl Iterator<Item = FirmRow> + '_ {
        self.state.firms.living()
    }

    /// Known matches so far whose firm was not alive at the date.
    #[must_use]
    pub const fn unplaced_matches(&self) -> usize {
        self.state.unplaced
    }

    /// Sets ν of the coming quarter.
    pub(super) const fn set_nu(&mut self, nu: i32) {
        self.state.normaliser = nu;
    }

    /// log₂ growth of the last quarter beyond what shocks and national path explain, Q24.
    pub(super) const fn deviation(&self) -> i32 {
        self.deviation
    }

    /// Output of all clusters in sixteenths of 万元.
    #[must_use]
    pub fn total_output(&self) -> u64 {
        self.state.sums.iter().map(|sums| sums.output).sum()
    }

    /// One quarter: inputs, known matches, firms, supply chain, entry, attraction, normaliser.
    ///
    /// # Errors
    ///
    /// More firms than the capacity, or more quarters than an id can name. The economy must not be
    /// used afterwards.
    pub fn step(&mut self) -> Result<(), SimulationError> {
        let constants = self.open()?;
        self.take_matches();
        let (tables, firms) = (self.setup.tables(), &mut self.state.firms);
        let result = step(firms, &self.inputs, &constants, tables, self.chunk, self.vectors);
        self.free.extend(result.freed);
        let mut arrivals = self.close(result.sums);
        arrivals.extend(self.attract());
        self.settle(&arrivals)?;
        for firm in arrivals {
            match self.free.pop() {
                Some(slot) => self.state.firms.set(slot, firm),
                None => self.state.firms.push(firm),
            }
        }
        Ok(())
    }

    /// The first part of a quarter, which needs no firms: the inputs of the firm kernel.
    pub(super) fn open(&mut self) -> Result<StepConstants, SimulationError> {
        let setup = self.setup;
        let quarter = self.state.quarter;
        if quarter >= MAX_QUARTERS {
            return Err(SimulationError::Shape("a run has at most 256 quarters"));
        }
        if !self.closing {
            self.state.normaliser = setup.normaliser_at(quarter);
        }
        self.effects = cluster::effects(setup, quarter);
        self.output_before = self.total_output();
        self.expected = cluster::inputs(setup, &mut self.state, &self.effects, &mut self.inputs);
        Ok(constants(setup, quarter, self.state.replicate))
    }

    /// The inputs of the firm kernel as [`open`](Self::open) left them.
    pub(super) fn inputs(&self) -> &ClusterInputs {
        &self.inputs
    }

    /// Whether known matches are due in this quarter: their firms are needed.
    pub(super) fn has_matches(&self) -> bool {
        self.setup.known_matches.iter().any(|it| it.quarter == self.state.quarter)
    }

    /// Gives the known matches of the quarter to their firms, before the firm kernel.
    pub(super) fn take_matches(&mut self) {
        let (quarter, known) = (self.state.quarter, &self.setup.known_matches);
        self.state.unplaced += transfer::inject(known, quarter, &mut self.state.firms);
    }

    /// What follows the firm kernel, whose sums are given, without firms: supply chain, national
    /// path and who enters.
    pub(super) fn close(&mut self, mut sums: Vec<ClusterSums>) -> Vec<FirmRow> {
        let setup = self.setup;
        sums.truncate(setup.clusters());
        let before = std::mem::replace(&mut self.state.sums, sums);
        let quarter = self.state.quarter;
        if let (Some(chain), Some(supply)) = (&setup.supply, &mut self.state.supply) {
            supply.quarter(chain, quarter, &mut self.state.utilisation);
        }
        for (national, industry) in self.state.national.iter_mut().zip(0..) {
            *national += setup.growth_at(quarter, industry);
        }
        let levers: Vec<i32> = self.effects.iter().map(|effect| effect.entry).collect();
        let pools = &self.inputs.pool[..setup.clusters()];
        entry::entrants(setup, &self.state, &before, pools, &levers)
    }

    /// Whether attracted firms arrive in this quarter: the firms they displace are needed.
    pub(super) fn has_attractions(&self) -> bool {
        self.setup.attractions.iter().any(|it| it.quarter == self.state.quarter)
    }

    /// Attracted firms of the quarter; shrinks those they displace. After [`close`](Self::close).
    pub(super) fn attract(&mut self) -> Vec<FirmRow> {
        attraction::arrive(self.setup, &mut self.state)
    }

    /// Counts the arrivals, who get their slots from whoever has the firms, and ends the quarter.
    pub(super) fn settle(&mut self, arrivals: &[FirmRow]) -> Result<(), SimulationError> {
        let (capacity, quarter) = (self.setup.capacity, self.state.quarter);
        let living: u64 = self.state.sums.iter().map(|it| u64::from(it.firms)).sum();
        // No slot is left exactly when as many live as there is room for: free ones are used first.
        if living + arrivals.len() as u64 > capacity as u64 {
            let needed = capacity + 1;
            return Err(SimulationError::Capacity { needed, capacity, quarter });
        }
        self.state.entries.fill(0);
        for firm in arrivals {
            self.state.entries[firm.cluster()] += 1;
            self.state.count(firm, self.setup.tables());
        }
        let tables = self.setup.tables();
        let growth = log2q(self.total_output(), tables) - log2q(self.output_before, tables);
        self.deviation = growth - self.expected;
        self.state.quarter += 1;
        Ok(())
    }

    /// Takes the firms out, to be kept elsewhere for a while.
    pub(super) fn lend_firms(&mut self) -> Firms {
        self.free.clear();
        std::mem::take(&mut self.state.firms)
    }

    /// Puts firms back that were lent.
    pub(super) fn return_firms(&mut self, firms: Firms) {
        self.free = firms.free_slots();
        self.state.firms = firms;
    }

    /// What its setup is.
    pub(super) const fn setup(&self) -> &'a Setup {
        self.setup
    }

    /// What the last quarter left, without firms.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'_> {
        Outcome {
            quarter: self.state.quarter,
            replicate: self.state.replicate,
            clusters: &self.state.sums,
            entries: &self.state.entries,
            utilisation: &self.state.utilisation,
        }
    }

    /// Identity of the state: tables, sums by cluster and all firms, in any order of slots.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let head = fnv(fnv(FNV_BASIS, self.setup.tables().hash()), u64::from(self.state.quarter));
        let sums = self.state.sums.iter().fold(head, |hash, it| {
            let events = [it.firms, it.exits, it.innovations, it.transfers, it.spin_offs];
            let sums = fnv(fnv(hash, it.output), it.capability);
            events.iter().fold(sums, |hash, count| fnv(hash, u64::from(*count)))
        });
        fnv(sums, hash_of_firms(&self.state.firms))
    }
}

/// The sum of the living firms' hashes: the same in any order.
pub(super) fn hash_of_firms(firms: &Firms) -> u64 {
    let one = |firm: FirmRow| {
        let words = [firm.uid, firm.x.cast_unsigned(), firm.a.cast_unsigned(), firm.w0, firm.w1];
        words.iter().fold(FNV_BASIS, |hash, word| fnv(hash, u64::from(*word)))
    };
    firms.living().map(one).fold(0, u64::wrapping_add)
}

/// θ as the firm kernel reads it.
fn constants(setup: &Setup, quarter: u32, replicate: u32) -> StepConstants {
    let p = &setup.parameters;
    StepConstants {
        seed: setup.seed,
        quarter,
        replicate,
        phi: q24(p.phi),
        delta: q24(p.delta),
        log_h0: q24(p.h0.log2()),
        mean_jump: q24(p.mean_jump),
        expected_jump: q24(p.h0 * p.mean_jump),
        log_sigma0: q24(p.sigma0.log2()),
        beta: q24(p.beta),
        x0: q24(p.x0),
        sigma_a: q24(p.sigma_a),
        log_eta0: q24(p.eta0.log2()),
        zeta_x: q24(p.zeta_x),
        kappa: q24(p.kappa),
        x_min: q24(p.x_min),
        lambda: q24(p.lambda),
        transfer_jump: q24(p.transfer_jump),
        spin_off16: q24(p.spin_off) >> 8,
    }
}

/// Runs `replicates` for `quarters` each, in parallel, and returns what `observe` made of them.
///
/// `observe` is called before the first quarter and after each one, with the value that it keeps
/// for the replicate. Results are in order of replicates and do not depend on threads.
///
/// # Errors
///
/// The first error in order of replicates.
pub fn replicates<T: Send + Default>(
    setup: &Setup,
    replicates: Range<u32>,
    quarters: u32,
    observe: impl Fn(&Economy<'_>, &mut T) + Sync,
) -> Result<Vec<T>, SimulationError> {
    let run = |replicate| {
        let mut economy = Economy::new(setup, replicate)?;
        let mut kept = T::default();
        observe(&economy, &mut kept);
        for _ in 0..quarters {
            economy.step()?;
            observe(&economy, &mut kept);
        }
        Ok(kept)
    };
    let results: Vec<_> = replicates.into_par_iter().map(run).collect();
    results.into_iter().collect()
}
