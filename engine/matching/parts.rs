//! The value of each part of a pair, and what lowers our confidence in it.

use jiff::civil::Date;

use super::JudgedNumbers;
use crate::model::{Maturity, Micro, Part, PartValues, Record, Side, Veto};

/// Age in days at which an answer counts half as fresh as a new one.
///
/// Two years: the median validity of real market demands is one year (366 days), and an offer
/// stays worth a call rather longer than that.
pub const ANSWER_HALF_LIFE_DAYS: i64 = 730;

/// Characters of title and body together from which a text counts as telling enough.
///
/// A tenth below the median real demand (109 characters), so that the usual text passes.
const ENOUGH_CHARACTERS: usize = 100;

/// What is known of a pair before its parts are valued.
#[derive(Debug, Clone, Copy)]
pub struct PairInputs {
    /// BM25 of the supply for the demand's words, over the demand's own; `None` without words.
    pub lexical_for_demand: Option<f32>,
    /// BM25 of the demand for the supply's words, over the supply's own; `None` without words.
    pub lexical_for_supply: Option<f32>,
    /// Share of the demand's telling words that the supply holds; `None` without such words.
    pub terms_for_demand: Option<f32>,
    /// Share of the supply's telling words that the demand holds; `None` without such words.
    pub terms_for_supply: Option<f32>,
    /// Cosine similarity of the whole texts; `None` where a text has no vector.
    pub cosine: Option<f32>,
    /// How well the supply's passages answer the demand's requirements; `None` without vectors.
    pub passage_for_demand: Option<f32>,
    /// How well the demand's passages answer the supply's; `None` without vectors.
    pub passage_for_supply: Option<f32>,
    /// What the stated numbers came to.
    pub numbers: JudgedNumbers,
    /// Nearness in the trees of fields; `None` where they cannot be compared.
    pub field: Option<Micro>,
}

/// Values the parts of a pair as `asker` sees them, in the order of [`Part::ALL`].
///
/// - lexical: the ratio, clamped to `[0, 1]`.
/// - terms: the share, as given.
/// - dense: the cosine, negative values as 0.
/// - passage: as given, clamped to `[0, 1]`.
/// - numbers: as given, the same from both sides; missing where no number was judged.
/// - field: as given.
/// - freshness of the *answer*: `h / (h + age)` in days from its posting to `as_of`, with `h` =
///   [`ANSWER_HALF_LIFE_DAYS`]; a date in the future counts as new. Integer arithmetic.
/// - maturity: the supply's level against what the demand asks for; 1 when a stated wish is reached,
///   0.3 less per missing step; without a wish, a fifth per step reached.
///
/// A part is `None` where its inputs are unknown or NaN; a maturity that the supply's own text
/// contradicts is unknown.
#[must_use]
pub fn part_values(
    asker: Side,
    inputs: &PairInputs,
    demand: &Record,
    supply: &Record,
    as_of: Date,
) -> PartValues {
    let unit =
        |value: Option<f32>| value.filter(|v| !v.is_nan()).map(|v| Micro::from_unit(f64::from(v)));
    let (lexical, terms, passage, answer) = match asker {
        Side::Demand => {
            (inputs.lexical_for_demand, inputs.terms_for_demand, inputs.passage_for_demand, supply)
        }
        Side::Supply => {
            (inputs.lexical_for_supply, inputs.terms_for_supply, inputs.passage_for_supply, demand)
        }
    };
    let mut values = [None; Part::ALL.len()];
    values[Part::Lexical.index()] = unit(lexical);
    values[Part::Terms.index()] = unit(terms);
    values[Part::Dense.index()] = unit(inputs.cosine);
    values[Part::Passage.index()] = unit(passage);
    values[Part::Numbers.index()] = inputs.numbers.value;
    values[Part::Field.index()] = inputs.field;
    values[Part::Freshness.index()] = answer.posted_on.map(|posted| freshness(posted, as_of));
    values[Part::Maturity.index()] =
        supply.maturity_if_consistent().map(|has| maturity_value(has, demand.maturity));
    values
}

