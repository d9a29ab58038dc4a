//! The main job from two lists to the output folder: what is in it, that every figure in it can be
//! added up again, and that neither the order of rows, nor threads, nor the backend change it.

pub(crate) mod made;
mod numbers;
mod planted;
mod sums;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use calamine::{Reader, Xlsx, open_workbook};
use duijie::gpu::{AdapterPreference, GpuBackend};
use duijie::index::SideIndex;
use duijie::kernel::{BackendChoice, BackendError};
use duijie::model::{Diagnosis, Micro, Part, QuoteField, Side, Verdict, Veto};
use duijie::pipeline::{
    AllocationMethod, EmbedderOptions, JointRecord, Manifest, MatchOptions, PairRecord,
    PipelineError, Silent, explain, run_match, search,
};
use jiff::civil::date;
use tempfile::TempDir;

use made::{options, pairs, ranking, run};

/// A run that several tests look at, and the folder it stands in.
struct Shared {
    _dir: TempDir,
    out: PathBuf,
}

/// The shipped sample, with the defaults.
static SAMPLE: LazyLock<Shared> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample/csv");
    let out = dir.path().join("out");
    run(&made::options_for(lists.join("demands.csv"), lists.join("supplies.csv"), out.clone()));
    Shared { _dir: dir, out }
});

/// The made lists with every candidate ranked and kept, and tight capacities.
static EVERY_PAIR: LazyLock<Shared> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let options = every_pair(dir.path());
    run(&options);
    Shared { out: options.out, _dir: dir }
});

fn every_pair(dir: &Path) -> MatchOptions {
    let mut options = options(dir);
    (options.depth, options.top) = (1_000, 1_000);
    (options.per_demand, options.per_supply) = (2, 1);
    options
}

/// Every file below `dir`, by its path inside.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(dir).expect("inside").to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

fn names_in(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The sheets of a workbook as texts.
fn sheets(out: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut book: Xlsx<_> = open_workbook(out.join("lists.xlsx")).expect("a workbook");
    let names = book.sheet_names();
    names
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).expect("a sheet");
            let rows =
                range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
            (name, rows)
        })
        .collect()
}

/// Records of one side, by id, as the run keeps them.
fn records(out: &Path, side: &str) -> HashMap<String, serde_json::Value> {
    let text = fs::read_to_string(out.join("index/records.jsonl")).expect("the run's records");
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a record"))
        .filter(|record| record["side"] == side)
        .map(|record| (record["id"].as_str().expect("an id").to_owned(), record))
        .collect()
}

#[test]
fn the_folder_holds_exactly_the_named_files() {
    let expected = [
        "index",
        "joint.jsonl",
        "lists.xlsx",
        "manifest.json",
        "matches.jsonl",
        "quality.jsonl",
        "ranking.bm25.trec",
        "ranking.reverse.bm25.trec",
        "ranking.reverse.trec",
        "ranking.trec",
        "rejected.csv",
        "report.html",
    ];
    for shared in [&*SAMPLE, &*EVERY_PAIR] {
        let mut found = names_in(&shared.out);
        found.retain(|name| name != "退回修改.xlsx");
        assert_eq!(found, expected);
        assert_eq!(
            names_in(&shared.out.join("index")),
            [
                "calibration.toml",
                "demands",
                "records.jsonl",
                "supplies",
                "synonyms.toml",
                "weights.toml"
            ]
        );
        let beside = names_in(shared.out.parent().expect("a folder"));
        assert!(!beside.iter().any(|name| name.contains("partial")), "{beside:?}");
    }
    // The sample has dates that cannot be read; the made lists have nothing to send back.
    let returned = |shared: &Shared| shared.out.join("退回修改.xlsx").exists();
    assert!(returned(&SAMPLE) && !returned(&EVERY_PAIR));
}

#[test]
fn lines_have_the_agreed_keys() {
    const KEYS: [&str; 20] = [
        "schema",
        "demand_id",
        "supply_id",
        "demand_number",
        "supply_number",
        "rank_for_demand",
        "rank_for_supply",
        "score_for_demand",
        "score_for_supply",
        "mutual_score",
        "probability",
        "probability_for_demand",
        "probability_for_supply",
        "confidence",
        "verdict",
        "allocated",
        "vetoes",
        "weights_sha256",
        "calibration_sha256",
        "parts",
    ];
    const PART_KEYS: [&str; 8] = [
        "name",
        "value",
        "weight",
        "contribution",
        "value_for_supply",
        "weight_for_supply",
        "contribution_for_supply",
        "evidence",
    ];
    let text = fs::read_to_string(SAMPLE.out.join("matches.jsonl")).expect("pairs");
    for line in text.lines() {
        let pair: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let object = pair.as_object().expect("an object");
        // Left out where there is nothing to say.
        let sometimes = ["to_verify", "numbers"];
        let keys = object.keys().map(String::as_str);
        let keys: BTreeSet<&str> = keys.filter(|key| !sometimes.contains(key)).collect();
        assert_eq!(keys, KEYS.iter().copied().collect());
        assert_eq!(object["schema"], "duijie.match/1");
        let parts = object["parts"].as_array().expect("parts");
        let names: Vec<_> = parts.iter().map(|part| part["name"].as_str().expect("name")).collect();
        assert_eq!(
            names,
            ["lexical", "terms", "dense", "passage", "numbers", "field", "freshness", "maturity"]
        );
        for part in parts {
            let keys: BTreeSet<&str> =
                part.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, PART_KEYS.iter().copied().collect());
            // A missing value adds nothing, and only a missing value does.
            assert_eq!(part["value"].is_null(), part["contribution"].is_null(), "{part}");
            assert_eq!(
                part["value_for_supply"].is_null(),
                part["contribution_for_supply"].is_null()
            );
        }
    }
}

