//! Which number of a supply answers which number of a demand.

use super::{Outcome, judge};
use crate::text::quantity::{Kind, Origin, Property, Quantity, Value};

/// Most numbers of one text that are aligned: the assignment takes cubic time.
const MAX_NUMBERS: usize = 64;

/// Least similarity of two properties that are taken for the same.
pub(super) const SAME_PROPERTY: i64 = 300;

/// Similarity of a property and a case of it.
const CASE_OF_THE_OTHER: i64 = 700;

/// The numbers of a text that are aligned.
pub(super) fn aligned(quantities: &[Quantity]) -> &[Quantity] {
    &quantities[..quantities.len().min(MAX_NUMBERS)]
}

/// For every number of the demand, the number of the supply that answers it.
///
/// The property decides; among equals the better outcome, since a supply may state several models
/// of one product.
pub(super) fn answers(demand: &[Quantity], supply: &[Quantity]) -> Vec<Option<usize>> {
    let weigh = |row: &Quantity, column: &Quantity| {
        // The cheaper question first: this runs for every pair of a shortlist. The condition of a
        // supply's test answers nothing that is asked of the supply.
        if !comparable(row, column) || column.is_bare_condition() {
            return 0;
        }
        let same = similarity(row, column);
        if same < SAME_PROPERTY {
            return 0;
        }
        let outcome = match judge(row, column) {
            Outcome::Pass => 3,
            Outcome::Near => 2,
            Outcome::Fail => 1,
            Outcome::NotStated => return 0,
        };
        same * 10 + outcome
    };
    let columns = aligned(supply);
    let weights: Vec<Vec<i64>> = aligned(demand)
        .iter()
        .map(|row| columns.iter().map(|column| weigh(row, column)).collect())
        .collect();
    let mut answers = assign(&weights, columns.len());
    answers.resize(demand.len(), None);
    answers
}

/// Whether two numbers can be compared at all: like kind, units that convert, lists of one length.
pub(super) fn comparable(one: &Quantity, other: &Quantity) -> bool {
    let countable = |kind| matches!(kind, Kind::Level | Kind::Count);
    let like = one.kind == other.kind || countable(one.kind) && countable(other.kind);
    let shape = match (&one.value, &other.value) {
        (Value::List(mine), Value::List(theirs)) => mine.len() == theirs.len(),
        (Value::List(_), _) | (_, Value::List(_)) => false,
        _ => true,
    };
    like && shape && one.unit.is_comparable(&other.unit)
}

/// How far two numbers speak of the same property, 0 (not) to 1000 (the same words).
///
/// - The same property of the table: 1000 with equal modifiers (涂层厚度), 900 with others. A
///   property that needs a substance (含量) counts only where the modifiers share half of their
///   character pairs, or neither has any: 800 to 1000. A property that many things have (温度)
///   counts where they share a pair (800) or one has none (600).
/// - One property a case of the other (工作温度, 温度): 700, unless the general one has a modifier
///   that makes it another case (分解温度).
/// - The same property, where only the unit suggests it on one side or both: 600 where the
///   phrases share a character pair, 450 where both have none, 400 where one has none and the
///   property is not one that many things have.
/// - Phrases that the table does not know: 300 to 800 where they share at least half of their
///   character pairs.
pub(super) fn similarity(one: &Quantity, other: &Quantity) -> i64 {
    let (Some(mine), Some(theirs)) = (&one.property, &other.property) else { return 0 };
    let suggested = mine.origin == Origin::Unit || theirs.origin == Origin::Unit;
    match (mine.kind, theirs.kind) {
        (Some(a), Some(b)) if a.name() == b.name() => {
            let shared = shared_pairs(&mine.modifier, &theirs.modifier);
            let equal = mine.modifier == theirs.modifier;
            let open = mine.modifier.is_empty() || theirs.modifier.is_empty();
            if suggested {
                return by_suggestion(mine, theirs, a.is_generic());
            }
            if a.needs_substance() {
                return match (equal && open, shared >= 500) {
                    (true, _) => 800,
                    (false, true) => 800 + shared / 5,
                    (false, false) => 0,
                };
            }
            match (equal, a.is_generic()) {
                (true, _) => 1000,
                (false, false) => 900,
                (false, true) if shared > 0 => 800,
                (false, true) if open => 600,
                (false, true) => 0,
            }
        }
        (Some(a), Some(b)) => {
            let general = if a.parent() == Some(b.name()) {
                theirs
            } else if b.parent() == Some(a.name()) {
                mine
            } else {
                return 0;
            };
            // 分解温度 is a temperature, and not the one at which the thing works.
            let other =
                !general.modifier.is_empty() && shared_pairs(&mine.phrase, &theirs.phrase) < 500;
            if suggested || other { 0 } else { CASE_OF_THE_OTHER }
        }
        _ => {
            let shared = shared_pairs(&mine.phrase, &theirs.phrase);
            if shared >= 500 { 300 + shared / 2 } else { 0 }
        }
    }
}

/// Whether both numbers name the same property, so that one can hold against the other.
///
/// Not so where only a unit suggests it, and where of a property that many things have only one has
/// a modifier and the other is another word (耐盐雾时间, 反应2小时); 片内均匀性 and 均匀性 are one.
pub(super) fn is_named_alike(one: &Quantity, other: &Quantity) -> bool {
    let (Some(mine), Some(theirs)) = (&one.property, &other.property) else { return false };
    let named = |it: &Property| it.origin != Origin::Unit && !it.phrase.is_empty();
    let named = named(mine) && named(theirs);
    let ends = mine.phrase.ends_with(&theirs.phrase) || theirs.phrase.ends_with(&mine.phrase);
    similarity(one, other) >= CASE_OF_THE_OTHER || named && ends
}

