//! The catalogue of levers: where each acts, how large its effect may be, and what is known of it.

use std::sync::LazyLock;

use serde::Deserialize;

const SHIPPED: &str = include_str!("../../corpus/levers.toml");

/// Where a lever acts in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// log₂ innovation hazard.
    Innovation,
    /// Natural log-odds of conversion.
    Conversion,
    /// log₂ entry rate.
    Entry,
    /// log₂ growth per quarter.
    Growth,
    /// log₂ capability, built up over the lever's duration and decaying with δ.
    Capability,
    /// Matches per quarter.
    Intake,
    /// A second source of an input.
    Backup,
}

/// One effect of a lever.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where.
    pub on: Place,
    /// Median of the effect where there is one.
    pub median: f64,
    /// Least value that the evidence allows.
    pub low: f64,
    /// Greatest value that the evidence allows.
    pub high: f64,
    /// Unit.
    pub unit: String,
}

/// A lever.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lever {
    /// Name.
    pub id: String,
    /// English name.
    pub en: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Probability that it has an effect at all.
    pub pi: f64,
    /// Standard deviation of the natural logarithm of the effect.
    pub spread: f64,
    /// Whether its size is a judgement without a published number.
    pub assumed: bool,
    /// Keys that a scenario must give.
    pub needs: Vec<String>,
    /// What it acts on; all share one draw.
    pub targets: Vec<Target>,
    /// Quarters over which it acts or builds up; as long as the scenario says without it.
    pub duration: Option<u32>,
    /// Quarters in which the effect halves after the end.
    pub half_life: Option<u32>,
    /// How the numbers of the scenario enter.
    #[serde(default)]
    pub rule: String,
    /// Findings with an effect, and their sources.
    pub evidence: Vec<String>,
    /// Findings without one, and their sources.
    pub null_results: Vec<String>,
}

/// The levers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// In the order of the file.
    #[serde(rename = "lever")]
    pub levers: Vec<Lever>,
}

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| toml::from_str(SHIPPED).expect("shipped and tested"));

impl Catalogue {
    /// The shipped catalogue.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &CATALOGUE
    }

    /// The lever of this name or alias, with its place in the catalogue.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(usize, &Lever)> {
        let named = |it: &Lever| it.id == name || it.aliases.iter().any(|alias| alias == name);
        self.levers.iter().enumerate().find(|(_, it)| named(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lever_has_a_range_and_says_what_is_known() {
        let catalogue = Catalogue::shipped();
        assert_eq!(catalogue.levers.len(), 11);
        for lever in &catalogue.levers {
            assert!((0.0..=1.0).contains(&lever.pi) && lever.spread >= 0.0, "{}", lever.id);
            assert!(!lever.targets.is_empty(), "{}", lever.id);
            for it in &lever.targets {
                assert!(it.low <= it.median && it.median <= it.high, "{} {it:?}", lever.id);
            }
            let known = lever.evidence.len() + lever.null_results.len();
            assert!(known > 0 && (lever.assumed || !lever.evidence.is_empty()), "{}", lever.id);
        }
        assert_eq!(catalogue.find("中试").map(|it| it.1.id.as_str()), Some("概念验证"));
        assert!(catalogue.find("补贴").is_none());
    }
}
