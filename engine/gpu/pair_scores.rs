//! Host of `shaders/pair_scores.wgsl`.

use super::device::{Device, Pipeline};
use super::plan::{DeviceLimits, PairPlan, dim_vec4};
use super::shaders;
use super::side::Side;
use crate::kernel::{BackendError, PAIRS_PER_WORKGROUP, PairParams};
use crate::model::EmbeddingsView;

/// The compiled kernel.
pub(super) struct PairScores {
    pipeline: Pipeline,
}

impl PairScores {
    pub(super) fn new(device: &Device) -> Result<Self, BackendError> {
        Ok(Self { pipeline: device.pipeline(&shaders::PAIR_SCORES)? })
    }

    /// Scores checked pairs, of which there is at least one.
    pub(super) fn run(
        &self,
        device: &Device,
        limits: &DeviceLimits,
        queries: EmbeddingsView<'_>,
        documents: EmbeddingsView<'_>,
        pairs: &[(u32, u32)],
    ) -> Result<Vec<f32>, BackendError> {
        let plan = PairPlan::new(limits, documents.dim())?;
        let tile = usize::try_from(plan.tile).unwrap_or(usize::MAX);
        let batch = usize::try_from(plan.batch).unwrap_or(usize::MAX).min(pairs.len());
        let mut queries = Side::new(device, "queries", queries, tile)?;
        let mut documents = Side::new(device, "documents", documents, tile)?;
        let params = device.uniform::<PairParams>()?;
        let listed = device.storage("pairs", batch as u64 * 8)?;
        let scores = device.storage("scores", batch as u64 * 4)?;
        let bindings = [&params, &queries.buffer, &documents.buffer, &listed, &scores];
        let bindings = device.bind(&self.pipeline, &bindings);

        let mut results = vec![0.0; pairs.len()];
        for group in by_tiles(pairs, queries.tile, documents.tile) {
            // A group is never empty: its first pair tells which tiles all of it needs.
            let (query, document) = pairs[group[0]];
            queries.load(device, query)?;
            documents.load(device, document)?;
            for places in group.chunks(batch) {
                let local: Vec<[u32; 2]> = places
                    .iter()
                    .map(|&place| [queries.local(pairs[place].0), documents.local(pairs[place].1)])
                    .collect();
                // A batch is at most what workgroups in u32 can cover.
                let n_pairs = u32::try_from(local.len()).unwrap_or(u32::MAX);
                let dim_vec4 = u32::try_from(dim_vec4(documents.dim())).unwrap_or(u32::MAX);
                device.write(
                    &params,
                    &[PairParams { n_pairs, dim_vec4, padding0: 0, padding1: 0 }],
                )?;
                device.write(&listed, &local)?;
                device.run(|encoder| {
                    let grid = (n_pairs.div_ceil(PAIRS_PER_WORKGROUP), 1);
                    self.pipeline.dispatch(encoder, &bindings, grid);
                })?;
                let bytes = u64::from(n_pairs) * 4;
                let part: Vec<f32> = device.read(&scores, std::iter::once((0, bytes)))?;
                for (&place, score) in places.iter().zip(part) {
                    results[place] = score;
                }
            }
        }
        Ok(results)
    }
}

/// Places of the pairs, grouped by the two tiles they need, each group in list order.
fn by_tiles(pairs: &[(u32, u32)], query_tile: usize, document_tile: usize) -> Vec<Vec<usize>> {
    let tiles = |place: usize| {
        let (query, document) = pairs[place];
        (query as usize / query_tile, document as usize / document_tile)
    };
    let mut places: Vec<usize> = (0..pairs.len()).collect();
    places.sort_by_key(|&place| tiles(place));
    places.chunk_by(|&a, &b| tiles(a) == tiles(b)).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::by_tiles;

    #[test]
    fn pairs_are_grouped_by_tiles_in_list_order() {
        let pairs = [(0, 9), (5, 0), (1, 8), (0, 0), (5, 1)];
        assert_eq!(by_tiles(&pairs, 4, 5), [vec![3], vec![0, 2], vec![1, 4]]);
        assert_eq!(by_tiles(&pairs, 10, 10), [[0, 1, 2, 3, 4]]);
    }
}
