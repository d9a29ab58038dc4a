//! Words that say how a number is meant: at least, at most, about, reaching.

use std::sync::LazyLock;

use super::lexicon::Lexicon;
use super::scan::Scan;

/// How a stated number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparator {
    /// The plain value: 厚度3mm.
    Equal,
    /// 约, 左右, about.
    About,
    /// 达到, 高达, reaches: the value is attained.
    Reaches,
    /// ≥, 不低于, 以上, at least.
    AtLeast,
    /// 大于, 超过, 200余, more than.
    MoreThan,
    /// ≤, 不超过, 以下, 以内, at most.
    AtMost,
    /// 小于, 低于, 不足, less than.
    LessThan,
    /// 10~20.
    Range,
    /// 20±2, or ±0.5 alone.
    Tolerance,
}

impl Comparator {
    /// The sign that people read; empty for a plain value, a range and a tolerance.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal | Self::Range | Self::Tolerance => "",
            Self::About => "≈",
            Self::Reaches => "→",
            Self::AtLeast => "≥",
            Self::MoreThan => ">",
            Self::AtMost => "≤",
            Self::LessThan => "<",
        }
    }
}

/// What a word before a number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// It compares.
    Compares(Comparator),
    /// Better than: which way depends on the property.
    Better,
    /// It leads from the property to the number and says nothing else (为, 是, 平均).
    Links,
    /// It leads to the end of a change: 降低至 5 % is a level.
    LinksLevel,
    /// It takes the number as an amount of what follows it (加入10g食盐).
    Takes,
}

use Before::{Better, Compares, Links, LinksLevel, Takes};
use Comparator::{About, AtLeast, AtMost, LessThan, MoreThan, Reaches};

