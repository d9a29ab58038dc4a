//! Search for people: a few words, a code, a number or an id in, the best records out.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::{BooleanQuery, BoostQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader, TantivyDocument, Term};

use super::lexical::better;
use super::question::Substitutes;
use super::snippet::{Marks, Snippet};
use super::{GONE, IndexError, LayeredSide, SideIndex};
use crate::kernel::{Hit, RowSet};
use crate::text::{Segmenter, Synonyms, Token, normalise};

/// A title says what a record is about.
const TITLE_BOOST: Score = 3.0;
/// A code is exact and deliberate.
const CODE_BOOST: Score = 4.0;
/// A classification is broad.
const CLASSIFICATION_BOOST: Score = 0.5;
/// Words in the order asked for are worth more than the same words apart.
const PHRASE_BOOST: Score = 2.0;
/// An id or number names one record: it comes first, whatever else matches.
const IDENTITY_BOOST: Score = 1000.0;
/// More words than these are no question but a text; the rest is left out.
const MAX_TERMS: usize = 256;

/// One record found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// Its row in the record table.
    pub row: u32,
    /// How well it matches; comparable within one search only.
    pub score: f32,
    /// Its id.
    pub id: String,
    /// The number that people say.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Byte ranges of the title to highlight: ascending, disjoint.
    pub title_highlights: Vec<Range<usize>>,
    /// Its owner, where known and not anonymous.
    pub organization: Option<String>,
    /// The sentence that best shows the words asked for; empty where there is no description.
    pub snippet: Snippet,
}

impl SideIndex {
    /// Finds the `limit` best records for what a person typed.
    ///
    /// Words are looked up in title, description, classification, codes and owner, any of them
    /// counts; words in quotation marks must stand together in the title or the description. A
    /// record whose id or number was typed comes first. Order: score descending, then row.
    /// Nothing typed, or nothing but punctuation, finds nothing.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when the index cannot be read.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<SearchHit>, IndexError> {
        self.search_with_synonyms(text, limit, &Synonyms::default())
    }

    /// [`search`](Self::search), where in title and description a synonym of a word counts as its
    /// share of the word; words in quotation marks must stand as they are.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when the index cannot be read.
    pub fn search_with_synonyms(
        &self,
        text: &str,
        limit: usize,
        synonyms: &Synonyms,
    ) -> Result<Vec<SearchHit>, IndexError> {
        let side = LayeredSide::whole(self);
        let question = Question::new(text, synonyms);
        let (found, _) =
            question.answer(&side, self, limit, &RowSet::of(self.n_records(), |_| true))?;
        let searcher = self.searcher();
        let marks = question.marks();
        found
            .into_iter()
            .map(|Hit { document: row, score }| {
                let document: TantivyDocument = searcher
                    .doc(self.address(&side, row)?)
                    .map_err(IndexError::engine("reading a record from the index"))?;
                let stored = |field| document.get_first(field).and_then(|value| value.as_str());
                let owned = |field| stored(field).unwrap_or_default().to_owned();
                let title = owned(self.fields.title);
                Ok(SearchHit {
                    row,
                    score,
                    id: owned(self.fields.id),
                    number: owned(self.fields.number),
                    title_highlights: marks.in_text(&title),
                    title,
                    organization: stored(self.fields.organization).map(str::to_owned),
                    snippet: marks.snippet(stored(self.fields.body).unwrap_or_default()),
                })
            })
            .collect()
    }

    /// Where a row's document stands.
    fn address(&self, side: &LayeredSide, row: u32) -> Result<DocAddress, IndexError> {
        for layer in side.layers() {
            for (segment, rows) in (0..).zip(layer.segments()?) {
                if let Some(document) = rows.iter().position(|&other| other == row) {
                    let document = u32::try_from(document).unwrap_or(u32::MAX);
                    return Ok(DocAddress::new(segment, document));
                }
            }
        }
        Err(IndexError::engine("reading a record from the index")(
            tantivy::TantivyError::InternalError(format!("row {row} stands nowhere")),
        ))
    }
}

