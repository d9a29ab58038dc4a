//! The terms of two indexes together, in sorted order: all of them, or those that are asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::{Postings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermStreamer;
use tantivy::{DocSet, TERMINATED};

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
pub(super) fn norm_ids(side: &LayeredSide) -> Result<[Vec<u8>; N_SCORED], IndexError> {
    let read = |place: usize| {
        let mut norm_ids = vec![0; side.n_rows()];
        for layer in side.layers() {
            let searcher = layer.index.searcher();
            for (segment, rows) in searcher.segment_readers().iter().zip(layer.segments()?) {
                let norms: FieldNormReader = segment
                    .get_fieldnorms_reader(scored(&layer.index)[place])
                    .map_err(IndexError::engine("reading field lengths"))?;
                for (document, &row) in (0..).zip(rows.iter()) {
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

/// The row, today, of every document of each segment, given the rows of the index's records.
pub(super) fn segment_rows(
    index: &SideIndex,
    today: &[u32],
) -> Result<Vec<Arc<[u32]>>, IndexError> {
    let doing = "reading row numbers";
    let searcher = index.searcher();
    let of_segment = |segment: &tantivy::SegmentReader| {
        let column = segment.fast_fields().u64("row").map_err(IndexError::engine(doing))?;
        let column = column.first_or_default_col(0);
        (0..segment.max_doc())
            .map(|doc| {
                let row = column.get_val(doc);
                // A row beyond the table means a damaged index.
                usize::try_from(row).ok().and_then(|row| today.get(row)).copied().ok_or_else(|| {
                    IndexError::engine(doing)(tantivy::TantivyError::InternalError(format!(
                        "row {row} of {}",
                        today.len()
                    )))
                })
            })
            .collect()
    };
    searcher.segment_readers().iter().map(of_segment).collect()
}

/// All places in which terms are looked up: side by side, layer by layer, field by field.
fn sources(
    queries: &LayeredSide,
    documents: &LayeredSide,
    statistics: Option<&LayeredSide>,
) -> Result<Vec<Source>, IndexError> {
    let mut sources = Vec::new();
    let sides = [
        (Role::Query, Some(queries)),
        (Role::Document, Some(documents)),
        (Role::Statistics, statistics),
    ];
    for (role, side) in sides.into_iter().filter_map(|(role, side)| Some((role, side?))) {
        for layer in side.layers() {
            let searcher = layer.index.searcher();
            for (segment, rows) in searcher.segment_readers().iter().zip(layer.segments()?) {
                for (place, field) in scored(&layer.index).into_iter().enumerate() {
                    let inverted = segment
                        .inverted_index(field)
                        .map_err(IndexError::engine("reading the term dictionary"))?;
                    sources.push(Source { role, field: place, inverted, rows: Arc::clone(rows) });
                }
            }
        }
    }
    Ok(sources)
}

/// Calls `each` for every term of either side, in byte order, with the places that hold it.
///
/// With `statistics`, the places of that index are among them.
pub(super) fn walk(
    queries: &LayeredSide,
    documents: &LayeredSide,
    statistics: Option<&LayeredSide>,
    mut each: impl FnMut(&[u8], &[Found<'_>]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let sources = sources(queries, documents, statistics)?;
    let mut streams = streams(sources.iter())?;
    let mut term = Vec::new();
    let mut found = Vec::new();
    while next_term(&mut streams, &mut term, &mut found)? {
        each(&term, &found)?;
        found.clear();
    }
    Ok(())
}

/// The same for the terms of the asking side and `others` alone: they are looked up instead of read
/// past, which is quick where few records ask.
pub(super) fn look_up(
    queries: &LayeredSide,
    documents: &LayeredSide,
    statistics: Option<&LayeredSide>,
    others: BTreeSet<Vec<u8>>,
    mut each: impl FnMut(&[u8], &[Found<'_>]) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    let sources = sources(queries, documents, statistics)?;
    let mut wanted = others;
    let mut streams = streams(sources.iter().filter(|source| source.role == Role::Query))?;
    let mut term = Vec::new();
    let mut found = Vec::new();
    while next_term(&mut streams, &mut term, &mut found)? {
        wanted.insert(term.clone());
        found.clear();
    }
    for term in &wanted {
        let mut found = Vec::new();
        for source in &sources {
            let info = (source.inverted.terms().get(term))
                .map_err(IndexError::engine("looking a term up"))?;
            found.extend(info.map(|info| Found { source, info }));
        }
        if !found.is_empty() {
            each(term, &found)?;
        }
    }
    Ok(())
}

type Streams<'a> = Vec<(&'a Source, TermStreamer<'a>)>;

/// The term dictionaries of places, each at its first term.
fn streams<'a>(sources: impl Iterator<Item = &'a Source>) -> Result<Streams<'a>, IndexError> {
    let mut streams = Vec::new();
    for source in sources {
        let mut stream = source
            .inverted
            .terms()
            .stream()
            .map_err(IndexError::engine("reading the term dictionary"))?;
        if stream.advance() {
            streams.push((source, stream));
        }
    }
    Ok(streams)
}

/// The next term of all streams in byte order, with the places that hold it; false at the end.
fn next_term<'a>(
    streams: &mut Streams<'a>,
    term: &mut Vec<u8>,
    found: &mut Vec<Found<'a>>,
) -> Result<bool, IndexError> {
    let Some(least) = streams.iter().map(|(_, stream)| stream.key()).min() else {
        return Ok(false);
    };
    term.clear();
    term.extend_from_slice(least);
    streams.retain_mut(|(source, stream)| {
        if stream.key() != *term {
            return true;
        }
        found.push(Found { source, info: stream.value().clone() });
        stream.advance()
    });
    Ok(true)
}
