//! Which field a column heading means.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// What a column feeds. The names are the table names of `corpus/headers.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    Id,
    Serial,
    Title,
    Description,
    Paragraph,
    Keywords,
    Classification,
    Codes,
    Organization,
    Region,
    Cooperation,
    Maturity,
    Kind,
    IpStatus,
    LegalStatus,
    LegalStatusSource,
    LegalStatusDate,
    FollowUp,
    Price,
    PostedOn,
    ValidFrom,
    ValidUntil,
    Validity,
    Visibility,
    Secrecy,
    ContactPerson,
    Telephone,
    Email,
    Address,
    PublicationNumber,
    ApplicationNumber,
    PatentNumber,
    Note,
    /// Publication numbers, or the number, of the simple family.
    Family,
    /// Priority numbers; equal ones make a simple family.
    Priority,
    /// Not a field: marks such as 必填 that are taken off headings.
    Marks,
}

impl Field {
    /// Every field that `--map` may name, with its name.
    pub(super) const NAMED: [(Self, &'static str); 35] = [
        (Self::Id, "id"),
        (Self::Serial, "serial"),
        (Self::Title, "title"),
        (Self::Description, "description"),
        (Self::Paragraph, "paragraph"),
        (Self::Keywords, "keywords"),
        (Self::Classification, "classification"),
        (Self::Codes, "codes"),
        (Self::Organization, "organization"),
        (Self::Region, "region"),
        (Self::Cooperation, "cooperation"),
        (Self::Maturity, "maturity"),
        (Self::Kind, "kind"),
        (Self::IpStatus, "ip_status"),
        (Self::LegalStatus, "legal_status"),
        (Self::LegalStatusSource, "legal_status_source"),
        (Self::LegalStatusDate, "legal_status_date"),
        (Self::FollowUp, "follow_up"),
        (Self::Price, "price"),
        (Self::PostedOn, "posted_on"),
        (Self::ValidFrom, "valid_from"),
        (Self::ValidUntil, "valid_until"),
        (Self::Validity, "validity"),
        (Self::Visibility, "visibility"),
        (Self::Secrecy, "secrecy"),
        (Self::ContactPerson, "contact_person"),
        (Self::Telephone, "telephone"),
        (Self::Email, "email"),
        (Self::Address, "address"),
        (Self::PublicationNumber, "publication_number"),
        (Self::ApplicationNumber, "application_number"),
        (Self::PatentNumber, "patent_number"),
        (Self::Note, "note"),
        (Self::Family, "family"),
        (Self::Priority, "priority"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::NAMED.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, known)| *known == name).map(|(field, _)| *field)
    }

