//! Single forms: a 征集表, 登记表 or 揭榜 form whose labels stand beside or above their values.
//!
//! A form is a table with few rows in which known headings are followed by values instead of by
//! other headings. It becomes one record: its labels are taken as headings, in the order of the
//! form, and lines that are neither label nor value are skipped rows like those around a list.

use std::collections::HashSet;

use super::clean;
use super::headers::{Field, Headers, fold};
use super::layout::is_note;
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
fn without_number(text: &str) -> &str {
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
struct Piece {
    column: usize,
    kind: PieceKind,
}

#[derive(Debug, Clone)]
enum PieceKind {
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

/// A label with its value.
#[derive(Debug)]
struct Pair {
    heading: String,
    value: Cell,
    /// Place of the label's row in the table.
    line: usize,
}

/// A word before labels that says what they are about, such as 单位信息 before 名称.
struct Group {
    text: String,
    column: usize,
    /// The last row of its merged area, where it is merged.
    bottom: Option<u32>,
}

struct Filler<'a> {
    table: &'a Table,
    lines: &'a [Vec<Piece>],
    headers: &'a Headers,
    /// Columns in which labels stand.
    label_columns: HashSet<usize>,
    pairs: Vec<Pair>,
    /// By row: whether it is part of a label or value.
    used: Vec<bool>,
    group: Option<Group>,
    /// The last pair is a label alone on its row, whose value may follow below.
    waits: bool,
}

impl<'a> Filler<'a> {
    fn new(table: &'a Table, lines: &'a [Vec<Piece>], headers: &'a Headers) -> Self {
        let label_columns = lines
            .iter()
            .flatten()
            .filter(|piece| matches!(piece.kind, PieceKind::Label(_)))
            .map(|piece| piece.column)
            .collect();
        let used = vec![false; lines.len()];
        Self {
            table,
            lines,
            headers,
            label_columns,
            pairs: Vec::new(),
            used,
            group: None,
            waits: false,
        }
    }

    fn run(&mut self) {
        let mut at = 0;
        while at < self.lines.len() {
            at += if self.row_of_labels(at) { 2 } else { self.line(at) };
        }
    }

    fn cell(&self, at: usize, piece: &Piece) -> Cell {
        self.table.rows[at].cells.get(piece.column).cloned().unwrap_or_default()
    }

    fn add(&mut self, heading: &str, value: Cell, line: usize) {
        let heading = match &self.group {
            Some(group) => self.headers.within(&group.text, heading),
            None => heading.to_owned(),
        };
        self.pairs.push(Pair { heading, value: chosen(value), line });
        self.used[line] = true;
    }

    /// Labels side by side with their values on the next row; takes both rows.
    fn row_of_labels(&mut self, at: usize) -> bool {
        let line = &self.lines[at];
        let Some(below) = self.lines.get(at + 1) else { return false };
        let all_labels =
            line.len() > 1 && line.iter().all(|piece| matches!(piece.kind, PieceKind::Label(_)));
        let all_values = !below.is_empty()
            && below.iter().all(|piece| !matches!(piece.kind, PieceKind::Label(_)))
            && below.iter().all(|value| line.iter().any(|label| label.column == value.column));
        if !(all_labels && all_values) {
            return false;
        }
        self.waits = false;
        for piece in line {
            let PieceKind::Label(heading) = &piece.kind else { continue };
            let value = below.iter().find(|value| value.column == piece.column);
            let value = value.map_or(Cell::Empty, |value| self.cell(at + 1, value));
            self.add(heading, value, at);
        }
        self.used[at + 1] = true;
        true
    }

    /// One row of labels and values; returns how many rows it took.
    fn line(&mut self, at: usize) -> usize {
        let line = &self.lines[at];
        let number = self.table.rows[at].number;
        self.end_group(line, number);
        if let [piece] = line.as_slice() {
            self.single(at, piece);
            return 1;
        }
        self.waits = false;
        let mut place = usize::from(self.group_that_is_a_label(at));
        while let Some(piece) = line.get(place) {
            let next = line.get(place + 1);
            let next_is_label = next.is_some_and(|next| matches!(next.kind, PieceKind::Label(_)));
            match &piece.kind {
                PieceKind::Label(heading) => {
                    let value = match next {
                        Some(next) if !next_is_label => {
                            place += 1;
                            self.cell(at, next)
                        }
                        _ => Cell::Empty,
                    };
                    self.add(heading, value, at);
                }
                PieceKind::Pairs(pairs) => {
                    for (heading, value) in pairs {
                        self.add(heading, Cell::Text(value.clone()), at);
                    }
                }
                PieceKind::Value if next_is_label && place == 0 => {
                    self.begin_group(at, piece);
                    self.used[at] = true;
                }
                PieceKind::Value => place += self.unlabelled(at, piece, next),
            }
            place += 1;
        }
        1
    }

    /// A text where a label could stand: with a value beside it, it is a label that nobody knows,
    /// and is kept; otherwise it belongs to the value before it. Returns how many more cells of
    /// the row it took.
    fn unlabelled(&mut self, at: usize, piece: &Piece, next: Option<&Piece>) -> usize {
        const LONGEST: usize = 20;
        let text = self.cell(at, piece).text();
        let short = text.chars().count() <= LONGEST;
        if let Some(next) = next
            && short
            && (self.label_columns.contains(&piece.column) || piece.column == 0)
        {
            let heading = without_number(&text).trim_end_matches([':', '：']).to_owned();
            let value = self.cell(at, next);
            self.add(&heading, value, at);
            return 1;
        }
        if let Some(last) = self.pairs.last_mut().filter(|pair| pair.line == at) {
            let held = last.value.text();
            let joined = if held.is_empty() { text } else { format!("{held} {text}") };
            last.value = Cell::Text(joined);
        }
        0
    }

    /// A row with one cell: a label whose value stands below, a value, or a line of its own.
    fn single(&mut self, at: usize, piece: &Piece) {
        match &piece.kind {
            PieceKind::Label(heading) => {
                self.add(heading, Cell::Empty, at);
                self.waits = true;
            }
            PieceKind::Pairs(pairs) => {
                for (heading, value) in pairs {
                    self.add(heading, Cell::Text(value.clone()), at);
                }
                // A long value goes on in the next paragraphs of a document.
                self.waits = true;
            }
            PieceKind::Value => {
                let cell = self.cell(at, piece);
                let text = cell.text();
                if !self.waits || is_note(&text) || is_section(&text) {
                    self.waits = false;
                    return;
                }
                let Some(last) = self.pairs.last_mut() else { return };
                last.value = match &last.value {
                    Cell::Empty => chosen(cell),
                    held if held.is_blank() => chosen(cell),
                    held => Cell::Text(format!("{}\n{text}", held.text())),
                };
                self.used[at] = true;
            }
        }
    }

    /// A known heading before another label on the same row is a group's word where its cell is
    /// merged downwards, or where the other says no more than 名称: 完成单位 before 名称 and 地址.
    fn group_that_is_a_label(&mut self, at: usize) -> bool {
        let [piece, next, ..] = self.lines[at].as_slice() else { return false };
        let (PieceKind::Label(_), PieceKind::Label(next)) = (&piece.kind, &next.kind) else {
            return false;
        };
        let number = self.table.rows[at].number;
        let is_merged_down = self.table.merges.iter().any(|merge| {
            merge.top == number && merge.left == piece.column && merge.bottom > merge.top
        });
        let is_name = ["名称", "姓名", "全称"].contains(&fold(next).as_str());
        if !(is_merged_down || is_name) {
            return false;
        }
        self.begin_group(at, piece);
        self.used[at] = true;
        true
    }

    fn begin_group(&mut self, at: usize, piece: &Piece) {
        let number = self.table.rows[at].number;
        let bottom = self
            .table
            .merges
            .iter()
            .find(|merge| merge.top == number && merge.left == piece.column)
            .map(|merge| merge.bottom);
        let text = without_number(&self.cell(at, piece).text()).to_owned();
        self.group = Some(Group { text, column: piece.column, bottom });
    }

    /// A group ends below its merged area, or at the next row that has something in its column.
    fn end_group(&mut self, line: &[Piece], number: u32) {
        let first = line.first().map_or(0, |piece| piece.column);
        let over = self.group.as_ref().is_some_and(|group| match group.bottom {
            Some(bottom) => number > bottom,
            None => first <= group.column,
        });
        if over {
            self.group = None;
        }
    }
}

/// `二、联系方式`: the head of a section and no value.
fn is_section(text: &str) -> bool {
    const LONGEST: usize = 15;
    let text = clean::trim(text);
    without_number(text).len() < text.len() && text.chars().count() <= LONGEST
}

/// The ticked choices of a value with boxes; any other value as it is.
///
/// `☑技术转让 □技术许可 ■其他` is 技术转让、其他. Where nothing is ticked, nothing is chosen.
fn chosen(value: Cell) -> Cell {
    const TICKED: [char; 7] = ['☑', '☒', '■', '√', '✓', '✔', '●'];
    const EMPTY: [char; 4] = ['□', '☐', '○', '◻'];
    let Cell::Text(text) = &value else { return value };
    let is_box = |c: char| TICKED.contains(&c) || EMPTY.contains(&c);
    if text.chars().filter(|c| is_box(*c)).count() < 2
        || !text.contains(['□', '☐', '○', '◻', '☑', '☒'])
    {
        return value;
    }
    let mut choices: Vec<String> = Vec::new();
    for (at, mark) in text.match_indices(is_box) {
        let rest = &text[at + mark.len()..];
        let choice = &rest[..rest.find(is_box).unwrap_or(rest.len())];
        let choice = clean::trim(choice).trim_end_matches(['；', ';', '、', '，', ',']);
        // A tick before an empty box ticks it: `√□技术转让`.
        let is_ticked = mark.starts_with(TICKED) || text[..at].trim_end().ends_with(TICKED);
        if is_ticked && !choice.is_empty() {
            choices.push(choice.to_owned());
        }
    }
    let joined = choices.join("、");
    if joined.is_empty() { Cell::Empty } else { Cell::Text(joined) }
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
