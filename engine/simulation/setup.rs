//! What is given to a simulation and shared by all its replicates.

use super::attraction::Attraction;
use super::cluster::LeverWindow;
use super::entry::Relatedness;
use super::error::SimulationError;
use super::parameters::Parameters;
use super::supply::SupplyChain;
use super::transfer::KnownMatch;
use crate::kernel::firm_step::Firms;
use crate::kernel::firm_step::fixed::{ONE, X_MAX, X_MIN, q24, to_f64};
use crate::kernel::firm_step::tables::{FNV_BASIS, Tables, fnv};

/// Quarters that the eight bits of an entrant's id can name.
pub(super) const MAX_QUARTERS: u32 = 256;
/// Bound of national growth per quarter: 256 quarters of it add up inside Q7.24.
const GROWTH_MAX: i32 = ONE / 4;
/// Attracted firms that the numbers left for them can name in one quarter and cluster.
const MAX_ATTRACTIONS: usize = 4096;

/// Everything that does not change during a run.
///
/// Cluster `c` is city `c / industries` and industry `c % industries`; rates are Q7.24 (log₂) per
/// quarter, money is sixteenths of 万元.
#[derive(Debug, Clone)]
pub struct Setup {
    /// θ; fixed, because the tables are made from it.
    pub(super) parameters: Parameters,
    /// Key of all draws.
    pub seed: [u32; 2],
    /// Number of cities.
    pub cities: usize,
    /// Number of industries.
    pub industries: usize,
    /// National growth by quarter and industry, `[quarters, industries]`; the last row holds on.
    pub growth: Vec<i32>,
    /// ν by quarter from the reference economy; the last value holds on, empty means 0.
    pub normaliser: Vec<i32>,
    /// Policy levers.
    pub levers: Vec<LeverWindow>,
    /// Matches that are known by firm and date.
    pub known_matches: Vec<KnownMatch>,
    /// Quantiles of the scores of later matches, 256 ascending bytes.
    pub score_quantiles: Vec<u8>,
    /// Firms brought in from outside.
    pub attractions: Vec<Attraction>,
    /// Capacity of each city in sixteenths of 万元; absent means no congestion.
    pub city_capacity: Option<Vec<u64>>,
    /// Relatedness of industries; absent means that entry does not depend on it.
    pub relatedness: Option<Relatedness>,
    /// Supply chain; absent means full utilisation.
    pub supply: Option<SupplyChain>,
    /// Initial firms.
    pub firms: Firms,
    /// Most slots a replicate may use.
    pub capacity: usize,
    pub(super) tables: Box<Tables>,
}

impl Setup {
    /// A setup without levers, with the same national growth (log₂ per quarter) everywhere.
    ///
    /// The capacity is four times the initial firms.
    ///
    /// # Errors
    ///
    /// A parameter that cannot be computed with, no firm, or a cluster beyond the id field.
    pub fn new(
        parameters: Parameters,
        seed: [u32; 2],
        (cities, industries): (usize, usize),
        growth: f64,
        firms: Firms,
    ) -> Result<Self, SimulationError> {
        parameters.check()?;
        if cities == 0 || industries == 0 || cities * industries > 511 {
            return Err(SimulationError::Shape("clusters must be 1 to 511"));
        }
        let (low, high) = (-to_f64(GROWTH_MAX), to_f64(GROWTH_MAX));
        if !(low..=high).contains(&growth) {
            return Err(SimulationError::Parameter { name: "g", value: growth, low, high });
        }
        if firms.is_empty() {
            return Err(SimulationError::Shape("there is no initial firm"));
        }
        if firms.living().any(|firm| firm.cluster() >= cities * industries) {
            return Err(SimulationError::Shape("a firm names a cluster that does not exist"));
        }
        let p = &parameters;
        Ok(Self {
            tables: Tables::new(p.young, p.tau, p.logit0, p.logit1),
            parameters,
            seed,
            cities,
            industries,
            growth: vec![q24(growth); industries],
            normaliser: Vec::new(),
            levers: Vec::new(),
            known_matches: Vec::new(),
            score_quantiles: (0..=255).collect(),
            attractions: Vec::new(),
            city_capacity: None,
            relatedness: None,
            supply: None,
            capacity: 4 * firms.len(),
            firms,
        })
    }

