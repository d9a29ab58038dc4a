//! From the last generation's derived data to today's: what is unchanged is taken over, the rest
//! computed.
//!
//! The result does not depend on what could be taken over: a night on an earlier generation and a
//! night from nothing, at the same statistics of words, come to the same bits.

use std::cmp::Ordering;
use std::path::Path;

use rayon::prelude::*;

use super::change::{Change, Known, content_hash};
use super::generation::{Generation, LayerFacts, Lists, Origin, layer_path};
use super::layer::{Gathered, OpenLayer, link_folder, write_vectors};
use super::pair_memory::PairMemory;
use super::top_lists::TopLists;
use super::{FullBecause, NightFolders, NightMode, Refresh};
use crate::embed::{Embedder, TextRole};
use crate::index::{GONE, LayeredSide, LexicalScorer, Scratch, SelfScores, SideIndex};
use crate::kernel::{Backend, Hit};
use crate::matching::{PassageVectors, RecordText, Vocabulary};
use crate::model::{Embeddings, EmbeddingsView, Record, Side};
use crate::pipeline::candidates::{WordValues, word_values, word_values_of};
use crate::pipeline::clock::Clock;
use crate::pipeline::embedding::{Wanted, embed_records, embed_spans};
use crate::pipeline::run::Tables;
use crate::pipeline::{PipelineError, Progress, Stage};
use crate::text::Synonyms;

/// Share of records that may differ from those that the statistics of words were counted on.
///
/// Ten in a hundred move the idf of a term that one record in ten thousand holds by .1 or so.
const STALE_SHARE: f64 = 0.1;

/// Layers after which everything is written anew: each costs a few open files and a search.
const MOST_LAYERS: usize = 100;

/// Parts of a list's needed depth by which it is remembered deeper. A quarter outlives the loss of
/// a fifth of its entries.
const SPARE: usize = 4;

const SIDES: [Side; 2] = [Side::Demand, Side::Supply];

/// Pairs of a demand's row and a supply's, ascending, each once.
pub(super) type Pairs = Vec<(u32, u32)>;

/// Today's derived data, written to the generation's folder.
pub(super) struct Derived {
    pub mode: NightMode,
    /// Vectors of whole records.
    pub embeddings: [Embeddings; 2],
    pub known: [Vec<Known>; 2],
    pub layers: Vec<OpenLayer>,
    pub lists: Lists,
    /// What was remembered of pairs of unchanged records.
    pub carried: PairMemory,
    pub change: [Change; 2],
    facts: Vec<LayerFacts>,
    n: usize,
}

/// What deriving needs beside the tables.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub embedder: &'a dyn Embedder,
    pub passage_embedder: &'a dyn Embedder,
    pub synonyms: &'a Synonyms,
    pub backend: &'a dyn Backend,
    pub origin: &'a Origin,
    /// Depth of the lists that the candidates are made of.
    pub n: usize,
}

/// Depth to which lists are remembered when `n` are needed.
pub(super) const fn remembered_depth(n: usize) -> usize {
    n + n.div_ceil(SPARE)
}

