//! The index of a side against what people type, and bulk BM25 against tantivy's own.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use duijie::index::{GONE, IndexError, LayeredSide, LexicalScorer, Scratch, SelfScores, SideIndex};
use duijie::kernel::Hit;
use duijie::model::{Contact, Diagnosis, Lang, Record, RecordId, Side, SourceRef, Visibility};
use duijie::text::{Segmenter, Synonyms};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, Term};

fn record(side: Side, row: usize, title: &str, body: &str) -> Record {
    let id = RecordId(format!("id-{row}"));
    let number = format!("{}-2026-{row:04}", if side == Side::Demand { "XQ" } else { "GJ" });
    let source = SourceRef { file: "list.csv".to_owned(), sheet: None, row: 1 };
    Record {
        title: title.to_owned(),
        body: body.to_owned(),
        ..Record::new(side, id, number, source)
    }
}

fn records(side: Side, texts: &[(&str, &str)]) -> Vec<Record> {
    let numbered = texts.iter().enumerate();
    numbered.map(|(row, (title, body))| record(side, row, title, body)).collect()
}

fn build(dir: &Path, side: Side, records: &[Record]) -> SideIndex {
    SideIndex::build(dir, side, records, &|_| {}).expect("the index can be built")
}

fn titles(index: &SideIndex, text: &str) -> Vec<String> {
    let hits = index.search(text, 10).expect("the index can be searched");
    hits.into_iter().map(|hit| hit.title).collect()
}

const SUPPLIES: [(&str, &str); 8] = [
    ("碳化硅外延生长装备", "在SiC衬底上生长外延层，均匀性优于2%。良率稳定。"),
    ("锗基探测器", "以Ge材料为衬底，制作近红外探测器。"),
    ("数控系统软件", "内核以C++编写，支持五轴联动。"),
    ("晶圆清洗工艺", "适用于12英寸硅片的清洗，颗粒残留少。"),
    ("高速光模块", "单通道速率50Gbps，支持PAM4调制。"),
    ("钛合金增材制造", "采用Ti-6Al-4V粉末，激光选区熔化成形。"),
    ("集成电路封装", "面向集成电路的高密度封装；电路板集成检测。"),
    ("水处理膜", "反渗透膜，用于工业废水回用。"),
];

/// 5,000 made texts of a small vocabulary whose words have very different frequencies.
fn made(side: Side, n: usize, seed: u64) -> Vec<Record> {
    let vocabulary = [
        "衬底",
        "外延",
        "激光",
        "清洗",
        "晶圆",
        "封装",
        "电路",
        "钛合金",
        "粉末",
        "软件",
        "检测",
        "SiC",
        "PAM4",
        "50Gbps",
        "反渗透",
        "废水",
        "调制",
        "均匀性",
        "装备",
        "工艺",
    ];
    let mut state = seed;
    let mut draw = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits fit") % below
    };
    (0..n)
        .map(|row| {
            let mut words = |n: usize| {
                let picks =
                    (0..n).map(|_| vocabulary[draw(vocabulary.len()).min(draw(vocabulary.len()))]);
                picks.collect::<Vec<_>>().join("，")
            };
            let (title, body) = (words(1 + row % 4), words(row % 37));
            record(side, row, &title, &body)
        })
        .collect()
}

