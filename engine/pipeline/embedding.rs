//! Embeddings of whole texts, and of the passages that evidence is drawn from.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{PipelineError, Progress};
use crate::embed::{Embedder, TextRole};
use crate::matching::{
    Evidence, PassageVectors, RecordText, Span, StatedNumbers, Vocabulary, Weights,
};
use crate::model::{Embeddings, MultiVectors, Part, Record};
use crate::text::{Segmenter, Synonyms};

/// Share of the title in a record's vector; the body has the rest.
///
/// Titles are short and name the thing; in the plain vector of both texts together a long body
/// drowns them. Measured on three graded sets of market lists and one of patents, every share from
/// 0.35 to 0.5 is better than the plain vector (patents, firm → university: nDCG@10 .504 against
/// .484), and they do not differ among themselves.
const TITLE_SHARE: f32 = 0.4;

/// Share of the title in the vector of a passage or requirement: a sentence out of its text often
/// does not name the thing it speaks of.
///
/// Measured as above: passages alone rank better with it on every set, by .006 to .024
/// nDCG@10.
const CONTEXT_SHARE: f32 = 0.3;

/// Texts embedded in one call: enough for all cores, small enough for a moving progress bar.
const EMBED_BATCH: usize = 2_048;

/// Embeds every record: `[n_records, dim]`, in table order.
///
/// A record's vector is the mean of the unit vectors of its title and its body, weighted by
/// [`TITLE_SHARE`], at unit length again; of one of them where the other is empty or unknown.
/// One order of additions in `f32`, so the same bits everywhere.
pub(super) fn embed_records(
    embedder: &dyn Embedder,
    records: &[Record],
    role: TextRole,
    progress: &dyn Progress,
) -> Result<Embeddings, PipelineError> {
    let dim = embedder.identity().dim;
    let mut data = Vec::with_capacity(records.len() * dim);
    for batch in records.chunks(EMBED_BATCH) {
        let titles: Vec<&str> = batch.iter().map(|record| record.title.as_str()).collect();
        let bodies: Vec<&str> = batch.iter().map(|record| record.body.as_str()).collect();
        let (titles, bodies) = (embedder.embed(&titles, role)?, embedder.embed(&bodies, role)?);
        for row in 0..batch.len() {
            data.extend(mixed(titles.row(row), bodies.row(row), TITLE_SHARE));
        }
        progress.advance(batch.len() as u64);
    }
    // Every row above has `dim` numbers, and a model has at least one dimension.
    Ok(Embeddings::new(data, dim).expect("rows of one length"))
}

/// The mean of two unit vectors, the title's with weight `share`, at unit length; zeros if both are
/// zero.
fn mixed(title: &[f32], body: &[f32], share: f32) -> Vec<f32> {
    let mut sum: Vec<f32> =
        title.iter().zip(body).map(|(t, b)| share * t + (1.0 - share) * b).collect();
    let length = sum.iter().fold(0.0_f32, |squares, x| squares + x * x).sqrt();
    if length > 0.0 {
        for x in &mut sum {
            *x /= length;
        }
    }
    sum
}

/// Reads the requirements and passages of all records, and their vectors.
///
/// The demands' texts are embedded as queries and the supplies' as documents, as whole records are:
/// only vectors of the two roles meet.
///
/// `only_for` leaves out the vectors that no score by these weights depends on: a script in which
/// passages weigh nothing needs none. Quotes need all of them.
pub(super) fn read_evidence(
    embedder: &dyn Embedder,
    (demands, supplies): (&[Record], &[Record]),
    synonyms: Synonyms,
    only_for: Option<&Weights>,
    progress: &dyn Progress,
) -> Result<Evidence, PipelineError> {
    let mut vocabulary = Vocabulary::default();
    let segmenter = Segmenter::shared();
    let demand_texts = vocabulary.read(demands, segmenter, &synonyms);
    let supply_texts = vocabulary.read(supplies, segmenter, &synonyms);
    let asks = |record: &Record| {
        only_for.is_none_or(|weights| weights.seen_by(record)[Part::Passage.index()] > 0)
    };
    let vectors = |records: &[Record], texts: &[RecordText], others: &[Record], role| {
        let answers = others.par_iter().any(asks);
        let wanted = |record: &Record| Wanted { requirements: asks(record), passages: answers };
        embed_spans(embedder, records, texts, wanted, role, progress)
    };
    let numbers = |records: &[Record]| -> Vec<StatedNumbers> {
        records.par_iter().map(StatedNumbers::of).collect()
    };
    Ok(Evidence {
        demand_vectors: vectors(demands, &demand_texts, supplies, TextRole::Query)?,
        supply_vectors: vectors(supplies, &supply_texts, demands, TextRole::Document)?,
        demand_numbers: numbers(demands),
        supply_numbers: numbers(supplies),
        vocabulary,
        synonyms,
        demands: demand_texts,
        supplies: supply_texts,
    })
}

