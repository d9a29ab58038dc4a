//! θ: the parameters with defaults, evidence ranges and sources, as data.

use serde::{Deserialize, Serialize};

use super::error::SimulationError;

/// The parameters of the model; [`Default`] gives the documented values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Annual standard deviation of log₂ growth at x0: σ0, log₂/yr.
    pub sigma0: f64,
    /// Reference size, the line of enterprises above designated size (2000 万元): x0, log₂ 万元.
    pub x0: f64,
    /// Fall of the log₂ deviation per log₂ size: β.
    pub beta: f64,
    /// Exponent of the variance regimes: τ.
    pub tau: f64,
    /// Growth per log₂ capability: φ, /quarter.
    pub phi: f64,
    /// Decay of capability: δ, /quarter.
    pub delta: f64,
    /// Innovation hazard: h0, /quarter.
    pub h0: f64,
    /// Mean capability gain of an innovation: J̄, log₂.
    pub mean_jump: f64,
    /// Mean capability gain of a transfer: J_T, log₂.
    pub transfer_jump: f64,
    /// Capability shock: σ_a, /quarter.
    pub sigma_a: f64,
    /// Convergence to the knowledge pool: λ, /quarter.
    pub lambda: f64,
    /// Localisation elasticity: γ.
    pub gamma: f64,
    /// Congestion per log₂ load, where a city's capacity is given: χ, /quarter.
    pub chi: f64,
    /// Growth lost per lost utilisation: ψ, /quarter.
    pub psi: f64,
    /// Base exit hazard at x0: η0, /quarter.
    pub eta0: f64,
    /// Fall of the log₂ exit hazard per log₂ size: ζ_x.
    pub zeta_x: f64,
    /// Fall of the log₂ exit hazard per log₂ capability: κ.
    pub kappa: f64,
    /// Firms below this size exit: x_min, log₂ 万元.
    pub x_min: f64,
    /// Entrants per firm: e0, /quarter.
    pub e0: f64,
    /// Median size of entrants: e_med, log₂ 万元.
    pub entrant_median: f64,
    /// Standard deviation of entrants' log₂ size: e_sd, log₂.
    pub entrant_sd: f64,
    /// Entry per standard deviation of relatedness: b_ρ, log₂/sd.
    pub b_relatedness: f64,
    /// Entry per log₂(1 + transfers): b_t.
    pub b_transfers: f64,
    /// Share of conversions that become a new firm: κ_spin.
    pub spin_off: f64,
    /// New matches per idle firm, beside the intake given for its cluster: ν_match, /quarter.
    pub match_intake: f64,
    /// Conversion of a match of score 0: ℓ0, ln odds.
    pub logit0: f64,
    /// Rise of the log-odds over the score: ℓ1, ln odds.
    pub logit1: f64,
    /// Shock of one cluster: σ_c, log₂/quarter.
    pub sigma_cluster: f64,
    /// Shock of an industry, stationary deviation: σ_s, log₂/quarter.
    pub sigma_industry: f64,
    /// Autocorrelation of industry shocks: ρ_s.
    pub rho_industry: f64,
    /// Shock of the province: σ_p, log₂/quarter.
    pub sigma_province: f64,
    /// Extra growth at birth, halving in about three years: young, /quarter.
    pub young: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            sigma0: 0.65,
            x0: 11.0,
            beta: 0.225,
            tau: 1.3,
            phi: 0.12,
            delta: 0.05,
            h0: 0.05,
            mean_jump: 0.1,
            transfer_jump: 0.09,
            sigma_a: 0.12,
            lambda: 0.01,
            gamma: 0.05,
            chi: 0.02,
            psi: 0.1,
            eta0: 0.007,
            zeta_x: 0.35,
            kappa: 1.0,
            x_min: 3.3,
            e0: 0.0215,
            entrant_median: 8.0,
            entrant_sd: 1.4,
            b_relatedness: 0.32,
            b_transfers: 0.0,
            spin_off: 0.1,
            match_intake: 0.01,
            logit0: -3.48,
            logit1: 2.26,
            sigma_cluster: 0.02,
            sigma_industry: 0.03,
            rho_industry: 0.7,
            sigma_province: 0.012,
            young: 0.02,
        }
    }
}

/// What is known about one parameter.
#[derive(Debug, Clone, Copy)]
pub struct ParameterRange {
    /// The field's name.
    pub name: &'static str,
    /// The symbol in formulas.
    pub symbol: &'static str,
    /// The unit; empty for pure numbers.
    pub unit: &'static str,
    /// Least and greatest value that the evidence allows; a value outside deserves a warning.
    pub evidence: (f64, f64),
    /// Least and greatest value that the arithmetic allows; a value outside is an error.
    pub computable: (f64, f64),
    /// Where the default comes from.
    pub basis: &'static str,
    /// Reads the parameter.
    pub get: fn(&Parameters) -> f64,
}

