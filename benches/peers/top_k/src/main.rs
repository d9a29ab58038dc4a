//! Answers `../../top_k.py`: one line in, `K WAY`, one selection, one line of JSON out.
//!
//!     top-k-peer QUERIES DOCUMENTS DIM
//!
//! Both files are rows of `f32` in the order of bytes of this machine. Ways: `exact`, `kept` (the coarse
//! form of the documents was made before) and `approximate`.

use std::io::{BufRead, Write};
use std::time::Instant;

use duijie::kernel::{Backend, CoarseRows, CpuBackend, Selecting};
use duijie::model::Embeddings;

fn rows(path: &str, dim: usize) -> Embeddings {
    let bytes = std::fs::read(path).expect("the script has just written it");
    let number = |bytes: &[u8]| f32::from_ne_bytes(bytes.try_into().expect("four bytes"));
    Embeddings::new(bytes.chunks_exact(4).map(number).collect(), dim).expect("whole rows")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let dim = arguments[3].parse().expect("a number of dimensions");
    let (queries, documents) = (rows(&arguments[1], dim), rows(&arguments[2], dim));
    let (queries, documents) = (queries.view(), documents.view());
    let kept = CoarseRows::new(documents).expect("rows that can be scored");
    let cpu = CpuBackend::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the script writes lines");
        let (k, way) = line.split_once(' ').expect("K WAY");
        let exact = Selecting::best(k.parse().expect("a number"));
        let start = Instant::now();
        let found = match way {
            "exact" => cpu.select(queries, documents, &exact),
            "kept" => cpu.select_with(queries, documents, &kept, &exact),
            "approximate" => {
                cpu.select(queries, documents, &Selecting { approximate: true, ..exact })
            }
            _ => panic!("no way is called {way}"),
        };
        let seconds = start.elapsed().as_secs_f64();
        let found = found.expect("rows that can be scored");
        let ids: Vec<Vec<u32>> =
            found.lists.iter().map(|hits| hits.iter().map(|hit| hit.document).collect()).collect();
        let share = found.work.share_rescored();
        println!("{}", serde_json::json!({ "seconds": seconds, "rescored": share, "ids": ids }));
        std::io::stdout().flush().expect("the script reads");
    }
}
