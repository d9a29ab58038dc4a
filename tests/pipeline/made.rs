//! Two lists made up for these tests, and runs over them. Every sentence and owner is invented.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use duijie::kernel::BackendChoice;
use duijie::pipeline::{MatchOptions, PairRecord, RunSummary, Silent, run_match};
use jiff::Zoned;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// A contact person who must be found nowhere.
pub(crate) const PERSON: &str = "濮阳鹊起";
/// Her telephone, address and mail.
pub(crate) const TELEPHONE: &str = "0999-5550-7788";
pub(crate) const ADDRESS: &str = "旋覆路九千零七号";
pub(crate) const MAIL: &str = "queqi@contact.invalid";
/// What a classified row says.
pub(crate) const CLASSIFIED: &str = "潜望镜隔振基座不得外传";
/// What stands in a column that is dropped.
pub(crate) const DROPPED: &str = "内部批注勿看";

/// Object, process, figure with unit, class, and what the two sides say about it.
type Topic = [&'static str; 6];

const TOPICS: [Topic; 8] = [
    [
        "碳化硅衬底",
        "化学机械抛光",
        "表面粗糙度不大于0.2nm",
        "新材料——半导体材料",
        "晶片边缘塌边，亚表面损伤层去不干净，外延良率低",
        "氧化剂与磨粒协同去除损伤层，抛光垫在线修整，全片厚度偏差小",
    ],
    [
        "Ti-6Al-4V叶片",
        "激光增材制造",
        "孔隙率低于0.05%",
        "高端装备——增材制造",
        "成形后残余应力大，叶尖翘曲，疲劳试验提前断裂",
        "分区扫描加原位退火降低残余应力，附近净成形与热等静压工艺包",
    ],
    [
        "燃料电池双极板",
        "石墨涂层",
        "接触电阻不大于5mΩ·cm²",
        "新能源——氢能",
        "不锈钢极板运行两千小时后腐蚀，电堆功率衰减",
        "非晶碳涂层连续卷绕镀膜，弯折后不脱层，耐腐蚀电流密度低",
    ],
    [
        "苹果园",
        "病虫害图像识别",
        "识别准确率不低于95%",
        "现代农业——智慧农业",
        "褐斑病和红蜘蛛早期靠人眼看，打药总是晚一周",
        "果园巡检小车拍摄叶片背面，轻量网络在边缘端判别病斑与虫口密度",
    ],
    [
        "综采工作面",
        "粉尘浓度在线监测",
        "量程0至1000mg/m³",
        "公共安全——矿山安全",
        "激光粉尘仪镜头半天就糊，数据漂移，喷雾不能联动",
        "电荷感应法测尘，无光学窗口，自带反吹，直接联动喷雾降尘",
    ],
    [
        "羊乳粉",
        "脱膻与低温喷雾干燥",
        "乳铁蛋白保留率大于80%",
        "食品——乳制品",
        "羊奶膻味重，高温干燥后活性蛋白损失大",
        "真空闪蒸脱除短链脂肪酸，低温脉动喷雾干燥保留活性",
    ],
    [
        "50Gbps PAM4光模块",
        "时钟数据恢复芯片",
        "误码率低于1E-12",
        "新一代信息技术——光子",
        "国外时钟恢复芯片断供，现有方案功耗高、抖动大",
        "基于C++行为模型设计的PAM4接收机，自适应均衡与低抖动锁相环",
    ],
    [
        "市政污泥",
        "低温热泵干化",
        "含水率降到30%以下",
        "节能环保——固废处理",
        "板框压滤后仍有六成水，填埋场拒收，臭气扰民",
        "闭式除湿热泵带式干化机，热量回收，无臭气外排",
    ],
];

const MATURITIES: [&str; 6] = ["正在研发", "通过小试", "已有样品", "通过中试", "可以量产", ""];
const COOPERATIONS: [&str; 4] = ["合作开发", "技术转让", "委托开发、技术服务", ""];
const ASKS: [&str; 4] = ["产线升级", "小批试制", "旧设备改造", "新厂建设"];
const OFFERS: [&str; 5] = ["成套技术", "关键装置", "工艺包", "检测服务", "应用软件"];

/// The demands as the rows of a collected table, one CSV line each.
pub(crate) fn demand_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for n in 0..32_usize {
        let [object, process, figure, class, trouble, _] = TOPICS[n % 8];
        let ask = ASKS[n / 8];
        // The last ask of each topic states no maturity; every fifth no date.
        let wanted = if n / 8 == 3 { "" } else { MATURITIES[(n * 5) % 6] };
        let posted = if n % 5 == 4 {
            String::new()
        } else {
            format!("2026-{:02}-{:02}", 1 + n % 8, 1 + n % 28)
        };
        let valid = if n % 7 == 0 { "2026-01-01至2026-05-31" } else { "2026-01-01至2027-12-31" };
        rows.push(format!(
            "XQ-2026-{:04},{object}{process}（{ask}）,\"我厂{ask}遇到难题：{trouble}。希望采用{process}，\
             {figure}，第{}条线每天处理{}件，一年内验收。\",{class},{},{},{wanted},{valid},\
             虚构第{n}厂,{PERSON},{TELEPHONE},{ADDRESS},{MAIL},{posted},{},{DROPPED}",
            n + 1,
            n + 1,
            100 + 37 * n,
            COOPERATIONS[n % 4],
            50 + n,
            if n % 3 == 0 { "公开" } else { "" },
        ));
    }
    rows
}

