//! Cities, industries and the clusters that the province's plan names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const CITIES: &str = include_str!("../../corpus/clusters/cities.csv");
const INDUSTRIES: &str = include_str!("../../corpus/clusters/industries.csv");
const DIRECTIONS: &str = include_str!("../../corpus/clusters/city_directions.csv");

/// A city.
#[derive(Debug, Clone, PartialEq)]
pub struct City {
    /// Its name.
    pub name: String,
    /// Indices of the cities that border on it.
    pub adjacent: Vec<usize>,
    /// Regional factor of levers: least, most likely, greatest.
    pub regional: (f64, f64, f64),
}

/// An industry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Industry {
    /// Its name.
    pub name: String,
    /// The province's field that it belongs to.
    pub field: String,
}

/// In which tier of the plan a cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// 重点发展.
    Priority,
    /// 培育壮大.
    Nurtured,
}

impl Tier {
    /// The plan's word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Priority => "重点发展",
            Self::Nurtured => "培育壮大",
        }
    }
}

/// The 11 cities and 32 industries of the plan's annex, and which clusters it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    /// Cities in the order of the annex.
    pub cities: Vec<City>,
    /// Industries in the order of their table.
    pub industries: Vec<Industry>,
    /// The highest tier of every cluster that the annex names.
    pub tiers: BTreeMap<usize, Tier>,
}

static SHIPPED: LazyLock<Places> = LazyLock::new(|| Places::read().expect("shipped and tested"));

impl Places {
    /// The shipped tables.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn read() -> Option<Self> {
        let rows = rows(CITIES);
        let names: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        let city_at = |name: &str| names.iter().position(|it| *it == name);
        let cities = rows
            .iter()
            .map(|row| {
                Some(City {
                    name: row[0].clone(),
                    adjacent: row[1].split('、').map(city_at).collect::<Option<_>>()?,
                    regional: (row[3].parse().ok()?, row[2].parse().ok()?, row[4].parse().ok()?),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        let table = self::rows(INDUSTRIES);
        let industries: Vec<Industry> = table
            .iter()
            .map(|row| Industry { name: row[0].clone(), field: row[1].clone() })
            .collect();
        let annex: BTreeMap<&str, usize> = (table.iter().enumerate())
            .flat_map(|(at, row)| row[2].split('；').map(move |words| (words, at)))
            .collect();
        let mut tiers = BTreeMap::new();
        for row in self::rows(DIRECTIONS) {
            let tier = if row[1] == "重点发展" { Tier::Priority } else { Tier::Nurtured };
            let city = city_at(&row[0])?;
            let directions: Vec<String> = match row[3].as_str() {
                "" => vec![row[2].clone()],
                details => details.split('、').map(|it| format!("{}/{it}", row[2])).collect(),
            };
            for direction in directions {
                let industry = annex.get(direction.as_str())?;
                let cluster = city * industries.len() + industry;
                tiers
                    .entry(cluster)
                    .and_modify(|it: &mut Tier| *it = tier.min(*it))
                    .or_insert(tier);
            }
        }
        Some(Self { cities, industries, tiers })
    }

    /// Number of clusters: cities times industries.
    #[must_use]
    pub const fn clusters(&self) -> usize {
        self.cities.len() * self.industries.len()
    }

    /// The name of a cluster, `city/industry`.
    #[must_use]
    pub fn name(&self, cluster: usize) -> String {
        let s = self.industries.len();
        format!("{}/{}", self.cities[cluster / s].name, self.industries[cluster % s].name)
    }

    /// Names of all clusters in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        (0..self.clusters()).map(|cluster| self.name(cluster)).collect()
    }

    /// The city of this name, with or without 市.
    #[must_use]
    pub fn city(&self, name: &str) -> Option<usize> {
        let name = name.trim();
        let short = name.strip_suffix('市').or(name.strip_suffix("示范区")).unwrap_or(name);
        self.cities.iter().position(|it| it.name == name || it.name == short)
    }

    /// The industry of this name.
    #[must_use]
    pub fn industry(&self, name: &str) -> Option<usize> {
        self.industries.iter().position(|it| it.name == name.trim())
    }

    /// The cluster of a city and an industry.
    #[must_use]
    pub fn cluster(&self, city: &str, industry: &str) -> Option<usize> {
        Some(self.city(city)? * self.industries.len() + self.industry(industry)?)
    }

    /// The cluster `city/industry`.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<usize> {
        let (city, industry) = name.split_once(['/', '／'])?;
        self.cluster(city, industry)
    }

    /// Proximity of industries from the annex, `[industries, industries]` in 1/65536: the smaller
    /// of the two shares of cities naming one that also name the other (Hidalgo et al. 2007).
    ///
    /// Eleven cities' plans are a weak substitute for presence in all prefectures of the country.
    #[must_use]
    pub fn annex_proximity(&self) -> Vec<u32> {
        let s = self.industries.len();
        let names = |city: usize, industry: usize| self.tiers.contains_key(&(city * s + industry));
        let mut proximity = vec![0; s * s];
        for i in 0..s {
            for j in 0..s {
                let both = (0..self.cities.len()).filter(|c| names(*c, i) && names(*c, j)).count();
                let most = [i, j]
                    .map(|it| (0..self.cities.len()).filter(|c| names(*c, it)).count())
                    .into_iter()
                    .max()
                    .unwrap_or(0);
                if i != j {
                    let share = (both * 65536).checked_div(most).unwrap_or(0);
                    proximity[i * s + j] = u32::try_from(share).expect("at most one");
                }
            }
        }
        proximity
    }
}

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.map(|row| row.iter().map(str::to_owned).collect()));
    rows.collect::<Result<_, _>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annex_is_whole() {
        let places = Places::shipped();
        assert_eq!((places.cities.len(), places.industries.len()), (11, 32));
        let named = |name| places.tiers.get(&places.named(name).expect("a cluster")).copied();
        assert_eq!(named("宝鸡/钛及钛合金"), Some(Tier::Priority));
        assert_eq!(named("宝鸡/氢能"), Some(Tier::Nurtured));
        // 渭南 names new materials in both tiers; the higher one counts.
        assert_eq!(named("渭南/新型建材与其他新材料"), Some(Tier::Priority));
        assert_eq!(named("榆林/光子"), None);
        assert_eq!(places.cluster("西安市", "光子"), places.named("西安/光子"));
        for (at, city) in places.cities.iter().enumerate() {
            for other in &city.adjacent {
                assert!(places.cities[*other].adjacent.contains(&at), "{} {other}", city.name);
            }
        }
    }

    #[test]
    fn proximity_is_symmetric_and_bounded() {
        let places = Places::shipped();
        let (s, proximity) = (32, places.annex_proximity());
        let at = |a, b| proximity[a * s + b];
        assert!((0..s).all(|a| at(a, a) == 0 && (0..s).all(|b| at(a, b) == at(b, a))));
        let industry = |name| places.industry(name).expect("an industry");
        // 光子 and 半导体 are named together by both cities that name either.
        assert_eq!(at(industry("光子"), industry("半导体及集成电路")), 65536);
    }
}