/// A question that was understood, to be asked of sides in layers.
pub struct Question<'a> {
    text: &'a str,
    /// The terms outside quotation marks, by the pieces that white space separates.
    pieces: Vec<Vec<Token>>,
    /// The terms of each quotation.
    quoted: Vec<Vec<Token>>,
    /// What may stand for the words outside quotation marks.
    substitutes: Substitutes<'a>,
}

impl<'a> Question<'a> {
    /// Understands what a person typed, as [`SideIndex::search_with_synonyms`] says.
    #[must_use]
    pub fn new(text: &'a str, synonyms: &'a Synonyms) -> Self {
        let quotes = |c| matches!(c, '"' | '“' | '”' | '＂' | '„' | '〝' | '〞');
        let segmenter = Segmenter::shared();
        let mut pieces: Vec<Vec<Token>> = Vec::new();
        let mut quoted: Vec<Vec<Token>> = Vec::new();
        let mut unquoted: Vec<&str> = Vec::new();
        let n_quotes = text.chars().filter(|&c| quotes(c)).count();
        for (place, part) in text.split(quotes).enumerate() {
            // A last quotation mark without its partner quotes nothing.
            if place % 2 == 1 && place < n_quotes {
                quoted.push(segmenter.tokens(part));
            } else {
                unquoted.push(part);
                pieces.extend(part.split_whitespace().map(|piece| segmenter.tokens(piece)));
            }
        }
        let mut room = MAX_TERMS;
        for terms in quoted.iter_mut().chain(&mut pieces) {
            terms.truncate(room);
            room -= terms.len();
        }
        pieces.retain(|terms| !terms.is_empty());
        quoted.retain(|terms| !terms.is_empty());
        let substitutes = Substitutes::of(unquoted.into_iter(), synonyms);
        Self { text, pieces, quoted, substitutes }
    }

    /// Its words, to be found again in the texts of answers.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let all = self.pieces.iter().chain(&self.quoted).flatten();
        Marks::new(all.map(|term| &term.text).chain(self.substitutes.terms()).cloned().collect())
    }

    /// The `limit` best rows among those that are `allowed`, and how many match at all.
    ///
    /// The statistics of words are those of `statistics`, an index of the side as it was at some time,
    /// whatever layers a row stands in. Order: score descending, then row ascending.
    ///
    /// # Errors
    /// [`IndexError::Engine`] when an index cannot be read.
    pub fn answer(
        &self,
        side: &LayeredSide,
        statistics: &SideIndex,
        limit: usize,
        allowed: &RowSet,
    ) -> Result<(Vec<Hit>, usize), IndexError> {
        let counted = statistics.searcher();
        let query = self.query(statistics, &counted)?;
        let (mut best, mut n_found) = (Vec::new(), 0);
        for layer in side.layers() {
            let searcher = layer.index.searcher();
            let collector = Allowed { segments: layer.segments()?, limit, allowed };
            let (hits, n) = searcher
                .search_with_statistics_provider(&query, &collector, &counted)
                .map_err(IndexError::engine("searching"))?;
            best.extend(hits);
            n_found += n;
        }
        best.sort_unstable_by(better);
        best.truncate(limit);
        Ok((best, n_found))
    }

    fn query(&self, index: &SideIndex, searcher: &Searcher) -> Result<BooleanQuery, IndexError> {
        let fields = index.fields;
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for terms in &self.quoted {
            let places: Vec<(Occur, Box<dyn Query>)> =
                [(fields.title, TITLE_BOOST * PHRASE_BOOST), (fields.body, PHRASE_BOOST)]
                    .into_iter()
                    .filter_map(|(field, boost)| {
                        Some((Occur::Should, phrase(field, boost, terms)?))
                    })
                    .collect();
            clauses.push((Occur::Must, Box::new(BooleanQuery::new(places))));
        }
        let mut seen = HashSet::new();
        for word in self.pieces.iter().flatten().filter(|word| seen.insert(&word.text)) {
            let scored = [(fields.title, TITLE_BOOST), (fields.body, 1.0)];
            clauses.push((Occur::Should, self.substitutes.query(&word.text, scored, searcher)?));
            for (field, boost) in [
                (fields.organization, 1.0),
                (fields.classification, CLASSIFICATION_BOOST),
                (fields.codes, CODE_BOOST),
            ] {
                clauses.push((Occur::Should, term(field, &word.text, boost)));
            }
        }
        for terms in self.pieces.iter().filter(|terms| covering(terms).len() > 1) {
            for (field, boost) in
                [(fields.title, TITLE_BOOST * PHRASE_BOOST), (fields.body, PHRASE_BOOST)]
            {
                clauses.extend(phrase(field, boost, terms).map(|it| (Occur::Should, it)));
            }
        }
        let typed = self.text.trim();
        for piece in std::iter::once(typed).chain(typed.split_whitespace().take(MAX_TERMS)) {
            clauses.push((Occur::Should, term(fields.id, piece, IDENTITY_BOOST)));
            clauses
                .push((Occur::Should, term(fields.number_key, &normalise(piece), IDENTITY_BOOST)));
        }
        Ok(BooleanQuery::new(clauses))
    }
}