#[test]
fn every_figure_can_be_added_up_again() {
    let mut n_missing = 0;
    for shared in [&*SAMPLE, &*EVERY_PAIR] {
        let rules = sums::Rules::of_run(&shared.out);
        for pair in pairs(&shared.out) {
            rules.check(&pair);
            n_missing += pair.parts.iter().filter(|part| part.value.is_none()).count();
        }
    }
    assert!(n_missing > 0, "the lists have gaps, so some parts must be missing");
}

#[test]
fn quotes_are_the_characters_they_name() {
    let mut n_checked = 0;
    for shared in [&*SAMPLE, &*EVERY_PAIR] {
        let demands = records(&shared.out, "demand");
        let supplies = records(&shared.out, "supply");
        for pair in pairs(&shared.out) {
            for quote in pair.parts.iter().flat_map(|part| &part.evidence) {
                let record = match quote.side {
                    Side::Demand => &demands[&pair.demand_id],
                    Side::Supply => &supplies[&pair.supply_id],
                };
                let field = match quote.field {
                    QuoteField::Title => "title",
                    QuoteField::Body => "body",
                    QuoteField::Date => {
                        assert_eq!(record["posted_on"], quote.text.as_str());
                        continue;
                    }
                    _ => continue,
                };
                let source = record[field].as_str().expect("text").chars();
                let (start, end) = (quote.start as usize, quote.end as usize);
                let passage: String = source.skip(start).take(end - start).collect();
                assert_eq!(passage, quote.text, "{} {}", pair.demand_id, pair.supply_id);
                assert!(!quote.text.is_empty());
                n_checked += 1;
            }
        }
    }
    assert!(n_checked > 10_000, "{n_checked}");
}

#[test]
fn what_the_lists_leave_open_is_missing() {
    for pair in pairs(&EVERY_PAIR.out) {
        let supply: usize = pair.supply_id[8..].parse().expect("a number");
        let maturity = &pair.parts[Part::Maturity.index()];
        let freshness = &pair.parts[Part::Freshness.index()];
        // The lists leave these cells empty: see `made`.
        assert_eq!(maturity.value.is_none(), (supply - 1) % 6 == 5, "{}", pair.supply_id);
        assert_eq!(freshness.value.is_none(), (supply - 1) % 6 == 5, "{}", pair.supply_id);
        let demand: usize = pair.demand_id[8..].parse().expect("a number");
        assert_eq!(freshness.value_for_supply.is_none(), (demand - 1) % 5 == 4);
    }
}

/// One direction's places: (asker, answer) → rank and score as written.
type Places = HashMap<(String, String), (u32, String)>;

fn places(out: &Path, name: &str, deepest: usize) -> Places {
    let mut places = Places::new();
    for (query, list) in ranking(out, name) {
        assert!(list.len() <= deepest, "{name} {query}: {}", list.len());
        for pair in list.windows(2) {
            let score = |entry: &(String, String)| entry.1.parse::<f64>().expect("a score");
            let (first, second) = (score(&pair[0]), score(&pair[1]));
            assert!(
                first > second || (first.to_bits() == second.to_bits() && pair[0].0 < pair[1].0),
                "{name} {query}: {pair:?}"
            );
        }
        for (rank, (document, score)) in (1..).zip(list) {
            let once = places.insert((query.clone(), document), (rank, score));
            assert!(once.is_none(), "{name}: a document twice for {query}");
        }
    }
    places
}

#[test]
fn kept_pairs_are_the_top_each_way_and_the_allocated() {
    for (shared, depth, top) in [(&*SAMPLE, 100, 20), (&*EVERY_PAIR, 1_000, 1_000)] {
        let forward = places(&shared.out, "ranking.trec", depth);
        let reverse = places(&shared.out, "ranking.reverse.trec", depth);
        let kept = pairs(&shared.out);
        let is_top = |rank: Option<u32>| rank.is_some_and(|rank| rank <= top);
        for pair in &kept {
            let (d, s) = (pair.demand_id.clone(), pair.supply_id.clone());
            let ahead = forward.get(&(d.clone(), s.clone()));
            let back = reverse.get(&(s, d));
            assert_eq!(pair.rank_for_demand, ahead.map(|place| place.0));
            assert_eq!(pair.rank_for_supply, back.map(|place| place.0));
            if let Some((_, score)) = ahead {
                assert_eq!(*score, pair.score_for_demand.to_string());
            }
            if let Some((_, score)) = back {
                assert_eq!(*score, pair.score_for_supply.to_string());
            }
            assert!(is_top(pair.rank_for_demand) || is_top(pair.rank_for_supply) || pair.allocated);
        }
        let keys: Vec<(&str, &str)> =
            kept.iter().map(|pair| (pair.demand_id.as_str(), pair.supply_id.as_str())).collect();
        assert!(keys.is_sorted() && keys.windows(2).all(|two| two[0] != two[1]));
        let keys: BTreeSet<_> = keys.into_iter().collect();
        for ((demand, supply), (rank, _)) in &forward {
            assert!(*rank > top || keys.contains(&(demand, supply)), "{demand} {supply}");
        }
        for ((supply, demand), (rank, _)) in &reverse {
            assert!(*rank > top || keys.contains(&(demand, supply)), "{demand} {supply}");
        }
    }
}

#[test]
fn rankings_by_bm25_alone_are_in_order() {
    for name in ["ranking.bm25.trec", "ranking.reverse.bm25.trec"] {
        assert!(places(&SAMPLE.out, name, 100).len() > 10_000, "{name}");
    }
}

