//! Chinese technical text: normalising, terms, sentences.
//!
//! Pure: no file is read, the dictionary and the lists in `corpus/` are compiled in. Nothing here
//! knows records, indexes or scores. All positions given out are byte ranges of the text as it
//! was handed in, so that evidence can be quoted from the original.
//!
//! - [`normalise`] and [`Folded`]: one form for the many ways to type the same thing.
//! - [`Segmenter`]: terms with positions, for the index and for everything that counts words.
//! - [`sentences`]: ranges for quotes.
//! - [`passages`] and [`units`]: ranges for what is compared part by part, bounded in number.
//! - [`Script`]: whether a text is Chinese or Latin.
//! - [`Synonyms`]: which words mean the same, and where they stand.
//! - [`requirements`] and [`elements`]: what a text asks for or claims, clause by clause.
//! - [`contact_passages`]: what must not be quoted.
//! - [`quantity`]: stated numbers with unit, comparator and property.
//! - [`char_range`]: from bytes to characters, for readers that count those.

mod contact;
mod marks;
mod normalise;
mod passage;
pub mod quantity;
mod requirement;
mod script;
mod segment;
mod sentence;
mod span;
mod synonyms;
mod technical;
mod traditional;

pub use contact::{VEILED, contact_passages, hidden_characters, shown, veil};
pub use normalise::{Folded, normalise};
pub use passage::{OVERLAP_CHARS, PASSAGE_CHARS, passages, units};
pub use requirement::{
    Element, Elements, Requirement, RequirementKind, elements, requirements, states_number,
};
pub use script::Script;
pub use segment::{Segmenter, Token};
pub use sentence::{MAX_SENTENCE_CHARS, sentences};
pub use span::char_range;
pub use synonyms::{AliasId, Alternative, Found, Synonyms, SynonymsError};
