//! One table that fits in memory, in any of the formats of an export.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::nightly::guarded;
use super::{ExportFormat, JobError};
use crate::report::{
    ParquetFile, ParquetKind, TableCell, TableColumn, TableDates, TableLook, TableSheet,
    write_tables,
};

/// A column: its name for programs, its headings, its width and look.
pub(super) type SmallColumn = (&'static str, &'static str, &'static str, u8, TableLook);

/// Writes rows, cells in column order, beside `path` and then to it.
pub(super) fn write(
    path: &Path,
    format: ExportFormat,
    dates: &TableDates<'_>,
    columns: &[SmallColumn],
    rows: Vec<Vec<TableCell>>,
) -> Result<(), JobError> {
    let failed = |e: io::Error| JobError::io("write", path, e);
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = tempfile::Builder::new()
        .prefix(".duijie-export-")
        .tempfile_in(parent.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    let file = || beside.reopen().map_err(failed);
    match format {
        ExportFormat::Xlsx => {
            let sheet = TableSheet {
                name: dates.title.to_owned(),
                columns: columns
                    .iter()
                    .map(|(_, zh, en, width, look)| {
                        TableColumn::new(dates.lang.pick(zh, en), *width, *look)
                    })
                    .collect(),
                rows: Box::new(rows.into_iter()),
            };
            write_tables(beside.path(), dates, vec![sheet])?;
        }
        ExportFormat::Csv => csv_file(file()?, dates, columns, &rows).map_err(failed)?,
        ExportFormat::Jsonl => json_lines(file()?, columns, &rows).map_err(failed)?,
        ExportFormat::Parquet => {
            let parquet = |error: parquet::errors::ParquetError| failed(io::Error::other(error));
            let kinds: Vec<(&str, ParquetKind)> =
                columns.iter().map(|(name, .., look)| (*name, kind(*look))).collect();
            let mut out = ParquetFile::new(BufWriter::new(file()?), &kinds).map_err(parquet)?;
            for row in rows {
                out.push(row).map_err(parquet)?;
            }
            out.finish().map_err(parquet)?;
        }
    }
    beside.as_file().sync_all().map_err(failed)?;
    beside.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Numbers stand in columns of amounts, days in columns of dates, texts in all others.
const fn kind(look: TableLook) -> ParquetKind {
    match look {
        TableLook::Amount => ParquetKind::Number,
        TableLook::Date => ParquetKind::Day,
        TableLook::Prose | TableLook::Code | TableLook::Short => ParquetKind::Text,
    }
}

fn csv_file(
    file: File,
    dates: &TableDates<'_>,
    columns: &[SmallColumn],
    rows: &[Vec<TableCell>],
) -> io::Result<()> {
    let mut file = BufWriter::new(file);
    // The mark by which spreadsheet programs know UTF-8.
    file.write_all("\u{feff}".as_bytes())?;
    let mut out = csv::Writer::from_writer(file);
    out.write_record(columns.iter().map(|(_, zh, en, ..)| dates.lang.pick(zh, en)))?;
    for row in rows {
        out.write_record(row.iter().map(|cell| match cell {
            TableCell::Blank => String::new(),
            TableCell::Text(text) => guarded(text),
            TableCell::Number(number) => number.to_string(),
            TableCell::Day(day) => day.to_string(),
        }))?;
    }
    out.flush()
}

fn json_lines(file: File, columns: &[SmallColumn], rows: &[Vec<TableCell>]) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    for row in rows {
        let fields: Map<String, Value> = columns
            .iter()
            .zip(row)
            .map(|((name, ..), cell)| {
                let value = match cell {
                    TableCell::Blank => Value::Null,
                    TableCell::Text(text) => text.clone().into(),
                    TableCell::Number(number) => (*number).into(),
                    TableCell::Day(day) => day.to_string().into(),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        serde_json::to_writer(&mut out, &Value::Object(fields))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
