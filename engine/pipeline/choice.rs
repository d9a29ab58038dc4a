//! Which backend a run uses.

use crate::gpu::{AdapterPreference, GpuBackend};
use crate::kernel::{Backend, BackendChoice, BackendError, CpuBackend};

/// Opens the backend of `choice`.
///
/// `Auto` takes a GPU that is no software adapter and passes its self-check, and the CPU
/// otherwise; the second value then says why no GPU was taken, for people and the manifest.
///
/// # Errors
/// Only for `Gpu`: there is no adapter, or it failed its self-check.
pub fn choose_backend(
    choice: BackendChoice,
) -> Result<(Box<dyn Backend>, Option<BackendError>), BackendError> {
    let cpu = || Box::new(CpuBackend::new()) as Box<dyn Backend>;
    match choice {
        BackendChoice::Cpu => Ok((cpu(), None)),
        BackendChoice::Gpu => Ok((Box::new(GpuBackend::new(&AdapterPreference::Any)?), None)),
        BackendChoice::Auto => match GpuBackend::new(&AdapterPreference::Hardware) {
            Ok(gpu) => Ok((Box::new(gpu), None)),
            Err(error) => Ok((cpu(), Some(error))),
        },
    }
}
