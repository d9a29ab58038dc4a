//! Requirements of real demands against a reading by hand, and what holds for every real record.
//!
//! The texts are not part of the project: without `../shared/data` these tests say so and pass.
//! `golden/market_requirements.tsv` holds facts only: id, field, kind, first and last character.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use duijie::corpus::{ImportOptions, read_lists};
use duijie::matching::contradictions;
use duijie::model::{QuoteField, Record, Side};
use duijie::text::{Element, RequirementKind, char_range, elements, requirements};

const GOLD: &str = include_str!("golden/market_requirements.tsv");

/// Both lists of the market, or `None` where they are absent.
fn market() -> Option<(Vec<Record>, Vec<Record>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/market_lists");
    if !dir.is_dir() {
        return None;
    }
    let read = |side, name: &str| {
        let path: PathBuf = dir.join(name);
        read_lists(side, &[path], &ImportOptions::default(), &|_| {}).expect("a list").records
    };
    Some((read(Side::Demand, "demands.jsonl"), read(Side::Supply, "supplies.jsonl")))
}

/// One line of the reading: set, id, field, kind, first character, one past the last.
struct Read<'t> {
    held: bool,
    id: &'t str,
    field: QuoteField,
    kind: &'t str,
    chars: std::ops::Range<usize>,
}

fn gold() -> Vec<Read<'static>> {
    GOLD.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [set, id, field, kind, start, end] = cells[..] else { panic!("{line}") };
            Read {
                held: set == "held",
                id,
                field: if field == "title" { QuoteField::Title } else { QuoteField::Body },
                kind,
                chars: start.parse().expect("a number")..end.parse().expect("a number"),
            }
        })
        .collect()
}

/// Two spans are the same requirement if they share half of what either covers.
fn same(a: &std::ops::Range<usize>, b: &std::ops::Range<usize>) -> bool {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    2 * shared >= a.end.max(b.end) - a.start.min(b.start)
}

/// Found, right and wanted spans of a kind.
type Count = [usize; 3];

fn counts(demands: &[Record], held: bool) -> BTreeMap<&'static str, Count> {
    let gold = gold();
    let by_id: HashMap<&str, &Record> = demands.iter().map(|r| (r.id.as_str(), r)).collect();
    let mut counts: BTreeMap<&'static str, Count> = BTreeMap::new();
    let mut ids: Vec<&str> = gold.iter().filter(|g| g.held == held).map(|g| g.id).collect();
    ids.dedup();
    for id in ids {
        let record = by_id[id];
        let wanted: Vec<&Read<'_>> = gold.iter().filter(|g| g.id == id).collect();
        for read in &wanted {
            let kind = RequirementKind::ALL.iter().find(|k| k.name() == read.kind);
            counts.entry(kind.expect("a kind").name()).or_default()[2] += 1;
        }
        for found in requirements(Side::Demand, &record.title, &record.body) {
            let text = if found.field == QuoteField::Title { &record.title } else { &record.body };
            let chars = char_range(text, found.bytes.clone());
            let right = wanted.iter().any(|read| {
                read.kind == found.kind.name()
                    && read.field == found.field
                    && same(&read.chars, &chars)
            });
            let count = counts.entry(found.kind.name()).or_default();
            count[0] += 1;
            count[1] += usize::from(right);
            if std::env::var_os("SHOW_REQUIREMENTS").is_some() && !held {
                let mark = if right { "=" } else { "?" };
                println!("{mark} {id} {:9} {}", found.kind.name(), &text[found.bytes]);
            }
        }
        if std::env::var_os("SHOW_REQUIREMENTS").is_some() && !held {
            for read in wanted {
                let text =
                    if read.field == QuoteField::Title { &record.title } else { &record.body };
                let text: String =
                    text.chars().skip(read.chars.start).take(read.chars.len()).collect();
                println!("    gold {id} {:9} {text}", read.kind);
            }
        }
    }
    counts
}

#[test]
fn typed_requirements_agree_with_a_reading() {
    let Some((demands, _)) = market() else {
        println!("skipped: ../shared/data is absent");
        return;
    };
    for (set, held) in [("tuned on", false), ("held out", true)] {
        let counts = counts(&demands, held);
        let mut all: Count = [0; 3];
        for (kind, count) in &counts {
            let [found, right, wanted] = *count;
            println!("{set} {kind:9} found {found:3} right {right:3} wanted {wanted:3}");
            all.iter_mut().zip(count).for_each(|(sum, n)| *sum += n);
        }
        let [found, right, wanted] = all;
        println!("{set} all       precision {right}/{found} recall {right}/{wanted}");
        // A floor against regressions; the figures themselves are printed above.
        assert!(2 * right >= found && 2 * right >= wanted, "{set}: {all:?}");
    }
}

#[test]
fn every_quote_of_a_real_record_is_a_substring() {
    let Some((demands, supplies)) = market() else {
        println!("skipped: ../shared/data is absent");
        return;
    };
    let mut n = [0_usize; 3];
    for record in demands.iter().chain(&supplies) {
        for found in requirements(record.side, &record.title, &record.body) {
            let text = if found.field == QuoteField::Title { &record.title } else { &record.body };
            assert!(text.get(found.bytes).is_some_and(|quote| !quote.trim().is_empty()));
            n[0] += 1;
        }
        let named = elements(&record.title, &record.body);
        for (field, bytes) in Element::ALL.iter().filter_map(|element| named.get(*element)) {
            let text = if *field == QuoteField::Title { &record.title } else { &record.body };
            assert!(text.get(bytes.clone()).is_some_and(|quote| !quote.is_empty()));
            n[1] += 1;
        }
        for found in contradictions(record) {
            let text = if found.at == QuoteField::Title { &record.title } else { &record.body };
            let quote: String = text
                .chars()
                .skip(found.start as usize)
                .take((found.end - found.start) as usize)
                .collect();
            assert_eq!(quote, found.text);
            n[2] += 1;
        }
    }
    println!("{} requirements, {} elements, {} contradictions", n[0], n[1], n[2]);
    assert!(n[0] > 10_000 && n[2] > 100);
}