#[test]
fn every_asker_with_words_is_ranked() {
    let demands: BTreeSet<String> =
        ranking(&SAMPLE.out, "ranking.trec").into_iter().map(|(query, _)| query).collect();
    assert_eq!(demands.len(), 161);
    let supplies: BTreeSet<String> =
        ranking(&SAMPLE.out, "ranking.reverse.trec").into_iter().map(|(query, _)| query).collect();
    assert_eq!(supplies.len(), 346);
}

/// The most entries of a demand and of a supply.
#[derive(Debug, Clone, Copy)]
struct Capacities {
    per_demand: u32,
    per_supply: u32,
}

/// Checks capacities, that nothing unfit was handed out, and that no two that were kept apart would
/// both rather have each other.
fn assert_stable(kept: &[PairRecord], capacities: Capacities) {
    let handed: Vec<&PairRecord> = kept.iter().filter(|pair| pair.allocated).collect();
    let of_demand = |id: &str| handed.iter().filter(|p| p.demand_id == id).collect::<Vec<_>>();
    let of_supply = |id: &str| handed.iter().filter(|p| p.supply_id == id).collect::<Vec<_>>();
    for pair in kept {
        let (of_demand, of_supply) = (of_demand(&pair.demand_id), of_supply(&pair.supply_id));
        let demand_full = of_demand.len() >= capacities.per_demand as usize;
        let supply_full = of_supply.len() >= capacities.per_supply as usize;
        assert!(of_demand.len() <= capacities.per_demand as usize, "{}", pair.demand_id);
        assert!(of_supply.len() <= capacities.per_supply as usize, "{}", pair.supply_id);
        if pair.allocated {
            assert_ne!(pair.verdict, Verdict::NoMatch, "{} {}", pair.demand_id, pair.supply_id);
        } else if pair.verdict != Verdict::NoMatch {
            let demand_wants = !demand_full
                || of_demand.iter().any(|held| {
                    (held.score_for_demand, &pair.supply_id)
                        < (pair.score_for_demand, &held.supply_id)
                });
            let supply_wants = !supply_full
                || of_supply.iter().any(|held| {
                    (held.score_for_supply, &pair.demand_id)
                        < (pair.score_for_supply, &held.demand_id)
                });
            assert!(
                !(demand_wants && supply_wants),
                "{} and {} would both rather have each other",
                pair.demand_id,
                pair.supply_id
            );
        }
    }
}

#[test]
fn stable_lists_respect_capacities_and_are_stable() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = every_pair(dir.path());
    options.allocation = AllocationMethod::Stable;
    let manifest = run(&options).manifest;
    let kept = pairs(&options.out);
    assert_stable(&kept, Capacities { per_demand: 2, per_supply: 1 });
    let n_handed = kept.iter().filter(|pair| pair.allocated).count();
    assert!(n_handed > 10, "{n_handed} of 40 supplies were handed out");
    assert!(kept.iter().any(|pair| pair.verdict == Verdict::NoMatch), "not all is fit");
    let ways = &manifest.allocation.handed_out;
    assert_eq!(manifest.allocation.method, AllocationMethod::Stable);
    assert_eq!((ways.stable.entries, ways.stable.blocking_pairs), (n_handed as u64, 0));
    assert_eq!(ways.stable.largest_exposure, 1);
}

#[test]
fn lists_of_greatest_total_beat_every_other_way() {
    for (shared, per_demand, per_supply) in [(&*EVERY_PAIR, 2, 1), (&*SAMPLE, 10, 10)] {
        let kept = pairs(&shared.out);
        let handed: Vec<&PairRecord> = kept.iter().filter(|pair| pair.allocated).collect();
        let mut ends: BTreeMap<(Side, &str), usize> = BTreeMap::new();
        for pair in &handed {
            assert_ne!(pair.verdict, Verdict::NoMatch, "{} {}", pair.demand_id, pair.supply_id);
            *ends.entry((Side::Demand, &pair.demand_id)).or_default() += 1;
            *ends.entry((Side::Supply, &pair.supply_id)).or_default() += 1;
        }
        for ((side, id), n) in ends {
            assert!(n <= if side == Side::Demand { per_demand } else { per_supply }, "{id}: {n}");
        }
        let manifest = Manifest::read(&shared.out).expect("a manifest");
        let facts = &manifest.allocation;
        assert_eq!((facts.method, facts.quota), (AllocationMethod::Flow, None));
        let total: f64 = handed.iter().map(|pair| pair.mutual_score.to_f64()).sum();
        assert!((facts.handed_out.flow.total_mutual - total).abs() < 1e-6);
        for ways in [&facts.before_verdict, &facts.handed_out] {
            assert!(ways.optimum >= ways.stable.total_mutual);
            assert!(ways.optimum >= ways.flow.total_mutual);
            assert!(ways.flow.total_mutual >= 0.99 * ways.optimum);
            assert_eq!(ways.stable.blocking_pairs, 0);
            assert!(ways.flow.largest_exposure as usize <= per_supply);
        }
        let plain = &facts.before_verdict.plain;
        assert!(plain.one_sided_loss.abs() < 1e-12, "plain lists give nothing up");
        assert!(facts.before_verdict.pairs >= facts.handed_out.pairs);
    }
}

fn joint_answers(out: &Path) -> Vec<JointRecord> {
    let text = fs::read_to_string(out.join("joint.jsonl")).expect("joint answers");
    text.lines().map(|line| serde_json::from_str(line).expect("a joint answer")).collect()
}

