//! The keys of a scenario file: one description, from which files are checked and the JSON schema
//! is made.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use toml::{Table, Value};

use super::error::{ScenarioError, nearest};
use super::money;
use crate::model::Wording;

/// What a key may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// A whole number within bounds.
    Whole(i64, i64),
    /// An amount: a number in the file's unit, or a text with its unit; not negative.
    Money,
    Flag,
    Texts,
    Numbers(f64, f64),
    /// A text or a number within bounds.
    TextOrNumber(f64, f64),
    /// Free names, each with a number within bounds.
    Map(f64, f64),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Any number of tables with these keys.
    Tables(&'static [Key]),
    /// A number within bounds, or a table with these keys.
    NumberOrTable(f64, f64, &'static [Key]),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
    /// What it means.
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

const fn must(name: &'static str, kind: Kind, zh: &'static str, en: &'static str) -> Key {
    Key { name, required: true, kind, zh, en }
}

const fn may(name: &'static str, kind: Kind, zh: &'static str, en: &'static str) -> Key {
    Key { name, required: false, kind, zh, en }
}

const MEASURES: Kind = Kind::Choice(&["产值", "营业收入", "增加值"]);
const PRICES: Kind = Kind::Choice(&["现价", "不变价"]);
const SHARE: Kind = Kind::Number(0.0, 1.0);

const RUN: &[Key] = &[
    must("name", Kind::Text, "情景名称", "name of the scenario"),
    may("note", Kind::Text, "说明", "a remark"),
    may(
        "baseline",
        Kind::Text,
        "基准情景文件；不写则为去掉全部杠杆和冲击",
        "scenario to compare with; without it, the same without levers and shocks",
    ),
    may(
        "seed",
        Kind::TextOrNumber(0.0, 9e15),
        "随机数种子，十进制或 0x 开头的十六进制文字",
        "seed, decimal or hexadecimal text",
    ),
    may(
        "t0",
        Kind::Text,
        "首个推演季度，如 2026Q1；默认为最新数据年份的次年第一季度",
        "first simulated quarter, as 2026Q1",
    ),
    may(
        "quarters",
        Kind::Whole(4, 240),
        "推演季度数，4 的倍数；默认到 2035 年末",
        "quarters, a multiple of four; until 2035 by default",
    ),
    may("replicates", Kind::Whole(2, 65_536), "重复次数，偶数", "replicates, an even number"),
    may(
        "theta",
        Kind::Text,
        "参数：default 默认值，prior 按证据范围抽取",
        "parameters: default, or drawn from their evidence ranges (prior)",
    ),
    may(
        "money_unit",
        Kind::Choice(&["万元", "亿元"]),
        "本文件里没有写单位的金额以此为单位",
        "unit of the amounts in this file that have none",
    ),
];

const ECONOMY: &[Key] = &[
    must(
        "national_growth",
        Kind::TextOrNumber(-20.0, 40.0),
        "全国同业年增速（%），或分产业、分年份的 CSV",
        "national growth of the industries in % a year, or a CSV by industry and year",
    ),
    must("prices", PRICES, "该增速的价格口径", "prices of that growth"),
    may(
        "deflator",
        Kind::Number(0.8, 1.3),
        "年价格指数；增速为不变价时必须给出",
        "yearly price index; needed where growth is in constant prices",
    ),
    may(
        "growth_sd",
        Kind::Number(0.0, 10.0),
        "全国增速的不确定程度（百分点，标准差）",
        "uncertainty of national growth in percentage points (standard deviation)",
    ),
];

const DATA: &[Key] = &[
    must(
        "clusters",
        Kind::Text,
        "各市（区）各产业历年数据（CSV 或填好的 XLSX）",
        "yearly figures by city and industry (CSV or the filled workbook)",
    ),
    may("firms", Kind::Text, "企业名录（CSV 或 XLSX）", "register of firms (CSV or workbook)"),
    may(
        "relatedness",
        Kind::Text,
        "产业关联度 CSV，或“附表”：按各市（区）重点方向的共现",
        "relatedness CSV, or 附表: from the directions that cities name together",
    ),
    may(
        "capacity",
        Kind::Text,
        "各市（区）承载上限 CSV（市、数值、单位）",
        "capacity of cities, CSV",
    ),
    may(
        "organizations",
        Kind::Text,
        "单位与集群的对应表（市、产业），供 --from-run 使用",
        "organizations and their clusters, for --from-run",
    ),
    may(
        "demonstration",
        Kind::Flag,
        "数据是演示用的虚构数据",
        "the figures are invented for demonstration",
    ),
];

const MATCHES: &[Key] = &[
    may(
        "known",
        Kind::Text,
        "已知对接 CSV：季度、集群或企业、把握",
        "known matches, CSV: quarter, cluster or firm, probability",
    ),
    may(
        "intake",
        Kind::Map(0.0, 1000.0),
        "各集群每季度的新增对接",
        "expected new matches per quarter by cluster",
    ),
];

const DISTRIBUTION: &[Key] = &[
    must("dist", Kind::Choice(&["beta"]), "分布", "distribution"),
    must("a", Kind::Number(0.1, 1000.0), "第一个形状参数", "first shape parameter"),
    must("b", Kind::Number(0.1, 1000.0), "第二个形状参数", "second shape parameter"),
];

const LEVER: &[Key] = &[
    must("id", Kind::Text, "杠杆，名称见 levers.toml", "the lever, as in levers.toml"),
    may("name", Kind::Text, "在结果里怎样称呼", "how results call it"),
    must("cluster", Kind::Text, "集群：市/产业", "cluster: city/industry"),
    may("from", Kind::Text, "起始季度，如 2026Q3；默认从头", "first quarter, as 2026Q3"),
    may("to", Kind::Text, "最后一个季度；默认到末", "last quarter"),
    may(
        "effect",
        Kind::Number(0.0, 10.0),
        "效果的中位数，代替目录值（第一个作用处的单位）",
        "median of the effect instead of the catalogue's",
    ),
    may(
        "probability",
        SHARE,
        "有效的概率，代替目录值",
        "probability that it has an effect, instead of the catalogue's",
    ),
    may(
        "cost",
        Kind::Money,
        "总费用，用于比较每亿元的效果",
        "total cost, to compare effects per amount",
    ),
    may("count", Kind::Whole(1, 100), "平台或计划的个数", "number of platforms or programmes"),
    may("projects_per_year", Kind::Number(0.0, 10_000.0), "每年项目数", "projects a year"),
    may("grant", Kind::Money, "每个项目的资助额", "grant per project"),
    may("rd", Kind::Money, "该集群企业的年研发投入", "yearly R&D of the cluster's firms"),
    may("planned", Kind::Money, "基金计划规模", "planned size of the fund"),
    may(
        "realised",
        Kind::NumberOrTable(0.0, 1.0, DISTRIBUTION),
        "到位率，或其分布",
        "share that is realised, or its distribution",
    ),
    may("number_per_year", Kind::Number(0.0, 1000.0), "每年引进企业数", "firms attracted a year"),
    may("size_min", Kind::Money, "引进企业年产值下限", "least yearly output of an attracted firm"),
    may(
        "size_max",
        Kind::Money,
        "引进企业年产值上限",
        "greatest yearly output of an attracted firm",
    ),
    may(
        "displacement",
        SHARE,
        "挤占省内同产业的份额",
        "share displaced in the province's industry",
    ),
    may(
        "matches_per_quarter",
        Kind::Number(0.0, 1000.0),
        "每季度新增对接数",
        "new matches a quarter",
    ),
    may("input", Kind::Text, "备份所对应的投入品", "the input that is backed up"),
    may("kind", Kind::Choice(&["同准", "降准"]), "备份类型", "kind of the second source"),
    may("kappa", SHARE, "备份能供的份额", "share of an order it can fill"),
    may("eff", SHARE, "用备份件时的产出效率", "output made with its parts"),
    may("delay_months", Kind::Whole(0, 24), "启用所需月数", "months before it delivers"),
];

const SUPPLIER: &[Key] = &[
    must("cluster", Kind::Text, "供应集群：市/产业", "supplying cluster"),
    must("share", SHARE, "占该投入品的份额", "share of the input"),
    may(
        "sales",
        SHARE,
        "占供应方销售的份额；默认 0：补库存不挤占供应方",
        "share of the supplier's sales",
    ),
];

const INPUT: &[Key] = &[
    must("cluster", Kind::Text, "使用方集群：市/产业", "cluster that uses it"),
    must("input", Kind::Text, "投入品名称", "name of the input"),
    may(
        "external",
        SHARE,
        "省外供应的份额；默认为省内份额之外的部分",
        "share from outside the province",
    ),
    may(
        "stock_months",
        Kind::Number(0.0, 60.0),
        "正常库存（月）；默认 1",
        "normal stock in months",
    ),
    may(
        "cost_share",
        SHARE,
        "一般投入品占成本的份额；不写则为关键件",
        "cost share of a generic input; critical without it",
    ),
    may("supplier", Kind::Tables(SUPPLIER), "省内供应方", "suppliers in the province"),
];

const SHOCK: &[Key] = &[
    must("node", Kind::Text, "受冲击的集群：市/产业", "cluster that is hit"),
    must(
        "kind",
        Kind::Choice(&["external_input", "capacity"]),
        "external_input 省外断供，capacity 停产",
        "external_input or capacity",
    ),
    may("input", Kind::Text, "断供的投入品", "the input that is cut off"),
    must("loss", SHARE, "损失的份额", "lost share"),
    must("from", Kind::Text, "起始季度", "first quarter"),
    must("quarters", Kind::Whole(1, 80), "持续季度数", "quarters it lasts"),
    may("probability", SHARE, "发生的概率；默认 1", "probability that it happens"),
];

const TARGET: &[Key] = &[
    must("cluster", Kind::Text, "集群：市/产业", "cluster"),
    must("year", Kind::Whole(2000, 2200), "年份", "year"),
    must("value", Kind::Money, "计划值", "planned value"),
    must("measure", MEASURES, "指标", "measure"),
    must("prices", PRICES, "价格口径", "prices"),
];

const OUTPUT: &[Key] = &[
    may(
        "clusters",
        Kind::Texts,
        "要看的集群；默认为杠杆、冲击、目标涉及的和产值最大的",
        "clusters to report",
    ),
    may("targets", Kind::Tables(TARGET), "计划目标", "planned targets"),
    may(
        "quantiles",
        Kind::Numbers(0.1, 99.9),
        "fan.csv 里的分位数（%）",
        "quantiles in fan.csv in %",
    ),
];

const DESIGN: &[Key] = &[must(
    "kind",
    Kind::Choice(&["none", "shapley"]),
    "none，或 shapley：把效果分摊到各杠杆（默认，两个杠杆以上时）",
    "none, or shapley: share the effect among levers",
)];

/// All keys of a scenario file.
pub(super) const FILE: &[Key] = &[
    must("run", Kind::Table(RUN), "推演", "the run"),
    must("economy", Kind::Table(ECONOMY), "全国环境", "the national economy"),
    must("data", Kind::Table(DATA), "数据", "data"),
    may("matches", Kind::Table(MATCHES), "技术对接", "matches"),
    may(
        "parameters",
        Kind::Map(-1e9, 1e9),
        "模型参数，名称见 engine/simulation/README.md",
        "model parameters",
    ),
    may("lever", Kind::Tables(LEVER), "政策杠杆", "policy levers"),
    may("input", Kind::Tables(INPUT), "供应链：投入品", "supply chain: inputs"),
    may("shock", Kind::Tables(SHOCK), "冲击", "shocks"),
    may("design", Kind::Table(DESIGN), "试验设计", "design"),
    may("output", Kind::Table(OUTPUT), "输出", "output"),
];

/// Checks a table against its keys; `above` is what it is in, empty at the top.
///
/// # Errors
/// The first unknown key, missing key or impossible value.
pub(super) fn check(
    path: &Path,
    table: &Table,
    keys: &'static [Key],
    above: &str,
) -> Result<(), ScenarioError> {
    let inside = |name: &str| {
        if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
    };
    for name in table.keys() {
        if !keys.iter().any(|key| key.name == name) {
            let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
            return Err(ScenarioError::UnknownKey {
                path: path.to_owned(),
                key: inside(name),
                nearest: nearest(name, keys.iter().map(|key| key.name))
                    .and_then(|near| keys.iter().find(|key| key.name == near))
                    .map(|key| key.name),
                known: names.join(" "),
            });
        }
    }
    for key in keys {
        match table.get(key.name) {
            Some(value) => check_value(path, value, key.kind, &inside(key.name))?,
            None if key.required => {
                return Err(ScenarioError::Missing {
                    path: path.to_owned(),
                    key: inside(key.name),
                });
            }
            None => {}
        }
    }
    Ok(())
}

fn check_value(path: &Path, value: &Value, kind: Kind, key: &str) -> Result<(), ScenarioError> {
    let number = |value: &Value| value.as_float().or(value.as_integer().map(|it| it as f64));
    let within = |low: f64, high: f64| number(value).is_some_and(|it| (low..=high).contains(&it));
    let good = match kind {
        Kind::Text => value.is_str(),
        Kind::Choice(words) => value.as_str().is_some_and(|it| words.contains(&it)),
        Kind::Number(low, high) => within(low, high),
        Kind::Whole(low, high) => value.as_integer().is_some_and(|it| (low..=high).contains(&it)),
        Kind::Money => match value {
            Value::String(text) => money::parse(text).is_some_and(|it| it >= 0.0),
            other => number(other).is_some_and(|it| it >= 0.0 && it.is_finite()),
        },
        Kind::Flag => value.is_bool(),
        Kind::Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_str)),
        Kind::Numbers(low, high) => value.as_array().is_some_and(|all| {
            all.iter().all(|it| number(it).is_some_and(|it| (low..=high).contains(&it)))
        }),
        Kind::TextOrNumber(low, high) => value.is_str() || within(low, high),
        Kind::Map(low, high) => value.as_table().is_some_and(|all| {
            all.values().all(|it| number(it).is_some_and(|it| (low..=high).contains(&it)))
        }),
        Kind::Table(keys) => match value.as_table() {
            Some(table) => return check(path, table, keys, key),
            None => false,
        },
        Kind::Tables(keys) => match value.as_array() {
            Some(all) => {
                for (place, one) in (1..).zip(all) {
                    let key = format!("{key}[{place}]");
                    match one.as_table() {
                        Some(table) => check(path, table, keys, &key)?,
                        None => return Err(wrong(path, &key, one, kind)),
                    }
                }
                true
            }
            None => false,
        },
        Kind::NumberOrTable(low, high, keys) => match value.as_table() {
            Some(table) => return check(path, table, keys, key),
            None => within(low, high),
        },
    };
    if good { Ok(()) } else { Err(wrong(path, key, value, kind)) }
}

