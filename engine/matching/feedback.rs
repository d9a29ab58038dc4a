//! What brokers' answers change: refused pairs are blocked, weights move a little, facts stay facts.
//!
//! Nothing is learned in secret and nothing for good: the same lists with the same answers give
//! the same result, and without them the result is as if they had never been.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;

use super::fingerprint::fingerprint;
use super::weights::{FULL, Weights};
use crate::model::{Answer, BrokerAnswer, DemandIdx, Part, Reason, Record, Side, SupplyIdx};

/// Refusals for one reason below which no weight moves: fewer are one broker's bad day.
pub const FEWEST_REFUSALS: u32 = 5;

/// By how many thousandths of itself one refusal moves a weight.
const STEP: u32 = 10;

/// The most by which answers may move a weight, in thousandths of itself: a fifth. The weights
/// were fitted to graded pairs; refusals are few and one-sided, and may correct but not replace
/// that fit.
pub const MOST_MOVED: u32 = 200;

/// An answer about a pair of records that are both in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairAnswer {
    /// Row of the demand.
    pub demand: DemandIdx,
    /// Row of the supply.
    pub supply: SupplyIdx,
    /// What was answered.
    pub answer: BrokerAnswer,
}

/// A weight that answers moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightChange {
    /// Seen from which side.
    pub side: Side,
    /// The part.
    pub part: Part,
    /// Thousandths before.
    pub before: u32,
    /// Thousandths after.
    pub after: u32,
}

/// What the answers came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The weights to use.
    pub weights: Weights,
    /// Every weight that moved, demand's view first, in the order of the parts.
    pub changes: Vec<WeightChange>,
    /// Refused pairs that are blocked, by demand and then supply.
    pub blocked: Vec<PairAnswer>,
    /// Refused pairs that are free again because one of the records has changed since.
    pub lifted: Vec<PairAnswer>,
    /// The latest answer of every other pair, by demand and then supply.
    pub standing: Vec<PairAnswer>,
    /// Refused pairs by reason, in the order of [`Reason::ALL`].
    pub refusals: [u32; Reason::ALL.len()],
    /// Answers about records that are in neither list.
    pub unknown: usize,
    /// Answers after the date asked for, or without a date where one was asked for.
    pub left_out: usize,
    /// Answers that a later one about the same pair replaces.
    pub superseded: usize,
}

impl Feedback {
    /// Whether no answer is in force: everything is as without answers.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocked.is_empty() && self.lifted.is_empty() && self.standing.is_empty()
    }

    /// The blocked pairs as rows.
    #[must_use]
    pub fn blocked_pairs(&self) -> HashSet<(u32, u32)> {
        self.blocked.iter().map(|pair| (pair.demand.0, pair.supply.0)).collect()
    }

    /// The answer that a person gave about a pair, other than a refusal in force.
    #[must_use]
    pub fn answer(&self, demand: DemandIdx, supply: SupplyIdx) -> Option<&BrokerAnswer> {
        self.standing
            .binary_search_by_key(&(demand, supply), |pair| (pair.demand, pair.supply))
            .ok()
            .map(|at| &self.standing[at].answer)
    }
}

