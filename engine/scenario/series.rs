//! Yearly figures by city and industry: one measure, one kind of prices, stated units.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::ScenarioError;
use super::places::Places;
use super::table::Headed;
use crate::corpus::{PlainRow, read_tables};
use crate::model::{Lang, Wording};

/// Sheets of the template that hold no data.
const OTHER_SHEETS: [&str; 4] = ["填表说明", "示例", "设定", "选项"];
/// From one year to the next no cluster grows or falls by more: a slip of the unit is 10,000.
const LARGEST_CHANGE: f64 = 100.0;

const CITY: &[&str] = &["市（区）", "市(区)", "市", "城市", "地区", "city"];
const INDUSTRY: &[&str] = &["产业", "行业", "industry"];
const YEAR: &[&str] = &["年份", "年", "year"];
const UNIT: &[&str] = &["单位", "unit"];
const PRICES: &[&str] = &["价格口径", "价格", "prices"];
const FIRMS: &[&str] = &["规上企业数", "企业数", "企业数量", "firms"];
const TOP: &[&str] = &["龙头企业", "链主", "top_firm"];
const TOP_OUTPUT: &[&str] = &["龙头企业产值", "龙头企业数值", "top_output"];
const RD: &[&str] = &["研发投入", "R&D", "rd"];
const BREAK: &[&str] = &["口径变化", "断点", "break"];

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// 产值.
    Output,
    /// 营业收入.
    Revenue,
    /// 增加值.
    ValueAdded,
}

impl Measure {
    /// All of them with their headings.
    const HEADINGS: [(Self, &'static [&'static str]); 3] = [
        (Self::Output, &["产值", "工业总产值", "规上产值", "output"]),
        (Self::Revenue, &["营业收入", "营收", "revenue"]),
        (Self::ValueAdded, &["增加值", "工业增加值", "value_added"]),
    ];

    /// Its name.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Output => lang.pick("产值", "gross output"),
            Self::Revenue => lang.pick("营业收入", "revenue"),
            Self::ValueAdded => lang.pick("增加值", "value added"),
        }
    }

    /// The measure of this Chinese name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::HEADINGS.iter().find(|(_, names)| names.contains(&name)).map(|it| it.0)
    }
}

/// In which prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// 现价.
    Current,
    /// 不变价.
    Constant,
}

impl Prices {
    /// Its name.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Current => lang.pick("现价", "current prices"),
            Self::Constant => lang.pick("不变价", "constant prices"),
        }
    }

    /// The prices of this Chinese name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "现价" | "当年价" => Some(Self::Current),
            "不变价" | "可比价" => Some(Self::Constant),
            _ => None,
        }
    }
}

/// A cluster in a year.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// The measure in 万元.
    pub value: f64,
    /// Firms above designated size.
    pub firms: Option<u32>,
    /// Name and output in 万元 of the largest firm.
    pub top: Option<(String, f64)>,
    /// R&D in 万元.
    pub rd: Option<f64>,
    /// Whether the series breaks here.
    pub is_break: bool,
}

/// The figures of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What is measured, in all rows.
    pub measure: Measure,
    /// In which prices, in all rows.
    pub prices: Prices,
    /// By cluster and year.
    pub figures: BTreeMap<usize, BTreeMap<i32, Figure>>,
    /// Gaps and breaks.
    pub notes: Vec<Wording>,
}

