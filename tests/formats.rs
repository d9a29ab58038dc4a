//! One fixture per format: what it is recognised as and why, every row accounted for, values in
//! their places.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use duijie::corpus::{Batch, CorpusError, ImportOptions, read_lists, returned_rows, stream_list};
use duijie::model::{
    CooperationMode, Diagnosis, FileOutcome, Intake, Lang, Maturity, Price, Record, RepairKind,
    Side, SkipReason, SupplyKind,
};
use jiff::civil::date;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(name)
}

fn try_read(side: Side, path: &Path) -> Result<Intake, CorpusError> {
    read_lists(side, &[path.to_owned()], &ImportOptions::default(), &|_| {})
}

fn read(side: Side, name: &str) -> Intake {
    let intake = try_read(side, &fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    check_accounts(&intake, name);
    intake
}

/// Rows in = records + merged + skipped + rejected.
fn check_accounts(intake: &Intake, name: &str) {
    let out =
        intake.records.len() + intake.merged.len() + intake.skipped.len() + intake.rejected.len();
    assert_eq!(intake.rows_in(), out, "{name}");
}

/// Rows in, records, merged, skipped, rejected.
fn accounts(intake: &Intake) -> [usize; 5] {
    [
        intake.rows_in(),
        intake.records.len(),
        intake.merged.len(),
        intake.skipped.len(),
        intake.rejected.len(),
    ]
}

fn by_id<'a>(intake: &'a Intake, id: &str) -> &'a Record {
    intake
        .records
        .iter()
        .find(|record| record.id.as_str() == id)
        .unwrap_or_else(|| panic!("{id} among {:?}", ids(intake)))
}

fn ids(intake: &Intake) -> Vec<&str> {
    intake.records.iter().map(|record| record.id.as_str()).collect()
}

fn titled<'a>(intake: &'a Intake, title: &str) -> &'a Record {
    intake.records.iter().find(|record| record.title == title).expect(title)
}

fn extra<'a>(record: &'a Record, heading: &str) -> Option<&'a str> {
    record.extra.iter().find(|(held, _)| held == heading).map(|(_, text)| text.as_str())
}

/// The same list in every guise of a workbook gives the same records.
#[test]
fn one_list_in_many_guises() {
    for (name, format, why, rows) in [
        ("workbook_named.xls", "xlsx", "xl/workbook.xml", [4, 3, 0, 1, 0]),
        ("list.et", "xls", "Workbook", [4, 3, 0, 1, 0]),
        ("tabs.xls", "tsv", "GB18030", [4, 3, 0, 1, 0]),
        ("page.xls", "html", "<html", [5, 3, 0, 2, 0]),
        ("xml2003.xls", "xml2003", "urn:schemas-microsoft-com", [4, 3, 0, 1, 0]),
    ] {
        let intake = read(Side::Demand, name);
        assert_eq!(accounts(&intake), rows, "{name}");
        let file = &intake.files[0];
        assert_eq!((file.format.as_str(), file.outcome), (format, FileOutcome::Read), "{name}");
        for lang in [Lang::Zh, Lang::En] {
            assert!(file.why.get(lang).contains(why), "{name}: {:?}", file.why);
        }
        assert_eq!(ids(&intake), ["D-1", "D-2", "D-3"], "{name}");
        let coating = by_id(&intake, "D-1");
        assert_eq!(coating.title, "耐高温陶瓷涂层");
        assert_eq!(coating.body, "寻求1200℃下不剥落的涂层，结合强度>30MPa。", "{name}");
        assert_eq!(coating.price, Some(Price::Yuan(200_000.0)));
        assert_eq!(coating.contact.telephone.as_deref(), Some("029-5550101"));
        let owners: Vec<_> =
            intake.records.iter().map(|record| record.organization.as_deref()).collect();
        let expected = [Some("示例甲厂"), Some("示例甲厂"), Some("示例乙厂")];
        assert_eq!(owners, expected, "{name}");
        let misnamed = intake.repairs.iter().any(|repair| repair.kind == RepairKind::Format);
        assert_eq!(misnamed, name != "list.et", "{name}");
    }
    // What was merged is told as filled down.
    let filled = read(Side::Demand, "page.xls");
    let filled: Vec<_> =
        filled.repairs.iter().filter(|repair| repair.kind == RepairKind::MergedCell).collect();
    assert_eq!((filled.len(), filled[0].source.row, filled[0].column.as_str()), (1, 4, "单位名称"));
    let xml = read(Side::Demand, "xml2003.xls");
    assert_eq!(by_id(&xml, "D-3").source.row, 5);
    assert_eq!(xml.tables[0].sheet.as_deref(), Some("需求"));
}

