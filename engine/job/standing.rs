//! What a run leaves for the next one to be compared with: its pairs and its records' fingerprints.
//!
//! `standing.jsonl` in the run's folder: a head line, one line per record, one line per kept pair.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::JobError;
use crate::matching::{Outcome, Standing, StandingPair, fingerprint};
use crate::model::{Micro, Part, PartValues, Record, RecordId, Side, Verdict, Veto};
use crate::pipeline::Manifest;
use crate::store::PairState;

/// Name and version of the shape.
const SCHEMA: &str = "duijie.standing/1";
/// Name of the file in a run's folder.
pub(super) const STANDING: &str = "standing.jsonl";

/// What of a line of `matches.jsonl` is needed here. Quotes are passed over unread.
#[derive(Deserialize)]
struct Slim {
    demand_id: String,
    supply_id: String,
    score_for_demand: Micro,
    score_for_supply: Micro,
    mutual_score: Micro,
    probability: Micro,
    probability_for_demand: Micro,
    probability_for_supply: Micro,
    confidence: Micro,
    verdict: Verdict,
    allocated: bool,
    vetoes: Vec<Veto>,
    #[serde(default)]
    numbers: Vec<SlimNumber>,
    parts: Vec<SlimPart>,
}

#[derive(Deserialize)]
struct SlimNumber {
    outcome: Outcome,
}

#[derive(Deserialize)]
struct SlimPart {
    name: Part,
    value: Option<Micro>,
    value_for_supply: Option<Micro>,
}

/// A kept pair, for the store and for the news.
pub(super) struct KeptPair {
    pub(super) state: PairState,
    pub(super) standing: StandingPair,
}

impl From<Slim> for KeptPair {
    fn from(slim: Slim) -> Self {
        let (mut for_demand, mut for_supply) = (PartValues::default(), PartValues::default());
        for part in &slim.parts {
            for_demand[part.name.index()] = part.value;
            for_supply[part.name.index()] = part.value_for_supply;
        }
        let unstated =
            slim.numbers.iter().filter(|number| number.outcome == Outcome::NotStated).count();
        let standing = StandingPair {
            demand: slim.demand_id.clone(),
            supply: slim.supply_id.clone(),
            verdict: slim.verdict,
            probability: slim.probability,
            handed_out: slim.allocated,
            refused: slim.vetoes.contains(&Veto::Refused),
            unstated: u32::try_from(unstated).unwrap_or(u32::MAX),
        };
        let state = PairState {
            demand: RecordId(slim.demand_id),
            supply: RecordId(slim.supply_id),
            parts_for_demand: for_demand,
            parts_for_supply: for_supply,
            score_for_demand: slim.score_for_demand,
            score_for_supply: slim.score_for_supply,
            probability_for_demand: slim.probability_for_demand,
            probability_for_supply: slim.probability_for_supply,
            mutual_score: slim.mutual_score,
            confidence: slim.confidence,
            verdict: slim.verdict,
            vetoes: slim.vetoes,
            allocated: slim.allocated,
        };
        Self { state, standing }
    }
}

/// The kept pairs of a run, grouped by demand and ordered by demand, then supply.
pub(super) fn kept_pairs(run: &Path) -> Result<Vec<KeptPair>, JobError> {
    /// Lines that are taken apart at once.
    const BATCH: usize = 16_384;
    let path = run.join("matches.jsonl");
    let failed = |e| JobError::io("read", &path, e);
    let mut lines = BufReader::new(File::open(&path).map_err(failed)?).lines();
    let mut pairs = Vec::new();
    loop {
        let batch: Vec<String> =
            lines.by_ref().take(BATCH).collect::<io::Result<_>>().map_err(failed)?;
        if batch.is_empty() {
            break;
        }
        let read: Vec<KeptPair> = batch
            .par_iter()
            .map(|line| serde_json::from_str::<Slim>(line).map(KeptPair::from))
            .collect::<Result<_, _>>()
            .map_err(|e| JobError::Damaged { path: path.clone(), reason: e.to_string() })?;
        pairs.extend(read);
    }
    pairs.sort_by(|a, b| {
        (&a.state.demand, &a.state.supply).cmp(&(&b.state.demand, &b.state.supply))
    });
    Ok(pairs)
}

/// Everything that turned part values into verdicts, as one text.
pub(super) fn rules_of(manifest: &Manifest) -> String {
    [
        manifest.weights_sha256.as_str(),
        &manifest.calibration_sha256,
        &manifest.synonyms_sha256,
        &manifest.embedder_sha256,
    ]
    .join(" ")
}

/// Fingerprints by id.
pub(super) fn fingerprints(records: &[Record]) -> BTreeMap<String, String> {
    records.par_iter().map(|record| (record.id.0.clone(), fingerprint(record))).collect()
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Head { schema: String, rules: String },
    Record { side: Side, id: String, version: String },
    Pair(StandingPair),
}

/// Writes what the next run is compared with.
pub(super) fn write(run: &Path, standing: &Standing) -> Result<(), JobError> {
    let path = run.join(STANDING);
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create_new(&path)?);
        let mut line = |line: &Line| -> io::Result<()> {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")
        };
        line(&Line::Head { schema: SCHEMA.to_owned(), rules: standing.rules.clone() })?;
        for (side, records) in
            [(Side::Demand, &standing.demands), (Side::Supply, &standing.supplies)]
        {
            for (id, version) in records {
                line(&Line::Record { side, id: id.clone(), version: version.clone() })?;
            }
        }
        for pair in &standing.pairs {
            line(&Line::Pair(pair.clone()))?;
        }
        out.flush()
    };
    write().map_err(|e| JobError::io("write", &path, e))
}

/// Reads it back; `None` where a run has none, or one that cannot be understood: then everything
/// handed out is news again.
pub(super) fn read(run: &Path) -> Option<Standing> {
    let mut standing = Standing::default();
    let mut head = false;
    for line in BufReader::new(File::open(run.join(STANDING)).ok()?).lines() {
        match serde_json::from_str(&line.ok()?).ok()? {
            Line::Head { schema, rules } => {
                head = schema == SCHEMA;
                standing.rules = rules;
            }
            Line::Record { side: Side::Demand, id, version } => {
                standing.demands.insert(id, version);
            }
            Line::Record { side: Side::Supply, id, version } => {
                standing.supplies.insert(id, version);
            }
            Line::Pair(pair) => standing.pairs.push(pair),
        }
    }
    head.then_some(standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let standing = Standing {
            pairs: vec![StandingPair {
                demand: "d".to_owned(),
                supply: "s\"".to_owned(),
                verdict: Verdict::Discuss,
                probability: Micro(123_456),
                handed_out: true,
                refused: false,
                unstated: 2,
            }],
            demands: BTreeMap::from([("d".to_owned(), "1".to_owned())]),
            supplies: BTreeMap::from([("s\"".to_owned(), "2".to_owned())]),
            rules: "a b".to_owned(),
        };
        write(dir.path(), &standing).expect("written");
        assert_eq!(read(dir.path()), Some(standing));
        std::fs::write(
            dir.path().join(STANDING),
            "{\"schema\":\"duijie.standing/2\",\"rules\":\"\"}\n",
        )
        .expect("write");
        assert_eq!(read(dir.path()), None);
    }
}
