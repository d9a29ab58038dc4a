//! Scenarios as people run them: samples, resumed runs, refusals, and documents that agree.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assert_cmd::Command;
use duijie::forecast::{ForecastError, SimulateOptions, SimulateSummary, simulate};
use duijie::model::{Diagnosis, Lang};
use duijie::pipeline::Silent;
use duijie::scenario::{Overrides, Scenario, json_schema};
use tempfile::TempDir;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/scenarios").join(name)
}

/// Yearly figures of three small clusters.
const CLUSTERS: &str = "市,产业,年份,产值（亿元）,价格口径,企业数
西安,光子,2023,52,现价,30
西安,光子,2025,62,现价,34
宝鸡,钛及钛合金,2025,90,现价,40
渭南,增材制造,2025,8,现价,9
";

const HEAD: &str = "[run]\nname = \"试验\"\nquarters = 20\nreplicates = 8\n\
[economy]\nnational_growth = 6.0\nprices = \"现价\"\n\
[data]\nclusters = \"clusters.csv\"\n";

/// A folder with the figures and a scenario of this text below its head.
fn folder(text: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("clusters.csv"), CLUSTERS).expect("written");
    let path = dir.path().join("s.toml");
    fs::write(&path, format!("{HEAD}{text}")).expect("written");
    (dir, path)
}

fn options(scenarios: &[PathBuf], out: &Path) -> SimulateOptions {
    SimulateOptions {
        scenarios: scenarios.to_vec(),
        out: out.to_owned(),
        overrides: Overrides::default(),
        threads: None,
        back_test_passed: false,
        now: "2026-11-20T12:00[UTC]".parse().expect("a time"),
        lang: Lang::Zh,
    }
}

fn run(options: &SimulateOptions) -> SimulateSummary {
    simulate(options, &Silent).unwrap_or_else(|error| panic!("{error}"))
}

/// Rows of a CSV file, by heading.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).expect("a table");
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

/// A run of all samples with few replicates.
static SAMPLES: LazyLock<(TempDir, SimulateSummary)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a folder");
    let names = ["no_change", "brokering", "photonics", "outage", "outage_backup"];
    let paths = names.map(|name| corpus(&format!("{name}.toml")));
    let mut options = options(&paths, &dir.path().join("out"));
    options.overrides.replicates = Some(20);
    let summary = run(&options);
    (dir, summary)
});

fn samples() -> PathBuf {
    SAMPLES.0.path().join("out")
}

#[test]
fn samples_run_as_they_are() {
    let manifest = &SAMPLES.1.manifest;
    assert!(manifest.complete && manifest.demonstration && !manifest.back_test_passed);
    assert_eq!((manifest.start.as_str(), manifest.quarters), ("2026Q1", 40));
    assert_eq!(manifest.fingerprint.len(), 16);
    let tables = [
        "fan",
        "difference",
        "thresholds",
        "first_passage",
        "attribution",
        "variance",
        "targets",
        "warning",
        "potential",
        "levers",
    ];
    for table in tables {
        assert!(!rows(&samples().join(format!("{table}.csv"))).is_empty(), "{table}");
        assert!(samples().join(format!("{table}.parquet")).is_file(), "{table}");
    }
    let page = fs::read_to_string(samples().join("report.html")).expect("a page");
    for words in ["演示数据", "未通过回测", "模型的局限", "没有查到效果", "沙普利值"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("NaN") && !page.contains("http://") || page.contains("www.w3.org"));
}

#[test]
fn doing_nothing_changes_nothing_and_is_said_so() {
    let sentence = &SAMPLES.1.sentences[0];
    assert!(sentence.zh.contains("没有影响") && sentence.zh.contains("恰为 0"), "{}", sentence.zh);
    // Outside the clusters that a scenario acts on, and without relatedness, nothing may change.
    let text = "[[lever]]\nid = \"概念验证\"\ncluster = \"西安/光子\"\nprobability = 0.0\n";
    let (dir, path) = folder(text);
    let summary = run(&options(&[path], &dir.path().join("out")));
    for row in rows(&dir.path().join("out/difference.csv")) {
        assert_eq!(
            (row["平均差（亿元）"].as_str(), row["完全不变的比例（%）"].as_str()),
            ("0", "100")
        );
    }
    assert!(summary.sentences[0].zh.contains("恰为 0"), "{}", summary.sentences[0].zh);
}

