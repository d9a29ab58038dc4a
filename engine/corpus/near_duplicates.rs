//! Records of one side that nearly repeat each other.
//!
//! Two texts are near-duplicates when the Jaccard similarity of their sets of five-character
//! pieces (folded, letters and digits only) is at least [`THRESHOLD`]; groups are what such pairs
//! connect. The search is exact prefix filtering (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma,
//! Srikant 2007): when pieces are ordered from rare to common, two sets of similarity t share a
//! piece among the first `n - ⌈t·n⌉ + 1` of each.

use std::cmp::Ordering;
use std::collections::HashMap;

use rayon::prelude::*;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::model::Record;

/// At 0.8 a text of 200 characters may differ in some twenty: a changed figure, name or sentence
/// ending, but not another technology in the same form letter.
pub(super) const THRESHOLD: f64 = 0.8;

/// Characters per piece.
const PIECE: usize = 5;

/// How many earlier records with one piece in common are compared, the latest first. Bounds the
/// work on form letters that fill a whole list; below this the search is exact.
const COMPARED: usize = 256;

/// Groups of two or more rows, ascending; groups in order of their first row.
#[must_use]
pub fn groups(records: &[Record]) -> Vec<Vec<u32>> {
    let sets: Vec<Vec<u32>> = records.par_iter().map(pieces).collect();
    let n_pieces = sets.iter().map(Vec::len).sum::<usize>();
    // At most 128 MiB for each of the two tables; a place for every piece in all but huge lists.
    let places = n_pieces.next_power_of_two().clamp(1 << 12, 1 << 25);
    let ordered = by_rarity(sets, places);
    let mut forest = Forest::new(ordered.len());
    let mut index = Index::new(places);
    let mut same: HashMap<&[(u32, u32)], u32> = HashMap::new();
    let mut seen = vec![u32::MAX; ordered.len()];
    for (row, set) in (0_u32..).zip(&ordered) {
        if set.is_empty() {
            continue;
        }
        // Equal sets are joined at once: only the first of them is searched for.
        if let Some(&first) = same.get(set.as_slice()) {
            forest.join(first, row);
            continue;
        }
        same.insert(set, row);
        for &(count, piece) in &set[..prefix(set.len())] {
            // A piece that no other record has leads nowhere.
            if count == 1 {
                continue;
            }
            for earlier in index.rows(piece).take(COMPARED) {
                if std::mem::replace(&mut seen[earlier as usize], row) == row {
                    continue;
                }
                if !forest.joined(earlier, row) && similar(set, &ordered[earlier as usize]) {
                    forest.join(earlier, row);
                }
            }
            index.add(piece, row);
        }
    }
    forest.groups()
}

/// Which rows have a piece among their first: chains of postings, the latest first.
struct Index {
    /// Latest posting of each place, `u32::MAX` for none.
    heads: Vec<u32>,
    /// Piece, row, and the posting before it at the same place.
    postings: Vec<(u32, u32, u32)>,
}

impl Index {
    fn new(places: usize) -> Self {
        Self { heads: vec![u32::MAX; places], postings: Vec::new() }
    }

    fn rows(&self, piece: u32) -> impl Iterator<Item = u32> {
        let mut next = self.heads[piece as usize % self.heads.len()];
        std::iter::from_fn(move || {
            loop {
                let &(other, row, before) = self.postings.get(next as usize)?;
                next = before;
                if other == piece {
                    return Some(row);
                }
            }
        })
    }

    fn add(&mut self, piece: u32, row: u32) {
        // Past 4·10⁹ postings nothing more is indexed; the bound on rows keeps lists far below.
        let Ok(at) = u32::try_from(self.postings.len()) else { return };
        let places = self.heads.len();
        let head = &mut self.heads[piece as usize % places];
        self.postings.push((piece, row, *head));
        *head = at;
    }
}

