//! An evaluation as a table for people.

use std::fmt::Write as _;

use super::super::table::lines_up;
use crate::evaluation::{
    Evaluation, Interval, ListMeasures, Measure, Missing, Reliability, Summary, UPPER_FROM,
    VerdictCounts,
};
use crate::model::{Lang, Side};
use crate::report::{measure_label, ranker_label, slice_label};

pub(super) fn of(evaluation: &Evaluation, lang: Lang) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, evaluation, lang);
    out
}

fn write_all(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    what(out, evaluation, lang)?;
    let t = |zh, en| lang.pick(zh, en);
    writeln!(out, "\n{}", t("排名（各项均值，越大越好）", "Rankings (means, higher is better)"))?;
    write!(out, "{}", lines_up(&rankings(evaluation, lang)))?;
    let note = t(
        "方括号内为 95% 区间（按查询重采样）；p 为与 BM25 的成对随机化检验；judged 只排人工评过的文档；rrf 仅作对照。",
        "In brackets 95 % intervals, queries resampled; p against BM25 by paired randomisation; judged ranks graded documents only; rrf is for comparison only.",
    );
    writeln!(out, "{note}")?;
    if evaluation.only_positive {
        let note = t(
            "评分全是正的，没有一对评为无关：“已评”各项必然接近 1，分不出高下，请看“全部”；把握也无从核对。",
            "All grades are positive and no pair was graded as useless: measures of judged documents are near 1 by construction, so look at all documents; probabilities cannot be checked.",
        );
        writeln!(out, "{note}")?;
    }
    let heading = if evaluation.only_positive {
        t("分类查看：nDCG@10（全部）", "Kinds of queries: nDCG@10 (all documents)")
    } else {
        t("分类查看：nDCG@10（只看已评）", "Kinds of queries: nDCG@10 (judged documents only)")
    };
    writeln!(out, "\n{heading}")?;
    write!(out, "{}", lines_up(&slices(evaluation, lang)))?;
    writeln!(out, "\n{}", t("候选召回：相关文档有多少进入候选", "Recall of the candidates"))?;
    write!(out, "{}", lines_up(&candidates(evaluation, lang)))?;
    two_way(out, evaluation, lang)?;
    probabilities(out, evaluation, lang)?;
    speed(out, evaluation, lang)
}

fn what(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    let (asked, measured) = (evaluation.asked.len(), evaluation.measured.len());
    let (demands, supplies) = (evaluation.n_demands, evaluation.n_supplies);
    let level = evaluation.relevant_from;
    match lang {
        Lang::Zh => {
            let direction = if evaluation.asker == Side::Demand {
                "需求→供给"
            } else {
                "供给→需求"
            };
            writeln!(out, "{direction}：需求 {demands} 条，供给 {supplies} 条")?;
            writeln!(
                out,
                "评分 {} 对，查询 {} 个，问到 {asked} 个，其中 {measured} 个有正的评分；{level} 级起算相关",
                evaluation.n_graded_pairs, evaluation.n_queries
            )?;
        }
        Lang::En => {
            let direction = if evaluation.asker == Side::Demand {
                "demand → supply"
            } else {
                "supply → demand"
            };
            writeln!(out, "{direction}: {demands} demands, {supplies} supplies")?;
            writeln!(
                out,
                "{} graded pairs, {} queries, {asked} asked, {measured} of them with a positive grade; relevant from grade {level}",
                evaluation.n_graded_pairs, evaluation.n_queries
            )?;
        }
    }
    for (missing, zh, en) in [
        (&evaluation.missing_queries, "清单里没有的查询", "queries that the list does not hold"),
        (
            &evaluation.missing_documents,
            "清单里没有的已评文档（算作找不到）",
            "graded documents that the list does not hold (counted as not found)",
        ),
    ] {
        if missing.n > 0 {
            writeln!(out, "{}", missing_line(missing, lang.pick(zh, en), lang))?;
        }
    }
    if evaluation.n_own > 0 {
        let n = evaluation.n_own;
        match lang {
            Lang::Zh => writeln!(out, "两侧是同一文件：{n} 条记录不作自己的答案")?,
            Lang::En => {
                writeln!(out, "one file on both sides: {n} records never answer themselves")?;
            }
        }
    }
    Ok(())
}

