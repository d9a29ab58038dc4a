//! The vocabulary of a tokenizer, read without copying its pieces.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A vocabulary as JSON has it. Pieces are borrowed from the file, apart from those written with
/// escapes: to copy tens of thousands of short strings takes longer than to read them.
pub(super) enum Vocabulary<'a> {
    /// Unigram: pieces with log probabilities; the id is the place.
    Scored(Vec<(Cow<'a, str>, f64)>),
    /// WordPiece: pieces with ids.
    Numbered(Vec<(Cow<'a, str>, u32)>),
}

/// A string that is borrowed where it can be. (`Cow` itself is always copied inside of tuples.)
struct Piece<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Piece<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Piece<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a piece")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Piece(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Piece(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Vocabulary<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Vocabulary<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of [piece, score] or a map from piece to id")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut pieces = Vec::new();
                while let Some((Piece(piece), score)) = seq.next_element()? {
                    pieces.push((piece, score));
                }
                Ok(Vocabulary::Scored(pieces))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pieces = Vec::new();
                while let Some((Piece(piece), id)) = map.next_entry()? {
                    pieces.push((piece, id));
                }
                Ok(Vocabulary::Numbered(pieces))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
