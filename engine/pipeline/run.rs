//! The main job, step by step.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Instant;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::candidates::retrieve;
use super::import::read_sides;
use super::output::{
    BackendFacts, FileFacts, Manifest, OutputFolder, SideFacts, names, pair_record, write_pairs,
    write_ranking, write_records,
};
use super::scoring::{Depths, Judge, Judged};
use super::{
    BUILTIN_CALIBRATION, BUILTIN_WEIGHTS, MatchOptions, PipelineError, Progress, Stage,
    choose_backend, defaults,
};
use crate::corpus::write_rejected_csv;
use crate::embed::{Embedder, StaticModel};
use crate::index::SideIndex;
use crate::kernel::{BackendInfo, BackendKind};
use crate::matching::{
    Capacities, Evidence, PassageVectors, RecordText, Vocabulary, Weights, contributions,
    gap_question, to_verify, what_lacks,
};
use crate::model::{DemandIdx, Embeddings, Intake, Lang, Match, Record, Side, Verdict};
use crate::report::{Gap, RunFacts, RunView, write_html, write_workbook};
use crate::text::Segmenter;

/// What a finished run came to.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// The manifest as written.
    pub manifest: Manifest,
    /// Demands whose best pair is 建议对接, 可洽谈 and 暂无匹配.
    pub demands_by_verdict: [usize; 3],
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
    let mut clock = Clock::default();
    let weights_text = defaults::text_of(options.weights.as_deref(), BUILTIN_WEIGHTS)?;
    let weights = defaults::weights(&weights_text)?;
    let calibration_text = defaults::text_of(options.calibration.as_deref(), BUILTIN_CALIBRATION)?;
    let calibration = defaults::calibration(&calibration_text)?;
    let taxonomy = super::taxonomy()?;
    let folder = OutputFolder::begin(&options.out)?;

    let (mut demand_intake, mut supply_intake) = clock.time(Stage::Import, || {
        progress.begin(Stage::Import, None);
        let read = read_sides(options, progress);
        progress.end();
        read
    })?;
    let demands = take_in_id_order(&mut demand_intake);
    let supplies = take_in_id_order(&mut supply_intake);

    let index_dir = folder.create_dir(names::INDEX)?;
    let (demand_index, supply_index) = clock.time(Stage::Index, || {
        let total = (demands.len() + supplies.len()) as u64;
        progress.begin(Stage::Index, Some(total));
        let build = |name, side, records: &[Record]| {
            SideIndex::build(&index_dir.join(name), side, records, &|n| progress.advance(n))
        };
        let built = (
            build(names::DEMANDS, Side::Demand, &demands)?,
            build(names::SUPPLIES, Side::Supply, &supplies)?,
        );
        progress.end();
        Ok::<_, PipelineError>(built)
    })?;

    let embedder: Box<dyn Embedder> = match &options.model {
        Some(dir) => Box::new(StaticModel::from_dir(dir)?),
        None => Box::new(StaticModel::builtin()?),
    };
    let (demand_embeddings, supply_embeddings) = clock.time(Stage::Embed, || {
        progress.begin(Stage::Embed, Some((demands.len() + supplies.len()) as u64));
        let embedded = (
            embed_records(embedder.as_ref(), &demands, progress)?,
            embed_records(embedder.as_ref(), &supplies, progress)?,
        );
        progress.end();
        Ok::<_, PipelineError>(embedded)
    })?;

    let (backend, backend_note) = choose_backend(options.backend)?;
    let candidates = clock.time(Stage::Candidates, || {
        progress.begin(Stage::Candidates, Some((demands.len() + supplies.len()) as u64));
        let candidates = retrieve(
            &demand_index,
            &supply_index,
            &demand_embeddings,
            &supply_embeddings,
            backend.as_ref(),
            options.n_candidates.max(options.depth),
            progress,
        );
        progress.end();
        candidates
    })?;

    let judge = Judge::new(
        &demands,
        &supplies,
        &demand_embeddings,
        &supply_embeddings,
        &taxonomy,
        &weights,
        &calibration,
        options.as_of,
    );
    let judged = clock.time(Stage::Score, || {
        progress.begin(Stage::Score, None);
        let depths = Depths {
            ranked: options.depth,
            kept: options.top,
            capacities: Capacities {
                per_demand: options.per_demand,
                per_supply: options.per_supply,
            },
        };
        let judged = judge.judge_all(&candidates, backend.as_ref(), depths, progress);
        progress.end();
        judged
    })?;

    let evidence = clock.time(Stage::Evidence, || {
        progress.begin(Stage::Evidence, Some((demands.len() + supplies.len()) as u64));
        let evidence = read_evidence(embedder.as_ref(), &demands, &supplies, progress);
        progress.end();
        evidence
    })?;

    let lists = Lists::of(&judged.matches, demands.len(), supplies.len());
    let gaps = gaps(&demands, &judged.matches, &lists, &weights, options.lang);
    let mut demands_by_verdict = [0_usize; 3];
    for list in &lists.by_demand {
        let best = list.iter().map(|&at| judged.matches[at as usize].verdict).max();
        demands_by_verdict[match best {
            Some(Verdict::Recommend) => 0,
            Some(Verdict::Discuss) => 1,
            _ => 2,
        }] += 1;
    }
    let identity = embedder.identity();
    let info = backend.info();
    let mut manifest = Manifest {
        schema: "duijie.manifest/1".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: options.started_at.to_string(),
        as_of: options.as_of,
        data_until: demands.iter().chain(&supplies).filter_map(|r| r.posted_on).max(),
        demands: side_facts(&demand_intake, demands.len()),
        supplies: side_facts(&supply_intake, supplies.len()),
        embedder: identity.name.clone(),
        embedder_sha256: identity.sha256.clone(),
        embedder_dim: identity.dim,
        weights_sha256: sha256(&weights_text),
        calibration_sha256: sha256(&calibration_text),
        seeds: BTreeMap::new(),
        backend: backend_facts(&info, backend_note.map(|why| why.to_string())),
        options: decisive_options(options),
        counts: counts(&judged, candidates.pairs.len(), &demands_by_verdict, gaps.len()),
        timings: BTreeMap::new(),
    };

    let write_began = Instant::now();
    progress.begin(Stage::Write, Some(judged.matches.len() as u64));
    write_rankings(&folder, &demands, &supplies, &judged, &candidates, options.depth)?;
    let quotes = |pair: &Match| {
        evidence.quotes(pair, &demands[pair.demand.get()], &supplies[pair.supply.get()])
    };
    write_pairs(
        &folder.path(names::PAIRS),
        &judged.matches,
        &|pair| {
            let (demand, supply) = (&demands[pair.demand.get()], &supplies[pair.supply.get()]);
            pair_record(pair, demand, supply, &weights, quotes(pair))
        },
        progress,
    )?;
    write_rejected_csv(&folder.path(names::REJECTED), &[&demand_intake, &supply_intake])?;
    let index = |name: &str| index_dir.join(name);
    write_records(&index(names::RECORDS), &demands, &supplies)?;
    write_text(&index(names::WEIGHTS), &weights_text)?;
    write_text(&index(names::CALIBRATION), &calibration_text)?;

    let (discuss_from, recommend_from) = calibration.thresholds();
    let facts = RunFacts {
        version: manifest.version.clone(),
        started_at: options.started_at.clone(),
        as_of: options.as_of,
        data_until: manifest.data_until,
        backend: info,
        embedder: format!(
            "{} ({})",
            identity.name,
            &identity.sha256[..12.min(identity.sha256.len())]
        ),
        timings: clock.for_people(options.lang),
        per_demand: options.per_demand,
        per_supply: options.per_supply,
        top: u32::try_from(options.top.max(1)).unwrap_or(u32::MAX),
        recommend_from,
        discuss_from,
        calibration: calibration.note(options.lang).to_owned(),
        provisional: true,
        notes: Vec::new(),
    };
    let view = RunView {
        demands: &demands,
        supplies: &supplies,
        demand_intake: &demand_intake,
        supply_intake: &supply_intake,
        matches: &judged.matches,
        by_demand: &lists.by_demand,
        by_supply: &lists.by_supply,
        allocated_by_demand: &lists.allocated_by_demand,
        gaps: &gaps,
        quotes: &quotes,
        contributions: &|pair, side| {
            let values = match side {
                Side::Demand => &pair.parts_for_demand,
                Side::Supply => &pair.parts_for_supply,
            };
            contributions(values, weights.seen_from(side))
        },
        to_verify: &|pair| {
            let (demand, supply) = (&demands[pair.demand.get()], &supplies[pair.supply.get()]);
            to_verify(pair, demand, supply, options.lang)
        },
        run: &facts,
        lang: options.lang,
    };
    write_workbook(&folder.path(names::LISTS), &view, &|_| {})?;
    write_html(&folder.path(names::REPORT), &view)?;
    progress.end();

    manifest.timings = clock.for_manifest();
    manifest.timings.insert(Stage::Write.name().to_owned(), seconds(write_began));
    manifest.timings.insert("total".to_owned(), clock.total());
    manifest.write(&folder.path(names::MANIFEST))?;
    // Files of the index must be closed before the folder is renamed on some systems.
    drop((demand_index, supply_index));
    folder.finish()?;
    Ok(RunSummary { manifest, demands_by_verdict })
}

