//! Search in a snapshot: words, filters, pages.

use std::cmp::Reverse;
use std::ops::Range;

use jiff::civil::Date;

use super::seen::SeenRecord;
use super::view::View;
use crate::index::{Question, Snippet};
use crate::kernel::{Hit, RowSet};
use crate::model::{CooperationMode, Maturity, Record, Side, Sight};
use crate::pipeline::PipelineError;
use crate::text::normalise;

/// The deepest that pages go: whoever wants more should ask more narrowly.
const DEEPEST: usize = 1_000;

/// What a person looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The side that is searched.
    pub side: Side,
    /// Words, codes, a number; nothing finds every record, the latest first.
    pub text: String,
    /// What the records must have.
    pub filters: Filters,
    /// Most records on a page.
    pub limit: usize,
    /// The page begins after this place; `None` for the first.
    pub after: Option<Cursor>,
}

/// What records must have. Whatever is empty asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Words that stand in a step of the classification, or a code that one of the record's begins
    /// with.
    pub field: Option<String>,
    /// Words that stand in the region.
    pub region: Option<String>,
    /// At least this far.
    pub maturity: Option<Maturity>,
    /// This way of working together among others.
    pub cooperation: Option<CooperationMode>,
    /// Words that stand in the owner's name, where it is shown.
    pub owner: Option<String>,
    /// Published on this day or later.
    pub posted_from: Option<Date>,
    /// Published on this day or earlier.
    pub posted_until: Option<Date>,
}

/// A place in the order of a search: the last record of a page.
///
/// Places stay valid when another night is published: the next page begins after the same score and
/// id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Bits of its score; for searches without words, its day.
    pub score: u32,
    /// Its id.
    pub id: String,
}

/// A page of what was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The records, best first.
    pub records: Vec<FoundRecord>,
    /// How many records were found in all.
    pub n_found: usize,
    /// Where the next page begins; `None` on the last, and where pages go no deeper.
    pub next: Option<Cursor>,
}

/// A record that was found.
#[derive(Debug, Clone)]
pub struct FoundRecord {
    /// The record.
    pub seen: SeenRecord,
    /// How well it matches; comparable within one search only, 0 without words.
    pub score: f32,
    /// Byte ranges of the title to highlight.
    pub title_highlights: Vec<Range<usize>>,
    /// The sentence that best shows the words; the first where there are no words.
    pub snippet: Snippet,
}

impl Filters {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record has what is asked for, as far as it is seen.
    fn accept(&self, record: &Record, sight: Sight) -> bool {
        let holds = |wanted: &Option<String>, texts: &[&str]| {
            wanted.as_ref().is_none_or(|wanted| {
                let wanted = normalise(wanted.trim());
                texts.iter().any(|text| normalise(text).contains(wanted.as_str()))
            })
        };
        let owner = record.organization.as_deref().filter(|_| sight >= Sight::WithOwner);
        let steps = record.classification.iter().flatten().chain(&record.codes);
        let steps: Vec<&str> = steps.map(String::as_str).collect();
        holds(&self.field, &steps)
            && holds(&self.region, record.region.as_deref().as_slice())
            && holds(&self.owner, owner.as_slice())
            && self.maturity.is_none_or(|least| record.maturity.is_some_and(|has| has >= least))
            && self.cooperation.is_none_or(|mode| record.cooperation.contains(&mode))
            && self.posted_from.is_none_or(|day| record.posted_on.is_some_and(|on| on >= day))
            && self.posted_until.is_none_or(|day| record.posted_on.is_some_and(|on| on <= day))
    }
}

impl View<'_> {
    /// Searches a side. Order: score descending, then id; without words, the latest first, then id.
    ///
    /// # Errors
    /// [`PipelineError::Index`] when the index cannot be read.
    pub fn search(&self, query: &Query) -> Result<Found, PipelineError> {
        let side = self.snapshot.side(query.side);
        let question = Question::new(&query.text, &self.snapshot.synonyms);
        let marks = question.marks();
        let terms = marks.words();
        let has_words = !terms.is_empty() || !query.text.trim().is_empty();
        let visible = side.findable(self.role, &query.text, &terms);
        let allowed = if query.filters.is_empty() {
            visible
        } else {
            RowSet::of(side.records.len(), |row| {
                let record = &side.records[row];
                let sight = Sight::of(self.role, record.visibility);
                visible.contains(row) && query.filters.accept(record, sight)
            })
        };
        let (hits, n_found) = if has_words {
            question.answer(&side.layered, &side.statistics, DEEPEST, &allowed)?
        } else {
            let mut rows: Vec<u32> = (0..u32::try_from(side.records.len()).unwrap_or(u32::MAX))
                .filter(|&row| allowed.contains(row as usize))
                .collect();
            let n_found = rows.len();
            rows.sort_by_key(|&row| (Reverse(side.records[row as usize].posted_on), row));
            rows.truncate(DEEPEST);
            (rows.into_iter().map(|document| Hit { document, score: 0.0 }).collect(), n_found)
        };
        let place = |hit: &Hit| {
            let record = &side.records[hit.document as usize];
            let score = if has_words { hit.score.to_bits() } else { day_of(record) };
            Cursor { score, id: record.id.0.clone() }
        };
        // Scores are positive, so their bits are ordered as they are.
        let is_after = |hit: &&Hit| {
            query.after.as_ref().is_none_or(|after| {
                let own = place(hit);
                (Reverse(own.score), own.id) > (Reverse(after.score), after.id.clone())
            })
        };
        let rest: Vec<&Hit> = hits.iter().filter(is_after).collect();
        let page = &rest[..query.limit.min(rest.len())];
        let next = page.last().filter(|_| rest.len() > page.len()).map(|hit| place(hit));
        let records = page
            .iter()
            .filter_map(|hit| {
                let seen = self.see(query.side, hit.document)?;
                let snippet = marks.snippet(&seen.record().body);
                let title_highlights = marks.in_text(&seen.record().title);
                Some(FoundRecord { score: hit.score, title_highlights, snippet, seen })
            })
            .collect();
        Ok(Found { records, n_found, next })
    }
}

/// The day of publication as a number that grows; 0 where it is unknown.
fn day_of(record: &Record) -> u32 {
    record.posted_on.map_or(0, |day| {
        let (year, month, day) = (day.year(), day.month(), day.day());
        u32::try_from(i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day))
            .unwrap_or(0)
    })
}
