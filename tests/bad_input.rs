//! Every bad input gives an error or a rejected row that names the file and the remedy; none
//! panics, none passes in silence.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use duijie::corpus::{
    CorpusError, ImportOptions, find_lists, read_lists, returned_rows, write_rejected_csv,
};
use duijie::model::{Diagnosis, Intake, Lang, Rejection, RepairKind, Side};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad").join(name)
}

fn read(path: &Path) -> Result<Intake, CorpusError> {
    read_lists(Side::Demand, &[path.to_owned()], &ImportOptions::default(), &|_| {})
}

/// The error of a bad file, which must name the file and a remedy in both languages.
fn refusal(path: &Path) -> CorpusError {
    let error = read(path).expect_err(&path.display().to_string());
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    for lang in [Lang::Zh, Lang::En] {
        assert!(error.message(lang).contains(&name), "{}", error.message(lang));
        assert!(!error.remedy(lang).is_empty(), "{error}");
    }
    assert_ne!(error.message(Lang::Zh), error.message(Lang::En));
    error
}

#[test]
fn refused_files() {
    for (name, code) in [
        ("empty.csv", "corpus.empty"),
        ("blank.csv", "corpus.empty"),
        ("header_only.csv", "corpus.no_records"),
        ("header_only.xlsx", "corpus.no_records"),
        ("document_named.xlsx", "corpus.damaged"),
        ("document.pdf", "corpus.unknown_format"),
        ("truncated.xlsx", "corpus.damaged"),
        ("damaged.xls", "corpus.damaged"),
        ("far_cell.xls", "corpus.too_many"),
        ("encrypted.xlsx", "corpus.encrypted"),
        ("binary.csv", "corpus.unknown_format"),
        ("array.jsonl", "corpus.unknown_format"),
        ("no_headings.csv", "corpus.no_headings"),
        ("mostly_untitled.csv", "corpus.too_many_rejected"),
        ("absent.csv", "corpus.read"),
    ] {
        assert_eq!(refusal(&fixture(name)).code(), code, "{name}");
    }
}

#[test]
fn a_password_is_named_with_the_way_to_remove_it() {
    let error = refusal(&fixture("encrypted.xlsx"));
    assert!(error.message(Lang::Zh).contains("密码") && error.remedy(Lang::Zh).contains("另存"));
}

#[test]
fn a_misnamed_list_is_read_and_the_name_reported() {
    for (name, format, n_records) in
        [("workbook_named.csv", "xlsx", 2), ("text_named.xlsx", "csv", 2), ("page.xls", "html", 1)]
    {
        let intake = read(&fixture(name)).expect(name);
        assert_eq!(intake.records.len(), n_records, "{name}");
        assert_eq!(intake.tables[0].format, format);
        assert!(intake.repairs.iter().any(|repair| repair.kind == RepairKind::Format), "{name}");
    }
}

#[test]
fn a_list_of_one_record_is_enough() {
    assert_eq!(read(&fixture("one_record.csv")).expect("good").records.len(), 1);
}

#[test]
fn the_later_of_two_rows_with_one_id_is_merged_or_rejected() {
    let intake = read(&fixture("duplicate_ids.csv")).expect("mostly good");
    assert_eq!(intake.records.len(), 9);
    let merged: Vec<_> = intake.merged.iter().map(|row| (row.source.row, row.into.row)).collect();
    assert_eq!(merged, [(11, 4)]);
    let rejected = &intake.rejected[0];
    assert_eq!((rejected.source.row, rejected.column.as_deref()), (12, Some("需求编号")));
    assert!(rejected.reason.contains("duplicate_ids.csv:5"), "{}", rejected.reason);
}

#[test]
fn lines_in_another_encoding_are_read_and_unreadable_ones_rejected() {
    let intake = read(&fixture("mixed_encodings.csv")).expect("mostly good");
    let titles: Vec<_> = intake.records.iter().map(|record| record.title.as_str()).collect();
    assert_eq!(titles.len(), 12);
    assert_eq!(titles[10..], ["阳极氧化着色", "激光熔覆修复"]);
    let mended = intake.repairs.iter().filter(|repair| repair.kind == RepairKind::Encoding);
    assert_eq!(mended.map(|repair| repair.source.row).collect::<Vec<_>>(), [12, 14]);
    assert_eq!(intake.rejected.iter().map(|row| row.source.row).collect::<Vec<_>>(), [13]);
}

