//! `duijie backtest`: would the growth model have foreseen the years that have passed?

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::outcome::{Failure, tell};
use super::{CommandResult, table};
use crate::corpus::{MoneyUnit, YearlyOptions};
use crate::model::Lang;
use crate::pipeline::{BackTestJob, BackTestOutcome, run_back_test};
use crate::report::{back_test_banner, rival_label};
use crate::simulation::backtest::{BackTestOptions, COVERAGE_LEVELS};

pub(super) const BACK_TEST_EXAMPLES: &str = "\
示例：
  duijie backtest --series 高技术产业.csv --column 主营业务收入 --firms 企业数 --out 回测
  duijie backtest --series 产值.csv --column 产值（亿元） --group 城市 --out 回测 --json";

#[derive(Debug, Args)]
pub(super) struct BackTestArguments {
    /// 逐年序列（CSV）：每组每年一行，或省份、年份、变量名、数值、单位的长表
    #[arg(long, value_name = "FILE")]
    pub(super) series: PathBuf,

    /// 要回测的变量：列名，或长表中的变量名；只读一个，产值、营业收入、增加值不混用
    #[arg(long, value_name = "NAME")]
    pub(super) column: String,

    /// 企业数的列名或变量名；没有则按产出比例假设
    #[arg(long, value_name = "NAME")]
    pub(super) firms: Option<String>,

    /// 分组的列名；不写则找 省份、城市、集群 等常用列名
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,

    /// 金额单位，文件没有写明时用：元、万元、亿元
    #[arg(long, value_name = "UNIT")]
    pub(super) unit: Option<String>,

    /// 结果目录；其中已有的回测结果会被整体替换
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// 先验模拟次数
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(70..=100_000))]
    pub(super) prior_runs: u32,

    /// 每次预测的成员数
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=10_000))]
    pub(super) draws: u32,

    /// 最多模拟多少户企业（各组合计）
    #[arg(long, value_name = "N", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(super) most_firms: u32,

    /// 随机数种子
    #[arg(long, value_name = "N", default_value_t = 2026)]
    pub(super) seed: u32,

    /// 在标准输出上写 JSON 摘要
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(arguments: &BackTestArguments, lang: Lang) -> CommandResult {
    let unit = arguments.unit.as_deref().map(|text| unit(text, lang)).transpose()?;
    let defaults = BackTestOptions::default();
    let job = BackTestJob {
        file: arguments.series.clone(),
        yearly: YearlyOptions {
            column: arguments.column.clone(),
            firms: arguments.firms.clone(),
            group: arguments.group.clone(),
            unit,
        },
        options: BackTestOptions {
            prior_runs: arguments.prior_runs,
            draws: arguments.draws as usize,
            most_firms: arguments.most_firms,
            seed: [arguments.seed, defaults.seed[1]],
            ..defaults
        },
        out: arguments.out.clone(),
        lang,
    };
    let told = |origin: usize, origins: usize| {
        if std::io::stderr().is_terminal() {
            let word = lang.pick("起点", "origin");
            tell(&format!("{word} {}/{origins}", origin + 1));
        }
    };
    let outcome = run_back_test(&job, told)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", summary(&outcome, arguments))?;
    } else {
        write!(out, "{}", text(&outcome, arguments, lang))?;
    }
    Ok(())
}

fn unit(text: &str, lang: Lang) -> Result<MoneyUnit, Failure> {
    MoneyUnit::of(text).ok_or_else(|| {
        Failure::usage(
            format!("--unit {text}"),
            lang.pick("写 元、万元 或 亿元", "give 元, 万元 or 亿元"),
        )
    })
}

fn summary(outcome: &BackTestOutcome, arguments: &BackTestArguments) -> serde_json::Value {
    let verdict = &outcome.result.verdict;
    json!({
        "passed": verdict.passed,
        "series": verdict.series.len(),
        "forecasts": outcome.result.scored.len(),
        "median_skill": verdict.median_skill.map(|it| it.0),
        "coverage": verdict.coverage,
        "fingerprint": outcome.fingerprint,
        "out": arguments.out,
    })
}

fn text(outcome: &BackTestOutcome, arguments: &BackTestArguments, lang: Lang) -> String {
    let t = |zh, en| lang.pick(zh, en);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let verdict = &outcome.result.verdict;
    let mut rows = vec![vec![
        t("对手", "rival").to_owned(),
        t("得分中位数", "median skill").to_owned(),
        t("95 % 区间", "95 % interval").to_owned(),
        t("更好的序列", "series better").to_owned(),
    ]];
    for (rival, (median, low, high)) in verdict.median_skill.iter().enumerate() {
        let better = verdict.series.iter().filter(|it| it.skill[rival] > 0.0).count();
        rows.push(vec![
            rival_label(rival, lang).to_owned(),
            percent(*median),
            format!("{} – {}", percent(*low), percent(*high)),
            format!("{better} / {}", verdict.series.len()),
        ]);
    }
    let mut text = format!("{}\n\n", back_test_banner(verdict.passed, lang));
    text.push_str(&table::lines_up(&rows));
    text.push('\n');
    let covered = COVERAGE_LEVELS.iter().zip(verdict.coverage);
    let covered: Vec<Vec<String>> = covered
        .map(|(level, share)| {
            vec![
                format!("{} {}", percent(*level), t("区间覆盖", "interval covers")),
                percent(share),
            ]
        })
        .collect();
    text.push_str(&table::lines_up(&covered));
    text.push('\n');
    for note in &outcome.notes {
        text.push_str(&format!("- {note}\n"));
    }
    let (n, out) = (outcome.result.scored.len(), arguments.out.display());
    text.push_str(&match lang {
        Lang::Zh => format!("{n} 次预测，明细在 {out}\n"),
        Lang::En => format!("{n} forecasts, details in {out}\n"),
    });
    text
}
