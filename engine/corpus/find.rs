//! The two lists in a folder.

use std::path::{Path, PathBuf};

use super::error::CorpusError;

/// Extensions that are read.
const READABLE: [&str; 14] = [
    "xlsx", "xlsm", "xls", "et", "html", "htm", "xml", "docx", "csv", "tsv", "txt", "jsonl",
    "ndjson", "zip",
];

/// Finds the one `demands.*` and the one `supplies.*` of a folder, with a readable extension.
///
/// # Errors
/// [`CorpusError::Read`] if the folder cannot be listed; [`CorpusError::NoLists`], with what was
/// found, if either list is missing or there is more than one.
pub fn find_lists(dir: &Path) -> Result<(PathBuf, PathBuf), CorpusError> {
    let failed = |source| CorpusError::Read { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    let with_stem = |stem: &str| -> Vec<String> {
        let fits = |name: &&String| {
            // What is packed has two extensions: demands.csv.gz.
            let unpacked = name.strip_suffix(".gz").unwrap_or(name.as_str());
            let path = Path::new(unpacked);
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            let is_stem = path.file_stem().is_some_and(|s| s.eq_ignore_ascii_case(stem));
            is_stem && extension.is_some_and(|e| READABLE.contains(&e.as_str()))
        };
        names.iter().filter(fits).cloned().collect()
    };
    let (demands, supplies) = (with_stem("demands"), with_stem("supplies"));
    match (demands.as_slice(), supplies.as_slice()) {
        ([demand], [supply]) => Ok((dir.join(demand), dir.join(supply))),
        _ => {
            let others = names
                .iter()
                .filter(|name| !demands.contains(name) && !supplies.contains(name))
                .take(20)
                .cloned()
                .collect();
            Err(CorpusError::NoLists { dir: dir.to_owned(), demands, supplies, others })
        }
    }
}
