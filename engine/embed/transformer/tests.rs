//! The loader on two tiny random checkpoints (`tests/fixtures/transformer`), against PyTorch.

use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde::Deserialize;
use tempfile::TempDir;

use super::*;
use crate::embed::open_dir;
use crate::model::{Diagnosis, Lang};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/transformer")
}

fn opened(name: &str) -> TransformerModel {
    TransformerModel::from_dir(&fixtures().join(name)).unwrap()
}

/// Copies a fixture to change it.
fn copied(name: &str) -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten() {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&fixtures().join(name), folder.path());
    folder
}

/// Replaces `old` in a file of the folder, and expects to find it.
fn edit(folder: &TempDir, file: &str, old: &str, new: &str) {
    let path = folder.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{file} lacks {old}");
    fs::write(path, text.replace(old, new)).unwrap();
}

#[derive(Deserialize)]
struct Golden {
    texts: Vec<String>,
    bert: BertVectors,
    qwen3: Qwen3Vectors,
}

#[derive(Deserialize)]
struct BertVectors {
    cls: Vec<Vec<f32>>,
    mean: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Qwen3Vectors {
    document: Vec<Vec<f32>>,
    query: Vec<Vec<f32>>,
}

fn golden() -> Golden {
    serde_json::from_slice(&fs::read(fixtures().join("vectors.json")).unwrap()).unwrap()
}

/// Every number within 2·10⁻⁵ of PyTorch's: both work in `f32`, in other orders of additions.
fn assert_close(model: &TransformerModel, role: TextRole, texts: &[String], wanted: &[Vec<f32>]) {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = model.embed(&texts, role).unwrap();
    for (row, wanted) in wanted.iter().enumerate() {
        for (got, wanted) in found.row(row).iter().zip(wanted) {
            assert!((got - wanted).abs() < 2e-5, "{}: {got} against {wanted}", texts[row]);
        }
    }
}

#[test]
fn bert_equals_pytorch() {
    let golden = golden();
    let model = opened("bert");
    assert_eq!(model.settings().pooling, Pooling::Cls);
    assert!(!model.settings().pooling_assumed);
    for role in [TextRole::Document, TextRole::Query] {
        assert_close(&model, role, &golden.texts, &golden.bert.cls);
    }
    let folder = copied("bert");
    edit(&folder, "1_Pooling/config.json", "\"pooling_mode_cls_token\": true", "\"x\": 0");
    edit(&folder, "1_Pooling/config.json", "mean_tokens\": false", "mean_tokens\": true");
    let model = TransformerModel::from_dir(folder.path()).unwrap();
    assert_eq!(model.settings().pooling, Pooling::Mean);
    assert_close(&model, TextRole::Document, &golden.texts, &golden.bert.mean);
}

#[test]
fn qwen3_equals_pytorch_with_and_without_the_instruction() {
    let golden = golden();
    let model = opened("qwen3");
    assert_eq!(model.settings().pooling, Pooling::LastToken);
    assert_eq!(model.settings().instruction(TextRole::Query), "Instruct: find\nQuery:");
    assert_close(&model, TextRole::Document, &golden.texts, &golden.qwen3.document);
    assert_close(&model, TextRole::Query, &golden.texts, &golden.qwen3.query);
}

/// Texts of many lengths, blanks and long ones among them.
fn many() -> Vec<String> {
    (0..120)
        .map(|i| match i % 40 {
            7 => String::new(),
            8 => " \n\t".to_owned(),
            9 => "碳化硅切片".repeat(60),
            _ => format!("{}衬底 sic laser {i} ", "激光打印，".repeat(i % 6)),
        })
        .collect()
}

#[test]
fn threads_and_neighbours_change_no_bit() {
    let owned = many();
    let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
    for name in ["bert", "qwen3"] {
        let model = opened(name);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| model.embed(&texts, TextRole::Query)).unwrap()
        };
        let (one, four) = (with(1), with(4));
        for (row, text) in texts.iter().enumerate() {
            let alone = model.embed(&[text], TextRole::Query).unwrap();
            let bits = |row: &[f32]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(one.row(row)), bits(four.row(row)), "{name} {row}");
            assert_eq!(bits(one.row(row)), bits(alone.row(0)), "{name} {row} alone");
            let length = length(one.row(row).iter().map(|v| f64::from(*v)));
            let wanted = if text.trim().is_empty() { 0.0 } else { 1.0 };
            assert!((length - wanted).abs() < 1e-6, "{name} {row} {length}");
        }
    }
}

