//! Words that mean the same: 3D打印 and 增材制造, 碳化硅 and SiC.
//!
//! The words are data (`corpus/synonyms/`). A word may be several terms (`additive
//! manufacturing`); it stands where its terms stand side by side, as a phrase does.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::Deserialize;

use super::{Segmenter, Token};
use crate::model::{Diagnosis, Lang, SynonymKind as Kind};

/// A word of the list, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasId(pub u32);

impl AliasId {
    /// The place as an index.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// A word that may stand for another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alternative {
    /// The other word.
    pub alias: AliasId,
    /// What it is to the word asked for.
    pub kind: Kind,
    /// How much of the asked word's worth it earns, in `(0, 1]`.
    pub weight: f32,
}

/// A word of the list that stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which word.
    pub alias: AliasId,
    /// The bytes of the text, as [`Token`]s count them.
    pub range: Range<usize>,
}

/// One word of the list.
#[derive(Debug, Clone)]
struct Alias {
    /// As the list writes it.
    text: String,
    /// Terms that cover the word, with their distances from the first in positions.
    terms: Vec<(u32, String)>,
    /// All its terms, parts included, each once.
    inside: Vec<String>,
    /// Best weight first, then by place.
    alternatives: Vec<Alternative>,
    /// If not empty, the word has other meanings, and counts only in a record with one of these.
    context: Vec<AliasId>,
}

/// Which words mean the same.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    aliases: Vec<Alias>,
    /// First term of a word → the words.
    by_first: HashMap<String, Vec<AliasId>>,
    n_groups: usize,
}

/// Why a list of synonyms cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynonymsError {
    /// It is not TOML of the expected shape.
    #[error("reading the synonyms: {0}")]
    Shape(#[from] toml::de::Error),
    /// A weight lies outside (0, 1].
    #[error("reading the synonyms: weight {name} is {value}, not in (0, 1]")]
    Weight {
        /// Which weight.
        name: &'static str,
        /// Its value.
        value: f32,
    },
    /// A word has no terms: nothing but signs or stop words.
    #[error("reading the synonyms: {word:?} holds no word that can be looked up")]
    NoTerms {
        /// The word.
        word: String,
    },
    /// A group has only one word.
    #[error("reading the synonyms: {word:?} has no other word beside it")]
    Alone {
        /// The word.
        word: String,
    },
    /// A word is in two groups, once folded.
    #[error("reading the synonyms: {word:?} stands twice, for {first:?} and for {second:?}")]
    Twice {
        /// The word.
        word: String,
        /// Term of the group it is in already.
        first: String,
        /// Term of the other group.
        second: String,
    },
    /// An ambiguous word without words that tell its meaning.
    #[error("reading the synonyms: {word:?} is called ambiguous, but has no context")]
    NoContext {
        /// The word.
        word: String,
    },
}

impl Diagnosis for SynonymsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "synonyms.shape",
            Self::Weight { .. } => "synonyms.weight",
            Self::NoTerms { .. } => "synonyms.no-terms",
            Self::Alone { .. } => "synonyms.alone",
            Self::Twice { .. } => "synonyms.twice",
            Self::NoContext { .. } => "synonyms.no-context",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Shape(error)) => format!("同义词表读不懂：{error}"),
            (Lang::Zh, Self::Weight { name, value }) => {
                format!("同义词表的权重 {name} 是 {value}，应大于 0、不超过 1")
            }
            (Lang::Zh, Self::NoTerms { word }) => {
                format!("同义词表里的“{word}”没有可以查找的词")
            }
            (Lang::Zh, Self::Alone { word }) => format!("同义词表里的“{word}”没有别的说法"),
            (Lang::Zh, Self::Twice { word, first, second }) => {
                format!("同义词表里的“{word}”出现两次：在“{first}”和“{second}”两处")
            }
            (Lang::Zh, Self::NoContext { word }) => {
                format!("同义词表里的“{word}”标为多义，却没有写 context")
            }
            (Lang::En, error) => error.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Shape(_) | Self::Weight { .. } => lang.pick(
                "格式见 corpus/synonyms/README.md；不用同义词可写 --synonyms none",
                "the format is in corpus/synonyms/README.md; `--synonyms none` does without",
            ),
            Self::NoTerms { .. } | Self::Alone { .. } => {
                lang.pick("删去这一条，或补上另一个说法", "delete the entry, or add another word")
            }
            Self::Twice { .. } => lang.pick(
                "一个词只能属于一组（narrower 除外）；合并两组或删去一处",
                "a word belongs to one group (narrower apart); join the groups or delete one",
            ),
            Self::NoContext { .. } => lang.pick(
                "写上 context：同一条记录里出现其中一个词才算数",
                "add `context`: words one of which must stand in the same record",
            ),
        }
        .to_owned()
    }
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "source")]
    _source: String,
    weights: Weights,
    #[serde(default)]
    leaf: Vec<Leaf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    same: f32,
    abbreviation: f32,
    translation: f32,
    narrower: f32,
    broader: f32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leaf {
    #[serde(rename = "name")]
    _name: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    term: String,
    #[serde(default)]
    same: Vec<String>,
    #[serde(default)]
    abbreviation: Vec<String>,
    #[serde(default)]
    translation: Vec<String>,
    #[serde(default)]
    narrower: Vec<String>,
    /// Words of this group that have other meanings too.
    #[serde(default)]
    ambiguous: Vec<String>,
    #[serde(default)]
    context: Vec<String>,
    #[serde(default, rename = "source")]
    _source: Option<String>,
}