/// Every number of a sentence is a rounded cell of a table.
#[test]
fn sentences_say_what_the_tables_say() {
    let differences = rows(&samples().join("difference.csv"));
    let thresholds = rows(&samples().join("thresholds.csv"));
    for (facts, sentence) in SAMPLES.1.manifest.scenarios.iter().zip(&SAMPLES.1.sentences).skip(1) {
        let row = differences
            .iter()
            .find(|row| {
                row["情景"] == facts.name
                    && row["年份"] == "2030"
                    && sentence.zh.contains(&format!("，{}的", row["集群"]))
            })
            .expect("the row of the sentence");
        let cell = |name: &str| row[name].parse::<f64>().expect("a number");
        let mean = cell("相对差均值（%）");
        let wanted = [
            format!(
                "{:.2}%（80% 区间 {:.2}%—{:.2}%）",
                mean.abs(),
                cell("相对差 10%（%）"),
                cell("相对差 90%（%）")
            ),
            format!("{:+.2} 亿元（标准误 {:.3}）", cell("平均差（亿元）"), cell("标准误（亿元）")),
        ];
        for words in &wanted {
            assert!(sentence.zh.contains(words.as_str()), "{words}: {}", sentence.zh);
        }
        assert!(sentence.en.contains(&format!("{:+.2} (100 m yuan", cell("平均差（亿元）"))));
        if let Some((_, clause)) = sentence.zh.split_once("达到") {
            let (name, rest) = clause.split_once("的概率为 ").expect("a probability");
            let own = thresholds.iter().find(|it| {
                it["情景"] == facts.name
                    && it["集群"] == row["集群"]
                    && it["门槛"] == name
                    && it["年份"] == "2030"
            });
            let p: f64 = own.expect("a row")["当年达到的概率（%）"].parse().expect("a number");
            assert!(rest.starts_with(&format!("{p:.1}%")), "{p} {rest}");
        }
        assert_eq!(&facts.sentence, &sentence.zh);
    }
}

/// Shapley shares of a cluster add up to its mean difference over the same replicates.
#[test]
fn shares_add_up_to_the_difference() {
    let shares = rows(&samples().join("attribution.csv"));
    let of =
        |row: &&BTreeMap<String, String>| row["情景"] == "光子一揽子" && row["集群"] == "西安/光子";
    let sum: f64 = shares
        .iter()
        .filter(of)
        .map(|it| it["末年贡献（亿元）"].parse::<f64>().expect("a number"))
        .sum();
    let differences = rows(&samples().join("difference.csv"));
    let last =
        differences.iter().filter(of).find(|it| it["年份"] == "2035").expect("the last year");
    let mean: f64 = last["平均差（亿元）"].parse().expect("a number");
    assert_eq!(shares.iter().filter(of).count(), 4);
    assert!((sum - mean).abs() < 1e-9 * mean.abs().max(1.0), "{sum} {mean}");
}

/// An outage lowers output where it happens, and a backup makes up for a part of it.
#[test]
fn a_backup_makes_up_for_a_part_of_an_outage() {
    let differences = rows(&samples().join("difference.csv"));
    let of = |scenario: &str, cluster: &str| -> (f64, f64) {
        let row = differences
            .iter()
            .find(|it| it["情景"] == scenario && it["集群"] == cluster && it["年份"] == "2027")
            .expect("a row");
        let cell = |name: &str| row[name].parse::<f64>().expect("a number");
        (cell("平均差（亿元）"), cell("完全不变的比例（%）"))
    };
    let chips = "西安/半导体及集成电路";
    let (lost, unchanged) = of("光刻胶断供", chips);
    assert!(lost < 0.0 && (40.0..=95.0).contains(&unchanged), "{lost} {unchanged}");
    let (saved, same) = of("断供有备份", chips);
    assert!(saved > 0.0 && saved < -lost && (same - unchanged).abs() < 1e-9, "{saved} {same}");
    // The customer suffers too.
    assert!(of("光刻胶断供", "西安/光子").0 < 0.0);
}

