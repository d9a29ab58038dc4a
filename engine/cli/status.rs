//! `duijie status`: the workspace now.

use std::io::{IsTerminal, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::arguments::StatusArguments;
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::job::{Status, held_for, status};
use crate::model::Lang;

pub(super) fn run(arguments: &StatusArguments, lang: Lang) -> CommandResult {
    let workspace = find(&arguments.workspace)?;
    let around = surroundings();
    let found = status(&workspace, &around)?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let text = serde_json::to_string(&found).map_err(std::io::Error::from)?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    let coloured = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    writeln!(out, "{}{}", lang.pick("工作区 ", "workspace "), workspace.root().display())?;
    write!(out, "{}", table::lines_up(&rows(&found, around.now(), lang)))?;
    for line in red_lines(&found, lang) {
        if coloured {
            // Bold red, as terminals since ECMA-48 have it.
            writeln!(out, "\u{1b}[1;31m{line}\u{1b}[0m")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn rows(found: &Status, now: Timestamp, lang: Lang) -> Vec<Vec<String>> {
    let t = |zh, en| lang.pick(zh, en).to_owned();
    let time =
        |at: Timestamp| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut rows = Vec::new();
    for (name, figures) in [
        (t("需求", "demands"), &found.records.demands),
        (t("供给", "supplies"), &found.records.supplies),
    ] {
        let what = match lang {
            Lang::Zh => format!(
                "{} 条有效，{} 条已撤回，共 {} 个版本",
                figures.live, figures.withdrawn, figures.versions
            ),
            Lang::En => format!(
                "{} live, {} withdrawn, {} versions",
                figures.live, figures.withdrawn, figures.versions
            ),
        };
        rows.push(vec![name, what]);
    }
    rows.push(vec![t("反馈", "answers"), found.answers.to_string()]);
    rows.push(vec![t("收件箱", "inbox"), found.inbox.to_string()]);
    match &found.published {
        None => rows.push(vec![t("已发布", "published"), t("还没有", "nothing yet")]),
        Some(published) => {
            let what = match lang {
                Lang::Zh => format!("第 {} 代，runs/{}", published.generation, published.run),
                Lang::En => format!("generation {}, runs/{}", published.generation, published.run),
            };
            rows.push(vec![t("已发布", "published"), what]);
            let until =
                published.data_until.map_or_else(|| t("不详", "unknown"), |d| d.to_string());
            rows.push(vec![t("数据截至", "data until"), until]);
            rows.push(vec![t("参考日期", "as of"), published.as_of.to_string()]);
            rows.push(vec![t("运行时间", "run at"), time(published.at)]);
        }
    }
    if let Some(run) = &found.last_run {
        let state = match (run.state.as_str(), lang) {
            ("open", Lang::Zh) => "进行中",
            ("published", Lang::Zh) => "已发布",
            ("failed", Lang::Zh) => "失败",
            ("abandoned", Lang::Zh) => "中断",
            (other, _) => other,
        };
        let why = run.failure.as_ref().map(|why| format!(" — {why}")).unwrap_or_default();
        let what = format!("{} {state}（{}）{why}", run.run, time(run.started_at));
        rows.push(vec![t("上次运行", "last run"), what]);
    }
    if let Some(holder) = &found.at_work {
        let what = format!(
            "{} pid {} {} {}",
            holder.command,
            holder.pid,
            holder.host,
            held_for(holder, now)
        );
        rows.push(vec![t("正在工作", "at work"), what]);
    }
    rows
}

/// What must not be overlooked.
fn red_lines(found: &Status, lang: Lang) -> Vec<String> {
    let mut lines = Vec::new();
    if found.stale && found.imports > 0 {
        lines.push(match lang {
            Lang::Zh => format!(
                "！已超过 {} 小时没有成功运行：运行 duijie nightly 并查看上次失败的原因",
                found.stale_after_hours
            ),
            Lang::En => format!(
                "! no successful run for more than {} hours: run `duijie nightly` and see why the last one failed",
                found.stale_after_hours
            ),
        });
    }
    if let Some(trouble) = &found.trouble {
        let remedy = lang.pick("运行 duijie verify", "run `duijie verify`");
        lines.push(format!("{}{trouble}（{remedy}）", lang.pick("！", "! ")));
    }
    lines
}
