//! Import of a list.
//!
//! Measured: `read_lists` from a file to records, near-duplicates included, and `stream_list`, which
//! reads twice and compares nothing; one of a patent database's export with families, and the same
//! packed by gzip.
//! Data: lists made from a fixed generator, in the sizes of a real market list (2,946 rows) and of
//! a large one (100,000 rows), about 240 characters a row; a tenth of the rows nearly repeats an
//! earlier one.
//! Caveats: the file is in the page cache; sentences repeat more than in real lists, so the search
//! for near-duplicates has more to compare.

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput};
use duijie::corpus::{ImportOptions, read_lists, stream_list};
use duijie::model::Side;

/// Rows of the lists.
const N_ROWS: [usize; 2] = [2_946, 100_000];
/// Distinct sentences that rows are made of.
const N_SENTENCES: u64 = 20_000;

/// SplitMix64: the same lists in every run.
struct Draws(u64);

impl Draws {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

fn sentence(number: u64) -> String {
    const FIRST: u32 = 0x4e00;
    const N_CHARACTERS: u64 = 3_000;
    let mut draws = Draws(number);
    (0..24)
        .filter_map(|_| char::from_u32(FIRST + u32::try_from(draws.next(N_CHARACTERS)).ok()?))
        .chain(['。'])
        .collect()
}

fn list(n_rows: usize) -> String {
    let mut draws = Draws(7);
    let mut rows: Vec<Vec<u64>> = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        let repeats = row > 0 && draws.next(10) == 0;
        let sentences = if repeats {
            let earlier = usize::try_from(draws.next(row as u64)).unwrap_or(0);
            let mut sentences = rows[earlier].clone();
            if let Some(last) = sentences.last_mut() {
                *last = draws.next(N_SENTENCES);
            }
            sentences
        } else {
            (0..10).map(|_| draws.next(N_SENTENCES)).collect()
        };
        rows.push(sentences);
    }
    let mut text = String::from("成果编号,成果名称,成果简介,应用领域,发布日期\n");
    for (number, row) in rows.iter().enumerate() {
        let body: String = row.iter().map(|&number| sentence(number)).collect();
        let title = sentence(row[0]);
        let _ = writeln!(text, "S{number},{title},{body},新材料,2026-01-{:02}", number % 28 + 1);
    }
    text
}

/// An export of patents in which every fourth is the grant of the one before.
fn patents(n_rows: usize) -> String {
    let mut draws = Draws(11);
    let mut text = String::from(
        "公开(公告)号,申请号,标题,摘要,[标]当前申请(专利权)人,简单法律状态,IPC分类号\n",
    );
    for n in 0..n_rows {
        let application = if n % 4 == 3 { n - 1 } else { n };
        let kind = if n % 4 == 3 { 'B' } else { 'A' };
        let body: String = (0..10).map(|_| sentence(draws.next(N_SENTENCES))).collect();
        let title = sentence(application as u64);
        let _ = writeln!(
            text,
            "CN{:09}{kind},CN2020{application:08}.X,{title},{body},示例大学{} | 示例厂,有效,H01L21/02",
            100_000_000 + application,
            n % 500
        );
    }
    text
}

fn stream(path: &Path) -> u64 {
    let options = ImportOptions::default();
    stream_list(Side::Supply, path, &options, &mut |_| ControlFlow::Continue(()))
        .expect("a good list")
        .records
}

/// Registers the benches.
pub(crate) fn bench(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder for the lists");
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    for n_rows in N_ROWS {
        let path: PathBuf = dir.path().join(format!("supplies{n_rows}.csv"));
        std::fs::write(&path, list(n_rows)).expect("the list is written");
        group.throughput(Throughput::Elements(n_rows as u64));
        group.bench_function(format!("csv/{n_rows}"), |bencher| {
            bencher.iter(|| {
                read_lists(
                    Side::Supply,
                    std::slice::from_ref(&path),
                    &ImportOptions::default(),
                    &|_| {},
                )
                .expect("a good list")
            });
        });
    }
    let n_rows = N_ROWS[1];
    let text = patents(n_rows);
    let path = dir.path().join("patents.csv");
    std::fs::write(&path, &text).expect("the list is written");
    let packed = dir.path().join("patents.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(
        std::fs::File::create(&packed).expect("a file"),
        flate2::Compression::fast(),
    );
    gzip.write_all(text.as_bytes()).and_then(|()| gzip.try_finish()).expect("the list is packed");
    group.throughput(Throughput::Elements(n_rows as u64));
    for (name, path) in [("csv", &path), ("csv.gz", &packed)] {
        group.bench_function(format!("stream/{name}/{n_rows}"), |bencher| {
            bencher.iter(|| stream(path));
        });
    }
    group.finish();
}