#[test]
fn finds_hard_strings_however_they_are_typed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut supplies = records(Side::Supply, &SUPPLIES);
    supplies[0].codes = vec!["H01L21/02".to_owned()];
    let index = build(dir.path(), Side::Supply, &supplies);
    for (typed, title) in [
        ("SiC衬底", "碳化硅外延生长装备"),
        ("ＳｉＣ衬底", "碳化硅外延生长装备"),
        ("sic 衬底", "碳化硅外延生长装备"),
        ("C++", "数控系统软件"),
        ("c＋＋", "数控系统软件"),
        ("H01L21/02", "碳化硅外延生长装备"),
        ("h01l21", "碳化硅外延生长装备"),
        ("H01L", "碳化硅外延生长装备"),
        ("12英寸", "晶圆清洗工艺"),
        ("１２ 英寸", "晶圆清洗工艺"),
        ("50 Gbps", "高速光模块"),
        ("Ti-6Al-4V", "钛合金增材制造"),
        ("6al", "钛合金增材制造"),
        ("集成电路", "集成电路封装"),
    ] {
        let found = titles(&index, typed);
        assert_eq!(found.first().map(String::as_str), Some(title), "{typed} found {found:?}");
    }
    assert_eq!(titles(&index, "量子通信"), Vec::<String>::new());
    for nothing in ["", "  ", "的", "？！", "\"\"", "\"", "((", "AND OR", "title:"] {
        assert!(index.search(nothing, 10).is_ok(), "{nothing}");
    }
}

#[test]
fn quoted_words_must_stand_together() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    assert_eq!(titles(&index, "“集成电路”"), ["集成电路封装"]);
    assert_eq!(titles(&index, "\"SiC衬底\""), ["碳化硅外延生长装备"]);
    assert_eq!(titles(&index, "\"材料为衬底\""), ["锗基探测器"]);
    assert_eq!(titles(&index, "\"衬底材料\""), Vec::<String>::new());
    assert_eq!(titles(&index, "\"Ti 6Al 4V粉末\""), ["钛合金增材制造"]);
}

#[test]
fn shows_where_the_words_stand() {
    let dir = tempfile::tempdir().expect("a folder");
    let index = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    let hits = index.search("衬底外延", 1).expect("the index can be searched");
    let hit = &hits[0];
    assert_eq!((hit.row, hit.id.as_str(), hit.number.as_str()), (0, "id-0", "GJ-2026-0000"));
    assert_eq!(hit.snippet.text, "在SiC衬底上生长外延层，均匀性优于2%。");
    let marked: Vec<&str> =
        hit.snippet.highlights.iter().map(|range| &hit.snippet.text[range.clone()]).collect();
    assert_eq!(marked, ["衬底", "外延"]);
    assert_eq!(&hit.title[hit.title_highlights[0].clone()], "外延");
}

#[test]
fn an_id_or_number_comes_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut supplies = records(Side::Supply, &SUPPLIES);
    supplies[3].body.push_str("参见GJ-2026-0005。");
    let index = build(dir.path(), Side::Supply, &supplies);
    assert_eq!(titles(&index, "GJ-2026-0005")[0], "钛合金增材制造");
    assert_eq!(titles(&index, " gj-2026-0005 ")[0], "钛合金增材制造");
    assert_eq!(titles(&index, "id-7"), ["水处理膜"]);
}

