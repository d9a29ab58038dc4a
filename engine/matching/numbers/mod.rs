//! Stated numbers of a demand against those of a supply.
//!
//! Every number of the demand is aligned with at most one number of the supply that speaks of the
//! same property, one to one, and judged: pass, near, fail or not stated. Numbers of the supply
//! on which the demand is silent are ignored. Everything is exact and the same on every machine.
//!
//! What a demand asks for, by how its number is meant:
//!
//! | stated | asks for |
//! |---|---|
//! | ≥ v, > v, 以上 | the values from v up (above v) |
//! | ≤ v, < v, 以内 | the values up to v (below v) |
//! | ≥ v where less is better (精度不低于0.02mm: not worse) | up to v |
//! | v, 达到 v, where more is better | from v up |
//! | v, 达到 v, where less is better | up to v |
//! | 达到 v otherwise; a change, multiple or count of v | from v up |
//! | v otherwise | v, within half a unit of its last digit |
//! | 约 v | as v, loosened by half the margin |
//! | a~b | a to b; where more (less) is better, from a up (up to b) |
//! | c±d | c−d to c+d |
//! | ±d alone | a deviation of at most d |
//!
//! What a supply states, and the outcome:
//!
//! | supply against what is asked | outcome |
//! |---|---|
//! | every stated value is asked for | pass |
//! | a range that holds everything asked for (an adjustable 500~3000 against 2000) | pass; near where a tolerance was asked for |
//! | a bound on the same side (≥150 against ≥200) | by the bound: near within the margin, else fail |
//! | some stated values are asked for | near |
//! | none, but the closest one lies within the margin | near |
//! | none | fail |
//!
//! The **margin** is [`MARGIN_PERCENT`] of the limit that is missed, as written in the unit of the
//! demand, or one unit of its last written digit if that is more. For shares between 0 and 100 %
//! it is taken of the smaller of the share and what it lacks to 100 %, so that 99 % purity is not
//! near 99.99 %.
//!
//! Lists (30×20×10) are judged number by number, the worst decides. Numbers of different kinds
//! (a level, a change, a count, money, a ratio) never meet, and changes only in one direction.

mod align;
mod judge;
mod stated;

use std::ops::Range;

use crate::model::{Lang, Micro};
use crate::text::quantity::{Problem, Quantity, Value};

use serde::{Deserialize, Serialize};

use align::{SAME_PROPERTY, aligned, answers, comparable, is_named_alike, similarity};
pub use judge::{MARGIN_PERCENT, judge};
pub use stated::{CheckedNumber, JudgedNumbers, StatedNumbers};

/// What became of one number of a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The supply states what is asked for.
    Pass,
    /// It misses by no more than the margin, or states it only in part.
    Near,
    /// It states something else.
    Fail,
    /// It does not speak of the property.
    NotStated,
}

impl Outcome {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Pass => lang.pick("满足", "met"),
            Self::Near => lang.pick("接近", "close"),
            Self::Fail => lang.pick("不满足", "not met"),
            Self::NotStated => lang.pick("未说明", "not stated"),
        }
    }
}

/// Something about a check that a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The demand states another number for the same thing.
    DemandContradicts,
    /// The supply states another number for the same thing; a pass counts as near.
    SupplyContradicts,
    /// A range was written from high to low.
    InvertedRange,
    /// A unit is not in the table, so it was compared by its spelling only.
    UnknownUnit,
    /// 度 of temperature or of angle.
    AmbiguousUnit,
    /// The supply speaks of the property, but in a unit that cannot be converted.
    OtherUnit,
}

impl Doubt {
    /// The words people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::DemandContradicts => lang
                .pick("需求前后数值不一，待核实", "the demand contradicts itself, to be verified"),
            Self::SupplyContradicts => lang
                .pick("供给前后数值不一，待核实", "the supply contradicts itself, to be verified"),
            Self::InvertedRange => lang.pick(
                "范围上下限写反，按从小到大读",
                "the range is inverted, read from low to high",
            ),
            Self::UnknownUnit => {
                lang.pick("单位不认得，只按写法比较", "unknown unit, compared by its spelling only")
            }
            Self::AmbiguousUnit => {
                lang.pick("“度”指温度还是角度不明", "degrees of temperature or of angle")
            }
            Self::OtherUnit => {
                lang.pick("供给用了不能换算的单位", "the supply uses a unit that does not convert")
            }
        }
    }
}

