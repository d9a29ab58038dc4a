//! The lines of a form: which value belongs to which label.

use std::collections::HashSet;

use super::clean;
use super::forms::{Piece, PieceKind, without_number};
use super::headers::{Headers, fold};
use super::layout::is_note;
use super::table::{Cell, Table};

/// A label with its value.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) heading: String,
    pub(super) value: Cell,
    /// Place of the label's row in the table.
    pub(super) line: usize,
}

/// A word before labels that says what they are about, such as 单位信息 before 名称.
struct Group {
    text: String,
    column: usize,
    /// The last row of its merged area, where it is merged.
    bottom: Option<u32>,
}

/// Walks down a form's lines and puts values to labels.
pub(super) struct Filler<'a> {
    table: &'a Table,
    lines: &'a [Vec<Piece>],
    headers: &'a Headers,
    /// Columns in which labels stand.
    label_columns: HashSet<usize>,
    pub(super) pairs: Vec<Pair>,
    /// By row: whether it is part of a label or value.
    pub(super) used: Vec<bool>,
    group: Option<Group>,
    /// The last pair is a label alone on its row, whose value may follow below.
    waits: bool,
}

impl<'a> Filler<'a> {
    pub(super) fn new(table: &'a Table, lines: &'a [Vec<Piece>], headers: &'a Headers) -> Self {
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

    pub(super) fn run(&mut self) {
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
