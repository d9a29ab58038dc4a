//! `duijie.toml`: what a workspace is set to.
//!
//! [`DEFAULT`] is the file as `init` writes it: every key with its default, unit and meaning. It is
//! also where defaults come from: what a workspace's file leaves out is read there. A key that the
//! default does not have is an error, and so is a value out of range; either names the key, the
//! value and what is allowed. Nothing here opens a file, and secrets have no key.

mod error;
mod read;

pub use error::ConfigError;

use std::path::Path;

use crate::model::Lang;
use read::{Reader, parse};

/// The commented default file.
pub const DEFAULT: &str = include_str!("default.toml");

/// All settings of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How files are taken in.
    pub inbox: InboxConfig,
    /// Names of lists.
    pub lists: ListsConfig,
    /// How records are matched.
    pub matching: MatchConfig,
    /// The nightly run.
    pub night: NightConfig,
    /// What is kept.
    pub keep: KeepConfig,
    /// Brokers in the order of the file; names differ.
    pub brokers: Vec<BrokerConfig>,
}

/// `[inbox]`.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxConfig {
    /// Seconds for which size and time of a file must stay the same, 0 to 3600.
    pub settle_secs: u32,
    /// Share of rejected rows past which a file is refused, in percent.
    pub max_rejected_percent: u8,
    /// Whether a file of the inbox is the whole of its list.
    pub whole: bool,
}

/// `[lists]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListsConfig {
    /// Name of demand lists.
    pub demand: String,
    /// Name of supply lists.
    pub supply: String,
    /// The set of both.
    pub set: Option<String>,
}

/// `[match]`. Texts that other modules read (`quota`, `embedder`, …) are checked by these.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchConfig {
    /// Language of what people read.
    pub lang: Lang,
    /// `auto`, `cpu` or `gpu`.
    pub backend: String,
    /// Most supplies in a demand's list.
    pub per_demand: u32,
    /// Most lists in which a supply stands.
    pub per_supply: u32,
    /// `flow` or `stable`.
    pub allocation: String,
    /// `region=N` or `field=N`.
    pub quota: Option<String>,
    /// Cost of exposure, in `[0, 1]`.
    pub exposure_cost: f64,
    /// Candidates per record, direction and retriever.
    pub candidates: u32,
    /// Depth of the rankings.
    pub depth: u32,
    /// Pairs kept per record.
    pub top: u32,
    /// `builtin`, a folder, or an endpoint.
    pub embedder: String,
    /// Put before demands by an endpoint's model.
    pub query_instruction: Option<String>,
    /// `builtin`, `none` or a file.
    pub synonyms: String,
    /// A weights file, relative to the workspace.
    pub weights: Option<String>,
    /// A calibration file, relative to the workspace.
    pub calibration: Option<String>,
}

/// `[night]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightConfig {
    /// Days between renewals of the statistics.
    pub refresh_days: u32,
    /// Hours without success after which things turn red.
    pub stale_hours: u32,
    /// Command to run on failure.
    pub on_failure: Option<String>,
}

/// `[keep]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepConfig {
    /// Generations kept, the present one included; at least 2.
    pub generations: u32,
    /// Runs kept; 0 for all.
    pub runs: u32,
}

/// One `[[broker]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerConfig {
    /// The name, as it stands on lists.
    pub name: String,
    /// Most pairs per night, at least 1.
    pub load: u32,
    /// Classes that the broker knows; empty for any.
    pub fields: Vec<String>,
}

