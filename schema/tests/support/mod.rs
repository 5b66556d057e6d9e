//! Reads an exported schema into lines that a table can be compared with.

use std::collections::BTreeMap;

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};

/// Every type, field, argument, input field and enum value of a schema, by its line, and how it is described:
/// `type User`, `User.balance: Money!`, `User.orders(first): Int`, `GrabInput.quantity: Int! = 1`, `Role.ADMIN`.
#[expect(clippy::expect_used, reason = "a helper of tests")]
pub(crate) fn lines(sdl: &str) -> BTreeMap<String, Option<String>> {
    let mut lines = BTreeMap::new();
    for definition in parse_schema(sdl).expect("an SDL").definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node.to_string();
        let kind = match definition.kind {
            TypeKind::Scalar => "scalar",
            TypeKind::Object(object) => {
                object.fields.iter().for_each(|field| add_field(&mut lines, &name, &field.node));
                "type"
            }
            TypeKind::Enum(values) => {
                for value in values.values {
                    let line = format!("{name}.{}", value.node.value.node);
                    lines.insert(line, value.node.description.map(text));
                }
                "enum"
            }
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    let line = format!("{name}.{}: {}", field.node.name.node, input_type(&field.node));
                    lines.insert(line, field.node.description.clone().map(text));
                }
                "input"
            }
            TypeKind::Interface(_) | TypeKind::Union(_) => "abstract type",
        };
        lines.insert(format!("{kind} {name}"), definition.description.map(text));
    }
    lines
}

fn add_field(lines: &mut BTreeMap<String, Option<String>>, ty: &str, field: &FieldDefinition) {
    let name = &field.name.node;
    lines.insert(format!("{ty}.{name}: {}", field.ty.node), field.description.clone().map(text));
    for argument in &field.arguments {
        let line = format!("{ty}.{name}({}): {}", argument.node.name.node, input_type(&argument.node));
        lines.insert(line, argument.node.description.clone().map(text));
    }
}

fn input_type(value: &InputValueDefinition) -> String {
    match &value.default_value {
        Some(default) => format!("{} = {}", value.ty.node, default.node),
        None => value.ty.node.to_string(),
    }
}

fn text(description: Positioned<String>) -> String {
    description.node
}
