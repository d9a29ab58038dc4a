//! Two or three supplies that together cover what one demand asks for: a consortium (联合体).
//!
//! Knows neither texts nor vectors. A demand is a list of units, each with a weight, and every
//! supply says how well it covers each unit; what a unit is, is decided where texts are read.

use std::cmp::Reverse;

use crate::model::Micro;
use crate::text::normalise;

/// Candidates among which the search is exact; later ones are not looked at.
///
/// A list for people has at most twenty entries, and three of thirty are 4,525 sets: less than a
/// millisecond without any bound.
pub const JOINT_POOL: usize = 30;

/// When supplies are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JointTerms {
    /// From which value a unit counts as covered; below it a supply adds nothing to the unit.
    pub covered_from: Micro,
    /// What every further supply must add to the coverage, more than this.
    pub least_gain: Micro,
    /// Most supplies in an answer, at least 1.
    pub most_supplies: usize,
}

/// A supply that could be part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JointCandidate {
    /// Row of the supply.
    pub supply: u32,
    /// Its owners, as [`owners`] reads them; empty where they are unknown or not to be compared.
    pub owners: Vec<String>,
    /// Its title, folded; an owner's second offer of the same title is left out.
    pub title: String,
    /// Number of its group of near-duplicates; of one group only the first is looked at.
    pub duplicate_group: Option<u32>,
    /// How well it covers each unit, in `[0, 1]`.
    pub coverage: Vec<Micro>,
}

/// One supply of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointMember {
    /// Row of the supply.
    pub supply: u32,
    /// What the coverage would lose without it.
    pub gain: Micro,
    /// The units that it covers best of all members, ascending.
    pub units: Vec<u32>,
}

/// The best set of supplies for one demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointAnswer {
    /// The supplies, in the order of the candidates.
    pub members: Vec<JointMember>,
    /// Share of the units' weight that they cover, in `[0, 1]`.
    pub coverage: Micro,
    /// The best that one supply alone covers.
    pub best_single: Micro,
    /// Units with a weight that nobody covers, ascending.
    pub remainder: Vec<u32>,
    /// Pairs of members, as places in `members`, that share an owner: one telephone call.
    pub same_owner: Vec<(u32, u32)>,
    /// How many parties that makes: members that share owners count once.
    pub parties: u32,
}

/// Finds the supplies that together cover a demand best.
///
/// Coverage of a set is `Σ w_u · max c(u, s) / Σ w_u` over the units `u`, with values below
/// `covered_from` taken as zero: weighted coverage with per-unit maximum, a monotone submodular
/// function. Of all sets of 1 to `most_supplies` of the first [`JOINT_POOL`] candidates the answer
/// maximises `coverage − least_gain · (size − 1)`, so that every member adds more than
/// `least_gain`; a set that does not is worth less than the same without it. Ties: fewer supplies,
/// then fewer parties, then the earlier candidates. Exact within that pool, by branch and bound:
/// what a set can still gain is at most the sum of the largest gains of single candidates
/// (Nemhauser, Wolsey and Fisher 1978). Integers throughout.
///
/// `candidates` are best first. `None` where nothing covers anything, such as without units.
///
/// # Panics
/// When a candidate has fewer values than there are weights.
#[must_use]
pub fn joint_answer(
    weights: &[u32],
    candidates: &[JointCandidate],
    terms: &JointTerms,
) -> Option<JointAnswer> {
    let pool = pool(candidates);
    let total: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
    let mut search = Search {
        weights,
        pool: &pool,
        covered_from: terms.covered_from,
        penalty: total * i64::from(terms.least_gain.0),
        most: terms.most_supplies.max(1),
        best: None,
    };
    search.extend(&mut Vec::new(), &vec![Micro::ZERO; weights.len()], 0);
    let (_, chosen) = search.best.take()?;
    let set = |members: &[usize]| {
        let value = search.value(members.iter().map(|&at| pool[at]));
        share(value, total)
    };
    let coverage = set(&chosen);
    let best_single = (0..pool.len()).map(|at| set(&[at])).max()?;
    if coverage == Micro::ZERO {
        return None;
    }
    let mut members: Vec<JointMember> = (chosen.iter().enumerate())
        .map(|(place, &at)| {
            let mut others = chosen.clone();
            others.remove(place);
            let gain = coverage - set(&others);
            JointMember { supply: pool[at].supply, gain, units: Vec::new() }
        })
        .collect();
    let mut remainder = Vec::new();
    for (unit, _) in (0_u32..).zip(weights).filter(|(_, weight)| **weight > 0) {
        let best = (chosen.iter().enumerate())
            .map(|(place, &at)| (pool[at].coverage[unit as usize], Reverse(place)))
            .max()
            .filter(|(value, _)| *value >= terms.covered_from && *value > Micro::ZERO);
        match best {
            Some((_, Reverse(place))) => members[place].units.push(unit),
            None => remainder.push(unit),
        }
    }
    let (same_owner, parties) = parties(&chosen, &pool);
    Some(JointAnswer { members, coverage, best_single, remainder, same_owner, parties })
}

