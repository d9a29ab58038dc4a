//! Known matches and intake: of a table, of the file, and of a finished run of `match`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::build::sha256;
use super::chain::named;
use super::error::ScenarioError;
use super::file::Source;
use super::firms::Population;
use super::quarter::Quarter;
use super::table::Headed;
use crate::corpus::read_tables;
use crate::model::Wording;
use crate::simulation::KnownMatch;

/// Names of organizations without a cluster that are told one by one.
const SHOWN: usize = 10;

/// Matches that a scenario starts from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MatchPlan {
    /// By firm and quarter.
    pub known: Vec<KnownMatch>,
    /// Expected new matches per quarter, by cluster.
    pub intake: Vec<(usize, f64)>,
    /// Known matches by cluster.
    pub by_cluster: BTreeMap<usize, u32>,
    /// Pairs of the run whose asker has no cluster.
    pub unplaced: u32,
    /// Organizations that the mapping does not know, ascending.
    pub unknown: Vec<String>,
    /// What was assumed.
    pub notes: Vec<Wording>,
}

/// A line of `matches.jsonl`, as far as it is needed.
#[derive(Deserialize)]
struct Pair {
    demand_id: String,
    allocated: bool,
    probability: f64,
    verdict: String,
}

/// A line of `records.jsonl`, as far as it is needed.
#[derive(Deserialize)]
struct RecordLine {
    side: String,
    id: String,
    organization: Option<String>,
}

impl MatchPlan {
    pub(super) fn read(
        source: &Source,
        run: Option<&Path>,
        start: Quarter,
        quarters: u32,
        population: &Population,
        inputs: &mut Vec<(PathBuf, String)>,
    ) -> Result<Self, ScenarioError> {
        let mut plan = Self::default();
        let mut intake: BTreeMap<usize, f64> = BTreeMap::new();
        for (name, number) in &source.file.matches.intake {
            let cluster = named(&source.path, name, "matches.intake".to_owned())?;
            *intake.entry(cluster).or_default() += number;
        }
        let firms = Firms::of(population);
        if let Some(name) = &source.file.matches.known {
            let path = source.beside(name);
            plan.table(&path, start, quarters, &firms, inputs)?;
        }
        if let Some(folder) = run {
            let mapping = match &source.file.data.organizations {
                Some(name) => organizations(&source.beside(name), inputs)?,
                None => BTreeMap::new(),
            };
            plan.of_run(folder, &mapping, &firms, &mut intake, inputs)?;
        }
        plan.intake = intake.into_iter().collect();
        Ok(plan)
    }

    fn add(&mut self, quarter: u32, uid: u32, cluster: usize, probability: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
        #[expect(clippy::cast_sign_loss, reason = "clamped")]
        let score = (probability.clamp(0.0, 1.0) * 255.0).round() as u8;
        self.known.push(KnownMatch { quarter, uid, score });
        *self.by_cluster.entry(cluster).or_default() += 1;
    }

