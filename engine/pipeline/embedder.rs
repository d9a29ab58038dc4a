//! Which model makes the vectors, and how it is opened.

use std::path::PathBuf;
use std::str::FromStr;

use super::PipelineError;
use super::output::EmbedderFacts;
use crate::embed::{
    ApiKey, CachedEmbedder, CentredEmbedder, Embedder, EndpointAddress, EndpointEmbedder,
    EndpointError, EndpointLimits, JoinedEmbedder, StaticModel, VectorCache, open_dir,
};

/// Texts on all fields of technology, one per line: what they have in common says nothing about a
/// text. From the sample lists, which were written for the project.
const ORDINARY: &str = include_str!("../../corpus/model/ordinary.txt");

/// Share of a folder's model in the cosine, in percent; the built-in model has the rest.
///
/// The two know different things: one was trained on all kinds of text and reads sentences, the
/// other on Chinese technical texts and knows words. Measured with bge-small-zh-v1.5 (nDCG@10 of the
/// cosine alone; the built-in model, the folder's centred, joined at 50, 60 and 75 percent): IPC
/// titles .262, .269, .295, .302, .299; firm → university .500, .459, .510, .515, .499; market
/// lists, first grades, .646, .614, .641, .627, .631. Together with the words any share from 60 to
/// 80 percent does alike (`folder.toml`).
const PERCENT_OF_FOLDER: u8 = 75;

/// What makes the vectors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EmbedderChoice {
    /// The model that is shipped with the program.
    #[default]
    Builtin,
    /// A model folder.
    Directory(PathBuf),
    /// A model behind an OpenAI-compatible interface: texts are sent there.
    Endpoint(EndpointAddress),
}

impl FromStr for EmbedderChoice {
    type Err = EndpointError;

    /// `builtin`, the address of an endpoint (whatever has `://`), or the path of a model folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "builtin" => Self::Builtin,
            address if address.contains("://") => Self::Endpoint(address.parse()?),
            path => Self::Directory(path.into()),
        })
    }
}

impl EmbedderChoice {
    /// The word for it in a manifest.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Directory(_) => "directory",
            Self::Endpoint(_) => "endpoint",
        }
    }

    /// The endpoint, if it is one.
    #[must_use]
    pub const fn endpoint(&self) -> Option<&EndpointAddress> {
        match self {
            Self::Endpoint(address) => Some(address),
            Self::Builtin | Self::Directory(_) => None,
        }
    }
}

/// What makes the vectors, and what it needs for that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmbedderOptions {
    /// What makes them.
    pub choice: EmbedderChoice,
    /// The key of an endpoint that asks for one.
    pub key: Option<ApiKey>,
    /// What an endpoint's model wants before texts that ask; put there as it is. Models in folders
    /// bring their own.
    pub query_instruction: Option<String>,
    /// Where vectors are kept between runs, if the model's are worth it.
    pub cache: Option<VectorCache>,
}

impl From<EmbedderChoice> for EmbedderOptions {
    fn from(choice: EmbedderChoice) -> Self {
        Self { choice, ..Self::default() }
    }
}

impl EmbedderOptions {
    /// Opens what makes the vectors of a match; an endpoint is asked for the vector of a fixed
    /// sentence.
    ///
    /// The model of a folder is measured from the middle of its space ([`CentredEmbedder`]), so that
    /// the weights, which were fitted to the built-in model's cosines, suit it, and joined with the
    /// built-in model ([`JoinedEmbedder`]).
    ///
    /// # Errors
    /// [`PipelineError::Embed`] when the folder does not hold a model that can be used, the
    /// endpoint gives no vector, or the cache's folder cannot be used.
    pub fn open(&self) -> Result<Box<dyn Embedder>, PipelineError> {
        let alone = self.open_alone()?;
        Ok(match &self.choice {
            EmbedderChoice::Builtin | EmbedderChoice::Endpoint(_) => alone,
            EmbedderChoice::Directory(_) => {
                let ordinary: Vec<&str> = ORDINARY.lines().collect();
                let centred = CentredEmbedder::open(alone, &ordinary)?;
                let builtin = StaticModel::builtin()?;
                Box::new(JoinedEmbedder::new(centred, builtin, PERCENT_OF_FOLDER))
            }
        })
    }

