//! What can be wrong with a scenario or its data.

use std::io;
use std::path::{Path, PathBuf};

use crate::corpus::CorpusError;
use crate::model::{Diagnosis, Lang, Wording};
use crate::simulation::SimulationError;

/// Why a scenario was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A file could not be read.
    #[error("reading {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no TOML.
    #[error("{} is no valid TOML: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and what, as the parser says it.
        message: String,
    },
    /// A key that is not known.
    #[error("{}: unknown key {key}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with what it is in, such as `lever[2].grants`.
        key: String,
        /// The known key that is nearest to it.
        nearest: Option<&'static str>,
        /// All keys that are known there.
        known: String,
    },
    /// A key that must be given is not.
    #[error("{}: {key} is missing", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// A value that cannot be.
    #[error("{}: {key} is {found}, expected {}", path.display(), expected.en)]
    Value {
        /// The file.
        path: PathBuf,
        /// The key, or the row of a table.
        key: String,
        /// What was found.
        found: String,
        /// What is possible there.
        expected: Wording,
    },
    /// An amount of money without a unit, or units that do not agree.
    #[error("{}: {key}: {}", path.display(), what.en)]
    Unit {
        /// The file.
        path: PathBuf,
        /// The key, or the row of a table.
        key: String,
        /// What does not agree.
        what: Wording,
    },
    /// Gross output, revenue and value added, or prices, that do not agree.
    #[error("{}: {key}: {}", path.display(), what.en)]
    Measure {
        /// The file.
        path: PathBuf,
        /// The key, or the row of a table.
        key: String,
        /// What does not agree.
        what: Wording,
    },
    /// A city, industry, cluster or lever that does not exist.
    #[error("{}: {key} names {name}, which is not known", path.display())]
    UnknownName {
        /// The file.
        path: PathBuf,
        /// The key, or the row of a table.
        key: String,
        /// The name.
        name: String,
        /// The known name that is nearest to it.
        nearest: Option<String>,
    },
    /// Statements that exclude each other.
    #[error("{}: {}", path.display(), what.en)]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// Which ones.
        what: Wording,
    },
    /// A table lacks what it needs.
    #[error("{}: {}", path.display(), what.en)]
    Table {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: Wording,
    },
    /// A table could not be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The model refuses the setup.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

impl ScenarioError {
    pub(super) fn value(
        path: &Path,
        key: impl Into<String>,
        found: impl ToString,
        expected: Wording,
    ) -> Self {
        Self::Value { path: path.to_owned(), key: key.into(), found: found.to_string(), expected }
    }

    pub(super) fn unknown<'a>(
        path: &Path,
        key: impl Into<String>,
        name: &str,
        known: impl Iterator<Item = &'a str>,
    ) -> Self {
        let nearest = nearest(name, known).map(str::to_owned);
        Self::UnknownName { path: path.to_owned(), key: key.into(), name: name.to_owned(), nearest }
    }

    pub(super) fn contradiction(path: &Path, what: Wording) -> Self {
        Self::Contradiction { path: path.to_owned(), what }
    }

    pub(super) fn table(path: &Path, what: Wording) -> Self {
        Self::Table { path: path.to_owned(), what }
    }
}

