//! Benchmarks, one file per stage: `cargo bench` runs all, `cargo bench -- top_k` one stage.
//!
//! Data are made from fixed seeds; sizes are constants in each file. Machines differ and are
//! shared: compare lines of one run, not figures of two.

mod allocation;
mod embedding;
mod import;
mod max_sim;
mod night;
mod pair_scores;
mod quantities;
mod retrieval;
mod simulation;
mod store;
mod top_k;
mod transformer;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    import::bench,
    retrieval::retrieval,
    embedding::benches,
    transformer::benches,
    top_k::bench,
    pair_scores::bench,
    quantities::bench,
    max_sim::bench,
    allocation::bench,
    simulation::bench,
    night::bench,
    store::bench
);
criterion_main!(benches);
