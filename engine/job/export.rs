//! Records of the store as a file: XLSX, CSV, JSON lines or Parquet.
//!
//! Contacts are masked and owners that are not public are veiled, unless it is asked otherwise.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::sync_channel;

use jiff::civil::Date;
use serde::Serialize;

use super::nightly::guarded;
use super::{JobError, Surroundings, Workspace};
use crate::model::{Contact, Lang, Price, Record, Side, Visibility};
use crate::report::{
    ParquetFile, ParquetKind, TableCell, TableColumn, TableDates, TableLook, TableSheet,
    write_tables,
};
use crate::store::{Scope, Store, StoreError, StoredRecord, mask};

/// Rows that wait between the store and the file.
const WAITING: usize = 1_024;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One sheet per side.
    Xlsx,
    /// UTF-8 with a byte order mark.
    Csv,
    /// One object per line.
    Jsonl,
    /// Columns named as the fields of a JSON line.
    Parquet,
}

impl ExportFormat {
    /// By a file's extension.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_lowercase().as_str() {
            "xlsx" => Some(Self::Xlsx),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// What is to be exported.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// One side only.
    pub side: Option<Side>,
    /// One list or set only.
    pub scope: Scope,
    /// Whether contacts and owners are written as they are.
    pub with_contacts: bool,
}

/// One record as it is exported. Empty texts mean unknown.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Row {
    side: Side,
    number: String,
    id: String,
    list: String,
    title: String,
    body: String,
    keywords: String,
    classification: String,
    codes: String,
    organization: String,
    region: String,
    cooperation: String,
    maturity: String,
    ip_status: String,
    price_yuan: Option<[f64; 2]>,
    posted_on: Option<Date>,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    visibility: &'static str,
    person: String,
    telephone: String,
    email: String,
    address: String,
    source: String,
}

/// Names in Parquet, in the order of [`Row::cells`]; the side comes first.
const NAMES: [(&str, ParquetKind); 23] = [
    ("number", ParquetKind::Text),
    ("id", ParquetKind::Text),
    ("list", ParquetKind::Text),
    ("title", ParquetKind::Text),
    ("body", ParquetKind::Text),
    ("keywords", ParquetKind::Text),
    ("classification", ParquetKind::Text),
    ("codes", ParquetKind::Text),
    ("organization", ParquetKind::Text),
    ("region", ParquetKind::Text),
    ("cooperation", ParquetKind::Text),
    ("maturity", ParquetKind::Text),
    ("ip_status", ParquetKind::Text),
    ("price_from_yuan", ParquetKind::Number),
    ("price_to_yuan", ParquetKind::Number),
    ("posted_on", ParquetKind::Day),
    ("valid_from", ParquetKind::Day),
    ("valid_until", ParquetKind::Day),
    ("visibility", ParquetKind::Text),
    ("person", ParquetKind::Text),
    ("telephone", ParquetKind::Text),
    ("email", ParquetKind::Text),
    ("source", ParquetKind::Text),
];

/// Headings and widths, in the order of [`Row::cells`].
const COLUMNS: [(&str, &str, u8, TableLook); 23] = [
    ("编号", "Number", 14, TableLook::Code),
    ("记录ID", "Id", 16, TableLook::Code),
    ("清单", "List", 12, TableLook::Prose),
    ("名称", "Title", 30, TableLook::Prose),
    ("说明", "Description", 60, TableLook::Prose),
    ("关键词", "Keywords", 18, TableLook::Prose),
    ("分类", "Classification", 18, TableLook::Prose),
    ("分类号", "Codes", 14, TableLook::Code),
    ("单位", "Organization", 18, TableLook::Prose),
    ("地区", "Region", 10, TableLook::Prose),
    ("合作方式", "Cooperation", 12, TableLook::Prose),
    ("成熟度", "Maturity", 10, TableLook::Short),
    ("知识产权", "Intellectual property", 12, TableLook::Prose),
    ("金额下限(元)", "Price from (yuan)", 12, TableLook::Amount),
    ("金额上限(元)", "Price to (yuan)", 12, TableLook::Amount),
    ("发布日期", "Posted on", 12, TableLook::Date),
    ("有效期起", "Valid from", 12, TableLook::Date),
    ("有效期止", "Valid until", 12, TableLook::Date),
    ("公开范围", "Visibility", 8, TableLook::Short),
    ("联系人", "Contact", 10, TableLook::Prose),
    ("电话", "Telephone", 14, TableLook::Code),
    ("邮箱", "Email", 18, TableLook::Prose),
    ("来源", "Source", 20, TableLook::Prose),
];

