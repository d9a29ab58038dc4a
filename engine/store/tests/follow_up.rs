//! Answers, the ledger, runs.

use jiff::civil::date;

use super::fixture::{Fixture, TODAY, assert_sound, at, head, id, record, take};
use crate::model::{Answer, BrokerAnswer, Reason, Side, SourceRef};
use crate::store::{LedgerEntry, RulesKind, RunHead, RunResult, RunState, Seq, Step, StoreError};

fn with_pair() -> Fixture {
    let mut f = Fixture::new();
    take(&mut f.store, &head(Side::Demand, "需求", "1"), &[record(Side::Demand, "D", "甲")])
        .expect("taken");
    take(&mut f.store, &head(Side::Supply, "供给", "1"), &[record(Side::Supply, "S", "乙")])
        .expect("taken");
    f
}

fn answer(demand: &str, answer: Answer, day: i8) -> BrokerAnswer {
    BrokerAnswer {
        demand: demand.to_owned(),
        supply: "S".to_owned(),
        answer,
        reason: (answer == Answer::Unfit).then_some(Reason::Indicator),
        date: Some(date(2026, 11, day)),
        by: Some("张".to_owned()),
        versions: Some(("0123456789abcdef".to_owned(), "fedcba9876543210".to_owned())),
        source: SourceRef {
            file: "答复.xlsx".to_owned(), sheet: Some("推荐".to_owned()), row: 4
        },
    }
}

#[test]
fn answers_come_back_as_they_were_given() {
    let mut f = with_pair();
    let mut plain = answer("XQ-2026-0001", Answer::Talking, 3);
    (plain.by, plain.versions, plain.date, plain.source.sheet) = (None, None, None, None);
    let given =
        [answer("D", Answer::Unfit, 2), plain.clone(), answer("无此号", Answer::Introduced, 4)];
    let summary = f.store.add_answers(&given, at(5)).expect("added");
    assert_eq!((summary.added, summary.known, summary.unresolved), (3, 0, 1));
    let reference = f.store.head().expect("readable");
    let mut moved = given[0].clone();
    moved.source.row = 77;
    let again = f.store.add_answers(&[moved, answer("D", Answer::Undecided, 9)], at(6));
    let again = again.expect("added");
    assert_eq!((again.added, again.known), (1, 1));
    let read = f.store.answers(reference).expect("readable");
    let mut expected = given.to_vec();
    // A number stands for the record it was given to.
    expected[1].demand = "D".to_owned();
    assert_eq!(read, expected, "what came after the reference point counts the next time");
    assert_eq!(f.store.answers(f.store.head().expect("readable")).expect("readable").len(), 4);
    let of_pair = f.store.answers_of(&id("D"), &id("S")).expect("readable");
    assert_eq!(of_pair.len(), 3);
    assert!(of_pair.iter().map(|row| row.seq).is_sorted());
    assert_eq!(f.store.counts().expect("readable").answers, 4);
    assert_sound(&f.store);
}

fn entry(step: Step, day: i8) -> LedgerEntry {
    LedgerEntry {
        demand: id("D"),
        supply: id("S"),
        step,
        date: date(2026, 6, day),
        next_date: Some(date(2026, 7, day)),
        note: "说明".to_owned(),
        by: "李".to_owned(),
    }
}

fn signed(contract: &str, amount_fen: i64) -> Step {
    Step::Signed { contract: contract.to_owned(), amount_fen }
}

#[test]
fn the_ledger_goes_forward_only() {
    let mut f = with_pair();
    let illegal = |f: &mut Fixture, step: Step| {
        let refused = f.store.add_ledger(&entry(step, 1), at(5)).expect_err("refused");
        assert!(matches!(refused, StoreError::IllegalStep { .. }), "{refused}");
    };
    illegal(&mut f, Step::Shelved);
    for step in [Step::Contacted, Step::Contacted, Step::Met, Step::Shelved, Step::Met] {
        f.store.add_ledger(&entry(step, 2), at(5)).expect("entered");
    }
    illegal(&mut f, Step::Contacted);
    f.store.add_ledger(&entry(signed("HT-1", 1_234_567), 3), at(6)).expect("entered");
    for step in [Step::Negotiating, Step::Shelved, Step::Contacted] {
        illegal(&mut f, step);
    }
    f.store.add_ledger(&entry(signed("HT-1", 2_000_000), 28), at(7)).expect("corrected");
    for (contract, amount) in [(" ", 1), ("HT-2", 0), ("HT-2", -5)] {
        let refused = f.store.add_ledger(&entry(signed(contract, amount), 4), at(8));
        assert!(matches!(refused, Err(StoreError::BadEntry { .. })));
    }
    let mut nobody = entry(signed("HT-1", 5), 4);
    nobody.by = " ".to_owned();
    assert!(matches!(f.store.add_ledger(&nobody, at(8)), Err(StoreError::BadEntry { .. })));
    let mut unknown = entry(Step::Contacted, 4);
    unknown.supply = id("X");
    assert!(matches!(f.store.add_ledger(&unknown, at(8)), Err(StoreError::UnknownRecord { .. })));
    let rows = f.store.ledger(&id("D"), &id("S")).expect("readable");
    assert_eq!(rows.len(), 7);
    assert_eq!(rows[5].entry, entry(signed("HT-1", 1_234_567), 3));
    let standing = f.store.ledger_standing(Seq(i64::MAX)).expect("readable");
    assert_eq!(standing, rows[6..]);
    let then = f.store.ledger_standing(rows[2].seq).expect("readable");
    assert_eq!(then, rows[2..3]);
    let figures = |from, through| f.store.ledger_figures(from, through).expect("readable");
    let half = figures(date(2026, 1, 1), date(2026, 6, 30));
    assert_eq!((half.contacted, half.met, half.negotiating, half.shelved), (1, 1, 0, 1));
    assert_eq!((half.signed, half.amount_fen), (1, 2_000_000), "as last corrected");
    let late = figures(date(2026, 6, 4), date(2026, 6, 30));
    assert_eq!((late.signed, late.amount_fen), (0, 0), "it was signed before");
    let refused = f.store.conn.execute("UPDATE ledger SET amount = 1", []);
    assert!(refused.expect_err("append-only").to_string().contains("append-only"));
    assert_sound(&f.store);
}

