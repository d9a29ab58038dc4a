//! Why an evaluation could not be done.

use std::path::PathBuf;

use crate::evaluation::TrecError;
use crate::model::{Diagnosis, Lang, Side};

/// Why an evaluation could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// A file of grades cannot be read.
    #[error("reading the grades {path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a file of grades is wrong.
    #[error("reading the grades {path}: {source}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, and what should have been there.
        source: TrecError,
    },
    /// The files of grades hold no pair.
    #[error("the grades hold no pair")]
    NoGrades,
    /// No query of the grades is in the asking list.
    #[error(
        "none of the {n} queries of the grades is among the {side:?} ids: the grades have {wanted}, the list has {known}"
    )]
    NoCommonQuery {
        /// Queries of the grades.
        n: usize,
        /// The asking side.
        side: Side,
        /// A query of the grades.
        wanted: String,
        /// An id of the list.
        known: String,
        /// Whether the queries are ids of the other side.
        reversed: bool,
    },
    /// No query of the grades has a positive grade.
    #[error("no asked query has a positive grade, so there is nothing to find")]
    NothingPositive,
    /// A condition on records is not well-formed.
    #[error("the condition {text} cannot be read: {reason}")]
    KeepSyntax {
        /// As typed.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A condition names a field that no record has.
    #[error("no {side:?} record has a field or column {field}")]
    UnknownKeep {
        /// The side, both lists if it was not restricted.
        side: Side,
        /// As typed.
        field: String,
    },
    /// The conditions leave no record on a side.
    #[error("the conditions leave no {side:?} record of {n}")]
    NothingKept {
        /// The side.
        side: Side,
        /// Records before.
        n: usize,
    },
}

impl Diagnosis for EvaluateError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "eval.unreadable",
            Self::Syntax { source, .. } => source.code(),
            Self::NoGrades => "eval.no-grades",
            Self::NoCommonQuery { .. } => "eval.no-common-query",
            Self::NothingPositive => "eval.nothing-positive",
            Self::KeepSyntax { .. } => "eval.keep-syntax",
            Self::UnknownKeep { .. } => "eval.unknown-keep",
            Self::NothingKept { .. } => "eval.nothing-kept",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Unreadable { path, source } => {
                format!("读不了评分文件 {}：{source}", path.display())
            }
            Self::Syntax { path, source } => {
                format!("评分文件 {}：{}", path.display(), source.message(lang))
            }
            Self::NoGrades => "评分文件里一对评分也没有".to_owned(),
            Self::NoCommonQuery { n, side, wanted, known, .. } => format!(
                "评分文件的 {n} 个查询没有一个在{}清单里：评分文件写的是 {wanted}，清单里的编号如 {known}",
                side.label(lang)
            ),
            Self::NothingPositive => "问到的查询没有一个有正的评分，没有可找的文档".to_owned(),
            Self::KeepSyntax { text, reason } => format!("看不懂条件 {text}：{reason}"),
            Self::UnknownKeep { side, field } => {
                format!("{}清单里没有字段或列 {field}", side.label(lang))
            }
            Self::NothingKept { side, n } => {
                format!("按 --keep 的条件，{n} 条{}一条也没有留下", side.label(lang))
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Unreadable { .. } => {
                lang.pick("检查路径；文件须是 UTF-8 文本", "check the path; the file has to be UTF-8 text")
            }
            Self::Syntax { source, .. } => return source.remedy(lang),
            Self::NoGrades => lang.pick(
                "每行写一对：查询 0 文档 等级",
                "write one pair per line: `query 0 document grade`",
            ),
            Self::NoCommonQuery { reversed: true, .. } => lang.pick(
                "这些查询是另一侧清单的编号：加上 --reverse，或对调两个清单",
                "the queries are ids of the other list: add --reverse, or swap the lists",
            ),
            Self::NoCommonQuery { .. } => lang.pick(
                "用 --map id=列名 指定编号列（只用于一侧时写 demand:id=… 或 supply:id=…），再用 duijie import --check 核对",
                "name the column of ids with --map id=COLUMN (demand:id=… or supply:id=… for one side), and check with `duijie import --check`",
            ),
            Self::NothingPositive => lang.pick(
                "换一份至少有一个等级大于 0 的评分文件",
                "give grades of which at least one is above 0",
            ),
            Self::KeepSyntax { .. } => lang.pick(
                "写成 字段~正则表达式，例如 --keep 'supply:organization~大学|学院'",
                "write FIELD~REGEX, such as --keep supply:organization~University",
            ),
            Self::UnknownKeep { .. } => lang.pick(
                "字段名：id、title、body、keywords、classification、codes、organization、region、maturity、ip_status，或没有被任何字段认领的列名",
                "fields: id, title, body, keywords, classification, codes, organization, region, maturity, ip_status, or the heading of a column that no field claims",
            ),
            Self::NothingKept { .. } => {
                lang.pick("放宽 --keep 的正则表达式", "loosen the pattern of --keep")
            }
        }
        .to_owned()
    }
}
