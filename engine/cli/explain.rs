//! `duijie explain`: the sum behind a pair's score.

use std::io::Write;

use serde_json::json;

use super::arguments::ExplainArguments;
use super::embedder::embedder_options;
use super::outcome::Failure;
use super::workspace::{find, surroundings};
use super::{CommandResult, table};
use crate::job::open_published;
use crate::matching::contradiction_text;
use crate::model::{Lang, Micro, QuoteField, Record, Role, Side};
use crate::pipeline::{Explanation, JointRecord, PipelineError, QuoteRecord, Silent, explain};
use crate::text::requirements;

pub(super) fn run(arguments: &ExplainArguments, lang: Lang) -> CommandResult {
    let explanation = match &arguments.out {
        Some(out) => explain(
            out,
            &arguments.demand,
            &arguments.supply,
            &embedder_options(&arguments.embedder, lang)?,
        )?,
        None => published(arguments)?,
    };
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let value = json!({
            "kept": explanation.kept,
            "pair": explanation.pair,
            "joint": explanation.joint,
            "requirements": points(&explanation.demand, lang),
            "claims": points(&explanation.supply, lang),
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    print(&mut out, &explanation, lang)?;
    Ok(())
}

/// The same from what is published in a workspace, whose settings name the model.
fn published(arguments: &ExplainArguments) -> Result<Explanation, Failure> {
    let workspace = find(&arguments.workspace)?;
    let serving = open_published(&workspace, &surroundings(), &Silent)?;
    // Whoever may read the workspace's files sees all of it.
    let view = serving.snapshot.seen_by(Role::Admin);
    let unknown =
        |side, wanted: &str| PipelineError::UnknownRecord { side, wanted: wanted.to_owned() };
    for (side, name, wanted) in
        [(Side::Demand, "demand", &arguments.demand), (Side::Supply, "supply", &arguments.supply)]
    {
        view.record(side, wanted).ok_or_else(|| unknown(name, wanted))?;
    }
    let pair = view.pair(&arguments.demand, &arguments.supply)?;
    let pair = pair.ok_or_else(|| unknown("demand", &arguments.demand))?;
    Ok(Explanation {
        demand: pair.demand.record().clone(),
        supply: pair.supply.record().clone(),
        joint: view.joint(&arguments.demand).cloned(),
        pair: pair.pair,
        kept: pair.kept,
    })
}

fn print(out: &mut impl Write, explanation: &Explanation, lang: Lang) -> std::io::Result<()> {
    let pair = &explanation.pair;
    let t = |zh, en| lang.pick(zh, en);
    for (side, record) in [(Side::Demand, &explanation.demand), (Side::Supply, &explanation.supply)]
    {
        writeln!(out, "{} {}  {}", side.label(lang), record.number, record.title)?;
    }
    let percent = |p: Micro| (i64::from(p.0) + 5_000) / 10_000;
    writeln!(
        out,
        "{}  {} {}%{}",
        pair.verdict.label(lang),
        t("把握", "probability"),
        percent(pair.probability),
        pair.vetoes.iter().map(|v| format!("  {}", v.label(lang))).collect::<String>()
    )?;
    if !explanation.kept {
        writeln!(
            out,
            "{}",
            t(
                "（这一对不在本次运行保留的结果里，按同样规则现算）",
                "(not among the pairs this run kept; judged now by the same rules)"
            )
        )?;
    }
    if let Some(answer) = pair.answer {
        writeln!(out, "{}{}", t("反馈：", "answer: "), answer.label(lang))?;
    }
    for found in &pair.to_verify {
        let sentence = contradiction_text(&found.contradiction, lang);
        writeln!(out, "{} {}", found.side.label(lang), table::shorten(&sentence, 160))?;
    }
    for (title, rank, score, of) in [
        (
            t("从需求看供给", "the supply as the demand sees it"),
            pair.rank_for_demand,
            pair.score_for_demand,
            Side::Demand,
        ),
        (
            t("从供给看需求", "the demand as the supply sees it"),
            pair.rank_for_supply,
            pair.score_for_supply,
            Side::Supply,
        ),
    ] {
        let rank = rank.map(|r| format!("  {} {r}", t("排名", "rank"))).unwrap_or_default();
        writeln!(out, "\n{title}{rank}")?;
        let mut rows = vec![vec![
            t("  分项", "  part").to_owned(),
            t("取值", "value").to_owned(),
            t("权重", "weight").to_owned(),
            t("贡献", "contribution").to_owned(),
        ]];
        for part in &pair.parts {
            let (value, weight, contribution) = match of {
                Side::Demand => (part.value, part.weight, part.contribution),
                Side::Supply => {
                    (part.value_for_supply, part.weight_for_supply, part.contribution_for_supply)
                }
            };
            let shown = |x: Option<Micro>| {
                x.map_or_else(|| t("缺", "missing").to_owned(), |x| x.to_string())
            };
            rows.push(vec![
                format!("  {}", part.name.label(lang)),
                shown(value),
                weight.to_string(),
                shown(contribution),
            ]);
        }
        rows.push(vec![
            format!("  {}", t("合计", "sum")),
            String::new(),
            String::new(),
            score.to_string(),
        ]);
        write!(out, "{}", table::lines_up(&rows))?;
    }
    writeln!(out, "\n{}", t("依据（原文）", "evidence (quoted)"))?;
    for part in &pair.parts {
        for quote in &part.evidence {
            let (part, side) = (part.name.label(lang), quote.side.label(lang));
            let text = table::shorten(&quote.text, 100);
            match quote.field {
                // Read from a column and written in one form, so no quotation.
                QuoteField::Date => {
                    writeln!(out, "  {part} {side}{}{text}", t("栏目：", " field: "))?;
                }
                _ => writeln!(out, "  {part} {side}“{text}”")?,
            }
        }
        // Both sides' quotes name the same pairs; the demand's words come first.
        let pairs: Vec<String> = (part.evidence.iter())
            .filter(|quote| quote.side == Side::Demand)
            .flat_map(|quote| &quote.synonyms)
            .map(|pair| format!("{}{}{}", pair.own, pair.kind.sign(), pair.other))
            .collect();
        if !pairs.is_empty() {
            let label = t("同义词：", "synonyms: ");
            writeln!(out, "  {} {label}{}", part.name.label(lang), pairs.join(t("、", ", ")))?;
        }
    }
    if !pair.numbers.is_empty() {
        writeln!(out, "\n{}", t("指标核对（原文）", "numbers checked (quoted)"))?;
        let shown = |quote: &QuoteRecord| format!("“{}”", table::shorten(&quote.text, 40));
        let mut rows = vec![vec![
            t("  指标", "  property").to_owned(),
            t("结果", "outcome").to_owned(),
            t("需求", "asked").to_owned(),
            t("供给", "stated").to_owned(),
        ]];
        for check in &pair.numbers {
            let property = if check.property.is_empty() {
                t("数值", "number")
            } else {
                check.property.as_str()
            };
            let doubts = check.doubt.iter().map(|doubt| format!("；{}", doubt.label(lang)));
            rows.push(vec![
                format!("  {}", table::shorten(property, 20)),
                check.outcome.label(lang).to_owned(),
                shown(&check.demand),
                check.supply.as_ref().map_or_else(|| "–".to_owned(), shown)
                    + &doubts.collect::<String>(),
            ]);
        }
        write!(out, "{}", table::lines_up(&rows))?;
    }
    if let Some(joint) = &explanation.joint {
        print_joint(out, joint, lang)?;
    }
    for (title, record) in [
        (t("需求要点（原文）", "what the demand asks for (quoted)"), &explanation.demand),
        (t("供给要点（原文）", "what the supply claims (quoted)"), &explanation.supply),
    ] {
        writeln!(out, "\n{title}")?;
        for (kind, text) in points(record, lang).into_iter().take(POINTS) {
            writeln!(out, "  {kind} “{}”", table::shorten(&text, 100))?;
        }
    }
    Ok(())
}

/// The supplies that together cover the demand, and what is left.
fn print_joint(out: &mut impl Write, joint: &JointRecord, lang: Lang) -> std::io::Result<()> {
    let t = |zh, en| lang.pick(zh, en);
    let percent = |p: Micro| (i64::from(p.0) + 5_000) / 10_000;
    let (together, alone) = (percent(joint.coverage), percent(joint.best_single));
    let parties = joint.parties;
    match lang {
        Lang::Zh => writeln!(
            out,
            "\n联合体：{} 条供给合计覆盖 {together}%（单个最好 {alone}%），{parties} 家",
            joint.supplies.len()
        )?,
        Lang::En => writeln!(
            out,
            "\njoint answer: {} supplies cover {together}% together (best alone {alone}%), {parties} parties",
            joint.supplies.len()
        )?,
    }
    let mut quoted = |lead: &str, quotes: &[QuoteRecord]| {
        quotes
            .iter()
            .try_for_each(|quote| writeln!(out, "{lead}“{}”", table::shorten(&quote.text, 100)))
    };
    for supply in &joint.supplies {
        let owner = if supply.same_owner_as.is_empty() {
            ""
        } else {
            t("（同一单位）", " (same owner)")
        };
        let lead = format!("  {}{owner} {} ", supply.supply_number, t("覆盖", "covers"));
        quoted(&lead, &supply.covers)?;
    }
    quoted(t("  未覆盖 ", "  not covered "), &joint.remainder)
}

/// Most requirements or claims shown per record.
const POINTS: usize = 12;

/// The typed requirements of a demand or claims of a supply: kind and quote, in text order.
fn points(record: &Record, lang: Lang) -> Vec<(&'static str, String)> {
    requirements(record.side, &record.title, &record.body)
        .into_iter()
        .map(|point| (point.kind.label(lang), point.text(&record.title, &record.body).to_owned()))
        .collect()
}
