//! Which operations have a plan: those in whose tree nothing stands but what is known here.
//!
//! Names are those of the graph; that they are is what the test of all plans against the executor is for.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        BaseType, Directive, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use super::Plan;

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The fields of an object, by the names that the answer gives them, as they were asked for.
#[derive(Debug)]
pub(super) struct Fields<F>(pub(super) Vec<(Name, F)>);

/// What a grab answers.
pub(super) type Payload = Fields<PayloadField>;

#[derive(Debug)]
pub(super) enum PayloadField {
    TypeName,
    Order(Fields<OrderField>),
    Remaining,
    UserErrors(Fields<ErrorField>),
}

#[derive(Debug)]
pub(super) enum OrderField {
    TypeName,
    Id,
    Quantity,
    UnitPrice(Fields<MoneyField>),
    Total(Fields<MoneyField>),
    Status,
    Version,
    CreatedAt,
    PayBefore,
    PaidAt,
    ClosedAt,
}

#[derive(Debug)]
pub(super) enum MoneyField {
    TypeName,
    Amount,
    CurrencyCode,
}

#[derive(Debug)]
pub(super) enum ErrorField {
    TypeName,
    Code,
    Message,
    Field,
}

impl Plan {
    /// The plan of an operation, if it is one grab in a form that is known.
    pub(crate) fn of(operation: &OperationDefinition, fragments: &Fragments) -> Option<Self> {
        if operation.ty != OperationType::Mutation || !operation.directives.is_empty() {
            return None;
        }
        let [variable] = &*operation.variable_definitions else { return None };
        let [Positioned { node: Selection::Field(grab), .. }] = &*operation.selection_set.node.items else {
            return None;
        };
        let [(argument, given)] = &*grab.node.arguments else { return None };
        let variable = &variable.node;
        let input = &variable.name.node;
        let is_input = argument.node == "input"
            && given.node.to_string() == format!("${input}")
            && variable.directives.is_empty()
            && variable.default_value.is_none()
            && !variable.var_type.node.nullable
            && variable.var_type.node.base == BaseType::Named(Name::new("GrabInput"));
        if grab.node.name.node != "grab" || !is_input || !grab.node.directives.is_empty() {
            return None;
        }
        Some(Self {
            input: input.clone(),
            name: grab.node.response_key().node.clone(),
            pos: grab.pos,
            payload: Fields::of(&grab.node.selection_set.node, fragments)?,
            proven: false.into(),
        })
    }
}

/// What can be asked for of an object of one type.
pub(super) trait Known: Sized {
    /// What the graph calls the type.
    const TYPE: &'static str;
    /// The field of this name, with what is asked for of it; none if it is not known here.
    fn of(name: &str, fields: &SelectionSet, fragments: &Fragments) -> Option<Self>;
}

impl<F: Known> Fields<F> {
    fn of(set: &SelectionSet, fragments: &Fragments) -> Option<Self> {
        let mut fields = Self(Vec::new());
        fields.add(set, fragments)?;
        Some(fields)
    }

    /// Adds what a selection asks for. A document within its limits has no fragment in itself.
    fn add(&mut self, set: &SelectionSet, fragments: &Fragments) -> Option<()> {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.add_field(&field.node, fragments)?,
                Selection::InlineFragment(fragment) => {
                    let fragment = &fragment.node;
                    let on = fragment.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    fits::<F>(on, &fragment.directives)?;
                    self.add(&fragment.selection_set.node, fragments)?;
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &fragments.get(&spread.node.fragment_name.node)?.node;
                    fits::<F>(Some(&fragment.type_condition.node.on.node), &spread.node.directives)?;
                    fits::<F>(None, &fragment.directives)?;
                    self.add(&fragment.selection_set.node, fragments)?;
                }
            }
        }
        Some(())
    }

    fn add_field(&mut self, field: &Field, fragments: &Fragments) -> Option<()> {
        let name = &field.response_key().node;
        // The same field twice would have to be merged.
        let known = self.0.iter().any(|(other, _)| other == name);
        if known || !field.arguments.is_empty() || !field.directives.is_empty() {
            return None;
        }
        self.0.push((name.clone(), F::of(&field.name.node, &field.selection_set.node, fragments)?));
        Some(())
    }
}

/// Whether a fragment is for this very type and on no condition.
fn fits<F: Known>(on: Option<&Name>, directives: &[Positioned<Directive>]) -> Option<()> {
    (directives.is_empty() && on.is_none_or(|on| on == F::TYPE)).then_some(())
}

impl Known for PayloadField {
    const TYPE: &'static str = "GrabPayload";

    fn of(name: &str, fields: &SelectionSet, fragments: &Fragments) -> Option<Self> {
        Some(match name {
            "__typename" => Self::TypeName,
            "order" => Self::Order(Fields::of(fields, fragments)?),
            "remaining" => Self::Remaining,
            "userErrors" => Self::UserErrors(Fields::of(fields, fragments)?),
            _ => return None,
        })
    }
}

impl Known for OrderField {
    const TYPE: &'static str = "Order";

    fn of(name: &str, fields: &SelectionSet, fragments: &Fragments) -> Option<Self> {
        Some(match name {
            "__typename" => Self::TypeName,
            "id" => Self::Id,
            "quantity" => Self::Quantity,
            "unitPrice" => Self::UnitPrice(Fields::of(fields, fragments)?),
            "total" => Self::Total(Fields::of(fields, fragments)?),
            "status" => Self::Status,
            "version" => Self::Version,
            "createdAt" => Self::CreatedAt,
            "payBefore" => Self::PayBefore,
            "paidAt" => Self::PaidAt,
            "closedAt" => Self::ClosedAt,
            _ => return None,
        })
    }
}

impl Known for MoneyField {
    const TYPE: &'static str = "Money";

    fn of(name: &str, _: &SelectionSet, _: &Fragments) -> Option<Self> {
        Some(match name {
            "__typename" => Self::TypeName,
            "amount" => Self::Amount,
            "currencyCode" => Self::CurrencyCode,
            _ => return None,
        })
    }
}

impl Known for ErrorField {
    const TYPE: &'static str = "GrabError";

    fn of(name: &str, _: &SelectionSet, _: &Fragments) -> Option<Self> {
        Some(match name {
            "__typename" => Self::TypeName,
            "code" => Self::Code,
            "message" => Self::Message,
            "field" => Self::Field,
            _ => return None,
        })
    }
}
