//! The page of a forecast: one sentence per scenario, charts, tables, and what the model cannot say.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::ReportError;
use super::data_table::DataTable;
use super::fan::{Fan, fan_svg};
use super::shares::{Shares, shares_svg};
use crate::model::{Lang, Wording};

const STYLE: &str = include_str!("../page/page.css");

/// A table with its heading and a caption.
pub type Shown = (Wording, DataTable, Wording);

/// What the page tells of one scenario.
#[derive(Debug, Clone)]
pub struct ScenarioPage {
    /// Its name.
    pub name: String,
    /// Its remark.
    pub note: String,
    /// What it is compared with.
    pub baseline: String,
    /// The sentence to be quoted.
    pub sentence: Wording,
    /// One chart per cluster.
    pub fans: Vec<Fan>,
    /// The effect shared among levers, and how that was computed.
    pub attribution: Option<(Shares, Wording)>,
    /// Where the uncertainty comes from, and how that was computed.
    pub uncertainty: Option<(Shares, Wording)>,
    /// Tables in order.
    pub tables: Vec<Shown>,
}

/// What the page tells.
#[derive(Debug, Clone)]
pub struct ForecastPage {
    /// The reader's language.
    pub lang: Lang,
    /// When the run began.
    pub started_at: String,
    /// Program and version.
    pub program: String,
    /// Measure, prices and unit.
    pub measure: String,
    /// Last year with data.
    pub data_year: i32,
    /// Replicates so far, and planned.
    pub replicates: (u32, u32),
    /// Whether the figures are invented.
    pub demonstration: bool,
    /// Whether a hold-out was passed.
    pub passed: bool,
    /// The scenarios.
    pub scenarios: Vec<ScenarioPage>,
    /// Tables over all scenarios: targets, warnings, where clusters may grow.
    pub tables: Vec<Shown>,
    /// Warnings about what was asked.
    pub warnings: Vec<Wording>,
    /// What was assumed or filled in.
    pub notes: Vec<Wording>,
    /// The levers with their evidence.
    pub levers: Option<DataTable>,
    /// Names and values about the run.
    pub facts: Vec<(Wording, String)>,
}

/// Writes the page to `path`, replacing what is there.
///
/// # Errors
/// [`ReportError::Write`] when the file cannot be written.
pub fn write_forecast(path: &Path, page: &ForecastPage) -> Result<(), ReportError> {
    let text = render(page).into_string();
    std::fs::write(path, text)
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn render(page: &ForecastPage) -> Markup {
    let lang = page.lang;
    let t = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let title = t("产业集群增长推演", "What-if: growth of clusters");
    html! {
        (DOCTYPE)
        html lang=(t("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p class="when" {
                        span { (t("运行时间 ", "Run at ")) (page.started_at) }
                        span { (t("数据截至 ", "Data until ")) (page.data_year) (t(" 年", "")) }
                        span { (page.measure) }
                    }
                    (banners(page))
                    @for scenario in &page.scenarios {
                        p class="headline" { (scenario.sentence.get(lang)) }
                    }
                    p class="soft" { (t(
                        "以上句子可以直接引用；数字与 difference.csv、thresholds.csv 相同。区间表示模型之内的不确定，不包括下面写明的局限。",
                        "These sentences may be quoted; their numbers are those of difference.csv and thresholds.csv. Intervals cover what the model knows of, not the limits below.",
                    )) }
                    nav {
                        @for (nth, scenario) in page.scenarios.iter().enumerate() {
                            a href=(format!("#s{nth}")) { (scenario.name) }
                        }
                        @for (nth, (heading, ..)) in page.tables.iter().enumerate() {
                            a href=(format!("#t{nth}")) { (heading.get(lang)) }
                        }
                        a href="#limits" { (t("模型的局限", "Limits")) }
                        a href="#run" { (t("运行情况", "About this run")) }
                    }
                    @for (nth, scenario) in page.scenarios.iter().enumerate() {
                        section id=(format!("s{nth}")) { (one(scenario, lang)) }
                    }
                    @for (nth, shown) in page.tables.iter().enumerate() {
                        section id=(format!("t{nth}")) { h2 { (shown.0.get(lang)) } (table(shown, lang, false)) }
                    }
                    @if let Some(levers) = &page.levers {
                        section id="levers" {
                            h2 { (t("杠杆的依据，包括没有查到效果的研究", "What is known of the levers, null results included")) }
                            (levers.shown(lang, |_| true))
                        }
                    }
                    section id="limits" { h2 { (t("模型的局限", "Limits of the model")) } (limits(page)) }
                    section id="run" { h2 { (t("运行情况", "About this run")) } (about(page)) }
                }
            }
        }
    }
}