#[test]
fn a_rejected_row_carries_no_contact() {
    let mut text = "需求编号,技术需求名称,联系人,联系电话,地址,邮箱,单位名称\n".to_owned();
    for n in 0..9 {
        text.push_str(&format!("X{n},工艺{n},甲,乙,丙,丁,戊\n"));
    }
    text.push_str("X9,,某联系人,000-5550-1,某路一号,a@b.invalid,某单位\n");
    let (dir, path) = in_folder("demands.csv", text.as_bytes());
    let intake = read(&path).expect("mostly good");
    let cells: Vec<_> = intake.rejected[0].cells.iter().map(|cell| cell.1.as_str()).collect();
    assert_eq!(cells, ["X9", "某单位"]);
    let rejected = dir.path().join("rejected.csv");
    write_rejected_csv(&rejected, &[&intake]).expect("written");
    let written = std::fs::read_to_string(rejected).expect("readable");
    assert!(written.contains("某单位") && !written.contains("联系"), "{written}");
}

#[test]
fn a_classified_row_is_refused_and_its_content_goes_nowhere() {
    let intake = read(&fixture("classified.csv")).expect("mostly good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (9, 1));
    assert!(intake.rejected[0].reason.contains("秘密"));
    assert!(!format!("{intake:?}").contains("不应出现"));
}

#[test]
fn a_broken_json_line_is_rejected() {
    let intake = read(&fixture("broken_lines.jsonl")).expect("mostly good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (9, 1));
    assert_eq!(intake.rejected[0].source.row, 10);
}

#[test]
fn a_stray_quotation_mark_costs_nothing() {
    let intake = read(&fixture("stray_quote.csv")).expect("good");
    let bodies: Vec<_> = intake.records.iter().map(|record| record.body.as_str()).collect();
    assert_eq!(bodies, ["未闭合的引号", "正常，引号", "附着力"]);
    assert!(intake.repairs.iter().any(|repair| repair.kind == RepairKind::Quotes));
}

#[test]
fn a_cell_in_the_last_corner_takes_no_memory() {
    let options = ImportOptions { max_rejected_share: 0.5, ..ImportOptions::default() };
    let path = fixture("far_cell.xlsx");
    let intake = read_lists(Side::Demand, &[path], &options, &|_| {}).expect("half good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (1, 1));
    assert_eq!(intake.rejected[0].source.row, 1_048_576);
    assert!(intake.rejected[0].reason.contains("2000 列"));
}

fn in_folder(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    (dir, path)
}

#[test]
fn a_million_columns_in_the_heading_are_named() {
    let headings: String = (0..1_000_000).map(|n| format!(",k{n}")).collect();
    let (_dir, path) = in_folder("wide.csv", format!("需求名称{headings}\n甲\n").as_bytes());
    let error = read_lists(Side::Demand, &[path], &ImportOptions::default(), &|_| {})
        .expect_err("too wide to be read");
    assert!(matches!(error, CorpusError::TooWide { limit: 2_000, .. }), "{error}");
    assert!(error.message(Lang::Zh).contains("wide.csv"));
}

#[test]
fn a_million_columns_reject_the_row() {
    let mut text = "需求名称,需求描述\n".to_owned();
    for n in 0..9 {
        text.push_str(&format!("工艺{n},改进之{n}\n"));
    }
    text.push_str(&"x,".repeat(1_000_000));
    let (_dir, path) = in_folder("wide.csv", text.as_bytes());
    let intake = read(&path).expect("mostly good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (9, 1));
    assert!(intake.rejected[0].reason.contains("2000 列"));
    assert!(intake.rejected[0].cells.len() <= 50);

    let wide: String = (0..1_000_000).map(|n| format!("\"k{n}\":1,")).collect();
    let text = format!("{{\"name\":\"甲\"}}\n{{{}\"name\":\"乙\"}}\n", wide);
    let (_dir, path) = in_folder("wide.jsonl", text.as_bytes());
    let options = ImportOptions { max_rejected_share: 0.5, ..ImportOptions::default() };
    let intake = read_lists(Side::Demand, &[path], &options, &|_| {}).expect("half good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (1, 1));
    assert_eq!(intake.tables[0].columns.len(), 1);
}

#[test]
fn a_cell_over_the_bound_rejects_the_row() {
    let long = "长".repeat(400_000);
    let mut csv = "需求名称,需求描述\n".to_owned();
    let mut json = String::new();
    for n in 0..9 {
        csv.push_str(&format!("工艺{n},改进之{n}\n"));
        json.push_str(&format!("{{\"name\":\"工艺{n}\"}}\n"));
    }
    csv.push_str(&format!("长文,\"{long}\"\n"));
    json.push_str(&format!("{{\"name\":\"长文\",\"context\":\"{long}\"}}\n"));
    for (name, text, column) in [("long.csv", csv, "需求描述"), ("long.jsonl", json, "context")]
    {
        let (_dir, path) = in_folder(name, text.as_bytes());
        let intake = read(&path).expect(name);
        assert_eq!((intake.records.len(), intake.rejected.len()), (9, 1), "{name}");
        assert_eq!(intake.rejected[0].column.as_deref(), Some(column));
        assert!(intake.rejected[0].reason.contains("1 MiB"));
    }
}

#[test]
fn a_text_file_of_a_gigabyte_is_refused_unread() {
    let (_dir, path) = in_folder("giant.csv", b"");
    // Sparse: takes no room on disk.
    File::options().write(true).open(&path).and_then(|f| f.set_len(1 << 30)).expect("sparse");
    assert_eq!(refusal(&path).code(), "corpus.too_large");
}

/// A workbook whose one sheet holds a cell of `n_bytes`, a megabyte on disk for each gigabyte.
fn workbook_with_giant_cell(n_bytes: usize) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1));
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
    ];
    for (name, text) in parts {
        zip.start_file(name, options).expect("in memory");
        zip.write_all(text.as_bytes()).expect("in memory");
    }
    zip.start_file("xl/worksheets/sheet1.xml", options).expect("in memory");
    let cell =
        |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let rows = format!(
        "<row r=\"1\">{}{}</row><row r=\"2\">{}</row><row r=\"3\">{}<c r=\"B3\" t=\"inlineStr\"><is><t>",
        cell("A1", "需求名称"),
        cell("B1", "需求描述"),
        cell("A2", "涂层"),
        cell("A3", "长文")
    );
    write!(zip, "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}")
        .expect("in memory");
    let block = vec![b'a'; 1 << 20];
    let mut left = n_bytes;
    while left > 0 {
        let n = left.min(block.len());
        zip.write_all(&block[..n]).expect("in memory");
        left -= n;
    }
    zip.write_all(b"</t></is></c></row></sheetData></worksheet>").expect("in memory");
    zip.finish().expect("in memory").into_inner()
}

#[test]
fn a_workbook_cell_of_a_gigabyte_is_refused_before_it_is_unpacked() {
    let bytes = workbook_with_giant_cell(1_000_000_000);
    assert!(bytes.len() < 16 << 20);
    let (_dir, path) = in_folder("giant_cell.xlsx", &bytes);
    assert_eq!(refusal(&path).code(), "corpus.too_large");
}

#[test]
fn a_workbook_cell_of_two_megabytes_rejects_its_row() {
    let (_dir, path) = in_folder("long_cell.xlsx", &workbook_with_giant_cell(2 << 20));
    let options = ImportOptions { max_rejected_share: 0.5, ..ImportOptions::default() };
    let intake = read_lists(Side::Demand, &[path], &options, &|_| {}).expect("half good");
    assert_eq!((intake.records.len(), intake.rejected.len()), (1, 1));
    assert_eq!(intake.rejected[0].column.as_deref(), Some("需求描述"));
}

#[test]
fn an_archive_that_lies_about_its_sizes_is_refused() {
    let n_bytes = 900_000_000_u32;
    let mut bytes = workbook_with_giant_cell(n_bytes as usize);
    // The true size stands in the local header or descriptor and in the directory; each becomes 1,000.
    let size_near = |bytes: &[u8]| {
        bytes.windows(4).position(|window| {
            let size = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
            (n_bytes..n_bytes + 2000).contains(&size)
        })
    };
    let mut changed = 0;
    while let Some(at) = size_near(&bytes) {
        bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        changed += 1;
    }
    assert!(changed >= 1);
    let (_dir, path) = in_folder("lying.xlsx", &bytes);
    let code = refusal(&path).code();
    assert!(["corpus.too_large", "corpus.bomb", "corpus.damaged"].contains(&code), "{code}");
}

#[test]
fn every_prefix_and_every_flipped_byte_of_a_workbook_is_survived() {
    for name in ["collected.xlsx", "results.xls"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/good").join(name);
        let good = std::fs::read(path).expect("fixture");
        let step = good.len() / 60 + 1;
        for at in (0..good.len()).step_by(step) {
            let (_dir, path) = in_folder(name, &good[..at]);
            // Whatever comes of it, it must come back.
            if let Err(error) = read(&path) {
                assert!(!error.remedy(Lang::Zh).is_empty());
            }
            let mut flipped = good.clone();
            flipped[at] ^= 0x55;
            let (_dir, path) = in_folder(name, &flipped);
            if let Err(error) = read(&path) {
                assert!(!error.remedy(Lang::Zh).is_empty());
            }
        }
    }
}

#[test]
fn a_folder_must_hold_exactly_one_list_of_each_side() {
    let (dir, _) = in_folder("demands.csv", b"x");
    let error = find_lists(dir.path()).expect_err("no supplies");
    assert_eq!(error.code(), "corpus.no_lists");
    assert!(error.message(Lang::Zh).contains("demands.csv"));
    std::fs::write(dir.path().join("supplies.XLSX"), b"x").expect("written");
    std::fs::write(dir.path().join("supplies.md"), b"x").expect("written");
    let (demands, supplies) = find_lists(dir.path()).expect("one of each");
    assert!(demands.ends_with("demands.csv") && supplies.ends_with("supplies.XLSX"));
    std::fs::write(dir.path().join("demands.jsonl"), b"x").expect("written");
    let error = find_lists(dir.path()).expect_err("two demands");
    assert!(error.message(Lang::En).contains("demands.csv, demands.jsonl"), "{error}");
}

/// A workbook whose sheet is given as XML.
fn workbook_with_sheet(write: impl FnOnce(&mut dyn Write)) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(1));
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"rId1\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    for (name, text) in [
        ("[Content_Types].xml", format!("<Types xmlns=\"{package}/content-types\"/>")),
        ("_rels/.rels", relations("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml")),
    ] {
        zip.start_file(name, options).expect("in memory");
        zip.write_all(text.as_bytes()).expect("in memory");
    }
    zip.start_file("xl/worksheets/sheet1.xml", options).expect("in memory");
    write!(zip, "<worksheet xmlns=\"{main}\"><sheetData>").expect("in memory");
    write(&mut zip);
    zip.write_all(b"</sheetData></worksheet>").expect("in memory");
    zip.finish().expect("in memory").into_inner()
}

