//! Lists of any length, record by record: text tables and JSON lines, plain or packed by gzip, in
//! memory that does not grow with their texts.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use rayon::prelude::*;

use super::assemble::{Context, Outcome, assemble, is_classified};
use super::categories::Runs;
use super::error::CorpusError;
use super::exports::Export;
use super::families::{self, Place, Plan};
use super::file::{file_name, is_same};
use super::forms;
use super::headers::{Field, Headers};
use super::identity::{Hashes, Passed, Settler, hashes};
use super::import::{
    ImportOptions, count_classifications, read_lists, reasons, runs_of, start_of, wishes,
};
use super::layout::{Column, Meanings, Wishes, columns, reason_to_skip, understand};
use super::limits;
use super::privacy::veil_findings;
use super::secrecy::Cues;
use super::table::{Row, Table};
use super::text_source::{BOMB, Source, Survey};
use super::text_stream::{Stopped, TextRows};
use super::vocabulary::Vocabulary;
use crate::model::{
    FileIntake, FileOutcome, MergedRow, Record, RejectedRow, Rejection, Repair, Side, SkipReason,
    SkippedRow, TableIntake, Wording,
};

/// Some rows of a list and what became of them, in the order of the file.
#[derive(Debug, Default)]
pub struct Batch {
    /// Good rows. Their numbers (XQ-…, GJ-…) are empty: whoever keeps the records gives them.
    pub records: Vec<Record>,
    /// Rows that went into another: equal ones, and patents of one family.
    pub merged: Vec<MergedRow>,
    /// Rows that are not records.
    pub skipped: Vec<SkippedRow>,
    /// Rows that were not taken.
    pub rejected: Vec<RejectedRow>,
    /// What was mended.
    pub repairs: Vec<Repair>,
}

/// What a stream came to.
#[derive(Debug)]
pub struct Streamed {
    /// What the file was recognised as; several for an archive.
    pub files: Vec<FileIntake>,
    /// How its tables were understood; rows read among it.
    pub tables: Vec<TableIntake>,
    /// Records that were handed on.
    pub records: u64,
    /// Rows merged, skipped and rejected.
    pub merged: u64,
    /// See `merged`.
    pub skipped: u64,
    /// See `merged`.
    pub rejected: u64,
}

/// Reads one list and hands its rows on in batches; stops early, without an error, where `sink`
/// says so.
///
/// A text table or JSON lines, also packed by gzip, is read twice from beginning to end: first to
/// find its encoding, classes and families, then to make records. Memory holds a block of the text,
/// a batch, and some 300 bytes per row for ids and families. Anything else is bounded in size,
/// read whole as by [`read_lists`], and handed on in one batch. The records are those of
/// [`read_lists`], apart from numbers and groups of near-duplicates, which need all of them; rows that
/// go into their family are not made into records first, so that nothing is told of mending them.
///
/// # Errors
/// As for [`read_lists`]; `Changed` if the file is another one at the second reading. What was
/// handed on before an error must be taken back: `TooManyRejected` and `NoRecords` are only known
/// at the end.
pub fn stream_list(
    side: Side,
    path: &Path,
    options: &ImportOptions,
    sink: &mut dyn FnMut(Batch) -> ControlFlow<()>,
) -> Result<Streamed, CorpusError> {
    match Survey::of(path)? {
        Some(survey) => {
            let headers = Headers::shipped();
            let wishes = wishes(options)?;
            let streaming = Streaming { side, path, headers, wishes, options, survey };
            // A form is short; only all of it together is a record.
            if streaming.is_form()? {
                return whole(side, path, options, sink);
            }
            streaming.run(sink)
        }
        None => whole(side, path, options, sink),
    }
}

fn whole(
    side: Side,
    path: &Path,
    options: &ImportOptions,
    sink: &mut dyn FnMut(Batch) -> ControlFlow<()>,
) -> Result<Streamed, CorpusError> {
    let mut intake = read_lists(side, &[path.to_owned()], options, &|_| {})?;
    for record in &mut intake.records {
        record.number.clear();
        record.duplicate_group = None;
    }
    let streamed = Streamed {
        files: intake.files,
        tables: intake.tables,
        records: intake.records.len() as u64,
        merged: intake.merged.len() as u64,
        skipped: intake.skipped.len() as u64,
        rejected: intake.rejected.len() as u64,
    };
    let _ = sink(Batch {
        records: intake.records,
        merged: intake.merged,
        skipped: intake.skipped,
        rejected: intake.rejected,
        repairs: intake.repairs,
    });
    Ok(streamed)
}

/// One list on its way.
struct Streaming<'a> {
    side: Side,
    path: &'a Path,
    headers: &'static Headers,
    wishes: Wishes,
    options: &'a ImportOptions,
    survey: Survey,
}

