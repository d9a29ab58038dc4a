//! The derived data of a night, as files: which layers there are, where every record stands, the
//! lists and the pairs.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::FullBecause;
use super::change::Known;
use super::pair_memory::PairMemory;
use super::top_lists::TopLists;
use crate::embed::{Array, ArrayFile, EmbedderIdentity, write_arrays};
use crate::kernel::Hit;
use crate::pipeline::PipelineError;
use crate::pipeline::output::sha256;

/// Raised whenever the files, or how their figures are computed, change.
const FORMAT: u32 = 1;

const DESCRIPTION: &str = "generation.json";
const LISTS: &str = "lists.safetensors";
const PAIRS: &str = "pairs.safetensors";
const TABLES: [&str; 2] = ["demands.jsonl", "supplies.jsonl"];

/// Everything that decides remembered figures, apart from the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline) struct Origin {
    format: u32,
    /// Version of the program.
    program: String,
    /// SHA-256 of what determines the vectors.
    embedder_sha256: String,
    /// Numbers per vector.
    pub dim: usize,
    /// The same of the model of passages.
    passage_embedder_sha256: String,
    pub passage_dim: usize,
    synonyms_sha256: String,
    taxonomies_sha256: String,
    /// Depth of the remembered lists.
    pub depth: usize,
}

impl Origin {
    pub(in crate::pipeline) fn new(
        embedder: &EmbedderIdentity,
        passage_embedder: &EmbedderIdentity,
        synonyms_text: &str,
        taxonomies_sha256: String,
        depth: usize,
    ) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            embedder_sha256: embedder.sha256.clone(),
            dim: embedder.dim,
            passage_embedder_sha256: passage_embedder.sha256.clone(),
            passage_dim: passage_embedder.dim,
            synonyms_sha256: sha256(synonyms_text),
            taxonomies_sha256,
            depth,
        }
    }
}

/// A layer in the list of a generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pipeline) struct LayerFacts {
    /// Folder under `layers`.
    pub name: String,
    /// Demands and supplies that it holds, gone ones included.
    pub n_records: [usize; 2],
}

#[derive(Serialize, Deserialize)]
struct Description {
    origin: Origin,
    layers: Vec<LayerFacts>,
    n_records: [usize; 2],
}

/// The lists of a generation: by words and by vectors, for demands and for supplies.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::pipeline) struct Lists {
    pub bm25: [TopLists; 2],
    pub dense: [TopLists; 2],
}

/// What a generation remembers.
#[derive(Debug)]
pub(in crate::pipeline) struct Generation {
    /// The first one gives the statistics of words.
    pub layers: Vec<LayerFacts>,
    /// Demands and supplies, each by id.
    pub known: [Vec<Known>; 2],
    pub lists: Lists,
    pub pairs: PairMemory,
}

/// Where a layer stands in a generation's folder.
pub(in crate::pipeline) fn layer_path(generation: &Path, name: &str) -> PathBuf {
    generation.join("layers").join(name)
}

impl Generation {
    /// Reads what the generation in `folder` remembers, if it can be built upon.
    ///
    /// # Errors
    /// Why not: other origins, or files that cannot be read.
    pub(in crate::pipeline) fn open(folder: &Path, origin: &Origin) -> Result<Self, FullBecause> {
        let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
            tracing::warn!(file = %path.display(), %error, "derived data cannot be read");
            FullBecause::Unreadable
        };
        let path = folder.join(DESCRIPTION);
        let text = fs::read(&path).map_err(|e| unreadable(&path, &e))?;
        // Another format may have other fields, too.
        let value: serde_json::Value =
            serde_json::from_slice(&text).map_err(|e| unreadable(&path, &e))?;
        if value.get("origin") != serde_json::to_value(origin).ok().as_ref() {
            return Err(FullBecause::OtherOrigin);
        }
        let described: Description =
            serde_json::from_value(value).map_err(|e| unreadable(&path, &e))?;
        let [n_demands, n_supplies] = described.n_records;
        let table = |side: usize| {
            let path = folder.join(TABLES[side]);
            read_table(&path, described.n_records[side], &described.layers, side)
                .map_err(|e| unreadable(&path, &e))
        };
        let known = [table(0)?, table(1)?];
        let path = folder.join(LISTS);
        let lists = Lists::read(&path, described.n_records).map_err(|e| unreadable(&path, &e))?;
        let path = folder.join(PAIRS);
        let pairs =
            PairMemory::read(&path, n_demands, n_supplies).map_err(|e| unreadable(&path, &e))?;
        Ok(Self { layers: described.layers, known, lists, pairs })
    }

    /// Reads where the records of the generation in `folder` stand: its layers, and each side's
    /// table.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub(in crate::pipeline) fn places(
        folder: &Path,
    ) -> Result<(Vec<LayerFacts>, [Vec<Known>; 2]), String> {
        let told =
            |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let path = folder.join(DESCRIPTION);
        let text = fs::read(&path).map_err(|e| told(&path, &e))?;
        let described: Description = serde_json::from_slice(&text).map_err(|e| told(&path, &e))?;
        if described.origin.format != FORMAT {
            return Err(format!("format {} instead of {FORMAT}", described.origin.format));
        }
        let table = |side: usize| {
            let path = folder.join(TABLES[side]);
            read_table(&path, described.n_records[side], &described.layers, side)
                .map_err(|e| told(&path, &e))
        };
        let known = [table(0)?, table(1)?];
        Ok((described.layers, known))
    }

    /// Writes the files into `folder`, the description last.
    pub(in crate::pipeline) fn write(
        &self,
        folder: &Path,
        origin: &Origin,
    ) -> Result<(), PipelineError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |e| PipelineError::io("write", &path, e)
        };
        for (known, name) in self.known.iter().zip(TABLES) {
            let path = folder.join(name);
            write_table(&path, known).map_err(io(&path))?;
        }
        let path = folder.join(LISTS);
        self.lists.write(&path).map_err(io(&path))?;
        let path = folder.join(PAIRS);
        self.pairs.write(&path).map_err(io(&path))?;
        let described = Description {
            origin: origin.clone(),
            layers: self.layers.clone(),
            n_records: [self.known[0].len(), self.known[1].len()],
        };
        let path = folder.join(DESCRIPTION);
        let write = || -> io::Result<()> {
            let mut file = File::create(&path)?;
            serde_json::to_writer_pretty(&mut file, &described)?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().map_err(io(&path))
    }
}

