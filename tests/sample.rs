//! The shipped sample: the workbooks and the CSV copies say the same, every field of technology is
//! there, the planted cases are what they are called, and the judgements name records that exist.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use duijie::corpus::{ImportOptions, find_lists, read_lists};
use duijie::model::{
    CooperationMode, Intake, Maturity, Price, Record, RepairKind, Side, SkipReason, SupplyKind,
};
use jiff::civil::date;

/// The 60 directions of the taxonomy that the lists are written for.
const LEAVES: [&str; 60] = [
    "光子",
    "第三代半导体",
    "专用芯片",
    "电子元器件",
    "新型显示",
    "高端软件",
    "智能终端",
    "区块链",
    "物联网",
    "网络安全",
    "5G技术",
    "新能源汽车",
    "智能网联汽车",
    "空天动力",
    "卫星及空间探测",
    "航空器整机制造",
    "航天器运行管理",
    "通用航空",
    "高档数控装备",
    "智能电力装备",
    "轨道交通装备",
    "工业互联网",
    "稀有金属材料",
    "空天复合材料",
    "光电能源材料",
    "汽车轻量化材料",
    "生物医药材料",
    "陶瓷基复合材料",
    "石墨烯材料",
    "太阳能光伏",
    "氢能",
    "规模储能",
    "清洁能源",
    "能源互联网",
    "创新药",
    "高端医疗器械",
    "精准医疗",
    "健康服务",
    "现代中药",
    "生物育种和绿色食品",
    "乳制品",
    "人工智能",
    "大数据与云计算",
    "卫星应用",
    "增材制造",
    "机器人及无人系统",
    "新一代人工智能",
    "类脑智能",
    "量子科技",
    "空天科技",
    "生物技术",
    "下一代通信网络",
    "网络空间与安全科技",
    "超级计算",
    "智能材料",
    "下一代显示",
    "现代农业",
    "新型智慧城市",
    "资源环境与公共安全",
    "现代服务业数字技术",
];

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample")
}

fn read(side: Side, path: &Path) -> Intake {
    read_lists(side, &[path.to_owned()], &ImportOptions::default(), &|_| {}).expect("readable")
}

/// Demands and supplies of a folder.
fn lists(dir: &Path) -> (Intake, Intake) {
    let (demands, supplies) = find_lists(dir).expect("one list of each side");
    (read(Side::Demand, &demands), read(Side::Supply, &supplies))
}

fn both_sides() -> (Vec<Record>, Vec<Record>) {
    let (demands, supplies) = lists(&sample().join("csv"));
    (demands.records, supplies.records)
}

fn by_id(records: &[Record]) -> HashMap<&str, &Record> {
    records.iter().map(|record| (record.id.as_str(), record)).collect()
}

