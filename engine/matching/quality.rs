//! How well a demand is stated, what to do with it, and what to ask back.
//!
//! The score is a weighted sum of named components, so that it can be added up again. The triage
//! sorts demands as intake offices do: 可匹配, 需求待明确, 中长期. The questions are chosen by the
//! candidates at hand: the element about which they disagree most is the one whose answer moves
//! the list most.

mod questions;

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::contradiction::states_amount;
use crate::model::{CooperationMode, Lang, Micro, Price, Record, Side, StatedField};
use crate::text::{RequirementKind, Segmenter, normalise, requirements};
pub use questions::{Profile, choose_questions, profile};

/// Below this many characters, blanks not counted, a description is too short to search for well.
///
/// 17 % of real demands are shorter, and intake offices send most of these back.
pub const VAGUE_BELOW: usize = 50;

/// A score below this is too little to match by: object, problem and length alone reach it, any
/// two of them do not.
const CLEAR_FROM: Micro = Micro(400_000);

/// Characters from which a description counts as telling enough: a tenth below the median real
/// demand (109 characters), as for the confidence of a pair.
const ENOUGH_CHARACTERS: usize = 100;

/// Years from which a horizon is the middle or long term, as plans use the word.
const LONG_TERM_YEARS: i16 = 3;

/// How many of a demand's best candidates speak in the choice of the questions: a first page.
pub const CANDIDATES_ASKED: usize = 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    generic: Vec<String>,
    long_term: Vec<String>,
    conditions: Vec<String>,
}

struct Words {
    generic: HashSet<String>,
    long_term: Regex,
    conditions: Regex,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../corpus/quality_words.toml"))
        .expect("corpus/quality_words.toml is compiled in and read by a test");
    let any = |words: &[String]| {
        let escaped: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
        Regex::new(&format!("(?i){}", escaped.join("|"))).expect("escaped words")
    };
    Words {
        generic: file.generic.iter().map(|word| normalise(word)).collect(),
        long_term: any(&file.long_term),
        conditions: any(&file.conditions),
    }
});

/// A horizon in years that something is to be reached in: 五年内建成, 未来3-5年, within 5 years.
static HORIZON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:未来|今后|力争|计划|预计|用|在)\s?(?P<a>[0-9]{1,2}|[一二两三四五六七八九十])(?:\s?[-~～—至到]\s?(?P<b>[0-9]{1,2}|[三四五六七八九十]))?\s?年(?:内|后|之内|左右|时间)?[^，。；]{0,12}(?:完成|实现|达到|建成|突破|形成|研制|掌握|攻克|布局|取得)",
        r"|到(?P<y>20[0-9]{2})年[^，。；]{0,12}(?:完成|实现|达到|建成|突破|形成|研制|掌握|攻克)",
        r"|(?i:within|in|over)\s(?:the next\s)?(?P<c>[0-9]{1,2})\s(?i:years)",
    ))
    .expect("a fixed pattern")
});

/// A named component of a demand's quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityComponent {
    /// What product, material or process it is about.
    Object,
    /// What is wrong today, or what is to become better.
    Problem,
    /// Figures to be reached.
    Indicator,
    /// Way of working together, maturity asked for, working conditions.
    Conditions,
    /// An amount.
    Budget,
    /// How much is said.
    Length,
    /// Field of technology or industry.
    Field,
}

impl QualityComponent {
    /// All components, in the order in which they are added and shown.
    pub const ALL: [Self; 7] = [
        Self::Object,
        Self::Problem,
        Self::Indicator,
        Self::Conditions,
        Self::Budget,
        Self::Length,
        Self::Field,
    ];

    /// Its weight in thousandths; together 1,000.
    ///
    /// Object and figures weigh most: without the first nothing can be searched, without the
    /// second nothing can be checked. Budget and field weigh least: real lists hardly fill them.
    #[must_use]
    pub const fn weight(self) -> i32 {
        match self {
            Self::Object | Self::Indicator => 220,
            Self::Problem => 160,
            Self::Conditions | Self::Length => 120,
            Self::Budget | Self::Field => 80,
        }
    }

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Object => lang.pick("对象", "object"),
            Self::Problem => lang.pick("难题或目标", "problem or goal"),
            Self::Indicator => lang.pick("指标", "figures"),
            Self::Conditions => lang.pick("条件", "conditions"),
            Self::Budget => lang.pick("预算", "budget"),
            Self::Length => lang.pick("篇幅", "length"),
            Self::Field => lang.pick("领域", "field"),
        }
    }
}

