//! What brokers answered about handed-out pairs.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Lang, SourceRef};

/// Why a pair was refused: the fixed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 技术不符.
    Technology,
    /// 指标不够.
    Indicator,
    /// 成熟度.
    Maturity,
    /// 价格.
    Price,
    /// 地域.
    Region,
    /// 已有合作.
    Partnered,
    /// 权属.
    Rights,
    /// 其他.
    Other,
}

impl Reason {
    /// All reasons, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Technology,
        Self::Indicator,
        Self::Maturity,
        Self::Price,
        Self::Region,
        Self::Partnered,
        Self::Rights,
        Self::Other,
    ];

    /// The word people read and choose.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Technology => lang.pick("技术不符", "technology"),
            Self::Indicator => lang.pick("指标不够", "figures"),
            Self::Maturity => lang.pick("成熟度", "maturity"),
            Self::Price => lang.pick("价格", "price"),
            Self::Region => lang.pick("地域", "region"),
            Self::Partnered => lang.pick("已有合作", "has a partner"),
            Self::Rights => lang.pick("权属", "rights"),
            Self::Other => lang.pick("其他", "other"),
        }
    }
}

/// What a person says about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// 已对接: a fact that only a person records.
    Introduced,
    /// 洽谈中.
    Talking,
    /// 待定.
    Undecided,
    /// 不合适: the pair is refused.
    Unfit,
    /// 联系不上.
    Unreachable,
}

impl Answer {
    /// All answers, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Introduced, Self::Talking, Self::Undecided, Self::Unfit, Self::Unreachable];

    /// The word people read and choose.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Introduced => lang.pick("已对接", "introduced"),
            Self::Talking => lang.pick("洽谈中", "in talks"),
            Self::Undecided => lang.pick("待定", "undecided"),
            Self::Unfit => lang.pick("不合适", "unfit"),
            Self::Unreachable => lang.pick("联系不上", "not reachable"),
        }
    }
}

/// One answer about one pair, with where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAnswer {
    /// Id or number of the demand.
    pub demand: String,
    /// Id or number of the supply.
    pub supply: String,
    /// What was said.
    pub answer: Answer,
    /// Why, for a refusal; [`Reason::Other`] where none was given.
    pub reason: Option<Reason>,
    /// The day of the answer; for a list of this program without one, the day of the list.
    pub date: Option<Date>,
    /// Who answered, where that is written down.
    pub by: Option<String>,
    /// Fingerprints of the demand and the supply that the answer was about, where known.
    pub versions: Option<(String, String)>,
    /// Where it stands.
    pub source: SourceRef,
}
