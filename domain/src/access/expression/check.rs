//! The type checker: it gives every part of a rule a type, or says where and why it has none.
//! Operators and functions are in `operators` and `calls`; names, fields and scopes are here.

use super::error::{ExpressionError, ExpressionErrorKind as Error, Position};
use super::tree::{Field, Kind, Macro, MacroKind, Node};
use super::types::{Record, Type};
use super::vocabulary::{self, VARIABLES};

pub(super) type Checked = Result<Type, ExpressionError>;

/// What of the facts a rule reads, so that an evaluation prepares nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    pub(super) roles: bool,
    pub(super) attributes: bool,
    pub(super) campaign: bool,
}

/// What is known of a rule once its types are.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) reads: Reads,
    pub(super) lists: Vec<String>,
}

/// Checks a whole rule, which has to be a `bool`.
pub(super) fn check(rule: &Node) -> Result<Findings, ExpressionError> {
    let mut checker = Checker::default();
    match checker.node(rule)? {
        Type::Bool | Type::Dyn => Ok(checker.findings),
        other => {
            let message = format!("a rule is true or false, but this is {other}");
            Err(rule.start().error(Error::Type, message))
        }
    }
}

#[derive(Default)]
pub(super) struct Checker {
    findings: Findings,
    /// The names that macros introduce, innermost last.
    scopes: Vec<(String, Type)>,
}

