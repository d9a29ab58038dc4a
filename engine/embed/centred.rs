//! Vectors measured from the middle of a model's own space.

use sha2::{Digest, Sha256};

use super::unit::normalise;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::Embeddings;

/// An embedder whose vectors have the mean of ordinary texts taken off.
///
/// Transformers put all texts into a narrow cone: bge-small-zh gives two unrelated texts a cosine
/// near .3, another model near .7. With the common direction taken off, unrelated texts stand near
/// 0 whatever the model, so that cosines of different models can be weighed alike (the first step
/// of Mu and Viswanath, "All-but-the-Top", 2018). The mean is taken over fixed texts that are given
/// once, not over the texts of a run: a vector still belongs to its text.
#[derive(Debug)]
pub struct CentredEmbedder<E> {
    inner: E,
    identity: EmbedderIdentity,
    /// The mean of the ordinary texts as questions and as documents, `[dim]` each.
    centres: [Vec<f32>; 2],
}

impl<E: Embedder> CentredEmbedder<E> {
    /// Takes the mean of what `inner` gives for `ordinary` texts; texts without a vector do not
    /// count, and without any text nothing is taken off.
    ///
    /// # Errors
    /// Whatever `inner` fails with.
    pub fn open(inner: E, ordinary: &[&str]) -> Result<Self, EmbedError> {
        let centre = |role| Ok::<_, EmbedError>(mean(&inner.embed(ordinary, role)?));
        let centres = [centre(TextRole::Query)?, centre(TextRole::Document)?];
        let mut hash = Sha256::new();
        hash.update(b"centred 1\0");
        hash.update(&inner.identity().sha256);
        for text in ordinary {
            // The length keeps the borders between the texts in the hash.
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let EmbedderIdentity { name, dim, .. } = inner.identity().clone();
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { inner, identity: EmbedderIdentity { name, sha256, dim }, centres })
    }

    /// How near the ordinary texts stand to one another: the squared length of their mean, which is
    /// the mean cosine over all pairs, as documents.
    pub fn background(&self) -> f64 {
        let [_, documents] = &self.centres;
        documents.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
    }
}

/// The mean of the rows that are not zero, added up in their order in `f64`.
fn mean(rows: &Embeddings) -> Vec<f32> {
    let mut sum = vec![0.0_f64; rows.dim()];
    let mut n = 0.0_f64;
    for row in (0..rows.n_rows()).map(|row| rows.row(row)) {
        if row.iter().any(|&x| x != 0.0) {
            n += 1.0;
            for (sum, x) in sum.iter_mut().zip(row) {
                *sum += f64::from(*x);
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "rounding to f32 is the result")]
    let mean = sum.iter().map(|sum| (sum / n.max(1.0)) as f32).collect();
    mean
}

impl<E: Embedder> Embedder for CentredEmbedder<E> {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        let rows = self.inner.embed(texts, role)?;
        let dim = rows.dim();
        let [queries, documents] = &self.centres;
        let centre = match role {
            TextRole::Query => queries,
            TextRole::Document => documents,
        };
        let mut data = Vec::with_capacity(rows.n_rows() * dim);
        for index in 0..rows.n_rows() {
            let row = rows.row(index);
            if row.iter().all(|&x| x == 0.0) {
                data.extend_from_slice(row);
                continue;
            }
            let start = data.len();
            data.extend(row.iter().zip(centre).map(|(x, middle)| x - middle));
            normalise(&mut data[start..]).ok_or(EmbedError::Overflow { index })?;
        }
        Ok(Embeddings::new(data, dim)?)
    }

    fn is_worth_caching(&self) -> bool {
        self.inner.is_worth_caching()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dot;

    /// The first axis is what all texts share; a text's length chooses the other.
    struct Cone(EmbedderIdentity);

    impl Cone {
        fn new() -> Self {
            Self(EmbedderIdentity { name: "cone".to_owned(), sha256: "c".repeat(64), dim: 4 })
        }
    }

    impl Embedder for Cone {
        fn identity(&self) -> &EmbedderIdentity {
            &self.0
        }

        fn embed(&self, texts: &[&str], _: TextRole) -> Result<Embeddings, EmbedError> {
            let row = |text: &&str| {
                let mut row = [0.8, 0.0, 0.0, 0.0];
                row[1 + text.len() % 3] = 0.6;
                if text.is_empty() { [0.0; 4] } else { row }
            };
            Ok(Embeddings::new(texts.iter().flat_map(row).collect(), 4)?)
        }
    }

    #[test]
    fn unrelated_texts_are_no_longer_near() {
        let ordinary = ["a", "aa", "aaa", ""];
        let centred = CentredEmbedder::open(Cone::new(), &ordinary).unwrap();
        let texts = ["b", "bb", "bbbb", ""];
        let plain = Cone::new().embed(&texts, TextRole::Document).unwrap();
        let rows = centred.embed(&texts, TextRole::Document).unwrap();
        assert!(dot(plain.row(0), plain.row(1)) > 0.6);
        assert!(dot(rows.row(0), rows.row(1)) < 0.0);
        assert!((dot(rows.row(0), rows.row(2)) - 1.0).abs() < 1e-6);
        assert_eq!(rows.row(3), [0.0; 4], "no text has no vector");
        assert!((centred.background() - (0.64 + 0.36 / 3.0)).abs() < 1e-6);
    }

    #[test]
    fn a_vector_belongs_to_its_text() {
        let centred = CentredEmbedder::open(Cone::new(), &["a", "aa"]).unwrap();
        let both = centred.embed(&["b", "bb"], TextRole::Query).unwrap();
        let one = centred.embed(&["bb"], TextRole::Query).unwrap();
        assert_eq!(both.row(1), one.row(0));
    }

    #[test]
    fn other_texts_make_another_model() {
        let sha = |ordinary: &[&str]| {
            let centred = CentredEmbedder::open(Cone::new(), ordinary).unwrap();
            centred.identity().sha256.clone()
        };
        assert_ne!(sha(&["ab", "c"]), sha(&["a", "bc"]));
        assert_ne!(sha(&[]), Cone::new().identity().sha256);
        let nothing = CentredEmbedder::open(Cone::new(), &[]).unwrap();
        let texts = ["b", "bb"];
        let plain = Cone::new().embed(&texts, TextRole::Document).unwrap();
        let kept = nothing.embed(&texts, TextRole::Document).unwrap();
        assert!(dot(plain.row(0), kept.row(0)) > 0.999_999);
    }
}
