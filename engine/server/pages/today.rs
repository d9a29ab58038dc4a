//! My list: the pairs that were handed out of my demands, what I said, what is due.

use std::cmp::Reverse;

use jiff::civil::Date;
use maud::{Markup, html};

use super::address::{pair, record};
use super::forms::{self, step_words};
use super::frame::page;
use super::words::{badge, chance};
use super::{Frame, facts};
use crate::model::{Answer, Lang};
use crate::pipeline::{PairHead, SeenRecord};
use crate::store::{LedgerRow, Step};

/// A pair of my list.
#[derive(Debug, Clone)]
pub struct TodayRow {
    /// How it stands.
    pub head: PairHead,
    /// The demand.
    pub demand: SeenRecord,
    /// The supply.
    pub supply: SeenRecord,
    /// What was answered last.
    pub answer: Option<Answer>,
    /// How far it has come.
    pub step: Option<LedgerRow>,
    /// Whether the last night brought it.
    pub is_new: bool,
    /// Why it is new, or what changed, in sentences.
    pub why: Vec<String>,
}

impl TodayRow {
    /// Whether nothing is to be done any more: refused, signed or shelved.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let ended = |row: &LedgerRow| matches!(row.entry.step, Step::Signed { .. } | Step::Shelved);
        self.answer == Some(Answer::Unfit) || self.step.as_ref().is_some_and(ended)
    }

    /// Whether somebody meant to look again by this day.
    #[must_use]
    pub fn is_due(&self, today: Date) -> bool {
        let next = self.step.as_ref().and_then(|row| row.entry.next_date);
        !self.is_done() && next.is_some_and(|day| day <= today)
    }
}

/// Which rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TodayFilter {
    /// All of them.
    #[default]
    All,
    /// Those whose day has come.
    Due,
    /// Those that the last night brought.
    New,
    /// Those that are not done.
    Open,
    /// Those that are done.
    Done,
}

impl TodayFilter {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::All, Self::Due, Self::New, Self::Open, Self::Done];

    /// The word by which addresses name it, after `show=`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Due => "due",
            Self::New => "new",
            Self::Open => "open",
            Self::Done => "done",
        }
    }

    /// What a word of an address stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.word() == word)
    }

    const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::All => lang.pick("全部", "All"),
            Self::Due => lang.pick("到期要跟进", "Due"),
            Self::New => lang.pick("新的", "New"),
            Self::Open => lang.pick("未完", "Open"),
            Self::Done => lang.pick("已了结", "Done"),
        }
    }

    fn accepts(self, row: &TodayRow, today: Date) -> bool {
        match self {
            Self::All => true,
            Self::Due => row.is_due(today),
            Self::New => row.is_new && !row.is_done(),
            Self::Open => !row.is_done(),
            Self::Done => row.is_done(),
        }
    }
}

/// My list.
#[derive(Debug, Clone, Copy)]
pub struct TodayPage<'a> {
    /// All of my rows, in the order of the hand-out.
    pub rows: &'a [TodayRow],
    /// Which of them are shown.
    pub filter: TodayFilter,
    /// The day of the reader.
    pub today: Date,
    /// The name under which the pairs were handed to me; `None` where all are shown.
    pub broker: Option<&'a str>,
}

/// The list: due follow-ups first by their day, then new ones, then what is open, then what is
/// done; among equals the likelier first.
#[must_use]
pub fn today_page(frame: &Frame<'_>, shown: &TodayPage<'_>) -> Markup {
    let mut rows: Vec<&TodayRow> =
        shown.rows.iter().filter(|row| shown.filter.accepts(row, shown.today)).collect();
    rows.sort_by_key(|row| {
        let next = row.step.as_ref().and_then(|step| step.entry.next_date);
        let due = if row.is_due(shown.today) { next } else { None };
        (due.is_none(), due, row.is_done(), !row.is_new, Reverse(row.head.probability))
    });
    let body = html! {
        @match shown.broker {
            Some(broker) => p class="soft" { (frame.t("发给 ", "Handed to ")) (broker) (frame.t(" 的配对。", ".")) },
            None => p class="soft" { (frame.t("没有按经理人分配，列出全部发出的配对。", "Pairs are not shared out among brokers; all that were handed out are listed.")) },
        }
        (filters(frame, shown))
        @if shown.rows.is_empty() {
            (empty(frame))
        } @else if rows.is_empty() {
            p { (frame.t("这一类现在没有。", "There is none of this kind.")) }
        } @else {
            (forms::filter(frame))
            p { a href="/today.xlsx" { (frame.t("下载 XLSX", "Download XLSX")) } }
            @for (place, row) in rows.iter().enumerate() { (self::row(frame, row, place, shown.today)) }
        }
    };
    page(frame, frame.t("我的今日", "My today"), &body)
}

fn filters(frame: &Frame<'_>, shown: &TodayPage<'_>) -> Markup {
    html! {
        nav class="tabs" aria-label=(frame.t("筛选", "Filter")) {
            @for filter in TodayFilter::ALL {
                @let n = shown.rows.iter().filter(|row| filter.accepts(row, shown.today)).count();
                a href=(format!("/today?show={}", filter.word())) aria-current=[(filter == shown.filter).then_some("true")] {
                    (filter.label(frame.lang)) " " (n)
                }
            }
        }
    }
}

fn row(frame: &Frame<'_>, row: &TodayRow, place: usize, today: Date) -> Markup {
    let lang = frame.lang;
    let (demand, supply) = (row.demand.record(), row.supply.record());
    let next = row.step.as_ref().and_then(|step| step.entry.next_date);
    html! {
        article class="card" data-item {
            h2 {
                a href=(pair("/pairs", &demand.id, &supply.id)) data-main {
                    (demand.title) " ↔ " (supply.title)
                }
            }
            p class="who" {
                a class="code" href=(record(demand.side, &demand.id)) { (demand.number) } " " (facts::owner(&row.demand, lang))
                " ↔ "
                a class="code" href=(record(supply.side, &supply.id)) { (supply.number) } " " (facts::owner(&row.supply, lang))
            }
            p class="judged" {
                (badge(row.head.verdict, lang)) " " (chance(row.head.probability, lang)) " "
                @if row.is_due(today) { span class="tag bad" { (frame.t("今天要跟进", "due")) } " " }
                @if row.is_new { span class="tag good" { (frame.t("新", "new")) } " " }
                @if let Some(answer) = row.answer { span class="tag" { (answer.label(lang)) } " " }
                @if let Some(step) = &row.step {
                    span class="tag" { (step_words(&step.entry.step, lang)) " · " (step.entry.date) } " "
                }
                @if let Some(day) = next { span class="soft" { (frame.t("下次跟进 ", "look again ")) (day) } }
            }
            @if !row.why.is_empty() { ul class="plain why" { @for why in &row.why { li { (why) } } } }
            (forms::answers(frame, &place.to_string(), &demand.id, &supply.id, row.answer))
        }
    }
}

fn empty(frame: &Frame<'_>) -> Markup {
    html! {
        section class="empty" {
            h2 { (frame.t("还没有发给你的配对", "Nothing has been handed to you yet")) }
            ul {
                li { (frame.t("每晚运行之后，值得联系的配对会出现在这里。", "After every night the pairs worth a call stand here.")) }
                li { (frame.t("如果一直是空的，请办公室核对你的账户里填的经理人姓名与清单一致。", "If it stays empty, ask the office whether the broker's name in your account is the one in the lists.")) }
                li { a href="/match" { (frame.t("现在就可以贴一段需求来匹配", "You can have a text matched right now")) } }
            }
        }
    }
}
