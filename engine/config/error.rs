//! What is wrong with a configuration file.

use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// What is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is not TOML.
    #[error("{}{}: {reason}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where known.
        line: Option<usize>,
        /// What the reader said.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{} has the unknown key {key}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with its section.
        key: String,
        /// Keys that exist in its place.
        known: Vec<String>,
    },
    /// A value that is not allowed.
    #[error("{}: {key} = {value} is not allowed", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key with its section.
        key: String,
        /// The value as written.
        value: String,
        /// What is allowed.
        allowed: String,
    },
}

impl Diagnosis for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "config.syntax",
            Self::UnknownKey { .. } => "config.unknown-key",
            Self::Value { .. } => "config.value",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, _) => self.to_string(),
            (Lang::Zh, Self::Syntax { path, line, reason }) => {
                let line = line.map(|line| format!(" 第 {line} 行")).unwrap_or_default();
                format!("配置文件 {}{line} 写法有误：{reason}", path.display())
            }
            (Lang::Zh, Self::UnknownKey { path, key, .. }) => {
                format!("配置文件 {} 里没有 {key} 这个键", path.display())
            }
            (Lang::Zh, Self::Value { path, key, value, .. }) => {
                format!("配置文件 {} 里 {key} = {value} 不对", path.display())
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Syntax { .. } => lang
                .pick(
                    "按 TOML 写法改正；文字要加引号",
                    "mend it as TOML wants it; texts stand in quotation marks",
                )
                .to_owned(),
            Self::UnknownKey { known, .. } => {
                format!("{}{}", lang.pick("可用的键：", "known keys: "), known.join("、"))
            }
            Self::Value { allowed, .. } => {
                format!("{}{allowed}", lang.pick("允许：", "allowed: "))
            }
        }
    }
}
