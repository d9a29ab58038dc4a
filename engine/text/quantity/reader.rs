//! Finds the numbers of a text and what stands around each of them.

use std::ops::Range;

use super::comparator::{self, After, Before};
use super::expression::{self, Expression, Found};
use super::numeral;
use super::phrase;
use super::property::{self, Hit, PropertyKind, properties};
use super::scan::{Scan, ends_clause, is_han};
use super::unit::{Dimension, Unit};
use super::unit_table::units;
use super::{
    Better, Comparator, Direction, Kind, Origin, Problem, Property, Quantity, Value, change,
};

/// Most words between a property and its number (仅约为): more never stand there.
const MAX_LINKS: usize = 8;

/// How far before a number a property that does not touch it may end, in characters.
const MAX_DISTANCE: usize = 14;

/// Longest run of letters glued to a number that is looked at (`COD100mg/L`).
const MAX_LETTERS: usize = 8;

/// Longest unknown unit, in characters.
const MAX_UNKNOWN_UNIT: usize = 10;

/// What the words before a number say.
#[derive(Debug)]
struct Lead {
    /// Where these words begin; the property ends here.
    start: usize,
    /// The property does not begin before this place.
    floor: usize,
    /// The comparator and its characters.
    compares: Option<(Comparator, Range<usize>)>,
    is_better: bool,
    /// 至 or 到 stood there: the end of a change.
    is_level: bool,
    /// A verb that takes the number as an amount of what follows it.
    takes: bool,
    /// 的 stood there.
    is_of: bool,
}

/// A property and the characters of its phrase.
#[derive(Debug, Clone)]
struct Spoken {
    kind: Option<&'static PropertyKind>,
    range: Option<Range<usize>>,
    origin: Origin,
}

/// A quantity already read, for the numbers that share its property.
struct Previous {
    end: usize,
    unit: Unit,
    spoken: Option<Spoken>,
}

