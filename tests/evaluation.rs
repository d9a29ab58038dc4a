//! `duijie eval` over two lists: table, JSON, report and runs agree; grades that fit the lists
//! badly are told.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

/// Calls the program in `dir`: exit code, stdout, stderr.
fn call(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
    for name in ["DUIJIE_LOG", "COLUMNS", "SOURCE_DATE_EPOCH"] {
        command.env_remove(name);
    }
    let output = command.current_dir(dir).args(arguments).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("an exit code"), text(&output.stdout), text(&output.stderr))
}

fn good(dir: &Path, arguments: &[&str]) -> String {
    let (code, out, err) = call(dir, arguments);
    assert_eq!(code, 0, "{arguments:?}: {err}");
    out
}

fn bad(dir: &Path, arguments: &[&str], expected: i32) -> String {
    let (code, out, err) = call(dir, arguments);
    assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {err}");
    assert!(err.contains("错误：") && err.contains("办法："), "{err}");
    err
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

const LISTS: [&str; 5] = ["eval", "--demands", "d.csv", "--supplies", "s.csv"];

/// Four demands and five supplies, each of the first three demands with its supply.
fn lists() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    write(
        "d.csv",
        "编号,需求名称,需求详情,所属领域\n\
         d1,碳化硅衬底减薄,碳化硅晶片减薄时崩边，希望崩边小于5μm,新材料\n\
         d2,苹果园病虫害识别,果园褐斑病靠人眼巡查，需要图像识别,现代农业\n\
         d3,羊奶粉去膻,羊乳喷雾干燥后仍有膻味，乳铁蛋白损失三十%以上,食品\n\
         d4,矿井测尘,综采面粉尘仪镜头易糊，数据漂移，需要免维护的在线测量办法，并能联动喷雾，长期井下运行可靠且安装方便一些\n",
    );
    write(
        "s.csv",
        "编号,成果名称,成果简介,所属领域,完成单位\n\
         s1,碳化硅晶片低损伤磨削,砂轮在线修整，碳化硅衬底减薄崩边小于3μm,新材料,甲大学\n\
         s2,果园病虫害图像识别终端,叶片褐斑病与虫口图像识别,现代农业,乙研究所\n\
         s3,羊乳低温喷雾干燥,真空脱膻，保留乳铁蛋白,生物医药,丙公司\n\
         s4,电荷感应测尘仪,无镜头，综采面粉尘在线测量,,丙公司\n\
         s5,铝合金门窗,隔热断桥门窗型材,建筑,丁公司\n",
    );
    write("q.tsv", "d1 0 s1 3\nd1 0 s5 0\nd2 0 s2 2\nd2 0 s1 0\nd3 0 s3 2\nd4 0 s5 0\n");
    dir
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&LISTS[..], more].concat()
}

/// Query → documents of a run in the order of its lines.
fn run(path: &Path) -> HashMap<String, Vec<String>> {
    let mut lists: HashMap<String, Vec<String>> = HashMap::new();
    for line in fs::read_to_string(path).expect("a run").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let list = lists.entry(fields[0].to_owned()).or_default();
        list.push(fields[2].to_owned());
        assert_eq!(fields[3], list.len().to_string(), "ranks count from 1: {line}");
    }
    lists
}

