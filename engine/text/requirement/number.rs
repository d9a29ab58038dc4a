//! Whether a clause states a quantity.
//!
//! A digit with a unit, a percentage, or a digit behind a sign of comparison. What the quantity
//! is, and whether another one satisfies it, is not decided here.

use std::sync::LazyLock;

use regex::Regex;

static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
    let mut units: Vec<&str> = include_str!("../../../corpus/units.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    units.sort_by_key(|unit| (std::cmp::Reverse(unit.len()), *unit));
    let words: Vec<String> = units
        .iter()
        .map(|unit| {
            let latin = unit.ends_with(|c: char| c.is_ascii_alphabetic());
            format!("{}{}", regex::escape(unit), if latin { r"(?-u:\b)" } else { "" })
        })
        .collect();
    // Single letters stand for units only where nothing else can be meant: 5 V, 30 s, not 5G.
    let single = r"[VWANJKLmsghdbB](?:[/·²³]|(?-u:\b))";
    let counts =
        "次|万次|倍|级|层|类|个月|个小时|小时|分钟|秒|天|年|人|台|套|件|条|组|只|万|亿|元|W/|kg|转";
    let number = r"(?:^|[^A-Za-z0-9\-])[0-9](?:[0-9.,]*[0-9])?";
    let range = r"(?:\s?(?:[~～–—\-至到]|×10)\s?[0-9^−\-⁻⁰¹²³⁴⁵⁶⁷⁸⁹.]+)?";
    let pattern = format!(
        r"(?i){number}{range}\s?(?:[%％‰℃°μµΩ]|{}|{counts}|(?-i:{single}))|[≥≤＞＜><±=＝]\s?[0-9]|(?:不低于|不少于|不超过|不大于|不小于|大于|小于|低于|高于|超过|at least|below|above|less than|more than)\s?[0-9]",
        words.join("|")
    );
    Regex::new(&pattern).expect("units of corpus/units.txt, checked by a test")
});

/// Years and standards are no quantities: 2015版, 2020年, GB21900-2008.
static NOT_A_QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:19|20)[0-9]{2}\s?[年版]|(?i:GB|ISO|IEC|VDA|ASTM|DIN|JB|HG|YY|QC)(?:/[TZ])?\s?[0-9][0-9.\-]*|工业\s?[0-9]\.[0-9]|[0-9]+\s?年来|近[0-9]+年")
        .expect("a fixed pattern")
});

/// Whether `text` states a number with a unit, a percentage, or a number behind a comparison.
///
/// Years, list numbers and the numbers of standards do not count. Linear in the length.
#[must_use]
pub fn states_number(text: &str) -> bool {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    QUANTITY.is_match(&NOT_A_QUANTITY.replace_all(text, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_told_from_other_numbers() {
        for text in [
            "精度不低于0.5%",
            "寿命≥3年",
            "孔径12英寸",
            "频率50Gbps",
            "压力1×10⁻⁶Pa",
            "厚度10~20μm",
            "温度达到300℃",
            "使用3万次",
            "电压5 V",
            "降低30 %以上",
            "误差小于0.2",
            "耗气量180m³/t",
        ] {
            assert!(states_number(text), "{text}");
        }
        for text in [
            "GB21900-2008标准",
            "采用工业4.0理念",
            "2015年版药典",
            "5G基站",
            "5052-H32铝板",
            "ISO9001认证",
            "一种材料",
            "第3代产品",
            "3D打印",
        ] {
            assert!(!states_number(text), "{text}");
        }
    }
}
