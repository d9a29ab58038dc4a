//! The data that ships inside the program: weights, calibration, taxonomies.

use std::path::Path;

use super::PipelineError;
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

/// A text that decides scores: the file's, or the built-in one.
pub(super) fn text_of(path: Option<&Path>, builtin: &str) -> Result<String, PipelineError> {
    match path {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|source| PipelineError::io("read", path, source))
        }
        None => Ok(builtin.to_owned()),
    }
}

/// Reads the weights file's text.
pub(super) fn weights(text: &str) -> Result<Weights, PipelineError> {
    Ok(Weights::from_toml(text)?)
}

/// Reads the calibration file's text.
pub(super) fn calibration(text: &str) -> Result<Calibration, PipelineError> {
    Ok(Calibration::from_toml(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_can_be_read() {
        weights(BUILTIN_WEIGHTS).expect("weights");
        calibration(BUILTIN_CALIBRATION).expect("calibration");
        taxonomy().expect("taxonomies");
    }
}
