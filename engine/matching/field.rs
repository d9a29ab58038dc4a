//! How near two records are in a tree of fields: taxonomies and patent classes.

use std::collections::HashMap;

use serde::Deserialize;

use crate::model::{Diagnosis, Lang, Micro, Record};
use crate::text::normalise;

/// The classification schemes that are known: their roots and leaves.
///
/// Paths are compared only within one scheme. Whether 制造业 (an industry) and 电子信息 (a field of
/// technology) agree cannot be read off their names, so such a pair has no field part at all.
#[derive(Debug, Clone, Default)]
pub struct Taxonomy {
    /// Folded name or alias of a group → its schemes and official names; 新材料 is a group of two.
    groups: HashMap<String, Vec<(u16, String)>>,
    /// Folded name or alias of a leaf → its places; one name may stand in several groups.
    leaves: HashMap<String, Vec<Leaf>>,
}

#[derive(Debug, Clone)]
struct Leaf {
    scheme: u16,
    group: String,
    name: String,
}

#[derive(Deserialize)]
struct SchemeFile {
    leaf: Vec<LeafFile>,
}

#[derive(Deserialize)]
struct LeafFile {
    group: String,
    name: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

/// Scheme of paths whose root no taxonomy knows.
const UNKNOWN: u16 = u16::MAX;
/// Scheme of patent classes.
const PATENT_CLASSES: u16 = u16::MAX - 1;

/// One path in one scheme, folded for comparison, general to special.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    scheme: u16,
    steps: Vec<String>,
}

impl Taxonomy {
    /// Reads schemes from their TOML files: `[[leaf]]` with `group`, `name`, `aliases`.
    ///
    /// # Errors
    /// [`TaxonomyError`] naming the file that cannot be read.
    pub fn from_toml(files: &[(&str, &str)]) -> Result<Self, TaxonomyError> {
        let mut taxonomy = Self::default();
        for (scheme, (file, text)) in files.iter().enumerate() {
            let parsed: SchemeFile = toml::from_str(text).map_err(|source| TaxonomyError {
                file: (*file).to_owned(),
                reason: source.message().to_owned(),
            })?;
            let scheme = u16::try_from(scheme).unwrap_or(UNKNOWN);
            for leaf in parsed.leaf {
                let group = normalise(&leaf.group);
                taxonomy.add_group(group.clone(), scheme, &group);
                match leaf.name {
                    Some(name) => {
                        let official = normalise(&name);
                        for name in
                            leaf.aliases.iter().map(|a| normalise(a)).chain([official.clone()])
                        {
                            let place =
                                Leaf { scheme, group: group.clone(), name: official.clone() };
                            taxonomy.leaves.entry(name).or_default().push(place);
                        }
                    }
                    // Aliases of an entry without a name are other ways to write its group.
                    None => {
                        for alias in &leaf.aliases {
                            taxonomy.add_group(normalise(alias), scheme, &group);
                        }
                    }
                }
            }
        }
        Ok(taxonomy)
    }

    fn add_group(&mut self, written: String, scheme: u16, official: &str) {
        let places = self.groups.entry(written).or_default();
        if !places.iter().any(|(known, _)| *known == scheme) {
            places.push((scheme, official.to_owned()));
        }
    }

    /// The record's places in the known schemes and among the patent classes.
    ///
    /// A path that begins with a leaf's name is completed with its group: 光子 is read as
    /// 电子信息 / 光子. Groups and leaves are known by their names and aliases, and are compared by
    /// their official names.
    #[must_use]
    pub fn paths(&self, record: &Record) -> Vec<FieldPath> {
        self.paths_of(&record.classification, &record.codes)
    }

    /// The root of the record's first path, scheme included: what a quota by field counts by.
    ///
    /// `None` where it states neither a classification nor a patent class.
    #[must_use]
    pub fn root(&self, record: &Record) -> Option<String> {
        let path = self.paths(record).into_iter().next()?;
        Some(format!("{}:{}", path.scheme, path.steps.first()?))
    }

    fn paths_of(&self, classification: &[Vec<String>], codes: &[String]) -> Vec<FieldPath> {
        let mut paths: Vec<FieldPath> = Vec::new();
        let mut keep = |path: FieldPath| {
            if !path.steps.is_empty() && !paths.contains(&path) {
                paths.push(path);
            }
        };
        for path in classification {
            let mut steps: Vec<String> = path.iter().map(|step| normalise(step)).collect();
            steps.retain(|step| !step.is_empty());
            let Some(root) = steps.first() else { continue };
            let mut places: Vec<(u16, Vec<String>)> = Vec::new();
            for (scheme, group) in self.groups.get(root).into_iter().flatten() {
                let mut steps = steps.clone();
                steps[0].clone_from(group);
                places.push((*scheme, steps));
            }
            if places.is_empty() {
                for leaf in self.leaves.get(root).into_iter().flatten() {
                    let mut steps = steps.clone();
                    steps[0].clone_from(&leaf.name);
                    steps.insert(0, leaf.group.clone());
                    places.push((leaf.scheme, steps));
                }
            }
            if places.is_empty() {
                places.push((UNKNOWN, steps));
            }
            for (scheme, mut steps) in places {
                let second = steps.get(1).and_then(|second| self.leaves.get(second));
                if let Some(leaf) = second.and_then(|leaves| {
                    leaves.iter().find(|leaf| leaf.scheme == scheme && leaf.group == steps[0])
                }) {
                    steps[1].clone_from(&leaf.name);
                }
                keep(FieldPath { scheme, steps });
            }
        }
        for code in codes {
            keep(FieldPath { scheme: PATENT_CLASSES, steps: code_path(code) });
        }
        paths
    }
}

