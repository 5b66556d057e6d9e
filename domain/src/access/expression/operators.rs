//! The types of the operators between values, for the type checker.

use super::check::{Checked, Checker};
use super::error::{ExpressionError, ExpressionErrorKind as Error, Position};
use super::tree::{Binary, Kind, Node};
use super::types::{Choice, Type};
use super::vocabulary;

impl Checker {
    pub(super) fn negate(&mut self, of: &Node, at: Position) -> Checked {
        match self.node(of)? {
            number @ (Type::Int | Type::Double | Type::Dyn) => Ok(number),
            other => Err(at.error(Error::Type, format!("`-` takes a number, but this is {other}"))),
        }
    }

    pub(super) fn binary(&mut self, operator: Binary, left: &Node, right: &Node, at: Position) -> Checked {
        let a = self.node(left)?;
        let b = self.node(right)?;
        match operator {
            Binary::Equal | Binary::NotEqual => {
                if !a.comparable(&b) {
                    return Err(mismatch(operator, &a, &b, at));
                }
                known_values(&a, right)?;
                known_values(&b, left)?;
                Ok(Type::Bool)
            }
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                if !a.ordered(&b) {
                    return Err(mismatch(operator, &a, &b, at));
                }
                Ok(Type::Bool)
            }
            Binary::In => {
                let element = match &b {
                    Type::List(element) => element,
                    Type::Map(key, _) => key,
                    other => {
                        let message = format!("`in` takes a list or a map on its right, not {other}");
                        return Err(right.start().error(Error::Type, message));
                    }
                };
                if !a.comparable(element) {
                    return Err(mismatch(operator, &a, &b, at));
                }
                known_values(&a, right)?;
                known_values(element, left)?;
                Ok(Type::Bool)
            }
            _ => arithmetic(operator, a, b).map_err(|(a, b)| mismatch(operator, &a, &b, at)),
        }
    }
}

/// The type of a sum, a difference, a product …, or the two that have none.
fn arithmetic(operator: Binary, a: Type, b: Type) -> Result<Type, (Type, Type)> {
    use Type::{Double, Duration, Dyn, Int, List, Text, Timestamp};
    let text = a.may_be_text() && b.may_be_text() && !matches!((&a, &b), (Dyn, Dyn));
    Ok(match (operator, a, b) {
        (_, Int, Int) => Int,
        // An attribute that is a number is a double, so it goes with doubles alone.
        (Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, Double | Dyn, Double)
        | (Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, Double, Dyn) => Double,
        (Binary::Add, _, _) if text => Text,
        (Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, Dyn, Dyn) => Dyn,
        (Binary::Add | Binary::Subtract, Duration, Duration) | (Binary::Subtract, Timestamp, Timestamp) => Duration,
        (Binary::Add | Binary::Subtract, Timestamp, Duration) | (Binary::Add, Duration, Timestamp) => Timestamp,
        (Binary::Add, List(a), List(b)) => {
            let (before, after) = (a.clone(), b.clone());
            match a.join(*b) {
                Some(element) => Type::list(element),
                None => return Err((List(before), List(after))),
            }
        }
        (_, a, b) => return Err((a, b)),
    })
}

fn mismatch(operator: Binary, a: &Type, b: &Type, at: Position) -> ExpressionError {
    let symbol = operator.symbol();
    let hint = match (a, b) {
        (Type::Int, Type::Double) | (Type::Double, Type::Int) => {
            ": write 1.0 for a double, or convert with int(…) or double(…)"
        }
        (Type::Dyn, Type::Int) | (Type::Int, Type::Dyn) => {
            ": an attribute that is a number is a double, so write 1.0, or convert it with int(…)"
        }
        (Type::Dyn, _) | (_, Type::Dyn) => ": convert the attribute with int(…) or timestamp(…)",
        (Type::Duration, Type::Int) | (Type::Int, Type::Duration) => ": write durations as duration(\"24h\")",
        (Type::Timestamp, _) | (_, Type::Timestamp) => {
            ": write times as timestamp(\"2026-01-31T00:00:00Z\") and durations as duration(\"24h\")"
        }
        _ => "",
    };
    at.error(Error::Type, format!("`{symbol}` does not go between {a} and {b}{hint}"))
}

/// A typo in a work status or a role would make a rule that is never true: it is found here.
fn known_values(wanted: &Type, node: &Node) -> Result<(), ExpressionError> {
    let choice = match wanted {
        Type::Choice(choice) => *choice,
        Type::List(element) => return known_values(element, node),
        _ => return Ok(()),
    };
    match &node.kind {
        Kind::Text(text) => known_value(choice, text, node.at),
        Kind::List(elements) => elements.iter().try_for_each(|e| known_values(wanted, e)),
        Kind::Choose(_, then, otherwise) => {
            known_values(wanted, then)?;
            known_values(wanted, otherwise)
        }
        _ => Ok(()),
    }
}

fn known_value(choice: Choice, text: &str, at: Position) -> Result<(), ExpressionError> {
    if choice.values().contains(&text) {
        return Ok(());
    }
    let message = format!("no {} is {text:?}; there are: {}", choice.noun(), vocabulary::list(choice.values()));
    Err(at.error(Error::UnknownName, message))
}
