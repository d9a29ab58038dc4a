//! What of a record somebody may see.

use super::{Role, Visibility};

/// How much of a record is shown to somebody. More includes less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// Nothing: for this person the record does not exist.
    Absent,
    /// What it says, but not whose it is.
    WithoutOwner,
    /// Also whose it is.
    WithOwner,
    /// Also how to reach the owner, and where the row was read.
    WithContacts,
}

impl Sight {
    /// What a person of this role sees of a record that is public, anonymous or internal:
    ///
    /// | | 公开 | 匿名 | 内部 |
    /// |---|---|---|---|
    /// | 读者 | with owner | without owner | nothing |
    /// | 经理人 | with contacts | without owner | nothing |
    /// | 办公室, 管理员 | with contacts | with contacts | with contacts |
    #[must_use]
    pub const fn of(role: Role, visibility: Visibility) -> Self {
        match (role, visibility) {
            (Role::Office | Role::Admin, _) | (Role::Broker, Visibility::Public) => {
                Self::WithContacts
            }
            (Role::Reader, Visibility::Public) => Self::WithOwner,
            (Role::Reader | Role::Broker, Visibility::Anonymous) => Self::WithoutOwner,
            (Role::Reader | Role::Broker, Visibility::Internal) => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greater_role_sees_no_less() {
        for visibility in [Visibility::Public, Visibility::Anonymous, Visibility::Internal] {
            let seen = Role::ALL.map(|role| Sight::of(role, visibility));
            assert!(seen.is_sorted(), "{visibility:?}: {seen:?}");
        }
        assert_eq!(Sight::of(Role::Broker, Visibility::Internal), Sight::Absent);
        assert_eq!(Sight::of(Role::Broker, Visibility::Anonymous), Sight::WithoutOwner);
    }
}