#[test]
fn planted_joint_needs_are_met_by_their_two_supplies() {
    let answers = joint_answers(&SAMPLE.out);
    let planted =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample/planted.tsv"))
            .expect("the planted cases");
    for case in ["joint_need_1", "joint_need_2"] {
        let ids = |side: &str| -> BTreeSet<&str> {
            let rows = planted.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            rows.filter(|row| row[0] == case && row[1] == side).map(|row| row[2]).collect()
        };
        let demand = ids("demand").pop_first().expect("a demand");
        let answer = answers.iter().find(|answer| answer.demand_id == demand);
        let answer = answer.unwrap_or_else(|| panic!("{case}: {demand} has no joint answer"));
        let supplies: BTreeSet<&str> =
            answer.supplies.iter().map(|supply| supply.supply_id.as_str()).collect();
        assert_eq!(supplies, ids("supply"), "{case}");
        assert!(answer.coverage > answer.best_single, "{case}");
        assert_eq!(answer.parties, 2, "{case}");
        let any = supplies.first().expect("two supplies");
        let explained = explain(&SAMPLE.out, demand, any, &EmbedderOptions::default());
        assert_eq!(explained.expect("a pair").joint.as_ref(), Some(answer), "{case}");
    }
}

#[test]
fn joint_answers_quote_their_demand_and_add_up() {
    let demands = records(&SAMPLE.out, "demand");
    let kept: BTreeSet<(String, String)> =
        pairs(&SAMPLE.out).into_iter().map(|pair| (pair.demand_id, pair.supply_id)).collect();
    let answers = joint_answers(&SAMPLE.out);
    assert_eq!(
        Manifest::read(&SAMPLE.out).expect("a manifest").counts["joint_answers"],
        answers.len() as u64
    );
    for answer in &answers {
        let id = &answer.demand_id;
        let body: Vec<char> = demands[id]["body"].as_str().unwrap_or("").chars().collect();
        let title: Vec<char> = demands[id]["title"].as_str().unwrap_or("").chars().collect();
        assert!((2..=3).contains(&answer.supplies.len()), "{id}");
        assert!((1..=3).contains(&answer.parties), "{id}");
        let mut seen = BTreeSet::new();
        let covered = answer.supplies.iter().flat_map(|supply| &supply.covers);
        for quote in covered.chain(&answer.remainder) {
            let text = if quote.field == QuoteField::Title { &title } else { &body };
            let own: String = text[quote.start as usize..quote.end as usize].iter().collect();
            assert_eq!(own, quote.text, "{id}");
            assert!(seen.insert((quote.field, quote.start)), "{id}: {} twice", quote.text);
        }
        for supply in &answer.supplies {
            assert!(kept.contains(&(id.clone(), supply.supply_id.clone())), "{id}");
            assert!(supply.gain >= Micro(125_000) && !supply.covers.is_empty(), "{id}");
        }
    }
}

#[test]
fn a_quota_bounds_every_list() {
    let dir = tempfile::tempdir().expect("a folder");
    for method in [AllocationMethod::Flow, AllocationMethod::Stable] {
        let lists = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample/csv");
        let mut options = made::options_for(
            lists.join("demands.csv"),
            lists.join("supplies.csv"),
            dir.path().join("out"),
        );
        options.allocation = method;
        options.quota = Some("field=1".parse().expect("a quota"));
        let manifest = run(&options).manifest;
        assert_eq!(manifest.allocation.quota, options.quota);
        let fields: HashMap<String, String> = records(&options.out, "supply")
            .into_iter()
            .filter_map(|(id, record)| {
                let root = record["classification"][0][0].as_str()?.to_owned();
                Some((id, root))
            })
            .collect();
        let mut seen = BTreeSet::new();
        let kept = pairs(&options.out);
        let handed = kept.iter().filter(|pair| pair.allocated);
        for pair in handed {
            if let Some(field) = fields.get(&pair.supply_id) {
                assert!(seen.insert((&pair.demand_id, field)), "{} twice {field}", pair.demand_id);
            }
        }
        assert!(seen.len() > 50, "{}", seen.len());
    }
}

/// What must be the same however a run was made.
const RESULTS: [&str; 7] = [
    "matches.jsonl",
    "joint.jsonl",
    "ranking.trec",
    "ranking.reverse.trec",
    "ranking.bm25.trec",
    "ranking.reverse.bm25.trec",
    "lists.xlsx",
];

fn assert_same_results(a: &Path, b: &Path, results: &[&str]) {
    for name in results {
        let [first, second] = [a, b].map(|out| fs::read(out.join(name)).expect(name));
        if first != second {
            let at = first.iter().zip(&second).position(|(x, y)| x != y).unwrap_or(0);
            let near = |bytes: &[u8]| {
                String::from_utf8_lossy(&bytes[at.saturating_sub(200)..bytes.len().min(at + 200)])
                    .into_owned()
            };
            panic!("{name} differs at byte {at}:\n{}\n{}", near(&first), near(&second));
        }
    }
}

#[test]
fn the_order_of_the_rows_changes_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let straight = options(dir.path());
    run(&straight);
    // Reversed, and dealt out in strides that are coprime to the length.
    for (name, stride) in [("reversed", 0), ("dealt", 7)] {
        let dir = dir.path().join(name);
        fs::create_dir(&dir).expect("a folder");
        let turn = |rows: Vec<String>| -> Vec<String> {
            let n = rows.len();
            (0..n)
                .map(|at| if stride == 0 { n - 1 - at } else { (at * stride + 3) % n })
                .map(|at| rows[at].clone())
                .collect()
        };
        let demands = made::write_demands(&dir, &turn(made::demand_rows()));
        let supplies = made::write_supplies(&dir, &turn(made::supply_rows()));
        let turned = made::options_for(demands, supplies, dir.join("out"));
        run(&turned);
        // The workbook says in which row of the list each record stands.
        assert_same_results(&straight.out, &turned.out, &RESULTS[..5]);
    }
}

#[test]
fn one_thread_and_four_write_the_same() {
    let outs = [1, 4].map(|n_threads| {
        let dir = tempfile::tempdir().expect("a folder");
        let options = options(dir.path());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| run(&options));
        (options.out, dir)
    });
    assert_same_results(&outs[0].0, &outs[1].0, &RESULTS);
    assert_same_results(&outs[0].0, &outs[1].0, &["rejected.csv", "index/records.jsonl"]);
}

