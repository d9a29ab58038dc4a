//! Signing in and out, and the language.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::{Site, html, own_path};
use crate::model::{Lang, Role};
use crate::server::access::{CSRF, SESSION, checks_form, no_session_cookie, session_cookie};
use crate::server::pages::{self, Frame};
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::strict::{Path, Query, Wanted, cookie};
use crate::store::{AccessKind, AccessRow, Actor};

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BackParams {
    back: Option<String>,
}

fn frame(lang: Lang) -> Frame<'static> {
    Frame {
        lang,
        path: "/login",
        role: Role::Reader,
        user: None,
        csrf: None,
        data_until: None,
        run: None,
        published_at: None,
        stale_hours: None,
        notice: None,
    }
}

pub(super) async fn form(Wanted(lang): Wanted, Query(asked): Query<BackParams>) -> Response {
    html(pages::login_page(&frame(lang), None, asked.back.as_deref()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginForm {
    name: String,
    password: String,
    back: Option<String>,
}

/// Signs a user in. A wrong name and a wrong password are told, and cost, the same.
pub(super) async fn login(
    State(app): State<Arc<App>>,
    Wanted(lang): Wanted,
    headers: HeaderMap,
    Form(typed): Form<LoginForm>,
) -> Result<Response, Problem> {
    if !app.limits.allows_login(&typed.name) {
        return Err(Problem::too_many(lang));
    }
    let Ok(permit) = app.hashing.acquire().await else { return Err(Problem::busy(lang)) };
    let name = typed.name.clone();
    let found = app.read(move |store| store.verify_password(&name, &typed.password)).await;
    drop(permit);
    let user = found.map_err(|error| Problem::of_store(lang, &error))?;
    let Some(user) = user else {
        let wrong = lang.pick("用户名或密码不对", "wrong name or password");
        let page = pages::login_page(&frame(lang), Some(wrong), typed.back.as_deref());
        return Ok((axum::http::StatusCode::UNAUTHORIZED, html(page)).into_response());
    };
    let (at, id) = (app.now(), user.id);
    let actor = Actor::User { id, label: user.name.clone() };
    // A session that the browser had before ends: nobody carries one over into another's.
    let before = cookie(&headers, SESSION).map(str::to_owned);
    let opened = app
        .write(move |store| {
            if let Some(session) = before.and_then(|old| store.find_session(&old, at).transpose()) {
                store.close_session(session?.id)?;
            }
            store.note_access(&[AccessRow {
                at,
                actor,
                kind: AccessKind::Login,
                side: None,
                record: None,
                visibility: None,
            }])?;
            store.open_session(Some(id), at)
        })
        .await;
    let (_, secret) = opened.map_err(|error| Problem::of_store(lang, &error))?;
    let to = own_path(typed.back.as_deref().unwrap_or("/")).to_owned();
    let set = session_cookie(&app, secret.expose());
    Ok(([(header::SET_COOKIE, set)], Redirect::to(&to)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogoutForm {
    csrf: String,
}

pub(super) async fn logout(site: Site, Form(typed): Form<LogoutForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    if let Some(session) = site.caller.session() {
        let id = session.id;
        let closed = site.app.write(move |store| store.close_session(id)).await;
        closed.map_err(|error| Problem::of_store(site.lang, &error))?;
    }
    Ok(([(header::SET_COOKIE, no_session_cookie())], Redirect::to("/login")).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LaunchParams {
    token: String,
}

/// Signs the browser of whoever started the server in, once.
pub(super) async fn launch(
    State(app): State<Arc<App>>,
    Wanted(lang): Wanted,
    Query(asked): Query<LaunchParams>,
) -> Result<Response, Problem> {
    if !app.limits.allows_login(CSRF) {
        return Err(Problem::too_many(lang));
    }
    let at = app.now();
    let taken = app.write(move |store| store.take_launch_token(&asked.token, at)).await;
    let taken = taken.map_err(|error| Problem::of_store(lang, &error))?;
    let Some((_, secret)) = taken else {
        let what = lang.pick(
            "这个启动链接已经用过或过期；重新启动 duijie 会给出新的链接",
            "this launch link was used or is too old; starting duijie again gives another",
        );
        return Err(Problem::forbidden(lang, (what, what)));
    };
    let set = session_cookie(&app, secret.expose());
    Ok(([(header::SET_COOKIE, set)], Redirect::to("/")).into_response())
}

pub(super) async fn language(
    Wanted(lang): Wanted,
    Path(wanted): Path<String>,
    Query(asked): Query<BackParams>,
) -> Result<Response, Problem> {
    if !matches!(wanted.as_str(), "zh" | "en") {
        return Err(Problem::not_found(lang));
    }
    let set = format!("lang={wanted}; Path=/; Max-Age=31536000; SameSite=Strict");
    let to = own_path(asked.back.as_deref().unwrap_or("/")).to_owned();
    Ok(([(header::SET_COOKIE, set)], Redirect::to(&to)).into_response())
}
