//! Reading lists: formats, headings, repairs, identities, and the accounting of rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use duijie::corpus::{CorpusError, ImportOptions, read_lists, write_rejected_csv};
use duijie::model::{
    CooperationMode, Diagnosis, Intake, Lang, Maturity, Price, Record, Rejection, RepairKind, Side,
    SkipReason, SupplyKind,
};
use jiff::civil::date;
use proptest::prelude::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/good").join(name)
}

/// A file of the real lists, which are not part of the project.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn real(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not on this machine", path.display());
    None
}

fn read_with(side: Side, path: &Path, options: &ImportOptions) -> Result<Intake, CorpusError> {
    read_lists(side, &[path.to_owned()], options, &|_| {})
}

fn read(side: Side, path: &Path) -> Intake {
    let intake = read_with(side, path, &ImportOptions::default()).expect("readable");
    check_accounts(&intake);
    intake
}

fn read_text(side: Side, name: &str, text: &str) -> Intake {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("written");
    read(side, &path)
}

/// Rows in = records + merged + skipped + rejected, in total and for every table.
fn check_accounts(intake: &Intake) {
    let mut out: HashMap<(String, Option<String>), usize> = HashMap::new();
    let sources = intake.records.iter().map(|record| &record.source);
    let sources = sources.chain(intake.merged.iter().map(|row| &row.source));
    let sources = sources.chain(intake.skipped.iter().map(|row| &row.source));
    for source in sources.chain(intake.rejected.iter().map(|row| &row.source)) {
        *out.entry((source.file.clone(), source.sheet.clone())).or_default() += 1;
    }
    for table in &intake.tables {
        let counted = out.remove(&(table.file.clone(), table.sheet.clone())).unwrap_or(0);
        assert_eq!(table.rows_in, counted, "{} {:?}", table.file, table.sheet);
    }
    assert!(out.is_empty(), "rows of unknown tables: {out:?}");
    let mut ids: Vec<_> = intake.records.iter().map(|record| &record.id).collect();
    let mut numbers: Vec<_> = intake.records.iter().map(|record| &record.number).collect();
    ids.sort_unstable();
    ids.dedup();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!((ids.len(), numbers.len()), (intake.records.len(), intake.records.len()));
    assert!(intake.records.iter().all(|record| !record.title.is_empty()));
}

fn titled<'a>(intake: &'a Intake, title: &str) -> &'a Record {
    intake.records.iter().find(|record| record.title == title).expect(title)
}

#[test]
fn a_collected_workbook() {
    let intake = read(Side::Demand, &fixture("collected.xlsx"));
    let sheets: Vec<_> =
        intake.tables.iter().map(|table| (table.sheet.as_deref(), table.header_row)).collect();
    let expected = [
        (Some("需求"), Some(3)),
        (Some("填报说明"), None),
        (Some("补充"), Some(1)),
        (Some("空表"), None),
    ];
    assert_eq!(sheets, expected);

    let coating = titled(&intake, "耐高温陶瓷涂层");
    assert_eq!((coating.id.as_str(), coating.number.as_str()), ("XQ-2026-0007", "XQ-2026-0007"));
    assert_eq!(coating.body, "寻求1200℃下不剥落的陶瓷涂层工艺。\n技术指标：结合强度≥30MPa");
    assert_eq!(coating.price, Some(Price::Yuan(200_000.0)));
    assert_eq!(coating.valid_from, Some(date(2026, 1, 1)));
    assert_eq!(coating.valid_until, Some(date(2026, 12, 31)));
    assert_eq!(coating.contact.person.as_deref(), Some("甲某"));
    assert_eq!(coating.contact.telephone.as_deref(), Some("029-5550-0101"));
    assert!(coating.extra.is_empty(), "{:?}", coating.extra);

    let welding = titled(&intake, "窄间隙焊接变形控制");
    assert_eq!(
        (welding.price, welding.valid_until),
        (Some(Price::Negotiable), Some(date(2027, 2, 28)))
    );
    let scales = titled(&intake, "合计量自动统计");
    assert_eq!(scales.price, Some(Price::YuanRange(100_000.0, 150_000.0)));
    assert_eq!(scales.extra, [("有效期".to_owned(), "长期".to_owned())]);
    let untitled = titled(&intake, "热处理炉温均匀性差");
    assert_eq!(untitled.price, Some(Price::Yuan(300_000.0)));
    assert_eq!(titled(&intake, "粉尘爆炸监测").source.sheet.as_deref(), Some("补充"));

    let kinds = |kind| intake.repairs.iter().filter(|repair| repair.kind == kind).count();
    assert_eq!(
        (kinds(RepairKind::Title), kinds(RepairKind::Unit), kinds(RepairKind::Date)),
        (1, 1, 1)
    );
    let mut reasons: HashMap<SkipReason, usize> = HashMap::new();
    for row in &intake.skipped {
        *reasons.entry(row.reason).or_default() += 1;
    }
    let expected = [
        (SkipReason::Title, 2),
        (SkipReason::Heading, 3),
        (SkipReason::Unit, 1),
        (SkipReason::Total, 2),
        (SkipReason::Numbering, 1),
        (SkipReason::Note, 2),
        (SkipReason::OtherSheet, 2),
    ];
    assert_eq!(reasons, HashMap::from(expected));
    assert_eq!((intake.records.len(), intake.rejected.len()), (5, 0));
}

