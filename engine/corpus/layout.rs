//! Where in a table the headings are, and which rows are not records.

use std::collections::{HashMap, HashSet};

use super::clean;
use super::exports::Export;
use super::headers::{Field, Headers, Heading, fold, money_unit};
use super::limits;
use super::merges;
use super::table::{Cell, Row, Table};
use crate::model::{ColumnUse, SkipReason};

/// What `--map` and `--drop` ask for, checked against the fields.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Folded heading → field.
    pub(super) map: HashMap<String, Field>,
    /// Folded headings.
    pub(super) drop: HashSet<String>,
}

/// A column and its use.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    pub(super) heading: String,
    /// The word before a paragraph of the body.
    pub(super) label: String,
    pub(super) field: Option<Field>,
    pub(super) unit: Option<String>,
    pub(super) dropped: bool,
}

impl Column {
    /// Whether what stands in it must not be shown: dropped, or somebody's contact.
    pub(super) fn is_hidden(&self) -> bool {
        self.dropped || self.field.is_some_and(Field::is_contact)
    }

    pub(super) fn report(&self) -> ColumnUse {
        ColumnUse {
            heading: self.heading.clone(),
            field: self.field.map(|field| field.name().to_owned()),
            unit: self.unit.clone(),
            dropped: self.dropped,
        }
    }
}

/// A table understood: its columns, and the use of every row.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<Column>,
    pub(super) header_row: Option<u32>,
    /// One entry per row of the table; `None` for rows that are to become records.
    pub(super) skipped: Vec<Option<SkipReason>>,
}

/// Key under which a heading is compared: folded, or as it is where folding leaves nothing.
pub(super) fn heading_key(heading: &str) -> String {
    let folded = fold(heading);
    if folded.is_empty() { clean::trim(heading).to_owned() } else { folded }
}

/// What headings mean in one table: as its database says where it is an export, else by the aliases.
#[derive(Clone, Copy)]
pub(super) struct Meanings<'a> {
    pub(super) headers: &'a Headers,
    pub(super) export: Option<&'a Export>,
}

impl Meanings<'_> {
    fn look_up(&self, heading: &str) -> Heading {
        let known = self.headers.look_up(heading);
        match self.export.and_then(|export| export.field(heading)) {
            Some(field) => Heading { field: Some(field), ..known },
            None => known,
        }
    }

    fn knows(&self, heading: &str) -> bool {
        self.look_up(heading).field.is_some()
    }
}

/// Whether one of a table's first rows is a row of headings: three fields or more, or two of three
/// cells, the title among them.
pub(super) fn has_heading_row(table: &Table, headers: &Headers) -> bool {
    const FEWEST: usize = 3;
    let meanings = Meanings { headers, export: None };
    table.rows.iter().take(limits::HEADING_ROWS).enumerate().any(|(at, row)| {
        let filled: Vec<&Cell> = row.cells.iter().filter(|cell| !cell.is_blank()).collect();
        let fields: HashSet<Field> =
            filled.iter().filter_map(|cell| meanings.look_up(&cell.text()).field).collect();
        let n_records = table.rows.len() - at - 1;
        fields.contains(&Field::Title)
            && n_records > 0
            && (fields.len() > FEWEST
                || (fields.len() >= 2 && fields.len() * 3 >= filled.len() * 2))
    })
}

/// Understands a table; `None` if no row has a known heading for the title.
pub(super) fn understand(table: &Table, headers: Meanings<'_>, wishes: &Wishes) -> Option<Layout> {
    let mut skipped = vec![None; table.rows.len()];
    if let Some(keys) = &table.keys {
        if let Some(form) = &table.form {
            skipped.clone_from(form);
        }
        let columns = columns(keys, headers, wishes);
        let has_title = columns.iter().any(|column| column.field == Some(Field::Title));
        let has_text = columns.iter().any(|column| column.field == Some(Field::Description));
        return (has_title || has_text).then_some(Layout { columns, header_row: None, skipped });
    }
    let top = heading_row(table, headers, wishes)?;
    let mut headings: Vec<String> = table.rows[top].cells.iter().map(heading_text).collect();
    for slot in &mut skipped[..top] {
        *slot = Some(SkipReason::Title);
    }
    skipped[top] = Some(SkipReason::Heading);
    if let Some(above) = top.checked_sub(1)
        && let upper = &table.rows[above]
        && (is_upper_heading_line(upper, &headings, headers) || is_group_line(upper, table))
    {
        fill_headings(&mut headings, upper, &merges::across(&table.merges, upper.number), headers);
        skipped[above] = Some(SkipReason::Heading);
    }
    let mut columns = columns(&headings, headers, wishes);
    let mut next = top + 1;
    if let Some(row) = table.rows.get(next)
        && is_second_heading_line(row, &columns, headers)
    {
        let over = merges::across(&table.merges, table.rows[top].number);
        join_headings(&mut headings, row, &over, headers);
        columns = self::columns(&headings, headers, wishes);
        skipped[next] = Some(SkipReason::Heading);
        next += 1;
    }
    if let Some(row) = table.rows.get(next)
        && is_unit_line(row, &columns)
    {
        for (column, cell) in columns.iter_mut().zip(&row.cells) {
            if let Some(unit) = money_unit(&cell.text()) {
                column.unit.get_or_insert_with(|| unit.to_owned());
            }
        }
        skipped[next] = Some(SkipReason::Unit);
        next += 1;
    }
    for (row, slot) in table.rows.iter().zip(&mut skipped).skip(next) {
        *slot = reason_to_skip(row, &columns);
    }
    Some(Layout { columns, header_row: Some(table.rows[top].number), skipped })
}

