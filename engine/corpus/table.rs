//! A table as a file has it, before anything is understood.

use jiff::civil::Date;

use super::merges::Merge;
use crate::model::SkipReason;

/// What kind of file a table was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Xlsx,
    Xls,
    /// A web page, often saved under the name of a workbook.
    Html,
    /// The XML that Office 2003 wrote (SpreadsheetML).
    SpreadsheetXml,
    Docx,
    Csv,
    Tsv,
    Jsonl,
}

impl Format {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Html => "html",
            Self::SpreadsheetXml => "xml2003",
            Self::Docx => "docx",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell {
    #[default]
    Empty,
    Text(String),
    Number(f64),
    Date(Date),
}

impl Cell {
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => is_blank(text),
            Self::Number(_) | Self::Date(_) => false,
        }
    }

    /// The cell as text; integers without a decimal point.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => format!("{number}"),
            Self::Date(date) => date.to_string(),
        }
    }
}

/// Whether nothing can be seen: spaces of any kind, zero-width marks, control characters.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || super::clean::is_invisible(c))
}

/// Why a row cannot be taken as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// More columns than [`super::limits::COLUMNS`].
    TooManyColumns,
    /// A cell over [`super::limits::CELL_BYTES`]; its column from 0.
    LongCell(usize),
    /// Bytes that are text in no encoding known here.
    Undecodable,
    /// A line that is no JSON object.
    NotJson,
}

/// One row with its number as a spreadsheet program shows it.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) number: u32,
    pub(super) cells: Vec<Cell>,
    pub(super) fault: Option<Fault>,
    /// The row was mended while its file was read: the kind, and what was found.
    pub(super) mended: Option<Mended>,
    /// Columns whose value was filled down from a merged cell above.
    pub(super) filled: Vec<usize>,
}

/// What reading the bytes had to mend in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mended {
    /// The row's bytes are in another encoding than the file.
    Encoding(&'static str),
    /// A quotation mark that no other closes.
    Quote,
}

impl Row {
    /// Blank lines are not rows; a faulty line is one whatever it holds.
    pub(super) fn is_blank(&self) -> bool {
        self.fault.is_none() && self.cells.iter().all(Cell::is_blank)
    }
}

/// One sheet, or one text file.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) sheet: Option<String>,
    pub(super) format: Format,
    pub(super) encoding: Option<String>,
    /// Keys of a JSONL file or labels of a form, which have no heading row.
    pub(super) keys: Option<Vec<String>>,
    /// Rows that are not blank, in order.
    pub(super) rows: Vec<Row>,
    /// Cells that were merged; only their first cell holds the value.
    pub(super) merges: Vec<Merge>,
    /// The table was a single form: for each row why it is skipped, or `None` for a record.
    pub(super) form: Option<Vec<Option<SkipReason>>>,
}

impl Table {
    /// A table of plain rows, with headings somewhere among them.
    pub(super) const fn new(sheet: Option<String>, format: Format, rows: Vec<Row>) -> Self {
        Self { sheet, format, encoding: None, keys: None, rows, merges: Vec::new(), form: None }
    }

    /// The table without its rows.
    pub(super) fn clone_head(&self) -> Self {
        Self {
            encoding: self.encoding.clone(),
            keys: self.keys.clone(),
            ..Self::new(self.sheet.clone(), self.format, Vec::new())
        }
    }
}
