//! Lists from a browser: checked first, then taken in; on the local page, matched at once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Form;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use tempfile::TempDir;

use super::browse::{download, side_of};
use super::frame::{Site, html};
use crate::job::{
    BuildersLock, JobError, ListFile, NightlyOptions, NightlySummary, Taken, nightly, take_list,
};
use crate::model::{Diagnosis, Permission, Side};
use crate::pipeline::{Inspection, Progress, SideOptions, Stage, inspect, write_rows_to_return};
use crate::server::access::checks_form;
use crate::server::pages::{
    self, CheckedList, ImportCheckPage, ImportPage, JobFigures, JobPage, JobState, RunFile,
    TakenList,
};
use crate::server::problem::Problem;
use crate::server::state::{App, blocking};
use crate::server::strict::Path;
use crate::server::watch;

/// Uploads that wait to be taken in. More push out the oldest.
const MOST_UPLOADS: usize = 20;
/// How long an upload waits.
const UPLOAD_LASTS: Duration = Duration::from_secs(3_600);
/// Files of one upload.
const MOST_FILES: usize = 20;

/// A list that was sent and waits to be taken in. Its folder goes with it.
struct Upload {
    key: String,
    folder: TempDir,
    path: PathBuf,
    side: Side,
    returned: Option<PathBuf>,
    at: Instant,
}

/// A match that was started from a page.
#[derive(Clone)]
struct Job {
    state: Stand,
    began: Instant,
}

#[derive(Clone)]
enum Stand {
    Waiting,
    Working { stage: Option<Stage>, done: u64, total: Option<u64> },
    Done(Box<NightlySummary>),
    Failed { zh: (String, String), en: (String, String) },
}

/// Uploads and matches of the pages.
#[derive(Default)]
pub(in crate::server) struct Jobs {
    uploads: Mutex<Vec<Upload>>,
    jobs: Mutex<HashMap<String, Job>>,
}

impl Jobs {
    fn keep(&self, upload: Upload) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|other| other.at.elapsed() < UPLOAD_LASTS);
        while uploads.len() >= MOST_UPLOADS {
            uploads.remove(0);
        }
        uploads.push(upload);
    }

    fn take(&self, key: &str) -> Option<Upload> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let at = uploads.iter().position(|upload| upload.key == key)?;
        Some(uploads.remove(at))
    }

    fn set(&self, id: &str, state: Stand) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let began = jobs.get(id).map_or_else(Instant::now, |job| job.began);
        jobs.insert(id.to_owned(), Job { state, began });
    }

    fn find(&self, id: &str) -> Option<Job> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

/// A name that nobody can guess.
fn new_key(site: &Site) -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Problem::internal(site.lang)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) async fn form(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Import)?;
    Ok(html(shown(&site, None)))
}

fn shown(site: &Site, error: Option<&str>) -> maud::Markup {
    let max_mb = (site.app.options.upload_bytes >> 20) as u64;
    pages::import_page(&site.frame(), &ImportPage { local: site.is_local(), error, max_mb })
}

/// The name of a file as a browser tells it, without any folder.
fn safe_name(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_safe = !name.is_empty()
        && name.chars().count() <= 200
        && !name.starts_with('.')
        && !name.contains(|c: char| c.is_control() || c == ':');
    is_safe.then(|| name.to_owned())
}

/// Writes a field's bytes as they come.
async fn write_field(field: &mut Field<'_>, path: &FilePath) -> Result<u64, String> {
    use std::io::Write;

    let mut file = fs::File::create_new(path).map_err(|e| e.to_string())?;
    let mut n = 0;
    while let Some(chunk) = field.chunk().await.map_err(|e| e.body_text())? {
        n += chunk.len() as u64;
        file.write_all(&chunk).map_err(|e| e.to_string())?;
    }
    Ok(n)
}

