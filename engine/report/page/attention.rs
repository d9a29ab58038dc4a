//! What needs attention first: what was refused, and what makes the results less sure.

use maud::{Markup, html};

use super::super::charts::{grouped, share};
use super::super::summary::Cautions;
use super::super::wording::source;
use super::super::{RunView, veil};
use crate::matching::Triage;
use crate::model::{Lang, Side, Visibility};

/// Most refused rows shown per side; the rest are in `rejected.csv`.
const REJECTED_ROWS: usize = 10;
/// Most vague demands and unmapped columns named.
const NAMES: usize = 12;

/// One thing to see to.
struct Item {
    /// Whether somebody should act, rather than just know.
    act: bool,
    lead: String,
    text: Markup,
}

pub(super) fn section(view: &RunView<'_>) -> Markup {
    let mut items = Vec::new();
    for side in [Side::Demand, Side::Supply] {
        rejected(view, side, &mut items);
    }
    calibration(view, &mut items);
    for side in [Side::Demand, Side::Supply] {
        cautions(view, side, &mut items);
    }
    internal(view, &mut items);
    software(view, &mut items);
    html! {
        @if items.is_empty() {
            p { (view.lang.pick("没有需要先处理的事项。", "Nothing needs attention.")) }
        } @else {
            ul class="attention" {
                @for item in &items {
                    li class=(if item.act { "act" } else { "look" }) { b { (item.lead) } (item.text) }
                }
            }
        }
    }
}

fn rejected(view: &RunView<'_>, side: Side, items: &mut Vec<Item>) {
    let lang = view.lang;
    let t = |zh, en| lang.pick(zh, en);
    let (intake, label) = match side {
        Side::Demand => (view.demand_intake, side.label(lang)),
        Side::Supply => (view.supply_intake, side.label(lang)),
    };
    let rows = &intake.rejected;
    if rows.is_empty() {
        return;
    }
    items.push(Item {
        act: true,
        lead: match lang {
            Lang::Zh => format!("{label}有 {} 行未读入", grouped(rows.len() as u64)),
            Lang::En => format!("Rows not taken, {label}: {}", grouped(rows.len() as u64)),
        },
        text: html! {
            (t("未参加匹配：退回的请改正后重新导入，待审核的请先审核。", "They took no part: correct what was rejected, look at what is held."))
            div class="scroll" {
                table {
                    tr { th { (t("位置", "Where")) } th { (t("列", "Column")) } th { (t("原因", "Reason")) } }
                    @for row in rows.iter().take(REJECTED_ROWS) {
                        tr {
                            td { (source(&row.source, lang)) }
                            td { (row.column.as_deref().unwrap_or("–")) }
                            td class="keep" { (veil::loose(&row.reason)) }
                        }
                    }
                }
            }
            @if rows.len() > REJECTED_ROWS {
                span class="soft" { (t("其余见 rejected.csv。", "The rest are in rejected.csv.")) }
            }
        },
    });
}

fn calibration(view: &RunView<'_>, items: &mut Vec<Item>) {
    if !view.run.provisional {
        return;
    }
    let t = |zh, en| view.lang.pick(zh, en);
    items.push(Item {
        act: false,
        lead: t("把握是暂定校准", "Chances are provisional").to_owned(),
        text: html! {
            (view.run.calibration) (t(
                "；适合排先后，不宜当作成功率引用。",
                "; good for ordering, not to be quoted as a rate of success.",
            ))
        },
    });
}

