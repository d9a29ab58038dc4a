//! What a caller is told when something cannot be done: problem details (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::job::JobError;
use crate::model::{Diagnosis, Lang};
use crate::pipeline::PipelineError;
use crate::store::StoreError;

/// Problem details as RFC 9457 has them, with a code and a remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:duijie:problem:not-found")]
    pub(super) kind: String,
    /// What it is, in a few words.
    pub(super) title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub(super) status: u16,
    /// What happened.
    pub(super) detail: String,
    /// What to do next.
    pub(super) remedy: String,
}

impl Problem {
    /// A problem with its texts in both languages: title, detail, remedy.
    pub(super) fn new(
        status: StatusCode,
        code: &str,
        lang: Lang,
        [title, detail, remedy]: [(&str, &str); 3],
    ) -> Self {
        let pick = |(zh, en): (&str, &str)| lang.pick(zh, en).to_owned();
        Self {
            kind: format!("urn:duijie:problem:{code}"),
            title: pick(title),
            status: status.as_u16(),
            detail: pick(detail),
            remedy: pick(remedy),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// There is no such thing, or none for this caller: the two are told with the same words.
    pub(super) fn not_found(lang: Lang) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            lang,
            [
                ("没有找到", "Not found"),
                ("没有这一项，或者您无权查看", "there is no such thing, or none that you may see"),
                ("检查编号，或用查找", "check the number, or search"),
            ],
        )
    }

    /// A parameter, a field or a body that is not as it should be.
    pub(super) fn bad_request(lang: Lang, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            lang,
            [
                ("请求有误", "Bad request"),
                (&detail, &detail),
                ("参数说明见 /api/v1/docs", "parameters are described at /api/v1/docs"),
            ],
        )
    }

    /// Nobody knows who asks.
    pub(super) fn unauthorized(lang: Lang) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            lang,
            [
                ("需要登录", "Not signed in"),
                (
                    "没有令牌或登录，或者已失效",
                    "there is no token or session, or it is no longer valid",
                ),
                (
                    "登录，或用 duijie token create 取得令牌，放在 Authorization: Bearer 中",
                    "sign in, or get a token by `duijie token create` and send it as Authorization: Bearer",
                ),
            ],
        )
    }

    /// The caller may not do this.
    pub(super) fn forbidden(lang: Lang, detail: (&str, &str)) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            lang,
            [
                ("不允许", "Forbidden"),
                detail,
                (
                    "请管理员调整您的角色或令牌的权限",
                    "ask an administrator for another role or scope",
                ),
            ],
        )
    }

    /// Nothing is published yet, or it is being opened.
    pub(super) fn not_ready(lang: Lang) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            lang,
            [
                ("还没有结果", "Nothing published yet"),
                (
                    "还没有已发布的匹配结果，或者正在打开",
                    "no match has been published, or it is being opened",
                ),
                ("先导入清单并运行 duijie nightly", "import lists and run `duijie nightly`"),
            ],
        )
    }

    /// Too much is going on.
    pub(super) fn busy(lang: Lang) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            lang,
            [
                ("繁忙", "Busy"),
                ("同时处理的请求太多", "too many requests are being worked on"),
                ("稍后再试", "try again in a moment"),
            ],
        )
    }

    /// This caller asks too often.
    pub(super) fn too_many(lang: Lang) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            lang,
            [
                ("请求过于频繁", "Too many requests"),
                ("超过了每个调用者的频率", "this caller asks more often than allowed"),
                (
                    "稍后再试；频率由 duijie serve --rate 设定",
                    "try again later; the rate is set by `duijie serve --rate`",
                ),
            ],
        )
    }

    /// Our own fault; the details are in the log only.
    pub(super) fn internal(lang: Lang) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            lang,
            [
                ("内部错误", "Internal error"),
                ("服务内部出错，细节在日志中", "something went wrong; the details are in the log"),
                (
                    "把请求编号（x-request-id）告诉管理员",
                    "give the administrator the request's x-request-id",
                ),
            ],
        )
    }

    fn of_error(lang: Lang, status: StatusCode, error: &dyn Diagnosis) -> Self {
        let (message, remedy) = (error.message(lang), error.remedy(lang));
        Self {
            kind: format!("urn:duijie:problem:{}", error.code()),
            title: lang.pick("无法完成", "Not done").to_owned(),
            status: status.as_u16(),
            detail: message,
            remedy,
        }
    }

    /// What the store refused, for the caller; its own troubles only for the log.
    pub(super) fn of_store(lang: Lang, error: &StoreError) -> Self {
        let status = match error {
            StoreError::UnknownRecord { .. } | StoreError::UnknownToken { .. } => {
                return Self::not_found(lang);
            }
            StoreError::BadEntry { .. } | StoreError::BadPassword { .. } => StatusCode::BAD_REQUEST,
            StoreError::IllegalStep { .. }
            | StoreError::UserExists { .. }
            | StoreError::UnknownUser { .. }
            | StoreError::KeptLonger { .. } => StatusCode::CONFLICT,
            StoreError::Busy { .. } => {
                tracing::warn!(%error, "the store is busy");
                return Self::busy(lang);
            }
            _ => {
                tracing::error!(%error, "the store failed");
                return Self::internal(lang);
            }
        };
        Self::of_error(lang, status, error)
    }

    /// What a match or a search failed with: nothing that a caller could mend.
    pub(super) fn of_pipeline(lang: Lang, error: &PipelineError) -> Self {
        tracing::error!(%error, "a question failed");
        Self::internal(lang)
    }

    /// What the workspace's job failed with.
    pub(super) fn of_job(lang: Lang, error: &JobError) -> Self {
        match error {
            JobError::Store(error) => Self::of_store(lang, error),
            JobError::Corpus(error) => {
                Self::of_error(lang, StatusCode::UNPROCESSABLE_ENTITY, error)
            }
            JobError::NothingPublished { .. } => Self::not_ready(lang),
            error => {
                tracing::error!(%error, "the job failed");
                Self::of_error(lang, StatusCode::CONFLICT, error)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let wait =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let mut response = (status, Json(self.clone())).into_response();
        // Pages tell it in their own words.
        response.extensions_mut().insert(self);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
