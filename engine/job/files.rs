//! Files that must be whole: hashed, written through to the disk, moved without overwriting.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{JobError, fail};

/// Bytes read at once when hashing: large enough that the calls do not count.
const BUFFER: usize = 1 << 20;
/// A pointer that somebody is just reading cannot be replaced on Windows; readers hold it for
/// microseconds, so that ten tries over a second are more than enough.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// SHA-256 and size of a file, read through a bounded buffer.
pub(super) fn hash(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    let mut size = 0;
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..n]);
        size += n as u64;
    }
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), size))
}

/// Every file under `dir`, relative to it with `/` between steps, ascending.
pub(super) fn tree(dir: &Path) -> io::Result<Vec<String>> {
    fn walk(dir: &Path, below: &str, into: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &format!("{name}/"), into)?;
            } else {
                into.push(name);
            }
        }
        Ok(())
    }
    let mut names = Vec::new();
    walk(dir, "", &mut names)?;
    names.sort();
    Ok(names)
}

/// Writes every file and folder under `dir` through to the disk.
pub(super) fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::options().read(true).write(true).open(entry.path())?.sync_all()?;
        }
    }
    sync_dir(dir)
}

/// Writes a folder's entries through to the disk, where the system has such a thing.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Writes a file and puts it in the place of an earlier one in one step: beside it under a new
/// name, through to the disk, renamed. `point` is the fail point of the write.
pub(super) fn replace(path: &Path, bytes: &[u8], point: &str) -> Result<(), JobError> {
    let failed = |e| JobError::io("write", path, e);
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut beside =
        tempfile::Builder::new().prefix(".new-").tempfile_in(parent).map_err(failed)?;
    fail::write(point, beside.as_file_mut(), bytes).map_err(failed)?;
    beside.as_file_mut().flush().map_err(failed)?;
    beside.as_file().sync_all().map_err(failed)?;
    let mut tries = 1;
    loop {
        match beside.persist(path) {
            Ok(_) => break,
            Err(error) if tries == TRIES => return Err(failed(error.error)),
            Err(error) => {
                tries += 1;
                std::thread::sleep(PAUSE);
                beside = error.file;
            }
        }
    }
    sync_dir(parent).map_err(failed)
}

/// Moves a file into a folder, which is made if need be, under its own name or, where that is
/// taken, with `-2`, `-3` … behind the stem. Never overwrites. Returns where it is now.
pub(super) fn move_into(path: &Path, dir: &Path) -> Result<PathBuf, JobError> {
    fs::create_dir_all(dir).map_err(|e| JobError::io("create", dir, e))?;
    for number in 1..=u32::MAX {
        let place = dir.join(numbered(path, number));
        // Takes the name first: a rename onto a file that appeared in between would replace it.
        match File::options().write(true).create_new(true).open(&place) {
            Ok(_) => {
                return match rename_or_copy(path, &place) {
                    Ok(()) => Ok(place),
                    Err(error) => {
                        fs::remove_file(&place).ok();
                        Err(JobError::io("move", path, error))
                    }
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(JobError::io("create", &place, error)),
        }
    }
    Err(JobError::io("move", path, io::ErrorKind::AlreadyExists.into()))
}

fn numbered(path: &Path, number: u32) -> String {
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
    };
    if number == 1 {
        return part(path.file_name());
    }
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    if extension.is_empty() {
        format!("{stem}-{number}")
    } else {
        format!("{stem}-{number}.{extension}")
    }
}

/// Renames, or copies and removes where the inbox lies on another file system.
fn rename_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    File::options().read(true).write(true).open(to)?.sync_all()?;
    fs::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_never_overwrites() {
        let dir = tempfile::tempdir().expect("a folder");
        let done = dir.path().join("done");
        let mut places = Vec::new();
        for text in ["one", "two", "three"] {
            let path = dir.path().join("清单.xlsx");
            fs::write(&path, text).expect("write");
            places.push(move_into(&path, &done).expect("moved"));
            assert!(!path.exists());
        }
        let names: Vec<String> = tree(&done).expect("a tree");
        assert_eq!(names, ["清单-2.xlsx", "清单-3.xlsx", "清单.xlsx"]);
        assert_eq!(fs::read_to_string(&places[2]).expect("read"), "three");
    }

    #[test]
    fn a_replacement_is_whole_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("CURRENT");
        for text in ["a", "b"] {
            replace(&path, text.as_bytes(), "publish.current").expect("replaced");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(tree(dir.path()).expect("a tree"), ["CURRENT"]);
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("abc");
        fs::write(&path, "abc").expect("write");
        // FIPS 180-4, the example of one block.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&path).expect("hash"), (known.to_owned(), 3));
    }
}
