//! Tables of web pages, which many systems send under the name of a workbook.
//!
//! A tolerant reader for tables and nothing else, in the spirit of the HTML standard's table model
//! (WHATWG HTML §4.9.12): rows and cells need no closing tags, a cell takes the first free column,
//! `rowspan` and `colspan` cover areas. No script runs, nothing is fetched, and the only entities
//! are characters.

use std::path::Path;

use super::error::CorpusError;
use super::limits;
use super::merges::Merge;
use super::rows::Rows;
use super::table::{Cell, Format, Table};

/// Reads every table of a page, in the order in which they end; empty where there is none.
///
/// Several tables are named by their captions, or 表1, 表2 … A table within a cell is a table of
/// its own, and what surrounds it in the cell is the cell's text.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Table>, CorpusError> {
    // Deeper nesting is page layout gone wrong; its text goes to the table around it.
    const DEEPEST: usize = 16;
    let mut kept = 0;
    let mut open: Vec<Grid> = Vec::new();
    let mut done: Vec<Grid> = Vec::new();
    let mut too_deep = 0_usize;
    let mut tokens = Tokens { rest: text, quotes: true };
    while let Some(token) = tokens.next_token() {
        match token {
            Token::Open { name, .. } if name.eq_ignore_ascii_case("table") => {
                if open.len() < DEEPEST {
                    open.push(Grid::default());
                } else {
                    too_deep += 1;
                }
            }
            Token::Close(name) if name.eq_ignore_ascii_case("table") => {
                if too_deep > 0 {
                    too_deep -= 1;
                } else if let Some(mut grid) = open.pop() {
                    grid.end_row(path, &mut kept)?;
                    done.push(grid);
                }
            }
            token => {
                if let Some(grid) = open.last_mut() {
                    grid.take(token, path, &mut kept)?;
                }
            }
        }
    }
    // A page that was cut off: what was begun still counts.
    while let Some(mut grid) = open.pop() {
        grid.end_row(path, &mut kept)?;
        done.push(grid);
    }
    done.retain(|grid| !grid.lines.is_empty());
    let several = done.len() > 1;
    let mut tables = Vec::new();
    for (number, grid) in (1..).zip(done) {
        let caption = squeeze(&grid.caption);
        let sheet =
            several.then(|| if caption.is_empty() { format!("表{number}") } else { caption });
        let mut kept = 0;
        let mut rows = Rows::new(path, &mut kept);
        for (row, column, cell) in grid.lines {
            rows.push(row, column, cell)?;
        }
        tables
            .push(Table { merges: grid.merges, ..Table::new(sheet, Format::Html, rows.finish()) });
    }
    Ok(tables)
}

/// One table while it is read.
#[derive(Default)]
struct Grid {
    caption: String,
    in_caption: bool,
    /// Row, column, cell; rows and columns from 0.
    lines: Vec<(u32, u32, Cell)>,
    merges: Vec<Merge>,
    /// Rows begun so far.
    n_rows: u32,
    in_row: bool,
    /// The next column to look at.
    column: usize,
    /// By column: how many rows from the next one on are covered from above.
    covered: Vec<u32>,
    cell: Option<Open>,
}

/// A cell that is being read.
struct Open {
    column: usize,
    text: String,
}

impl Grid {
    fn take(&mut self, token: Token<'_>, path: &Path, kept: &mut usize) -> Result<(), CorpusError> {
        match token {
            Token::Text(text) => {
                if let Some(cell) = &mut self.cell {
                    // What is over the bound is noticed by the row; more need not be held.
                    if cell.text.len() <= limits::CELL_BYTES {
                        push_text(&mut cell.text, text);
                    }
                } else if self.in_caption && self.caption.len() < 200 {
                    push_text(&mut self.caption, text);
                }
                Ok(())
            }
            Token::Open { name, attributes } => match name.to_ascii_lowercase().as_str() {
                "tr" => {
                    self.end_row(path, kept)?;
                    self.begin_row();
                    Ok(())
                }
                "td" | "th" => self.begin_cell(attributes, path, kept),
                "br" | "p" | "div" | "li" | "h1" | "h2" | "h3" | "h4" => {
                    if let Some(cell) = &mut self.cell {
                        cell.text.push('\n');
                    }
                    Ok(())
                }
                "caption" => {
                    self.in_caption = true;
                    Ok(())
                }
                _ => Ok(()),
            },
            Token::Close(name) => match name.to_ascii_lowercase().as_str() {
                "td" | "th" => self.end_cell(path, kept),
                "tr" | "thead" | "tbody" | "tfoot" => self.end_row(path, kept),
                "p" | "div" | "li" => {
                    if let Some(cell) = &mut self.cell {
                        cell.text.push('\n');
                    }
                    Ok(())
                }
                "caption" => {
                    self.in_caption = false;
                    Ok(())
                }
                _ => Ok(()),
            },
        }
    }

