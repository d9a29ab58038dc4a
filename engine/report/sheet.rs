//! One list in a workbook: how it looks, how it prints, and where it is split.

use std::sync::{Mutex, PoisonError};

use jiff::Zoned;
use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, Format, FormatAlign, FormatBorder, IgnoreError, Workbook,
    Worksheet, XlsxError,
};

use super::columns::{Column, List, Look};
use super::{RunFacts, SheetFacts, veil};
use crate::model::{Lang, Verdict};

/// The font that offices expect, and its size in points (五号).
pub(super) const FONT: &str = "宋体";
const FONT_SIZE: f64 = 10.5;
/// Height of a line in points, and what a row needs beside its lines.
const LINE_POINTS: f64 = 15.0;
const ROW_PADDING_POINTS: f64 = 3.0;
/// Spreadsheet programs refuse taller rows.
const HIGHEST_ROW_POINTS: f64 = 409.0;
/// Longest text in a cell; the limit of the format is 32,767, of patience less.
pub(super) const CELL_CHARACTERS: usize = 2_000;

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Nothing, but with its border.
    Blank,
    /// A text, guarded when written.
    Text(String),
    /// A whole number.
    Number(u32),
    /// A day.
    Day(Date),
    /// An amount in 万元.
    Amount(f64),
    /// A verdict, in its colour.
    Verdict(Verdict),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Blank } else { Self::Text(text) }
    }
}

/// One row: its cells in column order, and which of the two bands it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) banded: bool,
}

/// The formats of a workbook, made once.
pub(super) struct Looks {
    pub(super) heading: Format,
    /// By band, then by [`Look`].
    cells: [[Format; 5]; 2],
    /// By [`Verdict`].
    verdicts: [Format; 3],
}

impl Looks {
    pub(super) fn new() -> Self {
        let base = || {
            Format::new()
                .set_font_name(FONT)
                .set_font_size(FONT_SIZE)
                .set_font_charset(134)
                .set_text_wrap()
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x00BF_C5CC))
        };
        let of = |look: Look| match look {
            Look::Prose => base().set_align(FormatAlign::Left).set_align(FormatAlign::Top),
            Look::Code => {
                base().set_align(FormatAlign::Left).set_align(FormatAlign::Top).set_num_format("@")
            }
            Look::Short => base().set_align(FormatAlign::Center).set_align(FormatAlign::Top),
            Look::Date => base()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::Top)
                .set_num_format("yyyy-mm-dd"),
            Look::Amount => base()
                .set_align(FormatAlign::Right)
                .set_align(FormatAlign::Top)
                .set_num_format("#,##0.####"),
        };
        let all = [Look::Prose, Look::Code, Look::Short, Look::Date, Look::Amount];
        let verdict = |verdict: Verdict| {
            let (ground, ink) = match verdict {
                Verdict::NoMatch => (0x00EC_EEF0, 0x0055_5B61),
                Verdict::Discuss => (0x00FB_EFD5, 0x006E_4A00),
                Verdict::Recommend => (0x00DC_EEE4, 0x0017_5236),
            };
            of(Look::Short)
                .set_background_color(Color::RGB(ground))
                .set_font_color(Color::RGB(ink))
                .set_bold()
        };
        Self {
            heading: base()
                .set_bold()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00D9_E2EC)),
            cells: [
                all.map(of),
                all.map(|look| of(look).set_background_color(Color::RGB(0x00F3_F6FA))),
            ],
            verdicts: [Verdict::NoMatch, Verdict::Discuss, Verdict::Recommend].map(verdict),
        }
    }

    /// Numbers the formats in a fixed order. Otherwise the first list to use one would number it,
    /// and which list that is depends on the threads.
    fn register(&self, workbook: &mut Workbook) {
        workbook.register_format(&self.heading);
        for format in self.cells.iter().flatten().chain(&self.verdicts) {
            workbook.register_format(format);
        }
    }

    pub(super) fn cell(&self, look: Look, banded: bool) -> &Format {
        &self.cells[usize::from(banded)][look as usize]
    }
}

/// Height and width in pixels of the standard cell of a font whose digits are 7 pixels wide.
const STANDARD_CELL: (u32, u32) = (19, 64);

fn standard() -> Format {
    Format::new().set_font_name(FONT).set_font_size(FONT_SIZE).set_font_charset(134)
}

/// A workbook of lists, dated by the run and not by the clock.
pub(super) fn workbook(run: &RunFacts, looks: &Looks, lang: Lang) -> Result<Workbook, XlsxError> {
    let title = lang.pick("技术供需对接清单", "Technology matching lists");
    titled_workbook(title, &run.version, &run.started_at, looks)
}

