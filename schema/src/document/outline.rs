//! What can be told of a document before it is executed: how much it is, and what each of its operations asks for.

use std::sync::Arc;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition},
};

use super::{
    Kind,
    limits::{Excess, Limits, MAX_FRAGMENTS, MAX_NESTING},
    order::Order,
    walk::{Sums, Walk},
};
use crate::{
    errors::{self, Code},
    plan::Plan,
};

/// What a request asks for, as far as it can be told without executing it.
#[derive(Debug, Clone)]
pub struct Outline {
    /// What its operation does.
    pub kind: Kind,
    /// What stands at the root of its operation.
    pub roots: Roots,
    /// How much its document is.
    pub measures: Measures,
    /// The order in which its answers show their fields.
    pub(crate) order: Arc<Order>,
    /// How it is carried out without the executor, if it is one grab.
    pub(crate) plan: Option<Arc<Plan>>,
}

/// A field at the root of an operation, as far as it is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the graph")]
pub enum RootField {
    Login,
    Register,
    RefreshSession,
    Grab,
    Other,
}

impl RootField {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Login, Self::Register, Self::RefreshSession, Self::Grab, Self::Other];

    pub(super) fn of(name: &str) -> Self {
        match name {
            "login" => Self::Login,
            "register" => Self::Register,
            "refreshSession" => Self::RefreshSession,
            "grab" => Self::Grab,
            _ => Self::Other,
        }
    }
}

/// How many fields of each sort stand at the root of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roots(pub(super) [usize; RootField::ALL.len()]);

impl Roots {
    /// One that is counted apart from nothing: also what a request comes to that is no operation.
    #[must_use]
    pub const fn other() -> Self {
        let mut counts = [0; RootField::ALL.len()];
        counts[RootField::Other as usize] = 1;
        Self(counts)
    }