/// The nation is counted as the data is: without measures the province grows with it.
#[test]
fn the_province_keeps_up_with_the_nation() {
    let fan = rows(&samples().join("fan.csv"));
    let mean = |year: &str| -> f64 {
        let row = fan.iter().find(|it| {
            it["情景"] == "维持现状"
                && it["集群"] == "全部集群"
                && it["指标"] == "产值"
                && it["年份"] == year
        });
        row.expect("a row")["均值"].parse().expect("a number")
    };
    // 5 % in constant prices and 2 % of prices are 7.1 %; twenty replicates and the reference
    // economies are uncertain by some points over four years.
    let yearly = (mean("2030") / mean("2026")).powf(0.25);
    assert!((yearly - 1.071).abs() < 0.04, "{yearly}");
}

#[test]
fn past_targets_show_what_was() {
    let targets = rows(&samples().join("targets.csv"));
    let past = targets.iter().find(|it| it["年份"] == "2024").expect("a target of 2024");
    let actual: f64 = past["实际（亿元）"].parse().expect("the actual");
    assert!(actual > 0.0 && past["百分位"].is_empty());
    assert!(["已实现", "未实现"].contains(&past["说明"].as_str()));
    let coming = targets.iter().find(|it| it["年份"] == "2030").expect("a target of 2030");
    assert!(coming["实际（亿元）"].is_empty() && coming["说明"].contains("百分位"));
}

/// Interrupted, resumed with more replicates, other threads: the same fingerprint.
#[test]
fn a_resumed_run_is_an_undisturbed_one() {
    let text = "[[lever]]\nid = \"创新联合体\"\ncluster = \"西安/光子\"\nto = \"2027Q4\"\n";
    let (dir, path) = folder(text);
    let scenarios = [path];
    let mut whole = options(&scenarios, &dir.path().join("whole"));
    whole.overrides.replicates = Some(36);
    whole.threads = Some(1);
    let expected = run(&whole).manifest.fingerprint;

    let mut part = options(&scenarios, &dir.path().join("part"));
    part.overrides.replicates = Some(20);
    let early = run(&part);
    assert_ne!(early.manifest.fingerprint, expected);
    // As a run that was killed leaves it: no whole batch after the first, and half of a file.
    let parts = dir.path().join("part/parts");
    fs::write(parts.join("000016-000032.part"), b"half").expect("written");
    part.overrides.replicates = Some(36);
    let resumed = run(&part);
    assert_eq!((resumed.manifest.fingerprint.as_str(), resumed.resumed), (expected.as_str(), 16));
    let fan = |name: &str| fs::read(dir.path().join(name).join("fan.csv")).expect("a table");
    assert!(fan("part") == fan("whole"));

    // A changed scenario must not be mixed in.
    fs::write(&scenarios[0], format!("{HEAD}{text}effect = 0.3\n")).expect("written");
    let error = simulate(&part, &Silent).expect_err("other inputs");
    assert!(matches!(error, ForecastError::OtherInputs { .. }), "{error}");
    // A damaged batch is noticed, and somebody else's folder is left alone.
    let file = dir.path().join("whole/parts/000000-000016.bin");
    let mut bytes = fs::read(&file).expect("a batch");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).expect("written");
    fs::write(&scenarios[0], format!("{HEAD}{text}")).expect("written");
    assert!(matches!(simulate(&whole, &Silent), Err(ForecastError::Damaged { .. })));
    whole.out = dir.path().to_owned();
    assert!(matches!(simulate(&whole, &Silent), Err(ForecastError::OutNotOurs { .. })));
}

