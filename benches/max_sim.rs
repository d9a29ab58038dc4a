//! The best passage for each vector of a query, over listed pairs: reference, processor, GPU.
//!
//! Measured: one call of `Backend::max_sim`, with everything a caller waits for (for the GPU that is
//! upload of both sides, dispatches and download). Throughput is in pairs of records per second.
//! Data: rows as for `top_k`; queries of three rows, documents of one to nine, drawn without order,
//! so that nearly every document comes from memory.
//! Caveats: as for `pair_scores`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::kernel;
use duijie::model::{Embeddings, MultiVectors};

use crate::top_k::{backends, unit_rows};

const N_QUERIES: u32 = 500;
const ROWS_PER_QUERY: u32 = 3;
const N_DOCUMENTS: u32 = 10_000;
const MAX_ROWS_PER_DOCUMENT: u32 = 9;
const DIM: usize = 256;
const PAIRS_PER_QUERY: u32 = 200;

/// Times every backend beside the reference.
pub(crate) fn bench(criterion: &mut Criterion) {
    let queries = records(N_QUERIES, |_| ROWS_PER_QUERY, 5);
    let documents = records(N_DOCUMENTS, |record| record % MAX_ROWS_PER_DOCUMENT + 1, 6);
    // Knuth's multiplicative hash: neighbours in the list are far apart in memory.
    let document = |place: u32| place.wrapping_mul(2_654_435_761) % N_DOCUMENTS;
    let pairs: Vec<(u32, u32)> = (0..N_QUERIES * PAIRS_PER_QUERY)
        .map(|place| (place / PAIRS_PER_QUERY, document(place)))
        .collect();
    let mut group = criterion.benchmark_group(format!(
        "max_sim {N_QUERIES}x{PAIRS_PER_QUERY} of {N_DOCUMENTS}x1-{MAX_ROWS_PER_DOCUMENT}x{DIM}"
    ));
    group.throughput(Throughput::Elements(pairs.len() as u64));
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    group.bench_function(BenchmarkId::from_parameter("reference"), |bencher| {
        bencher.iter(|| kernel::max_sim(black_box(queries.view()), documents.view(), &pairs));
    });
    for (name, backend) in backends() {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| backend.max_sim(black_box(queries.view()), documents.view(), &pairs));
        });
    }
    group.finish();
}

/// `n` records of unit rows, as many as `n_rows` says.
fn records(n: u32, n_rows: impl Fn(u32) -> u32, seed: u64) -> MultiVectors {
    let mut starts = vec![0];
    let mut end = 0;
    for record in 0..n {
        end += n_rows(record);
        starts.push(end);
    }
    let rows: Embeddings = unit_rows(end as usize, DIM, seed);
    MultiVectors::new(rows, starts).expect("the starts were counted above")
}
