//! The demand's numbers and what the supply says about them; what is to be verified.

use maud::{Markup, html};

use super::Frame;
use crate::matching::Outcome;
use crate::model::Lang;
use crate::pipeline::{NumberRecord, PairRecord};

/// The table of checked numbers; nothing where the demand states none.
pub(super) fn table(frame: &Frame<'_>, numbers: &[NumberRecord]) -> Markup {
    let lang = frame.lang;
    html! {
        @if !numbers.is_empty() {
            div class="scroll" tabindex="0" {
                table {
                    caption { (frame.t("指标核对：需求写明的数值，供给怎么说", "Numbers that the demand states, and what the supply says")) }
                    thead {
                        tr {
                            th scope="col" { (frame.t("指标", "Property")) }
                            th scope="col" { (frame.t("需求原文", "Demand")) }
                            th scope="col" { (frame.t("供给原文", "Supply")) }
                            th scope="col" { (frame.t("结果", "Outcome")) }
                        }
                    }
                    tbody {
                        @for number in numbers {
                            tr {
                                th scope="row" {
                                    @if number.property.is_empty() { (frame.t("数值", "number")) } @else { (number.property) }
                                    @if number.binding { " " span class="soft" { (frame.t("（硬指标）", "(a limit)")) } }
                                }
                                td { (number.demand.text) }
                                td {
                                    @match &number.supply {
                                        Some(quote) => (quote.text),
                                        None => span class="soft" { "–" },
                                    }
                                }
                                td {
                                    span class=(outcome_class(number.outcome)) { (number.outcome.label(lang)) }
                                    @for doubt in &number.doubt { br; span class="soft" { (doubt.label(lang)) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "outcome pass",
        Outcome::Near => "outcome near",
        Outcome::Fail => "outcome fail",
        Outcome::NotStated => "outcome silent",
    }
}

/// Marks and refusals of a pair, and the limits that are not met.
pub(super) fn marks(pair: &PairRecord, lang: Lang) -> Vec<String> {
    let failed: Vec<&str> = (pair.numbers.iter())
        .filter(|number| number.binding && number.outcome == Outcome::Fail)
        .map(|number| number.demand.text.as_str())
        .collect();
    pair.vetoes
        .iter()
        .map(|veto| {
            let label = veto.label(lang);
            if *veto != crate::model::Veto::NumbersNotMet || failed.is_empty() {
                return label.to_owned();
            }
            let failed = failed.join(lang.pick("、", ", "));
            match lang {
                Lang::Zh => format!("{label}（{failed}）"),
                Lang::En => format!("{label} ({failed})"),
            }
        })
        .collect()
}

/// Statements that their own text contradicts: what to look at before calling.
pub(super) fn contradictions(pair: &PairRecord, lang: Lang) -> Vec<String> {
    pair.to_verify
        .iter()
        .map(|found| {
            let (side, field) = (found.side.label(lang), found.contradiction.field.label(lang));
            let (stated, text) = (&found.contradiction.stated, &found.contradiction.text);
            match lang {
                Lang::Zh => format!("{side}的{field}写“{stated}”，原文却说“{text}”，待核实"),
                Lang::En => format!(
                    "the {side} states its {field} as “{stated}”, its text says “{text}”: to verify"
                ),
            }
        })
        .collect()
}
