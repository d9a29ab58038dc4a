//! The contract that every backend fulfils.

use serde::Serialize;

use super::firm_step::{CpuSession, FirmSession, RunStart};
use super::{BestRow, Selected, Selecting};
use crate::model::{Diagnosis, EmbeddingsView, Lang, MultiVectorsView};

/// What kind of machine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendKind {
    /// This machine's processor cores.
    Cpu,
    /// A device reached through wgpu.
    Gpu,
}

/// Which kind of machine is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackendChoice {
    /// A GPU that is not software and passes its self-check, else the processor.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A GPU; having none is an error. A software adapter will do: the wish was explicit.
    Gpu,
}

/// Which machine made a result; written into every manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackendInfo {
    /// Processor or device.
    pub kind: BackendKind,
    /// Name of the adapter or processor.
    pub adapter: String,
    /// Driver and interface, such as `llvmpipe (Mesa 22.3.6), Vulkan`; instruction set for a CPU.
    pub driver: String,
    /// Whether the adapter is software: its times say nothing about a GPU's.
    pub software: bool,
}

/// One document found for a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Row of the document.
    pub document: u32,
    /// Dot product; cosine similarity for rows of unit length. Higher is better.
    pub score: f32,
}

/// Selects and scores by dot products of embeddings.
///
/// All methods: inputs are row-major `f32`; both sides have the same `dim` (a side without rows
/// may have any); every number is finite and at most `2⁵⁰` in magnitude, so that no score
/// overflows. An empty side gives empty results. Results are the same for any number of threads.
/// Backends may differ in the last bits of a score (summation order), within
/// `dim · 2⁻²³ · Σ|qᵢ·dᵢ|` (products below `2⁻¹²⁶` may count as zero); order is total on each backend: score descending, then row ascending.
pub trait Backend: Send + Sync {
    /// Which machine this is; the one that finishes the work, where another one failed.
    fn info(&self) -> BackendInfo;

    /// Why another machine than the one that was opened finishes the work; `None` where none failed.
    fn fallen(&self) -> Option<BackendError> {
        None
    }

    /// Finds the best documents for every query over all pairs with those that may be found.
    ///
    /// Returns `n_queries` lists in query order, each of `min(k, allowed documents)` hits, best first.
    /// Exact, unless the contrary is asked for. The score matrix is never stored. `k = 0` gives
    /// empty lists; zero vectors score 0 with everything. Rows that may not be found are checked too.
    ///
    /// # Errors
    /// [`BackendError::Dim`] when the two sides differ in `dim`, [`BackendError::NotFinite`] for
    /// NaN or infinity, [`BackendError::Magnitude`] for a number beyond `±2⁵⁰`,
    /// [`BackendError::Filter`] for a set of rows of another table, [`BackendError::Limit`] and
    /// [`BackendError::Device`] from a device.
    fn select(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        asked: &Selecting<'_>,
    ) -> Result<Selected, BackendError>;

    /// The lists of [`select`](Self::select) for the exact `k` best of all documents.
    ///
    /// # Errors
    /// As there.
    fn top_k(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        k: usize,
    ) -> Result<Vec<Vec<Hit>>, BackendError> {
        Ok(self.select(queries, documents, &Selecting::best(k))?.lists)
    }

    /// Scores the listed pairs only: one dot product each (sampled dense–dense product).
    ///
    /// `pairs` are (query row, document row); returns one score per pair in the same order.
    ///
    /// # Errors
    /// As [`top_k`](Self::top_k), and [`BackendError::Row`] when a pair names a row that is not there.
    fn score_pairs(
        &self,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<f32>, BackendError>;

    /// Finds, for the listed pairs of records that have several rows each, the best document row
    /// for every query row: the greatest dot product and where it is, the first on ties.
    ///
    /// `pairs` are (query record, document record). The result holds, for each pair in order, one
    /// entry per row of its query record in order: nothing for a query record without rows,
    /// [`BestRow::NONE`] for each row against a document record without rows. Backends may find
    /// another row where two scores differ less than the bound above.
    ///
    /// # Errors
    /// As [`score_pairs`](Self::score_pairs); a pair names records, not rows.
    fn max_sim(
        &self,
        queries: MultiVectorsView<'_>,
        documents: MultiVectorsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<BestRow>, BackendError>;

    /// Takes in the firms of many simulation runs, to be moved quarter by quarter.
    ///
    /// Integers only: every backend gives the same bits. Without a kernel of its own a backend
    /// uses the processor.
    ///
    /// # Errors
    /// [`BackendError::Limit`] when the runs do not fit at once: give fewer of them;
    /// [`BackendError::Device`] from a device.
    fn simulate<'a>(
        &'a self,
        runs: Vec<RunStart<'a>>,
    ) -> Result<Box<dyn FirmSession + 'a>, BackendError> {
        Ok(Box::new(CpuSession::new(runs)))
    }
}

