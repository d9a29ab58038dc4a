//! Random sequences of imports, withdrawals and crashes against a simple model, and against the
//! same sequence without crashes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::fixture::{Fixture, at, head, id, record, stored, take};
use crate::model::{Record, Side};
use crate::store::{Begun, ChangeKind, Findings, Seq, Store};

const SIDE: Side = Side::Supply;
const LISTS: [&str; 2] = ["企业", "高校"];

#[derive(Debug, Clone)]
struct Step {
    list: usize,
    /// Ids with what they say.
    rows: BTreeMap<u8, u8>,
    whole: bool,
    /// The process dies after staging so many rows (perhaps all), or in the middle of clearing up.
    dies_after: Option<usize>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..LISTS.len(),
        prop::collection::btree_map(0_u8..6, 0_u8..3, 0..6),
        any::<bool>(),
        prop::option::of(0_usize..7),
    );
    let step =
        step.prop_map(|(list, rows, whole, dies_after)| Step { list, rows, whole, dies_after });
    prop::collection::vec(step, 1..7)
}

/// One list: what each id said, one after another; `None` for withdrawn.
type Model = BTreeMap<u8, Vec<Option<u8>>>;

fn apply(model: &mut Model, step: &Step) {
    for (id, says) in &step.rows {
        let said = model.entry(*id).or_default();
        if said.last() != Some(&Some(*says)) {
            said.push(Some(*says));
        }
    }
    for (id, said) in model.iter_mut() {
        if step.whole && !step.rows.contains_key(id) && said.last() != Some(&None) {
            said.push(None);
        }
    }
}

fn rows(step: &Step) -> Vec<Record> {
    let row = |(id, says): (&u8, &u8)| {
        let mut record = record(SIDE, &format!("G{id}"), &says.to_string());
        record.organization = Some(format!("第{says}公司"));
        record.contact.person = Some(format!("第{says}人"));
        record
    };
    step.rows.iter().map(row).collect()
}

fn run(store: &mut Store, n: usize, step: &Step) {
    let mut head = head(SIDE, LISTS[step.list], &n.to_string());
    head.whole = step.whole;
    take(store, &head, &rows(step)).expect("taken");
}

/// List, id and number of a record, and what it said, one after another.
type Told = (String, String, String, Vec<(ChangeKind, Option<String>)>);

/// What a reader can see of the store.
fn seen(store: &Store) -> Vec<Told> {
    let mut all = Vec::new();
    for list in LISTS {
        for n in 0..6 {
            for id_ in [format!("G{n}"), format!("{list}/G{n}")] {
                let Some(found) = store.record(SIDE, &id_).expect("readable") else { continue };
                let history = store.history(SIDE, &id(&id_)).expect("readable");
                let said = history
                    .into_iter()
                    .map(|version| (version.kind, version.record.map(|record| record.title)))
                    .collect();
                let entry = (found.list, id_, found.record.number, said);
                if !all.contains(&entry) {
                    all.push(entry);
                }
            }
        }
    }
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nothing_is_lost_or_doubled(steps in steps()) {
        let mut f = Fixture::new();
        let mut undisturbed = Fixture::new();
        let mut models: [Model; 2] = Default::default();
        let mut states: Vec<(Seq, usize)> = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            if let Some(dies_after) = step.dies_after {
                let mut head = head(SIDE, LISTS[step.list], &n.to_string());
                head.whole = step.whole;
                let Begun::Open(mut ticket) = f.store.begin_import(&head).expect("begun") else {
                    panic!("each step has a file of its own");
                };
                let rows = rows(step);
                f.store.stage(&mut ticket, &rows[..dies_after.min(rows.len())]).expect("staged");
                drop(ticket);
                f = f.reopen();
                f.store.discard_staged(at(30)).expect("discarded");
                prop_assert_eq!(seen(&f.store), seen(&undisturbed.store));
            }
            run(&mut f.store, n, step);
            run(&mut undisturbed.store, n, step);
            apply(&mut models[step.list], step);
            let live: usize = models
                .iter()
                .flat_map(|model| model.values())
                .filter(|said| said.last().is_some_and(Option::is_some))
                .count();
            let head = f.store.head().expect("readable");
            prop_assert_eq!(stored(&f.store, SIDE, head).len(), live);
            prop_assert_eq!(f.store.counts().expect("readable").supplies.live, live as u64);
            states.push((head, live));
        }
        // Every state that ever was can still be read.
        for (seq, live) in states {
            prop_assert_eq!(stored(&f.store, SIDE, seq).len(), live);
        }
        let everything = seen(&f.store);
        prop_assert_eq!(&everything, &seen(&undisturbed.store), "a crash leaves no trace");
        for (list, model) in LISTS.iter().zip(&models) {
            for (given, said) in model {
                let own = everything.iter().find(|(name, id, ..)| {
                    name == list && (*id == format!("G{given}") || *id == format!("{list}/G{given}"))
                });
                let told: Vec<Option<u8>> = own
                    .map(|(.., history)| history.iter())
                    .into_iter()
                    .flatten()
                    .map(|(_, title)| title.as_ref().map(|title| title.parse().expect("a digit")))
                    .collect();
                prop_assert_eq!(&told, said, "history of {} in {}", given, list);
            }
        }
        prop_assert_eq!(f.store.integrity().expect("readable"), []);
        let Begun::Open(ticket) = f.store.begin_import(&head(SIDE, LISTS[0], "last")).expect("begun")
        else { panic!("it is new") };
        f.store.finish_import(ticket, &Findings::default(), at(50)).expect("finished");
    }
}
