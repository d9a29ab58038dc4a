//! A run made up for these tests: fictional records, pairs and scores.
//!
//! Eleven fields, each with two demands and three supplies that share a phrase, and two demands
//! of fields that nobody serves. Every sentence is invented; so is every owner.

use std::collections::BTreeMap;

use duijie::kernel::{BackendInfo, BackendKind};
use duijie::matching::{Feedback, Quality, choose_questions, quality};
use duijie::model::{
    ColumnUse, Contact, CooperationMode, DemandIdx, Intake, Lang, Match, Maturity, MergedRow,
    Micro, Part, PartValues, Price, Quote, QuoteField, Record, RecordId, RejectedRow, Rejection,
    Repair, RepairKind, Side, SkipReason, SkippedRow, SourceRef, SupplyIdx, SupplyKind,
    TableIntake, Verdict, Visibility,
};
use duijie::report::{Compared, Gap, Joint, JointMember, RunFacts, RunView};
use jiff::civil::{Date, date};

/// A number that must not be found in any document.
pub(crate) const TELEPHONE: &str = "13900001234";
/// A person who must not be found in any document.
pub(crate) const PERSON: &str = "欧阳联系";
/// An owner who wishes to stay unnamed.
pub(crate) const UNNAMED: &str = "终南山密封件作坊";
/// A title that would be a formula.
pub(crate) const FORMULA: &str = "=HYPERLINK(\"http://example.invalid\",\"点我\")";
/// A title that would be a script.
pub(crate) const SCRIPT: &str = "<script>alert('x')</script>窑炉节能改造";
/// A patent number that a spreadsheet would show as 2.02E+13.
pub(crate) const PATENT: &str = "202010123456789";

/// Field, phrase shared by its records, two demands, three supplies.
type Topic = (&'static str, &'static str, [&'static str; 2], [&'static str; 3]);

const TOPICS: [Topic; 11] = [
    (
        "制造业——专用设备制造",
        "炉温均匀性控制",
        ["陶瓷辊道窑炉温均匀性提升", "真空退火炉温度场优化"],
        ["多区炉温闭环控制系统", "辐射管炉温场在线重构方法", "窑炉燃烧自整定软件"],
    ),
    (
        "制造业——有色金属冶炼和压延加工",
        "钛合金板材轧制",
        ["Ti-6Al-4V 薄板轧制边裂控制", "钛合金宽幅板表面质量改进"],
        ["钛合金板材温轧工艺包", "轧制边裂预测与张力补偿", "钛板表面氧化皮快速去除装置"],
    ),
    (
        "制造业——计算机、通信和其他电子设备制造",
        "SiC衬底抛光",
        ["6英寸SiC衬底抛光效率提升", "碳化硅晶片亚表面损伤检测"],
        ["SiC衬底化学机械抛光液", "晶片亚表面损伤无损检测仪", "大尺寸晶圆减薄夹持装置"],
    ),
    (
        "制造业——汽车制造",
        "电池包热管理",
        ["低温环境电池包热管理方案", "快充工况电池均温"],
        ["直冷式电池包热管理系统", "相变材料均温板", "电池热失控早期预警算法"],
    ),
    (
        "制造业——医药制造",
        "中药提取物纯化",
        ["丹参中药提取物纯化收率提升", "中药配方颗粒溶化性改进"],
        ["大孔树脂连续层析装备", "中药提取物纯化过程近红外监测", "膜分离浓缩成套技术"],
    ),
    (
        "农业——果树种植",
        "苹果采后保鲜",
        ["苹果采后保鲜与货架期预测", "果品产地快速预冷设备"],
        ["气调贮藏智能控制系统", "苹果采后保鲜涂膜材料", "果实内部品质无损分选线"],
    ),
    (
        "信息传输、软件和信息技术服务——软件",
        "工业设备故障诊断",
        ["风机齿轮箱工业设备故障诊断", "空压机群能耗异常识别"],
        ["振动与电流融合诊断平台", "小样本工业设备故障诊断模型", "边缘侧数据采集网关"],
    ),
    (
        "采矿业——煤炭开采",
        "井下瓦斯抽采",
        ["低透气煤层井下瓦斯抽采增效", "掘进面粉尘治理"],
        ["水力割缝增透成套装备", "井下瓦斯抽采钻孔封孔材料", "干式除尘风幕系统"],
    ),
    (
        "制造业——化学原料和化学制品",
        "含盐废水处理",
        ["煤化工高含盐废水处理降本", "印染废水脱色"],
        ["双极膜电渗析资源化装置", "含盐废水处理分盐结晶工艺", "臭氧催化氧化填料"],
    ),
    (
        "制造业——航空、航天器制造",
        "复合材料无损检测",
        ["蜂窝夹芯复合材料无损检测", "叶片复材分层快速识别"],
        ["空气耦合超声检测机器人", "红外热波成像检测系统", "复合材料无损检测缺陷数据库"],
    ),
    (
        "电力、热力生产——新能源发电",
        "光伏组件清洗",
        ["西北荒漠光伏组件清洗节水", "光伏支架抗风优化"],
        ["无水光伏组件清洗机器人", "自清洁纳米涂层", "电站积灰监测与清洗决策系统"],
    ),
];

