//! Rows as a Parquet file, a group at a time.

use std::io::Write;
use std::sync::Arc;

use jiff::civil::{Date, date};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::TableCell;

/// Rows per group: some tens of megabytes of text, held in memory until they are written.
const GROUP: usize = 16_384;
/// The day from which the format counts.
const EPOCH: Date = date(1970, 1, 1);

/// What a column holds. Every value may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParquetKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A day.
    Day,
}

/// A file being written. Cells of another kind than their column's are missing.
pub struct ParquetFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    kinds: Vec<ParquetKind>,
    rows: Vec<Vec<TableCell>>,
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// Names that are no names of columns.
    pub fn new(to: W, columns: &[(&str, ParquetKind)]) -> Result<Self, ParquetError> {
        let fields = columns
            .iter()
            .map(|(name, kind)| {
                let (physical, logical) = match kind {
                    ParquetKind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                    ParquetKind::Number => (Physical::DOUBLE, None),
                    ParquetKind::Day => (Physical::INT32, Some(LogicalType::Date)),
                };
                Type::primitive_type_builder(name, physical)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(logical)
                    .build()
                    .map(Arc::new)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("records").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(Default::default()))
            .set_created_by(format!("duijie {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties))?;
        Ok(Self {
            writer,
            kinds: columns.iter().map(|(_, kind)| *kind).collect(),
            rows: Vec::new(),
        })
    }

    /// Adds a row: one cell per column, in order.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn push(&mut self, row: Vec<TableCell>) -> Result<(), ParquetError> {
        self.rows.push(row);
        if self.rows.len() == GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes the rest and the footer.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn finish(mut self) -> Result<(), ParquetError> {
        self.flush()?;
        self.writer.close().map(|_| ())
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        for (place, kind) in self.kinds.iter().enumerate() {
            let Some(mut column) = group.next_column()? else { break };
            let cells = rows.iter().map(|row| row.get(place).unwrap_or(&TableCell::Blank));
            match kind {
                ParquetKind::Text => {
                    let (levels, values) = split(cells, |cell| match cell {
                        TableCell::Text(text) => Some(ByteArray::from(text.as_str())),
                        _ => None,
                    });
                    column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
                }
                ParquetKind::Number => {
                    let (levels, values) = split(cells, |cell| match cell {
                        TableCell::Number(number) => Some(*number),
                        _ => None,
                    });
                    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
                }
                ParquetKind::Day => {
                    let (levels, values) = split(cells, |cell| match cell {
                        TableCell::Day(day) => EPOCH.until(*day).ok().map(|span| span.get_days()),
                        _ => None,
                    });
                    column.typed::<Int32Type>().write_batch(&values, Some(&levels), None)?;
                }
            }
            column.close()?;
        }
        group.close().map(|_| ())
    }
}

/// Levels (1 where there is a value) and the values there are.
fn split<'a, T>(
    cells: impl Iterator<Item = &'a TableCell>,
    value: impl Fn(&TableCell) -> Option<T>,
) -> (Vec<i16>, Vec<T>) {
    let mut levels = Vec::new();
    let mut values = Vec::new();
    for cell in cells {
        let value = value(cell);
        levels.push(i16::from(value.is_some()));
        values.extend(value);
    }
    (levels, values)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut file = tempfile::tempfile().expect("a file");
        let columns = [
            ("title", ParquetKind::Text),
            ("price", ParquetKind::Number),
            ("day", ParquetKind::Day),
        ];
        let mut out =
            ParquetFile::new(file.try_clone().expect("a handle"), &columns).expect("begun");
        let n = GROUP + 3;
        for row in 0..n {
            let title = if row == 1 { TableCell::Blank } else { format!("碳化硅{row}").into() };
            let number = TableCell::Number(0.5);
            out.push(vec![title, number, TableCell::Day(date(1970, 1, 3))]).expect("written");
        }
        out.finish().expect("finished");
        std::io::Seek::rewind(&mut file).expect("rewound");
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let rows: Vec<String> = reader
            .get_row_iter(None)
            .expect("rows")
            .map(|row| row.expect("a row").to_string())
            .collect();
        assert_eq!(rows.len(), n);
        assert!(rows[0].contains("碳化硅0") && rows[0].contains("0.5"), "{}", rows[0]);
        assert!(rows[0].contains("1970-01-03"), "{}", rows[0]);
        assert!(rows[1].contains("title: null"), "{}", rows[1]);
    }
}
