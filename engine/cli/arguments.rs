//! What can be typed. Help texts here are Chinese; `localise.rs` has the English ones.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::kernel::BackendChoice;
use crate::model::Side;
use crate::pipeline::EmbedderChoice;

/// 技术供需双向对接：读入需求清单和供给清单，两个方向都匹配，逐条说明理由。
#[derive(Debug, Parser)]
#[command(name = "duijie", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,

    /// 界面语言：zh 中文，en 英文
    #[arg(long, global = true, value_name = "zh|en", default_value = "zh")]
    pub(super) lang: String,

    /// 在标准错误上写更多运行日志（可重复：-vv）
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 匹配两份清单，结果写入一个目录
    #[command(after_help = MATCH_EXAMPLES)]
    Match(MatchArguments),
    /// 检查一份清单：看懂了什么，没看懂什么（不做匹配）
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// 在一次运行的结果里按文字查找
    #[command(after_help = SEARCH_EXAMPLES)]
    Search(SearchArguments),
    /// 解释一对供需的得分：逐项相加，附原文
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// 列出本机可用的计算后端
    Backends(BackendsArguments),
    /// 用评分文件检验排名质量，与 BM25 对照
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArguments),
}

const MATCH_EXAMPLES: &str = "\
示例：
  duijie match corpus/sample --out out
  duijie match --demands 需求.xlsx --supplies 成果.csv 专利.xlsx --out out
  duijie match 清单目录 --out out --as-of 2026-06-30 --per-demand 5
  duijie match --demands a.csv --supplies b.csv --map demand:title=项目名称 --drop 备注 --out out";

const IMPORT_EXAMPLES: &str = "\
示例：
  duijie import --check 需求.xlsx
  duijie import --check 专利.csv --side supply --json";

const SEARCH_EXAMPLES: &str = "\
示例：
  duijie search \"碳化硅 衬底 抛光\" --in out
  duijie search C++ --in out --side demand --limit 5";

const EXPLAIN_EXAMPLES: &str = "\
示例：
  duijie explain XQ-2026-0012 GJ-2026-0345 --in out";

const EVAL_EXAMPLES: &str = "\
示例：
  duijie eval --run out/ranking.trec --qrels corpus/sample/qrels.tsv --baseline out/ranking.bm25.trec";

#[derive(Debug, Args)]
pub(super) struct MatchArguments {
    /// 目录，其中恰有一个 demands.* 和一个 supplies.*
    #[arg(value_name = "DIR", conflicts_with_all = ["demands", "supplies"], required_unless_present_all = ["demands", "supplies"])]
    pub(super) dir: Option<PathBuf>,

