//! The types of the functions, for the type checker.

use super::check::{Checked, Checker};
use super::error::{ExpressionErrorKind as Error, Position};
use super::evaluate::is_time_zone;
use super::literal::{is_duration, is_timestamp};
use super::tree::{Field, Kind, Node};
use super::types::Type;
use super::vocabulary::{self, DURATION_METHODS, FUNCTIONS, MACROS, TEXT_METHODS, TIMESTAMP_METHODS};

impl Checker {
    pub(super) fn call(&mut self, name: &str, arguments: &[Node], at: Position) -> Checked {
        if !FUNCTIONS.contains(&name) {
            let methods = TEXT_METHODS.iter().chain(&TIMESTAMP_METHODS).chain(&MACROS);
            let message = if methods.into_iter().any(|m| *m == name) {
                format!("`{name}` follows what it is about: value.{name}(…)")
            } else {
                let names = vocabulary::list(&FUNCTIONS);
                format!("no function `{name}`; there are: {names}")
            };
            return Err(at.error(Error::UnknownName, message));
        }
        let [argument] = arguments else {
            let message = format!("`{name}` takes 1 argument, not {}", arguments.len());
            return Err(at.error(Error::Arguments, message));
        };
        let found = self.node(argument)?;
        if let Kind::Text(text) = &argument.kind {
            let (valid, example) = match name {
                "timestamp" => (is_timestamp(text), "2026-01-31T00:00:00Z"),
                "duration" => (is_duration(text), "24h, 90m or 1h30m"),
                _ => (true, ""),
            };
            if !valid {
                let message = format!("{text:?} is no {name}: write it as in {example}");
                return Err(argument.at.error(Error::Type, message));
            }
        }
        match vocabulary::function(name, &found) {
            Some(Ok(result)) => Ok(result),
            Some(Err(takes)) => {
                let message = format!("`{name}` takes {takes}, but this is {found}");
                Err(argument.start().error(Error::Type, message))
            }
            None => Err(at.error(Error::UnknownName, format!("no function `{name}`"))),
        }
    }

    pub(super) fn method(&mut self, of: &Node, function: &Field, arguments: &[Node]) -> Checked {
        let receiver = self.node(of)?;
        let name = function.name.as_str();
        let available: &[&str] = match &receiver {
            Type::Text | Type::Choice(_) | Type::Dyn => &TEXT_METHODS,
            Type::Timestamp => &TIMESTAMP_METHODS,
            Type::Duration => &DURATION_METHODS,
            Type::List(_) | Type::Map(..) => &["size", "all", "exists", "exists_one", "filter", "map"],
            _ => &[],
        };
        if !available.contains(&name) {
            let message = match (&receiver, available) {
                (Type::Dyn, _) => format!("no function `{name}` of an attribute; convert it first, as in timestamp(…)"),
                (_, []) => format!("no function `{name}` of {receiver}; it has none"),
                _ => format!("no function `{name}` of {receiver}; it has: {}", vocabulary::list(available)),
            };
            return Err(function.at.error(Error::UnknownName, message));
        }
        let (least, most) = match (name, &receiver) {
            ("size", _) | (_, Type::Duration) => (0, 0),
            (_, Type::Timestamp) => (0, 1),
            _ => (1, 1),
        };
        if !(least..=most).contains(&arguments.len()) {
            let takes = if most == 1 && least == 0 { "at most 1".to_owned() } else { most.to_string() };
            let given = arguments.len();
            let message = format!("`{name}` takes {takes} argument(s), not {given}");
            return Err(function.at.error(Error::Arguments, message));
        }
        for argument in arguments {
            let found = self.node(argument)?;
            if !found.may_be_text() {
                let message = format!("`{name}` takes a string, but this is {found}");
                return Err(argument.start().error(Error::Type, message));
            }
            if let (Type::Timestamp, Kind::Text(zone)) = (&receiver, &argument.kind)
                && !is_time_zone(zone)
            {
                let message = format!("no time zone {zone:?}: write it as in Europe/Berlin");
                return Err(argument.at.error(Error::Type, message));
            }
        }
        Ok(match name {
            "contains" | "startsWith" | "endsWith" => Type::Bool,
            _ => Type::Int,
        })
    }
}
