//! What can go wrong while loading a model or embedding with it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::{CacheError, EndpointError, VectorFileError};
use crate::model::{Diagnosis, Lang};

/// The part of a `tokenizer.json` an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenizerPart {
    /// `normalizer`.
    Normalizer,
    /// `pre_tokenizer`.
    PreTokenizer,
    /// `model`.
    Model,
    /// `added_tokens`.
    AddedTokens,
}

impl fmt::Display for TokenizerPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normalizer => "normalizer",
            Self::PreTokenizer => "pre_tokenizer",
            Self::Model => "model",
            Self::AddedTokens => "added_tokens",
        })
    }
}

/// Why a model could not be loaded or a text not be embedded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Something is wrong with the model in a directory.
    #[error("loading the embedding model in {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        source: Box<Self>,
    },
    /// A file of the model could not be read.
    #[error("reading {file}: {source}")]
    Read {
        /// Name of the file within the model's directory.
        file: &'static str,
        /// Cause.
        source: io::Error,
    },
    /// A JSON file of the model is not what it should be.
    #[error("parsing {file}: {source}")]
    Json {
        /// Name of the file.
        file: &'static str,
        /// Cause, with line and column.
        source: serde_json::Error,
    },
    /// The tokenizer needs something that is not built in.
    #[error("the tokenizer's {part} asks for {what}, which is not supported")]
    UnsupportedTokenizer {
        /// The part of `tokenizer.json`.
        part: TokenizerPart,
        /// What it asks for.
        what: String,
    },
    /// The tokenizer contradicts itself.
    #[error("the tokenizer's {part} is not usable: {what}")]
    BadTokenizer {
        /// The part of `tokenizer.json`.
        part: TokenizerPart,
        /// What is wrong.
        what: String,
    },
    /// `model.safetensors` is damaged or not in that format.
    #[error("reading model.safetensors: {source}")]
    Safetensors {
        /// Cause.
        source: safetensors::SafeTensorError,
    },
    /// A tensor has a number type that is not supported.
    #[error("tensor {tensor} has number type {found}, expected {expected}")]
    TensorType {
        /// Name of the tensor.
        tensor: &'static str,
        /// The type it has.
        found: String,
        /// The types it may have.
        expected: &'static str,
    },
    /// A tensor does not have the shape that the other parts ask for.
    #[error("tensor {tensor} has shape {found:?}, expected {expected}")]
    TensorShape {
        /// Name of the tensor.
        tensor: &'static str,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have, in words.
        expected: String,
    },
    /// A tensor holds NaN, an infinity, or a row number outside the table.
    #[error("tensor {tensor} holds the unusable value {value} at position {position}")]
    TensorValue {
        /// Name of the tensor.
        tensor: &'static str,
        /// Where, counted through all its numbers.
        position: usize,
        /// The value.
        value: String,
    },
    /// A transformer in a directory could not be loaded, or could not embed.
    #[error(transparent)]
    Transformer {
        /// Cause.
        #[from]
        source: super::TransformerError,
    },
    /// The sum of a text's pieces is too large for `f32`.
    #[error("embedding text {index} overflows")]
    Overflow {
        /// Which of the given texts, from 0.
        index: usize,
    },
    /// A mapped file of the model was changed while it was in use.
    #[error("{file} was changed while the model was in use")]
    Changed {
        /// Name of the file.
        file: &'static str,
    },
    /// An endpoint failed.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The cache of vectors cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A file of vectors cannot be used.
    #[error(transparent)]
    VectorFile(#[from] VectorFileError),
    /// The numbers do not form rows; an error of this program.
    #[error("collecting embeddings: {source}")]
    Shape {
        /// Cause.
        #[from]
        source: crate::model::ShapeError,
    },
}

