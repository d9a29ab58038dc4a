//! Levers of a scenario: what is planned, and what one draw of their effects does to a setup.

use super::catalogue::{Place, Target};
use super::draw::{Draw, beta, triangular};
use super::places::Places;
use crate::kernel::firm_step::fixed::q24;
use crate::simulation::{Attraction, Backup, Effect, LeverWindow, Setup};

/// 10亿元 in 万元: the unit of the fund's effect.
const FUND_UNIT: f64 = 1e5;
/// What a fund takes from entry in the city's other industries, at 10亿元 or more (assumed).
const FUND_DISPLACES: f64 = -0.05;
/// What a talent programme takes from innovation in bordering cities.
const TALENT_DRAWS: f64 = -0.02;
/// Additional R&D per grant (Dimos et al. 2022) and the share that is not relabelled (Chen et al.
/// 2021).
pub(super) const RD_PER_GRANT: f64 = 1.075 * (1.0 - 0.242);
/// Effects below this are over: a ten-thousandth of a percent.
const NEGLIGIBLE: f64 = 1e-6;
/// Least, usual and greatest realised share of a planned fund (Wei et al. 2023).
pub(super) const REALISED: (f64, f64, f64) = (0.26, 0.35, 1.0);

/// A lever as a scenario plans it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLever {
    /// What results call it.
    pub name: String,
    /// Name in the catalogue.
    pub id: String,
    /// Its place in the catalogue.
    pub(super) number: usize,
    /// The cluster.
    pub cluster: usize,
    /// First quarter since the start.
    pub from: u32,
    /// First quarter after it.
    pub to: u32,
    /// Probability that it has an effect.
    pub pi: f64,
    /// Spread of the effect in natural logarithms.
    pub spread: f64,
    /// What it acts on, with medians as the scenario has them.
    pub targets: Vec<Target>,
    /// Total cost in 万元.
    pub cost: Option<f64>,
    pub(super) duration: Option<u32>,
    pub(super) half_life: Option<u32>,
    pub(super) plan: Plan,
}

/// The numbers that a scenario gives for a lever, in 万元 and quarters.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Plan {
    pub(super) count: f64,
    /// ΔR/R of the recipients.
    pub(super) rd_ratio: f64,
    pub(super) fund: f64,
    pub(super) realised: Share,
    pub(super) firms_per_year: f64,
    /// log₂ sizes in 万元.
    pub(super) sizes: (f64, f64),
    pub(super) displacement: f64,
    pub(super) matches: f64,
    /// Node and input in the supply chain.
    pub(super) input: Option<(usize, usize)>,
    pub(super) backup: Option<Backup>,
}

/// A share between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Share {
    /// From the evidence range.
    #[default]
    Usual,
    Fixed(f64),
    Beta(f64, f64),
}

impl PlannedLever {
    /// Adds what draw `number` of the lever does. Backups are left to the chain.
    pub(super) fn apply(&self, setup: &mut Setup, number: u32) {
        let places = Places::shipped();
        let what = u32::try_from(self.number * 512 + self.cluster).expect("few levers");
        let draw = Draw::of_parameter(setup.seed, what, number);
        self.attract(setup);
        if self.plan.matches > 0.0 {
            let intake = Effect { intake: q24(self.plan.matches), ..Effect::default() };
            self.window(setup, self.cluster, self.from, self.to, intake);
        }
        if draw.uniform(0) >= self.pi {
            return;
        }
        let factor = (self.spread * draw.normal(1)).exp();
        let industries = places.industries.len();
        let city = self.cluster / industries;
        let regional = triangular(draw.uniform(3), places.cities[city].regional);
        let fund = self.plan.fund * self.realised(draw.uniform(4)) / FUND_UNIT;
        for target in &self.targets {
            let size = (target.median * factor).clamp(target.low, target.high) * regional;
            let effect = match target.on {
                Place::Innovation => {
                    // Platforms share what there is to share; programmes add up.
                    let count = self.plan.count;
                    let times = if self.id == "共性技术平台" { count.sqrt() } else { count };
                    Effect { innovation: q24(size * times), ..Effect::default() }
                }
                Place::Conversion => Effect { conversion: q24(size), ..Effect::default() },
                Place::Entry => {
                    let times = if self.id == "产业基金" { fund } else { 1.0 };
                    Effect { entry: q24(size * times), ..Effect::default() }
                }
                Place::Growth => Effect { growth: q24(size), ..Effect::default() },
                Place::Capability => {
                    self.build_up(setup, size);
                    continue;
                }
                Place::Intake | Place::Backup => continue,
            };
            let end = self.duration.map_or(self.to, |it| self.to.min(self.from + it));
            self.window(setup, self.cluster, self.from, end, effect);
            if let Some(half_life) = self.half_life {
                self.fade(setup, effect, end, half_life);
            }
        }
        match self.id.as_str() {
            "产业基金" => {
                let entry = q24(FUND_DISPLACES * regional * fund.min(1.0));
                let others = (city * industries..(city + 1) * industries)
                    .filter(|cluster| *cluster != self.cluster);
                for cluster in others {
                    let effect = Effect { entry, ..Effect::default() };
                    self.window(setup, cluster, self.from, self.to, effect);
                }
            }
            "人才" => {
                let innovation = q24(TALENT_DRAWS * regional * self.plan.count);
                for neighbour in &places.cities[city].adjacent {
                    let cluster = neighbour * industries + self.cluster % industries;
                    let effect = Effect { innovation, ..Effect::default() };
                    self.window(setup, cluster, self.from, self.to, effect);
                }
            }
            _ => {}
        }
    }

