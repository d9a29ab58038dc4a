//! What a demand asks for and what a supply claims, clause by clause; and the five elements.
//!
//! [`requirements`] types the clauses of a record's title and body: problem, object, material,
//! process, effect, indicator. [`elements`] names material, method, effect, product and
//! application as short phrases. Both answer with byte ranges of the text as it was handed in, so
//! every quote is a substring of its source.
//!
//! Cue words are data (`corpus/requirement_cues.toml`), Chinese and English. The rules are those a
//! reader uses at a glance: a heading types what follows it, a clause is typed by its own words,
//! and a clause without any goes with the one before it in the same sentence. Time is linear in
//! the length of the text.

mod classify;
mod clause;
mod elements;
mod lexicon;
mod number;

use std::ops::Range;

use crate::model::{Lang, QuoteField, Side};

pub use elements::{Element, Elements, elements};

use classify::{Kind, classify, title_kind};
use clause::{Clause, clauses};
use lexicon::{LEXICON, Section};

pub use number::states_number;

/// What a requirement, or a claim, is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequirementKind {
    /// 难题: what is wrong today, or is to be solved.
    Problem,
    /// 对象: the product, device or system.
    Object,
    /// 材料.
    Material,
    /// 工艺方法: the technique.
    Process,
    /// 目标效果: what is to become better, without a number.
    Effect,
    /// 指标: a clause that states a number to be reached.
    Indicator,
}

impl RequirementKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Problem, Self::Object, Self::Material, Self::Process, Self::Effect, Self::Indicator];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Problem => lang.pick("难题", "problem"),
            Self::Object => lang.pick("对象", "object"),
            Self::Material => lang.pick("材料", "material"),
            Self::Process => lang.pick("工艺方法", "process"),
            Self::Effect => lang.pick("目标效果", "effect"),
            Self::Indicator => lang.pick("指标", "indicator"),
        }
    }

    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Object => "object",
            Self::Material => "material",
            Self::Process => "process",
            Self::Effect => "effect",
            Self::Indicator => "indicator",
        }
    }
}

/// One requirement of a demand, or one claim of a supply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What it is about.
    pub kind: RequirementKind,
    /// Title or body.
    pub field: QuoteField,
    /// Where it stands in that text, in bytes; never empty.
    pub bytes: Range<usize>,
}

impl Requirement {
    /// The quoted words.
    #[must_use]
    pub fn text<'t>(&self, title: &'t str, body: &'t str) -> &'t str {
        let text = if self.field == QuoteField::Title { title } else { body };
        &text[self.bytes.clone()]
    }
}

/// A clause that nothing has typed yet and that belongs to the next one of its sentence.
#[derive(Debug, Clone, Copy)]
struct Opening {
    /// Whether it belongs to a clause of any kind (针对…), or only to a problem (现有…).
    any: bool,
    /// Its sentence and its first byte.
    at: (usize, usize),
}

/// Longest requirement made of several clauses, in bytes: about three lines of a list cell, as
/// for a sentence that is quoted.
const LONGEST: usize = 3 * crate::text::MAX_SENTENCE_CHARS;

/// Splits a record's texts into typed requirements (of a demand) or claims (of a supply), in the
/// order of the text, title first.
///
/// The title is one requirement. In the body, neighbouring clauses of one sentence and one kind
/// are one requirement of at most `LONGEST` bytes; indicators stay clause by clause. Clauses of
/// which nothing tells the kind (background, who asks, how to cooperate) are left out. Ranges of
/// one field are ascending and disjoint.
#[must_use]
pub fn requirements(side: Side, title: &str, body: &str) -> Vec<Requirement> {
    let mut found = Vec::new();
    let head = trimmed(title, 0..title.len());
    if !head.is_empty() {
        let kind = title_kind(&title[head.clone()]);
        found.push(Requirement { kind, field: QuoteField::Title, bytes: head });
    }
    let mut section: Option<Section> = None;
    let mut last: Option<(Clause, RequirementKind)> = None;
    let mut opening: Option<Opening> = None;
    for clause in clauses(body) {
        if clause.heading.is_some() || clause.resets {
            section = clause.heading;
        }
        let inherited =
            last.as_ref().filter(|(before, _)| before.sentence == clause.sentence).map(|l| l.1);
        if opening.is_none() && LEXICON.opens(&body[clause.bytes.clone()]) {
            opening = Some(Opening { any: true, at: (clause.sentence, clause.bytes.start) });
            last = None;
            continue;
        }
        let kind = match classify(side, &body[clause.bytes.clone()], section, &clause) {
            Kind::Is(kind) => Some(kind),
            Kind::Unmarked => inherited.filter(|kind| *kind != RequirementKind::Indicator),
            Kind::Nothing => None,
        };
        let Some(kind) = kind else {
            last = None;
            let words = &body[clause.bytes.clone()];
            let at = (clause.sentence, clause.bytes.start);
            opening = opening
                .filter(|held| held.any && held.at.0 == at.0)
                .or_else(|| LEXICON.today.is_match(words).then_some(Opening { any: false, at }));
            continue;
        };
        // How things stand today belongs to what is wrong with it: 现有绕线机经常停机，换线费时.
        let from = opening.take().filter(|held| {
            (held.any || kind == RequirementKind::Problem)
                && held.at.0 == clause.sentence
                && clause.bytes.end - held.at.1 <= LONGEST
        });
        let joins = inherited == Some(kind) && kind != RequirementKind::Indicator && !clause.item;
        match found.last_mut() {
            Some(Requirement { field: QuoteField::Body, bytes, .. })
                if joins && clause.bytes.end - bytes.start <= LONGEST =>
            {
                bytes.end = clause.bytes.end;
            }
            _ => found.push(Requirement {
                kind,
                field: QuoteField::Body,
                bytes: from.map_or(clause.bytes.start, |held| held.at.1)..clause.bytes.end,
            }),
        }
        last = Some((clause, kind));
    }
    found
}

