//! `index/records.jsonl`: the records of a run as `search` and `explain` need them.
//!
//! Contacts are not among the fields: they never leave the import.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::PipelineError;
use crate::model::{
    Contact, Contradiction, CooperationMode, LegalStatus, Maturity, Price, Record, RecordId, Side,
    SourceRef, Supplement, SupplyKind, Visibility,
};

#[derive(Serialize, Deserialize)]
struct RecordRow {
    side: Side,
    id: String,
    number: String,
    title: String,
    body: String,
    keywords: Vec<String>,
    classification: Vec<Vec<String>>,
    codes: Vec<String>,
    organization: Option<String>,
    region: Option<String>,
    cooperation: Vec<CooperationMode>,
    maturity: Option<Maturity>,
    maturity_stated: Option<String>,
    supply_kind: Option<SupplyKind>,
    ip_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal_status: Option<LegalStatus>,
    price: Option<Price>,
    posted_on: Option<Date>,
    valid_from: Option<Date>,
    valid_until: Option<Date>,
    visibility: Visibility,
    source: SourceRef,
    duplicate_group: Option<u32>,
    extra: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supplements: Vec<Supplement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<Contradiction>,
}

impl From<&Record> for RecordRow {
    fn from(record: &Record) -> Self {
        let record = record.clone();
        Self {
            side: record.side,
            id: record.id.0,
            number: record.number,
            title: record.title,
            body: record.body,
            keywords: record.keywords,
            classification: record.classification,
            codes: record.codes,
            organization: record.organization,
            region: record.region,
            cooperation: record.cooperation,
            maturity: record.maturity,
            maturity_stated: record.maturity_stated,
            supply_kind: record.supply_kind,
            ip_status: record.ip_status,
            legal_status: record.legal_status,
            price: record.price,
            posted_on: record.posted_on,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            visibility: record.visibility,
            source: record.source,
            duplicate_group: record.duplicate_group,
            extra: record.extra,
            supplements: record.supplements,
            contradictions: record.contradictions,
        }
    }
}

impl From<RecordRow> for Record {
    fn from(row: RecordRow) -> Self {
        Self {
            side: row.side,
            id: RecordId(row.id),
            number: row.number,
            title: row.title,
            body: row.body,
            keywords: row.keywords,
            classification: row.classification,
            codes: row.codes,
            organization: row.organization,
            region: row.region,
            cooperation: row.cooperation,
            maturity: row.maturity,
            maturity_stated: row.maturity_stated,
            supply_kind: row.supply_kind,
            ip_status: row.ip_status,
            legal_status: row.legal_status,
            price: row.price,
            posted_on: row.posted_on,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            visibility: row.visibility,
            contact: Contact::default(),
            source: row.source,
            duplicate_group: row.duplicate_group,
            extra: row.extra,
            supplements: row.supplements,
            contradictions: row.contradictions,
        }
    }
}

/// What a record says, as one line of JSON: everything but where it was read and which records
/// repeat it.
pub(in super::super) fn record_json(record: &Record) -> Vec<u8> {
    let mut row = RecordRow::from(record);
    row.source = SourceRef { file: String::new(), sheet: None, row: 0 };
    row.duplicate_group = None;
    serde_json::to_vec(&row).expect("a record is texts and numbers")
}

/// Writes the records of both sides, demands first, each side in table order.
pub(in super::super) fn write_records(
    path: &Path,
    demands: &[Record],
    supplies: &[Record],
) -> Result<(), PipelineError> {
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        for record in demands.iter().chain(supplies) {
            serde_json::to_writer(&mut out, &RecordRow::from(record))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    };
    write().map_err(|e| PipelineError::io("write", path, e))
}

/// Reads them back: demands and supplies, in table order.
pub(in super::super) fn read_records(
    path: &Path,
) -> Result<(Vec<Record>, Vec<Record>), PipelineError> {
    let io = |e| PipelineError::io("read", path, e);
    let (mut demands, mut supplies) = (Vec::new(), Vec::new());
    for line in BufReader::new(File::open(path).map_err(io)?).lines() {
        let row: RecordRow = serde_json::from_str(&line.map_err(io)?)
            .map_err(|e| PipelineError::NotARun { path: path.to_owned(), reason: e.to_string() })?;
        match row.side {
            Side::Demand => demands.push(row.into()),
            Side::Supply => supplies.push(row.into()),
        }
    }
    Ok((demands, supplies))
}
