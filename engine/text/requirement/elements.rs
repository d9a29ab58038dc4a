//! The five elements of a technical text: material, method, effect, product, application.

use std::ops::Range;

use super::lexicon::{LEXICON, Section};
use super::{RequirementKind, clause::clauses};
use crate::model::{Lang, QuoteField};

/// One of the five elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// 材料.
    Material,
    /// 方法.
    Method,
    /// 功效.
    Effect,
    /// 产品.
    Product,
    /// 应用.
    Application,
}

impl Element {
    /// All five, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Material, Self::Method, Self::Effect, Self::Product, Self::Application];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Material => lang.pick("材料", "material"),
            Self::Method => lang.pick("方法", "method"),
            Self::Effect => lang.pick("功效", "effect"),
            Self::Product => lang.pick("产品", "product"),
            Self::Application => lang.pick("应用", "application"),
        }
    }

    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Material => "material",
            Self::Method => "method",
            Self::Effect => "effect",
            Self::Product => "product",
            Self::Application => "application",
        }
    }
}

/// A phrase: the field it is in, and its bytes there.
pub(super) type Phrase = (QuoteField, Range<usize>);

/// The five elements, in the order of [`Element::ALL`]; `None` where the text names none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Elements([Option<Phrase>; 5]);

impl Elements {
    /// The phrase of one element.
    #[must_use]
    pub const fn get(&self, element: Element) -> Option<&Phrase> {
        self.0[element as usize].as_ref()
    }

    fn offer(&mut self, element: Element, field: QuoteField, bytes: Range<usize>) {
        let slot = &mut self.0[element as usize];
        if slot.is_none() && !bytes.is_empty() {
            *slot = Some((field, bytes));
        }
    }
}

/// Longest phrase, in characters: a line of a list cell.
const LONGEST: usize = 24;

/// Characters at which a noun phrase ends or begins.
const JOINTS: &str =
    "的和或在对用为将把及与、，。；：（）()“”\"';,:由以使从被让是有至到向给等该本其此";

/// Finds the five elements: the first phrase of each kind, the title before the body.
///
/// A product or material is the noun phrase that ends in a word of that kind; a method is what
/// follows 采用, 利用, 通过 …, or a title's own 方法 or 工艺; an effect begins with its verb; an
/// application follows 用于, 应用领域 and the like. Phrases have at most 24 characters.
#[must_use]
pub fn elements(title: &str, body: &str) -> Elements {
    let mut found = Elements::default();
    let mut section = None;
    for (field, text) in [(QuoteField::Title, title), (QuoteField::Body, body)] {
        for clause in clauses(text) {
            if clause.heading.is_some() || clause.resets {
                section = clause.heading;
            }
            if section == Some(Section::Aside) {
                continue;
            }
            read_clause(text, clause.bytes, field, section, &mut found);
        }
        section = None;
        if found.0.iter().all(Option::is_some) {
            break;
        }
    }
    found
}

fn read_clause(
    text: &str,
    clause: Range<usize>,
    field: QuoteField,
    section: Option<Section>,
    found: &mut Elements,
) {
    let lexicon = &*LEXICON;
    let part = &text[clause.clone()];
    let at = |range: Range<usize>| clause.start + range.start..clause.start + range.end;
    if section == Some(Section::Application) {
        found.offer(Element::Application, field, at(clipped(part, 0)));
        return;
    }
    if let Some(cue) = lexicon.application.find(part) {
        found.offer(Element::Application, field, at(clipped(part, cue.end())));
    }
    if field == QuoteField::Body
        && let Some(cue) = lexicon.effect.find(part)
    {
        found.offer(Element::Effect, field, at(clipped(part, cue.start())));
    }
    if field == QuoteField::Body
        && let Some(cue) = lexicon.method.find(part)
    {
        found.offer(Element::Method, field, at(clipped(part, cue.end())));
    }
    for phrase in phrases(part) {
        if lexicon.is_bare_noun(&part[phrase.clone()]) {
            continue;
        }
        let element = match lexicon.noun_at_end(&part[phrase.clone()]) {
            Some(RequirementKind::Material) => Element::Material,
            Some(RequirementKind::Object) => Element::Product,
            // In a body these words stand everywhere; there the method follows its cue.
            Some(RequirementKind::Process) if field == QuoteField::Title => Element::Method,
            _ => continue,
        };
        found.offer(element, field, at(phrase));
    }
}

