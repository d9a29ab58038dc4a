//! What a number speaks of.

use std::ops::Range;

use super::expression::Expression;
use super::lead::{Lead, MAX_LINKS};
use super::property::{Hit, PropertyKind, properties};
use super::reader::Reader;
use super::scan::is_han;
use super::unit::{Dimension, Unit};
use super::{Exact, Origin, Property, Value, change, comparator, phrase};

/// How far before a number a property that does not touch it may end, in characters.
const MAX_DISTANCE: usize = 14;

/// A property and the characters of its phrase.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) kind: Option<&'static PropertyKind>,
    pub(super) range: Option<Range<usize>>,
    pub(super) origin: Origin,
    /// Where the known name begins inside the phrase: modifiers end there.
    pub(super) head: usize,
}

/// A quantity already read, for the numbers that share its property.
pub(super) struct Previous {
    pub(super) end: usize,
    pub(super) unit: Unit,
    pub(super) spoken: Option<Spoken>,
    /// Where it is a condition of the numbers that follow.
    pub(super) condition: Option<Condition>,
}

/// A number that says under which condition the next one holds.
pub(super) struct Condition {
    /// From the words that lead to it to the end of the word that makes it one.
    pub(super) lead: Range<usize>,
    /// Where what was read before it ends.
    pub(super) floor: usize,
}

