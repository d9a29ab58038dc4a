//! Kinds of queries that are looked at apart, decided by their text alone.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::normalise;

/// Characters, blanks not counted, below which a query is short.
pub const SHORT_BELOW: usize = 50;

/// A kind of queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slice {
    /// Title and body together have fewer than [`SHORT_BELOW`] characters.
    Short,
    /// A quantity with a unit is stated.
    Numbers,
    /// Query and best graded document stand in different fields of one scheme.
    CrossField,
    /// Written mostly in Chinese characters.
    Chinese,
    /// Written mostly in Latin letters.
    English,
}

impl Slice {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::Short, Self::Numbers, Self::CrossField, Self::Chinese, Self::English];

    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Numbers => "numbers",
            Self::CrossField => "cross_field",
            Self::Chinese => "chinese",
            Self::English => "english",
        }
    }
}

/// Whether a text is short.
#[must_use]
pub fn is_short(text: &str) -> bool {
    text.chars().filter(|c| !c.is_whitespace()).take(SHORT_BELOW).count() < SHORT_BELOW
}

/// Whether a text states a quantity: digits, or a numeral of Chinese characters, followed by a
/// unit of `corpus/units.txt` or a sign of percent or permille.
///
/// A lone 一 is no quantity (一度, 一转 are words); neither are years, counts of things, and single
/// Latin letters (5G, 3D), which that list leaves out.
#[must_use]
pub fn states_numbers(text: &str) -> bool {
    static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
        let mut units: Vec<&str> = include_str!("../../corpus/units.txt")
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
        let is_latin = |unit: &str| unit.ends_with(|c: char| c.is_alphanumeric() && c.is_ascii());
        let list = |latin: bool| {
            let some = units.iter().filter(|unit| is_latin(unit) == latin);
            some.map(|unit| regex::escape(unit)).collect::<Vec<_>>().join("|")
        };
        // A unit in letters ends where the word ends: 5 mm, not 5 mmap.
        let pattern = format!(
            r"(?:[0-9] ?(?:万|亿)?|[二三四五六七八九十百千万亿两]|[一二三四五六七八九十百千万亿两]{{2,}})(?: ?(?:{})|[%‰])|[0-9] ?(?:{})(?:[^a-z0-9]|$)",
            list(false),
            list(true)
        );
        Regex::new(&pattern).expect("units are escaped")
    });
    QUANTITY.is_match(&normalise(text))
}

/// Whether a text is written mostly in Chinese characters (`Some(true)`) or in Latin letters
/// (`Some(false)`); `None` where it has neither.
///
/// A Chinese character counts as one, and so does a Latin *word*, since a letter alone says less
/// than a character; equal counts are Chinese.
#[must_use]
pub fn is_chinese(text: &str) -> Option<bool> {
    let (mut characters, mut words) = (0_usize, 0_usize);
    let mut inside = false;
    for c in text.chars() {
        let letter = c.is_alphabetic() && c.is_ascii();
        if letter && !inside {
            words += 1;
        }
        inside = letter;
        if matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
        {
            characters += 1;
        }
    }
    (characters + words > 0).then_some(characters >= words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_characters_are_not_short() {
        assert!(is_short(&"字".repeat(49)) && !is_short(&"字".repeat(50)));
        assert!(is_short(&"字 \n".repeat(49)) && is_short(""));
    }

    #[test]
    fn a_number_needs_a_unit() {
        for text in [
            "崩边小于5μm",
            "12 英寸衬底",
            "提高30%以上",
            "１０～２０ｍｍ",
            "5kW",
            "耐压十二千伏",
            "纯度99.9％",
            "年产3万吨",
            "两倍",
        ] {
            assert!(states_numbers(text), "{text}");
        }
        for text in
            ["", "2020年", "5G 基站", "3D打印", "一度电价", "第3章", "20 mmap 文件", "一种装置"]
        {
            assert!(!states_numbers(text), "{text}");
        }
    }

    #[test]
    fn the_script_is_what_most_of_the_text_is_in() {
        assert_eq!(is_chinese("碳化硅 SiC 衬底"), Some(true));
        assert_eq!(is_chinese("Silicon carbide substrates for 功率"), Some(false));
        assert_eq!(is_chinese("silicon carbide"), Some(false));
        assert_eq!(is_chinese("12 / 3"), None);
    }
}
