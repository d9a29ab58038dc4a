//! Search: the form with its filters, what was found, and what to do when nothing was.

use maud::{Markup, html};

use super::address::{record, search_address};
use super::forms::{cooperation_choice, day, line, maturity_choice, side_choice};
use super::frame::page;
use super::words::{counted, highlighted};
use super::{Frame, facts};
use crate::model::{Lang, Side};
use crate::pipeline::{Filters, Found, FoundRecord, Query};
use crate::report::grouped;

/// A search and what it found.
#[derive(Debug, Clone, Copy)]
pub struct SearchPage<'a> {
    /// What is asked for, as it stands in the form.
    pub query: &'a Query,
    /// What was found; `None` before anything was asked.
    pub found: Option<&'a Found>,
    /// The place after which the next page begins, as addresses write it.
    pub next: Option<&'a str>,
    /// Visible demands and supplies.
    pub n_records: [usize; 2],
    /// What could not be understood of the question.
    pub error: Option<&'a str>,
}

/// The search page and, before anything was asked, the first page.
#[must_use]
pub fn search_page(frame: &Frame<'_>, search: &SearchPage<'_>) -> Markup {
    let title = match search.found {
        None => frame.t("搜索需求与供给", "Search demands and supplies").to_owned(),
        Some(_) if search.query.text.trim().is_empty() => {
            let side = search.query.side.label(frame.lang);
            format!("{}{side}", frame.t("浏览", "Browse: "))
        }
        Some(_) => {
            let text = crate::report::clip(search.query.text.trim(), 30);
            format!("{}{text}", frame.t("搜索：", "Search: "))
        }
    };
    let body = html! {
        (form(frame, search.query))
        @if let Some(error) = search.error { p class="error" role="alert" { (error) } }
        @match search.found {
            Some(found) if found.n_found == 0 => (nothing(frame, search.query)),
            Some(found) => (hits(frame, search, found)),
            None => (start(frame, search.n_records)),
        }
    };
    page(frame, &title, &body)
}

fn form(frame: &Frame<'_>, query: &Query) -> Markup {
    let filters = &query.filters;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    html! {
        form class="search" role="search" method="get" action="/search" {
            (side_choice(frame, frame.t("在哪一侧找", "Search among"), query.side))
            div class="field wide" {
                label for="q" { (frame.t("词语、编号或分类号", "Words, a number, or a code")) }
                div class="line" {
                    input id="q" name="q" type="search" value=(query.text) data-search autocomplete="off";
                    button class="good" { (frame.t("搜索", "Search")) }
                }
            }
            details open[!filters.is_empty()] {
                summary { (frame.t("筛选", "Filters")) }
                div class="grid" {
                    (line("field", "field", frame.t("领域（词语或分类号开头）", "Field (words or a code's beginning)"), &text(&filters.field)))
                    (line("region", "region", frame.t("地区", "Region"), &text(&filters.region)))
                    (maturity_choice(frame, "maturity", frame.t("成熟度至少", "Maturity, at least"), filters.maturity))
                    (cooperation_choice(frame, "cooperation", filters.cooperation))
                    (line("owner", "owner", frame.t("单位名称", "Owner's name"), &text(&filters.owner)))
                    (day("from", "from", frame.t("发布不早于", "Posted on or after"), filters.posted_from))
                    (day("until", "until", frame.t("发布不晚于", "Posted on or before"), filters.posted_until))
                }
                p class="soft" { (frame.t(
                    "没有写明某项的记录，在按该项筛选时不会出现；多数清单里合作方式、价格常常是空的。",
                    "A record that does not state what a filter asks for is left out; cooperation and price are often empty.",
                )) }
            }
        }
    }
}

fn hits(frame: &Frame<'_>, search: &SearchPage<'_>, found: &Found) -> Markup {
    let query = search.query;
    let side = query.side.label(frame.lang);
    let has_words = !query.text.trim().is_empty();
    html! {
        div class="above" {
            p role="status" {
                b {
                    @match frame.lang {
                        Lang::Zh => { "找到 " (grouped(found.n_found as u64)) " 条" (side) }
                        Lang::En => { (counted(found.n_found, Lang::En, "", "record", "records")) " found (" (side) ")" }
                    }
                }
                span class="soft" {
                    @if has_words { (frame.t("，按相关程度排列", ", most relevant first")) }
                    @else { (frame.t("，最新的在前", ", latest first")) }
                }
            }
            p { a href=(search_address("/search.xlsx", query, None)) { (frame.t("下载 XLSX", "Download XLSX")) } }
        }
        ol class="hits" {
            @for hit in &found.records { (self::hit(frame, hit)) }
        }
        @if let Some(next) = search.next {
            p class="pages" {
                a rel="next" href=(search_address("/search", query, Some(next))) { (frame.t("下一页", "Next page")) }
            }
        } @else if query.after.is_some() {
            p class="soft" { (frame.t("已是最后一页。要找更多，请把问题写得更具体。", "This is the last page. To find more, ask more narrowly.")) }
        }
    }
}