/// What is wrong with a scenario is told with its place and its remedy.
#[test]
fn wrong_scenarios_are_refused_with_a_remedy() {
    let lever = "[[lever]]\nid = \"揭榜挂帅\"\ncluster = \"西安/光子\"\n";
    let cases = [
        ("[[lever]]\nid = \"人才\"\nclusters = \"西安/光子\"\n".to_owned(), "scenario.unknown-key", "cluster"),
        (format!("{lever}projects_per_year = 5\ngrant = 800\nrd = \"2 亿元\"\n"), "scenario.unit", "money_unit"),
        (format!("{lever}grant = \"8 万元\"\nrd = \"2 亿元\"\n"), "scenario.missing", "schema"),
        ("[[lever]]\nid = \"人才政策\"\ncluster = \"西安/光子\"\n".to_owned(), "scenario.unknown-name", "人才"),
        ("[[lever]]\nid = \"人才\"\ncluster = \"西安/光学\"\n".to_owned(), "scenario.unknown-name", "西安/光子"),
        ("[[lever]]\nid = \"人才\"\ncluster = \"西安/光子\"\nfrom = \"2028Q1\"\nto = \"2027Q1\"\n".to_owned(), "scenario.contradiction", "改"),
        ("[[lever]]\nid = \"人才\"\ncluster = \"西安/光子\"\n[[lever]]\nid = \"人才计划\"\ncluster = \"西安/光子\"\n".to_owned(), "scenario.contradiction", "改"),
        ("[parameters]\nphi = 3.0\n".to_owned(), "simulation.parameter", "范围"),
        ("[parameters]\nphy = 0.1\n".to_owned(), "scenario.unknown-name", "phi"),
        ("[output]\ntargets = [{ cluster = \"西安/光子\", year = 2030, value = \"1 亿元\", measure = \"营业收入\", prices = \"现价\" }]\n".to_owned(), "scenario.measure", "混用"),
        ("[design]\nkind = \"sobol\"\n".to_owned(), "scenario.value", "schema"),
    ];
    for (text, code, remedy) in cases {
        let (_dir, path) = folder(&text);
        let error = Scenario::read(&path, &Overrides::default()).expect_err(&text);
        assert_eq!(error.code(), code, "{text}: {error}");
        assert!(error.remedy(Lang::Zh).contains(remedy), "{text}: {}", error.remedy(Lang::Zh));
        assert!(!error.message(Lang::Zh).is_empty() && !error.remedy(Lang::En).is_empty());
    }
}

#[test]
fn what_the_evidence_does_not_support_is_warned_of() {
    let text = "[parameters]\ntransfer_jump = 0.5\n\
        [[lever]]\nid = \"人才\"\ncluster = \"西安/光子\"\neffect = 0.6\nprobability = 0.9\n\
        [[lever]]\nid = \"招商\"\ncluster = \"铜川/氢能\"\nnumber_per_year = 1\n\
        size_min = \"1 亿元\"\nsize_max = \"2 亿元\"\ndisplacement = 0.0\n";
    let (_dir, path) = folder(text);
    let long = fs::read_to_string(&path).expect("read").replace("quarters = 20", "quarters = 88");
    fs::write(&path, long).expect("written");
    let scenario = Scenario::read(&path, &Overrides::default()).expect("taken with warnings");
    let all: Vec<&str> = scenario.warnings.iter().map(|it| it.zh.as_str()).collect();
    let all = all.join("\n");
    for words in [
        "transfer_jump = 0.5 超出证据范围 0.03—0.17",
        "lever[1].effect = 0.6 超出证据范围 0—0.2",
        "lever[1].probability = 0.9 高于目录的 0.6",
        "lever[2].displacement = 0 超出证据范围 0.2—0.8",
        "超出模型的有效期 20 年",
        "铜川/氢能 没有企业",
    ] {
        assert!(all.contains(words), "{words} in {all}");
    }
}

