//! Every backend against the sequential references.
//!
//! The same bodies run on the processor with each set of vector instructions, and on every rung of a
//! GPU twice: as it is, and with limits so tight that small inputs are cut into many tiles and chunks.
//! Without an adapter the GPU is left out and that is said; with `REQUIRE_GPU=1` it is a failure, and
//! `REQUIRE_RUNGS=f32,f16,i8` makes one of each rung that is named and missing.

use std::fmt::Debug;
use std::io::Write;
use std::sync::LazyLock;

use duijie::gpu::{AdapterPreference, GpuBackend, Rung, adapters};
use duijie::kernel::{
    self, Backend, BackendError, BackendKind, BestRow, CoarseRows, CpuBackend, Hit, Instructions,
    MAX_MAGNITUDE, Precision, RowSet, Selecting, best_first, dot_oracle,
};
use duijie::model::{Embeddings, EmbeddingsView, MultiVectors};

/// Rows in device memory at a time and work per dispatch, for the GPU that is held short.
const TIGHT_BINDING_BYTES: u64 = 96 * 1024;
const TIGHT_WORK: u64 = 1 << 21;

struct Named {
    name: String,
    backend: Box<dyn Backend>,
}

static BACKENDS: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let cpu = |&instructions: &Instructions| {
        let backend = Box::new(CpuBackend::with_instructions(instructions)?);
        Some(Named { name: format!("cpu {}", instructions.name()), backend })
    };
    let mut backends: Vec<Named> = Instructions::ALL.iter().filter_map(cpu).collect();
    match GpuBackend::new(&AdapterPreference::Any) {
        Ok(gpu) => {
            for rung in gpu.rungs() {
                let open = || {
                    let again = GpuBackend::new(&AdapterPreference::Any).expect("it opened before");
                    again.with_rung(rung).expect("the rung was there before")
                };
                let tight = open().with_limits(TIGHT_BINDING_BYTES, TIGHT_WORK);
                let name = rung.name();
                backends.push(Named { name: format!("gpu {name}"), backend: Box::new(open()) });
                let name = format!("gpu {name} held short");
                backends.push(Named { name, backend: Box::new(tight) });
            }
        }
        Err(BackendError::NoAdapter) if std::env::var_os("REQUIRE_GPU").is_none() => {
            skipped();
        }
        Err(error) => panic!("no GPU to test: {error}"),
    }
    backends
});

/// Says so past the test harness, which shows what a passing test prints to nobody.
fn skipped() {
    // A standard error that is closed is no reason to fail.
    let _ = std::io::stderr().write_all(b"skipped: no adapter\n");
}

/// Draw `index` of the stream `seed`: SplitMix64 (Steele, Lea and Flood 2014), by position.
fn draw(seed: u64, index: usize) -> u64 {
    let step = (index as u64).wrapping_add(seed << 32).wrapping_add(1);
    let mut x = step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// `n × dim` integers in `-8 ..= 8`: sums of up to 2¹⁸ products do not round in `f32`.
fn integers(n: usize, dim: usize, seed: u64) -> Embeddings {
    let small = |i| i8::try_from(draw(seed, i) % 17).expect("below 17");
    let data = (0..n * dim).map(|i| f32::from(small(i) - 8)).collect();
    Embeddings::new(data, dim).expect("whole rows")
}

/// `n` rows of unit length with components of both signs.
fn unit_rows(n: usize, dim: usize, seed: u64) -> Embeddings {
    let component = |i| f32::from(u16::try_from(draw(seed, i) >> 48).expect("16 bits")) / 32768.0;
    let mut data: Vec<f32> = (0..n * dim).map(|i| component(i) - 1.0).collect();
    for row in data.chunks_exact_mut(dim) {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|x| *x /= length);
    }
    Embeddings::new(data, dim).expect("whole rows")
}

