//! `lists.xlsx`: lists for people who work with spreadsheets.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rust_xlsxwriter::XlsxError;

use super::columns::List;
use super::sheet::{Cell, Looks, Row, SheetWriter, workbook};
use super::wording::{amount, cooperation, maturity, percent, remarks, source};
use super::{Compared, Gap, Joint, ReportError, RunView, WorkbookFacts, evidence, veil};
use crate::model::{Lang, Match, Price, Record, StatedField, Verdict};

/// The lists in the order of their sheets.
const LISTS: [List; 7] = [
    List::ByDemand,
    List::BySupply,
    List::Mutual,
    List::Allocated,
    List::Gaps,
    List::Joint,
    List::Compared,
];

/// Most rows below a heading: with it a sheet stays below 1,000,000 rows, which every program
/// that reads XLSX opens (the format ends at 1,048,576).
pub const ROWS_PER_SHEET: u32 = 999_998;

/// Both ranks of a pair must be this good to stand in 双向优选.
const MUTUAL_DEPTH: u32 = 10;
/// Rows drawn up at once, in parallel, before they are written.
const CHUNK: usize = 2_048;
/// Most characters of a title, and of any other text, in a cell.
const TITLE_CHARACTERS: usize = 120;
/// Most characters of the requirements in a cell of a joint answer: six lines of its column.
const COVERED_CHARACTERS: usize = 90;

/// Writes `lists.xlsx` to `path`, replacing what is there.
///
/// Sheets: 需求→供给 and 供给→需求 (for every asker its pairs that are not 暂无匹配, at most
/// [`RunFacts::top`](super::RunFacts::top)), 双向优选 (pairs in the first ten of both lists, best
/// `mutual_score` first, ties by demand, then supply), 推荐清单(限额) (allocated pairs of which no
/// side is internal), 暂无匹配 (the gaps), 联合体 (supplies that together cover a demand, one row
/// each), 分配比较 (the ways of handing out, measured). A list longer than [`ROWS_PER_SHEET`] goes on in a
/// sheet with `(2)` behind its name. Rows are written as they are drawn up; memory does not grow
/// with their number beyond a few bytes each. The same view makes the same bytes.
///
/// `on_progress` is told, every few thousand rows and at the end, how many rows are written in all
/// (the lists are written at the same time, so a lower figure may come just after a higher one);
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
    let looks = Looks::new();
    let book = Mutex::new(workbook(view.run, &looks, view.lang).map_err(failed)?);
    let care = Care::of(view);
    let written = AtomicU64::new(0);
    // The lists are written at the same time, each by whichever thread is free.
    let lists: Vec<_> = LISTS
        .into_par_iter()
        .map(|list| {
            let entries = entries(view, list);
            let mut writer =
                SheetWriter::new(&book, &looks, (view.run, view.lang), list, rows_per_sheet);
            let mut number: u32 = 0;
            for chunk in entries.chunks(CHUNK) {
                let mut rows: Vec<Row> =
                    chunk.par_iter().map(|entry| row(view, &care, entry)).collect();
                for row in &mut rows {
                    number = number.saturating_add(1);
                    if list != List::Compared {
                        row.cells[0] = Cell::Number(number);
                    }
                    writer.push(row)?;
                }
                let more = chunk.len() as u64;
                on_progress(written.fetch_add(more, Ordering::Relaxed) + more);
            }
            Ok((list, writer.finish()?))
        })
        .collect::<Result<_, XlsxError>>()
        .map_err(failed)?;
    let mut book = book.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut facts = WorkbookFacts::default();
    let allocated: u64 = view.allocated_by_demand.iter().map(|own| own.len() as u64).sum();
    for (list, sheets) in lists {
        if list == List::Allocated {
            let handed_out: u64 = sheets.iter().map(|(_, facts)| facts.rows).sum();
            facts.internal_withheld = allocated.saturating_sub(handed_out);
        }
        for (sheet, sheet_facts) in sheets {
            book.push_worksheet(sheet);
            facts.sheets.push(sheet_facts);
        }
    }
    book.save(path).map_err(failed)?;
    Ok(facts)
}

