//! Progress bars on stderr, where stderr is a terminal.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::model::Lang;
use crate::pipeline::{Progress, Stage};

/// One bar at a time; finished stages leave a line with their time.
pub(super) struct Bars {
    lang: Lang,
    current: Mutex<Option<ProgressBar>>,
}

impl Bars {
    pub(super) const fn new(lang: Lang) -> Self {
        Self { lang, current: Mutex::new(None) }
    }

    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // A poisoned lock only means that a bar may look odd.
        let mut current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        act(&mut current);
    }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{prefix} {bar:30} {human_pos}/{human_len} {elapsed} (剩余 {eta})",
            ),
            None => (ProgressBar::new_spinner(), "{prefix} {spinner} {human_pos} {elapsed}"),
        };
        let template = if self.lang == Lang::En {
            template.replace("剩余", "left")
        } else {
            template.to_owned()
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_prefix(stage.label(self.lang));
        bar.enable_steady_tick(Duration::from_millis(200));
        self.with(|current| *current = Some(bar));
    }

    fn advance(&self, steps: u64) {
        self.with(|current| {
            if let Some(bar) = current {
                bar.inc(steps);
            }
        });
    }

    fn end(&self) {
        self.with(|current| {
            if let Some(bar) = current.take() {
                bar.finish();
            }
        });
    }
}
