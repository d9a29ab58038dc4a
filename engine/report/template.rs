//! Workbooks to fill in: drop-downs, an example, and a sheet that explains.

use std::path::Path;

use jiff::Zoned;
use rust_xlsxwriter::{DataValidation, Workbook, XlsxError};

use super::columns::Look;
use super::sheet::{Looks, lines, row_height, titled_workbook};
use super::{ReportError, TableCell, veil};

/// Longest text in a cell of a template.
const LONGEST: usize = 2_000;

/// A column to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateColumn {
    /// Heading; the reader knows the column by it.
    pub heading: String,
    /// Whether every row needs it.
    pub required: bool,
    /// Width in half-width characters.
    pub width: u8,
    /// The list that its drop-down offers, by place; other words are refused on entry.
    pub choices: Option<usize>,
    /// What to write, shown when a cell is selected; at most 255 characters.
    pub hint: String,
}

/// A sheet to fill in.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateSheet {
    /// Name.
    pub name: String,
    /// Columns.
    pub columns: Vec<TemplateColumn>,
    /// Rows that are there already.
    pub rows: Vec<Vec<TableCell>>,
    /// Empty rows below them, with drop-downs.
    pub blank: u32,
}

/// A workbook to fill in.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Title.
    pub title: String,
    /// Name of the sheet that explains.
    pub guide_name: String,
    /// Its lines; those that begin with `# ` are headings.
    pub guide: Vec<String>,
    /// The sheets.
    pub sheets: Vec<TemplateSheet>,
    /// Name of the hidden sheet with the lists.
    pub lists_name: String,
    /// What drop-downs offer.
    pub lists: Vec<Vec<String>>,
}

/// Writes a template to `path`, replacing what is there. The same template and time make the same
/// bytes.
///
/// # Errors
/// [`ReportError::Workbook`] when the file cannot be written.
pub fn write_template(
    path: &Path,
    template: &Template,
    created: &Zoned,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Workbook { path: path.to_owned(), source };
    fill(template, created).and_then(|mut book| book.save(path)).map_err(failed)
}

fn fill(template: &Template, created: &Zoned) -> Result<Workbook, XlsxError> {
    const GUIDE_WIDTH: u8 = 100;
    let looks = Looks::new();
    let version = env!("CARGO_PKG_VERSION");
    let mut book = titled_workbook(&template.title, version, created, &looks)?;
    let guide = book.add_worksheet();
    guide.set_name(&template.guide_name)?;
    guide.set_column_width(0, GUIDE_WIDTH)?;
    for (row, line) in (0..).zip(&template.guide) {
        match line.strip_prefix("# ") {
            Some(heading) => guide.write_string_with_format(row, 0, heading, &looks.heading)?,
            None => guide.write_string_with_format(row, 0, line, looks.cell(Look::Prose, false))?,
        };
        guide.set_row_height(row, row_height(lines(line, GUIDE_WIDTH)))?;
    }
    for sheet in &template.sheets {
        one(&mut book, &looks, template, sheet)?;
    }
    let lists = book.add_worksheet();
    lists.set_name(&template.lists_name)?;
    lists.set_hidden(true);
    for (column, list) in (0..).zip(&template.lists) {
        for (row, word) in (0..).zip(list) {
            lists.write_string(row, column, word)?;
        }
    }
    Ok(book)
}

fn one(
    book: &mut Workbook,
    looks: &Looks,
    template: &Template,
    table: &TemplateSheet,
) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    let sheet = book.add_worksheet();
    sheet.set_name(&table.name)?;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_freeze_panes(1, 0)?;
    let filled = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
    let last = filled + table.blank;
    let mut heading_lines = 1;
    for (place, column) in (0..).zip(&table.columns) {
        let heading = format!("{}{}", column.heading, if column.required { "*" } else { "" });
        sheet.set_column_width(place, column.width)?;
        sheet.write_string_with_format(0, place, &heading, &looks.heading)?;
        heading_lines = heading_lines.max(lines(&heading, column.width));
        let hinted = |choice: DataValidation| {
            if column.hint.is_empty() {
                return Ok(choice);
            }
            choice.set_input_message(&column.hint)
        };
        match column.choices.and_then(|at| template.lists.get(at).map(|list| (at, list.len()))) {
            Some((at, n)) => {
                let letter = char::from(b'A' + u8::try_from(at).unwrap_or(25).min(25));
                let range = format!("={}!${letter}$1:${letter}${n}", template.lists_name);
                let choice = DataValidation::new().allow_list_formula(range.as_str().into());
                sheet.add_data_validation(1, place, last.max(1), place, &hinted(choice)?)?;
            }
            None if !column.hint.is_empty() => {
                let any = DataValidation::new().allow_any_value();
                sheet.add_data_validation(1, place, last.max(1), place, &hinted(any)?)?;
            }
            None => {}
        }
    }
    sheet.set_row_height(0, row_height(heading_lines))?;
    for row in 1..=last {
        let cells = table.rows.get(row as usize - 1);
        for (place, _) in (0..).zip(&table.columns) {
            let cell = cells.and_then(|it| it.get(usize::from(place))).unwrap_or(&TableCell::Blank);
            let prose = looks.cell(Look::Prose, false);
            match cell {
                TableCell::Text(text) => {
                    let text = veil::cell(text, LONGEST);
                    sheet.write_string_with_format(row, place, text, prose)?;
                }
                TableCell::Number(number) if number.is_finite() => {
                    // Years and counts without separators, amounts as they are.
                    sheet.write_number_with_format(
                        row,
                        place,
                        *number,
                        looks.cell(Look::Short, false),
                    )?;
                }
                TableCell::Day(day) => {
                    sheet.write_datetime_with_format(
                        row,
                        place,
                        day,
                        looks.cell(Look::Date, false),
                    )?;
                }
                TableCell::Blank | TableCell::Number(_) => {
                    sheet.write_blank(row, place, prose)?;
                }
            }
        }
    }
    Ok(())
}
