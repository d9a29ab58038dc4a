//! Where the words of a list of synonyms stand in two indexes, gathered term by term.

use std::collections::HashMap;

use super::IndexError;
use super::terms::{Found, N_ROLES, N_SCORED, Role};
use crate::text::{AliasId, Synonyms};

/// A record that holds a word, and how often, per scored field.
pub(super) type Holding = (u32, [u32; N_SCORED]);

/// The places of one term that is part of a word of several terms: (row, position), ascending.
#[derive(Debug, Default)]
struct Places {
    /// By role and field.
    lists: [[Vec<(u32, u32)>; N_SCORED]; N_ROLES],
}

/// Gathers, during the walk over all terms, what the words of a list need.
pub(super) struct Occurrences<'a> {
    synonyms: &'a Synonyms,
    /// Terms of words of several terms.
    places: HashMap<&'a [u8], Places>,
    /// Words of one term, by it.
    single: HashMap<&'a [u8], AliasId>,
    /// Records that hold a word, by role and word; ascending by row.
    holding: [Vec<Vec<Holding>>; N_ROLES],
}

/// Place of a role in arrays.
pub(super) const fn place_of(role: Role) -> usize {
    match role {
        Role::Query => 0,
        Role::Document => 1,
        Role::Statistics => 2,
    }
}

impl<'a> Occurrences<'a> {
    pub(super) fn new(synonyms: &'a Synonyms) -> Self {
        let mut places = HashMap::new();
        let mut single = HashMap::new();
        for alias in synonyms.ids() {
            match synonyms.terms(alias) {
                [(_, only)] => {
                    single.insert(only.as_bytes(), alias);
                }
                several => {
                    for (_, term) in several {
                        places.entry(term.as_bytes()).or_default();
                    }
                }
            }
        }
        let none = || vec![Vec::new(); synonyms.n_aliases()];
        Self { synonyms, places, single, holding: [none(), none(), none()] }
    }

    /// Takes in one term with all places that hold it.
    pub(super) fn term(&mut self, term: &[u8], found: &[Found<'_>]) -> Result<(), IndexError> {
        if let Some(places) = self.places.get_mut(term) {
            for place in found {
                let list = &mut places.lists[place_of(place.source.role)][place.source.field];
                place.for_each_position(|row, position| list.push((row, position)))?;
            }
            for list in places.lists.iter_mut().flatten() {
                list.sort_unstable();
            }
        }
        if let Some(&alias) = self.single.get(term) {
            for place in found {
                let list = &mut self.holding[place_of(place.source.role)][alias.get()];
                place.for_each(|row, count| {
                    let mut counts = [0; N_SCORED];
                    counts[place.source.field] = count;
                    list.push((row, counts));
                })?;
            }
        }
        Ok(())
    }

    /// The records that hold each word, by role and word, ascending by row. Words of many
    /// meanings are held only by records with their context.
    pub(super) fn finish(mut self) -> [Vec<Vec<Holding>>; N_ROLES] {
        for alias in self.synonyms.ids() {
            let terms = self.synonyms.terms(alias);
            if terms.len() > 1 {
                for role in 0..N_ROLES {
                    self.holding[role][alias.get()] = self.side_by_side(terms, role);
                }
            }
        }
        for lists in &mut self.holding {
            lists.iter_mut().for_each(join_fields);
        }
        self.holding.map(|lists| keep_meant(lists, self.synonyms))
    }

    /// The records in which terms stand at their distances, with counts.
    fn side_by_side(&self, terms: &[(u32, String)], role: usize) -> Vec<Holding> {
        let mut holding = Vec::new();
        for field in 0..N_SCORED {
            let list = |term: &String| {
                self.places.get(term.as_bytes()).map_or(&[][..], |it| &it.lists[role][field])
            };
            // From the rarest term; the others are looked up.
            let Some((offset, rarest)) = terms.iter().min_by_key(|(_, term)| list(term).len())
            else {
                continue;
            };
            for &(row, position) in list(rarest) {
                let all = position.checked_sub(*offset).is_some_and(|first| {
                    terms.iter().all(|(distance, term)| {
                        let place = (row, first.saturating_add(*distance));
                        list(term).binary_search(&place).is_ok()
                    })
                });
                if all {
                    let mut counts = [0; N_SCORED];
                    counts[field] = 1;
                    holding.push((row, counts));
                }
            }
        }
        holding
    }
}

/// Makes one entry per record.
fn join_fields(list: &mut Vec<Holding>) {
    list.sort_unstable_by_key(|&(row, _)| row);
    list.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            (0..N_SCORED).for_each(|field| kept.1[field] += next.1[field]);
        }
        same
    });
}

/// Leaves out the words of many meanings where they stand without their context.
fn keep_meant(lists: Vec<Vec<Holding>>, synonyms: &Synonyms) -> Vec<Vec<Holding>> {
    let holds = |word: AliasId, row: u32| {
        lists[word.get()].binary_search_by_key(&row, |&(row, _)| row).is_ok()
    };
    synonyms
        .ids()
        .map(|alias| {
            let context = synonyms.context(alias);
            let meant = |row| context.is_empty() || context.iter().any(|word| holds(*word, row));
            lists[alias.get()].iter().filter(|(row, _)| meant(*row)).copied().collect()
        })
        .collect()
}
