//! A scenario, read and checked, and the setups of its replicates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::chain::{Chain, ChainState, PlannedShock, named};
use super::draw::{Draw, triangular};
use super::error::ScenarioError;
use super::file::{Source, TextOrNumber};
use super::firms::{Population, Registered, Start, populate, read_register};
use super::growth::National;
use super::levers::PlannedLever;
use super::matches::MatchPlan;
use super::places::Places;
use super::quarter::Quarter;
use super::series::{Measure, Prices, Series};
use super::{inputs, plan};
use crate::kernel::firm_step::fixed::q24;
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{FirmRow, Firms, pack};
use crate::model::Wording;
use crate::simulation::{
    Effect, LeverWindow, PARAMETER_RANGES, Parameters, Relatedness, Setup, normaliser_over,
};

/// Seed where none is given.
const SEED: u64 = 0x5eed_0001;
/// Year at whose end a run ends where no length is given.
const HORIZON: i32 = 2035;
/// Quarters after which the model is no longer valid: the tail of sizes drifts.
const VALID_QUARTERS: u32 = 80;
/// Replicates where no number is given.
const REPLICATES: u32 = 512;
/// Draws of the unobserved firms, shared by replicates in turn.
const POPULATIONS: u32 = 8;
/// Draws of the parameters with `theta = "prior"`.
const THETAS: u32 = 16;
/// Firms of a reference economy, at least: the total of fewer is too noisy to be closed.
const REFERENCE_FIRMS: usize = 20_000;
/// Parameters that are drawn: those fitted together to the facts about firms stay as they are.
const DRAWN: [&str; 12] = [
    "phi",
    "h0",
    "mean_jump",
    "transfer_jump",
    "lambda",
    "gamma",
    "spin_off",
    "logit1",
    "sigma_cluster",
    "sigma_industry",
    "rho_industry",
    "sigma_province",
];
/// Replicates that share one draw of parameters, effects and national growth, so that luck within
/// a draw can be told from what differs between draws.
pub const REPLICATES_PER_DRAW: u32 = 2;

/// What a caller sets instead of the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Seed.
    pub seed: Option<u64>,
    /// Number of replicates.
    pub replicates: Option<u32>,
    /// Matches of a finished run.
    pub matches: Option<PathBuf>,
}

/// Which part of a scenario is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Neither levers nor shocks.
    Bare,
    /// Everything.
    Full,
    /// The players whose bits are set; see [`Scenario::players`].
    Subset(u32),
}

/// A planned target.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedTarget {
    /// The cluster.
    pub cluster: usize,
    /// The year.
    pub year: i32,
    /// 万元, in the measure and prices of the data.
    pub value: f64,
}

/// A scenario, read and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// Remark.
    pub note: String,
    /// The file.
    pub path: PathBuf,
    /// The file of the baseline, where one is named.
    pub baseline: Option<PathBuf>,
    /// What deserves a warning, in order.
    pub warnings: Vec<Wording>,
    /// What was assumed or filled in.
    pub notes: Vec<Wording>,
    /// First simulated quarter, the first of a year.
    pub start: Quarter,
    /// Quarters, a multiple of four.
    pub quarters: u32,
    /// Replicates.
    pub replicates: u32,
    /// Seed.
    pub seed: [u32; 2],
    /// Yearly figures.
    pub series: Series,
    /// Clusters to report, by name of the file or of what it touches; ascending.
    pub clusters: Vec<usize>,
    /// The cluster that the file names first for its output.
    pub first_named: Option<usize>,
    /// Planned targets.
    pub targets: Vec<PlannedTarget>,
    /// Quantiles in percent, ascending.
    pub quantiles: Vec<f64>,
    /// Whether effects are to be shared among players.
    pub shapley: bool,
    /// Levers.
    pub levers: Vec<PlannedLever>,
    /// Shocks.
    pub shocks: Vec<PlannedShock>,
    /// Files that were read, with their SHA-256.
    pub inputs: Vec<(PathBuf, String)>,
    /// Whether the data is invented.
    pub demonstration: bool,
    /// Whether parameters are drawn.
    pub draws_parameters: bool,
    /// Whether national growth is drawn.
    pub draws_growth: bool,
    /// Firms that were known, and that were drawn from totals.
    pub firms: (usize, usize),
    /// Known matches and intake taken from a finished run.
    pub matches: MatchPlan,
    pub(super) chain: Chain,
    national: National,
    thetas: Vec<Parameters>,
    populations: Vec<Population>,
    relatedness: Option<Relatedness>,
    capacity: Option<Vec<u64>>,
}

