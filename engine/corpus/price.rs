//! Prices and budgets.

use unicode_normalization::UnicodeNormalization;

use super::headers::MONEY_UNITS;
use super::table::Cell;
use super::vocabulary::Vocabulary;
use crate::model::{Price, RepairKind};

/// Reads a price; with it the kind of mending, if any was needed.
///
/// A unit in the cell stands before `unit` of the heading (reported as
/// [`RepairKind::Unit`] where they differ). A bare number with neither is no price: 20 may be
/// yuan or 万元. `不超过`, `以内` and the like give a range from zero; `以上` gives none, for the
/// upper end is unknown.
pub(super) fn parse(
    cell: &Cell,
    unit: Option<&str>,
    words: &Vocabulary,
) -> Option<(Price, Option<RepairKind>)> {
    let text: String = cell.text().nfkc().filter(|c| !c.is_whitespace()).collect();
    if words.is_negotiable(&text) {
        return Some((Price::Negotiable, None));
    }
    let worth =
        |unit: &str| MONEY_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, worth)| *worth);
    let by_heading = unit.and_then(worth);
    let mut text = text.as_str();
    for prefix in ["人民币", "RMB", "CNY", "¥", "约", "大约"] {
        text = text.strip_prefix(prefix).unwrap_or(text);
    }
    for suffix in ["左右", "人民币", "整"] {
        text = text.strip_suffix(suffix).unwrap_or(text);
    }
    let mut at_most = false;
    for prefix in ["不超过", "不高于", "最高", "≤", "<=", "<"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            (text, at_most) = (rest, true);
        }
    }
    for suffix in ["以内", "以下", "之内"] {
        if let Some(rest) = text.strip_suffix(suffix) {
            (text, at_most) = (rest, true);
        }
    }
    let (first, rest) = amount(text)?;
    let second = match rest {
        "" => None,
        rest => {
            let rest =
                ["-", "~", "——", "—", "–", "至", "到"].iter().find_map(|s| rest.strip_prefix(s))?;
            let (second, rest) = amount(rest)?;
            if !rest.is_empty() {
                return None;
            }
            Some(second)
        }
    };
    let own = second.as_ref().and_then(|amount| amount.worth).or(first.worth);
    let worth = own.or(by_heading)?;
    let low = first.number * first.worth.unwrap_or(worth);
    let odd_number = first.odd || second.as_ref().is_some_and(|amount| amount.odd);
    let repair = match (own, by_heading) {
        (Some(own), Some(heading)) if (own - heading).abs() > f64::EPSILON => {
            Some(RepairKind::Unit)
        }
        _ => odd_number.then_some(RepairKind::Number),
    };
    let price = match second {
        Some(second) => {
            let high = second.number * worth;
            if low < high {
                Price::YuanRange(low, high)
            } else if high < low {
                Price::YuanRange(high, low)
            } else {
                Price::Yuan(low)
            }
        }
        None if at_most => Price::YuanRange(0.0, low),
        None => Price::Yuan(low),
    };
    Some((price, repair))
}

struct Amount {
    number: f64,
    worth: Option<f64>,
    odd: bool,
}

/// A positive amount at the start of `text` with its unit, and the rest.
fn amount(text: &str) -> Option<(Amount, &str)> {
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let (value, rest, odd) = if number.is_empty() {
        let (value, rest) = chinese_number(text)?;
        (value, rest, true)
    } else {
        let odd = number.contains(',');
        if odd && !is_grouped(number) {
            return None;
        }
        (number.replace(',', "").parse().ok()?, rest, odd)
    };
    // More than all money there is: a telephone number or code in the wrong column.
    const MOST_YUAN: f64 = 1e13;
    let unit = MONEY_UNITS.iter().find(|(unit, _)| rest.starts_with(unit));
    let rest = unit.map_or(rest, |(unit, _)| &rest[unit.len()..]);
    let worth = unit.map(|(_, worth)| *worth);
    let in_range = value > 0.0 && value * worth.unwrap_or(1.0) <= MOST_YUAN;
    in_range.then_some((Amount { number: value, worth, odd }, rest))
}

/// `1,000,000.5`: groups of three after the first.
fn is_grouped(number: &str) -> bool {
    let whole = number.split('.').next().unwrap_or(number);
    let mut groups = whole.split(',');
    groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3)
}

/// A number in Chinese numerals below ten thousand (`二十五`, `三百`), and the rest.
fn chinese_number(text: &str) -> Option<(f64, &str)> {
    const DIGITS: &str = "零一二三四五六七八九";
    let (mut total, mut digit, mut used) = (0_u32, 0_u32, 0_usize);
    for c in text.chars() {
        let c_value = if c == '两' { Some(2) } else { DIGITS.chars().position(|d| d == c) };
        if let Some(value) = c_value {
            digit = u32::try_from(value).ok()?;
        } else if let Some(scale) =
            [('十', 10), ('百', 100), ('千', 1000)].iter().find(|(n, _)| *n == c)
        {
            // 千万 and 百万 as units are read with the number, which is the same amount.
            total = total.checked_add(digit.max(1) * scale.1)?;
            digit = 0;
        } else {
            break;
        }
        used += c.len_utf8();
    }
    let value = total.checked_add(digit)?;
    (used > 0 && value > 0).then(|| (f64::from(value), &text[used..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices() {
        use Price::{Negotiable, Yuan, YuanRange};
        for (written, unit, expected) in [
            ("面议", None, Some((Negotiable, None))),
            ("双方协商", Some("万元"), Some((Negotiable, None))),
            ("20万", None, Some((Yuan(2e5), None))),
            ("20", Some("万元"), Some((Yuan(2e5), None))),
            ("20", None, None),
            ("10-20万元", None, Some((YuanRange(1e5, 2e5), None))),
            ("100.0万元-200.0万元", None, Some((YuanRange(1e6, 2e6), None))),
            ("9.0万元-9.0万元", None, Some((Yuan(9e4), None))),
            ("1.5亿", None, Some((Yuan(1.5e8), None))),
            ("30000元", None, Some((Yuan(3e4), None))),
            ("30000元", Some("万元"), Some((Yuan(3e4), Some(RepairKind::Unit)))),
            ("１，０００万元", None, Some((Yuan(1e7), Some(RepairKind::Number)))),
            ("二十五万元", None, Some((Yuan(2.5e5), Some(RepairKind::Number)))),
            ("三百万元", None, Some((Yuan(3e6), Some(RepairKind::Number)))),
            ("50万元以内", None, Some((YuanRange(0.0, 5e5), None))),
            ("100万以上", None, None),
            ("50–100", Some("万元"), Some((YuanRange(5e5, 1e6), None))),
            ("0", Some("万元"), None),
            ("-5", Some("万元"), None),
            ("1.2.3万元", None, None),
            ("13800000000000000万元", None, None),
            ("", Some("万元"), None),
        ] {
            let got = parse(&Cell::Text(written.to_owned()), unit, Vocabulary::shipped());
            assert_eq!(got, expected, "{written} {unit:?}");
        }
        let number = parse(&Cell::Number(12.5), Some("万元"), Vocabulary::shipped());
        assert_eq!(number, Some((Price::Yuan(125_000.0), None)));
    }
}
