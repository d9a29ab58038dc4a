//! Small words that many pages say.

use std::ops::Range;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use crate::model::{Lang, Micro, Verdict};
use crate::report::percent;

/// A chance in words, in five equal steps: figures alone are read as more exact than they are.
pub(super) fn chance_words(chance: Micro, lang: Lang) -> &'static str {
    match chance.0 {
        800_000.. => lang.pick("很大", "very likely"),
        600_000.. => lang.pick("较大", "likely"),
        400_000.. => lang.pick("一半左右", "about even"),
        200_000.. => lang.pick("较小", "unlikely"),
        _ => lang.pick("很小", "very unlikely"),
    }
}

/// 把握 in words and percent.
pub(super) fn chance(chance: Micro, lang: Lang) -> String {
    let (words, percent) = (chance_words(chance, lang), percent(chance));
    match lang {
        Lang::Zh => format!("把握{words}（{percent}%）"),
        Lang::En => format!("{words} ({percent}% chance)"),
    }
}

/// Millionths as points of a hundred with four decimals: exact, so that sums add up as written.
pub(super) fn points(value: Micro) -> String {
    let sign = if value.0 < 0 { "-" } else { "" };
    let magnitude = value.0.unsigned_abs();
    format!("{sign}{}.{:04}", magnitude / 10_000, magnitude % 10_000)
}

/// Tenths of a point: `431` is `43.1`.
pub(super) fn tenths_of_points(tenths: u32) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The badge of a verdict, with its word.
pub(super) fn badge(verdict: Verdict, lang: Lang) -> Markup {
    let class = match verdict {
        Verdict::NoMatch => "verdict nomatch",
        Verdict::Discuss => "verdict discuss",
        Verdict::Recommend => "verdict recommend",
    };
    html! { span class=(class) { (verdict.label(lang)) } }
}

/// A text with byte ranges marked; ranges that do not fit the text are passed over.
pub(super) fn highlighted(text: &str, ranges: &[Range<usize>]) -> Markup {
    let mut at = 0;
    let mut stretches: Vec<(&str, bool)> = Vec::new();
    for range in ranges {
        let (Some(before), Some(marked)) = (text.get(at..range.start), text.get(range.clone()))
        else {
            continue;
        };
        stretches.push((before, false));
        stretches.push((marked, true));
        at = range.end;
    }
    stretches.push((text.get(at..).unwrap_or(""), false));
    html! {
        @for (stretch, marked) in stretches {
            @if marked { mark { (stretch) } } @else { (stretch) }
        }
    }
}

/// A count with its noun.
pub(super) fn counted(n: usize, lang: Lang, zh: &str, one: &str, many: &str) -> String {
    let count = crate::report::grouped(n as u64);
    match lang {
        Lang::Zh => format!("{count} {zh}"),
        Lang::En => format!("{count} {}", if n == 1 { one } else { many }),
    }
}

/// Millions of bytes, thousands, or bytes, as people read sizes of files.
pub(super) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        1_000_000.. => format!("{} MB", tenths(1_000_000)),
        1_000.. => format!("{} kB", tenths(1_000)),
        _ => format!("{bytes} B"),
    }
}

/// A time as people read it: the day and the minute, in the machine's zone.
pub(super) fn time(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact() {
        assert_eq!(points(Micro(123_456)), "12.3456");
        assert_eq!(points(Micro::ONE), "100.0000");
        assert_eq!(points(Micro(-7)), "-0.0007");
        assert_eq!(tenths_of_points(1_000), "100.0");
    }

    #[test]
    fn marks_that_do_not_fit_are_passed_over() {
        let html = |text, ranges: &[(usize, usize)]| {
            let ranges: Vec<Range<usize>> = ranges.iter().map(|&(from, to)| from..to).collect();
            highlighted(text, &ranges).into_string()
        };
        assert_eq!(html("求衬底", &[(3, 9)]), "求<mark>衬底</mark>");
        assert_eq!(html("<a>", &[]), "&lt;a&gt;");
        // Half a character, out of order, past the end.
        assert_eq!(html("衬底", &[(1, 3)]), "衬底");
        assert_eq!(html("abc", &[(2, 3), (0, 1)]), "ab<mark>c</mark>");
        assert_eq!(html("abc", &[(2, 9)]), "abc");
    }

    #[test]
    fn chances_are_words_in_five_steps() {
        let words = [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]
            .map(|chance| chance_words(Micro(chance), Lang::Zh));
        assert_eq!(words, ["很小", "较小", "一半左右", "较大", "很大", "很大"]);
        assert_eq!(chance(Micro(724_000), Lang::En), "likely (72% chance)");
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!([0, 999, 1_500, 2_340_000].map(size), ["0 B", "999 B", "1.5 kB", "2.3 MB"]);
    }
}
