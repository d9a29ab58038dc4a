//! A night's run over the live records of a workspace: the main job, over tables that are given
//! and with derived data that stay.
//!
//! Who calls names the folders and publishes them; this module knows what is in them.

pub(super) mod change;
pub(super) mod derive;
pub(super) mod generation;
pub(super) mod layer;
mod pair_memory;
mod top_lists;

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use derive::{Derived, Means, read_texts, remembered_depth};
use generation::Origin;

use super::answers::Answers;
use super::candidates::Candidates;
use super::clock::Clock;
use super::defaults::{Rules, taxonomies_sha256};
use super::joint::least_chance;
use super::lists::take_in_id_order;
use super::output::{OutputFolder, names};
use super::run::{Concluding, Extent, Tables, judge_all};
use super::scoring::Judge;
use super::write::is_for_a_night;
use super::{
    EmbedderOptions, Manifest, MatchOptions, PipelineError, Progress, Stage, choose_backend,
};
use crate::corpus::near_duplicate_groups;
use crate::embed::Embedder;
use crate::matching::{Evidence, StatedNumbers, contradictions};
use crate::model::{BrokerAnswer, Intake, Lang, Match, Record};

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
    /// They stay, and every pair is scored again: the same result as by default, from less that was
    /// remembered.
    Scores,
    /// They are counted tonight, and everything is indexed, embedded and scored again.
    Statistics,
}

/// How much of a night's pairs had to be scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
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

impl NightMode {
    /// What people read.
    #[must_use]
    pub fn line(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Full { why }, Lang::Zh) => format!("全部重新评分：{}", why.label(lang)),
            (Self::Full { why }, Lang::En) => format!("everything scored: {}", why.label(lang)),
            (Self::Incremental { changed: [d, s], gone: [x, y] }, Lang::Zh) => {
                format!("增量：新增或变更需求 {d} 条、供给 {s} 条，移出需求 {x} 条、供给 {y} 条")
            }
            (Self::Incremental { changed: [d, s], gone: [x, y] }, Lang::En) => format!(
                "incremental: {d} demands and {s} supplies new or changed, {x} and {y} gone"
            ),
        }
    }
}

/// Why a night scored everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FullBecause {
    /// There is no earlier generation.
    First,
    /// It was asked for.
    Asked,
    /// Many records have changed since the statistics of words were counted, or there are many
    /// layers.
    Due,
    /// The model, the synonyms, the taxonomies, the depth of the lists or the program are others.
    OtherOrigin,
    /// The earlier derived data cannot be read.
    Unreadable,
}

