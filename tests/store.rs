//! The store as other processes see it: one that is killed in the middle, one that writes while
//! others read.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use duijie::matching::{Calibration, Weights, mutual_score, score};
use duijie::model::{Micro, Part, Record, RecordId, Side, SourceRef, Verdict, Veto};
use duijie::store::{
    Begun, Findings, ImportHead, PairState, RulesKind, RulesRef, RunHead, RunResult, Scope, Seq,
    Store,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};

/// Names the store for the child process that is to be killed.
const CHILD: &str = "DUIJIE_TEST_STORE_OF_CHILD";
const TODAY: Date = date(2026, 11, 20);
const N_ROWS: usize = 4000;

fn at(n: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + n).expect("within the calendar")
}

fn head(name: &str) -> ImportHead {
    ImportHead {
        side: Side::Supply,
        list: None,
        set: None,
        file: format!("{name}.csv"),
        sha256: format!("{:064x}", name.len()),
        format: "csv".to_owned(),
        whole: true,
        again: false,
        at: at(1),
        date: TODAY,
    }
}

fn rows(n: usize, says: &str) -> Vec<Record> {
    let row = |n: usize| {
        let row = u32::try_from(n).expect("a few thousand") + 2;
        let source = SourceRef { file: "专利.csv".to_owned(), sheet: None, row };
        let mut record =
            Record::new(Side::Supply, RecordId(format!("CN{n}A")), String::new(), source);
        record.title = format!("{says}{n}");
        record.organization = Some(format!("第{}公司", n % 50));
        record.contact.telephone = Some(format!("138{n:08}"));
        record
    };
    (0..n).map(row).collect()
}

/// Takes in a second list, row by row, until it is killed.
fn child(path: &Path) {
    let mut store = Store::open(path, at(2)).expect("a store");
    store.discard_staged(at(2)).expect("discarded");
    let Begun::Open(mut ticket) = store.begin_import(&head("二二")).expect("begun") else {
        return;
    };
    for chunk in rows(N_ROWS, "后").chunks(50) {
        store.stage(&mut ticket, chunk).expect("staged");
    }
    store.finish_import(ticket, &Findings::default(), at(3)).expect("finished");
}

/// Titles of all records, and every number, by id.
fn state(store: &Store) -> Vec<(String, String, String)> {
    let table = store.live(Side::Supply, &Scope::All, Seq(i64::MAX), TODAY).expect("readable");
    table.records.into_iter().map(|r| (r.id.0, r.title, r.number)).collect()
}

#[test]
fn a_killed_import_is_there_as_a_whole_or_not_at_all() {
    if let Some(path) = std::env::var_os(CHILD) {
        return child(Path::new(&path));
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("store.db");
    let mut store = Store::create(&path, at(0)).expect("a store");
    let first = rows(N_ROWS / 2, "前");
    let Begun::Open(mut ticket) = store.begin_import(&head("一")).expect("begun") else {
        panic!("it is new");
    };
    store.stage(&mut ticket, &first).expect("staged");
    store.finish_import(ticket, &Findings::default(), at(1)).expect("finished");
    let before = state(&store);
    drop(store);
    let (mut n_killed, mut wait) = (0, Duration::from_millis(5));
    loop {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "store::a_killed_import_is_there_as_a_whole_or_not_at_all"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .spawn()
            .expect("a process");
        thread::sleep(wait);
        let ended = process.try_wait().expect("a process").is_some();
        if !ended {
            process.kill().expect("killed");
            n_killed += 1;
        }
        let status = process.wait().expect("ended");
        let store = Store::open_read_only(&path).expect("it opens after every kill");
        let now = state(&store);
        if now.len() == N_ROWS {
            assert!(now.iter().all(|(_, title, _)| title.starts_with('后')));
            break;
        }
        assert!(!ended, "the child ended with {status} without its work");
        assert_eq!(now, before, "nothing of a killed import is seen");
        // Later each time, so that all stages of the work are met and it ends at last.
        wait += wait / 3 + Duration::from_millis(3);
    }
    assert!(n_killed > 0, "the child was never killed in time");
    let store = Store::open(&path, at(9)).expect("a store");
    assert_eq!(store.integrity().expect("readable"), []);
    let mut numbers: Vec<String> = state(&store).into_iter().map(|(.., number)| number).collect();
    numbers.sort();
    let expected: Vec<String> = (1..=N_ROWS).map(|n| format!("GJ-2026-{n:04}")).collect();
    assert_eq!(numbers, expected, "as if no process had been killed");
}

/// A reader sees one state however long it takes; a writer is not kept waiting by it.
#[test]
fn readers_and_writers_do_not_meet() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("store.db");
    let mut store = Store::create(&path, at(0)).expect("a store");
    let Begun::Open(mut ticket) = store.begin_import(&head("一")).expect("begun") else {
        panic!("it is new");
    };
    store.stage(&mut ticket, &rows(1000, "前")).expect("staged");
    store.finish_import(ticket, &Findings::default(), at(1)).expect("finished");
    let reader = Store::open_read_only(&path).expect("a store");
    let mut n_read = 0;
    reader
        .for_each_live(Side::Supply, &Scope::All, Seq(i64::MAX), |found| {
            if n_read == 0 {
                let Begun::Open(mut ticket) = store.begin_import(&head("二二"))? else {
                    panic!("it is new");
                };
                store.stage(&mut ticket, &rows(10, "后"))?;
                store.finish_import(ticket, &Findings::default(), at(2))?;
            }
            assert!(found.record.title.starts_with('前'));
            n_read += 1;
            Ok(())
        })
        .expect("readable");
    assert_eq!(n_read, 1000);
    assert_eq!(state(&reader).len(), 10);
}

