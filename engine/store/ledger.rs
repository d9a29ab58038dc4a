//! The follow-up ledger (跟进台账): how far a pair has come, step by step.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::events::{Event, append, date, head, timestamp};
use super::imports::last_visible;
use super::records::find_known;
use super::transaction::Durability;
use super::{Seq, Store, StoreError, seal};
use crate::model::{Lang, RecordId, Side};

/// How far a pair has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// 已联系.
    Contacted,
    /// 已会面.
    Met,
    /// 洽谈中.
    Negotiating,
    /// 已签约.
    Signed {
        /// Number of the contract.
        contract: String,
        /// Its amount in fen (分), above zero.
        amount_fen: i64,
    },
    /// 搁置.
    Shelved,
}

impl Step {
    /// The word people read.
    #[must_use]
    pub const fn label(&self, lang: Lang) -> &'static str {
        match self {
            Self::Contacted => lang.pick("已联系", "contacted"),
            Self::Met => lang.pick("已会面", "met"),
            Self::Negotiating => lang.pick("洽谈中", "negotiating"),
            Self::Signed { .. } => lang.pick("已签约", "signed"),
            Self::Shelved => lang.pick("搁置", "shelved"),
        }
    }

    /// The word by which it is stored.
    const fn word(&self) -> &'static str {
        match self {
            Self::Contacted => "contacted",
            Self::Met => "met",
            Self::Negotiating => "negotiating",
            Self::Signed { .. } => "signed",
            Self::Shelved => "shelved",
        }
    }

    /// Place on the way to a contract; `None` beside the way.
    const fn place(&self) -> Option<u8> {
        match self {
            Self::Contacted => Some(0),
            Self::Met => Some(1),
            Self::Negotiating => Some(2),
            Self::Signed { .. } => Some(3),
            Self::Shelved => None,
        }
    }

    /// Whether a pair may go from its present step to this one.
    ///
    /// Steps may be repeated (a new note) and left out, for offices enter what they hear of
    /// afterwards, but not taken back. Every pair but a signed one can be shelved, and a shelved
    /// one goes on at any step. Of a signed pair only the contract can be corrected.
    #[must_use]
    pub fn may_follow(&self, present: Option<&Self>) -> bool {
        let Some(present) = present else { return self.place().is_some() };
        match (present.place(), self.place()) {
            (None, _) => true,
            (Some(from), Some(to)) => to >= from,
            (Some(_), None) => !matches!(present, Self::Signed { .. }),
        }
    }
}

/// One entry about a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The demand.
    pub demand: RecordId,
    /// The supply.
    pub supply: RecordId,
    /// How far the pair has come.
    #[serde(flatten)]
    pub step: Step,
    /// The day on which it was so.
    pub date: Date,
    /// When somebody looks again.
    pub next_date: Option<Date>,
    /// What there is to say; may be empty.
    pub note: String,
    /// Who entered it.
    pub by: String,
}

/// An entry with its place and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerRow {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was entered.
    pub at: Timestamp,
    /// The entry.
    #[serde(flatten)]
    pub entry: LedgerEntry,
}

/// What was reached in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LedgerFigures {
    /// Pairs with an entry 已联系 in the period.
    pub contacted: u64,
    /// Pairs with an entry 已会面.
    pub met: u64,
    /// Pairs with an entry 洽谈中.
    pub negotiating: u64,
    /// Pairs whose first entry 已签约 is in the period.
    pub signed: u64,
    /// Sum of their contracts in fen (分), as last corrected.
    pub amount_fen: i64,
    /// Pairs with an entry 搁置.
    pub shelved: u64,
}

impl Store {
    /// Enters how far a pair has come.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; `IllegalStep` where the pair cannot go
    /// ([`Step::may_follow`]); `BadEntry` for an empty contract number or name, or an amount that
    /// is not above zero; when the store cannot be written.
    pub fn add_ledger(&mut self, entry: &LedgerEntry, at: Timestamp) -> Result<Seq, StoreError> {
        check(entry)?;
        self.write(Durability::Synced, |conn| {
            let last = last_visible(conn, head(conn)?)?;
            let demand = find_known(conn, Side::Demand, &entry.demand, last)?;
            let supply = find_known(conn, Side::Supply, &entry.supply, last)?;
            let present = read(conn, "l.demand = ?1 AND l.supply = ?2", (demand, supply))?.pop();
            let present = present.map(|row| row.entry.step);
            if !entry.step.may_follow(present.as_ref()) {
                return Err(StoreError::IllegalStep { from: present, to: entry.step.clone() });
            }
            let event = Event::FollowedUp {
                demand: entry.demand.0.clone(),
                supply: entry.supply.0.clone(),
                step: entry.step.word().to_owned(),
            };
            let seq = append(conn, at, &event)?;
            let (contract, amount) = match &entry.step {
                Step::Signed { contract, amount_fen } => (Some(contract.trim()), Some(amount_fen)),
                _ => (None, None),
            };
            seal::insert(
                conn,
                "ledger",
                (
                    seq.0,
                    at.to_string(),
                    entry.date.to_string(),
                    demand,
                    supply,
                    entry.step.word(),
                    contract,
                    amount,
                    entry.next_date.map(|date| date.to_string()),
                    &entry.note,
                    entry.by.trim(),
                ),
            )?;
            Ok(seq)
        })
    }

