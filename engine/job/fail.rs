//! Fail points: places where a test can kill the job, tear a write, or fill the disk.
//!
//! `DUIJIE_FAILPOINT=NAME=ACTION[@N]` names one point, what happens there, and at which passing
//! (the first, without `@N`). Actions: `kill` ends the process without unwinding, as a power cut
//! would; `torn` writes half of what was to be written and then ends it; `full` answers that the
//! disk is full. The variable is read once; without it a point costs one comparison. It belongs to
//! `tests/crash.rs`, is in no help text, and can do nothing that a kill could not.

use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// All points, in the order in which a night passes them.
pub const FAIL_POINTS: [&str; 11] = [
    "lock.taken",
    "import.begun",
    "import.staged",
    "import.finished",
    "inbox.moved",
    "night.began",
    "night.built",
    "night.news",
    "generation.manifest",
    "publish.current",
    "publish.done",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Kill,
    Torn,
    Full,
}

struct Wanted {
    name: String,
    action: Action,
    passing: u32,
    passed: AtomicU32,
}

static WANTED: LazyLock<Option<Wanted>> = LazyLock::new(|| {
    let text = std::env::var("DUIJIE_FAILPOINT").ok()?;
    let (name, action) = text.split_once('=')?;
    let (action, passing) = action.split_once('@').unwrap_or((action, "1"));
    let action = match action {
        "kill" => Action::Kill,
        "torn" => Action::Torn,
        "full" => Action::Full,
        _ => return None,
    };
    let passing = passing.parse().ok()?;
    Some(Wanted { name: name.to_owned(), action, passing, passed: AtomicU32::new(0) })
});

fn due(name: &str) -> Option<Action> {
    let wanted = WANTED.as_ref().filter(|wanted| wanted.name == name)?;
    let passed = wanted.passed.fetch_add(1, Ordering::Relaxed) + 1;
    (passed == wanted.passing).then_some(wanted.action)
}

/// Passes a point.
///
/// # Errors
/// That the disk is full, where a test wants so.
pub(super) fn point(name: &str) -> io::Result<()> {
    debug_assert!(FAIL_POINTS.contains(&name), "{name}");
    match due(name) {
        None => Ok(()),
        Some(Action::Full) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        Some(Action::Kill | Action::Torn) => std::process::abort(),
    }
}

/// Writes all of `bytes`, unless a test wants the write torn here.
pub(super) fn write(name: &str, to: &mut impl io::Write, bytes: &[u8]) -> io::Result<()> {
    debug_assert!(FAIL_POINTS.contains(&name), "{name}");
    match due(name) {
        None => to.write_all(bytes),
        Some(Action::Full) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        Some(Action::Kill) => std::process::abort(),
        Some(Action::Torn) => {
            to.write_all(&bytes[..bytes.len() / 2])?;
            to.flush()?;
            std::process::abort()
        }
    }
}
