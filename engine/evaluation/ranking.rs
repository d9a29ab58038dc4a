//! nDCG, reciprocal rank, hit rate and recall.

use std::collections::BTreeMap;

use super::{Qrels, Run};

/// Means over the queries that have at least one positive grade; each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RankingMeasures {
    /// How many queries were averaged.
    pub n_queries: usize,
    /// nDCG@10 with unjudged documents counted as grade 0.
    pub ndcg_10: f64,
    /// nDCG@10 with unjudged documents removed from the run first.
    pub ndcg_10_judged: f64,
    /// Share of the first ten documents that are judged.
    pub judged_10: f64,
    /// Reciprocal rank of the first document with the relevant grade, over queries that have one.
    pub mrr: f64,
    /// Share of queries with a relevant document among the first ten, over queries that have one.
    pub hit_10: f64,
    /// Share of relevant documents among the first ten, over queries that have one.
    pub recall_10: f64,
    /// Share of relevant documents among the first hundred, over queries that have one.
    pub recall_100: f64,
}

/// nDCG at `k` of one ranked list of grades, with linear gain.
///
/// `DCG = Σ gain_i / log2(i + 1)` over the first `k` places (i from 1), over the same sum for the
/// ideal order of `all_grades`. Negative grades gain nothing. Zero where no grade is positive.
/// Source: Järvelin and Kekäläinen, ACM TOIS 20(4), 2002, with the discount of `trec_eval`'s
/// `ndcg_cut`.
#[must_use]
pub fn ndcg(ranked: &[i32], all_grades: &[i32], k: usize) -> f64 {
    let dcg = |grades: &mut dyn Iterator<Item = i32>| -> f64 {
        grades
            .take(k)
            .zip(1_u32..)
            .map(|(grade, place)| f64::from(grade.max(0)) / f64::from(place + 1).log2())
            .sum()
    };
    let mut ideal = all_grades.to_vec();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = dcg(&mut ideal.into_iter());
    if best > 0.0 { dcg(&mut ranked.iter().copied()) / best } else { 0.0 }
}

/// What one query of a run is worth; each in `[0, 1]`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueryMeasures {
    /// nDCG@10 with unjudged documents counted as grade 0.
    pub ndcg_10: f64,
    /// nDCG@10 with unjudged documents removed from the run first.
    pub ndcg_10_judged: f64,
    /// Share of the first ten documents that are judged; 0 for an empty list.
    pub judged_10: f64,
    /// Measures that need a relevant document; `None` where none is graded so.
    pub relevant: Option<RelevantMeasures>,
}

/// The part of [`QueryMeasures`] that needs a relevant document.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RelevantMeasures {
    /// Reciprocal rank of the first relevant document; 0 if it was not found.
    pub reciprocal_rank: f64,
    /// 1 if a relevant document is among the first ten.
    pub hit_10: f64,
    /// Share of the relevant documents among the first ten.
    pub recall_10: f64,
    /// Share of the relevant documents among the first hundred.
    pub recall_100: f64,
}

/// Measures every query that has a positive grade, in the order of their names.
///
/// Queries that the run lacks count as empty lists. `relevant_from` is the least grade that counts
/// as relevant for reciprocal rank, hits and recall.
#[must_use]
pub fn measure_queries(run: &Run, qrels: &Qrels, relevant_from: i32) -> Vec<QueryMeasures> {
    let empty = Vec::new();
    qrels
        .iter()
        .filter(|(_, grades)| grades.values().any(|&grade| grade > 0))
        .map(|(query, grades)| {
            let ranked = run.get(query).unwrap_or(&empty);
            let grade = |document: &String| grades.get(document).copied();
            let all: Vec<i32> = grades.values().copied().collect();
            let of_run: Vec<i32> = ranked.iter().map(|d| grade(d).unwrap_or(0)).collect();
            let of_judged: Vec<i32> = ranked.iter().filter_map(grade).collect();
            let first_ten = ranked.len().min(10);
            let judged = ranked[..first_ten].iter().filter(|d| grade(d).is_some()).count();
            QueryMeasures {
                ndcg_10: ndcg(&of_run, &all, 10),
                ndcg_10_judged: ndcg(&of_judged, &all, 10),
                judged_10: ratio(judged, first_ten.max(1)),
                relevant: relevant_measures(&of_run, &all, relevant_from),
            }
        })
        .collect()
}