    /// Known matches of a table: 季度, 集群 or 企业, 把握.
    fn table(
        &mut self,
        path: &Path,
        start: Quarter,
        quarters: u32,
        firms: &Firms<'_>,
        inputs: &mut Vec<(PathBuf, String)>,
    ) -> Result<(), ScenarioError> {
        const QUARTER: &[&str] = &["季度", "quarter"];
        const SCORE: &[&str] = &["把握", "score"];
        let tables = read_tables(path)?;
        let mut understood = false;
        for table in &tables {
            let Some(headed) = Headed::find(path, table, &[QUARTER, SCORE]) else { continue };
            understood = true;
            for (nth, row) in (0_u32..).zip(headed.rows) {
                let text = Headed::text(row, headed.column(QUARTER));
                if text.is_empty() {
                    continue;
                }
                let inside = Quarter::parse(&text)
                    .and_then(|it| u32::try_from(it.since(start)).ok())
                    .filter(|it| *it < quarters);
                let Some(quarter) = inside else {
                    let expected = Wording::new("推演期内的季度", "a quarter of the run");
                    return Err(ScenarioError::value(path, headed.place(row), text, expected));
                };
                let score = headed.number(row, headed.column(SCORE), "把握")?;
                let Some(score) = score.filter(|it| (0.0..=1.0).contains(it)) else {
                    let expected = Wording::new("0 到 1 之间的把握", "a probability from 0 to 1");
                    return Err(ScenarioError::value(
                        path,
                        headed.place(row),
                        format!("{score:?}"),
                        expected,
                    ));
                };
                let firm = Headed::text(row, headed.column(&["企业", "firm"]));
                let cluster = Headed::text(row, headed.column(&["集群", "cluster"]));
                let uid = match firms.named(&firm) {
                    Some(uid) => uid,
                    None => {
                        let cluster = named(path, &cluster, headed.place(row))?;
                        let Some(uid) = firms.some(cluster, nth) else { continue };
                        uid
                    }
                };
                self.add(quarter, uid, firms.cluster(uid), score);
            }
        }
        if !understood {
            let what = Wording::new(
                "没有含 季度、把握 两列的表",
                "no table has columns for quarter and probability",
            );
            return Err(ScenarioError::table(path, what));
        }
        inputs.push((
            path.to_owned(),
            tables.first().map(|it| it.sha256.clone()).unwrap_or_default(),
        ));
        Ok(())
    }

    /// The handed-out pairs of a finished run: those to be recommended are known matches of the
    /// first quarter, and as many a year are expected later.
    fn of_run(
        &mut self,
        folder: &Path,
        mapping: &BTreeMap<String, usize>,
        firms: &Firms<'_>,
        intake: &mut BTreeMap<usize, f64>,
        inputs: &mut Vec<(PathBuf, String)>,
    ) -> Result<(), ScenarioError> {
        let lines = |path: PathBuf| {
            let text = std::fs::read_to_string(&path)
                .map_err(|source| ScenarioError::Read { path: path.clone(), source })?;
            Ok::<_, ScenarioError>((path, text))
        };
        let (records_path, records) = lines(folder.join("index").join("records.jsonl"))?;
        let (pairs_path, pairs) = lines(folder.join("matches.jsonl"))?;
        let broken = |path: &Path| {
            let path = path.to_owned();
            move |error: serde_json::Error| {
                let text = error.to_string();
                let what = Wording::new(
                    format!("不是 match 的结果：{text}"),
                    format!("no result of match: {text}"),
                );
                ScenarioError::Table { path: path.clone(), what }
            }
        };
        let mut owners = BTreeMap::new();
        for line in records.lines() {
            let record: RecordLine = serde_json::from_str(line).map_err(broken(&records_path))?;
            if record.side == "demand" {
                owners.insert(record.id, record.organization.unwrap_or_default());
            }
        }
        let (mut unknown, mut yearly) = (BTreeSet::new(), BTreeMap::<usize, u32>::new());
        for (nth, line) in (0_u32..).zip(pairs.lines()) {
            let pair: Pair = serde_json::from_str(line).map_err(broken(&pairs_path))?;
            if !pair.allocated || pair.verdict != "recommend" {
                continue;
            }
            let owner = owners.get(&pair.demand_id).map(String::as_str).unwrap_or_default();
            let firm = firms.named(owner);
            let cluster = firm.map(|uid| firms.cluster(uid)).or(mapping.get(owner).copied());
            let Some(cluster) = cluster else {
                self.unplaced += 1;
                unknown.insert(owner.to_owned());
                continue;
            };
            *yearly.entry(cluster).or_default() += 1;
            if let Some(uid) = firm.or_else(|| firms.some(cluster, nth)) {
                self.add(0, uid, cluster, pair.probability);
            }
        }
        for (cluster, number) in &yearly {
            *intake.entry(*cluster).or_default() += f64::from(*number) / 4.0;
        }
        self.unknown = unknown.into_iter().filter(|it| !it.is_empty()).collect();
        self.tell(folder, yearly.values().sum());
        inputs.push((records_path, sha256(records.as_bytes())));
        inputs.push((pairs_path, sha256(pairs.as_bytes())));
        Ok(())
    }

