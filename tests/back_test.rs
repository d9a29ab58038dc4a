//! `duijie backtest`: its files agree with each other, repeat to the byte, and bad series are refused.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use duijie::kernel::firm_step::philox::philox;
use serde_json::Value;

fn duijie(arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("duijie").expect("the program");
    command.args(arguments).output().expect("it runs")
}

/// Twelve made groups over 2008–2019 without 2015, growth 0.1 with deviation of some 0.1 per year.
fn made(folder: &Path) -> PathBuf {
    let mut text = String::from("省份,年份,变量,数值,单位\n");
    for group in 0..12_u32 {
        let mut output = 50.0 * f64::from(group + 1);
        for year in 2008..2020_u32 {
            let words = philox([group, year, 0, 0], [3, 5]);
            let noise: f64 = words.iter().map(|w| f64::from(*w) / 2_f64.powi(32) - 0.5).sum();
            output *= (0.1 + 0.17 * noise).exp2();
            if year != 2015 {
                writeln!(text, "第{group}省,{year},营业收入,{output:.3},亿元").expect("a string");
                writeln!(text, "第{group}省,{year},企业数,{},个", 20 * (group + 1))
                    .expect("a string");
            }
        }
    }
    let path = folder.join("made.csv");
    fs::write(&path, text).expect("a writable folder");
    path
}

const QUICK: [&str; 6] = ["--prior-runs", "80", "--draws", "30", "--most-firms", "800"];

fn run(series: &Path, out: &Path, more: &[&str]) -> std::process::Output {
    let (series, out) = (series.to_str().expect("plain"), out.to_str().expect("plain"));
    let fixed = ["backtest", "--series", series, "--column", "营业收入", "--out", out];
    duijie(&[&fixed[..], &QUICK, more].concat())
}

#[test]
fn files_agree_with_each_other_and_repeat() {
    let folder = tempfile::tempdir().expect("temp");
    let series = made(folder.path());
    let out = folder.path().join("out");
    let first = run(&series, &out, &["--firms", "企业数", "--json"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let told: Value = serde_json::from_slice(&first.stdout).expect("JSON");

    let forecasts = fs::read_to_string(out.join("forecasts.csv")).expect("written");
    let rows: Vec<Vec<&str>> =
        forecasts.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let headings: Vec<&str> = forecasts.lines().next().expect("headings").split(',').collect();
    let at = |name: &str| headings.iter().position(|it| *it == name).expect("a heading");
    let number = |row: &Vec<&str>, name: &str| row[at(name)].parse::<f64>().expect("a number");
    // Origins 2013 to 2018 but 2015, one to three years ahead, without targets in 2015:
    // 2013: 1 and 3; 2014: 2 and 3; 2016: 1 to 3; 2017: 1 and 2; 2018: 1.
    assert_eq!(rows.len(), 12 * 10);
    let share = rows.iter().map(|row| number(row, "in80")).sum::<f64>() / rows.len() as f64;
    assert!((share - told["coverage"][1].as_f64().expect("a number")).abs() < 1e-9);
    for row in &rows {
        let quantiles: Vec<f64> = headings
            .iter()
            .filter(|name| name.starts_with('q'))
            .map(|name| number(row, name))
            .collect();
        assert!(quantiles.is_sorted() && quantiles.len() == 7, "{row:?}");
        let inside = (quantiles[1]..=quantiles[5]).contains(&number(row, "observed_log2"));
        assert_eq!(number(row, "in80") > 0.5, inside, "{row:?}");
    }
    let series_rows = fs::read_to_string(out.join("series.csv")).expect("written");
    for line in series_rows.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let own: Vec<_> = rows.iter().filter(|row| row[0] == cells[0]).collect();
        let sum = |name: &str| own.iter().map(|row| number(row, name)).sum::<f64>();
        let skill = 1.0 - sum("crps") / sum("crps_ar1");
        assert!((skill - cells[4].parse::<f64>().expect("a number")).abs() < 1e-4, "{line}");
    }
    let report = fs::read_to_string(out.join("report.html")).expect("written");
    let banner = if told["passed"] == true { "通过回测" } else { "未通过回测" };
    assert!(report.contains(&format!("<b>{banner}</b>")));
    assert!(report.contains("缺 2015 年的数据") && report.contains("<svg"));
    assert!(!report.contains("NaN") && !report.contains("http-equiv"));
    let manifest = fs::read_to_string(out.join("manifest.json")).expect("written");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["fingerprint"], told["fingerprint"]);
    assert_eq!((&manifest["kind"], &manifest["prices"]), (&"revenue".into(), &"unstated".into()));

    // Into the same folder, with other threads: the same bytes.
    let mut again = Command::cargo_bin("duijie").expect("the program");
    again.env("RAYON_NUM_THREADS", "1").args(["backtest", "--series"]).arg(&series);
    again.args(["--column", "营业收入", "--firms", "企业数", "--out"]).arg(&out).args(QUICK);
    let again = again.output().expect("it runs");
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let text = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(text.starts_with(banner) && text.contains("带漂移的随机游走"), "{text}");
    assert_eq!(fs::read_to_string(out.join("forecasts.csv")).expect("written"), forecasts);
    assert_eq!(fs::read_to_string(out.join("report.html")).expect("written"), report);
}

