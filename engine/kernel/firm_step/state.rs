//! What the firm kernel reads and writes: five words per firm, inputs and sums per cluster.

use serde::{Deserialize, Serialize};

/// Clusters that the nine bits of an entrant's id can name, as array length; ids are 0..=510.
pub const MAX_CLUSTERS: usize = 512;
/// Bit of `w0`: the slot holds a firm.
pub const ALIVE: u32 = 1 << 28;
/// Bit of `w0`: a key firm of its chain (链主).
pub const FLAG_KEY: u32 = 1 << 29;
/// Bit of `w0`: the firm was attracted from outside (招商).
pub const FLAG_ATTRACTED: u32 = 1 << 30;

/// `w0` of a living firm: cluster in 10 bits, age in quarters in 10 (saturating), variance regime
/// in 8, alive in 1.
#[must_use]
pub const fn pack(cluster: u32, age: u32, regime: u32) -> u32 {
    let age = if age > 1023 { 1023 } else { age };
    (cluster & 1023) | (age << 10) | ((regime & 255) << 20) | ALIVE
}

/// One firm, as it is put in and taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FirmRow {
    /// Persistent id: the key of all its draws.
    pub uid: u32,
    /// log₂ of annualised gross output in 万元, Q7.24.
    pub x: i32,
    /// log₂ of capability relative to the national mean of the industry, Q7.24.
    pub a: i32,
    /// Cluster, age, regime, alive and flags; see [`pack`].
    pub w0: u32,
    /// Pending match: quarters left in 6 bits (0 = none), score in 8.
    pub w1: u32,
}

impl FirmRow {
    /// The cluster.
    #[must_use]
    pub const fn cluster(&self) -> usize {
        (self.w0 & 511) as usize
    }

    /// Age in quarters, at most 1023.
    #[must_use]
    pub const fn age(&self) -> u32 {
        (self.w0 >> 10) & 1023
    }

    /// Whether the slot holds a firm.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        self.w0 & ALIVE != 0
    }
}

/// Firms as a structure of arrays of one length; a slot without [`ALIVE`] is free.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firms {
    pub(super) x: Vec<i32>,
    pub(super) a: Vec<i32>,
    pub(super) uid: Vec<u32>,
    pub(super) w0: Vec<u32>,
    pub(super) w1: Vec<u32>,
}

impl Firms {
    /// Slots, free ones included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there is no slot.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Appends a slot.
    pub fn push(&mut self, row: FirmRow) {
        self.x.push(row.x);
        self.a.push(row.a);
        self.uid.push(row.uid);
        self.w0.push(row.w0);
        self.w1.push(row.w1);
    }

    /// The slot at `i`.
    ///
    /// # Panics
    ///
    /// When `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn get(&self, i: usize) -> FirmRow {
        FirmRow { uid: self.uid[i], x: self.x[i], a: self.a[i], w0: self.w0[i], w1: self.w1[i] }
    }

    /// Replaces the slot at `i`.
    ///
    /// # Panics
    ///
    /// When `i` is not below [`len`](Self::len).
    pub fn set(&mut self, i: usize, row: FirmRow) {
        self.x[i] = row.x;
        self.a[i] = row.a;
        self.uid[i] = row.uid;
        self.w0[i] = row.w0;
        self.w1[i] = row.w1;
    }

    /// Slots without a firm, ascending.
    #[must_use]
    pub fn free_slots(&self) -> Vec<usize> {
        (0..self.len()).filter(|i| self.w0[*i] & ALIVE == 0).collect()
    }

    /// The five words of all slots: `x`, `a`, `uid`, `w0`, `w1`, as a device keeps them.
    #[must_use]
    pub fn columns(&self) -> [&[u32]; 5] {
        let (x, a) = (bytemuck::cast_slice(&self.x), bytemuck::cast_slice(&self.a));
        [x, a, &self.uid, &self.w0, &self.w1]
    }

    /// Firms from five columns of one length, in the order of [`columns`](Self::columns); `None`
    /// when the lengths differ.
    #[must_use]
    pub fn from_columns([x, a, uid, w0, w1]: [Vec<u32>; 5]) -> Option<Self> {
        let same = [&a, &uid, &w0, &w1].iter().all(|column| column.len() == x.len());
        let signed = |column: Vec<u32>| column.into_iter().map(u32::cast_signed).collect();
        same.then(|| Self { x: signed(x), a: signed(a), uid, w0, w1 })
    }

    /// The living firms, in order of slots.
    pub fn living(&self) -> impl Iterator<Item = FirmRow> + '_ {
        (0..self.len()).map(|i| self.get(i)).filter(FirmRow::is_alive)
    }
}