/// The cells of the row that looks most like headings, for a message.
pub(super) fn most_like_headings(table: &Table, headers: &Headers) -> Vec<String> {
    if let Some(keys) = &table.keys {
        return keys.iter().take(12).map(|key| clean::shorten(key, 20)).collect();
    }
    let rows = table.rows.iter().take(limits::HEADING_ROWS);
    // The last of equals would be the lowest row; headings stand high.
    let best = rows.rev().max_by_key(|row| {
        let known = row.cells.iter().filter(|cell| headers.knows(&cell.text())).count();
        (known, row.cells.iter().filter(|cell| !cell.is_blank()).count())
    });
    let cells = best.map_or(&[][..], |row| &row.cells);
    cells
        .iter()
        .filter(|cell| !cell.is_blank())
        .take(12)
        .map(|cell| clean::shorten(&heading_text(cell), 20))
        .collect()
}

fn heading_text(cell: &Cell) -> String {
    clean::text(&cell.text(), false).0.into_owned()
}

/// The heading row: the first, near the top, that has a heading for the title and at least two
/// thirds of the most known headings of any such row. Not simply the one with the most: headings
/// on two lines have fewer than their own repetition further down, and what stands above the
/// headings is taken for titles.
fn heading_row(table: &Table, headers: Meanings<'_>, wishes: &Wishes) -> Option<usize> {
    let mut scores = Vec::new();
    for (at, row) in table.rows.iter().take(limits::HEADING_ROWS).enumerate() {
        if row.fault.is_some() {
            continue;
        }
        let mut fields = HashSet::new();
        let mut wished = 0;
        for cell in &row.cells {
            let Cell::Text(text) = cell else { continue };
            if let Some(field) = wishes.map.get(&heading_key(text)) {
                wished += 1;
                fields.insert(*field);
            } else if let Some(field) = headers.look_up(clean::trim(text)).field {
                fields.insert(field);
            }
        }
        if fields.contains(&Field::Title) {
            scores.push((at, fields.len() + wished));
        }
    }
    let most = scores.iter().map(|(_, score)| *score).max()?;
    scores.iter().find(|(_, score)| score * 3 >= most * 2).map(|(at, _)| *at)
}

/// What each heading feeds.
pub(super) fn columns(headings: &[String], headers: Meanings<'_>, wishes: &Wishes) -> Vec<Column> {
    let mapped: HashSet<Field> = headings
        .iter()
        .filter_map(|heading| wishes.map.get(&heading_key(heading)))
        .copied()
        .collect();
    headings
        .iter()
        .map(|heading| {
            let key = heading_key(heading);
            let known = headers.look_up(heading);
            let by_alias = known.field.map(|field| match field {
                // A field that --map gives to another column: this one is kept beside it.
                Field::Description if mapped.contains(&field) => Field::Paragraph,
                Field::Paragraph | Field::Keywords | Field::Classification | Field::Codes => field,
                field if field.is_contact() => field,
                field if mapped.contains(&field) => Field::Note,
                field => field,
            });
            let field = wishes.map.get(&key).copied().or(by_alias);
            Column {
                label: known.label.unwrap_or_else(|| heading.clone()),
                heading: heading.clone(),
                field,
                unit: known.unit.or_else(|| money_unit(heading).map(str::to_owned)),
                dropped: wishes.drop.contains(&key),
            }
        })
        .collect()
}

