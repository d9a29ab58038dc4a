//! What a report is made from: borrowed views of one run.

use jiff::Zoned;
use jiff::civil::Date;

use super::ReportError;
use crate::kernel::BackendInfo;
use crate::matching::{CheckedNumber, Feedback, Quality};
use crate::model::{
    DemandIdx, Intake, Lang, Match, Micro, PartValues, Quote, Record, Side, Verdict,
};

/// Everything a report shows. All of it is borrowed and nothing is computed again.
///
/// Indices into `matches` are `u32`. Every list named `by_…` holds kept pairs, best first, in the
/// order in which they were ranked; pairs judged 暂无匹配 may stand in them and are left out when
/// written. [`check`](Self::check) says whether the lists fit their tables.
pub struct RunView<'a> {
    /// The demands, by [`DemandIdx`].
    pub demands: &'a [Record],
    /// The supplies, by [`SupplyIdx`](crate::model::SupplyIdx).
    pub supplies: &'a [Record],
    /// What the import of the demands found. Its `records` are not read (they may have been moved
    /// to [`demands`](Self::demands)); `near_duplicates` holds rows of [`demands`](Self::demands).
    pub demand_intake: &'a Intake,
    /// What the import of the supplies found; likewise.
    pub supply_intake: &'a Intake,
    /// The kept pairs, in any order.
    pub matches: &'a [Match],
    /// For every demand, in its order: indices into `matches`, best for the demand first.
    pub by_demand: &'a [Vec<u32>],
    /// For every supply, in its order: indices into `matches`, best for the supply first.
    pub by_supply: &'a [Vec<u32>],
    /// For every demand: indices of its allocated pairs, best for the demand first.
    pub allocated_by_demand: &'a [Vec<u32>],
    /// Demands that nothing answers, in the order in which they are to be read.
    pub gaps: &'a [Gap],
    /// Supplies that together cover a demand, by demand. May be empty.
    pub joint: &'a [Joint],
    /// The ways of handing out, measured, in the order in which they are shown. May be empty.
    pub compared: &'a [Compared],
    /// The passages that support a pair, drawn when it is written. May be empty.
    pub quotes: &'a (dyn Fn(&Match) -> Vec<Quote> + Sync),
    /// What each part adds to the score in one direction: weight times value, order of
    /// [`Part::ALL`](crate::model::Part::ALL), `None` where the part is missing.
    /// The present entries sum to that direction's score exactly.
    pub contributions: &'a (dyn Fn(&Match, Side) -> PartValues + Sync),
    /// 待核实: what a person should check before calling, one short sentence each, already in
    /// the reader's language and without a full stop. May be empty.
    pub to_verify: &'a (dyn Fn(&Match) -> Vec<String> + Sync),
    /// Every number that the pair's demand states, checked, in the order of its text.
    pub numbers: &'a (dyn Fn(&Match) -> Vec<CheckedNumber> + Sync),
    /// For every demand, in its order: how well it is stated and what to ask back.
    pub qualities: &'a [Quality],
    /// What brokers' answers changed; `None` where none is in force.
    pub feedback: Option<&'a Feedback>,
    /// 对应记录: what a row is about, for reading its answer back; one line.
    pub versions: &'a (dyn Fn(&Match) -> String + Sync),
    /// Facts about the run itself.
    pub run: &'a RunFacts,
    /// The reader's language.
    pub lang: Lang,
}

/// A demand that nothing answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The demand.
    pub demand: DemandIdx,
    /// The best of what was found and still refused: an index into [`RunView::matches`].
    pub nearest: Option<u32>,
    /// What the nearest miss lacks, in the reader's language, one sentence without a full stop.
    pub lacks: String,
    /// What to ask the owner of the demand, in the reader's language; `None` if it is clear enough.
    pub question: Option<String>,
}

/// Two or three supplies that together cover a demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    /// The demand.
    pub demand: DemandIdx,
    /// The supplies.
    pub members: Vec<JointMember>,
    /// Share of the demand's requirements that they cover together.
    pub coverage: Micro,
    /// The best that one supply alone covers.
    pub best_single: Micro,
    /// The requirements that none of them covers.
    pub remainder: Vec<Quote>,
    /// How many parties they are; supplies of one owner count once.
    pub parties: u32,
}

/// One supply of a joint answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointMember {
    /// Its pair with the demand: an index into [`RunView::matches`].
    pub pair: u32,
    /// What the coverage would lose without it.
    pub gain: Micro,
    /// The demand's requirements that it covers best.
    pub covers: Vec<Quote>,
    /// Whether another member has an owner in common with it.
    pub shares_owner: bool,
}