/// The schema that is shipped is the one that files are checked against.
#[test]
fn the_shipped_schema_is_the_parsers() {
    let path = corpus("schema.json");
    let text = serde_json::to_string_pretty(&json_schema()).expect("plain data") + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|it| it == "always") {
        fs::write(&path, &text).expect("written");
    }
    assert!(
        fs::read_to_string(&path).expect("a schema") == text,
        "INSTA_UPDATE=always rewrites it"
    );
}

/// The workbook to fill in: its example is passed over, a filled one runs and is saved as TOML.
#[test]
fn a_filled_workbook_runs() {
    use duijie::report::{TableCell, write_template};
    use duijie::scenario::cluster_template;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("填报.xlsx");
    let mut template = cluster_template();
    let row = |year: f64, value: f64| -> Vec<TableCell> {
        vec![
            "西安".into(),
            "光子".into(),
            TableCell::Number(year),
            TableCell::Number(value),
            "现价".into(),
            TableCell::Number(30.0),
            TableCell::Blank,
            TableCell::Blank,
        ]
    };
    let sheet =
        |name: &str| template.sheets.iter().position(|it| it.name == name).expect("a sheet");
    let (data, settings, levers, targets) =
        (sheet("集群数据"), sheet("设定"), sheet("杠杆"), sheet("目标"));
    template.sheets[data].rows = vec![row(2030.0, 50.0), row(2031.0, 55.0)];
    template.sheets[settings].rows[2][1] = TableCell::Number(4.0);
    let mut lever = vec![TableCell::Blank; template.sheets[levers].columns.len()];
    let put = |heading: &str| {
        template.sheets[levers].columns.iter().position(|it| it.heading == heading).expect(heading)
    };
    let (planned, share) = (put("基金计划（亿元）"), put("到位率"));
    (lever[0], lever[1], lever[2]) = ("产业基金".into(), "西安".into(), "光子".into());
    (lever[planned], lever[share]) = (TableCell::Number(10.0), TableCell::Number(0.5));
    template.sheets[levers].rows = vec![lever];
    template.sheets[targets].rows = vec![vec![
        "西安".into(),
        "光子".into(),
        TableCell::Number(2035.0),
        TableCell::Number(100.0),
    ]];
    let now = "2026-11-20T12:00[UTC]".parse().expect("a time");
    write_template(&path, &template, &now).expect("written");

    let scenario = Scenario::read(&path, &Overrides::default()).expect("a filled workbook");
    assert_eq!((scenario.name.as_str(), scenario.replicates), ("我的情景", 4));
    assert_eq!(scenario.start.to_string(), "2032Q1");
    assert_eq!((scenario.levers.len(), scenario.targets.len()), (1, 1));
    assert_eq!(scenario.targets[0].value, 1e6);
    assert_eq!(scenario.series.figures.len(), 1, "the example is not data");

    let out = dir.path().join("out");
    let from_workbook = run(&options(&[path], &out)).manifest.fingerprint;
    let saved = out.join("scenario_我的情景.toml");
    let again = Scenario::read(&saved, &Overrides::default()).expect("the saved form");
    assert_eq!((again.levers, again.targets), (scenario.levers, scenario.targets));
    assert!(!from_workbook.is_empty());

    // As it is written, it names its first fault and how to mend it.
    write_template(&dir.path().join("空.xlsx"), &cluster_template(), &now).expect("written");
    let error = Scenario::read(&dir.path().join("空.xlsx"), &Overrides::default());
    assert_eq!(error.expect_err("nothing filled in").code(), "scenario.table");
}

