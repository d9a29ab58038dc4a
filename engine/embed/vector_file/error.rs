//! What can go wrong with a file of vectors.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why a file of vectors cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("reading the vectors in {}: {fault}", path.display())]
pub struct VectorFileError {
    /// The file of vectors.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: VectorFault,
}

/// What is wrong with a file of vectors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorFault {
    /// It cannot be read.
    #[error("{0}")]
    Read(io::Error),
    /// Its name ends neither in `.safetensors` nor in `.npy`.
    #[error("the name ends neither in .safetensors nor in .npy")]
    UnknownFormat,
    /// It is not in the format that its name says.
    #[error("it is damaged or not in this format: {0}")]
    Damaged(String),
    /// There is no tensor `embeddings`.
    #[error("it has no tensor `embeddings`; it has: {}", found.join(", "))]
    NoTensor {
        /// The tensors that it has.
        found: Vec<String>,
    },
    /// The numbers have a type that is not read.
    #[error("its numbers are of type {found}")]
    NumberType {
        /// The type as the file names it.
        found: String,
    },
    /// The numbers do not form rows.
    #[error("its shape is {found:?}, not [rows, numbers per row]")]
    Shape {
        /// The shape that it has.
        found: Vec<usize>,
    },
    /// A row holds NaN or an infinity.
    #[error("row {row} holds {value} at place {column}")]
    NotFinite {
        /// The row, from 1.
        row: usize,
        /// The place in the row, from 1.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A row is all zeros.
    #[error("row {row} is all zeros")]
    Zero {
        /// The row, from 1.
        row: usize,
    },
    /// The ids are not UTF-8 text.
    #[error("the ids are not UTF-8 text")]
    IdText,
    /// There are more or fewer ids than rows.
    #[error("there are {ids} ids for {rows} rows")]
    IdCount {
        /// Lines of ids.
        ids: usize,
        /// Rows of vectors.
        rows: usize,
    },
    /// An id is empty or stands twice.
    #[error("the id {id:?} in line {line} is empty or was there before")]
    Id {
        /// The line, from 1.
        line: usize,
        /// The id.
        id: String,
    },
    /// The file changed after it was opened.
    #[error("it was changed while it was in use")]
    Changed,
}

impl VectorFault {
    fn chinese(&self) -> String {
        match self {
            Self::Read(error) => error.to_string(),
            Self::UnknownFormat => "文件名不以 .safetensors 或 .npy 结尾".to_owned(),
            Self::Damaged(what) => format!("文件损坏或不是这种格式：{what}"),
            Self::NoTensor { found } => {
                format!("没有名为 embeddings 的张量，只有：{}", found.join("、"))
            }
            Self::NumberType { found } => format!("数值类型为 {found}"),
            Self::Shape { found } => format!("形状为 {found:?}，应为 [行数, 每行数值个数]"),
            Self::NotFinite { row, column, value } => {
                format!("第 {row} 行第 {column} 个数为 {value}")
            }
            Self::Zero { row } => format!("第 {row} 行全为零"),
            Self::IdText => "编号不是 UTF-8 文本".to_owned(),
            Self::IdCount { ids, rows } => format!("有 {rows} 行向量，却有 {ids} 个编号"),
            Self::Id { line, id } => format!("编号文件第 {line} 行的 {id:?} 为空或重复"),
            Self::Changed => "文件在使用中被改动".to_owned(),
        }
    }
}

impl Diagnosis for VectorFileError {
    fn code(&self) -> &'static str {
        match self.fault {
            VectorFault::Read(_) => "vectors.read",
            VectorFault::UnknownFormat => "vectors.format",
            VectorFault::Damaged(_) => "vectors.damaged",
            VectorFault::NoTensor { .. } => "vectors.no-tensor",
            VectorFault::NumberType { .. } => "vectors.number-type",
            VectorFault::Shape { .. } => "vectors.shape",
            VectorFault::NotFinite { .. } => "vectors.not-finite",
            VectorFault::Zero { .. } => "vectors.zero",
            VectorFault::IdText | VectorFault::IdCount { .. } | VectorFault::Id { .. } => {
                "vectors.ids"
            }
            VectorFault::Changed => "vectors.changed",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::Zh => format!("读取向量文件 {}：{}", self.path.display(), self.fault.chinese()),
            Lang::En => self.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self.fault {
            VectorFault::Read(_) => {
                lang.pick("检查文件路径和读取权限", "check that the file is there and may be read")
            }
            VectorFault::UnknownFormat | VectorFault::Damaged(_) => lang.pick(
                "用 numpy.save 存成 .npy，或用 safetensors 存成 .safetensors（张量名 embeddings）",
                "save it with numpy.save as .npy, or with safetensors under the name `embeddings`",
            ),
            VectorFault::NoTensor { .. } => lang.pick(
                "把向量存成名为 embeddings 的张量",
                "store the vectors as the tensor `embeddings`",
            ),
            VectorFault::NumberType { .. } => lang.pick(
                "转换为小端 float16、float32（.npy 也可用 float64）后再保存",
                "convert to little-endian float16 or float32 (.npy: also float64) and save again",
            ),
            VectorFault::Shape { .. } => lang.pick(
                "存成二维数组，一行一个向量，按 C 顺序（numpy.ascontiguousarray）",
                "save a two-dimensional array in C order, one vector per row",
            ),
            VectorFault::NotFinite { .. } | VectorFault::Zero { .. } => lang.pick(
                "重新计算这一行的向量；没有文本可算的记录请从清单中去掉",
                "compute this row's vector again, or take the record out of the list",
            ),
            VectorFault::IdText | VectorFault::IdCount { .. } | VectorFault::Id { .. } => lang
                .pick(
                    "编号文件（向量文件名加 .ids.txt）一行一个编号，与向量行一一对应，不空不重",
                    "the file of ids (the vectors' name and .ids.txt) has one id per line and row, \
                     none empty and none twice",
                ),
            VectorFault::Changed => {
                lang.pick("等写入完成后重新运行", "run again once nothing writes to the file")
            }
        }
        .to_owned()
    }
}
