//! Hands the terms of [`Segmenter`] to tantivy, for records and questions alike.

use std::vec::IntoIter;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::text::{self, Segmenter};

/// Splits text with the shared [`Segmenter`].
#[derive(Clone)]
pub(super) struct TermTokenizer;

/// The terms of one text.
pub(super) struct TermStream {
    terms: IntoIter<text::Token>,
    token: Token,
}

impl Tokenizer for TermTokenizer {
    type TokenStream<'a> = TermStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream {
        TermStream { terms: Segmenter::shared().tokens(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for TermStream {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token = Token {
            offset_from: term.start,
            offset_to: term.end,
            position: term.position as usize,
            text: term.text,
            position_length: term.position_length as usize,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