#[test]
fn the_sample_is_measured_alike_in_table_json_report_and_runs() {
    let dir = tempfile::tempdir().expect("a folder");
    let (demands, supplies) = (corpus("sample/demands.xlsx"), corpus("sample/supplies.xlsx"));
    let qrels = corpus("sample/qrels.tsv");
    let lists = ["--demands", &demands, "--supplies", &supplies];
    let rest = ["--as-of", "2026-11-20", "--backend", "cpu"];
    let arguments = [&["eval"][..], &lists, &["--qrels", &qrels], &rest].concat();
    let files = ["--json", "--report", "report.html", "--run-dir", "runs"];
    let said = json(&good(dir.path(), &[&arguments[..], &files].concat()));
    let table = good(dir.path(), &[&arguments[..], &["--lang", "en"]].concat());
    let page = fs::read_to_string(dir.path().join("report.html")).expect("a page");

    assert_eq!(said["schema"], "duijie-evaluation/1");
    assert_eq!(said["records"]["demands"], 161);
    assert_eq!(said["grades"]["asked"], said["grades"]["queries"]);
    assert_eq!(said["grades"]["missing_documents"]["count"], 0);
    let n = said["grades"]["measured"].as_u64().expect("a count");
    assert_eq!(said["queries"].as_array().map(Vec::len), usize::try_from(n).ok());
    for ranker in ["bm25", "dense", "rrf", "hybrid", "full"] {
        let measures = &said["rankings"][ranker]["measures"];
        for measure in ["ndcg@10", "ndcg@10_judged", "judged@10", "mrr", "recall@100"] {
            let found = &measures[measure];
            let mean = found["mean"].as_f64().expect("a mean");
            let [low, high] = [0, 1].map(|end| found["interval_95"][end].as_f64().expect("an end"));
            assert!(0.0 <= low && low <= mean && mean <= high && high <= 1.0, "{ranker} {found}");
            let shown = format!("{mean:.3} [{low:.3}–{high:.3}]");
            assert!(table.contains(&shown), "{ranker} {measure} {shown} in {table}");
            assert!(page.contains(&shown), "{ranker} {measure} {shown} in the report");
            let beside_bm25 = found["against_bm25"]["p"].as_f64();
            assert_eq!(beside_bm25.is_none(), ranker == "bm25", "{ranker} {measure}");
        }
        // What the run's file says is what was measured.
        let file = format!("runs/{ranker}.trec");
        let again = json(&good(dir.path(), &["eval", "--run", &file, "--qrels", &qrels, "--json"]));
        for measure in ["ndcg@10", "mrr", "hit@10", "recall@10", "recall@100"] {
            let [a, b] = [&again["duijie"]["measures"][measure], &measures[measure]["mean"]]
                .map(|value| value.as_f64().expect("a figure"));
            assert!((a - b).abs() < 1e-12, "{ranker} {measure}: {a} {b}");
        }
    }
    assert!(said["slices"]["chinese"]["queries"].as_u64() > Some(n / 2));
    for list in ["plain", "allocated"] {
        let lists = &said["two_way"][list];
        let exposed: u64 = lists["supplies_by_exposure"]
            .as_object()
            .expect("counts")
            .iter()
            .map(|(count, n)| {
                count.parse::<u64>().expect("a count") * n.as_u64().expect("supplies")
            })
            .sum();
        assert_eq!(Some(exposed), lists["entries"].as_u64(), "{list}");
    }
    assert!(said["two_way"]["allocated"]["largest_exposure"].as_u64() <= Some(10));
    assert_eq!(said["reliability"]["pairs"], said["grades"]["pairs"]);
    let binned: u64 = said["reliability"]["bins"]
        .as_array()
        .expect("bins")
        .iter()
        .map(|bin| bin["pairs"].as_u64().expect("a count"))
        .sum();
    assert_eq!(Some(binned), said["reliability"]["pairs"].as_u64());
    let skill = format!("{:.3}", said["reliability"]["brier_skill"].as_f64().expect("a skill"));
    assert!(table.contains(&skill) && page.contains(&skill), "{skill}");
    for asks_another_host in ["<script", "src=", "href=\"http", "@import", "url("] {
        assert!(!page.contains(asks_another_host), "{asks_another_host}");
    }

    // The full ranking is the one that `match` writes.
    good(dir.path(), &[&["match"][..], &lists, &["--out", "out"], &rest].concat());
    let (matched, measured) =
        (run(&dir.path().join("out/ranking.trec")), run(&dir.path().join("runs/full.trec")));
    for (query, documents) in &measured {
        assert_eq!(matched.get(query), Some(documents), "{query}");
    }
    let (matched, measured) =
        (run(&dir.path().join("out/ranking.bm25.trec")), run(&dir.path().join("runs/bm25.trec")));
    for (query, documents) in &measured {
        assert_eq!(matched.get(query), Some(documents), "{query}");
    }
}