fn freshness(posted: Date, as_of: Date) -> Micro {
    let age = days_between(posted, as_of).max(0);
    let value = (1_000_000 * ANSWER_HALF_LIFE_DAYS) / (ANSWER_HALF_LIFE_DAYS + age);
    Micro(i32::try_from(value).unwrap_or(0))
}

fn days_between(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

/// How well a supply's maturity suits.
///
/// Against a stated wish: 1 when reached, and 0.3 less for every step that is missing (a prototype
/// for a firm that wants mass production is two steps short: 0.4). Without one: a fifth per step
/// reached, from 0.2 (正在研发) to 1 (可以量产).
fn maturity_value(has: Maturity, wanted: Option<Maturity>) -> Micro {
    let has = i32::from(has.level());
    match wanted {
        Some(wanted) => {
            let missing = (i32::from(wanted.level()) - has).max(0);
            Micro((1_000_000 - 300_000 * missing).max(0))
        }
        None => Micro(200_000 * (has + 1)),
    }
}

/// How much is known about a pair, in `[0, 1]`: it says how far to trust the score, not how good
/// the pair is.
///
/// The share of the full weight that the present parts carry (the lesser of the two directions),
/// where numbers of which none could be judged are not asked for: a demand without numbers lacks
/// nothing; times the share of 100 characters that the shorter text has, between a fifth and 1.
#[must_use]
pub fn confidence(
    demand: &Record,
    supply: &Record,
    directions: [(&PartValues, &[u32; Part::ALL.len()]); 2],
) -> Micro {
    let share = directions
        .iter()
        .map(|(values, weights)| {
            let weight = |counts: &dyn Fn(Part, bool) -> bool| -> u32 {
                let of_parts = Part::ALL.into_iter().zip(values.iter().zip(*weights));
                of_parts.filter(|(part, (v, _))| counts(*part, v.is_some())).map(|p| p.1.1).sum()
            };
            let total = weight(&|part, present| present || part != Part::Numbers);
            let present = weight(&|_, present| present);
            if total == 0 { 0 } else { u64::from(present) * 1_000_000 / u64::from(total) }
        })
        .min()
        .unwrap_or(0);
    let characters = n_characters(demand).min(n_characters(supply));
    let enough = characters.clamp(ENOUGH_CHARACTERS / 5, ENOUGH_CHARACTERS);
    let value = share * enough as u64 / ENOUGH_CHARACTERS as u64;
    Micro(i32::try_from(value).unwrap_or(i32::MAX))
}

fn n_characters(record: &Record) -> usize {
    // Counting stops as soon as there is enough; texts can be long.
    record.title.chars().chain(record.body.chars()).take(ENOUGH_CHARACTERS).count()
}

/// The marks a pair carries: which of the two has expired at the reference date, and whether a
/// stated limit is not met.
#[must_use]
pub fn vetoes(demand: &Record, supply: &Record, numbers: JudgedNumbers, as_of: Date) -> Vec<Veto> {
    let expired = |record: &Record| record.valid_until.is_some_and(|until| until < as_of);
    let mut vetoes = Vec::new();
    if expired(demand) {
        vetoes.push(Veto::DemandExpired);
    }
    if expired(supply) {
        vetoes.push(Veto::SupplyExpired);
    }
    if numbers.failed {
        vetoes.push(Veto::NumbersNotMet);
    }
    vetoes
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn freshness_halves_at_the_half_life() {
        assert_eq!(freshness(date(2026, 1, 1), date(2026, 1, 1)), Micro::ONE);
        assert_eq!(freshness(date(2027, 1, 1), date(2026, 1, 1)), Micro::ONE);
        assert_eq!(freshness(date(2024, 1, 2), date(2026, 1, 1)), Micro(500_000));
    }

    #[test]
    fn maturity_is_judged_against_the_wish() {
        use Maturity::{LabTested, MassProduction, Prototype, Research};
        assert_eq!(maturity_value(MassProduction, Some(Prototype)), Micro::ONE);
        assert_eq!(maturity_value(Prototype, Some(MassProduction)), Micro(400_000));
        assert_eq!(maturity_value(Research, Some(MassProduction)), Micro(0));
        assert_eq!(maturity_value(LabTested, None), Micro(400_000));
    }
}