impl Config {
    /// Reads the text of a workspace's file; `path` is for messages only.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] where it is not TOML, [`ConfigError::UnknownKey`] and
    /// [`ConfigError::Value`] for the first key, in the order of the default file, that is wrong.
    pub fn read(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let given = parse(text, path)?;
        let default = parse(DEFAULT, Path::new("default.toml"))?;
        let reader = Reader::new(path, &given, &default);
        reader.check_keys()?;
        let config = Self {
            inbox: InboxConfig {
                settle_secs: reader.whole("inbox", "settle_secs", 0, 3_600)?,
                max_rejected_percent: u8::try_from(reader.whole(
                    "inbox",
                    "max_rejected_percent",
                    0,
                    100,
                )?)
                .unwrap_or(100),
                whole: reader.flag("inbox", "whole")?,
            },
            lists: ListsConfig {
                demand: reader.name("lists", "demand")?,
                supply: reader.name("lists", "supply")?,
                set: reader.optional("lists", "set")?,
            },
            matching: MatchConfig {
                lang: match reader.choice("match", "lang", &["zh", "en"])?.as_str() {
                    "en" => Lang::En,
                    _ => Lang::Zh,
                },
                backend: reader.choice("match", "backend", &["auto", "cpu", "gpu"])?,
                per_demand: reader.whole("match", "per_demand", 1, 10_000)?,
                per_supply: reader.whole("match", "per_supply", 1, 1_000_000)?,
                allocation: reader.choice("match", "allocation", &["flow", "stable"])?,
                quota: reader.optional("match", "quota")?,
                exposure_cost: reader.share("match", "exposure_cost")?,
                candidates: reader.whole("match", "candidates", 1, 10_000)?,
                depth: reader.whole("match", "depth", 1, 10_000)?,
                top: reader.whole("match", "top", 1, 1_000)?,
                embedder: reader.name("match", "embedder")?,
                query_instruction: reader.optional("match", "query_instruction")?,
                synonyms: reader.name("match", "synonyms")?,
                weights: reader.optional("match", "weights")?,
                calibration: reader.optional("match", "calibration")?,
            },
            night: NightConfig {
                refresh_days: reader.whole("night", "refresh_days", 1, 3_650)?,
                stale_hours: reader.whole("night", "stale_hours", 1, 8_760)?,
                on_failure: reader.optional("night", "on_failure")?,
            },
            keep: KeepConfig {
                generations: reader.whole("keep", "generations", 2, 1_000)?,
                runs: reader.whole("keep", "runs", 0, 100_000)?,
            },
            brokers: reader.brokers()?,
        };
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Diagnosis;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::read(text, Path::new("duijie.toml"))
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let empty = read("").expect("defaults");
        assert_eq!(empty, read(DEFAULT).expect("the default file"));
        assert_eq!(empty.night.stale_hours, 36);
        assert_eq!(empty.keep.generations, 3);
        assert_eq!(empty.lists.demand, "需求清单");
        assert_eq!(empty.matching.quota, None);
        assert!(empty.brokers.is_empty());
    }

    #[test]
    fn what_is_given_counts() {
        let config = read(
            "[match]\ntop = 7\nquota = \"region=3\"\n[[broker]]\nname = \"甲\"\nload = 2\n\
             [[broker]]\nname = \"乙\"\nload = 3\nfields = [\"新材料\"]\n",
        )
        .expect("a good file");
        assert_eq!(config.matching.top, 7);
        assert_eq!(config.matching.quota.as_deref(), Some("region=3"));
        assert_eq!(config.matching.depth, 100);
        assert_eq!(config.brokers.len(), 2);
        assert_eq!(config.brokers[1].fields, ["新材料"]);
    }

    #[test]
    fn mistakes_are_named_with_what_is_allowed() {
        for (text, key, allowed) in [
            ("[match]\ntpo = 7\n", "match.tpo", "top"),
            ("[matsch]\ntop = 7\n", "matsch", "match"),
            ("top = 7\n", "top", "match"),
            ("[match]\ntop = 0\n", "match.top", "1–1000"),
            ("[match]\ntop = \"many\"\n", "match.top", "1–1000"),
            ("[match]\nbackend = \"cuda\"\n", "match.backend", "auto、cpu、gpu"),
            ("[match]\nexposure_cost = 2.0\n", "match.exposure_cost", "0–1"),
            ("[inbox]\nwhole = 1\n", "inbox.whole", "true"),
            ("[lists]\ndemand = \"\"\n", "lists.demand", "非空"),
            ("[[broker]]\nname = \"甲\"\nload = 0\n", "broker.load", "1–"),
            ("[[broker]]\nload = 1\n", "broker.name", "非空"),
            ("[[broker]]\nname = \"甲\"\ncap = 1\n", "broker.cap", "load"),
            (
                "[[broker]]\nname = \"甲\"\nload = 1\n[[broker]]\nname = \"甲\"\nload = 2\n",
                "broker.name",
                "不重复",
            ),
        ] {
            let error = read(text).expect_err(text);
            let said = format!("{} {}", error.message(Lang::Zh), error.remedy(Lang::Zh));
            assert!(said.contains(key) && said.contains(allowed), "{text}: {said}");
        }
        assert!(matches!(read("[match\n"), Err(ConfigError::Syntax { .. })));
    }
}
