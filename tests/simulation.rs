//! Stylised facts of firms and clusters (F1 to F9, F11) in the reference economy.
//!
//! Two seeds of 30,000 firms over 15 years. The defaults were tuned to F1 to F6, so these tests
//! guard the calibration; they are no independent evidence.

#![expect(clippy::print_stderr, reason = "figures are told to who runs the tests")]

use std::collections::HashMap;

use duijie::kernel::firm_step::fixed::to_f64;
use duijie::simulation::{
    Economy, Parameters, Relatedness, Setup, normaliser, reference_firms, replicates,
};

const YEARS: usize = 15;

/// A province of 11 cities and 32 industries growing at 0.021 log₂ per quarter.
fn reference(firms: u32, seed: u32, years: u32, parameters: Parameters) -> Setup {
    let key = [seed, 678];
    let empty = |firms| Setup::new(parameters, key, (11, 32), 0.021, firms);
    // The tables of the parameters are needed to draw the firms.
    let first = reference_firms(
        1,
        352,
        key,
        &duijie::kernel::firm_step::tables::Tables::new(
            parameters.young,
            parameters.tau,
            parameters.logit0,
            parameters.logit1,
        ),
    );
    let tables = empty(first).expect("one firm");
    let firms = reference_firms(firms, 352, key, tables.tables());
    let mut setup = empty(firms).expect("valid");
    setup.normaliser = normaliser(&setup, 4 * years).expect("valid");
    setup
}

/// Log₂ size and capability by firm at the end of a year.
type Panel = HashMap<u32, (f64, f64, u32)>;

/// What one run leaves to be measured.
#[derive(Default)]
struct History {
    panels: Vec<Panel>,
    outputs: Vec<Vec<f64>>,
    entries: f64,
    exits: f64,
}

fn observe(economy: &Economy<'_>, history: &mut History) {
    history.entries += economy.entries().iter().map(|n| f64::from(*n)).sum::<f64>();
    history.exits += economy.clusters().iter().map(|it| f64::from(it.exits)).sum::<f64>();
    if economy.quarter().is_multiple_of(4) {
        let row = |firm: duijie::kernel::firm_step::FirmRow| {
            (firm.uid, (to_f64(firm.x), to_f64(firm.a), firm.age()))
        };
        history.panels.push(economy.firms().map(row).collect());
        // 16 sixteenths of 万元, 10⁴ 万元 to 亿元.
        let outputs = economy.clusters().iter().map(|it| it.output as f64 / 16e4);
        history.outputs.push(outputs.collect());
    }
}

fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let ((mx, sx), (my, sy)) = (moments(&x), moments(&y));
    let products: Vec<f64> = pairs.iter().map(|(x, y)| (x - mx) * (y - my)).collect();
    moments(&products).0 / (sx * sy)
}

/// Hill's estimator (1975) over the largest 1/`part` of log₂ sizes.
fn hill(panel: &Panel, part: usize) -> f64 {
    let mut sizes: Vec<f64> = panel.values().map(|it| it.0).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let k = sizes.len() / part;
    let excess: f64 = sizes[..k].iter().map(|x| x - sizes[k]).sum();
    k as f64 / (excess * std::f64::consts::LN_2)
}

/// ln Γ by Stirling's series after a shift to arguments above 8.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 8.0 {
        shift += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

/// Maximum-likelihood exponent of Subbotin's density around the median (Bottazzi and Secchi).
fn subbotin(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let likelihood = |b: f64| {
        let mean = values.iter().map(|v| (v - median).abs().powf(b)).sum::<f64>();
        let scale = (mean / values.len() as f64).powf(1.0 / b);
        -scale.ln() - b.ln() / b - ln_gamma(1.0 + 1.0 / b) - 1.0 / b
    };
    // The likelihood has one maximum: ternary search to a thousandth.
    let (mut low, mut high) = (0.3, 3.0);
    while high - low > 1e-3 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if likelihood(left) > likelihood(right) { high = right } else { low = left }
    }
    f64::midpoint(low, high)
}

