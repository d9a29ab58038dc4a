//! Why yearly series could not be read.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why yearly series could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum YearlyError {
    /// The file could not be read.
    #[error("could not read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no text table.
    #[error("{} is no text table (CSV)", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// A line is no row of the table.
    #[error("{} line {line} cannot be read as a row", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
    },
    /// There is no such column or variable.
    #[error("{} has no {column}; it has {}", path.display(), shown(known))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        column: String,
        /// What is there.
        known: Vec<String>,
    },
    /// A value is not a number, or an output not above 0.
    #[error("{} line {line}: {column} is {text:?}, which is no positive number", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A group has two values for a year.
    #[error("{} line {line}: {group} has {year} twice", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Line of the second one.
        line: usize,
        /// The group.
        group: String,
        /// The year.
        year: i32,
    },
    /// Units or prices differ within the variable.
    #[error("{} mixes {}", path.display(), found.join(" / "))]
    Mixed {
        /// The file.
        path: PathBuf,
        /// `单位` or `价格口径`.
        what: &'static str,
        /// What was found.
        found: Vec<String>,
    },
    /// The unit of money is not known.
    #[error("{} does not say its unit of money", path.display())]
    NoUnit {
        /// The file.
        path: PathBuf,
        /// What stands in the unit column, if any.
        found: Option<String>,
    },
}

/// At most twelve names.
fn shown(names: &[String]) -> String {
    const MOST: usize = 12;
    let more = if names.len() > MOST { " …" } else { "" };
    let names: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    format!("{}{more}", names.join("、"))
}

impl Diagnosis for YearlyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "yearly.read",
            Self::NoText { .. } => "yearly.no-text",
            Self::Row { .. } => "yearly.row",
            Self::NoColumn { .. } => "yearly.no-column",
            Self::Value { .. } => "yearly.value",
            Self::Twice { .. } => "yearly.twice",
            Self::Mixed { .. } => "yearly.mixed",
            Self::NoUnit { .. } => "yearly.no-unit",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Read { path, source } => format!("无法读取 {}：{source}", path.display()),
            Self::NoText { path } => format!("{} 不是文本表格（CSV）", path.display()),
            Self::Row { path, line } => format!("{} 第 {line} 行读不成一行表格", path.display()),
            Self::NoColumn { path, column, known } => {
                format!("{} 里没有“{column}”；有：{}", path.display(), shown(known))
            }
            Self::Value { path, line, column, text } => {
                format!("{} 第 {line} 行：{column} 为“{text}”，不是正数", path.display())
            }
            Self::Twice { path, line, group, year } => {
                format!("{} 第 {line} 行：{group} {year} 年出现两次", path.display())
            }
            Self::Mixed { path, what, found } => {
                format!("{} 的{what}不一致：{}", path.display(), found.join("、"))
            }
            Self::NoUnit { path, found } => match found {
                Some(found) => format!("{} 的单位“{found}”不是金额单位", path.display()),
                None => format!("{} 没有写明金额单位", path.display()),
            },
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Read { .. } => lang.pick("检查路径和权限", "check the path and its permissions"),
            Self::NoText { .. } => lang.pick(
                "请另存为 CSV（UTF-8 或 GBK）再试",
                "save it as CSV (UTF-8 or GBK) and try again",
            ),
            Self::Row { .. } => {
                lang.pick("检查该行的引号", "check the quotation marks of that line")
            }
            Self::NoColumn { .. } => lang.pick(
                "用 --column、--firms、--group 写出表里的名称",
                "name what the table has with --column, --firms and --group",
            ),
            Self::Value { .. } => lang.pick(
                "产出须为正数；未知的请留空，不要写 0",
                "outputs must be positive; leave unknown ones empty instead of 0",
            ),
            Self::Twice { .. } => lang.pick("每组每年只留一行", "keep one row per group and year"),
            Self::Mixed { .. } => lang.pick(
                "产值、营业收入、增加值以及现价、不变价、不同单位不能混在一个序列里，请统一后再试",
                "one series has one kind, one price basis and one unit; make them the same first",
            ),
            Self::NoUnit { .. } => lang
                .pick("用 --unit 亿元（或 万元、元）写明", "say it with --unit 亿元 (or 万元, 元)"),
        }
        .to_owned()
    }
}
