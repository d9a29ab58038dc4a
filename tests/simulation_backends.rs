//! K5 and K6 on every backend: the firm step on a device is the processor's, bit for bit.
//!
//! Without an adapter the device is left out and that is said; with `REQUIRE_GPU=1` it is a failure.

use std::io::Write;

use duijie::gpu::{AdapterPreference, GpuBackend};
use duijie::kernel::firm_step::fixed::{ONE, q24};
use duijie::kernel::firm_step::tables::Tables;
use duijie::kernel::firm_step::{
    CHUNK, ClusterInputs, ClusterSums, FirmRow, Firms, StepConstants, Vectors, pack, step,
};
use duijie::kernel::{Backend, BackendError, CpuBackend};
use duijie::simulation::{
    Attraction, Economy, Effect, KnownMatch, LeverWindow, Lockstep, Parameters, Setup,
    SimulationError, reference_firms, replicates_on,
};

const CLUSTERS: (usize, usize) = (11, 32);
/// What the peers' work comes to, as `benches/peers/simulation.py` has it too.
const PEERS: u64 = 0x2ca1_a307_7876_fe5e;

/// A device as it is, and one held so short that few runs and one block fit at once.
fn devices() -> Vec<(&'static str, GpuBackend)> {
    let open = || GpuBackend::new(&AdapterPreference::Any);
    match open() {
        Ok(gpu) => {
            let tight = open().expect("it opened before").with_limits(96 * 1024, 1 << 21);
            vec![("gpu", gpu), ("gpu held short", tight)]
        }
        Err(BackendError::NoAdapter) if std::env::var_os("REQUIRE_GPU").is_none() => {
            // A standard error that is closed is no reason to fail.
            let _ = std::io::stderr().write_all(b"skipped: no adapter\n");
            Vec::new()
        }
        Err(error) => panic!("no GPU to test: {error}"),
    }
}

fn setup(n: u32, parameters: Parameters) -> Setup {
    let p = &parameters;
    let tables = Tables::new(p.young, p.tau, p.logit0, p.logit1);
    let firms = reference_firms(n, CLUSTERS.0 * CLUSTERS.1, [31, 7], &tables);
    Setup::new(parameters, [31, 7], CLUSTERS, 0.021, firms).expect("a valid setup")
}

/// A baseline, and a scenario with everything that reaches into firms.
fn scenarios(n: u32) -> [Setup; 2] {
    let base = setup(n, Parameters::default());
    // Other parameters: the runs of one session then read different tables.
    let mut other = setup(n, Parameters { tau: 1.2, match_intake: 0.04, ..Parameters::default() });
    let effect = Effect {
        growth: q24(0.01),
        innovation: q24(0.5),
        exit: q24(-0.3),
        conversion: q24(0.7),
        entry: q24(1.5),
        intake: 40 * ONE,
    };
    other.levers =
        (0..200).map(|cluster| LeverWindow { cluster, from: 1, to: 9, effect }).collect();
    other.known_matches =
        (0..90).map(|i| KnownMatch { quarter: i % 3, uid: 7 * i, score: 200 }).collect();
    other.attractions = (1..4)
        .map(|quarter| Attraction {
            quarter,
            cluster: 5,
            sizes: (14 * ONE, 18 * ONE),
            displacement16: 26_214,
        })
        .collect();
    [base, other]
}

#[test]
fn every_backend_gives_the_same_fingerprint() {
    let scenarios = scenarios(5000);
    let setups: Vec<&Setup> = scenarios.iter().collect();
    // Outputs by quarter, so that a difference is found in the quarter in which it begins.
    let outputs = |backend: &dyn Backend| {
        replicates_on(backend, &setups, 0..3, 9, |_, outcome, kept: &mut Vec<u64>| {
            kept.push(outcome.clusters.iter().map(|it| it.output ^ it.capability).sum());
        })
        .expect("runs")
    };
    let expected: Vec<Vec<u64>> = setups
        .iter()
        .map(|setup| {
            let run = |replicate| {
                let mut economy = Economy::new(setup, replicate).expect("valid");
                (0..9).for_each(|_| economy.step().expect("room"));
                economy.fingerprint()
            };
            (0..3).map(run).collect()
        })
        .collect();
    let on_cpu = outputs(&CpuBackend::new());
    let prints: Vec<Vec<u64>> =
        on_cpu.iter().map(|runs| runs.iter().map(|run| run.fingerprint).collect()).collect();
    assert_eq!(prints, expected, "side by side and one by one");
    for (name, device) in devices() {
        assert!(outputs(&device) == on_cpu, "{name}");
    }
    // The session that backends without a kernel of their own use.
    let cpu = CpuBackend::new();
    let start = |setup| Economy::new(setup, 2).expect("valid");
    let mut together =
        Lockstep::new(&cpu, setups.iter().copied().map(start).collect()).expect("room");
    (0..9).for_each(|_| together.step().expect("room"));
    let ended = together.finish().expect("firms");
    let found: Vec<u64> = ended.iter().map(Economy::fingerprint).collect();
    assert_eq!(found, [expected[0][2], expected[1][2]]);
}

