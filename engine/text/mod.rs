//! Chinese technical text: normalising, terms, sentences.
//!
//! Pure: no file is read, the dictionary and the lists in `corpus/` are compiled in. Nothing here
//! knows records, indexes or scores. All positions given out are byte ranges of the text as it
//! was handed in, so that evidence can be quoted from the original.
//!
//! - [`normalise`] and [`Folded`]: one form for the many ways to type the same thing.
//! - [`Segmenter`]: terms with positions, for the index and for everything that counts words.
//! - [`sentences`]: ranges for quotes and passages.
//! - [`requirements`] and [`elements`]: what a text asks for or claims, clause by clause.
//! - [`contact_passages`]: what must not be quoted.
//! - [`char_range`]: from bytes to characters, for readers that count those.

mod contact;
mod normalise;
mod requirement;
mod segment;
mod sentence;
mod span;
mod technical;

pub use contact::{VEILED, contact_passages, hidden_characters, shown, veil};
pub use normalise::{Folded, normalise};
pub use requirement::{
    Element, Elements, Requirement, RequirementKind, elements, requirements, states_number,
};
pub use segment::{Segmenter, Token};
pub use sentence::{MAX_SENTENCE_CHARS, sentences};
pub use span::char_range;
