//! The walk through the selections of a document: what they come to when their fragments are written out.
//!
//! Each fragment is looked at once, so this takes no longer than the document is, whatever it is written out to.

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{Field, FragmentDefinition, Selection, SelectionSet},
};

use super::{
    limits::{Excess, Limits, MAX_NESTING},
    outline::{RootField, Roots},
};
use crate::errors::{self, Code};

/// What selections come to, written out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) roots: Roots,
    /// Fields in fields.
    pub(super) depth: usize,
    /// Selections in selections.
    pub(super) height: usize,
    pub(super) fields: usize,
    pub(super) aliases: usize,
    pub(super) directives: usize,
    pub(super) introspection: usize,
}

impl Sums {
    /// Beside each other.
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.roots.0.iter_mut().zip(other.roots.0) {
            *count = count.saturating_add(more);
        }
        self.depth = self.depth.max(other.depth);
        self.height = self.height.max(other.height);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.introspection = self.introspection.saturating_add(other.introspection);
    }
}

/// The walk.
pub(super) struct Walk<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// None while a fragment is being looked at.
    known: HashMap<&'a str, Option<Sums>>,
    limits: &'a Limits,
}

impl<'a> Walk<'a> {
    /// Through a document with these fragments.
    pub(super) fn new(fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>, limits: &'a Limits) -> Self {
        Self { fragments, known: HashMap::new(), limits }
    }

    /// What selections come to; `about_schema` says that they stand in what the schema tells about itself.
    pub(super) fn selections(
        &mut self,
        set: &'a SelectionSet,
        nesting: usize,
        about_schema: bool,
    ) -> Result<Sums, ServerError> {
        if nesting > MAX_NESTING {
            return Err(Excess::Nesting.error(self.limits));
        }
        let mut sums = Sums::default();
        for item in &set.items {
            let (mut one, directives) = match &item.node {
                Selection::Field(field) => {
                    (self.field(&field.node, field.pos, nesting, about_schema)?, &field.node.directives)
                }
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    (self.selections(&fragment.selection_set.node, nesting + 1, about_schema)?, &fragment.directives)
                }
                Selection::FragmentSpread(spread) => {
                    (self.spread(&spread.node.fragment_name, nesting + 1)?, &spread.node.directives)
                }
            };
            one.directives = one.directives.saturating_add(directives.len());
            sums.add(&one);
        }
        sums.height += 1;
        Ok(sums)
    }

    fn field(&mut self, field: &'a Field, pos: Pos, nesting: usize, about_schema: bool) -> Result<Sums, ServerError> {
        let name = field.name.node.as_str();
        let asks_schema = matches!(name, "__schema" | "__type");
        if asks_schema && !self.limits.introspects {
            let error = ServerError::new("this schema does not tell about itself", Some(pos));
            let mut error = errors::coded(Code::ValidationFailed, error);
            error.extensions.get_or_insert_default().set("reason", "INTROSPECTION_DISABLED");
            return Err(error);
        }
        let about_schema = about_schema || asks_schema;
        let mut sums = if field.selection_set.node.items.is_empty() {
            Sums::default()
        } else {
            self.selections(&field.selection_set.node, nesting + 1, about_schema)?
        };
        sums.roots = Roots::default();
        sums.roots.0[RootField::of(name) as usize] = 1;
        sums.depth += 1;
        sums.fields = sums.fields.saturating_add(1);
        sums.aliases = sums.aliases.saturating_add(usize::from(field.alias.is_some()));
        if about_schema {
            sums.introspection = sums.introspection.saturating_mul(rows(name)).saturating_add(1);
        }
        Ok(sums)
    }

    fn spread(&mut self, name: &'a Positioned<Name>, nesting: usize) -> Result<Sums, ServerError> {
        match self.known.get(name.node.as_str()) {
            Some(Some(sums)) => return Ok(*sums),
            Some(None) => {
                // Section 5.5.2.2 of the specification.
                let error =
                    ServerError::new(format!("the fragment \"{}\" is part of itself", name.node), Some(name.pos));
                return Err(errors::coded(Code::ValidationFailed, error));
            }
            None => {}
        }
        // Validation says that it is not there.
        let Some(fragment) = self.fragments.get(&name.node) else { return Ok(Sums::default()) };
        let fragment = &fragment.node;
        let about_schema = fragment.type_condition.node.on.node.starts_with("__");
        self.known.insert(&name.node, None);
        let mut sums = self.selections(&fragment.selection_set.node, nesting, about_schema)?;
        sums.directives = sums.directives.saturating_add(fragment.directives.len());
        self.known.insert(&name.node, Some(sums));
        Ok(sums)
    }
}

/// How many rows a list of the introspection has, roughly and in this graph.
fn rows(name: &str) -> usize {
    match name {
        "types" => 150,
        "fields" | "inputFields" | "enumValues" => 8,
        "directives" | "interfaces" | "possibleTypes" | "locations" => 4,
        "args" => 2,
        _ => 1,
    }
}