/// One number of a demand and what the supply says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberCheck {
    /// Which of the demand's quantities it is.
    pub demand: usize,
    /// Which of the supply's quantities it was aligned with.
    pub supply: Option<usize>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether the demand states it as a limit and the supply names the same property: only such a
    /// number lowers a verdict where it is not met.
    pub is_binding: bool,
    /// The property: canonical name or the phrase of the demand; empty where none is known.
    pub property: String,
    /// The bytes to quote from the demand's text.
    pub demand_quote: Range<usize>,
    /// The bytes to quote from the supply's text.
    pub supply_quote: Option<Range<usize>>,
    /// What a person should look at, ascending, none twice.
    pub doubts: Vec<Doubt>,
}

impl NumberCheck {
    /// One line for people: property, both quotes, outcome and doubts. The texts are those that
    /// the quantities were read from.
    ///
    /// # Panics
    /// Where a text is another one, so that the spans do not fit it.
    #[must_use]
    pub fn line(&self, lang: Lang, demand_text: &str, supply_text: &str) -> String {
        let stated = self.supply_quote.as_ref().map(|quote| &supply_text[quote.clone()]);
        let quotes = (&demand_text[self.demand_quote.clone()], stated);
        line(lang, &self.property, quotes, self.outcome, &self.doubts)
    }
}

/// One line for people: the property, the demand's words and the supply's, outcome and doubts.
fn line(
    lang: Lang,
    property: &str,
    (demand, supply): (&str, Option<&str>),
    outcome: Outcome,
    doubts: &[Doubt],
) -> String {
    let colon = lang.pick("：", ": ");
    let property = if property.is_empty() { lang.pick("数值", "number") } else { property };
    let asked = lang.pick("需求“", "asked “");
    let stated = lang.pick("供给“", "stated “");
    let (close, comma) = (lang.pick("”", "”"), lang.pick("，", ", "));
    let mut line = format!("{property}{colon}{asked}{demand}{close}");
    if let Some(quote) = supply {
        line.push_str(&format!("{comma}{stated}{quote}{close}"));
    }
    line.push_str(comma);
    line.push_str(outcome.label(lang));
    for doubt in doubts {
        line.push_str(lang.pick("；", "; "));
        line.push_str(doubt.label(lang));
    }
    line
}

/// Checks every number of a demand against a supply, in the order of the demand.
///
/// Both lists are as [`crate::text::quantity::quantities`] gives them, each from one text. Of
/// each list the first 64 numbers are aligned; later ones of the demand are not stated.
#[must_use]
pub fn check_numbers(demand: &[Quantity], supply: &[Quantity]) -> Vec<NumberCheck> {
    let [of_demand, of_supply] = [demand, supply].map(|list| contradictions(aligned(list)));
    checks((demand, &of_demand), (supply, &of_supply))
}

/// [`check_numbers`] with what is known of each list by itself: whether its text contradicts a
/// number.
fn checks(
    (demand, demand_doubts): (&[Quantity], &[bool]),
    (supply, supply_doubts): (&[Quantity], &[bool]),
) -> Vec<NumberCheck> {
    let columns = aligned(supply);
    answers(demand, supply)
        .into_iter()
        .zip(demand)
        .enumerate()
        .map(|(at, (answer, asked))| {
            let mut doubts = doubts_of(asked);
            if demand_doubts.get(at) == Some(&true) {
                doubts.push(Doubt::DemandContradicts);
            }
            if let Some(to) = answer {
                doubts.extend(doubts_of(&supply[to]));
                if supply_doubts[to] {
                    doubts.push(Doubt::SupplyContradicts);
                }
            } else if columns.iter().any(|other| speaks_in_other_unit(asked, other)) {
                doubts.push(Doubt::OtherUnit);
            }
            doubts.sort_unstable();
            doubts.dedup();
            NumberCheck {
                demand: at,
                supply: answer,
                outcome: outcome_of(at, answer, demand, supply, supply_doubts),
                is_binding: answer.is_some_and(|to| is_binding(asked, &supply[to])),
                property: asked
                    .property
                    .as_ref()
                    .map_or_else(String::new, |p| p.label().to_owned()),
                demand_quote: asked.quote_span(),
                supply_quote: answer.map(|to| supply[to].quote_span()),
                doubts,
            }
        })
        .collect()
}

