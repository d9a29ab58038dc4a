//! Quantities stated in Chinese and English technical text.
//!
//! [`quantities`] finds every stated number with its unit, how it is meant (at least, at most,
//! about, a range, a tolerance), what it speaks of, and where all of this stands in the text.
//! Numbers that are none of this (dates, model numbers, standards, ordinals, telephone numbers)
//! are passed over. Values are exact fractions; units convert exactly by a table.
//!
//! The words and signs that are understood are in `comparator` and `change`; units and properties
//! are data in `corpus/units/units.toml` and `corpus/properties.toml`. Time is linear in the
//! length of the text: every look backwards or forwards has a fixed reach.

mod change;
mod comparator;
mod condition;
mod exact;
mod expression;
mod glue;
mod lead;
mod lexicon;
mod meaning;
mod numeral;
mod phrase;
mod property;
mod reader;
mod refusal;
mod scan;
mod speech;
mod unit;
mod unit_expression;
mod unit_table;

use std::ops::Range;

pub use change::Direction;
pub use comparator::Comparator;
pub use exact::Exact;
pub use property::{Better, PropertyKind};
pub use unit::{Dimension, Unit};

use scan::Scan;

/// What kind of statement a number makes. Only numbers of one kind are comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The level of a property: 导热系数 200 W/(m·K).
    Level,
    /// A change: 提高30%, 比对照矮5cm.
    Change(Direction),
    /// A multiple of something else: 是普通钢的5倍.
    Multiple,
    /// How many things: 20个品种, 3000人.
    Count,
    /// An amount of money: 3万元. Prices per amount (元/吨) are levels.
    Money,
    /// A proportion of parts: 1:5, held as 1/5; 1:2:1 as its parts.
    Ratio,
    /// Lengths side by side: 30×20×10mm.
    Dimensions,
}

/// The stated value, in the written unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One number.
    Number(Exact),
    /// From the first to the second, the first not above the second; ±0.5 is −0.5 to 0.5.
    Interval(Exact, Exact),
    /// Several numbers in order, at least two.
    List(Vec<Exact>),
}

/// How the property of a number is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its name stands beside the number.
    Named,
    /// A noun phrase that the table does not know stands there.
    Phrase,
    /// Only the unit suggests it (18W: 功率).
    Unit,
}

/// What a number speaks of.
#[derive(Debug, Clone)]
pub struct Property {
    /// The property, where the table knows it.
    pub kind: Option<&'static PropertyKind>,
    /// The bytes of the noun phrase, modifiers included; `None` where only the unit suggests it.
    pub span: Option<Range<usize>>,
    /// That phrase, folded (half width, lower case); empty where there is none.
    pub phrase: String,
    /// The words of the phrase before the known name (涂层 in 涂层厚度), folded; empty where
    /// there are none, the whole phrase where the table knows no name in it.
    pub modifier: String,
    /// How it is known.
    pub origin: Origin,
}

impl Property {
    /// The word to show: the canonical name, or the phrase as folded.
    #[must_use]
    pub fn label(&self) -> &str {
        self.kind.map_or(&self.phrase, |kind| kind.name())
    }
}

/// Something about a number that a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Problem {
    /// The range was written from high to low (20~10); it is read from low to high.
    InvertedRange,
    /// The table of units does not know the unit; it compares only with the same spelling.
    UnknownUnit,
    /// 度 without a property that says whether it is of temperature, angle or electricity.
    AmbiguousUnit,
}

/// A number stated in a text.
#[derive(Debug, Clone)]
pub struct Quantity {
    /// The bytes of the whole statement: comparator, number, unit.
    pub span: Range<usize>,
    /// The bytes of the comparing word or sign before the number or behind it, where there is one.
    pub comparator_span: Option<Range<usize>>,
    /// The bytes of the unit, where there is one.
    pub unit_span: Option<Range<usize>>,
    /// What kind of statement it is.
    pub kind: Kind,
    /// How the number is meant.
    pub comparator: Comparator,
    /// The value, in `unit`.
    pub value: Value,
    /// One unit of the last written digit, in `unit`: the coarsest of the numbers written.
    pub step: Exact,
    /// The unit; [`Unit::is_none`] for a plain number.
    pub unit: Unit,
    /// What it speaks of, where that is stated or the unit suggests it.
    pub property: Option<Property>,
    /// Whether it says under which condition another number holds (25℃时) rather than what is
    /// reached.
    pub is_condition: bool,
    /// What a person should look at, in a fixed order, none twice.
    pub problems: Vec<Problem>,
}

impl Quantity {
    /// The bytes worth quoting: the property and the number with what stands between, where both
    /// are close together; the number alone otherwise.
    #[must_use]
    pub fn quote_span(&self) -> Range<usize> {
        /// About twenty Chinese characters: more between the two is another statement.
        const REACH: usize = 60;
        match self.property.as_ref().and_then(|property| property.span.as_ref()) {
            Some(span) => {
                let start = span.start.min(self.span.start);
                let end = span.end.max(self.span.end);
                let between = (end - start).saturating_sub(span.len() + self.span.len());
                if between <= REACH { start..end } else { self.span.clone() }
            }
            None => self.span.clone(),
        }
    }

    /// Whether it is stated as a limit: by a word or sign, as a range or with a tolerance. A plain
    /// or rounded number (55℃, 约55℃) may be an example, and a condition limits something else.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        !self.is_condition && !matches!(self.comparator, Comparator::Equal | Comparator::About)
    }

    /// Whether it is a condition beside which no property is named: it speaks of the test, not of
    /// the thing.
    #[must_use]
    pub fn is_bare_condition(&self) -> bool {
        let named = self.property.as_ref().is_some_and(|p| p.origin == Origin::Named);
        self.is_condition && !named
    }

    /// The lowest and highest stated value, in the written unit, whatever the comparator.
    #[must_use]
    pub fn bounds(&self) -> (Exact, Exact) {
        match &self.value {
            Value::Number(value) => (*value, *value),
            Value::Interval(low, high) => (*low, *high),
            Value::List(values) => {
                let low = values.iter().min().copied().unwrap_or(Exact::ZERO);
                (low, values.iter().max().copied().unwrap_or(low))
            }
        }
    }
}

/// The quantities that a text states, in the order in which they stand.
///
/// Spans are disjoint byte ranges of `text`. A text without digits or Chinese numerals gives an
/// empty list.
#[must_use]
pub fn quantities(text: &str) -> Vec<Quantity> {
    let scan = Scan::new(text);
    if !scan.chars.iter().any(|&c| c.is_ascii_digit() || numeral::begins_chinese(c)) {
        return Vec::new();
    }
    reader::Reader::new(&scan).read()
}

/// The unit of a spelling, such as `W/(m·K)` or 毫克/升; `None` where the table has none.
#[must_use]
pub fn unit(spelling: &str) -> Option<Unit> {
    unit_table::units().named(spelling)
}

#[cfg(test)]
mod tests;
