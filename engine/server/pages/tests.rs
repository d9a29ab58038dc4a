//! What holds of every page, whatever stands on it.

use std::path::Path;

use jiff::civil::date;

use super::fixture::{CSRF, HOSTILE, anonymous, frame, head, pair, record, seen};
use super::samples::{DEMAND, every_page, ledger_row, records};
use super::*;
use crate::model::{Answer, CooperationMode, Lang, Role, Side, Verdict, Veto};
use crate::store::Step;

/// The start tags of a page, with their attributes.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with('/'))
        .filter_map(|tag| tag.split('>').next())
}

#[test]
fn whatever_users_write_stays_text() {
    for word in HOSTILE {
        for (name, page) in every_page(Lang::Zh, word) {
            assert!(!page.contains("<script>"), "{name}: {word}");
            assert!(!page.contains("<img"), "{name}: {word}");
            assert_eq!(page.matches("<script").count(), 1, "{name} has its own script only");
        }
    }
}

#[test]
fn pages_hold_no_script_style_or_other_host() {
    for (name, page) in every_page(Lang::Zh, "x") {
        for tag in tags(&page) {
            let lower = tag.to_lowercase();
            assert!(!lower.contains(" style="), "{name}: {tag}");
            for attribute in lower.split_whitespace().skip(1) {
                assert!(!attribute.starts_with("on"), "{name}: {tag}");
            }
            assert!(
                !lower.contains("href=\"http") && !lower.contains("src=\"http"),
                "{name}: {tag}"
            );
            assert!(!lower.contains("javascript:"), "{name}: {tag}");
        }
        assert!(!page.contains("<style"), "{name}");
    }
    assert!(!PAGE_CSS.contains("url(") && !PAGE_CSS.contains("@import"));
    assert!(
        !PAGE_JS.contains("http") && !PAGE_JS.contains("eval(") && !PAGE_JS.contains("innerHTML")
    );
}

#[test]
fn every_form_that_changes_something_carries_the_sessions_value() {
    let field = format!("name=\"csrf\" value=\"{CSRF}\"");
    let mut n = 0;
    for (name, page) in every_page(Lang::Zh, "x") {
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().expect("it ends");
            let is_get = form.contains("method=\"get\"");
            assert!(is_get || form.contains("method=\"post\""), "{name}: a form without a method");
            assert_ne!(is_get, form.contains(&field), "{name}: {form}");
            n += usize::from(!is_get);
        }
    }
    assert!(n > 40, "{n} forms");
}

#[test]
fn english_pages_hold_no_chinese_of_their_own() {
    for (name, page) in every_page(Lang::En, "x") {
        // The one word of Chinese is the way to the Chinese page.
        let rest = page.replace(">中文<", "><");
        let chinese: String = rest
            .chars()
            .filter(|c| {
                ('\u{3000}'..='\u{9fff}').contains(c) || ('\u{ff00}'..='\u{ffef}').contains(c)
            })
            .collect();
        assert_eq!(chinese, "＝".repeat(rest.matches('＝').count()), "{name}");
        assert!(page.contains("<html lang=\"en\">"), "{name}");
    }
}

#[test]
fn headings_are_in_order_and_fields_have_labels() {
    for (name, page) in every_page(Lang::Zh, "x") {
        let mut last = 0;
        let mut ones = 0;
        for tag in tags(&page) {
            let tag_name = tag.split_whitespace().next().unwrap_or("");
            let level = tag_name.strip_prefix('h').and_then(|rest| rest.parse::<u32>().ok());
            if let Some(level) = level {
                assert!(level <= last + 1, "{name}: h{level} after h{last}");
                ones += u32::from(level == 1);
                last = level;
            }
        }
        assert_eq!(ones, 1, "{name} has one h1");
        let attribute = |tag: &str, wanted: &str| {
            let rest = tag.split(&format!(" {wanted}=\"")).nth(1)?;
            rest.split('"').next().map(str::to_owned)
        };
        let mut ids: Vec<String> = tags(&page).filter_map(|tag| attribute(tag, "id")).collect();
        let n_ids = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), n_ids, "{name}: an id stands twice");
        for tag in tags(&page) {
            let is_field = ["input", "select", "textarea"]
                .contains(&tag.split_whitespace().next().unwrap_or(""));
            let kind = attribute(tag, "type").unwrap_or_default();
            if !is_field || ["hidden", "radio", "checkbox"].contains(&kind.as_str()) {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{name}: {tag}"));
            assert!(page.contains(&format!("<label for=\"{id}\"")), "{name}: {tag}");
        }
        assert_eq!(page.matches("<table").count(), page.matches("<caption").count(), "{name}");
    }
}

