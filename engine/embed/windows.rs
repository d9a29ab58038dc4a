//! Long texts in overlapping windows, so that nothing is cut off in silence.

use super::unit::normalise;
use super::{EmbedError, Embeddings};

/// How a text that is longer than a model reads at once is divided.
///
/// A text of at most [`size`](Self::size) characters is one window. A longer one is covered by the
/// fewest windows of exactly that size that overlap by at least [`overlap`](Self::overlap)
/// characters; they are spread evenly from the text's first character to its last. Characters are
/// Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    size: usize,
    overlap: usize,
}

impl Windows {
    /// Windows of `size` characters, at least 1, that overlap by `overlap`, below `size`; values
    /// outside are moved to the nearest that is inside.
    #[must_use]
    pub const fn new(size: usize, overlap: usize) -> Self {
        let size = if size == 0 { 1 } else { size };
        Self { size, overlap: if overlap < size { overlap } else { size - 1 } }
    }

    /// Characters per window.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Characters that neighbours share at least.
    #[must_use]
    pub const fn overlap(&self) -> usize {
        self.overlap
    }

    /// The windows of `text` in order; one for an empty text.
    #[must_use]
    pub fn of<'t>(&self, text: &'t str) -> Vec<&'t str> {
        // Bytes are at least as many as characters, so most texts need no counting.
        if text.len() <= self.size {
            return vec![text];
        }
        let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let length = bounds.len();
        if length <= self.size {
            return vec![text];
        }
        bounds.push(text.len());
        let beyond = length - self.size;
        let steps = beyond.div_ceil(self.size - self.overlap);
        (0..=steps)
            .map(|step| {
                let start = beyond * step / steps;
                &text[bounds[start]..bounds[start + self.size]]
            })
            .collect()
    }

    /// Embeds texts window by window: `[texts.len(), dim]`.
    ///
    /// `embed` is given the windows of all texts that are not blank, in order, and returns one row
    /// of unit length for each. A text of several windows has their mean at unit length; a blank
    /// text has zeros.
    ///
    /// # Errors
    /// What `embed` fails with; [`EmbedError::Overflow`] where a mean has no finite length.
    pub fn embed(
        &self,
        texts: &[&str],
        dim: usize,
        embed: impl FnOnce(&[&str]) -> Result<Embeddings, EmbedError>,
    ) -> Result<Embeddings, EmbedError> {
        let mut windows = Vec::with_capacity(texts.len());
        let counts: Vec<usize> = texts
            .iter()
            .map(|text| {
                if text.trim().is_empty() {
                    return 0;
                }
                let own = self.of(text);
                windows.extend_from_slice(&own);
                own.len()
            })
            .collect();
        let embedded =
            if windows.is_empty() { Embeddings::new(Vec::new(), dim)? } else { embed(&windows)? };
        let mut data = Vec::with_capacity(texts.len() * dim);
        let mut next = 0;
        for (index, count) in counts.into_iter().enumerate() {
            let mut row = vec![0.0; dim];
            match count {
                0 => {}
                1 => row.copy_from_slice(embedded.row(next)),
                _ => {
                    for window in next..next + count {
                        for (sum, value) in row.iter_mut().zip(embedded.row(window)) {
                            *sum += value;
                        }
                    }
                    normalise(&mut row).ok_or(EmbedError::Overflow { index })?;
                }
            }
            next += count;
            data.extend(row);
        }
        Ok(Embeddings::new(data, dim)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_texts_are_one_window_and_long_ones_are_covered() {
        let windows = Windows::new(4, 1);
        assert_eq!(windows.of(""), [""]);
        assert_eq!(windows.of("碳化硅片"), ["碳化硅片"]);
        assert_eq!(windows.of("碳化硅衬底"), ["碳化硅衬", "化硅衬底"]);
        assert_eq!(windows.of("0123456789"), ["0123", "3456", "6789"]);
        assert_eq!(Windows::new(0, 9), Windows::new(1, 0));
    }

    #[test]
    fn a_long_text_has_the_mean_of_its_windows_and_a_blank_one_zeros() {
        let found = Windows::new(2, 0)
            .embed(&["aabb", " \n", "a"], 2, |windows| {
                assert_eq!(windows, ["aa", "bb", "a"]);
                Ok(Embeddings::new(vec![1.0, 0.0, 0.0, 1.0, 0.6, 0.8], 2)?)
            })
            .unwrap();
        let half = 0.5_f32.sqrt();
        assert!((found.row(0)[0] - half).abs() < 1e-6 && (found.row(0)[1] - half).abs() < 1e-6);
        assert_eq!(found.row(1), [0.0, 0.0]);
        assert_eq!(found.row(2), [0.6, 0.8]);
    }

    proptest! {
        #[test]
        fn windows_overlap_and_leave_nothing_out(
            text in "[a碳é]{0,60}", size in 1_usize..12, overlap in 0_usize..12
        ) {
            let rule = Windows::new(size, overlap);
            let windows = rule.of(&text);
            let start = |window: &str| window.as_ptr() as usize - text.as_ptr() as usize;
            prop_assert_eq!(start(windows[0]), 0);
            let last = windows[windows.len() - 1];
            prop_assert_eq!(start(last) + last.len(), text.len());
            for pair in windows.windows(2) {
                let end = start(pair[0]) + pair[0].len();
                let shared = text[start(pair[1])..end].chars().count();
                prop_assert!(shared >= rule.overlap());
                prop_assert_eq!(pair[1].chars().count(), rule.size());
            }
        }
    }
}
