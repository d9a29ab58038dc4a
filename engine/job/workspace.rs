//! A workspace: a folder with `duijie.toml`, and where things are in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::JobError;
use crate::config::{Config, DEFAULT};
use crate::store::Store;

/// The file that makes a folder a workspace.
pub const CONFIG: &str = "duijie.toml";
/// Folders of the inbox, with what a person finds in them.
const FOLDERS: [&str; 7] = [
    "inbox/demands",
    "inbox/supplies",
    "inbox/answers",
    "inbox/contacts",
    "intakes",
    "generations",
    "runs",
];

/// A folder that holds lists, what was made of them, and their settings.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    config: Config,
}

impl Workspace {
    /// Makes a workspace of a folder, which is created if need be. What is there already stays as
    /// it is; returns what was made, relative to the folder.
    ///
    /// # Errors
    /// [`JobError::Io`], [`JobError::Config`] for a file that is there already, and
    /// [`JobError::Store`].
    pub fn init(root: &Path, at: Timestamp) -> Result<(Self, Vec<String>), JobError> {
        let mut made = Vec::new();
        fs::create_dir_all(root).map_err(|e| JobError::io("create", root, e))?;
        for folder in FOLDERS {
            let path = root.join(folder);
            if !path.is_dir() {
                fs::create_dir_all(&path).map_err(|e| JobError::io("create", &path, e))?;
                made.push(format!("{folder}/"));
            }
        }
        let config = root.join(CONFIG);
        match File::options().write(true).create_new(true).open(&config) {
            Ok(mut file) => {
                io::Write::write_all(&mut file, DEFAULT.as_bytes())
                    .map_err(|e| JobError::io("write", &config, e))?;
                made.push(CONFIG.to_owned());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(JobError::io("create", &config, error)),
        }
        let workspace = Self::open(root)?;
        let store = workspace.path("store.db");
        if store.exists() {
            drop(Store::open(&store, at)?);
        } else {
            drop(Store::create(&store, at)?);
            made.push("store.db".to_owned());
        }
        Ok((workspace, made))
    }

    /// The workspace that `--workspace` names, or the nearest one at or above `from`.
    ///
    /// # Errors
    /// [`JobError::NoWorkspace`] where there is none, and what [`Workspace::open`] finds.
    pub fn find(given: Option<&Path>, from: &Path) -> Result<Self, JobError> {
        if let Some(root) = given {
            return Self::open(root);
        }
        let found = from.ancestors().find(|dir| dir.join(CONFIG).is_file());
        match found {
            Some(root) => Self::open(root),
            None => Err(JobError::NoWorkspace { path: from.to_owned() }),
        }
    }

    /// Opens a workspace and reads its settings.
    ///
    /// # Errors
    /// [`JobError::NoWorkspace`] without `duijie.toml`, [`JobError::Config`] where it is wrong.
    pub fn open(root: &Path) -> Result<Self, JobError> {
        let path = root.join(CONFIG);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(JobError::NoWorkspace { path: root.to_owned() });
            }
            Err(error) => return Err(JobError::io("read", &path, error)),
        };
        let config = Config::read(&text, &path)?;
        Ok(Self { root: root.to_owned(), config })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// A place in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Folder of a generation.
    #[must_use]
    pub fn generation(&self, number: u64) -> PathBuf {
        self.root.join("generations").join(number.to_string())
    }

    /// Folder of a run, by its name such as `2026-11-20-1`.
    #[must_use]
    pub fn run(&self, name: &str) -> PathBuf {
        self.root.join("runs").join(name)
    }

    /// Opens the store for reading and writing.
    ///
    /// # Errors
    /// [`JobError::NoStore`] where there is none; what the store says otherwise.
    pub fn store(&self, at: Timestamp) -> Result<Store, JobError> {
        Ok(Store::open(&self.store_path()?, at)?)
    }

    /// Opens the store for reading.
    ///
    /// # Errors
    /// As [`Workspace::store`].
    pub fn store_read_only(&self) -> Result<Store, JobError> {
        Ok(Store::open_read_only(&self.store_path()?)?)
    }

    fn store_path(&self) -> Result<PathBuf, JobError> {
        let path = self.path("store.db");
        // An empty store in the place of a lost one would withdraw nothing and hide everything.
        if path.is_file() { Ok(path) } else { Err(JobError::NoStore { path }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_makes_what_is_missing_and_keeps_the_rest() {
        let dir = tempfile::tempdir().expect("a folder");
        let (_, made) = Workspace::init(dir.path(), Timestamp::UNIX_EPOCH).expect("made");
        assert!(made.contains(&"store.db".to_owned()) && made.contains(&CONFIG.to_owned()));
        fs::write(dir.path().join(CONFIG), "[match]\ntop = 3\n").expect("write");
        fs::remove_dir(dir.path().join("inbox/answers")).expect("removed");
        let (workspace, made) =
            Workspace::init(dir.path(), Timestamp::UNIX_EPOCH).expect("made again");
        assert_eq!(made, ["inbox/answers/"]);
        assert_eq!(workspace.config().matching.top, 3);
    }

    #[test]
    fn the_nearest_workspace_above_is_found() {
        let dir = tempfile::tempdir().expect("a folder");
        Workspace::init(dir.path(), Timestamp::UNIX_EPOCH).expect("made");
        let below = dir.path().join("inbox/demands");
        assert_eq!(Workspace::find(None, &below).expect("found").root(), dir.path());
        let other = tempfile::tempdir().expect("a folder");
        assert!(matches!(
            Workspace::find(Some(other.path()), &below),
            Err(JobError::NoWorkspace { .. })
        ));
    }

    #[test]
    fn a_lost_store_is_not_replaced_by_an_empty_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let (workspace, _) = Workspace::init(dir.path(), Timestamp::UNIX_EPOCH).expect("made");
        fs::remove_file(workspace.path("store.db")).expect("removed");
        assert!(matches!(workspace.store(Timestamp::UNIX_EPOCH), Err(JobError::NoStore { .. })));
    }
}