/// Fails with both results on disk when they differ.
fn assert_same<T: PartialEq + Debug>(test: &str, backend: &str, expected: &T, found: &T) {
    if expected == found {
        return;
    }
    let name = format!("{test} {backend}").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let folder = std::env::temp_dir().join("duijie-against-reference");
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    let paths = ["expected", "found"].map(|side| folder.join(format!("{name}-{side}.txt")));
    for (path, value) in paths.iter().zip([expected, found]) {
        std::fs::write(path, format!("{value:#?}\n")).expect("the folder was just made");
    }
    let [expected, found] = paths.map(|path| path.display().to_string());
    panic!("{test}: {backend} differs from the reference: compare {expected} with {found}");
}

#[test]
fn every_required_rung_is_there() {
    let Some(required) = std::env::var_os("REQUIRE_RUNGS") else { return };
    let gpu = GpuBackend::new(&AdapterPreference::Any).expect("rungs need a device");
    for name in required.to_string_lossy().split(',').filter(|name| !name.is_empty()) {
        let there = Rung::named(name).is_some_and(|rung| gpu.rungs().contains(&rung));
        assert!(there, "rung {name} is missing: {:?}", gpu.left_out());
    }
}

/// Sizes 0 and 1, one below and above a workgroup and a tile, all dimensions different.
const SHAPES: &[(usize, usize, usize, usize)] = &[
    // queries, documents, dim, k
    (0, 5, 3, 2),
    (5, 0, 3, 2),
    (0, 0, 1, 1),
    (1, 1, 1, 1),
    (2, 9, 5, 0),
    (3, 7, 17, 100),
    (1, 255, 4, 255),
    (15, 257, 16, 256),
    (63, 65, 67, 10),
    (64, 127, 15, 1),
    (65, 129, 273, 100),
    (2, 2057, 17, 10),
    (130, 1035, 33, 7),
    (4, 3001, 2, 1500),
];

#[test]
fn top_k_is_exact_on_integers_of_every_shape() {
    for &(n_queries, n_documents, dim, k) in SHAPES {
        let queries = integers(n_queries, dim, 1);
        let documents = integers(n_documents, dim, 2);
        let expected = kernel::top_k(queries.view(), documents.view(), k).expect("valid");
        for Named { name, backend } in &*BACKENDS {
            let found = backend.top_k(queries.view(), documents.view(), k).expect("valid");
            let test = format!("top_k {n_queries} x {n_documents} x {dim}, k {k}");
            assert_same(&test, name, &expected, &found);
        }
    }
}

/// Rows in a few tight clusters, every seventh twice: coarse scores of many documents are nearly or
/// wholly equal.
fn clustered_rows(n: usize, dim: usize, seed: u64) -> Embeddings {
    let centres = unit_rows(5, dim, 99);
    let noise = unit_rows(n, dim, seed);
    let number = |row: usize, column: usize| {
        let row = if row % 7 == 6 { row - 1 } else { row };
        let centre = usize::try_from(draw(seed, row) % 5).expect("below 5");
        centres.row(centre)[column] + 0.05 * noise.row(row)[column]
    };
    let data = (0..n * dim).map(|at| number(at / dim, at % dim)).collect();
    Embeddings::new(data, dim).expect("whole rows")
}

/// The best of the documents that may be found, by the order of additions of the processor.
fn reference(queries: &Embeddings, documents: &Embeddings, asked: &Selecting<'_>) -> Vec<Vec<Hit>> {
    let n = documents.n_rows();
    let mut lists = kernel::top_k(queries.view(), documents.view(), n).expect("valid");
    for hits in &mut lists {
        let allowed = |row| asked.allowed.is_none_or(|allowed| allowed.contains(row));
        hits.retain(|hit| allowed(hit.document as usize));
        hits.truncate(asked.k);
    }
    lists
}

