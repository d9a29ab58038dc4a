//! Signs that mean something only beside their neighbours: broken lines, spaced letters, `x` as
//! a multiplication sign, powers, look-alikes.
//!
//! Works on folded text, in which a line break is still `\n`.

use std::borrow::Cow;
use std::ops::Range;

use super::technical::{char_at, is_han};

/// A stretch of folded text and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) with: Cow<'static, str>,
}

/// The edits that `text` needs, ascending and disjoint; none where everything is in order.
///
/// - A line break between two Chinese characters goes: lines of a copied page break inside words.
/// - `-` at the end of a line between two small letters goes with the break, unless the word has a
///   hyphen already (`state-of-⏎the-art` keeps it).
/// - Blanks between at least three single Chinese characters go: `技 术 指 标`.
/// - `x` and `*` between digits are `×`, as in `100x200`, but not in `0x1f`.
/// - `^` goes where no digit would run into another: `m^2`, `10^-6`; `10^6` stays.
/// - Blanks around the stroke of a classification symbol go: `h02k 17 / 02`.
/// - Cyrillic letters that look Latin are Latin in a word that is Latin otherwise.
/// - Character references of HTML are what they stand for: `25&deg;C`, `&#8804;`; `fold` gives the
///   normal form of a character that stands alone, `None` for those that would join others.
/// - Of several blanks one stays, and none at the ends.
///
/// Every edit shortens the text or replaces a sign that no rule looks for again, so that applying
/// them until none is left ends.
pub(super) fn edits(text: &str, fold: &dyn Fn(char) -> Option<String>) -> Vec<Edit> {
    let bytes = text.as_bytes();
    let mut found: Vec<Edit> = Vec::new();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|b| is_trigger(*b)) {
        at += skipped;
        let end = found.last().map_or(0, |last| last.range.end);
        let edit = match bytes[at] {
            _ if at < end => None,
            b'&' => reference(text, at, fold),
            _ => edit_at(text, at).map(|(range, with)| (range, Cow::Borrowed(with))),
        };
        match edit {
            Some((range, with)) if range.start >= end => {
                at = range.end.max(at + 1);
                found.push(Edit { range, with });
            }
            _ => at += 1,
        }
    }
    found
}

/// Bytes at which a rule may begin: the signs themselves, and the lead bytes of Cyrillic.
const fn is_trigger(byte: u8) -> bool {
    matches!(byte, b'\n' | b' ' | b'x' | b'*' | b'^' | b'/' | b'&' | 0xD0 | 0xD1)
}

fn edit_at(text: &str, at: usize) -> Option<(Range<usize>, &'static str)> {
    let before = text[..at].chars().next_back();
    // The signs of the rules that look ahead are one byte long.
    let after = text.get(at + 1..).and_then(|rest| rest.chars().next());
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    match text.as_bytes()[at] {
        b'\n' => match before {
            Some(c) if is_han(c) && after.is_some_and(is_han) => Some((at..at + 1, "")),
            Some('-') if hyphenated(text, at) => Some((at - 1..at + 1, "")),
            _ => None,
        },
        b' ' if at == 0
            || matches!(before, Some(' ' | '\n'))
            || matches!(after, None | Some('\n')) =>
        {
            Some((at..at + 1, ""))
        }
        b' ' if spaced(text, at) => Some((at..at + 1, "")),
        b'x' | b'*' if digit(before) && digit(after) && !is_hexadecimal(&text[..at]) => {
            Some((at..at + 1, "×"))
        }
        b'^' => {
            let negative = after == Some('-') && digit(char_at(text, at + 2));
            let power = before.is_some_and(char::is_alphabetic) && digit(after);
            (before.is_some_and(char::is_alphanumeric) && (negative || power))
                .then_some((at..at + 1, ""))
        }
        b'/' => stroke(text, at).map(|range| (range, "/")),
        0xD0 | 0xD1 => look_alike(text, at),
        _ => None,
    }
}

