//! What all requests share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::audit::AuditTrail;
use super::limits::Limits;
use super::metrics::Metrics;
use super::problem::Problem;
use super::site::Jobs;
use super::{ServeOptions, ServerError};
use crate::job::{Serving, Surroundings, Workspace};
use crate::model::Lang;
use crate::store::{Store, StoreError};

/// Connections that read the store at once; more requests open their own for a moment.
const READERS_KEPT: usize = 8;

/// What all requests share.
pub(super) struct App {
    pub(super) workspace: Workspace,
    pub(super) around: Surroundings,
    pub(super) options: ServeOptions,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) audit: AuditTrail,
    /// Lists from browsers, and matches that were started there.
    pub(super) jobs: Jobs,
    /// Passwords are hashed two at a time: each takes 19 MiB and some thirty milliseconds.
    pub(super) hashing: Semaphore,
    /// Full matches of texts.
    pub(super) matching: Semaphore,
    /// What is published; `None` before the first night.
    published: RwLock<Option<Arc<Serving>>>,
    /// Why what is published now could not be opened; the one before it is served meanwhile.
    trouble: RwLock<Option<String>>,
    writer: Mutex<Store>,
    readers: Mutex<Vec<Store>>,
}

impl App {
    pub(super) fn new(
        workspace: Workspace,
        around: Surroundings,
        options: ServeOptions,
    ) -> Result<Self, ServerError> {
        let writer = workspace.store(around.now())?;
        Ok(Self {
            limits: Limits::new(&options),
            metrics: Metrics::new(),
            audit: AuditTrail::default(),
            jobs: Jobs::default(),
            hashing: Semaphore::new(2),
            matching: Semaphore::new(options.matches_at_once),
            published: RwLock::new(None),
            trouble: RwLock::new(None),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            workspace,
            around,
            options,
        })
    }

    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        self.around.now()
    }

    /// The day today.
    pub(super) fn today(&self) -> jiff::civil::Date {
        self.now().to_zoned(self.around.started_at.time_zone().clone()).date()
    }

    /// What is published, for as long as the caller holds it.
    pub(super) fn published(&self) -> Option<Arc<Serving>> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, or a problem that says what to do first.
    pub(super) fn serving(&self, lang: Lang) -> Result<Arc<Serving>, Problem> {
        self.published().ok_or_else(|| Problem::not_ready(lang))
    }

    /// Puts another night in the place of the one that is served; requests that hold the old one
    /// finish with it.
    pub(super) fn publish(&self, serving: Serving) {
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(serving));
        self.set_trouble(None);
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Reads the store, on a thread that may wait.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let app = Arc::clone(self);
        blocking(move || {
            let kept = app.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let store = match kept {
                Some(store) => store,
                None => Store::open_read_only(&app.workspace.path("store.db"))?,
            };
            let result = work(&store);
            let mut readers = app.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if readers.len() < READERS_KEPT {
                readers.push(store);
            }
            result
        })
        .await
    }

    /// Writes to the store in short transactions, one caller at a time.
    pub(super) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let app = Arc::clone(self);
        blocking(move || work(&mut app.writer.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// Runs work that computes or waits away from the threads that listen.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // Our own fault goes where every panic of a request goes: to the layer that answers 500.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => panic!("the work was given up while the server shut down"),
        },
    }
}
