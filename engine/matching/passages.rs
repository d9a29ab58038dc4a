//! What the best passages say of a pair: how well each requirement is met somewhere.

use crate::kernel::BestRow;
use crate::model::{MultiVectors, MultiVectorsView};

/// The vectors of one side: those of the requirements, and those of the passages, of each record.
///
/// Rows are at unit length, or zero where a text has no known piece.
#[derive(Debug, Clone, Default)]
pub struct PassageVectors {
    requirements: MultiVectors,
    passages: MultiVectors,
    /// Which rows of the requirements are not zero.
    known: Vec<bool>,
    /// Which records have a passage whose row is not zero.
    answers: Vec<bool>,
}

impl PassageVectors {
    /// Joins the requirements and the passages of the same records.
    #[must_use]
    pub fn new(requirements: MultiVectors, passages: MultiVectors) -> Self {
        let known_rows = |table: MultiVectorsView<'_>| -> Vec<bool> {
            let rows = table.rows();
            (0..rows.n_rows()).map(|row| rows.row(row).iter().any(|&x| x != 0.0)).collect()
        };
        let known = known_rows(requirements.view());
        let known_passages = known_rows(passages.view());
        let view = passages.view();
        let answers = (0..view.n_records())
            .map(|record| known_passages[view.range(record)].contains(&true))
            .collect();
        Self { requirements, passages, known, answers }
    }

    /// The requirements' vectors.
    #[must_use]
    pub fn requirements(&self) -> MultiVectorsView<'_> {
        self.requirements.view()
    }

    /// The passages' vectors.
    #[must_use]
    pub fn passages(&self) -> MultiVectorsView<'_> {
        self.passages.view()
    }

    /// Whether a passage of this record can be near to anything.
    #[must_use]
    pub fn answers(&self, record: usize) -> bool {
        self.answers.get(record).copied().unwrap_or(false)
    }

    /// Values the passages that answer the requirements of record `asker`, in `[0, 1]`.
    ///
    /// `best` holds one entry per requirement, as `Backend::max_sim` gives them against the
    /// passages of one answering record. The value is the root of the mean of the squares of the best cosines,
    /// negative ones as 0, over the requirements that have a vector: a mean in which what is met well
    /// counts more than the sentences of a text that ask for nothing. `None` where no requirement
    /// has a vector. One order of additions, in `f64`; the same bits everywhere.
    #[must_use]
    pub fn value(&self, asker: usize, best: &[BestRow]) -> Option<f32> {
        let known = &self.known[self.requirements.view().range(asker)];
        let (mut sum, mut n) = (0.0_f64, 0_u32);
        for (best, _) in best.iter().zip(known).filter(|(_, known)| **known) {
            let cosine = f64::from(best.score).clamp(0.0, 1.0);
            sum += cosine * cosine;
            n += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a number in 0..=1")]
        let value = (n > 0).then(|| (sum / f64::from(n)).sqrt() as f32);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Embeddings;

    fn table(rows: &[[f32; 2]], starts: &[u32]) -> MultiVectors {
        let rows = Embeddings::new(rows.concat(), 2).unwrap_or_default();
        MultiVectors::new(rows, starts.to_vec()).expect("starts fit")
    }

    #[test]
    fn unknown_requirements_do_not_count_and_missing_is_not_zero() {
        let requirements = table(&[[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], &[0, 2, 3, 3]);
        let passages = table(&[[0.6, 0.8], [0.0, 0.0]], &[0, 1, 2, 2]);
        let vectors = PassageVectors::new(requirements, passages);
        let best = |score| BestRow { score, position: 0 };
        assert_eq!(vectors.value(0, &[best(0.6), best(0.0)]), Some(0.6));
        assert_eq!(vectors.value(0, &[best(-0.6), best(0.0)]), Some(0.0));
        assert_eq!(vectors.value(1, &[best(0.0)]), None);
        assert_eq!(vectors.value(2, &[]), None);
        assert_eq!([0, 1, 2, 3].map(|record| vectors.answers(record)), [true, false, false, false]);
    }

    #[test]
    fn what_is_met_well_counts_more() {
        let requirements = table(&[[1.0, 0.0], [0.0, 1.0]], &[0, 2]);
        let vectors = PassageVectors::new(requirements, MultiVectors::default());
        let value = |scores: [f32; 2]| {
            vectors.value(0, &scores.map(|score| BestRow { score, position: 0 })).expect("known")
        };
        assert!(value([0.9, 0.1]) > value([0.5, 0.5]));
        assert!((value([0.6, 0.8]) - 0.5_f32.sqrt()).abs() < 1e-6);
        assert!(value([1.0, 1.0]) <= 1.0);
    }
}
