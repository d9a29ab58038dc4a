//! What to ask back: what the candidates at hand say, and in which element they disagree most.

use std::collections::BTreeSet;

use super::{Quality, QualityComponent, Question, Triage};
use crate::model::{
    CooperationMode, Lang, Micro, Price, QuoteField, Record, Side, StatedField, Visibility,
};
use crate::text::{Element, RequirementKind, elements, normalise, requirements, states_number};

/// What a candidate says of the four elements that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// The product or material it is about, and its character pairs.
    object: Option<(String, BTreeSet<(char, char)>)>,
    /// What its first figure speaks of.
    indicator: Option<String>,
    /// Maturity and first way of working together.
    conditions: Option<String>,
    /// Order of magnitude of its price.
    budget: Option<String>,
    /// Whether its words may be shown.
    public: bool,
}

/// Reads what a supply says of the elements that can be asked for.
#[must_use]
pub fn profile(supply: &Record) -> Profile {
    let found = elements(&supply.title, &supply.body);
    let phrase = [Element::Product, Element::Material, Element::Method]
        .into_iter()
        .find_map(|element| found.get(element))
        .map(|(field, bytes)| {
            let text = if *field == QuoteField::Title { &supply.title } else { &supply.body };
            text[bytes.clone()].to_owned()
        })
        .or_else(|| (!supply.title.trim().is_empty()).then(|| supply.title.trim().to_owned()));
    let indicator = requirements(Side::Supply, "", &supply.body)
        .into_iter()
        .filter(|r| r.kind == RequirementKind::Indicator)
        .find_map(|r| spoken_of(r.text("", &supply.body)));
    let maturity = supply.maturity_if_consistent().map(|step| step.label(Lang::Zh));
    let mode = supply.cooperation.iter().find(|mode| **mode != CooperationMode::Other);
    let stated: Vec<&str> =
        maturity.into_iter().chain(mode.map(|mode| mode.label(Lang::Zh))).collect();
    let price = supply.price.filter(|_| supply.contradiction(StatedField::Price).is_none());
    Profile {
        object: phrase.map(|phrase| {
            let pairs = pairs_of(&phrase);
            (phrase, pairs)
        }),
        indicator,
        conditions: (!stated.is_empty()).then(|| stated.join("、")),
        budget: price.and_then(magnitude),
        public: supply.visibility == Visibility::Public,
    }
}

