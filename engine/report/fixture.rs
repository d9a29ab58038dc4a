//! Small records for the tests beside the code.

use crate::model::{Record, RecordId, Side, SourceRef};

/// A public record of nothing but a title and a body.
pub(super) fn record(side: Side, row: u32, title: &str, body: &str) -> Record {
    let id = RecordId(format!("{side:?}-{row}"));
    let number = format!("{}-2020-{:04}", if side == Side::Demand { "XQ" } else { "GJ" }, row + 1);
    let source = SourceRef { file: "lists.xlsx".to_owned(), sheet: None, row: row + 2 };
    Record {
        title: title.to_owned(),
        body: body.to_owned(),
        ..Record::new(side, id, number, source)
    }
}
