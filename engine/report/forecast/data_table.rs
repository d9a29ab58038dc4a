//! Results as a table: one definition for CSV, Parquet and the page.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use maud::{Markup, html};

use crate::model::Lang;
use crate::report::{ParquetFile, ParquetKind, ReportError, TableCell};

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataColumn {
    /// Name for programs.
    pub key: &'static str,
    /// Chinese heading.
    pub zh: &'static str,
    /// English heading.
    pub en: &'static str,
    /// Decimals that people are shown; `None` for a column of text.
    pub decimals: Option<u8>,
}

impl DataColumn {
    /// A column of text.
    #[must_use]
    pub const fn text(key: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self { key, zh, en, decimals: None }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(
        key: &'static str,
        zh: &'static str,
        en: &'static str,
        decimals: u8,
    ) -> Self {
        Self { key, zh, en, decimals: Some(decimals) }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTable {
    /// Name of its files, without their endings.
    pub name: &'static str,
    /// The columns.
    pub columns: Vec<DataColumn>,
    /// The rows, cells in column order.
    pub rows: Vec<Vec<TableCell>>,
}

impl DataTable {
    /// The rows for which `keep` holds, as a table for the page.
    pub(super) fn shown(&self, lang: Lang, keep: impl Fn(&[TableCell]) -> bool) -> Markup {
        html! {
            div class="scroll" {
                table {
                    tr {
                        @for column in &self.columns {
                            th class=[column.decimals.map(|_| "n")] { (lang.pick(column.zh, column.en)) }
                        }
                    }
                    @for row in self.rows.iter().filter(|row| keep(row)) {
                        tr {
                            @for (column, cell) in self.columns.iter().zip(row) {
                                td class=(if column.decimals.is_some() { "n" } else { "keep" }) {
                                    (written(cell, column.decimals))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Where a column stands.
    #[must_use]
    pub fn column(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|it| it.key == key)
    }
}

/// A cell for people.
fn written(cell: &TableCell, decimals: Option<u8>) -> String {
    match (cell, decimals) {
        (TableCell::Blank, Some(_)) => "–".to_owned(),
        (TableCell::Blank, None) => String::new(),
        (TableCell::Number(number), Some(decimals)) => {
            let text = format!("{number:.*}", usize::from(decimals));
            // No minus before a rounded zero.
            if text.trim_start_matches('-').bytes().all(|b| b == b'0' || b == b'.') {
                text.trim_start_matches('-').to_owned()
            } else {
                text
            }
        }
        (TableCell::Number(number), None) => number.to_string(),
        (TableCell::Text(text), _) => text.clone(),
        (TableCell::Day(day), _) => day.to_string(),
    }
}

/// Writes `NAME.csv`, with headings in the reader's language, and `NAME.parquet`, with names for
/// programs, into a folder. Numbers are written in full.
///
/// # Errors
/// [`ReportError::Write`] when a file cannot be written.
pub fn write_data_table(folder: &Path, table: &DataTable, lang: Lang) -> Result<(), ReportError> {
    let csv = folder.join(format!("{}.csv", table.name));
    write_csv(&csv, table, lang).map_err(|source| ReportError::Write { path: csv, source })?;
    let path = folder.join(format!("{}.parquet", table.name));
    write_parquet(&path, table).map_err(|source| ReportError::Write { path, source })
}

fn write_csv(path: &Path, table: &DataTable, lang: Lang) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    // The mark by which spreadsheet programs know UTF-8.
    file.write_all(b"\xef\xbb\xbf")?;
    let mut out = csv::Writer::from_writer(file);
    out.write_record(table.columns.iter().map(|it| lang.pick(it.zh, it.en)))?;
    for row in &table.rows {
        out.write_record(row.iter().map(|cell| match cell {
            TableCell::Blank => String::new(),
            TableCell::Text(text) => guarded(text),
            TableCell::Number(number) => number.to_string(),
            TableCell::Day(day) => day.to_string(),
        }))?;
    }
    out.flush()
}

/// A text that a spreadsheet program does not take for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn write_parquet(path: &Path, table: &DataTable) -> io::Result<()> {
    let kinds: Vec<(&str, ParquetKind)> = table
        .columns
        .iter()
        .map(|it| match it.decimals {
            Some(_) => (it.key, ParquetKind::Number),
            None => (it.key, ParquetKind::Text),
        })
        .collect();
    let file = BufWriter::new(File::create(path)?);
    let mut out = ParquetFile::new(file, &kinds).map_err(io::Error::other)?;
    for row in &table.rows {
        out.push(row.clone()).map_err(io::Error::other)?;
    }
    out.finish().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> DataTable {
        DataTable {
            name: "t",
            columns: vec![
                DataColumn::text("cluster", "集群", "cluster"),
                DataColumn::number("mean", "均值", "mean", 1),
            ],
            rows: vec![
                vec!["=1".into(), TableCell::Number(1.25)],
                vec!["西安/光子".into(), TableCell::Number(-0.001)],
                vec!["西安/航天".into(), TableCell::Blank],
            ],
        }
    }

    #[test]
    fn one_table_is_written_for_programs_and_people() {
        let dir = tempfile::tempdir().expect("a folder");
        write_data_table(dir.path(), &table(), Lang::Zh).expect("written");
        let text = std::fs::read_to_string(dir.path().join("t.csv")).expect("read");
        assert_eq!(text, "\u{feff}集群,均值\n'=1,1.25\n西安/光子,-0.001\n西安/航天,\n");
        assert!(dir.path().join("t.parquet").metadata().expect("a file").len() > 100);
        let page = table().shown(Lang::En, |_| true).into_string();
        assert!(page.contains("<th>cluster</th>") && page.contains("<td class=\"n\">0.0</td>"));
        assert!(page.contains("–"));
    }
}