impl Diagnosis for EmbedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Directory { source, .. } => source.code(),
            Self::Read { .. } => "embed.read",
            Self::Json { .. } => "embed.json",
            Self::UnsupportedTokenizer { .. } => "embed.unsupported_tokenizer",
            Self::BadTokenizer { .. } => "embed.bad_tokenizer",
            Self::Safetensors { .. } => "embed.safetensors",
            Self::TensorType { .. } => "embed.tensor_type",
            Self::TensorShape { .. } => "embed.tensor_shape",
            Self::TensorValue { .. } => "embed.tensor_value",
            Self::Transformer { source } => source.code(),
            Self::Overflow { .. } => "embed.overflow",
            Self::Changed { .. } => "embed.changed",
            Self::Endpoint(source) => source.code(),
            Self::Cache(source) => source.code(),
            Self::VectorFile(source) => source.code(),
            Self::Shape { .. } => "embed.shape",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Directory { path, source } => {
                format!("载入目录 {} 中的向量模型：{}", path.display(), source.message(lang))
            }
            Self::Read { file, source } => format!("读取 {file} 失败：{source}"),
            Self::Json { file, source } => format!("解析 {file} 失败：{source}"),
            Self::UnsupportedTokenizer { part, what } => {
                format!("分词器的 {part} 要求 {what}，本程序不支持")
            }
            Self::BadTokenizer { part, what } => format!("分词器的 {part} 无法使用：{what}"),
            Self::Safetensors { source } => format!("读取 model.safetensors 失败：{source}"),
            Self::TensorType { tensor, found, expected } => {
                format!("张量 {tensor} 的数值类型为 {found}，应为 {expected}")
            }
            Self::TensorShape { tensor, found, expected } => {
                format!("张量 {tensor} 的形状为 {found:?}，应为 {expected}")
            }
            Self::TensorValue { tensor, position, value } => {
                format!("张量 {tensor} 第 {position} 个数为 {value}，无法使用")
            }
            Self::Transformer { source } => source.message(lang),
            Self::Overflow { index } => format!("第 {index} 段文本（从 0 计）的向量溢出"),
            Self::Changed { file } => format!("模型文件 {file} 在使用中被改动"),
            Self::Endpoint(source) => source.message(lang),
            Self::Cache(source) => source.message(lang),
            Self::VectorFile(source) => source.message(lang),
            Self::Shape { source } => format!("汇总向量时出错：{source}"),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Directory { source, .. } => return source.remedy(lang),
            Self::Endpoint(source) => return source.remedy(lang),
            Self::Cache(source) => return source.remedy(lang),
            Self::VectorFile(source) => return source.remedy(lang),
            Self::Changed { .. } => (
                "等写入完成后重新运行；替换模型时请先写到旁边再改名。",
                "Run again once nothing writes to it; replace a model by renaming, not in place.",
            ),
            Self::Transformer { source } => return source.remedy(lang),
            Self::Read { .. } => (
                "模型目录须含 model.safetensors、tokenizer.json、config.json 三个文件，且可读。",
                "Give a directory with readable model.safetensors, tokenizer.json and config.json.",
            ),
            Self::Json { .. } | Self::Safetensors { .. } => (
                "文件可能下载不全，请重新取得模型。",
                "The file may be incomplete; fetch the model again.",
            ),
            Self::UnsupportedTokenizer { .. } => (
                "请使用 Unigram 或 WordPiece 分词、规范化为 NFKC/小写/Bert 的静态模型，或改用内置模型。",
                "Use a static model with a Unigram or WordPiece tokenizer and NFKC, Lowercase or \
                 BertNormalizer, or use the built-in model.",
            ),
            Self::BadTokenizer { .. } | Self::TensorType { .. } | Self::TensorShape { .. } => (
                "请确认三个文件出自同一个 Model2Vec 静态模型。",
                "Check that the three files belong to one static model in Model2Vec layout.",
            ),
            Self::TensorValue { .. } | Self::Overflow { .. } => (
                "模型数值有误，请换用其他模型。",
                "The model's numbers are faulty; use another model.",
            ),
            Self::Shape { .. } => {
                ("这是程序的错误，请报告。", "This is an error of the program; please report it.")
            }
        };
        lang.pick(zh, en).to_owned()
    }
}
