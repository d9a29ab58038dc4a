//! Which backend a run uses, and what becomes of it when a device fails.

use std::sync::{Mutex, PoisonError};

use crate::gpu::{AdapterPreference, GpuBackend};
use crate::kernel::{
    Backend, BackendChoice, BackendError, BackendInfo, BestRow, CpuBackend, Selected, Selecting,
};
use crate::model::{EmbeddingsView, MultiVectorsView};

/// Opens the backend of `choice`.
///
/// `Auto` takes a GPU that is no software adapter and passes its self-check, and the CPU
/// otherwise; the second value then says why no GPU was taken, for people and the manifest. A GPU
/// that fails later leaves the work to the CPU and tells so as [`Backend::fallen`].
///
/// # Errors
/// Only for `Gpu`: there is no adapter, or it failed its self-check.
pub fn choose_backend(
    choice: BackendChoice,
) -> Result<(Box<dyn Backend>, Option<BackendError>), BackendError> {
    let cpu = || Box::new(CpuBackend::new()) as Box<dyn Backend>;
    let gpu = |gpu: GpuBackend| Box::new(Falling::new(gpu)) as Box<dyn Backend>;
    match choice {
        BackendChoice::Cpu => Ok((cpu(), None)),
        BackendChoice::Gpu => Ok((gpu(GpuBackend::new(&AdapterPreference::Any)?), None)),
        BackendChoice::Auto => match GpuBackend::new(&AdapterPreference::Hardware) {
            Ok(device) => Ok((gpu(device), None)),
            Err(error) => Ok((cpu(), Some(error))),
        },
    }
}

/// A device, and the processor for what the device does not finish.
///
/// What the inputs are at fault for is told as it is: the processor would say the same.
struct Falling<B> {
    device: B,
    cpu: CpuBackend,
    /// The first failure of the device, after which it is not asked again.
    fallen: Mutex<Option<BackendError>>,
}

impl<B: Backend> Falling<B> {
    fn new(device: B) -> Self {
        Self { device, cpu: CpuBackend::new(), fallen: Mutex::new(None) }
    }

    fn first<T>(
        &self,
        compute: impl Fn(&dyn Backend) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        if self.fallen().is_none() {
            match compute(&self.device) {
                Err(error @ (BackendError::Device { .. } | BackendError::Limit { .. })) => {
                    let mut fallen = self.fallen.lock().unwrap_or_else(PoisonError::into_inner);
                    fallen.get_or_insert(error);
                }
                done => return done,
            }
        }
        compute(&self.cpu)
    }
}

impl<B: Backend> Backend for Falling<B> {
    fn info(&self) -> BackendInfo {
        if self.fallen().is_none() { self.device.info() } else { self.cpu.info() }
    }

    fn fallen(&self) -> Option<BackendError> {
        self.fallen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn select(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError> {
        self.first(|backend| backend.select(queries, documents, asked))
    }

    fn score_pairs(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<f32>, BackendError> {
        self.first(|backend| backend.score_pairs(queries, documents, pairs))
    }

    fn max_sim(
        &self,
        queries: MultiVectorsView<'_>,
        documents: MultiVectorsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<BestRow>, BackendError> {
        self.first(|backend| backend.max_sim(queries, documents, pairs))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Falling;
    use crate::kernel::{
        self, Backend, BackendError, BackendInfo, BackendKind, BestRow, Selected, Selecting,
    };
    use crate::model::{Embeddings, EmbeddingsView, MultiVectorsView};

    /// A device that is lost at its second call.
    #[derive(Default)]
    struct Lost {
        calls: AtomicUsize,
    }

    impl Lost {
        fn call<T>(&self, done: Result<T, BackendError>) -> Result<T, BackendError> {
            if self.calls.fetch_add(1, Ordering::Relaxed) == 0 {
                return done;
            }
            let (adapter, reason) = ("card".to_owned(), "lost".to_owned());
            Err(BackendError::Device { adapter, reason })
        }
    }

    impl Backend for Lost {
        fn info(&self) -> BackendInfo {
            let (adapter, driver) = ("card".to_owned(), String::new());
            BackendInfo { kind: BackendKind::Gpu, adapter, driver, software: false }
        }

        fn select(
            &self,
            queries: EmbeddingsView<'_>,
            documents: EmbeddingsView<'_>,
            asked: &Selecting<'_>,
        ) -> Result<Selected, BackendError> {
            self.call(kernel::CpuBackend::new().select(queries, documents, asked))
        }

        fn score_pairs(
            &self,
            queries: EmbeddingsView<'_>,
            documents: EmbeddingsView<'_>,
            pairs: &[(u32, u32)],
        ) -> Result<Vec<f32>, BackendError> {
            self.call(kernel::pair_scores(queries, documents, pairs))
        }

        fn max_sim(
            &self,
            queries: MultiVectorsView<'_>,
            documents: MultiVectorsView<'_>,
            pairs: &[(u32, u32)],
        ) -> Result<Vec<BestRow>, BackendError> {
            self.call(kernel::max_sim(queries, documents, pairs))
        }
    }

    #[test]
    fn a_lost_device_leaves_the_work_to_the_processor_and_is_told() {
        let rows = Embeddings::new(vec![1.0, 2.0, 3.0, 4.0], 2).expect("two rows");
        let backend = Falling::new(Lost::default());
        let expected = kernel::top_k(rows.view(), rows.view(), 1);
        for kind in [BackendKind::Gpu, BackendKind::Cpu, BackendKind::Cpu] {
            assert_eq!(backend.top_k(rows.view(), rows.view(), 1), expected);
            assert_eq!(backend.info().kind, kind);
            assert_eq!(backend.fallen().is_some(), kind == BackendKind::Cpu);
        }
        // The device was asked twice, and not again after it was lost.
        assert_eq!(backend.device.calls.load(Ordering::Relaxed), 2);
        assert_eq!(backend.score_pairs(rows.view(), rows.view(), &[(0, 1)]), Ok(vec![11.0]));
    }

    #[test]
    fn bad_inputs_are_no_failure_of_the_device() {
        let rows = Embeddings::new(vec![1.0, 2.0], 2).expect("one row");
        let other = Embeddings::new(vec![1.0, 2.0, 3.0], 3).expect("one row");
        let backend = Falling::new(Lost::default());
        let error = BackendError::Dim { queries: 2, documents: 3 };
        assert_eq!(backend.top_k(rows.view(), other.view(), 1), Err(error));
        assert_eq!(backend.fallen(), None);
    }
}
