//! Text tables whose columns line up when Chinese characters are two cells wide.

/// Cells that a text takes in a terminal: two for wide characters, one for others.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// East Asian wide and full-width ranges (Unicode Standard Annex 11), coarsely.
fn is_wide(c: char) -> bool {
    matches!(
        u32::from(c),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
            | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x2_0000..=0x3_FFFD
    )
}

/// Pads `text` on the right to `cells`.
pub(super) fn pad(text: &str, cells: usize) -> String {
    let mut padded = text.to_owned();
    padded.extend(std::iter::repeat_n(' ', cells.saturating_sub(width(text))));
    padded
}

/// Lines up rows of cells, two blanks apart; the last column is not padded.
pub(super) fn lines_up(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at + 1 == row.len() {
                text.push_str(cell);
            } else {
                text.push_str(&pad(cell, widths[at] + 2));
            }
        }
        text.push('\n');
    }
    text
}

/// The first `limit` characters of `text` on one line, with an ellipsis where it was cut.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect();
    if text.chars().nth(limit).is_some() { line + "…" } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(width("SiC衬底"), 7);
        let rows = [vec!["需求".to_owned(), "1".to_owned()], vec!["ab".to_owned(), "2".to_owned()]];
        assert_eq!(lines_up(&rows), "需求  1\nab    2\n");
    }

    #[test]
    fn shortening_says_so() {
        assert_eq!(shorten("碳化硅衬底", 3), "碳化硅…");
        assert_eq!(shorten("碳化硅", 3), "碳化硅");
    }
}
