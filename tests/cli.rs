//! The program as people call it: what it prints where, and its exit codes.
//!
//! Help texts are kept in `tests/golden`; `INSTA_UPDATE=always` rewrites them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use assert_cmd::Command;
use duijie::pipeline::PairRecord;
use tempfile::TempDir;

use crate::pipeline::made;

/// The program, called in `dir`, with nothing of the caller's environment that it looks at.
fn duijie(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
    command.current_dir(dir);
    for name in ["DUIJIE_LOG", "COLUMNS", "SOURCE_DATE_EPOCH"] {
        command.env_remove(name);
    }
    command
}

/// What a call came to.
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn call(dir: &Path, arguments: &[&str]) -> Said {
    let output = duijie(dir).args(arguments).output().expect("the program starts");
    Said {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        // A driver may write of its own; what is ours is looked for line by line.
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Calls and expects success.
fn good(dir: &Path, arguments: &[&str]) -> Said {
    let said = call(dir, arguments);
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
    said
}

/// Calls and expects `code`, a message with a remedy on stderr, nothing on stdout and no panic.
fn bad(dir: &Path, arguments: &[&str], code: i32) -> String {
    let said = call(dir, arguments);
    assert_eq!(said.code, code, "{arguments:?}: {}", said.err);
    assert_eq!(said.out, "", "{arguments:?}");
    assert!(said.err.contains("错误：") && said.err.contains("办法："), "{}", said.err);
    assert!(!said.err.contains("panicked"), "{}", said.err);
    said.err
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample").join(name);
    path.to_str().expect("UTF-8").to_owned()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad").join(name)
}

/// A folder with the made lists and a run over them in `out`.
static RUN: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = lists();
    let said = good(dir.path(), &["match", ".", "--out", "out", "--backend", "cpu", "--top", "3"]);
    assert!(said.out.contains("需求 32 条") && said.out.contains("供给 40 条"), "{}", said.out);
    dir
});

fn lists() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    made::write_demands(dir.path(), &made::demand_rows());
    made::write_supplies(dir.path(), &made::supply_rows());
    dir
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

#[test]
fn help_is_as_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for lang in ["zh", "en"] {
            let help = good(dir.path(), &["--help", "--lang", lang]);
            insta::assert_snapshot!(format!("help.{lang}"), help.out);
            for command in [
                "match",
                "init",
                "import",
                "status",
                "nightly",
                "export",
                "gc",
                "verify",
                "backup",
                "restore",
                "search",
                "explain",
                "backends",
                "eval",
                "backtest",
                "model",
                "model list",
                "model pull",
                "model check",
                "user",
                "user add",
                "user list",
                "user role",
                "user password",
                "user disable",
                "user enable",
                "token",
                "token create",
                "token list",
                "token revoke",
                "serve",
                "judge",
                "judge pool",
                "judge export",
                "simulate",
                "template",
                "template cluster",
            ] {
                let words: Vec<&str> =
                    command.split(' ').chain(["--help", "--lang", lang]).collect();
                let help = good(dir.path(), &words);
                assert_eq!(help.err, "");
                let name = format!("help.{}.{lang}", command.replace(' ', "."));
                insta::assert_snapshot!(name, help.out);
            }
        }
    });
}

