//! Integration tests: one binary, linked once. This file is its table of contents.

mod bad_input;
mod cli;
mod corpus_data;
mod crash;
mod endpoint;
mod evaluation;
mod feedback;
mod floors;
mod forecast;
mod formats;
mod gpu_against_reference;
mod import;
mod index;
mod night;
mod output;
mod passages;
mod pipeline;
mod quantities;
mod requirements;
mod sample;
mod shaders;
mod simulation;
mod store;
mod synonyms;
mod vectors;
mod workspace;
