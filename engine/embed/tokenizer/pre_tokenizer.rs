//! Where a normalised text is cut into words before the model sees it.

use serde_json::Value;

use super::characters::{is_bert_punctuation, is_word};
use super::{EmbedError, unsupported};
use crate::embed::TokenizerPart;

/// Rules are applied by recursion, so a file must not choose the depth; real ones use up to three.
const MOST_RULES: usize = 16;

/// One rule of cutting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PreTokenizer {
    /// Runs of word characters, and runs of what is neither word nor blank (`\w+|[^\w\s]+`).
    Whitespace,
    /// Runs of what is not blank.
    WhitespaceSplit,
    /// Runs of what is not blank, each punctuation mark on its own.
    Bert,
}

/// What one character is to a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    /// Stays with its neighbours of the same kind.
    Word,
    Other,
    /// Stands alone.
    Alone,
}

impl PreTokenizer {
    fn kind(self, c: char) -> Kind {
        // The word characters come first: they are by far the most frequent.
        match self {
            Self::Whitespace if is_word(c) => Kind::Word,
            _ if c.is_whitespace() => Kind::Blank,
            Self::Whitespace => Kind::Other,
            Self::Bert if is_bert_punctuation(c) => Kind::Alone,
            Self::WhitespaceSplit | Self::Bert => Kind::Word,
        }
    }
}

/// Reads the `pre_tokenizer` section; `null` cuts nothing.
pub(super) fn read(section: &Value) -> Result<Vec<PreTokenizer>, EmbedError> {
    if section.is_null() {
        return Ok(Vec::new());
    }
    let kind = section["type"].as_str().unwrap_or("a pre_tokenizer without a type");
    match kind {
        "Whitespace" => Ok(vec![PreTokenizer::Whitespace]),
        "WhitespaceSplit" => Ok(vec![PreTokenizer::WhitespaceSplit]),
        "BertPreTokenizer" => Ok(vec![PreTokenizer::Bert]),
        "Sequence" => {
            let steps = section["pretokenizers"].as_array().map_or(&[][..], Vec::as_slice);
            let rules = steps.iter().map(read).collect::<Result<Vec<_>, _>>()?.concat();
            if rules.len() > MOST_RULES {
                let what = format!("a Sequence of more than {MOST_RULES} steps");
                return Err(unsupported(TokenizerPart::PreTokenizer, what));
            }
            Ok(rules)
        }
        _ => Err(unsupported(TokenizerPart::PreTokenizer, kind.to_owned())),
    }
}

/// Calls `emit` with each word of `text`, every rule cutting what the one before left.
pub(super) fn split(rules: &[PreTokenizer], text: &str, emit: &mut dyn FnMut(&str)) {
    let Some((rule, rest)) = rules.split_first() else {
        if !text.is_empty() {
            emit(text);
        }
        return;
    };
    let mut start = 0;
    let mut open = Kind::Blank;
    for (place, c) in text.char_indices() {
        let kind = rule.kind(c);
        if kind == open && kind != Kind::Alone {
            continue;
        }
        if open != Kind::Blank {
            split(rest, &text[start..place], emit);
        }
        (start, open) = (place, kind);
    }
    if open != Kind::Blank {
        split(rest, &text[start..], emit);
    }
}