/// Which vectors of a record are made.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    requirements: bool,
    passages: bool,
}

/// Rows of several records, growing.
#[derive(Default)]
struct Rows {
    data: Vec<f32>,
    starts: Vec<u32>,
}

impl Rows {
    fn close_record(&mut self, dim: usize) {
        // A list of four thousand million passages does not fit any memory.
        self.starts.push(u32::try_from(self.data.len() / dim).unwrap_or(u32::MAX));
    }

    fn finish(self, dim: usize) -> MultiVectors {
        let rows = Embeddings::new(self.data, dim).expect("rows of one length");
        let starts = [&[0], self.starts.as_slice()].concat();
        MultiVectors::new(rows, starts).expect("every record was closed where its rows end")
    }
}

/// Embeds the wanted spans of every record, equal texts of a batch once, each with
/// [`CONTEXT_SHARE`] of the record's title.
fn embed_spans(
    embedder: &dyn Embedder,
    records: &[Record],
    texts: &[RecordText],
    wanted: impl Fn(&Record) -> Wanted,
    role: TextRole,
    progress: &dyn Progress,
) -> Result<PassageVectors, PipelineError> {
    const BATCH: usize = 512;
    let dim = embedder.identity().dim;
    let (mut requirements, mut passages) = (Rows::default(), Rows::default());
    for (records, texts) in records.chunks(BATCH).zip(texts.chunks(BATCH)) {
        let mut spans = Distinct::default();
        let places: Vec<Places> = records
            .iter()
            .zip(texts)
            .map(|(record, text)| {
                let wanted = wanted(record);
                let mut add = |chosen: &[Span], is_wanted: bool| -> Vec<usize> {
                    let chosen = if is_wanted { chosen } else { &[] };
                    chosen.iter().map(|span| spans.place(span.text(record))).collect()
                };
                let requirements = add(text.requirements(), wanted.requirements);
                let passages = add(text.passages(), wanted.passages);
                let title = text.requirements().first().filter(|span| span.in_title());
                let is_needed = !requirements.is_empty() || !passages.is_empty();
                let title = title.filter(|_| is_needed).map(|span| spans.place(span.text(record)));
                Places { title, requirements, passages }
            })
            .collect();
        let embedded = embedder.embed(&spans.texts, role)?;
        for Places { title, requirements: own, passages: others } in places {
            let title = title.map(|row| embedded.row(row));
            for (rows, places) in [(&mut requirements, own), (&mut passages, others)] {
                for place in places {
                    rows.data.extend(in_context(title, embedded.row(place)));
                }
                rows.close_record(dim);
            }
        }
        progress.advance(records.len() as u64);
    }
    Ok(PassageVectors::new(requirements.finish(dim), passages.finish(dim)))
}

/// Texts, each once, in the order in which they were first asked for.
#[derive(Default)]
struct Distinct<'t> {
    texts: Vec<&'t str>,
    places: HashMap<&'t str, usize>,
}

impl<'t> Distinct<'t> {
    /// Where `text` stands.
    fn place(&mut self, text: &'t str) -> usize {
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }
}

/// Where a record's title, requirements and passages stand among the texts of a batch.
struct Places {
    title: Option<usize>,
    requirements: Vec<usize>,
    passages: Vec<usize>,
}

