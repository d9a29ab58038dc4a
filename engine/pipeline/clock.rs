//! How long each stage of a run took.

use std::collections::BTreeMap;
use std::time::Instant;

use super::{Progress, Stage};
use crate::model::Lang;

/// Wall times of the stages, told to a [`Progress`] as they begin and end.
pub(super) struct Clock<'a> {
    progress: &'a dyn Progress,
    began: Instant,
    stages: Vec<(Stage, f64)>,
}

impl<'a> Clock<'a> {
    /// Starts the clock of a run.
    pub(super) fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, began: Instant::now(), stages: Vec::new() }
    }

    /// Does a stage's work and keeps its time; `total` is how many steps it has, where known.
    pub(super) fn stage<T>(
        &mut self,
        stage: Stage,
        total: Option<u64>,
        work: impl FnOnce() -> T,
    ) -> T {
        let began = Instant::now();
        self.progress.begin(stage, total);
        let result = work();
        self.progress.end();
        let time = seconds(began);
        tracing::info!(stage = stage.name(), seconds = time, "done");
        self.stages.push((stage, time));
        result
    }

    /// Stages in the order in which they first began, named for people, in seconds.
    pub(super) fn for_people(&self, lang: Lang) -> Vec<(String, f64)> {
        let mut times: Vec<(Stage, f64)> = Vec::new();
        for &(stage, time) in &self.stages {
            match times.iter_mut().find(|(known, _)| *known == stage) {
                Some((_, sum)) => *sum += time,
                None => times.push((stage, time)),
            }
        }
        times.into_iter().map(|(stage, time)| (stage.label(lang).to_owned(), time)).collect()
    }

    /// Stages in order, in seconds.
    pub(super) fn stages(&self) -> &[(Stage, f64)] {
        &self.stages
    }

    /// Seconds by stage name, of all its parts together, and since the start of the run as `total`.
    pub(super) fn for_manifest(&self) -> BTreeMap<String, f64> {
        let mut times = BTreeMap::from([("total".to_owned(), seconds(self.began))]);
        for &(stage, time) in &self.stages {
            *times.entry(stage.name().to_owned()).or_default() += time;
        }
        // Sums of milliseconds, without the dust of binary fractions.
        times.values_mut().for_each(|time| *time = (*time * 1e3).round() / 1e3);
        times
    }
}

/// Seconds since `began`, to the millisecond.
fn seconds(began: Instant) -> f64 {
    (began.elapsed().as_secs_f64() * 1e3).round() / 1e3
}