/// Everything a view borrows.
pub(crate) struct Run {
    pub(crate) demands: Vec<Record>,
    pub(crate) supplies: Vec<Record>,
    pub(crate) demand_intake: Intake,
    pub(crate) supply_intake: Intake,
    pub(crate) matches: Vec<Match>,
    pub(crate) by_demand: Vec<Vec<u32>>,
    pub(crate) by_supply: Vec<Vec<u32>>,
    pub(crate) allocated_by_demand: Vec<Vec<u32>>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) joint: Vec<Joint>,
    pub(crate) compared: Vec<Compared>,
    pub(crate) qualities: Vec<Quality>,
    pub(crate) feedback: Option<Feedback>,
    pub(crate) facts: RunFacts,
    pub(crate) lang: Lang,
}

fn record(side: Side, row: usize, title: &str, body: String, field: &str) -> Record {
    let number = row + 1;
    let (prefix, file, owners): (_, _, [&str; 4]) = match side {
        Side::Demand => (
            "XQ",
            "demands.xlsx",
            ["渭滨精工有限公司", "秦岭陶瓷厂", "泾河新材料公司", "陇东果业合作社"],
        ),
        Side::Supply => {
            ("GJ", "supplies.csv", ["长乐理工大学", "西秦材料研究所", "终南大学", "灞桥机电研究院"])
        }
    };
    let row = u32::try_from(row).expect("few rows");
    let posted = date(2020, 1, 1).saturating_add(jiff::Span::new().days(i64::from(row) * 9));
    Record {
        side,
        id: RecordId(format!("{side:?}{row}")),
        number: format!("{prefix}-2020-{number:04}"),
        title: title.to_owned(),
        body,
        keywords: Vec::new(),
        classification: vec![field.split("——").map(str::to_owned).collect()],
        codes: Vec::new(),
        organization: Some(owners[row as usize % 4].to_owned()),
        region: None,
        cooperation: if row % 3 == 0 {
            vec![CooperationMode::JointDevelopment]
        } else {
            vec![CooperationMode::Transfer, CooperationMode::Service]
        },
        maturity: (side == Side::Supply && row % 6 != 5).then(|| Maturity::ALL[row as usize % 5]),
        maturity_stated: None,
        supply_kind: (side == Side::Supply).then_some(SupplyKind::Result),
        legal_status: None,
        supplements: Vec::new(),
        contradictions: Vec::new(),
        ip_status: None,
        price: None,
        posted_on: Some(posted),
        valid_from: Some(posted),
        valid_until: Some(posted.saturating_add(jiff::Span::new().years(1))),
        visibility: Visibility::Public,
        contact: Contact {
            person: Some(PERSON.to_owned()),
            telephone: Some(TELEPHONE.to_owned()),
            email: Some("lianxi@example.invalid".to_owned()),
            address: Some("无名路一百号".to_owned()),
        },
        source: SourceRef {
            file: file.to_owned(),
            sheet: (side == Side::Demand).then(|| "需求征集".to_owned()),
            row: row + 4,
        },
        duplicate_group: None,
        extra: vec![("备用电话".to_owned(), TELEPHONE.to_owned())],
    }
}

