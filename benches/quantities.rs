//! Reading stated numbers, and judging those of a pair.
//!
//! A text of 150 characters is what a list's cell holds; 5,000 characters without a full stop are
//! the longest sentence met. The plain search for digits is the floor that any reader pays.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

use duijie::matching::check_numbers;
use duijie::text::quantity::quantities;

/// About 150 characters with ten numbers.
const CELL: &str = "要求：导热系数≥200W/(m·K)，粒径10~20μm，纯度不低于99.99%，工作温度-40~85℃；\
    横梁移动速度≤300mm/s，两侧移动精度一致性小于2um，传输最大距离200米，循环寿命不低于3万次，\
    单台样机的材料成本控制在3000元以下，效率提高30%以上，用于新型装备的研发与产业化。";

const LONG_CHARS: usize = 5_000;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quantities");
    let long: String =
        CELL.chars().cycle().map(|c| if c == '。' { '，' } else { c }).take(LONG_CHARS).collect();
    for (name, text) in [("cell", CELL), ("long sentence", long.as_str())] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| quantities(black_box(text))));
        group.bench_function(format!("{name}, digits only"), |bencher| {
            bencher.iter(|| black_box(text).bytes().filter(u8::is_ascii_digit).count());
        });
    }
    let (demand, supply) = (quantities(CELL), quantities(CELL));
    group.bench_function("check a pair", |bencher| {
        bencher.iter(|| check_numbers(black_box(&demand), black_box(&supply)));
    });
    group.finish();
}
