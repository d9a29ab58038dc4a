//! Benchmarks, one file per stage: `cargo bench` runs all, `cargo bench -- top_k` one stage.

fn main() {}
