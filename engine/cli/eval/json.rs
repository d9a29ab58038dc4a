//! An evaluation as JSON. Keys are only ever added.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::evaluation::{
    Evaluation, Interval, ListMeasures, Measure, Missing, Ranker, RankingOutcome, Reliability,
    SliceOutcome, Summary, ToldPair, TwoWay, VerdictCounts,
};
use crate::model::{Micro, Part, PartValues, Side};

/// Name and version of the shape.
const SCHEMA: &str = "duijie-evaluation/1";

pub(super) fn of(evaluation: &Evaluation) -> Value {
    let facts = &evaluation.facts;
    let files = |files: &[(String, String)]| -> Vec<Value> {
        files.iter().map(|(file, sha256)| json!({ "file": file, "sha256": sha256 })).collect()
    };
    json!({
        "schema": SCHEMA,
        "version": facts.version,
        "started_at": facts.started_at,
        "as_of": facts.as_of,
        "direction": match evaluation.asker {
            Side::Demand => "demand_to_supply",
            Side::Supply => "supply_to_demand",
        },
        "files": {
            "demands": files(&facts.demands),
            "supplies": files(&facts.supplies),
            "qrels": files(&facts.qrels),
        },
        "records": { "demands": evaluation.n_demands, "supplies": evaluation.n_supplies },
        "grades": {
            "queries": evaluation.n_queries,
            "pairs": evaluation.n_graded_pairs,
            "asked": evaluation.asked.len(),
            "measured": evaluation.measured.len(),
            "relevant_from": evaluation.relevant_from,
            "only_positive": evaluation.only_positive,
            "missing_queries": missing(&evaluation.missing_queries),
            "missing_documents": missing(&evaluation.missing_documents),
        },
        "own_records_excluded": evaluation.n_own,
        "embedder": {
            "name": facts.embedder,
            "sha256": facts.embedder_sha256,
            "texts": evaluation.embedding.n_texts,
            "characters": evaluation.embedding.n_characters,
            "seconds": evaluation.embedding.seconds,
            "threads": evaluation.embedding.threads,
            "texts_per_second": evaluation.embedding.per_second(),
        },
        "backend": facts.backend,
        "candidates_per_retriever": facts.n_candidates,
        "depth": facts.depth,
        "seed": facts.seed,
        "weights_sha256": facts.weights_sha256,
        "calibration_sha256": facts.calibration_sha256,
        "hybrid_weights": facts
            .hybrid_weights
            .iter()
            .map(|(part, weight)| json!({ "part": part, "thousandths": weight }))
            .collect::<Vec<_>>(),
        "rankings": by_ranker(evaluation, ranking),
        "queries": queries(evaluation),
        "slices": evaluation
            .slices
            .iter()
            .map(|outcome| (outcome.slice.name().to_owned(), slice(outcome)))
            .collect::<Map<_, _>>(),
        "candidates": evaluation
            .candidates
            .iter()
            .map(|recall| {
                json!({
                    "relevant_from": recall.relevant_from,
                    "queries": recall.n_queries,
                    "recall_union": recall.union,
                    "recall_bm25": recall.bm25,
                    "recall_dense": recall.dense,
                    "mean_candidates": recall.mean_candidates,
                })
            })
            .collect::<Vec<_>>(),
        "two_way": evaluation.two_way.as_ref().map(two_way),
        "reliability": evaluation.reliability.as_ref().map(|reliability| {
            let mut value = reliability_of(reliability);
            value["fitted_on"] = json!(facts.calibration_note);
            value
        }),
        "verdicts": verdicts(&evaluation.verdicts),
        "told": evaluation.told.iter().map(told).collect::<Vec<_>>(),
        "timings": facts
            .timings
            .iter()
            .map(|time| json!({ "stage": time.name, "seconds": time.seconds }))
            .collect::<Vec<_>>(),
    })
}

fn missing(missing: &Missing) -> Value {
    json!({ "count": missing.n, "first": missing.first })
}

fn interval(interval: &Interval) -> Value {
    json!({ "mean": interval.mean, "low": interval.low, "high": interval.high })
}

fn by_ranker(evaluation: &Evaluation, of: impl Fn(&RankingOutcome) -> Value) -> Value {
    let entries = evaluation.rankings.iter().map(|r| (r.ranker.name().to_owned(), of(r)));
    Value::Object(entries.collect())
}

fn ranking(outcome: &RankingOutcome) -> Value {
    let measures: Map<String, Value> = outcome
        .summary
        .iter()
        .map(|summary| (summary.measure.name().to_owned(), measure(summary)))
        .collect();
    json!({ "comparison_only": outcome.ranker == Ranker::Rrf, "measures": measures })
}