fn title_column(columns: &[Column]) -> Option<usize> {
    columns.iter().position(|column| column.field == Some(Field::Title))
}

fn title_is_blank(row: &Row, columns: &[Column]) -> bool {
    title_column(columns).is_none_or(|at| row.cells.get(at).is_none_or(Cell::is_blank))
}

/// A second heading line under a merged first one: nothing under the title, short texts, at least
/// half of them known headings.
fn is_second_heading_line(row: &Row, columns: &[Column], headers: Meanings<'_>) -> bool {
    const LONGEST: usize = 20;
    if row.fault.is_some() || !title_is_blank(row, columns) {
        return false;
    }
    let filled: Vec<String> =
        row.cells.iter().filter(|cell| !cell.is_blank()).map(heading_text).collect();
    let known = filled.iter().filter(|text| headers.knows(text)).count();
    row.cells.iter().all(|cell| matches!(cell, Cell::Empty | Cell::Text(_)))
        && filled.iter().all(|text| text.chars().count() <= LONGEST)
        && known > 0
        && known * 2 >= filled.len()
}

/// A first heading line whose cells are merged with blank ones of the line below, which has the
/// title: short texts, at least one of them a known heading above a blank.
fn is_upper_heading_line(row: &Row, below: &[String], headers: Meanings<'_>) -> bool {
    const LONGEST: usize = 20;
    let blank_below = |at: usize| below.get(at).is_none_or(String::is_empty);
    row.fault.is_none()
        && row.cells.iter().all(|cell| {
            matches!(cell, Cell::Empty | Cell::Text(_))
                && heading_text(cell).chars().count() <= LONGEST
        })
        && row.cells.iter().filter(|cell| !cell.is_blank()).count() > 1
        && row
            .cells
            .iter()
            .enumerate()
            .any(|(at, cell)| blank_below(at) && headers.knows(&heading_text(cell)))
}

/// A line of group headings over the headings: short texts without colons, one of them at least
/// merged over several columns and none over all.
fn is_group_line(row: &Row, table: &Table) -> bool {
    const LONGEST: usize = 20;
    let across = merges::across(&table.merges, row.number);
    let filled: Vec<(usize, &Cell)> =
        row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank()).collect();
    row.fault.is_none()
        && filled.len() > 1
        && filled.iter().any(|(at, _)| across.contains_key(at))
        && filled.iter().all(|(_, cell)| {
            matches!(cell, Cell::Text(text)
                if text.chars().count() <= LONGEST && !text.contains(['：', ':']))
        })
}

/// Takes the headings of the upper line where the lower one has none, and reads the lower ones
/// within the groups above them.
fn fill_headings(
    headings: &mut Vec<String>,
    above: &Row,
    across: &HashMap<usize, usize>,
    headers: Meanings<'_>,
) {
    headings.resize(headings.len().max(above.cells.len()), String::new());
    for (at, cell) in above.cells.iter().enumerate() {
        let upper = heading_text(cell);
        if upper.is_empty() {
            continue;
        }
        if headings[at].is_empty() && !across.contains_key(&at) {
            headings[at] = upper;
            continue;
        }
        let last = across.get(&at).copied().unwrap_or(at).min(headings.len() - 1);
        for heading in headings[at..=last].iter_mut().filter(|heading| !heading.is_empty()) {
            *heading = headers.headers.within(&upper, heading);
        }
    }
}

fn join_headings(
    headings: &mut Vec<String>,
    below: &Row,
    across: &HashMap<usize, usize>,
    headers: Meanings<'_>,
) {
    // A group's word stands over its first column only; without merged areas (text tables), over
    // the columns that follow it and have a lower heading but no upper one.
    let mut group: Option<(String, Option<usize>)> = None;
    for (at, cell) in below.cells.iter().enumerate() {
        let lower = heading_text(cell);
        if headings.len() <= at {
            headings.resize(at + 1, String::new());
        }
        let upper = &mut headings[at];
        if !upper.is_empty() {
            group = Some((upper.clone(), across.get(&at).copied()));
        } else if lower.is_empty() {
            group = None;
        }
        if lower.is_empty() {
            continue;
        }
        let over = group.as_ref().filter(|(_, last)| last.is_none_or(|last| at <= last));
        let within = over.map_or_else(|| lower.clone(), |(g, _)| headers.headers.within(g, &lower));
        *upper = if upper.is_empty() || within != lower || headers.knows(&lower) {
            within
        } else {
            format!("{upper}-{lower}")
        };
    }
}

