//! Dates and ranges of dates as lists write them.

use jiff::civil::{Date, date};
use unicode_normalization::UnicodeNormalization;

use super::table::Cell;

/// A range of days, either end open, and whether it was oddly written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
    pub(super) odd: bool,
}

/// Reads one date, and whether it was oddly written.
///
/// Silent: `2020-01-13`, `2020/1/13`, `2020.1.13`, `2020年1月13日`, each with an optional time.
/// Odd: a time run together with its day (`2020-01-1310:49:39.0`), `20200113`, and a spreadsheet
/// program's day number. A month or a phrase (`2020年底`) is no date: no day is invented.
pub(super) fn day(cell: &Cell) -> Option<(Date, bool)> {
    match cell {
        Cell::Empty => None,
        Cell::Date(date) => Some((*date, false)),
        Cell::Number(number) => from_number(*number).map(|date| (date, true)),
        Cell::Text(text) => {
            let text = fold(text);
            let (date, rest, odd) = scan(&text)?;
            rest.is_empty().then_some((date, odd))
        }
    }
}

/// Reads `from 至 until`, an open range (`… 至今`, `截至 …`), or one date, which is the last day.
pub(super) fn range(cell: &Cell) -> Option<Range> {
    let Cell::Text(text) = cell else {
        return day(cell).map(|(date, odd)| Range { from: None, until: Some(date), odd });
    };
    let text = fold(text);
    let only_until =
        ["截至", "截止到", "截止至", "截止", "至"].iter().find_map(|p| text.strip_prefix(p));
    if let Some(rest) = only_until {
        let (date, rest, odd) = scan(rest.trim_start_matches(':'))?;
        return is_end(rest).then_some(Range { from: None, until: Some(date), odd });
    }
    let (first, rest, odd) = scan(&text)?;
    if is_end(rest) {
        return Some(Range { from: None, until: Some(first), odd });
    }
    let rest = rest.strip_prefix('起').unwrap_or(rest);
    let second =
        ["至", "到", "~", "——", "—", "–", "-", "to"].iter().find_map(|s| rest.strip_prefix(s))?;
    if ["今", "长期", "永久", "不限"].contains(&second) {
        return Some(Range { from: Some(first), until: None, odd });
    }
    let (last, rest, odd_too) = scan(second)?;
    is_end(rest).then_some(Range { from: Some(first), until: Some(last), odd: odd || odd_too })
}

fn is_end(rest: &str) -> bool {
    ["", "止", "前", "之前", "以前"].contains(&rest)
}

fn fold(text: &str) -> String {
    // A space between day and time becomes `T`, other spaces go.
    let text: String = text.nfkc().collect();
    let text = super::clean::trim(&text).to_owned();
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if c.is_whitespace() || super::clean::is_invisible(c) || c.is_control() {
            gap = true;
            continue;
        }
        if gap && c.is_ascii_digit() && out.ends_with(|p: char| p.is_ascii_digit() || p == '日') {
            out.push('T');
        }
        gap = false;
        out.push(c);
    }
    out
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// A date at the start of folded text, what follows its time, and whether it was odd.
fn scan(text: &str) -> Option<(Date, &str, bool)> {
    let (year, rest) = digits(text);
    if year.len() == 8 {
        let date = ymd(&year[..4], &year[4..6], &year[6..])?;
        return Some((date, after_time(rest), true));
    }
    if year.len() == 5 && rest.is_empty() {
        return from_number(year.parse().ok()?).map(|date| (date, rest, true));
    }
    if year.len() != 4 {
        return None;
    }
    let (month, rest) = digits(rest.strip_prefix(['-', '/', '.', '年'])?);
    let (day, rest) = digits(rest.strip_prefix(['-', '/', '.', '月'])?);
    if day.len() > 2 && day.len() <= 4 && rest.starts_with(':') {
        // The hour's two digits are run together with the day.
        let (day, hour) = day.split_at(day.len() - 2);
        let date = ymd(year, month, day)?;
        hour.parse::<u8>().ok().filter(|hour| *hour < 24)?;
        return Some((date, after_clock(rest), true));
    }
    let date = ymd(year, month, day)?;
    let rest = rest.strip_prefix(['日', '号']).unwrap_or(rest);
    Some((date, after_time(rest), false))
}