/// What to do with a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Triage {
    /// 可匹配: its list can be handed out.
    Matchable,
    /// 需求待明确: ask back first.
    NeedsDetail,
    /// 中长期: for research programmes rather than for an introduction.
    LongTerm,
}

impl Triage {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Matchable => lang.pick("可匹配", "matchable"),
            Self::NeedsDetail => lang.pick("需求待明确", "needs detail"),
            Self::LongTerm => lang.pick("中长期", "long term"),
        }
    }
}

/// A question to the owner of a demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The element it asks for: object, indicator, conditions or budget.
    pub about: QualityComponent,
    /// How much the candidates disagree in it, in `[0, 1]`; 0 where there are none to compare.
    pub separation: Micro,
    /// Words of candidates, for an example; at most two.
    pub examples: Vec<String>,
}

/// How well a demand is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// Weighted sum of the components, in `[0, 1]`.
    pub score: Micro,
    /// Value of each component in `[0, 1]`, in the order of [`QualityComponent::ALL`].
    pub components: [Micro; QualityComponent::ALL.len()],
    /// What to do with it.
    pub triage: Triage,
    /// What to ask back, most telling first; at most two.
    pub questions: Vec<Question>,
}

impl Quality {
    /// The questions as sentences without a full stop; empty where there is none.
    #[must_use]
    pub fn questions_text(&self, lang: Lang) -> String {
        let texts: Vec<String> = self.questions.iter().map(|asked| asked.text(lang)).collect();
        texts.join(lang.pick("；", "; "))
    }
}

/// Judges a demand by its own text and fields; the questions come from [`choose_questions`].
#[must_use]
pub fn quality(demand: &Record, as_of: Date) -> Quality {
    let found = requirements(Side::Demand, &demand.title, &demand.body);
    let count = |kind| found.iter().filter(|r| r.kind == kind).count();
    let indicators = count(RequirementKind::Indicator);
    let value = |component| match component {
        QualityComponent::Object => truth(names_object(demand)),
        QualityComponent::Problem => {
            if count(RequirementKind::Problem) > 0 {
                Micro::ONE
            } else {
                // What is to become better is half of what is wrong today.
                Micro(500_000 * i32::from(count(RequirementKind::Effect) > 0))
            }
        }
        QualityComponent::Indicator => match indicators {
            0 => Micro::ZERO,
            1 => Micro(700_000),
            _ => Micro::ONE,
        },
        QualityComponent::Conditions => conditions(demand),
        QualityComponent::Budget => match demand.price {
            _ if demand.contradiction(StatedField::Price).is_some() => Micro::ZERO,
            Some(Price::Yuan(_) | Price::YuanRange(..)) => Micro::ONE,
            _ if states_amount(demand) => Micro::ONE,
            // 面议 says that there will be money, not how much.
            Some(Price::Negotiable) => Micro(300_000),
            None => Micro::ZERO,
        },
        QualityComponent::Length => {
            let n = characters(demand).min(ENOUGH_CHARACTERS);
            Micro(i32::try_from(n * 1_000_000 / ENOUGH_CHARACTERS).unwrap_or(0))
        }
        QualityComponent::Field => {
            let deepest = demand.classification.iter().map(Vec::len).max().unwrap_or(0);
            let named = deepest > 1 || !demand.codes.is_empty() || !demand.keywords.is_empty();
            if named { Micro::ONE } else { Micro(500_000 * i32::from(deepest == 1)) }
        }
    };
    let components = QualityComponent::ALL.map(value);
    let score = QualityComponent::ALL
        .into_iter()
        .zip(components)
        .map(|(component, value)| value.0 / 1_000 * component.weight())
        .sum();
    let score = Micro(score);
    let object = components[QualityComponent::Object as usize] == Micro::ONE;
    let triage = if is_long_term(demand, as_of) {
        Triage::LongTerm
    } else if !object || characters(demand) < VAGUE_BELOW || score < CLEAR_FROM {
        Triage::NeedsDetail
    } else {
        Triage::Matchable
    };
    Quality { score, components, triage, questions: Vec::new() }
}