/// Fills merged cells down among the records of a table that was understood. What identifies a
/// record is not: a number merged over two rows would make the second one a repetition.
pub(super) fn fill_merged(table: &mut Table, layout: &Layout) {
    let is_filled = |at: usize| {
        let field = layout.columns.get(at).and_then(|column| column.field);
        !matches!(
            field,
            Some(Field::Id | Field::Serial | Field::PublicationNumber | Field::ApplicationNumber)
        )
    };
    merges::fill_down(&mut table.rows, &table.merges, &layout.skipped, &is_filled);
}

/// A line of units such as `(万元)` below the headings.
fn is_unit_line(row: &Row, columns: &[Column]) -> bool {
    const OTHERS: [&str; 14] = [
        "年",
        "月",
        "天",
        "人",
        "个",
        "项",
        "件",
        "台",
        "套",
        "吨",
        "千克",
        "米",
        "平方米",
        "单位",
    ];
    row.fault.is_none()
        && title_is_blank(row, columns)
        && row.cells.iter().filter(|cell| !cell.is_blank()).all(|cell| {
            let text = cell.text();
            let folded = fold(&text);
            let unit = folded.trim_start_matches("单位");
            money_unit(unit) == Some(unit) || OTHERS.contains(&unit) || clean::trim(&text) == "%"
        })
}

/// Why a row below the headings is no record; `None` for records.
pub(super) fn reason_to_skip(row: &Row, columns: &[Column]) -> Option<SkipReason> {
    if row.fault.is_some() {
        return None;
    }
    let filled: Vec<usize> = (0..row.cells.len()).filter(|&at| !row.cells[at].is_blank()).collect();
    let first = row.cells.get(*filled.first()?)?.text();
    let title_column = title_column(columns);
    // What stands in the first filled cell decides, if no title follows it.
    let leads = title_is_blank(row, columns) || title_column == filled.first().copied();
    if leads && is_total(&first) {
        return Some(SkipReason::Total);
    }
    if leads && filled.len() <= 6 && is_note(&first) {
        return Some(SkipReason::Note);
    }
    let is_serial =
        |at: usize| columns.get(at).is_some_and(|column| column.field == Some(Field::Serial));
    if filled.iter().all(|&at| is_serial(at)) {
        return Some(SkipReason::Numbering);
    }
    let n_headings = columns.iter().filter(|column| !column.heading.is_empty()).count();
    let repeats = filled.len() * 2 >= n_headings
        && filled.iter().all(|&at| {
            columns.get(at).is_some_and(|column| {
                let heading = heading_key(&column.heading);
                !heading.is_empty() && heading_key(&row.cells[at].text()) == heading
            })
        });
    repeats.then_some(SkipReason::Heading)
}

fn is_total(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    ["合计", "总计", "小计", "共计", "累计"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.chars().all(|c| c.is_ascii_digit() || "：:()（）,.，项条个件万元亿".contains(c))
        })
    })
}

