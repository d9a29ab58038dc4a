//! From files to an intake.

use std::collections::HashMap;
use std::path::PathBuf;

use rayon::prelude::*;

use super::assemble::{Context, Draft, Outcome, assemble};
use super::categories::Runs;
use super::clean;
use super::error::CorpusError;
use super::exports::Export;
use super::families;
use super::file::{Loaded, expand, file_name, open, refusal};
use super::headers::{Field, Headers};
use super::identity::settle;
use super::layout::{
    Column, Layout, Meanings, Wishes, fill_merged, heading_key, most_like_headings, understand,
};
use super::limits;
use super::near_duplicates;
use super::privacy::veil_findings;
use super::secrecy::Cues;
use super::table::{Fault, Format, Row, Table};
use super::vocabulary::{Vocabulary, paths};
use crate::model::{
    ColumnUse, FileIntake, Intake, RejectedRow, Rejection, Repair, RepairKind, Side, SkipReason,
    SkippedRow, SourceRef, TableIntake,
};

/// How lists are to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportOptions {
    /// Field and column heading: the column feeds this field whatever the aliases say.
    ///
    /// Fields are the table names of `corpus/headers.toml`, such as `title`; headings are compared
    /// folded.
    pub map: Vec<(String, String)>,
    /// Headings of columns that are hidden entirely.
    pub drop: Vec<String>,
    /// Greatest share of rejected rows among those that were to become records, 0 to 1.
    pub max_rejected_share: f64,
    /// Take rows that would be held for review: somebody has looked at them.
    pub accept_held: bool,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { map: Vec::new(), drop: Vec::new(), max_rejected_share: 0.2, accept_held: false }
    }
}