/// What came of the demand's number `at`, given the supply's number that answers it.
fn outcome_of(
    at: usize,
    answer: Option<usize>,
    demand: &[Quantity],
    supply: &[Quantity],
    supply_doubts: &[bool],
) -> Outcome {
    let Some(to) = answer else { return Outcome::NotStated };
    match judge(&demand[at], &supply[to]) {
        // Of two statements that exclude each other one is wrong.
        Outcome::Pass if supply_doubts[to] => Outcome::Near,
        outcome => outcome,
    }
}

/// Whether a number of the demand that is not met says something against the supply: it is a limit,
/// and both name the same property.
fn is_binding(asked: &Quantity, stated: &Quantity) -> bool {
    asked.is_limit() && is_named_alike(asked, stated)
}

/// The value of the part: passes and half the nears among the judged numbers.
///
/// `None` where nothing was judged: a demand without numbers has not failed anything, and what a
/// supply does not state lowers nothing.
#[must_use]
pub fn numbers_value(outcomes: impl IntoIterator<Item = Outcome>) -> Option<Micro> {
    let halves = |outcome| match outcome {
        Outcome::Pass => Some(2),
        Outcome::Near => Some(1),
        Outcome::Fail => Some(0),
        Outcome::NotStated => None,
    };
    let (mut sum, mut n) = (0_i64, 0_i64);
    for judged in outcomes.into_iter().filter_map(halves) {
        sum += judged;
        n += 1;
    }
    if n == 0 {
        return None;
    }
    // Rounded half up; the quotient is at most a million.
    let millionths = (sum * 1_000_000 + n) / (2 * n);
    Some(Micro(i32::try_from(millionths).expect("at most a million")))
}

fn doubts_of(quantity: &Quantity) -> Vec<Doubt> {
    let doubt = |problem: &Problem| match problem {
        Problem::InvertedRange => Doubt::InvertedRange,
        Problem::UnknownUnit => Doubt::UnknownUnit,
        Problem::AmbiguousUnit => Doubt::AmbiguousUnit,
    };
    quantity.problems.iter().map(doubt).collect()
}

/// For each number, whether another of the same text gives the same phrase a value that excludes
/// it. Numbers that share one mention of the phrase (由100降至50) are a series.
fn contradictions(quantities: &[Quantity]) -> Vec<bool> {
    let mut found = vec![false; quantities.len()];
    for (at, one) in quantities.iter().enumerate() {
        for (other_at, other) in quantities.iter().enumerate().skip(at + 1) {
            let (Some(mine), Some(theirs)) = (&one.property, &other.property) else { continue };
            let same = mine.kind.is_some()
                && !mine.phrase.is_empty()
                && mine.phrase == theirs.phrase
                && mine.span != theirs.span
                && comparable(one, other)
                && !matches!(one.value, Value::List(_));
            if same && judge::exclude(one, other) {
                found[at] = true;
                found[other_at] = true;
            }
        }
    }
    found
}

/// Whether the supply speaks of the demand's property in a unit that does not convert.
fn speaks_in_other_unit(asked: &Quantity, other: &Quantity) -> bool {
    let same = asked.kind == other.kind && similarity(asked, other) >= SAME_PROPERTY;
    same && !asked.unit.is_comparable(&other.unit)
}

#[cfg(test)]
mod tests;