#[test]
fn an_old_workbook() {
    let intake = read(Side::Supply, &fixture("results.xls"));
    let layer = titled(&intake, "等离子喷涂陶瓷层");
    assert_eq!(layer.maturity, Some(Maturity::Prototype));
    assert_eq!(layer.cooperation, [CooperationMode::Transfer, CooperationMode::Equity]);
    assert_eq!((layer.posted_on, layer.number.as_str()), (Some(date(2025, 11, 3)), "GJ-2025-0001"));
    assert_eq!(layer.supply_kind, Some(SupplyKind::Result));
    assert!(layer.id.as_str().starts_with("s-") && layer.id.as_str().len() == 14);
    let software = titled(&intake, "焊接变形预测软件");
    assert_eq!(
        (software.maturity, software.posted_on),
        (Some(Maturity::Research), Some(date(2023, 3, 15)))
    );
    assert!(software.cooperation.is_empty());
    assert_eq!(software.extra, [("合作方式".to_owned(), "面谈后定".to_owned())]);
    assert_eq!(intake.tables[0].format, "xls");
}

#[test]
fn a_patent_sheet() {
    let intake = read(Side::Supply, &fixture("patents.csv"));
    assert_eq!(intake.tables[0].encoding.as_deref(), Some("GB18030"));
    let layer = titled(&intake, "一种陶瓷涂层");
    assert_eq!((layer.id.as_str(), layer.supply_kind), ("CN209900001A", Some(SupplyKind::Patent)));
    assert_eq!(layer.codes, ["C23C4/10", "C23C4/134"]);
    assert_eq!(layer.posted_on, Some(date(2099, 1, 5)));
    assert_eq!(layer.organization.as_deref(), Some("示例大学"));
}

#[test]
fn columns_can_be_mapped_and_hidden() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("list.csv");
    std::fs::write(&path, "项目,说明文字,名称,领导批示\n涂层,耐磨涂层,甲,同意\n").expect("written");
    let options = |map: &[(&str, &str)], drop: &[&str]| ImportOptions {
        map: map.iter().map(|(f, c)| ((*f).to_owned(), (*c).to_owned())).collect(),
        drop: drop.iter().map(|c| (*c).to_owned()).collect(),
        ..ImportOptions::default()
    };
    let wishes = options(&[("title", "项目"), ("description", "说明文字")], &["领导批示"]);
    let intake = read_with(Side::Demand, &path, &wishes).expect("mapped");
    let record = &intake.records[0];
    assert_eq!((record.title.as_str(), record.body.as_str()), ("涂层", "耐磨涂层"));
    assert_eq!(record.extra, [("名称".to_owned(), "甲".to_owned())]);
    assert!(intake.tables[0].columns[3].dropped);
    assert!(!format!("{intake:?}").contains("同意"));

    let unknown =
        read_with(Side::Demand, &path, &options(&[("titel", "项目")], &[])).expect_err("no field");
    assert_eq!(unknown.code(), "corpus.unknown_field");
    assert!(unknown.message(Lang::En).contains("title"));
    for wishes in [options(&[("title", "项目"), ("id", "编码")], &[]), options(&[], &["编码"])]
    {
        let absent = read_with(Side::Demand, &path, &wishes).expect_err("no column");
        assert_eq!(absent.code(), "corpus.unknown_column");
        assert!(absent.message(Lang::Zh).contains("领导批示"));
    }
}

