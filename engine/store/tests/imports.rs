//! Taking lists in.

use jiff::civil::date;

use super::fixture::{Fixture, TODAY, assert_sound, at, head, id, record, stored, take};
use crate::model::{
    Contradiction, CooperationMode, LegalStatus, Maturity, Price, QuoteField, Record, Side,
    SourceRef, StatedField, Supplement, SupplyKind, Visibility,
};
use crate::store::{
    Begun, ChangeKind, Event, Findings, Refusal, Scope, Seq, StoreError, default_list,
};

const D: Side = Side::Demand;
const S: Side = Side::Supply;

/// A record with every field filled.
fn full() -> Record {
    let mut record = record(S, "CN1A", "碳化硅晶片低损伤磨削");
    record.keywords = vec!["碳化硅".to_owned(), "磨削".to_owned()];
    record.classification = vec![vec!["先进制造".to_owned(), "工业生产加工技术".to_owned()]];
    record.codes = vec!["H01L21/02".to_owned()];
    record.organization = Some("甲大学".to_owned());
    record.region = Some("杭州".to_owned());
    record.cooperation = vec![CooperationMode::License, CooperationMode::Other];
    record.maturity = Some(Maturity::PilotTested);
    record.maturity_stated = Some("中试".to_owned());
    record.supply_kind = Some(SupplyKind::Patent);
    record.ip_status = Some("发明专利".to_owned());
    record.legal_status = Some(LegalStatus {
        status: "有效".to_owned(),
        source: Some("国家知识产权局".to_owned()),
        as_of: Some(date(2026, 1, 2)),
    });
    // A price whose nearest decimals are easily read back one bit off.
    record.price = Some(Price::YuanRange(0.1 + 0.2, 1.0e17 / 3.0));
    record.posted_on = Some(date(2025, 3, 4));
    record.valid_from = Some(date(2025, 3, 5));
    record.valid_until = Some(date(2027, 3, 4));
    record.visibility = Visibility::Anonymous;
    record.source =
        SourceRef { file: "另一份.xlsx".to_owned(), sheet: Some("供给".to_owned()), row: 7 };
    record.extra = vec![("备注".to_owned(), "“引号”\n与换行".to_owned())];
    record.supplements = vec![Supplement { heading: "追问答复".to_owned(), start: 3, end: 9 }];
    record.contradictions = vec![Contradiction {
        field: StatedField::Maturity,
        stated: "中试".to_owned(),
        at: QuoteField::Body,
        start: 0,
        end: 2,
        text: "碳化".to_owned(),
    }];
    record
}

#[test]
fn a_record_comes_back_as_it_went_in() {
    let mut f = Fixture::new();
    let mut given = full();
    given.contact.telephone = Some("13812341234".to_owned());
    given.duplicate_group = Some(3);
    take(&mut f.store, &head(S, "专利", "1"), std::slice::from_ref(&given)).expect("taken");
    let found = f.store.record(S, "CN1A").expect("readable").expect("there");
    assert_eq!(found.record.number, "GJ-2025-0001");
    assert_eq!((found.list.as_str(), found.withdrawn), ("专利", false));
    // Number, contact and group are not the list's to say.
    given.number = "GJ-2025-0001".to_owned();
    given.duplicate_group = None;
    given.contact = crate::model::Contact::default();
    assert_eq!(found.record, given);
    let by_number = f.store.record(S, "GJ-2025-0001").expect("readable").expect("there");
    assert_eq!(by_number, found);
    assert_eq!(f.store.record(D, "CN1A").expect("readable"), None);
    assert_sound(&f.store);
}

#[test]
fn what_changes_is_a_version_and_what_does_not_is_none() {
    let mut f = Fixture::new();
    let (a, b) = (record(D, "A", "甲"), record(D, "B", "乙"));
    let first = take(&mut f.store, &head(D, "需求", "1"), &[a.clone(), b.clone()]).expect("taken");
    assert_eq!((first.figures.new, first.figures.changed), (2, 0));
    let mut moved = a.clone();
    moved.source.row = 99;
    moved.number = "XQ-1999-0001".to_owned();
    let mut called = b.clone();
    called.contact.telephone = Some("0571-88881234".to_owned());
    let second = take(&mut f.store, &head(D, "需求", "2"), &[moved, called]).expect("taken");
    let figures = second.figures;
    assert_eq!((figures.new, figures.changed, figures.unchanged), (0, 1, 1));
    let kinds = |id_: &str| -> Vec<ChangeKind> {
        let history = f.store.history(D, &id(id_)).expect("readable");
        history.iter().map(|version| version.kind).collect()
    };
    assert_eq!(kinds("A"), [ChangeKind::New]);
    assert_eq!(kinds("B"), [ChangeKind::New, ChangeKind::Changed]);
    let between = f.store.changed_between(D, first.seq, second.seq).expect("readable");
    assert_eq!(between, [(id("B"), ChangeKind::Changed)]);
    assert_eq!(f.store.changed_between(D, second.seq, second.seq).expect("readable"), []);
    assert!(f.store.history(D, &id("C")).is_err());
}