#[test]
fn headings_on_two_lines_under_groups() {
    let intake = read(Side::Demand, "grouped.xlsx");
    assert_eq!(accounts(&intake), [6, 3, 0, 3, 0]);
    assert_eq!(intake.tables[0].header_row, Some(3));
    let fields: Vec<_> =
        intake.tables[0].columns.iter().map(|column| column.field.as_deref()).collect();
    let expected =
        ["organization", "region", "title", "description", "contact_person", "telephone"];
    assert_eq!(fields, expected.map(Some));
    let welding = titled(&intake, "窄间隙焊接变形控制");
    assert_eq!(welding.organization.as_deref(), Some("示例甲厂"));
    assert_eq!(welding.region.as_deref(), Some("西安"));
    assert_eq!(welding.contact.telephone.as_deref(), Some("029-5550101"));
    assert!(!format!("{:?}", intake.repairs).contains("甲某"), "contacts are not logged");
    let reasons: Vec<_> = intake.skipped.iter().map(|row| row.reason).collect();
    assert_eq!(reasons, [SkipReason::Title, SkipReason::Heading, SkipReason::Heading]);
}

#[test]
fn a_form_in_a_workbook() {
    let intake = read(Side::Demand, "form_demand.xlsx");
    assert_eq!(accounts(&intake), [3, 1, 0, 2, 0]);
    assert_eq!(
        intake.files[0].variant.as_ref().expect("a form").zh,
        "单份需求征集表（标签与值成对）"
    );
    let record = &intake.records[0];
    assert_eq!(record.title, "叶片榫槽无损检测");
    assert_eq!(record.body, "检出深度0.2mm以上的裂纹，单件检测时间不超过60s。");
    assert_eq!(record.organization.as_deref(), Some("示例丙厂"));
    assert_eq!(record.price, Some(Price::Yuan(800_000.0)));
    assert_eq!(record.cooperation, [CooperationMode::Commission, CooperationMode::License]);
    assert_eq!(record.valid_until, Some(date(2026, 12, 31)));
    assert_eq!(record.classification, [["高端装备"]]);
    assert_eq!(record.contact.person.as_deref(), Some("丙某"));
    assert_eq!(record.contact.address.as_deref(), Some("某路三号"));
    assert_eq!((extra(record, "职工人数"), extra(record, "企业性质")), (Some("320"), Some("民营")));
    let skipped: Vec<_> = intake.skipped.iter().map(|row| (row.source.row, row.reason)).collect();
    assert_eq!(skipped, [(1, SkipReason::Title), (10, SkipReason::Note)]);
}

#[test]
fn forms_in_documents() {
    let result = read(Side::Supply, "form_result.docx");
    assert_eq!(accounts(&result), [3, 1, 0, 2, 0], "{:?}", result.skipped);
    assert_eq!(
        result.files[0].variant.as_ref().expect("a form").zh,
        "单份成果登记表（标签与值成对）"
    );
    let record = &result.records[0];
    assert_eq!(record.title, "等离子喷涂热障涂层");
    assert_eq!(record.body, "涂层厚度0.3mm，1200℃热循环500次不剥落。");
    assert_eq!(record.organization.as_deref(), Some("示例大学"));
    assert_eq!(record.contact.address.as_deref(), Some("某路四号"));
    assert_eq!(record.keywords, ["热障涂层", "等离子喷涂"]);
    assert_eq!(record.maturity, Some(Maturity::PilotTested));

    let call = read(Side::Demand, "form_call.docx");
    assert_eq!(accounts(&call), [2, 1, 0, 1, 0], "{:?}", call.skipped);
    assert_eq!(
        call.files[0].variant.as_ref().expect("a form").zh,
        "单份揭榜挂帅表（标签与值成对）"
    );
    let record = &call.records[0];
    assert_eq!(record.title, "大尺寸碳化硅衬底减薄");
    assert_eq!(
        record.body,
        "八英寸碳化硅衬底减薄时崩边多。\n减薄后总厚度偏差大。\n核心指标：崩边小于5μm。"
    );
    assert_eq!(record.organization.as_deref(), Some("示例丁公司"));
    assert_eq!(record.price, Some(Price::Yuan(3_000_000.0)));
    assert_eq!(record.valid_until, Some(date(2026, 12, 31)));
    assert_eq!(record.contact.telephone.as_deref(), Some("029-5550105"));
    assert_eq!(record.contact.person.as_deref(), Some("戊某"));
}

