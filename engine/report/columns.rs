//! The headings of the lists, their widths, and the answers people choose from.

use crate::model::Lang;

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    zh: &'static str,
    en: &'static str,
}

impl Word {
    pub(super) const fn get(self, lang: Lang) -> &'static str {
        lang.pick(self.zh, self.en)
    }
}

const fn word(zh: &'static str, en: &'static str) -> Word {
    Word { zh, en }
}

/// How a column's cells look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Running text: left, top, wrapped.
    Prose,
    /// Numbers of records and patents: text that stays text.
    Code,
    /// A short word or whole number, centred.
    Short,
    /// A date.
    Date,
    /// An amount in 万元.
    Amount,
}

/// One column of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Heading.
    pub(super) heading: Word,
    /// Width in half-width characters of 宋体 10.5, for Chinese and for English words.
    widths: [u8; 2],
    /// How its cells look.
    pub(super) look: Look,
}

impl Column {
    /// Width in half-width characters of 宋体 10.5.
    pub(super) const fn width(&self, lang: Lang) -> u8 {
        match lang {
            Lang::Zh => self.widths[0],
            Lang::En => self.widths[1],
        }
    }

    /// The same column with another width for English words, which do not break anywhere.
    const fn english(self, width: u8) -> Self {
        Self { widths: [self.widths[0], width], ..self }
    }
}

const fn column(zh: &'static str, en: &'static str, width: u8, look: Look) -> Column {
    Column { heading: word(zh, en), widths: [width, width], look }
}

/// The columns of every list of pairs. Together some 200 half-width characters, which print at
/// seven tenths of their size on A4 landscape: about 7 points, still readable, all on one page.
/// Four-character words such as 建议对接 stand in two lines.
pub(super) const PAIR_COLUMNS: [Column; 17] = [
    column("序号", "No.", 5, Look::Short),
    column("需求编号", "Demand no.", 13, Look::Code),
    column("需求名称", "Demand", 18, Look::Prose),
    column("需求单位", "Demand owner", 12, Look::Prose),
    column("推荐序", "Rank", 5, Look::Short),
    column("供给编号", "Supply no.", 13, Look::Code),
    column("成果名称", "Supply", 18, Look::Prose),
    column("供给单位", "Supply owner", 12, Look::Prose),
    column("成熟度", "Maturity", 6, Look::Short).english(11),
    column("合作方式", "Cooperation", 6, Look::Short).english(12),
    column("结论", "Verdict", 6, Look::Short).english(11),
    column("把握(%)", "Chance (%)", 6, Look::Short).english(9),
    column("依据(原文)", "Evidence (quoted)", 34, Look::Prose),
    column("待核实", "To verify", 16, Look::Prose),
    column("来源文件/行", "Source file/row", 18, Look::Prose),
    column("反馈", "Feedback", 9, Look::Short),
    column("备注", "Remarks", 10, Look::Prose).english(15),
];

/// The columns of the list of demands that nothing answers.
pub(super) const GAP_COLUMNS: [Column; 15] = [
    column("序号", "No.", 5, Look::Short),
    column("需求编号", "Demand no.", 13, Look::Code),
    column("需求名称", "Demand", 20, Look::Prose),
    column("需求单位", "Demand owner", 12, Look::Prose),
    column("有效期至", "Valid until", 11, Look::Date),
    column("预算(万元)", "Budget (10,000 yuan)", 9, Look::Amount).english(10),
    column("最接近的供给编号", "Nearest supply no.", 13, Look::Code),
    column("最接近的成果名称", "Nearest supply", 20, Look::Prose),
    column("供给单位", "Supply owner", 12, Look::Prose),
    column("把握(%)", "Chance (%)", 6, Look::Short).english(9),
    column("差在哪里", "What it lacks", 24, Look::Prose),
    column("可反问需求方", "Question to ask back", 26, Look::Prose),
    column("来源文件/行", "Source file/row", 18, Look::Prose),
    column("反馈", "Feedback", 10, Look::Short),
    column("备注", "Remarks", 10, Look::Prose).english(15),
];

/// The columns of the list of joint answers; one row per supply of an answer.
pub(super) const JOINT_COLUMNS: [Column; 16] = [
    column("序号", "No.", 5, Look::Short),
    column("需求编号", "Demand no.", 13, Look::Code),
    column("需求名称", "Demand", 20, Look::Prose),
    column("需求单位", "Demand owner", 12, Look::Prose),
    column("合计覆盖(%)", "Covered together (%)", 7, Look::Short).english(10),
    column("单个最好(%)", "Best alone (%)", 7, Look::Short).english(9),
    column("供给编号", "Supply no.", 13, Look::Code),
    column("成果名称", "Supply", 20, Look::Prose),
    column("供给单位", "Supply owner", 12, Look::Prose),
    column("单独结论", "Verdict alone", 6, Look::Short).english(11),
    column("缺它少(%)", "Lost without it (%)", 7, Look::Short).english(10),
    column("它覆盖的要求(原文)", "What it covers (quoted)", 30, Look::Prose),
    column("都未覆盖的要求(原文)", "What nobody covers (quoted)", 24, Look::Prose),
    column("怎样联系", "How to call", 14, Look::Prose),
    column("反馈", "Feedback", 9, Look::Short),
    column("备注", "Remarks", 10, Look::Prose).english(15),
];

