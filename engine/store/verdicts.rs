//! What each run said about each pair, kept where it changed, with all that is needed to compute
//! it again.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::events::{Event, append, timestamp};
use super::imports::last_visible;
use super::pending::rows_at_once;
use super::records::{COLUMNS, find_known, stored};
use super::row::hex;
use super::runs::{self, last_published};
use super::transaction::{Durability, ROWS_AT_ONCE};
use super::{RunId, Store, StoreError, rules, seal};
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

/// The stored form: values in millionths, `[seen from the demand, from the supply]`.
#[derive(Serialize, Deserialize)]
struct State {
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
    fn of(pair: &PairState) -> Self {
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
    fn says_the_same(&self, other: &Self) -> bool {
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

fn parse(text: &str) -> Result<State, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged(format!("a verdict: {error}")))
}

/// A change on its way into the store; `state` is `None` for a pair that is no longer judged.
struct Change {
    demand: (i64, i64),
    supply: (i64, i64),
    state: Option<String>,
}

/// Where records and their present versions are; each is looked up once.
struct Places {
    side: Side,
    last_import: i64,
    found: HashMap<RecordId, (i64, i64)>,
}

impl Places {
    fn of(&mut self, conn: &Connection, id: &RecordId) -> Result<(i64, i64), StoreError> {
        if let Some(found) = self.found.get(id) {
            return Ok(*found);
        }
        let record = find_known(conn, self.side, id, self.last_import)?;
        let place = (record, last_version(conn, record, self.last_import)?);
        self.found.insert(id.clone(), place);
        Ok(place)
    }
}

/// The last version of a record that says something.
fn last_version(conn: &Connection, record: i64, last_import: i64) -> rusqlite::Result<i64> {
    conn.prepare_cached(
        "SELECT id FROM versions WHERE record = ?1 AND import <= ?2 AND says IS NOT NULL
         ORDER BY import DESC LIMIT 1",
    )?
    .query_row((record, last_import), |row| row.get(0))
}

impl Store {
    /// Compares a run's verdicts with the last published ones and keeps what changed: the verdict,
    /// a veto, whether it is handed out, the rules, or a part's value; freshness and what follows
    /// from it alone do not count. Pairs that are no longer judged are kept once as gone.
    ///
    /// `pairs` are all pairs of the run, those of one demand together; a run is given once. The
    /// changes become visible with [`Store::finish_run`].
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] if the run is not open or was given before; `UnknownRules`;
    /// `UnknownRecord` for a record that the run's reference does not see; `Scattered` where the
    /// pairs of a demand are not together; when the store cannot be written. The run is then to be
    /// failed.
    pub fn record_verdicts(
        &mut self,
        run: RunId,
        rules_ref: &RulesRef,
        pairs: impl IntoIterator<Item = PairState>,
        at: Timestamp,
    ) -> Result<VerdictsSummary, StoreError> {
        let (weights, calibration, last_import, last_run) = self.read(|conn| {
            let open = runs::check_open(conn, run)?;
            if conn.prepare("SELECT 1 FROM verdicts WHERE run = ?1 LIMIT 1")?.exists([run.0])? {
                return Err(StoreError::NotOpen { what: "run" });
            }
            Ok((
                rules::known(conn, &rules_ref.weights)?,
                rules::known(conn, &rules_ref.calibration)?,
                last_visible(conn, open.reference)?,
                last_published(conn)?,
            ))
        })?;
        let places = |side| Places { side, last_import, found: HashMap::new() };
        let mut recorder = Recorder {
            run,
            rules: (weights, calibration),
            last_run,
            demands: places(Side::Demand),
            supplies: places(Side::Supply),
            seen: HashSet::new(),
            changes: Vec::new(),
            summary: VerdictsSummary::default(),
        };
        let mut group: Vec<PairState> = Vec::new();
        for pair in pairs {
            if group.first().is_some_and(|first| first.demand != pair.demand) {
                recorder.take_demand(self, &std::mem::take(&mut group))?;
            }
            group.push(pair);
        }
        recorder.take_demand(self, &group)?;
        recorder.take_forgotten(self)?;
        recorder.flush(self)?;
        let VerdictsSummary { judged, changed, gone } = recorder.summary;
        self.write(Durability::Synced, |conn| {
            runs::check_open(conn, run)?;
            append(conn, at, &Event::VerdictsRecorded { run: run.0, judged, changed, gone })
        })?;
        Ok(recorder.summary)
    }

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

/// By supply, what was said about it and the rules by which it was.
type Standing = HashMap<i64, (State, (i64, i64))>;

struct Recorder {
    run: RunId,
    rules: (i64, i64),
    last_run: i64,
    demands: Places,
    supplies: Places,
    seen: HashSet<i64>,
    changes: Vec<Change>,
    summary: VerdictsSummary,
}

impl Recorder {
    /// Compares the pairs of one demand with those that stood.
    fn take_demand(&mut self, store: &mut Store, pairs: &[PairState]) -> Result<(), StoreError> {
        let Some(first) = pairs.first() else { return Ok(()) };
        let compared = store.read(|conn| {
            let demand = self.demands.of(conn, &first.demand)?;
            if !self.seen.insert(demand.0) {
                return Err(StoreError::Scattered { demand: first.demand.0.clone() });
            }
            let mut standing = self.standing(conn, demand.0)?;
            for pair in pairs {
                let supply = self.supplies.of(conn, &pair.supply)?;
                let state = State::of(pair);
                self.summary.judged += 1;
                if let Some((before, rules)) = standing.remove(&supply.0)
                    && rules == self.rules
                    && state.says_the_same(&before)
                {
                    continue;
                }
                self.summary.changed += 1;
                let state = serde_json::to_string(&state).expect("its keys are words");
                self.changes.push(Change { demand, supply, state: Some(state) });
            }
            self.forget(conn, demand.0, standing.into_keys().collect())
        });
        compared?;
        if self.changes.len() >= ROWS_AT_ONCE {
            self.flush(store)?;
        }
        Ok(())
    }