/// `range` without white space at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(side: Side, body: &str) -> Vec<(RequirementKind, &str)> {
        requirements(side, "", body).into_iter().map(|r| (r.kind, &body[r.bytes])).collect()
    }

    #[test]
    fn a_demand_is_split_and_typed() {
        use RequirementKind::{Effect, Indicator, Object, Problem, Process};
        assert_eq!(
            kinds(
                Side::Demand,
                "我公司主要从事绳网生产。现有收卷机经常断绳，换卷费时费力。现需求一台自动换卷设备，\
                 降低工人劳动强度，换卷时间不超过20秒。采用机器视觉技术。"
            ),
            [
                (Problem, "现有收卷机经常断绳，换卷费时费力"),
                (Object, "现需求一台自动换卷设备"),
                (Effect, "降低工人劳动强度"),
                (Indicator, "换卷时间不超过20秒"),
                (Process, "采用机器视觉技术"),
            ]
        );
    }

    #[test]
    fn headings_and_numbering_type_what_follows() {
        use RequirementKind::{Indicator, Problem, Process};
        assert_eq!(
            kinds(
                Side::Demand,
                "技术难题：1、槽体三个月就坏；2、酸雾外逸。主要技术指标：①寿命≥3年；②酸雾浓度\
                 10mg/m³。合作方式：技术转让。技术需求：（1）耐酸衬里技术；（2）密封工艺"
            ),
            [
                (Problem, "槽体三个月就坏"),
                (Problem, "酸雾外逸"),
                (Indicator, "寿命≥3年"),
                (Indicator, "酸雾浓度10mg/m³"),
                (Process, "耐酸衬里技术"),
                (Process, "密封工艺"),
            ]
        );
    }

    #[test]
    fn a_supply_makes_claims() {
        use RequirementKind::{Effect, Indicator, Problem, Process};
        assert_eq!(
            kinds(
                Side::Supply,
                "现有技术缺点 传统烘干能耗高。技术优势 采用低温热泵除湿工艺，热回收率85%，显著提高干燥品质。"
            ),
            [
                (Problem, "传统烘干能耗高"),
                (Process, "采用低温热泵除湿工艺"),
                (Indicator, "热回收率85%"),
                (Effect, "显著提高干燥品质"),
            ]
        );
    }

    #[test]
    fn english_is_read_too() {
        use RequirementKind::{Indicator, Object, Problem};
        assert_eq!(
            kinds(
                Side::Demand,
                "Our present welds are unstable. We need a seam tracking sensor, error below 0.2 mm."
            ),
            [
                (Problem, "Our present welds are unstable"),
                (Object, "We need a seam tracking sensor"),
                (Indicator, "error below 0.2 mm"),
            ]
        );
    }

    #[test]
    fn one_sentence_of_many_thousand_characters_is_bounded() {
        let body = "提高效率".repeat(2_500);
        assert_eq!(requirements(Side::Demand, "题", &body).len(), 2);
        let commas = "提高效率，".repeat(2_000);
        let found = requirements(Side::Demand, "题", &commas);
        assert!(found.iter().all(|r| r.bytes.len() <= LONGEST));
        assert!(found.len() > 20);
    }

    proptest! {
        #[test]
        fn ranges_are_ascending_substrings(
            title in "[\\PC]{0,16}",
            body in "(需求|提高|≥5mm|难题：|1、|（2）|①|。|，|;|,|[\\PC]{0,4}|\n){0,40}",
        ) {
            for side in [Side::Demand, Side::Supply] {
                let mut end = 0;
                for requirement in requirements(side, &title, &body) {
                    prop_assert!(!requirement.text(&title, &body).trim().is_empty());
                    if requirement.field == QuoteField::Body {
                        prop_assert!(requirement.bytes.start >= end);
                        end = requirement.bytes.end;
                    }
                }
            }
        }
    }
}