fn banners(page: &ForecastPage) -> Markup {
    let lang = page.lang;
    let t = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    let (done, planned) = page.replicates;
    html! {
        @if page.demonstration {
            p class="note" { b { (t("演示数据。", "Invented figures. ")) } (t(
                "起点数据是为演示而编的，不是统计数字；结果只说明程序怎样工作。",
                "The initial figures are made up; the results only show how the program works.",
            )) }
        }
        @if !page.passed {
            p class="note" { b { (t("未通过回测。", "No passed back-test. ")) } (t(
                "这里的预测没有在留出的真实年份上检验过，图中的区间只画轮廓，预警只标空心。比较情景之间的差，比引用单个预测值可靠。",
                "These forecasts have not been tested on held-out years: bands and warnings are hollow. Differences between scenarios are more reliable than single forecasts.",
            )) }
        }
        @if done < planned {
            p class="note" { b { (t("初步结果：", "Early results: ")) } (done) " / " (planned) (t(" 次推演。", " replicates.")) }
        }
        @for warning in &page.warnings { p class="note" { (warning.get(lang)) } }
    }
}

fn one(scenario: &ScenarioPage, lang: Lang) -> Markup {
    let t = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    html! {
        h2 { (scenario.name) }
        @if !scenario.note.is_empty() { p { (scenario.note) } }
        p class="soft" { (t("对照：", "Compared with: ")) (scenario.baseline) (t("。同一次推演里两者用同样的随机数，所以差只来自情景。", ". Both use the same random numbers in every replicate, so differences come from the scenario alone.")) }
        div class="charts" {
            @for fan in &scenario.fans {
                figure { h3 { (fan.title) } (fan_svg(fan, lang)) }
            }
            @if let Some((shares, how)) = &scenario.attribution {
                figure { h3 { (shares.title) } (shares_svg(shares)) figcaption { (how.get(lang)) } }
            }
            @if let Some((shares, how)) = &scenario.uncertainty {
                figure { h3 { (shares.title) } (shares_svg(shares)) figcaption { (how.get(lang)) } }
            }
        }
        @for shown in &scenario.tables { (table(shown, lang, true)) }
    }
}

fn table((heading, table, caption): &Shown, lang: Lang, with_heading: bool) -> Markup {
    html! {
        @if with_heading { h3 { (heading.get(lang)) } }
        (table.shown(lang, |_| true))
        @if !caption.get(lang).is_empty() { p class="soft" { (caption.get(lang)) } }
    }
}

fn limits(page: &ForecastPage) -> Markup {
    let zh = [
        "全国同业增速是输入，不是结果：集群只相对全国增长。增速给错，全部水平都错，情景之差影响较小。",
        "多数杠杆的效果很小或没有定论，效果按“有效的概率 × 大小”抽取；没有查到效果的研究列在依据里。",
        "没有价格、工资、财政和劳动力，不能用来说福利、就业或全省 GDP。",
        "没有企业之间的网络；供应链只有写进情景的那些投入品。备份的四个参数都是判断。",
        "企业没有微观数据时，规模按总量抽取，大企业的运气是不确定的主要来源。",
        "规上之外的企业不在起点数据里，新设企业从小规模进入；因此产值口径略宽于规上。",
        "有效期不超过 20 年；两周以内的停产分辨不出。",
        "技术合同额没有推算；能力较高的企业数（能力高于全国同业约 23%）只近似高新技术企业数。",
    ];
    let en = [
        "National growth is an input, not a result: a cluster grows relative to the nation. If it is wrong, all levels are; differences between scenarios suffer less.",
        "Most levers have small or no established effects; effects are drawn as probability times size, and studies without an effect are listed.",
        "No prices, wages, public finance or labour: no statement on welfare, employment or provincial GDP.",
        "No networks of firms; the supply chain has only the inputs that a scenario names. The four figures of a backup are judgements.",
        "Where micro-data is missing, sizes are drawn from totals; the luck of large firms is the main source of uncertainty.",
        "Firms below designated size are not in the initial figures, and entrants begin small; output is therefore slightly wider than the statistics.",
        "Valid for at most 20 years; stops of less than two weeks are not resolved.",
        "Contract values are not computed; the number of capable firms (some 23 % above the nation's industry) only approximates certified high-tech firms.",
    ];
    html! {
        ul class="plain" {
            @for (zh, en) in zh.into_iter().zip(en) { li { (page.lang.pick(zh, en)) } }
        }
        @if !page.notes.is_empty() {
            h3 { (page.lang.pick("本次推演里补上或假定的", "Filled in or assumed in this run")) }
            ul class="plain" { @for note in &page.notes { li { (note.get(page.lang)) } } }
        }
    }
}

fn about(page: &ForecastPage) -> Markup {
    html! {
        div class="scroll" {
            table {
                tr { th { (page.lang.pick("程序", "Program")) } td { (page.program) } }
                @for (name, value) in &page.facts {
                    tr { th { (name.get(page.lang)) } td { (value) } }
                }
            }
        }
    }
}
