//! News: what tonight's pairs have that the last published ones had not, why, and whose it is.
//!
//! Pure: two sets of standing pairs go in, entries with reasons come out. A pair stands where a
//! person may act on it, that is where its verdict is 可洽谈 or better. [`brokers`] shares the
//! entries out.

mod brokers;

pub use brokers::{Assignment, Broker, NewsUnit, assign};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Lang, Micro, Verdict};

/// What is remembered of a kept pair from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingPair {
    /// Id of the demand.
    pub demand: String,
    /// Id of the supply.
    pub supply: String,
    /// Advice.
    pub verdict: Verdict,
    /// Mean of the two directions' probabilities.
    pub probability: Micro,
    /// Whether it is in the handed-out lists.
    pub handed_out: bool,
    /// Whether a broker's refusal blocks it.
    pub refused: bool,
    /// Numbers of the demand that the supply does not state.
    pub unstated: u32,
}

impl StandingPair {
    /// Whether a person may act on it.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.verdict > Verdict::NoMatch && !self.refused
    }
}

/// One run as news needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// The kept pairs, each once, in any order.
    pub pairs: Vec<StandingPair>,
    /// Every demand's id and fingerprint.
    pub demands: BTreeMap<String, String>,
    /// Every supply's id and fingerprint.
    pub supplies: BTreeMap<String, String>,
    /// Hash of what turned part values into verdicts: weights, calibration, synonyms.
    pub rules: String,
}

/// Why a pair is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNew {
    /// 首次运行: nothing was published before.
    FirstRun,
    /// 新需求: the demand was in no earlier list.
    NewDemand,
    /// 新供给: the supply was in no earlier list.
    NewSupply,
    /// 需求有修改.
    DemandChanged,
    /// 供给有修改.
    SupplyChanged,
    /// 补充了数值: the supply now states a number that the demand asks for.
    NumberStated,
    /// 解除不合适: a refused pair is free again.
    RefusalLifted,
    /// 权重或校准有变.
    RulesChanged,
    /// 名额空出: the pair stood before, and another one of the demand or the supply left the
    /// handed-out lists.
    PlaceFreed,
    /// 重新评估: none of the above; competition, statistics or the calendar moved it.
    Reassessed,
}

impl WhyNew {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::FirstRun => lang.pick("首次运行", "first run"),
            Self::NewDemand => lang.pick("新需求", "new demand"),
            Self::NewSupply => lang.pick("新供给", "new supply"),
            Self::DemandChanged => lang.pick("需求有修改", "demand changed"),
            Self::SupplyChanged => lang.pick("供给有修改", "supply changed"),
            Self::NumberStated => lang.pick("补充了数值", "a number is now stated"),
            Self::RefusalLifted => lang.pick("解除了“不合适”", "a refusal was lifted"),
            Self::RulesChanged => lang.pick("权重或校准有变", "weights or calibration changed"),
            Self::PlaceFreed => lang.pick("其他清单空出名额", "a place was freed by another list"),
            Self::Reassessed => lang.pick("重新评估", "reassessed"),
        }
    }
}

/// Why a pair that was handed out no longer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyGone {
    /// 需求已撤回或过期.
    DemandGone,
    /// 供给已撤回或过期.
    SupplyGone,
    /// 已反馈不合适.
    Refused,
    /// 需求有修改.
    DemandChanged,
    /// 供给有修改.
    SupplyChanged,
    /// 权重或校准有变.
    RulesChanged,
    /// 名额让给了更合适的: it still stands, others took the places.
    PlaceTaken,
    /// 重新评估.
    Reassessed,
}

impl WhyGone {
    /// The word people read.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::DemandGone => lang.pick("需求已撤回或过期", "demand withdrawn or expired"),
            Self::SupplyGone => lang.pick("供给已撤回或过期", "supply withdrawn or expired"),
            Self::Refused => lang.pick("已反馈不合适", "refused by a broker"),
            Self::DemandChanged => lang.pick("需求有修改", "demand changed"),
            Self::SupplyChanged => lang.pick("供给有修改", "supply changed"),
            Self::RulesChanged => lang.pick("权重或校准有变", "weights or calibration changed"),
            Self::PlaceTaken => lang.pick("名额让给了更合适的", "its place went to a better pair"),
            Self::Reassessed => lang.pick("重新评估", "reassessed"),
        }
    }
}

