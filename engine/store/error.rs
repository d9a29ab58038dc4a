//! Why the store could not do what was asked, and what to do about it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::ErrorCode;

use super::access::PASSWORD_CHARS;
use super::ledger::Step;
use crate::model::{Diagnosis, Lang, Side};

/// A read or a write of the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store where one was to be opened.
    #[error("there is no store at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is a file where a store, or a copy of one, was to be made.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of another program, or empty.
    #[error("{} is no store of duijie", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote the store.
    #[error(
        "{} has schema {found}, written by duijie {}; this program knows schemas up to {known}",
        path.display(), program.as_deref().unwrap_or("of an unknown version")
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The latest schema version that this program knows.
        known: u32,
        /// Version of the program that wrote it, if it can be read.
        program: Option<String>,
    },
    /// An older program wrote the store, and it was opened for reading only.
    #[error("{} has schema {found} and was opened for reading; schema {known} is needed", path.display())]
    Older {
        /// The store.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The schema version that this program reads.
        known: u32,
    },
    /// The file is damaged.
    #[error("{} is damaged: {detail}", path.display())]
    Corrupt {
        /// The store.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process was writing for longer than the time-out.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// The disk has no space left.
    #[error("writing {}: the disk is full", path.display())]
    Full {
        /// The store.
        path: PathBuf,
    },
    /// The file, its folder or its disk cannot be written.
    #[error("{} cannot be written", path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("{}: {detail}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// An import that did not come to its end is still there.
    #[error("the import of {file} did not come to its end")]
    StagedImport {
        /// The file it read.
        file: String,
    },
    /// A run that did not come to its end is still there.
    #[error("the run {folder} did not come to its end")]
    OpenRun {
        /// The run's folder.
        folder: String,
    },
    /// A ticket or a run that is no longer open.
    #[error("the {what} is not open")]
    NotOpen {
        /// `import` or `run`.
        what: &'static str,
    },
    /// No record has this id or number.
    #[error("no {} has the id or number {id}", side.label(Lang::En))]
    UnknownRecord {
        /// The side that was looked through.
        side: Side,
        /// What was looked for.
        id: String,
    },
    /// No rules have this hash.
    #[error("no rules have the hash {sha256}")]
    UnknownRules {
        /// What was looked for.
        sha256: String,
    },
    /// The follow-up ledger does not go that way.
    #[error(
        "a pair cannot go from {} to {}",
        from.as_ref().map_or("no entry", |step| step.label(Lang::En)), to.label(Lang::En)
    )]
    IllegalStep {
        /// The pair's present step.
        from: Option<Step>,
        /// The step that was to be entered.
        to: Step,
    },
    /// A value that cannot be entered.
    #[error("{field} cannot be {value}: {why}")]
    BadEntry {
        /// Which value.
        field: &'static str,
        /// What was given.
        value: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// No user has this name or number, or the user is disabled.
    #[error("there is no user {name} who may log in")]
    UnknownUser {
        /// What was looked for.
        name: String,
    },
    /// A user has this name already.
    #[error("there is a user {name} already")]
    UserExists {
        /// The name.
        name: String,
    },
    /// A password is too short or too long.
    #[error(
        "a password has {} to {} characters, this one has {given}",
        PASSWORD_CHARS.start(), PASSWORD_CHARS.end()
    )]
    BadPassword {
        /// Characters that it has.
        given: usize,
    },
    /// No token has this number.
    #[error("there is no token {id}")]
    UnknownToken {
        /// What was looked for.
        id: i64,
    },
    /// Accesses were to be removed that have to be kept.
    #[error("accesses before {before} cannot be removed; those since {until} have to be kept")]
    KeptLonger {
        /// The time before which they were to be removed.
        before: Timestamp,
        /// The time since which they are kept.
        until: Timestamp,
    },
    /// The system gave no random numbers for a secret.
    #[error("the system gives no random numbers: {detail}")]
    NoRandomness {
        /// What the system said.
        detail: String,
    },
    /// The pairs of a demand were not given together.
    #[error("the pairs of demand {demand} were not given together")]
    Scattered {
        /// The demand that came a second time.
        demand: String,
    },
    /// The program's own fault.
    #[error("in the store {}: {detail}", path.display())]
    Internal {
        /// The store.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
}

impl StoreError {
    /// Names the store in errors that came up from the database.
    pub(super) fn at(mut self, store: &Path) -> Self {
        if let Self::Corrupt { path, .. }
        | Self::Busy { path }
        | Self::Full { path }
        | Self::ReadOnly { path }
        | Self::Io { path, .. }
        | Self::Internal { path, .. } = &mut self
            && path.as_os_str().is_empty()
        {
            store.clone_into(path);
        }
        self
    }

