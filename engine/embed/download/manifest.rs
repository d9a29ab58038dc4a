//! `SHA256SUMS`: one line per file, the hash and the path, as the program sha256sum writes it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use super::DownloadError;

/// Name of the list of hashes in a model folder.
pub const MANIFEST_FILE: &str = "SHA256SUMS";

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Paths with their hashes.
pub(super) type Manifest = BTreeMap<String, String>;

/// Verifies the files of `directory` against its `SHA256SUMS`.
///
/// Gives the paths that were verified, in order; `None` where the folder has no such list.
///
/// # Errors
/// [`DownloadError::Hash`] for the first file whose content differs, [`DownloadError::File`] for
/// one that cannot be read, [`DownloadError::List`] for a list that is not one.
pub fn verify(directory: &Path) -> Result<Option<Vec<String>>, DownloadError> {
    let path = directory.join(MANIFEST_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(DownloadError::File { step: "reading", path, source }),
    };
    let manifest = parse(&text)?;
    for (file, expected) in &manifest {
        let found = hash_file(&directory.join(file))?;
        check(file, &found, expected)?;
    }
    Ok(Some(manifest.into_keys().collect()))
}

/// Fails where two hashes differ.
pub(super) fn check(file: &str, found: &str, expected: &str) -> Result<(), DownloadError> {
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(DownloadError::Hash {
        file: file.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    })
}

/// Reads a list; blank lines and lines that begin with `#` are passed over.
pub(super) fn parse(text: &str) -> Result<Manifest, DownloadError> {
    let mut manifest = Manifest::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts = line.split_once(char::is_whitespace);
        let hash = parts
            .map(|(hash, _)| hash)
            .filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        // A star before the path marks binary mode.
        let path = parts.map(|(_, path)| path.trim_start().trim_start_matches('*'));
        let path = path.map(|path| path.strip_prefix("./").unwrap_or(path));
        match (hash, path.filter(|path| is_inside(path))) {
            (Some(hash), Some(path)) => manifest.insert(path.to_owned(), hash.to_lowercase()),
            _ => {
                let what = format!("line {number} is not a hash and a path: {line}");
                return Err(DownloadError::List { file: MANIFEST_FILE.to_owned(), what });
            }
        };
    }
    Ok(manifest)
}

/// Writes a list that `sha256sum --check` reads.
pub(super) fn write(manifest: &Manifest) -> String {
    manifest.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect()
}

/// Whether a path stays within the folder it is joined to.
pub(super) fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && !path.contains('\\')
}

/// SHA-256 of a file, 64 hexadecimal digits.
pub(super) fn hash_file(path: &Path) -> Result<String, DownloadError> {
    let unreadable =
        |source| DownloadError::File { step: "reading", path: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            n => hash.update(&chunk[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_sha256sum_writes_them() {
        let (one, two) = ("a".repeat(64), "B".repeat(64));
        let text = format!("# made\n{one}  config.json\n\n{two} *./1_Pooling/config.json\r\n");
        let manifest = parse(&text).unwrap();
        assert_eq!(manifest["config.json"], one);
        assert_eq!(manifest["1_Pooling/config.json"], two.to_lowercase());
        assert_eq!(parse(&write(&manifest)).unwrap(), manifest);
    }

    #[test]
    fn lists_that_lead_outside_or_are_none_are_refused() {
        let hash = "a".repeat(64);
        for line in [
            format!("{hash}  ../x"),
            format!("{hash}  /etc/x"),
            format!("{hash}  a\\..\\x"),
            hash.clone(),
            "abc  x".to_owned(),
            "<html>".to_owned(),
        ] {
            let error = parse(&line).unwrap_err();
            assert!(error.to_string().contains("line 1"), "{error}");
        }
    }
}
