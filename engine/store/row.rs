//! A record's serialised form in the store, and the hash of what it says.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::model::{
    Contact, Contradiction, CooperationMode, LegalStatus, Maturity, Price, Record, RecordId, Side,
    SourceRef, Supplement, SupplyKind, Visibility,
};

/// What a list says of a record, contacts and places aside.
///
/// Fields that are unknown are left out, so that a field which a later program adds does not
/// change the text, and with it the hash, of records that do not have it.
#[derive(Serialize, Deserialize)]
struct Says {
    title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    classification: Vec<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cooperation: Vec<CooperationMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maturity: Option<Maturity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maturity_stated: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supply_kind: Option<SupplyKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal_status: Option<LegalStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<Amount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Date>,
    #[serde(default, skip_serializing_if = "is_public")]
    visibility: Visibility,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extra: Vec<(String, String)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_public(visibility: &Visibility) -> bool {
    *visibility == Visibility::Public
}

/// A price; numbers as their shortest decimals, which are read back to the same bits.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Amount {
    Negotiable,
    Yuan(String),
    YuanRange(String, String),
}

/// What the program drew from the texts when the row was taken in; no part of the hash.
#[derive(Default, Serialize, Deserialize)]
struct Drawn {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supplements: Vec<Supplement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<Contradiction>,
}

/// A row on its way into the store.
#[derive(Serialize, Deserialize)]
pub(super) struct Incoming {
    pub(super) given_id: String,
    pub(super) source: SourceRef,
    /// Year by which a new record is numbered; `None` where the row has no date.
    pub(super) year: Option<i16>,
    pub(super) title: String,
    pub(super) organization: Option<String>,
    /// Text of a column of credit codes, unverified.
    pub(super) credit_code: Option<String>,
    /// SHA-256 of all that the row says, contacts included.
    pub(super) content: [u8; 32],
    pub(super) says: String,
    pub(super) drawn: Option<String>,
    /// Person, telephone, email, address.
    pub(super) contact: [Option<String>; 4],
}

impl Incoming {
    pub(super) fn of(record: &Record) -> Self {
        let says = serde_json::to_string(&Says::of(record)).expect("its keys are texts");
        let nothing_drawn = record.supplements.is_empty() && record.contradictions.is_empty();
        let drawn = (!nothing_drawn).then(|| {
            let drawn = Drawn {
                supplements: record.supplements.clone(),
                contradictions: record.contradictions.clone(),
            };
            serde_json::to_string(&drawn).expect("its keys are texts")
        });
        let Contact { person, telephone, email, address } = record.contact.clone();
        let contact = [person, telephone, email, address];
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&says);
        for field in &contact {
            add(field.as_deref().unwrap_or_default());
        }
        Self {
            given_id: record.id.0.clone(),
            source: record.source.clone(),
            year: record.posted_on.or(record.valid_from).map(Date::year),
            title: record.title.clone(),
            organization: record.organization.clone(),
            credit_code: credit_code(&record.extra),
            content: hasher.finalize().into(),
            says,
            drawn,
            contact,
        }
    }

    /// Bytes of text that will be written.
    pub(super) fn n_bytes(&self) -> usize {
        self.says.len() + self.drawn.as_ref().map_or(0, String::len)
    }
}

fn credit_code(extra: &[(String, String)]) -> Option<String> {
    extra.iter().find(|(heading, _)| heading.contains("信用代码")).map(|(_, text)| text.clone())
}

impl Says {
    fn of(record: &Record) -> Self {
        let record = record.clone();
        Self {
            title: record.title,
            body: record.body,
            keywords: record.keywords,
            classification: record.classification,
            codes: record.codes,
            organization: record.organization,
            region: record.region,
            cooperation: record.cooperation,
            maturity: record.maturity,
            maturity_stated: record.maturity_stated,
            supply_kind: record.supply_kind,
            ip_status: record.ip_status,
            legal_status: record.legal_status,
            price: record.price.map(|price| match price {
                Price::Negotiable => Amount::Negotiable,
                Price::Yuan(yuan) => Amount::Yuan(yuan.to_string()),
                Price::YuanRange(low, high) => Amount::YuanRange(low.to_string(), high.to_string()),
            }),
            posted_on: record.posted_on,
            valid_from: record.valid_from,
            valid_until: record.valid_until,
            visibility: record.visibility,
            extra: record.extra,
        }
    }
}

/// Makes a record of its stored parts. Its contact is empty, and it stands in no group of
/// near-duplicates: groups are numbered within the lists that are matched together.
pub(super) fn record(
    side: Side,
    id: RecordId,
    number: String,
    source: SourceRef,
    says: &str,
    drawn: Option<&str>,
) -> Result<Record, StoreError> {
    let damaged = |error: serde_json::Error| {
        StoreError::damaged(format!("the stored text of record {id}: {error}"))
    };
    let says: Says = serde_json::from_str(says).map_err(damaged)?;
    let drawn: Drawn =
        drawn.map(serde_json::from_str).transpose().map_err(damaged)?.unwrap_or_default();
    let number_of = |text: &str| {
        text.parse::<f64>()
            .map_err(|error| StoreError::damaged(format!("the price of record {id}: {error}")))
    };
    let price = match &says.price {
        None => None,
        Some(Amount::Negotiable) => Some(Price::Negotiable),
        Some(Amount::Yuan(yuan)) => Some(Price::Yuan(number_of(yuan)?)),
        Some(Amount::YuanRange(low, high)) => {
            Some(Price::YuanRange(number_of(low)?, number_of(high)?))
        }
    };
    Ok(Record {
        side,
        id,
        number,
        title: says.title,
        body: says.body,
        keywords: says.keywords,
        classification: says.classification,
        codes: says.codes,
        organization: says.organization,
        region: says.region,
        cooperation: says.cooperation,
        maturity: says.maturity,
        maturity_stated: says.maturity_stated,
        supply_kind: says.supply_kind,
        ip_status: says.ip_status,
        legal_status: says.legal_status,
        price,
        posted_on: says.posted_on,
        valid_from: says.valid_from,
        valid_until: says.valid_until,
        visibility: says.visibility,
        contact: Contact::default(),
        source,
        duplicate_group: None,
        extra: says.extra,
        supplements: drawn.supplements,
        contradictions: drawn.contradictions,
    })
}

/// A side as it is stored.
pub(super) const fn side_code(side: Side) -> i64 {
    match side {
        Side::Demand => 0,
        Side::Supply => 1,
    }
}

/// A stored side.
pub(super) fn side_of(code: i64) -> Result<Side, StoreError> {
    match code {
        0 => Ok(Side::Demand),
        1 => Ok(Side::Supply),
        other => Err(StoreError::damaged(format!("a side {other}"))),
    }
}

/// 64 hexadecimal digits as 32 bytes.
pub(super) fn hash_of(hex: &str) -> Result<[u8; 32], StoreError> {
    let bad = || StoreError::BadEntry {
        field: "sha256",
        value: hex.to_owned(),
        why: "it is not 64 hexadecimal digits",
    };
    let mut bytes = [0_u8; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return Err(bad());
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).map_err(|_| bad())?;
    }
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The word by which a value of a closed vocabulary is stored.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("a plain variant is written as a text, not as {other:?}"),
    }
}

/// The value that a stored word stands for.
pub(super) fn of_word<T: serde::de::DeserializeOwned>(word: String) -> Result<T, StoreError> {
    let text = serde_json::Value::String(word);
    serde_json::from_value(text).map_err(|error| StoreError::damaged(error.to_string()))
}
