//! Numbers as people write them: digits, exponents, multipliers, Chinese numerals.

use super::exact::Exact;
use super::scan::Scan;
use super::unit_table::units;

/// Longest run of digits that is read as a number; longer ones are numbers of documents.
const MAX_DIGITS: usize = 18;

/// Largest power of ten that is read; beyond it, exact conversion would leave 128 bits.
const MAX_EXPONENT: i32 = 24;

/// A number found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral {
    /// One past its last character.
    pub(super) end: usize,
    pub(super) value: Exact,
    /// One unit of the last written digit: 0.1 for `3.5`, 10⁴ for `3万`.
    pub(super) step: Exact,
    /// Written with 余 or 多: more than the value.
    pub(super) is_exceeded: bool,
    /// Written with a power of ten.
    pub(super) has_exponent: bool,
    /// Written in Chinese numerals.
    pub(super) is_chinese: bool,
    /// The unit that the number itself names (百分之三十).
    pub(super) unit: Option<&'static str>,
    /// How many digits stand before the decimal point, where written in digits.
    pub(super) n_whole: usize,
    /// Whether it is a plain run of digits: no point, sign, exponent or multiplier.
    pub(super) is_plain: bool,
}

/// What stands where a number might begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A number.
    Number(Numeral),
    /// Digits that are no number (a version, a code, an address); one past their end.
    NoNumber(usize),
}

/// Reads the number whose first digit stands at `at`; signs are the caller's.
pub(super) fn digits(scan: &Scan, at: usize) -> Reading {
    let mut end = at;
    let mut mantissa = 0_i128;
    let mut n_digits = 0;
    let mut take = |end: &mut usize| {
        let from = *end;
        while let Some(digit) = scan.at(*end).to_digit(10) {
            if n_digits < MAX_DIGITS {
                mantissa = mantissa * 10 + i128::from(digit);
            }
            n_digits += 1;
            *end += 1;
        }
        *end - from
    };
    let n_whole = take(&mut end);
    while n_whole <= 3 && scan.at(end) == ',' && n_digits_at(scan, end + 1) == 3 {
        end += 1;
        take(&mut end);
    }
    let mut n_places = 0;
    if scan.at(end) == '.' && scan.at(end + 1).is_ascii_digit() {
        end += 1;
        n_places = take(&mut end);
        if scan.at(end) == '.' && scan.at(end + 1).is_ascii_digit() {
            // 1.2.3, 192.168.1.1
            while scan.at(end).is_ascii_digit() || scan.at(end) == '.' {
                end += 1;
            }
            return Reading::NoNumber(end);
        }
    }
    // 0701034A: digits with a leading zero are a code.
    let is_code = scan.at(at) == '0' && n_whole > 1 && n_places == 0;
    if n_digits > MAX_DIGITS || is_code {
        return Reading::NoNumber(end);
    }
    let mut power = -i32::try_from(n_places).expect("at most 18 digits");
    let mut number = Numeral {
        end,
        value: Exact::ZERO,
        step: Exact::ONE,
        is_exceeded: false,
        has_exponent: false,
        is_chinese: false,
        unit: None,
        n_whole,
        is_plain: n_places == 0 && end == at + n_whole,
    };
    if let Some((after, exponent)) = exponent(scan, end, mantissa == 10 && n_places == 0, n_whole) {
        number.end = after;
        number.has_exponent = true;
        number.is_plain = false;
        if exponent.bare {
            mantissa = 1;
        }
        power += exponent.power;
    }
    let (after, multiplier, is_exceeded) = multiplier(scan, number.end);
    if after > number.end {
        number.is_plain &= multiplier == 0 && !is_exceeded;
        number.end = after;
        number.is_exceeded = is_exceeded;
        power += multiplier;
    }
    if power.abs() > MAX_EXPONENT {
        return Reading::NoNumber(number.end);
    }
    match (Exact::decimal(mantissa, power), Exact::decimal(1, power)) {
        (Some(value), Some(step)) => Reading::Number(Numeral { value, step, ..number }),
        _ => Reading::NoNumber(number.end),
    }
}

