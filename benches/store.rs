//! The store: taking a list in, and what every night and every `status` asks.
//!
//! Measured: an import from records to visible, of new rows and of rows that mostly say the same;
//! reading all live records; `counts`, `last_run` and `head` together, as `status` asks them.
//! Data: made patents of some 950 bytes, one organization per 1.7 rows.
//! Caveats: the folder for temporary files decides what a synced write costs; the file is in the
//! page cache.

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use duijie::model::{Record, RecordId, Side, SourceRef};
use duijie::store::{Begun, Findings, ImportHead, Scope, Seq, Store};
use jiff::Timestamp;
use jiff::civil::date;

/// Rows of the list.
const N_ROWS: usize = 20_000;

/// The list; one row in a hundred depends on the edition.
fn rows(edition: usize) -> Vec<Record> {
    let row = |n: usize| {
        let row = u32::try_from(n).expect("a few thousand") + 2;
        let source = SourceRef { file: "patents.csv".to_owned(), sheet: None, row };
        // A permutation, so that ids do not come in the order of the index.
        let id = RecordId(format!("CN{:09}A", (n * 7_919) % 1_000_003));
        let mut record = Record::new(Side::Supply, id, String::new(), source);
        let says = if n.is_multiple_of(100) { edition } else { 0 };
        record.title = format!("一种碳化硅晶片的低损伤磨削装置{n}");
        record.body = format!("{}{says}", "砂轮在线修整，崩边小于5μm，表面质量稳定。".repeat(14));
        record.organization = Some(format!("第{}公司", n * 3 / 5));
        record
    };
    (0..N_ROWS).map(row).collect()
}

fn take(store: &mut Store, edition: usize, rows: &[Record]) {
    let head = ImportHead {
        side: Side::Supply,
        list: None,
        set: None,
        file: "patents.csv".to_owned(),
        sha256: format!("{edition:064x}"),
        format: "csv".to_owned(),
        whole: true,
        again: true,
        at: Timestamp::UNIX_EPOCH,
        date: date(2026, 11, 20),
    };
    let Begun::Open(mut ticket) = store.begin_import(&head).expect("begun") else {
        unreachable!("it is taken in again");
    };
    store.stage(&mut ticket, rows).expect("staged");
    let findings = Findings::default();
    store.finish_import(ticket, &findings, Timestamp::UNIX_EPOCH).expect("finished");
}

fn create(path: &Path) -> Store {
    Store::create(path, Timestamp::UNIX_EPOCH).expect("a store")
}

/// Registers the benches.
pub(crate) fn bench(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder for the stores");
    let mut group = criterion.benchmark_group("store");
    group.sample_size(10);
    group.throughput(Throughput::Elements(N_ROWS as u64));
    let first = rows(0);
    let mut n = 0;
    group.bench_function("import/new", |bencher| {
        bencher.iter_batched(
            || {
                n += 1;
                create(&dir.path().join(format!("new{n}.db")))
            },
            |mut store| take(&mut store, 0, &first),
            BatchSize::PerIteration,
        );
    });
    let path = dir.path().join("store.db");
    let mut store = create(&path);
    take(&mut store, 0, &first);
    let mut edition = 0;
    group.bench_function("import/one percent changed", |bencher| {
        bencher.iter_batched(
            || {
                edition += 1;
                (edition, rows(edition))
            },
            |(edition, rows)| take(&mut store, edition, &rows),
            BatchSize::PerIteration,
        );
    });
    let reader = Store::open_read_only(&path).expect("a store");
    group.bench_function("live", |bencher| {
        bencher.iter(|| {
            let mut n_bytes = 0;
            reader
                .for_each_live(Side::Supply, &Scope::All, Seq(i64::MAX), |found| {
                    n_bytes += found.record.body.len();
                    Ok(())
                })
                .expect("readable");
            n_bytes
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("status", |bencher| {
        bencher.iter(|| {
            let counts = reader.counts().expect("readable");
            (counts, reader.last_run().expect("readable"), reader.head().expect("readable"))
        });
    });
    group.finish();
}
