//! Vectors from a service that speaks OpenAI's `/v1/embeddings`, on this machine or elsewhere.
//!
//! Off unless an address is given: this is the only part of the program that sends texts away.
//! `POST {base}/embeddings` with `{"model": …, "input": [texts]}`; several requests are under way
//! at once, failures that may pass are repeated with growing pauses, and an answer is used only
//! after it was checked as a whole. Rows are brought to unit length.
//!
//! The weights behind an endpoint cannot be verified. Its identity is therefore made of what is
//! known (address, model name, dimension, instruction, division of long texts) and of what the
//! model does with a fixed sentence, so that most silent changes of the model show.

mod address;
mod answer;
mod client;
mod error;
mod identity;
mod limits;
mod trouble;

use std::borrow::Cow;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use address::EndpointAddress;
pub use error::{AddressFault, EndpointError};
pub use limits::EndpointLimits;
pub use trouble::{AnswerFault, Trouble};

use self::client::Client;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole, Windows};
use crate::model::Embeddings;

/// A key for an endpoint. It is sent to the endpoint and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Wraps a key; `None` where it is blank.
    #[must_use]
    pub fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        (!key.is_empty()).then(|| Self(key.to_owned()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// A model behind an OpenAI-compatible interface.
#[derive(Debug)]
pub struct EndpointEmbedder {
    client: Client,
    identity: EmbedderIdentity,
    /// Put before texts that ask; empty for none.
    instruction: String,
    /// Texts per request, lowered when the server refuses as many.
    texts_per_request: AtomicUsize,
}

impl EndpointEmbedder {
    /// Connects: embeds a fixed sentence, which gives the dimension and a part of the identity.
    ///
    /// `instruction` is put before every text with [`TextRole::Query`], as it is, without a blank.
    ///
    /// # Errors
    /// [`EmbedError::Endpoint`] when the key cannot be sent or the sentence gets no vector.
    pub fn connect(
        address: EndpointAddress,
        key: Option<ApiKey>,
        instruction: Option<&str>,
        limits: EndpointLimits,
    ) -> Result<Self, EmbedError> {
        let client = Client::new(address, key, limits)?;
        let (probe, dim) = client.request(&[identity::PROBE], None, &AtomicBool::new(false))?;
        let instruction = instruction.unwrap_or_default().to_owned();
        let identity = identity::of(client.address(), dim, &instruction, limits.windows, &probe);
        let texts_per_request = AtomicUsize::new(limits.texts_per_request.max(1));
        Ok(Self { client, identity, instruction, texts_per_request })
    }

    /// Host and port that texts are sent to.
    #[must_use]
    pub fn host(&self) -> &str {
        self.client.address().host()
    }

    /// Windows of texts with `role`: what an instruction takes is left out of their size, as far
    /// as half of it.
    fn windows(&self, role: TextRole) -> Windows {
        let windows = self.client.limits().windows;
        let taken = self.prefix(role).chars().count().min(windows.size() / 2);
        Windows::new(windows.size() - taken, windows.overlap())
    }

    fn prefix(&self, role: TextRole) -> &str {
        match role {
            TextRole::Query => &self.instruction,
            TextRole::Document => "",
        }
    }

    /// Embeds texts of which each fits into the model, `[inputs.len(), dim]`.
    ///
    /// Some threads take batches from one queue until it is empty or one of them fails.
    fn embed_all(&self, inputs: &[&str]) -> Result<Embeddings, EndpointError> {
        let dim = self.identity.dim;
        let next = Mutex::new(0_usize);
        let take = || {
            let mut next = next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let start = *next;
            *next = start + self.batch(&inputs[start..]);
            (start, *next)
        };
        let stop = AtomicBool::new(false);
        let work = || -> Result<Vec<(usize, Vec<f32>)>, EndpointError> {
            let mut done = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let (start, end) = take();
                if start == end {
                    break;
                }
                match self.embed_batch(&inputs[start..end], &stop) {
                    Ok(rows) => done.push((start, rows)),
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
            Ok(done)
        };
        let n_threads = self.client.limits().requests_in_flight.clamp(1, inputs.len().max(1));
        let results: Vec<Result<Vec<_>, EndpointError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        let mut data = vec![0.0; inputs.len() * dim];
        for result in results {
            for (start, rows) in result? {
                data[start * dim..start * dim + rows.len()].copy_from_slice(&rows);
            }
        }
        // Every batch was checked to have rows of this length.
        Ok(Embeddings::new(data, dim).expect("rows of one length"))
    }

    /// How many of the first of `inputs` go into one request: at least one unless there is none.
    fn batch(&self, inputs: &[&str]) -> usize {
        let most = self.texts_per_request.load(Ordering::Relaxed);
        let mut characters = 0;
        let fitting = inputs.iter().take(most).take_while(|text| {
            characters += text.chars().count();
            characters <= self.client.limits().characters_per_request
        });
        fitting.count().max(usize::from(!inputs.is_empty()))
    }

    /// One batch; where the server refuses it for what may be its size, its halves.
    fn embed_batch(&self, inputs: &[&str], stop: &AtomicBool) -> Result<Vec<f32>, EndpointError> {
        match self.client.request(inputs, Some(self.identity.dim), stop) {
            Ok((rows, _)) => Ok(rows),
            Err(EndpointError::Request {
                trouble: Trouble::Status { status: 400 | 413 | 422, .. },
                ..
            }) if inputs.len() > 1 => {
                let half = inputs.len().div_ceil(2);
                let mut rows = self.embed_batch(&inputs[..half], stop)?;
                rows.extend(self.embed_batch(&inputs[half..], stop)?);
                // Both halves went through, so the number was what was wrong.
                self.texts_per_request.fetch_min(half, Ordering::Relaxed);
                Ok(rows)
            }
            Err(error) => Err(error),
        }
    }
}

impl Embedder for EndpointEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    /// A service may compute in another order from call to call, so its last bits may differ; a
    /// cache keeps the first answer.
    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        let prefix = self.prefix(role);
        self.windows(role).embed(texts, self.identity.dim, |windows| {
            let inputs: Vec<Cow<'_, str>> = windows
                .iter()
                .map(|window| match prefix {
                    "" => Cow::Borrowed(*window),
                    _ => Cow::Owned(format!("{prefix}{window}")),
                })
                .collect();
            let inputs: Vec<&str> = inputs.iter().map(AsRef::as_ref).collect();
            Ok(self.embed_all(&inputs)?)
        })
    }
}
