//! What may be shown of a record, and how it is written so that nothing else happens.
//!
//! Contacts stand in their own fields and are never read here except to be found again: people
//! also type them into descriptions, and owners name themselves there.

use std::borrow::Cow;

use crate::model::{Lang, Record, Visibility};
use crate::text::{hidden_characters, shown, veil};

/// The owner's name as others may read it; empty where it is unknown.
pub(super) fn owner(record: &Record, lang: Lang) -> Cow<'_, str> {
    match record.visibility {
        Visibility::Public => Cow::Borrowed(record.organization.as_deref().unwrap_or_default()),
        Visibility::Anonymous => Cow::Borrowed(lang.pick("匿名", "anonymous")),
        Visibility::Internal => Cow::Borrowed(lang.pick("内部", "internal")),
    }
}

/// Whether the record may stand in a document that is handed out.
pub(super) fn may_hand_out(record: &Record) -> bool {
    record.visibility != Visibility::Internal
}

/// For every character of `text`, a text of `record`, whether it must not be shown.
pub(super) fn hidden(record: &Record, text: &str) -> Vec<bool> {
    hidden_characters(text, secrets(record))
}

/// `text`, a text of `record`, with each passage that must not be shown replaced by 〔略〕.
pub(super) fn text<'t>(record: &Record, text: &'t str) -> Cow<'t, str> {
    veil(text, secrets(record)).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// A text that belongs to no record, such as the reason for a refusal, with telephone numbers and
/// addresses of mail veiled.
pub(super) fn loose(text: &str) -> String {
    veil(text, std::iter::empty()).unwrap_or_else(|| text.to_owned())
}

/// Characters `start..end` of `whole`, a text of `record`, veiled with its surroundings in view,
/// so that half a telephone number is not taken for a quantity.
pub(super) fn passage(record: &Record, whole: &str, start: usize, end: usize) -> String {
    let characters = whole.chars().zip(hidden(record, whole));
    shown(characters.skip(start).take(end.saturating_sub(start)))
}

/// Whether something in the record's title or body may have to be veiled. Told once per record,
/// it spares every pair of the record the search.
pub(super) fn needs_care(record: &Record) -> bool {
    [&record.title, &record.body].into_iter().any(|text| hidden(record, text).contains(&true))
}

fn secrets(record: &Record) -> impl Iterator<Item = &str> {
    let contact = &record.contact;
    let owner = match record.visibility {
        Visibility::Public => None,
        Visibility::Anonymous | Visibility::Internal => record.organization.as_deref(),
    };
    [
        contact.person.as_deref(),
        contact.telephone.as_deref(),
        contact.email.as_deref(),
        contact.address.as_deref(),
        owner,
    ]
    .into_iter()
    .flatten()
    .filter(|secret| !secret.trim().is_empty())
}

/// `text` as a spreadsheet cell: no control characters, at most `limit` characters, and a leading
/// apostrophe where a spreadsheet program could take it for a formula.
///
/// Cells of a workbook are typed and a text is never a formula there; the guard is for the day
/// on which somebody saves the sheet as CSV and opens that. It guards what remains after leading
/// blanks as well as the blanks that some programs strip (tab, carriage return, line feed), and
/// the full-width forms, which some programs fold.
pub(super) fn cell(text: &str, limit: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(limit * 4) + 1);
    let starts_formula = text
        .trim_start_matches(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}')
        })
        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if starts_formula || text.starts_with(['\t', '\r']) {
        kept.push('\'');
    }
    let mut characters = text.chars().filter(|&c| c == '\n' || !c.is_control());
    kept.extend(characters.by_ref().take(limit));
    if characters.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veiled(sample: &str) -> String {
        let record = crate::report::fixture::record(crate::model::Side::Demand, 0, "标题", "正文");
        text(&record, sample).into_owned()
    }

    #[test]
    fn hides_telephones_and_addresses_of_mail() {
        assert_eq!(veiled("电话13812345678，随时"), "电话〔略〕，随时");
        assert_eq!(veiled("座机 029-88881234"), "座机 〔略〕");
        assert_eq!(veiled("手机：１３８１２３４５６７８"), "手机：〔略〕");
        assert_eq!(veiled("写信至 li.gong@example.com.cn 即可"), "写信至 〔略〕 即可");
    }

    #[test]
    fn leaves_quantities_and_patent_numbers() {
        for text in
            ["ZL201310123456.7", "CN13812345678A", "1200℃、0.025mm", "2020-12-01 至 2021", "@"]
        {
            assert_eq!(veiled(text), text);
        }
    }

    #[test]
    fn guards_every_way_to_start_a_formula() {
        for text in
            ["=1+1", "+86", "-40℃", "@SUM", "＝1", "＋1", "－1", "＠a", "  =1", "\t=1", "\r1"]
        {
            assert!(cell(text, 100).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("正常", 100), "正常");
        assert_eq!(cell("", 100), "");
        assert_eq!(cell("一二三四", 3), "一二三…");
        assert_eq!(cell("甲\u{1}\n乙", 9), "甲\n乙");
    }
}
