//! Host of `shaders/max_sim.wgsl`.

use super::device::{Device, Pipeline};
use super::plan::{DeviceLimits, MaxSimPlan, dim_vec4};
use super::shaders;
use super::side::Side;
use crate::kernel::{BackendError, BestRow, JOBS_PER_WORKGROUP, MaxSimJob, MaxSimParams, NO_ROW};
use crate::model::MultiVectorsView;

/// The compiled kernel.
pub(super) struct MaxSim {
    pipeline: Pipeline,
}

/// One query row against a piece of a document record, in rows of the whole tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Job {
    query: u32,
    first: u32,
    n_rows: u32,
    /// Rows of the record before this piece.
    skipped: u32,
    /// Place of the result.
    result: usize,
}

impl MaxSim {
    pub(super) fn new(device: &Device) -> Result<Self, BackendError> {
        Ok(Self { pipeline: device.pipeline(&shaders::MAX_SIM)? })
    }

    /// Serves checked pairs of records.
    pub(super) fn run(
        &self,
        device: &Device,
        limits: &DeviceLimits,
        queries: MultiVectorsView<'_>,
        documents: MultiVectorsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<BestRow>, BackendError> {
        let n_results = pairs.iter().map(|pair| queries.range(pair.0 as usize).len()).sum();
        let mut results = vec![BestRow::NONE; n_results];
        if n_results == 0 || documents.rows().n_rows() == 0 {
            return Ok(results);
        }
        let plan = MaxSimPlan::new(limits, documents.rows().dim())?;
        let tile = usize::try_from(plan.tile).unwrap_or(usize::MAX);
        let mut query_side = Side::new(device, "queries", queries.rows(), tile)?;
        let mut document_side = Side::new(device, "documents", documents.rows(), tile)?;
        let mut jobs = cut(queries, documents, pairs, document_side.tile, plan.longest);
        let tiles = |job: &Job| {
            (job.query as usize / query_side.tile, job.first as usize / document_side.tile)
        };
        jobs.sort_by_key(tiles);
        let groups: Vec<&[Job]> = jobs.chunk_by(|a, b| tiles(a) == tiles(b)).collect();

        let batch = plan.batch.min(jobs.len());
        let params = device.uniform::<MaxSimParams>()?;
        let listed = device.storage("jobs", (batch * size_of::<MaxSimJob>()) as u64)?;
        let best = device.storage("best rows", (batch * size_of::<BestRow>()) as u64)?;
        let bindings = [&params, &query_side.buffer, &document_side.buffer, &listed, &best];
        let bindings = device.bind(&self.pipeline, &bindings);
        for mut group in groups {
            // A group is never empty: its first job tells which tiles all of it needs.
            query_side.load(device, group[0].query)?;
            document_side.load(device, group[0].first)?;
            while !group.is_empty() {
                let n = plan.n_jobs(group.iter().map(|job| u64::from(job.n_rows)));
                let (now, rest) = group.split_at(n);
                group = rest;
                let local: Vec<MaxSimJob> = now
                    .iter()
                    .map(|job| MaxSimJob {
                        query: query_side.local(job.query),
                        first: document_side.local(job.first),
                        n_rows: job.n_rows,
                    })
                    .collect();
                // A batch is at most what workgroups in u32 can cover.
                let n_jobs = u32::try_from(n).unwrap_or(u32::MAX);
                let dim_vec4 = u32::try_from(dim_vec4(document_side.dim())).unwrap_or(u32::MAX);
                let header = MaxSimParams { n_jobs, dim_vec4, padding0: 0, padding1: 0 };
                device.write(&params, &[header])?;
                device.write(&listed, &local)?;
                device.run(|encoder| {
                    let grid = (n_jobs.div_ceil(JOBS_PER_WORKGROUP), 1);
                    self.pipeline.dispatch(encoder, &bindings, grid);
                })?;
                let bytes = (n * size_of::<BestRow>()) as u64;
                let found: Vec<BestRow> = device.read(&best, std::iter::once((0, bytes)))?;
                for (job, found) in now.iter().zip(found) {
                    if found.position != NO_ROW {
                        let position = found.position + job.skipped;
                        results[job.result].take(BestRow { position, ..found });
                    }
                }
            }
        }
        Ok(results)
    }
}

/// One job per query row and piece of a document record: pieces do not cross the borders of tiles
/// of `tile` rows and have at most `longest`.
fn cut(
    queries: MultiVectorsView<'_>,
    documents: MultiVectorsView<'_>,
    pairs: &[(u32, u32)],
    tile: usize,
    longest: usize,
) -> Vec<Job> {
    // Row numbers fit: `check_inputs` refuses more than u32 can number.
    let number = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
    let mut jobs = Vec::new();
    let mut result = 0;
    for &(query, document) in pairs {
        let record = documents.range(document as usize);
        for query in queries.range(query as usize) {
            let mut first = record.start;
            while first < record.end {
                let border = (first / tile + 1) * tile;
                let end = record.end.min(border).min(first + longest);
                jobs.push(Job {
                    query: number(query),
                    first: number(first),
                    n_rows: number(end - first),
                    skipped: number(first - record.start),
                    result,
                });
                first = end;
            }
            result += 1;
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::{Job, cut};
    use crate::model::{Embeddings, MultiVectors};

    #[test]
    fn pieces_keep_to_tiles_and_lengths_and_know_their_place() {
        let table = |starts: &[u32], n: usize| {
            let rows = Embeddings::new(vec![0.0; n], 1).expect("rows of one number");
            MultiVectors::new(rows, starts.to_vec()).expect("starts fit")
        };
        let queries = table(&[0, 1, 2], 2);
        let documents = table(&[0, 3, 3, 9], 9);
        let job =
            |query, first, n_rows, skipped, result| Job { query, first, n_rows, skipped, result };
        let jobs = cut(queries.view(), documents.view(), &[(1, 2), (0, 1), (0, 0)], 5, 3);
        // Rows 3..9 with a border at 5 and at most three at a time; a record without rows is no job.
        let pieces = [(3, 2, 0), (5, 3, 2), (8, 1, 5)];
        let mut expected: Vec<Job> =
            pieces.map(|(first, n, skipped)| job(1, first, n, skipped, 0)).to_vec();
        expected.push(job(0, 0, 3, 0, 2));
        assert_eq!(jobs, expected);
    }
}
