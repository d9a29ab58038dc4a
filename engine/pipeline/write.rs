//! Writing a finished run: tables for programs, documents for people, the manifest.

use std::collections::BTreeMap;
use std::path::Path;

use super::answers::Answers;
use super::candidates::Candidates;
use super::compare::compared_for_people;
use super::defaults::Rules;
use super::joint::{JointInputs, JointRow};
use super::lists::Lists;
use super::output::{
    EmbedderFacts, MANIFEST_SCHEMA, Manifest, OutputFolder, Words, backend_facts, counts,
    decisive_options, names, pair_record, sha256, side_facts, write_joint, write_pairs,
    write_qualities, write_ranking, write_records,
};
use super::run::{Extent, NEAREST_MISSES, Tables};
use super::scoring::{Judged, Ranked};
use super::{AllocationFacts, MatchOptions, NightMode, PipelineError, Progress};
use crate::corpus::write_rejected_csv;
use crate::kernel::{BackendError, BackendInfo, Hit};
use crate::matching::{
    CheckedNumber, Evidence, Feedback, Quality, contributions, fingerprint, to_verify,
};
use crate::model::{Lang, Match, Quote, Record, ReturnedSheet, Side, Verdict, Veto};
use crate::report::{Gap, RunFacts, RunView, write_html, write_returned, write_workbook};

/// Digits of a model's hash that are shown to people.
const SHORT_HASH: usize = 12;

/// Everything a run came to, borrowed for writing.
pub(super) struct Finished<'a> {
    pub options: &'a MatchOptions,
    pub rules: &'a Rules,
    /// The list of synonyms as read; empty for none.
    pub synonyms_text: &'a str,
    pub tables: &'a Tables,
    /// Rows that go back to their senders.
    pub returned: &'a [ReturnedSheet],
    pub candidates: &'a Candidates,
    pub judged: &'a Judged,
    pub evidence: &'a Evidence,
    pub lists: &'a Lists,
    pub gaps: &'a [Gap],
    pub joint: &'a [JointRow],
    pub joint_inputs: &'a JointInputs<'a>,
    pub qualities: &'a [Quality],
    pub answers: &'a Answers,
    pub learned: &'a Feedback,
    pub extent: Extent,
    pub night: Option<NightMode>,
    pub demands_by_verdict: [usize; 3],
    pub embedder: EmbedderFacts,
    pub passage_embedder: Option<EmbedderFacts>,
    pub backend: BackendInfo,
    pub why_no_gpu: Option<BackendError>,
}

