//! A demand and a supply judged together.

use serde::{Deserialize, Serialize};

use super::{DemandIdx, Lang, Micro, Side, SupplyIdx};

/// A named component of a pair's score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Shared words: BM25 over the asker's own score for itself.
    Lexical,
    /// Telling words held: the share of the asker's rarest words and those of its title, by weight,
    /// that the answer holds.
    Terms,
    /// Shared meaning: cosine similarity of the records' vectors, made of title and body.
    Dense,
    /// Each requirement met somewhere: the best cosine among the answer's passages, over the asker's
    /// requirements.
    Passage,
    /// Stated numbers met: passes and half the near misses among the numbers of the demand that the
    /// supply speaks of.
    Numbers,
    /// Same field of technology or industry.
    Field,
    /// How recent the answer is, seen from the reference date.
    Freshness,
    /// How ready the supply is for use.
    Maturity,
}

impl Part {
    /// All parts, in the order in which they are added and shown.
    pub const ALL: [Self; 8] = [
        Self::Lexical,
        Self::Terms,
        Self::Dense,
        Self::Passage,
        Self::Numbers,
        Self::Field,
        Self::Freshness,
        Self::Maturity,
    ];

    /// Place in [`Part::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the part is made of the two texts alone, so that documents can be retrieved by it:
    /// all but what the lists state in columns of their own, and numbers, which say whether an
    /// answer suffices rather than what it is about.
    ///
    /// This is the one place that decides which parts a hybrid ranking is made of.
    #[must_use]
    pub const fn is_retrieval(self) -> bool {
        !matches!(self, Self::Numbers | Self::Field | Self::Freshness | Self::Maturity)
    }

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Lexical => lang.pick("用词", "words"),
            Self::Terms => lang.pick("要点词", "telling words"),
            Self::Dense => lang.pick("语义", "meaning"),
            Self::Passage => lang.pick("段落", "passage"),
            Self::Numbers => lang.pick("数值", "numbers"),
            Self::Field => lang.pick("领域", "field"),
            Self::Freshness => lang.pick("时效", "freshness"),
            Self::Maturity => lang.pick("成熟度", "maturity"),
        }
    }
}

/// The value of each part in `[0, 1]`, or `None` where it is missing; order of [`Part::ALL`].
pub type PartValues = [Option<Micro>; Part::ALL.len()];

/// What a broker is advised to do with a pair.
///
/// 已对接 is not among them: that is a fact which only a person records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 暂无匹配: not worth anybody's time as it stands.
    NoMatch,
    /// 可洽谈: worth a call.
    Discuss,
    /// 建议对接: introduce the two.
    Recommend,
}

impl Verdict {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::NoMatch => lang.pick("暂无匹配", "no match"),
            Self::Discuss => lang.pick("可洽谈", "discuss"),
            Self::Recommend => lang.pick("建议对接", "recommend"),
        }
    }
}

/// A reason for which a pair is refused, or must be marked, whatever its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// 需求已过期: the demand's validity ended before the reference date. `match` only marks it.
    DemandExpired,
    /// 供给已过期: the supply's validity ended before the reference date. `match` only marks it.
    SupplyExpired,
    /// 指标不满足: a stated limit of the demand is not met. Such a pair is at most 可洽谈, whatever
    /// its score.
    NumbersNotMet,
    /// 已反馈不合适: a broker refused the pair, and neither record has changed since. Such a pair
    /// is not ranked, not handed out, and judged 暂无匹配.
    Refused,
}

impl Veto {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::DemandExpired => lang.pick("需求已过期", "demand expired"),
            Self::SupplyExpired => lang.pick("供给已过期", "supply expired"),
            Self::NumbersNotMet => lang.pick("指标不满足", "a number is not met"),
            Self::Refused => lang.pick("已反馈不合适", "refused by a broker"),
        }
    }
}

