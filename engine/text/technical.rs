//! Finds technical expressions: codes, grades, alloys, quantities, names in Latin letters.
//!
//! Works on folded text. A *compound* is what belongs together (`ti-6al-4v`, `h01l21/02`,
//! `1×10-6pa`); its *atoms* are what the joining marks separate (`ti`, `6al`, `4v`).

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// Whether a character is a Chinese ideograph.
pub(super) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{4E00}'..='\u{9FFF}' | '\u{3005}' | '\u{3007}' | '\u{3400}'..='\u{4DBF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2EBEF}' | '\u{2F800}'..='\u{2FA1F}')
}

/// Whether a character can stand in an atom: a letter or digit of any script but Chinese, a
/// mark on one, or the degree sign.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (!c.is_ascii()
            && !is_han(c)
            && (c.is_alphanumeric() || c == '°' || is_combining_mark(c)))
}

/// Reads the compound that begins at byte `start`, where [`is_word`] holds.
///
/// Fills `atoms` with the byte ranges of its atoms, in order, and returns where it ends.
pub(super) fn scan(text: &str, start: usize, atoms: &mut Vec<Range<usize>>) -> usize {
    atoms.clear();
    let mut atom = start;
    let mut at = start;
    while let Some(c) = char_at(text, at) {
        if is_word(c) {
            at += c.len_utf8();
            continue;
        }
        let after = at + c.len_utf8();
        let digit_before = text[..at].ends_with(|c: char| c.is_ascii_digit());
        let joins = char_at(text, after).is_some_and(is_word);
        match c {
            // `5g+工业` is no sign of `5g`; c++, li+ are names; c++11 is c++ and 11; a+b is a and b.
            '+' if char_at(text, after).is_some_and(is_han) => break,
            '+' => {
                let end = at + text[at..].len() - text[at..].trim_start_matches('+').len();
                let joins = char_at(text, end).is_some_and(is_word);
                if joins && end == after {
                    atoms.push(atom..at);
                    at = end;
                    atom = end;
                } else {
                    at = end;
                    if joins {
                        atoms.push(atom..at);
                        atom = at;
                    }
                }
            }
            '#' if !joins => at = after,
            '%' | '‰' if digit_before => {
                at = after;
                if joins {
                    break;
                }
            }
            '.' if digit_before && digits_at(text, after) > 0 => at = after,
            ',' if digit_before && digits_at(text, after) == 3 => at = after,
            '-' | '/' | '.' | '_' | '&' | '\'' | '·' | '×' | '*' if joins => {
                atoms.push(atom..at);
                at = after;
                atom = after;
            }
            _ => break,
        }
    }
    if atom < at {
        atoms.push(atom..at);
    }
    at
}

/// How an atom is made, where it has parts worth finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// Nothing to take apart.
    Plain,
    /// A number and a unit; the offset where the unit begins.
    NumberUnit(usize),
    /// A word with trailing signs (`c++`, `99.9%`); where the signs begin.
    Signed(usize),
    /// A classification group such as `h01l21`; where the subclass `h01l` ends.
    Group(usize),
}

/// Takes an atom apart. `is_unit` knows the units written in letters.
pub(super) fn inside(atom: &str, is_unit: impl Fn(&str) -> bool) -> Inside {
    let bare = atom.trim_end_matches(['+', '#', '%', '‰']).len();
    if bare < atom.len() {
        return if bare == 0 { Inside::Plain } else { Inside::Signed(bare) };
    }
    let number = number_len(atom);
    if number > 0 && number < atom.len() && is_unit(&atom[number..]) {
        return Inside::NumberUnit(number);
    }
    if is_group(atom.as_bytes()) { Inside::Group(4) } else { Inside::Plain }
}

/// A compound without its hyphens, where it is also written so: `rs-485` and `rs485`, `5052-h32`,
/// `ti-6al-4v`. `None` without hyphens, with other joining marks, without a digit or a letter, and
/// where two digits would run together.
pub(super) fn joined(compound: &str) -> Option<String> {
    let bytes = compound.as_bytes();
    let has = |of: fn(&u8) -> bool| bytes.iter().any(of);
    let sound = bytes.windows(3).all(|w| {
        w[1] != b'-'
            || (w[0].is_ascii_alphanumeric()
                && w[2].is_ascii_alphanumeric()
                && !(w[0].is_ascii_digit() && w[2].is_ascii_digit()))
    });
    (has(|b| *b == b'-')
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && sound)
        .then(|| compound.replace('-', ""))
}

/// How many bytes at the beginning of `text` are a decimal number.
pub(super) fn number_len(text: &str) -> usize {
    let digits =
        text.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b',')).count();
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        text[..digits].trim_end_matches(['.', ',']).len()
    } else {
        0
    }
}

/// Patent and application numbers (`zl201720001285.x`, `cn105123456a`): the range of the digits,
/// and where the number with its check digit ends. `None` for everything else.
pub(super) fn patent_number(text: &str) -> Option<(Range<usize>, usize)> {
    let prefix = if text.starts_with("zl") || text.starts_with("cn") { 2 } else { 0 };
    let n_digits = digits_at(text, prefix);
    let end = prefix + n_digits;
    let rest = &text.as_bytes()[end..];
    let check_end = match rest {
        [b'.', check, ..] if check.is_ascii_digit() || *check == b'x' => end + 2,
        _ => end,
    };
    let kind_is_sound = match &text.as_bytes()[check_end..] {
        [] => true,
        [kind] => kind.is_ascii_lowercase(),
        [kind, level] => kind.is_ascii_lowercase() && level.is_ascii_digit(),
        _ => false,
    };
    // Publication numbers have 7 to 9 digits, application numbers 8 (until 2003) or 12. Without a
    // prefix only the form with a check digit is unmistakable.
    let is_number = (7..=13).contains(&n_digits)
        && kind_is_sound
        && (prefix > 0 || (n_digits >= 8 && check_end > end));
    is_number.then_some((prefix..end, check_end))
}

