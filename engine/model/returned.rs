//! Original rows that go back to whoever sent a list, with what has to be mended in them.

/// The rows of one source file that go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedSheet {
    /// The source file's name, without its folder.
    pub file: String,
    /// Headings of the original columns, in the order in which the file's tables first use them;
    /// columns of equal heading share one. Contacts and dropped columns are left out.
    pub columns: Vec<String>,
    /// The rows, in the order of the file.
    pub rows: Vec<ReturnedRow>,
}

/// One original row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedRow {
    /// Its sheet, where the file has sheets.
    pub sheet: Option<String>,
    /// Its number there, from 1.
    pub number: u32,
    /// One text per column of the sheet, as the list has it.
    pub cells: Vec<String>,
    /// Columns at fault, ascending; empty where the row as a whole is.
    pub offending: Vec<usize>,
    /// What has to be mended, in Chinese, for the sender.
    pub reasons: Vec<String>,
}
