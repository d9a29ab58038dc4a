//! The main job, step by step.

use std::path::Path;

use jiff::civil::Date;
use rayon::prelude::*;

use super::allocation::Terms;
use super::answers::Answers;
use super::candidates::{Candidates, retrieve};
use super::clock::Clock;
use super::defaults::Rules;
use super::embedding::{embed_records, read_evidence};
use super::import::{ListFiles, read_sides};
use super::inspect::rows_to_return;
use super::joint::JointInputs;
use super::lists::{Lists, gaps, qualities, take_in_id_order};
use super::output::{EmbedderFacts, Manifest, OutputFolder, names};
use super::scoring::{Depths, Judge, Judged};
use super::write::Finished;
use super::{
    EmbedderOptions, MatchOptions, NightMode, OwnVectors, PipelineError, Progress, Stage,
    choose_backend,
};
use crate::embed::{Embedder, TextRole};
use crate::index::SideIndex;
use crate::kernel::{Backend, BackendError, BackendInfo};
use crate::matching::{Evidence, Feedback, PairInputs, Quota, contradictions};
use crate::model::{Embeddings, Intake, Record, ReturnedSheet, Side};

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
    pub(super) fn n_records(&self) -> u64 {
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
    let mut rules = Rules::read_for(
        &options.embedder,
        options.weights.as_deref(),
        options.calibration.as_deref(),
    )?;
    let mut answers = Answers::read(&options.answers, options.answers_until)?;
    let synonyms = options.synonyms.open()?;
    let folder = OutputFolder::begin(&options.out)?;
    // What cannot be opened is told before the lists are read.
    let embedder = options.embedder.open()?;
    let for_passages = options.embedder.open_for_passages()?;
    let passage_embedder: &dyn Embedder = match &for_passages {
        Some(model) => model,
        None => embedder.as_ref(),
    };
    let own_vectors = options.vectors.as_ref().map(OwnVectors::open).transpose()?;
    let mut clock = Clock::new(progress);

    let tables = clock.stage(Stage::Import, None, || import(files(options), progress))?;
    // Read again at once: the lists may be edited while the rest is computed.
    let lists = [
        (options.demands.as_slice(), &tables.demand_intake),
        (options.supplies.as_slice(), &tables.supply_intake),
    ];
    let returned = rows_to_return(lists, &options.columns)?;
    let learned = answers.learn(&tables.demands, &tables.supplies, &mut rules);
    let n = tables.n_records();
    let (demand_index, supply_index) =
        clock.stage(Stage::Index, Some(n), || index(&folder, &tables, progress))?;

    let embeddings = clock.stage(Stage::Embed, Some(n), || match &own_vectors {
        Some(own) => Ok((
            own.of(&tables.demand_intake, &tables.demands)?,
            own.of(&tables.supply_intake, &tables.supplies)?,
        )),
        None => embed(embedder.as_ref(), &tables, progress),
    })?;

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
    // Files of the index must be closed before the folder is renamed on some systems.
    drop((demand_index, supply_index));

    let evidence = clock.stage(Stage::Evidence, Some(n), || {
        let sides = (tables.demands.as_slice(), tables.supplies.as_slice());
        read_evidence(passage_embedder, sides, synonyms.synonyms.clone(), None, progress)
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
        judge_all(options, &judge, &rules, &candidates, None, backend.as_ref(), progress)
    })?;

    let text_embedder = options.embedder.facts(embedder.as_ref());
    let concluding = Concluding {
        options,
        rules: &rules,
        synonyms_text: &synonyms.text,
        tables: &tables,
        returned: &returned,
        candidates: &candidates,
        judged: &judged,
        evidence: &evidence,
        answers: &answers,
        learned: &learned,
        extent: Extent::Match,
        night: None,
        passage_embedder: match (&own_vectors, &for_passages) {
            (Some(_), _) => Some(text_embedder.clone()),
            (None, model) => model.as_ref().map(EmbedderOptions::passage_facts),
        },
        embedder: own_vectors.map_or(text_embedder, |own| own.facts()),
        backend: backend.info(),
        why_no_gpu: backend.fallen().or(why_no_gpu),
    };
    let summary = concluding.write(&folder, clock, progress)?;
    folder.finish()?;
    Ok(summary)
}

/// How much a run writes beside what people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything: rankings to their full depth, all kept pairs, the records.
    Match,
    /// What a night needs: the pairs that are worth a call and the nearest misses. Records and
    /// index are the workspace's.
    Night,
}

/// Places of a demand's ranking up to which a night writes pairs of 暂无匹配: the nearest misses.
pub(super) const NEAREST_MISSES: u32 = 3;

/// A run whose pairs are judged: what is left is to draw the lists and write everything.
pub(super) struct Concluding<'a> {
    /// Rows that go back to their senders; a night's were told when its lists were taken in.
    pub returned: &'a [ReturnedSheet],
    pub options: &'a MatchOptions,
    pub rules: &'a Rules,
    pub synonyms_text: &'a str,
    pub tables: &'a Tables,
    pub candidates: &'a Candidates,
    pub judged: &'a Judged,
    pub evidence: &'a Evidence,
    pub answers: &'a Answers,
    pub learned: &'a Feedback,
    pub extent: Extent,
    /// How much a night had to score; `None` for a match.
    pub night: Option<NightMode>,
    pub embedder: EmbedderFacts,
    pub passage_embedder: Option<EmbedderFacts>,
    pub backend: BackendInfo,
    pub why_no_gpu: Option<BackendError>,
}

