//! `simulate`: replicates in batches, each on disk before the next, results that refine.

use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Zoned;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::document::{self, About};
use super::error::ForecastError;
use super::manifest::{self, ForecastManifest, ScenarioFacts, clusters, gathered, inputs};
use super::parts::{Layout, Parts};
use super::plan::Plan;
use super::replicate::{self, Kept};
use super::results::baseline_name;
use crate::kernel::firm_step::tables::{FNV_BASIS, fnv};
use crate::model::{Lang, Wording};
use crate::pipeline::{Progress, Stage};
use crate::scenario::{Overrides, Part, Places, Scenario, ScenarioError, workbook_to_toml};

/// What is to be simulated, and where the results go.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// Scenario files.
    pub scenarios: Vec<PathBuf>,
    /// Folder of the results.
    pub out: PathBuf,
    /// What replaces values of the files.
    pub overrides: Overrides,
    /// Threads; those of the machine without it.
    pub threads: Option<usize>,
    /// Whether a back-test was passed for this data and these parameters.
    pub back_test_passed: bool,
    /// When the run began.
    pub now: Zoned,
    /// The reader's language.
    pub lang: Lang,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct SimulateSummary {
    /// As it stands in the folder.
    pub manifest: ForecastManifest,
    /// One sentence per scenario.
    pub sentences: Vec<Wording>,
    /// Warnings about what was asked.
    pub warnings: Vec<Wording>,
    /// Replicates that were there already.
    pub resumed: u32,
    /// Seconds until the first results were written; `None` where all were there.
    pub first_results: Option<f64>,
}

/// Runs scenarios and writes what they say into a folder.
///
/// The folder is filled as the run goes on: after the first batch of 16 replicates, and whenever
/// their number has doubled, tables and page are written anew. A run that was interrupted goes on
/// where it stopped; more replicates may be asked for later.
///
/// # Errors
/// A scenario that is not taken, a folder that holds something else or results of other inputs, a
/// file that cannot be written, a chart for which the machine has no font.
pub fn simulate(
    options: &SimulateOptions,
    progress: &dyn Progress,
) -> Result<SimulateSummary, ForecastError> {
    match options.threads {
        None => run(options, progress),
        Some(threads) => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| {
                ForecastError::io("create", Path::new("threads"), std::io::Error::other(error))
            })?;
            pool.install(|| run(options, progress))
        }
    }
}

fn run(
    options: &SimulateOptions,
    progress: &dyn Progress,
) -> Result<SimulateSummary, ForecastError> {
    let began = Instant::now();
    let plan = Plan::read(&options.scenarios, &options.overrides)?;
    let wanted = plan.scenarios[0].replicates;
    let identity = identity(&plan);
    let out = options.out.as_path();
    claim(out, &identity)?;
    progress.begin(Stage::Normalise, None);
    let normalisers = normalisers(&plan)?;
    progress.end();
    let first = plan.scenarios[0].setup(Part::Bare, 0, &normalisers[0])?;
    let mut manifest = describe(options, &plan, &identity, first.tables().hash());
    let layout = Layout {
        identity,
        members: plan.members.iter().map(|it| it.replicates).collect(),
        clusters: plan.clusters.len() + 1,
        years: plan.scenarios[0].years().len(),
        all: Places::shipped().clusters(),
    };
    std::fs::create_dir_all(out).map_err(|e| ForecastError::io("create", out, e))?;
    manifest.write(out)?;
    save_workbooks(options, &plan)?;
    let mut parts = Parts::open(&out.join("parts"), layout)?;
    let mut about = About {
        lang: options.lang,
        started_at: options.now.strftime("%Y-%m-%d %H:%M").to_string(),
        passed: options.back_test_passed,
        wanted,
        facts: facts(&plan, &manifest),
    };
    progress.begin(Stage::Simulate, Some(u64::from(wanted)));
    let (mut resumed, mut first_results, mut shown) = (0, None, 0);
    for range in Parts::batches(wanted) {
        let n = range.end - range.start;
        if parts.find(&range)? {
            resumed += n;
        } else {
            let kept = batch(&plan, range.clone(), &normalisers)?;
            parts.write(range.clone(), &kept)?;
        }
        progress.advance(u64::from(n));
        // At the end everything is written once more, with pictures.
        if range.end < wanted && parts.done() >= (shown * 2).max(1) && resumed < range.end {
            shown = parts.done();
            document::write(out, &plan, &parts, &about, false)?;
            first_results.get_or_insert(began.elapsed().as_secs_f64());
        }
    }
    progress.end();
    progress.begin(Stage::Write, None);
    manifest.fingerprint = fingerprint(&parts, first.tables().hash())?;
    let name = Wording::new("指纹", "Fingerprint");
    about.facts.push((name, manifest.fingerprint.clone()));
    let sentences = document::write(out, &plan, &parts, &about, true)?;
    for (facts, sentence) in manifest.scenarios.iter_mut().zip(&sentences) {
        sentence.get(options.lang).clone_into(&mut facts.sentence);
    }
    manifest.replicates = parts.done();
    manifest.complete = true;
    manifest.write(out)?;
    progress.end();
    let warnings = gathered(&plan, |it| &it.warnings);
    Ok(SimulateSummary { manifest, sentences, warnings, resumed, first_results })
}

