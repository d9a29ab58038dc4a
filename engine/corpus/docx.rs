//! Text documents (WordprocessingML, ECMA-376 part 1 §17): their paragraphs and tables, in order.

use std::path::Path;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::archive;
use super::error::CorpusError;
use super::limits;
use super::merges::Merge;

/// A cell of a table in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DocumentCell {
    /// Its first column, from 0.
    pub(super) column: usize,
    pub(super) text: String,
}

/// A table in a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DocumentTable {
    /// Cells of each row.
    pub(super) rows: Vec<Vec<DocumentCell>>,
    /// Merged areas; rows are counted from 1 within the table.
    pub(super) merges: Vec<Merge>,
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Paragraph(String),
    Table(DocumentTable),
}

/// Reads the main part of a document. Deleted text, field codes and fallbacks are left out, and a
/// table within a cell is part of the cell's text.
///
/// # Errors
/// `Damaged`, `TooLarge`, `Bomb`, `DocumentType`, `TooMany`.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Block>, CorpusError> {
    archive::check_parts(path, bytes)?;
    let damaged = |detail: String| CorpusError::Damaged { path: path.to_owned(), detail };
    let part = archive::part(path, bytes, "word/document.xml")?
        .ok_or_else(|| damaged("word/document.xml is missing".to_owned()))?;
    let text = String::from_utf8(part)
        .map_err(|_| damaged("word/document.xml is not in UTF-8".to_owned()))?;
    let mut reader = Reader::from_str(&text);
    let mut document = Document::default();
    loop {
        match reader.read_event().map_err(|error| damaged(error.to_string()))? {
            Event::Start(element) => document.open(&element),
            Event::Empty(element) => document.empty(&element),
            Event::End(element) => document.close(element.local_name().as_ref()),
            Event::Text(text) => document.text(&text),
            Event::CData(text) => document.text(&text),
            Event::GeneralRef(name) => {
                let written = format!("&{};", &*name);
                match unescape(&written) {
                    Ok(text) => document.text(&text),
                    Err(_) => document.text(&written),
                }
            }
            Event::DocType(_) => {
                return Err(CorpusError::DocumentType {
                    path: path.to_owned(),
                    part: "word/document.xml".to_owned(),
                });
            }
            Event::Eof => break,
            _ => {}
        }
        if document.n_lines > limits::DOCUMENT_LINES {
            return Err(CorpusError::TooMany {
                path: path.to_owned(),
                what: "rows",
                limit: limits::DOCUMENT_LINES as u64,
            });
        }
    }
    if !document.has_body {
        return Err(damaged("word/document.xml holds no document".to_owned()));
    }
    Ok(document.blocks)
}

#[derive(Default)]
struct Document {
    blocks: Vec<Block>,
    n_lines: usize,
    has_body: bool,
    /// Elements that are left out and are still open.
    left_out: usize,
    in_text: bool,
    paragraph: String,
    /// Tables that are open, the outermost first.
    depth: usize,
    table: DocumentTable,
    /// The next column of the row.
    column: usize,
    cell: String,
    width: usize,
    vertical: Vertical,
    /// For columns: the area that a cell begins and later rows may continue.
    growing: Vec<Option<usize>>,
}

/// What a cell says of merging downwards.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Vertical {
    #[default]
    None,
    Begins,
    Continues,
}

/// Elements whose content is no text of the document.
fn is_left_out(name: &str) -> bool {
    matches!(name, "del" | "delText" | "instrText" | "Fallback" | "moveFrom" | "rPr" | "pPr")
}

impl Document {
    fn open(&mut self, element: &BytesStart<'_>) {
        let name = element.local_name();
        let name = name.as_ref();
        if self.left_out > 0 || is_left_out(name) {
            self.left_out += 1;
            return;
        }
        match name {
            "body" => self.has_body = true,
            "t" => self.in_text = true,
            "tbl" => {
                self.depth += 1;
                if self.depth == 1 {
                    self.table = DocumentTable::default();
                    self.growing.clear();
                }
            }
            "tr" if self.depth == 1 => {
                self.table.rows.push(Vec::new());
                self.column = 0;
                self.n_lines += 1;
            }
            "tc" if self.depth == 1 => {
                self.cell.clear();
                self.width = 1;
                self.vertical = Vertical::None;
            }
            _ => self.empty(element),
        }
    }

