//! Cuts a text into overlapping passages, or into units of at most so many.

use std::ops::Range;

use super::sentence::{MAX_SENTENCE_CHARS, sentences};

/// Characters that a passage is filled up to, as long as the next sentence fits.
///
/// Of windows of 64, 128 and 192 characters over graded lists and patents, 128 and 192 rank alike and
/// better than 64 (nDCG@10 of passages alone, five sets), and 128 can still be read at a glance.
pub const PASSAGE_CHARS: usize = 128;

/// Characters that a passage shares with the one before it, at most: an ordinary sentence. What a
/// cut separates stands together in one of the two.
pub const OVERLAP_CHARS: usize = 48;

/// The byte ranges of overlapping passages of `text`, in order, at most `limit` (at least 2).
///
/// A passage is a run of [`sentences`], filled up to [`PASSAGE_CHARS`] characters. It begins with
/// the end of the one before: its last sentence if that has at most [`OVERLAP_CHARS`] characters,
/// else what follows the first comma or `、` within the last so many, else those. A sentence too long for
/// a passage is cut by [`sentences`] at commas, then at characters, and its pieces overlap alike.
///
/// Every character that is not white space is in at least one passage, however long the text: where
/// `limit` passages would not do, they get longer. A passage has at most
/// `max(PASSAGE_CHARS, OVERLAP_CHARS + MAX_SENTENCE_CHARS)` visible characters, or, of a text of `n`
/// characters, `n / (limit - 1) + 2 · (OVERLAP_CHARS + MAX_SENTENCE_CHARS)`.
///
/// # Panics
/// When `limit` is less than 2.
#[must_use]
pub fn passages(text: &str, limit: usize) -> Vec<Range<usize>> {
    assert!(limit >= 2, "passages of one text cannot overlap in fewer than two");
    let pieces = measured(text);
    let found = fill(text, &pieces, PASSAGE_CHARS);
    if found.len() <= limit {
        return found;
    }
    // A passage stops only when the next piece does not fit, so it brings more than this many
    // characters that the one before did not have.
    let n_chars: usize = pieces.iter().map(|(_, n)| n).sum();
    let longer = n_chars.div_ceil(limit - 1) + OVERLAP_CHARS + MAX_SENTENCE_CHARS;
    fill(text, &pieces, longer)
}

/// The byte ranges of the sentences of `text`, in order; where there are more than `limit`,
/// neighbours are joined into ranges of about equal length, at most `limit`.
///
/// Disjoint; every character that is not white space is in exactly one.
///
/// # Panics
/// When `limit` is 0.
#[must_use]
pub fn units(text: &str, limit: usize) -> Vec<Range<usize>> {
    assert!(limit > 0, "a text cannot be put into no units");
    let pieces = measured(text);
    if pieces.len() <= limit {
        return pieces.into_iter().map(|(range, _)| range).collect();
    }
    let n_chars: usize = pieces.iter().map(|(_, n)| n).sum();
    // Unit `u` takes the pieces that begin within its share of the characters.
    let mut found: Vec<Range<usize>> = Vec::with_capacity(limit);
    let (mut seen, mut last) = (0, None);
    for (range, n) in pieces {
        let unit = seen * limit / n_chars;
        match found.last_mut() {
            Some(open) if last == Some(unit) => open.end = range.end,
            _ => found.push(range),
        }
        (seen, last) = (seen + n, Some(unit));
    }
    found
}

/// The sentences and their lengths in characters.
fn measured(text: &str) -> Vec<(Range<usize>, usize)> {
    let length = |range: Range<usize>| {
        let n = text[range.clone()].chars().count();
        (range, n)
    };
    sentences(text).into_iter().map(length).collect()
}

/// Fills passages up to `most` characters; each has at least one piece of its own.
fn fill(text: &str, pieces: &[(Range<usize>, usize)], most: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut next = 0;
    while next < pieces.len() {
        let (start, mut n_chars) = match next.checked_sub(1).map(|last| &pieces[last]) {
            Some((last, n)) if *n <= OVERLAP_CHARS => (last.start, *n),
            Some((last, _)) => overlap(text, last),
            None => (pieces[next].0.start, 0),
        };
        let first = next;
        while next < pieces.len() && (next == first || n_chars + pieces[next].1 <= most) {
            n_chars += pieces[next].1;
            next += 1;
        }
        let end = pieces[next - 1].0.end;
        match found.last_mut() {
            // Nothing but a short piece that the next passage begins with: it is no passage of its own.
            Some(before) if before.start == start => before.end = end,
            _ => found.push(start..end),
        }
    }
    found
}

