//! What brokers answered.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::events::{Event, append, date, head, timestamp};
use super::imports::last_visible;
use super::records::{find, find_known};
use super::row::{of_word, word};
use super::transaction::{Durability, ROWS_AT_ONCE};
use super::{Seq, Store, StoreError, counts, seal};
use crate::model::{BrokerAnswer, RecordId, Side, SourceRef};

/// What became of a list of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct AnswersSummary {
    /// Answers that were new.
    pub added: u64,
    /// Answers that were known, to the letter.
    pub known: u64,
    /// Among the new ones, those whose demand or supply the store does not know by id or number.
    pub unresolved: u64,
}

/// An answer with its place and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was taken in.
    pub at: Timestamp,
    /// The answer.
    pub answer: BrokerAnswer,
}

impl Store {
    /// Adds answers. One that says to the letter what an earlier one said, of whatever file and
    /// row, is not added again. One about a record that the store does not know is kept as well.
    ///
    /// # Errors
    /// When the store cannot be written; answers before are then kept, and may be added again.
    pub fn add_answers(
        &mut self,
        answers: &[BrokerAnswer],
        at: Timestamp,
    ) -> Result<AnswersSummary, StoreError> {
        let mut summary = AnswersSummary::default();
        for chunk in answers.chunks(ROWS_AT_ONCE) {
            let step = self.write(Durability::Synced, |conn| {
                let last = last_visible(conn, head(conn)?)?;
                let mut step = AnswersSummary::default();
                for answer in chunk {
                    add(conn, answer, last, at, &mut step)?;
                }
                counts::add(conn, counts::ANSWERS, i64::try_from(step.added).unwrap_or(i64::MAX))?;
                Ok(step)
            })?;
            summary.added += step.added;
            summary.known += step.known;
            summary.unresolved += step.unresolved;
        }
        Ok(summary)
    }

    /// All answers up to a place in the log, in the order in which they came. Demand and supply are
    /// record ids where the store knew them, else as they were written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn answers(&self, upto: Seq) -> Result<Vec<BrokerAnswer>, StoreError> {
        let rows =
            self.read(|conn| read(conn, "a.event <= ?1 AND ?2 IS NULL", (upto.0, None::<i64>)))?;
        Ok(rows.into_iter().map(|row| row.answer).collect())
    }

    /// The answers about a pair, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn answers_of(
        &self,
        demand: &RecordId,
        supply: &RecordId,
    ) -> Result<Vec<AnswerRow>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let demand = find_known(conn, Side::Demand, demand, last)?;
            let supply = find_known(conn, Side::Supply, supply, last)?;
            read(conn, "a.demand_record = ?1 AND a.supply_record = ?2", (demand, Some(supply)))
        })
    }
}

fn add(
    conn: &Connection,
    answer: &BrokerAnswer,
    last_import: i64,
    at: Timestamp,
    summary: &mut AnswersSummary,
) -> Result<(), StoreError> {
    let likeness = likeness(answer);
    if conn.prepare_cached("SELECT 1 FROM answers WHERE likeness = ?1")?.exists([likeness])? {
        summary.known += 1;
        return Ok(());
    }
    let demand = find(conn, Side::Demand, &answer.demand, last_import)?;
    let supply = find(conn, Side::Supply, &answer.supply, last_import)?;
    let event = Event::Answered {
        demand: answer.demand.clone(),
        supply: answer.supply.clone(),
        answer: answer.answer,
    };
    let seq = append(conn, at, &event)?;
    let (demand_version, supply_version) = answer
        .versions
        .as_ref()
        .map_or((None, None), |both| (Some(both.0.as_str()), Some(both.1.as_str())));
    seal::insert(
        conn,
        "answers",
        rusqlite::params![
            seq.0,
            at.to_string(),
            likeness,
            answer.demand,
            answer.supply,
            demand,
            supply,
            word(answer.answer),
            answer.reason.map(word),
            answer.date.map(|date| date.to_string()),
            answer.by,
            demand_version,
            supply_version,
            answer.source.file,
            answer.source.sheet,
            answer.source.row,
        ],
    )?;
    summary.added += 1;
    if demand.is_none() || supply.is_none() {
        summary.unresolved += 1;
    }
    Ok(())
}

/// The hash of all that an answer says; its place does not count.
fn likeness(answer: &BrokerAnswer) -> [u8; 32] {
    let BrokerAnswer { demand, supply, answer, reason, date, by, versions, source: _ } = answer;
    let (first, second) = versions.clone().unwrap_or_default();
    let texts = [
        demand.clone(),
        supply.clone(),
        word(answer),
        reason.map(word).unwrap_or_default(),
        date.map(|date| date.to_string()).unwrap_or_default(),
        by.clone().unwrap_or_default(),
        first,
        second,
    ];
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

fn read(
    conn: &Connection,
    filter: &str,
    values: (i64, Option<i64>),
) -> Result<Vec<AnswerRow>, StoreError> {
    let mut select = conn.prepare_cached(&format!(
        "SELECT a.event, a.at, coalesce(d.record_id, a.demand), coalesce(s.record_id, a.supply),
                a.answer, a.reason, a.date, a.said_by, a.demand_version, a.supply_version,
                a.file, a.sheet, a.row
         FROM answers a LEFT JOIN records d ON d.id = a.demand_record
         LEFT JOIN records s ON s.id = a.supply_record WHERE {filter} ORDER BY a.id"
    ))?;
    let mut rows = select.query(values)?;
    let mut answers = Vec::new();
    while let Some(row) = rows.next()? {
        answers.push(answer(row)?);
    }
    Ok(answers)
}

fn answer(row: &Row<'_>) -> Result<AnswerRow, StoreError> {
    let reason: Option<String> = row.get(5)?;
    let day: Option<String> = row.get(6)?;
    let versions: Option<(String, String)> =
        row.get::<_, Option<String>>(8)?.zip(row.get::<_, Option<String>>(9)?);
    Ok(AnswerRow {
        seq: Seq(row.get(0)?),
        at: timestamp(&row.get::<_, String>(1)?)?,
        answer: BrokerAnswer {
            demand: row.get(2)?,
            supply: row.get(3)?,
            answer: of_word(row.get(4)?)?,
            reason: reason.map(of_word).transpose()?,
            date: day.as_deref().map(date).transpose()?,
            by: row.get(7)?,
            versions,
            source: SourceRef { file: row.get(10)?, sheet: row.get(11)?, row: row.get(12)? },
        },
    })
}
