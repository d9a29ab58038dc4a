//! `duijie init`: a folder becomes a workspace.

use std::io::Write;

use serde_json::json;

use super::CommandResult;
use super::arguments::InitArguments;
use super::workspace::surroundings;
use crate::job::Workspace;
use crate::model::Lang;

pub(super) fn run(arguments: &InitArguments, lang: Lang) -> CommandResult {
    let root = match &arguments.workspace.workspace {
        Some(root) => root.clone(),
        None => std::env::current_dir()?,
    };
    let (workspace, made) = Workspace::init(&root, surroundings().now())?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let told = json!({"schema": "duijie.init/1", "workspace": workspace.root(), "made": made});
        writeln!(out, "{told}")?;
        return Ok(());
    }
    let t = |zh, en| lang.pick(zh, en);
    if made.is_empty() {
        writeln!(out, "{}{}", t("已经是工作区：", "is a workspace already: "), root.display())?;
    } else {
        writeln!(out, "{}{}", t("工作区：", "workspace: "), root.display())?;
        for name in &made {
            writeln!(out, "  {name}")?;
        }
    }
    writeln!(
        out,
        "{}",
        t(
            "下一步：把清单放进 inbox/demands 和 inbox/supplies（或用 duijie import），再运行 duijie nightly",
            "next: put lists into inbox/demands and inbox/supplies (or use `duijie import`), then run `duijie nightly`",
        )
    )?;
    Ok(())
}