/// How many of `n` ordered pieces must be looked at.
fn prefix(n: usize) -> usize {
    n - at_least(n) + 1
}

/// `⌈t·n⌉`: what a set of `n` must share at least with any similar set.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sizes of texts, far below 2^52"
)]
fn at_least(n: usize) -> usize {
    // The small subtraction keeps 0.8 · 5 at 4.
    ((THRESHOLD * n as f64 - 1e-9).ceil() as usize).clamp(1, n)
}

/// Hashes of the record's pieces, each once.
fn pieces(record: &Record) -> Vec<u32> {
    let text = [record.title.as_str(), &record.body].concat();
    let keep = |c: &char| c.is_alphanumeric();
    let chars: Vec<char> = match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => text.chars().flat_map(char::to_lowercase).filter(keep).collect(),
        _ => text.nfkc().flat_map(char::to_lowercase).filter(keep).collect(),
    };
    let mut pieces: Vec<u32> = if chars.len() < PIECE {
        // A shorter text is one piece, if it is anything.
        if chars.is_empty() { Vec::new() } else { vec![hash(&chars)] }
    } else {
        chars.windows(PIECE).map(hash).collect()
    };
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

fn hash(chars: &[char]) -> u32 {
    // Multiply and rotate as in FxHash, with a final mix: fast, and equal on every machine.
    let mixed = chars.iter().fold(0_u64, |state, &c| {
        (state.rotate_left(5) ^ u64::from(u32::from(c))).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    ((mixed ^ (mixed >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

/// Orders every set from rare pieces to common ones; each piece with its count before it.
///
/// Counts are kept in `places` places shared by pieces that fall together, so a count is never too
/// low: any order that is the same for all sets is correct, a rarer-first one is only faster.
fn by_rarity(sets: Vec<Vec<u32>>, places: usize) -> Vec<Vec<(u32, u32)>> {
    let mut counts = vec![0_u32; places];
    for &piece in sets.iter().flatten() {
        let count = &mut counts[piece as usize % places];
        *count = count.saturating_add(1);
    }
    sets.into_par_iter()
        .map(|set| {
            let mut set: Vec<(u32, u32)> =
                set.into_iter().map(|piece| (counts[piece as usize % places], piece)).collect();
            set.sort_unstable();
            set
        })
        .collect()
}

/// Whether two ordered sets reach the threshold; stops as soon as they cannot.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sizes of texts, far below 2^52"
)]
fn similar(a: &[(u32, u32)], b: &[(u32, u32)]) -> bool {
    // |A ∩ B| ≥ t / (1 + t) · (|A| + |B|) is the same as Jaccard ≥ t.
    let needed =
        (THRESHOLD / (1.0 + THRESHOLD) * (a.len() + b.len()) as f64 - 1e-9).ceil() as usize;
    let (mut i, mut j, mut shared) = (0, 0, 0_usize);
    while shared + (a.len() - i).min(b.len() - j) >= needed {
        match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => match x.cmp(y) {
                Ordering::Less => i += 1,
                Ordering::Greater => j += 1,
                Ordering::Equal => {
                    shared += 1;
                    i += 1;
                    j += 1;
                }
            },
            _ => return shared >= needed,
        }
    }
    false
}

/// Disjoint sets; the root of each is its lowest row.
struct Forest(Vec<u32>);

impl Forest {
    fn new(n: usize) -> Self {
        Self((0..u32::try_from(n).unwrap_or(u32::MAX)).collect())
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.0[row as usize] != row {
            let up = self.0[self.0[row as usize] as usize];
            self.0[row as usize] = up;
            row = up;
        }
        row
    }

    fn joined(&mut self, a: u32, b: u32) -> bool {
        self.root(a) == self.root(b)
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }

    fn groups(mut self) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); self.0.len()];
        for row in 0..u32::try_from(self.0.len()).unwrap_or(u32::MAX) {
            let root = self.root(row);
            groups[root as usize].push(row);
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}
