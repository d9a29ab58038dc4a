//! Tokens, users, and who saw what.

use axum::Form;
use axum::response::Response;
use jiff::SignedDuration;
use serde::Deserialize;

use super::asking::CsrfForm;
use super::browse::word;
use super::frame::{Notice, Site, back, html};
use crate::model::{Lang, Permission, Role};
use crate::server::access::checks_form;
use crate::server::pages::{self, AdminPage};
use crate::server::problem::Problem;
use crate::server::strict::{Path, Query as Params};
use crate::store::{AccessFilter, AccessKind, Actor, NewToken, NewUser, TokenId, UserId};

/// Entries of the log that are shown.
const SHOWN: usize = 200;
/// A token lives so many days at most.
const LONGEST: i64 = 3_650;

/// Who did something, as people read it.
pub(super) fn actor(actor: &Actor, lang: Lang) -> String {
    match actor {
        Actor::User { label, .. } => label.clone(),
        Actor::Token { label, .. } => match lang {
            Lang::Zh => format!("令牌 {label}"),
            Lang::En => format!("token {label}"),
        },
        Actor::Local => lang.pick("本机", "local").to_owned(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdminParams {
    kind: String,
    user: String,
}

pub(super) async fn admin(
    site: Site,
    Params(asked): Params<AdminParams>,
) -> Result<Response, Problem> {
    site.needs(Permission::Admin)?;
    let filter = AccessFilter {
        kind: word::<AccessKind>(&site, "kind", &asked.kind)?,
        user: match asked.user.as_str() {
            "" => None,
            text => {
                Some(UserId(text.parse().map_err(|_| Problem::bad_request(site.lang, "user"))?))
            }
        },
        ..AccessFilter::default()
    };
    show(&site, filter, None).await
}

async fn show(
    site: &Site,
    filter: AccessFilter,
    secret: Option<(&str, &str)>,
) -> Result<Response, Problem> {
    let asked = filter.clone();
    let found = site
        .app
        .read(move |store| Ok((store.users()?, store.tokens()?, store.audit(&asked, SHOWN)?)))
        .await;
    let (users, tokens, accesses) = found.map_err(|error| Problem::of_store(site.lang, &error))?;
    let page = AdminPage {
        users: &users,
        tokens: &tokens,
        accesses: &accesses,
        secret,
        kind: filter.kind,
        by: filter.user,
        now: site.app.now(),
        error: None,
    };
    Ok(html(pages::admin_page(&site.frame(), &page)))
}

/// The fields of a form in which one name may stand several times.
fn one<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
}

pub(super) async fn create_token(
    site: Site,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, one(&fields, "csrf"))?;
    site.needs(Permission::Admin)?;
    let bad = |what: &str| Problem::bad_request(site.lang, what);
    let days: i64 = one(&fields, "days").parse().map_err(|_| bad("days"))?;
    if !(1..=LONGEST).contains(&days) {
        return Err(bad("days: 1–3650"));
    }
    let role: Role = word(&site, "role", one(&fields, "role"))?.ok_or_else(|| bad("role"))?;
    let scopes: Vec<Permission> = fields
        .iter()
        .filter(|(name, _)| name == "scope")
        .map(|(_, scope)| Permission::of_word(scope).ok_or_else(|| bad("scope")))
        .collect::<Result<_, _>>()?;
    let user = match one(&fields, "user") {
        "" => None,
        text => Some(UserId(text.parse().map_err(|_| bad("user"))?)),
    };
    let (label, at) = (one(&fields, "label").to_owned(), site.app.now());
    let made = site
        .app
        .write(move |store| {
            let expires_at = at + SignedDuration::from_hours(24 * days);
            store.create_token(
                &NewToken { label: &label, role, scopes: &scopes, expires_at, user },
                at,
            )
        })
        .await;
    let (row, secret) = made.map_err(|error| Problem::of_store(site.lang, &error))?;
    show(&site, AccessFilter::default(), Some((&row.label, secret.expose()))).await
}

pub(super) async fn revoke_token(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<CsrfForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done = site.app.write(move |store| store.revoke_token(TokenId(id), at)).await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Done))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserForm {
    csrf: String,
    name: String,
    #[serde(default)]
    display_name: String,
    role: Role,
    #[serde(default)]
    broker: String,
    password: String,
}

pub(super) async fn add_user(site: Site, Form(typed): Form<UserForm>) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done = site
        .app
        .write(move |store| {
            let broker = Some(typed.broker.trim()).filter(|name| !name.is_empty());
            let user = NewUser {
                name: &typed.name,
                display_name: &typed.display_name,
                role: typed.role,
                broker,
            };
            store.add_user(&user, &typed.password, at)
        })
        .await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Saved))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleForm {
    csrf: String,
    role: Role,
}

pub(super) async fn set_role(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<RoleForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done = site.app.write(move |store| store.set_role(UserId(id), typed.role, at)).await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Done))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordForm {
    csrf: String,
    password: String,
}

pub(super) async fn set_password(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done =
        site.app.write(move |store| store.set_password(UserId(id), &typed.password, at)).await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Done))
}

pub(super) async fn disable(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<CsrfForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done = site.app.write(move |store| store.disable_user(UserId(id), at)).await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Done))
}

pub(super) async fn enable(
    site: Site,
    Path(id): Path<i64>,
    Form(typed): Form<CsrfForm>,
) -> Result<Response, Problem> {
    checks_form(&site.caller, &typed.csrf)?;
    site.needs(Permission::Admin)?;
    let at = site.app.now();
    let done = site.app.write(move |store| store.enable_user(UserId(id), at)).await;
    done.map_err(|error| Problem::of_store(site.lang, &error))?;
    Ok(back("/admin", Notice::Done))
}
