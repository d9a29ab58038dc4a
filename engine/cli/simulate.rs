//! `duijie simulate`: what clusters may become, with and without measures.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::CommandResult;
use super::match_lists::run_time;
use super::outcome::{Failure, tell};
use super::progress::Bars;
use crate::forecast::{ForecastError, SimulateOptions, SimulateSummary, simulate};
use crate::model::Lang;
use crate::scenario::Overrides;

pub(super) const SIMULATE_EXAMPLES: &str = "\
示例：
  duijie simulate corpus/scenarios/brokering.toml --out sim
  duijie simulate corpus/scenarios/*.toml --out sim --replicates 64
  duijie simulate 钛.toml 基金.toml --out sim --seed 0x5eed0001 --from-run out

先看 sim/report.html；中断后用同样的命令继续，已算完的不重算。
情景文件的写法见 corpus/scenarios/ 的样例和 schema.json；不想写文件，用 duijie template cluster 得到一份可以直接填的表。";

#[derive(Debug, Args)]
pub(super) struct SimulateArguments {
    /// 情景文件（TOML），或填好的推演填报表（XLSX），一个或多个
    #[arg(value_name = "SCENARIO", required = true)]
    pub(super) scenarios: Vec<PathBuf>,

    /// 结果目录；里面若是同一输入的未完结果，就接着算
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,

    /// 推演次数，代替情景文件里的
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=65_536))]
    pub(super) replicates: Option<u32>,

    /// 随机数种子，十进制或 0x 开头，代替情景文件里的
    #[arg(long, value_name = "SEED")]
    pub(super) seed: Option<String>,

    /// 把一次 match 的结果作为已知对接和对接量
    #[arg(long, value_name = "DIR")]
    pub(super) from_run: Option<PathBuf>,

    /// 计算后端
    #[arg(long, value_name = "cpu", default_value = "cpu")]
    pub(super) backend: SimulateBackend,

    /// 线程数；默认用全部
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// 在标准输出写 JSON 摘要
    #[arg(long)]
    pub(super) json: bool,
}

/// Where replicates are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SimulateBackend {
    Cpu,
}

impl From<ForecastError> for Failure {
    fn from(error: ForecastError) -> Self {
        Self::Input(Box::new(error))
    }
}

pub(super) fn run(arguments: &SimulateArguments, lang: Lang) -> CommandResult {
    let SimulateBackend::Cpu = arguments.backend;
    let seed = arguments.seed.as_deref().map(|text| seed(text, lang)).transpose()?;
    let options = SimulateOptions {
        scenarios: arguments.scenarios.clone(),
        out: arguments.out.clone(),
        overrides: Overrides {
            seed,
            replicates: arguments.replicates,
            matches: arguments.from_run.clone(),
        },
        threads: arguments.threads.map(usize::from),
        back_test_passed: false,
        now: run_time(),
        lang,
    };
    let summary = simulate(&options, &Bars::new(lang))?;
    for warning in &summary.warnings {
        tell(&format!("{}{}", lang.pick("注意：", "warning: "), warning.get(lang)));
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string(&summary.manifest).map_err(std::io::Error::from)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    print_summary(&mut out, &summary, &options, lang)
}

fn print_summary(
    out: &mut impl Write,
    summary: &SimulateSummary,
    options: &SimulateOptions,
    lang: Lang,
) -> CommandResult {
    for sentence in &summary.sentences {
        writeln!(out, "{}", sentence.get(lang))?;
    }
    let manifest = &summary.manifest;
    let report = options.out.join("report.html");
    match lang {
        Lang::Zh => {
            writeln!(
                out,
                "推演 {} 次（其中 {} 次上回已算），指纹 {}",
                manifest.replicates, summary.resumed, manifest.fingerprint
            )?;
            writeln!(out, "没有通过回测：区间和预警都标空心，比较情景之差比引用单个预测可靠")?;
            writeln!(out, "请看 {}", report.display())?;
        }
        Lang::En => {
            writeln!(
                out,
                "{} replicates, {} of them from before; fingerprint {}",
                manifest.replicates, summary.resumed, manifest.fingerprint
            )?;
            writeln!(
                out,
                "no passed back-test: bands and warnings are hollow, differences are more reliable than single forecasts"
            )?;
            writeln!(out, "see {}", report.display())?;
        }
    }
    Ok(())
}

fn seed(text: &str, lang: Lang) -> Result<u64, Failure> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(&digits.replace('_', ""), 16),
        None => text.parse(),
    };
    parsed.map_err(|_| {
        Failure::usage(
            format!("--seed {text}"),
            lang.pick(
                "写成整数或 0x 开头的十六进制数，如 --seed 0x5eed0001",
                "write a whole number, or a hexadecimal one such as --seed 0x5eed0001",
            ),
        )
    })
}
