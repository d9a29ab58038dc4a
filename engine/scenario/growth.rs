//! National growth: an input, not a result.

use std::path::PathBuf;

use super::error::ScenarioError;
use super::file::{Source, TextOrNumber};
use super::places::Places;
use super::quarter::Quarter;
use super::series::Prices;
use super::table::Headed;
use crate::corpus::read_tables;
use crate::kernel::firm_step::fixed::q24;
use crate::model::Wording;

/// Growth of the nation's industries in the prices of the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct National {
    /// Growth of a year as a factor, `[years][industries]`.
    factors: Vec<Vec<f64>>,
    /// Standard deviation of the yearly rate.
    pub(super) sd: f64,
    /// The table, where there is one, and its hash.
    pub(super) input: Option<(PathBuf, String)>,
}

impl National {
    pub(super) fn read(
        source: &Source,
        start: Quarter,
        quarters: u32,
        data: Prices,
    ) -> Result<Self, ScenarioError> {
        let part = &source.file.economy;
        let years = (quarters / 4) as usize;
        let industries = Places::shipped().industries.len();
        let mut input = None;
        let percent = match &part.national_growth {
            TextOrNumber::Number(rate) => vec![vec![*rate; industries]; years],
            TextOrNumber::Text(name) => {
                let (table, hash) = table(source, name, start.year, years)?;
                input = Some((source.beside(name), hash));
                table
            }
        };
        let given = Prices::named(&part.prices).expect("one of the choices");
        let fault = |zh: &str, en: &str| ScenarioError::Measure {
            path: source.path.clone(),
            key: "economy.prices".to_owned(),
            what: Wording::new(zh, en),
        };
        let deflator = match (given, data, part.deflator) {
            (Prices::Current, Prices::Current, None)
            | (Prices::Constant, Prices::Constant, None) => 1.0,
            (Prices::Constant, Prices::Current, Some(deflator)) => deflator,
            (Prices::Current, Prices::Constant, Some(deflator)) => 1.0 / deflator,
            (_, _, None) => {
                return Err(fault(
                    "增速与数据的价格口径不同，需要 deflator（年价格指数）换算",
                    "growth and data are in other prices: a deflator is needed",
                ));
            }
            (_, _, Some(_)) => {
                return Err(fault(
                    "增速与数据的价格口径相同，不应再给 deflator",
                    "growth and data are in the same prices: a deflator would count twice",
                ));
            }
        };
        let factor = |rate: &f64| (1.0 + rate / 100.0) * deflator;
        let factors = percent.iter().map(|row| row.iter().map(factor).collect()).collect();
        Ok(Self { factors, sd: part.growth_sd.unwrap_or(0.0) / 100.0, input })
    }

    /// Growth of the first year of an industry as a factor.
    pub(super) fn yearly_factor(&self, industry: usize) -> f64 {
        self.factors[0][industry]
    }

    /// log₂ growth by quarter and industry, with every year's rate `z` standard deviations higher.
    pub(super) fn path(&self, z: f64) -> Vec<i32> {
        let quarterly = |factor: &f64| q24((factor + z * self.sd).max(0.5).log2() / 4.0);
        let rows = self.factors.iter().map(|row| row.iter().map(quarterly).collect::<Vec<_>>());
        rows.flat_map(|row| [row.clone(), row.clone(), row.clone(), row]).flatten().collect()
    }
}

/// Rates in percent by year and industry from a table 产业, 年份, 增速; an empty industry means all,
/// later years keep the last.
fn table(
    source: &Source,
    name: &str,
    first: i32,
    years: usize,
) -> Result<(Vec<Vec<f64>>, String), ScenarioError> {
    const RATE: &[&str] = &["增速", "增速（%）", "增速(%)", "growth"];
    const YEAR: &[&str] = &["年份", "年", "year"];
    let path = source.beside(name);
    let places = Places::shipped();
    let tables = read_tables(&path)?;
    let mut rates: Vec<Vec<Option<f64>>> = vec![vec![None; places.industries.len()]; years];
    for one in &tables {
        let Some(headed) = Headed::find(&path, one, &[YEAR, RATE]) else { continue };
        for row in headed.rows {
            let Some(rate) = headed.number(row, headed.column(RATE), "增速")? else { continue };
            let year = headed.number(row, headed.column(YEAR), "年份")?.unwrap_or(0.0);
            if !(-20.0..=40.0).contains(&rate) {
                let range = Wording::new("-20 到 40 之间的百分数", "a percentage from -20 to 40");
                return Err(ScenarioError::value(&path, headed.place(row), rate, range));
            }
            let at = (0..years).find(|i| f64::from(first) + *i as f64 == year);
            let Some(at) = at else { continue };
            let name = Headed::text(row, headed.column(&["产业", "行业", "industry"]));
            if name.is_empty() {
                rates[at].iter_mut().for_each(|it| *it = it.or(Some(rate)));
            } else if let Some(industry) = places.industry(&name) {
                rates[at][industry] = Some(rate);
            } else {
                let known = places.industries.iter().map(|it| it.name.as_str());
                return Err(ScenarioError::unknown(&path, headed.place(row), &name, known));
            }
        }
    }
    for at in 1..years {
        let (before, from) = rates.split_at_mut(at);
        for (rate, last) in from[0].iter_mut().zip(&before[at - 1]) {
            *rate = rate.or(*last);
        }
    }
    let missing = || {
        ScenarioError::table(
            &path,
            Wording::new(
                format!("缺 {first} 年的增速：每个产业（或产业留空代表全部）都要有第一年"),
                format!("a rate for {first} is missing: every industry needs the first year"),
            ),
        )
    };
    let whole: Option<Vec<Vec<f64>>> =
        rates.into_iter().map(|row| row.into_iter().collect()).collect();
    let sha256 = tables.first().map(|it| it.sha256.clone()).unwrap_or_default();
    Ok((whole.ok_or_else(missing)?, sha256))
}