#[test]
fn a_small_market_comes_out_as_made() {
    let dir = lists();
    let said = json(&good(dir.path(), &with(&["--qrels", "q.tsv", "--json"])));
    assert_eq!(said["grades"]["measured"], 3);
    assert_eq!(said["grades"]["relevant_from"], 2);
    for ranker in ["bm25", "hybrid", "full"] {
        let measures = &said["rankings"][ranker]["measures"];
        for measure in ["ndcg@10", "ndcg@10_judged", "mrr", "hit@10", "recall@10"] {
            assert_eq!(measures[measure]["mean"], 1.0, "{ranker} {measure}");
        }
        assert!(measures["judged@10"]["mean"].as_f64() >= Some(0.2), "{ranker}");
    }
    // All three are short; d1 and d3 state a figure with its unit.
    let slices = &said["slices"];
    assert_eq!(slices["short"]["queries"], 3);
    assert_eq!(slices["numbers"]["queries"], 2);
    assert_eq!(slices["chinese"]["queries"], 3);
    assert_eq!(slices["english"]["queries"], 0);
    assert_eq!(slices["english"]["ndcg@10"]["bm25"], Value::Null);
    assert_eq!(said["candidates"][0]["recall_union"], 1.0);
    assert_eq!(said["reliability"]["pairs"], 6);
    assert_eq!(said["embedder"]["texts"], 18);
    assert_eq!(said["two_way"]["plain"]["demands_served"], 4);
    // Every graded pair is told with its scores, and the first answers of d4, which has nothing
    // relevant.
    let told = said["told"].as_array().expect("pairs");
    assert_eq!(told.iter().filter(|pair| !pair["grade"].is_null()).count(), 6);
    assert!(told.iter().all(|pair| !pair["grade"].is_null() || !pair["place"].is_null()));
    let first: Vec<&Value> =
        told.iter().filter(|pair| pair["place"] == 1 && pair["query"] != "d4").collect();
    assert!(first.iter().all(|pair| pair["grade"].as_i64() >= Some(2)), "{first:?}");
    // A relevant document that is shown is never better off than the best of its list.
    let best = &said["verdicts"]["best_of_queries_with_relevant"];
    let own = &said["verdicts"]["best_relevant_of_queries_with_relevant"];
    let all = |of: &Value| -> u64 {
        ["no_match", "discuss", "recommend"].iter().filter_map(|key| of[key].as_u64()).sum()
    };
    assert_eq!((all(best), all(own)), (3, 3));
    assert!(own["recommend"].as_u64() <= best["recommend"].as_u64());
}

#[test]
fn ids_that_are_not_there_are_counted_and_told() {
    let dir = lists();
    fs::write(dir.path().join("q.tsv"), "d1 0 s1 2\nd1 0 gone 2\nlost 0 s1 1\n").expect("written");
    let said = json(&good(dir.path(), &with(&["--qrels", "q.tsv", "--json"])));
    assert_eq!(said["grades"]["missing_queries"]["first"][0], "lost");
    assert_eq!(said["grades"]["missing_documents"]["first"][0], "gone");
    // The lost document can never be found, and counts.
    assert_eq!(said["rankings"]["full"]["measures"]["recall@10"]["mean"], 0.5);
    let table = good(dir.path(), &with(&["--qrels", "q.tsv"]));
    assert!(table.contains("lost") && table.contains("gone") && table.contains("--map"), "{table}");
}

#[test]
fn supplies_can_ask() {
    let dir = lists();
    fs::write(dir.path().join("r.tsv"), "s1 0 d1 2\ns1 0 d2 0\ns4 0 d4 2\n").expect("written");
    let rest = ["--qrels", "r.tsv", "--reverse", "--json", "--run-dir", "runs"];
    let said = json(&good(dir.path(), &with(&rest)));
    assert_eq!(said["direction"], "supply_to_demand");
    assert_eq!(said["rankings"]["full"]["measures"]["mrr"]["mean"], 1.0);
    let lists = run(&dir.path().join("runs/full.trec"));
    assert_eq!(lists["s1"][0], "d1");
    assert_eq!(lists["s4"][0], "d4");
    let said = bad(dir.path(), &with(&["--qrels", "r.tsv"]), 1);
    assert!(said.contains("--reverse") && said.contains("eval.no-common-query"), "{said}");
}

#[test]
fn asking_only_the_graded_queries_leaves_their_rankings() {
    let dir = lists();
    let all = json(&good(dir.path(), &with(&["--qrels", "q.tsv", "--json"])));
    let few = json(&good(dir.path(), &with(&["--qrels", "q.tsv", "--json", "--only-queries"])));
    assert_eq!(few["two_way"], Value::Null);
    assert_eq!(few["rankings"]["dense"], all["rankings"]["dense"]);
    assert_eq!(few["rankings"]["bm25"], all["rankings"]["bm25"]);
    assert_eq!(few["rankings"]["full"], all["rankings"]["full"]);
}