    /// Keeps the pairs of demands that the run no longer judged as gone.
    fn take_forgotten(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let forgotten: Vec<i64> = store.read(|conn| {
            let mut select = conn
                .prepare("SELECT DISTINCT demand FROM verdicts WHERE run <= ?1 ORDER BY demand")?;
            let all = select.query_map([self.last_run], |row| row.get(0))?;
            let all: Vec<i64> = all.collect::<Result<_, _>>()?;
            Ok(all.into_iter().filter(|demand| !self.seen.contains(demand)).collect())
        })?;
        for demand in forgotten {
            store.read(|conn| {
                let standing = self.standing(conn, demand)?;
                self.forget(conn, demand, standing.into_keys().collect())
            })?;
            if self.changes.len() >= ROWS_AT_ONCE {
                self.flush(store)?;
            }
        }
        Ok(())
    }

    fn forget(
        &mut self,
        conn: &Connection,
        demand: i64,
        mut supplies: Vec<i64>,
    ) -> Result<(), StoreError> {
        supplies.sort_unstable();
        for supply in supplies {
            self.summary.gone += 1;
            let last_import = self.demands.last_import;
            self.changes.push(Change {
                demand: (demand, last_version(conn, demand, last_import)?),
                supply: (supply, last_version(conn, supply, last_import)?),
                state: None,
            });
        }
        Ok(())
    }

    /// The pairs of a demand as published runs left them, with the rules they were judged by.
    fn standing(&self, conn: &Connection, demand: i64) -> Result<Standing, StoreError> {
        let mut select = conn.prepare_cached(
            "SELECT v.supply, v.weights, v.calibration, v.state FROM verdicts v
             WHERE v.demand = ?1 AND v.run = (SELECT max(l.run) FROM verdicts l
                 WHERE l.demand = v.demand AND l.supply = v.supply AND l.run <= ?2)
             AND v.state IS NOT NULL",
        )?;
        let mut rows = select.query((demand, self.last_run))?;
        let mut standing = HashMap::new();
        while let Some(row) = rows.next()? {
            let state = parse(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
            standing.insert(row.get(0)?, (state, (row.get(1)?, row.get(2)?)));
        }
        Ok(standing)
    }

    /// Writes the changes collected so far.
    fn flush(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let changes = std::mem::take(&mut self.changes);
        for chunk in changes.chunks(ROWS_AT_ONCE) {
            store.write(Durability::Ordered, |conn| {
                runs::check_open(conn, self.run)?;
                for change in chunk {
                    let Change { demand, supply, state } = change;
                    let (weights, calibration) = self.rules;
                    let values = (
                        self.run.0,
                        demand.0,
                        supply.0,
                        demand.1,
                        supply.1,
                        weights,
                        calibration,
                        state,
                    );
                    seal::insert(conn, "verdicts", values)?;
                }
                Ok(())
            })?;
        }
        Ok(())
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

/// Removes some of the verdicts of a run that is being abandoned; tells whether there were any.
pub(super) fn remove(conn: &Connection, run: RunId) -> Result<bool, StoreError> {
    let n = conn
        .prepare_cached(
            "DELETE FROM verdicts WHERE id IN
             (SELECT id FROM verdicts WHERE run = ?1 ORDER BY id DESC LIMIT ?2)",
        )?
        .execute((run.0, rows_at_once()))?;
    Ok(n > 0)
}