#[test]
fn the_sum_on_the_page_is_the_score() {
    let (demand, supply) = records("");
    let pair = pair(&demand, &supply, Verdict::Recommend);
    for side in [Side::Demand, Side::Supply] {
        let score = if side == Side::Demand {
            pair.pair.score_for_demand
        } else {
            pair.pair.score_for_supply
        };
        let table = bar::table(&pair.pair, side, Lang::Zh).into_string();
        let body = table
            .split("<tbody>")
            .nth(1)
            .and_then(|rest| rest.split("</tbody>").next())
            .expect("a body");
        let value = |row: &str| -> i64 {
            let cell = row.rsplit("<td class=\"n\">").next().expect("a cell");
            cell.split('<').next().expect("text").replace('.', "").parse().unwrap_or(0)
        };
        let sum: i64 = body.split("<tr>").skip(1).map(value).sum();
        assert_eq!(sum, i64::from(score.0), "{table}");
        let total = table.split("class=\"total\"").nth(1).expect("a total");
        assert_eq!(value(total), sum, "{table}");

        // The bar's pieces stand end to end and are as wide as its points.
        let bar = bar::bar(&pair.pair, side, Lang::Zh).into_string();
        let widths: Vec<u32> = bar
            .split("<rect class=\"part-")
            .skip(1)
            .filter_map(|rect| rect.split(" width=\"").nth(1)?.split('"').next()?.parse().ok())
            .filter(|&width| width != 10)
            .collect();
        let tenths = (score.0 + 500) / 1_000;
        assert_eq!(widths.iter().sum::<u32>(), u32::try_from(tenths).expect("positive"), "{bar}");
        assert!(bar.contains(&format!("= {}.{}\"", tenths / 10, tenths % 10)), "{bar}");
    }
}

#[test]
fn a_message_is_short_whatever_stands_in_the_records() {
    let long = "超长标题".repeat(200);
    for (title, body) in
        [(long.as_str(), long.as_str()), ("短", ""), ("", ""), (HOSTILE[3], HOSTILE[0])]
    {
        let mut demand = record(Side::Demand, 1, title, body);
        let mut supply = record(Side::Supply, 2, title, body);
        (demand.number, supply.organization) = (long.clone(), Some(long.clone()));
        demand.organization = None;
        for lang in [Lang::Zh, Lang::En] {
            for verdict in [Verdict::NoMatch, Verdict::Recommend] {
                let text = message(&pair(&demand, &supply, verdict), lang);
                let n = text.chars().count();
                assert!(n <= 300, "{n}: {text}");
                assert!(text.contains(verdict.label(lang)), "{text}");
            }
        }
    }
    let (demand, supply) = records("");
    let text = message(&pair(&demand, &supply, Verdict::Recommend), Lang::En);
    assert!(text.contains("Because") && text.contains("First check"), "{text}");
}

#[test]
fn what_leaves_the_office_names_no_owner_who_is_not_public() {
    let (demand, supply) = records("");
    let mut demand = anonymous(demand);
    demand.title = "Thinning for XQ Works".to_owned();
    demand.body = format!("XQ Works asks: {DEMAND} Call 13912345678.");
    let pair = pair(&demand, &supply, Verdict::Recommend);
    // An administrator sees the owner, and the sheet still does not say it.
    assert_eq!(pair.demand.record().organization.as_deref(), Some("XQ Works"));
    for lang in [Lang::Zh, Lang::En] {
        let sheet =
            proposal_page(&frame(lang), &ProposalPage { pair: &pair, made_on: date(2026, 11, 20) })
                .into_string();
        for text in [sheet, message(&pair, lang)] {
            assert!(!text.contains("XQ Works") && !text.contains("13912345678"), "{text}");
        }
    }
}

#[test]
fn pages_offer_what_the_role_may() {
    let (demand, supply) = records("");
    let seen_pair = pair(&demand, &supply, Verdict::Recommend);
    let page = |role| {
        let frame = Frame { role, ..frame(Lang::Zh) };
        let shown = PairPage {
            pair: &seen_pair,
            quality: None,
            answers: &[],
            ledger: &[],
            today: date(2026, 11, 20),
        };
        pair_page(&frame, &shown).into_string()
    };
    let reader = page(Role::Reader);
    assert!(!reader.contains("action=\"/answers\"") && !reader.contains("action=\"/ledger\""));
    assert!(!reader.contains("href=\"/import\"") && !reader.contains("href=\"/admin\""));
    let broker = page(Role::Broker);
    assert!(broker.contains("action=\"/answers\"") && broker.contains("action=\"/ledger\""));
    assert!(!broker.contains("href=\"/import\"") && !broker.contains("href=\"/admin\""));
    assert!(page(Role::Office).contains("href=\"/import\""));
    assert!(page(Role::Admin).contains("href=\"/admin\""));
}