fn cautions(view: &RunView<'_>, side: Side, items: &mut Vec<Item>) {
    let lang = view.lang;
    let label = side.label(lang);
    let records = match side {
        Side::Demand => view.demands,
        Side::Supply => view.supplies,
    };
    let found = Cautions::of(view, side);
    let all = records.len() as u64;
    let text = |zh: String, en: String| match lang {
        Lang::Zh => html! { (zh) },
        Lang::En => html! { (en) },
    };
    let lead = |zh: String, en: String| match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
    if found.expired > 0 {
        let (n, part) = (grouped(found.expired), share(found.expired, all));
        let as_of = view.run.as_of;
        let stated = grouped(found.with_validity);
        items.push(Item {
            act: false,
            lead: lead(format!("{label}已过期 {n} 条（{part}）"), format!("Records expired, {label}: {n} ({part})")),
            text: text(
                format!("以 {as_of} 为准；写明有效期的共 {stated} 条。只作标记，不影响排序，联系前请确认是否仍有效。"),
                format!("As of {as_of}; {stated} state a validity. They are only marked; ask before calling whether they still hold."),
            ),
        });
    }
    if side == Side::Demand && found.vague > 0 {
        let (n, part) = (grouped(found.vague), share(found.vague, all));
        let named: Vec<&str> = (records.iter().zip(view.qualities))
            .filter(|(r, quality)| {
                quality.triage == Triage::NeedsDetail && r.visibility != Visibility::Internal
            })
            .take(NAMES)
            .map(|(r, _)| r.number.as_str())
            .collect();
        let more = found.vague > named.len() as u64;
        let named = named.join(lang.pick("、", ", "));
        let (zh_end, en_end) = if more { ("等。", " …") } else { ("。", ".") };
        items.push(Item {
            act: true,
            lead: lead(
                format!("{n} 条需求待明确（{part}）"),
                format!("Demands that need detail: {n} ({part})"),
            ),
            text: text(
                format!("对象不明、不足 50 字或要素太少，难以判断，请按清单“建议追问”一列反问需求方：{named}{zh_end}"),
                format!("No object, fewer than 50 characters, or too little said; ask their owners: {named}{en_end}"),
            ),
        });
    }
    if found.groups > 0 {
        let (n, groups) = (grouped(found.near_duplicates), found.groups);
        items.push(Item {
            act: false,
            lead: lead(
                format!("{label}近似重复 {n} 条，分 {groups} 组"),
                format!("Near-duplicates, {label}: {n} (groups: {groups})"),
            ),
            text: text(
                "没有删除，清单备注中注明组号。".to_owned(),
                "None was dropped; the remarks in the lists name the group.".to_owned(),
            ),
        });
    }
    if !found.unmapped.is_empty() {
        let named: Vec<String> =
            found.unmapped.iter().take(NAMES).map(|heading| veil::loose(heading)).collect();
        let n = found.unmapped.len();
        let named = named.join(lang.pick("、", ", "));
        items.push(Item {
            act: false,
            lead: lead(
                format!("{label}清单有 {n} 列未识别"),
                format!("Columns not understood, {label}: {n}"),
            ),
            text: text(
                format!("{named}。原样保留但不参加匹配；可用 --map 字段=列名 指定。"),
                format!("{named}. Kept but not used; name them with --map field=column."),
            ),
        });
    }
}

fn internal(view: &RunView<'_>, items: &mut Vec<Item>) {
    let all = view.demands.iter().chain(view.supplies);
    let n = all.filter(|record| record.visibility == Visibility::Internal).count();
    if n == 0 {
        return;
    }
    let (lead, text) = match view.lang {
        Lang::Zh => {
            (format!("内部记录 {n} 条"), "不进入推荐清单和本报告的例子；其他工作表中单位已隐去。")
        }
        Lang::En => (
            format!("Internal records: {n}"),
            "Not in the handed-out list nor among the examples; their owners are hidden elsewhere.",
        ),
    };
    items.push(Item { act: false, lead, text: html! { (text) } });
}

fn software(view: &RunView<'_>, items: &mut Vec<Item>) {
    if !view.run.backend.software {
        return;
    }
    let t = |zh, en| view.lang.pick(zh, en);
    items.push(Item {
        act: false,
        lead: match view.lang {
            Lang::Zh => format!("使用了软件模拟的显卡（{}）", view.run.backend.adapter),
            Lang::En => format!("The GPU is simulated in software ({})", view.run.backend.adapter),
        },
        text: html! {
            (t(
                "结果与真实显卡相同，但用时不能代表显卡的速度；通常改用 --backend cpu 更快。",
                "The results are the same, but the times say nothing about a GPU; --backend cpu is usually faster.",
            ))
        },
    });
}
