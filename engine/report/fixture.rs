//! Small records for the tests beside the code.

use crate::model::{Contact, Record, RecordId, Side, SourceRef, Visibility};

/// A public record of nothing but a title and a body.
pub(super) fn record(side: Side, row: u32, title: &str, body: &str) -> Record {
    Record {
        side,
        id: RecordId(format!("{side:?}-{row}")),
        number: format!("{}-2020-{:04}", if side == Side::Demand { "XQ" } else { "GJ" }, row + 1),
        title: title.to_owned(),
        body: body.to_owned(),
        keywords: Vec::new(),
        classification: Vec::new(),
        codes: Vec::new(),
        organization: None,
        region: None,
        cooperation: Vec::new(),
        maturity: None,
        supply_kind: None,
        ip_status: None,
        price: None,
        posted_on: None,
        valid_from: None,
        valid_until: None,
        visibility: Visibility::Public,
        contact: Contact::default(),
        source: SourceRef { file: "lists.xlsx".to_owned(), sheet: None, row: row + 2 },
        duplicate_group: None,
        extra: Vec::new(),
    }
}
