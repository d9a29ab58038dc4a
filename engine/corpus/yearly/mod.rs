//! Yearly series of groups (provinces, cities, clusters) from a text table, for back-tests.
//!
//! Two shapes: one column per variable (省份, 年份, 产值, 企业数), or long (province, year, name of
//! the variable, value, unit). One variable is read; kinds (产值, 营业收入, 增加值), prices and units
//! are not mixed in silence: a variable has one of each, or the file is refused.

mod error;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::decode::decode;
use crate::simulation::backtest::Panel;

pub use error::YearlyError;

/// What an output is: figures of different kinds are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// 产值, gross output.
    GrossOutput,
    /// 营业收入 or 主营业务收入, revenue.
    Revenue,
    /// 增加值, value added.
    ValueAdded,
    /// Something else with a name of its own, such as 技术合同成交额.
    Other,
}

impl OutputKind {
    /// The kind that a variable's name tells.
    fn of(name: &str) -> Self {
        if name.contains("增加值") {
            Self::ValueAdded
        } else if name.contains("收入") {
            Self::Revenue
        } else if name.contains("产值") {
            Self::GrossOutput
        } else {
            Self::Other
        }
    }
}

/// In which prices a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// 现价, of each year.
    Current,
    /// 不变价, of one year.
    Constant,
    /// The file does not say.
    Unstated,
}

/// A unit of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyUnit {
    /// 元.
    Yuan,
    /// 万元.
    TenThousand,
    /// 亿元.
    HundredMillion,
}

impl MoneyUnit {
    /// The unit that a text names, alone or in brackets behind a heading.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        // The longer names end with the shorter one.
        if text.contains("万元") {
            Some(Self::TenThousand)
        } else if text.contains("亿元") {
            Some(Self::HundredMillion)
        } else {
            (text == "元" || text.contains("（元）") || text.contains("(元)")).then_some(Self::Yuan)
        }
    }

    /// How many 万元 one of it is.
    const fn in_ten_thousands(self) -> f64 {
        match self {
            Self::Yuan => 1e-4,
            Self::TenThousand => 1.0,
            Self::HundredMillion => 1e4,
        }
    }

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yuan => "元",
            Self::TenThousand => "万元",
            Self::HundredMillion => "亿元",
        }
    }
}

/// What is to be read.
#[derive(Debug, Clone, Default)]
pub struct YearlyOptions {
    /// Name of the variable: a heading, or a value of a long table.
    pub column: String,
    /// Name of the variable that counts firms.
    pub firms: Option<String>,
    /// Heading of the groups, where it is not one of the usual ones.
    pub group: Option<String>,
    /// Unit of money, where the file does not say.
    pub unit: Option<MoneyUnit>,
}

/// Series as read, with what was noticed.
#[derive(Debug, Clone)]
pub struct YearlySeries {
    /// The series, output in 万元.
    pub panel: Panel,
    /// What the output is.
    pub kind: OutputKind,
    /// In which prices.
    pub prices: Prices,
    /// The unit of the file.
    pub unit: MoneyUnit,
    /// Years without any data between the first and the last.
    pub missing_years: Vec<i32>,
    /// Groups that lack some of the years that others have, and how many.
    pub incomplete: Vec<(String, usize)>,
    /// Rows of totals (全国, 合计), which are no group.
    pub totals: usize,
    /// Years in which all counted firms together fell by a sixth or more against the year before:
    /// often another definition of who is counted.
    pub count_breaks: Vec<i32>,
}

/// Headings of groups, years, values, units, prices, in the order in which they are looked for.
const GROUPS: &[&str] =
    &["province", "省份", "地区", "省", "city", "城市", "地市", "cluster", "集群", "产业", "group"];
const YEARS: &[&str] = &["year", "年份", "年度", "年"];
const VALUES: &[&str] = &["value", "数值", "值", "数据"];
const UNITS: &[&str] = &["units", "unit", "单位", "计量单位"];
const PRICES: &[&str] = &["prices", "price", "价格", "口径", "价格口径"];
/// Names of rows that are sums of others.
const TOTALS: &[&str] = &["全国", "中国", "全省", "合计", "总计", "全国合计"];

/// A fall of all counts together by a sixth.
const BREAK: f64 = 5.0 / 6.0;