#[test]
fn a_million_empty_rows_are_nothing() {
    let text =
        |at: &str, text: &str| format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let bytes = workbook_with_sheet(|sheet| {
        let first = format!(
            "<row r=\"1\">{}</row><row r=\"2\">{}</row>",
            text("A1", "需求名称"),
            text("A2", "涂层")
        );
        sheet.write_all(first.as_bytes()).expect("in memory");
        for row in 3..=1_048_575 {
            // Formatted, as a pasted column is; every other one holds a blank.
            let cell = if row % 2 == 0 {
                text(&format!("A{row}"), "  ")
            } else {
                format!("<c r=\"A{row}\" s=\"1\"/>")
            };
            write!(sheet, "<row r=\"{row}\" spans=\"1:1\">{cell}</row>").expect("in memory");
        }
        write!(sheet, "<row r=\"1048576\">{}</row>", text("A1048576", "焊接")).expect("in memory");
    });
    let (_dir, path) = in_folder("empty_rows.xlsx", &bytes);
    let intake = read(&path).expect("two records");
    assert_eq!((intake.rows_in(), intake.records.len()), (3, 2));
    assert_eq!(intake.records[1].source.row, 1_048_576);
    let commas = format!("需求名称,需求描述\n{}涂层,耐磨\n", ",\n".repeat(1_000_000));
    let (_dir, path) = in_folder("empty_rows.csv", commas.as_bytes());
    assert_eq!(read(&path).expect("one record").records[0].source.row, 1_000_002);
}

