//! Example answers, and an extract of the demands without one.

use maud::{Markup, html};

use super::super::charts::{Ink, Piece, grouped, sum, tenths};
use super::super::choice::{Example, examples};
use super::super::wording::{amount, cooperation, maturity, percent, source};
use super::super::{Gap, RunView, evidence, veil};
use super::badge;
use crate::model::{Lang, Match, Part, Quote, QuoteField, Record, Side, Verdict};

/// Most characters of a text shown whole.
const BODY_CHARACTERS: usize = 320;
/// Most sentences quoted per side.
const SENTENCES: usize = 3;
/// Most pairs of synonyms named.
const SYNONYMS: usize = 3;
/// Most checked numbers shown.
const NUMBERS: usize = 6;
/// Most further answers named.
const OTHERS: usize = 4;
/// Most rows of the extract of the gaps.
const GAP_ROWS: usize = 20;

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let chosen = examples(view);
    let t = |zh, en| view.lang.pick(zh, en);
    html! {
        p class="soft" {
            @match view.lang {
                Lang::Zh => { "共 " (chosen.len()) " 例，按固定规则选出：把握最高且大类不同的建议对接、可洽谈，以及暂无匹配。例子偏向把握高的，不代表平均水平。" }
                Lang::En => { (chosen.len()) " examples by a fixed rule: the best of different classes, some to discuss, some without an answer. They lean to the good side and are not the average." }
            }
        }
        @if chosen.is_empty() { p { (t("没有可以举例的需求。", "There is nothing to show.")) } }
        @for (number, example) in (1..).zip(&chosen) {
            @match example {
                Example::Pair(pair) => (pair_card(view, number, pair)),
                Example::Gap(place) => (gap_card(view, number, &view.gaps[*place])),
            }
        }
    }
}

fn pair_card(view: &RunView<'_>, number: u32, pair: &Match) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let (demand, supply) = (view.demand(pair), view.supply(pair));
    let quotes = (view.quotes)(pair);
    let to_verify = (view.to_verify)(pair);
    html! {
        article {
            h3 {
                (number) ". " (badge(pair.verdict, lang)) " " (t("把握", "chance")) " "
                (percent(pair.probability())) "%"
                span class="soft" { " · " (t("资料完整度", "completeness")) " " (percent(pair.confidence)) "%" }
            }
            div class="two" {
                (side(view, demand))
                (side(view, supply))
            }
            div class="scores" {
                (score(view, pair, Side::Demand))
                (score(view, pair, Side::Supply))
            }
            (quoted(view, demand, supply, &quotes))
            (numbers(view, pair))
            @if !pair.vetoes.is_empty() || !to_verify.is_empty() {
                p {
                    b { (t("待核实：", "To verify: ")) }
                    @let marks = pair.vetoes.iter().map(|veto| veto.label(lang).to_owned());
                    (veil::loose(&marks.chain(to_verify).collect::<Vec<_>>().join(t("；", "; ")))) (t("。", "."))
                }
            }
            (others(view, pair))
        }
    }
}

fn side(view: &RunView<'_>, record: &Record) -> Markup {
    let lang = view.lang;
    let mut facts: Vec<String> = Vec::new();
    let owner = veil::owner(record, lang);
    if !owner.is_empty() {
        facts.push(owner.into_owned());
    }
    if record.maturity.is_some() {
        facts.push(maturity(record, lang).to_owned());
    }
    if !record.cooperation.is_empty() {
        facts.push(cooperation(&record.cooperation, lang));
    }
    if let Some(price) = record.price {
        facts.push(amount(price, lang));
    }
    facts.push(source(&record.source, lang));
    html! {
        div class="side" {
            p {
                b { (record.side.label(lang)) " " } span class="code" { (record.number) }
                b { (veil::text(record, &record.title)) }
            }
            p class="who" { (facts.join(" · ")) }
            p class="body" { (body(record)) }
        }
    }
}

/// The beginning of the body as it may be shown.
fn body(record: &Record) -> String {
    evidence::clip(veil::text(record, &record.body).trim(), BODY_CHARACTERS)
}

const fn ink(part: Part) -> Ink {
    match part {
        Part::Lexical => Ink::Blue,
        Part::Terms => Ink::Brown,
        Part::Dense => Ink::Sky,
        Part::Passage => Ink::Vermillion,
        Part::Numbers => Ink::Yellow,
        Part::Field => Ink::Green,
        Part::Freshness => Ink::Orange,
        Part::Maturity => Ink::Purple,
    }
}

