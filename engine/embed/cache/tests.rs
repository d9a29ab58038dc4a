//! The cache around an embedder that counts what it is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{CachedEmbedder, VectorCache};
use crate::embed::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::{Diagnosis, Embeddings};

/// Gives each text a vector of its length and its first character, and keeps what it was asked.
struct Counting {
    identity: EmbedderIdentity,
    asked: Mutex<Vec<String>>,
    fails: AtomicBool,
}

impl Counting {
    fn new(name: &str) -> Self {
        let identity = EmbedderIdentity { name: name.to_owned(), sha256: name.repeat(8), dim: 2 };
        Self { identity, asked: Mutex::new(Vec::new()), fails: AtomicBool::new(false) }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Embedder for Counting {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(EmbedError::Overflow { index: 0 });
        }
        self.asked.lock().unwrap().extend(texts.iter().map(|text| (*text).to_owned()));
        let row = |text: &&str| {
            let angle =
                text.bytes().fold(if role == TextRole::Query { 0.5 } else { 0.0 }, |a, b| {
                    a * 0.9 + f32::from(b)
                });
            [angle.sin(), angle.cos()]
        };
        Ok(Embeddings::new(texts.iter().flat_map(row).collect(), 2)?)
    }
}

fn open(dir: &Path, name: &str) -> CachedEmbedder<Counting> {
    CachedEmbedder::open(Counting::new(name), &VectorCache::new(dir)).unwrap()
}

fn embed(cached: &CachedEmbedder<Counting>, texts: &[&str]) -> Vec<f32> {
    let found = cached.embed(texts, TextRole::Document).unwrap();
    assert_eq!(found.n_rows(), texts.len());
    found.view().data().to_vec()
}

fn segments(dir: &Path, name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join(name.repeat(8))).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|e| e == "safetensors")).collect()
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let plain = Counting::new("a").embed(&["x", "y", "", "x"], TextRole::Document).unwrap();
    let cached = open(dir.path(), "a");
    assert_eq!(embed(&cached, &["x", "y", "", "x"]), plain.view().data());
    assert_eq!(cached.inner().take(), ["x", "y", ""]);
    assert_eq!(embed(&cached, &["x", "y", "", "x"]), plain.view().data());
    assert!(cached.inner().take().is_empty());
    // Another role is another vector.
    let query = cached.embed(&["x"], TextRole::Query).unwrap();
    assert_ne!(query.row(0), plain.row(0));
    assert_eq!(cached.inner().take(), ["x"]);
    drop(cached);

    let again = open(dir.path(), "a");
    assert_eq!(embed(&again, &["z", "y"])[2..], plain.view().data()[2..4]);
    assert_eq!(again.inner().take(), ["z"]);
    assert_eq!(embed(&again, &[]), [0.0_f32; 0]);
}

#[test]
fn another_model_starts_afresh_and_the_first_one_keeps_its_vectors() {
    let dir = tempfile::tempdir().unwrap();
    embed(&open(dir.path(), "a"), &["x", "y"]);
    let other = open(dir.path(), "b");
    embed(&other, &["x", "z"]);
    assert_eq!(other.inner().take(), ["x", "z"]);
    drop(other);
    let first = open(dir.path(), "a");
    embed(&first, &["x", "y", "z"]);
    assert_eq!(first.inner().take(), ["z"]);
}

#[test]
fn a_failure_keeps_what_was_made_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let cached = open(dir.path(), "a");
    embed(&cached, &["x"]);
    cached.inner().fails.store(true, Ordering::Relaxed);
    let error = cached.embed(&["x", "y"], TextRole::Document).unwrap_err();
    assert!(matches!(error, EmbedError::Overflow { .. }), "{error}");
    drop(cached);
    let again = open(dir.path(), "a");
    embed(&again, &["x", "y"]);
    assert_eq!(again.inner().take(), ["x", "y"][1..]);
}

