//! Headings of data tables: which column is what, and in which unit.

use std::path::Path;

use super::error::ScenarioError;
use super::money::MoneyUnit;
use crate::corpus::{PlainCell, PlainRow, PlainTable};
use crate::model::Wording;

/// Rows at the top among which the headings are looked for.
const HEADING_ROWS: usize = 12;

/// A table whose headings were understood.
pub(super) struct Headed<'a> {
    pub(super) path: &'a Path,
    pub(super) sheet: Option<&'a str>,
    /// Headings without units.
    headings: Vec<String>,
    /// The unit that a heading states.
    units: Vec<Option<MoneyUnit>>,
    pub(super) rows: &'a [PlainRow],
}

impl<'a> Headed<'a> {
    /// The table, if one of its first rows has a heading of every group of names.
    pub(super) fn find(path: &'a Path, table: &'a PlainTable, groups: &[&[&str]]) -> Option<Self> {
        table.rows.iter().take(HEADING_ROWS).enumerate().find_map(|(at, row)| {
            let split: Vec<_> = row.cells.iter().map(|cell| split_unit(&cell.text())).collect();
            let has = |names: &[&str]| split.iter().any(|(name, _)| names.contains(&name.as_str()));
            groups.iter().all(|names| has(names)).then(|| {
                let (headings, units) = split.into_iter().unzip();
                let sheet = table.sheet.as_deref();
                Self { path, sheet, headings, units, rows: &table.rows[at + 1..] }
            })
        })
    }

    /// The column under one of these names.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.headings.iter().position(|it| it == name))
    }

    /// The unit that the column's heading states.
    pub(super) fn unit(&self, column: usize) -> Option<MoneyUnit> {
        self.units[column]
    }

    /// Where a row is, for messages.
    pub(super) fn place(&self, row: &PlainRow) -> String {
        match self.sheet {
            Some(sheet) => format!("{sheet} 第 {} 行", row.number),
            None => format!("第 {} 行", row.number),
        }
    }

    /// A cell's text; empty without the column.
    pub(super) fn text(row: &PlainRow, column: Option<usize>) -> String {
        column.and_then(|at| row.cells.get(at)).map(PlainCell::text).unwrap_or_default()
    }

    /// A cell's number; `None` for an empty cell.
    ///
    /// # Errors
    /// What is no number.
    pub(super) fn number(
        &self,
        row: &PlainRow,
        column: Option<usize>,
        what: &str,
    ) -> Result<Option<f64>, ScenarioError> {
        let Some(cell) = column.and_then(|at| row.cells.get(at)) else { return Ok(None) };
        if cell.text().is_empty() {
            return Ok(None);
        }
        cell.number().map(Some).ok_or_else(|| {
            let key = format!("{} {what}", self.place(row));
            ScenarioError::value(self.path, key, cell.text(), Wording::new("数", "a number"))
        })
    }

    /// A cell's amount in 万元, by the unit of the row, else of the heading.
    ///
    /// # Errors
    /// What is no number, an amount without a unit, and units that do not agree.
    pub(super) fn amount(
        &self,
        row: &PlainRow,
        column: Option<usize>,
        unit: Option<usize>,
        what: &str,
    ) -> Result<Option<f64>, ScenarioError> {
        let Some(number) = self.number(row, column, what)? else { return Ok(None) };
        let key = format!("{} {what}", self.place(row));
        let fault = |what: Wording| ScenarioError::Unit {
            path: self.path.to_owned(),
            key: key.clone(),
            what,
        };
        let stated = Self::text(row, unit);
        let of_row = match stated.as_str() {
            "" => None,
            text => Some(MoneyUnit::named(text).ok_or_else(|| {
                fault(Wording::new(
                    format!("单位“{text}”不认识，只能是万元或亿元"),
                    format!("the unit {text} is not known, only 万元 and 亿元"),
                ))
            })?),
        };
        let of_heading = column.and_then(|at| self.unit(at));
        let unit = match (of_row, of_heading) {
            (Some(row), Some(heading)) if row != heading => {
                return Err(fault(Wording::new(
                    format!("表头的单位是{}，本行写的是{}", heading.name(), row.name()),
                    format!("the heading says {}, the row {}", heading.name(), row.name()),
                )));
            }
            (Some(unit), _) | (None, Some(unit)) => unit,
            (None, None) => {
                return Err(fault(Wording::new("没有写单位", "no unit is stated")));
            }
        };
        Ok(Some(number * unit.in_wan()))
    }
}

/// A heading without its unit in brackets, and the unit.
fn split_unit(heading: &str) -> (String, Option<MoneyUnit>) {
    let heading = heading.trim().trim_start_matches('\u{feff}').trim_end_matches(['*', '＊']);
    for (open, close) in [('（', '）'), ('(', ')')] {
        let inside = heading.strip_suffix(close).and_then(|it| it.rsplit_once(open));
        if let Some((name, unit)) = inside.and_then(|(n, u)| Some((n, MoneyUnit::named(u)?))) {
            return (name.trim().to_owned(), Some(unit));
        }
    }
    (heading.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_carry_units() {
        assert_eq!(split_unit("产值（亿元）"), ("产值".into(), Some(MoneyUnit::Yi)));
        assert_eq!(split_unit(" 产值 (万元) "), ("产值".into(), Some(MoneyUnit::Wan)));
        assert_eq!(split_unit("市（区）"), ("市（区）".into(), None));
        assert_eq!(split_unit("年份*"), ("年份".into(), None));
    }
}
