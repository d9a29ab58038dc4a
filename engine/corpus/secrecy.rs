//! Rows that must not be taken: marked as state secrets, or to be looked at by somebody first.

use std::sync::OnceLock;

use serde::Deserialize;

use super::clean;
use super::headers::Field;
use super::layout::Column;
use super::table::{Cell, Row};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    classified: Vec<String>,
    held_confidence: Vec<String>,
    held_arms: Vec<String>,
    unless: Vec<String>,
}

/// The words of `corpus/secrecy_cues.toml`.
#[derive(Debug)]
pub(super) struct Cues {
    classified: Vec<String>,
    held: Vec<String>,
    unless: Vec<String>,
}

impl Cues {
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Cues> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let shipped: Shipped = toml::from_str(include_str!("../../corpus/secrecy_cues.toml"))
                .expect("corpus/secrecy_cues.toml is compiled in and read by a test");
            Self {
                classified: shipped.classified,
                held: [shipped.held_confidence, shipped.held_arms].concat(),
                unless: shipped.unless,
            }
        })
    }

    /// Whether a text bears a level of secrecy as a mark.
    pub(super) fn marks(&self, text: &str) -> bool {
        if !self.classified.iter().any(|level| text.contains(level.as_str())) {
            return false;
        }
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        self.classified.iter().any(|level| {
            bare.match_indices(level.as_str()).any(|(at, _)| {
                let (before, after) = (&bare[..at], &bare[at + level.len()..]);
                let after = after.strip_prefix('级').unwrap_or(after);
                let alone = before.is_empty() && after.is_empty();
                let starred = after.starts_with(['★', '☆']) || before.ends_with(['★', '☆']);
                let labelled = ["密级:", "密级：", "保密级别:", "保密级别：", "密级为"]
                    .iter()
                    .any(|label| before.ends_with(label));
                let opened = before.chars().next_back().is_some_and(|c| "【[（(〔".contains(c));
                let closed = after.chars().next().is_some_and(|c| "】]）)〕".contains(c));
                let width = |text: &str| text.chars().count();
                let at_an_end = width(before) <= 1 || width(after) <= 1;
                alone || starred || labelled || (opened && closed && at_an_end)
            })
        })
    }

    /// The first word, by its place in the list, for which a text is to be looked at.
    fn held(&self, text: &str) -> Option<&str> {
        let found = |text: &str| self.held.iter().find(|cue| text.contains(cue.as_str()));
        found(text)?;
        let mut rest = text.to_owned();
        for words in &self.unless {
            if rest.contains(words.as_str()) {
                rest = rest.replace(words.as_str(), "\u{0}");
            }
        }
        found(&rest).map(String::as_str)
    }

    /// Whether any cell of a row bears a mark.
    pub(super) fn mark_row(&self, row: &Row) -> bool {
        row.cells.iter().any(|cell| matches!(cell, Cell::Text(text) if self.marks(text)))
    }

    /// Whether a row is to be looked at by somebody: a cue in any text but the names of
    /// organizations, people and places, and hidden columns. Gives the column and the cue. A patent
    /// with a number of its own comes from a register and is public, whatever it is about.
    pub(super) fn hold_row<'a>(
        &'a self,
        row: &Row,
        columns: &'a [Column],
    ) -> Option<(Option<&'a Column>, &'a str)> {
        let is_published = columns.iter().enumerate().any(|(at, column)| {
            matches!(column.field, Some(Field::PublicationNumber | Field::ApplicationNumber))
                && row.cells.get(at).is_some_and(|cell| !cell.is_blank())
        });
        if is_published {
            return None;
        }
        row.cells.iter().enumerate().find_map(|(at, cell)| {
            let column = columns.get(at);
            let is_name = column.is_some_and(|column| {
                column.is_hidden()
                    || matches!(column.field, Some(Field::Organization | Field::Region))
            });
            let Cell::Text(text) = cell else { return None };
            if is_name {
                return None;
            }
            self.held(&clean::text(text, true).0).map(|cue| (column, cue))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_from_subjects() {
        let cues = Cues::shipped();
        for text in [
            "秘密",
            " 机密 ",
            "绝密级",
            "机密★10年",
            "★秘密",
            "【机密】某项目",
            "某项目（秘密）",
            "密级：秘密",
            "成果密级: 绝密",
        ] {
            assert!(cues.marks(text), "{text}");
        }
        for text in [
            "商业秘密保护技术",
            "机密计算",
            "秘密共享协议",
            "一种（机密）计算方法及其装置",
            "非密",
            "",
        ] {
            assert!(!cues.marks(text), "{text}");
        }
    }

    #[test]
    fn cues_and_what_they_do_not_mean() {
        let cues = Cues::shipped();
        for (text, cue) in [
            ("用于导弹制导", Some("导弹")),
            ("材料请保密", Some("请保密")),
            ("推进军民融合发展", None),
            ("军民融合领域的军用电池", Some("军用")),
            ("不涉密", None),
            ("新型涂层", None),
        ] {
            assert_eq!(cues.held(text), cue, "{text}");
        }
    }
}
