//! What runs said about pairs.

use super::fixture::{Fixture, TODAY, assert_sound, at, head, id, record, take};
use crate::model::{Micro, Part, Side, Verdict, Veto};
use crate::store::{
    PairState, RulesKind, RulesRef, RunHead, RunId, RunResult, StoreError, VerdictsSummary,
};

fn fixture() -> (Fixture, RulesRef) {
    let mut f = Fixture::new();
    for (side, prefix) in [(Side::Demand, "D"), (Side::Supply, "S")] {
        let rows: Vec<_> =
            (0..4).map(|n| record(side, &format!("{prefix}{n}"), &format!("第{n}项"))).collect();
        take(&mut f.store, &head(side, "清单", "1"), &rows).expect("taken");
    }
    let weights = f.store.put_rules(RulesKind::Weights, "w", at(1)).expect("kept");
    let calibration = f.store.put_rules(RulesKind::Calibration, "c", at(1)).expect("kept");
    (f, RulesRef { weights, calibration })
}

fn pair(demand: &str, supply: &str, lexical: i32, verdict: Verdict) -> PairState {
    let mut parts = [None; Part::ALL.len()];
    parts[Part::Lexical.index()] = Some(Micro(lexical));
    parts[Part::Freshness.index()] = Some(Micro(900_000));
    let mut other = parts;
    other[Part::Numbers.index()] = Some(Micro(1));
    PairState {
        demand: id(demand),
        supply: id(supply),
        parts_for_demand: parts,
        parts_for_supply: other,
        score_for_demand: Micro(lexical),
        score_for_supply: Micro(lexical / 2),
        probability_for_demand: Micro(3),
        probability_for_supply: Micro(4),
        mutual_score: Micro(5),
        confidence: Micro(6),
        verdict,
        vetoes: vec![Veto::NumbersNotMet],
        allocated: true,
    }
}

fn begin(f: &mut Fixture) -> RunId {
    let reference = f.store.head().expect("readable");
    let head = RunHead { as_of: TODAY, reference, program: "0.1.0".to_owned() };
    f.store.begin_run(&head, at(50)).expect("begun").id
}

fn night(f: &mut Fixture, rules: &RulesRef, pairs: Vec<PairState>) -> VerdictsSummary {
    let run = begin(f);
    let summary = f.store.record_verdicts(run, rules, pairs, at(51)).expect("recorded");
    let result = RunResult { generation: 1, summary: "{}".to_owned() };
    f.store.finish_run(run, &result, at(52)).expect("published");
    summary
}

fn standing(f: &Fixture) -> Vec<PairState> {
    let mut all = Vec::new();
    f.store
        .for_each_verdict(None, |_, pair| {
            all.push(pair);
            Ok(())
        })
        .expect("readable");
    all
}

#[test]
fn only_changes_are_kept_and_every_past_verdict_can_be_recomputed() {
    let (mut f, rules) = fixture();
    let first = vec![
        pair("D1", "S1", 500_000, Verdict::Discuss),
        pair("D1", "S2", 400_000, Verdict::NoMatch),
        pair("D0", "S1", 600_000, Verdict::Recommend),
    ];
    let summary = night(&mut f, &rules, first.clone());
    assert_eq!(summary, VerdictsSummary { judged: 3, changed: 3, gone: 0 });
    let mut by_place = first.clone();
    by_place.sort_by(|a, b| (&a.demand, &a.supply).cmp(&(&b.demand, &b.supply)));
    assert_eq!(standing(&f), by_place);
    // A night older, nothing else: no news.
    let mut older = first.clone();
    for pair in &mut older {
        pair.parts_for_demand[Part::Freshness.index()] = Some(Micro(800_000));
        pair.score_for_demand = Micro(1);
    }
    assert_eq!(night(&mut f, &rules, older).changed, 0);
    // One pair is judged otherwise, one no more, one demand not at all.
    let changed = vec![pair("D1", "S1", 700_000, Verdict::Recommend)];
    let summary = night(&mut f, &rules, changed.clone());
    assert_eq!(summary, VerdictsSummary { judged: 1, changed: 1, gone: 2 });
    assert_eq!(standing(&f), changed);
    assert_eq!(night(&mut f, &rules, changed.clone()).gone, 0, "gone is said once");
    // The demand says something else, and other weights judge it.
    take(
        &mut f.store,
        &head(Side::Demand, "清单", "2"),
        &[record(Side::Demand, "D1", "改过的需求")],
    )
    .expect("taken");
    let weights = f.store.put_rules(RulesKind::Weights, "w2", at(1)).expect("kept");
    let newer = RulesRef { weights, ..rules.clone() };
    assert_eq!(night(&mut f, &newer, changed.clone()).changed, 1);
    let history = f.store.verdict_history(&id("D1"), &id("S1")).expect("readable");
    let states: Vec<Option<PairState>> = history.iter().map(|row| row.state.clone()).collect();
    assert_eq!(
        states,
        [Some(first[0].clone()), Some(changed[0].clone()), Some(changed[0].clone())]
    );
    assert_eq!(history[0].demand.title, "第1项");
    assert_eq!(history[2].demand.title, "改过的需求");
    assert_eq!(history[2].rules, newer);
    let text = f.store.rules(&history[0].rules.weights).expect("readable").expect("kept").text;
    assert_eq!(text, "w");
    assert_eq!(history[0].folder, "2026-11-20-1");
    let gone = f.store.verdict_history(&id("D0"), &id("S1")).expect("readable");
    assert_eq!(gone.last().map(|row| row.state.is_none()), Some(true));
    assert_sound(&f.store);
}