/// A pair that a person can act on and could not before, or that is handed out and was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewsEntry {
    /// The pair as it stands now.
    #[serde(flatten)]
    pub pair: StandingPair,
    /// Its verdict in the last published run; `None` where it was not among the kept pairs.
    pub verdict_before: Option<Verdict>,
    /// Why, in order, at least one.
    pub why: Vec<WhyNew>,
}

/// A pair that was handed out and no longer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneEntry {
    /// Id of the demand.
    pub demand: String,
    /// Id of the supply.
    pub supply: String,
    /// Why, in order, at least one.
    pub why: Vec<WhyGone>,
}

/// What changed between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// By demand, handed-out ones first, then by falling probability, then by supply.
    pub entries: Vec<NewsEntry>,
    /// By demand, then supply.
    pub gone: Vec<GoneEntry>,
}

/// Compares a run with the last published one; `None` where nothing was published, when every
/// handed-out pair is news.
///
/// O((n + m) log n) for n pairs before and m now.
#[must_use]
pub fn news(before: Option<&Standing>, now: &Standing) -> News {
    let Some(before) = before else {
        let entries = (now.pairs.iter().filter(|pair| pair.stands() && pair.handed_out))
            .map(|pair| NewsEntry {
                pair: pair.clone(),
                verdict_before: None,
                why: vec![WhyNew::FirstRun],
            })
            .collect();
        return News { entries: in_order(entries), gone: Vec::new() };
    };
    let pairs = |run: &'_ Standing| -> BTreeMap<(String, String), StandingPair> {
        run.pairs.iter().map(|p| ((p.demand.clone(), p.supply.clone()), p.clone())).collect()
    };
    let (old, new) = (pairs(before), pairs(now));
    let handed = |key: &(String, String), of: &BTreeMap<(String, String), StandingPair>| {
        of.get(key).is_some_and(|pair| pair.handed_out && pair.stands())
    };
    // Whoever lost a handed-out pair has a place that another pair may have got.
    let (mut freed_demands, mut freed_supplies) = (BTreeSet::new(), BTreeSet::new());
    let mut gone = Vec::new();
    for (key, pair) in &old {
        if pair.handed_out && pair.stands() && !handed(key, &new) {
            freed_demands.insert(pair.demand.as_str());
            freed_supplies.insert(pair.supply.as_str());
            gone.push(GoneEntry {
                demand: pair.demand.clone(),
                supply: pair.supply.clone(),
                why: why_gone(before, now, pair, new.get(key)),
            });
        }
    }
    let mut entries = Vec::new();
    for (key, pair) in &new {
        let earlier = old.get(key);
        let stood = earlier.is_some_and(StandingPair::stands);
        if !pair.stands() || (stood && (!pair.handed_out || handed(key, &old))) {
            continue;
        }
        let freed = freed_demands.contains(pair.demand.as_str())
            || freed_supplies.contains(pair.supply.as_str());
        entries.push(NewsEntry {
            pair: pair.clone(),
            verdict_before: earlier.map(|pair| pair.verdict),
            why: why_new(before, now, pair, earlier, stood && freed),
        });
    }
    News { entries: in_order(entries), gone }
}

fn in_order(mut entries: Vec<NewsEntry>) -> Vec<NewsEntry> {
    entries.sort_by(|a, b| {
        let rank = |entry: &NewsEntry| (!entry.pair.handed_out, -entry.pair.probability.0);
        (&a.pair.demand, rank(a), &a.pair.supply).cmp(&(&b.pair.demand, rank(b), &b.pair.supply))
    });
    entries
}

fn why_new(
    before: &Standing,
    now: &Standing,
    pair: &StandingPair,
    earlier: Option<&StandingPair>,
    place_freed: bool,
) -> Vec<WhyNew> {
    let demand = (before.demands.get(&pair.demand), now.demands.get(&pair.demand));
    let supply = (before.supplies.get(&pair.supply), now.supplies.get(&pair.supply));
    let supply_new = supply.0.is_none();
    let stated = earlier.is_some_and(|old| pair.unstated < old.unstated);
    let mut why = Vec::new();
    let mut add = |holds: bool, reason| {
        if holds {
            why.push(reason);
        }
    };
    add(demand.0.is_none(), WhyNew::NewDemand);
    add(supply_new, WhyNew::NewSupply);
    add(demand.0.is_some() && demand.0 != demand.1, WhyNew::DemandChanged);
    add(!supply_new && supply.0 != supply.1, WhyNew::SupplyChanged);
    // Only a changed supply can have come to state a number; fewer unstated ones of a changed
    // demand say nothing of the supply.
    add(stated && demand.0 == demand.1, WhyNew::NumberStated);
    add(earlier.is_some_and(|old| old.refused), WhyNew::RefusalLifted);
    add(before.rules != now.rules, WhyNew::RulesChanged);
    if why.is_empty() {
        why.push(if place_freed { WhyNew::PlaceFreed } else { WhyNew::Reassessed });
    }
    why
}

