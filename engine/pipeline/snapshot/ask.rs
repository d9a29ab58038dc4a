//! A text that stands in no list, matched against a side; and pairs that a run did not keep.
//!
//! What is judged here has the same values as if the text had been a record of the night: the same
//! statistics of words, the same vectors, the same rules, the same order of additions.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::seen::{SeenPair, SeenRecord};
use super::view::View;
use super::{Snapshot, place};
use crate::embed::TextRole;
use crate::index::{LayeredSide, LexicalScorer, Scratch, SideIndex};
use crate::kernel::{CpuBackend, RowSet, dot};
use crate::matching::{
    CANDIDATES_ASKED, Evidence, PassageVectors, RecordText, StatedNumbers, Vocabulary,
    choose_questions, contradictions, profile, quality,
};
use crate::model::{
    Embeddings, Lang, Match, Maturity, Record, RecordId, Side, Sight, SourceRef, SupplyKind,
    Verdict,
};
use crate::pipeline::candidates::{WordValues, word_values};
use crate::pipeline::embedding::{Wanted, embed_records, embed_spans};
use crate::pipeline::output::{Words, pair_record, quality_record};
use crate::pipeline::passages::passage_values;
use crate::pipeline::scoring::Judge;
use crate::pipeline::{PairRecord, PipelineError, QualityRecord, Silent};
use crate::text::{Segmenter, Synonyms, sentences};

/// Candidates by words and as many by meaning, as a night takes by default.
const CANDIDATES: usize = 100;

/// Letters and digits that a text has at least, to be matched: fewer say nothing, and whatever
/// happens to be near them would look like an answer.
const FEWEST_CHARACTERS: usize = 4;

/// A title is at most so long; a longer first line is a description.
const LONGEST_TITLE: usize = 60;

/// A text that stands in no list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Whether it asks or offers.
    pub side: Side,
    /// The text; a short first line is its title.
    pub text: String,
    /// A title of its own.
    pub title: Option<String>,
    /// A classification path, such as `制造业——专用设备制造业`.
    pub field: Option<String>,
    /// Where it comes from.
    pub region: Option<String>,
    /// How far the technology has come, or must have come.
    pub maturity: Option<Maturity>,
    /// What kind of supply it is, if it is one.
    pub supply_kind: Option<SupplyKind>,
}

/// The full answer to a text.
#[derive(Debug, Clone)]
pub struct TextAnswer {
    /// The text as it was read.
    pub record: Record,
    /// The best answers, best first.
    pub pairs: Vec<SeenPair>,
    /// For a demand, how well it is stated and what to ask back.
    pub quality: Option<QualityRecord>,
    /// The best verdict among the pairs.
    pub verdict: Verdict,
}

impl Draft {
    /// A text without anything else.
    #[must_use]
    pub fn new(side: Side, text: impl Into<String>) -> Self {
        Self {
            side,
            text: text.into(),
            title: None,
            field: None,
            region: None,
            maturity: None,
            supply_kind: None,
        }
    }

    /// As a record. Without a title of its own, a short first line or else the first sentence, cut
    /// to 60 characters, stands for it.
    fn record(&self) -> Record {
        let source = SourceRef { file: String::new(), sheet: None, row: 1 };
        let id = RecordId(String::new());
        let mut record = Record::new(self.side, id, String::new(), source);
        let text = self.text.trim();
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (title, body) = match &self.title {
            Some(title) => (title.trim().to_owned(), text),
            None if first.chars().count() <= LONGEST_TITLE => {
                (first.trim().to_owned(), rest.trim())
            }
            None => {
                let sentence = sentences(first).into_iter().next().map_or(first, |at| &first[at]);
                (sentence.trim().chars().take(LONGEST_TITLE).collect(), text)
            }
        };
        record.title = title;
        record.body = body.to_owned();
        record.classification.extend(self.field.as_ref().map(|field| {
            let steps = field.split(['—', '>', '/', '－', '·']).map(str::trim);
            steps.filter(|step| !step.is_empty()).map(str::to_owned).collect()
        }));
        record.region.clone_from(&self.region);
        record.maturity = self.maturity;
        record.supply_kind = self.supply_kind;
        record.contradictions = contradictions(&record);
        record
    }
}