/// The owners of an organisation field: split at `；;、，,` and line breaks, folded, without
/// repetition. Names that differ in more than their writing are different owners.
#[must_use]
pub fn owners(organization: &str) -> Vec<String> {
    let mut owners: Vec<String> = Vec::new();
    for name in organization.split(['；', ';', '、', '，', ',', '\n', '\r']) {
        let name: String = normalise(name).split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.is_empty() && !owners.contains(&name) {
            owners.push(name);
        }
    }
    owners
}

/// The first candidates, without those that an earlier one of the same owner repeats.
fn pool(candidates: &[JointCandidate]) -> Vec<&JointCandidate> {
    let mut pool: Vec<&JointCandidate> = Vec::new();
    for candidate in candidates {
        let repeats = |other: &&JointCandidate| {
            other.supply == candidate.supply
                || (candidate.duplicate_group.is_some()
                    && other.duplicate_group == candidate.duplicate_group)
                || (!candidate.title.is_empty()
                    && other.title == candidate.title
                    && share_owner(other, candidate))
        };
        if pool.len() < JOINT_POOL && !pool.iter().any(repeats) {
            pool.push(candidate);
        }
    }
    pool
}

fn share_owner(a: &JointCandidate, b: &JointCandidate) -> bool {
    a.owners.iter().any(|owner| b.owners.contains(owner))
}

/// Pairs that share an owner, and how many parties there are.
fn parties(chosen: &[usize], pool: &[&JointCandidate]) -> (Vec<(u32, u32)>, u32) {
    let mut same = Vec::new();
    // Members of one party carry the number of its first.
    let mut party: Vec<usize> = (0..chosen.len()).collect();
    for b in 0..chosen.len() {
        for a in 0..b {
            if share_owner(pool[chosen[a]], pool[chosen[b]]) {
                same.push((u32::try_from(a).unwrap_or(0), u32::try_from(b).unwrap_or(0)));
                let (from, to) = (party[a].max(party[b]), party[a].min(party[b]));
                for number in &mut party {
                    if *number == from {
                        *number = to;
                    }
                }
            }
        }
    }
    let n = party.iter().enumerate().filter(|(at, number)| at == *number).count();
    (same, u32::try_from(n).unwrap_or(u32::MAX))
}

/// Value less penalty, smaller size, fewer parties: greater is better.
type Worth = (i64, Reverse<usize>, Reverse<u32>);

struct Search<'a> {
    weights: &'a [u32],
    pool: &'a [&'a JointCandidate],
    covered_from: Micro,
    /// What every supply after the first costs, in weight times millionths.
    penalty: i64,
    most: usize,
    best: Option<(Worth, Vec<usize>)>,
}