/// A granted Chinese patent's number as certificates print it, `zl 2017 2 0001285.x`, at the
/// beginning of `text`: where it ends. The form without spaces is a compound already.
pub(super) fn spaced_patent(text: &str) -> Option<usize> {
    let mut at = text.strip_prefix("zl").map(|_| 2)?;
    // Year, kind and serial number; the first space may be missing.
    for (n_digits, space_needed) in [(4, false), (1, true), (7, true)] {
        if text[at..].starts_with(' ') {
            at += 1;
        } else if space_needed {
            return None;
        }
        if digits_at(text, at) != n_digits {
            return None;
        }
        at += n_digits;
    }
    match text.as_bytes()[at..] {
        [b'.', check, ..] if check.is_ascii_digit() || check == b'x' => {}
        _ => return None,
    }
    at += 2;
    (!char_at(text, at).is_some_and(is_word)).then_some(at)
}

/// A classification symbol printed with a space, `h01l 21/02`: given its subclass and what
/// follows the space, the length of the main group and of the whole rest.
pub(super) fn spaced_symbol(subclass: &str, rest: &str) -> Option<(usize, usize)> {
    let is_subclass = subclass.len() == 4 && is_group(format!("{subclass}1").as_bytes());
    let group = digits_at(rest, 0);
    if !is_subclass || !(1..=4).contains(&group) || rest.as_bytes().get(group) != Some(&b'/') {
        return None;
    }
    let subgroup = digits_at(rest, group + 1);
    let end = group + 1 + subgroup;
    ((2..=6).contains(&subgroup) && !char_at(rest, end).is_some_and(is_word))
        .then_some((group, end))
}

/// `h01l21`: section, class, subclass, main group.
fn is_group(atom: &[u8]) -> bool {
    let [section, class1, class2, subclass, group @ ..] = atom else { return false };
    matches!(section, b'a'..=b'h' | b'y')
        && class1.is_ascii_digit()
        && class2.is_ascii_digit()
        && subclass.is_ascii_lowercase()
        && (1..=4).contains(&group.len())
        && group.iter().all(u8::is_ascii_digit)
}

/// The character that begins at byte `at`, if any.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text[at..].chars().next()
}

/// How many ASCII digits stand at byte `at`.
fn digits_at(text: &str, at: usize) -> usize {
    text.as_bytes()[at..].iter().take_while(|b| b.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atoms(text: &str) -> (Vec<&str>, &str) {
        let mut ranges = Vec::new();
        let end = scan(text, 0, &mut ranges);
        (ranges.into_iter().map(|range| &text[range]).collect(), &text[end..])
    }

    #[test]
    fn compounds_end_where_they_should() {
        assert_eq!(atoms("ti-6al-4v合金"), (vec!["ti", "6al", "4v"], "合金"));
        assert_eq!(atoms("c++,java"), (vec!["c++"], ",java"));
        assert_eq!(atoms("c++11"), (vec!["c++", "11"], ""));
        assert_eq!(atoms("a+b"), (vec!["a", "b"], ""));
        assert_eq!(atoms("c#编程"), (vec!["c#"], "编程"));
        assert_eq!(atoms("3.5ghz。"), (vec!["3.5ghz"], "。"));
        assert_eq!(atoms("1,000kg"), (vec!["1,000kg"], ""));
        assert_eq!(atoms("1,2"), (vec!["1"], ",2"));
        assert_eq!(atoms("99.9%以上"), (vec!["99.9%"], "以上"));
        assert_eq!(atoms("5%nacl"), (vec!["5%"], "nacl"));
        assert_eq!(atoms("800°c"), (vec!["800°c"], ""));
        assert_eq!(atoms("end. next"), (vec!["end"], ". next"));
    }

    #[test]
    fn names_are_joined_and_numbers_are_not() {
        assert_eq!(joined("rs-485").as_deref(), Some("rs485"));
        assert_eq!(joined("ti-6al-4v").as_deref(), Some("ti6al4v"));
        assert_eq!(joined("5052-h32").as_deref(), Some("5052h32"));
        for other in ["rs485", "10-20mm", "wi-fi", "2022-10", "pd-1/pd-l1", "α-1", "1×10-6pa"] {
            assert_eq!(joined(other), None, "{other}");
        }
    }

    #[test]
    fn patent_numbers_are_known() {
        assert_eq!(patent_number("zl201720001285.x"), Some((2..14, 16)));
        assert_eq!(patent_number("cn105123456a"), Some((2..11, 11)));
        assert_eq!(patent_number("cn105123456b2"), Some((2..11, 11)));
        assert_eq!(patent_number("201720001285.8"), Some((0..12, 14)));
        assert_eq!(patent_number("13800000000"), None);
        assert_eq!(patent_number("zl50"), None);
        assert_eq!(spaced_patent("zl 2017 2 0001285.x号"), Some(19));
        assert_eq!(spaced_patent("zl2017 2 0001285.8"), Some(18));
        assert_eq!(spaced_patent("zl 2017 2 0001285"), None);
        assert_eq!(spaced_patent("zl 2017 2 0001285.x1"), None);
    }

    #[test]
    fn symbols_with_a_space_are_known() {
        assert_eq!(spaced_symbol("h01l", "21/02(2006.01)"), Some((2, 5)));
        assert_eq!(spaced_symbol("h01l", "21/2"), None);
        assert_eq!(spaced_symbol("h01", "21/02"), None);
        assert_eq!(spaced_symbol("z01l", "21/02"), None);
    }
}
