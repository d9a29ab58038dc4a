//! Embedding with the built-in model, in texts per second, and loading it.
//!
//! Data: made-up technical texts of 150 characters, mixed from fixed sentences by a fixed rule;
//! real lists hold more rare words, which makes them slower by some percent. `one_thread` is the
//! figure that counts against the target (20,000 texts per second per core); `all_threads` shows
//! how it scales. `from_cache` finds the same vectors in a cache on disk instead, with one thread:
//! the built-in model goes without one because so little is to be saved.
//!
//! `load` reads the model from its folder, warm (target: 50 ms); the first loading of the built-in
//! one, cold, is measured once and printed.

use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use duijie::embed::{CachedEmbedder, Embedder, StaticModel, TextRole, VectorCache};

const N_TEXTS: usize = 4_000;
const CHARACTERS: usize = 150;

const SENTENCES: [&str; 8] = [
    "本项目研制了一种用于碳化硅衬底切片的激光剥离装置，",
    "现有产品的机械式开关容易损坏，导致接触不良；",
    "采用Ti-6Al-4V钛合金粉末，经选区激光熔化成形，致密度≥99.5%，",
    "寻求可在－40℃~85℃稳定工作的50Gbps光模块封装技术，",
    "利用卷积神经网络识别零件表面划痕、凹坑等缺陷，检出率高，",
    "企业希望降低印染废水的化学需氧量并回用80%以上的水，",
    "该成果已通过中试，拟以技术许可或合作开发方式转化，",
    "提高锂离子动力电池正极材料在高倍率下的循环寿命，",
];

/// `n` texts of at most `length` characters.
pub(crate) fn texts(n: usize, length: usize) -> Vec<String> {
    (0..n)
        .map(|i| {
            let pick = |step: usize| SENTENCES[(i * step + i / 7) % SENTENCES.len()];
            let sentences: String = [1, 3, 5, 7, 2, 6, 4].map(pick).concat();
            format!("编号{i}{sentences}").chars().take(length).collect()
        })
        .collect()
}

/// Registers the benchmarks of this stage.
#[expect(clippy::print_stderr, reason = "a benchmark prints its figures")]
pub(crate) fn benches(criterion: &mut Criterion) {
    let began = Instant::now();
    let model = StaticModel::builtin().expect("the built-in model loads");
    eprintln!("embedding: built-in model loaded in {:.1?}", began.elapsed());

    let owned = texts(N_TEXTS, CHARACTERS);
    let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
    let mut group = criterion.benchmark_group("embedding");
    group.sample_size(20);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/model");
    group.bench_function("load", |bencher| {
        bencher.iter(|| StaticModel::from_dir(&folder).expect("the model loads"));
    });
    group.throughput(Throughput::Elements(N_TEXTS as u64));
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    group.bench_function("one_thread", |bencher| {
        bencher
            .iter(|| one.install(|| model.embed(&texts, TextRole::Document)).expect("texts embed"));
    });
    group.bench_function("all_threads", |bencher| {
        bencher.iter(|| model.embed(&texts, TextRole::Document).expect("texts embed"));
    });
    let dir = tempfile::tempdir().expect("a folder");
    let open =
        || CachedEmbedder::open(model.clone(), &VectorCache::new(dir.path())).expect("a cache");
    open().embed(&texts, TextRole::Document).expect("texts embed");
    let cached = open();
    group.bench_function("from_cache", |bencher| {
        bencher.iter(|| {
            one.install(|| cached.embed(&texts, TextRole::Document)).expect("vectors are found")
        });
    });
    group.finish();
}
