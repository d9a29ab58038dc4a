//! Who may speak to the server at all: Host and Origin, and what browsers are told to refuse.
//!
//! Any website that a person has open can send requests to 127.0.0.1. A request under a foreign name
//! (DNS rebinding) is refused by its Host, one from a foreign page by its Origin.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::state::App;
use super::strict::Wanted;

/// Pages take everything from this server, and nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The browsable description of the interface sets styles by script.
const DOCS_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The names under which a server is reached, with and without its port.
#[derive(Debug, Clone)]
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn of(address: SocketAddr, others: &[String]) -> Self {
        let port = address.port();
        let mut names = vec![address.to_string()];
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            names.extend(["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")));
        }
        // A proxy may hand on its own name without a port.
        names.extend(others.iter().map(|name| name.to_lowercase()));
        Self(names)
    }

    fn holds(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        self.0.contains(&host)
    }
}

/// Whether a request comes under a name of ours and, where a page sent it, from a page of ours.
fn is_ours(names: &Names, method: &Method, headers: &HeaderMap) -> Result<(), StatusCode> {
    let one = |name| {
        let mut all = headers.get_all(name).iter();
        let first = all.next();
        // Two of these are one for us and one for somebody else.
        if all.next().is_some() { Err(StatusCode::BAD_REQUEST) } else { Ok(first) }
    };
    let host = one(header::HOST)?.and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !names.holds(host) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    if let Some(origin) = one(header::ORIGIN)? {
        let origin = origin.to_str().unwrap_or_default();
        let name = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        if !name.is_some_and(|name| names.holds(name)) {
            return Err(StatusCode::FORBIDDEN);
        }
    }
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let is_safe = method == Method::GET || method == Method::HEAD;
    if !is_safe && matches!(site, Some("cross-site" | "same-site")) {
        return Err(StatusCode::FORBIDDEN);
    }
    Ok(())
}

/// Refuses foreign names and pages, and puts the headers by which browsers protect ours.
pub(super) async fn guard(
    State((app, names)): State<(Arc<App>, Names)>,
    request: Request,
    next: Next,
) -> Response {
    let lang = Wanted::of(request.headers());
    let is_docs = request.uri().path().starts_with("/api/v1/docs");
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut response = match is_ours(&names, request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(status) => Problem::new(
            status,
            "foreign",
            lang,
            [
                ("来源不符", "Foreign host or origin"),
                (
                    "请求的 Host 或 Origin 不是本服务的名称",
                    "the request's Host or Origin is not a name of this server",
                ),
                (
                    "用启动时显示的地址访问；经代理访问时用 --host 登记名称",
                    "use the address that was printed at start; behind a proxy, name it with --host",
                ),
            ],
        )
        .into_response(),
    };
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    put("content-security-policy", if is_docs { DOCS_POLICY } else { POLICY });
    put("x-content-type-options", "nosniff");
    put("x-frame-options", "DENY");
    put("referrer-policy", "same-origin");
    put("cross-origin-opener-policy", "same-origin");
    put("cross-origin-resource-policy", "same-origin");
    put("permissions-policy", "camera=(), microphone=(), geolocation=()");
    if app.options.behind_tls {
        put("strict-transport-security", "max-age=31536000");
    }
    // What one person may see must not be kept for another.
    put("cache-control", if is_asset { "public, max-age=3600" } else { "no-store" });
    put("vary", "cookie, authorization, accept-language");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &Method, headers: &[(&'static str, &str)]) -> Result<(), StatusCode> {
        let names = Names::of(
            "127.0.0.1:8787".parse().expect("an address"),
            &["对接.example".to_owned(), "dj.example".to_owned()],
        );
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        is_ours(&names, method, &map)
    }

    #[test]
    fn foreign_names_and_pages_are_refused() {
        let host = ("host", "127.0.0.1:8787");
        assert_eq!(asked(&Method::GET, &[host]), Ok(()));
        assert_eq!(asked(&Method::GET, &[("host", "LocalHost:8787")]), Ok(()));
        assert_eq!(asked(&Method::GET, &[("host", "dj.example")]), Ok(()));
        for foreign in ["evil.example:8787", "127.0.0.1", "127.0.0.1:80", ""] {
            let refused = asked(&Method::GET, &[("host", foreign)]);
            assert_eq!(refused, Err(StatusCode::MISDIRECTED_REQUEST), "{foreign}");
        }
        assert_eq!(asked(&Method::GET, &[]), Err(StatusCode::MISDIRECTED_REQUEST));
        assert_eq!(asked(&Method::GET, &[host, host]), Err(StatusCode::BAD_REQUEST));
        let own = ("origin", "http://localhost:8787");
        assert_eq!(asked(&Method::POST, &[host, own]), Ok(()));
        for foreign in ["http://evil.example", "null", "file://", "http://127.0.0.1:9999"] {
            let refused = asked(&Method::GET, &[host, ("origin", foreign)]);
            assert_eq!(refused, Err(StatusCode::FORBIDDEN), "{foreign}");
        }
        let cross = ("sec-fetch-site", "cross-site");
        assert_eq!(asked(&Method::POST, &[host, cross]), Err(StatusCode::FORBIDDEN));
        assert_eq!(asked(&Method::GET, &[host, cross]), Ok(()), "a link from elsewhere");
    }
}
