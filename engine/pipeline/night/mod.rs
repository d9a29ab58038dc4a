//! A night's run over the live records of a workspace: the main job, over tables that are given
//! and with derived data that stay.
//!
//! Who calls names the folders and publishes them; this module knows what is in them.

use std::path::Path;

use rayon::prelude::*;

use super::answers::Answers;
use super::candidates::retrieve;
use super::clock::Clock;
use super::defaults::Rules;
use super::embedding::read_evidence;
use super::lists::take_in_id_order;
use super::output::{OutputFolder, names};
use super::run::{Concluding, Tables, build_indexes, embed, judge_all};
use super::scoring::Judge;
use super::{Manifest, MatchOptions, PipelineError, Progress, Stage, choose_backend};
use crate::corpus::near_duplicate_groups;
use crate::matching::contradictions;
use crate::model::{BrokerAnswer, Intake, Record};

/// What a night works on.
#[derive(Debug)]
pub struct NightInput {
    /// Live demands, in any order; ids are unique.
    pub demands: Vec<Record>,
    /// Live supplies, likewise.
    pub supplies: Vec<Record>,
    /// What tonight's imports found about demands; without records.
    pub demand_intake: Intake,
    /// What tonight's imports found about supplies; without records.
    pub supply_intake: Intake,
    /// Brokers' answers up to the reference point, in the order in which they were given.
    pub answers: Vec<BrokerAnswer>,
}

/// Where a night reads and writes.
#[derive(Debug, Clone, Copy)]
pub struct NightFolders<'a> {
    /// The published generation, whose derived data may be used again.
    pub previous: Option<&'a Path>,
    /// The generation to be made: an empty folder.
    pub generation: &'a Path,
    /// The run to be made: an empty folder.
    pub run: &'a Path,
}

/// Whether the statistics of words are to be counted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refresh {
    /// When a good part of the records has changed since they were counted.
    #[default]
    WhenDue,
    /// Tonight; every pair is scored again.
    Statistics,
}

/// How much of a night's pairs had to be scored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NightMode {
    /// All of them.
    Full {
        /// Why.
        why: FullBecause,
    },
    /// Those of the records that are new or changed.
    Incremental {
        /// New or changed demands and supplies.
        changed: [usize; 2],
        /// Demands and supplies that are gone.
        gone: [usize; 2],
    },
}

/// Why a night scored everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullBecause {
    /// There is nothing to build on.
    First,
    /// It was asked for.
    Asked,
}

/// What a night came to.
#[derive(Debug, Clone)]
pub struct NightSummary {
    /// The run's manifest as written.
    pub manifest: Manifest,
    /// Demands whose best pair is 建议对接, 可洽谈 and 暂无匹配.
    pub demands_by_verdict: [usize; 3],
    /// How much was scored.
    pub mode: NightMode,
}

/// Runs the main job over the live records and fills both folders.
///
/// `options` names no files and no folder here: its lists, answers and output are not looked at.
///
/// # Errors
/// Whatever step fails first. What was written until then stays, for who named the folders to
/// remove.
pub fn run_night(
    input: NightInput,
    options: &MatchOptions,
    folders: NightFolders<'_>,
    refresh: Refresh,
    progress: &dyn Progress,
) -> Result<NightSummary, PipelineError> {
    let mut rules = Rules::read(options.weights.as_deref(), options.calibration.as_deref())?;
    let synonyms = options.synonyms.open()?;
    let embedder = options.embedder.open()?;
    let mut clock = Clock::new(progress);
    let mut answers = Answers::kept(input.answers, "store.db");
    let tables = tables(input.demands, input.supplies, input.demand_intake, input.supply_intake);
    let learned = answers.learn(&tables.demands, &tables.supplies, &mut rules);
    let n = tables.n_records();

    let index = folders.generation.join(names::INDEX);
    std::fs::create_dir_all(&index).map_err(|e| PipelineError::io("create", &index, e))?;
    let (demand_index, supply_index) =
        clock.stage(Stage::Index, Some(n), || build_indexes(&index, &tables, progress))?;
    let embeddings =
        clock.stage(Stage::Embed, Some(n), || embed(embedder.as_ref(), &tables, progress))?;
    let (backend, why_no_gpu) = choose_backend(options.backend)?;
    let candidates = clock.stage(Stage::Candidates, Some(n), || {
        retrieve(
            (&demand_index, &supply_index),
            &synonyms.synonyms,
            &embeddings.0,
            &embeddings.1,
            backend.as_ref(),
            options.n_candidates.max(options.depth).max(options.top),
            progress,
        )
    })?;
    drop((demand_index, supply_index));
    let evidence = clock.stage(Stage::Evidence, Some(n), || {
        let sides = (tables.demands.as_slice(), tables.supplies.as_slice());
        read_evidence(embedder.as_ref(), sides, synonyms.synonyms.clone(), progress)
    })?;
    let judged = clock.stage(Stage::Score, None, || {
        let judge = Judge::new(
            &tables.demands,
            &tables.supplies,
            &embeddings.0,
            &embeddings.1,
            &evidence,
            &rules,
            options.as_of,
        )
        .with_blocked(learned.blocked_pairs());
        judge_all(options, &judge, &rules, &candidates, backend.as_ref(), progress)
    })?;
    let folder = OutputFolder::standing(folders.run);
    folder.create_dir(names::INDEX)?;
    let summary = Concluding {
        options,
        rules: &rules,
        synonyms_text: &synonyms.text,
        tables: &tables,
        candidates: &candidates,
        judged: &judged,
        evidence: &evidence,
        answers: &answers,
        learned: &learned,
        embedder: options.embedder.facts(embedder.as_ref()),
        passage_embedder: None,
        backend: backend.info(),
        why_no_gpu,
    }
    .write(&folder, clock, progress)?;
    let why = if refresh == Refresh::Statistics { FullBecause::Asked } else { FullBecause::First };
    Ok(NightSummary {
        manifest: summary.manifest,
        demands_by_verdict: summary.demands_by_verdict,
        mode: NightMode::Full { why },
    })
}

/// Live records as the job's tables: sorted by id, near-duplicates and contradictions found.
fn tables(
    demands: Vec<Record>,
    supplies: Vec<Record>,
    mut demand_intake: Intake,
    mut supply_intake: Intake,
) -> Tables {
    let take = |mut records: Vec<Record>, intake: &mut Intake| {
        records.par_iter_mut().for_each(|record| record.duplicate_group = None);
        intake.near_duplicates = near_duplicate_groups(&records);
        for (number, group) in (0_u32..).zip(&intake.near_duplicates) {
            group.iter().for_each(|&row| records[row as usize].duplicate_group = Some(number));
        }
        intake.records = records;
        let mut records = take_in_id_order(intake);
        records.par_iter_mut().for_each(|record| record.contradictions = contradictions(record));
        records
    };
    Tables {
        demands: take(demands, &mut demand_intake),
        supplies: take(supplies, &mut supply_intake),
        demand_intake,
        supply_intake,
    }
}
