//! How a text is folded before it is cut: compatibility forms, case, accents, blanks.

use regex::Regex;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::characters::{is_bert_control, is_bert_han, is_han, is_nonspacing_mark};
use super::{EmbedError, unsupported};
use crate::embed::TokenizerPart;

/// One step of folding.
#[derive(Debug)]
pub(super) enum Normalizer {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Lowercase,
    StripAccents,
    Strip {
        left: bool,
        right: bool,
    },
    Replace {
        pattern: String,
        with: String,
    },
    ReplaceRegex {
        pattern: Regex,
        with: String,
    },
    /// `BertNormalizer`'s first two steps: blanks for white space, nothing for controls, and
    /// blanks around Chinese characters.
    BertClean {
        clean: bool,
        space_han: bool,
    },
}

/// Reads the `normalizer` section; `null` changes nothing.
pub(super) fn read(section: &Value) -> Result<Vec<Normalizer>, EmbedError> {
    if section.is_null() {
        return Ok(Vec::new());
    }
    let flag = |name: &str| section[name].as_bool().unwrap_or(true);
    let kind = section["type"].as_str().unwrap_or("a normalizer without a type");
    Ok(match kind {
        "NFC" => vec![Normalizer::Nfc],
        "NFD" => vec![Normalizer::Nfd],
        "NFKC" => vec![Normalizer::Nfkc],
        "NFKD" => vec![Normalizer::Nfkd],
        "Lowercase" => vec![Normalizer::Lowercase],
        "StripAccents" => vec![Normalizer::StripAccents],
        "Strip" => {
            vec![Normalizer::Strip { left: flag("strip_left"), right: flag("strip_right") }]
        }
        "Replace" => vec![read_replace(section)?],
        "BertNormalizer" => {
            let lowercase = flag("lowercase");
            let mut steps = vec![Normalizer::BertClean {
                clean: flag("clean_text"),
                space_han: flag("handle_chinese_chars"),
            }];
            if section["strip_accents"].as_bool().unwrap_or(lowercase) {
                steps.extend([Normalizer::Nfd, Normalizer::StripAccents]);
            }
            if lowercase {
                steps.push(Normalizer::Lowercase);
            }
            steps
        }
        "Sequence" => {
            let steps = section["normalizers"].as_array().map_or(&[][..], Vec::as_slice);
            steps.iter().map(read).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
        }
        _ => return Err(unsupported(TokenizerPart::Normalizer, kind.to_owned())),
    })
}

fn read_replace(section: &Value) -> Result<Normalizer, EmbedError> {
    let with = section["content"].as_str().unwrap_or_default().to_owned();
    let pattern = &section["pattern"];
    if let Some(text) = pattern["String"].as_str().filter(|text| !text.is_empty()) {
        return Ok(Normalizer::Replace { pattern: text.to_owned(), with });
    }
    let regex = pattern["Regex"].as_str().unwrap_or_default();
    match Regex::new(regex) {
        Ok(compiled) if !regex.is_empty() => {
            Ok(Normalizer::ReplaceRegex { pattern: compiled, with })
        }
        _ => Err(unsupported(TokenizerPart::Normalizer, format!("Replace with {pattern}"))),
    }
}

impl Normalizer {
    /// Folds `text` in place; `spare` is a buffer whose content is lost.
    pub(super) fn apply(&self, text: &mut String, spare: &mut String) {
        spare.clear();
        match self {
            Self::Nfc => spare.extend(text.nfc()),
            Self::Nfd => spare.extend(text.nfd()),
            Self::Nfkd => spare.extend(text.nfkd()),
            Self::Nfkc => nfkc(text, spare),
            Self::Lowercase => {
                for c in text.chars() {
                    if c.is_ascii() {
                        spare.push(c.to_ascii_lowercase());
                    } else if is_han(c) {
                        spare.push(c);
                    } else {
                        spare.extend(c.to_lowercase());
                    }
                }
            }
            Self::StripAccents => spare.extend(text.chars().filter(|c| !is_nonspacing_mark(*c))),
            Self::Strip { left, right } => {
                let kept = if *left { text.trim_start() } else { text.as_str() };
                spare.push_str(if *right { kept.trim_end() } else { kept });
            }
            Self::Replace { pattern, with } => spare.push_str(&text.replace(pattern, with)),
            Self::ReplaceRegex { pattern, with } => {
                spare.push_str(&pattern.replace_all(text, regex::NoExpand(with)));
            }
            Self::BertClean { clean, space_han } => {
                for c in text.chars() {
                    if *clean && (c == '\0' || c == '\u{fffd}' || is_bert_control(c)) {
                        continue;
                    }
                    if *clean && c.is_whitespace() {
                        spare.push(' ');
                    } else if *space_han && is_bert_han(c) {
                        spare.extend([' ', c, ' ']);
                    } else {
                        spare.push(c);
                    }
                }
            }
        }
        std::mem::swap(text, spare);
    }
}

/// NFKC with a short way for what Chinese text is made of.
///
/// A plain character (see [`plain`]) is its own NFKC form and begins a new composition, so text
/// can be cut before one. The last plain character before others goes with them: a mark that
/// follows may compose with it.
fn nfkc(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| plain(c).is_none()).unwrap_or(rest.len());
        let (mut run, mut after) = rest.split_at(end);
        if !after.is_empty()
            && let Some((last, _)) = run.char_indices().next_back()
        {
            (run, after) = rest.split_at(last);
        }
        out.extend(run.chars().filter_map(plain));
        // Skip the plain character that was handed over, then take what is not plain.
        let lead = after.chars().next().filter(|c| plain(*c).is_some()).map_or(0, char::len_utf8);
        let odd = after[lead..].find(|c| plain(c).is_some()).map_or(after.len(), |at| lead + at);
        out.extend(after[..odd].nfkc());
        rest = &after[odd..];
    }
}

/// The NFKC form of characters that need no table: ASCII, common Chinese characters and
/// punctuation, and the full-width forms of ASCII.
fn plain(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7f}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{3001}'..='\u{3002}'
        | '\u{3008}'..='\u{3011}' => Some(c),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::nfkc;

    proptest! {
        #[test]
        fn short_way_equals_nfkc(text in "([a-zA-Z,，。（）Ａ１ 中文の가각ᄀ\u{1161}\u{11a8}é\u{301}\u{327}①㎡½ﬁ゙か～\u{3000}]|\\PC){0,24}") {
            let mut folded = String::new();
            nfkc(&text, &mut folded);
            prop_assert_eq!(folded, text.nfkc().collect::<String>());
        }
    }
}
