//! One written form for lookup, and the way back to the text as written.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::marks::{Edit, edits};
use super::traditional::simplified;

/// Normalises text for lookup and comparison.
///
/// NFKC (which folds full and half width, superscripts, `㎡`, ligatures), lower case, simplified
/// characters, one form for dashes, quotation marks, middle dots and multiplication signs,
/// invisible characters removed, every run of white space, control and private characters made
/// one space, none at the ends. Numbers in circles and fractions do not run into what stands
/// beside them (`①3D` is `1 3d`, `2½` is `2 1/2`), nor powers into their base (`10⁶` is `10^6`).
/// Lines broken inside words, spaced letters and what else depends on neighbours: see
/// `edits`. Applying it twice changes nothing.
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
        let mut folded = Self::characters(text);
        loop {
            let edits = edits(&folded.text, &fold_alone);
            if edits.is_empty() {
                break;
            }
            folded = folded.edited(&edits);
        }
        if folded.text.contains('\n') {
            folded.text = folded.text.replace('\n', " ");
        }
        folded
    }

    /// Folds character by character; a run of white space with one line break is a line break.
    fn characters(text: &str) -> Self {
        let mut folder = Folder {
            text: String::with_capacity(text.len()),
            pieces: Vec::new(),
            tight: false,
            raised: false,
            n_breaks: 0,
        };
        let bytes = text.as_bytes();
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            let next_is_plain = chars.peek().is_none_or(|&(_, next)| !continues_cluster(next));
            if next_is_plain && c.is_ascii_graphic() {
                folder.lockstep(start, c.to_ascii_lowercase());
            } else if next_is_plain && ('\u{4E00}'..='\u{9FFF}').contains(&c) {
                folder.lockstep(start, simplified(c));
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

    /// This text with edits made, ascending and disjoint.
    fn edited(&self, edits: &[Edit]) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut pieces: Vec<Piece> = Vec::with_capacity(self.pieces.len() + 2 * edits.len());
        let mut at = 0;
        let ends = std::iter::once((self.text.len()..self.text.len(), ""));
        for (range, with) in
            edits.iter().map(|edit| (edit.range.clone(), edit.with.as_ref())).chain(ends)
        {
            // What stays: the pieces of `at .. range.start`, cut at its ends.
            let first = self.pieces.partition_point(|piece| piece.folded <= at).saturating_sub(1);
            for (place, piece) in (first..).zip(&self.pieces[first.min(self.pieces.len())..]) {
                if piece.folded >= range.start || at >= range.start {
                    break;
                }
                let end = self.pieces.get(place + 1).map_or(self.text.len(), |next| next.folded);
                let (from, to) = (piece.folded.max(at), end.min(range.start));
                if from < to {
                    let source = self.source_range(from..to);
                    pieces.push(Piece {
                        folded: text.len() + from - at,
                        source: source.start,
                        source_end: source.end,
                        lockstep: piece.lockstep,
                    });
                }
            }
            text.push_str(&self.text[at..range.start]);
            if !with.is_empty() {
                let source = self.source_range(range.clone());
                pieces.push(Piece {
                    folded: text.len(),
                    source: source.start,
                    source_end: source.end,
                    lockstep: false,
                });
                text.push_str(with);
            }
            at = range.end;
        }
        Self { text, pieces }
    }

    /// The piece that holds a folded byte; the caller has checked that the byte exists.
    fn piece_at(&self, folded: usize) -> Piece {
        // The first piece begins at 0, so at least one begins at or before the byte.
        self.pieces[self.pieces.partition_point(|piece| piece.folded <= folded) - 1]
    }
}

/// The folded form of a character that stands alone, empty for white space; `None` for one that
/// can join what precedes it.
fn fold_alone(c: char) -> Option<String> {
    (!continues_cluster(c)).then(|| Folded::characters(c.encode_utf8(&mut [0; 4])).text)
}

/// Whether a character can change what precedes it under NFKC: combining marks, the trailing
/// Hangul letters (compatibility forms too), and the half-width kana sound marks.
fn continues_cluster(c: char) -> bool {
    c >= '\u{300}'
        && match c {
            '\u{1160}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' => true,
            '\u{FF9E}'..='\u{FF9F}' | '\u{FFA0}'..='\u{FFDC}' => true,
            _ => is_combining_mark(c),
        }
}

