//! What runs said about pairs, with all that is needed to compute it again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::events::timestamp;
use super::records::{COLUMNS, find_known, stored};
use super::row::hex;
use super::runs::{self, last_published};
use super::{RunId, Store, StoreError};
use crate::model::{Micro, Part, PartValues, Record, RecordId, Side, Verdict, Veto};

/// A pair as a run judged it.
#[derive(Debug, Clone, PartialEq)]
pub struct PairState {
    /// The demand.
    pub demand: RecordId,
    /// The supply.
    pub supply: RecordId,
    /// Value of each part seen from the demand.
    pub parts_for_demand: PartValues,
    /// Value of each part seen from the supply.
    pub parts_for_supply: PartValues,
    /// Score for the demand.
    pub score_for_demand: Micro,
    /// Score for the supply.
    pub score_for_supply: Micro,
    /// Probability seen from the demand.
    pub probability_for_demand: Micro,
    /// Probability seen from the supply.
    pub probability_for_supply: Micro,
    /// What the pair is worth to both.
    pub mutual_score: Micro,
    /// How much is known.
    pub confidence: Micro,
    /// Advice.
    pub verdict: Verdict,
    /// Marks and refusals, ascending.
    pub vetoes: Vec<Veto>,
    /// Whether it is in the handed-out lists.
    pub allocated: bool,
}

/// The rules by which a run judged: hashes that [`Store::put_rules`] returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesRef {
    /// SHA-256 of the weights' text.
    pub weights: String,
    /// SHA-256 of the calibration's text.
    pub calibration: String,
}

/// How a run's verdicts differ from the last published ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct VerdictsSummary {
    /// Pairs judged.
    pub judged: u64,
    /// Pairs that are new or judged otherwise.
    pub changed: u64,
    /// Pairs that were judged before and are no more.
    pub gone: u64,
}

/// A pair's verdict from one run on, until the next row.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRow {
    /// The run that first said so.
    pub run: RunId,
    /// Its folder.
    pub folder: String,
    /// Its reference date.
    pub as_of: Date,
    /// When it was published.
    pub at: Timestamp,
    /// What it said; `None`: the pair was no longer judged.
    pub state: Option<PairState>,
    /// The rules it was judged by; see [`Store::rules`].
    pub rules: RulesRef,
    /// The demand as it was judged.
    pub demand: Record,
    /// The supply as it was judged.
    pub supply: Record,
}

/// The stored form of a pair's state: values in millionths, `[seen from the demand, from the supply]`.
#[derive(Serialize, Deserialize)]
pub(super) struct State {
    parts: BTreeMap<Part, [Option<i32>; 2]>,
    score: [i32; 2],
    probability: [i32; 2],
    mutual: i32,
    confidence: i32,
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vetoes: Vec<Veto>,
    #[serde(default)]
    allocated: bool,
}

impl State {
    pub(super) fn of(pair: &PairState) -> Self {
        let both = |part: Part| {
            [pair.parts_for_demand, pair.parts_for_supply]
                .map(|parts| parts[part.index()].map(|value| value.0))
        };
        Self {
            parts: Part::ALL
                .into_iter()
                .map(|part| (part, both(part)))
                .filter(|(_, values)| values.iter().any(Option::is_some))
                .collect(),
            score: [pair.score_for_demand.0, pair.score_for_supply.0],
            probability: [pair.probability_for_demand.0, pair.probability_for_supply.0],
            mutual: pair.mutual_score.0,
            confidence: pair.confidence.0,
            verdict: pair.verdict,
            vetoes: pair.vetoes.clone(),
            allocated: pair.allocated,
        }
    }

    fn pair(self, demand: RecordId, supply: RecordId) -> PairState {
        let parts = |side: usize| {
            let mut values: PartValues = Default::default();
            for (part, both) in &self.parts {
                values[part.index()] = both[side].map(Micro);
            }
            values
        };
        PairState {
            demand,
            supply,
            parts_for_demand: parts(0),
            parts_for_supply: parts(1),
            score_for_demand: Micro(self.score[0]),
            score_for_supply: Micro(self.score[1]),
            probability_for_demand: Micro(self.probability[0]),
            probability_for_supply: Micro(self.probability[1]),
            mutual_score: Micro(self.mutual),
            confidence: Micro(self.confidence),
            verdict: self.verdict,
            vetoes: self.vetoes,
            allocated: self.allocated,
        }
    }

