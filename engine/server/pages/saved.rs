//! The texts that the reader watches, and what is new for them.

use maud::{Markup, html};

use super::address::{record, word};
use super::frame::page;
use super::words::{badge, chance, time};
use super::{Frame, facts};
use crate::model::{Lang, Verdict};
use crate::pipeline::{PairHead, SeenRecord};
use crate::report::clip;
use crate::store::SavedQuery;

/// Most characters of a text that are shown.
const TEXT: usize = 160;

/// A watched text and how it stands.
#[derive(Debug, Clone, Copy)]
pub struct SavedRow<'a> {
    /// The text.
    pub query: &'a SavedQuery,
    /// The best verdict now.
    pub verdict: Verdict,
    /// What answers it now and did not when it was last looked at, best first.
    pub news: &'a [(PairHead, SeenRecord)],
    /// The best answer now.
    pub best: Option<(&'a PairHead, &'a SeenRecord)>,
}

/// The list of watched texts, those with news first.
#[must_use]
pub fn saved_page(frame: &Frame<'_>, rows: &[SavedRow<'_>]) -> Markup {
    let mut rows: Vec<&SavedRow<'_>> = rows.iter().collect();
    rows.sort_by_key(|row| row.news.is_empty());
    let body = html! {
        @if rows.is_empty() {
            section class="empty" {
                h2 { (frame.t("还没有关注的需求", "You watch nothing yet")) }
                ol {
                    li { a href="/match" { (frame.t("贴一段需求，看匹配", "Paste a demand and see its matches")) } }
                    li { (frame.t("在结果页按“存为关注”", "Press “Watch it” below the answer")) }
                    li { (frame.t("以后每次运行都会重新匹配，新的供给列在这里", "Every run matches it again, and new supplies stand here")) }
                }
            }
        }
        @for row in rows { (self::row(frame, row)) }
    };
    page(frame, frame.t("关注", "Watched"), &body)
}

fn row(frame: &Frame<'_>, row: &SavedRow<'_>) -> Markup {
    let lang = frame.lang;
    let query = row.query;
    let address = format!("/saved/{}", query.id.0);
    html! {
        article class="card" data-item {
            h2 { a href=(address) data-main { (query.name) } }
            p class="who" { (query.side.label(lang)) " · " (time(query.created_at)) }
            p class="snippet" { (clip(query.text.trim(), TEXT)) }
            p class="judged" {
                (badge(row.verdict, lang)) " "
                @if let Some((head, best)) = row.best {
                    (frame.t("最好的一条：", "best: "))
                    a href=(record(best.record().side, &best.record().id)) { (best.record().title) }
                    " " span class="soft" { (chance(head.probability, lang)) }
                }
            }
            @if row.news.is_empty() {
                p class="soft" { (frame.t("上次看过之后没有新的。", "Nothing new since you last looked.")) }
            } @else {
                p { b {
                    @match lang {
                        Lang::Zh => { "新的 " (row.news.len()) " 条：" }
                        Lang::En => { (row.news.len()) " new:" }
                    }
                } }
                ul class="plain" {
                    @for (head, seen) in row.news {
                        li {
                            (badge(head.verdict, lang)) " "
                            a href=(record(seen.record().side, &seen.record().id)) { (seen.record().title) }
                            " " span class="soft" { (facts::line(seen, lang)) " · " (chance(head.probability, lang)) }
                        }
                    }
                }
            }
            div class="line" {
                @if !row.news.is_empty() {
                    form method="post" action=(format!("{address}/seen")) {
                        (frame.csrf_field())
                        button { (frame.t("知道了", "Seen")) }
                    }
                }
                form method="post" action=(format!("{address}/delete")) {
                    (frame.csrf_field())
                    button class="plain" aria-label=(format!("{} {}", frame.t("不再关注", "Stop watching"), query.name)) { (frame.t("不再关注", "Stop watching")) }
                }
                a href=(format!("/search?side={}&q={}", word(query.side.other()), super::encode(&query.name))) { (frame.t("按名称搜索", "Search by its name")) }
            }
        }
    }
}
