//! Known answers of the whole step: K6 to K14, K19 and F10 of the model's specification.

#![expect(clippy::print_stderr, reason = "figures are told to who runs the tests")]

use super::supply::SupplyState;
use super::*;
use crate::kernel::firm_step::fixed::{ONE, q24, to_f64};
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{
    ClusterInputs, ClusterSums, FirmRow, Firms, StepConstants, Vectors, pack, step,
};

const SEED: [u32; 2] = [31, 7];

fn setup(n: u32, parameters: Parameters) -> Setup {
    let tables = Tables::new(parameters.young, parameters.tau, -3.48, 2.26);
    let firms = reference_firms(n, 352, SEED, &tables);
    Setup::new(parameters, SEED, (11, 32), 0.021, firms).expect("a valid setup")
}

fn run(setup: &Setup, quarters: u32) -> Economy<'_> {
    let mut economy = Economy::new(setup, 3).expect("a valid setup");
    (0..quarters).for_each(|_| economy.step().expect("room"));
    economy
}

/// K6: chunks, registers, order of slots and an interruption change nothing.
#[test]
fn results_do_not_depend_on_how_the_work_is_done() {
    let mut setup = setup(3000, Parameters::default());
    let expected = run(&setup, 9).fingerprint();
    for vectors in Vectors::ALL.iter().copied().filter(|it| it.is_available()) {
        for chunk in [64, 1024] {
            let economy = Economy::new(&setup, 3).expect("valid");
            let mut economy = economy.with_work(chunk, vectors);
            (0..9).for_each(|_| economy.step().expect("room"));
            assert_eq!(economy.fingerprint(), expected, "{vectors:?} {chunk}");
        }
    }
    let half = serde_json::to_string(&run(&setup, 4).checkpoint()).expect("plain data");
    let half: Checkpoint = serde_json::from_str(&half).expect("what was written");
    let mut resumed = Economy::resume(&setup, half.clone()).expect("the same setup");
    (0..5).for_each(|_| resumed.step().expect("room"));
    assert_eq!(resumed.fingerprint(), expected);

    let mut rows: Vec<FirmRow> = setup.firms.living().collect();
    rows.sort_by_key(|row| row.uid.wrapping_mul(0x9e37_79b9));
    setup.firms = Firms::default();
    rows.into_iter().for_each(|row| setup.firms.push(row));
    assert_eq!(run(&setup, 9).fingerprint(), expected);

    setup.parameters.phi = 0.1;
    let foreign = Economy::resume(&setup, half);
    assert!(matches!(foreign, Err(SimulationError::ForeignCheckpoint { .. })));
}

/// Constants without hazards, shocks or gains: growth and decay only.
fn quiet() -> (StepConstants, Box<Tables>) {
    let mut tables = Tables::new(0.0, 1.3, -3.48, 2.26);
    tables.root_variance = [0; 256];
    let constants = StepConstants {
        seed: [1, 1],
        quarter: 0,
        replicate: 0,
        phi: q24(0.12),
        delta: q24(0.05),
        log_h0: -40 * ONE,
        mean_jump: 0,
        expected_jump: 0,
        log_sigma0: 0,
        beta: 0,
        x0: 11 * ONE,
        sigma_a: 0,
        log_eta0: -40 * ONE,
        zeta_x: 0,
        kappa: 0,
        x_min: 0,
        lambda: 0,
        transfer_jump: 0,
        spin_off16: 0,
    };
    (constants, tables)
}

/// K7: without shocks a firm grows by the national rate exactly. K8: the response to a pulse.
#[test]
fn a_quiet_firm_follows_the_difference_equation() {
    let (mut constants, tables) = quiet();
    let mut inputs = ClusterInputs::default();
    inputs.growth[0] = q24(0.021);
    inputs.pool[0] = -6 * ONE;
    let mut firms = Firms::default();
    for a in [0, q24(0.09)] {
        firms.push(FirmRow { uid: 1, x: 13 * ONE, a, w0: pack(0, 0, 0), w1: 0 });
    }
    let expected = [(4, 0.0489), (12, 0.1051), (20, 0.1424), (40, 0.1896), (199, 0.2160)];
    for quarter in 0..200 {
        constants.quarter = quarter;
        let _ = step(&mut firms, &inputs, &constants, &tables, 64, Vectors::Baseline);
        let (plain, pulsed) = (firms.get(0), firms.get(1));
        assert_eq!(plain.x, 13 * ONE + (quarter as i32 + 1) * q24(0.021));
        if let Some((_, gap)) = expected.iter().find(|(at, _)| *at == quarter) {
            let found = to_f64(pulsed.x - plain.x);
            assert!((found - gap).abs() < 1e-4, "{quarter}: {found}");
        }
    }
}

