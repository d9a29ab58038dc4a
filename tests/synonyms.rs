//! The shipped list of synonyms, and what synonyms do from the list to the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use duijie::index::{LexicalScorer, Scratch, SideIndex};
use duijie::kernel::BackendChoice;
use duijie::model::{Part, Record, RecordId, Side, SourceRef, SynonymKind};
use duijie::pipeline::{
    BUILTIN_SYNONYMS, MatchOptions, PairRecord, Silent, SynonymsChoice, run_match, search,
};
use duijie::text::{AliasId, Segmenter, Synonyms, normalise};
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use tantivy::collector::TopDocs;
use tantivy::query::{
    BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::{IndexRecordOption, Schema, TEXT};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, TantivyDocument, Term};

#[derive(Deserialize)]
struct List {
    leaf: Vec<Leaf>,
}

#[derive(Deserialize)]
struct Leaf {
    name: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    term: String,
    #[serde(default)]
    same: Vec<String>,
    #[serde(default)]
    abbreviation: Vec<String>,
    #[serde(default)]
    translation: Vec<String>,
    #[serde(default)]
    narrower: Vec<String>,
    #[serde(default)]
    ambiguous: Vec<String>,
    #[serde(default)]
    context: Vec<String>,
}

impl Group {
    /// Words that mean the same, the term first.
    fn equal(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.term)
            .chain(&self.same)
            .chain(&self.abbreviation)
            .chain(&self.translation)
    }
}

fn shipped() -> List {
    toml::from_str(BUILTIN_SYNONYMS).expect("the shipped list")
}

#[test]
fn the_shipped_list_covers_the_fields_of_technology() {
    let list = shipped();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/taxonomy/technology_fields.toml");
    let taxonomy: toml::Table =
        toml::from_str(&fs::read_to_string(path).expect("the taxonomy")).expect("TOML");
    let leaves: BTreeSet<&str> = taxonomy["leaf"]
        .as_array()
        .expect("leaves")
        .iter()
        .map(|leaf| leaf["name"].as_str().expect("a name"))
        .collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for leaf in &list.leaf {
        assert!(sizes.insert(&leaf.name, leaf.groups.len()).is_none(), "{} twice", leaf.name);
        assert!(leaf.name == "通用" || leaves.contains(leaf.name.as_str()), "{}", leaf.name);
    }
    for leaf in leaves {
        // Some fields are named in few words; none may be without.
        assert!(sizes.get(leaf).is_some_and(|n| *n >= 3), "{leaf}: {:?}", sizes.get(leaf));
    }
    assert!(sizes.values().sum::<usize>() >= 450, "{}", sizes.values().sum::<usize>());
}

#[test]
fn every_word_is_one_word_of_one_group_and_is_found_as_itself() {
    let list = shipped();
    let segmenter = Segmenter::shared();
    let synonyms = Synonyms::from_toml(BUILTIN_SYNONYMS, segmenter).expect("the shipped list");
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for group in list.leaf.iter().flat_map(|leaf| &leaf.groups) {
        for word in group.equal() {
            let earlier = owners.insert(normalise(word), &group.term);
            assert_eq!(earlier, None, "{word} in {}", group.term);
        }
        for word in group.equal().chain(&group.narrower).chain(&group.context) {
            assert_eq!(word, word.trim(), "{}", group.term);
            let found = synonyms.find(&segmenter.tokens(word));
            // A stop word at either end is no term (可穿戴设备).
            let found = found.iter().any(|it| it.range.len() * 2 > word.len());
            assert!(found, "{word} is not found");
        }
        for word in &group.ambiguous {
            assert!(group.equal().any(|it| it == word), "{word} is no word of {}", group.term);
        }
    }
    // Short Latin abbreviations mean many things; those known to must say which.
    let needs_context: BTreeSet<&String> =
        list.leaf.iter().flat_map(|leaf| &leaf.groups).flat_map(|group| &group.ambiguous).collect();
    for word in ["PE", "PC", "MOF", "AI", "PP", "SoC"] {
        assert!(needs_context.iter().any(|it| *it == word), "{word}");
    }
}

const LIST: &str = r#"
source = "made for the tests"
weights = { same = 0.8, abbreviation = 0.8, translation = 0.7, narrower = 0.5, broader = 0.25 }
[[leaf]]
name = "材料"
groups = [
    { term = "碳化硅", abbreviation = ["SiC"], translation = ["silicon carbide"] },
    { term = "钛合金", narrower = ["TC4"] },
    { term = "聚乙烯", abbreviation = ["PE"], ambiguous = ["PE"], context = ["薄膜"] },
]
"#;

fn record(side: Side, row: usize, title: &str, body: &str) -> Record {
    let source = SourceRef { file: "list.csv".to_owned(), sheet: None, row: 1 };
    Record {
        title: title.to_owned(),
        body: body.to_owned(),
        ..Record::new(side, RecordId(format!("{row:04}")), String::new(), source)
    }
}

