//! Further tables of a scenario: relatedness of industries, capacity of cities.

use std::path::PathBuf;

use super::error::ScenarioError;
use super::file::Source;
use super::places::Places;
use super::table::Headed;
use crate::corpus::read_tables;
use crate::model::Wording;
use crate::simulation::Relatedness;

/// Proximity from a table 产业, 相关产业, 关联度 (0 to 1, both ways), or from the annex.
pub(super) fn relatedness(
    source: &Source,
    inputs: &mut Vec<(PathBuf, String)>,
    notes: &mut Vec<Wording>,
) -> Result<Option<Relatedness>, ScenarioError> {
    let places = Places::shipped();
    let s = places.industries.len();
    let Some(name) = &source.file.data.relatedness else { return Ok(None) };
    if name == "附表" {
        notes.push(Wording::new(
            "产业关联度没有全国数据，按附表里各市（区）重点方向的共现计算",
            "relatedness is computed from the directions that the cities' plans name together",
        ));
        return Ok(Relatedness::new(s, places.annex_proximity()));
    }
    let path = source.beside(name);
    let tables = read_tables(&path)?;
    let mut proximity = vec![0_u32; s * s];
    let mut understood = false;
    for table in &tables {
        let names: [&[&str]; 3] =
            [&["产业", "industry"], &["相关产业", "related"], &["关联度", "proximity"]];
        let Some(headed) = Headed::find(&path, table, &names) else { continue };
        understood = true;
        for row in headed.rows {
            let cell = |names: &[&str]| Headed::text(row, headed.column(names));
            let (a, b) = (cell(names[0]), cell(names[1]));
            if a.is_empty() && b.is_empty() {
                continue;
            }
            let find = |name: &str| {
                places.industry(name).ok_or_else(|| {
                    let known = places.industries.iter().map(|it| it.name.as_str());
                    ScenarioError::unknown(&path, headed.place(row), name, known)
                })
            };
            let (a, b) = (find(&a)?, find(&b)?);
            let value = headed.number(row, headed.column(names[2]), "关联度")?;
            let value = value.filter(|it| (0.0..=1.0).contains(it)).ok_or_else(|| {
                let share = Wording::new("0 到 1 之间的数", "a number from 0 to 1");
                ScenarioError::value(&path, headed.place(row), cell(names[2]), share)
            })?;
            #[expect(clippy::cast_possible_truncation, reason = "at most 65536")]
            #[expect(clippy::cast_sign_loss, reason = "not negative")]
            let fixed = (value * 65536.0).round() as u32;
            (proximity[a * s + b], proximity[b * s + a]) = (fixed, fixed);
        }
    }
    if !understood {
        let what = Wording::new(
            "没有含 产业、相关产业、关联度 三列的表",
            "no table has columns for industry, related industry and proximity",
        );
        return Err(ScenarioError::table(&path, what));
    }
    inputs.push((path, tables.first().map(|it| it.sha256.clone()).unwrap_or_default()));
    Ok(Relatedness::new(s, proximity))
}

/// Capacity of every city in sixteenths of 万元, from a table 市, 承载上限, 单位; cities that are not
/// in it have none.
pub(super) fn capacity(
    source: &Source,
    inputs: &mut Vec<(PathBuf, String)>,
) -> Result<Option<Vec<u64>>, ScenarioError> {
    const CITY: &[&str] = &["市（区）", "市", "城市", "city"];
    const LIMIT: &[&str] = &["承载上限", "capacity"];
    let Some(name) = &source.file.data.capacity else { return Ok(None) };
    let places = Places::shipped();
    let path = source.beside(name);
    let tables = read_tables(&path)?;
    // A city without a limit never reaches it.
    let mut limits = vec![u64::MAX >> 1; places.cities.len()];
    let mut understood = false;
    for table in &tables {
        let Some(headed) = Headed::find(&path, table, &[CITY, LIMIT]) else { continue };
        understood = true;
        for row in headed.rows {
            let name = Headed::text(row, headed.column(CITY));
            if name.is_empty() {
                continue;
            }
            let Some(city) = places.city(&name) else {
                let known = places.cities.iter().map(|it| it.name.as_str());
                return Err(ScenarioError::unknown(&path, headed.place(row), &name, known));
            };
            let unit = headed.column(&["单位", "unit"]);
            let limit = headed.amount(row, headed.column(LIMIT), unit, "承载上限")?;
            let Some(limit) = limit.filter(|it| (1.0..1e14).contains(it)) else {
                let positive = Wording::new("大于 0 的金额", "an amount above 0");
                let found = format!("{limit:?}");
                return Err(ScenarioError::value(&path, headed.place(row), found, positive));
            };
            #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
            #[expect(clippy::cast_sign_loss, reason = "bounded above")]
            let sixteenths = (limit * 16.0) as u64;
            limits[city] = sixteenths;
        }
    }
    if !understood {
        let what = Wording::new(
            "没有含 市、承载上限 两列的表",
            "no table has columns for city and capacity",
        );
        return Err(ScenarioError::table(&path, what));
    }
    inputs.push((path, tables.first().map(|it| it.sha256.clone()).unwrap_or_default()));
    Ok(Some(limits))
}
