//! `matches.jsonl`: one line per kept pair, for programs.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::defaults::Rules;
use super::super::{PipelineError, Progress};
use crate::matching::{CheckedNumber, Doubt, Evidence, Outcome, contributions};
use crate::model::{
    Answer, Contradiction, Lang, Match, Micro, Part, Quote, QuoteField, Record, Side, SynonymPair,
    Verdict, Veto,
};

/// Name and version of the line's shape; [`find_pair`] refuses another.
pub(in super::super) const SCHEMA: &str = "duijie.match/1";

/// One kept pair. Scores, probabilities and part values are decimals with six digits at most;
/// they are exact multiples of 10⁻⁶.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRecord {
    /// `duijie.match/1`.
    pub schema: String,
    /// Id of the demand.
    pub demand_id: String,
    /// Id of the supply.
    pub supply_id: String,
    /// Number of the demand as people say it.
    pub demand_number: String,
    /// Number of the supply as people say it.
    pub supply_number: String,
    /// Place of the supply in the demand's ranking, from 1.
    pub rank_for_demand: Option<u32>,
    /// Place of the demand in the supply's ranking, from 1.
    pub rank_for_supply: Option<u32>,
    /// Sum of the parts' `contribution`.
    pub score_for_demand: Micro,
    /// Sum of the parts' `contribution_for_supply`.
    pub score_for_supply: Micro,
    /// Harmonic mean of the two directions' probabilities.
    pub mutual_score: Micro,
    /// Mean of the two directions' probabilities: what is shown as 把握.
    pub probability: Micro,
    /// Calibrated probability seen from the demand.
    pub probability_for_demand: Micro,
    /// Calibrated probability seen from the supply.
    pub probability_for_supply: Micro,
    /// How much is known about the pair.
    pub confidence: Micro,
    /// Advice.
    pub verdict: Verdict,
    /// Whether it is in the handed-out lists.
    pub allocated: bool,
    /// Marks and refusals.
    pub vetoes: Vec<Veto>,
    /// SHA-256 of the run's weights (`index/weights.toml`), by which the scores are to be recomputed.
    #[serde(default)]
    pub weights_sha256: String,
    /// SHA-256 of the run's calibration (`index/calibration.toml`), by which probabilities and
    /// verdict are to be recomputed.
    #[serde(default)]
    pub calibration_sha256: String,
    /// What a person answered about the pair, such as 已对接; null where nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Statements of either record that its own text contradicts, the demand's first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_verify: Vec<ContradictionRecord>,
    /// The numbers that the demand states and what the supply says about each, in the order of
    /// the demand's text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<NumberRecord>,
    /// All parts in order, missing ones with a `value` of null.
    pub parts: Vec<PartRecord>,
}

/// One part of a pair's score. `value`, `weight` and `contribution` are the demand's view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartRecord {
    /// Which part.
    pub name: Part,
    /// Value in `[0, 1]`; null where missing.
    pub value: Option<Micro>,
    /// Share of the full weight, in `[0, 1]`.
    pub weight: Micro,
    /// What it adds to `score_for_demand`; null where missing.
    pub contribution: Option<Micro>,
    /// Value as the supply sees it.
    pub value_for_supply: Option<Micro>,
    /// Weight as the supply sees it.
    pub weight_for_supply: Micro,
    /// What it adds to `score_for_supply`.
    pub contribution_for_supply: Option<Micro>,
    /// Quoted passages that support it.
    pub evidence: Vec<QuoteRecord>,
}

/// A statement that the record's own text contradicts: it counts as missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContradictionRecord {
    /// Whose statement.
    pub side: Side,
    /// The statement and the words against it.
    #[serde(flatten)]
    pub contradiction: Contradiction,
}

/// One number of the demand, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRecord {
    /// The property; empty where none is known.
    pub property: String,
    /// pass, near, fail or not_stated.
    pub outcome: Outcome,
    /// Whether the demand states it as a limit (≥, 不超过, a range) and the supply names the same
    /// property. Where such a number fails, the pair has the mark `numbers_not_met`, which caps the
    /// verdict; other numbers count in the part alone.
    #[serde(default)]
    pub binding: bool,
    /// The demand's words.
    pub demand: QuoteRecord,
    /// The supply's words; null where it does not speak of the property.
    pub supply: Option<QuoteRecord>,
    /// What a person should look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubt: Vec<Doubt>,
}

impl NumberRecord {
    /// One line for people, as [`CheckedNumber::line`] writes it.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        let quote = |of: &QuoteRecord| Quote {
            part: Part::Numbers,
            side: of.side,
            field: of.field,
            start: of.start,
            end: of.end,
            text: of.text.clone(),
            synonyms: Vec::new(),
        };
        let check = CheckedNumber {
            property: self.property.clone(),
            outcome: self.outcome,
            is_binding: self.binding,
            demand: quote(&self.demand),
            supply: self.supply.as_ref().map(quote),
            doubts: self.doubt.clone(),
        };
        check.line(lang)
    }
}

impl From<CheckedNumber> for NumberRecord {
    fn from(check: CheckedNumber) -> Self {
        let CheckedNumber { property, outcome, is_binding, demand, supply, doubts } = check;
        let (demand, supply) = (demand.into(), supply.map(Into::into));
        Self { property, outcome, binding: is_binding, demand, supply, doubt: doubts }
    }
}

/// A quoted passage; `start..end` counts characters (Unicode scalar values) of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRecord {
    /// Whose text.
    pub side: Side,
    /// Which text.
    pub field: QuoteField,
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The passage.
    pub text: String,
    /// Synonyms by which it supports the part; left out where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<SynonymPair>,
}

