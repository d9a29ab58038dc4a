//! Builds and opens the index of one side.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::directory::{MmapDirectory, RamDirectory};
use tantivy::indexer::{IndexWriterOptions, NoMergePolicy};
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Searcher};

use super::IndexError;
use super::schema::{FORMAT, Fields, TOKENIZER};
use super::tokenizer::TermTokenizer;
use crate::model::{Record, Side};

/// The file in which an index describes itself.
const DESCRIPTION: &str = "duijie-index.json";

/// Memory of the writer over all its threads. It writes a segment when it has filled its share;
/// tantivy refuses less than 15 MB per thread.
const WRITER_BYTES: usize = 96 << 20;

/// What tantivy takes as the least.
const LEAST_WRITER_BYTES: usize = 15_000_000;

/// More threads than these gain nothing and would make too many small segments.
const MAX_WRITER_THREADS: usize = 4;

/// What an index says about itself.
#[derive(Debug, Serialize, Deserialize)]
struct Description {
    format: u32,
    side: Side,
    n_records: usize,
}

/// The full-text index of one side. Copies share what was opened.
#[derive(Clone)]
pub struct SideIndex {
    side: Side,
    n_records: usize,
    pub(super) fields: Fields,
    reader: Arc<IndexReader>,
}

impl SideIndex {
    /// Indexes `records` into the folder of `side` under `dir`, which is made if need be.
    ///
    /// Row `n` of the index is `records[n]`. `on_progress` is told how many records were handed
    /// to the writer since the last call; it may be called from this thread only.
    ///
    /// # Errors
    /// [`IndexError::Occupied`] when that folder holds anything, [`IndexError::TooMany`] from
    /// 2³² records, [`IndexError::Io`] and [`IndexError::Engine`] when writing fails.
    pub fn build(
        dir: &Path,
        side: Side,
        records: &[Record],
        on_progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, IndexError> {
        let n_rows = u32::try_from(records.len())
            .map_err(|_| IndexError::TooMany { n_records: records.len() })?;
        let path = folder(dir, side);
        fs::create_dir_all(&path).map_err(io("creating folder", &path))?;
        let mut entries = fs::read_dir(&path).map_err(io("reading folder", &path))?;
        if entries.next().is_some() {
            return Err(IndexError::Occupied { path });
        }
        let (schema, fields) = Fields::schema();
        let engine = |source| IndexError::engine("writing the index")(source);
        let directory =
            MmapDirectory::open(&path).map_err(IndexError::engine("opening the index folder"))?;
        let index = Index::create(directory, schema, Default::default()).map_err(engine)?;
        index.tokenizers().register(TOKENIZER, TextAnalyzer::from(TermTokenizer));
        let n_threads = rayon::current_num_threads().clamp(1, MAX_WRITER_THREADS);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(n_threads)
            .memory_budget_per_thread(WRITER_BYTES / n_threads)
            .num_merge_threads(1)
            .build();
        let mut writer: IndexWriter = index.writer_with_options(options).map_err(engine)?;
        // Merging would only cost time: an index is written once and read a few times.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for (row, record) in (0..n_rows).zip(records) {
            writer.add_document(fields.document(row, record)).map_err(engine)?;
            on_progress(1);
        }
        writer.commit().map_err(engine)?;
        writer.wait_merging_threads().map_err(engine)?;
        let description = Description { format: FORMAT, side, n_records: records.len() };
        let file = path.join(DESCRIPTION);
        let json =
            serde_json::to_vec(&description).map_err(IndexError::engine("describing the index"))?;
        fs::write(&file, json).map_err(io("writing", &file))?;
        Self::read(&index, fields, description)
    }

    /// Indexes a few records in memory, for as long as they are asked about.
    ///
    /// Row `n` of the index is `records[n]`.
    ///
    /// # Errors
    /// [`IndexError::TooMany`] from 2³² records, [`IndexError::Engine`] when the engine fails.
    pub fn in_memory(side: Side, records: &[Record]) -> Result<Self, IndexError> {
        let n_rows = u32::try_from(records.len())
            .map_err(|_| IndexError::TooMany { n_records: records.len() })?;
        let (schema, fields) = Fields::schema();
        let engine = |source| IndexError::engine("indexing in memory")(source);
        let tokenizers = TokenizerManager::default();
        tokenizers.register(TOKENIZER, TextAnalyzer::from(TermTokenizer));
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers)
            .single_segment_index_writer(RamDirectory::default(), LEAST_WRITER_BYTES)
            .map_err(engine)?;
        for (row, record) in (0..n_rows).zip(records) {
            writer.add_document(fields.document(row, record)).map_err(engine)?;
        }
        let index = writer.finalize().map_err(engine)?;
        let n_records = records.len();
        Self::read(&index, fields, Description { format: FORMAT, side, n_records })
    }

    /// Opens the index of `side` under `dir`.
    ///
    /// # Errors
    /// [`IndexError::Missing`] when there is none, [`IndexError::Version`] when another format
    /// wrote it, [`IndexError::Damaged`] when it is incomplete.
    pub fn open(dir: &Path, side: Side) -> Result<Self, IndexError> {
        let path = folder(dir, side);
        let file = path.join(DESCRIPTION);
        let json = match fs::read(&file) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(IndexError::Missing { path });
            }
            Err(source) => return Err(io("reading", &file)(source)),
        };
        let damaged = |reason: String| IndexError::Damaged { path: path.clone(), reason };
        let description: Description =
            serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
        if description.format != FORMAT {
            let found = description.format;
            return Err(IndexError::Version { path, found, expected: FORMAT });
        }
        if description.side != side {
            return Err(damaged(format!(
                "it holds the {} side",
                description.side.label(crate::model::Lang::En)
            )));
        }
        let (schema, fields) = Fields::schema();
        let index = Index::open_in_dir(&path).map_err(|error| damaged(error.to_string()))?;
        if index.schema() != schema {
            return Err(damaged("its fields are not those of its format".to_owned()));
        }
        index.tokenizers().register(TOKENIZER, TextAnalyzer::from(TermTokenizer));
        let opened = Self::read(&index, fields, description)?;
        let n_found = opened.searcher().num_docs();
        if n_found != opened.n_records as u64 {
            return Err(damaged(format!("it holds {n_found} of {} records", opened.n_records)));
        }
        Ok(opened)
    }

    fn read(index: &Index, fields: Fields, described: Description) -> Result<Self, IndexError> {
        let reader: IndexReader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(IndexError::engine("opening the index"))?;
        Ok(Self {
            side: described.side,
            n_records: described.n_records,
            fields,
            reader: Arc::new(reader),
        })
    }

    /// Which side it indexes.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// How many records it holds.
    #[must_use]
    pub const fn n_records(&self) -> usize {
        self.n_records
    }

    /// Whether both are the same opened index.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.reader, &other.reader)
    }

    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }
}

/// The folder of a side's index.
fn folder(dir: &Path, side: Side) -> PathBuf {
    dir.join(match side {
        Side::Demand => "demands",
        Side::Supply => "supplies",
    })
}

/// Names the file and what was being done with it.
fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> IndexError {
    let path = path.to_owned();
    move |source| IndexError::Io { doing, path, source }
}
