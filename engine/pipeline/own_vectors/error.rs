//! Why vectors from files do not fit the lists.

use std::path::PathBuf;

use crate::model::{Diagnosis, Lang, Side};

/// Why vectors from files do not fit the lists.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.message(Lang::En))]
#[non_exhaustive]
pub enum OwnVectorsError {
    /// The two files' vectors cannot be compared.
    Dimensions {
        /// Numbers per vector of the demands.
        demands: usize,
        /// Numbers per vector of the supplies.
        supplies: usize,
    },
    /// Records have no vector with their id.
    Missing {
        /// The file.
        path: PathBuf,
        /// The records' side.
        side: Side,
        /// How many have none.
        n_missing: usize,
        /// How many records there are.
        n_records: usize,
        /// Ids of the first few of them.
        first: Vec<String>,
    },
    /// Without ids, rows can be matched to the rows of one table only.
    SeveralTables {
        /// The file.
        path: PathBuf,
        /// The list's side.
        side: Side,
        /// Files or sheets with data rows.
        n_tables: usize,
    },
    /// Without ids, there is one vector for each data row of the list.
    Count {
        /// The file.
        path: PathBuf,
        /// The list's side.
        side: Side,
        /// Vectors in the file.
        n_vectors: usize,
        /// Data rows of the list: records, merged and rejected rows.
        n_rows: usize,
        /// The three of them, and the rows that are titles, headings, totals or notes.
        parts: [usize; 4],
    },
    /// A pair that a run did not keep cannot be judged again without the files.
    NotKept,
}

impl Diagnosis for OwnVectorsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Dimensions { .. } => "vectors.dimensions",
            Self::Missing { .. } => "vectors.missing",
            Self::SeveralTables { .. } => "vectors.several-tables",
            Self::Count { .. } => "vectors.count",
            Self::NotKept => "vectors.not-kept",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Dimensions { demands, supplies }) => {
                format!("需求向量为 {demands} 维，供给向量为 {supplies} 维，不能相互比较")
            }
            (Lang::En, Self::Dimensions { demands, supplies }) => format!(
                "vectors of demands have {demands} numbers and those of supplies {supplies}, so \
                 they cannot be compared"
            ),
            (Lang::Zh, Self::Missing { path, side, n_missing, n_records, first }) => format!(
                "{} 中没有 {n_missing} 条{}（共 {n_records} 条）的向量，如：{}",
                path.display(),
                side.label(lang),
                first.join("、")
            ),
            (Lang::En, Self::Missing { path, side, n_missing, n_records, first }) => format!(
                "{} has no vectors for {n_missing} of {n_records} {} records, such as {}",
                path.display(),
                side.label(lang),
                first.join(", ")
            ),
            (Lang::Zh, Self::SeveralTables { path, side, n_tables }) => format!(
                "{} 没有编号，而{}清单有 {n_tables} 个文件或工作表，无法按行对应",
                path.display(),
                side.label(lang)
            ),
            (Lang::En, Self::SeveralTables { path, side, n_tables }) => format!(
                "{} has no ids and the {} list has {n_tables} files or sheets, so rows cannot be \
                 matched by their order",
                path.display(),
                side.label(lang)
            ),
            (Lang::Zh, Self::Count { path, side, n_vectors, n_rows, parts }) => {
                let [records, merged, rejected, skipped] = parts;
                format!(
                    "{} 有 {n_vectors} 个向量，而{}清单有 {n_rows} 个数据行（记录 {records} + 合并 \
                     {merged} + 退回 {rejected}；另跳过 {skipped} 行标题、合计或说明，不计）",
                    path.display(),
                    side.label(lang)
                )
            }
            (Lang::En, Self::Count { path, side, n_vectors, n_rows, parts }) => {
                let [records, merged, rejected, skipped] = parts;
                format!(
                    "{} has {n_vectors} vectors and the {} list {n_rows} data rows (records \
                     {records} + merged {merged} + rejected {rejected}; {skipped} titles, totals \
                     and notes do not count)",
                    path.display(),
                    side.label(lang)
                )
            }
            (Lang::Zh, Self::NotKept) => {
                "这次运行用的是自备向量，只能解释结果里保留的配对".to_owned()
            }
            (Lang::En, Self::NotKept) => {
                "the run used vectors from files, so only pairs that it kept can be explained"
                    .to_owned()
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Dimensions { .. } => lang.pick(
                "两侧须用同一个模型计算向量",
                "make the vectors of both sides with the same model",
            ),
            Self::Missing { .. } => lang.pick(
                "补上这些记录的向量；编号须与清单的编号列一致（用 duijie import --check 查看）",
                "add their vectors; ids are those of the list's id column (see `duijie import \
                 --check`)",
            ),
            Self::SeveralTables { .. } | Self::Count { .. } => lang.pick(
                "在向量文件旁放一个同名加 .ids.txt 的编号文件，一行一个记录编号",
                "put a file of ids beside it, its name and .ids.txt, one record id per line",
            ),
            Self::NotKept => lang.pick(
                "加大 --top 后重新运行，或换一对结果里有的供需",
                "run again with a larger --top, or ask for a pair that the result has",
            ),
        }
        .to_owned()
    }
}
