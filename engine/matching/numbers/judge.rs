//! One number against another.

use crate::text::quantity::{Better, Comparator, Dimension, Exact, Kind, Quantity, Value};

use super::Outcome;

/// How far a limit may be missed and still be near, in percent of the limit.
///
/// A fifth is what a supplier can usually reach by adjusting a product rather than by making
/// another; it is a convention, not a measurement.
pub const MARGIN_PERCENT: i64 = 20;

/// A set of values between two bounds; an absent bound is infinite.
#[derive(Debug, Clone, Copy)]
struct Interval {
    low: Option<Exact>,
    high: Option<Exact>,
    /// Whether `low` and `high` themselves are excluded.
    low_open: bool,
    high_open: bool,
}

impl Interval {
    const fn from(low: Exact, open: bool) -> Self {
        Self { low: Some(low), high: None, low_open: open, high_open: false }
    }

    const fn to(high: Exact, open: bool) -> Self {
        Self { low: None, high: Some(high), low_open: false, high_open: open }
    }

    const fn between(low: Exact, high: Exact) -> Self {
        Self { low: Some(low), high: Some(high), low_open: false, high_open: false }
    }

    const fn is_bounded(&self) -> bool {
        self.low.is_some() && self.high.is_some()
    }

    /// Whether every value of `inner` lies in this interval.
    fn holds(&self, inner: &Self) -> bool {
        let below = match (self.low, inner.low) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(a), Some(b)) => a < b || a == b && (!self.low_open || inner.low_open),
        };
        let above = match (self.high, inner.high) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(a), Some(b)) => b < a || a == b && (!self.high_open || inner.high_open),
        };
        below && above
    }

    /// Whether the two have a value in common.
    fn meets(&self, other: &Self) -> bool {
        let apart =
            |high: Option<Exact>, high_open: bool, low: Option<Exact>, low_open: bool| match (
                high, low,
            ) {
                (Some(high), Some(low)) => high < low || high == low && (high_open || low_open),
                _ => false,
            };
        !apart(self.high, self.high_open, other.low, other.low_open)
            && !apart(other.high, other.high_open, self.low, self.low_open)
    }
}

/// Judges what a supply states against what a demand asks for, as the tables of
/// [`crate::matching::check_numbers`] say. [`Outcome::NotStated`] where the two cannot be
/// compared, or where a conversion leaves 128 bits.
#[must_use]
pub fn judge(asked: &Quantity, stated: &Quantity) -> Outcome {
    if !asked.unit.is_comparable(&stated.unit) {
        return Outcome::NotStated;
    }
    match (&asked.value, &stated.value) {
        (Value::List(wanted), Value::List(given)) if wanted.len() == given.len() => {
            let each = wanted.iter().zip(given).map(|(wanted, given)| {
                let asked = Quantity { value: Value::Number(*wanted), ..asked.clone() };
                let stated = Quantity { value: Value::Number(*given), ..stated.clone() };
                judge_one(&asked, &stated).unwrap_or(Outcome::NotStated)
            });
            // Outcomes are ordered from pass to not stated.
            each.max().unwrap_or(Outcome::NotStated)
        }
        (Value::List(_), _) | (_, Value::List(_)) => Outcome::NotStated,
        _ => judge_one(asked, stated).unwrap_or(Outcome::NotStated),
    }
}

fn judge_one(asked: &Quantity, stated: &Quantity) -> Option<Outcome> {
    let wanted = wanted(asked)?;
    let given = given(asked, stated)?;
    if wanted.holds(&given) {
        return Some(Outcome::Pass);
    }
    if wanted.is_bounded() && given.is_bounded() && given.holds(&wanted) {
        let is_tolerance = asked.comparator == Comparator::Tolerance;
        return Some(if is_tolerance { Outcome::Near } else { Outcome::Pass });
    }
    // Bounds on one side: the bound itself is what the supplier states.
    let bound = match (wanted.low, wanted.high, given.low, given.high) {
        (Some(_), None, Some(low), None) => Some(low),
        (None, Some(_), None, Some(high)) => Some(high),
        _ => None,
    };
    if bound.is_none() && wanted.meets(&given) {
        return Some(Outcome::Near);
    }
    let closest = |limit: Option<Exact>, value: Option<Exact>| {
        let (limit, value) = (limit?, value?);
        let gap = limit.checked_sub(value)?.magnitude();
        Some(gap <= margin(asked, limit)?)
    };
    let is_near = match bound {
        Some(bound) => closest(wanted.low.or(wanted.high), Some(bound)),
        None if below(&given, &wanted) => closest(wanted.low, given.high),
        None => closest(wanted.high, given.low),
    };
    Some(if is_near == Some(true) { Outcome::Near } else { Outcome::Fail })
}