#[test]
fn certified_lists_have_the_bits_of_the_reference() {
    for (n_queries, n_documents, dim, k) in
        [(9, 1500, 67, 10), (70, 900, 128, 33), (17, 300, 32, 300)]
    {
        let set = RowSet::of(n_documents, |row| row % 3 == 1 || row > n_documents / 2);
        for (kind, make) in
            [("random", unit_rows as fn(_, _, _) -> _), ("clustered", clustered_rows)]
        {
            let (queries, documents) = (make(n_queries, dim, 31), make(n_documents, dim, 32));
            for allowed in [None, Some(&set)] {
                let asked = Selecting { k, allowed, approximate: false };
                let expected = reference(&queries, &documents, &asked);
                for Named { name, backend } in &*BACKENDS {
                    let found = backend
                        .select(queries.view(), documents.view(), &asked)
                        .expect("valid inputs");
                    let test = format!("{kind} {n_queries} x {n_documents} x {dim}, k {k}");
                    assert!(found.work.exact, "{test} {name}");
                    if name.starts_with("gpu f32") {
                        // Its scores are the device's own; the order of near-equal ones may differ.
                        assert_eq!(found.lists.len(), n_queries);
                        for (hits, best) in found.lists.iter().zip(&expected) {
                            assert_eq!(hits.len(), best.len(), "{test} {name}");
                            let rows_allowed = |hit: &Hit| {
                                allowed.is_none_or(|set| set.contains(hit.document as usize))
                            };
                            assert!(hits.iter().all(rows_allowed), "{test} {name}");
                        }
                    } else {
                        assert_same(&test, name, &expected, &found.lists);
                    }
                }
            }
        }
    }
}

#[test]
fn approximate_lists_say_so_and_hold_nearly_the_best() {
    let (queries, documents) = (unit_rows(20, 256, 41), unit_rows(2000, 256, 42));
    let asked = Selecting { approximate: true, ..Selecting::best(10) };
    let expected = reference(&queries, &documents, &asked);
    for Named { name, backend } in &*BACKENDS {
        let found = backend.select(queries.view(), documents.view(), &asked).expect("valid");
        assert_eq!(found.work.exact, found.work.precision == Precision::F32, "{name}");
        assert_eq!(found.work.rescored, 0, "{name}");
        let shared = |(hits, best): (&Vec<Hit>, &Vec<Hit>)| {
            hits.iter().filter(|hit| best.iter().any(|it| it.document == hit.document)).count()
        };
        let shared: usize = found.lists.iter().zip(&expected).map(shared).sum();
        assert!(shared >= 180, "{name} found {shared} of 200");
    }
}

#[test]
fn kept_coarse_rows_change_nothing() {
    let (queries, documents) = (unit_rows(3, 96, 51), clustered_rows(2000, 96, 52));
    let kept = CoarseRows::new(documents.view()).expect("valid");
    let asked = Selecting::best(25);
    let expected = reference(&queries, &documents, &asked);
    for &instructions in Instructions::ALL {
        let Some(cpu) = CpuBackend::with_instructions(instructions) else { continue };
        let (queries, documents) = (queries.view(), documents.view());
        let found = cpu.select_with(queries, documents, &kept, &asked).expect("valid");
        assert_same("kept rows", instructions.name(), &expected, &found.lists);
        assert_eq!(found.work.precision, Precision::Int8);
        let other = unit_rows(1999, 96, 53);
        let error = BackendError::Filter { filter: 2000, documents: 1999 };
        assert_eq!(cpu.select_with(queries, other.view(), &kept, &asked), Err(error));
    }
}

#[test]
fn a_filter_of_another_table_is_refused_and_one_without_rows_finds_nothing() {
    let (queries, documents) = (unit_rows(20, 40, 61), unit_rows(70, 40, 62));
    for Named { name, backend } in &*BACKENDS {
        for (set, expected) in [
            (RowSet::none(71), Err(BackendError::Filter { filter: 71, documents: 70 })),
            (RowSet::none(70), Ok(vec![Vec::new(); 20])),
        ] {
            let asked = Selecting { allowed: Some(&set), ..Selecting::best(4) };
            let found = backend.select(queries.view(), documents.view(), &asked);
            assert_eq!(found.map(|found| found.lists), expected, "{name}");
        }
    }
}

