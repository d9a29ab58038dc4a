//! From a score to a probability, and from a probability to advice.

use serde::Deserialize;

use crate::model::{Diagnosis, Lang, Micro, Side, Verdict, Veto};

/// Turns scores into probabilities that a broker would introduce the two, and these into verdicts.
///
/// Each direction has a table of knots (score, probability), both in millionths and rising; between
/// knots the probability is interpolated in integers, beyond them it is constant. A table keeps
/// every machine on the same bits, which a logistic function from a platform's library would not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calibration {
    note: String,
    note_en: String,
    for_demand: Vec<(Micro, Micro)>,
    for_supply: Vec<(Micro, Micro)>,
    discuss_from: Micro,
    recommend_from: Micro,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalibrationFile {
    note: String,
    note_en: String,
    verdict: VerdictFile,
    for_demand: Vec<[Micro; 2]>,
    for_supply: Vec<[Micro; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerdictFile {
    discuss_from: Micro,
    recommend_from: Micro,
}

impl Calibration {
    /// Reads the TOML form: `note` and `note_en`, `[verdict]` thresholds, and a list of `[score, probability]`
    /// knots per direction.
    ///
    /// # Errors
    /// [`CalibrationError::Syntax`] for other keys or types; [`CalibrationError::Knots`] when a
    /// direction has no knots, its scores do not rise, its probabilities fall, or either leaves
    /// `[0, 1]`; [`CalibrationError::Thresholds`] when `recommend_from` is below `discuss_from` or
    /// one of them outside `[0, 1]`.
    pub fn from_toml(text: &str) -> Result<Self, CalibrationError> {
        let file: CalibrationFile = toml::from_str(text)
            .map_err(|source| CalibrationError::Syntax { reason: source.message().to_owned() })?;
        let calibration = Self {
            note: file.note,
            note_en: file.note_en,
            for_demand: file.for_demand.iter().map(|&[score, p]| (score, p)).collect(),
            for_supply: file.for_supply.iter().map(|&[score, p]| (score, p)).collect(),
            discuss_from: file.verdict.discuss_from,
            recommend_from: file.verdict.recommend_from,
        };
        for side in [Side::Demand, Side::Supply] {
            let knots = calibration.knots(side);
            let rising = knots.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
            if knots.is_empty() || !rising || !knots.iter().all(|&(x, p)| is_unit(x) && is_unit(p))
            {
                return Err(CalibrationError::Knots { side });
            }
        }
        let (discuss, recommend) = calibration.thresholds();
        if recommend < discuss || !is_unit(discuss) || !is_unit(recommend) {
            return Err(CalibrationError::Thresholds);
        }
        Ok(calibration)
    }

    /// What the probabilities were learned from, for people: how many graded pairs, and that the
    /// result is provisional.
    #[must_use]
    pub fn note(&self, lang: Lang) -> &str {
        lang.pick(&self.note, &self.note_en)
    }

    fn knots(&self, side: Side) -> &[(Micro, Micro)] {
        match side {
            Side::Demand => &self.for_demand,
            Side::Supply => &self.for_supply,
        }
    }

    /// The probability that a broker would introduce the two, given the score seen from `side`.
    ///
    /// Rising in the score; rounded down to a millionth.
    #[must_use]
    pub fn probability(&self, side: Side, score: Micro) -> Micro {
        let knots = self.knots(side);
        let above = knots.partition_point(|&(at, _)| at <= score);
        if above == 0 {
            return knots[0].1;
        }
        let (x0, y0) = knots[above - 1];
        let Some(&(x1, y1)) = knots.get(above) else { return y0 };
        let rise = i64::from(y1.0 - y0.0) * i64::from(score.0 - x0.0) / i64::from(x1.0 - x0.0);
        Micro(y0.0 + i32::try_from(rise).unwrap_or(0))
    }

    /// The calibration of scores that are higher by `by` at the same worth: seen from the demand,
    /// seen from the supply. Every probability keeps its place on the moved scale; beyond the ends
    /// of `[0, 1]` the tables are cut.
    #[must_use]
    pub fn moved(&self, by: [Micro; 2]) -> Self {
        let table = |side: Side, by: Micro| -> Vec<(Micro, Micro)> {
            let at = |score: Micro| self.probability(side, Micro(score.0 - by.0));
            let inner = self.knots(side).iter().map(|&(score, p)| (Micro(score.0 + by.0), p));
            let inner = inner.filter(|&(score, _)| score > Micro::ZERO && score < Micro::ONE);
            let first = std::iter::once((Micro::ZERO, at(Micro::ZERO)));
            first.chain(inner).chain([(Micro::ONE, at(Micro::ONE))]).collect()
        };
        let [of_demand, of_supply] = by;
        Self {
            for_demand: table(Side::Demand, of_demand),
            for_supply: table(Side::Supply, of_supply),
            ..self.clone()
        }
    }

    /// The TOML form that [`from_toml`](Self::from_toml) reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let knots = |side: Side| {
            let knots = self.knots(side).iter();
            let knots: Vec<String> =
                knots.map(|(x, p)| format!("[{:.6}, {:.6}]", x.to_f64(), p.to_f64())).collect();
            format!("[{}]", knots.join(", "))
        };
        let text = |text: &str| toml::Value::from(text).to_string();
        let (discuss_from, recommend_from) = self.thresholds();
        format!(
            "note = {}\nnote_en = {}\nfor_demand = {}\nfor_supply = {}\n\n[verdict]\n\
             discuss_from = {:.6}\nrecommend_from = {:.6}\n",
            text(&self.note),
            text(&self.note_en),
            knots(Side::Demand),
            knots(Side::Supply),
            discuss_from.to_f64(),
            recommend_from.to_f64(),
        )
    }

    /// The advice for a pair with this probability.
    #[must_use]
    pub fn verdict(&self, probability: Micro) -> Verdict {
        if probability >= self.recommend_from {
            Verdict::Recommend
        } else if probability >= self.discuss_from {
            Verdict::Discuss
        } else {
            Verdict::NoMatch
        }
    }

    /// The advice for a pair with this probability and these marks, by two rules that are named
    /// beside every verdict they decide: a refused pair is 暂无匹配, and a pair with a stated
    /// limit that is not met is at most 可洽谈.
    #[must_use]
    pub fn advice(&self, probability: Micro, vetoes: &[Veto]) -> Verdict {
        if vetoes.contains(&Veto::Refused) {
            return Verdict::NoMatch;
        }
        let verdict = self.verdict(probability);
        if vetoes.contains(&Veto::NumbersNotMet) {
            return verdict.min(Verdict::Discuss);
        }
        verdict
    }

    /// The least probability of 可洽谈 and of 建议对接.
    #[must_use]
    pub const fn thresholds(&self) -> (Micro, Micro) {
        (self.discuss_from, self.recommend_from)
    }
}

