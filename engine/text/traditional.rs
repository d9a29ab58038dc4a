//! Simplified forms of traditional characters.

use std::sync::LazyLock;

/// The block that the table covers: CJK Unified Ideographs.
const FIRST: char = '\u{4E00}';
const LAST: char = '\u{9FFF}';

/// Offset of each character's simplified form within the block, by the offset of the character.
static FORMS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    // The block has fewer characters than 16 bits can count.
    let offset = |c: char| u16::try_from(c as u32 - FIRST as u32).unwrap_or(0);
    let mut forms: Vec<u16> = (FIRST..=LAST).map(offset).collect();
    for line in include_str!("../../corpus/traditional.txt").lines() {
        let mut pair = line.chars().filter(|c| (FIRST..=LAST).contains(c));
        if !line.starts_with('#')
            && let (Some(from), Some(to)) = (pair.next(), pair.next())
        {
            forms[usize::from(offset(from))] = offset(to);
        }
    }
    forms
});

/// The simplified form of a character; itself where it has none.
///
/// Character by character, so that the way back to the source stays: words that mainland and
/// other usage name differently (積體電路, 集成电路) are synonyms, not spellings. The forms are
/// fixed points. In UTF-8 both forms have three bytes.
pub(super) fn simplified(c: char) -> char {
    if !(FIRST..=LAST).contains(&c) {
        return c;
    }
    let form = FORMS[(c as u32 - FIRST as u32) as usize];
    char::from_u32(FIRST as u32 + u32::from(form)).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_fixed_points_of_the_same_length() {
        let mut n_pairs = 0;
        for c in FIRST..=LAST {
            let form = simplified(c);
            assert_eq!(simplified(form), form, "{c}");
            assert_eq!(form.len_utf8(), 3);
            n_pairs += usize::from(form != c);
        }
        assert_eq!(n_pairs, 2839, "every line of the table is read");
    }

    #[test]
    fn simplified_text_is_left_alone() {
        let text = "著作像覆盖瞭望凭藉干燥征集于伙克面后里准";
        assert_eq!(text.chars().map(simplified).collect::<String>(), text);
        assert_eq!(
            "積體電路襯底製備".chars().map(simplified).collect::<String>(),
            "积体电路衬底制备"
        );
    }
}
