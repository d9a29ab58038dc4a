//! The documents people get: `lists.xlsx` and `report.html`, read back.

mod run;

use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use duijie::model::{Lang, Verdict, Visibility};
use duijie::report::{
    ReportError, WorkbookFacts, workbook_rows, write_html, write_workbook, write_workbook_split,
};

use run::{FORMULA, PATENT, PERSON, Run, SCRIPT, TELEPHONE, UNNAMED};

const HEADINGS: [&str; 20] = [
    "序号",
    "需求编号",
    "需求名称",
    "需求单位",
    "推荐序",
    "供给编号",
    "成果名称",
    "供给单位",
    "成熟度",
    "合作方式",
    "结论",
    "把握(%)",
    "依据(原文)",
    "指标核对",
    "待核实",
    "来源文件/行",
    "反馈",
    "原因",
    "备注",
    "对应记录",
];

/// What stands before the answers in the list by demand.
const QUALITY: [&str; 3] = ["需求质量(%)", "分类", "建议追问"];

fn workbook(run: &Run, path: &Path) -> WorkbookFacts {
    run.view(|view| write_workbook(path, view, &|_| {})).expect("the workbook is written")
}

fn page(run: &Run, path: &Path) -> String {
    run.view(|view| write_html(path, view)).expect("the page is written");
    std::fs::read_to_string(path).expect("the page is there")
}

fn sheet(path: &Path, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = open_workbook(path).expect("a workbook");
    let range = book.worksheet_range(name).expect("the sheet is there");
    range.rows().map(<[Data]>::to_vec).collect()
}

fn texts(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

const SHEETS: [&str; 7] =
    ["需求→供给", "供给→需求", "双向优选", "推荐清单(限额)", "暂无匹配", "联合体", "分配比较"];

/// Every part of a workbook, name and text.
fn parts(path: &Path) -> Vec<(String, String)> {
    let file = std::fs::File::open(path).expect("the workbook is there");
    let mut archive = zip::ZipArchive::new(file).expect("a zip archive");
    (0..archive.len())
        .map(|index| {
            let mut part = archive.by_index(index).expect("a part");
            let mut text = String::new();
            part.read_to_string(&mut text).expect("parts are XML");
            let name = part.name().expect("names are UTF-8").into_owned();
            (name, text)
        })
        .collect()
}

fn written(run: &Run) -> (tempfile::TempDir, std::path::PathBuf, WorkbookFacts) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lists.xlsx");
    let facts = workbook(run, &path);
    (folder, path, facts)
}

/// A run so small that every careless text in it is among the examples.
fn small() -> Run {
    let mut run = Run::new();
    Run::judged(run.demands.drain(..5).collect(), run.supplies.drain(..1).collect())
}

fn column(rows: &[Vec<Data>], heading: &str) -> usize {
    let place = rows[0].iter().position(|cell| *cell == *heading);
    place.unwrap_or_else(|| panic!("no column {heading}"))
}

#[test]
fn the_sheets_have_the_agreed_headings() {
    let (_folder, path, facts) = written(&Run::new());
    let book: Xlsx<_> = open_workbook(&path).expect("a workbook");
    assert_eq!(book.sheet_names(), SHEETS);
    assert_eq!(facts.sheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>(), SHEETS);
    for (name, fact) in SHEETS.iter().zip(&facts.sheets) {
        let rows = sheet(&path, name);
        assert_eq!(rows.len() as u64, fact.rows + 1, "{name}");
        if SHEETS[..4].contains(name) {
            let mut expected = HEADINGS.to_vec();
            if *name == SHEETS[0] {
                expected.splice(16..16, QUALITY);
            }
            assert_eq!(texts(&rows[0]), expected, "{name}");
        }
    }
}

#[test]
fn joint_answers_have_a_row_per_supply() {
    let run = Run::new();
    let (_folder, path, _) = written(&run);
    let rows = sheet(&path, "联合体");
    assert_eq!(rows.len(), 1 + 4, "two answers of two supplies");
    let at = |heading| column(&rows, heading);
    let cell = |row: usize, heading| rows[row][at(heading)].to_string();
    assert_eq!(cell(1, "需求编号"), run.demands[0].number);
    assert_eq!((cell(1, "合计覆盖(%)"), cell(1, "单个最好(%)")), ("64".into(), "39".into()));
    assert!(cell(1, "它覆盖的要求(原文)").starts_with("“希望引入"), "{rows:?}");
    assert!(cell(2, "都未覆盖的要求(原文)").starts_with("“技术指标"));
    assert_eq!(
        (cell(1, "怎样联系"), cell(3, "怎样联系")),
        ("共 2 家".into(), "同一单位，一个电话".into())
    );
}