/// Reads the lists of one side; every sheet of every file, in the order given.
///
/// A folder stands for the files that lie directly in it, in the order of their names, an archive
/// for its members; single forms are lists of one. A file is what its bytes say
/// ([`Intake::files`] tells which): workbooks old and new, web pages and XML saved as workbooks, text
/// documents, text tables, JSON lines, each also packed once by gzip or zip.
///
/// `on_progress` is told how many rows have been read so far, from any thread. The result is the
/// same for any number of threads.
///
/// # Errors
/// A file that cannot be read or understood at all ([`CorpusError::Read`], `Empty`, `TooLarge`,
/// `TooMany`, `Encrypted`, `Damaged`, `UnknownFormat`, `Bomb`, `Nested`, `DocumentType`, `Changed`,
/// `TooWide`, `NoHeadings`); in a folder or archive only if none can (`NothingReadable`), otherwise
/// [`Intake::files`] says so; options that fit no table (`UnknownField`, `UnknownColumn`); no record
/// at all (`NoRecords`); more rows rejected than `max_rejected_share` (`TooManyRejected`; rows that
/// are classified or held do not count). Single bad rows are no errors but in [`Intake::rejected`].
pub fn read_lists(
    side: Side,
    paths: &[PathBuf],
    options: &ImportOptions,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Intake, CorpusError> {
    let headers = Headers::shipped();
    let wishes = wishes(options)?;
    if paths.is_empty() {
        return Err(CorpusError::NoFiles { side });
    }
    let folder = paths.iter().find(|path| path.is_dir());
    let (files, skipped) = expand(paths)?;
    let mut reading = Reading {
        files: skipped,
        accept_held: options.accept_held,
        is_one_of_many: folder.is_some(),
        ..Reading::default()
    };
    let mut first_error = None;
    for path in &files {
        if let Err(error) = reading.take_file(side, path, headers, &wishes, on_progress) {
            if folder.is_none() {
                return Err(error);
            }
            reading.files.push(refusal(file_name(path), &error));
            first_error.get_or_insert(error);
        }
    }
    if let (true, Some(first), Some(path)) = (reading.tables.is_empty(), first_error, folder) {
        let first = Box::new(first);
        return Err(CorpusError::NothingReadable { path: path.clone(), first });
    }
    check_columns(options, &reading.tables)?;
    reading.finish(side, options)
}

pub(super) fn wishes(options: &ImportOptions) -> Result<Wishes, CorpusError> {
    let mut wishes = Wishes::default();
    for (name, heading) in &options.map {
        let field = Field::named(name.trim()).ok_or_else(|| CorpusError::UnknownField {
            field: name.clone(),
            known: Field::NAMED.iter().map(|(_, name)| (*name).to_owned()).collect(),
        })?;
        wishes.map.insert(heading_key(heading), field);
    }
    wishes.drop = options.drop.iter().map(|heading| heading_key(heading)).collect();
    Ok(wishes)
}

fn check_columns(options: &ImportOptions, tables: &[TableIntake]) -> Result<(), CorpusError> {
    let asked = options.map.iter().map(|(_, heading)| heading).chain(&options.drop);
    let columns: Vec<&ColumnUse> = tables.iter().flat_map(|table| &table.columns).collect();
    for heading in asked {
        let key = heading_key(heading);
        if !columns.iter().any(|column| heading_key(&column.heading) == key) {
            let mut known: Vec<String> = Vec::new();
            for column in columns.iter().filter(|column| !column.heading.is_empty()) {
                if !known.contains(&column.heading) {
                    known.push(column.heading.clone());
                }
            }
            return Err(CorpusError::UnknownColumn { column: heading.clone(), known });
        }
    }
    Ok(())
}

#[derive(Default)]
struct Reading {
    files: Vec<FileIntake>,
    accept_held: bool,
    /// A file without known headings is told and passed over, because others have them.
    is_one_of_many: bool,
    tables: Vec<TableIntake>,
    drafts: Vec<Draft>,
    skipped: Vec<SkippedRow>,
    rejected: Vec<RejectedRow>,
    repairs: Vec<Repair>,
    n_rows: u64,
}

impl Reading {
    fn take_file(
        &mut self,
        side: Side,
        path: &std::path::Path,
        headers: &Headers,
        wishes: &Wishes,
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), CorpusError> {
        let opened = open(path, headers)?;
        self.files.extend(opened.others);
        let is_one_of_many = self.is_one_of_many || opened.loaded.len() > 1;
        let mut understood = false;
        let mut first_error = None;
        for loaded in opened.loaded {
            let exports: Vec<Option<&Export>> = loaded.tables.iter().map(Export::of).collect();
            let layouts: Vec<Option<Layout>> = loaded
                .tables
                .iter()
                .zip(&exports)
                .map(|(table, &export)| understand(table, Meanings { headers, export }, wishes))
                .collect();
            if layouts.iter().all(Option::is_none) {
                let error = not_understood(path, &loaded, headers);
                if !is_one_of_many {
                    return Err(error);
                }
                self.files.push(refusal(loaded.name, &error));
                first_error.get_or_insert(error);
                continue;
            }
            understood = true;
            self.take(side, loaded, layouts, &exports, on_progress);
        }
        match first_error {
            Some(error) if !understood && !self.is_one_of_many => Err(error),
            _ => Ok(()),
        }
    }

    fn take(
        &mut self,
        side: Side,
        mut loaded: Loaded,
        layouts: Vec<Option<Layout>>,
        exports: &[Option<&'static Export>],
        on_progress: &(dyn Fn(u64) + Sync),
    ) {
        let mut report = loaded.report();
        if let Some(export) = exports.iter().flatten().next() {
            report.variant = Some(export.name.clone());
        }
        self.files.push(report);
        if let (Some(extension), Some(table)) = (&loaded.misnamed, loaded.tables.first()) {
            self.repairs.push(Repair {
                source: SourceRef { file: loaded.name.clone(), sheet: None, row: 1 },
                column: String::new(),
                kind: RepairKind::Format,
                before: extension.clone(),
                after: table.format.name().to_owned(),
            });
        }
        for (table, layout) in loaded.tables.iter_mut().zip(&layouts) {
            if let Some(layout) = layout {
                fill_merged(table, layout);
            }
        }
        let words = Vocabulary::shipped();
        let runs = learn_runs(&loaded.tables, &layouts, words);
        let cues = Cues::shipped();
        // A mark on any sheet's head, or on the file, is a mark on all of it.
        let is_classified = cues.marks(loaded.name.rsplit('/').next().unwrap_or_default())
            || loaded.tables.iter().zip(&layouts).any(|(table, layout)| {
                let marked = |sheet: &String| cues.marks(sheet);
                table.sheet.as_ref().is_some_and(marked)
                    || match layout {
                        Some(layout) => has_marked_head(table, layout, cues),
                        None => has_marked_text(table, cues),
                    }
            });
        for ((table, layout), &export) in loaded.tables.iter().zip(layouts).zip(exports) {
            let layout = layout.unwrap_or_else(|| Layout {
                columns: Vec::new(),
                header_row: None,
                skipped: vec![Some(SkipReason::OtherSheet); table.rows.len()],
            });
            self.tables.push(TableIntake {
                file: loaded.name.clone(),
                sha256: loaded.sha256.clone(),
                sheet: table.sheet.clone(),
                format: table.format.name().to_owned(),
                encoding: table.encoding.clone(),
                header_row: layout.header_row,
                columns: layout.columns.iter().map(super::layout::Column::report).collect(),
                rows_in: table.rows.len(),
            });
            let context = Context {
                side,
                file: &loaded.name,
                sheet: table.sheet.as_deref(),
                encoding: table.encoding.as_deref(),
                columns: &layout.columns,
                words,
                runs: &runs,
                cues,
                export,
                created: loaded.created,
                is_classified,
                accept_held: self.accept_held,
            };
            self.take_rows(table, &layout, &context, on_progress);
        }
    }

    fn take_rows(
        &mut self,
        table: &Table,
        layout: &Layout,
        context: &Context<'_>,
        on_progress: &(dyn Fn(u64) + Sync),
    ) {
        // Enough rows to keep the threads busy, few enough for a lively progress bar.
        const AT_ONCE: usize = 4096;
        for (rows, skips) in table.rows.chunks(AT_ONCE).zip(layout.skipped.chunks(AT_ONCE)) {
            let outcomes: Vec<_> = rows
                .par_iter()
                .zip(skips)
                .map(|(row, skip)| match skip {
                    Some(reason) => Err(SkippedRow {
                        source: context.source(row.number),
                        reason: *reason,
                        text: if context.is_classified || context.cues.mark_row(row) {
                            String::new()
                        } else {
                            start_of(row, &layout.columns)
                        },
                    }),
                    None => Ok(assemble(row, context)),
                })
                .collect();
            for outcome in outcomes {
                match outcome {
                    Err(skipped) => self.skipped.push(skipped),
                    Ok((outcome, repairs)) => {
                        self.repairs.extend(repairs);
                        match outcome {
                            Outcome::Draft(draft) => self.drafts.push(*draft),
                            Outcome::Rejected(row) => self.rejected.push(row),
                        }
                    }
                }
            }
            self.n_rows += rows.len() as u64;
            on_progress(self.n_rows);
        }
    }

    fn finish(mut self, side: Side, options: &ImportOptions) -> Result<Intake, CorpusError> {
        let (drafts, mut merged) = families::merge(self.drafts);
        let settled = settle(side, drafts);
        merged.extend(settled.merged);
        let mut rejected = self.rejected;
        rejected.extend(settled.rejected);
        // Rows rejected late (a repeated id) stand among the others of their table.
        let order: HashMap<(&str, Option<&str>), usize> = self
            .tables
            .iter()
            .enumerate()
            .rev()
            .map(|(at, table)| ((table.file.as_str(), table.sheet.as_deref()), at))
            .collect();
        let place = |source: &SourceRef| {
            (order.get(&(source.file.as_str(), source.sheet.as_deref())).copied(), source.row)
        };
        rejected.sort_by_key(|row| place(&row.source));
        // Rows that are classified or held say nothing about how well the list was read.
        let n_rejected = rejected.iter().filter(|row| row.kind == Rejection::Faulty).count();
        let data_rows = settled.records.len() + merged.len() + n_rejected;
        let names = || self.files.iter().map(|file| file.file.clone()).collect::<Vec<_>>();
        if settled.records.is_empty() {
            return Err(CorpusError::NoRecords {
                side,
                files: names(),
                rows: usize::try_from(self.n_rows).unwrap_or(usize::MAX),
                reasons: reasons(&rejected),
            });
        }
        #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
        let share = n_rejected as f64 / data_rows as f64;
        if share > options.max_rejected_share {
            return Err(CorpusError::TooManyRejected {
                files: names(),
                rejected: n_rejected,
                data_rows,
                allowed_percent: options.max_rejected_share * 100.0,
                reasons: reasons(&rejected),
                first: rejected.first().map(|row| row.source.to_string()).unwrap_or_default(),
            });
        }
        let mut records = settled.records;
        let near_duplicates = near_duplicates::groups(&records);
        for (number, group) in (0_u32..).zip(&near_duplicates) {
            for &row in group {
                records[row as usize].duplicate_group = Some(number);
            }
        }
        veil_findings(&mut self.skipped, &mut rejected, &mut self.repairs);
        Ok(Intake {
            side,
            records,
            merged,
            skipped: self.skipped,
            rejected,
            repairs: self.repairs,
            files: self.files,
            tables: self.tables,
            near_duplicates,
        })
    }
}

fn not_understood(path: &std::path::Path, loaded: &Loaded, headers: &Headers) -> CorpusError {
    let too_wide = |row: &Row| matches!(row.fault, Some(Fault::TooManyColumns));
    if loaded.tables.iter().any(|t| t.rows.iter().take(limits::HEADING_ROWS).any(too_wide)) {
        return CorpusError::TooWide { path: path.to_owned(), limit: limits::COLUMNS };
    }
    let seen = loaded.tables.iter().max_by_key(|table| table.rows.len());
    let seen = seen.map(|table| most_like_headings(table, headers)).unwrap_or_default();
    CorpusError::NoHeadings { path: path.to_owned(), seen }
}

/// Whether a line above the headings, or around a form, marks the whole table as secret.
fn has_marked_head(table: &Table, layout: &Layout, cues: &Cues) -> bool {
    table
        .rows
        .iter()
        .zip(&layout.skipped)
        .any(|(row, skip)| *skip == Some(SkipReason::Title) && cues.mark_row(row))
}

/// Names that stand in the classification columns of a file, to cut its runs by.
fn learn_runs(tables: &[Table], layouts: &[Option<Layout>], words: &Vocabulary) -> Runs {
    let mut texts = HashMap::new();
    for (table, layout) in tables.iter().zip(layouts) {
        let Some(layout) = layout else { continue };
        let rows = table.rows.iter().zip(&layout.skipped);
        for (row, _) in rows.filter(|(_, skip)| skip.is_none()) {
            count_classifications(row, &layout.columns, &mut texts);
        }
    }
    runs_of(&texts, words)
}

/// Counts the texts in a row's classification columns.
pub(super) fn count_classifications(
    row: &Row,
    columns: &[Column],
    texts: &mut HashMap<String, usize>,
) {
    /// More different texts are descriptions and no classes.
    const MOST: usize = 200_000;
    if row.fault.is_some() {
        return;
    }
    for (column, cell) in columns.iter().zip(&row.cells) {
        if column.field != Some(Field::Classification) || cell.is_blank() {
            continue;
        }
        let text = cell.text();
        if let Some(count) = texts.get_mut(&text) {
            *count += 1;
        } else if texts.len() < MOST {
            texts.insert(text, 1);
        }
    }
}

/// Whether the text around the lists of a document marks it as secret. Sheets of instructions are
/// not looked at: they tell how to mark.
fn has_marked_text(table: &Table, cues: &Cues) -> bool {
    table.format == Format::Docx
        && table.rows.iter().take(limits::HEADING_ROWS).any(|row| cues.mark_row(row))
}

/// How to cut runs, learned from the counted texts.
pub(super) fn runs_of(texts: &HashMap<String, usize>, words: &Vocabulary) -> Runs {
    // Cells repeat: each distinct text is taken apart once.
    let steps: Vec<(String, usize)> = texts
        .iter()
        .flat_map(|(text, count)| {
            let text = clean::text(text, true).0;
            paths(&text).into_iter().flatten().map(|step| (step, *count)).collect::<Vec<_>>()
        })
        .collect();
    Runs::learn(
        steps.iter().flat_map(|(step, count)| std::iter::repeat_n(step.as_str(), *count)),
        words,
    )
}

/// The first cells of a skipped row; hidden columns and contacts stay hidden.
pub(super) fn start_of(row: &Row, columns: &[Column]) -> String {
    const CELLS: usize = 6;
    let shown = row.cells.iter().enumerate().filter(|(at, cell)| {
        let hidden = columns.get(*at).is_some_and(Column::is_hidden);
        !cell.is_blank() && !hidden
    });
    let texts: Vec<String> = shown
        .take(CELLS)
        .map(|(_, cell)| clean::shorten(&without_people(clean::trim(&cell.text())), 40))
        .collect();
    texts.join(" | ")
}

/// Cuts off what follows a word such as 填表人 or 电话: skipped rows are shown in reports.
fn without_people(text: &str) -> String {
    const WORDS: [&str; 12] = [
        "填表人",
        "填报人",
        "制表人",
        "经办人",
        "审核人",
        "负责人",
        "联系人",
        "分管领导",
        "电话",
        "手机",
        "联系方式",
        "邮箱",
    ];
    let end = WORDS.iter().filter_map(|word| Some(text.find(word)? + word.len())).min();
    match end {
        Some(end) if end < text.len() => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}

/// Reasons with the particular values left out, commonest first.
pub(super) fn reasons(rejected: &[RejectedRow]) -> Vec<(String, usize)> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for row in rejected {
        let mut general = String::new();
        let mut quoted = false;
        for c in row.reason.chars() {
            match c {
                '“' => {
                    quoted = true;
                    general.push('“');
                }
                '”' => {
                    quoted = false;
                    general.push_str("…”");
                }
                c if !quoted => general.push(c),
                _ => {}
            }
        }
        // `与 表.xlsx:12 重复` differs in every row.
        if let Some((before, rest)) = general.split_once("”与 ")
            && let Some((_, after)) = rest.split_once(" 重复")
        {
            general = format!("{before}”重复{after}");
        }
        *counts.entry(general).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}
