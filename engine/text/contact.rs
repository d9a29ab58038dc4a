//! Telephone numbers and addresses of mail that people type into descriptions, and how such
//! passages are taken out.

use std::sync::LazyLock;

use regex::Regex;

/// What stands for a passage that must not be shown.
pub const VEILED: &str = "〔略〕";

/// Shortest text that is looked for in other texts: a single character would stand everywhere.
const SHORTEST_SECRET: usize = 2;

/// Digits and hyphens in either width; the parts of a number may stand apart by one blank or hyphen.
static TELEPHONE: LazyLock<Regex> = LazyLock::new(|| {
    let digit = "[0-9０-９]";
    let gap = "[-－—–  ]?";
    let mobile = format!(
        "(?:[+＋]?(?:86|８６){gap})?[1１][3-9３-９]{digit}{gap}{digit}{{4}}{gap}{digit}{{4}}"
    );
    // Area codes: 010, 02x, and 03xx to 09xx.
    let area = format!("[0０](?:[1１][0０]|[2２]{digit}|[3-9３-９]{digit}{{2}})");
    let number = format!("{digit}{{3,4}}{gap}{digit}{{4}}");
    let landline = format!("(?:[(（]{area}[)）]{gap}|{area}[-－—–  ]){number}");
    let service = format!("[4４][0０][0０][-－—– ]{digit}{{3,4}}[-－—– ]?{digit}{{3,4}}");
    let account = "(?i:qq|微信|wechat)号?码?[:： ]*[0-9A-Za-z_-]{5,}";
    Regex::new(&format!("{mobile}|{landline}|{service}|{account}")).expect("a fixed pattern")
});

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9._%+-]+[@＠][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+").expect("a fixed pattern")
});

/// Finds telephone numbers and addresses of mail: byte ranges, ascending, disjoint.
///
/// Telephones are mobile numbers of mainland China (eleven digits from 13 to 19, with or without
/// +86 and gaps), numbers with an area code, and 400 numbers, in either width and standing alone:
/// quantities, dates and patent numbers are none. QQ and 微信 accounts count too.
#[must_use]
pub fn contact_passages(text: &str) -> Vec<std::ops::Range<usize>> {
    if !may_hold_contact(text) {
        return Vec::new();
    }
    let part_of_word = |c: Option<char>| {
        c.is_some_and(|c| c.is_ascii_alphanumeric() || ('０'..='９').contains(&c))
    };
    let alone = |range: &std::ops::Range<usize>| {
        let before = &text[..range.start];
        let announced = ["tel", "phone", "mobile"]
            .iter()
            .any(|word| before.to_ascii_lowercase().ends_with(word));
        (announced || !part_of_word(before.chars().next_back()))
            && !part_of_word(text[range.end..].chars().next())
    };
    let telephones = TELEPHONE.find_iter(text).map(|found| found.range()).filter(alone);
    let mails = MAIL.find_iter(text).map(|found| found.range());
    let mut found: Vec<_> = telephones.chain(mails).collect();
    found.sort_by_key(|range| range.start);
    found.dedup_by(|next, kept| next.start < kept.end);
    found
}

/// A quick look that spares most texts the search: false only where nothing would be found.
fn may_hold_contact(text: &str) -> bool {
    text.contains(['@', '＠'])
        || text.chars().filter(|c| c.is_ascii_digit() || ('０'..='９').contains(c)).nth(6).is_some()
}

/// For every character of `text`, whether it must not be shown: contacts, and every occurrence of
/// one of the `secrets`. Secrets of one character are not looked for.
#[must_use]
pub fn hidden_characters<'s>(text: &str, secrets: impl Iterator<Item = &'s str>) -> Vec<bool> {
    let mut ranges = contact_passages(text);
    for secret in secrets.map(str::trim).filter(|s| s.chars().nth(SHORTEST_SECRET - 1).is_some()) {
        ranges.extend(text.match_indices(secret).map(|(at, found)| at..at + found.len()));
    }
    text.char_indices().map(|(at, _)| ranges.iter().any(|range| range.contains(&at))).collect()
}

/// `text` with contacts and `secrets` replaced by [`VEILED`]; `None` where there are none.
#[must_use]
pub fn veil<'s>(text: &str, secrets: impl Iterator<Item = &'s str>) -> Option<String> {
    let hidden = hidden_characters(text, secrets);
    hidden.contains(&true).then(|| shown(text.chars().zip(hidden)))
}

/// Writes characters, each with whether it is hidden; a run of hidden ones becomes one [`VEILED`].
#[must_use]
pub fn shown(characters: impl Iterator<Item = (char, bool)>) -> String {
    let mut text = String::new();
    let mut was_hidden = false;
    for (c, hidden) in characters {
        if !hidden {
            text.push(c);
        } else if !was_hidden {
            text.push_str(VEILED);
        }
        was_hidden = hidden;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        contact_passages(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn telephones_and_mail_are_found() {
        assert_eq!(found("电话13812345678，随时"), ["13812345678"]);
        assert_eq!(found("+8613812345678或138 1234 5678"), ["+8613812345678", "138 1234 5678"]);
        assert_eq!(found("138-1234-5678"), ["138-1234-5678"]);
        assert_eq!(
            found("+86-138-0000-1111，138-0000-2222"),
            ["+86-138-0000-1111", "138-0000-2222"]
        );
        assert_eq!(found("tel13800001111"), ["13800001111"]);
        assert_eq!(found("座机 029-88881234，(029)88887777"), ["029-88881234", "(029)88887777"]);
        assert_eq!(found("029 88881234、029-8888-7777"), ["029 88881234", "029-8888-7777"]);
        assert_eq!(found("QQ：123456789，微信号abc_secret"), ["QQ：123456789", "微信号abc_secret"]);
        assert_eq!(found("热线400-820-8820"), ["400-820-8820"]);
        assert_eq!(found("手机：１３８１２３４５６７８"), ["１３８１２３４５６７８"]);
        assert_eq!(found("写信至 li.gong@example.com.cn 即可"), ["li.gong@example.com.cn"]);
    }

    #[test]
    fn quantities_and_patent_numbers_are_none() {
        for text in [
            "ZL201310123456.7",
            "CN13812345678A",
            "1200℃、0.025mm",
            "2020-12-01 至 2021",
            "138123456789",
            "产量 1500 0000 件",
            "长度 0123-4567890",
            "@",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn secrets_are_veiled_wherever_they_stand() {
        let secrets = ["王工", "甲"];
        assert_eq!(
            veil("找王工，电话13812345678。甲方", secrets.into_iter()).as_deref(),
            Some("找〔略〕，电话〔略〕。甲方")
        );
        assert_eq!(veil("没有", secrets.into_iter()), None);
    }
}
