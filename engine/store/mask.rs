//! Contacts as they may be shown to people who need not know them.

use crate::model::Contact;

/// What stands for what is hidden.
const HIDDEN: &str = "**";

/// A contact by which somebody who knows it recognises it, and nobody else learns it: `138****1234`,
/// `王**`, `z***@b.cn`; of an address only the first six characters, province and town.
///
/// Several values separated by `；` are masked one by one.
#[must_use]
pub fn mask(contact: &Contact) -> Contact {
    let each = |field: &Option<String>, one: fn(&str) -> String| {
        field.as_ref().map(|text| {
            let parts: Vec<String> = text.split(['；', ';']).map(|part| one(part.trim())).collect();
            parts.join("；")
        })
    };
    Contact {
        person: each(&contact.person, person),
        telephone: each(&contact.telephone, telephone),
        email: each(&contact.email, email),
        address: each(&contact.address, address),
    }
}

fn person(text: &str) -> String {
    text.chars().next().map_or_else(String::new, |first| format!("{first}{HIDDEN}"))
}

/// The first three and the last four digits of a mobile number; of any other only the last two.
fn telephone(text: &str) -> String {
    let digits: Vec<char> = text
        .chars()
        .filter_map(|c| match c {
            '０'..='９' => char::from_u32(c as u32 - 0xFEE0),
            c => c.is_ascii_digit().then_some(c),
        })
        .collect();
    let local =
        if digits.starts_with(&['8', '6']) && digits.len() == 13 { &digits[2..] } else { &digits };
    if local.len() == 11 && local[0] == '1' {
        let (head, tail): (String, String) =
            (local[..3].iter().collect(), local[7..].iter().collect());
        return format!("{head}****{tail}");
    }
    // A number with an extension or two numbers run together: little of it is little enough.
    let tail: String = local.iter().skip(local.len().saturating_sub(2).max(1)).collect();
    if text.is_empty() { String::new() } else { format!("****{tail}") }
}

fn email(text: &str) -> String {
    match text.rsplit_once(['@', '＠']) {
        Some((name, host)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{host}")
        }
        None if text.is_empty() => String::new(),
        // Something else was written there, perhaps a number: nothing of it is shown.
        None => "***".to_owned(),
    }
}

fn address(text: &str) -> String {
    const SHOWN: usize = 6;
    if text.is_empty() {
        return String::new();
    }
    let shown: String = text.chars().take(SHOWN.min(text.chars().count() / 2)).collect();
    format!("{shown}{HIDDEN}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(person: &str, telephone: &str, email: &str, address: &str) -> [String; 4] {
        let some = |text: &str| Some(text.to_owned());
        let Contact { person, telephone, email, address } = mask(&Contact {
            person: some(person),
            telephone: some(telephone),
            email: some(email),
            address: some(address),
        });
        [person, telephone, email, address].map(Option::unwrap_or_default)
    }

    #[test]
    fn contacts_are_masked_as_agreed() {
        assert_eq!(
            masked("王小明", "13812341234", "abc@b.cn", "浙江省杭州市滨江区江南大道1号"),
            ["王**", "138****1234", "a***@b.cn", "浙江省杭州市**"]
        );
        assert_eq!(
            masked("张三；李四", "+86 138-1234-1234；0571-88881234", "a@b.cn；x", "路1号"),
            ["张**；李**", "138****1234；****34", "a***@b.cn；***", "路**"]
        );
        assert_eq!(mask(&Contact::default()), Contact::default());
    }

    /// No run of more than four digits of any number survives, whatever was typed.
    #[test]
    fn little_of_any_number_is_left() {
        for text in [
            "0571-88881234转801",
            "138123412341381234",
            "8888",
            "1",
            "１３８１２３４１２３４",
            "电话：12",
        ] {
            let [_, shown, ..] = masked("", text, "", "");
            let n_digits = |text: &str| text.chars().filter(|c| c.is_numeric()).count();
            assert!(n_digits(&shown) <= 7, "{shown}");
            assert!(n_digits(&shown) < n_digits(text), "{text} became {shown}");
        }
    }
}
