//! The progress of a match that was begun from the page, and where its results are.

use maud::{Markup, html};

use super::address::encode;
use super::frame::page_with_head;
use super::words::size;
use super::{Frame, RunFile};
use crate::model::Lang;
use crate::report::grouped;

/// Seconds after which the page of work under way asks again.
const AGAIN: u32 = 2;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState<'a> {
    /// It waits for another.
    Waiting,
    /// It works.
    Working {
        /// What it does now, in words.
        stage: &'a str,
        /// How much of the stage is done.
        done: u64,
        /// How much there is to do, where that is known.
        total: Option<u64>,
    },
    /// It is done.
    Done(JobFigures),
    /// It failed.
    Failed {
        /// What went wrong.
        message: &'a str,
        /// What to do next; may be empty.
        remedy: &'a str,
    },
}

/// What a job brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobFigures {
    /// Demands to introduce.
    pub recommend: u64,
    /// Demands to discuss.
    pub discuss: u64,
    /// Demands without a match.
    pub no_match: u64,
}

/// A job.
#[derive(Debug, Clone, Copy)]
pub struct JobPage<'a> {
    /// By which its page is named.
    pub id: &'a str,
    /// How it stands.
    pub state: JobState<'a>,
    /// Seconds since it began.
    pub seconds: u64,
    /// What can be downloaded, once it is done.
    pub files: &'a [RunFile<'a>],
}

/// The page of a job; while it works, the page asks again by itself.
#[must_use]
pub fn job_page(frame: &Frame<'_>, job: &JobPage<'_>) -> Markup {
    let is_open = matches!(job.state, JobState::Waiting | JobState::Working { .. });
    let (title, body) = match job.state {
        JobState::Waiting => (
            frame.t("排队中", "Waiting"),
            html! { p role="status" { (frame.t("前面还有一个任务，稍后自动开始。", "Another job is under way; this one begins by itself.")) } },
        ),
        JobState::Working { stage, done, total } => {
            let stage = if stage.is_empty() { frame.t("准备中", "preparing") } else { stage };
            (frame.t("正在匹配", "Matching"), working(frame, job.seconds, stage, done, total))
        }
        JobState::Done(figures) => (frame.t("匹配完成", "Done"), finished(frame, job, figures)),
        JobState::Failed { message, remedy } => (
            frame.t("没有完成", "It failed"),
            html! {
                p class="error" role="alert" { (message) }
                @if !remedy.is_empty() { p { (remedy) } }
                p { a href="/import" { (frame.t("换一份文件再试", "Try other files")) } }
            },
        ),
    };
    let address = format!("/import/job/{}", encode(job.id));
    let head = html! {
        @if is_open {
            noscript { meta http-equiv="refresh" content=(format!("{AGAIN};url={address}")); }
        }
    };
    let body = html! {
        h1 { (title) }
        // The script asks again where it runs: whoever listens to the page is not interrupted.
        div data-again=[is_open.then_some(AGAIN)] { (body) }
    };
    page_with_head(frame, title, &head, &body)
}

fn working(frame: &Frame<'_>, seconds: u64, stage: &str, done: u64, total: Option<u64>) -> Markup {
    html! {
        p role="status" {
            (stage)
            @if let Some(total) = total { " " (grouped(done)) " / " (grouped(total)) }
        }
        @match total {
            Some(total) => progress max=(total.max(1)) value=(done.min(total)) aria-label=(stage) {},
            None => progress aria-label=(stage) {},
        }
        p class="soft" {
            @match frame.lang {
                Lang::Zh => { "已用 " (seconds) " 秒。可以离开这个页面，任务会继续。" }
                Lang::En => { (seconds) " seconds so far. You may leave this page; the work goes on." }
            }
        }
    }
}

fn finished(frame: &Frame<'_>, job: &JobPage<'_>, figures: JobFigures) -> Markup {
    let all = figures.recommend + figures.discuss + figures.no_match;
    let [all, recommend, discuss, no_match] =
        [all, figures.recommend, figures.discuss, figures.no_match].map(grouped);
    html! {
        p class="headline" role="status" {
            @match frame.lang {
                Lang::Zh => { b { (all) } " 条需求中，" b { (recommend) } " 条建议对接，" b { (discuss) } " 条可洽谈，" b { (no_match) } " 条暂无匹配。" }
                Lang::En => { "Of " b { (all) } " demands, " b { (recommend) } " have a supply to be introduced to, " b { (discuss) } " one worth a call, " b { (no_match) } " none." }
            }
        }
        ul {
            @for file in job.files {
                li {
                    a href=(format!("/run/files/{}", encode(file.name))) { (file.what.get(frame.lang)) }
                    span class="soft" { " · " (file.name) " · " (size(file.bytes)) }
                }
            }
            li { a href="/search?side=demand" { (frame.t("在这里逐条查看需求和理由", "Look through the demands and the reasons here")) } }
            li { a href="/gaps" { (frame.t("暂无匹配的需求", "Demands without an answer")) } }
        }
    }
}