/// All parameters in the order of [`Parameters`].
pub const PARAMETER_RANGES: &[ParameterRange] = &[
    ParameterRange {
        name: "sigma0",
        symbol: "σ0",
        unit: "log₂/yr",
        evidence: (0.45, 0.85),
        computable: (1e-6, 1.0),
        basis: "fitted to the tent shape and the size–variance relation",
        get: |p| p.sigma0,
    },
    ParameterRange {
        name: "x0",
        symbol: "x0",
        unit: "log₂ 万元",
        evidence: (11.0, 11.0),
        computable: (3.0, 20.0),
        basis: "definition",
        get: |p| p.x0,
    },
    ParameterRange {
        name: "beta",
        symbol: "β",
        unit: "",
        evidence: (0.15, 0.28),
        computable: (0.0, 1.0),
        basis: "0.20 ± 0.03 for sales (Amaral et al. 1997)",
        get: |p| p.beta,
    },
    ParameterRange {
        name: "tau",
        symbol: "τ",
        unit: "",
        evidence: (1.0, 1.6),
        computable: (0.1, 4.0),
        basis: "Laplace-shaped growth (Bottazzi and Secchi 2002)",
        get: |p| p.tau,
    },
    ParameterRange {
        name: "phi",
        symbol: "φ",
        unit: "/quarter",
        evidence: (0.04, 0.2),
        computable: (0.0, 1.0),
        basis: "weak selection (Dosi et al. 2015)",
        get: |p| p.phi,
    },
    ParameterRange {
        name: "delta",
        symbol: "δ",
        unit: "/quarter",
        evidence: (0.03, 0.08),
        computable: (0.0, 1.0),
        basis: "yearly autocorrelation 0.81, assumed",
        get: |p| p.delta,
    },
    ParameterRange {
        name: "h0",
        symbol: "h0",
        unit: "/quarter",
        evidence: (0.03, 0.08),
        computable: (1e-7, 0.5),
        basis: "46 % innovate within three years",
        get: |p| p.h0,
    },
    ParameterRange {
        name: "mean_jump",
        symbol: "J̄",
        unit: "log₂",
        evidence: (0.05, 0.2),
        computable: (0.0, 2.0),
        basis: "+9 % TFP per doubling of real R&D (Chen et al. 2021)",
        get: |p| p.mean_jump,
    },
    ParameterRange {
        name: "transfer_jump",
        symbol: "J_T",
        unit: "log₂",
        evidence: (0.03, 0.17),
        computable: (0.0, 2.0),
        basis: "Comin et al. 2019; Cai and Szeidl 2018",
        get: |p| p.transfer_jump,
    },
    ParameterRange {
        name: "sigma_a",
        symbol: "σ_a",
        unit: "/quarter",
        evidence: (0.08, 0.16),
        computable: (0.0, 2.0),
        basis: "standard deviation of capability 0.37",
        get: |p| p.sigma_a,
    },
    ParameterRange {
        name: "lambda",
        symbol: "λ",
        unit: "/quarter",
        evidence: (0.0, 0.03),
        computable: (0.0, 1.0),
        basis: "Bloom et al. 2013",
        get: |p| p.lambda,
    },
    ParameterRange {
        name: "gamma",
        symbol: "γ",
        unit: "",
        evidence: (0.0, 0.08),
        computable: (0.0, 1.0),
        basis: "3.9 % in high-income countries, 7.1 % elsewhere (Grover et al. 2021)",
        get: |p| p.gamma,
    },
    ParameterRange {
        name: "chi",
        symbol: "χ",
        unit: "/quarter",
        evidence: (0.0, 0.06),
        computable: (0.0, 1.0),
        basis: "assumed",
        get: |p| p.chi,
    },
    ParameterRange {
        name: "psi",
        symbol: "ψ",
        unit: "/quarter",
        evidence: (0.0, 0.3),
        computable: (0.0, 1.0),
        basis: "assumed",
        get: |p| p.psi,
    },
    ParameterRange {
        name: "eta0",
        symbol: "η0",
        unit: "/quarter",
        evidence: (0.005, 0.01),
        computable: (1e-7, 0.5),
        basis: "fitted to entry and exit",
        get: |p| p.eta0,
    },
    ParameterRange {
        name: "zeta_x",
        symbol: "ζ_x",
        unit: "",
        evidence: (0.25, 0.45),
        computable: (0.0, 2.0),
        basis: "fitted to entry and exit",
        get: |p| p.zeta_x,
    },
    ParameterRange {
        name: "kappa",
        symbol: "κ",
        unit: "",
        evidence: (0.5, 1.5),
        computable: (0.0, 4.0),
        basis: "fitted to entry and exit",
        get: |p| p.kappa,
    },
    ParameterRange {
        name: "x_min",
        symbol: "x_min",
        unit: "log₂ 万元",
        evidence: (3.3, 3.3),
        computable: (-3.0, 10.0),
        basis: "fitted to entry and exit",
        get: |p| p.x_min,
    },
    ParameterRange {
        name: "e0",
        symbol: "e0",
        unit: "/quarter",
        evidence: (0.012, 0.03),
        computable: (1e-5, 0.5),
        basis: "fitted to entry and exit",
        get: |p| p.e0,
    },
    ParameterRange {
        name: "entrant_median",
        symbol: "e_med",
        unit: "log₂ 万元",
        evidence: (7.0, 9.0),
        computable: (3.0, 18.0),
        basis: "log-normal entrants (Amaral et al. 1997)",
        get: |p| p.entrant_median,
    },
    ParameterRange {
        name: "entrant_sd",
        symbol: "e_sd",
        unit: "log₂",
        evidence: (1.0, 1.8),
        computable: (0.0, 3.0),
        basis: "log-normal entrants (Amaral et al. 1997)",
        get: |p| p.entrant_sd,
    },
    ParameterRange {
        name: "b_relatedness",
        symbol: "b_ρ",
        unit: "log₂/sd",
        evidence: (0.08, 0.68),
        computable: (0.0, 2.0),
        basis: "assumed; the sign is established (He and Zhu 2020)",
        get: |p| p.b_relatedness,
    },
    ParameterRange {
        name: "b_transfers",
        symbol: "b_t",
        unit: "",
        evidence: (0.0, 0.2),
        computable: (0.0, 1.0),
        basis: "assumed; off unless given",
        get: |p| p.b_transfers,
    },
    ParameterRange {
        name: "spin_off",
        symbol: "κ_spin",
        unit: "",
        evidence: (0.0, 0.3),
        computable: (0.0, 1.0),
        basis: "assumed",
        get: |p| p.spin_off,
    },
    ParameterRange {
        name: "match_intake",
        symbol: "ν_match",
        unit: "/quarter",
        evidence: (0.0, 0.05),
        computable: (0.0, 0.5),
        basis: "assumed",
        get: |p| p.match_intake,
    },
    ParameterRange {
        name: "logit0",
        symbol: "ℓ0",
        unit: "ln odds",
        evidence: (-3.48, -3.48),
        computable: (-10.0, 10.0),
        basis: "3 % of university patents (CNIPA 2021)",
        get: |p| p.logit0,
    },
    ParameterRange {
        name: "logit1",
        symbol: "ℓ1",
        unit: "ln odds",
        evidence: (1.1, 2.26),
        computable: (0.0, 10.0),
        basis: "22.8 % of co-owned patents is the ceiling (CNIPA 2021)",
        get: |p| p.logit1,
    },
    ParameterRange {
        name: "sigma_cluster",
        symbol: "σ_c",
        unit: "log₂/quarter",
        evidence: (0.005, 0.06),
        computable: (0.0, 1.0),
        basis: "to be calibrated; barely identified by ten years",
        get: |p| p.sigma_cluster,
    },
    ParameterRange {
        name: "sigma_industry",
        symbol: "σ_s",
        unit: "log₂/quarter",
        evidence: (0.005, 0.06),
        computable: (0.0, 1.0),
        basis: "to be calibrated",
        get: |p| p.sigma_industry,
    },
    ParameterRange {
        name: "rho_industry",
        symbol: "ρ_s",
        unit: "",
        evidence: (0.4, 0.9),
        computable: (0.0, 0.999),
        basis: "to be calibrated",
        get: |p| p.rho_industry,
    },
    ParameterRange {
        name: "sigma_province",
        symbol: "σ_p",
        unit: "log₂/quarter",
        evidence: (0.003, 0.03),
        computable: (0.0, 1.0),
        basis: "to be fixed; barely identified by ten years",
        get: |p| p.sigma_province,
    },
    ParameterRange {
        name: "young",
        symbol: "young",
        unit: "/quarter",
        evidence: (0.0, 0.04),
        computable: (0.0, 1.0),
        basis: "fitted to firm facts",
        get: |p| p.young,
    },
];

