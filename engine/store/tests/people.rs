//! Organizations and contacts.

use super::fixture::{Fixture, assert_sound, at, head, id, record, take};
use crate::model::{Contact, Record, Side};
use crate::store::{ContactEntry, CreditCode, Seq, mask};

const S: Side = Side::Supply;
const CODE: &str = "91350100M000100Y43";
const OTHER_CODE: &str = "91330100799655058B";
const TELEPHONE: &str = "13812341234";

fn of(id: &str, organization: &str, code: Option<&str>) -> Record {
    let mut record = record(S, id, id);
    record.organization = Some(organization.to_owned());
    if let Some(code) = code {
        record.extra.push(("统一社会信用代码".to_owned(), code.to_owned()));
    }
    record
}

#[test]
fn organizations_are_found_by_code_first_then_by_name() {
    let mut f = Fixture::new();
    let rows = [
        of("1", "杭州甲乙科技有限公司", None),
        of("2", "杭州甲乙科技有限责任公司", Some(CODE)),
        of("3", "甲乙（杭州）科技", Some(CODE)),
        of("4", "宁波丙丁有限公司", None),
        of("5", "杭州甲乙科技有限公司", Some(OTHER_CODE)),
        of("6", "杭州甲乙科技有限公司", Some("91350100M000100Y44")),
    ];
    take(&mut f.store, &head(S, "资源", "1"), &rows).expect("taken");
    let owner = |n: &str| f.store.organization_of(S, &id(n)).expect("readable").expect("named");
    assert_eq!(owner("1"), owner("2"), "the name's spelling, and then its code");
    assert_eq!(owner("1"), owner("3"), "the code, whatever the name");
    assert_ne!(owner("1"), owner("4"));
    assert_ne!(owner("1"), owner("5"), "one name, two codes: two organizations");
    assert_eq!(owner("1"), owner("6"), "a code that does not check counts as none");
    let found = f.store.find_organization(CODE).expect("readable").expect("known");
    assert_eq!(found.id, owner("1"));
    assert_eq!(found.names, ["杭州甲乙科技有限公司", "甲乙（杭州）科技"]);
    let by_name = f.store.find_organization("甲乙(杭州) 科技").expect("readable").expect("known");
    assert_eq!(by_name, found);
    assert_eq!(f.store.counts().expect("readable").organizations, 3);
    assert_sound(&f.store);
}

#[test]
fn two_entries_become_one_when_a_code_says_so() {
    let mut f = Fixture::new();
    let code = CreditCode::parse(CODE).expect("right");
    take(&mut f.store, &head(S, "资源", "1"), &[of("1", "甲乙研究所", None)]).expect("taken");
    let coded = f.store.put_organization("甲乙集团", Some(&code), at(1)).expect("put");
    let named = f.store.organization_of(S, &id("1")).expect("readable").expect("named");
    assert_ne!(coded, named);
    let same = f.store.put_organization("甲乙研究所", Some(&code), at(2)).expect("put");
    assert_eq!(same, coded);
    assert_eq!(f.store.organization_of(S, &id("1")).expect("readable"), Some(coded));
    let merged = f.store.organization(named).expect("readable").expect("known");
    assert_eq!(merged.id, coded);
    assert_eq!(merged.names.len(), 2);
    f.store.add_alias(coded, "甲乙", at(3)).expect("added");
    assert_eq!(f.store.find_organization("甲乙").expect("readable").map(|o| o.id), Some(coded));
    let other = CreditCode::parse(OTHER_CODE).expect("right");
    let other = f.store.put_organization("丙", Some(&other), at(4)).expect("put");
    assert!(f.store.add_alias(other, "甲乙", at(5)).is_err());
    assert!(f.store.put_organization(" （） ", None, at(6)).is_err());
    assert_eq!(f.store.counts().expect("readable").organizations, 2);
    assert_sound(&f.store);
}

fn contact() -> Contact {
    Contact {
        person: Some("王小明".to_owned()),
        telephone: Some(TELEPHONE.to_owned()),
        email: Some("wang@b.cn".to_owned()),
        address: None,
    }
}

#[test]
fn contacts_come_out_where_they_are_asked_for() {
    let mut f = Fixture::new();
    let mut row = of("1", "甲大学", None);
    row.contact = contact();
    take(&mut f.store, &head(S, "资源", "1"), &[row.clone()]).expect("taken");
    let owner = f.store.organization_of(S, &id("1")).expect("readable").expect("named");
    let desk = Contact { telephone: Some("0571-88881234".to_owned()), ..Contact::default() };
    let entries = [
        ContactEntry { organization: "甲大学".to_owned(), code: None, contact: desk.clone() },
        ContactEntry { organization: "甲 大学".to_owned(), code: None, contact: desk.clone() },
        ContactEntry { organization: String::new(), code: None, contact: desk.clone() },
        ContactEntry { organization: "乙".to_owned(), code: None, contact: Contact::default() },
    ];
    let summary = f.store.add_contacts(&entries, at(5)).expect("added");
    assert_eq!((summary.added, summary.known, summary.empty), (1, 1, 2));
    assert_eq!(f.store.contacts_of(owner).expect("readable"), [desk.clone(), contact()]);
    assert_eq!(f.store.contact_of_record(S, &id("1")).expect("readable"), Some(contact()));
    let masked = mask(&contact());
    assert_eq!(masked.telephone.as_deref(), Some("138****1234"));
    assert_eq!(masked.person.as_deref(), Some("王**"));
    assert_eq!(masked.email.as_deref(), Some("w***@b.cn"));
    // A list that gives another contact, or none, replaces the record's.
    row.contact = Contact::default();
    take(&mut f.store, &head(S, "资源", "2"), &[row]).expect("taken");
    assert_eq!(f.store.contact_of_record(S, &id("1")).expect("readable"), None);
    assert_eq!(f.store.contacts_of(owner).expect("readable"), [desk]);
    assert_sound(&f.store);
}

/// What is printed, logged or handed out as a record holds no contact.
#[test]
fn contacts_show_nowhere_else() {
    let mut f = Fixture::new();
    let mut row = of("1", "甲大学", None);
    row.contact = contact();
    take(&mut f.store, &head(S, "资源", "1"), &[row]).expect("taken");
    let entry =
        ContactEntry { organization: "甲大学".to_owned(), code: None, contact: contact() };
    f.store.add_contacts(std::slice::from_ref(&entry), at(5)).expect("added");
    let owner = f.store.organization_of(S, &id("1")).expect("readable").expect("named");
    let printed = [
        format!("{entry:?}"),
        format!("{:?}", f.store),
        format!("{:?}", f.store.record(S, "1").expect("readable")),
        format!("{:?}", f.store.history(S, &id("1")).expect("readable")),
        format!("{:?}", f.store.events(Seq::START, 100).expect("readable")),
        format!("{:?}", f.store.contacts_of(owner).expect("readable")),
        format!("{:?}", f.store.organization(owner).expect("readable")),
    ];
    for text in printed {
        for secret in ["王小明", TELEPHONE, "wang@"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
