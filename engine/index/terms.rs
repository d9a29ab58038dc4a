//! Walks the term dictionaries of two indexes together, in sorted order.

use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermStreamer;
use tantivy::{DocSet, TERMINATED};

use super::layers::Layer;
use super::{GONE, IndexError, LayeredSide, SideIndex};

/// The fields that are scored, by their place in arrays: title, body.
pub(super) const N_SCORED: usize = 2;

/// How many roles there are.
pub(super) const N_ROLES: usize = 3;

/// What a dictionary is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The side that asks.
    Query,
    /// The side that is searched.
    Document,
    /// What says how common a term is among documents, where these do not.
    Statistics,
}

/// One field of one segment of one index.
pub(super) struct Source {
    pub(super) role: Role,
    /// Place among the scored fields.
    pub(super) field: usize,
    inverted: Arc<InvertedIndexReader>,
    /// Row of each document of the segment, or [`GONE`].
    rows: Arc<[u32]>,
}

/// One occurrence list of the term at hand.
pub(super) struct Found<'a> {
    pub(super) source: &'a Source,
    info: TermInfo,
}

impl Found<'_> {
    /// How many documents of the segment hold the term in this field, gone ones included.
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
            let row = self.source.rows[document as usize];
            if row != GONE {
                each(row, postings.term_freq());
            }
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
            let row = self.source.rows[document as usize];
            if row != GONE {
                postings.positions(&mut positions);
                positions.iter().for_each(|&position| each(row, position));
            }
            document = postings.advance();
        }
        Ok(())
    }
}

/// Length of each scored field in every row of a side, quantised as tantivy stores it; 0 in rows
/// that no layer holds.
pub(super) fn norm_ids(side: &LayeredSide<'_>) -> Result<[Vec<u8>; N_SCORED], IndexError> {
    let read = |place: usize| {
        let mut norm_ids = vec![0; side.n_rows()];
        for layer in side.layers() {
            for segment in layer.index.searcher().segment_readers() {
                let norms: FieldNormReader = segment
                    .get_fieldnorms_reader(scored(layer.index)[place])
                    .map_err(IndexError::engine("reading field lengths"))?;
                for (document, &row) in (0..).zip(rows(segment, layer)?.iter()) {
                    if row != GONE {
                        norm_ids[row as usize] = norms.fieldnorm_id(document);
                    }
                }
            }
        }
        Ok(norm_ids)
    };
    Ok([read(0)?, read(1)?])
}

/// Counts all terms of each scored field of an index.
pub(super) fn n_terms(index: &SideIndex) -> Result<[u64; N_SCORED], IndexError> {
    let count = |field: Field| {
        let mut n_terms = 0;
        for segment in index.searcher().segment_readers() {
            let inverted = segment
                .inverted_index(field)
                .map_err(IndexError::engine("reading the term dictionary"))?;
            n_terms += inverted.total_num_tokens();
        }
        Ok(n_terms)
    };
    let [title, body] = scored(index);
    Ok([count(title)?, count(body)?])
}

/// The scored fields of an index.
fn scored(index: &SideIndex) -> [Field; N_SCORED] {
    [index.fields.title, index.fields.body]
}

/// The row, today, of every document of a segment.
fn rows(segment: &tantivy::SegmentReader, layer: &Layer<'_>) -> Result<Arc<[u32]>, IndexError> {
    let column = segment
        .fast_fields()
        .u64("row")
        .map_err(IndexError::engine("reading row numbers"))?
        .first_or_default_col(0);
    (0..segment.max_doc())
        .map(|doc| {
            let row = column.get_val(doc);
            let today = usize::try_from(row).ok().and_then(|row| layer.rows.get(row)).copied();
            // A row beyond the table means a damaged index.
            today.ok_or_else(|| {
                IndexError::engine("reading row numbers")(tantivy::TantivyError::InternalError(
                    format!("row {row} of {}", layer.rows.len()),
                ))
            })
        })
        .collect()
}

/// Calls `each` for every term of either side, in byte order, with the places that hold it.
///
/// With `statistics`, the places of that index are among them.
pub(super) fn walk(
    queries: &LayeredSide<'_>,
    documents: &LayeredSide<'_>,
    statistics: Option<&LayeredSide<'_>>,
    mut each: impl FnMut(&[u8], &[Found<'_>]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let mut sources = Vec::new();
    let sides = [
        (Role::Query, Some(queries)),
        (Role::Document, Some(documents)),
        (Role::Statistics, statistics),
    ];
    for (role, side) in sides.into_iter().filter_map(|(role, side)| Some((role, side?))) {
        for layer in side.layers() {
            for segment in layer.index.searcher().segment_readers() {
                let rows = rows(segment, layer)?;
                for (place, field) in scored(layer.index).into_iter().enumerate() {
                    let inverted = segment
                        .inverted_index(field)
                        .map_err(IndexError::engine("reading the term dictionary"))?;
                    sources.push(Source { role, field: place, inverted, rows: Arc::clone(&rows) });
                }
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