    fn realised(&self, u: f64) -> f64 {
        match self.plan.realised {
            Share::Usual => triangular(u, REALISED),
            Share::Fixed(share) => share,
            Share::Beta(a, b) => beta(u, a, b),
        }
    }

    fn window(&self, setup: &mut Setup, cluster: usize, from: u32, to: u32, effect: Effect) {
        if from < to && effect != Effect::default() {
            setup.levers.push(LeverWindow { cluster, from, to, effect });
        }
    }

    /// A capability gain of `size` built up over the duration, as growth φ·A with
    /// A ← (1 − δ)·A + gain: what the same gain in every firm would do to output.
    fn build_up(&self, setup: &mut Setup, size: f64) {
        let rd = if self.plan.rd_ratio > 0.0 { (1.0 + self.plan.rd_ratio).log2() } else { 1.0 };
        let duration = self.duration.unwrap_or(1).max(1);
        let gain = size * rd / f64::from(duration);
        let (phi, delta) = (setup.parameters().phi, setup.parameters().delta);
        let end = self.to.min(self.from + duration);
        let mut level = 0.0;
        for quarter in self.from.. {
            level *= 1.0 - delta;
            if quarter < end {
                level += gain;
            } else if level < NEGLIGIBLE {
                break;
            }
            let effect = Effect { growth: q24(phi * level), ..Effect::default() };
            self.window(setup, self.cluster, quarter, quarter + 1, effect);
            if delta == 0.0 && quarter > end + 256 {
                break;
            }
        }
    }

    /// The effect after its end, halving every `half_life` quarters, until a hundredth is left.
    fn fade(&self, setup: &mut Setup, effect: Effect, end: u32, half_life: u32) {
        for k in 1..=half_life * 7 {
            let left = (-f64::from(k) / f64::from(half_life)).exp2();
            #[expect(clippy::cast_possible_truncation, reason = "smaller than the effect")]
            let scaled = |it: i32| (f64::from(it) * left).round() as i32;
            let faded = Effect {
                innovation: scaled(effect.innovation),
                conversion: scaled(effect.conversion),
                ..Effect::default()
            };
            let quarter = end + k - 1;
            self.window(setup, self.cluster, quarter, quarter + 1, faded);
        }
    }

