//! Keeping what a run says about pairs, where it is not what the last published run said.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::Connection;

use super::events::{Event, append};
use super::imports::last_visible;
use super::pending::rows_at_once;
use super::records::find_known;
use super::runs::{self, last_published};
use super::transaction::{Durability, ROWS_AT_ONCE};
use super::verdicts::{State, parse};
use super::{PairState, RulesRef, RunId, Store, StoreError, VerdictsSummary, rules, seal};
use crate::model::{RecordId, Side};

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