/// Reads the series of a file.
///
/// # Errors
/// [`YearlyError`] with file, line and what is wrong.
pub fn read_yearly(path: &Path, options: &YearlyOptions) -> Result<YearlySeries, YearlyError> {
    let bytes = std::fs::read(path)
        .map_err(|source| YearlyError::Read { path: path.to_owned(), source })?;
    parse(&bytes, path, options)
}

/// The columns that matter.
struct Columns {
    group: usize,
    year: usize,
    /// Column of the variable, and of the counts, where each has one of its own.
    wide: Option<(usize, Option<usize>)>,
    /// Column of values of a long table.
    value: Option<usize>,
    unit: Option<usize>,
    prices: Option<usize>,
}

fn parse(bytes: &[u8], path: &Path, options: &YearlyOptions) -> Result<YearlySeries, YearlyError> {
    let no_text = || YearlyError::NoText { path: path.to_owned() };
    let text = decode(bytes).ok_or_else(no_text)?.text;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings: Vec<String> = reader
        .headers()
        .map_err(|_| no_text())?
        .iter()
        .map(|heading| heading.trim().to_owned())
        .collect();
    let columns = columns(&headings, path, options)?;
    let mut table = Table::default();
    for (line, row) in (2..).zip(reader.records()) {
        let row = row.map_err(|_| YearlyError::Row { path: path.to_owned(), line })?;
        table.take(&row, line, &columns, path, options)?;
    }
    if !table.known {
        let known = table.named.into_iter().collect();
        return Err(YearlyError::NoColumn {
            path: path.to_owned(),
            column: options.column.clone(),
            known: if columns.wide.is_some() { headings } else { known },
        });
    }
    let stated = columns.wide.and_then(|(at, _)| MoneyUnit::of(&headings[at]));
    table.finish(path, options, stated)
}

fn columns(
    headings: &[String],
    path: &Path,
    options: &YearlyOptions,
) -> Result<Columns, YearlyError> {
    let named = |name: &str| headings.iter().position(|it| it.eq_ignore_ascii_case(name));
    let one_of = |names: &[&str]| names.iter().find_map(|name| named(name));
    let missing = |what: &str| YearlyError::NoColumn {
        path: path.to_owned(),
        column: what.to_owned(),
        known: headings.to_vec(),
    };
    let group = match &options.group {
        Some(name) => named(name).ok_or_else(|| missing(name))?,
        None => one_of(GROUPS).ok_or_else(|| missing("省份"))?,
    };
    let year = one_of(YEARS).ok_or_else(|| missing("年份"))?;
    let wide = match named(&options.column) {
        Some(at) => {
            let counts =
                options.firms.as_ref().map(|name| named(name).ok_or_else(|| missing(name)));
            Some((at, counts.transpose()?))
        }
        None => None,
    };
    let value = one_of(VALUES);
    if wide.is_none() && value.is_none() {
        return Err(missing(&options.column));
    }
    Ok(Columns { group, year, wide, value, unit: one_of(UNITS), prices: one_of(PRICES) })
}

/// Values by year and group, as they are read.
#[derive(Default)]
struct Table {
    outputs: BTreeMap<(i32, String), f64>,
    firms: BTreeMap<(i32, String), f64>,
    /// Names of all groups and years of the variable, unknown values included.
    groups: BTreeSet<String>,
    units: BTreeSet<String>,
    prices: BTreeSet<String>,
    /// Values of a long table that could be the variable.
    named: BTreeSet<String>,
    totals: usize,
    known: bool,
}

