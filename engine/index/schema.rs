//! The fields of an index.

use jiff::civil::Date;
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::model::{Record, Visibility};
use crate::text::normalise;

/// The format that this program writes. Raised whenever fields, terms or positions change.
pub(super) const FORMAT: u32 = 2;

/// The name under which the tokenizer is registered.
pub(super) const TOKENIZER: &str = "duijie";

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Row in the record table.
    pub(super) row: Field,
    /// Identity, exact and as given.
    pub(super) id: Field,
    /// The number that people say, as given.
    pub(super) number: Field,
    /// The same, normalised, for lookup.
    pub(super) number_key: Field,
    /// Title, in terms.
    pub(super) title: Field,
    /// Description and keywords, in terms.
    pub(super) body: Field,
    /// Steps of the classification paths, in terms.
    pub(super) classification: Field,
    /// IPC or CPC symbols, whole and by subclass and main group.
    pub(super) codes: Field,
    /// Owner, unless anonymous, in terms.
    pub(super) organization: Field,
    /// Days as `yyyymmdd`.
    pub(super) posted_on: Field,
    /// First day on which it holds.
    pub(super) valid_from: Field,
    /// Last day on which it holds.
    pub(super) valid_until: Field,
}

impl Fields {
    /// The schema and the handles of its fields.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let terms = TextOptions::default().set_indexing_options(indexing);
        let fields = Self {
            row: schema.add_u64_field("row", FAST),
            id: schema.add_text_field("id", STRING | STORED),
            number: schema.add_text_field("number", STORED),
            number_key: schema.add_text_field("number_key", STRING),
            title: schema.add_text_field("title", terms.clone() | STORED),
            body: schema.add_text_field("body", terms.clone() | STORED),
            classification: schema.add_text_field("classification", terms.clone()),
            codes: schema.add_text_field("codes", terms.clone()),
            organization: schema.add_text_field("organization", terms | STORED),
            posted_on: schema.add_u64_field("posted_on", INDEXED | FAST),
            valid_from: schema.add_u64_field("valid_from", INDEXED | FAST),
            valid_until: schema.add_u64_field("valid_until", INDEXED | FAST),
        };
        (schema.build(), fields)
    }

    /// A record as a document. Contacts are left out, and the owner of an anonymous record.
    pub(super) fn document(&self, row: u32, record: &Record) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.row, u64::from(row));
        document.add_text(self.id, record.id.as_str());
        document.add_text(self.number, &record.number);
        document.add_text(self.number_key, normalise(&record.number));
        document.add_text(self.title, &record.title);
        document.add_text(self.body, body(record));
        for path in &record.classification {
            document.add_text(self.classification, path.join("；"));
        }
        for code in &record.codes {
            document.add_text(self.codes, code);
        }
        if let Some(organization) = &record.organization
            && record.visibility == Visibility::Public
        {
            document.add_text(self.organization, organization);
        }
        for (field, date) in [
            (self.posted_on, record.posted_on),
            (self.valid_from, record.valid_from),
            (self.valid_until, record.valid_until),
        ] {
            if let Some(day) = date.and_then(day_number) {
                document.add_u64(field, day);
            }
        }
        document
    }
}

/// Description and keywords as one text.
fn body(record: &Record) -> String {
    let mut text = record.body.clone();
    if !record.keywords.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&record.keywords.join("；"));
    }
    text
}

/// A day as a number that sorts as days do: `20200113`. `None` before the year 0.
fn day_number(date: Date) -> Option<u64> {
    let year = u64::try_from(date.year()).ok()?;
    let month = u64::try_from(date.month()).ok()?;
    let day = u64::try_from(date.day()).ok()?;
    Some(year * 10_000 + month * 100 + day)
}
