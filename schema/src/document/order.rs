//! The order in which an answer shows its fields: that in which they were asked for (section 7.2.2 of the specification).
//! async-graphql 7.2 writes them as they are done.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Value,
    indexmap::IndexMap,
    parser::types::{FragmentDefinition, Selection, SelectionSet},
};

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The fields of an object by the names that the answer gives them, with their own fields. Those of several fragments
/// are merged: what an object does not have is passed over.
#[derive(Debug, Default)]
pub(crate) struct Order(IndexMap<Name, Self>);

impl Order {
    /// That of a selection. It must be within the limits: this writes fragments out.
    pub(super) fn of(set: &SelectionSet, fragments: &Fragments) -> Self {
        let mut order = Self::default();
        order.add(set, fragments);
        order
    }

    fn add(&mut self, set: &SelectionSet, fragments: &Fragments) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let name = &field.alias.as_ref().unwrap_or(&field.name).node;
                    self.0.entry(name.clone()).or_default().add(&field.selection_set.node, fragments);
                }
                Selection::InlineFragment(fragment) => self.add(&fragment.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    /// Puts an answer in order.
    pub(crate) fn apply(&self, answer: &mut Value) {
        match answer {
            Value::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            // An object of a scalar has no fields that were asked for.
            Value::Object(fields) if !self.0.is_empty() => {
                if !self.is_kept_by(fields) {
                    let mut sorted = IndexMap::with_capacity(fields.len());
                    sorted.extend(self.0.keys().filter_map(|name| fields.swap_remove_entry(name)));
                    sorted.append(fields);
                    *fields = sorted;
                }
                for (name, value) in fields {
                    if let Some(order) = self.0.get(name) {
                        order.apply(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn is_kept_by(&self, fields: &IndexMap<Name, Value>) -> bool {
        let mut next = 0;
        fields.keys().all(|name| match self.0.get_index_of(name) {
            Some(place) if place >= next => {
                next = place + 1;
                true
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{parser::parse_query, value};

    use super::*;

    fn ordered(query: &str, mut answer: Value) -> String {
        let document = parse_query(query).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        Order::of(&operation.node.selection_set.node, &document.fragments).apply(&mut answer);
        answer.to_string()
    }

    #[test]
    fn fields_stand_as_they_were_asked_for() {
        let query = "{ a { x ...f y } ... { b: c } ... on Query { a { z } d } } fragment f on A { w x }";
        let answer = value!({ "d": 1, "b": 2, "a": [{ "z": 1, "y": 2, "w": 3, "x": { "k": 2, "j": 1 } }, null] });
        assert_eq!(ordered(query, answer), "{a: [{x: {k: 2, j: 1}, w: 3, y: 2, z: 1}, null], b: 2, d: 1}");
        assert_eq!(ordered(query, value!({ "d": 1, "a": null })), "{a: null, d: 1}", "what is missing is passed over");
        assert_eq!(ordered("{ a }", value!({ "z": 1, "a": 2 })), "{a: 2, z: 1}", "nothing is lost");
        assert_eq!(ordered("{ a }", Value::Null), "null");
    }
}
