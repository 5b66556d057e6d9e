//! Showing a configuration as a file that could be loaded again, with secrets hidden.

use std::fmt::Write as _;

use figment::value::{Dict, Value};

use super::{Config, secret::without_password};

impl Config {
    /// The configuration as TOML. Keys that are not set stand there as comments.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = String::new();
        if let Ok(Value::Dict(_, tree)) = Value::serialize(self) {
            write_keys(&mut text, &tree);
            for (section, value) in &tree {
                if let Value::Dict(_, keys) = value {
                    // Writing into a String cannot fail.
                    let _ = writeln!(text, "\n[{section}]");
                    write_keys(&mut text, keys);
                }
            }
        }
        text
    }
}

fn write_keys(text: &mut String, keys: &Dict) {
    for (key, value) in keys {
        let _ = match value {
            Value::Dict(..) => Ok(()),
            Value::Empty(..) => writeln!(text, "# {key} is not set"),
            Value::String(_, value) if key == "url" => writeln!(text, "{key} = {:?}", without_password(value)),
            Value::String(_, value) => writeln!(text, "{key} = {value:?}"),
            Value::Bool(_, value) => writeln!(text, "{key} = {value}"),
            Value::Num(_, value) => writeln!(text, "{key} = {}", value.to_u128_lossy().unwrap_or_default()),
            other => writeln!(text, "# {key} = {other:?}"),
        };
    }
}
