//! Finds the numbers of a text and what stands around each of them.

use super::comparator::{self, After};
use super::expression::{self, Expression, Found};
use super::glue::{Glue, skip_code};
use super::lead::Lead;
use super::meaning::{comparator_of, kind_of, resolve_unit};
use super::numeral;
use super::property::{Hit, PropertyKind, properties};
use super::refusal::{is_date, is_share_of_ownership, is_steel_grade};
use super::scan::{Scan, is_han};
use super::speech::{Condition, Previous, Spoken};
use super::unit::{Dimension, Unit};
use super::{Comparator, Exact, Origin, Problem, Quantity, Value, change, condition};

/// Reads one text from its beginning to its end.
pub(super) struct Reader<'s> {
    pub(super) scan: &'s Scan,
    /// Names of properties, by start.
    pub(super) hits: Vec<Hit>,
    pub(super) previous: Option<Previous>,
    pub(super) found: Vec<Quantity>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(scan: &'s Scan) -> Self {
        Self { scan, hits: properties().hits(scan), previous: None, found: Vec::new() }
    }

    pub(super) fn read(mut self) -> Vec<Quantity> {
        let mut at = 0;
        while at < self.scan.len() {
            let c = self.scan.at(at);
            at = if c.is_ascii_digit() {
                self.digits(at)
            } else if numeral::begins_chinese(c) {
                self.chinese(at)
            } else {
                at + 1
            };
        }
        self.found
    }

    /// Reads at a digit; where to go on.
    fn digits(&mut self, at: usize) -> usize {
        let scan = self.scan;
        let glued = self.letters_before(at);
        let symbol = match glued {
            Glue::Code => return skip_code(scan, at),
            Glue::Free => None,
            Glue::Letters(start) => Some(start),
        };
        if scan.before(at) == '第' {
            return skip_code(scan, at);
        }
        let start = if symbol.is_none() { self.sign_start(at) } else { at };
        let expression = match expression::read(scan, start, at) {
            Found::Skip(end) => return end.max(at + 1),
            Found::Expression(expression) => expression,
        };
        if is_date(scan, &expression) {
            return expression.range.end;
        }
        let expression = self.enumerated(expression);
        if let Some(start) = symbol {
            return self.glued(start, at, expression);
        }
        let end = expression.range.end;
        let floor = at + 1;
        self.accept(expression).unwrap_or_else(|| self.after_refusal(floor, at, end))
    }

    /// Where to go on after digits that were no quantity.
    fn after_refusal(&self, floor: usize, at: usize, end: usize) -> usize {
        // Digits at the head of a code (5052-H32, 3D) take the code with them.
        let digits_end = (at..).find(|&at| !self.scan.at(at).is_ascii_digit()).unwrap_or(floor);
        if self.scan.at(digits_end).is_ascii_alphabetic() {
            return skip_code(self.scan, at);
        }
        // The second number of a refused range may still be one of its own.
        if self.scan.at(end).is_ascii_digit() { end.max(floor) } else { digits_end.max(floor) }
    }

    /// Reads at a Chinese numeral; where to go on.
    fn chinese(&mut self, at: usize) -> usize {
        let scan = self.scan;
        let blocked = numeral::is_vague_before(scan, at)
            || numeral::begins_chinese(scan.before(at))
            || scan.before(at).is_ascii_digit();
        if blocked {
            return at + 1;
        }
        let expression = match expression::read(scan, at, at) {
            Found::Skip(end) => return end.max(at + 1),
            Found::Expression(expression) => expression,
        };
        let named_unit = expression.unit_range.is_none() && scan.starts(at + 1, "分之")
            || scan.starts(at, "百分之")
            || scan.starts(at, "千分之");
        let one = expression.value == Value::Number(Exact::ONE);
        let spelled = match &expression.unit_range {
            Some(range) if expression.is_chinese => {
                range.len() >= 2 && is_han(scan.at(range.start))
                    || !is_han(scan.at(range.start))
                    || matches!(
                        scan.at(range.start),
                        '年' | '天' | '秒' | '倍' | '米' | '吨' | '克' | '升' | '亩'
                    )
            }
            other => other.is_some(),
        };
        let sound = named_unit || (spelled && !one && !expression.is_classifier);
        if !sound || is_date(scan, &expression) {
            return at + 1;
        }
        self.accept(expression).unwrap_or(at + 1)
    }

    /// Where a number at `at` begins with its sign: a dash after a Chinese character is a sign
    /// only before temperatures, levels, voltages and angles, which can be negative.
    fn sign_start(&self, at: usize) -> usize {
        let scan = self.scan;
        if scan.before(at) == '下' && scan.before(at - 1) == '零' {
            return at - 2;
        }
        if at == 0 || !matches!(scan.before(at), '-' | '+') {
            return at;
        }
        let before = scan.before(at - 1);
        if before.is_ascii_alphanumeric() || matches!(before, '-' | '+' | ')' | '%' | '℃') {
            return at;
        }
        if is_han(before) && scan.before(at) == '-' {
            let Found::Expression(expression) = expression::read(scan, at, at) else { return at };
            let unit = &expression.unit;
            let signed = unit.dimension().is_temperature()
                || unit.counted().is_some_and(|word| word.starts_with("dB") || word == "度")
                || unit.dimension() == Dimension::base('A')
                || matches!(unit.symbol(), "V" | "kV" | "mV");
            return if signed { at - 1 } else { at };
        }
        at - 1
    }

    /// Gives the first numbers of `10、20、30mm` the unit of the last.
    fn enumerated(&self, mut expression: Expression) -> Expression {
        const MOST: usize = 5;
        let scan = self.scan;
        let head = expression.range.start;
        let numbered = head == 0 || matches!(scan.before(head), '\n' | '。' | ';' | ':' | '；');
        if expression.unit_range.is_some() || numbered || expression.is_ratio {
            return expression;
        }
        let mut end = expression.range.end;
        for _ in 0..MOST {
            if !(matches!(scan.at(end), '、') && scan.at(end + 1).is_ascii_digit()) {
                break;
            }
            let Found::Expression(next) = expression::read(scan, end + 1, end + 1) else { break };
            end = next.range.end;
            if next.unit_range.is_some() {
                expression.unit = next.unit;
                expression.unit_range = next.unit_range;
                expression.is_weak = next.is_weak;
                expression.is_classifier = next.is_classifier;
                break;
            }
        }
        expression
    }

    /// Turns an expression into a quantity where what stands around it allows; where it ends.
    pub(super) fn accept(&mut self, mut expression: Expression) -> Option<usize> {
        let scan = self.scan;
        let start = expression.range.start;
        let end = expression.range.end;
        let floor = self.previous.as_ref().map_or(0, |previous| previous.end.min(start));
        let mut lead = self.lead(floor, start);
        self.step_over_condition(&mut lead);
        let mut is_unknown = false;
        if expression.unit_range.is_none()
            && expression.shape != Comparator::MoreThan
            && scan.at(end).is_ascii_alphabetic()
        {
            let named = self.hit_ending_at(lead.start).is_some();
            let range = self.unknown_unit(end, named && lead.compares.is_some())?;
            expression.unit = Unit::unknown(&scan.text(range.clone()));
            expression.range.end = range.end;
            expression.unit_range = Some(range);
            is_unknown = true;
        }
        let mut end = expression.range.end;
        let mut after = None;
        if let Some((length, word)) = comparator::after(scan, end) {
            if let After::Compares(comparator) = word {
                after = Some((comparator, end..end + length));
            }
            end += length;
        }
        // A change is said before its number or behind it.
        let mut change = None;
        let relative =
            expression.unit.dimension() == Dimension::RATIO && expression.unit.counted().is_none();
        let mut property_end = lead.start;
        let mut implied_by_change = None;
        if !lead.is_level && expression.unit_range.is_some() {
            if let Some((length, said)) = self.change_before(floor, lead.start) {
                change = Some(said.direction);
                implied_by_change = said.property;
                property_end = self.lead(floor, lead.start - length).start;
                if let Some(compared) = change::comparison(scan, floor, property_end) {
                    property_end = compared;
                }
            } else if relative && let Some(direction) = change::after(scan, end) {
                change = Some(direction);
            } else if relative
                && let Some(hit) = self.hit_ending_at(lead.start)
                && let Some((_, said)) =
                    change::before(scan, floor, hit.start).filter(|(length, _)| *length >= 2)
            {
                // 降低成本30%: the object of the verb stands between it and the number.
                change = Some(said.direction);
            }
        } else if lead.is_level
            && let Some((length, _)) = self.change_before(floor, lead.start)
        {
            property_end = self.lead(floor, lead.start - length).start;
        }
        let is_multiple = expression.unit.symbol() == "倍"
            && change.is_none()
            && lead.is_of
            && self.compared_subject(lead.start).is_some();
        if is_multiple && let Some(subject) = self.compared_subject(lead.start) {
            property_end = subject;
        }
        let mut spoken =
            self.speaks_of(&expression, &lead, property_end, lead.floor, end, change.is_some());
        // 降低用水30%: an object that no table knows.
        if change.is_none()
            && relative
            && !lead.is_level
            && expression.unit_range.is_some()
            && let Some(Spoken { range: Some(range), origin: Origin::Phrase, .. }) = &mut spoken
            && range.end == property_end
        {
            let verb = |at| change::before(scan, floor, at).filter(|(length, _)| *length >= 2);
            if let Some((_, said)) = verb(range.start) {
                change = Some(said.direction);
            } else if range.len() > 2
                && let Some((2, said)) = verb(range.start + 2)
            {
                change = Some(said.direction);
                range.start += 2;
            }
        }
        if let Some(name) = implied_by_change {
            let range = spoken.as_ref().and_then(|spoken| spoken.range.clone());
            let direct = range.as_ref().is_some_and(|range| range.end == property_end)
                && spoken.as_ref().is_some_and(|s| s.origin == Origin::Named);
            if !direct {
                spoken = Some(Spoken {
                    kind: properties().by_name(name),
                    range,
                    origin: Origin::Named,
                    head: start,
                });
            }
        }
        let named = spoken.as_ref().filter(|s| s.origin == Origin::Named).and_then(|s| s.kind);
        if expression.is_weak && !named.is_some_and(|kind| kind.takes(&expression.unit)) {
            return None;
        }
        if is_steel_grade(scan, &expression) || is_share_of_ownership(scan, &expression, start) {
            return None;
        }
        let bounded = after.is_some() || lead.compares.is_some();
        if expression.unit_range.is_none() && expression.unit.is_none() {
            let kind = spoken.as_ref().and_then(|s| s.kind);
            if !self.stands_bare(&expression, kind, &spoken, &lead, bounded, end)? {
                return None;
            }
            if let Some(unit) = kind.and_then(PropertyKind::implied) {
                expression.unit = unit.clone();
            }
        }
        let mut problems = Vec::new();
        if expression.is_inverted {
            problems.push(Problem::InvertedRange);
        }
        if is_unknown {
            problems.push(Problem::UnknownUnit);
        }
        resolve_unit(&mut expression.unit, named, &mut problems);
        let kind = kind_of(&expression, change, is_multiple, named);
        let comparator = comparator_of(&expression, &lead, after.as_ref(), named);
        if let Some((_, range)) = &lead.compares {
            lead.start = lead.start.min(range.start);
        }
        let first = lead.compares.as_ref().map_or(start, |(_, range)| range.start.min(start));
        let comparator_range =
            after.map(|(_, range)| range).or(lead.compares.map(|(_, range)| range));
        let property = spoken.as_ref().map(|spoken| self.property(spoken));
        // 85%湿度条件下: the property may stand between the number and the word.
        let behind = spoken.as_ref().and_then(|spoken| spoken.range.as_ref());
        let behind = behind.filter(|range| range.start == end).map_or(end, |range| range.end);
        let condition = match condition::after(scan, behind) {
            Some(length) if expression.unit_range.is_some() => Some(behind + length),
            _ => condition::before(scan, first).then_some(end),
        };
        self.found.push(Quantity {
            span: scan.bytes(first..end),
            comparator_span: comparator_range.map(|range| scan.bytes(range)),
            unit_span: expression.unit_range.map(|range| scan.bytes(range)),
            kind,
            comparator,
            value: expression.value,
            step: expression.step,
            unit: expression.unit.clone(),
            property,
            is_condition: condition.is_some(),
            problems,
        });
        let condition = condition.map(|end| Condition { lead: lead.start..end, floor });
        self.previous = Some(Previous { end, unit: expression.unit, spoken, condition });
        Some(end)
    }

    /// `带宽25℃时23GHz`: the property of a number stands before the condition that precedes it.
    fn step_over_condition(&self, lead: &mut Lead) {
        let Some(condition) = self.previous.as_ref().and_then(|p| p.condition.as_ref()) else {
            return;
        };
        let mut at = lead.start;
        while matches!(self.scan.before(at), ' ' | ',' | '，') {
            at -= 1;
        }
        // Only where a property is named there: otherwise the condition opens its clause.
        if at == condition.lead.end && self.hit_ending_at(condition.lead.start).is_some() {
            lead.start = condition.lead.start;
            lead.floor = lead.floor.min(condition.floor);
        }
    }

    /// The name of a property that ends at `at`.
    pub(super) fn hit_ending_at(&self, at: usize) -> Option<Hit> {
        let next = self.hits.partition_point(|hit| hit.end < at);
        self.hits.get(next).copied().filter(|hit| hit.end == at)
    }
}