    /// Number of clusters.
    #[must_use]
    pub const fn clusters(&self) -> usize {
        self.cities * self.industries
    }

    /// θ.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The tables that belong to the parameters.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Checks what was changed after [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// The first table whose length or entries do not fit.
    pub fn check(&self) -> Result<(), SimulationError> {
        self.parameters.check()?;
        let clusters = self.clusters();
        let outside = |cluster: usize| cluster >= clusters;
        let wrong = if self.growth.is_empty() || !self.growth.len().is_multiple_of(self.industries)
        {
            "national growth needs one column per industry"
        } else if self.growth.iter().any(|g| g.abs() > GROWTH_MAX) {
            "national growth is beyond a quarter of a doubling per quarter"
        } else if self.normaliser.iter().any(|nu| nu.abs() > ONE) {
            "the normaliser is beyond a doubling per quarter"
        } else if self.attractions.len() > MAX_ATTRACTIONS {
            "there are more than 4096 attracted firms"
        } else if self.attractions.iter().any(|it| !are_sizes(it.sizes)) {
            "sizes of attracted firms must ascend within -3 and 28"
        } else if self.score_quantiles.len() != 256 || !self.score_quantiles.is_sorted() {
            "score quantiles must be 256 ascending bytes"
        } else if self.city_capacity.as_ref().is_some_and(|k| k.len() != self.cities) {
            "city capacities need one value per city"
        } else if self.relatedness.as_ref().is_some_and(|r| r.industries() != self.industries) {
            "relatedness needs one row per industry"
        } else if self.levers.iter().any(|lever| outside(lever.cluster)) {
            "a lever names a cluster that does not exist"
        } else if self.attractions.iter().any(|it| outside(it.cluster)) {
            "an attraction names a cluster that does not exist"
        } else if self.supply.as_ref().is_some_and(|it| it.clusters().any(outside)) {
            "a supply node names a cluster that does not exist"
        } else {
            return Ok(());
        };
        Err(SimulationError::Shape(wrong))
    }

    /// National growth of `industry` in `quarter`.
    pub(super) fn growth_at(&self, quarter: u32, industry: usize) -> i32 {
        let rows = self.growth.len() / self.industries;
        let row = (quarter as usize).min(rows - 1);
        self.growth[row * self.industries + industry]
    }

    /// ν of `quarter`.
    pub(super) fn normaliser_at(&self, quarter: u32) -> i32 {
        let last = self.normaliser.len().saturating_sub(1);
        self.normaliser.get((quarter as usize).min(last)).copied().unwrap_or(0)
    }

    /// Identity of the setup: the same value means the same results.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // The debug form names every field and value; the firms are hashed as words for speed.
        let given = format!(
            "{:?}",
            (
                &self.parameters,
                (self.seed, self.cities, self.industries, self.capacity),
                (&self.growth, &self.normaliser, &self.levers, &self.known_matches),
                (&self.score_quantiles, &self.attractions, &self.city_capacity),
                (&self.relatedness, &self.supply),
            )
        );
        let text = given.bytes().fold(FNV_BASIS, |hash, byte| fnv(hash, u64::from(byte)));
        let firms = super::economy::hash_of_firms(&self.firms);
        [self.tables.hash(), firms].into_iter().fold(text, fnv)
    }
}

/// Whether a band of log₂ sizes ascends within what a firm can have.
fn are_sizes((low, high): (i32, i32)) -> bool {
    X_MIN <= low && low <= high && high <= X_MAX
}