const BEFORE: &[(&str, Before)] = &[
    ("≥", Compares(AtLeast)),
    (">=", Compares(AtLeast)),
    ("=>", Compares(AtLeast)),
    ("不低于", Compares(AtLeast)),
    ("不得低于", Compares(AtLeast)),
    ("不能低于", Compares(AtLeast)),
    ("不应低于", Compares(AtLeast)),
    ("不少于", Compares(AtLeast)),
    ("不得少于", Compares(AtLeast)),
    ("不小于", Compares(AtLeast)),
    ("不得小于", Compares(AtLeast)),
    ("不能小于", Compares(AtLeast)),
    ("不短于", Compares(AtLeast)),
    ("不亚于", Compares(AtLeast)),
    ("至少", Compares(AtLeast)),
    ("至少为", Compares(AtLeast)),
    ("至少达到", Compares(AtLeast)),
    ("至少达", Compares(AtLeast)),
    ("最少", Compares(AtLeast)),
    ("大于等于", Compares(AtLeast)),
    ("大于或等于", Compares(AtLeast)),
    ("大于/等于", Compares(AtLeast)),
    ("高于等于", Compares(AtLeast)),
    ("at least ", Compares(AtLeast)),
    ("no less than ", Compares(AtLeast)),
    ("not less than ", Compares(AtLeast)),
    ("no fewer than ", Compares(AtLeast)),
    ("minimum of ", Compares(AtLeast)),
    ("min. ", Compares(AtLeast)),
    (">", Compares(MoreThan)),
    ("﹥", Compares(MoreThan)),
    ("大于", Compares(MoreThan)),
    ("高于", Compares(MoreThan)),
    ("长于", Compares(MoreThan)),
    ("多于", Compares(MoreThan)),
    ("超过", Compares(MoreThan)),
    ("超过了", Compares(MoreThan)),
    ("超出", Compares(MoreThan)),
    ("超", Compares(MoreThan)),
    ("逾", Compares(MoreThan)),
    ("突破", Compares(MoreThan)),
    ("more than ", Compares(MoreThan)),
    ("greater than ", Compares(MoreThan)),
    ("higher than ", Compares(MoreThan)),
    ("over ", Compares(MoreThan)),
    ("above ", Compares(MoreThan)),
    ("exceeding ", Compares(MoreThan)),
    ("exceeds ", Compares(MoreThan)),
    ("≤", Compares(AtMost)),
    ("<=", Compares(AtMost)),
    ("=<", Compares(AtMost)),
    ("不超过", Compares(AtMost)),
    ("不得超过", Compares(AtMost)),
    ("不能超过", Compares(AtMost)),
    ("不应超过", Compares(AtMost)),
    ("不超", Compares(AtMost)),
    ("不高于", Compares(AtMost)),
    ("不得高于", Compares(AtMost)),
    ("不能高于", Compares(AtMost)),
    ("不大于", Compares(AtMost)),
    ("不得大于", Compares(AtMost)),
    ("不能大于", Compares(AtMost)),
    ("不应大于", Compares(AtMost)),
    ("不多于", Compares(AtMost)),
    ("不长于", Compares(AtMost)),
    ("最多", Compares(AtMost)),
    ("至多", Compares(AtMost)),
    ("小于等于", Compares(AtMost)),
    ("小于或等于", Compares(AtMost)),
    ("低于等于", Compares(AtMost)),
    ("up to ", Compares(AtMost)),
    ("at most ", Compares(AtMost)),
    ("no more than ", Compares(AtMost)),
    ("not more than ", Compares(AtMost)),
    ("not exceeding ", Compares(AtMost)),
    ("within ", Compares(AtMost)),
    ("maximum of ", Compares(AtMost)),
    ("max. ", Compares(AtMost)),
    ("<", Compares(LessThan)),
    ("﹤", Compares(LessThan)),
    ("小于", Compares(LessThan)),
    ("低于", Compares(LessThan)),
    ("少于", Compares(LessThan)),
    ("短于", Compares(LessThan)),
    ("不足", Compares(LessThan)),
    ("不到", Compares(LessThan)),
    ("less than ", Compares(LessThan)),
    ("lower than ", Compares(LessThan)),
    ("fewer than ", Compares(LessThan)),
    ("below ", Compares(LessThan)),
    ("under ", Compares(LessThan)),
    ("优于", Better),
    ("better than ", Better),
    ("约", Compares(About)),
    ("约为", Compares(About)),
    ("大约", Compares(About)),
    ("大约为", Compares(About)),
    ("大概", Compares(About)),
    ("大致", Compares(About)),
    ("近", Compares(About)),
    ("接近", Compares(About)),
    ("将近", Compares(About)),
    ("≈", Compares(About)),
    ("about ", Compares(About)),
    ("approximately ", Compares(About)),
    ("approx. ", Compares(About)),
    ("around ", Compares(About)),
    ("nearly ", Compares(About)),
    ("ca. ", Compares(About)),
    ("达到", Compares(Reaches)),
    ("达到了", Compares(Reaches)),
    ("达", Compares(Reaches)),
    ("达至", Compares(Reaches)),
    ("可达", Compares(Reaches)),
    ("可达到", Compares(Reaches)),
    ("高达", Compares(Reaches)),
    ("多达", Compares(Reaches)),
    ("长达", Compares(Reaches)),
    ("低至", Compares(Reaches)),
    ("reaches ", Compares(Reaches)),
    ("reach ", Compares(Reaches)),
    ("reaching ", Compares(Reaches)),
    ("为", Links),
    ("是", Links),
    ("是在", Links),
    ("在", Links),
    ("于", Links),
    ("即", Links),
    ("均为", Links),
    ("均", Links),
    ("都", Links),
    ("分别为", Links),
    ("分别", Links),
    ("依次为", Links),
    ("平均", Links),
    ("平均为", Links),
    ("一般", Links),
    ("一般为", Links),
    ("通常", Links),
    ("稳定", Links),
    ("可", Links),
    ("能", Links),
    ("可以", Links),
    ("能够", Links),
    ("也", Links),
    ("应", Links),
    ("须", Links),
    ("需", Links),
    ("需要", Links),
    ("要", Links),
    ("要求", Links),
    ("仅", Links),
    ("仅为", Links),
    ("只", Links),
    ("只有", Links),
    ("只能", Links),
    ("只需", Links),
    ("仅需", Links),
    ("基本", Links),
    ("已", Links),
    ("了", Links),
    ("的", Links),
    ("有", Links),
    ("又", Links),
    ("再", Links),
    ("进一步", Links),
    ("最高", Links),
    ("最大", Links),
    ("最低", Links),
    ("最小", Links),
    ("最长", Links),
    ("控制在", Links),
    ("控制", Links),
    ("保持在", Links),
    ("保持", Links),
    ("维持在", Links),
    ("限制在", Links),
    ("设定为", Links),
    ("做到", Links),
    ("范围", Links),
    ("范围为", Links),
    ("范围在", Links),
    ("区间为", Links),
    ("介于", Links),
    ("处于", Links),
    (":", Links),
    ("=", Links),
    (" ", Links),
    ("从", Links),
    ("由", Links),
    ("自", Links),
    ("每", Links),
    ("显著", Links),
    ("大幅", Links),
    ("大大", Links),
    ("有效", Links),
    ("直接", Links),
    ("累计", Links),
    ("总计", Links),
    ("共计", Links),
    ("合计", Links),
    ("整体", Links),
    ("综合", Links),
    ("实际", Links),
    ("is ", Links),
    ("of ", Links),
    ("are ", Links),
    ("by ", Links),
    ("a ", Links),
    ("to ", LinksLevel),
    ("至", LinksLevel),
    ("到", LinksLevel),
    ("成", LinksLevel),
    ("降低至", LinksLevel),
    ("降低到", LinksLevel),
    ("降至", LinksLevel),
    ("降到", LinksLevel),
    ("减少至", LinksLevel),
    ("减少到", LinksLevel),
    ("减至", LinksLevel),
    ("缩短至", LinksLevel),
    ("缩短到", LinksLevel),
    ("提高至", LinksLevel),
    ("提高到", LinksLevel),
    ("提升至", LinksLevel),
    ("提升到", LinksLevel),
    ("增加至", LinksLevel),
    ("增加到", LinksLevel),
    ("增至", LinksLevel),
    ("升至", LinksLevel),
    ("升到", LinksLevel),
    ("升高到", LinksLevel),
    ("升压到", LinksLevel),
    ("上升到", LinksLevel),
    ("扩大到", LinksLevel),
    ("延长至", LinksLevel),
    ("延长到", LinksLevel),
    ("加入", Takes),
    ("添加", Takes),
    ("称取", Takes),
    ("量取", Takes),
    ("取", Takes),
    ("投入", Takes),
    ("使用", Takes),
    ("采用", Takes),
    ("含有", Takes),
    ("包括", Takes),
    ("包含", Takes),
    ("具有", Takes),
    ("拥有", Takes),
    ("会有", Takes),
    ("共有", Takes),
    ("已有", Takes),
    ("配备", Takes),
    ("使", Takes),
    ("将", Takes),
    ("用", Takes),
    ("收集", Takes),
    ("经", Takes),
    ("经过", Takes),
    ("历时", Takes),
    ("建成", Takes),
    ("获得", Takes),
    ("生产", Takes),
    ("输入", Takes),
    ("输入的", Takes),
    ("以", Takes),
    ("按", Takes),
    ("和", Takes),
    ("与", Takes),
    ("及", Takes),
    ("或", Takes),
    ("以及", Takes),
    ("并", Takes),
];

