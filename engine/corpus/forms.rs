//! Single forms: a 征集表, 登记表 or 揭榜 form whose labels stand beside or above their values.
//!
//! A form is a table with few rows in which known headings are followed by values instead of by
//! other headings. It becomes one record: its labels are taken as headings, in the order of the
//! form, and lines that are neither label nor value are skipped rows like those around a list.

use std::collections::HashSet;

use super::clean;
use super::form_lines::{Filler, Pair};
use super::headers::{Field, Headers, fold};
use super::table::{Cell, Row, Table};
use crate::model::{SkipReason, Wording};

/// Rows past which a table is no form, nor a few of them.
const MOST_ROWS: usize = 400;

/// A form, read as a table with one row for each record.
pub(super) struct Form {
    pub(super) table: Table,
    /// Which form it is.
    pub(super) variant: Wording,
}

/// Reads a table as a form, or as several one below another; `None` if it is none.
pub(super) fn read(table: &Table, headers: &Headers) -> Option<Form> {
    if table.keys.is_some() || table.rows.len() > MOST_ROWS {
        return None;
    }
    let lines: Vec<Vec<Piece>> = table.rows.iter().map(|row| pieces(row, headers)).collect();
    if !is_form(&lines, headers) {
        return None;
    }
    let mut filler = Filler::new(table, &lines, headers);
    filler.run();
    let n_lines = table.rows.len();
    let variant = variant(table, &filler.used);
    let Filler { pairs, used, .. } = filler;
    if pairs.is_empty() {
        return None;
    }
    let mut keys = Vec::new();
    let mut rows: Vec<(Row, Option<SkipReason>)> = Vec::new();
    for record in records(pairs, headers) {
        let mut cells = vec![Cell::Empty; keys.len()];
        let first = record.first().map_or(0, |pair| pair.line);
        let fault = record.iter().find_map(|pair| table.rows[pair.line].fault.clone());
        for pair in record {
            keys.push(pair.heading);
            cells.push(pair.value);
        }
        let number = table.rows.get(first).map_or(1, |row| row.number);
        rows.push((Row { number, cells, fault, ..Row::default() }, None));
    }
    let first_used = used.iter().position(|used| *used).unwrap_or(n_lines);
    for (at, row) in table.rows.iter().enumerate().filter(|(at, _)| !used[*at]) {
        let reason = if at < first_used { SkipReason::Title } else { SkipReason::Note };
        // Its cells stand under no label.
        let mut cells = vec![Cell::Empty; keys.len()];
        cells.extend(row.cells.iter().filter(|cell| !cell.is_blank()).cloned());
        rows.push((Row { number: row.number, cells, ..Row::default() }, Some(reason)));
    }
    rows.sort_by_key(|(row, reason)| (row.number, reason.is_some()));
    let (rows, skipped): (Vec<Row>, Vec<Option<SkipReason>>) = rows.into_iter().unzip();
    let table = Table {
        keys: Some(keys),
        rows,
        merges: Vec::new(),
        form: Some(skipped),
        ..table.clone_head()
    };
    Some(Form { table, variant })
}

/// A label's text as a heading, if it is a known one: without numbering before it and colon after.
fn label(text: &str, headers: &Headers) -> Option<String> {
    // Labels are short; a longer text that speaks of telephones is a sentence.
    const LONGEST: usize = 40;
    const LONGEST_FOR_PEOPLE: usize = 14;
    let text = clean::text(text, false).0.into_owned();
    let bare = without_number(&text).trim_end_matches([':', '：', ' ']);
    let n_chars = bare.chars().count();
    if n_chars == 0 || n_chars > LONGEST || bare.contains(['。', '；', '！']) {
        return None;
    }
    match headers.look_up(bare).field {
        None | Some(Field::Serial) => None,
        Some(field) if field.is_contact() && n_chars > LONGEST_FOR_PEOPLE => None,
        Some(_) => Some(bare.to_owned()),
    }
}

/// Takes `一、`, `（二）`, `3.` or `4、` off the start.
pub(super) fn without_number(text: &str) -> &str {
    let text = clean::trim(text);
    let is_number = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let open = text.strip_prefix(['（', '(']);
    let rest = open.unwrap_or(text);
    let after = rest.trim_start_matches(is_number);
    if after.len() == rest.len() {
        return text;
    }
    let closed = if open.is_some() {
        after.strip_prefix(['）', ')'])
    } else {
        after.strip_prefix(['、', '.', '．', ')', '）'])
    };
    // `3.5 万元` is an amount.
    closed.filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())).map_or(text, clean::trim)
}

