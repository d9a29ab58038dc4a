//! Tonight's news: what changed since the last published run, whose it is, and the files that say
//! so.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use jiff::Zoned;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::JobError;
use crate::config::Config;
use crate::matching::{
    Assignment, Broker, GoneEntry, News, NewsEntry, NewsUnit, Standing, WhyNew, assign, news,
};
use crate::model::{Record, Side};
use crate::report::{
    NewsBroker, NewsFacts, NewsGone, NewsRow, NewsView, TableDates, write_news_html,
    write_news_workbook,
};

/// Name and version of the shape of `news.json`.
const SCHEMA: &str = "duijie.news/1";
const JSON: &str = "news.json";

/// Reads a record of a side by its id; `None` where it is gone.
pub(super) type ReadRecord<'a> = &'a dyn Fn(Side, &str) -> Result<Option<Record>, JobError>;

/// What the news is about.
pub(super) struct NewsInput<'a> {
    pub(super) config: &'a Config,
    /// Reads a live record; only those that the news speaks of are asked for.
    pub(super) record: ReadRecord<'a>,
    pub(super) standing: &'a Standing,
    /// The last published run: its name and folder.
    pub(super) before: Option<(&'a str, &'a Path)>,
    pub(super) run: &'a str,
    pub(super) started_at: &'a Zoned,
    pub(super) as_of: Date,
    pub(super) data_until: Option<Date>,
    pub(super) missed: &'a (Vec<Date>, u32),
}

/// `news.json`.
#[derive(Serialize, Deserialize)]
struct NewsFile {
    schema: String,
    run: String,
    before: Option<String>,
    started_at: String,
    as_of: Date,
    data_until: Option<Date>,
    missed_nights: u32,
    entries: Vec<EntryRow>,
    gone: Vec<GoneEntry>,
    brokers: Vec<BrokerRow>,
    /// Demands that nobody has room for.
    waiting: Vec<String>,
    /// Who last had which demand, those of earlier nights included.
    broker_of: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct EntryRow {
    #[serde(flatten)]
    entry: NewsEntry,
    demand_number: String,
    supply_number: String,
    broker: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct BrokerRow {
    name: String,
    load: u32,
    most: u32,
}

/// How much is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewsCounts {
    /// Pairs that a person can act on and could not before, or that are newly handed out.
    pub new: usize,
    /// Those of them that are handed out.
    pub handed_out: usize,
    /// Pairs that are no longer handed out.
    pub gone: usize,
    /// Demands with news that no broker has room for.
    pub waiting: usize,
}

/// Compares, shares out, and writes `news.json`, `news.xlsx` and `news.html` into `run`.
pub(super) fn write(run: &Path, input: &NewsInput<'_>) -> Result<NewsCounts, JobError> {
    let earlier = input.before.and_then(|(_, folder)| super::standing::read(folder));
    let found = news(earlier.as_ref(), input.standing);
    let told = Told::read(&found, input.record)?;
    let demand = |id: &str| told.demands.get(id);
    let supply = |id: &str| told.supplies.get(id);

    let mut broker_of = input.before.map(|(_, folder)| brokers_before(folder)).unwrap_or_default();
    broker_of.retain(|id, _| input.standing.demands.contains_key(id));
    let brokers: Vec<Broker> = (input.config.brokers.iter())
        .map(|broker| Broker {
            name: broker.name.clone(),
            load: broker.load,
            fields: broker.fields.clone(),
        })
        .collect();
    let assigned = share_out(&brokers, &found, &demand, &broker_of);
    for (id, &at) in &assigned.broker_of {
        broker_of.insert(id.clone(), brokers[at].name.clone());
    }
    let counts = NewsCounts {
        new: found.entries.len(),
        handed_out: found.entries.iter().filter(|entry| entry.pair.handed_out).count(),
        gone: found.gone.len(),
        waiting: assigned.waiting.len(),
    };
    let view = view(input, &found, &brokers, &assigned, &demand, &supply);
    write_news_workbook(&run.join("news.xlsx"), &view)?;
    write_news_html(&run.join("news.html"), &view)?;
    write_json(run, input, &found, &brokers, &assigned, broker_of, &demand, &supply)?;
    Ok(counts)
}

/// The records that the news speaks of, by id.
struct Told {
    demands: HashMap<String, Record>,
    supplies: HashMap<String, Record>,
}

impl Told {
    fn read(found: &News, record: ReadRecord<'_>) -> Result<Self, JobError> {
        let mut told = Self { demands: HashMap::new(), supplies: HashMap::new() };
        let new = found.entries.iter().map(|entry| (&entry.pair.demand, &entry.pair.supply));
        let gone = found.gone.iter().map(|gone| (&gone.demand, &gone.supply));
        for (demand, supply) in new.chain(gone) {
            for (side, id, into) in [
                (Side::Demand, demand, &mut told.demands),
                (Side::Supply, supply, &mut told.supplies),
            ] {
                if !into.contains_key(id)
                    && let Some(record) = record(side, id)?
                {
                    into.insert(id.clone(), record);
                }
            }
        }
        Ok(told)
    }
}

/// Shares out what is handed out: other news is for looking at, not for calling.
fn share_out<'a>(
    brokers: &[Broker],
    found: &News,
    demand: &impl Fn(&str) -> Option<&'a Record>,
    before: &BTreeMap<String, String>,
) -> Assignment {
    let mut sizes: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in found.entries.iter().filter(|entry| entry.pair.handed_out) {
        *sizes.entry(entry.pair.demand.as_str()).or_default() += 1;
    }
    let mut units: BTreeMap<String, NewsUnit> = BTreeMap::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for (id, size) in sizes {
        let record = demand(id);
        // Owners and ids cannot be confused: an id alone begins with a character no name has.
        let key = record
            .and_then(|record| record.organization.clone())
            .unwrap_or_else(|| format!("\u{1}{id}"));
        let unit = units.entry(key.clone()).or_insert_with(|| NewsUnit {
            key: key.clone(),
            fields: Vec::new(),
            demands: Vec::new(),
        });
        unit.demands.push((id.to_owned(), size));
        for step in record.iter().flat_map(|record| record.classification.iter().flatten()) {
            if !unit.fields.contains(step) {
                unit.fields.push(step.clone());
            }
        }
        if let Some(broker) = before.get(id) {
            last.entry(key).or_insert_with(|| broker.clone());
        }
    }
    let units: Vec<NewsUnit> = units.into_values().collect();
    // Without brokers nobody is waited for.
    if brokers.is_empty() {
        return Assignment::default();
    }
    assign(brokers, &units, &last)
}

