//! Host of the selection: `shaders/top_k_scores.wgsl` and `shaders/top_k_refine.wgsl`.
//!
//! For each tile of queries the documents stream past in chunks. Scores that beat a query's
//! threshold join its candidates; after each chunk the candidates are reduced to the best k and
//! the threshold rises. No score matrix exists at any time.

use std::ops::Range;

use rayon::prelude::*;

use super::device::{Device, Pipeline};
use super::plan::{DeviceLimits, Schedule, TopKPlan, dim_vec4};
use super::shaders;
use crate::kernel::{BackendError, Hit, QueryState, TOP_K_TILE, TopKParams, best_first, key_score};
use crate::model::EmbeddingsView;

/// The compiled kernels.
pub(super) struct TopK {
    scores: Pipeline,
    refine: Pipeline,
}

/// The buffers of one call; all but the parameters are sized by the plan.
struct Buffers {
    params: wgpu::Buffer,
    queries: wgpu::Buffer,
    documents: wgpu::Buffer,
    states: wgpu::Buffer,
    candidates: wgpu::Buffer,
    overflows: wgpu::Buffer,
}

impl TopK {
    pub(super) fn new(device: &Device) -> Result<Self, BackendError> {
        Ok(Self {
            scores: device.pipeline(&shaders::TOP_K_SCORES)?,
            refine: device.pipeline(&shaders::TOP_K_REFINE)?,
        })
    }

    /// Finds the best `k` of checked inputs, where both sides have rows and `k` is at least 1.
    pub(super) fn run(
        &self,
        device: &Device,
        limits: &DeviceLimits,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        k: usize,
    ) -> Result<Vec<Vec<Hit>>, BackendError> {
        let dim = documents.dim();
        let (n_queries, n_documents) = (queries.n_rows(), documents.n_rows());
        let plan = TopKPlan::new(limits, n_queries as u64, n_documents as u64, dim, k as u64)?;
        let buffers = Buffers::new(device, &plan, dim)?;
        let mut loaded = None;
        let mut lists = Vec::with_capacity(n_queries);
        let tile = narrow(plan.query_tile) as usize;
        for queries in queries.data().chunks(tile * dim) {
            device.write_rows(&buffers.queries, queries, dim)?;
            let n_queries = narrow((queries.len() / dim) as u64);
            self.select(device, &plan, &buffers, n_queries, documents, &mut loaded)?;
            lists.append(&mut read_lists(device, &plan, &buffers, n_queries)?);
        }
        Ok(lists)
    }

    /// Streams all documents past the queries that are loaded.
    fn select(
        &self,
        device: &Device,
        plan: &TopKPlan,
        buffers: &Buffers,
        n_queries: u32,
        documents: EmbeddingsView<'_>,
        loaded: &mut Option<Range<u64>>,
    ) -> Result<(), BackendError> {
        let b = buffers;
        let scores = [&b.params, &b.queries, &b.documents, &b.states, &b.candidates];
        let scores = device.bind(&self.scores, &scores);
        let refine = [&b.params, &b.states, &b.candidates, &b.overflows];
        let refine = device.bind(&self.refine, &refine);
        device.run(|encoder| encoder.clear_buffer(&b.states, 0, None))?;
        let mut schedule = Schedule::new(*plan);
        while let Some(chunk) = schedule.next() {
            let tile = plan.tile_of(&chunk);
            if loaded.as_ref() != Some(&tile) {
                let dim = documents.dim();
                let numbers = narrow(tile.start) as usize * dim..narrow(tile.end) as usize * dim;
                device.write_rows(&b.documents, &documents.data()[numbers], dim)?;
                *loaded = Some(tile.clone());
            }
            let params = TopKParams {
                n_queries,
                dim_vec4: narrow(dim_vec4(documents.dim())),
                chunk_start: narrow(chunk.start - tile.start),
                chunk_end: narrow(chunk.end - tile.start),
                first_document: narrow(tile.start),
                k: narrow(plan.k),
                capacity: narrow(plan.capacity),
                first_chunk: u32::from(chunk.start == 0),
            };
            device.write(&b.params, &[params])?;
            let grid = (
                n_queries.div_ceil(TOP_K_TILE),
                narrow(chunk.end - chunk.start).div_ceil(TOP_K_TILE),
            );
            device.run(|encoder| {
                encoder.clear_buffer(&b.overflows, 0, None);
                self.scores.dispatch(encoder, &scores, grid);
                self.refine.dispatch(encoder, &refine, (n_queries, 1));
            })?;
            let overflowed = schedule.may_overflow(&chunk)
                && device.read::<u32>(&b.overflows, std::iter::once((0, 4)))? != [0];
            schedule.report(chunk, overflowed);
        }
        Ok(())
    }
}

impl Buffers {
    fn new(device: &Device, plan: &TopKPlan, dim: usize) -> Result<Self, BackendError> {
        let row_bytes = dim_vec4(dim) * 16;
        Ok(Self {
            params: device.uniform::<TopKParams>()?,
            queries: device.storage("queries", plan.query_tile * row_bytes)?,
            documents: device.storage("documents", plan.document_tile * row_bytes)?,
            states: device
                .storage("query states", plan.query_tile * size_of::<QueryState>() as u64)?,
            candidates: device.storage("candidates", plan.query_tile * plan.capacity * 8)?,
            overflows: device.storage("overflow count", 4)?,
        })
    }
}

/// Reads the best k of each query and puts them in order.
fn read_lists(
    device: &Device,
    plan: &TopKPlan,
    buffers: &Buffers,
    n_queries: u32,
) -> Result<Vec<Vec<Hit>>, BackendError> {
    // A device that lost a dispatch without a word must not hand out half a list.
    let bytes = u64::from(n_queries) * size_of::<QueryState>() as u64;
    let states: Vec<QueryState> = device.read(&buffers.states, std::iter::once((0, bytes)))?;
    let complete = |state: &QueryState| {
        u64::from(state.kept) == plan.k && u64::from(state.done) == plan.n_documents
    };
    if !states.iter().all(complete) {
        return Err(device.error("a selection is not complete".to_owned()));
    }
    let pieces = (0..u64::from(n_queries)).map(|query| (query * plan.capacity * 8, plan.k * 8));
    let candidates: Vec<[u32; 2]> = device.read(&buffers.candidates, pieces)?;
    if candidates.iter().any(|&[_, document]| u64::from(document) >= plan.n_documents) {
        return Err(device.error("a selection names a document that is not there".to_owned()));
    }
    let list = |candidates: &[[u32; 2]]| {
        let hit = |&[key, document]: &[u32; 2]| Hit { document, score: key_score(key) };
        let mut hits: Vec<Hit> = candidates.iter().map(hit).collect();
        hits.sort_unstable_by(best_first);
        hits
    };
    Ok(candidates.par_chunks(narrow(plan.k) as usize).map(list).collect())
}

/// A number that `check_inputs` and the plan keep within `u32`.
fn narrow(number: u64) -> u32 {
    debug_assert!(u32::try_from(number).is_ok(), "{number} rows cannot be numbered");
    u32::try_from(number).unwrap_or(u32::MAX)
}
