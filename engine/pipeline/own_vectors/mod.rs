//! Vectors that come with the lists instead of being made here.
//!
//! They stand for the vectors of whole records and for nothing else: evidence is still chosen with
//! a text model, whose vectors are only compared with each other.

mod error;

use std::collections::HashMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

pub use error::OwnVectorsError;

use super::PipelineError;
use super::output::EmbedderFacts;
use crate::embed::VectorFile;
use crate::model::{Embeddings, Intake, Record, Side, SourceRef};

/// Records that a message names.
const NAMED: usize = 5;

/// The word for vectors from files in a manifest.
pub(super) const KIND: &str = "vectors";

/// Files of vectors, one for each side.
///
/// A row belongs to the record whose id the file gives for it. Without ids the n-th row belongs to
/// the n-th data row of the list, which must then be one table: rows that were merged or rejected
/// count, and their vectors are not used; titles, headings, totals and notes do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnVectors {
    /// Vectors of the demands.
    pub demands: PathBuf,
    /// Vectors of the supplies.
    pub supplies: PathBuf,
}

/// Both files, opened.
pub(super) struct OpenedVectors {
    demands: VectorFile,
    supplies: VectorFile,
}

impl OwnVectors {
    /// Opens both files.
    ///
    /// # Errors
    /// [`PipelineError::Embed`] when one cannot be used, [`OwnVectorsError::Dimensions`] when
    /// their vectors cannot be compared.
    pub(super) fn open(&self) -> Result<OpenedVectors, PipelineError> {
        let open = |path| VectorFile::open(path).map_err(crate::embed::EmbedError::from);
        let (demands, supplies) = (open(&self.demands)?, open(&self.supplies)?);
        if demands.dim() != supplies.dim() {
            let (demands, supplies) = (demands.dim(), supplies.dim());
            return Err(OwnVectorsError::Dimensions { demands, supplies }.into());
        }
        Ok(OpenedVectors { demands, supplies })
    }
}

impl OpenedVectors {
    /// The vectors of a side's records, `[n_records, dim]`, in table order, at unit length.
    pub(super) fn of(
        &self,
        intake: &Intake,
        records: &[Record],
    ) -> Result<Embeddings, PipelineError> {
        let file = match intake.side {
            Side::Demand => &self.demands,
            Side::Supply => &self.supplies,
        };
        let rows = match file.ids() {
            Some(ids) => rows_by_id(file, ids, intake.side, records)?,
            None => rows_by_order(file, intake, records)?,
        };
        Ok(file.rows(&rows).map_err(crate::embed::EmbedError::from)?)
    }

    /// What a manifest says about them: the names of both files and a hash of both contents.
    pub(super) fn facts(&self) -> EmbedderFacts {
        let name = |file: &VectorFile| {
            file.path().file_name().map(|name| name.to_string_lossy().into_owned())
        };
        let names: Vec<String> =
            [&self.demands, &self.supplies].into_iter().filter_map(name).collect();
        let mut hash = Sha256::new();
        hash.update(self.demands.sha256());
        hash.update(self.supplies.sha256());
        EmbedderFacts {
            name: names.join(" + "),
            sha256: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            dim: self.demands.dim(),
            kind: KIND.to_owned(),
            host: None,
        }
    }
}

fn rows_by_id(
    file: &VectorFile,
    ids: &[String],
    side: Side,
    records: &[Record],
) -> Result<Vec<usize>, OwnVectorsError> {
    let rows: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
    let row = |record: &Record| rows.get(record.id.as_str()).copied();
    let found: Vec<usize> = records.iter().filter_map(row).collect();
    if found.len() == records.len() {
        return Ok(found);
    }
    let missing = records.iter().filter(|record| row(record).is_none());
    Err(OwnVectorsError::Missing {
        path: file.path().to_owned(),
        side,
        n_missing: records.len() - found.len(),
        n_records: records.len(),
        first: missing.take(NAMED).map(|record| record.id.to_string()).collect(),
    })
}

fn rows_by_order(
    file: &VectorFile,
    intake: &Intake,
    records: &[Record],
) -> Result<Vec<usize>, OwnVectorsError> {
    let (path, side) = (file.path().to_owned(), intake.side);
    let mut places: Vec<&SourceRef> = records.iter().map(|record| &record.source).collect();
    places.extend(intake.merged.iter().map(|row| &row.source));
    places.extend(intake.rejected.iter().map(|row| &row.source));
    places.sort();
    let table = |place: &SourceRef| (place.file.clone(), place.sheet.clone());
    let n_tables = 1 + places.windows(2).filter(|pair| table(pair[0]) != table(pair[1])).count();
    // Two files of the same name in different folders look alike here, and their rows overlap.
    let twice = places.windows(2).any(|pair| pair[0] == pair[1]);
    if n_tables > 1 || twice {
        return Err(OwnVectorsError::SeveralTables { path, side, n_tables: n_tables.max(2) });
    }
    if places.len() != file.n_rows() {
        return Err(OwnVectorsError::Count {
            path,
            side,
            n_vectors: file.n_rows(),
            n_rows: places.len(),
            parts: [
                records.len(),
                intake.merged.len(),
                intake.rejected.len(),
                intake.skipped.len(),
            ],
        });
    }
    let rows: HashMap<u32, usize> = places.iter().map(|place| place.row).zip(0..).collect();
    Ok(records.iter().map(|record| rows[&record.source.row]).collect())
}
