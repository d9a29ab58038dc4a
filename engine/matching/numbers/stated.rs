//! The numbers that a record states, read once, and checked against those of another record.

use std::ops::Range;

use super::{
    Doubt, NumberCheck, Outcome, align, checks, contradictions, is_binding, numbers_value,
    outcome_of,
};
use crate::model::{Lang, Micro, Part, Quote, QuoteField, Record, Side};
use crate::text::quantity::{Quantity, quantities};
use crate::text::{RequirementKind, requirements};

/// The numbers of one record, without those by which it tells what is wrong today.
#[derive(Debug, Clone, Default)]
pub struct StatedNumbers {
    /// As read from [`joined`], ascending.
    quantities: Vec<Quantity>,
    /// For each of the aligned ones, whether the record contradicts it.
    contradicted: Vec<bool>,
}

/// What the numbers of a pair came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JudgedNumbers {
    /// The value of the part; `None` where nothing was judged.
    pub value: Option<Micro>,
    /// Whether a stated limit is not met: such a pair is at most 可洽谈. A number that is no limit
    /// (55℃) counts in `value` alone.
    pub failed: bool,
}

/// One number of a demand and what the supply says about it, with both quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedNumber {
    /// The property: canonical name or the phrase of the demand; empty where none is known.
    pub property: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it lowers the verdict where it is not met: the demand states it as a limit, and the
    /// supply names the same property.
    pub is_binding: bool,
    /// The demand's words.
    pub demand: Quote,
    /// The supply's words; `None` where it does not speak of the property.
    pub supply: Option<Quote>,
    /// What a person should look at, ascending, none twice.
    pub doubts: Vec<Doubt>,
}

impl CheckedNumber {
    /// One line for people, as [`NumberCheck::line`] writes it.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        let stated = self.supply.as_ref().map(|quote| quote.text.as_str());
        super::line(lang, &self.property, (&self.demand.text, stated), self.outcome, &self.doubts)
    }
}

/// Words by which a sentence asks, also below a heading that announces problems.
const ASKING: [&str; 8] = ["要求", "需要", "希望", "期望", "应达到", "目标", "require", "need"];

/// Whether the sentence around byte `place` asks for something.
fn asks(text: &str, place: usize) -> bool {
    let ends = ['。', '；', ';', '！', '？', '\n'];
    let start = text[..place].rfind(ends).map_or(0, |at| at);
    let end = text[place..].find(ends).map_or(text.len(), |at| place + at);
    ASKING.iter().any(|word| text[start..end].contains(word))
}

impl StatedNumbers {
    /// Reads the numbers of a record's title and body.
    ///
    /// What stands in a clause typed [`RequirementKind::Problem`] describes the present state
    /// (现在约300mg/L), of the asker or of what others do: it is neither asked for nor offered, and
    /// left out, unless its own sentence asks.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let text = joined(record);
        let mut quantities = quantities(&text);
        if quantities.is_empty() {
            return Self::default();
        }
        let body = record.title.len() + 1;
        let problems: Vec<Range<usize>> = requirements(record.side, &record.title, &record.body)
            .into_iter()
            .filter(|point| point.kind == RequirementKind::Problem)
            // A title names what is wanted, also where it names it by what is wrong.
            .filter(|point| point.field == QuoteField::Body)
            .map(|point| body + point.bytes.start..body + point.bytes.end)
            .collect();
        quantities.retain(|quantity| {
            let place = quantity.span.start;
            !problems.iter().any(|problem| problem.contains(&place)) || asks(&text, place)
        });
        let contradicted = contradictions(align::aligned(&quantities));
        Self { quantities, contradicted }
    }

    /// Judges a demand's numbers against a supply's: the value of the part, and whether a limit is
    /// not met. The same as by [`check`](Self::check), without the words.
    #[must_use]
    pub fn judge(&self, supply: &Self) -> JudgedNumbers {
        if self.quantities.is_empty() || supply.quantities.is_empty() {
            return JudgedNumbers::default();
        }
        let answers = align::answers(&self.quantities, &supply.quantities);
        let outcomes = || {
            (0..).zip(&answers).map(|(at, answer)| {
                outcome_of(at, *answer, &self.quantities, &supply.quantities, &supply.contradicted)
            })
        };
        JudgedNumbers {
            value: numbers_value(outcomes()),
            failed: outcomes().zip(self.quantities.iter().zip(&answers)).any(
                |(outcome, (asked, answer))| {
                    outcome == Outcome::Fail
                        && answer.is_some_and(|to| is_binding(asked, &supply.quantities[to]))
                },
            ),
        }
    }

    /// Checks every number of a demand, in the order of its text, and quotes both records: those
    /// that the numbers were read from.
    #[must_use]
    pub fn check(&self, supply: &Self, demand: &Record, other: &Record) -> Vec<CheckedNumber> {
        checks((&self.quantities, &self.contradicted), (&supply.quantities, &supply.contradicted))
            .into_iter()
            .map(|check| {
                let NumberCheck { outcome, is_binding, property, doubts, .. } = check;
                let (demand_quote, supply_quote) = (check.demand_quote, check.supply_quote);
                CheckedNumber {
                    property,
                    outcome,
                    is_binding,
                    demand: quote(demand, Side::Demand, demand_quote),
                    supply: supply_quote.map(|range| quote(other, Side::Supply, range)),
                    doubts,
                }
            })
            .collect()
    }
}