/// Draws the consequences of answers for two lists.
///
/// Records are found by id, then by number. Of several answers about one pair the latest counts:
/// by date, undated ones first, then in the order given. With `until`, later and undated answers
/// are left out.
///
/// A refusal blocks its pair as long as both records have the fingerprints that the answer was
/// about; an answer without fingerprints blocks as long as it is given.
///
/// Weights: a reason that [`FEWEST_REFUSALS`] pairs or more were refused for moves the weights of
/// the parts that should have told, by `1 ± min(n · 1 %, 20 %)`:
///
/// - 技术不符 lowers the parts that count words and raises those that compare meaning: a pair that shares
///   words but not the technology was put forward by its words, and meaning is what is left to
///   tell the two apart.
/// - 指标不够 raises the numbers part, 成熟度 the maturity part.
/// - The other reasons say nothing about a part that exists (价格, 地域) or about the
///   texts at all (已有合作, 权属, 其他): they block, and that is all.
///
/// Then each direction is brought back to 1,000 thousandths, no weight leaving ± 20 % of what it
/// was ([`MOST_MOVED`]). Integer arithmetic; ties go to the earlier part.
#[must_use]
pub fn learn(
    answers: &[BrokerAnswer],
    until: Option<Date>,
    demands: &[Record],
    supplies: &[Record],
    weights: &Weights,
) -> Feedback {
    let mut feedback = Feedback {
        weights: weights.clone(),
        changes: Vec::new(),
        blocked: Vec::new(),
        lifted: Vec::new(),
        standing: Vec::new(),
        refusals: [0; Reason::ALL.len()],
        unknown: 0,
        left_out: 0,
        superseded: 0,
    };
    let (demand_rows, supply_rows) = (rows(demands), rows(supplies));
    let mut latest: BTreeMap<(u32, u32), &BrokerAnswer> = BTreeMap::new();
    for answer in answers {
        if until.is_some_and(|until| answer.date.is_none_or(|date| date > until)) {
            feedback.left_out += 1;
            continue;
        }
        let (Some(&demand), Some(&supply)) =
            (demand_rows.get(answer.demand.as_str()), supply_rows.get(answer.supply.as_str()))
        else {
            feedback.unknown += 1;
            continue;
        };
        match latest.get(&(demand, supply)) {
            Some(held) if held.date > answer.date => feedback.superseded += 1,
            held => {
                feedback.superseded += usize::from(held.is_some());
                latest.insert((demand, supply), answer);
            }
        }
    }
    for ((demand, supply), answer) in latest {
        let pair = PairAnswer {
            demand: DemandIdx(demand),
            supply: SupplyIdx(supply),
            answer: answer.clone(),
        };
        if answer.answer != Answer::Unfit {
            feedback.standing.push(pair);
            continue;
        }
        feedback.refusals[answer.reason.unwrap_or(Reason::Other) as usize] += 1;
        let unchanged = answer.versions.as_ref().is_none_or(|(d, s)| {
            *d == fingerprint(&demands[demand as usize])
                && *s == fingerprint(&supplies[supply as usize])
        });
        let list = if unchanged { &mut feedback.blocked } else { &mut feedback.lifted };
        list.push(pair);
    }
    reweight(&mut feedback);
    feedback
}

/// Row of every record by id and by number; ids go before numbers.
fn rows(records: &[Record]) -> HashMap<&str, u32> {
    let mut rows = HashMap::with_capacity(2 * records.len());
    for (row, record) in (0_u32..).zip(records) {
        rows.insert(record.number.as_str(), row);
    }
    for (row, record) in (0_u32..).zip(records) {
        rows.insert(record.id.as_str(), row);
    }
    rows
}

/// The direction in which `reason` moves the weight of `part`.
const fn direction(reason: Reason, part: Part) -> i32 {
    match (reason, part) {
        (Reason::Technology, Part::Lexical | Part::Terms) => -1,
        (Reason::Technology, Part::Numbers | Part::Field | Part::Freshness | Part::Maturity) => 0,
        // Every part that compares what texts mean.
        (Reason::Technology, _) => 1,
        (Reason::Indicator, Part::Numbers) | (Reason::Maturity, Part::Maturity) => 1,
        _ => 0,
    }
}

