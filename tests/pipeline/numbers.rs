//! Stated numbers through the whole of `match`: what they decide and where they are shown.

use std::fs;
use std::path::Path;

use duijie::matching::Outcome;
use duijie::model::{Micro, Part, Verdict, Veto};
use duijie::pipeline::{EmbedderOptions, PairRecord, explain};

use super::made::{options_for, pairs, run};
use super::sheets;

const DEMAND: &str = "\
需求编号,技术需求名称,技术需求详情
XQ-1,含氟废水深度除氟吸附剂,\"求购用于含氟废水深度处理的除氟吸附剂，要求出水氟离子浓度≤1mg/L，吸附剂可以再生。\"
XQ-2,羊乳粉脱膻,求羊乳粉低温喷雾干燥脱膻技术。
";

fn supplies(figure: &str) -> String {
    let text = format!(
        "用于含氟废水深度处理的除氟吸附剂，出水氟离子浓度≤{figure}mg/L，吸附剂可以再生，已在氟化工园区应用。"
    );
    format!(
        "成果编号,成果名称,成果简介\nGJ-1,含氟废水深度除氟吸附剂,\"{text}\"\n\
         GJ-2,苹果园病虫害识别,果园巡检小车拍摄叶片背面识别病斑。\n\
         GJ-3,综采工作面粉尘监测,电荷感应法测尘并联动喷雾降尘。\n"
    )
}

/// The pair of the demand with a supply that states `figure`, and the run's folder.
fn judged(dir: &Path, figure: &str) -> PairRecord {
    let (demands, offers) = (dir.join("demands.csv"), dir.join("supplies.csv"));
    fs::write(&demands, DEMAND).expect("written");
    fs::write(&offers, supplies(figure)).expect("written");
    run(&options_for(demands, offers, dir.join("out")));
    let all = pairs(&dir.join("out"));
    let silent = all.iter().find(|pair| pair.demand_id == "XQ-2").expect("a pair");
    assert!(silent.numbers.is_empty(), "a demand without numbers has failed nothing");
    assert!(!silent.vetoes.contains(&Veto::NumbersNotMet));
    all.into_iter()
        .find(|pair| pair.demand_id == "XQ-1" && pair.supply_id == "GJ-1")
        .expect("the pair is kept")
}

fn value(pair: &PairRecord) -> [Option<Micro>; 2] {
    let part = &pair.parts[Part::Numbers.index()];
    [part.value, part.value_for_supply]
}

#[test]
fn pairs_that_differ_in_one_number_have_other_verdicts() {
    let dir = tempfile::tempdir().expect("a folder");
    let met = judged(dir.path(), "0.8");
    assert_eq!(met.verdict, Verdict::Recommend, "{met:?}");
    assert_eq!(value(&met), [Some(Micro::ONE); 2]);
    assert!(met.vetoes.is_empty());

    let failed = judged(dir.path(), "15");
    assert_eq!(failed.verdict, Verdict::Discuss);
    assert_eq!(failed.vetoes, [Veto::NumbersNotMet]);
    assert_eq!(value(&failed), [Some(Micro::ZERO); 2]);
    assert!(failed.score_for_demand < met.score_for_demand);
    assert!(failed.score_for_supply < met.score_for_supply);

    let [check] = failed.numbers.as_slice() else { panic!("{:?}", failed.numbers) };
    assert_eq!(check.outcome, Outcome::Fail);
    assert!(check.demand.text.contains("≤1mg/L"), "{check:?}");
    let stated = check.supply.as_ref().expect("the supply states it");
    assert!(stated.text.contains("≤15mg/L"), "{check:?}");

    // It is said where people read: in the list, in words and with both quotes.
    let rows = sheets(&dir.path().join("out"));
    let row = rows
        .values()
        .flatten()
        .find(|row| {
            row.len() > 14 && row[1] == failed.demand_number && row[5] == failed.supply_number
        })
        .expect("the pair is listed");
    for words in ["≤1mg/L", "≤15mg/L", "不满足"] {
        assert!(row[13].contains(words), "指标核对 {words}: {}", row[13]);
        assert!(row[14].contains(words), "待核实 {words}: {}", row[14]);
    }
    assert!(row[14].contains("指标不满足："), "{}", row[14]);
    let told = explain(&dir.path().join("out"), "XQ-1", "GJ-1", &EmbedderOptions::default());
    assert_eq!(told.expect("explained").pair.numbers, failed.numbers);
}

#[test]
fn what_is_not_stated_lowers_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let met = judged(dir.path(), "0.8");
    // As many characters, because the length of a text counts for the confidence.
    let offers =
        supplies("0.8").replace("出水氟离子浓度≤0.8mg/L，", "出水中的氟离子可以稳定达到标准，");
    let (demands, silent) = (dir.path().join("demands.csv"), dir.path().join("supplies.csv"));
    fs::write(&silent, offers).expect("written");
    run(&options_for(demands, silent, dir.path().join("out")));
    let all = pairs(&dir.path().join("out"));
    let pair = all.iter().find(|pair| pair.demand_id == "XQ-1" && pair.supply_id == "GJ-1");
    let pair = pair.expect("the pair is kept");
    assert_eq!(value(pair), [None; 2]);
    assert_eq!(pair.numbers[0].outcome, Outcome::NotStated);
    assert!(pair.vetoes.is_empty());
    // Missing like another part it would cost its whole weight, seven in a hundred. What is left is
    // that a judged number is one thing more that is known, beside other parts that are missing.
    let (silent, stated) = (pair.confidence.0, met.confidence.0);
    assert!(silent * 100 >= stated * 99, "{silent} {stated}");
}