/// A cell of a form.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) column: usize,
    pub(super) kind: PieceKind,
}

#[derive(Debug, Clone)]
pub(super) enum PieceKind {
    /// A known heading.
    Label(String),
    /// `标签：值` within one cell, perhaps several.
    Pairs(Vec<(String, String)>),
    Value,
}

fn pieces(row: &Row, headers: &Headers) -> Vec<Piece> {
    row.cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.is_blank())
        .map(|(column, cell)| {
            let kind = match cell {
                Cell::Text(text) => match label(text, headers) {
                    Some(heading) => PieceKind::Label(heading),
                    None => inline(text, headers).map_or(PieceKind::Value, PieceKind::Pairs),
                },
                _ => PieceKind::Value,
            };
            Piece { column, kind }
        })
        .collect()
}

/// Takes `联系人：张某 电话：029…` apart; `None` unless the text begins with a known label and a
/// colon. What follows a value without a label of its own belongs to the value.
fn inline(text: &str, headers: &Headers) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for word in text.split_inclusive(|c: char| c.is_whitespace()) {
        let pair = word.split_once(['：', ':']).and_then(|(head, value)| {
            let heading = label(head, headers)?;
            Some((heading, value.to_owned()))
        });
        match pair {
            Some(pair) => pairs.push(pair),
            None => pairs.last_mut()?.1.push_str(word),
        }
    }
    for (_, value) in &mut pairs {
        *value = clean::trim(value).to_owned();
    }
    pairs.iter().any(|(_, value)| !value.is_empty()).then_some(pairs)
}

/// Whether the lines are a form: at least three fields, the title among them, have a value beside
/// or below their label, on at least three lines, and no line is a row of headings.
fn is_form(lines: &[Vec<Piece>], headers: &Headers) -> bool {
    const FEWEST: usize = 3;
    const HEADINGS_IN_A_ROW: usize = 4;
    let mut fields: HashSet<Field> = HashSet::new();
    let mut n_lines = 0;
    let mut n_pairs = 0_usize;
    let mut longest_row = 0;
    for (at, line) in lines.iter().enumerate() {
        let before = n_pairs;
        let mut add = |heading: &str| {
            n_pairs += 1;
            fields.extend(headers.look_up(heading).field);
        };
        let (mut run, mut longest) = (0, 0);
        for (place, piece) in line.iter().enumerate() {
            match &piece.kind {
                PieceKind::Label(heading) => {
                    run += 1;
                    longest = longest.max(run);
                    let next = line.get(place + 1);
                    if next.is_some_and(|next| !matches!(next.kind, PieceKind::Label(_))) {
                        add(heading);
                    }
                }
                PieceKind::Pairs(pairs) => {
                    run = 0;
                    pairs.iter().for_each(|(heading, _)| add(heading));
                }
                PieceKind::Value => run = 0,
            }
        }
        longest_row = longest_row.max(longest);
        if let [Piece { kind: PieceKind::Label(heading), .. }] = line.as_slice()
            && let Some([Piece { kind: PieceKind::Value, .. }]) =
                lines.get(at + 1).map(Vec::as_slice)
        {
            add(heading);
        }
        n_lines += usize::from(n_pairs > before);
    }
    fields.contains(&Field::Title)
        && fields.len() >= FEWEST
        && n_lines >= FEWEST
        && longest_row < HEADINGS_IN_A_ROW
}

/// Pairs by record: the first label of the form, or the label of its title, begins another one
/// where it comes again.
fn records(pairs: Vec<Pair>, headers: &Headers) -> Vec<Vec<Pair>> {
    let mut records: Vec<Vec<Pair>> = Vec::new();
    for pair in pairs {
        let key = fold(&pair.heading);
        let begins = records.last().is_none_or(|record: &Vec<Pair>| {
            let is_first = record.first().is_some_and(|first| fold(&first.heading) == key);
            let is_title = headers.look_up(&pair.heading).field == Some(Field::Title);
            is_first
                || (is_title
                    && record
                        .iter()
                        .any(|held| fold(&held.heading) == key && !held.value.is_blank()))
        });
        if begins {
            records.push(vec![pair]);
        } else if let Some(record) = records.last_mut() {
            record.push(pair);
        }
    }
    records
}