fn wrong(path: &Path, key: &str, value: &Value, kind: Kind) -> ScenarioError {
    let range = |low: f64, high: f64| {
        Wording::new(format!("{low} 到 {high} 之间的数"), format!("a number from {low} to {high}"))
    };
    let expected = match kind {
        Kind::Text => Wording::new("文字", "a text"),
        Kind::Choice(words) => {
            Wording::new(words.join("、"), format!("one of {}", words.join(", ")))
        }
        Kind::Number(low, high) | Kind::TextOrNumber(low, high) => range(low, high),
        Kind::Whole(low, high) => Wording::new(
            format!("{low} 到 {high} 之间的整数"),
            format!("a whole number from {low} to {high}"),
        ),
        Kind::Money => Wording::new(
            "不为负的金额，如 800、\"800 万元\"、\"8 亿元\"",
            "an amount that is not negative, such as 800 or \"8 亿元\"",
        ),
        Kind::Flag => Wording::new("true 或 false", "true or false"),
        Kind::Texts => Wording::new("文字的列表", "a list of texts"),
        Kind::Numbers(low, high) => Wording::new(
            format!("{low} 到 {high} 之间的数的列表"),
            format!("a list of numbers from {low} to {high}"),
        ),
        Kind::Map(low, high) => Wording::new(
            format!("一组 名称 = 数，数在 {low} 到 {high} 之间"),
            format!("names, each with a number from {low} to {high}"),
        ),
        Kind::Table(_) | Kind::Tables(_) => Wording::new("一段设置", "a table"),
        Kind::NumberOrTable(low, high, _) => Wording::new(
            format!("{low} 到 {high} 之间的数，或一个分布"),
            format!("a number from {low} to {high}, or a distribution"),
        ),
    };
    ScenarioError::value(path, key, value, expected)
}