impl Scenario {
    /// Reads a scenario with all its files.
    ///
    /// # Errors
    /// Whatever in it cannot be, with file, key and remedy.
    pub fn read(path: &Path, overrides: &Overrides) -> Result<Self, ScenarioError> {
        Self::of(&Source::read(path)?, overrides)
    }

    /// The same from a text that stands for the file at `path`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(path: &Path, text: String, overrides: &Overrides) -> Result<Self, ScenarioError> {
        Self::of(&Source::parse(path, text)?, overrides)
    }

    fn of(source: &Source, overrides: &Overrides) -> Result<Self, ScenarioError> {
        let (path, file) = (source.path.as_path(), &source.file);
        let (mut warnings, mut notes) = (Vec::new(), Vec::new());
        let series = Series::read(&source.beside(&file.data.clusters))?;
        notes.extend(series.notes.iter().cloned());
        let (start, quarters) = period(source, series.latest(), &mut warnings)?;
        let national = National::read(source, start, quarters, series.prices)?;
        let theta = parameters(source, &mut warnings)?;
        let draws_parameters = match file.run.theta.as_deref() {
            None | Some("default") => false,
            Some("prior") => true,
            Some(other) => {
                let words = Wording::new("default 或 prior", "default or prior");
                return Err(ScenarioError::value(path, "run.theta", other, words));
            }
        };
        let seed = overrides.seed.map_or_else(|| seed(source), Ok)?;
        let seed = [low(seed), low(seed >> 32)];
        let thetas = if draws_parameters { draw_parameters(theta, seed) } else { vec![theta] };
        let mut inputs = vec![
            (path.to_owned(), sha256(source.text.as_bytes())),
            (series.path.clone(), series.sha256.clone()),
        ];
        inputs.extend(national.input.clone());
        let register = match &file.data.firms {
            None => Vec::new(),
            Some(name) => {
                let path = source.beside(name);
                let (firms, hash) = read_register(&path, series.measure, start.year - 1)?;
                inputs.push((path, hash));
                firms
            }
        };
        let starts = starts(path, &series, &national, start, &register, &mut notes)?;
        let tables = Tables::new(theta.young, theta.tau, theta.logit0, theta.logit1);
        let populations = (0..POPULATIONS)
            .map(|variant| populate(&series.path, &starts, &register, seed, variant, &tables))
            .collect::<Result<Vec<_>, _>>()?;
        let firms = (populations[0].known, populations[0].drawn);
        if firms.1 > 0 {
            notes.push(Wording::new(
                format!(
                    "{} 家企业的规模没有微观数据，按集群的总量和企业数从尾部指数 1.06 的帕累托分布抽取（{POPULATIONS} 套）；其中 {} 家已知",
                    firms.0 + firms.1, firms.0
                ),
                format!(
                    "{} firms, {} of them known; the sizes of the others are drawn from each cluster's total and number (Pareto, exponent 1.06, {POPULATIONS} sets)",
                    firms.0 + firms.1, firms.0
                ),
            ));
        }
        let chain = Chain::read(source)?;
        let levers = plan::levers(source, &chain, start, quarters, &mut warnings)?;
        let shocks = chain.shocks(source, start, quarters)?;
        let targets = targets(source, &series)?;
        let relatedness = inputs::relatedness(source, &mut inputs, &mut notes)?;
        let capacity = inputs::capacity(source, &mut inputs)?;
        let matches = MatchPlan::read(
            source,
            overrides.matches.as_deref(),
            start,
            quarters,
            &populations[0],
            &mut inputs,
        )?;
        notes.extend(matches.notes.iter().cloned());
        for lever in &levers {
            let exists = starts.contains_key(&lever.cluster);
            if !exists {
                let name = Places::shipped().name(lever.cluster);
                warnings.push(Wording::new(
                    format!("“{}”所在的 {name} 没有企业：它几乎无从起作用", lever.name),
                    format!("{} acts on {name}, which has no firms", lever.name),
                ));
            }
        }
        let replicates = overrides.replicates.or(file.run.replicates).unwrap_or(REPLICATES);
        let replicates = replicates.next_multiple_of(REPLICATES_PER_DRAW);
        let clusters = reported(source, &levers, &shocks, &targets, &starts)?;
        let mut quantiles = file.output.quantiles.clone().unwrap_or_else(|| {
            // Bands of 50, 80 and 95 %, and the ends that planners ask for.
            vec![2.5, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5]
        });
        quantiles.sort_by(f64::total_cmp);
        quantiles.dedup();
        let players = levers.len() + usize::from(!shocks.is_empty() && file.run.baseline.is_none());
        let shapley = match file.design.as_ref().map(|it| it.kind.as_str()) {
            Some("shapley") => true,
            Some(_) => false,
            None => players >= 2,
        };
        Ok(Self {
            name: file.run.name.clone(),
            note: file.run.note.clone(),
            path: path.to_owned(),
            baseline: file.run.baseline.as_ref().map(|name| source.beside(name)),
            warnings,
            notes,
            start,
            quarters,
            replicates,
            seed,
            clusters,
            first_named: file.output.clusters.first().and_then(|it| Places::shipped().named(it)),
            targets,
            quantiles,
            shapley,
            levers,
            shocks,
            inputs,
            demonstration: file.data.demonstration,
            draws_parameters,
            draws_growth: national.sd > 0.0,
            firms,
            matches,
            chain,
            national,
            thetas,
            populations,
            relatedness,
            capacity,
            series,
        })
    }

    /// Who shares the effect: the levers, and the shocks together where the baseline has none.
    #[must_use]
    pub fn players(&self) -> Vec<String> {
        let mut names: Vec<String> = self.levers.iter().map(|it| it.name.clone()).collect();
        if !self.shocks.is_empty() && self.baseline.is_none() {
            names.push("冲击".to_owned());
        }
        names
    }

    /// The calendar years of the run.
    #[must_use]
    pub fn years(&self) -> Vec<i32> {
        let n = i32::try_from(self.quarters / 4).expect("at most 60 years");
        (0..n).map(|i| self.start.year + i).collect()
    }

    /// What is known at the start of the critical inputs of a cluster; `None` without a node.
    #[must_use]
    pub fn chain_state(&self, cluster: usize) -> Option<ChainState> {
        self.chain.state(cluster)
    }

    /// Whether a backup is planned for an input of the cluster.
    pub fn backups(&self, cluster: usize) -> impl Iterator<Item = &PlannedLever> {
        self.levers.iter().filter(move |it| it.cluster == cluster && it.plan.backup.is_some())
    }

    /// Relatedness, where it is given.
    #[must_use]
    pub const fn relatedness(&self) -> Option<&Relatedness> {
        self.relatedness.as_ref()
    }

    /// The parameters, the first set where they are drawn.
    #[must_use]
    pub fn theta(&self) -> &Parameters {
        &self.thetas[0]
    }

    /// ν of every set of parameters, in their order.
    ///
    /// # Errors
    /// What the reference economy refuses.
    pub fn normalisers(&self) -> Result<Vec<Vec<i32>>, ScenarioError> {
        let one = |theta: &Parameters| {
            let firms = self.populations[0].firms.clone();
            let places = Places::shipped();
            let shape = (places.cities.len(), places.industries.len());
            let mut setup = Setup::new(*theta, self.seed, shape, 0.0, firms)?;
            setup.growth = self.national.path(0.0);
            Ok(normaliser_over(&setup, self.quarters, self.reference())?)
        };
        self.thetas.iter().map(one).collect()
    }

    /// Firms of the reference economy: all sets of the initial firms, repeated to at least twenty
    /// thousand and spread evenly over all clusters, so that the nation is counted as the data is
    /// and has none of the province's clusters.
    fn reference(&self) -> Firms {
        let clusters = u32::try_from(Places::shipped().clusters()).expect("a few hundred");
        let mut firms = Firms::default();
        while firms.len() < REFERENCE_FIRMS {
            for row in self.populations.iter().flat_map(|it| it.firms.living()) {
                let uid = u32::try_from(firms.len()).expect("below two billion");
                // A step that is prime to the number of clusters visits all of them.
                let cluster = uid.wrapping_mul(7919) % clusters;
                let w0 = pack(cluster, row.age(), row.w0 >> 20 & 255);
                firms.push(FirmRow { uid, w0, w1: 0, ..row });
            }
        }
        firms
    }

    /// What decides [`normalisers`](Self::normalisers): scenarios with the same share them.
    #[must_use]
    pub fn normaliser_key(&self) -> String {
        let data: Vec<&String> = self.inputs.iter().skip(1).map(|it| &it.1).collect();
        let firms = (data, self.firms);
        let path = self.national.path(0.0);
        format!("{:?} {} {:?} {path:?} {firms:?}", self.seed, self.quarters, self.thetas)
    }

    /// What decides the replicates of [`Part::Bare`]: scenarios with the same share them.
    #[must_use]
    pub fn bare_key(&self) -> String {
        let data: Vec<&String> = self.inputs.iter().skip(1).map(|it| &it.1).collect();
        let drawn = (self.draws_growth, self.national.sd, &self.relatedness, &self.matches.intake);
        format!("{} {data:?} {drawn:?} {:?}", self.normaliser_key(), self.capacity)
    }

    /// The setup of a replicate. `normalisers` are those of [`normalisers`](Self::normalisers).
    ///
    /// Everything that is drawn is a function of the seed, of what is drawn and of the replicate,
    /// so two parts of one scenario, and two scenarios on the same data, differ only in what they
    /// say.
    ///
    /// # Errors
    /// What the model refuses.
    pub fn setup(
        &self,
        part: Part,
        replicate: u32,
        normalisers: &[Vec<i32>],
    ) -> Result<Setup, ScenarioError> {
        let draw = replicate / REPLICATES_PER_DRAW;
        let theta = draw as usize % self.thetas.len();
        let population = &self.populations[draw as usize % self.populations.len()];
        let places = Places::shipped();
        let shape = (places.cities.len(), places.industries.len());
        let firms = population.firms.clone();
        let mut setup = Setup::new(self.thetas[theta], self.seed, shape, 0.0, firms)?;
        setup.growth = self.national.path(self.growth_z(draw));
        setup.normaliser.clone_from(&normalisers[theta]);
        setup.relatedness.clone_from(&self.relatedness);
        setup.city_capacity.clone_from(&self.capacity);
        setup.known_matches.clone_from(&self.matches.known);
        for (cluster, intake) in &self.matches.intake {
            let effect = Effect { intake: q24(*intake), ..Effect::default() };
            setup.levers.push(LeverWindow {
                cluster: *cluster,
                from: 0,
                to: self.quarters,
                effect,
            });
        }
        let has = |player: usize| match part {
            Part::Bare => false,
            Part::Full => true,
            Part::Subset(set) => set >> player & 1 == 1,
        };
        let active: Vec<&PlannedLever> =
            (0..).zip(&self.levers).filter(|(i, _)| has(*i)).map(|it| it.1).collect();
        for lever in &active {
            lever.apply(&mut setup, draw);
        }
        let with_shocks = match part {
            Part::Bare => false,
            Part::Full => true,
            Part::Subset(_) => self.baseline.is_some() || has(self.levers.len()),
        };
        let shocks = if with_shocks { self.shocks.as_slice() } else { &[] };
        if part == Part::Bare {
            // An undisturbed chain changes nothing.
            return Ok(setup);
        }
        let backups = active.iter().filter_map(|it| Some((it.plan.input?, it.plan.backup?)));
        setup.supply = self.chain.build(backups, shocks, self.seed, replicate);
        Ok(setup)
    }

    /// Standard deviations by which national growth differs in a draw.
    #[must_use]
    pub fn growth_z(&self, draw: u32) -> f64 {
        if self.draws_growth {
            Draw::of_parameter(self.seed, u32::MAX, draw).normal(0)
        } else {
            0.0
        }
    }

    /// Identity of everything that decides the results of a replicate.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut text = format!("{:?} {} {}", self.seed, self.quarters, env!("CARGO_PKG_VERSION"));
        for (_, hash) in &self.inputs {
            text.push_str(hash);
        }
        text.push_str(include_str!("../../corpus/levers.toml"));
        text.push_str(include_str!("../../corpus/clusters/cities.csv"));
        sha256(text.as_bytes())
    }
}