/// Which records [need care](veil::needs_care), by row.
struct Care {
    demands: Vec<bool>,
    supplies: Vec<bool>,
}

impl Care {
    fn of(view: &RunView<'_>) -> Self {
        let of = |records: &[Record]| records.par_iter().map(veil::needs_care).collect();
        Self { demands: of(view.demands), supplies: of(view.supplies) }
    }
}

/// How many rows [`write_workbook`] writes, headings not counted, for a progress bar.
///
/// # Errors
/// [`ReportError::View`] when the view's lists do not fit its tables.
pub fn workbook_rows(view: &RunView<'_>) -> Result<u64, ReportError> {
    view.check()?;
    Ok(LISTS.into_iter().map(|list| entries(view, list).len() as u64).sum())
}

/// What one row is about, and its band.
struct Entry<'a> {
    subject: Subject<'a>,
    banded: bool,
    /// Whether the demand's quality stands in the row.
    with_quality: bool,
}

enum Subject<'a> {
    /// A pair, and its place in the asker's list, from 1.
    Pair(&'a Match, u32),
    Gap(&'a Gap),
    /// A supply of a joint answer, by its place among the members.
    Joint(&'a Joint, usize),
    Compared(&'a Compared),
}

fn entries<'a>(view: &RunView<'a>, list: List) -> Vec<Entry<'a>> {
    match list {
        List::ByDemand => {
            let mut entries = by_asker(view, view.by_demand, view.run.top, |_| true);
            entries.iter_mut().for_each(|entry| entry.with_quality = true);
            entries
        }
        List::BySupply => by_asker(view, view.by_supply, view.run.top, |_| true),
        List::Allocated => by_asker(view, view.allocated_by_demand, u32::MAX, |pair| {
            veil::may_hand_out(view.demand(pair)) && veil::may_hand_out(view.supply(pair))
        }),
        List::Mutual => mutual(view),
        List::Joint => (view.joint.iter().zip([false, true].into_iter().cycle()))
            .flat_map(|(joint, banded)| {
                (0..joint.members.len()).map(move |place| Entry {
                    subject: Subject::Joint(joint, place),
                    banded,
                    with_quality: false,
                })
            })
            .collect(),
        List::Compared => (view.compared.iter())
            .map(|compared| Entry {
                subject: Subject::Compared(compared),
                banded: compared.handed_out,
                with_quality: false,
            })
            .collect(),
        List::Gaps => (view.gaps.iter().zip([false, true].into_iter().cycle()))
            .map(|(gap, banded)| Entry { subject: Subject::Gap(gap), banded, with_quality: true })
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
        entries.extend((1..).zip(pairs).map(|(place, pair)| Entry {
            subject: Subject::Pair(pair, place),
            banded,
            with_quality: false,
        }));
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
            Entry { subject: Subject::Pair(pair, place), banded, with_quality: false }
        })
        .collect()
}

fn row(view: &RunView<'_>, care: &Care, entry: &Entry<'_>) -> Row {
    let cells = match entry.subject {
        Subject::Pair(pair, place) => pair_cells(view, care, pair, place, entry.with_quality),
        Subject::Gap(gap) => gap_cells(view, care, gap),
        Subject::Joint(joint, place) => joint_cells(view, care, joint, place),
        Subject::Compared(compared) => compared_cells(view, compared),
    };
    Row { cells, banded: entry.banded }
}

