//! Full-text index of each side, and lexical candidates for every record of the other.
//!
//! The only module that knows tantivy. [`SideIndex`] builds, opens and searches the index of one
//! side; [`LexicalScorer`] reads two of them and scores all records of one against all of the
//! other. Contacts never enter an index. Rows are those of the record table given to
//! [`SideIndex::build`]; how tantivy cut the index into segments shows nowhere.

mod error;
mod expansion;
mod impacts;
mod layers;
mod lexical;
mod occurrences;
mod question;
mod schema;
mod search;
mod side;
mod snippet;
mod telling;
mod terms;
mod tokenizer;

pub use error::IndexError;
pub use layers::{GONE, LayeredSide};
pub use lexical::{LexicalScorer, Scratch, SelfScores};
pub use search::{Question, SearchHit};
pub use side::SideIndex;
pub use snippet::{Marks, Snippet};
