//! A published night, asked: what it gives equals what the night kept, and what is hidden from a
//! role is nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use duijie::corpus::{ImportOptions, read_lists};
use duijie::model::{Intake, Lang, Record, Role, Side, Sight, Visibility};
use duijie::pipeline::{
    Cursor, Draft, EmbedderOptions, Filters, MatchOptions, NightFolders, NightInput, PairRecord,
    Query, Refresh, Silent, Snapshot, SnapshotFolders, run_night,
};
use jiff::Zoned;
use jiff::civil::date;
use jiff::tz::TimeZone;
use tempfile::TempDir;

fn sample(side: Side, name: &str) -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample").join(name);
    read_lists(side, &[path], &ImportOptions::default(), &|_| {}).expect("the sample").records
}

/// Nights of the sample, one upon the other, and the last one opened.
struct Opened {
    folder: TempDir,
    snapshot: Snapshot,
    records: [Vec<Record>; 2],
}

impl Opened {
    /// Two nights: in the second, every ninth record says something else, so that it stands in a
    /// layer of its own.
    fn new(change: impl Fn(&mut [Vec<Record>; 2])) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut records =
            [sample(Side::Demand, "demands.xlsx"), sample(Side::Supply, "supplies.xlsx")];
        change(&mut records);
        night(folder.path(), "0", None, &records);
        for record in records.iter_mut().flatten().step_by(9) {
            record.title.push_str("（改进型）");
        }
        night(folder.path(), "1", Some("0"), &records);
        let snapshot = Snapshot::open(
            SnapshotFolders {
                generation: &folder.path().join("generations/1"),
                run: &folder.path().join("runs/1"),
            },
            records[0].clone(),
            records[1].clone(),
            &EmbedderOptions::default(),
            &Silent,
        )
        .expect("what was written can be opened");
        Self { folder, snapshot, records }
    }

    fn kept(&self) -> Vec<PairRecord> {
        let text = fs::read_to_string(self.folder.path().join("runs/1/matches.jsonl"));
        text.expect("pairs").lines().map(|l| serde_json::from_str(l).expect("a pair")).collect()
    }
}

