//! Tests of the whole store, by what is asked of it.

mod access;
mod damage;
mod fixture;
mod follow_up;
mod imports;
mod opening;
mod people;
mod sequences;
mod unnamed;
mod verdicts;