fn why_gone(
    before: &Standing,
    now: &Standing,
    pair: &StandingPair,
    present: Option<&StandingPair>,
) -> Vec<WhyGone> {
    let demand = now.demands.get(&pair.demand);
    let supply = now.supplies.get(&pair.supply);
    let mut why = Vec::new();
    let mut add = |holds: bool, reason| {
        if holds {
            why.push(reason);
        }
    };
    add(demand.is_none(), WhyGone::DemandGone);
    add(supply.is_none(), WhyGone::SupplyGone);
    add(present.is_some_and(|pair| pair.refused), WhyGone::Refused);
    add(demand.is_some() && before.demands.get(&pair.demand) != demand, WhyGone::DemandChanged);
    add(supply.is_some() && before.supplies.get(&pair.supply) != supply, WhyGone::SupplyChanged);
    add(before.rules != now.rules, WhyGone::RulesChanged);
    if why.is_empty() {
        let stands = present.is_some_and(StandingPair::stands);
        why.push(if stands { WhyGone::PlaceTaken } else { WhyGone::Reassessed });
    }
    why
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(demand: &str, supply: &str) -> StandingPair {
        StandingPair {
            demand: demand.to_owned(),
            supply: supply.to_owned(),
            verdict: Verdict::Discuss,
            probability: Micro(600_000),
            handed_out: true,
            refused: false,
            unstated: 0,
        }
    }

    fn run(
        pairs: Vec<StandingPair>,
        demands: &[(&str, &str)],
        supplies: &[(&str, &str)],
    ) -> Standing {
        let table = |rows: &[(&str, &str)]| {
            rows.iter().map(|(id, print)| ((*id).to_owned(), (*print).to_owned())).collect()
        };
        Standing {
            pairs,
            demands: table(demands),
            supplies: table(supplies),
            rules: "r".to_owned(),
        }
    }

    /// Reasons of the only entry.
    fn why(before: &Standing, now: &Standing) -> Vec<WhyNew> {
        let news = news(Some(before), now);
        assert_eq!(news.entries.len(), 1, "{news:?}");
        news.entries[0].why.clone()
    }

    #[test]
    fn the_same_run_twice_is_no_news() {
        let now = run(vec![pair("d", "s")], &[("d", "1")], &[("s", "1")]);
        assert_eq!(news(Some(&now), &now), News::default());
        let first = news(None, &now);
        assert_eq!(first.entries[0].why, [WhyNew::FirstRun]);
    }

    #[test]
    fn every_reason_is_found() {
        let base = run(vec![], &[("d", "1")], &[("s", "1")]);
        let with = |pair: StandingPair, demands: &[(&str, &str)], supplies: &[(&str, &str)]| {
            run(vec![pair], demands, supplies)
        };
        let now = with(pair("d", "t"), &[("d", "1")], &[("s", "1"), ("t", "1")]);
        assert_eq!(why(&base, &now), [WhyNew::NewSupply]);
        let now = with(pair("e", "s"), &[("d", "1"), ("e", "1")], &[("s", "1")]);
        assert_eq!(why(&base, &now), [WhyNew::NewDemand]);
        let now = with(pair("d", "s"), &[("d", "2")], &[("s", "2")]);
        assert_eq!(why(&base, &now), [WhyNew::DemandChanged, WhyNew::SupplyChanged]);
        let now = with(pair("d", "s"), &[("d", "1")], &[("s", "1")]);
        assert_eq!(why(&base, &now), [WhyNew::Reassessed]);
        let rules = Standing { rules: "q".to_owned(), ..now.clone() };
        assert_eq!(why(&base, &rules), [WhyNew::RulesChanged]);
        let mut refused = now.clone();
        refused.pairs[0].refused = true;
        let changed = with(pair("d", "s"), &[("d", "1")], &[("s", "2")]);
        assert_eq!(why(&refused, &changed), [WhyNew::SupplyChanged, WhyNew::RefusalLifted]);
        let mut silent = now.clone();
        silent.pairs[0].unstated = 1;
        silent.pairs[0].verdict = Verdict::NoMatch;
        assert_eq!(why(&silent, &changed), [WhyNew::SupplyChanged, WhyNew::NumberStated]);
    }

    #[test]
    fn a_freed_place_is_told_from_a_new_match() {
        let mut waiting = pair("e", "s");
        waiting.handed_out = false;
        let records: (&[_], &[_]) = (&[("d", "1"), ("e", "1")], &[("s", "1")]);
        let before = run(vec![pair("d", "s"), waiting], records.0, records.1);
        let now = run(vec![pair("e", "s")], &records.0[1..], records.1);
        let found = news(Some(&before), &now);
        assert_eq!(found.entries[0].why, [WhyNew::PlaceFreed]);
        assert_eq!(found.gone[0].why, [WhyGone::DemandGone]);
        let back = news(Some(&now), &before);
        assert_eq!(back.entries.len(), 1);
        assert_eq!(back.gone[0].why, [WhyGone::PlaceTaken]);
    }

    #[test]
    fn a_refused_pair_goes_with_its_reason() {
        let before = run(vec![pair("d", "s")], &[("d", "1")], &[("s", "1")]);
        let mut now = before.clone();
        now.pairs[0].refused = true;
        now.pairs[0].handed_out = false;
        let found = news(Some(&before), &now);
        assert!(found.entries.is_empty());
        assert_eq!(found.gone[0].why, [WhyGone::Refused]);
    }

    /// A run over a few demands and supplies: for each pair whether it was kept, how it stands, and
    /// for each record whether it is there and in which version.
    fn any_run() -> impl Strategy<Value = Standing> {
        let pair = (0..3_usize, any::<bool>(), any::<bool>(), 0..3_u32);
        let pairs = prop::collection::vec(prop::option::of(pair), 9);
        let versions = prop::collection::vec(prop::option::of(0..2_u8), 6);
        (pairs, versions, 0..2_u8).prop_map(|(pairs, versions, rules)| {
            let verdicts = [Verdict::NoMatch, Verdict::Discuss, Verdict::Recommend];
            let table = |from: usize| -> BTreeMap<String, String> {
                (0..3)
                    .filter_map(|n| Some((n.to_string(), versions[from + n]?.to_string())))
                    .collect()
            };
            let (demands, supplies) = (table(0), table(3));
            let pairs = (0..9)
                .filter_map(|at| {
                    let (verdict, handed_out, refused, unstated) = pairs[at]?;
                    let (demand, supply) = ((at / 3).to_string(), (at % 3).to_string());
                    let known = demands.contains_key(&demand) && supplies.contains_key(&supply);
                    known.then(|| StandingPair {
                        demand,
                        supply,
                        verdict: verdicts[verdict],
                        probability: Micro(500_000),
                        handed_out,
                        refused,
                        unstated,
                    })
                })
                .collect();
            Standing { pairs, demands, supplies, rules: rules.to_string() }
        })
    }

    fn keys(run: &Standing, wanted: impl Fn(&StandingPair) -> bool) -> BTreeSet<(String, String)> {
        let wanted = run.pairs.iter().filter(|pair| wanted(pair));
        wanted.map(|pair| (pair.demand.clone(), pair.supply.clone())).collect()
    }

    proptest! {
        #[test]
        fn yesterday_and_the_news_are_today(before in any_run(), now in any_run()) {
            let found = news(Some(&before), &now);
            let handed = |pair: &StandingPair| pair.stands() && pair.handed_out;
            let mut lists = keys(&before, handed);
            for gone in &found.gone {
                prop_assert!(!gone.why.is_empty());
                prop_assert!(lists.remove(&(gone.demand.clone(), gone.supply.clone())));
            }
            let stood = keys(&before, StandingPair::stands);
            for entry in &found.entries {
                prop_assert!(!entry.why.is_empty());
                let key = (entry.pair.demand.clone(), entry.pair.supply.clone());
                // Whatever was not there for a person before is news, and nothing else.
                prop_assert!(!stood.contains(&key) || entry.pair.handed_out);
                if entry.pair.handed_out {
                    prop_assert!(lists.insert(key));
                }
            }
            prop_assert_eq!(lists, keys(&now, handed));
            let told: BTreeSet<(String, String)> = (found.entries.iter())
                .map(|entry| (entry.pair.demand.clone(), entry.pair.supply.clone()))
                .collect();
            let fresh: BTreeSet<_> =
                keys(&now, StandingPair::stands).difference(&stood).cloned().collect();
            prop_assert!(told.is_superset(&fresh));
        }
    }
}