impl Search<'_> {
    /// What a value of a unit is worth: nothing below the threshold.
    fn credit(&self, value: Micro) -> i64 {
        if value >= self.covered_from { i64::from(value.0.max(0)) } else { 0 }
    }

    /// Weight times coverage of a set.
    fn value<'b>(&self, members: impl Iterator<Item = &'b JointCandidate>) -> i64 {
        let mut best = vec![0_i64; self.weights.len()];
        for member in members {
            for (best, &value) in best.iter_mut().zip(&member.coverage) {
                *best = (*best).max(self.credit(value));
            }
        }
        best.iter().zip(self.weights).map(|(value, &weight)| value * i64::from(weight)).sum()
    }

    /// What a candidate adds to units already covered so far.
    fn gain(&self, covered: &[Micro], candidate: &JointCandidate) -> i64 {
        let units = covered.iter().zip(&candidate.coverage).zip(self.weights);
        units
            .map(|((&had, &value), &weight)| {
                (self.credit(value) - self.credit(had)).max(0) * i64::from(weight)
            })
            .sum()
    }

    /// Tries every set that begins with `members` and goes on with candidates from `first`, in
    /// order, as long as it could be better than the best so far.
    fn extend(&mut self, members: &mut Vec<usize>, covered: &[Micro], first: usize) {
        let value = self.value(members.iter().map(|&at| self.pool[at]));
        let cost = |size: usize| self.penalty * i64::try_from(size.saturating_sub(1)).unwrap_or(0);
        let worth_of_set = value - cost(members.len());
        if !members.is_empty() {
            let (_, n_parties) = parties(members, self.pool);
            let worth = (worth_of_set, Reverse(members.len()), Reverse(n_parties));
            if self.best.as_ref().is_none_or(|(best, _)| worth > *best) {
                self.best = Some((worth, members.clone()));
            }
        }
        let room = self.most - members.len();
        if room == 0 {
            return;
        }
        let gains: Vec<i64> =
            self.pool[first..].iter().map(|candidate| self.gain(covered, candidate)).collect();
        for (at, &gain) in (first..).zip(&gains) {
            // Candidates before this one were tried with all that follows; the largest gains of
            // the rest bound what this one and those after it can reach.
            let mut rest = gains[at - first + 1..].to_vec();
            rest.sort_unstable_by_key(|&gain| Reverse(gain));
            let added = rest.iter().take(room - 1).map(|&gain| (gain - self.penalty).max(0));
            let own = if members.is_empty() { gain } else { gain - self.penalty };
            let bound = worth_of_set + own + added.sum::<i64>();
            if self.best.as_ref().is_some_and(|((best, ..), _)| bound < *best) {
                continue;
            }
            let candidate = self.pool[at];
            let next: Vec<Micro> = (covered.iter().zip(&candidate.coverage))
                .map(|(&had, &value)| had.max(value))
                .collect();
            members.push(at);
            self.extend(members, &next, at + 1);
            members.pop();
        }
    }
}