const fn truth(yes: bool) -> Micro {
    if yes { Micro::ONE } else { Micro::ZERO }
}

/// Characters of the description, or of the title where there is none, blanks not counted.
fn characters(demand: &Record) -> usize {
    let text = if demand.body.trim().is_empty() { &demand.title } else { &demand.body };
    text.chars().filter(|c| !c.is_whitespace()).take(ENOUGH_CHARACTERS).count()
}

/// Whether title or wish name something: a term of two characters or more that is no stop word
/// and not one of the words that fit every demand.
fn names_object(demand: &Record) -> bool {
    let segmenter = Segmenter::shared();
    let telling = |text: &str| {
        segmenter.tokens(text).iter().any(|token| {
            token.text.chars().nth(1).is_some()
                && !token.text.chars().all(|c| c.is_ascii_digit())
                && !segmenter.is_stop_word(&token.text)
                && !WORDS.generic.contains(&token.text)
        })
    };
    telling(&demand.title)
        || requirements(Side::Demand, "", &demand.body)
            .iter()
            .filter(|r| {
                use RequirementKind::{Material, Object, Process};
                matches!(r.kind, Object | Material | Process)
            })
            .any(|r| telling(r.text("", &demand.body)))
}

/// A third each: a way of working together, a maturity asked for, words about working conditions.
fn conditions(demand: &Record) -> Micro {
    let mode = demand.cooperation.iter().any(|mode| *mode != CooperationMode::Other);
    let stated = [mode, demand.maturity.is_some(), WORDS.conditions.is_match(&demand.body)];
    match stated.iter().filter(|yes| **yes).count() {
        0 => Micro::ZERO,
        1 => Micro(333_000),
        2 => Micro(667_000),
        _ => Micro::ONE,
    }
}

/// Basic science, or something to be reached in three years or more.
fn is_long_term(demand: &Record, as_of: Date) -> bool {
    [&demand.title, &demand.body].into_iter().any(|text| {
        WORDS.long_term.is_match(text)
            || HORIZON.captures_iter(text).any(|found| {
                let years = |name| found.name(name).and_then(|m| number(m.as_str()));
                let until = found.name("y").and_then(|m| m.as_str().parse::<i16>().ok());
                let span = years("b").or_else(|| years("a")).or_else(|| years("c"));
                span.or_else(|| until.map(|year| year - as_of.year()))
                    .is_some_and(|years| years >= LONG_TERM_YEARS)
            })
    })
}

