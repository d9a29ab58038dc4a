//! What can be typed. Help texts here are Chinese; `localise.rs` has the English ones.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::back_test::{BACK_TEST_EXAMPLES, BackTestArguments};
use super::simulate::{SIMULATE_EXAMPLES, SimulateArguments};
use super::template::{TEMPLATE_EXAMPLES, TemplateArguments};
use super::{judge, serve, token, user};
use crate::embed::Source;
use crate::kernel::BackendChoice;
use crate::model::Side;
use crate::pipeline::{
    AllocationMethod, DEFAULT_EXPOSURE_COST, EmbedderChoice, QuotaOption, SynonymsChoice,
};

/// 技术供需双向对接：读入需求清单和供给清单，两个方向都匹配，逐条说明理由。
#[derive(Debug, Parser)]
#[command(name = "duijie", version, disable_help_subcommand = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

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
    /// 建立工作区：清单、结果和设置都放在一个目录里，可以每晚自动运行
    #[command(after_help = INIT_EXAMPLES)]
    Init(InitArguments),
    /// 把清单、反馈或联系人读入工作区；--check 只检查一份清单，什么也不写
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// 工作区现状：记录数、已发布的结果、上次运行、是否过期
    #[command(after_help = STATUS_EXAMPLES)]
    Status(StatusArguments),
    /// 夜间任务：读收件箱、匹配、发布；适合由计划任务运行
    #[command(after_help = NIGHTLY_EXAMPLES)]
    Nightly(NightlyArguments),
    /// 把工作区里的记录、结果或统计导出为 XLSX、CSV、JSONL 或 Parquet
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// 删去不再保留的旧索引和旧结果（保留几代见 duijie.toml 的 [keep]）
    Gc(GcArguments),
    /// 核对工作区：数据库是否完好，索引和结果的每个文件是否与发布时一致
    Verify(VerifyArguments),
    /// 备份数据库和设置到一个新目录
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(BackupArguments),
    /// 用备份恢复；现有数据移到一旁，不删除
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArguments),
    /// 在一次运行的结果里按文字查找
    #[command(after_help = SEARCH_EXAMPLES)]
    Search(SearchArguments),
    /// 解释一对供需的得分：逐项相加，附原文
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// 列出本机可用的计算后端
    Backends(BackendsArguments),
    /// 用人工评分检验匹配质量：各种排名、双向清单、把握，与 BM25 对照
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArguments),
    /// 回测产业集群推演：用历年序列检验预测，与简单方法比较
    #[command(after_help = BACK_TEST_EXAMPLES)]
    Backtest(BackTestArguments),
    /// 向量模型：列出、取得、核对
    #[command(after_help = MODEL_EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
    Model(ModelArguments),
    /// 用户：谁可以登录网页，是什么角色
    #[command(after_help = user::EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
    User(user::UserArguments),
    /// 令牌：程序用来访问接口
    #[command(after_help = token::EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
    Token(token::TokenArguments),
    /// 网页和接口：查找、匹配一段文字、反馈、跟进
    #[command(after_help = serve::EXAMPLES)]
    Serve(serve::ServeArguments),
    /// 人工评分：取一批配对盲评，写成 qrels
    #[command(after_help = judge::EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
    Judge(judge::JudgeArguments),
    /// 产业集群增长推演：有无某项举措，集群会怎样，有多大把握
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArguments),
    /// 写出可以直接填写的表格
    #[command(after_help = TEMPLATE_EXAMPLES, arg_required_else_help = true, disable_help_subcommand = true)]
    Template(TemplateArguments),
}

const MATCH_EXAMPLES: &str = "\
示例：
  duijie match corpus/sample --out out
  duijie match --demands 需求.xlsx --supplies 成果.csv 专利.xlsx --out out
  duijie match 清单目录 --out out --as-of 2026-06-30 --per-demand 5
  duijie match 清单目录 --out out --allocation stable --quota region=3
  duijie match --demands a.csv --supplies b.csv --map demand:title=项目名称 --drop 备注 --out out";

const INIT_EXAMPLES: &str = "\
示例：
  duijie init --workspace /srv/duijie
  cd /srv/duijie && duijie import 需求.xlsx 成果.csv && duijie nightly && duijie status";

