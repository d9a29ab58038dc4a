//! Numbers that state no quantity: dates, names, list numbers, bare digits.

use std::ops::Range;

use super::comparator::Comparator;
use super::expression::Expression;
use super::lead::{Lead, weak_comparator};
use super::property::PropertyKind;
use super::reader::Reader;
use super::scan::{Scan, ends_clause};
use super::speech::{Spoken, bounds};
use super::unit::Unit;
use super::{Exact, Origin};

/// Longest unknown unit, in characters.
const MAX_UNKNOWN_UNIT: usize = 10;

impl Reader<'_> {
    /// Whether a number without a unit states a quantity; `None` or false where it does not.
    pub(super) fn stands_bare(
        &self,
        expression: &Expression,
        kind: Option<&PropertyKind>,
        spoken: &Option<Spoken>,
        lead: &Lead,
        bounded: bool,
        end: usize,
    ) -> Option<bool> {
        let next = self.scan.at(end);
        let closed =
            ends_clause(next) || next == ' ' || next == '的' || is_link_after(self.scan, end);
        let spoken = spoken.as_ref()?;
        let range = spoken.range.as_ref()?;
        let touches = range.end <= lead.start && lead.start - range.end <= 1
            || self
                .previous
                .as_ref()
                .is_some_and(|p| p.spoken.as_ref().and_then(|s| s.range.as_ref()) == Some(range));
        if expression.is_ratio {
            return Some(true);
        }
        if !touches {
            return Some(false);
        }
        if let Some(kind) = kind.filter(|_| spoken.origin == Origin::Named) {
            if kind.implied().is_some() {
                return Some(!next.is_ascii_alphabetic());
            }
            if kind.takes(&Unit::none()) && !kind.takes_anything() {
                let firm = lead.compares.as_ref().is_some_and(|(c, _)| !weak_comparator(*c));
                let ends = closed || firm && !next.is_ascii_alphanumeric();
                return Some(ends && !is_numbering(self.scan, expression));
            }
            return Some(
                kind.takes_anything()
                    && (expression.is_large || expression.shape == Comparator::Range)
                    && closed,
            );
        }
        let comparing = bounded && lead.compares.as_ref().is_none_or(|(c, _)| !weak_comparator(*c));
        Some(comparing && closed && range.len() >= 2 && lead.compares.is_some())
    }

    /// Letters behind a number that no table knows, as a unit: only where a property is named
    /// before the number with a comparator.
    pub(super) fn unknown_unit(&self, at: usize, is_expected: bool) -> Option<Range<usize>> {
        if !is_expected {
            return None;
        }
        let scan = self.scan;
        let letter =
            |c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '·' | 'μ' | 'Ω' | '²' | '³');
        let mut end = at;
        while end - at <= MAX_UNKNOWN_UNIT && letter(scan.at(end)) {
            end += 1;
        }
        let sound =
            end > at && end - at <= MAX_UNKNOWN_UNIT && !scan.at(end).is_ascii_alphanumeric();
        sound.then_some(at..end)
    }
}

/// Whether the number is a date: 2020年, 2001-2005年, 98年, 3月, 10时.
pub(super) fn is_date(scan: &Scan, expression: &Expression) -> bool {
    let end = expression.range.end;
    let unit_at = expression.unit_range.as_ref().map_or(end, |range| range.start);
    if expression.unit.symbol() == "年" {
        let (low, high) = bounds(&expression.value);
        let calendar = |value| value >= Exact::integer(1000) && value < Exact::integer(3000);
        let short = expression.n_whole == 2
            && (high >= Exact::integer(60) || scan.at(expression.range.start) == '0');
        return calendar(low)
            || calendar(high)
            || short
            || matches!(scan.at(end), '代' | '级' | '度' | '报');
    }
    let plain = expression.is_plain && expression.unit_range.is_none();
    plain && matches!(scan.at(unit_at), '月' | '日' | '号' | '时') && !scan.starts(unit_at, "月龄")
        || expression.unit.symbol() == "年" && scan.before(expression.range.start) == '第'
}

/// Words behind a bare number after which a statement is closed.
fn is_link_after(scan: &Scan, at: usize) -> bool {
    ["以上", "以下", "左右", "和", "与", "及", "时", "之间"]
        .iter()
        .any(|word| scan.starts(at, word))
}

/// `1.`, `2)`: the number of an item.
fn is_numbering(scan: &Scan, expression: &Expression) -> bool {
    expression.is_plain
        && matches!(scan.at(expression.range.end), '.' | ')' | '、')
        && ends_clause(scan.before(expression.range.start))
}

/// 316L and its kin, and the molecular sieves 3A to 5A, are names.
pub(super) fn is_steel_grade(scan: &Scan, expression: &Expression) -> bool {
    let Some(unit) = &expression.unit_range else { return false };
    if !expression.is_plain || unit.end != expression.range.end {
        return false;
    }
    let number = scan.text(expression.range.start..unit.start);
    match expression.unit.symbol() {
        "L" => matches!(&*number, "304" | "316" | "317" | "309" | "321" | "201"),
        "A" => {
            scan.starts(unit.end, "分子筛")
                || scan.starts(unit.end, "级")
                || scan.starts(unit.end, "景区")
        }
        _ => false,
    }
}

/// Percentages of ownership say nothing about a technology.
pub(super) fn is_share_of_ownership(scan: &Scan, expression: &Expression, start: usize) -> bool {
    const REACH: usize = 10;
    if expression.unit.symbol() != "%" {
        return false;
    }
    let end = expression.range.end;
    let around = scan.text(start.saturating_sub(REACH)..(end + 4).min(scan.len()));
    ["股份", "股权", "占股", "持股", "参股", "控股", "入股"]
        .iter()
        .any(|word| around.contains(word))
}
