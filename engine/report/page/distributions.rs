//! How the results are spread: charts with captions that say what they do not show.

use maud::{Markup, html};

use super::super::RunView;
use super::super::charts::{Bar, Ink, Series, bars, columns, grouped, share};
use super::super::summary::{ANSWER_BINS, EXPOSURE_BINS, Summary, bin_names};
use crate::model::{Lang, Maturity, Verdict};

pub(super) fn section(view: &RunView<'_>, summary: &Summary) -> Markup {
    html! {
        div class="charts" {
            (verdicts(view, summary))
            (probability(view, summary))
            (answers(view, summary))
            (exposure(view, summary))
            (maturity(view, summary))
            (class_chart(view, summary))
        }
        (classes(view, summary))
    }
}

fn figure(title: &str, chart: &Markup, caption: &str) -> Markup {
    html! { figure { h3 { (title) } (chart) figcaption { (caption) } } }
}

const fn ink(verdict: Verdict) -> Ink {
    match verdict {
        Verdict::NoMatch => Ink::Grey,
        Verdict::Discuss => Ink::Orange,
        Verdict::Recommend => Ink::Green,
    }
}

fn verdicts(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("需求的最好结论", "Best verdict per demand");
    let entries = [Verdict::Recommend, Verdict::Discuss, Verdict::NoMatch].map(|verdict| Bar {
        label: verdict.label(view.lang).to_owned(),
        count: summary.demands_by_best[verdict as usize],
        ink: ink(verdict),
    });
    let description =
        t("每条需求按其最好的一条供给计一次", "each demand counts once, by its best supply");
    let [none, discuss, recommend] = summary.pairs.map(grouped);
    let caption = match view.lang {
        Lang::Zh => format!(
            "每条需求计一次。保留的全部配对中：建议对接 {recommend} 对，可洽谈 {discuss} 对，暂无匹配 {none} 对。"
        ),
        Lang::En => format!(
            "Each demand counts once. Of all kept pairs: {recommend} recommend, {discuss} discuss, {none} no match."
        ),
    };
    figure(title, &bars(title, description, &entries, true), &caption)
}

fn probability(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("需求的最高把握", "Best chance per demand");
    let bins: Vec<String> = (0..10).map(|step| format!("{}–", step * 10)).collect();
    let series = [Series {
        name: t("需求数", "demands").to_owned(),
        counts: summary.best_probability.to_vec(),
        ink: Ink::Blue,
    }];
    let description =
        t("横轴为把握的十个百分点一档，纵轴为需求数", "demands by chance in steps of ten percent");
    let missing = grouped(summary.without_pair);
    let caption = match view.lang {
        Lang::Zh => format!(
            "横轴为把握(%)，每档十个百分点；纵轴为需求数。另有 {missing} 条需求没有候选。把握为估计值，不是成功率。"
        ),
        Lang::En => format!(
            "Chance in percent, steps of ten; {missing} demands have no candidate. An estimate, not a rate of success."
        ),
    };
    figure(title, &columns(title, description, &bins, &series), &caption)
}

fn answers(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("每条需求有几条可用的供给", "Answers per demand");
    let series = [Series {
        name: t("需求数", "demands").to_owned(),
        counts: summary.answers.to_vec(),
        ink: Ink::Sky,
    }];
    let caption = match view.lang {
        Lang::Zh => {
            format!(
                "横轴为供给条数（建议对接与可洽谈），每条需求至多列 {} 条；纵轴为需求数。",
                view.run.top
            )
        }
        Lang::En => {
            format!(
                "Number of supplies (recommend and discuss), at most {} per demand.",
                view.run.top
            )
        }
    };
    figure(title, &columns(title, &caption, &bin_names(&ANSWER_BINS), &series), &caption)
}

