//! Stated fields that the record's own text contradicts.
//!
//! A list says 非专利技术 and the description begins with 本发明; it says 可以量产 and the text says
//! that the work is at the laboratory stage. Which of the two is right is for a person to find
//! out: the field shows 待核实 with both quotes, and counts as missing. The words are data
//! (`corpus/contradiction_cues.toml`).

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::model::{Contradiction, Lang, Maturity, Price, QuoteField, Record, Side, StatedField};
use crate::text::{char_range, sentences};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    patent: CueWords,
    pending: CueWords,
    lapsed: CueWords,
    research: CueWords,
    production: CueWords,
    price: CueWords,
    budget: CueWords,
    region: CueWords,
    provinces: Provinces,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CueWords {
    words: Vec<String>,
    not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provinces {
    names: Vec<Vec<String>>,
}

/// Words to look for in a clause, and words that take a find back.
struct Cue {
    words: Regex,
    not: Option<Regex>,
}

impl Cue {
    fn new(words: &CueWords) -> Self {
        let any = |patterns: &[String]| {
            Regex::new(&patterns.join("|")).expect("the cues that ship, checked by a test")
        };
        let not = (!words.not.is_empty()).then(|| {
            let escaped: Vec<String> = words.not.iter().map(|word| regex::escape(word)).collect();
            any(&escaped)
        });
        Self { words: any(&words.words), not }
    }

    /// The first find in a text, in bytes: a sentence at a time, so that time stays linear and
    /// what takes a find back stands near it.
    fn find(&self, text: &str) -> Option<Range<usize>> {
        if !self.words.is_match(text) {
            return None;
        }
        sentences(text).into_iter().flat_map(|sentence| clauses_of(text, sentence)).find_map(
            |clause| {
                let part = &text[clause.clone()];
                let found = self.words.find(part)?;
                let taken_back = self.not.as_ref().is_some_and(|not| not.is_match(part));
                (!taken_back).then(|| clause.start + found.start()..clause.start + found.end())
            },
        )
    }
}

/// The parts of a sentence between commas.
fn clauses_of(text: &str, sentence: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut start = sentence.start;
    text[sentence.clone()].split_inclusive(['，', ',', '；', ';']).map(move |part| {
        let range = start..start + part.len();
        start = range.end;
        range
    })
}

struct Cues {
    patent: Cue,
    pending: Cue,
    lapsed: Cue,
    research: Cue,
    production: Cue,
    price: Cue,
    budget: Cue,
    region: Cue,
    provinces: Vec<Vec<String>>,
}

static CUES: LazyLock<Cues> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../corpus/contradiction_cues.toml"))
        .expect("corpus/contradiction_cues.toml is compiled in and read by a test");
    Cues {
        patent: Cue::new(&file.patent),
        pending: Cue::new(&file.pending),
        lapsed: Cue::new(&file.lapsed),
        research: Cue::new(&file.research),
        production: Cue::new(&file.production),
        price: Cue::new(&file.price),
        budget: Cue::new(&file.budget),
        region: Cue::new(&file.region),
        provinces: file.provinces.names,
    }
});

/// Finds what the record's title and body say against its stated fields, at most one find per
/// field, in the order of [`StatedField`]. Linear in the length of the texts.
///
/// - 知识产权: 非专利 or 无专利 beside 本发明, 本实用新型, a patent number or a patent that is claimed;
///   also beside a stated patent number column.
/// - 法律状态: granted or in force (in the status, or in the form of the right) beside words of a
///   pending application (公开号 among them) or of a lapse.
/// - 成熟度: production or pilot beside words of research; research or small trials beside words
///   of production.
/// - 价格: 面议 beside an amount for the whole, or an amount other than the one in the text.
/// - 地区: another province than the one in which the text says the owner is.
#[must_use]
pub fn contradictions(record: &Record) -> Vec<Contradiction> {
    let mut found = Vec::new();
    found.extend(ip_status(record));
    found.extend(legal_status(record));
    found.extend(maturity(record));
    found.extend(price(record));
    found.extend(region(record));
    found
}

