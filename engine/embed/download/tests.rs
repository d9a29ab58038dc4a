//! Pulls from a server on the loopback interface that behaves well or badly, and from folders.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::manifest::hash_file;
use super::*;
use crate::model::{Diagnosis, Lang};

/// How the server treats a file.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Ranges and an ETag.
    Good,
    /// Closes the connection after this many bytes, each time.
    BreaksAfter(usize),
    /// As above, and knows no ranges.
    IgnoresRange(usize),
    /// As the first break, but gives no mark of the version.
    Unmarked(usize),
    /// Breaks once, then serves other content under another mark.
    Changes(usize),
    /// Answers with this status.
    Status(u16),
}

/// One request: path, and the first byte that the range asked for.
type Seen = Vec<(String, Option<usize>)>;

struct Server {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// Serves `files`; `manner` is asked per path.
    fn start(files: BTreeMap<&'static str, Vec<u8>>, manner: fn(&str) -> Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/models/x/resolve/main", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that went away is not the server's concern.
                let Ok(stream) = stream else { continue };
                answer(stream, &files, manner, &log).ok();
            }
        });
        Self { url, seen }
    }

    fn requests(&self, file: &str) -> Vec<Option<usize>> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(path, _)| path == file).map(|(_, start)| *start).collect()
    }
}