#[test]
fn long_texts_are_the_mean_of_their_windows() {
    let model = opened("bert");
    let text: String = "碳化硅衬底切片寻求一种防起球的针织工艺".chars().cycle().take(100).collect();
    let windows = model.windows.cut(&text, TextRole::Document).unwrap();
    // 40 positions, two of them marks: 38 characters per window, stepping 34 at most.
    assert_eq!(windows.len(), 3);
    assert!(windows.iter().all(|ids| ids.len() == 40 && ids[0] == 2 && ids[39] == 3));
    let parts: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
    let rows = model.embed_windows(&parts).unwrap();
    let mut mean = vec![0.0_f64; 16];
    for row in rows.chunks(16) {
        let length = length(row.iter().map(|v| f64::from(*v)));
        mean.iter_mut().zip(row).for_each(|(sum, v)| *sum += f64::from(*v) / length);
    }
    let total = length(mean.iter().copied());
    let found = model.embed(&[&text], TextRole::Document).unwrap();
    for (got, wanted) in found.row(0).iter().zip(mean) {
        assert!((f64::from(*got) - wanted / total).abs() < 1e-6);
    }
    // What stands only at the end matters.
    let other = format!("{}激光", text.chars().take(98).collect::<String>());
    let other = model.embed(&[&other], TextRole::Document).unwrap();
    assert_ne!(found.row(0), other.row(0));
}

#[test]
fn each_window_of_a_long_query_begins_with_the_instruction() {
    let model = opened("qwen3");
    let instruction = model.windows.cut(&"。".repeat(3), TextRole::Query).unwrap();
    let windows = model.windows.cut(&"laser ".repeat(200), TextRole::Query).unwrap();
    assert!(windows.len() > 1);
    // The instruction's bytes: "Instruct: find\nQuery:" has 21, none of them merged.
    for window in &windows {
        assert_eq!(window[..21], instruction[0][..21]);
        assert_eq!(window.last(), instruction[0].last());
        assert!(window.len() <= 256);
    }
}

#[test]
fn odd_texts_have_vectors() {
    for name in ["bert", "qwen3"] {
        let model = opened(name);
        let long = "碳化硅laser。".repeat(2_000);
        let texts = ["C", "。。。!!!", "\u{0}\u{ffff}", "😀", "[CLS]", &long];
        let found = model.embed(&texts, TextRole::Document).unwrap();
        for row in 0..texts.len() {
            let length = length(found.row(row).iter().map(|v| f64::from(*v)));
            assert!(length == 0.0 || (length - 1.0).abs() < 1e-6, "{name} {row} {length}");
        }
        assert_eq!(model.embed(&[], TextRole::Query).unwrap().n_rows(), 0);
    }
}

#[test]
fn a_million_characters_have_the_mean_of_their_windows() {
    let model = opened("bert");
    let sentence = "碳化硅衬底切片寻求一种防起球的针织工艺。";
    let n = 1_000_000 / sentence.chars().count();
    let windows = model.windows.cut(&sentence.repeat(n), TextRole::Document).unwrap();
    let mut covered = 0;
    for window in &windows {
        assert_eq!(window.len(), 40);
        covered += window.len() - 2;
    }
    assert!(covered >= n * 20, "{covered}");
    // Less of the same says the same.
    let [long, short] = [n, n / 100].map(|n| sentence.repeat(n));
    let rows = model.embed(&[&long, "", &short], TextRole::Document).unwrap();
    let cosine: f32 = rows.row(0).iter().zip(rows.row(2)).map(|(a, b)| a * b).sum();
    assert!(cosine > 0.999, "{cosine}");
    assert_eq!(rows.row(1), [0.0; 16]);
}

#[test]
fn batches_hold_every_window_once_longest_first() {
    let lengths = [3, 900, 40, 1024, 2000, 1, 500, 500, 40];
    let ids: Vec<Vec<u32>> = lengths.iter().map(|n| vec![1; *n]).collect();
    let windows: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    let found = batches(&windows);
    assert_eq!(found, [vec![4], vec![3], vec![1], vec![6, 7], vec![2, 8, 0, 5]]);
    assert!(batches(&[]).is_empty());
}