#[test]
fn chinese_is_the_default() {
    let dir = tempfile::tempdir().expect("a folder");
    let default = good(dir.path(), &["match", "--help"]).out;
    assert_eq!(default, good(dir.path(), &["--lang=zh", "match", "--help"]).out);
    assert!(default.contains("示例："));
    let english = good(dir.path(), &["match", "--help", "--lang", "en"]).out;
    assert!(english.contains("Examples:") && !english.contains("示例"));
    let version = good(dir.path(), &["--version"]).out;
    assert_eq!(version, concat!("duijie ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn errors_are_told_in_the_language_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let chinese = bad(dir.path(), &["search", "x", "--in", "nowhere"], 1);
    assert!(chinese.contains("没有完整的运行结果"));
    let english = call(dir.path(), &["search", "x", "--in", "nowhere", "--lang", "en"]);
    assert_eq!(english.code, 1);
    assert!(english.err.contains("error: nowhere holds no finished run"), "{}", english.err);
    assert!(english.err.contains("remedy: ") && !english.err.contains('错'), "{}", english.err);
    let usage = call(dir.path(), &["match", "--nope", "--lang", "en"]);
    assert_eq!(usage.code, 2);
    assert!(usage.err.contains("error: unexpected argument '--nope'"), "{}", usage.err);
}

#[test]
fn wrong_usage_is_code_two() {
    let dir = lists();
    let before = names_in(dir.path());
    let nothing = call(dir.path(), &[]);
    assert_eq!(nothing.code, 2, "nothing asked for is answered with the help");
    assert!(nothing.err.contains("用法：") && nothing.err.contains("explain"), "{}", nothing.err);
    let cases: [(&[&str], &str); 22] = [
        (&["frob"], "frob"),
        (&["match", ".", "--out", "out", "--nope"], "--nope"),
        (&["match", "."], "--out"),
        (&["match", "--out", "out"], "DIR"),
        (&["match", ".", "--demands", "a", "--supplies", "b", "--out", "out"], "不能与 --demands"),
        (&["match", "--demands", "a", "--out", "out"], "--supplies"),
        (&["match", ".", "--out", "out", "--as-of", "2026-13-01"], "2026-13-01"),
        (&["match", ".", "--out", "out", "--as-of", "昨天"], "昨天"),
        (&["match", ".", "--out", "out", "--backend", "tpu"], "auto、cpu、gpu"),
        (&["match", ".", "--out", "out", "--per-demand", "many"], "many"),
        (&["match", ".", "--out", "out", "--max-rejected", "101"], "101"),
        (&["match", ".", "--out", "out", "--allocation", "fair"], "flow、stable"),
        (&["match", ".", "--out", "out", "--exposure-cost", "1.5"], "1.5"),
        (&["match", ".", "--out", "out", "--quota", "colour=3"], "<region=N|field=N>"),
        (
            &["match", ".", "--out", "out", "--quota", "region=3", "--quota", "field=4"],
            "--quota region=3 --quota field=4",
        ),
        (&["match", ".", "--out", "out", "--lang", "fr"], "zh、en"),
        (&["match", "nowhere", "--out", "out", "--map", "title"], "--map title"),
        (&["search", "x", "--in", "out", "--limit", "0"], "--limit"),
        (&["explain", "XQ-2026-0001", "--in", "out"], "SUPPLY"),
        (&["import"], "FILE"),
        (&["import", "list.csv"], "--side"),
        (&["export", "out.doc"], ".xlsx"),
    ];
    for (arguments, named) in cases {
        let said = bad(dir.path(), arguments, 2);
        assert!(said.contains(named), "{arguments:?}: {said}");
    }
    assert_eq!(names_in(dir.path()), before);
}

#[test]
fn both_forms_of_match_give_the_same_run() {
    let dir = lists();
    let fixed = |out: &str, lists: &[&str]| {
        let mut arguments = vec!["match"];
        arguments.extend(lists);
        arguments.extend(["--out", out, "--backend", "cpu", "--as-of", "2026-09-01"]);
        let output = duijie(dir.path())
            .env("SOURCE_DATE_EPOCH", "1788220800")
            .args(&arguments)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let said = fixed("by_folder", &["."]);
    for part in ["建议对接", "可洽谈", "暂无匹配", "推荐清单", "report.html", "lists.xlsx"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    fixed("by_files", &["--demands", "demands.csv", "--supplies", "supplies.jsonl"]);
    for name in ["matches.jsonl", "ranking.trec", "ranking.reverse.trec", "lists.xlsx"] {
        let [a, b] = ["by_folder", "by_files"]
            .map(|out| fs::read(dir.path().join(out).join(name)).expect(name));
        assert!(a == b, "{name}");
    }
}

#[test]
fn match_writes_a_summary_as_json() {
    let dir = lists();
    let said = good(
        dir.path(),
        &["match", ".", "-o", "out", "--backend", "cpu", "--json", "--as-of", "2026-06-30"],
    );
    let summary = json(&said.out);
    assert_eq!(summary["schema"], "duijie.manifest/1");
    assert_eq!(summary["as_of"], "2026-06-30");
    assert_eq!(summary["demands"]["records"], 32);
    let written = fs::read_to_string(dir.path().join("out/manifest.json")).expect("the manifest");
    assert_eq!(summary, json(&written));
}

#[test]
fn several_files_of_a_side_are_one_list() {
    let dir = lists();
    let rows = made::demand_rows();
    let [first, second] = [&rows[..20], &rows[20..]].map(|rows| {
        let part = tempfile::tempdir_in(dir.path()).expect("a folder");
        let path = made::write_demands(part.path(), rows);
        (part, path)
    });
    let [a, b] = [&first.1, &second.1].map(|path| path.to_str().expect("UTF-8"));
    let arguments = ["match", "--demands", a, b, "--supplies", "supplies.jsonl"];
    let said = good(dir.path(), &[&arguments[..], &["-o", "out", "--backend", "cpu"]].concat());
    assert!(said.out.contains("需求 32 条"), "{}", said.out);
}

#[test]
fn import_says_what_was_understood() {
    let dir = lists();
    let said = good(dir.path(), &["import", "--check", "demands.csv"]).out;
    assert!(said.contains("读作：需求（按文件名判断"), "{said}");
    assert!(said.contains("→ title") && said.contains("→ telephone"), "{said}");
    assert!(said.contains("办公室批注") && said.contains("？未识别"), "{said}");
    assert!(said.contains("读入行 33 = 记录 32 + 合并 0 + 跳过 1 + 退回 0"), "{said}");
    assert!(!said.contains(made::PERSON) && !said.contains(made::TELEPHONE), "{said}");

    let said =
        json(&good(dir.path(), &["import", "--check", &sample("demands.xlsx"), "--json"]).out);
    assert_eq!(said["side"], "demand");
    assert_eq!(said["side_guessed"], true);
    assert_eq!((said["records"].as_u64(), said["rows_in"].as_u64()), (Some(161), Some(167)));
    assert_eq!(said["tables"][0]["columns"][1]["field"], "id");
    let n = |key: &str| said[key].as_array().expect(key).len() as u64;
    assert_eq!(167, 161 + n("merged") + n("skipped") + n("rejected"));

    let said = json(
        &good(dir.path(), &["import", "--check", "demands.csv", "--side", "supply", "--json"]).out,
    );
    assert_eq!((&said["side"], &said["side_guessed"]), (&"supply".into(), &false.into()));
}

#[test]
fn a_check_reports_rejected_rows_and_goes_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = fixture("duplicate_ids.csv");
    let said = good(dir.path(), &["import", "--check", path.to_str().expect("UTF-8")]).out;
    assert!(said.contains("退回的行") && said.contains("X4"), "{said}");
    let path = fixture("classified.csv");
    let said = good(dir.path(), &["import", "--check", path.to_str().expect("UTF-8")]).out;
    assert!(said.contains("涉密") && !said.contains("不应出现"), "{said}");
}

#[test]
fn a_check_names_the_format_and_writes_what_goes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = fixture("../formats/patsnap_zh.xlsx");
    let said = good(dir.path(), &["import", "--check", path.to_str().expect("UTF-8")]).out;
    assert!(said.contains("PatSnap（智慧芽）导出，中文表头"), "{said}");
    assert!(said.contains("xl/workbook.xml"), "{said}");
    let path = fixture("duplicate_ids.csv");
    let arguments = ["import", "--check", path.to_str().expect("UTF-8"), "--out", "back"];
    good(dir.path(), &arguments);
    let back = dir.path().join("back/退回修改.xlsx");
    // What goes back can be imported again: its own columns are known and not read.
    let said =
        good(dir.path(), &["import", "--check", back.to_str().expect("UTF-8"), "--json"]).out;
    let told: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(told["records"], 1, "{told}");
    let headings: Vec<_> = told["tables"][0]["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| (column["heading"].as_str(), column["field"].as_str()))
        .collect();
    assert_eq!(headings.first(), Some(&(Some("原文件行号"), Some("serial"))));
    assert_eq!(headings.last(), Some(&(Some("退回原因"), Some("serial"))));
}

#[test]
fn search_finds_words_codes_and_numbers() {
    let dir = RUN.path();
    let said = good(dir, &["search", "碳化硅 抛光", "--in", "out"]).out;
    assert!(
        said.starts_with("  1. GJ-2026-00") && said.contains("碳化硅衬底化学机械抛光"),
        "{said}"
    );
    let said = good(dir, &["search", "C++", "--in", "out", "--limit", "2"]).out;
    assert_eq!(said.lines().filter(|line| line.contains("PAM4光模块")).count(), 2, "{said}");
    let said = good(dir, &["search", "XQ-2026-0012", "--in", "out", "--side", "demand"]).out;
    assert!(said.starts_with("  1. XQ-2026-0012"), "{said}");
    let said =
        json(&good(dir, &["search", "Ti-6Al-4V", "--in", "out", "--side", "demand", "--json"]).out);
    assert_eq!(said["side"], "demand");
    let hits = said["hits"].as_array().expect("hits");
    assert_eq!(hits.len(), 4, "{hits:?}");
    for hit in hits {
        assert!(hit["title"].as_str().expect("a title").starts_with("Ti-6Al-4V叶片"));
        assert!(hit["number"].as_str().expect("a number").starts_with("XQ-2026-"));
    }
}

#[test]
fn a_search_without_hits_is_no_failure() {
    for (side, other) in [("supply", "--side demand"), ("demand", "--side supply")] {
        let said = good(RUN.path(), &["search", "zzqqxx", "--in", "out", "--side", side]);
        assert_eq!(said.out, "");
        assert!(said.err.contains("没有找到") && said.err.contains(other), "{}", said.err);
    }
    let said = good(RUN.path(), &["search", "zzqqxx", "--in", "out", "--json"]);
    assert_eq!(json(&said.out)["hits"], serde_json::json!([]));
    assert_eq!(good(RUN.path(), &["search", "  ", "--in", "out"]).out, "");
}

/// The tables of an explanation: each direction's contributions as shown, and the sum.
fn sums(text: &str) -> Vec<(Vec<i64>, i64)> {
    let micro = |figure: &str| -> i64 {
        let (whole, fraction) = figure.split_once('.').expect("a decimal");
        assert_eq!(fraction.len(), 6, "{figure}");
        format!("{whole}{fraction}").parse().expect("digits")
    };
    let mut sums = Vec::new();
    let mut parts = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["合计", sum] => sums.push((std::mem::take(&mut parts), micro(sum))),
            [_, "缺", _, "缺"] => {}
            [_, value, weight, contribution]
                if [value, weight, contribution].iter().all(|word| word.contains('.')) =>
            {
                parts.push(micro(contribution));
            }
            _ => {}
        }
    }
    sums
}

#[test]
fn explain_shows_a_sum_that_adds_up() {
    let out = RUN.path().join("out");
    let kept = made::pairs(&out);
    let is_kept = |d: &str, s: &str| kept.iter().any(|p| p.demand_id == d && p.supply_id == s);
    // A pair that was kept, and one of the same demand that was not.
    let of_kept = &kept[0];
    let (demand, supply) = (of_kept.demand_number.as_str(), of_kept.supply_number.as_str());
    let not_kept = (1..=40)
        .map(|n| format!("GJ-2026-{n:04}"))
        .find(|supply| !is_kept(demand, supply))
        .expect("only a few are kept");
    for (supply, was_kept) in [(supply, true), (not_kept.as_str(), false)] {
        let text = good(RUN.path(), &["explain", demand, supply, "--in", "out"]).out;
        assert_eq!(text.contains("不在本次运行保留的结果里"), !was_kept, "{text}");
        let sums = sums(&text);
        assert_eq!(sums.len(), 2, "{text}");
        for (parts, sum) in &sums {
            assert!(parts.len() >= 3, "{text}");
            assert_eq!(parts.iter().sum::<i64>(), *sum, "{text}");
        }
        let said =
            json(&good(RUN.path(), &["explain", demand, supply, "--in", "out", "--json"]).out);
        assert_eq!(said["kept"], was_kept);
        let pair: PairRecord = serde_json::from_value(said["pair"].clone()).expect("a pair");
        assert_eq!(i64::from(pair.score_for_demand.0), sums[0].1);
        assert_eq!(i64::from(pair.score_for_supply.0), sums[1].1);
        if was_kept {
            assert_eq!(&pair, of_kept);
        }
    }
    // Numbers are typed as people type them.
    let text = good(RUN.path(), &["explain", &demand.to_lowercase(), supply, "--in", "out"]).out;
    assert!(text.contains(demand), "{text}");
}

#[test]
fn explaining_again_gives_the_figures_of_the_run() {
    // The same lists with everything kept: what `explain` computes anew stands there.
    let dir = lists();
    let wide = ["--top", "1000", "--depth", "1000", "--backend", "cpu", "--out", "wide"];
    good(dir.path(), &[&["match", "."], &wide[..]].concat());
    let all = made::pairs(&dir.path().join("wide"));
    let kept = made::pairs(&RUN.path().join("out"));
    let dropped = all.iter().filter(|pair| {
        !kept.iter().any(|k| k.demand_id == pair.demand_id && k.supply_id == pair.supply_id)
    });
    let mut n_checked = 0;
    for pair in dropped.step_by(97) {
        let (demand, supply) = (pair.demand_id.as_str(), pair.supply_id.as_str());
        let said =
            json(&good(RUN.path(), &["explain", demand, supply, "--in", "out", "--json"]).out);
        let again: PairRecord = serde_json::from_value(said["pair"].clone()).expect("a pair");
        for (a, b) in again.parts.iter().zip(&pair.parts) {
            assert_eq!((a.value, a.value_for_supply), (b.value, b.value_for_supply), "{a:?}");
            assert_eq!(a.contribution, b.contribution);
        }
        assert_eq!(again.score_for_demand, pair.score_for_demand);
        assert_eq!(again.score_for_supply, pair.score_for_supply);
        assert_eq!(again.verdict, pair.verdict);
        assert_eq!(again.confidence, pair.confidence);
        n_checked += 1;
    }
    assert!(n_checked >= 3, "{n_checked}");
}

#[test]
fn unknown_numbers_are_named_with_a_way_to_find_them() {
    let said = bad(RUN.path(), &["explain", "XQ-1999-0001", "GJ-2026-0001", "--in", "out"], 1);
    assert!(said.contains("XQ-1999-0001") && said.contains("duijie search"), "{said}");
    let said = bad(RUN.path(), &["explain", "XQ-2026-0001", "GJ-1999-0001", "--in", "out"], 1);
    assert!(said.contains("没有编号为 GJ-1999-0001 的供给"), "{said}");
}

#[test]
fn backends_are_listed() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = json(&good(dir.path(), &["backends", "--json"]).out);
    let found = said["backends"].as_array().expect("a list");
    assert_eq!(found[0]["kind"], "cpu");
    assert!(found.contains(&said["auto"]), "{said}");
    assert!(said["auto"]["software"] == false, "a software adapter is never chosen by itself");
    let text = good(dir.path(), &["backends"]).out;
    assert!(text.contains("--backend auto → ") && text.starts_with("cpu"), "{text}");
}

