//! The job is killed, its writes are torn, its disk is full: what is published stays, no row is
//! lost or doubled, and the next night gives what an undisturbed one would have given.
//!
//! `DUIJIE_CRASH_KILLS` says at how many random instants it is killed (30 where it is not set),
//! `DUIJIE_CRASH_SEED` which instants these are.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use duijie::job::FAIL_POINTS;
use serde_json::Value;
use tempfile::TempDir;

use crate::pipeline::made;
use crate::workspace::{
    NIGHT, contents, duijie, exported, good, json, new_workspace, nightly, put_lists, said, status,
};

/// The second night, on which everything happens.
const SECOND: i64 = NIGHT + 86_400;
const RUN: &str = "2026-09-02-1";

/// A workspace after its first night, with a second one's files in the inbox, and what that night
/// comes to when nobody disturbs it.
struct Stage {
    before: TempDir,
    records_before: Vec<String>,
    records_after: Vec<String>,
    runs_after: BTreeMap<String, Vec<u8>>,
    took: Duration,
}

impl Stage {
    fn set() -> Self {
        let before = new_workspace();
        let at = before.path();
        put_lists(at, 6, 8);
        nightly(at, NIGHT);
        // One demand is changed, two come; a supply comes; one pair is answered.
        let mut rows = made::demand_rows();
        rows[2] = rows[2].replace("遇到难题", "遇到新的难题");
        let rows = [&rows[2], &rows[9], &rows[12]].map(Clone::clone);
        made::write_demands(&at.join("inbox/demands"), &rows);
        made::write_supplies(&at.join("inbox/supplies"), &made::supply_rows()[8..11]);
        let answer = "需求编号,供给编号,反馈,原因\nXQ-2026-0002,GJ-2026-0002,不合适,价格\n";
        fs::write(at.join("inbox/answers/反馈.csv"), answer).expect("written");

        let undisturbed = copy(at);
        let records_before = exported(at, SECOND);
        let began = Instant::now();
        nightly(undisturbed.path(), SECOND);
        let took = began.elapsed();
        let records_after = exported(undisturbed.path(), SECOND);
        assert_eq!(records_after.len(), records_before.len() + 5);
        let runs_after = contents(&undisturbed.path().join("runs"));
        assert!(runs_after.keys().any(|name| name.starts_with(RUN)));
        Self { before, records_before, records_after, runs_after, took }
    }

    /// What must hold after any disturbance, and that the next night mends everything.
    fn check(&self, workspace: &Path, what: &str) {
        // The published generation opens, and it is one of the two.
        let now = status(workspace, SECOND);
        assert_eq!(now["trouble"], Value::Null, "{what}: {now}");
        let generation = now["published"]["generation"].as_u64();
        assert!(matches!(generation, Some(1 | 2)), "{what}: {now}");
        // No accepted row is lost or doubled, at any moment.
        let records = exported(workspace, SECOND);
        let id = |line: &String| json(line)["id"].as_str().expect("an id").to_owned();
        let mut ids: Vec<String> = records.iter().map(id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), records.len(), "{what}: a row is doubled");
        for line in &self.records_before {
            assert!(ids.contains(&id(line)), "{what}: a row is lost");
        }
        // The next run completes; where the night had been published, it is not repeated.
        if generation == Some(1) {
            nightly(workspace, SECOND);
        }
        assert_eq!(exported(workspace, SECOND), self.records_after, "{what}: records");
        let runs = contents(&workspace.join("runs"));
        for (name, bytes) in &self.runs_after {
            let found = runs.get(name).unwrap_or_else(|| panic!("{what}: {name} is missing"));
            assert!(found == bytes, "{what}: {name} differs");
        }
        assert_eq!(runs.len(), self.runs_after.len(), "{what}: files");
        if generation == Some(2) {
            // What the dead builder left undone is done by the next one.
            nightly(workspace, SECOND + 86_400);
        }
        let sound = good(workspace, SECOND, &["verify", "--json"]);
        assert_eq!(json(&sound)["sound"], true, "{what}: {sound}");
        let left: Vec<PathBuf> = fs::read_dir(workspace)
            .expect("a folder")
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                name.starts_with(".new-") || name == "BUILDING" || name.starts_with("aside")
            })
            .collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    }
}

