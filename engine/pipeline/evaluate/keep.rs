//! Which records take part, and which of them stand in both lists.

use std::collections::{HashMap, HashSet};

use super::{EvaluateError, Keep};
use crate::model::{Intake, Record, Side};

/// Leaves the records that satisfy every condition on their side.
///
/// # Errors
/// [`EvaluateError::UnknownKeep`] when no record of the side has the field, or, for a condition on
/// both sides, none of either; [`EvaluateError::NothingKept`] when a side is left empty.
pub(super) fn keep(
    demands: &mut Vec<Record>,
    supplies: &mut Vec<Record>,
    conditions: &[Keep],
) -> Result<(), EvaluateError> {
    for condition in conditions {
        let applies = |side| condition.side.is_none_or(|only| only == side);
        let knows =
            |records: &[Record]| records.iter().any(|r| values(r, &condition.field).is_some());
        let known = [
            (Side::Demand, applies(Side::Demand) && knows(demands)),
            (Side::Supply, applies(Side::Supply) && knows(supplies)),
        ];
        if !known.iter().any(|(_, knows)| *knows) {
            return Err(EvaluateError::UnknownKeep {
                side: condition.side.unwrap_or(Side::Demand),
                field: condition.field.clone(),
            });
        }
        for (side, knows) in known {
            // A condition for both sides may name a column that one of them lacks.
            if !knows {
                continue;
            }
            let records = if side == Side::Demand { &mut *demands } else { &mut *supplies };
            let n = records.len();
            records.retain(|record| {
                let values = values(record, &condition.field).unwrap_or_default();
                values.iter().any(|value| condition.pattern.is_match(value))
            });
            if records.is_empty() {
                return Err(EvaluateError::NothingKept { side, n });
            }
        }
    }
    Ok(())
}

/// The values of a field of a record; `None` where it has no such field or it is unknown.
fn values(record: &Record, field: &str) -> Option<Vec<String>> {
    let one = |text: &str| (!text.is_empty()).then(|| vec![text.to_owned()]);
    let some = |text: &Option<String>| text.as_deref().and_then(one);
    let many = |list: Vec<String>| (!list.is_empty()).then_some(list);
    match field {
        "id" => one(record.id.as_str()),
        "title" => one(&record.title),
        "body" | "description" => one(&record.body),
        "keywords" => many(record.keywords.clone()),
        "classification" => many(record.classification.iter().map(|p| p.join("-")).collect()),
        "codes" => many(record.codes.clone()),
        "organization" => some(&record.organization),
        "region" => some(&record.region),
        "maturity" => some(&record.maturity_stated),
        "ip_status" => some(&record.ip_status),
        heading => many(
            record
                .extra
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(heading))
                .map(|(_, text)| text.clone())
                .collect(),
        ),
    }
}

/// Rows of demands that are rows of supplies too, because one file was given on both sides:
/// demand → supply. A record is never its own answer.
pub(super) fn own_answers(
    demands: (&[Record], &Intake),
    supplies: (&[Record], &Intake),
) -> HashMap<u32, u32> {
    let files = |intake: &Intake| -> HashSet<(String, String)> {
        intake.tables.iter().map(|table| (table.file.clone(), table.sha256.clone())).collect()
    };
    let (of_demands, of_supplies) = (files(demands.1), files(supplies.1));
    let shared: HashSet<&str> =
        of_demands.intersection(&of_supplies).map(|(file, _)| file.as_str()).collect();
    if shared.is_empty() {
        return HashMap::new();
    }
    let place = |record: &Record| {
        (record.source.file.clone(), record.source.sheet.clone(), record.source.row)
    };
    let rows: HashMap<_, u32> =
        supplies.0.iter().zip(0..).map(|(record, row)| (place(record), row)).collect();
    (0..)
        .zip(demands.0)
        .filter(|(_, record)| shared.contains(record.source.file.as_str()))
        .filter_map(|(row, record): (u32, _)| Some((row, *rows.get(&place(record))?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, SourceRef};

    fn record(side: Side, id: &str, organization: Option<&str>) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let mut record = Record::new(side, RecordId(id.to_owned()), String::new(), source);
        record.organization = organization.map(str::to_owned);
        record.extra = vec![("Level".to_owned(), "group".to_owned())];
        record
    }

    fn ids(records: &[Record]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn conditions_concern_the_side_that_they_name() {
        let mut demands = vec![record(Side::Demand, "a", Some("一厂"))];
        let mut supplies = vec![
            record(Side::Supply, "b", Some("某大学")),
            record(Side::Supply, "c", Some("二厂")),
            record(Side::Supply, "d", None),
        ];
        let conditions = ["supply:organization~大学|学院", "level~^group$"]
            .map(|text| text.parse().expect("well-formed"));
        keep(&mut demands, &mut supplies, &conditions).expect("something is left");
        assert_eq!((ids(&demands), ids(&supplies)), (vec!["a"], vec!["b"]));
    }

    #[test]
    fn a_condition_that_fits_nothing_is_an_error() {
        let call = |text: &str| {
            let mut demands = vec![record(Side::Demand, "a", None)];
            let mut supplies = vec![record(Side::Supply, "b", Some("某大学"))];
            keep(&mut demands, &mut supplies, &[text.parse().expect("well-formed")])
        };
        assert!(matches!(call("color~red"), Err(EvaluateError::UnknownKeep { .. })));
        assert!(matches!(
            call("demand:organization~大学"),
            Err(EvaluateError::UnknownKeep { side: Side::Demand, .. })
        ));
        assert!(matches!(
            call("supply:id~^x$"),
            Err(EvaluateError::NothingKept { side: Side::Supply, n: 1 })
        ));
    }
}
