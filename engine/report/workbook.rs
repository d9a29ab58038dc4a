//! `lists.xlsx`: five lists for people who work with spreadsheets.

use std::fmt::Write as _;
use std::path::Path;

use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;

use super::columns::List;
use super::sheet::{Cell, Looks, Row, SheetWriter, workbook};
use super::{Gap, ReportError, RunView, WorkbookFacts, evidence, veil};
use crate::model::{
    CooperationMode, Lang, Match, Micro, Price, Record, Side, SourceRef, SupplyKind, Verdict,
};

/// Most rows below a heading: with it a sheet stays below 1,000,000 rows, which every program
/// that reads XLSX opens (the format ends at 1,048,576).
pub const ROWS_PER_SHEET: u32 = 999_998;

/// Both ranks of a pair must be this good to stand in 双向优选.
const MUTUAL_DEPTH: u32 = 10;
/// Rows drawn up at once, in parallel, before they are written.
const CHUNK: usize = 2_048;
/// Most characters of a title, and of any other text, in a cell.
const TITLE_CHARACTERS: usize = 120;

/// Writes `lists.xlsx` to `path`, replacing what is there.
///
/// Sheets: 需求→供给 and 供给→需求 (for every asker its pairs that are not 暂无匹配, at most
/// [`RunFacts::top`](super::RunFacts::top)), 双向优选 (pairs in the first ten of both lists, best
/// `mutual_score` first, ties by demand, then supply), 推荐清单(限额) (allocated pairs of which no
/// side is internal), 暂无匹配 (the gaps). A list longer than [`ROWS_PER_SHEET`] goes on in a
/// sheet with `(2)` behind its name. Rows are written as they are drawn up; memory does not grow
/// with their number beyond a few bytes each. The same view makes the same bytes.
///
/// `on_progress` is told, every few thousand rows and at the end, how many rows are written;
/// [`workbook_rows`] says how many there will be.
///
/// # Errors
/// [`ReportError::View`] when the view's lists do not fit its tables, [`ReportError::Workbook`]
/// when the file cannot be written, in which case an incomplete file may be left at `path`.
pub fn write_workbook(
    path: &Path,
    view: &RunView<'_>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<WorkbookFacts, ReportError> {
    write_workbook_split(path, view, ROWS_PER_SHEET, on_progress)
}

/// As [`write_workbook`], with at most `rows_per_sheet` rows (at least 1, at most
/// [`ROWS_PER_SHEET`]) below a heading: for programs that open less, such as old ones that end at
/// 65,536.
///
/// # Errors
/// As [`write_workbook`].
pub fn write_workbook_split(
    path: &Path,
    view: &RunView<'_>,
    rows_per_sheet: u32,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<WorkbookFacts, ReportError> {
    view.check()?;
    let rows_per_sheet = rows_per_sheet.clamp(1, ROWS_PER_SHEET);
    let failed = |source| ReportError::Workbook { path: path.to_owned(), source };
    let mut facts = WorkbookFacts::default();
    let mut book = workbook(view.run, view.lang).map_err(failed)?;
    let looks = Looks::new();
    let mut written = 0;
    for list in [List::ByDemand, List::BySupply, List::Mutual, List::Allocated, List::Gaps] {
        let entries = entries(view, list);
        if list == List::Allocated {
            let all = view.allocated_by_demand.iter().map(|own| own.len() as u64).sum::<u64>();
            facts.internal_withheld = all.saturating_sub(entries.len() as u64);
        }
        let mut writer = SheetWriter::new(
            &mut book,
            &looks,
            view.run,
            view.lang,
            list,
            rows_per_sheet,
            &mut facts.sheets,
        );
        let mut write = || -> Result<(), XlsxError> {
            let mut number: u32 = 0;
            for chunk in entries.chunks(CHUNK) {
                let mut rows: Vec<Row> = chunk.par_iter().map(|entry| row(view, entry)).collect();
                for row in &mut rows {
                    number = number.saturating_add(1);
                    row.cells[0] = Cell::Number(number);
                    writer.push(row)?;
                }
                written += chunk.len() as u64;
                on_progress(written);
            }
            Ok(())
        };
        write().and_then(|()| writer.finish()).map_err(failed)?;
    }
    book.save(path).map_err(failed)?;
    Ok(facts)
}

/// How many rows [`write_workbook`] writes, headings not counted, for a progress bar.
///
/// # Errors
/// [`ReportError::View`] when the view's lists do not fit its tables.
pub fn workbook_rows(view: &RunView<'_>) -> Result<u64, ReportError> {
    view.check()?;
    let lists = [List::ByDemand, List::BySupply, List::Mutual, List::Allocated, List::Gaps];
    Ok(lists.into_iter().map(|list| entries(view, list).len() as u64).sum())
}

/// What one row is about, and its band.
struct Entry<'a> {
    subject: Subject<'a>,
    banded: bool,
}

