//! Numbers that say under which condition another one holds: 25℃时, 在85℃下, 5V条件下.

use super::scan::Scan;

/// Words that make a condition of the number before them.
const CONDITIONS: [&str; 12] = [
    "条件下",
    "的条件下",
    "环境下",
    "的环境下",
    "环境中",
    "工况下",
    "状态下",
    "情况下",
    "温度下",
    "压力下",
    "下",
    "时",
];

/// Words that only begin like one: 时间, 下降.
const OTHERS: [&str; 20] = [
    "时间", "时长", "时延", "时刻", "时速", "时效", "时序", "时域", "时代", "时段", "时钟", "时滞",
    "下降", "下限", "下列", "下游", "下方", "下述", "下垂", "下载",
];

/// How many characters behind a number that ends at `end` make it a condition; `None` where it is
/// none. Only numbers with a unit can be one: 10时 is a time of day.
pub(super) fn after(scan: &Scan, end: usize) -> Option<usize> {
    if OTHERS.iter().any(|word| scan.starts(end, word)) {
        return None;
    }
    let word = CONDITIONS.iter().find(|word| scan.starts(end, word))?;
    Some(word.chars().count())
}

/// Whether the number that begins at `start` is introduced as a condition: IL@1550nm.
pub(super) fn before(scan: &Scan, start: usize) -> bool {
    scan.before(start) == '@'
}

#[cfg(test)]
mod tests {
    use super::super::quantities;

    fn conditions(text: &str) -> Vec<&str> {
        quantities(text).into_iter().filter(|q| q.is_condition).map(|q| &text[q.span]).collect()
    }

    #[test]
    fn a_condition_is_told_from_a_level() {
        assert_eq!(conditions("25℃时粘度为300mPa·s"), ["25℃"]);
        assert_eq!(conditions("在85℃、85%湿度条件下工作1000小时"), ["85%"]);
        assert_eq!(conditions("插入损耗≤0.5dB@1550nm"), ["1550nm"]);
        assert_eq!(conditions("温度由85℃下降到25℃，温度25℃下限"), Vec::<&str>::new());
        assert_eq!(conditions("反应时间3h，响应20ms时间"), Vec::<&str>::new());
    }

    #[test]
    fn a_condition_does_not_stand_between_a_property_and_its_number() {
        let text = "3 dB带宽25℃时23 GHz";
        let found = quantities(text);
        let last = found.last().expect("a number");
        let property = last.property.as_ref().expect("named");
        assert_eq!((&text[last.span.clone()], &*property.phrase), ("23 GHz", "带宽"));
    }
}