#[test]
fn a_list_in_a_document() {
    let intake = read(Side::Supply, "list.docx");
    assert_eq!(accounts(&intake), [5, 2, 0, 3, 0]);
    let sheets: Vec<_> = intake.tables.iter().map(|table| table.sheet.as_deref()).collect();
    assert_eq!(sheets, [Some("表1"), Some("正文")]);
    assert_eq!(titled(&intake, "激光熔覆修复").source.row, 2);
}

/// A folder of forms and lists: everything readable is read, the rest is told.
#[test]
fn a_folder_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["form_demand.xlsx", "form_call.docx", "old.doc"] {
        std::fs::copy(fixture(name), dir.path().join(name)).expect("copied");
    }
    std::fs::write(dir.path().join("~$form_demand.xlsx"), b"\x05someone").expect("written");
    std::fs::write(dir.path().join(".~form_call.docx"), b"someone").expect("written");
    let intake = try_read(Side::Demand, dir.path()).expect("two are readable");
    check_accounts(&intake, "folder");
    assert_eq!(intake.records.len(), 2);
    let mut outcomes: Vec<_> =
        intake.files.iter().map(|file| (file.file.as_str(), file.outcome)).collect();
    outcomes.sort_unstable_by_key(|(name, _)| *name);
    let expected = [
        (".~form_call.docx", FileOutcome::Skipped),
        ("form_call.docx", FileOutcome::Read),
        ("form_demand.xlsx", FileOutcome::Read),
        ("old.doc", FileOutcome::Refused),
        ("~$form_demand.xlsx", FileOutcome::Skipped),
    ];
    assert_eq!(outcomes, expected);
    let refused = intake.files.iter().find(|file| file.file == "old.doc").expect("told");
    assert!(refused.why.zh.contains("另存为 .docx"), "{}", refused.why.zh);

    let only = tempfile::tempdir().expect("a folder");
    std::fs::copy(fixture("old.doc"), only.path().join("old.doc")).expect("copied");
    let error = try_read(Side::Demand, only.path()).expect_err("nothing readable");
    assert_eq!(error.code(), "corpus.nothing_readable");
    assert!(error.remedy(Lang::Zh).contains("另存为 .docx"));
}

/// A pattern such as `*.xlsx` catches lock files too.
#[test]
fn a_lock_file_among_others_is_passed_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let lock = dir.path().join("~$form_demand.xlsx");
    std::fs::write(&lock, b"\x05someone").expect("written");
    let paths = [fixture("form_demand.xlsx"), lock];
    let intake = read_lists(Side::Demand, &paths, &ImportOptions::default(), &|_| {});
    assert_eq!(intake.expect("one list").records.len(), 1);
}

#[test]
fn a_lock_file_alone_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("~$demands.xlsx");
    std::fs::write(&path, b"\x05someone").expect("written");
    let error = try_read(Side::Demand, &path).expect_err("no list");
    assert!(error.message(Lang::Zh).contains("锁文件"), "{}", error.message(Lang::Zh));
}