enum Subject<'a> {
    /// A pair, and its place in the asker's list, from 1.
    Pair(&'a Match, u32),
    Gap(&'a Gap),
}

fn entries<'a>(view: &RunView<'a>, list: List) -> Vec<Entry<'a>> {
    match list {
        List::ByDemand => by_asker(view, view.by_demand, view.run.top, |_| true),
        List::BySupply => by_asker(view, view.by_supply, view.run.top, |_| true),
        List::Allocated => by_asker(view, view.allocated_by_demand, u32::MAX, |pair| {
            veil::may_hand_out(view.demand(pair)) && veil::may_hand_out(view.supply(pair))
        }),
        List::Mutual => mutual(view),
        List::Gaps => (view.gaps.iter().zip([false, true].into_iter().cycle()))
            .map(|(gap, banded)| Entry { subject: Subject::Gap(gap), banded })
            .collect(),
    }
}

fn by_asker<'a>(
    view: &RunView<'a>,
    lists: &'a [Vec<u32>],
    limit: u32,
    wanted: impl Fn(&Match) -> bool,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut banded = false;
    for list in lists {
        let before = entries.len();
        let pairs = view.worthwhile(list, limit).filter(|pair| wanted(pair));
        entries.extend(
            (1..)
                .zip(pairs)
                .map(|(place, pair)| Entry { subject: Subject::Pair(pair, place), banded }),
        );
        banded ^= entries.len() > before;
    }
    entries
}

fn mutual<'a>(view: &RunView<'a>) -> Vec<Entry<'a>> {
    let near = |rank: Option<u32>| rank.is_some_and(|rank| rank <= MUTUAL_DEPTH);
    let mut pairs: Vec<&Match> = view
        .matches
        .iter()
        .filter(|pair| pair.verdict != Verdict::NoMatch)
        .filter(|pair| near(pair.rank_for_demand) && near(pair.rank_for_supply))
        .collect();
    pairs.sort_by(|a, b| {
        (b.mutual_score.cmp(&a.mutual_score))
            .then_with(|| (a.demand, a.supply).cmp(&(b.demand, b.supply)))
    });
    let mut banded = true;
    let mut last = None;
    (pairs.into_iter())
        .map(|pair| {
            banded ^= last.replace(pair.demand) != Some(pair.demand);
            let place = pair.rank_for_demand.unwrap_or_default();
            Entry { subject: Subject::Pair(pair, place), banded }
        })
        .collect()
}

fn row(view: &RunView<'_>, entry: &Entry<'_>) -> Row {
    let cells = match entry.subject {
        Subject::Pair(pair, place) => pair_cells(view, pair, place),
        Subject::Gap(gap) => gap_cells(view, gap),
    };
    Row { cells, banded: entry.banded }
}

/// The cells under [`PAIR_COLUMNS`](super::columns::PAIR_COLUMNS); the first is filled later.
fn pair_cells(view: &RunView<'_>, pair: &Match, place: u32) -> Vec<Cell> {
    let lang = view.lang;
    let (demand, supply) = (view.demand(pair), view.supply(pair));
    let quotes = (view.quotes)(pair);
    let to_verify = (view.to_verify)(pair).join(lang.pick("；", "; "));
    let sources = [demand, supply].map(|record| source(&record.source, lang)).join("\n");
    vec![
        Cell::Blank,
        Cell::from(demand.number.clone()),
        title(demand),
        owner(demand, lang),
        Cell::Number(place),
        Cell::from(supply.number.clone()),
        title(supply),
        owner(supply, lang),
        Cell::from(supply.maturity.map_or("", |step| step.label(lang)).to_owned()),
        Cell::from(cooperation(&supply.cooperation, lang)),
        Cell::Verdict(pair.verdict),
        Cell::Number(percent(pair.probability())),
        Cell::from(evidence::line(demand, supply, &quotes, lang)),
        Cell::from(to_verify),
        Cell::from(sources),
        Cell::Blank,
        Cell::from(remarks(pair, demand, supply, lang)),
    ]
}

/// The cells under [`GAP_COLUMNS`](super::columns::GAP_COLUMNS); the first is filled later.
fn gap_cells(view: &RunView<'_>, gap: &Gap) -> Vec<Cell> {
    let lang = view.lang;
    let demand = &view.demands[gap.demand.get()];
    let nearest = gap.nearest.map(|index| &view.matches[index as usize]);
    let supply = nearest.map(|pair| view.supply(pair));
    let expired = demand.valid_until.is_some_and(|day| day < view.run.as_of);
    let budget = match demand.price {
        None => Cell::Blank,
        Some(Price::Yuan(yuan)) => Cell::Amount(yuan / 1e4),
        Some(price) => Cell::from(amount(price, lang)),
    };
    vec![
        Cell::Blank,
        Cell::from(demand.number.clone()),
        title(demand),
        owner(demand, lang),
        demand.valid_until.map_or(Cell::Blank, Cell::Day),
        budget,
        supply.map_or(Cell::Blank, |supply| Cell::from(supply.number.clone())),
        supply.map_or(Cell::Blank, title),
        supply.map_or(Cell::Blank, |supply| owner(supply, lang)),
        nearest.map_or(Cell::Blank, |pair| Cell::Number(percent(pair.probability()))),
        Cell::from(gap.lacks.clone()),
        Cell::from(gap.question.clone().unwrap_or_default()),
        Cell::from(source(&demand.source, lang)),
        Cell::Blank,
        Cell::from(if expired {
            lang.pick("需求已过期", "demand expired").to_owned()
        } else {
            String::new()
        }),
    ]
}