impl Checker {
    pub(super) fn node(&mut self, node: &Node) -> Checked {
        match &node.kind {
            Kind::Bool(_) => Ok(Type::Bool),
            Kind::Int(_) => Ok(Type::Int),
            Kind::Double(_) => Ok(Type::Double),
            Kind::Text(_) => Ok(Type::Text),
            Kind::Name(name) => self.value(name, node.at),
            Kind::Select(of, field) => self.select(of, field),
            Kind::Has(of, field) => self.has(of, field),
            Kind::InList(name) => {
                if !self.findings.lists.contains(name) {
                    self.findings.lists.push(name.clone());
                }
                Ok(Type::Bool)
            }
            Kind::Index(of, key) => self.index(of, key, node.at),
            Kind::Not(of) => self.condition(of, "!").map(|()| Type::Bool),
            Kind::Negate(of) => self.negate(of, node.at),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, node.at),
            Kind::Logic(logic, terms) => {
                for term in terms {
                    self.condition(term, logic.symbol())?;
                }
                Ok(Type::Bool)
            }
            Kind::Choose(condition, then, otherwise) => {
                self.condition(condition, "?:")?;
                let (a, b) = (self.node(then)?, self.node(otherwise)?);
                let message = format!("both sides of `?:` have one type, but here are {a} and {b}");
                a.join(b).ok_or_else(|| node.at.error(Error::Type, message))
            }
            Kind::List(elements) => self.join_all(elements.iter(), "list").map(Type::list),
            Kind::Map(entries) => self.map(entries),
            Kind::Call(name, arguments) => self.call(name, arguments, node.at),
            Kind::Method(of, function, arguments) => self.method(of, function, arguments),
            Kind::Macro(each) => self.each(each),
        }
    }

    /// A part that has to be true or false.
    pub(super) fn condition(&mut self, node: &Node, of: &str) -> Result<(), ExpressionError> {
        match self.node(node)? {
            Type::Bool | Type::Dyn => Ok(()),
            other => {
                let message = format!("`{of}` takes a bool, but this is {other}");
                Err(node.start().error(Error::Type, message))
            }
        }
    }

    fn variable(&self, name: &str, at: Position) -> Checked {
        let scopes = self.scopes.iter().rev();
        let mut local = scopes.filter(|(n, _)| n == name).map(|(_, t)| t.clone());
        local.next().or_else(|| vocabulary::variable(name)).ok_or_else(|| {
            let names: Vec<&str> = VARIABLES.into_iter().chain(self.scopes.iter().map(|(n, _)| n.as_str())).collect();
            let names = vocabulary::list(&names);
            at.error(Error::UnknownName, format!("no variable `{name}`; there are: {names}"))
        })
    }

    /// A variable that stands for itself, so not one that only has fields.
    fn value(&self, name: &str, at: Position) -> Checked {
        match self.variable(name, at)? {
            Type::Record(record) => {
                let fields = vocabulary::list(record.fields());
                let message = format!("`{name}` is used through its fields: {fields}");
                Err(at.error(Error::Type, message))
            }
            other => Ok(other),
        }
    }

    /// What `.field` is selected from.
    fn operand(&mut self, of: &Node) -> Checked {
        match &of.kind {
            Kind::Name(name) => self.variable(name, of.at),
            _ => self.node(of),
        }
    }

    fn select(&mut self, of: &Node, field: &Field) -> Checked {
        match self.operand(of)? {
            Type::Record(record) => self.field(record, field),
            Type::Map(key, value) if key.may_be_text() => Ok(*value),
            other => Err(no_fields(field, &other)),
        }
    }

    fn field(&mut self, record: Record, field: &Field) -> Checked {
        let Some(found) = record.field(&field.name) else {
            let message = format!(
                "{} has no field `{}`; it has: {}",
                Type::Record(record),
                field.name,
                vocabulary::list(record.fields())
            );
            return Err(field.at.error(Error::UnknownName, message));
        };
        self.findings.reads.campaign |= record == Record::Campaign;
        self.findings.reads.roles |= field.name == "roles";
        self.findings.reads.attributes |= field.name == "attributes";
        Ok(found)
    }

    fn has(&mut self, of: &Node, field: &Field) -> Checked {
        match self.operand(of)? {
            Type::Record(record) => self.field(record, field).map(|_| Type::Bool),
            Type::Map(key, _) if key.may_be_text() => Ok(Type::Bool),
            other => Err(no_fields(field, &other)),
        }
    }

    fn index(&mut self, of: &Node, key: &Node, at: Position) -> Checked {
        let container = self.node(of)?;
        let found = self.node(key)?;
        let wanted = match container {
            Type::List(element) if matches!(found, Type::Int | Type::Dyn) => return Ok(*element),
            Type::Map(wanted, value) if wanted.comparable(&found) => return Ok(*value),
            Type::List(_) => Type::Int,
            Type::Map(wanted, _) => *wanted,
            other => {
                let message = format!("`[…]` takes a list or a map, but this is {other}");
                return Err(at.error(Error::Type, message));
            }
        };
        let message = format!("the index is {found}, but it has to be {wanted}");
        Err(key.start().error(Error::Type, message))
    }

    /// The one type of all these nodes; `dyn` where there are none.
    fn join_all<'n>(&mut self, nodes: impl Iterator<Item = &'n Node>, what: &str) -> Checked {
        let mut joined: Option<Type> = None;
        for node in nodes {
            let next = self.node(node)?;
            joined = Some(match joined {
                None => next,
                Some(before) => {
                    let message = format!("one {what} holds one type, but here are {before} and {next}");
                    before.join(next).ok_or_else(|| node.start().error(Error::Type, message))?
                }
            });
        }
        Ok(joined.unwrap_or(Type::Dyn))
    }

    fn map(&mut self, entries: &[(Node, Node)]) -> Checked {
        let mut seen: Vec<String> = Vec::new();
        for (key, _) in entries {
            let literal = match &key.kind {
                Kind::Text(text) => format!("{text:?}"),
                Kind::Int(number) => number.to_string(),
                Kind::Bool(flag) => flag.to_string(),
                _ => continue,
            };
            if seen.contains(&literal) {
                let message = format!("the map has the key {literal} twice");
                return Err(key.at.error(Error::Type, message));
            }
            seen.push(literal);
        }
        let key = self.join_all(entries.iter().map(|(key, _)| key), "map")?;
        if let (Type::Double | Type::List(_) | Type::Map(..) | Type::Timestamp | Type::Duration, Some((first, _))) =
            (&key, entries.first())
        {
            let message = format!("the key of a map is a string, an int or a bool, not {key}");
            return Err(first.start().error(Error::Type, message));
        }
        let value = self.join_all(entries.iter().map(|(_, value)| value), "map")?;
        Ok(Type::Map(Box::new(key), Box::new(value)))
    }

    fn each(&mut self, each: &Macro) -> Checked {
        let range = self.node(&each.range)?;
        let element = match &range {
            Type::List(element) => (**element).clone(),
            Type::Map(key, _) => (**key).clone(),
            other => {
                let message = format!("only a list or a map can be gone through, not {other}");
                return Err(each.range.start().error(Error::Type, message));
            }
        };
        let variable = &each.variable;
        if VARIABLES.contains(&variable.name.as_str()) {
            let message = format!("`{}` already has a meaning: choose another name", variable.name);
            return Err(variable.at.error(Error::Type, message));
        }
        self.scopes.push((variable.name.clone(), element.clone()));
        let result = self.inside(each, element);
        self.scopes.pop();
        result
    }

    fn inside(&mut self, each: &Macro, element: Type) -> Checked {
        if let Some(filter) = &each.filter {
            self.condition(filter, "map")?;
        }
        match each.kind {
            MacroKind::Map => self.node(&each.body).map(Type::list),
            MacroKind::Filter => self.condition(&each.body, "filter").map(|()| Type::list(element)),
            MacroKind::All => self.condition(&each.body, "all").map(|()| Type::Bool),
            MacroKind::Exists => self.condition(&each.body, "exists").map(|()| Type::Bool),
            MacroKind::ExistsOne => self.condition(&each.body, "exists_one").map(|()| Type::Bool),
        }
    }
}

fn no_fields(field: &Field, found: &Type) -> ExpressionError {
    let message = match found {
        Type::Dyn => "an attribute is a string, a double or a bool, which have no fields".to_owned(),
        other => format!("{other} has no fields, so no `{}`", field.name),
    };
    field.at.error(Error::Type, message)
}
