//! What stands around every page: head, navigation, notices, footer.

use jiff::civil::Date;
use maud::{DOCTYPE, Markup, html};

use super::address::encode;
use crate::model::{Lang, Permission, Role};

/// Who reads a page, in which language, and of which night it speaks.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The language of the page.
    pub lang: Lang,
    /// Path and query of the page itself; where forms and the switch of language come back to.
    pub path: &'a str,
    /// What the reader is.
    pub role: Role,
    /// The reader's name; `None` for whoever sits at the machine, and before login.
    pub user: Option<&'a str>,
    /// What forms must send back; `None` where there is no session.
    pub csrf: Option<&'a str>,
    /// 数据截至: the latest day of publication in the lists.
    pub data_until: Option<Date>,
    /// The published run's folder.
    pub run: Option<&'a str>,
    /// When the run was published, as it is to be read.
    pub published_at: Option<&'a str>,
    /// How many hours ago a night last succeeded, where that is too long.
    pub stale_hours: Option<u32>,
    /// What was done just now: one line at the top.
    pub notice: Option<&'a str>,
}

impl Frame<'_> {
    /// The text of the page's language.
    pub(super) const fn t<'s>(&self, zh: &'s str, en: &'s str) -> &'s str {
        self.lang.pick(zh, en)
    }

    /// Whether the reader may do something.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// The hidden field that every form has, where there is a session.
    pub(super) fn csrf_field(&self) -> Markup {
        html! {
            @if let Some(csrf) = self.csrf { input type="hidden" name="csrf" value=(csrf); }
        }
    }

    /// The hidden field that brings a form back to this page.
    pub(super) fn back_field(&self) -> Markup {
        html! { input type="hidden" name="back" value=(self.path); }
    }
}

/// A whole page with navigation. `body` begins below the page's `h1`, which is `title`.
pub(super) fn page(frame: &Frame<'_>, title: &str, body: &Markup) -> Markup {
    document(frame, title, &html! {}, &html! { h1 { (title) } (body) }, true)
}

/// A page whose heading stands in `body`; `head` is added to the document's head.
pub(super) fn page_with_head(
    frame: &Frame<'_>,
    title: &str,
    head: &Markup,
    body: &Markup,
) -> Markup {
    document(frame, title, head, body, true)
}

/// A page without navigation: before login.
pub(super) fn bare(frame: &Frame<'_>, title: &str, body: &Markup) -> Markup {
    document(frame, title, &html! {}, &html! { h1 { (title) } (body) }, false)
}

fn document(
    frame: &Frame<'_>,
    title: &str,
    head: &Markup,
    body: &Markup,
    with_navigation: bool,
) -> Markup {
    let product = frame.t("对接", "duijie");
    html! {
        (DOCTYPE)
        html lang=(frame.t("zh-CN", "en")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (product) }
                // Without one, browsers ask for a file that is not there.
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/page.js" defer {}
                (head)
            }
            body {
                a class="skip" href="#main" { (frame.t("跳到正文", "Skip to content")) }
                header {
                    div class="bar" {
                        a class="brand" href="/" { (product) }
                        @if with_navigation { (navigation(frame)) }
                        (switches(frame))
                    }
                }
                @if let Some(hours) = frame.stale_hours { (stale(frame, hours)) }
                main id="main" tabindex="-1" {
                    @if let Some(notice) = frame.notice {
                        p class="notice" role="status" { (notice) }
                    }
                    (body)
                }
                (footer(frame))
            }
        }
    }
}

fn navigation(frame: &Frame<'_>) -> Markup {
    let all = [
        ("/", frame.t("搜索", "Search"), Permission::Read),
        ("/match", frame.t("匹配文本", "Match a text"), Permission::Match),
        ("/today", frame.t("我的今日", "My today"), Permission::Answer),
        ("/saved", frame.t("关注", "Watched"), Permission::Match),
        ("/gaps", frame.t("暂无匹配", "Gaps"), Permission::Read),
        ("/run", frame.t("运行", "Run"), Permission::Read),
        ("/import", frame.t("导入", "Import"), Permission::Import),
        ("/judge", frame.t("标注", "Judge"), Permission::Answer),
        ("/admin", frame.t("管理", "Admin"), Permission::Admin),
    ];
    let path = frame.path.split('?').next().unwrap_or("");
    let is_here = |place: &str| match place {
        "/" => path == "/" || path == "/search",
        _ => path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')),
    };
    html! {
        nav aria-label=(frame.t("主导航", "Main")) {
            @for (place, label, _) in all.into_iter().filter(|entry| frame.may(entry.2)) {
                a href=(place) aria-current=[is_here(place).then_some("page")] { (label) }
            }
        }
    }
}

/// Language, colours, and who is logged in.
fn switches(frame: &Frame<'_>) -> Markup {
    let (other, code, label) = match frame.lang {
        Lang::Zh => ("en", "en", "English"),
        Lang::En => ("zh", "zh-CN", "中文"),
    };
    html! {
        div class="switches" {
            a class="language" href=(format!("/lang/{other}?back={}", encode(frame.path))) hreflang=(code) lang=(code) rel="nofollow" { (label) }
            button type="button" class="plain" data-theme-switch hidden { (frame.t("明暗", "Light/dark")) }
            @match frame.user {
                Some(user) => {
                    span class="who" { (user) " · " (frame.role.label(frame.lang)) }
                    form method="post" action="/logout" {
                        (frame.csrf_field())
                        button class="plain" { (frame.t("退出", "Log out")) }
                    }
                }
                None if frame.csrf.is_some() => span class="who" { (frame.t("本机", "this machine")) },
                None => {}
            }
        }
    }
}

fn stale(frame: &Frame<'_>, hours: u32) -> Markup {
    html! {
        p class="stale" role="alert" {
            @match frame.lang {
                Lang::Zh => { "已有 " (hours) " 小时没有成功的运行，下面的结果可能过时。请运行 duijie status 查看原因。" }
                Lang::En => { "No run has succeeded for " (hours) " hours; what follows may be out of date. See `duijie status`." }
            }
        }
    }
}

fn footer(frame: &Frame<'_>) -> Markup {
    html! {
        footer {
            p {
                @if frame.run.is_some() {
                    span {
                        (frame.t("数据截至 ", "Data until "))
                        @match frame.data_until {
                            Some(day) => (day),
                            None => (frame.t("不详", "unknown")),
                        }
                    }
                }
                @if let Some(run) = frame.run { span { (frame.t("运行 ", "Run ")) (run) } }
                @if let Some(at) = frame.published_at { span { (frame.t("发布于 ", "Published ")) (at) } }
                span { (frame.t("全部计算在本机完成", "Everything is computed on this machine")) }
            }
            p data-with-script hidden {
                (frame.t("快捷键：", "Keys: "))
                kbd { "j" } " " kbd { "k" } (frame.t(" 下一条、上一条，", " next, previous; "))
                kbd { "/" } (frame.t(" 搜索", " search"))
            }
        }
    }
}
