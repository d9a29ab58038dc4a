//! The Unigram model: the split of a word whose pieces are together most probable.

use std::borrow::Cow;

use super::trie::{ROOT, Trie};
use super::{EmbedError, bad};

/// How much less an unknown character counts than the least probable piece, in nats.
const UNKNOWN_PENALTY: f64 = 10.0;

/// The best way to reach a place in the word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    score: f64,
    /// Where the last piece begins; `usize::MAX` while the place has not been reached.
    from: usize,
    id: u32,
}

const UNREACHED: Step = Step { score: 0.0, from: usize::MAX, id: UNKNOWN };
/// Stands for the unknown piece until the ids are written.
const UNKNOWN: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Unigram {
    trie: Trie,
    scores: Vec<f64>,
    unknown_score: f64,
    /// Id of the unknown piece, left out where it is found by its name, too.
    unknown_id: Option<u32>,
}

impl Unigram {
    /// Builds the model from pieces with their log probabilities; ids are places.
    pub(super) fn new(
        pieces: &[(Cow<'_, str>, f64)],
        unknown_id: Option<u32>,
    ) -> Result<Self, EmbedError> {
        if unknown_id.is_some_and(|id| id as usize >= pieces.len()) {
            return Err(bad("unk_id is not the place of a piece".to_owned()));
        }
        if u32::try_from(pieces.len()).is_err() {
            return Err(bad("more pieces than 32-bit ids".to_owned()));
        }
        if let Some((piece, score)) = pieces.iter().find(|(_, score)| !score.is_finite()) {
            return Err(bad(format!("piece {piece:?} has the score {score}")));
        }
        if pieces.iter().any(|(piece, _)| piece.is_empty()) {
            return Err(bad("a piece is empty".to_owned()));
        }
        let least = pieces.iter().map(|(_, score)| *score).fold(f64::INFINITY, f64::min);
        Ok(Self {
            trie: Trie::new((0..).zip(pieces).map(|(id, (piece, _))| (piece.as_ref(), id))),
            scores: pieces.iter().map(|(_, score)| *score).collect(),
            unknown_score: if pieces.is_empty() { 0.0 } else { least } - UNKNOWN_PENALTY,
            unknown_id,
        })
    }

    /// Appends the known pieces of `word` to `ids`.
    ///
    /// The best path is found from left to right (Viterbi); of two equally good ways to a place
    /// the one whose last piece begins earlier stays, as in `tokenizers`.
    pub(super) fn encode(
        &self,
        word: &str,
        chars: &mut Vec<char>,
        path: &mut Vec<Step>,
        ids: &mut Vec<u32>,
    ) {
        chars.clear();
        chars.extend(word.chars());
        path.clear();
        path.resize(chars.len() + 1, UNREACHED);
        for start in 0..chars.len() {
            let so_far = path[start].score;
            let mut single = false;
            let mut node = ROOT;
            for (end, c) in (start + 1..).zip(&chars[start..]) {
                let Some(child) = self.trie.child(node, *c) else { break };
                node = child;
                if let Some(id) = self.trie.piece(node) {
                    improve(&mut path[end], so_far + self.scores[id as usize], start, id);
                    single |= end == start + 1;
                }
            }
            if !single {
                improve(&mut path[start + 1], so_far + self.unknown_score, start, UNKNOWN);
            }
        }
        let first = ids.len();
        let mut end = chars.len();
        while end > 0 {
            let step = path[end];
            if step.id != UNKNOWN && Some(step.id) != self.unknown_id {
                ids.push(step.id);
            }
            end = step.from;
        }
        ids[first..].reverse();
    }
}

fn improve(place: &mut Step, score: f64, from: usize, id: u32) {
    if place.from == usize::MAX || score > place.score {
        *place = Step { score, from, id };
    }
}
