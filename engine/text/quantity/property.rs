//! The table of properties in `corpus/properties.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::lexicon::Lexicon;
use super::scan::Scan;
use super::unit::{Dimension, Unit};
use super::unit_table::units;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    property: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    aliases: Vec<String>,
    dimensions: Vec<String>,
    better: Option<Better>,
    parent: Option<String>,
    #[serde(default)]
    substance: bool,
    #[serde(default)]
    generic: bool,
    unit_alone: Option<String>,
    implied: Option<String>,
}

/// Which way a property gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better: efficiency, strength.
    Higher,
    /// Less is better: cost, noise, error.
    Lower,
}

/// What a property is measured in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Measure {
    Dimension(Dimension),
    Counted(String),
}

/// A property that numbers speak of.
#[derive(Debug)]
pub struct PropertyKind {
    name: String,
    measures: Vec<Measure>,
    better: Option<Better>,
    parent: Option<String>,
    needs_substance: bool,
    is_generic: bool,
    unit_alone: Option<Dimension>,
    implied: Option<Unit>,
}

impl PropertyKind {
    /// The canonical name, such as 导热系数.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which way it gets better, where that is clear.
    #[must_use]
    pub const fn better(&self) -> Option<Better> {
        self.better
    }

    /// The canonical name of the more general property, where there is one.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// Whether the number says nothing without a substance (含量, 浓度).
    #[must_use]
    pub const fn needs_substance(&self) -> bool {
        self.needs_substance
    }

    /// Whether many parts of one thing have it (温度, 时间), so that the words before it matter.
    #[must_use]
    pub const fn is_generic(&self) -> bool {
        self.is_generic
    }

    /// The unit of a number that is written without one.
    pub(super) const fn implied(&self) -> Option<&Unit> {
        self.implied.as_ref()
    }

    /// Whether values of this property can have a unit.
    pub(super) fn takes(&self, unit: &Unit) -> bool {
        let degrees = unit.counted() == Some("度");
        self.measures.is_empty()
            || self.measures.iter().any(|measure| match measure {
                Measure::Dimension(dimension) => {
                    (unit.counted().is_none() && *dimension == unit.dimension())
                        || (degrees
                            && (dimension.is_temperature() || *dimension == Dimension::base('A')))
                        || (is_force_per_area(*dimension) && is_shop_pressure(unit))
                }
                Measure::Counted(word) => unit.counted() == Some(word),
            })
    }

    /// Whether it is measured in nothing in particular.
    pub(super) fn takes_anything(&self) -> bool {
        self.measures.is_empty()
    }

    /// Whether values of this property can be temperatures, angles or pressures.
    pub(super) fn has_dimension(&self, dimension: Dimension) -> bool {
        self.measures.contains(&Measure::Dimension(dimension))
    }
}

/// A pressure.
pub(super) fn pressure() -> Dimension {
    Dimension::base('M').times(Dimension::base('L'), -1).times(Dimension::base('T'), -2)
}

fn is_force_per_area(dimension: Dimension) -> bool {
    dimension == pressure()
}

/// Whether a unit of mass is one that workshops use for kgf/cm².
pub(super) fn is_shop_pressure(unit: &Unit) -> bool {
    unit.symbol() == "kg" && unit.counted().is_none()
}

/// A name of a property found in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which list of [`Properties::named`] the name leads to.
    names: usize,
}

/// The properties by name.
pub(super) struct Properties {
    kinds: Vec<PropertyKind>,
    /// For each name, the properties that share it, in the order of the table.
    named: Vec<Vec<usize>>,
    words: Lexicon<usize>,
}

/// The shipped table, read on first use.
pub(super) fn properties() -> &'static Properties {
    static PROPERTIES: LazyLock<Properties> = LazyLock::new(|| {
        Properties::parse(include_str!("../../../corpus/properties.toml"))
            .expect("the shipped table of properties is sound")
    });
    &PROPERTIES
}

