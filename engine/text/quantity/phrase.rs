//! Noun phrases around a number.

use std::ops::Range;

use super::property::Hit;
use super::scan::{Scan, ends_clause, is_han};

/// Longest noun phrase, in characters; what is longer is a sentence.
const MAX_PHRASE: usize = 12;

/// How far back a clause is followed, in characters.
pub(super) const REACH: usize = 40;

/// Longest bracketed remark between a property and its number that is stepped over.
const MAX_REMARK: usize = 16;

/// Where the clause that holds the place before `at` begins, at most [`REACH`] back.
pub(super) fn clause_start(scan: &Scan, at: usize) -> usize {
    let floor = at.saturating_sub(REACH);
    let mut start = at;
    while start > floor && !ends_clause(scan.before(start)) {
        start -= 1;
    }
    start
}

/// Where the bracketed remark that ends at `at` begins; `at` where none does.
pub(super) fn before_remark(scan: &Scan, at: usize) -> usize {
    if scan.before(at) != ')' {
        return at;
    }
    let floor = at.saturating_sub(MAX_REMARK);
    (floor..at - 1).rev().find(|&place| scan.at(place) == '(').unwrap_or(at)
}

/// The noun phrase that ends at `end`, not reaching before `floor`; empty where there is none.
///
/// A phrase stops at punctuation and at words of structure (的, 和, 将, 在 …), but never inside
/// the name of a known property.
pub(super) fn before(scan: &Scan, hits: &[Hit], floor: usize, end: usize) -> Range<usize> {
    let floor = floor.max(end.saturating_sub(MAX_PHRASE));
    let mut start = end;
    while start > floor {
        let c = scan.before(start);
        let inside = hit_over(hits, start - 1).is_some();
        let joins = is_word(c)
            || (c == ' '
                && scan.before(start - 1).is_ascii_alphabetic()
                && scan.at(start).is_ascii_alphabetic());
        if !joins || (!inside && stops(scan, start - 1)) {
            break;
        }
        start -= 1;
    }
    while start < end && scan.at(start) == ' ' {
        start += 1;
    }
    let opening = OPENINGS.iter().find(|word| scan.starts(start, word));
    let length = opening.map_or(0, |word| word.chars().count());
    // 要求 before 导热系数 is no part of its name; alone before the number it names nothing.
    start = if hit_over(hits, start).is_some() { start } else { (start + length).min(end) };
    start..end
}

/// Words that open a clause before a noun and belong to no name.
const OPENINGS: [&str; 19] = [
    "要求",
    "需要",
    "需求",
    "希望",
    "期望",
    "本产品",
    "本项目",
    "本发明",
    "实现",
    "提供",
    "具有",
    "拥有",
    "采用",
    "使用",
    "满足",
    "保证",
    "确保",
    "目前",
    "现有",
];

/// The noun phrase that begins at `start`: at most 8 characters; empty where there is none.
pub(super) fn after(scan: &Scan, start: usize) -> Range<usize> {
    const MAX_AFTER: usize = 8;
    let mut end = start;
    while end < start + MAX_AFTER && is_word(scan.at(end)) {
        // 能散, 可溶物: the first character may begin a noun.
        let first = end == start && matches!(scan.at(end), '能' | '可' | '含' | '过' | '比');
        if stops(scan, end) && !first {
            break;
        }
        end += 1;
    }
    start..end
}

/// The hit that covers the character at `at`.
fn hit_over(hits: &[Hit], at: usize) -> Option<&Hit> {
    let next = hits.partition_point(|hit| hit.start <= at);
    hits[..next].last().filter(|hit| hit.end > at)
}

fn is_word(c: char) -> bool {
    is_han(c) || c.is_ascii_alphanumeric() || matches!(c, '-' | '·' | 'α'..='ω' | 'Α'..='Ω')
}

/// Words of structure, of one character, at which a noun phrase stops.
const STRUCTURE: &str =
    "的在和与及或将使把由从其以是为了被而则且并该此各每约达于让给仅需至到过所含比较能可均";

/// Words of two characters that only begin like a word of structure.
const NOUNS: [&str; 17] = [
    "比例", "比重", "比值", "比表", "比率", "比容", "过程", "过滤", "过载", "能耗", "能量", "能力",
    "能源", "以太", "含水", "含油", "均匀",
];

/// Whether the character at `at` is a word of structure, at which a noun phrase stops.
fn stops(scan: &Scan, at: usize) -> bool {
    let (c, next, before) = (scan.at(at), scan.at(at + 1), scan.before(at));
    if STRUCTURE.contains(c) {
        // 电能, 性能, 配比, 占比: the last character of a noun.
        let closes_noun = match c {
            '能' => "电热光性功机动节储智产风".contains(before),
            '比' => "占配性对宽径相量".contains(before),
            _ => false,
        };
        return !closes_noun && !NOUNS.iter().any(|noun| scan.starts(at, noun));
    }
    match c {
        '中' => is_han(next) && !"心位间空频压低高长".contains(next),
        '对' => next != '比' && next != '焦',
        '后' | '时' => !"间长延处".contains(next),
        _ => false,
    }
}