fn intake(side: Side, records: &[Record]) -> Intake {
    let sample = &records[0].source;
    let at = |row| SourceRef { row, ..sample.clone() };
    let column = |heading: &str, field: Option<&str>| ColumnUse {
        heading: heading.to_owned(),
        field: field.map(str::to_owned),
        unit: (heading == "投入资金(万元)").then(|| "万元".to_owned()),
        dropped: false,
    };
    let last = u32::try_from(records.len()).expect("few") + 4;
    let skipped = [
        (1, SkipReason::Title),
        (2, SkipReason::Title),
        (3, SkipReason::Heading),
        (last + 3, SkipReason::Total),
    ];
    Intake {
        side,
        records: Vec::new(),
        merged: vec![MergedRow { source: at(last), into: at(4) }],
        skipped: skipped
            .map(|(row, reason)| SkippedRow {
                source: at(row),
                reason,
                text: format!("填报人 {PERSON} {TELEPHONE}"),
            })
            .to_vec(),
        rejected: vec![
            RejectedRow {
                source: at(last + 1),
                kind: Rejection::Faulty,
                column: Some("需求名称".to_owned()),
                reason: "名称为空".to_owned(),
                cells: vec![("联系电话".to_owned(), TELEPHONE.to_owned())],
            },
            RejectedRow {
                source: at(last + 2),
                kind: Rejection::Classified,
                column: None,
                reason: format!("密级为“秘密”，不予导入，请联系{TELEPHONE}"),
                cells: Vec::new(),
            },
        ],
        repairs: vec![
            Repair {
                source: at(6),
                column: "有效期".to_owned(),
                kind: RepairKind::Date,
                before: "2020-01-1310:49:39.0至2021-01-13".to_owned(),
                after: "2020-01-13 至 2021-01-13".to_owned(),
            },
            Repair {
                source: at(7),
                column: "联系电话".to_owned(),
                kind: RepairKind::Whitespace,
                before: format!(" {TELEPHONE}"),
                after: TELEPHONE.to_owned(),
            },
        ],
        files: Vec::new(),
        tables: vec![TableIntake {
            file: sample.file.clone(),
            sha256: "0".repeat(64),
            sheet: sample.sheet.clone(),
            format: if sample.sheet.is_some() { "xlsx" } else { "csv" }.to_owned(),
            encoding: sample.sheet.is_none().then(|| "GB18030".to_owned()),
            header_row: Some(3),
            columns: vec![
                column("名称", Some("title")),
                column("详细描述", Some("body")),
                column("投入资金(万元)", Some("price")),
                column("联系电话", Some("contact.telephone")),
                column("有效期", Some("valid")),
                column("对接专员意见", None),
            ],
            rows_in: records.len() + 1 + 4 + 2,
        }],
        near_duplicates: vec![vec![2, 3]],
    }
}

/// A number in `0..1000` that looks like chance and is the same every time.
fn dice(a: usize, b: usize, c: usize) -> i32 {
    let mixed = (a * 7919 + b * 104_729 + c * 1_299_709 + 17).wrapping_mul(2_654_435_761);
    i32::try_from(mixed / 64 % 1000).expect("below a thousand")
}

const WEIGHTS: [[i32; 8]; 2] =
    [[300, 0, 350, 0, 0, 150, 100, 100], [260, 0, 380, 0, 0, 160, 120, 80]];

fn contributions(pair: &Match, side: Side) -> PartValues {
    let (parts, weights) = match side {
        Side::Demand => (&pair.parts_for_demand, WEIGHTS[0]),
        Side::Supply => (&pair.parts_for_supply, WEIGHTS[1]),
    };
    let mut out = [None; Part::ALL.len()];
    for (place, part) in parts.iter().enumerate() {
        out[place] = part.map(|value| Micro(value.0 / 1000 * weights[place]));
    }
    out
}