impl Finished<'_> {
    fn records(&self, pair: &Match) -> (&Record, &Record) {
        (&self.tables.demands[pair.demand.get()], &self.tables.supplies[pair.supply.get()])
    }

    fn quotes(&self, pair: &Match) -> Vec<Quote> {
        let (demand, supply) = self.records(pair);
        self.evidence.quotes(pair, demand, supply)
    }

    fn numbers(&self, pair: &Match) -> Vec<CheckedNumber> {
        let (demand, supply) = self.records(pair);
        self.evidence.checked_numbers(pair, demand, supply)
    }

    /// Writes what programs read: rankings, pairs, rejected rows, and what `explain` needs.
    pub(super) fn write_tables(
        &self,
        folder: &OutputFolder,
        progress: &dyn Progress,
    ) -> Result<(), PipelineError> {
        if self.extent == Extent::Match {
            self.write_rankings(folder)?;
        }
        write_pairs(
            &folder.path(names::PAIRS),
            &self.judged.matches,
            &|pair| self.extent == Extent::Match || is_for_a_night(pair),
            &|pair| {
                let (demand, supply) = self.records(pair);
                let words = Words::of(self.evidence, pair, demand, supply);
                let mut record = pair_record(pair, demand, supply, self.rules, words);
                record.answer = self.learned.answer(pair.demand, pair.supply).map(|a| a.answer);
                record
            },
            progress,
        )?;
        write_joint(&folder.path(names::JOINT), self.joint, self.joint_inputs)?;
        write_qualities(
            &folder.path(names::QUALITY),
            &self.tables.demands,
            self.qualities,
            self.options.lang,
        )?;
        let intakes = [&self.tables.demand_intake, &self.tables.supply_intake];
        write_rejected_csv(&folder.path(names::REJECTED), &intakes)?;
        let index = folder.path(names::INDEX);
        let tables = self.tables;
        if self.extent == Extent::Match {
            write_records(&index.join(names::RECORDS), &tables.demands, &tables.supplies)?;
        }
        write_text(&index.join(names::SYNONYMS), self.synonyms_text)?;
        write_text(&index.join(names::WEIGHTS), &self.rules.weights_text)?;
        write_text(&index.join(names::CALIBRATION), &self.rules.calibration_text)
    }

    fn write_rankings(&self, folder: &OutputFolder) -> Result<(), PipelineError> {
        let (demands, supplies) = (&self.tables.demands, &self.tables.supplies);
        let cut = |list: &Vec<Ranked>| list.iter().take(self.options.depth).copied().collect();
        let forward = self.judged.ranking_for_demand.iter().map(cut);
        write_ranking(&folder.path(names::RANKING), demands, supplies, forward, "duijie")?;
        let reverse = self.judged.ranking_for_supply.iter().map(cut);
        write_ranking(&folder.path(names::RANKING_REVERSE), supplies, demands, reverse, "duijie")?;
        let path = folder.path(names::BM25);
        let forward = self.bm25(&self.candidates.bm25_for_demand);
        write_ranking(&path, demands, supplies, forward, "bm25")?;
        let path = folder.path(names::BM25_REVERSE);
        let reverse = self.bm25(&self.candidates.bm25_for_supply);
        write_ranking(&path, supplies, demands, reverse, "bm25")
    }

    fn bm25(&self, lists: &[Vec<Hit>]) -> impl Iterator<Item = Vec<(u32, f32)>> {
        let depth = self.options.depth;
        lists
            .iter()
            .map(move |hits| hits.iter().take(depth).map(|hit| (hit.document, hit.score)).collect())
    }

    /// Writes what people read: the workbook and the report.
    pub(super) fn write_documents(
        &self,
        folder: &OutputFolder,
        timings: Vec<(String, f64)>,
    ) -> Result<(), PipelineError> {
        let facts = self.facts_for_people(timings);
        let lang = self.options.lang;
        let joint = self.joint_inputs.for_people(self.joint);
        let compared = compared_for_people(&self.judged.comparisons, self.options.allocation, lang);
        let view = RunView {
            demands: &self.tables.demands,
            supplies: &self.tables.supplies,
            demand_intake: &self.tables.demand_intake,
            supply_intake: &self.tables.supply_intake,
            matches: &self.judged.matches,
            by_demand: &self.lists.by_demand,
            by_supply: &self.lists.by_supply,
            allocated_by_demand: &self.lists.allocated_by_demand,
            gaps: self.gaps,
            joint: &joint,
            compared: &compared,
            quotes: &|pair| self.quotes(pair),
            contributions: &|pair, side| {
                let (demand, supply) = self.records(pair);
                let (values, asker) = match side {
                    Side::Demand => (&pair.parts_for_demand, demand),
                    Side::Supply => (&pair.parts_for_supply, supply),
                };
                contributions(values, self.rules.weights.seen_by(asker))
            },
            to_verify: &|pair| {
                let (demand, supply) = self.records(pair);
                to_verify(pair, (demand, supply), &self.numbers(pair), lang)
            },
            numbers: &|pair| self.numbers(pair),
            qualities: self.qualities,
            feedback: (!self.learned.is_empty()).then_some(self.learned),
            versions: &|pair| self.versions(pair),
            run: &facts,
            lang,
        };
        if !self.returned.is_empty() {
            let path = folder.path(names::RETURNED);
            write_returned(&path, self.returned, &self.options.started_at, lang)?;
        }
        write_workbook(&folder.path(names::LISTS), &view, &|_| {})?;
        Ok(write_html(&folder.path(names::REPORT), &view)?)
    }

    /// What a row of the lists was about, for reading its answer back.
    fn versions(&self, pair: &Match) -> String {
        let (demand, supply) = self.records(pair);
        let of = |record: &Record| format!("{}@{}", record.id, fingerprint(record));
        format!("{} ↔ {} · {}", of(demand), of(supply), self.options.started_at.date())
    }

    fn facts_for_people(&self, timings: Vec<(String, f64)>) -> RunFacts {
        let options = self.options;
        let (discuss_from, recommend_from) = self.rules.calibration.thresholds();
        RunFacts {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: options.started_at.clone(),
            as_of: options.as_of,
            data_until: self.tables.data_until(),
            backend: self.backend.clone(),
            embedder: shown(&self.embedder),
            timings,
            per_demand: options.per_demand,
            per_supply: options.per_supply,
            top: u32::try_from(options.top.max(1)).unwrap_or(u32::MAX),
            recommend_from,
            discuss_from,
            calibration: self.rules.calibration.note(options.lang).to_owned(),
            stale_hours: options.stale_hours,
            provisional: true,
            notes: self.notes(),
        }
    }

    /// What a reader of the report has to know about the vectors and the extent of the run.
    fn notes(&self) -> Vec<String> {
        let lang = self.options.lang;
        let sent = self.embedder.host.as_ref().map(|host| match lang {
            Lang::Zh => format!("本次运行把两份清单的名称和说明文字发送到了 {host} 计算向量。"),
            Lang::En => format!(
                "Titles and descriptions of both lists were sent to {host} for their vectors."
            ),
        });
        let of_records = match (lang, self.options.vectors.is_some()) {
            (Lang::Zh, true) => "清单自带的向量".to_owned(),
            (Lang::En, true) => "vectors that came with the lists".to_owned(),
            (_, false) => shown(&self.embedder),
        };
        let own = self.passage_embedder.as_ref().map(|model| match lang {
            Lang::Zh => format!(
                "整条记录的相似度用的是{of_records}；段落和引文用 {}，两种向量不相互比较。",
                shown(model)
            ),
            Lang::En => format!(
                "Similarities of whole records are of {of_records}; passages and quotes are by {}, \
                 and vectors of the two are never compared.",
                shown(model)
            ),
        });
        let night = self.night.as_ref().map(|night| night.line(lang));
        sent.into_iter().chain(own).chain(night).collect()
    }

    /// The run's manifest, given the wall times of its stages.
    pub(super) fn manifest(&self, timings: BTreeMap<String, f64>) -> Manifest {
        let (options, tables) = (self.options, self.tables);
        let why_no_gpu = self.why_no_gpu.as_ref().map(ToString::to_string);
        Manifest {
            schema: MANIFEST_SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: options.started_at.to_string(),
            as_of: options.as_of,
            data_until: tables.data_until(),
            demands: side_facts(&tables.demand_intake, tables.demands.len()),
            supplies: side_facts(&tables.supply_intake, tables.supplies.len()),
            embedder: self.embedder.name.clone(),
            embedder_sha256: self.embedder.sha256.clone(),
            embedder_dim: self.embedder.dim,
            embedder_kind: self.embedder.kind.clone(),
            embedder_host: self.embedder.host.clone(),
            passage_embedder: self.passage_embedder.clone(),
            weights_sha256: self.rules.weights_sha256.clone(),
            calibration_sha256: self.rules.calibration_sha256.clone(),
            synonyms: options.synonyms.name(),
            synonyms_sha256: sha256(self.synonyms_text),
            answers: self.answers.facts(self.learned, &tables.demands, &tables.supplies),
            seeds: BTreeMap::new(),
            backend: backend_facts(&self.backend, why_no_gpu),
            options: decisive_options(options),
            counts: counts(
                self.judged,
                self.candidates.pairs.len(),
                &self.demands_by_verdict,
                self.gaps.len(),
                self.joint.len(),
            ),
            allocation: self.allocation(),
            night: self.night.clone(),
            timings,
        }
    }

    fn allocation(&self) -> AllocationFacts {
        let [before_verdict, handed_out] = self.judged.comparisons.clone();
        let (method, quota) = (self.options.allocation, self.options.quota);
        AllocationFacts { method, quota, before_verdict, handed_out }
    }
}

/// Whether a night writes the pair: handed out, worth a call, refused by a person, or a near miss.
pub(super) fn is_for_a_night(pair: &Match) -> bool {
    let near = pair.rank_for_demand.is_some_and(|rank| rank <= NEAREST_MISSES);
    let refused = pair.vetoes.contains(&Veto::Refused);
    pair.allocated || pair.verdict != Verdict::NoMatch || refused || near
}

/// A model with the beginning of its hash, for people.
fn shown(embedder: &EmbedderFacts) -> String {
    let hash: String = embedder.sha256.chars().take(SHORT_HASH).collect();
    format!("{} ({hash})", embedder.name)
}

fn write_text(path: &Path, text: &str) -> Result<(), PipelineError> {
    std::fs::write(path, text).map_err(|e| PipelineError::io("write", path, e))
}
