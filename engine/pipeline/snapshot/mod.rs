//! A published night, opened to be asked: records, full-text index, vectors and pairs, as they were
//! when it was published.
//!
//! Nobody reads a [`Snapshot`] itself. [`Snapshot::seen_by`] gives a [`View`], which shows of every
//! record what a role may see, and nothing by which more could be guessed: this is the one place
//! where visibility is enforced.

mod ask;
mod pair_table;
mod search;
mod seen;
mod side;
mod view;

use std::collections::HashMap;
use std::path::Path;

use super::defaults::Rules;
use super::night::generation::Generation;
use super::night::layer::OpenLayer;
use super::night::tables;
use super::output::{names, read_json_lines};
use super::synonyms::SynonymList;
use super::{
    EmbedderOptions, JointRecord, Manifest, PipelineError, Progress, QualityRecord, Stage,
};
use crate::embed::{Embedder, StaticModel};
use crate::matching::typical_values;
use crate::model::{Intake, Micro, Part, PartValues, Record, Role, Side, Verdict};
use crate::text::Synonyms;
use pair_table::PairTable;
use side::SnapshotSide;

pub use ask::{Draft, TextAnswer};
pub use search::{Cursor, Filters, Found, FoundRecord, Query};
pub use seen::{Run, SeenPair, SeenRecord};
pub use view::{GapEntry, PairHead, View};

/// A published night in memory.
pub struct Snapshot {
    manifest: Manifest,
    rules: Rules,
    synonyms: Synonyms,
    embedder: Box<dyn Embedder>,
    for_passages: Option<StaticModel>,
    /// Demands and supplies.
    sides: [SnapshotSide; 2],
    layers: Vec<OpenLayer>,
    passage_dim: usize,
    pairs: PairTable,
    /// By row of the demand.
    qualities: HashMap<u32, QualityRecord>,
    joint: HashMap<u32, JointRecord>,
    /// What pairs that are worth a call have of each part.
    typical: [Micro; Part::ALL.len()],
}

/// Where a published night stands.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotFolders<'a> {
    /// The generation.
    pub generation: &'a Path,
    /// The run.
    pub run: &'a Path,
}

impl Snapshot {
    /// Opens a published night, given the live records that it was made of, in any order.
    ///
    /// # Errors
    /// [`PipelineError::NotARun`] where the files are not whole or do not fit the records,
    /// [`PipelineError::OtherModel`] where `embedder` is not the model that the night was made with,
    /// and whatever opening the model or the index says.
    pub fn open(
        folders: SnapshotFolders<'_>,
        demands: Vec<Record>,
        supplies: Vec<Record>,
        embedder: &EmbedderOptions,
        progress: &dyn Progress,
    ) -> Result<Self, PipelineError> {
        let SnapshotFolders { generation, run } = folders;
        let damaged = |path: &Path, reason: &str| PipelineError::NotARun {
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let manifest = Manifest::read(run)?;
        let index = run.join(names::INDEX);
        let rules =
            Rules::read(Some(&index.join(names::WEIGHTS)), Some(&index.join(names::CALIBRATION)))?;
        let synonyms = SynonymList::of_run(&index.join(names::SYNONYMS))?.synonyms;
        let model = embedder.open()?;
        let identity = model.identity();
        if identity.sha256 != manifest.embedder_sha256 || identity.dim != manifest.embedder_dim {
            return Err(PipelineError::OtherModel {
                wanted: manifest.embedder.clone(),
                found: identity.name.clone(),
            });
        }
        let dim = identity.dim;
        let for_passages = embedder.open_for_passages()?;
        let passage_dim = for_passages.as_ref().map_or(dim, |model| model.identity().dim);

        progress.begin(Stage::Import, None);
        let made =
            tables(demands, supplies, Intake::empty(Side::Demand), Intake::empty(Side::Supply));
        progress.end();
        progress.begin(Stage::Recall, None);
        let (facts, known) =
            Generation::places(generation).map_err(|reason| damaged(generation, &reason))?;
        let layers: Vec<OpenLayer> = facts
            .iter()
            .enumerate()
            .map(|(at, layer)| {
                let path = super::night::generation::layer_path(generation, &layer.name);
                OpenLayer::open(&path, layer.n_records, at == 0, [dim, passage_dim])
            })
            .collect::<Result<_, _>>()?;
        let [of_demands, of_supplies] = known;
        let sides = [
            SnapshotSide::new(0, made.demands, of_demands, &layers, dim)
                .map_err(|reason| damaged(generation, &reason))?,
            SnapshotSide::new(1, made.supplies, of_supplies, &layers, dim)
                .map_err(|reason| damaged(generation, &reason))?,
        ];
        let pairs = PairTable::open(&run.join(names::PAIRS), [&sides[0], &sides[1]])?;
        let row = |id: &str| sides[0].row_of_id(id);
        let qualities = read_json_lines::<QualityRecord>(&run.join(names::QUALITY))?
            .into_iter()
            .filter_map(|quality| Some((row(&quality.demand_id)?, quality)))
            .collect();
        let joint = read_json_lines::<JointRecord>(&run.join(names::JOINT))?
            .into_iter()
            .filter_map(|joint| Some((row(&joint.demand_id)?, joint)))
            .collect();
        let worthwhile: Vec<&PartValues> = (pairs.all().iter())
            .filter(|pair| pair.verdict != Verdict::NoMatch)
            .map(|pair| &pair.parts_for_demand)
            .collect();
        let typical = typical_values(worthwhile.into_iter());
        progress.end();
        Ok(Self {
            manifest,
            rules,
            synonyms,
            embedder: model,
            for_passages,
            sides,
            layers,
            passage_dim,
            pairs,
            qualities,
            joint,
            typical,
        })
    }

    /// What a role may see of it.
    #[must_use]
    pub const fn seen_by(&self, role: Role) -> View<'_> {
        View::new(self, role)
    }

    /// The run's manifest. It holds counts of all records, so it is for those who see all.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn side(&self, side: Side) -> &SnapshotSide {
        &self.sides[place(side)]
    }

    fn for_passages(&self) -> &dyn Embedder {
        match &self.for_passages {
            Some(model) => model,
            None => self.embedder.as_ref(),
        }
    }
}

/// Place of a side in arrays.
const fn place(side: Side) -> usize {
    match side {
        Side::Demand => 0,
        Side::Supply => 1,
    }
}