/// What a word behind a number does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It compares.
    Compares(Comparator),
    /// It belongs to a range and changes nothing (之间).
    Closes,
}

const AFTER: &[(&str, After)] = &[
    ("以上", After::Compares(AtLeast)),
    ("及以上", After::Compares(AtLeast)),
    ("或以上", After::Compares(AtLeast)),
    ("(含)以上", After::Compares(AtLeast)),
    ("或更高", After::Compares(AtLeast)),
    ("及更高", After::Compares(AtLeast)),
    ("起", After::Compares(AtLeast)),
    ("之上", After::Compares(AtLeast)),
    (" or more", After::Compares(AtLeast)),
    (" or higher", After::Compares(AtLeast)),
    (" or above", After::Compares(AtLeast)),
    (" or better", After::Compares(AtLeast)),
    ("多", After::Compares(MoreThan)),
    ("余", After::Compares(MoreThan)),
    ("+", After::Compares(AtLeast)),
    ("以下", After::Compares(AtMost)),
    ("及以下", After::Compares(AtMost)),
    ("或以下", After::Compares(AtMost)),
    ("以内", After::Compares(AtMost)),
    ("之内", After::Compares(AtMost)),
    ("内", After::Compares(AtMost)),
    ("之下", After::Compares(AtMost)),
    ("或更低", After::Compares(AtMost)),
    (" or less", After::Compares(AtMost)),
    (" or lower", After::Compares(AtMost)),
    (" or below", After::Compares(AtMost)),
    ("左右", After::Compares(About)),
    ("上下", After::Compares(About)),
    ("之间", After::Closes),
    ("间", After::Closes),
    ("范围内", After::Closes),
    ("的范围内", After::Closes),
    ("不等", After::Closes),
];