fn missing_line(missing: &Missing, what: &str, lang: Lang) -> String {
    let more = if missing.n > missing.first.len() { " …" } else { "" };
    let remedy = lang.pick(
        "编号以导入结果为准，可用 --map id=列名 指定编号列，或用 duijie import --check 核对",
        "ids are compared as imported: name their column with --map id=COLUMN, or look with `duijie import --check`",
    );
    let (colon, stop) = (lang.pick("：", ": "), lang.pick("。", ". "));
    format!("{what} {}{colon}{}{more}{stop}{remedy}", missing.n, missing.first.join(" "))
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn with_interval(interval: Option<Interval>) -> String {
    interval
        .map_or_else(|| "–".to_owned(), |i| format!("{:.3} [{:.3}–{:.3}]", i.mean, i.low, i.high))
}

/// Measures that claims are made with: the p of their difference from BM25 stands below them.
const WITH_P: [Measure; 3] = [Measure::Ndcg10, Measure::Ndcg10Judged, Measure::Mrr];

/// One row per measure, one column per ranking.
fn rankings(evaluation: &Evaluation, lang: Lang) -> Vec<Vec<String>> {
    let names = evaluation.rankings.iter().map(|r| ranker_label(r.ranker, lang).to_owned());
    let mut rows = vec![std::iter::once(String::new()).chain(names).collect::<Vec<_>>()];
    for measure in Measure::ALL {
        let line = |name: String, cell: &dyn Fn(&Summary) -> String| {
            let cells = evaluation.rankings.iter().map(|r| cell(&r.summary[measure as usize]));
            std::iter::once(name).chain(cells).collect::<Vec<_>>()
        };
        rows.push(line(measure_label(measure, lang).to_owned(), &|s| with_interval(s.interval)));
        if WITH_P.contains(&measure) {
            rows.push(line(lang.pick("  p（对 BM25）", "  p (against BM25)").to_owned(), &p));
        }
    }
    rows
}

fn p(summary: &Summary) -> String {
    summary.p.map_or_else(String::new, |p| {
        if p < 0.001 { "<.001".to_owned() } else { format!("{p:.3}") }
    })
}

fn slices(evaluation: &Evaluation, lang: Lang) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new(), "n".to_owned()]];
    rows[0].extend(evaluation.rankings.iter().map(|r| ranker_label(r.ranker, lang).to_owned()));
    for outcome in &evaluation.slices {
        let mut row = vec![slice_label(outcome.slice, lang).to_owned()];
        row.push(match outcome.n_decided {
            decided if decided < evaluation.measured.len() => format!("{}/{decided}", outcome.n),
            _ => outcome.n.to_string(),
        });
        row.extend(
            outcome
                .telling(evaluation.only_positive)
                .iter()
                .map(|&interval| with_interval(interval)),
        );
        rows.push(row);
    }
    rows
}

fn candidates(evaluation: &Evaluation, lang: Lang) -> Vec<Vec<String>> {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let mut rows = vec![vec![
        t("等级", "grade"),
        t("查询数", "queries"),
        t("并集", "union"),
        "BM25".to_owned(),
        t("语义", "dense"),
        t("每个查询的候选数", "candidates per query"),
    ]];
    rows.extend(evaluation.candidates.iter().map(|recall| {
        vec![
            format!("≥{}", recall.relevant_from),
            recall.n_queries.to_string(),
            format!("{:.3}", recall.union),
            format!("{:.3}", recall.bm25),
            format!("{:.3}", recall.dense),
            format!("{:.0}", recall.mean_candidates),
        ]
    }));
    rows
}