#[test]
fn the_ways_of_handing_out_are_compared() {
    let (_folder, path, _) = written(&Run::new());
    let rows = sheet(&path, "分配比较");
    assert_eq!(rows.len(), 1 + 2);
    let at = |heading| column(&rows, heading);
    assert_eq!(rows[1][at("分配方式")].to_string(), "总分最大（最小费用流）（本次发出）");
    assert_eq!(rows[1][at("基尼系数")].to_string(), "0.3043");
    assert_eq!(rows[2][at("不稳定的配对")].to_string(), "0");
}

#[test]
fn english_readers_get_english_headings() {
    let mut run = Run::new();
    run.lang = Lang::En;
    let (_folder, path, facts) = written(&run);
    assert_eq!(facts.sheets[3].name, "Handed-out list");
    let rows = sheet(&path, "Demand to supply");
    assert_eq!(texts(&rows[0])[10..12], ["Verdict", "Chance (%)"]);
    assert_eq!(rows[1][10].to_string(), "recommend");
}

#[test]
fn lists_hold_every_worthwhile_pair_in_order_and_no_other() {
    let run = Run::new();
    let (_folder, path, facts) = written(&run);
    let rows = sheet(&path, SHEETS[0]);
    let expected: Vec<(String, String, u32)> = (run.by_demand.iter())
        .flat_map(|list| {
            let pairs = list.iter().map(|&index| &run.matches[index as usize]);
            (1..).zip(pairs.filter(|pair| pair.verdict != Verdict::NoMatch)).map(|(place, pair)| {
                let demand = run.demands[pair.demand.get()].number.clone();
                (demand, run.supplies[pair.supply.get()].number.clone(), place)
            })
        })
        .collect();
    let found: Vec<(String, String, u32)> = (rows[1..].iter())
        .map(|row| {
            let place = row[4].to_string().parse().expect("a whole number");
            (row[1].to_string(), row[5].to_string(), place)
        })
        .collect();
    assert!(expected.len() > 40, "the run is worth testing: {}", expected.len());
    assert_eq!(found, expected);
    assert_eq!(facts.sheets[4].rows, 2, "the two demands of fields that nobody serves");
    for name in &SHEETS[..4] {
        let verdicts: Vec<String> =
            sheet(&path, name)[1..].iter().map(|row| row[10].to_string()).collect();
        assert!(!verdicts.is_empty() && verdicts.iter().all(|v| v == "建议对接" || v == "可洽谈"));
    }
}

#[test]
fn a_list_is_cut_at_the_top() {
    let mut run = Run::new();
    run.facts.top = 1;
    let (_folder, path, _facts) = written(&run);
    let rows = sheet(&path, SHEETS[0]);
    assert!(rows.len() <= run.demands.len());
    assert!(rows[1..].iter().all(|row| row[4] == Data::Float(1.0)));
}

#[test]
fn mutual_pairs_stand_high_in_both_lists_best_first() {
    let run = Run::new();
    let (_folder, path, _facts) = written(&run);
    let rows = sheet(&path, SHEETS[2]);
    let scores: Vec<i32> = (rows[1..].iter())
        .map(|row| {
            let pair = run.matches.iter().find(|pair| {
                run.demands[pair.demand.get()].number == row[1].to_string()
                    && run.supplies[pair.supply.get()].number == row[5].to_string()
            });
            let pair = pair.expect("the pair was kept");
            assert!(pair.rank_for_demand <= Some(10) && pair.rank_for_supply <= Some(10));
            pair.mutual_score.0
        })
        .collect();
    assert!(scores.len() > 10 && scores.is_sorted_by(|a, b| a >= b));
}