/// One direction's score as a sum: in writing and as a bar, in points of a hundred.
fn score(view: &RunView<'_>, pair: &Match, side: Side) -> Markup {
    let lang = view.lang;
    let (name, probability) = match side {
        Side::Demand => {
            (lang.pick("从需求看", "Seen from the demand"), pair.probability_for_demand)
        }
        Side::Supply => {
            (lang.pick("从供给看", "Seen from the supply"), pair.probability_for_supply)
        }
    };
    let contributions = (view.contributions)(pair, side);
    let present: Vec<(Part, u32)> = (Part::ALL.into_iter().zip(contributions))
        .filter_map(|(part, value)| Some((part, u32::try_from(value?.0).unwrap_or(0))))
        .collect();
    let missing: Vec<&str> = (Part::ALL.into_iter().zip(contributions))
        .filter(|(_, value)| value.is_none())
        .map(|(part, _)| part.label(lang))
        .collect();
    let (shares, total) = tenths(&present.iter().map(|&(_, value)| value).collect::<Vec<_>>());
    let points = |tenths: u32| format!("{}.{}", tenths / 10, tenths % 10);
    let pieces: Vec<Piece> = (present.iter().zip(&shares))
        .map(|(&(part, _), &tenths)| Piece { ink: ink(part), tenths })
        .collect();
    let words: Vec<String> = (present.iter().zip(&shares))
        .map(|(&(part, _), &tenths)| format!("{} {}", part.label(lang), points(tenths)))
        .collect();
    let description = format!("{} = {}", words.join(" + "), points(total));
    html! {
        div {
            b { (name) " " (points(total)) " " (lang.pick("分", "points")) }
            span class="soft" { " · " (lang.pick("把握", "chance")) " " (percent(probability)) "%" }
        }
        (sum(name, &description, &pieces))
        div class="parts" {
            @for (nth, ((part, _), &tenths)) in present.iter().zip(&shares).enumerate() {
                span {
                    @if nth > 0 { "+ " }
                    i style=(format!("background:{}", ink(*part).css())) {} (part.label(lang)) " " (points(tenths))
                }
            }
            span { "= " (points(total)) }
            @if !missing.is_empty() {
                span class="soft" { (lang.pick("缺：", "missing: ")) (missing.join(lang.pick("、", ", "))) }
            }
        }
    }
}

fn quoted(view: &RunView<'_>, demand: &Record, supply: &Record, quotes: &[Quote]) -> Markup {
    let lang = view.lang;
    let sides =
        [demand, supply].map(|record| (record, evidence::sentences(record, quotes, SENTENCES)));
    let mut fields: Vec<&str> = (quotes.iter())
        .filter(|quote| quote.field == QuoteField::Classification)
        .map(|quote| quote.text.as_str())
        .collect();
    fields.dedup();
    let synonyms = evidence::synonyms(quotes, SYNONYMS, lang);
    html! {
        @if sides.iter().any(|(_, sentences)| !sentences.is_empty()) || !fields.is_empty() {
            p { b { (lang.pick("依据（原文）：", "Evidence (quoted):")) } }
            ul class="quotes" {
                @for (record, sentences) in &sides {
                    @for sentence in sentences {
                        li {
                            span class="soft" { (record.side.label(lang)) (lang.pick("：", ": ")) }
                            @for run in sentence {
                                @if run.marked { mark { (run.text) } } @else { (run.text) }
                            }
                        }
                    }
                }
                @if !synonyms.is_empty() {
                    li { span class="soft" { (lang.pick("同义词：", "synonyms: ")) } (synonyms) }
                }
                @if !fields.is_empty() {
                    li { span class="soft" { (lang.pick("领域：", "field: ")) } (fields.join(" ↔ ")) }
                }
            }
        }
    }
}

/// The demand's numbers and what the supply says about them; those it does not speak of are counted.
fn numbers(view: &RunView<'_>, pair: &Match) -> Markup {
    let lang = view.lang;
    let (demand, supply) = (view.demand(pair), view.supply(pair));
    let checks = (view.numbers)(pair);
    let judged: Vec<_> = evidence::judged(&checks).collect();
    let silent = checks.len() - judged.len();
    html! {
        @if !judged.is_empty() {
            p { b { (lang.pick("指标核对：", "Numbers:")) } }
            ul class="quotes" {
                @for check in judged.iter().take(NUMBERS) { li { (evidence::number(demand, supply, check, lang)) } }
                @if judged.len() > NUMBERS { li class="soft" { "…" } }
                @if silent > 0 {
                    li class="soft" {
                        @match lang {
                            Lang::Zh => { "另有 " (silent) " 项供给未说明，不扣分" }
                            Lang::En => { (silent) " more that the supply does not speak of; that lowers nothing" }
                        }
                    }
                }
            }
        }
    }
}

