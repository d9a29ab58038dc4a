//! The report of a back-test: one HTML page with charts, which asks nothing of any other host.

mod charts;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ReportError;
use super::charts::{Ink, Series, columns};
use crate::evaluation::uniformity;
use crate::model::Lang;
use crate::simulation::backtest::{BackTest, COVERAGE_LEVELS, Panel};

/// Style of the page, the same as that of a run's report.
const STYLE: &str = include_str!("../page/page.css");

/// What the page tells beside the figures.
#[derive(Debug, Clone)]
pub struct BackTestFacts {
    /// Name of the file.
    pub file: String,
    /// The variable, its unit, and its prices, as people read them.
    pub variable: String,
    /// What was noticed in the data, a sentence each.
    pub notes: Vec<String>,
    /// Runs from the prior and members of a forecast.
    pub runs: (u32, usize),
    /// Identity of everything that was computed.
    pub fingerprint: String,
}

/// The names of the rivals for people.
#[must_use]
pub fn rival_label(rival: usize, lang: Lang) -> &'static str {
    match rival {
        0 => lang.pick("带漂移的随机游走", "random walk with drift"),
        1 => lang.pick("AR(1)", "AR(1)"),
        _ => lang.pick("直线趋势", "linear trend"),
    }
}

/// The banner of everything that rests on the model for these series.
#[must_use]
pub fn back_test_banner(passed: bool, lang: Lang) -> &'static str {
    if passed {
        lang.pick("通过回测", "passed the back-test")
    } else {
        lang.pick("未通过回测", "did not pass the back-test")
    }
}

/// Writes the report of a back-test to `path`, replacing what is there.
///
/// # Errors
/// [`ReportError::Write`] when the file cannot be written.
pub fn write_back_test(
    path: &Path,
    panel: &Panel,
    result: &BackTest,
    facts: &BackTestFacts,
    lang: Lang,
) -> Result<(), ReportError> {
    let page = page(panel, result, facts, lang).into_string();
    std::fs::write(path, page)
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(panel: &Panel, result: &BackTest, facts: &BackTestFacts, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let title = t("产业集群推演：回测", "Cluster what-if: back-test");
    let verdict = &result.verdict;
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
                    p class="when" { span { (facts.file) } span { (facts.variable) } }
                    p class="note" { b { (back_test_banner(verdict.passed, lang)) } " · " (rule(lang)) }
                    p class="headline" { (headline(panel, result, lang)) }
                    section id="skill" {
                        h2 { (t("预测得分", "Skill")) }
                        (skill(result, lang))
                        div class="charts" { (charts::skills(panel, result, lang)) }
                    }
                    section id="coverage" {
                        h2 { (t("区间覆盖率", "Coverage of intervals")) }
                        (coverage(result, lang))
                        div class="charts" { (places(result, lang)) }
                    }
                    section id="series" {
                        h2 { (t("逐个序列", "Series by series")) }
                        p class="soft" { (t(
                            "黑点为实际值；色带由浅到深为 95 %、80 %、50 % 预测区间，白线为中位数。每次预测只用起点年份及以前的数据。",
                            "Dots: what came. Bands, light to dark: 95, 80, 50 % intervals; white line: median. Every forecast uses the years up to its origin only.",
                        )) }
                        div class="charts" {
                            @for it in &verdict.series { (charts::fan(panel, result, it.group, lang)) }
                        }
                    }
                    section id="fitted" {
                        h2 { (t("拟合出的参数", "What was fitted")) }
                        (fitted(result, lang))
                    }
                    section id="how" {
                        h2 { (t("怎样做的，局限在哪里", "How it was done, and its limits")) }
                        (how(panel, result, facts, lang))
                    }
                }
            }
        }
    }
}

fn rule(lang: Lang) -> &'static str {
    lang.pick(
        "标准：对三个对手的得分中位数都大于 0，80 % 区间覆盖 70–90 %，95 % 区间覆盖 88–99 %",
        "rule: median skill above 0 against all three rivals, 80 % intervals cover 70–90 %, 95 % ones 88–99 %",
    )
}

