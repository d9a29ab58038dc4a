//! What every page has around it, and problems as pages.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::Markup;

use crate::job::Serving;
use crate::model::{Lang, Permission, Role};
use crate::pipeline::View;
use crate::server::access::Caller;
use crate::server::pages::{self, Frame, encode};
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::strict::{Wanted, cookie};

/// The cookie by which a page tells the next one what was done.
const NOTICE: &str = "notice";

/// A page that somebody who is signed in asks for.
pub(super) struct Site {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
    pub(super) lang: Lang,
    /// Path and query.
    path: String,
    user: Option<String>,
    csrf: String,
    notice: Option<&'static str>,
    about: About,
}

/// What the footer says.
#[derive(Default)]
struct About {
    data_until: Option<Date>,
    run: Option<String>,
    published_at: Option<String>,
    stale_hours: Option<u32>,
}

impl Site {
    /// What is around the page.
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            lang: self.lang,
            path: &self.path,
            role: self.caller.role,
            user: self.user.as_deref(),
            csrf: Some(&self.csrf),
            data_until: self.about.data_until,
            run: self.about.run.as_deref(),
            published_at: self.about.published_at.as_deref(),
            stale_hours: self.about.stale_hours,
            notice: self.notice,
        }
    }

    pub(super) fn serving(&self) -> Result<Arc<Serving>, Problem> {
        self.app.serving(self.lang)
    }

    pub(super) fn view<'s>(&self, serving: &'s Serving) -> View<'s> {
        self.caller.view(serving)
    }

    /// Whether this is the local page of whoever sits at the machine.
    pub(super) fn is_local(&self) -> bool {
        self.user.is_none()
    }

    pub(super) fn needs(&self, permission: Permission) -> Result<(), Problem> {
        self.caller.needs(permission)
    }

    pub(super) fn not_found(&self) -> Problem {
        Problem::not_found(self.lang)
    }
}

/// Put beside a problem that whoever sits at the machine is told.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct LocalPage;

/// A page, which the browser must not be told is anything else.
pub(super) fn html(page: Markup) -> Response {
    // The language of a page is not kept for the other one.
    Html(page.into_string()).into_response()
}

impl FromRequestParts<Arc<App>> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let lang = caller.lang;
        // A program's token shows no pages: their forms need a session.
        let Some(session) = caller.session() else { return Err(Problem::unauthorized(lang)) };
        let user = session.user.as_ref().map(|user| user.shown_name().to_owned());
        let csrf = session.csrf.expose().to_owned();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        // What answers a form has no address of its own: the language changes on the form.
        let path = match path {
            "/import/check" | "/import/take" => "/import",
            path if path.starts_with("/admin/") => "/admin",
            path => path,
        };
        let path = path.to_owned();
        let notice = notice(&parts.headers, lang);
        let about = app.published().map(|serving| About::of(app, &serving, caller.role));
        Ok(Self {
            app: Arc::clone(app),
            lang,
            path,
            user,
            csrf,
            notice,
            about: about.unwrap_or_default(),
            caller,
        })
    }
}

impl About {
    fn of(app: &App, serving: &Serving, role: Role) -> Self {
        let at = serving.current.published_at;
        let allowed = app.workspace.config().night.stale_hours;
        Self {
            data_until: serving.snapshot.seen_by(role).data_until(),
            run: Some(serving.current.run.clone()),
            published_at: Some(local(at)),
            stale_hours: hours_since(app.now(), at).filter(|&hours| hours >= allowed),
        }
    }
}

/// A time as people read it.
pub(super) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn hours_since(now: Timestamp, at: Timestamp) -> Option<u32> {
    u32::try_from(now.duration_since(at).as_hours()).ok()
}

/// What may be told after a redirect: a word, so that nobody can put a text of their own there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notice {
    Recorded,
    Saved,
    Deleted,
    Done,
}

impl Notice {
    const fn word(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Saved => "saved",
            Self::Deleted => "deleted",
            Self::Done => "done",
        }
    }
}

fn notice(headers: &HeaderMap, lang: Lang) -> Option<&'static str> {
    match cookie(headers, NOTICE)? {
        "recorded" => Some(lang.pick("已记录", "recorded")),
        "saved" => Some(lang.pick("已保存", "saved")),
        "deleted" => Some(lang.pick("已删除", "deleted")),
        "done" => Some(lang.pick("已完成", "done")),
        _ => None,
    }
}

/// Goes back to a page of ours and says there what was done.
pub(super) fn back(to: &str, notice: Notice) -> Response {
    let set = format!("{NOTICE}={}; Path=/; Max-Age=5; HttpOnly; SameSite=Strict", notice.word());
    ([(header::SET_COOKIE, set)], Redirect::to(own_path(to))).into_response()
}

/// A path of ours, or the first page: nobody is sent elsewhere.
pub(super) fn own_path(path: &str) -> &str {
    let is_ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.is_ascii();
    if is_ours { path } else { "/" }
}

/// Turns problems of everything but the interface into pages, and sends those who are not signed in
/// to where they can.
pub(in crate::server) async fn as_pages(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let lang = Wanted::of(request.headers());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let is_get = request.method() == axum::http::Method::GET;
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok());
    let id = id.unwrap_or_default().to_owned();
    let is_page = !["/api/", "/healthz", "/readyz", "/metrics", "/assets/"]
        .iter()
        .any(|other| path.starts_with(other));
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned().filter(|_| is_page) else {
        return response;
    };
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        let back = if is_get { path.as_str() } else { "/" };
        return Redirect::to(&format!("/login?back={}", encode(back))).into_response();
    }
    let is_local = response.extensions().get::<LocalPage>().is_some();
    let frame = Frame {
        lang,
        path: &path,
        role: if is_local { Role::Admin } else { Role::Reader },
        user: None,
        csrf: None,
        data_until: None,
        run: None,
        published_at: None,
        stale_hours: None,
        notice: None,
    };
    let shown = match status {
        StatusCode::NOT_FOUND => pages::Problem::NotFound,
        StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => pages::Problem::Forbidden,
        StatusCode::TOO_MANY_REQUESTS => pages::Problem::TooMany { seconds: 1 },
        StatusCode::PAYLOAD_TOO_LARGE => {
            pages::Problem::TooLarge { max_mb: (app.options.upload_bytes >> 20) as u64 }
        }
        StatusCode::SERVICE_UNAVAILABLE if problem.kind.ends_with("not-ready") => {
            pages::Problem::NotReady { local: is_local }
        }
        StatusCode::SERVICE_UNAVAILABLE => pages::Problem::Busy,
        status if status.is_client_error() => pages::Problem::Bad { detail: &problem.detail },
        _ => pages::Problem::Failed { id: &id },
    };
    (status, html(pages::problem_page(&frame, &shown))).into_response()
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for path in ["/", "/search?q=a%20b", "/pairs?demand=1&supply=2"] {
            assert_eq!(own_path(path), path);
        }
        for path in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", "对"]
        {
            assert_eq!(own_path(path), "/", "{path:?}");
        }
    }
}