impl Series {
    /// Reads yearly figures from a CSV file or a workbook; sheets 示例, 填表说明, 设定 and 选项 are
    /// passed over.
    ///
    /// # Errors
    /// What cannot be read; no table with city, industry and year; unknown names; values that are
    /// not above zero; two rows for a cluster and year; several measures or prices; units that are
    /// missing, contradict each other or seem to slip from one year to the next; output without
    /// firms.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let tables = read_tables(path)?;
        let mut reader = Reader { path, measure: None, prices: None, figures: BTreeMap::new() };
        let mut understood = false;
        for table in &tables {
            if table.sheet.as_deref().is_some_and(|name| OTHER_SHEETS.contains(&name)) {
                continue;
            }
            if let Some(headed) = Headed::find(path, table, &[CITY, INDUSTRY, YEAR]) {
                understood = true;
                reader.table(&headed)?;
            }
        }
        let what = |zh: &str, en: &str| ScenarioError::table(path, Wording::new(zh, en));
        if !understood {
            return Err(what(
                "没有同时含 市、产业、年份 三列的表",
                "no table has columns for city, industry and year",
            ));
        }
        let (Some(measure), Some(prices)) = (reader.measure, reader.prices) else {
            return Err(what("没有一行数据", "there is no row of figures"));
        };
        let figures = reader.figures;
        let notes = gaps(path, &figures)?;
        let sha256 = tables.first().map(|it| it.sha256.clone()).unwrap_or_default();
        Ok(Self { path: path.to_owned(), sha256, measure, prices, figures, notes })
    }

    /// The latest year that any cluster has.
    #[must_use]
    pub fn latest(&self) -> i32 {
        let years = self.figures.values().filter_map(|it| it.last_key_value());
        years.map(|(year, _)| *year).max().expect("a series has a figure")
    }
}

struct Reader<'a> {
    path: &'a Path,
    measure: Option<Measure>,
    prices: Option<Prices>,
    figures: BTreeMap<usize, BTreeMap<i32, Figure>>,
}