    /// 需求清单，一个或多个文件（XLSX、XLS、CSV、TSV、JSONL）
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "supplies")]
    pub(super) demands: Vec<PathBuf>,

    /// 供给清单，一个或多个文件
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "demands")]
    pub(super) supplies: Vec<PathBuf>,

    /// 结果目录；其中若是以前的运行结果则整体替换
    #[arg(long, short, value_name = "DIR")]
    pub(super) out: PathBuf,

    #[command(flatten)]
    pub(super) columns: ColumnArguments,

    /// 参考日期（YYYY-MM-DD），判断是否过期、是否新近；默认今天
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,

    /// 每条需求最多推荐几条供给
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) per_demand: u32,

    /// 每条供给最多进入几份推荐清单
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) per_supply: u32,

    /// 计算后端：auto 有显卡用显卡，cpu，gpu
    #[arg(long, value_name = "auto|cpu|gpu", default_value = "auto")]
    pub(super) backend: BackendArgument,

    /// 每条记录、每个方向、每种检索方式取多少候选
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) candidates: u32,

    /// 两个方向的排名各写多深（ranking.trec）
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) depth: u32,

    /// 每条记录保留多少对的完整理由（matches.jsonl、lists.xlsx）
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) top: u32,

    /// 被拒行的比例超过此值（%）就停止
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) max_rejected: u8,

    /// 权重文件，代替内置权重
    #[arg(long, value_name = "FILE")]
    pub(super) weights: Option<PathBuf>,

    /// 校准文件，代替内置校准
    #[arg(long, value_name = "FILE")]
    pub(super) calibration: Option<PathBuf>,

    /// 技术经理人的反馈：填了“反馈”“原因”列的 lists.xlsx，或 CSV、JSONL
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) answers: Vec<PathBuf>,

    /// 只用这一天及以前的反馈（YYYY-MM-DD）
    #[arg(long, value_name = "DATE", requires = "answers")]
    pub(super) answers_until: Option<Date>,

    #[command(flatten)]
    pub(super) embedder: EmbedderArguments,

    /// 在标准输出上写一份 JSON 摘要
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ColumnArguments {
    /// 指定某一列是什么字段，如 title=项目名称；前面加 demand: 或 supply: 只用于一侧
    #[arg(long = "map", value_name = "[SIDE:]FIELD=COLUMN")]
    pub(super) map: Vec<String>,

    /// 不读某一列；前面加 demand: 或 supply: 只用于一侧
    #[arg(long = "drop", value_name = "[SIDE:]COLUMN")]
    pub(super) drop: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct EmbedderArguments {
    /// 向量从哪里来：builtin（内置模型），或模型目录
    #[arg(long, value_name = "builtin|DIR", default_value = "builtin")]
    pub(super) embedder: EmbedderChoice,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// 要检查的文件
    #[arg(long, value_name = "FILE", required = true)]
    pub(super) check: PathBuf,

    /// 当作哪一侧读；不写则按文件名判断
    #[arg(long, value_name = "demand|supply")]
    pub(super) side: Option<SideArgument>,

    #[command(flatten)]
    pub(super) columns: ColumnArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    /// 要找的文字、编号或分类号
    #[arg(value_name = "TEXT")]
    pub(super) text: String,

    /// 运行结果目录
    #[arg(long = "in", value_name = "DIR")]
    pub(super) out: PathBuf,

    /// 查哪一侧
    #[arg(long, value_name = "supply|demand", default_value = "supply")]
    pub(super) side: SideArgument,

    /// 最多显示几条
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) limit: u32,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// 需求编号
    #[arg(value_name = "DEMAND")]
    pub(super) demand: String,

    /// 供给编号
    #[arg(value_name = "SUPPLY")]
    pub(super) supply: String,

    /// 运行结果目录
    #[arg(long = "in", value_name = "DIR")]
    pub(super) out: PathBuf,

    #[command(flatten)]
    pub(super) embedder: EmbedderArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackendsArguments {
    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    /// 排名文件（TREC 格式），如 out/ranking.trec
    #[arg(long, value_name = "FILE")]
    pub(super) run: PathBuf,

    /// 评分文件（TREC qrels：查询 0 文档 等级）
    #[arg(long, value_name = "FILE")]
    pub(super) qrels: PathBuf,

    /// 对照的排名文件；不写则取同目录的 BM25 排名
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// 从哪一级起算作相关（用于 MRR、命中率、召回率）
    #[arg(long, value_name = "GRADE", default_value_t = 2)]
    pub(super) relevant_from: i32,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum BackendArgument {
    Auto,
    Cpu,
    Gpu,
}

impl From<BackendArgument> for BackendChoice {
    fn from(argument: BackendArgument) -> Self {
        match argument {
            BackendArgument::Auto => Self::Auto,
            BackendArgument::Cpu => Self::Cpu,
            BackendArgument::Gpu => Self::Gpu,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SideArgument {
    Demand,
    Supply,
}

impl From<SideArgument> for Side {
    fn from(argument: SideArgument) -> Self {
        match argument {
            SideArgument::Demand => Self::Demand,
            SideArgument::Supply => Self::Supply,
        }
    }
}