impl Table {
    fn take(
        &mut self,
        row: &csv::StringRecord,
        line: usize,
        columns: &Columns,
        path: &Path,
        options: &YearlyOptions,
    ) -> Result<(), YearlyError> {
        let cell = |at: usize| row.get(at).unwrap_or("").trim();
        let group = cell(columns.group);
        let (is_output, is_firms) = match columns.wide {
            Some(_) => (true, options.firms.is_some()),
            None => {
                let others = || (0..row.len()).filter(|at| Some(*at) != columns.value);
                let told = |name: &str| others().any(|at| cell(at) == name);
                self.named.extend(
                    others()
                        .filter(|at| *at != columns.group && *at != columns.year)
                        .map(|at| cell(at).to_owned())
                        .filter(|it| !it.is_empty()),
                );
                (told(&options.column), options.firms.as_deref().is_some_and(told))
            }
        };
        if !is_output && !is_firms || group.is_empty() {
            return Ok(());
        }
        let bad = |column: &str, text: &str| YearlyError::Value {
            path: path.to_owned(),
            line,
            column: column.to_owned(),
            text: text.to_owned(),
        };
        let year_text = cell(columns.year);
        // 2020.0 is how some programs write a year.
        let year = year_text.trim_end_matches('年').trim_end_matches(".0");
        let year: i32 = year.parse().map_err(|_| bad("年份", year_text))?;
        if TOTALS.contains(&group) {
            self.totals += usize::from(is_output);
            self.known |= is_output;
            return Ok(());
        }
        let (output_at, firms_at) = match columns.wide {
            Some((output, firms)) => (Some(output), firms),
            None => (columns.value.filter(|_| is_output), columns.value.filter(|_| is_firms)),
        };
        let number = |text: &str| text.replace([',', '，'], "").parse::<f64>().ok();
        let twice =
            || YearlyError::Twice { path: path.to_owned(), line, group: group.to_owned(), year };
        let key = (year, group.to_owned());
        if let Some(text) = output_at.map(cell) {
            self.known = true;
            self.groups.insert(group.to_owned());
            if !text.is_empty() {
                let value = number(text).filter(|it| *it > 0.0 && it.is_finite());
                let value = value.ok_or_else(|| bad(&options.column, text))?;
                self.units.extend(columns.unit.map(|at| cell(at).to_owned()));
                self.prices.extend(columns.prices.map(|at| cell(at).to_owned()));
                if self.outputs.insert(key.clone(), value).is_some() {
                    return Err(twice());
                }
            }
        }
        if let Some(text) = firms_at.map(cell).filter(|text| !text.is_empty()) {
            let value = number(text).filter(|it| *it >= 0.0 && it.is_finite());
            let value = value.ok_or_else(|| bad("企业数", text))?;
            // No firm and an output contradict each other: the count is unknown.
            if value > 0.0 && self.firms.insert(key, value).is_some() {
                return Err(twice());
            }
        }
        Ok(())
    }

