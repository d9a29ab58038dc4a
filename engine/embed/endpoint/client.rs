//! One request: sent, repeated where that may help, and its answer checked.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::HeaderMap;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};

use super::answer;
use super::limits::EndpointLimits;
use super::trouble::{AnswerFault, Trouble};
use super::{ApiKey, EndpointAddress, EndpointError};

/// Most bytes of an answer per text: 16,384 numbers of 32 characters, several times what any
/// model needs.
const ANSWER_BYTES_PER_TEXT: u64 = 512 << 10;
/// Characters of a server's complaint that are passed on.
const SAID: usize = 300;

/// Speaks with one model of one endpoint.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    address: EndpointAddress,
    /// `Authorization` as it is sent; marked sensitive, so that it is never shown.
    authorization: Option<HeaderValue>,
    /// The key, to take it out of what a server says.
    key: Option<ApiKey>,
    limits: EndpointLimits,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
}

/// A failed try, and the waiting time that the server asks for.
type Failed = (Trouble, Option<Duration>);

impl Client {
    pub(super) fn new(
        address: EndpointAddress,
        key: Option<ApiKey>,
        limits: EndpointLimits,
    ) -> Result<Self, EndpointError> {
        let authorization = match &key {
            Some(key) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", key.0))
                    .map_err(|_| EndpointError::Key)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Texts go to the host that was named and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_connect(Some(limits.connect));
        // A proxy of the environment is for the way out, not for this machine.
        let config = if address.is_loopback() { config.proxy(None) } else { config };
        Ok(Self { agent: config.build().into(), address, authorization, key, limits })
    }

    pub(super) const fn limits(&self) -> &EndpointLimits {
        &self.limits
    }

    pub(super) const fn address(&self) -> &EndpointAddress {
        &self.address
    }

    /// The vectors of `inputs`, `[inputs.len(), dim]`, at unit length, and their dimension.
    ///
    /// Gives up early, with the last failure, once `stop` is set.
    pub(super) fn request(
        &self,
        inputs: &[&str],
        dim: Option<usize>,
        stop: &AtomicBool,
    ) -> Result<(Vec<f32>, usize), EndpointError> {
        let began = Instant::now();
        let mut attempt = 1;
        loop {
            let left = self.limits.deadline.saturating_sub(began.elapsed());
            let (trouble, asked) = match self.attempt(inputs, dim, left.min(self.limits.answer)) {
                Ok(found) => return Ok(found),
                Err(failed) => failed,
            };
            let wait = self
                .limits
                .wait(&trouble, attempt, asked)
                .filter(|wait| began.elapsed().saturating_add(*wait) < self.limits.deadline)
                .filter(|_| !stop.load(Ordering::Relaxed));
            let Some(wait) = wait else {
                return Err(EndpointError::Request {
                    host: self.address.host().to_owned(),
                    model: self.address.model().to_owned(),
                    attempts: attempt,
                    seconds: rounded_up(began.elapsed()),
                    trouble,
                });
            };
            tracing::debug!(attempt, ?wait, ?trouble, "the request is repeated");
            std::thread::sleep(wait);
            attempt += 1;
        }
    }

    fn attempt(
        &self,
        inputs: &[&str],
        dim: Option<usize>,
        within: Duration,
    ) -> Result<(Vec<f32>, usize), Failed> {
        let body = Body { model: self.address.model(), input: inputs };
        // Texts and a name always have a JSON form.
        let body = serde_json::to_vec(&body).expect("strings can be written as JSON");
        let mut request = self
            .agent
            .post(self.address.url())
            .config()
            .timeout_global(Some(within))
            .build()
            .header(CONTENT_TYPE, "application/json");
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let mut response = request.send(&body[..]).map_err(|error| (trouble(error), None))?;
        let status = response.status();
        let asked = retry_after(response.headers());
        let limit = ANSWER_BYTES_PER_TEXT.saturating_mul(inputs.len() as u64);
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(limit + 1).read_to_end(&mut bytes);
        if !status.is_success() {
            let said = self.complaint(&bytes);
            return Err((Trouble::Status { status: status.as_u16(), said }, asked));
        }
        read.map_err(|error| (trouble(error.into()), None))?;
        if bytes.len() as u64 > limit {
            return Err((Trouble::Answer(AnswerFault::TooLarge { limit }), None));
        }
        answer::read(&bytes, inputs.len(), dim).map_err(|fault| (Trouble::Answer(fault), None))
    }

    /// The beginning of what a server says, on one line and without the key.
    fn complaint(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SAID)]);
        let text: Vec<&str> = text.split_whitespace().collect();
        let text = text.join(" ");
        let text = match &self.key {
            Some(key) => text.replace(&key.0, "***"),
            None => text,
        };
        text.chars().take(SAID).collect()
    }
}

/// Seconds, rounded up.
fn rounded_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn trouble(error: ureq::Error) -> Trouble {
    match error {
        ureq::Error::Timeout(_) => Trouble::TimedOut,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Trouble::TimedOut,
        error => Trouble::Connection(error.to_string()),
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); a date that has passed asks
/// for nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(Timestamp::now())).ok()
}
