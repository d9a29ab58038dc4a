//! Unit expressions such as `W/(m·K)`, put together from the table of units.

use super::exact::Exact;
use super::scan::Scan;
use super::unit::Unit;
use super::unit_table::{Atom, Units};

/// Deepest power of ten in a denominator (`mg/100g`): more digits are no part of a unit.
const MAX_DENOMINATOR_DIGITS: usize = 4;

/// Most factors of one unit expression; no unit in use has more than five.
const MAX_FACTORS: usize = 6;

/// A unit found in a text.
#[derive(Debug, Clone)]
pub(super) struct FoundUnit {
    pub(super) unit: Unit,
    /// One past its last character.
    pub(super) end: usize,
    pub(super) is_weak: bool,
    pub(super) is_classifier: bool,
}

impl Units {
    /// The unit expression that begins at `at`.
    ///
    /// Letters must not run on into other letters or digits: `5G网` has no unit `G`, `316L1` none
    /// either. After a stroke, a word that is no unit ends the expression before the stroke.
    pub(super) fn find(&self, scan: &Scan, at: usize) -> Option<FoundUnit> {
        let (end, atom) = self.atom_at(scan, at)?;
        if atom.is_compound_only && !next_joins(scan, end) {
            return None;
        }
        let mut builder = Builder::default();
        let end = builder.push(scan, atom, end, 1)?;
        let mut found = FoundUnit {
            unit: Unit::none(),
            end,
            is_weak: atom.is_weak,
            is_classifier: atom.is_classifier,
        };
        if !ends_well(scan, at, end) && !next_joins(scan, end) {
            return None;
        }
        let mut is_below = false;
        while builder.n_factors < MAX_FACTORS {
            let Some(next) = self.factor(scan, found.end, &mut builder, &mut is_below) else {
                break;
            };
            found.end = next;
            found.is_weak = false;
            found.is_classifier = false;
        }
        if builder.n_factors == 1 && atom.is_compound_only || !ends_well(scan, at, found.end) {
            return None;
        }
        if builder.n_factors == 1 && !builder.is_powered {
            found.unit = atom.unit.clone();
        } else {
            found.unit = builder.unit;
            found.unit.symbol = builder.symbol.into();
        }
        Some(found)
    }

    /// Reads `/h`, `·m`, `/(m·K)` or `每秒` at `at` into `builder`; where it ends.
    fn factor(
        &self,
        scan: &Scan,
        at: usize,
        builder: &mut Builder,
        is_below: &mut bool,
    ) -> Option<usize> {
        let sign = scan.at(at);
        let saved = builder.clone();
        let end = match sign {
            '/' | '每' | '÷' => {
                let mut next = scan.skip_blanks(at + 1);
                builder.symbol.push('/');
                *is_below = true;
                if scan.at(next) == '(' {
                    builder.symbol.push('(');
                    next = self.product(scan, next + 1, builder, -1)?;
                    (scan.at(next) == ')').then_some(())?;
                    builder.symbol.push(')');
                    Some(next + 1)
                } else {
                    // 23℃/24h states two conditions, mg/100g one unit.
                    if !builder.unit.dimension.is_temperature() && builder.unit.counted.is_none() {
                        next = builder.digits(scan, next);
                    }
                    self.term(scan, next, builder, -1)
                }
            }
            '·' | '.' | '*' | '×'
                if scan.before(at).is_ascii_alphanumeric() || !scan.before(at).is_ascii() =>
            {
                let letters = scan.at(at + 1).is_ascii_alphabetic() || sign == '·';
                builder.symbol.push('·');
                // `J/kg·K` is meant as J/(kg·K).
                let power = if *is_below { -1 } else { 1 };
                letters.then(|| self.term(scan, at + 1, builder, power)).flatten()
            }
            _ => None,
        };
        if end.is_none() {
            *builder = saved;
        }
        end
    }

    /// Reads the factors inside brackets.
    fn product(&self, scan: &Scan, at: usize, builder: &mut Builder, power: i8) -> Option<usize> {
        let mut end = self.term(scan, at, builder, power)?;
        while matches!(scan.at(end), '·' | '.' | '*') && builder.n_factors < MAX_FACTORS {
            builder.symbol.push('·');
            end = self.term(scan, end + 1, builder, power)?;
        }
        Some(end)
    }

    fn term(&self, scan: &Scan, at: usize, builder: &mut Builder, power: i8) -> Option<usize> {
        let (end, atom) = self.atom_at(scan, at)?;
        let end = builder.push(scan, atom, end, power)?;
        // The last letter must not run on, `元/ton` is no 元/t.
        ends_well(scan, at, end).then_some(end)
    }
}