/// Whether a number lies in `[0, 1]`.
fn is_unit(x: Micro) -> bool {
    x >= Micro::ZERO && x <= Micro::ONE
}

/// The harmonic mean of the two directions' probabilities, rounded down to a millionth.
///
/// Zero if either is zero: both sides must want it. Nothing is normalised per asker, so the best
/// of a bad lot stays bad (RECON: Pizzato et al., `RecSys` 2010).
#[must_use]
pub fn mutual_score(for_demand: Micro, for_supply: Micro) -> Micro {
    let (a, b) = (i64::from(for_demand.0), i64::from(for_supply.0));
    if a <= 0 || b <= 0 {
        return Micro::ZERO;
    }
    Micro(i32::try_from(2 * a * b / (a + b)).unwrap_or(i32::MAX))
}

/// A calibration file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// Not the expected keys.
    #[error("reading the calibration: {reason}")]
    Syntax {
        /// What the reader said.
        reason: String,
    },
    /// A direction's table does not rise, or leaves `[0, 1]`.
    #[error(
        "the calibration knots seen from the {side:?} side are empty, do not rise or leave 0..1"
    )]
    Knots {
        /// Which direction.
        side: Side,
    },
    /// The thresholds are out of order or outside `[0, 1]`.
    #[error("recommend_from is below discuss_from, or one of them is outside 0..1")]
    Thresholds,
}

