//! Which stretches of a record are compared with one another, and quoted.

use std::ops::Range;

use crate::model::{Part, Quote, QuoteField, Record, Side};
use crate::text::{passages, units};

/// Passages, and requirements, of a record's body at most; in a longer text they get longer, and
/// nothing is left out. 32 passages are about three thousand characters: twenty times a usual body.
pub const MAX_SPANS: usize = 32;

/// The same for a title. Titles are one line; a list that has whole texts as titles is read too.
const MAX_TITLE_SPANS: usize = 4;

/// A stretch of a record's title or body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    field: QuoteField,
    bytes: Range<u32>,
}

/// The requirements that a record states: each is looked for in the other side's passages.
///
/// Today its title and the sentences of its body. What is told apart more finely takes the place of
/// this function; nothing else needs to know.
#[must_use]
pub fn requirement_spans(record: &Record) -> Vec<Span> {
    spans(record, units)
}

/// The overlapping passages of a record: what answers a requirement stands together in one.
///
/// The title is a passage of its own. Every character that is not white space is in a passage.
#[must_use]
pub fn passage_spans(record: &Record) -> Vec<Span> {
    spans(record, passages)
}

fn spans(record: &Record, cut: fn(&str, usize) -> Vec<Range<usize>>) -> Vec<Span> {
    [
        (QuoteField::Title, &record.title, MAX_TITLE_SPANS),
        (QuoteField::Body, &record.body, MAX_SPANS),
    ]
    .into_iter()
    .flat_map(|(field, text, limit)| {
        // The import refuses files of more than four gigabytes, and a cell is part of a file.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        cut(text, limit)
            .into_iter()
            .map(move |range| Span { field, bytes: place(range.start)..place(range.end) })
    })
    .collect()
}

impl Span {
    /// The characters it stands for.
    ///
    /// # Panics
    /// When the span is not one of this record's.
    #[must_use]
    pub fn text<'a>(&self, record: &'a Record) -> &'a str {
        &self.whole(record)[self.bytes.start as usize..self.bytes.end as usize]
    }

    /// Its first byte within the title or body.
    pub(super) const fn start(&self) -> usize {
        self.bytes.start as usize
    }

    /// Whether it is part of the title.
    #[must_use]
    pub fn in_title(&self) -> bool {
        self.field == QuoteField::Title
    }

    fn whole<'a>(&self, record: &'a Record) -> &'a str {
        if self.in_title() { &record.title } else { &record.body }
    }

    /// Quotes a byte range of it; `None` where that is no part of the record's text.
    pub(super) fn quote_within(
        &self,
        part: Part,
        side: Side,
        record: &Record,
        range: Range<usize>,
    ) -> Option<Quote> {
        let first = self.bytes.start as usize;
        let text = self.whole(record).get(first + range.start..first + range.end)?;
        let start = self.whole(record)[..first + range.start].chars().count();
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Some(Quote {
            part,
            side,
            field: self.field,
            start: place(start),
            end: place(start + text.chars().count()),
            text: text.to_owned(),
            synonyms: Vec::new(),
        })
    }

    /// Quotes it as evidence.
    pub(super) fn quote(&self, part: Part, side: Side, record: &Record) -> Quote {
        let text = self.text(record);
        let start = self.whole(record)[..self.bytes.start as usize].chars().count();
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Quote {
            part,
            side,
            field: self.field,
            start: place(start),
            end: place(start + text.chars().count()),
            text: text.to_owned(),
            synonyms: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, SourceRef};

    #[test]
    fn a_record_is_its_title_and_its_body() {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let mut record =
            Record::new(Side::Demand, RecordId("X".to_owned()), "X".to_owned(), source);
        record.title = "窑炉温控".to_owned();
        record.body = "炉温波动大。要控制在正负一度以内。".to_owned();
        let texts = |spans: Vec<Span>| -> Vec<String> {
            spans.iter().map(|span| span.text(&record).to_owned()).collect()
        };
        assert_eq!(
            texts(requirement_spans(&record)),
            ["窑炉温控", "炉温波动大。", "要控制在正负一度以内。"]
        );
        assert_eq!(texts(passage_spans(&record)), ["窑炉温控", record.body.as_str()]);
        let quote = requirement_spans(&record)[2].quote(Part::Passage, Side::Demand, &record);
        assert_eq!((quote.start, quote.end), (6, 17));
        assert_eq!(quote.text, "要控制在正负一度以内。");
        assert!(requirement_spans(&record)[0].in_title());
    }

    #[test]
    fn a_long_body_keeps_its_end() {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let mut record =
            Record::new(Side::Supply, RecordId("X".to_owned()), "X".to_owned(), source);
        record.body = "精密铸造。".repeat(5_000);
        for spans in [requirement_spans(&record), passage_spans(&record)] {
            assert!(spans.len() <= MAX_SPANS);
            assert!(spans.last().is_some_and(|span| span.bytes.end as usize == record.body.len()));
        }
    }
}
