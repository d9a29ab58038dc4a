//! Brokers' answers: the 反馈 column of a list that this program made, or a table of their own.

use std::path::Path;

use jiff::civil::Date;

use super::clean;
use super::dates;
use super::error::CorpusError;
use super::file::load;
use super::headers::{Headers, fold};
use super::table::{Cell, Row, Table};
use crate::model::{Answer, BrokerAnswer, Lang, Reason, SourceRef};

/// The answers of one file.
#[derive(Debug, Clone)]
pub struct AnswerList {
    /// Name without its folder.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// The answers in the order of sheets and rows.
    pub answers: Vec<BrokerAnswer>,
    /// Rows with an answer that could not be read, and why, in Chinese.
    pub unread: Vec<(SourceRef, String)>,
}

/// Rows at the top among which the headings are looked for.
const HEADING_ROWS: usize = 10;

/// Reads the answers of a workbook, CSV or JSONL file.
///
/// A table counts if it has columns for demand, supply and answer: `需求编号`, `供给编号`, `反馈`
/// as in the lists of this program, or `demand`, `supply`, `answer`. Further columns, where there
/// are any: `原因`/`reason`, `反馈日期`/`date`, `反馈人`/`by`, and the hidden `对应记录` by which
/// the program knows what a row of its own list was about. Rows without an answer are passed
/// over. Sheets without these columns are too, as long as one has them.
///
/// # Errors
/// As for lists, and [`CorpusError::NoAnswers`] where no table has the columns.
pub fn read_answers(path: &Path) -> Result<AnswerList, CorpusError> {
    let loaded = load(path, Headers::shipped())?;
    let mut list = AnswerList {
        file: loaded.name,
        sha256: loaded.sha256,
        answers: Vec::new(),
        unread: Vec::new(),
    };
    let mut understood = false;
    for table in &loaded.tables {
        let Some((columns, first)) = Columns::find(table) else { continue };
        understood = true;
        for row in &table.rows[first..] {
            read_row(row, &columns, table, &mut list);
        }
    }
    if understood { Ok(list) } else { Err(CorpusError::NoAnswers { path: path.to_owned() }) }
}

/// Places of the columns.
#[derive(Debug, Clone, Copy)]
struct Columns {
    demand: usize,
    supply: usize,
    answer: usize,
    reason: Option<usize>,
    date: Option<usize>,
    by: Option<usize>,
    record: Option<usize>,
}

impl Columns {
    /// The columns of a table and the first row below its headings.
    fn find(table: &Table) -> Option<(Self, usize)> {
        if let Some(keys) = &table.keys {
            return Some((Self::of(keys)?, 0));
        }
        table.rows.iter().take(HEADING_ROWS).enumerate().find_map(|(at, row)| {
            let headings: Vec<String> = row.cells.iter().map(Cell::text).collect();
            Some((Self::of(&headings)?, at + 1))
        })
    }

    fn of(headings: &[String]) -> Option<Self> {
        let folded: Vec<String> = headings.iter().map(|heading| fold(heading)).collect();
        let at = |names: &[&str]| {
            names.iter().find_map(|name| folded.iter().position(|held| *held == fold(name)))
        };
        Some(Self {
            demand: at(&["需求编号", "demand no.", "demand id", "demand", "需求"])?,
            supply: at(&["供给编号", "supply no.", "supply id", "supply", "成果编号", "供给"])?,
            answer: at(&["反馈", "feedback", "answer", "对接结果"])?,
            reason: at(&["原因", "reason", "不合适原因"]),
            date: at(&["反馈日期", "反馈时间", "date", "日期"]),
            by: at(&["反馈人", "by", "answered by", "技术经理人"]),
            record: at(&["对应记录", "records"]),
        })
    }
}

fn read_row(row: &Row, columns: &Columns, table: &Table, list: &mut AnswerList) {
    let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at));
    let text = |at: Option<usize>| {
        cell(at).map(|cell| clean::text(&cell.text(), false).0.into_owned()).unwrap_or_default()
    };
    let (said, why) = (text(Some(columns.answer)), text(columns.reason));
    let source = SourceRef { file: list.file.clone(), sheet: table.sheet.clone(), row: row.number };
    if row.fault.is_some() {
        list.unread.push((source, "这一行读不懂".to_owned()));
        return;
    }
    if said.is_empty() {
        if !why.is_empty() {
            list.unread.push((source, "写了原因，没有写反馈".to_owned()));
        }
        return;
    }
    let Some((answer, reason)) = understand(&said, &why) else {
        let shown = clean::shorten(&said, 20);
        list.unread.push((source, format!("反馈“{shown}”不在可选项内")));
        return;
    };
    let record = text(columns.record);
    let known = about(&record);
    let (demand, supply, versions, listed_on) = match known {
        Some(About { demand, supply, date }) => (
            demand.0.to_owned(),
            supply.0.to_owned(),
            Some((demand.1.to_owned(), supply.1.to_owned())),
            date,
        ),
        None => (text(Some(columns.demand)), text(Some(columns.supply)), None, None),
    };
    if demand.is_empty() || supply.is_empty() {
        list.unread.push((source, "缺需求编号或供给编号".to_owned()));
        return;
    }
    let given = cell(columns.date).and_then(dates::day).map(|(date, _)| date);
    let by = text(columns.by);
    list.answers.push(BrokerAnswer {
        demand,
        supply,
        answer,
        reason: reason.filter(|_| answer == Answer::Unfit),
        date: given.or(listed_on),
        by: (!by.is_empty()).then_some(by),
        versions,
        source,
    });
}

