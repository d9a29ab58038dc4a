//! Plain tables as a workbook: what is exported of a store, and news.

use std::path::Path;

use jiff::Zoned;
use jiff::civil::Date;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::columns::Look;
use super::sheet::{CELL_CHARACTERS, FONT, Looks, lines, row_height, titled_workbook};
use super::{ROWS_PER_SHEET, ReportError, veil};
use crate::model::Lang;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum TableCell {
    /// Nothing, but with its border.
    Blank,
    /// A text, guarded against being taken for a formula when written.
    Text(String),
    /// A number; NaN and infinities are left blank.
    Number(f64),
    /// A day.
    Day(Date),
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text.to_owned()) }
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }
}

impl From<Option<String>> for TableCell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Blank, Self::from)
    }
}

impl From<Option<Date>> for TableCell {
    fn from(day: Option<Date>) -> Self {
        day.map_or(Self::Blank, Self::Day)
    }
}

/// How a column's cells look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableLook {
    /// Running text.
    Prose,
    /// Numbers of records: text that stays text.
    Code,
    /// A short word or number, centred.
    Short,
    /// A date.
    Date,
    /// An amount.
    Amount,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    /// Heading.
    pub heading: String,
    /// Width in half-width characters.
    pub width: u8,
    /// How its cells look.
    pub look: TableLook,
    /// Whether it is hidden.
    pub hidden: bool,
}

impl TableColumn {
    /// A visible column.
    #[must_use]
    pub fn new(heading: &str, width: u8, look: TableLook) -> Self {
        Self { heading: heading.to_owned(), width, look, hidden: false }
    }
}

/// A table; longer ones go on in further sheets.
pub struct TableSheet<'a> {
    /// Name of the sheet, at most 25 characters.
    pub name: String,
    /// The columns, at least one.
    pub columns: Vec<TableColumn>,
    /// The rows in order, cells in column order; drawn as they are written.
    pub rows: Box<dyn Iterator<Item = Vec<TableCell>> + 'a>,
}

/// What stands at the head of every page.
#[derive(Debug, Clone)]
pub struct TableDates<'a> {
    /// Title of the workbook.
    pub title: &'a str,
    /// 数据截至: the latest date of publication; `None` where there are no dates.
    pub data_until: Option<Date>,
    /// 运行时间, also the creation date of the file.
    pub started_at: &'a Zoned,
    /// 参考日期.
    pub as_of: Date,
    /// The reader's language.
    pub lang: Lang,
}

/// Writes tables as one workbook, replacing what is there. Rows are written as they are drawn; the
/// same tables and dates make the same bytes.
///
/// # Errors
/// [`ReportError::Workbook`] when the file cannot be written; an incomplete one may be left.
pub fn write_tables(
    path: &Path,
    dates: &TableDates<'_>,
    sheets: Vec<TableSheet<'_>>,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Workbook { path: path.to_owned(), source };
    let looks = Looks::new();
    let version = env!("CARGO_PKG_VERSION");
    let mut book =
        titled_workbook(dates.title, version, dates.started_at, &looks).map_err(failed)?;
    for sheet in sheets {
        write_sheets(&mut book, &looks, dates, sheet).map_err(failed)?;
    }
    book.save(path).map_err(failed)
}

fn write_sheets(
    book: &mut Workbook,
    looks: &Looks,
    dates: &TableDates<'_>,
    table: TableSheet<'_>,
) -> Result<(), XlsxError> {
    let TableSheet { name, columns, rows } = table;
    let mut rows = rows.peekable();
    let mut number = 0;
    loop {
        number += 1;
        let shown = if number == 1 { name.clone() } else { format!("{name}({number})") };
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(&shown)?;
        lay_out(sheet, looks, dates, &columns)?;
        let mut n: u32 = 0;
        while n < ROWS_PER_SHEET {
            let Some(cells) = rows.next() else { break };
            n += 1;
            write_row(sheet, looks, n, &columns, &cells)?;
        }
        let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, n, last)?;
        if rows.peek().is_none() {
            return Ok(());
        }
    }
}

fn lay_out(
    sheet: &mut Worksheet,
    looks: &Looks,
    dates: &TableDates<'_>,
    columns: &[TableColumn],
) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    let lang = dates.lang;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_freeze_panes(1, 0)?;
    let unknown = lang.pick("不详", "unknown");
    let until = dates.data_until.map_or_else(|| unknown.to_owned(), |day| day.to_string());
    let font = format!("&\"{FONT},Regular\"&9 ");
    sheet.set_header(format!(
        "&L{font}&A&R{font}{} {until}　{} {}　{} {}",
        lang.pick("数据截至", "data until"),
        lang.pick("运行时间", "run at"),
        dates.started_at.strftime("%Y-%m-%d %H:%M"),
        lang.pick("参考日期", "as of"),
        dates.as_of
    ));
    let pages = lang.pick("第 &P 页，共 &N 页", "page &P of &N");
    sheet.set_footer(format!("&C{font}{pages}&R{font}duijie"));
    let mut heading_lines = 1;
    for (place, column) in (0..).zip(columns) {
        sheet.set_column_width(place, column.width)?;
        sheet.write_string_with_format(0, place, &column.heading, &looks.heading)?;
        heading_lines = heading_lines.max(lines(&column.heading, column.width));
        if column.hidden {
            sheet.set_column_hidden(place)?;
        }
    }
    // Room for the filter buttons.
    sheet.set_row_height(0, row_height(heading_lines + 1))?;
    Ok(())
}

fn write_row(
    sheet: &mut Worksheet,
    looks: &Looks,
    row: u32,
    columns: &[TableColumn],
    cells: &[TableCell],
) -> Result<(), XlsxError> {
    let mut height = 1;
    for ((place, column), cell) in (0..).zip(columns).zip(cells) {
        let look = match column.look {
            TableLook::Prose => Look::Prose,
            TableLook::Code => Look::Code,
            TableLook::Short => Look::Short,
            TableLook::Date => Look::Date,
            TableLook::Amount => Look::Amount,
        };
        let format = looks.cell(look, false);
        match cell {
            TableCell::Text(text) => {
                let text = veil::cell(text, CELL_CHARACTERS);
                // A hidden column has no say in how high the row is.
                if !column.hidden {
                    height = height.max(lines(&text, column.width));
                }
                sheet.write_string_with_format(row, place, text, format)?;
            }
            TableCell::Number(number) if number.is_finite() => {
                sheet.write_number_with_format(row, place, *number, format)?;
            }
            TableCell::Day(day) => {
                sheet.write_datetime_with_format(row, place, day, format)?;
            }
            TableCell::Blank | TableCell::Number(_) => {
                sheet.write_blank(row, place, format)?;
            }
        }
    }
    sheet.set_row_height(row, row_height(height))?;
    Ok(())
}
