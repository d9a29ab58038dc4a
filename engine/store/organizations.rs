//! Who needs and offers: organizations, found by credit code first, then by name.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::credit_code::CreditCode;
use super::events::{Event, append, head};
use super::imports::last_visible;
use super::organization_name::normal_name;
use super::records;
use super::transaction::Durability;
use super::{Store, StoreError, counts, seal};
use crate::model::{RecordId, Side};

/// An organization's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrganizationId(pub i64);

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// Its number.
    pub id: OrganizationId,
    /// The first name it was known by.
    pub name: String,
    /// Its credit code, where a list gave one whose check characters are right.
    pub code: Option<CreditCode>,
    /// All names it is recognised by, as first written, in the order in which they came.
    pub names: Vec<String>,
}

impl Store {
    /// An organization by its number; one that was merged into another gives the other.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        self.read(|conn| read(conn, id.0))
    }

    /// An organization by its credit code, else by a name in any of its spellings.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find_organization(
        &self,
        code_or_name: &str,
    ) -> Result<Option<Organization>, StoreError> {
        self.read(|conn| {
            if let Ok(code) = CreditCode::parse(code_or_name)
                && let Some(id) = by_code(conn, &code)?
            {
                return read(conn, id);
            }
            match by_name(conn, &normal_name(code_or_name))? {
                Some(id) => read(conn, id),
                None => Ok(None),
            }
        })
    }

    /// The organization that the record's present version names, if it names one.
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn organization_of(
        &self,
        side: Side,
        id: &RecordId,
    ) -> Result<Option<OrganizationId>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let record = records::find_known(conn, side, id, last)?;
            let named: Option<Option<i64>> = conn
                .prepare_cached(
                    "SELECT organization FROM versions WHERE record = ?1 AND import <= ?2
                     AND says IS NOT NULL ORDER BY import DESC LIMIT 1",
                )?
                .query_row((record, last), |row| row.get(0))
                .optional()?;
            let named = named.flatten().map(|id| standing_for(conn, id)).transpose()?;
            Ok(named.map(OrganizationId))
        })
    }

    /// Finds an organization, or makes it known. A code that a name did not have is added to it,
    /// a name that a code did not have likewise; where a name without a code turns out to be an
    /// organization that is known by its code, the two become one.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for a name of which nothing is left; when the store cannot be
    /// written.
    pub fn put_organization(
        &mut self,
        name: &str,
        code: Option<&CreditCode>,
        at: Timestamp,
    ) -> Result<OrganizationId, StoreError> {
        self.write(Durability::Synced, |conn| {
            let (id, merged) = settle(conn, name, code)?.ok_or_else(|| empty_name(name))?;
            if let Some(from) = merged {
                append(conn, at, &Event::OrganizationsMerged { from, into: id })?;
            }
            Ok(OrganizationId(id))
        })
    }

    /// Adds a name by which an organization is recognised from now on. A name that stood for
    /// another organization without a credit code makes the two one.
    ///
    /// # Errors
    /// [`StoreError::BadEntry`] for a name of which nothing is left, or that of another
    /// organization with a code of its own; when the store cannot be written.
    pub fn add_alias(
        &mut self,
        id: OrganizationId,
        alias: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(Durability::Synced, |conn| {
            let normal = normal_name(alias);
            if normal.is_empty() {
                return Err(empty_name(alias));
            }
            let into = standing_for(conn, id.0)?;
            match by_name(conn, &normal)? {
                None => put_name(conn, into, &normal, alias),
                Some(held) if held == into => Ok(()),
                Some(held) if code_of(conn, held)?.is_none() => {
                    merge(conn, held, into)?;
                    append(conn, at, &Event::OrganizationsMerged { from: held, into })?;
                    Ok(())
                }
                Some(_) => Err(StoreError::BadEntry {
                    field: "name",
                    value: alias.to_owned(),
                    why: "another organization has it",
                }),
            }
        })
    }
}

fn empty_name(name: &str) -> StoreError {
    StoreError::BadEntry { field: "name", value: name.to_owned(), why: "it must not be empty" }
}

/// The organization that a row names, made known if it was not; `None` where it names nobody.
///
/// A code whose check characters are wrong counts as none.
pub(super) fn resolve(
    conn: &Connection,
    name: Option<&str>,
    code: Option<&str>,
) -> Result<Option<i64>, StoreError> {
    let Some(name) = name else { return Ok(None) };
    let code = code.and_then(|code| CreditCode::parse(code).ok());
    Ok(settle(conn, name, code.as_ref())?.map(|(id, _)| id))
}

