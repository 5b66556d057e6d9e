//! The layer of the environment: `SPIKE__SECTION__KEY`.
//!
//! A variable is text, and what it is meant to be is what the key is in the defaults: a phone number of
//! digits stays a text, a port becomes a number.

use figment::{
    Figment,
    value::{Dict, Value},
};

const PREFIX: &str = "SPIKE__";

/// The values of all variables that are ours, as a tree.
pub(super) fn values(environment: impl IntoIterator<Item = (String, String)>, defaults: &Figment) -> Dict {
    let mut tree = Dict::new();
    for (name, text) in environment {
        let Some(key) = name.to_uppercase().strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
        let path: Vec<&str> = key.split("__").collect();
        let value = typed(text, defaults.find_value(&path.join(".")).ok().as_ref());
        insert(&mut tree, &path, value);
    }
    tree
}

/// Puts a value into a tree, making the sections on its way.
pub(super) fn insert(tree: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            tree.insert((*key).to_owned(), value);
        }
        [section, rest @ ..] => {
            let inner = tree.entry((*section).to_owned()).or_insert_with(|| Value::from(Dict::new()));
            if !matches!(inner, Value::Dict(..)) {
                *inner = Value::from(Dict::new());
            }
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// A text that cannot be read stays a text: the type of the section refuses it and names the key.
fn typed(text: String, default: Option<&Value>) -> Value {
    match default {
        Some(Value::Num(..)) => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
        Some(Value::Bool(..)) => text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from),
        _ => Value::from(text),
    }
}
