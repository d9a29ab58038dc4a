//! One written form for lookup, and the way back to the text as written.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Normalises text for lookup and comparison.
///
/// NFKC (which folds full and half width, superscripts, `㎡`, ligatures), lower case, one form
/// for dashes, quotation marks, middle dots and multiplication signs, invisible characters
/// removed, every run of white space and control characters made one space, none at the ends.
/// Applying it twice changes nothing.
#[must_use]
pub fn normalise(text: &str) -> String {
    Folded::new(text).text
}

/// Normalised text that remembers where each piece of it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// Ascending in both offsets; the first begins at folded offset 0.
    pieces: Vec<Piece>,
}

/// A stretch of the folded text and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    folded: usize,
    source: usize,
    source_end: usize,
    /// Whether byte `n` of the folded stretch comes from byte `n` of the source stretch;
    /// otherwise the stretches correspond only as wholes.
    lockstep: bool,
}

impl Folded {
    /// Normalises `text` as [`normalise`] does, keeping the map.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut folder = Folder { text: String::with_capacity(text.len()), pieces: Vec::new() };
        let bytes = text.as_bytes();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let next_is_plain = chars.peek().is_none_or(|&(_, next)| !continues_cluster(next));
            if next_is_plain && c.is_ascii_graphic() {
                folder.lockstep(start, c.to_ascii_lowercase());
            } else if next_is_plain && ('\u{4E00}'..='\u{9FFF}').contains(&c) {
                folder.lockstep(start, c);
            } else {
                let mut end = start + c.len_utf8();
                while let Some((at, mark)) = chars.next_if(|&(_, next)| continues_cluster(next)) {
                    end = at + mark.len_utf8();
                }
                debug_assert!(end <= bytes.len());
                folder.cluster(start..end, &text[start..end]);
            }
        }
        folder.finish()
    }

    /// The normalised text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the source that a byte range of [`text`](Self::text) came from.
    ///
    /// Where one source character became several, any of them leads to the whole character.
    /// An empty range or one past the end gives an empty range.
    #[must_use]
    pub fn source_range(&self, folded: Range<usize>) -> Range<usize> {
        let end = folded.end.min(self.text.len());
        if folded.start >= end {
            let at = self.pieces.last().map_or(0, |piece| piece.source_end);
            return at..at;
        }
        let first = self.piece_at(folded.start);
        let last = self.piece_at(end - 1);
        let start = if first.lockstep {
            first.source + (folded.start - first.folded)
        } else {
            first.source
        };
        let stop = if last.lockstep { last.source + (end - last.folded) } else { last.source_end };
        start..stop
    }

    /// The piece that holds a folded byte; the caller has checked that the byte exists.
    fn piece_at(&self, folded: usize) -> Piece {
        // The first piece begins at 0, so at least one begins at or before the byte.
        self.pieces[self.pieces.partition_point(|piece| piece.folded <= folded) - 1]
    }
}

/// Whether a character can change what precedes it under NFKC: combining marks, the trailing
/// Hangul letters, and the half-width kana sound marks.
fn continues_cluster(c: char) -> bool {
    c >= '\u{300}'
        && (matches!(c, '\u{1160}'..='\u{11FF}' | '\u{FF9E}'..='\u{FF9F}' | '\u{FFA0}'..='\u{FFDC}')
            || is_combining_mark(c))
}

/// Builds a [`Folded`].
struct Folder {
    text: String,
    pieces: Vec<Piece>,
}

impl Folder {
    /// Adds a character whose folded form has as many bytes as its source.
    fn lockstep(&mut self, source: usize, c: char) {
        let folded = self.text.len();
        self.text.push(c);
        let source_end = source + c.len_utf8();
        if let Some(last) = self.pieces.last_mut()
            && last.lockstep
            && last.source_end == source
        {
            last.source_end = source_end;
        } else {
            self.pieces.push(Piece { folded, source, source_end, lockstep: true });
        }
    }

    /// Adds a base character with its marks, normalised together.
    fn cluster(&mut self, source: Range<usize>, cluster: &str) {
        let folded = self.text.len();
        let before = self.pieces.len();
        for c in cluster.nfkc().flat_map(char::to_lowercase).nfkc() {
            if c.is_whitespace() || c.is_control() {
                self.space(&source);
            } else if let Some(c) = unify(c) {
                self.text.push(c);
            }
        }
        // A space may have opened a piece for this source already, or widened the last one.
        if self.text.len() > folded && self.pieces.len() == before {
            self.pieces.push(Piece {
                folded,
                source: source.start,
                source_end: source.end,
                lockstep: false,
            });
        }
    }

