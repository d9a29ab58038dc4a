//! The TREC formats for runs and relevance grades.

use std::collections::BTreeMap;

use crate::model::{Diagnosis, Lang};

/// Grades of judged pairs: query → document → grade. A pair that is not listed is unjudged.
pub type Qrels = BTreeMap<String, BTreeMap<String, i32>>;

/// A ranked run: query → documents, best first.
pub type Run = BTreeMap<String, Vec<String>>;

/// Reads grades: `query 0 document grade` per line, separated by blanks or tabs.
///
/// Blank lines are skipped; a pair listed twice keeps its last grade.
///
/// # Errors
/// [`TrecError`] naming the first line that has other than four fields or a grade that is no
/// integer.
pub fn read_qrels(text: &str) -> Result<Qrels, TrecError> {
    let mut qrels = Qrels::new();
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            [] => {}
            [query, _, document, grade] => {
                let grade = grade.parse().map_err(|_| TrecError::new(at, "grade"))?;
                qrels.entry(query.to_owned()).or_default().insert(document.to_owned(), grade);
            }
            _ => return Err(TrecError::new(at, "four fields")),
        }
    }
    Ok(qrels)
}

/// Reads a run: `query Q0 document rank score tag` per line.
///
/// Documents are ordered by score, highest first; equal scores keep the order of their ranks.
/// (`trec_eval` orders equal scores by document name instead; runs written here have their ties
/// already broken, and the rank says how.)
///
/// # Errors
/// [`TrecError`] naming the first line that has other than six fields, or a rank or score that is
/// no number.
pub fn read_run(text: &str) -> Result<Run, TrecError> {
    let mut scored: BTreeMap<String, Vec<(f64, u64, String)>> = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            [] => {}
            [query, _, document, rank, score, _] => {
                let rank = rank.parse().map_err(|_| TrecError::new(at, "rank"))?;
                let score: f64 = score.parse().map_err(|_| TrecError::new(at, "score"))?;
                if score.is_nan() {
                    return Err(TrecError::new(at, "score"));
                }
                scored.entry(query.to_owned()).or_default().push((
                    score,
                    rank,
                    document.to_owned(),
                ));
            }
            _ => return Err(TrecError::new(at, "six fields")),
        }
    }
    Ok(scored
        .into_iter()
        .map(|(query, mut documents)| {
            documents.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            (query, documents.into_iter().map(|(_, _, document)| document).collect())
        })
        .collect())
}

/// A line of a run or of grades that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}")]
pub struct TrecError {
    /// Line, from 1.
    pub line: usize,
    /// What should have been there.
    pub expected: &'static str,
}

impl TrecError {
    const fn new(at: usize, expected: &'static str) -> Self {
        Self { line: at + 1, expected }
    }
}

impl Diagnosis for TrecError {
    fn code(&self) -> &'static str {
        "trec.syntax"
    }

    fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => format!("第 {} 行读不懂：此处应为 {}", self.line, self.expected),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        lang.pick(
            "评分文件每行：查询 0 文档 等级；排名文件每行：查询 Q0 文档 名次 分数 标签",
            "grades: `query 0 document grade`; runs: `query Q0 document rank score tag`",
        )
        .to_owned()
    }
}
