//! Damage is found, and a backup undoes it.

use std::fs;
use std::path::Path;

use super::fixture::{Fixture, TODAY, assert_sound, at, head, id, record, take};
use crate::model::{Answer, BrokerAnswer, Contact, Side, SourceRef};
use crate::store::{
    ContactEntry, Event, Finding, LedgerEntry, RulesKind, RunHead, RunResult, Scope, Seq, Step,
    Store, StoreError,
};

const D: Side = Side::Demand;
const S: Side = Side::Supply;

/// A store with something in every table but those of verdicts.
fn filled() -> Fixture {
    let mut f = Fixture::new();
    let mut demand = record(D, "D1", "碳化硅衬底减薄");
    demand.organization = Some("甲公司".to_owned());
    demand.contact.telephone = Some("13812341234".to_owned());
    let mut heading = head(D, "需求", "1");
    heading.set = Some("攻关".to_owned());
    take(&mut f.store, &heading, &[demand]).expect("taken");
    let rows: Vec<_> = (0..30).map(|n| record(S, &format!("S{n}"), &format!("第{n}项"))).collect();
    take(&mut f.store, &head(S, "供给", "1"), &rows).expect("taken");
    let contact = Contact { person: Some("王".to_owned()), ..Contact::default() };
    f.store
        .add_contacts(
            &[ContactEntry { organization: "甲公司".to_owned(), code: None, contact }],
            at(2),
        )
        .expect("added");
    f.store.put_rules(RulesKind::Weights, "w", at(3)).expect("kept");
    let reference = f.store.head().expect("readable");
    let run = RunHead { as_of: TODAY, reference, program: "0.1.0".to_owned() };
    let run = f.store.begin_run(&run, at(4)).expect("begun");
    let result = RunResult { generation: 1, summary: "{}".to_owned() };
    f.store.finish_run(run.id, &result, at(5)).expect("published");
    let answer = BrokerAnswer {
        demand: "D1".to_owned(),
        supply: "S1".to_owned(),
        answer: Answer::Talking,
        reason: None,
        date: None,
        by: None,
        versions: None,
        source: SourceRef { file: "答复.xlsx".to_owned(), sheet: None, row: 2 },
    };
    f.store.add_answers(&[answer], at(6)).expect("added");
    let entry = LedgerEntry {
        demand: id("D1"),
        supply: id("S1"),
        step: Step::Signed { contract: "HT-1".to_owned(), amount_fen: 100 },
        date: TODAY,
        next_date: None,
        note: String::new(),
        by: "李".to_owned(),
    };
    f.store.add_ledger(&entry, at(7)).expect("entered");
    assert_sound(&f.store);
    f
}

/// Everything that readers are told, as one text.
fn told(store: &Store) -> Result<String, StoreError> {
    let all = Seq(i64::MAX);
    let live = [D, S].map(|side| store.live(side, &Scope::All, all, TODAY));
    let [demands, supplies] = live;
    let organization = store.find_organization("甲公司")?;
    let contacts = match &organization {
        Some(organization) => store.contacts_of(organization.id)?,
        None => Vec::new(),
    };
    let contacts: Vec<_> =
        contacts.into_iter().map(|c| (c.person, c.telephone, c.email, c.address)).collect();
    Ok(format!(
        "{:?}",
        (
            (demands?, supplies?, store.counts()?, store.lists()?, store.sets()?),
            (organization, contacts, store.imports(100)?, store.runs(100)?),
            (store.answers(all)?, store.ledger_standing(all)?, store.events(Seq::START, 1000)?),
        )
    ))
}

/// Flips one bit at a time, all over what is filled of the file. Each is found by the check or
/// keeps the store from opening, or nothing is told otherwise: it stood where nothing is stored.
#[test]
fn no_flipped_bit_changes_what_is_told() {
    let f = filled();
    let expected = told(&f.store).expect("readable");
    let path = f.path();
    // Without what changed rows leave behind, nearly every byte that is not zero means something.
    f.store.conn.execute_batch("VACUUM").expect("tidied");
    drop(f.store);
    let sound = fs::read(&path).expect("readable");
    // The first page keeps old copies of the schema behind its header.
    let filled: Vec<usize> =
        (16..100).chain(4096..sound.len()).filter(|&place| sound[place] != 0).collect();
    let (mut n_found, mut n_flips) = (0, 0);
    for &place in filled.iter().step_by(filled.len() / 300) {
        let mut damaged = sound.clone();
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).expect("written");
        n_flips += 1;
        match Store::open(&path, at(9)) {
            Ok(store) if store.integrity().expect("checked").is_empty() => {
                let told = told(&store).expect("readable");
                assert!(told == expected, "the bit at {place} changed what is told, unnoticed");
            }
            Ok(_) | Err(StoreError::Corrupt { .. }) => n_found += 1,
            // The marks of the file's header, which say whose it is and how old.
            Err(StoreError::NotAStore { .. } | StoreError::Newer { .. }) if place < 100 => {
                n_found += 1;
            }
            Err(other) => panic!("the bit at {place}: {other}"),
        }
        for file in &Store::files(&path)[1..] {
            let _ = fs::remove_file(file);
        }
    }
    assert!(n_found * 10 > n_flips * 9, "only {n_found} of {n_flips} flips were found");
}

