//! Texts to windows of token ids.
//!
//! The tokenizer is the folder's own, through the crate of its makers. What a window gets at its
//! ends (`[CLS]`, `[SEP]`, an end mark) is learned from the tokenizer once, because long texts are
//! cut after tokenising and each window gets its own.

use tokenizers::Tokenizer;

use super::TransformerError;
use super::settings::Settings;
use crate::embed::TextRole;

/// Windows of a long text share this part of their tokens, so that a phrase at a cut is whole in
/// one of them: an eighth of 512 tokens is a long Chinese sentence.
const OVERLAP_DIVISOR: usize = 8;

/// Texts tried to learn the marks; one of them gives tokens with any useful vocabulary.
const PROBES: [&str; 4] = ["a", "的", "1", "."];

/// The tokenizer of a folder and what it puts at both ends of a window.
pub(super) struct Windows {
    tokenizer: Tokenizer,
    prefix: Vec<u32>,
    suffix: Vec<u32>,
    /// Tokens per window, marks and instruction included.
    window: usize,
    lower_case: bool,
    query: Instruction,
    document: Instruction,
}

/// An instruction and its tokens.
struct Instruction {
    text: String,
    ids: Vec<u32>,
}

impl std::fmt::Debug for Windows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Windows")
            .field("prefix", &self.prefix)
            .field("suffix", &self.suffix)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

impl Windows {
    /// Reads `tokenizer.json` for a network with `rows` word vectors.
    pub(super) fn new(
        json: &[u8],
        settings: &Settings,
        rows: usize,
    ) -> Result<Self, TransformerError> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(unusable)?;
        // The file may carry the cut and the padding of a training run.
        tokenizer.with_truncation(None).map_err(unusable)?;
        tokenizer.with_padding(None);
        let vocabulary = tokenizer.get_vocab(true);
        if let Some(token) = vocabulary.into_values().max().filter(|id| *id as usize >= rows) {
            return Err(TransformerError::Vocabulary { token, rows });
        }
        let (prefix, suffix) = marks(&tokenizer)?;
        let instruction = |text: &str| -> Result<Instruction, TransformerError> {
            let text = lowered(text, settings.lower_case);
            let ids = encode(&tokenizer, &text)?;
            let fixed = prefix.len() + suffix.len() + ids.len();
            if fixed >= settings.window {
                return Err(TransformerError::Window { window: settings.window, fixed });
            }
            Ok(Instruction { text, ids })
        };
        let query = instruction(&settings.query_instruction)?;
        let document = instruction(&settings.document_instruction)?;
        Ok(Self {
            prefix,
            suffix,
            window: settings.window,
            lower_case: settings.lower_case,
            query,
            document,
            tokenizer,
        })
    }

    /// The windows of `text`: none for a text without tokens, one for a text that fits, several of
    /// equal length for a longer one, spread evenly so that each shares at least an eighth of its
    /// tokens with the next. Each begins with the instruction of `role` and has the marks.
    pub(super) fn cut(
        &self,
        text: &str,
        role: TextRole,
    ) -> Result<Vec<Vec<u32>>, TransformerError> {
        let instruction = match role {
            TextRole::Query => &self.query,
            TextRole::Document => &self.document,
        };
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let text = lowered(text, self.lower_case);
        // Together, as the model's makers do: a piece may span the border.
        let whole = encode(&self.tokenizer, &format!("{}{text}", instruction.text))?;
        if whole.len() + self.prefix.len() + self.suffix.len() <= self.window {
            let own = if instruction.ids.is_empty() {
                whole.len()
            } else {
                encode(&self.tokenizer, &text)?.len()
            };
            return Ok(if own == 0 { Vec::new() } else { vec![self.dress(&[], &whole)] });
        }
        let ids = if instruction.ids.is_empty() { whole } else { encode(&self.tokenizer, &text)? };
        let fixed = self.prefix.len() + self.suffix.len() + instruction.ids.len();
        Ok(spread(ids.len(), self.window - fixed)
            .into_iter()
            .map(|(start, end)| self.dress(&instruction.ids, &ids[start..end]))
            .collect())
    }

    fn dress(&self, instruction: &[u32], ids: &[u32]) -> Vec<u32> {
        [&self.prefix, instruction, ids, &self.suffix].concat()
    }
}

fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, TransformerError> {
    Ok(tokenizer.encode_fast(text, false).map_err(unusable)?.get_ids().to_vec())
}

fn lowered(text: &str, lower_case: bool) -> String {
    if lower_case { text.to_lowercase() } else { text.to_owned() }
}

/// What the tokenizer puts before and after a text.
fn marks(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), TransformerError> {
    for probe in PROBES {
        let bare = encode(tokenizer, probe)?;
        let dressed = tokenizer.encode_fast(probe, true).map_err(unusable)?.get_ids().to_vec();
        let at = dressed.windows(bare.len().max(1)).position(|window| window == bare);
        if let (false, Some(at)) = (bare.is_empty(), at) {
            return Ok((dressed[..at].to_vec(), dressed[at + bare.len()..].to_vec()));
        }
    }
    let what = "none of a, 的, 1 and . gives a token".to_owned();
    Err(TransformerError::Tokenizer { what })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn unusable(error: tokenizers::Error) -> TransformerError {
    TransformerError::Tokenizer { what: error.to_string() }
}

/// Ranges of `room` tokens that cover `n` tokens (`n > room`), evenly spread.
fn spread(n: usize, room: usize) -> Vec<(usize, usize)> {
    if n <= room {
        return vec![(0, n)];
    }
    let step = (room - room / OVERLAP_DIVISOR).max(1);
    let steps = (n - room).div_ceil(step);
    (0..=steps).map(|i| (n - room) * i / steps).map(|start| (start, start + room)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_everything_and_overlap() {
        for (n, room) in [(11, 10), (20, 10), (1000, 510), (511, 510), (5, 4), (9, 1), (100, 16)] {
            let windows = spread(n, room);
            assert_eq!(windows[0].0, 0);
            assert_eq!(windows.last().unwrap().1, n);
            for pair in windows.windows(2) {
                assert!(pair[0].0 < pair[1].0);
                assert!(pair[1].0 + room / OVERLAP_DIVISOR <= pair[0].1, "{n} {room} {pair:?}");
            }
            assert!(windows.iter().all(|(start, end)| end - start == room));
        }
        assert_eq!(spread(3, 4), [(0, 3)]);
    }
}