    fn begin_row(&mut self) {
        self.in_row = true;
        self.in_caption = false;
        self.column = 0;
    }

    fn begin_cell(
        &mut self,
        attributes: &str,
        path: &Path,
        kept: &mut usize,
    ) -> Result<(), CorpusError> {
        self.end_cell(path, kept)?;
        if !self.in_row {
            self.begin_row();
        }
        while self.covered.get(self.column).is_some_and(|&rows| rows > 0) {
            self.column += 1;
        }
        let (column, width) = (self.column, span(attributes, "colspan"));
        let height = span(attributes, "rowspan");
        self.column += width;
        let is_area = width > 1 || height > 1;
        if is_area && column < limits::COLUMNS && self.merges.len() < limits::MERGES {
            let top = self.n_rows.saturating_add(1);
            let bottom = top.saturating_add(u32::try_from(height - 1).unwrap_or(u32::MAX));
            self.merges.push(Merge { top, bottom, left: column, right: column + width - 1 });
        }
        // Past the bound the row is faulty anyway.
        let end = (column + width).min(limits::COLUMNS);
        if self.covered.len() < end {
            self.covered.resize(end, 0);
        }
        for rows in self.covered.get_mut(column..end).unwrap_or_default() {
            *rows = u32::try_from(height).unwrap_or(u32::MAX);
        }
        self.cell = Some(Open { column, text: String::new() });
        Ok(())
    }

    fn end_cell(&mut self, path: &Path, kept: &mut usize) -> Result<(), CorpusError> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let text = squeeze(&cell.text);
        if text.is_empty() {
            return Ok(());
        }
        *kept += text.len();
        if *kept > limits::KEPT_BYTES {
            return Err(CorpusError::TooLarge {
                path: path.to_owned(),
                what: "the text of all cells",
                limit_mib: (limits::KEPT_BYTES >> 20) as u64,
            });
        }
        let column = u32::try_from(cell.column).unwrap_or(u32::MAX);
        self.lines.push((self.n_rows, column, Cell::Text(text)));
        Ok(())
    }

    fn end_row(&mut self, path: &Path, kept: &mut usize) -> Result<(), CorpusError> {
        self.end_cell(path, kept)?;
        if self.in_row {
            self.in_row = false;
            self.n_rows = self.n_rows.saturating_add(1);
            for rows in &mut self.covered {
                *rows = rows.saturating_sub(1);
            }
        }
        Ok(())
    }
}

/// The value of `colspan` or `rowspan`: 1 unless it is a number from 2 to 65,534 (the bound of the
/// HTML standard for rows; 1,000 for columns).
fn span(attributes: &str, name: &str) -> usize {
    let lower = attributes.to_ascii_lowercase();
    let most = if name == "colspan" { 1_000 } else { 65_534 };
    lower
        .match_indices(name)
        .find_map(|(at, _)| {
            let rest = lower[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
            let rest = rest.trim_start_matches(['"', '\'']);
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse::<usize>().ok()
        })
        .map_or(1, |n| n.clamp(1, most))
}

/// Adds text with its entities resolved; line ends of the page are blanks.
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\n', '\r', '\t']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if !rest.starts_with('&') {
            out.push(' ');
            rest = &rest[1..];
            continue;
        }
        match entity(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

/// The character of an entity at the start of `text`, and how many bytes it takes.
fn entity(text: &str) -> Option<(char, usize)> {
    // Longer names exist; lists use these.
    const NAMED: [(&str, char); 33] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("ensp", ' '),
        ("emsp", '\u{3000}'),
        ("thinsp", ' '),
        ("middot", '·'),
        ("mdash", '—'),
        ("ndash", '–'),
        ("hellip", '…'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("laquo", '«'),
        ("raquo", '»'),
        ("times", '×'),
        ("divide", '÷'),
        ("deg", '°'),
        ("plusmn", '±'),
        ("micro", 'µ'),
        ("sup2", '²'),
        ("sup3", '³'),
        ("le", '≤'),
        ("ge", '≥'),
        ("ne", '≠'),
        ("omega", 'ω'),
        ("alpha", 'α'),
        ("beta", 'β'),
        ("permil", '‰'),
    ];
    const LONGEST: usize = 10;
    let end = text.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = &text[1..end];
    let c = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        // A blank that does not break is a blank.
        char::from_u32(code).map(|c| if c == '\u{a0}' { ' ' } else { c })?
    } else {
        NAMED.iter().find(|(known, _)| *known == name)?.1
    };
    Some((c, end + 1))
}

/// Collapses blanks within lines and drops blank lines, as a page is shown.
fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split('\n') {
        let mut words = line.split([' ', '\u{a0}']).filter(|word| !word.is_empty());
        let Some(first) = words.next() else { continue };
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(first);
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out
}