fn two_way(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    let Some(two_way) = &evaluation.two_way else { return Ok(()) };
    let (k, per_demand, per_supply) = (two_way.k, two_way.per_demand, two_way.per_supply);
    match lang {
        Lang::Zh => writeln!(
            out,
            "\n双向清单（全部需求；限额：每条需求至多 {per_demand} 条，每条供给至多 {per_supply} 份）"
        )?,
        Lang::En => writeln!(
            out,
            "\nTwo-way lists (all demands; capacities: {per_demand} per demand, {per_supply} per supply)"
        )?,
    }
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let head = vec![
        String::new(),
        t("对数", "pairs"),
        t("有清单的需求", "demands served"),
        t("供给覆盖", "coverage"),
        t("基尼", "Gini"),
        t("最多份数", "largest exposure"),
        format!("mutual@{k}"),
        t("单侧损失", "one-sided loss"),
    ];
    let line = |name: String, lists: &ListMeasures| {
        vec![
            name,
            lists.n_entries.to_string(),
            lists.n_demands_served.to_string(),
            format!("{:.3}", lists.coverage),
            format!("{:.3}", lists.gini),
            lists.largest_exposure.to_string(),
            format!("{:.3}", lists.mutual_at_k),
            format!("{:.3}", lists.one_sided_loss),
        ]
    };
    let plain = match lang {
        Lang::Zh => format!("各取前 {per_demand}"),
        Lang::En => format!("plain top {per_demand}"),
    };
    let rows =
        [head, line(plain, &two_way.plain), line(t("限额分配", "allocated"), &two_way.allocated)];
    write!(out, "{}", lines_up(&rows))
}

fn probabilities(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    let t = |zh, en| lang.pick(zh, en);
    if let Some(reliability) = &evaluation.reliability {
        writeln!(out, "\n{}", t("把握（概率）与评分", "Probabilities against grades"))?;
        write!(out, "{}", lines_up(&reliability_rows(reliability, lang)))?;
        let rows: Vec<Vec<String>> = std::iter::once(vec![
            t("把握", "probability").to_owned(),
            t("对数", "pairs").to_owned(),
            t("平均把握", "mean").to_owned(),
            t("实际相关", "observed").to_owned(),
        ])
        .chain(reliability.bins.iter().filter(|bin| bin.n > 0).map(|bin| {
            vec![
                format!("{:.1}–{:.1}", bin.from, bin.from + 0.1),
                bin.n.to_string(),
                format!("{:.3}", bin.mean_probability),
                format!("{:.3} [{:.3}–{:.3}]", bin.observed, bin.interval.0, bin.interval.1),
            ]
        }))
        .collect();
        write!(out, "{}", lines_up(&rows))?;
        let note = &evaluation.facts.calibration_note;
        match lang {
            Lang::Zh => writeln!(
                out,
                "校准来源：{note}。若这里的评分就是拟合校准所用的评分，以上各数不是独立检验。"
            )?,
            Lang::En => writeln!(
                out,
                "Calibration: {note}. On the grades that it was fitted to, these figures are not independent."
            )?,
        }
    }
    verdicts(out, evaluation, lang)
}

fn reliability_rows(reliability: &Reliability, lang: Lang) -> Vec<Vec<String>> {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let range = |interval: Option<(f64, f64)>| {
        interval.map_or_else(String::new, |(low, high)| format!(" [{low:.3}–{high:.3}]"))
    };
    vec![
        vec![
            t("已评对数（其中相关）", "graded pairs (relevant)"),
            format!("{} ({})", reliability.n, reliability.n_relevant),
        ],
        vec![
            t("Brier 得分（基准率）", "Brier score (base rate)"),
            format!("{:.4} ({:.4})", reliability.brier, reliability.brier_base),
        ],
        vec![
            t("Brier 技巧", "Brier skill"),
            format!("{}{}", figure(reliability.skill), range(reliability.skill_interval)),
        ],
        vec![t("校准误差", "calibration error"), format!("{:.3}", reliability.calibration_error)],
        vec![
            match lang {
                Lang::Zh => format!("把握 ≥ {UPPER_FROM} 的 {} 对的校准误差", reliability.n_upper),
                Lang::En => format!(
                    "calibration error of the {} pairs from {UPPER_FROM}",
                    reliability.n_upper
                ),
            },
            format!(
                "{}{}",
                figure(reliability.calibration_error_upper),
                range(reliability.calibration_error_upper_interval)
            ),
        ],
    ]
}

