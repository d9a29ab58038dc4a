//! Addresses of pages, with whatever ids and words stand in them.

use serde::Serialize;

use crate::model::{RecordId, Side};
use crate::pipeline::{Filters, Query};

/// A text as a segment of a path or a value of a query: all but the unreserved characters of RFC
/// 3986 (2.3) as percent and two digits.
#[must_use]
pub fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

/// The word of a closed vocabulary, as it is serialised.
pub(super) fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The page of a record.
pub(super) fn record(side: Side, id: &RecordId) -> String {
    let folder = match side {
        Side::Demand => "demands",
        Side::Supply => "supplies",
    };
    format!("/{folder}/{}", encode(id.as_str()))
}

/// A page about a pair: `/pairs` or `/proposal`.
pub(super) fn pair(page: &str, demand: &RecordId, supply: &RecordId) -> String {
    format!("{page}?demand={}&supply={}", encode(demand.as_str()), encode(supply.as_str()))
}

/// The address of a search: `path` with what is asked for, and the place after which the page
/// begins. What asks for nothing is left out.
#[must_use]
pub fn search_address(path: &str, query: &Query, after: Option<&str>) -> String {
    let Filters { field, region, maturity, cooperation, owner, posted_from, posted_until } =
        &query.filters;
    let day = |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string());
    let values = [
        ("side", Some(word(query.side))),
        ("q", Some(query.text.clone())),
        ("field", field.clone()),
        ("region", region.clone()),
        ("maturity", maturity.map(word)),
        ("cooperation", cooperation.map(word)),
        ("owner", owner.clone()),
        ("from", day(posted_from)),
        ("until", day(posted_until)),
        ("after", after.map(str::to_owned)),
    ];
    let given: Vec<String> = values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .map(|(name, value)| format!("{name}={}", encode(&value)))
        .collect();
    format!("{path}?{}", given.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Maturity;

    #[test]
    fn nothing_of_an_id_can_leave_its_place() {
        assert_eq!(encode("a/b?c=d&e#f%"), "a%2Fb%3Fc%3Dd%26e%23f%25");
        assert_eq!(encode("XQ-2020_0.1~"), "XQ-2020_0.1~");
        assert_eq!(encode("衬"), "%E8%A1%AC");
        let id = RecordId("../x\"<".to_owned());
        assert_eq!(record(Side::Supply, &id), "/supplies/..%2Fx%22%3C");
    }

    #[test]
    fn a_search_says_only_what_it_asks() {
        let mut query = Query {
            side: Side::Supply,
            text: "SiC 衬底".to_owned(),
            filters: Filters::default(),
            limit: 20,
            after: None,
        };
        assert_eq!(
            search_address("/search", &query, None),
            "/search?side=supply&q=SiC%20%E8%A1%AC%E5%BA%95"
        );
        query.text.clear();
        query.filters.maturity = Some(Maturity::PilotTested);
        assert_eq!(
            search_address("/search", &query, Some("1.x")),
            "/search?side=supply&maturity=pilot_tested&after=1.x"
        );
    }
}
