//! How organizations and the owners of records are reached.
//!
//! Contacts are kept apart from what records say and come out only here. [`Contact`] shows nothing
//! of itself when printed; for people who need not know it there is [`mask`](super::mask).

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::credit_code::CreditCode;
use super::events::{Event, append, head};
use super::imports::last_visible;
use super::records::find_known;
use super::transaction::{Durability, ROWS_AT_ONCE};
use super::{OrganizationId, Store, StoreError, organizations, seal};
use crate::model::{Contact, RecordId, Side};

/// A contact of an organization, as a list of contacts has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactEntry {
    /// The organization's name.
    pub organization: String,
    /// Its credit code, if the list has it.
    pub code: Option<CreditCode>,
    /// How to reach it.
    pub contact: Contact,
}

/// What became of a list of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct ContactsSummary {
    /// Contacts that were new.
    pub added: u64,
    /// Contacts that were known.
    pub known: u64,
    /// Entries without an organization or without a contact.
    pub empty: u64,
}

impl Store {
    /// Adds contacts of organizations, which are made known if they were not.
    ///
    /// The log keeps their number only.
    ///
    /// # Errors
    /// When the store cannot be written; entries before are then kept, and may be added again.
    pub fn add_contacts(
        &mut self,
        entries: &[ContactEntry],
        at: Timestamp,
    ) -> Result<ContactsSummary, StoreError> {
        let mut summary = ContactsSummary::default();
        for chunk in entries.chunks(ROWS_AT_ONCE) {
            let step = self.write(Durability::Synced, |conn| {
                let mut step = ContactsSummary::default();
                for entry in chunk {
                    let code = entry.code.as_ref().map(CreditCode::as_str);
                    let id = organizations::resolve(conn, Some(&entry.organization), code)?;
                    let fields = fields(&entry.contact);
                    match id {
                        Some(id) if fields.iter().any(Option::is_some) => {
                            if put_of_organization(conn, id, fields)? {
                                step.added += 1;
                            } else {
                                step.known += 1;
                            }
                        }
                        _ => step.empty += 1,
                    }
                }
                if step.added > 0 {
                    append(conn, at, &Event::ContactsAdded { added: step.added })?;
                }
                Ok(step)
            })?;
            summary.added += step.added;
            summary.known += step.known;
            summary.empty += step.empty;
        }
        Ok(summary)
    }

    /// The contacts of an organization: those that were added for it, then those that its records
    /// give now, each once, in the order in which they came. Plain: see [`mask`](super::mask).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn contacts_of(&self, id: OrganizationId) -> Result<Vec<Contact>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let id = organizations::standing_for(conn, id.0)?;
            let mut contacts: Vec<Contact> = Vec::new();
            for part in organizations::merged_into(conn, id)? {
                for sql in [
                    "SELECT person, telephone, email, address FROM contacts
                     WHERE organization = ?1 AND ?2 >= 0 ORDER BY id",
                    "SELECT c.person, c.telephone, c.email, c.address
                     FROM versions v JOIN contacts c ON c.version = v.id
                     WHERE v.organization = ?1 AND v.import <= ?2 AND NOT EXISTS (
                         SELECT 1 FROM versions w
                         WHERE w.record = v.record AND w.import > v.import AND w.import <= ?2)
                     ORDER BY c.id",
                ] {
                    let mut select = conn.prepare_cached(sql)?;
                    let mut rows = select.query((part, last))?;
                    while let Some(row) = rows.next()? {
                        let contact = contact(row)?;
                        if !contacts.contains(&contact) {
                            contacts.push(contact);
                        }
                    }
                }
            }
            Ok(contacts)
        })
    }

    /// The contact that the record's present version gives, if it gives one. Plain: see
    /// [`mask`](super::mask).
    ///
    /// # Errors
    /// [`StoreError::UnknownRecord`]; when the store cannot be read.
    pub fn contact_of_record(
        &self,
        side: Side,
        id: &RecordId,
    ) -> Result<Option<Contact>, StoreError> {
        self.read(|conn| {
            let last = last_visible(conn, head(conn)?)?;
            let record = find_known(conn, side, id, last)?;
            let version: Option<i64> = conn
                .prepare_cached(
                    "SELECT id FROM versions WHERE record = ?1 AND import <= ?2
                     AND says IS NOT NULL ORDER BY import DESC LIMIT 1",
                )?
                .query_row((record, last), |row| row.get(0))
                .optional()?;
            Ok(conn
                .prepare_cached(
                    "SELECT person, telephone, email, address FROM contacts WHERE version = ?1",
                )?
                .query_row([version], contact)
                .optional()?)
        })
    }
}

fn contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        person: row.get(0)?,
        telephone: row.get(1)?,
        email: row.get(2)?,
        address: row.get(3)?,
    })
}

type Fields<'a> = [Option<&'a str>; 4];

fn fields(contact: &Contact) -> Fields<'_> {
    [&contact.person, &contact.telephone, &contact.email, &contact.address]
        .map(|field| field.as_deref().filter(|text| !text.is_empty()))
}

/// Adds a contact to an organization; `false` if it has it.
fn put_of_organization(
    conn: &Connection,
    organization: i64,
    [person, telephone, email, address]: Fields<'_>,
) -> Result<bool, StoreError> {
    let known = conn
        .prepare_cached(
            "SELECT 1 FROM contacts WHERE organization = ?1 AND person IS ?2 AND telephone IS ?3
             AND email IS ?4 AND address IS ?5",
        )?
        .exists((organization, person, telephone, email, address))?;
    if !known {
        let none = rusqlite::types::Null;
        seal::insert(conn, "contacts", (organization, none, person, telephone, email, address))?;
    }
    Ok(!known)
}

/// Keeps the contact that a version of a record gives, if it gives one.
pub(super) fn put_of_version(
    conn: &Connection,
    version: i64,
    contact: &[Option<String>; 4],
) -> Result<(), StoreError> {
    if contact.iter().any(Option::is_some) {
        let [person, telephone, email, address] = contact;
        let none = rusqlite::types::Null;
        seal::insert(conn, "contacts", (none, version, person, telephone, email, address))?;
    }
    Ok(())
}