fn records(side: Side, texts: &[(&str, &str)]) -> Vec<Record> {
    let numbered = texts.iter().enumerate();
    numbered.map(|(row, (title, body))| record(side, row, title, body)).collect()
}

fn build(dir: &Path, side: Side, records: &[Record]) -> SideIndex {
    SideIndex::build(dir, side, records, &|_| {}).expect("the index can be built")
}

const SUPPLIES: [(&str, &str); 9] = [
    ("碳化硅衬底", "碳化硅外延生长"),
    ("SiC晶片", "高纯SiC，抛光"),
    ("Silicon carbide wafers", "polished silicon carbide substrates"),
    ("carbide tools", "silicon steel and carbide"),
    ("碳化硅（SiC）功率器件", "SiC，SiC，SiC"),
    ("TC4钛合金", "叶片"),
    ("TC4紧固件", "叶片锻造"),
    ("私募基金", "PE投资"),
    ("包装", "PE薄膜吹塑"),
];

fn synonyms() -> Synonyms {
    Synonyms::from_toml(LIST, Segmenter::shared()).expect("a sound list")
}

/// Scores of one demand against [`SUPPLIES`], by row, and for itself.
fn scores(title: &str, body: &str, synonyms: &Synonyms) -> (Vec<f32>, f32) {
    let dir = tempfile::tempdir().expect("a folder");
    let demands = build(dir.path(), Side::Demand, &records(Side::Demand, &[(title, body)]));
    let supplies = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    let scorer =
        LexicalScorer::with_synonyms(&demands, &supplies, synonyms).expect("readable indexes");
    let rows: Vec<u32> = (0..9).collect();
    (scorer.score(0, &rows, &mut Scratch::default()), scorer.self_score(0))
}

#[test]
fn a_synonym_earns_less_than_the_word_and_never_twice() {
    let (plain, own_plain) = scores("碳化硅", "", &Synonyms::default());
    let (with, own) = scores("碳化硅", "", &synonyms());
    assert_eq!(own, own_plain, "nothing in the demand stands for anything else in it");
    assert_eq!(plain[1..4], [0.0; 3]);
    assert!(with[1] > 0.0 && with[2] > 0.0, "{with:?}");
    assert_eq!(with[3], 0.0, "the two words must stand side by side");
    assert_eq!(with[0], plain[0], "who has the word only earns as before");
    assert!(with[1] < with[0], "{with:?}");
    // With word and synonym: the better of the two, term by term, so never more than a document
    // earns for repeating the word as often.
    assert!(with[4] >= plain[4] && with[4] < plain[4] + with[1], "{with:?}, {plain:?}");
}

#[test]
fn both_languages_and_narrower_words_answer() {
    let (english, _) = scores("silicon carbide", "", &synonyms());
    assert!(english[0] > 0.0 && english[1] > 0.0, "{english:?}");
    let (wide, _) = scores("钛合金", "", &synonyms());
    let (narrow, _) = scores("TC4", "", &synonyms());
    assert!(wide[6] > 0.0 && wide[6] < wide[5], "{wide:?}");
    let (plain, _) = scores("TC4", "", &Synonyms::default());
    assert_eq!(narrow, plain, "every supply of the wider word has the narrower one");
}

#[test]
fn words_of_many_meanings_count_only_in_context() {
    let (scores_of_word, _) = scores("聚乙烯", "", &synonyms());
    assert!(scores_of_word[8] > 0.0 && scores_of_word[7] == 0.0, "{scores_of_word:?}");
}

#[test]
fn a_record_is_worth_to_itself_what_its_own_score_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let supplies = records(Side::Supply, &SUPPLIES);
    let index = build(dir.path(), Side::Supply, &supplies);
    let scorer = LexicalScorer::with_synonyms(&index, &index, &synonyms()).expect("readable");
    let mut scratch = Scratch::default();
    for row in 0..9 {
        let score = scorer.score(row, &[row], &mut scratch)[0];
        let own = scorer.self_score(row);
        assert!((score - own).abs() <= 1e-5 * own, "row {row}: {score} {own}");
    }
}

