//! The kind of one clause, from its own words and the section it stands in.

use super::RequirementKind::{self, Effect, Indicator, Material, Object, Problem, Process};
use super::clause::Clause;
use super::lexicon::{LEXICON, Section};
use super::number::states_number;
use crate::model::Side;

/// What a clause's own words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is of this kind.
    Is(RequirementKind),
    /// Nothing tells: it goes with the clause before it in its sentence.
    Unmarked,
    /// It is not a requirement.
    Nothing,
}

/// Types one clause. The order of the questions is the order of how telling the words are: a
/// stated limit, a wish, what is wrong, what is to become better, by what means.
pub(super) fn classify(side: Side, text: &str, section: Option<Section>, clause: &Clause) -> Kind {
    let lexicon = &*LEXICON;
    if matches!(section, Some(Section::Aside | Section::Application))
        || lexicon.aside.is_match(text)
    {
        return Kind::Nothing;
    }
    let below = match section {
        Some(Section::Of(kind)) => Some(kind),
        _ => None,
    };
    if is_indicator(side, text, section) {
        return Kind::Is(Indicator);
    }
    if lexicon.solve_problem.is_match(text) {
        return Kind::Is(Problem);
    }
    let wrong = lexicon.problem.is_match(text);
    let better = lexicon.effect.is_match(text);
    match side {
        Side::Demand => demand_kind(text, section, clause, below, wrong, better),
        Side::Supply => supply_kind(text, below, wrong, better),
    }
}

fn demand_kind(
    text: &str,
    section: Option<Section>,
    clause: &Clause,
    below: Option<RequirementKind>,
    wrong: bool,
    better: bool,
) -> Kind {
    let lexicon = &*LEXICON;
    let asks = lexicon.asks(text);
    let today = lexicon.today.is_match(text);
    if wrong && (today || !asks) && !leads(text, better) {
        return Kind::Is(Problem);
    }
    if asks && !today || section == Some(Section::Ask) || below.is_none() && clause.item {
        if let Some(kind) = asked_for(text, better) {
            return Kind::Is(kind);
        }
        if asks
            && !wrong
            && ["一种", "一款", "一套", "一台", "一个", "一条"].iter().any(|w| text.contains(w))
        {
            return Kind::Is(Object);
        }
    }
    if better && !today && !text.contains("才能") {
        return Kind::Is(if below == Some(Problem) { Problem } else { Effect });
    }
    // A word of means at the very end has nothing behind it: 供生产使用.
    if lexicon.method.find(text).is_some_and(|word| word.end() < text.len()) && !today {
        return Kind::Is(Process);
    }
    match below {
        Some(Indicator) => Kind::Is(Effect),
        Some(kind) => Kind::Is(kind),
        None if section == Some(Section::Ask) => Kind::Is(Process),
        None => Kind::Unmarked,
    }
}

fn supply_kind(text: &str, below: Option<RequirementKind>, wrong: bool, better: bool) -> Kind {
    let lexicon = &*LEXICON;
    if wrong && (below == Some(Problem) || lexicon.today.is_match(text) || !better) {
        return Kind::Is(Problem);
    }
    let means = lexicon.method.is_match(text);
    // 通过…提高…: the clause says what it is for; 采用… alone says how.
    if better && !(means && lexicon.noun_at_end(text).is_some()) {
        return Kind::Is(Effect);
    }
    if introduces(text) {
        return Kind::Is(lexicon.noun_at_end(text).unwrap_or(Object));
    }
    if means {
        return Kind::Is(Process);
    }
    if text.contains("为原料") || text.contains("由") && text.contains("组成") {
        return Kind::Is(Material);
    }
    match below {
        Some(Indicator) => Kind::Is(Effect),
        Some(kind) => Kind::Is(kind),
        None => Kind::Unmarked,
    }
}

/// Whether a supply's clause presents the thing itself.
fn introduces(text: &str) -> bool {
    [
        "公开了",
        "提供了",
        "提供一",
        "涉及",
        "一种",
        "本产品",
        "本系统",
        "本装置",
        "本设备",
        "研制了",
        "开发了",
    ]
    .iter()
    .any(|word| text.contains(word))
}

