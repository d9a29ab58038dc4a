//! Taking in what waits in the inbox.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::inbox::{self, Kind, Waiting};
use super::take::file_name;
use super::{
    JobError, ListFile, Surroundings, Taken, Workspace, take_answers, take_contacts, take_list,
};
use crate::model::{Diagnosis, Lang, Side};
use crate::pipeline::{Progress, SideOptions, Stage};
use crate::store::{ImportSummary, Store};

/// What became of one file of the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestedFile {
    /// Its place in the inbox, such as `demands/需求.xlsx`.
    pub file: String,
    /// `taken`, `already_taken`, `changing` (left where it is) or `refused`.
    pub outcome: String,
    /// Where it is now, relative to the workspace.
    pub moved_to: Option<String>,
    /// The store's summary of a list.
    pub import: Option<serde_json::Value>,
    /// Answers or contacts that are new.
    pub added: Option<u64>,
    /// Rows that could not be read.
    pub unread: u64,
    /// The workbook of rows to send back, relative to the workspace.
    pub returned: Option<String>,
    /// Code and message of a refusal, in the language of the settings.
    pub reason: Option<(String, String)>,
}

/// What became of the inbox.
#[derive(Debug, Clone, Default)]
pub(super) struct Ingested {
    pub(super) files: Vec<IngestedFile>,
    /// Files that were still being written.
    pub(super) waiting: Vec<PathBuf>,
}

/// Takes in every complete file of the inbox, in order of kind, list and name. A file that cannot
/// be read is set aside with its reason and stops nobody; a store or a disk that fails does.
pub(super) fn ingest(
    workspace: &Workspace,
    store: &mut Store,
    around: &Surroundings,
    day: Date,
    progress: &dyn Progress,
) -> Result<Ingested, JobError> {
    let settle = Duration::from_secs(workspace.config().inbox.settle_secs.into());
    let (ready, waiting) = inbox::settled(workspace, settle)?;
    let mut ingested = Ingested { files: Vec::new(), waiting };
    if ready.is_empty() {
        return Ok(ingested);
    }
    progress.begin(Stage::Import, None);
    for file in &ready {
        let outcome = take(workspace, store, around, file, day, progress);
        let entry = match outcome {
            Ok(entry) => entry,
            Err(error) => {
                progress.end();
                return Err(error);
            }
        };
        tracing::info!(file = entry.file, outcome = entry.outcome, "inbox");
        ingested.files.push(entry);
    }
    progress.end();
    Ok(ingested)
}

fn take(
    workspace: &Workspace,
    store: &mut Store,
    around: &Surroundings,
    file: &Waiting,
    day: Date,
    progress: &dyn Progress,
) -> Result<IngestedFile, JobError> {
    let shown = match &file.list {
        Some(list) => format!("{}/{list}/{}", file.kind.folder(), file_name(&file.path)),
        None => format!("{}/{}", file.kind.folder(), file_name(&file.path)),
    };
    let mut entry = IngestedFile {
        file: shown,
        outcome: "taken".to_owned(),
        moved_to: None,
        import: None,
        added: None,
        unread: 0,
        returned: None,
        reason: None,
    };
    let done = match file.kind {
        Kind::Demands => list(workspace, store, around, file, Side::Demand, &mut entry, progress),
        Kind::Supplies => list(workspace, store, around, file, Side::Supply, &mut entry, progress),
        Kind::Answers => take_answers(store, &file.path, around.now()).map(|(summary, unread)| {
            entry.added = Some(summary.added);
            entry.unread = unread.len() as u64;
            true
        }),
        Kind::Contacts => {
            take_contacts(store, &file.path, around.now()).map(|(summary, unread)| {
                entry.added = Some(summary.added);
                entry.unread = unread.len() as u64;
                true
            })
        }
    };
    match done {
        Ok(true) => {
            let place = inbox::move_done(workspace, &file.path, day)?;
            entry.moved_to = Some(relative(workspace, &place));
        }
        Ok(false) => entry.outcome = "changing".to_owned(),
        // The file is at fault: it goes, with its reason.
        Err(error @ JobError::Corpus(_)) => {
            let lang = workspace.config().matching.lang;
            let reason = format!(
                "{}\n{}{}\n[{}]\n",
                error.message(lang),
                lang.pick("办法：", "remedy: "),
                error.remedy(lang),
                error.code()
            );
            let place = inbox::move_refused(workspace, &file.path, &reason)?;
            entry.outcome = "refused".to_owned();
            entry.moved_to = Some(relative(workspace, &place));
            entry.reason = Some((error.code().to_owned(), error.message(lang)));
        }
        Err(error) => return Err(error),
    }
    Ok(entry)
}

