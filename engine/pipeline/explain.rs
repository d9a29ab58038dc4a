//! Why a pair has its score: from the run's own files, or judged again by the run's rules.

use std::path::Path;

use super::candidates::word_values;
use super::defaults::Rules;
use super::embedding::{embed_records, read_evidence};
use super::output::{PairRecord, Words, find_joint, find_pair, names, pair_record, read_records};
use super::own_vectors::KIND as OWN_VECTORS;
use super::passages::passage_values;
use super::scoring::Judge;
use super::synonyms::SynonymList;
use super::{EmbedderOptions, JointRecord, Manifest, OwnVectorsError, PipelineError, Silent};
use crate::embed::{EmbedderIdentity, TextRole};
use crate::index::{LexicalScorer, Scratch, SideIndex};
use crate::kernel::CpuBackend;
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
    /// The supplies that together cover the demand, where the run found such.
    pub joint: Option<JointRecord>,
}

/// Explains the pair of a demand and a supply, each named by id or number.
///
/// # Errors
/// [`PipelineError::NotARun`], [`PipelineError::UnknownRecord`], [`PipelineError::OtherModel`] when
/// a pair that was not kept cannot be judged with the run's model, [`OwnVectorsError::NotKept`]
/// when the run's vectors came from files, and whatever reading the index or the model fails with.
pub fn explain(
    out: &Path,
    demand: &str,
    supply: &str,
    embedder_options: &EmbedderOptions,
) -> Result<Explanation, PipelineError> {
    let manifest = Manifest::read(out)?;
    let index = out.join(names::INDEX);
    let (demands, supplies) = read_records(&index.join(names::RECORDS))?;
    let d: DemandIdx = find_record(&demands, "demand", demand)?;
    let s: SupplyIdx = find_record(&supplies, "supply", supply)?;
    let (demand, supply) = (&demands[d.get()], &supplies[s.get()]);
    let joint = find_joint(&out.join(names::JOINT), demand.id.as_str())?;
    if let Some(pair) = find_pair(&out.join(names::PAIRS), demand.id.as_str(), supply.id.as_str())?
    {
        return Ok(Explanation {
            demand: demand.clone(),
            supply: supply.clone(),
            pair,
            kept: true,
            joint,
        });
    }

    let rules =
        Rules::read(Some(&index.join(names::WEIGHTS)), Some(&index.join(names::CALIBRATION)))?;
    if manifest.embedder_kind == OWN_VECTORS {
        return Err(OwnVectorsError::NotKept.into());
    }
    let embedder = embedder_options.open()?;
    let EmbedderIdentity { name, sha256, dim } = embedder.identity();
    if *sha256 != manifest.embedder_sha256 || *dim != manifest.embedder_dim {
        let Manifest { embedder: wanted, embedder_sha256, embedder_dim, .. } = manifest;
        return Err(PipelineError::OtherModel {
            wanted: described(&wanted, &embedder_sha256, embedder_dim),
            found: described(name, sha256, *dim),
        });
    }
    let synonyms = SynonymList::of_run(&index.join(names::SYNONYMS))?.synonyms;
    let demand_index = SideIndex::open(&index, Side::Demand)?;
    let supply_index = SideIndex::open(&index, Side::Supply)?;
    let words = |queries: &SideIndex, documents: &SideIndex, query: u32, document: u32| {
        let scorer = LexicalScorer::with_synonyms(queries, documents, &synonyms)?;
        let values = word_values(&scorer, query, &[document], &mut Scratch::default());
        Ok::<_, PipelineError>(values[0])
    };
    let words = [
        words(&demand_index, &supply_index, d.0, s.0)?,
        words(&supply_index, &demand_index, s.0, d.0)?,
    ];

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
    let for_passages = embedder_options.open_for_passages()?;
    let evidence = read_evidence(
        match &for_passages {
            Some(model) => model,
            None => embedder.as_ref(),
        },
        (std::slice::from_ref(&demand), std::slice::from_ref(&supply)),
        synonyms,
        None,
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
        &evidence,
        &rules,
        manifest.as_of,
    )
    .with_blocked(is_blocked.then_some((0, 0)).into_iter().collect());
    let passages = passage_values(&CpuBackend::new(), &evidence, &[(0, 0)])?[0];
    let pair = judge.judge_pair((0, 0), words, passages);
    let words = Words::of(&evidence, &pair, &demand, &supply);
    let pair = pair_record(&pair, &demand, &supply, &rules, words);
    Ok(Explanation { demand, supply, pair, kept: false, joint })
}

/// A model so that it can be told from a namesake: with its dimension and its hash's beginning.
fn described(name: &str, sha256: &str, dim: usize) -> String {
    let hash: String = sha256.chars().take(12).collect();
    format!("{name} ({dim}, {hash})")
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
