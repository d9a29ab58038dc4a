//! `duijie judge`: a pool of pairs to be graded blind, and the grades as qrels.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CommandResult;
use super::arguments::WorkspaceArgument;
use super::outcome::tell;
use super::workspace::{find, surroundings};
use crate::job::{Judging, open_published};
use crate::model::Lang;
use crate::pipeline::Silent;

pub(super) const EXAMPLES: &str = "\
示例：
  duijie judge pool --pairs 200
  duijie judge export --out qrels.tsv
  duijie eval --demands 需求.xlsx --supplies 成果.xlsx --qrels qrels.tsv

评分在网页上进行：duijie serve，登录后打开“标注”。评分人只看两段文字，看不到程序的结论；两人评同一批，页面给出一致程度。";

#[derive(Debug, Args)]
pub(super) struct JudgeArguments {
    #[command(subcommand)]
    command: JudgeCommand,
}

#[derive(Debug, Subcommand)]
enum JudgeCommand {
    /// 从已发布的结果里取一批配对，供评分
    Pool(PoolArguments),
    /// 把评分写成 qrels 格式，供 duijie eval 使用
    Export(ExportGradesArguments),
}

#[derive(Debug, Args)]
struct PoolArguments {
    /// 加多少对
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pairs: u32,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

#[derive(Debug, Args)]
struct ExportGradesArguments {
    /// 写到哪个文件
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    #[command(flatten)]
    workspace: WorkspaceArgument,
}

pub(super) fn run(arguments: &JudgeArguments, lang: Lang) -> CommandResult {
    let mut out = std::io::stdout().lock();
    match &arguments.command {
        JudgeCommand::Pool(pool) => {
            let workspace = find(&pool.workspace)?;
            let serving = open_published(&workspace, &surroundings(), &Silent)?;
            let judging = Judging::of(&workspace);
            let n = judging.add_pairs(&serving, pool.pairs as usize)?;
            writeln!(out, "{n}")?;
            tell(&match lang {
                Lang::Zh => format!("加入 {n} 对；运行 duijie serve，登录后在“标注”页评分。"),
                Lang::En => {
                    format!("{n} pairs added; run `duijie serve` and grade them on the page Judge")
                }
            });
        }
        JudgeCommand::Export(export) => {
            let workspace = find(&export.workspace)?;
            let n = Judging::of(&workspace).write_qrels(&export.out)?;
            writeln!(out, "{n}")?;
        }
    }
    Ok(())
}
