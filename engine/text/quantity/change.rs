//! Words of change: 提高30%以上 is no level, and is never compared with one.

use std::sync::LazyLock;

use super::lexicon::Lexicon;
use super::scan::Scan;

/// Which way something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// 提高, 增加, 延长.
    Up,
    /// 降低, 减少, 缩短.
    Down,
}

/// A word of change before a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) direction: Direction,
    /// The property that the word itself names (增产: 产量).
    pub(super) property: Option<&'static str>,
    /// An adjective (高, 低), which compares only beside 比 or 较.
    needs_comparison: bool,
}

const fn verb(direction: Direction) -> Change {
    Change { direction, property: None, needs_comparison: false }
}

const fn of(direction: Direction, property: &'static str) -> Change {
    Change { direction, property: Some(property), needs_comparison: false }
}

const fn adjective(direction: Direction) -> Change {
    Change { direction, property: None, needs_comparison: true }
}

use Direction::{Down, Up};

const WORDS: &[(&str, Change)] = &[
    ("提高", verb(Up)),
    ("提升", verb(Up)),
    ("增加", verb(Up)),
    ("增长", verb(Up)),
    ("增强", verb(Up)),
    ("增大", verb(Up)),
    ("上升", verb(Up)),
    ("上涨", verb(Up)),
    ("升高", verb(Up)),
    ("延长", verb(Up)),
    ("加快", verb(Up)),
    ("扩大", verb(Up)),
    ("高出", verb(Up)),
    ("高于对照", verb(Up)),
    ("比对照增", of(Up, "产量")),
    ("增", verb(Up)),
    ("亩增", of(Up, "产量")),
    ("增产", of(Up, "产量")),
    ("平均增产", of(Up, "产量")),
    ("增收", of(Up, "利润")),
    ("增效", of(Up, "利润")),
    ("提速", of(Up, "速度")),
    ("改善", verb(Up)),
    ("increased by ", verb(Up)),
    ("increase by ", verb(Up)),
    ("increase of ", verb(Up)),
    ("improved by ", verb(Up)),
    ("improve by ", verb(Up)),
    ("raised by ", verb(Up)),
    ("降低", verb(Down)),
    ("减少", verb(Down)),
    ("减小", verb(Down)),
    ("减轻", verb(Down)),
    ("下降", verb(Down)),
    ("下调", verb(Down)),
    ("缩短", verb(Down)),
    ("缩小", verb(Down)),
    ("节约", verb(Down)),
    ("节省", verb(Down)),
    ("降", verb(Down)),
    ("减", verb(Down)),
    ("省", verb(Down)),
    ("节能", of(Down, "能耗")),
    ("节电", of(Down, "能耗")),
    ("节水", of(Down, "需求量")),
    ("减产", of(Down, "产量")),
    ("减重", of(Down, "重量")),
    ("减排", of(Down, "需求量")),
    ("降本", of(Down, "成本")),
    ("降噪", of(Down, "噪声")),
    ("reduced by ", verb(Down)),
    ("reduce by ", verb(Down)),
    ("reduction of ", verb(Down)),
    ("decreased by ", verb(Down)),
    ("decrease by ", verb(Down)),
    ("高", adjective(Up)),
    ("多", adjective(Up)),
    ("长", adjective(Up)),
    ("大", adjective(Up)),
    ("重", adjective(Up)),
    ("快", adjective(Up)),
    ("晚", adjective(Up)),
    ("低", adjective(Down)),
    ("少", adjective(Down)),
    ("短", adjective(Down)),
    ("小", adjective(Down)),
    ("轻", adjective(Down)),
    ("矮", adjective(Down)),
    ("早", adjective(Down)),
];

const AFTER: &[(&str, Direction)] = &[
    ("的提高", Up),
    ("的提升", Up),
    ("的增长", Up),
    ("的增幅", Up),
    ("的改善", Up),
    ("的降低", Down),
    ("的降幅", Down),
    ("的下降", Down),
    ("的减少", Down),
    ("的能耗节约", Down),
];

/// How far back 比 or 较 is looked for, in characters: longer comparisons are rare.
const COMPARISON_REACH: usize = 24;

/// The word of change that ends at `at`, and its length.
pub(super) fn before(scan: &Scan, floor: usize, at: usize) -> Option<(usize, Change)> {
    static LEXICON: LazyLock<Lexicon<Change>> = LazyLock::new(|| Lexicon::reversed(WORDS));
    let (length, change) = LEXICON.longest(scan.backward(floor, at))?;
    if change.needs_comparison {
        let reach = floor.max(at.saturating_sub(COMPARISON_REACH));
        if !(reach..at).any(|at| compares(scan, at)) {
            return None;
        }
    }
    Some((length, *change))
}

/// Where the subject of a comparison ends: before 比 or 较 (株高比对照矮5cm), looking back from
/// `at`; `None` where nothing is compared.
pub(super) fn comparison(scan: &Scan, floor: usize, at: usize) -> Option<usize> {
    let reach = floor.max(at.saturating_sub(COMPARISON_REACH));
    (reach..at)
        .rev()
        .take_while(|&at| !super::scan::ends_clause(scan.at(at)))
        .find(|&at| compares(scan, at))
}

/// Whether 比 or 较 stands at `at` and compares.
fn compares(scan: &Scan, at: usize) -> bool {
    let inside_word = matches!(scan.at(at + 1), '例' | '重' | '率' | '值' | '表' | '容')
        || matches!(scan.before(at), '占' | '配' | '性' | '相' | '量' | '对' | '宽' | '径');
    scan.at(at) == '比' && !inside_word || scan.at(at) == '较' && scan.before(at) != '比'
}

/// The change that words behind a number state: 30%以上的提升.
pub(super) fn after(scan: &Scan, at: usize) -> Option<Direction> {
    static LEXICON: LazyLock<Lexicon<Direction>> = LazyLock::new(|| Lexicon::forward(AFTER));
    LEXICON.longest(scan.forward(at)).map(|(_, direction)| *direction)
}