pub(super) struct Reader<'s> {
    scan: &'s Scan,
    hits: Vec<Hit>,
    previous: Option<Previous>,
    found: Vec<Quantity>,
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
        self.accept(expression).map_or_else(|| self.after_refusal(floor, at, end), |end| end)
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
        let one = expression.value == Value::Number(super::Exact::ONE);
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

    /// Letters and joining marks that touch the digit at `at` from the left.
    fn letters_before(&self, at: usize) -> Glue {
        let scan = self.scan;
        let previous = scan.before(at);
        if previous.is_ascii_alphabetic() {
            let mut start = at;
            while at - start < MAX_LETTERS && scan.before(start).is_ascii_alphabetic() {
                start -= 1;
            }
            let before = scan.before(start);
            let runs_on = before.is_ascii_alphanumeric()
                || matches!(before, '-' | '_' | '/' | '.')
                    && scan.before(start - 1).is_ascii_alphanumeric();
            return if runs_on { Glue::Code } else { Glue::Letters(start) };
        }
        let joined = matches!(previous, '-' | '_' | '/' | '.');
        let letter = at >= 2 && scan.at(at - 2).is_ascii_alphabetic();
        let digit = at >= 2 && scan.at(at - 2).is_ascii_digit();
        if joined && (letter && previous != '/' || digit && previous != '/') {
            return Glue::Code;
        }
        Glue::Free
    }

    /// A number glued to letters: a quantity where the letters name a property (`Ra0.8`,
    /// `DN50`, `DC150V`) or an unmistakable unit follows (`COD100mg/L`); a code otherwise.
    fn glued(&mut self, start: usize, at: usize, expression: Expression) -> usize {
        let scan = self.scan;
        let end = expression.range.end;
        let hit = self.hit_ending_at(at).filter(|hit| hit.start == start);
        let unit = &expression.unit;
        if let Some(hit) = hit {
            let by_unit =
                expression.unit_range.is_some() && properties().choose(hit, unit).is_some();
            let by_itself = expression.unit_range.is_none()
                && properties().with_implied(hit).is_some()
                && !scan.at(end).is_ascii_alphabetic();
            if (by_unit || by_itself)
                && let Some(end) = self.accept(expression)
            {
                self.compare_before(start);
                return end;
            }
            return skip_code(scan, at);
        }
        let letters = scan.text(start..at);
        // HRC58-62, HV200: a scale written before the number.
        if expression.unit_range.is_none()
            && letters.len() >= 2
            && let Some(scale) = units().named(&letters).filter(|unit| unit.counted().is_some())
        {
            let mut expression = expression;
            expression.range.start = start;
            expression.unit = scale;
            expression.unit_range = Some(start..at);
            return self.accept(expression).unwrap_or_else(|| skip_code(scan, at));
        }
        let papers = matches!(unit.symbol(), "篇" | "项" | "件");
        let long_unit = papers
            || expression
                .unit_range
                .as_ref()
                .is_some_and(|range| range.len() >= 2 || matches!(scan.at(range.start), '%' | '℃'));
        let (_, high) = bounds(&expression.value);
        let share = unit.symbol() != "%" || high <= super::Exact::integer(100);
        if long_unit
            && share
            && letters.len() >= 2
            && let Some(end) = self.accept(expression)
        {
            return end;
        }
        skip_code(scan, at)
    }

    /// Gives the number just read the comparator before its symbol: 不低于IP65.
    fn compare_before(&mut self, symbol: usize) {
        let lead = self.lead(0, symbol);
        if let (Some((comparator, range)), Some(last)) = (lead.compares, self.found.last_mut())
            && last.comparator == Comparator::Equal
        {
            let bytes = self.scan.bytes(range);
            last.comparator = comparator;
            last.span.start = bytes.start;
            last.comparator_span = Some(bytes);
        }
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
    fn accept(&mut self, mut expression: Expression) -> Option<usize> {
        let scan = self.scan;
        let start = expression.range.start;
        let end = expression.range.end;
        let floor = self.previous.as_ref().map_or(0, |previous| previous.end.min(start));
        let mut lead = self.lead(floor, start);
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
                spoken =
                    Some(Spoken { kind: properties().by_name(name), range, origin: Origin::Named });
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
            problems,
        });
        self.previous = Some(Previous { end, unit: expression.unit, spoken });
        Some(end)
    }

    /// Reads the words before `at` backwards, up to a property, another word or the floor.
    fn lead(&self, floor: usize, at: usize) -> Lead {
        let scan = self.scan;
        let mut lead = Lead {
            start: at,
            floor,
            compares: None,
            is_better: false,
            is_level: false,
            takes: false,
            is_of: false,
        };
        for _ in 0..MAX_LINKS {
            // A word of linking inside the name of a property is part of the name.
            let named = self.hit_ending_at(lead.start).is_some_and(|hit| hit.end - hit.start >= 2);
            if named || change::before(scan, floor, lead.start).is_some_and(|(n, _)| n >= 2) {
                break;
            }
            let Some((length, word)) = comparator::before(scan, lead.floor, lead.start) else {
                // `粒径(D50)≤10μm`: a remark stands between, perhaps with a number of its own.
                let outside = phrase::before_remark(scan, lead.start);
                if outside < lead.start {
                    lead.start = outside;
                    lead.floor = lead.floor.min(phrase::clause_start(scan, outside));
                    continue;
                }
                break;
            };
            lead.start -= length;
            match word {
                Before::Compares(comparator) => {
                    if lead.compares.as_ref().is_none_or(|(kept, _)| weak_comparator(*kept)) {
                        lead.compares = Some((comparator, lead.start..lead.start + length));
                    }
                }
                Before::Better => {
                    lead.is_better = true;
                    lead.compares = Some((Comparator::MoreThan, lead.start..lead.start + length));
                }
                Before::Links => lead.is_of |= scan.at(lead.start) == '的',
                Before::LinksLevel => lead.is_level = true,
                Before::Takes => {
                    lead.takes = true;
                    break;
                }
            }
        }
        lead
    }

    /// The word of change that ends at `at`; none inside the name of a property.
    fn change_before(&self, floor: usize, at: usize) -> Option<(usize, change::Change)> {
        let found = change::before(self.scan, floor, at)?;
        let covered = self.hit_ending_at(at).is_some_and(|hit| hit.end - hit.start > found.0);
        (!covered).then_some(found)
    }

    /// Where the subject of 是…的5倍 ends, looking back from `at`.
    fn compared_subject(&self, at: usize) -> Option<usize> {
        let start = phrase::clause_start(self.scan, at);
        (start..at).rev().find(|&place| {
            matches!(self.scan.at(place), '是' | '为') || self.scan.starts(place, "相当于")
        })
    }

    /// What the number speaks of. `end` is where number, unit and following comparator end.
    fn speaks_of(
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
            Spoken { kind: Some(kind), range: Some(from..hit.end), origin: Origin::Named }
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
            Spoken { kind: None, range: Some(range), origin: Origin::Phrase }
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
            return Some(Spoken { kind: Some(kind), range, origin: Origin::Unit });
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
        by_unit.map(|kind| Spoken { kind: Some(kind), range: None, origin: Origin::Unit })
    }

    /// A property named right behind the number: 50%的湿度, 4公斤压力, 10kg重.
    fn named_after(
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
        Some(Spoken { kind: Some(kind), range: Some(at..hit.end), origin: Origin::Named })
    }

    /// A phrase behind a number, cut before the next number.
    fn without_number(&self, range: Range<usize>) -> Range<usize> {
        let digit = range.clone().find(|&at| self.scan.at(at).is_ascii_digit());
        match digit {
            // H2S, PM2.5: a digit inside a name.
            Some(at) if at > range.start && self.scan.before(at).is_ascii_alphabetic() => range,
            Some(at) => range.start..at.min(range.start),
            None => range,
        }
    }

    /// Whether nothing but linking words, changes and commas stands between two places.
    fn only_links(&self, from: usize, mut at: usize) -> bool {
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

    /// Whether a number without a unit states a quantity; `None` or false where it does not.
    fn stands_bare(
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

    /// The name of a property that ends at `at`.
    fn hit_ending_at(&self, at: usize) -> Option<Hit> {
        let next = self.hits.partition_point(|hit| hit.end < at);
        self.hits.get(next).copied().filter(|hit| hit.end == at)
    }

    /// Letters behind a number that no table knows, as a unit: only where a property is named
    /// before the number with a comparator.
    fn unknown_unit(&self, at: usize, is_expected: bool) -> Option<Range<usize>> {
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

    fn property(&self, spoken: &Spoken) -> Property {
        let phrase = spoken.range.clone().map_or_else(String::new, |range| {
            self.scan.text(range).to_ascii_lowercase().trim().to_owned()
        });
        Property {
            kind: spoken.kind,
            span: spoken.range.clone().map(|range| self.scan.bytes(range)),
            phrase,
            origin: spoken.origin,
        }
    }
}

/// What touches a digit from the left.
#[derive(Debug, Clone, Copy)]
enum Glue {
    Free,
    /// Part of a code such as `Ti-6Al-4V`.
    Code,
    /// Letters that begin here and may be a symbol or a code.
    Letters(usize),
}

/// The end of the code that holds the place `at`.
fn skip_code(scan: &Scan, at: usize) -> usize {
    let mut end = at;
    loop {
        let c = scan.at(end);
        let joins = matches!(c, '-' | '_' | '.' | '/') && scan.at(end + 1).is_ascii_alphanumeric();
        if !c.is_ascii_alphanumeric() && !joins {
            return end.max(at + 1);
        }
        end += 1;
    }
}

fn bounds(value: &Value) -> (super::Exact, super::Exact) {
    match value {
        Value::Number(value) => (*value, *value),
        Value::Interval(low, high) => (*low, *high),
        Value::List(values) => {
            let first = values.first().copied().unwrap_or(super::Exact::ZERO);
            (first, values.iter().max().copied().unwrap_or(first))
        }
    }
}

/// Whether the number is a date: 2020年, 2001-2005年, 98年, 3月, 10时.
fn is_date(scan: &Scan, expression: &Expression) -> bool {
    let end = expression.range.end;
    let unit_at = expression.unit_range.as_ref().map_or(end, |range| range.start);
    if expression.unit.symbol() == "年" {
        let (low, high) = bounds(&expression.value);
        let calendar =
            |value| value >= super::Exact::integer(1000) && value < super::Exact::integer(3000);
        let short = expression.n_whole == 2
            && (high >= super::Exact::integer(60) || scan.at(expression.range.start) == '0');
        return calendar(low)
            || calendar(high)
            || short
            || matches!(scan.at(end), '代' | '级' | '度' | '报');
    }
    let plain = expression.is_plain && expression.unit_range.is_none();
    plain && matches!(scan.at(unit_at), '月' | '日' | '号' | '时') && !scan.starts(unit_at, "月龄")
        || expression.unit.symbol() == "年" && scan.before(expression.range.start) == '第'
}

/// Whether a comparator word gives way to a firmer one.
fn weak_comparator(comparator: Comparator) -> bool {
    matches!(comparator, Comparator::About | Comparator::Reaches)
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
fn is_steel_grade(scan: &Scan, expression: &Expression) -> bool {
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
fn is_share_of_ownership(scan: &Scan, expression: &Expression, start: usize) -> bool {
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

/// Turns 度 and 公斤 into what the property says they are.
fn resolve_unit(unit: &mut Unit, kind: Option<&PropertyKind>, problems: &mut Vec<Problem>) {
    let named = |name: &str| units().named(name);
    if unit.counted() == Some("度") {
        let temperature = kind.is_some_and(|kind| kind.has_dimension(Dimension::base('H')));
        let angle = kind.is_some_and(|kind| kind.has_dimension(Dimension::base('A')));
        let known = match (temperature, angle) {
            (true, false) => named("℃"),
            (false, true) => named("°"),
            _ => None,
        };
        match known {
            Some(known) => *unit = known,
            None => problems.push(Problem::AmbiguousUnit),
        }
    } else if property::is_shop_pressure(unit)
        && kind.is_some_and(|kind| {
            kind.has_dimension(property::pressure())
                && !kind.takes_anything()
                && !kind.has_dimension(Dimension::base('M'))
        })
        && let Some(known) = named("kgf/cm²")
    {
        *unit = known;
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

fn kind_of(
    expression: &Expression,
    change: Option<Direction>,
    is_multiple: bool,
    named: Option<&PropertyKind>,
) -> Kind {
    if let Some(direction) = change {
        Kind::Change(direction)
    } else if is_multiple {
        Kind::Multiple
    } else if expression.is_ratio {
        Kind::Ratio
    } else if matches!(expression.value, Value::List(_)) {
        Kind::Dimensions
    } else if expression.unit.dimension().is_money() && expression.unit.counted().is_none() {
        Kind::Money
    } else if expression.is_classifier && named.is_none() {
        Kind::Count
    } else {
        Kind::Level
    }
}

/// The comparator from the words before, the shape of the number and the words behind it; words
/// behind decide over those before, and bounds over 约 and 达到.
fn comparator_of(
    expression: &Expression,
    lead: &Lead,
    after: Option<&(Comparator, Range<usize>)>,
    named: Option<&PropertyKind>,
) -> Comparator {
    if matches!(expression.shape, Comparator::Range | Comparator::Tolerance) {
        return expression.shape;
    }
    let before = lead.compares.as_ref().map(|(comparator, _)| *comparator);
    let lower = named.and_then(PropertyKind::better) == Some(Better::Lower);
    match (before, after.map(|(comparator, _)| *comparator)) {
        (_, Some(after)) if !weak_comparator(after) => after,
        (Some(_), _) if lead.is_better && lower => Comparator::LessThan,
        (Some(before), _) if !weak_comparator(before) => before,
        (_, Some(after)) => after,
        (Some(before), None) => {
            if expression.shape == Comparator::MoreThan {
                Comparator::MoreThan
            } else {
                before
            }
        }
        (None, None) => expression.shape,
    }
}
