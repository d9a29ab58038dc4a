//! The words in which a device is told of a quarter, and tells its sums: shared by
//! `shaders/firm_step.wgsl` and its host.

use bytemuck::{Pod, Zeroable};

use super::fixed::prob32;
use super::session::RunQuarter;
use super::state::{ClusterSums, MAX_CLUSTERS};
use super::tables::Tables;

/// Slots that one workgroup steps.
pub const FIRM_BLOCK: u32 = 4096;
/// Words before the quantiles of a run.
pub const RUN_HEADER: usize = 24;
/// Words per cluster and quarter that go to the device.
pub const INPUT_WORDS: usize = 6;
/// Words of one run that go to the device each quarter.
pub const RUN_WORDS: usize = RUN_HEADER + 256 + INPUT_WORDS * MAX_CLUSTERS;
/// Words of a cluster's sums.
pub const SUM_WORDS: usize = 9;
/// Workgroup memory of the kernel: seven words per cluster.
pub const FIRM_STEP_WORKGROUP_BYTES: u32 = 7 * 512 * 4;
/// Nodes of the octave tables that are used.
const OCTAVE_NODES: usize = 32 * 33;
/// Words of one set of tables.
pub const TABLE_WORDS: usize = 257 + 2 * OCTAVE_NODES + 256 + 64 + 64 + 512 + 256;

/// The parameters of the kernel: `FirmStepParams` in `shaders/firm_step.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct FirmStepParams {
    /// First run of this dispatch.
    pub first_run: u32,
    /// First block of slots of every run.
    pub first_block: u32,
    /// Slots of a run in the buffers.
    pub stride: u32,
    /// Clusters that the sums have room for.
    pub n_clusters: u32,
}

/// The parameters of `shaders/firm_arrivals.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct FirmArrivalsParams {
    /// Firms of this dispatch.
    pub n_arrivals: u32,
    /// Slots of a run in the buffers.
    pub stride: u32,
    /// A uniform buffer is a multiple of sixteen bytes.
    pub padding0: u32,
    /// As `padding0`.
    pub padding1: u32,
}

/// A firm and its place: `FirmArrival` in `shaders/firm_arrivals.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct FirmArrival {
    /// A slot, or with [`BY_FREE`] a place in the list of free slots.
    pub place: u32,
    /// As in [`FirmRow`](super::FirmRow).
    pub x: i32,
    /// As in [`FirmRow`](super::FirmRow).
    pub a: i32,
    /// As in [`FirmRow`](super::FirmRow).
    pub uid: u32,
    /// As in [`FirmRow`](super::FirmRow).
    pub w0: u32,
    /// As in [`FirmRow`](super::FirmRow).
    pub w1: u32,
}

/// The place is in the list of free slots.
pub const BY_FREE: u32 = 1 << 31;

/// The tables in the order of the kernel's constants, [`TABLE_WORDS`] long.
#[must_use]
pub fn table_words(tables: &Tables) -> Vec<i32> {
    let exp2 = tables.exp2.iter().map(|word| word.cast_signed());
    let signed = [
        &tables.gauss[..OCTAVE_NODES],
        &tables.expo[..OCTAVE_NODES],
        &tables.root_variance,
        &tables.hazard_by_age,
        &tables.young_growth,
        &tables.conversion,
        &tables.logit_by_score,
    ];
    exp2.chain(signed.into_iter().flatten().copied()).collect()
}

/// Writes one run's quarter into `words`, [`RUN_WORDS`] long.
///
/// `tables_at` is where its tables stand in the buffer; `n_slots` and `n_free` are the slots in use
/// and the free ones among them.
///
/// # Panics
///
/// When `words` is shorter.
pub fn run_words(
    quarter: &RunQuarter<'_>,
    tables: &Tables,
    (tables_at, n_slots, n_free): (u32, u32, u32),
    words: &mut [i32],
) {
    let (k, inputs) = (&quarter.constants, quarter.inputs);
    let unsigned = [tables_at, n_slots, n_free, k.quarter, k.replicate, k.seed[0], k.seed[1]];
    let header = unsigned.map(u32::cast_signed).into_iter().chain([
        k.phi,
        k.delta,
        k.expected_jump,
        k.log_sigma0,
        k.beta,
        k.x0,
        k.sigma_a,
        k.log_eta0,
        k.zeta_x,
        k.kappa,
        k.x_min,
        k.lambda,
        k.transfer_jump,
        k.spin_off16,
        k.mean_jump,
    ]);
    words[..RUN_HEADER].fill(0);
    words.iter_mut().zip(header).for_each(|(word, value)| *word = value);
    words[RUN_HEADER..RUN_HEADER + 256].copy_from_slice(&inputs.score_quantiles);
    let clusters = words[RUN_HEADER + 256..RUN_WORDS].chunks_exact_mut(INPUT_WORDS);
    for (c, word) in clusters.enumerate() {
        // The test of a draw's high half, the same for all firms of the cluster.
        let innovation16 = prob32(k.log_h0 + inputs.innovation[c], tables) >> 16;
        word.copy_from_slice(&[
            inputs.growth[c],
            innovation16.cast_signed(),
            inputs.pool[c],
            inputs.matches16[c],
            inputs.exit[c],
            inputs.conversion[c],
        ]);
    }
}

/// Reads the sums of `clusters` clusters from the first words of a run.
#[must_use]
pub fn sums_of(words: &[u32], clusters: usize) -> Vec<ClusterSums> {
    let wide = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
    let one = |word: &[u32]| ClusterSums {
        output: wide(word[0], word[1]),
        capability: wide(word[2], word[3]),
        firms: word[4],
        exits: word[5],
        innovations: word[6],
        transfers: word[7],
        spin_offs: word[8],
    };
    words.chunks_exact(SUM_WORDS).take(clusters).map(one).collect()
}
