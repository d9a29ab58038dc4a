//! From the levers of a file to planned ones: names, dates, amounts, ranges, contradictions.

use super::catalogue::{Catalogue, Lever};
use super::chain::{Chain, named};
use super::error::ScenarioError;
use super::file::{LeverPart, Realised, Source, TextOrNumber};
use super::levers::{Plan, PlannedLever, RD_PER_GRANT, REALISED, Share};
use super::quarter::Quarter;
use crate::kernel::firm_step::fixed::q24;
use crate::model::Wording;
use crate::simulation::Backup;

/// Share of an attracted firm's output taken from the province's industry: usual, and range.
const DISPLACEMENT: (f64, (f64, f64)) = (0.4, (0.2, 0.8));

/// Reads the levers of a file; what the evidence does not support is added to `warnings`.
pub(super) fn levers(
    source: &Source,
    chain: &Chain,
    start: Quarter,
    quarters: u32,
    warnings: &mut Vec<Wording>,
) -> Result<Vec<PlannedLever>, ScenarioError> {
    let mut planned: Vec<PlannedLever> = Vec::new();
    for (nth, part) in (1..).zip(&source.file.lever) {
        let mut one = Reading { source, part, nth, warnings };
        let lever = one.lever(chain, start, quarters)?;
        let clash = planned.iter().find(|it| {
            let same = it.id == lever.id && it.cluster == lever.cluster;
            let times = it.from < lever.to && lever.from < it.to;
            let other_input = it.plan.input.is_some() && it.plan.input != lever.plan.input;
            same && times && !other_input
        });
        if clash.is_some() {
            return Err(ScenarioError::contradiction(
                &source.path,
                Wording::new(
                    format!("lever[{nth}]：{} 的“{}”与前面的一条时间重叠", part.cluster, part.id),
                    format!(
                        "lever[{nth}]: {} for {} overlaps an earlier one",
                        part.id, part.cluster
                    ),
                ),
            ));
        }
        planned.push(lever);
    }
    Ok(planned)
}

struct Reading<'a> {
    source: &'a Source,
    part: &'a LeverPart,
    nth: usize,
    warnings: &'a mut Vec<Wording>,
}