/// A share of the full weight in millionths, rounded down.
fn share(value: i64, total: i64) -> Micro {
    Micro(value.checked_div(total).and_then(|share| i32::try_from(share).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TERMS: JointTerms =
        JointTerms { covered_from: Micro(500_000), least_gain: Micro(100_000), most_supplies: 3 };

    fn candidate(supply: u32, owners: &[&str], coverage: &[i32]) -> JointCandidate {
        JointCandidate {
            supply,
            owners: owners.iter().map(|&owner| owner.to_owned()).collect(),
            coverage: coverage.iter().map(|&value| Micro(value * 100_000)).collect(),
            ..JointCandidate::default()
        }
    }

    fn supplies(answer: &JointAnswer) -> Vec<u32> {
        answer.members.iter().map(|member| member.supply).collect()
    }

    #[test]
    fn two_halves_make_a_whole() {
        let candidates = [candidate(4, &["甲"], &[9, 1, 0]), candidate(7, &["乙"], &[2, 8, 0])];
        let answer = joint_answer(&[10, 10, 5], &candidates, &TERMS).expect("an answer");
        assert_eq!(supplies(&answer), [4, 7]);
        // (10·0.9 + 10·0.8) / 25; alone 9/25.
        assert_eq!((answer.coverage, answer.best_single), (Micro(680_000), Micro(360_000)));
        assert_eq!(answer.members[0].gain, Micro(360_000));
        assert_eq!((&answer.members[0].units, &answer.members[1].units), (&vec![0], &vec![1]));
        assert_eq!((answer.remainder, answer.parties), (vec![2], 2));
    }

    #[test]
    fn one_is_enough_where_a_second_adds_little() {
        let candidates = [candidate(0, &[], &[9, 9]), candidate(1, &[], &[10, 10])];
        assert_eq!(supplies(&joint_answer(&[1, 1], &candidates, &TERMS).expect("one")), [1]);
        let candidates = [candidate(0, &[], &[9, 0]), candidate(1, &[], &[0, 5])];
        let weights = [90, 10];
        // The second adds 5 %, less than a tenth.
        assert_eq!(supplies(&joint_answer(&weights, &candidates, &TERMS).expect("one")), [0]);
    }

    #[test]
    fn nothing_covers_nothing() {
        assert_eq!(joint_answer(&[], &[candidate(0, &[], &[])], &TERMS), None);
        assert_eq!(joint_answer(&[1], &[candidate(0, &[], &[4])], &TERMS), None);
        assert_eq!(joint_answer(&[0], &[candidate(0, &[], &[9])], &TERMS), None);
        assert_eq!(joint_answer(&[1], &[], &TERMS), None);
    }

    #[test]
    fn an_owner_is_called_once_and_repeats_nothing() {
        let same = [
            candidate(0, &["甲", "丙"], &[9, 0]),
            candidate(1, &["乙"], &[0, 8]),
            candidate(2, &["丙"], &[0, 8]),
        ];
        let answer = joint_answer(&[1, 1], &same, &TERMS).expect("an answer");
        assert_eq!((supplies(&answer), answer.parties), (vec![0, 2], 1));
        assert_eq!(answer.same_owner, [(0, 1)]);
        // The same offer listed again, or a near-duplicate, is not a second supply.
        let mut twice = [candidate(0, &["甲"], &[9, 0]), candidate(1, &["甲"], &[0, 9])];
        for candidate in &mut twice {
            candidate.title = "同名成果".to_owned();
        }
        assert_eq!(supplies(&joint_answer(&[1, 1], &twice, &TERMS).expect("one")), [0]);
        for candidate in &mut twice {
            candidate.owners.clear();
            candidate.duplicate_group = Some(3);
        }
        assert_eq!(supplies(&joint_answer(&[1, 1], &twice, &TERMS).expect("one")), [0]);
    }

    #[test]
    fn owners_are_split_and_folded() {
        assert_eq!(owners("甲大学；乙公司、甲大学, ＡＢＣ  Ltd"), ["甲大学", "乙公司", "abc ltd"]);
        assert!(owners(" ；、").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn no_set_of_the_pool_is_worth_more(
            rows in proptest::collection::vec(
                (proptest::collection::vec(0_i32..11, 4), 0_u32..3), 1..9),
            weights in proptest::collection::vec(0_u32..5, 4),
            gain in 0_i32..4,
            most in 1_usize..4,
        ) {
            let owners = ["甲", "乙", "丙"];
            let candidates: Vec<JointCandidate> = (0_u32..).zip(&rows)
                .map(|(row, (coverage, owner))| {
                    candidate(row, &[owners[*owner as usize]], coverage)
                })
                .collect();
            let terms = JointTerms { least_gain: Micro(gain * 50_000), most_supplies: most, ..TERMS };
            // Weight times coverage less the penalties, by trying every set.
            let worth = |set: &[usize]| -> i64 {
                let total: i64 = weights.iter().map(|&w| i64::from(w)).sum();
                let value: i64 = weights.iter().enumerate().map(|(unit, &weight)| {
                    let best = set.iter().map(|&at| candidates[at].coverage[unit].0)
                        .filter(|&value| value >= 500_000).max().unwrap_or(0);
                    i64::from(best) * i64::from(weight)
                }).sum();
                value - total * i64::from(terms.least_gain.0)
                    * i64::try_from(set.len() - 1).expect("few")
            };
            let n = candidates.len();
            let best = (1_u32..1 << n)
                .map(|bits| (0..n).filter(|at| bits >> at & 1 == 1).collect::<Vec<_>>())
                .filter(|set| set.len() <= most)
                .map(|set| (worth(&set), Reverse(set.len())))
                .max().expect("sets");
            let answer = joint_answer(&weights, &candidates, &terms);
            if let Some(answer) = answer {
                let set: Vec<usize> =
                    answer.members.iter().map(|member| member.supply as usize).collect();
                prop_assert_eq!((worth(&set), Reverse(set.len())), best);
                if set.len() > 1 {
                    for member in &answer.members {
                        // Rounded down by a millionth at most.
                        prop_assert!(member.gain.0 >= terms.least_gain.0);
                    }
                }
                let covered: usize = answer.members.iter().map(|m| m.units.len()).sum();
                let open = weights.iter().filter(|weight| **weight > 0).count();
                prop_assert_eq!(covered + answer.remainder.len(), open);
            } else {
                prop_assert_eq!(best.0, 0);
            }
        }
    }
}
