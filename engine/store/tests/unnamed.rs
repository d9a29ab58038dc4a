//! Lists whose rows have no ids of their own.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::fixture::{Fixture, assert_sound, head, record, stored, take};
use crate::model::{Record, Side};
use crate::store::ImportFigures;

const D: Side = Side::Demand;

/// A row as an import makes it: its id is of its content.
fn row(title: &str, body: &str) -> Record {
    let hash = super::super::row::hex(&Sha256::digest(format!("{title}\n{body}")));
    let mut record = record(D, &format!("d-{}", &hash[..12]), title);
    record.body = body.to_owned();
    record
}

fn taken(f: &mut Fixture, name: &str, rows: &[Record], whole: bool) -> ImportFigures {
    let mut head = head(D, "需求", name);
    head.whole = whole;
    take(&mut f.store, &head, rows).expect("taken").figures
}

#[test]
fn a_corrected_row_is_the_same_record() {
    let mut f = Fixture::new();
    taken(&mut f, "1", &[row("甲", "一"), row("乙", "一")], true);
    let first = row("甲", "一").id;
    let figures = taken(&mut f, "2", &[row("甲", "一，改过"), row("乙", "一")], true);
    assert_eq!((figures.changed, figures.unchanged, figures.withdrawn), (1, 1, 0));
    // It is known by its first id, also when it comes again, and when it goes back.
    let figures = taken(&mut f, "3", &[row("甲", "一，改过"), row("乙", "一")], true);
    assert_eq!(figures.unchanged, 2);
    let figures = taken(&mut f, "4", &[row("甲", "一"), row("乙", "一")], true);
    assert_eq!((figures.changed, figures.new), (1, 0));
    assert_eq!(f.store.history(D, &first).expect("readable").len(), 3);
    assert_sound(&f.store);
}

#[test]
fn a_corrected_row_comes_back_as_the_same_record() {
    let mut f = Fixture::new();
    taken(&mut f, "1", &[row("甲", "一")], true);
    taken(&mut f, "2", &[row("甲", "二")], true);
    assert_eq!(taken(&mut f, "3", &[row("乙", "一")], true).withdrawn, 1);
    let figures = taken(&mut f, "4", &[row("乙", "一"), row("甲", "二")], true);
    assert_eq!((figures.revived, figures.unchanged, figures.new), (1, 1, 0));
    let first = row("甲", "一").id;
    assert_eq!(f.store.history(D, &first).expect("readable").len(), 4);
    assert_sound(&f.store);
}

#[test]
fn where_title_and_owner_are_not_unique_nothing_is_guessed() {
    let mut f = Fixture::new();
    taken(&mut f, "1", &[row("甲", "一"), row("甲", "二")], true);
    let figures = taken(&mut f, "2", &[row("甲", "一"), row("甲", "三")], true);
    assert_eq!((figures.unchanged, figures.new, figures.withdrawn), (1, 1, 1));
    let figures = taken(&mut f, "3", &[row("甲", "四"), row("甲", "五"), row("甲", "三")], true);
    assert_eq!((figures.unchanged, figures.new, figures.withdrawn), (1, 2, 1));
    // An addition to the list is no correction of what it does not repeat, if there are two.
    let figures = taken(&mut f, "4", &[row("甲", "六"), row("甲", "七")], false);
    assert_eq!((figures.new, figures.withdrawn), (2, 0));
    assert_sound(&f.store);
}

#[test]
fn a_record_that_went_on_does_not_take_the_row_it_once_was() {
    let mut f = Fixture::new();
    taken(&mut f, "1", &[row("甲", "一")], true);
    taken(&mut f, "2", &[row("甲", "二")], true);
    for name in ["3", "4"] {
        let rows = [row("甲", "一"), row("甲", "二")];
        let figures = taken(&mut f, name, &rows, true);
        assert_eq!(figures.new, u64::from(name == "3"), "{name}");
        assert_eq!(figures.unchanged, if name == "3" { 1 } else { 2 }, "{name}");
    }
    assert_eq!(f.store.counts().expect("readable").demands.live, 2);
    assert_sound(&f.store);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever a whole list says, the store then holds its rows, each once, and nothing else; rows
    /// that stay keep their ids; and the order in which rows are handed over decides nothing but
    /// numbers and names.
    #[test]
    fn a_whole_list_is_what_the_store_holds(
        lists in prop::collection::vec(
            prop::collection::btree_set((0_u8..3, 0_u8..4), 0..7), 1..6),
    ) {
        let (mut f, mut backwards) = (Fixture::new(), Fixture::new());
        let mut held: std::collections::BTreeMap<(String, String), String> = Default::default();
        for (n, list) in lists.iter().enumerate() {
            let mut rows: Vec<Record> =
                list.iter().map(|(title, body)| row(&title.to_string(), &body.to_string())).collect();
            let figures = taken(&mut f, &n.to_string(), &rows, true);
            rows.reverse();
            let mirrored = taken(&mut backwards, &n.to_string(), &rows, true);
            prop_assert_eq!(figures, mirrored);
            let all = stored(&f.store, D, f.store.head().expect("readable"));
            let now: std::collections::BTreeMap<(String, String), String> = all
                .into_iter()
                .map(|found| ((found.record.title, found.record.body), found.record.id.0))
                .collect();
            let expected: Vec<(String, String)> =
                list.iter().map(|(title, body)| (title.to_string(), body.to_string())).collect();
            prop_assert_eq!(now.keys().cloned().collect::<Vec<_>>(), expected);
            for (content, id) in &now {
                if let Some(before) = held.get(content) {
                    prop_assert_eq!(before, id, "a row that stays keeps its id");
                }
            }
            prop_assert_eq!(f.store.counts().expect("readable").demands.live, list.len() as u64);
            held = now;
        }
        prop_assert_eq!(f.store.integrity().expect("readable"), []);
    }
}
