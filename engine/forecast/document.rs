//! Results into documents: tables, charts, the page.

use std::path::Path;

use super::error::ForecastError;
use super::manifest::gathered;
use super::outlook;
use super::parts::Parts;
use super::plan::{Plan, Told};
use super::results::{THRESHOLDS, baseline_name, results};
use super::sample::Sample;
use super::sentence::{focus, sentence, year};
use super::shapley::REPLICATES;
use super::shares::{Share, Sources, attribution, attribution_table, sources};
use super::statistics::{quantile, sorted};
use crate::model::{Lang, Wording};
use crate::report::{
    DataColumn, DataTable, Fan, FanBand, ForecastPage, ScenarioPage, Shares, Shown, Split,
    TableCell, fan_svg, png, shares_svg, write_data_table, write_forecast,
};
use crate::scenario::{Catalogue, Places};

/// Quantiles of the bands.
const BANDS: [f64; 7] = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];
/// Charts of one scenario on the page; all of them are files.
const CHARTS: usize = 6;

/// What documents say of the run.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) lang: Lang,
    pub(super) started_at: String,
    pub(super) passed: bool,
    /// Wanted replicates.
    pub(super) wanted: u32,
    pub(super) facts: Vec<(Wording, String)>,
}

/// Writes all documents of what is there; PNG only with `pictures`. Returns the sentences.
pub(super) fn write(
    out: &Path,
    plan: &Plan,
    parts: &Parts,
    about: &About,
    pictures: bool,
) -> Result<Vec<Wording>, ForecastError> {
    let lang = about.lang;
    let results = results(plan, parts)?;
    let mut shares = Vec::new();
    for (nth, told) in plan.told.iter().enumerate() {
        shares.push((nth, attribution(plan, parts, told)?));
    }
    let attribution = attribution_table(plan, &shares);
    let targets = outlook::targets(plan, parts)?;
    let warning = outlook::warning(plan, parts, about.passed)?;
    let potential = outlook::potential(plan, parts)?;
    let mut variance = variance_table();
    let mut pages = Vec::new();
    let mut sentences = Vec::new();
    let charts = out.join("charts");
    std::fs::create_dir_all(&charts).map_err(|e| ForecastError::io("create", &charts, e))?;
    for (nth, told) in plan.told.iter().enumerate() {
        let scenario = &plan.scenarios[told.scenario];
        let at = scenario.years().iter().position(|it| *it == year(plan)).unwrap_or(0);
        let (mut fans, mut changes) = (Vec::new(), false);
        for (place, cluster) in plan.clusters.iter().enumerate() {
            let full = Sample::read(parts, told.full, place)?;
            let baseline = Sample::read(parts, told.baseline, place)?;
            changes |= full.differs(&baseline);
            if let Some(split) = sources(plan, told, &full, &baseline, at) {
                variance.rows.push(variance_row(&scenario.name, *cluster, year(plan), &split));
            }
            if scenario.clusters.contains(cluster) {
                fans.push((*cluster, fan(plan, told, *cluster, &full, &baseline, about)));
            }
        }
        for (cluster, fan) in &fans {
            let name = format!("{}_{}", scenario.name, Places::shipped().name(*cluster));
            chart(&charts, &name, &fan_svg(fan, lang).into_string(), pictures)?;
        }
        let sentence = sentence(plan, told, &results, changes);
        let focus = focus(plan, told);
        // The cluster that the scenario is about comes first.
        fans.sort_by_key(|(cluster, _)| (*cluster != focus, *cluster));
        let of_focus = |share: &&Share| plan.clusters.get(share.place) == Some(&focus);
        let own: Vec<Share> = shares[nth].1.iter().filter(of_focus).cloned().collect();
        let attribution = (!own.is_empty()).then(|| shared(plan, told, focus, &own, lang));
        if let Some((shares, _)) = &attribution {
            chart(
                &charts,
                &format!("{}_分摊", scenario.name),
                &shares_svg(shares).into_string(),
                pictures,
            )?;
        }
        let uncertainty = uncertain(&variance, &scenario.name, focus, lang);
        if let Some((shares, _)) = &uncertainty {
            chart(
                &charts,
                &format!("{}_不确定来源", scenario.name),
                &shares_svg(shares).into_string(),
                pictures,
            )?;
        }
        pages.push(ScenarioPage {
            name: scenario.name.clone(),
            note: scenario.note.clone(),
            baseline: baseline_name(plan, told),
            sentence: sentence.clone(),
            fans: fans.into_iter().take(CHARTS).map(|it| it.1).collect(),
            attribution,
            uncertainty,
            tables: scenario_tables(plan, told, &results.difference, &results.thresholds),
        });
        sentences.push(sentence);
    }
    let catalogue = levers(plan);
    let mut all = vec![
        &results.fan,
        &results.difference,
        &results.thresholds,
        &results.passage,
        &attribution,
        &variance,
        &targets,
        &warning,
        &potential,
    ];
    all.extend(catalogue.as_ref());
    for table in all {
        write_data_table(out, table, lang)?;
    }
    let page = ForecastPage {
        lang,
        started_at: about.started_at.clone(),
        program: format!("duijie {}", env!("CARGO_PKG_VERSION")),
        measure: {
            let series = &plan.scenarios[0].series;
            let unit = lang.pick("亿元", "100 m yuan");
            format!("{}（{}，{unit}）", series.measure.label(lang), series.prices.label(lang))
        },
        data_year: plan.scenarios[0].start.year - 1,
        replicates: (parts.done(), about.wanted),
        demonstration: plan.scenarios.iter().any(|it| it.demonstration),
        passed: about.passed,
        scenarios: pages,
        tables: over_all(targets, warning, potential),
        warnings: gathered(plan, |it| &it.warnings),
        notes: gathered(plan, |it| &it.notes),
        levers: catalogue,
        facts: about.facts.clone(),
    };
    write_forecast(&out.join("report.html"), &page)?;
    Ok(sentences)
}

