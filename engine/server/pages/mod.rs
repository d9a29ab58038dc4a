//! The pages of the server: from what is to be shown to HTML.
//!
//! Pure: no request, no clock, no file is touched here; times are written in the machine's zone. Every function takes a [`Frame`] (who reads,
//! in which language, of which night) and what the page is about, and gives a whole document. What
//! may be seen was decided before: records and pairs come as a
//! [`View`](crate::pipeline::View) shows them, and all texts are escaped.
//!
//! The pages need no script. [`PAGE_JS`] adds filters, copying, shortcuts and drag and drop to what
//! is there; no page holds a script, a style attribute or an address of another host, so that the
//! strictest policy of content can be sent with it.

mod address;
mod admin;
mod bar;
mod cards;
mod facts;
#[cfg(test)]
mod fixture;
mod forms;
mod frame;
mod gaps;
mod import;
mod import_job;
mod judge;
mod login;
mod numbers;
mod pair;
mod paste;
mod problem;
mod proposal;
mod record;
mod run;
#[cfg(test)]
mod samples;
mod saved;
mod search;
#[cfg(test)]
mod tests;
mod today;
mod words;

pub use address::{encode, search_address};
pub use admin::{AdminPage, admin_page};
pub use frame::Frame;
pub use gaps::{GapsPage, gaps_page};
pub use import::{
    CheckedList, ImportCheckPage, ImportPage, TakenList, import_check_page, import_page,
    import_taken_page,
};
pub use import_job::{JobFigures, JobPage, JobState, job_page};
pub use judge::{Disagreement, JudgeDone, JudgePage, TwoAssessors, judge_done_page, judge_page};
pub use login::login_page;
pub use pair::{PairPage, pair_page};
pub use paste::{AnswerPage, answer_page, match_page};
pub use problem::{Problem, problem_page};
pub use proposal::{ProposalPage, message, proposal_page};
pub use record::{RecordPage, record_page};
pub use run::{RunFile, RunPage, run_page};
pub use saved::{SavedRow, saved_page};
pub use search::{SearchPage, search_page};
pub use today::{TodayFilter, TodayPage, TodayRow, today_page};

/// The style sheet, to be served at `/assets/page.css`.
pub const PAGE_CSS: &str = include_str!("assets/page.css");
/// The script, to be served at `/assets/page.js`.
pub const PAGE_JS: &str = include_str!("assets/page.js");
