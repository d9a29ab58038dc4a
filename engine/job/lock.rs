//! The builders' lock: at most one process builds, publishes, or takes lists in.
//!
//! `lock` is locked by the operating system, so that a process that died, however it died, has no
//! lock on this host any more. `lock.holder` beside it says who holds it, for messages and for
//! other hosts: on a shared folder the system's locks may not reach from host to host, so a note
//! of another host is respected while it is fresh. It is a file of its own because on Windows
//! nobody else can read a locked file.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SpanRound, Timestamp, Unit};
use serde::{Deserialize, Serialize};

use super::{JobError, Workspace, fail};

/// How long another host's note counts. A night over a million records takes minutes; whoever
/// still builds after six hours is taken for dead.
const FRESH: Duration = Duration::from_secs(6 * 3_600);

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Name of the host.
    pub host: String,
    /// Process number there.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
    /// The command that took it.
    pub command: String,
}

/// The lock, held until dropped.
#[derive(Debug)]
pub struct BuildersLock {
    file: Option<File>,
    holder: PathBuf,
    /// A note that a dead process left, for the log.
    pub left_by: Option<Holder>,
}

impl BuildersLock {
    /// Takes the lock of a workspace.
    ///
    /// # Errors
    /// [`JobError::Locked`] when another process holds it, or another host's note is fresh;
    /// [`JobError::Io`] when the files cannot be written.
    pub fn take(workspace: &Workspace, command: &str, now: Timestamp) -> Result<Self, JobError> {
        let path = workspace.path("lock");
        let holder = workspace.path("lock.holder");
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|e| JobError::io("open", &path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JobError::Locked { holder: read(&holder) });
            }
            Err(TryLockError::Error(error)) => return Err(JobError::io("lock", &path, error)),
        }
        let host = host_name();
        let left_by = read(&holder);
        if let Some(other) = left_by.as_ref().filter(|other| other.host != host)
            && is_fresh(other, now)
        {
            return Err(JobError::Locked { holder: left_by });
        }
        let own = Holder { host, pid: std::process::id(), since: now, command: command.to_owned() };
        let text =
            serde_json::to_string(&own).map_err(|e| JobError::io("write", &holder, e.into()))?;
        fs::write(&holder, text).map_err(|e| JobError::io("write", &holder, e))?;
        fail::point("lock.taken").map_err(|e| JobError::io("lock", &path, e))?;
        Ok(Self { file: Some(file), holder, left_by })
    }

    /// Who holds the lock of a workspace just now; `None` where nobody does on this host.
    #[must_use]
    pub fn held_by(workspace: &Workspace) -> Option<Holder> {
        let file = File::options().read(true).write(true).open(workspace.path("lock")).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => read(&workspace.path("lock.holder")),
            _ => None,
        }
    }
}

impl Drop for BuildersLock {
    fn drop(&mut self) {
        // The note goes first: a note without a lock only costs a line in the log.
        fs::remove_file(&self.holder).ok();
        drop(self.file.take());
    }
}

fn read(path: &Path) -> Option<Holder> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

fn is_fresh(holder: &Holder, now: Timestamp) -> bool {
    let age = now.duration_since(holder.since);
    // A note from the future is another host's clock; it counts as fresh.
    age.is_negative() || age.unsigned_abs() < FRESH
}

/// How long a holder has held it, rounded to minutes, such as `PT25M`.
#[must_use]
pub fn held_for(holder: &Holder, now: Timestamp) -> String {
    let span = now.since(holder.since).unwrap_or_default();
    span.round(SpanRound::new().largest(Unit::Hour).smallest(Unit::Minute))
        .unwrap_or(span)
        .to_string()
}

/// This host's name, as the kernel or the environment has it.
fn host_name() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = |name: &str| std::env::var(name).ok();
    kernel
        .or_else(|| named("COMPUTERNAME"))
        .or_else(|| named("HOSTNAME"))
        .or_else(|| fs::read_to_string("/etc/hostname").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> (tempfile::TempDir, Workspace) {
        let dir = tempfile::tempdir().expect("a folder");
        let (workspace, _) = Workspace::init(dir.path(), Timestamp::now()).expect("a workspace");
        (dir, workspace)
    }

    #[test]
    fn one_at_a_time() {
        let (_dir, workspace) = workspace();
        let now = Timestamp::now();
        let first = BuildersLock::take(&workspace, "nightly", now).expect("free");
        // A second handle in the same process is refused like another process.
        match BuildersLock::take(&workspace, "import", now) {
            Err(JobError::Locked { holder: Some(holder) }) => {
                assert_eq!((holder.pid, holder.command.as_str()), (std::process::id(), "nightly"));
            }
            other => panic!("{other:?}"),
        }
        assert!(BuildersLock::held_by(&workspace).is_some());
        drop(first);
        assert!(BuildersLock::held_by(&workspace).is_none());
        BuildersLock::take(&workspace, "import", now).expect("free again");
    }

    #[test]
    fn a_dead_process_of_this_host_is_recognised_and_another_host_respected() {
        let (_dir, workspace) = workspace();
        let now = Timestamp::now();
        let note = |host: &str, since: Timestamp| {
            let holder =
                Holder { host: host.to_owned(), pid: 1, since, command: "nightly".to_owned() };
            let text = serde_json::to_string(&holder).expect("JSON");
            fs::write(workspace.path("lock.holder"), text).expect("write");
        };
        note(&host_name(), now);
        let lock = BuildersLock::take(&workspace, "nightly", now).expect("the process is dead");
        assert_eq!(lock.left_by.as_ref().map(|holder| holder.pid), Some(1));
        drop(lock);
        note("elsewhere", now);
        assert!(matches!(
            BuildersLock::take(&workspace, "nightly", now),
            Err(JobError::Locked { .. })
        ));
        note("elsewhere", now - FRESH);
        BuildersLock::take(&workspace, "nightly", now).expect("the note is old");
    }
}