impl Derived {
    /// Derives everything but the pairs.
    pub(super) fn new(
        tables: &Tables,
        means: Means<'_>,
        folders: NightFolders<'_>,
        refresh: Refresh,
        clock: &mut Clock<'_>,
        progress: &dyn Progress,
    ) -> Result<(Self, Scorers), PipelineError> {
        let records = [tables.demands.as_slice(), tables.supplies.as_slice()];
        let dim = means.origin.dim;
        let hashes = clock.stage(Stage::Import, None, || {
            records.map(|records| records.par_iter().map(content_hash).collect::<Vec<_>>())
        });
        let last = clock.stage(Stage::Recall, None, || {
            last_generation(records, &hashes, means.origin, folders, refresh)
        });
        let (last, mut full) = match last {
            Ok(last) => (Some(last), None),
            Err(why) => (None, Some(why)),
        };
        let from_nothing = full.is_some();
        let empty: [Vec<Known>; 2] = [Vec::new(), Vec::new()];
        let last_known = last.as_ref().map_or(&empty, |last| &last.known);
        let change =
            [0, 1].map(|side| Change::between(&last_known[side], records[side], &hashes[side]));

        let mut facts = last.as_ref().map_or_else(Vec::new, |last| last.layers.clone());
        for layer in &facts {
            let [from, to] = [folders.previous.unwrap_or(folders.generation), folders.generation]
                .map(|folder| layer_path(folder, &layer.name));
            link_folder(&from, &to).map_err(|e| PipelineError::io("link", &to, e))?;
        }
        let tonight = facts.len();
        let known = [0, 1].map(|side| {
            place(&change[side], &last_known[side], records[side], &hashes[side], tonight)
        });
        let n_changed = [change[0].changed.len(), change[1].changed.len()];
        if facts.is_empty() || n_changed != [0, 0] {
            let name = format!("{tonight:03}");
            let layer = layer_path(folders.generation, &name);
            // A full layer is the tables as they are.
            let changed: [Vec<Record>; 2] = [0, 1].map(|side| {
                let rows = if from_nothing { &[][..] } else { &change[side].changed };
                rows.iter().map(|&row| records[side][row as usize].clone()).collect()
            });
            let of = |side: usize| if from_nothing { records[side] } else { &changed[side] };
            build_layer(&layer, [of(0), of(1)], means, clock, progress)?;
            facts.push(LayerFacts { name, n_records: n_changed });
        }
        let layers: Vec<OpenLayer> = facts
            .iter()
            .enumerate()
            .map(|(at, layer)| {
                let path = layer_path(folders.generation, &layer.name);
                OpenLayer::open(&path, layer.n_records, at == 0, [dim, means.origin.passage_dim])
            })
            .collect::<Result<_, _>>()?;
        let embeddings = [
            gather_records(&known[0], &layers, 0, dim)?,
            gather_records(&known[1], &layers, 1, dim)?,
        ];

        let last = last.filter(|_| refresh != Refresh::Scores);
        full = full.or((refresh == Refresh::Scores).then_some(FullBecause::Asked));
        let n_records = records.map(|records| records.len() as u64).iter().sum();
        let (lists, scorers) = clock.stage(Stage::Candidates, Some(n_records), || {
            let search = Search {
                means,
                known: &known,
                layers: &layers,
                embeddings: &embeddings,
                change: &change,
            };
            let scorers = search.scorers(last.is_some())?;
            let lists = search.lists(last.as_ref(), records, &scorers, progress)?;
            Ok::<_, PipelineError>((lists, scorers))
        })?;
        let carried =
            last.map_or_else(PairMemory::default, |last| last.pairs.carry(&change[0], &change[1]));
        let mode = match full {
            Some(why) => NightMode::Full { why },
            None => NightMode::Incremental {
                changed: n_changed,
                gone: [change[0].n_gone, change[1].n_gone],
            },
        };
        let n = means.n;
        Ok((Self { mode, embeddings, known, layers, lists, carried, change, facts, n }, scorers))
    }

    /// The pairs of the lists to their full depth, which are remembered, and the candidates among
    /// them; ascending.
    pub(super) fn wanted(&self) -> [Pairs; 2] {
        [self.union(usize::MAX), self.union(self.n)]
    }

    fn union(&self, n: usize) -> Pairs {
        let mut pairs = Pairs::new();
        for (side, lists) in
            [&self.lists.bm25, &self.lists.dense].into_iter().flat_map(|lists| (0..).zip(lists))
        {
            for (asker, list) in (0_u32..).zip(&lists.lists) {
                pairs.extend(list.iter().take(n).map(|hit| match side {
                    0 => (asker, hit.document),
                    _ => (hit.document, asker),
                }));
            }
        }
        pairs.par_sort_unstable();
        pairs.dedup();
        pairs
    }

    /// Vectors of requirements and passages of the needed rows of a side.
    pub(super) fn passages(
        &self,
        side: usize,
        needed: &[bool],
        dim: usize,
    ) -> Result<PassageVectors, PipelineError> {
        let mut gathered = Gathered::new();
        let io = |e| PipelineError::io("read", Path::new("vectors"), e);
        for (known, needed) in self.known[side].iter().zip(needed) {
            let vectors = self.layers[known.layer as usize].vectors[side].as_ref();
            match vectors.filter(|_| *needed) {
                Some(vectors) => gathered.take(vectors, known.row, dim).map_err(io)?,
                None => gathered.skip(dim),
            }
        }
        gathered.finish(dim).map_err(io)
    }

    /// Writes what the next night builds upon.
    pub(super) fn write(
        self,
        pairs: PairMemory,
        folder: &Path,
        origin: &Origin,
    ) -> Result<(), PipelineError> {
        let generation =
            Generation { layers: self.facts, known: self.known, lists: self.lists, pairs };
        generation.write(folder, origin)
    }
}

