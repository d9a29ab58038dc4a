//! Walks the term dictionaries of two indexes together, in sorted order.

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermStreamer;
use tantivy::{DocSet, TERMINATED};

use super::{IndexError, SideIndex};

/// The fields that are scored, by their place in arrays: title, body.
pub(super) const N_SCORED: usize = 2;

/// Which of the two indexes a dictionary belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The side that asks.
    Query,
    /// The side that is searched.
    Document,
}

/// One field of one segment of one index.
pub(super) struct Source {
    pub(super) role: Role,
    /// Place among the scored fields.
    pub(super) field: usize,
    inverted: Arc<InvertedIndexReader>,
    /// Row of each document of the segment.
    rows: Arc<[u32]>,
}

/// One occurrence list of the term at hand.
pub(super) struct Found<'a> {
    pub(super) source: &'a Source,
    info: TermInfo,
}

impl Found<'_> {
    /// How many documents of the segment hold the term in this field.
    pub(super) fn doc_freq(&self) -> u64 {
        u64::from(self.info.doc_freq)
    }

    /// Calls `each` with the row and the count of every record that holds the term.
    pub(super) fn for_each(&self, mut each: impl FnMut(u32, u32)) -> Result<(), IndexError> {
        let mut postings = self
            .source
            .inverted
            .read_postings_from_terminfo(&self.info, IndexRecordOption::WithFreqs)
            .map_err(IndexError::engine("reading postings"))?;
        let mut document = postings.doc();
        while document != TERMINATED {
            each(self.source.rows[document as usize], postings.term_freq());
            document = postings.advance();
        }
        Ok(())
    }

    /// Calls `each` with the row and every position of every record that holds the term.
    pub(super) fn for_each_position(
        &self,
        mut each: impl FnMut(u32, u32),
    ) -> Result<(), IndexError> {
        let mut postings = self
            .source
            .inverted
            .read_postings_from_terminfo(&self.info, IndexRecordOption::WithFreqsAndPositions)
            .map_err(IndexError::engine("reading positions"))?;
        let mut positions = Vec::new();
        let mut document = postings.doc();
        while document != TERMINATED {
            postings.positions(&mut positions);
            for &position in &positions {
                each(self.source.rows[document as usize], position);
            }
            document = postings.advance();
        }
        Ok(())
    }
}

/// What BM25 needs to know of one scored field of an index.
pub(super) struct FieldLengths {
    /// Length of the field in every record, by row, quantised as tantivy stores it.
    pub(super) norm_ids: Vec<u8>,
    /// All terms of the field.
    pub(super) n_terms: u64,
}

/// Reads the lengths of the scored fields of an index.
pub(super) fn lengths(index: &SideIndex) -> Result<[FieldLengths; N_SCORED], IndexError> {
    let read = |field: Field| {
        let mut norm_ids = vec![0; index.n_records()];
        let n_records = index.n_records();
        let mut n_terms = 0;
        for segment in index.searcher().segment_readers() {
            let norms: FieldNormReader = segment
                .get_fieldnorms_reader(field)
                .map_err(IndexError::engine("reading field lengths"))?;
            for (document, &row) in (0..).zip(rows(segment)?.iter()) {
                // A row beyond the table means a damaged index.
                let slot = norm_ids.get_mut(row as usize).ok_or_else(|| {
                    IndexError::engine("reading row numbers")(tantivy::TantivyError::InternalError(
                        format!("row {row} of {n_records}"),
                    ))
                })?;
                *slot = norms.fieldnorm_id(document);
            }
            let inverted = segment
                .inverted_index(field)
                .map_err(IndexError::engine("reading the term dictionary"))?;
            n_terms += inverted.total_num_tokens();
        }
        Ok(FieldLengths { norm_ids, n_terms })
    };
    let [title, body] = scored(index);
    Ok([read(title)?, read(body)?])
}

/// The scored fields of an index.
fn scored(index: &SideIndex) -> [Field; N_SCORED] {
    [index.fields.title, index.fields.body]
}

/// The row of every document of a segment.
fn rows(segment: &tantivy::SegmentReader) -> Result<Arc<[u32]>, IndexError> {
    let column = segment
        .fast_fields()
        .u64("row")
        .map_err(IndexError::engine("reading row numbers"))?
        .first_or_default_col(0);
    // Rows were counted in 32 bits when the index was built.
    Ok((0..segment.max_doc()).map(|doc| u32::try_from(column.get_val(doc)).unwrap_or(0)).collect())
}

/// Calls `each` for every term of either index, in byte order, with the places that hold it.
pub(super) fn walk(
    queries: &SideIndex,
    documents: &SideIndex,
    mut each: impl FnMut(&[u8], &[Found<'_>]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let mut sources = Vec::new();
    for (role, index) in [(Role::Query, queries), (Role::Document, documents)] {
        for segment in index.searcher().segment_readers() {
            let rows = rows(segment)?;
            for (place, field) in scored(index).into_iter().enumerate() {
                let inverted = segment
                    .inverted_index(field)
                    .map_err(IndexError::engine("reading the term dictionary"))?;
                sources.push(Source { role, field: place, inverted, rows: Arc::clone(&rows) });
            }
        }
    }
    let mut streams: Vec<(&Source, TermStreamer<'_>)> = Vec::new();
    for source in &sources {
        let mut stream = source
            .inverted
            .terms()
            .stream()
            .map_err(IndexError::engine("reading the term dictionary"))?;
        if stream.advance() {
            streams.push((source, stream));
        }
    }
    let mut term = Vec::new();
    let mut found = Vec::new();
    while let Some(least) = streams.iter().map(|(_, stream)| stream.key()).min() {
        term.clear();
        term.extend_from_slice(least);
        streams.retain_mut(|(source, stream)| {
            if stream.key() != term {
                return true;
            }
            found.push(Found { source, info: stream.value().clone() });
            stream.advance()
        });
        each(&term, &found)?;
        found.clear();
    }
    Ok(())
}