/// Which form it is, by the words of the lines above its first label.
fn variant(table: &Table, used: &[bool]) -> Wording {
    let above: String = table
        .rows
        .iter()
        .zip(used)
        .take_while(|(_, used)| !**used)
        .flat_map(|(row, _)| row.cells.iter().map(Cell::text))
        .collect();
    for (word, zh, en) in [
        ("揭榜", "单份揭榜挂帅表", "a single 揭榜 form"),
        ("榜单", "单份揭榜挂帅表", "a single 揭榜 form"),
        ("征集", "单份需求征集表", "a single 征集表"),
        ("登记", "单份成果登记表", "a single 登记表"),
    ] {
        if above.contains(word) {
            return Wording::new(
                format!("{zh}（标签与值成对）"),
                format!("{en} (labels beside values)"),
            );
        }
    }
    Wording::new("单份表单（标签与值成对）", "a single form (labels beside values)")
}

#[cfg(test)]
mod tests {
    use super::super::merges::Merge;
    use super::super::table::Format;
    use super::*;

    fn table(lines: &[&[&str]]) -> Table {
        let rows =
            (1..)
                .zip(lines)
                .map(|(number, cells)| Row {
                    number,
                    cells: cells
                        .iter()
                        .map(|text| {
                            if text.is_empty() {
                                Cell::Empty
                            } else {
                                Cell::Text((*text).to_owned())
                            }
                        })
                        .collect(),
                    ..Row::default()
                })
                .collect();
        Table::new(None, Format::Xlsx, rows)
    }

    fn pairs(table: &Table) -> Option<Vec<Vec<(String, String)>>> {
        let form = read(table, Headers::shipped())?.table;
        let keys = form.keys.expect("labels");
        let skipped = form.form.expect("a form");
        let records = form.rows.iter().zip(&skipped).filter(|(_, skip)| skip.is_none());
        Some(
            records
                .map(|(row, _)| {
                    let cells = row.cells.iter().map(Cell::text);
                    keys.iter().cloned().zip(cells).filter(|(_, text)| !text.is_empty()).collect()
                })
                .collect(),
        )
    }

    #[test]
    fn labels_beside_and_above_their_values() {
        let mut form = table(&[
            &["某市技术需求征集表"],
            &["单位信息", "名称", "某厂", "联系人", "甲某"],
            &["", "地址", "", "联系电话", "000-1234"],
            &["技术需求名称", "", "耐高温涂层"],
            &["合作方式", "", "☑技术转让 □技术许可 ☑委托开发"],
            &["单位性质", "民营", "投入资金(万元)", "50"],
            &["技术需求详情（500字以内）"],
            &["寻求1200℃下不剥落的涂层。"],
            &["注：请如实填写"],
        ]);
        form.merges.push(Merge { top: 2, bottom: 3, left: 0, right: 0 });
        let read = pairs(&form).expect("a form");
        let expected = [
            ("单位名称", "某厂"),
            ("联系人", "甲某"),
            ("联系电话", "000-1234"),
            ("技术需求名称", "耐高温涂层"),
            ("合作方式", "技术转让、委托开发"),
            ("单位性质", "民营"),
            ("投入资金(万元)", "50"),
            ("技术需求详情（500字以内）", "寻求1200℃下不剥落的涂层。"),
        ]
        .map(|(label, value)| (label.to_owned(), value.to_owned()));
        assert_eq!(read, [expected]);
    }

    #[test]
    fn paragraphs_and_several_forms() {
        let form = table(&[
            &["成果登记表"],
            &["一、成果名称：等离子喷涂"],
            &["联系人：甲某 电话：000-1234"],
            &["成果简介："],
            &["第一段。"],
            &["第二段。"],
            &["二、其他"],
            &["一、成果名称：激光熔覆"],
            &["成果简介：修复叶片。"],
        ]);
        let read = pairs(&form).expect("forms");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0][3], ("成果简介".to_owned(), "第一段。\n第二段。".to_owned()));
        assert_eq!(read[1][0].1, "激光熔覆");
    }

    #[test]
    fn lists_are_no_forms() {
        for list in [
            table(&[
                &["需求名称", "需求详情", "单位名称"],
                &["甲", "乙", "丙"],
                &["丁", "戊", "己"],
            ]),
            table(&[&["名称", "内容"], &["单位名称", "x"], &["甲", "y"]]),
        ] {
            assert!(read(&list, Headers::shipped()).is_none());
        }
    }

    #[test]
    fn numbers_before_labels() {
        for (text, bare) in [
            ("一、名称", "名称"),
            ("（三）名称", "名称"),
            ("12.名称", "名称"),
            ("3.5万元", "3.5万元"),
            ("名称", "名称"),
        ] {
            assert_eq!(without_number(text), bare);
        }
    }
}
