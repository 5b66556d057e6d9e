//! What a planned grab answers: the same values as the fields of the graph, which say how each is written.
//!
//! It is written as it is, and not built up as a tree of values first: that took a twentieth of what a grab costs the api.

use async_graphql::{InputType, Name, Response, Value};
use chrono::{DateTime, Utc};
use domain::{order::Order, spike::grab::Grabbed};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use super::{
    GrabAnswer,
    shape::{ErrorField, Fields, Known, MoneyField, OrderField, PayloadField},
};
use crate::{order::entity::OrderStatus, payload::UserError, scalars::Money, spike::errors::GrabErrorCode};

/// What came of a grab, as its payload shows it.
pub(super) type Outcome = (Option<Grabbed>, Vec<UserError<GrabErrorCode>>);

/// A field that can be written.
trait Shown: Known {
    /// Of what it is a field.
    type Of;
    /// Writes the field under a name.
    fn write<M: SerializeMap>(&self, name: &Name, of: &Self::Of, map: &mut M) -> Result<(), M::Error>;
}

/// An object with the fields that were asked for.
struct Object<'a, F: Shown>(&'a Fields<F>, &'a F::Of);

impl<F: Shown> Serialize for Object<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Fields(fields), of) = self;
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (name, field) in fields {
            field.write(name, of, &mut map)?;
        }
        map.end()
    }
}

/// Something under one name.
struct Single<'a, T>(&'a str, T);

impl<T: Serialize> Serialize for Single<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// The whole answer, as `{"data": …}`.
impl Serialize for GrabAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Single("data", self.data()).serialize(serializer)
    }
}

impl GrabAnswer {
    fn data(&self) -> impl Serialize {
        Single(&self.plan.name, Object(&self.plan.payload, &self.outcome))
    }
}

/// For those who pass an answer on before it is written.
impl From<GrabAnswer> for Response {
    fn from(answer: GrabAnswer) -> Self {
        Self::new(async_graphql::to_value(answer.data()).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer has something in it that is no value of the graph");
            Value::Null
        }))
    }
}

impl Shown for PayloadField {
    type Of = Outcome;

    fn write<M: SerializeMap>(&self, name: &Name, of: &Outcome, map: &mut M) -> Result<(), M::Error> {
        let (grabbed, user_errors) = of;
        match self {
            Self::TypeName => map.serialize_entry(name, Self::TYPE),
            Self::Order(fields) => {
                map.serialize_entry(name, &grabbed.as_ref().map(|grabbed| Object(fields, &grabbed.order)))
            }
            Self::Remaining => map.serialize_entry(name, &grabbed.as_ref().and_then(|grabbed| grabbed.remaining)),
            Self::UserErrors(fields) => map.serialize_entry(name, &Errors(fields, user_errors)),
        }
    }
}

struct Errors<'a>(&'a Fields<ErrorField>, &'a [UserError<GrabErrorCode>]);

impl Serialize for Errors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.1.len()))?;
        for error in self.1 {
            list.serialize_element(&Object(self.0, error))?;
        }
        list.end()
    }
}

impl Shown for OrderField {
    type Of = Order;

    fn write<M: SerializeMap>(&self, name: &Name, order: &Order, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::TypeName => map.serialize_entry(name, Self::TYPE),
            Self::Id => map.serialize_entry(name, &order.id.to_string()),
            Self::Quantity => map.serialize_entry(name, &order.quantity),
            Self::UnitPrice(fields) => map.serialize_entry(name, &Object(fields, &order.unit_price.into())),
            Self::Total(fields) => map.serialize_entry(name, &Object(fields, &order.total().into())),
            Self::Status => map.serialize_entry(name, &OrderStatus::from(order.status).to_value()),
            Self::Version => map.serialize_entry(name, &order.version),
            Self::CreatedAt => map.serialize_entry(name, &order.created_at.to_value()),
            Self::PayBefore => map.serialize_entry(name, &instant(order.pay_before)),
            Self::PaidAt => map.serialize_entry(name, &instant(order.paid_at)),
            Self::ClosedAt => map.serialize_entry(name, &instant(order.closed_at)),
        }
    }
}

fn instant(at: Option<DateTime<Utc>>) -> Option<Value> {
    at.map(|at| at.to_value())
}

impl Shown for MoneyField {
    type Of = Money;

    fn write<M: SerializeMap>(&self, name: &Name, money: &Money, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::TypeName => map.serialize_entry(name, Self::TYPE),
            Self::Amount => map.serialize_entry(name, &money.amount.to_value()),
            Self::CurrencyCode => map.serialize_entry(name, &money.currency_code.to_value()),
        }
    }
}

impl Shown for ErrorField {
    type Of = UserError<GrabErrorCode>;

    fn write<M: SerializeMap>(&self, name: &Name, error: &Self::Of, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::TypeName => map.serialize_entry(name, Self::TYPE),
            Self::Code => map.serialize_entry(name, &error.code.to_value()),
            Self::Message => map.serialize_entry(name, &error.message),
            Self::Field => map.serialize_entry(name, &error.field),
        }
    }
}
