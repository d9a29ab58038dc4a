//! duijie (对接): matches technology demands with technology supplies in both directions.
//!
//! The modules are floors; each uses only lower ones (`engine/ARCHITECTURE.md`):
//!
//! | floor | modules | what they do |
//! |---|---|---|
//! | 7 | [`cli`] | arguments, one file per command, exit codes |
//! | 6 | [`job`] [`forecast`] | a workspace: lists taken in, nights, publishing, backups; scenarios run and told |
//! | 5 | [`pipeline`] [`config`] [`scenario`] | import → index and embed → candidates → scores → allocation → output; settings; what is asked of a simulation |
//! | 4 | [`corpus`] [`store`] [`index`] [`embed`] [`gpu`] [`report`] | files, SQLite, tantivy, model files, wgpu, documents |
//! | 3 | [`simulation`] | how clusters may grow: firms, entry, transfer, supply chains, in integers |
//! | 2 | [`matching`] [`evaluation`] | parts, scores, verdicts, allocation; ranking measures |
//! | 1 | [`kernel`] [`text`] | CPU references and `trait Backend`; Chinese technical text |
//! | 0 | [`model`] | records, pairs, embeddings, what an import found |
//!
//! From two lists to an explained match:
//!
//! ```
//! use duijie::pipeline::{MatchOptions, Silent, run_match};
//!
//! let dir = tempfile::tempdir()?;
//! let demands = dir.path().join("demands.csv");
//! let supplies = dir.path().join("supplies.csv");
//! std::fs::write(&demands, "需求名称,需求详情\n碳化硅衬底减薄,减薄时崩边多，求低损伤磨削工艺\n")?;
//! std::fs::write(&supplies, "成果名称,成果简介\n碳化硅晶片低损伤磨削,砂轮在线修整，崩边小于5μm\n")?;
//!
//! let out = dir.path().join("out");
//! let now = jiff::Zoned::now();
//! let summary =
//!     run_match(&MatchOptions::new(vec![demands], vec![supplies], out.clone(), now), &Silent)?;
//! assert_eq!(summary.manifest.demands.records, 1);
//! let pairs = std::fs::read_to_string(out.join("matches.jsonl"))?;
//! assert!(pairs.contains("低损伤磨削"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cli;
pub mod config;
pub mod corpus;
pub mod embed;
pub mod evaluation;
pub mod forecast;
pub mod gpu;
pub mod index;
pub mod job;
pub mod kernel;
pub mod matching;
pub mod model;
pub mod pipeline;
pub mod report;
pub mod scenario;
pub mod server;
pub mod simulation;
pub mod store;
pub mod text;
