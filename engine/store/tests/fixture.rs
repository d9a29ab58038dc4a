//! Made-up records, and a store in a folder of its own.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use tempfile::TempDir;

use crate::model::{Record, RecordId, Side, SourceRef};
use crate::store::{
    Begun, Findings, ImportHead, ImportSummary, Scope, Seq, Store, StoreError, StoredRecord,
};

pub(super) const TODAY: Date = date(2026, 11, 20);

/// The `n`th second of the tests' time.
pub(super) fn at(n: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + n).expect("within the calendar")
}

pub(super) struct Fixture {
    pub(super) dir: TempDir,
    pub(super) store: Store,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::create(&dir.path().join("store.db"), at(0)).expect("a store");
        Self { dir, store }
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("store.db")
    }

    /// Closes the connection and opens another, as the next process does.
    pub(super) fn reopen(self) -> Self {
        let Self { dir, store } = self;
        drop(store);
        let store = Store::open(&dir.path().join("store.db"), at(1)).expect("a store");
        Self { dir, store }
    }
}

pub(super) fn record(side: Side, id: &str, title: &str) -> Record {
    let source = SourceRef { file: "表.csv".to_owned(), sheet: None, row: 2 };
    let mut record = Record::new(side, RecordId(id.to_owned()), String::new(), source);
    record.title = title.to_owned();
    record.body = format!("{title}的说明");
    record
}

/// A head whose file's hash is made of `content`.
pub(super) fn head(side: Side, list: &str, content: &str) -> ImportHead {
    use sha2::{Digest, Sha256};
    ImportHead {
        side,
        list: Some(list.to_owned()),
        set: None,
        file: "表.csv".to_owned(),
        sha256: super::super::row::hex(&Sha256::digest(content)),
        format: "csv".to_owned(),
        whole: false,
        again: false,
        at: at(10),
        date: TODAY,
    }
}

pub(super) fn take(
    store: &mut Store,
    head: &ImportHead,
    records: &[Record],
) -> Result<ImportSummary, StoreError> {
    match store.begin_import(head)? {
        Begun::Open(mut ticket) => {
            store.stage(&mut ticket, records)?;
            store.finish_import(ticket, &Findings::default(), at(20))
        }
        Begun::AlreadyTaken { summary, .. } => Ok(summary),
    }
}

/// All records that lists held at a place in the log, by id.
pub(super) fn stored(store: &Store, side: Side, upto: Seq) -> Vec<StoredRecord> {
    let mut all = Vec::new();
    store
        .for_each_live(side, &Scope::All, upto, |record| {
            all.push(record);
            Ok(())
        })
        .expect("readable");
    all.sort_by(|a: &StoredRecord, b| a.record.id.cmp(&b.record.id));
    all
}

pub(super) fn id(text: &str) -> RecordId {
    RecordId(text.to_owned())
}

/// A store that is sound in every respect.
pub(super) fn assert_sound(store: &Store) {
    assert_eq!(store.integrity().expect("readable"), []);
}
