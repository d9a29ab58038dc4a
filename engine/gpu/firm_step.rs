//! Host of `shaders/firm_step.wgsl` and `shaders/firm_arrivals.wgsl`: firms that stay on a device.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::device::{Device, Pipeline};
use super::firm_plan::FirmPlan;
use super::plan::DeviceLimits;
use super::shaders;
use crate::kernel::BackendError;
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{
    BY_FREE, ClusterInputs, ClusterSums, FIRM_STEP_WORKGROUP_BYTES, FirmArrival,
    FirmArrivalsParams, FirmRow, FirmSession, FirmStepParams, Firms, RUN_WORDS, RunQuarter,
    RunStart, SUM_WORDS, StepConstants, TABLE_WORDS, Vectors, pack, run_words, step, sums_of,
    table_words,
};

/// Storage buffers that the step binds: as many as WebGPU promises, more than some drivers have.
const STORAGE_BUFFERS: u32 = 8;
/// Firms that one workgroup of `firm_arrivals` places.
const ARRIVALS_PER_WORKGROUP: u32 = 64;
/// Bytes of an arrival.
const ARRIVAL_BYTES: u64 = size_of::<FirmArrival>() as u64;
/// Bytes of a word.
const WORD: u64 = 4;

/// The compiled kernels.
pub(super) struct FirmStep {
    step: Pipeline,
    arrivals: Pipeline,
}

impl FirmStep {
    /// Compiles the kernels.
    pub(super) fn new(device: &Device) -> Result<Self, BackendError> {
        let has = &device.limits;
        for (what, needed, allowed) in [
            (
                "storage buffers of the firm step",
                STORAGE_BUFFERS,
                has.max_storage_buffers_per_shader_stage,
            ),
            (
                "workgroup memory of the firm step in bytes",
                FIRM_STEP_WORKGROUP_BYTES,
                has.max_compute_workgroup_storage_size,
            ),
        ] {
            if needed > allowed {
                let (needed, allowed) = (u64::from(needed), u64::from(allowed));
                return Err(BackendError::Limit { what, needed, allowed });
            }
        }
        Ok(Self {
            step: device.pipeline(&shaders::FIRM_STEP)?,
            arrivals: device.pipeline(&shaders::FIRM_ARRIVALS)?,
        })
    }
}

/// Compares two quarters of a few firms with the processor, all branches of the kernel among them.
///
/// # Errors
/// [`BackendError::Device`] when the device computes other bits.
pub(super) fn check(host: Host<'_>) -> Result<(), BackendError> {
    let tables = Tables::new(0.02, 1.3, -3.48, 2.26);
    let mut firms = Firms::default();
    let (one, half) = (1 << 24, 1 << 23);
    for uid in 0..600_u32 {
        let spread = i32::try_from(uid % 40).unwrap_or(0) * half;
        let w1 = if uid % 3 == 0 { (uid % 256) << 6 | 5 } else { 0 };
        let w0 = if uid % 50 == 0 { 0 } else { pack(uid % 3, uid * 7, uid) };
        firms.push(FirmRow { uid, x: 3 * one + spread, a: 8 * half - spread, w0, w1 });
    }
    let mut inputs = Box::new(ClusterInputs::default());
    inputs.growth[..3].copy_from_slice(&[-half, 0, half]);
    inputs.pool[..3].copy_from_slice(&[one, -one, 0]);
    inputs.matches16.fill(1 << 14);
    inputs.innovation.fill(2 * one);
    let mut constants = StepConstants {
        seed: [1, 2],
        quarter: 0,
        replicate: 3,
        phi: half / 4,
        delta: half / 10,
        log_h0: -4 * one,
        mean_jump: half / 5,
        expected_jump: half / 100,
        log_sigma0: -half,
        beta: half / 2,
        x0: 11 * one,
        sigma_a: half / 4,
        log_eta0: -5 * one,
        zeta_x: half / 2,
        kappa: one,
        x_min: 3 * one,
        lambda: half / 8,
        transfer_jump: half / 5,
        spin_off16: 1 << 15,
    };
    let mut expected = firms.clone();
    let start = RunStart { firms, clusters: 3, tables: &tables };
    let mut session = GpuSession::new(host, &[start])?;
    for quarter in 0..2 {
        constants.quarter = quarter;
        let found = session.step(&[RunQuarter { inputs: &inputs, constants }])?;
        let width = Vectors::Baseline;
        let right = step(&mut expected, &inputs, &constants, &tables, usize::MAX / 2, width);
        if found[0] != right.sums[..3] {
            return Err(host.device.error("wrong sums at the firm step's self-check".to_owned()));
        }
    }
    let found = session.firms(0)?;
    if found.living().eq(expected.living()) {
        Ok(())
    } else {
        Err(host.device.error("wrong firms at the firm step's self-check".to_owned()))
    }
}

