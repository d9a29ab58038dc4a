//! What a file is, by its bytes and never by its name.

use std::io::Cursor;

use encoding_rs::{UTF_16BE, UTF_16LE};

use super::compound;
use crate::model::Wording;

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Xlsx,
    Xls,
    Docx,
    Html,
    SpreadsheetXml,
    /// Text without markup, or bytes that turn out to be none.
    Text,
    Gzip,
    /// A zip archive that is no office document.
    Zip,
    /// An office document with a password.
    Encrypted,
    /// Something that is not read; what, in English.
    Refused(&'static str),
}

/// A kind, and the bytes that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recognised {
    pub(super) kind: Kind,
    pub(super) why: Wording,
}

fn found(kind: Kind, zh: &str, en: &str) -> Recognised {
    Recognised { kind, why: Wording::new(zh, en) }
}

/// Recognises a file. A damaged container is still taken for what it was meant to be, so that the
/// reader can say that it is damaged.
pub(super) fn recognise(bytes: &[u8]) -> Recognised {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip_kind(bytes);
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return compound_kind(bytes);
    }
    if bytes.starts_with(b"\x1f\x8b") {
        return found(Kind::Gzip, "开头是 1F 8B（gzip）", "begins with 1F 8B (gzip)");
    }
    let magics: [(&[u8], &'static str); 7] = [
        (b"%PDF-", "a PDF document"),
        (b"{\\rtf", "a word-processor document in RTF"),
        (b"Rar!", "an archive in another format than zip or gzip"),
        (b"7z\xbc\xaf", "an archive in another format than zip or gzip"),
        (b"\x28\xb5\x2f\xfd", "an archive in another format than zip or gzip"),
        (b"\xfd7zXZ", "an archive in another format than zip or gzip"),
        (b"BZh", "an archive in another format than zip or gzip"),
    ];
    if let Some((magic, what)) = magics.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        let shown = magic.escape_ascii();
        return found(
            Kind::Refused(what),
            &format!("开头是 {shown}"),
            &format!("begins with {shown}"),
        );
    }
    markup_kind(bytes)
}

