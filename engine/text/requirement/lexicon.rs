//! The cue words of `corpus/requirement_cues.toml`, compiled for one pass over a clause.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::RequirementKind;

/// What a heading says about the text below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Everything below is of this kind unless it says otherwise.
    Of(RequirementKind),
    /// What is wanted, of any kind.
    Ask,
    /// Where it is used.
    Application,
    /// Not a requirement.
    Aside,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    headings: HashMap<String, Vec<String>>,
    nouns: HashMap<String, Vec<String>>,
    cues: HashMap<String, Vec<String>>,
}

/// The lexicon, ready to use.
pub(super) struct Lexicon {
    headings: HashMap<String, Section>,
    /// Longest heading, in characters.
    longest_heading: usize,
    nouns: HashMap<String, RequirementKind>,
    /// Longest noun, in characters.
    longest_noun: usize,
    pub(super) ask: Regex,
    begin: Regex,
    opener: Regex,
    pub(super) problem: Regex,
    pub(super) solve_problem: Regex,
    pub(super) effect: Regex,
    pub(super) method: Regex,
    pub(super) application: Regex,
    pub(super) aside: Regex,
    pub(super) today: Regex,
    pub(super) limit: Regex,
}

/// The lexicon that ships.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../../corpus/requirement_cues.toml"))
        .expect("corpus/requirement_cues.toml is compiled in and read by a test");
    Lexicon::new(&file)
});

fn kind_named(name: &str) -> Option<RequirementKind> {
    RequirementKind::ALL.into_iter().find(|kind| kind.name() == name)
}

impl Lexicon {
    fn new(file: &File) -> Self {
        let mut headings = HashMap::new();
        for (name, words) in &file.headings {
            let section = match name.as_str() {
                "ask" => Section::Ask,
                "application" => Section::Application,
                "aside" => Section::Aside,
                kind => Section::Of(kind_named(kind).expect("a kind, checked by a test")),
            };
            headings.extend(words.iter().map(|word| (word.clone(), section)));
        }
        let mut nouns = HashMap::new();
        for (name, words) in &file.nouns {
            let kind = kind_named(name).expect("a kind, checked by a test");
            nouns.extend(words.iter().map(|word| (word.clone(), kind)));
        }
        let longest = |words: &mut dyn Iterator<Item = &String>| {
            words.map(|word| word.chars().count()).max().unwrap_or(0)
        };
        let literal = |name: &str| any_of(&file.cues[name], true);
        Self {
            longest_heading: longest(&mut headings.keys()),
            longest_noun: longest(&mut nouns.keys()),
            headings,
            nouns,
            ask: literal("ask"),
            begin: literal("begin"),
            opener: literal("opener"),
            problem: literal("problem"),
            solve_problem: any_of(&file.cues["solve_problem"], false),
            effect: literal("effect"),
            method: literal("method"),
            application: literal("application"),
            aside: literal("aside"),
            today: literal("today"),
            limit: literal("limit"),
        }
    }

    /// The section that a heading opens: the whole text, or the longest known heading at its end,
    /// connecting words such as 包括 and 如下 not counted. `None` for what is no heading.
    pub(super) fn heading(&self, text: &str) -> Option<Section> {
        let mut text = text.trim().trim_matches(['【', '】', '[', ']', '*', '■', '●']).trim();
        // A heading is short; a clause before a colon need not be one.
        const LONGEST_SPOKEN: usize = 20;
        if text.chars().nth(LONGEST_SPOKEN).is_some() {
            return None;
        }
        let lower = text.to_lowercase();
        if let Some(section) = self.headings.get(lower.trim()) {
            return Some(*section);
        }
        for word in ["主要", "包括", "包含", "如下", "有", "为", "是", "在于"] {
            text = text.strip_suffix(word).unwrap_or(text);
        }
        let chars: Vec<char> = text.chars().collect();
        (2..=self.longest_heading.min(chars.len())).rev().find_map(|length| {
            let tail: String = chars[chars.len() - length..].iter().collect();
            self.headings.get(&tail).copied()
        })
    }

