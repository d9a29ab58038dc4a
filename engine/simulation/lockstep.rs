//! Many replicates of many scenarios side by side, their firms with a backend.

use std::ops::Range;

use rayon::prelude::*;

use super::economy::{Economy, Outcome};
use super::error::SimulationError;
use super::setup::Setup;
use crate::kernel::firm_step::{FirmRow, FirmSession, RunQuarter, RunStart};
use crate::kernel::{Backend, BackendError, BackendKind};

/// Economies that move together, quarter by quarter, their firms with a backend.
///
/// The same bits as [`Economy::step`], on every backend.
pub struct Lockstep<'a> {
    economies: Vec<Economy<'a>>,
    session: Box<dyn FirmSession + 'a>,
}

impl std::fmt::Debug for Lockstep<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lockstep").field("economies", &self.economies).finish_non_exhaustive()
    }
}

impl<'a> Lockstep<'a> {
    /// Gives the firms of the economies, new or resumed, to the backend.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Backend`]; with [`BackendError::Limit`] fewer of them may fit.
    pub fn new(
        backend: &'a dyn Backend,
        mut economies: Vec<Economy<'a>>,
    ) -> Result<Self, SimulationError> {
        let start = |economy: &mut Economy<'a>| RunStart {
            firms: economy.lend_firms(),
            clusters: economy.setup().clusters(),
            tables: economy.setup().tables(),
        };
        let starts: Vec<RunStart<'a>> = economies.iter_mut().map(start).collect();
        let session = backend.simulate(starts)?;
        Ok(Self { economies, session })
    }

    /// What the last quarter left of each economy, in their order.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome<'_>> {
        self.economies.iter().map(Economy::outcome)
    }

    /// One quarter of every economy.
    ///
    /// # Errors
    ///
    /// The first error in order of the economies, or the backend's. The economies must not be used
    /// afterwards.
    pub fn step(&mut self) -> Result<(), SimulationError> {
        let opened: Result<Vec<_>, _> = self.economies.par_iter_mut().map(Economy::open).collect();
        let opened = opened?;
        self.with_firms(Economy::has_matches, |economy| {
            economy.take_matches();
            Vec::new()
        })?;
        let quarters: Vec<RunQuarter<'_>> = self
            .economies
            .iter()
            .zip(opened)
            .map(|(economy, constants)| RunQuarter { inputs: economy.inputs(), constants })
            .collect();
        let sums = self.session.step(&quarters)?;
        let mut arrivals: Vec<Vec<FirmRow>> = (self.economies.par_iter_mut().zip(sums))
            .map(|(economy, sums)| economy.close(sums))
            .collect();
        let attracted = self.with_firms(Economy::has_attractions, Economy::attract)?;
        arrivals.iter_mut().zip(attracted).for_each(|(all, more)| all.extend(more));
        let settled: Result<Vec<()>, _> = (self.economies.par_iter_mut().zip(&arrivals))
            .map(|(economy, arrivals)| economy.settle(arrivals))
            .collect();
        settled?;
        self.session.place(&arrivals)?;
        Ok(())
    }

    /// Fetches the firms of those who `need` them, lets `change` work on them, and puts them back.
    fn with_firms(
        &mut self,
        need: impl Fn(&Economy<'a>) -> bool,
        change: impl Fn(&mut Economy<'a>) -> Vec<FirmRow>,
    ) -> Result<Vec<Vec<FirmRow>>, SimulationError> {
        let mut all = vec![Vec::new(); self.economies.len()];
        for (run, economy) in self.economies.iter_mut().enumerate() {
            if need(economy) {
                economy.return_firms(self.session.firms(run)?);
                all[run] = change(economy);
                self.session.replace(run, economy.lend_firms())?;
            }
        }
        Ok(all)
    }

    /// Takes the firms back; the economies can go on alone or leave checkpoints.
    ///
    /// # Errors
    ///
    /// The backend's.
    pub fn finish(mut self) -> Result<Vec<Economy<'a>>, SimulationError> {
        for (run, economy) in self.economies.iter_mut().enumerate() {
            economy.return_firms(self.session.firms(run)?);
        }
        Ok(self.economies)
    }
}

