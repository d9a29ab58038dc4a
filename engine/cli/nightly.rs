//! `duijie nightly`: the job that a scheduler runs.

use std::io::{IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde_json::json;

use super::CommandResult;
use super::arguments::NightlyArguments;
use super::embedder::leaves_notice;
use super::outcome::{Failure, report_failure, tell};
use super::progress::Bars;
use super::workspace::{find, surroundings};
use crate::job::{
    FailureCommand, Night, NightlyOptions, Surroundings, Workspace, nightly, plan_night,
    run_on_failure,
};
use crate::model::{Diagnosis, Lang};
use crate::pipeline::EmbedderChoice;

pub(super) fn run(arguments: &NightlyArguments, lang: Lang) -> CommandResult {
    let mut around = surroundings();
    if let Some(cache) = &arguments.vector_cache {
        around.vector_cache = Some(cache.clone());
    }
    let options = NightlyOptions { as_of: arguments.as_of, refresh: arguments.refresh };
    let workspace = find(&arguments.workspace);
    let command = arguments.on_failure.clone().or_else(|| {
        workspace.as_ref().ok().and_then(|found| found.config().night.on_failure.clone())
    });
    if arguments.dry_run {
        let plan = plan_night(&workspace?, &options, &around)?;
        let text = serde_json::to_string(&plan).map_err(std::io::Error::from)?;
        writeln!(std::io::stdout(), "{text}")?;
        return Ok(());
    }
    // A panic is a failed night too: whoever waits for the news must hear of it.
    let result = catch_unwind(AssertUnwindSafe(|| -> Result<Night, Failure> {
        let workspace = workspace.as_ref().map_err(|_| Failure::Told)?;
        tell_where_texts_go(workspace, &around, lang);
        Ok(nightly(workspace, &options, &around, &Bars::new(lang))?)
    }));
    match result {
        Ok(Ok(night)) => {
            tell_people(&night, lang);
            writeln!(std::io::stdout(), "{}", summary(&night))?;
            Ok(())
        }
        Ok(Err(failure)) => {
            let failure = match (failure, workspace) {
                (Failure::Told, Err(original)) => original,
                (failure, _) => failure,
            };
            let found = find(&arguments.workspace).ok();
            Err(fail(failure, command.as_deref(), found.as_ref(), lang)?)
        }
        Err(panic) => {
            if let Some(command) = &command {
                let internal = FailureCommand {
                    command,
                    workspace: workspace.as_ref().ok(),
                    code: "internal".to_owned(),
                    message: lang.pick("程序内部错误", "internal error").to_owned(),
                    remedy: lang.pick("请反馈给维护者", "please report it").to_owned(),
                };
                run_on_failure(&internal).ok();
            }
            resume_unwind(panic)
        }
    }
}

/// Texts leave the machine only to a host that was named, and that is said.
fn tell_where_texts_go(workspace: &Workspace, around: &Surroundings, lang: Lang) {
    let choice: Option<EmbedderChoice> = workspace.config().matching.embedder.parse().ok();
    if let Some(address) = choice.as_ref().and_then(EmbedderChoice::endpoint)
        && !address.is_loopback()
    {
        let notice = leaves_notice(address, around.key.is_some(), lang);
        if std::io::stderr().is_terminal() { tell(&notice) } else { tracing::warn!("{notice}") }
    }
}

/// On a terminal, the few figures that a person wants.
fn tell_people(night: &Night, lang: Lang) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let summary = &night.summary;
    tell(&match lang {
        Lang::Zh => format!(
            "已发布 runs/{}：需求 {}，供给 {}，推荐清单 {} 对，新增 {} 对，不再推荐 {} 对",
            summary.run,
            summary.records[0],
            summary.records[1],
            summary.handed_out,
            summary.news.new,
            summary.news.gone
        ),
        Lang::En => format!(
            "published runs/{}: {} demands, {} supplies, {} pairs handed out, {} new, {} gone",
            summary.run,
            summary.records[0],
            summary.records[1],
            summary.handed_out,
            summary.news.new,
            summary.news.gone
        ),
    });
    for warning in &summary.warnings {
        tell(&format!("{}{}", lang.pick("注意：", "attention: "), warning.message(lang)));
    }
    for file in night.ingested.iter().filter(|file| file.outcome == "refused") {
        let why = file.reason.as_ref().map_or("", |(_, why)| why.as_str());
        tell(&format!("{}{}：{why}", lang.pick("拒收 ", "refused "), file.file));
    }
}

fn summary(night: &Night) -> serde_json::Value {
    let mut value = serde_json::to_value(&night.summary).unwrap_or_default();
    if let serde_json::Value::Object(fields) = &mut value {
        fields.insert("ok".to_owned(), json!(true));
        fields.insert("inbox".to_owned(), json!(night.ingested));
        fields.insert("waiting".to_owned(), json!(night.waiting));
        fields.insert("recovered".to_owned(), json!(night.recovered));
        fields.insert("removed".to_owned(), json!(night.removed));
    }
    value
}

/// Tells a failure everywhere it is looked for: stdout, the log or terminal, the owner's command.
fn fail(
    failure: Failure,
    command: Option<&str>,
    workspace: Option<&Workspace>,
    lang: Lang,
) -> Result<Failure, Failure> {
    let Failure::Input(error) = &failure else { return Ok(failure) };
    let error: &dyn Diagnosis = error.as_ref();
    let (message, remedy) = (error.message(lang), error.remedy(lang));
    let told = json!({
        "schema": "duijie.nightly/1",
        "ok": false,
        "code": error.code(),
        "message": message,
        "remedy": remedy,
    });
    writeln!(std::io::stdout(), "{told}")?;
    if std::io::stderr().is_terminal() {
        report_failure(&failure, lang);
    } else {
        tracing::error!(code = error.code(), remedy, "{message}");
    }
    if let Some(command) = command {
        let told = FailureCommand::of(command, workspace, error, lang);
        match run_on_failure(&told) {
            Ok(status) if status.success() => {}
            Ok(status) => tracing::warn!(%status, "the command for failures failed itself"),
            Err(error) => tracing::warn!(%error, "the command for failures could not be started"),
        }
    }
    Ok(Failure::Told)
}