#[test]
fn identity_follows_everything_that_determines_vectors() {
    let base = opened("bert");
    assert_eq!(base.identity().name, "bert");
    assert_eq!(base.identity().dim, 16);
    assert_eq!(base.identity().sha256, opened("bert").identity().sha256);
    let changes: [&dyn Fn(&TempDir); 5] = [
        &|folder| edit(folder, "config.json", "\"gelu\"", "\"relu\""),
        &|folder| edit(folder, "tokenizer.json", "\"##er\"", "\"##re\""),
        &|folder| {
            fs::write(
                folder.path().join("config_sentence_transformers.json"),
                r#"{"prompts": {"query": "找："}}"#,
            )
            .unwrap();
        },
        &|folder| {
            fs::write(folder.path().join("sentence_bert_config.json"), r#"{"max_seq_length": 20}"#)
                .unwrap();
        },
        &|folder| {
            let path = folder.path().join("model.safetensors");
            let mut bytes = fs::read(&path).unwrap();
            let last = bytes.len() - 4;
            bytes[last] ^= 1;
            fs::write(path, bytes).unwrap();
        },
    ];
    for (at, change) in changes.iter().enumerate() {
        let folder = copied("bert");
        change(&folder);
        let other = TransformerModel::from_dir(folder.path()).unwrap();
        assert_ne!(other.identity().sha256, base.identity().sha256, "change {at}");
    }
}

#[test]
fn absent_files_have_stated_defaults() {
    let folder = copied("bert");
    fs::remove_file(folder.path().join("modules.json")).unwrap();
    fs::remove_dir_all(folder.path().join("1_Pooling")).unwrap();
    let model = TransformerModel::from_dir(folder.path()).unwrap();
    let settings = model.settings();
    assert!(settings.pooling_assumed);
    assert_eq!(settings.pooling, Pooling::Cls);
    assert_eq!((settings.window, settings.query_instruction.as_str()), (40, ""));
    let golden = golden();
    assert_close(&model, TextRole::Query, &golden.texts, &golden.bert.cls);

    let sentence = folder.path().join("sentence_bert_config.json");
    fs::write(sentence, r#"{"max_seq_length": 20, "do_lower_case": true}"#).unwrap();
    let tokenizer = r#"{"model_max_length": 30}"#;
    fs::write(folder.path().join("tokenizer_config.json"), tokenizer).unwrap();
    edit(&folder, "tokenizer.json", "\"lowercase\": true", "\"lowercase\": false");
    let lowered = TransformerModel::from_dir(folder.path()).unwrap();
    assert_eq!((lowered.settings().window, lowered.settings().lower_case), (20, true));
    let both = ["SiC Laser", "sic laser"].map(str::to_owned);
    let vectors = lowered.embed(&[&both[0], &both[1]], TextRole::Document).unwrap();
    assert_eq!(vectors.row(0), vectors.row(1));
}

#[test]
fn open_dir_tells_the_kinds_apart() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/model");
    assert_eq!(open_dir(&corpus).unwrap().identity().dim, 256);
    assert_eq!(open_dir(&fixtures().join("bert")).unwrap().identity().dim, 16);
    assert_eq!(open_dir(&fixtures().join("qwen3")).unwrap().identity().name, "qwen3");
    assert_eq!(open_dir(&fixtures().join("none")).err().unwrap().code(), "embed.read");
}

/// Expects that the folder is refused with this code, and that the message names `part`.
fn refused(folder: &TempDir, code: &str, part: &str) {
    let error = open_dir(folder.path()).err().unwrap();
    assert_eq!(error.code(), code, "{error}");
    for lang in [Lang::Zh, Lang::En] {
        assert!(error.message(lang).contains(part), "{}", error.message(lang));
        assert!(!error.remedy(lang).is_empty());
    }
}

#[test]
fn bad_folders_are_named() {
    type Change<'a> = &'a dyn Fn(&TempDir);
    let remove = |file: &'static str| {
        move |folder: &TempDir| fs::remove_file(folder.path().join(file)).unwrap()
    };
    let write = |file: &'static str, text: &'static str| {
        move |folder: &TempDir| fs::write(folder.path().join(file), text).unwrap()
    };
    let config = |old: &'static str, new: &'static str| {
        move |folder: &TempDir| edit(folder, "config.json", old, new)
    };
    let cut = |folder: &TempDir| {
        let path = folder.path().join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    };
    let cases: [(Change<'_>, &str, &str); 17] = [
        (&remove("tokenizer.json"), "read", "tokenizer.json"),
        (&remove("model.safetensors"), "read", "model.safetensors"),
        (&config("\"bert\"", "\"xlm-roberta\""), "architecture", "xlm-roberta"),
        (&config("\"gelu\"", "\"mish\""), "unsupported", "mish"),
        (&config("\"hidden_size\": 16", "\"hidden_size\": 15"), "config", "15"),
        (&config("\"hidden_size\": 16", "\"hidden_size\": \"x\""), "json", "config.json"),
        (&config("\"hidden_size\": 16", "\"hidden_size\": 32"), "tensor_shape", "[16]"),
        (&config("_layers\": 2", "_layers\": 3"), "missing_tensor", "encoder.layer.2"),
        (&write("tokenizer.json", "{\"model\": 1"), "tokenizer", "tokenizer.json"),
        (&write("model.safetensors", "12345678901234567890"), "safetensors", "model.safetensors"),
        (&cut, "safetensors", "model.safetensors"),
        (
            &write("modules.json", "[{\"type\": \"a.Dense\", \"path\": \"2_Dense\"}]"),
            "unsupported",
            "Dense",
        ),
        (&write("modules.json", "{"), "json", "modules.json"),
        (
            &write("1_Pooling/config.json", "{\"pooling_mode_max_tokens\": true}"),
            "unsupported",
            "1_Pooling",
        ),
        (&write("sentence_bert_config.json", "{\"max_seq_length\": 2}"), "window", "2"),
        (&write("config_sentence_transformers.json", "7"), "json", "config_sentence"),
        (
            &|folder| edit(folder, "tokenizer.json", "\"##er\": 112", "\"##er\": 900"),
            "vocabulary",
            "900",
        ),
    ];
    for (change, code, part) in cases {
        let folder = copied("bert");
        change(&folder);
        refused(&folder, &format!("embed.transformer.{code}"), part);
    }
    let folder = copied("bert");
    fs::remove_file(folder.path().join("config.json")).unwrap();
    refused(&folder, "embed.read", "config.json");
}

#[test]
fn bad_shards_and_rotations_are_named() {
    let folder = copied("qwen3");
    fs::remove_file(folder.path().join("model-00002-of-00002.safetensors")).unwrap();
    refused(&folder, "embed.transformer.read", "model-00002-of-00002.safetensors");
    let folder = copied("qwen3");
    fs::write(folder.path().join("model.safetensors.index.json"), "{}").unwrap();
    refused(&folder, "embed.transformer.json", "model.safetensors.index.json");
    let folder = copied("qwen3");
    edit(&folder, "config.json", "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"");
    refused(&folder, "embed.transformer.unsupported", "rotary");
    let folder = copied("qwen3");
    edit(&folder, "config.json", "_value_heads\": 2", "_value_heads\": 3");
    refused(&folder, "embed.transformer.config", "3");
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let path = fixtures().join("bert/model.safetensors");
    let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    let name = "encoder.layer.1.output.dense.bias";
    for (table, code) in [(false, "embed.transformer.tensor_value"), (true, "embed.overflow")] {
        let mut tensors = tensors.clone();
        let name = if table { "embeddings.word_embeddings.weight" } else { name };
        let shape = tensors[name].shape().clone();
        let values = vec![f32::NAN; shape.elem_count()];
        let values = candle_core::Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        tensors.insert(name.to_owned(), values);
        let folder = copied("bert");
        candle_core::safetensors::save(&tensors, folder.path().join("model.safetensors")).unwrap();
        // Tables stay in the file and are not read at loading; their numbers show in the result.
        let error = match TransformerModel::from_dir(folder.path()) {
            Ok(model) => model.embed(&["激光"], TextRole::Document).unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.code(), code, "{error}");
    }
}

/// The real model, where its folder is given: a thousand and more tokens, and the reference.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn a_real_model_equals_its_reference() {
    let (Ok(folder), Ok(reference)) =
        (std::env::var("DUIJIE_TEST_MODEL"), std::env::var("DUIJIE_TEST_VECTORS"))
    else {
        eprintln!("skipped: DUIJIE_TEST_MODEL and DUIJIE_TEST_VECTORS name no folder and file");
        return;
    };
    #[derive(Deserialize)]
    struct Reference {
        texts: Vec<String>,
        vectors: Vec<Vec<f32>>,
    }
    let reference: Reference = serde_json::from_slice(&fs::read(reference).unwrap()).unwrap();
    let model = TransformerModel::from_dir(Path::new(&folder)).unwrap();
    let texts: Vec<&str> = reference.texts.iter().map(String::as_str).collect();
    let found = model.embed(&texts, TextRole::Document).unwrap();
    let mut least = f64::INFINITY;
    for (row, wanted) in reference.vectors.iter().enumerate() {
        let pairs = found.row(row).iter().zip(wanted);
        let cosine: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        if !texts[row].trim().is_empty() {
            least = least.min(cosine);
        }
    }
    eprintln!("{} texts, least cosine {least:.7}", texts.len());
    assert!(least > 0.999);
}