impl Reader<'_> {
    fn table(&mut self, table: &Headed<'_>) -> Result<(), ScenarioError> {
        let values = Measure::HEADINGS.map(|(measure, names)| (measure, table.column(names)));
        if values.iter().all(|(_, column)| column.is_none()) {
            return Err(ScenarioError::table(
                self.path,
                Wording::new(
                    "没有 产值（或 营业收入、增加值）一列",
                    "no column of gross output, revenue or value added",
                ),
            ));
        }
        for row in table.rows {
            let city = Headed::text(row, table.column(CITY));
            let industry = Headed::text(row, table.column(INDUSTRY));
            if city.is_empty() && industry.is_empty() {
                continue;
            }
            self.row(table, row, &city, &industry, &values)?;
        }
        Ok(())
    }

    fn row(
        &mut self,
        table: &Headed<'_>,
        row: &PlainRow,
        city: &str,
        industry: &str,
        values: &[(Measure, Option<usize>)],
    ) -> Result<(), ScenarioError> {
        let (path, place) = (self.path, table.place(row));
        let places = Places::shipped();
        if places.city(city).is_none() {
            let known = places.cities.iter().map(|it| it.name.as_str());
            return Err(ScenarioError::unknown(path, place, city, known));
        }
        let Some(cluster) = places.cluster(city, industry) else {
            let known = places.industries.iter().map(|it| it.name.as_str());
            return Err(ScenarioError::unknown(path, place, industry, known));
        };
        let unit = table.column(UNIT);
        let mut found = None;
        for (measure, column) in values {
            let Some(value) = table.amount(row, *column, unit, measure.label(Lang::Zh))? else {
                continue;
            };
            self.one_measure(*measure, &place)?;
            found = Some(value);
        }
        // A row without a value is a gap, told with the others.
        let Some(value) = found else { return Ok(()) };
        let positive = Wording::new("大于 0 的数", "a number above 0");
        if value <= 0.0 {
            return Err(ScenarioError::value(path, place, value, positive));
        }
        let year = table.number(row, table.column(YEAR), "年份")?;
        let year = year.filter(|it| (1950.0..=2200.0).contains(it) && it.fract() == 0.0);
        let Some(year) = year else {
            let found = Headed::text(row, table.column(YEAR));
            let year = Wording::new("年份，如 2024", "a year such as 2024");
            return Err(ScenarioError::value(path, place, found, year));
        };
        self.one_prices(&Headed::text(row, table.column(PRICES)), &place)?;
        let firms = table.number(row, table.column(FIRMS), "企业数")?;
        if firms.is_some_and(|it| it < 1.0 || it.fract() != 0.0 || it > 1e6) {
            let count = Wording::new(
                "至少为 1 的整数：有产值就有企业",
                "a whole number of at least 1: where there is output there is a firm",
            );
            return Err(ScenarioError::value(path, place, firms.unwrap_or_default(), count));
        }
        let top_output = table.amount(row, table.column(TOP_OUTPUT), unit, "龙头企业产值")?;
        if top_output.is_some_and(|top| top <= 0.0 || top > value) {
            let what = Wording::new(
                format!("{place}：龙头企业的产值应大于 0 且不超过集群的产值"),
                format!(
                    "{place}: the largest firm's output must be above 0 and at most the cluster's"
                ),
            );
            return Err(ScenarioError::contradiction(path, what));
        }
        let top = Headed::text(row, table.column(TOP));
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        #[expect(clippy::cast_sign_loss, reason = "checked above")]
        let figure = Figure {
            value,
            firms: firms.map(|it| it as u32),
            top: top_output.map(|output| (top, output)),
            rd: table.amount(row, table.column(RD), unit, "研发投入")?,
            is_break: !matches!(Headed::text(row, table.column(BREAK)).as_str(), "" | "否" | "no"),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a year, checked above")]
        let year = year as i32;
        if self.figures.entry(cluster).or_default().insert(year, figure).is_some() {
            let name = places.name(cluster);
            let what = Wording::new(
                format!("{place}：{name} {year} 年有两行"),
                format!("{place}: two rows for {name} in {year}"),
            );
            return Err(ScenarioError::contradiction(path, what));
        }
        Ok(())
    }

    fn one_measure(&mut self, measure: Measure, place: &str) -> Result<(), ScenarioError> {
        let known = *self.measure.get_or_insert(measure);
        if known == measure {
            return Ok(());
        }
        let both = |lang| (known.label(lang), measure.label(lang));
        Err(self.mixed(place, both(Lang::Zh), both(Lang::En)))
    }

    fn one_prices(&mut self, text: &str, place: &str) -> Result<(), ScenarioError> {
        let Some(prices) = Prices::named(text) else {
            return Err(ScenarioError::Measure {
                path: self.path.to_owned(),
                key: place.to_owned(),
                what: Wording::new(
                    "价格口径没有写明：加一列“价格口径”，填 现价 或 不变价",
                    "prices are not stated: a column 价格口径 with 现价 or 不变价 is needed",
                ),
            });
        };
        let known = *self.prices.get_or_insert(prices);
        if known == prices {
            return Ok(());
        }
        let both = |lang| (known.label(lang), prices.label(lang));
        Err(self.mixed(place, both(Lang::Zh), both(Lang::En)))
    }

    fn mixed(&self, place: &str, zh: (&str, &str), en: (&str, &str)) -> ScenarioError {
        ScenarioError::Measure {
            path: self.path.to_owned(),
            key: place.to_owned(),
            what: Wording::new(
                format!("同一文件里既有{}又有{}", zh.0, zh.1),
                format!("the file has both {} and {}", en.0, en.1),
            ),
        }
    }
}

