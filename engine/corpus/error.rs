//! Why a list could not be read, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang, Side};

/// A list, or both, could not be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// The file could not be opened or read.
    #[error("reading {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file could not be written.
    #[error("writing {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder does not hold exactly one list of each side.
    #[error(
        "looking for one demands.* and one supplies.* in {}: found {} and {}",
        dir.display(), listed(demands), listed(supplies)
    )]
    NoLists {
        /// The folder.
        dir: PathBuf,
        /// File names that could be the demands.
        demands: Vec<String>,
        /// File names that could be the supplies.
        supplies: Vec<String>,
        /// Other file names seen, at most twenty.
        others: Vec<String>,
    },
    /// No file was given.
    #[error("no list of {} was given", side.label(Lang::En))]
    NoFiles {
        /// The side without a list.
        side: Side,
    },
    /// A file of brokers' answers has no columns for them.
    #[error("{} has no columns for demand, supply and answer", path.display())]
    NoAnswers {
        /// The file.
        path: PathBuf,
    },
    /// A file of contacts has no columns for them.
    #[error("{} has no columns for an organization and how to reach it", path.display())]
    NoContacts {
        /// The file.
        path: PathBuf,
    },
    /// The file has no content.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than the importer takes.
    #[error("{}: {what} is over the limit of {limit_mib} MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What is too large.
        what: &'static str,
        /// The bound in MiB.
        limit_mib: u64,
    },
    /// The table is larger than the importer takes.
    #[error("{}: more than {limit} {what}", path.display())]
    TooMany {
        /// The file.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// The workbook is protected by a password.
    #[error("{} is protected by a password", path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The workbook is truncated or damaged.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the reader stumbled on.
        detail: String,
    },
    /// The content is not a list in any format that is read.
    #[error("{} is no list but {found}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        found: &'static str,
    },
    /// The file unpacks to far more than it holds, as archives made to do harm do.
    #[error("{} unpacks to more than {ratio} times its size", path.display())]
    Bomb {
        /// The file.
        path: PathBuf,
        /// The bound.
        ratio: u64,
    },
    /// An archive within an archive.
    #[error("{}: {member} is an archive within an archive", path.display())]
    Nested {
        /// The file.
        path: PathBuf,
        /// The inner archive.
        member: String,
    },
    /// An XML part declares a document type, by which it could draw in other files or unfold
    /// without end.
    #[error("{}: {part} holds a document type declaration", path.display())]
    DocumentType {
        /// The file.
        path: PathBuf,
        /// The part at fault.
        part: String,
    },
    /// The file was written to while it was read.
    #[error("{} changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// None of several files could be read.
    #[error("none of the files in {} could be read; the first: {first}", path.display())]
    NothingReadable {
        /// The folder or archive.
        path: PathBuf,
        /// What was wrong with the first.
        #[source]
        first: Box<Self>,
    },
    /// No row of the file has headings that are known.
    #[error(
        "{}: no row with a known heading for the title; headings seen: {}",
        path.display(), listed(seen)
    )]
    NoHeadings {
        /// The file.
        path: PathBuf,
        /// Cells of the row that looked most like headings.
        seen: Vec<String>,
    },
    /// The heading row has more columns than are read.
    #[error("{}: the heading row has more than {limit} columns", path.display())]
    TooWide {
        /// The file.
        path: PathBuf,
        /// How many are read.
        limit: usize,
    },
    /// `--map` names a field that does not exist.
    #[error("unknown field {field}; fields: {}", listed(known))]
    UnknownField {
        /// What was asked for.
        field: String,
        /// All fields.
        known: Vec<String>,
    },
    /// `--map` or `--drop` names a column that no table has.
    #[error("no column {column}; columns: {}", listed(known))]
    UnknownColumn {
        /// What was asked for.
        column: String,
        /// All columns of the tables read.
        known: Vec<String>,
    },
    /// No row became a record.
    #[error(
        "{}: no {} could be read from {rows} rows{}",
        listed(files), side.label(Lang::En), first_of(reasons)
    )]
    NoRecords {
        /// The side that was read.
        side: Side,
        /// The files.
        files: Vec<String>,
        /// Rows read, headings included.
        rows: usize,
        /// Reasons for rejected rows with their counts, commonest first.
        reasons: Vec<(String, usize)>,
    },
    /// More rows were rejected than allowed.
    #[error(
        "{}: {rejected} of {data_rows} rows rejected, more than the allowed {allowed_percent:.0} %{}; first at {first}",
        listed(files),
        first_of(reasons)
    )]
    TooManyRejected {
        /// The files.
        files: Vec<String>,
        /// Rows rejected.
        rejected: usize,
        /// Rows that were to become records.
        data_rows: usize,
        /// The allowed share in percent.
        allowed_percent: f64,
        /// Reasons with their counts, commonest first.
        reasons: Vec<(String, usize)>,
        /// Place of the first rejected row.
        first: String,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn listed_zh(names: &[String]) -> String {
    if names.is_empty() { "无".to_owned() } else { names.join("、") }
}

fn first_of(reasons: &[(String, usize)]) -> String {
    let shown: Vec<String> =
        reasons.iter().take(3).map(|(reason, count)| format!("{reason} ×{count}")).collect();
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join("; ")) }
}