#[test]
fn a_whole_list_withdraws_what_it_lacks_and_can_bring_it_back() {
    let mut f = Fixture::new();
    let (a, b) = (record(D, "A", "甲"), record(D, "B", "乙"));
    let other = take(&mut f.store, &head(D, "别的", "0"), &[record(D, "C", "丙")]).expect("taken");
    take(&mut f.store, &head(D, "需求", "1"), &[a.clone(), b.clone()]).expect("taken");
    let mut whole = head(D, "需求", "2");
    whole.whole = true;
    let gone = take(&mut f.store, &whole, std::slice::from_ref(&a)).expect("taken");
    assert_eq!((gone.figures.withdrawn, gone.figures.unchanged), (1, 1));
    let found = f.store.record(D, "B").expect("readable").expect("known");
    assert!(found.withdrawn && found.record.title == "乙");
    assert_eq!(stored(&f.store, D, gone.seq).len(), 2);
    let counts = f.store.counts().expect("readable").demands;
    assert_eq!((counts.live, counts.withdrawn, counts.versions), (2, 1, 4));
    assert_eq!(
        f.store.changed_between(D, other.seq, gone.seq).expect("readable"),
        [(id("A"), ChangeKind::New)],
        "B came and went in between"
    );
    let back = take(&mut f.store, &head(D, "需求", "3"), &[b]).expect("taken");
    assert_eq!(back.figures.revived, 1);
    let kinds: Vec<_> =
        f.store.history(D, &id("B")).expect("readable").iter().map(|v| v.kind).collect();
    assert_eq!(kinds, [ChangeKind::New, ChangeKind::Withdrawn, ChangeKind::Revived]);
    assert_eq!(
        f.store.changed_between(D, gone.seq, back.seq).expect("readable"),
        [(id("B"), ChangeKind::Revived)]
    );
    // A reader who asks for the time between sees that time.
    let titles = |seq| -> Vec<String> {
        stored(&f.store, D, seq).into_iter().map(|found| found.record.title).collect()
    };
    assert_eq!(titles(gone.seq), ["甲", "丙"]);
    assert_eq!(titles(back.seq), ["甲", "乙", "丙"]);
    assert_eq!(titles(Seq::START), Vec::<String>::new());
    assert_sound(&f.store);
}

#[test]
fn a_file_is_taken_in_once() {
    let mut f = Fixture::new();
    let a = record(D, "A", "甲");
    let first = take(&mut f.store, &head(D, "需求", "1"), std::slice::from_ref(&a)).expect("taken");
    match f.store.begin_import(&head(D, "需求", "1")).expect("answered") {
        Begun::AlreadyTaken { summary, superseded } => {
            assert_eq!(summary, first);
            assert!(!superseded);
        }
        Begun::Open(_) => panic!("it was taken in before"),
    }
    // Another list has not had it, nor has this one had it as the whole list.
    let mut whole = head(D, "需求", "1");
    whole.whole = true;
    let second = take(&mut f.store, &whole, std::slice::from_ref(&a)).expect("taken");
    assert!(second.id > first.id);
    take(&mut f.store, &head(D, "需求", "2"), &[record(D, "A", "乙")]).expect("taken");
    match f.store.begin_import(&head(D, "需求", "1")).expect("answered") {
        Begun::AlreadyTaken { superseded, .. } => assert!(superseded),
        Begun::Open(_) => panic!("it was taken in before"),
    }
    let mut again = head(D, "需求", "1");
    again.again = true;
    assert_eq!(take(&mut f.store, &again, &[a]).expect("taken").figures.changed, 1);
}

#[test]
fn two_lists_may_use_the_same_id() {
    let mut f = Fixture::new();
    take(&mut f.store, &head(S, "企业 资源", "1"), &[record(S, "1", "甲")]).expect("taken");
    take(&mut f.store, &head(S, "科技 资源", "1"), &[record(S, "1", "乙")]).expect("taken");
    take(&mut f.store, &head(D, "攻关", "1"), &[record(D, "1", "丙")]).expect("taken");
    let ids: Vec<String> = stored(&f.store, S, f.store.head().expect("readable"))
        .into_iter()
        .map(|r| r.record.id.0)
        .collect();
    assert_eq!(ids, ["1", "科技-资源/1"]);
    let figures = take(&mut f.store, &head(S, "科技 资源", "2"), &[record(S, "1", "丁")]);
    assert_eq!(figures.expect("taken").figures.changed, 1);
    let found = f.store.record(S, "科技-资源/1").expect("readable").expect("there");
    assert_eq!((found.record.title.as_str(), found.given_id.as_str()), ("丁", "1"));
    assert_sound(&f.store);
}

