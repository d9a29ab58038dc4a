//! Fan charts: what was, and the bands of what may come.

use maud::{Markup, html};

use super::super::charts::{WIDTH, number, picture, text_width};
use crate::model::Lang;

/// Height of the plot and the room around it.
const HEIGHT: f64 = 190.0;
const TOP: f64 = 34.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 8.0;

/// The quantiles of one year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FanBand {
    /// The year.
    pub year: i32,
    /// Quantiles 2.5, 10, 25, 50, 75, 90 and 97.5 %.
    pub quantiles: [f64; 7],
}

/// A fan chart of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// What is shown, with its unit.
    pub title: String,
    /// What was measured, by year.
    pub actual: Vec<(i32, f64)>,
    /// The forecast, by year.
    pub bands: Vec<FanBand>,
    /// Medians of the baseline, by year; empty where the chart is of the baseline.
    pub baseline: Vec<(i32, f64)>,
    /// Lines to be reached, such as 百亿.
    pub levels: Vec<(String, f64)>,
    /// Planned targets, by year.
    pub targets: Vec<(i32, f64)>,
    /// Whether a hold-out was passed; without it the bands are hollow.
    pub passed: bool,
}

/// Draws a fan. Bands are filled only where a hold-out was passed, otherwise they are outlined and
/// the chart says so. Levels and targets outside twice the range of the fan are left out.
pub fn fan_svg(fan: &Fan, lang: Lang) -> Markup {
    let years = fan.actual.iter().map(|it| it.0).chain(fan.bands.iter().map(|it| it.year));
    let (first, last) = years.fold((i32::MAX, i32::MIN), |(a, b), it| (a.min(it), b.max(it)));
    let most = (fan.bands.iter().map(|it| it.quantiles[6]))
        .chain(fan.actual.iter().map(|it| it.1))
        .chain(fan.baseline.iter().map(|it| it.1))
        .fold(0.0, f64::max);
    let levels: Vec<&(String, f64)> = fan.levels.iter().filter(|it| it.1 <= most * 1.15).collect();
    let targets: Vec<&(i32, f64)> = (fan.targets.iter())
        .filter(|it| it.1 <= most * 2.0 && (first..=last).contains(&it.0))
        .collect();
    let most =
        targets.iter().map(|it| it.1).chain(levels.iter().map(|it| it.1)).fold(most, f64::max);
    let step = tick(most.max(1e-9));
    let top = (most * 1.04 / step).ceil() * step;
    let width = WIDTH - LEFT - RIGHT;
    let span = f64::from((last - first).max(1));
    let x = |year: i32| LEFT + f64::from(year - first) / span * width;
    let y = |value: f64| TOP + HEIGHT * (1.0 - value / top);
    let band = |low: usize, high: usize| {
        let up = fan.bands.iter().map(|it| (it.year, it.quantiles[high]));
        let down = fan.bands.iter().rev().map(|it| (it.year, it.quantiles[low]));
        let points = up.chain(down).map(|(year, value)| point(x(year), y(value)));
        points.collect::<Vec<_>>().join(" ")
    };
    let line = |points: &mut dyn Iterator<Item = (i32, f64)>| {
        points.map(|(year, value)| point(x(year), y(value))).collect::<Vec<_>>().join(" ")
    };
    let bands = [(0, 6, "#cfe6f5"), (1, 5, "#8cc4e8"), (2, 4, "#56a0d3")];
    let t = |zh: &'static str, en: &'static str| lang.pick(zh, en);
    #[expect(clippy::cast_possible_truncation, reason = "an axis has a few ticks")]
    let n_ticks = (top / step).round() as i32;
    let ticks = (0..=n_ticks).map(|i| f64::from(i) * step);
    let every = ((last - first) / 6).max(1);
    let description = match (fan.bands.last(), lang) {
        (Some(it), Lang::Zh) => format!(
            "{} 年中位数 {:.1}，80% 区间 {:.1}—{:.1}，95% 区间 {:.1}—{:.1}",
            it.year,
            it.quantiles[3],
            it.quantiles[1],
            it.quantiles[5],
            it.quantiles[0],
            it.quantiles[6]
        ),
        (Some(it), Lang::En) => format!(
            "{}: median {:.1}, 80 % interval {:.1} to {:.1}, 95 % {:.1} to {:.1}",
            it.year,
            it.quantiles[3],
            it.quantiles[1],
            it.quantiles[5],
            it.quantiles[0],
            it.quantiles[6]
        ),
        (None, _) => t("没有推演值", "no forecast").to_owned(),
    };
    let body = html! {
        @for (place, (_, _, ink)) in bands.iter().enumerate() {
            @let left = LEFT + place as f64 * 52.0;
            rect x=(number(left)) y="4" width="12" height="10" fill=(if fan.passed { ink } else { "none" }) stroke=(ink) stroke-width="1.5" {}
            text x=(number(left + 16.0)) y="13" font-size="11" { (["95%", "80%", "50%"][place]) }
        }
        line x1=(number(LEFT + 156.0)) x2=(number(LEFT + 172.0)) y1="9" y2="9" stroke="#0b4f8a" stroke-width="2" {}
        text x=(number(LEFT + 176.0)) y="13" font-size="11" { (t("中位数", "median")) }
        @if !fan.baseline.is_empty() {
            line x1=(number(LEFT + 222.0)) x2=(number(LEFT + 238.0)) y1="9" y2="9" stroke="#d55e00" stroke-width="1.5" stroke-dasharray="4 3" {}
            text x=(number(LEFT + 242.0)) y="13" font-size="11" { (t("基准中位数", "baseline")) }
        }
        @if !fan.passed {
            text x=(number(LEFT)) y="27" font-size="10" fill="#b5540b" { (t("未通过回测：区间只画轮廓", "no passed back-test: bands are hollow")) }
        }
        @for value in ticks {
            line x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(number(y(value))) y2=(number(y(value))) stroke="#e3e7eb" stroke-width="0.7" {}
            text x=(number(LEFT - 5.0)) y=(number(y(value) + 4.0)) text-anchor="end" font-size="11" { (short(value)) }
        }
        @for (low, high, ink) in bands {
            @if fan.passed {
                polygon points=(band(low, high)) fill=(ink) {}
            } @else {
                polygon points=(band(low, high)) fill="none" stroke=(ink) stroke-width="1.3" {}
            }
        }
        @for (label, value) in levels {
            line x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(number(y(*value))) y2=(number(y(*value))) stroke="#7a5230" stroke-width="1" stroke-dasharray="2 3" {}
            text x=(number(LEFT + 3.0)) y=(number(y(*value) - 3.0)) font-size="11" fill="#7a5230" { (label) }
        }
        polyline points=(line(&mut fan.bands.iter().map(|it| (it.year, it.quantiles[3])))) fill="none" stroke="#0b4f8a" stroke-width="2" {}
        @if !fan.baseline.is_empty() {
            polyline points=(line(&mut fan.baseline.iter().copied())) fill="none" stroke="#d55e00" stroke-width="1.5" stroke-dasharray="4 3" {}
        }
        polyline points=(line(&mut fan.actual.iter().copied())) fill="none" stroke="#24292f" stroke-width="2" {}
        @for (year, value) in &fan.actual {
            circle cx=(number(x(*year))) cy=(number(y(*value))) r="2.4" fill="#24292f" {}
        }
        @for (year, value) in &targets {
            @let (at, height) = (x(*year), y(*value));
            path d=(format!("M{} {}l4 4l-4 4l-4 -4z", number(at), number(height - 4.0))) fill="#009e73" {}
            text x=(number(at - 7.0)) y=(number(height + 4.0)) text-anchor="end" font-size="11" fill="#00694d" { (t("目标", "target")) }
        }
        line x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(number(TOP + HEIGHT)) y2=(number(TOP + HEIGHT)) stroke="#8a9097" {}
        @for year in (first..=last).filter(|it| (it - last) % every == 0) {
            text x=(number(x(year).min(WIDTH - text_width("2035") / 2.0))) y=(number(TOP + HEIGHT + 15.0)) text-anchor="middle" font-size="11" { (year) }
        }
    };
    picture(&fan.title, &description, TOP + HEIGHT + 20.0, &body)
}

