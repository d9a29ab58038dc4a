//! Kind, comparator and unit of a number, from its words and its property.

use std::ops::Range;

use super::comparator::Comparator;
use super::expression::Expression;
use super::lead::{Lead, weak_comparator};
use super::property::{self, PropertyKind};
use super::unit::{Dimension, Unit};
use super::unit_table::units;
use super::{Better, Direction, Kind, Problem, Value};

/// Turns 度 and 公斤 into what the property says they are.
pub(super) fn resolve_unit(
    unit: &mut Unit,
    kind: Option<&PropertyKind>,
    problems: &mut Vec<Problem>,
) {
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

pub(super) fn kind_of(
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
pub(super) fn comparator_of(
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
