//! Charts as inline SVG: bars, columns, and sums of parts.
//!
//! No script, no font of its own, and nothing that only colour tells: every mark carries its
//! number in writing, and the picture has a title and a description for people who hear it. The
//! colours are Okabe and Ito's, which people with any common colour blindness tell apart. All
//! charts are [`WIDTH`] units wide, about the pixels of a telephone, and grow with their place.

use maud::{Markup, html};

/// Width of every chart in its own units.
pub(super) const WIDTH: f64 = 360.0;
/// Size of writing.
pub(super) const TEXT: f64 = 12.0;
/// Height of a horizontal bar and its gap.
pub(super) const BAR: f64 = 16.0;
pub(super) const BAR_STEP: f64 = 24.0;

/// A colour that can be told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Blue,
    Sky,
    Green,
    Orange,
    Purple,
    Vermillion,
    Yellow,
    Brown,
    Grey,
}

impl Ink {
    /// As CSS writes it.
    pub(super) const fn css(self) -> &'static str {
        match self {
            Self::Blue => "#0072b2",
            Self::Sky => "#56b4e9",
            Self::Green => "#009e73",
            Self::Orange => "#e69f00",
            Self::Purple => "#cc79a7",
            Self::Vermillion => "#d55e00",
            Self::Yellow => "#f0e442",
            Self::Brown => "#7a5230",
            Self::Grey => "#9aa0a6",
        }
    }
}

/// One bar: its label, its count, its colour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) count: u64,
    pub(super) ink: Ink,
}

/// Named counts, one per bin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) counts: Vec<u64>,
    pub(super) ink: Ink,
}

/// Draws one horizontal bar per entry, longest possible for the largest count; the count and,
/// where `shares` says so, its share of the sum stand behind the bar. Bars in the given order.
/// No bars give an empty picture.
pub(super) fn bars(title: &str, description: &str, entries: &[Bar], shares: bool) -> Markup {
    let label_width =
        entries.iter().map(|bar| text_width(&bar.label)).fold(0.0, f64::max).min(150.0);
    let numbers = if shares { 88.0 } else { 48.0 };
    let room = (WIDTH - label_width - 8.0 - numbers).max(40.0);
    let most = entries.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let sum: u64 = entries.iter().map(|bar| bar.count).sum();
    let height = entries.len() as f64 * BAR_STEP + 4.0;
    let body = html! {
        @for (place, bar) in entries.iter().enumerate() {
            @let y = place as f64 * BAR_STEP + 4.0;
            @let length = bar.count as f64 / most as f64 * room;
            @let baseline = number(y + BAR - 3.5);
            text x=(number(label_width)) y=(baseline) text-anchor="end" { (fit(&bar.label, label_width)) }
            rect x=(number(label_width + 8.0)) y=(number(y)) width=(number(length.max(if bar.count > 0 { 1.5 } else { 0.0 })))
                height=(number(BAR)) rx="2" fill=(bar.ink.css()) {}
            text x=(number(label_width + 13.0 + length)) y=(baseline) {
                (grouped(bar.count))
                @if shares { " · " (share(bar.count, sum)) }
            }
        }
    };
    picture(title, description, height, &body)
}

/// Draws columns over `bins`, one per series side by side, with their counts above and a legend
/// where there is more than one series. Every series has one count per bin; missing ones are zero.
pub(super) fn columns(
    title: &str,
    description: &str,
    bins: &[String],
    series: &[Series],
) -> Markup {
    const HEIGHT: f64 = 130.0;
    let legend = if series.len() > 1 { 22.0 } else { 0.0 };
    let top = legend + 18.0;
    let most = series.iter().flat_map(|s| &s.counts).copied().max().unwrap_or(0).max(1);
    let step = WIDTH / bins.len().max(1) as f64;
    let wide = (step - 6.0).max(2.0) / series.len().max(1) as f64;
    // Numbers stand above a column only where they have room; otherwise the highest alone do.
    let small = if wide < 22.0 { 9.0 } else { 11.0 };
    let body = html! {
        @if legend > 0.0 {
            @for (place, one) in series.iter().enumerate() {
                @let x = place as f64 * (WIDTH / series.len() as f64);
                rect x=(number(x)) y="2" width="11" height="11" fill=(one.ink.css()) {}
                text x=(number(x + 16.0)) y="12" { (one.name) }
            }
        }
        @for (place, bin) in bins.iter().enumerate() {
            @let left = place as f64 * step + 3.0;
            @for (nth, one) in series.iter().enumerate() {
                @let count = one.counts.get(place).copied().unwrap_or(0);
                @let height = count as f64 / most as f64 * HEIGHT;
                @let x = left + nth as f64 * wide;
                rect x=(number(x)) y=(number(top + HEIGHT - height)) width=(number((wide - 1.0).max(1.0)))
                    height=(number(height)) fill=(one.ink.css()) {}
                @if count > 0 {
                    text x=(number(x + wide / 2.0)) y=(number(top + HEIGHT - height - 3.0)) text-anchor="middle" font-size=(number(small)) { (count) }
                }
            }
            text x=(number(left + (step - 6.0) / 2.0)) y=(number(top + HEIGHT + 15.0)) text-anchor="middle" font-size="11" { (bin) }
        }
        line x1="0" x2=(number(WIDTH)) y1=(number(top + HEIGHT)) y2=(number(top + HEIGHT)) stroke="#8a9097" {}
    };
    picture(title, description, top + HEIGHT + 20.0, &body)
}