/// What the first rows tell of all.
struct Begun {
    export: Option<&'static Export>,
    columns: Vec<Column>,
    header_row: Option<u32>,
    is_classified: bool,
    /// Why rows among the first are skipped.
    skipped: HashMap<u32, SkipReason>,
    /// The last of the first rows; what comes below is judged by itself.
    until: u32,
}

/// A list at its beginning.
struct Opening {
    rows: TextRows<Source>,
    begun: Begun,
    /// The first rows, from which the headings were taken.
    first: Vec<Row>,
}

/// What the first reading found.
struct Learned {
    runs: Runs,
    places: HashMap<u32, Place>,
}

impl Streaming<'_> {
    fn run(self, sink: &mut dyn FnMut(Batch) -> ControlFlow<()>) -> Result<Streamed, CorpusError> {
        let failed = |source| CorpusError::Read { path: self.path.to_owned(), source };
        let before = std::fs::metadata(self.path).map_err(failed)?;
        let learned = self.learn()?;
        let name = file_name(self.path);
        let mut counts = Streamed {
            files: Vec::new(),
            tables: Vec::new(),
            records: 0,
            merged: 0,
            skipped: 0,
            rejected: 0,
        };
        let mut settler = Settler::default();
        let mut faulty: Vec<RejectedRow> = Vec::new();
        let mut n_faulty = 0_u64;
        let mut rows_in = 0_u64;
        let Opening { mut rows, begun, first } = self.begin()?;
        let mut batch_of_rows = Some(first);
        let mut columns = begun.columns.clone();
        let mut stopped = false;
        while let Some(batch) = batch_of_rows {
            self.grow(&rows, begun.export, &mut columns);
            rows_in += batch.len() as u64;
            let context = self.context(&name, &begun, &columns, &learned.runs);
            let mut made = self.make(&batch, &begun, &learned.places, &context, &mut settler);
            veil_findings(&mut made.skipped, &mut made.rejected, &mut made.repairs);
            counts.records += made.records.len() as u64;
            counts.merged += made.merged.len() as u64;
            counts.skipped += made.skipped.len() as u64;
            counts.rejected += made.rejected.len() as u64;
            for row in made.rejected.iter().filter(|row| row.kind == Rejection::Faulty) {
                n_faulty += 1;
                // Some are enough to say what is wrong.
                if faulty.len() < 1_000 {
                    faulty.push(RejectedRow { cells: Vec::new(), ..row.clone() });
                }
            }
            if sink(made).is_break() {
                stopped = true;
                break;
            }
            batch_of_rows = rows.next_rows().map_err(|stop| self.stopped(stop))?;
        }
        let after = std::fs::metadata(self.path).map_err(failed)?;
        if !is_same(&before, &after) {
            return Err(CorpusError::Changed { path: self.path.to_owned() });
        }
        self.report(&rows, &begun, &columns, rows_in, &mut counts);
        if !stopped && rows.into_source().digest() != self.survey.sha256 {
            return Err(CorpusError::Changed { path: self.path.to_owned() });
        }
        if !stopped {
            self.check(&counts, n_faulty, rows_in, &faulty)?;
        }
        Ok(counts)
    }

    /// Begins reading from the top: the first rows as a table.
    fn first_rows(&self) -> Result<(TextRows<Source>, Table), CorpusError> {
        let mut source = Source::open(self.path, self.survey.is_gzip)?;
        if self.survey.is_marked {
            let mut mark = [0; 3];
            source.fill(&mut mark).map_err(|error| source.told(self.path, error))?;
        }
        let name = file_name(self.path).to_lowercase();
        let name = name.trim_end_matches(".gz");
        let is_json = ["jsonl", "ndjson", "json"].iter().any(|end| name.ends_with(end));
        let mut rows = TextRows::begin(source, self.survey.encoding, is_json, self.headers)
            .map_err(|stop| self.stopped(stop))?;
        let first = rows.next_rows().map_err(|stop| self.stopped(stop))?;
        let first = first.ok_or_else(|| CorpusError::Empty { path: self.path.to_owned() })?;
        let table = Table {
            keys: rows.keys().map(<[String]>::to_vec),
            ..Table::new(None, rows.format(), first)
        };
        Ok((rows, table))
    }

    fn is_form(&self) -> Result<bool, CorpusError> {
        let (_, table) = self.first_rows()?;
        Ok(forms::read(&table, self.headers).is_some())
    }

    /// Begins reading, and finds the headings.
    fn begin(&self) -> Result<Opening, CorpusError> {
        let (rows, table) = self.first_rows()?;
        let export = Export::of(&table);
        let meanings = Meanings { headers: self.headers, export };
        let layout = understand(&table, meanings, &self.wishes).ok_or_else(|| {
            let seen = super::layout::most_like_headings(&table, self.headers);
            CorpusError::NoHeadings { path: self.path.to_owned(), seen }
        })?;
        let cues = Cues::shipped();
        let lines = table.rows.iter().zip(&layout.skipped);
        let is_classified = cues.marks(&file_name(self.path))
            || lines
                .clone()
                .any(|(row, skip)| *skip == Some(SkipReason::Title) && cues.mark_row(row));
        let skipped = lines.filter_map(|(row, skip)| Some((row.number, (*skip)?))).collect();
        let begun = Begun {
            export,
            columns: layout.columns,
            header_row: layout.header_row,
            is_classified,
            skipped,
            until: table.rows.last().map_or(0, |row| row.number),
        };
        Ok(Opening { rows, begun, first: table.rows })
    }

    fn stopped(&self, stop: Stopped) -> CorpusError {
        let path = self.path.to_owned();
        match stop {
            Stopped::Read(error) if error.to_string() == BOMB => {
                CorpusError::Bomb { path, ratio: limits::RATIO }
            }
            Stopped::Read(source) => CorpusError::Read { path, source },
            Stopped::TooLong => CorpusError::TooLarge { path, what: "one line", limit_mib: 256 },
            Stopped::TooMany => {
                CorpusError::TooMany { path, what: "rows", limit: limits::STREAMED_ROWS as u64 }
            }
        }
    }

    /// New keys of JSON lines become columns.
    fn grow(&self, rows: &TextRows<Source>, export: Option<&Export>, held: &mut Vec<Column>) {
        if let Some(keys) = rows.keys().filter(|keys| keys.len() > held.len()) {
            *held = columns(keys, Meanings { headers: self.headers, export }, &self.wishes);
        }
    }

    fn context<'c>(
        &self,
        name: &'c str,
        begun: &Begun,
        columns: &'c [Column],
        runs: &'c Runs,
    ) -> Context<'c> {
        Context {
            side: self.side,
            file: name,
            sheet: None,
            encoding: Some(self.survey.encoding),
            columns,
            words: Vocabulary::shipped(),
            runs,
            cues: Cues::shipped(),
            export: begun.export,
            created: None,
            is_classified: begun.is_classified,
            accept_held: self.options.accept_held,
        }
    }

    /// Reads the list once for what only all rows together tell.
    fn learn(&self) -> Result<Learned, CorpusError> {
        let Opening { mut rows, begun, first } = self.begin()?;
        let mut batch = Some(first);
        let mut held = begun.columns.clone();
        let mut texts = HashMap::new();
        let mut plan = Plan::default();
        let name = file_name(self.path);
        let no_runs = Runs::default();
        while let Some(some) = batch {
            self.grow(&rows, begun.export, &mut held);
            let context = self.context(&name, &begun, &held, &no_runs);
            let keys: Vec<_> = some
                .par_iter()
                .map(|row| match begun.skip(row, &held) {
                    None if self.side == Side::Supply => family_keys(row, &held, &context),
                    _ => None,
                })
                .collect();
            for (row, keys) in some.iter().zip(keys) {
                if begun.skip(row, &held).is_none() {
                    count_classifications(row, &held, &mut texts);
                }
                if let Some(keys) = keys {
                    plan.add(row.number, &keys);
                }
            }
            batch = rows.next_rows().map_err(|stop| self.stopped(stop))?;
        }
        if rows.into_source().digest() != self.survey.sha256 {
            return Err(CorpusError::Changed { path: self.path.to_owned() });
        }
        Ok(Learned { runs: runs_of(&texts, Vocabulary::shipped()), places: plan.finish() })
    }

    /// Makes records of a batch of rows, in parallel, and settles them in order.
    fn make(
        &self,
        rows: &[Row],
        begun: &Begun,
        places: &HashMap<u32, Place>,
        context: &Context<'_>,
        settler: &mut Settler,
    ) -> Batch {
        enum Made {
            Skipped(SkippedRow),
            Merged(MergedRow),
            Row(Outcome, Vec<Repair>, Option<Hashes>),
        }
        let side = self.side;
        let made: Vec<Made> = rows
            .par_iter()
            .map(|row| {
                if let Some(reason) = begun.skip(row, context.columns) {
                    let is_marked = context.is_classified || context.cues.mark_row(row);
                    let text =
                        if is_marked { String::new() } else { start_of(row, context.columns) };
                    return Made::Skipped(SkippedRow {
                        source: context.source(row.number),
                        reason,
                        text,
                    });
                }
                let place = places.get(&row.number);
                if let Some(Place::Into(into)) = place {
                    let (source, into) = (context.source(row.number), context.source(*into));
                    return Made::Merged(MergedRow { source, into });
                }
                let (mut outcome, repairs) = assemble(row, context);
                let mut hashed = None;
                if let Outcome::Draft(draft) = &mut outcome {
                    if let Some(Place::Stands(id, numbers)) = place {
                        families::take_over(draft, id.clone(), numbers.clone());
                    }
                    hashed = Some(hashes(side, draft));
                }
                Made::Row(outcome, repairs, hashed)
            })
            .collect();
        let mut batch = Batch::default();
        for made in made {
            match made {
                Made::Skipped(row) => batch.skipped.push(row),
                Made::Merged(row) => batch.merged.push(row),
                Made::Row(Outcome::Rejected(row), repairs, _) => {
                    batch.rejected.push(row);
                    batch.repairs.extend(repairs);
                }
                Made::Row(Outcome::Draft(draft), repairs, hashed) => {
                    batch.repairs.extend(repairs);
                    match settler.pass(*draft, hashed.unwrap_or_default()) {
                        Passed::Record(record) => batch.records.push(*record),
                        Passed::Merged(row) => batch.merged.push(row),
                        Passed::Rejected(row) => batch.rejected.push(row),
                    }
                }
            }
        }
        batch
    }

    fn report(
        &self,
        rows: &TextRows<Source>,
        begun: &Begun,
        columns: &[Column],
        rows_in: u64,
        counts: &mut Streamed,
    ) {
        let format = rows.format().name().to_owned();
        let packed = if self.survey.is_gzip { ("（gzip）", " (gzip)") } else { ("", "") };
        let encoding = self.survey.encoding;
        counts.files.push(FileIntake {
            file: file_name(self.path),
            sha256: self.survey.sha256.clone(),
            format: format.clone(),
            why: Wording::new(
                format!("纯文本（{encoding}）{}，逐行读取", packed.0),
                format!("plain text ({encoding}){}, read row by row", packed.1),
            ),
            variant: begun.export.map(|export| export.name.clone()),
            outcome: FileOutcome::Read,
        });
        counts.tables.push(TableIntake {
            file: file_name(self.path),
            sha256: self.survey.sha256.clone(),
            sheet: None,
            format,
            encoding: Some(encoding.to_owned()),
            header_row: begun.header_row,
            columns: columns.iter().map(Column::report).collect(),
            rows_in: usize::try_from(rows_in).unwrap_or(usize::MAX),
        });
    }

    fn check(
        &self,
        counts: &Streamed,
        n_faulty: u64,
        rows_in: u64,
        faulty: &[RejectedRow],
    ) -> Result<(), CorpusError> {
        let files = vec![file_name(self.path)];
        if counts.records == 0 {
            return Err(CorpusError::NoRecords {
                side: self.side,
                files,
                rows: usize::try_from(rows_in).unwrap_or(usize::MAX),
                reasons: reasons(faulty),
            });
        }
        let data_rows = counts.records + counts.merged + n_faulty;
        #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
        let share = n_faulty as f64 / data_rows as f64;
        if share > self.options.max_rejected_share {
            return Err(CorpusError::TooManyRejected {
                files,
                rejected: usize::try_from(n_faulty).unwrap_or(usize::MAX),
                data_rows: usize::try_from(data_rows).unwrap_or(usize::MAX),
                allowed_percent: self.options.max_rejected_share * 100.0,
                reasons: reasons(faulty),
                first: faulty.first().map(|row| row.source.to_string()).unwrap_or_default(),
            });
        }
        Ok(())
    }
}

impl Begun {
    fn skip(&self, row: &Row, columns: &[Column]) -> Option<SkipReason> {
        if row.number <= self.until {
            return self.skipped.get(&row.number).copied();
        }
        // JSON lines have no headings, totals or notes.
        self.header_row.and_then(|_| reason_to_skip(row, columns))
    }
}

/// The keys by which a row joins a family: only if it is to become a record.
fn family_keys(
    row: &Row,
    columns: &[Column],
    context: &Context<'_>,
) -> Option<families::PatentKeys> {
    if row.fault.is_some() || is_classified(row, context) {
        return None;
    }
    let texts = |field: Field| {
        columns
            .iter()
            .zip(&row.cells)
            .filter(move |(column, cell)| column.field == Some(field) && !cell.is_blank())
            .map(|(_, cell)| cell.text())
    };
    let mut titles: Vec<String> = texts(Field::Title).collect();
    if titles.is_empty() {
        // A missing title is made from the description.
        titles.extend(texts(Field::Description));
    }
    if titles.is_empty() { None } else { families::keys(row, columns, &titles.concat()) }
}