impl Weights {
    const fn of(&self, kind: Kind) -> f32 {
        match kind {
            Kind::Same => self.same,
            Kind::Abbreviation => self.abbreviation,
            Kind::Translation => self.translation,
            Kind::Narrower => self.narrower,
            Kind::Broader => self.broader,
        }
    }

    fn check(&self) -> Result<(), SynonymsError> {
        for (name, value) in [
            ("same", self.same),
            ("abbreviation", self.abbreviation),
            ("translation", self.translation),
            ("narrower", self.narrower),
            ("broader", self.broader),
        ] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(SynonymsError::Weight { name, value });
            }
        }
        Ok(())
    }
}

impl Synonyms {
    /// Reads a list (`corpus/synonyms/README.md` has the format).
    ///
    /// All words of a group but the narrower ones stand for one another, with the lesser of
    /// their two weights (the group's term has weight one). A narrower word and each of the
    /// others answer for one another with the weights `narrower` and `broader`. English
    /// translations count in the plural too.
    ///
    /// # Errors
    /// [`SynonymsError`]; the list is taken whole or not at all.
    pub fn from_toml(text: &str, segmenter: &Segmenter) -> Result<Self, SynonymsError> {
        let file: File = toml::from_str(text)?;
        file.weights.check()?;
        let mut builder = Builder {
            segmenter,
            made: Self::default(),
            by_key: HashMap::new(),
            owner: HashMap::new(),
        };
        for group in file.leaf.iter().flat_map(|leaf| &leaf.groups) {
            builder.group(group, &file.weights)?;
        }
        let mut made = builder.made;
        for alias in &mut made.aliases {
            alias.alternatives.sort_by(|a, b| {
                b.weight.total_cmp(&a.weight).then(a.alias.cmp(&b.alias)).then(a.kind.cmp(&b.kind))
            });
            let mut seen = HashSet::new();
            alias.alternatives.retain(|alternative| seen.insert(alternative.alias));
        }
        for (at, alias) in (0..).zip(&made.aliases) {
            // A word has at least one term, or it would have been refused.
            if let Some((_, first)) = alias.terms.first() {
                made.by_first.entry(first.clone()).or_default().push(AliasId(at));
            }
        }
        Ok(made)
    }

    /// How many words there are, contexts and plurals included.
    #[must_use]
    pub fn n_aliases(&self) -> usize {
        self.aliases.len()
    }

    /// How many groups there are.
    #[must_use]
    pub const fn n_groups(&self) -> usize {
        self.n_groups
    }

    /// All words.
    pub fn ids(&self) -> impl Iterator<Item = AliasId> + use<> {
        (0..u32::try_from(self.aliases.len()).unwrap_or(u32::MAX)).map(AliasId)
    }

    /// A word as the list writes it.
    #[must_use]
    pub fn text(&self, alias: AliasId) -> &str {
        &self.aliases[alias.get()].text
    }

    /// Terms that cover a word where they stand together: distance from the first in positions, term.
    #[must_use]
    pub fn terms(&self, alias: AliasId) -> &[(u32, String)] {
        &self.aliases[alias.get()].terms
    }

