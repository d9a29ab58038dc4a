//! `退回修改.xlsx`: rows that go back to whoever sent them.

use std::collections::HashSet;
use std::path::Path;

use jiff::Zoned;
use rust_xlsxwriter::{
    Color, DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{ReportError, veil};
use crate::model::{Lang, ReturnedRow, ReturnedSheet};

/// Most characters of a cell; the format ends at 32,767.
const CELL_CHARACTERS: usize = 32_000;
/// Most characters in the name of a sheet, by the format.
const NAME_CHARACTERS: usize = 31;

/// Writes the rows that go back: one sheet per source file with its original columns, cells at
/// fault coloured, and what to mend in the last column. `made_at` dates the file; the same input
/// makes the same bytes.
///
/// The sheet can be mended and imported as it is: its first row holds the original headings, and
/// its own columns (原工作表, 原文件行号, 退回原因) are known and not read. No cell can start a
/// formula.
///
/// # Errors
/// [`ReportError::Workbook`] when the file cannot be written.
pub fn write_returned(
    path: &Path,
    sheets: &[ReturnedSheet],
    made_at: &Zoned,
    lang: Lang,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Workbook { path: path.to_owned(), source };
    let mut workbook = Workbook::new();
    let created = made_at.with_time_zone(jiff::tz::TimeZone::UTC).datetime();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(lang.pick("退回修改", "Rows to be mended"))
            .set_author("duijie")
            .set_creation_datetime(&created),
    );
    let looks = Looks::new();
    let mut names = HashSet::new();
    for sheet in sheets {
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(name(&sheet.file, &mut names)).map_err(failed)?;
        write_sheet(worksheet, sheet, &looks).map_err(failed)?;
    }
    workbook.save(path).map_err(failed)
}

struct Looks {
    heading: Format,
    own_heading: Format,
    cell: Format,
    offending: Format,
    reason: Format,
}

impl Looks {
    fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name("宋体")
                .set_font_size(10.5)
                .set_font_charset(134)
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x00BF_C5CC))
                // As text: a number of twenty digits stays as it is.
                .set_num_format("@")
        };
        Self {
            heading: base().set_bold().set_background_color(Color::RGB(0x00D9_E2EC)),
            own_heading: base().set_bold().set_background_color(Color::RGB(0x00F5_DDDD)),
            cell: base(),
            offending: base()
                .set_background_color(Color::RGB(0x00FF_C7CE))
                .set_font_color(Color::RGB(0x009C_0006)),
            reason: base().set_font_color(Color::RGB(0x009C_0006)),
        }
    }
}

fn write_sheet(
    worksheet: &mut Worksheet,
    sheet: &ReturnedSheet,
    looks: &Looks,
) -> Result<(), XlsxError> {
    const NARROW: f64 = 11.0;
    const REASON: f64 = 48.0;
    let with_sheets = sheet.rows.iter().any(|row| row.sheet.is_some());
    let mut own: Vec<&str> = vec!["原文件行号"];
    if with_sheets {
        own.insert(0, "原工作表");
    }
    let n_own = u16::try_from(own.len()).unwrap_or(u16::MAX);
    for (column, heading) in (0..).zip(&own) {
        worksheet.set_column_width(column, NARROW)?;
        worksheet.write_string_with_format(0, column, *heading, &looks.own_heading)?;
    }
    let mut last = n_own;
    for ((column, at), heading) in (n_own..).zip(0_usize..).zip(&sheet.columns) {
        let cells = sheet.rows.iter().filter_map(|row| row.cells.get(at));
        let longest = cells.chain([heading]).map(|text| places(text)).max();
        worksheet.set_column_width(column, width(longest.unwrap_or(0)))?;
        let heading = veil::cell(heading, CELL_CHARACTERS);
        worksheet.write_string_with_format(0, column, heading, &looks.heading)?;
        last = column + 1;
    }
    worksheet.set_column_width(last, REASON)?;
    worksheet.write_string_with_format(0, last, "退回原因", &looks.own_heading)?;
    worksheet.set_freeze_panes(1, 0)?;
    // On paper all columns of a row stand side by side.
    const A4: u8 = 9;
    worksheet.set_landscape();
    worksheet.set_paper_size(A4);
    worksheet.set_print_fit_to_pages(1, 0);
    worksheet.set_repeat_rows(0, 0)?;
    for (place, row) in (1..).zip(&sheet.rows) {
        write_row(worksheet, place, row, (n_own, last, with_sheets), looks)?;
    }
    Ok(())
}

/// Places that a text takes on one line: two for each character that is not ASCII.
fn places(text: &str) -> u32 {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// A column as wide as its longest text, within what leaves room for the others on paper.
fn width(places: u32) -> f64 {
    const NARROWEST: u32 = 7;
    const WIDEST: u32 = 28;
    f64::from(places.saturating_add(1).clamp(NARROWEST, WIDEST))
}

fn write_row(
    worksheet: &mut Worksheet,
    place: u32,
    row: &ReturnedRow,
    (n_own, last, with_sheets): (u16, u16, bool),
    looks: &Looks,
) -> Result<(), XlsxError> {
    if with_sheets {
        let sheet = veil::cell(row.sheet.as_deref().unwrap_or_default(), CELL_CHARACTERS);
        worksheet.write_string_with_format(place, 0, sheet, &looks.cell)?;
    }
    worksheet.write_number_with_format(place, n_own - 1, row.number, &looks.cell)?;
    for ((column, at), text) in (n_own..).zip(0_usize..).zip(&row.cells) {
        let is_offending = row.offending.binary_search(&at).is_ok();
        let format = if is_offending { &looks.offending } else { &looks.cell };
        let text = veil::cell(text, CELL_CHARACTERS);
        if text.is_empty() {
            worksheet.write_blank(place, column, format)?;
        } else {
            worksheet.write_string_with_format(place, column, text, format)?;
        }
    }
    let reasons = veil::cell(&row.reasons.join("；"), CELL_CHARACTERS);
    worksheet.write_string_with_format(place, last, reasons, &looks.reason)?;
    Ok(())
}

/// A name for a sheet: the file's, without the characters that the format forbids, cut to its
/// length, and numbered where another file has it already (names differ in more than case).
fn name(file: &str, taken: &mut HashSet<String>) -> String {
    let clean: String = file
        .chars()
        .map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') { '_' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let clean = clean.trim_matches('\'');
    let clean = if clean.is_empty() { "sheet" } else { clean };
    for n in 1_u32.. {
        let tail = if n == 1 { String::new() } else { format!("({n})") };
        let room = NAME_CHARACTERS - tail.chars().count();
        let cut: String = clean.chars().take(room).collect();
        let name = format!("{}{tail}", cut.trim_end_matches('\''));
        if taken.insert(name.to_lowercase()) {
            return name;
        }
    }
    unreachable!("names are numbered until one is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_valid_and_differ() {
        let mut taken = HashSet::new();
        assert_eq!(name("需求[1]:a/b.xlsx", &mut taken), "需求_1__a_b.xlsx");
        assert_eq!(name("需求[1]:A/b.xlsx", &mut taken), "需求_1__A_b.xlsx(2)");
        let long = "长".repeat(40);
        assert_eq!(name(&long, &mut taken).chars().count(), 31);
        assert!(name(&long, &mut taken).ends_with("(2)"));
        assert_eq!(name("'", &mut taken), "sheet");
    }
}