fn number(text: &str) -> Option<i16> {
    const HAN: [&str; 11] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    text.parse().ok().or_else(|| {
        let text = if text == "两" { "二" } else { text };
        HAN.iter().position(|han| *han == text).and_then(|n| i16::try_from(n).ok())
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::{RecordId, SourceRef};

    fn record(side: Side, title: &str, body: &str) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(side, RecordId(title.to_owned()), String::new(), source);
        (record.title, record.body) = (title.to_owned(), body.to_owned());
        record
    }

    fn judged(title: &str, body: &str) -> Quality {
        quality(&record(Side::Demand, title, body), date(2026, 9, 1))
    }

    #[test]
    fn weights_add_up_and_so_do_scores() {
        assert_eq!(QualityComponent::ALL.iter().map(|c| c.weight()).sum::<i32>(), 1_000);
        let found = judged("酸洗槽渗漏", "槽体容易渗漏，要求寿命不低于3年，渗漏率小于0.1%。");
        let sum: i32 = QualityComponent::ALL
            .into_iter()
            .zip(found.components)
            .map(|(component, value)| value.0 / 1_000 * component.weight())
            .sum();
        assert_eq!(found.score, Micro(sum));
    }

    #[test]
    fn answering_raises_the_score() {
        let mut last = judged("技术升级需求", "希望提高效率。");
        assert_eq!(last.triage, Triage::NeedsDetail);
        for body in [
            "我厂酸洗槽希望提高效率。",
            "我厂酸洗槽容易渗漏，三个月就要停产检修，希望找到耐酸衬里技术，提高酸洗槽效率。",
            "我厂酸洗槽容易渗漏，三个月就要停产检修，希望找到耐酸衬里技术，提高酸洗槽效率，寿命不低于3年，渗漏率小于0.1%。",
        ] {
            let next = judged("技术升级需求", body);
            assert!(next.score > last.score, "{body}");
            last = next;
        }
        assert_eq!(last.triage, Triage::Matchable);
    }

    #[test]
    fn long_term_wishes_are_set_apart() {
        let body = "我单位拟开展固态电解质界面作用机理研究，探明枝晶生长的根源，为电池安全提供依据，欢迎高校合作。";
        assert_eq!(judged("固态电池界面", body).triage, Triage::LongTerm);
        let horizon = "我单位拟在未来三到五年突破高温超导带材的批量制备，目前实验样品长度不足，连接电阻偏高，接头容易断裂，希望与有条件的单位合作。";
        let spoken = horizon.replace("三到五年突破", "3-5年突破");
        assert_eq!(judged("超导带材", &spoken).triage, Triage::LongTerm);
        let soon = spoken.replace("未来3-5年", "未来1年");
        assert_eq!(judged("超导带材", &soon).triage, Triage::Matchable);
        let life = "酸洗槽容易渗漏，三个月就要停产检修，希望找到耐酸衬里技术，使用寿命五年以上，渗漏率小于0.1%，不停产。";
        assert_eq!(judged("酸洗槽渗漏", life).triage, Triage::Matchable);
    }

    fn supplies(of: &[(&str, &str, Option<f64>)]) -> Vec<Profile> {
        of.iter()
            .map(|(title, body, yuan)| {
                let mut supply = record(Side::Supply, title, body);
                supply.price = yuan.map(Price::Yuan);
                profile(&supply)
            })
            .collect()
    }

    #[test]
    fn the_question_is_about_what_candidates_disagree_in() {
        let vague = judged("技术升级", "寻求合作，提高质量。");
        let by_object = supplies(&[
            ("真空炉", "", None),
            ("喷涂机器人", "", None),
            ("污泥干化机", "", None),
            ("激光测距仪", "", None),
        ]);
        let all: Vec<&Profile> = by_object.iter().collect();
        let asked = choose_questions(&vague, &all);
        assert_eq!(asked[0].about, QualityComponent::Object);
        assert_eq!(asked[0].examples.len(), 2);
        // The same thing from all, at very different prices: then the money decides.
        let by_price = supplies(&[
            ("真空炉", "", Some(5e4)),
            ("真空炉", "", Some(3e5)),
            ("真空炉", "", Some(8e5)),
            ("真空炉", "", Some(9e6)),
        ]);
        let all: Vec<&Profile> = by_price.iter().collect();
        assert_eq!(choose_questions(&vague, &all)[0].about, QualityComponent::Budget);
        // Figures for different things: ask which of them matters.
        let by_figure = supplies(&[
            ("真空炉", "最高温度达到1300℃。", None),
            ("真空炉", "真空度1×10⁻³Pa。", None),
            ("真空炉", "装炉量500kg。", None),
        ]);
        let all: Vec<&Profile> = by_figure.iter().collect();
        let asked = choose_questions(&vague, &all);
        assert_eq!(asked[0].about, QualityComponent::Indicator);
        assert_eq!(asked[0].examples, ["最高温度", "真空度"]);
    }

    #[test]
    fn without_candidates_only_the_unclear_are_asked() {
        let vague = judged("技术升级", "寻求合作。");
        let asked = choose_questions(&vague, &[]);
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].about, QualityComponent::Object);
        let clear = Quality { triage: Triage::Matchable, ..vague };
        assert_eq!(choose_questions(&clear, &[]), []);
    }
}