#[test]
fn assessors_are_told_nothing_of_what_the_program_thinks() {
    let pages = every_page(Lang::Zh, "x");
    let (_, page) = pages.iter().find(|(name, _)| *name == "judge").expect("there is one");
    for told in ["把握", "建议对接", "可洽谈", "class=\"verdict", "svg", "得分"] {
        assert!(!page.contains(told), "{told}");
    }
}

#[test]
fn due_rows_come_first_and_done_ones_last() {
    let (demand, supply) = records("");
    let seen_pair = pair(&demand, &supply, Verdict::Recommend);
    let today = date(2026, 11, 20);
    let row = |why: &str, step, answer, is_new| TodayRow {
        head: head(&seen_pair),
        demand: seen(&demand),
        supply: seen(&supply),
        answer,
        step,
        is_new,
        why: vec![why.to_owned()],
    };
    let step = |day| Some(ledger_row(Step::Met, Some(date(2026, 11, day)), ""));
    let rows = [
        row("refused", None, Some(Answer::Unfit), false),
        row("open", step(25), None, false),
        row("due today", step(20), None, false),
        row("new", None, None, true),
        row("due long ago", step(3), None, false),
    ];
    let shown = |filter| {
        let page =
            today_page(&frame(Lang::Zh), &TodayPage { rows: &rows, filter, today, broker: None })
                .into_string();
        let list = page.split("plain why").skip(1).map(|rest| {
            rest.split("<li>").nth(1).expect("a reason").split('<').next().expect("text").to_owned()
        });
        list.collect::<Vec<String>>()
    };
    assert_eq!(shown(TodayFilter::All), ["due long ago", "due today", "new", "open", "refused"]);
    assert_eq!(shown(TodayFilter::Due), ["due long ago", "due today"]);
    assert_eq!(shown(TodayFilter::New), ["new"]);
    assert_eq!(shown(TodayFilter::Done), ["refused"]);
    for filter in TodayFilter::ALL {
        assert_eq!(TodayFilter::of_word(filter.word()), Some(filter));
    }
}

/// Writes every page into the folder that `DUIJIE_PAGES` names, to be looked at.
#[test]
#[ignore = "writes files for people to look at"]
fn pages_to_look_at() {
    let folder = std::env::var_os("DUIJIE_PAGES").expect("DUIJIE_PAGES names a folder");
    let looks = [("zh", Lang::Zh, ""), ("en", Lang::En, "x"), ("hostile", Lang::Zh, HOSTILE[3])];
    for (name, lang, word) in looks {
        let folder = Path::new(&folder).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, page) in every_page(lang, word) {
            let page = page.replace("/assets/", "../");
            std::fs::write(folder.join(format!("{name}.html")), page).expect("written");
        }
    }
    let long = |side, word: &str| {
        let mut record = record(side, 1, &word.repeat(90), &word.repeat(900));
        (record.organization, record.region) = (Some(word.repeat(20)), Some(word.repeat(20)));
        record.number = word.repeat(20);
        record.cooperation = CooperationMode::ALL.to_vec();
        record
    };
    for (lang, name, word) in [
        (Lang::Zh, "long", "碳化硅衬底减薄，"),
        (Lang::En, "long", "wafer thinning "),
        (Lang::Zh, "unbroken", "长"),
        (Lang::En, "unbroken", "MMMMMMMM"),
    ] {
        let mut long_pair =
            pair(&long(Side::Demand, word), &long(Side::Supply, word), Verdict::Discuss);
        let number = long_pair.pair.numbers[0].clone();
        long_pair.pair.numbers = vec![number; 12];
        for number in &mut long_pair.pair.numbers {
            number.demand.text = word.repeat(20);
            number.supply = Some(number.demand.clone());
        }
        for quote in long_pair.pair.parts.iter_mut().flat_map(|part| &mut part.evidence) {
            quote.text = word.repeat(90);
        }
        long_pair.pair.vetoes = vec![Veto::NumbersNotMet; 5];
        let shown = ProposalPage { pair: &long_pair, made_on: date(2026, 11, 20) };
        let page = proposal_page(&frame(lang), &shown).into_string().replace("/assets/", "../");
        let path = Path::new(&folder).join(lang.to_string()).join(format!("proposal-{name}.html"));
        std::fs::write(path, page).expect("written");
    }
    std::fs::write(Path::new(&folder).join("page.css"), PAGE_CSS).expect("written");
    std::fs::write(Path::new(&folder).join("page.js"), PAGE_JS).expect("written");
}
