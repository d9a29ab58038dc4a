//! Reads lists of demands and supplies: workbooks old and new, web pages and XML under their names,
//! text documents, text tables, JSON lines; lists, single forms, and exports of patent databases.
//!
//! [`read_lists`] turns files into an [`Intake`](crate::model::Intake): the good records, and for
//! every other row what became of it. Nothing is dropped in silence: rows in = records + merged +
//! skipped + rejected, for every table.
//!
//! The way of a row: bytes → what they are (`recognise`, `compound`, `archive`) → text (`decode`)
//! or cells (`workbook`, `html`, `spreadsheet_xml`, `docx` and `document`, `delimited`, `jsonl`,
//! `lens`) → forms turned into lists (`forms`, `form_lines`), exports known (`exports`) → headings
//! found and other rows recognised (`headers`, `layout`, `merges`) → rows that must not be taken
//! (`secrecy`) → a record (`assemble`, with `clean`, `dates`, `price`, `vocabulary`, `categories`)
//! → families of patents (`families`) → identity, numbers, equal rows (`identity`) →
//! near-duplicates (`near_duplicates`). Headings and words are data: `corpus/headers.toml`,
//! `exports.toml`, `vocabulary.toml` and `secrecy_cues.toml`.
//!
//! [`stream_list`] gives the same records of one list of any length in batches, and
//! [`returned_rows`] the original rows that have to be mended.
//!
//! Inputs are bounded (`limits`): a file over 512 MiB, or a workbook over 768 MiB unpacked, is
//! refused before it is read, as is an old workbook with a sheet of more than 7.8 million cells, an
//! archive within an archive or one that unpacks to 200 times its size, and XML that declares a
//! document type; a cell over 1 MiB or a row of more than 2,000 columns rejects the row. Results do
//! not depend on the number of threads.

mod answers;
mod archive;
mod assemble;
mod categories;
mod clean;
mod compound;
mod contacts;
mod dates;
mod decode;
mod delimited;
mod document;
mod docx;
mod error;
mod exports;
mod families;
mod file;
mod find;
mod form_lines;
mod forms;
mod headers;
mod html;
mod identity;
mod import;
mod jsonl;
mod layout;
mod lens;
mod limits;
mod merges;
mod near_duplicates;
mod originals;
mod plain;
mod price;
mod privacy;
mod recognise;
mod rejected;
mod rows;
mod secrecy;
mod spreadsheet_xml;
mod stream;
mod table;
mod text_source;
mod text_stream;
mod vocabulary;
mod workbook;
mod xls_extent;
mod yearly;

pub use answers::{AnswerList, read_answers};
pub use contacts::{ContactList, ContactRow, read_contacts};
pub use error::CorpusError;
pub use find::find_lists;
pub use import::{ImportOptions, read_lists};
pub use near_duplicates::groups as near_duplicate_groups;
pub use originals::returned_rows;
pub use plain::{PlainCell, PlainRow, PlainTable, read_tables};
pub use rejected::write_rejected_csv;
pub use stream::{Batch, Streamed, stream_list};
pub use yearly::{
    MoneyUnit, OutputKind, Prices, YearlyError, YearlyOptions, YearlySeries, read_yearly,
};