/// A workbook with the house font, dated by `created` and not by the clock.
pub(super) fn titled_workbook(
    title: &str,
    version: &str,
    created: &Zoned,
    looks: &Looks,
) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_default_format(&standard(), STANDARD_CELL.0, STANDARD_CELL.1)?;
    let created = created.with_time_zone(jiff::tz::TimeZone::UTC).datetime();
    workbook.set_properties(
        &DocProperties::new()
            .set_title(title)
            .set_author(format!("duijie {version}"))
            .set_creation_datetime(&created),
    );
    looks.register(&mut workbook);
    Ok(workbook)
}

/// Writes one list, row after row, into as many sheets as it needs.
pub(super) struct SheetWriter<'a> {
    /// Where sheets are made; they are added to it later, so that lists can be written at once.
    workbook: &'a Mutex<Workbook>,
    looks: &'a Looks,
    run: &'a RunFacts,
    lang: Lang,
    list: List,
    rows_per_sheet: u32,
    open: Option<Open>,
    done: Vec<(Worksheet, SheetFacts)>,
}

/// A sheet that is being written.
struct Open {
    sheet: Worksheet,
    name: String,
    rows: u32,
}

impl<'a> SheetWriter<'a> {
    /// Begins a list with at most `rows_per_sheet` rows, at least 1, below a heading.
    pub(super) fn new(
        workbook: &'a Mutex<Workbook>,
        looks: &'a Looks,
        (run, lang): (&'a RunFacts, Lang),
        list: List,
        rows_per_sheet: u32,
    ) -> Self {
        let rows_per_sheet = rows_per_sheet.max(1);
        Self { workbook, looks, run, lang, list, rows_per_sheet, open: None, done: Vec::new() }
    }

    /// Appends a row, in a new sheet where the present one is full.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), XlsxError> {
        if self.open.as_ref().is_some_and(|open| open.rows == self.rows_per_sheet) {
            self.close()?;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        open.rows += 1;
        let place = open.rows;
        let mut lines = 1;
        for ((column, definition), cell) in (0..).zip(self.list.columns()).zip(&row.cells) {
            lines = lines.max(self.write(&mut open.sheet, place, column, definition, cell, row)?);
        }
        open.sheet.set_row_height(place, row_height(lines))?;
        self.open = Some(open);
        Ok(())
    }

    /// Ends the list and returns its sheets in order. A list without rows still has one, with
    /// headings.
    pub(super) fn finish(mut self) -> Result<Vec<(Worksheet, SheetFacts)>, XlsxError> {
        if self.open.is_none() && self.done.is_empty() {
            self.open = Some(self.begin()?);
        }
        self.close()?;
        Ok(self.done)
    }

    /// Writes one cell and returns how many lines it needs.
    fn write(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        definition: &Column,
        cell: &Cell,
        of: &Row,
    ) -> Result<u32, XlsxError> {
        let format = self.looks.cell(definition.look, of.banded);
        match cell {
            Cell::Blank => sheet.write_blank(row, column, format)?,
            Cell::Text(text) => {
                let text = veil::cell(text, CELL_CHARACTERS);
                let lines = lines(&text, definition.width(self.lang));
                sheet.write_string_with_format(row, column, text, format)?;
                return Ok(lines);
            }
            Cell::Number(number) => sheet.write_number_with_format(row, column, *number, format)?,
            Cell::Day(day) => sheet.write_datetime_with_format(row, column, day, format)?,
            Cell::Amount(amount) if amount.is_finite() => {
                sheet.write_number_with_format(row, column, *amount, format)?
            }
            Cell::Amount(_) => sheet.write_blank(row, column, format)?,
            Cell::Verdict(verdict) => {
                let label = verdict.label(self.lang);
                let format = &self.looks.verdicts[*verdict as usize];
                sheet.write_string_with_format(row, column, label, format)?;
                return Ok(lines(label, definition.width(self.lang)));
            }
        };
        Ok(1)
    }

    fn begin(&self) -> Result<Open, XlsxError> {
        let base = self.list.name().get(self.lang);
        let name = match self.done.len() {
            0 => base.to_owned(),
            before => format!("{base}({})", before + 1),
        };
        let mut workbook = self.workbook.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sheet = workbook.new_worksheet_with_constant_memory()?;
        drop(workbook);
        // A sheet made apart from its workbook does not take over the workbook's standard.
        sheet.set_default_format(&standard(), STANDARD_CELL.0, STANDARD_CELL.1)?;
        sheet.set_name(&name)?;
        self.lay_out(&mut sheet)?;
        let mut heading_lines = 1;
        for (place, column) in (0..).zip(self.list.columns()) {
            let heading = column.heading.get(self.lang);
            sheet.set_column_width(place, column.width(self.lang))?;
            sheet.write_string_with_format(0, place, heading, &self.looks.heading)?;
            heading_lines = heading_lines.max(lines(heading, column.width(self.lang)));
        }
        if let Some(column) = self.list.hidden() {
            sheet.set_column_hidden(column)?;
        }
        // Room for the filter buttons, which cover the lower edge of a heading.
        sheet.set_row_height(0, row_height(heading_lines) + LINE_POINTS)?;
        Ok(Open { sheet, name, rows: 0 })
    }

    fn lay_out(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        const A4: u8 = 9;
        sheet.set_landscape();
        sheet.set_paper_size(A4);
        sheet.set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.4, 0.4, 0.65, 0.6, 0.3, 0.3);
        sheet.set_print_center_horizontally(true);
        sheet.set_repeat_rows(0, 0)?;
        // The number and the name of the asker stay in view.
        sheet.set_freeze_panes(1, 3)?;
        let unknown = self.lang.pick("不详", "unknown");
        let until = self.run.data_until.map_or_else(|| unknown.to_owned(), |day| day.to_string());
        let began = self.run.started_at.strftime("%Y-%m-%d %H:%M");
        let (data, ran, as_of) = (
            self.lang.pick("数据截至", "data until"),
            self.lang.pick("运行时间", "run at"),
            self.lang.pick("参考日期", "as of"),
        );
        // The blank after the size keeps a date that follows it from being read as part of it.
        let font = format!("&\"{FONT},Regular\"&9 ");
        sheet.set_header(format!(
            "&L{font}&A&R{font}{data} {until}　{ran} {began}　{as_of} {}",
            self.run.as_of
        ));
        let pages = self.lang.pick("第 &P 页，共 &N 页", "page &P of &N");
        let caution = if self.run.provisional {
            self.lang.pick("“把握”为暂定校准，仅供排序参考", "chances are provisionally calibrated")
        } else {
            ""
        };
        sheet.set_footer(format!("&L{font}{caution}&C{font}{pages}&R{font}duijie"));
        Ok(())
    }