/// A quarter of a gigabyte of blanks in a quarter of a megabyte.
#[test]
fn bombs_are_refused_while_they_unpack() {
    let blanks = vec![b' '; 1 << 20];
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all("需求名称\n".as_bytes()).expect("in memory");
    for _ in 0..256 {
        packed.write_all(&blanks).expect("in memory");
    }
    let gzip = packed.finish().expect("in memory");
    let (_dir, path) = in_folder("bomb.csv.gz", &gzip);
    assert_eq!(refusal(&path).code(), "corpus.bomb");

    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let archive = |n_files: usize, n_mib: usize| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for n in 0..n_files {
            zip.start_file(format!("{n}.csv"), options).expect("in memory");
            zip.write_all("需求名称\n".as_bytes()).expect("in memory");
            for _ in 0..n_mib {
                zip.write_all(&blanks).expect("in memory");
            }
        }
        zip.finish().expect("in memory").into_inner()
    };
    let (_dir, path) = in_folder("bomb.zip", &archive(20, 10));
    assert_eq!(refusal(&path).code(), "corpus.bomb");
    let (_dir, path) = in_folder("many.zip", &archive(2_500, 0));
    assert_eq!(refusal(&path).code(), "corpus.too_many");
    let (_dir, path) = in_folder("empty.zip", &archive(0, 0));
    assert_eq!(refusal(&path).code(), "corpus.unknown_format");
}

