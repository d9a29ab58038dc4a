//! Forecasts given as ensembles: CRPS, coverage of intervals, probability integral transform.

/// What an ensemble of one forecast shows against what came.
///
/// Members are in any order. Nothing is measured of an empty ensemble or of values that are not
/// finite: the functions give `None`.
fn sorted(members: &[f64], observed: f64) -> Option<Vec<f64>> {
    let finite = observed.is_finite() && members.iter().all(|it| it.is_finite());
    if members.is_empty() || !finite {
        return None;
    }
    let mut sorted = members.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(sorted)
}

/// The continuous ranked probability score of an ensemble, fair in the sense of Ferro (2014):
/// mean |xᵢ − y| − Σᵢⱼ|xᵢ − xⱼ| / (2m(m − 1)), whose expectation does not depend on the number m of
/// members. In the unit of the values; smaller is better; one member gives the absolute error.
#[must_use]
pub fn fair_crps(members: &[f64], observed: f64) -> Option<f64> {
    let x = sorted(members, observed)?;
    let m = x.len() as f64;
    let error = x.iter().map(|it| (it - observed).abs()).sum::<f64>() / m;
    if x.len() == 1 {
        return Some(error);
    }
    // Σ_{i<j} (x_j − x_i) over sorted values, each with its number of smaller less larger ones.
    let spread: f64 =
        x.iter().enumerate().map(|(i, it)| (2.0 * i as f64 - m + 1.0) * it).sum::<f64>();
    Some(error - spread / (m * (m - 1.0)))
}