    /// Whether its values are never shown in a log.
    pub(super) const fn is_contact(self) -> bool {
        matches!(self, Self::ContactPerson | Self::Telephone | Self::Email | Self::Address)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    aliases: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// The alias table.
#[derive(Debug)]
pub(super) struct Headers {
    fields: HashMap<String, Field>,
    labels: HashMap<String, String>,
    marks: Vec<String>,
}

/// Units of money in headings and cells, with their worth in yuan; longer words first.
pub(super) const MONEY_UNITS: [(&str, f64); 9] = [
    ("亿元", 1e8),
    ("千万元", 1e7),
    ("百万元", 1e6),
    ("十万元", 1e5),
    ("万元", 1e4),
    ("千元", 1e3),
    ("亿", 1e8),
    ("万", 1e4),
    ("元", 1.0),
];

/// A heading taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Heading {
    pub(super) field: Option<Field>,
    pub(super) unit: Option<String>,
    /// The word before a paragraph, where the heading is a program's key.
    pub(super) label: Option<String>,
}

impl Headers {
    /// The table that ships in `corpus/headers.toml`.
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Headers> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let entries: BTreeMap<Field, Entry> =
                toml::from_str(include_str!("../../corpus/headers.toml"))
                    .expect("corpus/headers.toml is compiled in and read by a test");
            Self::new(&entries)
        })
    }

    fn new(entries: &BTreeMap<Field, Entry>) -> Self {
        let mut fields = HashMap::new();
        let mut labels = HashMap::new();
        let mut marks = Vec::new();
        for (&field, entry) in entries {
            if field == Field::Marks {
                marks = entry.aliases.iter().map(|mark| fold(mark)).collect();
                // 必填项 must go before 必填.
                marks.sort_by_key(|mark| std::cmp::Reverse(mark.len()));
                continue;
            }
            for alias in &entry.aliases {
                fields.insert(fold(alias), field);
            }
            for (alias, label) in &entry.labels {
                labels.insert(fold(alias), label.clone());
            }
        }
        Self { fields, labels, marks }
    }

    /// Whether some field has this heading.
    pub(super) fn knows(&self, heading: &str) -> bool {
        self.look_up(heading).field.is_some()
    }

    /// Takes a heading apart. Tried in turn: the whole heading; without marks; without what
    /// stands in brackets; without a unit at its end.
    pub(super) fn look_up(&self, heading: &str) -> Heading {
        // Longer than any heading people write: a sentence, not worth folding.
        const LONGEST: usize = 120;
        if heading.is_empty() || heading.len() > LONGEST {
            return Heading::default();
        }
        let unit = money_unit(heading);
        let whole = fold(heading);
        let mut bare = fold(&without_brackets(heading));
        for mark in &self.marks {
            bare = bare.replace(mark, "");
        }
        let mut candidates = vec![whole.clone(), bare.clone()];
        if let Some(unit) = unit {
            for text in [&whole, &bare] {
                let cut = text.strip_suffix(unit).map(|text| text.trim_end_matches("单位"));
                candidates.extend(cut.map(str::to_owned));
            }
        }
        for candidate in candidates {
            if let Some(&field) = self.fields.get(&candidate) {
                let label = self.labels.get(&candidate).cloned();
                let unit = unit.filter(|_| field == Field::Price).map(str::to_owned);
                return Heading { field: Some(field), unit, label };
            }
        }
        Heading { field: contact_field(&bare), unit: unit.map(str::to_owned), label: None }
    }
}

impl Headers {
    /// A heading within a group: under 单位信息, 名称 means 单位名称. The heading as it stands,
    /// unless the group's word and it together are a known heading.
    pub(super) fn within(&self, group: &str, heading: &str) -> String {
        const TAILS: [&str; 7] = ["基本情况", "基本信息", "情况", "信息", "资料", "概况", "内容"];
        let group = without_brackets(group);
        let group = super::clean::trim(&group);
        let core = TAILS.iter().find_map(|tail| group.strip_suffix(tail)).unwrap_or(group);
        let cores = || [core, group].into_iter().filter(|core| !core.is_empty());
        let joined = cores()
            .map(|core| format!("{core}{heading}"))
            .find(|joined| self.fields.contains_key(&fold(joined)));
        // 需求单位 over 名称 names the 需求单位.
        let is_name = ["名称", "姓名", "全称"].contains(&fold(heading).as_str());
        let named = || {
            let known = |core: &&str| self.fields.contains_key(&fold(core));
            cores().find(known).filter(|_| is_name).map(str::to_owned)
        };
        joined.or_else(named).unwrap_or_else(|| heading.to_owned())
    }
}

/// The contact field of a heading that no alias knows but that speaks of people: forms have too
/// many ways to ask for a telephone number to list them all, and what is not recognised is kept.
fn contact_field(folded: &str) -> Option<Field> {
    const WORDS: [(Field, &[&str]); 4] = [
        (
            Field::Telephone,
            &[
                "电话",
                "手机",
                "座机",
                "传真",
                "微信",
                "联系方式",
                "qq",
                "phone",
                "mobile",
                "fax",
                "wechat",
            ],
        ),
        (Field::Email, &["邮箱", "电邮", "电子邮件", "email"]),
        (Field::Address, &["地址", "邮编", "address"]),
        (
            Field::ContactPerson,
            &[
                "联系人",
                "联络人",
                "对接人",
                "经办人",
                "负责人",
                "法定代表",
                "法人代表",
                "身份证",
                "contact",
                "linkman",
            ],
        ),
    ];
    // Addresses of pages are no addresses of people.
    if ["网址", "网站", "官网", "网页", "url"].iter().any(|word| folded.contains(word)) {
        return None;
    }
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| folded.contains(word)))
        .map(|(field, _)| *field)
}

