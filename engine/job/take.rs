//! Taking a file in: a list, brokers' answers, or contacts.

use std::path::Path;

use jiff::Timestamp;

use super::{JobError, Surroundings, Workspace, fail, files, intake};
use crate::corpus::{is_classified, read_answers, read_contacts, read_lists};
use crate::model::{Intake, RejectedRow, Side, SourceRef};
use crate::pipeline::SideOptions;
use crate::store::{
    AnswersSummary, Begun, ContactEntry, ContactsSummary, CreditCode, Findings, ImportHead,
    ImportSummary, ImportTicket, Refusal, Store, StoreError,
};

/// Records handed to the store at once; it cuts its transactions itself, this only bounds a call.
const AT_ONCE: usize = 4_096;

/// A list that is to be taken in.
#[derive(Debug, Clone)]
pub struct ListFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// The side it belongs to.
    pub side: Side,
    /// The list's name; the settings' name for the side where none is given.
    pub list: Option<&'a str>,
    /// The set that the list belongs to; likewise.
    pub set: Option<&'a str>,
    /// Whether the file is the whole list, so that records which it lacks are withdrawn.
    pub whole: bool,
    /// Take it in although the same file was taken in before.
    pub again: bool,
    /// Choices of columns.
    pub columns: &'a SideOptions,
    /// Share of rejected rows past which the file is refused, in `[0, 1]`.
    pub max_rejected_share: f64,
}

/// What became of a list.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It was taken in.
    New(ImportSummary, Vec<RejectedRow>),
    /// The same file had been taken in into the same list; nothing was done.
    Already {
        /// What became of it then.
        summary: ImportSummary,
        /// Whether other files went into the list since.
        superseded: bool,
    },
    /// It changed while it was read; it is left for another time.
    Changing,
}

/// Takes a list in: one logical step, visible at its end and not before.
///
/// # Errors
/// [`JobError::Corpus`] where the file cannot be read as a list, [`JobError::Store`],
/// [`JobError::Io`].
pub fn take_list(
    workspace: &Workspace,
    store: &mut Store,
    file: &ListFile<'_>,
    around: &Surroundings,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Taken, JobError> {
    let at = around.now();
    let hash = || files::hash(file.path).map_err(|e| JobError::io("read", file.path, e));
    let (sha256, _) = hash()?;
    let lists = &workspace.config().lists;
    let default = match file.side {
        Side::Demand => &lists.demand,
        Side::Supply => &lists.supply,
    };
    let format = (file.path.extension())
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let head = ImportHead {
        side: file.side,
        list: Some(file.list.unwrap_or(default).to_owned()),
        set: file.set.map(str::to_owned).or_else(|| lists.set.clone()),
        file: file_name(file.path),
        sha256: sha256.clone(),
        format,
        whole: file.whole,
        again: file.again,
        at,
        date: around.started_at.date(),
    };
    // Asked before the file is read: a file that was taken in before costs one hash.
    let ticket = match begin(store, &head, at)? {
        Begun::AlreadyTaken { summary, superseded } => {
            return Ok(Taken::Already { summary, superseded });
        }
        Begun::Open(ticket) => ticket,
    };
    fail::point("import.begun").map_err(|e| JobError::io("read", file.path, e))?;
    let read = read_lists(
        file.side,
        &[file.path.to_owned()],
        &file.columns.of(file.side, file.max_rejected_share),
        progress,
    );
    let intake = match read {
        Ok(intake) => intake,
        Err(error) => {
            store.discard_staged(at)?;
            return Err(error.into());
        }
    };
    // The hash of what was read, against that of the file now and before.
    let as_read = intake.tables.iter().all(|table| table.sha256 == sha256);
    if !as_read || hash()?.0 != sha256 {
        store.discard_staged(at)?;
        return Ok(Taken::Changing);
    }
    let staged = stage(workspace, store, ticket, &intake, &sha256, at);
    match staged {
        Ok(summary) => Ok(Taken::New(summary, intake.rejected)),
        Err(error) => {
            // A full disk may keep this from working too; the next builder does it then.
            store.discard_staged(at).ok();
            Err(error)
        }
    }
}

/// Begins an import; what a dead builder left half done goes first.
fn begin(store: &mut Store, head: &ImportHead, at: Timestamp) -> Result<Begun, JobError> {
    match store.begin_import(head) {
        Err(StoreError::StagedImport { .. }) => {
            store.discard_staged(at)?;
            Ok(store.begin_import(head)?)
        }
        other => Ok(other?),
    }
}

fn stage(
    workspace: &Workspace,
    store: &mut Store,
    mut ticket: ImportTicket,
    intake: &Intake,
    sha256: &str,
    at: Timestamp,
) -> Result<ImportSummary, JobError> {
    for records in intake.records.chunks(AT_ONCE) {
        store.stage(&mut ticket, records)?;
    }
    intake::keep(workspace, intake, sha256)?;
    // Before the import is visible: killed in between, rows are noted twice rather than never.
    let classified: Vec<SourceRef> = (intake.rejected.iter())
        .filter(|row| is_classified(row))
        .map(|row| row.source.clone())
        .collect();
    if !classified.is_empty() {
        store.note_refusals(&classified, Refusal::Classified, at)?;
    }
    let summary = store.finish_import(ticket, &Findings::of(intake), at)?;
    fail::point("import.finished").map_err(|e| JobError::io("write", workspace.root(), e))?;
    Ok(summary)
}

/// Takes in answers: the 反馈 column of the lists that a run made, or a table of them. Rows that
/// cannot be read come back with their reason.
///
/// # Errors
/// [`JobError::Corpus`] where the file has no such columns, [`JobError::Store`].
pub fn take_answers(
    store: &mut Store,
    path: &Path,
    at: Timestamp,
) -> Result<(AnswersSummary, Vec<(SourceRef, String)>), JobError> {
    let list = read_answers(path)?;
    Ok((store.add_answers(&list.answers, at)?, list.unread))
}

/// Name of a file without its folder.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Takes in contacts of organizations. Rows that cannot be used come back with their reason, which
/// quotes nothing of them.
///
/// # Errors
/// [`JobError::Corpus`] where the file has no such columns, [`JobError::Store`].
pub fn take_contacts(
    store: &mut Store,
    path: &Path,
    at: Timestamp,
) -> Result<(ContactsSummary, Vec<(SourceRef, String)>), JobError> {
    let list = read_contacts(path)?;
    let mut unread = list.unread;
    let mut entries = Vec::with_capacity(list.rows.len());
    for row in list.rows {
        let code = match row.code.as_deref().map(CreditCode::parse) {
            None => None,
            Some(Ok(code)) => Some(code),
            Some(Err(_)) => {
                unread.push((row.source, "统一社会信用代码的校验码不对".to_owned()));
                continue;
            }
        };
        entries.push(ContactEntry { organization: row.organization, code, contact: row.contact });
    }
    Ok((store.add_contacts(&entries, at)?, unread))
}