fn view<'a>(
    input: &NewsInput<'a>,
    found: &'a News,
    brokers: &[Broker],
    assigned: &Assignment,
    demand: &impl Fn(&str) -> Option<&'a Record>,
    supply: &impl Fn(&str) -> Option<&'a Record>,
) -> NewsView<'a> {
    let prints = input.standing;
    let versions = |entry: &NewsEntry| {
        let print = |of: &BTreeMap<String, String>, id: &str| {
            format!("{id}@{}", of.get(id).map_or("", String::as_str))
        };
        format!(
            "{} ↔ {} · {}",
            print(&prints.demands, &entry.pair.demand),
            print(&prints.supplies, &entry.pair.supply),
            input.started_at.date()
        )
    };
    let rows = (found.entries.iter())
        .filter_map(|entry| {
            let handed_out = entry.pair.handed_out;
            Some(NewsRow {
                demand: demand(&entry.pair.demand)?,
                supply: supply(&entry.pair.supply)?,
                verdict: entry.pair.verdict,
                probability: entry.pair.probability,
                handed_out,
                verdict_before: entry.verdict_before,
                why: &entry.why,
                broker: assigned.broker_of.get(&entry.pair.demand).copied().filter(|_| handed_out),
                versions: versions(entry),
            })
        })
        .collect();
    let named = |id: &str, record: Option<&Record>| {
        record.map_or_else(|| id.to_owned(), |record| record.number.clone())
    };
    let gone = (found.gone.iter())
        .map(|gone| {
            let (demand, supply) = (demand(&gone.demand), supply(&gone.supply));
            NewsGone {
                demand: named(&gone.demand, demand),
                demand_record: demand,
                supply: named(&gone.supply, supply),
                supply_record: supply,
                why: &gone.why,
            }
        })
        .collect();
    let lang = input.config.matching.lang;
    NewsView {
        rows,
        gone,
        brokers: (brokers.iter().zip(&assigned.loads))
            .map(|(broker, &load)| NewsBroker {
                name: broker.name.clone(),
                load,
                most: broker.load,
            })
            .collect(),
        facts: NewsFacts {
            dates: TableDates {
                title: lang.pick("今晚新增", "What is new"),
                data_until: input.data_until,
                started_at: input.started_at,
                as_of: input.as_of,
                lang,
            },
            run: input.run.to_owned(),
            before: input.before.map(|(name, _)| name.to_owned()),
            missed: input.missed.clone(),
            stale_hours: input.config.night.stale_hours,
        },
    }
}