impl Row {
    fn of(stored: StoredRecord, contact: Option<Contact>, with_contacts: bool, lang: Lang) -> Self {
        let StoredRecord { record, list, .. } = stored;
        let contact = contact.unwrap_or_default();
        let contact = if with_contacts { contact } else { mask(&contact) };
        let visibility = match record.visibility {
            Visibility::Public => lang.pick("公开", "public"),
            Visibility::Anonymous => lang.pick("匿名", "anonymous"),
            Visibility::Internal => lang.pick("内部", "internal"),
        };
        let owner = if with_contacts || record.visibility == Visibility::Public {
            record.organization.clone().unwrap_or_default()
        } else {
            visibility.to_owned()
        };
        Self::with(record, list, owner, contact, visibility, lang)
    }

    fn with(
        record: Record,
        list: String,
        organization: String,
        contact: Contact,
        visibility: &'static str,
        lang: Lang,
    ) -> Self {
        let and = lang.pick("、", ", ");
        let paths: Vec<String> = record.classification.iter().map(|path| path.join("——")).collect();
        let ways: Vec<&str> = record.cooperation.iter().map(|way| way.label(lang)).collect();
        Self {
            side: record.side,
            number: record.number,
            id: record.id.0,
            list,
            title: record.title,
            body: record.body,
            keywords: record.keywords.join(and),
            classification: paths.join(lang.pick("；", "; ")),
            codes: record.codes.join(lang.pick("；", "; ")),
            organization,
            region: record.region.unwrap_or_default(),
            cooperation: ways.join(and),
            maturity: record.maturity.map_or("", |maturity| maturity.label(lang)).to_owned(),
            ip_status: record.ip_status.unwrap_or_default(),
            price_yuan: match record.price {
                Some(Price::Yuan(yuan)) => Some([yuan, yuan]),
                Some(Price::YuanRange(from, to)) => Some([from, to]),
                Some(Price::Negotiable) | None => None,
            },
            posted_on: record.posted_on,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            visibility,
            person: contact.person.unwrap_or_default(),
            telephone: contact.telephone.unwrap_or_default(),
            email: contact.email.unwrap_or_default(),
            address: contact.address.unwrap_or_default(),
            source: record.source.to_string(),
        }
    }

    fn cells(self) -> Vec<TableCell> {
        let price = |at: usize| {
            self.price_yuan.map_or(TableCell::Blank, |price| TableCell::Number(price[at]))
        };
        let prices = [price(0), price(1)];
        let [from, to] = prices;
        vec![
            self.number.into(),
            self.id.into(),
            self.list.into(),
            self.title.into(),
            self.body.into(),
            self.keywords.into(),
            self.classification.into(),
            self.codes.into(),
            self.organization.into(),
            self.region.into(),
            self.cooperation.into(),
            self.maturity.into(),
            self.ip_status.into(),
            from,
            to,
            self.posted_on.into(),
            self.valid_from.into(),
            self.valid_until.into(),
            self.visibility.into(),
            self.person.into(),
            self.telephone.into(),
            self.email.into(),
            self.source.into(),
        ]
    }
}