impl Diagnosis for ScenarioError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "scenario.read",
            Self::Toml { .. } => "scenario.toml",
            Self::UnknownKey { .. } => "scenario.unknown-key",
            Self::Missing { .. } => "scenario.missing",
            Self::Value { .. } => "scenario.value",
            Self::Unit { .. } => "scenario.unit",
            Self::Measure { .. } => "scenario.measure",
            Self::UnknownName { .. } => "scenario.unknown-name",
            Self::Contradiction { .. } => "scenario.contradiction",
            Self::Table { .. } => "scenario.table",
            Self::Corpus(error) => error.code(),
            Self::Simulation(error) => error.code(),
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return match self {
                Self::Corpus(error) => error.message(lang),
                Self::Simulation(error) => error.message(lang),
                _ => self.to_string(),
            };
        }
        match self {
            Self::Read { path, source } => format!("无法读取 {}：{source}", path.display()),
            Self::Toml { path, message } => {
                format!("{} 不是合法的 TOML：{message}", path.display())
            }
            Self::UnknownKey { path, key, .. } => format!("{}：不认识的键 {key}", path.display()),
            Self::Missing { path, key } => format!("{}：缺少 {key}", path.display()),
            Self::Value { path, key, found, expected } => {
                format!("{}：{key} 是 {found}，应为{}", path.display(), expected.zh)
            }
            Self::Unit { path, key, what } | Self::Measure { path, key, what } => {
                format!("{}：{key}：{}", path.display(), what.zh)
            }
            Self::UnknownName { path, key, name, .. } => {
                format!("{}：{key} 里的“{name}”不在目录中", path.display())
            }
            Self::Contradiction { path, what } | Self::Table { path, what } => {
                format!("{}：{}", path.display(), what.zh)
            }
            Self::Corpus(error) => error.message(lang),
            Self::Simulation(error) => error.message(lang),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
        match self {
            Self::Read { .. } => t(
                "请核对路径；情景文件里的相对路径从该文件所在的目录算起",
                "check the path; relative paths in a scenario start at the scenario's folder",
            ),
            Self::Toml { .. } => t(
                "请对照 corpus/scenarios 里的样例修改",
                "compare it with the samples in corpus/scenarios",
            ),
            Self::UnknownKey { nearest: Some(nearest), known, .. } => match lang {
                Lang::Zh => format!("是不是想写 {nearest}？这里可用的键：{known}"),
                Lang::En => format!("did you mean {nearest}? Keys known here: {known}"),
            },
            Self::UnknownKey { known, .. } => match lang {
                Lang::Zh => format!("这里可用的键：{known}"),
                Lang::En => format!("keys known here: {known}"),
            },
            Self::Missing { .. } | Self::Value { .. } => t(
                "含义和取值见 corpus/scenarios/schema.json",
                "meanings and values are in corpus/scenarios/schema.json",
            ),
            Self::Unit { .. } => t(
                "写明单位：表头写 产值（亿元），或加一列“单位”；情景文件里写 \"8 亿元\"，或在 [run] 写 money_unit",
                "state the unit: in the heading, in a column 单位, as \"8 亿元\", or money_unit in [run]",
            ),
            Self::Measure { .. } => t(
                "产值、营业收入、增加值，现价、不变价，不能混用：换成同一口径的数，或分成两个文件",
                "gross output, revenue and value added, and prices, are not mixed: use one of each",
            ),
            Self::UnknownName { nearest: Some(nearest), .. } => match lang {
                Lang::Zh => format!(
                    "是不是“{nearest}”？市（区）和产业见 corpus/clusters，杠杆见 corpus/levers.toml"
                ),
                Lang::En => format!(
                    "did you mean {nearest}? Names are in corpus/clusters and corpus/levers.toml"
                ),
            },
            Self::UnknownName { .. } => t(
                "市（区）和产业见 corpus/clusters，杠杆见 corpus/levers.toml",
                "names are in corpus/clusters and corpus/levers.toml",
            ),
            Self::Contradiction { .. } => t("请改其中一处", "change one of them"),
            Self::Table { .. } => t(
                "用 duijie template cluster 得到一份可以直接填写的表",
                "`duijie template cluster` writes a table to fill in",
            ),
            Self::Corpus(error) => error.remedy(lang),
            Self::Simulation(error) => error.remedy(lang),
        }
    }
}

/// The known word nearest to `word`, if at most half of its characters differ; first of equals.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let ranked = known.map(|it| (distance(word, it), it));
    let best = ranked.min_by_key(|(distance, _)| *distance)?;
    (best.0 * 2 <= length.max(best.1.chars().count())).then_some(best.1)
}

/// Levenshtein's edit distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_or_none() {
        let known = || ["replicates", "quarters", "seed"].into_iter();
        assert_eq!(nearest("replicate", known()), Some("replicates"));
        assert_eq!(nearest("sead", known()), Some("seed"));
        assert_eq!(nearest("完全不同的词语", known()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
