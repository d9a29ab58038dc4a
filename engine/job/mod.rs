//! The work on a workspace: taking lists in, the nightly run, publishing, and looking after it all.
//!
//! A workspace is a folder ([`Workspace`]) with settings, a store, an inbox, generations of derived
//! data, runs, and `CURRENT`, the pointer to what is published. The store is the source of truth;
//! all else can be made again from it. This module names folders, hashes, publishes and removes; it
//! does not know what is in a generation (`pipeline` does) nor how the store keeps records.
//!
//! What always holds:
//! - At most one process builds or takes lists in ([`BuildersLock`]).
//! - A folder that may be opened by others is never renamed; what is unfinished is in nobody's way
//!   and named by nobody; `CURRENT` alone is replaced, in one step.
//! - A process may be killed at any instruction: the next one completes or removes what it left.
//! - No log line, summary or reason holds a contact or a key.

mod backup;
mod building;
mod calendar;
mod current;
mod error;
mod export;
mod export_pairs;
mod fail;
mod files;
mod gc;
mod generation;
mod inbox;
mod ingest;
mod intake;
mod judging;
mod lock;
mod night_news;
mod nightly;
mod on_failure;
mod options;
mod serving;
mod small_table;
mod standing;
mod status;
mod take;
mod verify;
mod workspace;

pub use backup::{BackupMade, RestoreDone, backup, restore};
pub use building::Recovered;
pub use calendar::is_stale;
pub use current::Current;
pub use error::JobError;
pub use export::{ExportFormat, ExportOptions, export};
pub use export_pairs::{export_figures, export_pairs};
pub use fail::FAIL_POINTS;
pub use gc::gc;
pub use generation::{Difference, FileHash, FolderManifest};
pub use ingest::{IngestedFile, PlannedFile};
pub use judging::{Grades, HIGHEST_GRADE, Judging, Pool};
pub use lock::{BuildersLock, Holder, held_for};
pub use night_news::{NewsCounts, PublishedNews};
pub use nightly::{Night, NightPlan, NightlyOptions, NightlySummary, Warning, nightly, plan_night};
pub use on_failure::{FailureCommand, run_on_failure};
pub use options::Surroundings;
pub use serving::{Serving, open_published};
pub use status::{Published, RecordFigures, RunFigures, SideFigures, Status, status};
pub use take::{ListFile, Taken, take_answers, take_contacts, take_list};
pub use verify::{Verification, verify};
pub use workspace::{CONFIG, Workspace};
