//! Why a pair has its score: from the run's own files, or judged again by the run's rules.

use std::path::Path;

use super::defaults::Rules;
use super::embedding::{embed_records, read_evidence};
use super::output::{PairRecord, find_pair, names, pair_record, read_records};
use super::scoring::Judge;
use super::{EmbedderChoice, Manifest, PipelineError, Silent};
use crate::embed::TextRole;
use crate::index::{LexicalScorer, Scratch, SideIndex};
use crate::model::{DemandIdx, Record, Side, SupplyIdx};

/// A pair with its sum.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The demand.
    pub demand: Record,
    /// The supply.
    pub supply: Record,
    /// The sum, part by part, with quotes.
    pub pair: PairRecord,
    /// Whether the pair was kept by the run; if not, it was judged again for this answer and has
    /// no ranks.
    pub kept: bool,
}

/// Explains the pair of a demand and a supply, each named by id or number.
///
/// # Errors
/// [`PipelineError::NotARun`], [`PipelineError::UnknownRecord`], and whatever reading the run's
/// index or the model fails with.
pub fn explain(
    out: &Path,
    demand: &str,
    supply: &str,
    embedder: &EmbedderChoice,
) -> Result<Explanation, PipelineError> {
    let manifest = Manifest::read(out)?;
    let index = out.join(names::INDEX);
    let (demands, supplies) = read_records(&index.join(names::RECORDS))?;
    let d: DemandIdx = find_record(&demands, "demand", demand)?;
    let s: SupplyIdx = find_record(&supplies, "supply", supply)?;
    let (demand, supply) = (&demands[d.get()], &supplies[s.get()]);
    if let Some(pair) = find_pair(&out.join(names::PAIRS), demand.id.as_str(), supply.id.as_str())?
    {
        return Ok(Explanation {
            demand: demand.clone(),
            supply: supply.clone(),
            pair,
            kept: true,
        });
    }

    let rules =
        Rules::read(Some(&index.join(names::WEIGHTS)), Some(&index.join(names::CALIBRATION)))?;
    let embedder = embedder.open()?;
    if embedder.identity().sha256 != manifest.embedder_sha256 {
        return Err(PipelineError::OtherModel {
            wanted: manifest.embedder,
            found: embedder.identity().name.clone(),
        });
    }
    let demand_index = SideIndex::open(&index, Side::Demand)?;
    let supply_index = SideIndex::open(&index, Side::Supply)?;
    let ratio = |queries: &SideIndex, documents: &SideIndex, query: u32, document: u32| {
        let scorer = LexicalScorer::new(queries, documents)?;
        let own = scorer.self_score(query);
        let score = scorer.score(query, &[document], &mut Scratch::default());
        Ok::<_, PipelineError>(score.first().filter(|_| own > 0.0).map(|score| score / own))
    };
    let lexical_for_demand = ratio(&demand_index, &supply_index, d.0, s.0)?;
    let lexical_for_supply = ratio(&supply_index, &demand_index, s.0, d.0)?;

    // From here on the two records are the whole tables.
    let (demand, supply) = (demand.clone(), supply.clone());
    let demand_embedding =
        embed_records(embedder.as_ref(), std::slice::from_ref(&demand), TextRole::Query, &Silent)?;
    let supply_embedding = embed_records(
        embedder.as_ref(),
        std::slice::from_ref(&supply),
        TextRole::Document,
        &Silent,
    )?;
    // A refusal holds here too: the manifest names the blocked pairs.
    let is_blocked = manifest.answers.as_ref().is_some_and(|answers| {
        answers.blocked.iter().any(|[d, s]| *d == demand.id.0 && *s == supply.id.0)
    });
    let judge = Judge::new(
        std::slice::from_ref(&demand),
        std::slice::from_ref(&supply),
        &demand_embedding,
        &supply_embedding,
        &rules,
        manifest.as_of,
    )
    .with_blocked(is_blocked.then_some((0, 0)).into_iter().collect());
    let pair = judge.judge_pair((0, 0), lexical_for_demand, lexical_for_supply);
    let evidence = read_evidence(
        embedder.as_ref(),
        std::slice::from_ref(&demand),
        std::slice::from_ref(&supply),
        &Silent,
    )?;
    let quotes = evidence.quotes(&pair, &demand, &supply);
    let pair = pair_record(&pair, &demand, &supply, &rules.weights, quotes);
    Ok(Explanation { demand, supply, pair, kept: false })
}

/// Row of the record with this id or number.
trait Row {
    fn at(row: u32) -> Self;
}

impl Row for DemandIdx {
    fn at(row: u32) -> Self {
        Self(row)
    }
}

impl Row for SupplyIdx {
    fn at(row: u32) -> Self {
        Self(row)
    }
}

fn find_record<R: Row>(
    records: &[Record],
    side: &'static str,
    wanted: &str,
) -> Result<R, PipelineError> {
    let wanted = wanted.trim();
    let by_id = |record: &Record| record.id.as_str() == wanted;
    let by_number = |record: &Record| record.number.eq_ignore_ascii_case(wanted);
    let row = records.iter().position(by_id).or_else(|| records.iter().position(by_number));
    row.and_then(|row| u32::try_from(row).ok())
        .map(R::at)
        .ok_or_else(|| PipelineError::UnknownRecord { side, wanted: wanted.to_owned() })
}
