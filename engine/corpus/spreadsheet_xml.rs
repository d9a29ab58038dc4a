//! The XML that Office 2003 wrote for workbooks (SpreadsheetML), often under the name of an .xls.

use std::path::Path;

use jiff::civil::Date;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::error::CorpusError;
use super::merges::Merge;
use super::rows::{Rows, yes_no};
use super::table::{Cell, Format, Table};

/// Reads every worksheet.
///
/// # Errors
/// `DocumentType` for any document type declaration; `Damaged` where the XML ends early.
pub(super) fn read(path: &Path, text: &str) -> Result<Vec<Table>, CorpusError> {
    let damaged = |detail: String| CorpusError::Damaged { path: path.to_owned(), detail };
    let mut reader = Reader::from_str(text);
    let mut kept = 0;
    let mut tables = Vec::new();
    loop {
        match reader.read_event().map_err(|error| damaged(error.to_string()))? {
            Event::DocType(_) => {
                return Err(CorpusError::DocumentType {
                    path: path.to_owned(),
                    part: "XML".to_owned(),
                });
            }
            Event::Start(element) if element.local_name().as_ref() == "Worksheet" => {
                let name = attribute(&element, "Name").unwrap_or_default();
                tables.push(sheet(path, &mut reader, name, &mut kept)?);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if tables.is_empty() {
        return Err(damaged("no worksheet".to_owned()));
    }
    Ok(tables)
}

/// Reads up to the end of a worksheet.
fn sheet(
    path: &Path,
    reader: &mut Reader<&[u8]>,
    name: String,
    kept: &mut usize,
) -> Result<Table, CorpusError> {
    let damaged = |detail: String| CorpusError::Damaged { path: path.to_owned(), detail };
    let mut rows = Rows::new(path, kept);
    let mut merges = Vec::new();
    // Both from 0: the place of the cell that comes next.
    let (mut row, mut column) = (0_u32, 0_u32);
    let mut next_row = 0_u32;
    // The kind and text of the value that is being read.
    let mut value: Option<(String, String)> = None;
    let mut in_comment = false;
    loop {
        let event = reader.read_event().map_err(|error| damaged(error.to_string()))?;
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::DocType(_) => {
                return Err(CorpusError::DocumentType {
                    path: path.to_owned(),
                    part: "XML".to_owned(),
                });
            }
            Event::Start(element) | Event::Empty(element) => {
                match element.local_name().as_ref() {
                    "Row" => {
                        // Numbers in the file are from 1.
                        let index = number(&element, "Index").map(|n| n.saturating_sub(1));
                        row = index.unwrap_or(next_row);
                        next_row = row
                            .saturating_add(1)
                            .saturating_add(number(&element, "Span").unwrap_or(0));
                        column = 0;
                    }
                    "Cell" => {
                        if let Some(index) = number(&element, "Index") {
                            column = index.saturating_sub(1);
                        }
                        let right = number(&element, "MergeAcross").unwrap_or(0);
                        let down = number(&element, "MergeDown").unwrap_or(0);
                        if right > 0 || down > 0 {
                            merges.push(Merge {
                                top: row.saturating_add(1),
                                bottom: row.saturating_add(1).saturating_add(down),
                                left: column as usize,
                                right: column.saturating_add(right) as usize,
                            });
                        }
                        if is_empty {
                            column = column.saturating_add(1 + right.min(u32::MAX - 1));
                        }
                    }
                    "Comment" if !is_empty => in_comment = true,
                    "Data" if !is_empty && !in_comment => {
                        let kind = attribute(&element, "Type").unwrap_or_default();
                        value = Some((kind, String::new()));
                    }
                    _ => {}
                }
            }
            Event::End(element) => match element.local_name().as_ref() {
                "Comment" => in_comment = false,
                "Data" => {
                    if let Some((kind, text)) = value.take() {
                        let cell = cell(&kind, text);
                        if !cell.is_blank() {
                            rows.push(row, column, cell)?;
                        }
                    }
                }
                "Cell" => {
                    let right = merges
                        .last()
                        .filter(|m: &&Merge| {
                            m.top == row.saturating_add(1) && m.left == column as usize
                        })
                        .map_or(0, |m| u32::try_from(m.right - m.left).unwrap_or(0));
                    column = column.saturating_add(1).saturating_add(right);
                }
                "Worksheet" => break,
                _ => {}
            },
            Event::Text(text) => {
                if let Some((_, value)) = &mut value {
                    value.push_str(&text);
                }
            }
            Event::CData(text) => {
                if let Some((_, value)) = &mut value {
                    value.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                if let Some((_, value)) = &mut value {
                    let written = format!("&{};", &*name);
                    match unescape(&written) {
                        Ok(text) => value.push_str(&text),
                        // An entity that nothing defines stays as it is written.
                        Err(_) => value.push_str(&written),
                    }
                }
            }
            Event::Eof => return Err(damaged("the worksheet does not end".to_owned())),
            _ => {}
        }
    }
    let sheet = if name.is_empty() { None } else { Some(name) };
    Ok(Table { merges, ..Table::new(sheet, Format::SpreadsheetXml, rows.finish()) })
}

fn cell(kind: &str, text: String) -> Cell {
    match kind {
        "Number" => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Cell::Number(number),
            _ => Cell::Text(text),
        },
        "Boolean" => yes_no(text.trim() == "1"),
        // `2026-01-05T00:00:00.000`; what is none stays text.
        "DateTime" => {
            match text.trim().split('T').next().and_then(|day| day.parse::<Date>().ok()) {
                Some(date) => Cell::Date(date),
                None => Cell::Text(text),
            }
        }
        "Error" => Cell::Empty,
        _ => Cell::Text(text),
    }
}

/// An attribute by its local name, whatever its prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(unescape(&found.value).map_or_else(|_| found.value.to_string(), |text| text.into_owned()))
}

fn number(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(element, name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">";

    #[test]
    fn places_merges_and_kinds_of_value() {
        let text = format!(
            "{HEAD}<Worksheet ss:Name=\"甲&amp;乙\"><Table>\
             <Row><Cell ss:MergeAcross=\"1\"><Data ss:Type=\"String\">a&lt;b&#10;c</Data></Cell><Cell><Data ss:Type=\"Number\">2.5</Data></Cell></Row>\
             <Row ss:Index=\"4\"><Cell ss:Index=\"3\" ss:MergeDown=\"2\"><Data ss:Type=\"DateTime\">2026-01-05T00:00:00.000</Data><Comment><ss:Data>注</ss:Data></Comment></Cell></Row>\
             </Table></Worksheet></Workbook>"
        );
        let tables = read(Path::new("a.xls"), &text).expect("well formed");
        assert_eq!(tables[0].sheet.as_deref(), Some("甲&乙"));
        let rows = &tables[0].rows;
        assert_eq!(rows[0].cells[0], Cell::Text("a<b\nc".to_owned()));
        assert_eq!(rows[0].cells[2], Cell::Number(2.5));
        assert_eq!((rows[1].number, rows[1].cells.len()), (4, 3));
        assert_eq!(rows[1].cells[2], Cell::Date(jiff::civil::date(2026, 1, 5)));
        assert_eq!(tables[0].merges[1], Merge { top: 4, bottom: 6, left: 2, right: 2 });
    }

    #[test]
    fn a_document_type_is_refused_before_anything_unfolds() {
        let text = HEAD.replace(
            "<Workbook",
            "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><Workbook",
        );
        let error = read(Path::new("a.xls"), &text).expect_err("refused");
        assert!(matches!(error, CorpusError::DocumentType { .. }));
    }
}