    fn attract(&self, setup: &mut Setup) {
        if self.plan.firms_per_year <= 0.0 {
            return;
        }
        let (low, high) = self.plan.sizes;
        let displacement16 = q24(self.plan.displacement).cast_unsigned() >> 8;
        let arrived =
            |quarters: u32| (f64::from(quarters) * self.plan.firms_per_year / 4.0).floor();
        for quarter in self.from..self.to {
            let since = quarter - self.from;
            // The first firm comes with the first full share, so a year brings a year's number.
            #[expect(clippy::cast_possible_truncation, reason = "a whole number of firms")]
            let n_firms = (arrived(since + 1) - arrived(since)).max(0.0) as usize;
            for _ in 0..n_firms {
                setup.attractions.push(Attraction {
                    quarter,
                    cluster: self.cluster,
                    sizes: (q24(low), q24(high)),
                    displacement16,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::Catalogue;
    use super::*;
    use crate::kernel::firm_step::fixed::to_f64;
    use crate::kernel::firm_step::tables::Tables;
    use crate::simulation::{Parameters, reference_firms};

    fn setup() -> Setup {
        let p = Parameters::default();
        let tables = Tables::new(p.young, p.tau, p.logit0, p.logit1);
        let firms = reference_firms(400, 352, [1, 2], &tables);
        Setup::new(p, [1, 2], (11, 32), 0.01, firms).expect("a valid setup")
    }

    fn lever(id: &str, plan: Plan) -> PlannedLever {
        let (number, known) = Catalogue::shipped().find(id).expect("a lever");
        PlannedLever {
            name: id.to_owned(),
            id: id.to_owned(),
            number,
            cluster: 3,
            from: 4,
            to: 24,
            pi: 1.0,
            spread: 0.0,
            targets: known.targets.clone(),
            cost: None,
            duration: known.duration,
            half_life: known.half_life,
            plan,
        }
    }

    /// The regional factor of draw 0.
    fn regional(lever: &PlannedLever) -> f64 {
        let what = u32::try_from(lever.number * 512 + lever.cluster).expect("few");
        let u = Draw::of_parameter([1, 2], what, 0).uniform(3);
        triangular(u, Places::shipped().cities[0].regional)
    }

    /// A lasting capability gain J moves log₂ size by φ/δ·J in the end.
    #[test]
    fn a_gain_moves_size_by_phi_over_delta() {
        let it = lever("揭榜挂帅", Plan { rd_ratio: 1.0, ..Plan::default() });
        let mut setup = setup();
        it.apply(&mut setup, 0);
        let sum: f64 = setup.levers.iter().map(|it| to_f64(it.effect.growth)).sum();
        // ΔR/R = 1: one doubling, 0.124; φ = 0.12, δ = 0.05, the first quarter before any decay.
        let expected = 0.124 * regional(&it) * 0.12 / 0.05;
        assert!((sum / expected - 1.0).abs() < 1e-3, "{sum} {expected}");
        assert!(setup.levers.iter().all(|it| it.cluster == 3 && it.from >= 4));
    }

    #[test]
    fn a_fund_takes_from_the_citys_other_industries() {
        let plan = Plan { fund: 1e5, realised: Share::Fixed(0.5), ..Plan::default() };
        let it = lever("产业基金", plan);
        let mut setup = setup();
        it.apply(&mut setup, 0);
        let entry = |cluster| -> f64 {
            let own = setup.levers.iter().filter(|it| it.cluster == cluster);
            own.map(|it| to_f64(it.effect.entry)).sum()
        };
        assert!((entry(3) - 0.25 * 0.5 * regional(&it)).abs() < 1e-6, "{}", entry(3));
        assert!((entry(4) + 0.05 * 0.5 * regional(&it)).abs() < 1e-6, "{}", entry(4));
        assert_eq!((entry(32), setup.levers.len()), (0.0, 32));
    }

    #[test]
    fn what_has_no_effect_still_brings_its_firms() {
        let plan = Plan { firms_per_year: 1.5, sizes: (10.0, 12.0), ..Plan::default() };
        let mut it = lever("招商", plan);
        it.pi = 0.0;
        let mut setup = setup();
        it.apply(&mut setup, 0);
        assert!(setup.levers.is_empty());
        // Five years of one and a half.
        assert_eq!(setup.attractions.len(), 7);
        assert!(setup.attractions.iter().all(|it| (4..24).contains(&it.quarter)));
        it.plan = Plan::default();
        setup.attractions.clear();
        it.apply(&mut setup, 0);
        assert!(setup.attractions.is_empty());
    }

    #[test]
    fn a_consortiums_effect_halves_in_three_years() {
        let it = lever("创新联合体", Plan { count: 1.0, ..Plan::default() });
        let mut setup = setup();
        it.apply(&mut setup, 0);
        let at = |quarter| -> f64 {
            let now = setup.levers.iter().filter(|it| (it.from..it.to).contains(&quarter));
            now.map(|it| to_f64(it.effect.innovation)).sum()
        };
        assert!((at(10) - 0.22 * regional(&it)).abs() < 1e-6);
        assert!((at(35) / at(23) - 0.5).abs() < 1e-4, "{} {}", at(35), at(23));
        assert_eq!(at(3), 0.0);
    }
}
