//! Some documents in eight bits at a time, few enough to stay in a level-2 cache.

use std::ops::Range;

use super::rows::{CoarseRows, RowFacts, stride};
use super::search::Search;
use super::tile::prefetch;

/// Documents of a block at most: their originals (240 KiB at 512 numbers) wait in the level-2 cache
/// for the pairs that are to be scored exactly. A multiple of what every kernel takes at a time, and
/// fewer than the bits of a [`Passed`].
pub(super) const BLOCK: usize = 120;

/// One bit per document of a block.
pub(super) type Passed = u128;

/// The documents of a block that may be found.
#[derive(Default)]
pub(super) struct Block {
    /// Their row numbers, ascending.
    pub(super) rows: Vec<u32>,
    own: CoarseRows,
    /// Where they are in the kept table, if they stand there one after another.
    kept: Option<Range<usize>>,
}

/// What the kernels see of a block.
#[derive(Clone, Copy)]
pub(super) struct BlockView<'a> {
    /// `[n, stride]`.
    pub(super) values: &'a [i8],
    /// One per document.
    pub(super) facts: &'a [RowFacts],
}

impl Block {
    /// Takes the next documents of `range` that may be found, and shortens it by what was looked at;
    /// `None` for a document that no backend takes.
    ///
    /// A block without documents says that none are left.
    #[inline(always)]
    pub(super) fn take(&mut self, search: &Search<'_>, range: &mut Range<usize>) -> Option<()> {
        self.rows.clear();
        let start = range.start;
        while self.rows.len() < BLOCK && range.start < range.end {
            if search.asked.allowed.is_none_or(|allowed| allowed.contains(range.start)) {
                // Row numbers fit: `check_inputs` refuses more than u32 can number.
                self.rows.push(u32::try_from(range.start).unwrap_or(u32::MAX));
            }
            range.start += 1;
        }
        let gapless = self.rows.len() == range.start - start;
        self.kept = (search.kept.is_some() && gapless).then_some(start..range.start);
        self.own.clear(search.documents.dim());
        for &row in &self.rows {
            match search.kept {
                Some(_) if gapless => break,
                Some(kept) => self.own.push_from(kept, row as usize),
                None => self.own.push(search.documents.row(row as usize))?,
            }
        }
        Some(())
    }

    /// What is read first of the documents from `range` that come next, cut to piece `piece` of
    /// `n_pieces` and asked for.
    #[inline(always)]
    pub(super) fn prefetch(
        search: &Search<'_>,
        range: &Range<usize>,
        piece: usize,
        n_pieces: usize,
    ) {
        let rows = range.start..range.end.min(range.start + BLOCK);
        let cut = |n: usize| {
            let length = n.div_ceil(n_pieces);
            (piece * length).min(n)..((piece + 1) * length).min(n)
        };
        let dim = search.documents.dim();
        if let Some(kept) = search.kept {
            let stride = stride(dim);
            let numbers = &kept.values[rows.start * stride..rows.end * stride];
            prefetch(&numbers[cut(numbers.len())]);
        } else {
            let numbers = &search.documents.data()[rows.start * dim..rows.end * dim];
            prefetch(&numbers[cut(numbers.len())]);
        }
    }

    /// The documents in eight bits.
    pub(super) fn view<'a>(&'a self, search: &Search<'a>) -> BlockView<'a> {
        let (table, rows) = match (&self.kept, search.kept) {
            (Some(rows), Some(kept)) => (kept, rows.clone()),
            _ => (&self.own, 0..self.own.n_rows()),
        };
        let stride = stride(search.documents.dim());
        BlockView {
            values: &table.values[rows.start * stride..rows.end * stride],
            facts: &table.facts[rows],
        }
    }
}
