//! An evaluation: two lists matched as `match` would, and measured against graded pairs.

mod ask;
mod error;
mod grades;
mod keep;
mod measuring;
mod options;
mod retrieve;
mod runs;
mod two_way;

pub use error::EvaluateError;
pub use measuring::SEED;
pub use options::{EvaluateOptions, Keep};

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

use ask::Asking;
use grades::{GradeFiles, Matched, match_grades, read_grades};
use measuring::Measured;
use retrieve::{Retrieved, Retrieving};

use super::allocation::{AllocationMethod, DEFAULT_EXPOSURE_COST, Terms};
use super::candidates::{Candidates, Scorers, WordValues, by_supply, retrieve_with, starts_of};
use super::clock::Clock;
use super::defaults::Rules;
use super::embedding::{embed_records, read_evidence};
use super::import::ListFiles;
use super::run::{Tables, build_indexes, embed, import};
use super::scoring::{Depths, Judge};
use super::{PipelineError, Progress, Stage, choose_backend};
use crate::embed::{Embedder, TextRole};
use crate::evaluation::{EmbeddingSpeed, Evaluation, EvaluationFacts, StageTime, TwoWay};
use crate::kernel::{Backend, BackendKind};
use crate::model::{Embeddings, Intake, Part, Record, Side};

/// Least depth to which rankings are measured: that of recall@100.
const LEAST_DEPTH: usize = 100;