fn n_digits_at(scan: &Scan, at: usize) -> usize {
    (at..).take_while(|&at| scan.at(at).is_ascii_digit()).take(MAX_DIGITS).count()
}

struct Exponent {
    power: i32,
    /// The mantissa is the ten itself: `10⁻⁶`.
    bare: bool,
}

/// A power of ten behind a mantissa that ends at `at`.
///
/// Known forms: `×10⁻⁶`, `×10^-6`, `x10-6`, `×10的负6次方`, `e-6`, and where the mantissa is a bare
/// ten, `10⁻⁶`, `10^-6`, `10的负6次方`. Powers that lost their superscript (`5×106`) are read where
/// three digits follow and no further factor does.
fn exponent(scan: &Scan, at: usize, is_ten: bool, n_whole: usize) -> Option<(usize, Exponent)> {
    if is_ten && let Some((end, power)) = power(scan, at, 0) {
        return Some((end, Exponent { power, bare: true }));
    }
    match scan.at(at) {
        'e' | 'E' => {
            let signed = matches!(scan.at(at + 1), '-' | '+');
            let (end, power) = signed_digits(scan, at + 1)?;
            let runs_on = !signed && scan.at(end).is_ascii_alphabetic();
            (!runs_on).then_some((end, Exponent { power, bare: false }))
        }
        '×' | '*' | 'x' | 'X' | '·' => {
            let ten = scan.skip_blanks(at + 1);
            if !(scan.at(ten) == '1' && scan.at(ten + 1) == '0') {
                return None;
            }
            let (end, power) = power(scan, ten + 2, n_whole)?;
            Some((end, Exponent { power, bare: false }))
        }
        _ => None,
    }
}

/// The power behind the `10` that ends at `at`. A mantissa with one digit before its point
/// (`n_whole`) allows the forms that are safe only in `5×10-6`; 0 where there is none.
fn power(scan: &Scan, at: usize, n_whole: usize) -> Option<(usize, i32)> {
    let first = scan.at(at);
    if let Some(found) = superscripts(scan, at) {
        return Some(found);
    }
    if first == '^' {
        let open = usize::from(matches!(scan.at(at + 1), '(' | '{'));
        let (end, power) = signed_digits(scan, at + 1 + open)?;
        return Some((end + usize::from(open > 0 && matches!(scan.at(end), ')' | '}')), power));
    }
    let of = at + usize::from(first == '的');
    let negative = scan.at(of) == '负';
    let digits_from = of + usize::from(negative);
    if let Some((end, power)) = signed_digits(scan, digits_from)
        && scan.starts(end, "次方")
    {
        return Some((end + 2, if negative { -power } else { power }));
    }
    if n_whole == 1 {
        let n_digits = n_digits_at(scan, at);
        let next = scan.at(at + n_digits);
        if n_digits == 1 && first != '0' && !matches!(next, '×' | '*' | 'x' | 'X' | '.' | ',') {
            // 5×106 /mL: a lost superscript, or a product; a product would repeat the sign.
            return signed_digits(scan, at);
        }
        if first == '-' {
            return signed_digits(scan, at);
        }
    }
    None
}

fn signed_digits(scan: &Scan, at: usize) -> Option<(usize, i32)> {
    let (from, sign) = match scan.at(at) {
        '-' => (at + 1, -1),
        '+' => (at + 1, 1),
        _ => (at, 1),
    };
    let n_digits = n_digits_at(scan, from);
    if !(1..=2).contains(&n_digits) {
        return None;
    }
    let value = (from..from + n_digits)
        .filter_map(|at| scan.at(at).to_digit(10))
        .fold(0, |value, digit| value * 10 + digit);
    Some((from + n_digits, sign * i32::try_from(value).ok()?))
}