impl View<'_> {
    /// Matches a text that stands in no list with the visible records of the other side: the `top`
    /// best for it, with all that is known of the pairs.
    ///
    /// Candidates are the best hundred by words and by meaning. A text of fewer than four letters or
    /// digits finds nothing.
    ///
    /// # Errors
    /// What reading the index or the model says.
    pub fn match_text(
        &self,
        draft: &Draft,
        top: usize,
        lang: Lang,
    ) -> Result<TextAnswer, PipelineError> {
        let record = draft.record();
        let answering = self.snapshot.side(draft.side.other());
        let allowed = answering.findable(self.role, &draft.text, &[]);
        let telling = draft.text.chars().chain(draft.title.iter().flat_map(|title| title.chars()));
        let says_something =
            telling.filter(|c| c.is_alphanumeric()).nth(FEWEST_CHARACTERS - 1).is_some();
        let top = if says_something { top } else { 0 };
        let judged = self.snapshot.judge_text(&record, &allowed, top)?;
        let own = SeenRecord::new(&record, Sight::WithContacts);
        let pairs: Vec<SeenPair> = (judged.pairs.into_iter())
            .filter_map(|(row, pair)| {
                let other = self.see(draft.side.other(), row)?;
                let own = own.clone()?;
                Some(match draft.side {
                    Side::Demand => SeenPair::new(own, other, pair, false),
                    Side::Supply => SeenPair::new(other, own, pair, false),
                })
            })
            .collect();
        let quality = (draft.side == Side::Demand).then(|| {
            let mut stated = quality(&record, self.snapshot.manifest.as_of);
            let profiles: Vec<_> = (judged.best.iter().take(CANDIDATES_ASKED))
                .map(|&row| profile(&answering.records[row as usize]))
                .collect();
            stated.questions = choose_questions(&stated, &profiles.iter().collect::<Vec<_>>());
            quality_record(&record, &stated, lang)
        });
        let verdict = pairs.iter().map(|pair| pair.pair.verdict).max().unwrap_or(Verdict::NoMatch);
        Ok(TextAnswer { record, pairs, quality, verdict })
    }
}

impl View<'_> {
    /// Matches a record again, now and with the visible records only: what
    /// [`match_text`](Self::match_text) is for texts. `None` where there is no such record.
    ///
    /// Where nothing is hidden and the night took as many candidates, the pairs are those of the
    /// night, but for candidates that only the other side's search had found.
    ///
    /// # Errors
    /// What reading the index or the model says.
    pub fn match_record(
        &self,
        side: Side,
        id_or_number: &str,
        top: usize,
    ) -> Result<Option<Vec<SeenPair>>, PipelineError> {
        let Some(row) = self.row(side, id_or_number) else { return Ok(None) };
        let Some(own) = self.see(side, row) else { return Ok(None) };
        let record = &self.snapshot.side(side).records[row as usize];
        let answering = self.snapshot.side(side.other());
        let judged = self.snapshot.judge_text(record, answering.visible(self.role), top)?;
        let pairs = judged.pairs.into_iter().filter_map(|(row, pair)| {
            let other = self.see(side.other(), row)?;
            Some(match side {
                Side::Demand => SeenPair::new(own.clone(), other, pair, false),
                Side::Supply => SeenPair::new(other, own.clone(), pair, false),
            })
        });
        Ok(Some(pairs.collect()))
    }
}

/// What a text came to.
struct Judged {
    /// Rows of the other side with their pairs, best for the text first.
    pairs: Vec<(u32, PairRecord)>,
    /// The same rows.
    best: Vec<u32>,
}

/// A record that asks, with what is derived of it.
struct Asker<'a> {
    record: &'a Record,
    index: SideIndex,
    vector: Embeddings,
    passages: PassageVectors,
    numbers: StatedNumbers,
}

impl Snapshot {
    /// Judges a pair that the run did not keep.
    pub(super) fn judge_anew(&self, demand: u32, supply: u32) -> Result<PairRecord, PipelineError> {
        let asker = self.asker(&self.sides[0].records[demand as usize])?;
        let few = self.few(&asker, &[supply], Depth::Quotes)?;
        let answers = SideIndex::in_memory(Side::Supply, &few.records)?;
        let scorer = self.scorer(&asker.index, &LayeredSide::whole(&answers))?;
        let forward = word_values(&scorer, 0, &[0], &mut Scratch::default());
        let mut pairs = few.pairs(self, &forward)?;
        Ok(pairs.remove(0))
    }

