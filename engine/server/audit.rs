//! Who saw which record that is not public: gathered by a request, written before it is answered.

use std::sync::{Arc, Mutex, PoisonError};

use super::access::Caller;
use super::state::App;
use crate::model::Visibility;
use crate::pipeline::SeenRecord;
use crate::store::{AccessKind, AccessRow};

/// Accesses that wait to be written.
#[derive(Default)]
pub(super) struct AuditTrail {
    waiting: Mutex<Vec<AccessRow>>,
}

impl AuditTrail {
    /// Notes what a caller did with a record; public records are noted for contacts alone.
    pub(super) fn note(&self, app: &App, caller: &Caller, kind: AccessKind, seen: &SeenRecord) {
        let record = seen.record();
        let is_public = record.visibility == Visibility::Public;
        if is_public && kind != AccessKind::Contacts {
            return;
        }
        self.put(AccessRow {
            at: app.now(),
            actor: caller.actor.clone(),
            kind,
            side: Some(record.side),
            record: Some(record.id.clone()),
            visibility: Some(record.visibility),
        });
    }

    /// Notes what concerns no record.
    pub(super) fn note_act(&self, app: &App, caller: &Caller, kind: AccessKind) {
        let actor = caller.actor.clone();
        self.put(AccessRow {
            at: app.now(),
            actor,
            kind,
            side: None,
            record: None,
            visibility: None,
        });
    }

    fn put(&self, row: AccessRow) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    fn take(&self) -> Vec<AccessRow> {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes what waits; false where it cannot be written, and then it waits on: nothing that is not
/// public is shown without a trace.
pub(super) async fn flush(app: &Arc<App>) -> bool {
    let rows = app.audit.take();
    if rows.is_empty() {
        return true;
    }
    let kept = rows.clone();
    let Err(error) = app.write(move |store| store.note_access(&rows)).await else { return true };
    tracing::error!(%error, "accesses could not be written to the audit log");
    let mut waiting = app.audit.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.splice(0..0, kept);
    false
}
