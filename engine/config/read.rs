//! Reading one value at a time, from the workspace's file or else from the default.

use std::path::Path;

use toml::{Table, Value};

use super::{BrokerConfig, ConfigError};

/// Keys of a broker.
const BROKER: [&str; 3] = ["name", "load", "fields"];
/// Most pairs per night that a broker can be given: more than anybody calls.
const MOST_LOAD: u32 = 100_000;

pub(super) fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    text.parse().map_err(|source: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        line: source
            .span()
            .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1),
        reason: source.message().to_owned(),
    })
}

/// The two files side by side.
pub(super) struct Reader<'a> {
    path: &'a Path,
    given: &'a Table,
    default: &'a Table,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(path: &'a Path, given: &'a Table, default: &'a Table) -> Self {
        Self { path, given, default }
    }

    /// Every key must be one of the default file's.
    pub(super) fn check_keys(&self) -> Result<(), ConfigError> {
        let unknown = |key: String, known: Vec<String>| {
            Err(ConfigError::UnknownKey { path: self.path.to_owned(), key, known })
        };
        let names = |table: &Table| table.keys().cloned().collect::<Vec<_>>();
        for (section, value) in self.given {
            if section == "broker" {
                continue;
            }
            let Some(Value::Table(known)) = self.default.get(section) else {
                let mut known = names(self.default);
                known.push("broker".to_owned());
                return unknown(section.clone(), known);
            };
            let Value::Table(keys) = value else {
                return Err(self.wrong(section, value, format!("[{section}]")));
            };
            for key in keys.keys() {
                if !known.contains_key(key) {
                    return unknown(format!("{section}.{key}"), names(known));
                }
            }
        }
        Ok(())
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(
        &self,
        section: &str,
        key: &str,
        least: u32,
        most: u32,
    ) -> Result<u32, ConfigError> {
        let value = self.value(section, key);
        whole(value, least, most).ok_or_else(|| {
            self.wrong(&format!("{section}.{key}"), value, format!("{least}–{most}"))
        })
    }

    /// A number in `[0, 1]`.
    pub(super) fn share(&self, section: &str, key: &str) -> Result<f64, ConfigError> {
        let value = self.value(section, key);
        let number = match value {
            Value::Float(number) => Some(*number),
            Value::Integer(0) => Some(0.0),
            Value::Integer(1) => Some(1.0),
            _ => None,
        };
        number
            .filter(|number| (0.0..=1.0).contains(number))
            .ok_or_else(|| self.wrong(&format!("{section}.{key}"), value, "0–1".to_owned()))
    }

    /// True or false.
    pub(super) fn flag(&self, section: &str, key: &str) -> Result<bool, ConfigError> {
        let value = self.value(section, key);
        value
            .as_bool()
            .ok_or_else(|| self.wrong(&format!("{section}.{key}"), value, "true、false".to_owned()))
    }

    /// One of a few words.
    pub(super) fn choice(
        &self,
        section: &str,
        key: &str,
        choices: &[&str],
    ) -> Result<String, ConfigError> {
        let value = self.value(section, key);
        (value.as_str())
            .filter(|text| choices.contains(text))
            .map(str::to_owned)
            .ok_or_else(|| self.wrong(&format!("{section}.{key}"), value, choices.join("、")))
    }

    /// A text that is not blank.
    pub(super) fn name(&self, section: &str, key: &str) -> Result<String, ConfigError> {
        let value = self.value(section, key);
        text(value).ok_or_else(|| {
            self.wrong(&format!("{section}.{key}"), value, "非空文字 (a text)".to_owned())
        })
    }

    /// A text; blank for none.
    pub(super) fn optional(&self, section: &str, key: &str) -> Result<Option<String>, ConfigError> {
        let value = self.value(section, key);
        match value.as_str() {
            Some(_) => Ok(text(value)),
            None => Err(self.wrong(
                &format!("{section}.{key}"),
                value,
                "文字，或 \"\" (a text)".to_owned(),
            )),
        }
    }

    /// All `[[broker]]` tables.
    pub(super) fn brokers(&self) -> Result<Vec<BrokerConfig>, ConfigError> {
        let Some(value) = self.given.get("broker") else { return Ok(Vec::new()) };
        let Value::Array(tables) = value else {
            return Err(self.wrong("broker", value, "[[broker]]".to_owned()));
        };
        let mut brokers: Vec<BrokerConfig> = Vec::new();
        for value in tables {
            let Value::Table(table) = value else {
                return Err(self.wrong("broker", value, "[[broker]]".to_owned()));
            };
            let broker = self.broker(table)?;
            if brokers.iter().any(|other| other.name == broker.name) {
                let name = Value::String(broker.name);
                return Err(self.wrong(
                    "broker.name",
                    &name,
                    "不重复的名字 (another name)".to_owned(),
                ));
            }
            brokers.push(broker);
        }
        Ok(brokers)
    }

    fn broker(&self, table: &Table) -> Result<BrokerConfig, ConfigError> {
        if let Some(key) = table.keys().find(|key| !BROKER.contains(&key.as_str())) {
            return Err(ConfigError::UnknownKey {
                path: self.path.to_owned(),
                key: format!("broker.{key}"),
                known: BROKER.map(str::to_owned).to_vec(),
            });
        }
        let none = Value::String(String::new());
        let value = |key: &str| table.get(key).unwrap_or(&none);
        let name = text(value("name")).ok_or_else(|| {
            self.wrong("broker.name", value("name"), "非空文字 (a text)".to_owned())
        })?;
        let load = whole(value("load"), 1, MOST_LOAD)
            .ok_or_else(|| self.wrong("broker.load", value("load"), format!("1–{MOST_LOAD}")))?;
        let fields = match table.get("fields") {
            None => Vec::new(),
            Some(value) => (value.as_array())
                .and_then(|fields| fields.iter().map(text).collect::<Option<Vec<_>>>())
                .ok_or_else(|| self.wrong("broker.fields", value, "[\"领域\", …]".to_owned()))?,
        };
        Ok(BrokerConfig { name, load, fields })
    }

    fn value(&self, section: &str, key: &str) -> &'a Value {
        let of = |table: &'a Table| table.get(section)?.get(key);
        of(self.given)
            .or_else(|| of(self.default))
            .expect("every key that is read stands in the default file, as a test shows")
    }

    fn wrong(&self, key: &str, value: &Value, allowed: String) -> ConfigError {
        ConfigError::Value {
            path: self.path.to_owned(),
            key: key.to_owned(),
            value: value.to_string(),
            allowed,
        }
    }
}

fn whole(value: &Value, least: u32, most: u32) -> Option<u32> {
    let number = u32::try_from(value.as_integer()?).ok()?;
    (least..=most).contains(&number).then_some(number)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