fn exposure(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("供给出现在几条需求的清单里", "In how many lists a supply stands");
    let series = [
        Series {
            name: t("分配前（需求→供给）", "before allocation").to_owned(),
            counts: summary.exposure_before.to_vec(),
            ink: Ink::Sky,
        },
        Series {
            name: t("分配后（推荐清单）", "handed out").to_owned(),
            counts: summary.exposure_after.to_vec(),
            ink: Ink::Blue,
        },
    ];
    let [before, after] = summary.most_exposed;
    let [unequal, less] = summary.gini;
    let caption = match view.lang {
        Lang::Zh => format!(
            "横轴为清单份数，纵轴为供给数。出现最多的供给：分配前 {before} 份，分配后 {after} 份。集中程度（基尼系数，0 为均等）：分配前 {unequal:.2}，分配后 {less:.2}；分配后每条需求只留 {} 条，未入选的供给随之增多，两个系数不宜直接比优劣。",
            view.run.per_demand
        ),
        Lang::En => format!(
            "Supplies by number of lists. The most frequent stands in {before} lists before allocation and {after} after. Gini coefficient {unequal:.2} before, {less:.2} after; as only {} places per demand remain, more supplies go without, so the two do not compare directly.",
            view.run.per_demand
        ),
    };
    figure(title, &columns(title, &caption, &bin_names(&EXPOSURE_BINS), &series), &caption)
}

fn maturity(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("供给的成熟度", "Maturity of the supplies");
    let [all, handed] = summary.maturity;
    let labels = Maturity::ALL
        .map(|step| step.label(view.lang))
        .into_iter()
        .chain([t("未写明", "not stated")]);
    let entries: Vec<Bar> = (labels.zip(all).enumerate())
        .map(|(place, (label, count))| Bar {
            label: label.to_owned(),
            count,
            ink: if place == Maturity::ALL.len() { Ink::Grey } else { Ink::Purple },
        })
        .collect();
    let given: u64 = handed.iter().sum();
    let late: u64 = handed[3] + handed[4];
    let caption = match view.lang {
        Lang::Zh => format!(
            "全部供给，按清单自述，未经核实。进入推荐清单的 {} 条供给中，通过中试及以上的占 {}。",
            grouped(given),
            share(late, given)
        ),
        Lang::En => format!(
            "All supplies, as stated, unverified. Of the {} handed out, {} are pilot tested or beyond.",
            grouped(given),
            share(late, given)
        ),
    };
    figure(title, &bars(title, &caption, &entries, true), &caption)
}

/// Demands with an answer and without, class by class.
fn class_chart(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let title = t("各大类的需求", "Demands by top classification");
    let entries: Vec<Bar> = (summary.classes.iter())
        .filter(|class| class.demands > 0)
        .map(|class| Bar { label: class.name.clone(), count: class.demands, ink: Ink::Blue })
        .collect();
    let caption = t(
        "需求最多的几个大类；有多少得到了供给，见下表。",
        "The classes with most records; the table below says how many of their demands are answered.",
    );
    html! { @if !entries.is_empty() { (figure(title, &bars(title, caption, &entries, false), caption)) } }
}

fn classes(view: &RunView<'_>, summary: &Summary) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let shown = summary.classes.len();
    html! {
        @if shown > 0 {
            h3 { (t("按大类", "By top classification")) }
            div class="scroll" {
                table {
                    tr {
                        th { (t("大类", "Class")) } th class="n" { (t("需求", "Demands")) }
                        th class="n" { (t("其中有供给的", "answered")) } th class="n" { (t("占比", "share")) }
                        th class="n" { (t("供给", "Supplies")) }
                    }
                    @for class in &summary.classes {
                        tr {
                            td { (class.name) } td class="n" { (grouped(class.demands)) }
                            td class="n" { (grouped(class.answered)) }
                            td class="n" { (share(class.answered, class.demands)) }
                            td class="n" { (grouped(class.supplies)) }
                        }
                    }
                }
            }
            p class="soft" {
                (t("按每条记录写明的第一个分类的最上一级统计；未写分类的记录不在表中。",
                   "By the top step of the first class stated; records without one are not in the table."))
                @if summary.n_classes > shown {
                    @match view.lang {
                        Lang::Zh => { "共 " (summary.n_classes) " 个大类，只列最大的 " (shown) " 个。" }
                        Lang::En => { " The largest " (shown) " of " (summary.n_classes) "." }
                    }
                }
            }
        }
    }
}
