//! What one role sees of a snapshot. Everything that leaves a snapshot passes here.

use std::cmp::Reverse;
use std::collections::HashSet;

use jiff::civil::Date;

use super::seen::{SeenPair, SeenRecord};
use super::{Snapshot, pair_table::Kept};
use crate::matching::what_lacks;
use crate::model::{Lang, Micro, Record, RecordId, Role, Side, Sight, Verdict, Visibility};
use crate::pipeline::{JointRecord, PipelineError, QualityRecord};
use crate::text::normalise;

/// A snapshot as somebody of a role sees it. What is hidden is, here, not there at all: it is not
/// counted, found, ranked or named.
#[derive(Clone, Copy)]
pub struct View<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) role: Role,
}

/// A pair in a list, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairHead {
    /// Id of the demand.
    pub demand: RecordId,
    /// Id of the supply.
    pub supply: RecordId,
    /// Place in the asker's list, from 1; `None` where a broker refused the pair.
    pub rank: Option<u32>,
    /// Advice.
    pub verdict: Verdict,
    /// 把握.
    pub probability: Micro,
    /// Score as the asker sees it.
    pub score: Micro,
    /// Worth to both.
    pub mutual_score: Micro,
    /// Whether it stands in the lists that were handed out.
    pub handed_out: bool,
    /// Whether a broker refused it.
    pub refused: bool,
}

/// A demand that nothing answers.
#[derive(Debug, Clone)]
pub struct GapEntry {
    /// The demand.
    pub demand: SeenRecord,
    /// The nearest miss.
    pub nearest: Option<(SeenRecord, PairHead)>,
    /// What it lacks.
    pub lacks: String,
    /// How well the demand is stated, and what to ask back.
    pub quality: Option<QualityRecord>,
}

impl<'s> View<'s> {
    pub(super) const fn new(snapshot: &'s Snapshot, role: Role) -> Self {
        Self { snapshot, role }
    }

    /// 数据截至: the latest day on which a visible record was published.
    #[must_use]
    pub fn data_until(&self) -> Option<Date> {
        self.snapshot.sides.iter().filter_map(|side| side.figures(self.role).1).max()
    }

    /// The numbers of a side's records whose owner is shown and has one of these names.
    #[must_use]
    pub fn numbers_of(&self, side: Side, names: &[String], name: &str) -> Vec<String> {
        let wanted: HashSet<String> =
            names.iter().map(String::as_str).chain([name]).map(normalise).collect();
        let is_theirs = |record: &&Record| {
            self.sight(record.visibility) >= Sight::WithOwner
                && record
                    .organization
                    .as_deref()
                    .is_some_and(|owner| wanted.contains(normalise(owner).as_str()))
        };
        let records = self.snapshot.side(side).records.iter().filter(is_theirs);
        records.map(|record| record.number.clone()).collect()
    }

    /// Whose view it is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// How many records of a side are visible.
    #[must_use]
    pub fn n_records(&self, side: Side) -> usize {
        self.snapshot.side(side).figures(self.role).0
    }

    const fn sight(&self, visibility: Visibility) -> Sight {
        Sight::of(self.role, visibility)
    }

    /// The ids of a side's visible records, ascending.
    #[must_use]
    pub fn ids(&self, side: Side) -> Vec<String> {
        let side = self.snapshot.side(side);
        let visible = side.visible(self.role);
        let rows = (0_u32..).zip(&side.records).filter(|(row, _)| visible.contains(*row as usize));
        rows.map(|(_, record)| record.id.0.clone()).collect()
    }

    /// A record by row.
    pub(super) fn see(&self, side: Side, row: u32) -> Option<SeenRecord> {
        let record = self.snapshot.side(side).records.get(row as usize)?;
        SeenRecord::new(record, self.sight(record.visibility))
    }