/// Gathers the best rows of a layer that are allowed, and counts them.
struct Allowed<'a> {
    /// By segment and document: the row, or [`GONE`].
    segments: &'a [Arc<[u32]>],
    limit: usize,
    allowed: &'a RowSet,
}

/// The same in one segment.
struct AllowedSegment {
    rows: Arc<[u32]>,
    limit: usize,
    allowed: RowSet,
    best: Vec<Hit>,
    n_found: usize,
}

impl Collector for Allowed<'_> {
    type Fruit = (Vec<Hit>, usize);
    type Child = AllowedSegment;

    fn for_segment(&self, segment: u32, _: &SegmentReader) -> tantivy::Result<Self::Child> {
        Ok(AllowedSegment {
            rows: Arc::clone(&self.segments[segment as usize]),
            limit: self.limit,
            allowed: self.allowed.clone(),
            best: Vec::new(),
            n_found: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, found: Vec<(Vec<Hit>, usize)>) -> tantivy::Result<(Vec<Hit>, usize)> {
        let n_found = found.iter().map(|(_, n)| n).sum();
        Ok((found.into_iter().flat_map(|(hits, _)| hits).collect(), n_found))
    }
}

impl SegmentCollector for AllowedSegment {
    type Fruit = (Vec<Hit>, usize);

    fn collect(&mut self, document: DocId, score: Score) {
        let row = self.rows[document as usize];
        if row == GONE || !self.allowed.contains(row as usize) {
            return;
        }
        self.n_found += 1;
        self.best.push(Hit { document: row, score });
        // Twice the limit is gathered before the worse half is thrown away.
        if self.best.len() >= 2 * self.limit.max(1) {
            self.keep_best();
        }
    }

    fn harvest(mut self) -> Self::Fruit {
        self.keep_best();
        (self.best, self.n_found)
    }
}

impl AllowedSegment {
    fn keep_best(&mut self) {
        if self.limit == 0 {
            self.best.clear();
        } else if self.best.len() > self.limit {
            self.best.select_nth_unstable_by(self.limit - 1, better);
            self.best.truncate(self.limit);
        }
    }
}

fn term(field: Field, text: &str, boost: Score) -> Box<dyn Query> {
    let term = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(term), boost))
}

/// The terms side by side, as they were typed; `None` without any.
fn phrase(field: Field, boost: Score, terms: &[Token]) -> Option<Box<dyn Query>> {
    let cover = covering(terms);
    match cover.as_slice() {
        [] => None,
        [only] => Some(term(field, &only.text, boost)),
        several => {
            let terms = several
                .iter()
                .map(|token| {
                    let offset = token.position as usize;
                    (offset, Term::from_field_text(field, &token.text))
                })
                .collect();
            let phrase = PhraseQuery::new_with_offset(terms);
            Some(Box::new(BoostQuery::new(Box::new(phrase), boost)))
        }
    }
}

/// The longest term at each place, none inside another.
fn covering(terms: &[Token]) -> Vec<&Token> {
    let mut end = 0;
    let mut cover = Vec::new();
    for term in terms {
        if term.position >= end || cover.is_empty() {
            end = term.position + term.position_length;
            cover.push(term);
        }
    }
    cover
}
