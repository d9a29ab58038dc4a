//! Quotes as people read them: one short line for a cell, marked sentences for a page.

use super::veil;
use crate::matching::{CheckedNumber, Outcome};
use crate::model::{Lang, Part, Quote, QuoteField, Record, Side};
use crate::text::VEILED;

/// Most characters of one side's quotes in a line: two sides, the marks and the names stay within
/// some 160 characters, which is five lines of the column.
const LINE_CHARACTERS: usize = 68;
/// Most quotes per side in a line.
const LINE_QUOTES: usize = 2;
/// Most pairs of synonyms in a line.
const LINE_SYNONYMS: usize = 2;
/// Most characters around a quote that are shown with it on a page, on either side.
const CONTEXT_CHARACTERS: usize = 60;

/// One line: 需求“…” ↔ 供给“…”, with at most two quotes per side; empty without quotes.
///
/// Passages of the body come before the title, which has its own column, and both before
/// classification, codes, maturity and dates. Of two passages of which one contains the other, the
/// later is left out.
///
/// The [synonyms](synonyms) of the quotes follow in brackets.
///
/// Each side is a record and whether it [needs care](veil::needs_care).
pub(super) fn line(
    demand: (&Record, bool),
    supply: (&Record, bool),
    quotes: &[Quote],
    lang: Lang,
) -> String {
    let sides =
        [(Side::Demand, demand), (Side::Supply, supply)].map(|(side, (record, careful))| {
            let passages = passages(record, careful, side, quotes);
            if passages.is_empty() {
                String::new()
            } else {
                format!("{}{}", side.label(lang), passages)
            }
        });
    let line = match sides {
        [demand, supply] if demand.is_empty() || supply.is_empty() => demand + &supply,
        [demand, supply] => format!("{demand} ↔ {supply}"),
    };
    match (synonyms(quotes, LINE_SYNONYMS, lang), lang) {
        (words, _) if words.is_empty() => line,
        (words, Lang::Zh) => format!("{line}（{words}）"),
        (words, Lang::En) => format!("{line} ({words})"),
    }
}

/// The words by which the two sides' quotes were taken for one another, the demand's first:
/// `碳化硅＝SiC`; at most `limit` pairs, empty without any.
pub(super) fn synonyms(quotes: &[Quote], limit: usize, lang: Lang) -> String {
    let plain = |word: &str| word.split_whitespace().collect::<Vec<_>>().join(" ");
    let pairs: Vec<String> = quotes
        .iter()
        .filter(|quote| quote.side == Side::Demand)
        .flat_map(|quote| &quote.synonyms)
        .take(limit)
        .map(|pair| format!("{}{}{}", plain(&pair.own), pair.kind.sign(), plain(&pair.other)))
        .collect();
    pairs.join(lang.pick("、", ", "))
}

/// Most checked numbers in a cell.
const LINE_NUMBERS: usize = 4;

/// The checked numbers that the supply speaks of, those that are not met first, else in the order
/// of the demand.
pub(super) fn judged(checks: &[CheckedNumber]) -> impl Iterator<Item = &CheckedNumber> {
    let mut judged: Vec<&CheckedNumber> =
        checks.iter().filter(|check| check.outcome != Outcome::NotStated).collect();
    judged.sort_by_key(|check| std::cmp::Reverse(check.outcome));
    judged.into_iter()
}

/// A checked number in one line, without what must not be shown of either record.
pub(super) fn number(
    demand: &Record,
    supply: &Record,
    check: &CheckedNumber,
    lang: Lang,
) -> String {
    veil::text(supply, &veil::text(demand, &check.line(lang))).into_owned()
}

