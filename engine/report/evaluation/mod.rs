//! The report of an evaluation: one HTML page with charts, which asks nothing of any other host.

mod lists;
mod probabilities;
mod rankings;
mod wording;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::ReportError;
use super::charts::grouped;
use crate::evaluation::{Evaluation, Interval, Missing};
use crate::model::{Lang, Side};

pub use wording::{measure_label, ranker_label, slice_label};

/// Style of the page, the same as that of a run's report.
const STYLE: &str = include_str!("../page/page.css");

/// Writes the report of an evaluation to `path`, replacing what is there.
///
/// # Errors
/// [`ReportError::Write`] when the file cannot be written.
pub fn write_evaluation(
    path: &Path,
    evaluation: &Evaluation,
    lang: Lang,
) -> Result<(), ReportError> {
    let page = page(evaluation, lang).into_string();
    std::fs::write(path, page)
        .map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

fn page(evaluation: &Evaluation, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    let title = t("匹配质量评测", "Evaluation of matching");
    let sections: [(&str, &str, Markup); 5] = [
        ("rankings", t("排名", "Rankings"), rankings::section(evaluation, lang)),
        ("slices", t("分类查看", "Kinds of queries"), rankings::slices(evaluation, lang)),
        (
            "lists",
            t("候选与双向清单", "Candidates and two-way lists"),
            lists::section(evaluation, lang),
        ),
        (
            "probabilities",
            t("把握与结论", "Probabilities and verdicts"),
            probabilities::section(evaluation, lang),
        ),
        ("how", t("怎样评的", "How it was measured"), how(evaluation, lang)),
    ];
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
                        span { (t("运行时间 ", "Run at ")) (evaluation.facts.started_at) }
                        span { (t("参考日期 ", "As of ")) (evaluation.facts.as_of) }
                    }
                    (headline(evaluation, lang))
                    (missing(&evaluation.missing_queries, t("清单里没有的查询", "Queries that the list does not hold"), lang))
                    (missing(&evaluation.missing_documents, t("清单里没有的已评文档（算作找不到）", "Graded documents that the list does not hold (counted as not found)"), lang))
                    nav { @for (id, heading, _) in &sections { a href=(format!("#{id}")) { (heading) } } }
                    @for (id, heading, body) in &sections {
                        section id=(id) { h2 { (heading) } (body) }
                    }
                }
            }
        }
    }
}

fn headline(evaluation: &Evaluation, lang: Lang) -> Markup {
    let n = |count: usize| grouped(count as u64);
    let demands_ask = evaluation.asker == Side::Demand;
    let (asked, measured) = (n(evaluation.asked.len()), n(evaluation.measured.len()));
    let (demands, supplies) = (n(evaluation.n_demands), n(evaluation.n_supplies));
    let pairs = n(evaluation.n_graded_pairs);
    match lang {
        Lang::Zh => html! {
            p class="headline" {
                @if demands_ask { "需求找供给：" } @else { "供给找需求：" }
                "问了 " b { (asked) } " 个查询，其中 " b { (measured) } " 个有正的评分。"
            }
            p { (demands) " 条需求，" (supplies) " 条供给，" (pairs) " 对评分；"
                (evaluation.relevant_from) " 级起算相关。"
                @if evaluation.n_own > 0 { "两侧是同一文件，" (n(evaluation.n_own)) " 条记录不作自己的答案。" }
            }
        },
        Lang::En => html! {
            p class="headline" {
                @if demands_ask { "Demands ask for supplies: " } @else { "Supplies ask for demands: " }
                b { (asked) } " queries asked, " b { (measured) } " with a positive grade."
            }
            p { (demands) " demands, " (supplies) " supplies, " (pairs) " graded pairs; relevant from grade "
                (evaluation.relevant_from) "."
                @if evaluation.n_own > 0 { " One file on both sides: " (n(evaluation.n_own)) " records never answer themselves." }
            }
        },
    }
}

fn missing(missing: &Missing, what: &str, lang: Lang) -> Markup {
    html! {
        @if missing.n > 0 {
            p class="note" {
                (what) " " (missing.n) (lang.pick("：", ": ")) (missing.first.join(" "))
                @if missing.n > missing.first.len() { " …" }
            }
        }
    }
}

fn figure(title: &str, chart: &Markup, caption: &str) -> Markup {
    html! { figure { h3 { (title) } (chart) figcaption { (caption) } } }
}

/// A figure with three decimals; a dash where there is none.
fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn with_interval(interval: Option<Interval>) -> String {
    interval
        .map_or_else(|| "–".to_owned(), |i| format!("{:.3} [{:.3}–{:.3}]", i.mean, i.low, i.high))
}

