//! Making, opening, migrating and refusing stores.

use std::fs;

use rusqlite::Connection;

use super::super::schema::{self, APPLICATION_ID, MIGRATIONS};
use super::super::seal;
use super::fixture::{Fixture, TODAY, assert_sound, at, head, id, record, stored, take};
use crate::model::{Diagnosis, Lang, Side};
use crate::store::{Event, LedgerEntry, RulesKind, SCHEMA_VERSION, Seq, Step, Store, StoreError};

const D: Side = Side::Demand;

#[test]
fn a_store_is_made_once() {
    let f = Fixture::new();
    let again = Store::create(&f.path(), at(1)).expect_err("it is there");
    assert!(matches!(again, StoreError::Exists { .. }));
    let beside = f.dir.path().join("notes.txt");
    fs::write(&beside, "anything").expect("written");
    let other = Store::create(&beside, at(1)).expect_err("it is something else");
    assert!(matches!(other, StoreError::Exists { .. }), "{other}");
    assert_eq!(fs::read_to_string(&beside).expect("readable"), "anything");
    // What an interrupted making left is taken for nothing.
    let blank = f.dir.path().join("blank.db");
    fs::write(&blank, "").expect("written");
    assert_sound(&Store::create(&blank, at(1)).expect("made"));
    assert_eq!(f.store.schema_version().expect("readable"), SCHEMA_VERSION);
}

#[test]
fn what_is_no_store_is_named() {
    let f = Fixture::new();
    let missing = Store::open(&f.dir.path().join("none.db"), at(1)).expect_err("missing");
    assert!(matches!(missing, StoreError::Missing { .. }));
    assert!(missing.remedy(Lang::Zh).contains("duijie init"));
    let foreign = f.dir.path().join("foreign.db");
    Connection::open(&foreign)
        .and_then(|conn| conn.execute_batch("CREATE TABLE t (a)"))
        .expect("another program's file");
    for opened in [Store::open(&foreign, at(1)), Store::open_read_only(&foreign)] {
        assert!(matches!(opened, Err(StoreError::NotAStore { .. })));
    }
    let rubbish = f.dir.path().join("rubbish.db");
    fs::write(&rubbish, [7_u8; 5000]).expect("written");
    let opened = Store::open(&rubbish, at(1)).expect_err("rubbish");
    assert!(matches!(opened, StoreError::Corrupt { .. }));
    assert!(opened.remedy(Lang::Zh).contains("duijie restore"));
    assert!(opened.message(Lang::Zh).contains("rubbish.db"));
}

#[test]
fn a_newer_store_is_refused_by_name_and_left_alone() {
    let Fixture { dir, store } = Fixture::new();
    let path = dir.path().join("store.db");
    store.conn.pragma_update(None, "user_version", SCHEMA_VERSION + 1).expect("set");
    store.conn.execute("UPDATE meta SET value = '9.8.7'", []).expect("set");
    drop(store);
    let before = fs::read(&path).expect("readable");
    for opened in [Store::open(&path, at(1)), Store::open_read_only(&path)] {
        let error = opened.expect_err("newer");
        assert!(matches!(error, StoreError::Newer { found, .. } if found == SCHEMA_VERSION + 1));
        assert!(error.message(Lang::Zh).contains("9.8.7"));
    }
    assert_eq!(fs::read(&path).expect("readable"), before);
}

