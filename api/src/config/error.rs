//! What can be wrong with a configuration: always one line that names the key and where it was set.

use std::path::PathBuf;

use figment::{Error as FigmentError, error::Kind};

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file of `--config` cannot be read.
    #[error("{path}: cannot be read: {cause}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file of `--config` is not TOML.
    #[error("{path}, line {line}: {message}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A key that nobody knows: a misspelling would otherwise go unnoticed.
    #[error("{source_name}: unknown key {key}; known here: {known}")]
    UnknownKey {
        /// Where it was set.
        source_name: String,
        /// The key, with its section.
        key: String,
        /// The keys of its section.
        known: String,
    },
    /// A value that the key cannot have.
    #[error("{source_name}: {key}: {message}")]
    BadValue {
        /// Where it was set.
        source_name: String,
        /// The key, with its section.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A value that is well formed and cannot be all the same.
    #[error("{key}: {message}")]
    Refused {
        /// The key, with its section.
        key: &'static str,
        /// What is wrong, and what to do.
        message: String,
    },
}

impl ConfigError {
    pub(super) fn refused(key: &'static str, message: impl Into<String>) -> Self {
        Self::Refused { key, message: message.into() }
    }
}

/// In the environment, a key has another name.
pub(super) fn environment_name(path: &[String]) -> String {
    format!("SPIKE__{}", path.join("__").to_uppercase())
}

/// Marks the layer of the environment.
pub(super) const ENVIRONMENT: &str = "environment";

impl From<FigmentError> for ConfigError {
    fn from(error: FigmentError) -> Self {
        let key = error.path.join(".");
        let source_name = match error.metadata.as_ref().map(|metadata| metadata.name.as_ref()) {
            Some(ENVIRONMENT) => environment_name(&error.path),
            Some(name) => name.to_owned(),
            None => "configuration".to_owned(),
        };
        match error.kind {
            Kind::UnknownField(_, known) => {
                let mut known = known.to_vec();
                known.sort_unstable();
                Self::UnknownKey { source_name, key, known: known.join(", ") }
            }
            kind => {
                let message = meaning(&key, &kind);
                Self::BadValue { source_name, key, message }
            }
        }
    }
}

/// What is wrong with a value. What may hold a secret is not repeated.
fn meaning(key: &str, kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) if expected.starts_with("struct ") => "is a section and not a value".to_owned(),
        Kind::InvalidType(..) | Kind::InvalidValue(..) if key.ends_with("password") || key.ends_with("url") => {
            "must be a text, in quotes".to_owned()
        }
        Kind::UnknownVariant(found, known) => format!("{found:?} is not one of {}", known.join(", ")),
        kind => one_line(&kind.to_string()),
    }
}

/// Joins what a library said on many lines.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