#[test]
fn score_pairs_is_exact_on_integers_of_every_shape() {
    for &(n_queries, n_documents, dim, n_pairs) in SHAPES {
        let queries = integers(n_queries, dim, 3);
        let documents = integers(n_documents, dim, 4);
        let pairs = some_pairs(n_queries, n_documents, n_pairs);
        let expected =
            kernel::pair_scores(queries.view(), documents.view(), &pairs).expect("valid");
        for Named { name, backend } in &*BACKENDS {
            let found =
                backend.score_pairs(queries.view(), documents.view(), &pairs).expect("valid");
            let test = format!("score_pairs {n_queries} x {n_documents} x {dim}, {n_pairs} pairs");
            assert_same(&test, name, &expected, &found);
        }
    }
}

#[test]
fn max_sim_is_exact_on_integers_of_every_shape() {
    for &(n_queries, n_documents, dim, n_pairs) in SHAPES {
        let queries = records(integers(n_queries, dim, 21), 22, 4);
        let documents = records(integers(n_documents, dim, 23), 24, 40);
        let pairs = some_record_pairs(&queries, &documents, n_pairs);
        let expected = kernel::max_sim(queries.view(), documents.view(), &pairs).expect("valid");
        for Named { name, backend } in &*BACKENDS {
            let found = backend.max_sim(queries.view(), documents.view(), &pairs).expect("valid");
            let test = format!("max_sim {n_queries} x {n_documents} x {dim}, {n_pairs} pairs");
            assert_same(&test, name, &expected, &found);
        }
    }
}

/// Cuts rows into records of up to `longest` rows, some of none.
fn records(rows: Embeddings, seed: u64, longest: u64) -> MultiVectors {
    let n_rows = u32::try_from(rows.n_rows()).expect("few rows");
    let mut starts = vec![0];
    let mut end = 0;
    while end < n_rows {
        let n = u32::try_from(draw(seed, starts.len()) % (longest + 1)).expect("short");
        end = (end + n).min(n_rows);
        starts.push(end);
    }
    MultiVectors::new(rows, starts).expect("ascending")
}

fn some_record_pairs(a: &MultiVectors, b: &MultiVectors, n: usize) -> Vec<(u32, u32)> {
    some_pairs(a.view().n_records(), b.view().n_records(), n)
}

/// Pairs in no order, some of them twice; none where a side is empty.
fn some_pairs(n_queries: usize, n_documents: usize, n_pairs: usize) -> Vec<(u32, u32)> {
    let row = |seed, i, n: usize| {
        u32::try_from(draw(seed, i) % n as u64).expect("less than the number of rows")
    };
    if n_queries == 0 || n_documents == 0 {
        return Vec::new();
    }
    (0..n_pairs).map(|i| (row(5, i, n_queries), row(6, i, n_documents))).collect()
}

/// All dimensions different, none a multiple of a tile.
const AWKWARD: &[(usize, usize, usize, usize)] =
    &[(13, 2057, 17, 10), (66, 1100, 67, 64), (9, 700, 273, 3)];

#[test]
fn top_k_is_within_the_rounding_bound_on_random_rows() {
    for &(n_queries, n_documents, dim, k) in AWKWARD {
        let queries = unit_rows(n_queries, dim, 7);
        let documents = unit_rows(n_documents, dim, 8);
        for Named { name, backend } in &*BACKENDS {
            let lists = backend.top_k(queries.view(), documents.view(), k).expect("valid");
            assert_eq!(lists.len(), n_queries, "{name}");
            for (query, hits) in lists.iter().enumerate() {
                check_list(name, queries.row(query), documents.view(), hits, k);
            }
        }
    }
}

/// Checks one list against the `f64` oracle: scores, order, and that nothing better is missing.
fn check_list(name: &str, query: &[f32], documents: EmbeddingsView<'_>, hits: &[Hit], k: usize) {
    assert_eq!(hits.len(), k.min(documents.n_rows()), "{name}");
    assert!(hits.is_sorted_by(|a, b| best_first(a, b).is_lt()), "{name}: not in order");
    let mut found = vec![false; documents.n_rows()];
    for hit in hits {
        let (exact, bound) = dot_oracle(query, documents.row(hit.document as usize));
        let error = (f64::from(hit.score) - exact).abs();
        assert!(error <= bound, "{name}: {hit:?} is off by {error:e}, allowed is {bound:e}");
        found[hit.document as usize] = true;
    }
    let Some(last) = hits.last() else { return };
    let (last_exact, last_bound) = dot_oracle(query, documents.row(last.document as usize));
    for missed in (0..documents.n_rows()).filter(|&document| !found[document]) {
        let (exact, bound) = dot_oracle(query, documents.row(missed));
        assert!(exact - bound <= last_exact + last_bound, "{name}: {missed} is missing");
    }
}

