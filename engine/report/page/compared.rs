//! The ways of handing out, side by side, and what the figures mean.

use maud::{Markup, html};

use super::super::charts::grouped;
use super::super::{Compared, RunView};

/// The table; nothing where nothing was compared.
pub(super) fn table(view: &RunView<'_>) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let sets = [
        (
            true,
            t("值得联系的配对（发出的清单取自这里）", "Pairs worth a call (what is handed out)"),
        ),
        (false, t("全部入选排名的配对（未经结论筛选）", "All ranked pairs, before the verdicts")),
    ];
    html! {
        @if !view.compared.is_empty() {
            h3 { (t("几种分配方式的比较", "Ways to hand out, compared")) }
            div class="scroll" {
                table {
                    tr {
                        th { (t("方式", "Method")) } th class="n" { (t("条目", "Entries")) }
                        th class="n" { (t("供给覆盖", "Coverage")) } th class="n" { (t("基尼系数", "Gini")) }
                        th class="n" { (t("最多进几份", "Largest exposure")) }
                        th class="n" { (t("双向前十", "Mutual@10")) }
                        th class="n" { (t("得分损失", "Loss of score")) }
                        th class="n" { (t("双方总分", "Total mutual")) }
                        th class="n" { (t("不稳定的配对", "Blocking pairs")) }
                    }
                    @for (worthwhile, heading) in sets.into_iter().filter(|set| has_rows(view, set.0)) {
                        tr class="sum" { td colspan="9" { (heading) } }
                        @for compared in view.compared.iter().filter(|c| c.worthwhile_only == worthwhile) {
                            (row(view, compared))
                        }
                    }
                }
            }
            p class="soft" { (t(
                "覆盖：至少进入一份清单的供给占比，越高越不浪费；基尼系数：曝光在供给之间的不均，0 为人人一样；双向前十：双方都把对方排在前十的条目占比；得分损失：与不限额时各需求自己最好的同样多条相比，需求侧得分少了多少；不稳定的配对：没有入选、但双方都比手上已有的更愿意要对方。普通清单只看需求一侧，不守供给的名额。",
                "Coverage: share of supplies in at least one list. Gini: inequality of exposure, 0 is equal. Mutual@10: entries at which each is among the other's ten best. Loss: what demands' own score falls short of as many best entries without limits. Blocking pairs: left out, though both would prefer each other to something they got. Plain lists look at the demand only and keep no capacity of the supplies.",
            )) }
        }
    }
}

fn has_rows(view: &RunView<'_>, worthwhile_only: bool) -> bool {
    view.compared.iter().any(|compared| compared.worthwhile_only == worthwhile_only)
}

fn row(view: &RunView<'_>, compared: &Compared) -> Markup {
    let percent = |share: f64| format!("{:.1}%", share * 100.0);
    html! {
        tr {
            td {
                @if compared.handed_out { b { (compared.name) " ✓" } } @else { (compared.name) }
                @if compared.handed_out { span class="soft" { (view.lang.pick("（本次发出）", " (handed out)")) } }
            }
            td class="n" { (grouped(compared.entries)) }
            td class="n" { (percent(compared.coverage)) }
            td class="n" { (format!("{:.3}", compared.gini)) }
            td class="n" { (grouped(u64::from(compared.largest_exposure))) }
            td class="n" { (percent(compared.mutual_at_10)) }
            td class="n" { (percent(compared.one_sided_loss)) }
            td class="n" { (format!("{:.2}", compared.total_mutual)) }
            td class="n" { (grouped(compared.blocking_pairs)) }
        }
    }
}
