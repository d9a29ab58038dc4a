//! The ladder: in which numbers a device scores all pairs.

use std::ops::Range;

use half::slice::HalfFloatSliceExt;
use serde::Serialize;

use super::plan::RowShape;
use super::shaders::{Kernel, TOP_K_SCORES, TOP_K_SCORES_F16, TOP_K_SCORES_I8};
use crate::kernel::{BackendError, CoarseHalves, CoarseRows, Precision, RowFacts};
use crate::model::EmbeddingsView;

/// One kernel of the ladder. All of them need no optional feature of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Packed 8-bit integers, four products in one step where the device has that.
    I8,
    /// Packed 16-bit floats, multiplied in 32 bits: half the memory to move.
    F16,
    /// 32-bit floats, the scores themselves.
    F32,
}

impl Rung {
    /// All rungs, from the top.
    pub const ALL: [Self; 3] = [Self::I8, Self::F16, Self::F32];

    /// The name by which a rung is asked for.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// The rung of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.name() == name)
    }

    /// The numbers in which it scores.
    #[must_use]
    pub const fn precision(self) -> Precision {
        match self {
            Self::I8 => Precision::Int8,
            Self::F16 => Precision::F16,
            Self::F32 => Precision::F32,
        }
    }

    pub(super) fn kernel(self) -> &'static Kernel {
        match self {
            Self::I8 => &TOP_K_SCORES_I8,
            Self::F16 => &TOP_K_SCORES_F16,
            Self::F32 => &TOP_K_SCORES,
        }
    }

    /// How a row of `dim` numbers lies on the device.
    pub(super) fn shape(self, dim: usize) -> RowShape {
        RowShape::new(dim, size_of::<f32>() * 4 / self.number_bytes())
    }

    const fn number_bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::F16 => 2,
            Self::F32 => 4,
        }
    }

    /// How many candidates a coarse pass fetches per query, of `n` documents, so that the `k` best are
    /// hardly ever missing among them. Eight bits leave an error of a third of the spread of the scores
    /// of random rows of 512 numbers, which four times `k` covers; sixteen leave little more than ties.
    pub(super) fn fetch(self, k: usize, n: usize) -> usize {
        match self {
            Self::I8 => 6 * k + 128,
            Self::F16 => k + k / 4 + 64,
            Self::F32 => k,
        }
        .min(n)
    }

    /// Turns rows into what the kernel reads, each padded with zeros to whole groups of sixteen bytes.
    pub(super) fn pack(self, rows: EmbeddingsView<'_>) -> Result<Packed, BackendError> {
        let bytes_per_row = usize::try_from(self.shape(rows.dim()).bytes()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; rows.n_rows() * bytes_per_row];
        let places = bytes.chunks_exact_mut(bytes_per_row).zip(0..);
        let facts = match self {
            Self::F32 => {
                places.for_each(|(place, row)| {
                    let row = bytemuck::cast_slice(rows.row(row));
                    place[..row.len()].copy_from_slice(row);
                });
                Vec::new()
            }
            Self::F16 => {
                let coarse = CoarseHalves::new(rows)?;
                places.for_each(|(place, row)| {
                    let row = bytemuck::cast_slice(coarse.row(row).reinterpret_cast());
                    place[..row.len()].copy_from_slice(row);
                });
                coarse.facts().to_vec()
            }
            Self::I8 => {
                let coarse = CoarseRows::new(rows)?;
                places.for_each(|(place, row)| {
                    let row = bytemuck::cast_slice(coarse.row(row));
                    place[..row.len()].copy_from_slice(row);
                });
                coarse.facts().to_vec()
            }
        };
        Ok(Packed { bytes, facts })
    }
}

/// Rows as a kernel reads them.
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
    /// One per row; none in `f32`.
    pub(super) facts: Vec<RowFacts>,
}

/// The greatest norm and error among documents: what bounds the error of all their scores.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Greatest {
    pub(super) norm: f32,
    pub(super) error: f32,
}

impl Greatest {
    pub(super) fn take(&mut self, facts: &[RowFacts]) {
        for facts in facts {
            self.norm = self.norm.max(facts.norm);
            self.error = self.error.max(facts.error);
        }
    }
}

/// Rows `range` of a table.
pub(super) fn part(rows: EmbeddingsView<'_>, range: Range<usize>) -> EmbeddingsView<'_> {
    let dim = rows.dim();
    let numbers = &rows.data()[range.start * dim..range.end * dim];
    EmbeddingsView::new(numbers, dim).expect("whole rows of a table are whole rows")
}

#[cfg(test)]
mod tests {
    use super::Rung;
    use crate::model::Embeddings;

    #[test]
    fn rungs_have_the_names_they_are_asked_by() {
        for rung in Rung::ALL {
            assert_eq!(Rung::named(rung.name()), Some(rung));
        }
        assert_eq!(Rung::named("coop"), None);
    }

    #[test]
    fn packed_rows_are_whole_groups_of_sixteen_bytes() {
        let rows = Embeddings::new(vec![1.0; 2 * 17], 17).expect("two rows");
        for (rung, bytes) in [(Rung::I8, 32), (Rung::F16, 48), (Rung::F32, 80)] {
            let packed = rung.pack(rows.view()).expect("allowed numbers");
            assert_eq!(packed.bytes.len(), 2 * bytes, "{rung:?}");
            assert!(packed.bytes[bytes - 2..bytes].iter().all(|&byte| byte == 0), "{rung:?}");
            assert!(packed.bytes[bytes..].starts_with(&packed.bytes[..17]), "{rung:?}");
        }
    }
}
