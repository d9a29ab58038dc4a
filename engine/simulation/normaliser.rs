//! ν: what is taken from every firm's growth so that the nation grows at the given rate.

use rayon::prelude::*;

use super::economy::Economy;
use super::error::SimulationError;
use super::population::reference_firms;
use super::setup::Setup;
use crate::kernel::firm_step::Firms;

/// Firms of a reference economy: the total of fewer is too noisy to be closed.
const REFERENCE_FIRMS: u32 = 20_000;
/// Reference economies. The luck of the largest firms moves one of them by some 2 % a year against
/// the others; the mean of eight is three times closer to the expectation.
const REFERENCE_ECONOMIES: u32 = 8;

/// Slots of a reference economy, 1.3 GB of firms.
const MOST_SLOTS: usize = 1 << 26;

/// The path of ν over `quarters`, from economies with the parameters and the national path of
/// `setup` but without its firms, levers, attractions, capacities and supply chain.
///
/// ν_{t+1} = ν_t + ½·mean(log₂(Y_{t+1}/Y_t) − g_t − common shocks) over the economies, ν_0 = 0. A
/// cluster thereby gains relative to the nation only; national growth is an input.
///
/// # Errors
///
/// What [`Economy::step`] refuses.
pub fn normaliser(setup: &Setup, quarters: u32) -> Result<Vec<i32>, SimulationError> {
    let firms = reference_firms(REFERENCE_FIRMS, setup.clusters(), setup.seed, setup.tables());
    normaliser_over(setup, quarters, firms)
}

/// The same over other firms: those of a nation that is counted as the data is. Growth of a total
/// depends on the sizes that it is made of, so where statistics begin at a size the reference has to
/// begin there too. Twenty thousand firms or more keep the total's luck small.
///
/// # Errors
///
/// What [`Economy::step`] refuses.
pub fn normaliser_over(
    setup: &Setup,
    quarters: u32,
    firms: Firms,
) -> Result<Vec<i32>, SimulationError> {
    let shape = (setup.cities, setup.industries);
    let mut reference = Setup::new(setup.parameters, setup.seed, shape, 0.0, firms)?;
    reference.growth.clone_from(&setup.growth);
    // Slots are made as they are needed; far from the defaults many firms may enter.
    reference.capacity = reference.capacity.max(MOST_SLOTS);
    // Replicates from the far end of the range: a run's own replicates have other draws.
    let numbers = (0..REFERENCE_ECONOMIES).map(|i| u32::MAX - i);
    let mut economies = numbers
        .map(|replicate| Economy::closing(&reference, replicate))
        .collect::<Result<Vec<_>, _>>()?;
    let mut path = Vec::with_capacity(quarters as usize);
    let mut nu = 0;
    for _ in 0..quarters {
        path.push(nu);
        economies.par_iter_mut().try_for_each(|economy| {
            economy.set_nu(nu);
            economy.step()
        })?;
        let total: i64 = economies.iter().map(|economy| i64::from(economy.deviation())).sum();
        // Half of the mean deviation is taken back in the next quarter.
        let correction = total / i64::from(2 * REFERENCE_ECONOMIES);
        nu += i32::try_from(correction).expect("a mean of Q24 values");
    }
    Ok(path)
}
