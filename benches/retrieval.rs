//! Full-text stages: terms, index, bulk BM25.
//!
//! Measured: terms of Chinese technical text (bytes per second, one thread); building the index
//! of one side; reading two indexes into a scorer; the best 100 documents of every query (pairs
//! per second, all threads).
//! Data: made texts. Words of the built-in list and a few technical expressions are drawn with
//! frequencies that fall like 1/rank, joined by commas; fixed seed.
//! Caveats: a vocabulary of some two hundred words makes postings longer than those of real
//! lists, so bulk scoring is slower here than there; building includes writing to a temporary
//! folder.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use duijie::index::{LexicalScorer, SideIndex};
use duijie::model::{Record, RecordId, Side, SourceRef};
use duijie::text::Segmenter;

const N_DEMANDS: usize = 500;
const N_SUPPLIES: usize = 5_000;
const DEMAND_WORDS: usize = 40;
const SUPPLY_WORDS: usize = 80;
const TOP: usize = 100;

/// Measures all of them.
pub(crate) fn retrieval(criterion: &mut Criterion) {
    let demands = made(Side::Demand, N_DEMANDS, DEMAND_WORDS, 1);
    let supplies = made(Side::Supply, N_SUPPLIES, SUPPLY_WORDS, 2);
    let mut group = criterion.benchmark_group("retrieval");
    group.sample_size(10);

    let segmenter = Segmenter::shared();
    let n_bytes: usize = supplies.iter().map(|supply| supply.body.len()).sum();
    group.throughput(Throughput::Bytes(n_bytes as u64));
    group.bench_function("terms", |bencher| {
        bencher.iter(|| {
            for supply in &supplies {
                black_box(segmenter.tokens(&supply.body));
            }
        });
    });

    group.throughput(Throughput::Elements(N_SUPPLIES as u64));
    group.bench_function("build_index", |bencher| {
        bencher.iter_batched(
            folder,
            |dir| index(dir, Side::Supply, &supplies),
            BatchSize::PerIteration,
        );
    });

    let (queries, _keep_queries) = index(folder(), Side::Demand, &demands);
    let (documents, _keep_documents) = index(folder(), Side::Supply, &supplies);
    group.throughput(Throughput::Elements((N_DEMANDS + N_SUPPLIES) as u64));
    group.bench_function("read_scorer", |bencher| {
        bencher
            .iter(|| LexicalScorer::new(&queries, &documents).expect("the indexes are readable"));
    });

    let scorer = LexicalScorer::new(&queries, &documents).expect("the indexes are readable");
    group.throughput(Throughput::Elements((N_DEMANDS * N_SUPPLIES) as u64));
    group.bench_function("all_top_100", |bencher| {
        bencher.iter(|| scorer.all_top_n(TOP, &|_| {}));
    });
    group.finish();
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// The folder is handed back so that removing it is not measured.
fn index(dir: tempfile::TempDir, side: Side, records: &[Record]) -> (SideIndex, tempfile::TempDir) {
    let built = SideIndex::build(dir.path(), side, records, &|_| {});
    (built.expect("the index can be built"), dir)
}

/// `n` records of `n_words` words each.
fn made(side: Side, n: usize, n_words: usize, seed: u64) -> Vec<Record> {
    let mut vocabulary: Vec<&str> = include_str!("../corpus/words.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    vocabulary.extend(["SiC衬底", "Ti-6Al-4V", "12英寸", "50Gbps", "H01L21/02", "99.9%"]);
    // Word of rank r is drawn while the running sum of 1/r is below the draw.
    let total: f64 = (1..=vocabulary.len()).map(|rank| 1.0 / rank as f64).sum();
    let mut state = seed;
    let mut word = move || {
        // Knuth's MMIX generator; the upper bits are good enough for a made text.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut left = (state >> 11) as f64 / (1_u64 << 53) as f64 * total;
        let rank = (1..vocabulary.len()).find(|&rank| {
            left -= 1.0 / rank as f64;
            left <= 0.0
        });
        vocabulary[rank.unwrap_or(vocabulary.len()) - 1]
    };
    let mut text = |n_words: usize| {
        let words: Vec<&str> = (0..n_words).map(|_| word()).collect();
        words.join("，")
    };
    (0..n)
        .map(|row| {
            let source = SourceRef { file: String::new(), sheet: None, row: 1 };
            Record {
                title: text(4),
                body: text(n_words),
                ..Record::new(side, RecordId(row.to_string()), row.to_string(), source)
            }
        })
        .collect()
}