#[test]
fn patsnap_with_chinese_headings() {
    let intake = read(Side::Supply, "patsnap_zh.xlsx");
    assert_eq!(accounts(&intake), [5, 2, 2, 1, 0]);
    let variant = intake.files[0].variant.as_ref().expect("recognised");
    assert_eq!(variant.zh, "PatSnap（智慧芽）导出，中文表头");
    // Application, grant and the member abroad are one: the grant's text under the first number.
    let coating = by_id(&intake, "CN209900001A");
    assert_eq!(coating.title, "一种陶瓷涂层及其制备方法");
    assert!(coating.body.contains("氧化钇"), "{}", coating.body);
    assert!(coating.body.contains("技术功效短语：耐高温"), "{}", coating.body);
    assert_eq!(extra(coating, "同族公开号"), Some("CN209900001A；US20990000001A1；CN209900001B"));
    assert_eq!(coating.source.row, 3);
    let into: Vec<_> = intake.merged.iter().map(|row| (row.source.row, row.into.row)).collect();
    assert_eq!(into, [(2, 3), (4, 3)]);
    assert_eq!(coating.organization.as_deref(), Some("示例大学；示例甲厂"));
    assert_eq!(coating.codes, ["C23C4/10", "C23C4/134"]);
    assert_eq!(coating.supply_kind, Some(SupplyKind::Patent));
    assert_eq!(coating.posted_on, Some(date(2099, 1, 5)));
    let legal = coating.legal_status.as_ref().expect("kept");
    assert_eq!(
        (legal.status.as_str(), legal.source.as_deref()),
        ("授权", Some("PatSnap（智慧芽）导出"))
    );
    assert_eq!(legal.as_of, Some(date(2026, 3, 2)), "the day of the export");
    assert_eq!(extra(coating, "简单法律状态"), Some("有效"));
    // A translation goes before the original, which is kept.
    let fixture = by_id(&intake, "EP2099002A1");
    assert_eq!(fixture.title, "焊接夹具");
    assert!(fixture.body.starts_with("一种限制变形的夹具。"), "{}", fixture.body);
    assert!(fixture.body.contains("A fixture that limits distortion."));
    assert!(fixture.extra.iter().any(|(_, text)| text == "Welding fixture"));
    assert_eq!(fixture.valid_until, Some(date(2100, 6, 30)));
}

#[test]
fn patsnap_with_english_headings_and_with_codes() {
    let intake = read(Side::Supply, "patsnap_en.csv");
    assert_eq!(accounts(&intake), [3, 1, 1, 1, 0]);
    assert_eq!(
        intake.files[0].variant.as_ref().expect("recognised").en,
        "PatSnap export, English headings"
    );
    let coating = by_id(&intake, "CN209900001A");
    assert_eq!(coating.body, "A ceramic coating with yttria.");
    assert_eq!(coating.organization.as_deref(), Some("Example University；Example A"));
    assert_eq!(coating.legal_status.as_ref().map(|legal| legal.status.as_str()), Some("Active"));

    let intake = read(Side::Supply, "patsnap_codes.csv");
    assert_eq!(accounts(&intake), [2, 1, 0, 1, 0]);
    assert!(intake.files[0].variant.as_ref().expect("recognised").zh.contains("字段代码表头"));
    let dust = by_id(&intake, "CN209900003A");
    assert_eq!((dust.title.as_str(), dust.body.as_str()), ("一种粉尘监测装置", "响应时间小于1s。"));
    assert_eq!(dust.codes, ["G01N15/06"]);
}

#[test]
fn incopat_in_both_widths() {
    for (name, format) in [("incopat.xls", "xls"), ("incopat.csv", "csv")] {
        let intake = read(Side::Supply, name);
        assert_eq!(accounts(&intake), [4, 2, 1, 1, 0], "{name}");
        assert_eq!(intake.files[0].variant.as_ref().expect("recognised").zh, "incoPat 导出");
        assert_eq!(intake.files[0].format, format);
        let coating = by_id(&intake, "CN209900001A");
        assert!(coating.body.contains("授权文本"), "{}", coating.body);
        assert_eq!(coating.codes, ["C23C4/10", "C23C4/134"]);
        assert_eq!(coating.organization.as_deref(), Some("示例大学；示例甲厂"), "{name}");
        assert_eq!(coating.region.as_deref(), Some("西安"));
        assert_eq!(coating.posted_on, Some(date(2100, 3, 1)), "{name}");
        let legal = coating.legal_status.as_ref().expect("kept");
        assert_eq!(
            (legal.status.as_str(), legal.source.as_deref()),
            ("有效", Some("incoPat 导出"))
        );
        assert_eq!(by_id(&intake, "EP2099002A1").title, "焊接夹具");
    }
}

