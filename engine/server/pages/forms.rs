//! Forms that stand on more than one page: answers about a pair, steps of the ledger, selects.

use jiff::civil::Date;
use maud::{Markup, html};

use super::Frame;
use super::address::word;
use crate::model::{
    Answer, CooperationMode, Lang, Maturity, Permission, Reason, RecordId, Side, SupplyKind,
};
use crate::store::{LedgerRow, Step};

/// A field that hides what of the page's list does not hold its words. It is there for scripts
/// alone, once on a page.
pub(super) fn filter(frame: &Frame<'_>) -> Markup {
    html! {
        div class="field filter" data-with-script hidden {
            label for="filter" { (frame.t("在本页中筛选", "Filter this page")) }
            input id="filter" type="search" data-filter autocomplete="off";
        }
    }
}

/// A choice among a closed vocabulary, with a first entry that asks for nothing.
///
/// `id` ties the label to the field and must be unique on the page.
pub(super) fn choice<T: Copy + PartialEq + serde::Serialize>(
    id: &str,
    name: &str,
    label: &str,
    nothing: &str,
    options: &[(T, &str)],
    chosen: Option<T>,
) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                option value="" { (nothing) }
                @for (value, text) in options {
                    option value=(word(value)) selected[chosen == Some(*value)] { (text) }
                }
            }
        }
    }
}

/// A line of text with its label.
pub(super) fn line(id: &str, name: &str, label: &str, value: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (label) }
            input id=(id) name=(name) type="text" value=(value);
        }
    }
}

/// A day with its label.
pub(super) fn day(id: &str, name: &str, label: &str, value: Option<Date>) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (label) }
            input id=(id) name=(name) type="date" value=[value];
        }
    }
}

/// How far the technology has come.
pub(super) fn maturity_choice(
    frame: &Frame<'_>,
    id: &str,
    label: &str,
    chosen: Option<Maturity>,
) -> Markup {
    let options = Maturity::ALL.map(|step| (step, step.label(frame.lang)));
    choice(id, "maturity", label, frame.t("不限", "any"), &options, chosen)
}

/// Ways of working together.
pub(super) fn cooperation_choice(
    frame: &Frame<'_>,
    id: &str,
    chosen: Option<CooperationMode>,
) -> Markup {
    let options = CooperationMode::ALL.map(|mode| (mode, mode.label(frame.lang)));
    let label = frame.t("合作方式", "Cooperation");
    choice(id, "cooperation", label, frame.t("不限", "any"), &options, chosen)
}

/// Kinds of supplies.
pub(super) fn kind_choice(frame: &Frame<'_>, id: &str, chosen: Option<SupplyKind>) -> Markup {
    let options = SupplyKind::ALL.map(|kind| (kind, kind.label(frame.lang)));
    let label = frame.t("供给类别（仅供给）", "Kind (of a supply)");
    choice(id, "kind", label, frame.t("未说明", "not stated"), &options, chosen)
}

/// Demand or supply, as two buttons of which one is pressed.
pub(super) fn side_choice(frame: &Frame<'_>, legend: &str, chosen: Side) -> Markup {
    html! {
        fieldset class="sides" {
            legend { (legend) }
            @for side in [Side::Demand, Side::Supply] {
                label {
                    input type="radio" name="side" value=(word(side)) checked[side == chosen];
                    " " (side.label(frame.lang))
                }
            }
        }
    }
}

fn pair_fields(frame: &Frame<'_>, demand: &RecordId, supply: &RecordId) -> Markup {
    html! {
        (frame.csrf_field()) (frame.back_field())
        input type="hidden" name="demand" value=(demand);
        input type="hidden" name="supply" value=(supply);
    }
}

/// The answer buttons of a pair; nothing for those who may not answer.
///
/// 已对接 is one press; a refusal says why, for the reasons change what is handed out next.
pub(super) fn answers(
    frame: &Frame<'_>,
    key: &str,
    demand: &RecordId,
    supply: &RecordId,
    present: Option<Answer>,
) -> Markup {
    let reason_id = format!("reason-{key}");
    let pressed = |answer: Answer| (present == Some(answer)).then_some("true");
    html! {
        @if frame.may(Permission::Answer) {
            form class="answers" method="post" action="/answers" {
                (pair_fields(frame, demand, supply))
                button class="good" name="answer" value=(word(Answer::Introduced)) aria-pressed=[pressed(Answer::Introduced)] {
                    (Answer::Introduced.label(frame.lang))
                }
                @for answer in [Answer::Talking, Answer::Undecided, Answer::Unreachable] {
                    button name="answer" value=(word(answer)) aria-pressed=[pressed(answer)] { (answer.label(frame.lang)) }
                }
                span class="refusal" {
                    label for=(reason_id) { (frame.t("理由", "Reason")) }
                    select id=(reason_id) name="reason" {
                        @for reason in Reason::ALL {
                            option value=(word(reason)) { (reason.label(frame.lang)) }
                        }
                    }
                    button class="bad" name="answer" value=(word(Answer::Unfit)) aria-pressed=[pressed(Answer::Unfit)] {
                        (Answer::Unfit.label(frame.lang))
                    }
                }
            }
        }
    }
}

