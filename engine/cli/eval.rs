//! `duijie eval`: a ranking measured against graded pairs, with BM25 beside it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::arguments::EvalArguments;
use super::outcome::Failure;
use super::{CommandResult, table};
use crate::evaluation::{RankingMeasures, TrecError, evaluate, read_qrels, read_run};
use crate::model::{Diagnosis, Lang};

pub(super) fn run(arguments: &EvalArguments, lang: Lang) -> CommandResult {
    let qrels = read(&arguments.qrels, read_qrels)?;
    let measure = |path: &Path| {
        read(path, read_run).map(|run| evaluate(&run, &qrels, arguments.relevant_from))
    };
    let mut lines = Vec::new();
    if let Some(path) = arguments.baseline.clone().or_else(|| bm25_beside(&arguments.run)) {
        lines.push(("BM25".to_owned(), measure(&path)?));
    }
    lines.push(("duijie".to_owned(), measure(&arguments.run)?));
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let value: serde_json::Map<String, serde_json::Value> = lines
            .iter()
            .map(|(name, m)| {
                (name.clone(), json!({ "queries": m.n_queries, "measures": m.by_name() }))
            })
            .collect();
        writeln!(out, "{}", serde_json::Value::Object(value))?;
        return Ok(());
    }
    write!(out, "{}", as_table(&lines, lang))?;
    Ok(())
}

fn as_table(lines: &[(String, RankingMeasures)], lang: Lang) -> String {
    let mut rows = vec![vec![String::new(), lang.pick("查询数", "queries").to_owned()]];
    rows[0].extend(RankingMeasures::default().by_name().keys().map(ToString::to_string));
    for (name, measures) in lines {
        let mut row = vec![name.clone(), measures.n_queries.to_string()];
        row.extend(measures.by_name().values().map(|value| format!("{value:.3}")));
        rows.push(row);
    }
    table::lines_up(&rows)
}

/// The BM25 ranking that `match` writes beside `run`, if it is there.
fn bm25_beside(run: &Path) -> Option<PathBuf> {
    let name = run.file_name()?.to_str()?;
    let beside = run.with_file_name(name.replace(".trec", ".bm25.trec"));
    (beside != run && beside.is_file()).then_some(beside)
}

fn read<T>(path: &Path, parse: impl Fn(&str) -> Result<T, TrecError>) -> Result<T, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|source| Failure::Input(Box::new(InFile::Unreadable(path.to_owned(), source))))?;
    parse(&text).map_err(|error| Failure::Input(Box::new(InFile::Syntax(path.to_owned(), error))))
}

/// An error together with the file it is in.
#[derive(Debug, thiserror::Error)]
enum InFile {
    #[error("cannot read {}: {_1}", _0.display())]
    Unreadable(PathBuf, std::io::Error),
    #[error("{}: {_1}", _0.display())]
    Syntax(PathBuf, TrecError),
}

impl Diagnosis for InFile {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(..) => "eval.unreadable",
            Self::Syntax(_, error) => error.code(),
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::Zh, Self::Unreadable(path, error)) => {
                format!("读不了 {}：{error}", path.display())
            }
            (Lang::Zh, Self::Syntax(path, error)) => {
                format!("{}：{}", path.display(), error.message(lang))
            }
            _ => self.to_string(),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        match self {
            Self::Unreadable(..) => lang.pick("检查路径", "check the path").to_owned(),
            Self::Syntax(_, error) => error.remedy(lang),
        }
    }
}
