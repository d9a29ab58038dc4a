//! A whole model folder: its files one after another, verified, then in its place at once.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use super::http::{Client, beside};
use super::known::{known_models, usual_files};
use super::manifest::{MANIFEST_FILE, Manifest, check, hash_file, is_inside, parse, verify, write};
use super::{DownloadError, KnownFile};

const WEIGHTS_FILE: &str = "model.safetensors";
const INDEX_FILE: &str = "model.safetensors.index.json";

/// Names the source of what has gathered so far: files of two sources may be of two versions.
const SOURCE_FILE: &str = ".source";

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An address; files are fetched with their path behind it.
    Url(String),
    /// A folder on this machine.
    Directory(PathBuf),
}

impl FromStr for Source {
    type Err = Infallible;

    /// What begins with `http://` or `https://` is an address, all else a folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        Ok(if is_url {
            Self::Url(text.trim_end_matches('/').to_owned())
        } else {
            Self::Directory(text.into())
        })
    }
}

impl Source {
    fn name(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Directory(path) => path.display().to_string(),
        }
    }
}

/// What to pull and how.
#[derive(Debug, Clone)]
pub struct PullOptions<'a> {
    /// Name of the model and of its folder.
    pub name: &'a str,
    /// Where from; the hub's address of a known model without it.
    pub from: Option<Source>,
    /// Folder of all models.
    pub home: &'a Path,
    /// Attempts in a row that bring nothing new before a file is given up; 5 is customary.
    pub attempts: u32,
    /// Wait before the second attempt; it doubles from there.
    pub pause: Duration,
}

/// What a hash was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashOrigin {
    /// The table of known models.
    Known,
    /// The source's own `SHA256SUMS`.
    Source,
    /// Nothing: it is recorded now and verified from now on.
    Recorded,
}

/// A file of a pulled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledFile {
    /// Path within the folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// What the hash was compared with.
    pub origin: HashOrigin,
}

/// A model in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Its folder.
    pub directory: PathBuf,
    /// Its files; empty where the folder was there already and its hashes are right.
    pub files: Vec<PulledFile>,
}

/// Gets a model into `home`, telling `report` of each file the bytes that came and that are
/// expected.
///
/// Files gather in a hidden folder beside the place, which a later call continues, and are renamed
/// into it when all are there and verified. A folder that is there already is verified, not
/// fetched.
///
/// # Errors
/// [`DownloadError`]: the name, the source, a file or its hash; what came is kept for the next
/// call, but never a file whose hash is wrong.
pub fn pull(
    options: &PullOptions<'_>,
    report: &dyn Fn(&str, u64, Option<u64>),
) -> Result<Pulled, DownloadError> {
    let name = options.name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
        return Err(DownloadError::Name { name: name.to_owned() });
    }
    let known = known_models().into_iter().find(|model| model.name == name);
    let source = match (&options.from, &known) {
        (Some(source), _) => source.clone(),
        (None, Some(model)) => Source::Url(model.url()),
        (None, None) => return Err(DownloadError::UnknownModel { name: name.to_owned() }),
    };
    let directory = options.home.join(name);
    if directory.exists() {
        return match verify(&directory)? {
            Some(_) => Ok(Pulled { directory, files: Vec::new() }),
            None => Err(DownloadError::Occupied { path: directory }),
        };
    }
    let staging = options.home.join(format!(".{name}.partial"));
    let client = Client::new(options.attempts, options.pause);
    let mut fetcher = Fetcher { source, staging, client, report, theirs: Manifest::new() };
    fetcher.begin()?;
    fetcher.theirs = fetcher.manifest()?;
    let files = fetcher.all(&known.map_or_else(usual_files, |model| model.files))?;
    let sums = files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect();
    let list = fetcher.staging.join(MANIFEST_FILE);
    fs::write(&list, write(&sums)).map_err(file_error("writing", &list))?;
    let note = fetcher.staging.join(SOURCE_FILE);
    fs::remove_file(&note).map_err(file_error("writing", &note))?;
    fs::rename(&fetcher.staging, &directory).map_err(file_error("renaming", &fetcher.staging))?;
    Ok(Pulled { directory, files })
}

struct Fetcher<'a> {
    source: Source,
    /// Where the files gather.
    staging: PathBuf,
    client: Client,
    report: &'a dyn Fn(&str, u64, Option<u64>),
    /// The hashes that the source itself publishes.
    theirs: Manifest,
}