#[test]
fn ids_are_stable_and_equal_rows_are_merged() {
    let text = "需求名称,需求描述,单位名称,发布日期\n\
                甲工艺,改进甲。,一厂,2026-01-05\n\
                乙工艺,改进乙。,一厂,2025-02-01\n\
                甲工艺,改 进甲。,一厂,2026-01-05\n\
                甲工艺,改进甲。,一厂,2026-03-05\n\
                丙工艺,,,\n";
    let intake = read_text(Side::Demand, "a.csv", text);
    let numbers: Vec<_> = intake.records.iter().map(|record| record.number.as_str()).collect();
    assert_eq!(numbers, ["XQ-2026-0001", "XQ-2025-0001", "XQ-2026-0002", "XQ-2026-0003"]);
    assert_eq!((intake.merged[0].source.row, intake.merged[0].into.row), (4, 2));
    let again = read_text(Side::Demand, "b.csv", text);
    let ids =
        |intake: &Intake| intake.records.iter().map(|record| record.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&intake), ids(&again));
    let supplies = read_text(Side::Supply, "a.csv", text);
    assert_ne!(ids(&intake)[0].as_str()[2..], ids(&supplies)[0].as_str()[2..]);
    // The same text, published twice: not merged, but shown as near-duplicates.
    assert_eq!(intake.near_duplicates, [vec![0, 2]]);
    assert_eq!(intake.records[2].duplicate_group, Some(0));
}

#[test]
fn given_numbers_are_kept_and_never_given_again() {
    let text = "编号,需求名称\n,甲\nXQ-0000-0001,乙\n,丙\n17,丁\n";
    let intake = read_text(Side::Demand, "a.csv", text);
    let numbers: Vec<_> = intake.records.iter().map(|record| record.number.as_str()).collect();
    assert_eq!(numbers, ["XQ-0000-0002", "XQ-0000-0001", "XQ-0000-0003", "XQ-0000-0004"]);
    assert_eq!(intake.records[3].id.as_str(), "17");
}