/// What a session needs of its backend.
#[derive(Clone, Copy)]
pub(super) struct Host<'a> {
    pub(super) device: &'a Device,
    pub(super) limits: &'a DeviceLimits,
    pub(super) kernel: &'a FirmStep,
    /// One call at a time, as for all kernels of the device.
    pub(super) busy: &'a Mutex<()>,
}

impl<'a> Host<'a> {
    fn turn(&self) -> MutexGuard<'a, ()> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The columns of all runs.
struct Columns {
    /// `x`, `a`, `uid`, `w0`, `w1`, each `[n_runs, stride]`.
    words: [wgpu::Buffer; 5],
    /// Free slots of each run, `[n_runs, stride]`.
    free: wgpu::Buffer,
}

impl Columns {
    fn new(device: &Device, plan: &FirmPlan) -> Result<Self, BackendError> {
        let bytes = u64::from(plan.n_runs) * u64::from(plan.stride) * WORD;
        let column = |label| device.storage(label, bytes);
        Ok(Self {
            words: [
                column("sizes")?,
                column("capabilities")?,
                column("ids of firms")?,
                column("states of firms")?,
                column("matches of firms")?,
            ],
            free: column("free slots")?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &wgpu::Buffer> {
        self.words.iter().chain([&self.free])
    }
}

struct Run<'a> {
    tables: &'a Tables,
    /// Where its tables stand in the buffer of inputs, in words.
    tables_at: u32,
    clusters: usize,
    n_slots: u32,
    n_free: u32,
}

/// Firms on a device.
pub(super) struct GpuSession<'a> {
    host: Host<'a>,
    plan: FirmPlan,
    runs: Vec<Run<'a>>,
    n_clusters: usize,
    columns: Columns,
    given: wgpu::Buffer,
    sums: wgpu::Buffer,
    step_params: wgpu::Buffer,
    arrivals_params: wgpu::Buffer,
    /// Words of all tables.
    n_table_words: u64,
    words: Vec<i32>,
}

impl<'a> GpuSession<'a> {
    /// Brings the runs to the device.
    pub(super) fn new(host: Host<'a>, starts: &[RunStart<'a>]) -> Result<Self, BackendError> {
        let _turn = host.turn();
        let device = host.device;
        let mut sets: Vec<&Tables> = Vec::new();
        let n_run_words = starts.len() * RUN_WORDS;
        let mut runs = Vec::with_capacity(starts.len());
        for start in starts {
            let known = sets.iter().position(|tables| std::ptr::eq(*tables, start.tables));
            let set = known.unwrap_or(sets.len());
            if set == sets.len() {
                sets.push(start.tables);
            }
            runs.push(Run {
                tables: start.tables,
                tables_at: narrow(n_run_words + set * TABLE_WORDS)?,
                clusters: start.clusters,
                n_slots: narrow(start.firms.len())?,
                n_free: 0,
            });
        }
        let n_clusters = starts.iter().map(|it| it.clusters).max().unwrap_or(1);
        let longest = starts.iter().map(|it| it.firms.len() as u64).max().unwrap_or(0);
        let n_table_words = (sets.len() * TABLE_WORDS) as u64;
        let stride = FirmPlan::stride_for(longest);
        let (n_runs, clusters) = (starts.len().max(1) as u64, n_clusters as u64);
        let plan = FirmPlan::new(host.limits, n_runs, stride, clusters, n_table_words)?;

        let columns = Columns::new(device, &plan)?;
        for (i, start) in starts.iter().enumerate() {
            let at = i as u64 * u64::from(plan.stride) * WORD;
            for (buffer, column) in columns.words.iter().zip(start.firms.columns()) {
                device.write_at(buffer, at, column)?;
            }
            let free = start.firms.free_slots().into_iter().map(narrow);
            let free: Vec<u32> = free.collect::<Result<_, _>>()?;
            device.write_at(&columns.free, at, &free)?;
            runs[i].n_free = narrow(free.len())?;
        }
        let words = vec![0; n_run_words];
        let tables: Vec<i32> = sets.iter().flat_map(|tables| table_words(tables)).collect();
        let given =
            device.storage("inputs of firms", (n_run_words + tables.len()) as u64 * WORD)?;
        device.write_at(&given, n_run_words as u64 * WORD, &tables)?;
        let n_sums = starts.len() * (n_clusters * SUM_WORDS + 1);
        Ok(Self {
            sums: device.storage("sums of clusters", n_sums as u64 * WORD)?,
            step_params: device.uniform::<FirmStepParams>()?,
            arrivals_params: device.uniform::<FirmArrivalsParams>()?,
            host,
            plan,
            runs,
            n_clusters,
            columns,
            given,
            n_table_words,
            words,
        })
    }

