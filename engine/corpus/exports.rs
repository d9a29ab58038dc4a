//! Whose export a table of patents is: databases have headings of their own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;

use super::headers::{Field, fold};
use super::limits;
use super::table::{Cell, Table};
use crate::model::Wording;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    export: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    source: String,
    zh: String,
    en: String,
    needs: usize,
    signs: Vec<String>,
    fields: BTreeMap<Field, Vec<String>>,
}

/// One database's way of exporting.
#[derive(Debug)]
pub(super) struct Export {
    /// Who says what the columns say, for the source of a legal status.
    pub(super) source: String,
    pub(super) name: Wording,
    needs: usize,
    signs: HashSet<String>,
    fields: HashMap<String, Field>,
}

impl Export {
    /// The exports of `corpus/exports.toml`.
    fn shipped() -> &'static [Self] {
        static SHIPPED: OnceLock<Vec<Export>> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let shipped: Shipped = toml::from_str(include_str!("../../corpus/exports.toml"))
                .expect("corpus/exports.toml is compiled in and read by a test");
            shipped.export.into_iter().map(Self::new).collect()
        })
    }

    fn new(entry: Entry) -> Self {
        let mut fields = HashMap::new();
        for (field, headings) in &entry.fields {
            for heading in headings {
                fields.insert(fold(heading), *field);
            }
        }
        Self {
            source: entry.source,
            name: Wording::new(entry.zh, entry.en),
            needs: entry.needs,
            signs: entry.signs.iter().map(|sign| fold(sign)).collect(),
            fields,
        }
    }

    /// The export that a table is, by the headings of one of its first rows: the one with the most
    /// signs, the first of equals. `None` if no row has enough of any.
    pub(super) fn of(table: &Table) -> Option<&'static Self> {
        let rows: Vec<HashSet<String>> = match &table.keys {
            Some(keys) => vec![keys.iter().map(|key| fold(key)).collect()],
            None => table
                .rows
                .iter()
                .take(limits::HEADING_ROWS)
                .map(|row| {
                    // A sentence is no heading.
                    const LONGEST: usize = 120;
                    let texts = row.cells.iter().filter_map(|cell| match cell {
                        Cell::Text(text) if text.len() <= LONGEST => Some(fold(text)),
                        _ => None,
                    });
                    texts.collect()
                })
                .collect(),
        };
        let count = |export: &Self| {
            rows.iter()
                .map(|row| export.signs.iter().filter(|sign| row.contains(*sign)).count())
                .max()
                .unwrap_or(0)
        };
        Self::shipped()
            .iter()
            .rev()
            .map(|export| (count(export), export))
            .filter(|(found, export)| *found >= export.needs)
            .max_by_key(|(found, _)| *found)
            .map(|(_, export)| export)
    }

    /// The field of a heading in this export.
    pub(super) fn field(&self, heading: &str) -> Option<Field> {
        self.fields.get(&fold(heading)).copied()
    }
}

/// Several names in one cell, however the database joins them, as `甲；乙`.
pub(super) fn joined_names(text: &str) -> String {
    let names: Vec<&str> =
        text.split([';', '；', '|']).map(str::trim).filter(|name| !name.is_empty()).collect();
    names.join("；")
}

#[cfg(test)]
mod tests {
    use super::super::table::{Format, Row};
    use super::*;

    #[test]
    fn the_shipped_exports_are_readable_and_each_recognises_itself() {
        let shipped: Shipped =
            toml::from_str(include_str!("../../corpus/exports.toml")).expect("valid");
        for entry in shipped.export {
            assert!(entry.needs <= entry.signs.len(), "{}", entry.en);
            let cells = entry.signs.iter().map(|sign| Cell::Text(sign.clone())).collect();
            let row = Row { number: 1, cells, ..Row::default() };
            let table = Table::new(None, Format::Csv, vec![row]);
            let found = Export::of(&table).expect("recognised");
            assert_eq!(found.name.zh, entry.zh);
        }
    }

    #[test]
    fn names_are_joined_one_way() {
        assert_eq!(joined_names("甲 | 乙"), "甲；乙");
        assert_eq!(joined_names("A Corp.;;B Inc."), "A Corp.；B Inc.");
    }
}
