//! What the JSON files of a model folder say: architecture, pooling, instructions, window.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::TransformerError;
use crate::embed::TextRole;

pub(super) const CONFIG_FILE: &str = "config.json";
const MODULES_FILE: &str = "modules.json";
const POOLING_FILE: &str = "1_Pooling/config.json";
const PROMPTS_FILE: &str = "config_sentence_transformers.json";
const SENTENCE_FILE: &str = "sentence_bert_config.json";
const TOKENIZER_CONFIG_FILE: &str = "tokenizer_config.json";

/// Longest window used, whatever the model allows: attention costs grow with the window, texts
/// here are shorter, and the makers of Qwen3-Embedding embed with 8,192 tokens themselves.
const MAX_WINDOW: usize = 8192;

/// The families of networks that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Architecture {
    /// BERT: bidirectional, absolute positions (Devlin et al., 2019).
    Bert,
    /// Qwen3: causal, rotary positions, grouped queries (Qwen3 technical report, 2025).
    Qwen3,
}

impl Architecture {
    /// The `model_type` of `config.json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Qwen3 => "qwen3",
        }
    }
}

/// How the states of the tokens become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pooling {
    /// The state of the first token.
    Cls,
    /// The mean of all states, marks at the ends included.
    Mean,
    /// The state of the last token.
    LastToken,
}

impl Pooling {
    /// The word that sentence-transformers uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cls => "cls",
            Self::Mean => "mean",
            Self::LastToken => "lasttoken",
        }
    }
}

/// The non-linearity between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Gelu,
    GeluTanh,
    Relu,
    Silu,
}

impl Activation {
    pub(super) fn parse(name: &str) -> Result<Self, TransformerError> {
        match name {
            "gelu" => Ok(Self::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Self::GeluTanh),
            "relu" => Ok(Self::Relu),
            "silu" | "swish" => Ok(Self::Silu),
            other => Err(unsupported(CONFIG_FILE, format!("the activation {other}"))),
        }
    }
}

/// What a model folder says about how to embed with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The family of the network.
    pub architecture: Architecture,
    /// How states become a vector.
    pub pooling: Pooling,
    /// Whether `pooling` was taken from the architecture because no file states it.
    pub pooling_assumed: bool,
    /// Put before texts that ask; empty where the model has none.
    pub query_instruction: String,
    /// Put before texts that answer; empty where the model has none.
    pub document_instruction: String,
    /// Most tokens that the network sees at once, marks and instruction included.
    pub window: usize,
    /// Texts are lowered before the tokenizer sees them.
    pub lower_case: bool,
}

impl Settings {
    /// The instruction put before texts of `role`.
    #[must_use]
    pub fn instruction(&self, role: TextRole) -> &str {
        match role {
            TextRole::Query => &self.query_instruction,
            TextRole::Document => &self.document_instruction,
        }
    }

    /// One line that holds all that determines vectors, for the identity.
    pub(super) fn fingerprint(&self) -> String {
        format!(
            "{} {} {} {} {:?} {:?}",
            self.architecture.name(),
            self.pooling.name(),
            self.window,
            self.lower_case,
            self.query_instruction,
            self.document_instruction,
        )
    }

    /// Reads the folder's files. `max_positions` is how far the network's positions reach.
    pub(super) fn read(
        directory: &Path,
        architecture: Architecture,
        max_positions: usize,
    ) -> Result<Self, TransformerError> {
        let stated = read_pooling(directory)?;
        let usual = match architecture {
            Architecture::Bert => Pooling::Cls,
            Architecture::Qwen3 => Pooling::LastToken,
        };
        let prompts: Prompts = read_optional(directory, PROMPTS_FILE)?.unwrap_or_default();
        let sentence: Sentence = read_optional(directory, SENTENCE_FILE)?.unwrap_or_default();
        let tokenizer: TokenizerConfig =
            read_optional(directory, TOKENIZER_CONFIG_FILE)?.unwrap_or_default();
        let window = sentence
            .max_seq_length
            .or_else(|| tokenizer.window())
            .unwrap_or(max_positions)
            .min(max_positions)
            .min(MAX_WINDOW);
        Ok(Self {
            architecture,
            pooling: stated.unwrap_or(usual),
            pooling_assumed: stated.is_none(),
            query_instruction: prompts.of(&["query"]),
            document_instruction: prompts.of(&["document", "passage"]),
            window,
            lower_case: sentence.do_lower_case,
        })
    }
}