/// The last generation, if tonight can build on it.
fn last_generation(
    records: [&[Record]; 2],
    hashes: &[Vec<String>; 2],
    origin: &Origin,
    folders: NightFolders<'_>,
    refresh: Refresh,
) -> Result<Generation, FullBecause> {
    if refresh == Refresh::Statistics {
        return Err(FullBecause::Asked);
    }
    let last = Generation::open(folders.previous.ok_or(FullBecause::First)?, origin)?;
    if last.layers.len() >= MOST_LAYERS {
        return Err(FullBecause::Due);
    }
    // The first layer is what the statistics were counted on.
    for side in 0..2 {
        let change = Change::between(&last.known[side], records[side], &hashes[side]);
        let counted = last.layers[0].n_records[side];
        let kept = change
            .from
            .iter()
            .flatten()
            .filter(|row| last.known[side][**row as usize].layer == 0)
            .count();
        let differ = (counted - kept).max(records[side].len() - kept);
        // One record more or less in a list of a few is no reason.
        if differ as f64 > STALE_SHARE * counted.max(100) as f64 {
            return Err(FullBecause::Due);
        }
    }
    Ok(last)
}

/// Where each of today's records stands.
fn place(
    change: &Change,
    last: &[Known],
    records: &[Record],
    hashes: &[String],
    tonight: usize,
) -> Vec<Known> {
    let mut next = 0;
    (change.from.iter().zip(records).zip(hashes))
        .map(|((from, record), hash)| match from {
            Some(row) => last[*row as usize].clone(),
            None => {
                next += 1;
                Known {
                    id: record.id.0.clone(),
                    hash: hash.clone(),
                    layer: u32::try_from(tonight).unwrap_or(u32::MAX),
                    row: next - 1,
                }
            }
        })
        .collect()
}

/// Indexes and embeds the records of a new layer.
fn build_layer(
    layer: &Path,
    records: [&[Record]; 2],
    means: Means<'_>,
    clock: &mut Clock<'_>,
    progress: &dyn Progress,
) -> Result<(), PipelineError> {
    let n = records.iter().map(|records| records.len() as u64).sum();
    std::fs::create_dir_all(layer).map_err(|e| PipelineError::io("create", layer, e))?;
    clock.stage(Stage::Index, Some(n), || {
        for (side, records) in SIDES.into_iter().zip(records) {
            SideIndex::build(layer, side, records, &|n| progress.advance(n))?;
        }
        Ok::<_, PipelineError>(())
    })?;
    clock.stage(Stage::Embed, Some(2 * n), || {
        for (side, records) in SIDES.into_iter().zip(records) {
            let role = if side == Side::Demand { TextRole::Query } else { TextRole::Document };
            let vectors = embed_records(means.embedder, records, role, progress)?;
            let texts: Vec<RecordText> = records.par_iter().map(RecordText::spans).collect();
            let passages = embed_spans(
                means.passage_embedder,
                records,
                &texts,
                |_| Wanted::ALL,
                role,
                progress,
            )?;
            write_vectors(layer, side, &vectors, &passages)?;
        }
        Ok(())
    })
}

fn gather_records(
    known: &[Known],
    layers: &[OpenLayer],
    side: usize,
    dim: usize,
) -> Result<Embeddings, PipelineError> {
    let mut data = Vec::with_capacity(known.len() * dim);
    for record in known {
        if let Some(vectors) = &layers[record.layer as usize].vectors[side] {
            let read = vectors.record(record.row, dim, &mut data);
            read.map_err(|e| PipelineError::io("read", Path::new("vectors"), e))?;
        }
    }
    // Every record stands in a layer, and every layer gave rows of `dim` numbers.
    Ok(Embeddings::new(data, dim).expect("rows of one length"))
}

/// What scores words tonight, by the side that asks: all answers, and the changed ones only.
pub(super) struct Scorers {
    all: [LexicalScorer; 2],
    /// Where there is a last generation and an answer has changed.
    changed: [Option<LexicalScorer>; 2],
}