/// Whether all of `given` lies below `wanted`.
fn below(given: &Interval, wanted: &Interval) -> bool {
    matches!((given.high, wanted.low), (Some(high), Some(low)) if high <= low)
}

/// Whether two statements about one thing exclude each other: no common value, and not by
/// rounding only.
pub(super) fn exclude(one: &Quantity, other: &Quantity) -> bool {
    let mine = plain(meant(one), one.bounds(), one.step, true);
    let theirs = given(one, other);
    matches!((mine, theirs), (Some(mine), Some(theirs)) if !mine.meets(&theirs))
}

/// The values that a demand asks for, in its own unit.
fn wanted(asked: &Quantity) -> Option<Interval> {
    let (low, high) = asked.bounds();
    let comparator = meant(asked);
    let better = better(asked);
    let slack = match comparator {
        Comparator::About => margin(asked, low)?.checked_div(Exact::integer(2))?,
        _ => Exact::ZERO,
    };
    Some(match (comparator, better) {
        (Comparator::Tolerance, _) if is_deviation(asked) => Interval::to(high, false),
        (
            Comparator::Equal | Comparator::About | Comparator::Reaches | Comparator::Range,
            Some(Better::Higher),
        ) => Interval::from(low.checked_sub(slack)?, false),
        (
            Comparator::Equal | Comparator::About | Comparator::Reaches | Comparator::Range,
            Some(Better::Lower),
        ) => Interval::to(high.checked_add(slack)?, false),
        (Comparator::Reaches, None) => Interval::from(low, false),
        (Comparator::About, None) => {
            Interval::between(low.checked_sub(slack)?, high.checked_add(slack)?)
        }
        (comparator, _) => plain(comparator, (low, high), asked.step, true)?,
    })
}

/// The values that a supply states, in the unit of the demand.
fn given(asked: &Quantity, stated: &Quantity) -> Option<Interval> {
    let (low, high) = stated.bounds();
    let convert = |value| asked.unit.convert(value, &stated.unit);
    if is_deviation(stated) {
        // ±0.2 states a deviation of 0.2, whether or not the demand writes the sign.
        let high = convert(high)?;
        return Some(Interval::between(high, high));
    }
    plain(meant(stated), (convert(low)?, convert(high)?), Exact::ZERO, false)
}

/// The interval of a comparator without regard to what is better.
fn plain(
    comparator: Comparator,
    (low, high): (Exact, Exact),
    step: Exact,
    widen: bool,
) -> Option<Interval> {
    Some(match comparator {
        Comparator::AtLeast => Interval::from(low, false),
        Comparator::MoreThan => Interval::from(low, true),
        Comparator::AtMost => Interval::to(high, false),
        Comparator::LessThan => Interval::to(high, true),
        Comparator::Range | Comparator::Tolerance => Interval::between(low, high),
        Comparator::Equal | Comparator::About | Comparator::Reaches => {
            let half = if widen && low == high {
                step.checked_div(Exact::integer(2))?
            } else {
                Exact::ZERO
            };
            Interval::between(low.checked_sub(half)?, high.checked_add(half)?)
        }
    })
}

/// How a number is meant beside its property: 精度不低于0.02mm asks for 0.02 mm or better, and
/// less is better there.
fn meant(quantity: &Quantity) -> Comparator {
    let lower = better(quantity) == Some(Better::Lower);
    match quantity.comparator {
        Comparator::AtLeast if lower => Comparator::AtMost,
        comparator => comparator,
    }
}

/// Which way the property gets better; changes, multiples and counts ask for more.
fn better(quantity: &Quantity) -> Option<Better> {
    match quantity.kind {
        Kind::Change(_) | Kind::Multiple | Kind::Count => Some(Better::Higher),
        _ => quantity.property.as_ref().and_then(|p| p.kind).and_then(|kind| kind.better()),
    }
}

/// Whether this is a deviation without a middle: ±0.5.
fn is_deviation(quantity: &Quantity) -> bool {
    let (low, high) = quantity.bounds();
    quantity.comparator == Comparator::Tolerance && low == high.negated()
}

/// How far `limit` may be missed: see the module's head.
fn margin(asked: &Quantity, limit: Exact) -> Option<Exact> {
    let whole = asked.unit.from_base(Exact::ONE)?;
    let is_share = asked.unit.dimension() == Dimension::RATIO
        && asked.unit.counted().is_none()
        && asked.unit.symbol() == "%"
        && asked.kind == Kind::Level
        && !limit.is_negative()
        && limit <= whole;
    let basis = if is_share { limit.min(whole.checked_sub(limit)?) } else { limit.magnitude() };
    let share = basis.checked_mul(Exact::new(MARGIN_PERCENT.into(), 100)?)?;
    // One digit of 100 % or 99.99 % would be more than all that is lacking.
    Some(if is_share { share } else { share.max(asked.step.min(limit.magnitude())) })
}
