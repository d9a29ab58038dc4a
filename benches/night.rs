//! A night from nothing, and one in which a hundredth of the rows has changed.
//!
//! Measured: `run_night`, from records in memory to the written folders, on the processor. The time
//! of a night from nothing is what a planned refresh of statistics costs.
//! `DUIJIE_NIGHT_STAGES=1` prints the time of each stage beside it.
//! Data: texts of four sentences drawn from the shipped sample, one supply in six with a date;
//! 200 demands and 2,000 supplies, or a tenth of and as many as `DUIJIE_NIGHT_SUPPLIES` says.
//! Caveats: shuffled sentences share more words than real texts do, so lists are fuller and pairs
//! nearer than in real ones; reading the store is not part of it.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkId, Criterion};
use duijie::corpus::{ImportOptions, read_lists};
use duijie::kernel::BackendChoice;
use duijie::model::{Intake, Record, RecordId, Side};
use duijie::pipeline::{
    MatchOptions, NightFolders, NightInput, NightSummary, Refresh, Silent, run_night,
};
use jiff::civil::date;
use jiff::tz::TimeZone;

const N_SUPPLIES: usize = 2_000;
const SEED: u64 = 2_020;

/// SplitMix64.
struct Choices(u64);

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("below a size")
    }
}

fn sample(side: Side) -> Intake {
    let name = if side == Side::Demand { "demands.xlsx" } else { "supplies.xlsx" };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/sample").join(name);
    read_lists(side, &[path], &ImportOptions::default(), &|_| {}).expect("the sample can be read")
}

struct Made {
    intakes: [Intake; 2],
    records: [Vec<Record>; 2],
    choices: Choices,
}

impl Made {
    fn new(n_supplies: usize) -> Self {
        let intakes = [sample(Side::Demand), sample(Side::Supply)];
        let mut made = Self { intakes, records: [Vec::new(), Vec::new()], choices: Choices(SEED) };
        for (side, n) in [(0, n_supplies / 10), (1, n_supplies)] {
            made.records[side] = (0..n).map(|row| made.record(side, row)).collect();
        }
        made.intakes.iter_mut().for_each(|intake| intake.records.clear());
        made
    }

    /// A record of shuffled sentences with the other fields of one of the sample.
    fn record(&mut self, side: usize, row: usize) -> Record {
        let sample = &self.intakes[side].records;
        // Once the tables are made the sample is gone, and records are changed by one another.
        let sample = if sample.is_empty() { &self.records[side] } else { sample };
        let mut record = sample[self.choices.below(sample.len())].clone();
        let mut sentences = Vec::new();
        for _ in 0..4 {
            let other = &sample[self.choices.below(sample.len())].body;
            let parts: Vec<&str> = other.split_inclusive('。').collect();
            sentences.push(parts[self.choices.below(parts.len())].to_owned());
        }
        record.body = sentences.concat();
        record.id = RecordId(format!("{side}-{row:07}"));
        record
    }

    fn change_a_hundredth(&mut self) {
        for side in 0..2 {
            for _ in 0..self.records[side].len().div_ceil(100) {
                let row = self.choices.below(self.records[side].len());
                self.records[side][row] = self.record(side, row);
            }
        }
    }
}

struct Workshop {
    folder: tempfile::TempDir,
    options: MatchOptions,
    n_nights: usize,
}

impl Workshop {
    fn new() -> Self {
        let at = date(2026, 11, 20).at(2, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a plain time");
        let mut options = MatchOptions::new(Vec::new(), Vec::new(), PathBuf::new(), at);
        options.backend = BackendChoice::Cpu;
        Self { folder: tempfile::tempdir().expect("a folder"), options, n_nights: 0 }
    }

    /// Runs a night and returns the generation's folder.
    fn night(&mut self, made: &Made, previous: Option<&Path>, refresh: Refresh) -> PathBuf {
        self.n_nights += 1;
        let [generation, run] = ["generation", "run"]
            .map(|kind| self.folder.path().join(format!("{kind}-{}", self.n_nights)));
        for folder in [&generation, &run] {
            fs::create_dir_all(folder).expect("a folder");
        }
        let input = NightInput {
            demands: made.records[0].clone(),
            supplies: made.records[1].clone(),
            demand_intake: made.intakes[0].clone(),
            supply_intake: made.intakes[1].clone(),
            answers: Vec::new(),
        };
        let folders = NightFolders { previous, generation: &generation, run: &run };
        let summary = run_night(input, &self.options, folders, refresh, &Silent).expect("a night");
        if std::env::var_os("DUIJIE_NIGHT_STAGES").is_some() {
            tell(&summary);
        }
        fs::remove_dir_all(&run).expect("removed");
        generation
    }
}

#[expect(clippy::print_stdout, reason = "asked for, beside what criterion prints")]
fn tell(summary: &NightSummary) {
    println!("{:?} {:?} {:?}", summary.mode, summary.manifest.timings, summary.manifest.counts);
}

pub(super) fn bench(criterion: &mut Criterion) {
    let n_supplies = std::env::var("DUIJIE_NIGHT_SUPPLIES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(N_SUPPLIES);
    let mut made = Made::new(n_supplies);
    let mut workshop = Workshop::new();
    let mut group = criterion.benchmark_group("night");
    group.sample_size(10);
    group.bench_function(BenchmarkId::new("from nothing", n_supplies), |bencher| {
        bencher.iter(|| {
            let generation = workshop.night(&made, None, Refresh::WhenDue);
            fs::remove_dir_all(black_box(generation)).expect("removed");
        });
    });
    let first = workshop.night(&made, None, Refresh::WhenDue);
    made.change_a_hundredth();
    group.bench_function(BenchmarkId::new("one row in a hundred changed", n_supplies), |bencher| {
        bencher.iter(|| {
            let generation = workshop.night(&made, Some(&first), Refresh::WhenDue);
            fs::remove_dir_all(black_box(generation)).expect("removed");
        });
    });
    group.finish();
}
