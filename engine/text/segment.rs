//! Splits text into terms with positions.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use jieba_rs::Jieba;

use super::Folded;
use super::technical::{self, Inside, char_at, is_han, is_word};

/// A term longer than this is not worth finding (encoded data, run-together rows), in characters.
const MAX_TERM_CHARS: usize = 64;

/// The longest word looked for inside another, in characters.
const MAX_PART_CHARS: usize = 4;

/// Whether unknown words are guessed by jieba's hidden Markov model. They are not: on graded
/// pairs of real lists the guesses gained nothing (nDCG@10 .530 with, .535 without), and they
/// make the cut of a word depend on its surroundings.
const HIDDEN_MARKOV: bool = false;

/// The longest unit or mixed word after a number or Latin word, in Chinese characters.
const MAX_TAIL_CHARS: usize = 4;

/// One term of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The term in its normalised form, without white space.
    pub text: String,
    /// Where it begins in the original text, in bytes.
    pub start: usize,
    /// Where it ends in the original text, in bytes.
    pub end: usize,
    /// Its place among the positions of the text, from 0; see [`Segmenter::tokens`].
    pub position: u32,
    /// How many positions it covers, at least 1.
    pub position_length: u32,
}

/// Splits Chinese technical text into terms.
pub struct Segmenter {
    jieba: Jieba,
    /// Words of both Chinese and other characters, such as `3d打印`.
    mixed: HashSet<&'static str>,
    units: HashSet<&'static str>,
    stop_words: HashSet<&'static str>,
}

/// The lines of a list that are neither empty nor comments.
fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("# "))
}

impl Segmenter {
    /// The segmenter with the built-in dictionary and the lists of `corpus/`, loaded on first use.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Segmenter> = LazyLock::new(Segmenter::load);
        &SHARED
    }

    fn load() -> Self {
        let mut jieba = Jieba::new();
        let mut mixed = HashSet::new();
        let mut units = HashSet::new();
        for word in entries(include_str!("../../corpus/words.txt")) {
            if word.chars().all(is_han) {
                jieba.add_word(word, None, None);
            } else {
                mixed.insert(word);
            }
        }
        for unit in entries(include_str!("../../corpus/units.txt")) {
            if unit.chars().count() > 1 && unit.chars().all(is_han) {
                jieba.add_word(unit, None, None);
            }
            units.insert(unit);
        }
        let stop_words = entries(include_str!("../../corpus/stopwords.txt")).collect();
        Self { jieba, mixed, units, stop_words }
    }

    /// Whether a normalised term is on the list of stop words.
    #[must_use]
    pub fn is_stop_word(&self, term: &str) -> bool {
        self.stop_words.contains(term)
    }

    /// The terms of `text`, by position, longer ones first; `start` never decreases.
    ///
    /// Words are given whole and, where they hold shorter words, in parts as well: `集成电路`
    /// with `集成` and `电路`, `12英寸` with `12` and `英寸`, `ti-6al-4v` with `ti`, `6al` and `4v` and
    /// as `ti6al4v`, which is how others write it.
    ///
    /// A *position* is one Chinese character or one atom of a technical expression, so that a
    /// part stands exactly where it stands in the whole, and a phrase matches however its
    /// surroundings were cut. Punctuation between words takes one position; white space and
    /// joining marks (`-`, `/`, `·` …) take none. Stop words, lone single digits and terms of more
    /// than 64 characters are left out but keep their positions.
    #[must_use]
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        let folded = Folded::new(text);
        let mut cutter = Cutter {
            segmenter: self,
            text: folded.text(),
            terms: Vec::with_capacity(text.len() / 4),
            atoms: Vec::new(),
            position: 0,
        };
        cutter.run();
        let mut terms = cutter.terms;
        terms.sort_by_key(|term| (term.position, Reverse(term.length)));
        terms.dedup_by(|b, a| a.position == b.position && a.length == b.length && a.text == b.text);
        terms
            .into_iter()
            .map(|term| {
                let source = folded.source_range(term.range);
                Token {
                    text: term.text,
                    start: source.start,
                    end: source.end,
                    position: term.position,
                    position_length: term.length,
                }
            })
            .collect()
    }
}

/// A term of the folded text.
struct Term {
    text: String,
    range: Range<usize>,
    position: u32,
    length: u32,
}