    /// Adds what depends on the number of rows and lays the sheet aside.
    fn close(&mut self) -> Result<(), XlsxError> {
        let Some(Open { mut sheet, name, rows }) = self.open.take() else { return Ok(()) };
        let columns = self.list.columns();
        let last_column = u16::try_from(columns.len() - 1).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, rows, last_column)?;
        if rows > 0 {
            for (column, heading, choices) in self.list.choices(self.lang) {
                let message = self.lang.pick("请从下拉列表中选择", "Choose from the list");
                let choice = DataValidation::new()
                    .allow_list_strings(&choices)?
                    .set_input_title(heading)?
                    .set_input_message(message)?;
                sheet.add_data_validation(1, column, rows, column, &choice)?;
            }
            for (place, column) in (0..).zip(columns) {
                if column.look == Look::Code {
                    sheet.ignore_error_range(
                        1,
                        place,
                        rows,
                        place,
                        IgnoreError::NumberStoredAsText,
                    )?;
                }
            }
        }
        self.done.push((sheet, SheetFacts { name, rows: rows.into() }));
        Ok(())
    }
}

/// Lines that `text` takes in a column of `width` half-width characters. East Asian text breaks
/// anywhere; a run of narrow characters is not broken unless it is wider than the column.
pub(super) fn lines(text: &str, width: u8) -> u32 {
    let width = u32::from(width).max(2);
    let lines_of = |line: &str| {
        let (mut taken, mut place, mut word) = (1, 0, 0);
        for c in line.chars() {
            let wide = display_width(c);
            word = if wide == 1 && c != ' ' { word + 1 } else { 0 };
            if place + wide > width {
                taken += 1;
                // What the line break takes along: the word so far, if it can stand in a line.
                place = if (1..=width).contains(&word) { word - 1 } else { 0 };
                word = place + u32::from(wide == 1 && c != ' ');
            }
            place += wide;
        }
        taken
    };
    text.split('\n').map(lines_of).sum()
}

/// Half-width characters that `c` takes: two from the Hangul Jamo block upwards, where the East
/// Asian scripts and the quotation marks, dashes and arrows stand that Chinese fonts draw
/// full-width, and for the few signs below it of which the same is true.
const fn display_width(c: char) -> u32 {
    match c {
        '\u{1100}'.. | '°' | '±' | '×' => 2,
        _ => 1,
    }
}

pub(super) fn row_height(lines: u32) -> f64 {
    f64::from(lines).mul_add(LINE_POINTS, ROW_PADDING_POINTS).min(HIGHEST_ROW_POINTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_in_half_widths() {
        assert_eq!(lines("", 10), 1);
        assert_eq!(lines("五个汉字宽", 10), 1);
        assert_eq!(lines("五个汉字宽a", 10), 2);
        assert_eq!(lines("a\nb", 10), 2);
        assert_eq!(lines("建议对接", 6), 2);
        assert_eq!(lines("ab cdefgh", 6), 2, "a word moves to the next line whole");
        assert_eq!(lines("2020101234567", 6), 3, "unless it is wider than the column");
        assert!(row_height(100) <= HIGHEST_ROW_POINTS);
    }
}