/// A table with a heading row; the first column is text, the others are figures.
fn table(head: &[String], rows: &[Vec<String>]) -> Markup {
    html! {
        div class="scroll" {
            table {
                tr { @for (at, cell) in head.iter().enumerate() { th class=[(at > 0).then_some("n")] { (cell) } } }
                @for row in rows {
                    tr { @for (at, cell) in row.iter().enumerate() { td class=(if at > 0 { "n" } else { "keep" }) { (cell) } } }
                }
            }
        }
    }
}

fn how(evaluation: &Evaluation, lang: Lang) -> Markup {
    let facts = &evaluation.facts;
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let speed = &evaluation.embedding;
    let files = |files: &[(String, String)]| {
        let named = files.iter().map(|(file, digest)| {
            format!("{file} ({})", digest.chars().take(12).collect::<String>())
        });
        named.collect::<Vec<_>>().join(lang.pick("，", ", "))
    };
    let weights: Vec<String> = facts
        .hybrid_weights
        .iter()
        .map(|(p, weight)| format!("{} {weight}", p.label(lang)))
        .collect();
    let rows: Vec<Vec<String>> = [
        (t("程序", "Program"), format!("duijie {}", facts.version)),
        (t("需求", "Demands"), files(&facts.demands)),
        (t("供给", "Supplies"), files(&facts.supplies)),
        (t("评分", "Grades"), files(&facts.qrels)),
        (
            t("向量模型", "Embedding model"),
            format!(
                "{} ({})",
                facts.embedder,
                facts.embedder_sha256.chars().take(12).collect::<String>()
            ),
        ),
        (
            t("向量速度", "Embedding speed"),
            match lang {
                Lang::Zh => format!(
                    "{} 段文字，{:.2} 秒，每秒 {:.0} 段，{} 个线程",
                    speed.n_texts,
                    speed.seconds,
                    speed.per_second(),
                    speed.threads
                ),
                Lang::En => format!(
                    "{} texts in {:.2} s, {:.0} texts/s on {} threads",
                    speed.n_texts,
                    speed.seconds,
                    speed.per_second(),
                    speed.threads
                ),
            },
        ),
        (t("混合排名的权重（千分）", "Hybrid weights (thousandths)"), weights.join(" · ")),
        (t("每种检索取候选", "Candidates per retriever"), facts.n_candidates.to_string()),
        (t("排名深度", "Depth"), facts.depth.to_string()),
        (t("重采样种子", "Seed of the resamples"), facts.seed.to_string()),
        (t("计算后端", "Backend"), facts.backend.clone()),
        (
            t("用时（秒）", "Seconds"),
            facts
                .timings
                .iter()
                .map(|time| format!("{} {:.2}", time.label, time.seconds))
                .collect::<Vec<_>>()
                .join(" · "),
        ),
    ]
    .into_iter()
    .map(|(name, value)| vec![name, value])
    .collect();
    html! {
        div class="scroll" { table { @for row in &rows { tr { th { (row[0]) } td { (row[1]) } } } } }
        dl { @for (term, meaning) in terms(lang) { dt { (term) } dd { (meaning) } } }
    }
}

fn terms(lang: Lang) -> [(&'static str, &'static str); 5] {
    match lang {
        Lang::Zh => [
            (
                "nDCG@10",
                "前十名的评分按名次折减后相加，除以最好的排法；线性增益，同 trec_eval。“全部”把没评过的文档当 0 分；“已评”只排评过的文档，旁边的 judged@10 是前十名里评过的比例。",
            ),
            ("MRR、命中、召回", "只算有相关文档的查询。MRR 是第一个相关文档名次的倒数。"),
            (
                "区间与 p",
                "区间是按查询重采样 5,000 次的 95% 范围；p 是与 BM25 逐个查询成对的随机化检验（双侧）。查询少，区间就宽。",
            ),
            (
                "五种排名",
                "BM25 只看用词；dense 只看所选模型自己的向量；RRF 是两者的名次相加，仅作对照，分数没有含义；hybrid 是取自文字的各部分按权重相加；full 是 match 的得分。hybrid 与 full 只排候选。",
            ),
            ("并列", "分数相同按编号从小到大。"),
        ],
        Lang::En => [
            (
                "nDCG@10",
                "Grades of the first ten, discounted by place, over the best possible order; linear gain, as trec_eval. “All” counts unjudged documents as 0; “judged” ranks graded documents only, and judged@10 says how many of the first ten are graded.",
            ),
            (
                "MRR, hits, recall",
                "Over the queries that have a relevant document. MRR is the mean of one over the place of the first.",
            ),
            (
                "Intervals and p",
                "95 % of 5,000 resamples of the queries; p by paired randomisation against BM25, two-sided. Few queries, wide intervals.",
            ),
            (
                "Five rankings",
                "BM25 is words alone, dense is the chosen model's own vectors alone, RRF adds up their places and is for comparison only; hybrid adds up the parts made of the texts by their weights; full is the score of match. Hybrid and full rank the candidates only.",
            ),
            ("Ties", "Equal scores are ordered by id, lowest first."),
        ],
    }
}