fn what_zh(what: &str) -> &str {
    match what {
        "the file" => "文件",
        "the unpacked archive" => "解压后的内容",
        "one line" => "单行（或单条记录）",
        "files in the archive" => "个文件（压缩包内）",
        "the text of all cells" => "单元格文字总量",
        "rows" => "行",
        "cells in one sheet" => "个单元格（单张工作表）",
        other => other,
    }
}

fn found_zh(found: &str) -> &str {
    match found {
        "binary data" => "二进制数据",
        "a PDF document" => "PDF 文档",
        "a web page without a table" => "没有表格的网页",
        "a web archive (MHTML)" => "网页归档文件（MHTML）",
        "an XML document" => "其他 XML 文档",
        "a Word 2003 XML document" => "Word 2003 XML 文档",
        "a word-processor document in RTF" => "RTF 文字文档",
        "an old word-processor document (.doc or .wps)" => "旧版文字文档（.doc 或 .wps）",
        "a presentation" => "演示文稿",
        "a binary workbook (.xlsb)" => "二进制工作簿（.xlsb）",
        "an archive without lists" => "不含清单的压缩包",
        "an archive in another format than zip or gzip" => "其他格式的压缩包（只读 zip 和 gz）",
        "an OpenDocument file" => "OpenDocument 文件",
        "a JSON array" => "JSON 数组",
        "the lock file of a document that is open" => "办公软件的锁文件（对应的文件正打开着）",
        "an old Office document without a workbook" => "不含工作簿的旧版 Office 文档",
        other => other,
    }
}

