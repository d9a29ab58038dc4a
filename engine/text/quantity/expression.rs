//! A number or several with their units: ranges, tolerances, lists, proportions.

use std::ops::Range;

use super::exact::Exact;
use super::numeral::{self, Numeral, Reading};
use super::scan::Scan;
use super::unit::Unit;
use super::unit_expression::FoundUnit;
use super::unit_table::units;
use super::{Comparator, Value};

/// Most numbers of one list or proportion; longer chains are no quantity.
const MAX_LIST: usize = 6;

/// Words that only begin like a classifier: 863项目 has no 项, 车载16162相关 no 相.
const NOUNS: [&str; 50] = [
    "个性", "个体", "项目", "组合", "组配", "组成", "组织", "组装", "组分", "种植", "种子", "种业",
    "名称", "位于", "位移", "位置", "对比", "对照", "层次", "线路", "线性", "部分", "部件", "本项",
    "本发", "本品", "所述", "场地", "场景", "条件", "处理", "处于", "家庭", "路线", "路径", "张力",
    "批量", "双向", "例如", "口径", "节约", "节能", "箱体", "包括", "包装", "孔径", "根据", "相关",
    "只有", "极限",
];

/// Numbers and unit as they stand in the text, before anything around them is looked at.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    /// From the sign or first digit to the end of number and unit.
    pub(super) range: Range<usize>,
    pub(super) value: Value,
    pub(super) step: Exact,
    pub(super) unit: Unit,
    pub(super) unit_range: Option<Range<usize>>,
    /// `Range`, `Tolerance`, `MoreThan` (200余) or `Equal`.
    pub(super) shape: Comparator,
    pub(super) is_inverted: bool,
    pub(super) is_weak: bool,
    pub(super) is_classifier: bool,
    pub(super) is_chinese: bool,
    pub(super) is_ratio: bool,
    /// A plain run of digits: no point, sign, exponent, multiplier or range.
    pub(super) is_plain: bool,
    /// How many digits stand before the decimal point of the first number.
    pub(super) n_whole: usize,
    /// Written with a multiplier of at least 千, or a power of ten.
    pub(super) is_large: bool,
}

/// What stands at a place where a number might begin.
#[expect(clippy::large_enum_variant, reason = "made once per number and taken apart at once")]
pub(super) enum Found {
    Expression(Expression),
    /// Nothing to read; go on from here.
    Skip(usize),
}

/// One number with its sign and the unit behind it.
struct Part {
    start: usize,
    end: usize,
    number: Numeral,
    value: Exact,
    unit: Option<(Range<usize>, FoundUnit)>,
}

impl Part {
    fn unit_end(&self) -> usize {
        self.unit.as_ref().map_or(self.end, |(range, _)| range.end)
    }
}

/// Reads the expression whose first digit (or Chinese numeral) stands at `at`, with the sign at
/// `start`.
pub(super) fn read(scan: &Scan, start: usize, at: usize) -> Found {
    let first = match part(scan, start, at) {
        Ok(part) => part,
        Err(skip) => return Found::Skip(skip),
    };
    if let Some(unit) =
        scan.chars.get(start.wrapping_sub(1)).filter(|c| matches!(c, '¥' | '￥' | '$'))
        && first.unit.is_none()
    {
        let name = if *unit == '$' { "USD" } else { "元" };
        if let Some(unit) = units().named(name) {
            let mut expression = single(&first);
            expression.unit = unit;
            expression.unit_range = Some(start - 1..start);
            expression.range.start = start - 1;
            return Found::Expression(expression);
        }
    }
    if scan.before(start) == '±' {
        return Found::Expression(bare_tolerance(&first));
    }
    tolerance(scan, &first)
        .or_else(|| list(scan, &first))
        .or_else(|| proportion(scan, &first))
        .or_else(|| range(scan, &first))
        .unwrap_or_else(|| Found::Expression(single(&first)))
}

