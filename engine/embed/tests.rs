//! The loader on small hand-made models, and the model that is shipped.

use std::path::Path;

use half::f16;
use proptest::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{EmbedError, Embedder, StaticModel, TextRole};
use crate::model::{Diagnosis, Lang};

/// Rows of the hand-made models: unknown, 碳, 硅, 衬底.
const ROWS: [[i8; 2]; 4] = [[9, 9], [3, 4], [4, -3], [0, 5]];

fn tensor_file(tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    serialize(views, None).unwrap()
}

fn rows(dtype: Dtype) -> (&'static str, Dtype, Vec<usize>, Vec<u8>) {
    let numbers = ROWS.iter().flatten();
    let data: Vec<u8> = match dtype {
        Dtype::I8 => numbers.map(|n| n.cast_unsigned()).collect(),
        Dtype::F16 => numbers.flat_map(|n| f16::from_f32(f32::from(*n)).to_le_bytes()).collect(),
        _ => numbers.flat_map(|n| f32::from(*n).to_le_bytes()).collect(),
    };
    ("embeddings", dtype, vec![4, 2], data)
}

fn floats(name: &'static str, values: &[f32]) -> (&'static str, Dtype, Vec<usize>, Vec<u8>) {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (name, Dtype::F32, vec![values.len()], data)
}

fn integers(name: &'static str, values: &[i64]) -> (&'static str, Dtype, Vec<usize>, Vec<u8>) {
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    (name, Dtype::I64, vec![values.len()], data)
}

fn unigram() -> Vec<u8> {
    json!({
        "normalizer": {"type": "NFKC"},
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {
            "type": "Unigram",
            "unk_id": 0,
            "vocab": [["<unk>", 0.0], ["碳", -2.0], ["硅", -2.0], ["衬底", -2.0]],
        },
    })
    .to_string()
    .into_bytes()
}

fn wordpiece() -> Vec<u8> {
    json!({
        "normalizer": {"type": "BertNormalizer", "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "vocab": {"[UNK]": 0, "碳": 1, "硅": 2, "衬": 3},
        },
    })
    .to_string()
    .into_bytes()
}

fn load(tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) -> Result<StaticModel, EmbedError> {
    StaticModel::from_bytes(&tensor_file(tensors), &unigram(), b"{\"normalize\": true}")
}

fn row(model: &StaticModel, text: &str) -> Vec<f32> {
    model.embed(&[text], TextRole::Document).unwrap().row(0).to_vec()
}

#[test]
fn every_number_type_gives_the_mean_of_known_pieces() {
    for dtype in [Dtype::F32, Dtype::F16, Dtype::I8] {
        let model = load(&[rows(dtype)]).unwrap();
        assert_eq!(model.identity().dim, 2);
        assert_eq!(row(&model, "碳"), [0.6, 0.8]);
        assert_eq!(row(&model, "碳, 未知"), [0.6, 0.8]);
        // (3, 4) + (4, -3) + (0, 5) = (7, 6)
        let length = 85.0_f64.sqrt();
        let close = |got: f32, wanted: f64| (f64::from(got) - wanted / length).abs() < 1e-7;
        let sum = row(&model, "硅碳衬底");
        assert!(close(sum[0], 7.0) && close(sum[1], 6.0), "{dtype:?} {sum:?}");
    }
}

#[test]
fn wordpiece_models_load_too() {
    let file = tensor_file(&[rows(Dtype::F32)]);
    let model = StaticModel::from_bytes(&file, &wordpiece(), b"{\"name\": \"wp\"}").unwrap();
    assert_eq!(model.identity().name, "wp");
    assert_eq!(row(&model, "衬X"), [0.0, 1.0]);
}

#[test]
fn weights_scale_tokens_and_mapping_chooses_rows() {
    let model = load(&[rows(Dtype::I8), floats("weights", &[1.0, 2.0, 0.0, 1.0])]).unwrap();
    assert_eq!(row(&model, "碳硅"), [0.6, 0.8]);
    assert_eq!(row(&model, "硅"), [0.0, 0.0]);
    // All four tokens share two rows; the weights stay with the tokens.
    let mapped = [
        integers("mapping", &[0, 1, 1, 3]),
        rows(Dtype::I8),
        floats("weights", &[1.0, 1.0, -1.0, 1.0]),
    ];
    let model = load(&mapped).unwrap();
    assert_eq!(row(&model, "硅"), [-0.6, -0.8]);
    assert_eq!(row(&model, "碳硅"), [0.0, 0.0]);
}

