//! A layer: the derived data of records that were new or changed in one night, immutable.
//!
//! `layers/<name>/{demands,supplies}/` hold the full-text index, `vectors/{demands,supplies}.safetensors`
//! the vectors of whole records, of requirements and of passages. A later generation takes the files of
//! earlier layers by hard link, so that each generation is whole by itself and costs what is new.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::embed::{Array, ArrayFile, write_arrays};
use crate::index::SideIndex;
use crate::matching::PassageVectors;
use crate::model::{Embeddings, MultiVectors, MultiVectorsView, Side};
use crate::pipeline::PipelineError;

/// Vectors of one side of a layer.
#[derive(Debug)]
pub(in crate::pipeline) struct LayerVectors {
    file: ArrayFile,
    requirement_starts: Vec<u32>,
    passage_starts: Vec<u32>,
}

/// A layer that was opened: what each side has, where the layer has records of it.
pub(in crate::pipeline) struct OpenLayer {
    pub(in crate::pipeline) indexes: [Option<SideIndex>; 2],
    pub(in crate::pipeline) vectors: [Option<LayerVectors>; 2],
}

const SIDES: [Side; 2] = [Side::Demand, Side::Supply];

/// Where the vectors of a side stand.
fn vectors_path(layer: &Path, side: Side) -> PathBuf {
    layer.join("vectors").join(match side {
        Side::Demand => "demands.safetensors",
        Side::Supply => "supplies.safetensors",
    })
}

/// Writes the vectors of a side: `[n, dim]` of records, and of their requirements and passages.
pub(in crate::pipeline) fn write_vectors(
    layer: &Path,
    side: Side,
    records: &Embeddings,
    passages: &PassageVectors,
) -> Result<(), PipelineError> {
    let path = vectors_path(layer, side);
    let starts = |table: MultiVectorsView<'_>| -> Vec<u32> {
        let ends = (0..table.n_records()).map(|record| table.range(record).end);
        let ends = ends.map(|end| u32::try_from(end).unwrap_or(u32::MAX));
        std::iter::once(0).chain(ends).collect()
    };
    let (asked, told) = (passages.requirements(), passages.passages());
    let (asked_starts, told_starts) = (starts(asked), starts(told));
    let write = || -> io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(layer))?;
        write_arrays(
            &path,
            &[
                ("records", Array::F32(records.view().data())),
                ("requirements", Array::F32(asked.rows().data())),
                ("requirement_starts", Array::U32(&asked_starts)),
                ("passages", Array::F32(told.rows().data())),
                ("passage_starts", Array::U32(&told_starts)),
            ],
        )
    };
    write().map_err(|e| PipelineError::io("write", &path, e))
}

impl OpenLayer {
    /// Opens a layer that holds so many demands and supplies, with vectors of so many
    /// numbers, of records and of passages. The first layer is opened even where it holds nothing: the statistics are its.
    pub(in crate::pipeline) fn open(
        layer: &Path,
        sizes: [usize; 2],
        is_first: bool,
        dims: [usize; 2],
    ) -> Result<Self, PipelineError> {
        let mut opened = Self { indexes: [None, None], vectors: [None, None] };
        for (at, side) in SIDES.into_iter().enumerate() {
            if sizes[at] == 0 && !is_first {
                continue;
            }
            let index = SideIndex::open(layer, side)?;
            let path = vectors_path(layer, side);
            let io = |e| PipelineError::io("read", &path, e);
            if index.n_records() != sizes[at] {
                return Err(io(invalid("the index has another number of records")));
            }
            opened.vectors[at] = Some(LayerVectors::open(&path, sizes[at], dims).map_err(io)?);
            opened.indexes[at] = Some(index);
        }
        Ok(opened)
    }
}

impl LayerVectors {
    fn open(path: &Path, n: usize, [dim, passage_dim]: [usize; 2]) -> io::Result<Self> {
        let file = ArrayFile::open(path)?;
        let starts = |name: &str| -> io::Result<Vec<u32>> {
            let starts = file.all::<u32>(name)?.into_owned();
            let sound = starts.len() == n + 1 && starts[0] == 0 && starts.is_sorted();
            if sound { Ok(starts) } else { Err(invalid("the starts do not fit")) }
        };
        let (requirement_starts, passage_starts) =
            (starts("requirement_starts")?, starts("passage_starts")?);
        let opened = Self { requirement_starts, passage_starts, file };
        // Reading the last numbers of each array shows that none is shorter than it should be.
        let end = |starts: &[u32]| starts[n] as usize * passage_dim;
        opened.file.part::<f32>("records", n * dim..n * dim)?;
        for (name, end) in [
            ("requirements", end(&opened.requirement_starts)),
            ("passages", end(&opened.passage_starts)),
        ] {
            opened.file.part::<f32>(name, end..end)?;
        }
        Ok(opened)
    }

    /// Appends the vector of a record.
    pub(in crate::pipeline) fn record(
        &self,
        row: u32,
        dim: usize,
        to: &mut Vec<f32>,
    ) -> io::Result<()> {
        let start = row as usize * dim;
        to.extend_from_slice(&self.file.part::<f32>("records", start..start + dim)?);
        Ok(())
    }

    fn several(
        &self,
        name: &str,
        starts: &[u32],
        row: u32,
        dim: usize,
        to: &mut Rows,
    ) -> io::Result<()> {
        let row = row as usize;
        let range = starts[row] as usize * dim..starts[row + 1] as usize * dim;
        to.data.extend_from_slice(&self.file.part::<f32>(name, range)?);
        to.close(dim);
        Ok(())
    }
}

/// The vectors of one side's records today, gathered from layers; records that are not needed have
/// none.
pub(in crate::pipeline) struct Gathered {
    requirements: Rows,
    passages: Rows,
}

#[derive(Default)]
struct Rows {
    data: Vec<f32>,
    starts: Vec<u32>,
}

impl Rows {
    fn close(&mut self, dim: usize) {
        self.starts.push(u32::try_from(self.data.len() / dim).unwrap_or(u32::MAX));
    }

    fn table(mut self, dim: usize) -> io::Result<MultiVectors> {
        let rows = Embeddings::new(self.data, dim).map_err(invalid)?;
        self.starts.insert(0, 0);
        MultiVectors::new(rows, self.starts).map_err(invalid)
    }
}

impl Gathered {
    pub(in crate::pipeline) fn new() -> Self {
        Self { requirements: Rows::default(), passages: Rows::default() }
    }

    /// The next record has nothing here.
    pub(in crate::pipeline) fn skip(&mut self, dim: usize) {
        self.requirements.close(dim);
        self.passages.close(dim);
    }

    /// The next record is this row of a layer.
    pub(in crate::pipeline) fn take(
        &mut self,
        from: &LayerVectors,
        row: u32,
        dim: usize,
    ) -> io::Result<()> {
        from.several("requirements", &from.requirement_starts, row, dim, &mut self.requirements)?;
        from.several("passages", &from.passage_starts, row, dim, &mut self.passages)
    }

    pub(in crate::pipeline) fn finish(self, dim: usize) -> io::Result<PassageVectors> {
        Ok(PassageVectors::new(self.requirements.table(dim)?, self.passages.table(dim)?))
    }
}

/// Takes all files of a folder into a new one, by hard link where the file system has them.
pub(in crate::pipeline) fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_folder(&entry.path(), &target)?;
        } else if entry.path().extension().is_none_or(|extension| extension != "lock") {
            // Locks belong to a folder, not to its content.
            fs::hard_link(entry.path(), &target)
                .or_else(|_| fs::copy(entry.path(), &target).map(|_| ()))?;
        }
    }
    Ok(())
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