/// SHA-256 as 64 hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is what is asked for")]
const fn low(word: u64) -> u32 {
    word as u32
}

fn seed(source: &Source) -> Result<u64, ScenarioError> {
    let wrong = |found: String| {
        let seed =
            Wording::new("整数或 0x 开头的十六进制文字", "a whole number or hexadecimal text");
        ScenarioError::value(&source.path, "run.seed", found, seed)
    };
    match &source.file.run.seed {
        None => Ok(SEED),
        Some(TextOrNumber::Number(number)) if number.fract() == 0.0 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the keys")]
            #[expect(clippy::cast_sign_loss, reason = "bounded by the keys")]
            Ok(*number as u64)
        }
        Some(TextOrNumber::Number(number)) => Err(wrong(number.to_string())),
        Some(TextOrNumber::Text(text)) => {
            let text = text.trim();
            let parsed = match text.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(&digits.replace('_', ""), 16),
                None => text.parse(),
            };
            parsed.map_err(|_| wrong(text.to_owned()))
        }
    }
}

/// Start and length of the run.
fn period(
    source: &Source,
    latest: i32,
    warnings: &mut Vec<Wording>,
) -> Result<(Quarter, u32), ScenarioError> {
    let (path, run) = (source.path.as_path(), &source.file.run);
    let start = Quarter::first_of(latest + 1);
    if let Some(text) = &run.t0
        && Quarter::parse(text) != Some(start)
    {
        let expected = Wording::new(
            format!("{start}：最新数据是 {latest} 年，状态从它的年末开始"),
            format!("{start}: the latest data is of {latest}, and the state starts at its end"),
        );
        return Err(ScenarioError::value(path, "run.t0", text, expected));
    }
    let usual = u32::try_from((HORIZON - latest).max(5) * 4).expect("a few years");
    let quarters = run.quarters.unwrap_or(usual);
    if !quarters.is_multiple_of(4) {
        let expected = Wording::new("4 的倍数", "a multiple of four");
        return Err(ScenarioError::value(path, "run.quarters", quarters, expected));
    }
    if quarters > VALID_QUARTERS {
        warnings.push(Wording::new(
            format!("推演 {} 年，超出模型的有效期 20 年：规模分布的尾部之后会漂移", quarters / 4),
            format!(
                "{} years are beyond the model's validity of 20: the tail of sizes drifts later",
                quarters / 4
            ),
        ));
    }
    Ok((start, quarters))
}

