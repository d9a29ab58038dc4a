//! 反馈的影响: what brokers' answers changed, who said so, and how to undo it.

use maud::{Markup, html};

use super::super::charts::grouped;
use super::super::wording::answered;
use super::super::{RunView, veil};
use crate::matching::{FEWEST_REFUSALS, Feedback, MOST_MOVED, PairAnswer};
use crate::model::{Answer, Lang, Reason};

/// Most pairs named per table.
const ROWS: usize = 20;

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let Some(feedback) = view.feedback else { return html! {} };
    let t = |zh, en| view.lang.pick(zh, en);
    let introduced =
        feedback.standing.iter().filter(|pair| pair.answer.answer == Answer::Introduced).count();
    html! {
        p {
            @match view.lang {
                Lang::Zh => {
                    "依据技术经理人的反馈：" (grouped(feedback.blocked.len() as u64)) " 对不再推荐，"
                    (grouped(feedback.lifted.len() as u64)) " 对因一方内容已变而解除，"
                    (grouped(introduced as u64)) " 对已对接。不带 --answers 运行，或用 --answers-until 指定日期，即可撤销。"
                }
                Lang::En => {
                    "By brokers' answers: " (grouped(feedback.blocked.len() as u64)) " pairs are blocked, "
                    (grouped(feedback.lifted.len() as u64)) " are free again because a record changed, "
                    (grouped(introduced as u64)) " are introduced. Run without --answers, or with --answers-until, to undo it."
                }
            }
        }
        @if feedback.unknown + feedback.left_out + feedback.superseded > 0 {
            p class="soft" {
                @match view.lang {
                    Lang::Zh => { "另有 " (feedback.superseded) " 条被同一对的后来反馈取代，" (feedback.left_out) " 条因日期未用，" (feedback.unknown) " 条在清单中找不到。" }
                    Lang::En => { (feedback.superseded) " more were replaced by later ones, " (feedback.left_out) " left out by date, " (feedback.unknown) " concern records in neither list." }
                }
            }
        }
        (reasons(view, feedback))
        (weights(view, feedback))
        (pairs(view, t("不再推荐的配对", "Blocked pairs"), &feedback.blocked))
        (pairs(view, t("解除的配对", "Pairs that are free again"), &feedback.lifted))
    }
}

fn reasons(view: &RunView<'_>, feedback: &Feedback) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    if feedback.refusals.iter().all(|&n| n == 0) {
        return html! {};
    }
    html! {
        div class="scroll" {
            table {
                tr { th { (t("不合适的原因", "Reason")) } th class="n" { (t("对数", "Pairs")) } }
                @for (reason, n) in Reason::ALL.into_iter().zip(feedback.refusals) {
                    @if n > 0 { tr { td { (reason.label(view.lang)) } td class="n" { (n) } } }
                }
            }
        }
    }
}

fn weights(view: &RunView<'_>, feedback: &Feedback) -> Markup {
    let t = |zh, en| view.lang.pick(zh, en);
    let most = MOST_MOVED / 10;
    html! {
        @if feedback.changes.is_empty() {
            p class="soft" {
                @match view.lang {
                    Lang::Zh => { "权重未动：同一原因满 " (FEWEST_REFUSALS) " 对才调整，且只有“技术不符”“成熟度”对应得分的组成部分。" }
                    Lang::En => { "No weight moved: that takes " (FEWEST_REFUSALS) " pairs refused for one reason, technology or maturity." }
                }
            }
        } @else {
            p {
                @match view.lang {
                    Lang::Zh => { "权重（千分之）的变动，每项至多为原值的 ±" (most) "%：" }
                    Lang::En => { "Weights (thousandths) that moved, each by at most " (most) "% of itself:" }
                }
            }
            div class="scroll" {
                table {
                    tr {
                        th { (t("方向", "Seen from")) } th { (t("部分", "Part")) }
                        th class="n" { (t("之前", "Before")) } th class="n" { (t("之后", "After")) }
                    }
                    @for change in &feedback.changes {
                        tr {
                            td { (change.side.label(view.lang)) } td { (change.part.label(view.lang)) }
                            td class="n" { (change.before) } td class="n" { (change.after) }
                        }
                    }
                }
            }
        }
    }
}

fn pairs(view: &RunView<'_>, heading: &str, pairs: &[PairAnswer]) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    html! {
        @if !pairs.is_empty() {
            h3 { (heading) }
            div class="scroll" {
                table {
                    tr {
                        th { (t("需求", "Demand")) } th { (t("供给", "Supply")) }
                        th { (t("原因", "Reason")) } th { (t("谁在何处说的", "Who said so, where")) }
                    }
                    @for pair in pairs.iter().take(ROWS) {
                        tr {
                            td class="code" { (view.demands[pair.demand.get()].number) }
                            td class="code" { (view.supplies[pair.supply.get()].number) }
                            td { (pair.answer.reason.unwrap_or(Reason::Other).label(lang)) }
                            td { (veil::loose(&answered(&pair.answer, lang))) }
                        }
                    }
                }
            }
            @if pairs.len() > ROWS {
                p class="soft" { (t("其余见 manifest.json。", "The rest are in manifest.json.")) }
            }
        }
    }
}
