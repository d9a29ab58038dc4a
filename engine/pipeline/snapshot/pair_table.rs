//! The pairs that a run kept: a few figures of each in memory, its line in the file on demand.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::Deserialize;

use super::side::SnapshotSide;
use crate::model::{Micro, Part, PartValues, Verdict, Veto};
use crate::pipeline::candidates::{by_supply, starts_of};
use crate::pipeline::output::PAIR_SCHEMA;
use crate::pipeline::{PairRecord, PipelineError};

/// A kept pair.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) demand: u32,
    pub(super) supply: u32,
    pub(super) verdict: Verdict,
    pub(super) probability: Micro,
    pub(super) mutual_score: Micro,
    pub(super) score_for_demand: Micro,
    pub(super) score_for_supply: Micro,
    pub(super) handed_out: bool,
    pub(super) refused: bool,
    pub(super) parts_for_demand: PartValues,
    /// Where its line stands.
    start: u64,
    length: u32,
}

/// The kept pairs of a run, by demand, then supply.
pub(super) struct PairTable {
    path: PathBuf,
    file: Mutex<File>,
    pairs: Vec<Kept>,
    /// First pair of each demand, and the end.
    demand_starts: Vec<usize>,
    /// Pairs by supply, then demand, and where each supply begins.
    by_supply: (Vec<u32>, Vec<usize>),
}

/// What of a line is kept in memory; quotes are passed over unread.
#[derive(Deserialize)]
struct Slim {
    schema: String,
    demand_id: String,
    supply_id: String,
    score_for_demand: Micro,
    score_for_supply: Micro,
    mutual_score: Micro,
    probability: Micro,
    verdict: Verdict,
    allocated: bool,
    vetoes: Vec<Veto>,
    parts: Vec<SlimPart>,
}

#[derive(Deserialize)]
struct SlimPart {
    name: Part,
    value: Option<Micro>,
}

impl PairTable {
    /// Reads the lines of a run's pairs; the file stays open.
    pub(super) fn open(
        path: &Path,
        [demands, supplies]: [&SnapshotSide; 2],
    ) -> Result<Self, PipelineError> {
        /// Lines that are taken apart at once.
        const BATCH: usize = 16_384;
        let io = |e| PipelineError::io("read", path, e);
        let damaged = |reason: String| PipelineError::NotARun { path: path.to_owned(), reason };
        let file = File::open(path).map_err(io)?;
        let mut reader = BufReader::new(file.try_clone().map_err(io)?);
        let mut pairs = Vec::new();
        let mut start = 0_u64;
        loop {
            let mut lines: Vec<(u64, String)> = Vec::new();
            while lines.len() < BATCH {
                let mut line = String::new();
                let n = reader.read_line(&mut line).map_err(io)?;
                if n == 0 {
                    break;
                }
                lines.push((start, line));
                start += n as u64;
            }
            if lines.is_empty() {
                break;
            }
            let read: Vec<Kept> = lines
                .par_iter()
                .map(|(start, line)| kept(*start, line, demands, supplies))
                .collect::<Result<_, String>>()
                .map_err(damaged)?;
            pairs.extend(read);
        }
        pairs.par_sort_unstable_by_key(|pair| (pair.demand, pair.supply));
        let rows: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.demand, pair.supply)).collect();
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            demand_starts: starts_of(demands.records.len(), rows.iter().map(|pair| pair.0)),
            by_supply: by_supply(&rows, supplies.records.len()),
            pairs,
        })
    }

    /// All pairs, by demand, then supply.
    pub(super) fn all(&self) -> &[Kept] {
        &self.pairs
    }

    /// The pairs of a demand, by supply.
    pub(super) fn of_demand(&self, demand: u32) -> &[Kept] {
        let demand = demand as usize;
        &self.pairs[self.demand_starts[demand]..self.demand_starts[demand + 1]]
    }

    /// The pairs of a supply, by demand.
    pub(super) fn of_supply(&self, supply: u32) -> impl Iterator<Item = &Kept> {
        let (order, starts) = &self.by_supply;
        let supply = supply as usize;
        order[starts[supply]..starts[supply + 1]].iter().map(|&at| &self.pairs[at as usize])
    }

    /// The pair of a demand and a supply, if it was kept.
    pub(super) fn find(&self, demand: u32, supply: u32) -> Option<&Kept> {
        let of_demand = self.of_demand(demand);
        let at = of_demand.binary_search_by_key(&supply, |pair| pair.supply).ok()?;
        Some(&of_demand[at])
    }

    /// Reads a pair's line.
    pub(super) fn read(&self, pair: &Kept) -> Result<PairRecord, PipelineError> {
        let mut line = vec![0; pair.length as usize];
        // A reader that failed left the place in the file undefined, which the next one sets.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(pair.start))
            .and_then(|_| file.read_exact(&mut line))
            .map_err(|e| PipelineError::io("read", &self.path, e))?;
        drop(file);
        serde_json::from_slice(&line)
            .map_err(|e| PipelineError::NotARun { path: self.path.clone(), reason: e.to_string() })
    }
}

fn kept(
    start: u64,
    line: &str,
    demands: &SnapshotSide,
    supplies: &SnapshotSide,
) -> Result<Kept, String> {
    let slim: Slim = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if slim.schema != PAIR_SCHEMA {
        return Err(format!("{} is not {PAIR_SCHEMA}", slim.schema));
    }
    let row = |side: &SnapshotSide, id: &str| {
        side.row_of_id(id).ok_or_else(|| format!("it names {id}, which is not among the records"))
    };
    let mut parts_for_demand = PartValues::default();
    for part in &slim.parts {
        parts_for_demand[part.name.index()] = part.value;
    }
    Ok(Kept {
        demand: row(demands, &slim.demand_id)?,
        supply: row(supplies, &slim.supply_id)?,
        verdict: slim.verdict,
        probability: slim.probability,
        mutual_score: slim.mutual_score,
        score_for_demand: slim.score_for_demand,
        score_for_supply: slim.score_for_supply,
        handed_out: slim.allocated,
        refused: slim.vetoes.contains(&Veto::Refused),
        parts_for_demand,
        start,
        length: u32::try_from(line.len()).map_err(|e| e.to_string())?,
    })
}
