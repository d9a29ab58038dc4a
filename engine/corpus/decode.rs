//! From bytes to text: which encoding, and what if lines differ.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_16BE, UTF_16LE};

/// One line of a text file.
#[derive(Debug)]
pub(super) struct OddLine {
    /// Line from 0.
    pub(super) line: usize,
    /// The encoding it was read in; `None` if it could not be read.
    pub(super) encoding: Option<&'static str>,
}

/// A text file, decoded.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) encoding: &'static str,
    /// Lines that are not in `encoding`, ascending.
    pub(super) odd_lines: Vec<OddLine>,
}

/// Decodes a text file; `None` if it is binary.
///
/// A byte order mark decides; without one, zero bytes in every second place mean UTF-16, and zero
/// bytes anywhere else that this is no text. What is valid UTF-8 is UTF-8, else GB18030 (which
/// contains GBK and GB2312). Where neither holds for the whole file, every line is decoded by
/// itself, and a line that is text in neither is replaced by U+FFFD and reported.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded<'_>> {
    let whole = |text, encoding| Some(Decoded { text, encoding, odd_lines: Vec::new() });
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return whole(UTF_16LE.decode_without_bom_handling(rest).0, "UTF-16LE");
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return whole(UTF_16BE.decode_without_bom_handling(rest).0, "UTF-16BE");
    }
    let (bytes, marked) =
        bytes.strip_prefix(b"\xef\xbb\xbf").map_or((bytes, false), |rest| (rest, true));
    let zeros = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|&&b| b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if even + odd > 0 {
        // Even a wholly Chinese UTF-16 table has its commas and line ends: one byte in a hundred.
        let enough = (even + odd) * 100 >= bytes.len();
        return match (enough, even, odd) {
            (true, e, o) if o > 20 * e => {
                whole(UTF_16LE.decode_without_bom_handling(bytes).0, "UTF-16LE")
            }
            (true, e, o) if e > 20 * o => {
                whole(UTF_16BE.decode_without_bom_handling(bytes).0, "UTF-16BE")
            }
            _ => few_zeros(bytes, even + odd),
        };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return whole(Cow::Borrowed(text), "UTF-8");
    }
    by_lines(bytes, marked)
}

/// A stray zero byte in a text is mended later as a control character; many mean binary data.
fn few_zeros(bytes: &[u8], zeros: usize) -> Option<Decoded<'_>> {
    const STRAY_PER_BYTES: usize = 10_000;
    if zeros > 1 + bytes.len() / STRAY_PER_BYTES {
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            Some(Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", odd_lines: Vec::new() })
        }
        Err(_) => by_lines(bytes, false),
    }
}

enum LineKind {
    Ascii,
    Utf8,
    Other,
}

/// GBK pairs may by chance be valid two-byte UTF-8 (“联通” in Windows Notepad), but hardly
/// three-byte UTF-8: only a line with a character from U+0800 on counts as UTF-8.
fn kind(line: &[u8]) -> LineKind {
    if line.is_ascii() {
        return LineKind::Ascii;
    }
    match std::str::from_utf8(line) {
        Ok(text) if text.chars().any(|c| c >= '\u{800}') => LineKind::Utf8,
        _ => LineKind::Other,
    }
}

fn gb18030(line: &[u8]) -> Option<Cow<'_, str>> {
    let text = GB18030.decode_without_bom_handling_and_without_replacement(line)?;
    // encoding_rs maps a lone 0x80 and the user-defined rows to private use: never in a list.
    if text.chars().any(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)) { None } else { Some(text) }
}

/// What the lines of a text file are in, counted as they come.
#[derive(Debug, Default)]
pub(super) struct Census {
    utf8: usize,
    other: usize,
    /// Some line is not UTF-8 at all.
    broken: bool,
    /// The file begins with the mark of UTF-8.
    pub(super) marked: bool,
}

impl Census {
    /// Counts whole lines.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&b| b == b'\n') {
            match kind(line) {
                LineKind::Ascii => {}
                LineKind::Utf8 => self.utf8 += 1,
                LineKind::Other => {
                    self.other += 1;
                    self.broken |= std::str::from_utf8(line).is_err();
                }
            }
        }
    }

    /// The encoding of the file, of which single lines may differ.
    pub(super) const fn main(&self) -> &'static str {
        if !self.broken || self.marked || self.utf8 >= self.other { "UTF-8" } else { "GB18030" }
    }
}