#[test]
fn score_pairs_is_within_the_rounding_bound_on_random_rows() {
    for &(n_queries, n_documents, dim, _) in AWKWARD {
        let queries = unit_rows(n_queries, dim, 9);
        let documents = unit_rows(n_documents, dim, 10);
        let pairs = some_pairs(n_queries, n_documents, 1001);
        for Named { name, backend } in &*BACKENDS {
            let scores =
                backend.score_pairs(queries.view(), documents.view(), &pairs).expect("valid");
            assert_eq!(scores.len(), pairs.len());
            for (&(query, document), score) in pairs.iter().zip(scores) {
                let (query, document) = (query as usize, document as usize);
                let (exact, bound) = dot_oracle(queries.row(query), documents.row(document));
                let error = (f64::from(score) - exact).abs();
                assert!(error <= bound, "{name}: off by {error:e}, allowed is {bound:e}");
            }
        }
    }
}

#[test]
fn max_sim_is_within_the_rounding_bound_on_random_rows() {
    for &(n_queries, n_documents, dim, _) in AWKWARD {
        let queries = records(unit_rows(n_queries, dim, 25), 26, 5);
        let documents = records(unit_rows(n_documents, dim, 27), 28, 300);
        let pairs = some_record_pairs(&queries, &documents, 301);
        for Named { name, backend } in &*BACKENDS {
            let found = backend.max_sim(queries.view(), documents.view(), &pairs).expect("valid");
            let mut found = found.into_iter();
            for &(query, document) in &pairs {
                let rows = documents.view().range(document as usize);
                for row in queries.view().range(query as usize) {
                    let best = found.next().expect("one result per query row");
                    let oracle = |other| {
                        dot_oracle(
                            queries.view().rows().row(row),
                            documents.view().rows().row(other),
                        )
                    };
                    if rows.is_empty() {
                        assert_eq!(best, BestRow::NONE, "{name}");
                        continue;
                    }
                    let (exact, bound) = oracle(rows.start + best.position as usize);
                    let error = (f64::from(best.score) - exact).abs();
                    assert!(error <= bound, "{name}: off by {error:e}, allowed is {bound:e}");
                    for (other, other_bound) in rows.clone().map(oracle) {
                        assert!(
                            other - other_bound <= exact + bound,
                            "{name}: a better row is missed"
                        );
                    }
                }
            }
            assert_eq!(found.next(), None, "{name}");
        }
    }
}

/// Documents whose first number is what `score` says, and whose second is in no order.
fn documents_with(n: u16, score: impl Fn(u16) -> u16) -> Embeddings {
    let any = |i: u16| u16::try_from(draw(19, i.into()) >> 52).expect("12 bits");
    let data = (0..n).flat_map(|i| [f32::from(score(i)), f32::from(any(i))]).collect();
    Embeddings::new(data, 2).expect("whole rows")
}

