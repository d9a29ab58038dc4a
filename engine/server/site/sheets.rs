//! Tables of pages as workbooks: the same rows, no more than the caller sees.

use axum::response::Response;
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::browse::{SearchParams, download};
use super::frame::Site;
use crate::model::{Lang, Permission, Side};
use crate::pipeline::SeenRecord;
use crate::report::{TableCell, TableColumn, TableDates, TableLook, TableSheet, write_tables};
use crate::server::problem::Problem;
use crate::server::state::blocking;
use crate::server::strict::Query as Params;
use crate::store::{AccessFilter, AccessKind};

/// Rows of a workbook of a search.
const MOST: usize = 1_000;
/// Rows of the log of accesses.
const MOST_LOG: usize = 100_000;

type Column = (&'static str, &'static str, u8, TableLook);

const RECORD: [Column; 7] = [
    ("编号", "No.", 16, TableLook::Code),
    ("名称", "Title", 40, TableLook::Prose),
    ("单位", "Owner", 28, TableLook::Prose),
    ("地区", "Region", 12, TableLook::Short),
    ("领域", "Field", 24, TableLook::Prose),
    ("发布日期", "Published", 12, TableLook::Date),
    ("说明", "Description", 60, TableLook::Prose),
];

fn record_cells(seen: &SeenRecord) -> Vec<TableCell> {
    let record = seen.record();
    let text = |text: Option<&str>| text.unwrap_or_default().into();
    let fields: Vec<String> = record.classification.iter().map(|path| path.join("—")).collect();
    vec![
        record.number.as_str().into(),
        record.title.as_str().into(),
        text(record.organization.as_deref()),
        text(record.region.as_deref()),
        fields.join("；").as_str().into(),
        record.posted_on.map_or(TableCell::Blank, TableCell::Day),
        record.body.as_str().into(),
    ]
}

/// Makes a workbook of one table.
async fn workbook(
    site: &Site,
    (title, name): (&'static str, &'static str),
    columns: Vec<Column>,
    rows: Vec<Vec<TableCell>>,
) -> Result<Response, Problem> {
    let (lang, role) = (site.lang, site.caller.role);
    let serving = site.app.published();
    let started_at: Zoned = site.app.now().to_zoned(TimeZone::system());
    let as_of = site.app.today();
    let made = blocking(move || {
        let data_until = serving.and_then(|it| it.snapshot.seen_by(role).data_until());
        let dates = TableDates { title, data_until, started_at: &started_at, as_of, lang };
        let sheet = TableSheet {
            name: title.to_owned(),
            columns: columns
                .iter()
                .map(|(zh, en, width, look)| TableColumn::new(lang.pick(zh, en), *width, *look))
                .collect(),
            rows: Box::new(rows.into_iter()),
        };
        let file =
            tempfile::Builder::new().suffix(".xlsx").tempfile().map_err(|e| e.to_string())?;
        write_tables(file.path(), &dates, vec![sheet]).map_err(|e| e.to_string())?;
        std::fs::read(file.path()).map_err(|e| e.to_string())
    })
    .await;
    let bytes = made.map_err(|error| {
        tracing::error!(error, "a workbook could not be made");
        Problem::internal(lang)
    })?;
    site.app.audit.note_act(&site.app, &site.caller, AccessKind::Export);
    Ok(download(name, bytes))
}

pub(super) async fn search(
    site: Site,
    Params(asked): Params<SearchParams>,
) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let query = crate::pipeline::Query { after: None, ..asked.query(&site, MOST)? };
    let (serving, role) = (site.serving()?, site.caller.role);
    let found = blocking(move || serving.snapshot.seen_by(role).search(&query))
        .await
        .map_err(|error| Problem::of_pipeline(site.lang, &error))?;
    let rows = found.records.iter().map(|found| {
        site.app.audit.note(&site.app, &site.caller, AccessKind::Export, &found.seen);
        record_cells(&found.seen)
    });
    let rows = rows.collect();
    let title = site.lang.pick("查找结果", "Found");
    workbook(&site, (title, "search.xlsx"), RECORD.to_vec(), rows).await
}

/// The matches of a record.
pub(super) async fn matches(site: &Site, side: Side, id: &str) -> Result<Response, Problem> {
    let serving = site.serving()?;
    let view = site.view(&serving);
    let heads = view.matches(side, id).ok_or_else(|| site.not_found())?;
    let rows = heads
        .iter()
        .filter_map(|head| {
            let other = match side {
                Side::Demand => view.record(Side::Supply, head.supply.as_str()),
                Side::Supply => view.record(Side::Demand, head.demand.as_str()),
            }?;
            site.app.audit.note(&site.app, &site.caller, AccessKind::Export, &other);
            let mut cells = vec![
                head.rank.map_or(TableCell::Blank, |rank| TableCell::Number(f64::from(rank))),
                head.verdict.label(site.lang).into(),
                TableCell::Number(head.probability.to_f64()),
                TableCell::Number(head.score.to_f64()),
                yes(head.handed_out, site.lang),
            ];
            cells.extend(record_cells(&other));
            Some(cells)
        })
        .collect();
    let mut columns = vec![
        ("名次", "Rank", 8, TableLook::Amount),
        ("结论", "Verdict", 10, TableLook::Short),
        ("把握", "Probability", 10, TableLook::Amount),
        ("得分", "Score", 10, TableLook::Amount),
        ("在推荐清单", "Handed out", 10, TableLook::Short),
    ];
    columns.extend(RECORD);
    let title = site.lang.pick("匹配", "Matches");
    workbook(site, (title, "matches.xlsx"), columns, rows).await
}

