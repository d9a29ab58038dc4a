//! The words of an evaluation.

use crate::evaluation::{Measure, Ranker, SHORT_BELOW, Slice};
use crate::model::Lang;

/// What a ranker is called.
#[must_use]
pub const fn ranker_label(ranker: Ranker, lang: Lang) -> &'static str {
    match ranker {
        Ranker::Bm25 => "BM25",
        Ranker::Dense => lang.pick("语义 dense", "dense"),
        Ranker::Rrf => lang.pick("RRF（仅对照）", "RRF (comparison)"),
        Ranker::Hybrid => lang.pick("混合 hybrid", "hybrid"),
        Ranker::Full => lang.pick("完整 full", "full"),
    }
}

/// What a measure is called.
#[must_use]
pub const fn measure_label(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Ndcg10 => lang.pick("nDCG@10 全部", "nDCG@10 all"),
        Measure::Ndcg10Judged => lang.pick("nDCG@10 已评", "nDCG@10 judged"),
        Measure::Judged10 => "judged@10",
        Measure::Mrr => "MRR",
        Measure::MrrJudged => lang.pick("MRR 已评", "MRR judged"),
        Measure::Hit10 => lang.pick("命中@10", "hit@10"),
        Measure::Recall10 => lang.pick("召回@10", "recall@10"),
        Measure::Recall100 => lang.pick("召回@100", "recall@100"),
    }
}

/// What a kind of queries is called.
#[must_use]
pub const fn slice_label(slice: Slice, lang: Lang) -> &'static str {
    // The label names the bound.
    const { assert!(SHORT_BELOW == 50) };
    match slice {
        Slice::Short => lang.pick("短（不足 50 字）", "short (< 50 characters)"),
        Slice::Numbers => lang.pick("写有指标数字", "with quantities"),
        Slice::CrossField => lang.pick("跨领域", "cross-field"),
        Slice::Chinese => lang.pick("中文", "Chinese"),
        Slice::English => lang.pick("英文", "English"),
    }
}
