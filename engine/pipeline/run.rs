//! The main job, step by step.

use std::collections::HashSet;

use jiff::civil::Date;
use rayon::prelude::*;

use super::answers::Answers;
use super::candidates::retrieve;
use super::clock::Clock;
use super::defaults::Rules;
use super::embedding::{embed_records, read_evidence};
use super::import::read_sides;
use super::lists::{Lists, gaps, qualities, take_in_id_order};
use super::output::{Manifest, OutputFolder, names};
use super::scoring::{Depths, Judge};
use super::write::Finished;
use super::{MatchOptions, PipelineError, Progress, Stage, choose_backend};
use crate::embed::{Embedder, TextRole};
use crate::index::SideIndex;
use crate::matching::{Capacities, contradictions};
use crate::model::{Embeddings, Intake, Record, Side};

/// What a finished run came to.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// The manifest as written.
    pub manifest: Manifest,
    /// Demands whose best pair is 建议对接, 可洽谈 and 暂无匹配.
    pub demands_by_verdict: [usize; 3],
}

/// Both sides' records, and what their import found.
pub(super) struct Tables {
    pub demands: Vec<Record>,
    pub supplies: Vec<Record>,
    pub demand_intake: Intake,
    pub supply_intake: Intake,
}

impl Tables {
    fn n_records(&self) -> u64 {
        (self.demands.len() + self.supplies.len()) as u64
    }

    /// The latest date of publication in the lists: 数据截至.
    pub(super) fn data_until(&self) -> Option<Date> {
        self.demands.iter().chain(&self.supplies).filter_map(|record| record.posted_on).max()
    }
}

/// Runs the main job and writes the output folder, whole or not at all.
///
/// Order of the tables: by id, so that the order of the input rows changes nothing.
///
/// # Errors
/// Whatever step fails first; nothing is left behind, and an earlier run in the folder stays.
pub fn run_match(
    options: &MatchOptions,
    progress: &dyn Progress,
) -> Result<RunSummary, PipelineError> {
    let mut rules = Rules::read(options.weights.as_deref(), options.calibration.as_deref())?;
    let mut answers = Answers::read(&options.answers, options.answers_until)?;
    let folder = OutputFolder::begin(&options.out)?;
    let mut clock = Clock::new(progress);

    let tables = clock.stage(Stage::Import, None, || import(options, progress))?;
    let learned = answers.learn(&tables.demands, &tables.supplies, &mut rules);
    let n = tables.n_records();
    let (demand_index, supply_index) =
        clock.stage(Stage::Index, Some(n), || index(&folder, &tables, progress))?;

    let embedder = options.embedder.open()?;
    let embeddings =
        clock.stage(Stage::Embed, Some(n), || embed(embedder.as_ref(), &tables, progress))?;

    let (backend, why_no_gpu) = choose_backend(options.backend)?;
    let candidates = clock.stage(Stage::Candidates, Some(n), || {
        retrieve(
            &demand_index,
            &supply_index,
            &embeddings.0,
            &embeddings.1,
            backend.as_ref(),
            options.n_candidates.max(options.depth).max(options.top),
            progress,
        )
    })?;
    // Files of the index must be closed before the folder is renamed on some systems.
    drop((demand_index, supply_index));

    let judged = clock.stage(Stage::Score, None, || {
        let judge = judge(options, &tables, &rules, &embeddings, learned.blocked_pairs());
        judge.judge_all(&candidates, backend.as_ref(), depths(options), progress)
    })?;
    let evidence = clock.stage(Stage::Evidence, Some(n), || {
        read_evidence(embedder.as_ref(), &tables.demands, &tables.supplies, progress)
    })?;

    let lists = Lists::of(&judged.matches, tables.demands.len(), tables.supplies.len());
    let (demands, supplies) = (&tables.demands, &tables.supplies);
    let qualities = qualities(demands, supplies, &judged.matches, &lists, options.as_of);
    let gaps = gaps(&qualities, &judged.matches, &lists, &rules.weights, options.lang);
    let demands_by_verdict = lists.demands_by_verdict(&judged.matches, options.top);
    let finished = Finished {
        options,
        rules: &rules,
        tables: &tables,
        candidates: &candidates,
        judged: &judged,
        evidence: &evidence,
        lists: &lists,
        gaps: &gaps,
        qualities: &qualities,
        answers: &answers,
        learned: &learned,
        demands_by_verdict,
        embedder: embedder.identity(),
        backend: backend.info(),
        why_no_gpu,
    };
    let for_people = clock.for_people(options.lang);
    clock.stage(Stage::Write, Some(judged.matches.len() as u64), || {
        finished.write_tables(&folder, progress)?;
        finished.write_documents(&folder, for_people)
    })?;
    let manifest = finished.manifest(clock.for_manifest());
    manifest.write(&folder.path(names::MANIFEST))?;
    folder.finish()?;
    Ok(RunSummary { manifest, demands_by_verdict })
}

fn import(options: &MatchOptions, progress: &dyn Progress) -> Result<Tables, PipelineError> {
    let (mut demand_intake, mut supply_intake) = read_sides(options, progress)?;
    let take = |intake: &mut Intake| {
        let mut records = take_in_id_order(intake);
        records.par_iter_mut().for_each(|record| record.contradictions = contradictions(record));
        records
    };
    Ok(Tables {
        demands: take(&mut demand_intake),
        supplies: take(&mut supply_intake),
        demand_intake,
        supply_intake,
    })
}

fn index(
    folder: &OutputFolder,
    tables: &Tables,
    progress: &dyn Progress,
) -> Result<(SideIndex, SideIndex), PipelineError> {
    let dir = folder.create_dir(names::INDEX)?;
    let build =
        |side, records: &[Record]| SideIndex::build(&dir, side, records, &|n| progress.advance(n));
    Ok((build(Side::Demand, &tables.demands)?, build(Side::Supply, &tables.supplies)?))
}

fn embed(
    embedder: &dyn Embedder,
    tables: &Tables,
    progress: &dyn Progress,
) -> Result<(Embeddings, Embeddings), PipelineError> {
    Ok((
        embed_records(embedder, &tables.demands, TextRole::Query, progress)?,
        embed_records(embedder, &tables.supplies, TextRole::Document, progress)?,
    ))
}

fn judge<'a>(
    options: &MatchOptions,
    tables: &'a Tables,
    rules: &'a Rules,
    embeddings: &'a (Embeddings, Embeddings),
    blocked: HashSet<(u32, u32)>,
) -> Judge<'a> {
    Judge::new(
        &tables.demands,
        &tables.supplies,
        &embeddings.0,
        &embeddings.1,
        rules,
        options.as_of,
    )
    .with_blocked(blocked)
}

fn depths(options: &MatchOptions) -> Depths {
    Depths {
        ranked: options.depth.max(options.top),
        kept: options.top,
        capacities: Capacities { per_demand: options.per_demand, per_supply: options.per_supply },
    }
}
