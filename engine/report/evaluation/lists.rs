//! What the candidates hold, and what the lists of both sides look like.

use maud::{Markup, html};

use super::super::charts::{Ink, Series, columns};
use super::{figure, table};
use crate::evaluation::{Evaluation, ListMeasures, TwoWay};
use crate::model::Lang;

/// Exposures from which columns of the chart begin, each up to the next.
const BINS: [u32; 9] = [0, 1, 2, 3, 5, 10, 11, 21, 51];

pub(super) fn section(evaluation: &Evaluation, lang: Lang) -> Markup {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let head = [
        t("相关等级", "Grade"),
        t("查询", "Queries"),
        t("候选并集", "Union"),
        "BM25".to_owned(),
        t("语义", "Dense"),
        t("每个查询的候选", "Candidates per query"),
    ];
    let rows: Vec<Vec<String>> = evaluation
        .candidates
        .iter()
        .map(|recall| {
            vec![
                format!("≥{}", recall.relevant_from),
                recall.n_queries.to_string(),
                format!("{:.3}", recall.union),
                format!("{:.3}", recall.bm25),
                format!("{:.3}", recall.dense),
                format!("{:.0}", recall.mean_candidates),
            ]
        })
        .collect();
    html! {
        h3 { (t("候选召回", "Recall of the candidates")) }
        p class="soft" { (t(
            "相关文档中有多大比例进入候选：两个方向、两种检索的并集，以及 BM25 与语义各自的前若干名。没进候选的，后面再也找不回来。",
            "Share of the relevant documents among the candidates: the union over both directions and retrievers, and the best of BM25 and dense alone. What is not a candidate is lost.",
        )) }
        (table(&head, &rows))
        h3 { (t("双向清单", "Two-way lists")) }
        @match &evaluation.two_way {
            Some(two_way) => (both_ways(two_way, lang)),
            None => p class="soft" { (t(
                "只问了评分里的查询，没有双向清单。",
                "Only the graded queries were asked: there are no two-way lists.",
            )) },
        }
    }
}

fn both_ways(two_way: &TwoWay, lang: Lang) -> Markup {
    let t = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    let head = [
        String::new(),
        t("对数", "Pairs"),
        t("有清单的需求", "Demands served"),
        t("供给覆盖", "Coverage"),
        t("基尼系数", "Gini"),
        t("最多份数", "Largest exposure"),
        format!("mutual@{}", two_way.k),
        t("单侧损失", "One-sided loss"),
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
    let names = [
        match lang {
            Lang::Zh => format!("各取前 {}", two_way.per_demand),
            Lang::En => format!("plain top {}", two_way.per_demand),
        },
        t("限额分配", "allocated"),
    ];
    let [plain, allocated] = names.clone();
    let rows = [line(plain, &two_way.plain), line(allocated, &two_way.allocated)];
    let [plain, allocated] = names;
    let series = [
        Series { name: plain, counts: binned(&two_way.plain), ink: Ink::Sky },
        Series { name: allocated, counts: binned(&two_way.allocated), ink: Ink::Blue },
    ];
    let bins: Vec<String> = BINS
        .iter()
        .zip(BINS.iter().skip(1).map(Some).chain([None]))
        .map(|(&from, next)| match next {
            Some(&next) if next == from + 1 => from.to_string(),
            Some(&next) => format!("{from}–{}", next - 1),
            None => format!("{from}+"),
        })
        .collect();
    let title = t("供给出现在几份清单里", "In how many lists a supply stands");
    let caption = t(
        "横轴为份数，纵轴为供给数。越靠左越没人看到，越靠右越扎堆。",
        "Lists to the right, supplies upwards: on the left nobody sees them, on the right everybody does.",
    );
    html! {
        (table(&head, &rows))
        p class="soft" { (t(
            "供给覆盖：至少进入一份清单的供给比例。基尼系数：0 为人人均等。mutual：双方都在对方按互选得分的前几名之内的比例。单侧损失：需求方得分比不设限额时少了多少。分配后的清单不含“暂无匹配”，所以对数较少。",
            "Coverage: share of supplies in at least one list. Gini: 0 is equal. Mutual: share of entries at which each is in the other's best by mutual score. One-sided loss: what demands give up of their own score. Allocated lists hold no “no match”, hence fewer pairs.",
        )) }
        div class="charts" { (figure(&title, &columns(&title, &caption, &bins, &series), &caption)) }
    }
}

fn binned(lists: &ListMeasures) -> Vec<u64> {
    let mut counts = vec![0_u64; BINS.len()];
    for (&exposure, &supplies) in &lists.exposure {
        let bin = BINS.partition_point(|&from| from <= exposure).max(1) - 1;
        counts[bin] += supplies as u64;
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_supply_is_in_one_column() {
        let lists = ListMeasures {
            n_entries: 0,
            n_demands_served: 0,
            coverage: 0.0,
            gini: 0.0,
            largest_exposure: 60,
            mutual_at_k: 0.0,
            one_sided_loss: 0.0,
            exposure: BTreeMap::from([(0, 5), (4, 2), (9, 1), (10, 3), (60, 1)]),
        };
        assert_eq!(binned(&lists), [5, 0, 0, 2, 1, 3, 0, 0, 1]);
    }
}