    fn asker<'a>(&self, record: &'a Record) -> Result<Asker<'a>, PipelineError> {
        let (one, role) = (std::slice::from_ref(record), role_of(record.side));
        Ok(Asker {
            record,
            index: SideIndex::in_memory(record.side, one)?,
            vector: embed_records(self.embedder.as_ref(), one, role, &Silent)?,
            passages: embed_spans(
                self.for_passages(),
                one,
                &[RecordText::spans(record)],
                |_| Wanted::ALL,
                role,
                &Silent,
            )?,
            numbers: StatedNumbers::of(record),
        })
    }

    /// Scores the words of a few records against a side, by the night's statistics of that side.
    fn scorer(
        &self,
        asking: &SideIndex,
        answering: &LayeredSide,
    ) -> Result<LexicalScorer, PipelineError> {
        Ok(LexicalScorer::for_few(
            &LayeredSide::whole(asking),
            answering,
            &self.side(asking.side().other()).statistics,
            &self.synonyms,
        )?)
    }

    fn judge_text(
        &self,
        record: &Record,
        allowed: &RowSet,
        top: usize,
    ) -> Result<Judged, PipelineError> {
        let answering = self.side(record.side.other());
        let asker = self.asker(record)?;
        let scorer = self.scorer(&asker.index, &answering.layered)?;
        let mut scratch = Scratch::default();
        let hits = scorer.top_n_among(0, CANDIDATES, Some(allowed), &mut scratch);
        let mut rows: Vec<u32> = hits.into_iter().map(|hit| hit.document).collect();
        rows.extend(self.nearest(asker.vector.row(0), record.side.other(), allowed));
        rows.sort_unstable();
        rows.dedup();

        let values = word_values(&scorer, 0, &rows, &mut scratch);
        let mut order = self.few(&asker, &rows, Depth::Scores)?.ranked(self, &values)?;
        order.truncate(top);
        // Quotes and the other side's view are for those that are shown.
        let known: Vec<WordValues> = order.iter().map(|&at| values[at]).collect();
        let best: Vec<u32> = order.iter().map(|&at| rows[at]).collect();
        let pairs = self.few(&asker, &best, Depth::Quotes)?.pairs(self, &known)?;
        Ok(Judged { pairs: best.iter().copied().zip(pairs).collect(), best })
    }

    /// The nearest rows of a side by cosine, best first.
    fn nearest(&self, query: &[f32], side: Side, allowed: &RowSet) -> Vec<u32> {
        let answering = self.side(side);
        let mut hits: Vec<(f32, u32)> = (0_u32..)
            .zip(0..answering.records.len())
            .filter(|(_, at)| allowed.contains(*at))
            .map(|(row, at)| (dot(query, answering.embeddings.row(at)), row))
            .filter(|(score, _)| *score > 0.0)
            .collect();
        let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if hits.len() > CANDIDATES {
            hits.select_nth_unstable_by(CANDIDATES - 1, better);
            hits.truncate(CANDIDATES);
        }
        hits.sort_unstable_by(better);
        hits.into_iter().map(|(_, row)| row).collect()
    }

    fn few<'a>(
        &self,
        asker: &'a Asker<'a>,
        rows: &[u32],
        depth: Depth,
    ) -> Result<Few<'a>, PipelineError> {
        let side = asker.record.side.other();
        let answering = self.side(side);
        let records: Vec<Record> =
            rows.iter().map(|&row| answering.records[row as usize].clone()).collect();
        let data = rows.iter().flat_map(|&row| answering.embeddings.row(row as usize));
        let dim = asker.vector.dim();
        let embeddings = Embeddings::new(data.copied().collect(), dim).expect("rows of one length");
        let passages = answering.passages(place(side), rows, &self.layers, self.passage_dim)?;
        let numbers: Vec<StatedNumbers> = records.par_iter().map(StatedNumbers::of).collect();
        let mut evidence = Evidence { synonyms: self.synonyms.clone(), ..Evidence::default() };
        let own = (asker.passages.clone(), vec![asker.numbers.clone()]);
        let (of_demands, of_supplies) = match asker.record.side {
            Side::Demand => (own, (passages, numbers)),
            Side::Supply => ((passages, numbers), own),
        };
        (evidence.demand_vectors, evidence.demand_numbers) = of_demands;
        (evidence.supply_vectors, evidence.supply_numbers) = of_supplies;
        let mut few = Few { asker, records, embeddings, evidence };
        if depth == Depth::Quotes {
            few.read_words();
        }
        Ok(few)
    }

    /// Whether a broker refused the pair, as the run knew it.
    fn is_refused(&self, demand: &Record, supply: &Record) -> bool {
        self.manifest.answers.as_ref().is_some_and(|answers| {
            answers.blocked.iter().any(|[d, s]| *d == demand.id.0 && *s == supply.id.0)
        })
    }
}

/// What is made of a few pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Their scores.
    Scores,
    /// Also the words that quotes are drawn from.
    Quotes,
}

/// A record and a few of the other side, as tables of their own.
struct Few<'a> {
    asker: &'a Asker<'a>,
    records: Vec<Record>,
    embeddings: Embeddings,
    evidence: Evidence,
}