/// The path of an IPC or CPC symbol: section, class, subclass, main group, group.
///
/// `H01L21/02` gives `H`, `H01`, `H01L`, `H01L21`, `H01L21/02`; a symbol that stops early gives a
/// shorter path; anything that is not such a symbol gives none. Source: WIPO, Guide to the IPC.
#[must_use]
pub fn code_path(code: &str) -> Vec<String> {
    let code: String =
        code.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let bytes = code.as_bytes();
    let mut path = Vec::new();
    if !bytes.first().is_some_and(|b| (b'A'..=b'H').contains(b) || *b == b'Y') || !code.is_ascii() {
        return path;
    }
    path.push(code[..1].to_owned());
    if bytes.len() < 3 || !bytes[1..3].iter().all(u8::is_ascii_digit) {
        return path;
    }
    path.push(code[..3].to_owned());
    if !bytes.get(3).is_some_and(u8::is_ascii_uppercase) {
        return path;
    }
    path.push(code[..4].to_owned());
    let group = code[4..].bytes().take_while(u8::is_ascii_digit).count();
    if group == 0 {
        return path;
    }
    path.push(code[..4 + group].to_owned());
    let rest = &code[4 + group..];
    // Group 00 is the main group itself, not a step below it.
    if let Some(sub) = rest.strip_prefix('/')
        && !sub.is_empty()
        && sub.bytes().all(|b| b.is_ascii_digit())
        && sub.bytes().any(|b| b != b'0')
    {
        path.push(code);
    }
    path
}

/// How near two records are in the trees of fields: the best of their comparable paths.
///
/// `2·depth(common) / (depth(a) + depth(b))`, in `[0, 1]` (Wu and Palmer, ACL 1994, equation 1,
/// with the paths' own lengths as depths). `None` where no two paths are of one scheme.
#[must_use]
pub fn field_similarity(a: &[FieldPath], b: &[FieldPath]) -> Option<Micro> {
    let mut best = None;
    for x in a {
        // Two roots that no scheme knows may be of different schemes, unless they are the same.
        let one_scheme = |y: &FieldPath| {
            y.scheme == x.scheme && (x.scheme != UNKNOWN || x.steps.first() == y.steps.first())
        };
        for y in b.iter().filter(|y| one_scheme(y)) {
            let common = x.steps.iter().zip(&y.steps).take_while(|(s, t)| s == t).count();
            let depths = x.steps.len() + y.steps.len();
            let millionths = (2 * common * 1_000_000 + depths / 2) / depths;
            best = best.max(i32::try_from(millionths).ok().map(Micro));
        }
    }
    best
}

/// Whether two records stand in different fields: no two of their comparable paths share the root
/// of their scheme or, for patent classes, the class (the first two steps, such as `H01`).
///
/// `None` where no two paths can be compared: paths of different schemes, roots that no scheme
/// knows unless they are the same, and symbols that stop before the class.
#[must_use]
pub fn is_cross_field(a: &[FieldPath], b: &[FieldPath]) -> Option<bool> {
    let mut comparable = false;
    for x in a {
        for y in b.iter().filter(|y| y.scheme == x.scheme) {
            let depth = if x.scheme == PATENT_CLASSES { 2 } else { 1 };
            let (Some(of_x), Some(of_y)) = (x.steps.get(..depth), y.steps.get(..depth)) else {
                continue;
            };
            if of_x == of_y {
                return Some(false);
            }
            comparable |= x.scheme != UNKNOWN;
        }
    }
    comparable.then_some(true)
}

/// A taxonomy file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("reading the taxonomy {file}: {reason}")]
pub struct TaxonomyError {
    /// Its name.
    pub file: String,
    /// What the reader said.
    pub reason: String,
}

