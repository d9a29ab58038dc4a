//! Which script a text is mostly written in.

use super::technical::is_han;

/// The script that most of a text's words are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Script {
    /// Chinese characters, whatever stands between them.
    #[default]
    Han,
    /// Letters of the Latin alphabet.
    Latin,
}

/// Latin letters per Chinese character from which a text counts as Latin: a Chinese sentence full of
/// formulas and model numbers stays below, an English text with a Chinese name in it above.
const LATIN_PER_HAN: usize = 10;

/// Characters of a text that are looked at.
const LOOKED_AT: usize = 2_000;

impl Script {
    /// Tells the script of a text given in pieces, from its first two thousand characters.
    ///
    /// Latin from ten Latin letters per Chinese character on; Han otherwise, also for a text of
    /// neither.
    #[must_use]
    pub fn of(pieces: &[&str]) -> Self {
        let (mut n_han, mut n_latin) = (0, 0);
        for c in pieces.iter().flat_map(|piece| piece.chars()).take(LOOKED_AT) {
            n_han += usize::from(is_han(c));
            n_latin += usize::from(is_latin(c));
        }
        if n_latin > 0 && n_latin >= LATIN_PER_HAN * n_han { Self::Latin } else { Self::Han }
    }
}

/// Whether a character is a letter of the Latin alphabet: ASCII, or one of Latin-1 to Extended-B.
fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{C0}'..='\u{24F}') && c.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::Script;

    #[test]
    fn formulas_do_not_make_a_chinese_text_latin() {
        let of = |text: &str| Script::of(&[text]);
        assert_eq!(of("SiC MOSFET、GaN HEMT器件的封装"), Script::Han);
        assert_eq!(of("Packaging of SiC and GaN devices (北京)"), Script::Latin);
        assert_eq!(of("Élimination des polluants"), Script::Latin);
        assert_eq!(of("SiC"), Script::Latin);
        assert_eq!(of(""), Script::Han);
        assert_eq!(of("12.5 ± 0.1"), Script::Han);
        assert_eq!(Script::of(&["", "water treatment"]), Script::Latin);
    }
}