    /// A stored value that this program cannot have written.
    pub(super) fn damaged(detail: impl Into<String>) -> Self {
        Self::Corrupt { path: PathBuf::new(), detail: detail.into() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let path = PathBuf::new();
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, detail }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => Self::Io { path, detail },
            // A value of a type or size that its strict column cannot hold was not written here.
            None if matches!(
                error,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
                    | rusqlite::Error::Utf8Error(..)
            ) =>
            {
                Self::Corrupt { path, detail }
            }
            _ => Self::Internal { path, detail },
        }
    }
}

impl Diagnosis for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "store.missing",
            Self::Exists { .. } => "store.exists",
            Self::NotAStore { .. } => "store.not_a_store",
            Self::Newer { .. } => "store.newer",
            Self::Older { .. } => "store.older",
            Self::Corrupt { .. } => "store.corrupt",
            Self::Busy { .. } => "store.busy",
            Self::Full { .. } => "store.full",
            Self::ReadOnly { .. } => "store.read_only",
            Self::Io { .. } => "store.io",
            Self::StagedImport { .. } => "store.staged_import",
            Self::OpenRun { .. } => "store.open_run",
            Self::NotOpen { .. } => "store.not_open",
            Self::UnknownRecord { .. } => "store.unknown_record",
            Self::UnknownRules { .. } => "store.unknown_rules",
            Self::IllegalStep { .. } => "store.illegal_step",
            Self::BadEntry { .. } => "store.bad_entry",
            Self::UnknownUser { .. } => "store.unknown_user",
            Self::UserExists { .. } => "store.user_exists",
            Self::BadPassword { .. } => "store.bad_password",
            Self::UnknownToken { .. } => "store.unknown_token",
            Self::KeptLonger { .. } => "store.kept_longer",
            Self::NoRandomness { .. } => "store.no_randomness",
            Self::Scattered { .. } => "store.scattered",
            Self::Internal { .. } => "store.internal",
        }
    }

    fn message(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Missing { path } => format!("{} 处没有数据库", path.display()),
            Self::Exists { path } => format!("{} 已存在", path.display()),
            Self::NotAStore { path } => format!("{} 不是对接的数据库", path.display()),
            Self::Newer { path, found, known, program } => format!(
                "{} 的结构版本是 {found}，由 duijie {} 写成；本程序只认识到版本 {known}",
                path.display(),
                program.as_deref().unwrap_or("（版本不明）")
            ),
            Self::Older { path, found, known } => format!(
                "{} 的结构版本是 {found}，此处只读打开，而本程序读的是版本 {known}",
                path.display()
            ),
            Self::Corrupt { path, detail } => format!("{} 已损坏：{detail}", path.display()),
            Self::Busy { path } => format!("{} 正被另一个进程写入", path.display()),
            Self::Full { path } => format!("写入 {} 时磁盘已满", path.display()),
            Self::ReadOnly { path } => format!("{} 不可写", path.display()),
            Self::Io { path, detail } => format!("{}：{detail}", path.display()),
            Self::StagedImport { file } => format!("{file} 的导入没有做完"),
            Self::OpenRun { folder } => format!("运行 {folder} 没有做完"),
            Self::NotOpen { what } => {
                format!("该{}已不在进行中", if *what == "run" { "运行" } else { "导入" })
            }
            Self::UnknownRecord { side, id } => {
                format!("没有编号为 {id} 的{}", side.label(lang))
            }
            Self::UnknownRules { sha256 } => format!("没有散列值为 {sha256} 的规则"),
            Self::IllegalStep { from, to } => format!(
                "跟进台账不能从“{}”到“{}”",
                from.as_ref().map_or("尚无记录", |step| step.label(lang)),
                to.label(lang)
            ),
            Self::BadEntry { field, value, why } => {
                format!("{}不能是“{value}”：{}", field_zh(field), why_zh(why))
            }
            Self::UnknownUser { name } => format!("没有可以登录的用户“{name}”"),
            Self::UserExists { name } => format!("已有用户“{name}”"),
            Self::BadPassword { given } => format!(
                "密码应为 {} 到 {} 个字符，此处为 {given} 个",
                PASSWORD_CHARS.start(),
                PASSWORD_CHARS.end()
            ),
            Self::UnknownToken { id } => format!("没有编号为 {id} 的令牌"),
            Self::KeptLonger { before, until } => {
                format!("不能删除 {before} 以前的访问记录：{until} 以后的都须保留")
            }
            Self::NoRandomness { detail } => format!("系统给不出随机数：{detail}"),
            Self::Scattered { demand } => format!("需求 {demand} 的配对没有放在一起"),
            Self::Internal { path, detail } => format!("数据库 {}：{detail}", path.display()),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        let (zh, en) = match self {
            Self::Missing { .. } => (
                "请先在该文件夹运行 duijie init，或用 --workspace 指定工作区。",
                "Run `duijie init` in the folder first, or name the workspace with --workspace.",
            ),
            Self::Exists { .. } => (
                "请换一个文件名，或先把该文件移走。",
                "Choose another name, or move the file away first.",
            ),
            Self::NotAStore { .. } => (
                "请检查 --workspace 指的是不是工作区；若是，请用 duijie restore 从备份恢复。",
                "Check that --workspace names a workspace; if it does, get a backup back with `duijie restore`.",
            ),
            Self::Newer { .. } => (
                "请换用上面所写的版本或更新的 duijie；旧程序不会改动它。",
                "Use the version named above or a later one; this program leaves the store as it is.",
            ),
            Self::Older { .. } => (
                "请先运行一次会写入的命令（如 duijie import 或 duijie nightly），数据库会自动升级。",
                "Run a command that writes once (`duijie import` or `duijie nightly`); it upgrades the store.",
            ),
            Self::Corrupt { .. } => (
                "请停止使用，用 duijie restore 从最近的备份恢复；损坏的文件会保留在旁边。",
                "Stop using it and get the latest backup back with `duijie restore`; the damaged file is kept beside it.",
            ),
            Self::Busy { .. } => (
                "请稍候重试；若一直如此，请看是否有别的 duijie 正在运行。",
                "Try again in a moment; if it lasts, see whether another duijie is running.",
            ),
            Self::Full { .. } => (
                "请腾出磁盘空间后重试，可用 duijie gc 清理旧的索引；已接收的数据没有丢失。",
                "Free some disk space and try again, for instance with `duijie gc`; nothing that was taken in is lost.",
            ),
            Self::ReadOnly { .. } => (
                "请检查文件和文件夹的写入权限，以及磁盘是否只读。",
                "Check the permissions of the file and its folder, and whether the disk is read-only.",
            ),
            Self::Io { .. } => (
                "请检查磁盘和文件权限；若文件在网络盘上，请移到本机磁盘。",
                "Check the disk and the permissions; move the workspace to a local disk if it is on a network drive.",
            ),
            Self::StagedImport { .. } | Self::OpenRun { .. } => (
                "请再运行一次 duijie nightly：它会收拾中断的工作并重新开始。",
                "Run `duijie nightly` again: it clears up what was interrupted and starts over.",
            ),
            Self::UnknownRecord { .. } => (
                "请核对编号；可用 duijie export 查看现有记录。",
                "Check the id or number; `duijie export` shows the records there are.",
            ),
            Self::UnknownRules { .. } => (
                "请先登记规则文本，再引用它的散列值。",
                "Put the text of the rules in first, then refer to its hash.",
            ),
            Self::IllegalStep { .. } => (
                "顺序是 已联系→已会面→洽谈中→已签约，可以跳过但不能退回；搁置后可以从任何一步继续；已签约的配对只能更正合同。",
                "The order is contacted, met, negotiating, signed; steps may be left out but not taken back. A shelved pair goes on at any step; of a signed one only the contract can be corrected.",
            ),
            Self::BadEntry { .. } => (
                "请按上面的说明更正后重新录入。",
                "Correct the value as said above and enter it again.",
            ),
            Self::UnknownUser { .. } => (
                "请用 duijie user list 核对用户名；停用的用户可用 duijie user enable 恢复。",
                "Check the name with `duijie user list`; a disabled user is let in again by `duijie user enable`.",
            ),
            Self::UserExists { .. } => (
                "请换一个用户名，或用 duijie user role、duijie user password 修改这个用户。",
                "Choose another name, or change this user with `duijie user role` or `duijie user password`.",
            ),
            Self::BadPassword { .. } => (
                "请换一个密码；一句自己记得住的话比一串符号更好。",
                "Choose another one; a sentence that you remember is better than a few odd signs.",
            ),
            Self::UnknownToken { .. } => (
                "请用 duijie token list 查看令牌的编号。",
                "See the numbers of the tokens with `duijie token list`.",
            ),
            Self::KeptLonger { .. } => {
                ("请把时间改到 180 天以前。", "Name a time that is at least 180 days ago.")
            }
            Self::NoRandomness { .. } => (
                "请检查系统的随机数设备（如 /dev/urandom），再试一次。",
                "Check the system's source of random numbers, such as /dev/urandom, and try again.",
            ),
            Self::NotOpen { .. } | Self::Scattered { .. } | Self::Internal { .. } => (
                "这是程序的错误，请把这条信息和日志发给维护者。",
                "This is a fault of the program; please send this message and the log to its maintainers.",
            ),
        };
        lang.pick(zh, en).to_owned()
    }
}