/// The word by which a step is sent.
const fn step_word(step: &Step) -> &'static str {
    match step {
        Step::Contacted => "contacted",
        Step::Met => "met",
        Step::Negotiating => "negotiating",
        Step::Signed { .. } => "signed",
        Step::Shelved => "shelved",
    }
}

/// The steps that may follow the present one, in their order.
fn next_steps(present: Option<&Step>) -> Vec<Step> {
    let signed = Step::Signed { contract: String::new(), amount_fen: 0 };
    [Step::Contacted, Step::Met, Step::Negotiating, signed, Step::Shelved]
        .into_iter()
        .filter(|step| step.may_follow(present))
        .collect()
}

/// The form by which a pair's next step is entered; nothing for those who may not.
pub(super) fn ledger(
    frame: &Frame<'_>,
    demand: &RecordId,
    supply: &RecordId,
    present: Option<&LedgerRow>,
    today: Date,
) -> Markup {
    let steps = next_steps(present.map(|row| &row.entry.step));
    // A pair goes on more often than it stays: the step after the present one is offered first.
    let is_further =
        |step: &Step| present.is_none_or(|row| step_word(&row.entry.step) != step_word(step));
    let offered = steps.iter().find(|step| is_further(step)).map(step_word);
    let signs = steps.iter().any(|step| matches!(step, Step::Signed { .. }));
    html! {
        @if frame.may(Permission::Ledger) {
            form class="ledger" method="post" action="/ledger" {
                (pair_fields(frame, demand, supply))
                div class="field" {
                    label for="step" { (frame.t("进展到", "Step")) }
                    select id="step" name="step" {
                        @for step in &steps {
                            option value=(step_word(step)) selected[offered == Some(step_word(step))] { (step.label(frame.lang)) }
                        }
                    }
                }
                (day("step-date", "date", frame.t("日期", "On"), Some(today)))
                (day("next-date", "next_date", frame.t("下次跟进（可空）", "Look again on (optional)"), None))
                @if signs {
                    (line("contract", "contract", frame.t("合同编号（仅已签约）", "Contract number (signed only)"), ""))
                    div class="field" {
                        label for="amount" { (frame.t("合同金额，元（仅已签约）", "Amount in yuan (signed only)")) }
                        input id="amount" name="amount" type="text" inputmode="decimal";
                    }
                }
                div class="field wide" {
                    label for="note" { (frame.t("说明", "Note")) }
                    input id="note" name="note" type="text" maxlength="500";
                }
                button class="good" { (frame.t("记入台账", "Enter")) }
            }
        }
    }
}

/// A step in words: 已签约（HT-1，30.5万元）.
pub(super) fn step_words(step: &Step, lang: Lang) -> String {
    match step {
        Step::Signed { contract, amount_fen } => {
            let label = step.label(lang);
            let yuan = crate::report::grouped(amount_fen.unsigned_abs() / 100);
            let fen = amount_fen.unsigned_abs() % 100;
            match lang {
                Lang::Zh => format!("{label}（{contract}，{yuan}.{fen:02} 元）"),
                Lang::En => format!("{label} ({contract}, {yuan}.{fen:02} yuan)"),
            }
        }
        other => other.label(lang).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_steps_that_may_follow_are_offered() {
        let words = |present: Option<&Step>| -> Vec<&str> {
            next_steps(present).iter().map(|step| step_word(step)).collect()
        };
        assert_eq!(words(None), ["contacted", "met", "negotiating", "signed"]);
        assert_eq!(words(Some(&Step::Met)), ["met", "negotiating", "signed", "shelved"]);
        let signed = Step::Signed { contract: "HT-1".to_owned(), amount_fen: 1 };
        assert_eq!(words(Some(&signed)), ["signed"]);
    }

    #[test]
    fn amounts_are_written_to_the_fen() {
        let signed = Step::Signed { contract: "HT-1".to_owned(), amount_fen: 30_500_005 };
        assert_eq!(step_words(&signed, Lang::Zh), "已签约（HT-1，305,000.05 元）");
    }
}