#[test]
fn a_damaged_file_is_never_trusted_and_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let good = embed(&open(dir.path(), "a"), &["x", "y"]);
    let [path] = segments(dir.path(), "a").try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    let flipped = {
        let mut bytes = whole.clone();
        let last = bytes.len() - 1;
        bytes[last] ^= 0x40;
        bytes
    };
    for bytes in [flipped, whole[..whole.len() / 2].to_vec(), Vec::new()] {
        fs::write(&path, bytes).unwrap();
        let cached = open(dir.path(), "a");
        assert_eq!(embed(&cached, &["x", "y"]), good);
        assert_eq!(cached.inner().take(), ["x", "y"]);
        drop(cached);
        let again = open(dir.path(), "a");
        assert_eq!(embed(&again, &["x", "y"]), good);
        assert!(again.inner().take().is_empty());
    }
    // What is not of the cache is neither read nor touched.
    let stranger = path.with_file_name("notes.txt");
    fs::write(&stranger, "mine").unwrap();
    let cached = open(dir.path(), "a");
    embed(&cached, &["x"]);
    assert!(cached.inner().take().is_empty());
    assert_eq!(fs::read_to_string(&stranger).unwrap(), "mine");
}

#[test]
fn a_file_that_is_shortened_while_in_use_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let good = embed(&open(dir.path(), "a"), &["x", "y"]);
    let cached = open(dir.path(), "a");
    let [path] = segments(dir.path(), "a").try_into().unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
    assert_eq!(embed(&cached, &["x", "y"]), good);
    assert_eq!(cached.inner().take(), ["x", "y"]);
}

#[test]
fn two_at_once_lose_nothing_and_many_small_files_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut texts = Vec::new();
    for round in 0..12 {
        // Each sees what stood there when it was opened, and both write.
        let (one, two) = (open(dir.path(), "a"), open(dir.path(), "a"));
        for (cached, who) in [(one, "one"), (two, "two")] {
            let text = format!("{who} {round}");
            embed(&cached, &[&text, "shared"]);
            texts.push(text);
        }
    }
    assert!(segments(dir.path(), "a").len() <= 10, "{:?}", segments(dir.path(), "a"));
    let all: Vec<&str> = texts.iter().map(String::as_str).chain(["shared"]).collect();
    let cached = open(dir.path(), "a");
    let found = embed(&cached, &all);
    assert!(cached.inner().take().is_empty());
    let plain = Counting::new("a").embed(&all, TextRole::Document).unwrap();
    assert_eq!(found, plain.view().data());
}

#[test]
fn threads_share_one_cache() {
    let dir = tempfile::tempdir().unwrap();
    let cached = open(dir.path(), "a");
    let texts: Vec<String> = (0..2_000).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let plain = Counting::new("a").embed(&texts, TextRole::Document).unwrap();
    std::thread::scope(|scope| {
        for part in texts.chunks(300) {
            let cached = &cached;
            scope.spawn(move || embed(cached, part));
        }
    });
    assert_eq!(embed(&cached, &texts), plain.view().data());
    drop(cached);
    let again = open(dir.path(), "a");
    assert_eq!(embed(&again, &texts), plain.view().data());
    assert!(again.inner().take().is_empty());
}

#[test]
fn a_cache_that_is_too_large_loses_what_was_not_used() {
    let dir = tempfile::tempdir().unwrap();
    embed(&open(dir.path(), "a"), &["x"]);
    let small = VectorCache { dir: dir.path().to_owned(), limit: 1 };
    let cached = CachedEmbedder::open(Counting::new("b"), &small).unwrap();
    assert!(segments(dir.path(), "a").is_empty());
    embed(&cached, &["x"]);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = CachedEmbedder::open(Counting::new("a"), &VectorCache::new(&file)).err().unwrap();
    assert_eq!(error.code(), "embed.cache-folder");
    assert!(error.to_string().contains("file"), "{error}");
}