    pub(super) fn row(&self, side: Side, id_or_number: &str) -> Option<u32> {
        let row = self.snapshot.side(side).row(id_or_number)?;
        self.snapshot.side(side).visible(self.role).contains(row as usize).then_some(row)
    }

    /// The record with this id or number.
    #[must_use]
    pub fn record(&self, side: Side, id_or_number: &str) -> Option<SeenRecord> {
        self.see(side, self.row(side, id_or_number)?)
    }

    fn sees(&self, pair: &Kept) -> bool {
        self.snapshot.sides[0].visible(self.role).contains(pair.demand as usize)
            && self.snapshot.sides[1].visible(self.role).contains(pair.supply as usize)
    }

    /// The kept pairs of a record, best for it first; those that a broker refused last. `None` where
    /// there is no such record.
    #[must_use]
    pub fn matches(&self, side: Side, id_or_number: &str) -> Option<Vec<PairHead>> {
        Some(self.heads(side, self.row(side, id_or_number)?))
    }

    fn heads(&self, side: Side, row: u32) -> Vec<PairHead> {
        let mut pairs: Vec<&Kept> = match side {
            Side::Demand => self.snapshot.pairs.of_demand(row).iter().collect(),
            Side::Supply => self.snapshot.pairs.of_supply(row).collect(),
        };
        pairs.retain(|pair| self.sees(pair));
        let key = |pair: &Kept| match side {
            Side::Demand => (pair.refused, Reverse(pair.score_for_demand), pair.supply),
            Side::Supply => (pair.refused, Reverse(pair.score_for_supply), pair.demand),
        };
        pairs.sort_by_key(|pair| key(pair));
        let mut rank = 0;
        pairs
            .into_iter()
            .map(|pair| {
                rank += 1;
                let mut head = self.head(side, pair);
                head.rank = (!pair.refused).then_some(rank);
                head
            })
            .collect()
    }

    fn head(&self, asker: Side, pair: &Kept) -> PairHead {
        let id = |side: Side, row: u32| self.snapshot.side(side).records[row as usize].id.clone();
        PairHead {
            demand: id(Side::Demand, pair.demand),
            supply: id(Side::Supply, pair.supply),
            rank: None,
            verdict: pair.verdict,
            probability: pair.probability,
            score: match asker {
                Side::Demand => pair.score_for_demand,
                Side::Supply => pair.score_for_supply,
            },
            mutual_score: pair.mutual_score,
            handed_out: pair.handed_out,
            refused: pair.refused,
        }
    }

    /// A pair with its sum and quotes: as the run kept it, else judged now by the run's rules. `None`
    /// where one of the records does not exist.
    ///
    /// # Errors
    /// What reading the run, the index or the model says.
    pub fn pair(&self, demand: &str, supply: &str) -> Result<Option<SeenPair>, PipelineError> {
        let rows = (self.row(Side::Demand, demand), self.row(Side::Supply, supply));
        let (Some(demand), Some(supply)) = rows else { return Ok(None) };
        let (Some(seen_demand), Some(seen_supply)) =
            (self.see(Side::Demand, demand), self.see(Side::Supply, supply))
        else {
            return Ok(None);
        };
        let kept = self.snapshot.pairs.find(demand, supply);
        let mut pair = match kept {
            Some(kept) => self.snapshot.pairs.read(kept)?,
            None => self.snapshot.judge_anew(demand, supply)?,
        };
        // Places in the whole run would tell how many hidden records stand before.
        let place = |side, row, other: &RecordId| {
            self.heads(side, row)
                .into_iter()
                .find(|head| match side {
                    Side::Demand => head.supply == *other,
                    Side::Supply => head.demand == *other,
                })
                .and_then(|head| head.rank)
        };
        if kept.is_some() {
            let id = |side, row: u32| self.snapshot.side(side).records[row as usize].id.clone();
            pair.rank_for_demand = place(Side::Demand, demand, &id(Side::Supply, supply));
            pair.rank_for_supply = place(Side::Supply, supply, &id(Side::Demand, demand));
        }
        Ok(Some(SeenPair::new(seen_demand, seen_supply, pair, kept.is_some())))
    }