/// What else the demand was offered.
fn others(view: &RunView<'_>, pair: &Match) -> Markup {
    let lang = view.lang;
    let list = &view.by_demand[pair.demand.get()];
    let others: Vec<String> = (view.worthwhile(list, view.run.top))
        .filter(|other| other.supply != pair.supply && veil::may_hand_out(view.supply(other)))
        .take(OTHERS)
        .map(|other| {
            let supply = view.supply(other);
            let title = evidence::clip(&veil::text(supply, &supply.title), 30);
            let chance = percent(other.probability());
            match lang {
                Lang::Zh => format!("{} {title}（{chance}%）", supply.number),
                Lang::En => format!("{} {title} ({chance}%)", supply.number),
            }
        })
        .collect();
    html! {
        @if !others.is_empty() {
            p class="soft" { (lang.pick("该需求的其他供给：", "Other supplies: ")) (others.join(lang.pick("、", ", "))) }
        }
    }
}

fn gap_card(view: &RunView<'_>, number: u32, gap: &Gap) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let demand = &view.demands[gap.demand.get()];
    html! {
        article {
            h3 { (number) ". " (badge(Verdict::NoMatch, lang)) }
            (side(view, demand))
            p { b { (t("最接近的：", "Nearest: ")) } (nearest(view, gap)) }
            @if !gap.lacks.is_empty() { p { b { (t("差在哪里：", "What it lacks: ")) } (veil::text(demand, &gap.lacks)) (t("。", ".")) } }
            @if let Some(question) = &gap.question { p { b { (t("可反问需求方：", "Ask back: ")) } (veil::text(demand, question)) } }
        }
    }
}

fn nearest(view: &RunView<'_>, gap: &Gap) -> String {
    let lang = view.lang;
    let Some(index) = gap.nearest else {
        return lang.pick("没有候选", "no candidate").to_owned();
    };
    let pair = &view.matches[index as usize];
    let supply = view.supply(pair);
    if !veil::may_hand_out(supply) {
        return lang.pick("一条内部供给", "an internal supply").to_owned();
    }
    let title = evidence::clip(&veil::text(supply, &supply.title), 60);
    let chance = percent(pair.probability());
    match lang {
        Lang::Zh => format!("{} {title}（把握 {chance}%）", supply.number),
        Lang::En => format!("{} {title} (chance {chance}%)", supply.number),
    }
}

/// The first demands without an answer, as a table.
pub(super) fn gap_extract(view: &RunView<'_>) -> Markup {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let shown: Vec<&Gap> = (view.gaps.iter())
        .filter(|gap| veil::may_hand_out(&view.demands[gap.demand.get()]))
        .take(GAP_ROWS)
        .collect();
    let all = grouped(view.gaps.len() as u64);
    html! {
        @if view.gaps.is_empty() {
            p { (t("没有：每条需求都有至少一条可洽谈的供给。", "None: every demand has a supply worth a call.")) }
        } @else {
            p class="soft" {
                @match lang {
                    Lang::Zh => { "共 " (all) " 条，列出 " (shown.len()) " 条，全部见 lists.xlsx 的“暂无匹配”。它们可以转入攻关清单。" }
                    Lang::En => { (shown.len()) " of " (all) "; all of them are in lists.xlsx." }
                }
            }
            div class="scroll" {
                table {
                    tr {
                        th { (t("需求", "Demand")) } th { (t("最接近的供给", "Nearest supply")) }
                        th { (t("差在哪里", "What it lacks")) } th { (t("可反问需求方", "Ask back")) }
                    }
                    @for gap in shown {
                        @let demand = &view.demands[gap.demand.get()];
                        tr {
                            td class="keep" {
                                span class="code" { (demand.number) }
                                (evidence::clip(&veil::text(demand, &demand.title), 60))
                            }
                            td class="keep" { (nearest(view, gap)) }
                            td class="keep" { (veil::text(demand, &gap.lacks)) }
                            td class="keep" { (veil::text(demand, gap.question.as_deref().unwrap_or("–"))) }
                        }
                    }
                }
            }
        }
    }
}