/// Gaps and breaks as notes; a jump of four orders is a slip of the unit.
fn gaps(
    path: &Path,
    figures: &BTreeMap<usize, BTreeMap<i32, Figure>>,
) -> Result<Vec<Wording>, ScenarioError> {
    let places = Places::shipped();
    let mut notes = Vec::new();
    for (cluster, years) in figures {
        let name = places.name(*cluster);
        for ((before, old), (after, new)) in years.iter().zip(years.iter().skip(1)) {
            if after - before > 1 {
                notes.push(Wording::new(
                    format!("{name}：{before} 与 {after} 之间缺数据"),
                    format!("{name}: no figures between {before} and {after}"),
                ));
            }
            let change = (new.value / old.value).max(old.value / new.value);
            if change > LARGEST_CHANGE {
                return Err(ScenarioError::Unit {
                    path: path.to_owned(),
                    key: name,
                    what: Wording::new(
                        format!("{before} 到 {after} 年相差 {change:.0} 倍，像是混用了万元和亿元"),
                        format!(
                            "{before} to {after} differ {change:.0} times, as if 万元 and 亿元 were mixed"
                        ),
                    ),
                });
            }
        }
        for (year, _) in years.iter().filter(|(_, it)| it.is_break) {
            notes.push(Wording::new(
                format!("{name}：{year} 年口径有变化，前后不可比"),
                format!("{name}: the series breaks in {year}"),
            ));
        }
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Diagnosis;

    fn read(text: &str) -> Result<Series, ScenarioError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.csv");
        std::fs::write(&path, text).expect("written");
        Series::read(&path)
    }

    const HEAD: &str = "市,产业,年份,产值,单位,价格口径,企业数\n";

    #[test]
    fn rows_are_read_with_their_units() {
        let series = read(&format!(
            "{HEAD}宝鸡市,钛及钛合金,2023,300,亿元,现价,80\n宝鸡,钛及钛合金,2024,3300000,万元,现价,\n"
        ))
        .expect("good rows");
        let cluster = Places::shipped().named("宝鸡/钛及钛合金").expect("a cluster");
        let years = &series.figures[&cluster];
        assert_eq!((years[&2023].value, years[&2024].value), (3e6, 3.3e6));
        assert_eq!((years[&2023].firms, years[&2024].firms), (Some(80), None));
        assert_eq!((series.measure, series.prices), (Measure::Output, Prices::Current));
        assert_eq!(series.latest(), 2024);
    }

    #[test]
    fn what_would_be_mixed_is_refused() {
        for (rows, code) in [
            ("宝鸡,钛及钛合金,2023,300,,现价,8", "scenario.unit"),
            ("宝鸡,钛及钛合金,2023,300,元,现价,8", "scenario.unit"),
            (
                "宝鸡,钛及钛合金,2023,300,亿元,现价,8\n宝鸡,钛及钛合金,2024,310,万元,现价,8",
                "scenario.unit",
            ),
            ("宝鸡,钛及钛合金,2023,300,亿元,,8", "scenario.measure"),
            (
                "宝鸡,钛及钛合金,2023,300,亿元,现价,8\n西安,光子,2023,3,亿元,不变价,8",
                "scenario.measure",
            ),
            ("宝鸡,钛及钛合金,2023,0,亿元,现价,8", "scenario.value"),
            ("宝鸡,钛及钛合金,2023,-3,亿元,现价,8", "scenario.value"),
            ("宝鸡,钛及钛合金,2023,3,亿元,现价,0", "scenario.value"),
            ("宝鸡,钛合金,2023,3,亿元,现价,8", "scenario.unknown-name"),
            (
                "宝鸡,航空,2023,3,亿元,现价,8\n宝鸡,航空,2023,4,亿元,现价,8",
                "scenario.contradiction",
            ),
        ] {
            let error = read(&format!("{HEAD}{rows}\n")).expect_err(rows);
            assert_eq!(error.code(), code, "{error}");
        }
        let both = "市,产业,年份,产值（亿元）,营业收入（亿元）,价格口径\n西安,光子,2023,1,,现价\n西安,航天,2023,,2,现价\n";
        assert_eq!(read(both).expect_err("two measures").code(), "scenario.measure");
    }

    #[test]
    fn gaps_are_told() {
        let series = read(&format!(
            "{HEAD}西安,光子,2020,10,亿元,现价,9\n西安,光子,2023,12,亿元,现价,9\n西安,光子,2022,,亿元,现价,9\n"
        ))
        .expect("good rows");
        assert_eq!(series.notes.len(), 1);
        assert!(series.notes[0].zh.contains("2020 与 2023"));
    }
}