/// Folds a heading for comparison: compatibility forms, lower case, letters and digits only.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// The unit of money a heading ends in or has in brackets: `投入资金(万元)`, `资金/万元`.
pub(super) fn money_unit(heading: &str) -> Option<&'static str> {
    let folded: String = heading.nfkc().filter(|c| !c.is_whitespace()).collect();
    let ends = folded.trim_end_matches([')', ']', '】', '。', ':', '：']);
    let unit = MONEY_UNITS.iter().map(|(unit, _)| *unit).find(|unit| ends.ends_with(unit))?;
    // A bare 亿, 万 or 元 must be set off: 多元 and 单元 are no prices.
    let before = ends[..ends.len() - unit.len()].chars().next_back();
    let set_off = before.is_none_or(|c| matches!(c, '(' | '[' | '【' | '/' | ':' | ',' | '-'));
    if set_off || (unit.chars().count() >= 2 && unit.ends_with('元')) { Some(unit) } else { None }
}

fn without_brackets(heading: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::new();
    for c in heading.nfkc() {
        match c {
            '(' | '[' | '【' | '〔' | '{' => depth += 1,
            ')' | ']' | '】' | '〕' | '}' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_that_ask_for_people_are_contacts() {
        let field = |heading: &str| Headers::shipped().look_up(heading).field;
        for heading in [
            "技术联系人",
            "经办人",
            "微信号",
            "法定代表人姓名",
            "办公地址",
            "身份证号",
            "contactName",
            "linkman",
            "联系人及电话",
            "项目联系人电话",
            "对接人",
            "单位负责人",
            "联系电话2",
            "E-mail地址",
            "QQ号",
            "传真号码",
            "Contact Name",
            "phone number",
            "注册地址",
        ] {
            assert!(
                field(heading).is_some_and(Field::is_contact),
                "{heading}: {:?}",
                field(heading)
            );
        }
        for heading in ["网址", "官网地址（网址）", "技术需求详情", "完成单位", "投入资金(万元)"]
        {
            assert!(!field(heading).is_some_and(Field::is_contact), "{heading}");
        }
    }

    #[test]
    fn every_alias_belongs_to_one_field_and_every_field_has_aliases() {
        let entries: BTreeMap<Field, Entry> =
            toml::from_str(include_str!("../../corpus/headers.toml")).expect("valid");
        let mut seen: HashMap<String, Field> = HashMap::new();
        for (&field, entry) in &entries {
            assert!(!entry.aliases.is_empty());
            for alias in entry.aliases.iter().chain(entry.labels.keys()) {
                let other = seen.insert(fold(alias), field);
                assert!(
                    other.is_none_or(|other| other == field),
                    "{alias}: {other:?} and {field:?}"
                );
            }
        }
        for (field, name) in Field::NAMED {
            assert!(entries.contains_key(&field), "{name} has no table");
            assert_eq!(Field::named(name), Some(field));
        }
    }

    #[test]
    fn headings_are_found_however_they_are_written() {
        for (heading, field, unit) in [
            ("技术需求名称", Some(Field::Title), None),
            ("＊技术 需求名称（必填）", Some(Field::Title), None),
            ("技术需求名称（不超过30字）", Some(Field::Title), None),
            ("公开（公告）号", Some(Field::PublicationNumber), None),
            ("公开(公告)号", Some(Field::PublicationNumber), None),
            ("ＩＰＣ分类号", Some(Field::Codes), None),
            ("cooperationMethod", Some(Field::Cooperation), None),
            ("APP_NO", Some(Field::ApplicationNumber), None),
            ("投入资金(万元)", Some(Field::Price), Some("万元")),
            ("投入资金/万元", Some(Field::Price), Some("万元")),
            ("投入资金（单位：元）", Some(Field::Price), Some("元")),
            ("序号", Some(Field::Serial), None),
            ("需求编号", Some(Field::Id), None),
            ("领导批示", None, None),
            ("年产值（万元）", None, Some("万元")),
            ("多元", None, None),
        ] {
            let got = Headers::shipped().look_up(heading);
            assert_eq!((got.field, got.unit.as_deref()), (field, unit), "{heading}");
        }
    }
}