/// A store as each older version wrote it opens, with everything it held.
#[test]
fn stores_of_every_older_version_are_brought_up_to_date() {
    for version in 1..SCHEMA_VERSION {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("store.db");
        let conn = Connection::open(&path).expect("a file");
        seal::register(&conn).expect("registered");
        for step in &MIGRATIONS[..version as usize] {
            conn.execute_batch(step).expect("an older schema");
        }
        conn.pragma_update(None, "user_version", version).expect("set");
        conn.pragma_update(None, "application_id", APPLICATION_ID).expect("set");
        seal::insert(&conn, "meta", ("program", "0.0.1")).expect("kept");
        drop(conn);
        let early = Store::open_read_only(&path).expect_err("it would have to be changed");
        assert!(matches!(early, StoreError::Older { found, .. } if found == version));
        let mut store = Store::open(&path, at(5)).expect("migrated");
        let events = store.events(Seq::START, 10).expect("readable");
        let expected = Event::Migrated {
            from: version,
            to: version + 1,
            program: env!("CARGO_PKG_VERSION").to_owned(),
        };
        assert_eq!(events[0].event, expected);
        take(&mut store, &head(D, "需求", "1"), &[record(D, "A", "甲")]).expect("taken");
        assert_sound(&store);
        drop(store);
        let store = Store::open(&path, at(6)).expect("opened");
        assert_eq!(store.head().expect("readable").0, events.len() as i64 + 1, "migrated once");
    }
}

/// Version 1 with the rows that version 1 could hold: they are there in the present version.
#[test]
fn a_migration_keeps_what_is_there() {
    let f = Fixture::new();
    let path = f.dir.path().join("old.db");
    let conn = Connection::open(&path).expect("a file");
    seal::register(&conn).expect("registered");
    conn.execute_batch(MIGRATIONS[0]).expect("version 1");
    conn.pragma_update(None, "user_version", 1).expect("set");
    conn.pragma_update(None, "application_id", APPLICATION_ID).expect("set");
    // The tables of version 1 are filled by this program, whose imports touch no others.
    let mut present = f;
    let rows = [record(D, "A", "甲"), record(D, "B", "乙")];
    take(&mut present.store, &head(D, "需求", "1"), &rows).expect("taken");
    conn.execute("ATTACH ?1 AS present", [present.path().to_str().expect("a name")])
        .expect("attached");
    conn.pragma_update(None, "foreign_keys", false).expect("set: tables come in any order");
    let tables: Vec<String> = schema::objects(&conn)
        .expect("readable")
        .into_iter()
        .filter(|(kind, ..)| kind == "table")
        .map(|(_, name, _)| name)
        .collect();
    for table in tables {
        let copy = format!("INSERT INTO main.{table} SELECT * FROM present.{table}");
        conn.execute(&copy, []).expect("copied");
    }
    drop(conn);
    let old = Store::open(&path, at(9)).expect("migrated");
    let head = old.head().expect("readable");
    assert_eq!(stored(&old, D, head), stored(&present.store, D, head));
    assert_sound(&old);
}

/// Version 2 with lists, a run, an answer and a step of the ledger: they are there in the present
/// version, beside its new tables, and one event tells of the change.
#[test]
fn version_2_is_led_to_the_present_with_its_data() {
    let mut f = Fixture::new();
    let conn = &f.store.conn;
    let newer: Vec<String> = schema::objects(conn)
        .expect("readable")
        .into_iter()
        .filter(|(kind, name, _)| {
            kind == "table" && MIGRATIONS[2].contains(&format!("TABLE {name} "))
        })
        .map(|(_, name, _)| name)
        .collect();
    assert_eq!(newer.len(), 6, "{newer:?}");
    for table in newer {
        conn.execute_batch(&format!("DROP TABLE {table}")).expect("dropped");
    }
    conn.pragma_update(None, "user_version", 2).expect("set");
    take(&mut f.store, &head(D, "需求", "1"), &[record(D, "A", "甲")]).expect("taken");
    take(&mut f.store, &head(Side::Supply, "供给", "1"), &[record(Side::Supply, "B", "乙")])
        .expect("taken");
    let step = LedgerEntry {
        demand: id("A"),
        supply: id("B"),
        step: Step::Met,
        date: TODAY,
        next_date: None,
        note: "见过".to_owned(),
        by: "李".to_owned(),
    };
    f.store.add_ledger(&step, at(3)).expect("entered");
    f.store.put_rules(RulesKind::Weights, "w", at(3)).expect("kept");
    let told = |store: &Store| {
        let all = Seq(i64::MAX);
        let ledger = store.ledger_standing(all).expect("readable");
        (
            stored(store, D, all),
            stored(store, Side::Supply, all),
            ledger,
            store.counts().expect("readable"),
        )
    };
    let (before, seq) = (told(&f.store), f.store.head().expect("readable"));
    let f = f.reopen();
    assert_eq!(f.store.schema_version().expect("readable"), SCHEMA_VERSION);
    assert_eq!(told(&f.store), before);
    let events = f.store.events(seq, 10).expect("readable");
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let expected = Event::Migrated { from: 2, to: 3, program };
    assert_eq!(events.into_iter().map(|row| row.event).collect::<Vec<_>>(), [expected]);
    assert_eq!(f.store.users().expect("readable"), []);
    assert_sound(&f.store);
}