/// Walks once over a folded text.
struct Cutter<'a> {
    segmenter: &'a Segmenter,
    text: &'a str,
    terms: Vec<Term>,
    /// Atoms of the compound at hand, kept to reuse their memory.
    atoms: Vec<Range<usize>>,
    /// The next free position.
    position: u32,
}

impl Cutter<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(c) = char_at(self.text, at) {
            if is_han(c) {
                at = self.han(at);
            } else if is_word(c) {
                at = self.compound(at);
            } else {
                at = self.marks(at);
            }
        }
    }

    /// A run of Chinese characters.
    fn han(&mut self, start: usize) -> usize {
        let rest = &self.text[start..];
        let end = start + rest.find(|c| !is_han(c)).unwrap_or(rest.len());
        let run = &self.text[start..end];
        let mut n_chars = 0;
        for word in self.segmenter.jieba.cut(run, HIDDEN_MARKOV) {
            n_chars = word.end;
            let position = self.position.saturating_add(count(word.start));
            let length = count(word.end - word.start);
            if length > 2 {
                self.parts(word.word, start + word.byte_start, position);
            }
            self.push(start + word.byte_start..start + word.byte_end, position, length);
        }
        self.position = self.position.saturating_add(count(n_chars));
        end
    }

    /// The shorter words inside a word, apart from those that only arise across the border of two
    /// others, as 成电 does in 集成电路. What ends with the word counts anyway: 电站 in 变电站.
    fn parts(&mut self, word: &str, start: usize, position: u32) {
        let bounds: Vec<usize> =
            word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
        let n_chars = bounds.len() - 1;
        let mut kept: Vec<Range<usize>> = Vec::new();
        for first in 0..n_chars - 1 {
            let longest = (first + MAX_PART_CHARS).min(n_chars);
            for end in (first + 2..=longest).rev() {
                let bytes = bounds[first]..bounds[end];
                let crosses =
                    kept.iter().any(|it| it.start < first && first < it.end && it.end < end);
                if end - first < n_chars
                    && (end == n_chars || !crosses)
                    && self.segmenter.jieba.has_word(&word[bytes.clone()])
                {
                    kept.push(first..end);
                    let position = position.saturating_add(count(first));
                    self.push(start + bytes.start..start + bytes.end, position, count(end - first));
                }
            }
        }
    }

    /// A run of anything that is no term: a gap, unless it only joins.
    fn marks(&mut self, start: usize) -> usize {
        let rest = &self.text[start..];
        let end = start + rest.find(|c| is_han(c) || is_word(c)).unwrap_or(rest.len());
        let joins = |c| matches!(c, ' ' | '-' | '/' | '·' | '_' | '&' | '\'' | '+');
        if !self.text[start..end].chars().all(joins) {
            self.position = self.position.saturating_add(1);
        }
        end
    }

    /// A technical expression, and what ties it to its Chinese neighbours.
    fn compound(&mut self, start: usize) -> usize {
        if let Some(length) = technical::spaced_patent(&self.text[start..]) {
            self.patent(start..start + length);
            return start + length;
        }
        let mut atoms = std::mem::take(&mut self.atoms);
        let end = technical::scan(self.text, start, &mut atoms);
        let first = self.position;
        let whole = start..end;
        let mut last = (whole.clone(), first);
        if technical::patent_number(&self.text[whole.clone()]).is_some() {
            self.patent(whole.clone());
        } else {
            for atom in &atoms {
                last = (atom.clone(), self.position);
                self.atom(atom.clone());
            }
            if atoms.len() > 1 {
                self.push(whole.clone(), first, self.position - first);
                if let Some(joined) = technical::joined(&self.text[whole.clone()]) {
                    self.push_text(joined, whole.clone(), first, self.position - first);
                }
            }
        }
        self.atoms = atoms;
        self.ties(&whole, first, last);
        end
    }

    /// A patent number, written with or without spaces: whole, its digits, and without its prefix.
    fn patent(&mut self, range: Range<usize>) {
        let position = self.position;
        let whole = self.text[range.clone()].replace(' ', "");
        if let Some((digits, check_end)) = technical::patent_number(&whole) {
            self.push_text(whole[digits.clone()].to_owned(), range.clone(), position, 1);
            self.push_text(whole[digits.start..check_end].to_owned(), range.clone(), position, 1);
        }
        self.push_text(whole, range, position, 1);
        self.position = self.position.saturating_add(1);
    }

    /// One atom and what is inside it.
    fn atom(&mut self, atom: Range<usize>) {
        let position = self.position;
        let text = &self.text[atom.clone()];
        let mut length = 1;
        match technical::inside(text, |unit| self.segmenter.units.contains(unit)) {
            Inside::Plain => {}
            Inside::NumberUnit(middle) => {
                length = 2;
                self.push(atom.start..atom.start + middle, position, 1);
                self.push(atom.start + middle..atom.end, position.saturating_add(1), 1);
            }
            Inside::Signed(bare) => self.push(atom.start..atom.start + bare, position, 1),
            Inside::Group(subclass) => {
                self.push(atom.start..atom.start + subclass, position, 1);
            }
        }
        self.push(atom, position, length);
        self.position = self.position.saturating_add(length);
    }

    /// Words that a compound makes with the characters around it: `12英寸`, `50 gbps`, `3d打印`,
    /// `卡拉ok`. `last` is the compound's last atom and its position.
    fn ties(&mut self, whole: &Range<usize>, first: u32, last: (Range<usize>, u32)) {
        let (atom, atom_position) = last;
        let is_number =
            technical::number_len(&self.text[atom.clone()]) == atom.len() && !atom.is_empty();
        let gap = usize::from(self.text[whole.end..].starts_with(' '));
        let next = whole.end + gap;
        let rest = &self.text[next..];
        if gap == 1
            && let Some((group, end)) = technical::spaced_symbol(&self.text[atom.clone()], rest)
        {
            for part in [&rest[..group], &rest[..end]] {
                let text = format!("{}{part}", &self.text[atom.clone()]);
                self.push_text(text, atom.start..next + part.len(), atom_position, 2);
            }
            return;
        }
        if is_number && gap == 1 && char_at(self.text, next).is_some_and(is_word) {
            let unit = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
            if self.segmenter.units.contains(unit) {
                let text = format!("{}{unit}", &self.text[atom.clone()]);
                self.push_text(text, atom.start..next + unit.len(), atom_position, 2);
            }
            return;
        }
        let mut unit_end = None;
        for (n, end) in han_ends(self.text, next) {
            if is_number && self.segmenter.units.contains(&self.text[next..end]) {
                unit_end = Some((n, end));
            }
            for (from, position) in [(atom.start, atom_position), (whole.start, first)] {
                self.mixed(from..whole.end, next..end, position, self.position - position + n);
            }
        }
        if let Some((n, end)) = unit_end {
            let text = format!("{}{}", &self.text[atom.clone()], &self.text[next..end]);
            self.push_text(text, atom.start..end, atom_position, self.position - atom_position + n);
        }
        let head = self.text[..whole.start].strip_suffix(' ').unwrap_or(&self.text[..whole.start]);
        let before = head.char_indices().rev().take(MAX_TAIL_CHARS);
        for (n, (from, _)) in (1..).zip(before.take_while(|&(_, c)| is_han(c))) {
            if n <= first {
                let length = self.position - first + n;
                self.mixed(from..head.len(), whole.clone(), first - n, length);
            }
        }
    }

    /// Adds the word that two neighbouring ranges make together, blank or not, if there is one.
    fn mixed(&mut self, a: Range<usize>, b: Range<usize>, position: u32, length: u32) {
        let range = a.start..b.end;
        let known = &self.segmenter.mixed;
        if a.end == b.start {
            if known.contains(&self.text[range.clone()]) {
                self.push(range, position, length);
            }
        } else {
            let text = format!("{}{}", &self.text[a], &self.text[b]);
            if known.contains(text.as_str()) {
                self.push_text(text, range, position, length);
            }
        }
    }

    /// Adds the term at `range` of the folded text.
    fn push(&mut self, range: Range<usize>, position: u32, length: u32) {
        self.push_text(self.text[range.clone()].to_owned(), range, position, length);
    }

    /// Adds a term, unless it is one of those left out.
    fn push_text(&mut self, text: String, range: Range<usize>, position: u32, length: u32) {
        let lone_digit = text.len() == 1 && text.starts_with(|c: char| c.is_ascii_digit());
        if !lone_digit
            && !text.is_empty()
            && !self.segmenter.is_stop_word(&text)
            && (text.len() <= MAX_TERM_CHARS || text.chars().count() <= MAX_TERM_CHARS)
        {
            self.terms.push(Term { text, range, position, length: length.max(1) });
        }
    }
}