/// The columns of the comparison of ways to hand out.
pub(super) const COMPARED_COLUMNS: [Column; 11] = [
    column("分配范围", "Pairs", 24, Look::Prose),
    column("分配方式", "Method", 26, Look::Prose),
    column("推荐条目", "Entries", 9, Look::Short),
    column("有推荐的需求", "Demands with an entry", 9, Look::Short).english(12),
    column("供给覆盖率", "Coverage of supplies", 9, Look::Amount).english(12),
    column("基尼系数", "Gini", 9, Look::Amount),
    column("一条供给最多进几份", "Largest exposure", 11, Look::Short),
    column("双向前十占比", "Mutual@10", 10, Look::Amount),
    column("需求侧得分损失", "Loss of one-sided score", 10, Look::Amount).english(13),
    column("双方总分", "Total mutual score", 12, Look::Amount),
    column("不稳定的配对", "Blocking pairs", 11, Look::Short),
];

/// The lists, in the order of the sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// For every demand its supplies.
    ByDemand,
    /// For every supply its demands.
    BySupply,
    /// Pairs that stand high in both lists.
    Mutual,
    /// What is handed out, within the capacities.
    Allocated,
    /// Demands that nothing answers.
    Gaps,
    /// Supplies that together cover a demand.
    Joint,
    /// The ways of handing out, measured.
    Compared,
}

impl List {
    /// The sheet's name, within Excel's 31 characters with room for a part number.
    pub(super) const fn name(self) -> Word {
        match self {
            Self::ByDemand => word("需求→供给", "Demand to supply"),
            Self::BySupply => word("供给→需求", "Supply to demand"),
            Self::Mutual => word("双向优选", "Mutual best"),
            Self::Allocated => word("推荐清单(限额)", "Handed-out list"),
            Self::Joint => word("联合体", "Joint answers"),
            Self::Gaps => word("暂无匹配", "No match"),
            Self::Compared => word("分配比较", "Ways to hand out"),
        }
    }

    /// Its columns.
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Gaps => &GAP_COLUMNS,
            Self::Joint => &JOINT_COLUMNS,
            Self::Compared => &COMPARED_COLUMNS,
            _ => &PAIR_COLUMNS,
        }
    }

    /// What people may answer in the 反馈 column. The reasons for a refusal are the ones that
    /// brokers give most; each answer is one short cell, and together they stay below the 255
    /// characters that a drop-down may hold. None for a list that asks for no answer.
    pub(super) const fn answers(self) -> &'static [Word] {
        match self {
            Self::Gaps => &GAP_ANSWERS,
            Self::Compared => &[],
            _ => &PAIR_ANSWERS,
        }
    }
}

const PAIR_ANSWERS: [Word; 9] = [
    word("已对接", "introduced"),
    word("洽谈中", "in talks"),
    word("待定", "undecided"),
    word("不合适：技术不符", "unfit: technology"),
    word("不合适：成熟度", "unfit: maturity"),
    word("不合适：价格或方式", "unfit: price or mode"),
    word("不合适：已解决", "unfit: already solved"),
    word("不合适：已过期", "unfit: expired"),
    word("联系不上", "not reachable"),
];

const GAP_ANSWERS: [Word; 5] = [
    word("转入攻关清单", "to the research list"),
    word("已请需求方补充", "asked for details"),
    word("已另行解决", "solved elsewhere"),
    word("需求撤回", "withdrawn"),
    word("待定", "undecided"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_the_agreed_ones() {
        let headings: Vec<_> = PAIR_COLUMNS.iter().map(|c| c.heading.get(Lang::Zh)).collect();
        assert_eq!(
            headings.join(","),
            "序号,需求编号,需求名称,需求单位,推荐序,供给编号,成果名称,供给单位,成熟度,合作方式,结论,把握(%),\
             依据(原文),待核实,来源文件/行,反馈,备注"
        );
    }

    #[test]
    fn names_fit_a_sheet_and_answers_fit_a_drop_down() {
        for list in [
            List::ByDemand,
            List::BySupply,
            List::Mutual,
            List::Allocated,
            List::Joint,
            List::Gaps,
            List::Compared,
        ] {
            for lang in [Lang::Zh, Lang::En] {
                let name = list.name().get(lang);
                assert!(
                    name.chars().count() <= 24
                        && !name.contains(['*', '?', ':', '[', ']', '/', '\\'])
                );
                let answers: Vec<_> = list.answers().iter().map(|word| word.get(lang)).collect();
                assert!(answers.join(",").chars().count() <= 255);
                assert!(answers.iter().all(|answer| !answer.contains(',')));
            }
        }
    }
}