#[test]
fn a_record_never_answers_itself() {
    let dir = lists();
    fs::write(dir.path().join("q.tsv"), "s3 0 s4 1\ns3 0 s3 1\n").expect("written");
    let arguments = ["eval", "--demands", "s.csv", "--supplies", "s.csv", "--qrels", "q.tsv"];
    let more = ["--json", "--run-dir", "runs"];
    let said = json(&good(dir.path(), &[&arguments[..], &more].concat()));
    assert_eq!(said["own_records_excluded"], 5);
    assert_eq!(said["grades"]["relevant_from"], 1);
    assert_eq!(said["grades"]["only_positive"], true);
    assert_eq!(said["reliability"], Value::Null);
    for ranker in ["bm25", "dense", "rrf", "hybrid", "full"] {
        let path = dir.path().join(format!("runs/{ranker}.trec"));
        let found = run(&path).remove("s3").unwrap_or_default();
        assert!(!found.contains(&"s3".to_owned()), "{ranker}: {found:?}");
    }
    // Its grade for itself is left out too: the other document is all there is to find.
    assert_eq!(said["rankings"]["dense"]["measures"]["recall@100"]["mean"], 1.0);
}

#[test]
fn conditions_choose_who_takes_part() {
    let dir = lists();
    let keep = ["--qrels", "q.tsv", "--keep", "supply:organization~大学|研究所", "--json"];
    let said = json(&good(dir.path(), &with(&keep)));
    assert_eq!(said["records"]["supplies"], 2);
    assert_eq!(said["grades"]["missing_documents"]["count"], 2);
    let said = bad(dir.path(), &with(&["--qrels", "q.tsv", "--keep", "organization"]), 2);
    assert!(said.contains("organization~") || said.contains("字段~"), "{said}");
    let said = bad(dir.path(), &with(&["--qrels", "q.tsv", "--keep", "颜色~红"]), 1);
    assert!(said.contains("颜色"), "{said}");
    let said = bad(dir.path(), &with(&["--qrels", "q.tsv", "--keep", "supply:id~^x"]), 1);
    assert!(said.contains("eval.nothing-kept"), "{said}");
}

#[test]
fn bad_grades_are_told() {
    let dir = lists();
    let cases: [(&str, &str); 5] = [
        ("", "eval.no-grades"),
        ("\n \n", "eval.no-grades"),
        ("d1 0 s1 3\nd1 0 s2\n", "第 2 行"),
        ("D1 0 s1 3\n", "eval.no-common-query"),
        ("d1 0 s1 0\n", "eval.nothing-positive"),
    ];
    for (text, expected) in cases {
        fs::write(dir.path().join("bad.tsv"), text).expect("written");
        let said = bad(dir.path(), &with(&["--qrels", "bad.tsv"]), 1);
        assert!(said.contains(expected), "{text:?}: {said}");
    }
    fs::write(dir.path().join("bad.tsv"), "d1 0 s1 三\n").expect("written");
    assert!(bad(dir.path(), &with(&["--qrels", "bad.tsv"]), 1).contains("bad.tsv"));
    assert!(bad(dir.path(), &with(&["--qrels", "absent.tsv"]), 1).contains("absent.tsv"));
    // Neither lists nor a run, both, and options of the one with the other.
    bad(dir.path(), &["eval", "--qrels", "q.tsv"], 2);
    bad(dir.path(), &with(&["--qrels", "q.tsv", "--run", "x.trec"]), 2);
    bad(dir.path(), &["eval", "--run", "x.trec", "--qrels", "q.tsv", "--reverse"], 2);
    bad(dir.path(), &LISTS, 2);
    let said = bad(dir.path(), &with(&["--qrels", "q.tsv", "--report", "nowhere/r.html"]), 2);
    assert!(said.contains("nowhere"), "{said}");
}

/// The development sets can be read with the commands of `corpus/calibration/README.md`.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn the_market_lists_are_asked_as_graded() {
    let data: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/market_lists");
    if !data.is_dir() {
        eprintln!("skipped: no development data");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| data.join(name).to_str().expect("UTF-8").to_owned();
    let (demands, supplies) = (path("demands.jsonl"), path("supplies.jsonl"));
    let qrels = path("qrels_dev.tsv");
    let lists = ["eval", "--demands", &demands, "--supplies", &supplies, "--qrels", &qrels];
    let rest = ["--only-queries", "--backend", "cpu", "--json"];
    let said = json(&good(dir.path(), &[&lists[..], &rest].concat()));
    assert_eq!(said["grades"]["measured"], 54);
    assert_eq!(said["rankings"]["full"]["measures"]["mrr"]["queries"], 24);
    let full = said["rankings"]["full"]["measures"]["ndcg@10_judged"]["mean"].as_f64();
    let bm25 = said["rankings"]["bm25"]["measures"]["ndcg@10_judged"]["mean"].as_f64();
    assert!(full > bm25, "{full:?} {bm25:?}");
}