#[derive(Deserialize, Default)]
struct Prompts {
    #[serde(default)]
    prompts: BTreeMap<String, String>,
    #[serde(default)]
    default_prompt_name: Option<String>,
}

impl Prompts {
    /// The first of `names` that is there, else the default prompt, else none.
    fn of(&self, names: &[&str]) -> String {
        let named = names.iter().find_map(|name| self.prompts.get(*name));
        let default = || self.default_prompt_name.as_ref().and_then(|name| self.prompts.get(name));
        named.or_else(default).cloned().unwrap_or_default()
    }
}

#[derive(Deserialize, Default)]
struct Sentence {
    #[serde(default)]
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Deserialize, Default)]
struct TokenizerConfig {
    /// A whole number, or 10³⁰ where nobody set one.
    #[serde(default)]
    model_max_length: Option<f64>,
}

impl TokenizerConfig {
    fn window(&self) -> Option<usize> {
        let length = self.model_max_length.filter(|length| (1.0..1e9).contains(length))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 1..10⁹")]
        let length = length as usize;
        Some(length)
    }
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Default)]
struct PoolingConfig {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    include_prompt: Option<bool>,
}

/// The pooling that `modules.json` and its pooling folder state; `None` where neither is there.
fn read_pooling(directory: &Path) -> Result<Option<Pooling>, TransformerError> {
    let mut file = POOLING_FILE.to_owned();
    if let Some(modules) = read_optional::<Vec<Module>>(directory, MODULES_FILE)? {
        for module in modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" if module.path.is_empty() => {}
                "Normalize" => {}
                "Pooling" => file = format!("{}/config.json", module.path),
                other => {
                    let what = format!("the module {other} in {:?}", module.path);
                    return Err(unsupported(MODULES_FILE, what));
                }
            }
        }
    }
    let Some(config) = read_optional::<PoolingConfig>(directory, &file)? else {
        return Ok(None);
    };
    let modes = [
        (config.pooling_mode_cls_token, Some(Pooling::Cls)),
        (config.pooling_mode_mean_tokens, Some(Pooling::Mean)),
        (config.pooling_mode_lasttoken, Some(Pooling::LastToken)),
        (config.pooling_mode_max_tokens, None),
        (config.pooling_mode_mean_sqrt_len_tokens, None),
        (config.pooling_mode_weightedmean_tokens, None),
    ];
    let mut chosen = modes.iter().filter(|(chosen, _)| *chosen).map(|(_, mode)| mode);
    let (Some(Some(pooling)), None) = (chosen.next(), chosen.next()) else {
        return Err(unsupported(&file, "a pooling other than cls, mean or lasttoken".to_owned()));
    };
    if config.include_prompt == Some(false) && *pooling == Pooling::Mean {
        return Err(unsupported(&file, "a mean without the instruction's tokens".to_owned()));
    }
    Ok(Some(*pooling))
}

pub(super) fn unsupported(file: &str, what: String) -> TransformerError {
    TransformerError::Unsupported { file: file.to_owned(), what }
}

/// Reads a file of the folder.
pub(super) fn read_file(directory: &Path, file: &str) -> Result<Vec<u8>, TransformerError> {
    fs::read(directory.join(file))
        .map_err(|source| TransformerError::Read { file: file.to_owned(), source })
}

/// Parses the bytes of a JSON file.
pub(super) fn parse<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, TransformerError> {
    serde_json::from_slice(bytes)
        .map_err(|source| TransformerError::Json { file: file.to_owned(), source })
}

/// Parses a JSON file that a folder may lack.
fn read_optional<T: DeserializeOwned>(
    directory: &Path,
    file: &str,
) -> Result<Option<T>, TransformerError> {
    match read_file(directory, file) {
        Ok(bytes) => parse(file, &bytes).map(Some),
        Err(TransformerError::Read { source, .. })
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(other) => Err(other),
    }
}
