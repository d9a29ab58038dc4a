//! `duijie serve`: what is published, for programs (`api`) and for people (`pages`).
//!
//! A server reads one [`Snapshot`](crate::pipeline::Snapshot) and swaps it whole when another night is
//! published (`watch`); answers, steps and saved demands are short transactions of the store. Every
//! request passes, in this order: limits of size, time and number (`listen`, `limits`), Host and
//! Origin (`guard`), who asks (`access`), and then sees no more than their role does, through
//! [`View`](crate::pipeline::View) alone.

mod access;
mod api;
mod audit;
mod error;
mod guard;
mod limits;
mod listen;
mod metrics;
mod options;
pub mod pages;
mod problem;
mod site;
mod state;
mod strict;
mod watch;

pub use error::ServerError;
pub use listen::{Running, serve};
pub use options::{DEFAULT_BIND, ServeOptions};

/// The description of the interface, as served at `/api/v1/openapi.json`.
#[must_use]
pub fn openapi_json() -> String {
    api::openapi::document().to_json().unwrap_or_default()
}
