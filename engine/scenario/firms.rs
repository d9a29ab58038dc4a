//! Initial firms: of a register where there is one, drawn from totals elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ScenarioError;
use super::places::Places;
use super::series::Measure;
use super::table::Headed;
use crate::corpus::read_tables;
use crate::kernel::firm_step::fixed::{gauss, mulq, octave, q24};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{FLAG_KEY, FirmRow, Firms, pack};
use crate::model::{Lang, Wording};

/// Tail exponent of sizes drawn from totals (Axtell 2001).
const TAIL: f64 = 1.06;
/// Most firms of one setup: a national register, and some minutes of work.
const MOST_FIRMS: usize = 2_000_000;

/// A firm of the register.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) cluster: usize,
    /// 万元 a year.
    pub(super) output: f64,
    /// Quarters since it was founded, where known.
    pub(super) age: Option<u32>,
}

/// Reads a register of firms: 企业名称, 市, 产业, the measure with its unit, 成立年份.
///
/// # Errors
/// As for yearly figures; firms without a name or with output of zero or less.
pub(super) fn read_register(
    path: &Path,
    measure: Measure,
    year: i32,
) -> Result<(Vec<Registered>, String), ScenarioError> {
    const NAME: &[&str] = &["企业名称", "单位名称", "名称", "firm"];
    const CITY: &[&str] = &["市（区）", "市", "城市", "地区", "city"];
    const INDUSTRY: &[&str] = &["产业", "行业", "industry"];
    const FOUNDED: &[&str] = &["成立年份", "founded"];
    let tables = read_tables(path)?;
    let places = Places::shipped();
    let label = measure.label(Lang::Zh);
    let mut firms = Vec::new();
    for table in &tables {
        let Some(headed) = Headed::find(path, table, &[NAME, CITY, INDUSTRY]) else { continue };
        let Some(value) = headed.column(&[label, "output"]) else {
            return Err(ScenarioError::table(
                path,
                Wording::new(
                    format!("企业名录没有“{label}”一列，与集群数据的指标不一致"),
                    format!("the register has no column of {}", measure.label(Lang::En)),
                ),
            ));
        };
        for row in headed.rows {
            let name = Headed::text(row, headed.column(NAME));
            if name.is_empty() {
                continue;
            }
            let (city, industry) = (
                Headed::text(row, headed.column(CITY)),
                Headed::text(row, headed.column(INDUSTRY)),
            );
            let Some(cluster) = places.cluster(&city, &industry) else {
                let names = places.names();
                let wanted = format!("{city}/{industry}");
                let known = names.iter().map(String::as_str);
                return Err(ScenarioError::unknown(path, headed.place(row), &wanted, known));
            };
            let unit = headed.column(&["单位", "unit"]);
            let output = headed.amount(row, Some(value), unit, label)?.unwrap_or(0.0);
            if output <= 0.0 {
                let positive = Wording::new("大于 0 的数", "a number above 0");
                return Err(ScenarioError::value(path, headed.place(row), output, positive));
            }
            let founded = headed.number(row, headed.column(FOUNDED), "成立年份")?;
            let years = founded.map(|it| (f64::from(year) - it).clamp(0.0, 250.0));
            #[expect(clippy::cast_possible_truncation, reason = "at most 1000 quarters")]
            #[expect(clippy::cast_sign_loss, reason = "clamped above")]
            let age = years.map(|it| (it * 4.0) as u32);
            firms.push(Registered { name, cluster, output, age });
        }
    }
    if firms.is_empty() {
        let what = Wording::new("企业名录里没有企业", "the register has no firm");
        return Err(ScenarioError::table(path, what));
    }
    let sha256 = tables.first().map(|it| it.sha256.clone()).unwrap_or_default();
    Ok((firms, sha256))
}

/// What is known of a cluster at the start.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Start {
    /// 万元 a year.
    pub(super) output: f64,
    pub(super) firms: u32,
    /// Name and output of the largest firm.
    pub(super) top: Option<(String, f64)>,
}

/// The firms of a setup, and who they are.
#[derive(Debug, Clone)]
pub(super) struct Population {
    pub(super) firms: Firms,
    /// Ids of firms that have a name.
    pub(super) named: BTreeMap<String, u32>,
    /// Firms of the register or named as largest.
    pub(super) known: usize,
    /// Firms whose sizes were drawn.
    pub(super) drawn: usize,
}

