//! Any vendor's GPU as a backend, through wgpu. Nothing else in the program names wgpu.
//!
//! [`GpuBackend`] fulfils the contract of [`kernel::Backend`](crate::kernel::Backend). `plan` cuts
//! the work without a device; `device` talks to one and turns everything that can fail into an
//! error; `top_k`, `pair_scores`, `max_sim` and `firm_step` are the hosts of the kernels of the same
//! name in `shaders/`; `rung` is the ladder of numbers in which `top_k` scores, and `certified` makes its
//! coarse rungs exact.
//! This module knows nothing of demands and supplies.

mod backend;
mod certified;
mod device;
mod firm_plan;
mod firm_step;
mod max_sim;
mod pair_scores;
mod plan;
mod rung;
mod shaders;
mod side;
mod top_k;

pub use backend::{AdapterPreference, GpuBackend, adapters};
pub use rung::Rung;
pub use shaders::{Access, Kernel, kernels};
