//! Sharing tonight's news out among brokers.
//!
//! What one owner of demands has is kept together, because one person should call them. Units go
//! out by falling size to whoever is least loaded relative to what they can take: the longest-
//! processing-time rule (Graham 1969, "Bounds on multiprocessing timing anomalies"), whose largest
//! load is at most 4/3 of the least possible one where all brokers are alike.

use std::collections::BTreeMap;

/// A person who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// The name on the list.
    pub name: String,
    /// Most pairs in one night.
    pub load: u32,
    /// Steps of classification that the broker knows; empty for any.
    pub fields: Vec<String>,
}

/// The news of one owner, or of one demand whose owner is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsUnit {
    /// What keeps it together from night to night, such as the owner's name.
    pub key: String,
    /// Steps of the demands' classification paths.
    pub fields: Vec<String>,
    /// Its demands: key and number of pairs.
    pub demands: Vec<(String, u32)>,
}

impl NewsUnit {
    fn size(&self) -> u32 {
        self.demands.iter().map(|(_, n)| n).sum()
    }
}

/// Who takes what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assignment {
    /// For every demand's key, the broker's place in the list of brokers.
    pub broker_of: BTreeMap<String, usize>,
    /// Demands that nobody has room for, or nobody knows the field of, ascending.
    pub waiting: Vec<String>,
    /// Pairs per broker, in the order of brokers; never above the broker's load.
    pub loads: Vec<u32>,
}

/// Shares units out. `before` names, for a unit's key, the broker who had it last: they keep it
/// while they have room, so that owners are not called by a new person every night.
///
/// A unit that fits nobody whole is taken apart into its demands. Brokers with a fitting field come
/// before those who take any; a broker with fields gets nothing else. Ties go to the first broker.
#[must_use]
pub fn assign(
    brokers: &[Broker],
    units: &[NewsUnit],
    before: &BTreeMap<String, String>,
) -> Assignment {
    let mut out = Assignment { loads: vec![0; brokers.len()], ..Assignment::default() };
    let mut order: Vec<&NewsUnit> = units.iter().collect();
    order.sort_by(|a, b| (b.size(), &a.key).cmp(&(a.size(), &b.key)));
    for unit in order {
        let last = before.get(&unit.key);
        if let Some(at) = choose(brokers, &out.loads, unit, unit.size(), last) {
            out.loads[at] += unit.size();
            out.broker_of.extend(unit.demands.iter().map(|(demand, _)| (demand.clone(), at)));
            continue;
        }
        let mut demands: Vec<&(String, u32)> = unit.demands.iter().collect();
        demands.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        for (demand, size) in demands {
            match choose(brokers, &out.loads, unit, *size, last) {
                Some(at) => {
                    out.loads[at] += size;
                    out.broker_of.insert(demand.clone(), at);
                }
                None => out.waiting.push(demand.clone()),
            }
        }
    }
    out.waiting.sort();
    out
}