#[test]
fn processor_and_gpu_write_the_same() {
    match GpuBackend::new(&AdapterPreference::Any) {
        Ok(_) => {}
        Err(BackendError::NoAdapter) if std::env::var_os("REQUIRE_GPU").is_none() => {
            // Said past the test harness, which shows what a passing test prints to nobody.
            let _ = std::io::stderr().write_all(b"skipped: no adapter\n");
            return;
        }
        Err(error) => panic!("no GPU to test: {error}"),
    }
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(dir.path());
    run(&options);
    let on_cpu = std::mem::replace(&mut options.out, dir.path().join("gpu"));
    options.backend = BackendChoice::Gpu;
    let summary = run(&options);
    assert_eq!(summary.manifest.backend.kind, "gpu");
    assert_same_results(&on_cpu, &options.out, &RESULTS);
    assert_same_results(&on_cpu, &options.out, &["rejected.csv", "index/records.jsonl"]);
}

#[test]
fn a_run_repeated_writes_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = every_pair(dir.path());
    run(&options);
    assert_same_results(&EVERY_PAIR.out, &options.out, &RESULTS);
}

#[test]
fn the_reference_date_moves_only_freshness_and_marks() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut later = every_pair(dir.path());
    later.as_of = date(2028, 6, 30);
    let summary = run(&later);
    assert_eq!(summary.manifest.as_of, later.as_of);
    let (before, after) = (pairs(&EVERY_PAIR.out), pairs(&later.out));
    assert_eq!(before.len(), after.len(), "nothing is dropped");
    let rules = sums::Rules::of_run(&later.out);
    let (mut n_marked_before, mut n_staler) = (0, 0);
    for (a, b) in before.iter().zip(&after) {
        rules.check(b);
        assert_eq!((&a.demand_id, &a.supply_id), (&b.demand_id, &b.supply_id));
        assert_eq!(a.confidence, b.confidence);
        for (x, y) in a.parts.iter().zip(&b.parts) {
            if x.name == Part::Freshness {
                assert!(y.value <= x.value && y.value_for_supply <= x.value_for_supply);
                assert_eq!(x.value.is_some(), y.value.is_some());
                n_staler += usize::from(y.value < x.value);
            } else {
                assert_eq!((x.value, x.value_for_supply), (y.value, y.value_for_supply));
            }
        }
        // On 2026-09-01 every seventh demand and every ninth supply is past its date.
        let number = |id: &str| id[8..].parse::<usize>().expect("a number") - 1;
        let mut expected = Vec::new();
        if number(&a.demand_id) % 7 == 0 {
            expected.push(Veto::DemandExpired);
        }
        if number(&a.supply_id) % 9 == 2 {
            expected.push(Veto::SupplyExpired);
        }
        let mut dated = a.vetoes.clone();
        dated.retain(|veto| *veto != Veto::NumbersNotMet);
        assert_eq!(dated, expected);
        n_marked_before += usize::from(!expected.is_empty());
        assert!(b.vetoes.contains(&Veto::DemandExpired), "all demands are over by 2028");
    }
    assert!(n_marked_before > 0 && n_staler > 0);
}

#[test]
fn an_expired_record_is_marked_and_still_handed_out() {
    let kept = pairs(&SAMPLE.out);
    let of = |id: &'static str| kept.iter().filter(move |pair| pair.demand_id == id);
    assert!(of("XQ-2026-0062").next().is_some());
    assert!(of("XQ-2026-0062").all(|pair| pair.vetoes.contains(&Veto::DemandExpired)));
    assert!(kept.iter().any(|pair| pair.allocated && !pair.vetoes.is_empty()));
    assert!(kept.iter().any(|pair| {
        pair.supply_id == "GJ-2026-0042" && pair.vetoes.contains(&Veto::SupplyExpired)
    }));
}

/// Every byte a run writes, the parts of the workbook unpacked.
fn everything_written(out: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = files(out).into_iter().collect();
    let book = fs::File::open(out.join("lists.xlsx")).expect("a workbook");
    let mut book = zip::ZipArchive::new(book).expect("a workbook is an archive");
    for at in 0..book.len() {
        let mut part = book.by_index(at).expect("a part");
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("readable");
        all.push((format!("lists.xlsx/part {at}"), bytes));
    }
    all
}

fn holders<'a>(all: &'a [(String, Vec<u8>)], secret: &str) -> Vec<&'a str> {
    let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|at| at == secret.as_bytes());
    all.iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn contacts_and_classified_rows_are_in_no_file() {
    use made::{ADDRESS, CLASSIFIED, DROPPED, MAIL, PERSON, TELEPHONE};

    let dir = tempfile::tempdir().expect("a folder");
    let contact = format!("{PERSON},{TELEPHONE},{ADDRESS},{MAIL}");
    let mut demands = made::demand_rows();
    demands.push(format!(
        "XQ-2026-0091,{CLASSIFIED},{CLASSIFIED}的做法,军工,,,,,某厂,{contact},,秘密,{DROPPED}"
    ));
    // Rejected: another row's id with other content; and nothing that could be a name.
    demands.push(format!("XQ-2026-0001,另一件事,完全不同的内容。,,,,,,某厂,{contact},,,{DROPPED}"));
    demands.push(format!("XQ-2026-0092,,,,,,,,某厂,{contact},,,{DROPPED}"));
    // Skipped: a total and a note, with a person in the contact's column.
    demands.push(format!("合计,,,,,100,,,,{contact},,,{DROPPED}"));
    let demands = made::write_demands(dir.path(), &demands);
    let supplies = made::write_supplies(dir.path(), &made::supply_rows());
    let mut options = made::options_for(demands, supplies, dir.path().join("out"));
    options.columns.drop.push((Some(Side::Demand), "办公室批注".to_owned()));
    let summary = run(&options);
    assert_eq!((summary.manifest.demands.rejected, summary.manifest.demands.records), (3, 32));

    let all = everything_written(&options.out);
    for secret in [PERSON, TELEPHONE, ADDRESS, MAIL, CLASSIFIED, DROPPED] {
        assert_eq!(holders(&all, secret), [""; 0], "{secret}");
    }
    // The search of bytes would find them: the owner, who may be named, is found.
    assert!(holders(&all, "虚构第3厂").contains(&"index/records.jsonl"));
    assert!(holders(&all, "涉密").contains(&"rejected.csv"), "the refusal itself is reported");
    // The index packs its texts; ask it.
    for side in [Side::Demand, Side::Supply] {
        for secret in [PERSON, TELEPHONE, ADDRESS, MAIL, CLASSIFIED, DROPPED] {
            let quoted = format!("\"{secret}\"");
            let answer = search(&options.out, side, &quoted, 10, None).expect("a search");
            assert!(answer.hits.is_empty(), "{secret}: {:?}", answer.hits);
        }
    }
}

