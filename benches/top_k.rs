//! The exact selection over all pairs: sequential reference, processor, GPU.
//!
//! Measured: one call of `Backend::top_k`, with everything a caller waits for (for the GPU that is
//! upload, dispatches and download). Throughput is in pairs per second; a pair is `2 · DIM`
//! floating-point operations.
//! Data: rows of unit length from a fixed counter-based stream, in no order.
//! Caveats: on a software adapter the GPU figures say nothing about a GPU. Candidates of real
//! lists come in clusters, which makes the thresholds rise more slowly than here.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::gpu::{AdapterPreference, GpuBackend};
use duijie::kernel::{self, Backend, CpuBackend, Instructions};
use duijie::model::Embeddings;

const N_QUERIES: usize = 256;
const N_DOCUMENTS: usize = 20_000;
const DIM: usize = 256;
const KS: [usize; 2] = [10, 100];

/// `n` rows of unit length: SplitMix64 (Steele, Lea and Flood 2014) by position in stream `seed`.
pub(crate) fn unit_rows(n: usize, dim: usize, seed: u64) -> Embeddings {
    let component = |i: usize| {
        let mut x = ((i as u64) + (seed << 40) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^= x >> 31;
        f32::from(u16::try_from(x >> 48).expect("16 bits are left")) / 32768.0 - 1.0
    };
    let mut data: Vec<f32> = (0..n * dim).map(component).collect();
    for row in data.chunks_exact_mut(dim) {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
    Embeddings::new(data, dim).expect("whole rows")
}

/// The backends to time, named with their adapters and rungs; the GPU only where there is one.
pub(crate) fn backends() -> Vec<(String, Box<dyn Backend>)> {
    let mut backends: Vec<(String, Box<dyn Backend>)> = Vec::new();
    for &instructions in Instructions::ALL {
        if let Some(cpu) = CpuBackend::with_instructions(instructions) {
            let name = format!("cpu {} x{}", instructions.name(), rayon::current_num_threads());
            backends.push((name, Box::new(cpu)));
        }
    }
    if let Ok(gpu) = GpuBackend::new(&AdapterPreference::Any) {
        let info = gpu.info();
        let software = if info.software { "software " } else { "" };
        for rung in gpu.rungs() {
            let again = GpuBackend::new(&AdapterPreference::Any);
            if let Some(gpu) = again.ok().and_then(|gpu| gpu.with_rung(rung)) {
                let name = format!("gpu {software}{} {}", info.adapter, rung.name());
                backends.push((name, Box::new(gpu)));
            }
        }
    }
    backends
}

/// Times every backend beside the reference.
pub(crate) fn bench(criterion: &mut Criterion) {
    let queries = unit_rows(N_QUERIES, DIM, 1);
    let documents = unit_rows(N_DOCUMENTS, DIM, 2);
    let backends = backends();
    for k in KS {
        let mut group =
            criterion.benchmark_group(format!("top_k {N_QUERIES}x{N_DOCUMENTS}x{DIM} k{k}"));
        group.throughput(Throughput::Elements((N_QUERIES * N_DOCUMENTS) as u64));
        group.sample_size(10).measurement_time(Duration::from_secs(5));
        group.bench_function(BenchmarkId::from_parameter("reference"), |bencher| {
            bencher.iter(|| kernel::top_k(black_box(queries.view()), documents.view(), k));
        });
        for (name, backend) in &backends {
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| backend.top_k(black_box(queries.view()), documents.view(), k));
            });
        }
        group.finish();
    }
}