#[test]
fn nothing_starts_a_formula() {
    let (_folder, path, _facts) = written(&Run::new());
    for (name, text) in parts(&path) {
        assert!(!text.contains("<f>") || !name.starts_with("xl/worksheets"), "{name}");
    }
    let titles: Vec<String> =
        sheet(&path, SHEETS[0])[1..].iter().map(|row| row[2].to_string()).collect();
    assert!(titles.contains(&format!("'{FORMULA}")));
    for name in SHEETS {
        for cell in sheet(&path, name).iter().flatten() {
            let text = cell.to_string();
            assert!(
                !matches!(cell, Data::String(_)) || !text.trim().starts_with(['=', '+', '-', '@'])
            );
        }
    }
}

#[test]
fn numbers_of_records_are_text_and_chances_whole_percentages() {
    let (_folder, path, _facts) = written(&Run::new());
    let mut patents = 0;
    for name in &SHEETS[..4] {
        for row in &sheet(&path, name)[1..] {
            assert!(matches!(&row[5], Data::String(_)), "{:?}", row[5]);
            patents += usize::from(row[5] == Data::String(PATENT.to_owned()));
            let Data::Float(chance) = row[11] else { panic!("{:?}", row[11]) };
            assert!((0.0..=100.0).contains(&chance) && chance.fract() == 0.0);
            for cell in row {
                assert!(!cell.to_string().starts_with("0."), "a raw score: {cell}");
            }
        }
    }
    assert!(patents > 0);
}

#[test]
fn dates_are_dates_and_amounts_are_in_ten_thousands() {
    let (_folder, path, _facts) = written(&Run::new());
    let rows = sheet(&path, "暂无匹配");
    let day = &rows[1][column(&rows, "有效期至")];
    let Data::DateTime(day) = day else { panic!("not a date: {day:?}") };
    assert_eq!(day.to_ymd_hms_milli(), (2021, 7, 17, 0, 0, 0, 0));
    assert_eq!(rows[1][column(&rows, "预算(万元)")], Data::Float(125.0));
    let pairs = sheet(&path, SHEETS[0]);
    let remarks = column(&pairs, "备注");
    assert!(pairs.iter().any(|row| row[remarks].to_string().contains("预算30万元")));
}

#[test]
fn no_contact_and_no_hidden_owner_is_in_any_document() {
    let folder = tempfile::tempdir().expect("a folder");
    for (mut run, lang) in [(Run::new(), Lang::Zh), (Run::new(), Lang::En), (small(), Lang::Zh)] {
        run.lang = lang;
        let path = folder.path().join("lists.xlsx");
        workbook(&run, &path);
        let mut documents = parts(&path);
        documents.push(("report.html".to_owned(), page(&run, &folder.path().join("report.html"))));
        for (name, text) in &documents {
            for secret in [TELEPHONE, PERSON, UNNAMED, "lianxi@example", "无名路"] {
                assert!(!text.contains(secret), "{secret} in {name}");
            }
        }
    }
    let page = page(&small(), &folder.path().join("report.html"));
    assert!(page.contains("联系人〔略〕，电话〔略〕"), "the careless text was shown, veiled");
    assert!(page.contains("〔略〕多年从事"), "so was the one with its owner's name");
}

#[test]
fn internal_records_are_not_handed_out_and_owners_stay_hidden() {
    let run = Run::new();
    let internal = run.demands.iter().find(|record| record.visibility == Visibility::Internal);
    let internal = &internal.expect("one is internal").number;
    let (_folder, path, facts) = written(&run);
    let shown = sheet(&path, SHEETS[0]);
    let own: Vec<_> = shown.iter().filter(|row| row[1].to_string() == *internal).collect();
    assert!(!own.is_empty() && own.iter().all(|row| row[3] == "内部"));
    let handed = sheet(&path, SHEETS[3]);
    assert!(handed.iter().all(|row| row[1].to_string() != *internal));
    assert!(facts.internal_withheld > 0);
    let all: usize = run.allocated_by_demand.iter().map(Vec::len).sum();
    assert_eq!(facts.sheets[3].rows + facts.internal_withheld, all as u64);
    let anonymous = &run.supplies[0].number;
    let own: Vec<_> = shown.iter().filter(|row| row[5].to_string() == *anonymous).collect();
    assert!(!own.is_empty() && own.iter().all(|row| row[7] == "匿名"));
}