#[test]
fn numbers_are_given_once() {
    let mut f = Fixture::new();
    let dated = |id: &str, year: i16| {
        let mut record = record(D, id, id);
        record.posted_on = Some(date(year, 5, 1));
        record
    };
    let rows =
        [dated("A", 2020), dated("B", 2020), record(D, "C", "丙"), dated("XQ-2020-0002", 2020)];
    take(&mut f.store, &head(D, "需求", "1"), &rows).expect("taken");
    let number = |f: &Fixture, id: &str| {
        f.store.record(D, id).expect("readable").expect("there").record.number
    };
    assert_eq!(number(&f, "A"), "XQ-2020-0001");
    assert_eq!(number(&f, "B"), "XQ-2020-0003", "the second is a list's own id");
    assert_eq!(number(&f, "C"), "XQ-2026-0001", "without a date, the year of the import");
    assert_eq!(number(&f, "XQ-2020-0002"), "XQ-2020-0002");
    let mut changed = dated("A", 2021);
    changed.title = "甲".to_owned();
    take(&mut f.store, &head(D, "需求", "2"), &[changed, dated("E", 2021)]).expect("taken");
    assert_eq!(number(&f, "A"), "XQ-2020-0001", "kept for ever");
    assert_eq!(number(&f, "E"), "XQ-2021-0001");
}

#[test]
fn a_day_decides_what_holds() {
    let mut f = Fixture::new();
    let until = |id: &str, day| {
        let mut record = record(S, id, id);
        record.valid_until = Some(day);
        record
    };
    let yesterday = TODAY.yesterday().expect("a day");
    let rows = [until("A", TODAY), until("B", yesterday), record(S, "C", "丙")];
    let mut heading = head(S, "资源", "1");
    heading.set = Some("企业".to_owned());
    take(&mut f.store, &heading, &rows).expect("taken");
    take(&mut f.store, &head(S, "别的", "1"), &[record(S, "Z", "别")]).expect("taken");
    let seq = f.store.head().expect("readable");
    let table = f.store.live(S, &Scope::Set("企业".to_owned()), seq, TODAY).expect("readable");
    let ids: Vec<&str> = table.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["A", "C"]);
    assert_eq!(table.expired, [(id("B"), yesterday)]);
    let only = |scope: &Scope| f.store.live(S, scope, seq, TODAY).expect("readable").records.len();
    assert_eq!(only(&Scope::All), 3);
    assert_eq!(only(&Scope::List("别的".to_owned())), 1);
    assert_eq!(only(&Scope::List("没有".to_owned())), 0);
    let sets = f.store.sets().expect("readable");
    assert_eq!(sets[0].lists, [(S, "资源".to_owned())]);
    let lists = f.store.lists().expect("readable");
    assert_eq!((lists[1].name.as_str(), lists[1].sets.len(), lists[1].live), ("资源", 1, 3));
}

#[test]
fn an_unfinished_import_is_seen_by_nobody_and_leaves_nothing() {
    let mut f = Fixture::new();
    take(&mut f.store, &head(D, "需求", "1"), &[record(D, "A", "甲")]).expect("taken");
    let before = f.store.head().expect("readable");
    let Begun::Open(mut ticket) = f.store.begin_import(&head(D, "需求", "2")).expect("begun")
    else {
        panic!("it is new");
    };
    let mut rows: Vec<Record> =
        (0..600).map(|n| record(D, &format!("N{n}"), &format!("第{n}项"))).collect();
    rows.push(record(D, "A", "改过的甲"));
    rows[0].contact.person = Some("王".to_owned());
    f.store.stage(&mut ticket, &rows).expect("staged");
    assert_eq!(f.store.head().expect("readable"), before);
    assert_eq!(stored(&f.store, D, Seq(i64::MAX)).len(), 1);
    assert_eq!(f.store.record(D, "N1").expect("readable"), None);
    assert_eq!(f.store.record(D, "A").expect("readable").expect("there").record.title, "甲");
    assert_eq!(f.store.counts().expect("readable").demands.live, 1);
    let busy = f.store.begin_import(&head(D, "需求", "3")).expect_err("one after another");
    assert!(matches!(busy, StoreError::StagedImport { ref file } if file == "表.csv"));
    let mut f = f.reopen();
    assert_eq!(f.store.discard_staged(at(30)).expect("discarded"), 1);
    assert_eq!(f.store.discard_staged(at(31)).expect("discarded"), 0);
    let late = f.store.stage(&mut ticket, &rows).expect_err("it is no longer there");
    assert!(matches!(late, StoreError::NotOpen { .. }));
    assert_sound(&f.store);
    let taken = take(&mut f.store, &head(D, "需求", "2"), &rows).expect("taken");
    assert_eq!((taken.figures.new, taken.figures.changed), (600, 1));
    let first = f.store.record(D, "N0").expect("readable").expect("there").record.number;
    assert_eq!(first, "XQ-2026-0002", "numbers go on as if nothing had been");
    assert_sound(&f.store);
}