/// What a row of a list was about.
struct About<'t> {
    /// Id and fingerprint.
    demand: (&'t str, &'t str),
    supply: (&'t str, &'t str),
    /// The day of the list.
    date: Option<Date>,
}

/// Reads `id@fingerprint ↔ id@fingerprint · date`, as the lists have it in a hidden column.
fn about(text: &str) -> Option<About<'_>> {
    // A guard against formulas may stand before it.
    let text = text.strip_prefix('\'').unwrap_or(text);
    let (pair, date) = text.rsplit_once(" · ")?;
    let (demand, supply) = pair.split_once(" ↔ ")?;
    Some(About {
        demand: demand.rsplit_once('@')?,
        supply: supply.rsplit_once('@')?,
        date: date.trim().parse().ok(),
    })
}

/// Reads an answer and its reason; `不合适：技术不符` in one cell is both. A refusal without a
/// reason that is known has the reason 其他.
fn understand(said: &str, why: &str) -> Option<(Answer, Option<Reason>)> {
    const REFUSED: [&str; 7] = ["不合适", "不匹配", "拒绝", "unfit", "refused", "rejected", "no"];
    let (head, tail) = said.split_once(['：', ':']).unwrap_or((said, ""));
    let head = fold(head);
    let answer = Answer::ALL
        .into_iter()
        .find(|answer| [Lang::Zh, Lang::En].iter().any(|&lang| fold(answer.label(lang)) == head))
        .or_else(|| REFUSED.contains(&head.as_str()).then_some(Answer::Unfit))?;
    let reason = reason(why).or_else(|| reason(tail)).unwrap_or(Reason::Other);
    Some((answer, Some(reason)))
}

fn reason(text: &str) -> Option<Reason> {
    const OTHER_WORDS: [(&str, Reason); 14] = [
        ("技术不匹配", Reason::Technology),
        ("方向不符", Reason::Technology),
        ("指标不达标", Reason::Indicator),
        ("指标", Reason::Indicator),
        ("成熟度不够", Reason::Maturity),
        ("不成熟", Reason::Maturity),
        ("价格或方式", Reason::Price),
        ("太贵", Reason::Price),
        ("地区", Reason::Region),
        ("距离远", Reason::Region),
        ("已有合作方", Reason::Partnered),
        ("已解决", Reason::Partnered),
        ("权属不清", Reason::Rights),
        ("其它", Reason::Other),
    ];
    let folded = fold(text);
    Reason::ALL
        .into_iter()
        .find(|reason| [Lang::Zh, Lang::En].iter().any(|&lang| fold(reason.label(lang)) == folded))
        .or_else(|| {
            OTHER_WORDS.iter().find(|(word, _)| fold(word) == folded).map(|(_, reason)| *reason)
        })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(name: &str, text: &str) -> Result<AnswerList, CorpusError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        read_answers(&path)
    }

    #[test]
    fn a_table_of_answers_is_read() {
        let list = read(
            "answers.csv",
            "需求编号,供给编号,反馈,原因,反馈日期,反馈人\n\
             XQ-1,GJ-1,不合适,技术不符,2026-09-02,王经理\n\
             XQ-1,GJ-2,已对接,,2026-09-03,\n\
             XQ-2,GJ-2,,,,\n\
             XQ-2,GJ-3,不合适：价格或方式,,,\n\
             XQ-3,GJ-3,再说吧,,,\n\
             XQ-4,GJ-3,,权属,,\n",
        )
        .expect("a table");
        let said: Vec<_> =
            list.answers.iter().map(|a| (a.demand.as_str(), a.answer, a.reason)).collect();
        assert_eq!(
            said,
            [
                ("XQ-1", Answer::Unfit, Some(Reason::Technology)),
                ("XQ-1", Answer::Introduced, None),
                ("XQ-2", Answer::Unfit, Some(Reason::Price)),
            ]
        );
        assert_eq!(list.answers[0].date, Some(date(2026, 9, 2)));
        assert_eq!(list.answers[0].by.as_deref(), Some("王经理"));
        assert_eq!(list.unread.len(), 2);
        assert_eq!(list.unread[0].0.row, 6);
    }

    #[test]
    fn json_lines_are_read() {
        let list = read(
            "answers.jsonl",
            "{\"demand\":\"d-1\",\"supply\":\"s-1\",\"answer\":\"unfit\",\"reason\":\"maturity\",\"date\":\"2026-09-02\"}\n",
        )
        .expect("lines");
        assert_eq!(list.answers[0].reason, Some(Reason::Maturity));
    }

    #[test]
    fn what_a_row_was_about_goes_before_its_numbers() {
        let found = about("d-1@aa ↔ s@2@bb · 2026-09-01").expect("readable");
        assert_eq!((found.demand, found.supply), (("d-1", "aa"), ("s@2", "bb")));
        assert_eq!(found.date, Some(date(2026, 9, 1)));
        assert!(about("").is_none());
    }

    #[test]
    fn a_table_of_something_else_is_refused() {
        let refused = read("list.csv", "名称,内容\n甲,乙\n");
        assert!(matches!(refused, Err(CorpusError::NoAnswers { .. })));
    }
}
