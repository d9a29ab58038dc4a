//! The `duijie` program: everything is in [`duijie::cli`].

fn main() {}