/// The first find of `cue` in body or title, as a contradiction of `field`.
fn against(record: &Record, field: StatedField, stated: &str, cue: &Cue) -> Option<Contradiction> {
    [(QuoteField::Body, &record.body), (QuoteField::Title, &record.title)]
        .into_iter()
        .find_map(|(at, text)| Some(quoted(field, stated, at, text, cue.find(text)?)))
}

fn quoted(
    field: StatedField,
    stated: &str,
    at: QuoteField,
    text: &str,
    bytes: Range<usize>,
) -> Contradiction {
    let chars = char_range(text, bytes.clone());
    let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Contradiction {
        field,
        stated: stated.to_owned(),
        at,
        start: place(chars.start),
        end: place(chars.end),
        text: text[bytes].to_owned(),
    }
}

fn ip_status(record: &Record) -> Option<Contradiction> {
    let stated = record.ip_status.as_deref()?;
    let none = ["非专利", "无专利", "未申请专利", "not patented", "no patent"];
    none.iter()
        .any(|word| stated.to_lowercase().contains(word))
        .then(|| against(record, StatedField::IpStatus, stated, &CUES.patent))?
}

fn legal_status(record: &Record) -> Option<Contradiction> {
    let of_right = record.legal_status.as_ref().map(|status| status.status.as_str());
    let stated = of_right.into_iter().chain(record.ip_status.as_deref()).find(|text| {
        let pending = ["未授权", "申请", "审查", "公开", "失效", "终止"];
        let granted = ["授权", "有效", "granted", "in force"];
        let lower = text.to_lowercase();
        granted.iter().any(|word| lower.contains(word))
            && !pending.iter().any(|word| lower.contains(word))
            && !lower.contains("无效")
    })?;
    against(record, StatedField::LegalStatus, stated, &CUES.pending)
        .or_else(|| against(record, StatedField::LegalStatus, stated, &CUES.lapsed))
}

fn maturity(record: &Record) -> Option<Contradiction> {
    // What a demand asks for is a wish; its text speaks of the present.
    if record.side == Side::Demand {
        return None;
    }
    let stated = record.maturity_stated.as_deref().unwrap_or_default();
    let cue = match record.maturity? {
        Maturity::PilotTested | Maturity::MassProduction => &CUES.research,
        Maturity::Research | Maturity::LabTested => &CUES.production,
        Maturity::Prototype => return None,
    };
    against(record, StatedField::Maturity, stated, cue)
}

fn price(record: &Record) -> Option<Contradiction> {
    let (stated, from, to) = match record.price? {
        Price::Negotiable => ("面议", None, None),
        Price::Yuan(yuan) => ("", Some(yuan), Some(yuan)),
        Price::YuanRange(from, to) => ("", Some(from), Some(to)),
    };
    let found = against(record, StatedField::Price, stated, amount_cue(record))?;
    let amounts = amounts_in(&found.text)?;
    match (from, to) {
        (Some(from), Some(to)) => {
            // A tenth is within what a rounded figure may differ by.
            let outside = |yuan: f64| yuan < from * 0.9 || yuan > to * 1.1;
            let plain = |yuan: f64| format!("{}万元", yuan / 1e4);
            let stated = if (from - to).abs() < f64::EPSILON {
                plain(from)
            } else {
                format!("{}–{}", plain(from), plain(to))
            };
            amounts.iter().all(|&yuan| outside(yuan)).then_some(Contradiction { stated, ..found })
        }
        _ => Some(found),
    }
}

/// The amounts in yuan that a find of the price cue states; `None` without a readable one.
fn amounts_in(text: &str) -> Option<Vec<f64>> {
    static AMOUNT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9]+(?:\.[0-9]+)?").expect("a fixed pattern"));
    let scale = [("亿", 1e8), ("千万", 1e7), ("百万", 1e6), ("万", 1e4), ("元", 1.0)]
        .iter()
        .find(|(unit, _)| text.contains(unit))?
        .1;
    let numbers: Vec<f64> =
        AMOUNT.find_iter(text).filter_map(|n| n.as_str().parse::<f64>().ok()).collect();
    (!numbers.is_empty()).then(|| numbers.into_iter().map(|n| n * scale).collect())
}