const IMPORT_EXAMPLES: &str = "\
示例：
  duijie import --check 需求.xlsx
  duijie import --check 专利.csv --side supply --json
  duijie import 需求.xlsx 成果.csv
  duijie import 揭榜.xlsx --side demand --list 攻关清单 --set 攻关 --whole
  duijie import --answers runs/2026-11-20-1/lists.xlsx
  duijie import --contacts 联系人.xlsx";

const STATUS_EXAMPLES: &str = "\
示例：
  duijie status
  duijie status --workspace /srv/duijie --json";

const NIGHTLY_EXAMPLES: &str = "\
示例：
  duijie nightly
  duijie nightly --workspace /srv/duijie --on-failure 'mail -s duijie office@example.org < /dev/null'
  duijie nightly --dry-run

标准输出是一行 JSON 摘要；标准错误在终端上是进度条，否则每行一条 JSON 日志。
失败时 --on-failure 的命令从环境变量 DUIJIE_CODE、DUIJIE_MESSAGE、DUIJIE_REMEDY、DUIJIE_WORKSPACE 得知原因。
退出码：0 已发布，1 没有发布（输入或环境有问题，已发布的结果不变），2 用法不对，255 程序缺陷。";

const EXPORT_EXAMPLES: &str = "\
示例：
  duijie export 全部.xlsx
  duijie export 供给.csv --side supply
  duijie export 攻关.jsonl --set 攻关 --with-contacts
  duijie export 结果.parquet --what pairs
  duijie export 上半年.xlsx --what figures --from 2026-01-01 --until 2026-06-30";

const BACKUP_EXAMPLES: &str = "\
示例：
  duijie backup --to /media/usb
  duijie restore /media/usb/duijie-20261120-020000";

const RESTORE_EXAMPLES: &str = "\
示例：
  duijie restore /media/usb/duijie-20261120-020000
  duijie nightly";

const SEARCH_EXAMPLES: &str = "\
示例：
  duijie search \"碳化硅 衬底 抛光\" --in out
  duijie search C++ --in out --side demand --limit 5";

const EXPLAIN_EXAMPLES: &str = "\
示例：
  duijie explain XQ-2026-0012 GJ-2026-0345 --in out";

const EVAL_EXAMPLES: &str = "\
示例：
  duijie eval --demands 需求.xlsx --supplies 成果.csv --qrels 评分.tsv
  duijie eval --demands 需求.xlsx --supplies 成果.csv --qrels 评分.tsv --report 评测.html --run-dir runs
  duijie eval --demands 专利.csv --supplies 专利.csv --drop ipc --keep 'supply:organization~大学|学院' --qrels 评分.tsv
  duijie eval --demands 需求.xlsx --supplies 成果.csv --qrels 反向评分.tsv --reverse --json
  duijie eval --run out/ranking.trec --qrels corpus/sample/qrels.tsv --baseline out/ranking.bm25.trec";

const MODEL_EXAMPLES: &str = "\
示例：
  duijie model list
  duijie model pull bge-small-zh-v1.5
  duijie model pull bge-small-zh-v1.5 --from https://hf-mirror.com/BAAI/bge-small-zh-v1.5/resolve/main
  duijie model pull my-model --from /media/usb/my-model
  duijie model check /data/models/bge-small-zh-v1.5";

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

    /// 怎样分配：flow 双方总分最大（最小费用流），stable 稳定匹配（没有两边都更愿意的落选对）
    #[arg(long, value_name = "flow|stable", default_value = "flow")]
    pub(super) allocation: AllocationArgument,

    /// 每条需求的清单里，同一地区（region=N）或同一领域大类（field=N）最多几条
    #[arg(long, value_name = "region=N|field=N")]
    pub(super) quota: Vec<QuotaOption>,

    /// flow 分配时，一条供给每已进一份清单，再进一份就少算这么多双方得分（0 不计）
    #[arg(long, value_name = "SCORE", default_value_t = DEFAULT_EXPOSURE_COST.to_f64(), value_parser = share)]
    pub(super) exposure_cost: f64,

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

    /// 待审核的行（请保密、涉军字样）也读入：已有人看过
    #[arg(long)]
    pub(super) accept_held: bool,

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

    #[command(flatten)]
    pub(super) vectors: VectorArguments,

    /// 同义词表：builtin（内置），none 不用，或文件
    #[arg(long, value_name = "builtin|none|FILE", default_value = "builtin")]
    pub(super) synonyms: SynonymsChoice,

    /// 在标准输出上写一份 JSON 摘要
    #[arg(long)]
    pub(super) json: bool,
}

