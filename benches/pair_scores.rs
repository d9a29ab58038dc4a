//! Scores of listed pairs: sequential reference, processor, GPU.
//!
//! Measured: one call of `Backend::score_pairs`, with everything a caller waits for (for the GPU
//! that is upload of both sides, dispatches and download). Throughput is in pairs per second.
//! Data: rows as for `top_k`; each query with documents drawn without order, so that nearly every
//! document row comes from memory.
//! Caveats: as for `top_k`; the check that all numbers are finite reads both sides once and is
//! part of the time.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::kernel;

use crate::top_k::{backends, unit_rows};

const N_QUERIES: u32 = 1000;
const N_DOCUMENTS: u32 = 50_000;
const DIM: usize = 256;
const PAIRS_PER_QUERY: u32 = 200;

/// Times every backend beside the reference.
pub(crate) fn bench(criterion: &mut Criterion) {
    let queries = unit_rows(N_QUERIES as usize, DIM, 3);
    let documents = unit_rows(N_DOCUMENTS as usize, DIM, 4);
    // Knuth's multiplicative hash: neighbours in the list are far apart in memory.
    let document = |place: u32| place.wrapping_mul(2_654_435_761) % N_DOCUMENTS;
    let pairs: Vec<(u32, u32)> = (0..N_QUERIES * PAIRS_PER_QUERY)
        .map(|place| (place / PAIRS_PER_QUERY, document(place)))
        .collect();
    let mut group = criterion.benchmark_group(format!(
        "pair_scores {N_QUERIES}x{PAIRS_PER_QUERY} of {N_DOCUMENTS}x{DIM}"
    ));
    group.throughput(Throughput::Elements(pairs.len() as u64));
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function(BenchmarkId::from_parameter("reference"), |bencher| {
        bencher.iter(|| {
            kernel::pair_scores(black_box(queries.view()), documents.view(), &pairs)
        });
    });
    for (name, backend) in backends() {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                backend.score_pairs(black_box(queries.view()), documents.view(), &pairs)
            });
        });
    }
    group.finish();
}
