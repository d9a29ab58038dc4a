//! A text that stands in no list: the form, and the full answer to it.

use maud::{Markup, html};

use super::cards::{Card, card};
use super::forms::{kind_choice, line, maturity_choice, side_choice};
use super::frame::page;
use super::record::questions;
use super::words::{badge, chance, counted};
use super::{Frame, bar, numbers, pair};
use crate::model::{Lang, Side, Verdict};
use crate::pipeline::{Draft, SeenPair, TextAnswer};

/// Most characters that a text may have: as many as a saved one.
const LONGEST: usize = 20_000;

/// A text and what answers it.
#[derive(Debug, Clone, Copy)]
pub struct AnswerPage<'a> {
    /// The text as it was given.
    pub draft: &'a Draft,
    /// What answers it.
    pub answer: &'a TextAnswer,
    /// Whether the reader can save it.
    pub may_save: bool,
}

/// The form; `error` says why the text was not matched.
#[must_use]
pub fn match_page(frame: &Frame<'_>, draft: &Draft, error: Option<&str>) -> Markup {
    let body = html! {
        p { (frame.t(
            "把一段需求（或成果）原文贴进来，立刻得到全部匹配：结论、理由、指标核对、要追问的问题。文字不会被保存，也不会离开本机。",
            "Paste the text of a demand (or a supply) and get all of its matches: verdict, reasons, checked numbers, what to ask. The text is not kept and does not leave this machine.",
        )) }
        @if let Some(error) = error { p class="error" role="alert" { (error) } }
        (form(frame, draft))
    };
    page(frame, frame.t("匹配一段文字", "Match a text"), &body)
}

fn form(frame: &Frame<'_>, draft: &Draft) -> Markup {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let has_more = draft.title.is_some()
        || draft.field.is_some()
        || draft.region.is_some()
        || draft.maturity.is_some()
        || draft.supply_kind.is_some();
    html! {
        form class="paste" method="post" action="/match" {
            (frame.csrf_field())
            (side_choice(frame, frame.t("这段文字是", "The text is a"), draft.side))
            div class="field wide" {
                label for="text" { (frame.t("原文（较短的第一行当作标题）", "Text (a short first line is its title)")) }
                textarea id="text" name="text" rows="9" required maxlength=(LONGEST) { (draft.text) }
            }
            details open[has_more] {
                summary { (frame.t("补充（可不填）", "More (optional)")) }
                div class="grid" {
                    (line("title", "title", frame.t("标题", "Title"), &text(&draft.title)))
                    (line("field", "field", frame.t("领域，如 制造业——专用设备", "Field, general to special, steps separated by ——"), &text(&draft.field)))
                    (line("region", "region", frame.t("地区", "Region"), &text(&draft.region)))
                    (maturity_choice(frame, "maturity", frame.t("成熟度", "Maturity"), draft.maturity))
                    (kind_choice(frame, "kind", draft.supply_kind))
                }
            }
            button class="good" { (frame.t("匹配", "Match")) }
        }
    }
}

/// The answer, verdict first.
#[must_use]
pub fn answer_page(frame: &Frame<'_>, shown: &AnswerPage<'_>) -> Markup {
    let lang = frame.lang;
    let answer = shown.answer;
    let side = shown.draft.side;
    let body = html! {
        (verdict(frame, side, answer))
        @if let Some(quality) = &answer.quality {
            @if answer.verdict != Verdict::Recommend || !quality.questions.is_empty() {
                section class="ask" {
                    h2 { (frame.t("需要追问", "What to ask back")) }
                    p class="soft" {
                        (quality.triage.label(lang))
                        (frame.t("。补上这些，匹配会更准：", ". With these the matches become surer:"))
                    }
                    (questions(frame, quality))
                }
            }
        }
        @if !answer.pairs.is_empty() {
            section {
                h2 {
                    @match side {
                        Side::Demand => (frame.t("匹配的供给", "Supplies that answer it")),
                        Side::Supply => (frame.t("匹配的需求", "Demands that it answers")),
                    }
                }
                @for (place, pair) in (1..).zip(&answer.pairs) {
                    (card(frame, &Card { pair, head: None, asker: side, place, end: inside(frame, pair, side) }))
                }
            }
        }
        section {
            h2 { (frame.t("这段文字是怎样读的", "How the text was read")) }
            dl class="facts" {
                div { dt { (frame.t("标题", "Title")) } dd { (answer.record.title) } }
                div class="wide" { dt { (frame.t("正文", "Body")) } dd class="body" { @if answer.record.body.is_empty() { "–" } @else { (answer.record.body) } } }
                @for path in &answer.record.classification {
                    div { dt { (frame.t("领域", "Field")) } dd { (path.join(" › ")) } }
                }
            }
        }
        @if shown.may_save { (save(frame, shown.draft, &answer.record.title)) }
        section {
            h2 { (frame.t("修改后再匹配", "Change it and match again")) }
            (form(frame, shown.draft))
        }
    };
    page(frame, frame.t("匹配结果", "What answers the text"), &body)
}