/// A copy of a workspace.
fn copy(workspace: &Path) -> TempDir {
    fn walk(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            let place = to.join(entry.file_name());
            if entry.path().is_dir() {
                walk(&entry.path(), &place);
            } else {
                fs::copy(entry.path(), place).expect("copied");
            }
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    walk(workspace, dir.path());
    dir
}

fn start(workspace: &Path, arguments: &[&str]) -> Child {
    std::process::Command::new(env!("CARGO_BIN_EXE_duijie"))
        .args(arguments)
        .current_dir(workspace)
        .env("SOURCE_DATE_EPOCH", SECOND.to_string())
        .env_remove("DUIJIE_FAILPOINT")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts")
}

/// A linear congruential generator (Knuth, The Art of Computer Programming 2, 3.3.4): instants need
/// to be spread, not secret.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a power cut may leave besides: a log whose tail was never written through, a file that was
/// only begun.
fn tear(workspace: &Path, dice: &mut Dice) -> &'static str {
    match dice.below(3) {
        0 => {
            let log = workspace.join("store.db-wal");
            if log.exists() {
                let garbage: Vec<u8> =
                    (0..500 + dice.below(5_000)).map(|n| n.to_le_bytes()[0]).collect();
                let mut file = fs::File::options().append(true).open(log).expect("a log");
                file.write_all(&garbage).expect("written");
            }
            "and a torn log"
        }
        1 => {
            fs::write(workspace.join(".new-x1"), "{\"schema\":\"duijie.curr").expect("written");
            "and a torn pointer beside"
        }
        _ => "",
    }
}

#[test]
fn killed_at_any_instant() {
    let stage = Stage::set();
    let kills = number("DUIJIE_CRASH_KILLS", 30);
    let mut dice = Dice(number("DUIJIE_CRASH_SEED", 20_260_901));
    let mut killed = 0;
    for kill in 0..kills {
        let dir = copy(stage.before.path());
        let at = dir.path();
        // Every third time it is an import that is killed, and much earlier.
        let import = kill % 3 == 2;
        let (arguments, within): (&[&str], u64) = if import {
            (&["import", "inbox/demands/demands.csv", "inbox/supplies/supplies.jsonl"], 400)
        } else {
            (&["nightly"], u64::try_from(stage.took.as_millis()).unwrap_or(u64::MAX))
        };
        let mut child = start(at, arguments);
        std::thread::sleep(Duration::from_millis(dice.below(within + within / 10)));
        killed += u64::from(child.try_wait().expect("asked").is_none());
        child.kill().ok();
        child.wait().expect("ended");
        let torn = tear(at, &mut dice);
        stage.check(at, &format!("kill {kill} ({}) {torn}", arguments[0]));
    }
    writeln!(std::io::stderr(), "{killed} of {kills} were still running when they were killed")
        .ok();
    // How long a run takes was measured once, and a shared machine is faster or slower later.
    assert!(killed * 3 > kills, "many instants must lie within the run: {killed} of {kills}");
}

#[test]
fn killed_torn_and_full_at_every_fail_point() {
    let stage = Stage::set();
    for point in FAIL_POINTS {
        for action in ["kill", "torn", "full"] {
            let dir = copy(stage.before.path());
            let at = dir.path();
            let output = duijie(at, SECOND)
                .arg("nightly")
                .env("DUIJIE_FAILPOINT", format!("{point}={action}"))
                .output()
                .expect("starts");
            let what = format!("{point}={action}");
            assert!(!output.status.success(), "{what} was not passed: {}", said(&output));
            if action == "full" {
                assert_eq!(output.status.code(), Some(1), "{what}: {}", said(&output));
                let told = json(&String::from_utf8_lossy(&output.stdout));
                assert_eq!(told["code"], "job.disk-full", "{what}: {told}");
            }
            stage.check(at, &what);
        }
    }
}

/// Files that may not grow beyond a size: every write beyond it fails as on a full disk, wherever
/// it is made, also in the store and in the writers of documents.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_anywhere() {
    let stage = Stage::set();
    // In blocks of 512 or 1,024 bytes, as the shell counts; from less than the store's log to
    // nearly the largest file of a run.
    for blocks in [8, 60, 150, 300, 600, 1_200] {
        let dir = copy(stage.before.path());
        let at = dir.path();
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec '{}' nightly",
            env!("CARGO_BIN_EXE_duijie")
        );
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script])
            .current_dir(at)
            .env("SOURCE_DATE_EPOCH", SECOND.to_string())
            .output()
            .expect("starts");
        let what = format!("at most {blocks} blocks");
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{what}: an error and no panic: {}",
            said(&output)
        );
        stage.check(at, &what);
    }
}
