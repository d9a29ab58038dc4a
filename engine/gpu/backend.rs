//! A device as a backend.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::device::{self, Adapter, Device};
use super::firm_step::{self, FirmStep, GpuSession, Host};
use super::max_sim::MaxSim;
use super::pair_scores::PairScores;
use super::rung::Rung;
use super::top_k::{Pass, TopK};
use super::{certified, plan::DeviceLimits};
use crate::kernel::firm_step::{FirmSession, RunStart};
use crate::kernel::{
    self, Backend, BackendError, BackendInfo, BestRow, Hit, Selected, Selecting, SelectionWork,
    check_inputs, check_pairs, check_pairs_of,
};
use crate::model::{Embeddings, EmbeddingsView, MultiVectorsView};

/// Longest rows that coarse rungs take: integer dot products of `2¹⁶` bytes fit 32 bits.
const MAX_COARSE_DIM: usize = 1 << 16;

/// Which adapter to open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdapterPreference {
    /// The best hardware; none is an error even if there is a software adapter.
    #[default]
    Hardware,
    /// The best hardware, or else software.
    Any,
    /// The first whose name contains this text.
    Named(String),
}

/// Lists the adapters of this machine, the one that would be chosen first.
#[must_use]
pub fn adapters() -> Vec<BackendInfo> {
    device::adapters().into_iter().map(|adapter| adapter.info).collect()
}

/// Computes on a device reached through wgpu: Vulkan, Metal or DX12, without optional features.
///
/// `top_k` goes by a [`Rung`]: coarse ones are certified and give the bits of the reference; the one in
/// `f32` gives the same selection up to the last bits of the scores. A rung that does not compile or
/// computes a known product wrong is left out; without the one in `f32` there is no backend. The same
/// adapter and driver give the same bits every time. Calls from several threads wait for each
/// other. After an error of the device every further call fails with the same error.
pub struct GpuBackend {
    device: Device,
    limits: DeviceLimits,
    top_k: TopK,
    /// The rung that is used.
    rung: Rung,
    /// Rungs that this device does not have, and why.
    left_out: Vec<(Rung, BackendError)>,
    pair_scores: PairScores,
    max_sim: MaxSim,
    /// Compiled when it is first asked for: most runs simulate nothing.
    firm_step: OnceLock<Result<FirmStep, BackendError>>,
    /// One call at a time: an error, and the memory, belong to the call that caused it.
    busy: Mutex<()>,
}