#[test]
fn equal_scores_are_ordered_by_row() {
    let dir = tempfile::tempdir().expect("a folder");
    let supplies = records(Side::Supply, &[("激光清洗", "相同的文字"); 50]);
    let index = build(dir.path(), Side::Supply, &supplies);
    let hits = index.search("激光", 7).expect("the index can be searched");
    assert_eq!(hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    let demands = build(dir.path(), Side::Demand, &records(Side::Demand, &[("激光", "")]));
    let scorer = LexicalScorer::new(&demands, &index).expect("the indexes can be read");
    let hits = scorer.top_n(0, 5, &mut Scratch::default());
    assert_eq!(hits.iter().map(|hit| hit.document).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn contacts_and_anonymous_owners_stay_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut supplies = records(Side::Supply, &SUPPLIES);
    supplies[0].contact = Contact {
        person: Some("诸葛无名".to_owned()),
        telephone: Some("02955500199".to_owned()),
        email: Some("nobody@example.invalid".to_owned()),
        address: Some("未央路九千号".to_owned()),
    };
    supplies[0].organization = Some("秦岭光子公司".to_owned());
    supplies[1].organization = Some("渭北装备厂".to_owned());
    supplies[1].visibility = Visibility::Anonymous;
    let index = build(dir.path(), Side::Supply, &supplies);
    for secret in ["诸葛无名", "02955500199", "example.invalid", "未央路", "渭北装备厂"]
    {
        let hits = index.search(&format!("\"{secret}\""), 10).expect("the index can be searched");
        assert_eq!(hits, [], "{secret}");
    }
    let hits = index.search("秦岭光子", 10).expect("the index can be searched");
    assert_eq!(hits[0].organization.as_deref(), Some("秦岭光子公司"));
}

#[test]
fn a_reopened_index_answers_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let built = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    let opened = SideIndex::open(dir.path(), Side::Supply).expect("the index can be opened");
    assert_eq!((opened.n_records(), opened.side()), (SUPPLIES.len(), Side::Supply));
    let search = |index: &SideIndex| index.search("衬底 清洗 C++", 10).expect("searchable");
    assert_eq!(search(&built), search(&opened));
    assert_eq!(search(&opened).len(), 4);
}

#[test]
fn what_is_no_index_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let open = || SideIndex::open(dir.path(), Side::Demand).err().expect("no index to open");
    assert!(matches!(open(), IndexError::Missing { .. }));
    let built = build(dir.path(), Side::Demand, &records(Side::Demand, &SUPPLIES));
    drop(built);
    let again = SideIndex::build(dir.path(), Side::Demand, &[], &|_| {});
    assert!(matches!(again, Err(IndexError::Occupied { .. })));
    let folder = dir.path().join("demands");
    let description = folder.join("duijie-index.json");
    let original = std::fs::read_to_string(&description).expect("a description");
    let other = original.replace("\"format\":2", "\"format\":77");
    assert_ne!(other, original);
    std::fs::write(&description, other).expect("writable");
    let error = open();
    assert!(matches!(error, IndexError::Version { found: 77, .. }));
    assert!(error.message(Lang::Zh).contains("77") && !error.remedy(Lang::Zh).is_empty());
    std::fs::write(&description, "{").expect("writable");
    assert!(matches!(open(), IndexError::Damaged { .. }));
    std::fs::write(&description, original).expect("writable");
    std::fs::remove_file(folder.join("meta.json")).expect("removable");
    assert!(matches!(open(), IndexError::Damaged { .. }));
}

/// The formula of the telling words, worked term by term.
#[test]
fn the_share_of_telling_words_is_its_formula() {
    let dir = tempfile::tempdir().expect("a folder");
    let asker = ("碳化硅衬底清洗", "需要工业废水少的清洗工艺，解决铌酸锂污染。");
    let supplies = build(dir.path(), Side::Supply, &records(Side::Supply, &SUPPLIES));
    let demands = build(dir.path(), Side::Demand, &records(Side::Demand, &[asker]));
    let scorer = LexicalScorer::new(&demands, &supplies).expect("readable");
    let segmenter = Segmenter::shared();
    let terms = |text: &str| -> BTreeSet<String> {
        let tokens = segmenter.tokens(text).into_iter().map(|token| token.text);
        tokens.filter(|term| term.chars().nth(1).is_some()).collect()
    };
    let held: Vec<BTreeSet<String>> =
        SUPPLIES.iter().map(|(title, body)| &terms(title) | &terms(body)).collect();
    let in_title = terms(asker.0);
    let weight = |term: &String| {
        let n = held.iter().filter(|of_one| of_one.contains(term)).count() as f64;
        let idf = (1.0 + (SUPPLIES.len() as f64 - n + 0.5) / (n + 0.5)).ln();
        (if in_title.contains(term) { 2.0 * idf } else { idf }).powi(2)
    };
    let own = &in_title | &terms(asker.1);
    assert!(own.len() < 40, "none is left out");
    let all: f64 = own.iter().map(weight).sum();
    let rows: Vec<u32> = (0..=8).collect();
    let mut scratch = Scratch::default();
    let shares = scorer.telling_share(0, &rows, &mut scratch).expect("it has words");
    for (row, of_one) in held.iter().enumerate() {
        let expected = own.intersection(of_one).map(weight).sum::<f64>() / all;
        assert!((f64::from(shares[row]) - expected).abs() < 1e-5, "{row}: {shares:?} {expected}");
    }
    assert!(shares[0] > 0.0 && shares[3] > 0.0 && shares[2] == 0.0, "{shares:?}");
    assert_eq!(shares[8], 0.0, "there is no such document");
    // What one query leaves behind does not reach the next.
    assert_eq!(scorer.telling_share(0, &rows, &mut scratch).expect("the same"), shares);
    let silent = build(&dir.path().join("2"), Side::Demand, &records(Side::Demand, &[("", "")]));
    let scorer = LexicalScorer::new(&silent, &supplies).expect("readable");
    assert_eq!(scorer.telling_share(0, &rows, &mut scratch), None);
}