fn by_suggestion(mine: &Property, theirs: &Property, is_generic: bool) -> i64 {
    let (empty, other_empty) = (mine.phrase.is_empty(), theirs.phrase.is_empty());
    if empty && other_empty {
        450
    } else if empty || other_empty {
        if is_generic { 0 } else { 400 }
    } else if shared_pairs(&mine.phrase, &theirs.phrase) > 0 {
        600
    } else {
        0
    }
}

/// Dice's coefficient of the character pairs of two phrases, in thousandths; phrases of one
/// character share all or nothing. Zero where one is empty.
fn shared_pairs(one: &str, other: &str) -> i64 {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        match chars[..] {
            [only] => vec![(only, only)],
            _ => chars.windows(2).map(|pair| (pair[0], pair[1])).collect(),
        }
    };
    let (mine, mut theirs) = (pairs(one), pairs(other));
    let total = mine.len() + theirs.len();
    if total == 0 {
        return 0;
    }
    let mut shared = 0;
    for pair in &mine {
        if let Some(at) = theirs.iter().position(|other| other == pair) {
            theirs.swap_remove(at);
            shared += 1;
        }
    }
    let thousandths = 2000 * shared / total;
    i64::try_from(thousandths).expect("at most a thousand")
}

/// The assignment of rows to columns with the largest total weight; rows without a positive
/// weight stay free. Weights of zero or less are no pairs.
///
/// The Hungarian method with potentials (Kuhn 1955, Munkres 1957), in exact integers: O(n³) in
/// the larger side. Among equal totals the order of rows and columns decides.
fn assign(weights: &[Vec<i64>], n_columns: usize) -> Vec<Option<usize>> {
    let n_rows = weights.len();
    if n_rows == 0 || n_columns == 0 || weights.iter().flatten().all(|weight| *weight <= 0) {
        return vec![None; n_rows];
    }
    // One free column per row lets it stay unassigned at cost 0; real pairs cost less than 0.
    let width = n_columns + n_rows;
    let cost = |row: usize, column: usize| -> i64 {
        weights[row].get(column).map_or(0, |weight| -(*weight).max(0))
    };
    let mut row_potential = vec![0_i64; n_rows + 1];
    let mut column_potential = vec![0_i64; width + 1];
    // Indices are shifted by one; column 0 is where each search begins.
    let mut row_of = vec![0_usize; width + 1];
    for row in 1..=n_rows {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![i64::MAX; width + 1];
        let mut from = vec![0_usize; width + 1];
        let mut used = vec![false; width + 1];
        while row_of[column] != 0 {
            used[column] = true;
            let this = row_of[column];
            let (mut step, mut next) = (i64::MAX, 0);
            for other in 1..=width {
                if used[other] {
                    continue;
                }
                let reduced =
                    cost(this - 1, other - 1) - row_potential[this] - column_potential[other];
                if reduced < least[other] {
                    least[other] = reduced;
                    from[other] = column;
                }
                if least[other] < step {
                    step = least[other];
                    next = other;
                }
            }
            for other in 0..=width {
                if used[other] {
                    row_potential[row_of[other]] += step;
                    column_potential[other] -= step;
                } else {
                    least[other] = least[other].saturating_sub(step);
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[from[column]];
            column = from[column];
        }
    }
    let mut assigned = vec![None; n_rows];
    for column in 1..=n_columns {
        let row = row_of[column];
        if row > 0 && weights[row - 1][column - 1] > 0 {
            assigned[row - 1] = Some(column - 1);
        }
    }
    assigned
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The best total by trying everything.
    fn best(weights: &[Vec<i64>], row: usize, used: u32) -> i64 {
        let Some(line) = weights.get(row) else { return 0 };
        let mut top = best(weights, row + 1, used);
        for (column, weight) in line.iter().enumerate() {
            if *weight > 0 && used >> column & 1 == 0 {
                top = top.max(weight + best(weights, row + 1, used | 1 << column));
            }
        }
        top
    }

    proptest! {
        #[test]
        fn the_assignment_is_the_best_one(
            weights in (1_usize..5).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(-3_i64..20, n), 0..5))
        ) {
            let n_columns = weights.first().map_or(0, Vec::len);
            let assigned = assign(&weights, n_columns);
            let mut taken: Vec<usize> = assigned.iter().flatten().copied().collect();
            taken.sort_unstable();
            taken.dedup();
            prop_assert_eq!(taken.len(), assigned.iter().flatten().count());
            let total: i64 = assigned.iter().enumerate().filter_map(|(row, c)| c.map(|c| weights[row][c])).sum();
            prop_assert_eq!(total, best(&weights, 0, 0));
        }
    }

    #[test]
    fn pairs_of_characters() {
        assert_eq!(shared_pairs("氨氮", "氨氮"), 1000);
        assert_eq!(shared_pairs("氨氮", "总磷"), 0);
        assert_eq!(shared_pairs("", ""), 0);
        assert_eq!(shared_pairs("水", "水"), 1000);
    }
}