/// One piece of a sum.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) ink: Ink,
    /// In tenths of a point of a hundred.
    pub(super) tenths: u32,
}

/// Draws pieces end to end on a track of a hundred points. The written sum stands beside it in
/// the page; here only the lengths add up.
pub(super) fn sum(title: &str, description: &str, pieces: &[Piece]) -> Markup {
    let ends = pieces.iter().scan(0_u32, |end, piece| {
        let start = *end;
        *end += piece.tenths;
        Some((start, piece))
    });
    let scale = WIDTH / 1000.0;
    let body = html! {
        rect x="0" y="0" width=(number(WIDTH)) height="12" rx="2" fill="#e8ebee" {}
        @for (start, piece) in ends {
            rect x=(number(f64::from(start) * scale)) y="0" width=(number(f64::from(piece.tenths) * scale))
                height="12" fill=(piece.ink.css()) stroke="#fff" stroke-width="0.5" {}
        }
    };
    picture(title, description, 12.0, &body)
}

pub(super) fn picture(title: &str, description: &str, height: f64, body: &Markup) -> Markup {
    html! {
        svg class="chart" role="img" viewBox=(format!("0 0 {} {}", number(WIDTH), number(height)))
            font-size=(number(TEXT)) fill="#24292f" xmlns="http://www.w3.org/2000/svg" {
            title { (title) }
            desc { (description) }
            (body)
        }
    }
}

/// Shares out `total` tenths over `parts` so that they add up to it: each part gets its whole
/// tenths, the tenths that are left go to the largest remainders, ties to the first.
///
/// `parts` and their sum are in millionths of one; a tenth of a point is a thousandth of one.
/// Returns the tenths of each part and their sum, which is the sum of the parts, rounded.
pub fn tenths(parts: &[u32]) -> (Vec<u32>, u32) {
    const TENTH: u32 = 1_000;
    let total = (parts.iter().sum::<u32>() + TENTH / 2) / TENTH;
    let mut whole: Vec<u32> = parts.iter().map(|part| part / TENTH).collect();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&place| (std::cmp::Reverse(parts[place] % TENTH), place));
    let left = total.saturating_sub(whole.iter().sum());
    for &place in by_remainder.iter().take(left as usize) {
        whole[place] += 1;
    }
    (whole, total)
}

/// A count with a comma between thousands.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `count` of `sum` as a percentage with one decimal; a dash where there is no sum.
pub fn share(count: u64, sum: u64) -> String {
    if sum == 0 { "–".to_owned() } else { format!("{:.1}%", count as f64 * 100.0 / sum as f64) }
}

/// A coordinate with at most one decimal, so that pages stay small.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Width of a label in chart units: Chinese characters are square, others about half as wide.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c >= '\u{1100}' { TEXT } else { TEXT * 0.58 }).sum()
}

/// The beginning of `text` that fits `width` units, with an ellipsis where it is cut.
pub(super) fn fit(text: &str, width: f64) -> String {
    if text_width(text) <= width + 1.0 {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = TEXT;
    for c in text.chars() {
        taken += if c >= '\u{1100}' { TEXT } else { TEXT * 0.58 };
        if taken > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, count: u64) -> Bar {
        Bar { label: label.to_owned(), count, ink: Ink::Blue }
    }

    #[test]
    fn bars_say_their_numbers_and_what_they_are() {
        let svg = bars("标题", "说明", &[bar("甲", 1500), bar("乙", 500)], true).into_string();
        for part in [
            "<title>标题</title>",
            "<desc>说明</desc>",
            "1,500 · 75.0%",
            "500 · 25.0%",
            "role=\"img\"",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }

    #[test]
    fn labels_cannot_become_markup() {
        let svg = bars("<b>", "\"&", &[bar("<script>", 1)], false).into_string();
        assert!(!svg.contains("<script>") && !svg.contains("<b>"));
    }

    #[test]
    fn empty_charts_are_pictures_too() {
        assert!(bars("t", "d", &[], true).into_string().contains("<svg"));
        assert!(columns("t", "d", &[], &[]).into_string().contains("<svg"));
        assert!(!bars("t", "d", &[bar("无", 0)], true).into_string().contains("NaN"));
    }

    #[test]
    fn the_highest_column_has_the_full_height() {
        let series = [Series { name: "一".into(), counts: vec![2, 4], ink: Ink::Green }];
        let svg = columns("t", "d", &["a".into(), "b".into()], &series).into_string();
        assert!(svg.contains("height=\"130\"") && svg.contains("height=\"65\""), "{svg}");
    }

    #[test]
    fn tenths_add_up() {
        assert_eq!(tenths(&[333_333, 333_333, 333_334]), (vec![333, 333, 334], 1_000));
        assert_eq!(tenths(&[400, 400, 400]), (vec![1, 0, 0], 1));
        assert_eq!(tenths(&[]), (vec![], 0));
        for n in 0..2_000 {
            let parts = [n * 7 % 300_000, n * 131 % 200_000, n * 7_919 % 500_000];
            let (shown, total) = tenths(&parts);
            assert_eq!(shown.iter().sum::<u32>(), total);
        }
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(0, 0), "–");
    }
}
