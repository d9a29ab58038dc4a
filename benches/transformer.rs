//! Embedding with a transformer from a local directory, in texts per second.
//!
//! Without more, the tiny random checkpoint of the tests, whose figures only show the cost around
//! the products. `DUIJIE_BENCH_MODEL=DIR cargo bench -- transformer` measures a real folder, such
//! as bge-small-zh-v1.5. Data: the made-up texts of `embedding.rs`, of 100 and 150 characters.

use std::path::PathBuf;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::embed::{TextRole, open_dir};

use crate::embedding::texts;

/// Texts per call: enough for many batches, few enough for a second per call.
const N_TEXTS: usize = 128;

/// Registers the benchmarks of this stage.
#[expect(clippy::print_stderr, reason = "a benchmark prints its figures")]
pub(crate) fn benches(criterion: &mut Criterion) {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transformer/bert");
    let folder = std::env::var_os("DUIJIE_BENCH_MODEL").map_or(fixture, PathBuf::from);
    let began = Instant::now();
    let model = open_dir(&folder).expect("the model opens");
    eprintln!("transformer: {} opened in {:.1?}", folder.display(), began.elapsed());
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    let mut group = criterion.benchmark_group("transformer");
    group.throughput(Throughput::Elements(N_TEXTS as u64));
    group.sample_size(10);
    for length in [100, 150] {
        let owned = texts(N_TEXTS, length);
        let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
        group.bench_function(BenchmarkId::new("one_thread", length), |bencher| {
            bencher.iter(|| one.install(|| model.embed(&texts, TextRole::Document)).expect("rows"));
        });
        group.bench_function(BenchmarkId::new("all_threads", length), |bencher| {
            bencher.iter(|| model.embed(&texts, TextRole::Document).expect("rows"));
        });
    }
    group.finish();
}
