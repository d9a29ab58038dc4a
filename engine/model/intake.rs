//! What an import read, and what became of every row.

use serde::{Deserialize, Serialize};

use super::{Lang, Record, Side, SourceRef, Wording};

/// Everything one side's import produced.
///
/// For every table and in total: `rows_in = records + merged + skipped + rejected`. A row is any
/// line with at least one non-blank cell, headings and titles included; blank lines do not count.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The side that was read.
    pub side: Side,
    /// The good rows, in the order of files, sheets and rows.
    pub records: Vec<Record>,
    /// Rows whose content equals an earlier record's.
    pub merged: Vec<MergedRow>,
    /// Rows that are not records: titles, headings, units, totals, notes.
    pub skipped: Vec<SkippedRow>,
    /// Rows that were not taken.
    pub rejected: Vec<RejectedRow>,
    /// What was mended, row by row.
    pub repairs: Vec<Repair>,
    /// One entry per file, archives' members included: what it was recognised as.
    pub files: Vec<FileIntake>,
    /// One entry per sheet or file.
    pub tables: Vec<TableIntake>,
    /// Rows of [`records`](Self::records) that nearly repeat each other; each group has two or
    /// more, ascending; groups in order of their first row.
    pub near_duplicates: Vec<Vec<u32>>,
}

impl Intake {
    /// An intake without rows.
    #[must_use]
    pub const fn empty(side: Side) -> Self {
        Self {
            side,
            records: Vec::new(),
            merged: Vec::new(),
            skipped: Vec::new(),
            rejected: Vec::new(),
            repairs: Vec::new(),
            tables: Vec::new(),
            files: Vec::new(),
            near_duplicates: Vec::new(),
        }
    }

    /// All rows that were read.
    #[must_use]
    pub fn rows_in(&self) -> usize {
        self.tables.iter().map(|table| table.rows_in).sum()
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileOutcome {
    /// Its tables were read.
    Read,
    /// It is no list, and nothing is missed by passing it over: an office program's lock file.
    Skipped,
    /// It was one of many and could not be read; the others were.
    Refused,
}

/// One file as it was recognised: by its content, never by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIntake {
    /// Name without its folder; a member of an archive as `archive.zip/member.csv`.
    pub file: String,
    /// SHA-256 of the file or member, 64 hexadecimal digits; empty where it was not read.
    pub sha256: String,
    /// `xlsx`, `xls`, `html`, `xml2003`, `docx`, `csv`, `tsv` or `jsonl`; empty where it was not
    /// read.
    pub format: String,
    /// Which bytes say so, or why it was not read.
    pub why: Wording,
    /// Whose export or which form it is, where that was recognised.
    pub variant: Option<Wording>,
    /// What became of it.
    pub outcome: FileOutcome,
}

/// One sheet or file as it was understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableIntake {
    /// File name, without its folder.
    pub file: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    pub sha256: String,
    /// Sheet name, where the file has sheets.
    pub sheet: Option<String>,
    /// `xlsx`, `xls`, `html`, `xml2003`, `docx`, `csv`, `tsv` or `jsonl`.
    pub format: String,
    /// Text encoding such as `UTF-8`, `GB18030`, `UTF-16LE`; `None` for workbooks.
    pub encoding: Option<String>,
    /// The row that holds the column headings, from 1; `None` for JSONL.
    pub header_row: Option<u32>,
    /// How each column was used, in column order.
    pub columns: Vec<ColumnUse>,
    /// Rows read from this table.
    pub rows_in: usize,
}

/// How a column was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// Heading as the file has it.
    pub heading: String,
    /// The field it feeds; `None` if no alias knows it and it is kept as it is.
    pub field: Option<String>,
    /// Unit taken from the heading, such as `万元`.
    pub unit: Option<String>,
    /// Whether `--drop` hid it.
    pub dropped: bool,
}

/// A row whose content equals an earlier record's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedRow {
    /// The row that was merged.
    pub source: SourceRef,
    /// The row that stands for it.
    pub into: SourceRef,
}

/// Why a row is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A title or 填报单位 line above the headings.
    Title,
    /// The heading row, or a second line of it, or its repetition further down.
    Heading,
    /// A line of units below the headings.
    Unit,
    /// 合计, 总计, 小计.
    Total,
    /// 注, 说明, 填表人 and the like.
    Note,
    /// A form's line that holds nothing but its running number.
    Numbering,
    /// A line of a sheet without known headings, beside sheets that have them: instructions, lists
    /// of choices.
    OtherSheet,
}

