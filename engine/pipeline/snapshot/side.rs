//! One side of a snapshot: its records and where their derived data stand.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::index::{GONE, LayeredSide, SideIndex};
use crate::kernel::RowSet;
use crate::matching::PassageVectors;
use crate::model::{Embeddings, Record, Role, Sight, Visibility};
use crate::pipeline::PipelineError;
use crate::pipeline::night::change::Known;
use crate::pipeline::night::layer::{Gathered, OpenLayer};
use crate::text::{hidden_characters, normalise};

/// A side of a snapshot. Rows are in the order of ids.
pub(super) struct SnapshotSide {
    pub(super) records: Vec<Record>,
    /// By the number that people say, normalised.
    by_number: HashMap<String, u32>,
    known: Vec<Known>,
    pub(super) layered: LayeredSide,
    /// Whose words were counted.
    pub(super) statistics: SideIndex,
    /// `[n_records, dim]`
    pub(super) embeddings: Embeddings,
    /// By role: the rows that somebody of it sees at all.
    visible: [RowSet; Role::ALL.len()],
    /// By role: how many these are, and the latest day of publication among them.
    figures: [(usize, Option<Date>); Role::ALL.len()],
    /// Anonymous records whose own text names their owner, with the name, normalised.
    naming: Vec<(u32, String)>,
}

impl SnapshotSide {
    /// A side of these records, which are sorted by id.
    ///
    /// # Errors
    /// Why the generation does not fit them.
    pub(super) fn new(
        side: usize,
        records: Vec<Record>,
        known: Vec<Known>,
        layers: &[OpenLayer],
        dim: usize,
    ) -> Result<Self, String> {
        let same = known.len() == records.len()
            && known.iter().zip(&records).all(|(known, record)| known.id == record.id.0);
        if !same {
            return Err(format!(
                "it holds {} records of a side that has {} now, or others",
                known.len(),
                records.len()
            ));
        }
        let mut rows: Vec<Vec<u32>> = layers
            .iter()
            .map(|layer| vec![GONE; layer.indexes[side].as_ref().map_or(0, SideIndex::n_records)])
            .collect();
        let mut data = Vec::with_capacity(records.len() * dim);
        for (row, known) in (0_u32..).zip(&known) {
            rows[known.layer as usize][known.row as usize] = row;
            if let Some(vectors) = &layers[known.layer as usize].vectors[side] {
                vectors.record(known.row, dim, &mut data).map_err(|e| e.to_string())?;
            }
        }
        let embeddings = Embeddings::new(data, dim).map_err(|e| e.to_string())?;
        let statistics = layers
            .first()
            .and_then(|layer| layer.indexes[side].clone())
            .ok_or("it has no statistics of words")?;
        let layered = layers
            .iter()
            .zip(rows)
            .filter_map(|(layer, rows)| Some((layer.indexes[side].clone()?, rows)))
            .collect();
        let by_number = (0_u32..)
            .zip(&records)
            .map(|(row, record)| (normalise(record.number.trim()), row))
            .collect();
        let visible = Role::ALL.map(|role| {
            RowSet::of(records.len(), |row| {
                Sight::of(role, records[row].visibility) > Sight::Absent
            })
        });
        let figures = Role::ALL.map(|role| {
            let seen = |record: &&Record| Sight::of(role, record.visibility) > Sight::Absent;
            let seen: Vec<&Record> = records.iter().filter(seen).collect();
            (seen.len(), seen.iter().filter_map(|record| record.posted_on).max())
        });
        let naming = (0_u32..).zip(&records).filter_map(|(row, record)| {
            let owner = record.organization.as_deref()?;
            let names =
                |text: &str| hidden_characters(text, std::iter::once(owner)).contains(&true);
            let is_told = record.visibility == Visibility::Anonymous
                && (names(&record.title) || names(&record.body));
            is_told.then(|| (row, normalise(owner)))
        });
        Ok(Self {
            by_number,
            naming: naming.collect(),
            layered: LayeredSide::new(layered, records.len()),
            known,
            statistics,
            embeddings,
            visible,
            figures,
            records,
        })
    }

    /// Row of the record with this id.
    pub(super) fn row_of_id(&self, id: &str) -> Option<u32> {
        let found = self.records.binary_search_by(|record| record.id.as_str().cmp(id)).ok()?;
        u32::try_from(found).ok()
    }

    /// Row of the record with this id or number.
    pub(super) fn row(&self, id_or_number: &str) -> Option<u32> {
        let wanted = id_or_number.trim();
        self.row_of_id(wanted).or_else(|| self.by_number.get(&normalise(wanted)).copied())
    }

    /// The rows that somebody of a role sees at all.
    pub(super) fn visible(&self, role: Role) -> &RowSet {
        &self.visible[role as usize]
    }

    /// How many rows somebody of a role sees, and the latest day of publication among them.
    pub(super) const fn figures(&self, role: Role) -> (usize, Option<Date>) {
        self.figures[role as usize]
    }

    /// The visible rows whose finding by `text` gives nothing away: without those that would be
    /// found by the name of an owner who is not shown.
    pub(super) fn findable(&self, role: Role, text: &str, terms: &[String]) -> RowSet {
        let told = |(row, owner): &&(u32, String)| {
            Sight::of(role, self.records[*row as usize].visibility) < Sight::WithOwner
                && (normalise(text).contains(owner.as_str())
                    || terms
                        .iter()
                        .any(|term| term.chars().nth(1).is_some() && owner.contains(term.as_str())))
        };
        let hidden: Vec<u32> = self.naming.iter().filter(told).map(|(row, _)| *row).collect();
        if hidden.is_empty() {
            return self.visible(role).clone();
        }
        let visible = self.visible(role);
        RowSet::of(self.records.len(), |row| {
            visible.contains(row) && u32::try_from(row).is_ok_and(|row| !hidden.contains(&row))
        })
    }

    /// The vectors of requirements and passages of some rows, in the order given.
    pub(super) fn passages(
        &self,
        side: usize,
        rows: &[u32],
        layers: &[OpenLayer],
        dim: usize,
    ) -> Result<PassageVectors, PipelineError> {
        let io = |e| PipelineError::io("read", std::path::Path::new("vectors"), e);
        let mut gathered = Gathered::new();
        for &row in rows {
            let known = &self.known[row as usize];
            match &layers[known.layer as usize].vectors[side] {
                Some(vectors) => gathered.take(vectors, known.row, dim).map_err(io)?,
                None => gathered.skip(dim),
            }
        }
        gathered.finish(dim).map_err(io)
    }
}