impl Reader<'_> {
    /// What the number speaks of. `end` is where number, unit and following comparator end.
    pub(super) fn speaks_of(
        &self,
        expression: &Expression,
        lead: &Lead,
        property_end: usize,
        floor: usize,
        end: usize,
        is_change: bool,
    ) -> Option<Spoken> {
        let scan = self.scan;
        let unit = &expression.unit;
        let mut pe = property_end;
        // 高温(950℃): nothing between the bracket and the number.
        if scan.before(pe) == '(' && pe > floor {
            pe -= 1;
        }
        while scan.before(pe) == ' ' && pe > floor {
            pe -= 1;
        }
        let relative =
            is_change && unit.dimension() == Dimension::RATIO && unit.counted().is_none();
        let fits = |hit: Hit| {
            if relative {
                Some(properties().any(hit))
            } else {
                let implied = || properties().with_implied(hit).filter(|_| unit.is_none());
                properties().choose(hit, unit).or_else(implied)
            }
        };
        let start = phrase::clause_start(scan, pe).max(floor.min(pe));
        let before = phrase::before(scan, &self.hits, start, pe);
        let named = |hit: Hit, kind| {
            let from = phrase::before(scan, &self.hits, start, hit.end).start.min(hit.start);
            Spoken {
                kind: Some(kind),
                range: Some(from..hit.end),
                origin: Origin::Named,
                head: hit.start,
            }
        };
        if let Some(hit) = self.hit_ending_at(pe).filter(|hit| hit.start >= start)
            && let Some(kind) = fits(hit)
        {
            return Some(named(hit, kind));
        }
        let inherited = self.previous.as_ref().filter(|previous| {
            previous.spoken.is_some()
                && (previous.unit.is_comparable(unit) || unit.is_none())
                && self.only_links(previous.end, lead.start.min(property_end))
        });
        if let Some(previous) = inherited {
            return previous.spoken.clone();
        }
        if let Some(spoken) = self.named_after(end, unit, &fits) {
            return Some(spoken);
        }
        let raw = |range: Range<usize>| {
            // 调整范围: the range belongs to the phrase where no known property stands.
            let range_word = scan.starts(range.end, "范围") && range.end < pe + 1;
            let range = range.start..range.end + if range_word { 2 } else { 0 };
            Spoken { kind: None, range: Some(range), origin: Origin::Phrase, head: pe }
        };
        let is_share = unit.dimension() == Dimension::RATIO && unit.counted().is_none();
        let nearest = self.hits[..self.hits.partition_point(|hit| hit.end <= pe)]
            .iter()
            .rev()
            .take_while(|hit| hit.start >= start && pe - hit.end <= MAX_DISTANCE)
            .find_map(|hit| fits(*hit).map(|kind| (*hit, kind)));
        let located = matches!(scan.before(before.end), '中' | '内' | '里' | '上' | '下');
        let has_phrase = before.len() >= 2 && !lead.takes && !located;
        let behind = phrase::after(scan, end + usize::from(scan.at(end) == '的'));
        let behind = self.without_number(behind);
        let of_share = is_share && !is_change && scan.at(end) == '的' && !behind.is_empty();
        if of_share && !(has_phrase && names_measure(scan.before(before.end))) {
            return Some(raw(behind));
        }
        if let Some((hit, kind)) = nearest
            && (!is_share || !has_phrase)
            && !(kind.takes_anything() && has_phrase)
            && hit.end - hit.start >= 2
        {
            return Some(named(hit, kind));
        }
        if expression.is_classifier && !behind.is_empty() {
            return Some(raw(behind));
        }
        let by_unit = properties().of_unit(unit);
        if let Some(kind) = by_unit.filter(|_| !has_loose_property(unit) && !is_change) {
            let range = has_phrase.then(|| before.clone());
            return Some(Spoken { kind: Some(kind), range, origin: Origin::Unit, head: pe });
        }
        if has_phrase {
            return Some(raw(before));
        }
        if behind.len() >= 2 {
            return Some(raw(behind));
        }
        if before.len() == 1 && !lead.takes && is_han(scan.at(before.start)) {
            return Some(raw(before));
        }
        by_unit.map(|kind| Spoken { kind: Some(kind), range: None, origin: Origin::Unit, head: pe })
    }

    /// A property named right behind the number: 50%的湿度, 4公斤压力, 10kg重.
    pub(super) fn named_after(
        &self,
        end: usize,
        unit: &Unit,
        fits: &dyn Fn(Hit) -> Option<&'static PropertyKind>,
    ) -> Option<Spoken> {
        const MAX_MODIFIER: usize = 4;
        let scan = self.scan;
        if unit.is_none() {
            return None;
        }
        let at = end + usize::from(matches!(scan.at(end), '的' | '之'));
        let first = self.hits.partition_point(|hit| hit.start < at);
        let hit = *self.hits.get(first)?;
        let modifier = phrase::after(scan, at);
        let reach = if at > end { MAX_MODIFIER } else { 0 };
        if hit.start > at + reach || hit.start > modifier.end {
            return None;
        }
        // 长10mm宽20mm: the name belongs to the next number.
        let mut next = hit.end;
        for _ in 0..3 {
            next += usize::from(matches!(
                scan.at(next),
                ':' | '=' | '为' | '约' | '≥' | '≤' | '>' | '<' | ' ' | '达' | '是'
            ));
        }
        if scan.at(next).is_ascii_digit()
            || scan.starts(hit.end, "不")
            || scan.starts(hit.end, "提高")
        {
            return None;
        }
        let kind = fits(hit)?;
        Some(Spoken {
            kind: Some(kind),
            range: Some(at..hit.end),
            origin: Origin::Named,
            head: hit.start,
        })
    }

    /// A phrase behind a number, cut before the next number.
    pub(super) fn without_number(&self, range: Range<usize>) -> Range<usize> {
        let digit = range.clone().find(|&at| self.scan.at(at).is_ascii_digit());
        match digit {
            // H2S, PM2.5: a digit inside a name.
            Some(at) if at > range.start && self.scan.before(at).is_ascii_alphabetic() => range,
            Some(at) => range.start..at.min(range.start),
            None => range,
        }
    }

    /// Whether nothing but linking words, changes and commas stands between two places.
    pub(super) fn only_links(&self, from: usize, mut at: usize) -> bool {
        if at > from + phrase::REACH {
            return false;
        }
        for _ in 0..MAX_LINKS {
            if at <= from {
                return true;
            }
            if matches!(self.scan.before(at), '，' | ',' | '、' | '/' | ';' | '~' | ' ') {
                at -= 1;
            } else if let Some((length, _)) = change::before(self.scan, from, at) {
                at -= length;
            } else if let Some((length, _)) = comparator::before(self.scan, from, at) {
                at -= length;
            } else {
                return false;
            }
        }
        at <= from
    }

    pub(super) fn property(&self, spoken: &Spoken) -> Property {
        let phrase = spoken.range.clone().map_or_else(String::new, |range| {
            self.scan.text(range).to_ascii_lowercase().trim().to_owned()
        });
        let modifier = spoken.range.clone().map_or_else(String::new, |range| {
            let end = spoken.head.clamp(range.start, range.end);
            self.scan.text(range.start..end).to_ascii_lowercase().trim().to_owned()
        });
        Property {
            kind: spoken.kind,
            modifier,
            span: spoken.range.clone().map(|range| self.scan.bytes(range)),
            phrase,
            origin: spoken.origin,
        }
    }
}

pub(super) fn bounds(value: &Value) -> (Exact, Exact) {
    match value {
        Value::Number(value) => (*value, *value),
        Value::Interval(low, high) => (*low, *high),
        Value::List(values) => {
            let first = values.first().copied().unwrap_or(Exact::ZERO);
            (first, values.iter().max().copied().unwrap_or(first))
        }
    }
}

/// Whether a phrase that ends in this character names something measured (率, 度, 量).
fn names_measure(c: char) -> bool {
    matches!(c, '率' | '度' | '量' | '比' | '数' | '性' | '值' | '力' | '耗' | '本')
}

/// Units whose property the words around them name better than the unit does.
fn has_loose_property(unit: &Unit) -> bool {
    ['L', 'M', 'T'].iter().any(|letter| Dimension::base(*letter) == unit.dimension())
        || unit.dimension() == Dimension::base('L').times(Dimension::base('L'), 1)
        || unit.dimension() == Dimension::base('L').times(Dimension::base('L'), 2)
        || unit.dimension() == Dimension::base('M').times(Dimension::base('L'), -3)
}
