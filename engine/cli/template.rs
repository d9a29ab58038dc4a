//! `duijie template`: workbooks to fill in.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::CommandResult;
use super::match_lists::run_time;
use crate::model::Lang;
use crate::pipeline::PipelineError;
use crate::report::write_template;
use crate::scenario::cluster_template;

pub(super) const TEMPLATE_EXAMPLES: &str = "\
示例：
  duijie template cluster 推演填报表.xlsx
  duijie simulate 推演填报表.xlsx --out sim";

#[derive(Debug, Args)]
pub(super) struct TemplateArguments {
    #[command(subcommand)]
    pub(super) command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum TemplateCommand {
    /// 产业集群增长推演的填报表：历年产值、企业数、龙头、举措和目标
    Cluster(TemplateFileArguments),
}

#[derive(Debug, Args)]
pub(super) struct TemplateFileArguments {
    /// 要写的文件（XLSX）；已有的文件会被替换
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

pub(super) fn run(arguments: &TemplateArguments, lang: Lang) -> CommandResult {
    let TemplateCommand::Cluster(to) = &arguments.command;
    write_template(&to.file, &cluster_template(), &run_time()).map_err(PipelineError::from)?;
    let mut out = std::io::stdout().lock();
    let file = to.file.display();
    match lang {
        Lang::Zh => {
            writeln!(out, "{file}：先看“填表说明”，填好后运行 duijie simulate {file} --out sim")?;
        }
        Lang::En => writeln!(
            out,
            "{file}: see the sheet 填表说明, then run `duijie simulate {file} --out sim`"
        )?,
    }
    Ok(())
}