#[test]
fn rows_marked_as_secret_leave_no_trace() {
    let text = "需求名称,需求描述,备注\n公开工艺,改进,\n\
        甲隐匿项目,隐匿内容,机密\n【秘密】乙隐匿项目,隐匿内容,\n丙隐匿项目,绝密★长期 隐匿内容,\n\
        丁隐匿项目,密级：秘密,\n商业秘密保护平台,机密计算与秘密共享,\n";
    let (dir, path) = in_folder("demands.csv", text.as_bytes());
    let intake = read(&path).expect("two are open");
    assert_eq!((intake.records.len(), intake.rejected.len()), (2, 4));
    assert!(intake.rejected.iter().all(|row| row.kind == Rejection::Classified));
    assert!(intake.rejected.iter().all(|row| row.cells.is_empty() && row.column.is_none()));
    assert!(!format!("{intake:?}").contains("隐匿"));
    let rejected = dir.path().join("rejected.csv");
    write_rejected_csv(&rejected, &[&intake]).expect("written");
    assert!(!std::fs::read_to_string(rejected).expect("readable").contains("隐匿"));
    let paths = [path];
    let returned = returned_rows(&paths, &ImportOptions::default(), &intake).expect("readable");
    assert!(returned.is_empty());
}

/// A mark on the head of a list, on a sheet or on a form is a mark on all of it.
#[test]
fn a_marked_list_is_refused_whole() {
    let text =
        "机密★10年,,\n隐匿汇总表,,\n需求名称,需求描述,单位名称\n隐匿一,内容,甲\n隐匿二,内容,乙\n";
    let (_dir, path) = in_folder("list.csv", text.as_bytes());
    let error = read(&path).expect_err("nothing is left");
    assert_eq!(error.code(), "corpus.no_records");
    assert!(!format!("{error:?}{}", error.message(Lang::Zh)).contains("隐匿"));

    let form = "密级：秘密\n需求征集表\n需求名称,隐匿需求\n需求描述,改进隐匿工艺\n单位名称,甲\n";
    let (_dir, path) = in_folder("form.csv", form.as_bytes());
    let error = read(&path).expect_err("nothing is left");
    assert!(!format!("{error:?}{}", error.message(Lang::Zh)).contains("隐匿"));
    let open = form.replace("密级：秘密\n", "");
    let (_dir, path) = in_folder("form.csv", open.as_bytes());
    assert_eq!(read(&path).expect("a form").records.len(), 1);
}

