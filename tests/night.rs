//! Nights over changing lists: what is built upon an earlier night equals what is scored anew.

use std::fs;
use std::path::{Path, PathBuf};

use duijie::corpus::{ImportOptions, read_lists};
use duijie::model::{Intake, Record, Side};
use duijie::pipeline::{
    FullBecause, MatchOptions, NightFolders, NightInput, NightMode, Refresh, Silent, run_night,
};
use jiff::Zoned;
use jiff::civil::date;
use jiff::tz::TimeZone;
use tempfile::TempDir;

/// A sequence of choices that is the same in every run (SplitMix64).
struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("below a size")
    }
}

fn sample(side: Side, name: &str) -> Intake {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample").join(name);
    read_lists(side, &[path], &ImportOptions::default(), &|_| {}).expect("the sample can be read")
}

/// A workspace's derived data without a workspace.
struct Nights {
    folder: TempDir,
    options: MatchOptions,
    intakes: [Intake; 2],
}

impl Nights {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let at: Zoned =
            date(2026, 11, 20).at(2, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a plain time");
        let mut options = MatchOptions::new(Vec::new(), Vec::new(), PathBuf::new(), at);
        // Short lists, so that many pairs stand at a cut.
        (options.n_candidates, options.depth, options.top) = (6, 6, 4);
        (options.per_demand, options.per_supply) = (3, 3);
        let mut intakes =
            [sample(Side::Demand, "demands.xlsx"), sample(Side::Supply, "supplies.xlsx")];
        intakes.iter_mut().for_each(|intake| intake.records.clear());
        Self { folder, options, intakes }
    }

    fn place(&self, kind: &str, name: &str) -> PathBuf {
        self.folder.path().join(kind).join(name)
    }

    /// Runs a night named `name` on the generation of `previous`.
    fn run(
        &self,
        name: &str,
        previous: Option<&str>,
        records: &[Vec<Record>; 2],
        refresh: Refresh,
    ) -> NightMode {
        let (generation, run) = (self.place("generations", name), self.place("runs", name));
        for folder in [&generation, &run] {
            fs::create_dir_all(folder).expect("create");
        }
        let previous = previous.map(|name| self.place("generations", name));
        let input = NightInput {
            demands: records[0].clone(),
            supplies: records[1].clone(),
            demand_intake: self.intakes[0].clone(),
            supply_intake: self.intakes[1].clone(),
            answers: Vec::new(),
        };
        let folders =
            NightFolders { previous: previous.as_deref(), generation: &generation, run: &run };
        run_night(input, &self.options, folders, refresh, &Silent).expect("the night succeeds").mode
    }

    /// All files of a run but the two that say how long it took.
    fn files(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(self.place("runs", name))
            .expect("the run is there")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.is_file())
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, fs::read(path).expect("a file"))
            })
            .filter(|(name, _)| name != "manifest.json" && name != "report.html")
            .collect();
        files.sort();
        files
    }

    fn assert_same(&self, a: &str, b: &str) {
        let (a, b) = (self.files(a), self.files(b));
        let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&a), names(&b));
        for ((name, a), (_, b)) in a.iter().zip(&b) {
            let first = a.iter().zip(b).position(|(x, y)| x != y);
            let around = |bytes: &[u8]| {
                let at = first.unwrap_or(0);
                let range = at.saturating_sub(200)..bytes.len().min(at + 200);
                String::from_utf8_lossy(&bytes[range]).into_owned()
            };
            assert!(a == b, "{name} differs:\n{}\n---\n{}", around(a), around(b));
        }
    }
}

/// The sample's records as lists of which some are not there yet.
struct Lists {
    all: [Vec<Record>; 2],
    there: [Vec<bool>; 2],
}

impl Lists {
    fn new(choices: &mut Choices) -> Self {
        let all = [
            sample(Side::Demand, "demands.xlsx").records,
            sample(Side::Supply, "supplies.xlsx").records,
        ];
        let there = [0, 1].map(|side| all[side].iter().map(|_| choices.below(5) > 0).collect());
        Self { all, there }
    }