#[test]
fn lens_in_csv_json_and_gzip() {
    let intake = read(Side::Supply, "lens.csv");
    assert_eq!(accounts(&intake), [4, 2, 1, 1, 0]);
    assert_eq!(intake.files[0].variant.as_ref().expect("recognised").zh, "Lens 导出");
    // Both have the same priority; the grant's text stands for the family.
    let coating = by_id(&intake, "US9900001B2");
    assert_eq!(coating.body, "A ceramic coating with yttria.");
    assert_eq!(extra(coating, "同族公开号"), Some("CN209900001A；US9900001B2"));
    assert_eq!(by_id(&intake, "EP 2099002 A1".replace(' ', "").as_str()).codes, ["B23K37/04"]);

    for name in ["lens.jsonl", "lens.jsonl.gz"] {
        let intake = read(Side::Supply, name);
        assert_eq!(accounts(&intake), [3, 2, 1, 0, 0], "{name}");
        assert_eq!(intake.files[0].variant.as_ref().expect("recognised").zh, "Lens 导出");
        let coating = intake
            .records
            .iter()
            .find(|record| record.title == "一种陶瓷涂层")
            .expect("the Chinese text stands for the family");
        assert_eq!(coating.codes, ["C23C4/10", "C23C4/134"]);
        assert_eq!(coating.organization.as_deref(), Some("示例大学"));
        let legal = titled(&intake, "一种焊接夹具").legal_status.as_ref().expect("kept");
        assert_eq!((legal.status.as_str(), legal.as_of), ("Discontinued", Some(date(2101, 6, 30))));
        assert_eq!(legal.source.as_deref(), Some("Lens.org"));
    }
    let packed = read(Side::Supply, "lens.jsonl.gz");
    assert!(packed.files[0].why.zh.contains("gzip"), "{:?}", packed.files[0].why);
}

#[test]
fn an_archive_of_lists_and_forms() {
    let intake = read(Side::Demand, "several.zip");
    assert_eq!(intake.records.len(), 4);
    let files: Vec<_> =
        intake.files.iter().map(|file| (file.file.as_str(), file.outcome)).collect();
    let expected = [
        ("several.zip/说明.doc", FileOutcome::Refused),
        ("several.zip/征集表/form_demand.xlsx", FileOutcome::Read),
        ("several.zip/需求.csv", FileOutcome::Read),
    ];
    let mut sorted = files.clone();
    sorted.sort_unstable_by_key(|(name, _)| std::cmp::Reverse(*name));
    let mut wanted = expected.to_vec();
    wanted.sort_unstable_by_key(|(name, _)| std::cmp::Reverse(*name));
    assert_eq!(sorted, wanted);
}

#[test]
fn what_is_refused_says_what_to_do() {
    for (name, code, remedy) in [
        ("old.doc", "corpus.unknown_format", "另存为 .docx"),
        ("form.wps", "corpus.unknown_format", "另存为 .docx"),
        ("../bad/document.pdf", "corpus.unknown_format", "另存为 .docx"),
        ("laughs.xls", "corpus.document_type", "另存为 .xlsx"),
        ("outside.xls", "corpus.document_type", "另存为 .xlsx"),
        ("outside.xlsx", "corpus.document_type", "另存为 .xlsx"),
        ("outside.docx", "corpus.document_type", "另存为 .xlsx"),
        ("nested.zip", "corpus.nested_archive", "解压一层"),
        ("nested.csv.gz", "corpus.nested_archive", "解压一层"),
    ] {
        let error = try_read(Side::Demand, &fixture(name)).expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.remedy(Lang::Zh).contains(remedy), "{name}: {}", error.remedy(Lang::Zh));
        assert!(!error.message(Lang::Zh).contains("root:"), "{name}");
    }
}

