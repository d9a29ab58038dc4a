//! An output folder that appears whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::super::PipelineError;
use super::names;

/// A folder being written beside its final place, and renamed there at the end.
///
/// Dropped unfinished, it removes itself. A process that was killed leaves a folder that the next
/// run removes: a lock that died with the process tells it apart from one still being written.
pub(in super::super) struct OutputFolder {
    place: PathBuf,
    partial: PathBuf,
    lock: Option<File>,
    lock_path: PathBuf,
    finished: bool,
}

impl OutputFolder {
    /// Begins a folder that is to appear at `place`.
    ///
    /// # Errors
    /// [`PipelineError::OutNotOurs`] when `place` holds something that is not an earlier run;
    /// [`PipelineError::Io`] when nothing can be written there.
    pub(in super::super) fn begin(place: &Path) -> Result<Self, PipelineError> {
        // `.` and links have names of their own only when resolved; a new folder has none yet.
        let place = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
        let name = place.file_name().map_or_else(|| "out".into(), |n| n.to_string_lossy());
        let parent = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&parent).map_err(|e| PipelineError::io("create", &parent, e))?;
        put_back(&parent, &name, &place);
        check_replaceable(&place)?;
        remove_abandoned(&parent, &name);
        let stem = format!(".{name}.partial-{}", std::process::id());
        let lock_path = parent.join(format!("{stem}.lock"));
        // Locked before it has the name by which others find it.
        let unnamed = parent.join(format!("{stem}.new"));
        let lock = File::create(&unnamed).map_err(|e| PipelineError::io("create", &unnamed, e))?;
        // A file system without locks only loses the clearing up of abandoned folders.
        lock.try_lock().ok();
        fs::rename(&unnamed, &lock_path).map_err(|e| PipelineError::io("rename", &unnamed, e))?;
        let partial = parent.join(&stem);
        let folder =
            Self { partial, lock: Some(lock), lock_path, finished: false, place: place.clone() };
        fs::create_dir(&folder.partial)
            .map_err(|e| PipelineError::io("create", &folder.partial, e))?;
        Ok(folder)
    }

    /// A folder that stands at its place already, empty, and that nobody reads before it is named
    /// elsewhere. It is never renamed and never removed.
    pub(in super::super) fn standing(place: &Path) -> Self {
        Self {
            place: place.to_owned(),
            partial: place.to_owned(),
            lock: None,
            lock_path: PathBuf::new(),
            finished: true,
        }
    }

    /// Where a file of the folder is to be written.
    pub(in super::super) fn path(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Makes a folder inside.
    pub(in super::super) fn create_dir(&self, name: &str) -> Result<PathBuf, PipelineError> {
        let path = self.path(name);
        fs::create_dir_all(&path).map_err(|e| PipelineError::io("create", &path, e))?;
        Ok(path)
    }

    /// Puts the folder in its place; an earlier run there is replaced whole.
    pub(in super::super) fn finish(mut self) -> Result<(), PipelineError> {
        check_replaceable(&self.place)?;
        if self.place.exists() {
            let aside = replaced(&self.partial, &self.place);
            // What an earlier process set aside and could not remove; renaming onto it would fail.
            fs::remove_dir_all(&aside).ok();
            fs::rename(&self.place, &aside)
                .map_err(|e| PipelineError::io("rename", &self.place, e))?;
            if let Err(error) = fs::rename(&self.partial, &self.place) {
                // Put the earlier run back; better old than none.
                fs::rename(&aside, &self.place).ok();
                return Err(PipelineError::io("rename", &self.partial, error));
            }
            fs::remove_dir_all(&aside).ok();
        } else {
            fs::rename(&self.partial, &self.place)
                .map_err(|e| PipelineError::io("rename", &self.partial, e))?;
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.finished {
            fs::remove_dir_all(&self.partial).ok();
        }
        if self.lock.take().is_some() {
            fs::remove_file(&self.lock_path).ok();
        }
    }
}

/// Whether `place` is free, empty, or an earlier run.
fn check_replaceable(place: &Path) -> Result<(), PipelineError> {
    let Ok(mut entries) = fs::read_dir(place) else {
        return if place.exists() {
            Err(PipelineError::OutNotOurs { path: place.to_owned() })
        } else {
            Ok(())
        };
    };
    // A match leaves pairs, a back-test forecasts.
    let holds = |name: &str| place.join(name).is_file();
    let ours = holds(names::MANIFEST) && (holds(names::PAIRS) || holds(names::FORECASTS));
    if ours || entries.next().is_none() {
        Ok(())
    } else {
        Err(PipelineError::OutNotOurs { path: place.to_owned() })
    }
}

/// Where an earlier run stands while the new one takes its place.
fn replaced(beside: &Path, place: &Path) -> PathBuf {
    let name = place.file_name().map_or_else(|| "out".into(), |n| n.to_string_lossy());
    beside.with_file_name(format!(".{name}.replaced"))
}

/// Puts an earlier run back that a process, killed between two renames, left set aside.
fn put_back(parent: &Path, name: &str, place: &Path) {
    let aside = parent.join(format!(".{name}.replaced"));
    if !place.exists() && aside.is_dir() {
        fs::rename(&aside, place).ok();
    }
}

/// Removes folders of runs that were killed.
fn remove_abandoned(parent: &Path, name: &str) {
    let prefix = format!(".{name}.partial-");
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else { continue };
        let Some(stem) = file_name.strip_suffix(".lock").filter(|s| s.starts_with(&prefix)) else {
            continue;
        };
        let Ok(lock) = File::options().write(true).open(entry.path()) else { continue };
        // Held by a run in progress, or not to be known: leave it.
        if lock.try_lock().is_err() {
            continue;
        }
        let partial = parent.join(stem);
        fs::remove_dir_all(&partial).ok();
        fs::remove_file(entry.path()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier_run(place: &Path) {
        fs::create_dir_all(place).expect("create");
        fs::write(place.join(names::MANIFEST), "{}").expect("write");
        fs::write(place.join(names::PAIRS), "old").expect("write");
    }

    #[test]
    fn appears_whole_and_replaces_an_earlier_run() {
        let dir = tempfile::tempdir().expect("temp");
        let place = dir.path().join("out");
        earlier_run(&place);
        let folder = OutputFolder::begin(&place).expect("begin");
        fs::write(folder.path("new"), "new").expect("write");
        assert!(place.join(names::PAIRS).exists(), "the old run stands until the end");
        folder.finish().expect("finish");
        assert_eq!(fs::read_to_string(place.join("new")).expect("read"), "new");
        assert!(!place.join(names::PAIRS).exists());
        assert_eq!(fs::read_dir(dir.path()).expect("list").count(), 1, "nothing is left beside");
    }

    #[test]
    fn what_an_earlier_process_set_aside_is_no_obstacle() {
        let dir = tempfile::tempdir().expect("temp");
        let place = dir.path().join("out");
        earlier_run(&place);
        earlier_run(&dir.path().join(".out.replaced"));
        let folder = OutputFolder::begin(&place).expect("begin");
        folder.finish().expect("finish");
        assert_eq!(fs::read_dir(dir.path()).expect("list").count(), 1);
    }

    #[test]
    fn unfinished_leaves_nothing() {
        let dir = tempfile::tempdir().expect("temp");
        let place = dir.path().join("out");
        earlier_run(&place);
        let folder = OutputFolder::begin(&place).expect("begin");
        fs::write(folder.path("new"), "new").expect("write");
        drop(folder);
        assert_eq!(fs::read_to_string(place.join(names::PAIRS)).expect("read"), "old");
        assert_eq!(fs::read_dir(dir.path()).expect("list").count(), 1);
    }

    #[test]
    fn somebody_elses_folder_is_refused() {
        let dir = tempfile::tempdir().expect("temp");
        fs::write(dir.path().join("thesis.docx"), "precious").expect("write");
        assert!(matches!(OutputFolder::begin(dir.path()), Err(PipelineError::OutNotOurs { .. })));
        assert!(dir.path().join("thesis.docx").exists());
    }

    #[test]
    fn an_earlier_run_left_aside_comes_back() {
        let dir = tempfile::tempdir().expect("temp");
        let place = dir.path().join("out");
        earlier_run(&dir.path().join(".out.replaced"));
        drop(OutputFolder::begin(&place).expect("begin"));
        assert!(place.join(names::PAIRS).exists());
    }

    #[test]
    fn a_run_in_progress_is_left_alone() {
        let dir = tempfile::tempdir().expect("temp");
        let live = dir.path().join(".out.partial-1");
        fs::create_dir(&live).expect("create");
        let lock = File::create(dir.path().join(".out.partial-1.lock")).expect("create");
        lock.try_lock().expect("a file system with locks");
        drop(OutputFolder::begin(&dir.path().join("out")).expect("begin"));
        assert!(live.exists());
    }

    #[test]
    fn an_empty_folder_named_by_a_dot_can_be_filled() {
        let dir = tempfile::tempdir().expect("temp");
        let place = dir.path().join("here");
        fs::create_dir(&place).expect("create");
        let folder = OutputFolder::begin(&place.join(".")).expect("begin");
        fs::write(folder.path("new"), "new").expect("write");
        folder.finish().expect("finish");
        assert!(place.join("new").exists());
    }

    #[test]
    fn a_killed_runs_folder_is_cleared() {
        let dir = tempfile::tempdir().expect("temp");
        let dead = dir.path().join(".out.partial-1");
        fs::create_dir(&dead).expect("create");
        fs::write(dir.path().join(".out.partial-1.lock"), "").expect("write");
        OutputFolder::begin(&dir.path().join("out")).expect("begin").finish().expect("finish");
        assert!(!dead.exists());
    }
}
