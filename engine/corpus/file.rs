//! One file: what it really is, and its tables.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::decode::{Decoded, decode};
use super::delimited;
use super::error::CorpusError;
use super::headers::Headers;
use super::jsonl;
use super::limits;
use super::table::{Format, Table, is_blank};
use super::workbook;

/// A file as read.
pub(super) struct Loaded {
    /// Name without its folder.
    pub(super) name: String,
    /// 64 hexadecimal digits.
    pub(super) sha256: String,
    pub(super) tables: Vec<Table>,
    /// The extension, where the content is of another format.
    pub(super) misnamed: Option<String>,
}

/// Reads a file by its content; the extension decides only between text formats.
pub(super) fn load(path: &Path, headers: &Headers) -> Result<Loaded, CorpusError> {
    let bytes = read_bounded(path)?;
    if bytes.is_empty() {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let unknown = |found| CorpusError::UnknownFormat { path: path.to_owned(), found };
    let tables = match container(&bytes) {
        Container::Zip(Some(refused)) | Container::Refused(refused) => {
            return Err(unknown(refused));
        }
        Container::Zip(None) => workbook::read_xlsx(path, &bytes)?,
        Container::Ole if has_utf16(&bytes, "EncryptedPackage") => {
            return Err(CorpusError::Encrypted { path: path.to_owned() });
        }
        Container::Ole if !has_utf16(&bytes, "Workbook") && !has_utf16(&bytes, "Book") => {
            return Err(unknown("an old Office document without a workbook"));
        }
        Container::Ole => workbook::read_xls(path, &bytes)?,
        Container::Text => {
            let decoded = decode(&bytes).ok_or_else(|| unknown("binary data"))?;
            vec![read_text(path, &extension, &decoded, headers)?]
        }
    };
    if tables.iter().all(|table| table.rows.is_empty()) {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    let misnamed =
        tables.first().filter(|table| !fits(&extension, table.format)).map(|_| extension);
    Ok(Loaded { name, sha256: hex(&Sha256::digest(&bytes)), tables, misnamed })
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
    let unknown = |found| CorpusError::UnknownFormat { path: path.to_owned(), found };
    let text = decoded.text.trim_start();
    if is_blank(text.get(..1024).unwrap_or(text)) && is_blank(text) {
        return Err(CorpusError::Empty { path: path.to_owned() });
    }
    let begin: String = text.chars().take(200).flat_map(char::to_lowercase).collect();
    if ["<html", "<!doctype", "<table", "<?xml", "<head", "<meta"]
        .iter()
        .any(|tag| begin.starts_with(tag))
    {
        return Err(unknown("a web page"));
    }
    if text.starts_with('[') && serde_json_begins(text) {
        return Err(unknown("a JSON array"));
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

enum Container {
    /// A zip archive; with what it is if not a workbook.
    Zip(Option<&'static str>),
    Ole,
    Text,
    Refused(&'static str),
}

fn container(bytes: &[u8]) -> Container {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        // The names stand in the archive as they are; a truncated workbook still has its first.
        return Container::Zip(
            if has(b"xl/") || has(b"[Content_Types].xml") && !has(b"word/") && !has(b"ppt/") {
                None
            } else if has(b"mimetypeapplication/vnd.oasis") {
                Some("an OpenDocument file")
            } else {
                Some("a word-processor document or another archive")
            },
        );
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Container::Ole;
    }
    if bytes.starts_with(b"%PDF-") {
        return Container::Refused("a PDF document");
    }
    let packed: [&[u8]; 4] = [b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"];
    if packed.iter().any(|magic| bytes.starts_with(magic)) {
        return Container::Refused("a compressed archive");
    }
    Container::Text
}

/// Whether an OLE2 container names a stream so; its directory holds names in UTF-16.
fn has_utf16(bytes: &[u8], name: &str) -> bool {
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn fits(extension: &str, format: Format) -> bool {
    match format {
        Format::Xlsx => ["xlsx", "xlsm", "xltx"].contains(&extension),
        Format::Xls => ["xls", "xlt", "et"].contains(&extension),
        // Semicolons and tabs are common under .csv, and .txt says nothing.
        Format::Csv | Format::Tsv => ["csv", "tsv", "txt", "tab", ""].contains(&extension),
        Format::Jsonl => ["jsonl", "ndjson", "json", "txt", ""].contains(&extension),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
