//! News of a night for people: per demand, per organization, per broker.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::tables::{TableCell, TableColumn, TableDates, TableLook, TableSheet, write_tables};
use super::wording::percent;
use super::{ReportError, veil};
use crate::matching::{WhyGone, WhyNew};
use crate::model::{Lang, Micro, Record, Side, Verdict};

/// Most rows of a table on the page; the workbook has all.
const ROWS_ON_PAGE: usize = 300;
/// Most characters of a title.
const TITLE_CHARACTERS: usize = 120;

/// A new pair.
#[derive(Debug, Clone)]
pub struct NewsRow<'a> {
    /// The demand.
    pub demand: &'a Record,
    /// The supply.
    pub supply: &'a Record,
    /// Advice.
    pub verdict: Verdict,
    /// 把握.
    pub probability: Micro,
    /// Whether it is in the handed-out lists.
    pub handed_out: bool,
    /// The verdict before; `None` where the pair was not judged.
    pub verdict_before: Option<Verdict>,
    /// Why it is new.
    pub why: &'a [WhyNew],
    /// Who calls: a place in [`NewsView::brokers`]; `None` for nobody yet.
    pub broker: Option<usize>,
    /// 对应记录: what the row is about, for reading its answer back.
    pub versions: String,
}

/// A pair that is no longer handed out. A record that is gone has only its id.
#[derive(Debug, Clone)]
pub struct NewsGone<'a> {
    /// Number, or id, of the demand.
    pub demand: String,
    /// The demand, where it is still there.
    pub demand_record: Option<&'a Record>,
    /// Number, or id, of the supply.
    pub supply: String,
    /// The supply, where it is still there.
    pub supply_record: Option<&'a Record>,
    /// Why it went.
    pub why: &'a [WhyGone],
}

/// A broker and tonight's share.
#[derive(Debug, Clone)]
pub struct NewsBroker {
    /// Name.
    pub name: String,
    /// Pairs tonight.
    pub load: u32,
    /// Most per night.
    pub most: u32,
}

/// What stands at the head.
#[derive(Debug, Clone)]
pub struct NewsFacts<'a> {
    /// Dates of the run.
    pub dates: TableDates<'a>,
    /// Name of the run, such as `2026-11-20-1`.
    pub run: String,
    /// The run that it is compared with; `None` for the first.
    pub before: Option<String>,
    /// Nights without a run since then, with their number.
    pub missed: (Vec<jiff::civil::Date>, u32),
    /// Hours after which the page turns red.
    pub stale_hours: u32,
}

/// Everything of a night's news. Rows with an internal record are left out of what is written,
/// and counted.
#[derive(Debug, Clone)]
pub struct NewsView<'a> {
    /// What is new, in the order in which it is read.
    pub rows: Vec<NewsRow<'a>>,
    /// What went.
    pub gone: Vec<NewsGone<'a>>,
    /// Brokers in the order of the settings.
    pub brokers: Vec<NewsBroker>,
    /// Facts.
    pub facts: NewsFacts<'a>,
}

impl NewsView<'_> {
    fn shown(&self) -> impl Iterator<Item = &NewsRow<'_>> {
        self.rows
            .iter()
            .filter(|row| veil::may_hand_out(row.demand) && veil::may_hand_out(row.supply))
    }

    fn broker(&self, row: &NewsRow<'_>) -> String {
        let lang = self.facts.dates.lang;
        match row.broker {
            Some(at) => self.brokers[at].name.clone(),
            None if self.brokers.is_empty() || !row.handed_out => String::new(),
            None => lang.pick("待分配", "waiting").to_owned(),
        }
    }

    /// (organization, its role, row), by organization; owners that are not shown are left out.
    fn by_organization(&self) -> Vec<(String, Side, &NewsRow<'_>)> {
        let lang = self.facts.dates.lang;
        let mut rows: Vec<(String, Side, &NewsRow<'_>)> = Vec::new();
        for row in self.shown() {
            for record in [row.demand, row.supply] {
                let owner = veil::owner(record, lang);
                let public = record.visibility == crate::model::Visibility::Public;
                if public && !owner.is_empty() {
                    rows.push((owner.into_owned(), record.side, row));
                }
            }
        }
        // The order of the rows within an organization stays: the sort is stable.
        rows.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        rows
    }

    fn by_broker(&self) -> Vec<&NewsRow<'_>> {
        let mut rows: Vec<&NewsRow<'_>> = self.shown().filter(|row| row.handed_out).collect();
        rows.sort_by_key(|row| row.broker.unwrap_or(usize::MAX));
        rows
    }
}