    /// How many of this sort.
    #[must_use]
    pub const fn count(&self, field: RootField) -> usize {
        self.0[field as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn all(&self) -> usize {
        self.0.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// How much a document is, over all of its operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the limits")]
pub struct Measures {
    pub tokens: usize,
    pub depth: usize,
    pub fields: usize,
    pub aliases: usize,
    pub root_fields: usize,
    pub directives: usize,
    pub introspection: usize,
}

/// One operation of a document.
#[derive(Debug)]
struct Surveyed {
    name: Option<Name>,
    roots: Roots,
    order: Arc<Order>,
    plan: Option<Arc<Plan>>,
}

/// A document, and what follows from its text alone.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) document: ExecutableDocument,
    measures: Measures,
    /// By their names.
    operations: Vec<Surveyed>,
}

impl Survey {
    /// Measures a document.
    pub(super) fn of(document: ExecutableDocument, tokens: usize, limits: &Limits) -> Result<Self, ServerError> {
        if document.fragments.len() > MAX_FRAGMENTS {
            return Err(Excess::Fragments.error(limits));
        }
        let mut walk = Walk::new(&document.fragments, limits);
        let (mut all, mut roots) = (Sums::default(), Vec::new());
        for (_, operation) in document.operations.iter() {
            let mut sums = walk.selections(&operation.node.selection_set.node, 0, false)?;
            sums.directives = sums.directives.saturating_add(operation.node.directives.len());
            all.add(&sums);
            roots.push(sums.roots);
        }
        let measures = Measures {
            tokens,
            depth: all.depth,
            fields: all.fields,
            aliases: all.aliases,
            root_fields: roots.iter().map(Roots::all).max().unwrap_or_default(),
            directives: all.directives,
            introspection: all.introspection,
        };
        for (excess, value, limit) in [
            (Excess::RootFields, measures.root_fields, limits.root_fields),
            (Excess::Aliases, measures.aliases, limits.aliases),
            (Excess::Directives, measures.directives, limits.directives),
            (Excess::Fields, measures.fields, limits.fields),
            (Excess::Nesting, all.height, MAX_NESTING),
            (Excess::Depth, measures.depth, limits.depth),
            (Excess::Introspection, measures.introspection, limits.introspection),
        ] {
            if value > limit {
                return Err(excess.error(limits));
            }
        }
        // Last, because it writes fragments out.
        let order = |operation: &Positioned<OperationDefinition>| {
            Arc::new(Order::of(&operation.node.selection_set.node, &document.fragments))
        };
        let operations = document.operations.iter().zip(roots);
        let operations = operations
            .map(|((name, operation), roots)| Surveyed {
                name: name.cloned(),
                roots,
                order: order(operation),
                plan: Plan::of(&operation.node, &document.fragments).map(Arc::new),
            })
            .collect();
        Ok(Self { document, measures, operations })
    }

    /// What a request asks for that means the operation of this name.
    pub(super) fn outline(&self, name: Option<&str>, variables: &Variables) -> Result<Outline, ServerError> {
        let selected = selected(&self.document, name)?;
        let kind = Kind::from(selected.node.ty);
        // Without a name, there is one operation.
        let surveyed = self.operations.iter().find(|other| name.is_none() || other.name.as_deref() == name);
        let (roots, order, plan) = surveyed
            .map(|surveyed| (surveyed.roots, surveyed.order.clone(), surveyed.plan.clone()))
            .unwrap_or_default();
        if kind == Kind::Subscription && roots.all() > 1 {
            // Section 5.2.4.1 of the specification.
            let error = ServerError::new("a subscription has one field at its root", Some(selected.pos));
            return Err(errors::coded(Code::ValidationFailed, error));
        }
        given(selected, variables)?;
        Ok(Outline { kind, roots, measures: self.measures, order, plan })
    }
}

/// Whether all variables are there that the operation cannot do without (section 6.1.2 of the specification).
/// async-graphql would notice it field by field, in the middle of the execution.
fn given(operation: &Positioned<OperationDefinition>, variables: &Variables) -> Result<(), ServerError> {
    for definition in &operation.node.variable_definitions {
        let variable = &definition.node;
        let fits = variable.var_type.node.nullable
            || match variables.get(&variable.name.node) {
                None => variable.default_value.is_some(),
                Some(value) => *value != Value::Null,
            };
        if !fits {
            let message = format!("the variable \"${}\" is required and cannot be null", variable.name.node);
            return Err(errors::coded(Code::BadUserInput, ServerError::new(message, Some(definition.pos))));
        }
    }
    Ok(())
}

/// The operation that is to be executed (section 6.1 of the specification).
fn selected<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d Positioned<OperationDefinition>, ServerError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(_)) => Err("there is no operation of this name"),
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name).ok_or("there is no operation of this name"),
        (DocumentOperations::Multiple(all), None) => match all.values().next() {
            Some(one) if all.len() == 1 => Ok(one),
            _ => Err("the document has more than one operation: say which, in operationName"),
        },
    };
    found.map_err(|why| errors::coded(Code::OperationUnknown, ServerError::new(why, None)))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;

    fn look(text: &str) -> Result<Outline, String> {
        let survey = Survey::of(parse_query(text).unwrap(), 0, &Limits::default());
        survey.and_then(|survey| survey.outline(None, &Variables::default())).map_err(|error| {
            let value = |key| match error.extensions.as_ref().and_then(|all| all.get(key).cloned()) {
                Some(Value::String(text)) => text,
                _ => String::new(),
            };
            format!("{} {}", value("code"), value("reason")).trim().to_owned()
        })
    }

    fn bomb(levels: usize) -> String {
        let mut text = "{ me { ...f0 } }".to_owned();
        for i in 0..levels {
            write!(text, " fragment f{i} on User {{ ...f{0} ...f{0} }}", i + 1).unwrap();
        }
        write!(text, " fragment f{levels} on User {{ id }}").unwrap();
        text
    }

    #[test]
    fn fragments_are_counted_written_out_and_looked_at_once() {
        assert_eq!(look(&bomb(3)).unwrap().measures.fields, 9);
        assert_eq!(look(&bomb(20)).unwrap_err(), "QUERY_TOO_COMPLEX TOO_MANY_FIELDS");
        assert_eq!(look(&bomb(60)).unwrap_err(), "QUERY_TOO_COMPLEX TOO_NESTED");
        let small =
            "query A { me { id ... on User { phone } ...f } } fragment f on User { id a: username @skip(if: true) }";
        let measures =
            Measures { depth: 2, fields: 5, aliases: 1, root_fields: 1, directives: 1, ..Measures::default() };
        assert_eq!(look(small).unwrap().measures, measures);
    }

    #[test]
    fn each_kind_of_flood_has_its_name() {
        let many = |one: &str, count| one.repeat(count);
        let numbered = |one: &str, count| (0..count).map(|i| one.replace('#', &i.to_string())).collect::<String>();
        let chain = (0..=MAX_FRAGMENTS)
            .fold("{ ...f0 }".to_owned(), |all, i| format!("{all} fragment f{i} on Query {{ ...f{} }}", i + 1));
        let introspection = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        for (text, reason) in [
            (format!("{{ me {{ {} }} }}", many("id ", 3_000)), "TOO_MANY_FIELDS"),
            (format!("{{ me {{ {} }} }}", numbered("a#: id ", 101)), "TOO_MANY_ALIASES"),
            (format!("{{ {} }}", many("me { id } ", 26)), "TOO_MANY_ROOT_FIELDS"),
            (
                format!("{{ {} }} fragment f on Query {{ me {{ id }} me {{ id }} }}", many("...f ", 13)),
                "TOO_MANY_ROOT_FIELDS",
            ),
            (format!("{{ me {{ id {} }} }}", many("@a ", 101)), "TOO_MANY_DIRECTIVES"),
            (format!("{}{}", many("{ a ", 22), many("}", 22)), "TOO_DEEP"),
            (format!("{{ {} a {} }}", many("... { ", 40), many("}", 40)), "TOO_NESTED"),
            (chain, "TOO_MANY_FRAGMENTS"),
            (introspection.replace("name", "args { name type { fields { name } } }"), "TOO_MUCH_INTROSPECTION"),
        ] {
            assert_eq!(look(&text).unwrap_err(), format!("QUERY_TOO_COMPLEX {reason}"), "{text}");
        }
        let standard = include_str!("introspection.graphql");
        assert!((50_000..500_000).contains(&look(standard).unwrap().measures.introspection));
    }

    #[test]
    fn what_cannot_be_is_said_before_anything_walks_into_it() {
        for (text, code) in [
            ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ ...a } fragment a on Query { ...a }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { a: orderStatus { id } b: orderStatus { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query A { me { id } } query B { me { id } }", "OPERATION_RESOLUTION_FAILURE"),
            ("query A($a: Int, $b: Int! = 1, $c: Int!) { f(a: $a, b: $b, c: $c) }", "BAD_USER_INPUT"),
        ] {
            assert_eq!(look(text).unwrap_err(), code, "{text}");
        }
        let document = parse_query("query A { me { id } } mutation B { a: grab { id } login { id } }").unwrap();
        let survey = Survey::of(document, 0, &Limits::default()).unwrap();
        let outline = survey.outline(Some("B"), &Variables::default()).unwrap();
        let count = |field| outline.roots.count(field);
        assert_eq!((outline.kind, outline.roots.all()), (Kind::Mutation, 2));
        assert_eq!((count(RootField::Grab), count(RootField::Login), count(RootField::Other)), (1, 1, 0));
    }
}
