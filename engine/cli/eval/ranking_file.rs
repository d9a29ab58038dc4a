//! `duijie eval --run`: a ready-made ranking measured against graded pairs, with BM25 beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::arguments::EvalArguments;
use super::super::outcome::Failure;
use super::super::{CommandResult, table};
use crate::evaluation::{
    Interval, Measure, Qrels, QueryMeasures, TrecError, bootstrap_mean, mean_of, measure_queries,
    randomisation_p, read_qrels, read_run, relevant_grade,
};
use crate::model::{Diagnosis, Lang};
use crate::pipeline::{EvaluateError, PipelineError, SEED};

/// One measured ranking.
struct Line {
    name: String,
    queries: Vec<QueryMeasures>,
}

impl Line {
    /// Per-query values of the measure that claims are made with.
    fn judged(&self) -> Vec<f64> {
        self.queries.iter().map(|query| query.ndcg_10_judged).collect()
    }

    fn interval(&self, of: impl Fn(&QueryMeasures) -> f64) -> Option<Interval> {
        bootstrap_mean(&self.queries.iter().map(of).collect::<Vec<_>>(), SEED)
    }
}

/// The difference between the run and the baseline in nDCG@10 of judged documents, query by query.
struct Difference {
    interval: Interval,
    p: f64,
}

impl Difference {
    fn between(run: &Line, baseline: &Line) -> Option<Self> {
        let (a, b) = (run.judged(), baseline.judged());
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        let interval = bootstrap_mean(&differences, SEED)?;
        Some(Self { interval, p: randomisation_p(&a, &b, SEED)? })
    }
}

pub(super) fn run(ranking: &Path, arguments: &EvalArguments, lang: Lang) -> CommandResult {
    let mut qrels = Qrels::new();
    for path in &arguments.qrels {
        for (query, grades) in read(path, read_qrels)? {
            qrels.entry(query).or_default().extend(grades);
        }
    }
    if qrels.is_empty() {
        return Err(PipelineError::from(EvaluateError::NoGrades).into());
    }
    let grades = qrels.values().flat_map(|grades| grades.values().copied());
    let relevant_from = arguments.relevant_from.unwrap_or_else(|| relevant_grade(grades));
    let measure = |name: String, path: &Path| {
        let run = read(path, read_run)?;
        Ok::<_, Failure>(Line { name, queries: measure_queries(&run, &qrels, relevant_from) })
    };
    let baseline = arguments.baseline.clone().or_else(|| bm25_beside(ranking));
    let baseline = baseline.map(|path| measure(baseline_name(&path), &path)).transpose()?;
    let line = measure("duijie".to_owned(), ranking)?;
    let difference = baseline.as_ref().and_then(|baseline| Difference::between(&line, baseline));
    let lines: Vec<Line> = baseline.into_iter().chain([line]).collect();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", as_json(&lines, difference.as_ref()))?;
        return Ok(());
    }
    write!(out, "{}", as_table(&lines, lang))?;
    if let Some(difference) = difference {
        writeln!(
            out,
            "{} {:+.3} ({:+.3} … {:+.3}), p = {:.4}",
            lang.pick("duijie − 基线，ndcg@10_judged：", "duijie − baseline, ndcg@10_judged:"),
            difference.interval.mean,
            difference.interval.low,
            difference.interval.high,
            difference.p
        )?;
    }
    Ok(())
}

fn as_json(lines: &[Line], difference: Option<&Difference>) -> serde_json::Value {
    let interval = |i: Option<Interval>| i.map(|i| json!([i.low, i.high]));
    let mut value: serde_json::Map<String, serde_json::Value> = lines
        .iter()
        .map(|line| {
            let measures: BTreeMap<&str, Option<f64>> = Measure::ALL
                .into_iter()
                .map(|measure| (measure.name(), mean_of(&line.queries, measure)))
                .collect();
            let entry = json!({
                "queries": line.queries.len(),
                "measures": measures,
                "interval_95": {
                    "ndcg@10": interval(line.interval(|q| q.ndcg_10)),
                    "ndcg@10_judged": interval(line.interval(|q| q.ndcg_10_judged)),
                },
            });
            (line.name.clone(), entry)
        })
        .collect();
    if let Some(difference) = difference {
        let i = difference.interval;
        let entry = json!({
            "measure": "ndcg@10_judged", "mean": i.mean, "interval_95": [i.low, i.high],
            "p": difference.p,
        });
        value.insert("difference".to_owned(), entry);
    }
    serde_json::Value::Object(value)
}

fn as_table(lines: &[Line], lang: Lang) -> String {
    let mut rows = vec![vec![String::new(), lang.pick("查询数", "queries").to_owned()]];
    rows[0].extend(Measure::ALL.map(|measure| measure.name().to_owned()));
    rows[0].push(
        lang.pick("ndcg@10_judged 的 95% 区间", "95 % interval of ndcg@10_judged").to_owned(),
    );
    for line in lines {
        let mut row = vec![line.name.clone(), line.queries.len().to_string()];
        row.extend(Measure::ALL.map(|measure| {
            mean_of(&line.queries, measure).map_or_else(|| "–".to_owned(), |m| format!("{m:.3}"))
        }));
        let interval = line.interval(|query| query.ndcg_10_judged);
        row.push(interval.map_or_else(String::new, |i| format!("{:.3}–{:.3}", i.low, i.high)));
        rows.push(row);
    }
    table::lines_up(&rows)
}

/// What to call a baseline: BM25 for the ranking that `match` writes, else its file's name.
fn baseline_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if stem.ends_with(".bm25") { "BM25".to_owned() } else { stem }
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
