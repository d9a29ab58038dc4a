//! Host of the selection: `shaders/top_k_scores.wgsl` and `shaders/top_k_refine.wgsl`.
//!
//! For each tile of queries the documents stream past in chunks. Scores that beat a query's
//! threshold join its candidates; after each chunk the candidates are reduced to the best k and
//! the threshold rises. No score matrix exists at any time.

use std::ops::Range;

use rayon::prelude::*;

use super::device::{Device, Pipeline};
use super::plan::{DeviceLimits, Schedule, TopKPlan};
use super::rung::{Greatest, Rung, part};
use super::shaders;
use crate::kernel::{
    BackendError, Hit, QueryState, RowFacts, RowSet, TOP_K_TILE, TopKParams, best_first, key_score,
};
use crate::model::EmbeddingsView;

/// The compiled kernels.
pub(super) struct TopK {
    /// One per rung that compiled.
    scores: Vec<(Rung, Pipeline)>,
    refine: Pipeline,
}

/// What a pass finds.
pub(super) struct Fetched {
    /// Per query the best `k`, best first, with the scores of the rung; those of a coarse one are in
    /// units of the query's scale.
    pub(super) lists: Vec<Vec<Hit>>,
    /// One per query; none in `f32`.
    pub(super) facts: Vec<RowFacts>,
    /// Of all documents; zeros in `f32`.
    pub(super) greatest: Greatest,
}

/// What a pass is to find: `k`, at least 1 and at most the number of allowed documents.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) queries: EmbeddingsView<'a>,
    pub(super) documents: EmbeddingsView<'a>,
    pub(super) k: usize,
    pub(super) allowed: Option<&'a RowSet>,
}

/// The buffers of one call; all but the parameters are sized by the plan.
struct Buffers {
    params: wgpu::Buffer,
    queries: wgpu::Buffer,
    documents: wgpu::Buffer,
    states: wgpu::Buffer,
    candidates: wgpu::Buffer,
    allowed: wgpu::Buffer,
    scales: wgpu::Buffer,
    overflows: wgpu::Buffer,
}

/// Which documents are on the device, and what is known of all that ever were.
#[derive(Default)]
struct Loaded {
    tile: Option<Range<u64>>,
    greatest: Greatest,
}

impl TopK {
    /// Compiles the kernel in `f32`, which every device takes.
    pub(super) fn new(device: &Device) -> Result<Self, BackendError> {
        let scores = vec![(Rung::F32, device.pipeline(Rung::F32.kernel())?)];
        Ok(Self { scores, refine: device.pipeline(&shaders::TOP_K_REFINE)? })
    }

    /// Compiles another rung.
    pub(super) fn add(&mut self, device: &Device, rung: Rung) -> Result<(), BackendError> {
        self.scores.push((rung, device.pipeline(rung.kernel())?));
        Ok(())
    }

    /// Forgets a rung.
    pub(super) fn remove(&mut self, rung: Rung) {
        self.scores.retain(|(other, _)| *other != rung);
    }

    /// The rungs that are there, from the top.
    pub(super) fn rungs(&self) -> Vec<Rung> {
        let there = |rung: &Rung| self.scores.iter().any(|(other, _)| other == rung);
        Rung::ALL.into_iter().filter(there).collect()
    }

    /// Finds the best `k` of checked inputs by the scores of a rung that is there.
    pub(super) fn run(
        &self,
        device: &Device,
        limits: &DeviceLimits,
        rung: Rung,
        pass: Pass<'_>,
    ) -> Result<Fetched, BackendError> {
        let Some((_, scores)) = self.scores.iter().find(|(other, _)| *other == rung) else {
            return Err(device.error(format!("there is no rung {}", rung.name())));
        };
        let (n_queries, n_documents) = (pass.queries.n_rows(), pass.documents.n_rows());
        let row = rung.shape(pass.documents.dim());
        let plan = TopKPlan::new(limits, n_queries as u64, n_documents as u64, row, pass.k as u64)?;
        let buffers = Buffers::new(device, &plan, row.bytes(), pass.allowed)?;
        if let Some(allowed) = pass.allowed {
            device.write(&buffers.allowed, &allowed.words_of_32())?;
        }
        let mut loaded = Loaded::default();
        let mut lists = Vec::with_capacity(n_queries);
        let mut facts = Vec::new();
        let tile = narrow(plan.query_tile) as usize;
        for start in (0..n_queries).step_by(tile) {
            let queries = part(pass.queries, start..(start + tile).min(n_queries));
            let mut packed = rung.pack(queries)?;
            device.write(&buffers.queries, &packed.bytes)?;
            facts.append(&mut packed.facts);
            let n_queries = narrow(queries.n_rows() as u64);
            let stage = Stage { device, plan: &plan, buffers: &buffers, rung, pass, n_queries };
            self.select(&stage, scores, &mut loaded)?;
            lists.append(&mut read_lists(device, &plan, &buffers, n_queries)?);
        }
        Ok(Fetched { lists, facts, greatest: loaded.greatest })
    }

