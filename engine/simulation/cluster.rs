//! The inputs of the firm kernel: shocks, localisation, pool, congestion, levers.

use super::economy::State;
use super::setup::Setup;
use super::transfer::arrival16;
use crate::kernel::firm_step::fixed::{A_MAX, ONE, gauss, log2q, mulq, q24};
use crate::kernel::firm_step::philox::{philox, purpose};
use crate::kernel::firm_step::tables::Tables;
use crate::kernel::firm_step::{ClusterInputs, ClusterSums};

/// What a lever adds, all Q7.24.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effect {
    /// Growth per quarter.
    pub growth: i32,
    /// log₂ innovation hazard.
    pub innovation: i32,
    /// log₂ exit hazard.
    pub exit: i32,
    /// Natural log-odds of conversion.
    pub conversion: i32,
    /// log₂ entry rate.
    pub entry: i32,
    /// Matches per quarter for the whole cluster.
    pub intake: i32,
}

/// An effect on one cluster for a time; effects of several windows add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeverWindow {
    /// The cluster.
    pub cluster: usize,
    /// First quarter.
    pub from: u32,
    /// First quarter after the window.
    pub to: u32,
    /// What it adds.
    pub effect: Effect,
}

/// The sum of the levers on every cluster in `quarter`; each field saturates at ±64.
pub(super) fn effects(setup: &Setup, quarter: u32) -> Vec<Effect> {
    let mut sums = vec![Effect::default(); setup.clusters()];
    let add = |sum: &mut i32, more: i32| {
        *sum = sum.saturating_add(more).clamp(-64 * ONE, 64 * ONE);
    };
    for lever in setup.levers.iter().filter(|it| (it.from..it.to).contains(&quarter)) {
        let (sum, effect) = (&mut sums[lever.cluster], &lever.effect);
        add(&mut sum.growth, effect.growth);
        add(&mut sum.innovation, effect.innovation);
        add(&mut sum.exit, effect.exit);
        add(&mut sum.conversion, effect.conversion);
        add(&mut sum.entry, effect.entry);
        add(&mut sum.intake, effect.intake);
    }
    sums
}

/// Size-weighted mean capability in Q24; 0 without output.
pub(super) fn pool(sums: &ClusterSums) -> i32 {
    match sums.capability.checked_div(sums.output >> 4) {
        Some(mean) => i32::try_from(mean << 8).expect("at most 12 in Q24") - A_MAX,
        None => 0,
    }
}

/// Weighted mean of Q24 `values` by output; 0 without output.
fn weighted(values: impl Iterator<Item = (u64, i32)>) -> i32 {
    let (weight, sum) = values.fold((0_i128, 0_i128), |(weight, sum), (output, value)| {
        (weight + i128::from(output), sum + i128::from(output) * i128::from(value))
    });
    sum.checked_div(weight).map_or(0, |mean| i32::try_from(mean).expect("a mean of Q24 values"))
}

/// Fills the inputs and moves the industry shocks by one quarter.
///
/// Returns what growth of the total is expected of the common shocks and of the national path,
/// weighted by output: the normaliser takes the difference to it.
pub(super) fn inputs(
    setup: &Setup,
    state: &mut State,
    effects: &[Effect],
    inputs: &mut ClusterInputs,
) -> i32 {
    let (p, tables, quarter) = (&setup.parameters, setup.tables(), state.quarter);
    let draw = |id: usize, purpose: u32| {
        let id = u32::try_from(id).expect("few clusters");
        gauss(philox([id, quarter, purpose, state.replicate], setup.seed)[0], tables)
    };
    let province = mulq(q24(p.sigma_province), draw(0, purpose::PROVINCE));
    let innovation = q24(p.sigma_industry * (1.0 - p.rho_industry * p.rho_industry).sqrt());
    let shocks: Vec<i32> = (state.industry_shock.iter().enumerate())
        .map(|(s, shock)| {
            mulq(q24(p.rho_industry), *shock) + mulq(innovation, draw(s, purpose::INDUSTRY))
        })
        .collect();
    let load = city_load(setup, state, tables);
    let localisation = q24(p.phi * p.gamma);
    for (c, sums) in state.sums.iter().enumerate() {
        let (city, industry) = (c / setup.industries, c % setup.industries);
        let own = mulq(q24(p.sigma_cluster), draw(c, purpose::CLUSTER));
        let crowding = mulq(q24(p.chi), load[city].max(0));
        let idle = mulq(q24(p.psi), ONE - state.utilisation[c]);
        inputs.growth[c] = setup.growth_at(quarter, industry) - state.normaliser
            + province
            + shocks[industry]
            + own
            + mulq(localisation, relative_scale(state, c, industry, tables))
            - crowding
            - idle
            + effects[c].growth;
        inputs.innovation[c] = effects[c].innovation;
        inputs.pool[c] = pool(sums);
        inputs.matches16[c] = arrival16(q24(p.match_intake), effects[c].intake, sums.firms);
        inputs.exit[c] = effects[c].exit;
        inputs.conversion[c] = effects[c].conversion;
    }
    let expected = weighted(state.sums.iter().enumerate().map(|(c, sums)| {
        let industry = c % setup.industries;
        (sums.output, setup.growth_at(quarter, industry) + shocks[industry])
    }));
    state.industry_shock = shocks;
    expected + province
}

/// log₂ of output relative to the start and to national growth, within ±3; 0 without output.
fn relative_scale(state: &State, c: usize, industry: usize, tables: &Tables) -> i32 {
    let (now, then) = (state.sums[c].output, state.initial_output[c]);
    if now == 0 || then == 0 {
        return 0;
    }
    let relative = log2q(now, tables) - log2q(then, tables) - state.national[industry];
    relative.clamp(-3 * ONE, 3 * ONE)
}

/// log₂ of output over capacity by city; 0 where no capacity is given.
fn city_load(setup: &Setup, state: &State, tables: &Tables) -> Vec<i32> {
    let Some(capacity) = &setup.city_capacity else { return vec![0; setup.cities] };
    let outputs = state.sums.chunks(setup.industries);
    let totals = outputs.map(|city| city.iter().map(|sums| sums.output).sum());
    totals.zip(capacity).map(|(y, k): (u64, _)| log2q(y, tables) - log2q(*k, tables)).collect()
}
