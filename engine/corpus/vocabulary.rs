//! Words of the closed vocabularies, categories and classification codes.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::headers::fold;
use crate::model::{CooperationMode, Maturity, SupplyKind, Visibility};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    maturity: HashMap<Maturity, Vec<String>>,
    cooperation: HashMap<CooperationMode, Vec<String>>,
    kind: HashMap<SupplyKind, Vec<String>>,
    visibility: HashMap<Visibility, Vec<String>>,
    secrecy: HashMap<String, Vec<String>>,
    price: HashMap<String, Vec<String>>,
    category: HashMap<String, Vec<String>>,
}

/// The words of `corpus/vocabulary.toml`, folded.
#[derive(Debug)]
pub(super) struct Vocabulary {
    maturity: Words<Maturity>,
    cooperation: Words<CooperationMode>,
    kind: Words<SupplyKind>,
    visibility: Words<Visibility>,
    not_classified: HashSet<String>,
    negotiable: HashSet<String>,
    categories: HashSet<String>,
}

#[derive(Debug)]
struct Words<T> {
    values: HashMap<String, T>,
    /// Longest word, in characters.
    longest: usize,
}

impl<T: Copy> Words<T> {
    fn new(lists: impl IntoIterator<Item = (T, Vec<String>)>) -> Self {
        let mut values = HashMap::new();
        for (value, words) in lists {
            for word in words {
                values.insert(fold(&word), value);
            }
        }
        let longest = values.keys().map(|word| word.chars().count()).max().unwrap_or(0);
        Self { values, longest }
    }

    fn exact(&self, text: &str) -> Option<T> {
        self.values.get(&fold(text)).copied()
    }

    /// Cuts a run of known words, longest first at each place; `None` unless all of it is known.
    fn run(&self, text: &str) -> Option<Vec<T>> {
        let chars: Vec<char> = fold(text).chars().collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at < chars.len() {
            if !found.is_empty() && "和与及或并".contains(chars[at]) {
                at += 1;
                continue;
            }
            let (length, value) =
                (1..=self.longest.min(chars.len() - at)).rev().find_map(|length| {
                    let word: String = chars[at..at + length].iter().collect();
                    self.values.get(&word).map(|value| (length, *value))
                })?;
            found.push(value);
            at += length;
        }
        (!found.is_empty()).then_some(found)
    }
}

/// Ways of cooperation read from a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Modes {
    /// Each once, in the order of the cell.
    pub(super) modes: Vec<CooperationMode>,
    /// Words stood together without a separator.
    pub(super) run_together: bool,
    /// Some word is not known.
    pub(super) unknown: bool,
}

impl Vocabulary {
    pub(super) fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Vocabulary> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let shipped: Shipped = toml::from_str(include_str!("../../corpus/vocabulary.toml"))
                .expect("corpus/vocabulary.toml is compiled in and read by a test");
            let set = |lists: HashMap<String, Vec<String>>| {
                lists.into_values().flatten().map(|word| fold(&word)).collect::<HashSet<_>>()
            };
            Self {
                maturity: Words::new(shipped.maturity),
                cooperation: Words::new(shipped.cooperation),
                kind: Words::new(shipped.kind),
                visibility: Words::new(shipped.visibility),
                not_classified: set(shipped.secrecy),
                negotiable: set(shipped.price),
                categories: shipped.category.into_values().flatten().collect(),
            }
        })
    }

    /// The step a word stands for; `TRL 5级` counts as `TRL5`.
    pub(super) fn maturity(&self, text: &str) -> Option<Maturity> {
        let folded = fold(text);
        let level = folded.strip_prefix("trl").map(|rest| rest.trim_end_matches(['级', '等']));
        self.maturity
            .exact(&folded)
            .or_else(|| self.maturity.exact(&format!("trl{}", level?)))
            // Several steps in one cell: the furthest that is stated.
            .or_else(|| {
                let pieces = text.split([',', '，', '、', ';', '；', '/', '|', '\n']);
                let steps: Option<Vec<Maturity>> = pieces
                    .filter(|piece| !fold(piece).is_empty())
                    .map(|piece| self.maturity.exact(piece))
                    .collect();
                steps?.into_iter().max()
            })
    }

    pub(super) fn cooperation(&self, text: &str) -> Modes {
        let mut found = Modes::default();
        let pieces = text.split([',', '，', '、', ';', '；', '/', '|', '\n', '+', ' ', '\u{3000}']);
        for piece in pieces.filter(|piece| !fold(piece).is_empty()) {
            let modes = if let Some(mode) = self.cooperation.exact(piece) {
                vec![mode]
            } else if let Some(modes) = self.cooperation.run(piece) {
                found.run_together |= modes.len() > 1;
                modes
            } else {
                found.unknown = true;
                continue;
            };
            for mode in modes {
                if !found.modes.contains(&mode) {
                    found.modes.push(mode);
                }
            }
        }
        found
    }

    pub(super) fn kind(&self, text: &str) -> Option<SupplyKind> {
        self.kind.exact(text)
    }

    pub(super) fn visibility(&self, text: &str) -> Option<Visibility> {
        self.visibility.exact(text)
    }

    /// Whether a secrecy column says that the row is not classified.
    pub(super) fn is_not_classified(&self, text: &str) -> bool {
        let folded = fold(text);
        folded.is_empty() || self.not_classified.contains(&folded)
    }

    pub(super) fn is_negotiable(&self, text: &str) -> bool {
        self.negotiable.contains(&fold(text))
    }

    /// Names at which categories that were run together may be cut.
    pub(super) const fn categories(&self) -> &HashSet<String> {
        &self.categories
    }
}