#[test]
fn evidence_quotes_both_texts_briefly() {
    let run = Run::new();
    let (_folder, path, _facts) = written(&run);
    let rows = sheet(&path, SHEETS[0]);
    let first = rows[1][12].to_string();
    assert_eq!(first, "需求“炉温均匀性控制”“关键指标较现状改善” ↔ 供给“炉温均匀性控制”");
    assert!(rows.iter().all(|row| row[12].to_string().chars().count() <= 160));
}

#[test]
fn a_long_list_goes_on_in_a_second_sheet() {
    let run = Run::new();
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, split) = (folder.path().join("whole.xlsx"), folder.path().join("split.xlsx"));
    workbook(&run, &whole);
    let facts = run
        .view(|view| write_workbook_split(&split, view, 20, &|_| {}))
        .expect("the workbook is written");
    let expected = sheet(&whole, SHEETS[0]);
    let mut found = sheet(&split, SHEETS[0]);
    assert_eq!(found.len(), 21);
    let mut part = 2;
    while found.len() < expected.len() {
        let more = sheet(&split, &format!("{}({part})", SHEETS[0]));
        assert!((2..=21).contains(&more.len()));
        assert_eq!(more[0], expected[0], "every sheet has headings");
        found.extend(more.into_iter().skip(1));
        part += 1;
    }
    assert_eq!(found, expected);
    assert!(facts.sheets.iter().all(|sheet| sheet.rows <= 20));
    assert_eq!(
        facts.sheets.iter().filter(|sheet| sheet.name.starts_with(SHEETS[0])).count(),
        part - 1
    );
}

#[test]
fn sheets_print_on_a4_landscape_one_page_wide() {
    let (_folder, path, _facts) = written(&Run::new());
    let parts = parts(&path);
    let find = |name: &str| &parts.iter().find(|part| part.0 == name).expect("a part").1;
    let first = find("xl/worksheets/sheet1.xml");
    for wanted in [
        "orientation=\"landscape\"",
        "paperSize=\"9\"",
        "fitToHeight=\"0\"",
        "fitToPage=\"1\"",
        "state=\"frozen\"",
        "<autoFilter ref=\"A1:W",
        "<dataValidation type=\"list\"",
        "已对接,",
        "数据截至 2020-10-24",
        "运行时间 2021-03-01 02:30",
        "第 &amp;P 页",
    ] {
        assert!(first.contains(wanted), "{wanted}");
    }
    let styles = find("xl/styles.xml");
    assert!(styles.contains("<name val=\"宋体\"/>") && styles.contains("<sz val=\"10.5\"/>"));
    assert!(!styles.contains("Calibri"));
    assert!(find("xl/workbook.xml").contains("_xlnm.Print_Titles"));
}

#[test]
fn the_same_run_makes_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["a.xlsx", "b.xlsx"].map(|name| folder.path().join(name));
    let pages = ["a.html", "b.html"].map(|name| folder.path().join(name));
    for (name, html) in names.iter().zip(&pages) {
        let run = Run::new();
        workbook(&run, name);
        page(&run, html);
    }
    let read = |path| std::fs::read(path).expect("a file");
    assert!(read(&names[0]) == read(&names[1]), "workbooks differ");
    assert!(read(&pages[0]) == read(&pages[1]), "pages differ");
    let core = parts(&names[0]).into_iter().find(|part| part.0 == "docProps/core.xml");
    let core = core.expect("the properties").1;
    assert!(core.contains("2021-02-28T18:30:05Z"), "dated by the run: {core}");
}

#[test]
fn progress_ends_at_the_number_of_rows() {
    let run = Run::new();
    let folder = tempfile::tempdir().expect("a folder");
    let last = AtomicU64::new(0);
    let (facts, rows) = run.view(|view| {
        let told = |rows| {
            last.fetch_max(rows, Ordering::Relaxed);
        };
        let facts = write_workbook(&folder.path().join("lists.xlsx"), view, &told);
        (facts.expect("written"), workbook_rows(view).expect("a sound view"))
    });
    assert_eq!(facts.rows(), rows);
    assert_eq!(last.load(Ordering::Relaxed), rows);
}