/// Builds a [`Folded`].
struct Folder {
    text: String,
    pieces: Vec<Piece>,
    /// Whether a letter or digit that follows must be kept apart from what was last added.
    tight: bool,
    /// Whether the last source character was raised, as `⁻` and `²` are.
    raised: bool,
    /// Line breaks in the run of white space at the end of `text`.
    n_breaks: usize,
}

impl Folder {
    /// Adds a character whose folded form has as many bytes as its source.
    fn lockstep(&mut self, source: usize, c: char) {
        if std::mem::take(&mut self.tight) && c.is_ascii_alphanumeric() {
            // The last piece is the number in a circle, or the fraction; the blank is part of it.
            self.text.push(' ');
        }
        self.raised = false;
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
        let base = cluster.chars().next().unwrap_or(' ');
        let was_tight = std::mem::take(&mut self.tight);
        let was_raised = std::mem::replace(&mut self.raised, is_raised(base));
        let begins_number = is_enclosed(base) || is_fraction(base);
        let follows_digit = self.text.ends_with(|c: char| c.is_ascii_digit());
        let follows_word = self.text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if begins_number && follows_word {
            self.text.push(' ');
        } else if is_raised(base) && base != '⁻' && !was_raised && follows_digit {
            self.text.push('^');
        }
        let mut is_space = false;
        for c in cluster.chars().map(plainly_enclosed).nfkc().flat_map(char::to_lowercase).nfkc() {
            if c.is_whitespace() || c.is_control() || is_unreadable(c) {
                is_space = true;
                self.space(c);
            } else if let Some(c) = unify(c) {
                if was_tight && c.is_ascii_alphanumeric() && self.text.len() == folded {
                    self.text.push(' ');
                }
                self.text.push(c);
            }
        }
        self.tight = begins_number || (was_tight && self.text.len() == folded);
        if self.text.len() > folded {
            let Range { start, end } = source;
            self.pieces.push(Piece { folded, source: start, source_end: end, lockstep: false });
        } else if is_space && let Some(last) = self.pieces.last_mut() {
            // More white space after white space: the one space stands for all of it.
            last.source_end = source.end;
        }
    }

    /// Adds white space: a blank, or a line break where the run has exactly one.
    fn space(&mut self, c: char) {
        let in_run = self.text.ends_with([' ', '\n']);
        if !in_run {
            self.n_breaks = 0;
        }
        self.n_breaks +=
            usize::from(matches!(c, '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'));
        if self.text.is_empty() {
            return;
        }
        if in_run {
            self.text.pop();
        }
        self.text.push(if self.n_breaks == 1 { '\n' } else { ' ' });
    }

    fn finish(mut self) -> Folded {
        if self.text.ends_with([' ', '\n']) {
            self.text.pop();
            if self.pieces.last().is_some_and(|piece| piece.folded >= self.text.len()) {
                self.pieces.pop();
            }
        }
        Folded { text: self.text, pieces: self.pieces }
    }
}

/// Digits and signs above the line.
const fn is_raised(c: char) -> bool {
    matches!(c, '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' | '⁻')
}

/// Fractions in one character.
const fn is_fraction(c: char) -> bool {
    matches!(c, '¼'..='¾' | '⅐'..='⅞' | '↉')
}

/// Numbers in circles or with a full stop, as they begin the items of a list.
const fn is_enclosed(c: char) -> bool {
    matches!(c, '①'..='⑳' | '⒈'..='⒛' | '⓪'..='⓿' | '㉑'..='㉟' | '㊱'..='㊿' | '❶'..='➓')
}

/// Numbers in black, double or sans-serif circles, which NFKC leaves alone, in plain circles.
fn plainly_enclosed(c: char) -> char {
    let like = |first: char, plain: char| {
        char::from_u32(plain as u32 + (c as u32 - first as u32)).unwrap_or(c)
    };
    match c {
        '❶'..='❿' => like('❶', '①'),
        '➀'..='➉' => like('➀', '①'),
        '➊'..='➓' => like('➊', '①'),
        '⓵'..='⓾' => like('⓵', '①'),
        '⓫'..='⓴' => like('⓫', '⑪'),
        '⓿' => '⓪',
        other => other,
    }
}