fn point(x: f64, y: f64) -> String {
    format!("{},{}", number(x), number(y))
}

/// A round step that cuts `most` into at most six.
fn tick(most: f64) -> f64 {
    let raw = most / 5.0;
    let power = 10.0_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|it| it * power >= raw * 0.999);
    step.unwrap_or(10.0) * power
}

fn short(value: f64) -> String {
    if value == 0.0 || value >= 10.0 {
        return format!("{value:.0}");
    }
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn fan(passed: bool) -> Fan {
        let band = |year: i32, by: f64| FanBand {
            year,
            quantiles: [50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 120.0].map(|it| it + by),
        };
        Fan {
            title: "西安/光子 产值（亿元，现价）".into(),
            actual: vec![(2023, 70.0), (2024, 75.0)],
            bands: vec![band(2025, 0.0), band(2026, 8.0)],
            baseline: vec![(2025, 79.0), (2026, 85.0)],
            levels: vec![("百亿".into(), 100.0), ("千亿".into(), 1000.0)],
            targets: vec![(2026, 110.0), (2040, 90.0)],
            passed,
        }
    }

    #[test]
    fn a_fan_says_its_numbers_and_is_hollow_without_a_back_test() {
        let hollow = fan_svg(&fan(false), Lang::Zh).into_string();
        assert!(hollow.contains("未通过回测") && !hollow.contains("polygon fill=\"#"), "{hollow}");
        assert!(hollow.contains("2026 年中位数 88.0，80% 区间 68.0—108.0"));
        assert!(
            hollow.contains("百亿") && !hollow.contains("千亿"),
            "levels far away are left out"
        );
        assert_eq!(hollow.matches("目标").count(), 1);
        let filled = fan_svg(&fan(true), Lang::En).into_string();
        assert!(filled.contains("fill=\"#cfe6f5\"") && !filled.contains("hollow"));
        assert!(!filled.contains("NaN"));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(tick(120.0), 50.0);
        assert_eq!(tick(9.0), 2.0);
        assert_eq!(
            (short(0.0), short(50.0), short(0.25), short(5.0)),
            ("0".into(), "50".into(), "0.25".into(), "5".into())
        );
    }
}
