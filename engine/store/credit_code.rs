//! The unified social credit code (统一社会信用代码) of GB 32100-2015.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Lang;

/// The characters of a code in the order of their values, 0 to 30: digits and capital letters
/// without I, O, S, V and Z (GB 32100-2015, table 4).
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Characters of a code: one of the registering office, one of the kind, six of the place, nine of
/// the organization, one to check.
const LENGTH: usize = 18;

/// Weights of the first seventeen characters: powers of 3 modulo 31 (GB 32100-2015, 4.2.6).
const WEIGHTS: [u32; LENGTH - 1] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Where the nine characters of GB 11714 begin.
const ORGANIZATION_AT: usize = 8;

/// Weights of the first eight characters of an organization's code (GB 11714-1997, 3.2.1).
const ORGANIZATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// A code whose check characters are right; capital letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CreditCode(String);

impl CreditCode {
    /// Reads a code; spaces, hyphens, width and case do not count.
    ///
    /// # Errors
    /// [`CreditCodeFault`], naming what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CreditCodeFault> {
        let code: String = text
            .chars()
            .map(|c| match c {
                '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
                c => c,
            })
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let n_characters = code.chars().count();
        if n_characters != LENGTH {
            return Err(CreditCodeFault::Length(n_characters));
        }
        let mut values = [0_u32; LENGTH];
        for (value, c) in values.iter_mut().zip(code.chars()) {
            let place = CHARACTERS.iter().zip(0_u32..).find(|(known, _)| char::from(**known) == c);
            *value = place.map(|(_, value)| value).ok_or(CreditCodeFault::Character(c))?;
        }
        let sum: u32 = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        let checked = (31 - sum % 31) % 31;
        if values[LENGTH - 1] != checked {
            return Err(CreditCodeFault::Check { expected: character(checked) });
        }
        // Letters count 10 to 35 there, by the alphabet with the five letters left out here.
        let bytes = &code.as_bytes()[ORGANIZATION_AT..LENGTH - 1];
        let value = |byte: u8| match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            letter => u32::from(letter - b'A') + 10,
        };
        let sum: u32 = bytes
            .iter()
            .zip(ORGANIZATION_WEIGHTS)
            .map(|(byte, weight)| value(*byte) * weight)
            .sum();
        let expected = match 11 - sum % 11 {
            10 => b'X',
            11 => b'0',
            digit => b'0' + u8::try_from(digit).expect("below ten"),
        };
        if bytes[ORGANIZATION_WEIGHTS.len()] != expected {
            return Err(CreditCodeFault::Organization { expected: char::from(expected) });
        }
        Ok(Self(code))
    }

    /// The eighteen characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn character(value: u32) -> char {
    char::from(CHARACTERS[value as usize])
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CreditCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a text is no credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeFault {
    /// It does not have 18 characters.
    #[error("it has {0} characters instead of 18")]
    Length(usize),
    /// A character that codes do not have.
    #[error("codes have no character {0}")]
    Character(char),
    /// The last character does not fit the others.
    #[error("the last character should be {expected}")]
    Check {
        /// The one that would.
        expected: char,
    },
    /// The seventeenth character, which checks the organization's own code, does not fit.
    #[error("the 17th character should be {expected}")]
    Organization {
        /// The one that would.
        expected: char,
    },
}

impl CreditCodeFault {
    /// The fault in words.
    #[must_use]
    pub fn message(self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Length(n) => format!("统一社会信用代码应为 18 位，这里是 {n} 位"),
            Self::Character(c) => format!("统一社会信用代码中没有字符“{c}”（不用 I、O、S、V、Z）"),
            Self::Check { expected } => format!("统一社会信用代码的末位校验码应为 {expected}"),
            Self::Organization { expected } => {
                format!("统一社会信用代码的第 17 位（组织机构代码校验码）应为 {expected}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_powers_of_three() {
        let mut power = 1;
        for weight in WEIGHTS {
            assert_eq!(weight, power);
            power = power * 3 % 31;
        }
    }

    /// The example of the standard, and codes that companies publish on their invoices' page.
    #[test]
    fn published_codes_are_right() {
        for code in
            ["91350100M000100Y43", "914403001922038216", "9144030071526726XG", "91330100799655058B"]
        {
            assert_eq!(CreditCode::parse(code).map(|code| code.0), Ok(code.to_owned()));
        }
        let spaced = CreditCode::parse(" ９1350100-m000 100y43 ").expect("the same code");
        assert_eq!(spaced.as_str(), "91350100M000100Y43");
    }

    #[test]
    fn every_single_slip_is_found() {
        let code = "91350100M000100Y43";
        for at in 0..LENGTH {
            for &other in CHARACTERS {
                let mut slip = code.as_bytes().to_vec();
                if slip[at] == other {
                    continue;
                }
                slip[at] = other;
                let slip = String::from_utf8(slip).expect("ASCII");
                assert!(CreditCode::parse(&slip).is_err(), "{slip}");
            }
        }
        for at in 0..LENGTH - 1 {
            let mut slip = code.as_bytes().to_vec();
            slip.swap(at, at + 1);
            let slip = String::from_utf8(slip).expect("ASCII");
            assert!(slip == code || CreditCode::parse(&slip).is_err(), "{slip}");
        }
    }

    #[test]
    fn faults_say_what_is_wrong() {
        assert_eq!(CreditCode::parse("9135"), Err(CreditCodeFault::Length(4)));
        assert_eq!(CreditCode::parse("9135010OM000100Y43"), Err(CreditCodeFault::Character('O')));
        let fault = CreditCode::parse("91350100M000100Y44").expect_err("the last one is wrong");
        assert_eq!(fault, CreditCodeFault::Check { expected: '3' });
        assert!(fault.message(Lang::Zh).contains("末位"));
    }
}
