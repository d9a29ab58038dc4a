//! The models that are known by name (`corpus/models/known.toml`).

use serde::Deserialize;

/// A model that `pull` knows by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownModel {
    /// Name, also of its folder.
    pub name: String,
    /// Owner and name of the repository on the hub and its mirrors.
    pub repository: String,
    /// Licence of the weights.
    pub licence: String,
    /// What it is, in Chinese.
    pub about_zh: String,
    /// What it is, in English.
    pub about_en: String,
    /// Its files.
    pub files: Vec<KnownFile>,
}

/// A file of a known model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownFile {
    /// Path within the repository, with `/`.
    pub path: String,
    /// Whether the model works without it.
    #[serde(default)]
    pub optional: bool,
    /// SHA-256 in hexadecimal digits where it is known for certain.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl KnownModel {
    /// Where the hub serves the files of the main branch.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://huggingface.co/{}/resolve/main", self.repository)
    }
}

#[derive(Deserialize)]
struct Table {
    model: Vec<KnownModel>,
}

/// All known models, in the order of the table.
#[must_use]
pub fn known_models() -> Vec<KnownModel> {
    let text = include_str!("../../../corpus/models/known.toml");
    toml::from_str::<Table>(text).expect("a test reads the table").model
}

/// The files of a sentence-transformers folder, for models that are not known.
pub(super) fn usual_files() -> Vec<KnownFile> {
    let file = |path: &str, optional| KnownFile { path: path.to_owned(), optional, sha256: None };
    vec![
        file("config.json", false),
        file("tokenizer.json", false),
        file("tokenizer_config.json", true),
        file("modules.json", true),
        file("1_Pooling/config.json", true),
        file("config_sentence_transformers.json", true),
        file("sentence_bert_config.json", true),
        file("model.safetensors", false),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_is_complete() {
        let models = known_models();
        let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["bge-small-zh-v1.5", "Qwen3-Embedding-0.6B"]);
        for model in models {
            for needed in ["config.json", "tokenizer.json", "model.safetensors"] {
                let file = model.files.iter().find(|file| file.path == needed).unwrap();
                assert!(!file.optional);
            }
            for hash in model.files.iter().filter_map(|file| file.sha256.as_ref()) {
                assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
            }
            assert!(model.url().ends_with(&format!("{}/resolve/main", model.repository)));
        }
    }
}