impl Diagnosis for TaxonomyError {
    fn code(&self) -> &'static str {
        "taxonomy.syntax"
    }

    fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => format!("分类表 {} 读不懂：{}", self.file, self.reason),
        }
    }

    fn remedy(&self, lang: Lang) -> String {
        lang.pick("对照 corpus/taxonomy 下的文件修改", "compare with the files in corpus/taxonomy")
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(scheme: u16, steps: &[&str]) -> FieldPath {
        FieldPath { scheme, steps: steps.iter().map(|&s| s.to_owned()).collect() }
    }

    #[test]
    fn splits_patent_symbols() {
        assert_eq!(code_path("H01L21/02"), ["H", "H01", "H01L", "H01L21", "H01L21/02"]);
        assert_eq!(code_path("h01l 21/00"), ["H", "H01", "H01L", "H01L21"]);
        assert_eq!(code_path("A61K"), ["A", "A61", "A61K"]);
        assert_eq!(code_path("制造业"), Vec::<String>::new());
        assert_eq!(code_path("X99"), Vec::<String>::new());
        assert_eq!(code_path(""), Vec::<String>::new());
    }

    #[test]
    fn aliases_are_read_as_the_official_name() {
        let file = r#"
            [[leaf]]
            group = "制造业"
            name = "汽车制造业"
            aliases = ["汽车制造"]
            [[leaf]]
            group = "制造业"
            aliases = ["制造"]
        "#;
        let taxonomy = Taxonomy::from_toml(&[("made.toml", file)]).expect("well-formed");
        let paths = |steps: &[&str]| {
            let steps = vec![steps.iter().map(|&s| s.to_owned()).collect()];
            taxonomy.paths_of(&steps, &[])
        };
        let official = path(0, &["制造业", "汽车制造业"]);
        for written in [&["制造业", "汽车制造"][..], &["制造", "汽车制造业"], &["汽车制造"]]
        {
            assert_eq!(paths(written).as_slice(), std::slice::from_ref(&official), "{written:?}");
        }
        assert_eq!(paths(&["渔具"])[0].scheme, UNKNOWN);
    }

    #[test]
    fn nearness_falls_with_the_common_part() {
        let deep = path(0, &["电子信息", "光子"]);
        let same = field_similarity(std::slice::from_ref(&deep), std::slice::from_ref(&deep));
        assert_eq!(same, Some(Micro::ONE));
        let cousin = field_similarity(
            std::slice::from_ref(&deep),
            &[path(0, &["电子信息", "物联网"]), path(0, &["新材料"])],
        );
        assert_eq!(cousin, Some(Micro(500_000)));
        let parent = field_similarity(std::slice::from_ref(&deep), &[path(0, &["电子信息"])]);
        assert_eq!(parent, Some(Micro(666_667)));
    }

    #[test]
    fn paths_of_different_schemes_say_nothing() {
        assert_eq!(field_similarity(&[path(0, &["制造业"])], &[path(1, &["电子信息"])]), None);
        assert_eq!(field_similarity(&[], &[path(1, &["电子信息"])]), None);
        let (fish, nets) = (path(UNKNOWN, &["渔业"]), path(UNKNOWN, &["渔具"]));
        assert_eq!(field_similarity(std::slice::from_ref(&fish), &[nets]), None);
        assert_eq!(
            field_similarity(std::slice::from_ref(&fish), std::slice::from_ref(&fish)),
            Some(Micro::ONE)
        );
    }

    #[test]
    fn fields_differ_at_the_root_and_patents_at_the_class() {
        let class = |symbol: &str| FieldPath { scheme: PATENT_CLASSES, steps: code_path(symbol) };
        let cross = |a: &[FieldPath], b: &[FieldPath]| is_cross_field(a, b);
        let light = [path(0, &["电子信息", "光子"])];
        assert_eq!(cross(&light, &[path(0, &["电子信息", "物联网"])]), Some(false));
        assert_eq!(cross(&light, &[path(0, &["新材料"])]), Some(true));
        assert_eq!(cross(&light, &[path(1, &["制造业"])]), None);
        assert_eq!(cross(&[class("H01L21/02")], &[class("H01M4/00")]), Some(false));
        assert_eq!(cross(&[class("H01L21/02")], &[class("H05K1/00")]), Some(true));
        assert_eq!(cross(&[class("H")], &[class("H05K1/00")]), None);
        let fish = [path(UNKNOWN, &["渔业"])];
        assert_eq!(cross(&fish, &[path(UNKNOWN, &["渔具"])]), None);
        assert_eq!(cross(&fish, &fish), Some(false));
        // One common field is enough.
        assert_eq!(
            cross(&[light[0].clone(), class("H01L")], &[class("A61K"), light[0].clone()]),
            Some(false)
        );
    }

    #[test]
    fn a_name_that_two_schemes_share_is_a_place_in_both() {
        let first = "[[leaf]]\ngroup = \"新材料\"\nname = \"钛\"\n";
        let second = "[[leaf]]\ngroup = \"新材料\"\nname = \"石墨烯\"\n";
        let taxonomy = Taxonomy::from_toml(&[("a.toml", first), ("b.toml", second)]).expect("good");
        let paths = taxonomy.paths_of(&[vec!["新材料".to_owned()]], &[]);
        assert_eq!(paths, [path(0, &["新材料"]), path(1, &["新材料"])]);
    }
}
