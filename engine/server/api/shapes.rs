//! What the interface gives: serialised forms of records, pairs and the rest.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{
    Contact, CooperationMode, LegalStatus, Maturity, Micro, Part, Price, Side, Sight, SupplyKind,
    Verdict, Veto, Visibility,
};
use crate::pipeline::{
    FoundRecord, GapEntry, JointRecord, NumberRecord, PairHead, PartRecord, QualityRecord,
    QuoteRecord, SeenPair, SeenRecord,
};

/// A demand or a supply, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordShape {
    /// `demand` or `supply`.
    #[schema(value_type = String, example = "demand")]
    side: Side,
    /// Its identity within its side.
    id: String,
    /// The number that people say.
    #[schema(example = "XQ-2026-0012")]
    number: String,
    title: String,
    body: String,
    keywords: Vec<String>,
    /// Paths from general to special.
    classification: Vec<Vec<String>>,
    /// IPC or CPC symbols.
    codes: Vec<String>,
    /// Who needs or offers it; null where unknown or not shown.
    organization: Option<String>,
    region: Option<String>,
    #[schema(value_type = Vec<String>)]
    cooperation: Vec<CooperationMode>,
    #[schema(value_type = Option<String>)]
    maturity: Option<Maturity>,
    #[schema(value_type = Option<String>)]
    supply_kind: Option<SupplyKind>,
    ip_status: Option<String>,
    /// How the right stands in a register, with source and date.
    #[schema(value_type = Option<Object>)]
    legal_status: Option<LegalStatus>,
    #[schema(value_type = Option<Value>)]
    price: Option<Price>,
    #[schema(value_type = Option<String>, format = Date)]
    posted_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    valid_from: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<Date>,
    #[schema(value_type = String, example = "public")]
    visibility: Visibility,
    /// Whether the owner is shown to this caller.
    owner_shown: bool,
    /// Whether `/contact` gives the owner's contacts to this caller.
    contact_shown: bool,
}

impl From<&SeenRecord> for RecordShape {
    fn from(seen: &SeenRecord) -> Self {
        let record = seen.record().clone();
        Self {
            side: record.side,
            id: record.id.0,
            number: record.number,
            title: record.title,
            body: record.body,
            keywords: record.keywords,
            classification: record.classification,
            codes: record.codes,
            organization: record.organization,
            region: record.region,
            cooperation: record.cooperation,
            maturity: record.maturity,
            supply_kind: record.supply_kind,
            ip_status: record.ip_status,
            legal_status: record.legal_status,
            price: record.price,
            posted_on: record.posted_on,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            visibility: record.visibility,
            owner_shown: seen.sight() >= Sight::WithOwner,
            contact_shown: seen.sight() >= Sight::WithContacts,
        }
    }
}

/// A record in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BriefShape {
    id: String,
    number: String,
    title: String,
    organization: Option<String>,
    region: Option<String>,
    #[schema(value_type = Option<String>, format = Date)]
    posted_on: Option<Date>,
}

impl From<&SeenRecord> for BriefShape {
    fn from(seen: &SeenRecord) -> Self {
        let record = seen.record();
        Self {
            id: record.id.0.clone(),
            number: record.number.clone(),
            title: record.title.clone(),
            organization: record.organization.clone(),
            region: record.region.clone(),
            posted_on: record.posted_on,
        }
    }
}

/// A record that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundShape {
    #[serde(flatten)]
    record: BriefShape,
    /// Comparable within one search only; 0 where no words were given.
    score: f32,
    /// The sentence that best shows the words.
    snippet: String,
}

impl From<&FoundRecord> for FoundShape {
    fn from(found: &FoundRecord) -> Self {
        Self {
            record: (&found.seen).into(),
            score: found.score,
            snippet: found.snippet.text.clone(),
        }
    }
}

/// A page of a search.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchShape {
    /// How many records were found in all.
    pub(super) found: usize,
    pub(super) records: Vec<FoundShape>,
    /// Value of `after` for the next page; null on the last.
    pub(super) next: Option<String>,
}

