//! The data that ships inside the program: weights, calibration, taxonomies.

use std::path::Path;

use serde::Deserialize;

use super::output::sha256;
use super::{EmbedderOptions, PipelineError};
use crate::matching::{Calibration, Taxonomy, Weights};
use crate::model::Micro;

/// Weights of the parts, as shipped.
pub const BUILTIN_WEIGHTS: &str = include_str!("../../corpus/calibration/weights.toml");

/// Calibration, as shipped.
pub const BUILTIN_CALIBRATION: &str = include_str!("../../corpus/calibration/calibration.toml");

/// What changes where a folder's model is joined with the built-in one, as shipped.
const BUILTIN_FOLDER: &str = include_str!("../../corpus/calibration/folder.toml");

const TAXONOMIES: [(&str, &str); 4] = [
    ("gbt4754.toml", include_str!("../../corpus/taxonomy/gbt4754.toml")),
    ("province_fields.toml", include_str!("../../corpus/taxonomy/province_fields.toml")),
    ("park_industries.toml", include_str!("../../corpus/taxonomy/park_industries.toml")),
    ("technology_fields.toml", include_str!("../../corpus/taxonomy/technology_fields.toml")),
];

/// The taxonomies, as shipped.
///
/// # Errors
/// [`PipelineError::Taxonomy`] when a file cannot be read, which the tests exclude.
pub fn taxonomy() -> Result<Taxonomy, PipelineError> {
    Ok(Taxonomy::from_toml(&TAXONOMIES)?)
}

/// What the rules that ship become where a folder's model is joined with the built-in one; each
/// direction's own, the demand's first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Folder {
    /// Thousandths of the words' weight that the dense part gets.
    words_to_dense: [u32; 2],
    /// How much higher scores are at the same worth.
    scores_higher_by: [Micro; 2],
}

/// The rules of a run: weights and calibration with the texts they were read from, taxonomies.
pub(super) struct Rules {
    pub weights_text: String,
    /// SHA-256 of that text.
    pub weights_sha256: String,
    pub weights: Weights,
    pub calibration_text: String,
    /// SHA-256 of that text.
    pub calibration_sha256: String,
    pub calibration: Calibration,
    pub taxonomy: Taxonomy,
}

impl Rules {
    /// Reads the files given, or what ships.
    pub(super) fn read(
        weights: Option<&Path>,
        calibration: Option<&Path>,
    ) -> Result<Self, PipelineError> {
        let weights_text = text_of(weights, BUILTIN_WEIGHTS)?;
        let calibration_text = text_of(calibration, BUILTIN_CALIBRATION)?;
        Ok(Self {
            weights: Weights::from_toml(&weights_text)?,
            weights_sha256: sha256(&weights_text),
            weights_text,
            calibration: Calibration::from_toml(&calibration_text)?,
            calibration_sha256: sha256(&calibration_text),
            calibration_text,
            taxonomy: taxonomy()?,
        })
    }

    /// Reads the files given, or what ships, changed as vectors of `embedder` need it: a file that
    /// somebody gave is taken as it is.
    pub(super) fn read_for(
        embedder: &EmbedderOptions,
        weights: Option<&Path>,
        calibration: Option<&Path>,
    ) -> Result<Self, PipelineError> {
        let mut rules = Self::read(weights, calibration)?;
        if embedder.is_joined() {
            let folder: Folder = toml::from_str(BUILTIN_FOLDER).expect("what ships can be read");
            if weights.is_none() {
                rules.replace_weights(rules.weights.towards_dense(folder.words_to_dense));
            }
            if calibration.is_none() {
                rules.calibration = rules.calibration.moved(folder.scores_higher_by);
                rules.calibration_text = rules.calibration.to_toml();
                rules.calibration_sha256 = sha256(&rules.calibration_text);
            }
        }
        Ok(rules)
    }

    /// Puts other weights in the place of those that were read.
    pub(super) fn replace_weights(&mut self, weights: Weights) {
        self.weights_text = weights.to_toml();
        self.weights_sha256 = sha256(&self.weights_text);
        self.weights = weights;
    }
}

/// The file's text, or the built-in one.
fn text_of(path: Option<&Path>, builtin: &str) -> Result<String, PipelineError> {
    match path {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|source| PipelineError::io("read", path, source))
        }
        None => Ok(builtin.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Part, Side};
    use crate::pipeline::EmbedderChoice;

    #[test]
    fn what_ships_can_be_read() {
        Rules::read(None, None).expect("weights, calibration, taxonomies");
    }

    #[test]
    fn a_folder_moves_the_rules_that_ship_and_no_others() {
        let folder = EmbedderOptions::from(EmbedderChoice::Directory("model".into()));
        let plain = Rules::read(None, None).expect("what ships");
        let moved = Rules::read_for(&folder, None, None).expect("what ships");
        let dense = |of: &Rules| of.weights.seen_from(Side::Demand)[Part::Dense.index()];
        assert!(dense(&moved) > dense(&plain));
        assert_eq!(Weights::from_toml(&moved.weights_text), Ok(moved.weights.clone()));
        assert_eq!(Calibration::from_toml(&moved.calibration_text), Ok(moved.calibration.clone()));
        assert_ne!(moved.calibration_sha256, plain.calibration_sha256);
        let builtin = Rules::read_for(&EmbedderOptions::default(), None, None).expect("what ships");
        assert_eq!(builtin.weights_sha256, plain.weights_sha256);
        assert_eq!(builtin.calibration_sha256, plain.calibration_sha256);

        let dir = tempfile::tempdir().expect("a folder");
        let [weights, calibration] = ["w.toml", "c.toml"].map(|name| dir.path().join(name));
        std::fs::write(&weights, BUILTIN_WEIGHTS).expect("written");
        std::fs::write(&calibration, BUILTIN_CALIBRATION).expect("written");
        let given =
            Rules::read_for(&folder, Some(&weights), Some(&calibration)).expect("good files");
        assert_eq!(given.weights, plain.weights);
        assert_eq!(given.calibration, plain.calibration);
    }
}