/// The number at `at`, with its sign from `start`, and its unit; or where to go on.
fn part(scan: &Scan, start: usize, at: usize) -> Result<Part, usize> {
    let number = if scan.at(at).is_ascii_digit() {
        match numeral::digits(scan, at) {
            Reading::Number(number) => number,
            Reading::NoNumber(end) => return Err(end),
        }
    } else {
        numeral::chinese(scan, at).ok_or(at + 1)?
    };
    // 零下40℃ is below zero as -40℃ is.
    let is_negative = start < at && matches!(scan.at(start), '-' | '零');
    let value = if is_negative { number.value.negated() } else { number.value };
    Ok(Part { start, end: number.end, number, value, unit: unit_after(scan, &number) })
}

fn unit_after(scan: &Scan, number: &Numeral) -> Option<(Range<usize>, FoundUnit)> {
    if let Some(name) = number.unit {
        let unit = if name.is_empty() { Unit::none() } else { units().named(name)? };
        let found = FoundUnit { unit, end: number.end, is_weak: false, is_classifier: false };
        return Some((number.end..number.end, found));
    }
    let from = number.end + usize::from(scan.at(number.end) == '+');
    let at = scan.skip_blanks(from);
    if at > from + 1 || (from > number.end && at > from) {
        return None;
    }
    let found = units().find(scan, at)?;
    if found.is_classifier && NOUNS.iter().any(|noun| scan.starts(at, noun)) {
        return None;
    }
    // A blank before a Chinese character separates words, not number and classifier.
    (at == from || !found.is_classifier).then_some((at..found.end, found))
}

/// Signs and digits at `at`: where the digits begin, if they do.
fn signed(scan: &Scan, at: usize) -> Option<usize> {
    let digit = at + usize::from(matches!(scan.at(at), '-' | '+'));
    let c = scan.at(digit);
    (c.is_ascii_digit() || (digit == at && numeral::begins_chinese(c))).then_some(digit)
}

fn single(first: &Part) -> Expression {
    let (unit, unit_range, is_weak, is_classifier) = unit_parts(first);
    Expression {
        range: first.start..first.unit_end(),
        value: Value::Number(first.value),
        step: first.number.step,
        unit,
        unit_range,
        shape: if first.number.is_exceeded { Comparator::MoreThan } else { Comparator::Equal },
        is_inverted: false,
        is_weak,
        is_classifier,
        is_chinese: first.number.is_chinese,
        is_ratio: false,
        is_plain: first.number.is_plain && first.start + first.number.n_whole == first.end,
        n_whole: first.number.n_whole,
        is_large: first.number.has_exponent || first.number.step >= Exact::integer(1000),
    }
}

fn unit_parts(part: &Part) -> (Unit, Option<Range<usize>>, bool, bool) {
    match &part.unit {
        Some((range, found)) => (
            found.unit.clone(),
            (!range.is_empty()).then(|| range.clone()),
            found.is_weak,
            found.is_classifier,
        ),
        None => (Unit::none(), None, false, false),
    }
}

/// ±0.5% alone.
fn bare_tolerance(first: &Part) -> Expression {
    let mut expression = single(first);
    expression.value = Value::Interval(first.value.negated(), first.value);
    expression.shape = Comparator::Tolerance;
    expression.range.start -= 1;
    expression.is_plain = false;
    expression
}

/// `20±2℃`, `20℃±2℃`, `100±5%` of the value, `±` also typed `+/-`.
fn tolerance(scan: &Scan, first: &Part) -> Option<Found> {
    let at = scan.skip_blanks(first.unit_end());
    let from = match scan.at(at) {
        '±' => at + 1,
        '+' if scan.at(at + 1) == '/' && scan.at(at + 2) == '-' => at + 3,
        _ => return None,
    };
    let from = scan.skip_blanks(from);
    if !scan.at(from).is_ascii_digit() {
        return None;
    }
    let second = part(scan, from, from).ok()?;
    let mut expression = single(if second.unit.is_some() { &second } else { first });
    let (own, _, _, _) = unit_parts(first);
    let deviation = if first.unit.is_some() && second.unit.is_some() {
        if expression.unit.is_comparable(&own)
            && !(expression.unit.symbol() == "%" && own.symbol() != "%")
        {
            // A deviation converts by the factor alone: 20℃±2K.
            let scale = expression.unit.factor.checked_div(own.factor)?;
            second.value.checked_mul(scale)?
        } else {
            // A share of the value itself.
            let share = second.value.checked_mul(expression.unit.factor)?;
            (expression.unit.dimension() == super::Dimension::RATIO).then_some(())?;
            first.value.magnitude().checked_mul(share)?
        }
    } else {
        second.value
    };
    if first.unit.is_some() {
        let (unit, unit_range, is_weak, is_classifier) = unit_parts(first);
        (expression.unit, expression.unit_range) = (unit, unit_range);
        (expression.is_weak, expression.is_classifier) = (is_weak, is_classifier);
    }
    expression.value =
        Value::Interval(first.value.checked_sub(deviation)?, first.value.checked_add(deviation)?);
    expression.step = first.number.step.max(second.number.step);
    expression.shape = Comparator::Tolerance;
    expression.range = first.start..second.unit_end().max(first.unit_end());
    expression.is_plain = false;
    Some(Found::Expression(expression))
}