/// Matches two lists and measures what comes of it against graded pairs.
///
/// Import, index, vectors, candidates and scores are those of [`run_match`](super::run_match)
/// with the same options. BM25, dense and their fusion rank every document; hybrid and full rank
/// the candidates, as a run does. For measures of judged documents every judged document is
/// ranked, however deep it stands.
///
/// # Errors
/// [`PipelineError::Evaluate`] for grades and conditions that do not fit the lists; otherwise
/// whatever step fails first.
pub fn evaluate(
    options: &EvaluateOptions,
    progress: &dyn Progress,
) -> Result<Evaluation, PipelineError> {
    let rules = Rules::read_for(
        &options.embedder,
        options.weights.as_deref(),
        options.calibration.as_deref(),
    )?;
    let grades = read_grades(&options.qrels)?;
    let mut clock = Clock::new(progress);
    let files = ListFiles {
        demands: &options.demands,
        supplies: &options.supplies,
        columns: &options.columns,
        max_rejected_share: options.max_rejected_share,
    };
    let mut tables = clock.stage(Stage::Import, None, || import(files, progress))?;
    keep::keep(&mut tables.demands, &mut tables.supplies, &options.keep)?;
    let own = own_of(&tables);
    let own_of_asker = match options.asker {
        Side::Demand => own.clone(),
        Side::Supply => own.iter().map(|(&demand, &supply)| (supply, demand)).collect(),
    };
    let matched = match_grades(
        &grades.qrels,
        (options.asker, side(&tables, options.asker)),
        side(&tables, options.asker.other()),
        &own_of_asker,
        options.relevant_from,
    )?;

    let n = tables.n_records();
    let folder = tempfile::tempdir()
        .map_err(|source| PipelineError::io("create", &std::env::temp_dir(), source))?;
    let indexes =
        clock.stage(Stage::Index, Some(n), || build_indexes(folder.path(), &tables, progress))?;
    let embedder = options.embedder.open()?;
    let synonyms = options.synonyms.open()?;
    let began = Instant::now();
    let (embeddings, embedded) = clock.stage(Stage::Embed, Some(n), || {
        embed_asked(options, embedder.as_ref(), &tables, &matched, progress)
    })?;
    let speed = EmbeddingSpeed { seconds: began.elapsed().as_secs_f64(), ..embedded };
    // The cache, where there is one, has these vectors already.
    let alone = options
        .embedder
        .is_joined()
        .then(|| {
            let model = options.embedder.open_alone()?;
            let (alone, _) = embed_asked(options, model.as_ref(), &tables, &matched, progress)?;
            Ok::<_, PipelineError>(alone)
        })
        .transpose()?;

    let (backend, _) = choose_backend(options.backend)?;
    let depth = options.n_candidates.max(LEAST_DEPTH);
    let (candidates, retrieved) = clock.stage(Stage::Candidates, Some(n), || {
        let scorers = Scorers::new(&indexes.0, &indexes.1, &synonyms.synonyms)?;
        let candidates = (!options.only_queries)
            .then(|| {
                candidates_of(options, &scorers, &embeddings, backend.as_ref(), &own, progress)
            })
            .transpose()?;
        let pairs_by_supply = candidates
            .as_ref()
            .filter(|_| options.asker == Side::Supply)
            .map(|candidates| by_supply(&candidates.pairs, tables.supplies.len()));
        let retrieving = Retrieving {
            asker: options.asker,
            embeddings: &embeddings,
            alone: alone.as_ref(),
            scorers: &scorers,
            candidates: candidates.as_ref(),
            by_supply: pairs_by_supply.as_ref(),
            own: &own_of_asker,
            n_candidates: options.n_candidates,
            depth,
        };
        let retrieved = retrieving.retrieve_all(&matched.asked);
        Ok::<_, PipelineError>((candidates, retrieved))
    })?;

    let evidence = clock.stage(Stage::Evidence, Some(n), || {
        let sides = judged_sides(options, &tables, &matched, &retrieved);
        let synonyms = synonyms.synonyms.clone();
        let sides = (sides.0.as_ref(), sides.1.as_ref());
        let for_passages = options.embedder.open_for_passages()?;
        let embedder = match &for_passages {
            Some(model) => model,
            None => embedder.as_ref(),
        };
        read_evidence(embedder, sides, synonyms, Some(&rules.weights), progress)
    })?;
    let judge = Judge::new(
        &tables.demands,
        &tables.supplies,
        &embeddings.0,
        &embeddings.1,
        &evidence,
        &rules,
        options.as_of,
    );
    let asking = Asking { asker: options.asker, judge: &judge, depth };
    let (answered, two_way) =
        clock.stage(Stage::Score, Some(matched.asked.len() as u64), || {
            let answered = asking.answer_all(&matched.asked, retrieved, &|| progress.advance(1))?;
            let two_way = candidates
                .as_ref()
                .map(|candidates| lists_of(options, &judge, candidates, backend.as_ref(), depth));
            Ok::<_, PipelineError>((answered, two_way.transpose()?))
        })?;
    if let Some(dir) = &options.run_dir {
        clock.stage(Stage::Write, None, || {
            runs::write_runs(dir, &matched.asked, &answered, side(&tables, options.asker.other()))
        })?;
    }

    // Queries of one set are written in one script; the first asked stands for them.
    let hybrid_weights = asking.hybrid_weights(matched.asked.first().map_or(0, |asked| asked.row));
    let all = matched.asked.iter().zip(&answered).collect();
    let measured = Measured { all, relevant_from: matched.relevant_from };
    let mut evaluation = clock.stage(Stage::Measure, None, || {
        let rankings = measured.rankings();
        let (askers, answers) =
            (side(&tables, options.asker), side(&tables, options.asker.other()));
        Evaluation {
            asker: options.asker,
            n_demands: tables.demands.len(),
            n_supplies: tables.supplies.len(),
            relevant_from: matched.relevant_from,
            n_graded_pairs: matched.n_pairs,
            n_queries: grades.qrels.len(),
            asked: matched.asked.iter().map(|asked| asked.query.clone()).collect(),
            measured: matched
                .asked
                .iter()
                .filter(|asked| asked.is_measured())
                .map(|asked| asked.query.clone())
                .collect(),
            missing_queries: matched.missing_queries.clone(),
            missing_documents: matched.missing_documents.clone(),
            only_positive: matched.only_positive(),
            n_own: own.len(),
            slices: measured.slices(&rankings, askers, answers, &rules.taxonomy),
            rankings,
            candidates: measured.candidate_recall(options.n_candidates),
            embedding: speed,
            two_way,
            reliability: measured.reliability(),
            verdicts: measured.verdicts(),
            told: measured.told_pairs(answers),
            facts: facts(options, &grades, &tables, &rules, embedder.as_ref(), backend.as_ref()),
        }
    });
    evaluation.facts.depth = depth;
    evaluation.facts.hybrid_weights = Part::ALL
        .into_iter()
        .filter(|part| part.is_retrieval())
        .map(|part| (part, hybrid_weights[part.index()]))
        .collect();
    evaluation.facts.timings = clock
        .stages()
        .iter()
        .map(|&(stage, seconds)| StageTime {
            name: stage.name(),
            label: stage.label(options.lang),
            seconds,
        })
        .collect();
    Ok(evaluation)
}