#[test]
fn a_view_that_does_not_fit_is_refused() {
    let mut run = Run::new();
    run.by_demand[0].push(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    let refused = run.view(|view| write_html(&path, view)).expect_err("the index is too large");
    assert!(matches!(refused, ReportError::View { list: "by_demand", entry: 1_000_000, .. }));
    assert!(!path.exists());
    let refused = run.view(|view| write_workbook(&path, view, &|_| {}));
    assert!(matches!(refused, Err(ReportError::View { .. })));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let run = Run::new();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("missing").join("report.html");
    let refused = run.view(|view| write_html(&path, view)).expect_err("the folder is missing");
    assert!(refused.to_string().contains("missing"), "{refused}");
    assert!(run.view(|view| write_workbook(&path, view, &|_| {})).is_err());
}

#[test]
fn a_run_without_pairs_still_has_its_documents() {
    let whole = Run::new();
    let mut run = Run::judged(whole.demands[..1].to_vec(), whole.supplies[..1].to_vec());
    run.matches.clear();
    run.by_demand[0].clear();
    run.by_supply[0].clear();
    run.allocated_by_demand[0].clear();
    run.gaps.clear();
    run.joint.clear();
    run.compared.clear();
    run.facts.data_until = None;
    let (folder, path, facts) = written(&run);
    assert_eq!(facts.rows(), 0);
    assert_eq!(sheet(&path, SHEETS[3]).len(), 1);
    let page = page(&run, &folder.path().join("report.html"));
    assert!(page.contains("不详") && !page.contains("NaN"));
    well_formed(&page);
}

/// Checks that tags nest, that nothing is fetched and that no script can run.
fn well_formed(page: &str) {
    const EMPTY: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let tag = &rest[start + 1..];
        let end = tag.find('>').expect("every tag ends");
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        let name = inside.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        if let Some(closed) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "near {}", &inside);
        } else if !EMPTY.contains(&name) {
            open.push(name);
        }
        assert!(name != "script" && name != "link" && name != "iframe" && name != "img");
        for risky in [" src=", " onclick=", " onload=", "href=\"http", "url("] {
            assert!(!inside.contains(risky), "{inside}");
        }
        rest = after;
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn the_page_is_well_formed_and_asks_nothing_of_anybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = page(&small(), &folder.path().join("report.html"));
    well_formed(&page);
    assert!(!page.contains("<script") && !page.contains("@import"));
    assert!(page.contains("&lt;script&gt;alert('x')"), "shown, but as text");
    assert!(SCRIPT.starts_with("<script>"));
    assert_eq!(page.matches("<svg").count(), page.matches("<desc>").count());
}

#[test]
fn the_page_says_what_the_issue_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = page(&Run::new(), &folder.path().join("report.html"));
    for wanted in [
        "数据截至 2020-10-24",
        "运行时间 2021-03-01 02:30:05 +08:00",
        "参考日期 2021-03-01",
        "把握是暂定校准",
        "使用了软件模拟的显卡（llvmpipe）",
        "名称为空",
        "需求已过期 7 条（29.2%）",
        "需求近似重复 2 条",
        "对接专员意见",
        "2 条需求待明确",
        "✓ 相符",
        "2020-01-1310:49:39.0至2021-01-13",
        "GB18030",
        "<mark>",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("✗"));
    assert_eq!(page.matches("<article>").count(), 12, "ten examples, two joint answers");
    assert_eq!(page.matches(">暂无匹配</span>").count(), 2, "two of the examples have no answer");
}

/// Both documents in both languages, left where a person can look at them: convert the workbook
/// with LibreOffice and open the page in a browser, wide and narrow.
#[test]
fn each_language_has_its_own_documents() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut run = Run::new();
    for lang in [Lang::Zh, Lang::En] {
        run.lang = lang;
        workbook(&run, &folder.join(format!("lists.{lang}.xlsx")));
        page(&run, &folder.join(format!("report.{lang}.html")));
    }
    let read = |name: &str| std::fs::read(folder.join(name)).expect("written");
    let text = |name: &str| String::from_utf8(read(name)).expect("UTF-8");
    assert!(text("report.zh.html").contains("技术供需对接报告"));
    assert!(!text("report.en.html").contains("技术供需对接报告"), "no Chinese heading in English");
    assert_ne!(read("lists.zh.xlsx"), read("lists.en.xlsx"));
}
