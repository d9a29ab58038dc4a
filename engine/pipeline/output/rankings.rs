//! `ranking.trec` and its kin: the TREC run format.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::super::PipelineError;
use crate::model::Record;

/// Writes `query Q0 document rank score tag`, one line per entry, queries in table order.
///
/// Blanks, which the format cannot carry in an id, are percent-encoded (RFC 3986), and so is `%`,
/// so that different ids stay different.
pub(in super::super) fn write_ranking<S: std::fmt::Display>(
    path: &Path,
    askers: &[Record],
    answers: &[Record],
    lists: impl Iterator<Item = Vec<(u32, S)>>,
    tag: &str,
) -> Result<(), PipelineError> {
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        for (asker, list) in askers.iter().zip(lists) {
            let query = trec_id(asker.id.as_str());
            for (rank, (answer, score)) in (1_u32..).zip(list) {
                let document = trec_id(answers[answer as usize].id.as_str());
                writeln!(out, "{query} Q0 {document} {rank} {score} {tag}")?;
            }
        }
        out.flush()
    };
    write().map_err(|e| PipelineError::io("write", path, e))
}

/// An id as the format can carry it.
pub(in super::super) fn trec_id(id: &str) -> std::borrow::Cow<'_, str> {
    if !id.contains(|c: char| c.is_whitespace() || c == '%') {
        return id.into();
    }
    let mut field = String::new();
    for c in id.chars() {
        if c.is_whitespace() || c == '%' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                field.push_str(&format!("%{byte:02X}"));
            }
        } else {
            field.push(c);
        }
    }
    field.into()
}

#[cfg(test)]
mod tests {
    use super::trec_id;

    #[test]
    fn different_ids_stay_different_without_blanks() {
        assert_eq!(trec_id("GJ-2026-0001"), "GJ-2026-0001");
        assert_eq!(trec_id("a b"), "a%20b");
        assert_eq!(trec_id("a_b"), "a_b");
        assert_eq!(trec_id("a%20b"), "a%2520b");
        assert_eq!(trec_id("甲\u{3000}乙"), "甲%E3%80%80乙");
    }
}
