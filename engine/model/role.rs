//! Who may do what.

use serde::{Deserialize, Serialize};

use super::Lang;

/// What a person is in the office that runs the workspace; each role may do what the ones before
/// it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 读者: looks things up and has texts matched.
    Reader,
    /// 经理人: also answers and keeps the ledger.
    Broker,
    /// 办公室: also takes lists in.
    Office,
    /// 管理员: also keeps users and tokens.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 4] = [Self::Reader, Self::Broker, Self::Office, Self::Admin];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Reader => lang.pick("读者", "reader"),
            Self::Broker => lang.pick("经理人", "broker"),
            Self::Office => lang.pick("办公室", "office"),
            Self::Admin => lang.pick("管理员", "administrator"),
        }
    }

    /// The word by which it is stored and typed, as serialised.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Broker => "broker",
            Self::Office => "office",
            Self::Admin => "admin",
        }
    }

    /// Whether somebody of this role may do something.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self >= permission.least_role()
    }
}

/// A kind of thing that can be done; tokens are limited to some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// 查看: search, records, matches, runs.
    Read,
    /// 匹配: have a text matched that is in no list; keep it as a saved demand.
    Match,
    /// 反馈: answer about pairs.
    Answer,
    /// 台账: enter follow-up steps.
    Ledger,
    /// 导入: take lists in.
    Import,
    /// 管理: users, tokens, the log of who saw what.
    Admin,
}

impl Permission {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Match, Self::Answer, Self::Ledger, Self::Import, Self::Admin];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Read => lang.pick("查看", "read"),
            Self::Match => lang.pick("匹配", "match"),
            Self::Answer => lang.pick("反馈", "answer"),
            Self::Ledger => lang.pick("台账", "ledger"),
            Self::Import => lang.pick("导入", "import"),
            Self::Admin => lang.pick("管理", "administer"),
        }
    }

    /// The word by which it is stored and typed, as serialised.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Match => "match",
            Self::Answer => "answer",
            Self::Ledger => "ledger",
            Self::Import => "import",
            Self::Admin => "admin",
        }
    }

    /// What a typed word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.word() == word)
    }

    /// The least role that may do it.
    const fn least_role(self) -> Role {
        match self {
            Self::Read | Self::Match => Role::Reader,
            Self::Answer | Self::Ledger => Role::Broker,
            Self::Import => Role::Office,
            Self::Admin => Role::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_what_lesser_ones_may() {
        let may = |role: Role| Permission::ALL.into_iter().filter(|p| role.may(*p)).count();
        assert_eq!(Role::ALL.map(may), [2, 4, 5, 6]);
        assert!(Role::ALL.is_sorted());
        for (lesser, greater) in Role::ALL.into_iter().zip(Role::ALL.into_iter().skip(1)) {
            assert!(Permission::ALL.into_iter().all(|p| !lesser.may(p) || greater.may(p)));
        }
        assert!(!Role::Office.may(Permission::Admin));
        assert!(!Role::Reader.may(Permission::Answer));
    }

    #[test]
    fn words_are_those_of_the_serialised_form() {
        for role in Role::ALL {
            assert_eq!(serde_json::json!(role), role.word());
            assert_ne!(role.label(Lang::Zh), role.label(Lang::En));
        }
        for permission in Permission::ALL {
            assert_eq!(serde_json::json!(permission), permission.word());
            assert_eq!(Permission::of_word(permission.word()), Some(permission));
        }
        assert_eq!(Permission::of_word("everything"), None);
    }
}