    /// All terms of a word, parts of terms included, each once.
    #[must_use]
    pub fn inside(&self, alias: AliasId) -> &[String] {
        &self.aliases[alias.get()].inside
    }

    /// The words that may stand for a word, the best first.
    #[must_use]
    pub fn alternatives(&self, alias: AliasId) -> &[Alternative] {
        &self.aliases[alias.get()].alternatives
    }

    /// For a word with other meanings, the words one of which must stand in the same record;
    /// empty for all others.
    #[must_use]
    pub fn context(&self, alias: AliasId) -> &[AliasId] {
        &self.aliases[alias.get()].context
    }

    /// The words that stand in a text, given its terms; by where they begin.
    ///
    /// Words of many meanings are among them; see [`keep_meant`](Self::keep_meant).
    #[must_use]
    pub fn find(&self, tokens: &[Token]) -> Vec<Found> {
        let mut found = Vec::new();
        for token in tokens {
            let Some(candidates) = self.by_first.get(&token.text) else { continue };
            for &alias in candidates {
                let mut end = Some(token.end);
                for (offset, term) in &self.terms(alias)[1..] {
                    end = end.and_then(|_| {
                        let position = token.position.checked_add(*offset)?;
                        let first = tokens.partition_point(|other| other.position < position);
                        let mut there =
                            tokens[first..].iter().take_while(|t| t.position == position);
                        there.find(|other| other.text == *term).map(|other| other.end)
                    });
                }
                if let Some(end) = end {
                    found.push(Found { alias, range: token.start..end.max(token.start) });
                }
            }
        }
        found
    }

    /// Leaves out the words of many meanings that stand without their context; `found` are all
    /// words of one record.
    pub fn keep_meant(&self, found: &mut Vec<AliasId>) {
        let present: HashSet<AliasId> = found.iter().copied().collect();
        found.retain(|alias| {
            let context = self.context(*alias);
            context.is_empty() || context.iter().any(|word| present.contains(word))
        });
    }
}

/// Collects a [`Synonyms`] group by group.
struct Builder<'a> {
    segmenter: &'a Segmenter,
    made: Synonyms,
    by_key: HashMap<Vec<(u32, String)>, AliasId>,
    /// Term of the group in which a word is other than narrower.
    owner: HashMap<AliasId, String>,
}

impl Builder<'_> {
    /// The word's place, made where it is new.
    fn word(&mut self, text: &str) -> Result<AliasId, SynonymsError> {
        let tokens = self.segmenter.tokens(text);
        let terms = covering(&tokens);
        if terms.is_empty() {
            return Err(SynonymsError::NoTerms { word: text.to_owned() });
        }
        if let Some(&known) = self.by_key.get(&terms) {
            return Ok(known);
        }
        let mut inside: Vec<String> = Vec::new();
        for token in tokens {
            if !inside.contains(&token.text) {
                inside.push(token.text);
            }
        }
        let id = AliasId(u32::try_from(self.made.aliases.len()).unwrap_or(u32::MAX));
        self.by_key.insert(terms.clone(), id);
        self.made.aliases.push(Alias {
            text: text.to_owned(),
            terms,
            inside,
            alternatives: Vec::new(),
            context: Vec::new(),
        });
        Ok(id)
    }

    fn group(&mut self, group: &Group, weights: &Weights) -> Result<(), SynonymsError> {
        self.made.n_groups += 1;
        let mut equal: Vec<(AliasId, Kind, f32)> = Vec::new();
        for (kind, words) in [
            (Kind::Same, std::slice::from_ref(&group.term)),
            (Kind::Same, group.same.as_slice()),
            (Kind::Abbreviation, group.abbreviation.as_slice()),
            (Kind::Translation, group.translation.as_slice()),
        ] {
            for word in words {
                let id = self.word(word)?;
                match self.owner.get(&id) {
                    // Spellings that fold to one word are taken once.
                    Some(first) if *first == group.term => continue,
                    Some(first) => {
                        let (word, first) = (word.clone(), first.clone());
                        let second = group.term.clone();
                        return Err(SynonymsError::Twice { word, first, second });
                    }
                    None => self.owner.insert(id, group.term.clone()),
                };
                let weight = if equal.is_empty() { 1.0 } else { weights.of(kind) };
                equal.push((id, kind, weight));
                // The plural may be listed, or be a word of its own elsewhere.
                if kind == Kind::Translation
                    && let Some(plural) = plural(word)
                {
                    let id = self.word(&plural)?;
                    if let Entry::Vacant(place) = self.owner.entry(id) {
                        place.insert(group.term.clone());
                        equal.push((id, kind, weight));
                    }
                }
            }
        }
        if equal.len() + group.narrower.len() < 2 {
            return Err(SynonymsError::Alone { word: group.term.clone() });
        }
        for &(a, kind_a, weight_a) in &equal {
            for &(b, kind_b, weight_b) in equal.iter().filter(|other| other.0 != a) {
                let (kind, weight) = (kind_a.max(kind_b), f32::min(weight_a, weight_b));
                self.made.aliases[a.get()].alternatives.push(Alternative {
                    alias: b,
                    kind,
                    weight,
                });
            }
        }
        for word in &group.narrower {
            let narrow = self.word(word)?;
            for &(wide, ..) in &equal {
                if wide == narrow {
                    let (word, first) = (word.clone(), group.term.clone());
                    return Err(SynonymsError::Twice { word, second: first.clone(), first });
                }
                for (from, to, kind) in
                    [(wide, narrow, Kind::Narrower), (narrow, wide, Kind::Broader)]
                {
                    let weight = weights.of(kind);
                    self.made.aliases[from.get()].alternatives.push(Alternative {
                        alias: to,
                        kind,
                        weight,
                    });
                }
            }
        }
        for word in &group.ambiguous {
            if group.context.is_empty() {
                return Err(SynonymsError::NoContext { word: word.clone() });
            }
            let id = self.word(word)?;
            for context in &group.context {
                let context = self.word(context)?;
                self.made.aliases[id.get()].context.push(context);
            }
        }
        Ok(())
    }
}

