//! Contacts that people type into descriptions, taken out before anything else reads them.

use crate::model::Record;
use crate::text::{VEILED, contact_passages, may_hold_contact};

/// Shortest contact value that is looked for in other texts: one character would stand everywhere.
const SHORTEST_SECRET: usize = 2;

/// Replaces contacts in a record's title, body, keywords and unmapped columns by 〔略〕: telephone
/// numbers, addresses of mail, and whatever stands in the record's own contact fields.
///
/// Returns how many texts were changed.
pub(super) fn veil_contacts(record: &mut Record) -> usize {
    let contact = &record.contact;
    let secrets: Vec<Vec<char>> =
        [&contact.person, &contact.telephone, &contact.email, &contact.address]
            .into_iter()
            .flatten()
            .map(|secret| secret.trim().chars().collect())
            .filter(|secret: &Vec<char>| secret.len() >= SHORTEST_SECRET)
            .collect();
    let texts = [&mut record.title, &mut record.body]
        .into_iter()
        .chain(&mut record.keywords)
        .chain(record.extra.iter_mut().map(|(_, text)| text));
    let mut changed = 0;
    for text in texts {
        if let Some(veiled) = veiled(text, &secrets) {
            *text = veiled;
            changed += 1;
        }
    }
    changed
}

/// The text without its contacts; `None` where it has none.
fn veiled(text: &str, secrets: &[Vec<char>]) -> Option<String> {
    let named = |secret: &Vec<char>| text.contains(&secret.iter().collect::<String>());
    if !may_hold_contact(text) && !secrets.iter().any(named) {
        return None;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut hidden = vec![false; characters.len()];
    for (start, end) in contact_passages(&characters) {
        hidden[start..end].fill(true);
    }
    for secret in secrets {
        for start in 0..=characters.len().saturating_sub(secret.len()) {
            if characters[start..].starts_with(secret) {
                hidden[start..start + secret.len()].fill(true);
            }
        }
    }
    if !hidden.contains(&true) {
        return None;
    }
    let mut shown = String::with_capacity(text.len());
    for (at, &c) in characters.iter().enumerate() {
        if !hidden[at] {
            shown.push(c);
        } else if at == 0 || !hidden[at - 1] {
            shown.push_str(VEILED);
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, Side, SourceRef};

    #[test]
    fn contacts_leave_every_text() {
        let source = SourceRef { file: "a.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(Side::Demand, RecordId("1".to_owned()), String::new(), source);
        record.contact.person = Some("王工".to_owned());
        record.title = "叶片检测".to_owned();
        record.body = "找王工，电话13812345678。检测精度0.05mm。".to_owned();
        record.extra.push(("其他".to_owned(), "wang@example.cn".to_owned()));
        assert_eq!(veil_contacts(&mut record), 2);
        assert_eq!(record.body, "找〔略〕，电话〔略〕。检测精度0.05mm。");
        assert_eq!(record.extra[0].1, "〔略〕");
        assert_eq!(record.title, "叶片检测");
        assert_eq!(veil_contacts(&mut record), 0, "once is enough");
    }
}