    fn finish(
        self,
        path: &Path,
        options: &YearlyOptions,
        in_heading: Option<MoneyUnit>,
    ) -> Result<YearlySeries, YearlyError> {
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
        let mixed = |what, found| YearlyError::Mixed { path: path.to_owned(), what, found };
        if self.units.len() > 1 {
            return Err(mixed("单位", list(&self.units)));
        }
        if self.prices.len() > 1 {
            return Err(mixed("价格口径", list(&self.prices)));
        }
        let told = self.units.first().and_then(|unit| MoneyUnit::of(unit)).or(in_heading);
        let unit = match (told, options.unit) {
            (Some(told), Some(given)) if told != given => {
                return Err(mixed("单位", vec![told.name().to_owned(), given.name().to_owned()]));
            }
            (Some(unit), _) | (None, Some(unit)) => unit,
            (None, None) => {
                let found = self.units.first().cloned();
                return Err(YearlyError::NoUnit { path: path.to_owned(), found });
            }
        };
        let stated = self.prices.first().map_or(options.column.as_str(), String::as_str);
        let prices = if stated.contains("不变价") || stated.contains("可比价") {
            Prices::Constant
        } else if stated.contains("现价") || stated.contains("当年价") {
            Prices::Current
        } else {
            Prices::Unstated
        };
        let groups: Vec<String> = self.groups.into_iter().collect();
        let years: BTreeSet<i32> = self.outputs.keys().map(|key| key.0).collect();
        let years: Vec<i32> = years.into_iter().collect();
        let table = |values: &BTreeMap<(i32, String), f64>, scale: f64| -> Vec<Vec<Option<f64>>> {
            let row = |year: &i32| {
                let one = |group: &String| values.get(&(*year, group.clone())).map(|it| it * scale);
                groups.iter().map(one).collect()
            };
            years.iter().map(row).collect()
        };
        let outputs = table(&self.outputs, unit.in_ten_thousands());
        let firms = table(&self.firms, 1.0);
        let span = years.first().copied().unwrap_or(0)..years.last().copied().unwrap_or(0);
        let missing_years = span.filter(|year| !years.contains(year)).collect();
        let lacking = |g: usize| outputs.iter().filter(|row| row[g].is_none()).count();
        let incomplete = (0..groups.len())
            .map(|g| (groups[g].clone(), lacking(g)))
            .filter(|(_, n)| *n > 0)
            .collect();
        let fell = |rows: &[Vec<Option<f64>>]| {
            let both = rows[0].iter().zip(&rows[1]).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
            let (before, after) = both.fold((0.0, 0.0), |(x, y), (a, b)| (x + a, y + b));
            before > 0.0 && after <= before * BREAK
        };
        let pairs = firms.windows(2).zip(&years[years.len().min(1)..]);
        let count_breaks = pairs.filter(|(rows, _)| fell(rows)).map(|(_, year)| *year).collect();
        Ok(YearlySeries {
            kind: OutputKind::of(&options.column),
            prices,
            unit,
            missing_years,
            incomplete,
            totals: self.totals,
            count_breaks,
            panel: Panel { groups, years, outputs, firms },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, column: &str, firms: Option<&str>) -> Result<YearlySeries, YearlyError> {
        let firms = firms.map(str::to_owned);
        let options = YearlyOptions { column: column.to_owned(), firms, ..Default::default() };
        parse(text.as_bytes(), Path::new("made.csv"), &options)
    }

    const LONG: &str = "province,year,name,value,units
全国,2020,营业收入,9,亿元
甲省,2020,营业收入,3,亿元
甲省,2020,企业数,12,个
乙省,2020,营业收入,6,亿元
乙省,2020,企业数,30,个
甲省,2022,营业收入,4,亿元
甲省,2022,企业数,10,个
乙省,2022,营业收入,,亿元
乙省,2022,企业数,24,个
";

    #[test]
    fn a_long_table_is_read_with_its_gaps() {
        let series = read(LONG, "营业收入", Some("企业数")).expect("a good table");
        assert_eq!(series.panel.groups, ["乙省", "甲省"]);
        assert_eq!(series.panel.years, [2020, 2022]);
        assert_eq!(series.panel.outputs, [[Some(6e4), Some(3e4)], [None, Some(4e4)]]);
        assert_eq!(series.panel.firms, [[Some(30.0), Some(12.0)], [Some(24.0), Some(10.0)]]);
        assert_eq!((series.kind, series.prices), (OutputKind::Revenue, Prices::Unstated));
        assert_eq!((series.missing_years, series.totals), (vec![2021], 1));
        assert_eq!(series.incomplete, [("乙省".to_owned(), 1)]);
        // 42 to 34 counted firms.
        assert_eq!(series.count_breaks, [2022]);
    }

    #[test]
    fn a_wide_table_names_its_unit_in_the_heading() {
        let text = "城市,年份,产值（万元）,企业数\n西安,2021年,\"1,200\",5\n西安,2022年,1300,6\n";
        let series = read(text, "产值（万元）", Some("企业数")).expect("a good table");
        assert_eq!(series.panel.outputs, [[Some(1200.0)], [Some(1300.0)]]);
        assert_eq!(series.kind, OutputKind::GrossOutput);
        assert_eq!(series.unit, MoneyUnit::TenThousand);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let mixed = LONG.replacen("甲省,2022,营业收入,4,亿元", "甲省,2022,营业收入,40000,万元", 1);
        let error = read(&mixed, "营业收入", None);
        assert!(matches!(error, Err(YearlyError::Mixed { what: "单位", .. })), "{error:?}");
        let error = read(LONG, "产值", None);
        assert!(matches!(error, Err(YearlyError::NoColumn { .. })), "{error:?}");
        let negative = LONG.replace("甲省,2020,营业收入,3", "甲省,2020,营业收入,-3");
        let error = read(&negative, "营业收入", None);
        assert!(matches!(error, Err(YearlyError::Value { line: 3, .. })), "{error:?}");
        let twice = format!("{LONG}甲省,2020,营业收入,3,亿元\n");
        assert!(matches!(read(&twice, "营业收入", None), Err(YearlyError::Twice { line: 11, .. })));
        let unitless = "city,year,产值\n甲,2020,1\n";
        assert!(matches!(read(unitless, "产值", None), Err(YearlyError::NoUnit { .. })));
        let prices = "city,year,产值,单位,口径\n甲,2020,1,亿元,现价\n甲,2021,1,亿元,不变价\n";
        let error = read(prices, "产值", None);
        assert!(matches!(error, Err(YearlyError::Mixed { what: "价格口径", .. })), "{error:?}");
        assert!(matches!(read("\0\0\0", "产值", None), Err(YearlyError::NoText { .. })));
    }
}
