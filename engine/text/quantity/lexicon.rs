//! Sets of words with values, found at a place of a text or before it.

/// A trie over characters. Looking up takes time linear in the longest word, whatever the text.
#[derive(Debug, Clone)]
pub(super) struct Lexicon<V> {
    nodes: Vec<Node<V>>,
}

#[derive(Debug, Clone)]
struct Node<V> {
    /// Sorted by character.
    next: Vec<(char, u32)>,
    value: Option<V>,
}

impl<V> Node<V> {
    const fn empty() -> Self {
        Self { next: Vec::new(), value: None }
    }
}

impl<V> Lexicon<V> {
    pub(super) const fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// Adds a word, or gives the place of its value where it is known.
    pub(super) fn entry(&mut self, word: impl Iterator<Item = char>) -> &mut Option<V> {
        if self.nodes.is_empty() {
            self.nodes.push(Node::empty());
        }
        let mut at = 0;
        for c in word {
            at = match self.nodes[at].next.binary_search_by_key(&c, |&(c, _)| c) {
                Ok(found) => self.nodes[at].next[found].1 as usize,
                Err(place) => {
                    let new = self.nodes.len();
                    let id = u32::try_from(new).expect("far fewer nodes than 2³²");
                    self.nodes.push(Node::empty());
                    self.nodes[at].next.insert(place, (c, id));
                    new
                }
            };
        }
        &mut self.nodes[at].value
    }

    /// The longest word among the first characters of `chars`, and its length.
    pub(super) fn longest(&self, chars: impl Iterator<Item = char>) -> Option<(usize, &V)> {
        let mut best = None;
        self.each(chars, |length, value| best = Some((length, value)));
        best
    }

    /// Calls `found` with every word among the first characters, shorter ones first.
    pub(super) fn each<'a>(
        &'a self,
        chars: impl Iterator<Item = char>,
        mut found: impl FnMut(usize, &'a V),
    ) {
        let Some(mut node) = self.nodes.first() else { return };
        for (length, c) in (1..).zip(chars) {
            let Ok(at) = node.next.binary_search_by_key(&c, |&(c, _)| c) else { return };
            node = &self.nodes[node.next[at].1 as usize];
            if let Some(value) = &node.value {
                found(length, value);
            }
        }
    }
}

impl<V: Copy> Lexicon<V> {
    /// A lexicon of words that are read from their ends, for looking before a place.
    pub(super) fn reversed(words: &[(&str, V)]) -> Self {
        let mut lexicon = Self::new();
        for &(word, value) in words {
            *lexicon.entry(word.chars().rev()) = Some(value);
        }
        lexicon
    }

    /// A lexicon of words that are read forwards.
    pub(super) fn forward(words: &[(&str, V)]) -> Self {
        let mut lexicon = Self::new();
        for &(word, value) in words {
            *lexicon.entry(word.chars()) = Some(value);
        }
        lexicon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_is_found() {
        let words = Lexicon::forward(&[("千", 1), ("千克", 2), ("千克力", 3)]);
        assert_eq!(words.longest("千克重".chars()), Some((2, &2)));
        assert_eq!(words.longest("重".chars()), None);
        let before = Lexicon::reversed(&[("不低于", 1), ("低于", 2)]);
        assert_eq!(before.longest("应不低于".chars().rev()), Some((3, &1)));
        assert_eq!(Lexicon::<u8>::new().longest("a".chars()), None);
    }
}
