//! Pairs of texts and what becomes of the demand's numbers.

use super::*;
use crate::text::quantity::quantities;

fn checks(demand: &str, supply: &str) -> Vec<NumberCheck> {
    check_numbers(&quantities(demand), &quantities(supply))
}

#[test]
fn the_table_of_pairs_is_judged_as_written() {
    let table = include_str!("../../../tests/golden/number_pairs.tsv");
    let (mut n_cases, mut faults) = (0, Vec::new());
    for line in table.lines().filter(|line| !line.starts_with("# ")) {
        let [demand, supply, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        n_cases += 1;
        let checks = checks(demand, supply);
        let words: Vec<&str> = checks
            .iter()
            .map(|check| match check.outcome {
                Outcome::Pass => "pass",
                Outcome::Near => "near",
                Outcome::Fail => "fail",
                Outcome::NotStated => "silent",
            })
            .collect();
        let found = if words.is_empty() { "-".to_owned() } else { words.join(",") };
        if found != expected {
            faults.push(format!("{line} (judged {found})"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(n_cases >= 60, "{n_cases}");
}

#[test]
fn the_value_counts_judged_numbers_only() {
    let value =
        |demand, supply| numbers_value(checks(demand, supply).iter().map(|check| check.outcome));
    assert_eq!(value("需要一种密封方法", "功率12kW"), None);
    assert_eq!(value("功率10kW", "一种密封方法"), None);
    assert_eq!(value("功率≥10kW，重量≤25kg", "功率12kW"), Some(Micro::ONE));
    assert_eq!(value("功率≥10kW，重量≤25kg", "功率12kW，重量30kg"), Some(Micro(750_000)));
    assert_eq!(value("功率≥10kW，重量≤25kg", "功率1kW，重量90kg"), Some(Micro::ZERO));
    assert_eq!(
        value("功率≥10kW，重量≤25kg，电压220V", "功率12kW，重量90kg，电压5V"),
        Some(Micro(333_333))
    );
}

#[test]
fn each_number_answers_once() {
    let found = checks("涂层厚度5mm，基板厚度9mm", "基板厚度9mm，涂层厚度5mm");
    let to: Vec<Option<usize>> = found.iter().map(|check| check.supply).collect();
    assert_eq!(to, [Some(1), Some(0)]);
    let found = checks("涂层厚度5mm，基板厚度5mm", "涂层厚度5mm");
    let to: Vec<Option<usize>> = found.iter().map(|check| check.supply).collect();
    assert_eq!(to, [Some(0), None]);
}

#[test]
fn contradictions_are_told_and_do_not_pass() {
    let found = checks("厚度5mm", "厚度5mm。厚度为8mm");
    assert_eq!(found[0].outcome, Outcome::Near);
    assert_eq!(found[0].doubts, [Doubt::SupplyContradicts]);
    let found = checks("厚度5mm。厚度为8mm", "厚度5mm");
    assert_eq!(found[0].outcome, Outcome::Pass);
    assert_eq!(found[0].doubts, [Doubt::DemandContradicts]);
    // From one value to another is a series.
    let found = checks("COD≤50mg/L", "COD由200mg/L降至40mg/L");
    assert_eq!((found[0].outcome, &found[0].doubts[..]), (Outcome::Pass, &[][..]));
}

#[test]
fn doubts_of_units_are_told() {
    let doubts = |demand, supply| checks(demand, supply).remove(0).doubts;
    assert_eq!(doubts("硬度≥58HRC", "硬度HV800"), [Doubt::OtherUnit]);
    assert_eq!(doubts("灵敏度≥500RFU", "灵敏度≥800RFU"), [Doubt::UnknownUnit]);
    assert_eq!(doubts("孔隙率20%~10%", "孔隙率15%"), [Doubt::InvertedRange]);
}

#[test]
fn lines_quote_both_texts() {
    let (demand, supply) = ("要求导热系数≥200W/(m·K)。", "本产品导热系数为120W/(m·K)");
    let check = checks(demand, supply).remove(0);
    assert_eq!(
        check.line(Lang::Zh, demand, supply),
        "导热系数：需求“导热系数≥200W/(m·K)”，供给“导热系数为120W/(m·K)”，不满足"
    );
    assert_eq!(
        check.line(Lang::En, demand, supply),
        "导热系数: asked “导热系数≥200W/(m·K)”, stated “导热系数为120W/(m·K)”, not met"
    );
}

#[test]
fn many_numbers_are_cut_not_refused() {
    let text: String = (0..200).map(|n| format!("厚度{n}mm；")).collect();
    let found = checks(&text, &text);
    assert_eq!(found.len(), 200);
    assert!(found[64..].iter().all(|check| check.outcome == Outcome::NotStated));
}