fn over_all(targets: DataTable, warning: DataTable, potential: DataTable) -> Vec<Shown> {
    let mut tables: Vec<Shown> = Vec::new();
    if !targets.rows.is_empty() {
        tables.push((
            Wording::new("计划目标", "Targets"),
            targets,
            Wording::new(
                "百分位越高，目标越难达到：第 90 百分位表示十次推演里只有一次达到。已过年份写实际，没有就写缺数据。",
                "The higher the percentile, the harder the target: at the 90th one replicate in ten reaches it. Years that have passed show the actual.",
            ),
        ));
    }
    tables.push((
        Wording::new("风险预警", "Early warning"),
        warning,
        Wording::new(
            "颜色按一年内产值下降超过 10% 的概率：蓝 ≥10%，黄 ≥20%，橙 ≥35%，红 ≥50%。没有通过留出检验之前一律空心。",
            "Colours by the probability that output falls by more than 10 % within a year: blue from 10 %, yellow 20 %, orange 35 %, red 50 %; hollow before a passed hold-out.",
        ),
    ));
    tables.push((
        Wording::new("还能在哪里长出集群", "Where clusters may grow"),
        potential,
        Wording::new(
            "每个市（区）里现有企业不足 10 家的产业，按 5 年后至少有 10 家的概率排列；关联密度只在给出产业关联度时才有。",
            "Industries with fewer than ten firms in a city, by the probability of ten firms after five years; density only where relatedness is given.",
        ),
    ));
    tables
}

/// A chart with its title written above it, for use without the page.
fn titled(svg: &str) -> String {
    /// Room for the title, in the units of the chart.
    const ROOM: f64 = 24.0;
    let between = |from: &str, to: &str| {
        let rest = &svg[svg.find(from)? + from.len()..];
        Some(rest[..rest.find(to)?].to_owned())
    };
    let parts = between("viewBox=\"0 0 ", "\"").zip(between("<title>", "</title>"));
    let Some((size, title)) = parts else { return svg.to_owned() };
    let Some((width, height)) = size.split_once(' ') else { return svg.to_owned() };
    let higher = height.parse::<f64>().map_or(ROOM, |it| it + ROOM);
    svg.replacen(
        &format!("viewBox=\"0 0 {size}\""),
        &format!("viewBox=\"0 -{ROOM} {width} {higher}\""),
        1,
    )
    .replacen(
        "</desc>",
        &format!(
            "</desc><text x=\"4\" y=\"-9\" font-size=\"13\" font-weight=\"600\">{title}</text>"
        ),
        1,
    )
}