/// The cells under [`PAIR_COLUMNS`](super::columns::PAIR_COLUMNS), or with the demand's quality
/// under [`DEMAND_COLUMNS`](super::columns::DEMAND_COLUMNS); the first is filled later.
fn pair_cells(
    view: &RunView<'_>,
    care: &Care,
    pair: &Match,
    place: u32,
    with_quality: bool,
) -> Vec<Cell> {
    let lang = view.lang;
    let (demand, supply) = (view.demand(pair), view.supply(pair));
    let careful_demand = care.demands[pair.demand.get()];
    let careful_supply = care.supplies[pair.supply.get()];
    let quotes = (view.quotes)(pair);
    let to_verify = (view.to_verify)(pair).join(lang.pick("；", "; "));
    let sources = [demand, supply].map(|record| source(&record.source, lang)).join("\n");
    let answer = view.feedback.and_then(|found| found.answer(pair.demand, pair.supply));
    let quality = if with_quality { quality_cells(view, pair.demand.get()) } else { Vec::new() };
    let mut cells = vec![
        Cell::Blank,
        Cell::from(demand.number.clone()),
        title(demand, careful_demand),
        owner(demand, lang),
        Cell::Number(place),
        Cell::from(supply.number.clone()),
        title(supply, careful_supply),
        owner(supply, lang),
        Cell::from(maturity(supply, lang).to_owned()),
        Cell::from(cooperation(&supply.cooperation, lang)),
        Cell::Verdict(pair.verdict),
        Cell::Number(percent(pair.probability())),
        Cell::from(evidence::line(
            (demand, careful_demand),
            (supply, careful_supply),
            &quotes,
            lang,
        )),
        Cell::from(evidence::numbers(demand, supply, &(view.numbers)(pair), lang)),
        Cell::from(veil::loose(&to_verify)),
        Cell::from(sources),
    ];
    cells.extend(quality);
    cells.extend([
        Cell::from(answer.map_or("", |answer| answer.answer.label(lang)).to_owned()),
        Cell::Blank,
        Cell::from(remarks(pair, demand, supply, answer, lang)),
        Cell::from((view.versions)(pair)),
    ]);
    cells
}

/// The cells of a demand's quality, triage and questions.
fn quality_cells(view: &RunView<'_>, demand: usize) -> Vec<Cell> {
    let quality = &view.qualities[demand];
    let questions = quality.questions_text(view.lang);
    vec![
        Cell::Number(percent(quality.score)),
        Cell::from(quality.triage.label(view.lang).to_owned()),
        Cell::from(veil::loose(&veil::text(&view.demands[demand], &questions))),
    ]
}

/// The cells under [`GAP_COLUMNS`](super::columns::GAP_COLUMNS); the first is filled later.
fn gap_cells(view: &RunView<'_>, care: &Care, gap: &Gap) -> Vec<Cell> {
    let lang = view.lang;
    let demand = &view.demands[gap.demand.get()];
    let nearest = gap.nearest.map(|index| &view.matches[index as usize]);
    let supply = nearest.map(|pair| view.supply(pair));
    let expired = demand.valid_until.is_some_and(|day| day < view.run.as_of);
    let budget = match demand.price {
        _ if demand.contradiction(StatedField::Price).is_some() => {
            Cell::from(lang.pick("待核实", "to verify").to_owned())
        }
        None => Cell::Blank,
        Some(Price::Yuan(yuan)) => Cell::Amount(yuan / 1e4),
        Some(price) => Cell::from(amount(price, lang)),
    };
    let mut cells = vec![
        Cell::Blank,
        Cell::from(demand.number.clone()),
        title(demand, care.demands[gap.demand.get()]),
        owner(demand, lang),
        demand.valid_until.map_or(Cell::Blank, Cell::Day),
        budget,
        supply.map_or(Cell::Blank, |supply| Cell::from(supply.number.clone())),
        nearest
            .map_or(Cell::Blank, |pair| title(view.supply(pair), care.supplies[pair.supply.get()])),
        supply.map_or(Cell::Blank, |supply| owner(supply, lang)),
        nearest.map_or(Cell::Blank, |pair| Cell::Number(percent(pair.probability()))),
        Cell::from(veil::text(demand, &gap.lacks).into_owned()),
    ];
    cells.extend(quality_cells(view, gap.demand.get()));
    cells.extend([
        Cell::from(source(&demand.source, lang)),
        Cell::Blank,
        Cell::from(if expired {
            lang.pick("需求已过期", "demand expired").to_owned()
        } else {
            String::new()
        }),
    ]);
    cells
}