/// A pair in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeadShape {
    demand_id: String,
    supply_id: String,
    /// Place in the asker's list, from 1; null where a broker refused the pair.
    rank: Option<u32>,
    #[schema(value_type = String, example = "recommend")]
    verdict: Verdict,
    /// 把握, in `[0, 1]`.
    #[schema(value_type = f64)]
    probability: Micro,
    /// As the asker sees it, in `[0, 1]`.
    #[schema(value_type = f64)]
    score: Micro,
    #[schema(value_type = f64)]
    mutual_score: Micro,
    /// Whether it stands in the lists that were handed out.
    handed_out: bool,
    refused: bool,
}

impl From<&PairHead> for HeadShape {
    fn from(head: &PairHead) -> Self {
        Self {
            demand_id: head.demand.0.clone(),
            supply_id: head.supply.0.clone(),
            rank: head.rank,
            verdict: head.verdict,
            probability: head.probability,
            score: head.score,
            mutual_score: head.mutual_score,
            handed_out: head.handed_out,
            refused: head.refused,
        }
    }
}

/// A match of a record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MatchShape {
    #[serde(flatten)]
    pub(super) head: HeadShape,
    /// The record of the other side.
    pub(super) other: BriefShape,
}

/// The matches of a record, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MatchesShape {
    /// Name of the run.
    pub(super) run: String,
    pub(super) matches: Vec<MatchShape>,
    /// Supplies that together cover a demand.
    pub(super) joint: Option<JointShape>,
    /// How well a demand is stated, and what to ask back.
    pub(super) quality: Option<QualityShape>,
}

/// A quoted passage. For records that are shown as they are, `start..end` counts the characters of the
/// field.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuoteShape {
    #[schema(value_type = String)]
    side: Side,
    /// `title`, `body`, `classification`, `codes`, `maturity` or `date`.
    #[schema(value_type = String)]
    field: crate::model::QuoteField,
    start: u32,
    end: u32,
    text: String,
}

impl From<&QuoteRecord> for QuoteShape {
    fn from(quote: &QuoteRecord) -> Self {
        Self {
            side: quote.side,
            field: quote.field,
            start: quote.start,
            end: quote.end,
            text: quote.text.clone(),
        }
    }
}

/// One part of a pair's score.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartShape {
    #[schema(value_type = String, example = "dense")]
    name: Part,
    /// In `[0, 1]`; null where missing.
    #[schema(value_type = Option<f64>)]
    value: Option<Micro>,
    #[schema(value_type = f64)]
    weight: Micro,
    /// What it adds to the demand's score.
    #[schema(value_type = Option<f64>)]
    contribution: Option<Micro>,
    #[schema(value_type = Option<f64>)]
    value_for_supply: Option<Micro>,
    #[schema(value_type = f64)]
    weight_for_supply: Micro,
    #[schema(value_type = Option<f64>)]
    contribution_for_supply: Option<Micro>,
    evidence: Vec<QuoteShape>,
}

impl From<&PartRecord> for PartShape {
    fn from(part: &PartRecord) -> Self {
        Self {
            name: part.name,
            value: part.value,
            weight: part.weight,
            contribution: part.contribution,
            value_for_supply: part.value_for_supply,
            weight_for_supply: part.weight_for_supply,
            contribution_for_supply: part.contribution_for_supply,
            evidence: part.evidence.iter().map(Into::into).collect(),
        }
    }
}

/// A number of the demand, checked.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NumberShape {
    property: String,
    /// `pass`, `near`, `fail` or `not_stated`.
    #[schema(value_type = String)]
    outcome: crate::matching::Outcome,
    /// Whether failing it caps the verdict.
    binding: bool,
    demand: QuoteShape,
    supply: Option<QuoteShape>,
}

impl From<&NumberRecord> for NumberShape {
    fn from(number: &NumberRecord) -> Self {
        Self {
            property: number.property.clone(),
            outcome: number.outcome,
            binding: number.binding,
            demand: (&number.demand).into(),
            supply: number.supply.as_ref().map(Into::into),
        }
    }
}

/// A pair, explained: the contributions of the parts add up to the scores.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PairShape {
    demand: RecordShape,
    supply: RecordShape,
    /// Whether the run kept the pair; if not, it was judged for this answer.
    kept: bool,
    rank_for_demand: Option<u32>,
    rank_for_supply: Option<u32>,
    #[schema(value_type = f64)]
    score_for_demand: Micro,
    #[schema(value_type = f64)]
    score_for_supply: Micro,
    #[schema(value_type = f64)]
    mutual_score: Micro,
    #[schema(value_type = f64)]
    probability: Micro,
    #[schema(value_type = f64)]
    confidence: Micro,
    #[schema(value_type = String, example = "discuss")]
    verdict: Verdict,
    handed_out: bool,
    #[schema(value_type = Vec<String>)]
    vetoes: Vec<Veto>,
    parts: Vec<PartShape>,
    numbers: Vec<NumberShape>,
    weights_sha256: String,
    calibration_sha256: String,
}