/// A number that is to be reached (demand) or has been (supply); how things stand today is none.
fn is_indicator(side: Side, text: &str, section: Option<Section>) -> bool {
    if !states_number(text) {
        return false;
    }
    let lexicon = &*LEXICON;
    match side {
        Side::Supply => {
            !lexicon.today.is_match(text) && !matches!(section, Some(Section::Of(Problem)))
        }
        Side::Demand => match section {
            Some(Section::Of(Indicator)) => true,
            Some(Section::Of(Problem)) => false,
            Some(Section::Of(Effect) | Section::Ask) => !lexicon.today.is_match(text),
            _ => {
                let limited = lexicon.limit.is_match(text);
                limited && !lexicon.today.is_match(text) && !complains(text)
            }
        },
    }
}

/// Whether a number stands in a complaint: 含量超出要求, 温度达到300度时就开裂.
fn complains(text: &str) -> bool {
    const WORDS: [&str; 8] = ["超出", "超标", "只有", "仅有", "就会", "就要", "不到", "才能"];
    WORDS.iter().any(|word| text.contains(word))
}

/// Whether a wish to make something better opens the clause, before what is wrong is named:
/// 减少漏粉, 避免开裂.
fn leads(text: &str, better: bool) -> bool {
    let lexicon = &*LEXICON;
    better
        && match (lexicon.effect.find(text), lexicon.problem.find(text)) {
            (Some(effect), Some(problem)) => effect.start() < problem.start(),
            (found, _) => found.is_some(),
        }
}

/// What a clause with a wish asks for: the thing at its end, or before the words that say what
/// it is to do; an effect where it names none; `None` where nothing tells.
fn asked_for(text: &str, better: bool) -> Option<RequirementKind> {
    let lexicon = &*LEXICON;
    let whole = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let whole = ["的研发", "的开发", "的研究", "等", "的需求", "需求"]
        .iter()
        .fold(whole, |text, end| text.strip_suffix(end).unwrap_or(text));
    let at_end = lexicon.noun_at_end(whole);
    if let Some(kind) = at_end {
        // 希望提高设备: the thing is there already, what is wanted is the improvement.
        let improves = ["提高", "提升", "降低", "减少", "改善", "改进", "优化", "增强", "避免"];
        let wish_only = improves.iter().any(|word| after_ask(whole).starts_with(word));
        return Some(if wish_only && kind != Process { Effect } else { kind });
    }
    let cut = [
        "可实现",
        "可以",
        "能够",
        "以便",
        "来",
        "用于",
        "用以",
        "，",
        "使",
        "满足",
        "that ",
        "which ",
        "to ",
    ]
    .iter()
    .filter_map(|word| whole.find(word))
    .filter(|&at| at > 0)
    .min();
    if let Some(kind) = cut.and_then(|at| lexicon.noun_at_end(whole[..at].trim_end())) {
        return Some(kind);
    }
    better.then_some(Effect)
}

/// What follows the last word of asking.
fn after_ask(text: &str) -> &str {
    LEXICON.ask.find_iter(text).last().map_or(text, |found| &text[found.end()..])
}

/// The kind of a title: the thing its last word names, the problem or the improvement it begins
/// with, and otherwise the object.
pub(super) fn title_kind(title: &str) -> RequirementKind {
    let lexicon = &*LEXICON;
    let mut core = title.trim().trim_end_matches(|c: char| !c.is_alphanumeric());
    if let Some(at) = core.find(['（', '(', '-', '—']).filter(|&at| at > 3 * 4) {
        core = core[..at].trim_end();
    }
    if ["问题", "难题", "难点", "瓶颈"].iter().any(|word| core.ends_with(word)) {
        return Problem;
    }
    const TAILS: [&str; 17] = [
        "的研究与应用",
        "研究与应用",
        "及其应用",
        "及应用",
        "的需求",
        "需求",
        "的研制",
        "研制",
        "的研发",
        "研发",
        "的开发",
        "开发",
        "的设计",
        "设计",
        "制造",
        "的应用",
        "产业化",
    ];
    for tail in TAILS {
        core = core.strip_suffix(tail).unwrap_or(core).trim_end();
    }
    if let Some(kind) = lexicon.noun_at_end(core) {
        return kind;
    }
    if lexicon.effect.find(core).is_some_and(|found| found.start() == 0) {
        return Effect;
    }
    if core.len() < title.trim().len() { Object } else { Process }
}