fn title(record: &Record) -> String {
    let text = veil::text(record, &record.title);
    match text.char_indices().nth(TITLE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

fn reasons(why: &[WhyNew], lang: Lang) -> String {
    let words: Vec<&str> = why.iter().map(|why| why.label(lang)).collect();
    words.join(lang.pick("、", ", "))
}

fn yes(holds: bool, lang: Lang) -> &'static str {
    if holds { lang.pick("是", "yes") } else { lang.pick("否", "no") }
}

fn columns(lang: Lang, before: &[(&str, &str, u8)]) -> Vec<TableColumn> {
    let t = |zh, en| lang.pick(zh, en);
    let column = |zh: &str, en: &str, width, look| {
        TableColumn::new(if lang == Lang::Zh { zh } else { en }, width, look)
    };
    let mut columns: Vec<TableColumn> =
        (before.iter()).map(|(zh, en, width)| column(zh, en, *width, TableLook::Prose)).collect();
    columns.extend([
        column("需求编号", "Demand no.", 14, TableLook::Code),
        column("需求名称", "Demand", 28, TableLook::Prose),
        column("需求单位", "Demand owner", 18, TableLook::Prose),
        column("供给编号", "Supply no.", 14, TableLook::Code),
        column("供给名称", "Supply", 28, TableLook::Prose),
        column("供给单位", "Supply owner", 18, TableLook::Prose),
        column("结论", "Verdict", 10, TableLook::Short),
        column("把握(%)", "Chance (%)", 7, TableLook::Short),
        column("原先", "Before", 10, TableLook::Short),
        column("为什么新", "Why it is new", 22, TableLook::Prose),
        column("在推荐清单", "Handed out", 7, TableLook::Short),
        column("技术经理人", "Broker", 10, TableLook::Short),
        column("反馈", "Feedback", 9, TableLook::Short),
        column("原因", "Reason", 9, TableLook::Short),
    ]);
    let mut records = TableColumn::new(t("对应记录", "Records"), 9, TableLook::Code);
    records.hidden = true;
    columns.push(records);
    columns
}

fn cells(view: &NewsView<'_>, row: &NewsRow<'_>) -> Vec<TableCell> {
    let lang = view.facts.dates.lang;
    vec![
        row.demand.number.clone().into(),
        title(row.demand).into(),
        veil::owner(row.demand, lang).into_owned().into(),
        row.supply.number.clone().into(),
        title(row.supply).into(),
        veil::owner(row.supply, lang).into_owned().into(),
        row.verdict.label(lang).into(),
        TableCell::Number(percent(row.probability).into()),
        row.verdict_before.map_or("", |verdict| verdict.label(lang)).into(),
        reasons(row.why, lang).into(),
        yes(row.handed_out, lang).into(),
        view.broker(row).into(),
        TableCell::Blank,
        TableCell::Blank,
        row.versions.clone().into(),
    ]
}

fn gone_cells(gone: &NewsGone<'_>, lang: Lang) -> Vec<TableCell> {
    let name = |record: Option<&Record>| record.map(title).unwrap_or_default();
    let why: Vec<&str> = gone.why.iter().map(|why| why.label(lang)).collect();
    vec![
        gone.demand.clone().into(),
        name(gone.demand_record).into(),
        gone.supply.clone().into(),
        name(gone.supply_record).into(),
        why.join(lang.pick("、", ", ")).into(),
    ]
}

fn gone_shown<'a, 'b>(view: &'b NewsView<'a>) -> impl Iterator<Item = &'b NewsGone<'a>> {
    let may = |record: Option<&Record>| record.is_none_or(veil::may_hand_out);
    view.gone.iter().filter(move |gone| may(gone.demand_record) && may(gone.supply_record))
}

/// Writes `news.xlsx`: 按需求, 按单位 (either side's owner, with its role), 按技术经理人 (handed-out
/// pairs), 不再推荐, and 经理人负荷 where there are brokers. The 反馈 and 原因 columns of these
/// sheets are read back like those of the lists.
///
/// # Errors
/// [`ReportError::Workbook`].
pub fn write_news_workbook(path: &Path, view: &NewsView<'_>) -> Result<(), ReportError> {
    let lang = view.facts.dates.lang;
    let t = |zh, en| lang.pick(zh, en).to_owned();
    let organizations = view.by_organization();
    let brokers = view.by_broker();
    let with = |before: Vec<TableCell>, row: &NewsRow<'_>| {
        let mut all = before;
        all.extend(cells(view, row));
        all
    };
    let role = |side| match side {
        Side::Demand => lang.pick("需求方", "demand side"),
        Side::Supply => lang.pick("供给方", "supply side"),
    };
    let mut sheets = vec![
        TableSheet {
            name: t("按需求", "By demand"),
            columns: columns(lang, &[]),
            rows: Box::new(view.shown().map(|row| cells(view, row))),
        },
        TableSheet {
            name: t("按单位", "By organization"),
            columns: columns(lang, &[("单位", "Organization", 20), ("角色", "Role", 8)]),
            rows: Box::new(organizations.iter().map(|(owner, side, row)| {
                with(vec![owner.as_str().into(), role(*side).into()], row)
            })),
        },
        TableSheet {
            name: t("按技术经理人", "By broker"),
            columns: columns(lang, &[("分给", "Assigned to", 10)]),
            rows: Box::new(brokers.iter().map(|row| with(vec![view.broker(row).into()], row))),
        },
        TableSheet {
            name: t("不再推荐", "No longer handed out"),
            columns: vec![
                TableColumn::new(lang.pick("需求编号", "Demand no."), 16, TableLook::Code),
                TableColumn::new(lang.pick("需求名称", "Demand"), 36, TableLook::Prose),
                TableColumn::new(lang.pick("供给编号", "Supply no."), 16, TableLook::Code),
                TableColumn::new(lang.pick("供给名称", "Supply"), 36, TableLook::Prose),
                TableColumn::new(lang.pick("为什么", "Why"), 30, TableLook::Prose),
            ],
            rows: Box::new(gone_shown(view).map(|gone| gone_cells(gone, lang))),
        },
    ];
    if !view.brokers.is_empty() {
        sheets.push(TableSheet {
            name: t("经理人负荷", "Loads"),
            columns: vec![
                TableColumn::new(lang.pick("技术经理人", "Broker"), 20, TableLook::Prose),
                TableColumn::new(lang.pick("今晚分到", "Tonight"), 12, TableLook::Short),
                TableColumn::new(lang.pick("上限", "At most"), 12, TableLook::Short),
            ],
            rows: Box::new(view.brokers.iter().map(|broker| {
                vec![
                    broker.name.as_str().into(),
                    TableCell::Number(broker.load.into()),
                    TableCell::Number(broker.most.into()),
                ]
            })),
        });
    }
    write_tables(path, &view.facts.dates, sheets)
}

