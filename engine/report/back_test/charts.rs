//! Charts of a back-test: skills by series, and fans over what came.

use maud::{Markup, html};

use crate::model::Lang;
use crate::report::charts::{BAR, BAR_STEP, Ink, TEXT, WIDTH, fit, number, picture, text_width};
use crate::simulation::backtest::{BackTest, Panel, Scored, SeriesSkill};

use super::rival_label;

/// Skills beyond this are drawn at the edge; their numbers stand beside them.
const EDGE: f64 = 0.6;
/// Height of a fan chart without its labels.
const HEIGHT: f64 = 130.0;
/// Room for the numbers on the left of a fan chart.
const LEFT: f64 = 52.0;

/// One chart per rival: bars to the right where the model is better, to the left where it is worse.
pub(super) fn skills(panel: &Panel, result: &BackTest, lang: Lang) -> Markup {
    let series = &result.verdict.series;
    let name = |group: usize| panel.groups[group].as_str();
    let label = series.iter().map(|it| text_width(name(it.group))).fold(0.0, f64::max).min(90.0);
    let middle = label + 8.0 + (WIDTH - label - 8.0 - 60.0) / 2.0;
    let half = (WIDTH - label - 8.0 - 60.0) / 2.0;
    let height = series.len() as f64 * BAR_STEP + 4.0;
    html! {
        @for rival in 0..3 {
            @let sorted = by_skill(series, rival);
            @let title = format!("{} {}", lang.pick("得分：对", "Skill against"), rival_label(rival, lang));
            figure {
                (picture(&title, lang.pick("右侧为模型更好", "to the right: the model is better"), height, &html! {
                    line x1=(number(middle)) x2=(number(middle)) y1="0" y2=(number(height)) stroke="#8a9097" {}
                    @for (place, it) in sorted.iter().enumerate() {
                        @let y = place as f64 * BAR_STEP + 4.0;
                        @let skill = it.skill[rival];
                        @let length = (skill.abs().min(EDGE) / EDGE * half).max(1.0);
                        @let ink = if skill > 0.0 { Ink::Blue } else { Ink::Orange };
                        text x=(number(label)) y=(number(y + BAR - 3.5)) text-anchor="end" { (fit(name(it.group), label)) }
                        rect x=(number(if skill > 0.0 { middle } else { middle - length })) y=(number(y))
                            width=(number(length)) height=(number(BAR)) fill=(ink.css()) {}
                        text x=(number(WIDTH)) y=(number(y + BAR - 3.5)) text-anchor="end" font-size=(number(TEXT - 1.0)) {
                            (format!("{:+.0} %", 100.0 * skill))
                        }
                    }
                }))
                figcaption { (title) }
            }
        }
    }
}

/// The best first, then in order of groups.
fn by_skill(series: &[SeriesSkill], rival: usize) -> Vec<&SeriesSkill> {
    let mut sorted: Vec<&SeriesSkill> = series.iter().collect();
    sorted.sort_by(|a, b| b.skill[rival].total_cmp(&a.skill[rival]).then(a.group.cmp(&b.group)));
    sorted
}

/// A group's series with the bands of forecasts whose years do not overlap, latest first chosen.
pub(super) fn fan(panel: &Panel, result: &BackTest, group: usize, lang: Lang) -> Markup {
    let own: Vec<&Scored> = result.scored.iter().filter(|it| it.group == group).collect();
    let mut origins: Vec<i32> = own.iter().map(|it| it.origin).collect();
    origins.sort_unstable_by(|a, b| b.cmp(a));
    origins.dedup();
    // From the end backwards, so that the latest full forecast is among them.
    let mut chosen: Vec<i32> = Vec::new();
    for origin in origins {
        let end = own.iter().filter(|it| it.origin == origin).map(|it| end_of(it)).max();
        if chosen.last().is_none_or(|later| end.is_some_and(|end| end <= *later)) {
            chosen.push(origin);
        }
    }
    let value = |year: i32| -> Option<f64> {
        let at = panel.years.binary_search(&year).ok()?;
        panel.outputs[at][group].map(f64::log2)
    };
    let points: Vec<(i32, f64)> =
        panel.years.iter().filter_map(|year| Some((*year, value(*year)?))).collect();
    let bands: Vec<(i32, f64, Vec<&Scored>)> = chosen
        .iter()
        .filter_map(|origin| {
            let mut rows: Vec<&Scored> =
                own.iter().copied().filter(|it| it.origin == *origin).collect();
            rows.sort_by_key(|it| it.horizon);
            Some((*origin, value(*origin)?, rows))
        })
        .collect();
    let edges = bands.iter().flat_map(|(_, start, rows)| {
        rows.iter().flat_map(move |it| [start + it.quantiles[0], start + it.quantiles[6]])
    });
    let all: Vec<f64> = points.iter().map(|it| it.1).chain(edges).collect();
    let (low, high) = all.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return html! {} };
    let span = f64::from((last.0 - first.0).max(1));
    let x = |year: i32| LEFT + f64::from(year - first.0) / span * (WIDTH - LEFT - 8.0);
    let y = |v: f64| 6.0 + (high - v) / (high - low).max(1e-9) * HEIGHT;
    let outline = |start: f64, origin: i32, rows: &[&Scored], (a, b): (usize, usize)| {
        let forward = rows.iter().map(|it| (end_of(it), start + it.quantiles[b]));
        let back = rows.iter().rev().map(|it| (end_of(it), start + it.quantiles[a]));
        let path = std::iter::once((origin, start)).chain(forward).chain(back);
        let path: Vec<String> =
            path.map(|(year, v)| format!("{},{}", number(x(year)), number(y(v)))).collect();
        path.join(" ")
    };
    let name = &panel.groups[group];
    let yi = |v: f64| v.exp2() / 1e4;
    let told = format!(
        "{name}：{} {:.1}，{} {:.1} {}",
        first.0,
        yi(first.1),
        last.0,
        yi(last.1),
        lang.pick("亿元", "hundred million yuan"),
    );
    html! {
        figure {
            (picture(name, &told, HEIGHT + 26.0, &html! {
                @for (origin, start, rows) in &bands {
                    @for (ends, opacity) in [((0, 6), "0.25"), ((1, 5), "0.35"), ((2, 4), "0.55")] {
                        polygon points=(outline(*start, *origin, rows, ends)) fill=(Ink::Sky.css()) fill-opacity=(opacity) {}
                    }
                    polyline points=(outline(*start, *origin, rows, (3, 3))) fill="none" stroke="#fff" stroke-width="1.5" {}
                }
                @for (year, v) in &points {
                    circle cx=(number(x(*year))) cy=(number(y(*v))) r="2.5" fill="#24292f" {}
                }
                @for v in [high, low] {
                    text x=(number(LEFT - 6.0)) y=(number(y(v) + 4.0)) text-anchor="end" font-size="10" { (short(yi(v))) }
                }
                @for year in [first.0, last.0] {
                    text x=(number(x(year))) y=(number(HEIGHT + 22.0)) font-size="10"
                        text-anchor=(if year == first.0 { "start" } else { "end" }) { (year) }
                }
            }))
            figcaption { (name) (lang.pick("（亿元，对数刻度）", " (hundred million yuan, logarithmic)")) }
        }
    }
}

fn end_of(it: &Scored) -> i32 {
    it.origin + i32::try_from(it.horizon).unwrap_or(0)
}

/// Three digits are enough on an axis.
fn short(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
