//! A score as a sum: the bar that adds up, and the table behind it.

use maud::{Markup, html};

use super::address::word;
use super::words::{chance, points, tenths_of_points};
use crate::model::{Lang, Micro, Part, Side};
use crate::pipeline::{PairRecord, PartRecord};
use crate::report::{percent, tenths};

/// Height of the bar in its own units, of which it is 1000 wide: a tenth of a point each.
const HEIGHT: u32 = 22;

/// One direction of a pair.
#[derive(Debug, Clone, Copy)]
struct Direction {
    side: Side,
    score: Micro,
    probability: Micro,
}

impl Direction {
    const fn of(pair: &PairRecord, side: Side) -> Self {
        let (score, probability) = match side {
            Side::Demand => (pair.score_for_demand, pair.probability_for_demand),
            Side::Supply => (pair.score_for_supply, pair.probability_for_supply),
        };
        Self { side, score, probability }
    }

    const fn contribution(self, part: &PartRecord) -> Option<Micro> {
        match self.side {
            Side::Demand => part.contribution,
            Side::Supply => part.contribution_for_supply,
        }
    }

    const fn value(self, part: &PartRecord) -> Option<Micro> {
        match self.side {
            Side::Demand => part.value,
            Side::Supply => part.value_for_supply,
        }
    }

    const fn weight(self, part: &PartRecord) -> Micro {
        match self.side {
            Side::Demand => part.weight,
            Side::Supply => part.weight_for_supply,
        }
    }

    const fn name(self, lang: Lang) -> &'static str {
        match self.side {
            Side::Demand => lang.pick("从需求看", "Seen from the demand"),
            Side::Supply => lang.pick("从供给看", "Seen from the supply"),
        }
    }
}

/// The score of one direction and its chance: [`sum`] with the chance of this direction alone.
pub(super) fn bar(pair: &PairRecord, side: Side, lang: Lang) -> Markup {
    let chance = chance(Direction::of(pair, side).probability, lang);
    html! { (sum(pair, side, lang, &format!(" · {chance}"))) }
}

/// The score of one direction in points of a hundred, as a bar whose pieces add up to it, with the
/// sum in writing. `after` follows the score.
pub(super) fn sum(pair: &PairRecord, side: Side, lang: Lang, after: &str) -> Markup {
    let direction = Direction::of(pair, side);
    let present: Vec<(Part, u32)> = (pair.parts.iter())
        .filter_map(|part| {
            let value = direction.contribution(part)?;
            Some((part.name, u32::try_from(value.0).unwrap_or(0)))
        })
        .collect();
    let missing: Vec<&str> = (pair.parts.iter())
        .filter(|part| direction.contribution(part).is_none())
        .map(|part| part.name.label(lang))
        .collect();
    let (shares, total) = tenths(&present.iter().map(|&(_, value)| value).collect::<Vec<_>>());
    let mut pieces: Vec<(Part, u32, u32)> = Vec::new();
    let mut at = 0;
    for (&(part, _), &share) in present.iter().zip(&shares) {
        pieces.push((part, at, share));
        at += share;
    }
    let sum: Vec<String> = (pieces.iter())
        .map(|(part, _, share)| format!("{} {}", part.label(lang), tenths_of_points(*share)))
        .collect();
    let described = format!("{} = {}", sum.join(" + "), tenths_of_points(total));
    html! {
        div class="sum" {
            p class="total" {
                b { (direction.name(lang)) " " (tenths_of_points(total)) " " (lang.pick("分", "points")) } (after)
            }
            svg class="bar" viewBox=(format!("0 0 1000 {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(described) {
                rect class="track" x="0" y="0" width="1000" height=(HEIGHT) {}
                @for (part, at, share) in &pieces {
                    rect class=(ink(*part)) x=(at) y="0" width=(share) height=(HEIGHT) {
                        title { (part.label(lang)) " " (tenths_of_points(*share)) }
                    }
                }
            }
            ul class="legend" {
                @for (part, _, share) in &pieces {
                    li { (swatch(*part)) (part.label(lang)) " " (tenths_of_points(*share)) }
                }
                @if !missing.is_empty() {
                    li class="soft" {
                        (lang.pick("缺（不计零分）：", "missing (not zero): "))
                        (missing.join(lang.pick("、", ", ")))
                    }
                }
            }
        }
    }
}

/// The sum of one direction, part by part, exactly: the last row is the score.
pub(super) fn table(pair: &PairRecord, side: Side, lang: Lang) -> Markup {
    let direction = Direction::of(pair, side);
    let total: Micro = pair.parts.iter().filter_map(|part| direction.contribution(part)).sum();
    let unknown = lang.pick("缺", "missing");
    html! {
        div class="scroll" tabindex="0" {
            table class="figures" {
                caption {
                    (direction.name(lang)) (lang.pick("：得分 = 各部分之和（分，满分 100）", ": the score is the sum of its parts (points of 100)"))
                }
                thead {
                    tr {
                        th scope="col" { (lang.pick("部分", "Part")) }
                        th scope="col" class="n" { (lang.pick("值", "Value")) }
                        th scope="col" class="n" { (lang.pick("权重", "Weight")) }
                        th scope="col" class="n" { (lang.pick("贡献", "Contribution")) }
                    }
                }
                tbody {
                    @for part in &pair.parts {
                        tr {
                            th scope="row" { (swatch(part.name)) (part.name.label(lang)) }
                            td class="n" {
                                @match direction.value(part) {
                                    Some(value) => (points(value)),
                                    None => span class="soft" { (unknown) },
                                }
                            }
                            td class="n" { (percent(direction.weight(part))) "%" }
                            td class="n" {
                                @match direction.contribution(part) {
                                    Some(value) => (points(value)),
                                    None => span class="soft" { (unknown) },
                                }
                            }
                        }
                    }
                }
                tfoot {
                    tr class="total" {
                        th scope="row" colspan="3" { (lang.pick("合计 = 得分", "Sum = score")) }
                        td class="n" { (points(total)) }
                    }
                    @if total != direction.score {
                        // It cannot be, and whoever sees it should know that the run is damaged.
                        tr { td colspan="4" { (lang.pick("与记录的得分不符：", "differs from the recorded score: ")) (points(direction.score)) } }
                    }
                }
            }
        }
    }
}

/// What the table means.
pub(super) fn note(lang: Lang) -> Markup {
    html! {
        p class="soft" {
            (lang.pick(
                "资料没有写的部分记为“缺”：不当作零分，它的权重按比例分给其余部分。把握由得分经校准换算而来，是估计值，不是成功率。",
                "What the texts do not state is missing, not zero: its weight is shared by the other parts in proportion. The chance is the calibrated score; it is an estimate, not a rate of success.",
            ))
        }
    }
}

fn swatch(part: Part) -> Markup {
    html! {
        svg class="swatch" viewBox="0 0 10 10" aria-hidden="true" { rect class=(ink(part)) width="10" height="10" {} }
    }
}

/// The class that colours a part.
fn ink(part: Part) -> String {
    format!("part-{}", word(part))
}