    /// Elements without content, or whose content does not matter.
    fn empty(&mut self, element: &BytesStart<'_>) {
        if self.left_out > 0 {
            return;
        }
        let value = || {
            element
                .attributes()
                .with_checks(false)
                .flatten()
                .find(|attribute| attribute.key.local_name().as_ref() == "val")
                .map(|attribute| attribute.value.to_string())
        };
        // Wider than any table that people see.
        const WIDEST: usize = 200;
        let span =
            || value().and_then(|n| n.parse::<usize>().ok()).map_or(1, |n| n.clamp(1, WIDEST));
        match element.local_name().as_ref() {
            "tab" => self.text_mark("\t"),
            "br" | "cr" => self.text_mark("\n"),
            "noBreakHyphen" => self.text_mark("-"),
            "sym" => {
                let code = element
                    .attributes()
                    .with_checks(false)
                    .flatten()
                    .find(|attribute| attribute.key.local_name().as_ref() == "char")
                    .map(|attribute| attribute.value.to_ascii_uppercase());
                // Ticked and empty boxes of Wingdings and Wingdings 2.
                match code.as_deref() {
                    Some("F0FE" | "F052" | "F0FD" | "F053" | "F054") => self.text_mark("☑"),
                    Some("F0A8" | "F06F" | "F0A3" | "F071" | "F072") => self.text_mark("□"),
                    _ => {}
                }
            }
            "gridSpan" if self.depth == 1 => self.width = span(),
            "gridBefore" if self.depth == 1 => self.column += span(),
            "vMerge" if self.depth == 1 => {
                self.vertical = if value().as_deref() == Some("restart") {
                    Vertical::Begins
                } else {
                    Vertical::Continues
                };
            }
            _ => {}
        }
    }

    fn text_mark(&mut self, mark: &str) {
        if self.depth == 0 {
            self.paragraph.push_str(mark);
        } else {
            self.cell.push_str(mark);
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_text && self.left_out == 0 {
            self.text_mark(text);
        }
    }

    fn close(&mut self, name: &str) {
        if self.left_out > 0 {
            self.left_out -= 1;
            return;
        }
        match name {
            "t" => self.in_text = false,
            "p" if self.depth == 0 => {
                let text = std::mem::take(&mut self.paragraph);
                self.n_lines += 1;
                if !super::table::is_blank(&text) {
                    self.blocks.push(Block::Paragraph(text));
                }
            }
            "p" => self.cell.push('\n'),
            "tc" if self.depth == 1 => self.end_cell(),
            "tbl" => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.blocks.push(Block::Table(std::mem::take(&mut self.table)));
                }
            }
            _ => {}
        }
    }

    fn end_cell(&mut self) {
        let (left, right) = (self.column, self.column + self.width - 1);
        self.column += self.width;
        let number = u32::try_from(self.table.rows.len()).unwrap_or(u32::MAX);
        if self.growing.len() <= left {
            self.growing.resize(left + 1, None);
        }
        if self.vertical == Vertical::Continues {
            if let Some(area) = self.growing[left].and_then(|at| self.table.merges.get_mut(at)) {
                area.bottom = number;
            }
        } else if self.vertical == Vertical::Begins || right > left {
            self.growing[left] =
                (self.vertical == Vertical::Begins).then_some(self.table.merges.len());
            self.table.merges.push(Merge { top: number, bottom: number, left, right });
        } else {
            self.growing[left] = None;
        }
        let text = super::clean::trim(&self.cell).to_owned();
        self.cell.clear();
        if let Some(row) = self.table.rows.last_mut()
            && !text.is_empty()
        {
            row.push(DocumentCell { column: left, text });
        }
    }
}
