//! The arithmetic of a pair, done again from its written values in the simplest way.

use std::path::Path;

use duijie::matching::Outcome;
use duijie::model::{Micro, Verdict, Veto};
use duijie::pipeline::PairRecord;
use sha2::{Digest, Sha256};

/// The weights and calibration of a run, read from its folder as plain tables, with their hashes.
pub(super) struct Rules {
    weights: (toml::Table, String),
    calibration: (toml::Table, String),
}

fn micro(value: &toml::Value) -> i64 {
    let value = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
    #[expect(clippy::cast_possible_truncation, reason = "thresholds and probabilities in 0..=1")]
    let micro = (value.expect("a number") * 1e6).round() as i64;
    micro
}

impl Rules {
    pub(super) fn of_run(out: &Path) -> Self {
        let read = |name: &str| {
            let text =
                std::fs::read_to_string(out.join("index").join(name)).expect("the run's own");
            let hash = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
            (text.parse().expect("TOML"), hash)
        };
        Self { weights: read("weights.toml"), calibration: read("calibration.toml") }
    }

    /// Halves up, in millionths.
    fn contribution(value: i64, weight: i64, present: i64) -> i64 {
        if present == 0 { 0 } else { (2 * value * weight + present) / (2 * present) }
    }

    /// On the line between the knots around `score`, rounded down.
    fn probability(&self, direction: &str, score: i64) -> i64 {
        let knots: Vec<(i64, i64)> = self.calibration.0[direction]
            .as_array()
            .expect("knots")
            .iter()
            .map(|knot| (micro(&knot[0]), micro(&knot[1])))
            .collect();
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        if score <= first.0 {
            return first.1;
        }
        if score >= last.0 {
            return last.1;
        }
        let at = knots.windows(2).find(|two| two[1].0 > score).expect("between two knots");
        at[0].1 + (at[1].1 - at[0].1) * (score - at[0].0) / (at[1].0 - at[0].0)
    }

    /// Fails unless every figure of `pair` follows from its parts' values.
    pub(super) fn check(&self, pair: &PairRecord) {
        let of = |micro: Micro| i64::from(micro.0);
        let name = format!("{} {}", pair.demand_id, pair.supply_id);
        assert_eq!(pair.weights_sha256, self.weights.1, "{name}");
        assert_eq!(pair.calibration_sha256, self.calibration.1, "{name}");
        let mut probabilities = [0; 2];
        for (direction, n) in [("for_demand", 0), ("for_supply", 1)] {
            let (score, probability) = [
                (pair.score_for_demand, pair.probability_for_demand),
                (pair.score_for_supply, pair.probability_for_supply),
            ][n];
            let view = pair.parts.iter().map(|part| match n {
                0 => (part.name, part.value, part.weight, part.contribution),
                _ => (
                    part.name,
                    part.value_for_supply,
                    part.weight_for_supply,
                    part.contribution_for_supply,
                ),
            });
            let present: i64 = view.clone().filter(|p| p.1.is_some()).map(|p| of(p.2)).sum();
            let mut sum = 0;
            for (part, value, weight, contribution) in view {
                let key = serde_json::to_value(part).expect("a name");
                // The lists are Chinese, so the sets for other scripts are not asked for.
                let shipped = &self.weights.0[direction][key.as_str().expect("a name")];
                assert_eq!(Some(of(weight)), shipped.as_integer().map(|w| w * 1_000), "{name}");
                assert_eq!(value.is_some(), contribution.is_some(), "{name} {part:?}");
                let Some(value) = value else { continue };
                assert!((0..=1_000_000).contains(&value.0), "{name} {part:?}: {value}");
                let expected = Self::contribution(of(value), of(weight), present);
                assert_eq!(contribution.map(of), Some(expected), "{name} {part:?} {direction}");
                sum += expected;
            }
            assert_eq!(of(score), sum, "{name} {direction}: the parts do not add up");
            assert_eq!(of(probability), self.probability(direction, sum), "{name} {direction}");
            probabilities[n] = of(probability);
        }
        let [a, b] = probabilities;
        assert_eq!(of(pair.probability), (a + b + 1) / 2, "{name}");
        let harmonic = if a * b == 0 { 0 } else { 2 * a * b / (a + b) };
        assert_eq!(of(pair.mutual_score), harmonic, "{name}");
        let threshold = |key: &str| micro(&self.calibration.0["verdict"][key]);
        // The one rule beside the thresholds, and it can be read from the line itself.
        let failed =
            pair.numbers.iter().any(|check| check.outcome == Outcome::Fail && check.binding);
        assert_eq!(pair.vetoes.contains(&Veto::NumbersNotMet), failed, "{name}");
        let expected = if of(pair.probability) >= threshold("recommend_from") {
            if failed { Verdict::Discuss } else { Verdict::Recommend }
        } else if of(pair.probability) >= threshold("discuss_from") {
            Verdict::Discuss
        } else {
            Verdict::NoMatch
        };
        assert_eq!(pair.verdict, expected, "{name}");
        assert!((0..=1_000_000).contains(&pair.confidence.0), "{name}");
        assert!(pair.vetoes.is_sorted(), "{name}");
    }
}