fn relevant_measures(of_run: &[i32], all: &[i32], relevant_from: i32) -> Option<RelevantMeasures> {
    let n_relevant = all.iter().filter(|&&grade| grade >= relevant_from).count();
    if n_relevant == 0 {
        return None;
    }
    let found = |k: usize| of_run.iter().take(k).filter(|&&g| g >= relevant_from).count();
    let first = of_run.iter().position(|&grade| grade >= relevant_from);
    Some(RelevantMeasures {
        reciprocal_rank: first.map_or(0.0, |at| 1.0 / ratio(at + 1, 1)),
        hit_10: if found(10) > 0 { 1.0 } else { 0.0 },
        recall_10: ratio(found(10), n_relevant),
        recall_100: ratio(found(100), n_relevant),
    })
}

/// The means of the queries' measures; all zero without queries.
#[must_use]
pub fn average(queries: &[QueryMeasures]) -> RankingMeasures {
    let mean = |of: &dyn Fn(&QueryMeasures) -> f64| {
        queries.iter().map(of).sum::<f64>() / ratio(queries.len().max(1), 1)
    };
    let relevant: Vec<RelevantMeasures> = queries.iter().filter_map(|q| q.relevant).collect();
    let mean_relevant = |of: &dyn Fn(&RelevantMeasures) -> f64| {
        relevant.iter().map(of).sum::<f64>() / ratio(relevant.len().max(1), 1)
    };
    RankingMeasures {
        n_queries: queries.len(),
        ndcg_10: mean(&|q| q.ndcg_10),
        ndcg_10_judged: mean(&|q| q.ndcg_10_judged),
        judged_10: mean(&|q| q.judged_10),
        mrr: mean_relevant(&|r| r.reciprocal_rank),
        hit_10: mean_relevant(&|r| r.hit_10),
        recall_10: mean_relevant(&|r| r.recall_10),
        recall_100: mean_relevant(&|r| r.recall_100),
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    float(part) / float(whole)
}

/// The same measures by name, for tables and JSON.
impl RankingMeasures {
    /// Name and value of each measure, in the order in which they are shown.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&'static str, f64> {
        BTreeMap::from([
            ("ndcg@10", self.ndcg_10),
            ("ndcg@10_judged", self.ndcg_10_judged),
            ("judged@10", self.judged_10),
            ("mrr", self.mrr),
            ("hit@10", self.hit_10),
            ("recall@10", self.recall_10),
            ("recall@100", self.recall_100),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read_qrels, read_run};
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn ndcg_worked_by_hand() {
        // Grades 3, 0, 2 in ranked order; ideal 3, 2, 1.
        // DCG = 3/1 + 0 + 2/2 = 4; ideal = 3 + 2/1.584962500721156 + 1/2 = 4.761859507142915.
        assert!(close(ndcg(&[3, 0, 2], &[3, 0, 2, 1], 10), 4.0 / 4.761_859_507_142_915));
        assert!(close(ndcg(&[0, 0, 1], &[1], 2), 0.0));
        assert!(close(ndcg(&[], &[0, 0], 10), 0.0));
    }

    #[test]
    fn a_small_run_worked_by_hand() {
        let qrels = read_qrels("q1 0 a 3\nq1 0 b 0\nq1 0 c 2\nq2 0 a 0\nq3\t0\tx\t1\n")
            .expect("well-formed");
        let run = read_run(
            "q1 Q0 u 1 0.9 t\nq1 Q0 c 2 0.5 t\nq1 Q0 a 3 0.5 t\nq2 Q0 a 1 1 t\nq3 Q0 y 1 1 t\n",
        )
        .expect("well-formed");
        let measures = average(&measure_queries(&run, &qrels, 2));
        // q2 has no positive grade; q3's only positive is not found and is not relevant at 2.
        assert_eq!(measures.n_queries, 2);
        let ideal = 3.0 + 2.0 / 3.0_f64.log2();
        let q1 = (2.0 / 3.0_f64.log2() + 3.0 / 2.0) / ideal;
        let q1_judged = (2.0 + 3.0 / 3.0_f64.log2()) / ideal;
        assert!(close(measures.ndcg_10, q1 / 2.0));
        assert!(close(measures.ndcg_10_judged, q1_judged / 2.0));
        assert!(close(measures.judged_10, (2.0 / 3.0) / 2.0));
        assert!(close(measures.mrr, 0.5));
        assert!(close(measures.recall_10, 1.0));
    }

    #[test]
    fn bad_lines_are_named() {
        assert_eq!(read_qrels("q 0 d 1\nq 0 d\n").map_err(|e| e.line), Err(2));
        assert_eq!(read_run("q Q0 d one 1 t\n").map_err(|e| e.line), Err(1));
        assert_eq!(read_run("q Q0 d 1 NaN t\n").map_err(|e| e.expected), Err("score"));
    }
}