fn title(record: &Record) -> Cell {
    let title = veil::text(record, &record.title);
    Cell::from(evidence::clip(title.trim(), TITLE_CHARACTERS))
}

fn owner(record: &Record, lang: Lang) -> Cell {
    Cell::from(evidence::clip(veil::owner(record, lang).trim(), TITLE_CHARACTERS))
}

/// A probability as a whole percentage, halves away from zero.
pub(super) fn percent(probability: Micro) -> u32 {
    u32::try_from((probability.0 + 5_000) / 10_000).unwrap_or(0)
}

pub(super) fn cooperation(modes: &[CooperationMode], lang: Lang) -> String {
    let labels: Vec<_> = modes.iter().map(|mode| mode.label(lang)).collect();
    labels.join(lang.pick("、", ", "))
}

/// Where a record was read, for people: `demands.xlsx［表1］第12行`.
pub(super) fn source(from: &SourceRef, lang: Lang) -> String {
    match (&from.sheet, lang) {
        (Some(sheet), Lang::Zh) => format!("{}［{sheet}］第{}行", from.file, from.row),
        (None, Lang::Zh) => format!("{} 第{}行", from.file, from.row),
        (Some(sheet), Lang::En) => format!("{} [{sheet}] row {}", from.file, from.row),
        (None, Lang::En) => format!("{} row {}", from.file, from.row),
    }
}

/// A price in 万元: `30万元`, `10–20万元`, 面议.
pub(super) fn amount(price: Price, lang: Lang) -> String {
    let plain = |yuan: f64| {
        let text = format!("{:.4}", yuan / 1e4);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match price {
        Price::Negotiable => lang.pick("面议", "negotiable").to_owned(),
        Price::Yuan(yuan) => format!("{}{}", plain(yuan), lang.pick("万元", " × 10,000 yuan")),
        Price::YuanRange(from, to) => {
            format!("{}–{}{}", plain(from), plain(to), lang.pick("万元", " × 10,000 yuan"))
        }
    }
}

/// What the asker should see at a glance: marks, stated amounts, the number of a patent,
/// membership in a group of near-duplicates.
fn remarks(pair: &Match, demand: &Record, supply: &Record, lang: Lang) -> String {
    let mut remarks: Vec<String> =
        pair.vetoes.iter().map(|veto| veto.label(lang).to_owned()).collect();
    for record in [demand, supply] {
        match record.price {
            None | Some(Price::Negotiable) => {}
            Some(price) => remarks.push(match record.side {
                Side::Demand => format!("{}{}", lang.pick("预算", "budget "), amount(price, lang)),
                Side::Supply => format!("{}{}", lang.pick("报价", "price "), amount(price, lang)),
            }),
        }
        if let Some(group) = record.duplicate_group {
            let mut remark = String::new();
            // Writing to a string cannot fail.
            let _ = match lang {
                Lang::Zh => write!(
                    remark,
                    "{}近似重复第{}组",
                    record.side.label(lang),
                    u64::from(group) + 1
                ),
                Lang::En => write!(
                    remark,
                    "{} near-duplicate group {}",
                    record.side.label(lang),
                    u64::from(group) + 1
                ),
            };
            remarks.push(remark);
        }
    }
    if supply.supply_kind == Some(SupplyKind::Patent) {
        remarks.push(format!("{}{}", lang.pick("专利号 ", "patent "), supply.id));
    }
    remarks.join(lang.pick("；", "; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_in_ten_thousands() {
        assert_eq!(amount(Price::Yuan(300_000.0), Lang::Zh), "30万元");
        assert_eq!(amount(Price::Yuan(12_345.0), Lang::Zh), "1.2345万元");
        assert_eq!(amount(Price::YuanRange(1e5, 2e5), Lang::Zh), "10–20万元");
        assert_eq!(amount(Price::Negotiable, Lang::Zh), "面议");
    }

    #[test]
    fn percentages_are_whole_and_rounded() {
        assert_eq!(percent(Micro(0)), 0);
        assert_eq!(percent(Micro(4_999)), 0);
        assert_eq!(percent(Micro(5_000)), 1);
        assert_eq!(percent(Micro::ONE), 100);
        assert_eq!(percent(Micro(-10_000)), 0);
    }
}