/// What is the same for all firms in one quarter; rates are Q7.24 per quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepConstants {
    /// Key of the run.
    pub seed: [u32; 2],
    /// Quarter since the start; regimes change where it is a multiple of four.
    pub quarter: u32,
    /// Replicate.
    pub replicate: u32,
    /// φ, growth per log₂ capability.
    pub phi: i32,
    /// δ, decay of capability.
    pub delta: i32,
    /// log₂ of the innovation hazard h0.
    pub log_h0: i32,
    /// J̄, mean capability gain of an innovation.
    pub mean_jump: i32,
    /// h0·J̄, the expected gain, taken off so that capability has no drift.
    pub expected_jump: i32,
    /// log₂ of the annual standard deviation at x0.
    pub log_sigma0: i32,
    /// β, fall of the log₂ standard deviation per log₂ size.
    pub beta: i32,
    /// The reference size x0.
    pub x0: i32,
    /// σ_a, capability shock.
    pub sigma_a: i32,
    /// log₂ of the base exit hazard η0.
    pub log_eta0: i32,
    /// ζ_x, fall of the log₂ exit hazard per log₂ size.
    pub zeta_x: i32,
    /// κ, fall of the log₂ exit hazard per log₂ capability.
    pub kappa: i32,
    /// Firms below this log₂ size exit.
    pub x_min: i32,
    /// λ, speed of convergence to a better pool.
    pub lambda: i32,
    /// J_T, mean capability gain of a transfer.
    pub transfer_jump: i32,
    /// Share of conversions that become a spin-off, in 1/65536.
    pub spin_off16: i32,
}

/// Inputs per cluster; entries beyond the clusters are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterInputs {
    /// Growth common to the cluster's firms, Q24 per quarter.
    pub growth: [i32; MAX_CLUSTERS],
    /// Added to the log₂ innovation hazard.
    pub innovation: [i32; MAX_CLUSTERS],
    /// The knowledge pool: size-weighted mean capability.
    pub pool: [i32; MAX_CLUSTERS],
    /// New-match probability of an idle firm in 1/65536, at most one half.
    pub matches16: [i32; MAX_CLUSTERS],
    /// Added to the log₂ exit hazard.
    pub exit: [i32; MAX_CLUSTERS],
    /// Added to the natural log-odds of conversion.
    pub conversion: [i32; MAX_CLUSTERS],
    /// Score of a new match by its byte of randomness: the quantiles of the scores, ascending.
    pub score_quantiles: [i32; 256],
}

impl Default for ClusterInputs {
    fn default() -> Self {
        Self {
            growth: [0; MAX_CLUSTERS],
            innovation: [0; MAX_CLUSTERS],
            pool: [0; MAX_CLUSTERS],
            matches16: [0; MAX_CLUSTERS],
            exit: [0; MAX_CLUSTERS],
            conversion: [0; MAX_CLUSTERS],
            score_quantiles: std::array::from_fn(|i| i32::try_from(i).expect("a byte")),
        }
    }
}

/// Sums over the firms of a cluster after the step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSums {
    /// Output in sixteenths of 万元.
    pub output: u64,
    /// Σ (size ≫ 4)·((a + 6) ≫ 8), for the pool.
    pub capability: u64,
    /// Living firms.
    pub firms: u32,
    /// Exits in this quarter.
    pub exits: u32,
    /// Innovations, of firms that exit in the same quarter too.
    pub innovations: u32,
    /// Conversions that became a capability gain.
    pub transfers: u32,
    /// Conversions that became a spin-off.
    pub spin_offs: u32,
}

impl ClusterSums {
    /// Adds the sums of another part of the firms.
    pub const fn add(&mut self, other: &Self) {
        self.output += other.output;
        self.capability += other.capability;
        self.firms += other.firms;
        self.exits += other.exits;
        self.innovations += other.innovations;
        self.transfers += other.transfers;
        self.spin_offs += other.spin_offs;
    }
}