/// What a replicate leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicate<T> {
    /// What was kept of it.
    pub kept: T,
    /// [`Economy::fingerprint`] at its end.
    pub fingerprint: u64,
}

/// Replicates that move together at most, where the backend takes so many: a few seconds of work
/// on two cores, so that results come early and refine.
const TOGETHER: usize = 1024;

/// Runs `replicates` of every scenario for `quarters` on `backend`.
///
/// `observe` is called before the first quarter and after each one, with the value that it keeps
/// for the replicate of the scenario of that number. One list per scenario, in order of replicates;
/// the same bits on every backend, for any number of threads, and as [`super::replicates`] gives.
///
/// # Errors
///
/// The first error, or the backend's.
pub fn replicates_on<T: Send + Default>(
    backend: &dyn Backend,
    scenarios: &[&Setup],
    replicates: Range<u32>,
    quarters: u32,
    observe: impl Fn(usize, &Outcome<'_>, &mut T) + Sync,
) -> Result<Vec<Vec<Replicate<T>>>, SimulationError> {
    let jobs: Vec<(usize, u32)> =
        replicates.flat_map(|it| (0..scenarios.len()).map(move |s| (s, it))).collect();
    let mut all: Vec<Vec<Replicate<T>>> = scenarios.iter().map(|_| Vec::new()).collect();
    let mut together = TOGETHER;
    let mut at = 0;
    while at < jobs.len() {
        let part = &jobs[at..(at + together).min(jobs.len())];
        match part_on(backend, scenarios, part, quarters, &observe) {
            Ok(found) => {
                at += part.len();
                part.iter().zip(found).for_each(|((s, _), it)| all[*s].push(it));
            }
            // What does not fit at once is cut; nothing of it was kept.
            Err(SimulationError::Backend(BackendError::Limit { .. })) if part.len() > 1 => {
                together = part.len().div_ceil(2);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn part_on<T: Send + Default>(
    backend: &dyn Backend,
    scenarios: &[&Setup],
    jobs: &[(usize, u32)],
    quarters: u32,
    observe: &(impl Fn(usize, &Outcome<'_>, &mut T) + Sync),
) -> Result<Vec<Replicate<T>>, SimulationError> {
    if backend.info().kind == BackendKind::Cpu {
        // One run at a time on each thread stays in its cache.
        let alone = |(s, replicate): &(usize, u32)| {
            let mut economy = Economy::new(scenarios[*s], *replicate)?;
            let mut kept = T::default();
            observe(*s, &economy.outcome(), &mut kept);
            for _ in 0..quarters {
                economy.step()?;
                observe(*s, &economy.outcome(), &mut kept);
            }
            Ok(Replicate { kept, fingerprint: economy.fingerprint() })
        };
        let found: Vec<_> = jobs.par_iter().map(alone).collect();
        return found.into_iter().collect();
    }
    let economies: Result<Vec<_>, _> =
        jobs.iter().map(|(s, replicate)| Economy::new(scenarios[*s], *replicate)).collect();
    let mut run = Lockstep::new(backend, economies?)?;
    let mut kept: Vec<T> = jobs.iter().map(|_| T::default()).collect();
    for quarter in 0..=quarters {
        if quarter > 0 {
            run.step()?;
        }
        let outcomes: Vec<_> = run.outcomes().collect();
        (kept.par_iter_mut().zip(&outcomes).zip(jobs))
            .for_each(|((kept, outcome), (s, _))| observe(*s, outcome, kept));
    }
    let ended = run.finish()?;
    let fingerprints: Vec<u64> = ended.par_iter().map(Economy::fingerprint).collect();
    let replicate = |(kept, fingerprint)| Replicate { kept, fingerprint };
    Ok(kept.into_iter().zip(fingerprints).map(replicate).collect())
}
