//! Counts that the report shows, drawn from a view in one pass per list.

use std::collections::BTreeMap;

use super::RunView;
use crate::evaluation::{gini, largest_exposure};
use crate::matching::{Quality, Triage};
use crate::model::{Intake, Maturity, Record, Side, Verdict};

/// Counts over a whole run.
pub(super) struct Summary {
    /// Demands by their best answer, by [`Verdict`]: none, 可洽谈, 建议对接.
    pub(super) demands_by_best: [u64; 3],
    /// Supplies that stand in no demand's list and have no demand in their own.
    pub(super) supplies_without: u64,
    /// Kept pairs by [`Verdict`].
    pub(super) pairs: [u64; 3],
    /// Allocated pairs.
    pub(super) allocated: u64,
    /// Demands by the probability of their best kept pair, in ten steps of ten percent.
    pub(super) best_probability: [u64; 10],
    /// Demands without any kept pair.
    pub(super) without_pair: u64,
    /// Demands by number of answers, in the bins of [`ANSWER_BINS`].
    pub(super) answers: [u64; ANSWER_BINS.len()],
    /// Supplies by number of demands' lists they stand in, in the bins of [`EXPOSURE_BINS`].
    pub(super) exposure_before: [u64; EXPOSURE_BINS.len()],
    /// As before, by handed-out lists.
    pub(super) exposure_after: [u64; EXPOSURE_BINS.len()],
    /// Most lists that one supply stands in, before and after allocation.
    pub(super) most_exposed: [u64; 2],
    /// Inequality of exposure, before and after allocation.
    pub(super) gini: [f64; 2],
    /// Supplies by maturity, `None` last; all, and those handed out at least once.
    pub(super) maturity: [[u64; Maturity::ALL.len() + 1]; 2],
    /// The largest classes by first step of the first path: name, demands, demands with an
    /// answer, supplies. Most records first, ties by name.
    pub(super) classes: Vec<Class>,
    /// Classes in all.
    pub(super) n_classes: usize,
}

/// A top class of the two lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) demands: u64,
    pub(super) answered: u64,
    pub(super) supplies: u64,
}

/// Lower ends of the bins of answers per demand.
pub(super) const ANSWER_BINS: [u64; 6] = [0, 1, 2, 4, 8, 16];
/// Lower ends of the bins of lists per supply.
pub(super) const EXPOSURE_BINS: [u64; 6] = [0, 1, 2, 5, 11, 31];
/// Most classes shown.
const CLASSES: usize = 10;

impl Summary {
    pub(super) fn of(view: &RunView<'_>) -> Self {
        let mut summary = Self {
            demands_by_best: [0; 3],
            supplies_without: 0,
            pairs: [0; 3],
            allocated: 0,
            best_probability: [0; 10],
            without_pair: 0,
            answers: [0; ANSWER_BINS.len()],
            exposure_before: [0; EXPOSURE_BINS.len()],
            exposure_after: [0; EXPOSURE_BINS.len()],
            most_exposed: [0; 2],
            gini: [0.0; 2],
            maturity: [[0; Maturity::ALL.len() + 1]; 2],
            classes: Vec::new(),
            n_classes: 0,
        };
        for pair in view.matches {
            summary.pairs[pair.verdict as usize] += 1;
        }
        let mut before = vec![0_u32; view.supplies.len()];
        let mut after = vec![0_u32; view.supplies.len()];
        for (list, allocated) in view.by_demand.iter().zip(view.allocated_by_demand) {
            let mut answers = 0;
            let mut best = Verdict::NoMatch;
            for pair in view.worthwhile(list, view.run.top) {
                answers += 1;
                best = best.max(pair.verdict);
                before[pair.supply.get()] += 1;
            }
            summary.demands_by_best[best as usize] += 1;
            summary.answers[bin(&ANSWER_BINS, answers)] += 1;
            let probability =
                list.iter().map(|&index| view.matches[index as usize].probability()).max();
            match probability {
                None => summary.without_pair += 1,
                Some(probability) => {
                    let step = usize::try_from(probability.0 / 100_000).unwrap_or(0).min(9);
                    summary.best_probability[step] += 1;
                }
            }
            for pair in view.worthwhile(allocated, u32::MAX) {
                summary.allocated += 1;
                after[pair.supply.get()] += 1;
            }
        }
        for (supply, list) in view.by_supply.iter().enumerate() {
            if before[supply] == 0 && view.worthwhile(list, 1).next().is_none() {
                summary.supplies_without += 1;
            }
        }
        for (counts, bins) in
            [(&before, &mut summary.exposure_before), (&after, &mut summary.exposure_after)]
        {
            for &count in counts {
                bins[bin(&EXPOSURE_BINS, u64::from(count))] += 1;
            }
        }
        summary.most_exposed = [&before, &after].map(|counts| u64::from(largest_exposure(counts)));
        for (supply, &lists) in view.supplies.iter().zip(&after) {
            let step = supply.maturity.map_or(Maturity::ALL.len(), |m| usize::from(m.level()));
            summary.maturity[0][step] += 1;
            summary.maturity[1][step] += u64::from(lists > 0);
        }
        summary.gini = [gini(&before), gini(&after)];
        summary.classify(view);
        summary
    }