/// Finds or makes an organization; also tells which one was merged into it, if one was.
fn settle(
    conn: &Connection,
    name: &str,
    code: Option<&CreditCode>,
) -> Result<Option<(i64, Option<i64>)>, StoreError> {
    let normal = normal_name(name);
    if normal.is_empty() {
        return Ok(None);
    }
    let named = by_name(conn, &normal)?;
    let Some(code) = code else {
        let id = match named {
            Some(id) => id,
            None => make(conn, name, &normal, None)?,
        };
        return Ok(Some((id, None)));
    };
    let coded = by_code(conn, code)?;
    Ok(Some(match (coded, named) {
        (Some(id), Some(other)) if id == other => (id, None),
        (Some(id), Some(other)) if code_of(conn, other)?.is_none() => {
            merge(conn, other, id)?;
            (id, Some(other))
        }
        // The name is that of another organization with a code of its own: the code decides.
        (Some(id), Some(_)) => (id, None),
        (Some(id), None) => {
            put_name(conn, id, &normal, name)?;
            (id, None)
        }
        (None, Some(id)) if code_of(conn, id)?.is_none() => {
            conn.execute("UPDATE organizations SET code = ?2 WHERE id = ?1", (id, code.as_str()))?;
            seal::seal(conn, "organizations", id)?;
            (id, None)
        }
        (None, Some(_)) => (make_unnamed(conn, name, Some(code))?, None),
        (None, None) => (make(conn, name, &normal, Some(code))?, None),
    }))
}

fn make(
    conn: &Connection,
    name: &str,
    normal: &str,
    code: Option<&CreditCode>,
) -> Result<i64, StoreError> {
    let id = make_unnamed(conn, name, code)?;
    put_name(conn, id, normal, name)?;
    Ok(id)
}

/// An organization whose name stands for another one in the table of names.
fn make_unnamed(
    conn: &Connection,
    name: &str,
    code: Option<&CreditCode>,
) -> Result<i64, StoreError> {
    counts::add(conn, counts::ORGANIZATIONS, 1)?;
    let code = code.map(CreditCode::as_str);
    Ok(seal::insert(conn, "organizations", (name.trim(), code, rusqlite::types::Null))?)
}

fn put_name(conn: &Connection, id: i64, normal: &str, name: &str) -> Result<(), StoreError> {
    seal::insert(conn, "organization_names", (normal, name.trim(), id))?;
    Ok(())
}

fn merge(conn: &Connection, from: i64, into: i64) -> Result<(), StoreError> {
    conn.execute("UPDATE organizations SET merged_into = ?2 WHERE id = ?1", (from, into))?;
    seal::seal(conn, "organizations", from)?;
    counts::add(conn, counts::ORGANIZATIONS, -1)?;
    Ok(())
}

fn by_code(conn: &Connection, code: &CreditCode) -> Result<Option<i64>, StoreError> {
    let found = conn
        .prepare_cached("SELECT id FROM organizations WHERE code = ?1")?
        .query_row([code.as_str()], |row| row.get(0))
        .optional()?;
    found.map(|id| standing_for(conn, id)).transpose()
}

fn by_name(conn: &Connection, normal: &str) -> Result<Option<i64>, StoreError> {
    let found = conn
        .prepare_cached("SELECT organization FROM organization_names WHERE normal = ?1")?
        .query_row([normal], |row| row.get(0))
        .optional()?;
    found.map(|id| standing_for(conn, id)).transpose()
}

fn code_of(conn: &Connection, id: i64) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT code FROM organizations WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
}

/// The organization that stands for one, by following merges. Only organizations without a code
/// are merged, into others that stand, so no way is long and none closes.
pub(super) fn standing_for(conn: &Connection, mut id: i64) -> Result<i64, StoreError> {
    let mut select = conn.prepare_cached("SELECT merged_into FROM organizations WHERE id = ?1")?;
    // More steps than merges can be chained are a circle, which only damage can make.
    for _ in 0..1000 {
        match select.query_row([id], |row| row.get::<_, Option<i64>>(0)).optional()?.flatten() {
            Some(into) => id = into,
            None => return Ok(id),
        }
    }
    Err(StoreError::damaged("organizations merged into one another in a circle"))
}

/// Every organization that was merged into this one, itself included.
pub(super) fn merged_into(conn: &Connection, id: i64) -> Result<Vec<i64>, StoreError> {
    let mut select = conn.prepare_cached(
        "WITH RECURSIVE same (id) AS (
             SELECT ?1 UNION SELECT o.id FROM organizations o JOIN same ON o.merged_into = same.id)
         SELECT id FROM same ORDER BY id",
    )?;
    Ok(select.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn read(conn: &Connection, id: i64) -> Result<Option<Organization>, StoreError> {
    let id = standing_for(conn, id)?;
    let found: Option<(String, Option<String>)> = conn
        .prepare_cached("SELECT name, code FROM organizations WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((name, code)) = found else { return Ok(None) };
    let code = code
        .map(|code| CreditCode::parse(&code))
        .transpose()
        .map_err(|fault| StoreError::damaged(format!("the code of organization {id}: {fault}")))?;
    let mut names = Vec::new();
    for part in merged_into(conn, id)? {
        let mut select = conn.prepare_cached(
            "SELECT id, name FROM organization_names WHERE organization = ?1 ORDER BY id",
        )?;
        let rows = select.query_map([part], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
        names.extend(rows.collect::<Result<Vec<(i64, String)>, _>>()?);
    }
    names.sort();
    let names = names.into_iter().map(|(_, name)| name).collect();
    Ok(Some(Organization { id: OrganizationId(id), name, code, names }))
}