/// The CRPS of a normal forecast (Gneiting et al. 2005, equation 5).
#[must_use]
pub fn normal_crps(mean: f64, sd: f64, observed: f64) -> f64 {
    let z = (observed - mean) / sd;
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let below = super::special::normal_cdf(z);
    sd * (z * (2.0 * below - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt())
}

/// The quantile `p` of an ensemble: the member at p·(m + 1), interpolated, so that a value drawn
/// alike lies below it with probability p; beyond the outermost members these stand.
///
/// `None` for an empty ensemble, values that are not finite, or `p` outside 0 to 1.
#[must_use]
pub fn ensemble_quantile(members: &[f64], p: f64) -> Option<f64> {
    let x = sorted(members, 0.0)?;
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let place = (p * (x.len() as f64 + 1.0) - 1.0).clamp(0.0, x.len() as f64 - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the list")]
    let low = place.floor() as usize;
    let high = (low + 1).min(x.len() - 1);
    Some(x[low] + (place - place.floor()) * (x[high] - x[low]))
}

/// Whether the value lies in the central interval of probability `level`, borders included.
#[must_use]
pub fn covers(members: &[f64], observed: f64, level: f64) -> Option<bool> {
    let low = ensemble_quantile(members, (1.0 - level) / 2.0)?;
    let high = ensemble_quantile(members, f64::midpoint(1.0, level))?;
    observed.is_finite().then(|| (low..=high).contains(&observed))
}

/// Where the value stands in its forecast, 0 to 1: uniform where forecasts are calibrated.
///
/// (members below + half of the equal ones + ½) / (m + 1).
#[must_use]
pub fn pit(members: &[f64], observed: f64) -> Option<f64> {
    let x = sorted(members, observed)?;
    let below = x.partition_point(|it| *it < observed) as f64;
    let equal = x.partition_point(|it| *it <= observed) as f64 - below;
    Some((below + equal / 2.0 + 0.5) / (x.len() as f64 + 1.0))
}

/// How often each of `bins` equal parts of 0 to 1 was hit, and the p-value of Pearson's χ² against
/// equal chances. `None` without values or with fewer than two bins.
#[must_use]
pub fn uniformity(values: &[f64], bins: usize) -> Option<(Vec<usize>, f64)> {
    if values.is_empty() || bins < 2 {
        return None;
    }
    let mut counts = vec![0; bins];
    for value in values {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
        let bin = (value.clamp(0.0, 1.0) * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    let expected = values.len() as f64 / bins as f64;
    let statistic = counts.iter().map(|n| (*n as f64 - expected).powi(2) / expected).sum();
    let p = super::special::chi_squared_tail(statistic, bins as f64 - 1.0);
    Some((counts, p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::special::normal_quantile;

    fn normal(m: usize) -> Vec<f64> {
        (0..m).map(|i| normal_quantile((i as f64 + 0.5) / m as f64)).collect()
    }

    /// K17: against the closed form.
    #[test]
    fn crps_of_a_normal_ensemble_is_the_closed_form() {
        // 2φ(0) − 1/√π.
        assert!((normal_crps(0.0, 1.0, 0.0) - 0.233_695).abs() < 1e-6);
        let members = normal(20_000);
        for y in [-2.0, -0.3, 0.0, 1.0, 4.0] {
            let found = fair_crps(&members, y).expect("members");
            assert!((found - normal_crps(0.0, 1.0, y)).abs() < 2e-4, "{y}: {found}");
        }
        let scaled: Vec<f64> = members.iter().map(|z| 3.0 + 2.0 * z).collect();
        let found = fair_crps(&scaled, 4.0).expect("members");
        assert!((found - normal_crps(3.0, 2.0, 4.0)).abs() < 4e-4);
    }

    #[test]
    fn crps_is_fair_by_hand() {
        // ½(1 + 1) − 2·|2|/(2·2·1) = 0.
        assert_eq!(fair_crps(&[0.0, 2.0], 1.0), Some(0.0));
        assert_eq!(fair_crps(&[3.0], 1.0), Some(2.0));
        assert_eq!(fair_crps(&[], 1.0), None);
        assert_eq!(fair_crps(&[f64::NAN], 1.0), None);
        assert_eq!(fair_crps(&[1.0], f64::INFINITY), None);
    }

    /// The expectation of a fair score does not depend on the size of the ensemble.
    #[test]
    fn few_members_score_as_many_on_average() {
        let pool = normal(101);
        let mean_of_pairs = |y: f64| {
            let mut sum = 0.0;
            for i in 0..pool.len() {
                for j in 0..i {
                    sum += fair_crps(&[pool[i], pool[j]], y).expect("two");
                }
            }
            sum / (101.0 * 50.0)
        };
        for y in [0.0, 1.5] {
            let whole = fair_crps(&pool, y).expect("many");
            assert!((mean_of_pairs(y) - whole).abs() < 1e-9, "{y}");
        }
    }

    /// K17: intervals of N(0, 1) have their coverage.
    #[test]
    fn intervals_cover_what_they_say() {
        let (members, values) = (normal(999), normal(5000));
        for level in [0.5, 0.8, 0.95] {
            let hits = values.iter().filter(|y| covers(&members, **y, level) == Some(true));
            let share = hits.count() as f64 / 5000.0;
            assert!((share - level).abs() < 0.003, "{level}: {share}");
        }
        assert_eq!(ensemble_quantile(&[1.0, 2.0, 3.0], 0.5), Some(2.0));
        assert_eq!(ensemble_quantile(&[1.0, 2.0, 3.0], 0.0), Some(1.0));
        assert_eq!(ensemble_quantile(&[1.0], 1.5), None);
    }

    #[test]
    fn places_are_uniform_only_where_the_forecast_is_right() {
        let (members, values) = (normal(99), normal(1000));
        let places: Vec<f64> = values.iter().filter_map(|y| pit(&members, *y)).collect();
        let (counts, p) = uniformity(&places, 10).expect("values");
        assert_eq!(counts.iter().sum::<usize>(), 1000);
        assert!(p > 0.9, "{counts:?} {p}");
        let narrow: Vec<f64> = members.iter().map(|z| z / 2.0).collect();
        let places: Vec<f64> = values.iter().filter_map(|y| pit(&narrow, *y)).collect();
        assert!(uniformity(&places, 10).expect("values").1 < 1e-6);
        assert_eq!(pit(&[1.0, 1.0, 1.0], 1.0), Some(0.5));
    }
}
