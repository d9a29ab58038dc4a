//! Text tables: comma, tab or semicolon between the cells.
//!
//! The `csv` crate is not used for reading: it skips blank lines, so that rows would not have the
//! numbers a spreadsheet program shows, and one stray quotation mark makes it swallow the rest of
//! the file as a single cell. This reader notices a stray mark and takes it literally.

use super::decode::Decoded;
use super::headers::Headers;
use super::limits;
use super::table::{Cell, Fault, Format, Mended, Row, Table};

/// Reads a text table. `false` if it has more rows than [`limits::ROWS`].
pub(super) fn read(decoded: &Decoded<'_>, headers: &Headers) -> Option<Table> {
    let delimiter = sniff(&decoded.text, headers);
    let mut splitter = Splitter::new(&decoded.text, delimiter);
    let mut odd = decoded.odd_lines.iter().peekable();
    let mut rows = Vec::new();
    let mut number = 0_u32;
    loop {
        let first_line = splitter.line;
        let Some(mut row) = splitter.next_row() else { break };
        number = number.saturating_add(1);
        row.number = number;
        while let Some(line) = odd.next_if(|line| line.line < splitter.line) {
            debug_assert!(line.line >= first_line, "lines are taken in order");
            match line.encoding {
                Some(encoding) => row.mended = Some(Mended::Encoding(encoding)),
                None => row.fault = Some(Fault::Undecodable),
            }
        }
        if !row.is_blank() {
            if rows.len() >= limits::ROWS {
                return None;
            }
            rows.push(row);
        }
    }
    let format = if delimiter == '\t' { Format::Tsv } else { Format::Csv };
    Some(Table { encoding: Some(decoded.encoding.to_owned()), ..Table::new(None, format, rows) })
}

