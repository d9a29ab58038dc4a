//! What makes the vectors, from what was typed and from the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use super::arguments::{EmbedderArguments, VectorArguments};
use super::outcome::{Failure, tell};
use crate::embed::{ApiKey, EndpointAddress, VectorCache};
use crate::model::Lang;
use crate::pipeline::{EmbedderOptions, OwnVectors};

/// Holds the key of an endpoint. On a command line it would be seen in the list of processes.
pub(super) const KEY: &str = "DUIJIE_API_KEY";

/// The options as typed, with the key and the cache's folder from the environment; says on stderr
/// when texts are to leave this machine.
///
/// # Errors
/// [`Failure::Usage`] when an instruction is given that nothing would use.
pub(super) fn embedder_options(
    arguments: &EmbedderArguments,
    lang: Lang,
) -> Result<EmbedderOptions, Failure> {
    let choice = arguments.embedder.clone();
    if arguments.query_instruction.is_some() && choice.endpoint().is_none() {
        return Err(Failure::usage(
            lang.pick(
                "--query-instruction 只用于接口（--embedder URL#模型名）",
                "--query-instruction is for endpoints only (--embedder URL#MODEL)",
            ),
            lang.pick(
                "去掉它：模型目录里的模型按自己的文件加指令，内置模型不需要",
                "leave it out: models in folders bring their own, the built-in one needs none",
            ),
        ));
    }
    let mut key = None;
    if let Some(address) = choice.endpoint() {
        key = std::env::var(KEY).ok().and_then(|key| ApiKey::new(&key));
        if !address.is_loopback() {
            tell(&leaves_notice(address, key.is_some(), lang));
        }
    }
    let dir = if arguments.no_vector_cache {
        None
    } else {
        arguments.vector_cache.clone().or_else(|| cache_folder(|name| std::env::var_os(name)))
    };
    Ok(EmbedderOptions {
        choice,
        key,
        query_instruction: arguments.query_instruction.clone(),
        cache: dir.map(|dir| VectorCache::new(&dir)),
    })
}

/// The files of vectors as typed.
pub(super) fn own_vectors(arguments: &VectorArguments) -> Option<OwnVectors> {
    let (demands, supplies) =
        (arguments.demand_vectors.clone()?, arguments.supply_vectors.clone()?);
    Some(OwnVectors { demands, supplies })
}

/// What is said before texts are sent to another machine.
pub(super) fn leaves_notice(address: &EndpointAddress, has_key: bool, lang: Lang) -> String {
    let host = address.host();
    let mut notice = match lang {
        Lang::Zh => {
            format!("注意：清单中的名称和说明文字将发送到 {host}（--embedder），联系方式不发送。")
        }
        Lang::En => format!(
            "attention: titles and descriptions of the lists will be sent to {host} (--embedder); \
             contacts will not."
        ),
    };
    if !address.is_encrypted() {
        notice.push_str(match (has_key, lang) {
            (false, Lang::Zh) => "连接没有加密（http）。",
            (false, Lang::En) => " The connection is not encrypted (http).",
            (true, Lang::Zh) => "连接没有加密（http），文字和密钥都可能被旁人看到。",
            (true, Lang::En) => {
                " The connection is not encrypted (http): others may see the texts and the key."
            }
        });
    }
    notice
}

/// The folder for vectors in the system's folder for caches: `XDG_CACHE_HOME` (XDG Base Directory
/// Specification) or `~/.cache`, `~/Library/Caches` on macOS, `LOCALAPPDATA` on Windows; `None`
/// where the environment names none.
pub(super) fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder =
        |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let caches = if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    };
    caches.map(|caches| caches.join("duijie").join("vectors"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notice_names_the_host_and_what_is_not_encrypted() {
        let address: EndpointAddress = "http://example.org:8080/v1#m".parse().unwrap();
        let notice = leaves_notice(&address, true, Lang::Zh);
        assert!(notice.contains("example.org:8080") && notice.contains("密钥"), "{notice}");
        let address: EndpointAddress = "https://example.org/v1#m".parse().unwrap();
        let notice = leaves_notice(&address, true, Lang::En);
        assert!(notice.contains("example.org") && !notice.contains("encrypted"), "{notice}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cache_is_where_the_system_keeps_caches() {
        let with = |pairs: &'static [(&str, &str)]| {
            cache_folder(move |name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            })
        };
        let home = with(&[("HOME", "/home/li")]);
        assert_eq!(home, Some("/home/li/.cache/duijie/vectors".into()));
        let xdg = with(&[("HOME", "/home/li"), ("XDG_CACHE_HOME", "/var/caches")]);
        assert_eq!(xdg, Some("/var/caches/duijie/vectors".into()));
        // A relative path is to be ignored, says the specification.
        let relative = with(&[("HOME", "/home/li"), ("XDG_CACHE_HOME", "caches")]);
        assert_eq!(relative, home);
        assert_eq!(with(&[]), None);
    }
}