fn measure(summary: &Summary) -> Value {
    json!({
        "queries": summary.n,
        "mean": summary.interval.map(|i| i.mean),
        "interval_95": summary.interval.map(|i| [i.low, i.high]),
        "against_bm25": summary.difference.map(|difference| json!({
            "difference": difference.mean,
            "interval_95": [difference.low, difference.high],
            "p": summary.p,
        })),
    })
}

/// The values of every measured query, so that two runs can be compared query by query.
fn queries(evaluation: &Evaluation) -> Vec<Value> {
    let of = |place: usize| -> Map<String, Value> {
        evaluation
            .rankings
            .iter()
            .map(|ranking| {
                let values: Map<String, Value> = Measure::ALL
                    .into_iter()
                    .map(|m| (m.name().to_owned(), json!(m.of(&ranking.queries[place]))))
                    .collect();
                (ranking.ranker.name().to_owned(), Value::Object(values))
            })
            .collect()
    };
    evaluation
        .measured
        .iter()
        .enumerate()
        .map(|(place, query)| json!({ "query": query, "measures": of(place) }))
        .collect()
}

fn slice(outcome: &SliceOutcome) -> Value {
    let by_ranker = |figures: &[Option<Interval>]| -> Map<String, Value> {
        Ranker::ALL
            .into_iter()
            .zip(figures)
            .map(|(ranker, found)| (ranker.name().to_owned(), json!(found.as_ref().map(interval))))
            .collect()
    };
    json!({
        "queries": outcome.n,
        "decided": outcome.n_decided,
        "ndcg@10": by_ranker(&outcome.ndcg_10),
        "ndcg@10_judged": by_ranker(&outcome.ndcg_10_judged),
    })
}

fn two_way(two_way: &TwoWay) -> Value {
    json!({
        "k": two_way.k,
        "per_demand": two_way.per_demand,
        "per_supply": two_way.per_supply,
        "plain": lists(&two_way.plain),
        "allocated": lists(&two_way.allocated),
    })
}

fn lists(lists: &ListMeasures) -> Value {
    json!({
        "entries": lists.n_entries,
        "demands_served": lists.n_demands_served,
        "coverage": lists.coverage,
        "gini": lists.gini,
        "largest_exposure": lists.largest_exposure,
        "mutual_at_k": lists.mutual_at_k,
        "one_sided_loss": lists.one_sided_loss,
        "supplies_by_exposure": lists
            .exposure
            .iter()
            .map(|(count, supplies)| (count.to_string(), json!(supplies)))
            .collect::<Map<_, _>>(),
    })
}

fn reliability_of(reliability: &Reliability) -> Value {
    json!({
        "pairs": reliability.n,
        "relevant_pairs": reliability.n_relevant,
        "brier": reliability.brier,
        "brier_base_rate": reliability.brier_base,
        "brier_skill": reliability.skill,
        "brier_skill_interval_95": reliability.skill_interval.map(|(low, high)| [low, high]),
        "calibration_error": reliability.calibration_error,
        "pairs_from_0.1": reliability.n_upper,
        "calibration_error_from_0.1": reliability.calibration_error_upper,
        "calibration_error_from_0.1_interval_95":
            reliability.calibration_error_upper_interval.map(|(low, high)| [low, high]),
        "bins": reliability
            .bins
            .iter()
            .map(|bin| {
                json!({
                    "from": bin.from,
                    "pairs": bin.n,
                    "mean_probability": bin.mean_probability,
                    "observed": bin.observed,
                    "interval_95": [bin.interval.0, bin.interval.1],
                })
            })
            .collect::<Vec<_>>(),
    })
}

fn told(pair: &ToldPair) -> Value {
    let parts = |values: &PartValues| -> BTreeMap<Part, Option<Micro>> {
        Part::ALL.into_iter().zip(values.iter().copied()).collect()
    };
    json!({
        "query": pair.query,
        "document": pair.document,
        "grade": pair.grade,
        "place": pair.place,
        "parts_for_demand": parts(&pair.parts_for_demand),
        "parts_for_supply": parts(&pair.parts_for_supply),
        "score_for_demand": pair.score_for_demand,
        "score_for_supply": pair.score_for_supply,
        "probability": pair.probability,
        "verdict": pair.verdict,
    })
}

fn verdicts(counts: &VerdictCounts) -> Value {
    let by = |[no_match, discuss, recommend]: [usize; 3]| json!({ "no_match": no_match, "discuss": discuss, "recommend": recommend });
    json!({
        "depth": counts.depth,
        "best_of_queries_with_relevant": by(counts.with_relevant),
        "best_of_queries_without_relevant": by(counts.without_relevant),
        "best_relevant_of_queries_with_relevant": by(counts.relevant_shown),
        "graded_pairs": by(counts.pairs),
        "relevant_pairs": by(counts.relevant_pairs),
    })
}
