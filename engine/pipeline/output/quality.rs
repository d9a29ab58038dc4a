//! `quality.jsonl`: one line per demand, how well it is stated, what it asks for, what to ask back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::PipelineError;
use crate::matching::{Quality, QualityComponent, Triage};
use crate::model::{Contradiction, Lang, Micro, QuoteField, Record, Supplement, Visibility};
use crate::text::{Element, RequirementKind, char_range, elements, requirements, veil};

/// Name and version of the line's shape.
const SCHEMA: &str = "duijie.quality/1";

/// How well a demand is stated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityRecord {
    /// `duijie.quality/1`.
    pub schema: String,
    /// Id of the demand.
    pub demand_id: String,
    /// Number of the demand as people say it.
    pub demand_number: String,
    /// Weighted sum of the components.
    pub quality: Micro,
    /// Value of each component.
    pub components: BTreeMap<QualityComponent, Micro>,
    /// What to do with it.
    pub triage: Triage,
    /// What to ask back, most telling first.
    pub questions: Vec<QuestionRecord>,
    /// Typed requirements, in the order of the text.
    pub requirements: Vec<PhraseRecord>,
    /// The five elements that the text names.
    pub elements: Vec<PhraseRecord>,
    /// Parts of the body that answer a question asked earlier, with their column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supplements: Vec<Supplement>,
    /// Statements that the text contradicts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_verify: Vec<Contradiction>,
}

/// A question to the owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionRecord {
    /// The element it asks for.
    pub about: QualityComponent,
    /// How much the present candidates disagree in it.
    pub separation: Micro,
    /// The question in the run's language.
    pub text: String,
}

/// A typed passage; `start..end` counts characters (Unicode scalar values) of the field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhraseRecord {
    /// What it is: a kind of requirement, or an element.
    pub kind: String,
    /// Title or body.
    pub field: QuoteField,
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The passage; the name of an owner who wishes to stay unnamed is replaced by 〔略〕.
    pub text: String,
}

fn phrase(
    record: &Record,
    kind: &str,
    field: QuoteField,
    bytes: std::ops::Range<usize>,
) -> PhraseRecord {
    let text = if field == QuoteField::Title { &record.title } else { &record.body };
    let chars = char_range(text, bytes.clone());
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    PhraseRecord {
        kind: kind.to_owned(),
        field,
        start: place(chars.start),
        end: place(chars.end),
        text: shown(record, &text[bytes]),
    }
}

/// The words as they may be read by others: an owner who wishes to stay unnamed stays so, in a
/// text of the same meaning that is then no longer the characters of the source.
fn shown(record: &Record, text: &str) -> String {
    let owner = record.organization.as_deref().filter(|_| record.visibility != Visibility::Public);
    veil(text, owner.into_iter()).unwrap_or_else(|| text.to_owned())
}

/// A demand's quality in the form in which it is written.
pub(in super::super) fn line(demand: &Record, quality: &Quality, lang: Lang) -> QualityRecord {
    let named = elements(&demand.title, &demand.body);
    QualityRecord {
        schema: SCHEMA.to_owned(),
        demand_id: demand.id.0.clone(),
        demand_number: demand.number.clone(),
        quality: quality.score,
        components: QualityComponent::ALL.into_iter().zip(quality.components).collect(),
        triage: quality.triage,
        questions: quality
            .questions
            .iter()
            .map(|asked| {
                let text = asked.text(lang);
                QuestionRecord {
                    about: asked.about,
                    separation: asked.separation,
                    text: veil(&text, std::iter::empty()).unwrap_or(text),
                }
            })
            .collect(),
        requirements: requirements(demand.side, &demand.title, &demand.body)
            .into_iter()
            .map(|r| phrase(demand, RequirementKind::name(r.kind), r.field, r.bytes))
            .collect(),
        elements: Element::ALL
            .into_iter()
            .filter_map(|element| Some((element, named.get(element)?.clone())))
            .map(|(element, (field, bytes))| phrase(demand, element.name(), field, bytes))
            .collect(),
        supplements: demand.supplements.clone(),
        to_verify: demand.contradictions.clone(),
    }
}

/// Writes one line per demand, in table order.
pub(in super::super) fn write_qualities(
    path: &Path,
    demands: &[Record],
    qualities: &[Quality],
    lang: Lang,
) -> Result<(), PipelineError> {
    const BATCH: usize = 4_096;
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        for (demands, qualities) in demands.chunks(BATCH).zip(qualities.chunks(BATCH)) {
            let lines: Vec<Vec<u8>> = demands
                .par_iter()
                .zip(qualities)
                .map(|(demand, quality)| Ok(serde_json::to_vec(&line(demand, quality, lang))?))
                .collect::<io::Result<_>>()?;
            for line in lines {
                out.write_all(&line)?;
                out.write_all(b"\n")?;
            }
        }
        out.flush()
    };
    write().map_err(|e| PipelineError::io("write", path, e))
}