/// Every step after every other: the table that the documentation describes.
#[test]
fn steps_follow_as_described() {
    let steps = [Step::Contacted, Step::Met, Step::Negotiating, signed("1", 1), Step::Shelved];
    let table: Vec<String> = std::iter::once(None)
        .chain(steps.iter().map(Some))
        .map(|from| steps.iter().map(|to| if to.may_follow(from) { 'x' } else { '.' }).collect())
        .collect();
    assert_eq!(table, ["xxxx.", "xxxxx", ".xxxx", "..xxx", "...x.", "xxxxx"]);
}

#[test]
fn runs_are_one_after_another() {
    let mut f = with_pair();
    let reference = f.store.head().expect("readable");
    let head = RunHead { as_of: TODAY, reference, program: "0.1.0".to_owned() };
    assert_eq!(f.store.last_run().expect("readable"), None);
    let first = f.store.begin_run(&head, at(100)).expect("begun");
    assert_eq!((first.folder.as_str(), first.state), ("2026-11-20-1", RunState::Open));
    let busy = f.store.begin_run(&head, at(101)).expect_err("one after another");
    assert!(matches!(busy, StoreError::OpenRun { ref folder } if *folder == first.folder));
    // Its process dies; the next builder clears up and gives the same number again.
    let mut f = f.reopen();
    assert_eq!(f.store.open_run().expect("readable").map(|run| run.id), Some(first.id));
    assert_eq!(f.store.abandon_open_runs(at(102)).expect("abandoned"), 1);
    assert_eq!(f.store.abandon_open_runs(at(102)).expect("abandoned"), 0);
    let second = f.store.begin_run(&head, at(103)).expect("begun");
    assert_eq!(second.folder, first.folder);
    let result = RunResult { generation: 7, summary: "{\"pairs\":3}".to_owned() };
    f.store.finish_run(second.id, &result, at(104)).expect("published");
    f.store.finish_run(second.id, &result, at(105)).expect("repeated");
    let other = RunResult { generation: 8, ..result.clone() };
    assert!(f.store.finish_run(second.id, &other, at(105)).is_err());
    assert!(f.store.finish_run(first.id, &result, at(105)).is_err());
    let third = f.store.begin_run(&head, at(106)).expect("begun");
    assert_eq!(third.folder, "2026-11-20-2");
    f.store.fail_run(third.id, "磁盘已满", at(107)).expect("failed");
    assert!(f.store.fail_run(third.id, "再一次", at(107)).is_err());
    let last = f.store.last_run().expect("readable").expect("one");
    assert_eq!((last.state, last.failure.as_deref()), (RunState::Failed, Some("磁盘已满")));
    let success = f.store.last_success().expect("readable").expect("one");
    assert_eq!((success.id, success.generation), (second.id, Some(7)));
    assert_eq!(success.finished_at, Some(at(104)));
    assert_eq!(success.summary.as_deref(), Some("{\"pairs\":3}"));
    let states: Vec<RunState> =
        f.store.runs(10).expect("readable").into_iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Failed, RunState::Published, RunState::Abandoned]);
    assert_eq!(f.store.counts().expect("readable").runs, 1);
    assert_sound(&f.store);
}

#[test]
fn rules_are_kept_under_their_hash() {
    let mut f = Fixture::new();
    let text = "[demand]\nlexical = 300\n";
    let sha256 = f.store.put_rules(RulesKind::Weights, text, at(1)).expect("kept");
    let seq = f.store.head().expect("readable");
    assert_eq!(f.store.put_rules(RulesKind::Weights, text, at(2)).expect("kept"), sha256);
    assert_eq!(f.store.head().expect("readable"), seq, "nothing happened");
    let rules = f.store.rules(&sha256).expect("readable").expect("known");
    assert_eq!((rules.kind, rules.text.as_str()), (RulesKind::Weights, text));
    assert_eq!(f.store.rules(&"0".repeat(64)).expect("readable"), None);
    assert!(matches!(f.store.rules("x"), Err(StoreError::BadEntry { .. })));
}
