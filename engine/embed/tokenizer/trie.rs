//! A trie over characters whose edges lie in one hash table.

/// Marks a node where no piece ends.
const NONE: u32 = u32::MAX;
const FREE: u64 = u64::MAX;
/// The root's number.
pub(super) const ROOT: u32 = 0;

/// Pieces by their characters.
///
/// An edge is keyed by its node and character; open addressing with at most half of the slots in
/// use keeps a step at one or two probes.
#[derive(Debug)]
pub(super) struct Trie {
    /// Key (node × 2²¹ + character) and target.
    slots: Vec<(u64, u32)>,
    /// Piece that ends at each node.
    ids: Vec<u32>,
    shift: u32,
}

impl Trie {
    /// Builds the trie; of equal pieces the later one counts.
    pub(super) fn new<'a>(pieces: impl Iterator<Item = (&'a str, u32)> + Clone) -> Self {
        let edges: usize = pieces.clone().map(|(piece, _)| piece.chars().count()).sum();
        let n_slots = (edges.max(1) * 2).next_power_of_two();
        let mut trie = Self {
            slots: vec![(FREE, 0); n_slots],
            ids: vec![NONE],
            shift: 64 - n_slots.trailing_zeros(),
        };
        for (piece, id) in pieces {
            let mut node = ROOT;
            for c in piece.chars() {
                node = trie.child_or_insert(node, c);
            }
            trie.ids[node as usize] = id;
        }
        trie
    }

    fn slot(&self, key: u64) -> usize {
        // Fibonacci hashing: the high bits of the product are well mixed.
        #[expect(clippy::cast_possible_truncation, reason = "shifted down to the table's size")]
        let start = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        let mut slot = start;
        // Ends: at most half of the slots are in use.
        while self.slots[slot].0 != key && self.slots[slot].0 != FREE {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    fn child_or_insert(&mut self, node: u32, c: char) -> u32 {
        let key = key(node, c);
        let slot = self.slot(key);
        if self.slots[slot].0 == FREE {
            // Nodes stay below the number of slots, which bounds the memory long before 2³².
            let child = u32::try_from(self.ids.len()).unwrap_or(NONE);
            self.slots[slot] = (key, child);
            self.ids.push(NONE);
        }
        self.slots[slot].1
    }

    /// The node after `c`, if any piece goes on so.
    pub(super) fn child(&self, node: u32, c: char) -> Option<u32> {
        let (found, child) = self.slots[self.slot(key(node, c))];
        (found != FREE).then_some(child)
    }

    /// The piece that ends at `node`.
    pub(super) fn piece(&self, node: u32) -> Option<u32> {
        let id = self.ids[node as usize];
        (id != NONE).then_some(id)
    }
}

fn key(node: u32, c: char) -> u64 {
    u64::from(node) << 21 | u64::from(u32::from(c))
}