/// The text that numbers are read from: the title and the body in lines of their own, so that a
/// property in one is not read with a number in the other.
fn joined(record: &Record) -> String {
    format!("{}\n{}", record.title, record.body)
}

/// The quote of a range of [`joined`].
fn quote(record: &Record, side: Side, range: Range<usize>) -> Quote {
    let body = record.title.len() + 1;
    // A property may stand at the end of the title and its number at the beginning of the body.
    let (field, text, range) = if range.end <= record.title.len() {
        (QuoteField::Title, &record.title, range)
    } else {
        (QuoteField::Body, &record.body, range.start.saturating_sub(body)..range.end - body)
    };
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let (start, words) = (count(&text[..range.start]), &text[range]);
    Quote {
        part: Part::Numbers,
        side,
        field,
        start,
        end: start + count(words),
        text: words.to_owned(),
        synonyms: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, SourceRef};

    fn record(side: Side, title: &str, body: &str) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        Record {
            title: title.to_owned(),
            body: body.to_owned(),
            ..Record::new(side, RecordId("1".to_owned()), String::new(), source)
        }
    }

    fn judged(demand: &str, supply: &str) -> (JudgedNumbers, Vec<CheckedNumber>) {
        let demand = record(Side::Demand, "含氟废水处理", demand);
        let supply = record(Side::Supply, "含氟废水深度处理", supply);
        let (asked, stated) = (StatedNumbers::of(&demand), StatedNumbers::of(&supply));
        let checks = asked.check(&stated, &demand, &supply);
        for quote in checks.iter().flat_map(|check| [Some(&check.demand), check.supply.as_ref()]) {
            let Some(quote) = quote else { continue };
            let body = if quote.side == Side::Demand { &demand.body } else { &supply.body };
            let (start, end) = (quote.start as usize, quote.end as usize);
            let words: String = body.chars().skip(start).take(end - start).collect();
            assert_eq!(words, quote.text, "quotes are substrings of their source");
        }
        let judged = asked.judge(&stated);
        let outcomes = checks.iter().map(|check| check.outcome);
        assert_eq!(judged.value, numbers_value(outcomes));
        (judged, checks)
    }

    #[test]
    fn a_number_that_is_not_met_is_told_with_both_quotes() {
        let (numbers, checks) = judged("要求出水氟离子浓度≤1mg/L。", "出水氟离子浓度低于0.8mg/L。");
        assert_eq!(numbers, JudgedNumbers { value: Some(Micro::ONE), failed: false });
        assert_eq!(checks.len(), 1);
        let (numbers, checks) = judged("要求出水氟离子浓度≤1mg/L。", "出水氟离子浓度低于8mg/L。");
        assert_eq!(numbers, JudgedNumbers { value: Some(Micro::ZERO), failed: true });
        let line = checks[0].line(Lang::Zh);
        assert!(
            line.contains("≤1mg/L") && line.contains("8mg/L") && line.contains("不满足"),
            "{line}"
        );
    }

    #[test]
    fn only_a_stated_limit_lowers_a_verdict() {
        let of = |demand, supply| judged(demand, supply).0;
        let plain = of("要求反应温度55℃。", "反应温度85℃。");
        assert_eq!(plain, JudgedNumbers { value: Some(Micro::ZERO), failed: false });
        assert!(!of("要求反应温度约55℃。", "反应温度85℃。").failed);
        assert!(of("要求反应温度≤55℃。", "反应温度85℃。").failed);
        assert!(of("要求反应温度50~55℃。", "反应温度85℃。").failed);
        assert!(of("要求均匀性≤±1%。", "片内均匀性±2.6%。").failed);
        assert!(!of("要求耐盐雾时间500-600小时。", "反应2～6小时。").failed);
    }

    #[test]
    fn the_condition_of_a_test_is_no_statement() {
        let (numbers, checks) = judged("要求工作温度≥120℃。", "25℃时粘度为300mPa·s。");
        assert_eq!(numbers, JudgedNumbers::default(), "{checks:?}");
        let (numbers, _) = judged("25℃时带宽≥40GHz。", "3 dB带宽25℃时23 GHz。");
        assert_eq!(numbers, JudgedNumbers { value: Some(Micro::ZERO), failed: true });
    }

    #[test]
    fn what_is_not_stated_is_not_judged() {
        assert_eq!(judged("希望处理废水。", "氟离子浓度低于8mg/L。").0, JudgedNumbers::default());
        let (numbers, checks) = judged("要求氟离子浓度≤1mg/L。", "出水稳定达标。");
        assert_eq!(numbers, JudgedNumbers::default());
        assert_eq!(checks[0].outcome, Outcome::NotStated);
    }

    #[test]
    fn the_present_state_is_no_limit() {
        let (numbers, checks) = judged(
            "现有工艺存在的问题：出水氟离子浓度高达300mg/L，无法达标。要求出水氟离子浓度≤1mg/L。",
            "出水氟离子浓度低于0.8mg/L。",
        );
        assert_eq!(numbers, JudgedNumbers { value: Some(Micro::ONE), failed: false });
        assert_eq!(checks.len(), 1, "{checks:?}");
    }
}