#[test]
fn rows_that_go_back_are_the_original_ones() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("demands.csv");
    let mut text = "序号,技术需求名称,技术需求详情,发布日期,联系人,备注\n".to_owned();
    for n in 1..=9 {
        text.push_str(&format!("{n},工艺{n},改进之{n}。,2026-01-05,某联系人,\n"));
    }
    text.push_str("10,,,,某联系人,=1+1\n11,工艺十一,致电13812345678,2026年底,某联系人,\n");
    text.push_str("12,工艺十二,请保密,2026年底,某联系人,\n13,工艺十三,机密★5年,2026年底,某,\n");
    std::fs::write(&path, text).expect("written");
    let (paths, options) = ([path.clone()], ImportOptions::default());
    let intake = read_lists(Side::Demand, &paths, &options, &|_| {}).expect("mostly good");
    assert_eq!(accounts(&intake), [14, 10, 0, 1, 3]);
    let sheets = returned_rows(&paths, &options, &intake).expect("readable");
    let [sheet] = sheets.as_slice() else { panic!("one file: {sheets:?}") };
    assert_eq!(sheet.file, "demands.csv");
    assert_eq!(sheet.columns, ["序号", "技术需求名称", "技术需求详情", "发布日期", "备注"]);
    let rows: Vec<_> =
        sheet.rows.iter().map(|row| (row.number, row.offending.as_slice())).collect();
    assert_eq!(rows, [(11, &[1][..]), (12, &[3][..])]);
    assert_eq!(sheet.rows[0].cells, ["10", "", "", "", "=1+1"]);
    assert!(sheet.rows[0].reasons[0].contains("技术需求名称"));
    assert_eq!(sheet.rows[1].cells[2], "致电〔略〕");
    assert!(sheet.rows[1].reasons[0].contains("发布日期"), "{:?}", sheet.rows[1].reasons);

    std::fs::write(&path, "技术需求名称\n甲\n").expect("written");
    let changed = returned_rows(&paths, &options, &intake).expect_err("another file");
    assert_eq!(changed.code(), "corpus.changed");
}

/// All batches of a stream, put together.
fn stream(side: Side, path: &Path) -> Result<Batch, CorpusError> {
    let mut all = Batch::default();
    let streamed = stream_list(side, path, &ImportOptions::default(), &mut |batch| {
        all.records.extend(batch.records);
        all.merged.extend(batch.merged);
        all.skipped.extend(batch.skipped);
        all.rejected.extend(batch.rejected);
        all.repairs.extend(batch.repairs);
        ControlFlow::Continue(())
    })?;
    let counted = [streamed.records, streamed.merged, streamed.skipped, streamed.rejected];
    let handed = [all.records.len(), all.merged.len(), all.skipped.len(), all.rejected.len()];
    assert_eq!(counted, handed.map(|n| n as u64));
    let rows_in: usize = streamed.tables.iter().map(|table| table.rows_in).sum();
    assert_eq!(rows_in, handed.iter().sum::<usize>());
    Ok(all)
}

