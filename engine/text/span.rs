//! Byte ranges and character ranges.

use std::ops::Range;

/// Converts a byte range of `text` into a range of characters (Unicode scalar values).
///
/// Bounds past the end are taken as the end, bounds inside a character as its beginning.
/// Linear in the length of `text` up to the end of the range.
#[must_use]
pub fn char_range(text: &str, bytes: Range<usize>) -> Range<usize> {
    let start = floor_boundary(text, bytes.start);
    let end = floor_boundary(text, bytes.end).max(start);
    let first = text[..start].chars().count();
    first..first + text[start..end].chars().count()
}

/// The last character boundary at or before byte `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters() {
        let text = "SiC衬底 12英寸";
        assert_eq!(char_range(text, 3..9), 3..5);
        assert_eq!(char_range(text, 0..text.len()), 0..10);
        assert_eq!(char_range(text, 10..10), 6..6);
    }

    #[test]
    fn bounds_off_the_text_or_inside_a_character_are_moved_back() {
        assert_eq!(char_range("衬底", 1..5), 0..1);
        assert_eq!(char_range("衬底", 4..99), 1..2);
        assert_eq!(char_range("", 3..9), 0..0);
        let backwards = Range { start: 6, end: 0 };
        assert_eq!(char_range("衬底", backwards), 2..2);
    }
}