impl From<&SeenPair> for PairShape {
    fn from(seen: &SeenPair) -> Self {
        let pair = &seen.pair;
        Self {
            demand: (&seen.demand).into(),
            supply: (&seen.supply).into(),
            kept: seen.kept,
            rank_for_demand: pair.rank_for_demand,
            rank_for_supply: pair.rank_for_supply,
            score_for_demand: pair.score_for_demand,
            score_for_supply: pair.score_for_supply,
            mutual_score: pair.mutual_score,
            probability: pair.probability,
            confidence: pair.confidence,
            verdict: pair.verdict,
            handed_out: pair.allocated,
            vetoes: pair.vetoes.clone(),
            parts: pair.parts.iter().map(Into::into).collect(),
            numbers: pair.numbers.iter().map(Into::into).collect(),
            weights_sha256: pair.weights_sha256.clone(),
            calibration_sha256: pair.calibration_sha256.clone(),
        }
    }
}

/// How well a demand is stated.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QualityShape {
    #[schema(value_type = f64)]
    quality: Micro,
    /// 可匹配, 需求待明确 or 中长期, as a word.
    #[schema(value_type = String)]
    triage: crate::matching::Triage,
    /// What to ask back, most telling first.
    questions: Vec<String>,
}

impl From<&QualityRecord> for QualityShape {
    fn from(quality: &QualityRecord) -> Self {
        Self {
            quality: quality.quality,
            triage: quality.triage,
            questions: quality.questions.iter().map(|asked| asked.text.clone()).collect(),
        }
    }
}

/// Two or three supplies that together cover a demand.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JointShape {
    #[schema(value_type = f64)]
    coverage: Micro,
    #[schema(value_type = f64)]
    best_single: Micro,
    supplies: Vec<String>,
    remainder: Vec<String>,
}

impl From<&JointRecord> for JointShape {
    fn from(joint: &JointRecord) -> Self {
        Self {
            coverage: joint.coverage,
            best_single: joint.best_single,
            supplies: joint.supplies.iter().map(|member| member.supply_id.clone()).collect(),
            remainder: joint.remainder.iter().map(|quote| quote.text.clone()).collect(),
        }
    }
}

/// A demand that nothing answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GapShape {
    demand: BriefShape,
    nearest: Option<BriefShape>,
    nearest_pair: Option<HeadShape>,
    /// What the nearest lacks.
    lacks: String,
    questions: Vec<String>,
}

impl From<&GapEntry> for GapShape {
    fn from(gap: &GapEntry) -> Self {
        let questions = gap.quality.iter().flat_map(|quality| &quality.questions);
        Self {
            demand: (&gap.demand).into(),
            nearest: gap.nearest.as_ref().map(|(supply, _)| supply.into()),
            nearest_pair: gap.nearest.as_ref().map(|(_, head)| head.into()),
            lacks: gap.lacks.clone(),
            questions: questions.map(|asked| asked.text.clone()).collect(),
        }
    }
}

/// A page of the gap list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GapsShape {
    pub(super) found: usize,
    pub(super) gaps: Vec<GapShape>,
}

/// The answer to a text.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TextShape {
    /// The text as it was read: its title.
    pub(super) title: String,
    pub(super) body: String,
    /// The best verdict among the pairs; `no_match` is an answer.
    #[schema(value_type = String, example = "no_match")]
    pub(super) verdict: Verdict,
    pub(super) pairs: Vec<PairShape>,
    pub(super) quality: Option<QualityShape>,
    pub(super) run: String,
}

/// How to reach the owner of a record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactShape {
    person: Option<String>,
    telephone: Option<String>,
    email: Option<String>,
    address: Option<String>,
}

impl From<Contact> for ContactShape {
    fn from(contact: Contact) -> Self {
        let Contact { person, telephone, email, address } = contact;
        Self { person, telephone, email, address }
    }
}