/// θ with what the file changes; doubtful values are warned of.
fn parameters(source: &Source, warnings: &mut Vec<Wording>) -> Result<Parameters, ScenarioError> {
    let path = source.path.as_path();
    let mut theta = serde_json::to_value(Parameters::default()).expect("plain numbers");
    for (name, value) in &source.file.parameters {
        let Some(held) = theta.get_mut(name) else {
            let known = PARAMETER_RANGES.iter().map(|it| it.name);
            return Err(ScenarioError::unknown(path, "parameters", name, known));
        };
        *held = serde_json::json!(value);
    }
    let theta: Parameters = serde_json::from_value(theta).expect("the fields of the default");
    theta.check()?;
    for range in theta.outside_evidence() {
        let (low, high) = range.evidence;
        let (value, basis) = ((range.get)(&theta), range.basis);
        warnings.push(Wording::new(
            format!("parameters.{} = {value} 超出证据范围 {low}—{high}（{basis}）", range.name),
            format!(
                "parameters.{} = {value} is outside the evidence range {low} to {high} ({basis})",
                range.name
            ),
        ));
    }
    Ok(theta)
}

/// Sets of parameters, each drawn by itself: triangular over the evidence, most likely as given.
fn draw_parameters(theta: Parameters, seed: [u32; 2]) -> Vec<Parameters> {
    let drawn = |number: u32| {
        let mut set = serde_json::to_value(theta).expect("plain numbers");
        for (k, name) in (0..).zip(DRAWN) {
            let range = PARAMETER_RANGES.iter().find(|it| it.name == name).expect("a parameter");
            let given = (range.get)(&theta);
            let (low, high) = (range.evidence.0.min(given), range.evidence.1.max(given));
            let u = Draw::of_parameter(seed, u32::MAX - 1, number).uniform(k);
            set[name] = serde_json::json!(triangular(u, (low, given, high)));
        }
        serde_json::from_value(set).expect("the fields of the default")
    };
    (0..THETAS).map(drawn).collect()
}