impl Properties {
    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut all = Self { kinds: Vec::new(), named: Vec::new(), words: Lexicon::new() };
        let names: Vec<String> = table.property.iter().map(|row| row.name.clone()).collect();
        for row in table.property {
            let bad = |what: &str| format!("property {}: {what}", row.name);
            if row.parent.as_ref().is_some_and(|parent| !names.contains(parent)) {
                return Err(bad("unknown parent"));
            }
            let measure = |text: &String| match text.strip_prefix('#') {
                Some(word) => Some(Measure::Counted(word.to_owned())),
                None => Dimension::parse(text).map(Measure::Dimension),
            };
            let implied = match &row.implied {
                // IP and DN are scales that no table of units lists.
                Some(name) => units()
                    .named(name)
                    .or_else(|| Some(Unit { is_known: true, ..Unit::unknown(name) })),
                None => None,
            };
            let unit_alone = match &row.unit_alone {
                Some(text) => Some(Dimension::parse(text).ok_or_else(|| bad("unit_alone"))?),
                None => None,
            };
            let measures: Option<Vec<Measure>> = row.dimensions.iter().map(measure).collect();
            let id = all.kinds.len();
            for name in row.aliases.iter().chain([&row.name]) {
                let place = all.words.entry(name.chars().map(|c| c.to_ascii_lowercase()));
                let list = *place.get_or_insert_with(|| {
                    all.named.push(Vec::new());
                    all.named.len() - 1
                });
                if !all.named[list].contains(&id) {
                    all.named[list].push(id);
                }
            }
            all.kinds.push(PropertyKind {
                measures: measures.ok_or_else(|| bad("dimensions"))?,
                name: row.name,
                better: row.better,
                parent: row.parent,
                needs_substance: row.substance,
                is_generic: row.generic,
                unit_alone,
                implied,
            });
        }
        Ok(all)
    }

    /// All names in the text, by start; one that lies inside a longer one is left out.
    pub(super) fn hits(&self, scan: &Scan) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for start in 0..scan.len() {
            let mut best = None;
            self.words.each(scan.forward(start), |length, names| {
                if is_whole(scan, start, start + length) {
                    best = Some((length, *names));
                }
            });
            if let Some((length, names)) = best
                && hits.last().is_none_or(|last| start + length > last.end)
            {
                hits.push(Hit { start, end: start + length, names });
            }
        }
        hits
    }

    /// The property of a name that can have a unit: the one that names its measure before one
    /// that takes anything.
    pub(super) fn choose(&self, hit: Hit, unit: &Unit) -> Option<&PropertyKind> {
        let mut fitting =
            self.named[hit.names].iter().map(|id| &self.kinds[*id]).filter(|kind| kind.takes(unit));
        let first = fitting.next()?;
        if first.takes_anything() {
            return Some(fitting.find(|kind| !kind.takes_anything()).unwrap_or(first));
        }
        Some(first)
    }

    /// The first property of a name, whatever it is measured in.
    pub(super) fn any(&self, hit: Hit) -> &PropertyKind {
        &self.kinds[self.named[hit.names][0]]
    }

    /// The property of a name that has an implied unit.
    pub(super) fn with_implied(&self, hit: Hit) -> Option<&PropertyKind> {
        self.named[hit.names].iter().map(|id| &self.kinds[*id]).find(|kind| kind.implied.is_some())
    }

    /// The property by canonical name.
    pub(super) fn by_name(&self, name: &str) -> Option<&PropertyKind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// The property that a unit alone suggests: 转速 for r/min, 功率 for kW.
    pub(super) fn of_unit(&self, unit: &Unit) -> Option<&PropertyKind> {
        if unit.counted().is_some() || unit.is_none() {
            return None;
        }
        if unit.symbol() == "r/min" {
            return self.by_name("转速");
        }
        self.kinds.iter().find(|kind| kind.unit_alone == Some(unit.dimension()))
    }
}

/// Whether a name in Latin letters is a word of its own: `ra` in `Ra0.8`, not in `rate`.
fn is_whole(scan: &Scan, start: usize, end: usize) -> bool {
    let latin = |at: usize| scan.at(at).is_ascii_alphabetic();
    let begins = !latin(start) || !(scan.before(start).is_ascii_alphanumeric());
    let ends = !latin(end - 1) || !latin(end);
    // A single Chinese character counts only where a number follows or precedes at once.
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound_and_large() {
        assert!(properties().kinds.len() >= 150);
        for kind in &properties().kinds {
            assert!(!kind.name.is_empty());
        }
    }

    #[test]
    fn the_longest_name_is_taken_and_the_unit_decides() {
        let scan = Scan::new("工作温度与循环寿命，rate，Ra0.8，寿命");
        let hits = properties().hits(&scan);
        let names: Vec<String> = hits.iter().map(|hit| scan.text(hit.start..hit.end)).collect();
        assert_eq!(names, ["工作温度", "循环寿命", "Ra", "寿命"]);
        let of = |unit: &str| {
            let unit = units().named(unit).expect("known");
            properties().choose(hits[3], &unit).map(PropertyKind::name)
        };
        assert_eq!((of("次"), of("年"), of("mm")), (Some("循环寿命"), Some("寿命"), None));
        assert!(properties().with_implied(hits[2]).is_some());
    }
}