/// The cells under [`JOINT_COLUMNS`](super::columns::JOINT_COLUMNS); the first is filled later.
fn joint_cells(view: &RunView<'_>, care: &Care, joint: &Joint, place: usize) -> Vec<Cell> {
    let lang = view.lang;
    let demand = &view.demands[joint.demand.get()];
    let member = &joint.members[place];
    let pair = &view.matches[member.pair as usize];
    let supply = view.supply(pair);
    let listed = |quotes| Cell::from(evidence::listed(demand, quotes, COVERED_CHARACTERS));
    let call = match (joint.parties, member.shares_owner) {
        (1, _) => lang.pick("同一单位，一个电话", "one owner, one call").to_owned(),
        (_, true) => lang.pick("与另一条同一单位", "shares an owner").to_owned(),
        (parties, false) => match lang {
            Lang::Zh => format!("共 {parties} 家"),
            Lang::En => format!("{parties} parties"),
        },
    };
    let answer = view.feedback.and_then(|found| found.answer(pair.demand, pair.supply));
    vec![
        Cell::Blank,
        Cell::from(demand.number.clone()),
        title(demand, care.demands[joint.demand.get()]),
        owner(demand, lang),
        Cell::Number(percent(joint.coverage)),
        Cell::Number(percent(joint.best_single)),
        Cell::from(supply.number.clone()),
        title(supply, care.supplies[pair.supply.get()]),
        owner(supply, lang),
        Cell::Verdict(pair.verdict),
        Cell::Number(percent(member.gain)),
        listed(&member.covers),
        listed(&joint.remainder),
        Cell::from(call),
        Cell::from(answer.map_or("", |answer| answer.answer.label(lang)).to_owned()),
        Cell::Blank,
        Cell::from(remarks(pair, demand, supply, answer, lang)),
        Cell::from((view.versions)(pair)),
    ]
}

/// The cells under [`COMPARED_COLUMNS`](super::columns::COMPARED_COLUMNS).
fn compared_cells(view: &RunView<'_>, compared: &Compared) -> Vec<Cell> {
    let t = |zh: &str, en: &str| view.lang.pick(zh, en).to_owned();
    let count = |n: u64| Cell::Number(u32::try_from(n).unwrap_or(u32::MAX));
    let share = |x: f64| Cell::Amount((x * 1e4).round() / 1e4);
    let scope = if compared.worthwhile_only {
        t("值得联系的配对", "pairs worth a call")
    } else {
        t("全部入选排名的配对（未经结论筛选）", "all ranked pairs, before the verdicts")
    };
    let mark =
        if compared.handed_out { t("（本次发出）", " (handed out)") } else { String::new() };
    vec![
        Cell::from(scope),
        Cell::from(format!("{}{mark}", compared.name)),
        count(compared.entries),
        count(compared.demands),
        share(compared.coverage),
        share(compared.gini),
        Cell::Number(compared.largest_exposure),
        share(compared.mutual_at_10),
        share(compared.one_sided_loss),
        Cell::Amount((compared.total_mutual * 100.0).round() / 100.0),
        count(compared.blocking_pairs),
    ]
}

fn title(record: &Record, careful: bool) -> Cell {
    let title = if careful {
        veil::text(record, &record.title)
    } else {
        Cow::Borrowed(record.title.as_str())
    };
    Cell::from(evidence::clip(title.trim(), TITLE_CHARACTERS))
}

fn owner(record: &Record, lang: Lang) -> Cell {
    Cell::from(evidence::clip(veil::owner(record, lang).trim(), TITLE_CHARACTERS))
}
