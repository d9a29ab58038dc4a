//! How good each ranking is, over all queries and over kinds of them.

use maud::{Markup, html};

use super::super::charts::Ink;
use super::super::plots::{Measured, intervals};
use super::{figure, measure_label, ranker_label, slice_label, table, with_interval};
use crate::evaluation::{Evaluation, Interval, Measure, Ranker, RankingOutcome, Summary};
use crate::model::Lang;

/// Measures that have a chart of their own: those claims are made with.
const CHARTS: [Measure; 4] =
    [Measure::Ndcg10Judged, Measure::Ndcg10, Measure::Mrr, Measure::Recall100];

pub(super) const fn ink(ranker: Ranker) -> Ink {
    match ranker {
        Ranker::Bm25 => Ink::Grey,
        Ranker::Dense => Ink::Sky,
        Ranker::Rrf => Ink::Purple,
        Ranker::Hybrid => Ink::Green,
        Ranker::Full => Ink::Blue,
    }
}

fn entry(ranker: Ranker, interval: Option<Interval>, lang: Lang) -> Measured {
    Measured {
        label: ranker_label(ranker, lang).to_owned(),
        value: interval.map(|i| (i.mean, i.low, i.high)),
        ink: ink(ranker),
    }
}

/// The end of a chart's scale: the next fifth above everything drawn, at most 1.
fn full(entries: &[Measured]) -> f64 {
    let most = entries.iter().filter_map(|entry| entry.value).map(|v| v.2).fold(0.0, f64::max);
    ((most * 5.0).ceil() / 5.0).clamp(0.2, 1.0)
}

pub(super) fn section(evaluation: &Evaluation, lang: Lang) -> Markup {
    let t = |zh, en| lang.pick(zh, en);
    html! {
        @if evaluation.only_positive {
            p class="note" { (t(
                "评分全是正的，没有一对评为无关：“已评”各项必然接近 1，分不出高下，请看“全部”；把握也无从核对。",
                "All grades are positive and no pair was graded as useless: measures of judged documents are near 1 by construction, so look at all documents; probabilities cannot be checked.",
            )) }
        }
        div class="charts" {
            @for measure in CHARTS {
                @let entries: Vec<Measured> = evaluation.rankings.iter()
                    .map(|r| entry(r.ranker, r.summary[measure as usize].interval, lang)).collect();
                @let title = measure_label(measure, lang);
                @let n = evaluation.rankings.first().map_or(0, |r| r.summary[measure as usize].n);
                @let caption = match lang {
                    Lang::Zh => format!("{n} 个查询；横线为 95% 区间。"),
                    Lang::En => format!("{n} queries; the lines are 95 % intervals."),
                };
                (figure(title, &intervals(title, &caption, &entries, full(&entries)), &caption))
            }
        }
        (means(evaluation, lang))
        h3 { (t("与 BM25 之差", "Difference from BM25")) }
        (differences(evaluation, lang))
    }
}

/// One row per measure, one column per ranking.
fn by_measure(
    rankings: &[&RankingOutcome],
    lang: Lang,
    cell: impl Fn(&Summary) -> String,
) -> Markup {
    let names = rankings.iter().map(|ranking| ranker_label(ranking.ranker, lang).to_owned());
    let head: Vec<String> = std::iter::once(String::new()).chain(names).collect();
    let rows: Vec<Vec<String>> = Measure::ALL
        .into_iter()
        .map(|measure| {
            let cells = rankings.iter().map(|ranking| cell(&ranking.summary[measure as usize]));
            std::iter::once(measure_label(measure, lang).to_owned()).chain(cells).collect()
        })
        .collect();
    table(&head, &rows)
}

fn means(evaluation: &Evaluation, lang: Lang) -> Markup {
    let all: Vec<&RankingOutcome> = evaluation.rankings.iter().collect();
    by_measure(&all, lang, |summary| with_interval(summary.interval))
}

fn differences(evaluation: &Evaluation, lang: Lang) -> Markup {
    let others: Vec<&RankingOutcome> =
        evaluation.rankings.iter().filter(|ranking| ranking.ranker != Ranker::Bm25).collect();
    by_measure(&others, lang, |summary| match (summary.difference, summary.p) {
        (Some(difference), Some(p)) => {
            let p = if p < 0.001 { "p < .001".to_owned() } else { format!("p = {p:.3}") };
            format!("{:+.3}, {p}", difference.mean)
        }
        _ => "–".to_owned(),
    })
}

pub(super) fn slices(evaluation: &Evaluation, lang: Lang) -> Markup {
    let caption = |n: usize, decided: usize| match lang {
        Lang::Zh if decided < evaluation.measured.len() => {
            format!("{n} 个查询（{decided} 个可以判断）")
        }
        Lang::Zh => format!("{n} 个查询"),
        Lang::En if decided < evaluation.measured.len() => {
            format!("{n} queries ({decided} could be told)")
        }
        Lang::En => format!("{n} queries"),
    };
    html! {
        p class="soft" { @if evaluation.only_positive { (lang.pick("nDCG@10，全部文档。", "nDCG@10, all documents. ")) }
            @else { (lang.pick("nDCG@10，只看已评文档。", "nDCG@10, judged documents only. ")) }
            (lang.pick(
            "短：标题与正文合计不足 50 字；写有指标数字：数字后面跟着计量单位或 %；跨领域：与最好的已评文档分类大类不同（专利为 IPC 大类），两边没有同一体系的分类就无法判断；中英文：汉字数与英文词数比多少。",
            "Short: title and body below 50 characters; with quantities: a number with a unit or %; cross-field: the root of the classification (for patents the IPC class) differs from that of the best graded document, undecided without classes of one scheme; Chinese or English: more characters or more Latin words.",
        )) }
        div class="charts" {
            @for outcome in evaluation.slices.iter().filter(|outcome| outcome.n > 0) {
                @let entries: Vec<Measured> = Ranker::ALL.into_iter().zip(outcome.telling(evaluation.only_positive))
                    .map(|(ranker, interval)| entry(ranker, *interval, lang)).collect();
                @let title = slice_label(outcome.slice, lang);
                @let caption = caption(outcome.n, outcome.n_decided);
                (figure(title, &intervals(title, &caption, &entries, full(&entries)), &caption))
            }
        }
        @for outcome in evaluation.slices.iter().filter(|outcome| outcome.n == 0) {
            p class="soft" { (slice_label(outcome.slice, lang)) (lang.pick("：", ": ")) (caption(0, outcome.n_decided)) }
        }
    }
}