#[test]
fn eval_measures_beside_bm25() {
    let dir = tempfile::tempdir().expect("a folder");
    // Two queries: the answer of the first stands second, the second's first.
    fs::write(dir.path().join("qrels.tsv"), "d1 0 s1 3\nd1 0 s2 0\nd2 0 s3 2\n").expect("written");
    let run = "d1 Q0 s2 1 0.9 t\nd1 Q0 s1 2 0.8 t\nd2 Q0 s3 1 0.7 t\n";
    fs::write(dir.path().join("ranking.trec"), run).expect("written");
    let arguments = ["eval", "--run", "ranking.trec", "--qrels", "qrels.tsv"];
    let said = json(&good(dir.path(), &[&arguments[..], &["--json"]].concat()).out);
    assert_eq!(said["duijie"]["queries"], 2);
    assert_eq!(said["duijie"]["measures"]["mrr"], 0.75);
    assert!(said.get("BM25").is_none(), "no baseline stands beside it");

    let baseline = "d1 Q0 s1 1 0.9 t\nd2 Q0 s3 1 0.7 t\n";
    fs::write(dir.path().join("ranking.bm25.trec"), baseline).expect("written");
    let said = json(&good(dir.path(), &[&arguments[..], &["--json"]].concat()).out);
    assert_eq!(said["BM25"]["measures"]["mrr"], 1.0);
    let text = good(dir.path(), &arguments).out;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("查询数") && lines[0].contains("ndcg@10"), "{text}");
    assert!(lines[1].starts_with("BM25") && lines[1].contains("1.000"), "{text}");
    assert!(lines[2].starts_with("duijie") && lines[2].contains("0.750"), "{text}");

    let said = bad(dir.path(), &["eval", "--run", "absent.trec", "--qrels", "qrels.tsv"], 1);
    assert!(said.contains("absent.trec"), "{said}");
    fs::write(dir.path().join("ranking.trec"), "d1 Q0 s2\n").expect("written");
    let said = bad(dir.path(), &arguments, 1);
    assert!(said.contains("ranking.trec"), "{said}");
}