impl Few<'_> {
    /// Reads the words of both sides.
    fn read_words(&mut self) {
        let mut vocabulary = Vocabulary::default();
        let mut read = |records: &[Record], synonyms: &Synonyms| {
            vocabulary.read(records, Segmenter::shared(), synonyms)
        };
        let one = std::slice::from_ref(self.asker.record);
        let own = read(one, &self.evidence.synonyms);
        let others = read(&self.records, &self.evidence.synonyms);
        (self.evidence.demands, self.evidence.supplies) = match self.asker.record.side {
            Side::Demand => (own, others),
            Side::Supply => (others, own),
        };
        self.evidence.vocabulary = vocabulary;
    }

    /// The pair with the other side's record at this place, as rows.
    fn rows(&self, at: usize) -> (u32, u32) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        match self.asker.record.side {
            Side::Demand => (0, at),
            Side::Supply => (at, 0),
        }
    }

    /// The same as records.
    fn records(&self, at: usize) -> (&Record, &Record) {
        match self.asker.record.side {
            Side::Demand => (self.asker.record, &self.records[at]),
            Side::Supply => (&self.records[at], self.asker.record),
        }
    }

    /// Judges all pairs by what the words of the asking record find in the others, and the other
    /// way round.
    fn judged(
        &self,
        snapshot: &Snapshot,
        words: &[[WordValues; 2]],
    ) -> Result<Vec<Match>, PipelineError> {
        let one = std::slice::from_ref(self.asker.record);
        let (demands, supplies, demand_vectors, supply_vectors) = match self.asker.record.side {
            Side::Demand => (one, &*self.records, &self.asker.vector, &self.embeddings),
            Side::Supply => (&*self.records, one, &self.embeddings, &self.asker.vector),
        };
        let judge = Judge::new(
            demands,
            supplies,
            demand_vectors,
            supply_vectors,
            &self.evidence,
            &snapshot.rules,
            snapshot.manifest.as_of,
        );
        let rows: Vec<(u32, u32)> = (0..self.records.len()).map(|at| self.rows(at)).collect();
        let blocked = (0..rows.len()).filter(|&at| {
            let (demand, supply) = self.records(at);
            snapshot.is_refused(demand, supply)
        });
        let judge = judge.with_blocked(blocked.map(|at| rows[at]).collect());
        let passages = passage_values(&CpuBackend::new(), &self.evidence, &rows)?;
        Ok((0..rows.len())
            .map(|at| {
                let [own, others] = words[at];
                let words = match self.asker.record.side {
                    Side::Demand => [own, others],
                    Side::Supply => [others, own],
                };
                judge.judge_pair(rows[at], words, passages[at])
            })
            .collect())
    }

    /// Places of the other side's records, best for the asking record first.
    fn ranked(
        &self,
        snapshot: &Snapshot,
        forward: &[WordValues],
    ) -> Result<Vec<usize>, PipelineError> {
        // What the other side's words find is no part of this side's score.
        let words: Vec<_> = forward.iter().map(|own| [*own, WordValues::NOT_KNOWN]).collect();
        let judged = self.judged(snapshot, &words)?;
        let mut order: Vec<usize> = (0..judged.len()).collect();
        order.sort_by_key(|&at| {
            Reverse(match self.asker.record.side {
                Side::Demand => judged[at].score_for_demand,
                Side::Supply => judged[at].score_for_supply,
            })
        });
        Ok(order)
    }

    /// The pairs as they are written, given what the asking record's words find in the others.
    fn pairs(
        &self,
        snapshot: &Snapshot,
        forward: &[WordValues],
    ) -> Result<Vec<PairRecord>, PipelineError> {
        let asked = SideIndex::in_memory(self.asker.record.side.other(), &self.records)?;
        let scorer = snapshot.scorer(&asked, &LayeredSide::whole(&self.asker.index))?;
        let mut scratch = Scratch::default();
        let words: Vec<[WordValues; 2]> = (0_u32..)
            .zip(forward)
            .map(|(row, own)| [*own, word_values(&scorer, row, &[0], &mut scratch)[0]])
            .collect();
        let judged = self.judged(snapshot, &words)?;
        let written = (0..).zip(judged).map(|(at, pair)| {
            let (demand, supply) = self.records(at);
            let quotes = Words::of(&self.evidence, &pair, demand, supply);
            pair_record(&pair, demand, supply, &snapshot.rules, quotes)
        });
        Ok(written.collect())
    }
}

/// The role in which a side's texts are embedded.
const fn role_of(side: Side) -> TextRole {
    match side {
        Side::Demand => TextRole::Query,
        Side::Supply => TextRole::Document,
    }
}