/// K9 in the kernel: of many pending matches the stated share converts within twelve quarters.
#[test]
fn matches_convert_as_often_as_their_score_says() {
    let (mut constants, tables) = quiet();
    constants.spin_off16 = 6554;
    let (n, inputs, mut firms) = (40_000, ClusterInputs::default(), Firms::default());
    for uid in 0..n {
        firms.push(FirmRow { uid, x: 13 * ONE, a: 0, w0: pack(0, 0, 0), w1: (136 << 6) | 12 });
    }
    let (mut transfers, mut spin_offs) = (0, 0);
    for quarter in 0..14 {
        constants.quarter = quarter;
        let result = step(&mut firms, &inputs, &constants, &tables, 4096, Vectors::preferred());
        transfers += result.sums[0].transfers;
        spin_offs += result.sums[0].spin_offs;
    }
    // P = 9.34 % at (136 + ½)/256, three standard errors of 0.15 points.
    let total = f64::from(transfers + spin_offs) / f64::from(n);
    assert!((total - 0.0934).abs() < 0.005, "{total}");
    let share = f64::from(spin_offs) / f64::from(transfers + spin_offs);
    assert!((share - 0.1).abs() < 0.02, "{share}");
}

/// K11: levers of no effect change nothing. K12: a lever on entry keeps every baseline entrant.
#[test]
fn scenarios_of_one_replicate_are_paired() {
    let base = setup(3000, Parameters::default());
    let lever = |effect| {
        let windows = (0..352).map(|cluster| LeverWindow { cluster, from: 1, to: 9, effect });
        Setup { levers: windows.collect(), ..base.clone() }
    };
    let null = lever(Effect::default());
    assert_eq!(run(&base, 8).fingerprint(), run(&null, 8).fingerprint());

    let more = lever(Effect { entry: q24(0.5), exit: q24(-0.2), ..Effect::default() });
    let mut pair = [&base, &more].map(|setup| Economy::new(setup, 0).expect("valid"));
    let mut seen = [(); 2].map(|()| std::collections::BTreeSet::new());
    for _ in 0..8 {
        for (economy, seen) in pair.iter_mut().zip(&mut seen) {
            economy.step().expect("room");
            seen.extend(economy.firms().map(|firm| firm.uid).filter(|uid| uid >> 31 == 1));
        }
    }
    assert!(seen[1].is_superset(&seen[0]));
    assert!(seen[1].len() > seen[0].len() * 5 / 4, "{} {}", seen[0].len(), seen[1].len());
}

/// K10: a cluster like the nation keeps its share of it, on average.
#[test]
fn the_normaliser_holds_the_total_at_the_national_rate() {
    let calm = Parameters {
        sigma_cluster: 0.0,
        sigma_industry: 0.0,
        sigma_province: 0.0,
        ..Parameters::default()
    };
    let mut setup = setup(20_000, calm);
    setup.normaliser = normaliser(&setup, 40).expect("a valid setup");
    assert_eq!((setup.normaliser.len(), setup.normaliser[0]), (40, 0));
    // What the reference economies do after the first two years follows from ν itself, because
    // half of every deviation is added to it.
    let closed = 2.0 * to_f64(setup.normaliser[39] - setup.normaliser[8]) / 8.0;
    assert!(closed.abs() < 0.02, "{closed}");
    let others: Vec<f64> = (1..=16)
        .map(|replicate| {
            let mut economy = Economy::new(&setup, replicate).expect("valid");
            let mut outputs = Vec::new();
            for _ in 0..40 {
                economy.step().expect("room");
                outputs.push(economy.total_output() as f64);
            }
            (outputs[39] / outputs[7]).log2() / 8.0 - 4.0 * 0.021 - closed
        })
        .collect();
    let mean = others.iter().sum::<f64>() / 16.0;
    let variance = others.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 15.0;
    eprintln!("K10 closed {closed:.5}, others {mean:.5}, deviation {:.5}", variance.sqrt());
    // 0.3 % per year, beside the luck of eight reference economies and of sixteen others.
    let luck = (variance * (1.0 / 8.0 + 1.0 / 16.0)).sqrt();
    assert!(mean.abs() < 0.0043 + 2.0 * luck, "{mean} {luck}");
}

