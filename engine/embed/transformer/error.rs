//! What can go wrong with a transformer in a directory.

use std::io;

use crate::model::{Diagnosis, Lang};

/// Why a transformer could not be loaded, or could not embed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransformerError {
    /// A file of the model could not be read.
    #[error("reading {file}: {source}")]
    Read {
        /// Path of the file within the model's directory.
        file: String,
        /// Cause.
        source: io::Error,
    },
    /// A JSON file is not what it should be.
    #[error("parsing {file}: {source}")]
    Json {
        /// Path of the file within the model's directory.
        file: String,
        /// Cause, with line and column.
        source: serde_json::Error,
    },
    /// `model_type` names an architecture that is not built in.
    #[error("config.json names the architecture {found}, which is not supported")]
    UnknownArchitecture {
        /// The `model_type`.
        found: String,
    },
    /// A file asks for something that is not supported.
    #[error("{file} asks for {what}, which is not supported")]
    Unsupported {
        /// Path of the file within the model's directory.
        file: String,
        /// What it asks for.
        what: String,
    },
    /// Numbers of `config.json` contradict each other.
    #[error("config.json is not usable: {what}")]
    Config {
        /// What is wrong.
        what: String,
    },
    /// `tokenizer.json` cannot be used.
    #[error("reading tokenizer.json: {what}")]
    Tokenizer {
        /// Cause.
        what: String,
    },
    /// The tokenizer gives ids that the table of word vectors lacks.
    #[error("the tokenizer gives token {token}, the table of word vectors has {rows} rows")]
    Vocabulary {
        /// The largest id.
        token: u32,
        /// Rows of the table.
        rows: usize,
    },
    /// A file of weights is damaged or not in that format.
    #[error("reading {file}: {source}")]
    Safetensors {
        /// Path of the file within the model's directory.
        file: String,
        /// Cause.
        source: safetensors::SafeTensorError,
    },
    /// A tensor is in none of the files.
    #[error("tensor {tensor} is missing from the weights")]
    MissingTensor {
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor has a number type that is not supported.
    #[error("tensor {tensor} has number type {found}, expected F32, F16 or BF16")]
    TensorType {
        /// Name of the tensor.
        tensor: String,
        /// The type it has.
        found: String,
    },
    /// A tensor does not have the shape that `config.json` asks for.
    #[error("tensor {tensor} has shape {found:?}, config.json asks for {expected:?}")]
    TensorShape {
        /// Name of the tensor.
        tensor: String,
        /// The shape it has.
        found: Vec<usize>,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// A tensor holds NaN or an infinity.
    #[error("tensor {tensor} holds the unusable value {value} at position {position}")]
    TensorValue {
        /// Name of the tensor.
        tensor: String,
        /// Where, counted through all its numbers.
        position: usize,
        /// The value.
        value: f32,
    },
    /// The window leaves no room for a text.
    #[error("a window of {window} tokens leaves no room beside {fixed} fixed tokens")]
    Window {
        /// Tokens of a window.
        window: usize,
        /// Tokens of the instruction and of the marks at both ends.
        fixed: usize,
    },
    /// The tensor library refused an operation; an error of this program.
    #[error("computing vectors: {source}")]
    Compute {
        /// Cause.
        #[from]
        source: candle_core::Error,
    },
}

impl Diagnosis for TransformerError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "embed.transformer.read",
            Self::Json { .. } => "embed.transformer.json",
            Self::UnknownArchitecture { .. } => "embed.transformer.architecture",
            Self::Unsupported { .. } => "embed.transformer.unsupported",
            Self::Config { .. } => "embed.transformer.config",
            Self::Tokenizer { .. } => "embed.transformer.tokenizer",
            Self::Vocabulary { .. } => "embed.transformer.vocabulary",
            Self::Safetensors { .. } => "embed.transformer.safetensors",
            Self::MissingTensor { .. } => "embed.transformer.missing_tensor",
            Self::TensorType { .. } => "embed.transformer.tensor_type",
            Self::TensorShape { .. } => "embed.transformer.tensor_shape",
            Self::TensorValue { .. } => "embed.transformer.tensor_value",
            Self::Window { .. } => "embed.transformer.window",
            Self::Compute { .. } => "embed.transformer.compute",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Read { file, source } => format!("读取 {file} 失败：{source}"),
            Self::Json { file, source } => format!("解析 {file} 失败：{source}"),
            Self::UnknownArchitecture { found } => {
                format!("config.json 写明的模型结构为 {found}，本程序不支持")
            }
            Self::Unsupported { file, what } => format!("{file} 要求 {what}，本程序不支持"),
            Self::Config { what } => format!("config.json 无法使用：{what}"),
            Self::Tokenizer { what } => format!("读取 tokenizer.json 失败：{what}"),
            Self::Vocabulary { token, rows } => {
                format!("分词器给出编号 {token}，而词向量表只有 {rows} 行")
            }
            Self::Safetensors { file, source } => format!("读取 {file} 失败：{source}"),
            Self::MissingTensor { tensor } => format!("权重文件中缺少张量 {tensor}"),
            Self::TensorType { tensor, found } => {
                format!("张量 {tensor} 的数值类型为 {found}，应为 F32、F16 或 BF16")
            }
            Self::TensorShape { tensor, found, expected } => {
                format!("张量 {tensor} 的形状为 {found:?}，按 config.json 应为 {expected:?}")
            }
            Self::TensorValue { tensor, position, value } => {
                format!("张量 {tensor} 第 {position} 个数为 {value}，无法使用")
            }
            Self::Window { window, fixed } => {
                format!("窗口为 {window} 个词元，除去固定的 {fixed} 个后放不下文本")
            }
            Self::Compute { source } => format!("计算向量时出错：{source}"),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Read { .. } => (
                "模型目录须含 config.json、tokenizer.json 和 model.safetensors（或其分片与索引），\
                 且可读；可用 duijie model pull 重新取得。",
                "The directory needs readable config.json, tokenizer.json and model.safetensors \
                 (or its shards and index); duijie model pull fetches them.",
            ),
            Self::Json { .. } | Self::Safetensors { .. } | Self::Tokenizer { .. } => (
                "文件可能下载不全：用 duijie model check 核对，再用 duijie model pull 重新取得。",
                "The file may be incomplete: duijie model check verifies it, duijie model pull \
                 fetches it again.",
            ),
            Self::UnknownArchitecture { .. } => (
                "支持 bert（如 bge-small-zh-v1.5）、qwen3（如 Qwen3-Embedding）和 Model2Vec \
                 静态模型；请换用其中之一，或用内置模型。",
                "Supported: bert (such as bge-small-zh-v1.5), qwen3 (such as Qwen3-Embedding) and \
                 static Model2Vec models; use one of these or the built-in model.",
            ),
            Self::Unsupported { .. } => (
                "请换用采用 cls、mean 或 last token 汇聚的普通 bert 或 qwen3 向量模型。",
                "Use an ordinary bert or qwen3 embedding model with cls, mean or last-token \
                 pooling.",
            ),
            Self::Config { .. }
            | Self::Vocabulary { .. }
            | Self::MissingTensor { .. }
            | Self::TensorType { .. }
            | Self::TensorShape { .. } => (
                "请确认 config.json、tokenizer.json 与权重文件出自同一个模型、同一个版本。",
                "Check that config.json, tokenizer.json and the weights belong to one version of \
                 one model.",
            ),
            Self::TensorValue { .. } => (
                "模型数值有误，请重新取得或换用其他模型。",
                "The model's numbers are faulty; fetch it again or use another.",
            ),
            Self::Window { .. } => (
                "请检查 max_seq_length 和 config_sentence_transformers.json 里的指令。",
                "Check max_seq_length and the instruction in config_sentence_transformers.json.",
            ),
            Self::Compute { .. } => {
                ("这是程序的错误，请报告。", "This is an error of the program; please report it.")
            }
        };
        lang.pick(zh, en).to_owned()
    }
}