/// The checked numbers in a cell, one line each; empty where the demand states none.
pub(super) fn numbers(
    demand: &Record,
    supply: &Record,
    checks: &[CheckedNumber],
    lang: Lang,
) -> String {
    let mut lines: Vec<String> =
        judged(checks).map(|check| number(demand, supply, check, lang)).collect();
    let left_out = lines.len().saturating_sub(LINE_NUMBERS);
    lines.truncate(LINE_NUMBERS);
    let silent = checks.iter().filter(|check| check.outcome == Outcome::NotStated).count();
    for (n, zh, en) in [(left_out, "另有", "more"), (silent, "未说明", "not stated")] {
        if n > 0 {
            lines.push(match lang {
                Lang::Zh => format!("{zh} {n} 项"),
                Lang::En => format!("{n} {en}"),
            });
        }
    }
    lines.join("\n")
}

fn passages(record: &Record, careful: bool, side: Side, quotes: &[Quote]) -> String {
    // Single words stand in the sentences already.
    let mut own: Vec<&Quote> =
        quotes.iter().filter(|quote| quote.side == side && quote.part != Part::Terms).collect();
    own.sort_by_key(|quote| (order(quote.field), quote.part));
    let mut kept: Vec<String> = Vec::new();
    let mut room = LINE_CHARACTERS;
    let best = own.first().map(|quote| order(quote.field) / 2);
    for quote in own {
        // Titles may follow a body; a date does not stand beside a sentence.
        if kept.len() == LINE_QUOTES || room < 4 || best != Some(order(quote.field) / 2) {
            break;
        }
        let text = if careful { shown(record, quote) } else { quote.text.clone() };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || kept.iter().any(|other| other.contains(&text) || text.contains(other))
        {
            continue;
        }
        let text = clip(&text, room);
        room = room.saturating_sub(text.chars().count());
        kept.push(text);
    }
    kept.iter().map(|text| format!("“{text}”")).collect()
}

/// Quotes of one record in a cell: “…”“…”, in their order, clipped together to `limit` characters.
pub(super) fn listed(record: &Record, quotes: &[Quote], limit: usize) -> String {
    let mut room = limit;
    let mut texts = Vec::new();
    for quote in quotes {
        let text = shown(record, quote).split_whitespace().collect::<Vec<_>>().join(" ");
        if room == 0 || text.is_empty() {
            continue;
        }
        let text = clip(&text, room);
        room = room.saturating_sub(text.chars().count());
        texts.push(format!("“{text}”"));
    }
    texts.concat()
}

const fn order(field: QuoteField) -> u8 {
    match field {
        QuoteField::Body => 0,
        QuoteField::Title => 1,
        QuoteField::Classification => 2,
        QuoteField::Codes => 3,
        QuoteField::Maturity => 4,
        QuoteField::Date => 5,
    }
}

/// The quote's text as it may be shown.
fn shown(record: &Record, quote: &Quote) -> String {
    match source(record, quote.field) {
        Some(whole) => veil::passage(record, whole, quote.start as usize, quote.end as usize),
        None => veil::text(record, &quote.text).into_owned(),
    }
}

fn source(record: &Record, field: QuoteField) -> Option<&str> {
    match field {
        QuoteField::Title => Some(&record.title),
        QuoteField::Body => Some(&record.body),
        QuoteField::Classification
        | QuoteField::Codes
        | QuoteField::Maturity
        | QuoteField::Date => None,
    }
}

/// The first `limit` characters, with an ellipsis where something follows.
pub fn clip(text: &str, limit: usize) -> String {
    let mut characters = text.chars();
    let mut kept: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        kept.push('…');
    }
    kept
}

/// A run of characters on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The text as it may be shown.
    pub(super) text: String,
    /// Whether it is quoted evidence.
    pub(super) marked: bool,
}