    fn tell(&mut self, folder: &Path, placed: u32) {
        let shown = folder.display();
        self.notes.push(Wording::new(
            format!("{shown}：{placed} 对可推荐的对接在第一季度给到企业，以后每年按同样数目到来（判断）；没有名字的企业由集群里另一家代表"),
            format!("{shown}: {placed} recommended pairs are given to firms in the first quarter, and as many a year are expected later (assumed); a firm without a name is stood for by another of its cluster"),
        ));
        if self.unplaced > 0 {
            let few: Vec<&str> = self.unknown.iter().take(SHOWN).map(String::as_str).collect();
            let (zh, en) = (few.join("、"), few.join(", "));
            self.notes.push(Wording::new(
                format!(
                    "{} 对没有算入：需求单位不在对应表里（{} 个单位，如 {zh}）",
                    self.unplaced,
                    self.unknown.len()
                ),
                format!(
                    "{} pairs are left out: {} organizations have no cluster, such as {en}",
                    self.unplaced,
                    self.unknown.len()
                ),
            ));
        }
    }
}

/// Clusters of organizations from a table 单位, 市, 产业.
fn organizations(
    path: &Path,
    inputs: &mut Vec<(PathBuf, String)>,
) -> Result<BTreeMap<String, usize>, ScenarioError> {
    let names: [&[&str]; 3] = [
        &["单位", "单位名称", "企业名称", "organization"],
        &["市（区）", "市", "城市", "city"],
        &["产业", "行业", "industry"],
    ];
    let tables = read_tables(path)?;
    let mut mapping = BTreeMap::new();
    for table in &tables {
        let Some(headed) = Headed::find(path, table, &names) else { continue };
        for row in headed.rows {
            let cell = |names: &[&str]| Headed::text(row, headed.column(names));
            let (name, cluster) =
                (cell(names[0]), format!("{}/{}", cell(names[1]), cell(names[2])));
            if !name.is_empty() {
                mapping.insert(name, named(path, &cluster, headed.place(row))?);
            }
        }
    }
    if mapping.is_empty() {
        let what = Wording::new(
            "没有含 单位、市、产业 三列的表",
            "no table has columns for organization, city and industry",
        );
        return Err(ScenarioError::table(path, what));
    }
    inputs.push((path.to_owned(), tables.first().map(|it| it.sha256.clone()).unwrap_or_default()));
    Ok(mapping)
}

/// Firms by name and by cluster.
struct Firms<'a> {
    population: &'a Population,
    /// Ids by cluster.
    of: BTreeMap<usize, Vec<u32>>,
    cluster: Vec<usize>,
}

impl<'a> Firms<'a> {
    fn of(population: &'a Population) -> Self {
        let mut of: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        let mut cluster = Vec::new();
        for firm in population.firms.living() {
            of.entry(firm.cluster()).or_default().push(firm.uid);
            cluster.push(firm.cluster());
        }
        Self { population, of, cluster }
    }

    fn named(&self, name: &str) -> Option<u32> {
        self.population.named.get(name).copied()
    }

    /// Ids are given out from 0 in order.
    fn cluster(&self, uid: u32) -> usize {
        self.cluster[uid as usize]
    }

    /// Firms of the cluster in turn.
    fn some(&self, cluster: usize, nth: u32) -> Option<u32> {
        let ids = self.of.get(&cluster)?;
        // A step that visits all of them in a mixed order.
        Some(ids[(nth as usize).wrapping_mul(7919) % ids.len()])
    }
}