#[test]
fn contacts_stay_out_of_everything_that_is_searched_or_logged() {
    let text = "需求名称,需求描述,联系人,联系电话,手机,电子邮箱,地址\n涂层,耐磨,甲\u{1}某,029-5550,138-0000,a@example.org,某路1号\n填表人：丙某 138-0000\n";
    let intake = read_text(Side::Demand, "a.csv", text);
    let record = &intake.records[0];
    assert_eq!(record.contact.telephone.as_deref(), Some("029-5550；138-0000"));
    assert_eq!(record.contact.person.as_deref(), Some("甲某"));
    let shown = format!("{intake:?}");
    for secret in ["甲某", "丙某", "029-5550", "138-0000", "example.org", "某路"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// What cannot be read is kept as text and told; a blank cell is not.
#[test]
fn unreadable_dates_and_amounts_are_told() {
    let intake = read_text(
        Side::Demand,
        "demands.csv",
        "需求名称,发布日期,有效期,投入资金(万元)\n\
         甲,2025年底,一年,≥100\n乙,2026-01-02,2026-01-02至2026-12-31,20\n丙,,,\n",
    );
    let told: Vec<_> = intake
        .repairs
        .iter()
        .filter(|repair| repair.kind == RepairKind::Unreadable)
        .map(|repair| (repair.source.row, repair.column.as_str(), repair.before.as_str()))
        .collect();
    let expected =
        [(2, "发布日期", "2025年底"), (2, "有效期", "一年"), (2, "投入资金(万元)", "≥100")];
    assert_eq!(told, expected);
    let kept = &titled(&intake, "甲").extra;
    assert!(kept.iter().any(|(_, text)| text == "2025年底"), "{kept:?}");
}

#[test]
fn near_duplicates_are_what_a_direct_comparison_finds() {
    let base = "本需求寻求一种适用于深孔内壁的激光清洗装置，要求清洗效率每小时不低于两平方米，不损伤基体，能够在线检测清洗质量，整机功率不大于三千瓦。";
    let near = base.replace("两平方米", "三平方米");
    let far = base.chars().rev().collect::<String>();
    let text = format!(
        "需求名称,需求描述\n激光清洗,{base}\n激光清洗,{near}\n激光清洗,{far}\n另一题目,{base}\n"
    );
    let intake = read_text(Side::Demand, "a.csv", &text);
    let piece_sets: Vec<std::collections::HashSet<Vec<char>>> = intake
        .records
        .iter()
        .map(|record| {
            let chars: Vec<char> = format!("{}{}", record.title, record.body)
                .chars()
                .filter(|c| c.is_alphanumeric())
                .collect();
            chars.windows(5).map(<[char]>::to_vec).collect()
        })
        .collect();
    let jaccard = |a: usize, b: usize| {
        let shared = piece_sets[a].intersection(&piece_sets[b]).count() as f64;
        shared / (piece_sets[a].len() + piece_sets[b].len()) as f64 * 2.0
            / (2.0 - 2.0 * shared / (piece_sets[a].len() + piece_sets[b].len()) as f64)
    };
    assert!(jaccard(0, 1) >= 0.8 && jaccard(0, 3) >= 0.8 && jaccard(0, 2) < 0.8);
    assert_eq!(intake.near_duplicates, [vec![0, 1, 3]]);
}

#[test]
fn rejected_rows_are_written_for_people_without_formulas() {
    let text =
        "需求名称,单位名称,备注\n甲,一厂,\n乙,一厂,\n丙,一厂,\n丁,一厂,\n戊,一厂,\n,=1+1,@x\n";
    let intake = read_text(Side::Demand, "a.csv", text);
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("rejected.csv");
    write_rejected_csv(&path, &[&intake]).expect("written");
    let written = std::fs::read_to_string(&path).expect("readable");
    let expected = "\u{feff}文件,表,行,列,原因,单位名称,备注\n\
                    a.csv,,7,需求名称,缺少“需求名称”，也没有可取作名称的内容,'=1+1,'@x\n";
    assert_eq!(written, expected);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let text: String = std::iter::once("需求名称,需求描述,有效期\n".to_owned())
        .chain(
            (0..9000).map(|n| format!("工艺{},改进之{},20260101-20261231\n", n % 4000, n % 3000)),
        )
        .collect();
    let read_on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| format!("{:?}", read_text(Side::Demand, "a.csv", &text)))
    };
    assert_eq!(read_on(1), read_on(4));
}

#[test]
fn progress_counts_every_row() {
    let rows = std::sync::atomic::AtomicU64::new(0);
    let intake =
        read_lists(Side::Demand, &[fixture("collected.xlsx")], &ImportOptions::default(), &|n| {
            rows.fetch_max(n, std::sync::atomic::Ordering::Relaxed);
        })
        .expect("readable");
    assert_eq!(rows.into_inner(), intake.rows_in() as u64);
}

#[test]
fn the_real_market_lists() {
    let (Some(demands), Some(supplies)) =
        (real("market_lists/demands.jsonl"), real("market_lists/supplies.jsonl"))
    else {
        return;
    };
    // About one row in a hundred speaks of arms and waits for review.
    for (side, path) in [(Side::Demand, &demands), (Side::Supply, &supplies)] {
        let intake = read(side, path);
        let held = intake.rejected.iter().filter(|row| row.kind == Rejection::Held).count();
        assert!(held > 0 && held * 100 < intake.rows_in(), "{held} of {}", intake.rows_in());
    }
    let looked_at = ImportOptions { accept_held: true, ..ImportOptions::default() };
    let read = |side, path: &Path| {
        let intake = read_with(side, path, &looked_at).expect("readable");
        check_accounts(&intake);
        intake
    };
    let intake = read(Side::Demand, &demands);
    assert_eq!((intake.rows_in(), intake.records.len(), intake.rejected.len()), (1915, 1914, 1));
    let count = |kind| intake.repairs.iter().filter(|repair| repair.kind == kind).count();
    // Nine ranges last no day; every other range is written without a space before its time.
    assert_eq!((count(RepairKind::EmptyRange), count(RepairKind::Date)), (9, 1914));
    assert_eq!(count(RepairKind::Categories), 16);
    let intake = read(Side::Supply, &supplies);
    assert_eq!((intake.rows_in(), intake.records.len()), (2946, 2946));
    assert!(
        intake
            .records
            .iter()
            .all(|record| record.maturity.is_some() && !record.cooperation.is_empty())
    );
}

