//! A cache that does not grow for ever.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file in a model's folder whose time of change says when the model was last used. The
/// vectors' own files are never touched again.
const USED: &str = ".used";

/// Notes that the model whose vectors are in `dir` is in use.
pub(super) fn mark_used(dir: &Path) -> std::io::Result<()> {
    File::create(dir.join(USED))?.set_modified(SystemTime::now())
}

/// Removes files of vectors in the cache `root`, of whatever model, until at most `limit` bytes
/// are left: those first whose model was not used for the longest time, then older ones, then by
/// name.
///
/// What cannot be removed, because somebody has it open, stays until the next time.
pub(super) fn keep_within(root: &Path, limit: u64) {
    let mut files: Vec<([SystemTime; 2], PathBuf, u64)> = Vec::new();
    for model in fs::read_dir(root).into_iter().flatten().flatten() {
        let used = changed(&model.path().join(USED));
        for file in fs::read_dir(model.path()).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "safetensors") {
                let size = file.metadata().map_or(0, |facts| facts.len());
                files.push(([used, changed(&path)], path, size));
            }
        }
    }
    let mut total: u64 = files.iter().map(|(.., size)| size).sum();
    files.sort();
    for (_, path, size) in files {
        if total <= limit {
            break;
        }
        tracing::info!(path = %path.display(), "the cache is full; its longest unused file goes");
        if fs::remove_file(&path).is_ok() {
            total -= size;
        }
    }
}

/// When the file was last changed; long ago if that cannot be known.
fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|facts| facts.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn files_of_the_longest_unused_model_go_first() {
        let root = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, age) in [
            ("a/.used", 5),
            ("a/1.safetensors", 50),
            ("a/2.safetensors", 40),
            ("b/.used", 20),
            ("b/3.safetensors", 20),
        ] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, [0; 100]).unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        }
        let left = || {
            ["a/1.safetensors", "a/2.safetensors", "b/3.safetensors"]
                .map(|name| root.path().join(name).exists())
        };
        keep_within(root.path(), 300);
        assert_eq!(left(), [true, true, true]);
        keep_within(root.path(), 250);
        assert_eq!(left(), [true, true, false]);
        keep_within(root.path(), 100);
        assert_eq!(left(), [false, true, false]);
        mark_used(&root.path().join("b")).unwrap();
        assert!(changed(&root.path().join("b/.used")) > now - Duration::from_secs(10));
    }
}