#[test]
fn eval_reads_what_match_writes() {
    let dir = RUN.path();
    let qrels = tempfile::tempdir().expect("a folder");
    let path = qrels.path().join("qrels.tsv");
    fs::write(&path, "XQ-2026-0001\t0\tGJ-2026-0001\t3\nXQ-2026-0002\t0\tGJ-2026-0002\t3\n")
        .expect("written");
    let qrels = path.to_str().expect("UTF-8");
    for run in ["out/ranking.trec", "out/ranking.bm25.trec"] {
        let said = json(&good(dir, &["eval", "--run", run, "--qrels", qrels, "--json"]).out);
        assert_eq!(said["duijie"]["queries"], 2, "{run}");
        assert!(said["duijie"]["measures"]["recall@100"].as_f64() > Some(0.9), "{run}: {said}");
    }
}

#[test]
fn bad_lists_are_refused_by_name_and_leave_nothing() {
    for name in [
        "empty.csv",
        "blank.csv",
        "header_only.csv",
        "header_only.xlsx",
        "truncated.xlsx",
        "encrypted.xlsx",
        "binary.csv",
        "document.pdf",
        "document_named.xlsx",
        "no_headings.csv",
        "mostly_untitled.csv",
        "array.jsonl",
    ] {
        let dir = lists();
        fs::copy(fixture(name), dir.path().join(name)).expect("copied");
        let before = names_in(dir.path());
        for (demands, supplies) in [("demands.csv", name), (name, "supplies.jsonl")] {
            let said = bad(
                dir.path(),
                &["match", "--demands", demands, "--supplies", supplies, "--out", "out"],
                1,
            );
            assert!(said.contains(name), "{name}: {said}");
        }
        assert_eq!(names_in(dir.path()), before, "{name}");
        if name == "mostly_untitled.csv" {
            // To find the rejected rows is what a check is for.
            assert!(good(dir.path(), &["import", "--check", name]).out.contains("退回的行"));
        } else {
            let said = bad(dir.path(), &["import", "--check", name], 1);
            assert!(said.contains(name), "{name}: {said}");
        }
    }
}

