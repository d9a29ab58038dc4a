//! Kept pairs as people read them: by asker, best first, and the demands that nothing answers.

use std::collections::HashMap;

use jiff::civil::Date;
use rayon::prelude::*;

use crate::matching::{
    CANDIDATES_ASKED, Profile, Quality, Weights, choose_questions, profile, quality,
    typical_values, what_lacks,
};
use crate::model::{DemandIdx, Intake, Lang, Match, Record, Verdict};
use crate::report::Gap;

/// Moves the records out of an intake, sorted by id, and renumbers its near-duplicates to fit.
pub(super) fn take_in_id_order(intake: &mut Intake) -> Vec<Record> {
    let mut order: Vec<(u32, Record)> = (0..).zip(std::mem::take(&mut intake.records)).collect();
    order.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let new_row: HashMap<u32, u32> =
        order.iter().zip(0..).map(|((old, _), new)| (*old, new)).collect();
    for group in &mut intake.near_duplicates {
        for row in group.iter_mut() {
            *row = new_row.get(row).copied().unwrap_or(*row);
        }
        group.sort_unstable();
    }
    order.into_iter().map(|(_, record)| record).collect()
}

/// Kept pairs as each side reads them.
pub(super) struct Lists {
    /// Per demand, places in the kept pairs, best first.
    pub(super) by_demand: Vec<Vec<u32>>,
    /// Per supply, likewise.
    pub(super) by_supply: Vec<Vec<u32>>,
    /// Per demand, its handed-out pairs, best first.
    pub(super) allocated_by_demand: Vec<Vec<u32>>,
}

impl Lists {
    pub(super) fn of(matches: &[Match], n_demands: usize, n_supplies: usize) -> Self {
        let mut by_demand: Vec<Vec<u32>> = vec![Vec::new(); n_demands];
        let mut by_supply: Vec<Vec<u32>> = vec![Vec::new(); n_supplies];
        let mut allocated_by_demand: Vec<Vec<u32>> = vec![Vec::new(); n_demands];
        for (at, pair) in (0_u32..).zip(matches) {
            if pair.rank_for_demand.is_some() {
                by_demand[pair.demand.get()].push(at);
            }
            if pair.rank_for_supply.is_some() {
                by_supply[pair.supply.get()].push(at);
            }
            if pair.allocated {
                allocated_by_demand[pair.demand.get()].push(at);
            }
        }
        let of = |at: &u32| &matches[*at as usize];
        by_demand.par_iter_mut().for_each(|list| list.sort_by_key(|at| of(at).rank_for_demand));
        by_supply.par_iter_mut().for_each(|list| list.sort_by_key(|at| of(at).rank_for_supply));
        allocated_by_demand.par_iter_mut().for_each(|list| {
            list.sort_by_key(|at| {
                let pair = of(at);
                (std::cmp::Reverse(pair.score_for_demand), pair.supply)
            });
        });
        Self { by_demand, by_supply, allocated_by_demand }
    }

    /// How many demands have a best pair of 建议对接, of 可洽谈, and of 暂无匹配 or none, among the
    /// `shown` that people see of each.
    pub(super) fn demands_by_verdict(&self, matches: &[Match], shown: usize) -> [usize; 3] {
        let mut counts = [0_usize; 3];
        for list in &self.by_demand {
            let verdicts = list.iter().map(|&at| matches[at as usize].verdict);
            let best = verdicts.filter(|&verdict| verdict != Verdict::NoMatch).take(shown).max();
            counts[match best {
                Some(Verdict::Recommend) => 0,
                Some(Verdict::Discuss) => 1,
                _ => 2,
            }] += 1;
        }
        counts
    }
}

/// The demands that nothing answers, with the nearest miss, in table order.
pub(super) fn gaps(
    demands: &[Record],
    qualities: &[Quality],
    matches: &[Match],
    lists: &Lists,
    weights: &Weights,
    lang: Lang,
) -> Vec<Gap> {
    let worthwhile = matches.iter().filter(|pair| pair.verdict != Verdict::NoMatch);
    let typical = typical_values(worthwhile.map(|pair| &pair.parts_for_demand));
    (0_u32..)
        .zip(&lists.by_demand)
        .filter(|(_, list)| list.iter().all(|&at| matches[at as usize].verdict == Verdict::NoMatch))
        .map(|(demand, list)| {
            let nearest = list.first().copied();
            let lacks = match nearest {
                Some(at) => {
                    let values = &matches[at as usize].parts_for_demand;
                    what_lacks(values, weights.seen_by(&demands[demand as usize]), &typical, lang)
                }
                None => lang.pick("没有任何相近的供给", "no supply comes near").to_owned(),
            };
            let question = qualities[demand as usize].questions_text(lang);
            let question = (!question.is_empty()).then_some(question);
            Gap { demand: DemandIdx(demand), nearest, lacks, question }
        })
        .collect()
}

/// Judges how well each demand is stated, and chooses what to ask back by its best candidates,
/// worthwhile or not.
pub(super) fn qualities(
    demands: &[Record],
    supplies: &[Record],
    matches: &[Match],
    lists: &Lists,
    as_of: Date,
) -> Vec<Quality> {
    let best = |demand: usize| {
        lists.by_demand[demand]
            .iter()
            .take(CANDIDATES_ASKED)
            .map(|&at| matches[at as usize].supply.get())
    };
    let mut asked = vec![false; supplies.len()];
    for supply in (0..demands.len()).flat_map(best) {
        asked[supply] = true;
    }
    let profiles: Vec<Option<Profile>> = supplies
        .par_iter()
        .zip(&asked)
        .map(|(supply, asked)| asked.then(|| profile(supply)))
        .collect();
    demands
        .par_iter()
        .enumerate()
        .map(|(row, demand)| {
            let mut judged = quality(demand, as_of);
            let candidates: Vec<&Profile> =
                best(row).filter_map(|supply| profiles[supply].as_ref()).collect();
            judged.questions = choose_questions(&judged, &candidates);
            judged
        })
        .collect()
}