/// `30×20×10mm`, `1200mm*600mm`, `1920×1080`.
fn list(scan: &Scan, first: &Part) -> Option<Found> {
    let mut parts = Vec::new();
    let mut end = first.unit_end();
    let mut chain_end = end;
    loop {
        let sign = scan.skip_blanks(end);
        if !matches!(scan.at(sign), '×' | '*' | 'x' | 'X') {
            break;
        }
        let at = scan.skip_blanks(sign + 1);
        if !scan.at(at).is_ascii_digit() {
            break;
        }
        match part(scan, at, at) {
            Ok(next) => {
                // 3台×20kW: two quantities; the end of a long chain is skipped with it.
                let unit = |part: &Part| part.unit.as_ref().map(|(_, found)| found.unit.clone());
                let before = parts.last().and_then(unit).or_else(|| unit(first));
                if let (Some(before), Some(after)) = (before, unit(&next))
                    && !before.is_comparable(&after)
                {
                    let is_long = parts.len() >= MAX_LIST;
                    return is_long.then_some(Found::Skip(next.unit_end()));
                }
                end = next.unit_end();
                chain_end = end;
                if parts.len() < MAX_LIST {
                    parts.push(next);
                }
            }
            Err(skip) => {
                chain_end = skip;
                break;
            }
        }
    }
    let last = parts.last()?;
    if parts.len() >= MAX_LIST {
        return Some(Found::Skip(chain_end));
    }
    let (unit, unit_range, is_weak, is_classifier) =
        unit_parts(if last.unit.is_some() { last } else { first });
    let mut values = Vec::with_capacity(parts.len() + 1);
    let mut step = first.number.step;
    for part in std::iter::once(first).chain(&parts) {
        let value = match &part.unit {
            Some((_, found)) => unit.convert(part.value, &found.unit)?,
            None => part.value,
        };
        values.push(value);
        step = step.max(part.number.step);
    }
    Some(Found::Expression(Expression {
        range: first.start..chain_end,
        value: Value::List(values),
        step,
        unit,
        unit_range,
        is_weak,
        is_classifier,
        is_plain: false,
        ..single(first)
    }))
}

/// `1:5`, `1:2:1`; no times of day.
fn proportion(scan: &Scan, first: &Part) -> Option<Found> {
    if first.unit.is_some() || first.start < first.end && scan.at(first.start) == '-' {
        return None;
    }
    let mut values = vec![first.value];
    let mut end = first.end;
    let mut last = first.end;
    while scan.at(end) == ':' && scan.at(end + 1).is_ascii_digit() {
        match numeral::digits(scan, end + 1) {
            Reading::Number(number) => {
                if values.len() <= MAX_LIST {
                    values.push(number.value);
                }
                end = number.end;
                last = end;
            }
            Reading::NoNumber(skip) => return Some(Found::Skip(skip)),
        }
    }
    if values.len() < 2 {
        return None;
    }
    // 8:30 and 12:05:30 are times where minutes have two digits and hours are below 24.
    let looks_timed = values[1..].iter().all(|v| *v < Exact::integer(60))
        && values[0] < Exact::integer(24)
        && values[0] != Exact::ONE
        && scan.at(end - 2).is_ascii_digit();
    let unit = units().find(scan, end);
    if values.len() > MAX_LIST || looks_timed || unit.is_some() || values.contains(&Exact::ZERO) {
        return Some(Found::Skip(last));
    }
    let value = match values[..] {
        [above, below] => Value::Number(above.checked_div(below)?),
        _ => Value::List(values),
    };
    Some(Found::Expression(Expression {
        range: first.start..end,
        value,
        // Parts of a proportion are not rounded.
        step: Exact::ZERO,
        is_ratio: true,
        is_plain: false,
        ..single(first)
    }))
}

