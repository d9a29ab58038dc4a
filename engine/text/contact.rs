//! Telephone numbers and addresses of mail that people type into descriptions.

/// What stands for a passage that must not be shown.
pub const VEILED: &str = "〔略〕";

/// Finds telephone numbers and addresses of mail: ranges of characters, which may overlap.
///
/// Telephones are mobile numbers of mainland China (eleven digits from 13 to 19, standing alone)
/// and numbers with an area code (0 and two or three digits, a hyphen, seven or eight digits), in
/// either width. Quantities, dates and patent numbers are none.
#[must_use]
pub fn contact_passages(text: &[char]) -> Vec<(usize, usize)> {
    let mut found = telephones(text);
    found.extend(emails(text));
    found
}

/// A quick look that spares most texts the search: false only where nothing would be found.
#[must_use]
pub fn may_hold_contact(text: &str) -> bool {
    text.contains(['@', '＠'])
        || text.chars().filter(char::is_ascii_digit).count() >= 7
        || text.chars().any(|c| ('０'..='９').contains(&c))
}

fn telephones(text: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = run(text, start, is_digit);
        if end == start {
            start += 1;
            continue;
        }
        let alone = start == 0 || !text[start - 1].is_ascii_alphanumeric();
        if alone && end - start == 11 && digit(text[start]) == 1 && digit(text[start + 1]) >= 3 {
            found.push((start, end));
        } else if alone
            && (3..=4).contains(&(end - start))
            && digit(text[start]) == 0
            && text.get(end).is_some_and(|&c| matches!(c, '-' | '－' | '—' | '–'))
        {
            let last = run(text, end + 1, is_digit);
            if (7..=8).contains(&(last - end - 1)) {
                found.push((start, last));
            }
        }
        start = end;
    }
    found
}

fn emails(text: &[char]) -> Vec<(usize, usize)> {
    let part_of_address = |c: char| c.is_ascii_alphanumeric() || "._%+-".contains(c);
    let mut found = Vec::new();
    for at in (0..text.len()).filter(|&at| matches!(text[at], '@' | '＠')) {
        let start = (0..at).rev().take_while(|&i| part_of_address(text[i])).last().unwrap_or(at);
        let end = run(text, at + 1, part_of_address);
        if start < at && text[at + 1..end].contains(&'.') {
            found.push((start, end));
        }
    }
    found
}

fn run(text: &[char], start: usize, belongs: impl Fn(char) -> bool) -> usize {
    text[start..].iter().position(|&c| !belongs(c)).map_or(text.len(), |length| start + length)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn digit(c: char) -> u32 {
    if c.is_ascii_digit() { c as u32 - '0' as u32 } else { c as u32 - '０' as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        let passages = contact_passages(&characters);
        assert!(passages.is_empty() || may_hold_contact(text), "{text}");
        passages.into_iter().map(|(start, end)| characters[start..end].iter().collect()).collect()
    }

    #[test]
    fn telephones_and_mail_are_found() {
        assert_eq!(found("电话13812345678，随时"), ["13812345678"]);
        assert_eq!(found("座机 029-88881234"), ["029-88881234"]);
        assert_eq!(found("手机：１３８１２３４５６７８"), ["１３８１２３４５６７８"]);
        assert_eq!(found("写信至 li.gong@example.com.cn 即可"), ["li.gong@example.com.cn"]);
    }

    #[test]
    fn quantities_and_patent_numbers_are_none() {
        for text in ["ZL201310123456.7", "CN13812345678A", "1200℃、0.025mm", "2020-12-01 至 2021"]
        {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