fn choose(
    brokers: &[Broker],
    loads: &[u32],
    unit: &NewsUnit,
    size: u32,
    last: Option<&String>,
) -> Option<usize> {
    let room = |at: usize| loads[at].saturating_add(size) <= brokers[at].load;
    let knows = |broker: &Broker| broker.fields.iter().any(|field| unit.fields.contains(field));
    if let Some(at) = last.and_then(|name| brokers.iter().position(|broker| broker.name == *name))
        && room(at)
        && (brokers[at].fields.is_empty() || knows(&brokers[at]))
    {
        return Some(at);
    }
    let least = |wanted: &dyn Fn(&Broker) -> bool| {
        (0..brokers.len()).filter(|&at| wanted(&brokers[at]) && room(at)).min_by(|&a, &b| {
            // (load + size) / cap, compared across without division.
            let share = |at: usize, other: usize| {
                u64::from(loads[at] + size) * u64::from(brokers[other].load)
            };
            share(a, b).cmp(&share(b, a)).then(a.cmp(&b))
        })
    };
    least(&knows).or_else(|| least(&|broker| broker.fields.is_empty()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn broker(name: &str, load: u32, fields: &[&str]) -> Broker {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        Broker { name: name.to_owned(), load, fields }
    }

    fn unit(key: &str, field: &str, sizes: &[u32]) -> NewsUnit {
        let demands = sizes.iter().enumerate().map(|(at, n)| (format!("{key}-{at}"), *n)).collect();
        NewsUnit { key: key.to_owned(), fields: vec![field.to_owned()], demands }
    }

    #[test]
    fn fields_come_first_then_room_then_fairness() {
        let brokers = [broker("甲", 10, &["新材料"]), broker("乙", 10, &[]), broker("丙", 20, &[])];
        let units = [
            unit("a", "新材料", &[3]),
            unit("b", "农业", &[4]),
            unit("c", "农业", &[4]),
            unit("d", "新材料", &[9]),
        ];
        let out = assign(&brokers, &units, &BTreeMap::new());
        assert_eq!(out.broker_of["d-0"], 0);
        assert_eq!(out.broker_of["b-0"], 2, "4/20 is less than 4/10");
        assert_eq!(out.broker_of["c-0"], 1, "then 4/10 equals 8/20, and the first has it");
        assert_eq!(out.broker_of["a-0"], 2, "no room left with the one who knows the field");
        assert_eq!(out.loads, [9, 4, 7]);
    }

    #[test]
    fn an_owner_keeps_their_broker() {
        let brokers = [broker("甲", 10, &[]), broker("乙", 10, &[])];
        let before = BTreeMap::from([("a".to_owned(), "乙".to_owned())]);
        let out = assign(&brokers, &[unit("a", "", &[2])], &before);
        assert_eq!(out.broker_of["a-0"], 1);
    }

    #[test]
    fn what_is_too_much_waits() {
        let out = assign(&[broker("甲", 3, &[])], &[unit("a", "", &[2, 2])], &BTreeMap::new());
        assert_eq!(out.loads, [2]);
        assert_eq!(out.waiting, ["a-1"]);
        let out = assign(&[broker("甲", 3, &["新材料"])], &[unit("a", "", &[1])], &BTreeMap::new());
        assert_eq!(out.waiting, ["a-0"], "nobody knows the field");
    }

    proptest! {
        #[test]
        fn nobody_is_overloaded_and_nothing_is_lost(
            caps in prop::collection::vec(1_u32..12, 0..5),
            sizes in prop::collection::vec(prop::collection::vec(1_u32..6, 1..4), 0..12),
        ) {
            let brokers: Vec<Broker> =
                caps.iter().enumerate().map(|(at, cap)| broker(&at.to_string(), *cap, &[])).collect();
            let units: Vec<NewsUnit> = sizes
                .iter()
                .enumerate()
                .map(|(at, sizes)| unit(&at.to_string(), "", sizes))
                .collect();
            let out = assign(&brokers, &units, &BTreeMap::new());
            let mut loads = vec![0; brokers.len()];
            let mut n = 0;
            for (demand, size) in units.iter().flat_map(|unit| &unit.demands) {
                n += 1;
                match out.broker_of.get(demand) {
                    Some(&at) => loads[at] += size,
                    None => prop_assert!(out.waiting.contains(demand)),
                }
            }
            prop_assert_eq!(out.broker_of.len() + out.waiting.len(), n);
            prop_assert_eq!(&loads, &out.loads);
            prop_assert!(loads.iter().zip(&caps).all(|(load, cap)| load <= cap));
            // With room everywhere nothing waits.
            let smallest_room = caps.iter().zip(&loads).map(|(cap, load)| cap - load).max().unwrap_or(0);
            for demand in &out.waiting {
                let size = units.iter().flat_map(|u| &u.demands).find(|(d, _)| d == demand).map(|d| d.1);
                prop_assert!(size.is_some_and(|size| size > smallest_room));
            }
        }
    }
}
