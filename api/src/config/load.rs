//! Putting the layers on each other: defaults, file, environment, flags.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{
    Config, ConfigError, DEFAULTS,
    check::{resolve, validate},
    environment,
    error::{ENVIRONMENT, one_line},
};

/// What the command line decides.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
}

/// Reads the configuration. The environment is given, so that a test can give its own.
pub fn load(flags: &Flags, environment: impl IntoIterator<Item = (String, String)>) -> Result<Config, ConfigError> {
    let mut layers = Figment::from(Layer::new("default.toml", parse(Path::new("default.toml"), DEFAULTS)?));
    let from_environment = environment::values(environment, &layers);
    if let Some(path) = &flags.file {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.clone(), cause })?;
        layers = layers.merge(Layer::new(&path.display().to_string(), parse(path, &text)?));
    }
    let mut config: Config = layers
        .merge(Layer::new(ENVIRONMENT, from_environment))
        .merge(Layer::new("command line", from_flags(flags)))
        .extract()?;
    resolve(&mut config)?;
    validate(&config)?;
    Ok(config)
}

/// Reads TOML. The parser's own report would quote the line, which may hold a secret.
fn parse(path: &Path, text: &str) -> Result<Dict, ConfigError> {
    Toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        ConfigError::Malformed { path: path.to_owned(), line, message: one_line(error.message()) }
    })
}

fn from_flags(flags: &Flags) -> Dict {
    let mut tree = Dict::new();
    let mut set = |path: &[&str], value: Option<String>| {
        if let Some(value) = value {
            environment::insert(&mut tree, path, Value::from(value));
        }
    };
    set(&["data_dir"], flags.data_dir.as_ref().map(|dir| dir.display().to_string()));
    set(&["server", "listen"], flags.listen.map(|listen| listen.to_string()));
    tree
}

/// Values with the name of where they come from, for errors.
struct Layer {
    name: String,
    values: Dict,
}

impl Layer {
    fn new(name: &str, values: Dict) -> Self {
        Self { name: name.to_owned(), values }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