/// Names of the parts of a zip archive: from its directory, or, where that is cut off, from the
/// heads of the parts that are left.
fn part_names(bytes: &[u8]) -> Vec<String> {
    if let Ok(archive) = zip::ZipArchive::new(Cursor::new(bytes)) {
        return archive
            .file_names_raw()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
    }
    // More parts than any office document has beside its sheets.
    const MOST: usize = 1_000;
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(head) = bytes.get(at..).and_then(|rest| find(rest, b"PK\x03\x04")) {
        at += head;
        let length =
            bytes.get(at + 26..at + 28).map_or(0, |b| usize::from(b[0]) | usize::from(b[1]) << 8);
        if let Some(name) = bytes.get(at + 30..at + 30 + length) {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        at += 4;
        if names.len() >= MOST {
            break;
        }
    }
    names
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn zip_kind(bytes: &[u8]) -> Recognised {
    let names = part_names(bytes);
    let has = |wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let under = |folder: &str| names.iter().any(|name| name.starts_with(folder));
    let office = |kind, part: &str| {
        found(
            kind,
            &format!("开头是 PK（zip），内有 {part}"),
            &format!("begins with PK (zip) and holds {part}"),
        )
    };
    if has("xl/workbook.bin") {
        return office(Kind::Refused("a binary workbook (.xlsb)"), "xl/workbook.bin");
    }
    if has("xl/workbook.xml") || under("xl/") {
        return office(Kind::Xlsx, "xl/workbook.xml");
    }
    if has("word/document.xml") || under("word/") {
        return office(Kind::Docx, "word/document.xml");
    }
    if under("ppt/") {
        return office(Kind::Refused("a presentation"), "ppt/");
    }
    if find(&bytes[..bytes.len().min(200)], b"mimetypeapplication/vnd.oasis").is_some() {
        return office(Kind::Refused("an OpenDocument file"), "mimetype");
    }
    if has("[Content_Types].xml") {
        return office(Kind::Xlsx, "[Content_Types].xml");
    }
    found(
        Kind::Zip,
        "开头是 PK（zip），不是办公文档",
        "begins with PK (zip) and is no office document",
    )
}

fn compound_kind(bytes: &[u8]) -> Recognised {
    let names = compound::names(bytes);
    // In a damaged container the names still stand somewhere, in UTF-16.
    let has = |wanted: &str| {
        names.iter().any(|name| name == wanted) || (names.is_empty() && has_utf16(bytes, wanted))
    };
    let with = |kind, stream: &str| {
        found(
            kind,
            &format!("开头是 D0 CF 11 E0（OLE2），内有 {stream} 流"),
            &format!("begins with D0 CF 11 E0 (OLE2) and holds the stream {stream}"),
        )
    };
    if has("EncryptedPackage") {
        return with(Kind::Encrypted, "EncryptedPackage");
    }
    for stream in ["Workbook", "Book"] {
        if has(stream) {
            return with(Kind::Xls, stream);
        }
    }
    for (stream, what) in [
        ("WordDocument", "an old word-processor document (.doc or .wps)"),
        ("WpsContents", "an old word-processor document (.doc or .wps)"),
        ("CONTENTS", "an old word-processor document (.doc or .wps)"),
        ("PowerPoint Document", "a presentation"),
    ] {
        if has(stream) {
            return with(Kind::Refused(what), stream);
        }
    }
    found(
        Kind::Refused("an old Office document without a workbook"),
        "开头是 D0 CF 11 E0（OLE2），没有工作簿流",
        "begins with D0 CF 11 E0 (OLE2) and holds no workbook",
    )
}

/// Whether the bytes hold a name in UTF-16.
fn has_utf16(bytes: &[u8], name: &str) -> bool {
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    find(bytes, &wanted).is_some()
}

/// Tells web pages and XML documents from plain text by how they begin.
fn markup_kind(bytes: &[u8]) -> Recognised {
    const HEAD: usize = 4096;
    let head = &bytes[..bytes.len().min(HEAD)];
    let text = match head {
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0,
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0,
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        _ => String::from_utf8_lossy(head),
    };
    let text = text.trim_start().to_ascii_lowercase();
    if text.starts_with("mime-version:") {
        return found(
            Kind::Refused("a web archive (MHTML)"),
            "开头是 MIME-Version:",
            "begins with MIME-Version:",
        );
    }
    let is_xml = text.starts_with("<?xml");
    if is_xml || text.starts_with("<workbook") {
        if text.contains("urn:schemas-microsoft-com:office:spreadsheet") {
            return found(
                Kind::SpreadsheetXml,
                "XML，命名空间 urn:schemas-microsoft-com:office:spreadsheet",
                "XML in the namespace urn:schemas-microsoft-com:office:spreadsheet",
            );
        }
        if text.contains("word.document") || text.contains("office/word/2003/wordml") {
            return found(
                Kind::Refused("a Word 2003 XML document"),
                "XML，处理指令指明 Word.Document",
                "XML that names Word.Document",
            );
        }
        if !text.contains("<html") {
            return found(
                Kind::Refused("an XML document"),
                "开头是 <?xml，不是表格",
                "begins with <?xml and is no spreadsheet",
            );
        }
    }
    const TAGS: [&str; 10] = [
        "<html",
        "<!doctype html",
        "<table",
        "<head",
        "<meta",
        "<body",
        "<div",
        "<style",
        "<tr",
        "<?xml",
    ];
    let after_comment = text.strip_prefix("<!--").and_then(|rest| rest.split_once("-->"));
    let begin = after_comment.map_or(text.as_str(), |(_, rest)| rest.trim_start());
    if let Some(tag) = TAGS.iter().find(|tag| begin.starts_with(**tag)) {
        return found(
            Kind::Html,
            &format!("开头是 {tag}（网页）"),
            &format!("begins with {tag} (a web page)"),
        );
    }
    found(Kind::Text, "纯文本", "plain text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        let xml = "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">";
        for (bytes, kind) in [
            (b"%PDF-1.7".as_slice(), Kind::Refused("a PDF document")),
            (b"\x1f\x8b\x08", Kind::Gzip),
            (b"{\\rtf1", Kind::Refused("a word-processor document in RTF")),
            (xml.as_bytes(), Kind::SpreadsheetXml),
            (b"<?xml version=\"1.0\"?><a/>", Kind::Refused("an XML document")),
            (b"\xef\xbb\xbf  <HTML xmlns:x=\"urn\">", Kind::Html),
            (b"<!-- saved --><table>", Kind::Html),
            ("<需求>,名称".as_bytes(), Kind::Text),
            (b"", Kind::Text),
        ] {
            assert_eq!(recognise(bytes).kind, kind, "{}", bytes.escape_ascii());
        }
        let results = include_bytes!("../../tests/fixtures/good/results.xls");
        let recognised = recognise(results);
        assert_eq!(recognised.kind, Kind::Xls);
        assert!(recognised.why.zh.contains("D0 CF 11 E0"), "{recognised:?}");
    }
}