/// Writes one chart as SVG, and as PNG with `pictures`.
fn chart(folder: &Path, name: &str, svg: &str, pictures: bool) -> Result<(), ForecastError> {
    let safe: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || "_-（）".contains(c) { c } else { '_' })
        .collect();
    let svg = titled(svg);
    // A file stands by itself, without the page's style.
    let svg = svg.replacen(
        "<svg ",
        "<svg font-family=\"Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif\" ",
        1,
    );
    let path = folder.join(format!("{safe}.svg"));
    std::fs::write(&path, &svg).map_err(|e| ForecastError::io("write", &path, e))?;
    if pictures {
        let drawn = png(&svg)?;
        let path = folder.join(format!("{safe}.png"));
        std::fs::write(&path, drawn).map_err(|e| ForecastError::io("write", &path, e))?;
    }
    Ok(())
}

fn fan(
    plan: &Plan,
    told: &Told,
    cluster: usize,
    full: &Sample,
    baseline: &Sample,
    about: &About,
) -> Fan {
    let scenario = &plan.scenarios[told.scenario];
    let years = scenario.years();
    let ascending = |sample: &Sample, at: usize| sorted(sample.output(at).into_iter());
    let lang = about.lang;
    let series = &scenario.series;
    let bands = years.iter().enumerate().map(|(at, year)| {
        let output = ascending(full, at);
        FanBand { year: *year, quantiles: BANDS.map(|p| quantile(&output, p)) }
    });
    let medians =
        years.iter().enumerate().map(|(at, year)| (*year, quantile(&ascending(baseline, at), 0.5)));
    let figures = series.figures.get(&cluster);
    let targets = scenario.targets.iter().filter(|it| it.cluster == cluster);
    Fan {
        title: format!(
            "{} {}（{}，{}）",
            Places::shipped().name(cluster),
            series.measure.label(lang),
            lang.pick("亿元", "100 m yuan"),
            series.prices.label(lang)
        ),
        actual: figures.into_iter().flatten().map(|(year, it)| (*year, it.value / 1e4)).collect(),
        bands: bands.collect(),
        baseline: if told.full == told.baseline { Vec::new() } else { medians.collect() },
        levels: THRESHOLDS
            .iter()
            .map(|(zh, en, value)| (lang.pick(zh, en).to_owned(), *value))
            .collect(),
        targets: targets.map(|it| (it.year, it.value / 1e4)).collect(),
        passed: about.passed,
    }
}

fn shared(
    plan: &Plan,
    told: &Told,
    cluster: usize,
    own: &[Share],
    lang: Lang,
) -> (Shares, Wording) {
    let scenario = &plan.scenarios[told.scenario];
    let last = *scenario.years().last().expect("at least one year");
    let (orders, _) = told.orders.as_ref().expect("there are shares");
    let n = scenario.replicates.min(REPLICATES);
    let total: f64 = own.iter().map(|it| it.value).sum();
    let name = Places::shipped().name(cluster);
    let title = match lang {
        Lang::Zh => format!("{name}：{last} 年的效果分给各杠杆"),
        Lang::En => format!("{name}: the effect in {last}, shared among levers"),
    };
    let splits = own.iter().map(|it| Split {
        label: it.player.clone(),
        value: it.value,
        // 95 % of a normal distribution.
        margin: 1.96 * it.error,
    });
    let shares = Shares {
        description: match lang {
            Lang::Zh => format!("合计 {total:+.2} 亿元"),
            Lang::En => format!("{total:+.2} (100 m yuan) together"),
        },
        title,
        unit: lang.pick(" 亿元", "").to_owned(),
        decimals: 2,
        signed: true,
        splits: splits.collect(),
    };
    let how = if orders.is_exact() {
        Wording::new(
            format!(
                "沙普利值：各杠杆的全部组合都在前 {n} 次推演里算过，合计 {total:+.2} 亿元。横线为 95% 区间。"
            ),
            format!(
                "Shapley values over all combinations of levers in the first {n} replicates, {total:+.2} together; lines are 95 % intervals."
            ),
        )
    } else {
        let sampled = orders.sampled();
        Wording::new(
            format!(
                "沙普利值：杠杆超过 5 个，只抽取了 {sampled} 种加入次序（前 {n} 次推演），是近似值；合计 {total:+.2} 亿元。"
            ),
            format!(
                "Shapley values from {sampled} sampled orders in the first {n} replicates, because there are more than five levers: an approximation; {total:+.2} together."
            ),
        )
    };
    (shares, how)
}