    /// Adds white space, unless some is there already or the text has not begun.
    fn space(&mut self, source: &Range<usize>) {
        let folded = self.text.len();
        if self.text.ends_with(' ') {
            if let Some(last) = self.pieces.last_mut() {
                last.source_end = source.end;
            }
        } else if folded > 0 {
            self.text.push(' ');
            self.pieces.push(Piece {
                folded,
                source: source.start,
                source_end: source.end,
                lockstep: false,
            });
        }
    }

    fn finish(mut self) -> Folded {
        if self.text.ends_with(' ') {
            self.text.pop();
            if self.pieces.last().is_some_and(|piece| piece.folded >= self.text.len()) {
                self.pieces.pop();
            }
        }
        Folded { text: self.text, pieces: self.pieces }
    }
}

/// One form for characters that differ only to the eye; `None` for invisible ones.
fn unify(c: char) -> Option<char> {
    Some(match c {
        // Soft hyphen, zero-width spaces and joiners, direction marks, byte order mark,
        // variation selectors.
        '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}' => return None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2E3A}' | '\u{2E3B}' | '\u{2500}' => '-',
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{FF07}' | '´' | '`' => '\'',
        '\u{201C}'..='\u{201F}' | '\u{2033}' | '〝' | '〞' | '〟' => '"',
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' => '·',
        '\u{223C}' | '\u{301C}' => '~',
        '\u{2236}' => ':',
        '\u{2044}' | '\u{2215}' => '/',
        '✕' | '✖' | '⨯' => '×',
        '≦' | '⩽' => '≤',
        '≧' | '⩾' => '≥',
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_width_case_and_signs() {
        for (raw, folded) in [
            ("ＳｉＣ衬底", "sic衬底"),
            ("Ｈ０１Ｌ２１／０２", "h01l21/02"),
            ("1×10⁻⁶Pa", "1×10-6pa"),
            ("100㎡，25℃", "100m2,25°c"),
            ("Ti–6Al—4V", "ti-6al-4v"),
            ("“精密”‘仪器’", "\"精密\"'仪器'"),
            ("  多\t处\r\n\u{3000}空白 ", "多 处 空白"),
            ("零\u{200B}宽\u{FEFF}字", "零宽字"),
            ("ｶﾞ", "ガ"),
            ("e\u{301}", "é"),
            ("⼯业", "工业"),
            ("μm µm", "μm μm"),
            ("", ""),
            (" \u{3000}\n", ""),
        ] {
            assert_eq!(normalise(raw), folded, "{raw}");
        }
    }

    #[test]
    fn ranges_lead_back() {
        let raw = "高纯ＳｉＣ  衬底㎡";
        let folded = Folded::new(raw);
        assert_eq!(folded.text(), "高纯sic 衬底m2");
        let of = |term: &str| {
            let at = folded.text().find(term).expect("the term is there");
            &raw[folded.source_range(at..at + term.len())]
        };
        assert_eq!(of("sic"), "ＳｉＣ");
        assert_eq!(of("i"), "ｉ");
        assert_eq!(of("衬底"), "衬底");
        assert_eq!(of("sic 衬"), "ＳｉＣ  衬");
        assert_eq!(of("2"), "㎡");
        assert_eq!(folded.source_range(99..120), raw.len()..raw.len());
    }

    proptest! {
        #[test]
        fn twice_changes_nothing(raw in "\\PC{0,40}|[\\s\\u{300}-\\u{345}a-cＡ-Ｃㄱ-ㅎ가-나ｱ-ﾟ¨ª²½]{0,20}") {
            let once = normalise(&raw);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn every_character_leads_back_to_a_source_that_holds_it(raw in "\\PC{0,40}|.{0,40}") {
            let folded = Folded::new(&raw);
            let mut last = 0;
            for (at, c) in folded.text().char_indices() {
                let source = folded.source_range(at..at + c.len_utf8());
                prop_assert!(source.start >= last && source.start < source.end);
                last = source.start;
                let again = normalise(&raw[source]);
                prop_assert!(c == ' ' || again.contains(c) , "{c:?} not in {again:?}");
            }
        }
    }
}