/// A span's vector with the title's share; zeros stay zeros, and without a title it stays as it is.
fn in_context(title: Option<&[f32]>, row: &[f32]) -> Vec<f32> {
    match title {
        Some(title) if row.iter().any(|&x| x != 0.0) => mixed(title, row, CONTEXT_SHARE),
        _ => row.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::embed::{EmbedError, EmbedderIdentity};
    use crate::model::{RecordId, Side, SourceRef};
    use crate::pipeline::Silent;
    use crate::pipeline::defaults::Rules;

    /// Remembers which texts it was asked for.
    struct Listening(EmbedderIdentity, Mutex<Vec<(TextRole, String)>>);

    impl Listening {
        fn new() -> Self {
            let identity =
                EmbedderIdentity { name: "l".to_owned(), sha256: "l".repeat(64), dim: 2 };
            Self(identity, Mutex::default())
        }

        fn heard(&self, role: TextRole) -> Vec<String> {
            let heard = self.1.lock().expect("no test panicked");
            heard.iter().filter(|(of, _)| *of == role).map(|(_, text)| text.clone()).collect()
        }
    }

    impl Embedder for Listening {
        fn identity(&self) -> &EmbedderIdentity {
            &self.0
        }

        fn embed(&self, texts: &[&str], role: TextRole) -> Result<Embeddings, EmbedError> {
            let mut heard = self.1.lock().expect("no test panicked");
            heard.extend(texts.iter().map(|text| (role, (*text).to_owned())));
            let row =
                |text: &&str| if text.len().is_multiple_of(2) { [1.0, 0.0] } else { [0.6, 0.8] };
            Ok(Embeddings::new(texts.iter().flat_map(row).collect(), 2)?)
        }
    }

    fn record(side: Side, title: &str, body: &str) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(side, RecordId("X".to_owned()), "X".to_owned(), source);
        (record.title, record.body) = (title.to_owned(), body.to_owned());
        record
    }

    const CHINESE: (&str, &str) = ("窑炉温控", "炉温波动大。要控制在正负一度以内。");
    const LATIN: (&str, &str) =
        ("Kiln control", "The kiln is not stable. It shall stay at one degree.");

    fn evidence(
        embedder: &Listening,
        demands: &[(&str, &str)],
        supplies: &[(&str, &str)],
        only_for: Option<&Weights>,
    ) -> Evidence {
        let [demands, supplies] = [(Side::Demand, demands), (Side::Supply, supplies)]
            .map(|(side, texts)| texts.iter().map(|(t, b)| record(side, t, b)).collect::<Vec<_>>());
        let sides = (demands.as_slice(), supplies.as_slice());
        read_evidence(embedder, sides, Synonyms::default(), only_for, &Silent)
            .expect("made vectors")
    }

    #[test]
    fn equal_texts_are_embedded_once() {
        let embedder = Listening::new();
        let evidence = evidence(&embedder, &[CHINESE, CHINESE], &[CHINESE], None);
        let heard = embedder.heard(TextRole::Query);
        assert_eq!(heard, ["窑炉温控", "炉温波动大。", "要控制在正负一度以内。", CHINESE.1]);
        assert_eq!(embedder.heard(TextRole::Document), heard);
        let rows = |vectors: &PassageVectors| {
            [vectors.requirements(), vectors.passages()].map(|of| of.rows().n_rows())
        };
        assert_eq!(rows(&evidence.demand_vectors), [6, 4]);
        assert_eq!(rows(&evidence.supply_vectors), [3, 2]);
        let requirements = evidence.demand_vectors.requirements();
        assert_eq!(requirements.data(0), requirements.data(1));
    }

    #[test]
    fn what_no_score_depends_on_is_not_embedded() {
        let rules = Rules::read(None, None).expect("what ships");
        let embedder = Listening::new();
        evidence(&embedder, &[LATIN], &[LATIN], Some(&rules.weights));
        let heard = [TextRole::Query, TextRole::Document].map(|role| embedder.heard(role));
        assert_eq!(heard.concat(), [""; 0], "passages weigh nothing for Latin askers");
        let all = evidence(&embedder, &[LATIN], &[LATIN], None);
        assert_eq!(all.demand_vectors.requirements().rows().n_rows(), 3);

        let embedder = Listening::new();
        let mixed = evidence(&embedder, &[CHINESE], &[LATIN], Some(&rules.weights));
        let (asker, answer) = (&mixed.demand_vectors, &mixed.supply_vectors);
        assert_eq!(asker.requirements().rows().n_rows(), 3);
        assert_eq!(asker.passages().rows().n_rows(), 0, "nobody looks for anything there");
        assert_eq!(answer.requirements().rows().n_rows(), 0);
        assert_eq!(answer.passages().rows().n_rows(), 2);
    }

    #[test]
    fn a_missing_text_leaves_the_other() {
        assert_eq!(mixed(&[0.0, 0.0], &[0.6, 0.8], 0.4), [0.6, 0.8]);
        assert_eq!(mixed(&[1.0, 0.0], &[0.0, 0.0], 0.4), [1.0, 0.0]);
        assert_eq!(mixed(&[0.0, 0.0], &[0.0, 0.0], 0.4), [0.0, 0.0]);
    }

    #[test]
    fn an_unknown_passage_stays_unknown() {
        assert_eq!(in_context(Some(&[1.0, 0.0]), &[0.0, 0.0]), [0.0, 0.0]);
        assert_eq!(in_context(None, &[0.6, 0.8]), [0.6, 0.8]);
        assert!(in_context(Some(&[1.0, 0.0]), &[0.0, 1.0])[0] > 0.0);
    }

    #[test]
    fn the_title_has_its_share() {
        let vector = mixed(&[1.0, 0.0], &[0.0, 1.0], TITLE_SHARE);
        assert!((vector[0] / vector[1] - TITLE_SHARE / (1.0 - TITLE_SHARE)).abs() < 1e-6);
        assert!((vector[0] * vector[0] + vector[1] * vector[1] - 1.0).abs() < 1e-6);
    }
}
