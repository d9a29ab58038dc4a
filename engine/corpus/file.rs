//! One file: what it really is, and its tables.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::archive::{self, Members};
use super::decode::{Decoded, decode};
use super::delimited;
use super::document::tables as document_tables;
use super::docx;
use super::error::CorpusError;
use super::forms;
use super::headers::Headers;
use super::html;
use super::jsonl;
use super::limits;
use super::recognise::{Kind, Recognised, recognise};
use super::spreadsheet_xml;
use super::table::{Format, Table, is_blank};
use super::workbook;
use crate::model::{Diagnosis, FileIntake, FileOutcome, Lang, Wording};

/// A file, or a member of an archive, as read.
pub(super) struct Loaded {
    /// Name without its folder; of a member `archive.zip/member.csv`.
    pub(super) name: String,
    /// 64 hexadecimal digits.
    pub(super) sha256: String,
    pub(super) tables: Vec<Table>,
    /// The extension, where the content is of another format.
    pub(super) misnamed: Option<String>,
    /// Which bytes say what it is.
    pub(super) why: Wording,
    /// Which form it is, where it is one.
    pub(super) form: Option<Wording>,
    /// The day on which a workbook says that it was made.
    pub(super) created: Option<Date>,
}

impl Loaded {
    /// What an import tells of the file.
    pub(super) fn report(&self) -> FileIntake {
        FileIntake {
            file: self.name.clone(),
            sha256: self.sha256.clone(),
            format: self.tables.first().map_or("", |table| table.format.name()).to_owned(),
            why: self.why.clone(),
            variant: self.form.clone(),
            outcome: FileOutcome::Read,
        }
    }
}

/// What one path held.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) loaded: Vec<Loaded>,
    /// Members that were passed over or refused.
    pub(super) others: Vec<FileIntake>,
}

/// Reads a file by its content, a zip archive with all its members; the extension decides only
/// between text formats.
pub(super) fn open(path: &Path, headers: &Headers) -> Result<Opened, CorpusError> {
    let name = file_name(path);
    if archive::is_lock_file(&name) {
        let found = "the lock file of a document that is open";
        return Err(CorpusError::UnknownFormat { path: path.to_owned(), found });
    }
    let bytes = read_stable(path, &mut || {})?;
    let mut opened = Opened::default();
    let recognised = recognise(&bytes);
    match recognised.kind {
        Kind::Gzip => {
            let unpacked = archive::gunzip(path, &bytes)?;
            let inner = recognise(&unpacked);
            if matches!(inner.kind, Kind::Gzip | Kind::Zip) {
                return Err(CorpusError::Nested {
                    path: path.to_owned(),
                    member: inner_name(&name),
                });
            }
            let packed = Some(recognised.why);
            let place = Place { path: path.to_owned(), name: name.clone(), packed };
            opened.loaded.push(read(&place, &inner_name(&name), &unpacked, inner, headers)?);
        }
        Kind::Zip => open_members(path, &name, &bytes, &recognised.why, headers, &mut opened)?,
        _ => {
            let place = Place { path: path.to_owned(), name: name.clone(), packed: None };
            opened.loaded.push(read(&place, &name, &bytes, recognised, headers)?);
        }
    }
    Ok(opened)
}

/// Reads a file as one: the tables of an archive's members stand together.
pub(super) fn load(path: &Path, headers: &Headers) -> Result<Loaded, CorpusError> {
    let mut loaded = open(path, headers)?.loaded.into_iter();
    let mut all = loaded.next().ok_or_else(|| CorpusError::Empty { path: path.to_owned() })?;
    for other in loaded {
        all.tables.extend(other.tables);
    }
    Ok(all)
}

/// The files that paths stand for: a folder stands for what lies directly in it, by name. What
/// office programs and systems leave behind is passed over and told.
pub(super) fn expand(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<FileIntake>), CorpusError> {
    let mut files = Vec::new();
    let mut skipped = Vec::new();
    let lock_file = |name: String| FileIntake {
        file: name,
        sha256: String::new(),
        format: String::new(),
        why: Wording::new(
            "办公软件的锁文件，不是清单；对应的文件可能正打开着",
            "a lock file of an office program and no list; its document may be open",
        ),
        variant: None,
        outcome: FileOutcome::Skipped,
    };
    for path in paths {
        if !path.is_dir() {
            // Named alone it is told as what it is, among others (a pattern caught it) passed over.
            if paths.len() > 1 && archive::is_lock_file(&file_name(path)) {
                skipped.push(lock_file(file_name(path)));
            } else {
                files.push(path.clone());
            }
            continue;
        }
        let failed = |source| CorpusError::Read { path: path.clone(), source };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            if entry.is_file() {
                inside.push(entry);
            }
        }
        inside.sort_unstable();
        for file in inside {
            let name = file_name(&file);
            if archive::is_lock_file(&name) {
                skipped.push(lock_file(name));
            } else if !archive::is_litter(&name) {
                files.push(file);
            }
        }
        if files.is_empty() && paths.len() == 1 {
            return Err(CorpusError::Empty { path: path.clone() });
        }
    }
    Ok((files, skipped))
}

