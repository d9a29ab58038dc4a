//! Parameters and bodies that are taken exactly: an unknown one is an error.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::model::Lang;

/// The language that a request wants: `lang=` in the query, the cookie `lang`, then
/// `Accept-Language`, then Chinese.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted(pub(super) Lang);

impl Wanted {
    pub(super) fn of(headers: &HeaderMap) -> Lang {
        let of_word = |word: &str| match word.trim() {
            word if word.starts_with("en") => Some(Lang::En),
            word if word.starts_with("zh") => Some(Lang::Zh),
            _ => None,
        };
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let accepted =
            || text(header::ACCEPT_LANGUAGE).and_then(|all| all.split(',').find_map(of_word));
        cookie(headers, "lang").and_then(of_word).or_else(accepted).unwrap_or_default()
    }
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Self::of(&parts.headers)))
    }
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The parameters of a query; unknown, repeated and malformed ones are refused.
#[derive(Debug, Clone)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let lang = Wanted::of(&parts.headers);
        if !is_utf8(parts.uri.query().unwrap_or_default()) {
            let what = lang.pick("参数不是 UTF-8", "the parameters are not UTF-8");
            return Err(Problem::bad_request(lang, what));
        }
        axum::extract::Query::<T>::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|error| Problem::bad_request(lang, error.body_text()))
    }
}

/// Whether the bytes that a query stands for are UTF-8; what is not would be replaced in silence.
fn is_utf8(query: &str) -> bool {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let digits = others.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// A part of the path.
#[derive(Debug, Clone)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let lang = Wanted::of(&parts.headers);
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Problem::not_found(lang))
    }
}

/// A body of JSON; unknown and malformed fields are refused.
#[derive(Debug, Clone)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let lang = Wanted::of(request.headers());
        let is_json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/json"));
        if !is_json {
            let mut problem = Problem::bad_request(
                lang,
                lang.pick("需要 application/json", "application/json is expected"),
            );
            problem.status = StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16();
            return Err(problem);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            let mut problem = Problem::bad_request(lang, error.body_text());
            problem.status = error.status().as_u16();
            problem
        })?;
        // An array would be taken for the fields in their order.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let what = lang.pick("需要一个 JSON 对象", "a JSON object is expected");
            return Err(Problem::bad_request(lang, what));
        }
        Json::<T>::from_bytes(&bytes)
            .map(|body| Self(body.0))
            .map_err(|error| Problem::bad_request(lang, error.body_text()))
    }
}