#[test]
fn empty_and_single_sides_work() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = build(dir.path(), Side::Supply, &[]);
    let one = build(dir.path(), Side::Demand, &records(Side::Demand, &[("激光清洗", "")]));
    assert_eq!(none.search("激光", 5).expect("searchable"), []);
    assert_eq!(SideIndex::open(dir.path(), Side::Supply).expect("openable").n_records(), 0);
    let mut scratch = Scratch::default();
    let forward = LexicalScorer::new(&one, &none).expect("readable");
    assert_eq!(forward.top_n(0, 5, &mut scratch), []);
    assert_eq!(forward.score(0, &[0, 7], &mut scratch), [0.0, 0.0]);
    assert!(forward.self_score(0).is_finite());
    let reverse = LexicalScorer::new(&none, &one).expect("readable");
    assert_eq!(reverse.all_top_n(5, &|_| {}), Vec::<Vec<Hit>>::new());
    let itself = LexicalScorer::new(&one, &one).expect("readable");
    let hits = itself.top_n(0, 5, &mut scratch);
    assert_eq!(hits.len(), 1);
    assert!((hits[0].score - itself.self_score(0)).abs() <= 1e-5 * hits[0].score);
}

#[test]
fn progress_counts_every_record_and_query() {
    let dir = tempfile::tempdir().expect("a folder");
    let told = AtomicU64::new(0);
    let tell = |n| {
        told.fetch_add(n, Ordering::Relaxed);
    };
    let supplies = records(Side::Supply, &SUPPLIES);
    let index = SideIndex::build(dir.path(), Side::Supply, &supplies, &tell).expect("buildable");
    assert_eq!(told.swap(0, Ordering::Relaxed), 8);
    LexicalScorer::new(&index, &index).expect("readable").all_top_n(3, &tell);
    assert_eq!(told.into_inner(), 8);
}

/// The same records indexed by tantivy alone, with the terms of the shared segmenter.
fn tantivy_scores(demand: &Record, supplies: &[Record]) -> Vec<(u32, f32)> {
    let segmenter = duijie::text::Segmenter::shared();
    let mut schema = tantivy::schema::Schema::builder();
    let fields = ["title", "body"].map(|name| schema.add_text_field(name, tantivy::schema::TEXT));
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 15_000_000).expect("a writer");
    for supply in supplies {
        let mut document = tantivy::TantivyDocument::new();
        for (field, text) in fields.into_iter().zip([&supply.title, &supply.body]) {
            let tokens = segmenter.tokens(text).into_iter().map(|term| Token {
                offset_from: term.start,
                offset_to: term.end,
                position: term.position as usize,
                text: term.text,
                position_length: term.position_length as usize,
            });
            let tokens = tokens.collect();
            document
                .add_pre_tokenized_text(field, PreTokenizedString { text: text.clone(), tokens });
        }
        writer.add_document(document).expect("addable");
    }
    writer.commit().expect("committable");
    // A term in the demand's title counts three times, one in its body once.
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for (text, weight) in [(&demand.title, 3.0), (&demand.body, 1.0)] {
        for term in segmenter.tokens(text) {
            for field in fields {
                let term = Term::from_field_text(field, &term.text);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), weight))));
            }
        }
    }
    let searcher = index.reader().expect("a reader").searcher();
    let all = TopDocs::with_limit(supplies.len()).order_by_score();
    let found = searcher.search(&BooleanQuery::new(clauses), &all).expect("searchable");
    // One writer thread, nothing merged: the document numbers are the rows.
    assert_eq!(searcher.segment_readers().len(), 1);
    let mut scores: Vec<_> = found.into_iter().map(|(score, at)| (at.doc_id, score)).collect();
    scores.sort_by_key(|&(row, _)| row);
    scores
}