fn reweight(feedback: &mut Feedback) {
    let pushes: Vec<i64> = Part::ALL
        .iter()
        .map(|&part| {
            Reason::ALL
                .iter()
                .filter(|reason| feedback.refusals[**reason as usize] >= FEWEST_REFUSALS)
                .map(|&reason| {
                    let n = feedback.refusals[reason as usize];
                    let step = i64::from((n.saturating_mul(STEP)).min(MOST_MOVED));
                    step * i64::from(direction(reason, part))
                })
                .sum::<i64>()
                .clamp(-i64::from(MOST_MOVED), i64::from(MOST_MOVED))
        })
        .collect();
    if pushes.iter().all(|&push| push == 0) {
        return;
    }
    for side in [Side::Demand, Side::Supply] {
        let before = *feedback.weights.seen_from(side);
        let mut wanted = [0_i64; Part::ALL.len()];
        for ((wanted, &weight), push) in wanted.iter_mut().zip(&before).zip(&pushes) {
            *wanted = i64::from(weight) * (1_000 + push);
        }
        let after = settled(&before, &wanted);
        for (part, (before, after)) in Part::ALL.into_iter().zip(before.into_iter().zip(after)) {
            if before != after {
                feedback.changes.push(WeightChange { side, part, before, after });
            }
        }
        feedback.weights = feedback.weights.with(side, after);
    }
}