fn by_lines(bytes: &[u8], marked: bool) -> Option<Decoded<'_>> {
    let mut census = Census { marked, ..Census::default() };
    census.count(bytes);
    let main = census.main();
    let (text, odd_lines) = decode_lines(bytes, main);
    let unreadable = odd_lines.iter().filter(|odd| odd.encoding.is_none()).count();
    // A file most of whose lines are text in no encoding is no text file.
    let readable = census.utf8 + census.other - unreadable;
    if unreadable > readable {
        None
    } else {
        Some(Decoded { text: Cow::Owned(text), encoding: main, odd_lines })
    }
}

/// Decodes whole lines of a file that is mainly in `main`.
pub(super) fn decode_lines(bytes: &[u8], main: &'static str) -> (String, Vec<OddLine>) {
    let lines = || bytes.split_inclusive(|&b| b == b'\n');
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4);
    let mut odd_lines = Vec::new();
    for (number, line) in lines().enumerate() {
        let (decoded, encoding) = match kind(line) {
            // The split is at ASCII bytes, so an ASCII line is UTF-8.
            LineKind::Ascii => (Some(String::from_utf8_lossy(line)), main),
            LineKind::Utf8 => (Some(String::from_utf8_lossy(line)), "UTF-8"),
            LineKind::Other => match (gb18030(line), std::str::from_utf8(line)) {
                (Some(text), Err(_)) => (Some(text), "GB18030"),
                (Some(text), Ok(_)) if main == "GB18030" => (Some(text), "GB18030"),
                (_, Ok(text)) => (Some(Cow::Borrowed(text)), "UTF-8"),
                (None, Err(_)) => (None, main),
            },
        };
        match decoded {
            Some(decoded) => {
                text.push_str(&decoded);
                if encoding != main {
                    odd_lines.push(OddLine { line: number, encoding: Some(encoding) });
                }
            }
            None => {
                text.push_str(&String::from_utf8_lossy(line));
                odd_lines.push(OddLine { line: number, encoding: None });
            }
        }
    }
    (text, odd_lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "名称,内容\n高温合金,寻求耐高温合金\n联通,abc\n";

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() })
            .collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let gb = GB18030.encode(TEXT).0.into_owned();
        let marked = |mark: &[u8], rest: Vec<u8>| [mark.to_vec(), rest].concat();
        for (bytes, encoding) in [
            (TEXT.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xef\xbb\xbf", TEXT.as_bytes().to_vec()), "UTF-8"),
            (gb, "GB18030"),
            (marked(b"\xff\xfe", utf16(TEXT, true)), "UTF-16LE"),
            (marked(b"\xfe\xff", utf16(TEXT, false)), "UTF-16BE"),
            (utf16(TEXT, true), "UTF-16LE"),
            (utf16(TEXT, false), "UTF-16BE"),
        ] {
            let decoded = decode(&bytes).expect("text");
            assert_eq!((&*decoded.text, decoded.encoding), (TEXT, encoding));
            assert!(decoded.odd_lines.is_empty());
        }
    }

    #[test]
    fn lines_in_another_encoding_are_decoded_and_named() {
        let mut bytes = "名称\n甲的工艺\n乙的工艺\n".as_bytes().to_vec();
        bytes.extend_from_slice(&GB18030.encode("丙的工艺\n").0);
        bytes.extend_from_slice(b"\xff\xff\xff\n");
        let decoded = decode(&bytes).expect("text");
        assert_eq!(decoded.encoding, "UTF-8");
        assert!(decoded.text.contains("丙的工艺"));
        let odd: Vec<_> = decoded.odd_lines.iter().map(|odd| (odd.line, odd.encoding)).collect();
        assert_eq!(odd, [(3, Some("GB18030")), (4, None)]);
    }

    #[test]
    fn binary_is_no_text() {
        let bytes: Vec<u8> =
            (0..4096_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        assert!(decode(&bytes).is_none());
        assert!(decode(&[0; 64]).is_none());
    }
}