/// Skips `T10:49:39.0Z` or the like.
fn after_time(text: &str) -> &str {
    let Some(time) = text.strip_prefix(['T', 't']) else { return text };
    let (hour, rest) = digits(time);
    if hour.is_empty() || !rest.starts_with(':') { text } else { after_clock(rest) }
}

/// Skips `:49:39.0` and a zone.
fn after_clock(mut text: &str) -> &str {
    while let Some(next) = text.strip_prefix([':', '.']) {
        let (number, rest) = digits(next);
        if number.is_empty() {
            return text;
        }
        text = rest;
    }
    text.strip_prefix('Z').or_else(|| text.strip_prefix("+08:00")).unwrap_or(text)
}

fn ymd(year: &str, month: &str, day: &str) -> Option<Date> {
    if month.len() > 2 || day.len() > 2 {
        return None;
    }
    let year: i16 = year.parse().ok()?;
    if !(1900..=2200).contains(&year) {
        return None;
    }
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `20200113`, or days since 1899-12-30 for 1954 to 2119: smaller and larger numbers are years,
/// amounts and codes.
fn from_number(number: f64) -> Option<Date> {
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    if (19_000_101.0..=22_001_231.0).contains(&number) && number.fract() == 0.0 {
        let text = format!("{number}");
        return ymd(&text[..4], &text[4..6], &text[6..]);
    }
    if !(20_000.0..80_000.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 20,000 and 80,000")]
    let days = number.trunc() as i32;
    date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn days() {
        let expected = date(2020, 1, 13);
        for (written, odd) in [
            ("2020-01-13", false),
            ("2020/1/13", false),
            ("2020.1.13", false),
            ("２０２０年１月１３日", false),
            ("2020年1月13号", false),
            (" 2020-01-13 10:49:39 ", false),
            ("2020-01-13T10:49:39.5Z", false),
            ("2020-01-13T10:49:39+08:00", false),
            ("2020-01-1310:49:39.0", true),
            ("20200113", true),
            ("43843", true),
        ] {
            assert_eq!(day(&text(written)), Some((expected, odd)), "{written}");
        }
        assert_eq!(day(&Cell::Number(43843.45)), Some((expected, true)));
        assert_eq!(day(&Cell::Number(20_200_113.0)), Some((expected, true)));
        for written in [
            "2020年底",
            "2020-01",
            "2020年1月",
            "2020",
            "长期",
            "2020-13-01",
            "2020-02-30",
            "",
            "13",
        ] {
            assert_eq!(day(&text(written)), None, "{written}");
        }
        assert_eq!(day(&Cell::Number(2020.0)), None);
        assert_eq!(day(&Cell::Number(f64::NAN)), None);
    }

    #[test]
    fn ranges() {
        let (from, until) = (date(2020, 1, 13), date(2021, 1, 13));
        for (written, from, until, odd) in [
            ("2020-01-1310:49:39.0至2021-01-1310:49:41.0", Some(from), Some(until), true),
            ("2020-01-13 至 2021-01-13", Some(from), Some(until), false),
            ("2020.1.13-2021.1.13", Some(from), Some(until), false),
            ("2020年1月13日——2021年1月13日止", Some(from), Some(until), false),
            ("2020/1/13～2021/1/13", Some(from), Some(until), false),
            ("2020-01-13 10:00 至 2021-01-13 11:00", Some(from), Some(until), false),
            ("2020-01-13起至今", Some(from), None, false),
            ("截至2021年1月13日", None, Some(until), false),
            ("2021-01-13前", None, Some(until), false),
            ("20200113-20210113", Some(from), Some(until), true),
        ] {
            assert_eq!(range(&text(written)), Some(Range { from, until, odd }), "{written}");
        }
        for written in ["长期", "一年", "2020年至2021年", "2020-01-13至明年"] {
            assert_eq!(range(&text(written)), None, "{written}");
        }
    }
}