/// People type telephone numbers into descriptions, into rows that are refused, and into columns
/// that no alias knows.
#[test]
fn contacts_in_descriptions_are_in_no_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = dir.path().join("demands.csv");
    fs::write(
        &demands,
        "需求编号,需求名称,需求描述,项目对接同志联系人,微信号码,备注情况\n\
         A1,污泥低温热泵干化,求热泵干化机。联系人：闻人秋水，电话138 1234 5678。,闻人秋水,wx_secret9,无\n\
         A2,污泥脱水,求脱水机，座机(029)88887777，或+8613987654321。,,,QQ：123456789\n\
         A1,另一件事,与第一行同号，电话137-0000-1111。,,,\n\
         A4,余热回收,求余热回收。,,,\n\
         A5,污泥运输,求密闭运输。,,,\n",
    )
    .expect("written");
    let supplies = made::write_supplies(dir.path(), &made::supply_rows());
    let mut options = made::options_for(demands, supplies, dir.path().join("out"));
    options.max_rejected_share = 0.5;
    let summary = run(&options);
    assert_eq!((summary.manifest.demands.rejected, summary.manifest.demands.records), (1, 4));
    let all = everything_written(&options.out);
    for secret in [
        "138 1234 5678",
        "88887777",
        "13987654321",
        "137-0000-1111",
        "123456789",
        "wx_secret9",
        "闻人秋水",
    ] {
        assert_eq!(holders(&all, secret), [""; 0], "{secret}");
    }
    assert!(holders(&all, "求热泵干化机").contains(&"index/records.jsonl"), "the rest is there");
}

/// More pairs may be kept with their reasons than the rankings are deep.
#[test]
fn what_is_kept_does_not_depend_on_the_depth_of_the_rankings() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = made::write_demands(dir.path(), &made::demand_rows());
    let supplies = made::write_supplies(dir.path(), &made::supply_rows());
    let mut options = made::options_for(demands, supplies, dir.path().join("out"));
    (options.top, options.depth) = (15, 4);
    run(&options);
    let longest = ranking(&options.out, "ranking.trec").iter().map(|(_, list)| list.len()).max();
    assert_eq!(longest, Some(4));
    let deepest = pairs(&options.out).iter().filter_map(|pair| pair.rank_for_demand).max();
    assert_eq!(deepest, Some(15));
}

/// A run of another version is not read as if it were this one's.
#[test]
fn a_manifest_of_another_schema_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = made::write_demands(dir.path(), &made::demand_rows());
    let supplies = made::write_supplies(dir.path(), &made::supply_rows());
    let options = made::options_for(demands, supplies, dir.path().join("out"));
    run(&options);
    assert!(search(&options.out, Side::Supply, "衬底", 1, None).is_ok());
    let path = options.out.join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    fs::write(&path, text.replace("duijie.manifest/1", "duijie.manifest/9")).expect("written");
    let error = search(&options.out, Side::Supply, "衬底", 1, None).expect_err("another version");
    assert!(matches!(error, PipelineError::NotARun { .. }), "{error}");
    assert!(error.to_string().contains("duijie.manifest/9"), "{error}");
}

#[test]
fn owners_who_wish_to_stay_unnamed_are_not_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = dir.path().join("demands.csv");
    fs::write(
        &demands,
        "需求编号,需求名称,需求描述,公开方式,单位名称\n\
         XQ-2026-0001,污泥低温热泵干化,求低温热泵干化机。,匿名,终南无名水务\n\
         XQ-2026-0002,羊乳粉脱膻,求羊乳粉低温喷雾干燥。,内部,终南无名乳业\n\
         XQ-2026-0003,苹果园病虫害识别,求果园巡检识别。,公开,有名果业\n",
    )
    .expect("written");
    let supplies = made::write_supplies(dir.path(), &made::supply_rows());
    let options = made::options_for(demands, supplies, dir.path().join("out"));
    run(&options);
    let mut all = everything_written(&options.out);
    // The office's own index knows them; nothing that is handed on does.
    all.retain(|(name, _)| !name.starts_with("index/"));
    assert_eq!(holders(&all, "终南无名"), [""; 0]);
    assert!(holders(&all, "有名果业").contains(&"report.html"));
    // What is internal is for the office's own sheets: not for the list that is handed out.
    let sheets = sheets(&options.out);
    let handed_out = sheets.iter().find(|(name, _)| name.contains("推荐清单")).expect("it").1;
    let names = |number: &str| handed_out.iter().flatten().any(|cell| cell == number);
    assert!(names("XQ-2026-0001") && names("XQ-2026-0003"));
    assert!(!names("XQ-2026-0002"));
    assert_eq!(holders(&all, "XQ-2026-0002").iter().filter(|n| n.ends_with(".html")).count(), 0);
}

