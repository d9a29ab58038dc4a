//! Whether a back-test is passed: skill against every rival, and coverage.

use super::run::{RIVALS, Scored};
use crate::kernel::firm_step::philox::philox;

/// Central intervals whose coverage is counted.
pub const COVERAGE_LEVELS: [f64; 3] = [0.5, 0.8, 0.95];

/// Accepted coverage of the 80 % and of the 95 % interval.
const ACCEPTED: [(f64, f64); 2] = [(0.70, 0.90), (0.88, 0.99)];
/// Resamples of the groups for the interval of a median.
const RESAMPLES: u32 = 2000;

/// Skill of one group's forecasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesSkill {
    /// Group of the panel.
    pub group: usize,
    /// Forecasts that were compared.
    pub n: usize,
    /// Mean CRPS of the model, log₂.
    pub crps: f64,
    /// 1 − CRPS of the model / CRPS of each rival; above 0 the model is better.
    pub skill: [f64; 3],
}

/// What a back-test says.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// By group.
    pub series: Vec<SeriesSkill>,
    /// Median skill over groups against each rival, with a 95 % interval from resampled groups.
    pub median_skill: [(f64, f64, f64); 3],
    /// Skill of all forecasts together against each rival.
    pub pooled_skill: [f64; 3],
    /// Pooled coverage of [`COVERAGE_LEVELS`].
    pub coverage: [f64; 3],
    /// The same by horizon, one year first; `None` where there is no forecast.
    pub coverage_by_horizon: Vec<Option<[f64; 3]>>,
    /// By how much the half-widths of the 80 % and the 95 % interval have to be stretched so that
    /// these forecasts are covered (split conformal prediction).
    pub stretch: [f64; 2],
    /// Whether it passes: median skill above 0 against every rival, coverage as accepted.
    pub passed: bool,
}

impl Verdict {
    /// `None` without forecasts.
    pub(super) fn new(scored: &[Scored], seed: [u32; 2]) -> Option<Self> {
        if scored.is_empty() {
            return None;
        }
        let mut groups: Vec<usize> = scored.iter().map(|it| it.group).collect();
        groups.sort_unstable();
        groups.dedup();
        let of = |group: usize| scored.iter().filter(move |it| it.group == group);
        let series: Vec<SeriesSkill> = groups
            .into_iter()
            .map(|group| {
                let (n, crps, skill) = skill(of(group));
                SeriesSkill { group, n, crps, skill }
            })
            .collect();
        let mut median_skill = [(0.0, 0.0, 0.0); RIVALS.len()];
        for (rival, it) in median_skill.iter_mut().enumerate() {
            let values: Vec<f64> = series.iter().map(|s| s.skill[rival]).collect();
            let (low, high) = median_interval(&values, seed);
            *it = (median(values), low, high);
        }
        let coverage = coverage(scored.iter())?;
        let horizons = scored.iter().map(|it| it.horizon).max()?;
        let at = |h: u32| self::coverage(scored.iter().filter(|it| it.horizon == h));
        let within = |share: f64, (low, high): (f64, f64)| (low..=high).contains(&share);
        let passed = median_skill.iter().all(|it| it.0 > 0.0)
            && within(coverage[1], ACCEPTED[0])
            && within(coverage[2], ACCEPTED[1]);
        Some(Self {
            series,
            median_skill,
            pooled_skill: skill(scored.iter()).2,
            coverage,
            coverage_by_horizon: (1..=horizons).map(at).collect(),
            stretch: [stretch(scored, 0.8, (1, 5)), stretch(scored, 0.95, (0, 6))],
            passed,
        })
    }
}

/// Number, mean CRPS of the model, and skills of some forecasts.
fn skill<'a>(scored: impl Iterator<Item = &'a Scored>) -> (usize, f64, [f64; 3]) {
    let (mut n, mut own, mut rivals) = (0, 0.0, [0.0; 3]);
    for it in scored {
        n += 1;
        own += it.crps;
        rivals.iter_mut().zip(it.rivals).for_each(|(sum, crps)| *sum += crps);
    }
    (n, own / n as f64, rivals.map(|rival| 1.0 - own / rival))
}

fn coverage<'a>(scored: impl Iterator<Item = &'a Scored>) -> Option<[f64; 3]> {
    let (mut n, mut hits) = (0, [0.0; 3]);
    for it in scored {
        n += 1;
        hits.iter_mut().zip(it.covered).for_each(|(sum, hit)| *sum += f64::from(u8::from(hit)));
    }
    (n > 0).then(|| hits.map(|hits| hits / f64::from(n)))
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

/// 95 % interval of the median over resampled groups (percentile bootstrap).
fn median_interval(values: &[f64], seed: [u32; 2]) -> (f64, f64) {
    let n = u64::try_from(values.len()).expect("few groups");
    let pick = |resample: u32, i: u32| {
        let word = philox([i, resample, 900, 0], seed)[0];
        usize::try_from((u64::from(word) * n) >> 32).expect("below the number of groups")
    };
    let indices = || (0..).take(values.len());
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|resample| median(indices().map(|i| values[pick(resample, i)]).collect()))
        .collect();
    medians.sort_by(f64::total_cmp);
    // 2.5 % of 2000 on either side.
    (medians[50], medians[1949])
}

/// The quantile of |what came − median| over the half-width on its side that covers `level` of one
/// more forecast (Vovk et al. 2005): the ⌈(n + 1)·level⌉-th smallest.
fn stretch(scored: &[Scored], level: f64, (low, high): (usize, usize)) -> f64 {
    let mut ratios: Vec<f64> = scored
        .iter()
        .map(|it| {
            let middle = it.quantiles[3];
            let side = if it.observed < middle { low } else { high };
            (it.observed - middle).abs() / (it.quantiles[side] - middle).abs().max(1e-9)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list"
    )]
    let place = ((ratios.len() as f64 + 1.0) * level).ceil() as usize;
    ratios[place.clamp(1, ratios.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(group: usize, crps: f64, covered: [bool; 3], observed: f64) -> Scored {
        Scored {
            group,
            origin: 2015,
            horizon: 1,
            observed,
            quantiles: [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0],
            place: 0.5,
            covered,
            crps,
            rivals: [0.2, 0.4, 0.1],
        }
    }

    #[test]
    fn skill_coverage_and_stretch_by_hand() {
        let all: Vec<Scored> = (0..10)
            .map(|i| {
                let covered = [i % 2 == 0, i < 8, i < 9];
                scored(i % 5, 0.1, covered, f64::from(u8::try_from(i).expect("small")) / 2.0)
            })
            .collect();
        let verdict = Verdict::new(&all, [1, 2]).expect("forecasts");
        assert_eq!(verdict.series.len(), 5);
        for (it, expected) in verdict.median_skill.iter().zip([0.5, 0.75, 0.0]) {
            assert!((it.0 - expected).abs() < 1e-12 && it.1 <= it.0 && it.0 <= it.2);
        }
        assert_eq!(verdict.coverage, [0.5, 0.8, 0.9]);
        // Ratios 0, ¼, … 2¼ of the 80 % half-width: the ninth smallest of ten.
        assert_eq!(verdict.stretch[0], 2.0);
        assert!(!verdict.passed, "no better than the third rival");
        let better: Vec<Scored> = all.into_iter().map(|it| Scored { crps: 0.05, ..it }).collect();
        assert!(Verdict::new(&better, [1, 2]).expect("forecasts").passed);
        assert!(Verdict::new(&[], [1, 2]).is_none());
    }
}
