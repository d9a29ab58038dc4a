//! A generation: derived data, immutable once published, with the hash of every file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{JobError, fail, files};

/// Name and version of the manifest's shape.
const SCHEMA: &str = "duijie.generation/1";
/// Its name in the folder.
pub(super) const MANIFEST: &str = "manifest.json";

/// `generations/<n>/manifest.json`, and `files.json` of a run: what a folder holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderManifest {
    /// `duijie.generation/1`.
    pub schema: String,
    /// Version of the program that made it.
    pub program: String,
    /// Number of the generation.
    pub generation: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// Place in the store's event log up to which it is made.
    pub reference: i64,
    /// Every file but this one, by its path with `/` between steps.
    pub files: BTreeMap<String, FileHash>,
}

/// Content of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What does not agree with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The file, relative to the workspace.
    pub file: String,
    /// `missing`, `changed`, `unreadable` or `unexpected`.
    pub what: &'static str,
    /// What was found, where that helps.
    pub detail: String,
}

impl FolderManifest {
    /// Hashes every file of a folder, in parallel.
    ///
    /// # Errors
    /// [`JobError::Io`] when one cannot be read.
    pub(super) fn of(
        dir: &Path,
        generation: u64,
        reference: i64,
        made_at: Timestamp,
    ) -> Result<Self, JobError> {
        Ok(Self {
            schema: SCHEMA.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            generation,
            made_at,
            reference,
            files: hashes(dir, Some(MANIFEST))?,
        })
    }

    /// Writes it into the folder, through to the disk; returns the SHA-256 of its text.
    pub(super) fn write(&self, dir: &Path) -> Result<String, JobError> {
        let path = dir.join(MANIFEST);
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|e| JobError::io("write", &path, e.into()))?;
        text.push('\n');
        let failed = |e| JobError::io("write", &path, e);
        let mut file = fs::File::create_new(&path).map_err(failed)?;
        fail::write("generation.manifest", &mut file, text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(files::hash(&path).map_err(failed)?.0)
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`JobError::Damaged`] when there is none or it cannot be understood, [`JobError::Newer`].
    pub fn read(dir: &Path) -> Result<Self, JobError> {
        let path = dir.join(MANIFEST);
        let damaged = |reason: String| JobError::Damaged { path: path.clone(), reason };
        let text = fs::read_to_string(&path).map_err(|e| damaged(e.to_string()))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        if manifest.schema != SCHEMA {
            return Err(JobError::Newer { path, found: manifest.schema, known: SCHEMA });
        }
        Ok(manifest)
    }

    /// Whether every file is there with its size: what a reader checks before opening.
    ///
    /// # Errors
    /// [`JobError::Damaged`] names the first file that is not.
    pub fn check_sizes(&self, dir: &Path) -> Result<(), JobError> {
        for (name, hash) in &self.files {
            let path = dir.join(name);
            match fs::metadata(&path) {
                Ok(found) if found.len() == hash.size => {}
                Ok(found) => {
                    let reason = format!("{} bytes instead of {}", found.len(), hash.size);
                    return Err(JobError::Damaged { path, reason });
                }
                Err(error) => {
                    return Err(JobError::Damaged { path, reason: error.to_string() });
                }
            }
        }
        Ok(())
    }
}

/// Every file of a folder with its hash, `own` left out.
pub(super) fn hashes(
    dir: &Path,
    own: Option<&str>,
) -> Result<BTreeMap<String, FileHash>, JobError> {
    let names = files::tree(dir).map_err(|e| JobError::io("read", dir, e))?;
    names
        .into_par_iter()
        .filter(|name| own != Some(name.as_str()))
        .map(|name| {
            let path = dir.join(&name);
            let (sha256, size) = files::hash(&path).map_err(|e| JobError::io("read", &path, e))?;
            Ok((name, FileHash { sha256, size }))
        })
        .collect()
}

/// Compares a folder with what it should hold; `shown` stands before file names. `own` is a file
/// of the folder that is not among those listed.
pub(super) fn compare(
    dir: &Path,
    wanted: &BTreeMap<String, FileHash>,
    shown: &str,
    own: Option<&str>,
) -> Vec<Difference> {
    let difference = |name: &str, what, detail: String| Difference {
        file: format!("{shown}/{name}"),
        what,
        detail,
    };
    let mut found: Vec<Difference> = wanted
        .par_iter()
        .filter_map(|(name, wanted)| match files::hash(&dir.join(name)) {
            Ok((sha256, size)) if sha256 == wanted.sha256 && size == wanted.size => None,
            Ok((sha256, size)) => {
                let detail = format!(
                    "{size} bytes, SHA-256 {sha256}; should be {} bytes, {}",
                    wanted.size, wanted.sha256
                );
                Some(difference(name, "changed", detail))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Some(difference(name, "missing", String::new()))
            }
            Err(error) => Some(difference(name, "unreadable", error.to_string())),
        })
        .collect();
    for name in files::tree(dir).unwrap_or_default() {
        if !wanted.contains_key(&name) && own != Some(name.as_str()) {
            found.push(difference(&name, "unexpected", String::new()));
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_bit_is_found_and_named() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("index")).expect("a folder");
        for name in ["index/a", "index/b", "c"] {
            fs::write(dir.path().join(name), name.repeat(100)).expect("write");
        }
        let manifest =
            FolderManifest::of(dir.path(), 1, 0, Timestamp::UNIX_EPOCH).expect("a manifest");
        manifest.write(dir.path()).expect("written");
        let read = FolderManifest::read(dir.path()).expect("read");
        assert_eq!(read, manifest);
        let differences = || compare(dir.path(), &manifest.files, "generations/1", Some(MANIFEST));
        assert_eq!(differences(), []);
        for name in ["index/a", "index/b", "c"] {
            let path = dir.path().join(name);
            let sound = fs::read(&path).expect("read");
            let mut flipped = sound.clone();
            flipped[sound.len() / 2] ^= 1;
            fs::write(&path, &flipped).expect("write");
            manifest.check_sizes(dir.path()).expect("sizes are the same");
            let found = differences();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].file, format!("generations/1/{name}"));
            assert_eq!(found[0].what, "changed");
            fs::write(&path, &sound[..sound.len() - 1]).expect("write");
            assert!(manifest.check_sizes(dir.path()).is_err());
            fs::write(&path, sound).expect("write");
        }
        fs::remove_file(dir.path().join("c")).expect("removed");
        fs::write(dir.path().join("d"), "").expect("write");
        let found: Vec<_> = differences().into_iter().map(|d| (d.file, d.what)).collect();
        assert_eq!(
            found,
            [
                ("generations/1/c".to_owned(), "missing"),
                ("generations/1/d".to_owned(), "unexpected")
            ]
        );
    }
}