/// Weights in proportion to `wanted` (millionths) that sum to [`FULL`], each within a fifth of
/// what it was. One thousandth at a time goes to the part that is furthest, in proportion to its
/// weight, from what is wanted and still has room; that ends because the weights before are
/// themselves within the bounds and sum to [`FULL`].
fn settled<const N: usize>(before: &[u32; N], wanted: &[i64; N]) -> [u32; N] {
    let most = before.map(|weight| weight + weight * MOST_MOVED / 1_000);
    let least = before.map(|weight| weight - weight * MOST_MOVED / 1_000);
    let mut after = [0; N];
    for at in 0..N {
        let rounded = u32::try_from((wanted[at] + 500) / 1_000).unwrap_or(0);
        after[at] = rounded.clamp(least[at], most[at]);
    }
    loop {
        let sum: u32 = after.iter().sum();
        if sum == FULL {
            return after;
        }
        let rise = sum < FULL;
        // How far above what is wanted a part would stand after the step, relative to its weight.
        let cost = |at: usize| {
            let next = i64::from(after[at]) + if rise { 1 } else { -1 };
            let off = (next * 1_000 - wanted[at]) * 1_000 / i64::from(before[at].max(1));
            if rise { off } else { -off }
        };
        let room = |at: &usize| if rise { after[*at] < most[*at] } else { after[*at] > least[*at] };
        let Some(at) = (0..N).filter(room).min_by_key(|&at| (cost(at), at)) else {
            return *before;
        };
        after[at] = if rise { after[at] + 1 } else { after[at] - 1 };
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{RecordId, SourceRef};

    fn records(side: Side, n: usize) -> Vec<Record> {
        (0..n)
            .map(|row| {
                let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
                let mut record =
                    Record::new(side, RecordId(format!("{row:03}")), format!("N-{row}"), source);
                record.title = format!("第{row}条");
                record
            })
            .collect()
    }

    fn weights() -> Weights {
        Weights::from_toml(include_str!("../../corpus/calibration/weights.toml"))
            .expect("what ships")
    }

    fn refusal(row: usize, reason: Reason) -> BrokerAnswer {
        BrokerAnswer {
            demand: format!("{row:03}"),
            supply: format!("N-{row}"),
            answer: Answer::Unfit,
            reason: Some(reason),
            date: Some(date(2026, 9, 1)),
            by: None,
            versions: None,
            source: SourceRef { file: "answers.csv".to_owned(), sheet: None, row: 2 },
        }
    }

    fn learned(answers: &[BrokerAnswer], until: Option<Date>) -> Feedback {
        let (demands, supplies) = (records(Side::Demand, 100), records(Side::Supply, 100));
        learn(answers, until, &demands, &supplies, &weights())
    }

    #[test]
    fn a_refused_pair_is_blocked_until_a_text_changes() {
        let (demands, mut supplies) = (records(Side::Demand, 3), records(Side::Supply, 3));
        let mut answer = refusal(1, Reason::Price);
        answer.versions = Some((fingerprint(&demands[1]), fingerprint(&supplies[1])));
        let feedback = learn(std::slice::from_ref(&answer), None, &demands, &supplies, &weights());
        assert_eq!(feedback.blocked_pairs(), HashSet::from([(1, 1)]));
        supplies[1].body = "现在便宜了".to_owned();
        let feedback = learn(&[answer], None, &demands, &supplies, &weights());
        assert!(feedback.blocked.is_empty());
        assert_eq!(feedback.lifted.len(), 1);
    }

    #[test]
    fn nothing_moves_before_enough_answers() {
        let answers: Vec<_> = (0..4).map(|row| refusal(row, Reason::Technology)).collect();
        let feedback = learned(&answers, None);
        assert_eq!((feedback.weights, feedback.changes), (weights(), Vec::new()));
        assert_eq!(feedback.blocked.len(), 4);
    }

    #[test]
    fn technology_moves_weight_from_words_to_meaning() {
        let answers: Vec<_> = (0..10).map(|row| refusal(row, Reason::Technology)).collect();
        let feedback = learned(&answers, None);
        let of = |part: Part| {
            let (before, after) = (weights(), &feedback.weights);
            let at = part.index();
            (before.seen_from(Side::Demand)[at], after.seen_from(Side::Demand)[at])
        };
        let (before, after) = of(Part::Lexical);
        assert!(after < before && after * 10 >= before * 8, "{before} {after}");
        let (before, after) = of(Part::Dense);
        assert!(after > before && after * 10 <= before * 12, "{before} {after}");
    }

    #[test]
    fn indicators_raise_the_weight_of_numbers() {
        let answers: Vec<_> = (0..10).map(|row| refusal(row, Reason::Indicator)).collect();
        let feedback = learned(&answers, None);
        let raised: Vec<Part> = (feedback.changes.iter())
            .filter(|change| change.after > change.before)
            .map(|change| change.part)
            .collect();
        assert_eq!(raised, [Part::Numbers; 2], "in both directions");
    }

    #[test]
    fn reasons_without_a_part_only_block() {
        let answers: Vec<_> = (0..50).map(|row| refusal(row, Reason::Partnered)).collect();
        let feedback = learned(&answers, None);
        assert!(feedback.changes.is_empty());
        assert_eq!(feedback.blocked.len(), 50);
        assert_eq!(feedback.refusals[Reason::Partnered as usize], 50);
    }

    #[test]
    fn the_latest_answer_counts_and_dates_cut() {
        let mut later = refusal(0, Reason::Other);
        later.answer = Answer::Introduced;
        later.reason = None;
        later.date = Some(date(2026, 9, 5));
        let mut unknown = refusal(1, Reason::Other);
        unknown.supply = "no such".to_owned();
        let answers = [later.clone(), refusal(0, Reason::Price), unknown];
        let feedback = learned(&answers, None);
        assert!(feedback.blocked.is_empty());
        assert_eq!(feedback.answer(DemandIdx(0), SupplyIdx(0)), Some(&later));
        assert_eq!((feedback.superseded, feedback.unknown), (1, 1));
        let before = learned(&answers, Some(date(2026, 9, 2)));
        assert_eq!((before.blocked.len(), before.left_out), (1, 1));
        assert!(learned(&answers, Some(date(2020, 1, 1))).is_empty());
    }

    proptest! {
        #[test]
        fn weights_stay_whole_and_within_a_fifth(
            technology in 0_usize..60, maturity in 0_usize..40,
        ) {
            let mut answers: Vec<_> =
                (0..technology).map(|row| refusal(row, Reason::Technology)).collect();
            answers.extend((60..60 + maturity).map(|row| refusal(row, Reason::Maturity)));
            let feedback = learned(&answers, None);
            for side in [Side::Demand, Side::Supply] {
                let (before, after) = (weights(), &feedback.weights);
                let (before, after) = (before.seen_from(side), after.seen_from(side));
                prop_assert_eq!(after.iter().sum::<u32>(), FULL);
                for (b, a) in before.iter().zip(after) {
                    prop_assert!(a * 1_000 <= b * 1_200 && a * 1_000 >= b * 800, "{b} {a}");
                }
            }
        }
    }
}