    /// How well a demand is stated, and what to ask back; `None` where there is no such demand, and
    /// where its owner is not shown.
    #[must_use]
    pub fn quality(&self, demand: &str) -> Option<&'s QualityRecord> {
        let row = self.row(Side::Demand, demand)?;
        let visibility = self.snapshot.sides[0].records[row as usize].visibility;
        // Its phrases and contradictions are words of the text as it is.
        let whole = self.sight(visibility) >= Sight::WithOwner;
        self.snapshot.qualities.get(&row).filter(|_| whole)
    }

    /// The supplies that together cover a demand, where all of them are visible.
    #[must_use]
    pub fn joint(&self, demand: &str) -> Option<&'s JointRecord> {
        let row = self.row(Side::Demand, demand)?;
        let whole = |side, id: &str| {
            self.row(side, id).is_some_and(|row| {
                let visibility = self.snapshot.side(side).records[row as usize].visibility;
                self.sight(visibility) >= Sight::WithOwner
            })
        };
        self.snapshot.joint.get(&row).filter(|joint| {
            whole(Side::Demand, &joint.demand_id)
                && joint.supplies.iter().all(|member| whole(Side::Supply, &member.supply_id))
        })
    }

    /// The pairs that were handed out, by demand's id, each demand's best first.
    #[must_use]
    pub fn handed_out(&self) -> Vec<PairHead> {
        let pairs = self.snapshot.pairs.all().iter();
        let mut pairs: Vec<&Kept> =
            pairs.filter(|pair| pair.handed_out && self.sees(pair)).collect();
        pairs.sort_by_key(|pair| (pair.demand, Reverse(pair.score_for_demand), pair.supply));
        pairs.into_iter().map(|pair| self.head(Side::Demand, pair)).collect()
    }

    /// The visible demands that no visible supply answers, by id, `limit` of them after `skip`, and
    /// how many there are.
    #[must_use]
    pub fn gaps(&self, skip: usize, limit: usize, lang: Lang) -> (Vec<GapEntry>, usize) {
        let demands = &self.snapshot.sides[0];
        let n = u32::try_from(demands.records.len()).unwrap_or(u32::MAX);
        let is_gap = |&row: &u32| {
            demands.visible(self.role).contains(row as usize)
                && !self
                    .snapshot
                    .pairs
                    .of_demand(row)
                    .iter()
                    .any(|pair| pair.verdict != Verdict::NoMatch && self.sees(pair))
        };
        let rows: Vec<u32> = (0..n).filter(is_gap).collect();
        let entries = rows.iter().skip(skip).take(limit);
        let entries = entries.filter_map(|&row| self.gap(row, lang)).collect();
        (entries, rows.len())
    }

    fn gap(&self, row: u32, lang: Lang) -> Option<GapEntry> {
        let demand = self.see(Side::Demand, row)?;
        let head = self.heads(Side::Demand, row).into_iter().find(|head| !head.refused);
        let nearest = head.and_then(|head| {
            let supply = self.record(Side::Supply, head.supply.as_str())?;
            Some((supply, head))
        });
        let kept = nearest.as_ref().and_then(|(_, head)| {
            let supply = self.snapshot.sides[1].row_of_id(head.supply.as_str())?;
            self.snapshot.pairs.find(row, supply)
        });
        let lacks = match kept {
            Some(pair) => {
                let record = &self.snapshot.sides[0].records[row as usize];
                let weights = self.snapshot.rules.weights.seen_by(record);
                what_lacks(&pair.parts_for_demand, weights, &self.snapshot.typical, lang)
            }
            None => lang.pick("没有任何相近的供给", "no supply comes near").to_owned(),
        };
        let quality = self.quality(demand.record().id.as_str()).cloned();
        Some(GapEntry { demand, nearest, lacks, quality })
    }
}
