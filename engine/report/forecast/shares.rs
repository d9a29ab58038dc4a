//! Shares of an effect or of uncertainty: bars around a zero line, with intervals.

use maud::{Markup, html};

use super::super::charts::{BAR, BAR_STEP, Ink, WIDTH, fit, number, picture, text_width};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Whose share it is.
    pub label: String,
    /// The share.
    pub value: f64,
    /// Half of its 95 % interval; zero where there is none.
    pub margin: f64,
}

/// Bars that may be negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// What is shown.
    pub title: String,
    /// The same in a sentence.
    pub description: String,
    /// The unit behind every number.
    pub unit: String,
    /// Decimals of the numbers.
    pub decimals: usize,
    /// Whether the numbers carry a plus.
    pub signed: bool,
    /// The bars, from the top.
    pub splits: Vec<Split>,
}

/// Draws the bars; every bar carries its number.
pub fn shares_svg(shares: &Shares) -> Markup {
    let label = shares.splits.iter().map(|it| text_width(&it.label)).fold(0.0, f64::max).min(150.0);
    let reach = |it: &Split| (it.value - it.margin, it.value + it.margin);
    let low = shares.splits.iter().map(|it| reach(it).0).fold(0.0, f64::min);
    let high = shares.splits.iter().map(|it| reach(it).1).fold(0.0, f64::max);
    let (left, right) = (label + 8.0, WIDTH - 92.0);
    let scale = (right - left) / (high - low).max(1e-12);
    let x = |value: f64| left + (value - low) * scale;
    let height = shares.splits.len() as f64 * BAR_STEP + 6.0;
    let body = html! {
        @for (place, it) in shares.splits.iter().enumerate() {
            @let y = place as f64 * BAR_STEP + 4.0;
            @let (from, to) = (x(it.value.min(0.0)), x(it.value.max(0.0)));
            @let middle = y + BAR / 2.0;
            text x=(number(label)) y=(number(y + BAR - 3.5)) text-anchor="end" { (fit(&it.label, label)) }
            rect x=(number(from)) y=(number(y)) width=(number((to - from).max(0.5))) height=(number(BAR))
                fill=(if it.value < 0.0 { Ink::Vermillion.css() } else { Ink::Blue.css() }) {}
            @if it.margin > 0.0 {
                line x1=(number(x(it.value - it.margin))) x2=(number(x(it.value + it.margin))) y1=(number(middle)) y2=(number(middle)) stroke="#24292f" stroke-width="1.2" {}
            }
            text x=(number(right + 6.0)) y=(number(y + BAR - 3.5)) {
                @if shares.signed { (format!("{:+.*}", shares.decimals, it.value)) }
                @else { (format!("{:.*}", shares.decimals, it.value)) }
                (shares.unit)
            }
        }
        line x1=(number(x(0.0))) x2=(number(x(0.0))) y1="0" y2=(number(height)) stroke="#8a9097" {}
    };
    picture(&shares.title, &shares.description, height, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_shares_stand_left_of_zero() {
        let split = |label: &str, value| Split { label: label.into(), value, margin: 0.5 };
        let svg = shares_svg(&Shares {
            title: "分摊".into(),
            description: "说明".into(),
            unit: " 亿元".into(),
            decimals: 2,
            signed: true,
            splits: vec![split("基金", 2.0), split("人才", -1.0)],
        })
        .into_string();
        assert!(svg.contains("+2.00 亿元") && svg.contains("-1.00 亿元") && !svg.contains("NaN"));
    }
}
