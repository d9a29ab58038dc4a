//! What a record states, as far as it is seen.

use maud::{Markup, html};

use super::Frame;
use crate::model::{Lang, Record, Sight, StatedField, Visibility};
use crate::pipeline::{Run, SeenRecord};
use crate::report::{amount, cooperation, maturity, source};

/// Whose record it is, in words: the owner, or that it is not shown.
pub(super) fn owner(seen: &SeenRecord, lang: Lang) -> String {
    match &seen.record().organization {
        Some(owner) => owner.clone(),
        None if seen.sight() < Sight::WithOwner => {
            lang.pick("单位不公开", "owner not shown").to_owned()
        }
        None => lang.pick("单位未说明", "owner not stated").to_owned(),
    }
}

/// The two or three facts that stand below a title in a list.
pub(super) fn line(seen: &SeenRecord, lang: Lang) -> String {
    let record = seen.record();
    let mut facts = vec![owner(seen, lang)];
    facts.extend(record.region.clone());
    let stage = maturity(record, lang);
    if !stage.is_empty() {
        facts.push(stage.to_owned());
    }
    facts.extend(record.posted_on.map(|day| day.to_string()));
    facts.join(" · ")
}

/// All facts as a list of terms, those that the record does not state named at its end.
pub(super) fn list(frame: &Frame<'_>, seen: &SeenRecord) -> Markup {
    let (facts, silent) = facts(frame, seen);
    html! {
        dl class="facts" {
            @for (term, value) in &facts { div { dt { (term) } dd { (value) } } }
        }
        @if !silent.is_empty() {
            p class="soft" { (frame.t("资料未说明：", "Not stated: ")) (silent.join(frame.t("、", ", "))) }
        }
    }
}

type Facts<'a> = (Vec<(String, String)>, Vec<&'a str>);

fn facts<'a>(frame: &Frame<'a>, seen: &SeenRecord) -> Facts<'a> {
    let lang = frame.lang;
    let record: &Record = seen.record();
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut silent = Vec::new();
    let mut add = |term: &'a str, value: Option<String>, is_expected: bool| match value {
        Some(value) if !value.trim().is_empty() => facts.push((term.to_owned(), value)),
        _ if is_expected => silent.push(term),
        _ => {}
    };
    let comma = lang.pick("、", ", ");
    add(lang.pick("编号", "Number"), Some(record.number.clone()), false);
    add(lang.pick("单位", "Owner"), Some(owner(seen, lang)), false);
    add(lang.pick("地区", "Region"), record.region.clone(), true);
    let paths = record.classification.iter().map(|path| path.join(" › "));
    add(
        lang.pick("领域", "Field"),
        Some(paths.collect::<Vec<_>>().join(lang.pick("；", "; "))),
        true,
    );
    add(lang.pick("分类号", "Codes"), Some(record.codes.join(comma)), false);
    add(lang.pick("关键词", "Keywords"), Some(record.keywords.join(comma)), false);
    let kind = record.supply_kind.map(|kind| kind.label(lang).to_owned());
    add(lang.pick("类别", "Kind"), kind, false);
    let stage = match (&record.maturity_stated, record.contradiction(StatedField::Maturity)) {
        (Some(words), None) => {
            let label = maturity(record, lang);
            let is_same = label == words;
            if is_same { label.to_owned() } else { format!("{label}{}", bracketed(words, lang)) }
        }
        _ => maturity(record, lang).to_owned(),
    };
    add(lang.pick("成熟度", "Maturity"), Some(stage), true);
    add(lang.pick("合作方式", "Cooperation"), Some(cooperation(&record.cooperation, lang)), true);
    let price = record.price.map(|price| amount(price, lang));
    add(lang.pick("价格或预算", "Price or budget"), price, false);
    add(lang.pick("知识产权", "Intellectual property"), record.ip_status.clone(), false);
    let legal = record.legal_status.as_ref().map(|legal| {
        let mut known: Vec<String> = legal.source.clone().into_iter().collect();
        known.extend(legal.as_of.map(|day| day.to_string()));
        if legal.source.is_some() && legal.as_of.is_some() {
            format!("{}{}", legal.status, bracketed(&known.join(" "), lang))
        } else {
            format!("{}{}", legal.status, bracketed(lang.pick("未核实", "not verified"), lang))
        }
    });
    add(lang.pick("法律状态", "Legal status"), legal, false);
    add(lang.pick("发布日期", "Posted"), record.posted_on.map(|day| day.to_string()), true);
    let valid = match (record.valid_from, record.valid_until) {
        (None, None) => None,
        (from, until) => {
            let day = |day: Option<jiff::civil::Date>| day.map_or(String::new(), |d| d.to_string());
            Some(format!("{} – {}", day(from), day(until)))
        }
    };
    add(lang.pick("有效期", "Valid"), valid, false);
    let group = record.duplicate_group.map(|group| match lang {
        Lang::Zh => format!("第 {} 组", u64::from(group) + 1),
        Lang::En => format!("group {}", u64::from(group) + 1),
    });
    add(lang.pick("近似重复", "Near-duplicates"), group, false);
    if record.visibility != Visibility::Public {
        let word = record.visibility.label(lang).to_owned();
        add(lang.pick("可见范围", "Visibility"), Some(word), false);
    }
    if seen.sight() >= Sight::WithContacts && !record.source.file.is_empty() {
        add(lang.pick("来源", "Source"), Some(source(&record.source, lang)), false);
    }
    for contradiction in &record.contradictions {
        let term = lang.pick("待核实", "To verify").to_owned();
        let field = contradiction.field.label(lang);
        let (stated, text) = (&contradiction.stated, &contradiction.text);
        facts.push((
            term,
            match lang {
                Lang::Zh => format!("{field}写“{stated}”，原文却说“{text}”"),
                Lang::En => format!("{field} is stated as “{stated}”, the text says “{text}”"),
            },
        ));
    }
    facts.extend(record.extra.iter().filter(|(_, text)| !text.trim().is_empty()).cloned());
    (facts, silent)
}

fn bracketed(text: &str, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!("（{text}）"),
        Lang::En => format!(" ({text})"),
    }
}

/// Stretches of a text, the marked ones highlighted.
pub(super) fn stretches(runs: &[Run]) -> Markup {
    html! {
        @for run in runs {
            @if run.marked { mark { (run.text) } } @else { (run.text) }
        }
    }
}
