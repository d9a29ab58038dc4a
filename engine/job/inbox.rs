//! The inbox: files that somebody puts into a folder, taken when they are complete.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::civil::Date;

use super::{JobError, Workspace, fail, files};

/// What a folder of the inbox is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Demands,
    Supplies,
    Answers,
    Contacts,
}

impl Kind {
    /// In the order in which they are taken: answers may speak of tonight's records.
    pub(super) const ALL: [Self; 4] =
        [Self::Demands, Self::Supplies, Self::Answers, Self::Contacts];

    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Demands => "demands",
            Self::Supplies => "supplies",
            Self::Answers => "answers",
            Self::Contacts => "contacts",
        }
    }
}

/// A file that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) kind: Kind,
    pub(super) path: PathBuf,
    /// Name of the folder below that of the kind, if it lies in one: the name of the list.
    pub(super) list: Option<String>,
    /// Size and time of change when it was last looked at.
    pub(super) seen: (u64, Option<SystemTime>),
}

/// Files of the inbox in order of kind, list and name. Passed over: hidden files, lock files of
/// office programs (`~$…`), and what a copy or download in progress is called.
pub(super) fn scan(workspace: &Workspace) -> Result<Vec<Waiting>, JobError> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        let dir = workspace.path("inbox").join(kind.folder());
        scan_folder(&dir, kind, None, &mut found)?;
    }
    found.sort_by(|a, b| (a.kind, &a.list, &a.path).cmp(&(b.kind, &b.list, &b.path)));
    Ok(found)
}

fn scan_folder(
    dir: &Path,
    kind: Kind,
    list: Option<&str>,
    into: &mut Vec<Waiting>,
) -> Result<(), JobError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(JobError::io("read", dir, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|e| JobError::io("read", dir, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_passed_over(&name) {
            continue;
        }
        // Gone since the folder was listed: somebody took it back.
        let Ok(facts) = entry.metadata() else { continue };
        if facts.is_dir() {
            if list.is_none() {
                scan_folder(&entry.path(), kind, Some(&name), into)?;
            }
        } else if facts.is_file() {
            into.push(Waiting {
                kind,
                path: entry.path(),
                list: list.map(str::to_owned),
                seen: (facts.len(), facts.modified().ok()),
            });
        }
    }
    Ok(())
}

fn is_passed_over(name: &str) -> bool {
    const UNFINISHED: [&str; 5] = [".part", ".partial", ".tmp", ".crdownload", ".download"];
    let lower = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || UNFINISHED.iter().any(|end| lower.ends_with(end))
        || lower == "thumbs.db"
        || lower == "desktop.ini"
}

/// Splits into files that stayed the same for `settle` and those still being written.
///
/// Looks twice: a copy that keeps the original's time of change cannot be told by its age.
pub(super) fn settled(
    workspace: &Workspace,
    settle: Duration,
) -> Result<(Vec<Waiting>, Vec<PathBuf>), JobError> {
    let first = scan(workspace)?;
    if first.is_empty() {
        return Ok((first, Vec::new()));
    }
    std::thread::sleep(settle);
    let before: BTreeMap<&Path, _> =
        first.iter().map(|file| (file.path.as_path(), file.seen)).collect();
    let (mut ready, mut growing) = (Vec::new(), Vec::new());
    for file in scan(workspace)? {
        match before.get(file.path.as_path()) {
            Some(seen) if *seen == file.seen && file.seen.0 > 0 => ready.push(file),
            _ => growing.push(file.path),
        }
    }
    Ok((ready, growing))
}

/// Moves a file that was taken in to `inbox/done/<date>/`.
pub(super) fn move_done(
    workspace: &Workspace,
    path: &Path,
    day: Date,
) -> Result<PathBuf, JobError> {
    let place = files::move_into(path, &workspace.path("inbox/done").join(day.to_string()))?;
    fail::point("inbox.moved").map_err(|e| JobError::io("move", path, e))?;
    Ok(place)
}

/// Moves a file that cannot be taken in to `inbox/refused/`, with the reason in a text beside it.
pub(super) fn move_refused(
    workspace: &Workspace,
    path: &Path,
    reason: &str,
) -> Result<PathBuf, JobError> {
    let place = files::move_into(path, &workspace.path("inbox/refused"))?;
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned());
    let beside = place.with_file_name(format!("{}.txt", name.unwrap_or_default()));
    let write = || -> io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        // Notepad on older Windows takes UTF-8 for the local encoding without the mark.
        file.write_all("\u{feff}".as_bytes())?;
        file.write_all(reason.replace('\n', "\r\n").as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| JobError::io("write", &beside, e))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_complete_waits() {
        let dir = tempfile::tempdir().expect("a folder");
        let (workspace, _) =
            Workspace::init(dir.path(), jiff::Timestamp::UNIX_EPOCH).expect("a workspace");
        let inbox = dir.path().join("inbox/demands");
        fs::create_dir(inbox.join("攻关")).expect("a folder");
        for name in ["b.csv", "~$b.xlsx", ".hidden", "c.xlsx.part", "d.tmp", "攻关/a.csv"] {
            fs::write(inbox.join(name), "x").expect("write");
        }
        fs::write(inbox.join("empty.csv"), "").expect("write");
        fs::write(dir.path().join("inbox/answers/lists.xlsx"), "x").expect("write");
        let (ready, growing) = settled(&workspace, Duration::ZERO).expect("scanned");
        let names: Vec<_> = ready
            .iter()
            .map(|file| (file.kind, file.list.as_deref(), file.path.file_name().expect("a name")))
            .collect();
        assert_eq!(
            names,
            [
                (Kind::Demands, None, "b.csv".as_ref()),
                (Kind::Demands, Some("攻关"), "a.csv".as_ref()),
                (Kind::Answers, None, "lists.xlsx".as_ref()),
            ]
        );
        assert_eq!(growing, [inbox.join("empty.csv")], "an empty file has only been begun");
        // A file that grows while it is looked at.
        let growing_file = inbox.join("b.csv");
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            fs::write(growing_file, "xy").expect("write");
        });
        let (ready, growing) = settled(&workspace, Duration::from_secs(1)).expect("scanned");
        writer.join().expect("written");
        assert!(growing.contains(&inbox.join("b.csv")), "{growing:?}");
        assert!(!ready.iter().any(|file| file.path.ends_with("b.csv")));
    }

    #[test]
    fn a_refused_file_has_its_reason_beside() {
        let dir = tempfile::tempdir().expect("a folder");
        let (workspace, _) =
            Workspace::init(dir.path(), jiff::Timestamp::UNIX_EPOCH).expect("a workspace");
        let path = dir.path().join("inbox/demands/坏.xlsx");
        fs::write(&path, "x").expect("write");
        let place = move_refused(&workspace, &path, "打不开\n换一份").expect("moved");
        assert_eq!(place, dir.path().join("inbox/refused/坏.xlsx"));
        let reason = fs::read_to_string(dir.path().join("inbox/refused/坏.xlsx.txt"));
        assert!(reason.expect("read").contains("打不开\r\n换一份"));
    }
}