/// Whether the `-` before the break at `at` divides a word rather than joining two.
fn hyphenated(text: &str, at: usize) -> bool {
    let head = &text[..at - 1];
    let word = &head[head.rfind(char::is_whitespace).map_or(0, |space| space + 1)..];
    let small = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase());
    small(word.chars().next_back()) && !word.contains('-') && small(char_at(text, at + 1))
}

/// Whether the blank at `at` stands between single Chinese characters, three or more in a row.
fn spaced(text: &str, at: usize) -> bool {
    // Single: a Chinese character with a blank, or nothing Chinese, on its far side.
    let left = |end: usize| {
        let c = text[..end].chars().next_back().filter(|&c| is_han(c))?;
        let start = end - c.len_utf8();
        (!text[..start].ends_with(is_han)).then_some(start)
    };
    let right = |start: usize| {
        let c = char_at(text, start).filter(|&c| is_han(c))?;
        let end = start + c.len_utf8();
        (!text[end..].starts_with(is_han)).then_some(end)
    };
    let (Some(start), Some(end)) = (left(at), right(at + 1)) else { return false };
    let further_left = text[..start].ends_with(' ') && left(start - 1).is_some();
    let further_right = text[end..].starts_with(' ') && right(end + 1).is_some();
    further_left || further_right
}

/// Whether what precedes an `x` is a lone zero.
fn is_hexadecimal(head: &str) -> bool {
    head.strip_suffix('0')
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
}

/// The stroke at `at` with the blanks around it, where a classification symbol surrounds it.
fn stroke(text: &str, at: usize) -> Option<Range<usize>> {
    let head = text[..at].strip_suffix(' ').unwrap_or(&text[..at]);
    let tail = text[at + 1..].strip_prefix(' ').unwrap_or(&text[at + 1..]);
    let range = head.len()..text.len() - tail.len();
    if range.len() == 1 || !tail.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let group = head.trim_end_matches(|c: char| c.is_ascii_digit());
    let subclass = group.strip_suffix(' ').unwrap_or(group).as_bytes();
    let n_digits = head.len() - group.len();
    let [.., section, tens, ones, letter] = subclass else { return None };
    let is_symbol = (1..=4).contains(&n_digits)
        && matches!(section, b'a'..=b'h' | b'y')
        && tens.is_ascii_digit()
        && ones.is_ascii_digit()
        && letter.is_ascii_lowercase();
    is_symbol.then_some(range)
}

/// How far a word is looked at in either direction; longer ones are no words.
const MAX_WORD_CHARS: usize = 64;

/// Names of HTML's character references that lists are known to hold, folded like all text, and the
/// folded character.
const REFERENCES: [(&str, &str); 34] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ensp", " "),
    ("emsp", " "),
    ("deg", "°"),
    ("plusmn", "±"),
    ("times", "×"),
    ("micro", "μ"),
    ("mu", "μ"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("lambda", "λ"),
    ("phi", "φ"),
    ("omega", "ω"),
    ("le", "≤"),
    ("ge", "≥"),
    ("permil", "‰"),
    ("middot", "·"),
    ("bull", "·"),
    ("ndash", "-"),
    ("mdash", "-"),
    ("hellip", "..."),
    ("ldquo", "\""),
    ("rdquo", "\""),
    ("lsquo", "'"),
    ("rsquo", "'"),
    ("sup2", "2"),
    ("sup3", "3"),
];

/// The longest reference that is looked at, in bytes after the `&`.
const MAX_REFERENCE: usize = 10;

/// The character reference that begins with the `&` at `at`.
fn reference(
    text: &str,
    at: usize,
    fold: &dyn Fn(char) -> Option<String>,
) -> Option<(Range<usize>, Cow<'static, str>)> {
    let rest = &text[at + 1..];
    let length = rest.bytes().take(MAX_REFERENCE).position(|byte| byte == b';')?;
    let (name, range) = (rest.get(..length)?, at..at + length + 2);
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        // A mark that follows would join what the reference stands for.
        let after = char_at(text, range.end);
        let alone = after.is_none_or(|after| fold(after).is_some());
        let folded = code.ok().and_then(char::from_u32).filter(|_| alone).and_then(fold)?;
        return Some((range, if folded.is_empty() { " ".into() } else { folded.into() }));
    }
    let (_, with) = REFERENCES.iter().find(|(known, _)| *known == name)?;
    Some((range, Cow::Borrowed(with)))
}