fn night(root: &Path, name: &str, previous: Option<&str>, records: &[Vec<Record>; 2]) {
    let place = |kind: &str, name: &str| root.join(kind).join(name);
    let (generation, run) = (place("generations", name), place("runs", name));
    for folder in [&generation, &run] {
        fs::create_dir_all(folder).expect("create");
    }
    let previous = previous.map(|name| place("generations", name));
    let at: Zoned = date(2026, 11, 20).at(2, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a time");
    let options = MatchOptions::new(Vec::new(), Vec::new(), PathBuf::new(), at);
    let input = NightInput {
        demands: records[0].clone(),
        supplies: records[1].clone(),
        demand_intake: Intake::empty(Side::Demand),
        supply_intake: Intake::empty(Side::Supply),
        answers: Vec::new(),
    };
    let folders =
        NightFolders { previous: previous.as_deref(), generation: &generation, run: &run };
    run_night(input, &options, folders, Refresh::WhenDue, &Silent).expect("the night succeeds");
}

/// All that a pair is worth, without places, hand-outs and quotes.
fn worth(pair: &PairRecord) -> impl PartialEq + std::fmt::Debug {
    let parts: Vec<_> =
        pair.parts.iter().map(|part| (part.name, part.value, part.value_for_supply)).collect();
    (
        (pair.demand_id.clone(), pair.supply_id.clone(), parts, pair.score_for_demand),
        (pair.score_for_supply, pair.probability, pair.mutual_score, pair.confidence),
        (pair.verdict, pair.vetoes.clone(), pair.numbers.clone()),
    )
}

#[test]
fn what_is_matched_now_equals_what_the_night_kept() {
    let opened = Opened::new(|_| {});
    let view = opened.snapshot.seen_by(Role::Admin);
    let kept = opened.kept();
    let mut compared = 0;
    for demand in opened.records[0].iter().step_by(3) {
        let found = view.match_record(Side::Demand, demand.id.as_str(), 400).unwrap().unwrap();
        let scores: Vec<_> = found.iter().map(|pair| pair.pair.score_for_demand).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        for pair in kept.iter().filter(|pair| pair.demand_id == demand.id.0) {
            let again = found.iter().find(|found| found.pair.supply_id == pair.supply_id);
            if let Some(again) = again {
                assert_eq!(worth(&again.pair), worth(pair));
                compared += 1;
            }
            let read = view.pair(&pair.demand_id, &pair.supply_id).unwrap().expect("a pair");
            assert!(read.kept);
            assert_eq!(worth(&read.pair), worth(pair));
        }
    }
    assert!(compared > 40, "{compared}");
    for supply in opened.records[1].iter().step_by(11) {
        let found = view.match_record(Side::Supply, supply.id.as_str(), 400).unwrap().unwrap();
        for pair in kept.iter().filter(|pair| pair.supply_id == supply.id.0) {
            if let Some(again) = found.iter().find(|found| found.pair.demand_id == pair.demand_id) {
                assert_eq!(worth(&again.pair), worth(pair));
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn a_pair_that_was_not_kept_is_judged_by_the_runs_rules() {
    let opened = Opened::new(|_| {});
    let view = opened.snapshot.seen_by(Role::Admin);
    let kept = opened.kept();
    let demand = &opened.records[0][4].id;
    let is_kept = |supply: &Record| {
        kept.iter().any(|pair| pair.demand_id == demand.0 && pair.supply_id == supply.id.0)
    };
    let other = opened.records[1].iter().find(|supply| !is_kept(supply)).expect("one of many");
    let pair = view.pair(demand.as_str(), other.id.as_str()).unwrap().expect("both exist");
    assert!(!pair.kept && pair.pair.rank_for_demand.is_none());
    let sum: i64 =
        pair.pair.parts.iter().filter_map(|part| part.contribution).map(|x| i64::from(x.0)).sum();
    assert_eq!(sum, i64::from(pair.pair.score_for_demand.0));
    let found = view.match_record(Side::Demand, demand.as_str(), 400).unwrap().unwrap();
    let again = found.iter().find(|found| found.pair.supply_id == other.id.0);
    assert!(again.is_none_or(|again| worth(&again.pair) == worth(&pair.pair)));
    assert!(view.pair("nobody", other.id.as_str()).unwrap().is_none());
}

#[test]
fn a_pasted_text_gets_a_full_answer() {
    let opened = Opened::new(|_| {});
    let view = opened.snapshot.seen_by(Role::Reader);
    let demand = &opened.records[0][0];
    let draft = Draft::new(Side::Demand, format!("{}\n{}", demand.title, demand.body));
    let answer = view.match_text(&draft, 5, Lang::Zh).expect("an answer");
    assert_eq!(answer.record.title, demand.title);
    assert!(answer.pairs.len() == 5 && answer.quality.is_some());
    let best = view.match_record(Side::Demand, demand.id.as_str(), 1).unwrap().unwrap();
    // A list's columns (field, keywords) are not in the text, so places may change a little.
    let found = answer.pairs.iter().any(|pair| pair.pair.supply_id == best[0].pair.supply_id);
    assert!(found, "{}", best[0].pair.supply_id);
    assert!(answer.pairs[0].pair.parts.iter().any(|part| !part.evidence.is_empty()));
    for text in ["", " \n ", "！！！", "x"] {
        let answer =
            view.match_text(&Draft::new(Side::Demand, text), 5, Lang::Zh).expect("no failure");
        assert!(answer.pairs.iter().all(|pair| !pair.is_worth_a_call()), "{text:?}");
    }
    let long = demand.body.repeat(400);
    view.match_text(&Draft::new(Side::Demand, long), 3, Lang::Zh).expect("long texts are texts");
}

fn query(side: Side, text: &str) -> Query {
    Query { side, text: text.to_owned(), filters: Filters::default(), limit: 10, after: None }
}

#[test]
fn pages_of_a_search_are_its_whole() {
    let opened = Opened::new(|_| {});
    let view = opened.snapshot.seen_by(Role::Admin);
    for text in ["", "激光 检测", "材料"] {
        let whole = view.search(&Query { limit: 1_000, ..query(Side::Supply, text) }).unwrap();
        assert_eq!(whole.n_found, whole.records.len());
        assert!(whole.next.is_none());
        let mut ids = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let page = Query { limit: 7, after, ..query(Side::Supply, text) };
            let page = view.search(&page).unwrap();
            assert_eq!(page.n_found, whole.n_found);
            ids.extend(page.records.iter().map(|found| found.seen.record().id.clone()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<_> = whole.records.iter().map(|f| f.seen.record().id.clone()).collect();
        assert_eq!(ids, expected, "{text}");
        assert!(!ids.is_empty());
    }
    let number = &opened.records[1][20].number;
    let found = view.search(&query(Side::Supply, number)).unwrap();
    assert_eq!(&found.records[0].seen.record().number, number);
}

#[test]
fn filters_are_met_by_every_record() {
    let opened = Opened::new(|_| {});
    let view = opened.snapshot.seen_by(Role::Admin);
    let region = opened.records[0].iter().find_map(|r| r.region.clone()).expect("a region");
    let day = opened.records[0].iter().filter_map(|r| r.posted_on).max().expect("a day");
    for filters in [
        Filters { region: Some(region.clone()), ..Filters::default() },
        Filters { posted_from: Some(day), ..Filters::default() },
    ] {
        let accept =
            |record: &Record| {
                filters.region.as_ref().is_none_or(|r| {
                    record.region.as_ref().is_some_and(|has| has.contains(r.as_str()))
                }) && filters.posted_from.is_none_or(|day| record.posted_on >= Some(day))
            };
        let expected = opened.records[0].iter().filter(|record| accept(record)).count();
        let query = Query { filters: filters.clone(), limit: 1_000, ..query(Side::Demand, "") };
        let found = view.search(&query).unwrap();
        assert_eq!(found.n_found, expected);
        assert!(found.records.iter().all(|found| accept(found.seen.record())));
        assert!(expected > 0 && expected < opened.records[0].len());
    }
}

/// Hides every third supply and every fourth demand, and makes others anonymous, with their owner
/// named in the text.
fn hide(records: &mut [Vec<Record>; 2]) {
    for record in records.iter_mut().flatten() {
        record.visibility = Visibility::Public;
    }
    for (side, step) in [(0, 4), (1, 3)] {
        for (at, record) in records[side].iter_mut().enumerate() {
            if at % step == 0 {
                record.visibility = Visibility::Internal;
            } else if at % step == 1 {
                record.visibility = Visibility::Anonymous;
                record.organization = Some(format!("渭河第{at}精工制造厂"));
                record.body = format!("{}本项目由渭河第{at}精工制造厂提出。", record.body);
            }
        }
    }
}

#[test]
fn what_is_hidden_is_nowhere() {
    let opened = Opened::new(hide);
    let [demands, supplies] = &opened.records;
    let internal: Vec<&str> = (demands.iter().chain(supplies))
        .filter(|record| record.visibility == Visibility::Internal)
        .map(|record| record.id.as_str())
        .collect();
    let office = opened.snapshot.seen_by(Role::Office);
    for role in [Role::Reader, Role::Broker] {
        let view = opened.snapshot.seen_by(role);
        let mut told = String::new();
        for (side, records) in [(Side::Demand, demands), (Side::Supply, supplies)] {
            let n_visible = records.iter().filter(|r| r.visibility != Visibility::Internal).count();
            assert_eq!(view.n_records(side), n_visible);
            for text in ["", "技术", "检测"] {
                let query = Query { limit: 1_000, ..query(side, text) };
                let (found, all) = (view.search(&query).unwrap(), office.search(&query).unwrap());
                let seen = |id: &str| {
                    records
                        .iter()
                        .any(|r| r.id.as_str() == id && r.visibility != Visibility::Internal)
                };
                let expected =
                    all.records.iter().filter(|f| seen(f.seen.record().id.as_str())).count();
                assert_eq!((found.n_found, found.records.len()), (expected, expected), "{text}");
                told.push_str(&format!("{:?}", found.records));
            }
            for record in records {
                let id = record.id.as_str();
                let seen = view.record(side, id);
                assert_eq!(seen.is_some(), record.visibility != Visibility::Internal);
                assert_eq!(view.matches(side, id).is_some(), seen.is_some());
                assert_eq!(view.record(side, &record.number).is_some(), seen.is_some());
                for (place, head) in (1..).zip(view.matches(side, id).into_iter().flatten()) {
                    assert!(head.refused || head.rank == Some(place), "{head:?}");
                    told.push_str(&format!("{head:?}"));
                    let pair = view.pair(head.demand.as_str(), head.supply.as_str()).unwrap();
                    told.push_str(&format!("{:?}", pair.expect("a visible pair").pair));
                }
                told.push_str(&format!("{:?}", seen.map(|seen| seen.record().clone())));
            }
        }
        told.push_str(&format!("{:?}", view.handed_out()));
        let (gaps, n_gaps) = view.gaps(0, 1_000, Lang::Zh);
        assert_eq!(gaps.len(), n_gaps);
        told.push_str(&format!("{gaps:?}"));
        for id in &internal {
            assert!(!told.contains(&format!("\"{id}\"")), "{role:?}: {id}");
        }
        assert!(!told.contains("精工制造厂"), "{role:?}");
        // Nobody is found by a name that is not shown.
        let anonymous = supplies.iter().find(|r| r.visibility == Visibility::Anonymous).unwrap();
        let owner = anonymous.organization.as_deref().unwrap();
        let asked = Query { limit: 1_000, ..query(Side::Supply, owner) };
        let ids = |found: duijie::pipeline::Found| -> Vec<String> {
            found.records.iter().map(|f| f.seen.record().id.0.clone()).collect()
        };
        assert!(!ids(view.search(&asked).unwrap()).contains(&anonymous.id.0));
        assert!(ids(office.search(&asked).unwrap()).contains(&anonymous.id.0));
        let filters = Filters { owner: Some(owner.to_owned()), ..Filters::default() };
        let asked = Query { filters, ..query(Side::Supply, "") };
        assert_eq!(view.search(&asked).unwrap().n_found, 0);
        assert_eq!(office.search(&asked).unwrap().n_found, 1);
        let seen = view.record(Side::Supply, anonymous.id.as_str()).expect("it is shown");
        assert_eq!(seen.sight(), Sight::WithoutOwner);
        assert!(seen.record().body.contains('略') && seen.record().source.file.is_empty());
    }
}

#[test]
fn a_snapshot_of_other_records_is_refused() {
    let opened = Opened::new(|_| {});
    let folders = SnapshotFolders {
        generation: &opened.folder.path().join("generations/1"),
        run: &opened.folder.path().join("runs/1"),
    };
    let [demands, supplies] = opened.records.clone();
    let fewer = demands[1..].to_vec();
    let options = EmbedderOptions::default();
    let error = Snapshot::open(folders, fewer, supplies.clone(), &options, &Silent);
    assert!(error.is_err());
    fs::write(folders.run.join("matches.jsonl"), "{\"schema\":\"duijie.match/9\"}\n").unwrap();
    assert!(Snapshot::open(folders, demands, supplies, &options, &Silent).is_err());
}