#[test]
fn reading_leaves_no_trace() {
    let Fixture { dir: _dir, mut store } = Fixture::new();
    take(&mut store, &head(D, "需求", "1"), &[record(D, "A", "甲")]).expect("taken");
    let path = store.path().to_owned();
    // Beside a writer.
    let mut reader = Store::open_read_only(&path).expect("opened");
    assert_eq!(reader.counts().expect("readable").demands.live, 1);
    let refused = reader.note("x", "y", at(1)).expect_err("it is for reading");
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused}");
    drop(reader);
    drop(store);
    // Where the files beside it cannot be made, as on a read-only disk, the file alone is read.
    let before = fs::read(&path).expect("readable");
    let [_, _, index] = Store::files(&path);
    fs::create_dir(&index).expect("a folder in the way");
    let reader = Store::open_read_only(&path).expect("opened");
    assert_eq!(reader.counts().expect("readable").demands.live, 1);
    assert_eq!(reader.path(), path);
    assert_eq!(fs::read(&path).expect("readable"), before);
}

#[test]
fn a_writer_who_waits_too_long_is_told_so() {
    let mut f = Fixture::new();
    let other = Store::open(&f.path(), at(1)).expect("opened");
    other.conn.execute_batch("BEGIN IMMEDIATE").expect("locked");
    f.store.conn.busy_timeout(std::time::Duration::from_millis(10)).expect("set");
    let busy = f.store.note("x", "y", at(1)).expect_err("locked");
    assert!(matches!(busy, StoreError::Busy { ref path } if *path == f.path()), "{busy}");
    assert!(!busy.remedy(Lang::En).is_empty());
    // Readers do not wait.
    assert_eq!(f.store.head().expect("readable"), Seq(1));
    other.conn.execute_batch("ROLLBACK").expect("unlocked");
    f.store.note("x", "y", at(1)).expect("written");
}

/// A store that may not grow says that the disk is full, and has lost nothing.
#[test]
fn a_full_disk_is_named_and_costs_nothing() {
    let mut f = Fixture::new();
    take(&mut f.store, &head(D, "需求", "1"), &[record(D, "A", "甲")]).expect("taken");
    let pages: i64 =
        f.store.conn.pragma_query_value(None, "page_count", |row| row.get(0)).expect("readable");
    f.store
        .conn
        .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .expect("limited");
    let rows: Vec<_> = (0..500).map(|n| record(D, &format!("N{n}"), "很长的一行")).collect();
    let full = take(&mut f.store, &head(D, "需求", "2"), &rows).expect_err("no space");
    assert!(matches!(full, StoreError::Full { .. }), "{full}");
    assert!(full.message(Lang::Zh).contains("磁盘已满"));
    let mut f = f.reopen();
    assert_eq!(f.store.discard_staged(at(3)).expect("discarded"), 1);
    assert_sound(&f.store);
    assert_eq!(take(&mut f.store, &head(D, "需求", "2"), &rows).expect("taken").figures.new, 500);
}
