//! Looks for a newly published night and swaps it in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::{App, blocking};
use crate::job::{Current, JobError, open_published};
use crate::pipeline::Silent;
use crate::store::AUDIT_KEPT;

/// Opens what is published, unless it is served already. What cannot be opened leaves the one that
/// is served in its place, and the trouble is told.
pub(super) async fn look(app: &Arc<App>) {
    let (at, looking) = (app.published(), Arc::clone(app));
    let found = blocking(move || {
        let current = match Current::read(&looking.workspace) {
            Ok(Some(current)) => current,
            Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        if at.is_some_and(|at| at.current == current) {
            looking.set_trouble(None);
            return Ok(None);
        }
        open_published(&looking.workspace, &looking.around, &Silent).map(Some)
    })
    .await;
    match found {
        Ok(None) => {}
        Ok(Some(serving)) => {
            let (run, generation) = (serving.current.run.clone(), serving.current.generation);
            app.publish(serving);
            app.metrics.swapped(generation);
            tracing::info!(run, generation, "a published night is served");
        }
        Err(error) => tell(app, &error),
    }
}

fn tell(app: &App, error: &JobError) {
    let text = error.to_string();
    // Every look would say it again.
    if app.trouble().as_ref() != Some(&text) {
        tracing::error!(error = text, "what is published cannot be opened; the last one is kept");
        app.metrics.swap_failed();
    }
    app.set_trouble(Some(text));
}

const A_DAY: Duration = Duration::from_secs(24 * 3_600);

/// Removes sessions that have ended and accesses that need not be kept any longer.
async fn sweep(app: &Arc<App>) {
    let at = app.now();
    let swept = app
        .write(move |store| {
            store.sweep_sessions(at)?;
            store.sweep_audit(at - AUDIT_KEPT, at)
        })
        .await;
    if let Err(error) = swept {
        tracing::warn!(%error, "ended sessions and old accesses could not be removed");
    }
}

/// Looks again and again.
pub(super) async fn keep_looking(app: Arc<App>) {
    let mut every = tokio::time::interval(app.options.look_every);
    let mut swept: Option<Instant> = None;
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        look(&app).await;
        app.limits.forget_idle();
        if swept.is_none_or(|last| last.elapsed() > A_DAY) {
            sweep(&app).await;
            swept = Some(Instant::now());
        }
    }
}