/// Known matches reach their firm, and those of dead firms are counted.
#[test]
fn known_matches_are_injected() {
    let mut setup = setup(500, Parameters { match_intake: 0.0, ..Parameters::default() });
    let known = |quarter, uid| KnownMatch { quarter, uid, score: 255 };
    setup.known_matches = (0..400).map(|uid| known(1, uid)).chain([known(1, 999_999)]).collect();
    let mut economy = Economy::new(&setup, 0).expect("valid");
    economy.step().expect("room");
    assert!(economy.firms().all(|firm| firm.w1 == 0));
    economy.step().expect("room");
    let pending = economy.firms().filter(|firm| firm.w1 & 63 == 11).count();
    assert!(pending > 350 && (1..30).contains(&economy.unplaced_matches()));
}

/// K14: with full displacement the industry's output in the province is unchanged on arrival.
#[test]
fn displacement_is_taken_from_the_same_industry() {
    let base = setup(20_000, Parameters::default());
    let arrival = |displacement16| {
        let sizes = (16 * ONE, 17 * ONE);
        let it = Attraction { quarter: 0, cluster: 2 * 32 + 5, sizes, displacement16 };
        Setup { attractions: vec![it], ..base.clone() }
    };
    let industry = |setup: &Setup| -> f64 {
        let economy = run(setup, 1);
        economy.clusters().iter().skip(5).step_by(32).map(|it| it.output as f64).sum()
    };
    let plain = industry(&base);
    let full = industry(&arrival(65536)) / plain - 1.0;
    assert!(full.abs() < 2e-5, "{full}");
    let none = industry(&arrival(0)) / plain - 1.0;
    let part = industry(&arrival(26_214)) / plain - 1.0;
    assert!(none > 0.0 && (part / none - 0.6).abs() < 0.01, "{part} of {none}");
}

/// K19: too many firms are an error, never dropped.
#[test]
fn overflow_raises() {
    let mut setup = setup(2000, Parameters { e0: 0.2, ..Parameters::default() });
    setup.capacity = 2100;
    let mut economy = Economy::new(&setup, 0).expect("fits at first");
    let error = (0..8).find_map(|_| economy.step().err());
    assert!(matches!(error, Some(SimulationError::Capacity { capacity: 2100, .. })), "{error:?}");
    setup.capacity = 1000;
    assert!(Economy::new(&setup, 0).is_err());
}

/// Density: a city with what is related has more of it; z-scores are over empty clusters.
#[test]
fn relatedness_follows_what_is_present() {
    // Industries 0 and 1 are related, 2 is not; city 0 has industry 1, city 1 has industry 2.
    let proximity = vec![0, 60_000, 6_000, 60_000, 0, 6_000, 6_000, 6_000, 0];
    let relatedness = Relatedness::new(3, proximity).expect("three by three");
    let mut sums = vec![ClusterSums::default(); 6];
    (sums[1].output, sums[1].firms) = (1000, 5);
    (sums[5].output, sums[5].firms) = (1000, 5);
    let z = relatedness.density(&sums);
    assert!(z[0] > 0 && z[0] > z[3], "{z:?}");
    let empty = [0, 2, 3, 4].map(|c| to_f64(z[c]));
    assert!(empty.iter().sum::<f64>().abs() < 1e-3);
    assert!(Relatedness::new(3, vec![0; 8]).is_none());
    assert!(Relatedness::new(1, vec![65_537]).is_none());
}

/// A chain of nodes, each buying `share` of its one critical input from the one before.
fn chain(tiers: usize, share: f64, stock: f64, backup: Option<Backup>) -> SupplyChain {
    let node = |k: usize| {
        let edges = vec![Edge { supplier: k - 1, share: q24(share), sales: ONE }];
        let external = ONE - q24(share);
        let input = Input { edges, external, target: q24(stock), generic_share: None, backup };
        Node { cluster: None, inputs: vec![input] }
    };
    let nodes = std::iter::once(Node::default()).chain((1..=tiers).map(node)).collect();
    SupplyChain::new(nodes).expect("a valid chain")
}

/// Lost months of output by node over three years, with the first node hit for `months`.
fn losses(mut chain: SupplyChain, loss: f64, months: u32) -> (Vec<f64>, SupplyState) {
    let to = 3 + months;
    chain.disruptions = vec![Disruption { node: 0, input: None, loss: q24(loss), from: 3, to }];
    let mut state = SupplyState::new(&chain);
    let mut lost = vec![0.0; state.production().len()];
    for month in 0..36 {
        state.month(&chain, month);
        let made = state.production().iter().map(|it| to_f64(*it));
        lost.iter_mut().zip(made).for_each(|(lost, made)| *lost += 1.0 - made);
    }
    (lost, state)
}