fn headline(panel: &Panel, result: &BackTest, lang: Lang) -> String {
    let verdict = &result.verdict;
    let n = verdict.series.len();
    let [walk, auto, line] = verdict.median_skill.map(|it| percent(it.0));
    let wide = percent(verdict.coverage[1]);
    let (first, last) = (panel.years.first(), panel.years.last());
    let (first, last) = (first.copied().unwrap_or(0), last.copied().unwrap_or(0));
    match lang {
        Lang::Zh => format!(
            "{first}—{last} 年 {n} 个序列、{} 次预测：得分中位数比带漂移的随机游走 {walk}，比 AR(1) {auto}，比直线趋势 {line}（正为更好）；80 % 区间实际覆盖 {wide}。",
            result.scored.len(),
        ),
        Lang::En => format!(
            "{n} series {first}–{last}, {} forecasts: median skill {walk} against a random walk with drift, {auto} against AR(1), {line} against a linear trend (positive is better); 80 % intervals covered {wide}.",
            result.scored.len(),
        ),
    }
}

/// A share as a signed percentage where it is negative.
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn skill(result: &BackTest, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let verdict = &result.verdict;
    html! {
        div class="scroll" { table {
            tr {
                th { (t("对手", "Rival")) }
                th class="n" { (t("得分中位数", "median skill")) }
                th class="n" { (t("95 % 区间（按序列重抽）", "95 % interval (series resampled)")) }
                th class="n" { (t("优于对手的序列", "series better")) }
                th class="n" { (t("全部预测合计", "all forecasts")) }
            }
            @for (rival, (middle, low, high)) in verdict.median_skill.iter().enumerate() {
                @let better = verdict.series.iter().filter(|it| it.skill[rival] > 0.0).count();
                tr {
                    td { (rival_label(rival, lang)) }
                    td class="n" { (percent(*middle)) }
                    td class="n" { (percent(*low)) " – " (percent(*high)) }
                    td class="n" { (better) " / " (verdict.series.len()) }
                    td class="n" { (percent(verdict.pooled_skill[rival])) }
                }
            }
        } }
        p class="soft" { (t(
            "得分 = 1 − 模型 CRPS ÷ 对手 CRPS，CRPS 按起点以来增长的 log₂ 计。区间含 0 的，不能说优于对手。",
            "Skill = 1 − CRPS of the model / CRPS of the rival, of log₂ growth since the origin. Where the interval holds 0, the model cannot be called better.",
        )) }
    }
}

fn coverage(result: &BackTest, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let verdict = &result.verdict;
    html! {
        div class="scroll" { table {
            tr {
                th { (t("区间", "interval")) }
                @for level in COVERAGE_LEVELS { th class="n" { (percent(level)) } }
            }
            tr class="sum" {
                td { (t("全部", "all")) }
                @for share in verdict.coverage { td class="n" { (percent(share)) } }
            }
            @for (h, row) in (1..).zip(&verdict.coverage_by_horizon) {
                @if let Some(row) = row {
                    tr {
                        td { (h) (t(" 年后", " years ahead")) }
                        @for share in row { td class="n" { (percent(*share)) } }
                    }
                }
            }
        } }
        p class="soft" {
            (t("要让这些预测恰好覆盖，80 % 与 95 % 区间的半宽须分别乘以 ", "To cover these forecasts the half-widths of the 80 % and the 95 % interval are to be multiplied by "))
            (format!("{:.2}", verdict.stretch[0])) (t(" 与 ", " and ")) (format!("{:.2}", verdict.stretch[1]))
            (t("（split conformal）。", " (split conformal)."))
        }
    }
}

