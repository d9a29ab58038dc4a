//! The WordPiece model: the longest known piece first, then the longest continuation, and so on.

use std::borrow::Cow;

use super::trie::{ROOT, Trie};
use super::{EmbedError, bad};

#[derive(Debug)]
pub(super) struct WordPiece {
    initial: Trie,
    /// Pieces that continue a word, without their prefix.
    continuing: Trie,
    unknown_id: Option<u32>,
    /// Words of more characters are unknown as a whole.
    longest: usize,
}

impl WordPiece {
    /// Builds the model; pieces that begin with `prefix` continue a word.
    pub(super) fn new(
        pieces: &[(Cow<'_, str>, u32)],
        prefix: &str,
        unknown: &str,
        longest: usize,
    ) -> Result<Self, EmbedError> {
        if prefix.is_empty() {
            return Err(bad("continuing_subword_prefix is empty".to_owned()));
        }
        let initial = Trie::new(pieces.iter().map(|(piece, id)| (piece.as_ref(), *id)));
        let continuing = Trie::new(
            pieces.iter().filter_map(|(piece, id)| Some((piece.strip_prefix(prefix)?, *id))),
        );
        let unknown_id = pieces.iter().find(|(piece, _)| piece == unknown).map(|(_, id)| *id);
        Ok(Self { initial, continuing, unknown_id, longest })
    }

    /// Appends the pieces of `word` to `ids`; a word that cannot be split is unknown and left out.
    pub(super) fn encode(&self, word: &str, chars: &mut Vec<char>, ids: &mut Vec<u32>) {
        chars.clear();
        chars.extend(word.chars());
        if chars.len() > self.longest {
            return;
        }
        let first = ids.len();
        let mut start = 0;
        while start < chars.len() {
            let trie = if start == 0 { &self.initial } else { &self.continuing };
            let mut node = ROOT;
            let mut found = None;
            for (end, c) in (start + 1..).zip(&chars[start..]) {
                let Some(child) = trie.child(node, *c) else { break };
                node = child;
                if let Some(id) = trie.piece(node) {
                    found = Some((end, id));
                }
            }
            let Some((end, id)) = found else {
                ids.truncate(first);
                return;
            };
            if Some(id) != self.unknown_id {
                ids.push(id);
            }
            start = end;
        }
    }
}
