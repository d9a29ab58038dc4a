//! How much each part counts, per direction and script: data in a file, not code.

use serde::Deserialize;

use crate::model::{Diagnosis, Lang, Part, Record, Side};
use crate::text::Script;

/// Weights of the parts, one set per direction and script of the asker's text, in thousandths of the
/// full score.
///
/// Each set sums to 1,000. A part with weight 0 is shown but does not count. The script matters
/// because a model that learned Chinese says little about English, and shared words say the more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    for_demand: [u32; Part::ALL.len()],
    for_supply: [u32; Part::ALL.len()],
    /// Instead of these, for askers that write in Latin letters: of the demand, of the supply.
    latin: [Option<[u32; Part::ALL.len()]>; 2],
}

/// The full score of one direction, in thousandths.
pub(crate) const FULL: u32 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightsFile {
    for_demand: DirectionFile,
    for_supply: DirectionFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectionFile {
    lexical: u32,
    terms: u32,
    dense: u32,
    passage: u32,
    numbers: u32,
    field: u32,
    freshness: u32,
    maturity: u32,
    latin: Option<PartsFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartsFile {
    lexical: u32,
    terms: u32,
    dense: u32,
    passage: u32,
    numbers: u32,
    field: u32,
    freshness: u32,
    maturity: u32,
}

impl DirectionFile {
    const fn in_order(&self) -> [u32; Part::ALL.len()] {
        [
            self.lexical,
            self.terms,
            self.dense,
            self.passage,
            self.numbers,
            self.field,
            self.freshness,
            self.maturity,
        ]
    }
}

impl PartsFile {
    const fn in_order(&self) -> [u32; Part::ALL.len()] {
        [
            self.lexical,
            self.terms,
            self.dense,
            self.passage,
            self.numbers,
            self.field,
            self.freshness,
            self.maturity,
        ]
    }
}

impl Weights {
    /// Reads the TOML form: tables `for_demand` and `for_supply`, one integer per part, and, where
    /// askers that write in Latin letters are to be weighed otherwise, the same again in a table
    /// `latin` within.
    ///
    /// # Errors
    /// [`WeightsError::Syntax`] for anything but these keys, [`WeightsError::Sum`] when a set
    /// does not add up to 1,000.
    pub fn from_toml(text: &str) -> Result<Self, WeightsError> {
        let file: WeightsFile = toml::from_str(text)
            .map_err(|source| WeightsError::Syntax { reason: source.message().to_owned() })?;
        let weights = Self {
            for_demand: file.for_demand.in_order(),
            for_supply: file.for_supply.in_order(),
            latin: [file.for_demand.latin, file.for_supply.latin]
                .map(|set| set.map(|set| set.in_order())),
        };
        for side in [Side::Demand, Side::Supply] {
            for script in [Script::Han, Script::Latin] {
                let set = weights.of(side, script);
                let sum = set.iter().copied().fold(0, u32::saturating_add);
                if sum != FULL {
                    return Err(WeightsError::Sum { side, sum });
                }
            }
        }
        Ok(weights)
    }

    /// The weights that `side` applies as the asker when it writes Chinese, in the order of
    /// [`Part::ALL`]. For a given record see [`seen_by`](Self::seen_by).
    /// The same weights with other ones for one direction, which must add up to 1,000.
    pub(super) fn with(&self, side: Side, weights: [u32; Part::ALL.len()]) -> Self {
        debug_assert_eq!(weights.iter().sum::<u32>(), FULL);
        let mut changed = self.clone();
        match side {
            Side::Demand => changed.for_demand = weights,
            Side::Supply => changed.for_supply = weights,
        }
        changed
    }

    /// The same weights with a share of what the words weigh given to the dense part, in thousandths
    /// and rounded down part by part: of the demand, of the supply, for askers that write Chinese.
    #[must_use]
    pub fn towards_dense(&self, shares: [u32; 2]) -> Self {
        let moved = |mut set: [u32; Part::ALL.len()], share: u32| {
            let is_of_words =
                |part: &Part| part.is_retrieval() && !matches!(part, Part::Dense | Part::Passage);
            for part in Part::ALL.into_iter().filter(is_of_words) {
                let given = set[part.index()] * share.min(FULL) / FULL;
                set[part.index()] -= given;
                set[Part::Dense.index()] += given;
            }
            set
        };
        let [of_demand, of_supply] = shares;
        let for_demand = moved(self.for_demand, of_demand);
        Self { for_demand, for_supply: moved(self.for_supply, of_supply), ..self.clone() }
    }

    /// The TOML form that [`from_toml`](Self::from_toml) reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let [latin_of_demand, latin_of_supply] = &self.latin;
        for (table, weights) in [
            ("for_demand", Some(&self.for_demand)),
            ("for_demand.latin", latin_of_demand.as_ref()),
            ("for_supply", Some(&self.for_supply)),
            ("for_supply.latin", latin_of_supply.as_ref()),
        ] {
            let Some(weights) = weights else { continue };
            text.push_str(&format!("[{table}]\n"));
            for (part, weight) in Part::ALL.into_iter().zip(weights) {
                let name = toml::Value::try_from(part).ok();
                let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
                text.push_str(&format!("{name} = {weight}\n"));
            }
        }
        text
    }

    /// The weights that `side` applies when it is the asker, in the order of [`Part::ALL`].
    #[must_use]
    pub const fn seen_from(&self, side: Side) -> &[u32; Part::ALL.len()] {
        match side {
            Side::Demand => &self.for_demand,
            Side::Supply => &self.for_supply,
        }
    }

    /// The weights that this record applies as the asker, in the order of [`Part::ALL`].
    #[must_use]
    pub fn seen_by(&self, asker: &Record) -> &[u32; Part::ALL.len()] {
        self.of(asker.side, script_of(asker))
    }

    /// The weights that `side` applies as the asker when it writes in `script`; without a set of its
    /// own, Latin text is weighed like Chinese.
    #[must_use]
    pub const fn of(&self, side: Side, script: Script) -> &[u32; Part::ALL.len()] {
        let [of_demand, of_supply] = &self.latin;
        match (script, side, of_demand, of_supply) {
            (Script::Latin, Side::Demand, Some(set), _)
            | (Script::Latin, Side::Supply, _, Some(set)) => set,
            _ => self.seen_from(side),
        }
    }
}

/// The script of a record's title and body.
#[must_use]
pub fn script_of(record: &Record) -> Script {
    Script::of(&[&record.title, &record.body])
}

/// A weights file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Not the expected keys and integers.
    #[error("reading the weights: {reason}")]
    Syntax {
        /// What the reader said.
        reason: String,
    },
    /// A direction does not add up.
    #[error("the weights seen from the {side:?} side add up to {sum}, not 1000")]
    Sum {
        /// Which direction.
        side: Side,
        /// What it adds up to.
        sum: u32,
    },
}