#[test]
fn a_failing_run_leaves_nothing_and_an_earlier_run_untouched() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(dir.path());
    let good_supplies = options.supplies.clone();
    let lists = names_in(dir.path());
    options.supplies = vec![dir.path().join("absent.xlsx")];
    assert!(run_match(&options, &Silent).is_err());
    assert_eq!(names_in(dir.path()), lists, "nothing is left behind");

    options.supplies = good_supplies;
    run(&options);
    let (before, beside) = (files(&options.out), names_in(dir.path()));
    let empty = dir.path().join("empty.csv");
    fs::write(&empty, "").expect("written");
    options.supplies = vec![empty.clone()];
    let error = run_match(&options, &Silent).expect_err("nothing to match with");
    assert_eq!(error.code(), "corpus.empty");
    fs::remove_file(empty).expect("removed");
    assert_eq!(names_in(dir.path()), beside);
    assert!(files(&options.out) == before, "the earlier run was touched");
}

#[test]
fn a_new_run_replaces_the_earlier_one_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut options = options(dir.path());
    run(&options);
    fs::write(options.out.join("left over"), "from before").expect("written");
    options.per_demand = 1;
    let summary = run(&options);
    assert_eq!(summary.manifest.options["per_demand"], 1);
    assert!(!options.out.join("left over").exists());
    assert_eq!(names_in(dir.path()), ["demands.csv", "out", "supplies.jsonl"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = options(dir.path());
    fs::create_dir(&options.out).expect("a folder");
    let thesis = options.out.join("论文.docx");
    fs::write(&thesis, "precious").expect("written");
    let error = run_match(&options, &Silent).expect_err("not ours");
    assert_eq!(error.code(), "pipeline.out-not-ours");
    assert_eq!(names_in(&options.out), ["论文.docx"]);
    // The same where a file stands.
    fs::remove_dir_all(&options.out).expect("removed");
    fs::write(&options.out, "a file").expect("written");
    let error = run_match(&options, &Silent).expect_err("not ours");
    assert_eq!(error.code(), "pipeline.out-not-ours");
    assert_eq!(fs::read_to_string(&options.out).expect("still there"), "a file");
}

#[test]
fn what_nothing_answers_is_on_the_list_of_gaps() {
    let sheets = sheets(&SAMPLE.out);
    let gaps = sheets.iter().find(|(name, _)| name.contains("暂无匹配")).expect("the sheet").1;
    let listed = |number: &str| gaps.iter().flatten().any(|cell| cell == number);
    let best = |id: &str| {
        pairs(&SAMPLE.out).into_iter().filter(|pair| pair.demand_id == id).map(|p| p.verdict).max()
    };
    let planted = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample/planted.tsv");
    let planted = fs::read_to_string(planted).expect("the planted cases");
    let mut n_planted = 0;
    for line in planted.lines().filter(|line| line.starts_with("no_answer\t")) {
        let number = line.rsplit('\t').next().expect("a number");
        assert!(listed(number), "{number}: {:?}", best(number));
        n_planted += 1;
    }
    assert_eq!(n_planted, 3);
    // The list is the demands without a pair worth a call, no more and no less.
    for number in records(&SAMPLE.out, "demand").keys() {
        let unanswered = best(number).is_none_or(|verdict| verdict == Verdict::NoMatch);
        assert_eq!(listed(number), unanswered, "{number}");
    }
    let html = fs::read_to_string(SAMPLE.out.join("report.html")).expect("the report");
    assert!(html.contains("XQ-2026-0070"));
}

#[test]
fn workbook_and_pairs_say_the_same() {
    let sheets = sheets(&SAMPLE.out);
    let handed = sheets.iter().find(|(name, _)| name.contains("推荐清单")).expect("the sheet").1;
    let heading = handed
        .iter()
        .position(|row| row.iter().any(|cell| cell == "需求编号"))
        .expect("the headings");
    let column = |name: &str| {
        handed[heading].iter().position(|cell| cell == name).unwrap_or_else(|| panic!("{name}"))
    };
    let (demand, supply, verdict) = (column("需求编号"), column("供给编号"), column("结论"));
    let mut rows: Vec<(&str, &str, &str)> = handed[heading + 1..]
        .iter()
        .filter(|row| row[supply].starts_with("GJ-"))
        .map(|row| (row[demand].as_str(), row[supply].as_str(), row[verdict].as_str()))
        .collect();
    rows.sort_unstable();
    let kept = pairs(&SAMPLE.out);
    let expected: Vec<(&str, &str, &str)> = kept
        .iter()
        .filter(|pair| pair.allocated)
        .map(|pair| {
            let verdict = pair.verdict.label(duijie::model::Lang::Zh);
            (pair.demand_number.as_str(), pair.supply_number.as_str(), verdict)
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_manifest_counts_what_is_there() {
    let text = fs::read_to_string(SAMPLE.out.join("manifest.json")).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let kept = pairs(&SAMPLE.out);
    let counts = &manifest["counts"];
    assert_eq!(counts["kept_pairs"], kept.len());
    assert_eq!(counts["allocated_pairs"], kept.iter().filter(|pair| pair.allocated).count());
    assert_eq!(manifest["as_of"], "2026-09-01");
    assert_eq!(manifest["backend"]["kind"], "cpu");
    for (side, records) in [("demands", 161), ("supplies", 346)] {
        let facts = &manifest[side];
        let n = |key: &str| facts[key].as_u64().expect(key);
        assert_eq!(n("records"), records);
        assert_eq!(n("rows_in"), n("records") + n("merged") + n("skipped") + n("rejected"));
        assert_eq!(facts["files"][0]["sha256"].as_str().map(str::len), Some(64));
    }
    let by_verdict: u64 = ["demands_recommend", "demands_discuss", "demands_no_match"]
        .iter()
        .map(|key| counts[key].as_u64().expect("a count"))
        .sum();
    assert_eq!(by_verdict, 161);
    assert_eq!(counts["gaps"], counts["demands_no_match"]);
}

#[test]
fn equal_rows_are_merged_and_similar_ones_grouped() {
    let records = records(&SAMPLE.out, "demand");
    let group = |id: &str| records[id]["duplicate_group"].clone();
    assert!(!group("XQ-2026-0058").is_null());
    assert_eq!(group("XQ-2026-0058"), group("XQ-2026-0122"));
    assert!(group("XQ-2026-0001").is_null());
    let manifest = fs::read_to_string(SAMPLE.out.join("manifest.json")).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    for side in ["demands", "supplies"] {
        assert_eq!(manifest[side]["merged"], 1, "{side}");
    }
    assert_eq!(manifest["demands"]["near_duplicate_groups"], 1);
    assert_eq!(manifest["supplies"]["near_duplicate_groups"], 2);
}

#[test]
fn column_choices_hold_for_one_side_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = dir.path().join("demands.csv");
    let supplies = dir.path().join("supplies.csv");
    fs::write(&demands, "代号,甲,乙\nXQ-2026-0001,高炉煤气除尘,滤袋三个月就破\n").expect("written");
    fs::write(&supplies, "代号,甲,乙\nGJ-2026-0001,滤袋耐高温覆膜,高炉煤气除尘\n")
        .expect("written");
    let mut options = made::options_for(demands, supplies, dir.path().join("out"));
    let (demand, supply) = (Some(Side::Demand), Some(Side::Supply));
    let map = |side, field: &str, column: &str| (side, field.to_owned(), column.to_owned());
    options.columns.map = vec![
        map(None, "id", "代号"),
        map(demand, "title", "甲"),
        map(demand, "description", "乙"),
        map(supply, "title", "乙"),
    ];
    options.columns.drop = vec![(supply, "甲".to_owned())];
    run(&options);
    let title = |side: &str| {
        let records = records(&options.out, side);
        let record = records.values().next().expect("one").clone();
        (record["title"].clone(), record["body"].clone())
    };
    assert_eq!(title("demand"), ("高炉煤气除尘".into(), "滤袋三个月就破".into()));
    assert_eq!(title("supply"), ("高炉煤气除尘".into(), "".into()));
    assert!(holders(&everything_written(&options.out), "耐高温覆膜").is_empty(), "dropped");

    // A choice that fits neither list is an error that names the column.
    options.columns.drop.push((None, "丙".to_owned()));
    let error = run_match(&options, &Silent).expect_err("no such column");
    assert_eq!(error.code(), "corpus.unknown_column");
    assert!(error.message(duijie::model::Lang::Zh).contains('丙'));
    // One that fits one list only is fine, unless it was meant for the other.
    options.columns.drop.pop();
    options.columns.map.push(map(None, "region", "丁"));
    fs::write(&options.demands[0], "代号,甲,乙,丁\nXQ-2026-0001,高炉煤气除尘,滤袋破,宝鸡\n")
        .expect("written");
    run(&options);
    options.columns.map.last_mut().expect("pushed").0 = supply;
    assert!(run_match(&options, &Silent).is_err());
}

#[test]
fn one_record_on_each_side_is_enough() {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = made::write_demands(dir.path(), &made::demand_rows()[..1]);
    let supplies = made::write_supplies(dir.path(), &made::supply_rows()[..1]);
    let options = made::options_for(demands, supplies, dir.path().join("out"));
    run(&options);
    let kept = pairs(&options.out);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].rank_for_demand, kept[0].rank_for_supply), (Some(1), Some(1)));
    sums::Rules::of_run(&options.out).check(&kept[0]);
}