/// Characters without a meaning outside the document they were made in, and lost ones.
const fn is_unreadable(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FFFC}' | '\u{FFFD}' | '\u{F0000}'..='\u{10FFFF}')
}

/// One form for characters that differ only to the eye; `None` for invisible ones.
fn unify(c: char) -> Option<char> {
    Some(match c {
        // Soft hyphen, zero-width spaces and joiners, direction marks, byte order mark,
        // variation selectors, keycaps and other marks around a character, tags.
        '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{20DD}'..='\u{20E4}'
        | '\u{FEFF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{E0000}'..='\u{E01EF}' => return None,

        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2E3A}' | '\u{2E3B}' | '\u{2500}' => '-',
        '\u{2018}'..='\u{201B}' | '\u{2032}' => '\'',
        '\u{201C}'..='\u{201F}' | '\u{2033}' | '〝' | '〞' | '〟' => '"',
        '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' => '·',
        '\u{223C}' | '\u{301C}' => '~',
        '\u{2236}' => ':',
        '\u{2044}' | '\u{2215}' => '/',
        '✕' | '✖' | '⨯' => '×',
        '≦' | '⩽' => '≤',
        '≧' | '⩾' => '≥',
        other => simplified(other),
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
            ("10⁶ 10¹² m² Fe³⁺ SO₄²⁻", "10^6 10^12 m2 fe3+ so4^2-"),
            ("①3D打印②", "1 3d打印2"),
            ("⒈5G；❿A；⑵3", "1. 5g;10 a;(2)3"),
            ("2½英寸，3¼5", "2 1/2英寸,3 1/4 5"),
            ("碳化矽襯底製備", "碳化矽衬底制备"),
            ("碳化\r\n 硅，semi-\nconductor", "碳化硅,semiconductor"),
            ("标题\n\n正文 上\n3D", "标题 正文 上 3d"),
            ("\u{F0B7}要点\u{FFFD}", "要点"),
            ("1\u{FE0F}\u{20E3}", "1"),
            ("&nbsp;25&deg;C&nbsp;&nbsp;&amp;amp;lt; e&#769; R&D", "25°c < e&#769; r&d"),
            ("100㎡，25℃", "100m2,25°c"),
            ("Ti–6Al—4V", "ti-6al-4v"),
            ("“精密”‘仪器’", "\"精密\"'仪器'"),
            ("  多\t处\r\n\u{3000}空白 ", "多 处空白"),
            ("多\t处\r\n\r\n空白", "多 处 空白"),
            ("零\u{200B}宽\u{FEFF}字", "零宽字"),
            ("ｶﾞ", "ガ"),
            ("e\u{301}", "é"),
            ("⼯业", "工业"),
            ("μm µm", "μm μm"),
            // One character that becomes four words.
            ("a\u{FDFA}b", "aصلى الله عليه وسلمb"),
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
        fn twice_changes_nothing(raw in "\\PC{0,40}|[\\s\\u{300}-\\u{345}a-cＡ-Ｃㄱ-ㅎ가-나ｱ-ﾟ¨ª²½]{0,20}|[ \\n碳化xX*^/⁄a-c0-3①⒈½²⁻\\-соCО&;#amplt9\\u{200B}\\u{F0B7}H襯]{0,16}") {
            let once = normalise(&raw);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn every_character_leads_back_to_a_source_that_holds_it(raw in "\\PC{0,40}|.{0,40}|[ \\n碳化xX*^/a-c0-3①½²⁻\\-соH襯]{0,16}") {
            let folded = Folded::new(&raw);
            let mut last = 0;
            for (at, c) in folded.text().char_indices() {
                let source = folded.source_range(at..at + c.len_utf8());
                prop_assert!(source.start >= last && source.start < source.end);
                last = source.start;
                // These depend on their neighbours: gaps, powers, products, look-alikes.
                let by_neighbours = matches!(c, ' ' | '^' | '×')
                    || (c.is_ascii_lowercase() && !raw[source.clone()].is_ascii());
                let again = normalise(&raw[source]);
                prop_assert!(by_neighbours || again.contains(c), "{c:?} not in {again:?}");
            }
        }
    }
}