#[test]
fn texts_without_a_known_piece_are_zero() {
    let model = load(&[rows(Dtype::F32)]).unwrap();
    let found = model.embed(&["", " \n", "未知", "碳"], TextRole::Document).unwrap();
    assert_eq!((found.n_rows(), found.dim()), (4, 2));
    for blank in 0..3 {
        assert_eq!(found.row(blank), [0.0, 0.0]);
    }
    assert_eq!(found.row(3), [0.6, 0.8]);
    assert_eq!(model.embed(&[], TextRole::Document).unwrap().n_rows(), 0);
}

#[test]
fn identity_follows_the_content() {
    let one = load(&[rows(Dtype::F32)]).unwrap();
    let same = load(&[rows(Dtype::F32)]).unwrap();
    let other = load(&[rows(Dtype::F16)]).unwrap();
    assert_eq!(one.identity(), same.identity());
    assert_ne!(one.identity().sha256, other.identity().sha256);
    assert_eq!(one.identity().sha256.len(), 64);
}

#[test]
fn misfits_between_tensors_are_named() {
    let short = ("embeddings", Dtype::F32, vec![3, 2], vec![0; 24]);
    let flat = ("embeddings", Dtype::F32, vec![8], vec![0; 32]);
    let wide = ("embeddings", Dtype::I64, vec![4, 2], vec![0; 64]);
    let cases = [
        (vec![short], "embed.tensor_shape", "embeddings"),
        (vec![flat], "embed.tensor_shape", "embeddings"),
        (vec![wide], "embed.tensor_type", "I64"),
        (vec![rows(Dtype::F32), floats("weights", &[1.0])], "embed.tensor_shape", "weights"),
        (vec![rows(Dtype::F32), integers("weights", &[1; 4])], "embed.tensor_type", "weights"),
        (
            vec![rows(Dtype::F32), floats("weights", &[1.0, f32::NAN, 1.0, 1.0])],
            "embed.tensor_value",
            "position 1",
        ),
        (vec![rows(Dtype::F32), integers("mapping", &[0, 1])], "embed.tensor_shape", "mapping"),
        (
            vec![rows(Dtype::F32), integers("mapping", &[0, 1, 4, 2])],
            "embed.tensor_value",
            "value 4",
        ),
        (
            vec![rows(Dtype::F32), integers("mapping", &[0, 1, -1, 2])],
            "embed.tensor_value",
            "value -1",
        ),
        (vec![floats("weights", &[1.0; 4])], "embed.safetensors", "embeddings"),
    ];
    for (tensors, code, part) in cases {
        let error = load(&tensors).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.remedy(Lang::Zh).is_empty());
    }
}

#[test]
fn not_a_number_is_refused() {
    for (dtype, bad) in [
        (Dtype::F32, f32::NAN.to_le_bytes().to_vec()),
        (Dtype::F16, f16::INFINITY.to_le_bytes().to_vec()),
    ] {
        let (name, dtype, shape, mut data) = rows(dtype);
        let size = bad.len();
        data[5 * size..6 * size].copy_from_slice(&bad);
        let error = load(&[(name, dtype, shape, data)]).unwrap_err();
        assert_eq!(error.code(), "embed.tensor_value");
        assert!(error.to_string().contains("position 5"), "{error}");
    }
}

#[test]
fn a_sum_that_overflows_names_its_text() {
    let file = [rows(Dtype::I8), floats("weights", &[1.0, 3e38, 1.0, 1.0])];
    let error = load(&file).unwrap().embed(&["硅", "碳"], TextRole::Document).unwrap_err();
    assert_eq!(error.to_string(), "embedding text 1 overflows");
}

#[test]
fn directories_give_their_name_and_name_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-model");
    let missing = StaticModel::from_dir(&path).unwrap_err();
    assert_eq!(missing.code(), "embed.read");
    assert!(missing.to_string().contains("my-model"), "{missing}");
    assert!(missing.message(Lang::Zh).contains("model.safetensors"));

    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("model.safetensors"), tensor_file(&[rows(Dtype::F32)])).unwrap();
    std::fs::write(path.join("tokenizer.json"), unigram()).unwrap();
    let missing = StaticModel::from_dir(&path).unwrap_err();
    assert!(missing.to_string().contains("config.json"), "{missing}");

    std::fs::write(path.join("config.json"), "{}").unwrap();
    assert_eq!(StaticModel::from_dir(&path).unwrap().identity().name, "my-model");

    std::fs::write(path.join("model.safetensors"), b"12345678901234567890").unwrap();
    assert_eq!(StaticModel::from_dir(&path).unwrap_err().code(), "embed.safetensors");
    std::fs::write(path.join("config.json"), b"\xff").unwrap();
    assert_eq!(StaticModel::from_dir(&path).unwrap_err().code(), "embed.json");
}

fn builtin() -> StaticModel {
    StaticModel::builtin().unwrap()
}

fn cosine(model: &StaticModel, left: &str, right: &str) -> f32 {
    let found = model.embed(&[left, right], TextRole::Document).unwrap();
    found.row(0).iter().zip(found.row(1)).map(|(l, r)| l * r).sum()
}

