//! What is run: every scenario, its baseline, and the subsets of its levers.

use std::path::{Path, PathBuf};

use super::error::ForecastError;
use super::shapley::{Orders, REPLICATES};
use crate::model::Wording;
use crate::scenario::{Overrides, Part, Scenario, ScenarioError};

/// One thing that is run in every replicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    /// Which of the plan's scenarios.
    pub(super) scenario: usize,
    pub(super) part: Part,
    /// Its replicates, from the first.
    pub(super) replicates: u32,
}

/// A scenario that is told about.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Index among the scenarios.
    pub(super) scenario: usize,
    /// Members.
    pub(super) full: usize,
    pub(super) baseline: usize,
    /// How the effect is shared, and the member of every subset.
    pub(super) orders: Option<(Orders, Vec<(u32, usize)>)>,
}

/// Everything that is run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Scenarios and named baselines.
    pub(super) scenarios: Vec<Scenario>,
    pub(super) told: Vec<Told>,
    pub(super) members: Vec<Member>,
    /// Clusters to report, of all scenarios, ascending.
    pub(super) clusters: Vec<usize>,
}

impl Plan {
    /// Reads the scenarios with their baselines.
    ///
    /// # Errors
    /// A scenario that is not taken; scenarios of other periods, seeds or replicates.
    pub(super) fn read(paths: &[PathBuf], overrides: &Overrides) -> Result<Self, ForecastError> {
        let mut plan = Self {
            scenarios: Vec::new(),
            told: Vec::new(),
            members: Vec::new(),
            clusters: Vec::new(),
        };
        let mut files: Vec<PathBuf> = Vec::new();
        for path in paths {
            let scenario = plan.scenario(path, overrides, &mut files)?;
            let full = plan.member(scenario, Part::Full);
            let baseline = match plan.scenarios[scenario].baseline.clone() {
                Some(path) => {
                    let other = plan.scenario(&path, overrides, &mut files)?;
                    plan.member(other, Part::Full)
                }
                None => plan.member(scenario, Part::Bare),
            };
            let players = plan.scenarios[scenario].players().len();
            let orders = (plan.scenarios[scenario].shapley && players > 0).then(|| {
                let orders = Orders::of(players);
                let all = (1_u32 << players) - 1;
                let implicit = plan.scenarios[scenario].baseline.is_none();
                let subsets = orders.subsets();
                let members = subsets.into_iter().map(|set| {
                    let part = match set {
                        _ if set == all => Part::Full,
                        0 if implicit => Part::Bare,
                        set => Part::Subset(set),
                    };
                    (set, plan.member(scenario, part))
                });
                (orders, members.collect())
            });
            plan.told.push(Told { scenario, full, baseline, orders });
        }
        let mut clusters: Vec<usize> =
            plan.scenarios.iter().flat_map(|it| it.clusters.iter().copied()).collect();
        clusters.sort_unstable();
        clusters.dedup();
        plan.clusters = clusters;
        Ok(plan)
    }

    /// The scenario of a file, read once.
    fn scenario(
        &mut self,
        path: &Path,
        overrides: &Overrides,
        files: &mut Vec<PathBuf>,
    ) -> Result<usize, ForecastError> {
        let real = std::fs::canonicalize(path)
            .map_err(|source| ScenarioError::Read { path: path.to_owned(), source })?;
        if let Some(at) = files.iter().position(|it| *it == real) {
            return Ok(at);
        }
        let scenario = Scenario::read(path, overrides)?;
        if let Some(first) = self.scenarios.first() {
            let same = (first.start, first.quarters, first.seed, first.replicates)
                == (scenario.start, scenario.quarters, scenario.seed, scenario.replicates);
            let measure = (first.series.measure, first.series.prices)
                == (scenario.series.measure, scenario.series.prices);
            if !same || !measure {
                let (a, b) = (&first.name, &scenario.name);
                return Err(ForecastError::Incomparable {
                    what: Wording::new(
                        format!("“{a}”与“{b}”的起止、种子、次数、指标或价格口径不同，不能成对比较"),
                        format!(
                            "{a} and {b} differ in period, seed, replicates, measure or prices and cannot be paired"
                        ),
                    ),
                });
            }
            if self.scenarios.iter().any(|it| it.name == scenario.name) {
                return Err(ForecastError::Incomparable {
                    what: Wording::new(
                        format!("有两个情景都叫“{}”", scenario.name),
                        format!("two scenarios are called {}", scenario.name),
                    ),
                });
            }
        }
        files.push(real);
        self.scenarios.push(scenario);
        Ok(self.scenarios.len() - 1)
    }

    /// The member of a part; subsets have fewer replicates.
    fn member(&mut self, scenario: usize, part: Part) -> usize {
        // Without levers and shocks the whole is the bare part.
        let it = &self.scenarios[scenario];
        let empty = it.levers.is_empty() && it.shocks.is_empty();
        let part = if part == Part::Full && empty { Part::Bare } else { part };
        let key = (part == Part::Bare).then(|| self.scenarios[scenario].bare_key());
        let same = |it: &Member| {
            let own = it.scenario == scenario && it.part == part;
            // Scenarios on the same data share what they are compared with.
            let shared = || {
                it.part == Part::Bare
                    && key.as_deref() == Some(&self.scenarios[it.scenario].bare_key())
            };
            own || shared()
        };
        if let Some(at) = self.members.iter().position(same) {
            return at;
        }
        let all = self.scenarios[scenario].replicates;
        let replicates = if matches!(part, Part::Subset(_)) { all.min(REPLICATES) } else { all };
        self.members.push(Member { scenario, part, replicates });
        self.members.len() - 1
    }
}