/// K13 and F10: pass-through without stock, order of the backups, recovery of stocks.
#[test]
fn shortages_pass_as_the_shares_say() {
    for share in [0.25, 0.5, 0.8, 1.0] {
        let (lost, _) = losses(chain(1, share, 0.0, None), 0.3, 3);
        assert!((lost[1] / lost[0] - share).abs() < 1e-3, "{share}: {lost:?}");
    }
    let backup =
        |efficiency, delay| Some(Backup { capacity: ONE / 2, efficiency: q24(efficiency), delay });
    let run = |backup| losses(chain(3, 0.8, 0.5, backup), 0.6, 6);
    let ((none, state), (reduced, _), (same, _)) =
        (run(None), run(backup(0.85, 2)), run(backup(1.0, 1)));
    let near = |lost: &[f64], expected: [f64; 3]| {
        let pairs = lost[1..].iter().zip(expected);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 0.02), "{lost:?} {expected:?}");
    };
    near(&none, [2.13, 1.02, 0.22]);
    near(&reduced, [0.72, 0.0, 0.0]);
    near(&same, [0.0, 0.0, 0.0]);
    let full = q24(0.5);
    assert!(state.stock()[1..].iter().all(|stock| (stock[0] - full).abs() < ONE / 1000));

    // A generic input of cost share 0.1 passes on at most a tenth.
    let mut generic = chain(1, 0.5, 0.0, None);
    generic = SupplyChain::new(
        (generic.nodes().iter().cloned())
            .map(|mut node| {
                node.inputs.iter_mut().for_each(|it| it.generic_share = Some(q24(0.1)));
                node
            })
            .collect(),
    )
    .expect("still valid");
    let (lost, _) = losses(generic, 0.3, 3);
    assert!((lost[1] / lost[0] - 0.05).abs() < 1e-3, "{lost:?}");
}

/// The supply chain moves utilisation, and lost utilisation lowers growth.
#[test]
fn a_stopped_cluster_grows_less() {
    let base = setup(3000, Parameters::default());
    let economy = run(&base, 1);
    let sizes = economy.clusters().iter().enumerate().map(|(c, it)| (it.output, c));
    let (_, largest) = sizes.max().expect("there are clusters");
    let node = Node { cluster: Some(largest), inputs: Vec::new() };
    let mut chain = SupplyChain::new(vec![node]).expect("valid");
    chain.disruptions = vec![Disruption { node: 0, input: None, loss: ONE / 2, from: 0, to: 3 }];
    let hit = Setup { supply: Some(chain), ..base.clone() };
    let first = run(&hit, 1);
    assert_eq!(first.utilisation()[largest], ONE / 2);
    assert_eq!(first.utilisation()[largest ^ 1], ONE);
    let outputs = [&base, &hit].map(|setup| run(setup, 2).clusters()[largest].output as f64);
    // ψ·½ = 0.05 in one quarter.
    assert!(((outputs[0] / outputs[1]).log2() - 0.05).abs() < 0.005, "{outputs:?}");
}

#[test]
fn setups_that_do_not_fit_are_refused() {
    let good = setup(100, Parameters::default());
    let checks: [fn(&mut Setup); 4] = [
        |it| it.growth.push(0),
        |it| it.score_quantiles = vec![9; 3],
        |it| it.city_capacity = Some(vec![1; 3]),
        |it| {
            let effect = Effect::default();
            it.levers.push(LeverWindow { cluster: 352, from: 0, to: 1, effect });
        },
    ];
    for spoil in checks {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert!(matches!(Economy::new(&bad, 0), Err(SimulationError::Shape(_))));
    }
    let none = Setup::new(Parameters::default(), SEED, (11, 32), 0.0, Firms::default());
    assert!(none.is_err());
}

/// Replicates come in order and differ; the number of threads does not matter.
#[test]
fn replicates_are_independent_and_ordered() {
    let setup = setup(1000, Parameters::default());
    let all = |from, to| {
        let keep = |economy: &Economy<'_>, last: &mut u64| *last = economy.fingerprint();
        replicates(&setup, from..to, 4, keep).expect("valid")
    };
    let four = all(0, 4);
    assert_eq!(four[2..], all(2, 4));
    assert_ne!(four[0], four[1]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
    assert_eq!(pool.install(|| all(0, 4)), four);
}
