//! How a single request can fail.

use crate::model::Lang;

/// What is wrong with an answer that was otherwise well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerFault {
    /// It is not the JSON that is documented.
    Json(String),
    /// It is larger than any answer can be.
    TooLarge {
        /// The most bytes that are read.
        limit: u64,
    },
    /// It has another number of vectors than texts were sent.
    Count {
        /// Texts sent.
        sent: usize,
        /// Vectors received.
        received: usize,
    },
    /// The numbers that say which text a vector belongs to are missing, repeated or too large.
    Index,
    /// A vector has another dimension than the model's first one.
    Dimension {
        /// Numbers per vector so far.
        expected: usize,
        /// Numbers of this vector.
        found: usize,
    },
    /// A number is null, NaN or infinite.
    NotFinite {
        /// Which vector of the answer, from 0.
        index: usize,
    },
    /// A vector is all zeros.
    Zero {
        /// Which vector of the answer, from 0.
        index: usize,
    },
}

impl AnswerFault {
    fn label(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Json(what)) => format!("答复不是约定的 JSON：{what}"),
            (Lang::En, Self::Json(what)) => format!("its answer is not the agreed JSON: {what}"),
            (Lang::Zh, Self::TooLarge { limit }) => format!("答复超过 {limit} 字节"),
            (Lang::En, Self::TooLarge { limit }) => format!("its answer exceeds {limit} bytes"),
            (Lang::Zh, Self::Count { sent, received }) => {
                format!("发出 {sent} 段文本，只收到 {received} 个向量")
            }
            (Lang::En, Self::Count { sent, received }) => {
                format!("{sent} texts were sent and {received} vectors came back")
            }
            (Lang::Zh, Self::Index) => "答复中的 index 缺失、重复或超出范围".to_owned(),
            (Lang::En, Self::Index) => {
                "the indexes in its answer are missing, repeated or out of range".to_owned()
            }
            (Lang::Zh, Self::Dimension { expected, found }) => {
                format!("向量维数为 {found}，应为 {expected}")
            }
            (Lang::En, Self::Dimension { expected, found }) => {
                format!("a vector has {found} numbers, expected {expected}")
            }
            (Lang::Zh, Self::NotFinite { index }) => {
                format!("答复中第 {index} 个向量（从 0 计）含有空值、NaN 或无穷大")
            }
            (Lang::En, Self::NotFinite { index }) => {
                format!("vector {index} of its answer holds null, NaN or an infinity")
            }
            (Lang::Zh, Self::Zero { index }) => {
                format!("答复中第 {index} 个向量（从 0 计）全为零")
            }
            (Lang::En, Self::Zero { index }) => {
                format!("vector {index} of its answer is all zeros")
            }
        }
    }
}

/// Why a request did not give vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// No connection, or it broke.
    Connection(String),
    /// No answer in time.
    TimedOut,
    /// A status other than success.
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of what the server says.
        said: String,
    },
    /// An answer that cannot be used.
    Answer(AnswerFault),
}

impl Trouble {
    pub(super) fn label(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Connection(what)) => format!("连接失败：{what}"),
            (Lang::En, Self::Connection(what)) => format!("the connection failed: {what}"),
            (Lang::Zh, Self::TimedOut) => "没有及时答复".to_owned(),
            (Lang::En, Self::TimedOut) => "it did not answer in time".to_owned(),
            (Lang::Zh, Self::Status { status, said }) => format!("返回状态 {status}：{said}"),
            (Lang::En, Self::Status { status, said }) => {
                format!("it answered with status {status}: {said}")
            }
            (_, Self::Answer(fault)) => fault.label(lang),
        }
    }
}