    /// Opens the named model by itself, with its own cosines.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_alone(&self) -> Result<Box<dyn Embedder>, PipelineError> {
        let embedder: Box<dyn Embedder> = match &self.choice {
            EmbedderChoice::Builtin => Box::new(StaticModel::builtin()?),
            EmbedderChoice::Directory(dir) => open_dir(dir)?,
            EmbedderChoice::Endpoint(address) => Box::new(EndpointEmbedder::connect(
                address.clone(),
                self.key.clone(),
                self.query_instruction.as_deref(),
                EndpointLimits::default(),
            )?),
        };
        Ok(match &self.cache {
            Some(cache) if embedder.is_worth_caching() => {
                Box::new(CachedEmbedder::open(embedder, cache)?)
            }
            _ => embedder,
        })
    }

    /// Opens what makes the vectors of requirements and passages, where that is not what makes
    /// those of whole records: beside a folder's model it is the built-in one.
    ///
    /// They are ten texts for every record, and a transformer is a thousand times slower than the
    /// built-in model.
    ///
    /// # Errors
    /// [`PipelineError::Embed`] when the built-in model cannot be opened.
    pub fn open_for_passages(&self) -> Result<Option<StaticModel>, PipelineError> {
        Ok(self.is_joined().then(StaticModel::builtin).transpose()?)
    }

    /// What a manifest says about the model of the passages.
    pub(super) fn passage_facts(model: &StaticModel) -> EmbedderFacts {
        Self::default().facts(model)
    }

    /// Whether [`open`](Self::open) gives more than the named model by itself.
    pub(super) const fn is_joined(&self) -> bool {
        matches!(self.choice, EmbedderChoice::Directory(_))
    }

    /// What a manifest says about the opened model.
    pub(super) fn facts(&self, embedder: &dyn Embedder) -> EmbedderFacts {
        let identity = embedder.identity();
        EmbedderFacts {
            name: identity.name.clone(),
            sha256: identity.sha256.clone(),
            dim: identity.dim,
            kind: self.choice.kind().to_owned(),
            host: self.choice.endpoint().map(|address| address.host().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_told_apart() {
        let read = |text: &str| text.parse::<EmbedderChoice>();
        assert_eq!(read("builtin"), Ok(EmbedderChoice::Builtin));
        assert_eq!(read("models/bge"), Ok(EmbedderChoice::Directory("models/bge".into())));
        let endpoint = read("http://127.0.0.1:8080/v1#bge-m3").unwrap();
        assert_eq!(endpoint.kind(), "endpoint");
        assert_eq!(endpoint.endpoint().map(EndpointAddress::host), Some("127.0.0.1:8080"));
        assert!(read("http://127.0.0.1:8080/v1").is_err());
        assert!(read("ftp://127.0.0.1/v1#m").is_err());
    }

    #[test]
    fn a_folder_is_joined_with_the_built_in_model() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/transformer/bert");
        let options = EmbedderOptions::from(EmbedderChoice::Directory(folder.into()));
        let (alone, joined) = (options.open_alone().unwrap(), options.open().unwrap());
        let builtin = EmbedderOptions::default().open().unwrap();
        assert_eq!(joined.identity().dim, alone.identity().dim + builtin.identity().dim);
        assert_ne!(joined.identity().sha256, alone.identity().sha256);
        assert!(options.is_joined() && !EmbedderOptions::default().is_joined());
    }

    #[test]
    fn ordinary_texts_are_many_and_different() {
        let mut texts: Vec<&str> = ORDINARY.lines().collect();
        texts.sort_unstable();
        texts.dedup();
        assert!(texts.len() >= 50 && texts.len() == ORDINARY.lines().count());
        assert!(texts.iter().all(|text| text.chars().count() > 20));
    }

    #[test]
    fn keys_are_not_shown() {
        let key = ApiKey::new(" very-secret\n");
        let options = EmbedderOptions { key, ..EmbedderOptions::default() };
        assert!(!format!("{options:?}").contains("secret"));
        assert_eq!(ApiKey::new(" "), None);
    }
}