/// Splits a cell into classification paths: several paths by `;` `，` and the like, steps by `——`,
/// `>` or a single hyphen between Chinese characters. `、` is part of names (农、林、牧、渔业).
pub(super) fn paths(text: &str) -> Vec<Vec<String>> {
    text.split([';', '；', '|', '，', ',', '\n'])
        .map(steps)
        .filter(|path| !path.is_empty())
        .collect()
}

fn steps(text: &str) -> Vec<String> {
    let mut marked = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let between_chinese = || {
            let chinese =
                |c: Option<&char>| c.is_some_and(|c| !c.is_ascii() && c.is_alphanumeric());
            at > 0 && chinese(chars.get(at - 1)) && chinese(chars.get(at + 1))
        };
        let cuts = matches!(c, '—' | '>' | '＞' | '→' | '―')
            || (matches!(c, '-' | '－') && between_chinese());
        let cuts = cuts
            || (c == '-' && (chars.get(at + 1) == Some(&'-') || (at > 0 && chars[at - 1] == '-')));
        marked.push(if cuts { '\u{0}' } else { c });
    }
    marked
        .split('\u{0}')
        .map(|step| super::clean::trim(step).to_owned())
        .filter(|step| !step.is_empty())
        .collect()
}

/// Cuts a run of categories (制造业建筑业, 制造业制造业) into the known names it consists of, each
/// once. `None` if it is a known name itself or does not wholly consist of names.
pub(super) fn cut_categories(run: &str, known: &HashSet<String>) -> Option<Vec<String>> {
    // A cell this long is a text in the wrong column.
    const LONGEST: usize = 600;
    if known.contains(run) || run.len() > LONGEST {
        return None;
    }
    let ends: Vec<usize> =
        run.char_indices().map(|(at, _)| at).skip(1).chain([run.len()]).collect();
    // best[end] = start of the last name, taking the fewest names up to `end`.
    let mut best: HashMap<usize, (usize, usize)> = HashMap::from([(0, (0, 0))]);
    for &end in &ends {
        let reached = std::iter::once(0)
            .chain(ends.iter().copied().take_while(|&start| start < end))
            .filter(|start| known.contains(&run[*start..end]))
            .filter_map(|start| best.get(&start).map(|(count, _)| (count + 1, start)))
            .min();
        if let Some(reached) = reached {
            best.insert(end, reached);
        }
    }
    let mut names = Vec::new();
    let mut end = run.len();
    while end > 0 {
        let (_, start) = *best.get(&end)?;
        names.push(run[start..end].to_owned());
        end = start;
    }
    names.reverse();
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Some(names)
}

/// Reads IPC or CPC symbols in canonical form (`H01L21/02`), each once; the flag says whether
/// something was no symbol.
pub(super) fn codes(text: &str) -> (Vec<String>, bool) {
    let folded: String = text.nfkc().flat_map(char::to_uppercase).collect();
    let mut codes: Vec<String> = Vec::new();
    let mut unknown = false;
    for piece in folded.split([';', ',', '|', '\n', '、', '。']) {
        let piece = super::clean::trim(piece);
        if piece.is_empty() {
            continue;
        }
        let found = match code(&piece.replace(' ', "")) {
            // `H01L 21/02` is one symbol, `H01L21/02 H01L21/04` are two.
            Some(one) if piece.matches('/').count() <= 1 => vec![Some(one)],
            _ => piece.split_whitespace().map(code).collect(),
        };
        for code in found {
            match code {
                Some(code) if !codes.contains(&code) => codes.push(code),
                Some(_) => {}
                None => unknown = true,
            }
        }
    }
    (codes, unknown)
}