/// Where the shared end of a long piece begins, and how many characters it has.
fn overlap(text: &str, piece: &Range<usize>) -> (usize, usize) {
    let mut starts = Vec::with_capacity(OVERLAP_CHARS);
    for (at, c) in text[piece.clone()].char_indices().rev().take(OVERLAP_CHARS) {
        starts.push((piece.start + at, c));
    }
    // From the front of the shared end: the longest part of it that begins after a comma, but not
    // with nothing behind the comma.
    let after_comma = (1..starts.len()).rev().find(|&n| matches!(starts[n].1, '，' | ',' | '、'));
    let n = after_comma.unwrap_or(starts.len());
    (starts[n - 1].0, n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        passages(text, 64).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn sentences_fill_passages_and_the_last_comes_again() {
        let sentence = |c: &str, n: usize| format!("{}。", c.repeat(n - 1));
        let (a, b, c) = (sentence("铸", 60), sentence("锻", 40), sentence("焊", 60));
        // 60 + 40 characters, the next would be too many; the second, short, is shared.
        assert_eq!(cut(&format!("{a}{b}{c}")), [format!("{a}{b}"), format!("{b}{c}")]);
        assert_eq!(cut(""), Vec::<&str>::new());
        assert_eq!(cut(" 一句。 "), ["一句。"]);
    }

    #[test]
    fn a_long_sentence_is_cut_with_an_overlap() {
        let endless = "铸".repeat(300);
        let lengths: Vec<usize> = cut(&endless).iter().map(|p| p.chars().count()).collect();
        // Pieces of 120, 120 and 60; the second and third begin 48 characters early.
        assert_eq!(lengths, [120, 168, 108]);
        let clause = "采用自主研发的高温合金精密铸造工艺".repeat(2);
        let text = format!("{clause}，{clause}，{clause}，{clause}。");
        let parts = cut(&text);
        // Cut after the third comma; the shared end begins after the second.
        assert_eq!(parts[0].chars().count(), 3 * 35);
        assert_eq!(parts[1], format!("{clause}，{clause}。"));
    }

    #[test]
    fn a_million_characters_get_longer_passages() {
        for text in ["铸".repeat(1_000_000), "精密铸造。".repeat(200_000)] {
            for limit in [2, 3, 64] {
                let found = passages(&text, limit);
                assert!(found.len() <= limit, "{} of {limit}", found.len());
                assert_eq!((found[0].start, found[found.len() - 1].end), (0, text.len()));
                assert!(found.windows(2).all(|two| two[1].start < two[0].end));
                let longest = found.iter().map(|range| range.len() / 3).max().unwrap_or(0);
                let bound = 1_000_000 / (limit - 1) + 2 * (OVERLAP_CHARS + MAX_SENTENCE_CHARS);
                assert!(longest <= bound, "{longest}");
            }
            assert!(units(&text, 10).len() <= 10);
        }
    }

    #[test]
    fn units_are_sentences_or_joined_neighbours() {
        let text = "一句。两句。\n三句。四句。";
        let cut = |limit| -> Vec<&str> {
            units(text, limit).into_iter().map(|range| &text[range]).collect()
        };
        assert_eq!(cut(4), ["一句。", "两句。", "三句。", "四句。"]);
        assert_eq!(cut(2), ["一句。两句。", "三句。四句。"]);
        assert_eq!(cut(1), [text]);
    }

    proptest! {
        #[test]
        fn every_visible_character_is_kept(
            text in "([\\PC]{0,12}|[0-9. ,;\n。，；！”a-c铸造]{0,90}|铸{0,300}|[、，铸]{0,200}){0,12}",
            limit in 2usize..9,
        ) {
            let found = passages(&text, limit);
            prop_assert!(found.len() <= limit);
            prop_assert!(found.windows(2).all(|two| two[0].start < two[1].start
                && two[0].end < two[1].end));
            let mut covered = 0;
            for range in &found {
                let gap = text[covered..range.start.max(covered)].trim();
                prop_assert!(gap.is_empty(), "{:?} is in no passage", gap);
                covered = range.end;
                prop_assert!(!text[range.clone()].trim().is_empty());
            }
            prop_assert!(text[covered..].trim().is_empty());

            let joined = units(&text, limit);
            prop_assert!(joined.len() <= limit);
            let mut seen = String::new();
            let mut last = 0;
            for range in joined {
                prop_assert!(range.start >= last && range.start < range.end);
                last = range.end;
                seen.extend(text[range].chars().filter(|c| !c.is_whitespace()));
            }
            let all: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(seen, all);
        }
    }
}
