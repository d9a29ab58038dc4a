//! Listening: connections, layers, and the way down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::{BoxError, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use super::guard::{Names, guard};
use super::problem::Problem;
use super::state::App;
use super::strict::Wanted;
use super::{ServeOptions, ServerError, access, api, audit, site, watch};
use crate::job::{Surroundings, Workspace};
use crate::model::Lang;

/// Connections that are open at once.
const CONNECTIONS: usize = 1_024;

/// How long a client may take to send the head of a request: who is slower holds a connection for
/// nothing.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long requests may take to finish when the server goes down.
const DOWN_WITHIN: Duration = Duration::from_secs(20);

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// A link that signs a browser of this machine in, once, within minutes.
    pub launch_url: String,
    stop: oneshot::Sender<()>,
    done: std::thread::JoinHandle<()>,
}

impl Running {
    /// Waits for the server to end, which it does when [`stop`](Self::stop) is called elsewhere or
    /// the process is told to end.
    pub fn wait(self) {
        let Self { stop, done, .. } = self;
        done.join().ok();
        drop(stop);
    }

    /// Goes down: takes no new connections, finishes what it works on, and returns.
    pub fn stop(self) {
        self.stop.send(()).ok();
        self.done.join().ok();
    }
}

/// Starts a server on threads of its own. It ends when it is told to, or the process is (Ctrl-C,
/// SIGTERM).
///
/// # Errors
/// [`ServerError`] when the workspace, the address or the system's threads cannot be had.
pub fn serve(
    workspace: Workspace,
    around: Surroundings,
    options: ServeOptions,
) -> Result<Running, ServerError> {
    let system = |action| move |source| ServerError::System { action, source };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("duijie-serve")
        .build()
        .map_err(system("start its threads"))?;
    let address = options.bind;
    let listener = runtime
        .block_on(TcpListener::bind(address))
        .map_err(|source| ServerError::Bind { address, source })?;
    let address = listener.local_addr().map_err(system("listen"))?;
    let app = Arc::new(App::new(workspace, around, options)?);
    let at = app.now();
    let launch = runtime.block_on(app.write(move |store| store.put_launch_token(None, at)))?;
    runtime.block_on(watch::look(&app));
    let router = router(&app, address);
    let (stop, stopped) = oneshot::channel();
    let done = std::thread::Builder::new()
        .name("duijie-serve".to_owned())
        .spawn(move || {
            runtime.block_on(run(listener, router, app, stopped));
            // Work that was given up must not keep the process.
            runtime.shutdown_timeout(Duration::from_secs(1));
        })
        .map_err(system("start its threads"))?;
    let shown = if address.ip().is_unspecified() {
        SocketAddr::new(super::DEFAULT_BIND.ip(), address.port())
    } else {
        address
    };
    let launch_url = format!("http://{shown}/launch?token={}", launch.expose());
    Ok(Running { address, launch_url, stop, done })
}

/// Everything that is served, with what every request passes.
fn router(app: &Arc<App>, address: SocketAddr) -> Router {
    let names = Names::of(address, &app.options.hosts);
    let shed = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(shed))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(app.options.concurrency));
    let limited = api::router(app)
        .merge(site::router(app))
        .layer(middleware::from_fn_with_state(Arc::clone(app), access::know))
        .layer(DefaultBodyLimit::max(app.options.body_bytes))
        .layer(middleware::from_fn_with_state(Arc::clone(app), in_time))
        .layer(shed);
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(Arc::clone(app))
        .merge(limited)
        .fallback(nothing_there)
        .method_not_allowed_fallback(wrong_method)
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(broken))
        .layer(middleware::from_fn_with_state(Arc::clone(app), site::as_pages))
        .layer(middleware::from_fn_with_state((Arc::clone(app), names), guard))
        .layer(middleware::from_fn_with_state(Arc::clone(app), observe))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// Whether a published night can be asked.
async fn ready(State(app): State<Arc<App>>, Wanted(lang): Wanted) -> Response {
    match app.serving(lang) {
        Ok(_) => "ready\n".into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn figures(State(app): State<Arc<App>>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([("content-type", kind)], app.metrics.text()).into_response()
}

async fn nothing_there(Wanted(lang): Wanted) -> Problem {
    Problem::not_found(lang)
}

async fn wrong_method(Wanted(lang): Wanted) -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        lang,
        [
            ("方法不符", "Method not allowed"),
            ("这个地址不接受该方法", "this address does not take this method"),
            ("接口说明见 /api/v1/docs", "the interface is described at /api/v1/docs"),
        ],
    )
}

async fn shed(_: BoxError) -> Problem {
    Problem::busy(Lang::default())
}

fn broken(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text, "a request panicked");
    Problem::internal(Lang::default()).into_response()
}

/// Gives a request up that takes too long.
async fn in_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let lang = Wanted::of(request.headers());
    match tokio::time::timeout(app.options.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy(lang).into_response(),
    }
}

/// Logs and counts every request: its route, never its text, for texts may be confidential.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    app.metrics.began();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().to_string();
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), began.elapsed());
    app.metrics.ended(&route, &method, status, took);
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(id, method, route, status, ms, "request");
    response
}

async fn run(listener: TcpListener, router: Router, app: Arc<App>, stopped: oneshot::Receiver<()>) {
    let looking = tokio::spawn(watch::keep_looking(Arc::clone(&app)));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut going_down = std::pin::pin!(told_to_end(stopped));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut going_down => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of open files, most likely: those in use are given back in a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // What a client does wrong on the wire is no error of ours.
            connection.await.ok();
            drop(permit);
        });
    }
    drop(listener);
    looking.abort();
    if tokio::time::timeout(DOWN_WITHIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still being worked on at the end");
    }
    audit::flush(&app).await;
}

/// Resolves when the server is to end.
async fn told_to_end(stopped: oneshot::Receiver<()>) {
    let interrupted = async {
        // Where signals cannot be had, the other ways remain.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    let stopped = async {
        // A handle that was dropped waits for the process's end, not for ours.
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
        () = stopped => {}
    }
}
