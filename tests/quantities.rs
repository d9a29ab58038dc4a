//! Stated numbers of real demands and supplies, against a table read by a person.
//!
//! `tests/golden/market_quantities.tsv` holds facts without texts; its head says how the records
//! were drawn and what counts as a stated number.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use duijie::text::quantity::{Comparator, Exact, Quantity, Unit, Value, quantities, unit};

/// Only the first characters of title and text were read and are compared.
const WINDOW: usize = 600;

/// What a person read.
struct Fact {
    id: String,
    set: String,
    comparator: String,
    values: Vec<Exact>,
    /// `None` where the program does not know the unit: then it cannot agree.
    unit: Option<Unit>,
    properties: Vec<String>,
    line: String,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn facts() -> Vec<Fact> {
    let table = fs::read_to_string(golden("market_quantities.tsv")).expect("the table is there");
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let [id, _side, set, comparator, low, high, spelling, properties] =
            line.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("eight columns: {line}")
        };
        let number = |text: &str| Exact::parse(text).expect("a number");
        Fact {
            id: id.into(),
            set: set.into(),
            comparator: comparator.into(),
            values: low.split('×').chain([high]).filter(|v| *v != "-").map(number).collect(),
            unit: if spelling == "-" { Some(Unit::none()) } else { unit(spelling) },
            properties: properties.split('|').map(str::to_lowercase).collect(),
            line: line.into(),
        }
    })
    .collect()
}

/// Title and text of every record of the lists, cut to the window; `None` where they are absent.
fn texts() -> Option<BTreeMap<String, String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/market_lists");
    let mut texts = BTreeMap::new();
    for name in ["demands.jsonl", "supplies.jsonl"] {
        for line in fs::read_to_string(folder.join(name)).ok()?.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            let field = |name: &str| record[name].as_str().unwrap_or("").to_owned();
            let text = format!("{}\n{}", field("name"), field("context"));
            texts.insert(field("id"), text.chars().take(WINDOW).collect());
        }
    }
    Some(texts)
}

fn values(quantity: &Quantity) -> Vec<Exact> {
    match &quantity.value {
        Value::Number(value) => vec![*value],
        Value::Interval(low, high) => vec![*low, *high],
        Value::List(values) => values.clone(),
    }
}

fn comparator(comparator: Comparator) -> &'static str {
    match comparator {
        Comparator::Equal => "=",
        Comparator::About => "~",
        Comparator::Reaches => "→",
        Comparator::AtLeast => ">=",
        Comparator::MoreThan => ">",
        Comparator::AtMost => "<=",
        Comparator::LessThan => "<",
        Comparator::Range => "..",
        Comparator::Tolerance => "±",
    }
}

/// Value, unit, comparator and property all agree. Properties agree where the canonical name is
/// the word read, or the phrase holds it or lies in it; `-` stands for a number whose property
/// the text leaves open.
fn agrees(fact: &Fact, quantity: &Quantity) -> bool {
    let base = |unit: &Unit, value: &Exact| unit.to_base(*value);
    let mine: Vec<_> = values(quantity).iter().map(|v| base(&quantity.unit, v)).collect();
    // 度 and 公斤 are read by what they mean beside their property.
    let Some(unit) = &fact.unit else { return false };
    let by_property = unit.counted() == Some("度") || fact.line.ends_with("\t压力");
    let theirs: Vec<_> = fact.values.iter().map(|v| base(unit, v)).collect();
    let same_value = if by_property {
        values(quantity) == fact.values
    } else {
        unit.is_comparable(&quantity.unit) && mine == theirs
    };
    let same_property = fact.properties == ["-"]
        || quantity.property.as_ref().is_some_and(|property| {
            fact.properties.iter().any(|read| {
                property.label() == read
                    || property.phrase.contains(read.as_str())
                    || (property.phrase.chars().count() >= 2 && read.contains(&property.phrase))
            })
        });
    same_value && comparator(quantity.comparator) == fact.comparator && same_property
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so, and figures are shown")]
fn real_lists_are_read_as_a_person_reads_them() {
    let Some(texts) = texts() else {
        eprintln!("skipped: ../shared/data/market_lists is not there");
        return;
    };
    let facts = facts();
    let mut faults = Vec::new();
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut ids: Vec<(&str, &str)> =
        facts.iter().map(|f| (f.id.as_str(), f.set.as_str())).collect();
    ids.dedup();
    for (id, set) in ids {
        let text = &texts[id];
        let found = quantities(text);
        let expected: Vec<&Fact> = facts
            .iter()
            .filter(|fact| fact.id == id && fact.line.split('\t').nth(3) != Some("none"))
            .collect();
        let mut open: Vec<&Quantity> = found.iter().collect();
        let mut n_right = 0;
        for fact in &expected {
            match open.iter().position(|quantity| agrees(fact, quantity)) {
                Some(at) => {
                    open.remove(at);
                    n_right += 1;
                }
                None => faults.push(format!("missed   {}", fact.line)),
            }
        }
        for quantity in open {
            let property = quantity.property.as_ref().map_or("-", |property| property.label());
            faults.push(format!(
                "unwanted {id}\t{}\t{:?} {} {:?} [{property}] {:?}",
                &text[quantity.span.clone()],
                quantity.comparator,
                quantity.unit.symbol(),
                values(quantity).iter().map(ToString::to_string).collect::<Vec<_>>(),
                quantity.property.as_ref().map(|p| p.phrase.as_str()),
            ));
        }
        let count = counts.entry(set).or_default();
        *count = [count[0] + n_right, count[1] + found.len(), count[2] + expected.len()];
    }
    let total = counts.values().fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
    let report = format!("{}\n{counts:?} {total:?} (right, found, read)", faults.join("\n"));
    eprintln!("{report}");
    let [right, found, read] = total.map(|n| f64::from(u32::try_from(n).expect("small")));
    assert!(right / found >= 0.95, "precision {:.3}\n{report}", right / found);
    assert!(right / read >= 0.85, "recall {:.3}\n{report}", right / read);
}