/// The word that ends at `at`, not reaching before `floor`: its length and what it does.
pub(super) fn before(scan: &Scan, floor: usize, at: usize) -> Option<(usize, Before)> {
    static WORDS: LazyLock<Lexicon<Before>> = LazyLock::new(|| Lexicon::reversed(BEFORE));
    let mut best = None;
    WORDS.each(scan.backward(floor, at), |length, word| {
        // An English word must not be the end of another (`over ` in `cover 10`).
        let start = at - length;
        let runs_on =
            scan.at(start).is_ascii_alphabetic() && scan.before(start).is_ascii_alphabetic();
        if !runs_on {
            best = Some((length, *word));
        }
    });
    best
}

/// The word that begins at `at`: its length and what it does.
pub(super) fn after(scan: &Scan, at: usize) -> Option<(usize, After)> {
    static WORDS: LazyLock<Lexicon<After>> = LazyLock::new(|| Lexicon::forward(AFTER));
    let blank = usize::from(scan.at(at) == ' ' && !scan.at(at + 1).is_ascii());
    let (length, word) = WORDS.longest(scan.forward(at + blank))?;
    let end = at + blank + length;
    // 内 begins words (内径, 内部), 起 too (起重), 多 and 余 as well (多孔, 余热).
    let one = length == 1;
    let begins_word = one
        && match scan.at(at + blank) {
            '内' => matches!(
                scan.at(end),
                '径' | '部' | '存' | '置' | '阻' | '壁' | '腔' | '孔' | '外' | '的' | '层'
            ),
            '起' => matches!(
                scan.at(end),
                '重' | '动' | '步' | '来' | '草' | '吊' | '到' | '升' | '弧' | '始'
            ),
            '多' => !matches!(scan.at(end), '，' | ',' | '。' | ';' | '、' | '的'),
            '余' => matches!(scan.at(end), '热' | '量' | '压'),
            '间' => scan.at(end) == '距' || scan.at(end) == '隔',
            '+' => scan.at(end).is_ascii_alphanumeric(),
            _ => false,
        };
    (!begins_word).then_some((end - at, *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_decides() {
        let scan = Scan::new("含量应不大于5");
        assert_eq!(before(&scan, 0, 6), Some((3, Compares(AtMost))));
        assert_eq!(before(&scan, 0, 3), Some((1, Links)));
        assert_eq!(before(&scan, 4, 6), Some((2, Compares(MoreThan))));
        let scan = Scan::new("cover 5");
        assert_eq!(before(&scan, 0, 6), Some((1, Links)));
    }

    #[test]
    fn words_behind() {
        let of = |text: &str| after(&Scan::new(text), 0);
        assert_eq!(of("以上的"), Some((2, After::Compares(AtLeast))));
        assert_eq!(of("内径"), None);
        assert_eq!(of("内完成"), Some((1, After::Compares(AtMost))));
        assert_eq!(of(" 左右"), Some((3, After::Compares(About))));
        assert_eq!(of("多孔"), None);
    }
}
