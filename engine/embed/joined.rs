//! Two models side by side in one vector.

use sha2::{Digest, Sha256};

use super::unit::normalise;
use super::{EmbedError, Embedder, EmbedderIdentity, TextRole};
use crate::model::Embeddings;

/// Two embedders whose vectors lie one after another.
///
/// The cosine of two joined vectors is the weighted mean of the cosines that each model gives by
/// itself: rows are multiplied by √share and √(1 − share), so no number of one model ever meets one
/// of the other. Where one model has no vector for a text, the other's stands alone.
#[derive(Debug)]
pub struct JoinedEmbedder<A, B> {
    first: A,
    second: B,
    factors: [f32; 2],
    identity: EmbedderIdentity,
}

impl<A: Embedder, B: Embedder> JoinedEmbedder<A, B> {
    /// Joins two models; `percent` of the cosine, 0 to 100, is the first one's.
    pub fn new(first: A, second: B, percent: u8) -> Self {
        let percent = percent.min(100);
        let (a, b) = (first.identity(), second.identity());
        let mut hash = Sha256::new();
        hash.update(b"joined 1\0");
        hash.update(&a.sha256);
        hash.update(&b.sha256);
        hash.update([percent]);
        let identity = EmbedderIdentity {
            name: format!("{} + {}", a.name, b.name),
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            dim: a.dim + b.dim,
        };
        let factors = [percent, 100 - percent].map(|share| (f32::from(share) / 100.0).sqrt());
        Self { first, second, factors, identity }
    }
}

impl<A: Embedder, B: Embedder> Embedder for JoinedEmbedder<A, B> {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
        let (a, b) = (self.first.embed(texts, role)?, self.second.embed(texts, role)?);
        let dim = self.identity.dim;
        let mut data = Vec::with_capacity(texts.len() * dim);
        for index in 0..texts.len() {
            let start = data.len();
            for (rows, factor) in [&a, &b].into_iter().zip(self.factors) {
                data.extend(rows.row(index).iter().map(|x| factor * x));
            }
            normalise(&mut data[start..]).ok_or(EmbedError::Overflow { index })?;
        }
        Ok(Embeddings::new(data, dim)?)
    }

    fn is_worth_caching(&self) -> bool {
        self.first.is_worth_caching() || self.second.is_worth_caching()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dot;

    /// Knows texts by their first letter: each known one has its own row.
    struct Letters(EmbedderIdentity, &'static [(char, [f32; 2])]);

    impl Letters {
        fn new(name: &str, known: &'static [(char, [f32; 2])]) -> Self {
            let identity =
                EmbedderIdentity { name: name.to_owned(), sha256: name.repeat(64), dim: 2 };
            Self(identity, known)
        }
    }

    impl Embedder for Letters {
        fn identity(&self) -> &EmbedderIdentity {
            &self.0
        }

        fn embed(&self, texts: &[&str], _: TextRole) -> Result<Embeddings, EmbedError> {
            let row = |text: &&str| {
                let found = self.1.iter().find(|(letter, _)| text.starts_with(*letter));
                found.map_or([0.0; 2], |(_, row)| *row)
            };
            Ok(Embeddings::new(texts.iter().flat_map(row).collect(), 2)?)
        }
    }

    fn pair(percent: u8) -> JoinedEmbedder<Letters, Letters> {
        let first = Letters::new("a", &[('x', [1.0, 0.0]), ('y', [0.6, 0.8])]);
        let second = Letters::new("b", &[('x', [0.0, 1.0]), ('y', [0.0, 1.0]), ('z', [1.0, 0.0])]);
        JoinedEmbedder::new(first, second, percent)
    }

    #[test]
    fn the_cosine_is_the_mean_of_both() {
        for (percent, wanted) in [(0, 1.0), (25, 0.25 * 0.6 + 0.75), (100, 0.6)] {
            let rows = pair(percent).embed(&["x", "y"], TextRole::Query).unwrap();
            let cosine = dot(rows.row(0), rows.row(1));
            assert!((cosine - wanted).abs() < 1e-6, "{percent} %: {cosine}");
        }
    }

    #[test]
    fn one_model_stands_in_where_the_other_knows_nothing() {
        let rows = pair(50).embed(&["z", ""], TextRole::Document).unwrap();
        assert!((dot(rows.row(0), rows.row(0)) - 1.0).abs() < 1e-6);
        assert_eq!(rows.row(1), [0.0; 4]);
    }

    #[test]
    fn the_share_is_part_of_the_identity() {
        assert_ne!(pair(50).identity().sha256, pair(51).identity().sha256);
        assert_eq!(pair(50).identity().name, "a + b");
        assert_eq!(pair(50).identity().dim, 4);
    }
}
