//! `duijie gc`, `verify`, `backup` and `restore`: looking after a workspace.

use std::io::Write;

use serde_json::json;

use super::CommandResult;
use super::arguments::{BackupArguments, GcArguments, RestoreArguments, VerifyArguments};
use super::outcome::{Failure, tell};
use super::workspace::{find, surroundings};
use crate::job;
use crate::model::Lang;

pub(super) fn gc(arguments: &GcArguments, lang: Lang) -> CommandResult {
    let removed = job::gc(&find(&arguments.workspace)?, &surroundings())?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", json!({"schema": "duijie.gc/1", "removed": removed}))?;
    } else if removed.is_empty() {
        writeln!(out, "{}", lang.pick("没有要删的", "nothing to remove"))?;
    } else {
        for name in removed {
            writeln!(out, "{}{name}", lang.pick("已删 ", "removed "))?;
        }
    }
    Ok(())
}

pub(super) fn verify(arguments: &VerifyArguments, lang: Lang) -> CommandResult {
    let found = job::verify(&find(&arguments.workspace)?, lang)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let mut value = serde_json::to_value(&found).map_err(std::io::Error::from)?;
        value["schema"] = json!("duijie.verify/1");
        value["sound"] = json!(found.is_sound());
        writeln!(out, "{value}")?;
    } else {
        for what in &found.store {
            writeln!(out, "store.db  {what}")?;
        }
        for difference in &found.differences {
            let what = match (difference.what, lang) {
                ("missing", Lang::Zh) => "缺少",
                ("changed", Lang::Zh) => "与发布时不同",
                ("unreadable", Lang::Zh) => "读不出",
                ("unexpected", Lang::Zh) => "多出来的文件",
                (other, _) => other,
            };
            writeln!(out, "{}  {what}  {}", difference.file, difference.detail)?;
        }
        let n = found.files;
        if found.is_sound() {
            writeln!(
                out,
                "{}",
                match lang {
                    Lang::Zh =>
                        format!("完好：数据库，{} 代索引，{n} 个文件", found.generations.len()),
                    Lang::En => format!(
                        "sound: the store, {} generations, {n} files",
                        found.generations.len()
                    ),
                }
            )?;
        }
    }
    if found.is_sound() {
        return Ok(());
    }
    tell(if found.is_store_at_fault() {
        lang.pick(
            "错误：数据库已损坏\n办法：停止写入，用 duijie restore 备份 恢复",
            "error: the store is damaged\nremedy: stop writing and bring a backup back with `duijie restore`",
        )
    } else {
        lang.pick(
            "错误：有文件与发布时不同\n办法：运行 duijie nightly，索引和结果会由数据库重建",
            "error: files are not as published\nremedy: run `duijie nightly`; index and results are made again from the store",
        )
    });
    Err(Failure::Told)
}

pub(super) fn backup(arguments: &BackupArguments, lang: Lang) -> CommandResult {
    let made = job::backup(&find(&arguments.workspace)?, &arguments.to, &surroundings())?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let mut value = serde_json::to_value(&made).map_err(std::io::Error::from)?;
        value["schema"] = json!("duijie.backup/1");
        writeln!(out, "{value}")?;
    } else {
        let (to, bytes) = (made.folder.display(), made.bytes);
        match lang {
            Lang::Zh => writeln!(out, "已备份到 {to}（{bytes} 字节）")?,
            Lang::En => writeln!(out, "backed up to {to} ({bytes} bytes)")?,
        }
        tell(lang.pick(
            "备份里有联系方式，请像数据库一样保管",
            "the backup holds contacts: keep it as you keep the store",
        ));
    }
    Ok(())
}

pub(super) fn restore(arguments: &RestoreArguments, lang: Lang) -> CommandResult {
    let done = job::restore(&find(&arguments.workspace)?, &arguments.backup, &surroundings())?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let mut value = serde_json::to_value(&done).map_err(std::io::Error::from)?;
        value["schema"] = json!("duijie.restore/1");
        writeln!(out, "{value}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{}{}",
        lang.pick("已恢复备份，备份时间 ", "restored the backup of "),
        done.made_at
    )?;
    for place in &done.set_aside {
        writeln!(out, "{}{}", lang.pick("原来的移到 ", "the former is now "), place.display())?;
    }
    let next = lang.pick(
        "下一步：运行 duijie nightly，重建索引并发布",
        "next: run `duijie nightly` to rebuild the index and publish",
    );
    writeln!(out, "{next}")?;
    Ok(())
}