/// tantivy's own scores: for every term the better of the term and what may stand for it.
fn tantivy_scores(demand: &str, synonyms: &Synonyms) -> Vec<f32> {
    let segmenter = Segmenter::shared();
    let mut schema = Schema::builder();
    let fields = ["title", "body"].map(|name| schema.add_text_field(name, TEXT));
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
    for (title, body) in SUPPLIES {
        let mut document = TantivyDocument::new();
        for (field, text) in fields.into_iter().zip([title, body]) {
            let tokens = segmenter.tokens(text).into_iter().map(|term| Token {
                offset_from: term.start,
                offset_to: term.end,
                position: term.position as usize,
                text: term.text,
                position_length: term.position_length as usize,
            });
            let tokens = tokens.collect();
            let text = text.to_owned();
            document.add_pre_tokenized_text(field, PreTokenizedString { text, tokens });
        }
        writer.add_document(document).expect("addable");
    }
    writer.commit().expect("committable");
    let searcher = index.reader().expect("a reader").searcher();
    let n = searcher.num_docs() as f32;
    let worth = |holding: usize| (1.0 + (n - holding as f32 + 0.5) / (holding as f32 + 0.5)).ln();
    let holding =
        |query: &dyn Query| searcher.search(query, &tantivy::collector::Count).expect("searchable");
    let one = |field, term: &str| -> Box<dyn Query> {
        let term = Term::from_field_text(field, term);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    };
    let any = |queries: Vec<Box<dyn Query>>| -> Box<dyn Query> {
        Box::new(BooleanQuery::new(queries.into_iter().map(|it| (Occur::Should, it)).collect()))
    };
    let asked: Vec<AliasId> =
        synonyms.find(&segmenter.tokens(demand)).into_iter().map(|found| found.alias).collect();
    let [asked] = asked[..] else { panic!("one word of the list in {demand}") };
    let mut clauses: Vec<Box<dyn Query>> = Vec::new();
    for term in synonyms.inside(asked) {
        let mut best = vec![any(fields.map(|field| one(field, term)).into())];
        for alternative in synonyms.alternatives(asked) {
            let terms = synonyms.terms(alternative.alias);
            let places = fields.map(|field| -> Box<dyn Query> {
                let (other, scored): (Box<dyn Query>, f32) = match terms {
                    [(_, only)] => {
                        let query = one(field, only);
                        let scored = worth(holding(query.as_ref()));
                        (query, scored)
                    }
                    several => {
                        let scored = several
                            .iter()
                            .map(|(_, term)| worth(holding(one(field, term).as_ref())))
                            .sum();
                        let terms = several.iter().map(|(offset, term)| {
                            (*offset as usize, Term::from_field_text(field, term))
                        });
                        (Box::new(PhraseQuery::new_with_offset(terms.collect())), scored)
                    }
                };
                let earned =
                    worth(holding(other.as_ref())).min(worth(holding(one(field, term).as_ref())));
                Box::new(BoostQuery::new(other, alternative.weight * earned / scored))
            });
            best.push(any(places.into()));
        }
        clauses.push(Box::new(DisjunctionMaxQuery::new(best)));
    }
    let all = TopDocs::with_limit(SUPPLIES.len()).order_by_score();
    let mut scores = vec![0.0; SUPPLIES.len()];
    for (score, at) in searcher.search(&any(clauses), &all).expect("searchable") {
        scores[at.doc_id as usize] = score;
    }
    scores
}

#[test]
fn bulk_scores_with_synonyms_are_those_of_tantivy() {
    let synonyms = synonyms();
    for demand in ["碳化硅", "SiC", "silicon carbide", "钛合金", "TC4"] {
        let expected = tantivy_scores(demand, &synonyms);
        let (actual, _) = scores("", demand, &synonyms);
        for (row, (a, b)) in actual.iter().zip(&expected).enumerate() {
            assert!((a - b).abs() <= 1e-4 * b, "{demand}, row {row}: {a} {b}");
        }
        assert!(expected.iter().filter(|score| **score > 0.0).count() >= 2, "{demand}");
    }
}

#[test]
fn a_search_finds_the_other_word() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    let list = synonyms();
    let rows = |text: &str, list: &Synonyms| -> Vec<u32> {
        let hits = index.search_with_synonyms(text, 9, list).expect("searchable");
        hits.into_iter().map(|hit| hit.row).collect()
    };
    assert_eq!(rows("碳化硅", &Synonyms::default()), [0, 4]);
    let mut found = rows("碳化硅", &list);
    assert_eq!(found[..1], [0]);
    found.sort_unstable();
    assert_eq!(found, [0, 1, 2, 4]);
    assert!(rows("silicon carbide", &list).contains(&0));
    assert_eq!(rows("\"碳化硅\"", &list).len(), 2, "quoted words stand as they are");
    assert_eq!(rows("聚乙烯", &list), [8]);
    let hits = index.search_with_synonyms("碳化硅", 9, &list).expect("searchable");
    let sic = hits.iter().find(|hit| hit.row == 1).expect("found");
    assert_eq!(&sic.title[sic.title_highlights[0].clone()], "SiC");
}