impl Diagnosis for CorpusError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "corpus.read",
            Self::Write { .. } => "corpus.write",
            Self::NoLists { .. } => "corpus.no_lists",
            Self::NoFiles { .. } => "corpus.no_files",
            Self::NoAnswers { .. } => "corpus.no_answers",
            Self::NoContacts { .. } => "corpus.no_contacts",
            Self::Empty { .. } => "corpus.empty",
            Self::TooLarge { .. } => "corpus.too_large",
            Self::TooMany { .. } => "corpus.too_many",
            Self::Encrypted { .. } => "corpus.encrypted",
            Self::Damaged { .. } => "corpus.damaged",
            Self::UnknownFormat { .. } => "corpus.unknown_format",
            Self::Bomb { .. } => "corpus.bomb",
            Self::Nested { .. } => "corpus.nested_archive",
            Self::DocumentType { .. } => "corpus.document_type",
            Self::Changed { .. } => "corpus.changed",
            Self::NothingReadable { .. } => "corpus.nothing_readable",
            Self::NoHeadings { .. } => "corpus.no_headings",
            Self::TooWide { .. } => "corpus.too_wide",
            Self::UnknownField { .. } => "corpus.unknown_field",
            Self::UnknownColumn { .. } => "corpus.unknown_column",
            Self::NoRecords { .. } => "corpus.no_records",
            Self::TooManyRejected { .. } => "corpus.too_many_rejected",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return match self {
                Self::Read { source, .. } | Self::Write { source, .. } => {
                    format!("{self}: {source}")
                }
                _ => self.to_string(),
            };
        }
        match self {
            Self::Read { path, source } => format!("读取 {} 失败：{source}", path.display()),
            Self::Write { path, source } => format!("写入 {} 失败：{source}", path.display()),
            Self::NoLists { dir, demands, supplies, others } => format!(
                "在 {} 中应恰有一个 demands.* 和一个 supplies.*，实际找到：需求 {}；供给 {}；其他文件 {}",
                dir.display(),
                listed_zh(demands),
                listed_zh(supplies),
                listed_zh(others)
            ),
            Self::NoFiles { side } => format!("没有给出{}清单文件", side.label(lang)),
            Self::NoAnswers { path } => {
                format!("{} 里没有“需求编号、供给编号、反馈”三列", path.display())
            }
            Self::NoContacts { path } => {
                format!("{} 里没有单位和联系方式两种列", path.display())
            }
            Self::Empty { path } => format!("{} 是空文件", path.display()),
            Self::TooLarge { path, what, limit_mib } => {
                format!("{}：{}超过上限 {limit_mib} MiB", path.display(), what_zh(what))
            }
            Self::TooMany { path, what, limit } => {
                format!("{}：超过 {limit} {}", path.display(), what_zh(what))
            }
            Self::Encrypted { path } => format!("{} 设有打开密码", path.display()),
            Self::Damaged { path, detail } => {
                format!("{} 已损坏或不完整：{detail}", path.display())
            }
            Self::UnknownFormat { path, found } => {
                format!("{} 不是清单，内容是{}", path.display(), found_zh(found))
            }
            Self::Bomb { path, ratio } => {
                format!(
                    "{} 解压后超过原大小的 {ratio} 倍，疑似压缩炸弹，已停止读取",
                    path.display()
                )
            }
            Self::Nested { path, member } => {
                format!("{}：{member} 是压缩包中的压缩包", path.display())
            }
            Self::DocumentType { path, part } => {
                format!(
                    "{}：{part} 含有文档类型声明（DTD），可能引入外部文件或无限展开，已拒绝",
                    path.display()
                )
            }
            Self::Changed { path } => format!("{} 在读取过程中被改动", path.display()),
            Self::NothingReadable { path, first } => format!(
                "{} 中没有一个文件可读；第一个的原因：{}",
                path.display(),
                first.message(lang)
            ),
            Self::NoHeadings { path, seen } => format!(
                "{}：没有找到含“名称”列的表头；看到的列：{}",
                path.display(),
                listed_zh(seen)
            ),
            Self::TooWide { path, limit } => {
                format!("{}：表头超过 {limit} 列", path.display())
            }
            Self::UnknownField { field, known } => {
                format!("没有字段 {field}；可用字段：{}", listed_zh(known))
            }
            Self::UnknownColumn { column, known } => {
                format!("表中没有列“{column}”；现有列：{}", listed_zh(known))
            }
            Self::NoRecords { side, files, rows, reasons } => format!(
                "{}：读了 {rows} 行，没有一条可用的{}{}",
                listed_zh(files),
                side.label(lang),
                first_of(reasons)
            ),
            Self::TooManyRejected {
                files,
                rejected,
                data_rows,
                allowed_percent,
                reasons,
                first,
            } => format!(
                "{}：{data_rows} 行中有 {rejected} 行被退回，超过允许的 {allowed_percent:.0} %{}；第一处在 {first}",
                listed_zh(files),
                first_of(reasons)
            ),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Read { .. } => (
                "请检查文件名和读取权限；若文件正在 WPS 或 Excel 中打开，请先关闭。",
                "Check the file name and permissions; close the file if a spreadsheet program holds it open.",
            ),
            Self::Write { .. } => (
                "请检查目标文件夹是否存在、可写、有剩余空间。",
                "Check that the folder exists, can be written and has space left.",
            ),
            Self::NoLists { .. } => (
                "请在该文件夹中各保留一个 demands.* 和 supplies.*（xlsx、xls、csv、tsv、jsonl），或用 --demands 和 --supplies 指定文件。",
                "Keep exactly one demands.* and one supplies.* (xlsx, xls, csv, tsv, jsonl) there, or name the files with --demands and --supplies.",
            ),
            Self::NoFiles { .. } => (
                "请用 --demands 和 --supplies 指定清单文件。",
                "Name the lists with --demands and --supplies.",
            ),
            Self::NoContacts { .. } => (
                "表头要有“单位名称”或“统一社会信用代码”，以及“联系人、电话、邮箱、地址”中至少一列",
                "the headings need an organization or its credit code, and at least one of contact, telephone, email, address",
            ),
            Self::NoAnswers { .. } => (
                "给出填了“反馈”列的 lists.xlsx，或含 需求编号、供给编号、反馈、原因、反馈日期 的表格",
                "give a lists.xlsx with its feedback column filled, or a table with the columns demand, supply, answer, reason, date",
            ),
            Self::Empty { .. } => (
                "请重新导出清单：首行是列名，每条记录一行。",
                "Export the list again: headings in the first row, one record per row.",
            ),
            Self::TooLarge { .. } | Self::TooMany { .. } => (
                "请把清单拆成几个文件，并删去误粘贴的超长内容或多余的格式后再导入。",
                "Split the list into several files, and remove pasted giant cells or stray formatting.",
            ),
            Self::Encrypted { .. } => (
                "请用 WPS 或 Excel 打开，在“文件→信息→保护工作簿（文档加密）”中清空打开密码，另存后再导入。",
                "Open it in Excel or WPS, clear the password under File → Info → Protect Workbook, and save it again.",
            ),
            Self::Damaged { .. } => (
                "请重新下载或复制该文件；若仍打不开，请用 WPS 或 Excel 修复后另存为 .xlsx。",
                "Download or copy the file again; if it still fails, repair it in Excel or WPS and save it as .xlsx.",
            ),
            Self::Bomb { .. } => (
                "请向来源核实该文件；确为清单的，解压后另存为 .xlsx 或 .csv 再导入。",
                "Ask its sender about the file; if it is a list, unpack it and save it as .xlsx or .csv.",
            ),
            Self::Nested { .. } => (
                "请解压一层，直接放入清单文件（压缩包只允许一层）。",
                "Unpack the inner archive and put the lists in directly: one level of packing is read.",
            ),
            Self::DocumentType { .. } => (
                "请用 WPS 或 Excel 打开后另存为 .xlsx；来源不明的文件请勿使用。",
                "Open it in a spreadsheet program and save it as .xlsx; do not use files of unknown origin.",
            ),
            Self::Changed { .. } => (
                "请等文件复制或保存完成、关闭正在编辑它的程序后再导入。",
                "Wait until it is copied or saved, close the program that edits it, and import it again.",
            ),
            Self::NothingReadable { first, .. } => return first.remedy(lang),
            Self::UnknownFormat { found: "a JSON array", .. } => (
                "请每行写一个 JSON 对象（JSONL），不要外层方括号。",
                "Write one JSON object per line (JSONL), without the outer brackets.",
            ),
            Self::UnknownFormat {
                found:
                    "a PDF document"
                    | "an old word-processor document (.doc or .wps)"
                    | "a word-processor document in RTF"
                    | "a Word 2003 XML document",
                ..
            } => (
                "请用 WPS 或 Word 打开后另存为 .docx 再导入；扫描件请先录入表格。",
                "Open it in a word processor and save it as .docx (另存为 .docx); type scanned forms into a table.",
            ),
            Self::UnknownFormat { found: "the lock file of a document that is open", .. } => (
                "请选择不带“~$”的原文件，并先关闭正在编辑它的程序。",
                "Name the document itself, without ~$, and close the program that edits it.",
            ),
            Self::UnknownFormat { found: "a presentation", .. } => (
                "请把其中的表格复制到 .xlsx 或 .docx 再导入。",
                "Copy its tables into an .xlsx or .docx file.",
            ),
            Self::UnknownFormat { .. } => (
                "请用 WPS 或 Excel 打开后另存为 .xlsx 或 UTF-8 的 .csv。",
                "Open it in a spreadsheet program and save it as .xlsx or as .csv in UTF-8.",
            ),
            Self::NoHeadings { .. } => (
                "请给名称列加上“需求名称”或“成果名称”等列名，或用 --map title=列名 指定。",
                "Give the title column a heading such as 需求名称 or 成果名称, or name it with --map title=HEADING.",
            ),
            Self::TooWide { .. } => (
                "请删去多余的列（常是分隔符错位或空白列），或检查文件是否被导成了一行。",
                "Remove the extra columns (often a wrong delimiter or blank ones), or see whether the file was exported as one line.",
            ),
            Self::UnknownField { .. } => (
                "请把 --map 写成 字段=列名，字段取自上面的清单。",
                "Write --map as FIELD=HEADING with one of the fields above.",
            ),
            Self::UnknownColumn { .. } => (
                "请按文件中的列名书写 --map 或 --drop。",
                "Write the heading in --map or --drop as the file has it.",
            ),
            Self::NoRecords { .. } => (
                "请在列名下面填写记录，至少要有名称；用 duijie import --check 文件 查看是如何理解的。",
                "Put records below the headings, each with a title; see how the file is understood with `duijie import --check FILE`.",
            ),
            Self::TooManyRejected { .. } => (
                "请先按原因修改清单，或用 --map 指定列名；确需继续时提高允许退回的比例。",
                "Mend the list by the reasons given, or name columns with --map; raise the allowed share if you must go on.",
            ),
        };
        lang.pick(zh, en).to_owned()
    }
}
