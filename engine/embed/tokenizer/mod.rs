//! Text to token ids, for the tokenizers that static models use.
//!
//! Follows the Hugging Face `tokenizers` library: normaliser, pre-tokenizer, then Unigram or
//! WordPiece; equality is held by golden files. Only what static models of Chinese and English
//! use is built in; anything else is an error that names the part. The library's truncation,
//! padding and post-processing do not apply: no special token is added and nothing is cut.

mod characters;
mod normalizer;
mod pre_tokenizer;
mod trie;
mod unigram;
mod vocabulary;
mod wordpiece;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;

use self::normalizer::Normalizer;
use self::pre_tokenizer::PreTokenizer;
use self::unigram::Unigram;
use self::vocabulary::Vocabulary;
use self::wordpiece::WordPiece;
use super::{EmbedError, TokenizerPart};

/// Buffers that are reused from text to text, and the ids of the last text.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Known token ids in the order of the text.
    pub(super) ids: Vec<u32>,
    folded: String,
    spare: String,
    chars: Vec<char>,
    path: Vec<unigram::Step>,
}

/// Splits texts into token ids.
#[derive(Debug)]
pub(super) struct Tokenizer {
    normalizers: Vec<Normalizer>,
    pre_tokenizers: Vec<PreTokenizer>,
    model: Model,
    n_tokens: usize,
}

#[derive(Debug)]
enum Model {
    Unigram(Unigram),
    WordPiece(WordPiece),
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(borrow)]
    model: ModelSection<'a>,
}

#[derive(Deserialize)]
struct AddedToken {
    content: String,
    special: bool,
}

/// The `model` section; which fields count depends on `type`.
#[derive(Deserialize)]
struct ModelSection<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    vocab: Vocabulary<'a>,
    unk_id: Option<u32>,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    max_input_chars_per_word: Option<usize>,
    #[serde(default)]
    byte_fallback: bool,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, EmbedError> {
        let file: File<'_> = serde_json::from_slice(json)
            .map_err(|source| EmbedError::Json { file: "tokenizer.json", source })?;
        if let Some(token) = file.added_tokens.iter().find(|token| !token.special) {
            return Err(unsupported(
                TokenizerPart::AddedTokens,
                format!("the token {:?} that is not special", token.content),
            ));
        }
        let normalizers = normalizer::read(&file.normalizer)?;
        let pre_tokenizers = pre_tokenizer::read(&file.pre_tokenizer)?;
        let section = file.model;
        if section.byte_fallback {
            return Err(unsupported(TokenizerPart::Model, "byte_fallback".to_owned()));
        }
        let (model, n_tokens) = match (section.kind.as_deref(), section.vocab) {
            (Some("Unigram"), Vocabulary::Scored(pieces)) => {
                let n_tokens = pieces.len();
                (Model::Unigram(Unigram::new(&pieces, section.unk_id)?), n_tokens)
            }
            (Some("WordPiece"), Vocabulary::Numbered(pieces)) => {
                let n_tokens =
                    pieces.iter().map(|(_, id)| *id as usize + 1).max().unwrap_or_default();
                let prefix = section.continuing_subword_prefix.as_deref().unwrap_or("##");
                let unknown = section.unk_token.as_deref().unwrap_or("[UNK]");
                let longest = section.max_input_chars_per_word.unwrap_or(100);
                (Model::WordPiece(WordPiece::new(&pieces, prefix, unknown, longest)?), n_tokens)
            }
            (Some(kind @ ("Unigram" | "WordPiece")), _) => {
                return Err(bad(format!("the vocabulary does not have the form of {kind}")));
            }
            (kind, _) => {
                let what = kind.unwrap_or("a model without a type").to_owned();
                return Err(unsupported(TokenizerPart::Model, what));
            }
        };
        Ok(Self { normalizers, pre_tokenizers, model, n_tokens })
    }

    /// One more than the largest token id.
    pub(super) const fn n_tokens(&self) -> usize {
        self.n_tokens
    }

    /// Replaces `scratch.ids` by the known token ids of `text`.
    pub(super) fn encode(&self, text: &str, scratch: &mut Scratch) {
        let Scratch { ids, folded, spare, chars, path } = scratch;
        ids.clear();
        folded.clear();
        folded.push_str(text);
        for normalizer in &self.normalizers {
            normalizer.apply(folded, spare);
        }
        pre_tokenizer::split(&self.pre_tokenizers, folded, &mut |word| match &self.model {
            Model::Unigram(model) => model.encode(word, chars, path, ids),
            Model::WordPiece(model) => model.encode(word, chars, ids),
        });
    }
}

fn unsupported(part: TokenizerPart, what: String) -> EmbedError {
    EmbedError::UnsupportedTokenizer { part, what }
}

fn bad(what: String) -> EmbedError {
    EmbedError::BadTokenizer { part: TokenizerPart::Model, what }
}