    /// The entries about a pair, in the order in which they came; the last one is how it stands.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn ledger(
        &self,
        demand: &RecordId,
        supply: &RecordId,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let demand = find_known(conn, Side::Demand, demand, last)?;
            let supply = find_known(conn, Side::Supply, supply, last)?;
            read(conn, "l.demand = ?1 AND l.supply = ?2", (demand, supply))
        })
    }

    /// How every pair that was followed up stood at a place in the log, in the order of the last
    /// entries.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn ledger_standing(&self, upto: Seq) -> Result<Vec<LedgerRow>, StoreError> {
        self.read(|conn| {
            read(
                conn,
                "l.event <= ?1 AND ?2 = 0 AND NOT EXISTS (SELECT 1 FROM ledger n
                     WHERE n.demand = l.demand AND n.supply = l.supply AND n.id > l.id
                     AND n.event <= ?1)",
                (upto.0, 0),
            )
        })
    }

    /// What was reached from a day through another, by the days of the entries.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn ledger_figures(&self, from: Date, through: Date) -> Result<LedgerFigures, StoreError> {
        self.read(|conn| {
            let days = (from.to_string(), through.to_string());
            let pairs = |step: &str| -> Result<u64, StoreError> {
                Ok(conn
                    .prepare_cached(
                        "SELECT count(*) FROM (SELECT DISTINCT demand, supply FROM ledger
                         WHERE step = ?1 AND date BETWEEN ?2 AND ?3)",
                    )?
                    .query_row((step, &days.0, &days.1), |row| row.get(0))?)
            };
            let (signed, amount_fen) = conn
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(amount), 0) FROM (
                         SELECT min(date) AS first,
                                (SELECT c.amount FROM ledger c WHERE c.demand = l.demand
                                 AND c.supply = l.supply AND c.step = 'signed'
                                 ORDER BY c.id DESC LIMIT 1) AS amount
                         FROM ledger l WHERE step = 'signed' GROUP BY demand, supply)
                     WHERE first BETWEEN ?1 AND ?2",
                )?
                .query_row((&days.0, &days.1), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(LedgerFigures {
                contacted: pairs("contacted")?,
                met: pairs("met")?,
                negotiating: pairs("negotiating")?,
                signed,
                amount_fen,
                shelved: pairs("shelved")?,
            })
        })
    }
}

fn check(entry: &LedgerEntry) -> Result<(), StoreError> {
    let bad =
        |field, value: &str, why| StoreError::BadEntry { field, value: value.to_owned(), why };
    if entry.by.trim().is_empty() {
        return Err(bad("entered_by", "", "it must not be empty"));
    }
    if let Step::Signed { contract, amount_fen } = &entry.step {
        if contract.trim().is_empty() {
            return Err(bad("contract", "", "it must not be empty"));
        }
        if *amount_fen <= 0 {
            return Err(bad("amount", &amount_fen.to_string(), "it must be above zero"));
        }
    }
    Ok(())
}

fn read(conn: &Connection, filter: &str, values: (i64, i64)) -> Result<Vec<LedgerRow>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT l.event, l.at, l.date, d.record_id, s.record_id, l.step, l.contract, l.amount,
                l.next_date, l.note, l.entered_by
         FROM ledger l JOIN records d ON d.id = l.demand JOIN records s ON s.id = l.supply
         WHERE {filter} ORDER BY l.id"
    ))?;
    let mut rows = select.query(values)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<LedgerRow, StoreError> {
    let step: String = row.get(5)?;
    let next: Option<String> = row.get(8)?;
    Ok(LedgerRow {
        seq: Seq(row.get(0)?),
        at: timestamp(&row.get::<_, String>(1)?)?,
        entry: LedgerEntry {
            demand: RecordId(row.get(3)?),
            supply: RecordId(row.get(4)?),
            step: match step.as_str() {
                "contacted" => Step::Contacted,
                "met" => Step::Met,
                "negotiating" => Step::Negotiating,
                "signed" => Step::Signed { contract: row.get(6)?, amount_fen: row.get(7)? },
                "shelved" => Step::Shelved,
                other => return Err(StoreError::damaged(format!("a step {other}"))),
            },
            date: date(&row.get::<_, String>(2)?)?,
            next_date: next.as_deref().map(date).transpose()?,
            note: row.get(9)?,
            by: row.get(10)?,
        },
    })
}
