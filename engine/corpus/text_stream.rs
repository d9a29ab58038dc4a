//! Rows of a text file of any length, a block at a time.
//!
//! The rows are those that reading the file whole gives, but for one case: whether a quotation mark
//! closes is looked for within a few megabytes and not to the end of the file. A cell that long is
//! over the bound of a cell anyway.

use std::collections::VecDeque;
use std::io::{self, Read};

use rayon::prelude::*;

use super::decode::{OddLine, decode_lines};
use super::delimited::{Splitter, sniff};
use super::headers::Headers;
use super::jsonl::{self, Keys};
use super::limits;
use super::table::{Fault, Format, Mended, Row, is_blank};

/// Bytes read at once.
const BLOCK: usize = 8 << 20;
/// Bytes that must follow a row in a block before it is taken for whole: more than a cell may have.
const AHEAD: usize = 2 * limits::CELL_BYTES;
/// Bytes of one line or row past which the file is no list.
const LONGEST_ROW: usize = 256 << 20;

/// Why no further rows come.
#[derive(Debug)]
pub(super) enum Stopped {
    Read(io::Error),
    /// A line or row past the bound.
    TooLong,
    /// More rows than are numbered.
    TooMany,
}

enum Shape {
    Delimited(char),
    Json(Keys),
}

/// Takes rows off a source.
pub(super) struct TextRows<R> {
    source: R,
    encoding: &'static str,
    shape: Shape,
    /// Bytes of an unfinished line.
    bytes: Vec<u8>,
    /// Decoded text of which no row was taken yet.
    text: String,
    /// Physical lines taken, and lines decoded.
    lines_taken: usize,
    lines_decoded: usize,
    odd: VecDeque<OddLine>,
    /// The number of the last row.
    number: u32,
    ended: bool,
}

impl<R: Read> TextRows<R> {
    /// Begins a file in `encoding` whose byte order mark, if any, was taken off. `is_json` prefers
    /// JSON where the first line does not say so itself.
    pub(super) fn begin(
        source: R,
        encoding: &'static str,
        is_json: bool,
        headers: &Headers,
    ) -> Result<Self, Stopped> {
        let mut rows = Self {
            source,
            encoding,
            shape: Shape::Delimited(','),
            bytes: Vec::new(),
            text: String::new(),
            lines_taken: 0,
            lines_decoded: 0,
            odd: VecDeque::new(),
            number: 0,
            ended: false,
        };
        rows.read_block()?;
        let begins = rows.text.trim_start().starts_with('{');
        rows.shape = if jsonl::looks_like(&rows.text) || (is_json && begins) {
            Shape::Json(Keys::default())
        } else {
            Shape::Delimited(sniff(&rows.text, headers))
        };
        Ok(rows)
    }

    /// The source, as far as it was read.
    pub(super) fn into_source(self) -> R {
        self.source
    }

    pub(super) const fn format(&self) -> Format {
        match self.shape {
            Shape::Json(_) => Format::Jsonl,
            Shape::Delimited('\t') => Format::Tsv,
            Shape::Delimited(_) => Format::Csv,
        }
    }

    /// Keys seen so far, for JSON lines; they only grow.
    pub(super) fn keys(&self) -> Option<&[String]> {
        match &self.shape {
            Shape::Json(keys) => Some(&keys.names),
            Shape::Delimited(_) => None,
        }
    }

    /// The next rows that are not blank; `None` at the end. A batch may be empty.
    pub(super) fn next_rows(&mut self) -> Result<Option<Vec<Row>>, Stopped> {
        loop {
            if self.ended && self.text.is_empty() {
                return Ok(None);
            }
            let rows = match self.shape {
                Shape::Delimited(delimiter) => self.split(delimiter),
                Shape::Json(_) => self.lines(),
            };
            if self.number as usize > limits::STREAMED_ROWS {
                return Err(Stopped::TooMany);
            }
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
            if self.text.len() > LONGEST_ROW {
                return Err(Stopped::TooLong);
            }
            if !self.ended {
                self.read_block()?;
            }
        }
    }

    /// Reads on until a line has ended, and decodes what is whole.
    fn read_block(&mut self) -> Result<(), Stopped> {
        loop {
            let held = self.bytes.len();
            self.bytes.resize(held + BLOCK, 0);
            let n = read_some(&mut self.source, &mut self.bytes[held..]).map_err(Stopped::Read)?;
            self.bytes.truncate(held + n);
            self.ended = n < BLOCK;
            let newline = self.bytes[held..].iter().rposition(|&b| b == b'\n');
            let whole = match newline {
                _ if self.ended => self.bytes.len(),
                Some(at) => held + at + 1,
                None if self.bytes.len() > LONGEST_ROW => return Err(Stopped::TooLong),
                None => continue,
            };
            let (text, odd) = decode_lines(&self.bytes[..whole], self.encoding);
            let first = self.lines_decoded;
            self.odd.extend(odd.into_iter().map(|odd| OddLine { line: first + odd.line, ..odd }));
            self.lines_decoded += text.matches('\n').count();
            self.text.push_str(&text);
            self.bytes.drain(..whole);
            return Ok(());
        }
    }

    fn split(&mut self, delimiter: char) -> Vec<Row> {
        let mut splitter = Splitter::new(&self.text, delimiter);
        let mut rows = Vec::new();
        let mut taken = 0;
        loop {
            if !self.ended && self.text.len() - splitter.at < AHEAD {
                break;
            }
            let lines_before = splitter.line;
            let Some(mut row) = splitter.next_row() else { break };
            if !self.ended && splitter.at >= self.text.len() {
                // The row may go on in the next block.
                splitter.line = lines_before;
                break;
            }
            taken = splitter.at;
            self.number = self.number.saturating_add(1);
            row.number = self.number;
            while self.odd.front().is_some_and(|odd| odd.line < self.lines_taken + splitter.line) {
                if let Some(odd) = self.odd.pop_front() {
                    match odd.encoding {
                        Some(encoding) => row.mended = Some(Mended::Encoding(encoding)),
                        None => row.fault = Some(Fault::Undecodable),
                    }
                }
            }
            if !row.is_blank() {
                rows.push(row);
            }
        }
        self.lines_taken += splitter.line;
        if taken == 0 && self.ended {
            taken = self.text.len();
        }
        self.text.drain(..taken);
        rows
    }

    fn lines(&mut self) -> Vec<Row> {
        let text = std::mem::take(&mut self.text);
        let Shape::Json(keys) = &mut self.shape else { return Vec::new() };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let parsed: Vec<(&str, jsonl::Parsed)> =
            lines.into_par_iter().map(|line| (line, jsonl::parse(line))).collect();
        let mut rows = Vec::new();
        for (line, parsed) in parsed {
            self.number = self.number.saturating_add(1);
            let mut row = keys.row(self.number, line.trim_end_matches('\n'), parsed);
            let place = self.lines_taken;
            if self.odd.front().is_some_and(|odd| odd.line == place)
                && let Some(odd) = self.odd.pop_front()
            {
                jsonl::mark_odd(&mut row, &odd);
            }
            self.lines_taken += 1;
            if !is_blank(line) && !row.is_blank() {
                rows.push(row);
            }
        }
        rows
    }
}

/// Fills a buffer as far as the source reaches.
fn read_some(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match source.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}
