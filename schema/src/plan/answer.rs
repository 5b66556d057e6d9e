//! What a planned grab answers: the same values as the fields of the graph, which say how each is written.

use async_graphql::{InputType, Value};
use chrono::{DateTime, Utc};
use domain::{order::Order, spike::grab::Grabbed};

use super::shape::{ErrorField, Fields, Known, MoneyField, OrderField, Payload, PayloadField};
use crate::{order::entity::OrderStatus, payload::UserError, scalars::Money, spike::errors::GrabErrorCode};

impl<F: Known> Fields<F> {
    fn object(&self, mut value: impl FnMut(&F) -> Value) -> Value {
        Value::Object(self.0.iter().map(|(name, field)| (name.clone(), value(field))).collect())
    }
}

fn type_name<F: Known>() -> Value {
    Value::String(F::TYPE.to_owned())
}

impl Payload {
    pub(super) fn value(&self, grabbed: Option<&Grabbed>, user_errors: &[UserError<GrabErrorCode>]) -> Value {
        self.object(|field| match field {
            PayloadField::TypeName => type_name::<PayloadField>(),
            PayloadField::Order(fields) => grabbed.map_or(Value::Null, |grabbed| fields.order(&grabbed.order)),
            PayloadField::Remaining => grabbed.and_then(|grabbed| grabbed.remaining).to_value(),
            PayloadField::UserErrors(fields) => {
                Value::List(user_errors.iter().map(|error| fields.error(error)).collect())
            }
        })
    }
}

impl Fields<OrderField> {
    fn order(&self, order: &Order) -> Value {
        self.object(|field| match field {
            OrderField::TypeName => type_name::<OrderField>(),
            OrderField::Id => Value::String(order.id.to_string()),
            OrderField::Quantity => order.quantity.to_value(),
            OrderField::UnitPrice(fields) => fields.money(order.unit_price.into()),
            OrderField::Total(fields) => fields.money(order.total().into()),
            OrderField::Status => OrderStatus::from(order.status).to_value(),
            OrderField::Version => order.version.to_value(),
            OrderField::CreatedAt => order.created_at.to_value(),
            OrderField::PayBefore => instant(order.pay_before),
            OrderField::PaidAt => instant(order.paid_at),
            OrderField::ClosedAt => instant(order.closed_at),
        })
    }
}

fn instant(at: Option<DateTime<Utc>>) -> Value {
    at.map_or(Value::Null, |at| at.to_value())
}

impl Fields<MoneyField> {
    fn money(&self, money: Money) -> Value {
        self.object(|field| match field {
            MoneyField::TypeName => type_name::<MoneyField>(),
            MoneyField::Amount => money.amount.to_value(),
            MoneyField::CurrencyCode => money.currency_code.to_value(),
        })
    }
}

impl Fields<ErrorField> {
    fn error(&self, error: &UserError<GrabErrorCode>) -> Value {
        self.object(|field| match field {
            ErrorField::TypeName => type_name::<ErrorField>(),
            ErrorField::Code => error.code.to_value(),
            ErrorField::Message => Value::String(error.message.clone()),
            ErrorField::Field => error.field.to_value(),
        })
    }
}
