//! Contacts that people type into descriptions, taken out before anything else reads them.

use crate::model::{Record, RejectedRow, Repair, SkippedRow};
use crate::text::veil;

/// Replaces contacts in a record's title, body, keywords and unmapped columns by 〔略〕: telephone
/// numbers, addresses of mail, and whatever stands in the record's own contact fields.
///
/// Returns how many texts were changed.
pub(super) fn veil_contacts(record: &mut Record) -> usize {
    let secrets = secrets(record);
    let secrets = || secrets.iter().map(String::as_str);
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

/// What to look for besides telephone numbers and mail: the values of the contact fields.
///
/// A short value is too often a word of the text: 高强 is a name, 高强钢 is a steel. A person's name
/// is therefore only looked for beside a word that announces a person, and short addresses and
/// numbers are not looked for at all.
fn secrets(record: &Record) -> Vec<String> {
    const BEFORE: [&str; 12] = [
        "联系人：",
        "联系人:",
        "联系人",
        "联系",
        "找",
        "咨询",
        "负责人：",
        "负责人:",
        "负责人",
        "经办人：",
        "致电",
        "请与",
    ];
    const AFTER: [&str; 16] = [
        "先生",
        "女士",
        "老师",
        "教授",
        "研究员",
        "经理",
        "博士",
        "工程师",
        "主任",
        "电话",
        "，电话",
        " 电话",
        "手机",
        "，手机",
        "联系",
        "1",
    ];
    const SHORTEST: usize = 6;
    let contact = &record.contact;
    let values = |field: &Option<String>| {
        let text = field.clone().unwrap_or_default();
        text.split('；').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect::<Vec<_>>()
    };
    let mut secrets: Vec<String> = [&contact.telephone, &contact.email, &contact.address]
        .into_iter()
        .flat_map(values)
        .filter(|value| value.chars().count() >= SHORTEST)
        .collect();
    for name in values(&contact.person).iter().filter(|name| name.chars().count() >= 2) {
        secrets.extend(BEFORE.iter().map(|word| format!("{word}{name}")));
        secrets.extend(AFTER.iter().map(|word| format!("{name}{word}")));
    }
    secrets
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
    fn a_name_that_is_a_word_leaves_the_word_alone() {
        let source = SourceRef { file: "a.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(Side::Demand, RecordId("1".to_owned()), String::new(), source);
        record.contact.person = Some("高强".to_owned());
        record.contact.address = Some("西安市".to_owned());
        record.title = "高强钢热成形".to_owned();
        record.body = "西安市工厂，联系人：高强。".to_owned();
        veil_contacts(&mut record);
        assert_eq!(record.title, "高强钢热成形");
        assert_eq!(record.body, "西安市工厂，〔略〕。");
    }

    #[test]
    fn contacts_leave_every_text() {
        let source = SourceRef { file: "a.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(Side::Demand, RecordId("1".to_owned()), String::new(), source);
        record.contact.person = Some("王工".to_owned());
        record.title = "叶片检测".to_owned();
        record.body = "找王工，电话13812345678。检测精度0.05mm。".to_owned();
        record.extra.push(("其他".to_owned(), "wang@example.cn".to_owned()));
        assert_eq!(veil_contacts(&mut record), 2);
        assert_eq!(
            record.body,
            "〔略〕〔略〕。检测精度0.05mm。".replacen("〔略〕〔略〕", "〔略〕", 1)
        );
        assert_eq!(record.extra[0].1, "〔略〕");
        assert_eq!(record.title, "叶片检测");
        assert_eq!(veil_contacts(&mut record), 0, "once is enough");
    }
}