#[test]
fn changed_rows_are_named() {
    let f = filled();
    let run = |sql: &str| f.store.conn.execute_batch(sql).expect("changed");
    run("DROP TRIGGER versions_are_not_changed; DROP TRIGGER events_are_not_changed");
    run("UPDATE versions SET says = replace(says, '碳化硅', '氮化镓') WHERE id = 1");
    run("UPDATE events SET body = replace(body, '需求', '供给') WHERE seq = 2");
    run(
        "UPDATE lists SET live = live + 1, sum = row_sum(side, name, live + 1, withdrawn, versions, last_import) WHERE id = 1",
    );
    let findings = f.store.integrity().expect("checked");
    for expected in [
        Finding::Row { table: "versions".to_owned(), row: 1 },
        Finding::Event { seq: 2 },
        Finding::Total { name: "需求.live".to_owned(), kept: 2, counted: 1 },
        Finding::Schema { object: "versions_are_not_changed".to_owned() },
    ] {
        assert!(findings.contains(&expected), "{expected:?} is not among {findings:?}");
    }
    let quick = f.store.quick_check().expect("checked");
    assert!(quick.contains(&Finding::Event { seq: 2 }), "{quick:?}");
}

#[test]
fn a_truncated_store_is_corrupt() {
    let f = filled();
    let path = f.path();
    drop(f.store);
    let sound = fs::read(&path).expect("readable");
    fs::write(&path, &sound[..sound.len() / 2]).expect("written");
    let found = match Store::open(&path, at(9)) {
        Ok(store) => !store.integrity().expect("checked").is_empty(),
        Err(error) => matches!(error, StoreError::Corrupt { .. }),
    };
    assert!(found);
}

fn backup(f: &Fixture) -> std::path::PathBuf {
    let copy = f.dir.path().join("copy.db");
    let facts = f.store.backup_to(&copy).expect("copied");
    assert_eq!(facts.bytes, fs::metadata(&copy).expect("there").len());
    assert_eq!(facts.sha256.len(), 64);
    copy
}

#[test]
fn a_backup_is_the_store() {
    let f = filled();
    let copy = backup(&f);
    let again = f.store.backup_to(&copy).expect_err("it is there");
    assert!(matches!(again, StoreError::Exists { .. }));
    let opened = Store::open_read_only(&copy).expect("a store");
    assert_eq!(told(&opened).expect("readable"), told(&f.store).expect("readable"));
    assert_sound(&opened);
}

#[test]
fn a_damaged_store_is_set_aside_and_the_backup_put_in_its_place() {
    let mut f = filled();
    let expected = told(&f.store).expect("readable");
    let copy = backup(&f);
    f.store.note("later", "lost with the damage", at(20)).expect("noted");
    let path = f.path();
    drop(f.store);
    fs::write(&path, b"rubbish").expect("written");
    for round in 0..2 {
        let restored = Store::restore(&copy, &path, at(30)).expect("restored");
        let aside = &restored.set_aside[0];
        assert!(aside.exists(), "{}", aside.display());
        if round == 0 {
            assert_eq!(fs::read(aside).expect("kept"), b"rubbish");
        }
        let store = Store::open(&path, at(31)).expect("a store");
        assert_sound(&store);
        let events = store.events(Seq::START, 1000).expect("readable");
        let last = events.last().map(|row| row.event.clone());
        assert_eq!(last, Some(Event::Restored { backup: "copy.db".to_owned() }));
        let without_last = |text: &str| text.split("EventRow").count();
        assert_eq!(
            without_last(&told(&store).expect("readable")),
            without_last(&expected) + 1,
            "one event more than the backup"
        );
    }
    // What is no backup is refused, and the store stays.
    let rubbish = f.dir.path().join("rubbish.db");
    fs::write(&rubbish, [1_u8; 9000]).expect("written");
    for (file, named) in
        [(rubbish.as_path(), "rubbish.db"), (Path::new("/none/none.db"), "none.db")]
    {
        let refused = Store::restore(file, &path, at(32)).expect_err("refused").to_string();
        assert!(refused.contains(named), "{refused}");
    }
    assert_sound(&Store::open(&path, at(33)).expect("still a store"));
    let left: Vec<_> = fs::read_dir(f.dir.path())
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("restoring"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_damaged_store_is_not_backed_up() {
    let f = filled();
    f.store
        .conn
        .execute_batch(
            "DROP TRIGGER versions_are_not_changed;
             UPDATE versions SET says = replace(says, '碳化硅', '氮化镓') WHERE id = 1",
        )
        .expect("changed");
    let copy = f.dir.path().join("copy.db");
    let refused = f.store.backup_to(&copy).expect_err("damaged");
    assert!(matches!(refused, StoreError::Corrupt { ref path, .. } if *path == f.path()));
    assert!(!copy.exists());
}