#[test]
fn what_cannot_be_tested_is_refused_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().expect("temp");
    let series = made(folder.path());
    let failed = |output: &std::process::Output, code: &str| {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(code), "{told}");
    };
    let precious = folder.path().join("precious");
    fs::create_dir(&precious).expect("temp");
    fs::write(precious.join("thesis.docx"), "mine").expect("temp");
    failed(&run(&series, &precious, &[]), "pipeline.out-not-ours");
    assert!(precious.join("thesis.docx").exists());

    let out = folder.path().join("out");
    let bad = folder.path().join("bad.csv");
    let text = fs::read_to_string(&series).expect("made");
    let mut units = text.clone();
    units.push_str("第0省,2021,营业收入,1000,万元\n");
    for (content, code) in [
        (units, "yearly.mixed"),
        (text.replacen("50.", "-50.", 1).replacen(",5", ",-5", 1), "yearly.value"),
        (text.replace("营业收入", "增加值"), "yearly.no-column"),
        (text.lines().take(12).collect::<Vec<_>>().join("\n"), "simulation.shape"),
    ] {
        fs::write(&bad, content).expect("temp");
        failed(&run(&bad, &out, &[]), code);
    }
    assert!(!out.exists());
    let usage = run(&series, &out, &["--unit", "美元"]);
    assert_eq!(usage.status.code(), Some(2));
}

/// High-tech revenue of the provinces; the data are not part of the project.
#[test]
fn real_series_of_the_provinces() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/province_stats/IndustryOperation.csv");
    if !file.exists() {
        // A standard error that is closed is no reason to fail.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no real series\n");
        return;
    }
    let folder = tempfile::tempdir().expect("temp");
    let out = folder.path().join("out");
    let (file, out) = (file.to_str().expect("plain"), out.to_str().expect("plain"));
    let output = duijie(&[
        "backtest",
        "--series",
        file,
        "--column",
        "主营业务收入",
        "--firms",
        "企业数",
        "--out",
        out,
        "--prior-runs",
        "120",
        "--draws",
        "50",
        "--most-firms",
        "6000",
        "--json",
    ]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["series"], 31);
    // 2017 is missing: seven origins, sixteen pairs of origin and target.
    assert_eq!(told["forecasts"], 31 * 16);
    let manifest = fs::read_to_string(Path::new(out).join("manifest.json")).expect("written");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    assert_eq!(manifest["missing_years"], serde_json::json!([2017]));
    // The threshold of who is counted was raised in 2011.
    assert_eq!(manifest["count_breaks"], serde_json::json!([2011]));
    // Few runs: only that the forecast is of the right size, not that it passes.
    let coverage = told["coverage"][1].as_f64().expect("a number");
    assert!((0.5..=0.98).contains(&coverage), "{told}");
    let skill = told["median_skill"][0].as_f64().expect("a number");
    assert!((-0.5..=0.5).contains(&skill), "{told}");
}