/// As few terms as cover a word's positions, by distance from the first; they overlap where no term
/// begins at the end of another, as in 3D打印机 (3d打印, 打印机).
fn covering(tokens: &[Token]) -> Vec<(u32, String)> {
    let end_of = |token: &Token| token.position.saturating_add(token.position_length);
    let mut cover: Vec<(u32, String)> = Vec::new();
    let Some(first) = tokens.first().map(|token| token.position) else { return cover };
    let mut end = first;
    loop {
        // The furthest reach from here, the latest beginning among equals; or the next after a gap.
        let here = tokens.iter().filter(|token| token.position <= end && end_of(token) > end);
        let best = here.reduce(|best, token| {
            let rank = |token: &Token| (end_of(token), token.position);
            if rank(token) > rank(best) { token } else { best }
        });
        let Some(token) = best.or_else(|| tokens.iter().find(|token| token.position > end)) else {
            return cover;
        };
        cover.push((token.position - first, token.text.clone()));
        end = end_of(token);
    }
}

/// The plural of an English noun; `None` for what does not end in a small letter, or has one.
fn plural(word: &str) -> Option<String> {
    let last = word.chars().next_back().filter(char::is_ascii_lowercase)?;
    let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
    Some(match last {
        's' => return None,
        'y' if !ends(&["ay", "ey", "oy", "uy"]) => format!("{}ies", &word[..word.len() - 1]),
        _ if ends(&["x", "z", "ch", "sh"]) => format!("{word}es"),
        _ => format!("{word}s"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        source = "made for the tests"
        weights = { same = 0.9, abbreviation = 0.8, translation = 0.7, narrower = 0.5, broader = 0.3 }
        [[leaf]]
        name = "材料"
        groups = [
            { term = "碳化硅", abbreviation = ["SiC"], translation = ["silicon carbide"] },
            { term = "增材制造", same = ["3D打印"], narrower = ["3D打印机"], translation = ["additive manufacturing"] },
            { term = "钛合金", translation = ["titanium alloy"], narrower = ["TC4"] },
            { term = "聚乙烯", abbreviation = ["PE"], ambiguous = ["PE"], context = ["塑料", "薄膜"] },
        ]
    "#;

    fn list(text: &str) -> Result<Synonyms, SynonymsError> {
        Synonyms::from_toml(text, Segmenter::shared())
    }

    fn found<'a>(synonyms: &'a Synonyms, text: &'a str) -> Vec<(&'a str, &'a str)> {
        let found = synonyms.find(&Segmenter::shared().tokens(text));
        found.into_iter().map(|it| (synonyms.text(it.alias), &text[it.range])).collect()
    }

    fn alternatives(synonyms: &Synonyms, word: &str) -> Vec<(String, Kind, f32)> {
        let id = synonyms.ids().find(|id| synonyms.text(*id) == word).expect("in the list");
        let of = |it: &Alternative| (synonyms.text(it.alias).to_owned(), it.kind, it.weight);
        synonyms.alternatives(id).iter().map(of).collect()
    }

    #[test]
    fn words_are_found_however_they_are_typed() {
        let synonyms = list(LIST).expect("a sound list");
        for (text, expected) in [
            ("4H-SiC衬底", vec![("SiC", "SiC")]),
            ("ＳｉＣ", vec![("SiC", "ＳｉＣ")]),
            ("采用3D 打印成形", vec![("3D打印", "3D 打印")]),
            ("Silicon-Carbide wafers", vec![("silicon carbide", "Silicon-Carbide")]),
            ("silicon carbides", vec![("silicon carbides", "silicon carbides")]),
            ("carbide silicon", vec![]),
            ("碳化\n硅", vec![("碳化硅", "碳化\n硅")]),
            ("3D打印机", vec![("3D打印", "3D打印"), ("3D打印机", "3D打印机")]),
            ("PET", vec![]),
        ] {
            assert_eq!(found(&synonyms, text), expected, "{text}");
        }
    }

    #[test]
    fn weights_are_the_lesser_and_narrower_ones_have_a_direction() {
        let synonyms = list(LIST).expect("a sound list");
        let word = |text: &str, kind, weight| (text.to_owned(), kind, weight);
        assert_eq!(
            alternatives(&synonyms, "SiC"),
            [
                word("碳化硅", Kind::Abbreviation, 0.8),
                word("silicon carbide", Kind::Translation, 0.7),
                word("silicon carbides", Kind::Translation, 0.7),
            ]
        );
        assert_eq!(alternatives(&synonyms, "钛合金")[2], word("TC4", Kind::Narrower, 0.5));
        assert_eq!(alternatives(&synonyms, "TC4")[0], word("钛合金", Kind::Broader, 0.3));
    }

    #[test]
    fn a_word_of_many_meanings_needs_its_context() {
        let synonyms = list(LIST).expect("a sound list");
        let meant = |text: &str| {
            let found = synonyms.find(&Segmenter::shared().tokens(text));
            let mut found: Vec<AliasId> = found.into_iter().map(|it| it.alias).collect();
            synonyms.keep_meant(&mut found);
            found.into_iter().map(|id| synonyms.text(id).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(meant("私募PE基金"), Vec::<String>::new());
        assert_eq!(meant("PE薄膜"), ["PE", "薄膜"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |from: &str, to: &str| {
            assert!(LIST.contains(from), "{from}");
            list(&LIST.replace(from, to)).expect_err("a wrong list")
        };
        assert!(matches!(
            wrong("same = 0.9", "same = 1.5"),
            SynonymsError::Weight { name: "same", .. }
        ));
        assert!(matches!(wrong("\"3D打印\"", "\"sic\""), SynonymsError::Twice { .. }));
        assert!(matches!(wrong("\"TC4\"", "\"的\""), SynonymsError::NoTerms { .. }));
        assert!(matches!(
            wrong(", context = [\"塑料\", \"薄膜\"]", ""),
            SynonymsError::NoContext { .. }
        ));
        assert!(matches!(
            wrong(", abbreviation = [\"PE\"], ambig", ", ambig"),
            SynonymsError::Alone { .. }
        ));
        let error = wrong("term = \"钛合金\"", "name = \"钛合金\"");
        assert!(matches!(error, SynonymsError::Shape(_)));
        assert!(!error.message(Lang::Zh).is_empty() && !error.remedy(Lang::En).is_empty());
    }

    #[test]
    fn plurals_are_regular() {
        for (one, many) in
            [("battery", "batteries"), ("alloy", "alloys"), ("mesh", "meshes"), ("laser", "lasers")]
        {
            assert_eq!(plural(one).as_deref(), Some(many));
        }
        assert_eq!(plural("IoT"), None);
        assert_eq!(plural("physics"), None);
    }
}
