//! Clauses: what stands between commas, with the headings and list numbers around them.

use std::ops::Range;

use super::lexicon::{LEXICON, Section};
use super::trimmed;

/// A stretch of text without a comma or full stop in it, numbering and end marks taken off.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// Where it stands; never empty.
    pub(super) bytes: Range<usize>,
    /// Number of its sentence.
    pub(super) sentence: usize,
    /// Whether a list number stands before it.
    pub(super) item: bool,
    /// The section that begins here.
    pub(super) heading: Option<Section>,
    /// Whether an unknown heading ends the section before it.
    pub(super) resets: bool,
}

/// Longest text before a colon that can be a heading, in characters.
const LONGEST_HEADING: usize = 20;

/// The clauses of a text in order; ranges are ascending and disjoint. Linear in its length.
pub(super) fn clauses(text: &str) -> Vec<Clause> {
    let mut splitter = Splitter {
        text,
        start: 0,
        sentence: 0,
        item: false,
        first: true,
        heading: None,
        resets: false,
        found: Vec::new(),
    };
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let end = at + c.len_utf8();
        if (at == splitter.start || splitter.may_begin_item(at))
            && let Some(length) = numbering(&text[at..])
        {
            splitter.cut(at, at);
            splitter.begin_item(at + length);
            skip_to = at + length;
            continue;
        }
        match c {
            '【' => {
                splitter.cut(at, at);
                if let Some(length) = text[at..].find('】').filter(|&n| n <= 3 * LONGEST_HEADING) {
                    splitter.open_section(at + '【'.len_utf8()..at + length);
                    skip_to = at + length + '】'.len_utf8();
                    splitter.start = skip_to;
                }
            }
            '：' | ':' if splitter.may_end_heading(at, end) => {
                splitter.open_section(splitter.start..at);
                splitter.start = end;
            }
            '。' | '！' | '？' | '!' | '?' | '；' | ';' | '｡' => {
                splitter.end_sentence(at, end);
            }
            '\n' | '\r' => splitter.end_line(at, end),
            '.' if text[end..].starts_with(|c: char| c.is_whitespace())
                && text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) =>
            {
                splitter.end_sentence(at, end);
            }
            '.' if end == text.len() => splitter.end_sentence(at, end),
            '，' | ',' if !between_digits(text, at, end) => splitter.cut(at, end),
            // A heading may be set off by a blank only: 应用领域 用于图像处理.
            c if c.is_whitespace() && splitter.first => {
                let word = trimmed(text, splitter.start..at);
                if let Some(section) = LEXICON.whole_heading(&text[word.clone()])
                    && text[word].chars().nth(1).is_some()
                {
                    splitter.heading = Some(section);
                    splitter.start = end;
                }
            }
            _ => {}
        }
    }
    let end = text.len();
    splitter.cut(end, end);
    splitter.found
}

struct Splitter<'t> {
    text: &'t str,
    start: usize,
    sentence: usize,
    item: bool,
    first: bool,
    heading: Option<Section>,
    resets: bool,
    found: Vec<Clause>,
}

