//! Demands that no single supply covers, and the supplies that together do.

use maud::{Markup, html};

use super::super::charts::grouped;
use super::super::wording::percent;
use super::super::{Joint, RunView, evidence, veil};
use super::badge;
use crate::model::{Lang, Quote, Record};

/// Most joint answers shown.
const SHOWN: usize = 10;
/// Most characters of requirements in one line.
const CHARACTERS: usize = 160;

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    html! {
        @if view.joint.is_empty() {
            p { (t("没有需要联合作答的需求。", "No demand needs a joint answer.")) }
        } @else {
            p class="soft" {
                @match view.lang {
                    Lang::Zh => { "共 " (grouped(view.joint.len() as u64)) " 条需求，单个供给只能答一部分，两三条合起来覆盖更多；这里列合计覆盖最高的 " (SHOWN.min(view.joint.len())) " 条，其余见 lists.xlsx 的“联合体”。覆盖按需求的句子估计，引文摘自需求原文。" }
                    Lang::En => { (grouped(view.joint.len() as u64)) " demands of which one supply answers only a part. The " (SHOWN.min(view.joint.len())) " best covered; the rest is in lists.xlsx. Coverage is estimated sentence by sentence; quotes are from the demand." }
                }
            }
            @for joint in best(view) { (card(view, joint)) }
        }
    }
}

/// The best covered, ties in the order of the view.
fn best<'a>(view: &RunView<'a>) -> Vec<&'a Joint> {
    let mut joint: Vec<&Joint> = view.joint.iter().filter(|joint| may_show(view, joint)).collect();
    joint.sort_by_key(|joint| std::cmp::Reverse(joint.coverage));
    joint.truncate(SHOWN);
    joint
}

/// Internal records are not among the examples of a page.
fn may_show(view: &RunView<'_>, joint: &Joint) -> bool {
    let supplies = joint.members.iter().map(|m| view.supply(&view.matches[m.pair as usize]));
    veil::may_hand_out(&view.demands[joint.demand.get()])
        && supplies.into_iter().all(veil::may_hand_out)
}

fn card(view: &RunView<'_>, joint: &Joint) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let demand = &view.demands[joint.demand.get()];
    let quoted = |record: &Record, quotes: &[Quote]| evidence::listed(record, quotes, CHARACTERS);
    html! {
        article {
            h3 { span class="code" { (demand.number) } " " (veil::text(demand, &demand.title)) }
            p {
                (t("合计覆盖 ", "Covered together ")) b { (percent(joint.coverage)) "%" }
                (t("，单个最好 ", ", best alone ")) (percent(joint.best_single)) "%"
                @match (lang, joint.parties) {
                    (Lang::Zh, 1) => { "；都是同一单位，一个电话" }
                    (Lang::Zh, parties) => { "；涉及 " (parties) " 家" }
                    (Lang::En, 1) => { "; one owner, one call" }
                    (Lang::En, parties) => { "; " (parties) " parties" }
                }
            }
            ul {
                @for member in &joint.members {
                    @let pair = &view.matches[member.pair as usize];
                    @let supply = view.supply(pair);
                    li {
                        span class="code" { (supply.number) } " " (veil::text(supply, &supply.title)) " "
                        span class="soft" { (t("单独看 ", "alone ")) } (badge(pair.verdict, lang)) " "
                        span class="soft" {
                            (veil::owner(supply, lang)) " · " (t("缺它少 ", "lost without it ")) (percent(member.gain)) "%"
                        }
                        br; (quoted(demand, &member.covers))
                    }
                }
            }
            @if !joint.remainder.is_empty() {
                p { b { (t("仍未覆盖：", "Not covered: ")) } (quoted(demand, &joint.remainder)) }
            }
        }
    }
}