/// A number in `[0, 1]`.
fn share(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().parse().ok();
    number.filter(|number| (0.0..=1.0).contains(number)).ok_or_else(|| "0 – 1".to_owned())
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
    /// 向量从哪里来：builtin（内置模型），模型目录（与内置模型合用），或 OpenAI 兼容接口（http://主机:端口/v1#模型名；文本会发送过去，密钥放在环境变量 DUIJIE_API_KEY）
    #[arg(long, value_name = "builtin|DIR|URL", default_value = "builtin")]
    pub(super) embedder: EmbedderChoice,

    /// 接口的模型要求加在需求文本前面的指令，原样拼接
    #[arg(long, value_name = "TEXT")]
    pub(super) query_instruction: Option<String>,

    /// 向量缓存目录；默认用系统的缓存目录（内置模型不用缓存）
    #[arg(long, value_name = "DIR")]
    pub(super) vector_cache: Option<PathBuf>,

    /// 不用向量缓存
    #[arg(long, conflicts_with = "vector_cache")]
    pub(super) no_vector_cache: bool,
}

#[derive(Debug, Args)]
pub(super) struct VectorArguments {
    /// 自备的需求向量（.safetensors 或 .npy），按记录编号（同名加 .ids.txt）或按行对应
    #[arg(long, value_name = "FILE", requires = "supply_vectors", conflicts_with = "embedder")]
    pub(super) demand_vectors: Option<PathBuf>,

    /// 自备的供给向量，与需求向量出自同一个模型
    #[arg(long, value_name = "FILE", requires = "demand_vectors", conflicts_with = "embedder")]
    pub(super) supply_vectors: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// 要读入工作区的清单，一个或多个；文件夹代表其中的各个文件
    #[arg(value_name = "FILE|DIR", required_unless_present_any = ["check", "answers", "contacts"])]
    pub(super) files: Vec<PathBuf>,