fn superscripts(scan: &Scan, at: usize) -> Option<(usize, i32)> {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let (from, sign) = match scan.at(at) {
        '⁻' => (at + 1, -1),
        '⁺' => (at + 1, 1),
        _ => (at, 1),
    };
    let mut end = from;
    let mut value = 0;
    while let Some(digit) =
        DIGITS.iter().position(|d| *d == scan.at(end)).filter(|_| end < from + 2)
    {
        value = value * 10 + i32::try_from(digit).ok()?;
        end += 1;
    }
    (end > from).then_some((end, sign * value))
}

/// Powers of ten of the multipliers, longest first.
const MULTIPLIERS: [(&str, i32); 10] = [
    ("万亿", 12),
    ("千亿", 11),
    ("百亿", 10),
    ("千万", 7),
    ("百万", 6),
    ("十万", 5),
    ("亿", 8),
    ("万", 4),
    ("千", 3),
    ("百", 2),
];

/// A multiplier behind digits that end at `at` (`3万`, `10余万`, `200多`): where it ends, the
/// power of ten, and whether 余 or 多 was said. Units that begin like one (千克) are left alone.
fn multiplier(scan: &Scan, at: usize) -> (usize, i32, bool) {
    let hedge = |at: usize| usize::from(matches!(scan.at(at), '余' | '多'));
    let from = at + hedge(at);
    let said = MULTIPLIERS.iter().find(|(word, _)| scan.starts(from, word));
    let (mut end, mut power) = (from, 0);
    if let Some(&(word, tens)) = said {
        let length = word.chars().count();
        if units().length_at(scan, from) <= length {
            (end, power) = (from + length, tens);
        }
    }
    end += hedge(end);
    let exceeded = hedge(at) > 0 || end > from && matches!(scan.before(end), '余' | '多');
    // 多 that begins another word (10多孔) is rare; 余 and 多 before a unit are the rule.
    (end, power, exceeded)
}

/// Reads the Chinese numeral that begins at `at`: 三, 十二, 两百五十, 三点五, 百分之三十, 三分之二,
/// 一百二十万. `None` where none begins, for runs of digit names (二〇二〇) and for numerals that
/// begin with a rank (千, 万), which are mostly parts of words.
pub(super) fn chinese(scan: &Scan, at: usize) -> Option<Numeral> {
    let plain = |end, value, unit| Numeral {
        end,
        value,
        step: Exact::ONE,
        is_exceeded: false,
        has_exponent: false,
        is_chinese: true,
        unit,
        n_whole: 0,
        is_plain: false,
    };
    for (word, unit) in [("百分之", "%"), ("千分之", "‰")] {
        if scan.starts(at, word) {
            let from = at + 3;
            if scan.at(from).is_ascii_digit() {
                let Reading::Number(number) = digits(scan, from) else { return None };
                return Some(Numeral { unit: Some(unit), is_plain: false, ..number });
            }
            let (end, value) = chinese_value(scan, from)?;
            return Some(plain(end, value, Some(unit)));
        }
    }
    let (end, value) = chinese_value(scan, at)?;
    if scan.starts(end, "分之") {
        let (end, above) = chinese_value(scan, end + 2)?;
        return Some(plain(end, above.checked_div(value)?, Some("")));
    }
    let (end, multiplier, is_exceeded) = multiplier(scan, end);
    let value = value.checked_mul(Exact::decimal(1, multiplier)?)?;
    Some(Numeral { is_exceeded, ..plain(end, value, None) })
}