    fn classify(&mut self, view: &RunView<'_>) {
        let mut classes: BTreeMap<&str, Class> = BTreeMap::new();
        for (demand, list) in view.demands.iter().zip(view.by_demand) {
            if let Some(name) = top_class(demand) {
                let class = classes.entry(name).or_default();
                class.demands += 1;
                class.answered += u64::from(view.worthwhile(list, 1).next().is_some());
            }
        }
        for supply in view.supplies {
            if let Some(name) = top_class(supply) {
                classes.entry(name).or_default().supplies += 1;
            }
        }
        self.n_classes = classes.len();
        let mut classes: Vec<Class> = (classes.into_iter())
            .map(|(name, class)| Class { name: name.to_owned(), ..class })
            .collect();
        classes.sort_by_key(|class| std::cmp::Reverse(class.demands + class.supplies));
        classes.truncate(CLASSES);
        self.classes = classes;
    }
}

/// First step of the first classification path.
pub(super) fn top_class(record: &Record) -> Option<&str> {
    record.classification.first()?.first().map(|step| step.trim()).filter(|step| !step.is_empty())
}

/// The last bin that begins at or below `count`; bins begin at zero.
fn bin(bins: &[u64], count: u64) -> usize {
    bins.iter().rposition(|&least| least <= count).unwrap_or(0)
}

/// Names of bins given their lower ends: `0`, `1`, `2–3`, …, `16+`.
pub(super) fn bin_names(bins: &[u64]) -> Vec<String> {
    (bins.iter().enumerate())
        .map(|(place, least)| match bins.get(place + 1) {
            None => format!("{least}+"),
            Some(next) if next - least == 1 => least.to_string(),
            Some(next) => format!("{least}–{}", next - 1),
        })
        .collect()
}

/// What needs a look on one side.
pub(super) struct Cautions {
    /// Records whose validity ended before the reference date, of those that state one.
    pub(super) expired: u64,
    pub(super) with_validity: u64,
    /// Records in groups of near-duplicates, and the groups.
    pub(super) near_duplicates: u64,
    pub(super) groups: usize,
    /// Demands that are to be clarified first; 0 for supplies.
    pub(super) vague: u64,
    /// Headings that no field claims, as file › heading.
    pub(super) unmapped: Vec<String>,
}

impl Cautions {
    pub(super) fn of(view: &RunView<'_>, side: Side) -> Self {
        let (records, intake) = match side {
            Side::Demand => (view.demands, view.demand_intake),
            Side::Supply => (view.supplies, view.supply_intake),
        };
        let count = |wanted: &dyn Fn(&Record) -> bool| {
            records.iter().filter(|record| wanted(record)).count() as u64
        };
        let mut unmapped = Vec::new();
        for table in &intake.tables {
            for column in table.columns.iter().filter(|c| c.field.is_none() && !c.dropped) {
                if !column.heading.trim().is_empty() && !unmapped.contains(&column.heading) {
                    unmapped.push(column.heading.clone());
                }
            }
        }
        Self {
            expired: count(&|r| r.valid_until.is_some_and(|day| day < view.run.as_of)),
            with_validity: count(&|r| r.valid_until.is_some()),
            near_duplicates: intake.near_duplicates.iter().map(|group| group.len() as u64).sum(),
            groups: intake.near_duplicates.len(),
            vague: if side == Side::Demand {
                let vague = |quality: &&Quality| quality.triage == Triage::NeedsDetail;
                view.qualities.iter().filter(vague).count() as u64
            } else {
                0
            },
            unmapped,
        }
    }
}

/// What became of one table's rows. `rows_in` should be the sum of the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TableCount {
    pub(super) rows_in: usize,
    pub(super) records: usize,
    pub(super) merged: usize,
    pub(super) skipped: usize,
    pub(super) rejected: usize,
}

impl TableCount {
    pub(super) const fn adds_up(&self) -> bool {
        self.rows_in == self.records + self.merged + self.skipped + self.rejected
    }
}

/// Counts rows per (file, sheet). Tables of the same name are counted together.
pub(super) fn table_counts<'a>(
    records: &'a [Record],
    intake: &'a Intake,
) -> BTreeMap<(&'a str, Option<&'a str>), TableCount> {
    let mut counts: BTreeMap<_, TableCount> = BTreeMap::new();
    for table in &intake.tables {
        counts.entry((table.file.as_str(), table.sheet.as_deref())).or_default().rows_in +=
            table.rows_in;
    }
    let mut add = |source: &'a crate::model::SourceRef, count: fn(&mut TableCount)| {
        count(counts.entry((source.file.as_str(), source.sheet.as_deref())).or_default());
    };
    records.iter().for_each(|record| add(&record.source, |count| count.records += 1));
    intake.merged.iter().for_each(|row| add(&row.source, |count| count.merged += 1));
    intake.skipped.iter().for_each(|row| add(&row.source, |count| count.skipped += 1));
    intake.rejected.iter().for_each(|row| add(&row.source, |count| count.rejected += 1));
    counts
}

/// The rows of tonight's files. Live records come from the files of many nights, and some of
/// tonight's have expired or are replaced already, so that records are what is left of the rows.
pub(super) fn table_counts_of_a_night(
    intake: &Intake,
) -> BTreeMap<(&str, Option<&str>), TableCount> {
    let mut counts = table_counts(&[], intake);
    for count in counts.values_mut() {
        count.records = count.rows_in.saturating_sub(count.merged + count.skipped + count.rejected);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_cover_everything() {
        assert_eq!(bin_names(&ANSWER_BINS), ["0", "1", "2–3", "4–7", "8–15", "16+"]);
        assert_eq!(
            [0, 1, 3, 4, 15, 16, 9_999].map(|n| bin(&ANSWER_BINS, n)),
            [0, 1, 2, 3, 4, 5, 5]
        );
    }
}
