//! The passage part from two lists to the written pairs: what is said late in a long text is found
//! and quoted, and askers in another script are weighed by their own set.

use std::fs;
use std::path::Path;

use duijie::model::{Micro, Part, Side};
use duijie::pipeline::{PairRecord, PartRecord};

use super::pipeline::made::{options_for, pairs, run};

/// What a workshop does, none of it about the demand below.
const FILLER: &str =
    "车间设有更衣区与休息室。班组每周召开例会。仓库实行先进先出。厂区道路每年维护一次。";
/// What answers the demand, in one sentence.
const ANSWER: &str = "采用石墨涂层的不锈钢双极板接触电阻低且耐腐蚀。";

fn written(dir: &Path, demands: &[[&str; 3]], supplies: &[[&str; 3]]) -> Vec<PairRecord> {
    let list = |name: &str, heading: &str, rows: &[[&str; 3]]| {
        let lines: String = rows.iter().map(|row| row.join(",") + "\n").collect();
        let path = dir.join(name);
        fs::write(&path, format!("{heading}\n{lines}")).expect("written");
        path
    };
    let demands = list("demands.csv", "需求编号,需求名称,需求描述", demands);
    let supplies = list("supplies.csv", "成果编号,成果名称,成果简介", supplies);
    let options = options_for(demands, supplies, dir.join("out"));
    run(&options);
    pairs(&options.out)
}

fn part<'a>(pairs: &'a [PairRecord], supply: &str, part: Part) -> &'a PartRecord {
    let pair = pairs.iter().find(|pair| pair.supply_id == supply).expect("a kept pair");
    &pair.parts[part.index()]
}

#[test]
fn what_is_said_at_the_end_of_a_long_text_is_found_and_quoted() {
    let dir = tempfile::tempdir().expect("a folder");
    let late = format!("{}{ANSWER}", FILLER.repeat(40));
    let demand = ["XQ-2026-0001", "双极板涂层", "寻求不锈钢双极板石墨涂层，降低接触电阻。"];
    let pairs = written(dir.path(), &[demand], &[["GJ-2026-0001", "生产现场管理", &late]]);
    let value = |of| part(&pairs, "GJ-2026-0001", of).value.expect("both have vectors").0;
    // In the vector of the whole text one sentence in a hundred and sixty drowns; a passage holds it.
    assert!(value(Part::Passage) > 200_000, "{}", value(Part::Passage));
    assert!(value(Part::Dense) < 100_000, "{}", value(Part::Dense));
    let quotes = &part(&pairs, "GJ-2026-0001", Part::Passage).evidence;
    let of = |side| quotes.iter().filter(move |quote| quote.side == side);
    assert!(of(Side::Demand).any(|quote| quote.text.contains("接触电阻")), "{quotes:?}");
    assert!(of(Side::Supply).any(|quote| quote.text.contains(ANSWER)), "{quotes:?}");
    assert!(of(Side::Demand).count() <= 2 && of(Side::Supply).count() <= 2);
}

#[test]
fn a_text_without_a_vector_has_no_passage_part() {
    let dir = tempfile::tempdir().expect("a folder");
    let pairs = written(
        dir.path(),
        &[["XQ-2026-0001", "双极板涂层", "降低接触电阻。"]],
        &[["GJ-2026-0001", "……？！", "㐀㐁㐂"], ["GJ-2026-0002", "石墨涂层", ""]],
    );
    assert!(part(&pairs, "GJ-2026-0002", Part::Passage).value.is_some_and(|v| v > Micro::ZERO));
    for pair in pairs.iter().filter(|pair| pair.supply_id == "GJ-2026-0001") {
        assert_eq!(pair.parts[Part::Passage.index()].value, None);
        assert_eq!(pair.parts[Part::Passage.index()].value_for_supply, None);
    }
}

#[test]
fn an_asker_in_latin_letters_is_weighed_by_its_own_set() {
    let shipped = include_str!("../corpus/calibration/weights.toml");
    let shipped: toml::Table = shipped.parse().expect("TOML");
    let weight = |direction: &str, script: Option<&str>, part: &str| {
        let table = shipped[direction].as_table().expect("a table");
        let table = script.map_or(table, |script| table[script].as_table().expect("a table"));
        Micro(i32::try_from(table[part].as_integer().expect("an integer")).expect("small") * 1_000)
    };
    let dir = tempfile::tempdir().expect("a folder");
    let pairs = written(
        dir.path(),
        &[["XQ-2026-0001", "Coating of bipolar plates", "Graphite coating with low resistance."]],
        &[[
            "GJ-2026-0001",
            "双极板石墨涂层",
            "石墨涂层 graphite coating 接触电阻低且不锈钢耐腐蚀。",
        ]],
    );
    assert_eq!(pairs.len(), 1);
    for (of, key) in [(Part::Lexical, "lexical"), (Part::Dense, "dense")] {
        let part = part(&pairs, "GJ-2026-0001", of);
        assert_eq!(part.weight, weight("for_demand", Some("latin"), key));
        assert_eq!(part.weight_for_supply, weight("for_supply", None, key));
    }
}