#[test]
fn builtin_fits_its_budget_and_has_unit_rows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/model");
    let size: u64 = ["model.safetensors", "tokenizer.json", "config.json"]
        .iter()
        .map(|name| folder.join(name).metadata().unwrap().len())
        .sum();
    assert!(size <= 16 << 20, "{size} bytes");

    let model = builtin();
    assert_eq!(model.identity().dim, 256);
    assert_eq!(model.identity(), StaticModel::from_dir(&folder).unwrap().identity());
    let found = model
        .embed(&["碳化硅衬底切片", "C", "寻求一种防起球的针织工艺"], TextRole::Document)
        .unwrap();
    for row in 0..found.n_rows() {
        let square: f64 = found.row(row).iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((square - 1.0).abs() < 1e-6, "{square}");
    }
}

#[test]
fn builtin_gives_unseen_terms_a_vector_and_blanks_none() {
    let model = builtin();
    let texts = ["靐龘", "zqxj-9931", "錒鈽鎇合金镀层", "", " \t\n", "。。。"];
    let found = model.embed(&texts, TextRole::Document).unwrap();
    for (row, text) in texts.iter().enumerate() {
        let known = found.row(row).iter().any(|value| *value != 0.0);
        assert_eq!(known, (1..3).contains(&row), "{text}");
    }
}

#[test]
fn builtin_puts_related_texts_nearer_than_unrelated_ones() {
    let model = builtin();
    // Two texts that belong together and one that does not, written for this test.
    for (text, related, unrelated) in [
        (
            "锂电池正极材料循环寿命短",
            "提高锂离子动力电池容量保持率的掺杂工艺",
            "生鲜冷链配送路线规划",
        ),
        ("需要识别零件表面划痕", "基于机器视觉的缺陷检测系统", "茶叶提取物抗氧化活性研究"),
        ("印染废水处理成本高", "一种纺织污水的高效降解与回用技术", "无人机编队通信协议"),
        ("SiC晶圆切割崩边", "碳化硅衬底的激光切片方法", "小麦抗倒伏品种选育"),
        ("手术机器人力反馈", "微创外科器械的触觉传感装置", "混凝土外加剂配方"),
        ("地铁隧道沉降监测", "盾构施工地表变形的自动测量", "葡萄酒发酵酵母"),
        ("减少水泥窑氮氧化物排放", "烟气脱硝催化剂", "儿童英语在线教育平台"),
    ] {
        let (near, far) = (cosine(&model, text, related), cosine(&model, text, unrelated));
        assert!(near > far + 0.1, "{text}: {near} against {far}");
    }
}

#[test]
fn builtin_gives_the_same_bits_with_one_thread_and_four() {
    let model = builtin();
    let owned: Vec<String> = (0..500)
        .map(|i| format!("第{i}号需求：{}抛光液 {}μm SiC衬底", "高精度".repeat(i % 7), i * 13))
        .collect();
    let texts: Vec<&str> = owned.iter().map(String::as_str).collect();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| model.embed(&texts, TextRole::Document)).unwrap();
        found.view().data().iter().map(|value| value.to_bits()).collect::<Vec<_>>()
    };
    let alone = with(1);
    assert_eq!(alone, with(4));
    // A text's row does not depend on its company.
    let single = model.embed(&texts[137..138], TextRole::Document).unwrap();
    let bits: Vec<u32> = single.row(0).iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, alone[137 * 256..138 * 256]);
}

/// Reading the model in another way must not change a bit of any vector.
#[test]
fn builtin_vectors_have_the_same_bits_as_when_the_model_was_made() {
    #[derive(serde::Deserialize)]
    struct Golden {
        texts: Vec<String>,
    }
    let golden: Golden = serde_json::from_str(include_str!("golden/tokenizers.json")).unwrap();
    let texts: Vec<&str> = golden.texts.iter().map(String::as_str).collect();
    let model = builtin();
    let found = model.embed(&texts, TextRole::Document).unwrap();
    let mut hash = Sha256::new();
    for value in found.view().data() {
        hash.update(value.to_le_bytes());
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    // Both are renewed together when another model is shipped.
    assert_eq!(&model.identity().sha256[..16], "09d58faab059da34");
    assert_eq!(&hash[..16], "fdb6ce0fc6fdb7fe");
}

proptest! {
    #[test]
    fn builtin_accepts_any_text(text in "\\PC{0,40}|[ -~]{0,40}|[\u{0}-\u{10ffff}]{0,20}") {
        let found = builtin().embed(&[&text], TextRole::Document).unwrap();
        let square: f64 = found.row(0).iter().map(|v| f64::from(*v).powi(2)).sum();
        prop_assert!(square == 0.0 || (square - 1.0).abs() < 1e-6);
    }
}