#[test]
fn records_that_share_nothing_are_a_gap_and_no_failure() {
    let dir = tempfile::tempdir().expect("a folder");
    let (demands, supplies) = (dir.path().join("demands.csv"), dir.path().join("supplies.csv"));
    // Words that no segmenter, model or index knows.
    fs::write(&demands, "需求编号,需求名称\nXQ-2026-0001,㐀㐁㐂\n").expect("written");
    fs::write(&supplies, "成果编号,成果名称\nGJ-2026-0001,……？！\n").expect("written");
    let options = made::options_for(demands, supplies, dir.path().join("out"));
    let summary = run(&options);
    assert_eq!(summary.demands_by_verdict, [0, 0, 1]);
    assert_eq!(summary.manifest.counts["gaps"], 1);
    assert!(pairs(&options.out).iter().all(|pair| !pair.allocated));
}

#[test]
fn a_short_demand_is_answered_with_little_confidence() {
    let kept = pairs(&SAMPLE.out);
    let confidence = |id: &str| {
        kept.iter().filter(|pair| pair.demand_id == id).map(|p| p.confidence).max().expect("pairs")
    };
    let vague = confidence("XQ-2026-0119");
    assert!(vague < Micro(600_000), "{vague}");
    let ids: BTreeSet<&str> = kept.iter().map(|pair| pair.demand_id.as_str()).collect();
    let n_lower = ids.iter().filter(|id| confidence(id) < vague).count();
    assert!(n_lower * 20 < ids.len(), "{n_lower} demands have less confidence than the vague one");
}

#[test]
fn the_index_of_a_run_opens_again() {
    for (side, n) in [(Side::Demand, 161), (Side::Supply, 346)] {
        let index = SideIndex::open(&SAMPLE.out.join("index"), side).expect("an index");
        assert_eq!(index.n_records(), n);
    }
}
