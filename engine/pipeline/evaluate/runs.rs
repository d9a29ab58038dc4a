//! The rankings as TREC runs, one file per ranker.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::ask::Answered;
use super::grades::Asked;
use crate::evaluation::Ranker;
use crate::model::Record;
use crate::pipeline::PipelineError;
use crate::pipeline::output::trec_id;

/// Writes `bm25.trec`, `dense.trec` and so on into `dir`, which is made if need be; files of these
/// names are replaced.
///
/// The order of the lines is the ranking. A reader that orders by score alone and breaks ties by
/// name, as `trec_eval` does, may order equal scores differently.
pub(super) fn write_runs(
    dir: &Path,
    asked: &[Asked],
    answered: &[Answered],
    answers: &[Record],
) -> Result<(), PipelineError> {
    std::fs::create_dir_all(dir).map_err(|e| PipelineError::io("create", dir, e))?;
    for ranker in Ranker::ALL {
        let name = ranker.name();
        let path = dir.join(format!("{name}.trec"));
        let write = || -> std::io::Result<()> {
            let mut out = BufWriter::new(File::create(&path)?);
            for (query, answered) in asked.iter().zip(answered) {
                let documents = &answered.rankings[ranker.index()].documents;
                for (rank, (row, score)) in (1_u32..).zip(documents) {
                    let document = trec_id(answers[*row as usize].id.as_str());
                    writeln!(out, "{} Q0 {document} {rank} {score} {name}", query.query)?;
                }
            }
            out.flush()
        };
        write().map_err(|e| PipelineError::io("write", &path, e))?;
    }
    Ok(())
}
