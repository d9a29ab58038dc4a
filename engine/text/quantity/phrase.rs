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
        let joins = is_word(c) || (c == ' ' && scan.before(start - 1).is_ascii_alphabetic() && scan.at(start).is_ascii_alphabetic());
        if !joins || (!inside && stops(scan, start - 1)) {
            break;
        }
        start -= 1;
    }
    while start < end && scan.at(start) == ' ' {
        start += 1;
    }
    start..end
}

/// The noun phrase that begins at `start`: at most 8 characters; empty where there is none.
pub(super) fn after(scan: &Scan, start: usize) -> Range<usize> {
    const MAX_AFTER: usize = 8;
    let mut end = start;
    while end < start + MAX_AFTER && is_word(scan.at(end)) && !stops(scan, end) {
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

/// Whether the character at `at` is a word of structure, at which a noun phrase stops.
fn stops(scan: &Scan, at: usize) -> bool {
    let next = scan.at(at + 1);
    match scan.at(at) {
        '的' | '在' | '和' | '与' | '及' | '或' | '将' | '使' | '把' | '由' | '从' | '其' | '以' | '是'
        | '为' | '了' | '被' | '而' | '则' | '且' | '并' | '该' | '此' | '各' | '每' | '约' | '达' | '于'
        | '让' | '给' | '仅' | '需' | '至' | '到' | '过' | '所' | '含' | '比' | '较' | '能' | '可' | '均' => {
            !matches!(
                (scan.at(at), next),
                ('比', '例' | '重' | '值' | '表' | '率' | '容') | ('过', '程' | '滤' | '载' | '流') | ('能', '耗' | '量' | '力' | '源' | '效')
                    | ('和', '度') | ('以', '太') | ('可', '靠' | '见') | ('含', '水' | '量' | '油') | ('均', '匀') | ('为', _)
            ) || matches!(scan.at(at), '为')
        }
        '中' => is_han(next) && !matches!(next, '心' | '位' | '间' | '空' | '频' | '压' | '低' | '高' | '长'),
        '对' => next != '比' && next != '焦',
        '后' | '时' => !matches!(next, '间' | '长' | '延' | '处'),
        _ => false,
    }
}