/// Runs two made lists, one demand and three supplies, with a choice of synonyms.
fn run(dir: &Path, out: &str, choice: SynonymsChoice) -> (MatchOptions, Vec<PairRecord>) {
    let (demands, supplies) = (dir.join("需求.csv"), dir.join("供给.csv"));
    fs::write(
        &demands,
        "需求名称,需求详情\n航空结构件增材制造,求大尺寸航空钛合金结构件的增材制造，交期两周\n",
    )
    .expect("written");
    fs::write(
        &supplies,
        "成果名称,成果简介\n航空结构件3D打印,面向大尺寸航空钛合金结构件的3D打印，交期两周\n\
         苹果分级,果园采后分级\n蓄水池防渗,混凝土防渗\n",
    )
    .expect("written");
    let time = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a time");
    let mut options = MatchOptions::new(vec![demands], vec![supplies], dir.join(out), time);
    options.backend = BackendChoice::Cpu;
    options.synonyms = choice;
    run_match(&options, &Silent).expect("a run");
    let pairs = fs::read_to_string(options.out.join("matches.jsonl")).expect("pairs");
    let pairs = pairs.lines().map(|line| serde_json::from_str(line).expect("a pair")).collect();
    (options, pairs)
}

fn best(pairs: &[PairRecord]) -> &PairRecord {
    pairs.iter().find(|pair| pair.rank_for_demand == Some(1)).expect("a best pair")
}

#[test]
fn a_demand_finds_its_supply_by_another_word_and_the_evidence_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let (options, pairs) = run(dir.path(), "out", SynonymsChoice::Builtin);
    let bm25 = fs::read_to_string(options.out.join("ranking.bm25.trec")).expect("a ranking");
    let pair = best(&pairs);
    let first: Vec<&str> = bm25.lines().next().expect("a hit").split_whitespace().collect();
    assert_eq!(first[2], pair.supply_id, "BM25 finds it: {bm25}");
    let lexical = pair.parts.iter().find(|part| part.name == Part::Lexical).expect("the part");
    let named: Vec<(&str, &str, SynonymKind)> = lexical
        .evidence
        .iter()
        .flat_map(|quote| &quote.synonyms)
        .map(|it| (it.own.as_str(), it.other.as_str(), it.kind))
        .collect();
    assert_eq!(
        named,
        [("增材制造", "3D打印", SynonymKind::Same), ("3D打印", "增材制造", SynonymKind::Same)]
    );
    for quote in &lexical.evidence {
        for it in &quote.synonyms {
            assert!(quote.text.contains(&it.own), "{} in {}", it.own, quote.text);
        }
    }
    let report = fs::read_to_string(options.out.join("report.html")).expect("a report");
    assert!(report.contains("增材制造＝3D打印"));
    let found =
        search(&options.out, Side::Supply, "additive manufacturing", 3, None).expect("hits");
    assert_eq!(found.hits[0].id, pair.supply_id);
    let none = search(
        &options.out,
        Side::Supply,
        "additive manufacturing",
        3,
        Some(&SynonymsChoice::None),
    );
    assert!(none.expect("hits").hits.is_empty());
}

#[test]
fn the_list_can_be_replaced_or_left_out_and_the_manifest_says_which() {
    let dir = tempfile::tempdir().expect("a folder");
    let manifest = |options: &MatchOptions| -> serde_json::Value {
        let text = fs::read_to_string(options.out.join("manifest.json")).expect("a manifest");
        serde_json::from_str(&text).expect("JSON")
    };
    let lexical = |pairs: &[PairRecord]| {
        let pair = best(pairs);
        pair.parts[Part::Lexical.index()].value.expect("a value").0
    };
    let (builtin, with) = run(dir.path(), "builtin", SynonymsChoice::Builtin);
    let (none, without) = run(dir.path(), "none", SynonymsChoice::None);
    assert!(lexical(&with) > lexical(&without));
    let own = dir.path().join("own.toml");
    let list = LIST.replace("碳化硅\"", "增材制造\"").replace("\"SiC\"", "\"3D打印\"");
    fs::write(&own, &list).expect("written");
    let (file, replaced) = run(dir.path(), "file", SynonymsChoice::File(own.clone()));
    assert!(lexical(&replaced) > lexical(&without));
    assert_eq!(fs::read_to_string(file.out.join("index/synonyms.toml")).expect("kept"), list);
    let names = [&builtin, &none, &file].map(|it| manifest(it)["synonyms"].clone());
    assert_eq!(names, ["builtin", "none", "own.toml"]);
    let hashes: BTreeSet<String> = [&builtin, &none, &file]
        .map(|it| manifest(it)["synonyms_sha256"].as_str().expect("a hash").to_owned())
        .into();
    assert_eq!(hashes.len(), 3);
    fs::write(&own, "weights = 3").expect("written");
    let mut options = file.clone();
    options.out = dir.path().join("refused");
    let error = run_match(&options, &Silent).expect_err("no list");
    assert_eq!(duijie::model::Diagnosis::code(&error), "synonyms.shape");
    assert!(!options.out.exists());
}
