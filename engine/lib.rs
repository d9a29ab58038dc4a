//! duijie (对接): matches technology demands with technology supplies in both directions.
//!
//! The modules are floors; each uses only lower ones (`engine/ARCHITECTURE.md`):
//!
//! | floor | modules | what they do |
//! |---|---|---|
//! | 7 | [`cli`] | arguments, one file per command, exit codes |
//! | 5 | [`pipeline`] | import → index and embed → candidates → scores → allocation → output |
//! | 4 | [`corpus`] [`index`] [`embed`] [`gpu`] [`report`] | files, tantivy, model files, wgpu, documents |
//! | 2 | [`matching`] [`evaluation`] | parts, scores, verdicts, allocation; ranking measures |
//! | 1 | [`kernel`] [`text`] | CPU references and `trait Backend`; Chinese technical text |
//! | 0 | [`model`] | records, pairs, embeddings, what an import found |

pub mod cli;
pub mod corpus;
pub mod embed;
pub mod evaluation;
pub mod gpu;
pub mod index;
pub mod kernel;
pub mod matching;
pub mod model;
pub mod pipeline;
pub mod report;
pub mod text;