#[test]
fn bulk_scores_are_those_of_tantivy() {
    let dir = tempfile::tempdir().expect("a folder");
    let (demands, supplies) = (made(Side::Demand, 6, 1), made(Side::Supply, 700, 2));
    let queries = build(dir.path(), Side::Demand, &demands);
    let documents = build(dir.path(), Side::Supply, &supplies);
    let scorer = LexicalScorer::new(&queries, &documents).expect("readable");
    let mut scratch = Scratch::default();
    for (query, demand) in (0..).zip(&demands) {
        let expected = tantivy_scores(demand, &supplies);
        let mut hits = scorer.top_n(query, supplies.len(), &mut scratch);
        hits.sort_by_key(|hit| hit.document);
        let rows = |hits: &[Hit]| hits.iter().map(|hit| hit.document).collect::<Vec<_>>();
        assert_eq!(rows(&hits), expected.iter().map(|&(row, _)| row).collect::<Vec<_>>());
        for (hit, (row, score)) in hits.iter().zip(expected) {
            let error = (hit.score - score).abs();
            assert!(error <= 1e-4 * score, "query {query}, row {row}: {} {score}", hit.score);
        }
    }
}

#[test]
fn top_n_is_the_head_of_all_scores_sorted() {
    let dir = tempfile::tempdir().expect("a folder");
    let queries = build(dir.path(), Side::Demand, &made(Side::Demand, 40, 3));
    let documents = build(dir.path(), Side::Supply, &made(Side::Supply, 900, 4));
    let scorer = LexicalScorer::new(&queries, &documents).expect("readable");
    let rows: Vec<u32> = (0..900).collect();
    let mut scratch = Scratch::default();
    let n_ties = Cell::new(0);
    for n in [0, 1, 7, 100, 1000] {
        let all = scorer.all_top_n(n, &|_| {});
        for query in 0..40 {
            let scores = scorer.score(query, &rows, &mut scratch);
            let mut naive: Vec<Hit> =
                rows.iter().zip(scores).map(|(&document, score)| Hit { document, score }).collect();
            naive.retain(|hit| hit.score > 0.0);
            naive.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.document.cmp(&b.document)));
            n_ties
                .set(n_ties.get() + naive.windows(2).filter(|w| w[0].score == w[1].score).count());
            naive.truncate(n);
            assert_eq!(scorer.top_n(query, n, &mut scratch), naive);
            assert_eq!(all[query as usize], naive);
        }
    }
    assert!(n_ties.get() > 100, "ties are exercised");
}

#[test]
fn scores_do_not_depend_on_threads_or_segments() {
    let (demands, supplies) = (made(Side::Demand, 60, 5), made(Side::Supply, 400, 6));
    let run = |n_threads: usize| {
        let dir = tempfile::tempdir().expect("a folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| {
            let queries = build(dir.path(), Side::Demand, &demands);
            let documents = build(dir.path(), Side::Supply, &supplies);
            let scorer = LexicalScorer::new(&queries, &documents).expect("readable");
            let own: Vec<u32> = (0..60).map(|query| scorer.self_score(query).to_bits()).collect();
            let hits = scorer.all_top_n(50, &|_| {});
            let bits = hits.iter().flatten().map(|hit| (hit.document, hit.score.to_bits()));
            (own, bits.collect::<Vec<_>>())
        })
    };
    assert_eq!(run(1), run(4));
}