/// What an import tells of one of several files that could not be read.
pub(super) fn refusal(name: String, error: &CorpusError) -> FileIntake {
    let told =
        |lang| format!("{}{}", error.message(lang), lang.pick("。", ". ")) + &error.remedy(lang);
    FileIntake {
        file: name,
        sha256: String::new(),
        format: String::new(),
        why: Wording::new(told(Lang::Zh), told(Lang::En)),
        variant: None,
        outcome: FileOutcome::Refused,
    }
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The name of what a gzip file holds.
fn inner_name(name: &str) -> String {
    let cut = name.len().saturating_sub(3);
    match name.get(cut..) {
        Some(end) if end.eq_ignore_ascii_case(".gz") => name[..cut].to_owned(),
        _ => name.to_owned(),
    }
}

fn both(outer: &Wording, inner: &Wording) -> Wording {
    Wording::new(
        format!("{}；里面：{}", outer.zh, inner.zh),
        format!("{}; inside: {}", outer.en, inner.en),
    )
}

fn open_members(
    path: &Path,
    name: &str,
    bytes: &[u8],
    why: &Wording,
    headers: &Headers,
    opened: &mut Opened,
) -> Result<(), CorpusError> {
    let mut members = Members::open(path, bytes)?;
    let mut first_error = None;
    while let Some(member) = members.next()? {
        let place = Place {
            path: path.join(&member.name),
            name: format!("{name}/{}", member.name),
            packed: Some(why.clone()),
        };
        let inner = recognise(&member.bytes);
        let read = match inner.kind {
            Kind::Gzip | Kind::Zip => {
                // A whole archive is refused: what hides in it was not meant to be seen.
                return Err(CorpusError::Nested { path: path.to_owned(), member: member.name });
            }
            _ => read(&place, &member.name, &member.bytes, inner, headers),
        };
        match read {
            Ok(loaded) => opened.loaded.push(loaded),
            Err(error) => {
                opened.others.push(refusal(place.name, &error));
                first_error.get_or_insert(error);
            }
        }
    }
    match (opened.loaded.is_empty(), first_error) {
        (false, _) => Ok(()),
        (true, Some(first)) => {
            Err(CorpusError::NothingReadable { path: path.to_owned(), first: Box::new(first) })
        }
        (true, None) => Err(CorpusError::UnknownFormat {
            path: path.to_owned(),
            found: "an archive without lists",
        }),
    }
}

/// Where bytes come from.
struct Place {
    /// For messages.
    path: PathBuf,
    /// For the records' sources.
    name: String,
    /// What says that it is packed.
    packed: Option<Wording>,
}

/// Reads the tables of one file; `named` is the name whose extension is compared.
fn read(
    place: &Place,
    named: &str,
    bytes: &[u8],
    recognised: Recognised,
    headers: &Headers,
) -> Result<Loaded, CorpusError> {
    let path = place.path.as_path();
    if bytes.is_empty() {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    let extension = Path::new(named)
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let unknown = |found| CorpusError::UnknownFormat { path: path.to_owned(), found };
    let text = || decode(bytes).ok_or_else(|| unknown("binary data"));
    let mut why = recognised.why;
    let mut created = None;
    let tables = match recognised.kind {
        Kind::Refused(found) => return Err(unknown(found)),
        Kind::Encrypted => return Err(CorpusError::Encrypted { path: path.to_owned() }),
        Kind::Gzip | Kind::Zip => {
            return Err(CorpusError::Nested { path: path.to_owned(), member: named.to_owned() });
        }
        Kind::Xlsx => {
            let tables = workbook::read_xlsx(path, bytes)?;
            created = workbook::created(path, bytes);
            tables
        }
        Kind::Xls => workbook::read_xls(path, bytes)?,
        Kind::Docx => document_tables(docx::read(path, bytes)?, headers),
        Kind::Html => {
            let decoded = text()?;
            let tables = html::read(path, &decoded.text)?;
            if tables.is_empty() {
                return Err(unknown("a web page without a table"));
            }
            with_encoding(tables, decoded.encoding)
        }
        Kind::SpreadsheetXml => {
            let decoded = text()?;
            with_encoding(spreadsheet_xml::read(path, &decoded.text)?, decoded.encoding)
        }
        Kind::Text => {
            let table = read_text(path, &extension, &text()?, headers)?;
            why = text_why(&table);
            vec![table]
        }
    };
    if tables.iter().all(|table| table.rows.is_empty()) {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    let mut form = None;
    let tables = tables
        .into_iter()
        .map(|table| match forms::read(&table, headers) {
            Some(found) => {
                form.get_or_insert(found.variant);
                found.table
            }
            None => table,
        })
        .collect::<Vec<_>>();
    let misnamed =
        tables.first().filter(|table| !fits(&extension, table.format)).map(|_| extension);
    Ok(Loaded {
        name: place.name.clone(),
        sha256: hex(&Sha256::digest(bytes)),
        tables,
        misnamed,
        why: place.packed.as_ref().map_or_else(|| why.clone(), |packed| both(packed, &why)),
        form,
        created,
    })
}

fn with_encoding(mut tables: Vec<Table>, encoding: &str) -> Vec<Table> {
    for table in &mut tables {
        table.encoding = Some(encoding.to_owned());
    }
    tables
}

fn text_why(table: &Table) -> Wording {
    let encoding = table.encoding.as_deref().unwrap_or_default();
    match table.format {
        Format::Jsonl => Wording::new(
            format!("纯文本（{encoding}），每行一个 JSON 对象"),
            format!("plain text ({encoding}), one JSON object per line"),
        ),
        Format::Tsv => Wording::new(
            format!("纯文本（{encoding}），以制表符分列"),
            format!("plain text ({encoding}), cells parted by tabs"),
        ),
        _ => Wording::new(
            format!("纯文本（{encoding}），以逗号或分号分列"),
            format!("plain text ({encoding}), cells parted by commas or semicolons"),
        ),
    }
}

/// Reads a whole file, and makes sure that it did not change meanwhile: size and time of the last
/// change before and after, and, for a file changed a moment ago (clocks of file systems are
/// coarse), its bytes a second time. `between` is called once the bytes were read.
fn read_stable(path: &Path, between: &mut dyn FnMut()) -> Result<Vec<u8>, CorpusError> {
    /// Time within which a change may leave the time of the last change as it is: FAT keeps two
    /// seconds.
    const FRESH_SECONDS: u64 = 3;
    let failed = |source| CorpusError::Read { path: path.to_owned(), source };
    let before = std::fs::metadata(path).map_err(failed)?;
    let bytes = read_bounded(path)?;
    between();
    let changed = || CorpusError::Changed { path: path.to_owned() };
    let after = std::fs::metadata(path).map_err(|_| changed())?;
    if !is_same(&before, &after) || (after.is_file() && after.len() != bytes.len() as u64) {
        return Err(changed());
    }
    let is_fresh = after
        .modified()
        .ok()
        .and_then(|time| time.elapsed().ok())
        .is_none_or(|age| age.as_secs() < FRESH_SECONDS);
    if after.is_file() && is_fresh && read_bounded(path)? != bytes {
        return Err(changed());
    }
    Ok(bytes)
}

/// Whether two looks at a file show the same size and time of the last change.
pub(super) fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, CorpusError> {
    let failed = |source| CorpusError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let too_large = || CorpusError::TooLarge {
        path: path.to_owned(),
        what: "the file",
        limit_mib: limits::FILE_BYTES >> 20,
    };
    if size > limits::FILE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // A pipe or a growing file may give more than its size says.
    file.take(limits::FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limits::FILE_BYTES { Err(too_large()) } else { Ok(bytes) }
}

fn read_text(
    path: &Path,
    extension: &str,
    decoded: &Decoded<'_>,
    headers: &Headers,
) -> Result<Table, CorpusError> {
    let text = decoded.text.trim_start();
    if is_blank(text.get(..1024).unwrap_or(text)) && is_blank(text) {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    if text.starts_with('[') && serde_json_begins(text) {
        let found = "a JSON array";
        return Err(CorpusError::UnknownFormat { path: path.to_owned(), found });
    }
    let named_jsonl = ["jsonl", "ndjson", "json"].contains(&extension);
    let table = if jsonl::looks_like(&decoded.text) || (named_jsonl && text.starts_with('{')) {
        jsonl::read(decoded)
    } else {
        delimited::read(decoded, headers)
    };
    let limit = limits::ROWS as u64;
    table.ok_or_else(|| CorpusError::TooMany { path: path.to_owned(), what: "rows", limit })
}

/// `[{` or `[]`: a JSON array of objects, not a table whose first cell begins with a bracket.
fn serde_json_begins(text: &str) -> bool {
    text[1..].trim_start().starts_with(['{', ']'])
}

fn fits(extension: &str, format: Format) -> bool {
    match format {
        Format::Xlsx => ["xlsx", "xlsm", "xltx", "et"].contains(&extension),
        Format::Xls => ["xls", "xlt", "et"].contains(&extension),
        Format::Html => ["html", "htm", "xhtml"].contains(&extension),
        Format::SpreadsheetXml => extension == "xml",
        Format::Docx => ["docx", "docm", "dotx"].contains(&extension),
        // Semicolons and tabs are common under .csv, and .txt says nothing.
        Format::Csv | Format::Tsv => ["csv", "tsv", "txt", "tab", ""].contains(&extension),
        Format::Jsonl => ["jsonl", "ndjson", "json", "txt", ""].contains(&extension),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_while_it_is_read_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        for changed in ["名称\n甲乙\n", "名称\n乙\n"] {
            std::fs::write(&path, "名称\n甲\n").expect("written");
            assert!(read_stable(&path, &mut || {}).is_ok());
            let read = read_stable(&path, &mut || std::fs::write(&path, changed).expect("written"));
            assert!(matches!(read, Err(CorpusError::Changed { .. })), "{changed}");
        }
        std::fs::write(&path, "名称\n甲\n").expect("written");
        let read = read_stable(&path, &mut || std::fs::remove_file(&path).expect("removed"));
        assert!(matches!(read, Err(CorpusError::Changed { .. })));
    }
}