impl std::fmt::Debug for GpuBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GpuBackend")
            .field("info", &self.device.info)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl GpuBackend {
    /// Opens the best adapter of this preference that computes a small known product right.
    ///
    /// # Errors
    /// [`BackendError::NoAdapter`] when no adapter is of this preference; else what is wrong with
    /// the best one: [`BackendError::Limit`] when its workgroups are too small,
    /// [`BackendError::Device`] when it cannot be opened, does not compile a kernel, or computes
    /// the known product wrong.
    pub fn new(preference: &AdapterPreference) -> Result<Self, BackendError> {
        let wanted = |adapter: &Adapter| match preference {
            AdapterPreference::Hardware => !adapter.info.software,
            AdapterPreference::Any => true,
            AdapterPreference::Named(name) => adapter.info.adapter.contains(name.as_str()),
        };
        let mut first_error = None;
        for adapter in device::adapters().iter().filter(|adapter| wanted(adapter)) {
            match Self::open(adapter) {
                Ok(backend) => return Ok(backend),
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(BackendError::NoAdapter))
    }

    fn open(adapter: &Adapter) -> Result<Self, BackendError> {
        let device = Device::open(adapter)?;
        let limits = DeviceLimits::new(&device.limits, device.info.software);
        let top_k = TopK::new(&device)?;
        let pair_scores = PairScores::new(&device)?;
        let max_sim = MaxSim::new(&device)?;
        let mut backend = Self {
            device,
            limits,
            top_k,
            rung: Rung::F32,
            left_out: Vec::new(),
            pair_scores,
            max_sim,
            firm_step: OnceLock::new(),
            busy: Mutex::new(()),
        };
        backend.check_itself()?;
        for rung in Rung::ALL.into_iter().filter(|&rung| rung != Rung::F32) {
            let tried = backend.top_k.add(&backend.device, rung);
            if let Err(error) = tried.and_then(|()| backend.check_rung(rung)) {
                backend.top_k.remove(rung);
                backend.left_out.push((rung, error));
            }
        }
        // Emulated instructions are no faster for being shorter.
        if !backend.device.info.software {
            backend.rung = backend.top_k.rungs()[0];
        }
        // A device that was lost on the way is no backend.
        backend.check_itself()?;
        Ok(backend)
    }

    /// The rungs that this device has, from the top.
    #[must_use]
    pub fn rungs(&self) -> Vec<Rung> {
        self.top_k.rungs()
    }

    /// The rungs that it does not have, and why.
    #[must_use]
    pub fn left_out(&self) -> &[(Rung, BackendError)] {
        &self.left_out
    }

    /// Uses a given rung, for tests and benchmarks; `None` where the device does not have it.
    #[must_use]
    pub fn with_rung(mut self, rung: Rung) -> Option<Self> {
        self.rung = rung;
        self.rungs().contains(&rung).then_some(self)
    }

    /// Pretends that the device allows less, so that small inputs are cut into many pieces.
    ///
    /// For tests: `binding_bytes` bounds each storage binding, `work` the multiply-adds of a
    /// dispatch. What the device really allows is never exceeded.
    #[must_use]
    pub fn with_limits(mut self, binding_bytes: u64, work: u64) -> Self {
        self.limits.binding_bytes = self.limits.binding_bytes.min(binding_bytes);
        self.limits.work = self.limits.work.min(work);
        self
    }

    /// What a session of the firm step works with.
    const fn host<'a>(&'a self, kernel: &'a FirmStep) -> Host<'a> {
        Host { device: &self.device, limits: &self.limits, kernel, busy: &self.busy }
    }

    /// Compares a small product of integers, which no order of summation rounds, with the
    /// references.
    fn check_itself(&self) -> Result<(), BackendError> {
        let (queries, documents) = known_rows();
        let (queries, documents) = (queries.view(), documents.view());
        let no_starts = |_| self.device.error("the self-check has no records".to_owned());
        let pairs: Vec<(u32, u32)> = (0..65).map(|row| (row, 129 - row)).collect();
        // Records of no row, of one, and of more than the lanes of a job.
        let cut = |rows, starts| MultiVectorsView::new(rows, starts);
        let asks = cut(queries, &[0, 1, 1, 40, 65]).map_err(no_starts)?;
        let answers = cut(documents, &[0, 1, 10, 10, 130]).map_err(no_starts)?;
        let records = [(0, 0), (1, 1), (2, 2), (2, 3), (3, 1), (0, 3)];
        let right = self.top_k(queries, documents, 7)? == kernel::top_k(queries, documents, 7)?
            && self.score_pairs(queries, documents, &pairs)?
                == kernel::pair_scores(queries, documents, &pairs)?
            && self.max_sim(asks, answers, &records)? == kernel::max_sim(asks, answers, &records)?;
        if right { Ok(()) } else { Err(self.device.error("wrong at its self-check".to_owned())) }
    }

    /// Compares the coarse scores of a rung with exact ones, which they must be near, and finds out
    /// whether they are ordered: what certifies lists hides a device that computes nonsense.
    fn check_rung(&self, rung: Rung) -> Result<(), BackendError> {
        let (queries, documents) = known_rows();
        let (queries, documents) = (queries.view(), documents.view());
        let part = (&self.device, &self.limits, &self.top_k);
        let all = documents.n_rows();
        let asked = Selecting { approximate: true, ..Selecting::best(all) };
        let coarse = certified::select(part, rung, queries, documents, &asked)?;
        let (asking, answering) = (rung.pack(queries)?.facts, rung.pack(documents)?.facts);
        let near = |query: usize, hit: &Hit| {
            let row = hit.document as usize;
            let exact = kernel::dot(queries.row(query), documents.row(row));
            let other = answering[row];
            let bound = asking[query].bound(other.norm, other.error, queries.dim());
            (f64::from(hit.score) - f64::from(exact)).abs() <= bound
        };
        let right = coarse.lists.iter().enumerate().all(|(query, hits)| {
            hits.len() == all
                && hits.iter().all(|hit| near(query, hit))
                && hits.is_sorted_by(|a, b| kernel::best_first(a, b).is_lt())
        });
        let asked = Selecting::best(7);
        let exact = certified::select(part, rung, queries, documents, &asked)?;
        if right && exact.lists == kernel::top_k(queries, documents, 7)? {
            return Ok(());
        }
        Err(self.device.error(format!("rung {} is wrong at its self-check", rung.name())))
    }
}

/// Rows of small integers: more than one tile of either side, many ties, a dimension that needs padding
/// and keeps every lane busy.
fn known_rows() -> (Embeddings, Embeddings) {
    const DIM: usize = 67;
    let rows = |n: usize, seed: usize| {
        let small = |i: usize| i8::try_from((i * i + seed * i) % 7).map_or(0.0, f32::from);
        let data = (0..n * DIM).map(|i| small(i) - 3.0).collect();
        Embeddings::new(data, DIM).expect("whole rows were just made")
    };
    (rows(65, 2), rows(130, 5))
}

impl Backend for GpuBackend {
    fn info(&self) -> BackendInfo {
        self.device.info.clone()
    }

    fn select(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError> {
        check_inputs(queries, documents)?;
        asked.check(documents.n_rows())?;
        let n_allowed = asked.n_allowed(documents.n_rows());
        if queries.n_rows() == 0 || n_allowed == 0 || asked.k == 0 {
            return Ok(Selected::nothing(queries.n_rows()));
        }
        let _turn = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if self.rung != Rung::F32 && documents.dim() <= MAX_COARSE_DIM {
            let part = (&self.device, &self.limits, &self.top_k);
            match certified::select(part, self.rung, queries, documents, asked) {
                // Without room for the candidates of one query the next rung needs fewer.
                Err(BackendError::Limit { .. }) => {}
                certified => return certified,
            }
        }
        let k = asked.k.min(n_allowed);
        let pass = Pass { queries, documents, k, allowed: asked.allowed };
        let fetched = self.top_k.run(&self.device, &self.limits, Rung::F32, pass)?;
        let work = SelectionWork::in_f32(queries.n_rows() as u64 * n_allowed as u64);
        Ok(Selected { lists: fetched.lists, work })
    }

    fn score_pairs(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<f32>, BackendError> {
        check_inputs(queries, documents)?;
        check_pairs(queries, documents, pairs)?;
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        self.pair_scores.run(&self.device, &self.limits, queries, documents, pairs)
    }

    fn max_sim(
        &self,
        queries: MultiVectorsView<'_>,
        documents: MultiVectorsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<BestRow>, BackendError> {
        check_inputs(queries.rows(), documents.rows())?;
        check_pairs_of(queries.n_records(), documents.n_records(), pairs)?;
        let _turn = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        self.max_sim.run(&self.device, &self.limits, queries, documents, pairs)
    }

    fn simulate<'a>(
        &'a self,
        runs: Vec<RunStart<'a>>,
    ) -> Result<Box<dyn FirmSession + 'a>, BackendError> {
        let kernel = self.firm_step.get_or_init(|| {
            let kernel = FirmStep::new(&self.device)?;
            firm_step::check(self.host(&kernel))?;
            Ok(kernel)
        });
        let kernel = kernel.as_ref().map_err(Clone::clone)?;
        Ok(Box::new(GpuSession::new(self.host(kernel), &runs)?))
    }
}

/// Without an adapter the tests of a device pass; whether one must be there is decided by the tests
/// against the references.
#[cfg(test)]
mod tests {
    use super::{AdapterPreference, GpuBackend};
    use crate::kernel::{Backend, BackendError};
    use crate::model::EmbeddingsView;

    #[test]
    fn an_adapter_that_is_not_there_is_an_error() {
        let nobody = AdapterPreference::Named("no adapter has this name".to_owned());
        assert_eq!(GpuBackend::new(&nobody).err(), Some(BackendError::NoAdapter));
    }

    #[test]
    fn memory_that_is_not_there_is_an_error_and_the_device_lives_on() {
        let Ok(backend) = GpuBackend::new(&AdapterPreference::Any) else {
            return;
        };
        let error = backend.device.storage("documents", 1 << 50).err();
        assert!(matches!(error, Some(BackendError::Device { .. })), "{error:?}");
        let rows = EmbeddingsView::new(&[1.0, 2.0], 2).expect("one row");
        assert_eq!(backend.score_pairs(rows, rows, &[(0, 0)]), Ok(vec![5.0]));
    }

    #[test]
    fn a_lost_device_is_an_error_and_stays_one() {
        let Ok(backend) = GpuBackend::new(&AdapterPreference::Any) else {
            return;
        };
        backend.device.destroy();
        let rows = EmbeddingsView::new(&[1.0, 2.0], 2).expect("one row");
        for _ in 0..2 {
            let error = backend.top_k(rows, rows, 1);
            assert!(matches!(error, Err(BackendError::Device { .. })), "{error:?}");
            let error = backend.score_pairs(rows, rows, &[(0, 0)]);
            assert!(matches!(error, Err(BackendError::Device { .. })), "{error:?}");
        }
    }
}