/// The delimiter under which the first rows show most known headings, then most columns.
pub(super) fn sniff(text: &str, headers: &Headers) -> char {
    let mut best = (',', (0, 0));
    for delimiter in [',', '\t', ';'] {
        let mut splitter = Splitter::new(text, delimiter);
        let rows: Vec<Row> =
            std::iter::from_fn(|| splitter.next_row()).take(limits::HEADING_ROWS).collect();
        let known = rows
            .iter()
            .map(|row| row.cells.iter().filter(|cell| headers.knows(&cell.text())).count())
            .max();
        // Lines with the same number of cells speak for a delimiter, long sentences against it.
        let wide = rows.iter().filter(|row| row.cells.len() > 1).count();
        let score = (known.unwrap_or(0), wide);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// Takes rows off a text.
pub(super) struct Splitter<'a> {
    text: &'a str,
    delimiter: char,
    /// Bytes taken so far.
    pub(super) at: usize,
    /// Physical lines passed so far.
    pub(super) line: usize,
}

impl<'a> Splitter<'a> {
    pub(super) const fn new(text: &'a str, delimiter: char) -> Self {
        Self { text, delimiter, at: 0, line: 0 }
    }

    pub(super) fn next_row(&mut self) -> Option<Row> {
        if self.at >= self.text.len() {
            return None;
        }
        let mut row = Row::default();
        let mut column = 0;
        loop {
            let (cell, long, stray) = self.cell();
            if long {
                row.fault.get_or_insert(Fault::LongCell(column));
            }
            if stray {
                row.mended = Some(Mended::Quote);
            }
            if column >= limits::COLUMNS {
                row.fault = Some(Fault::TooManyColumns);
            } else {
                row.cells.push(if cell.is_empty() { Cell::Empty } else { Cell::Text(cell) });
            }
            column += 1;
            let rest = &self.text[self.at..];
            if rest.starts_with(self.delimiter) {
                self.at += self.delimiter.len_utf8();
                continue;
            }
            if rest.starts_with("\r\n") {
                self.at += 2;
                self.line += 1;
            } else if rest.starts_with(['\n', '\r']) {
                self.at += 1;
                // A lone carriage return ends a row but no line of the decoder's count.
                self.line += usize::from(rest.starts_with('\n'));
            }
            return Some(row);
        }
    }

    /// The cell at `at`, whether it is too long (then only its start is kept), and whether it
    /// began with a stray quotation mark. Leaves `at` on the delimiter, line end or end of text.
    fn cell(&mut self) -> (String, bool, bool) {
        let rest = &self.text[self.at..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let mut stray = false;
        if rest[spaces..].starts_with('"') {
            match quoted(&rest[spaces + 1..], self.delimiter) {
                Some((cell, used)) => {
                    let used = spaces + 1 + used;
                    self.line += rest[..used].matches('\n').count();
                    self.at += used;
                    let long = cell.len() > limits::CELL_BYTES;
                    return (if long { start_of(&cell) } else { cell }, long, false);
                }
                None => stray = true,
            }
        }
        let end = rest.find([self.delimiter, '\n', '\r']).unwrap_or(rest.len());
        self.at += end;
        let cell = &rest[..end];
        let long = cell.len() > limits::CELL_BYTES;
        (if long { start_of(cell) } else { cell.to_owned() }, long, stray)
    }
}

fn start_of(cell: &str) -> String {
    cell.chars().take(200).collect()
}

/// A quoted cell after its opening mark: the text, and how many bytes up to the delimiter or line
/// end. `None` if the mark was stray: nothing closes it, or another cell opens before it closes.
fn quoted(text: &str, delimiter: char) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut at = 0;
    loop {
        let mark = at + text[at..].find('"')?;
        out.push_str(&text[at..mark]);
        let after = &text[mark + 1..];
        if let Some(rest) = after.strip_prefix('"') {
            let _ = rest;
            out.push('"');
            at = mark + 2;
            continue;
        }
        let tail = after.trim_start_matches(' ');
        if tail.is_empty() || tail.starts_with([delimiter, '\n', '\r']) {
            return Some((out, mark + 1 + (after.len() - tail.len())));
        }
        if out.contains('\n') && text[..mark].ends_with([delimiter, '\n']) {
            return None;
        }
        out.push('"');
        at = mark + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let decoded = super::super::decode::decode(text.as_bytes()).expect("text");
        let table = read(&decoded, Headers::shipped()).expect("small");
        table
            .rows
            .iter()
            .map(|row| (row.number, row.cells.iter().map(Cell::text).collect()))
            .collect()
    }

    #[test]
    fn rows_have_the_numbers_a_spreadsheet_shows() {
        let text = "名称,内容\n\n甲,\"一\n二\"\r\n,,\n乙,\"称\"\"丙\"\"\"";
        let expected = [(1, ["名称", "内容"]), (3, ["甲", "一\n二"]), (5, ["乙", "称\"丙\""])];
        let got = rows(text);
        assert_eq!(got.len(), 3);
        for ((number, cells), (n, c)) in got.iter().zip(&expected) {
            assert_eq!((number, cells.as_slice()), (n, c.map(str::to_owned).as_slice()));
        }
    }

    #[test]
    fn a_stray_quotation_mark_does_not_swallow_the_file() {
        let got = rows("名称,内容\n甲,\"未闭合\n乙,\"正常，内容\"\n丙,\"也未闭合\n丁,戊\n");
        let titles: Vec<_> =
            got.iter().map(|(number, cells)| (*number, cells[0].as_str())).collect();
        assert_eq!(titles, [(1, "名称"), (2, "甲"), (3, "乙"), (4, "丙"), (5, "丁")]);
        assert_eq!(got[1].1[1], "\"未闭合");
    }

    #[test]
    fn the_delimiter_is_found_by_the_headings() {
        for delimiter in ["\t", ";", ","] {
            let text = ["需求名称", "需求详情", "单位名称"].join(delimiter)
                + "\n"
                + &["甲，乙", "a", "b"].join(delimiter);
            assert_eq!(rows(&text)[1].1, ["甲，乙", "a", "b"]);
        }
    }
}