impl Scorers {
    /// What the words of each side find in the other, for pairs in ascending order.
    pub(super) fn words(&self, pairs: &[(u32, u32)], change: &[Change; 2]) -> [Vec<WordValues>; 2] {
        [0, 1].map(|side| {
            let mut order: Vec<u32> = (0..u32::try_from(pairs.len()).unwrap_or(u32::MAX)).collect();
            let pair = |at: u32| match side {
                0 => pairs[at as usize],
                _ => (pairs[at as usize].1, pairs[at as usize].0),
            };
            order.par_sort_unstable_by_key(|&at| pair(at));
            let groups: Vec<&[u32]> = order.chunk_by(|&a, &b| pair(a).0 == pair(b).0).collect();
            let values: Vec<(u32, WordValues)> = groups
                .into_par_iter()
                .map_init(Default::default, |scratch: &mut [Scratch; 2], group| {
                    self.of_asker(side, group, &pair, &change[1 - side], scratch)
                })
                .flatten_iter()
                .collect();
            let mut found = vec![WordValues::NOT_KNOWN; pairs.len()];
            values.into_iter().for_each(|(at, value)| found[at as usize] = value);
            found
        })
    }

    fn of_asker(
        &self,
        side: usize,
        group: &[u32],
        pair: &(dyn Fn(u32) -> (u32, u32) + Sync),
        answers: &Change,
        [scratch, scratch_changed]: &mut [Scratch; 2],
    ) -> Vec<(u32, WordValues)> {
        let Some(&first) = group.first() else { return Vec::new() };
        let (asker, all) = (pair(first).0, &self.all[side]);
        // Few answers have changed, so their postings are few; the sums are the same either way.
        let (changed, rest): (Vec<u32>, Vec<u32>) = group
            .iter()
            .partition(|&&at| self.changed[side].is_some() && answers.is_changed(pair(at).1));
        let rows = |places: &[u32]| places.iter().map(|&at| pair(at).1).collect::<Vec<u32>>();
        let mut values = Vec::with_capacity(group.len());
        if let Some(scorer) = self.changed[side].as_ref().filter(|_| !changed.is_empty()) {
            let rows = rows(&changed);
            let scores = scorer.score(asker, &rows, scratch_changed);
            // Telling words are rare, so nothing is saved by fewer documents.
            let found = word_values_of(all, asker, &rows, &scores, scratch);
            values.extend(changed.into_iter().zip(found));
        }
        if !rest.is_empty() {
            let found = word_values(all, asker, &rows(&rest), scratch);
            values.extend(rest.into_iter().zip(found));
        }
        values
    }
}

/// Finding today's lists.
struct Search<'a> {
    means: Means<'a>,
    known: &'a [Vec<Known>; 2],
    layers: &'a [OpenLayer],
    embeddings: &'a [Embeddings; 2],
    change: &'a [Change; 2],
}

impl<'a> Search<'a> {
    /// A side as layers with today's rows; of the rows that `holds` only.
    fn side(&self, side: usize, holds: &dyn Fn(u32) -> bool) -> LayeredSide {
        let mut rows: Vec<Vec<u32>> = self
            .layers
            .iter()
            .map(|layer| vec![GONE; layer.indexes[side].as_ref().map_or(0, SideIndex::n_records)])
            .collect();
        for (row, known) in (0_u32..).zip(&self.known[side]) {
            if holds(row) {
                rows[known.layer as usize][known.row as usize] = row;
            }
        }
        let layers = self
            .layers
            .iter()
            .zip(rows)
            .filter(|(_, rows)| rows.iter().any(|&row| row != GONE))
            .filter_map(|(layer, rows)| Some((layer.indexes[side].clone()?, rows)))
            .collect();
        LayeredSide::new(layers, self.known[side].len())
    }

    fn scorers(&self, carrying: bool) -> Result<Scorers, PipelineError> {
        let all = [0, 1].map(|side| self.side(side, &|_| true));
        let scorer = |asking: usize, documents: &LayeredSide, self_scores| {
            // The first layer always has both indexes.
            let statistics =
                self.layers[0].indexes[1 - asking].as_ref().expect("statistics of both sides");
            let synonyms = self.means.synonyms;
            LexicalScorer::over(&all[asking], documents, statistics, synonyms, self_scores)
        };
        let changed = |asking: usize| {
            let answers = &self.change[1 - asking];
            if !carrying || answers.changed.is_empty() {
                return Ok(None);
            }
            let documents = self.side(1 - asking, &|row| answers.is_changed(row));
            scorer(asking, &documents, SelfScores::Unknown).map(Some)
        };
        Ok(Scorers {
            all: [scorer(0, &all[1], SelfScores::Known)?, scorer(1, &all[0], SelfScores::Known)?],
            changed: [changed(0)?, changed(1)?],
        })
    }

