//! nDCG, reciprocal rank, hit rate and recall.

use super::{Qrels, Run};

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
    /// The same with unjudged documents removed from the run first.
    pub reciprocal_rank_judged: f64,
    /// 1 if a relevant document is among the first ten.
    pub hit_10: f64,
    /// Share of the relevant documents among the first ten.
    pub recall_10: f64,
    /// Share of the relevant documents among the first hundred.
    pub recall_100: f64,
}

/// Measures one ranked list.
///
/// `ranked` has the grade of each ranked document, best first, `None` where it is unjudged;
/// `judged` the grades of the judged documents alone, best first, which may reach deeper than
/// `ranked`; `all` every grade of the query, found or not. `relevant_from` is the least grade that
/// counts as relevant.
#[must_use]
pub fn measure_query(
    ranked: &[Option<i32>],
    judged: &[i32],
    all: &[i32],
    relevant_from: i32,
) -> QueryMeasures {
    let of_run: Vec<i32> = ranked.iter().map(|grade| grade.unwrap_or(0)).collect();
    let first_ten = &ranked[..ranked.len().min(10)];
    let n_judged = first_ten.iter().flatten().count();
    let n_relevant = all.iter().filter(|&&grade| grade >= relevant_from).count();
    QueryMeasures {
        ndcg_10: ndcg(&of_run, all, 10),
        ndcg_10_judged: ndcg(judged, all, 10),
        judged_10: ratio(n_judged, first_ten.len().max(1)),
        relevant: (n_relevant > 0)
            .then(|| relevant_measures(ranked, judged, n_relevant, relevant_from)),
    }
}

fn relevant_measures(
    ranked: &[Option<i32>],
    judged: &[i32],
    n_relevant: usize,
    relevant_from: i32,
) -> RelevantMeasures {
    let relevant = |grade: &Option<i32>| grade.is_some_and(|grade| grade >= relevant_from);
    let found = |k: usize| ranked.iter().take(k).filter(|grade| relevant(grade)).count();
    let reciprocal = |place: Option<usize>| place.map_or(0.0, |at| 1.0 / ratio(at + 1, 1));
    RelevantMeasures {
        reciprocal_rank: reciprocal(ranked.iter().position(relevant)),
        reciprocal_rank_judged: reciprocal(judged.iter().position(|&g| g >= relevant_from)),
        hit_10: if found(10) > 0 { 1.0 } else { 0.0 },
        recall_10: ratio(found(10), n_relevant),
        recall_100: ratio(found(100), n_relevant),
    }
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
            let documents = run.get(query).unwrap_or(&empty);
            let ranked: Vec<Option<i32>> =
                documents.iter().map(|document| grades.get(document).copied()).collect();
            let judged: Vec<i32> = ranked.iter().flatten().copied().collect();
            let all: Vec<i32> = grades.values().copied().collect();
            measure_query(&ranked, &judged, &all, relevant_from)
        })
        .collect()
}

/// The least grade that counts as relevant where none is asked for: 2 (worth a call), or the
/// highest grade given where all are lower; at least 1.
#[must_use]
pub fn relevant_grade(grades: impl Iterator<Item = i32>) -> i32 {
    grades.max().unwrap_or(0).clamp(1, 2)
}

/// `part` over `whole`; both are counts of lists that fit memory.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    let float = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    float(part) / float(whole)
}

#[cfg(test)]
mod tests {
    use super::super::{Measure, mean_of, read_qrels, read_run};
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
        let queries = measure_queries(&run, &qrels, 2);
        let mean = |measure| mean_of(&queries, measure).expect("queries");
        // q2 has no positive grade; q3's only positive is not found and is not relevant at 2.
        assert_eq!(queries.len(), 2);
        let ideal = 3.0 + 2.0 / 3.0_f64.log2();
        let q1 = (2.0 / 3.0_f64.log2() + 3.0 / 2.0) / ideal;
        let q1_judged = (2.0 + 3.0 / 3.0_f64.log2()) / ideal;
        assert!(close(mean(Measure::Ndcg10), q1 / 2.0));
        assert!(close(mean(Measure::Ndcg10Judged), q1_judged / 2.0));
        assert!(close(mean(Measure::Judged10), (2.0 / 3.0) / 2.0));
        assert!(close(mean(Measure::Mrr), 0.5));
        assert!(close(mean(Measure::MrrJudged), 1.0));
        assert!(close(mean(Measure::Recall10), 1.0));
    }

    /// `worked/` has a run, grades, and a text with every figure worked by hand in the way of
    /// `trec_eval -c -l 2` (`ndcg_cut.10`, `recip_rank`, `success.10`, `recall.10`, `recall.100`).
    #[test]
    fn the_worked_example_agrees_with_trec_eval() {
        let qrels = read_qrels(include_str!("worked/qrels.tsv")).expect("well-formed");
        let run = read_run(include_str!("worked/run.trec")).expect("well-formed");
        let queries = measure_queries(&run, &qrels, 2);
        let mean = |measure| mean_of(&queries, measure).expect("queries");
        for (measure, expected) in [
            (Measure::Ndcg10, 0.320_226),
            (Measure::Ndcg10Judged, 0.528_173),
            (Measure::Judged10, 0.333_333),
            (Measure::Mrr, 0.361_111),
            (Measure::MrrJudged, 0.444_444),
            (Measure::Hit10, 0.333_333),
            (Measure::Recall10, 0.222_222),
            (Measure::Recall100, 0.555_556),
        ] {
            assert!((mean(measure) - expected).abs() < 5e-7, "{measure:?}: {}", mean(measure));
        }
    }

    #[test]
    fn judged_documents_may_reach_deeper_than_the_run() {
        let measures = measure_query(&[None, Some(0)], &[0, 2], &[0, 2], 2);
        assert!(close(measures.ndcg_10, 0.0));
        assert!(close(measures.ndcg_10_judged, 1.0 / 3.0_f64.log2()));
        let relevant = measures.relevant.expect("a relevant document");
        assert!(close(relevant.reciprocal_rank, 0.0));
        assert!(close(relevant.reciprocal_rank_judged, 0.5));
    }

    #[test]
    fn the_relevant_grade_fits_the_grades() {
        assert_eq!(relevant_grade([0, 1, 3].into_iter()), 2);
        assert_eq!(relevant_grade([0, 1].into_iter()), 1);
        assert_eq!(relevant_grade([0].into_iter()), 1);
        assert_eq!(relevant_grade([].into_iter()), 1);
    }

    #[test]
    fn bad_lines_are_named() {
        assert_eq!(read_qrels("q 0 d 1\nq 0 d\n").map_err(|e| e.line), Err(2));
        assert_eq!(read_run("q Q0 d one 1 t\n").map_err(|e| e.line), Err(1));
        assert_eq!(read_run("q Q0 d 1 NaN t\n").map_err(|e| e.expected), Err("score"));
    }
}
