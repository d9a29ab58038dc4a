//! Copies of the store, and putting one back.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::events::{Event, append};
use super::row::hex;
use super::transaction::Durability;
use super::{Store, StoreError};

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BackupFacts {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
}

/// What was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The files of the store that was there, under their new names.
    pub set_aside: Vec<PathBuf>,
}

impl Store {
    /// Copies the store as it is now into one new file, while others read and write, and checks
    /// the copy as [`Store::integrity`] does.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is a file; `Corrupt` if the store, and with it the copy,
    /// is damaged: the copy is then removed; `Full`, `ReadOnly`, `Io`.
    pub fn backup_to(&self, path: &Path) -> Result<BackupFacts, StoreError> {
        if path.try_exists().map_err(|error| io_error(path, &error))? {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let copied = self.copy_to(path);
        if copied.is_err() {
            // A copy that is not known to be whole must not be taken for one. That it cannot be
            // removed is less than what went wrong before.
            let _ = fs::remove_file(path);
        }
        copied
    }

    fn copy_to(&self, path: &Path) -> Result<BackupFacts, StoreError> {
        let target = path.to_str().ok_or_else(|| StoreError::Io {
            path: path.to_owned(),
            detail: "the name is no Unicode text".to_owned(),
        })?;
        self.conn
            .execute("VACUUM INTO ?1", [target])
            .map_err(|error| StoreError::from(error).at(&self.path))?;
        sync(path)?;
        let findings = Self::open_read_only(path)?.integrity()?;
        if let Some(first) = findings.first() {
            let detail = first.message(crate::model::Lang::En);
            return Err(StoreError::Corrupt { path: self.path.clone(), detail });
        }
        facts(path).map_err(|error| io_error(path, &error))
    }

    /// Puts a copy in the place of a store, which need not be there or be sound. Its files are
    /// renamed, never deleted. Nobody may have it open.
    ///
    /// The copy is checked, and brought to the present schema, before anything is moved. Sessions
    /// end; users and tokens are as they were, so that what was changed or revoked since the copy
    /// was made has to be changed or revoked again.
    ///
    /// # Errors
    /// [`StoreError::Missing`], `NotAStore`, `Newer` or `Corrupt` for the copy; `Full`, `ReadOnly`
    /// or `Io` while it is put in place. Interrupted, it can be done again.
    pub fn restore(backup: &Path, target: &Path, at: Timestamp) -> Result<Restored, StoreError> {
        let beside = ending(target, ".restoring");
        for file in Self::files(&beside) {
            remove_if_there(&file)?;
        }
        if !backup.try_exists().map_err(|error| io_error(backup, &error))? {
            return Err(StoreError::Missing { path: backup.to_owned() });
        }
        fs::copy(backup, &beside).map_err(|error| io_error(&beside, &error))?;
        let prepared = prepare(&beside, backup, at);
        if prepared.is_err() {
            for file in Self::files(&beside) {
                remove_if_there(&file)?;
            }
        }
        prepared?;
        let set_aside = set_aside(target, at)?;
        fs::rename(&beside, target).map_err(|error| io_error(target, &error))?;
        sync(target)?;
        Ok(Restored { set_aside })
    }
}

/// Checks the copy and logs the restoration in it, leaving one file on the disk.
fn prepare(copy: &Path, backup: &Path, at: Timestamp) -> Result<(), StoreError> {
    let named = |error: StoreError| match error {
        StoreError::Corrupt { detail, .. } => {
            StoreError::Corrupt { path: backup.to_owned(), detail }
        }
        StoreError::NotAStore { .. } => StoreError::NotAStore { path: backup.to_owned() },
        StoreError::Newer { found, known, program, .. } => {
            StoreError::Newer { path: backup.to_owned(), found, known, program }
        }
        other => other,
    };
    let mut store = Store::open(copy, at).map_err(named)?;
    if let Some(first) = store.integrity()?.first() {
        let detail = first.message(crate::model::Lang::En);
        return Err(StoreError::Corrupt { path: backup.to_owned(), detail });
    }
    let name = backup.file_name().unwrap_or_default().to_string_lossy().into_owned();
    store.write(Durability::Synced, |conn| {
        // Who logged out since, or was logged out, must not be in again.
        conn.execute_batch("DELETE FROM sessions; DELETE FROM launches")?;
        append(conn, at, &Event::Restored { backup: name })
    })?;
    // The last connection copies the log back and removes it.
    store.conn.close().map_err(|(_, error)| StoreError::from(error).at(copy))?;
    sync(copy)
}

/// Renames the store's files to names that say when.
fn set_aside(target: &Path, at: Timestamp) -> Result<Vec<PathBuf>, StoreError> {
    let when = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let free = |n: u32| {
        let mut aside = ending(target, &format!(".aside-{when}"));
        if n > 1 {
            aside = ending(&aside, &format!("-{n}"));
        }
        aside
    };
    let taken = |aside: &Path| Store::files(aside).iter().any(|file| file.exists());
    let mut n = 1;
    while taken(&free(n)) {
        n += 1;
    }
    let mut moved = Vec::new();
    for (from, to) in Store::files(target).into_iter().zip(Store::files(&free(n))) {
        match fs::rename(&from, &to) {
            Ok(()) => moved.push(to),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&from, &error)),
        }
    }
    Ok(moved)
}

fn ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path, &error)),
        _ => Ok(()),
    }
}

/// Has the disk hold the file and its name.
fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = || -> io::Result<()> {
        File::options().read(true).write(true).open(path)?.sync_all()?;
        // Only Unix can sync a folder; elsewhere the file system orders names itself.
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    synced().map_err(|error| io_error(path, &error))
}

fn facts(path: &Path) -> io::Result<BackupFacts> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(BackupFacts { bytes, sha256: hex(&hasher.finalize()) });
        }
        hasher.update(&buffer[..n]);
        bytes += n as u64;
    }
}

fn io_error(path: &Path, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            StoreError::ReadOnly { path }
        }
        _ => StoreError::Io { path, detail: error.to_string() },
    }
}
