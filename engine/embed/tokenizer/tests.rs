//! Equality with the Hugging Face library, by golden files (`corpus/model/golden.py`).

use serde::Deserialize;
use serde_json::{Value, json};

use super::{EmbedError, Scratch, Tokenizer, TokenizerPart};

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    tokenizers: Vec<Case>,
    builtin: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    tokenizer: Value,
    ids: Vec<Vec<u32>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/tokenizers.json")).unwrap()
}

fn check(name: &str, tokenizer: &Tokenizer, texts: &[String], expected: &[Vec<u32>]) {
    assert_eq!(texts.len(), expected.len());
    let mut scratch = Scratch::default();
    for (text, ids) in texts.iter().zip(expected) {
        tokenizer.encode(text, &mut scratch);
        assert_eq!(&scratch.ids, ids, "{name} on {text:?}");
    }
}

#[test]
fn ids_equal_those_of_the_hugging_face_library() {
    let golden = golden();
    let names: Vec<&str> = golden.tokenizers.iter().map(|case| case.name.as_str()).collect();
    assert!(names.contains(&"unigram") && names.contains(&"wordpiece"), "{names:?}");
    for case in &golden.tokenizers {
        let tokenizer = Tokenizer::from_json(case.tokenizer.to_string().as_bytes()).unwrap();
        check(&case.name, &tokenizer, &golden.texts, &case.ids);
    }
}

#[test]
fn builtin_ids_equal_those_of_the_hugging_face_library() {
    let golden = golden();
    let json = include_bytes!("../../../corpus/model/tokenizer.json");
    check("builtin", &Tokenizer::from_json(json).unwrap(), &golden.texts, &golden.builtin);
}

fn with(field: &str, value: Value) -> Result<Tokenizer, EmbedError> {
    let mut file = json!({
        "normalizer": null,
        "pre_tokenizer": null,
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0]]},
    });
    file[field] = value;
    Tokenizer::from_json(file.to_string().as_bytes())
}

#[test]
fn unsupported_parts_are_named() {
    let cases = [
        ("normalizer", json!({"type": "Precompiled", "precompiled_charsmap": ""}), "Precompiled"),
        ("normalizer", json!({"type": "Replace", "pattern": {"Regex": "("}}), "Replace"),
        ("pre_tokenizer", json!({"type": "Metaspace", "replacement": "_"}), "Metaspace"),
        (
            "pre_tokenizer",
            json!({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}]}),
            "ByteLevel",
        ),
        (
            "pre_tokenizer",
            json!({"type": "Sequence", "pretokenizers": vec![json!({"type": "Whitespace"}); 17]}),
            "more than 16",
        ),
        ("model", json!({"type": "BPE", "vocab": {"a": 0}, "merges": []}), "BPE"),
        ("model", json!({"vocab": [["a", -1.0]]}), "without a type"),
        ("model", json!({"type": "Unigram", "vocab": [], "byte_fallback": true}), "byte_fallback"),
        ("added_tokens", json!([{"id": 7, "content": "<x>", "special": false}]), "<x>"),
    ];
    for (field, value, what) in cases {
        let error = with(field, value).unwrap_err();
        let EmbedError::UnsupportedTokenizer { part, .. } = &error else { panic!("{error}") };
        assert_eq!(part.to_string(), field);
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn contradictions_are_named() {
    let cases = [
        (json!({"type": "Unigram", "unk_id": 2, "vocab": [["a", -1.0]]}), "unk_id"),
        (json!({"type": "Unigram", "vocab": [["", -1.0]]}), "empty"),
        (json!({"type": "Unigram", "vocab": {"a": 1}}), "form of Unigram"),
        (json!({"type": "WordPiece", "vocab": [["a", -1.0]]}), "form of WordPiece"),
        (
            json!({"type": "WordPiece", "vocab": {"a": 0}, "continuing_subword_prefix": ""}),
            "prefix",
        ),
    ];
    for (model, what) in cases {
        let error = with("model", model).unwrap_err();
        let EmbedError::BadTokenizer { part, .. } = &error else { panic!("{error}") };
        assert_eq!(*part, TokenizerPart::Model);
        assert!(error.to_string().contains(what), "{error}");
    }
    let broken = Tokenizer::from_json(b"{\"model\": ").unwrap_err();
    assert!(matches!(broken, EmbedError::Json { .. }), "{broken}");
}

#[test]
fn an_empty_vocabulary_knows_nothing() {
    let tokenizer = with("model", json!({"type": "Unigram", "vocab": []})).unwrap();
    let mut scratch = Scratch::default();
    tokenizer.encode("abc 碳化硅", &mut scratch);
    assert!(scratch.ids.is_empty());
    assert_eq!(tokenizer.n_tokens(), 0);
}