/// Writes the live records to `path`, beside its place first; returns how many there are by side.
/// Rows stream from the store to the file.
///
/// # Errors
/// [`JobError::UnknownList`], [`JobError::Store`], [`JobError::Report`], [`JobError::Io`].
pub fn export(
    workspace: &Workspace,
    path: &Path,
    format: ExportFormat,
    options: &ExportOptions,
    around: &Surroundings,
) -> Result<[u64; 2], JobError> {
    let store = workspace.store_read_only()?;
    check_scope(&store, &options.scope)?;
    let lang = workspace.config().matching.lang;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = tempfile::Builder::new()
        .prefix(".duijie-export-")
        .tempfile_in(parent.unwrap_or(Path::new(".")))
        .map_err(|e| JobError::io("create", path, e))?;
    let sides: Vec<Side> = match options.side {
        Some(side) => vec![side],
        None => vec![Side::Demand, Side::Supply],
    };
    let source = Source { workspace, options, lang };
    let failed = |e: io::Error| JobError::io("write", path, e);
    let counts = match format {
        ExportFormat::Xlsx => {
            let dates = TableDates {
                title: lang.pick("清单导出", "Exported lists"),
                data_until: data_until(&store, &sides, &options.scope)?,
                started_at: &around.started_at,
                as_of: around.started_at.date(),
                lang,
            };
            source.write_workbook(beside.path(), &dates, &sides)?
        }
        ExportFormat::Csv => {
            source.write_csv(beside.reopen().map_err(failed)?, &sides).map_err(|e| e.at(path))?
        }
        ExportFormat::Jsonl => {
            source.write_jsonl(beside.reopen().map_err(failed)?, &sides).map_err(|e| e.at(path))?
        }
        ExportFormat::Parquet => source
            .write_parquet(beside.reopen().map_err(failed)?, &sides)
            .map_err(|e| e.at(path))?,
    };
    beside.as_file().sync_all().map_err(failed)?;
    beside.persist(path).map_err(|e| failed(e.error))?;
    Ok(counts)
}

fn check_scope(store: &Store, scope: &Scope) -> Result<(), JobError> {
    let (name, known): (&String, Vec<String>) = match scope {
        Scope::All => return Ok(()),
        Scope::List(name) => (name, store.lists()?.into_iter().map(|list| list.name).collect()),
        Scope::Set(name) => (name, store.sets()?.into_iter().map(|set| set.name).collect()),
    };
    if known.contains(name) {
        Ok(())
    } else {
        Err(JobError::UnknownList { name: name.clone(), known })
    }
}

fn data_until(store: &Store, sides: &[Side], scope: &Scope) -> Result<Option<Date>, JobError> {
    let mut latest = None;
    for &side in sides {
        store.for_each_live(side, scope, store.head()?, |stored| {
            latest = latest.max(stored.record.posted_on);
            Ok(())
        })?;
    }
    Ok(latest)
}

/// Why a file could not be written, before it is known which one.
enum Failed {
    Store(StoreError),
    Job(JobError),
    Io(io::Error),
}