    /// Whether the clause speaks of what is wanted.
    pub(super) fn asks(&self, clause: &str) -> bool {
        self.ask.is_match(clause) || self.begin.find(clause).is_some_and(|word| word.start() == 0)
    }

    /// Whether the clause only opens the one after it: 针对现有产线.
    pub(super) fn opens(&self, clause: &str) -> bool {
        self.opener.find(clause).is_some_and(|word| word.start() == 0)
    }

    /// The section of a text that is a known heading as a whole, without connecting words.
    pub(super) fn whole_heading(&self, text: &str) -> Option<Section> {
        self.headings.get(text.trim()).copied()
    }

    /// Whether `phrase` is a noun of the lexicon and nothing more.
    pub(super) fn is_bare_noun(&self, phrase: &str) -> bool {
        self.nouns.contains_key(phrase)
    }

    /// The kind of thing that the last word of `phrase` names; the longest known word decides.
    pub(super) fn noun_at_end(&self, phrase: &str) -> Option<RequirementKind> {
        let tail: Vec<(usize, char)> =
            phrase.char_indices().rev().take(self.longest_noun).collect();
        tail.iter().rev().find_map(|&(at, _)| {
            let word = &phrase[at..];
            let before = phrase[..at].chars().next_back();
            let is_word = !word.is_ascii() || before.is_none_or(|c| !c.is_ascii_alphabetic());
            let known = if word.is_ascii() {
                self.nouns.get(&word.to_ascii_lowercase())
            } else {
                self.nouns.get(word)
            };
            known.copied().filter(|_| is_word)
        })
    }
}

/// One expression that finds any of the words, longer ones first; Latin words only as words.
fn any_of(words: &[String], literal: bool) -> Regex {
    let mut words: Vec<&String> = words.iter().collect();
    words.sort_by_key(|word| (std::cmp::Reverse(word.len()), word.as_str()));
    let alternatives: Vec<String> = words
        .iter()
        .map(|word| {
            let pattern = if literal { regex::escape(word) } else { (*word).clone() };
            let latin = word.starts_with(|c: char| c.is_ascii_alphabetic());
            // The ASCII boundary: the Unicode one would keep the fast automaton from being used,
            // and a Latin word may stand between Chinese ones without a blank.
            if latin { format!(r"(?-u:\b){pattern}(?-u:\b)") } else { pattern }
        })
        .collect();
    Regex::new(&format!("(?i){}", alternatives.join("|"))).expect("checked by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_can_be_read() {
        let lexicon = &*LEXICON;
        assert!(lexicon.longest_heading < 40 && lexicon.longest_noun < 20);
        for noun in lexicon.nouns.keys() {
            assert_eq!(*noun, noun.to_lowercase());
        }
    }

    #[test]
    fn headings_are_found_behind_other_words() {
        assert_eq!(LEXICON.heading("主要技术指标"), Some(Section::Of(RequirementKind::Indicator)));
        assert_eq!(LEXICON.heading("该技术需求内容包括"), Some(Section::Ask));
        assert_eq!(LEXICON.heading("【技术优势】"), Some(Section::Of(RequirementKind::Effect)));
        assert_eq!(LEXICON.heading("Objectives"), Some(Section::Of(RequirementKind::Effect)));
        assert_eq!(LEXICON.heading("屈服强度"), None);
    }

    #[test]
    fn the_longest_noun_decides() {
        assert_eq!(LEXICON.noun_at_end("焊缝跟踪传感器"), Some(RequirementKind::Object));
        assert_eq!(LEXICON.noun_at_end("淀粉深加工技术"), Some(RequirementKind::Process));
        assert_eq!(LEXICON.noun_at_end("a new sensor"), Some(RequirementKind::Object));
        assert_eq!(LEXICON.noun_at_end("condensor"), None);
    }
}