impl Diagnosis for WeightsError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "weights.syntax",
            Self::Sum { .. } => "weights.sum",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, Self::Syntax { reason }) => format!("权重文件格式不对：{reason}"),
            (Lang::Zh, Self::Sum { side, sum }) => {
                format!("{}方向的权重之和是 {sum}，应为 1000", side.label(lang))
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        lang.pick(
            "对照 corpus/calibration/weights.toml 修改：两个方向（及其中的 latin 表）各八项整数，每组之和为 1000",
            "compare with corpus/calibration/weights.toml: eight integers per direction, and in its table latin, each set summing to 1000",
        )
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
        [for_demand]
        lexical = 250\nterms = 50\ndense = 400\npassage = 60\nnumbers = 40\nfield = 100\nfreshness = 50\nmaturity = 50
        [for_supply]
        lexical = 350\nterms = 50\ndense = 300\npassage = 60\nnumbers = 40\nfield = 100\nfreshness = 100\nmaturity = 0
        [for_supply.latin]
        lexical = 750\nterms = 50\ndense = 0\npassage = 0\nnumbers = 0\nfield = 100\nfreshness = 100\nmaturity = 0
    ";

    #[test]
    fn reads_each_direction() {
        let weights = Weights::from_toml(GOOD).expect("good file");
        let of = |side, script| *weights.of(side, script);
        assert_eq!(of(Side::Demand, Script::Han), [250, 50, 400, 60, 40, 100, 50, 50]);
        assert_eq!(of(Side::Demand, Script::Latin), [250, 50, 400, 60, 40, 100, 50, 50]);
        assert_eq!(of(Side::Supply, Script::Han), [350, 50, 300, 60, 40, 100, 100, 0]);
        assert_eq!(of(Side::Supply, Script::Latin), [750, 50, 0, 0, 0, 100, 100, 0]);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let weights = Weights::from_toml(GOOD).expect("good file");
        assert_eq!(Weights::from_toml(&weights.to_toml()), Ok(weights));
    }

    #[test]
    fn words_give_a_share_to_the_dense_part() {
        let weights = Weights::from_toml(GOOD).expect("good file");
        let moved = weights.towards_dense([500, 0]);
        let sum = |set: &[u32]| set.iter().sum::<u32>();
        let dense = Part::Dense.index();
        let (before, after) = (weights.seen_from(Side::Demand), moved.seen_from(Side::Demand));
        assert_eq!((sum(before), sum(after)), (FULL, FULL));
        assert_eq!(after[dense], before[dense] + 150, "half of the words' 300");
        assert_eq!(moved.seen_from(Side::Supply), weights.seen_from(Side::Supply));
        let latin = |of: &Weights| *of.of(Side::Supply, Script::Latin);
        assert_eq!(latin(&weights.towards_dense([0, 1_000])), latin(&weights));
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let text = GOOD.replacen("250", "251", 1);
        assert_eq!(
            Weights::from_toml(&text),
            Err(WeightsError::Sum { side: Side::Demand, sum: 1_001 })
        );
        let text = GOOD.replacen("750", "749", 1);
        assert_eq!(
            Weights::from_toml(&text),
            Err(WeightsError::Sum { side: Side::Supply, sum: 999 })
        );
    }

    #[test]
    fn refuses_unknown_parts() {
        let text = GOOD.replacen("maturity = 50", "maturity = 50\nluck = 0", 1);
        assert!(matches!(Weights::from_toml(&text), Err(WeightsError::Syntax { .. })));
    }
}
