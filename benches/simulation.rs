//! The quarter of the growth simulation on one thread, by vector registers.
//!
//! Measured: `Economy::step`, that is cluster inputs, firm kernel with sums, entry.
//! Throughput is in firm-steps per second. The scalar prototype of the firm kernel alone reached
//! 2.4–3.4·10⁷ on one thread of the machine it was written on. Measured by processor time on one
//! thread of a shared EPYC, 30,000 firms over 60 quarters: 5.2–5.8·10⁷ with AVX2, 4.1–4.5·10⁷ with AVX-512,
//! 2.6·10⁷ with SSE2. The step is bound by gathers, hence the order.
//! Data: the reference economy. It ages from sample to sample, at about the same number of firms.

use criterion::{BenchmarkId, Criterion, Throughput};
use duijie::kernel::firm_step::{Vectors, tables::Tables};
use duijie::simulation::{Economy, Parameters, Setup, reference_firms};

const FIRMS: u32 = 100_000;
/// The economy starts anew after this many quarters, the horizon of a scenario.
const QUARTERS: u32 = 60;

pub(crate) fn bench(c: &mut Criterion) {
    let p = Parameters::default();
    let tables = Tables::new(p.young, p.tau, p.logit0, p.logit1);
    let firms = reference_firms(FIRMS, 352, [1, 2], &tables);
    let setup = Setup::new(p, [1, 2], (11, 32), 0.021, firms).expect("valid");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");

    let mut group = c.benchmark_group("simulation");
    group.sample_size(20);
    group.throughput(Throughput::Elements(u64::from(FIRMS)));
    for vectors in Vectors::ALL.iter().copied().filter(|it| it.is_available()) {
        let start = || Economy::new(&setup, 0).expect("valid").with_work(usize::MAX / 2, vectors);
        let mut economy = start();
        group.bench_function(BenchmarkId::from_parameter(format!("{vectors:?}")), |bencher| {
            pool.install(|| {
                bencher.iter(|| {
                    if economy.quarter() == QUARTERS {
                        economy = start();
                    }
                    economy.step().expect("room");
                });
            });
        });
    }
    group.finish();
}