fn verdicts(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    let counts = &evaluation.verdicts;
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    match lang {
        Lang::Zh => writeln!(out, "\n结论（查询按前 {} 条中最好的一条计）", counts.depth)?,
        Lang::En => {
            writeln!(out, "\nVerdicts (queries by the best of their first {})", counts.depth)?;
        }
    }
    let line = |name: String, [none, discuss, recommend]: [usize; 3]| {
        vec![name, recommend.to_string(), discuss.to_string(), none.to_string()]
    };
    let rows = [
        vec![
            String::new(),
            t("建议对接", "recommend"),
            t("可洽谈", "discuss"),
            t("暂无匹配", "no match"),
        ],
        line(t("有相关文档的查询", "queries with a relevant document"), counts.with_relevant),
        line(
            t("其中相关文档自己的结论", "of these, by the relevant document itself"),
            counts.relevant_shown,
        ),
        line(t("没有相关文档的查询", "queries without"), counts.without_relevant),
        line(t("已评的对", "graded pairs"), counts.pairs),
        line(t("其中相关的", "of these relevant"), counts.relevant_pairs),
    ];
    write!(out, "{}", lines_up(&rows))?;
    writeln!(out, "{}", verdict_shares(counts, lang))
}

/// What the verdicts do, in shares: a dash where there is nothing to take a share of.
fn verdict_shares(counts: &VerdictCounts, lang: Lang) -> String {
    let share = |n: usize, of: usize| match of {
        0 => "–".to_owned(),
        _ => format!("{}% ({n}/{of})", (200 * n + of) / (2 * of)),
    };
    let all = |counts: [usize; 3]| counts.iter().sum::<usize>();
    let [none, _, recommended] = counts.without_relevant;
    let without = all(counts.without_relevant);
    let [hidden, ..] = counts.relevant_shown;
    let with = all(counts.relevant_shown);
    let (refused, recommended) = (share(none, without), share(recommended, without));
    let shown = share(with - hidden, with);
    let right = share(counts.relevant_pairs[2], counts.pairs[2]);
    match lang {
        Lang::Zh => format!(
            "没有相关文档的查询：暂无匹配 {refused}，建议对接 {recommended}；其余：相关文档自己得到建议对接或可洽谈 {shown}；建议对接的已评对中相关 {right}"
        ),
        Lang::En => format!(
            "queries without a relevant document: no match {refused}, recommend {recommended}; the others: a relevant document itself recommended or to discuss {shown}; graded pairs recommended: relevant {right}"
        ),
    }
}

fn speed(out: &mut String, evaluation: &Evaluation, lang: Lang) -> std::fmt::Result {
    let speed = &evaluation.embedding;
    let facts = &evaluation.facts;
    let total: f64 = facts.timings.iter().map(|time| time.seconds).sum();
    let (name, texts, threads) = (&facts.embedder, speed.n_texts, speed.threads);
    let (seconds, rate) = (speed.seconds, speed.per_second());
    match lang {
        Lang::Zh => writeln!(
            out,
            "\n向量模型 {name}：{texts} 段文字（{} 字），{seconds:.2} 秒，每秒 {rate:.0} 段，{threads} 个线程；计算后端 {}；全程 {total:.1} 秒",
            speed.n_characters, facts.backend
        ),
        Lang::En => writeln!(
            out,
            "\nEmbedding model {name}: {texts} texts ({} characters) in {seconds:.2} s, {rate:.0} texts/s on {threads} threads; backend {}; {total:.1} s in all",
            speed.n_characters, facts.backend
        ),
    }
}