    /// Some records come, go, and say something else.
    fn change(&mut self, choices: &mut Choices, n: usize) {
        for _ in 0..n {
            let side = choices.below(2);
            let row = choices.below(self.all[side].len());
            match choices.below(3) {
                0 => self.there[side][row] = !self.there[side][row],
                1 => {
                    let other = self.all[side][choices.below(self.all[side].len())].body.clone();
                    self.all[side][row].body = other;
                }
                _ => self.all[side][row].title.push_str("（改进型）"),
            }
        }
    }

    fn live(&self) -> [Vec<Record>; 2] {
        [0, 1].map(|side| {
            let there = self.all[side].iter().zip(&self.there[side]);
            there.filter(|(_, there)| **there).map(|(record, _)| record.clone()).collect()
        })
    }
}

#[test]
fn a_night_built_upon_the_last_equals_one_that_scores_everything() {
    for seed in 0..2 {
        let mut choices = Choices(seed);
        let mut lists = Lists::new(&mut choices);
        let nights = Nights::new();
        let mode = nights.run("0", None, &lists.live(), Refresh::WhenDue);
        assert_eq!(mode, NightMode::Full { why: FullBecause::First });
        for night in 1..=3 {
            lists.change(&mut choices, 5);
            let live = lists.live();
            let (last, name) = ((night - 1).to_string(), night.to_string());
            let mode = nights.run(&name, Some(&last), &live, Refresh::WhenDue);
            assert!(matches!(mode, NightMode::Incremental { .. }), "{mode:?}");
            let again = format!("{night} again");
            let mode = nights.run(&again, Some(&last), &live, Refresh::Scores);
            assert_eq!(mode, NightMode::Full { why: FullBecause::Asked });
            nights.assert_same(&name, &again);
        }
    }
}

#[test]
fn a_night_without_changes_says_the_same() {
    let nights = Nights::new();
    let live = Lists::new(&mut Choices(7)).live();
    nights.run("0", None, &live, Refresh::WhenDue);
    let mode = nights.run("1", Some("0"), &live, Refresh::WhenDue);
    assert_eq!(mode, NightMode::Incremental { changed: [0, 0], gone: [0, 0] });
    nights.assert_same("0", "1");
}

#[test]
fn statistics_are_counted_anew_when_much_has_changed() {
    let nights = Nights::new();
    let mut choices = Choices(3);
    let mut lists = Lists::new(&mut choices);
    nights.run("0", None, &lists.live(), Refresh::WhenDue);
    lists.change(&mut choices, 120);
    let mode = nights.run("1", Some("0"), &lists.live(), Refresh::WhenDue);
    assert_eq!(mode, NightMode::Full { why: FullBecause::Due });
    let mode = nights.run("2", None, &lists.live(), Refresh::WhenDue);
    assert_eq!(mode, NightMode::Full { why: FullBecause::First });
    nights.assert_same("1", "2");
}

#[test]
fn damaged_derived_data_are_made_again() {
    let nights = Nights::new();
    let live = Lists::new(&mut Choices(5)).live();
    nights.run("0", None, &live, Refresh::WhenDue);
    let pairs = nights.place("generations", "0").join("pairs.safetensors");
    fs::write(&pairs, b"not what it was").expect("write");
    let mode = nights.run("1", Some("0"), &live, Refresh::WhenDue);
    assert_eq!(mode, NightMode::Full { why: FullBecause::Unreadable });
    nights.assert_same("0", "1");
}

#[test]
fn empty_sides_are_a_night_too() {
    let nights = Nights::new();
    let mut live = Lists::new(&mut Choices(5)).live();
    live[0].clear();
    nights.run("0", None, &live, Refresh::WhenDue);
    live[1].clear();
    let mode = nights.run("1", Some("0"), &live, Refresh::Scores);
    assert_eq!(mode, NightMode::Full { why: FullBecause::Due });
    let live = Lists::new(&mut Choices(5)).live();
    nights.run("2", Some("1"), &live, Refresh::WhenDue);
}