enum Token<'a> {
    Text(&'a str),
    Open { name: &'a str, attributes: &'a str },
    Close(&'a str),
}

struct Tokens<'a> {
    rest: &'a str,
    /// Whether quotation marks in tags are still believed: one that nothing closes is not.
    quotes: bool,
}

impl<'a> Tokens<'a> {
    /// The next token; every call takes at least one byte, and each byte is looked at a bounded
    /// number of times.
    fn next_token(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(tag) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text));
            };
            if let Some(comment) = tag.strip_prefix("!--") {
                self.rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
                continue;
            }
            let is_close = tag.starts_with('/');
            let name = tag.trim_start_matches('/');
            if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
                // A bare < is a character.
                self.rest = tag;
                return Some(Token::Text("<"));
            }
            let Some(end) = self.end_of_tag(name) else {
                self.rest = "";
                return None;
            };
            self.rest = &name[end + 1..];
            let inside = &name[..end];
            let length =
                inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
            let (name, attributes) = inside.split_at(length);
            if name.starts_with(['!', '?']) {
                continue;
            }
            if is_close {
                return Some(Token::Close(name));
            }
            if ["script", "style", "title", "xml"].iter().any(|raw| name.eq_ignore_ascii_case(raw))
            {
                if !attributes.ends_with('/') {
                    self.skip_to_close(name);
                }
                continue;
            }
            return Some(Token::Open { name, attributes });
        }
    }

    /// Where the `>` of a tag stands; one within quotation marks does not count.
    fn end_of_tag(&mut self, tag: &str) -> Option<usize> {
        if self.quotes {
            let mut quote = None;
            for (at, b) in tag.bytes().enumerate() {
                match (quote, b) {
                    (None, b'>') => return Some(at),
                    (None, b'"' | b'\'') => quote = Some(b),
                    (Some(open), b) if open == b => quote = None,
                    _ => {}
                }
            }
            self.quotes = false;
        }
        tag.find('>')
    }

    fn skip_to_close(&mut self, name: &str) {
        let bytes = self.rest.as_bytes();
        let mut at = 0;
        while let Some(found) = self.rest[at..].find("</") {
            let start = at + found + 2;
            let ends = bytes
                .get(start..start + name.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
            if ends {
                self.rest = &self.rest[start - 2..];
                return;
            }
            at = start;
        }
        self.rest = "";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(page: &str) -> Vec<Vec<Vec<String>>> {
        let tables = read(Path::new("page.xls"), page).expect("small");
        tables
            .iter()
            .map(|table| {
                table.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect()
            })
            .collect()
    }

    #[test]
    fn cells_without_closing_tags_and_with_entities() {
        let page = "<html><style>td>a{}</style><!-- <td>x --><table><tr><td>名称<td>内容\n<tr><td>A&amp;B &#8804;&nbsp;5<td a='>'>一<br>二</table>";
        assert_eq!(texts(page), [[["名称", "内容"], ["A&B ≤ 5", "一\n二"]]]);
    }

    #[test]
    fn spans_shift_the_cells_beside_them() {
        let page = "<table><tr><td rowspan=2>甲</td><td colspan='2'>组</td></tr>\
                    <tr><td>乙</td><td>丙</td></tr><tr><td>丁</td></tr></table>";
        let tables = read(Path::new("p"), page).expect("small");
        let rows: Vec<Vec<String>> =
            tables[0].rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect();
        assert_eq!(rows, [vec!["甲", "组"], vec!["", "乙", "丙"], vec!["丁"]]);
        let areas: Vec<_> =
            tables[0].merges.iter().map(|m| (m.top, m.bottom, m.left, m.right)).collect();
        assert_eq!(areas, [(1, 2, 0, 0), (1, 1, 1, 2)]);
    }

    #[test]
    fn inner_tables_are_tables_of_their_own() {
        let page = "<table><caption>外</caption><tr><td>前<table><tr><td>内</td></tr></table>后</td></tr></table>";
        let tables = read(Path::new("p"), page).expect("small");
        let sheets: Vec<_> = tables.iter().map(|table| table.sheet.as_deref()).collect();
        assert_eq!(sheets, [Some("表1"), Some("外")]);
        assert_eq!(tables[1].rows[0].cells[0].text(), "前后");
    }

    #[test]
    fn hostile_pages_come_back() {
        for page in [
            "<table>".repeat(10_000),
            "<td colspan=99999999 rowspan=4294967296>".repeat(5_000),
            format!("<table><tr><td a=\"{}", "<b>".repeat(100_000)),
            "<!--".repeat(10_000),
            "<script>".repeat(10_000),
            "<table><tr><td>&#xffffffff;&;&#;&#x110000;".to_owned(),
        ] {
            let _ = read(Path::new("p"), &page);
        }
    }
}