fn field_zh(field: &str) -> &str {
    match field {
        "contract" => "合同编号",
        "amount" => "合同金额",
        "name" => "名称",
        "entered_by" => "录入人",
        "sha256" => "文件散列值",
        "generation" => "索引代号",
        "display name" => "显示名称",
        "broker" => "经理人姓名",
        "label" => "令牌名称",
        "scopes" => "权限范围",
        "expiry" => "到期时间",
        "text" => "文字",
        "filters" => "筛选条件",
        "run" => "运行",
        other => other,
    }
}

fn why_zh(why: &str) -> &str {
    match why {
        "it must not be empty" => "不能为空",
        "it must be above zero" => "必须大于零",
        "it is not 64 hexadecimal digits" => "应为 64 位十六进制数",
        "another organization has it" => "已属于另一个单位",
        "it is too large" => "数值过大",
        "it is too long" => "太长",
        "it holds invisible characters" => "含有看不见的字符",
        "it must be in the future" => "应在将来",
        "it is no JSON object" => "不是 JSON 对象",
        "another saved text has it" => "已有同名的保存项",
        "there are 200 saved texts already" => "已存满 200 项",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<StoreError> {
        let path = || PathBuf::from("甲/store.db");
        let detail = || "第 3 页".to_owned();
        vec![
            StoreError::Missing { path: path() },
            StoreError::Exists { path: path() },
            StoreError::NotAStore { path: path() },
            StoreError::Newer { path: path(), found: 9, known: 2, program: None },
            StoreError::Older { path: path(), found: 1, known: 2 },
            StoreError::Corrupt { path: path(), detail: detail() },
            StoreError::Busy { path: path() },
            StoreError::Full { path: path() },
            StoreError::ReadOnly { path: path() },
            StoreError::Io { path: path(), detail: detail() },
            StoreError::StagedImport { file: "表.csv".to_owned() },
            StoreError::OpenRun { folder: "2026-11-20-1".to_owned() },
            StoreError::NotOpen { what: "run" },
            StoreError::UnknownRecord { side: Side::Demand, id: "XQ-1".to_owned() },
            StoreError::UnknownRules { sha256: "ab".to_owned() },
            StoreError::IllegalStep { from: None, to: Step::Shelved },
            StoreError::BadEntry {
                field: "contract",
                value: String::new(),
                why: "it must not be empty",
            },
            StoreError::UnknownUser { name: "王".to_owned() },
            StoreError::UserExists { name: "王".to_owned() },
            StoreError::BadPassword { given: 3 },
            StoreError::UnknownToken { id: 7 },
            StoreError::KeptLonger { before: Timestamp::MAX, until: Timestamp::MIN },
            StoreError::NoRandomness { detail: detail() },
            StoreError::Scattered { demand: "XQ-1".to_owned() },
            StoreError::Internal { path: path(), detail: detail() },
        ]
    }

    #[test]
    fn every_error_speaks_two_languages_and_advises() {
        let mut codes: Vec<&str> = all().iter().map(Diagnosis::code).collect();
        let n_codes = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n_codes, "each has a code of its own");
        for error in all() {
            let (zh, en) = (error.message(Lang::Zh), error.message(Lang::En));
            assert_ne!(zh, en);
            assert!(!en.ends_with('.') && !zh.ends_with('。'), "{en}");
            assert_ne!(error.remedy(Lang::Zh), error.remedy(Lang::En));
            assert!(error.remedy(Lang::Zh).ends_with('。'), "{}", error.code());
            assert!(error.remedy(Lang::En).ends_with('.'), "{}", error.code());
        }
    }

    #[test]
    fn what_sqlite_says_becomes_what_can_be_done() {
        let failure = |code: i32| {
            let error = rusqlite::ffi::Error::new(code);
            StoreError::from(rusqlite::Error::SqliteFailure(error, None)).at(Path::new("s.db"))
        };
        // Primary codes of https://www.sqlite.org/rescode.html, and extended ones of theirs.
        for (code, expected) in [
            (11, "store.corrupt"),
            (11 | (3 << 8), "store.corrupt"),
            (26, "store.corrupt"),
            (5, "store.busy"),
            (5 | (2 << 8), "store.busy"),
            (6, "store.busy"),
            (13, "store.full"),
            (8, "store.read_only"),
            (8 | (6 << 8), "store.read_only"),
            (3, "store.read_only"),
            (10, "store.io"),
            (10 | (19 << 8), "store.io"),
            (14, "store.io"),
            (1, "store.internal"),
            (19, "store.internal"),
        ] {
            let error = failure(code);
            assert_eq!(error.code(), expected, "{code}");
            assert!(error.to_string().contains("s.db"));
        }
    }
}
