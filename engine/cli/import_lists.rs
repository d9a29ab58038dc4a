//! `duijie import FILE…`: lists, answers and contacts go into the workspace.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::ImportArguments;
use super::match_lists::side_options;
use super::outcome::Failure;
use super::progress::Bars;
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::job::{
    BuildersLock, JobError, ListFile, Surroundings, Taken, Workspace, take_answers, take_contacts,
    take_list,
};
use crate::model::{Lang, RejectedRow, Side, SourceRef};
use crate::pipeline::{Progress, Stage};
use crate::store::{ImportSummary, Store};

/// Rows that are shown on a terminal; JSON has all.
const SHOWN: usize = 10;

pub(super) fn run(arguments: &ImportArguments, lang: Lang) -> CommandResult {
    let mut columns = side_options(&arguments.columns, lang)?;
    columns.accept_held = arguments.accept_held;
    let files = expand(&arguments.files)?;
    let sides = (files.iter())
        .map(|path| side(path, arguments.side.map(Into::into), lang))
        .collect::<Result<Vec<Side>, Failure>>()?;
    let workspace = find(&arguments.workspace)?;
    let around = surroundings();
    let mut told = Told { json: Vec::new(), lines: Vec::new(), lang };
    let result = (|| -> Result<(), JobError> {
        let mut store = workspace.store(around.now())?;
        if !files.is_empty() {
            let _lock = BuildersLock::take(&workspace, "import", Timestamp::now())?;
            store.discard_staged(around.now())?;
            let percent =
                arguments.max_rejected.unwrap_or(workspace.config().inbox.max_rejected_percent);
            for (path, side) in files.iter().zip(sides) {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let returned = arguments
                    .out
                    .as_ref()
                    .map(|dir| dir.join(format!("{}-退回修改.xlsx", name.unwrap_or_default())));
                let file = ListFile {
                    path,
                    side,
                    list: arguments.list.as_deref(),
                    set: arguments.set.as_deref(),
                    whole: arguments.whole,
                    again: arguments.again,
                    columns: &columns,
                    max_rejected_share: f64::from(percent) / 100.0,
                    returned: returned.as_deref(),
                    progress: &|_| {},
                };
                take(&workspace, &mut store, &file, &around, &mut told)?;
            }
        }
        for path in &arguments.answers {
            let (summary, unread) = take_answers(&mut store, path, around.now())?;
            let added = summary.added;
            let value = serde_json::to_value(summary).unwrap_or_default();
            told.small(path, "answers", added, value, &unread);
        }
        for path in &arguments.contacts {
            let (summary, unread) = take_contacts(&mut store, path, around.now())?;
            let added = summary.added;
            let value = serde_json::to_value(summary).unwrap_or_default();
            told.small(path, "contacts", added, value, &unread);
        }
        Ok(())
    })();
    // What was taken in before a failure stays taken in, and is told.
    let mut out = std::io::stdout().lock();
    if arguments.json {
        if result.is_ok() || !told.json.is_empty() {
            writeln!(out, "{}", json!({"schema": "duijie.imported/1", "files": told.json}))?;
        }
    } else {
        for line in &told.lines {
            writeln!(out, "{line}")?;
        }
    }
    Ok(result?)
}

/// The files to take in: a folder stands for the files in it, by name. Hidden files and lock files of
/// office programs are passed over.
fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, JobError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = |source| JobError::Io { action: "read", path: path.clone(), source };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_file() && !name.starts_with('.') && !name.starts_with("~$") {
                inside.push(entry.path());
            }
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// The side of a list: as said, or by a file name that speaks of one side only. A list on the wrong
/// side does harm, so it is not guessed further.
fn side(path: &Path, said: Option<Side>, lang: Lang) -> Result<Side, Failure> {
    const DEMAND: [&str; 4] = ["demand", "需求", "xuqiu", "揭榜"];
    const SUPPLY: [&str; 7] = ["suppl", "供给", "成果", "专利", "patent", "资源", "gongji"];
    if let Some(side) = said {
        return Ok(side);
    }
    let name =
        path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let speaks = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match (speaks(&DEMAND), speaks(&SUPPLY)) {
        (true, false) => Ok(Side::Demand),
        (false, true) => Ok(Side::Supply),
        _ => Err(Failure::usage(
            match lang {
                Lang::Zh => format!("看不出 {} 是需求还是供给", path.display()),
                Lang::En => {
                    format!("cannot tell whether {} holds demands or supplies", path.display())
                }
            },
            lang.pick("加上 --side demand 或 --side supply", "say --side demand or --side supply"),
        )),
    }
}