/// Wall times of the stages.
struct Clock {
    began: Instant,
    stages: Vec<(Stage, f64)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { began: Instant::now(), stages: Vec::new() }
    }
}

impl Clock {
    fn time<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        tracing::info!(stage = stage.name(), seconds = seconds(began), "done");
        self.stages.push((stage, seconds(began)));
        result
    }

    fn for_people(&self, lang: Lang) -> Vec<(String, f64)> {
        self.stages.iter().map(|&(stage, time)| (stage.label(lang).to_owned(), time)).collect()
    }

    fn for_manifest(&self) -> BTreeMap<String, f64> {
        self.stages.iter().map(|&(stage, time)| (stage.name().to_owned(), time)).collect()
    }

    fn total(&self) -> f64 {
        seconds(self.began)
    }
}

/// Seconds since `began`, to the millisecond.
fn seconds(began: Instant) -> f64 {
    (began.elapsed().as_secs_f64() * 1e3).round() / 1e3
}

/// Moves the records out of an intake, sorted by id, and renumbers its near-duplicates to fit.
fn take_in_id_order(intake: &mut Intake) -> Vec<Record> {
    let mut order: Vec<(u32, Record)> = (0..).zip(std::mem::take(&mut intake.records)).collect();
    order.sort_by(|a, b| a.1.id.cmp(&b.1.id));
    let new_row: HashMap<u32, u32> =
        order.iter().zip(0..).map(|((old, _), new)| (*old, new)).collect();
    for group in &mut intake.near_duplicates {
        for row in group.iter_mut() {
            *row = new_row.get(row).copied().unwrap_or(*row);
        }
        group.sort_unstable();
    }
    order.into_iter().map(|(_, record)| record).collect()
}