/// `10~20μm`, `-40℃~85℃`, `5%–8%`, `10至20`, `500mm~1.5m`, `10 to 20 mm`.
fn range(scan: &Scan, first: &Part) -> Option<Found> {
    let at = scan.skip_blanks(first.unit_end());
    let (from, is_dash) = match scan.at(at) {
        '~' => (at + 1 + usize::from(scan.at(at + 1) == '~'), false),
        '-' => (at + 1 + usize::from(scan.at(at + 1) == '-'), true),
        '至' | '到' => (at + 1, false),
        _ if at > first.unit_end() && scan.starts(at, "to ") => (at + 3, false),
        _ if at > first.unit_end()
            && scan.starts(at, "and ")
            && scan.backward(0, first.start).take(8).eq(" neewteb".chars()) =>
        {
            (at + 4, false)
        }
        _ => return None,
    };
    let from = scan.skip_blanks(from);
    let digit = signed(scan, from)?;
    let Ok(second) = part(scan, from, digit) else { return None };
    let (second_unit, _, _, _) = unit_parts(&second);
    // `10mm-20`: after a dash only the same unit makes a range.
    if is_dash && first.unit.is_some() && second.unit.is_none() {
        return None;
    }
    // 2019-12-10, 010-8888-1234
    if is_dash && scan.at(second.end) == '-' && scan.at(second.end + 1).is_ascii_digit() {
        let mut end = second.end;
        while scan.at(end).is_ascii_digit() || scan.at(end) == '-' {
            end += 1;
        }
        return Some(Found::Skip(end));
    }
    // 10-6Pa: an exponent that lost its superscript.
    let lost_exponent = is_dash
        && first.unit.is_none()
        && first.value == Exact::integer(10)
        && second.number.is_plain
        && second.value < Exact::integer(10)
        && (second_unit.dimension() == super::property::pressure() || second_unit.symbol() == "T");
    if lost_exponent {
        let power = i32::try_from(second.value.numerator()).ok()?;
        let value = Exact::decimal(1, -power)?;
        let mut expression = single(&second);
        expression.range.start = first.start;
        expression.value = Value::Number(value);
        expression.step = value;
        expression.is_plain = false;
        return Some(Found::Expression(expression));
    }
    let holder = if second.unit.is_some() { &second } else { first };
    let mut expression = single(holder);
    let mut low = first.value;
    if let (Some((_, own)), Some(_)) = (&first.unit, &second.unit) {
        // Units that do not convert make two statements.
        low = expression.unit.convert(first.value, &own.unit)?;
    }
    // 2~3万: the multiplier belongs to both.
    let multiplier = second.number.step;
    if first.number.is_plain
        && first.unit.is_none()
        && multiplier >= Exact::integer(1000)
        && !second.number.is_chinese
        && low < second.value
        && low.checked_mul(multiplier).is_some_and(|scaled| scaled <= second.value)
    {
        low = low.checked_mul(multiplier)?;
    }
    let high = second.value;
    expression.is_inverted = low > high;
    expression.value = Value::Interval(low.min(high), low.max(high));
    expression.step = first.number.step.max(second.number.step);
    expression.shape = Comparator::Range;
    expression.range = first.start..second.unit_end().max(first.unit_end());
    expression.is_chinese = first.number.is_chinese && second.number.is_chinese;
    expression.n_whole = first.number.n_whole;
    expression.is_large |= first.number.has_exponent;
    expression.is_plain = first.number.is_plain && second.number.is_plain && second.unit.is_none();
    Some(Found::Expression(expression))
}