/// Small Cyrillic letters whose capital looks like a Latin one, with that one.
const LOOK_ALIKES: [(char, &str); 14] = [
    ('а', "a"),
    ('в', "b"),
    ('е', "e"),
    ('к', "k"),
    ('м', "m"),
    ('н', "h"),
    ('о', "o"),
    ('р', "p"),
    ('с', "c"),
    ('т', "t"),
    ('у', "y"),
    ('х', "x"),
    ('і', "i"),
    ('ѕ', "s"),
];

/// A Cyrillic look-alike at `at` in a word of Latin letters and look-alikes only.
fn look_alike(text: &str, at: usize) -> Option<(Range<usize>, &'static str)> {
    let latin = |c: char| LOOK_ALIKES.iter().find(|(from, _)| *from == c).map(|(_, to)| *to);
    let c = char_at(text, at)?;
    let to = latin(c)?;
    let is_letter = |c: &char| c.is_alphabetic() && !is_han(*c);
    let tail = text[at..].chars().take(MAX_WORD_CHARS).take_while(is_letter);
    let head = text[..at].chars().rev().take(MAX_WORD_CHARS).take_while(is_letter);
    let end = at + tail.map(char::len_utf8).sum::<usize>();
    let start = at - head.map(char::len_utf8).sum::<usize>();
    let word = &text[start..end];
    let is_latin = word.contains(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || latin(c).is_some());
    is_latin.then_some((at..at + c.len_utf8(), to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str) -> String {
        let mut out = text.to_owned();
        let fold = |c: char| (c != '\u{301}').then(|| c.to_string());
        for edit in edits(text, &fold).into_iter().rev() {
            out.replace_range(edit.range, &edit.with);
        }
        out
    }

    #[test]
    fn signs_are_read_by_their_neighbours() {
        for (text, expected) in [
            ("碳化\n硅", "碳化硅"),
            ("碳化硅\nsic", "碳化硅\nsic"),
            ("semi-\nconductor", "semiconductor"),
            ("state-of-\nthe-art", "state-of-\nthe-art"),
            ("pd-\n1", "pd-\n1"),
            ("技 术 指 标", "技术指标"),
            ("1 技 术 指 标:", "1 技术指标:"),
            ("衬底 外延 抛光", "衬底 外延 抛光"),
            ("铜 铝", "铜 铝"),
            ("碳 化 硅 材料", "碳化硅 材料"),
            ("100x200x300mm", "100×200×300mm"),
            ("0x1f 10x1", "0x1f 10×1"),
            ("m12x1.5", "m12×1.5"),
            ("4*6", "4×6"),
            ("m^2 10^-6 10^6 cm^-1", "m2 10-6 10^6 cm-1"),
            ("h02k 17 / 02", "h02k 17/02"),
            ("h02k17 /02", "h02k17/02"),
            ("1 / 2", "1 / 2"),
            ("25&deg;c &lt;3&mu;m &amp;lt;", "25°c <3μm &lt;"),
            ("&#30899;&#x5316;硅 r&d; &#769; &#97;\u{301}", "碳化硅 r&d; &#769; &#97;\u{301}"),
            ("a  b \n c", "a b\nc"),
            // Cyrillic с and о, and a word that is Cyrillic throughout.
            ("\u{441}o2", "co2"),
            ("\u{441}\u{43e}x", "cox"),
            ("\u{441}\u{43e}\u{43a}", "\u{441}\u{43e}\u{43a}"),
            ("xж\u{441}", "xж\u{441}"),
        ] {
            assert_eq!(edited(text), expected, "{text:?}");
        }
    }
}