/// The JSON schema (draft 2020-12) of scenario files.
#[must_use]
pub fn json_schema() -> Json {
    let mut schema = object(FILE);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("duijie simulate：情景文件（TOML）");
    schema
}

fn object(keys: &[Key]) -> Json {
    let mut properties = Map::new();
    for key in keys {
        let mut one = of_kind(key.kind);
        one["description"] = json!(format!("{} / {}", key.zh, key.en));
        properties.insert(key.name.to_owned(), one);
    }
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn of_kind(kind: Kind) -> Json {
    let number = |low: f64, high: f64| json!({"type": "number", "minimum": low, "maximum": high});
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Choice(words) => json!({"enum": words}),
        Kind::Number(low, high) => number(low, high),
        Kind::Whole(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Kind::Money => json!({"anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": money::PATTERN},
        ]}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Kind::Numbers(low, high) => json!({"type": "array", "items": number(low, high)}),
        Kind::TextOrNumber(low, high) => json!({"anyOf": [{"type": "string"}, number(low, high)]}),
        Kind::Map(low, high) => {
            json!({"type": "object", "additionalProperties": number(low, high)})
        }
        Kind::Table(keys) => object(keys),
        Kind::Tables(keys) => json!({"type": "array", "items": object(keys)}),
        Kind::NumberOrTable(low, high, keys) => {
            json!({"anyOf": [number(low, high), object(keys)]})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), ScenarioError> {
        check(Path::new("x.toml"), &text.parse().expect("TOML"), FILE, "")
    }

    const HEAD: &str = "economy={national_growth=5, prices=\"现价\"}\ndata={clusters=\"c.csv\"}\n";

    #[test]
    fn unknown_keys_name_the_nearest() {
        let error = parse(&format!("{HEAD}run={{name=\"a\", replicate=4}}")).expect_err("unknown");
        let ScenarioError::UnknownKey { key, nearest, .. } = &error else { panic!("{error}") };
        assert_eq!((key.as_str(), *nearest), ("run.replicate", Some("replicates")));
        let lever = "[[lever]]\nid=\"人才\"\ncluster=\"西安/光子\"\ngrnt=3\n";
        let error = parse(&format!("{HEAD}run={{name=\"a\"}}\n{lever}")).expect_err("unknown");
        assert!(error.to_string().contains("lever[1].grnt"), "{error}");
    }

    #[test]
    fn impossible_values_and_gaps_are_refused() {
        for (text, key) in [
            ("run={name=\"a\", quarters=3}", "run.quarters"),
            ("run={name=\"a\", money_unit=\"元\"}", "run.money_unit"),
            ("run={name=3}", "run.name"),
            ("run={seed=1}", "run.name"),
            ("run={name=\"a\"}\n[[lever]]\nid=\"x\"\ncluster=\"y\"\ngrant=-1", "lever[1].grant"),
            (
                "run={name=\"a\"}\n[[lever]]\nid=\"x\"\ncluster=\"y\"\ngrant=\"3 元\"",
                "lever[1].grant",
            ),
        ] {
            let error = parse(&format!("{HEAD}{text}")).expect_err(key);
            assert!(error.to_string().contains(key), "{error}");
        }
        assert!(parse(&format!("{HEAD}run={{name=\"a\"}}")).is_ok());
    }
}
