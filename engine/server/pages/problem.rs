//! What stands where a page cannot.

use maud::{Markup, html};

use super::Frame;
use super::frame::{bare, page};
use crate::model::Lang;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem<'a> {
    /// 404: there is nothing here, or nothing that this reader may know of.
    NotFound,
    /// 403: the reader's role does not allow it.
    Forbidden,
    /// 403: the form was sent from elsewhere, or its session has ended.
    Stale,
    /// 400 or 422: what was asked cannot be understood.
    Bad {
        /// What is wrong with it.
        detail: &'a str,
    },
    /// 413: what was sent is too large.
    TooLarge {
        /// Most millions of bytes.
        max_mb: u64,
    },
    /// 429: too many requests.
    TooMany {
        /// Seconds after which to try again.
        seconds: u64,
    },
    /// 503: too much is under way.
    Busy,
    /// 500: our fault.
    Failed {
        /// By which the request is found in the log.
        id: &'a str,
    },
    /// 503: no night has been published yet.
    NotReady {
        /// Whether this is the page of whoever sits at the machine.
        local: bool,
    },
}

/// The page of a problem. It is the same for a record that is hidden and one that does not exist.
#[must_use]
pub fn problem_page(frame: &Frame<'_>, problem: &Problem<'_>) -> Markup {
    let (title, body) = match problem {
        Problem::NotFound => (
            frame.t("没有这个页面或记录", "There is no such page or record"),
            html! {
                p { (frame.t("地址可能抄错了，或者记录已经撤下。", "The address may be mistyped, or the record was withdrawn.")) }
            },
        ),
        Problem::Forbidden => (
            frame.t("没有权限", "Not allowed"),
            html! {
                p {
                    (frame.t("你的角色是", "Your role is ")) b { (frame.role.label(frame.lang)) }
                    (frame.t("，做不了这件事。需要的话请找管理员。", ", which does not allow this. Ask the administrator if you need it."))
                }
            },
        ),
        Problem::Stale => (
            frame.t("表单已过期", "The form is out of date"),
            html! { p { (frame.t("登录已过期，或者表单不是从本页发出的。请回到上一页刷新后再试。", "The session has ended, or the form was not sent from here. Go back, reload the page and try again.")) } },
        ),
        Problem::Bad { detail } => (
            frame.t("看不懂这个请求", "The request cannot be understood"),
            html! { p { (detail) } },
        ),
        Problem::TooLarge { max_mb } => (
            frame.t("文件太大", "The file is too large"),
            match frame.lang {
                Lang::Zh => {
                    html! { p { "最大 " (max_mb) " MB。请拆开，或用 duijie import 在命令行导入。" } }
                }
                Lang::En => {
                    html! { p { "At most " (max_mb) " MB. Split it, or take it in with `duijie import`." } }
                }
            },
        ),
        Problem::TooMany { seconds } => (
            frame.t("请求太频繁", "Too many requests"),
            match frame.lang {
                Lang::Zh => html! { p { "请 " (seconds) " 秒后再试。" } },
                Lang::En => html! { p { "Try again in " (seconds) " seconds." } },
            },
        ),
        Problem::Busy => (
            frame.t("现在太忙", "Too busy"),
            html! { p { (frame.t("请求太多，一时处理不过来。过几秒再试。", "There is more to do than can be done at once. Try again in some seconds.")) } },
        ),
        Problem::Failed { id } => (
            frame.t("出错了", "Something went wrong"),
            html! {
                p { (frame.t("这是程序的问题，不是你的。请把下面的编号告诉管理员：", "This is our fault. Tell the administrator this number:")) }
                p { code { (id) } }
            },
        ),
        Problem::NotReady { local } => (
            frame.t("还没有可查的结果", "There is nothing to search yet"),
            first_steps(frame, *local),
        ),
    };
    let body = html! {
        (body)
        @if !matches!(problem, Problem::NotReady { .. }) {
            p { a href="/" { (frame.t("回到首页", "To the first page")) } }
        }
    };
    // Before login there is nothing to navigate to.
    if frame.csrf.is_some() { page(frame, title, &body) } else { bare(frame, title, &body) }
}

fn first_steps(frame: &Frame<'_>, local: bool) -> Markup {
    html! {
        p { (frame.t("三步就有：", "Three steps:")) }
        @if local {
            ol class="steps" {
                li { a href="/import" { (frame.t("放入两份清单", "Put two lists in")) } (frame.t("：需求一份，供给一份，Excel 或 CSV 都行。", ": demands and supplies, as Excel or CSV.")) }
                li { (frame.t("看一眼检查结果：每一行的去向都列出来。", "Look at the check: it says what became of every row.")) }
                li { (frame.t("开始匹配，几分钟后下载结果，也可以在这里查。", "Have them matched; some minutes later the results can be downloaded and searched here.")) }
            }
        } @else {
            ol class="steps" {
                li { a href="/import" { (frame.t("导入清单", "Take lists in")) } (frame.t("，或把文件放进工作区的 inbox 文件夹。", ", or put the files into the workspace's inbox.")) }
                li { (frame.t("运行一次：", "Run once: ")) code { "duijie nightly" } (frame.t("，以后每晚自动运行。", "; later every night by itself.")) }
                li { (frame.t("刷新本页。发布之后不用重启服务。", "Reload this page. Nothing needs to be restarted.")) }
            }
        }
    }
}