    /// Whether a reader would be told the same: time alone makes every answer a little older each
    /// night, and that is no news.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let lasting = |state: &Self| {
            let parts = state.parts.iter().filter(|(part, _)| **part != Part::Freshness);
            parts.map(|(part, values)| (*part, *values)).collect::<Vec<_>>()
        };
        self.verdict == other.verdict
            && self.vetoes == other.vetoes
            && self.allocated == other.allocated
            && lasting(self) == lasting(other)
    }
}

/// Reads the stored form.
pub(super) fn parse(text: &str) -> Result<State, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(format!("a verdict: {error}")))
}

impl Store {
    /// What published runs said about a pair, the first one first; a row stands until the next.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn verdict_history(
        &self,
        demand: &RecordId,
        supply: &RecordId,
    ) -> Result<Vec<VerdictRow>, StoreError> {
        self.read(|conn| {
            let last = last_published(conn)?;
            let demand_row = find_known(conn, Side::Demand, demand, i64::MAX)?;
            let supply_row = find_known(conn, Side::Supply, supply, i64::MAX)?;
            let mut select = conn.prepare_cached(
                "SELECT v.run, v.state, w.sha256, c.sha256, v.demand_version, v.supply_version,
                        r.finished_at
                 FROM verdicts v JOIN rules w ON w.id = v.weights
                 JOIN rules c ON c.id = v.calibration JOIN runs r ON r.id = v.run
                 WHERE v.demand = ?1 AND v.supply = ?2 AND v.run <= ?3 ORDER BY v.run",
            )?;
            let mut rows = select.query((demand_row, supply_row, last))?;
            let mut history = Vec::new();
            while let Some(row) = rows.next()? {
                let run = RunId(row.get(0)?);
                let run = runs::by_id(conn, run)?
                    .ok_or_else(|| StoreError::damaged(format!("run {} is missing", run.0)))?;
                let state: Option<String> = row.get(1)?;
                let demand = version(conn, Side::Demand, row.get(4)?)?;
                let supply = version(conn, Side::Supply, row.get(5)?)?;
                let state = state.as_deref().map(parse).transpose()?;
                history.push(VerdictRow {
                    run: run.id,
                    folder: run.folder,
                    as_of: run.as_of,
                    at: timestamp(&row.get::<_, String>(6)?)?,
                    state: state.map(|state| state.pair(demand.id.clone(), supply.id.clone())),
                    rules: RulesRef {
                        weights: hex(&row.get::<_, Vec<u8>>(2)?),
                        calibration: hex(&row.get::<_, Vec<u8>>(3)?),
                    },
                    demand,
                    supply,
                });
            }
            Ok(history)
        })
    }

    /// Calls `each` for every pair that is judged as of a published run (the last one where
    /// `None`), by the places at which the records came, with the run that first said so.
    ///
    /// # Errors
    /// When the store cannot be read, and whatever `each` returns.
    pub fn for_each_verdict(
        &self,
        upto: Option<RunId>,
        mut each: impl FnMut(RunId, PairState) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            let last = upto.map_or(last_published(conn)?, |run| run.0).min(last_published(conn)?);
            let mut select = conn.prepare_cached(
                "SELECT v.run, d.record_id, s.record_id, v.state FROM verdicts v
                 JOIN records d ON d.id = v.demand JOIN records s ON s.id = v.supply
                 WHERE v.run <= ?1 AND v.state IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM verdicts l WHERE l.demand = v.demand AND l.supply = v.supply
                     AND l.run > v.run AND l.run <= ?1)
                 ORDER BY v.demand, v.supply",
            )?;
            let mut rows = select.query([last])?;
            while let Some(row) = rows.next()? {
                let state = parse(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
                let pair = state.pair(RecordId(row.get(1)?), RecordId(row.get(2)?));
                each(RunId(row.get(0)?), pair)?;
            }
            Ok(())
        })
    }
}

/// A record as one version has it.
fn version(conn: &Connection, side: Side, id: i64) -> Result<Record, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM versions v JOIN records r ON r.id = v.record
         JOIN lists l ON l.id = r.list JOIN imports i ON i.id = v.import WHERE v.id = ?1"
    ))?;
    let mut rows = select.query([id])?;
    let row =
        rows.next()?.ok_or_else(|| StoreError::damaged(format!("version {id} is missing")))?;
    Ok(stored(side, row)?.record)
}