/// Histogram of the places of what came in the forecasts.
fn places(result: &BackTest, lang: Lang) -> Markup {
    let values: Vec<f64> = result.scored.iter().map(|it| it.place).collect();
    let Some((counts, _)) = uniformity(&values, 10) else { return html! {} };
    let bins: Vec<String> = (0..10).map(|bin| format!("{}", bin * 10)).collect();
    let counts = counts.into_iter().map(|n| n as u64).collect();
    let title =
        lang.pick("实际值在预测分布中的位置（%）", "Where what came stood in the forecast (%)");
    let told = lang.pick("预测正确时各档相同", "equal columns where forecasts are right");
    columns(title, told, &bins, &[Series { name: title.to_owned(), counts, ink: Ink::Blue }])
}

fn fitted(result: &BackTest, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    html! {
        div class="scroll" { table {
            tr {
                th { (t("起点", "origin")) }
                @for name in crate::simulation::backtest::THETA_NAMES { th class="n" { (name) (t("（10–50–90 %）", " (10–50–90 %)")) } }
                th class="n" { (t("全国年增长（log₂）", "national growth per year (log₂)")) }
                th class="n" { (t("相对增长的延续", "relative growth that goes on")) }
            }
            @for it in &result.fitted {
                tr {
                    td { (it.origin) }
                    @for [low, middle, high] in it.theta {
                        td class="n" { (format!("{low:.3} – {middle:.3} – {high:.3}")) }
                    }
                    td class="n" { (format!("{:.3}", it.national)) }
                    td class="n" { (format!("{:.2}", it.persistence)) }
                }
            }
        } }
        @if !result.calibration.is_empty() {
            p { (t("模拟校准（最后一个起点，200 个模拟世界的秩，10 档）：", "Simulation-based calibration (last origin, ranks of 200 simulated worlds in ten bins): ")) }
            ul class="plain" {
                @for (name, bins, p) in &result.calibration {
                    li { (name) "：" (format!("{bins:?}")) (format!(", p = {p:.3}"))
                        @if *p < 0.01 { b { (t(" 不均匀，后验不可信", " not uniform, the posterior is not to be trusted")) } } }
                }
            }
        }
    }
}

fn how(panel: &Panel, result: &BackTest, facts: &BackTestFacts, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let left_out: Vec<&str> = result.left_out.iter().map(|g| panel.groups[*g].as_str()).collect();
    html! {
        ul class="plain" {
            @for note in &facts.notes { li { (note) } }
            @if !left_out.is_empty() {
                li { (t("年份太少、没有预测的组：", "Too few years for a forecast: ")) (left_out.join("、")) }
            }
            li { (t(
                "全部序列合起来当作一个封闭经济：模型只说各组相对于总体的增长；总体增长是输入，取起点前五次年增长的均值和离差。",
                "All series together are one closed economy: the model tells growth relative to all; growth of all is an input, the mean and deviation of the last five growths before the origin.",
            )) }
            li { (t(
                "每个起点用回归 ABC 只拟合三个参数（σ_c、σ0、φ），σ_c 的先验宽于文献范围；企业按起点的总量和户数从帕累托尾抽取；其余参数取默认值。",
                "At every origin regression-ABC fits three parameters only (σ_c, σ0, φ), σ_c with a prior wider than its evidence; firms are drawn from the origin's totals and counts with a Pareto tail; other parameters are the defaults.",
            )) }
            li { (t(
                "同一年的各省、同一起点的各年预测并不独立，覆盖率和得分的误差因此大于次数所暗示的。",
                "Forecasts of one year and of one origin depend on each other, so coverage and skill are less certain than their number suggests.",
            )) }
            li { (t(
                "通过回测只说明这个口径的序列；不说明政策杠杆的效果，也不说明市级集群。",
                "Passing speaks for series of this kind only; neither for the effects of levers nor for clusters of cities.",
            )) }
        }
        p class="foot" {
            (t("先验运行 ", "prior runs ")) (facts.runs.0) (t("，每次预测成员 ", ", members per forecast ")) (facts.runs.1)
            " · fingerprint " (facts.fingerprint)
        }
    }
}