pub(crate) const DEMAND_HEADINGS: &str = "需求编号,技术需求名称,技术需求详情,需求领域,合作方式,\
     投入资金(万元),成熟度要求,有效期,单位名称,联系人,联系电话,联系地址,电子邮箱,发布日期,密级,办公室批注";

/// The supplies as JSON objects, one line each.
pub(crate) fn supply_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for n in 0..40_usize {
        let [object, process, figure, class, _, answer] = TOPICS[n % 8];
        let offer = OFFERS[n / 8];
        let mut row = serde_json::json!({
            "id": format!("GJ-2026-{:04}", n + 1),
            "name": format!("{object}{process}{offer}"),
            "context": format!(
                "本团队提供{process}{offer}。{answer}。实测{figure}，已在{}家单位试用{}个月。",
                1 + n / 8, 3 + n
            ),
            "classification": class,
            "maturity": MATURITIES[n % 6],
            "cooperationMethod": COOPERATIONS[(n / 3) % 4],
            "price": if n % 2 == 0 { "面议".to_owned() } else { format!("{}万元", 20 + n) },
            "organization": format!("虚构第{n}研究室"),
            "contact": PERSON,
            "phone": TELEPHONE,
            "address": ADDRESS,
            "email": MAIL,
        });
        if n % 6 != 5 {
            row["postTime"] = format!("2025-{:02}-{:02}", 1 + n % 12, 1 + n % 28).into();
        }
        if n % 9 == 2 {
            row["time"] = "2025-01-01至2026-03-31".into();
        }
        rows.push(row.to_string());
    }
    rows
}

pub(crate) fn write_demands(dir: &Path, rows: &[String]) -> PathBuf {
    let path = dir.join("demands.csv");
    let mut text = format!("{DEMAND_HEADINGS}\n");
    for row in rows {
        writeln!(text, "{row}").expect("a string");
    }
    fs::write(&path, text).expect("the list is written");
    path
}

pub(crate) fn write_supplies(dir: &Path, rows: &[String]) -> PathBuf {
    let path = dir.join("supplies.jsonl");
    fs::write(&path, rows.join("\n")).expect("the list is written");
    path
}

/// Writes both lists as they are and gives the options of a run over them into `dir/out`.
pub(crate) fn options(dir: &Path) -> MatchOptions {
    let demands = write_demands(dir, &demand_rows());
    let supplies = write_supplies(dir, &supply_rows());
    options_for(demands, supplies, dir.join("out"))
}

/// Options with a fixed clock, the processor, and the office's own column dropped.
pub(crate) fn options_for(demands: PathBuf, supplies: PathBuf, out: PathBuf) -> MatchOptions {
    let mut options = MatchOptions::new(vec![demands], vec![supplies], out, started_at());
    options.backend = BackendChoice::Cpu;
    options
}

pub(crate) fn started_at() -> Zoned {
    date(2026, 9, 1).at(8, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a time of UTC")
}

pub(crate) fn run(options: &MatchOptions) -> RunSummary {
    run_match(options, &Silent).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn pairs(out: &Path) -> Vec<PairRecord> {
    let text = fs::read_to_string(out.join("matches.jsonl")).expect("a run's pairs");
    text.lines().map(|line| serde_json::from_str(line).expect("a pair")).collect()
}

/// Query → (document, score as written), in order.
pub(crate) fn ranking(out: &Path, name: &str) -> Vec<(String, Vec<(String, String)>)> {
    let text = fs::read_to_string(out.join(name)).expect(name);
    let mut lists: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [query, "Q0", document, rank, score, _tag] = fields[..] else {
            panic!("{name}: {line}")
        };
        if lists.last().is_none_or(|(last, _)| last != query) {
            lists.push((query.to_owned(), Vec::new()));
        }
        let list = &mut lists.last_mut().expect("just pushed").1;
        list.push((document.to_owned(), score.to_owned()));
        assert_eq!(rank, list.len().to_string(), "{name}: ranks count from 1: {line}");
    }
    lists
}
