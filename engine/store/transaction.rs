//! Reading one state, and writing in short steps.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{Store, StoreError};

/// Most rows of those that a caller hands over that are written in one transaction.
///
/// A row costs some tens of microseconds and touches a handful of tables, so that a transaction
/// takes a few milliseconds where other writers may wait 200.
pub(super) const ROWS_AT_ONCE: usize = 128;

/// Most bytes of text written in one transaction, but for a single row that is longer.
pub(super) const BYTES_AT_ONCE: usize = 1 << 20;

/// How much is lost when the power fails; a process that is killed never loses what was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// The disk has it when the call returns.
    Synced,
    /// The last transactions may be missing, as if they had not been; order is kept. For steps
    /// that a later synced one completes.
    Ordered,
}

impl Store {
    /// Runs `body` in one write transaction; it counts as a whole or not at all.
    pub(super) fn write<T>(
        &mut self,
        durability: Durability,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.write_inner(durability, body);
        done.map_err(|error| error.at(&self.path))
    }

    fn write_inner<T>(
        &mut self,
        durability: Durability,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.durability != durability {
            let level = match durability {
                Durability::Synced => "FULL",
                Durability::Ordered => "NORMAL",
            };
            self.conn.pragma_update(None, "synchronous", level)?;
            self.durability = durability;
        }
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let before = transaction.total_changes();
        let out = body(&transaction)?;
        let rows = transaction.total_changes() - before;
        transaction.commit()?;
        self.largest_write = self.largest_write.max(rows);
        Ok(out)
    }

    /// Runs `body` on one state of the store, whatever others write meanwhile.
    pub(super) fn read<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read_inner(body).map_err(|error| error.at(&self.path))
    }

    fn read_inner<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // A reader called by a reader sees the same state.
        if !self.conn.is_autocommit() {
            return body(&self.conn);
        }
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
        let out = body(&transaction)?;
        transaction.finish()?;
        Ok(out)
    }
}
