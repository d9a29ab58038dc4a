//! The grades, and the rows that they speak of.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::EvaluateError;
use crate::evaluation::{Missing, Qrels, read_qrels, relevant_grade};
use crate::model::{Record, Side};
use crate::pipeline::output::{sha256, trec_id};

/// Ids that are named of those that were not found.
const SHOWN: usize = 5;

/// A query of the grades that the asking list holds.
pub(super) struct Asked {
    /// As the grades write it.
    pub query: String,
    /// Its row.
    pub row: u32,
    /// Grade of each graded document that the other list holds.
    pub grades: HashMap<u32, i32>,
    /// All grades of the query, found or not.
    pub all: Vec<i32>,
}

impl Asked {
    /// Whether there is anything to find.
    pub(super) fn is_measured(&self) -> bool {
        self.all.iter().any(|&grade| grade > 0)
    }
}

/// Grades as read, with where they come from.
pub(super) struct GradeFiles {
    pub qrels: Qrels,
    /// Name and digest of each file.
    pub files: Vec<(String, String)>,
}

/// Reads the files of grades.
///
/// # Errors
/// [`EvaluateError::Unreadable`], [`EvaluateError::Syntax`], and [`EvaluateError::NoGrades`].
pub(super) fn read_grades(paths: &[PathBuf]) -> Result<GradeFiles, EvaluateError> {
    let mut qrels = Qrels::new();
    let mut files = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(path)
            .map_err(|source| EvaluateError::Unreadable { path: path.clone(), source })?;
        let own = read_qrels(&text)
            .map_err(|source| EvaluateError::Syntax { path: path.clone(), source })?;
        for (query, grades) in own {
            qrels.entry(query).or_default().extend(grades);
        }
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        files.push((name, sha256(&text)));
    }
    if qrels.is_empty() {
        return Err(EvaluateError::NoGrades);
    }
    Ok(GradeFiles { qrels, files })
}

/// The grades matched with the rows of the lists.
pub(super) struct Matched {
    /// Queries in the order of their names.
    pub asked: Vec<Asked>,
    pub n_pairs: usize,
    pub relevant_from: i32,
    pub missing_queries: Missing,
    pub missing_documents: Missing,
}

impl Matched {
    /// Whether no asked query has a grade that is not positive.
    pub(super) fn only_positive(&self) -> bool {
        self.asked.iter().flat_map(|asked| &asked.all).all(|&grade| grade > 0)
    }
}

/// Finds the queries and documents of the grades among the records.
///
/// Ids are compared as imported, in the form in which rankings write them (blanks encoded). A
/// record's grade for itself, by `own` (asker's row → its row among the answers), is left out.
///
/// # Errors
/// [`EvaluateError::NoCommonQuery`] when not one query is found, [`EvaluateError::NothingPositive`]
/// when no found query has a positive grade.
pub(super) fn match_grades(
    qrels: &Qrels,
    (asker, askers): (Side, &[Record]),
    answers: &[Record],
    own: &HashMap<u32, u32>,
    relevant_from: Option<i32>,
) -> Result<Matched, EvaluateError> {
    let ids = |records: &[Record]| -> HashMap<String, u32> {
        records.iter().zip(0..).map(|(r, row)| (trec_id(r.id.as_str()).into_owned(), row)).collect()
    };
    let (of_askers, of_answers) = (ids(askers), ids(answers));
    let mut asked = Vec::new();
    let mut lost_queries: BTreeSet<&str> = BTreeSet::new();
    let mut lost_documents: BTreeSet<&str> = BTreeSet::new();
    for (query, grades) in qrels {
        let Some(&row) = of_askers.get(query) else {
            lost_queries.insert(query);
            continue;
        };
        let mut found = HashMap::new();
        let mut all = Vec::new();
        for (document, &grade) in grades {
            let answer = of_answers.get(document);
            if answer.is_some() && own.get(&row) == answer {
                continue;
            }
            all.push(grade);
            match answer {
                Some(&answer) => drop(found.insert(answer, grade)),
                None => drop(lost_documents.insert(document)),
            }
        }
        // A query of which no grade is left has nothing to be measured by.
        if !all.is_empty() {
            asked.push(Asked { query: query.clone(), row, grades: found, all });
        }
    }
    if asked.is_empty() {
        return Err(EvaluateError::NoCommonQuery {
            n: qrels.len(),
            side: asker,
            wanted: qrels.keys().next().cloned().unwrap_or_default(),
            known: askers.first().map(|r| trec_id(r.id.as_str()).into_owned()).unwrap_or_default(),
            reversed: qrels.iter().any(|(query, grades)| {
                of_answers.contains_key(query) && grades.keys().any(|d| of_askers.contains_key(d))
            }),
        });
    }
    if !asked.iter().any(Asked::is_measured) {
        return Err(EvaluateError::NothingPositive);
    }
    let all = qrels.values().flat_map(|grades| grades.values().copied());
    Ok(Matched {
        relevant_from: relevant_from.unwrap_or_else(|| relevant_grade(all)),
        n_pairs: qrels.values().map(|grades| grades.len()).sum(),
        missing_queries: missing(&lost_queries),
        missing_documents: missing(&lost_documents),
        asked,
    })
}

