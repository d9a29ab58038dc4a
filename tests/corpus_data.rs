//! The reference data under `corpus/`: counts, keys and traps that the sources are known to hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use duijie::matching::Taxonomy;
use serde::Deserialize;

#[derive(Deserialize)]
struct Scheme {
    scheme: String,
    title: String,
    source: String,
    year: i32,
    leaf: Vec<Leaf>,
}

#[derive(Deserialize)]
struct Leaf {
    group: String,
    name: Option<String>,
    code: Option<String>,
    section: Option<String>,
    place: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    terms: Vec<String>,
    #[serde(default)]
    transfer: Vec<String>,
    #[serde(default)]
    explore: Vec<String>,
    #[serde(default)]
    located: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Direction {
    area: String,
    tier: String,
    direction: String,
    details: String,
    source: String,
    year: i32,
}

#[derive(Deserialize)]
struct Indicator {
    scope: String,
    indicator: String,
    unit: String,
    year: i32,
    kind: String,
    value: Option<f64>,
    comparison: String,
    counting: String,
    source: String,
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn scheme(name: &str) -> Scheme {
    toml::from_str(&text(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn rows<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    csv::Reader::from_path(path(name))
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .deserialize()
        .map(|row| row.unwrap_or_else(|e| panic!("{name}: {e}")))
        .collect()
}

const SCHEMES: [&str; 4] = [
    "taxonomy/gbt4754.toml",
    "taxonomy/technology_fields.toml",
    "taxonomy/province_fields.toml",
    "taxonomy/park_industries.toml",
];

/// Leaves with a name, per group, in the order of the file.
fn group_sizes(scheme: &Scheme) -> Vec<(&str, usize)> {
    let mut sizes: Vec<(&str, usize)> = Vec::new();
    for leaf in &scheme.leaf {
        let named = usize::from(leaf.name.is_some());
        match sizes.iter_mut().find(|(group, _)| *group == leaf.group) {
            Some((_, size)) => *size += named,
            None => sizes.push((&leaf.group, named)),
        }
    }
    sizes
}

#[test]
fn every_scheme_says_where_it_comes_from_and_repeats_no_name() {
    let mut ids = BTreeSet::new();
    for file in SCHEMES {
        let scheme = scheme(file);
        assert!(ids.insert(scheme.scheme.clone()), "{file}: scheme {} twice", scheme.scheme);
        assert!(!scheme.title.is_empty() && !scheme.source.is_empty(), "{file}");
        assert!((2017..=2024).contains(&scheme.year), "{file}: {}", scheme.year);
        let mut names = BTreeSet::new();
        for leaf in &scheme.leaf {
            assert!(!leaf.group.trim().is_empty(), "{file}");
            for name in leaf.aliases.iter().chain(&leaf.name) {
                assert_eq!(name, name.trim(), "{file}");
                assert!(!name.is_empty() && names.insert(name), "{file}: {name} twice or empty");
            }
        }
    }
}

#[test]
fn the_matcher_reads_every_scheme() {
    for file in SCHEMES {
        Taxonomy::from_toml(&[(file, &text(file))]).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A name that means a group in one shipped scheme and a leaf in the other would be read by chance.
#[test]
fn the_two_matching_schemes_share_no_name() {
    let names = |file| -> BTreeSet<String> {
        let leaves = scheme(file).leaf.into_iter();
        leaves.flat_map(|l| l.aliases.into_iter().chain(l.name).chain([l.group])).collect()
    };
    let (industries, fields) = (names(SCHEMES[0]), names(SCHEMES[1]));
    let shared: Vec<_> = industries.intersection(&fields).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

#[test]
fn the_national_standard_is_whole() {
    let scheme = scheme(SCHEMES[0]);
    let sizes: Vec<usize> = group_sizes(&scheme).iter().map(|(_, size)| *size).collect();
    assert_eq!(sizes, [5, 7, 31, 3, 4, 2, 8, 2, 3, 4, 1, 2, 3, 4, 3, 1, 2, 5, 6, 1]);
    let codes: Vec<&str> = scheme.leaf.iter().filter_map(|l| l.code.as_deref()).collect();
    let expected: Vec<String> = (1..=97).map(|code| format!("{code:02}")).collect();
    assert_eq!(codes, expected);
    let sections: BTreeMap<&str, &str> =
        scheme.leaf.iter().map(|l| (l.section.as_deref().expect("section"), &*l.group)).collect();
    assert_eq!(sections.keys().copied().collect::<String>(), "ABCDEFGHIJKLMNOPQRST");
    assert_eq!(sections["C"], "制造业");
    let computers = scheme.leaf.iter().find(|l| l.code.as_deref() == Some("39")).expect("39");
    assert!(computers.aliases.iter().any(|a| a == "计算机、通信和其他电子设备制造"));
}

#[test]
fn there_are_sixty_technology_fields_with_their_terms() {
    let scheme = scheme(SCHEMES[1]);
    assert_eq!(
        group_sizes(&scheme),
        [
            ("电子信息", 11),
            ("新一代汽车", 2),
            ("航空航天", 5),
            ("高端装备", 4),
            ("新材料", 7),
            ("新能源", 5),
            ("食品和生物医药", 7),
            ("新兴产业", 5),
            ("变革性前沿技术", 10),
            ("民生科技", 4),
        ]
    );
    let mut short = Vec::new();
    for leaf in &scheme.leaf {
        let name = leaf.name.as_deref().expect("a field has a name");
        let terms: BTreeSet<&String> = leaf.terms.iter().collect();
        assert_eq!(terms.len(), leaf.terms.len(), "{name}: a term twice");
        assert!(leaf.place.as_ref().is_some_and(|p| !p.is_empty()), "{name}: no place");
        for marked in leaf.transfer.iter().chain(&leaf.explore).chain(leaf.located.keys()) {
            assert!(terms.contains(marked), "{name}: {marked} is no term");
        }
        assert!(!leaf.transfer.iter().any(|t| leaf.explore.contains(t)), "{name}");
        if leaf.group == "变革性前沿技术" {
            // The plan only names these ten; each term must say where else it stands.
            assert_eq!(leaf.located.len(), leaf.terms.len(), "{name}");
        }
        if leaf.terms.len() < 5 {
            short.push((name, leaf.terms.len()));
        }
    }
    assert_eq!(short, [("量子科技", 2), ("智能材料", 2)]);
    let photonics = &scheme.leaf[0];
    assert_eq!(photonics.name.as_deref(), Some("光子"));
    for term in ["VCSEL", "50G PAM4 DML", "分布式光子传感"] {
        assert!(photonics.terms.iter().any(|t| t == term), "{term}");
    }
}

#[test]
fn province_and_park_fields_are_counted() {
    assert_eq!(
        group_sizes(&scheme(SCHEMES[2])),
        [
            ("新一代信息技术", 3),
            ("新材料", 4),
            ("高端装备制造", 2),
            ("新能源", 1),
            ("新能源汽车", 0),
            ("节能环保", 0),
            ("生物产业", 0),
        ]
    );
    assert_eq!(
        group_sizes(&scheme(SCHEMES[3])),
        [("先进制造业", 5), ("战略性新兴产业", 5), ("未来产业", 6)]
    );
}

#[test]
fn eleven_areas_have_the_tiers_of_the_annex() {
    let rows: Vec<Direction> = rows("clusters/city_directions.csv");
    let mut tiers: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for row in &rows {
        assert!(!row.source.is_empty() && row.year == 2024, "{}: {}", row.area, row.direction);
        assert!(!row.details.contains(['（', '）']), "{}: {}", row.area, row.details);
        tiers.entry(&row.area).or_default().entry(&row.tier).or_default().push(&row.direction);
    }
    assert_eq!(tiers.len(), 11);
    for (area, tiers) in &tiers {
        let expected: &[&str] =
            if *area == "西安" { &["重点发展"] } else { &["培育壮大", "重点发展"] };
        assert_eq!(tiers.keys().copied().collect::<Vec<_>>(), expected, "{area}");
        for (tier, directions) in tiers {
            let distinct: BTreeSet<_> = directions.iter().collect();
            assert_eq!(distinct.len(), directions.len(), "{area} {tier}");
        }
    }
    // In two places one direction stands in both tiers; nowhere else.
    let mut both = Vec::new();
    for (area, tiers) in &tiers {
        let Some(growing) = tiers.get("培育壮大") else { continue };
        both.extend(tiers["重点发展"].iter().filter(|d| growing.contains(d)).map(|d| (*area, *d)));
    }
    assert_eq!(both, [("延安", "新能源"), ("渭南", "新材料")]);
    assert_eq!(tiers["西安"]["重点发展"].len(), 6);
}

fn indicators() -> Vec<Indicator> {
    rows("indicators/targets.csv")
}

#[test]
fn indicators_have_one_row_per_key_and_known_vocabulary() {
    let rows = indicators();
    let mut keys = BTreeSet::new();
    let mut units: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut empty = Vec::new();
    for row in &rows {
        let what = format!("{} {} {} {}", row.scope, row.indicator, row.year, row.kind);
        assert!(keys.insert((&row.scope, &row.indicator, row.year, &row.kind)), "{what} twice");
        assert!(["陕西省", "西安市", "秦创原", "西安高新区"].contains(&&*row.scope), "{what}");
        assert!(["base", "target", "hold", "growth"].contains(&&*row.kind), "{what}");
        assert!([">=", ">", "<=", "~", "="].contains(&&*row.comparison), "{what}");
        let countings = ["stock", "year", "cumulative", "added", "ratio"];
        assert!(countings.contains(&&*row.counting), "{what}");
        assert_eq!(row.counting == "ratio", row.unit == "%", "{what}");
        assert!(row.kind != "base" || row.comparison == "=", "{what}");
        assert!(!row.unit.is_empty() && !row.source.is_empty(), "{what}");
        assert!((2020..=2035).contains(&row.year), "{what}");
        // Base and target of one indicator must be comparable.
        let unit = units.entry((&row.scope, &row.indicator)).or_insert(&row.unit);
        assert_eq!(*unit, row.unit, "{what}");
        match row.value {
            Some(value) => assert!(value.is_finite(), "{what}"),
            None => empty.push((&*row.indicator, row.year, &*row.kind)),
        }
    }
    // A number the plans do not give stays empty; it must not become a zero.
    assert_eq!(
        empty,
        [("每万人高价值发明专利拥有量", 2020, "base"), ("千亿级产业创新集群数", 2035, "target")]
    );
}

#[test]
fn a_target_below_its_base_is_marked_hold_and_no_other_is() {
    let rows = indicators();
    let mut held = Vec::new();
    for target in rows.iter().filter(|r| ["target", "hold"].contains(&&*r.kind)) {
        let base = rows.iter().find(|r| {
            r.kind == "base" && r.scope == target.scope && r.indicator == target.indicator
        });
        let (Some(goal), Some(base)) = (target.value, base.and_then(|b| b.value)) else {
            assert_eq!(target.kind, "target", "{}: hold without a base", target.indicator);
            continue;
        };
        assert_eq!(goal < base, target.kind == "hold", "{}", target.indicator);
        if target.kind == "hold" {
            held.push((&*target.indicator, base, goal));
        }
    }
    assert_eq!(held, [("全社会R&D经费支出占GDP比重", 5.05, 5.0)]);
}

#[test]
fn contract_targets_of_different_scopes_stay_apart() {
    let rows = indicators();
    let contracts: BTreeSet<_> = rows
        .iter()
        .filter(|r| r.indicator.starts_with("技术合同") && r.kind == "target")
        .map(|r| (r.scope.as_str(), r.year, r.value.map(|v| v.to_string())))
        .collect();
    let expected = [
        ("陕西省", 2023, "2000"),
        ("秦创原", 2023, "300"),
        ("西安市", 2025, "2000"),
        ("西安高新区", 2030, "4500"),
    ];
    let expected = expected.map(|(scope, year, value)| (scope, year, Some(value.to_owned())));
    assert_eq!(contracts, BTreeSet::from(expected));
}