fn hit(frame: &Frame<'_>, hit: &FoundRecord) -> Markup {
    let found = hit.seen.record();
    html! {
        li class="hit" data-item {
            h2 {
                a href=(record(found.side, &found.id)) data-main { (highlighted(&found.title, &hit.title_highlights)) }
            }
            p class="who" { span class="code" { (found.number) } " " (facts::line(&hit.seen, frame.lang)) }
            @if !hit.snippet.text.trim().is_empty() {
                p class="snippet" { (highlighted(&hit.snippet.text, &hit.snippet.highlights)) }
            }
        }
    }
}

fn nothing(frame: &Frame<'_>, query: &Query) -> Markup {
    let without_filters = Query { filters: Filters::default(), after: None, ..query.clone() };
    let other_side = Query { side: query.side.other(), after: None, ..query.clone() };
    html! {
        section class="empty" {
            h2 { (frame.t("没有找到", "Nothing was found")) }
            p { (frame.t("可以这样试：", "What you can try:")) }
            ul {
                @if !query.filters.is_empty() {
                    li { a href=(search_address("/search", &without_filters, None)) { (frame.t("去掉筛选再找一次", "Search again without filters")) } }
                }
                li {
                    a href=(search_address("/search", &other_side, None)) {
                        (frame.t("到另一侧找：", "Search the other side: ")) (query.side.other().label(frame.lang))
                    }
                }
                li { (frame.t("少写几个词，或换成行业里的说法；缩写与全称（如 SiC 与碳化硅）会自动互认。", "Use fewer words, or those of the trade; abbreviations and full names (SiC, silicon carbide) are taken for one another.")) }
                li {
                    a href="/match" { (frame.t("把整段需求贴进来匹配", "Paste the whole text and have it matched")) }
                    (frame.t("：按意思找，不要求用词相同。", ": that looks for meaning, not for the same words."))
                }
                li {
                    a href="/saved" { (frame.t("存为关注", "Watch it")) }
                    (frame.t("：以后有了新的会告诉你。", ": you are told when something new comes."))
                }
            }
        }
    }
}

fn start(frame: &Frame<'_>, n_records: [usize; 2]) -> Markup {
    let examples: [(&str, Side); 3] = match frame.lang {
        Lang::Zh => [
            ("碳化硅衬底 减薄 抛光", Side::Supply),
            ("锂电池 回收", Side::Supply),
            ("激光焊接 缺陷检测", Side::Demand),
        ],
        Lang::En => [
            ("SiC wafer thinning", Side::Supply),
            ("lithium battery recycling", Side::Supply),
            ("laser welding inspection", Side::Demand),
        ],
    };
    let [demands, supplies] = n_records.map(|n| grouped(n as u64));
    html! {
        section class="empty" {
            h2 { (frame.t("从这里开始", "Where to begin")) }
            p {
                @match frame.lang {
                    Lang::Zh => { "现有 " b { (demands) } " 条需求、" b { (supplies) } " 条供给可查。" }
                    Lang::En => { b { (demands) } " demands and " b { (supplies) } " supplies can be searched." }
                }
            }
            p { (frame.t("例如：", "For example:")) }
            ul class="examples" {
                @for (text, side) in examples {
                    @let query = Query { side, text: text.to_owned(), filters: Filters::default(), limit: 0, after: None };
                    li {
                        a href=(search_address("/search", &query, None)) { (text) }
                        span class="soft" { " · " (side.label(frame.lang)) }
                    }
                }
            }
            ul {
                li { a href="/match" { (frame.t("贴一段需求，立刻看匹配", "Paste a demand and see its matches")) } (frame.t("：连同理由、指标核对和要追问的问题。", ", with reasons, checked numbers and questions to ask.")) }
                li { a href="/gaps" { (frame.t("暂无匹配的需求", "Demands without an answer")) } (frame.t("：可以转入攻关清单。", ": candidates for research programmes.")) }
            }
        }
    }
}