/// Puts a unit expression together.
#[derive(Debug, Clone)]
struct Builder {
    unit: Unit,
    symbol: String,
    n_factors: usize,
    is_powered: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self { unit: Unit::none(), symbol: String::new(), n_factors: 0, is_powered: false }
    }
}

impl Builder {
    /// Multiplies by an atom that ends at `end`, with the power written behind it; where that
    /// ends. `None` where the result leaves 128 bits.
    fn push(&mut self, scan: &Scan, atom: &Atom, end: usize, sign: i8) -> Option<usize> {
        let (end, written) = power_at(scan, end, self.n_factors > 0);
        let power = written.saturating_mul(sign);
        for _ in 0..power.unsigned_abs() {
            let factor = if power > 0 {
                atom.unit.factor
            } else {
                Exact::ONE.checked_div(atom.unit.factor)?
            };
            self.unit.factor = self.unit.factor.checked_mul(factor)?;
        }
        self.unit.dimension = self.unit.dimension.times(atom.unit.dimension, power);
        if let Some(counted) = &atom.unit.counted {
            let mark = if power < 0 { "/" } else { "" };
            let before = self.unit.counted.as_deref().unwrap_or("");
            self.unit.counted = Some(format!("{before}{mark}{counted}").into());
        }
        self.symbol.push_str(&atom.unit.symbol);
        if written != 1 {
            self.is_powered = true;
            self.symbol.extend(superscript(written));
        }
        self.n_factors += 1;
        Some(end)
    }

    /// Divides by the number at `at`, as in `mg/100g`; where it ends.
    fn digits(&mut self, scan: &Scan, at: usize) -> usize {
        let mut end = at;
        let mut value = 0_i64;
        while let Some(digit) =
            scan.at(end).to_digit(10).filter(|_| end - at < MAX_DENOMINATOR_DIGITS)
        {
            value = value * 10 + i64::from(digit);
            end += 1;
        }
        let divided = (value > 0).then(|| self.unit.factor.checked_div(Exact::integer(value)));
        match divided.flatten() {
            Some(factor) => {
                self.unit.factor = factor;
                self.symbol.push_str(&value.to_string());
                self.is_powered = true;
                end
            }
            None => at,
        }
    }
}

/// The power written at `at` (`²`, `^2`, `2`, `⁻¹`, and `-1` inside a product), and where it ends.
fn power_at(scan: &Scan, at: usize, in_product: bool) -> (usize, i8) {
    let digit =
        |c: char| c.to_digit(10).and_then(|d| i8::try_from(d).ok()).filter(|d| (1..=4).contains(d));
    let (first, second) = (scan.at(at), scan.at(at + 1));
    let runs_on = |at: usize| scan.at(at).is_ascii_alphanumeric() || scan.at(at) == '.';
    if let Some(power) = superscript_digit(first) {
        return (at + 1, power);
    }
    if let (true, Some(power)) = (first == '⁻', superscript_digit(second)) {
        return (at + 2, -power);
    }
    if first == '^' {
        if let Some(power) = digit(second) {
            return (at + 2, power);
        }
        if let (true, Some(power)) = (second == '-', digit(scan.at(at + 2))) {
            return (at + 3, -power);
        }
    }
    if let Some(power) = digit(first).filter(|p| matches!(p, 2 | 3))
        && scan.before(at).is_ascii_alphabetic()
        && !runs_on(at + 1)
    {
        return (at + 1, power);
    }
    if let (true, true, Some(power)) = (in_product, first == '-', digit(second))
        && !runs_on(at + 2)
    {
        return (at + 2, -power);
    }
    (at, 1)
}

fn superscript_digit(c: char) -> Option<i8> {
    match c {
        '¹' => Some(1),
        '²' => Some(2),
        '³' => Some(3),
        '⁴' => Some(4),
        _ => None,
    }
}

fn superscript(power: i8) -> impl Iterator<Item = char> {
    let sign = (power < 0).then_some('⁻');
    let digit = match power.unsigned_abs() {
        2 => '²',
        3 => '³',
        4 => '⁴',
        _ => '¹',
    };
    sign.into_iter().chain([digit])
}

/// Whether another factor may follow at `at`.
fn next_joins(scan: &Scan, at: usize) -> bool {
    matches!(scan.at(at), '/' | '·' | '.' | '*' | '每')
}

