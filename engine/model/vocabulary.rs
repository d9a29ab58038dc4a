//! Closed vocabularies of a record: each value, and the word people read for it.

use serde::{Deserialize, Serialize};

use super::Lang;

/// What kind of thing answers a demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplyKind {
    /// 专利.
    Patent,
    /// 科技成果.
    Result,
    /// 仪器设备或中试平台.
    Facility,
    /// 技术服务.
    Service,
    /// 专家团队.
    Team,
}

impl SupplyKind {
    /// All kinds, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::Patent, Self::Result, Self::Facility, Self::Service, Self::Team];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Patent => lang.pick("专利", "patent"),
            Self::Result => lang.pick("科技成果", "research result"),
            Self::Facility => lang.pick("仪器设备或中试平台", "facility"),
            Self::Service => lang.pick("技术服务", "service"),
            Self::Team => lang.pick("专家团队", "team"),
        }
    }
}

/// How far a technology has come, in the five steps that markets use, in rising order.
///
/// The levels stand for technology readiness 3–4, 5, 5–6, 7 and 8–9; the crosswalk is a proposal
/// held as data, not a standard (GB/T 22900 defines the levels themselves).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maturity {
    /// 正在研发.
    Research,
    /// 通过小试.
    LabTested,
    /// 已有样品.
    Prototype,
    /// 通过中试.
    PilotTested,
    /// 可以量产.
    MassProduction,
}

impl Maturity {
    /// All steps in rising order.
    pub const ALL: [Self; 5] =
        [Self::Research, Self::LabTested, Self::Prototype, Self::PilotTested, Self::MassProduction];

    /// The step's place, 0 to 4.
    #[must_use]
    pub const fn level(self) -> u8 {
        self as u8
    }

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Research => lang.pick("正在研发", "in research"),
            Self::LabTested => lang.pick("通过小试", "lab tested"),
            Self::Prototype => lang.pick("已有样品", "prototype"),
            Self::PilotTested => lang.pick("通过中试", "pilot tested"),
            Self::MassProduction => lang.pick("可以量产", "ready for mass production"),
        }
    }
}

/// How the two parties would work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CooperationMode {
    /// 技术转让.
    Transfer,
    /// 技术许可.
    License,
    /// 委托开发.
    Commission,
    /// 合作开发.
    JointDevelopment,
    /// 技术服务与咨询.
    Service,
    /// 作价入股.
    Equity,
    /// 质押融资.
    Pledge,
    /// 其他.
    Other,
}

impl CooperationMode {
    /// All ways, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Transfer,
        Self::License,
        Self::Commission,
        Self::JointDevelopment,
        Self::Service,
        Self::Equity,
        Self::Pledge,
        Self::Other,
    ];

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Transfer => lang.pick("技术转让", "transfer"),
            Self::License => lang.pick("技术许可", "licence"),
            Self::Commission => lang.pick("委托开发", "commissioned development"),
            Self::JointDevelopment => lang.pick("合作开发", "joint development"),
            Self::Service => lang.pick("技术服务", "service"),
            Self::Equity => lang.pick("作价入股", "equity"),
            Self::Pledge => lang.pick("质押融资", "pledge"),
            Self::Other => lang.pick("其他", "other"),
        }
    }
}

/// Who may see a record and its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// 公开: everybody sees the record and its owner.
    #[default]
    Public,
    /// 匿名: the record is shown, its owner is not.
    Anonymous,
    /// 内部: only the office sees it.
    Internal,
}

impl Visibility {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Public => lang.pick("公开", "public"),
            Self::Anonymous => lang.pick("匿名", "anonymous"),
            Self::Internal => lang.pick("内部", "internal"),
        }
    }
}
