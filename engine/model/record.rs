//! A demand or a supply, as read from a list.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Contradiction, CooperationMode, Lang, LegalStatus, Maturity, StatedField, Supplement,
    SupplyKind, Visibility,
};

/// Which of the two lists a record stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// 需求: somebody needs a technology.
    Demand,
    /// 供给: somebody offers one.
    Supply,
}

impl Side {
    /// The side that answers this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Demand => Self::Supply,
            Self::Supply => Self::Demand,
        }
    }

    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Demand => lang.pick("需求", "demand"),
            Self::Supply => lang.pick("供给", "supply"),
        }
    }
}

/// A record's stable identity within its side: as given by the list, or derived from content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub String);

impl RecordId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A demand's row in the demand table of one run, from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DemandIdx(pub u32);

/// A supply's row in the supply table of one run, from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SupplyIdx(pub u32);

impl DemandIdx {
    /// As an index into the demand table.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl SupplyIdx {
    /// As an index into the supply table.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// Where a row was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceRef {
    /// File name, without its folder.
    pub file: String,
    /// Sheet name, where the file has sheets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row as a spreadsheet program numbers it, from 1; for JSONL the line.
    pub row: u32,
}

impl fmt::Display for SourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sheet {
            Some(sheet) => write!(f, "{}[{}]:{}", self.file, sheet, self.row),
            None => write!(f, "{}:{}", self.file, self.row),
        }
    }
}

/// A stated price or budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Price {
    /// 面议: to be negotiated.
    Negotiable,
    /// An amount in yuan (元).
    Yuan(f64),
    /// From – to in yuan (元).
    YuanRange(f64, f64),
}

/// How to reach the owner. Never indexed, embedded, quoted, or written to `matches.jsonl`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// 联系人.
    pub person: Option<String>,
    /// 电话, 手机, 座机.
    pub telephone: Option<String>,
    /// 电子邮箱.
    pub email: Option<String>,
    /// 地址.
    pub address: Option<String>,
}

/// Shows only which fields are filled, so that a log line cannot leak them.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("person", &self.person.is_some())
            .field("telephone", &self.telephone.is_some())
            .field("email", &self.email.is_some())
            .field("address", &self.address.is_some())
            .finish()
    }
}

/// One demand or supply.
///
/// An unknown field is `None` or empty, never a default that looks like a statement. All text is
/// as the list has it, apart from repairs that the import reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which list it stands in.
    pub side: Side,
    /// Stable identity within its side.
    pub id: RecordId,
    /// A number people can say: `XQ-2020-0012` for demands, `GJ-2020-0345` for supplies.
    pub number: String,
    /// Name of the demand, result or patent. Never empty.
    pub title: String,
    /// Everything else that describes it, paragraphs separated by `\n`; may be empty.
    ///
    /// The description comes first; further text columns (技术指标, 应用领域, 商业分析 …) follow,
    /// each as a paragraph that begins with its heading and `：`.
    pub body: String,
    /// Keywords as given.
    pub keywords: Vec<String>,
    /// Classification paths, each from general to special, as given:
    /// `制造业——计算机、通信和其他电子设备制造` is one path of two steps.
    pub classification: Vec<Vec<String>>,
    /// IPC or CPC symbols in canonical form, such as `H01L21/02`.
    pub codes: Vec<String>,
    /// Who needs or offers it.
    pub organization: Option<String>,
    /// Region as given.
    pub region: Option<String>,
    /// Ways of working together; empty where unknown.
    pub cooperation: Vec<CooperationMode>,
    /// How far the technology has come; for a demand, what is asked for at least.
    pub maturity: Option<Maturity>,
    /// The words of the list that say so, such as 小批量生产; `None` where `maturity` is.
    pub maturity_stated: Option<String>,
    /// What kind of supply; `None` for demands.
    pub supply_kind: Option<SupplyKind>,
    /// Intellectual property as stated (发明专利, 非专利技术 …), unverified.
    pub ip_status: Option<String>,
    /// How the right stands in a register, where the list says so.
    pub legal_status: Option<LegalStatus>,
    /// Price or budget.
    pub price: Option<Price>,
    /// When it was published or applied for.
    pub posted_on: Option<Date>,
    /// First day on which it holds.
    pub valid_from: Option<Date>,
    /// Last day on which it holds.
    pub valid_until: Option<Date>,
    /// Who may see it.
    pub visibility: Visibility,
    /// How to reach the owner.
    pub contact: Contact,
    /// Where it was read.
    pub source: SourceRef,
    /// Number of its group of near-duplicates within the side, from 0; `None` if it stands alone.
    pub duplicate_group: Option<u32>,
    /// Columns that no field claims, heading and text, in column order.
    pub extra: Vec<(String, String)>,
    /// Parts of the body that answer a question asked back, in the order of the body.
    pub supplements: Vec<Supplement>,
    /// Statements that the record's own text contradicts, in the order of [`StatedField`].
    pub contradictions: Vec<Contradiction>,
}

impl Record {
    /// A public record of nothing but its identity and its place: texts empty, all else unknown.
    #[must_use]
    pub fn new(side: Side, id: RecordId, number: String, source: SourceRef) -> Self {
        Self {
            side,
            id,
            number,
            title: String::new(),
            body: String::new(),
            keywords: Vec::new(),
            classification: Vec::new(),
            codes: Vec::new(),
            organization: None,
            region: None,
            cooperation: Vec::new(),
            maturity: None,
            maturity_stated: None,
            supply_kind: None,
            ip_status: None,
            legal_status: None,
            price: None,
            posted_on: None,
            valid_from: None,
            valid_until: None,
            visibility: Visibility::Public,
            contact: Contact::default(),
            source,
            duplicate_group: None,
            extra: Vec::new(),
            supplements: Vec::new(),
            contradictions: Vec::new(),
        }
    }

    /// What the record's own text says against one of its statements, if anything.
    #[must_use]
    pub fn contradiction(&self, field: StatedField) -> Option<&Contradiction> {
        self.contradictions.iter().find(|found| found.field == field)
    }

    /// The stated maturity, unless the record's own text contradicts it: then it is unknown.
    #[must_use]
    pub fn maturity_if_consistent(&self) -> Option<Maturity> {
        self.maturity.filter(|_| self.contradiction(StatedField::Maturity).is_none())
    }
}
