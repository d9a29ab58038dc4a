//! The golden table, and what holds for any text.

use proptest::prelude::*;

use super::*;

/// Property, comparator, low, high, unit and kind of a quantity, as the golden table writes them.
fn shown(quantity: &Quantity) -> String {
    let (low, high) = match &quantity.value {
        Value::Number(value) => (value.to_string(), "-".to_owned()),
        Value::Interval(low, high) => (low.to_string(), high.to_string()),
        Value::List(values) => {
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            (values.join("×"), "-".to_owned())
        }
    };
    let comparator = match quantity.comparator {
        Comparator::Equal => "=",
        Comparator::About => "~",
        Comparator::Reaches => "→",
        Comparator::AtLeast => ">=",
        Comparator::MoreThan => ">",
        Comparator::AtMost => "<=",
        Comparator::LessThan => "<",
        Comparator::Range => "..",
        Comparator::Tolerance => "±",
    };
    let kind = match quantity.kind {
        Kind::Level => "level",
        Kind::Change(Direction::Up) => "up",
        Kind::Change(Direction::Down) => "down",
        Kind::Multiple => "multiple",
        Kind::Count => "count",
        Kind::Money => "money",
        Kind::Ratio => "ratio",
        Kind::Dimensions => "dimensions",
    };
    let property = quantity.property.as_ref().map_or("-", Property::label);
    let unit = if quantity.unit.is_none() { "-" } else { quantity.unit.symbol() };
    format!("{property}|{comparator}|{low}|{high}|{unit}|{kind}")
}

#[test]
fn the_golden_table_is_read_as_written() {
    let table = include_str!("../../../tests/golden/quantities.tsv");
    let mut n_cases = 0;
    let mut faults = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with("# ")) {
        n_cases += 1;
        let mut columns = line.split('\t');
        let text = columns.next().expect("split gives one at least");
        let expected: Vec<&str> = columns.collect();
        let found: Vec<String> = quantities(text).iter().map(shown).collect();
        if found != expected {
            faults.push(format!("{text}\n  read     {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(faults.is_empty(), "{} of {n_cases}\n{}", faults.len(), faults.join("\n"));
    assert!(n_cases >= 250, "{n_cases}");
}

#[test]
fn spans_are_those_of_the_words() {
    let text = "要求：导热系数（室温）不低于２００W/(m·K)，粒径10~20μm。";
    let found = quantities(text);
    let of = |span: &Range<usize>| &text[span.clone()];
    assert_eq!(of(&found[0].span), "不低于２００W/(m·K)");
    assert_eq!(found[0].comparator_span.as_ref().map(of), Some("不低于"));
    assert_eq!(found[0].unit_span.as_ref().map(of), Some("W/(m·K)"));
    let property = found[0].property.as_ref().and_then(|property| property.span.as_ref());
    assert_eq!(property.map(of), Some("导热系数"));
    assert_eq!(of(&found[0].quote_span()), "导热系数（室温）不低于２００W/(m·K)");
    assert_eq!(of(&found[1].quote_span()), "粒径10~20μm");
}

#[test]
fn problems_are_told() {
    let problems =
        |text: &str| quantities(text).into_iter().flat_map(|q| q.problems).collect::<Vec<_>>();
    assert_eq!(problems("孔隙率20%~1%"), [Problem::InvertedRange]);
    assert_eq!(problems("灵敏度≥500RFU"), [Problem::UnknownUnit]);
    assert_eq!(problems("室外达到25度"), [Problem::AmbiguousUnit]);
    assert_eq!(problems("温度达到25度"), []);
}

/// Texts that make a careless reader quadratic; the test takes minutes where one is.
#[test]
fn hostile_texts_are_read_in_linear_time() {
    let long = 100_000;
    let texts = [
        "1".repeat(long),
        "≥".repeat(long),
        "(".repeat(long) + "5mm" + &")".repeat(long),
        "1×".repeat(long),
        "1m×".repeat(long) + "1kg",
        "1m×1kg×".repeat(long),
        "1:".repeat(long),
        "1~".repeat(long),
        "1、".repeat(long),
        "1,111".repeat(long),
        "1.".repeat(long),
        "a1".repeat(long),
        "一".repeat(long),
        "一零".repeat(long),
        "十".repeat(long),
        "的".repeat(long) + "5mm",
        "5mm/".repeat(long),
        "5m·".repeat(long),
        "温度".repeat(long) + "5℃",
        "比".repeat(long) + "低5%",
        " ".repeat(long) + "5 %" + &" ".repeat(long),
        "1-".repeat(long),
        "5±".repeat(long),
        "含量5%".repeat(long / 10),
    ];
    for text in texts {
        for quantity in quantities(&text) {
            assert!(text.is_char_boundary(quantity.span.start) && quantity.span.end <= text.len());
        }
    }
}

proptest! {
    #[test]
    fn any_text_gives_ordered_disjoint_spans(
        text in "\\PC{0,40}|([0-9.,~\\-±×:/%℃μm()以上约≥的温度精度提高至为到一十百万千、，kgmWV]{0,40})"
    ) {
        let mut last = 0;
        for quantity in quantities(&text) {
            prop_assert!(quantity.span.start >= last && quantity.span.start < quantity.span.end);
            prop_assert!(text.get(quantity.quote_span()).is_some());
            let spans = [&quantity.comparator_span, &quantity.unit_span];
            for span in spans.into_iter().flatten() {
                prop_assert!(text.get(span.clone()).is_some());
            }
            if let Value::Interval(low, high) = &quantity.value {
                prop_assert!(low <= high);
            }
            last = quantity.span.end;
        }
    }
}