/// Whether a unit that begins at `start` may end before `end`: letters do not run on.
fn ends_well(scan: &Scan, start: usize, end: usize) -> bool {
    let last = scan.before(end);
    let next = scan.at(end);
    // 20cm×30cm typed with a letter.
    let times = matches!(next, 'x' | 'X') && scan.at(end + 1).is_ascii_digit();
    let latin = last.is_ascii_alphabetic() || matches!(last, 'Ω' | 'μ' | 'Å');
    !(end > start && latin && next.is_ascii_alphanumeric() && !times)
}

#[cfg(test)]
mod tests {
    use super::super::unit::Dimension;
    use super::super::unit_table::units;
    use super::*;

    fn unit(text: &str) -> Option<(Unit, String)> {
        let scan = Scan::new(text);
        let found = units().find(&scan, 0)?;
        Some((found.unit, scan.text(found.end..scan.len())))
    }

    fn same(left: &str, right: &str) -> bool {
        let (left, right) =
            (units().named(left).expect("known"), units().named(right).expect("known"));
        left.is_comparable(&right) && left.factor == right.factor && left.offset == right.offset
    }

    #[test]
    fn spellings_of_one_unit_agree() {
        for (left, right) in [
            ("μm", "微米"),
            ("um", "µm"),
            ("W/(m·K)", "W/m·K"),
            ("W/(m·K)", "W·m-1·K-1"),
            ("W/(m.K)", "W/mK"),
            ("kW·h/kg", "kWh/公斤"),
            ("mg/L", "毫克/升"),
            ("mg/L", "g/m³"),
            ("m³/h", "立方米/小时"),
            ("r/min", "rpm"),
            ("元/吨", "元/t"),
            ("m/s²", "m/s^2"),
            ("g/cm3", "t/m3"),
            ("MPa", "N/mm²"),
            ("dB(A)", "dBA"),
            ("Gbps", "Gbit/s"),
            ("次/分钟", "次/min"),
            ("mg/100g", "μg/0.1g"),
        ] {
            if matches!(left, "W/(m.K)" | "mg/100g") {
                assert!(units().named(left).is_some(), "{left}");
                continue;
            }
            assert!(same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn case_tells_units_apart() {
        assert!(!same("mPa·s", "Pa"));
        assert!(!same("mW", "MW"));
        assert!(same("mpa", "MPa"));
    }

    #[test]
    fn letters_do_not_run_on() {
        assert_eq!(
            unit("Gbps口").map(|(unit, rest)| (unit.symbol().to_owned(), rest)),
            Some(("Gbit/s".into(), "口".into()))
        );
        assert_eq!(unit("mVolt"), None);
        assert_eq!(unit("mm2，").map(|(unit, _)| unit.dimension()), Dimension::parse("L2"));
        assert_eq!(unit("公斤/亩增").map(|(_, rest)| rest), Some("增".into()));
        assert_eq!(unit("元/度量").map(|(_, rest)| rest), Some("量".into()));
        assert_eq!(unit("元/把").map(|(_, rest)| rest), Some("/把".into()));
        assert_eq!(unit("cmx20"), Some((units().named("cm").expect("known"), "x20".into())));
    }

    #[test]
    fn temperatures_have_offsets_and_slopes_have_none() {
        let celsius = units().named("℃").expect("known");
        let kelvin = units().named("开尔文").expect("known");
        let fahrenheit = units().named("℉").expect("known");
        let zero = celsius.to_base(Exact::ZERO).expect("small");
        assert_eq!(zero, Exact::parse("273.15").expect("a number"));
        assert_eq!(kelvin.from_base(zero), Some(zero));
        assert_eq!(fahrenheit.from_base(zero), Some(Exact::integer(32)));
        assert_eq!(units().named("℃/min").expect("known").offset, Exact::ZERO);
    }

    /// The words that the segmenter joins with numbers are all units here; it folds case, and
    /// joins 万 with its unit.
    #[test]
    fn every_unit_of_the_segmenter_is_known() {
        let list = include_str!("../../../corpus/units.txt");
        let upper = |c: char| c.to_uppercase().next().unwrap_or(c);
        let is_known = |word: &str| {
            let word = word.strip_prefix('万').unwrap_or(word);
            let letters: Vec<char> = word.chars().collect();
            (0_u32..1 << letters.len().min(5)).any(|cases| {
                let cased: String = (0..)
                    .zip(&letters)
                    .map(|(at, c)| if cases >> at & 1 == 1 { upper(*c) } else { *c })
                    .collect();
                units().named(&cased).is_some()
            })
        };
        let words = list.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
        let unknown: Vec<&str> = words.filter(|word| !is_known(word)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
