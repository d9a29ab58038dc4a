//! How an error speaks to a person: a code, what happened, what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, the default.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Picks the text of this language.
    #[must_use]
    pub const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.pick("zh", "en"))
    }
}

/// A sentence in both languages, where it is made before it is known who reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wording {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Wording {
    /// Both texts.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The text of this language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

/// An error that can be told to a person in their language, with the remedy.
///
/// Every error enum below the command line implements it. The `Display` of the error is the
/// English message, lower case and without a full stop; the remedy is a separate sentence.
pub trait Diagnosis: std::error::Error {
    /// A short stable code for manuals and scripts, such as `corpus.encrypted`.
    fn code(&self) -> &'static str;
    /// What was being done, with what, and what went wrong.
    fn message(&self, lang: Lang) -> String;
    /// What to do next; empty where nothing can be advised.
    fn remedy(&self, lang: Lang) -> String;
}
