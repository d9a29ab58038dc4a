//! Embeddings of whole texts, and of the passages that evidence is drawn from.

use super::{PipelineError, Progress};
use crate::embed::Embedder;
use crate::matching::{Evidence, PassageVectors, RecordText, Vocabulary};
use crate::model::{Embeddings, Record};
use crate::text::Segmenter;

/// The text of a record that is embedded whole.
pub(super) fn whole_text(record: &Record) -> String {
    format!("{}\n{}", record.title, record.body)
}

/// Texts embedded in one call: enough for all cores, small enough for a moving progress bar.
const EMBED_BATCH: usize = 2_048;

/// Embeds every record's whole text: `[n_records, dim]`, in table order.
pub(super) fn embed_records(
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
