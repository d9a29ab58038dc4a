//! `report.html`: one page that a person can read, print and pass on.
//!
//! It asks nothing of any other host, and all text in it is escaped by construction. It runs no
//! script but, in the report of a night, one that reads the clock to turn red. The parts stand in files of their own, in the order of the page.

mod attention;
mod compared;
mod distributions;
mod examples;
mod feedback;
mod joint;
mod quality;
mod reading;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::charts::grouped;
use super::summary::Summary;
use super::wording::percent;
use super::{ReportError, RunView};
use crate::kernel::BackendKind;
use crate::model::{Lang, Verdict};

/// Style of the page; its own so that the page needs nothing else.
const STYLE: &str = include_str!("page.css");

/// Writes `report.html` to `path`, replacing what is there.
///
/// The page is drawn up in memory first: its size depends on the number of examples, tables and
/// refusals shown, which are all bounded, not on the number of records. The same view makes the
/// same bytes.
///
/// # Errors
/// [`ReportError::View`] when the view's lists do not fit its tables, [`ReportError::Write`] when
/// the file cannot be written.
pub fn write_html(path: &Path, view: &RunView<'_>) -> Result<(), ReportError> {
    view.check()?;
    let page = page(view).into_string();
    std::fs::write(path, page)
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(view: &RunView<'_>) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let title = t("技术供需对接报告", "Technology matching report");
    let summary = Summary::of(view);
    let mut sections: Vec<(&str, &str, Markup)> = vec![
        ("attention", t("先看这里", "Needs attention first"), attention::section(view)),
        ("reading", t("读到了什么", "What was read"), reading::section(view)),
        (
            "results",
            t("结果分布", "How the results are spread"),
            html! { (distributions::section(view, &summary)) (compared::table(view)) },
        ),
        ("quality", t("需求写得怎样", "How well demands are stated"), quality::section(view)),
        ("examples", t("十个例子", "Ten examples"), examples::section(view)),
        ("joint", t("联合体：合起来能答的需求", "Joint answers"), joint::section(view)),
        (
            "gaps",
            t("暂无匹配的需求（节选）", "Demands without a match (extract)"),
            examples::gap_extract(view),
        ),
        ("feedback", t("反馈的影响", "What answers changed"), feedback::section(view)),
        ("how", t("怎样读这份报告", "How to read this report"), how_to_read(view)),
        ("run", t("运行情况", "About this run"), about_run(view)),
    ];
    // Without answers the page says nothing about them.
    sections.retain(|(id, ..)| *id != "feedback" || view.feedback.is_some());
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
                    (dates(view))
                    @if let Some(hours) = view.run.stale_hours {
                        (super::stale_notice(&view.run.started_at, hours, lang))
                    }
                    @for note in &view.run.notes { p class="note" { (note) } }
                    (headline(view, &summary))
                    nav {
                        @for (id, heading, _) in &sections { a href=(format!("#{id}")) { (heading) } }
                    }
                    @for (id, heading, body) in &sections {
                        section id=(id) { h2 { (heading) } (body) }
                    }
                }
            }
        }
    }
}

fn dates(view: &RunView<'_>) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let run = view.run;
    html! {
        p class="when" {
            span {
                (t("数据截至 ", "Data until "))
                @match run.data_until {
                    Some(day) => (day),
                    None => (t("不详（清单中没有日期）", "unknown (no dates in the lists)")),
                }
            }
            span { (t("运行时间 ", "Run at ")) (run.started_at.strftime("%Y-%m-%d %H:%M:%S %:z")) }
            span { (t("参考日期 ", "As of ")) (run.as_of) }
        }
    }
}

fn headline(view: &RunView<'_>, summary: &Summary) -> Markup {
    let by = |verdict: Verdict| grouped(summary.demands_by_best[verdict as usize]);
    let [recommend, discuss, none] =
        [Verdict::Recommend, Verdict::Discuss, Verdict::NoMatch].map(by);
    let demands = grouped(view.demands.len() as u64);
    let supplies = grouped(view.supplies.len() as u64);
    let idle = grouped(summary.supplies_without);
    let allocated = grouped(summary.allocated);
    let run = view.run;
    match view.lang {
        Lang::Zh => html! {
            p class="headline" {
                b { (demands) } "条需求中，" b { (recommend) } "条建议对接，" b { (discuss) } "条可洽谈，"
                b { (none) } "条暂无匹配。"
            }
            p {
                (supplies) " 条供给中，" (idle) " 条目前没有值得联系的需求。推荐清单共发出 " (allocated) " 对：每条需求至多 "
                (run.per_demand) " 条供给，每条供给至多进入 " (run.per_supply) " 条需求的清单。"
            }
        },
        Lang::En => html! {
            p class="headline" {
                "Of " b { (demands) } " demands, " b { (recommend) } " have a supply to be introduced to, "
                b { (discuss) } " one worth a call, " b { (none) } " none."
            }
            p {
                "Of " (supplies) " supplies, " (idle) " have no demand worth a call. " (allocated)
                " pairs are handed out: at most " (run.per_demand) " supplies per demand, and a supply in at most "
                (run.per_supply) " lists."
            }
        },
    }
}

