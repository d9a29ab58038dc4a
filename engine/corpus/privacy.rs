//! Contacts that people type into descriptions, taken out before anything else reads them.

use crate::model::{Record, RejectedRow, Repair, SkippedRow};
use crate::text::veil;

/// Replaces contacts in a record's title, body, keywords and unmapped columns by 〔略〕: telephone
/// numbers, addresses of mail, and whatever stands in the record's own contact fields.
///
/// Returns how many texts were changed.
pub(super) fn veil_contacts(record: &mut Record) -> usize {
    let contact = record.contact.clone();
    let secrets = || {
        [&contact.person, &contact.telephone, &contact.email, &contact.address]
            .into_iter()
            .filter_map(|secret| secret.as_deref())
    };
    let texts = [&mut record.title, &mut record.body]
        .into_iter()
        .chain(&mut record.keywords)
        .chain(record.extra.iter_mut().map(|(_, text)| text));
    let mut changed = 0;
    for text in texts {
        if let Some(veiled) = veil(text, secrets()) {
            *text = veiled;
            changed += 1;
        }
    }
    changed
}

/// Replaces telephone numbers and addresses of mail in what an import tells of single rows.
pub(super) fn veil_findings(
    skipped: &mut [SkippedRow],
    rejected: &mut [RejectedRow],
    repairs: &mut [Repair],
) {
    let texts =
        skipped
            .iter_mut()
            .map(|row| &mut row.text)
            .chain(rejected.iter_mut().flat_map(|row| {
                row.cells.iter_mut().map(|(_, text)| text).chain([&mut row.reason])
            }))
            .chain(repairs.iter_mut().flat_map(|repair| [&mut repair.before, &mut repair.after]));
    for text in texts {
        if let Some(veiled) = veil(text, std::iter::empty()) {
            *text = veiled;
        }
    }
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