#[test]
fn orders_made_to_overflow_the_candidates_stay_exact() {
    const N: u16 = 12_000;
    // The order as it is and turned round; no order, which must not suffer when a chunk is repeated
    // for the sake of another query; and nothing but ties.
    let queries = vec![1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let queries = Embeddings::new(queries, 2).expect("whole rows");
    let cases: [(&str, Embeddings); 5] = [
        ("ascending", documents_with(N, |i| i)),
        ("descending", documents_with(N, |i| N - i)),
        ("all equal", documents_with(N, |_| 3)),
        ("steps of 1500 equal rows", documents_with(N, |i| i / 1500)),
        ("best rows in one late block", documents_with(N, |i| if i / 2500 == 3 { 9 } else { 1 })),
    ];
    for (case, documents) in &cases {
        for k in [1, 10, 1100] {
            let expected = kernel::top_k(queries.view(), documents.view(), k).expect("valid");
            for Named { name, backend } in &*BACKENDS {
                let found = backend.top_k(queries.view(), documents.view(), k).expect("valid");
                assert_same(&format!("{case}, k {k}"), name, &expected, &found);
            }
        }
    }
}

#[test]
fn equal_rows_come_in_row_order() {
    // Every document is there five times, with scores that do round.
    let queries = unit_rows(3, 19, 11);
    let once = unit_rows(300, 19, 12);
    let documents = Embeddings::new(once.view().data().repeat(5), 19).expect("whole rows");
    for Named { name, backend } in &*BACKENDS {
        for hits in backend.top_k(queries.view(), documents.view(), 25).expect("valid") {
            for five in hits.chunks(5) {
                let first = five[0];
                let expected: Vec<Hit> =
                    (0..5).map(|i| Hit { document: first.document + i * 300, ..first }).collect();
                assert_same("five equal rows", name, &expected, &five.to_vec());
            }
        }
    }
}

#[test]
fn the_first_of_equal_rows_is_the_best() {
    // Every record has the same seventeen rows three times, so every maximum is there three times;
    // the last has more rows than one job of a device takes.
    let queries = records(unit_rows(20, 19, 33), 34, 3);
    let once = unit_rows(17, 19, 35);
    let rows = once.view().data();
    let data = [rows.repeat(3), rows.repeat(600)].concat();
    let starts = vec![0, 51, 51 + 17 * 600];
    let documents = MultiVectors::new(Embeddings::new(data, 19).expect("whole rows"), starts);
    let documents = documents.expect("two records");
    let pairs = some_record_pairs(&queries, &documents, 60);
    for Named { name, backend } in &*BACKENDS {
        let found = backend.max_sim(queries.view(), documents.view(), &pairs).expect("valid");
        assert!(!found.is_empty() && found.iter().all(|best| best.position < 17), "{name}");
    }
}

#[test]
fn the_processor_gives_the_bits_of_the_reference() {
    let queries = unit_rows(37, 67, 13);
    let documents = unit_rows(2500, 67, 14);
    let pairs = some_pairs(37, 2500, 700);
    let lists = kernel::top_k(queries.view(), documents.view(), 20).expect("valid");
    let scores = kernel::pair_scores(queries.view(), documents.view(), &pairs).expect("valid");
    let (asks, answers) = (records(queries.clone(), 29, 4), records(documents.clone(), 30, 90));
    let records_paired = some_record_pairs(&asks, &answers, 500);
    let best = kernel::max_sim(asks.view(), answers.view(), &records_paired);
    for Named { name, backend } in &*BACKENDS {
        if backend.info().kind == BackendKind::Cpu {
            let found = backend.top_k(queries.view(), documents.view(), 20).expect("valid");
            assert_same("bits of top_k", name, &lists, &found);
            let found = backend.score_pairs(queries.view(), documents.view(), &pairs);
            assert_same("bits of score_pairs", name, &Ok(scores.clone()), &found);
            let found = backend.max_sim(asks.view(), answers.view(), &records_paired);
            assert_same("bits of max_sim", name, &best, &found);
        }
    }
}

#[test]
fn one_and_eight_threads_and_a_second_run_give_the_same_bits() {
    let queries = unit_rows(70, 33, 15);
    let documents = unit_rows(9000, 33, 16);
    let pairs = some_pairs(70, 9000, 3000);
    let (asks, answers) = (records(queries.clone(), 31, 4), records(documents.clone(), 32, 20));
    let records_paired = some_record_pairs(&asks, &answers, 2000);
    for Named { name, backend } in &*BACKENDS {
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
            pool.expect("threads can be started").install(|| {
                let lists = backend.top_k(queries.view(), documents.view(), 12);
                let best = backend.max_sim(asks.view(), answers.view(), &records_paired);
                (lists, backend.score_pairs(queries.view(), documents.view(), &pairs), best)
            })
        };
        assert_same("1 and 8 threads", name, &run(1), &run(8));
    }
}