/// Output and firms of every cluster at the start.
fn starts(
    path: &Path,
    series: &Series,
    national: &National,
    start: Quarter,
    register: &[Registered],
    notes: &mut Vec<Wording>,
) -> Result<BTreeMap<usize, Start>, ScenarioError> {
    let places = Places::shipped();
    let data_year = start.year - 1;
    // Firms per 万元 where a cluster's number is missing.
    let (mut firms, mut output) = (0.0, 0.0);
    for figure in series.figures.values().filter_map(|it| it.last_key_value()).map(|it| it.1) {
        if let Some(n) = figure.firms {
            firms += f64::from(n);
            output += figure.value;
        }
    }
    let mut starts = BTreeMap::new();
    for (cluster, years) in &series.figures {
        let (year, figure) = years.last_key_value().expect("a cluster has a figure");
        let name = places.name(*cluster);
        let mut value = figure.value;
        if *year < data_year {
            let industry = cluster % places.industries.len();
            value *= national.yearly_factor(industry).powi(data_year - year);
            notes.push(Wording::new(
                format!("{name}：最新数据是 {year} 年，按全国增速推到 {data_year} 年"),
                format!("{name}: the latest figure is of {year}, carried to {data_year} at the national rate"),
            ));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a count of firms")]
        #[expect(clippy::cast_sign_loss, reason = "a count of firms")]
        let number = match figure.firms {
            Some(number) => number,
            None if firms > 0.0 => {
                notes.push(Wording::new(
                    format!("{name}：没有企业数，按其他集群的平均规模估计"),
                    format!("{name}: the number of firms is estimated from the other clusters' mean size"),
                ));
                (value * firms / output).round().max(1.0) as u32
            }
            None => {
                let what = Wording::new("没有一个集群有企业数", "no cluster has a number of firms");
                return Err(ScenarioError::table(&series.path, what));
            }
        };
        let top = figure.top.clone().filter(|_| *year == data_year);
        starts.insert(*cluster, Start { output: value, firms: number, top });
    }
    // Clusters that only the register knows.
    for firm in register {
        if !series.figures.contains_key(&firm.cluster) {
            let start =
                starts.entry(firm.cluster).or_insert(Start { output: 0.0, firms: 0, top: None });
            start.output += firm.output;
            start.firms += 1;
        }
    }
    if starts.is_empty() {
        return Err(ScenarioError::table(
            path,
            Wording::new("没有一个集群有数据", "no cluster has figures"),
        ));
    }
    Ok(starts)
}

fn targets(source: &Source, series: &Series) -> Result<Vec<PlannedTarget>, ScenarioError> {
    let path = source.path.as_path();
    let mut targets = Vec::new();
    for (nth, part) in (1..).zip(&source.file.output.targets) {
        let key = |name: &str| format!("output.targets[{nth}].{name}");
        let cluster = named(path, &part.cluster, key("cluster"))?;
        let measure = Measure::named(&part.measure).expect("one of the choices");
        let prices = Prices::named(&part.prices).expect("one of the choices");
        if (measure, prices) != (series.measure, series.prices) {
            let of = |lang| format!("{} {}", series.measure.label(lang), series.prices.label(lang));
            return Err(ScenarioError::Measure {
                path: path.to_owned(),
                key: key("measure"),
                what: Wording::new(
                    format!(
                        "目标是{}{}，数据是{}",
                        part.measure,
                        part.prices,
                        of(crate::model::Lang::Zh)
                    ),
                    format!(
                        "the target is {} {}, the data {}",
                        part.measure,
                        part.prices,
                        of(crate::model::Lang::En)
                    ),
                ),
            });
        }
        let value = source.amount(&part.value, &key("value"))?;
        targets.push(PlannedTarget { cluster, year: part.year, value });
    }
    Ok(targets)
}

/// Clusters to report: those named, or what is touched and the twelve largest.
fn reported(
    source: &Source,
    levers: &[PlannedLever],
    shocks: &[PlannedShock],
    targets: &[PlannedTarget],
    starts: &BTreeMap<usize, Start>,
) -> Result<Vec<usize>, ScenarioError> {
    const LARGEST: usize = 12;
    let mut clusters = BTreeSet::new();
    for name in &source.file.output.clusters {
        clusters.insert(named(&source.path, name, "output.clusters".to_owned())?);
    }
    clusters.extend(targets.iter().map(|it| it.cluster));
    if source.file.output.clusters.is_empty() {
        clusters.extend(levers.iter().map(|it| it.cluster));
        clusters.extend(shocks.iter().map(|it| it.cluster));
        let mut by_output: Vec<_> = starts.iter().collect();
        by_output.sort_by(|a, b| b.1.output.total_cmp(&a.1.output).then(a.0.cmp(b.0)));
        clusters.extend(by_output.iter().take(LARGEST).map(|it| *it.0));
    }
    Ok(clusters.into_iter().collect())
}
