//! The workbook that planners fill in: what it offers, and a filled one as a scenario.

use std::fmt::Write;
use std::path::Path;

use super::catalogue::Catalogue;
use super::error::ScenarioError;
use super::places::Places;
use super::table::Headed;
use crate::corpus::{PlainCell, PlainRow, PlainTable, read_tables};
use crate::model::Wording;
use crate::report::{TableCell, Template, TemplateColumn, TemplateSheet};

const SETTINGS: &str = "设定";
const LEVERS: &str = "杠杆";
const TARGETS: &str = "目标";
const DATA: &str = "集群数据";

/// A setting: its label, the key it becomes, whether it is a text, its first value, a hint.
type Setting = (&'static str, &'static str, bool, &'static str, &'static str);

const SETTING_ROWS: [Setting; 8] = [
    ("情景名称", "run.name", true, "我的情景", "结果里怎样称呼这个情景"),
    ("说明", "run.note", true, "", "一两句话"),
    ("推演次数", "run.replicates", false, "512", "偶数，越多越准；先用 64 试"),
    (
        "全国同业年增速（%）",
        "economy.national_growth",
        false,
        "5",
        "对今后全国同业增长的假设，是输入，不是结果",
    ),
    ("增速的价格口径", "economy.prices", true, "不变价", "现价 或 不变价"),
    ("年价格指数", "economy.deflator", false, "1.02", "增速与数据的价格口径不同时填，相同就清空"),
    ("增速的不确定（百分点）", "economy.growth_sd", false, "1", "标准差；没有把握就填 1"),
    ("产业关联度", "data.relatedness", true, "附表", "附表，或清空"),
];

/// A column of the levers' sheet: heading, key, unit behind a number, hint.
type LeverColumn = (&'static str, &'static str, &'static str, &'static str);

const LEVER_COLUMNS: [LeverColumn; 17] = [
    ("名称", "name", "", "结果里怎样称呼，可空"),
    ("起始季度", "from", "", "如 2026Q3，可空"),
    ("结束季度", "to", "", "如 2030Q4，可空"),
    ("费用（万元）", "cost", "万元", "用于比较每亿元的效果，可空"),
    ("每年项目数", "projects_per_year", "", "揭榜挂帅"),
    ("每项资助（万元）", "grant", "万元", "揭榜挂帅"),
    ("研发投入（万元）", "rd", "万元", "揭榜挂帅：集群企业一年的研发投入"),
    ("基金计划（亿元）", "planned", "亿元", "产业基金"),
    ("到位率", "realised", "", "产业基金：0.26—1，可空"),
    ("每年引进企业", "number_per_year", "", "招商"),
    ("企业产值下限（亿元）", "size_min", "亿元", "招商"),
    ("企业产值上限（亿元）", "size_max", "亿元", "招商"),
    ("挤占份额", "displacement", "", "招商：0.2—0.8，可空"),
    ("每季度新增对接", "matches_per_quarter", "", "对接"),
    ("个数", "count", "", "共性技术平台、人才：几个"),
    ("有效的概率", "probability", "", "代替目录值，可空"),
    ("效果", "effect", "", "代替目录值，可空"),
];