#[test]
fn folders_without_one_list_of_each_side_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = bad(dir.path(), &["match", ".", "--out", "out"], 1);
    assert!(said.contains("demands.*") && said.contains("supplies.*"), "{said}");
    let said = bad(dir.path(), &["match", "nowhere", "--out", "out"], 1);
    assert!(said.contains("nowhere"), "{said}");
    let dir = lists();
    fs::copy(dir.path().join("demands.csv"), dir.path().join("demands.tsv")).expect("copied");
    let said = bad(dir.path(), &["match", ".", "--out", "out"], 1);
    assert!(said.contains("demands.csv") && said.contains("demands.tsv"), "{said}");
    assert_eq!(names_in(dir.path()), ["demands.csv", "demands.tsv", "supplies.jsonl"]);
}

#[test]
fn a_folder_of_somebody_else_is_refused() {
    let dir = lists();
    fs::create_dir(dir.path().join("out")).expect("a folder");
    fs::write(dir.path().join("out/论文.docx"), "precious").expect("written");
    let said = bad(dir.path(), &["match", ".", "--out", "out"], 1);
    assert!(said.contains("out") && said.contains("换一个"), "{said}");
    assert_eq!(names_in(&dir.path().join("out")), ["论文.docx"]);
}

#[test]
fn a_killed_run_shows_no_half_result_and_the_next_one_clears_up() {
    let dir = lists();
    // Enough rows that it is still at work when it is killed.
    let rows: Vec<String> = (0..60)
        .flat_map(|copy| {
            made::supply_rows().into_iter().map(move |row| {
                row.replace("GJ-2026-", &format!("GJ-2026-{copy:02}"))
                    .replace("家单位试用", &format!("家（第{copy}批）单位试用"))
            })
        })
        .collect();
    made::write_supplies(dir.path(), &rows);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_duijie"))
        .current_dir(dir.path())
        .args(["match", ".", "--out", "out", "--backend", "cpu"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let partial = || names_in(dir.path()).iter().any(|name| name.starts_with(".out.partial"));
    let mut n_waits = 0;
    while !partial() && n_waits < 2_000 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        n_waits += 1;
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(partial(), "it was killed at work");
    assert!(!dir.path().join("out").exists());

    made::write_supplies(dir.path(), &made::supply_rows());
    good(dir.path(), &["match", ".", "--out", "out", "--backend", "cpu"]);
    assert_eq!(names_in(dir.path()), ["demands.csv", "out", "supplies.jsonl"]);
}

#[test]
fn files_of_rules_are_checked() {
    let dir = lists();
    fs::write(dir.path().join("w.toml"), "[for_demand]\nlexical = 1\n").expect("written");
    let call = ["match", ".", "--out", "out"];
    let said = bad(dir.path(), &[&call[..], &["--weights", "w.toml"]].concat(), 1);
    assert!(said.contains("权重"), "{said}");
    let said = bad(dir.path(), &[&call[..], &["--calibration", "absent.toml"]].concat(), 1);
    assert!(said.contains("absent.toml"), "{said}");
    let said = bad(dir.path(), &[&call[..], &["--map", "nothing=甲"]].concat(), 1);
    assert!(said.contains("nothing"), "{said}");
    let said = bad(dir.path(), &[&call[..], &["--drop", "没有的列"]].concat(), 1);
    assert!(said.contains("没有的列"), "{said}");
    assert_eq!(names_in(dir.path()), ["demands.csv", "supplies.jsonl", "w.toml"]);
}

#[test]
fn a_damaged_run_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::create_dir(dir.path().join("out")).expect("a folder");
    fs::write(dir.path().join("out/manifest.json"), "{\"schema\":").expect("written");
    let said = bad(dir.path(), &["search", "x", "--in", "out"], 1);
    assert!(said.contains("manifest.json"), "{said}");
    // A manifest without its index.
    let manifest = RUN.path().join("out/manifest.json");
    fs::copy(manifest, dir.path().join("out/manifest.json")).expect("copied");
    bad(dir.path(), &["search", "x", "--in", "out"], 1);
    bad(dir.path(), &["explain", "XQ-2026-0001", "GJ-2026-0001", "--in", "out"], 1);
}

/// Calls with a pipe whose reader is gone for stdout or stderr.
fn with_nobody_reading(dir: &Path, arguments: &[&str], closed: &str) -> Said {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_duijie"));
    command.current_dir(dir).args(arguments).env_remove("DUIJIE_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    match closed {
        "stdout" => drop(child.stdout.take()),
        _ => drop(child.stderr.take()),
    }
    let output = child.wait_with_output().expect("the program ends");
    Said {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let demands = sample("demands.xlsx");
    let calls: [&[&str]; 6] = [
        &["match", "--help"],
        &["backends"],
        &["search", "碳化硅", "--in", "out"],
        &["explain", "XQ-2026-0001", "GJ-2026-0001", "--in", "out"],
        &["import", "--check", &demands, "--json"],
        &["import", "--check", &demands],
    ];
    for arguments in calls {
        let said = with_nobody_reading(RUN.path(), arguments, "stdout");
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{}", said.err);
    }
}

#[test]
fn an_error_that_nobody_reads_keeps_its_code() {
    let calls: [(&[&str], i32); 4] = [
        (&["match", "nowhere", "--out", "out2"], 1),
        (&["match", "--nope"], 2),
        (&["search", "zzqqxx", "--in", "out"], 0),
        (&["explain", "XQ-1999-0001", "GJ-2026-0001", "--in", "out", "-vv"], 1),
    ];
    for (arguments, code) in calls {
        let said = with_nobody_reading(RUN.path(), arguments, "stderr");
        assert_eq!(said.code, code, "{arguments:?}");
    }
}

fn transformer() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transformer/bert");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn models_are_pulled_listed_checked_and_used() {
    let dir = lists();
    let said = good(dir.path(), &["model", "list", "--home", "models"]);
    assert!(said.out.contains("builtin") && said.out.contains("Qwen3-Embedding-0.6B"));
    let from = transformer();
    let arguments = ["model", "pull", "tiny", "--from", &from, "--home", "models"];
    let said = good(dir.path(), &arguments);
    assert!(said.out.contains("model.safetensors") && said.out.contains("duijie model check"));
    assert!(good(dir.path(), &arguments).out.contains("已在本机"));
    let said = json(&good(dir.path(), &["model", "list", "--home", "models", "--json"]).out);
    assert_eq!(said["here"], serde_json::json!(["tiny"]));

    let said = good(dir.path(), &["model", "check", "models/tiny", "--lang", "en"]);
    for part in ["bert", "dimension", "cls", "5 files are as SHA256SUMS says"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let said = json(&good(dir.path(), &["model", "check", "models/tiny", "--json"]).out);
    assert_eq!((&said["dim"], &said["window"]), (&16.into(), &40.into()));
    let arguments = ["match", ".", "--out", "out", "--backend", "cpu", "--embedder", "models/tiny"];
    good(dir.path(), &arguments);
    let manifest = fs::read_to_string(dir.path().join("out/manifest.json")).expect("a run");
    let manifest = json(&manifest);
    assert_eq!(manifest["embedder"], "tiny + duijie-static-zh-1");
    assert_eq!(manifest["embedder_dim"], 16 + 256);

    fs::write(dir.path().join("models/tiny/tokenizer.json"), "{}").expect("a file");
    let said = bad(dir.path(), &["model", "check", "models/tiny"], 1);
    assert!(said.contains("model.hash") && said.contains("tokenizer.json"), "{said}");
    let said = bad(dir.path(), &["model", "pull", "nobody-knows", "--home", "models"], 1);
    assert!(said.contains("model.unknown"), "{said}");
    let said = bad(dir.path(), &["model", "check", "nowhere"], 1);
    assert!(said.contains("nowhere"), "{said}");
}
