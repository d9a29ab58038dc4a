//! `manifest.json`: what was run, with what, and the fingerprint of its results.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::ForecastError;
use super::plan::Plan;
use crate::model::Wording;
use crate::scenario::{Places, Scenario};

/// Name of the file.
pub(super) const NAME: &str = "manifest.json";
/// Name and version of its shape.
pub(super) const SCHEMA: &str = "duijie.simulate/1";

/// What a forecast's folder says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastManifest {
    /// `duijie.simulate/1`.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// When the run began.
    pub started_at: String,
    /// Whether all replicates are there.
    pub complete: bool,
    /// SHA-256 of all inputs, the seed and the version: what results must share to be continued.
    pub identity: String,
    /// Fingerprint of the results, 16 hexadecimal digits; empty until complete.
    pub fingerprint: String,
    /// Hash of the model's tables of the first replicate, 16 hexadecimal digits.
    pub tables: String,
    /// Seed, two words in hexadecimal.
    pub seed: String,
    /// First quarter.
    pub start: String,
    /// Quarters.
    pub quarters: u32,
    /// Replicates that are there.
    pub replicates: u32,
    /// Replicates that are wanted.
    pub wanted: u32,
    /// Backend.
    pub backend: String,
    /// 产值, 营业收入 or 增加值.
    pub measure: String,
    /// 现价 or 不变价.
    pub prices: String,
    /// Whether a hold-out was passed.
    pub back_test_passed: bool,
    /// Whether the figures are invented.
    pub demonstration: bool,
    /// Files with their SHA-256.
    pub inputs: BTreeMap<String, String>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioFacts>,
    /// Reported clusters.
    pub clusters: Vec<String>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// What was assumed or filled in.
    pub notes: Vec<String>,
}

/// What a manifest says of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioFacts {
    /// Name.
    pub name: String,
    /// What it is compared with.
    pub baseline: String,
    /// Names of its levers.
    pub levers: Vec<String>,
    /// The sentence to be quoted; empty until there are results.
    pub sentence: String,
    /// Firms known one by one.
    pub firms_known: usize,
    /// Firms drawn from totals.
    pub firms_drawn: usize,
}

impl ForecastManifest {
    /// Reads the manifest of a folder; `None` where there is none.
    ///
    /// # Errors
    /// One that is not of this program's forecasts.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, ForecastError> {
        let path = folder.join(NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ForecastError::io("read", &path, error)),
        };
        let other = || ForecastError::OutNotOurs { path: folder.to_owned() };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| other())?;
        match value["schema"].as_str() {
            Some(SCHEMA) => serde_json::from_value(value).map(Some).map_err(|_| other()),
            Some(schema) if schema.starts_with("duijie.simulate/") => {
                Err(ForecastError::OtherInputs {
                    path: folder.to_owned(),
                    what: Wording::new(
                        format!("格式是 {schema}，现在是 {SCHEMA}"),
                        format!("its shape is {schema}, now {SCHEMA}"),
                    ),
                })
            }
            _ => Err(other()),
        }
    }

    /// Writes the manifest beside its place and renames it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<(), ForecastError> {
        let path = folder.join(NAME);
        let beside = folder.join("manifest.json.part");
        let text = serde_json::to_string_pretty(self).expect("plain data") + "\n";
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|e| ForecastError::io("write", &path, e))
    }
}

/// All files of a plan with their hashes, by the path as given.
pub(super) fn inputs(plan: &Plan) -> BTreeMap<String, String> {
    let all = plan.scenarios.iter().flat_map(|it| it.inputs.iter());
    all.map(|(path, hash)| (path.display().to_string(), hash.clone())).collect()
}

/// Names of the reported clusters.
pub(super) fn clusters(plan: &Plan) -> Vec<String> {
    plan.clusters.iter().map(|cluster| Places::shipped().name(*cluster)).collect()
}

/// Sentences of all scenarios, each once.
pub(super) fn gathered(plan: &Plan, of: impl Fn(&Scenario) -> &[Wording]) -> Vec<Wording> {
    let mut all: Vec<Wording> = Vec::new();
    for one in plan.scenarios.iter().flat_map(|it| of(it).iter()) {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all
}