/// Least-squares slope with weights: (x, y, weight).
fn slope(points: &[(f64, f64, f64)]) -> f64 {
    let total: f64 = points.iter().map(|p| p.2).sum();
    let mean =
        |f: fn(&(f64, f64, f64)) -> f64| points.iter().map(|p| p.2 * f(p)).sum::<f64>() / total;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let cross: f64 = points.iter().map(|p| p.2 * (p.0 - mx) * (p.1 - my)).sum();
    cross / points.iter().map(|p| p.2 * (p.0 - mx).powi(2)).sum::<f64>()
}

/// Whether `value` lies in the range, with a line for the record.
fn within(name: &str, value: f64, range: std::ops::RangeInclusive<f64>, faults: &mut Vec<String>) {
    let line = format!("{name}: {value:.3} in {range:?}");
    eprintln!("{line}");
    if !range.contains(&value) {
        faults.push(line);
    }
}

#[test]
fn firms_and_clusters_show_the_known_regularities() {
    let mut faults = Vec::new();
    for seed in [1, 2] {
        let setup = reference(30_000, seed, 15, Parameters::default());
        let mut histories = replicates(&setup, 0..1, 60, observe).expect("room");
        let history = histories.pop().expect("one replicate");
        measure(&history, &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn measure(history: &History, faults: &mut Vec<String>) {
    let panels = &history.panels;
    within("F1 Hill 5 %", hill(&panels[YEARS], 20), 0.85..=1.35, faults);
    within("F1 Hill 10 %", hill(&panels[YEARS], 10), 0.85..=1.35, faults);

    // Growth by size before it, from the third year on: (size, growth, capability, growth before).
    let mut growth: Vec<(f64, f64, f64, Option<f64>)> = Vec::new();
    for year in 2..YEARS {
        for (uid, (x, a, _)) in &panels[year] {
            let Some((next, ..)) = panels[year + 1].get(uid) else { continue };
            let before = panels[year - 1].get(uid).map(|(last, ..)| x - last);
            growth.push((*x, next - x, *a, before));
        }
    }
    let (mut scaled, mut deviations) = (Vec::new(), Vec::new());
    for bin in 9..23 {
        let low = f64::from(bin);
        let inside = growth.iter().filter(|it| (low..low + 1.0).contains(&it.0));
        let values: Vec<f64> = inside.map(|it| it.1).collect();
        if values.len() > 100 {
            let (mean, sd) = moments(&values);
            deviations.push((low + 0.5, sd.log2(), values.len() as f64));
            scaled.extend(values.iter().map(|v| (v - mean) / sd));
            if bin == 9 {
                // F7, the known miss: small survivors should grow no slower than large ones.
                within("F7 (miss) mean growth at 2⁹ 万元", mean, -0.3..=0.0, faults);
            }
        }
    }
    within("F2 Subbotin b", subbotin(&scaled), 0.85..=1.15, faults);
    within("F3 size–variance slope", slope(&deviations), -0.22..=-0.13, faults);
    let by_a: Vec<_> = growth.iter().map(|it| (it.2, it.1)).collect();
    within("F5 R² of growth on capability", correlation(&by_a).powi(2), 0.01..=0.06, faults);
    let lagged: Vec<_> = growth.iter().filter_map(|it| Some((it.3?, it.1))).collect();
    within("F6 autocorrelation", correlation(&lagged), -0.15..=0.15, faults);

    let firm_years: f64 = panels[..YEARS].iter().map(|it| it.len() as f64).sum();
    within("F4a entry", history.entries / firm_years, 0.06..=0.12, faults);
    within("F4a exit", history.exits / firm_years, 0.05..=0.10, faults);
    survival(panels, faults);

    let pairs = history.outputs.windows(2).flat_map(|it| it[0].iter().zip(&it[1]));
    let large: Vec<f64> = pairs.filter(|it| *it.0 > 5.0).map(|it| (it.1 / it.0).ln()).collect();
    within("F8 Subbotin b of clusters", subbotin(&large), 0.3..=1.6, faults);
    within("F8 deviation of clusters", moments(&large).1, 0.10..=0.25, faults);
}

/// F4b and F4c: yearly hazard of firms born in the run, by age in years.
fn survival(panels: &[Panel], faults: &mut Vec<String>) {
    let (mut at_risk, mut dead) = ([0.0; 16], [0.0; 16]);
    for (panel, next) in panels.iter().zip(&panels[1..]) {
        for (uid, (.., age)) in panel.iter().filter(|(uid, _)| *uid >> 31 == 1) {
            let year = (*age as usize / 4).min(15);
            at_risk[year] += 1.0;
            dead[year] += f64::from(u8::from(!next.contains_key(uid)));
        }
    }
    let hazard: Vec<f64> = (0..12).map(|year| dead[year] / at_risk[year]).collect();
    eprintln!("F4b hazard by age {hazard:.3?}");
    let peak = (0..12).max_by(|a, b| hazard[*a].total_cmp(&hazard[*b])).expect("twelve");
    within("F4b year of the greatest hazard", peak as f64 + 1.0, 2.0..=4.0, faults);
    let five: f64 = hazard[..5].iter().map(|h| 1.0 - h).product();
    within("F4c survival of five years", five, 0.62..=0.78, faults);
}

/// F11: the tail stays a Pareto tail for thirty years; beyond, the model is not valid.
#[test]
fn the_tail_is_stable_over_the_horizon() {
    let setup = reference(10_000, 1, 30, Parameters::default());
    let keep = |economy: &Economy<'_>, last: &mut Panel| {
        if economy.quarter() >= 80 && economy.quarter().is_multiple_of(20) {
            *last = economy.firms().map(|it| (it.uid, (to_f64(it.x), 0.0, 0))).collect();
            let tail = hill(last, 10);
            assert!((0.9..=1.3).contains(&tail), "{}: {tail}", economy.quarter());
        }
    };
    let last = replicates(&setup, 0..1, 120, keep).expect("room");
    assert!(last[0].len() > 5000);
}

/// F9: the slope of entry on relatedness, estimated from the panel, is the one put in.
#[test]
fn relatedness_is_recovered_from_the_panel() {
    // Four groups of eight industries that are close to each other and far from the rest.
    let proximity = (0..32 * 32).map(|i| match (i / 32, i % 32) {
        (a, b) if a == b => 0,
        (a, b) if a / 8 == b / 8 => 40_000,
        _ => 4_000,
    });
    let relatedness = Relatedness::new(32, proximity.collect()).expect("32 by 32");
    let parameters = Parameters::default();
    let mut setup = reference(30_000, 1, 5, parameters);
    setup.relatedness = Some(relatedness.clone());
    // Entrants, expected entrants without relatedness, z.
    type Row = (f64, f64, f64);
    type Kept = (Vec<Row>, Vec<(f64, f64)>);
    let keep = |economy: &Economy<'_>, (rows, before): &mut Kept| {
        for (c, (base, z)) in before.iter().enumerate() {
            let entrants = economy.entries()[c] - economy.clusters()[c].spin_offs;
            rows.push((f64::from(entrants), *base, *z));
        }
        let density = relatedness.density(economy.clusters());
        let base = economy.clusters().iter().map(|it| f64::from(it.firms) + 0.02);
        *before = base.zip(density.iter().map(|z| to_f64(*z))).collect();
    };
    let runs: Vec<Kept> = replicates(&setup, 0..4, 20, keep).expect("room");
    let rows: Vec<Row> = runs.into_iter().flat_map(|it| it.0).collect();
    // Poisson regression with offset by Newton's method: ln rate = α + β·z.
    let (mut alpha, mut beta) = (-4.0, 0.0);
    for _ in 0..30 {
        let (mut g, mut h) = ([0.0; 2], [0.0; 3]);
        for (count, base, z) in &rows {
            let rate = base * (alpha + beta * z).exp();
            g = [g[0] + count - rate, g[1] + z * (count - rate)];
            h = [h[0] + rate, h[1] + z * rate, h[2] + z * z * rate];
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        alpha += (h[2] * g[0] - h[1] * g[1]) / determinant;
        beta += (h[0] * g[1] - h[1] * g[0]) / determinant;
    }
    let found = beta / std::f64::consts::LN_2;
    eprintln!("F9 b_ρ {found:.3} for {}", parameters.b_relatedness);
    assert!((found / parameters.b_relatedness - 1.0).abs() < 0.2, "{found}");
}