/// The firms of all clusters: those of the register, the largest firm where it is named, and drawn
/// ones for the rest of output and number.
///
/// Sizes are Pareto with exponent 1.06 at jittered quantiles, scaled to the rest of the total, none
/// above a named largest firm; ages exponential with mean eight years; capability normal (sd 0.4)
/// around the nation's, because nothing is known about it. `variant` selects another draw.
pub(super) fn populate(
    path: &Path,
    starts: &BTreeMap<usize, Start>,
    register: &[Registered],
    seed: [u32; 2],
    variant: u32,
    tables: &Tables,
) -> Result<Population, ScenarioError> {
    let mut made =
        Population { firms: Firms::default(), named: BTreeMap::new(), known: 0, drawn: 0 };
    for (cluster, start) in starts {
        let own: Vec<&Registered> = register.iter().filter(|it| it.cluster == *cluster).collect();
        let mut sizes: Vec<(f64, Option<u32>, Option<&str>)> =
            own.iter().map(|it| (it.output, it.age, Some(it.name.as_str()))).collect();
        if let Some((name, output)) = &start.top
            && !own.iter().any(|it| it.name == *name)
        {
            sizes.push((*output, None, (!name.is_empty()).then_some(name.as_str())));
        }
        let known: f64 = sizes.iter().map(|it| it.0).sum();
        if known > start.output * 1.001 {
            let name = Places::shipped().name(*cluster);
            return Err(ScenarioError::contradiction(
                path,
                Wording::new(
                    format!(
                        "{name}：名录里的企业合计 {known:.0} 万元，超过集群的 {:.0} 万元",
                        start.output
                    ),
                    format!(
                        "{name}: the register adds up to {known:.0} 万元, the cluster has {:.0}",
                        start.output
                    ),
                ),
            ));
        }
        let known_firms = sizes.len();
        made.known += known_firms;
        let rest = (start.firms as usize).saturating_sub(known_firms);
        let left = (start.output - known).max(0.0);
        if rest > 0 && left > 0.0 {
            let bound = start.top.as_ref().map_or(f64::INFINITY, |(_, output)| *output);
            let first = u32::try_from(made.firms.len() + known_firms).unwrap_or(u32::MAX);
            sizes
                .extend(pareto(rest, left, bound, first, seed, variant).map(|it| (it, None, None)));
            made.drawn += rest;
        }
        for (nth, (size, age, name)) in sizes.into_iter().enumerate() {
            if made.firms.len() == MOST_FIRMS {
                let what = Wording::new("企业超过 200 万家", "there are more than 2,000,000 firms");
                return Err(ScenarioError::table(path, what));
            }
            let uid = u32::try_from(made.firms.len()).expect("at most two million");
            let r = philox([uid, variant, purpose::INITIAL_FIRM, 1], seed);
            // Thirty-two quarters per unit of Exp(1), the point moved from bit 24 to bit 0.
            let drawn_age = (octave(r[0], &tables.expo) >> 19).min(200).cast_unsigned();
            let id = u32::try_from(*cluster).expect("nine bits");
            let mut w0 = pack(id, age.unwrap_or(drawn_age), r[1]);
            if nth < known_firms {
                w0 |= FLAG_KEY;
            }
            let a = mulq(q24(0.4), gauss(r[2], tables));
            made.firms.push(FirmRow { uid, x: q24(size.log2()), a, w0, w1: 0 });
            if let Some(name) = name {
                made.named.insert(name.to_owned(), uid);
            }
        }
    }
    Ok(made)
}

/// `n` Pareto sizes that add up to `total`, none above `bound` where that is possible.
fn pareto(
    n: usize,
    total: f64,
    bound: f64,
    first: u32,
    seed: [u32; 2],
    variant: u32,
) -> impl Iterator<Item = f64> {
    let jitter = |i: usize| {
        let uid = first.wrapping_add(u32::try_from(i).unwrap_or(u32::MAX));
        let word = philox([uid, variant, purpose::INITIAL_FIRM, 2], seed)[0];
        // The middle half of each quantile: the greatest is no accident of one draw.
        0.25 + 0.5 * f64::from(word) / 4_294_967_296.0
    };
    let mut sizes: Vec<f64> =
        (0..n).map(|i| (1.0 - (i as f64 + jitter(i)) / n as f64).powf(-1.0 / TAIL)).collect();
    // What is cut at the bound is given to the others; a few rounds settle it.
    for _ in 0..20 {
        let sum: f64 = sizes.iter().sum();
        sizes.iter_mut().for_each(|it| *it *= total / sum);
        if sizes.iter().all(|it| *it <= bound) {
            break;
        }
        sizes.iter_mut().for_each(|it| *it = it.min(bound));
    }
    sizes.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::firm_step::fixed::to_f64;

    fn starts() -> BTreeMap<usize, Start> {
        let top = Some(("甲公司".to_owned(), 40_000.0));
        BTreeMap::from([
            (3, Start { output: 100_000.0, firms: 50, top }),
            (7, Start { output: 5_000.0, firms: 1, top: None }),
        ])
    }

    #[test]
    fn totals_are_kept_and_the_largest_firm_is_known() {
        let tables = Tables::new(0.02, 1.3, -3.48, 2.26);
        let made = populate(Path::new("x"), &starts(), &[], [1, 2], 0, &tables).expect("fits");
        assert_eq!((made.firms.len(), made.known, made.drawn), (51, 1, 50));
        let sizes = |cluster| -> Vec<f64> {
            let of = made.firms.living().filter(move |it| it.cluster() == cluster);
            of.map(|it| to_f64(it.x).exp2()).collect()
        };
        let sum: f64 = sizes(3).iter().sum();
        assert!((sum / 100_000.0 - 1.0).abs() < 1e-4, "{sum}");
        assert!(sizes(3).iter().all(|it| *it <= 40_001.0));
        assert!((sizes(7)[0] - 5_000.0).abs() < 1.0);
        let other = populate(Path::new("x"), &starts(), &[], [1, 2], 1, &tables).expect("fits");
        assert_ne!(other.firms, made.firms);
        assert_eq!(other.named, made.named);
    }

    #[test]
    fn a_register_that_exceeds_the_total_is_refused() {
        let tables = Tables::new(0.02, 1.3, -3.48, 2.26);
        let big = Registered { name: "乙".into(), cluster: 7, output: 6_000.0, age: Some(8) };
        let result = populate(Path::new("x"), &starts(), &[big], [1, 2], 0, &tables);
        assert!(matches!(result, Err(ScenarioError::Contradiction { .. })));
    }
}
