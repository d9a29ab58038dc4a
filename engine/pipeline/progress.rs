//! What the pipeline tells while it works.

use crate::model::Lang;

/// A step of the main job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Reading the lists.
    Import,
    /// Reading what the last night remembered.
    Recall,
    /// Building the full-text indexes.
    Index,
    /// Computing embeddings.
    Embed,
    /// Finding candidates in both directions.
    Candidates,
    /// Reading requirements and passages, and their vectors: for the score, and to be quoted.
    Evidence,
    /// Scoring the candidate pairs, and handing out under capacities.
    Score,
    /// Measuring rankings and lists.
    Measure,
    /// Looking for supplies that together cover a demand.
    Joint,
    /// Closing the reference economy of a simulation.
    Normalise,
    /// Running replicates of a simulation.
    Simulate,
    /// Writing the files.
    Write,
}

impl Stage {
    /// A short name for manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Recall => "recall",
            Self::Index => "index",
            Self::Embed => "embed",
            Self::Candidates => "candidates",
            Self::Score => "score",
            Self::Evidence => "evidence",
            Self::Measure => "measure",
            Self::Joint => "joint",
            Self::Normalise => "normalise",
            Self::Simulate => "simulate",
            Self::Write => "write",
        }
    }

    /// The words people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Import => lang.pick("读取清单", "reading the lists"),
            Self::Recall => lang.pick("读取上次的派生数据", "recalling the last night"),
            Self::Index => lang.pick("建立索引", "indexing"),
            Self::Embed => lang.pick("计算语义向量", "embedding"),
            Self::Candidates => lang.pick("双向检索候选", "retrieving candidates"),
            Self::Score => lang.pick("逐对评分与分配", "scoring and allocating"),
            Self::Measure => lang.pick("计算指标", "measuring"),
            Self::Evidence => lang.pick("切分段落", "reading passages"),
            Self::Joint => lang.pick("寻找联合体", "joining supplies"),
            Self::Normalise => lang.pick("校准参照经济", "closing the reference economy"),
            Self::Simulate => lang.pick("逐次推演", "running replicates"),
            Self::Write => lang.pick("写出结果", "writing results"),
        }
    }
}

/// Receives the progress of a job. Called from many threads.
pub trait Progress: Sync {
    /// A stage begins; `total` is how many steps it has, where that is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// The stage has come so many steps further.
    fn advance(&self, steps: u64);
    /// The stage ends.
    fn end(&self);
}

/// Says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