    /// Streams all documents past the queries that are loaded.
    fn select(
        &self,
        stage: &Stage<'_>,
        scores: &Pipeline,
        loaded: &mut Loaded,
    ) -> Result<(), BackendError> {
        let Stage { device, plan, buffers: b, rung, pass, n_queries } = *stage;
        let mut bound = vec![
            &b.params,
            &b.queries,
            &b.documents,
            &b.states,
            &b.candidates,
            &b.allowed,
            &b.scales,
        ];
        bound.truncate(rung.kernel().bindings.len());
        let score_bindings = device.bind(scores, &bound);
        let refine = [&b.params, &b.states, &b.candidates, &b.overflows];
        let refine = device.bind(&self.refine, &refine);
        device.run(|encoder| encoder.clear_buffer(&b.states, 0, None))?;
        let mut schedule = Schedule::new(*plan);
        while let Some(chunk) = schedule.next() {
            let tile = plan.tile_of(&chunk);
            if loaded.tile.as_ref() != Some(&tile) {
                load(stage, &tile, &mut loaded.greatest)?;
                loaded.tile = Some(tile.clone());
            }
            let params = TopKParams {
                n_queries,
                dim_vec4: narrow(rung.shape(pass.documents.dim()).vec4s),
                chunk_start: narrow(chunk.start - tile.start),
                chunk_end: narrow(chunk.end - tile.start),
                first_document: narrow(tile.start),
                k: narrow(plan.k),
                capacity: narrow(plan.capacity),
                // Documents that may not be found leave gaps, so that places have to be counted.
                first_chunk: u32::from(chunk.start == 0 && pass.allowed.is_none()),
                filtered: u32::from(pass.allowed.is_some()),
                padding0: 0,
                padding1: 0,
                padding2: 0,
            };
            device.write(&b.params, &[params])?;
            let grid = (
                n_queries.div_ceil(TOP_K_TILE),
                narrow(chunk.end - chunk.start).div_ceil(TOP_K_TILE),
            );
            device.run(|encoder| {
                encoder.clear_buffer(&b.overflows, 0, None);
                scores.dispatch(encoder, &score_bindings, grid);
                self.refine.dispatch(encoder, &refine, (n_queries, 1));
            })?;
            let overflowed = schedule.may_overflow(&chunk)
                && device.read::<u32>(&b.overflows, std::iter::once((0, 4)))? != [0];
            schedule.report(chunk, overflowed);
        }
        Ok(())
    }
}

/// What stays the same for one tile of queries.
#[derive(Clone, Copy)]
struct Stage<'a> {
    device: &'a Device,
    plan: &'a TopKPlan,
    buffers: &'a Buffers,
    rung: Rung,
    pass: Pass<'a>,
    n_queries: u32,
}

/// Brings a tile of documents to the device, as the rung reads them.
fn load(stage: &Stage<'_>, tile: &Range<u64>, greatest: &mut Greatest) -> Result<(), BackendError> {
    /// Numbers turned at a time: what they are turned into waits in memory until it is sent.
    const NUMBERS: usize = 8 << 20;
    let documents = stage.pass.documents;
    let rows_per_piece = (NUMBERS / documents.dim()).max(1);
    let (start, end) = (narrow(tile.start) as usize, narrow(tile.end) as usize);
    for first in (start..end).step_by(rows_per_piece) {
        let rows = part(documents, first..(first + rows_per_piece).min(end));
        let packed = stage.rung.pack(rows)?;
        let at = (first - start) as u64;
        let row_bytes = (packed.bytes.len() / rows.n_rows()) as u64;
        stage.device.write_at(&stage.buffers.documents, at * row_bytes, &packed.bytes)?;
        if stage.rung != Rung::F32 {
            let scales: Vec<f32> = packed.facts.iter().map(|facts| facts.scale).collect();
            stage.device.write_at(&stage.buffers.scales, at * 4, &scales)?;
            greatest.take(&packed.facts);
        }
    }
    Ok(())
}

impl Buffers {
    fn new(
        device: &Device,
        plan: &TopKPlan,
        row_bytes: u64,
        allowed: Option<&RowSet>,
    ) -> Result<Self, BackendError> {
        let allowed_rows = allowed.map_or(0, |allowed| allowed.n_rows() as u64);
        Ok(Self {
            params: device.uniform::<TopKParams>()?,
            queries: device.storage("queries", plan.query_tile * row_bytes)?,
            documents: device.storage("documents", plan.document_tile * row_bytes)?,
            states: device
                .storage("query states", plan.query_tile * size_of::<QueryState>() as u64)?,
            candidates: device.storage("candidates", plan.query_tile * plan.capacity * 8)?,
            allowed: device.storage("filter", allowed_rows.div_ceil(64) * 8)?,
            scales: device.storage("scales", plan.document_tile * 4)?,
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