/// From `start` on, at most [`LONGEST`] characters, without blanks at the ends.
fn clipped(part: &str, start: usize) -> Range<usize> {
    let rest = &part[start..];
    let lead = rest.len() - rest.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
    let rest = &rest[lead..];
    let end = rest.char_indices().nth(LONGEST).map_or(rest.len(), |(at, _)| at);
    let length = rest[..end].trim_end().len();
    start + lead..start + lead + length
}

/// The noun phrases of a clause: what stands between joints, two to [`LONGEST`] characters, words
/// of asking and introducing taken off.
fn phrases(part: &str) -> impl Iterator<Item = Range<usize>> {
    const OPENERS: [&str; 14] = [
        "现需求",
        "需求",
        "寻求",
        "寻找",
        "需要",
        "希望",
        "研制",
        "研发",
        "开发",
        "设计",
        "公开了",
        "提供了",
        "采用",
        "利用",
    ];
    let mut start = 0;
    let mut ranges = Vec::new();
    for (at, c) in part.char_indices().chain([(part.len(), '，')]) {
        if JOINTS.contains(c) {
            if start < at {
                ranges.push(start..at);
            }
            start = at + if at < part.len() { c.len_utf8() } else { 0 };
        }
    }
    ranges.into_iter().filter_map(move |range| {
        let mut text = &part[range.clone()];
        for opener in OPENERS {
            if let Some(at) = text.find(opener) {
                text = &text[at + opener.len()..];
            }
        }
        for measure in ["一种", "一款", "一套", "一台", "一个", "一项", "新型"] {
            text = text.strip_prefix(measure).unwrap_or(text);
        }
        let text = text.trim();
        let length = text.chars().count();
        let end = range.start + part[range.clone()].trim_end().len();
        (2..=LONGEST).contains(&length).then(|| end - text.len()..end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all<'t>(title: &'t str, body: &'t str) -> Vec<(&'static str, &'t str)> {
        let found = elements(title, body);
        Element::ALL
            .into_iter()
            .filter_map(|element| {
                let (field, bytes) = found.get(element)?.clone();
                let text = if field == QuoteField::Title { title } else { body };
                Some((element.name(), &text[bytes]))
            })
            .collect()
    }

    #[test]
    fn each_element_is_a_short_phrase_of_the_text() {
        assert_eq!(
            all(
                "一种羊绒分梳机",
                "采用气流辅助分梳，提高长绒得率。针布为耐磨合金。适用于羊绒、驼绒加工企业。"
            ),
            [
                ("material", "耐磨合金"),
                ("method", "气流辅助分梳"),
                ("effect", "提高长绒得率"),
                ("product", "羊绒分梳机"),
                ("application", "羊绒、驼绒加工企业"),
            ]
        );
    }

    #[test]
    fn what_is_not_named_is_missing() {
        assert_eq!(all("寻求合作", "联系我们。"), []);
        assert_eq!(all("果汁澄清工艺", ""), [("method", "果汁澄清工艺")]);
    }

    proptest! {
        #[test]
        fn phrases_are_substrings(title in "[\\PC]{0,12}", body in "(采用|提高|用于|材料|设备|的|，|[\\PC]{0,5}){0,30}") {
            let found = elements(&title, &body);
            for element in Element::ALL {
                if let Some((field, bytes)) = found.get(element) {
                    let text = if *field == QuoteField::Title { &title } else { &body };
                    let phrase = &text[bytes.clone()];
                    prop_assert!(!phrase.is_empty() && phrase.chars().count() <= LONGEST);
                }
            }
        }
    }
}