fn yes(is: bool, lang: Lang) -> TableCell {
    if is { lang.pick("是", "yes") } else { lang.pick("否", "no") }.into()
}

pub(super) async fn gaps(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Read)?;
    let (serving, role, lang) = (site.serving()?, site.caller.role, site.lang);
    let (entries, _) =
        blocking(move || serving.snapshot.seen_by(role).gaps(0, usize::MAX, lang)).await;
    let rows = entries
        .iter()
        .map(|gap| {
            site.app.audit.note(&site.app, &site.caller, AccessKind::Export, &gap.demand);
            let mut cells = record_cells(&gap.demand);
            let nearest = gap.nearest.as_ref();
            let of = |text: Option<&str>| text.unwrap_or_default().into();
            cells.push(of(nearest.map(|(supply, _)| supply.record().number.as_str())));
            cells.push(of(nearest.map(|(supply, _)| supply.record().title.as_str())));
            cells.push(gap.lacks.as_str().into());
            let asked = gap.quality.iter().flat_map(|quality| &quality.questions);
            let asked: Vec<&str> = asked.map(|question| question.text.as_str()).collect();
            cells.push(asked.join("\n").as_str().into());
            cells
        })
        .collect();
    let mut columns = RECORD.to_vec();
    columns.extend([
        ("最接近的供给", "Nearest", 16, TableLook::Code),
        ("其名称", "Its title", 32, TableLook::Prose),
        ("差在哪里", "What it lacks", 32, TableLook::Prose),
        ("要问的问题", "What to ask", 40, TableLook::Prose),
    ]);
    let title = site.lang.pick("攻关清单", "Gaps");
    workbook(&site, (title, "gaps.xlsx"), columns, rows).await
}

pub(super) async fn today(site: Site) -> Result<Response, Problem> {
    let (rows, _) = super::today::rows(&site).await?;
    let lang = site.lang;
    let cells = rows
        .iter()
        .map(|row| {
            for seen in [&row.demand, &row.supply] {
                site.app.audit.note(&site.app, &site.caller, AccessKind::Export, seen);
            }
            let (demand, supply) = (row.demand.record(), row.supply.record());
            let owner = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
            vec![
                demand.number.as_str().into(),
                demand.title.as_str().into(),
                owner(&demand.organization),
                supply.number.as_str().into(),
                supply.title.as_str().into(),
                owner(&supply.organization),
                row.head.verdict.label(lang).into(),
                TableCell::Number(row.head.probability.to_f64()),
                row.answer.map_or("", |answer| answer.label(lang)).into(),
                row.step.as_ref().map_or("", |step| step.entry.step.label(lang)).into(),
                (row.step.as_ref().and_then(|step| step.entry.next_date))
                    .map_or(TableCell::Blank, TableCell::Day),
                row.why.join("；").as_str().into(),
            ]
        })
        .collect();
    let columns = vec![
        ("需求编号", "Demand no.", 16, TableLook::Code),
        ("需求名称", "Demand", 32, TableLook::Prose),
        ("需求单位", "Demand's owner", 24, TableLook::Prose),
        ("供给编号", "Supply no.", 16, TableLook::Code),
        ("供给名称", "Supply", 32, TableLook::Prose),
        ("供给单位", "Supply's owner", 24, TableLook::Prose),
        ("结论", "Verdict", 10, TableLook::Short),
        ("把握", "Probability", 10, TableLook::Amount),
        ("反馈", "Answer", 10, TableLook::Short),
        ("跟进", "Follow-up", 10, TableLook::Short),
        ("下次日期", "Next date", 12, TableLook::Date),
        ("新增原因", "Why new", 24, TableLook::Prose),
    ];
    let title = lang.pick("今日清单", "My list today");
    workbook(&site, (title, "today.xlsx"), columns, cells).await
}

/// The log of accesses.
pub(super) async fn log(site: Site) -> Result<Response, Problem> {
    site.needs(Permission::Admin)?;
    let found = site.app.read(|store| store.audit(&AccessFilter::default(), MOST_LOG)).await;
    let rows = found.map_err(|error| Problem::of_store(site.lang, &error))?;
    let cells = rows
        .iter()
        .map(|row| {
            vec![
                super::frame::local(row.at).as_str().into(),
                super::admin::actor(&row.actor, site.lang).as_str().into(),
                row.kind.label(site.lang).into(),
                row.side.map_or("", |side| side.label(site.lang)).into(),
                row.record.as_ref().map_or("", |id| id.as_str()).into(),
            ]
        })
        .collect();
    let columns = vec![
        ("时间", "Time", 18, TableLook::Short),
        ("谁", "Who", 20, TableLook::Prose),
        ("做了什么", "What", 16, TableLook::Short),
        ("一侧", "Side", 8, TableLook::Short),
        ("记录", "Record", 24, TableLook::Code),
    ];
    let title = site.lang.pick("访问记录", "Accesses");
    workbook(&site, (title, "log.xlsx"), columns, cells).await
}