    /// Words of one run in the buffer of sums.
    const fn sum_words(&self) -> usize {
        self.n_clusters * SUM_WORDS + 1
    }

    /// Lays the firms out with room for `slots` per run.
    fn widen(&mut self, slots: u64) -> Result<(), BackendError> {
        let (n_runs, n_clusters) = (u64::from(self.plan.n_runs), self.n_clusters as u64);
        let stride = FirmPlan::stride_for(slots);
        let plan = FirmPlan::new(self.host.limits, n_runs, stride, n_clusters, self.n_table_words)?;
        let columns = Columns::new(self.host.device, &plan)?;
        let (from, to) = (u64::from(self.plan.stride) * WORD, u64::from(plan.stride) * WORD);
        self.host.device.run(|encoder| {
            for (old, new) in self.columns.all().zip(columns.all()) {
                for run in 0..n_runs {
                    encoder.copy_buffer_to_buffer(old, run * from, new, run * to, from);
                }
            }
        })?;
        (self.plan, self.columns) = (plan, columns);
        Ok(())
    }

    /// Where a run begins in a column, in bytes.
    fn offset(&self, run: usize) -> u64 {
        run as u64 * u64::from(self.plan.stride) * WORD
    }
}

impl FirmSession for GpuSession<'_> {
    fn step(&mut self, quarters: &[RunQuarter<'_>]) -> Result<Vec<Vec<ClusterSums>>, BackendError> {
        if self.runs.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.host.turn();
        let (device, kernel) = (self.host.device, self.host.kernel);
        let each = self.words.par_chunks_exact_mut(RUN_WORDS).zip(&self.runs).zip(quarters);
        each.for_each(|((words, run), quarter)| {
            run_words(quarter, run.tables, (run.tables_at, run.n_slots, run.n_free), words);
        });
        device.write(&self.given, &self.words)?;
        let [x, a, uid, w0, w1] = &self.columns.words;
        let free = &self.columns.free;
        let bound = [&self.step_params, &self.given, x, a, uid, w0, w1, &self.sums, free];
        let bindings = device.bind(&kernel.step, &bound);
        for (i, part) in self.plan.dispatches().enumerate() {
            let params = FirmStepParams {
                first_run: part.first_run,
                first_block: part.first_block,
                stride: self.plan.stride,
                n_clusters: narrow(self.n_clusters)?,
            };
            device.write(&self.step_params, &[params])?;
            device.run(|encoder| {
                if i == 0 {
                    encoder.clear_buffer(&self.sums, 0, None);
                }
                kernel.step.dispatch(encoder, &bindings, (part.n_blocks, part.n_runs));
            })?;
        }
        let bytes = (self.runs.len() * self.sum_words()) as u64 * WORD;
        let words: Vec<u32> = device.read(&self.sums, std::iter::once((0, bytes)))?;
        let mut all = Vec::with_capacity(self.runs.len());
        let length = self.sum_words();
        for (run, words) in self.runs.iter_mut().zip(words.chunks_exact(length)) {
            let sums = sums_of(&words[..length - 1], run.clusters);
            let exits: u32 = sums.iter().map(|it| it.exits).sum();
            if exits != words[length - 1] {
                return Err(device.error("exits and freed slots differ".to_owned()));
            }
            run.n_free += exits;
            all.push(sums);
        }
        Ok(all)
    }

    fn place(&mut self, arrivals: &[Vec<FirmRow>]) -> Result<(), BackendError> {
        let _turn = self.host.turn();
        let needed = |(run, firms): (&Run<'_>, &Vec<FirmRow>)| {
            u64::from(run.n_slots) + (firms.len() as u64).saturating_sub(u64::from(run.n_free))
        };
        let longest = self.runs.iter().zip(arrivals).map(needed).max().unwrap_or(0);
        if longest > u64::from(self.plan.stride) {
            self.widen(longest)?;
        }
        let stride = self.plan.stride;
        let mut placed = Vec::new();
        for ((first, run), firms) in
            (0..).map(|i: u32| i * stride).zip(&mut self.runs).zip(arrivals)
        {
            for firm in firms {
                let place = if run.n_free > 0 {
                    run.n_free -= 1;
                    BY_FREE | (first + run.n_free)
                } else {
                    run.n_slots += 1;
                    first + run.n_slots - 1
                };
                let FirmRow { uid, x, a, w0, w1 } = *firm;
                placed.push(FirmArrival { place, x, a, uid, w0, w1 });
            }
        }
        if placed.is_empty() {
            return Ok(());
        }
        let (device, kernel, limits) = (self.host.device, self.host.kernel, self.host.limits);
        let most = (u64::from(limits.workgroups) * u64::from(ARRIVALS_PER_WORKGROUP))
            .min(limits.binding_bytes / ARRIVAL_BYTES);
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(placed.len());
        let listed = device.storage("arrivals", most as u64 * ARRIVAL_BYTES)?;
        let [x, a, uid, w0, w1] = &self.columns.words;
        let free = &self.columns.free;
        let bound = [&self.arrivals_params, &listed, free, x, a, uid, w0, w1];
        let bindings = device.bind(&kernel.arrivals, &bound);
        for part in placed.chunks(most.max(1)) {
            let n_arrivals = narrow(part.len())?;
            let params = FirmArrivalsParams { n_arrivals, stride, padding0: 0, padding1: 0 };
            device.write(&self.arrivals_params, &[params])?;
            device.write(&listed, part)?;
            let grid = (n_arrivals.div_ceil(ARRIVALS_PER_WORKGROUP), 1);
            device.run(|encoder| kernel.arrivals.dispatch(encoder, &bindings, grid))?;
        }
        Ok(())
    }

    fn firms(&self, run: usize) -> Result<Firms, BackendError> {
        let _turn = self.host.turn();
        let n_slots = u64::from(self.runs[run].n_slots);
        let mut columns: [Vec<u32>; 5] = Default::default();
        if n_slots > 0 {
            for (column, buffer) in columns.iter_mut().zip(&self.columns.words) {
                let piece = std::iter::once((self.offset(run), n_slots * WORD));
                *column = self.host.device.read(buffer, piece)?;
            }
        }
        let uneven = || self.host.device.error("columns of different length".to_owned());
        Firms::from_columns(columns).ok_or_else(uneven)
    }

    fn replace(&mut self, run: usize, firms: Firms) -> Result<(), BackendError> {
        let _turn = self.host.turn();
        for (buffer, column) in self.columns.words.iter().zip(firms.columns()) {
            self.host.device.write_at(buffer, self.offset(run), column)?;
        }
        Ok(())
    }
}

/// Numbers beyond 32 bits are beyond any device.
fn narrow(n: usize) -> Result<u32, BackendError> {
    u32::try_from(n).map_err(|_| BackendError::Limit {
        what: "words of all runs",
        needed: n as u64,
        allowed: u64::from(u32::MAX),
    })
}
