//! What to say to a person about a pair or a demand: what is lacking, what to verify, what to ask.

use super::contradiction::{contradiction_text, legal_status_text};
use super::numbers::{CheckedNumber, Outcome};
use crate::model::{Lang, Match, Micro, Part, PartValues, Record, StatedField, Veto};

/// How many parts there are.
const N_PARTS: usize = Part::ALL.len();

/// The value that each part has on average among pairs that are worth somebody's time.
///
/// Parts differ in scale: two texts never share all their words. A part that no such pair has is
/// taken to be 1, so that the nearest miss of a bad lot is measured against the ideal.
#[must_use]
pub fn typical_values<'a>(worthwhile: impl Iterator<Item = &'a PartValues>) -> [Micro; N_PARTS] {
    let mut sums = [(0_i64, 0_i64); N_PARTS];
    for values in worthwhile {
        for ((sum, n), value) in sums.iter_mut().zip(values) {
            if let Some(value) = value {
                *sum += i64::from(value.0);
                *n += 1;
            }
        }
    }
    sums.map(|(sum, n)| {
        sum.checked_div(n).and_then(|mean| i32::try_from(mean).ok()).map_or(Micro::ONE, Micro)
    })
}

/// Names what the nearest miss of a demand lacks: the part that falls short most, by weight, of
/// what it has in pairs that are worth somebody's time. Missing parts lack nothing.
///
/// `weights` are the demand's; ties go to the earlier part of [`Part::ALL`].
#[must_use]
pub fn what_lacks(
    values: &PartValues,
    weights: &[u32; N_PARTS],
    typical: &[Micro; N_PARTS],
    lang: Lang,
) -> String {
    let loss = |part: Part| {
        let at = part.index();
        values[at].map(|value| i64::from(typical[at].0 - value.0) * i64::from(weights[at]))
    };
    let worst = Part::ALL
        .iter()
        .copied()
        .rev()
        .filter(|&part| loss(part).is_some_and(|loss| loss > 0))
        .max_by_key(|&part| loss(part));
    match worst {
        Some(Part::Lexical) => lang.pick(
            "用词几乎不重合，未见同一对象或工艺",
            "hardly any shared terms: not the same object or process",
        ),
        Some(Part::Terms) => lang.pick(
            "需求的关键词大多没有出现",
            "most of the words that say what is asked for are not there",
        ),
        Some(Part::Dense) => {
            lang.pick("所述技术与需求不是一回事", "the text is about something else")
        }
        Some(Part::Passage) => {
            lang.pick("没有一段话正面回应需求的要点", "no passage answers what the demand asks for")
        }
        Some(Part::Numbers) => {
            lang.pick("所述指标达不到要求", "the stated numbers are not what is asked for")
        }
        Some(Part::Field) => lang.pick("所属领域不同", "another field"),
        Some(Part::Freshness) => lang.pick("信息较旧，需确认是否仍有效", "old entry, may not hold"),
        Some(Part::Maturity) => lang.pick("成熟度不够", "not mature enough"),
        None => lang
            .pick("各项都不突出，合起来不够", "no part stands out, together they are not enough"),
    }
    .to_owned()
}

/// Lists what a broker should check before picking up the telephone.
///
/// `numbers` are the pair's checked numbers; those that are not met are named with both quotes,
/// stated limits apart from other numbers.
#[must_use]
pub fn to_verify(
    pair: &Match,
    (demand, supply): (&Record, &Record),
    numbers: &[CheckedNumber],
    lang: Lang,
) -> Vec<String> {
    let mut checks: Vec<String> = Vec::new();
    let failed = |is_binding| {
        let numbers = numbers.iter();
        numbers.filter(move |c| c.outcome == Outcome::Fail && c.is_binding == is_binding)
    };
    for veto in &pair.vetoes {
        let mut add = |zh: &str, en: &str| checks.push(lang.pick(zh, en).to_owned());
        match veto {
            Veto::DemandExpired => {
                add("需求已过期，先问是否仍需要", "demand expired: still needed?");
            }
            Veto::SupplyExpired => {
                add("供给已过期，先问是否仍提供", "supply expired: still offered?");
            }
            Veto::NumbersNotMet => {
                let lead = lang.pick("指标不满足：", "limit not met: ");
                checks.extend(failed(true).map(|check| format!("{lead}{}", check.line(lang))));
            }
            Veto::Refused => add("已反馈不合适", "refused by a broker"),
        }
    }
    // A plain number may be an example, and of another property: it is asked about and decides
    // nothing.
    let lead = lang.pick("数值不同，问是否影响：", "another number, does it matter: ");
    checks.extend(failed(false).map(|check| format!("{lead}{}", check.line(lang))));
    for record in [supply, demand] {
        checks.extend(record.contradictions.iter().map(|found| contradiction_text(found, lang)));
    }
    let mut add = |zh: &str, en: &str| checks.push(lang.pick(zh, en).to_owned());
    if supply.maturity.is_none() {
        add("成熟度未写", "maturity not stated");
    }
    if demand.cooperation.is_empty() || supply.cooperation.is_empty() {
        add("合作方式未写", "cooperation mode not stated");
    } else if !demand.cooperation.iter().any(|mode| supply.cooperation.contains(mode)) {
        add("双方合作方式不同", "the two state different cooperation modes");
    }
    match legal_status_text(supply, lang) {
        // A contradiction of the right has been told already.
        Some(_) if supply.contradiction(StatedField::IpStatus).is_some() => {}
        Some(status) => checks.push(status),
        None => {
            checks.push(lang.pick("知识产权未写", "intellectual property not stated").to_owned());
        }
    }
    let mut add = |zh: &str, en: &str| checks.push(lang.pick(zh, en).to_owned());
    if supply.duplicate_group.is_some() {
        add("供给有近似重复条目", "the supply has near-duplicates");
    }
    if demand.duplicate_group.is_some() {
        add("需求有近似重复条目", "the demand has near-duplicates");
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_weighted_loss_is_named() {
        let values = [
            Some(Micro(900_000)),
            None,
            Some(Micro(800_000)),
            None,
            None,
            Some(Micro(0)),
            None,
            None,
        ];
        let by = |weights| what_lacks(&values, weights, &[Micro::ONE; N_PARTS], Lang::En);
        assert_eq!(by(&[300, 0, 500, 0, 0, 200, 0, 0]), "another field");
        assert_eq!(by(&[200, 0, 800, 0, 0, 0, 0, 0]), "the text is about something else");
    }

    #[test]
    fn a_part_is_measured_against_what_it_usually_is() {
        let good = [Some(Micro(300_000)), Some(Micro(700_000)), None, None, None, None, None, None];
        let typical = typical_values([&good, &good].into_iter());
        assert_eq!(typical[..2], [Micro(300_000), Micro(700_000)]);
        assert_eq!(typical[2..], [Micro::ONE; 6]);
        // Few shared words are usual; a text about something else is not.
        let miss = [Some(Micro(200_000)), Some(Micro(300_000)), None, None, None, None, None, None];
        let lacks = what_lacks(&miss, &[500, 500, 0, 0, 0, 0, 0, 0], &typical, Lang::En);
        assert!(lacks.starts_with("most of the words"), "{lacks}");
        let good = [Some(Micro(300_000)), Some(Micro(700_000)), None, None, None, None, None, None];
        let lacks = what_lacks(&good, &[500, 500, 0, 0, 0, 0, 0, 0], &typical, Lang::En);
        assert!(lacks.starts_with("no part stands out"), "{lacks}");
    }
}
