//! Runs, one after another: begun, then published, failed or abandoned.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use super::events::{Event, append, date, timestamp};
use super::transaction::Durability;
use super::{Seq, Store, StoreError, counts, recorder, seal};

/// A run's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

/// What a run is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunHead {
    /// Its reference date.
    pub as_of: Date,
    /// The last event that it sees.
    pub reference: Seq,
    /// Version of the program.
    pub program: String,
}

/// What a published run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// The generation that it was made on.
    pub generation: u64,
    /// Its figures as JSON, for `status`.
    pub summary: String,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It works, or its process died.
    Open,
    /// It was published.
    Published,
    /// It ended with an error.
    Failed,
    /// Its process died, and the next builder cleared it away.
    Abandoned,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// Its folder under `runs/`: the reference date and which run published for it this is, from 1,
    /// as `2026-11-20-1`. The number of a run that was not published is given again.
    pub folder: String,
    /// Its reference date.
    pub as_of: Date,
    /// The last event that it sees.
    pub reference: Seq,
    /// Version of the program.
    pub program: String,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The generation it was made on, once published.
    pub generation: Option<u64>,
    /// Its figures as JSON, once published.
    pub summary: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
}

impl Store {
    /// Begins a run.
    ///
    /// # Errors
    /// [`StoreError::OpenRun`] while another one is open; when the store cannot be written.
    pub fn begin_run(&mut self, head: &RunHead, at: Timestamp) -> Result<RunRow, StoreError> {
        self.write(Durability::Synced, |conn| {
            if let Some(open) = open_run(conn)? {
                return Err(StoreError::OpenRun { folder: open.folder });
            }
            let as_of = head.as_of.to_string();
            let published: i64 = conn.query_row(
                "SELECT count(*) FROM runs WHERE state = 'published' AND as_of = ?1",
                [&as_of],
                |row| row.get(0),
            )?;
            let folder = format!("{as_of}-{}", published + 1);
            let none = rusqlite::types::Null;
            let run = seal::insert(
                conn,
                "runs",
                (
                    &folder,
                    &as_of,
                    head.reference.0,
                    &head.program,
                    at.to_string(),
                    "open",
                    1,
                    none,
                    none,
                    none,
                    none,
                ),
            )?;
            let reference = head.reference;
            append(conn, at, &Event::RunStarted { run, folder, as_of: head.as_of, reference })?;
            Ok(open_run(conn)?.expect("it was begun just now"))
        })
    }

