//! What is known about a record's statements: which ones its own text contradicts, how a right
//! stands in a register, and what was added in answer to a question.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Lang, QuoteField};

/// A statement of a record that its text may contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatedField {
    /// 知识产权形式.
    IpStatus,
    /// 法律状态.
    LegalStatus,
    /// 成熟度.
    Maturity,
    /// 价格或预算.
    Price,
    /// 地区.
    Region,
}

impl StatedField {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::IpStatus => lang.pick("知识产权", "intellectual property"),
            Self::LegalStatus => lang.pick("法律状态", "legal status"),
            Self::Maturity => lang.pick("成熟度", "maturity"),
            Self::Price => lang.pick("价格", "price"),
            Self::Region => lang.pick("地区", "region"),
        }
    }
}

/// A stated field that the record's own text contradicts: it is to be verified (待核实), and
/// counts as missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// Which statement.
    pub field: StatedField,
    /// The statement, as the list has it.
    pub stated: String,
    /// The text that contradicts it: title or body.
    pub at: QuoteField,
    /// First character (Unicode scalar values, from 0) of the contradicting words.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// The contradicting words, exactly the characters `start..end` of the source.
    pub text: String,
}

/// How a right stands in a register, as the list says.
///
/// It counts as verified only with both its source and its date; otherwise it is 未核实.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalStatus {
    /// The words of the list, such as 有效 or 实质审查.
    pub status: String,
    /// Where it was looked up.
    pub source: Option<String>,
    /// The day of the entry or of the look-up.
    pub as_of: Option<Date>,
}

/// A part of a record's body that was added in answer to a question, with its own provenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplement {
    /// The heading of the column that holds it, such as 追问答复.
    pub heading: String,
    /// First character of it in the body, its heading included.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
}
