//! How single values are written for people: chances, places, amounts, remarks.

use std::fmt::Write as _;

use crate::model::{
    BrokerAnswer, CooperationMode, Lang, Match, Micro, Price, Record, Side, SourceRef, StatedField,
    SupplyKind,
};

/// A probability as a whole percentage, halves away from zero.
pub fn percent(probability: Micro) -> u32 {
    u32::try_from((probability.0 + 5_000) / 10_000).unwrap_or(0)
}

/// Ways of working together, in the order of the record.
pub fn cooperation(modes: &[CooperationMode], lang: Lang) -> String {
    let labels: Vec<_> = modes.iter().map(|mode| mode.label(lang)).collect();
    labels.join(lang.pick("、", ", "))
}

/// Where a record was read, for people: `demands.xlsx［表1］第12行`.
pub fn source(from: &SourceRef, lang: Lang) -> String {
    match (&from.sheet, lang) {
        (Some(sheet), Lang::Zh) => format!("{}［{sheet}］第{}行", from.file, from.row),
        (None, Lang::Zh) => format!("{} 第{}行", from.file, from.row),
        (Some(sheet), Lang::En) => format!("{} [{sheet}] row {}", from.file, from.row),
        (None, Lang::En) => format!("{} row {}", from.file, from.row),
    }
}

/// A price in 万元: `30万元`, `10–20万元`, 面议.
pub fn amount(price: Price, lang: Lang) -> String {
    let plain = |yuan: f64| {
        let text = format!("{:.4}", yuan / 1e4);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match price {
        Price::Negotiable => lang.pick("面议", "negotiable").to_owned(),
        Price::Yuan(yuan) => format!("{}{}", plain(yuan), lang.pick("万元", " × 10,000 yuan")),
        Price::YuanRange(from, to) => {
            format!("{}–{}{}", plain(from), plain(to), lang.pick("万元", " × 10,000 yuan"))
        }
    }
}

/// A supply's maturity as it is shown: 待核实 where its own text contradicts it.
pub fn maturity(supply: &Record, lang: Lang) -> &'static str {
    match supply.maturity {
        Some(_) if supply.contradiction(StatedField::Maturity).is_some() => {
            lang.pick("待核实", "to verify")
        }
        Some(step) => step.label(lang),
        None => "",
    }
}

/// Who answered what, and where that is written down: 已对接（2026-09-02，lists.xlsx 第3行）.
pub(super) fn answered(answer: &BrokerAnswer, lang: Lang) -> String {
    let mut facts: Vec<String> = answer.by.clone().into_iter().collect();
    facts.extend(answer.date.map(|date| date.to_string()));
    facts.push(source(&answer.source, lang));
    let facts = facts.join(lang.pick("，", ", "));
    match lang {
        Lang::Zh => format!("{}（{facts}）", answer.answer.label(lang)),
        Lang::En => format!("{} ({facts})", answer.answer.label(lang)),
    }
}

/// What the asker should see at a glance: marks, stated amounts, the number of a patent,
/// membership in a group of near-duplicates.
pub(super) fn remarks(
    pair: &Match,
    demand: &Record,
    supply: &Record,
    answer: Option<&BrokerAnswer>,
    lang: Lang,
) -> String {
    let mut remarks: Vec<String> =
        pair.vetoes.iter().map(|veto| veto.label(lang).to_owned()).collect();
    remarks.extend(answer.map(|answer| answered(answer, lang)));
    for record in [demand, supply] {
        match record.price {
            None | Some(Price::Negotiable) => {}
            _ if record.contradiction(StatedField::Price).is_some() => {}
            Some(price) => remarks.push(match record.side {
                Side::Demand => format!("{}{}", lang.pick("预算", "budget "), amount(price, lang)),
                Side::Supply => format!("{}{}", lang.pick("报价", "price "), amount(price, lang)),
            }),
        }
        if let Some(group) = record.duplicate_group {
            let mut remark = String::new();
            // Writing to a string cannot fail.
            let _ = match lang {
                Lang::Zh => write!(
                    remark,
                    "{}近似重复第{}组",
                    record.side.label(lang),
                    u64::from(group) + 1
                ),
                Lang::En => write!(
                    remark,
                    "{} near-duplicate group {}",
                    record.side.label(lang),
                    u64::from(group) + 1
                ),
            };
            remarks.push(remark);
        }
    }
    if let Some(number) = patent_number(supply) {
        remarks.push(format!("{}{number}", lang.pick("专利号 ", "patent ")));
    }
    remarks.join(lang.pick("；", "; "))
}

/// A supply's patent number as the list states it: from a column of its own, or its id where the
/// list goes by such numbers.
fn patent_number(supply: &Record) -> Option<&str> {
    const HEADINGS: [&str; 4] = ["专利号", "公开", "公告", "申请号"];
    let stated = supply.extra.iter().find(|(heading, text)| {
        HEADINGS.iter().any(|word| heading.contains(word)) && !text.trim().is_empty()
    });
    let id = supply.id.as_str();
    let is_number = id.len() >= 9
        && id.is_ascii()
        && id.bytes().take(2).all(|b| b.is_ascii_uppercase())
        && id.bytes().skip(2).take(5).all(|b| b.is_ascii_digit());
    stated
        .map(|(_, text)| text.trim())
        .or_else(|| (supply.supply_kind == Some(SupplyKind::Patent) && is_number).then_some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patent_number_is_the_stated_one() {
        let mut supply = crate::report::fixture::record(crate::model::Side::Supply, 0, "器件", "");
        supply.supply_kind = Some(SupplyKind::Patent);
        supply.id.0 = "GJ-2026-0309".to_owned();
        assert_eq!(patent_number(&supply), None);
        supply.extra.push(("专利号".to_owned(), "CN209914561A".to_owned()));
        assert_eq!(patent_number(&supply), Some("CN209914561A"));
        supply.extra.clear();
        supply.id.0 = "CN209914561A".to_owned();
        assert_eq!(patent_number(&supply), Some("CN209914561A"));
    }

    #[test]
    fn amounts_are_in_ten_thousands() {
        assert_eq!(amount(Price::Yuan(300_000.0), Lang::Zh), "30万元");
        assert_eq!(amount(Price::Yuan(12_345.0), Lang::Zh), "1.2345万元");
        assert_eq!(amount(Price::YuanRange(1e5, 2e5), Lang::Zh), "10–20万元");
        assert_eq!(amount(Price::Negotiable, Lang::Zh), "面议");
    }

    #[test]
    fn percentages_are_whole_and_rounded() {
        assert_eq!(percent(Micro(0)), 0);
        assert_eq!(percent(Micro(4_999)), 0);
        assert_eq!(percent(Micro(5_000)), 1);
        assert_eq!(percent(Micro::ONE), 100);
        assert_eq!(percent(Micro(-10_000)), 0);
    }
}
