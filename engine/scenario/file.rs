//! A scenario file as it is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ScenarioError;
use super::fill_in::workbook_to_toml;
use super::keys;
use super::money::{self, MoneyUnit};
use crate::model::Wording;

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct File {
    pub(super) run: Run,
    pub(super) economy: EconomyPart,
    pub(super) data: Data,
    #[serde(default)]
    pub(super) matches: Matches,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, f64>,
    #[serde(default)]
    pub(super) lever: Vec<LeverPart>,
    #[serde(default)]
    pub(super) input: Vec<InputPart>,
    #[serde(default)]
    pub(super) shock: Vec<ShockPart>,
    pub(super) design: Option<DesignPart>,
    #[serde(default)]
    pub(super) output: OutputPart,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    pub(super) name: String,
    #[serde(default)]
    pub(super) note: String,
    pub(super) baseline: Option<String>,
    pub(super) seed: Option<TextOrNumber>,
    pub(super) t0: Option<String>,
    pub(super) quarters: Option<u32>,
    pub(super) replicates: Option<u32>,
    pub(super) theta: Option<String>,
    pub(super) money_unit: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum TextOrNumber {
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct EconomyPart {
    pub(super) national_growth: TextOrNumber,
    pub(super) prices: String,
    pub(super) deflator: Option<f64>,
    pub(super) growth_sd: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Data {
    pub(super) clusters: String,
    pub(super) firms: Option<String>,
    pub(super) relatedness: Option<String>,
    pub(super) capacity: Option<String>,
    pub(super) organizations: Option<String>,
    #[serde(default)]
    pub(super) demonstration: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Matches {
    pub(super) known: Option<String>,
    #[serde(default)]
    pub(super) intake: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LeverPart {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) cluster: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) effect: Option<f64>,
    pub(super) probability: Option<f64>,
    pub(super) cost: Option<TextOrNumber>,
    pub(super) count: Option<u32>,
    pub(super) projects_per_year: Option<f64>,
    pub(super) grant: Option<TextOrNumber>,
    pub(super) rd: Option<TextOrNumber>,
    pub(super) planned: Option<TextOrNumber>,
    pub(super) realised: Option<Realised>,
    pub(super) number_per_year: Option<f64>,
    pub(super) size_min: Option<TextOrNumber>,
    pub(super) size_max: Option<TextOrNumber>,
    pub(super) displacement: Option<f64>,
    pub(super) matches_per_quarter: Option<f64>,
    pub(super) input: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) kappa: Option<f64>,
    pub(super) eff: Option<f64>,
    pub(super) delay_months: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Realised {
    Share(f64),
    Beta { a: f64, b: f64 },
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct InputPart {
    pub(super) cluster: String,
    pub(super) input: String,
    pub(super) external: Option<f64>,
    pub(super) stock_months: Option<f64>,
    pub(super) cost_share: Option<f64>,
    #[serde(default)]
    pub(super) supplier: Vec<SupplierPart>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct SupplierPart {
    pub(super) cluster: String,
    pub(super) share: f64,
    #[serde(default)]
    pub(super) sales: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ShockPart {
    pub(super) node: String,
    pub(super) kind: String,
    pub(super) input: Option<String>,
    pub(super) loss: f64,
    pub(super) from: String,
    pub(super) quarters: u32,
    pub(super) probability: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct DesignPart {
    pub(super) kind: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct OutputPart {
    #[serde(default)]
    pub(super) clusters: Vec<String>,
    #[serde(default)]
    pub(super) targets: Vec<TargetPart>,
    pub(super) quantiles: Option<Vec<f64>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TargetPart {
    pub(super) cluster: String,
    pub(super) year: i32,
    pub(super) value: TextOrNumber,
    pub(super) measure: String,
    pub(super) prices: String,
}

/// A file with its path and text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) file: File,
}

impl Source {
    /// Reads a file, or a filled workbook, and checks its keys.
    pub(super) fn read(path: &Path) -> Result<Self, ScenarioError> {
        let extension = path.extension().map(|it| it.to_string_lossy().to_lowercase());
        if extension.is_some_and(|it| it == "xlsx" || it == "xls") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Self::parse(path, workbook_to_toml(path, &name)?);
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
        Self::parse(path, text)
    }

    /// Parses a text as the file at `path`.
    pub(super) fn parse(path: &Path, text: String) -> Result<Self, ScenarioError> {
        let broken = |message: String| ScenarioError::Toml { path: path.to_owned(), message };
        let plain = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let table: toml::Table =
            toml::from_str(plain).map_err(|error| broken(error.to_string()))?;
        keys::check(path, &table, keys::FILE, "")?;
        let file = File::deserialize(table).map_err(|error| broken(error.to_string()))?;
        Ok(Self { path: path.to_owned(), text, file })
    }

    /// A file that this one names, relative to its folder.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    /// An amount in 万元: a text with its unit, or a number in the file's unit.
    pub(super) fn amount(&self, value: &TextOrNumber, key: &str) -> Result<f64, ScenarioError> {
        match value {
            TextOrNumber::Text(text) => money::parse(text).ok_or_else(|| {
                let amount = Wording::new("带单位的金额", "an amount with its unit");
                ScenarioError::value(&self.path, key, text, amount)
            }),
            TextOrNumber::Number(number) => {
                let unit = self.file.run.money_unit.as_deref().and_then(MoneyUnit::named);
                unit.map(|unit| number * unit.in_wan()).ok_or_else(|| ScenarioError::Unit {
                    path: self.path.clone(),
                    key: key.to_owned(),
                    what: Wording::new(
                        format!("{number} 没有单位，文件里也没有 money_unit"),
                        format!("{number} has no unit, and the file has no money_unit"),
                    ),
                })
            }
        }
    }
}
