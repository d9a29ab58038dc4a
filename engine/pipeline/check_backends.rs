//! Every way to compute on this machine against the references, and how fast it is.

use std::time::Instant;

use serde::Serialize;

use crate::gpu::{self, AdapterPreference, GpuBackend};
use crate::kernel::{
    Backend, BackendError, BackendInfo, BestRow, CpuBackend, Hit, Instructions, Selecting,
    dot_oracle, max_sim, pair_scores, top_k,
};
use crate::model::{Embeddings, MultiVectors};

/// Queries of the check: more than one tile of every kernel.
const N_QUERIES: usize = 96;
/// Documents: enough for thresholds to rise, few enough for a software adapter and the reference.
const N_DOCUMENTS: usize = 6_000;
/// Numbers per row: no multiple of any tile.
const DIM: usize = 200;
const K: usize = 10;
/// Pairs of `score_pairs` and, of records, of `max_sim`.
const N_PAIRS: usize = 20_000;

/// What one way to compute did.
#[derive(Debug, Clone, Serialize)]
pub struct BackendCheck {
    /// The machine.
    pub info: BackendInfo,
    /// Vector instructions of a processor, rung of a device.
    pub rung: String,
    /// Why it was left out; everything below is then missing.
    pub left_out: Option<String>,
    /// The selection over random rows, and over rows in tight clusters.
    pub top_k: Vec<Checked>,
    /// Scores of listed pairs.
    pub score_pairs: Option<Checked>,
    /// Best rows of listed records.
    pub max_sim: Option<Checked>,
}

impl BackendCheck {
    /// Whether everything was as the references say, or within the rounding that a backend may have.
    #[must_use]
    pub fn right(&self) -> bool {
        let all = self.top_k.iter().chain(&self.score_pairs).chain(&self.max_sim);
        all.into_iter().all(|checked| checked.right)
    }
}

/// One kernel on one set of rows.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// What the rows are like.
    pub rows: &'static str,
    /// Whether the result is right.
    pub right: bool,
    /// Whether it has the bits of the reference.
    pub same_bits: bool,
    /// Seconds of the second call, everything a caller waits for included.
    pub seconds: f64,
    /// Floating-point operations of the plain product per second, in thousands of millions.
    pub gflops: f64,
    /// The share of pairs that a coarse pass could not rule out.
    pub rescored: Option<f64>,
}

/// Checks the processor with each set of vector instructions and every rung of every adapter.
///
/// Rows, and so results, are always the same; seconds are what the clock says at the time.
#[must_use]
pub fn check_backends() -> Vec<BackendCheck> {
    let rows = [("random", rows(false)), ("clustered", rows(true))];
    let mut checks = Vec::new();
    for &instructions in Instructions::ALL {
        if let Some(cpu) = CpuBackend::with_instructions(instructions) {
            checks.push(check(&cpu, instructions.name(), &rows));
        }
    }
    for info in gpu::adapters() {
        let open = || GpuBackend::new(&AdapterPreference::Named(info.adapter.clone()));
        match open() {
            Err(error) => checks.push(left_out(info.clone(), "", &error)),
            Ok(device) => {
                for (rung, error) in device.left_out() {
                    checks.push(left_out(device.info(), rung.name(), error));
                }
                for rung in device.rungs() {
                    match open().map(|device| device.with_rung(rung)) {
                        Ok(Some(device)) => checks.push(check(&device, rung.name(), &rows)),
                        Ok(None) => {}
                        Err(error) => checks.push(left_out(info.clone(), rung.name(), &error)),
                    }
                }
            }
        }
    }
    checks
}

fn left_out(info: BackendInfo, rung: &str, error: &BackendError) -> BackendCheck {
    BackendCheck {
        info,
        rung: rung.to_owned(),
        left_out: Some(error.to_string()),
        top_k: Vec::new(),
        score_pairs: None,
        max_sim: None,
    }
}