impl Concluding<'_> {
    /// Draws lists, gaps, questions and joint answers, and writes the folder with its manifest.
    pub(super) fn write(
        self,
        folder: &OutputFolder,
        mut clock: Clock<'_>,
        progress: &dyn Progress,
    ) -> Result<RunSummary, PipelineError> {
        let Self { options, rules, tables, judged, evidence, .. } = self;
        let (demands, supplies) = (&tables.demands, &tables.supplies);
        let lists = Lists::of(&judged.matches, demands.len(), supplies.len());
        let qualities = qualities(demands, supplies, &judged.matches, &lists, options.as_of);
        let gaps = gaps(demands, &qualities, &judged.matches, &lists, &rules.weights, options.lang);
        let demands_by_verdict = lists.demands_by_verdict(&judged.matches, options.top);
        let inputs = JointInputs {
            demands,
            supplies,
            matches: &judged.matches,
            lists: &lists,
            evidence,
            discuss_from: rules.calibration.thresholds().0,
        };
        let joint = clock.stage(Stage::Joint, None, || inputs.answers());
        let finished = Finished {
            options,
            rules,
            synonyms_text: self.synonyms_text,
            tables,
            candidates: self.candidates,
            judged,
            evidence,
            lists: &lists,
            gaps: &gaps,
            joint: &joint,
            joint_inputs: &inputs,
            qualities: &qualities,
            returned: self.returned,
            answers: self.answers,
            learned: self.learned,
            extent: self.extent,
            night: self.night,
            demands_by_verdict,
            passage_embedder: self.passage_embedder,
            embedder: self.embedder,
            backend: self.backend,
            why_no_gpu: self.why_no_gpu,
        };
        let for_people =
            if options.show_timings { clock.for_people(options.lang) } else { Vec::new() };
        clock.stage(Stage::Write, Some(judged.matches.len() as u64), || {
            finished.write_tables(folder, progress)?;
            finished.write_documents(folder, for_people)
        })?;
        let manifest = finished.manifest(clock.for_manifest());
        manifest.write(&folder.path(names::MANIFEST))?;
        Ok(RunSummary { manifest, demands_by_verdict })
    }
}

fn files(options: &MatchOptions) -> ListFiles<'_> {
    ListFiles {
        demands: &options.demands,
        supplies: &options.supplies,
        columns: &options.columns,
        max_rejected_share: options.max_rejected_share,
    }
}

/// Reads both lists into tables sorted by id.
pub(super) fn import(
    files: ListFiles<'_>,
    progress: &dyn Progress,
) -> Result<Tables, PipelineError> {
    let (mut demand_intake, mut supply_intake) = read_sides(files, progress)?;
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
    build_indexes(&folder.create_dir(names::INDEX)?, tables, progress)
}

/// Builds the full-text index of each side under `dir`.
pub(super) fn build_indexes(
    dir: &Path,
    tables: &Tables,
    progress: &dyn Progress,
) -> Result<(SideIndex, SideIndex), PipelineError> {
    let build =
        |side, records: &[Record]| SideIndex::build(dir, side, records, &|n| progress.advance(n));
    Ok((build(Side::Demand, &tables.demands)?, build(Side::Supply, &tables.supplies)?))
}

/// Embeds the records of both tables.
pub(super) fn embed(
    embedder: &dyn Embedder,
    tables: &Tables,
    progress: &dyn Progress,
) -> Result<(Embeddings, Embeddings), PipelineError> {
    Ok((
        embed_records(embedder, &tables.demands, TextRole::Query, progress)?,
        embed_records(embedder, &tables.supplies, TextRole::Document, progress)?,
    ))
}

pub(super) fn judge_all(
    options: &MatchOptions,
    judge: &Judge<'_>,
    rules: &Rules,
    candidates: &Candidates,
    known: Option<&[PairInputs]>,
    backend: &dyn Backend,
    progress: &dyn Progress,
) -> Result<Judged, PipelineError> {
    let depths = Depths {
        ranked: options.depth.max(options.top),
        kept: options.top,
        // A night remembers what is known of pairs, and keeps what people need.
        hopeless_for_supply: known.is_none(),
    };
    let groups = options.quota.map(|quota| quota.groups(judge.supplies, &rules.taxonomy));
    let quota = options.quota.zip(groups.as_deref());
    let terms = Terms {
        method: options.allocation,
        per_demand: options.per_demand,
        per_supply: options.per_supply,
        quota: quota.map(|(quota, group)| Quota { most: quota.most, group }),
        exposure_cost: options.exposure_cost,
        before_verdict: known.is_none(),
    };
    judge.judge_all(candidates, known, backend, depths, &terms, progress)
}