#[test]
fn the_real_patents_and_topics() {
    if let Some(patents) = real("patents_zh/patents.csv") {
        let intake = read(Side::Supply, &patents);
        assert_eq!(
            (intake.records.len(), intake.skipped.len(), intake.rejected.len()),
            (3938, 1, 0)
        );
        assert!(intake.records.iter().all(|record| record.supply_kind == Some(SupplyKind::Patent)));
        assert!(
            intake
                .records
                .iter()
                .all(|record| !record.codes.is_empty() && record.posted_on.is_some())
        );
    }
    if let Some(topics) = real("sbir_en/topics.jsonl") {
        let options = ImportOptions {
            map: vec![("id".to_owned(), "tid".to_owned())],
            ..ImportOptions::default()
        };
        let intake = read_with(Side::Demand, &topics, &options).expect("readable");
        check_accounts(&intake);
        assert_eq!(
            intake.records.len() + intake.rejected.len() + intake.merged.len(),
            intake.rows_in()
        );
        assert!(intake.records.len() > 1400);
    }
}

// Generated dirty tables.

fn dirty_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        3 => prop::sample::select(vec![
            "涂层", "耐高温涂层工艺。第二句", "合计", "小计", "注：说明", "填表人：甲", "序号", "需求名称", "面议", "20",
            "10-20万元", "1,000万元", "二十万", "2020-01-1310:49:39.0至2021-01-1310:49:41.0", "2021-01-01至2020-01-01",
            "43843", "20200113", "2020年底", "制造业制造业", "制造业农业", "完全转让许可转让", "\"双\"\"引号\"", "\"", "\"未闭合",
            "秘密", "公开", "甲\u{0}乙", "\u{a0}\u{a0}甲\u{a0}乙", "\u{200b}", "=1+1", "XQ-2020-0001", "X1", "X1", "X2", "（万元）",
            "H01L 21/02", "TRL 7", "\u{feff}", "a\tb", "甲;乙", "甲,乙",
        ]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| text.chars().take(40).collect()),
        1 => "[0-9./年月日:至-]{0,24}",
        1 => "[0-9.,万元亿-]{0,12}",
    ]
}

fn dirty_table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let headings = prop::sample::select(vec![
        "序号",
        "需求编号",
        "需求名称",
        "名称",
        "需求描述",
        "技术指标",
        "单位名称",
        "投入资金(万元)",
        "价格",
        "有效期",
        "截止日期",
        "发布日期",
        "所属行业",
        "合作方式",
        "技术成熟度",
        "密级",
        "可见性",
        "联系人",
        "电话",
        "IPC分类号",
        "公开(公告)号",
        "申请号",
        "类型",
        "关键词",
        "备注",
        "领导批示",
        "",
    ]);
    let header = prop::collection::vec(headings.prop_map(str::to_owned), 1..10);
    let above = prop::collection::vec(prop::collection::vec(dirty_cell(), 0..4), 0..3);
    let rows = prop::collection::vec(prop::collection::vec(dirty_cell(), 0..12), 0..40);
    (above, header, rows).prop_map(|(above, mut header, rows)| {
        header.push("需求名称".to_owned());
        above.into_iter().chain([header]).chain(rows).collect()
    })
}

fn quoted(cell: &str, delimiter: char) -> String {
    if cell.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn import_all(side: Side, name: &str, bytes: &[u8]) -> Result<Intake, CorpusError> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    let options = ImportOptions { max_rejected_share: 1.0, ..ImportOptions::default() };
    read_with(side, &path, &options)
}