fn pairs_of(phrase: &str) -> BTreeSet<(char, char)> {
    let chars: Vec<char> = normalise(phrase).chars().collect();
    chars.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The Chinese word before the first number: what a figure speaks of.
fn spoken_of(clause: &str) -> Option<String> {
    const MOST: usize = 6;
    const CONNECTING: [&str; 12] = [
        "达到",
        "达",
        "不低于",
        "不超过",
        "小于",
        "大于",
        "可达",
        "为",
        "约",
        "不少于",
        "提高",
        "降低",
    ];
    let at = clause.find(|c: char| c.is_ascii_digit())?;
    let mut before = clause[..at].trim_end_matches(|c: char| !c.is_alphanumeric());
    for word in CONNECTING {
        before = before.strip_suffix(word).unwrap_or(before);
    }
    let word: Vec<char> =
        before.chars().rev().take_while(|c| c.is_alphabetic()).take(MOST).collect();
    let word: String = word.into_iter().rev().collect();
    (word.chars().nth(1).is_some() && !states_number(&word)).then_some(word)
}

/// Which of five ranges a price lies in, in 万元.
fn magnitude(price: Price) -> Option<String> {
    let yuan = match price {
        Price::Negotiable => return None,
        Price::Yuan(yuan) | Price::YuanRange(_, yuan) => yuan,
    };
    let ranges =
        [(1e5, "10万元以内"), (5e5, "10–50万元"), (1e6, "50–100万元"), (5e6, "100–500万元")];
    let range =
        ranges.iter().find(|(to, _)| yuan <= *to).map_or("500万元以上", |(_, name)| *name);
    Some(range.to_owned())
}

/// The elements that can be asked for, in the order that decides ties.
const ASKED: [QualityComponent; 4] = [
    QualityComponent::Object,
    QualityComponent::Indicator,
    QualityComponent::Conditions,
    QualityComponent::Budget,
];

/// Chooses the one or two questions whose answers would change the result most.
///
/// For each element that the demand leaves open, the *separation* of its present candidates is
/// the share that says something about it times the Gini–Simpson index `1 − Σ p²` of what they
/// say: 0 where all agree (no answer could tell them apart), near 1 where each says something
/// else. The gain of a question is separation × weight of the component × what is missing of it.
/// The greatest gain is asked first; the second only if it gains at least half as much. A demand
/// that is to be clarified is asked for its weightiest missing element even without candidates.
#[must_use]
pub fn choose_questions(quality: &Quality, candidates: &[&Profile]) -> Vec<Question> {
    let mut open: Vec<(i64, i64, Question)> = ASKED
        .into_iter()
        .filter_map(|about| {
            let lacking = 1_000_000 - i64::from(quality.components[about as usize].0);
            // An element that is half stated, such as one figure of two, is not worth a call.
            if lacking < 500_000 {
                return None;
            }
            let (separation, examples) = separation(about, candidates);
            let weight = i64::from(about.weight()) * (lacking / 1_000);
            let gain = i64::from(separation.0) * weight / 1_000_000;
            Some((gain, weight, Question { about, separation, examples }))
        })
        .collect();
    open.sort_by_key(|(gain, weight, asked)| (-gain, -weight, asked.about));
    let best = open.first().map_or(0, |(gain, ..)| *gain);
    if best == 0 {
        let vague = quality.triage == Triage::NeedsDetail;
        return open.into_iter().take(usize::from(vague)).map(|(.., asked)| asked).collect();
    }
    open.into_iter()
        .filter(|(gain, ..)| gain * 2 >= best)
        .take(2)
        .map(|(.., asked)| asked)
        .collect()
}

/// How far candidates disagree in an element, and what the two commonest of them say.
fn separation(about: QualityComponent, candidates: &[&Profile]) -> (Micro, Vec<String>) {
    let mut kinds: Vec<(usize, String, bool)> = Vec::new();
    let mut add = |same: &dyn Fn(&str) -> bool, said: &str, public: bool| match kinds
        .iter_mut()
        .find(|(_, other, _)| same(other))
    {
        Some((n, ..)) => *n += 1,
        None => kinds.push((1, said.to_owned(), public)),
    };
    for candidate in candidates {
        match about {
            QualityComponent::Object => {
                let Some((phrase, pairs)) = &candidate.object else { continue };
                add(&|other| alike(pairs, &pairs_of(other)), phrase, candidate.public);
            }
            _ => {
                let said = match about {
                    QualityComponent::Indicator => &candidate.indicator,
                    QualityComponent::Conditions => &candidate.conditions,
                    _ => &candidate.budget,
                };
                let Some(said) = said else { continue };
                add(&|other| other == said, said, candidate.public);
            }
        }
    }
    let stating: usize = kinds.iter().map(|(n, ..)| n).sum();
    if stating == 0 {
        return (Micro::ZERO, Vec::new());
    }
    let squares: usize = kinds.iter().map(|(n, ..)| n * n).sum();
    let index = 1_000_000 - squares * 1_000_000 / (stating * stating);
    let share = stating * 1_000 / candidates.len().max(1);
    let value = index * share / 1_000;
    // A stable sort: the first named of equals stays first.
    kinds.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    let examples =
        kinds.into_iter().filter(|(.., public)| *public).map(|(_, said, _)| said).take(2);
    (Micro(i32::try_from(value).unwrap_or(0)), examples.collect())
}

/// Whether two phrases share a third of their character pairs.
fn alike(a: &BTreeSet<(char, char)>, b: &BTreeSet<(char, char)>) -> bool {
    let shared = a.intersection(b).count();
    3 * shared >= a.len() + b.len() - shared && shared > 0 || a == b
}

impl Question {
    /// The question as a sentence without a full stop.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let quoted: Vec<String> = self.examples.iter().map(|said| format!("“{said}”")).collect();
        let said = quoted.join(lang.pick("、", ", "));
        let (plain, with) = match self.about {
            QualityComponent::Object => (
                (
                    "请补充对象：针对什么产品、材料或设备",
                    "name the object: which product, material or device",
                ),
                ("；候选有", "; candidates offer "),
            ),
            QualityComponent::Indicator => (
                (
                    "请补充指标：要达到的数值（如精度、效率、成本、寿命）",
                    "state the figure to be reached (precision, yield, cost, life)",
                ),
                ("；候选写明了", "; candidates state "),
            ),
            QualityComponent::Conditions => (
                (
                    "请补充条件：要求的成熟度、合作方式和使用环境",
                    "state the conditions: maturity, way of working together, surroundings",
                ),
                ("；候选为", "; candidates are "),
            ),
            _ => (
                ("请补充预算：大致金额", "state the budget, roughly"),
                ("；候选价格为", "; candidates cost "),
            ),
        };
        let plain = lang.pick(plain.0, plain.1);
        if said.is_empty() {
            plain.to_owned()
        } else {
            format!("{plain}{}{said}", lang.pick(with.0, with.1))
        }
    }
}