fn answer(
    mut stream: TcpStream,
    files: &BTreeMap<&'static str, Vec<u8>>,
    manner: fn(&str) -> Manner,
    log: &Mutex<Seen>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap()?;
    let path = first.split(' ').nth(1).unwrap().replace("/models/x/resolve/main/", "");
    let (mut start, mut mark) = (None, None);
    for line in lines {
        let line = line?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().ok();
        }
        if let Some(value) = line.strip_prefix("if-range: ") {
            mark = Some(value.to_owned());
        }
    }
    let earlier = log.lock().unwrap().iter().filter(|(seen, _)| *seen == path).count();
    log.lock().unwrap().push((path.clone(), start));
    let manner = manner(&path);
    let (Some(content), false) = (files.get(path.as_str()), matches!(manner, Manner::Status(_)))
    else {
        let status = if let Manner::Status(status) = manner { status } else { 404 };
        return write!(
            stream,
            "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    };
    let mut content = content.clone();
    let mut tag = "\"one\"";
    if matches!(manner, Manner::Changes(_)) && earlier > 0 {
        content.reverse();
        tag = "\"two\"";
    }
    let ranged = start
        .filter(|_| !matches!(manner, Manner::IgnoresRange(_)) && mark.as_deref() == Some(tag));
    let from = ranged.unwrap_or(0);
    let body = &content[from..];
    match ranged {
        Some(from) => write!(
            stream,
            "HTTP/1.1 206 Partial\r\nContent-Range: bytes {from}-{}/{}\r\n",
            content.len() - 1,
            content.len()
        )?,
        None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
    }
    if !matches!(manner, Manner::Unmarked(_)) {
        write!(stream, "ETag: {tag}\r\n")?;
    }
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    let cut = match manner {
        Manner::BreaksAfter(n) => n,
        Manner::IgnoresRange(n) | Manner::Unmarked(n) | Manner::Changes(n) if earlier == 0 => n,
        _ => body.len(),
    };
    stream.write_all(&body[..cut.min(body.len())])
}

fn weights() -> Vec<u8> {
    (0..50_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn files() -> BTreeMap<&'static str, Vec<u8>> {
    [
        ("config.json", b"{}".to_vec()),
        ("tokenizer.json", b"{\"model\": 1}".to_vec()),
        ("1_Pooling/config.json", b"{\"pooling\": 1}".to_vec()),
        ("model.safetensors", weights()),
    ]
    .into()
}

fn options<'a>(name: &'a str, from: &str, home: &'a Path) -> PullOptions<'a> {
    let from = Some(from.parse().unwrap());
    PullOptions { name, from, home, attempts: 3, pause: Duration::from_millis(1) }
}

fn pulled(from: &str, home: &Path) -> Result<Pulled, DownloadError> {
    pull(&options("made", from, home), &|_, _, _| {})
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_model_comes_whole_with_its_hashes() {
    let server = Server::start(files(), |_| Manner::Good);
    let home = home();
    let reports = RefCell::new(BTreeMap::new());
    let done = pull(&options("made", &format!("{}/", server.url), home.path()), &|file, n, all| {
        reports.borrow_mut().insert(file.to_owned(), (n, all));
    });
    let done = done.unwrap();
    assert_eq!(done.directory, home.path().join("made"));
    let paths: Vec<&str> = done.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"]
    );
    assert!(done.files.iter().all(|file| file.origin == HashOrigin::Recorded));
    assert_eq!(reports.borrow()["model.safetensors"], (200_000, Some(200_000)));
    assert_eq!(fs::read(done.directory.join("model.safetensors")).unwrap(), weights());
    assert_eq!(verify(&done.directory).unwrap().unwrap().len(), 4);
    // Nothing else is left, neither here nor beside.
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(&done.directory).unwrap().count(), 5);
    // Asked again, it is verified and not fetched.
    let requests = server.seen.lock().unwrap().len();
    assert!(pulled(&server.url, home.path()).unwrap().files.is_empty());
    assert_eq!(server.seen.lock().unwrap().len(), requests);
    // A file changed since is noticed.
    fs::write(done.directory.join("config.json"), "{ }").unwrap();
    let error = pulled(&server.url, home.path()).unwrap_err();
    assert_eq!(error.code(), "model.hash");
    assert!(error.message(Lang::Zh).contains("config.json"));
}

#[test]
fn broken_downloads_go_on_where_they_stopped() {
    let server = Server::start(files(), |path| match path {
        "model.safetensors" => Manner::BreaksAfter(70_000),
        _ => Manner::Good,
    });
    let home = home();
    let done = pulled(&server.url, home.path()).unwrap();
    assert_eq!(fs::read(done.directory.join("model.safetensors")).unwrap(), weights());
    let asked = server.requests("model.safetensors");
    assert_eq!(asked, [None, Some(70_000), Some(140_000)]);
}

#[test]
fn a_later_call_goes_on_with_an_earlier_one() {
    let server = Server::start(files(), |path| match path {
        "model.safetensors" => Manner::BreaksAfter(70_000),
        _ => Manner::Good,
    });
    let home = home();
    let once = PullOptions { attempts: 1, ..options("made", &server.url, home.path()) };
    for _ in 0..2 {
        let error = pull(&once, &|_, _, _| {}).unwrap_err();
        assert_eq!(error.code(), "model.request");
        assert!(!home.path().join("made").exists());
    }
    pull(&once, &|_, _, _| {}).unwrap();
    assert_eq!(server.requests("model.safetensors"), [None, Some(70_000), Some(140_000)]);
    // Whole files are not asked for again; the list of hashes is.
    assert_eq!(server.requests("config.json"), [None]);
    assert_eq!(server.requests(MANIFEST_FILE).len(), 3);
}

#[test]
fn servers_without_ranges_or_marks_and_changed_files_begin_anew() {
    let manners: [fn(&str) -> Manner; 3] = [
        |path| {
            if path.ends_with("safetensors") { Manner::IgnoresRange(9_000) } else { Manner::Good }
        },
        |path| if path.ends_with("safetensors") { Manner::Unmarked(9_000) } else { Manner::Good },
        |path| if path.ends_with("safetensors") { Manner::Changes(9_000) } else { Manner::Good },
    ];
    for (at, manner) in manners.into_iter().enumerate() {
        let server = Server::start(files(), manner);
        let home = home();
        let done = pulled(&server.url, home.path()).unwrap();
        let mut wanted = weights();
        if at == 2 {
            wanted.reverse();
        }
        assert_eq!(fs::read(done.directory.join("model.safetensors")).unwrap(), wanted, "{at}");
        // Without a mark no range is asked for: what came may be of another version.
        let second = if at == 1 { None } else { Some(9_000) };
        assert_eq!(server.requests("model.safetensors"), [None, second], "{at}");
    }
}

#[test]
fn wrong_hashes_are_refused_and_not_kept() {
    let mut files = files();
    let wrong = format!("{}  model.safetensors\n", "0".repeat(64));
    files.insert(MANIFEST_FILE, wrong.into_bytes());
    let server = Server::start(files, |_| Manner::Good);
    let home = home();
    for _ in 0..2 {
        let error = pulled(&server.url, home.path()).unwrap_err();
        assert_eq!(error.code(), "model.hash");
        for lang in [Lang::Zh, Lang::En] {
            assert!(error.message(lang).contains("model.safetensors"));
            assert!(!error.remedy(lang).is_empty());
        }
        assert!(!home.path().join("made").exists());
    }
    assert_eq!(server.requests("model.safetensors").len(), 2);
}

#[test]
fn the_sources_own_hashes_are_used() {
    let mut files = files();
    let folder = home();
    let path = folder.path().join("w");
    fs::write(&path, weights()).unwrap();
    let right = format!("{}  model.safetensors\n", hash_file(&path).unwrap());
    files.insert(MANIFEST_FILE, right.into_bytes());
    let server = Server::start(files, |_| Manner::Good);
    let home = home();
    let done = pulled(&server.url, home.path()).unwrap();
    let origins: Vec<HashOrigin> = done.files.iter().map(|file| file.origin).collect();
    assert_eq!(origins[3], HashOrigin::Source);
    assert_eq!(origins[0], HashOrigin::Recorded);
}

#[test]
fn refusals_of_the_server_are_named() {
    type Case = (fn(&str) -> Manner, &'static str, &'static str);
    let cases: [Case; 4] = [
        (|_| Manner::Status(404), "model.missing_file", "config.json"),
        (|_| Manner::Status(403), "model.status", "403"),
        (|_| Manner::Status(503), "model.request", "503"),
        (
            |path| if path.ends_with("safetensors") { Manner::Status(404) } else { Manner::Good },
            "model.missing_file",
            "model.safetensors",
        ),
    ];
    for (manner, code, part) in cases {
        let server = Server::start(files(), manner);
        let home = home();
        let error = pulled(&server.url, home.path()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!home.path().join("made").exists());
    }
    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = pulled(&format!("http://{free}"), home().path()).unwrap_err();
    assert_eq!(error.code(), "model.request");
}

#[test]
fn shards_come_as_the_index_names_them() {
    let mut files = files();
    files.remove("model.safetensors");
    let index = r#"{"weight_map": {"a": "b-1.safetensors", "c": "b-1.safetensors", "d": "b-2.safetensors"}}"#;
    files.insert("model.safetensors.index.json", index.into());
    files.insert("b-1.safetensors", vec![1; 10]);
    files.insert("b-2.safetensors", vec![2; 10]);
    let server = Server::start(files.clone(), |_| Manner::Good);
    let folder = home();
    let done = pulled(&server.url, folder.path()).unwrap();
    assert_eq!(done.files.len(), 6);
    assert!(done.directory.join("b-2.safetensors").exists());

    let outside = r#"{"weight_map": {"a": "../../x"}}"#;
    files.insert("model.safetensors.index.json", outside.into());
    let server = Server::start(files, |_| Manner::Good);
    let error = pulled(&server.url, home().path()).unwrap_err();
    assert_eq!(error.code(), "model.list");
}

#[test]
fn folders_serve_as_sources() {
    let from = home();
    for (path, content) in files() {
        let path = from.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let place = home();
    let done = pulled(from.path().to_str().unwrap(), place.path()).unwrap();
    assert_eq!(done.files.len(), 4);
    assert_eq!(verify(&done.directory).unwrap().unwrap().len(), 4);

    // What an interrupted pull from elsewhere left behind is not mixed in.
    let staging = place.path().join(".other.partial");
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("config.json"), "other version").unwrap();
    let name = from.path().to_str().unwrap();
    pull(&options("other", name, place.path()), &|_, _, _| {}).unwrap();
    assert_eq!(fs::read(place.path().join("other/config.json")).unwrap(), b"{}");

    fs::remove_file(from.path().join("tokenizer.json")).unwrap();
    let error = pulled(from.path().to_str().unwrap(), home().path()).unwrap_err();
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
    let error = pulled("nowhere/at/all", home().path()).unwrap_err();
    assert_eq!(error.code(), "model.file");
}

#[test]
fn names_and_places_are_checked() {
    let place = home();
    for name in ["", ".", "..", "a/b", "a\\b", ".hidden", "模型"] {
        let error = pull(&options(name, "x", place.path()), &|_, _, _| {}).unwrap_err();
        assert_eq!(error.code(), "model.name", "{name}");
    }
    let unknown = PullOptions { from: None, ..options("made", "x", place.path()) };
    let error = pull(&unknown, &|_, _, _| {}).unwrap_err();
    assert_eq!(error.code(), "model.unknown");
    fs::create_dir(place.path().join("made")).unwrap();
    assert_eq!(pulled("x", place.path()).unwrap_err().code(), "model.occupied");
}