/// The verdict in one sentence; that nothing fits is an answer too, with its reason.
fn verdict(frame: &Frame<'_>, side: Side, answer: &TextAnswer) -> Markup {
    let lang = frame.lang;
    let worth = answer.pairs.iter().filter(|pair| pair.is_worth_a_call()).count();
    let other = side.other().label(lang);
    html! {
        p class="verdictline" role="status" {
            (badge(answer.verdict, lang)) " "
            @match (answer.verdict, answer.pairs.first(), lang) {
                (Verdict::NoMatch, None, _) => (frame.t("没有任何相近的记录：文字太短，或者清单里没有这方面的内容。", "Nothing comes near it: the text is too short, or the lists have nothing of the kind.")),
                (Verdict::NoMatch, Some(best), Lang::Zh) => {
                    "没有值得联系的" (other) "。最接近的一条" (chance(best.pair.probability, lang)) "，下面列出供参考，不凑数。"
                }
                (Verdict::NoMatch, Some(best), Lang::En) => {
                    "No " (other) " is worth a call. The nearest is " (chance(best.pair.probability, lang)) "; it is shown for reference."
                }
                (_, Some(best), Lang::Zh) => {
                    "有 " (worth) " 条" (other) "值得联系，最好的一条" (chance(best.pair.probability, lang)) "。"
                }
                (_, Some(best), Lang::En) => {
                    (counted(worth, Lang::En, "", "record is", "records are")) " worth a call; the best is " (chance(best.pair.probability, lang)) "."
                }
                (_, None, _) => "",
            }
        }
    }
}

/// All that is known of the pair, folded: there is no page of its own for it.
fn inside(frame: &Frame<'_>, seen: &SeenPair, asker: Side) -> Markup {
    let doubts = numbers::contradictions(&seen.pair, frame.lang);
    html! {
        details {
            summary { (frame.t("明细：原文对照、得分、指标", "Details: texts, sum, numbers")) }
            (pair::texts(frame, seen))
            (bar::table(&seen.pair, asker, frame.lang))
            (bar::note(frame.lang))
            (numbers::table(frame, &seen.pair.numbers))
            @if !doubts.is_empty() { ul class="warnings" { @for doubt in &doubts { li { (doubt) } } } }
        }
    }
}

fn save(frame: &Frame<'_>, draft: &Draft, title: &str) -> Markup {
    let hidden = [
        ("side", super::address::word(draft.side)),
        ("text", draft.text.clone()),
        ("field", draft.field.clone().unwrap_or_default()),
        ("region", draft.region.clone().unwrap_or_default()),
        ("maturity", draft.maturity.map(super::address::word).unwrap_or_default()),
    ];
    html! {
        section {
            h2 { (frame.t("存为关注", "Watch it")) }
            form class="line" method="post" action="/saved" {
                (frame.csrf_field())
                @for (name, value) in &hidden { input type="hidden" name=(name) value=(value); }
                div class="field" {
                    label for="name" { (frame.t("叫它什么", "Call it")) }
                    input id="name" name="name" type="text" required maxlength="100" value=(crate::report::clip(title, 60));
                }
                button { (frame.t("存为关注", "Watch it")) }
            }
            p class="soft" { (frame.t("以后每次运行都会重新匹配它，有新的就列在“关注”里。", "Every run matches it again; what is new stands under “Watched”.")) }
        }
    }
}