/// The workbook of `duijie template cluster`.
#[must_use]
pub fn cluster_template() -> Template {
    let places = Places::shipped();
    let column = |heading: &str, required, width, choices, hint: &str| TemplateColumn {
        heading: heading.to_owned(),
        required,
        width,
        choices,
        hint: hint.to_owned(),
    };
    let lists = vec![
        places.cities.iter().map(|it| it.name.clone()).collect(),
        places.industries.iter().map(|it| it.name.clone()).collect(),
        vec!["现价".to_owned(), "不变价".to_owned()],
        // Backups need a supply chain, which only a TOML file can say.
        Catalogue::shipped()
            .levers
            .iter()
            .map(|it| it.id.clone())
            .filter(|it| it != "备份")
            .collect(),
        vec!["是".to_owned(), "否".to_owned()],
    ];
    let data = vec![
        column("市（区）", true, 12, Some(0), ""),
        column("产业", true, 24, Some(1), ""),
        column("年份", true, 8, None, "如 2025；每年一行，最好有最近五年"),
        column("产值（亿元）", true, 14, None, "大于 0；没有数据就空着，不要填 0"),
        column("价格口径", true, 10, Some(2), "全表一致"),
        column("规上企业数", true, 12, None, "至少 1"),
        column("龙头企业", false, 24, None, "可空"),
        column("龙头企业产值（亿元）", false, 16, None, "可空，不超过集群产值"),
        column("研发投入（亿元）", false, 14, None, "可空"),
        column("口径变化", false, 10, Some(4), "统计口径与上一年不同填 是"),
    ];
    let example: Vec<Vec<TableCell>> = [(2024, 52.0, 60.0), (2025, 58.0, 64.0)]
        .into_iter()
        .map(|(year, value, firms)| {
            let mut row: Vec<TableCell> = vec!["西安".into(), "光子".into()];
            row.extend([TableCell::Number(f64::from(year)), TableCell::Number(value)]);
            row.extend(["现价".into(), TableCell::Number(firms), "某某光电公司".into()]);
            row.extend([TableCell::Number(value / 5.0), TableCell::Blank, "否".into()]);
            row
        })
        .collect();
    let mut levers = vec![
        column("杠杆", true, 16, Some(3), "一行一个；不填就是维持现状"),
        column("市（区）", true, 12, Some(0), ""),
        column("产业", true, 24, Some(1), ""),
    ];
    levers
        .extend(LEVER_COLUMNS.map(|(heading, _, _, hint)| column(heading, false, 14, None, hint)));
    let settings: Vec<Vec<TableCell>> = SETTING_ROWS
        .iter()
        .map(|(label, _, is_text, value, hint)| {
            let value = match value.parse() {
                Ok(number) if !is_text => TableCell::Number(number),
                _ => (*value).into(),
            };
            vec![(*label).into(), value, (*hint).into()]
        })
        .collect();
    let sheet = |name: &str, columns, rows, blank| TemplateSheet {
        name: name.to_owned(),
        columns,
        rows,
        blank,
    };
    Template {
        title: "产业集群增长推演填报表".to_owned(),
        guide_name: "填表说明".to_owned(),
        guide: guide(),
        sheets: vec![
            sheet(DATA, data.clone(), Vec::new(), 200),
            sheet(
                SETTINGS,
                vec![
                    column("项目", true, 26, None, ""),
                    column("值", true, 20, None, ""),
                    column("说明", false, 60, None, ""),
                ],
                settings,
                0,
            ),
            sheet(LEVERS, levers, Vec::new(), 30),
            sheet(
                TARGETS,
                vec![
                    column("市（区）", true, 12, Some(0), ""),
                    column("产业", true, 24, Some(1), ""),
                    column("目标年份", true, 10, None, ""),
                    column("目标值（亿元）", true, 14, None, ""),
                ],
                Vec::new(),
                30,
            ),
            sheet("示例", data, example, 0),
        ],
        lists_name: "选项".to_owned(),
        lists,
    }
}

