//! How well the demands are stated, and which of them to ask back.

use maud::{Markup, html};

use super::super::charts::{grouped, share};
use super::super::wording::percent;
use super::super::{RunView, veil};
use crate::matching::{QualityComponent, Triage};
use crate::model::{Lang, Micro, Visibility};

/// Most demands shown with their questions.
const ROWS: usize = 15;

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let all = view.qualities.len() as u64;
    let triages = [Triage::Matchable, Triage::NeedsDetail, Triage::LongTerm];
    let count = |triage| view.qualities.iter().filter(|q| q.triage == triage).count() as u64;
    let mean = |values: &mut dyn Iterator<Item = Micro>| {
        let sum: i64 = values.map(|value| i64::from(value.0)).sum();
        let n = i64::try_from(all.max(1)).unwrap_or(i64::MAX);
        percent(Micro(i32::try_from(sum / n).unwrap_or(0)))
    };
    let mut worst: Vec<usize> = (0..view.qualities.len())
        .filter(|&row| {
            !view.qualities[row].questions.is_empty()
                && view.demands[row].visibility != Visibility::Internal
        })
        .collect();
    worst.sort_by_key(|&row| (view.qualities[row].score, row));
    html! {
        p {
            (t("需求质量由下列部分按权重相加；没写的部分记零分，只影响这个分数和追问，不影响匹配得分。",
               "Quality is the weighted sum of these components; it decides what to ask back, not the score of a pair."))
        }
        div class="two" {
            div class="scroll" {
                table {
                    tr { th { (t("分类", "Triage")) } th class="n" { (t("需求数", "Demands")) } th class="n" { (t("占比", "Share")) } }
                    @for triage in triages {
                        tr {
                            td { (triage.label(lang)) }
                            td class="n" { (grouped(count(triage))) }
                            td class="n" { (share(count(triage), all)) }
                        }
                    }
                    tr class="sum" {
                        td { (t("平均质量", "Mean quality")) }
                        td class="n" { (mean(&mut view.qualities.iter().map(|q| q.score))) "%" }
                        td {}
                    }
                }
            }
            div class="scroll" {
                table {
                    tr { th { (t("组成", "Component")) } th class="n" { (t("权重(‰)", "Weight (‰)")) } th class="n" { (t("平均(%)", "Mean (%)")) } }
                    @for component in QualityComponent::ALL {
                        tr {
                            td { (component.label(lang)) }
                            td class="n" { (component.weight()) }
                            td class="n" { (mean(&mut view.qualities.iter().map(|q| q.components[component as usize]))) }
                        }
                    }
                }
            }
        }
        @if !worst.is_empty() {
            p class="soft" {
                @match lang {
                    Lang::Zh => { "质量最低、又有问题可问的 " (worst.len().min(ROWS)) " 条；追问的是候选供给之间分歧最大的要素，答复填入需求清单的“追问答复”列后重新运行。" }
                    Lang::En => { "The " (worst.len().min(ROWS)) " least well stated demands with a question. It asks for what their candidates disagree in; put the reply into a column 追问答复 of the list and run again." }
                }
            }
            div class="scroll" {
                table {
                    tr {
                        th { (t("需求", "Demand")) } th class="n" { (t("质量(%)", "Quality (%)")) }
                        th { (t("分类", "Triage")) } th { (t("建议追问", "Questions")) }
                    }
                    @for &row in worst.iter().take(ROWS) {
                        @let (demand, quality) = (&view.demands[row], &view.qualities[row]);
                        tr {
                            td { span class="code" { (demand.number) } " " (veil::text(demand, &demand.title)) }
                            td class="n" { (percent(quality.score)) }
                            td { (quality.triage.label(lang)) }
                            td { (veil::loose(&veil::text(demand, &quality.questions_text(lang)))) }
                        }
                    }
                }
            }
        }
    }
}