/// Sentences of a record with the quoted passages marked, in the order of the text; title first.
///
/// At most `limit` sentences; sentences that hold more than one quote come once. Quotes of other
/// fields than title and body are not sentences and are left out.
pub(super) fn sentences(record: &Record, quotes: &[Quote], limit: usize) -> Vec<Vec<Run>> {
    let mut found = Vec::new();
    for field in [QuoteField::Title, QuoteField::Body] {
        let Some(whole) = source(record, field) else { continue };
        let characters: Vec<char> = whole.chars().collect();
        let mut marked = vec![false; characters.len()];
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for quote in quotes.iter().filter(|q| q.side == record.side && q.field == field) {
            let end = (quote.end as usize).min(characters.len());
            let start = (quote.start as usize).min(end);
            if start < end {
                marked[start..end].fill(true);
                spans.push(sentence_around(&characters, start, end));
            }
        }
        spans.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (start, end) in spans {
            match joined.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        let hidden = veil::hidden(record, whole);
        found.extend(
            joined
                .into_iter()
                .map(|(start, end)| marked_runs(&characters, &marked, &hidden, start, end)),
        );
    }
    found.truncate(limit);
    found
}

/// Grows a passage to its sentence, at most [`CONTEXT_CHARACTERS`] each way.
fn sentence_around(text: &[char], start: usize, end: usize) -> (usize, usize) {
    let ends_sentence = |c: char| matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n');
    let first = (start.saturating_sub(CONTEXT_CHARACTERS)..start)
        .rev()
        .take_while(|&i| !ends_sentence(text[i]))
        .last()
        .unwrap_or(start);
    let last = if ends_sentence(text[end - 1]) {
        end
    } else {
        (end..text.len().min(end + CONTEXT_CHARACTERS))
            .find(|&i| ends_sentence(text[i]))
            .map_or(text.len().min(end + CONTEXT_CHARACTERS), |i| i + 1)
    };
    (first, last)
}

fn marked_runs(
    text: &[char],
    marked: &[bool],
    hidden: &[bool],
    start: usize,
    end: usize,
) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let cut = |at: usize| at > 0 && at < text.len();
    let ellipsis = |wanted: bool| if wanted { "…" } else { "" };
    let begins_inside = cut(start)
        && !matches!(text[start - 1], '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n');
    let ends_inside =
        cut(end) && !matches!(text[end - 1], '。' | '！' | '？' | '；' | '!' | '?' | ';' | '\n');
    for place in start..end {
        if runs.last().is_none_or(|run| run.marked != marked[place]) {
            runs.push(Run { text: String::new(), marked: marked[place] });
        }
        // The loop has just made sure that there is a last run.
        if let Some(run) = runs.last_mut() {
            if !hidden[place] {
                run.text.push(if text[place] == '\n' { ' ' } else { text[place] });
            } else if place == start || !hidden[place - 1] {
                run.text.push_str(VEILED);
            }
        }
    }
    runs.retain(|run| !run.text.trim().is_empty());
    runs.insert(0, Run { text: ellipsis(begins_inside).to_owned(), marked: false });
    runs.push(Run { text: ellipsis(ends_inside).to_owned(), marked: false });
    runs.retain(|run| !run.text.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SynonymKind, SynonymPair};
    use crate::report::fixture;

    fn quote(side: Side, field: QuoteField, source: &str, passage: &str) -> Quote {
        let byte = source.find(passage).expect("the passage is in the source");
        let start = u32::try_from(source[..byte].chars().count()).expect("short");
        let end = start + u32::try_from(passage.chars().count()).expect("short");
        Quote {
            part: Part::Lexical,
            side,
            field,
            start,
            end,
            text: passage.to_owned(),
            synonyms: Vec::new(),
        }
    }

    #[test]
    fn a_line_quotes_both_sides_and_stays_short() {
        let body = "现有窑炉温控精度差。需要把炉温波动控制在正负一度以内，".to_owned()
            + &"并且".repeat(99);
        let demand = fixture::record(Side::Demand, 0, "窑炉温控", &body);
        let supply = fixture::record(Side::Supply, 0, "炉温闭环控制", "炉温波动控制可达正负半度。");
        let quotes = [
            quote(Side::Demand, QuoteField::Body, &body, &body),
            quote(Side::Supply, QuoteField::Body, &supply.body, "炉温波动控制"),
            quote(Side::Supply, QuoteField::Title, &supply.title, "炉温"),
        ];
        let line = line((&demand, true), (&supply, true), &quotes, Lang::Zh);
        assert!(line.starts_with("需求“现有窑炉温控精度差"), "{line}");
        assert!(line.ends_with(" ↔ 供给“炉温波动控制”"), "a contained title is left out: {line}");
        assert!(line.chars().count() <= 160);
    }

    #[test]
    fn a_line_names_the_synonyms_once() {
        let demand = fixture::record(Side::Demand, 0, "衬底", "求碳化硅衬底。");
        let supply = fixture::record(Side::Supply, 0, "晶片", "SiC 晶片。");
        let mut quotes = [
            quote(Side::Demand, QuoteField::Body, &demand.body, "碳化硅衬底"),
            quote(Side::Supply, QuoteField::Body, &supply.body, "SiC 晶片"),
        ];
        let pair = |own: &str, other: &str, kind| SynonymPair {
            own: own.to_owned(),
            other: other.to_owned(),
            kind,
        };
        quotes[0].synonyms = vec![
            pair("碳化硅", "SiC", SynonymKind::Abbreviation),
            pair("衬底", "晶片", SynonymKind::Narrower),
        ];
        quotes[1].synonyms = vec![pair("SiC", "碳化硅", SynonymKind::Abbreviation)];
        assert_eq!(
            line((&demand, true), (&supply, true), &quotes, Lang::Zh),
            "需求“碳化硅衬底” ↔ 供给“SiC 晶片”（碳化硅＝SiC、衬底≈晶片）"
        );
    }

    #[test]
    fn no_quote_makes_no_line() {
        let demand = fixture::record(Side::Demand, 0, "甲", "");
        let supply = fixture::record(Side::Supply, 0, "乙", "");
        assert_eq!(line((&demand, true), (&supply, false), &[], Lang::Zh), "");
        assert!(sentences(&demand, &[], 3).is_empty());
    }

    #[test]
    fn quotes_past_the_end_are_cut_not_fatal() {
        let demand = fixture::record(Side::Demand, 0, "甲", "短。");
        let quote = Quote {
            part: Part::Dense,
            side: Side::Demand,
            field: QuoteField::Body,
            start: 1,
            end: 500,
            text: String::new(),
            synonyms: Vec::new(),
        };
        assert_eq!(sentences(&demand, std::slice::from_ref(&quote), 3).len(), 1);
        assert_eq!(line((&demand, true), (&demand, true), &[quote], Lang::Zh), "需求“。”");
    }

    #[test]
    fn sentences_mark_the_passage_inside_its_sentence() {
        let body = "前一句。要求耐温超过八百度，寿命两年。后一句。";
        let demand = fixture::record(Side::Demand, 0, "甲", body);
        let quotes = [
            quote(Side::Demand, QuoteField::Body, body, "耐温"),
            quote(Side::Demand, QuoteField::Body, body, "寿命"),
        ];
        let sentences = sentences(&demand, &quotes, 3);
        assert_eq!(sentences.len(), 1);
        let text: String = sentences[0].iter().map(|run| run.text.as_str()).collect();
        assert_eq!(text, "要求耐温超过八百度，寿命两年。");
        let marked: Vec<_> =
            sentences[0].iter().filter(|run| run.marked).map(|run| run.text.as_str()).collect();
        assert_eq!(marked, ["耐温", "寿命"]);
    }

    #[test]
    fn a_telephone_inside_a_quote_is_veiled() {
        let body = "请致电13812345678联系。";
        let demand = fixture::record(Side::Demand, 0, "甲", body);
        let quotes = [quote(Side::Demand, QuoteField::Body, body, "致电1381234")];
        assert_eq!(line((&demand, true), (&demand, true), &quotes, Lang::Zh), "需求“致电〔略〕”");
        let text: String =
            sentences(&demand, &quotes, 1)[0].iter().map(|run| run.text.as_str()).collect();
        assert!(!text.contains('5'), "{text}");
    }
}