/// Why a backend could not compute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The two sides have rows of different length.
    #[error("queries have {queries} dimensions, documents have {documents}")]
    Dim {
        /// Dimensions of the queries.
        queries: usize,
        /// Dimensions of the documents.
        documents: usize,
    },
    /// A number is NaN or infinite.
    #[error("row {row} of the {side} holds a number that is not finite")]
    NotFinite {
        /// `queries` or `documents`.
        side: &'static str,
        /// The first such row.
        row: usize,
    },
    /// A number is so large that a dot product with it may overflow.
    #[error("row {row} of the {side} holds a number beyond ±2⁵⁰")]
    Magnitude {
        /// `queries` or `documents`.
        side: &'static str,
        /// The first such row.
        row: usize,
    },
    /// A pair names a row that is not there.
    #[error("pair {pair} names row {row} of the {side}, which has {n_rows}")]
    Row {
        /// Place in the list of pairs.
        pair: usize,
        /// `queries` or `documents`.
        side: &'static str,
        /// The row it names.
        row: u32,
        /// How many there are.
        n_rows: usize,
    },
    /// A set of rows belongs to another table.
    #[error("the filter is for {filter} rows, there are {documents} documents")]
    Filter {
        /// Rows of the table that it was made for.
        filter: usize,
        /// Documents that there are.
        documents: usize,
    },
    /// No adapter was found.
    #[error("no GPU adapter was found")]
    NoAdapter,
    /// The work does not fit the device even in the smallest tiles.
    #[error("{what} needs {needed}, the device allows {allowed}")]
    Limit {
        /// What does not fit.
        what: &'static str,
        /// What it needs.
        needed: u64,
        /// What the device allows.
        allowed: u64,
    },
    /// The device failed: lost, out of memory, timed out, or wrong at its self-check.
    #[error("GPU {adapter} failed: {reason}")]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// What it said.
        reason: String,
    },
}

impl Diagnosis for BackendError {
    fn code(&self) -> &'static str {
        match self {
            Self::Dim { .. } => "backend.dim",
            Self::NotFinite { .. } => "backend.not-finite",
            Self::Magnitude { .. } => "backend.magnitude",
            Self::Row { .. } => "backend.row",
            Self::Filter { .. } => "backend.filter",
            Self::NoAdapter => "backend.no-adapter",
            Self::Limit { .. } => "backend.limit",
            Self::Device { .. } => "backend.device",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, Self::Dim { queries, documents }) => {
                format!("两侧向量维数不同：查询 {queries} 维，文档 {documents} 维")
            }
            (Lang::Zh, Self::NotFinite { side, row }) => {
                format!("{side} 第 {row} 行含有非数值（NaN 或无穷大）")
            }
            (Lang::Zh, Self::Magnitude { side, row }) => {
                format!("{side} 第 {row} 行含有绝对值超过 2⁵⁰ 的数")
            }
            (Lang::Zh, Self::Row { pair, side, row, n_rows }) => {
                format!("第 {pair} 个配对引用了 {side} 的第 {row} 行，而该表只有 {n_rows} 行")
            }
            (Lang::Zh, Self::Filter { filter, documents }) => {
                format!("筛选条件对应 {filter} 行，而文档有 {documents} 行")
            }
            (Lang::Zh, Self::NoAdapter) => "没有找到可用的显卡".to_owned(),
            (Lang::Zh, Self::Limit { what, needed, allowed }) => {
                format!("显卡限制：{what} 需要 {needed}，设备只允许 {allowed}")
            }
            (Lang::Zh, Self::Device { adapter, reason }) => {
                format!("显卡 {adapter} 出错：{reason}")
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Dim { .. } => lang.pick(
                "两侧须用同一个模型生成向量，请重新生成",
                "embed both sides with the same model",
            ),
            Self::NotFinite { .. }
            | Self::Magnitude { .. }
            | Self::Row { .. }
            | Self::Filter { .. } => lang.pick(
                "这是程序缺陷或向量文件损坏，请重新生成向量",
                "embed the texts again; if it persists, report it",
            ),
            Self::NoAdapter | Self::Limit { .. } | Self::Device { .. } => lang.pick(
                "改用 --backend cpu，结果相同；或检查显卡驱动（duijie backends）",
                "use --backend cpu, the result is the same; or check the driver with `duijie backends`",
            ),
        }
        .to_owned()
    }
}