fn side(tables: &Tables, side: Side) -> &[Record] {
    match side {
        Side::Demand => &tables.demands,
        Side::Supply => &tables.supplies,
    }
}

fn own_of(tables: &Tables) -> HashMap<u32, u32> {
    keep::own_answers(
        (&tables.demands, &tables.demand_intake),
        (&tables.supplies, &tables.supply_intake),
    )
}

/// Embeds both lists, or only the asked records of the asking side; rows that are left out are
/// zeros, which is no vector.
fn embed_asked(
    options: &EvaluateOptions,
    embedder: &dyn Embedder,
    tables: &Tables,
    matched: &Matched,
    progress: &dyn Progress,
) -> Result<((Embeddings, Embeddings), EmbeddingSpeed), PipelineError> {
    if !options.only_queries {
        let speed = count(tables.demands.iter().chain(&tables.supplies));
        return Ok((embed(embedder, tables, progress)?, speed));
    }
    let role = |of: Side| if of == Side::Demand { TextRole::Query } else { TextRole::Document };
    let askers = side(tables, options.asker);
    let answers = side(tables, options.asker.other());
    let asked: Vec<Record> =
        matched.asked.iter().map(|asked| askers[asked.row as usize].clone()).collect();
    let few = embed_records(embedder, &asked, role(options.asker), progress)?;
    let mut data = vec![0.0; askers.len() * few.dim()];
    for (at, asked) in matched.asked.iter().enumerate() {
        let start = asked.row as usize * few.dim();
        data[start..start + few.dim()].copy_from_slice(few.row(at));
    }
    // As many rows of that length as there are records.
    let askers = Embeddings::new(data, few.dim()).expect("rows of one length");
    let others = embed_records(embedder, answers, role(options.asker.other()), progress)?;
    let speed = count(asked.iter().chain(answers));
    Ok(match options.asker {
        Side::Demand => ((askers, others), speed),
        Side::Supply => ((others, askers), speed),
    })
}

/// Both lists, demands first; where only queries are asked, the records that no pair needs are
/// without text, so that no passage of theirs is read.
fn judged_sides<'t>(
    options: &EvaluateOptions,
    tables: &'t Tables,
    matched: &Matched,
    retrieved: &[Retrieved],
) -> (Cow<'t, [Record]>, Cow<'t, [Record]>) {
    if !options.only_queries {
        return (Cow::Borrowed(&tables.demands), Cow::Borrowed(&tables.supplies));
    }
    let only = |of: Side, rows: HashSet<u32>| -> Cow<'t, [Record]> {
        let mut records = side(tables, of).to_vec();
        for (row, record) in (0..).zip(&mut records) {
            if !rows.contains(&row) {
                record.title.clear();
                record.body.clear();
            }
        }
        Cow::Owned(records)
    };
    let asked = matched.asked.iter().map(|asked| asked.row).collect();
    let pooled = retrieved.iter().flat_map(|of| &of.pool).map(|answer| answer.row).collect();
    let (askers, answers) = (only(options.asker, asked), only(options.asker.other(), pooled));
    match options.asker {
        Side::Demand => (askers, answers),
        Side::Supply => (answers, askers),
    }
}