impl Failed {
    fn at(self, path: &Path) -> JobError {
        match self {
            Self::Store(error) => error.into(),
            Self::Job(error) => error,
            Self::Io(error) => JobError::io("write", path, error),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Source<'a> {
    workspace: &'a Workspace,
    options: &'a ExportOptions,
    lang: Lang,
}

impl Source<'_> {
    /// Hands every row of a side to `take`. Contacts are read by a second connection: the first one
    /// is in the middle of its rows.
    fn each(
        &self,
        side: Side,
        take: &mut dyn FnMut(Row) -> Result<(), Failed>,
    ) -> Result<u64, Failed> {
        let rows = self.workspace.store_read_only().map_err(Failed::Job)?;
        let contacts = self.workspace.store_read_only().map_err(Failed::Job)?;
        let head = rows.head().map_err(Failed::Store)?;
        let mut n = 0;
        let mut failed = None;
        let read = rows.for_each_live(side, &self.options.scope, head, |stored| {
            if failed.is_some() {
                return Ok(());
            }
            let contact = contacts.contact_of_record(side, &stored.record.id)?;
            let row = Row::of(stored, contact, self.options.with_contacts, self.lang);
            match take(row) {
                Ok(()) => n += 1,
                Err(error) => failed = Some(error),
            }
            Ok(())
        });
        match failed {
            Some(error) => Err(error),
            None => read.map(|()| n).map_err(Failed::Store),
        }
    }

    fn write_csv(&self, file: File, sides: &[Side]) -> Result<[u64; 2], Failed> {
        let mut file = BufWriter::new(file);
        // The mark by which spreadsheet programs know UTF-8.
        file.write_all("\u{feff}".as_bytes())?;
        let mut out = csv::Writer::from_writer(file);
        let csv = |error: csv::Error| Failed::Io(error.into());
        let heading = |zh: &'static str, en: &'static str| self.lang.pick(zh, en);
        let headings = COLUMNS.iter().map(|(zh, en, ..)| heading(zh, en));
        out.write_record(std::iter::once(heading("供需", "Side")).chain(headings)).map_err(csv)?;
        let mut counts = [0; 2];
        for &side in sides {
            counts[side as usize] = self.each(side, &mut |row| {
                let side = row.side.label(self.lang).to_owned();
                let cells = row.cells().into_iter().map(|cell| match cell {
                    TableCell::Blank => String::new(),
                    TableCell::Text(text) => guarded(&text),
                    TableCell::Number(number) => number.to_string(),
                    TableCell::Day(day) => day.to_string(),
                });
                out.write_record(std::iter::once(side).chain(cells)).map_err(csv)
            })?;
        }
        out.flush()?;
        Ok(counts)
    }

    fn write_jsonl(&self, file: File, sides: &[Side]) -> Result<[u64; 2], Failed> {
        let mut out = BufWriter::new(file);
        let mut counts = [0; 2];
        for &side in sides {
            counts[side as usize] = self.each(side, &mut |row| {
                serde_json::to_writer(&mut out, &row).map_err(io::Error::from)?;
                Ok(out.write_all(b"\n")?)
            })?;
        }
        out.flush()?;
        Ok(counts)
    }

    fn write_parquet(&self, file: File, sides: &[Side]) -> Result<[u64; 2], Failed> {
        let failed = |error: parquet::errors::ParquetError| Failed::Io(io::Error::other(error));
        let columns: Vec<(&str, ParquetKind)> =
            std::iter::once(("side", ParquetKind::Text)).chain(NAMES).collect();
        let mut out = ParquetFile::new(BufWriter::new(file), &columns).map_err(failed)?;
        let mut counts = [0; 2];
        for &side in sides {
            counts[side as usize] = self.each(side, &mut |row| {
                let word = match row.side {
                    Side::Demand => "demand",
                    Side::Supply => "supply",
                };
                let cells = std::iter::once(TableCell::from(word)).chain(row.cells()).collect();
                out.push(cells).map_err(failed)
            })?;
        }
        out.finish().map_err(failed)?;
        Ok(counts)
    }

    /// The workbook pulls its rows, the store pushes them: a thread and a short queue between.
    fn write_workbook(
        &self,
        path: &Path,
        dates: &TableDates<'_>,
        sides: &[Side],
    ) -> Result<[u64; 2], JobError> {
        std::thread::scope(|scope| {
            let mut readers = Vec::new();
            let mut sheets = Vec::new();
            for &side in sides {
                let (send, receive) = sync_channel::<Row>(WAITING);
                readers.push((
                    side,
                    scope.spawn(move || {
                        self.each(side, &mut |row| {
                            // The writer has failed and says why itself.
                            send.send(row)
                                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe).into())
                        })
                    }),
                ));
                sheets.push(TableSheet {
                    name: side.label(self.lang).to_owned(),
                    columns: COLUMNS
                        .iter()
                        .map(|(zh, en, width, look)| {
                            TableColumn::new(self.lang.pick(zh, en), *width, *look)
                        })
                        .collect(),
                    rows: Box::new(receive.into_iter().map(Row::cells)),
                });
            }
            let written = write_tables(path, dates, sheets);
            let mut counts = [0; 2];
            let mut trouble = None;
            for (side, reader) in readers {
                match reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                    Ok(n) => counts[side as usize] = n,
                    Err(error) => trouble = Some(error),
                }
            }
            written?;
            trouble.map_or(Ok(counts), |error| Err(error.at(path)))
        })
    }
}
