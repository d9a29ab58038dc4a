//! Numbers glued to letters: symbols with their value, and codes.

use super::Exact;
use super::comparator::Comparator;
use super::expression::Expression;
use super::property::properties;
use super::reader::Reader;
use super::scan::Scan;
use super::speech::bounds;
use super::unit_table::units;

/// Longest run of letters glued to a number that is looked at (`COD100mg/L`).
const MAX_LETTERS: usize = 8;

/// What touches a digit from the left.
#[derive(Debug, Clone, Copy)]
pub(super) enum Glue {
    Free,
    /// Part of a code such as `Ti-6Al-4V`.
    Code,
    /// Letters that begin here and may be a symbol or a code.
    Letters(usize),
}

impl Reader<'_> {
    /// Letters and joining marks that touch the digit at `at` from the left.
    pub(super) fn letters_before(&self, at: usize) -> Glue {
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
        if joined && previous != '/' && (letter || digit) {
            return Glue::Code;
        }
        Glue::Free
    }

    /// A number glued to letters: a quantity where the letters name a property (`Ra0.8`,
    /// `DN50`, `DC150V`) or an unmistakable unit follows (`COD100mg/L`); a code otherwise.
    pub(super) fn glued(&mut self, start: usize, at: usize, expression: Expression) -> usize {
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
        let share = unit.symbol() != "%" || high <= Exact::integer(100);
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
    pub(super) fn compare_before(&mut self, symbol: usize) {
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
}

/// The end of the code that holds the place `at`.
pub(super) fn skip_code(scan: &Scan, at: usize) -> usize {
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