impl FullBecause {
    /// What people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::First => lang.pick("第一次运行", "the first run"),
            Self::Asked => lang.pick("按要求", "as asked"),
            Self::Due => lang.pick(
                "变更较多，词语统计到期更新",
                "many records have changed, and the statistics of words were due",
            ),
            Self::OtherOrigin => lang.pick(
                "模型、同义词、分类、深度或程序版本有变",
                "another model, list of synonyms, taxonomy, depth or version of the program",
            ),
            Self::Unreadable => {
                lang.pick("上次的派生数据读不出来", "the earlier derived data cannot be read")
            }
        }
    }
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
    let mut rules = Rules::read_for(
        &options.embedder,
        options.weights.as_deref(),
        options.calibration.as_deref(),
    )?;
    let synonyms = options.synonyms.open()?;
    let embedder = options.embedder.open()?;
    let for_passages = options.embedder.open_for_passages()?;
    let passage_embedder: &dyn Embedder = match &for_passages {
        Some(model) => model,
        None => embedder.as_ref(),
    };
    let mut clock = Clock::new(progress);
    let mut answers = Answers::kept(input.answers, "store.db");
    let tables = clock.stage(Stage::Import, None, || {
        tables(input.demands, input.supplies, input.demand_intake, input.supply_intake)
    });
    let learned = answers.learn(&tables.demands, &tables.supplies, &mut rules);
    let (backend, why_no_gpu) = choose_backend(options.backend)?;
    let n = options.n_candidates.max(options.depth).max(options.top);
    let origin = Origin::new(
        embedder.identity(),
        passage_embedder.identity(),
        &synonyms.text,
        taxonomies_sha256(),
        remembered_depth(n),
    );
    let means = Means {
        embedder: embedder.as_ref(),
        passage_embedder,
        synonyms: &synonyms.synonyms,
        backend: backend.as_ref(),
        origin: &origin,
        n,
    };
    let (mut derived, scorers) =
        Derived::new(&tables, means, folders, refresh, &mut clock, progress)?;
    let [wanted, candidates] = clock.stage(Stage::Candidates, None, || derived.wanted());
    if u32::try_from(wanted.len()).is_err() {
        let n_records = tables.demands.len() + tables.supplies.len();
        return Err(PipelineError::TooManyCandidates { n_records, n });
    }

    let carried = std::mem::take(&mut derived.carried);
    let missing = carried.missing(&wanted);
    let evidence = clock.stage(Stage::Evidence, None, || {
        let needed = Needed::by(&missing, &tables);
        derived.evidence(&tables, &needed, Words::Left, means)
    })?;
    let judge = |evidence| {
        let [demands, supplies] = &derived.embeddings;
        Judge::new(
            &tables.demands,
            &tables.supplies,
            demands,
            supplies,
            evidence,
            &rules,
            options.as_of,
        )
        .with_blocked(learned.blocked_pairs())
    };
    let (pairs, judged) = clock.stage(Stage::Score, None, || {
        let judge = judge(&evidence);
        let words = scorers.words(&missing, &derived.change);
        let inputs = judge.exact_inputs(&missing, &words)?;
        let pairs = carried.with(missing.into_iter().zip(inputs).collect(), &wanted);
        let known = pairs.of(&candidates);
        let candidates = Candidates::of(candidates, tables.demands.len());
        let judged = judge_all(
            options,
            &judge,
            &rules,
            &candidates,
            Some(&known),
            backend.as_ref(),
            progress,
        )?;
        Ok::<_, PipelineError>((pairs, judged))
    })?;
    drop((evidence, scorers));

    let evidence = clock.stage(Stage::Evidence, None, || {
        // Every demand may be told what supplies together cover; their words, and those of the pairs
        // that are written or could join, are all that quotes are drawn from.
        let least = least_chance(rules.calibration.thresholds().0);
        let told = |pair: &&Match| is_for_a_night(pair) || pair.probability() >= least;
        let told: Vec<(u32, u32)> = (judged.matches.iter().filter(told))
            .map(|pair| (pair.demand.0, pair.supply.0))
            .collect();
        let mut needed = Needed::by(&told, &tables);
        needed.0[0].fill(true);
        derived.evidence(&tables, &needed, Words::Read, means)
    })?;
    let mode = derived.mode.clone();
    clock.stage(Stage::Write, None, || derived.write(pairs, folders.generation, &origin))?;

    let folder = OutputFolder::standing(folders.run);
    folder.create_dir(names::INDEX)?;
    let summary = Concluding {
        returned: &[],
        options,
        rules: &rules,
        synonyms_text: &synonyms.text,
        tables: &tables,
        candidates: &Candidates::default(),
        judged: &judged,
        evidence: &evidence,
        answers: &answers,
        learned: &learned,
        extent: Extent::Night,
        night: Some(mode.clone()),
        embedder: options.embedder.facts(embedder.as_ref()),
        passage_embedder: for_passages.as_ref().map(EmbedderOptions::passage_facts),
        backend: backend.info(),
        why_no_gpu: backend.fallen().or(why_no_gpu),
    }
    .write(&folder, clock, progress)?;
    Ok(NightSummary {
        manifest: summary.manifest,
        demands_by_verdict: summary.demands_by_verdict,
        mode,
    })
}

/// Which demands and supplies take part in some pairs.
struct Needed([Vec<bool>; 2]);

impl Needed {
    fn by(pairs: &[(u32, u32)], tables: &Tables) -> Self {
        let mut needed = [vec![false; tables.demands.len()], vec![false; tables.supplies.len()]];
        for &(demand, supply) in pairs {
            needed[0][demand as usize] = true;
            needed[1][supply as usize] = true;
        }
        Self(needed)
    }
}

/// Whether the words of records are read, which only quotes and joint answers need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Left,
    Read,
}

impl Derived {
    /// What is needed of some records: vectors, numbers, and words where they are asked for. Other
    /// records have nothing.
    fn evidence(
        &self,
        tables: &Tables,
        Needed([demands, supplies]): &Needed,
        words: Words,
        means: Means<'_>,
    ) -> Result<Evidence, PipelineError> {
        let dim = means.origin.passage_dim;
        let numbers = |records: &[Record], needed: &[bool]| -> Vec<StatedNumbers> {
            let of = |(record, needed): (&Record, &bool)| {
                if *needed { StatedNumbers::of(record) } else { StatedNumbers::default() }
            };
            records.par_iter().zip(needed).map(of).collect()
        };
        let mut evidence = Evidence {
            demand_vectors: self.passages(0, demands, dim)?,
            supply_vectors: self.passages(1, supplies, dim)?,
            demand_numbers: numbers(&tables.demands, demands),
            supply_numbers: numbers(&tables.supplies, supplies),
            synonyms: means.synonyms.clone(),
            ..Evidence::default()
        };
        if words == Words::Read {
            let (vocabulary, synonyms) = (&mut evidence.vocabulary, means.synonyms);
            evidence.demands = read_texts(vocabulary, &tables.demands, demands, synonyms);
            evidence.supplies = read_texts(vocabulary, &tables.supplies, supplies, synonyms);
        }
        Ok(evidence)
    }
}

/// Live records as the job's tables: sorted by id, near-duplicates and contradictions found.
pub(super) fn tables(
    demands: Vec<Record>,
    supplies: Vec<Record>,
    mut demand_intake: Intake,
    mut supply_intake: Intake,
) -> Tables {
    let take = |mut records: Vec<Record>, intake: &mut Intake| {
        // Numbers of groups follow the order of ids, not the order in which rows are given.
        records.par_sort_by(|a, b| a.id.cmp(&b.id));
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