/// One way of handing out one set of pairs, measured. Shares and coefficients are in `[0, 1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// The way, in the reader's language.
    pub name: String,
    /// Whether only pairs that are not 暂无匹配 are handed out.
    pub worthwhile_only: bool,
    /// Whether the handed-out list is this one.
    pub handed_out: bool,
    /// Entries in all lists.
    pub entries: u64,
    /// Demands with at least one entry.
    pub demands: u64,
    /// Share of the supplies that stand in a list.
    pub coverage: f64,
    /// Gini coefficient of exposure.
    pub gini: f64,
    /// Most lists that one supply stands in.
    pub largest_exposure: u32,
    /// Share of the entries at which each is in the other's ten best.
    pub mutual_at_10: f64,
    /// Loss of the demands' own score.
    pub one_sided_loss: f64,
    /// Sum of the mutual scores.
    pub total_mutual: f64,
    /// Pairs left out that would rather be together.
    pub blocking_pairs: u64,
}

/// Facts about the run that people want to see on every page.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// Version of the program.
    pub version: String,
    /// When the run began. Also the creation date of the workbook, so that the same run makes the
    /// same file.
    pub started_at: Zoned,
    /// 参考日期: the day against which validity is judged.
    pub as_of: Date,
    /// 数据截至: the latest date of publication found in the lists; `None` where they have no dates.
    pub data_until: Option<Date>,
    /// Which machine computed.
    pub backend: BackendInfo,
    /// Name and identity of the embedding model, for people.
    pub embedder: String,
    /// Steps in order with their wall time in seconds; the names are in the reader's language.
    pub timings: Vec<(String, f64)>,
    /// Most supplies handed out to a demand.
    pub per_demand: u32,
    /// Most demands handed out to a supply.
    pub per_supply: u32,
    /// Most pairs written per asker in the two full lists; at least 1.
    pub top: u32,
    /// Lowest probability of 建议对接.
    pub recommend_from: Micro,
    /// Lowest probability of 可洽谈.
    pub discuss_from: Micro,
    /// Where the calibration comes from, such as how many graded pairs, in the reader's language:
    /// one sentence without a full stop.
    pub calibration: String,
    /// Hours after which the report turns red when it is read; `None` for a report that is not one of
    /// a series.
    pub stale_hours: Option<u32>,
    /// Whether the calibration is provisional, which the report then says first.
    pub provisional: bool,
    /// Further remarks for the head of the report, in the reader's language, such as that the
    /// lists are made up for a demonstration.
    pub notes: Vec<String>,
}

/// What was written into a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkbookFacts {
    /// The sheets in order; a list that was split has one entry per sheet.
    pub sheets: Vec<SheetFacts>,
    /// Allocated pairs that were not handed out because one side is internal.
    pub internal_withheld: u64,
}

impl WorkbookFacts {
    /// Rows written in all sheets, headings not counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.sheets.iter().map(|sheet| sheet.rows).sum()
    }
}

/// One sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFacts {
    /// Its name.
    pub name: String,
    /// Its rows, the heading not counted.
    pub rows: u64,
}

impl<'a> RunView<'a> {
    /// The demand of a pair.
    #[must_use]
    pub fn demand(&self, pair: &Match) -> &'a Record {
        &self.demands[pair.demand.get()]
    }

    /// The supply of a pair.
    #[must_use]
    pub fn supply(&self, pair: &Match) -> &'a Record {
        &self.supplies[pair.supply.get()]
    }

    /// The pairs of `list` that are worth somebody's time, best first, at most `limit`.
    pub fn worthwhile(&self, list: &'a [u32], limit: u32) -> impl Iterator<Item = &'a Match> {
        let matches = self.matches;
        list.iter()
            .map(move |&index| &matches[index as usize])
            .filter(|pair| pair.verdict != Verdict::NoMatch)
            .take(limit as usize)
    }

    /// Checks that every list fits its table, after which nothing here can index out of range.
    ///
    /// # Errors
    /// [`ReportError::View`] names the first list that does not.
    pub fn check(&self) -> Result<(), ReportError> {
        let below = |list, entry: usize, len| {
            if entry < len { Ok(()) } else { Err(ReportError::View { list, entry, len }) }
        };
        for (list, rows, table) in [
            ("by_demand", self.by_demand, self.demands),
            ("by_supply", self.by_supply, self.supplies),
            ("allocated_by_demand", self.allocated_by_demand, self.demands),
        ] {
            if rows.len() != table.len() {
                return Err(ReportError::View { list, entry: rows.len(), len: table.len() });
            }
            for &index in rows.iter().flatten() {
                below(list, index as usize, self.matches.len())?;
            }
        }
        if self.qualities.len() != self.demands.len() {
            let (entry, len) = (self.qualities.len(), self.demands.len());
            return Err(ReportError::View { list: "qualities", entry, len });
        }
        for pair in self.matches {
            below("matches", pair.demand.get(), self.demands.len())?;
            below("matches", pair.supply.get(), self.supplies.len())?;
        }
        for gap in self.gaps {
            below("gaps", gap.demand.get(), self.demands.len())?;
            if let Some(index) = gap.nearest {
                below("gaps", index as usize, self.matches.len())?;
            }
        }
        for joint in self.joint {
            below("joint", joint.demand.get(), self.demands.len())?;
            for member in &joint.members {
                below("joint", member.pair as usize, self.matches.len())?;
            }
        }
        Ok(())
    }
}