/// How many texts of these records are embedded; the time is still to be taken.
fn count<'a>(records: impl Iterator<Item = &'a Record>) -> EmbeddingSpeed {
    let threads = rayon::current_num_threads();
    let mut speed = EmbeddingSpeed { n_texts: 0, n_characters: 0, seconds: 0.0, threads };
    for text in records.flat_map(|record| [&record.title, &record.body]) {
        speed.n_texts += usize::from(!text.is_empty());
        speed.n_characters += text.chars().count();
    }
    speed
}

/// The candidates of a whole run, without the records that would answer themselves.
fn candidates_of(
    options: &EvaluateOptions,
    scorers: &Scorers,
    embeddings: &(Embeddings, Embeddings),
    backend: &dyn Backend,
    own: &HashMap<u32, u32>,
    progress: &dyn Progress,
) -> Result<Candidates, PipelineError> {
    // A record takes a place among its own candidates before it is taken out.
    let n = options.n_candidates + usize::from(!own.is_empty());
    let mut found = retrieve_with(scorers, &embeddings.0, &embeddings.1, backend, n, progress)?;
    if own.is_empty() {
        return Ok(found);
    }
    let keep: Vec<bool> =
        found.pairs.iter().map(|(demand, supply)| own.get(demand) != Some(supply)).collect();
    let kept = |values: &mut Vec<WordValues>| {
        let mut flags = keep.iter();
        values.retain(|_| flags.next() == Some(&true));
    };
    kept(&mut found.words_for_demand);
    kept(&mut found.words_for_supply);
    let mut flags = keep.iter();
    found.pairs.retain(|_| flags.next() == Some(&true));
    found.starts = starts_of(found.starts.len() - 1, found.pairs.iter().map(|pair| pair.0));
    Ok(found)
}

fn lists_of(
    options: &EvaluateOptions,
    judge: &Judge<'_>,
    candidates: &Candidates,
    backend: &dyn Backend,
    depth: usize,
) -> Result<TwoWay, PipelineError> {
    let terms = Terms {
        method: AllocationMethod::default(),
        per_demand: options.per_demand,
        per_supply: options.per_supply,
        quota: None,
        exposure_cost: DEFAULT_EXPOSURE_COST,
    };
    let depths = Depths { ranked: depth, kept: depth };
    let judged = judge.judge_all(candidates, backend, depths, &terms, &super::Silent)?;
    Ok(two_way::two_way(&judged, &terms))
}

fn facts(
    options: &EvaluateOptions,
    grades: &GradeFiles,
    tables: &Tables,
    rules: &Rules,
    embedder: &dyn Embedder,
    backend: &dyn Backend,
) -> EvaluationFacts {
    let files = |intake: &Intake| {
        let mut files: Vec<(String, String)> =
            intake.tables.iter().map(|t| (t.file.clone(), t.sha256.clone())).collect();
        files.dedup();
        files
    };
    let machine = backend.info();
    let kind = match machine.kind {
        BackendKind::Cpu => "cpu",
        BackendKind::Gpu => "gpu",
    };
    EvaluationFacts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: options.started_at.strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        as_of: options.as_of.to_string(),
        qrels: grades.files.clone(),
        demands: files(&tables.demand_intake),
        supplies: files(&tables.supply_intake),
        embedder: embedder.identity().name.clone(),
        embedder_sha256: embedder.identity().sha256.clone(),
        weights_sha256: rules.weights_sha256.clone(),
        calibration_sha256: rules.calibration_sha256.clone(),
        calibration_note: rules.calibration.note(options.lang).to_owned(),
        backend: format!("{kind} {}", machine.adapter),
        n_candidates: options.n_candidates,
        depth: 0,
        seed: SEED,
        hybrid_weights: Vec::new(),
        timings: Vec::new(),
    }
}