/// The ends of the first Chinese characters at byte `start`, with their count, one by one.
fn han_ends(text: &str, start: usize) -> impl Iterator<Item = (u32, usize)> {
    let chars = text[start..].char_indices().take(MAX_TAIL_CHARS).take_while(|&(_, c)| is_han(c));
    (1..).zip(chars.map(move |(at, c)| start + at + c.len_utf8()))
}

/// A count of characters as a position; a text of more than four billion stops counting.
fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::text::normalise;

    /// A text of the golden file with its `\\n` and `\\u{…}` read.
    fn unescaped(line: &str) -> String {
        let mut parts = line.split('\\');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            if let Some(rest) = part.strip_prefix('n') {
                text.push('\n');
                text.push_str(rest);
            } else if let Some((code, rest)) =
                part.strip_prefix("u{").and_then(|part| part.split_once('}'))
            {
                let code = u32::from_str_radix(code, 16).expect("hexadecimal digits");
                text.push(char::from_u32(code).expect("a character"));
                text.push_str(rest);
            } else {
                panic!("\\{part}: only \\n and \\u{{…}} are known");
            }
        }
        text
    }

    /// Renders the golden file anew from the texts in it.
    fn render(golden: &str) -> String {
        let mut out = String::new();
        for line in golden.lines().filter(|line| !line.starts_with("  ")) {
            out.push_str(line);
            out.push('\n');
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            let text = unescaped(line);
            writeln!(out, "  → {}", normalise(&text)).expect("strings take everything");
            for token in Segmenter::shared().tokens(&text) {
                let Token { text, start, end, position, position_length } = token;
                writeln!(out, "  {position:>2}+{position_length} {start:>2}..{end:<2} {text}")
                    .expect("strings take everything");
            }
        }
        out
    }

    #[test]
    fn golden() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/engine/text/golden.txt");
        let expected = std::fs::read_to_string(path).expect("the golden file is readable");
        let actual = render(&expected);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, actual).expect("the golden file is writable");
        } else {
            assert_eq!(actual, expected);
        }
    }

    #[test]
    fn parts_stand_where_the_whole_has_them() {
        let position = |text: &str, term: &str| {
            let tokens = Segmenter::shared().tokens(text);
            let token = tokens.iter().find(|token| token.text == term);
            token.map(|token| (token.position, token.position_length))
        };
        assert_eq!(position("集成电路", "电路"), Some((2, 2)));
        assert_eq!(position("集成电路", "集成电路"), Some((0, 4)));
        assert_eq!(position("集成 电路", "电路"), Some((2, 2)));
        assert_eq!(position("集成，电路", "电路"), Some((3, 2)));
        assert_eq!(position("Ti-6Al-4V", "4v"), position("Ti 6Al 4V", "4v"));
    }

    proptest! {
        #[test]
        fn terms_are_in_their_source(
            text in "(\\PC{0,10}|[a-zA-Z0-9+#%./×°, -]{0,12}|[集成电路碳化硅衬底英寸万打印的射线]{0,6}){0,6}"
        ) {
            let mut last = (0, 0);
            for token in Segmenter::shared().tokens(&text) {
                prop_assert!(token.start < token.end);
                prop_assert!(text.is_char_boundary(token.start) && text.is_char_boundary(token.end));
                prop_assert!((token.position, token.start) >= last, "{token:?} after {last:?}");
                last = (token.position, token.start);
                prop_assert!(token.position_length > 0 && !token.text.is_empty());
                let bare = |text: &str| normalise(text).replace([' ', '-'], "");
                let source = bare(&text[token.start..token.end]);
                prop_assert!(source.contains(&bare(&token.text)), "{token:?} not in {source}");
            }
        }

        #[test]
        fn a_part_of_a_text_has_the_same_terms_when_normalised_first(text in "\\PC{0,30}") {
            let terms = |text: &str| -> Vec<(String, u32)> {
                let tokens = Segmenter::shared().tokens(text);
                tokens.into_iter().map(|token| (token.text, token.position)).collect()
            };
            prop_assert_eq!(terms(&text), terms(&normalise(&text)));
        }
    }
}