/// A pair judged by the rules, as a run does it.
fn judged(
    weights: &Weights,
    calibration: &Calibration,
    demand: &Record,
    supply: &Record,
    parts: [duijie::model::PartValues; 2],
    vetoes: Vec<Veto>,
) -> PairState {
    let [parts_for_demand, parts_for_supply] = parts;
    let score_for_demand = score(&parts_for_demand, weights.seen_by(demand)).score;
    let score_for_supply = score(&parts_for_supply, weights.seen_by(supply)).score;
    let probability_for_demand = calibration.probability(Side::Demand, score_for_demand);
    let probability_for_supply = calibration.probability(Side::Supply, score_for_supply);
    let probability = Micro::mean(probability_for_demand, probability_for_supply);
    PairState {
        demand: demand.id.clone(),
        supply: supply.id.clone(),
        parts_for_demand,
        parts_for_supply,
        score_for_demand,
        score_for_supply,
        probability_for_demand,
        probability_for_supply,
        mutual_score: mutual_score(probability_for_demand, probability_for_supply),
        confidence: Micro(700_000),
        verdict: calibration.advice(probability, &vetoes),
        vetoes,
        allocated: true,
    }
}

/// From the store alone: the parts, the rules' texts, and the records as they were judged.
#[test]
fn a_past_verdict_is_recomputed_from_the_store_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut store = Store::create(&dir.path().join("store.db"), at(0)).expect("a store");
    for (side, name) in [(Side::Demand, "一"), (Side::Supply, "二二")] {
        let head = ImportHead { side, ..head(name) };
        let Begun::Open(mut ticket) = store.begin_import(&head).expect("begun") else {
            panic!("it is new");
        };
        let records: Vec<Record> =
            rows(3, "碳化硅磨削").into_iter().map(|record| Record { side, ..record }).collect();
        store.stage(&mut ticket, &records).expect("staged");
        store.finish_import(ticket, &Findings::default(), at(1)).expect("finished");
    }
    let weights = include_str!("../corpus/calibration/weights.toml");
    let calibration = include_str!("../corpus/calibration/calibration.toml");
    let rules = RulesRef {
        weights: store.put_rules(RulesKind::Weights, weights, at(2)).expect("kept"),
        calibration: store.put_rules(RulesKind::Calibration, calibration, at(2)).expect("kept"),
    };
    let reference = store.head().expect("readable");
    let live = |side| store.live(side, &Scope::All, reference, TODAY).expect("readable").records;
    let (demands, supplies) = (live(Side::Demand), live(Side::Supply));
    let with = |value: i32| {
        let mut parts = [None; Part::ALL.len()];
        for (part, step) in [(Part::Lexical, 0), (Part::Dense, 1), (Part::Freshness, 2)] {
            parts[part.index()] = Some(Micro(value + step));
        }
        parts
    };
    let (own_weights, own_calibration) = (
        Weights::from_toml(weights).expect("shipped"),
        Calibration::from_toml(calibration).expect("shipped"),
    );
    let pairs: Vec<PairState> = demands
        .iter()
        .zip(&supplies)
        .zip([100_000, 600_000, 990_000])
        .map(|((demand, supply), value)| {
            let vetoes = if value > 900_000 { vec![Veto::NumbersNotMet] } else { Vec::new() };
            let parts = [with(value), with(value - 50_000)];
            judged(&own_weights, &own_calibration, demand, supply, parts, vetoes)
        })
        .collect();
    let verdicts: Vec<Verdict> = pairs.iter().map(|pair| pair.verdict).collect();
    assert!(verdicts.contains(&Verdict::NoMatch) && verdicts.contains(&Verdict::Discuss));
    let run = RunHead { as_of: TODAY, reference, program: "0.1.0".to_owned() };
    let run = store.begin_run(&run, at(3)).expect("begun").id;
    store.record_verdicts(run, &rules, pairs.clone(), at(4)).expect("recorded");
    let result = RunResult { generation: 1, summary: "{}".to_owned() };
    store.finish_run(run, &result, at(5)).expect("published");
    for pair in pairs {
        let history = store.verdict_history(&pair.demand, &pair.supply).expect("readable");
        let row = history.last().expect("judged");
        let state = row.state.clone().expect("judged");
        assert_eq!(state, pair);
        let text = |sha256: &str| store.rules(sha256).expect("readable").expect("kept").text;
        let again = judged(
            &Weights::from_toml(&text(&row.rules.weights)).expect("kept whole"),
            &Calibration::from_toml(&text(&row.rules.calibration)).expect("kept whole"),
            &row.demand,
            &row.supply,
            [state.parts_for_demand, state.parts_for_supply],
            state.vetoes,
        );
        // The confidence also looks at the lengths of the texts; it decides no verdict.
        assert_eq!(again, pair);
    }
}