/// A mark in the text around the list of a document is one, too.
#[test]
fn a_marked_document_is_refused_whole() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats/list.docx");
    let read = |path: &Path| {
        read_lists(Side::Supply, &[path.to_owned()], &ImportOptions::default(), &|_| {})
    };
    assert_eq!(read(&list).expect("open").records.len(), 2);
    let mut archive =
        zip::ZipArchive::new(File::open(&list).expect("a fixture")).expect("an archive");
    let mut marked = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut part, &mut text).expect("text");
        let text = text.replace("某校成果汇编", "机密★5年");
        marked.start_file(name, zip::write::SimpleFileOptions::default()).expect("in memory");
        marked.write_all(text.as_bytes()).expect("in memory");
    }
    let bytes = marked.finish().expect("in memory").into_inner();
    let (_dir, path) = in_folder("list.docx", &bytes);
    let error = read(&path).expect_err("nothing is left");
    assert_eq!(error.code(), "corpus.no_records");
    assert!(!format!("{error:?}").contains("激光熔覆"));
}

#[test]
fn rows_to_be_looked_at_wait() {
    let text = "需求名称,需求描述,单位名称\n无人机,用于导弹靶标,甲\n涂层,请保密,乙\n军民融合平台,培训,国防军工大学\n";
    let (_dir, path) = in_folder("demands.csv", text.as_bytes());
    let intake = read(&path).expect("one is open");
    let held: Vec<_> = intake.rejected.iter().map(|row| (row.source.row, row.kind)).collect();
    assert_eq!(held, [(2, Rejection::Held), (3, Rejection::Held)]);
    assert!(intake.rejected[0].reason.contains("--accept-held"));
    assert!(!format!("{:?}", intake.rejected).contains("靶标"), "their text waits with them");
    let options = ImportOptions { accept_held: true, ..ImportOptions::default() };
    let intake = read_lists(Side::Demand, &[path], &options, &|_| {}).expect("all");
    assert_eq!((intake.records.len(), intake.rejected.len()), (3, 0));
}

/// Any bytes at all come back as an intake or as an error with a remedy.
#[test]
fn mutated_files_of_every_format_are_survived() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats");
    let mut seeds: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("fixtures").map(|e| e.expect("a file").path()).collect();
    seeds.sort_unstable();
    let contents: Vec<Vec<u8>> =
        seeds.iter().map(|path| std::fs::read(path).expect("readable")).collect();
    let place = tempfile::tempdir().expect("a folder");
    let runner_config =
        ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner =
        TestRunner::new_with_rng(runner_config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let cuts = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..4);
    let strategy = (0..contents.len(), changes, cuts);
    runner
        .run(&strategy, |(seed, changes, (from, to, how))| {
            let mut bytes = contents[seed].clone();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let (from, to) = (from.min(to), from.max(to));
            match how {
                0 => bytes.truncate(to),
                1 => drop(bytes.drain(from..to)),
                2 => bytes.extend_from_within(from..to),
                _ => {}
            }
            let name = seeds[seed].file_name().expect("a name");
            let path = place.path().join(name);
            std::fs::write(&path, &bytes).expect("written");
            match read(&path) {
                Ok(intake) => {
                    let out = intake.records.len()
                        + intake.merged.len()
                        + intake.skipped.len()
                        + intake.rejected.len();
                    prop_assert_eq!(intake.rows_in(), out);
                }
                Err(error) => prop_assert!(!error.remedy(Lang::Zh).is_empty()),
            }
            Ok(())
        })
        .expect("no panic, no row lost");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(
        start in prop::sample::select(vec![
            &b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08\x00", b"<table><tr><td>",
            b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet>",
            b"{\"lens_id\":\"1\",\"biblio\":", b"\xff\xfe", "需求名称,需求描述\n".as_bytes(),
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let (_dir, path) = in_folder("any.bin", &[start, &rest].concat());
        if let Err(error) = read(&path) {
            prop_assert!(!error.remedy(Lang::Zh).is_empty());
        }
    }
}