impl Parameters {
    /// Checks that every parameter can be computed with.
    ///
    /// # Errors
    ///
    /// [`SimulationError::Parameter`] with the first one that is outside its computable range or
    /// not a number.
    pub fn check(&self) -> Result<(), SimulationError> {
        for range in PARAMETER_RANGES {
            let value = (range.get)(self);
            let (low, high) = range.computable;
            if !(low..=high).contains(&value) {
                return Err(SimulationError::Parameter { name: range.symbol, value, low, high });
            }
        }
        Ok(())
    }

    /// The parameters whose values the evidence does not support, for warnings.
    pub fn outside_evidence(&self) -> impl Iterator<Item = &'static ParameterRange> + '_ {
        PARAMETER_RANGES.iter().filter(|range| {
            let (low, high) = range.evidence;
            !(low..=high).contains(&(range.get)(self))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_lie_within_their_evidence() {
        let defaults = Parameters::default();
        assert_eq!(defaults.check(), Ok(()));
        assert_eq!(defaults.outside_evidence().count(), 0);
    }

    #[test]
    fn impossible_values_are_refused_and_doubtful_ones_named() {
        let nan = Parameters { phi: f64::NAN, ..Parameters::default() };
        assert!(matches!(nan.check(), Err(SimulationError::Parameter { name: "φ", .. })));
        let bold = Parameters { transfer_jump: 0.5, ..Parameters::default() };
        assert_eq!(bold.check(), Ok(()));
        let names: Vec<_> = bold.outside_evidence().map(|range| range.name).collect();
        assert_eq!(names, ["transfer_jump"]);
    }
}