fn take(
    workspace: &Workspace,
    store: &mut Store,
    file: &ListFile<'_>,
    around: &Surroundings,
    told: &mut Told,
) -> Result<(), JobError> {
    let bars = Bars::new(told.lang);
    bars.begin(Stage::Import, None);
    let seen = AtomicU64::new(0);
    let progress = |rows: u64| {
        bars.advance(rows.saturating_sub(seen.fetch_max(rows, Ordering::Relaxed)));
    };
    let file = ListFile { progress: &progress, ..file.clone() };
    let taken = take_list(workspace, store, &file, around);
    bars.end();
    match taken? {
        Taken::New(summary, rejected, returned) => {
            told.list(&summary, None, &rejected);
            if let Some(place) = returned {
                let what = told.lang.pick("  退回的行写在：", "  rows to send back: ");
                told.lines.push(format!("{what}{}", place.display()));
            }
        }
        Taken::Already { summary, superseded } => told.list(&summary, Some(superseded), &[]),
        Taken::Changing => told.changing(file.path),
    }
    Ok(())
}

/// What is said at the end.
struct Told {
    json: Vec<Value>,
    lines: Vec<String>,
    lang: Lang,
}

impl Told {
    fn list(&mut self, summary: &ImportSummary, again: Option<bool>, rejected: &[RejectedRow]) {
        let (already, superseded) = (again.is_some(), again == Some(true));
        let lang = self.lang;
        let mut value = serde_json::to_value(summary).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("kind".to_owned(), json!("list"));
            fields.insert("already_taken".to_owned(), json!(already));
            fields.insert("rejected_rows".to_owned(), json!(rejected));
        }
        self.json.push(value);
        let side = summary.side.label(lang);
        let what = if already {
            lang.pick("以前已读入，未重复", "taken in before, nothing done").to_owned()
        } else {
            match lang {
                Lang::Zh => format!(
                    "新增 {}，修改 {}，未变 {}，恢复 {}，撤回 {}，退回 {}",
                    summary.figures.new,
                    summary.figures.changed,
                    summary.figures.unchanged,
                    summary.figures.revived,
                    summary.figures.withdrawn,
                    summary.figures.rejected
                ),
                Lang::En => format!(
                    "{} new, {} changed, {} unchanged, {} revived, {} withdrawn, {} rejected",
                    summary.figures.new,
                    summary.figures.changed,
                    summary.figures.unchanged,
                    summary.figures.revived,
                    summary.figures.withdrawn,
                    summary.figures.rejected
                ),
            }
        };
        self.lines.push(format!("{} → {side}「{}」：{what}", summary.file, summary.list));
        if already && superseded {
            let what = self.lang.pick(
                "  此后又读入过别的文件；要让清单回到这份文件，加 --again",
                "  other files were taken into the list since; --again makes it say this file's again",
            );
            self.lines.push(what.to_owned());
        }
        let shown = rejected.iter().map(|row| (&row.source, row.reason.as_str()));
        self.rows(shown, rejected.len());
    }

    fn small(
        &mut self,
        path: &Path,
        kind: &str,
        added: u64,
        mut value: Value,
        unread: &[(SourceRef, String)],
    ) {
        if let Value::Object(fields) = &mut value {
            fields.insert("kind".to_owned(), json!(kind));
            fields.insert("file".to_owned(), json!(path.file_name().map(|n| n.to_string_lossy())));
            fields.insert("unread".to_owned(), json!(unread));
        }
        self.json.push(value);
        let what = match (kind, self.lang) {
            ("answers", Lang::Zh) => "反馈",
            ("answers", Lang::En) => "answers",
            (_, Lang::Zh) => "联系人",
            (_, Lang::En) => "contacts",
        };
        let (new, unreadable) =
            (self.lang.pick("新增", "new:"), self.lang.pick("读不懂", "unreadable:"));
        let name = path.display();
        self.lines.push(format!("{name} → {what}：{new} {added}，{unreadable} {}", unread.len()));
        self.rows(unread.iter().map(|(source, why)| (source, why.as_str())), unread.len());
    }

    fn changing(&mut self, path: &Path) {
        self.json.push(json!({"kind": "list", "file": path, "changing": true}));
        let what = self.lang.pick(
            "读的时候文件变了，没有读入；等它写完再试",
            "changed while it was read and was not taken in; try again when it is complete",
        );
        self.lines.push(format!("{}：{what}", path.display()));
    }

    fn rows<'a>(&mut self, rows: impl Iterator<Item = (&'a SourceRef, &'a str)>, n: usize) {
        for (source, why) in rows.take(SHOWN) {
            self.lines.push(format!("  {source}  {}", table::shorten(why, 80)));
        }
        if n > SHOWN {
            self.lines.push(format!("  {} {n}", self.lang.pick("……共", "… in all")));
        }
    }
}