fn chinese_digit(c: char) -> Option<i64> {
    Some(match c {
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Whether a Chinese numeral may begin with `c`.
pub(super) fn begins_chinese(c: char) -> bool {
    chinese_digit(c).is_some() || matches!(c, '十' | '百' | '千')
}

/// Units, tens, hundreds and thousands below 万, with a decimal part.
fn chinese_value(scan: &Scan, at: usize) -> Option<(usize, Exact)> {
    let mut end = at;
    let mut total = 0;
    let mut rank = 10_000;
    let mut last_digit = None;
    loop {
        let c = scan.at(end);
        if c == '零' && end > at && scan.before(end) != '零' {
            end += 1;
            continue;
        }
        if let Some(digit) = chinese_digit(c) {
            if last_digit.is_some() {
                // 二〇二〇, 三五: digit names in a row are no numeral.
                return None;
            }
            last_digit = Some(digit);
            end += 1;
            continue;
        }
        let this = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            _ => break,
        };
        // 百分点, 千克, 千米 are units.
        if last_digit.is_some() && this > 10 && units().length_at(scan, end) > 1 {
            break;
        }
        if this >= rank || (last_digit.is_none() && (this > 10 || end > at)) {
            break;
        }
        total += last_digit.take().unwrap_or(1) * this;
        rank = this;
        end += 1;
    }
    total += last_digit.unwrap_or(0);
    // 二〇二〇 names digits.
    if end == at || total == 0 || scan.at(end) == '〇' {
        return None;
    }
    let mut value = Exact::integer(total);
    if scan.at(end) == '点'
        && let Some(tenths) = chinese_digit(scan.at(end + 1))
    {
        value = value.checked_add(Exact::new(tenths.into(), 10)?)?;
        end += 2;
    }
    Some((end, value))
}

/// Words of number that stay vague: 数十, 几百, 上千.
pub(super) fn is_vague_before(scan: &Scan, at: usize) -> bool {
    matches!(scan.before(at), '数' | '几' | '若' | '第' | '初' | '零' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let scan = Scan::new(text);
        match digits(&scan, 0) {
            Reading::Number(number) => {
                Some((number.value.to_string(), scan.text(number.end..scan.len())))
            }
            Reading::NoNumber(_) => None,
        }
    }

    #[test]
    fn digits_in_their_forms() {
        for (text, value, rest) in [
            ("1,200.50kg", "1200.5", "kg"),
            ("1,20", "1", ",20"),
            ("1×10⁻⁶Pa", "0.000001", "Pa"),
            ("2.5×10^5次", "250000", "次"),
            ("2.5x10^(-3)m", "0.0025", "m"),
            ("1e-6", "0.000001", ""),
            ("10^-6Pa", "0.000001", "Pa"),
            ("10⁶个", "1000000", "个"),
            ("10的负6次方Pa", "0.000001", "Pa"),
            ("1×10-6Pa", "0.000001", "Pa"),
            ("5×106个", "5000000", "个"),
            ("30×20", "30", "×20"),
            ("30×100×5", "30", "×100×5"),
            ("3万次", "30000", "次"),
            ("1.5亿元", "150000000", "元"),
            ("5千吨", "5000", "吨"),
            ("5千克", "5", "千克"),
            ("2百分点", "2", "百分点"),
            ("200余个", "200", "个"),
            ("10多万吨", "100000", "吨"),
            ("2e5x", "2", "e5x"),
        ] {
            assert_eq!(read(text), Some((value.into(), rest.into())), "{text}");
        }
        for text in ["192.168.1.1", "1.2.3", "12345678901234567890", "1e99"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn chinese_numerals() {
        let value = |text: &str| {
            let scan = Scan::new(text);
            chinese(&scan, 0).map(|n| (n.value.to_string(), n.unit, n.end))
        };
        for (text, number, end) in [
            ("三年", "3", 1),
            ("十二英寸", "12", 2),
            ("两百五十吨", "250", 4),
            ("一千零五十", "1050", 5),
            ("三点五倍", "3.5", 3),
            ("五万吨", "50000", 2),
            ("一百二十万元", "1200000", 5),
            ("二十", "20", 2),
        ] {
            assert_eq!(value(text), Some((number.into(), None, end)), "{text}");
        }
        assert_eq!(value("百分之三十五"), Some(("35".into(), Some("%"), 6)));
        assert_eq!(value("百分之95"), Some(("95".into(), Some("%"), 5)));
        assert_eq!(value("三分之二"), Some(("2/3".into(), Some(""), 4)));
        for text in ["二〇二〇年", "千亩", "万能", "百年", "零"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
