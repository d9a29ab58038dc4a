//! A run's facts in the shape of its manifest.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::super::MatchOptions;
use super::super::scoring::Judged;
use super::{BackendFacts, FileFacts, SideFacts};
use crate::kernel::{BackendInfo, BackendKind};
use crate::model::Intake;

pub(in super::super) fn side_facts(intake: &Intake, records: usize) -> SideFacts {
    SideFacts {
        files: intake
            .tables
            .iter()
            .map(|table| FileFacts {
                file: table.file.clone(),
                sheet: table.sheet.clone(),
                sha256: table.sha256.clone(),
                rows_in: table.rows_in,
            })
            .collect(),
        rows_in: intake.rows_in(),
        records,
        merged: intake.merged.len(),
        skipped: intake.skipped.len(),
        rejected: intake.rejected.len(),
        repairs: intake.repairs.len(),
        near_duplicate_groups: intake.near_duplicates.len(),
    }
}

pub(in super::super) fn backend_facts(info: &BackendInfo, note: Option<String>) -> BackendFacts {
    let kind = match info.kind {
        BackendKind::Cpu => "cpu",
        BackendKind::Gpu => "gpu",
    };
    BackendFacts {
        kind: kind.to_owned(),
        adapter: info.adapter.clone(),
        driver: info.driver.clone(),
        software: info.software,
        note,
    }
}

pub(in super::super) fn decisive_options(options: &MatchOptions) -> BTreeMap<String, u64> {
    BTreeMap::from([
        ("per_demand".to_owned(), u64::from(options.per_demand)),
        ("per_supply".to_owned(), u64::from(options.per_supply)),
        (
            "exposure_cost_millionths".to_owned(),
            u64::try_from(options.exposure_cost.0).unwrap_or(0),
        ),
        ("candidates".to_owned(), options.n_candidates as u64),
        ("depth".to_owned(), options.depth as u64),
        ("top".to_owned(), options.top as u64),
    ])
}

pub(in super::super) fn counts(
    judged: &Judged,
    n_candidates: usize,
    demands_by_verdict: &[usize; 3],
    n_gaps: usize,
    n_joint: usize,
) -> BTreeMap<String, u64> {
    let allocated = judged.matches.iter().filter(|pair| pair.allocated).count();
    BTreeMap::from([
        ("candidate_pairs".to_owned(), n_candidates as u64),
        ("kept_pairs".to_owned(), judged.matches.len() as u64),
        ("allocated_pairs".to_owned(), allocated as u64),
        ("demands_recommend".to_owned(), demands_by_verdict[0] as u64),
        ("demands_discuss".to_owned(), demands_by_verdict[1] as u64),
        ("demands_no_match".to_owned(), demands_by_verdict[2] as u64),
        ("gaps".to_owned(), n_gaps as u64),
        ("joint_answers".to_owned(), n_joint as u64),
    ])
}

/// SHA-256 of a text, 64 hexadecimal digits.
pub(in super::super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