impl Run {
    /// The run as it stands: 24 demands, 33 supplies.
    pub(crate) fn new() -> Self {
        let mut demands = Vec::new();
        let mut supplies = Vec::new();
        for (topic, (field, phrase, wanted, offered)) in TOPICS.iter().enumerate() {
            for title in wanted {
                let row = demands.len();
                let body = format!(
                    "企业现有产线在“{title}”方面遇到困难，成品率长期徘徊在八成左右。希望引入成熟的{phrase}技术，\
                     要求关键指标较现状改善{}%以上，设备连续运行不少于{}小时；改造期间不停产。\n\
                     技术指标：与现有控制系统兼容，投资回收期不超过{}个月。",
                    10 + dice(topic, row, 1) % 40,
                    500 + dice(topic, row, 2),
                    12 + dice(topic, row, 3) % 24,
                );
                demands.push(record(Side::Demand, row, title, body, field));
            }
            for title in offered {
                let row = supplies.len();
                let body = format!(
                    "本成果针对{phrase}中的共性难题，提出“{title}”整体方案。与常规做法相比，能耗降低{}%，\
                     关键指标波动减小一半；已在{}条产线试用，支持{phrase}的在线监测与远程维护。",
                    5 + dice(topic, row, 4) % 30,
                    1 + dice(topic, row, 5) % 6,
                );
                supplies.push(record(Side::Supply, row, title, body, field));
            }
        }
        for title in ["深海养殖网箱抗台风设计", "古籍纸张脱酸"] {
            let row = demands.len();
            demands.push(record(Side::Demand, row, title, "希望了解。".to_owned(), "其他——未分类"));
        }
        demands[3].title = FORMULA.to_owned();
        demands[3].price = Some(Price::Yuan(300_000.0));
        demands[1].title = SCRIPT.to_owned();
        demands[1].body += &format!("\n联系人{PERSON}，电话{TELEPHONE}。");
        demands[5].visibility = Visibility::Internal;
        demands[22].price = Some(Price::Yuan(1_250_000.0));
        supplies[0].visibility = Visibility::Anonymous;
        supplies[0].organization = Some(UNNAMED.to_owned());
        supplies[0].body = format!("{UNNAMED}多年从事炉温均匀性控制，可现场调试。");
        supplies[4].supply_kind = Some(SupplyKind::Patent);
        supplies[4].number = PATENT.to_owned();
        supplies[4].id = RecordId(PATENT.to_owned());
        for row in [2, 3] {
            demands[row].duplicate_group = Some(0);
            supplies[row].duplicate_group = Some(0);
        }
        Self::judged(demands, supplies)
    }

    /// Judges every pair of one field, and every demand against one foreign supply.
    pub(crate) fn judged(demands: Vec<Record>, supplies: Vec<Record>) -> Self {
        let mut matches: Vec<Match> = Vec::new();
        for (d, demand) in demands.iter().enumerate() {
            for (s, supply) in supplies.iter().enumerate() {
                let same = demand.classification == supply.classification;
                if same || s == (d * 5 + 3) % supplies.len() {
                    matches.push(judge(d, s, same));
                }
            }
        }
        let by_demand = ranked(&mut matches, demands.len(), Side::Demand);
        let by_supply = ranked(&mut matches, supplies.len(), Side::Supply);
        let mut allocated_by_demand = vec![Vec::new(); demands.len()];
        for (demand, list) in by_demand.iter().enumerate() {
            for &index in list.iter().take(2) {
                if matches[index as usize].verdict != Verdict::NoMatch {
                    matches[index as usize].allocated = true;
                    allocated_by_demand[demand].push(index);
                }
            }
        }
        let gaps = (0..)
            .zip(&by_demand)
            .filter(|(_, list): &(u32, &Vec<u32>)| {
                list.iter().all(|&i| matches[i as usize].verdict == Verdict::NoMatch)
            })
            .map(|(demand, list)| Gap {
                demand: DemandIdx(demand),
                nearest: list.first().copied(),
                lacks: "最接近的成果属于不同领域，未提到所需的对象和工况".to_owned(),
                question: Some(
                    "请补充应用对象、关键指标及现有做法，例如尺寸、介质、目标值".to_owned(),
                ),
            })
            .collect();
        let qualities = (demands.iter())
            .map(|demand| {
                let mut judged = quality(demand, date(2026, 9, 1));
                judged.questions = choose_questions(&judged, &[]);
                judged
            })
            .collect();
        let demand_intake = intake(Side::Demand, &demands);
        let supply_intake = intake(Side::Supply, &supplies);
        let joint = joint(&demands, &by_demand);
        Self {
            demands,
            supplies,
            demand_intake,
            supply_intake,
            matches,
            by_demand,
            by_supply,
            allocated_by_demand,
            gaps,
            joint,
            compared: compared(),
            qualities,
            feedback: None,
            facts: facts(),
            lang: Lang::Zh,
        }
    }

