//! Splits text into sentences, for quotes and passages.

use std::ops::Range;

use super::technical::is_han;

/// A sentence longer than this is split at its commas, in characters.
///
/// About three lines of a list cell: enough context for a quote, short enough to be read.
pub const MAX_SENTENCE_CHARS: usize = 120;

/// The byte ranges of the sentences of `text`, in order, without surrounding white space.
///
/// A sentence ends at `。！？；!?;…`, at a line break (but not at a question mark that replaces a
/// lost character, `β？Ga2O3`), and at a full stop that is neither a decimal
/// point (`3.5`), nor inside a name (`v2.0`, `U.S.A`), nor after a list number (`1. `). Closing
/// quotation marks and brackets stay with their sentence. A sentence of more than
/// [`MAX_SENTENCE_CHARS`] is split after commas, colons and `、`, or where it has none, at that
/// length. The ranges are disjoint and together hold every character that is not white space.
#[must_use]
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        if !ends_sentence(text, start, at, c) {
            continue;
        }
        if !is_line_break(c) {
            while let Some((at, c)) = chars.next_if(|&(_, c)| closes(c) || is_ender(c)) {
                end = at + c.len_utf8();
            }
        }
        push_split(text, start..end, &mut found);
        start = end;
    }
    push_split(text, start..text.len(), &mut found);
    found
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is_ender(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '…' | '｡')
}

fn closes(c: char) -> bool {
    matches!(c, '”' | '’' | '"' | '\'' | '」' | '』' | '）' | ')' | '】' | '》')
}

/// Whether the character `c` at byte `at` ends the sentence that began at `start`.
fn ends_sentence(text: &str, start: usize, at: usize, c: char) -> bool {
    if matches!(c, '?' | '？') && between_letters(text, at, c) {
        return false;
    }
    if is_ender(c) || is_line_break(c) {
        return true;
    }
    if !matches!(c, '.' | '．') {
        return false;
    }
    let before = text[start..at].trim_start();
    let list_number = before.len() <= 3 && before.chars().all(|c| c.is_ascii_digit());
    let next = text[at + c.len_utf8()..].chars().next();
    // A single letter before the stop is an initial or an abbreviation (`A. Smith`, `i.e. `).
    let initial = before.chars().next_back().is_some_and(|c| c.is_ascii_alphabetic())
        && before.chars().rev().nth(1).is_none_or(|c| !c.is_alphanumeric());
    !list_number
        && !initial
        && next.is_none_or(|next| next.is_whitespace() || closes(next) || !next.is_ascii())
}

/// Whether the question mark `c` at byte `at` stands between letters or digits that are not
/// Chinese: what is left of a character that a conversion lost (`β？Ga2O3`), or of a web address.
fn between_letters(text: &str, at: usize, c: char) -> bool {
    let letter = |c: char| c.is_alphanumeric() && !is_han(c);
    text[..at].ends_with(letter) && text[at + c.len_utf8()..].starts_with(letter)
}

/// Adds `range` without its white space, split where it is too long.
fn push_split(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut start = range.start;
    let mut n_chars = 0;
    // Byte offset after the last comma, and how many characters came after it.
    let mut comma: Option<(usize, usize)> = None;
    let skipped = text[range.clone()].len() - text[range.clone()].trim_start().len();
    for (at, c) in text[range.clone()].char_indices().skip_while(|&(at, _)| at < skipped) {
        if n_chars == MAX_SENTENCE_CHARS {
            let here = range.start + at;
            let (cut, left) = comma.take().unwrap_or((here, 0));
            push_trimmed(text, start..cut, found);
            start = cut;
            n_chars = left;
        }
        n_chars += 1;
        if let Some((_, after)) = &mut comma {
            *after += 1;
        }
        if matches!(c, '，' | ',' | '、' | '：' | ':') && !splits_number(text, range.start + at)
        {
            comma = Some((range.start + at + c.len_utf8(), 0));
        }
    }
    push_trimmed(text, start..range.end, found);
}

/// Whether the comma or colon at byte `at` stands between digits: `1,000`, `1:1`.
fn splits_number(text: &str, at: usize) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1))
}

fn push_trimmed(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    let end = range.start + part.trim_end().len();
    if start < end {
        found.push(start..end);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn ends_at_marks_and_lines() {
        assert_eq!(
            split("精度不低于3.5μm。成本低！能否国产？；寻求合作\n 第二段"),
            ["精度不低于3.5μm。", "成本低！", "能否国产？；", "寻求合作", "第二段"]
        );
        assert_eq!(split("β？Ga2O3薄膜？不是"), ["β？Ga2O3薄膜？", "不是"]);
        assert_eq!(split("他说“可以。”然后签约"), ["他说“可以。”", "然后签约"]);
        assert_eq!(split(""), Vec::<&str>::new());
        assert_eq!(split(" \n "), Vec::<&str>::new());
    }

    #[test]
    fn full_stops_are_told_from_points() {
        assert_eq!(split("1. 提高效率；2. 降低能耗"), ["1. 提高效率；", "2. 降低能耗"]);
        assert_eq!(split("1.提高效率\n12．降低能耗"), ["1.提高效率", "12．降低能耗"]);
        assert_eq!(split("基于v2.0的系统.本产品"), ["基于v2.0的系统.", "本产品"]);
        assert_eq!(split("It works. Yes, i.e. it does."), ["It works.", "Yes, i.e. it does."]);
        assert_eq!(split("见www.example.com.cn网站"), ["见www.example.com.cn网站"]);
    }

    #[test]
    fn long_clauses_are_split_at_commas() {
        let clause = "采用自主研发的高温合金精密铸造工艺".repeat(3);
        let text = format!("{clause}，{clause}，{clause}。");
        let parts = split(&text);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].chars().count(), 2 * 51 + 2);
        assert_eq!(parts.concat(), text);
        let endless = "铸".repeat(300);
        assert_eq!(
            split(&endless).iter().map(|s| s.chars().count()).collect::<Vec<_>>(),
            [120, 120, 60]
        );
    }

    proptest! {
        #[test]
        fn every_visible_character_is_in_one_sentence(
            text in "([\\PC]{0,12}|[0-9. ,;\n。，；！”a-c铸造]{0,40}|铸{0,130}){0,6}"
        ) {
            let mut last = 0;
            let mut seen = String::new();
            for range in sentences(&text) {
                prop_assert!(range.start >= last && range.start < range.end);
                last = range.end;
                let sentence = &text[range];
                prop_assert_eq!(sentence.trim(), sentence);
                // Enders and closing marks after the limit may be added to the last part.
                prop_assert!(sentence.chars().count() <= MAX_SENTENCE_CHARS);
                seen.extend(sentence.chars().filter(|c| !c.is_whitespace()));
            }
            let all: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(seen, all);
        }
    }
}
