//! Mending of text: invisible characters, odd spaces, quotation marks.

use std::borrow::Cow;

/// Marks that take no room and mean nothing in a list.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

/// Removes what surrounds a text without being seen.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Cleans a text: control and invisible characters go, odd spaces become plain ones.
///
/// With `lines`, line breaks stay (`\r\n` and `\r` become `\n`, blank lines go); without, they
/// become spaces. The flag says whether something inside was really wrong: trimming, line ends
/// and tabs are not.
pub(super) fn text(raw: &str, lines: bool) -> (Cow<'_, str>, bool) {
    let raw = trim(raw);
    if !raw.chars().any(needs_care) && !raw.contains("_x000D_") {
        return (Cow::Borrowed(raw), false);
    }
    let unescaped: Cow<'_, str> = if raw.contains("_x000D_") {
        Cow::Owned(raw.replace("_x000D_", ""))
    } else {
        Cow::Borrowed(raw)
    };
    let mut mended = matches!(unescaped, Cow::Owned(_));
    let mut out = String::with_capacity(raw.len());
    let mut chars = unescaped.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    continue;
                }
                if lines {
                    let kept = out.trim_end_matches([' ', '\u{3000}']).len();
                    out.truncate(kept);
                    if !out.is_empty() && !out.ends_with('\n') {
                        out.push('\n');
                    }
                } else {
                    mended = true;
                    if !out.ends_with(' ') {
                        out.push(' ');
                    }
                }
            }
            '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => mended = true,
            c if is_odd_space(c) => {
                mended = true;
                // A run of odd spaces stands for one gap.
                if !out.ends_with([' ', '\n']) {
                    out.push(' ');
                }
            }
            ' ' | '\u{3000}' if lines && out.ends_with('\n') => {}
            c => out.push(c),
        }
    }
    let kept = trim(&out).len();
    let start = out.len() - out.trim_start().len();
    let out = if start == 0 && kept == out.len() { out } else { trim(&out).to_owned() };
    (Cow::Owned(out), mended)
}

fn needs_care(c: char) -> bool {
    c.is_control() || is_invisible(c) || is_odd_space(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}')
}

/// Mends quotation marks that an export doubled or put around a whole value.
///
/// `"…"` around everything goes when the marks inside are none or all doubled; `""` becomes `"`;
/// a lone mark at the start, or at the end unless a digit precedes it (`12"` is twelve inches),
/// goes. `None` when nothing was wrong.
pub(super) fn quotes(text: &str) -> Option<String> {
    if !text.contains('"') {
        return None;
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = inner
        && !inner.replace("\"\"", "").contains('"')
    {
        return Some(trim(&inner.replace("\"\"", "\"")).to_owned());
    }
    if text.contains("\"\"") {
        let single = text.replace("\"\"", "\"");
        return Some(quotes(&single).unwrap_or(single));
    }
    if text.matches('"').count() % 2 == 1 {
        if let Some(rest) = text.strip_prefix('"') {
            return Some(trim(rest).to_owned());
        }
        if let Some(rest) = text.strip_suffix('"')
            && !rest.ends_with(|c: char| c.is_ascii_digit())
        {
            return Some(trim(rest).to_owned());
        }
    }
    None
}

/// The first `n_chars` characters of a text.
pub(super) fn start(text: &str, n_chars: usize) -> String {
    text.chars().take(n_chars).collect()
}

/// At most `n_chars` characters of `text` on one line, with `…` where something was left off.
pub(super) fn shorten(text: &str, n_chars: usize) -> String {
    let mut out: String = text.chars().take(n_chars).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    if out.contains('\n') { out.replace('\n', " ") } else { out }
}

/// Both texts shortened to where they begin to differ, so that the change can be seen.
pub(super) fn shorten_change(before: &str, after: &str) -> (String, String) {
    const SHOWN: usize = 60;
    const AHEAD: usize = 12;
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    if same <= SHOWN / 2 {
        return (shorten(before, SHOWN), shorten(after, SHOWN));
    }
    let from = same - AHEAD;
    let cut = |text: &str| {
        let rest: String = text.chars().skip(from).collect();
        format!("…{}", shorten(&rest, SHOWN - AHEAD))
    };
    (cut(before), cut(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_and_plain_trimming_are_no_repair() {
        assert_eq!(text("  防起球工艺　", true), (Cow::Borrowed("防起球工艺"), false));
        assert_eq!(text("甲\r\n\r\n  乙", true), (Cow::Owned("甲\n乙".to_owned()), false));
        assert_eq!(text("\u{a0}甲", true), (Cow::Borrowed("甲"), false));
    }

    #[test]
    fn odd_characters_inside_are_mended() {
        assert_eq!(text("选育\u{a0}\u{a0}目的", true).0, "选育 目的");
        assert!(text("选育\u{a0}目的", true).1);
        assert_eq!(text("甲\u{0}乙\u{200b}丙", true), (Cow::Owned("甲乙丙".to_owned()), true));
        assert_eq!(text("甲\n乙", false), (Cow::Owned("甲 乙".to_owned()), true));
        assert_eq!(text("甲_x000D_\n乙", true), (Cow::Owned("甲\n乙".to_owned()), true));
    }

    #[test]
    fn quotation_marks() {
        for (before, after) in [
            ("\"1、电路设计；2、通讯。\"", Some("1、电路设计；2、通讯。")),
            ("\"称为\"\"甲\"\"的工艺\"", Some("称为\"甲\"的工艺")),
            ("起动\"\"控制\"\"设备", Some("起动\"控制\"设备")),
            ("\"甲\"和\"乙\"", None),
            ("12\"晶圆", None),
            ("用于12\"", None),
            ("\"未闭合", Some("未闭合")),
            ("未打开\"", Some("未打开")),
            ("\"\"", Some("")),
            ("\"", Some("")),
        ] {
            assert_eq!(quotes(before).as_deref(), after, "{before}");
        }
    }

    #[test]
    fn a_change_far_inside_is_shown() {
        let before = format!("{}\u{1}尾", "甲".repeat(200));
        let after = format!("{}尾", "甲".repeat(200));
        let (b, a) = shorten_change(&before, &after);
        assert!(b.contains('\u{1}') && !a.contains('\u{1}') && a.ends_with('尾'));
    }
}
