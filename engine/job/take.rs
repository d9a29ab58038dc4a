//! Taking a file in: a list, brokers' answers, or contacts.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{JobError, Surroundings, Workspace, fail, files, intake};
use crate::corpus::{
    CorpusError, ImportOptions, read_answers, read_contacts, returned_rows, stream_list,
};
use crate::model::{Intake, RejectedRow, Rejection, Side, SourceRef};
use crate::pipeline::SideOptions;
use crate::report::write_returned;
use crate::store::{
    AnswersSummary, Begun, ContactEntry, ContactsSummary, CreditCode, Findings, ImportHead,
    ImportSummary, ImportTicket, Refusal, Store, StoreError,
};

/// A list that is to be taken in.
#[derive(Clone)]
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
    /// Where rows that go back to the sender are written, if they are: a workbook.
    pub returned: Option<&'a Path>,
    /// Told how many records have been read so far.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// What became of a list.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It was taken in: what the store says, the rows that were not taken, and the workbook of those
    /// that go back to the sender.
    New(ImportSummary, Vec<RejectedRow>, Option<PathBuf>),
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
) -> Result<Taken, JobError> {
    let at = around.now();
    let sha256 = hash(file.path)?;
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
    let taken = stage(workspace, store, ticket, file, &sha256, around);
    if !matches!(taken, Ok(Taken::New(..))) {
        // A full disk may keep this from working too; the next builder does it then.
        store.discard_staged(at).ok();
    }
    taken
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

/// Reads the list and stages its records as they come, so that memory does not grow with it.
fn stage(
    workspace: &Workspace,
    store: &mut Store,
    mut ticket: ImportTicket,
    file: &ListFile<'_>,
    sha256: &str,
    around: &Surroundings,
) -> Result<Taken, JobError> {
    let at = around.now();
    let options = file.columns.of(file.side, file.max_rejected_share);
    let mut intake = crate::model::Intake::empty(file.side);
    let mut failed = None;
    let mut rows = 0;
    let read = stream_list(file.side, file.path, &options, &mut |batch| {
        match store.stage(&mut ticket, &batch.records) {
            Ok(repeated) => intake.rejected.extend(repeated.into_iter().map(same_id)),
            Err(error) => {
                failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        rows += batch.records.len() as u64;
        (file.progress)(rows);
        intake.merged.extend(batch.merged);
        intake.skipped.extend(batch.skipped);
        intake.rejected.extend(batch.rejected);
        intake.repairs.extend(batch.repairs);
        ControlFlow::Continue(())
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let streamed = match read {
        Ok(streamed) => streamed,
        Err(CorpusError::Changed { .. }) => return Ok(Taken::Changing),
        Err(error) => return Err(error.into()),
    };
    if hash(file.path)? != sha256 {
        return Ok(Taken::Changing);
    }
    intake.files = streamed.files;
    intake.tables = streamed.tables;
    intake::keep(workspace, &intake, sha256)?;
    let returned = match file.returned {
        Some(place) => write_returned_rows(workspace, file, &options, &intake, place, around)?,
        None => None,
    };
    // Before the import is visible: killed in between, rows are noted twice rather than never.
    for (kind, why) in
        [(Rejection::Classified, Refusal::Classified), (Rejection::Held, Refusal::HeldForReview)]
    {
        let rows: Vec<SourceRef> = (intake.rejected.iter())
            .filter(|row| row.kind == kind)
            .map(|row| row.source.clone())
            .collect();
        if !rows.is_empty() {
            store.note_refusals(&rows, why, at)?;
        }
    }
    let summary = store.finish_import(ticket, &Findings::of(&intake), at)?;
    fail::point("import.finished").map_err(|e| JobError::io("write", workspace.root(), e))?;
    Ok(Taken::New(summary, intake.rejected, returned))
}

/// A row that the store did not take.
fn same_id(source: SourceRef) -> RejectedRow {
    RejectedRow {
        source,
        kind: Rejection::Faulty,
        column: None,
        reason: "编号与本次导入中更早的一行相同，内容不同".to_owned(),
        cells: Vec::new(),
    }
}

fn hash(path: &Path) -> Result<String, JobError> {
    files::hash(path).map(|(sha256, _)| sha256).map_err(|e| JobError::io("read", path, e))
}

/// Writes the rows that go back to the sender to `place`, if there are any; the same file gives the
/// same bytes, so that doing it again after a crash changes nothing.
fn write_returned_rows(
    workspace: &Workspace,
    file: &ListFile<'_>,
    options: &ImportOptions,
    intake: &Intake,
    place: &Path,
    around: &Surroundings,
) -> Result<Option<PathBuf>, JobError> {
    let sheets = returned_rows(&[file.path.to_owned()], options, intake)?;
    if sheets.is_empty() {
        return Ok(None);
    }
    if let Some(dir) = place.parent() {
        std::fs::create_dir_all(dir).map_err(|e| JobError::io("create", dir, e))?;
    }
    let lang = workspace.config().matching.lang;
    write_returned(place, &sheets, &around.started_at, lang)?;
    Ok(Some(place.to_owned()))
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
