//! The arithmetic that runs on every backend: what it computes, and a CPU that computes it.
//!
//! `trait Backend` is the contract. The functions in the files named after the kernels are the
//! references: sequential, in `f32`, obviously right.

mod backend;

pub use backend::{Backend, BackendError, BackendInfo, BackendKind, Hit};
