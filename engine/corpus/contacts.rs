//! Lists of contacts: who speaks for which organization.

use std::path::Path;

use super::clean;
use super::error::CorpusError;
use super::file::load;
use super::headers::{Headers, fold};
use super::table::{Cell, Row, Table};
use crate::model::{Contact, SourceRef};

/// The contacts of one file.
#[derive(Clone)]
pub struct ContactList {
    /// Name without its folder.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// The contacts in the order of sheets and rows.
    pub rows: Vec<ContactRow>,
    /// Rows that could not be read, and why, in Chinese; nothing of the row is quoted.
    pub unread: Vec<(SourceRef, String)>,
}

/// One contact.
#[derive(Clone)]
pub struct ContactRow {
    /// Name of the organization; empty where only its code is given.
    pub organization: String,
    /// 统一社会信用代码 as written, unchecked.
    pub code: Option<String>,
    /// How to reach it.
    pub contact: Contact,
    /// Where it stands.
    pub source: SourceRef,
}

/// Rows at the top among which the headings are looked for.
const HEADING_ROWS: usize = 10;

const ORGANIZATION: [&str; 7] =
    ["单位名称", "单位", "企业名称", "机构名称", "名称", "organization", "company"];
const CODE: [&str; 4] = ["统一社会信用代码", "社会信用代码", "信用代码", "credit code"];
const PERSON: [&str; 4] = ["联系人", "联系人姓名", "姓名", "contact"];
const TELEPHONE: [&str; 7] =
    ["联系电话", "电话", "手机", "手机号", "联系方式", "telephone", "phone"];
const EMAIL: [&str; 5] = ["邮箱", "电子邮箱", "电子邮件", "email", "e-mail"];
const ADDRESS: [&str; 4] = ["通讯地址", "联系地址", "地址", "address"];

/// Reads the contacts of a workbook, CSV or JSONL file.
///
/// A table counts if it has a column for the organization's name or 统一社会信用代码, and one for a
/// person, telephone, mail or address.
///
/// # Errors
/// As for lists, and [`CorpusError::NoContacts`] where no table has the columns.
pub fn read_contacts(path: &Path) -> Result<ContactList, CorpusError> {
    let loaded = load(path, Headers::shipped())?;
    let mut list = ContactList {
        file: loaded.name,
        sha256: loaded.sha256,
        rows: Vec::new(),
        unread: Vec::new(),
    };
    let mut understood = false;
    for table in &loaded.tables {
        let Some((columns, first)) = Columns::find(table) else { continue };
        understood = true;
        for row in &table.rows[first..] {
            read_row(row, &columns, table, &mut list);
        }
    }
    if understood { Ok(list) } else { Err(CorpusError::NoContacts { path: path.to_owned() }) }
}

#[derive(Clone, Copy)]
struct Columns {
    organization: Option<usize>,
    code: Option<usize>,
    person: Option<usize>,
    telephone: Option<usize>,
    email: Option<usize>,
    address: Option<usize>,
}

impl Columns {
    fn find(table: &Table) -> Option<(Self, usize)> {
        if let Some(keys) = &table.keys {
            return Some((Self::of(keys)?, 0));
        }
        table.rows.iter().take(HEADING_ROWS).enumerate().find_map(|(at, row)| {
            let headings: Vec<String> = row.cells.iter().map(Cell::text).collect();
            Some((Self::of(&headings)?, at + 1))
        })
    }

    fn of(headings: &[String]) -> Option<Self> {
        let folded: Vec<String> = headings.iter().map(|heading| fold(heading)).collect();
        let at = |names: &[&str]| {
            names.iter().find_map(|name| folded.iter().position(|held| *held == fold(name)))
        };
        let columns = Self {
            organization: at(&ORGANIZATION),
            code: at(&CODE),
            person: at(&PERSON),
            telephone: at(&TELEPHONE),
            email: at(&EMAIL),
            address: at(&ADDRESS),
        };
        columns.organization.or(columns.code)?;
        columns.person.or(columns.telephone).or(columns.email).or(columns.address)?;
        Some(columns)
    }
}

fn read_row(row: &Row, columns: &Columns, table: &Table, list: &mut ContactList) {
    let source = SourceRef { file: list.file.clone(), sheet: table.sheet.clone(), row: row.number };
    if row.fault.is_some() {
        list.unread.push((source, "这一行读不懂".to_owned()));
        return;
    }
    let text = |at: Option<usize>| {
        let cell = at.and_then(|at| row.cells.get(at))?;
        Some(clean::text(&cell.text(), false).0.into_owned()).filter(|text| !text.is_empty())
    };
    let contact = Contact {
        person: text(columns.person),
        telephone: text(columns.telephone),
        email: text(columns.email),
        address: text(columns.address),
    };
    let (organization, code) = (text(columns.organization), text(columns.code));
    if contact == Contact::default() {
        if organization.is_some() {
            list.unread.push((source, "没有联系人、电话、邮箱或地址".to_owned()));
        }
        return;
    }
    if organization.is_none() && code.is_none() {
        list.unread.push((source, "缺单位名称和统一社会信用代码".to_owned()));
        return;
    }
    let organization = organization.unwrap_or_default();
    list.rows.push(ContactRow { organization, code, contact, source });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_and_bad_rows_named_without_their_content() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("联系人.csv");
        let text = "各单位联系方式\n单位名称,统一社会信用代码,联系人,手机\n甲所,,王五,13900001234\n\
                    ,,赵六,13900005678\n乙厂,,,\n";
        std::fs::write(&path, text).expect("write");
        let list = read_contacts(&path).expect("contacts");
        assert_eq!(list.rows.len(), 1);
        assert_eq!(list.rows[0].organization, "甲所");
        assert_eq!(list.rows[0].contact.telephone.as_deref(), Some("13900001234"));
        assert_eq!(list.unread.len(), 2);
        assert!(list.unread.iter().all(|(_, why)| !why.contains("139") && !why.contains("赵六")));
    }

    #[test]
    fn a_table_without_contacts_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "需求名称,说明\n甲,乙\n").expect("write");
        assert!(matches!(read_contacts(&path), Err(CorpusError::NoContacts { .. })));
    }
}
