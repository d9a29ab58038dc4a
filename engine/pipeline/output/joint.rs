//! `joint.jsonl`: one line per demand that several supplies answer together.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::super::PipelineError;
use super::super::joint::{JointInputs, JointRow};
use super::QuoteRecord;
use crate::model::{Micro, Verdict};

/// Name and version of the line's shape; [`find_joint`] refuses another.
const SCHEMA: &str = "duijie.joint/1";

/// Two or three supplies that together cover a demand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JointRecord {
    /// `duijie.joint/1`.
    pub schema: String,
    /// Id of the demand.
    pub demand_id: String,
    /// Number of the demand as people say it.
    pub demand_number: String,
    /// Share of the demand's requirements that the supplies cover together.
    pub coverage: Micro,
    /// The best that one supply alone covers.
    pub best_single: Micro,
    /// How many parties they are; supplies of one owner count once.
    pub parties: u32,
    /// The supplies, best for the demand first.
    pub supplies: Vec<JointMemberRecord>,
    /// Requirements that none of them covers.
    pub remainder: Vec<QuoteRecord>,
}

/// One supply of a joint answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JointMemberRecord {
    /// Id of the supply.
    pub supply_id: String,
    /// Number of the supply as people say it.
    pub supply_number: String,
    /// What the coverage would lose without it.
    pub gain: Micro,
    /// Advice on the pair alone.
    pub verdict: Verdict,
    /// Chance of the pair alone.
    pub probability: Micro,
    /// Ids of the members that have an owner in common with it.
    pub same_owner_as: Vec<String>,
    /// Requirements of the demand that it covers best.
    pub covers: Vec<QuoteRecord>,
}

fn record(row: &JointRow, inputs: &JointInputs<'_>) -> JointRecord {
    let demand = &inputs.demands[row.demand as usize];
    let quotes = |units: &[u32]| {
        inputs.quotes(row.demand, units).into_iter().map(QuoteRecord::from).collect()
    };
    let supply =
        |member: u32| &inputs.supplies[row.answer.members[member as usize].supply as usize];
    let supplies = (0_u32..)
        .zip(row.answer.members.iter().zip(&row.pairs))
        .map(|(place, (member, &pair))| {
            let pair = &inputs.matches[pair as usize];
            let others = row.answer.same_owner.iter().filter_map(|&(a, b)| match place {
                p if p == a => Some(b),
                p if p == b => Some(a),
                _ => None,
            });
            JointMemberRecord {
                supply_id: supply(place).id.0.clone(),
                supply_number: supply(place).number.clone(),
                gain: member.gain,
                verdict: pair.verdict,
                probability: pair.probability(),
                same_owner_as: others.map(|other| supply(other).id.0.clone()).collect(),
                covers: quotes(&member.units),
            }
        })
        .collect();
    JointRecord {
        schema: SCHEMA.to_owned(),
        demand_id: demand.id.0.clone(),
        demand_number: demand.number.clone(),
        coverage: row.answer.coverage,
        best_single: row.answer.best_single,
        parties: row.answer.parties,
        supplies,
        remainder: quotes(&row.answer.remainder),
    }
}

/// Writes the joint answers in order, one JSON object per line.
pub(in super::super) fn write_joint(
    path: &Path,
    rows: &[JointRow],
    inputs: &JointInputs<'_>,
) -> Result<(), PipelineError> {
    let write = || -> std::io::Result<()> {
        let mut out = BufWriter::new(std::fs::File::create(path)?);
        for row in rows {
            serde_json::to_writer(&mut out, &record(row, inputs))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    };
    write().map_err(|e| PipelineError::io("write", path, e))
}

/// Finds the joint answer of a demand; none in runs of versions that wrote none.
pub(in super::super) fn find_joint(
    path: &Path,
    demand_id: &str,
) -> Result<Option<JointRecord>, PipelineError> {
    let io = |e| PipelineError::io("read", path, e);
    if !path.exists() {
        return Ok(None);
    }
    for line in BufReader::new(std::fs::File::open(path).map_err(io)?).lines() {
        if let Ok(record) = serde_json::from_str::<JointRecord>(&line.map_err(io)?)
            && record.schema == SCHEMA
            && record.demand_id == demand_id
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}
