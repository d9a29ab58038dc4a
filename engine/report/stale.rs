//! The notice that a page is out of date.

use jiff::Zoned;
use maud::{Markup, PreEscaped, html};

use crate::model::Lang;

/// A red notice that shows itself when the page is read so many hours after the run: whoever looks
/// at yesterday's page on the day after tomorrow must see that the nights since have failed. A
/// page that was written once can know the time only by a script; it reads the clock and nothing
/// else, and without it the run's time still stands above.
pub(super) fn stale_notice(started_at: &Zoned, hours: u32, lang: Lang) -> Markup {
    let words = match lang {
        Lang::Zh => format!(
            "这份结果已超过 {hours} 小时，之后没有成功的运行。请运行 duijie status 查看原因。"
        ),
        Lang::En => format!(
            "This result is more than {hours} hours old and no later run has succeeded. \
             See `duijie status`."
        ),
    };
    let deadline = started_at.timestamp().as_millisecond() + i64::from(hours) * 3_600_000;
    let script = format!(
        "if(Date.now()>={deadline}){{var n=document.getElementById('stale');n.hidden=false;\
         document.body.style.borderTop='12px solid #b00020'}}"
    );
    html! {
        p id="stale" hidden style="background:#b00020;color:#fff;padding:.6em 1em;font-weight:bold" { (words) }
        script { (PreEscaped(script)) }
    }
}
