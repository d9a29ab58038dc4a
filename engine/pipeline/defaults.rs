//! The data that ships inside the program: weights, calibration, taxonomies.

use std::path::Path;

use super::PipelineError;
use super::output::sha256;
use crate::matching::{Calibration, Taxonomy, Weights};

/// Weights of the parts, as shipped.
pub const BUILTIN_WEIGHTS: &str = include_str!("../../corpus/calibration/weights.toml");

/// Calibration, as shipped.
pub const BUILTIN_CALIBRATION: &str = include_str!("../../corpus/calibration/calibration.toml");

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

/// SHA-256 of the taxonomies.
pub(super) fn taxonomies_sha256() -> String {
    sha256(&TAXONOMIES.map(|(name, text)| format!("{name}\n{text}")).concat())
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

    #[test]
    fn what_ships_can_be_read() {
        Rules::read(None, None).expect("weights, calibration, taxonomies");
    }
}