/// Looks at the lists that were sent, and keeps them until they are taken in.
pub(super) async fn check(site: Site, mut sent: Multipart) -> Result<Response, Problem> {
    site.needs(Permission::Import)?;
    let lang = site.lang;
    let wrong = |error: MultipartError| {
        let mut problem = Problem::bad_request(lang, error.body_text());
        problem.status = error.status().as_u16();
        problem
    };
    let (mut is_ours, mut side) = (false, None);
    let mut files: Vec<(TempDir, PathBuf, Option<Side>)> = Vec::new();
    while let Some(mut field) = sent.next_field().await.map_err(wrong)? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            // Nothing is written before it is known that a page of ours sent it.
            "csrf" => {
                checks_form(&site.caller, &field.text().await.map_err(wrong)?)?;
                is_ours = true;
            }
            "side" => side = Some(side_of(&site, &field.text().await.map_err(wrong)?)?),
            "file" | "demands" | "supplies" => {
                if !is_ours {
                    return Err(Problem::bad_request(lang, "csrf"));
                }
                let Some(file_name) = field.file_name().and_then(safe_name) else { continue };
                if files.len() >= MOST_FILES {
                    let what = lang.pick("一次最多 20 个文件", "20 files at once at most");
                    return Err(Problem::bad_request(lang, what));
                }
                let failed = |error: String| {
                    tracing::error!(error, "an upload could not be written");
                    Problem::internal(lang)
                };
                let folder = tempfile::tempdir().map_err(|e| failed(e.to_string()))?;
                let path = folder.path().join(file_name);
                let n = write_field(&mut field, &path)
                    .await
                    .map_err(|error| Problem::bad_request(lang, error))?;
                if n > 0 {
                    let of_field = match name.as_str() {
                        "demands" => Some(Side::Demand),
                        "supplies" => Some(Side::Supply),
                        _ => None,
                    };
                    files.push((folder, path, of_field));
                }
            }
            _ => return Err(Problem::bad_request(lang, format!("{name}?"))),
        }
    }
    if files.is_empty() {
        let what = lang.pick("没有收到文件", "no file has come");
        return Ok((StatusCode::BAD_REQUEST, html(shown(&site, Some(what)))).into_response());
    }
    let mut checked: Vec<(Inspection, String, Option<String>)> = Vec::new();
    for (folder, path, of_field) in files {
        let wanted = of_field.or(side);
        let looked = path.clone();
        let made_at = site.app.now().to_zoned(jiff::tz::TimeZone::system());
        let found = blocking(move || {
            let inspection = inspect(&looked, wanted, &SideOptions::default())?;
            let columns = SideOptions::default();
            let folder = looked.with_file_name("退回");
            let io = |e| crate::pipeline::PipelineError::Io {
                action: "create",
                path: folder.clone(),
                source: e,
            };
            fs::create_dir_all(&folder).map_err(io)?;
            let returned =
                write_rows_to_return(&looked, &inspection, &columns, &folder, &made_at, lang)?;
            Ok::<_, crate::pipeline::PipelineError>((inspection, returned))
        })
        .await;
        let (inspection, returned) = match found {
            Ok(found) => found,
            Err(error) => {
                // Where the server keeps the upload is no business of who sent it.
                let place = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
                let what = format!("{} {}", error.message(lang), error.remedy(lang));
                let what = what.replace(&place, "");
                let page = html(shown(&site, Some(&what)));
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
        };
        let key = new_key(&site)?;
        let link = returned.as_ref().map(|_| format!("/import/returned/{key}"));
        checked.push((inspection, key.clone(), link));
        let (side, at) = (checked[checked.len() - 1].0.side, Instant::now());
        site.app.jobs.keep(Upload { key, folder, path, side, returned, at });
    }
    let lists: Vec<CheckedList<'_>> = checked
        .iter()
        .map(|(inspection, key, returned)| CheckedList {
            inspection,
            key,
            returned: returned.as_deref(),
        })
        .collect();
    let page = ImportCheckPage { lists: &lists, local: site.is_local() };
    Ok(html(pages::import_check_page(&site.frame(), &page)))
}

/// The workbook of rows that go back to their sender.
pub(super) async fn returned(site: Site, Path(key): Path<String>) -> Result<Response, Problem> {
    site.needs(Permission::Import)?;
    let path = {
        let uploads = site.app.jobs.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        let upload = uploads.iter().find(|upload| upload.key == key);
        upload.and_then(|upload| upload.returned.clone())
    };
    let path = path.ok_or_else(|| site.not_found())?;
    let bytes = blocking(move || fs::read(path)).await.map_err(|_| site.not_found())?;
    Ok(download("returned.xlsx", bytes))
}

/// Takes checked lists in; on the local page they are matched then.
pub(super) async fn take(
    site: Site,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let csrf = fields.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value);
    checks_form(&site.caller, csrf)?;
    site.needs(Permission::Import)?;
    let keys = fields.iter().filter(|(name, _)| name == "key").map(|(_, key)| key);
    let uploads: Vec<Upload> = keys.filter_map(|key| site.app.jobs.take(key)).collect();
    if uploads.is_empty() {
        let what = site.lang.pick(
            "这些文件已经收下，或者等得太久；请重新放入",
            "these files were taken in already, or waited too long; send them again",
        );
        return Ok((StatusCode::CONFLICT, html(shown(&site, Some(what)))).into_response());
    }
    if site.is_local() {
        return start(&site, uploads);
    }
    let app = Arc::clone(&site.app);
    let taken = blocking(move || take_in(&app, &uploads, false)).await;
    let taken = taken.map_err(|error| Problem::of_job(site.lang, &error))?;
    let lists: Vec<TakenList<'_>> = taken
        .iter()
        .map(|(file, side, figures)| TakenList {
            file,
            side: *side,
            rows_in: figures.rows_in,
            added: figures.added,
            changed: figures.changed,
            unchanged: figures.unchanged,
            gone: figures.gone,
            rejected: figures.rejected,
        })
        .collect();
    Ok(html(pages::import_taken_page(&site.frame(), &lists)))
}

struct Figures {
    rows_in: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    gone: u64,
    rejected: u64,
}