/// Lines of a tab-separated file of the sample.
fn table(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(sample().join(name)).expect("readable");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Grades by demand, then supply.
fn grades() -> BTreeMap<String, BTreeMap<String, u8>> {
    let mut grades: BTreeMap<String, BTreeMap<String, u8>> = BTreeMap::new();
    for line in table("qrels.tsv") {
        let [demand, _, supply, grade] = line.as_slice() else { panic!("four fields: {line:?}") };
        let grade = grade.parse().expect("a grade");
        let known = grades.entry(demand.clone()).or_default().insert(supply.clone(), grade);
        assert_eq!(known, None, "{demand} {supply} is judged twice");
    }
    grades
}

/// Numbers of a planted case: demands, supplies.
fn planted(case: &str) -> (Vec<String>, Vec<String>) {
    let lines = table("planted.tsv");
    let of = |side: &str| -> Vec<String> {
        lines.iter().filter(|l| l[0] == case && l[1] == side).map(|l| l[2].clone()).collect()
    };
    (of("demand"), of("supply"))
}

/// The texts of two records with every number taken out, and the numbers.
fn figures_apart(text: &str) -> (String, Vec<String>) {
    let mut words = String::new();
    let mut figures: Vec<String> = Vec::new();
    let mut inside = false;
    for c in text.chars() {
        let figure = c.is_ascii_digit() || (inside && c == '.');
        if figure {
            if !inside {
                figures.push(String::new());
                words.push('#');
            }
            figures.last_mut().expect("just pushed").push(c);
        } else {
            words.push(c);
        }
        inside = figure;
    }
    (words, figures)
}

#[test]
fn workbooks_and_csv_give_the_same_records() {
    let (csv_demands, csv_supplies) = lists(&sample().join("csv"));
    let (xlsx_demands, xlsx_supplies) = lists(&sample());
    for (csv, xlsx) in [(&csv_demands, &xlsx_demands), (&csv_supplies, &xlsx_supplies)] {
        // The workbook of the supplies has its patents on a sheet of their own.
        let sorted = |intake: &Intake| -> Vec<Record> {
            let mut records = intake.records.clone();
            records.sort_by(|a, b| a.id.cmp(&b.id));
            let mut group = 0;
            let mut renamed = HashMap::new();
            for record in &mut records {
                record.source.file.clear();
                record.source.sheet = None;
                record.source.row = 0;
                record.duplicate_group = record.duplicate_group.map(|old| {
                    *renamed.entry(old).or_insert_with(|| {
                        group += 1;
                        group
                    })
                });
            }
            records
        };
        let (from_csv, from_xlsx) = (sorted(csv), sorted(xlsx));
        assert_eq!(from_csv.len(), from_xlsx.len());
        for (a, b) in from_csv.iter().zip(&from_xlsx) {
            assert_eq!(a, b);
        }
        assert_eq!(csv.merged.len(), xlsx.merged.len());
        assert_eq!(csv.repairs.len(), xlsx.repairs.len());
    }
}

#[test]
fn the_lists_are_as_long_as_said() {
    use SkipReason::{Heading, Note, Title, Total};
    let (demands, supplies) = lists(&sample());
    assert_eq!((demands.records.len(), supplies.records.len()), (161, 346));
    for intake in [&demands, &supplies] {
        assert_eq!(intake.merged.len(), 1, "one row was entered twice: {:?}", intake.merged);
        assert!(intake.rejected.is_empty(), "{:?}", intake.rejected);
        let unknown: Vec<_> =
            intake.tables.iter().flat_map(|t| &t.columns).filter(|c| c.field.is_none()).collect();
        assert!(unknown.is_empty(), "columns that no field takes: {unknown:?}");
        for table in &intake.tables {
            let skipped: Vec<SkipReason> = intake
                .skipped
                .iter()
                .filter(|row| row.source.sheet == table.sheet)
                .map(|row| row.reason)
                .collect();
            assert_eq!(skipped, [Title, Title, Heading, Total, Note], "{:?}", table.sheet);
        }
    }
    let sheets: Vec<_> = supplies.tables.iter().filter_map(|t| t.sheet.as_deref()).collect();
    assert_eq!(sheets, ["科技成果", "专利"]);
}

#[test]
fn numbers_are_ids_and_what_people_say() {
    let (demands, supplies) = both_sides();
    for (records, prefix) in [(&demands, "XQ-2026-"), (&supplies, "GJ-2026-")] {
        for (at, record) in records.iter().enumerate() {
            assert_eq!(record.id.as_str(), format!("{prefix}{:04}", at + 1));
            assert_eq!(record.number, record.id.as_str());
        }
    }
}

#[test]
fn every_field_of_the_taxonomy_has_demands() {
    let (demands, _) = both_sides();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in demands.iter().flat_map(|record| &record.classification) {
        assert_eq!(path.len(), 2, "group and leaf: {path:?}");
        *counts.entry(path[1].as_str()).or_default() += 1;
    }
    let few: Vec<_> =
        LEAVES.iter().filter(|leaf| counts.get(*leaf).is_none_or(|n| *n < 2)).collect();
    assert!(few.is_empty(), "fewer than two demands: {few:?}");
    let unknown: Vec<_> = counts.keys().filter(|leaf| !LEAVES.contains(leaf)).collect();
    assert!(unknown.is_empty(), "no leaf of the taxonomy: {unknown:?}");
}

#[test]
fn lengths_and_fields_vary_as_in_real_lists() {
    let (demands, supplies) = both_sides();
    let description =
        |record: &Record| record.body.split('\n').next().unwrap_or_default().chars().count();
    for (records, shortest, longest) in [(&demands, 30, 260), (&supplies, 100, 420)] {
        for record in records {
            let n_chars = description(record);
            assert!((shortest..=longest).contains(&n_chars), "{} has {n_chars}", record.id);
        }
    }
    let kinds: BTreeSet<String> =
        supplies.iter().map(|record| format!("{:?}", record.supply_kind)).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    let maturities: BTreeSet<String> =
        supplies.iter().map(|record| format!("{:?}", record.maturity)).collect();
    assert_eq!(maturities.len(), 6, "five steps, and unknown: {maturities:?}");
    for records in [&demands, &supplies] {
        assert!(records.iter().all(|record| record.organization.is_some()));
        assert!(records.iter().any(|record| record.cooperation.is_empty()));
        assert!(records.iter().any(|record| record.price == Some(Price::Negotiable)));
        assert!(records.iter().any(|record| record.price.is_none()));
        assert!(records.iter().all(|record| record.posted_on.is_some()));
    }
}

#[test]
fn no_two_records_share_a_body() {
    let (demands, supplies) = both_sides();
    for records in [&demands, &supplies] {
        let mut seen: HashMap<&str, &Record> = HashMap::new();
        for record in records {
            if let Some(first) = seen.insert(record.body.as_str(), record) {
                panic!("{} and {} have one body", first.id, record.id);
            }
        }
    }
}

#[test]
fn near_duplicates_are_only_the_planted_ones() {
    let (demands, supplies) = lists(&sample().join("csv"));
    let groups = |intake: &Intake| -> BTreeSet<Vec<String>> {
        let id = |&row: &u32| intake.records[row as usize].id.0.clone();
        intake.near_duplicates.iter().map(|group| group.iter().map(id).collect()).collect()
    };
    // The supply that two departments described in their own words is not among them: what the
    // two texts share is the matter, not the wording.
    let pairs = BTreeSet::from([planted("number_pair_1").1, planted("number_pair_2").1]);
    assert_eq!(groups(&supplies), pairs);
    let written_twice = BTreeSet::from([planted("near_duplicate_demand").0]);
    assert_eq!(groups(&demands), written_twice);
}

#[test]
fn judgements_name_records_that_exist() {
    let (demands, supplies) = both_sides();
    let (demands, supplies) = (by_id(&demands), by_id(&supplies));
    let grades = grades();
    for (demand, judged) in &grades {
        assert!(demands.contains_key(demand.as_str()), "{demand}");
        assert!(judged.len() >= 6, "{demand} has {} judgements", judged.len());
        for (supply, grade) in judged {
            assert!(supplies.contains_key(supply.as_str()), "{supply}");
            assert!(*grade <= 3, "{demand} {supply} has grade {grade}");
        }
    }
    assert_eq!(grades.len(), demands.len(), "every demand is judged");
    let lines = table("qrels.tsv");
    assert!(lines.is_sorted_by_key(|line| line[0].clone()));
}

#[test]
fn many_demands_have_no_answer_and_many_have_one() {
    let best: Vec<u8> =
        grades().values().map(|judged| judged.values().copied().max().unwrap_or(0)).collect();
    let n_unanswered = best.iter().filter(|grade| **grade <= 1).count();
    let n_answered = best.iter().filter(|grade| **grade == 3).count();
    assert!(n_unanswered >= 25, "{n_unanswered} demands that nothing answers");
    assert!(n_answered >= 100, "{n_answered} demands with an answer");
}

#[test]
fn planted_pairs_differ_in_one_figure_and_in_grade() {
    let (_, supplies) = both_sides();
    let supplies = by_id(&supplies);
    let grades = grades();
    for case in ["number_pair_1", "number_pair_2"] {
        let (demands, pair) = planted(case);
        let [demand] = demands.as_slice() else { panic!("{case}: one demand") };
        let [a, b] = pair.as_slice() else { panic!("{case}: two supplies") };
        let (first, second) = (supplies[a.as_str()], supplies[b.as_str()]);
        assert_eq!(first.title, second.title);
        let (words_a, figures_a) = figures_apart(&first.body);
        let (words_b, figures_b) = figures_apart(&second.body);
        assert_eq!(words_a, words_b, "{case}");
        let n_different = figures_a.iter().zip(&figures_b).filter(|(x, y)| x != y).count();
        assert_eq!((n_different, figures_a.len()), (1, figures_b.len()), "{case}");
        let mut got = [grades[demand][a], grades[demand][b]];
        got.sort_unstable();
        assert_eq!(got, [1, 3], "{case}: one meets the figure, one fails it");
    }
}

#[test]
fn planted_demands_without_an_answer_have_none() {
    let grades = grades();
    let (demands, _) = planted("no_answer");
    assert_eq!(demands.len(), 3);
    let (vague, _) = planted("vague_40_chars");
    for demand in demands.iter().chain(&vague) {
        assert_eq!(grades[demand].values().max(), Some(&0), "{demand}");
    }
}

#[test]
fn planted_joint_demands_need_two_supplies() {
    let grades = grades();
    for case in ["joint_need_1", "joint_need_2"] {
        let (demands, pair) = planted(case);
        assert_eq!((demands.len(), pair.len()), (1, 2), "{case}");
        let judged = &grades[&demands[0]];
        let helpful: BTreeSet<&String> =
            judged.iter().filter(|(_, grade)| **grade == 2).map(|(supply, _)| supply).collect();
        assert_eq!(helpful, pair.iter().collect(), "{case}");
        assert!(judged.values().all(|grade| *grade <= 2), "{case}: nothing answers it alone");
    }
}

#[test]
fn planted_duplicates_are_merged_or_apart_as_meant() {
    let (demands, supplies) = lists(&sample().join("csv"));
    for (intake, case) in
        [(&demands, "exact_duplicate_demand"), (&supplies, "exact_duplicate_supply")]
    {
        let (d, s) = planted(case);
        let id = d.iter().chain(&s).next().expect("a record");
        let record = by_id(&intake.records)[id.as_str()].source.clone();
        assert_eq!(intake.merged[0].into, record, "{case}");
    }
    let (demand_pair, _) = planted("near_duplicate_demand");
    let (_, supply_pair) = planted("near_duplicate_supply");
    for (records, pair) in [(&demands.records, demand_pair), (&supplies.records, supply_pair)] {
        let records = by_id(records);
        let [a, b] = pair.as_slice() else { panic!("a pair") };
        assert_ne!(records[a.as_str()].body, records[b.as_str()].body);
        let person = |id: &String| records[id.as_str()].contact.telephone.clone();
        assert_eq!(person(a), person(b), "one and the same owner");
    }
}

#[test]
fn planted_single_cases_are_what_they_are_called() {
    let (demands, supplies) = lists(&sample().join("csv"));
    let demand = |case: &str| by_id(&demands.records)[planted(case).0[0].as_str()].clone();
    let supply = |case: &str| by_id(&supplies.records)[planted(case).1[0].as_str()].clone();

    assert_eq!(demand("vague_40_chars").body.chars().count(), 40);
    assert_eq!(demand("expired_demand").valid_until, Some(date(2024, 5, 31)));
    assert_eq!(supply("expired_supply").valid_until, Some(date(2024, 2, 29)));

    let contradiction = supply("field_contradiction");
    assert_eq!(contradiction.ip_status.as_deref(), Some("非专利技术"));
    assert!(contradiction.body.contains("发明专利授权（专利号ZL"));

    let (mixed_demands, mixed_supplies) = planted("mixed_latin");
    let text = |records: &[Record], ids: &[String]| -> String {
        let records = by_id(records);
        ids.iter()
            .map(|id| format!("{0}{1}", records[id.as_str()].title, records[id.as_str()].body))
            .collect()
    };
    let asked = text(&demands.records, &mixed_demands);
    for word in ["C++", "Ti-6Al-4V", "50Gbps PAM4", "H01L21/02", "12英寸", "TDECQ"] {
        assert!(asked.contains(word), "{word}");
    }
    let offered = text(&supplies.records, &mixed_supplies);
    for word in ["C++17", "Ti-6Al-4V", "PAM4", "12英寸", "SDK"] {
        assert!(offered.contains(word), "{word}");
    }
}

#[test]
fn planted_dirty_cells_are_mended_and_said_so() {
    let (demands, supplies) = lists(&sample().join("csv"));
    let (dirty_demand, dirty_supply) = planted("dirty_cells");
    let demand = by_id(&demands.records)[dirty_demand[0].as_str()];
    assert_eq!(demand.posted_on, Some(date(2026, 1, 13)));
    assert_eq!(
        (demand.valid_from, demand.valid_until),
        (Some(date(2026, 1, 13)), Some(date(2027, 1, 13)))
    );
    assert!(demand.body.starts_with("现有"), "{}", demand.body);
    assert!(!demand.body.contains("\"\""), "{}", demand.body);
    assert_eq!(
        demand.cooperation,
        [CooperationMode::Transfer, CooperationMode::Commission, CooperationMode::JointDevelopment]
    );
    assert_eq!(demand.price, Some(Price::YuanRange(300_000.0, 500_000.0)));
    assert_eq!(demand.maturity, Some(Maturity::MassProduction));

    let supply = by_id(&supplies.records)[dirty_supply[0].as_str()];
    assert_eq!(supply.posted_on, Some(date(2026, 2, 1)));
    assert_eq!(supply.codes, ["G01N22/00", "G01N15/06"]);
    assert_eq!(supply.supply_kind, Some(SupplyKind::Facility));
    assert_eq!(
        supply.classification,
        [["高端装备", "粉尘防爆"], ["公共安全", "粉尘防爆"]]
            .map(|path| path.map(str::to_owned).to_vec())
    );
    assert_eq!(
        supply.cooperation,
        [CooperationMode::Transfer, CooperationMode::License, CooperationMode::Service]
    );

    for (intake, id) in [(&demands, demand), (&supplies, supply)] {
        let kinds: BTreeSet<RepairKind> = intake
            .repairs
            .iter()
            .filter(|repair| repair.source == id.source)
            .map(|repair| repair.kind)
            .collect();
        for kind in [RepairKind::Date, RepairKind::Quotes, RepairKind::Categories] {
            assert!(kinds.contains(&kind), "{} {kind:?}: {kinds:?}", id.id);
        }
    }
}

#[test]
fn people_and_telephones_are_contacts_and_plainly_fictional() {
    let (demands, supplies) = both_sides();
    for record in demands.iter().chain(&supplies) {
        let Some(telephones) = &record.contact.telephone else { continue };
        for telephone in telephones.split('/') {
            let fictional = telephone.contains("-5550-") || telephone.starts_with("138-0000-0");
            assert!(fictional, "{}: {telephone}", record.id);
        }
        if let Some(person) = &record.contact.person {
            let text = [record.title.as_str(), &record.body].concat();
            assert!(!text.contains(person.as_str()), "{} names its contact", record.id);
        }
    }
}
