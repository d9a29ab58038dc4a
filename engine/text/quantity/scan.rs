//! A text as folded characters that know their bytes.

use std::ops::Range;

/// The characters of a text, one form for each sign, with the way back.
///
/// Unlike [`crate::text::normalise`], one character stays one character and neither case nor
/// superscripts are lost: `mPa` is not `MPa`, and `10⁻⁶` is not `10-6`.
#[derive(Debug)]
pub(super) struct Scan {
    /// Folded, case kept.
    pub(super) chars: Vec<char>,
    /// Byte where each character begins, and where the text ends.
    offsets: Vec<usize>,
}

impl Scan {
    pub(super) fn new(text: &str) -> Self {
        let mut chars = Vec::with_capacity(text.len() / 2);
        let mut offsets = Vec::with_capacity(text.len() / 2 + 1);
        for (at, c) in text.char_indices() {
            if let Some(c) = fold(c) {
                chars.push(c);
                offsets.push(at);
            }
        }
        offsets.push(text.len());
        Self { chars, offsets }
    }

    /// The character at `at`; `\0` past the end, which no grammar rule accepts.
    pub(super) fn at(&self, at: usize) -> char {
        self.chars.get(at).copied().unwrap_or('\0')
    }

    /// The character before `at`; `\0` at the beginning.
    pub(super) fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or('\0', |at| self.at(at))
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The first place at or after `at` that holds no blank.
    pub(super) fn skip_blanks(&self, mut at: usize) -> usize {
        while self.at(at) == ' ' {
            at += 1;
        }
        at
    }

    /// Lower-case characters from `at` on.
    pub(super) fn forward(&self, at: usize) -> impl Iterator<Item = char> {
        self.chars[at.min(self.len())..].iter().map(char::to_ascii_lowercase)
    }

    /// Lower-case characters before `at`, backwards, down to `floor`.
    pub(super) fn backward(&self, floor: usize, at: usize) -> impl Iterator<Item = char> {
        self.chars[floor.min(at)..at].iter().rev().map(char::to_ascii_lowercase)
    }

    /// Whether `word` stands at `at`, in any case.
    pub(super) fn starts(&self, at: usize, word: &str) -> bool {
        let mut here = self.forward(at);
        word.chars().all(|c| here.next() == Some(c))
    }

    /// The folded characters of a range as a string.
    pub(super) fn text(&self, range: Range<usize>) -> String {
        self.chars[range].iter().collect()
    }

    /// The bytes of the source that a range of characters came from.
    pub(super) fn bytes(&self, range: Range<usize>) -> Range<usize> {
        self.offsets[range.start]..self.offsets[range.end.max(range.start)]
    }
}

/// One form for characters that differ only to the eye; `None` for invisible ones.
fn fold(c: char) -> Option<char> {
    Some(match c {
        // The full-width comma and the ideographic stop bound clauses; they stay themselves.
        '\u{FF0C}' => c,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\t' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{3000}' => ' ',
        '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}' => return None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' => '-',
        '\u{223C}' | '\u{301C}' => '~',
        '\u{2236}' => ':',
        '\u{2044}' | '\u{2215}' => '/',
        '✕' | '✖' | '⨯' | '╳' => '×',
        '≦' | '⩽' => '≤',
        '≧' | '⩾' => '≥',
        '﹪' => '%',
        '\u{B5}' => 'μ',
        '\u{2126}' => 'Ω',
        '\u{BA}' | '\u{2DA}' => '°',
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' => '·',
        other => other,
    })
}

/// Whether a character is a Chinese ideograph of the common blocks.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}')
}

/// Whether a character ends a clause: punctuation, brackets, line breaks.
pub(super) fn ends_clause(c: char) -> bool {
    matches!(
        c,
        '。' | '，'
            | ','
            | ';'
            | '!'
            | '?'
            | '、'
            | '\n'
            | '\r'
            | '…'
            | '('
            | ')'
            | '['
            | ']'
            | '【'
            | '】'
            | '《'
            | '》'
            | '"'
            | '“'
            | '”'
            | '|'
            | '\0'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_one_to_one_and_leads_back() {
        let text = "１０\u{200B}μm～２０㎜，10⁻⁶ＭＰａ";
        let scan = Scan::new(text);
        assert_eq!(scan.text(0..scan.len()), "10μm~20㎜，10⁻⁶MPa");
        assert_eq!(&text[scan.bytes(0..2)], "１０\u{200B}");
        assert_eq!(&text[scan.bytes(4..7)], "～２０");
        assert_eq!(scan.at(99), '\0');
        assert_eq!(scan.before(0), '\0');
        assert!(scan.starts(13, "mpa"));
    }
}