/// A register names firms; matches of a finished run reach them, and unknown askers are told.
#[test]
fn matches_of_a_run_reach_their_clusters() {
    let text = "firms = \"firms.csv\"\norganizations = \"organizations.csv\"\n";
    let (dir, path) = folder(text);
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    write("firms.csv", "企业名称,市,产业,产值,单位,成立年份\n甲光电,西安,光子,30000,万元,2015\n");
    write("organizations.csv", "单位,市,产业\n乙钛业,宝鸡,钛及钛合金\n");
    fs::create_dir_all(dir.path().join("run/index")).expect("made");
    let record = |id: &str, who: &str| {
        format!("{{\"side\":\"demand\",\"id\":\"{id}\",\"organization\":\"{who}\"}}\n")
    };
    write(
        "run/index/records.jsonl",
        &(record("d1", "甲光电") + &record("d2", "乙钛业") + &record("d3", "丙公司")),
    );
    let pair = |id: &str, verdict: &str| {
        format!(
            "{{\"demand_id\":\"{id}\",\"allocated\":true,\"probability\":0.6,\"verdict\":\"{verdict}\"}}\n"
        )
    };
    let pairs = ["d1", "d2", "d2", "d3"].map(|id| pair(id, "recommend")).concat();
    write("run/matches.jsonl", &(pairs + &pair("d1", "discuss")));
    let overrides = Overrides { matches: Some(dir.path().join("run")), ..Overrides::default() };
    let scenario = Scenario::read(&path, &overrides).expect("a scenario");
    assert_eq!(scenario.firms.0, 1);
    assert_eq!((scenario.matches.known.len(), scenario.matches.unplaced), (3, 1));
    assert_eq!(scenario.matches.known[0].score, 153);
    assert_eq!(scenario.matches.unknown, ["丙公司"]);
    let intake: f64 = scenario.matches.intake.iter().map(|it| it.1).sum();
    assert!((intake - 0.75).abs() < 1e-12, "three a year");
    assert!(scenario.notes.iter().any(|it| it.zh.contains("丙公司")));
}

/// The command: sentences on stdout, errors with remedies, the page named.
#[test]
fn the_command_says_its_sentences() {
    let (dir, path) = folder("[[lever]]\nid = \"人才\"\ncluster = \"西安/光子\"\n");
    let call = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_duijie"));
        let output = command.current_dir(dir.path()).args(arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let path = path.to_str().expect("UTF-8");
    let (code, out, err) =
        call(&["simulate", path, "--out", "out", "--replicates", "4", "--threads", "1"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("“试验”") && out.contains("指纹") && out.contains("report.html"), "{out}");
    let (code, out, _) =
        call(&["simulate", path, "--out", "out", "--replicates", "4", "--json", "--lang", "en"]);
    assert_eq!(code, Some(0));
    let manifest: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(manifest["schema"], "duijie.simulate/1");
    let (code, _, err) = call(&["simulate", path, "--out", "out", "--seed", "0x7"]);
    assert!(code == Some(1) && err.contains("办法："), "{err}");
    assert_eq!(call(&["simulate", path, "--out", "out", "--seed", "seven"]).0, Some(2));
    assert_eq!(call(&["template", "cluster", "表.xlsx"]).0, Some(0));
    assert!(dir.path().join("表.xlsx").is_file());
}

/// More firms than slots: the replicate is run again with more, and nothing is dropped.
#[test]
fn a_crowd_of_entrants_finds_room() {
    let (dir, path) = folder("[parameters]\ne0 = 0.2\n");
    let short = fs::read_to_string(&path).expect("read").replace("quarters = 20", "quarters = 12");
    fs::write(&path, short.replace("replicates = 8", "replicates = 2")).expect("written");
    let summary = run(&options(&[path], &dir.path().join("out")));
    assert!(summary.warnings.iter().any(|it| it.zh.contains("e0 = 0.2 超出证据范围")));
    let fan = rows(&dir.path().join("out/fan.csv"));
    let last = fan
        .iter()
        .find(|it| it["集群"] == "全部集群" && it["指标"] == "企业数" && it["年份"] == "2028")
        .expect("a row");
    // 83 firms at the start, four times as many slots at first.
    assert!(last["均值"].parse::<f64>().expect("a number") > 4.0 * 83.0, "{last:?}");
}