#[expect(clippy::too_many_arguments, reason = "one caller, which has just made them all")]
fn write_json<'a>(
    run: &Path,
    input: &NewsInput<'a>,
    found: &News,
    brokers: &[Broker],
    assigned: &Assignment,
    broker_of: BTreeMap<String, String>,
    demand: &impl Fn(&str) -> Option<&'a Record>,
    supply: &impl Fn(&str) -> Option<&'a Record>,
) -> Result<(), JobError> {
    let number = |record: Option<&Record>| record.map(|r| r.number.clone()).unwrap_or_default();
    let file = NewsFile {
        schema: SCHEMA.to_owned(),
        run: input.run.to_owned(),
        before: input.before.map(|(name, _)| name.to_owned()),
        started_at: input.started_at.to_string(),
        as_of: input.as_of,
        data_until: input.data_until,
        missed_nights: input.missed.1,
        entries: (found.entries.iter())
            .map(|entry| EntryRow {
                demand_number: number(demand(&entry.pair.demand)),
                supply_number: number(supply(&entry.pair.supply)),
                broker: (assigned.broker_of.get(&entry.pair.demand))
                    .filter(|_| entry.pair.handed_out)
                    .map(|&at| brokers[at].name.clone()),
                entry: entry.clone(),
            })
            .collect(),
        gone: found.gone.clone(),
        brokers: (brokers.iter().zip(&assigned.loads))
            .map(|(broker, &load)| BrokerRow { name: broker.name.clone(), load, most: broker.load })
            .collect(),
        waiting: assigned.waiting.clone(),
        broker_of,
    };
    let path = run.join(JSON);
    let mut text =
        serde_json::to_string_pretty(&file).map_err(|e| JobError::io("write", &path, e.into()))?;
    text.push('\n');
    fs::write(&path, text).map_err(|e| JobError::io("write", &path, e))
}

/// What a published run's news say about its handed-out pairs.
#[derive(Debug, Clone, Default)]
pub struct PublishedNews {
    /// Ids of demands, and the broker whose they are.
    pub broker_of: BTreeMap<String, String>,
    /// Ids of a demand and a supply whose pair is new, and why.
    pub why: HashMap<(String, String), Vec<WhyNew>>,
}

impl PublishedNews {
    /// Reads what a run says; nothing where it cannot be read.
    pub(super) fn read(run: &Path) -> Self {
        let text = fs::read_to_string(run.join(JSON)).unwrap_or_default();
        let Ok(file) = serde_json::from_str::<NewsFile>(&text) else { return Self::default() };
        let why = file.entries.into_iter().map(|row| {
            let NewsEntry { pair, why, .. } = row.entry;
            ((pair.demand, pair.supply), why)
        });
        Self { why: why.collect(), broker_of: file.broker_of }
    }
}

/// Who last had which demand, as the last published run says; empty where it cannot be read.
fn brokers_before(run: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(run.join(JSON)).unwrap_or_default();
    serde_json::from_str::<NewsFile>(&text).map(|file| file.broker_of).unwrap_or_default()
}
