//! The headings of the lists, their widths, and the answers people choose from.

use crate::model::{Answer, Lang, Reason};

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

/// The column of the answers, and the one of the reasons for a refusal.
const FEEDBACK: Column = column("反馈", "Feedback", 9, Look::Short);
const REASON: Column = column("原因", "Reason", 9, Look::Short);

/// What a row is about, for reading its answer back: hidden, and best left alone.
const RECORDS: Column = column("对应记录", "Records", 9, Look::Code);

/// How well the demand is stated, what to do with it, what to ask back.
const QUALITY: Column = column("需求质量(%)", "Demand quality (%)", 6, Look::Short).english(9);
const TRIAGE: Column = column("分类", "Triage", 7, Look::Short).english(11);
const QUESTIONS: Column = column("建议追问", "Questions to ask", 24, Look::Prose);

/// The columns of every list of pairs but the first. Together some 230 half-width characters,
/// which print at seven tenths of their size on A4 landscape: about 7 points, still readable, all
/// on one page. Four-character words such as 建议对接 stand in two lines.
pub(super) const PAIR_COLUMNS: [Column; 20] = [
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
    column("指标核对", "Numbers checked", 20, Look::Prose),
    column("待核实", "To verify", 16, Look::Prose),
    column("来源文件/行", "Source file/row", 18, Look::Prose),
    FEEDBACK,
    REASON,
    column("备注", "Remarks", 10, Look::Prose).english(15),
    RECORDS,
];

/// The columns of 需求→供给: those of the pairs, and before the answers how well the demand is
/// stated.
pub(super) const DEMAND_COLUMNS: [Column; 23] = {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, answers @ ..] = PAIR_COLUMNS;
    let [q, r, s, t] = answers;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, QUALITY, TRIAGE, QUESTIONS, q, r, s, t]
};

/// The columns of the list of demands that nothing answers.
pub(super) const GAP_COLUMNS: [Column; 17] = [
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
    QUALITY,
    TRIAGE,
    QUESTIONS,
    column("来源文件/行", "Source file/row", 18, Look::Prose),
    column("反馈", "Feedback", 10, Look::Short),
    column("备注", "Remarks", 10, Look::Prose).english(15),
];

/// The columns of the list of joint answers; one row per supply of an answer.
pub(super) const JOINT_COLUMNS: [Column; 18] = [
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
    FEEDBACK,
    REASON,
    column("备注", "Remarks", 10, Look::Prose).english(15),
    RECORDS,
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
            Self::ByDemand => &DEMAND_COLUMNS,
            Self::Gaps => &GAP_COLUMNS,
            Self::Joint => &JOINT_COLUMNS,
            Self::Compared => &COMPARED_COLUMNS,
            _ => &PAIR_COLUMNS,
        }
    }

    /// The place of a column by its Chinese heading.
    fn place(self, zh: &str) -> Option<u16> {
        let at = self.columns().iter().position(|column| column.heading.zh == zh)?;
        u16::try_from(at).ok()
    }

    /// The columns that are answered by choosing from a list: place, heading, choices.
    ///
    /// Answers and reasons are those that can be read back; together the choices of a column stay
    /// below the 255 characters that a drop-down may hold.
    pub(super) fn choices(self, lang: Lang) -> Vec<(u16, &'static str, Vec<&'static str>)> {
        let answers: Vec<&str> = match self {
            Self::Gaps => GAP_ANSWERS.iter().map(|word| word.get(lang)).collect(),
            _ => Answer::ALL.iter().map(|answer| answer.label(lang)).collect(),
        };
        let reasons = Reason::ALL.iter().map(|reason| reason.label(lang)).collect();
        [(FEEDBACK, answers), (REASON, reasons)]
            .into_iter()
            .filter_map(|(column, choices)| {
                Some((self.place(column.heading.zh)?, column.heading.get(lang), choices))
            })
            .collect()
    }

    /// The columns that are kept out of sight.
    pub(super) fn hidden(self) -> Option<u16> {
        self.place(RECORDS.heading.zh)
    }
}

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
             依据(原文),指标核对,待核实,来源文件/行,反馈,原因,备注,对应记录"
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
                for (_, _, choices) in list.choices(lang) {
                    assert!(choices.join(",").chars().count() <= 255);
                    assert!(choices.iter().all(|choice| !choice.contains(',')));
                }
            }
        }
    }
}