#[test]
fn firms_come_back_and_go_on_elsewhere() {
    let scenarios = scenarios(2000);
    let expected = |quarters: u32| {
        let mut economy = Economy::new(&scenarios[1], 4).expect("valid");
        (0..quarters).for_each(|_| economy.step().expect("room"));
        economy.fingerprint()
    };
    for (name, device) in devices() {
        let start = Economy::new(&scenarios[1], 4).expect("valid");
        let mut run = Lockstep::new(&device, vec![start]).expect("fits");
        (0..3).for_each(|_| run.step().expect("room"));
        let mut ended = run.finish().expect("firms");
        assert_eq!(ended[0].fingerprint(), expected(3), "{name}");
        // Through a checkpoint to the processor, and back to the device.
        let stored = ended[0].checkpoint();
        ended[0].step().expect("room");
        assert_eq!(ended[0].fingerprint(), expected(4), "{name}");
        let resumed = Economy::resume(&scenarios[1], stored).expect("the same setup");
        let mut run = Lockstep::new(&device, vec![resumed]).expect("fits");
        (0..5).for_each(|_| run.step().expect("room"));
        let ended = run.finish().expect("firms");
        assert_eq!(ended[0].fingerprint(), expected(8), "{name}");
    }
}

/// K19 on every backend: too many firms are an error, and what a device cannot hold is cut.
#[test]
fn nothing_is_dropped_where_there_is_no_room() {
    let mut scenario = setup(600, Parameters::default());
    scenario.capacity = 620;
    let run = |backend: &dyn Backend| {
        replicates_on(backend, &[&scenario], 0..1, 40, |_, _, (): &mut ()| {}).err()
    };
    let error = run(&CpuBackend::new());
    assert!(matches!(error, Some(SimulationError::Capacity { .. })), "{error:?}");
    for (name, device) in devices() {
        assert_eq!(run(&device), error, "{name}");
        let tiny = device.with_limits(2048, 1 << 20);
        let one = Economy::new(&scenario, 0).expect("valid");
        let error = Lockstep::new(&tiny, vec![one]).err();
        let limit = matches!(error, Some(SimulationError::Backend(BackendError::Limit { .. })));
        assert!(limit, "{name} {error:?}");
    }
}

/// The work of `benches/peers/simulation.py`, which must compute the same integers.
#[test]
fn the_peers_work_is_ours() {
    let p = Parameters::default();
    let tables = Tables::new(p.young, p.tau, p.logit0, p.logit1);
    let mut firms = Firms::default();
    for i in 0..4096_u32 {
        let signed = |n: u32| i32::try_from(n).expect("small");
        let w1 = if i % 3 == 0 { ((i % 256) << 6) | 12 } else { 0 };
        firms.push(FirmRow {
            uid: i,
            x: 9 * ONE + signed(i % 977) * 100_003,
            a: (signed(i * 7 % 1001) - 500) * 10_000,
            w0: pack(i % 352, i * 13 % 200, i % 256),
            w1,
        });
    }
    let mut inputs = ClusterInputs::default();
    inputs.growth.fill(352_322);
    inputs.matches16.fill(655);
    let mut hash = 0_u64;
    for quarter in 0..8 {
        let constants = StepConstants {
            seed: [1, 2],
            quarter,
            replicate: 0,
            phi: q24(p.phi),
            delta: q24(p.delta),
            log_h0: q24(p.h0.log2()),
            mean_jump: q24(p.mean_jump),
            expected_jump: q24(p.h0 * p.mean_jump),
            log_sigma0: q24(p.sigma0.log2()),
            beta: q24(p.beta),
            x0: q24(p.x0),
            sigma_a: q24(p.sigma_a),
            log_eta0: q24(p.eta0.log2()),
            zeta_x: q24(p.zeta_x),
            kappa: q24(p.kappa),
            x_min: q24(p.x_min),
            lambda: q24(p.lambda),
            transfer_jump: q24(p.transfer_jump),
            spin_off16: q24(p.spin_off) >> 8,
        };
        let result = step(&mut firms, &inputs, &constants, &tables, CHUNK, Vectors::preferred());
        let sums = &result.sums[..352];
        let columns: [fn(&ClusterSums) -> u64; 6] = [
            |it| it.output,
            |it| it.capability,
            |it| u64::from(it.firms),
            |it| u64::from(it.exits),
            |it| u64::from(it.innovations),
            |it| u64::from(it.transfers),
        ];
        for column in columns {
            for value in sums.iter().map(column) {
                hash = hash.wrapping_mul(31).wrapping_add(value);
            }
        }
    }
    assert_eq!(hash, PEERS, "{hash:#x}");
}
