//! One patent of Lens.org's JSON, with the headings of its CSV export.

use serde_json::{Map, Value};

use super::table::Cell;

/// Whether an object is a patent of Lens.
pub(super) fn is_patent(members: &[(String, Value)]) -> bool {
    let has = |key: &str| members.iter().any(|(held, _)| held == key);
    has("lens_id") && (has("biblio") || has("doc_number"))
}

/// Headings and cells of a patent. What no heading takes (citations, agents, the calculation log of
/// the legal status) is left out: it says nothing about the technology.
pub(super) fn flatten(members: Vec<(String, Value)>) -> Vec<(String, Cell)> {
    let patent = Value::Object(members.into_iter().collect::<Map<_, _>>());
    let biblio = &patent["biblio"];
    let application = &biblio["application_reference"];
    let mut cells: Vec<(String, Cell)> = Vec::new();
    let mut put = |heading: &str, text: String| {
        if !text.is_empty() {
            cells.push((heading.to_owned(), Cell::Text(text)));
        }
    };
    put("Lens ID", string(&patent["lens_id"]));
    put("Jurisdiction", string(&patent["jurisdiction"]));
    put("Kind", string(&patent["kind"]));
    put("Display Key", reference(&patent));
    put("Publication Date", string(&patent["date_published"]));
    put("Application Number", reference(application));
    put("Application Date", string(&application["date"]));
    put("Priority Numbers", listed(&biblio["priority_claims"]["claims"], reference));
    let (title, other) = by_language(&biblio["invention_title"]);
    put("Title", title);
    put("Title (other)", other);
    let (text, other) = by_language(&patent["abstract"]);
    put("Abstract", text);
    put("Abstract (other)", other);
    let parties = &biblio["parties"];
    let name = |party: &Value| string(&party["extracted_name"]["value"]);
    put("Applicants", listed(&parties["applicants"], name));
    put("Inventors", listed(&parties["inventors"], name));
    put("Owners", listed(&parties["owners_all"], name));
    let symbols =
        |scheme: &str| listed(&biblio[scheme]["classifications"], |found| string(&found["symbol"]));
    put("CPC Classification", symbols("classifications_cpc"));
    put("IPCR Classification", symbols("classifications_ipcr"));
    put("Document Type", string(&patent["publication_type"]));
    put(
        "Simple Family",
        listed(&patent["families"]["simple_family"]["members"], |member| {
            reference(&member["document_id"])
        }),
    );
    let legal = &patent["legal_status"];
    put("Legal Status", string(&legal["patent_status"]));
    put("Legal Status Date", legal_date(legal));
    put("Claims", first_claim(&patent["claims"]));
    cells
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Jurisdiction, number and kind of a document as far as they are given: `CN 101 A`, as Lens itself
/// shows it.
fn reference(document: &Value) -> String {
    let parts = ["jurisdiction", "doc_number", "kind"].map(|key| string(&document[key]));
    if parts[1].is_empty() {
        return String::new();
    }
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    filled.join(" ")
}

fn listed(values: &Value, text: impl Fn(&Value) -> String) -> String {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<String> = values.iter().map(text).filter(|text| !text.is_empty()).collect();
    texts.join(";;")
}

/// The Chinese text, else the English one, else the first; and the next best beside it.
fn by_language(values: &Value) -> (String, String) {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut texts: Vec<(u8, String)> = values
        .iter()
        .map(|value| {
            let rank = match value["lang"].as_str() {
                Some("zh") => 0,
                Some("en") => 1,
                _ => 2,
            };
            (rank, string(&value["text"]))
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    texts.sort_by_key(|(rank, _)| *rank);
    let mut texts = texts.into_iter().map(|(_, text)| text);
    (texts.next().unwrap_or_default(), texts.next().unwrap_or_default())
}

/// The day from which the status holds: of the end, for what has ended, else of the grant.
fn legal_date(legal: &Value) -> String {
    let status = string(&legal["patent_status"]).to_lowercase();
    let ended = ["discontinued", "expired", "inactive", "withdrawn"];
    let days: &[&str] = if ended.iter().any(|word| status.contains(word)) {
        &["discontinuation_date", "anticipated_term_date"]
    } else {
        &["grant_date"]
    };
    days.iter().map(|day| string(&legal[*day])).find(|day| !day.is_empty()).unwrap_or_default()
}

/// The first claim in the first language; a patent's scope is in it.
fn first_claim(claims: &Value) -> String {
    let texts = claims[0]["claims"][0]["claim_text"].as_array().map(Vec::as_slice);
    let texts = texts.unwrap_or_default();
    texts.iter().map(string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patent_becomes_cells_under_the_headings_of_the_csv() {
        let line = r#"{"lens_id":"000-001","jurisdiction":"CN","doc_number":"209900001","kind":"A",
            "biblio":{"application_reference":{"jurisdiction":"CN","doc_number":"209910000001","date":"2099-01-05"},
              "invention_title":[{"text":"Coating","lang":"en"},{"text":"涂层","lang":"zh"}],
              "parties":{"applicants":[{"extracted_name":{"value":"示例大学"}}]},
              "classifications_cpc":{"classifications":[{"symbol":"C23C4/10"},{"symbol":"C23C4/134"}]}},
            "legal_status":{"patent_status":"Active","grant_date":"2099-06-01"},
            "families":{"simple_family":{"members":[{"document_id":{"jurisdiction":"US","doc_number":"1","kind":"B2"}}]}}}"#;
        let value: Value = serde_json::from_str(line).expect("json");
        let Value::Object(object) = value else { panic!("an object") };
        let members: Vec<_> = object.into_iter().collect();
        assert!(is_patent(&members));
        let cells = flatten(members);
        let text = |heading: &str| {
            let found = cells.iter().find(|(held, _)| held == heading);
            found.map(|(_, cell)| cell.text()).unwrap_or_default()
        };
        assert_eq!(text("Display Key"), "CN 209900001 A");
        assert_eq!((text("Title"), text("Title (other)")), ("涂层".into(), "Coating".into()));
        assert_eq!(text("CPC Classification"), "C23C4/10;;C23C4/134");
        assert_eq!(text("Legal Status Date"), "2099-06-01");
        assert_eq!(text("Simple Family"), "US 1 B2");
    }

    #[test]
    fn anything_else_in_the_place_of_a_value_is_passed_over() {
        let members = vec![
            ("lens_id".to_owned(), Value::from(1)),
            ("biblio".to_owned(), serde_json::json!([1, {"a": null}])),
            ("claims".to_owned(), Value::from("x")),
        ];
        assert!(flatten(members).is_empty());
    }
}
