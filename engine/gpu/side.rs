//! One side's rows on the device, a tile at a time.

use super::device::Device;
use super::plan::dim_vec4;
use crate::kernel::BackendError;
use crate::model::EmbeddingsView;

/// The rows of one side that are on the device.
pub(super) struct Side<'a> {
    rows: EmbeddingsView<'a>,
    pub(super) buffer: wgpu::Buffer,
    /// Rows on the device at a time.
    pub(super) tile: usize,
    loaded: Option<usize>,
}

impl<'a> Side<'a> {
    pub(super) fn new(
        device: &Device,
        label: &'static str,
        rows: EmbeddingsView<'a>,
        tile: usize,
    ) -> Result<Self, BackendError> {
        let tile = tile.min(rows.n_rows());
        let buffer = device.storage(label, tile as u64 * dim_vec4(rows.dim()) * 16)?;
        Ok(Self { rows, buffer, tile, loaded: None })
    }

    /// Brings the tile with this row to the device, unless it is there.
    pub(super) fn load(&mut self, device: &Device, row: u32) -> Result<(), BackendError> {
        let tile = row as usize / self.tile;
        if self.loaded != Some(tile) {
            let dim = self.rows.dim();
            let start = tile * self.tile;
            let end = (start + self.tile).min(self.rows.n_rows());
            device.write_rows(&self.buffer, &self.rows.data()[start * dim..end * dim], dim)?;
            self.loaded = Some(tile);
        }
        Ok(())
    }

    /// Numbers per row.
    pub(super) const fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// Where the row is within its tile.
    pub(super) fn local(&self, row: u32) -> u32 {
        // A tile as long as u32 counts holds every row.
        u32::try_from(self.tile).map_or(row, |tile| row % tile)
    }
}
