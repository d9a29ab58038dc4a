//! What people enter: names without surprises, times in whole seconds.

use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;

use crate::store::StoreError;

/// A name as it is kept: composed (NFC), without blanks around it, of 1 to `most` characters, none
/// of them invisible, so that two names that look alike are alike.
pub(super) fn name(field: &'static str, text: &str, most: usize) -> Result<String, StoreError> {
    let name: String = text.trim().nfc().collect();
    let bad =
        |why| Err(StoreError::BadEntry { field, value: name.chars().take(SHOWN).collect(), why });
    if name.is_empty() {
        return bad("it must not be empty");
    }
    if name.chars().nth(most).is_some() {
        return bad("it is too long");
    }
    if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return bad("it holds invisible characters");
    }
    Ok(name)
}

/// As [`name`], where nothing may be said.
pub(super) fn optional_name(
    field: &'static str,
    text: &str,
    most: usize,
) -> Result<Option<String>, StoreError> {
    if text.trim().is_empty() { Ok(None) } else { name(field, text, most).map(Some) }
}

/// Most characters of a refused value that an error shows.
const SHOWN: usize = 64;

/// Characters without a shape, and those that turn the direction of what follows.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
    )
}

/// A time in whole seconds. Texts of such times are ordered as the times are; with fractions
/// `12:00:00.5Z` would stand before `12:00:00Z`.
pub(super) fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).expect("it is nearer to the calendar's middle")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_trimmed_composed_and_bounded() {
        let kept = |text: &str| name("name", text, 5).ok();
        assert_eq!(kept("  王小明 "), Some("王小明".to_owned()));
        assert_eq!(kept("e\u{301}"), Some("é".to_owned()));
        assert_eq!(kept("一二三四五"), Some("一二三四五".to_owned()));
        for bad in ["", "  ", "一二三四五六", "a\u{0}b", "a\u{200B}b", "\u{202E}abc", "a\nb"]
        {
            assert_eq!(kept(bad), None, "{bad:?}");
        }
        assert_eq!(optional_name("broker", " ", 5).expect("nothing said"), None);
    }

    proptest! {
        #[test]
        fn whole_seconds_are_ordered_as_their_texts(a in 0_i64..4_000_000_000_000, b in 0_i64..4_000_000_000_000) {
            let [a, b] = [a, b].map(|ms| seconds(Timestamp::from_millisecond(ms).expect("a time")));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