#[test]
fn rows_that_repeat_an_id_are_told() {
    let mut f = Fixture::new();
    let Begun::Open(mut ticket) = f.store.begin_import(&head(D, "需求", "1")).expect("begun")
    else {
        panic!("it is new");
    };
    let mut other = record(D, "A", "另一个");
    other.source.row = 9;
    let same = record(D, "A", "甲");
    assert_eq!(f.store.stage(&mut ticket, &[same.clone(), same]).expect("staged"), []);
    let refused = f.store.stage(&mut ticket, std::slice::from_ref(&other)).expect("staged");
    assert_eq!(refused, [other.source]);
    let done = f.store.finish_import(ticket, &Findings::default(), at(20)).expect("finished");
    let figures = done.figures;
    assert_eq!((figures.new, figures.repeated, figures.refused), (1, 1, 1));
    assert_eq!(f.store.record(D, "A").expect("readable").expect("there").record.title, "甲");
}

/// The lock is never held for more than a few hundred rows, whatever is taken in.
#[test]
fn write_transactions_are_short() {
    let mut f = Fixture::new();
    let rows = |n: usize| -> Vec<Record> {
        let row = |n: usize| {
            let mut record = record(S, &format!("CN{n}"), &format!("第{n}项"));
            record.organization = Some(format!("第{}公司", n / 3));
            record.contact.telephone = Some(n.to_string());
            record
        };
        (0..n).map(row).collect()
    };
    take(&mut f.store, &head(S, "专利", "1"), &rows(2000)).expect("taken");
    let mut whole = head(S, "专利", "2");
    whole.whole = true;
    take(&mut f.store, &whole, &rows(10)).expect("taken");
    let Begun::Open(mut ticket) = f.store.begin_import(&head(S, "专利", "3")).expect("begun")
    else {
        panic!("it is new");
    };
    f.store.stage(&mut ticket, &rows(3000)).expect("staged");
    f.store.discard_staged(at(40)).expect("discarded");
    // A record, a version, a contact, an organization with its name, each with the total kept.
    let most = super::super::transaction::ROWS_AT_ONCE as u64 * 10;
    assert!(f.store.largest_write <= most, "{} rows in one transaction", f.store.largest_write);
    assert_sound(&f.store);
    // Long texts make transactions shorter.
    let long: Vec<Record> = (0..8)
        .map(|n| {
            let mut record = record(S, &format!("L{n}"), "长");
            record.body = "长".repeat(400_000);
            record
        })
        .collect();
    f.store.largest_write = 0;
    take(&mut f.store, &head(S, "长文", "1"), &long).expect("taken");
    assert!(f.store.largest_write <= 10, "{}", f.store.largest_write);
}

#[test]
fn the_log_says_what_happened_and_cannot_be_changed() {
    let mut f = Fixture::new();
    take(&mut f.store, &head(D, default_list(D), "1"), &[record(D, "A", "甲")]).expect("taken");
    let place = SourceRef { file: "密.xlsx".to_owned(), sheet: None, row: 3 };
    f.store.note_refusals(std::slice::from_ref(&place), Refusal::Classified, at(5)).expect("noted");
    f.store.note_refusals(&[], Refusal::Classified, at(5)).expect("noted");
    f.store.note("gc", "删除了 2 代索引", at(6)).expect("noted");
    let events = f.store.events(Seq::START, 10).expect("readable");
    let kinds: Vec<String> = events
        .iter()
        .map(|row| serde_json::to_value(&row.event).expect("JSON")["kind"].to_string())
        .collect();
    assert_eq!(kinds, ["\"created\"", "\"import_completed\"", "\"rows_refused\"", "\"noted\""]);
    assert_eq!(events[2].event, Event::RowsRefused { why: Refusal::Classified, rows: vec![place] });
    assert_eq!(f.store.events(events[1].seq, 1).expect("readable"), [events[2].clone()]);
    for sql in [
        "DELETE FROM events WHERE seq = 2",
        "UPDATE events SET body = '{}'",
        "DELETE FROM versions",
        "UPDATE versions SET says = ''",
    ] {
        let refused = f.store.conn.execute(sql, []).expect_err(sql).to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}
