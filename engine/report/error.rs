//! Why a document could not be written.

use std::io;
use std::path::PathBuf;

use crate::model::{Diagnosis, Lang};

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The file could not be written.
    #[error("writing {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The workbook could not be made or written.
    #[error("writing workbook {}", path.display())]
    Workbook {
        /// The file.
        path: PathBuf,
        /// What the spreadsheet writer said.
        #[source]
        source: rust_xlsxwriter::XlsxError,
    },
    /// A list of the view does not fit its tables.
    #[error("view of the run: {list} has entry {entry}, its table has {len} rows")]
    View {
        /// The list at fault, a field of [`RunView`](super::RunView).
        list: &'static str,
        /// The length or index found.
        entry: usize,
        /// The length of the table it refers to.
        len: usize,
    },
}

impl Diagnosis for ReportError {
    fn code(&self) -> &'static str {
        match self {
            Self::Write { .. } => "report.write",
            Self::Workbook { .. } => "report.workbook",
            Self::View { .. } => "report.view",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, Self::Write { source, .. }) => format!("{self}: {source}"),
            (Lang::En, Self::Workbook { source, .. }) => format!("{self}: {source}"),
            (Lang::En, Self::View { .. }) => self.to_string(),
            (Lang::Zh, Self::Write { path, source }) => {
                format!("写入 {} 时出错：{source}", path.display())
            }
            (Lang::Zh, Self::Workbook { path, source }) => {
                format!("写入工作簿 {} 时出错：{source}", path.display())
            }
            (Lang::Zh, Self::View { list, entry, len }) => {
                format!("运行结果不一致：{list} 中有 {entry}，而对应的表只有 {len} 行")
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Write { .. } | Self::Workbook { .. } => lang.pick(
                "请检查磁盘空间和写入权限；若该文件正在 Excel 或 WPS 中打开，请先关闭",
                "check free space and permissions; close the file if a spreadsheet program has it open",
            ),
            Self::View { .. } => lang.pick("这是程序缺陷，请反馈", "this is a defect, please report it"),
        }
        .to_owned()
    }
}