/// Writes `news.html`. It turns red when it is read later than the settings allow, by the only
/// script of the page, which looks at nothing but the clock.
///
/// # Errors
/// [`ReportError::Write`].
pub fn write_news_html(path: &Path, view: &NewsView<'_>) -> Result<(), ReportError> {
    let page = page(view).into_string();
    std::fs::write(path, page)
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(view: &NewsView<'_>) -> Markup {
    let dates = &view.facts.dates;
    let lang = dates.lang;
    let t = |zh, en| lang.pick(zh, en);
    let heading = t("今晚新增", "What is new");
    let n = view.shown().count();
    let handed_out = view.shown().filter(|row| row.handed_out).count();
    let withheld = view.rows.len() - n;
    let unknown = t("不详", "unknown");
    html! {
        (DOCTYPE)
        html lang=(t("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (heading) " " (view.facts.run) }
                style { (PreEscaped(include_str!("page/page.css"))) }
            }
            body {
                main {
                    h1 { (heading) }
                    p class="when" {
                        span { (t("数据截至 ", "Data until ")) (dates.data_until.map_or_else(|| unknown.to_owned(), |day| day.to_string())) }
                        span { (t("运行时间 ", "Run at ")) (dates.started_at.strftime("%Y-%m-%d %H:%M:%S %:z")) }
                        span { (t("参考日期 ", "As of ")) (dates.as_of) }
                    }
                    (super::stale_notice(dates.started_at, view.facts.stale_hours, lang))
                    p {
                        @match &view.facts.before {
                            Some(before) => { (t("与上次发布的结果比较：", "Compared with the last published run: ")) (before) }
                            None => { (t("首次运行，推荐清单中的全部都算新增。", "First run: all that is handed out is new.")) }
                        }
                    }
                    @if view.facts.missed.1 > 0 { p class="note" { (missed(&view.facts, lang)) } }
                    p class="headline" {
                        b { (n) } (t(" 对新增，其中 ", " new pairs, ")) b { (handed_out) }
                        (t(" 对在推荐清单里；", " of them handed out; ")) b { (gone_shown(view).count()) }
                        (t(" 对不再推荐。", " no longer handed out."))
                    }
                    @if withheld > 0 {
                        p { (withheld) (t(" 对涉及内部记录，未列出。", " pairs with internal records are not shown.")) }
                    }
                    h2 { (t("按需求", "By demand")) }
                    (table(view, view.shown(), n))
                    h2 { (t("按技术经理人", "By broker")) }
                    @if view.brokers.is_empty() {
                        p { (t("duijie.toml 里没有设 [[broker]]。", "There is no [[broker]] in duijie.toml.")) }
                    } @else {
                        div class="scroll" { table {
                            tr { th { (t("技术经理人", "Broker")) } th class="n" { (t("今晚分到", "Tonight")) } th class="n" { (t("上限", "At most")) } }
                            @for broker in &view.brokers {
                                tr { td { (broker.name) } td class="n" { (broker.load) } td class="n" { (broker.most) } }
                            }
                        } }
                        (table(view, view.by_broker().into_iter(), handed_out))
                    }
                    h2 { (t("不再推荐", "No longer handed out")) }
                    @if gone_shown(view).next().is_none() {
                        p { (t("没有。", "None.")) }
                    } @else {
                        div class="scroll" { table {
                            tr { th { (t("需求", "Demand")) } th { (t("供给", "Supply")) } th { (t("为什么", "Why")) } }
                            @for gone in gone_shown(view).take(ROWS_ON_PAGE) {
                                tr {
                                    td { (gone.demand) " " (gone.demand_record.map(title).unwrap_or_default()) }
                                    td { (gone.supply) " " (gone.supply_record.map(title).unwrap_or_default()) }
                                    td { (gone.why.iter().map(|why| why.label(lang)).collect::<Vec<_>>().join(t("、", ", "))) }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn missed(facts: &NewsFacts<'_>, lang: Lang) -> String {
    let (days, n) = &facts.missed;
    let days: Vec<String> = days.iter().map(ToString::to_string).collect();
    match lang {
        Lang::Zh => format!("有 {n} 个晚上没有运行，本次一并补上：{}", days.join("、")),
        Lang::En => format!("{n} nights without a run are caught up with: {}", days.join(", ")),
    }
}

fn table<'a, 'b: 'a>(
    view: &'a NewsView<'b>,
    rows: impl Iterator<Item = &'a NewsRow<'b>>,
    n: usize,
) -> Markup {
    let lang = view.facts.dates.lang;
    let t = |zh, en| lang.pick(zh, en);
    html! {
        div class="scroll" { table {
            tr {
                th { (t("需求", "Demand")) } th { (t("供给", "Supply")) } th { (t("结论", "Verdict")) }
                th class="n" { (t("把握(%)", "Chance (%)")) } th { (t("为什么新", "Why it is new")) }
                th { (t("技术经理人", "Broker")) }
            }
            @for row in rows.take(ROWS_ON_PAGE) {
                tr {
                    td { span class="keep" { (row.demand.number) } " " (title(row.demand)) " " (veil::owner(row.demand, lang)) }
                    td { span class="keep" { (row.supply.number) } " " (title(row.supply)) " " (veil::owner(row.supply, lang)) }
                    td { (row.verdict.label(lang)) }
                    td class="n" { (percent(row.probability)) }
                    td { (reasons(row.why, lang)) }
                    td { (view.broker(row)) }
                }
            }
        } }
        @if n > ROWS_ON_PAGE {
            p { (t("只列出前 ", "Only the first ")) (ROWS_ON_PAGE) (t(" 对，其余见 news.xlsx。", " are shown; news.xlsx has all.")) }
        }
    }
}
