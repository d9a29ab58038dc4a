//! The documents people get: `lists.xlsx` and `report.html`, read back.

mod run;

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use duijie::model::{Lang, Verdict, Visibility};
use duijie::report::{WorkbookFacts, write_html, write_workbook, write_workbook_split};

use run::Run;

const HEADINGS: [&str; 17] = [
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
    "待核实",
    "来源文件/行",
    "反馈",
    "备注",
];

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

/// Writes both documents where a person can look at them: convert the workbook with LibreOffice
/// and open the page in a browser, wide and narrow.
#[test]
#[ignore = "writes documents to look at, checks nothing"]
fn documents_for_the_eye() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut run = Run::new();
    for lang in [Lang::Zh, Lang::En] {
        run.lang = lang;
        workbook(&run, &folder.join(format!("lists.{lang}.xlsx")));
        page(&run, &folder.join(format!("report.{lang}.html")));
    }
}
