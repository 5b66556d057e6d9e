//! The calls that are part of the language, as their arguments are not just values: `has`, `inList`
//! and the macros over lists and maps. The parser hands their arguments over.

use super::bounds::MAX_LIST_NAME;
use super::error::{ExpressionError, ExpressionErrorKind as Error, Position};
use super::parse::{Parsed, node};
use super::tree::{Field, Kind, Macro, MacroKind, Node};

/// Whether a field is there, which only a field can be asked for.
pub(super) fn has(at: Position, arguments: Vec<Node>) -> Result<Kind, ExpressionError> {
    match <[Node; 1]>::try_from(arguments).map(|[node]| node.kind) {
        Ok(Kind::Select(of, field)) => Ok(Kind::Has(of, field)),
        _ => Err(at.error(Error::Arguments, "`has` takes one field, as in has(user.attributes.name)")),
    }
}

/// The lists that a rule needs are known when it is saved, so the name cannot be computed.
pub(super) fn in_list(at: Position, arguments: Vec<Node>) -> Result<Kind, ExpressionError> {
    match <[Node; 1]>::try_from(arguments).map(|[node]| (node.start(), node.kind)) {
        Ok((at, Kind::Text(name))) => {
            if name.trim().is_empty() || name.chars().count() > MAX_LIST_NAME {
                let message = format!("the name of a list has 1 to {MAX_LIST_NAME} characters");
                return Err(at.error(Error::Arguments, message));
            }
            Ok(Kind::InList(name))
        }
        Ok((at, _)) => {
            Err(at.error(Error::Arguments, "`inList` takes the name of a list in quotes, as in inList(\"staff\")"))
        }
        Err(_) => Err(at.error(Error::Arguments, "`inList` takes one name of a list in quotes")),
    }
}

/// A call on a value, or the macro of that name.
pub(super) fn method(of: Node, function: Field, mut arguments: Vec<Node>) -> Parsed {
    let at = function.at;
    let Some(kind) = MacroKind::from_name(&function.name) else {
        return node(at, Kind::Method(Box::new(of), function, arguments));
    };
    let filtered = kind == MacroKind::Map && arguments.len() == 3;
    let (2 | 3, Some(body)) = (arguments.len(), arguments.pop()) else {
        return Err(wrong_macro(at, &function.name));
    };
    let filter = if filtered { arguments.pop() } else { None };
    let (Some(variable), true) = (arguments.pop(), arguments.is_empty()) else {
        return Err(wrong_macro(at, &function.name));
    };
    let Kind::Name(name) = variable.kind else {
        let message = format!("the first argument of `{}` is a new name, as in exists(x, x == 1)", function.name);
        return Err(variable.start().error(Error::Arguments, message));
    };
    let each = Macro { kind, range: of, variable: Field { name, at: variable.at }, filter, body };
    node(at, Kind::Macro(Box::new(each)))
}

fn wrong_macro(at: Position, name: &str) -> ExpressionError {
    let message = format!("`{name}` takes a name and an expression, as in {name}(x, …)");
    at.error(Error::Arguments, message)
}
