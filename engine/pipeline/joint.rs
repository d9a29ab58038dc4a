//! Joint answers of a run: from kept pairs and the sentences of the texts to supplies that together
//! cover a demand.

use rayon::prelude::*;

use super::lists::Lists;
use crate::matching::{
    Evidence, JOINT_POOL, JointAnswer, JointCandidate, JointTerms, joint_answer, owners,
};
use crate::model::{DemandIdx, Match, Micro, Quote, Record, SupplyIdx, Visibility};
use crate::report::{Joint, JointMember};
use crate::text::normalise;

/// When supplies are joined.
const TERMS: JointTerms =
    JointTerms { covered_from: COVERED_FROM, least_gain: LEAST_GAIN, most_supplies: 3 };

/// From which coverage a sentence counts as answered: between the right sentences of planted joint
/// needs, from 0.5, and the wrong ones, up to 0.4.
const COVERED_FROM: Micro = Micro(450_000);

/// What every further supply must add: an eighth of what the demand asks for.
const LEAST_GAIN: Micro = Micro(125_000);

/// What the supplies must cover together for an answer to be worth a meeting of three parties.
const LEAST_COVERAGE: Micro = Micro(333_000);

/// A supply that answers a half scores far below one that answers the whole. It may be part of an
/// answer with a chance of at least this share of the lowest of 可洽谈.
const LEAST_CHANCE_DIVISOR: i32 = 5;

/// The lowest probability of a pair that may be part of an answer, given that of 可洽谈.
pub(super) const fn least_chance(discuss_from: Micro) -> Micro {
    Micro(discuss_from.0 / LEAST_CHANCE_DIVISOR)
}

/// A demand's joint answer, with the kept pair of every member.
pub(super) struct JointRow {
    /// Row of the demand.
    pub demand: u32,
    /// The answer; its units are passages of the demand.
    pub answer: JointAnswer,
    /// Per member, its pair's place in the kept pairs.
    pub pairs: Vec<u32>,
}

/// What joint answers are made from.
pub(super) struct JointInputs<'a> {
    pub demands: &'a [Record],
    pub supplies: &'a [Record],
    pub matches: &'a [Match],
    pub lists: &'a Lists,
    pub evidence: &'a Evidence,
    /// Lowest probability of 可洽谈.
    pub discuss_from: Micro,
}

impl JointInputs<'_> {
    /// The demands that several supplies cover better than one, in table order.
    pub(super) fn answers(&self) -> Vec<JointRow> {
        (0..self.demands.len()).into_par_iter().filter_map(|demand| self.answer(demand)).collect()
    }

    fn answer(&self, demand: usize) -> Option<JointRow> {
        let weights = self.evidence.units(demand, &self.demands[demand]);
        // One thing asked for cannot be shared out.
        if weights.iter().filter(|&&weight| weight > 0).count() < 2 {
            return None;
        }
        let least = least_chance(self.discuss_from);
        let list: Vec<u32> = (self.lists.by_demand[demand].iter().copied())
            .filter(|&at| self.matches[at as usize].probability() >= least)
            .take(JOINT_POOL)
            .collect();
        let candidates: Vec<JointCandidate> = (list.iter())
            .map(|&at| self.candidate(demand, self.matches[at as usize].supply, &weights))
            .collect();
        let answer = joint_answer(&weights, &candidates, &TERMS)?;
        if answer.members.len() < 2 || answer.coverage < LEAST_COVERAGE {
            return None;
        }
        let pair = |supply: u32| {
            list.iter().copied().find(|&at| self.matches[at as usize].supply == SupplyIdx(supply))
        };
        let pairs = answer.members.iter().filter_map(|member| pair(member.supply)).collect();
        Some(JointRow { demand: u32::try_from(demand).ok()?, answer, pairs })
    }

    fn candidate(&self, demand: usize, supply: SupplyIdx, weights: &[u32]) -> JointCandidate {
        let record = &self.supplies[supply.get()];
        // Who an unnamed owner is must not be told by what it shares with others.
        let named = record.visibility == Visibility::Public;
        let organization = record.organization.as_deref().filter(|_| named);
        JointCandidate {
            supply: supply.0,
            owners: organization.map(owners).unwrap_or_default(),
            title: normalise(&record.title),
            duplicate_group: record.duplicate_group,
            coverage: self.evidence.unit_coverage(demand, supply.get(), weights),
        }
    }

    /// The answers as people read them.
    pub(super) fn for_people(&self, rows: &[JointRow]) -> Vec<Joint> {
        let member = |row: &JointRow, place: u32| {
            let own = &row.answer.members[place as usize];
            let shares_owner = |&(a, b): &(u32, u32)| place == a || place == b;
            JointMember {
                pair: row.pairs[place as usize],
                gain: own.gain,
                covers: self.quotes(row.demand, &own.units),
                shares_owner: row.answer.same_owner.iter().any(shares_owner),
            }
        };
        let joint = |row: &JointRow| Joint {
            demand: DemandIdx(row.demand),
            members: (0_u32..).zip(&row.pairs).map(|(place, _)| member(row, place)).collect(),
            coverage: row.answer.coverage,
            best_single: row.answer.best_single,
            remainder: self.quotes(row.demand, &row.answer.remainder),
            parties: row.answer.parties,
        };
        rows.iter().map(joint).collect()
    }

    /// Units of a demand as quotes.
    pub(super) fn quotes(&self, demand: u32, units: &[u32]) -> Vec<Quote> {
        let row = demand as usize;
        let quote = |&unit: &u32| self.evidence.unit_quote(row, unit as usize, &self.demands[row]);
        units.iter().filter_map(quote).collect()
    }
}