/// Saves what filled workbooks say as scenario files, which name the workbook's figures.
fn save_workbooks(options: &SimulateOptions, plan: &Plan) -> Result<(), ForecastError> {
    for scenario in &plan.scenarios {
        if scenario.path != scenario.series.path {
            continue;
        }
        let real = std::fs::canonicalize(&scenario.path).unwrap_or_else(|_| scenario.path.clone());
        let text = workbook_to_toml(&scenario.path, &real.display().to_string())?;
        let safe = scenario.name.replace(|c: char| !c.is_alphanumeric(), "_");
        let path = options.out.join(format!("scenario_{safe}.toml"));
        std::fs::write(&path, text).map_err(|e| ForecastError::io("write", &path, e))?;
    }
    Ok(())
}

/// ν of every scenario; those with the same parameters and national path share it.
fn normalisers(plan: &Plan) -> Result<Vec<Vec<Vec<i32>>>, ScenarioError> {
    let mut known: Vec<(String, Vec<Vec<i32>>)> = Vec::new();
    let one = |scenario: &Scenario| {
        let key = scenario.normaliser_key();
        if let Some((_, held)) = known.iter().find(|it| it.0 == key) {
            return Ok(held.clone());
        }
        let made = scenario.normalisers()?;
        known.push((key, made.clone()));
        Ok(made)
    };
    plan.scenarios.iter().map(one).collect()
}

/// One batch of all members, in parallel over members and replicates.
fn batch(
    plan: &Plan,
    range: std::ops::Range<u32>,
    normalisers: &[Vec<Vec<i32>>],
) -> Result<Vec<Vec<Option<Kept>>>, ForecastError> {
    let jobs: Vec<(usize, u32)> = (0..plan.members.len())
        .flat_map(|member| range.clone().map(move |replicate| (member, replicate)))
        .collect();
    let run = |(member, replicate): &(usize, u32)| {
        let it = plan.members[*member];
        if *replicate >= it.replicates {
            return Ok(None);
        }
        let scenario = &plan.scenarios[it.scenario];
        let normalisers = &normalisers[it.scenario];
        replicate::run(scenario, it.part, *replicate, &plan.clusters, normalisers).map(Some)
    };
    let results: Vec<Result<Option<Kept>, ScenarioError>> = jobs.par_iter().map(run).collect();
    let mut kept: Vec<Vec<Option<Kept>>> = vec![Vec::new(); plan.members.len()];
    for ((member, _), result) in jobs.iter().zip(results) {
        kept[*member].push(result?);
    }
    Ok(kept)
}