impl Diagnosis for CalibrationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "calibration.syntax",
            Self::Knots { .. } => "calibration.knots",
            Self::Thresholds => "calibration.thresholds",
        }
    }

    fn message(&self, lang: Lang) -> String {
        match (lang, self) {
            (Lang::En, error) => error.to_string(),
            (Lang::Zh, Self::Syntax { reason }) => format!("校准文件格式不对：{reason}"),
            (Lang::Zh, Self::Knots { side }) => {
                format!("{}方向的校准表为空、不递增或超出 0–1", side.label(lang))
            }
            (Lang::Zh, Self::Thresholds) => {
                "recommend_from 低于 discuss_from，或超出 0–1".to_owned()
            }
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        lang.pick(
            "对照 corpus/calibration/calibration.toml 修改，或去掉该选项使用内置校准",
            "compare with corpus/calibration/calibration.toml, or leave the option out to use the built-in one",
        )
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = r#"
        note = "为本测试而作"
        note_en = "made for this test"
        for_demand = [[0.1, 0.0], [0.3, 0.2], [0.5, 0.9]]
        for_supply = [[0.0, 0.05], [1.0, 0.95]]
        [verdict]
        discuss_from = 0.2
        recommend_from = 0.5
    "#;

    #[test]
    fn interpolates_and_stays_within() {
        let calibration = Calibration::from_toml(FILE).expect("good file");
        let p = |score| calibration.probability(Side::Demand, Micro(score));
        assert_eq!(p(0), Micro::ZERO);
        assert_eq!(p(200_000), Micro(100_000));
        assert_eq!(p(300_000), Micro(200_000));
        assert_eq!(p(400_000), Micro(550_000));
        assert_eq!(p(1_000_000), Micro(900_000));
        assert_eq!(calibration.verdict(Micro(199_999)), Verdict::NoMatch);
        assert_eq!(calibration.verdict(Micro(200_000)), Verdict::Discuss);
        assert_eq!(calibration.verdict(Micro(500_000)), Verdict::Recommend);
    }

    #[test]
    fn a_moved_calibration_says_the_same_of_moved_scores() {
        let calibration = Calibration::from_toml(FILE).expect("good file");
        let moved = calibration.moved([Micro(150_000), Micro(-200_000)]);
        for score in [0, 100_000, 250_000, 333_333, 500_000, 700_000] {
            let (old, new) = (Micro(score), Micro(score + 150_000));
            let of = |c: &Calibration, score| c.probability(Side::Demand, score);
            assert_eq!(of(&calibration, old), of(&moved, new), "{score}");
            let of = |c: &Calibration, score| c.probability(Side::Supply, score);
            let difference = of(&calibration, new).0 - of(&moved, Micro(new.0 - 200_000)).0;
            assert!(new.0 < 200_000 || difference.abs() <= 1, "{score}");
        }
        assert_eq!(
            calibration.moved([Micro::ZERO; 2]).probability(Side::Demand, Micro::ONE).0,
            900_000
        );
        for calibration in [calibration, moved] {
            assert_eq!(Calibration::from_toml(&calibration.to_toml()), Ok(calibration));
        }
    }

    #[test]
    fn refuses_a_falling_table() {
        let text = FILE.replace("[0.3, 0.2]", "[0.3, 0.95]");
        assert_eq!(
            Calibration::from_toml(&text),
            Err(CalibrationError::Knots { side: Side::Demand })
        );
        let text = FILE.replace("recommend_from = 0.5", "recommend_from = 0.1");
        assert_eq!(Calibration::from_toml(&text), Err(CalibrationError::Thresholds));
    }

    #[test]
    fn marks_lower_a_verdict_and_never_raise_it() {
        let calibration = Calibration::from_toml(FILE).expect("good file");
        let of = |p, vetoes: &[Veto]| calibration.advice(Micro(p), vetoes);
        assert_eq!(of(900_000, &[Veto::DemandExpired]), Verdict::Recommend);
        assert_eq!(of(900_000, &[Veto::NumbersNotMet]), Verdict::Discuss);
        assert_eq!(of(100_000, &[Veto::NumbersNotMet]), Verdict::NoMatch);
        assert_eq!(of(900_000, &[Veto::NumbersNotMet, Veto::Refused]), Verdict::NoMatch);
    }

    proptest! {
        #[test]
        fn probability_rises_with_the_score(a in 0..=1_000_000_i32, b in 0..=1_000_000_i32) {
            let calibration = Calibration::from_toml(FILE).expect("good file");
            let (low, high) = (Micro(a.min(b)), Micro(a.max(b)));
            for side in [Side::Demand, Side::Supply] {
                prop_assert!(calibration.probability(side, low) <= calibration.probability(side, high));
            }
        }

        #[test]
        fn mutual_score_lies_between(a in 1..=1_000_000_i32, b in 1..=1_000_000_i32) {
            let mutual = mutual_score(Micro(a), Micro(b));
            prop_assert!(mutual.0 >= a.min(b) - 1 && mutual.0 <= a.max(b));
            prop_assert_eq!(mutual, mutual_score(Micro(b), Micro(a)));
            // A demand that nothing answers stays low, whoever asks.
            prop_assert!(mutual.0 <= 2 * a.min(b));
        }
    }
}
