//! `duijie eval`: how good rankings, lists and probabilities are, by graded pairs.

mod json;
mod ranking_file;
mod text;

use std::io::Write;
use std::path::Path;

use super::CommandResult;
use super::arguments::EvalArguments;
use super::embedder::embedder_options;
use super::match_lists::{run_time, side_options};
use super::outcome::Failure;
use super::progress::Bars;
use crate::model::{Diagnosis, Lang, Side};
use crate::pipeline::{EvaluateOptions, Keep, PipelineError, evaluate};
use crate::report::write_evaluation;

pub(super) fn run(arguments: &EvalArguments, lang: Lang) -> CommandResult {
    if let Some(ranking) = &arguments.run {
        return ranking_file::run(ranking, arguments, lang);
    }
    let options = options(arguments, lang)?;
    if let Some(path) = &arguments.report {
        // Told before the work, not after it.
        check_folder(path, lang)?;
    }
    let evaluation = evaluate(&options, &Bars::new(lang))?;
    if let Some(path) = &arguments.report {
        write_evaluation(path, &evaluation, lang).map_err(PipelineError::from)?;
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{:#}", json::of(&evaluation))?;
    } else {
        write!(out, "{}", text::of(&evaluation, lang))?;
    }
    Ok(())
}

/// Refuses a file whose folder is not there.
fn check_folder(file: &Path, lang: Lang) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::usage(
            match lang {
                Lang::Zh => {
                    format!("--report {}：目录 {} 不存在", file.display(), folder.display())
                }
                Lang::En => {
                    format!("--report {}: there is no folder {}", file.display(), folder.display())
                }
            },
            lang.pick("先建好目录，或换一个路径", "make the folder first, or give another path"),
        )),
        _ => Ok(()),
    }
}

fn options(arguments: &EvalArguments, lang: Lang) -> Result<EvaluateOptions, Failure> {
    let mut options = EvaluateOptions::new(
        arguments.demands.clone(),
        arguments.supplies.clone(),
        arguments.qrels.clone(),
        run_time(),
    );
    options.columns = side_options(&arguments.columns, lang)?;
    // What was graded was looked at.
    options.columns.accept_held = true;
    options.keep = arguments
        .keep
        .iter()
        .map(|text| text.parse::<Keep>())
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::usage(error.message(lang), error.remedy(lang)))?;
    if arguments.reverse {
        options.asker = Side::Supply;
    }
    options.only_queries = arguments.only_queries;
    options.relevant_from = arguments.relevant_from;
    options.max_rejected_share = f64::from(arguments.max_rejected) / 100.0;
    if let Some(as_of) = arguments.as_of {
        options.as_of = as_of;
    }
    options.backend = arguments.backend.into();
    options.n_candidates = arguments.candidates as usize;
    options.per_demand = arguments.per_demand;
    options.per_supply = arguments.per_supply;
    options.weights.clone_from(&arguments.weights);
    options.calibration.clone_from(&arguments.calibration);
    options.embedder = embedder_options(&arguments.embedder, lang)?;
    options.synonyms.clone_from(&arguments.synonyms);
    options.run_dir.clone_from(&arguments.run_dir);
    options.lang = lang;
    Ok(options)
}