impl Fetcher<'_> {
    /// Goes on with what an earlier call left, if it came from the same source.
    fn begin(&self) -> Result<(), DownloadError> {
        let note = self.staging.join(SOURCE_FILE);
        let name = self.source.name();
        if self.staging.exists() && fs::read_to_string(&note).ok().as_ref() != Some(&name) {
            fs::remove_dir_all(&self.staging).map_err(file_error("writing", &self.staging))?;
        }
        fs::create_dir_all(&self.staging).map_err(file_error("writing", &self.staging))?;
        fs::write(&note, name).map_err(file_error("writing", &note))
    }

    /// The source's own list of hashes; empty where it has none.
    fn manifest(&self) -> Result<Manifest, DownloadError> {
        let path = self.staging.join(MANIFEST_FILE);
        if !self.bring(MANIFEST_FILE, &path)? {
            return Ok(Manifest::new());
        }
        let text = fs::read_to_string(&path).map_err(file_error("reading", &path));
        // It is written anew for the files that are kept, and asked for anew by the next call.
        fs::remove_file(&path).ok();
        parse(&text?)
    }

    fn all(&self, wanted: &[KnownFile]) -> Result<Vec<PulledFile>, DownloadError> {
        let mut files = Vec::new();
        for file in wanted {
            match self.one(&file.path, file.sha256.as_deref())? {
                Some(pulled) => files.push(pulled),
                None if file.optional => {}
                None if file.path == WEIGHTS_FILE => files.extend(self.shards()?),
                None => return Err(self.missing(&file.path)),
            }
        }
        Ok(files)
    }

    /// The weights in several files, as the index names them.
    fn shards(&self) -> Result<Vec<PulledFile>, DownloadError> {
        #[derive(Deserialize)]
        struct Index {
            weight_map: BTreeMap<String, String>,
        }
        let Some(index) = self.one(INDEX_FILE, None)? else {
            return Err(self.missing(WEIGHTS_FILE));
        };
        let path = self.staging.join(INDEX_FILE);
        let bytes = fs::read(&path).map_err(file_error("reading", &path))?;
        let unusable = |what| DownloadError::List { file: INDEX_FILE.to_owned(), what };
        let parsed: Index =
            serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
        let mut names: Vec<String> = parsed.weight_map.into_values().collect();
        names.sort();
        names.dedup();
        let mut files = vec![index];
        for name in names {
            if !is_inside(&name) {
                return Err(unusable(format!("{name} leads outside")));
            }
            files.push(self.one(&name, None)?.ok_or_else(|| self.missing(&name))?);
        }
        Ok(files)
    }

    /// One file, verified; `None` where the source lacks it.
    fn one(&self, path: &str, known: Option<&str>) -> Result<Option<PulledFile>, DownloadError> {
        let target = self.staging.join(path);
        // A file without ending was whole when an earlier call stopped.
        if !target.exists() && !self.bring(path, &target)? {
            return Ok(None);
        }
        let sha256 = hash_file(&target)?;
        let (expected, origin) = match (known, self.theirs.get(path)) {
            (Some(hash), _) => (hash, HashOrigin::Known),
            (None, Some(hash)) => (hash.as_str(), HashOrigin::Source),
            (None, None) => (sha256.as_str(), HashOrigin::Recorded),
        };
        if let Err(error) = check(path, &sha256, expected) {
            fs::remove_file(&target).map_err(file_error("writing", &target))?;
            return Err(error);
        }
        let size = fs::metadata(&target).map_err(file_error("reading", &target))?.len();
        Ok(Some(PulledFile { path: path.to_owned(), size, sha256, origin }))
    }

    /// Brings one file as it is; `false` where the source lacks it.
    fn bring(&self, path: &str, target: &Path) -> Result<bool, DownloadError> {
        let folder = target.parent().unwrap_or(&self.staging);
        fs::create_dir_all(folder).map_err(file_error("writing", folder))?;
        let report = |come, total| (self.report)(path, come, total);
        match &self.source {
            Source::Url(url) => self.client.fetch(&format!("{url}/{path}"), target, &report),
            Source::Directory(directory) => {
                let from = directory.join(path);
                if !directory.is_dir() {
                    let missing = io::Error::from(io::ErrorKind::NotFound);
                    return Err(file_error("reading", directory)(missing));
                }
                if !from.is_file() {
                    return Ok(false);
                }
                // Under another name first: a copy that breaks off must not look whole.
                let part = beside(target, "part");
                let size = fs::copy(&from, &part).map_err(file_error("reading", &from))?;
                fs::rename(&part, target).map_err(file_error("renaming", &part))?;
                report(size, Some(size));
                Ok(true)
            }
        }
    }

    fn missing(&self, file: &str) -> DownloadError {
        DownloadError::Missing { source_name: self.source.name(), file: file.to_owned() }
    }
}

fn file_error(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DownloadError {
    let path = path.to_owned();
    move |source| DownloadError::File { step, path, source }
}
