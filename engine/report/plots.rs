//! Charts of measured figures as inline SVG: values with their intervals, and probabilities
//! against outcomes. In the manner of [`charts`](super::charts).

use maud::{Markup, html};

use super::charts::{BAR, BAR_STEP, Ink, TEXT, WIDTH, fit, number, picture, text_width};

/// A value between 0 and 1 with its interval.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    pub(super) label: String,
    /// Mean, low, high; `None` where nothing could be measured.
    pub(super) value: Option<(f64, f64, f64)>,
    pub(super) ink: Ink,
}

/// Draws one bar per value from 0, the whole room for `full`, with a line from the low to the high
/// end of its interval; the three figures stand behind it.
pub(super) fn intervals(title: &str, description: &str, entries: &[Measured], full: f64) -> Markup {
    let label_width =
        entries.iter().map(|entry| text_width(&entry.label)).fold(0.0, f64::max).min(110.0);
    let left = label_width + 8.0;
    let room = WIDTH - left - 112.0;
    let scale = |value: f64| left + value.clamp(0.0, full) / full * room;
    let body = html! {
        @for (place, entry) in entries.iter().enumerate() {
            @let y = place as f64 * BAR_STEP + 4.0;
            @let baseline = number(y + BAR - 3.5);
            text x=(number(label_width)) y=(baseline) text-anchor="end" { (fit(&entry.label, label_width)) }
            @match entry.value {
                Some((mean, low, high)) => {
                    rect x=(number(left)) y=(number(y)) width=(number((scale(mean) - left).max(1.0)))
                        height=(number(BAR)) rx="2" fill=(entry.ink.css()) fill-opacity="0.75" {}
                    (whisker(scale(low), scale(high), y + BAR / 2.0))
                    text x=(number(left + room + 8.0)) y=(baseline) font-size=(number(TEXT - 1.0)) {
                        (format!("{mean:.3} [{low:.3}–{high:.3}]"))
                    }
                }
                None => text x=(number(left)) y=(baseline) fill="#57606a" { "–" },
            }
        }
    };
    picture(title, description, entries.len() as f64 * BAR_STEP + 4.0, &body)
}

fn whisker(low: f64, high: f64, y: f64) -> Markup {
    html! {
        line x1=(number(low)) x2=(number(high)) y1=(number(y)) y2=(number(y)) stroke="#24292f" {}
        @for x in [low, high] {
            line x1=(number(x)) x2=(number(x)) y1=(number(y - 4.0)) y2=(number(y + 4.0)) stroke="#24292f" {}
        }
    }
}

/// A group of forecasts: mean probability, share that came true with its interval, how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ForecastGroup {
    pub(super) forecast: f64,
    pub(super) observed: f64,
    pub(super) interval: (f64, f64),
    pub(super) count: usize,
}

/// Draws groups of forecasts on a square: forecast to the right, observed share upwards, the
/// diagonal where both agree; each group's count beside its point.
pub(super) fn reliability(
    title: &str,
    description: &str,
    axes: (&str, &str),
    groups: &[ForecastGroup],
) -> Markup {
    const SIDE: f64 = 270.0;
    const LEFT: f64 = 44.0;
    const TOP: f64 = 22.0;
    let x = |value: f64| LEFT + value.clamp(0.0, 1.0) * SIDE;
    let y = |value: f64| TOP + (1.0 - value.clamp(0.0, 1.0)) * SIDE;
    let ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
    let body = html! {
        text x="0" y="12" font-size="11" { (axes.1) " ↑" }
        @for tick in ticks {
            line x1=(number(x(tick))) x2=(number(x(tick))) y1=(number(y(0.0))) y2=(number(y(1.0))) stroke="#e8ebee" {}
            line x1=(number(x(0.0))) x2=(number(x(1.0))) y1=(number(y(tick))) y2=(number(y(tick))) stroke="#e8ebee" {}
            text x=(number(x(tick))) y=(number(y(0.0) + 15.0)) text-anchor="middle" font-size="11" { (format!("{tick:.1}")) }
            text x=(number(LEFT - 6.0)) y=(number(y(tick) + 4.0)) text-anchor="end" font-size="11" { (format!("{tick:.1}")) }
        }
        line x1=(number(x(0.0))) y1=(number(y(0.0))) x2=(number(x(1.0))) y2=(number(y(1.0))) stroke="#8a9097" stroke-dasharray="4 3" {}
        @for group in groups {
            @let (px, py) = (x(group.forecast), y(group.observed));
            line x1=(number(px)) x2=(number(px)) y1=(number(y(group.interval.0))) y2=(number(y(group.interval.1))) stroke=(Ink::Blue.css()) stroke-width="1.5" {}
            circle cx=(number(px)) cy=(number(py)) r="4.5" fill=(Ink::Blue.css()) {}
            text x=(number(px + 7.0)) y=(number(py + 4.0)) font-size="10" { (group.count) }
        }
        text x=(number(x(1.0))) y=(number(y(0.0) + 31.0)) text-anchor="end" font-size="11" { (axes.0) " →" }
    };
    picture(title, description, TOP + SIDE + 36.0, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_beside_their_bars() {
        let entries = [
            Measured { label: "BM25".into(), value: Some((0.5, 0.4, 0.6)), ink: Ink::Grey },
            Measured { label: "<b>".into(), value: None, ink: Ink::Blue },
        ];
        let svg = intervals("标题", "说明", &entries, 1.0).into_string();
        for part in
            ["<title>标题</title>", "<desc>说明</desc>", "0.500 [0.400–0.600]", "&lt;b&gt;", "–<"]
        {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(!svg.contains("NaN"));
        assert!(intervals("t", "d", &[], 1.0).into_string().contains("<svg"));
    }

    #[test]
    fn an_honest_forecast_lies_on_the_diagonal() {
        let group = ForecastGroup { forecast: 0.5, observed: 0.5, interval: (0.4, 0.6), count: 12 };
        let svg = reliability("t", "d", ("把握", "实际"), &[group]).into_string();
        assert!(svg.contains("cx=\"179\" cy=\"157\""), "{svg}");
        assert!(svg.contains(">12<") && svg.contains("把握 →"));
    }
}