    /// 只检查这个文件、压缩包，或放着一批文件（如单份征集表）的文件夹；不需要工作区，什么也不读入
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["files", "answers", "contacts"])]
    pub(super) check: Option<PathBuf>,

    /// 技术经理人的反馈：填了“反馈”“原因”列的 lists.xlsx、news.xlsx，或 CSV、JSONL
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) answers: Vec<PathBuf>,

    /// 各单位的联系人：单位名称或统一社会信用代码，联系人、电话、邮箱、地址
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) contacts: Vec<PathBuf>,

    /// 把要退回的行写进这个目录的 退回修改.xlsx：原行、标红的单元格、原因
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// 待审核的行（请保密、涉军字样）也读入：已有人看过
    #[arg(long)]
    pub(super) accept_held: bool,

    /// 当作哪一侧读；不写则按文件名判断
    #[arg(long, value_name = "demand|supply")]
    pub(super) side: Option<SideArgument>,

    /// 清单的名字；不写则用 duijie.toml 里的
    #[arg(long, value_name = "NAME", requires = "files")]
    pub(super) list: Option<String>,

    /// 清单属于哪一套
    #[arg(long, value_name = "NAME", requires = "files")]
    pub(super) set: Option<String>,

    /// 文件就是整份清单：清单里没有的旧记录视为撤回
    #[arg(long, requires = "files")]
    pub(super) whole: bool,

    /// 同一个文件以前读入过，仍再读一次
    #[arg(long, requires = "files")]
    pub(super) again: bool,

    /// 被拒行的比例超过此值（%）就不读入；不写则用 duijie.toml 里的
    #[arg(long, value_name = "PERCENT", requires = "files", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) max_rejected: Option<u8>,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    #[command(flatten)]
    pub(super) columns: ColumnArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct WorkspaceArgument {
    /// 工作区目录；不写则用当前目录，或其上最近的含 duijie.toml 的目录
    #[arg(long, value_name = "DIR")]
    pub(super) workspace: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct NightlyArguments {
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 参考日期（YYYY-MM-DD）；默认今天，但不早于上次发布的参考日期
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,

    /// 重算检索统计量，全部重新打分
    #[arg(long)]
    pub(super) refresh: bool,

    /// 只说明会做什么，什么也不写
    #[arg(long)]
    pub(super) dry_run: bool,

    /// 失败时运行的命令；不写则用 duijie.toml 里的
    #[arg(long, value_name = "CMD")]
    pub(super) on_failure: Option<String>,

    /// 向量缓存目录；默认用系统的缓存目录（内置模型不用缓存）
    #[arg(long, value_name = "DIR")]
    pub(super) vector_cache: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// 导出到哪个文件，格式由扩展名决定：.xlsx、.csv、.jsonl、.parquet
    #[arg(value_name = "FILE")]
    pub(super) out: PathBuf,

    /// 导出什么：records 现有记录，pairs 已发布的匹配结果，figures 一段时间的统计
    #[arg(long, value_name = "records|pairs|figures", default_value = "records")]
    pub(super) what: ExportedArgument,

    /// 统计从哪一天起（YYYY-MM-DD）；默认本半年的第一天
    #[arg(long, value_name = "DATE")]
    pub(super) from: Option<Date>,

    /// 统计到哪一天为止（YYYY-MM-DD）；默认今天
    #[arg(long, value_name = "DATE")]
    pub(super) until: Option<Date>,

    /// 只导出一侧
    #[arg(long, value_name = "demand|supply")]
    pub(super) side: Option<SideArgument>,

    /// 只导出这份清单
    #[arg(long, value_name = "NAME", conflicts_with = "set")]
    pub(super) list: Option<String>,

    /// 只导出这一套清单
    #[arg(long, value_name = "NAME")]
    pub(super) set: Option<String>,

    /// 联系方式和不公开的单位名称照原样导出；不写则隐去一部分，如 138****1234
    #[arg(long)]
    pub(super) with_contacts: bool,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct GcArguments {
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackupArguments {
    /// 备份放在哪里；其中建一个新目录 duijie-时间
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArguments {
    /// 备份的目录
    #[arg(value_name = "BACKUP")]
    pub(super) backup: PathBuf,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    /// 要找的文字、编号或分类号
    #[arg(value_name = "TEXT")]
    pub(super) text: String,

    /// 一次 match 的结果目录；不写则用工作区里已发布的结果
    #[arg(long = "in", value_name = "DIR", conflicts_with = "workspace")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    /// 查哪一侧
    #[arg(long, value_name = "supply|demand", default_value = "supply")]
    pub(super) side: SideArgument,

    /// 最多显示几条
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(super) limit: u32,

    /// 同义词表：builtin（内置），none 不用，或文件；不写则用该次运行的
    #[arg(long, value_name = "builtin|none|FILE")]
    pub(super) synonyms: Option<SynonymsChoice>,

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

    /// 一次 match 的结果目录；不写则用工作区里已发布的结果
    #[arg(long = "in", value_name = "DIR", conflicts_with = "workspace")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArgument,

    #[command(flatten)]
    pub(super) embedder: EmbedderArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct BackendsArguments {
    /// 逐一核对：每种指令集、每块显卡的每级算法与参考结果比较并计时
    #[arg(long)]
    pub(super) check: bool,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct EvalArguments {
    /// 需求清单，一个或多个文件：按 match 的做法匹配并评测
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "supplies", required_unless_present = "run")]
    pub(super) demands: Vec<PathBuf>,

    /// 供给清单，一个或多个文件
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "demands", required_unless_present = "run")]
    pub(super) supplies: Vec<PathBuf>,

    /// 评分文件（TREC qrels：查询 0 文档 等级），一个或多个
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(super) qrels: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) columns: ColumnArguments,

    /// 只留某字段或某列符合正则表达式的记录；前面加 demand: 或 supply: 只用于一侧
    #[arg(long, value_name = "[SIDE:]FIELD~REGEX", conflicts_with = "run")]
    pub(super) keep: Vec<String>,

    /// 反过来问：评分文件的查询是供给，文档是需求
    #[arg(long, conflicts_with = "run")]
    pub(super) reverse: bool,

    /// 只问评分里的查询（模型慢时用）：候选只取一个方向，不算双向清单
    #[arg(long, conflicts_with = "run")]
    pub(super) only_queries: bool,

    /// 从哪一级起算作相关（MRR、命中率、召回率、概率）；默认 2，评分都低于 2 时取最高一级
    #[arg(long, value_name = "GRADE")]
    pub(super) relevant_from: Option<i32>,

    #[command(flatten)]
    pub(super) embedder: EmbedderArguments,

    /// 同义词表：builtin（内置），none 不用，或文件
    #[arg(long, value_name = "builtin|none|FILE", default_value = "builtin")]
    pub(super) synonyms: SynonymsChoice,

    /// 权重文件，代替内置权重
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub(super) weights: Option<PathBuf>,

    /// 校准文件，代替内置校准
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub(super) calibration: Option<PathBuf>,

    /// 每条记录、每个方向、每种检索方式取多少候选
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) candidates: u32,

    /// 每条需求最多推荐几条供给（双向清单）
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) per_demand: u32,

    /// 每条供给最多进入几份推荐清单（双向清单）
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) per_supply: u32,

    /// 计算后端：auto 有显卡用显卡，cpu，gpu
    #[arg(long, value_name = "auto|cpu|gpu", default_value = "auto")]
    pub(super) backend: BackendArgument,

    /// 参考日期（YYYY-MM-DD），判断是否新近；默认今天
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<Date>,

    /// 被拒行的比例超过此值（%）就停止
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) max_rejected: u8,

    /// 把带图的评测报告写成一个 HTML 文件
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub(super) report: Option<PathBuf>,

    /// 把各种排名写进一个目录（TREC 格式）
    #[arg(long, value_name = "DIR", conflicts_with = "run")]
    pub(super) run_dir: Option<PathBuf>,

    /// 现成的排名文件（TREC 格式），如 out/ranking.trec：只评这个排名
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demands", "supplies"])]
    pub(super) run: Option<PathBuf>,

    /// 对照的排名文件；不写则取同目录的 BM25 排名
    #[arg(long, value_name = "FILE", requires = "run")]
    pub(super) baseline: Option<PathBuf>,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ModelArguments {
    #[command(subcommand)]
    pub(super) command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ModelCommand {
    /// 列出内置模型、已取得的模型和可取得的模型
    List(ModelListArguments),
    /// 取得一个模型：断点续传，核对大小和哈希（只有这条命令会访问网络）
    Pull(ModelPullArguments),
    /// 核对一个模型目录：文件哈希、结构、维数、窗口、指令，并试算两句话
    Check(ModelCheckArguments),
}

#[derive(Debug, Args)]
pub(super) struct ModelHomeArguments {
    /// 存放模型的目录；不写则用本机的数据目录，如 ~/.local/share/duijie/models
    #[arg(long, value_name = "DIR")]
    pub(super) home: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ModelListArguments {
    #[command(flatten)]
    pub(super) home: ModelHomeArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ModelPullArguments {
    /// 模型名，也是目录名，如 bge-small-zh-v1.5
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// 来源：镜像地址（其后加 /config.json 应能取得文件）或已下载的目录；已知模型可不写
    #[arg(long, value_name = "URL|DIR")]
    pub(super) from: Option<Source>,

    #[command(flatten)]
    pub(super) home: ModelHomeArguments,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ModelCheckArguments {
    /// 模型目录
    #[arg(value_name = "DIR")]
    pub(super) dir: PathBuf,

    /// 输出 JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum AllocationArgument {
    Flow,
    Stable,
}

impl From<AllocationArgument> for AllocationMethod {
    fn from(argument: AllocationArgument) -> Self {
        match argument {
            AllocationArgument::Flow => Self::Flow,
            AllocationArgument::Stable => Self::Stable,
        }
    }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportedArgument {
    Records,
    Pairs,
    Figures,
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