/// Takes lists in under the builders' lock.
fn take_in(
    app: &App,
    uploads: &[Upload],
    whole: bool,
) -> Result<Vec<(String, Side, Figures)>, JobError> {
    let _lock = BuildersLock::take(&app.workspace, "serve", Timestamp::now())?;
    let mut store = app.workspace.store(app.now())?;
    store.discard_staged(app.now())?;
    let percent = app.workspace.config().inbox.max_rejected_percent;
    let mut taken = Vec::new();
    for upload in uploads {
        let file = ListFile {
            path: &upload.path,
            side: upload.side,
            list: None,
            set: None,
            whole,
            again: true,
            columns: &SideOptions::default(),
            max_rejected_share: f64::from(percent) / 100.0,
            returned: None,
            progress: &|_| {},
        };
        let summary = match take_list(&app.workspace, &mut store, &file, &app.around)? {
            Taken::New(summary, ..) | Taken::Already { summary, .. } => summary,
            Taken::Changing => continue,
        };
        let figures = summary.figures;
        taken.push((
            summary.file,
            summary.side,
            Figures {
                rows_in: figures.new
                    + figures.changed
                    + figures.revived
                    + figures.unchanged
                    + figures.repeated
                    + figures.refused
                    + figures.merged
                    + figures.skipped
                    + figures.rejected,
                added: figures.new + figures.revived,
                changed: figures.changed,
                unchanged: figures.unchanged,
                gone: figures.withdrawn,
                rejected: figures.rejected + figures.refused,
            },
        ));
    }
    Ok(taken)
}

/// Starts a match of the lists on a thread of its own.
fn start(site: &Site, uploads: Vec<Upload>) -> Result<Response, Problem> {
    let id = new_key(site)?;
    site.app.jobs.set(&id, Stand::Waiting);
    let (app, job) = (Arc::clone(&site.app), id.clone());
    let handle = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let telling = Telling { app: &app, id: &job, stand: Mutex::new((None, 0, None)) };
        // What is put in on this page is the whole list: last time's is replaced by it.
        let done = take_in(&app, &uploads, true).and_then(|_| {
            let options = NightlyOptions::default();
            nightly(&app.workspace, &options, &app.around, &telling)
        });
        let stand = match done {
            Ok(night) => {
                handle.block_on(watch::look(&app));
                Stand::Done(Box::new(night.summary))
            }
            Err(error) => {
                tracing::warn!(%error, "a match that was started from a page failed");
                let told = |lang| (error.message(lang), error.remedy(lang));
                use crate::model::Lang::{En, Zh};
                Stand::Failed { zh: told(Zh), en: told(En) }
            }
        };
        app.jobs.set(&job, stand);
        drop(uploads.into_iter().map(|upload| upload.folder).collect::<Vec<_>>());
    });
    Ok(Redirect::to(&format!("/import/job/{id}")).into_response())
}

/// Tells the page how far the match has come.
struct Telling<'a> {
    app: &'a App,
    id: &'a str,
    stand: Mutex<(Option<Stage>, u64, Option<u64>)>,
}

impl Telling<'_> {
    fn tell(&self, change: impl FnOnce(&mut (Option<Stage>, u64, Option<u64>))) {
        let mut stand = self.stand.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut stand);
        let (stage, done, total) = *stand;
        self.app.jobs.set(self.id, Stand::Working { stage, done, total });
    }
}

impl Progress for Telling<'_> {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        self.tell(|stand| *stand = (Some(stage), 0, total));
    }

    fn advance(&self, steps: u64) {
        self.tell(|stand| stand.1 += steps);
    }

    fn end(&self) {}
}

pub(super) async fn job(site: Site, Path(id): Path<String>) -> Result<Response, Problem> {
    site.needs(Permission::Import)?;
    let job = site.app.jobs.find(&id).ok_or_else(|| site.not_found())?;
    let stage;
    let told;
    let state = match &job.state {
        Stand::Waiting => JobState::Waiting,
        Stand::Working { stage: at, done, total } => {
            stage = at.map_or("", |stage| stage.label(site.lang));
            JobState::Working { stage, done: *done, total: *total }
        }
        Stand::Done(summary) => {
            let [recommend, discuss, no_match] = summary.demands_by_verdict.map(|n| n as u64);
            JobState::Done(JobFigures { recommend, discuss, no_match })
        }
        Stand::Failed { zh, en } => {
            told = match site.lang {
                crate::model::Lang::Zh => zh,
                crate::model::Lang::En => en,
            };
            JobState::Failed { message: &told.0, remedy: &told.1 }
        }
    };
    let serving = site.app.published();
    let files: Vec<RunFile<'_>> = match (&job.state, &serving) {
        (Stand::Done(_), Some(serving)) => super::browse::run_files(serving),
        _ => Vec::new(),
    };
    let page = JobPage { id: &id, state, seconds: job.began.elapsed().as_secs(), files: &files };
    Ok(html(pages::job_page(&site.frame(), &page)))
}