fn variance_table() -> DataTable {
    DataTable {
        name: "variance",
        columns: vec![
            DataColumn::text("scenario", "情景", "scenario"),
            DataColumn::text("cluster", "集群", "cluster"),
            DataColumn::number("year", "年份", "year", 0),
            DataColumn::number("luck", "企业与集群的运气（%）", "luck (%)", 1),
            DataColumn::number("national", "全国增速（%）", "national path (%)", 1),
            DataColumn::number(
                "structure",
                "参数与未观察到的企业（%）",
                "parameters and unobserved firms (%)",
                1,
            ),
            DataColumn::number("effects", "杠杆的效果（%）", "effects of levers (%)", 1),
            DataColumn::number("sd", "标准差（log₂）", "standard deviation (log2)", 3),
        ],
        rows: Vec::new(),
    }
}

fn variance_row(scenario: &str, cluster: usize, year: i32, split: &Sources) -> Vec<TableCell> {
    let total = split.luck + split.national + split.structure + split.effects;
    let percent =
        |part: f64| TableCell::Number(if total > 0.0 { part / total * 100.0 } else { 0.0 });
    vec![
        scenario.into(),
        Places::shipped().name(cluster).into(),
        TableCell::Number(f64::from(year)),
        percent(split.luck),
        percent(split.national),
        percent(split.structure),
        percent(split.effects),
        TableCell::Number(total.sqrt()),
    ]
}

fn uncertain(
    variance: &DataTable,
    scenario: &str,
    cluster: usize,
    lang: Lang,
) -> Option<(Shares, Wording)> {
    let name = Places::shipped().name(cluster);
    let text = |it: &str| TableCell::Text(it.to_owned());
    let row = variance.rows.iter().find(|it| it[0] == text(scenario) && it[1] == text(&name))?;
    let TableCell::Number(year) = row[2] else { return None };
    let splits = (3..7).map(|at| {
        let TableCell::Number(value) = row[at] else { return None };
        let column = &variance.columns[at];
        let label = lang.pick(column.zh, column.en);
        let label = label.trim_end_matches("（%）").trim_end_matches(" (%)").to_owned();
        Some(Split { label, value, margin: 0.0 })
    });
    let shares = Shares {
        title: match lang {
            Lang::Zh => format!("{name}：{year} 年的不确定从哪里来"),
            Lang::En => format!("{name}: where the uncertainty of {year} comes from"),
        },
        description: lang
            .pick("log₂ 产值方差的份额", "shares of the variance of log2 output")
            .to_owned(),
        unit: "%".to_owned(),
        decimals: 0,
        signed: false,
        splits: splits.collect::<Option<_>>()?,
    };
    let how = Wording::new(
        "log₂ 产值的方差按来源分解（全方差公式）：同一组抽取内两次推演之差是运气；其余是各组抽取之间的差。",
        "Variance of log2 output by source (law of total variance): luck is what replicates of one draw differ by, the rest is between draws.",
    );
    Some((shares, how))
}