fn is_blank(cell: &str) -> bool {
    cell.chars().all(|c| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_row_of_a_clean_writer_is_accounted_for(table in dirty_table(), tabs: bool, supply: bool) {
        let delimiter = if tabs { '\t' } else { ',' };
        let lines: Vec<String> = table
            .iter()
            .map(|row| row.iter().map(|cell| quoted(cell, delimiter)).collect::<Vec<_>>().join(&delimiter.to_string()))
            .collect();
        let side = if supply { Side::Supply } else { Side::Demand };
        let expected = table.iter().filter(|row| row.iter().any(|cell| !is_blank(cell))).count();
        match import_all(side, "dirty.csv", lines.join("\n").as_bytes()) {
            Ok(intake) => {
                check_accounts(&intake);
                // A form is one row, however many lines it has.
                if intake.files.iter().all(|file| file.variant.is_none()) {
                    prop_assert_eq!(intake.rows_in(), expected);
                }
            }
            Err(error) => prop_assert!(!error.remedy(Lang::Zh).is_empty(), "{error}"),
        }
    }

    #[test]
    fn every_row_of_a_workbook_is_accounted_for(table in dirty_table(), sheets in 1_usize..3) {
        let mut book = rust_xlsxwriter::Workbook::new();
        for _ in 0..sheets {
            let sheet = book.add_worksheet();
            for (row, cells) in (0_u32..).zip(&table) {
                for (column, cell) in (0_u16..).zip(cells) {
                    let written = match cell.parse::<f64>() {
                        Ok(number) if number.is_finite() => sheet.write(row, column, number),
                        _ => sheet.write(row, column, cell.as_str()),
                    };
                    written.expect("short cells");
                }
            }
        }
        let bytes = book.save_to_buffer().expect("in memory");
        let expected = table.iter().filter(|row| row.iter().any(|cell| !is_blank(cell))).count() * sheets;
        match import_all(Side::Demand, "dirty.xlsx", &bytes) {
            Ok(intake) => {
                check_accounts(&intake);
                // A form is one row, however many lines it has.
                if intake.files.iter().all(|file| file.variant.is_none()) {
                    prop_assert_eq!(intake.rows_in(), expected);
                }
            }
            Err(error) => prop_assert!(!error.remedy(Lang::Zh).is_empty(), "{error}"),
        }
    }

    #[test]
    fn any_text_and_any_bytes_are_survived(
        text in "(需求名称|名称|,|\"|\n|\r|\t|;|\\{|\\}|:|甲|乙|\u{0}|\\[|a){0,80}",
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        name in prop::sample::select(vec!["x.csv", "x.jsonl", "x.xlsx", "x"]),
    ) {
        for content in [text.as_bytes(), &bytes, &[b"\xe5\x90\x8d\xe7\xa7\xb0,a\n", bytes.as_slice()].concat()] {
            match import_all(Side::Demand, name, content) {
                Ok(intake) => check_accounts(&intake),
                Err(error) => prop_assert!(!error.remedy(Lang::Zh).is_empty(), "{error}"),
            }
        }
    }

    #[test]
    fn json_lines_are_accounted_for(rows in prop::collection::vec(
        prop::collection::vec((prop::sample::select(vec!["name", "context", "time", "id", "price", "密级", "x"]), dirty_cell()), 0..6),
        0..30,
    ), broken in 0_usize..40) {
        let mut lines: Vec<String> = rows
            .iter()
            .map(|row| {
                let object: serde_json::Map<String, serde_json::Value> =
                    row.iter().map(|(key, cell)| ((*key).to_owned(), cell.as_str().into())).collect();
                serde_json::Value::Object(object).to_string()
            })
            .collect();
        lines.insert(0, "{\"name\":\"甲\"}".to_owned());
        if broken < lines.len() {
            lines[broken].push('{');
        }
        match import_all(Side::Demand, "dirty.jsonl", lines.join("\n").as_bytes()) {
            Ok(intake) => check_accounts(&intake),
            Err(error) => prop_assert!(!error.remedy(Lang::Zh).is_empty(), "{error}"),
        }
    }
}