/// Streaming gives what reading the whole file gives, apart from what needs all records at once.
fn check_stream(side: Side, path: &Path) {
    let name = path.display();
    let whole = try_read(side, path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut streamed = stream(side, path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let bare = |record: &Record| {
        let mut record = record.clone();
        record.number.clear();
        record.duplicate_group = None;
        record
    };
    let records: Vec<Record> = whole.records.iter().map(bare).collect();
    assert_eq!(records.len(), streamed.records.len(), "{name}");
    for (one, other) in records.iter().zip(&streamed.records) {
        assert_eq!(one, other, "{name}");
    }
    let mut merged = whole.merged;
    merged.sort_by(|a, b| a.source.cmp(&b.source));
    streamed.merged.sort_by(|a, b| a.source.cmp(&b.source));
    assert!(merged == streamed.merged, "{name}: merged rows differ");
    assert_eq!(whole.skipped, streamed.skipped, "{name}");
    let mut rejected = whole.rejected;
    rejected.sort_by(|a, b| a.source.cmp(&b.source));
    streamed.rejected.sort_by(|a, b| a.source.cmp(&b.source));
    assert_eq!(rejected, streamed.rejected, "{name}");
    // The name of the file is not told of here, nor what was mended in a row that went into its
    // family: it was never made.
    let gone: HashSet<_> = merged.iter().map(|row| &row.source).collect();
    let told = |repair: &&duijie::model::Repair| {
        repair.kind != RepairKind::Format && !gone.contains(&repair.source)
    };
    let repairs: Vec<_> = whole.repairs.iter().filter(told).collect();
    let streamed: Vec<_> = streamed.repairs.iter().filter(told).collect();
    assert_eq!(repairs, streamed, "{name}");
}

#[test]
fn a_stream_gives_what_the_whole_file_gives() {
    for name in [
        "lens.csv",
        "lens.jsonl",
        "lens.jsonl.gz",
        "incopat.csv",
        "patsnap_en.csv",
        "patsnap_codes.csv",
        "tabs.xls",
        "patsnap_zh.xlsx",
        "form_demand.xlsx",
    ] {
        check_stream(Side::Supply, &fixture(name));
    }
    let others = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in [
        "good/patents.csv",
        "bad/mixed_encodings.csv",
        "bad/broken_lines.jsonl",
        "bad/stray_quote.csv",
        "bad/duplicate_ids.csv",
        "bad/classified.csv",
    ] {
        check_stream(Side::Demand, &others.join(name));
    }
}

#[test]
fn a_form_in_a_text_file_is_a_form_in_a_stream() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("form.csv");
    let text = "成果登记表,\n成果名称,激光熔覆\n完成单位,示例大学\n成果简介,修复叶片。\n";
    std::fs::write(&path, text).expect("written");
    check_stream(Side::Supply, &path);
    assert_eq!(stream(Side::Supply, &path).expect("a form").records.len(), 1);
}

/// More than a few blocks, with cells over lines, quotation marks, equal rows, families whose
/// members stand far apart, and rows that are not to be taken.
#[test]
fn a_long_stream_gives_what_the_whole_file_gives() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("patents.csv");
    let filler = "一种用于高温环境的装置，包括壳体、导热层和“密封”结构。".repeat(12);
    let mut text = "\u{feff}公开(公告)号,申请号,标题,摘要,简单同族,简单法律状态,[标]当前申请(专利权)人,战略新兴产业分类\n".to_owned();
    for n in 0..12_000_u32 {
        let family = n % 7_000;
        let kind = if n < 7_000 { 'A' } else { 'B' };
        let title = match n % 97 {
            0 => String::new(),
            1 => "密级：秘密".to_owned(),
            _ => format!("第{family}号装置"),
        };
        let lines = if n % 5 == 0 { "\n第二段，\"\"引号\"\"。" } else { "" };
        text.push_str(&format!(
            "CN{:09}{kind},CN2099{family:08}.X,{title},\"{filler}{n}{lines}\",,有效,示例大学 | 示例{}厂,新材料\n",
            100_000_000 + family,
            n % 7
        ));
        if n % 1000 == 0 {
            text.push_str(",,,,,,,\n合计,,,,,,,\n");
        }
    }
    std::fs::write(&path, &text).expect("written");
    assert!(text.len() > 10 << 20, "several blocks");
    check_stream(Side::Supply, &path);
    let mut n_batches = 0;
    stream_list(Side::Supply, &path, &ImportOptions::default(), &mut |_| {
        n_batches += 1;
        ControlFlow::Break(())
    })
    .expect("stopped, not failed");
    assert_eq!(n_batches, 1);
}

#[test]
fn a_stream_refuses_what_a_whole_reading_refuses() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("bomb.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, "名称,内容\n".as_bytes()).expect("in memory");
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..96 {
        std::io::Write::write_all(&mut gzip, &blanks).expect("in memory");
    }
    std::fs::write(&path, gzip.finish().expect("in memory")).expect("written");
    assert_eq!(stream(Side::Supply, &path).expect_err("a bomb").code(), "corpus.bomb");
    for (text, code) in [
        ("甲,乙\n1,2\n", "corpus.no_headings"),
        ("名称,内容\n", "corpus.no_records"),
        ("名称,内容\n甲,a\n,\n,b\n", ""),
    ] {
        let path = dir.path().join("list.csv");
        std::fs::write(&path, text).expect("written");
        let whole = try_read(Side::Supply, &path).err().map_or("", |error| error.code());
        let streamed = stream(Side::Supply, &path).err().map_or("", |error| error.code());
        assert_eq!((whole, streamed), (code, code), "{text}");
    }
}