fn region(record: &Record) -> Option<Contradiction> {
    let stated = record.region.as_deref()?;
    let province = |text: &str| {
        CUES.provinces.iter().position(|names| names.iter().any(|name| text.contains(name)))
    };
    let own = province(stated)?;
    let mut found = against(record, StatedField::Region, stated, &CUES.region)?;
    // The place follows the word: 位于 + at most ten characters.
    const REACH: usize = 10;
    let whole = if found.at == QuoteField::Title { &record.title } else { &record.body };
    let place: String = whole.chars().skip(found.end as usize).take(REACH).collect();
    let place: String = place.chars().take_while(|c| !"，。；,;".contains(*c)).collect();
    let other = province(&place)?;
    if other == own {
        return None;
    }
    found.end += u32::try_from(place.chars().count()).unwrap_or(0);
    found.text.push_str(&place);
    Some(found)
}

/// The words that announce an amount: what a demand would pay, what a supply costs.
fn amount_cue(record: &Record) -> &'static Cue {
    if record.side == Side::Demand { &CUES.budget } else { &CUES.price }
}

/// Whether a record's text states an amount for the whole, such as a budget of 20万元.
pub(super) fn states_amount(record: &Record) -> bool {
    amount_cue(record)
        .find(&record.body)
        .is_some_and(|found| amounts_in(&record.body[found]).is_some())
}

/// One sentence for a person: what is stated, what the text says.
#[must_use]
pub fn contradiction_text(found: &Contradiction, lang: Lang) -> String {
    let field = found.field.label(lang);
    match lang {
        Lang::Zh => format!("{field}待核实：填“{}”，原文“{}”", found.stated, found.text),
        Lang::En => {
            format!(
                "{field} to be verified: stated “{}”, the text says “{}”",
                found.stated, found.text
            )
        }
    }
}