    fn lists(
        &self,
        last: Option<&Generation>,
        records: [&[Record]; 2],
        scorers: &Scorers,
        progress: &dyn Progress,
    ) -> Result<Lists, PipelineError> {
        let Means { n, .. } = self.means;
        let depth = remembered_depth(n);
        let mut lists = Lists::default();
        for side in 0..2 {
            let (askers, answers) = (&self.change[side], &self.change[1 - side]);
            let Some(last) = last else {
                let found = scorers.all[side].all_top_n(depth, &|n| progress.advance(n));
                lists.bm25[side] = TopLists::cut_at(depth, found);
                let found = self.nearest(side, None, None, depth)?;
                lists.dense[side] = TopLists::cut_at(depth, found);
                continue;
            };
            let order = |last_row: u32, row: u32| -> Ordering {
                let id = last.known[1 - side][last_row as usize].id.as_str();
                id.cmp(records[1 - side][row as usize].id.as_str())
            };
            let none = || vec![Vec::new(); self.known[side].len()];
            let fresh = match &scorers.changed[side] {
                Some(scorer) => scorer.all_top_n(depth, &|n| progress.advance(n)),
                None => none(),
            };
            let mut found = last.lists.bm25[side].carry(askers, answers, &fresh, depth, &order);
            let open = found.uncertain(n);
            let searched = open
                .par_iter()
                .map_init(Scratch::default, |scratch, &asker| {
                    scorers.all[side].top_n(asker, depth, scratch)
                })
                .collect();
            found.replace(&open, searched, depth);
            lists.bm25[side] = found;

            let fresh = if answers.changed.is_empty() {
                none()
            } else {
                self.nearest(side, None, Some(&answers.changed), depth)?
            };
            let mut found = last.lists.dense[side].carry(askers, answers, &fresh, depth, &order);
            let open = found.uncertain(n);
            let searched = self.nearest(side, Some(&open), None, depth)?;
            found.replace(&open, searched, depth);
            lists.dense[side] = found;
            progress.advance(self.known[side].len() as u64);
        }
        Ok(lists)
    }

    /// These rows, or all of a side.
    fn view<'b>(&'b self, side: usize, some: Option<&'b [f32]>) -> EmbeddingsView<'b> {
        match some {
            Some(data) => {
                EmbeddingsView::new(data, self.means.origin.dim).expect("rows of one length")
            }
            None => self.embeddings[side].view(),
        }
    }

    /// The nearest answers of some askers, or all, among some answers, or all, in today's rows.
    ///
    /// Rows without a vector are near to nothing.
    fn nearest(
        &self,
        side: usize,
        askers: Option<&[u32]>,
        answers: Option<&[u32]>,
        depth: usize,
    ) -> Result<Vec<Vec<Hit>>, PipelineError> {
        let some = |side: usize, rows: &[u32]| -> Vec<f32> {
            rows.iter().flat_map(|&row| self.embeddings[side].row(row as usize)).copied().collect()
        };
        let (asked, answered) =
            (askers.map(|rows| some(side, rows)), answers.map(|rows| some(1 - side, rows)));
        let asked = self.view(side, asked.as_deref());
        let answered = self.view(1 - side, answered.as_deref());
        let mut lists = self.means.backend.top_k(asked, answered, depth)?;
        for hits in &mut lists {
            hits.retain(|hit| hit.score > 0.0);
            if let Some(rows) = answers {
                hits.iter_mut().for_each(|hit| hit.document = rows[hit.document as usize]);
            }
        }
        Ok(lists)
    }
}

/// Reads the words of the needed records: those of others stay empty.
pub(super) fn read_texts(
    vocabulary: &mut Vocabulary,
    records: &[Record],
    needed: &[bool],
    synonyms: &Synonyms,
) -> Vec<RecordText> {
    let segmenter = crate::text::Segmenter::shared();
    let some: Vec<Record> =
        records.iter().zip(needed).filter(|(_, needed)| **needed).map(|(r, _)| r.clone()).collect();
    let mut read = vocabulary.read(&some, segmenter, synonyms).into_iter();
    needed
        .iter()
        .map(|needed| if *needed { read.next().unwrap_or_default() } else { RecordText::default() })
        .collect()
}