impl Splitter<'_> {
    /// Ends the clause before `end`; the next begins at `next`.
    fn cut(&mut self, end: usize, next: usize) {
        let bytes = trimmed(self.text, self.start..end.max(self.start));
        // A heading waits for the first clause below it.
        if self.text[bytes.clone()].chars().any(char::is_alphanumeric) {
            self.first = false;
            self.found.push(Clause {
                bytes,
                sentence: self.sentence,
                item: std::mem::take(&mut self.item),
                heading: self.heading.take(),
                resets: std::mem::take(&mut self.resets),
            });
        }
        self.start = next.max(self.start);
    }

    fn end_sentence(&mut self, end: usize, next: usize) {
        self.cut(end, next);
        self.sentence += 1;
        self.first = true;
    }

    fn end_line(&mut self, end: usize, next: usize) {
        // A line that is nothing but a heading types the lines below it.
        let line = trimmed(self.text, self.start..end);
        if self.first
            && let Some(section) = LEXICON.whole_heading(&self.text[line])
        {
            self.heading = Some(section);
            self.start = next;
            return;
        }
        self.end_sentence(end, next);
    }

    fn begin_item(&mut self, at: usize) {
        self.sentence += 1;
        self.start = at;
        self.item = true;
        self.first = true;
    }

    /// Whether a list number may begin at `at`, not at the beginning of a clause: after a mark or
    /// a blank, or any bracketed or circled one.
    fn may_begin_item(&self, at: usize) -> bool {
        let before = self.text[..at].chars().next_back();
        let opens = self.text[at..]
            .starts_with(|c: char| matches!(c, '（' | '(' | '\u{2460}'..='\u{2473}'));
        before.is_none_or(|c| c.is_whitespace() || "；;。：:，,、".contains(c)) || opens
    }

    /// Whether the text since the clause's beginning can be a heading that ends in a colon.
    fn may_end_heading(&self, at: usize, end: usize) -> bool {
        let word = self.text[self.start..at].trim();
        !word.is_empty()
            && word.chars().nth(LONGEST_HEADING).is_none()
            && !between_digits(self.text, at, end)
    }

    /// Takes the words at `range` for a heading where they are one; otherwise a short one that
    /// opens a sentence ends the section before it.
    fn open_section(&mut self, range: Range<usize>) {
        const SHORT: usize = 8;
        let word = &self.text[range];
        match LEXICON.heading(word) {
            Some(section) => {
                // Two headings in a row: the first has nothing below it.
                self.heading = Some(section);
                self.resets = false;
                self.sentence += 1;
                self.first = true;
            }
            None if self.first && !self.item && word.trim().chars().nth(SHORT).is_none() => {
                self.resets = true;
                self.heading = None;
                self.sentence += 1;
            }
            None => {}
        }
    }
}

/// Whether the mark at `at..end` stands between digits: `1,000`, `1:1`.
fn between_digits(text: &str, at: usize, end: usize) -> bool {
    text[..at].ends_with(|c: char| c.is_ascii_digit())
        && text[end..].starts_with(|c: char| c.is_ascii_digit())
}

/// Length in bytes of the list number at the beginning of `text`: `1、` `2.` `3）` `（4）` `①` `一、`.
fn numbering(text: &str) -> Option<usize> {
    const HAN: &str = "一二三四五六七八九十";
    let first = text.chars().next()?;
    if ('\u{2460}'..='\u{2473}').contains(&first) {
        return Some(first.len_utf8());
    }
    let open = matches!(first, '（' | '(');
    let start = if open { first.len_utf8() } else { 0 };
    let rest = &text[start..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).take(3).count();
    let number = if digits > 0 {
        digits
    } else {
        let han: usize =
            rest.chars().take_while(|c| HAN.contains(*c)).take(2).map(char::len_utf8).sum();
        han
    };
    if number == 0 || digits > 2 {
        return None;
    }
    let mark = rest[number..].chars().next()?;
    let after = rest[number + mark.len_utf8()..].chars().next();
    let ends = match mark {
        '）' | ')' => true,
        '、' => !open,
        '.' | '．' => !open && digits > 0 && after.is_some_and(|c| !c.is_ascii_digit()),
        _ => false,
    };
    ends.then(|| start + number + mark.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        clauses(text).into_iter().map(|clause| &text[clause.bytes]).collect()
    }

    #[test]
    fn commas_numbers_and_headings_cut() {
        assert_eq!(
            split("背景：旧线慢，产量1,000件。需求：1）提速;2）比例1:1，稳定（3）降噪①省电"),
            ["旧线慢", "产量1,000件", "提速", "比例1:1", "稳定", "降噪", "省电"]
        );
        assert_eq!(split("【技术优势】省电；\n应用领域 图像处理。"), ["省电", "图像处理"]);
        assert_eq!(split("厚度3.5mm. Next one"), ["厚度3.5mm", "Next one"]);
        assert_eq!(split("，。；"), Vec::<&str>::new());
    }

    #[test]
    fn list_numbers_are_no_quantities() {
        assert_eq!(numbering("1、提高"), Some(4));
        assert_eq!(numbering("（12）提高"), Some(8));
        assert_eq!(numbering("3.5mm"), None);
        assert_eq!(numbering("3.提高"), Some(2));
        assert_eq!(numbering("二、提高"), Some(6));
        assert_eq!(numbering("2015年"), None);
    }
}