fn how_to_read(view: &RunView<'_>) -> Markup {
    let run = view.run;
    let (recommend, discuss) = (percent(run.recommend_from), percent(run.discuss_from));
    let entries: Vec<(&str, String)> = match view.lang {
        Lang::Zh => vec![
            ("把握(%)", format!(
                "估计一位技术经理人看过双方原文后，愿意引荐这一对的可能性。它由两个方向（从需求看、从供给看）各自的把握取平均得到。{}。{}",
                run.calibration,
                if run.provisional { "这是暂定校准：适合用来排先后，不宜当作成功率引用" } else { "数值可以与实际引荐比例对照" },
            ) + "。"),
            ("结论", format!("把握达到 {recommend}% 为“建议对接”，达到 {discuss}% 为“可洽谈”，其余为“暂无匹配”。“已对接”只能由人填写。最好的一条也不够好时，如实写“暂无匹配”，不凑数。")),
            ("得分的组成", "每个方向的得分是各部分之和：用词（共同的技术词语）、语义（全文意思接近）、段落（逐条要求找最接近的段落）、领域、时效、成熟度。资料没写的部分记为“缺”，不当作零分，但会降低资料完整度。".to_owned()),
            ("依据", "引号内和加底色的文字都摘自双方原文，没有改写；联系方式与匿名单位的名称以〔略〕代替。".to_owned()),
            ("推荐清单(限额)", "在双方名额之内分配，热门成果因此不会出现在每个人的清单里。默认使双方得分之和最大（最小费用流，精确最优）；也可选稳定匹配：进入排名的候选里，没有哪一对落选的双方都更愿意要对方。两种方式的差别见“几种分配方式的比较”。".to_owned()),
            ("本报告没有核实的事", "专利是否有效、单位信用、指标真伪、价格，都以清单所写为准；请在联系之前核实。".to_owned()),
        ],
        Lang::En => vec![
            ("Chance (%)", format!(
                "An estimate of how likely a broker who has read both texts would introduce the two: the mean of the two directions. {}. {}.",
                run.calibration,
                if run.provisional { "The calibration is provisional: good for ordering, not to be quoted as a rate of success" } else { "It can be compared with the share of pairs introduced" },
            )),
            ("Verdict", format!("From {recommend}%: recommend; from {discuss}%: discuss; else no match. Only a person records an introduction. Where the best is not good enough, the report says so.")),
            ("The score", "Each direction's score is a sum of parts: words, meaning, passage (the nearest passage to each requirement), field, freshness, maturity. What the lists do not state is missing, not zero; it lowers completeness.".to_owned()),
            ("Evidence", "Quoted and marked passages are copied from the two texts. Contacts and the names of unnamed owners are replaced by 〔略〕.".to_owned()),
            ("Handed-out list", "Within the capacities of both sides, so that no supply stands in everybody's list. By default the sum of both sides' scores is the greatest possible (exact min-cost flow); stable lists, in which no two who were left out would both prefer each other, are the other choice. The table of ways to hand out shows what differs.".to_owned()),
            ("Not checked", "Whether patents are in force, credit, truth of figures, prices: as the lists state them. Check before calling.".to_owned()),
        ],
    };
    html! { dl { @for (term, meaning) in &entries { dt { (term) } dd { (meaning) } } } }
}

fn about_run(view: &RunView<'_>) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let run = view.run;
    let kind = match run.backend.kind {
        BackendKind::Cpu => t("处理器（CPU）", "processor (CPU)"),
        BackendKind::Gpu if run.backend.software => {
            t("软件模拟的显卡", "GPU interface in software")
        }
        BackendKind::Gpu => t("显卡（GPU）", "GPU"),
    };
    let total: f64 = run.timings.iter().map(|(_, seconds)| seconds).sum();
    html! {
        div class="two" {
            div class="scroll" {
                table {
                    tr { th { (t("程序", "Program")) } td { "duijie " (run.version) } }
                    tr { th { (t("计算设备", "Backend")) } td { (kind) } }
                    tr { th { (t("设备名称", "Adapter")) } td { (run.backend.adapter) } }
                    tr { th { (t("驱动/指令集", "Driver")) } td { (run.backend.driver) } }
                    tr { th { (t("向量模型", "Embedder")) } td { (run.embedder) } }
                }
            }
            div class="scroll" {
                table {
                    tr { th { (t("步骤", "Step")) } th class="n" { (t("用时（秒）", "Seconds")) } }
                    @for (step, seconds) in &run.timings {
                        tr { td { (step) } td class="n" { (format!("{seconds:.2}")) } }
                    }
                    tr class="sum" { td { (t("合计", "Total")) } td class="n" { (format!("{total:.2}")) } }
                }
            }
        }
        p class="soft" { (t(
            "全部计算在本机完成，没有任何内容发往外部。完整清单见同一文件夹的 lists.xlsx，机器可读的结果见 matches.jsonl。",
            "Everything was computed on this machine and nothing was sent anywhere. The full lists are in lists.xlsx beside this page, machine-readable results in matches.jsonl.",
        )) }
    }
}

/// The badge of a verdict, with its word.
fn badge(verdict: Verdict, lang: Lang) -> Markup {
    let class = match verdict {
        Verdict::NoMatch => "nomatch",
        Verdict::Discuss => "discuss",
        Verdict::Recommend => "recommend",
    };
    html! { span class=(format!("verdict {class}")) { (verdict.label(lang)) } }
}
