//! What can go wrong with an endpoint.

use super::trouble::{AnswerFault, Trouble};
use crate::model::{Diagnosis, Lang};

/// What is wrong with the address of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFault {
    /// It does not begin with `http://` or `https://`.
    Scheme,
    /// There is no `#model` at its end.
    Model,
    /// It holds a user name or password.
    Password,
    /// It holds a query.
    Query,
    /// The host or port cannot be one.
    Host,
}

impl AddressFault {
    const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Scheme => lang.pick(
                "不以 http:// 或 https:// 开头",
                "it does not begin with http:// or https://",
            ),
            Self::Model => lang.pick("末尾缺少 #模型名", "#model-name is missing at its end"),
            Self::Password => lang.pick("含有用户名或密码", "it holds a user name or password"),
            Self::Query => lang.pick("含有 ? 参数", "it holds a query after ?"),
            Self::Host => lang.pick("主机名或端口不对", "its host or port cannot be one"),
        }
    }
}

/// Why an endpoint could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Lang::En))]
#[non_exhaustive]
pub enum EndpointError {
    /// The address cannot be one.
    Address {
        /// What is wrong with it.
        fault: AddressFault,
    },
    /// The key holds characters that no header may have.
    Key,
    /// A request failed, after repeating it where that may help.
    Request {
        /// Host and port.
        host: String,
        /// The model asked for.
        model: String,
        /// How often it was tried.
        attempts: u32,
        /// Seconds from the first try to the last failure, rounded up.
        seconds: u64,
        /// The last failure.
        trouble: Trouble,
    },
}

impl Diagnosis for EndpointError {
    fn code(&self) -> &'static str {
        let Self::Request { trouble, .. } = self else {
            return match self {
                Self::Key => "embed.endpoint-key",
                _ => "embed.endpoint-address",
            };
        };
        match trouble {
            Trouble::Connection(_) => "embed.endpoint-connection",
            Trouble::TimedOut => "embed.endpoint-timeout",
            Trouble::Status { .. } => "embed.endpoint-status",
            Trouble::Answer(_) => "embed.endpoint-answer",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Address { fault }) => {
                format!("向量接口的地址无法使用：{}", fault.label(lang))
            }
            (Lang::En, Self::Address { fault }) => {
                format!("the endpoint's address cannot be used: {}", fault.label(lang))
            }
            (Lang::Zh, Self::Key) => "DUIJIE_API_KEY 含有请求头不能有的字符".to_owned(),
            (Lang::En, Self::Key) => {
                "DUIJIE_API_KEY holds characters that no request header may have".to_owned()
            }
            (Lang::Zh, Self::Request { host, model, attempts, seconds, trouble }) => format!(
                "向 {host} 的模型 {model} 请求向量失败（试了 {attempts} 次，共 {seconds} 秒）：{}",
                trouble.label(lang)
            ),
            (Lang::En, Self::Request { host, model, attempts, seconds, trouble }) => format!(
                "asking the model {model} at {host} for vectors failed ({attempts} tries in \
                 {seconds} s): {}",
                trouble.label(lang)
            ),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let Self::Request { trouble, .. } = self else {
            return match self {
                Self::Address { fault: AddressFault::Password } => lang.pick(
                    "密钥写在环境变量 DUIJIE_API_KEY 里，不要写在命令行上",
                    "put the key into the environment variable DUIJIE_API_KEY, never on a command line",
                ),
                Self::Key => lang.pick(
                    "检查 DUIJIE_API_KEY 是否夹带了空格、换行或引号",
                    "look for blanks, line breaks or quotation marks in DUIJIE_API_KEY",
                ),
                _ => lang.pick(
                    "写成 http://主机:端口/v1#模型名",
                    "write http://host:port/v1#model-name",
                ),
            }
            .to_owned();
        };
        match trouble {
            Trouble::Connection(_) | Trouble::TimedOut => lang.pick(
                "确认服务已启动、地址和端口正确、网络可达；已算好的向量在缓存里，重新运行会接着做",
                "check that the service runs and can be reached; vectors made so far are in the \
                 cache, so that another run goes on from there",
            ),
            Trouble::Status { status: 401 | 403, .. } => lang.pick(
                "把密钥写入环境变量 DUIJIE_API_KEY，并确认它有权使用该模型",
                "put the key into the environment variable DUIJIE_API_KEY, and check its rights",
            ),
            Trouble::Status { status: 404, .. } => lang.pick(
                "检查地址（通常以 /v1 结尾）和 # 后面的模型名",
                "check the address, which usually ends in /v1, and the model's name after #",
            ),
            Trouble::Status { status: 300..=399, .. } => lang.pick(
                "本程序不跟随转址；请直接写最终地址",
                "redirects are not followed; give the final address",
            ),
            Trouble::Status { status: 429 | 500..=599, .. } => lang.pick(
                "服务繁忙或出错，稍后重新运行；已算好的向量在缓存里",
                "the service is busy or failing; run again later, the vectors made so far are in \
                 the cache",
            ),
            Trouble::Status { .. } => lang.pick(
                "按服务返回的说明检查模型名和请求上限",
                "check the model's name and the service's limits by what it says",
            ),
            Trouble::Answer(AnswerFault::Dimension { .. }) => lang.pick(
                "服务换了模型：重新运行，或固定服务端的模型版本",
                "the service changed its model: run again, or fix the version it serves",
            ),
            Trouble::Answer(_) => lang.pick(
                "该服务与 OpenAI 的 /v1/embeddings 不兼容或出了故障；检查服务日志，或换用其他模型",
                "the service is faulty or not compatible with OpenAI's /v1/embeddings; look at its \
                 log, or use another model",
            ),
        }
        .to_owned()
    }
}
