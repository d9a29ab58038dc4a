//! What kind of character something is, as the Hugging Face library's patterns see it.
//!
//! ASCII and the common Chinese characters are decided by range, since nearly all text is made of
//! them; the rest asks the Unicode tables of the `regex` crate, which that library uses too.

use std::sync::LazyLock;

use regex::Regex;

/// The unified Chinese characters of the basic plane.
pub(super) const fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// Whether `\w` matches.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    // The ideographic space, comma, full stop and brackets.
    if matches!(c, '\u{3000}'..='\u{3003}' | '\u{3008}'..='\u{3020}') {
        return false;
    }
    is_han(c) || in_class(&WORD, c)
}

/// Whether BERT splits at the character: ASCII punctuation and symbols, or category P.
pub(super) fn is_bert_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || (!c.is_ascii() && !is_han(c) && in_class(&PUNCTUATION, c))
}

/// Whether BERT's cleaning drops the character: control, format or private use.
pub(super) fn is_bert_control(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r');
    }
    !is_han(c) && in_class(&CONTROL, c)
}

/// Whether stripping accents drops the character: category Mn.
pub(super) fn is_nonspacing_mark(c: char) -> bool {
    !c.is_ascii() && !is_han(c) && in_class(&MARK, c)
}

/// Whether BERT puts blanks around the character.
pub(super) const fn is_bert_han(c: char) -> bool {
    matches!(
        c,
        '\u{4e00}'..='\u{9fff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{20000}'..='\u{2a6df}'
            | '\u{2a700}'..='\u{2b73f}'
            | '\u{2b740}'..='\u{2b81f}'
            | '\u{2b920}'..='\u{2ceaf}'
            | '\u{f900}'..='\u{faff}'
            | '\u{2f800}'..='\u{2fa1f}'
    )
}

static WORD: LazyLock<Regex> = LazyLock::new(|| class(r"\w"));
static PUNCTUATION: LazyLock<Regex> = LazyLock::new(|| class(r"\p{P}"));
static CONTROL: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{Cc}\p{Cf}\p{Co}]"));
static MARK: LazyLock<Regex> = LazyLock::new(|| class(r"\p{Mn}"));

/// Compiles one of the four constants above; the tests use each of them.
fn class(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

fn in_class(class: &Regex, c: char) -> bool {
    class.is_match(c.encode_utf8(&mut [0; 4]))
}
