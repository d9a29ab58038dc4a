//! The table of units in `corpus/units/units.toml`.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::exact::Exact;
use super::lexicon::Lexicon;
use super::scan::{Scan, is_han};
use super::unit::{Dimension, Unit};

/// SI prefixes: symbol, Chinese name, power of ten (SI brochure, table 7).
const PREFIXES: [(&str, &str, i32); 13] = [
    ("a", "阿", -18),
    ("f", "飞", -15),
    ("p", "皮", -12),
    ("n", "纳", -9),
    ("μ", "微", -6),
    ("m", "毫", -3),
    ("c", "厘", -2),
    ("d", "分", -1),
    ("h", "百", 2),
    ("k", "千", 3),
    ("M", "兆", 6),
    ("G", "吉", 9),
    ("T", "太", 12),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    unit: Vec<Row>,
    counted: CountedRow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    symbol: String,
    spellings: Vec<String>,
    #[serde(default)]
    dimension: String,
    #[serde(default)]
    factor: String,
    #[serde(default)]
    offset: String,
    #[serde(default)]
    prefixes: String,
    #[serde(default)]
    han: String,
    #[serde(default)]
    counted: String,
    #[serde(default)]
    weak: bool,
    #[serde(default)]
    compound: bool,
    /// Where the definition comes from; read by people.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountedRow {
    words: Vec<String>,
    same: Vec<Vec<String>>,
}

/// One factor of a unit expression.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub(super) unit: Unit,
    /// A unit only where a property of its dimension is named beside it.
    pub(super) is_weak: bool,
    /// A unit only after a stroke.
    pub(super) is_compound_only: bool,
    /// A classifier of counted things, which no Chinese numeral makes a quantity.
    pub(super) is_classifier: bool,
}

/// The units by spelling.
pub(super) struct Units {
    atoms: Vec<Atom>,
    spellings: Lexicon<usize>,
}

/// The shipped table, read on first use.
pub(super) fn units() -> &'static Units {
    static UNITS: LazyLock<Units> = LazyLock::new(|| {
        Units::parse(include_str!("../../../corpus/units/units.toml"))
            .expect("the shipped table of units is sound")
    });
    &UNITS
}

impl Units {
    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut units = Self { atoms: Vec::new(), spellings: Lexicon::new() };
        // Written spellings come before those made from prefixes, and keep their meaning.
        let mut made = Vec::new();
        for row in &table.unit {
            let bad = |what: &str| format!("unit {}: {what}", row.symbol);
            let atom = row.atom().ok_or_else(|| bad("dimension, factor or offset"))?;
            for (symbol, han, power) in PREFIXES {
                if row.prefixes.split_whitespace().any(|prefix| prefix == symbol) {
                    let scale = Exact::decimal(1, power).ok_or_else(|| bad("prefix"))?;
                    let mut scaled = atom.clone();
                    scaled.unit.symbol = format!("{symbol}{}", row.symbol).into();
                    scaled.unit.factor =
                        atom.unit.factor.checked_mul(scale).ok_or_else(|| bad("range"))?;
                    // A prefix makes one weak letter an unmistakable unit (pF, mT).
                    scaled.is_weak = false;
                    let mut names = vec![scaled.unit.symbol.to_string()];
                    if symbol == "μ" {
                        names.push(format!("u{}", row.symbol));
                    }
                    if !row.han.is_empty() {
                        names.push(format!("{han}{}", row.han));
                    }
                    made.push((names, scaled));
                }
            }
            let bare = row.symbol.trim_start_matches('/').to_owned();
            let mut names = row.spellings.clone();
            if !row.compound || row.symbol == bare {
                names.push(bare);
            }
            if !row.han.is_empty() {
                names.push(row.han.clone());
            }
            units.add(&names, atom);
        }
        for (names, atom) in made {
            units.add(&names, atom);
        }
        for word in &table.counted.words {
            let canonical =
                table.counted.same.iter().find(|same| same.contains(word)).map_or(word, |s| &s[0]);
            let unit = Unit { is_known: true, ..Unit::unknown(canonical) };
            units.add(
                std::slice::from_ref(word),
                Atom {
                    unit,
                    is_weak: false,
                    is_compound_only: false,
                    is_classifier: word.chars().all(is_han),
                },
            );
        }
        Ok(units)
    }

    /// Adds an atom under all spellings that are not taken.
    fn add(&mut self, spellings: &[String], atom: Atom) {
        let id = self.atoms.len();
        self.atoms.push(atom);
        for spelling in spellings {
            // Folded as texts are, so that ｍｍ and № forms meet.
            let chars = Scan::new(spelling).chars;
            self.spellings.entry(chars.into_iter()).get_or_insert(id);
        }
    }

    /// The unit of a canonical or other spelling, if it is one as a whole.
    pub(super) fn named(&self, spelling: &str) -> Option<Unit> {
        let scan = Scan::new(spelling);
        let found = self.find(&scan, 0)?;
        (found.end == scan.len()).then_some(found.unit)
    }

    /// The longest single unit at `at`, and where it ends.
    pub(super) fn atom_at(&self, scan: &Scan, at: usize) -> Option<(usize, &Atom)> {
        let chars = scan.chars.get(at..)?.iter().copied();
        let (length, id) = self.spellings.longest(chars)?;
        Some((at + length, &self.atoms[*id]))
    }

    /// How long the longest single unit at `at` is, in characters; 0 where there is none.
    pub(super) fn length_at(&self, scan: &Scan, at: usize) -> usize {
        self.atom_at(scan, at).map_or(0, |(end, _)| end - at)
    }
}

impl Row {
    fn atom(&self) -> Option<Atom> {
        let number = |text: &str, default| {
            if text.is_empty() { Some(default) } else { Exact::parse(text) }
        };
        let counted: Option<Arc<str>> = (!self.counted.is_empty()).then(|| (&*self.counted).into());
        let unit = Unit {
            symbol: self.symbol.trim_start_matches('/').into(),
            dimension: Dimension::parse(&self.dimension)?,
            factor: number(&self.factor, Exact::ONE)?,
            offset: number(&self.offset, Exact::ZERO)?,
            counted,
            is_known: true,
        };
        Some(Atom {
            unit,
            is_weak: self.weak,
            is_compound_only: self.compound,
            is_classifier: false,
        })
    }
}