type Rows = (&'static str, (Embeddings, Embeddings));

fn check(backend: &dyn Backend, rung: &str, rows: &[Rows]) -> BackendCheck {
    let top_k = rows.iter().map(|rows| check_top_k(backend, rows)).collect();
    let (_, (queries, documents)) = &rows[0];
    BackendCheck {
        info: backend.info(),
        rung: rung.to_owned(),
        left_out: None,
        top_k,
        score_pairs: Some(check_pairs(backend, queries, documents)),
        max_sim: Some(check_max_sim(backend, queries, documents)),
    }
}

/// Calls twice, since the first call may wake a device, and times the second.
fn timed<T>(compute: impl Fn() -> Result<T, BackendError>) -> (Option<T>, f64) {
    let _ = compute();
    let start = Instant::now();
    let result = compute().ok();
    (result, start.elapsed().as_secs_f64())
}

fn gflops(products: usize, seconds: f64) -> f64 {
    2.0 * products as f64 * DIM as f64 / seconds.max(1e-9) / 1e9
}

fn check_top_k(backend: &dyn Backend, (name, (queries, documents)): &Rows) -> Checked {
    let (queries, documents) = (queries.view(), documents.view());
    let expected = top_k(queries, documents, K).unwrap_or_default();
    let (found, seconds) = timed(|| backend.select(queries, documents, &Selecting::best(K)));
    let near = |(query, (hits, best)): (usize, (&Vec<Hit>, &Vec<Hit>))| {
        hits.len() == best.len()
            && hits.iter().zip(best).all(|(hit, best)| {
                let row = documents.row(hit.document as usize);
                let (exact, bound) = dot_oracle(queries.row(query), row);
                (f64::from(hit.score) - exact).abs() <= bound
                    && f64::from(best.score) - exact <= 2.0 * bound
            })
    };
    let lists = found.as_ref().map(|found| &found.lists);
    let right = lists.is_some_and(|lists| {
        lists.len() == expected.len() && lists.iter().zip(&expected).enumerate().all(near)
    });
    let same_bits = lists == Some(&expected);
    let rescored = found.map(|found| found.work.share_rescored());
    let gflops = gflops(N_QUERIES * N_DOCUMENTS, seconds);
    Checked { rows: name, right, same_bits, seconds, gflops, rescored }
}

/// Pairs of `n_queries × n_documents` that jump from row to row, as candidates of real lists do.
fn pairs(n_queries: usize, n_documents: usize) -> Vec<(u32, u32)> {
    let row = |at: usize, n: usize| u32::try_from(at % n).unwrap_or(0);
    // A prime step visits all documents in no order.
    (0..N_PAIRS).map(|at| (row(at / 64, n_queries), row(at * 7919, n_documents))).collect()
}

fn check_pairs(backend: &dyn Backend, queries: &Embeddings, documents: &Embeddings) -> Checked {
    let (queries, documents) = (queries.view(), documents.view());
    let pairs = pairs(N_QUERIES, N_DOCUMENTS);
    let expected = pair_scores(queries, documents, &pairs).unwrap_or_default();
    let (found, seconds) = timed(|| backend.score_pairs(queries, documents, &pairs));
    let right = found.as_ref().is_some_and(|found| {
        found.len() == pairs.len()
            && pairs.iter().zip(found).all(|(&(query, document), &score)| {
                let rows = (queries.row(query as usize), documents.row(document as usize));
                let (exact, bound) = dot_oracle(rows.0, rows.1);
                (f64::from(score) - exact).abs() <= bound
            })
    });
    let same_bits = found == Some(expected);
    let gflops = gflops(N_PAIRS, seconds);
    Checked { rows: "random", right, same_bits, seconds, gflops, rescored: None }
}

fn check_max_sim(backend: &dyn Backend, queries: &Embeddings, documents: &Embeddings) -> Checked {
    const ROWS_PER_RECORD: usize = 8;
    let records = |rows: &Embeddings| {
        let starts = (0..=rows.n_rows()).step_by(ROWS_PER_RECORD);
        let starts = starts.map(|start| u32::try_from(start).unwrap_or(0)).collect();
        MultiVectors::new(rows.clone(), starts).expect("whole records")
    };
    let (asks, answers) = (records(queries), records(documents));
    let (asks, answers) = (asks.view(), answers.view());
    let pairs = pairs(asks.n_records(), answers.n_records());
    let expected = max_sim(asks, answers, &pairs).unwrap_or_default();
    let (found, seconds) = timed(|| backend.max_sim(asks, answers, &pairs));
    // Two rows whose scores differ by rounding alone may stand for each other.
    let near = |(found, best): (&BestRow, &BestRow)| (found.score - best.score).abs() <= 1e-4;
    let right = found.as_ref().is_some_and(|found| {
        found.len() == expected.len() && found.iter().zip(&expected).all(near)
    });
    let same_bits = found == Some(expected);
    let gflops = gflops(N_PAIRS * ROWS_PER_RECORD * ROWS_PER_RECORD, seconds);
    Checked { rows: "random", right, same_bits, seconds, gflops, rescored: None }
}

/// Queries and documents of unit length; in tight clusters, many scores are nearly equal.
fn rows(clustered: bool) -> (Embeddings, Embeddings) {
    const N_CLUSTERS: usize = 40;
    // SplitMix64 (Steele, Lea and Flood 2014), by position in a stream.
    let draw = |seed: u64, at: usize| {
        let mut x = (at as u64).wrapping_add(seed << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f32::from(u16::try_from((x ^ (x >> 31)) >> 48).unwrap_or(0)) / 32768.0 - 1.0
    };
    let table = |n: usize, seed: u64| {
        let number = |at: usize| {
            let own = draw(seed, at);
            let centre = draw(9, at / DIM % N_CLUSTERS * DIM + at % DIM);
            if clustered { centre + 0.1 * own } else { own }
        };
        let mut data: Vec<f32> = (0..n * DIM).map(number).collect();
        for row in data.chunks_exact_mut(DIM) {
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        Embeddings::new(data, DIM).expect("whole rows")
    };
    (table(N_QUERIES, 1), table(N_DOCUMENTS, 2))
}