/// The text of a record that is embedded whole.
pub(super) fn whole_text(record: &Record) -> String {
    format!("{}\n{}", record.title, record.body)
}

/// Texts embedded in one call: enough for all cores, small enough for a moving progress bar.
const EMBED_BATCH: usize = 2_048;

fn embed_records(
    embedder: &dyn Embedder,
    records: &[Record],
    progress: &dyn Progress,
) -> Result<Embeddings, PipelineError> {
    let dim = embedder.identity().dim;
    let mut data = Vec::with_capacity(records.len() * dim);
    for batch in records.chunks(EMBED_BATCH) {
        let texts: Vec<String> = batch.iter().map(whole_text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        data.extend_from_slice(embedder.embed(&texts)?.view().data());
        progress.advance(batch.len() as u64);
    }
    Ok(Embeddings::new(data, dim).unwrap_or_default())
}

/// Reads the passages of all records and their vectors.
pub(super) fn read_evidence(
    embedder: &dyn Embedder,
    demands: &[Record],
    supplies: &[Record],
    progress: &dyn Progress,
) -> Result<Evidence, PipelineError> {
    let mut vocabulary = Vocabulary::default();
    let segmenter = Segmenter::shared();
    let demand_texts = vocabulary.read(demands, segmenter);
    let supply_texts = vocabulary.read(supplies, segmenter);
    Ok(Evidence {
        demand_passages: embed_passages(embedder, demands, &demand_texts, progress)?,
        supply_passages: embed_passages(embedder, supplies, &supply_texts, progress)?,
        vocabulary,
        demands: demand_texts,
        supplies: supply_texts,
    })
}

fn embed_passages(
    embedder: &dyn Embedder,
    records: &[Record],
    texts: &[RecordText],
    progress: &dyn Progress,
) -> Result<PassageVectors, PipelineError> {
    const BATCH: usize = 512;
    let dim = embedder.identity().dim;
    let mut vectors = PassageVectors::new(dim);
    for (records, texts) in records.chunks(BATCH).zip(texts.chunks(BATCH)) {
        let passages: Vec<&str> =
            records.iter().zip(texts).flat_map(|(record, text)| text.passages(record)).collect();
        let embedded = embedder.embed(&passages)?;
        let mut rows = embedded.view().data();
        for text in texts {
            let (own, rest) = rows.split_at(text.n_passages() * dim);
            vectors.push_record(own);
            rows = rest;
        }
        progress.advance(records.len() as u64);
    }
    Ok(vectors)
}

/// Kept pairs as each side reads them.
struct Lists {
    by_demand: Vec<Vec<u32>>,
    by_supply: Vec<Vec<u32>>,
    allocated_by_demand: Vec<Vec<u32>>,
}

impl Lists {
    fn of(matches: &[Match], n_demands: usize, n_supplies: usize) -> Self {
        let mut by_demand: Vec<Vec<u32>> = vec![Vec::new(); n_demands];
        let mut by_supply: Vec<Vec<u32>> = vec![Vec::new(); n_supplies];
        let mut allocated_by_demand: Vec<Vec<u32>> = vec![Vec::new(); n_demands];
        for (at, pair) in (0_u32..).zip(matches) {
            if pair.rank_for_demand.is_some() {
                by_demand[pair.demand.get()].push(at);
            }
            if pair.rank_for_supply.is_some() {
                by_supply[pair.supply.get()].push(at);
            }
            if pair.allocated {
                allocated_by_demand[pair.demand.get()].push(at);
            }
        }
        let of = |at: &u32| &matches[*at as usize];
        by_demand.par_iter_mut().for_each(|list| list.sort_by_key(|at| of(at).rank_for_demand));
        by_supply.par_iter_mut().for_each(|list| list.sort_by_key(|at| of(at).rank_for_supply));
        allocated_by_demand.par_iter_mut().for_each(|list| {
            list.sort_by_key(|at| {
                let pair = of(at);
                (std::cmp::Reverse(pair.score_for_demand), pair.supply)
            });
        });
        Self { by_demand, by_supply, allocated_by_demand }
    }
}

/// The demands that nothing answers, with the nearest miss, in table order.
fn gaps(
    demands: &[Record],
    matches: &[Match],
    lists: &Lists,
    weights: &Weights,
    lang: Lang,
) -> Vec<Gap> {
    (0_u32..)
        .zip(&lists.by_demand)
        .filter(|(_, list)| list.iter().all(|&at| matches[at as usize].verdict == Verdict::NoMatch))
        .map(|(demand, list)| {
            let nearest = list.first().copied();
            let lacks = match nearest {
                Some(at) => {
                    let values = &matches[at as usize].parts_for_demand;
                    what_lacks(values, weights.seen_from(Side::Demand), lang)
                }
                None => lang.pick("没有任何相近的供给", "no supply comes near").to_owned(),
            };
            let question = gap_question(&demands[demand as usize], lang);
            Gap { demand: DemandIdx(demand), nearest, lacks, question }
        })
        .collect()
}

fn write_rankings(
    folder: &OutputFolder,
    demands: &[Record],
    supplies: &[Record],
    judged: &Judged,
    candidates: &super::candidates::Candidates,
    depth: usize,
) -> Result<(), PipelineError> {
    let forward = judged.ranking_for_demand.iter().cloned();
    write_ranking(&folder.path(names::RANKING), demands, supplies, forward, "duijie")?;
    let reverse = judged.ranking_for_supply.iter().cloned();
    write_ranking(&folder.path(names::RANKING_REVERSE), supplies, demands, reverse, "duijie")?;
    let bm25 = |lists: &[Vec<crate::kernel::Hit>]| {
        lists
            .iter()
            .map(|hits| hits.iter().take(depth).map(|hit| (hit.document, hit.score)).collect())
            .collect::<Vec<Vec<_>>>()
            .into_iter()
    };
    let path = folder.path(names::BM25);
    write_ranking(&path, demands, supplies, bm25(&candidates.bm25_for_demand), "bm25")?;
    let path = folder.path(names::BM25_REVERSE);
    write_ranking(&path, supplies, demands, bm25(&candidates.bm25_for_supply), "bm25")
}

fn side_facts(intake: &Intake, records: usize) -> SideFacts {
    SideFacts {
        files: intake
            .tables
            .iter()
            .map(|table| FileFacts {
                file: table.file.clone(),
                sheet: table.sheet.clone(),
                sha256: table.sha256.clone(),
                rows_in: table.rows_in,
            })
            .collect(),
        rows_in: intake.rows_in(),
        records,
        merged: intake.merged.len(),
        skipped: intake.skipped.len(),
        rejected: intake.rejected.len(),
        repairs: intake.repairs.len(),
        near_duplicate_groups: intake.near_duplicates.len(),
    }
}

fn backend_facts(info: &BackendInfo, note: Option<String>) -> BackendFacts {
    let kind = match info.kind {
        BackendKind::Cpu => "cpu",
        BackendKind::Gpu => "gpu",
    };
    BackendFacts {
        kind: kind.to_owned(),
        adapter: info.adapter.clone(),
        driver: info.driver.clone(),
        software: info.software,
        note,
    }
}

fn decisive_options(options: &MatchOptions) -> BTreeMap<String, u64> {
    BTreeMap::from([
        ("per_demand".to_owned(), u64::from(options.per_demand)),
        ("per_supply".to_owned(), u64::from(options.per_supply)),
        ("candidates".to_owned(), options.n_candidates as u64),
        ("depth".to_owned(), options.depth as u64),
        ("top".to_owned(), options.top as u64),
    ])
}

fn counts(
    judged: &Judged,
    n_candidates: usize,
    demands_by_verdict: &[usize; 3],
    n_gaps: usize,
) -> BTreeMap<String, u64> {
    let allocated = judged.matches.iter().filter(|pair| pair.allocated).count();
    BTreeMap::from([
        ("candidate_pairs".to_owned(), n_candidates as u64),
        ("kept_pairs".to_owned(), judged.matches.len() as u64),
        ("allocated_pairs".to_owned(), allocated as u64),
        ("demands_recommend".to_owned(), demands_by_verdict[0] as u64),
        ("demands_discuss".to_owned(), demands_by_verdict[1] as u64),
        ("demands_no_match".to_owned(), demands_by_verdict[2] as u64),
        ("gaps".to_owned(), n_gaps as u64),
    ])
}

fn write_text(path: &Path, text: &str) -> Result<(), PipelineError> {
    std::fs::write(path, text).map_err(|e| PipelineError::io("write", path, e))
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