impl SkipReason {
    /// The words people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Title => lang.pick("标题或填报单位", "title"),
            Self::Heading => lang.pick("表头", "headings"),
            Self::Unit => lang.pick("单位行", "unit line"),
            Self::Total => lang.pick("合计", "total"),
            Self::Note => lang.pick("说明", "note"),
            Self::Numbering => lang.pick("只有序号的空行", "running number only"),
            Self::OtherSheet => lang.pick("其他工作表的行", "line of another sheet"),
        }
    }
}

/// A row that is not a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    /// Where it stands.
    pub source: SourceRef,
    /// Why it was skipped.
    pub reason: SkipReason,
    /// Its first cells, shortened, so that a person can check.
    pub text: String,
}

/// Why a row was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// It cannot become a record: its sender has to mend it.
    Faulty,
    /// It is marked 秘密, 机密 or 绝密. Nothing of it but its place is kept anywhere.
    Classified,
    /// Its words ask for confidence or speak of arms; it waits until somebody has looked at it.
    /// Its text is kept nowhere else.
    Held,
}

impl Rejection {
    /// The words people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Faulty => lang.pick("退回修改", "to be mended"),
            Self::Classified => lang.pick("涉密，不予导入", "classified, refused"),
            Self::Held => lang.pick("待人工审核", "held for review"),
        }
    }
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Where it stands.
    pub source: SourceRef,
    /// What kind of refusal it is.
    pub kind: Rejection,
    /// Heading of the column at fault, where there is one.
    pub column: Option<String>,
    /// Why, in Chinese, for the person who sent the list.
    pub reason: String,
    /// The row's cells as read, heading and text, for the 退回 sheet; contacts and dropped columns
    /// are left out. Empty unless `kind` is [`Rejection::Faulty`].
    pub cells: Vec<(String, String)>,
}

/// What kind of mending was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairKind {
    /// A run-together or oddly written date or range of dates.
    Date,
    /// A validity range that ends before it begins.
    EmptyRange,
    /// Doubled or unbalanced quotation marks.
    Quotes,
    /// Categories written without a separator, or twice.
    Categories,
    /// Control characters, line breaks or spaces inside a value.
    Whitespace,
    /// A value whose own unit differs from its heading's.
    Unit,
    /// A number written in words or with separators.
    Number,
    /// An identification that was unreadable or too long.
    Identification,
    /// A missing title, made from the first sentence of the description.
    Title,
    /// A line in another encoding than its file.
    Encoding,
    /// A file whose content is not what its name says; reported at its first row.
    Format,
    /// A telephone number, an address of mail or a contact's name in a description, taken out.
    Contact,
    /// A date or amount that could not be read: it is kept as text and not used.
    Unreadable,
    /// A value filled down from a merged cell above.
    MergedCell,
}

impl RepairKind {
    /// Whether whoever sent the list should look at it: something was lost, guessed or left out.
    /// Ways of writing that are read without doubt are not worth sending back.
    #[must_use]
    pub const fn is_for_sender(self) -> bool {
        matches!(self, Self::EmptyRange | Self::Identification | Self::Title | Self::Unreadable)
    }

    /// The words people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Date => lang.pick("日期写法", "dates"),
            Self::EmptyRange => lang.pick("有效期倒置", "validity that ends before it begins"),
            Self::Quotes => lang.pick("引号", "quotation marks"),
            Self::Categories => lang.pick("分类连写", "run-together categories"),
            Self::Whitespace => lang.pick("空白与控制字符", "blanks and control characters"),
            Self::Unit => lang.pick("单位换算", "units"),
            Self::Number => lang.pick("数字写法", "numbers"),
            Self::Identification => lang.pick("编号", "identifications"),
            Self::Title => lang.pick("补上标题", "titles made from the text"),
            Self::Encoding => lang.pick("混入的其他编码", "lines in another encoding"),
            Self::Format => lang.pick("扩展名与内容不符", "extension and content differ"),
            Self::Contact => lang.pick("隐去联系方式", "contacts taken out"),
            Self::MergedCell => lang.pick("合并单元格补全", "merged cells filled down"),
            Self::Unreadable => {
                lang.pick("读不懂的日期或金额（原样保留，未使用）", "unreadable, kept as text")
            }
        }
    }
}

/// One value that was mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Where it stands.
    pub source: SourceRef,
    /// Heading of the column.
    pub column: String,
    /// What kind of mending.
    pub kind: RepairKind,
    /// As read, shortened.
    pub before: String,
    /// As kept, shortened.
    pub after: String,
}
