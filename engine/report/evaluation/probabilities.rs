//! Whether probabilities mean what they say, and verdicts against grades.

use maud::{Markup, html};

use super::super::plots::{ForecastGroup, reliability};
use super::{decimal, figure, table};
use crate::evaluation::{Evaluation, Reliability, UPPER_FROM};
use crate::model::{Lang, Verdict};

pub(super) fn section(evaluation: &Evaluation, lang: Lang) -> Markup {
    html! {
        @if let Some(measured) = &evaluation.reliability {
            div class="two" {
                (curve(measured, lang))
                div { (figures(measured, lang)) (bins(measured, lang)) }
            }
            p class="note" {
                @match lang {
                    Lang::Zh => { "校准来源：" (evaluation.facts.calibration_note) "。若这里的评分就是拟合校准所用的评分，以上各数不是独立检验。" }
                    Lang::En => { "Calibration: " (evaluation.facts.calibration_note) ". On the grades that it was fitted to, these figures are not independent." }
                }
            }
        }
        (verdicts(evaluation, lang))
    }
}

fn curve(measured: &Reliability, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let groups: Vec<ForecastGroup> = measured
        .bins
        .iter()
        .filter(|bin| bin.n > 0)
        .map(|bin| ForecastGroup {
            forecast: bin.mean_probability,
            observed: bin.observed,
            interval: bin.interval,
            count: bin.n,
        })
        .collect();
    let title = t("把握可靠吗", "Are the probabilities reliable?");
    let caption = t(
        "每点一档把握，旁边是对数，竖线为 95% 区间（各对当作独立）。落在虚线上：说多少就是多少；在虚线下：说大了。",
        "One point per tenth with its number of pairs; lines are 95 % intervals, pairs taken as independent. On the dashed line a probability is what happens; below it, it says too much.",
    );
    let axes = (t("给出的把握", "probability given"), t("实际相关的比例", "share relevant"));
    figure(title, &reliability(title, caption, axes, &groups), caption)
}

fn figures(measured: &Reliability, lang: Lang) -> Markup {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let range = |interval: Option<(f64, f64)>| {
        interval.map_or_else(String::new, |(low, high)| format!(" [{low:.3}–{high:.3}]"))
    };
    let rows = [
        vec![
            t("已评对数（其中相关）", "Graded pairs (relevant)"),
            format!("{} ({})", measured.n, measured.n_relevant),
        ],
        vec![
            t("Brier 得分（只报基准率时）", "Brier score (of the base rate)"),
            format!("{:.4} ({:.4})", measured.brier, measured.brier_base),
        ],
        vec![
            t(
                "Brier 技巧（0 不比基准率强，1 全对）",
                "Brier skill (0 as the base rate, 1 perfect)",
            ),
            format!("{}{}", decimal(measured.skill), range(measured.skill_interval)),
        ],
        vec![t("校准误差", "Calibration error"), format!("{:.3}", measured.calibration_error)],
        vec![
            match lang {
                Lang::Zh => format!("同上，把握 ≥ {UPPER_FROM} 的 {} 对", measured.n_upper),
                Lang::En => format!("The same, {} pairs from {UPPER_FROM}", measured.n_upper),
            },
            format!(
                "{}{}",
                decimal(measured.calibration_error_upper),
                range(measured.calibration_error_upper_interval)
            ),
        ],
    ];
    html! { div class="scroll" { table { @for row in &rows { tr { th { (row[0]) } td class="n" { (row[1]) } } } } } }
}

fn bins(measured: &Reliability, lang: Lang) -> Markup {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let head = [
        t("把握", "Probability"),
        t("对数", "Pairs"),
        t("平均把握", "Mean"),
        t("实际相关", "Relevant"),
    ];
    let rows: Vec<Vec<String>> = measured
        .bins
        .iter()
        .filter(|bin| bin.n > 0)
        .map(|bin| {
            vec![
                format!("{:.1}–{:.1}", bin.from, bin.from + 0.1),
                bin.n.to_string(),
                format!("{:.3}", bin.mean_probability),
                format!("{:.3} [{:.3}–{:.3}]", bin.observed, bin.interval.0, bin.interval.1),
            ]
        })
        .collect();
    table(&head, &rows)
}

fn verdicts(evaluation: &Evaluation, lang: Lang) -> Markup {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let counts = &evaluation.verdicts;
    let order = [Verdict::Recommend, Verdict::Discuss, Verdict::NoMatch];
    let head: Vec<String> = std::iter::once(String::new())
        .chain(order.map(|verdict| verdict.label(lang).to_owned()))
        .collect();
    let line = |name: String, of: [usize; 3]| {
        std::iter::once(name).chain(order.map(|verdict| of[verdict as usize].to_string())).collect()
    };
    let rows: Vec<Vec<String>> = vec![
        line(t("有相关文档的查询", "Queries with a relevant document"), counts.with_relevant),
        line(
            t("其中相关文档自己的结论", "Of these, by the relevant document itself"),
            counts.relevant_shown,
        ),
        line(t("没有相关文档的查询", "Queries without"), counts.without_relevant),
        line(t("已评的对", "Graded pairs"), counts.pairs),
        line(t("其中相关的", "Of these relevant"), counts.relevant_pairs),
    ];
    html! {
        h3 { (t("结论对照评分", "Verdicts against grades")) }
        (table(&head, &rows))
        p class="soft" {
            @match lang {
                Lang::Zh => { "查询按前 " (counts.depth) " 条中最好的结论计一次；没评过的文档也可能值得推荐，所以“没有相关文档的查询”只是已评范围内没有。" }
                Lang::En => { "A query counts once, by the best verdict of its first " (counts.depth) "; unjudged documents may deserve theirs." }
            }
        }
    }
}