/// The tables of a scenario on the page: what it is about, in the years that count.
fn scenario_tables(
    plan: &Plan,
    told: &Told,
    difference: &DataTable,
    thresholds: &DataTable,
) -> Vec<Shown> {
    let scenario = &plan.scenarios[told.scenario];
    let all = scenario.years();
    let last = *all.last().expect("at least one year");
    let wanted = [all[0], year(plan), last].map(f64::from);
    let kept = |table: &DataTable, columns: &[&str]| {
        let own = |row: &&Vec<TableCell>| {
            let is_own = row[0] == TableCell::Text(scenario.name.clone());
            // Clusters that only other scenarios report stand in the files.
            let TableCell::Text(cluster) = &row[table.column("cluster").expect("it has clusters")]
            else {
                return false;
            };
            let named = Places::shipped().named(cluster);
            let is_own = is_own && named.is_none_or(|it| scenario.clusters.contains(&it));
            let at = table.column("year").expect("it has years");
            is_own && matches!(row[at], TableCell::Number(year) if wanted.contains(&year))
        };
        let places: Vec<usize> = columns.iter().filter_map(|key| table.column(key)).collect();
        DataTable {
            name: table.name,
            columns: places.iter().map(|at| table.columns[*at]).collect(),
            rows: table
                .rows
                .iter()
                .filter(own)
                .map(|row| places.iter().map(|at| row[*at].clone()).collect())
                .collect(),
        }
    };
    let mut shown = Vec::new();
    let of_scenario = kept(
        difference,
        &[
            "cluster",
            "year",
            "mean",
            "se",
            "relative_mean",
            "relative_q10",
            "relative_q90",
            "unchanged",
        ],
    );
    if !of_scenario.rows.is_empty() {
        shown.push((
            Wording::new("与基准的成对差", "Paired differences"),
            of_scenario,
            Wording::new(
                "全部年份和分位数见 difference.csv。",
                "All years and quantiles are in difference.csv.",
            ),
        ));
    }
    let mut reached = kept(thresholds, &["cluster", "threshold", "year", "p", "low", "high"]);
    // What is certain either way says nothing.
    reached.rows.retain(|row| matches!(row[3], TableCell::Number(p) if p > 0.0 && p < 100.0));
    if !reached.rows.is_empty() {
        shown.push((
            Wording::new("达到百亿、千亿的概率", "Probability of 10 and 100 bn yuan"),
            reached,
            Wording::new("只列既不是 0% 也不是 100% 的；全部见 thresholds.csv，首次达到的年份见 first_passage.csv。", "Only where neither 0 nor 100 %; all in thresholds.csv, first passages in first_passage.csv."),
        ));
    }
    shown
}

/// The levers that scenarios use, with what is known of them.
fn levers(plan: &Plan) -> Option<DataTable> {
    let catalogue = Catalogue::shipped();
    let used = |id: &str| plan.scenarios.iter().any(|it| it.levers.iter().any(|l| l.id == id));
    let rows: Vec<Vec<TableCell>> = catalogue
        .levers
        .iter()
        .filter(|it| used(&it.id))
        .map(|it| {
            let ranges = it
                .targets
                .iter()
                .map(|t| format!("{}：{}（{}—{}）", t.unit, t.median, t.low, t.high));
            vec![
                it.id.as_str().into(),
                TableCell::Number(it.pi),
                ranges.collect::<Vec<_>>().join("；").into(),
                it.evidence.join("；").into(),
                it.null_results.join("；").into(),
                if it.assumed { "是" } else { "" }.into(),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| DataTable {
        name: "levers",
        columns: vec![
            DataColumn::text("lever", "杠杆", "lever"),
            DataColumn::number("probability", "有效的概率", "probability of an effect", 2),
            DataColumn::text(
                "effect",
                "效果的中位数和证据范围",
                "median effect and evidence range",
            ),
            DataColumn::text("evidence", "依据", "evidence"),
            DataColumn::text("null_results", "没有查到效果的研究", "null results"),
            DataColumn::text("assumed", "大小是判断", "assumed"),
        ],
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_charts_carry_their_title() {
        let svg = "<svg viewBox=\"0 0 360 100\"><title>甲</title><desc>乙</desc></svg>";
        let with = titled(svg);
        assert!(
            with.contains("viewBox=\"0 -24 360 124\"") && with.contains(">甲</text>"),
            "{with}"
        );
        assert_eq!(titled("<svg/>"), "<svg/>");
    }
}