fn list(
    workspace: &Workspace,
    store: &mut Store,
    around: &Surroundings,
    file: &Waiting,
    side: Side,
    entry: &mut IngestedFile,
    progress: &dyn Progress,
) -> Result<bool, JobError> {
    let inbox = &workspace.config().inbox;
    let columns = SideOptions::default();
    let seen = AtomicU64::new(0);
    let day = around.started_at.date().to_string();
    let returned = workspace
        .path("inbox/returned")
        .join(day)
        .join(format!("{}-退回修改.xlsx", file_name(&file.path)));
    let request = ListFile {
        path: &file.path,
        side,
        list: file.list.as_deref(),
        set: None,
        whole: inbox.whole,
        again: false,
        columns: &columns,
        max_rejected_share: f64::from(inbox.max_rejected_percent) / 100.0,
        returned: Some(&returned),
        progress: &|rows| {
            let before = seen.fetch_max(rows, Ordering::Relaxed);
            progress.advance(rows.saturating_sub(before));
        },
    };
    Ok(match take_list(workspace, store, &request, around)? {
        Taken::New(summary, rejected, returned) => {
            entry.unread = rejected.len() as u64;
            entry.returned = returned.map(|place| relative(workspace, &place));
            entry.import = Some(as_json(&summary));
            true
        }
        Taken::Already { summary, .. } => {
            "already_taken".clone_into(&mut entry.outcome);
            entry.import = Some(as_json(&summary));
            true
        }
        Taken::Changing => false,
    })
}

fn as_json(summary: &ImportSummary) -> serde_json::Value {
    serde_json::to_value(summary).unwrap_or_default()
}

/// Where a file of the workspace is, with `/` between steps.
pub(super) fn relative(workspace: &Workspace, path: &std::path::Path) -> String {
    let steps = path.strip_prefix(workspace.root()).unwrap_or(path).components();
    let steps: Vec<_> = steps.map(|step| step.as_os_str().to_string_lossy().into_owned()).collect();
    steps.join("/")
}

/// What an inbox would give, looked at and not taken.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedFile {
    /// Its place in the inbox.
    pub file: String,
    /// Records that it holds; none for answers and contacts.
    pub records: Option<usize>,
    /// Rows that would be sent back.
    pub rejected: usize,
    /// Why it would be refused as a whole.
    pub refused: Option<String>,
}

/// Looks at the inbox without touching it, for a dry run.
pub(super) fn plan(workspace: &Workspace) -> Result<Vec<PlannedFile>, JobError> {
    let share = f64::from(workspace.config().inbox.max_rejected_percent) / 100.0;
    let lang: Lang = workspace.config().matching.lang;
    let rows = |side, file: &Waiting| {
        crate::corpus::read_lists(
            side,
            std::slice::from_ref(&file.path),
            &SideOptions::default().of(side, share),
            &|_| {},
        )
        .map(|intake| (Some(intake.records.len()), intake.rejected.len()))
    };
    let files = inbox::scan(workspace)?;
    Ok(files
        .iter()
        .map(|file| {
            let seen =
                match file.kind {
                    Kind::Demands => rows(Side::Demand, file),
                    Kind::Supplies => rows(Side::Supply, file),
                    Kind::Answers => crate::corpus::read_answers(&file.path)
                        .map(|list| (None, list.unread.len())),
                    Kind::Contacts => crate::corpus::read_contacts(&file.path)
                        .map(|list| (None, list.unread.len())),
                };
            let (records, rejected, refused) = match seen {
                Ok((records, rejected)) => (records, rejected, None),
                Err(error) => (None, 0, Some(error.message(lang))),
            };
            PlannedFile { file: relative(workspace, &file.path), records, rejected, refused }
        })
        .collect())
}