fn missing(ids: &BTreeSet<&str>) -> Missing {
    Missing { n: ids.len(), first: ids.iter().take(SHOWN).map(|&id| id.to_owned()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordId, SourceRef};

    fn records(side: Side, ids: &[&str]) -> Vec<Record> {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        ids.iter()
            .map(|id| Record::new(side, RecordId((*id).to_owned()), String::new(), source.clone()))
            .collect()
    }

    #[test]
    fn what_is_not_found_is_counted() {
        let qrels = read_qrels("a%20b 0 s1 2\na%20b 0 s9 1\nd2 0 s1 0\nd9 0 s1 3\n").expect("good");
        let demands = records(Side::Demand, &["a b", "d2"]);
        let supplies = records(Side::Supply, &["s0", "s1"]);
        let found =
            match_grades(&qrels, (Side::Demand, &demands), &supplies, &HashMap::new(), None)
                .expect("good");
        assert_eq!(found.asked.len(), 2);
        let first = &found.asked[0];
        assert_eq!((first.query.as_str(), first.row, first.grades.get(&1)), ("a%20b", 0, Some(&2)));
        assert_eq!(first.all.len(), 2, "a grade of a document that is not there still counts");
        assert_eq!(found.missing_queries, Missing { n: 1, first: vec!["d9".to_owned()] });
        assert_eq!(found.missing_documents, Missing { n: 1, first: vec!["s9".to_owned()] });
        assert_eq!((found.relevant_from, found.n_pairs), (2, 4));
        assert!(first.is_measured() && !found.asked[1].is_measured());
    }

    #[test]
    fn a_record_is_not_graded_for_itself() {
        let qrels = read_qrels("a 0 a 3\na 0 b 1\nb 0 b 3\n").expect("good");
        let records = records(Side::Demand, &["a", "b"]);
        let own = HashMap::from([(0, 0), (1, 1)]);
        let found =
            match_grades(&qrels, (Side::Demand, &records), &records, &own, None).expect("good");
        assert_eq!(found.asked.len(), 1, "b is graded for itself alone");
        assert_eq!(found.asked[0].all, [1]);
        assert_eq!(found.asked[0].grades, HashMap::from([(1, 1)]));
    }

    #[test]
    fn swapped_lists_are_told_apart_from_wrong_ids() {
        let qrels = read_qrels("s1 0 d1 2\n").expect("good");
        let demands = records(Side::Demand, &["d1"]);
        let supplies = records(Side::Supply, &["s1"]);
        let none = HashMap::new();
        let call =
            |qrels: &Qrels| match_grades(qrels, (Side::Demand, &demands), &supplies, &none, None);
        assert!(matches!(call(&qrels), Err(EvaluateError::NoCommonQuery { reversed: true, .. })));
        let qrels = read_qrels("x 0 d1 2\n").expect("good");
        assert!(matches!(call(&qrels), Err(EvaluateError::NoCommonQuery { reversed: false, .. })));
        let qrels = read_qrels("d1 0 s1 0\n").expect("good");
        assert!(matches!(call(&qrels), Err(EvaluateError::NothingPositive)));
    }
}