fn code(text: &str) -> Option<String> {
    let text = text.split('(').next().unwrap_or(text);
    let bytes = text.as_bytes();
    let is = |at: usize, test: fn(&u8) -> bool| bytes.get(at).is_some_and(test);
    let subclass = is(0, |b| matches!(b, b'A'..=b'H' | b'Y'))
        && is(1, u8::is_ascii_digit)
        && is(2, u8::is_ascii_digit)
        && is(3, u8::is_ascii_uppercase);
    if !subclass {
        return None;
    }
    let rest = text[4..].trim_start_matches('-');
    if rest.is_empty() {
        return Some(text[..4].to_owned());
    }
    let (group, rest) = rest.split_once('/')?;
    let group = group.trim_start_matches('0');
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let is_number =
        !group.is_empty() && group.len() <= 4 && group.bytes().all(|b| b.is_ascii_digit());
    (is_number && (2..=6).contains(&end)).then(|| format!("{}{group}/{}", &text[..4], &rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maturity_words() {
        let words = Vocabulary::shipped();
        for (text, expected) in [
            ("已有样品", Some(Maturity::Prototype)),
            ("实验室阶段", Some(Maturity::Research)),
            ("小试", Some(Maturity::LabTested)),
            ("样机", Some(Maturity::Prototype)),
            ("TRL 7", Some(Maturity::PilotTested)),
            ("TRL-8级", Some(Maturity::MassProduction)),
            ("小试、中试", Some(Maturity::PilotTested)),
            ("先进", None),
            ("", None),
        ] {
            assert_eq!(words.maturity(text), expected, "{text}");
        }
    }

    #[test]
    fn cooperation_words() {
        use CooperationMode::{Commission, Equity, License, Other, Transfer};
        let words = Vocabulary::shipped();
        let check = |text: &str, modes: &[CooperationMode], run_together, unknown| {
            let expected = Modes { modes: modes.to_vec(), run_together, unknown };
            assert_eq!(words.cooperation(text), expected, "{text}");
        };
        check("技术转让,技术许可,委托开发", &[Transfer, License, Commission], false, false);
        check("完全转让许可转让技术入股合作生产", &[Transfer, License, Equity, Other], true, false);
        check("技术转让、神秘方式", &[Transfer], false, true);
        check("", &[], false, false);
    }

    #[test]
    fn classification_paths() {
        let path = |steps: &[&str]| steps.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        for (text, expected) in [
            (
                "制造业——计算机、通信和其他电子设备制造",
                vec![path(&["制造业", "计算机、通信和其他电子设备制造"])],
            ),
            ("电子信息-计算机软件", vec![path(&["电子信息", "计算机软件"])]),
            ("新材料；节能环保", vec![path(&["新材料"]), path(&["节能环保"])]),
            ("Li-ion电池", vec![path(&["Li-ion电池"])]),
            ("", vec![]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }

    #[test]
    fn categories_run_together() {
        let known = Vocabulary::shipped().categories();
        let cut = |run: &str| cut_categories(run, known);
        assert_eq!(cut("制造业制造业").as_deref(), Some(&["制造业".to_owned()][..]));
        assert_eq!(cut("制造业农业").as_deref(), Some(&["制造业", "农业"].map(str::to_owned)[..]));
        let long = "制造业电力、热力、燃气、及水生产和供应业建筑业批发和零售业";
        assert_eq!(cut(long).map(|names| names.len()), Some(4));
        for whole in ["制造业", "农业机械", "其他制造业"] {
            assert_eq!(cut(whole), None, "{whole}");
        }
    }

    #[test]
    fn classification_codes() {
        let check = |text: &str, expected: &[&str], unknown: bool| {
            let (got, odd) = codes(text);
            assert_eq!(
                (got.as_slice(), odd),
                (&expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()[..], unknown),
                "{text}"
            );
        };
        check("H01L 21/02", &["H01L21/02"], false);
        check("H01L21/02; H01L0021/04(2006.01)I", &["H01L21/02", "H01L21/04"], false);
        check("ｈ０２ｋ１７／０２", &["H02K17/02"], false);
        check("H01L21/02 H01L21/04", &["H01L21/02", "H01L21/04"], false);
        check("H01L", &["H01L"], false);
        check("未知；H01L21/02", &["H01L21/02"], true);
        check("", &[], false);
    }
}
