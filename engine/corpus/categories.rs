//! Categories that a file wrote together without a separator.

use std::collections::{HashMap, HashSet};

use super::vocabulary::{Vocabulary, cut_categories};

/// How the runs of one file are to be cut.
#[derive(Debug, Default)]
pub(super) struct Runs(HashMap<String, Vec<String>>);

impl Runs {
    /// Learns the names of a file from all its steps of classification.
    ///
    /// A run is cut where it wholly consists of official names, or of names that the file itself
    /// uses alone at least five times as often as the run: `人工智能机器人` may be a category of
    /// its own, but not if it stands once beside hundreds of 人工智能 and of 机器人.
    pub(super) fn learn<'a>(steps: impl Iterator<Item = &'a str>, words: &Vocabulary) -> Self {
        const OFTENER: usize = 5;
        const SHORTEST: usize = 3;
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for step in steps {
            *counts.entry(step).or_default() += 1;
        }
        let official = words.categories();
        let mut values: Vec<(&str, usize)> =
            counts.iter().map(|(step, count)| (*step, *count)).collect();
        values.sort_unstable_by_key(|(step, _)| (step.chars().count(), *step));
        let mut known: HashSet<String> = official.clone();
        let mut runs = HashMap::new();
        for (value, count) in values {
            let names = cut_categories(value, &known).filter(|names| {
                names.iter().all(|name| {
                    official.contains(name)
                        || counts.get(name.as_str()).is_some_and(|alone| *alone >= OFTENER * count)
                })
            });
            match names {
                Some(names) => {
                    runs.insert(value.to_owned(), names);
                }
                None if value.chars().count() >= SHORTEST => {
                    known.insert(value.to_owned());
                }
                None => {}
            }
        }
        Self(runs)
    }

    /// The names that a step consists of, if it is a run.
    pub(super) fn cut(&self, step: &str) -> Option<&[String]> {
        self.0.get(step).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_file_itself_cut_its_runs() {
        let many = |name: &'static str, n: usize| std::iter::repeat_n(name, n);
        let steps = many("人工智能", 20)
            .chain(many("机器人", 20))
            .chain(many("人工智能机器人", 1))
            .chain(many("新材料", 6))
            .chain(many("新材料机器人", 4))
            .chain(many("制造业农业", 3));
        let runs = Runs::learn(steps, Vocabulary::shipped());
        assert_eq!(runs.cut("人工智能机器人").map(<[_]>::len), Some(2));
        assert_eq!(runs.cut("新材料机器人"), None);
        assert_eq!(runs.cut("制造业农业").map(<[_]>::len), Some(2));
        assert_eq!(runs.cut("人工智能"), None);
    }
}