/// One judged pair: values only, small enough to hold millions. Quotes are drawn when written.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Row of the demand.
    pub demand: DemandIdx,
    /// Row of the supply.
    pub supply: SupplyIdx,
    /// Place of the supply in the demand's list, from 1; `None` beyond the ranked depth.
    pub rank_for_demand: Option<u32>,
    /// Place of the demand in the supply's list, from 1; `None` beyond the ranked depth.
    pub rank_for_supply: Option<u32>,
    /// Value of each part seen from the demand.
    pub parts_for_demand: PartValues,
    /// Value of each part seen from the supply.
    pub parts_for_supply: PartValues,
    /// Sum of the contributions, demand's weights.
    pub score_for_demand: Micro,
    /// Sum of the contributions, supply's weights.
    pub score_for_supply: Micro,
    /// Calibrated probability seen from the demand.
    pub probability_for_demand: Micro,
    /// Calibrated probability seen from the supply.
    pub probability_for_supply: Micro,
    /// Harmonic mean of the two probabilities.
    pub mutual_score: Micro,
    /// How much is known: the share of the full weight that the present parts carry, lesser of the
    /// two directions, times how much text the shorter record has.
    pub confidence: Micro,
    /// Advice.
    pub verdict: Verdict,
    /// Whether the pair is in the handed-out lists.
    pub allocated: bool,
    /// Marks and refusals, ascending.
    pub vetoes: Vec<Veto>,
}

/// A pair with what it is worth to either side and to both: all that allocation and its measures
/// look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatedPair {
    /// Row of the demand.
    pub demand: u32,
    /// Row of the supply.
    pub supply: u32,
    /// What the supply is worth to the demand; higher is better.
    pub for_demand: Micro,
    /// What the demand is worth to the supply; higher is better.
    pub for_supply: Micro,
    /// What the pair is worth to both: the mutual score.
    pub mutual: Micro,
}

impl Match {
    /// Mean of the two directions' probabilities: the figure shown as 把握.
    #[must_use]
    pub const fn probability(&self) -> Micro {
        Micro::mean(self.probability_for_demand, self.probability_for_supply)
    }
}

/// Which text of a record a quote is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteField {
    /// The record's title.
    Title,
    /// The record's body.
    Body,
    /// One of the record's classification paths.
    Classification,
    /// One of the record's IPC or CPC symbols.
    Codes,
    /// The stated maturity.
    Maturity,
    /// A date of the record, as `YYYY-MM-DD`.
    Date,
}

/// How two words that stand for one another are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynonymKind {
    /// Another word or spelling for the same thing.
    Same,
    /// A short form or formula.
    Abbreviation,
    /// The word in the other language.
    Translation,
    /// A kind of the thing: asked for the thing, it answers.
    Narrower,
    /// What the thing is a kind of: asked for the kind, it answers in part.
    Broader,
}

impl SynonymKind {
    /// The sign between two such words, as people read it.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Same | Self::Abbreviation | Self::Translation => '＝',
            Self::Narrower | Self::Broader => '≈',
        }
    }

    /// The relation seen from the other word.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Narrower => Self::Broader,
            Self::Broader => Self::Narrower,
            other => other,
        }
    }
}

/// Two words, one in a quote and one in the other side's, that were taken for one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynonymPair {
    /// The word in this quote, as its source writes it.
    pub own: String,
    /// The word in the other side's quote, as its source writes it.
    pub other: String,
    /// What the other word is to this one.
    pub kind: SynonymKind,
}

/// A passage that supports a part's value, copied from its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The part it supports.
    pub part: Part,
    /// Whose text it is.
    pub side: Side,
    /// Which text it is.
    pub field: QuoteField,
    /// First character (Unicode scalar values, from 0) in a title or body; 0 otherwise.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// The passage: for titles and bodies exactly the characters `start..end` of the source.
    pub text: String,
    /// Synonyms by which a lexical quote supports its part, the most telling first.
    pub synonyms: Vec<SynonymPair>,
}