/// The scorer of a side in layers is, to the bit, that of one index of the same records at the same
/// statistics, and a scorer of a few documents gives them what they have among all.
#[test]
fn layers_score_as_one_index() {
    let dir = tempfile::tempdir().expect("a folder");
    let synonyms = Synonyms::from_toml(duijie::pipeline::BUILTIN_SYNONYMS, Segmenter::shared())
        .expect("shipped");
    let demands = made(Side::Demand, 40, 3);
    let demand_index = build(&dir.path().join("d"), Side::Demand, &demands);
    let counted = made(Side::Supply, 300, 5);
    let base = build(&dir.path().join("0"), Side::Supply, &counted);
    // Every seventh record says something else, every eleventh is gone, and twenty are new.
    let other = made(Side::Supply, 320, 9);
    let late: Vec<usize> = (0..320).filter(|row| row % 7 == 0 || *row >= 300).collect();
    let later: Vec<Record> = late.iter().map(|&row| other[row].clone()).collect();
    let delta = build(&dir.path().join("1"), Side::Supply, &later);
    let live: Vec<usize> = (0..320).filter(|row| row % 11 != 0).collect();
    let today = |row: usize| {
        live.iter().position(|&kept| kept == row).map_or(GONE, |at| u32::try_from(at).expect("few"))
    };
    let of_base = (0..300).map(|row| if row % 7 == 0 { GONE } else { today(row) }).collect();
    let of_delta: Vec<u32> = late.iter().map(|&row| today(row)).collect();
    let layered = LayeredSide::new(
        vec![(base.clone(), of_base), (delta.clone(), of_delta.clone())],
        live.len(),
    );
    let records: Vec<Record> = live
        .iter()
        .map(|row| if late.contains(row) { other[*row].clone() } else { counted[*row].clone() })
        .collect();
    let rebuilt = build(&dir.path().join("2"), Side::Supply, &records);

    let asking = LayeredSide::whole(&demand_index);
    let over = |documents: &LayeredSide, self_scores| {
        LexicalScorer::over(&asking, documents, &base, &synonyms, self_scores).expect("scorer")
    };
    let all = over(&layered, SelfScores::Known);
    let one = over(&LayeredSide::whole(&rebuilt), SelfScores::Known);
    let few = LayeredSide::new(vec![(delta.clone(), of_delta.clone())], live.len());
    let few = over(&few, SelfScores::Unknown);
    let rows: Vec<u32> = (0_u32..).take(live.len()).collect();
    let changed: Vec<u32> = of_delta.into_iter().filter(|&row| row != GONE).collect();
    let mut scratch = [Scratch::default(), Scratch::default(), Scratch::default()];
    let mut n_found = 0;
    for query in 0..40 {
        let expected = one.score(query, &rows, &mut scratch[0]);
        assert_eq!(all.score(query, &rows, &mut scratch[1]), expected, "query {query}");
        assert_eq!(all.self_score(query), one.self_score(query));
        let shares = all.telling_share(query, &rows, &mut scratch[1]);
        assert_eq!(shares, one.telling_share(query, &rows, &mut scratch[0]));
        let of_changed: Vec<f32> = changed.iter().map(|&row| expected[row as usize]).collect();
        assert_eq!(few.score(query, &changed, &mut scratch[2]), of_changed, "query {query}");
        n_found += of_changed.iter().filter(|&&score| score > 0.0).count();
    }
    assert!(n_found > 100, "the texts share words: {n_found}");
    // The statistics are those of the first layer, not of today's documents.
    let own = LexicalScorer::with_synonyms(&demand_index, &rebuilt, &synonyms).expect("scorer");
    assert!((0..40).any(|query| own.self_score(query) != all.self_score(query)));
}