fn write_table(path: &Path, known: &[Known]) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for record in known {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn read_table(
    path: &Path,
    n_records: usize,
    layers: &[LayerFacts],
    side: usize,
) -> io::Result<Vec<Known>> {
    let mut known = Vec::with_capacity(n_records);
    for line in BufReader::new(File::open(path)?).lines() {
        let record: Known = serde_json::from_str(&line?)?;
        let holds = layers.get(record.layer as usize).map_or(0, |layer| layer.n_records[side]);
        if record.row as usize >= holds {
            return Err(invalid("a record stands in no layer"));
        }
        known.push(record);
    }
    let sound = known.len() == n_records && known.is_sorted_by(|a, b| a.id < b.id);
    if sound { Ok(known) } else { Err(invalid("the table is not whole")) }
}

impl Lists {
    /// Names of the four kinds of lists, with the side that asks.
    const KINDS: [(&'static str, usize); 4] =
        [("bm25_demands", 0), ("bm25_supplies", 1), ("dense_demands", 0), ("dense_supplies", 1)];

    fn all(&self) -> [&TopLists; 4] {
        [&self.bm25[0], &self.bm25[1], &self.dense[0], &self.dense[1]]
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        struct Flat {
            ends: Vec<u32>,
            rows: Vec<u32>,
            scores: Vec<f32>,
            open: Vec<u8>,
        }
        let flat: Vec<Flat> = self
            .all()
            .into_iter()
            .map(|lists| {
                let mut flat = Flat {
                    ends: Vec::new(),
                    rows: Vec::new(),
                    scores: Vec::new(),
                    open: Vec::new(),
                };
                for (list, open) in lists.lists.iter().zip(&lists.open) {
                    flat.rows.extend(list.iter().map(|hit| hit.document));
                    flat.scores.extend(list.iter().map(|hit| hit.score));
                    // Pairs are counted in 32 bits before lists are made.
                    flat.ends.push(u32::try_from(flat.rows.len()).unwrap_or(u32::MAX));
                    flat.open.push(u8::from(*open));
                }
                flat
            })
            .collect();
        let names = Self::KINDS.map(|(kind, _)| {
            ["ends", "rows", "scores", "open"].map(|array| format!("{kind}.{array}"))
        });
        let mut arrays = Vec::new();
        for (flat, [ends, rows, scores, open]) in flat.iter().zip(&names) {
            arrays.push((ends.as_str(), Array::U32(&flat.ends)));
            arrays.push((rows.as_str(), Array::U32(&flat.rows)));
            arrays.push((scores.as_str(), Array::F32(&flat.scores)));
            arrays.push((open.as_str(), Array::U8(&flat.open)));
        }
        write_arrays(path, &arrays)
    }

    fn read(path: &Path, n_records: [usize; 2]) -> io::Result<Self> {
        let file = ArrayFile::open(path)?;
        let read = |(kind, side): (&str, usize)| -> io::Result<TopLists> {
            let ends = file.all::<u32>(&format!("{kind}.ends"))?;
            let rows = file.all::<u32>(&format!("{kind}.rows"))?;
            let scores = file.all::<f32>(&format!("{kind}.scores"))?;
            let open = file.all::<u8>(&format!("{kind}.open"))?;
            let n_answers = n_records[1 - side];
            let sound = ends.len() == n_records[side]
                && open.len() == ends.len()
                && ends.is_sorted()
                && ends.last().map_or(0, |end| *end as usize) == rows.len()
                && rows.len() == scores.len()
                && rows.iter().all(|row| (*row as usize) < n_answers);
            if !sound {
                return Err(invalid("the lists do not fit"));
            }
            let mut start = 0;
            let lists = ends
                .iter()
                .map(|&end| {
                    let range = start..end as usize;
                    start = end as usize;
                    rows[range.clone()]
                        .iter()
                        .zip(&scores[range])
                        .map(|(&document, &score)| Hit { document, score })
                        .collect()
                })
                .collect();
            Ok(TopLists { lists, open: open.iter().map(|open| *open != 0).collect() })
        };
        let [a, b, c, d] = Self::KINDS.map(read);
        Ok(Self { bm25: [a?, b?], dense: [c?, d?] })
    }
}

fn invalid(error: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