impl From<Quote> for QuoteRecord {
    fn from(quote: Quote) -> Self {
        let Quote { side, field, start, end, text, synonyms, .. } = quote;
        Self { side, field, start, end, text, synonyms }
    }
}

/// What a pair's line holds beside the values: its quotes and its checked numbers.
pub(in super::super) struct Words {
    pub(in super::super) quotes: Vec<Quote>,
    pub(in super::super) numbers: Vec<CheckedNumber>,
}

impl Words {
    /// Draws them for a pair.
    pub(in super::super) fn of(
        evidence: &Evidence,
        pair: &Match,
        demand: &Record,
        supply: &Record,
    ) -> Self {
        Self {
            quotes: evidence.quotes(pair, demand, supply),
            numbers: evidence.checked_numbers(pair, demand, supply),
        }
    }
}

/// Brings a pair into the form in which it is written; the hashes are those of the rules.
pub(in super::super) fn pair_record(
    pair: &Match,
    demand: &Record,
    supply: &Record,
    rules: &Rules,
    Words { quotes, numbers }: Words,
) -> PairRecord {
    let weights = &rules.weights;
    let of_demand = weights.seen_by(demand);
    let of_supply = weights.seen_by(supply);
    let for_demand = contributions(&pair.parts_for_demand, of_demand);
    let for_supply = contributions(&pair.parts_for_supply, of_supply);
    let share = |thousandths: u32| Micro(i32::try_from(thousandths).unwrap_or(0) * 1_000);
    let mut evidence: Vec<Vec<QuoteRecord>> = vec![Vec::new(); Part::ALL.len()];
    for quote in quotes {
        evidence[quote.part.index()].push(quote.into());
    }
    let parts = Part::ALL
        .into_iter()
        .zip(evidence)
        .map(|(part, evidence)| {
            let at = part.index();
            PartRecord {
                name: part,
                value: pair.parts_for_demand[at],
                weight: share(of_demand[at]),
                contribution: for_demand[at],
                value_for_supply: pair.parts_for_supply[at],
                weight_for_supply: share(of_supply[at]),
                contribution_for_supply: for_supply[at],
                evidence,
            }
        })
        .collect();
    PairRecord {
        schema: SCHEMA.to_owned(),
        demand_id: demand.id.0.clone(),
        supply_id: supply.id.0.clone(),
        demand_number: demand.number.clone(),
        supply_number: supply.number.clone(),
        rank_for_demand: pair.rank_for_demand,
        rank_for_supply: pair.rank_for_supply,
        score_for_demand: pair.score_for_demand,
        score_for_supply: pair.score_for_supply,
        mutual_score: pair.mutual_score,
        probability: pair.probability(),
        probability_for_demand: pair.probability_for_demand,
        probability_for_supply: pair.probability_for_supply,
        confidence: pair.confidence,
        verdict: pair.verdict,
        allocated: pair.allocated,
        vetoes: pair.vetoes.clone(),
        weights_sha256: rules.weights_sha256.clone(),
        calibration_sha256: rules.calibration_sha256.clone(),
        answer: None,
        to_verify: [demand, supply]
            .into_iter()
            .flat_map(|record| {
                record.contradictions.iter().map(|found| ContradictionRecord {
                    side: record.side,
                    contradiction: found.clone(),
                })
            })
            .collect(),
        numbers: numbers.into_iter().map(Into::into).collect(),
        parts,
    }
}

/// Writes the chosen pairs in order, one JSON object per line.
pub(in super::super) fn write_pairs(
    path: &Path,
    matches: &[Match],
    chosen: &(dyn Fn(&Match) -> bool + Sync),
    record: &(dyn Fn(&Match) -> PairRecord + Sync),
    progress: &dyn Progress,
) -> Result<(), PipelineError> {
    // Lines are made in parallel, a batch at a time, and written in order.
    const BATCH: usize = 16_384;
    const LINES: usize = 64;
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        for batch in matches.chunks(BATCH) {
            let blocks: Vec<Vec<u8>> = batch
                .par_chunks(LINES)
                .map(|pairs| {
                    let mut block = Vec::new();
                    for pair in pairs.iter().filter(|pair| chosen(pair)) {
                        serde_json::to_writer(&mut block, &record(pair))?;
                        block.push(b'\n');
                    }
                    Ok(block)
                })
                .collect::<io::Result<_>>()?;
            for block in blocks {
                out.write_all(&block)?;
            }
            progress.advance(batch.len() as u64);
        }
        out.flush()
    };
    write().map_err(|e| PipelineError::io("write", path, e))
}

/// Finds the line of a pair.
pub(in super::super) fn find_pair(
    path: &Path,
    demand_id: &str,
    supply_id: &str,
) -> Result<Option<PairRecord>, PipelineError> {
    let io = |e| PipelineError::io("read", path, e);
    let quoted = |id: &str| serde_json::to_string(id).unwrap_or_default();
    let wanted = [
        format!("\"demand_id\":{}", quoted(demand_id)),
        format!("\"supply_id\":{}", quoted(supply_id)),
    ];
    for line in BufReader::new(File::open(path).map_err(io)?).lines() {
        let line = line.map_err(io)?;
        if wanted.iter().all(|part| line.contains(part))
            && let Ok(record) = serde_json::from_str::<PairRecord>(&line)
            && record.schema == SCHEMA
            && record.demand_id == demand_id
            && record.supply_id == supply_id
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}