#[test]
fn bad_input_is_refused_alike_everywhere() {
    let good = integers(3, 4, 17);
    let with = |number: f32| {
        let mut data = good.view().data().to_vec();
        data[9] = number;
        Embeddings::new(data, 4).expect("whole rows")
    };
    let (not_a_number, huge) = (with(f32::NAN), with(MAX_MAGNITUDE * 4.0));
    let other_dim = integers(3, 5, 18);
    for Named { name, backend } in &*BACKENDS {
        for (queries, documents, error) in [
            (&good, &other_dim, BackendError::Dim { queries: 4, documents: 5 }),
            (&good, &not_a_number, BackendError::NotFinite { side: "documents", row: 2 }),
            (&not_a_number, &good, BackendError::NotFinite { side: "queries", row: 2 }),
            (&huge, &good, BackendError::Magnitude { side: "queries", row: 2 }),
        ] {
            let found = backend.top_k(queries.view(), documents.view(), 2);
            assert_eq!(found, Err(error.clone()), "{name}");
            let found = backend.score_pairs(queries.view(), documents.view(), &[(0, 0)]);
            assert_eq!(found, Err(error.clone()), "{name}");
            let one = |rows: &Embeddings| {
                MultiVectors::new(rows.clone(), vec![0, 3]).expect("three rows, one record")
            };
            let found = backend.max_sim(one(queries).view(), one(documents).view(), &[(0, 0)]);
            assert_eq!(found, Err(error), "{name}");
        }
        let records = MultiVectors::new(good.clone(), vec![0, 1, 3]).expect("two records");
        let found = backend.max_sim(records.view(), records.view(), &[(0, 1), (2, 0)]);
        let error = BackendError::Row { pair: 1, side: "queries", row: 2, n_rows: 2 };
        assert_eq!(found, Err(error), "{name}");
        let found = backend.score_pairs(good.view(), good.view(), &[(0, 2), (0, 3)]);
        let error = BackendError::Row { pair: 1, side: "documents", row: 3, n_rows: 3 };
        assert_eq!(found, Err(error), "{name}");
    }
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let rows = Embeddings::new(vec![MAX_MAGNITUDE, 0.0, -MAX_MAGNITUDE, 0.0], 2).expect("rows");
    let expected = kernel::top_k(rows.view(), rows.view(), 2).expect("valid");
    assert!(expected[0][0].score.is_finite());
    for Named { name, backend } in &*BACKENDS {
        let found = backend.top_k(rows.view(), rows.view(), 2).expect("valid");
        assert_same("largest numbers", name, &expected, &found);
    }
}

#[test]
fn software_adapters_are_flagged() {
    for info in adapters() {
        assert_eq!(info.kind, BackendKind::Gpu);
        assert!(!info.adapter.is_empty() && !info.driver.is_empty(), "{info:?}");
        // The software driver that the tests run on where there is no GPU.
        assert!(info.software || !info.adapter.contains("llvmpipe"), "{info:?}");
    }
    let hardware = adapters().iter().any(|info| !info.software);
    assert_eq!(GpuBackend::new(&AdapterPreference::Hardware).is_ok(), hardware);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn the_best_k_begin_the_best_k_plus_one(
        n_queries in 1usize..5, n_documents in 0usize..1500, dim in 1usize..24, k in 0usize..40,
        seed in 20u64..1_000_000,
    ) {
        let queries = unit_rows(n_queries, dim, seed);
        let documents = unit_rows(n_documents, dim, seed + 1);
        for Named { name, backend } in &*BACKENDS {
            let short = backend.top_k(queries.view(), documents.view(), k).expect("valid");
            let long = backend.top_k(queries.view(), documents.view(), k + 1).expect("valid");
            for (short, long) in short.iter().zip(&long) {
                proptest::prop_assert_eq!(short.len(), k.min(n_documents), "{}", name);
                proptest::prop_assert_eq!(&long[..short.len()], &short[..], "{}", name);
            }
        }
    }
}
