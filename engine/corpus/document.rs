//! The tables of a text document: lists where it has some, else one table of all its lines, in
//! which forms are looked for.

use super::docx::{Block, DocumentTable};
use super::forms;
use super::headers::Headers;
use super::layout::has_heading_row;
use super::merges::Merge;
use super::table::{Cell, Format, Row, Table};

/// Puts a document's blocks into tables.
///
/// A table with a heading row is a list: 表1, 表2 …, rows numbered within it, and the paragraphs
/// around are a table 正文. Without any, all lines of the document are one table, numbered through.
pub(super) fn tables(blocks: Vec<Block>, headers: &Headers) -> Vec<Table> {
    let lists: Vec<bool> = blocks
        .iter()
        .map(|block| match block {
            Block::Table(table) => {
                let table = alone(table, None);
                has_heading_row(&table, headers) && forms::read(&table, headers).is_none()
            }
            Block::Paragraph(_) => false,
        })
        .collect();
    if !lists.contains(&true) {
        return vec![together(&blocks)];
    }
    let mut tables = Vec::new();
    let mut rest = Vec::new();
    for (block, is_list) in blocks.into_iter().zip(lists) {
        match block {
            Block::Table(table) if is_list => {
                let name = format!("表{}", tables.len() + 1);
                tables.push(alone(&table, Some(name)));
            }
            block => rest.push(block),
        }
    }
    let mut text = together(&rest);
    if !text.rows.is_empty() {
        text.sheet = Some("正文".to_owned());
        tables.push(text);
    }
    tables
}

fn alone(table: &DocumentTable, sheet: Option<String>) -> Table {
    let rows = rows(table, 0);
    Table { merges: table.merges.clone(), ..Table::new(sheet, Format::Docx, rows) }
}

/// Rows of a table in a document, after `above` other lines; blank ones are left out.
fn rows(table: &DocumentTable, above: u32) -> Vec<Row> {
    (above.saturating_add(1)..)
        .zip(&table.rows)
        .map(|(number, line)| {
            let mut row = Row { number, ..Row::default() };
            for cell in line {
                if row.cells.len() <= cell.column {
                    row.cells.resize(cell.column + 1, Cell::Empty);
                }
                row.cells[cell.column] = Cell::Text(cell.text.clone());
            }
            row
        })
        .filter(|row| !row.is_blank())
        .collect()
}

fn together(blocks: &[Block]) -> Table {
    let mut all = Vec::new();
    let mut merges = Vec::new();
    let mut n_lines = 0_u32;
    for block in blocks {
        match block {
            Block::Paragraph(text) => {
                n_lines = n_lines.saturating_add(1);
                let cells = vec![Cell::Text(text.clone())];
                all.push(Row { number: n_lines, cells, ..Row::default() });
            }
            Block::Table(table) => {
                all.extend(rows(table, n_lines));
                merges.extend(table.merges.iter().map(|merge| Merge {
                    top: merge.top.saturating_add(n_lines),
                    bottom: merge.bottom.saturating_add(n_lines),
                    ..*merge
                }));
                let height = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
                n_lines = n_lines.saturating_add(height);
            }
        }
    }
    Table { merges, ..Table::new(None, Format::Docx, all) }
}