pub(super) fn is_note(text: &str) -> bool {
    const WITH_COLON: [&str; 20] = [
        "注",
        "备注",
        "说明",
        "填表说明",
        "填报说明",
        "填表人",
        "填报人",
        "制表人",
        "审核人",
        "负责人",
        "联系人",
        "联系电话",
        "填表日期",
        "填报日期",
        "填报时间",
        "制表日期",
        "填报单位",
        "单位负责人",
        "分管领导",
        "数据来源",
    ];
    let text: String = text.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    let text = text.trim_start_matches(['*', '＊', '※', '（', '(']);
    WITH_COLON.iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with(['：', ':']) || (*word == "注" && rest.starts_with(['．', '.', '、']))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::table::Format;
    use super::*;

    fn layout(lines: &[&[&str]]) -> Option<Layout> {
        let table = Table::new(None, Format::Xlsx, rows(lines));
        let meanings = Meanings { headers: Headers::shipped(), export: None };
        understand(&table, meanings, &Wishes::default())
    }

    fn rows(lines: &[&[&str]]) -> Vec<Row> {
        lines
            .iter()
            .enumerate()
            .map(|(at, cells)| Row {
                number: u32::try_from(at + 1).expect("small"),
                cells: cells
                    .iter()
                    .map(
                        |text| {
                            if text.is_empty() {
                                Cell::Empty
                            } else {
                                Cell::Text((*text).to_owned())
                            }
                        },
                    )
                    .collect(),
                ..Row::default()
            })
            .collect()
    }

    #[test]
    fn headings_below_a_title_with_two_lines_units_totals_and_notes() {
        use SkipReason::{Heading, Note, Numbering, Title, Total, Unit};
        let layout = layout(&[
            &["某市企业技术需求汇总表"],
            &["填报单位：某市科技局", "", "", "2026年3月"],
            &["序号", "技术需求名称", "投入资金", "联系方式", ""],
            &["", "", "", "联系人", "电话"],
            &["", "", "（万元）", "", ""],
            &["1", "耐高温涂层", "20", "张三", "029"],
            &["序号", "技术需求名称", "投入资金", "联系人", "电话"],
            &["2", "合计量统计技术", "30", "", ""],
            &["3"],
            &["合 计", "", "50", "", ""],
            &["注：以上均为企业自报", "", "", "", ""],
            &["填表人：李四", "", "审核人：王五", "", ""],
        ])
        .expect("headings");
        let expected = [
            Some(Title),
            Some(Title),
            Some(Heading),
            Some(Heading),
            Some(Unit),
            None,
            Some(Heading),
            None,
            Some(Numbering),
            Some(Total),
            Some(Note),
            Some(Note),
        ];
        assert_eq!(layout.skipped, expected);
        assert_eq!(layout.header_row, Some(3));
        let fields: Vec<_> = layout.columns.iter().map(|column| column.field).collect();
        let wanted =
            [Field::Serial, Field::Title, Field::Price, Field::ContactPerson, Field::Telephone];
        assert_eq!(fields, wanted.map(Some));
        assert_eq!(layout.columns[2].unit.as_deref(), Some("万元"));
    }

    #[test]
    fn headings_merged_downwards_over_the_line_with_the_title() {
        use SkipReason::{Heading, Title};
        let layout = layout(&[
            &["技术需求征集表"],
            &["序号", "需求信息", "", "投入资金(万元)", "法定代表人"],
            &["", "技术需求名称", "技术需求详情", "", ""],
            &["1", "耐高温涂层", "求涂层", "20", "张三"],
        ])
        .expect("headings");
        assert_eq!(layout.skipped, [Some(Title), Some(Heading), Some(Heading), None]);
        let fields: Vec<_> = layout.columns.iter().map(|column| column.field).collect();
        let wanted =
            [Field::Serial, Field::Title, Field::Description, Field::Price, Field::ContactPerson];
        assert_eq!(fields, wanted.map(Some));
    }

    #[test]
    fn headings_mean_what_their_group_says() {
        let layout = layout(&[
            &["需求单位", "", "技术需求", "", "联系方式", ""],
            &["名称", "地址", "名称", "详情", "联系人", "电话"],
            &["某厂", "某路", "耐高温涂层", "求涂层", "张三", "029"],
        ]);
        // Without merged cells a line of words above the headings is a title.
        assert_eq!(layout.expect("headings").skipped[0], Some(SkipReason::Title));

        let mut table = Table::new(
            None,
            Format::Xlsx,
            rows(&[
                &["需求单位", "", "技术需求", "", "联系方式", ""],
                &["名称", "地址", "名称", "详情", "联系人", "电话"],
                &["某厂", "某路", "耐高温涂层", "求涂层", "张三", "029"],
            ]),
        );
        let area = |left| merges::Merge { top: 1, bottom: 1, left, right: left + 1 };
        table.merges = vec![area(0), area(2), area(4)];
        let meanings = Meanings { headers: Headers::shipped(), export: None };
        let layout = understand(&table, meanings, &Wishes::default()).expect("headings");
        let fields: Vec<_> = layout.columns.iter().map(|column| column.field).collect();
        let wanted = [
            Field::Organization,
            Field::Address,
            Field::Title,
            Field::Description,
            Field::ContactPerson,
            Field::Telephone,
        ];
        assert_eq!(fields, wanted.map(Some));
        assert_eq!(layout.skipped, [Some(SkipReason::Heading), Some(SkipReason::Heading), None]);
    }

    #[test]
    fn a_table_without_a_title_heading_is_not_understood() {
        assert!(layout(&[&["甲", "乙"], &["1", "2"]]).is_none());
    }

    #[test]
    fn a_record_that_begins_like_a_total_or_note_is_kept() {
        let layout = layout(&[
            &["名称", "内容"],
            &["合计算力调度平台", "异构算力"],
            &["注塑件缩痕", "减少缩痕"],
            &["备注自动生成系统", "x"],
        ])
        .expect("headings");
        assert_eq!(layout.skipped[1..], [None, None, None]);
    }
}