    /// Publishes a run: it and its verdicts become visible. Doing it again for the same generation
    /// changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] if the run is not open; when the store cannot be written.
    pub fn finish_run(
        &mut self,
        id: RunId,
        result: &RunResult,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Durability::Synced, |conn| {
            let run = by_id(conn, id)?.ok_or(StoreError::NotOpen { what: "run" })?;
            match run.state {
                RunState::Published if run.generation == Some(result.generation) => return Ok(()),
                RunState::Open if run.failure.is_none() && !is_closing(conn, id)? => {}
                _ => return Err(StoreError::NotOpen { what: "run" }),
            }
            let generation =
                i64::try_from(result.generation).map_err(|_| StoreError::BadEntry {
                    field: "generation",
                    value: result.generation.to_string(),
                    why: "it is too large",
                })?;
            conn.execute(
                "UPDATE runs SET state = 'published', open = NULL, finished_at = ?2,
                 generation = ?3, summary = ?4 WHERE id = ?1",
                (id.0, at.to_string(), generation, &result.summary),
            )?;
            seal::seal(conn, "runs", id.0)?;
            counts::add(conn, counts::RUNS, 1)?;
            let (folder, generation) = (run.folder, result.generation);
            append(conn, at, &Event::RunPublished { run: id.0, folder, generation })?;
            Ok(())
        })
    }

    /// Ends a run with an error; its verdicts are removed.
    ///
    /// # Errors
    /// [`StoreError::NotOpen`] if the run is not open; when the store cannot be written.
    pub fn fail_run(&mut self, id: RunId, reason: &str, at: Timestamp) -> Result<(), StoreError> {
        self.write(Durability::Synced, |conn| {
            if open_run(conn)?.is_none_or(|open| open.id != id) {
                return Err(StoreError::NotOpen { what: "run" });
            }
            conn.execute(
                "UPDATE runs SET state = 'abandoning', failure = ?2 WHERE id = ?1",
                (id.0, reason),
            )?;
            Ok(seal::seal(conn, "runs", id.0)?)
        })?;
        self.abandon_open_runs(at).map(|_| ())
    }

    /// Clears away the run that is open, if one is; its verdicts are removed. Returns how many were
    /// cleared away, 0 or 1.
    ///
    /// Only who holds the builders' lock knows that nobody is working on it. A run that is already
    /// named by the pointer to what is published is to be finished instead.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn abandon_open_runs(&mut self, at: Timestamp) -> Result<usize, StoreError> {
        let open = self.write(Durability::Synced, |conn| {
            let open = open_run(conn)?;
            if let Some(run) = &open {
                conn.execute("UPDATE runs SET state = 'abandoning' WHERE id = ?1", [run.id.0])?;
                seal::seal(conn, "runs", run.id.0)?;
            }
            Ok(open)
        })?;
        let Some(run) = open else { return Ok(0) };
        while self.write(Durability::Ordered, |conn| recorder::remove(conn, run.id))? {}
        self.write(Durability::Synced, |conn| {
            let state = if run.failure.is_some() { "failed" } else { "abandoned" };
            conn.execute(
                "UPDATE runs SET state = ?2, open = NULL, finished_at = ?3 WHERE id = ?1",
                (run.id.0, state, at.to_string()),
            )?;
            seal::seal(conn, "runs", run.id.0)?;
            let (id, folder) = (run.id.0, run.folder.clone());
            let event = match run.failure.clone() {
                Some(reason) => Event::RunFailed { run: id, folder, reason },
                None => Event::RunAbandoned { run: id, folder },
            };
            append(conn, at, &event)?;
            Ok(1)
        })
    }

    /// The run that is open, if one is.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open_run(&self) -> Result<Option<RunRow>, StoreError> {
        self.read(open_run)
    }

    /// The latest run, however it stands.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_run(&self) -> Result<Option<RunRow>, StoreError> {
        Ok(self.runs(1)?.pop())
    }

    /// The latest published run.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_success(&self) -> Result<Option<RunRow>, StoreError> {
        self.read(|conn| match last_published(conn)? {
            0 => Ok(None),
            id => by_id(conn, RunId(id)),
        })
    }

    /// Runs, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        self.read(|conn| {
            let sql = format!("SELECT {COLUMNS} FROM runs ORDER BY id DESC LIMIT ?1");
            let mut select = conn.prepare_cached(&sql)?;
            let mut rows = select.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(run(row)?);
            }
            Ok(runs)
        })
    }
}

const COLUMNS: &str = "id, folder, as_of, reference, program, state, started_at, finished_at, \
                       generation, summary, failure";

fn run(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let state: String = row.get(5)?;
    let finished: Option<String> = row.get(7)?;
    Ok(RunRow {
        id: RunId(row.get(0)?),
        folder: row.get(1)?,
        as_of: date(&row.get::<_, String>(2)?)?,
        reference: Seq(row.get(3)?),
        program: row.get(4)?,
        state: match state.as_str() {
            "open" | "abandoning" => RunState::Open,
            "published" => RunState::Published,
            "failed" => RunState::Failed,
            "abandoned" => RunState::Abandoned,
            other => return Err(StoreError::damaged(format!("a run that is {other}"))),
        },
        started_at: timestamp(&row.get::<_, String>(6)?)?,
        finished_at: finished.as_deref().map(timestamp).transpose()?,
        generation: row.get(8)?,
        summary: row.get(9)?,
        failure: row.get(10)?,
    })
}

pub(super) fn by_id(conn: &Connection, id: RunId) -> Result<Option<RunRow>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?;
    let mut rows = select.query([id.0])?;
    rows.next()?.map(run).transpose()
}

fn open_run(conn: &Connection) -> Result<Option<RunRow>, StoreError> {
    let mut select = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE open = 1"))?;
    let mut rows = select.query([])?;
    rows.next()?.map(run).transpose()
}

fn is_closing(conn: &Connection, id: RunId) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT 1 FROM runs WHERE id = ?1 AND state = 'abandoning'")?.exists([id.0])
}

/// The latest published run; 0 for none. Runs are one after another: verdicts of this and earlier
/// ones are those that readers see.
pub(super) fn last_published(conn: &Connection) -> rusqlite::Result<i64> {
    let last: Option<Option<i64>> = conn
        .prepare_cached("SELECT max(id) FROM runs WHERE state = 'published'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.flatten().unwrap_or(0))
}

/// Fails unless the run is open and works.
pub(super) fn check_open(conn: &Connection, id: RunId) -> Result<RunRow, StoreError> {
    match open_run(conn)? {
        Some(run) if run.id == id && !is_closing(conn, id)? => Ok(run),
        _ => Err(StoreError::NotOpen { what: "run" }),
    }
}