fn guide() -> Vec<String> {
    [
        "# 怎样填",
        "1. 在“集群数据”里每个市（区）、产业、年份填一行。带 * 的列必填；没有数据的年份不要填，更不要填 0。",
        "2. 表头写明了单位（亿元）。想用万元，就把表头改成“产值（万元）”，其他金额列同样；一列里不能混用两种单位。",
        "3. 产值、营业收入、增加值不能混用：要用营业收入，就把“产值（亿元）”的表头改成“营业收入（亿元）”，龙头企业一列也用同一指标。",
        "4. 价格口径全表一致，通常是现价。",
        "5. 在“设定”里写情景名称和对全国增速的假设；在“杠杆”里一行写一项举措，不同杠杆只填用得到的列；在“目标”里写计划目标。",
        "6. 最新数据的年份就是起点，推演到 2035 年末。",
        "# 怎样用",
        "duijie simulate 填报表.xlsx --out 结果目录",
        "先看结果目录里的 report.html；scenario_情景名称.toml 是保存下来的情景，可以继续修改。供应链、冲击和备份只能写在 TOML 里。",
        "# 说明",
        "企业没有逐家的数据时，程序按总量和企业数抽取规模，并在结果里写明；有企业名录时在 TOML 里写 data.firms。",
        "“示例”一页的数字是虚构的，程序不读。“选项”一页（隐藏）是下拉菜单的内容。",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The text of a scenario file that says what a filled workbook says; its figures stay there, named
/// by `data`.
///
/// # Errors
/// A workbook that cannot be read, has no sheet of settings, or says what a lever has no use for.
pub fn workbook_to_toml(path: &Path, data: &str) -> Result<String, ScenarioError> {
    let tables = read_tables(path)?;
    let named = |name: &str| tables.iter().find(|it| it.sheet.as_deref() == Some(name));
    let settings = named(SETTINGS).ok_or_else(|| {
        let what = Wording::new(
            "没有“设定”一页：请用 duijie template cluster 的表",
            "there is no sheet 设定: use the workbook of `duijie template cluster`",
        );
        ScenarioError::table(path, what)
    })?;
    let mut parts: [(&str, String); 3] =
        [("run", String::new()), ("economy", String::new()), ("data", String::new())];
    for row in &settings.rows {
        let label = row.cells.first().map(PlainCell::text).unwrap_or_default();
        let value = row.cells.get(1).cloned().unwrap_or_default();
        let Some((_, key, is_text, ..)) = SETTING_ROWS.iter().find(|it| it.0 == label) else {
            continue;
        };
        if value.text().is_empty() {
            continue;
        }
        let (part, key) = key.split_once('.').expect("all have a part");
        let place = parts.iter_mut().find(|it| it.0 == part).expect("one of the three");
        let text = if *is_text { quoted(&value.text()) } else { bare(&value) };
        writeln!(place.1, "{key} = {text}").expect("into a text");
    }
    let mut toml = String::from("# 由推演填报表转换而来；可以继续修改。\n");
    for (part, text) in parts {
        writeln!(toml, "[{part}]\n{text}").expect("into a text");
        if part == "data" {
            toml.truncate(toml.trim_end().len());
            writeln!(toml, "\nclusters = {}\n", quoted(data)).expect("into a text");
        }
    }
    if let Some(table) = named(LEVERS) {
        levers(path, table, &mut toml)?;
    }
    if let Some(table) = named(TARGETS) {
        targets(path, table, &tables, &mut toml)?;
    }
    Ok(toml)
}

const CITY: &[&str] = &["市（区）"];
const INDUSTRY: &[&str] = &["产业"];

fn cluster(headed: &Headed<'_>, row: &PlainRow) -> String {
    let cell = |names: &[&str]| Headed::text(row, headed.column(names));
    format!("{}/{}", cell(CITY), cell(INDUSTRY))
}

fn levers(path: &Path, table: &PlainTable, toml: &mut String) -> Result<(), ScenarioError> {
    let Some(headed) = Headed::find(path, table, &[&["杠杆"], CITY, INDUSTRY]) else {
        return Ok(());
    };
    for row in headed.rows {
        let id = Headed::text(row, headed.column(&["杠杆"]));
        if id.is_empty() {
            continue;
        }
        let mut text = format!(
            "[[lever]]\nid = {}\ncluster = {}\n",
            quoted(&id),
            quoted(&cluster(&headed, row))
        );
        for (heading, key, unit, _) in LEVER_COLUMNS {
            // Headings are known without their units.
            let name = heading.split('（').next().expect("never empty");
            let column = headed.column(&[heading, name]);
            let Some(value) = column.and_then(|at| row.cells.get(at)) else { continue };
            if value.text().is_empty() {
                continue;
            }
            let written = match (unit, key) {
                (_, "name" | "from" | "to") => quoted(&value.text()),
                ("", _) => bare(value),
                (unit, _) => {
                    // The unit of the heading as it is now, if somebody changed it.
                    let stated = column.and_then(|at| headed.unit(at)).map_or(unit, |it| it.name());
                    quoted(&format!("{} {stated}", bare(value)))
                }
            };
            writeln!(text, "{key} = {written}").expect("into a text");
        }
        toml.push_str(&text);
        toml.push('\n');
    }
    Ok(())
}

fn targets(
    path: &Path,
    table: &PlainTable,
    tables: &[PlainTable],
    toml: &mut String,
) -> Result<(), ScenarioError> {
    let groups: [&[&str]; 3] = [CITY, INDUSTRY, &["目标年份"]];
    let Some(headed) = Headed::find(path, table, &groups) else { return Ok(()) };
    // Targets are in the measure and prices of the data.
    let data = tables.iter().find(|it| it.sheet.as_deref() == Some(DATA));
    let headed_data = data.and_then(|it| Headed::find(path, it, &[CITY, INDUSTRY, &["年份"]]));
    let Some(of_data) = headed_data else { return Ok(()) };
    let measure =
        ["产值", "营业收入", "增加值"].into_iter().find(|it| of_data.column(&[it]).is_some());
    let prices = of_data.rows.iter().map(|row| Headed::text(row, of_data.column(&["价格口径"])));
    let prices = prices.into_iter().find(|it| !it.is_empty()).unwrap_or_default();
    let mut written = Vec::new();
    for row in headed.rows {
        let value = headed.amount(row, headed.column(&["目标值"]), None, "目标值")?;
        let Some(value) = value else { continue };
        let year = headed.number(row, headed.column(&["目标年份"]), "目标年份")?.unwrap_or(0.0);
        written.push(format!(
            "  {{ cluster = {}, year = {year}, value = \"{value} 万元\", measure = {}, prices = {} }},\n",
            quoted(&cluster(&headed, row)), quoted(measure.unwrap_or("产值")), quoted(&prices)
        ));
    }
    if !written.is_empty() {
        write!(toml, "[output]\ntargets = [\n{}]\n", written.concat()).expect("into a text");
    }
    Ok(())
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A number as TOML writes it; what is no number becomes a text, which the keys then refuse.
fn bare(cell: &PlainCell) -> String {
    cell.number().map_or_else(|| quoted(&cell.text()), |number| format!("{number}"))
}