#[test]
fn verdicts_of_a_run_that_is_not_published_are_seen_by_nobody() {
    let (mut f, rules) = fixture();
    let published = vec![pair("D1", "S1", 500_000, Verdict::Discuss)];
    night(&mut f, &rules, published.clone());
    let run = begin(&mut f);
    let pairs = vec![pair("D1", "S1", 1, Verdict::NoMatch), pair("D2", "S2", 2, Verdict::Discuss)];
    f.store.record_verdicts(run, &rules, pairs.clone(), at(60)).expect("recorded");
    assert_eq!(standing(&f), published);
    assert_eq!(f.store.verdict_history(&id("D1"), &id("S1")).expect("readable").len(), 1);
    let twice = f.store.record_verdicts(run, &rules, pairs.clone(), at(60));
    assert!(matches!(twice, Err(StoreError::NotOpen { .. })));
    let kept = f.store.conn.execute("DELETE FROM verdicts", []).expect_err("append-only");
    assert!(kept.to_string().contains("append-only"));
    f.store.fail_run(run, "断电", at(61)).expect("failed");
    assert_eq!(standing(&f), published);
    assert_eq!(night(&mut f, &rules, pairs).changed, 2);
    assert_sound(&f.store);
}

#[test]
fn pairs_that_cannot_be_kept_are_refused() {
    let (mut f, rules) = fixture();
    let run = begin(&mut f);
    let one = |demand: &str, supply: &str| pair(demand, supply, 1, Verdict::Discuss);
    let unknown = f.store.record_verdicts(run, &rules, vec![one("D1", "S9")], at(60));
    assert!(matches!(unknown, Err(StoreError::UnknownRecord { .. })));
    let scattered = vec![one("D1", "S1"), one("D2", "S1"), one("D1", "S2")];
    let scattered = f.store.record_verdicts(run, &rules, scattered, at(60));
    assert!(matches!(scattered, Err(StoreError::Scattered { ref demand }) if demand == "D1"));
    let strange = RulesRef { weights: "f".repeat(64), ..rules };
    let strange = f.store.record_verdicts(run, &strange, vec![one("D1", "S1")], at(60));
    assert!(matches!(strange, Err(StoreError::UnknownRules { .. })));
}

#[test]
fn many_pairs_are_written_in_short_steps() {
    let mut f = Fixture::new();
    let n = 60;
    for (side, prefix) in [(Side::Demand, "D"), (Side::Supply, "S")] {
        let rows: Vec<_> =
            (0..n).map(|n| record(side, &format!("{prefix}{n}"), &format!("第{n}项"))).collect();
        take(&mut f.store, &head(side, "清单", "1"), &rows).expect("taken");
    }
    let weights = f.store.put_rules(RulesKind::Weights, "w", at(1)).expect("kept");
    let calibration = f.store.put_rules(RulesKind::Calibration, "c", at(1)).expect("kept");
    let rules = RulesRef { weights, calibration };
    let pairs: Vec<PairState> = (0..n)
        .flat_map(|d| (0..n).map(move |s| (d, s)))
        .map(|(d, s)| pair(&format!("D{d}"), &format!("S{s}"), d * n + s, Verdict::Discuss))
        .collect();
    f.store.largest_write = 0;
    assert_eq!(night(&mut f, &rules, pairs).changed, 3600);
    let run = begin(&mut f);
    f.store.record_verdicts(run, &rules, [], at(60)).expect("recorded");
    f.store.abandon_open_runs(at(61)).expect("abandoned");
    let most = super::super::transaction::ROWS_AT_ONCE as u64 + 10;
    assert!(f.store.largest_write <= most, "{}", f.store.largest_write);
    assert_eq!(standing(&f).len(), 3600);
}