/// Identity of everything that decides the results, but for the number of replicates.
fn identity(plan: &Plan) -> String {
    let mut hash = Sha256::new();
    for scenario in &plan.scenarios {
        hash.update(scenario.identity());
    }
    hash.update(format!(
        "{:?} {:?}",
        plan.clusters,
        plan.members.iter().map(|it| (it.scenario, it.part)).collect::<Vec<_>>()
    ));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses a folder that holds something else, or results of other inputs.
fn claim(out: &Path, identity: &str) -> Result<(), ForecastError> {
    match ForecastManifest::read(out)? {
        Some(earlier) if earlier.version != env!("CARGO_PKG_VERSION") => {
            Err(ForecastError::OtherInputs {
                path: out.to_owned(),
                what: Wording::new(
                    format!("由 duijie {} 写成", earlier.version),
                    format!("written by duijie {}", earlier.version),
                ),
            })
        }
        Some(earlier) if earlier.identity != identity => Err(ForecastError::OtherInputs {
            path: out.to_owned(),
            what: Wording::new(
                "情景、数据、种子或报告的集群不同",
                "scenario, data, seed or reported clusters differ",
            ),
        }),
        Some(_) => Ok(()),
        None => {
            let mut entries = match std::fs::read_dir(out) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(ForecastError::io("read", out, error)),
            };
            match entries.next() {
                None => Ok(()),
                Some(_) => Err(ForecastError::OutNotOurs { path: out.to_owned() }),
            }
        }
    }
}

fn describe(
    options: &SimulateOptions,
    plan: &Plan,
    identity: &str,
    tables: u64,
) -> ForecastManifest {
    let first = &plan.scenarios[0];
    let words = |all: Vec<Wording>| {
        all.iter().map(|it| it.get(options.lang).to_owned()).collect::<Vec<_>>()
    };
    ForecastManifest {
        schema: manifest::SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: options.now.to_string(),
        complete: false,
        identity: identity.to_owned(),
        fingerprint: String::new(),
        tables: format!("{tables:016x}"),
        seed: format!("{:08x}{:08x}", first.seed[1], first.seed[0]),
        start: first.start.to_string(),
        quarters: first.quarters,
        replicates: 0,
        wanted: first.replicates,
        backend: "cpu".to_owned(),
        measure: first.series.measure.label(Lang::Zh).to_owned(),
        prices: first.series.prices.label(Lang::Zh).to_owned(),
        back_test_passed: options.back_test_passed,
        demonstration: plan.scenarios.iter().any(|it| it.demonstration),
        inputs: inputs(plan),
        scenarios: (plan.told.iter())
            .map(|told| {
                let scenario = &plan.scenarios[told.scenario];
                ScenarioFacts {
                    name: scenario.name.clone(),
                    baseline: baseline_name(plan, told),
                    levers: scenario.levers.iter().map(|it| it.name.clone()).collect(),
                    sentence: String::new(),
                    firms_known: scenario.firms.0,
                    firms_drawn: scenario.firms.1,
                }
            })
            .collect(),
        clusters: clusters(plan),
        warnings: words(gathered(plan, |it| &it.warnings)),
        notes: words(gathered(plan, |it| &it.notes)),
    }
}

/// Names and values about the run, for the page.
fn facts(plan: &Plan, manifest: &ForecastManifest) -> Vec<(Wording, String)> {
    let first = &plan.scenarios[0];
    let last = *first.years().last().expect("at least one year");
    let fact = |zh: &str, en: &str, value: String| (Wording::new(zh, en), value);
    vec![
        fact("推演期", "Period", format!("{}—{last}", first.start)),
        fact("次数", "Replicates", manifest.wanted.to_string()),
        fact("种子", "Seed", format!("0x{}", manifest.seed)),
        fact(
            "企业（已知 + 抽取）",
            "Firms (known + drawn)",
            format!("{} + {}", first.firms.0, first.firms.1),
        ),
        fact("计算后端", "Backend", manifest.backend.clone()),
        fact("输入的标识", "Identity of the inputs", manifest.identity[..16].to_owned()),
        fact("模型表的哈希", "Hash of the model's tables", manifest.tables.clone()),
    ]
}

/// The results' fingerprint with the tables' hash, 16 hexadecimal digits.
fn fingerprint(parts: &Parts, tables: u64) -> Result<String, ForecastError> {
    let version =
        env!("CARGO_PKG_VERSION").bytes().fold(FNV_BASIS, |it, byte| fnv(it, u64::from(byte)));
    Ok(format!("{:016x}", fnv(fnv(parts.fingerprint()?, tables), version)))
}
