//! One file over HTTP, going on where an earlier attempt stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, StatusCode, header};

use super::DownloadError;

/// How long to wait for a connection, and for each piece of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes read at once.
const CHUNK: usize = 1 << 16;

/// Fetches files from one address.
pub(super) struct Client {
    agent: Agent,
    /// Attempts in a row that bring nothing new before a file is given up.
    attempts: u32,
    /// Wait before the second attempt; doubles from there.
    pause: Duration,
}

/// What is told about a file while it comes: bytes here, bytes in all where that is known.
pub(super) type Report<'a> = &'a dyn Fn(u64, Option<u64>);

/// How one attempt ended.
enum Attempt {
    Done,
    /// The server has no such file.
    Absent,
    /// Broken off, with the cause.
    Broken(String),
}

impl Client {
    pub(super) fn new(attempts: u32, pause: Duration) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            // Sizes and ranges count the bytes of the file, not of a packed answer.
            .accept_encoding("identity")
            .build()
            .new_agent();
        Self { agent, attempts: attempts.max(1), pause }
    }

    /// Fetches `url` into `path`; `false` where the server has no such file (404).
    ///
    /// Bytes are kept in `path` with `.part` behind; the server's mark of the version (ETag or
    /// date) in `.tag`. An attempt that breaks off, now or in an earlier run, is continued by a
    /// range that holds only for the same version. Where the server ignores ranges or gives no
    /// mark, the file begins anew.
    pub(super) fn fetch(
        &self,
        url: &str,
        path: &Path,
        report: Report<'_>,
    ) -> Result<bool, DownloadError> {
        let (part, tag) = (beside(path, "part"), beside(path, "tag"));
        let (mut failures, mut pause) = (0, self.pause);
        loop {
            let before = size(&part);
            match self.attempt(url, &part, &tag, report)? {
                Attempt::Done => break,
                Attempt::Absent => return Ok(false),
                Attempt::Broken(cause) => {
                    // A connection that brings something each time may break as often as it likes.
                    failures = if size(&part) > before { 1 } else { failures + 1 };
                    if failures >= self.attempts {
                        return Err(DownloadError::Request { url: url.to_owned(), cause });
                    }
                    tracing::info!(url, cause, "broken off, going on");
                    thread::sleep(pause);
                    pause *= 2;
                }
            }
        }
        fs::rename(&part, path).map_err(|source| file_error("renaming", &part, source))?;
        fs::remove_file(&tag).ok();
        Ok(true)
    }

    fn attempt(
        &self,
        url: &str,
        part: &Path,
        tag: &Path,
        report: Report<'_>,
    ) -> Result<Attempt, DownloadError> {
        let mark = fs::read_to_string(tag).unwrap_or_default();
        let have = if mark.is_empty() { 0 } else { size(part) };
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request
                .header(header::RANGE, format!("bytes={have}-"))
                .header(header::IF_RANGE, &mark);
        }
        let answer = match request.call() {
            Ok(answer) => answer,
            Err(error) => return Ok(Attempt::Broken(error.to_string())),
        };
        let status = answer.status();
        let headers = answer.headers();
        let range = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let range = range.and_then(content_range);
        let (start, total) = match status {
            StatusCode::PARTIAL_CONTENT => match range {
                Some((start, total)) if start == have => (start, total),
                _ => return begin_anew(part, tag, "the server sent another range"),
            },
            StatusCode::OK => (0, announced(headers)),
            StatusCode::NOT_FOUND => return Ok(Attempt::Absent),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                return begin_anew(part, tag, "the server has no such range");
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Ok(Attempt::Broken(format!("the server answers {status}")));
            }
            status => {
                let (url, status) = (url.to_owned(), status.as_u16());
                return Err(DownloadError::Status { url, status });
            }
        };
        if start == 0 {
            let mark = version_mark(headers).unwrap_or_default();
            fs::write(tag, mark).map_err(|source| file_error("writing", tag, source))?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(start == 0)
            .append(start > 0)
            .open(part)
            .map_err(|source| file_error("writing", part, source))?;
        let copied = copy(&mut answer.into_body().into_reader(), &mut file, |come| {
            report(start + come, total);
        });
        let come = match copied {
            Ok(come) => start + come,
            Err(Copy::Reading(cause)) => return Ok(Attempt::Broken(cause.to_string())),
            Err(Copy::Writing(source)) => return Err(file_error("writing", part, source)),
        };
        match total {
            Some(total) if come < total => {
                Ok(Attempt::Broken(format!("{come} of {total} bytes came")))
            }
            Some(total) if come > total => {
                fs::remove_file(part).ok();
                let file = part.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                Err(DownloadError::Size { file, found: come, expected: total })
            }
            _ => Ok(Attempt::Done),
        }
    }
}

/// Throws away what came so far.
fn begin_anew(part: &Path, tag: &Path, cause: &str) -> Result<Attempt, DownloadError> {
    File::create(part).map_err(|source| file_error("writing", part, source))?;
    fs::remove_file(tag).ok();
    Ok(Attempt::Broken(cause.to_owned()))
}

/// First byte and size of the whole file of `bytes 5-9/10`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, total.parse().ok()))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What `If-Range` may hold: a strong ETag, or the date of the last change (RFC 9110, 13.1.5).
fn version_mark(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let etag = text(header::ETAG).filter(|etag| etag.starts_with('"'));
    etag.or(text(header::LAST_MODIFIED)).map(str::to_owned)
}

enum Copy {
    Reading(io::Error),
    Writing(io::Error),
}

fn copy(from: &mut dyn Read, to: &mut File, report: impl Fn(u64)) -> Result<u64, Copy> {
    let mut chunk = vec![0; CHUNK];
    let mut come = 0;
    loop {
        match from.read(&mut chunk).map_err(Copy::Reading)? {
            0 => break,
            n => {
                to.write_all(&chunk[..n]).map_err(Copy::Writing)?;
                come += n as u64;
                report(come);
            }
        }
    }
    to.flush().map_err(Copy::Writing)?;
    Ok(come)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// `path` with another ending behind its own.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn file_error(step: &'static str, path: &Path, source: io::Error) -> DownloadError {
    DownloadError::File { step, path: path.to_owned(), source }
}