    /// Lends the run to `with` as a view.
    pub(crate) fn view<T>(&self, with: impl FnOnce(&RunView<'_>) -> T) -> T {
        let quotes = |pair: &Match| self.quotes(pair);
        let to_verify = |pair: &Match| {
            if pair.supply.0.is_multiple_of(2) {
                vec![
                    format!("供给已过有效期，先确认是否仍有效（原联系电话{TELEPHONE}）"),
                    "成熟度为自述".to_owned(),
                ]
            } else {
                Vec::new()
            }
        };
        with(&RunView {
            demands: &self.demands,
            supplies: &self.supplies,
            demand_intake: &self.demand_intake,
            supply_intake: &self.supply_intake,
            matches: &self.matches,
            by_demand: &self.by_demand,
            by_supply: &self.by_supply,
            allocated_by_demand: &self.allocated_by_demand,
            gaps: &self.gaps,
            joint: &self.joint,
            compared: &self.compared,
            quotes: &quotes,
            contributions: &contributions,
            to_verify: &to_verify,
            numbers: &|_| Vec::new(),
            qualities: &self.qualities,
            feedback: self.feedback.as_ref(),
            versions: &|pair| {
                format!("d-{}@aa ↔ s-{}@bb · 2026-09-01", pair.demand.0, pair.supply.0)
            },
            run: &self.facts,
            lang: self.lang,
        })
    }

    /// Quotes the field's phrase from each body, and the first sentence of the demand.
    fn quotes(&self, pair: &Match) -> Vec<Quote> {
        let sides = [&self.demands[pair.demand.get()], &self.supplies[pair.supply.get()]];
        let mut quotes = Vec::new();
        for record in sides {
            for (_, phrase, ..) in &TOPICS {
                for (part, wanted) in [
                    (Part::Lexical, *phrase),
                    (Part::Dense, "关键指标较现状改善"),
                    (Part::Dense, "关键指标波动减小一半"),
                ] {
                    let Some(byte) = record.body.find(wanted) else { continue };
                    let count = |text: &str| u32::try_from(text.chars().count()).expect("short");
                    let start = count(&record.body[..byte]);
                    let quote = Quote {
                        part,
                        side: record.side,
                        field: QuoteField::Body,
                        start,
                        end: start + count(wanted),
                        text: wanted.to_owned(),
                        synonyms: Vec::new(),
                    };
                    if !quotes.contains(&quote) {
                        quotes.push(quote);
                    }
                }
            }
        }
        quotes
    }
}

/// Joint answers of the first two demands, by their first two supplies; the second demand's text
/// holds a telephone number.
fn joint(demands: &[Record], by_demand: &[Vec<u32>]) -> Vec<Joint> {
    let quote = |record: &Record, from: &str| {
        let start = record.body.find(from).map_or(0, |byte| record.body[..byte].chars().count());
        let text: String = record.body.chars().skip(start).collect();
        let count = |n: usize| u32::try_from(n).expect("short");
        let end = count(start + text.chars().count());
        let (part, side, field) = (Part::Dense, Side::Demand, QuoteField::Body);
        Quote { part, side, field, start: count(start), end, text, synonyms: Vec::new() }
    };
    let two = |row: &u32| by_demand.get(*row as usize).is_some_and(|list| list.len() > 1);
    (0_u32..2)
        .filter(two)
        .map(|row| {
            let (demand, list) = (&demands[row as usize], &by_demand[row as usize]);
            let member = |place: usize, from: &str| JointMember {
                pair: list[place],
                gain: Micro(250_000),
                covers: vec![quote(demand, from)],
                shares_owner: row == 1,
            };
            Joint {
                demand: DemandIdx(row),
                members: vec![member(0, "希望引入"), member(1, "要求关键")],
                coverage: Micro(640_000),
                best_single: Micro(390_000),
                remainder: vec![quote(demand, "技术指标")],
                parties: 2 - row,
            }
        })
        .collect()
}

/// Two ways of handing out, of which the first is the run's.
fn compared() -> Vec<Compared> {
    [("总分最大（最小费用流）", true), ("稳定匹配（延迟接受）", false)]
        .map(|(name, handed_out)| Compared {
            name: name.to_owned(),
            worthwhile_only: true,
            handed_out,
            entries: 48,
            demands: 22,
            coverage: 0.875,
            gini: 0.304_26,
            largest_exposure: 10,
            mutual_at_10: 0.5,
            one_sided_loss: 0.099,
            total_mutual: 12.345_678,
            blocking_pairs: if handed_out { 3 } else { 0 },
        })
        .to_vec()
}

fn judge(d: usize, s: usize, same: bool) -> Match {
    let base = if same { 350 } else { 20 };
    let part = |n: usize| Some(Micro((base + dice(d, s, n) * (950 - base) / 1000) * 1000));
    let missing = |n: usize, gone: bool| if gone { None } else { part(n) };
    let parts = [
        part(1),
        None,
        part(2),
        part(5),
        None,
        Some(if same { Micro::ONE } else { Micro::ZERO }),
        part(3),
        missing(4, s % 6 == 5),
    ];
    let mut pair = Match {
        demand: DemandIdx(u32::try_from(d).expect("few")),
        supply: SupplyIdx(u32::try_from(s).expect("few")),
        rank_for_demand: None,
        rank_for_supply: None,
        parts_for_demand: parts,
        parts_for_supply: parts,
        score_for_demand: Micro::ZERO,
        score_for_supply: Micro::ZERO,
        probability_for_demand: Micro::ZERO,
        probability_for_supply: Micro::ZERO,
        mutual_score: Micro::ZERO,
        confidence: if s % 6 == 5 { Micro(900_000) } else { Micro::ONE },
        verdict: Verdict::NoMatch,
        allocated: false,
        vetoes: if d.is_multiple_of(4) {
            vec![duijie::model::Veto::DemandExpired]
        } else {
            Vec::new()
        },
    };
    pair.score_for_demand = contributions(&pair, Side::Demand).into_iter().flatten().sum();
    pair.score_for_supply = contributions(&pair, Side::Supply).into_iter().flatten().sum();
    let logistic =
        |score: Micro| Micro::from_unit(1.0 / (1.0 + (-10.0 * (score.to_f64() - 0.68)).exp()));
    pair.probability_for_demand = logistic(pair.score_for_demand);
    pair.probability_for_supply = logistic(pair.score_for_supply);
    let (a, b) = (pair.probability_for_demand.to_f64(), pair.probability_for_supply.to_f64());
    pair.mutual_score = Micro::from_unit(2.0 * a * b / (a + b));
    pair.verdict = match pair.probability().0 {
        600_000.. => Verdict::Recommend,
        300_000.. => Verdict::Discuss,
        _ => Verdict::NoMatch,
    };
    pair
}

fn ranked(matches: &mut [Match], n: usize, side: Side) -> Vec<Vec<u32>> {
    let mut lists: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (index, pair) in (0..).zip(matches.iter()) {
        let asker = if side == Side::Demand { pair.demand.get() } else { pair.supply.get() };
        lists.entry(asker).or_default().push(index);
    }
    let mut out = vec![Vec::new(); n];
    for (asker, mut list) in lists {
        list.sort_by_key(|&index| {
            let pair = &matches[index as usize];
            let score =
                if side == Side::Demand { pair.score_for_demand } else { pair.score_for_supply };
            (std::cmp::Reverse(score), index)
        });
        for (rank, &index) in (1..).zip(&list) {
            let pair = &mut matches[index as usize];
            match side {
                Side::Demand => pair.rank_for_demand = Some(rank),
                Side::Supply => pair.rank_for_supply = Some(rank),
            }
        }
        out[asker] = list;
    }
    out
}

fn facts() -> RunFacts {
    let as_of: Date = date(2021, 3, 1);
    RunFacts {
        version: "0.1.0".to_owned(),
        started_at: as_of
            .at(2, 30, 5, 0)
            .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)))
            .expect("a fixed offset has every time"),
        as_of,
        data_until: Some(date(2020, 10, 24)),
        backend: BackendInfo {
            kind: BackendKind::Gpu,
            adapter: "llvmpipe".to_owned(),
            driver: "Mesa, Vulkan".to_owned(),
            software: true,
        },
        embedder: "内置静态模型 duijie-zh-1（256 维）".to_owned(),
        timings: vec![
            ("导入".to_owned(), 0.42),
            ("索引".to_owned(), 1.3),
            ("向量".to_owned(), 0.81),
            ("评分与分配".to_owned(), 2.07),
        ],
        per_demand: 2,
        per_supply: 10,
        top: 20,
        recommend_from: Micro(600_000),
        discuss_from: Micro(300_000),
        calibration: "由 212 对人工分级的配对拟合，两方向各一条曲线".to_owned(),
        stale_hours: None,
        provisional: true,
        notes: vec!["本次清单为演示而编写，单位与成果均为虚构".to_owned()],
    }
}