/// The legal status of a record's right, with source and date where both are known, otherwise
/// marked 未核实; `None` where neither a status nor a form of the right is stated.
#[must_use]
pub fn legal_status_text(record: &Record, lang: Lang) -> Option<String> {
    let unverified = lang.pick("未核实", "not verified");
    match (&record.legal_status, &record.ip_status) {
        (Some(found), _) => {
            let status = &found.status;
            Some(match (&found.source, found.as_of, lang) {
                (Some(source), Some(day), Lang::Zh) => {
                    format!("法律状态：{status}（{source}，{day}）")
                }
                (Some(source), Some(day), Lang::En) => {
                    format!("legal status: {status} ({source}, {day})")
                }
                (.., Lang::Zh) => format!("法律状态“{status}”{unverified}"),
                (.., Lang::En) => format!("legal status “{status}” {unverified}"),
            })
        }
        (None, Some(_)) => {
            Some(lang.pick("知识产权状态未核实", "intellectual property not verified").to_owned())
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::model::{LegalStatus, RecordId, SourceRef};

    fn supply(body: &str) -> Record {
        let source = SourceRef { file: "made.csv".to_owned(), sheet: None, row: 2 };
        let id = RecordId("s-1".to_owned());
        let mut record = Record::new(Side::Supply, id, String::new(), source);
        record.title = "电荷感应变送器".to_owned();
        record.body = body.to_owned();
        record
    }

    fn fields(record: &Record) -> Vec<(StatedField, String)> {
        contradictions(record)
            .into_iter()
            .inspect(|found| {
                let source =
                    if found.at == QuoteField::Title { &record.title } else { &record.body };
                let quoted: String = source
                    .chars()
                    .skip(found.start as usize)
                    .take((found.end - found.start) as usize)
                    .collect();
                assert_eq!(quoted, found.text, "a quote is a substring");
            })
            .map(|found| (found.field, found.text))
            .collect()
    }

    #[test]
    fn not_a_patent_beside_a_patent() {
        let mut record = supply("本发明公开了一种变送器。");
        record.ip_status = Some("非专利技术".to_owned());
        assert_eq!(fields(&record), [(StatedField::IpStatus, "本发明公开".to_owned())]);
        record.body = "核心电路已获授权，专利号ZL209910331030.2。".to_owned();
        assert_eq!(fields(&record)[0].0, StatedField::IpStatus);
        record.body = "为避开国外专利壁垒而设计，未申请专利。".to_owned();
        assert_eq!(fields(&record), []);
        record.ip_status = Some("发明专利".to_owned());
        record.body = "本发明公开了一种变送器。".to_owned();
        assert_eq!(fields(&record), []);
    }

    #[test]
    fn granted_beside_pending_or_lapsed() {
        let mut record = supply("该发明专利正在申请，公开号CN209912345A。");
        record.ip_status = Some("发明专利（已授权）".to_owned());
        assert_eq!(fields(&record)[0], (StatedField::LegalStatus, "正在申请".to_owned()));
        record.body = "已授权发明两项，另申请一项。".to_owned();
        assert_eq!(fields(&record), []);
        record.ip_status = None;
        record.legal_status =
            Some(LegalStatus { status: "有效".to_owned(), source: None, as_of: None });
        record.body = "该专利权已终止，可自由实施。".to_owned();
        assert_eq!(fields(&record)[0].0, StatedField::LegalStatus);
    }

    #[test]
    fn maturity_beside_the_stage_in_the_text() {
        let mut record = supply("目前仍在实验室阶段，样品性能稳定。");
        record.maturity = Some(Maturity::MassProduction);
        record.maturity_stated = Some("可量产".to_owned());
        assert_eq!(fields(&record)[0], (StatedField::Maturity, "仍在实验室阶段".to_owned()));
        record.contradictions = contradictions(&record);
        assert_eq!(record.maturity_if_consistent(), None);
        record.body = "国内同类产品尚处于研发阶段，本机已稳定供货。".to_owned();
        assert_eq!(fields(&record), []);
        record.maturity = Some(Maturity::Research);
        record.body = "工艺简单，适合批量生产。".to_owned();
        assert_eq!(fields(&record), []);
        record.body = "去年已投产，客户二十家。".to_owned();
        assert_eq!(fields(&record)[0].0, StatedField::Maturity);
    }

    #[test]
    fn price_and_region() {
        let mut record = supply("技术转让费80万元，售价15万/吨。");
        record.price = Some(Price::Negotiable);
        assert_eq!(fields(&record), [(StatedField::Price, "转让费80万元".to_owned())]);
        record.price = Some(Price::Yuan(800_000.0));
        assert_eq!(fields(&record), []);
        record.price = Some(Price::Yuan(300_000.0));
        assert_eq!(fields(&record)[0].0, StatedField::Price);
        record.price = None;
        record.region = Some("浙江省".to_owned());
        record.body = "我公司位于陕西省宝鸡市，生产传感器。".to_owned();
        let found = contradictions(&record);
        assert_eq!(found[0].text, "我公司位于陕西省宝鸡市");
        record.region = Some("宝鸡市".to_owned());
        assert_eq!(fields(&record), []);
    }

    #[test]
    fn a_legal_status_has_a_source_and_a_date_or_is_not_verified() {
        let mut record = supply("");
        assert_eq!(legal_status_text(&record, Lang::Zh), None);
        let mut status =
            LegalStatus {
                status: "有效".to_owned(), source: None, as_of: Some(date(2026, 5, 1))
            };
        record.legal_status = Some(status.clone());
        assert_eq!(legal_status_text(&record, Lang::Zh).as_deref(), Some("法律状态“有效”未核实"));
        status.source = Some("国家知识产权局".to_owned());
        record.legal_status = Some(status);
        assert_eq!(
            legal_status_text(&record, Lang::Zh).as_deref(),
            Some("法律状态：有效（国家知识产权局，2026-05-01）")
        );
    }

    #[test]
    fn one_long_sentence_is_linear() {
        let mut record = supply(&"装置运行平稳".repeat(20_000));
        record.ip_status = Some("非专利技术".to_owned());
        assert_eq!(contradictions(&record), []);
    }
}
