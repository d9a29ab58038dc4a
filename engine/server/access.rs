//! Who asks, and what they may do.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::audit;
use super::problem::Problem;
use super::site::LocalPage;
use super::state::App;
use super::strict::{Wanted, cookie};
use crate::job::Serving;
use crate::model::{Lang, Permission, Role};
use crate::pipeline::View;
use crate::store::{Actor, Session, TokenRow, UserId};

/// The cookie that holds a session's secret.
pub(super) const SESSION: &str = "duijie_session";
/// The header, and the field of forms, that show that a page of ours sent a request.
pub(super) const CSRF: &str = "x-csrf-token";

/// Who asks.
#[derive(Clone)]
pub(super) struct Caller {
    /// Who, for the audit log.
    pub(super) actor: Actor,
    pub(super) role: Role,
    /// The user, if it is one; nobody for the local page and for tokens of programs.
    pub(super) user: Option<UserId>,
    /// The name under which answers are kept.
    pub(super) by: String,
    pub(super) lang: Lang,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Token(Arc<TokenRow>),
    Session(Arc<Session>),
}

impl Caller {
    fn of_token(token: TokenRow, lang: Lang) -> Self {
        Self {
            actor: Actor::Token { id: token.id, label: token.label.clone() },
            role: token.role,
            user: token.user,
            by: token.label.clone(),
            lang,
            kind: Kind::Token(Arc::new(token)),
        }
    }

    fn of_session(session: Session, lang: Lang) -> Self {
        let user = session.user.as_ref();
        let by =
            user.map(|user| user.broker.clone().unwrap_or_else(|| user.shown_name().to_owned()));
        Self {
            actor: user
                .map_or(Actor::Local, |user| Actor::User { id: user.id, label: user.name.clone() }),
            role: session.role(),
            user: user.map(|user| user.id),
            by: by.unwrap_or_else(|| lang.pick("本机", "local").to_owned()),
            lang,
            kind: Kind::Session(Arc::new(session)),
        }
    }

    /// The session, if a page asks.
    pub(super) fn session(&self) -> Option<&Session> {
        match &self.kind {
            Kind::Session(session) => Some(session),
            Kind::Token(_) => None,
        }
    }

    /// Whether the caller may do something.
    pub(super) fn may(&self, permission: Permission) -> bool {
        match &self.kind {
            Kind::Token(token) => token.may(permission),
            Kind::Session(_) => self.role.may(permission),
        }
    }

    /// Refuses callers who may not do something.
    pub(super) fn needs(&self, permission: Permission) -> Result<(), Problem> {
        if self.may(permission) {
            return Ok(());
        }
        let what = permission.label(self.lang);
        let (zh, en) = (format!("需要“{what}”权限"), format!("the permission to {what} is needed"));
        Err(Problem::forbidden(self.lang, (&zh, &en)))
    }

    /// What the caller sees of what is published.
    pub(super) fn view<'s>(&self, serving: &'s Serving) -> View<'s> {
        serving.snapshot.seen_by(self.role)
    }

    /// A name for counting requests.
    fn counted_as(&self) -> String {
        match &self.actor {
            Actor::User { id, .. } => format!("user {}", id.0),
            Actor::Token { id, .. } => format!("token {}", id.0),
            Actor::Local => "local".to_owned(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let lang = Wanted::of(&parts.headers);
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthorized(lang))
    }
}

/// Finds out who asks, if it can be known, and counts the request.
///
/// A session's unsafe request must show the session's CSRF secret in its header; pages without
/// scripts show it in their forms, which they check themselves ([`checks_form`]).
pub(super) async fn know(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let lang = Wanted::of(request.headers());
    match caller(&app, request.headers(), lang).await {
        Err(problem) => return problem.into_response(),
        Ok(None) => {
            // Nobody's requests share one count: they get no further than signing in.
            if !app.limits.allows("nobody") {
                return Problem::too_many(lang).into_response();
            }
        }
        Ok(Some(caller)) => {
            if !app.limits.allows(&caller.counted_as()) {
                return Problem::too_many(lang).into_response();
            }
            if let Some(session) = caller.session()
                && !is_safe(request.method())
                && is_api(&request)
                && !shows_csrf(request.headers(), session)
            {
                return Problem::forbidden(
                    lang,
                    ("页面已过期，请刷新", "this page is no longer valid; load it again"),
                )
                .into_response();
            }
            request.extensions_mut().insert(caller);
        }
    }
    let is_local = request
        .extensions()
        .get::<Caller>()
        .is_some_and(|caller| matches!(caller.actor, Actor::Local));
    let mut response = next.run(request).await;
    if is_local {
        response.extensions_mut().insert(LocalPage);
    }
    if audit::flush(&app).await { response } else { Problem::internal(lang).into_response() }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}

fn shows_csrf(headers: &HeaderMap, session: &Session) -> bool {
    let shown = headers.get(CSRF).and_then(|value| value.to_str().ok());
    shown.is_some_and(|shown| session.csrf.matches(shown))
}

/// Whether a form of a page shows the session's CSRF secret.
pub(super) fn checks_form(caller: &Caller, shown: &str) -> Result<(), Problem> {
    let is_ours = caller.session().is_some_and(|session| session.csrf.matches(shown));
    if is_ours {
        return Ok(());
    }
    Err(Problem::forbidden(
        caller.lang,
        ("页面已过期，请刷新后再试", "this page is no longer valid; load it again"),
    ))
}

async fn caller(
    app: &Arc<App>,
    headers: &HeaderMap,
    lang: Lang,
) -> Result<Option<Caller>, Problem> {
    let at = app.now();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        // Whoever shows a token wants it to count: a wrong one is told, not passed over.
        let text = value.to_str().ok().and_then(|text| {
            let (scheme, rest) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim().to_owned())
        });
        let Some(text) = text else { return Err(Problem::unauthorized(lang)) };
        let found = app.read(move |store| store.find_token(&text, at)).await;
        let token = found.map_err(|error| Problem::of_store(lang, &error))?;
        let token = token.ok_or_else(|| Problem::unauthorized(lang))?;
        if token.use_is_due(at) {
            let id = token.id;
            let touched = app.write(move |store| store.touch_token(id, at)).await;
            touched.map_err(|error| Problem::of_store(lang, &error))?;
        }
        return Ok(Some(Caller::of_token(token, lang)));
    }
    let Some(secret) = cookie(headers, SESSION).map(str::to_owned) else { return Ok(None) };
    let found = app.read(move |store| store.find_session(&secret, at)).await;
    let Some(session) = found.map_err(|error| Problem::of_store(lang, &error))? else {
        return Ok(None);
    };
    if session.seen_is_due(at) {
        let id = session.id;
        let touched = app.write(move |store| store.touch_session(id, at)).await;
        touched.map_err(|error| Problem::of_store(lang, &error))?;
    }
    Ok(Some(Caller::of_session(session, lang)))
}

/// The cookie of a session.
pub(super) fn session_cookie(app: &App, secret: &str) -> String {
    let secure = if app.options.behind_tls { "; Secure" } else { "" };
    format!("{SESSION}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

/// A cookie that ends the session.
pub(super) fn no_session_cookie() -> String {
    format!("{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")
}