impl Reading<'_> {
    fn key(&self, name: &str) -> String {
        format!("lever[{}].{name}", self.nth)
    }

    fn amount(&self, value: Option<&TextOrNumber>, name: &str) -> Result<f64, ScenarioError> {
        value.map_or(Ok(0.0), |it| self.source.amount(it, &self.key(name)))
    }

    /// Warns where a value is outside what the evidence supports.
    fn range(&mut self, name: &str, value: f64, (low, high): (f64, f64), basis: &str) {
        if (low - 1e-9..=high + 1e-9).contains(&value) {
            return;
        }
        let key = self.key(name);
        self.warnings.push(Wording::new(
            format!("{key} = {value} 超出证据范围 {low}—{high}（{basis}）"),
            format!("{key} = {value} is outside the evidence range {low} to {high} ({basis})"),
        ));
    }

    fn quarter(
        &self,
        text: Option<&String>,
        name: &str,
        start: Quarter,
    ) -> Result<Option<i64>, ScenarioError> {
        let Some(text) = text else { return Ok(None) };
        let quarter = Quarter::parse(text).ok_or_else(|| {
            let quarter = Wording::new("季度，如 2026Q3", "a quarter such as 2026Q3");
            ScenarioError::value(&self.source.path, self.key(name), text, quarter)
        })?;
        Ok(Some(quarter.since(start)))
    }

    fn lever(
        &mut self,
        chain: &Chain,
        start: Quarter,
        quarters: u32,
    ) -> Result<PlannedLever, ScenarioError> {
        let (source, part) = (self.source, self.part);
        let path = source.path.as_path();
        let catalogue = Catalogue::shipped();
        let Some((number, known)) = catalogue.find(&part.id) else {
            let names = catalogue.levers.iter().map(|it| it.id.as_str());
            return Err(ScenarioError::unknown(path, self.key("id"), &part.id, names));
        };
        let cluster = named(path, &part.cluster, self.key("cluster"))?;
        let (from, to) = self.window(start, quarters)?;
        self.needs(known)?;
        let basis = known.evidence.first().or(known.null_results.first());
        let basis = basis.cloned().unwrap_or_default();
        let mut targets = known.targets.clone();
        if let (Some(effect), Some(first)) = (part.effect, targets.first_mut()) {
            self.range("effect", effect, (first.low, first.high), &basis);
            first.median = effect;
            first.high = first.high.max(effect);
            first.low = first.low.min(effect);
        }
        if known.pi < 1.0 && part.probability.is_some_and(|it| it > known.pi) {
            let (pi, given) = (known.pi, part.probability.unwrap_or_default());
            let key = self.key("probability");
            let nulls = known.null_results.join("；");
            self.warnings.push(Wording::new(
                format!("{key} = {given} 高于目录的 {pi}；没有查到效果的研究：{nulls}"),
                format!("{key} = {given} is above the catalogue's {pi}; studies without an effect: {nulls}"),
            ));
        }
        let plan = self.plan(chain, known, cluster)?;
        let cost = part.cost.as_ref().map(|it| source.amount(it, &self.key("cost"))).transpose()?;
        Ok(PlannedLever {
            name: part.name.clone().unwrap_or_else(|| format!("{}（{}）", known.id, part.cluster)),
            id: known.id.clone(),
            number,
            cluster,
            from,
            to,
            pi: part.probability.unwrap_or(known.pi),
            spread: known.spread,
            targets,
            cost,
            duration: known.duration,
            half_life: known.half_life,
            plan,
        })
    }

    fn window(&self, start: Quarter, quarters: u32) -> Result<(u32, u32), ScenarioError> {
        let from = self.quarter(self.part.from.as_ref(), "from", start)?.unwrap_or(0);
        let last = self.quarter(self.part.to.as_ref(), "to", start)?;
        let to = last.map_or(i64::from(quarters), |it| it + 1);
        if to <= from {
            return Err(ScenarioError::contradiction(
                &self.source.path,
                Wording::new(
                    format!("lever[{}]：to 早于 from", self.nth),
                    format!("lever[{}]: to is before from", self.nth),
                ),
            ));
        }
        if to <= 0 || from >= i64::from(quarters) {
            let inside = Wording::new("与推演期有重叠的时间", "a time within the run");
            let found = format!("{:?} {:?}", self.part.from, self.part.to);
            return Err(ScenarioError::value(&self.source.path, self.key("from"), found, inside));
        }
        let clip = |it: i64| u32::try_from(it.clamp(0, i64::from(quarters))).expect("clamped");
        Ok((clip(from), clip(to)))
    }

    /// Refuses missing numbers, and numbers that the lever has no use for.
    fn needs(&self, known: &Lever) -> Result<(), ScenarioError> {
        let part = self.part;
        let given: [(&str, bool, &[&str]); 13] = [
            ("projects_per_year", part.projects_per_year.is_some(), &["揭榜挂帅"]),
            ("grant", part.grant.is_some(), &["揭榜挂帅"]),
            ("rd", part.rd.is_some(), &["揭榜挂帅"]),
            ("planned", part.planned.is_some(), &["产业基金"]),
            ("realised", part.realised.is_some(), &["产业基金"]),
            ("number_per_year", part.number_per_year.is_some(), &["招商"]),
            ("size_min", part.size_min.is_some(), &["招商"]),
            ("size_max", part.size_max.is_some(), &["招商"]),
            ("displacement", part.displacement.is_some(), &["招商"]),
            ("matches_per_quarter", part.matches_per_quarter.is_some(), &["对接"]),
            ("input", part.input.is_some(), &["备份"]),
            ("kind", part.kind.is_some(), &["备份"]),
            ("count", part.count.is_some(), &["共性技术平台", "人才"]),
        ];
        for (name, is_given, of) in given {
            let key = self.key(name);
            if known.needs.iter().any(|it| it == name) && !is_given {
                return Err(ScenarioError::Missing { path: self.source.path.clone(), key });
            }
            if is_given && !of.contains(&known.id.as_str()) {
                return Err(ScenarioError::contradiction(
                    &self.source.path,
                    Wording::new(
                        format!("{key}：“{}”用不到这个数，它属于 {}", known.id, of.join("、")),
                        format!(
                            "{key} has no use in {}, it belongs to {}",
                            known.id,
                            of.join(", ")
                        ),
                    ),
                ));
            }
        }
        Ok(())
    }

    fn plan(
        &mut self,
        chain: &Chain,
        known: &Lever,
        cluster: usize,
    ) -> Result<Plan, ScenarioError> {
        let part = self.part;
        let mut plan = Plan { count: f64::from(part.count.unwrap_or(1)), ..Plan::default() };
        match known.id.as_str() {
            "揭榜挂帅" => {
                let grants = part.projects_per_year.unwrap_or_default()
                    * self.amount(part.grant.as_ref(), "grant")?;
                let rd = self.amount(part.rd.as_ref(), "rd")?;
                if rd <= 0.0 {
                    let positive = Wording::new("大于 0 的金额", "an amount above 0");
                    return Err(ScenarioError::value(
                        &self.source.path,
                        self.key("rd"),
                        rd,
                        positive,
                    ));
                }
                plan.rd_ratio = grants * RD_PER_GRANT / rd;
                // The estimates are about grants of a size that firms could have spent themselves.
                self.range("grant", plan.rd_ratio, (0.0, 1.0), "ΔR/R：研发翻一番以内的估计");
            }
            "产业基金" => {
                plan.fund = self.amount(part.planned.as_ref(), "planned")?;
                plan.realised = match part.realised {
                    None => Share::Usual,
                    Some(Realised::Share(share)) => {
                        self.range("realised", share, (REALISED.0, REALISED.2), "Wei 等 2023");
                        Share::Fixed(share)
                    }
                    Some(Realised::Beta { a, b }) => Share::Beta(a, b),
                };
            }
            "招商" => {
                plan.firms_per_year = part.number_per_year.unwrap_or_default();
                let low = self.amount(part.size_min.as_ref(), "size_min")?;
                let high = self.amount(part.size_max.as_ref(), "size_max")?;
                if !(1.0..=2e8).contains(&low) || high < low || high > 2e8 {
                    return Err(ScenarioError::contradiction(
                        &self.source.path,
                        Wording::new(
                            format!(
                                "lever[{}]：引进企业产值应为 1 万元到 2 万亿元，且下限不超过上限",
                                self.nth
                            ),
                            format!("lever[{}]: sizes must be 1 to 2e8 万元, and ascend", self.nth),
                        ),
                    ));
                }
                plan.sizes = (low.log2(), high.log2());
                plan.displacement = part.displacement.unwrap_or(DISPLACEMENT.0);
                let basis = "判断，没有可引用的估计";
                self.range("displacement", plan.displacement, DISPLACEMENT.1, basis);
            }
            "对接" => plan.matches = part.matches_per_quarter.unwrap_or_default(),
            "备份" => {
                let name = part.input.as_deref().unwrap_or_default();
                let at = chain.input(&self.source.path, cluster, name, &self.key("input"))?;
                plan.input = Some(at);
                plan.backup = Some(self.backup()?);
            }
            _ => {}
        }
        Ok(plan)
    }

    fn backup(&mut self) -> Result<Backup, ScenarioError> {
        let part = self.part;
        let basis = "判断，没有已发表的因果估计";
        let same = part.kind.as_deref() == Some("同准");
        let kappa = part.kappa.unwrap_or(0.5);
        self.range("kappa", kappa, (0.3, 1.0), basis);
        let eff = part.eff.unwrap_or(if same { 1.0 } else { 0.85 });
        if same && eff < 1.0 {
            return Err(ScenarioError::contradiction(
                &self.source.path,
                Wording::new(
                    format!("lever[{}]：同准备份的 eff 只能是 1，低于 1 的是降准", self.nth),
                    format!("lever[{}]: a 同准 backup has eff 1, below it is 降准", self.nth),
                ),
            ));
        }
        if !same {
            self.range("eff", eff, (0.6, 0.95), basis);
        }
        let delay = part.delay_months.unwrap_or(if same { 1 } else { 2 });
        let delays = if same { (0.0, 3.0) } else { (1.0, 6.0) };
        self.range("delay_months", f64::from(delay), delays, basis);
        Ok(Backup { capacity: q24(kappa), efficiency: q24(eff), delay })
    }
}
