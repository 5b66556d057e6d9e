//! Between rows of orders and the orders of the domain.

use domain::{
    error::Fault,
    id::{CampaignId, OrderId, TypedId, UserId},
    order::{Order, status::OrderEvent},
    spike::stock::RequestKey,
};
use entity::{order_events, orders};
use sea_orm::ActiveValue::Set;

use crate::sql::convert::{column, count, instant, maybe_instant, millis, money, named};

/// The order of a row.
pub(in crate::sql) fn order(row: &orders::Model) -> Result<Order, Fault> {
    Ok(Order {
        id: OrderId::from_uuid(row.id),
        campaign_id: CampaignId::from_uuid(row.campaign_id),
        user_id: UserId::from_uuid(row.user_id),
        quantity: count(row.quantity)?,
        unit_price: money(row.unit_price_minor, &row.currency)?,
        status: named(&row.status)?,
        version: count(row.version)?,
        created_at: instant(row.created_at)?,
        pay_before: maybe_instant(row.pay_before)?,
        paid_at: maybe_instant(row.paid_at)?,
        closed_at: maybe_instant(row.closed_at)?,
        request_key: row.request_key.as_deref().map(request_key).transpose()?,
    })
}

/// A key of a column. One that cannot be read is a defect of the data, not an argument of a client.
pub(in crate::sql) fn request_key(text: &str) -> Result<RequestKey, Fault> {
    RequestKey::parse(text).map_err(Fault::internal)
}

/// The event of a row.
pub(super) fn event(row: order_events::Model) -> Result<OrderEvent, Fault> {
    Ok(OrderEvent {
        order_id: OrderId::from_uuid(row.order_id),
        version: count(row.version)?,
        status: named(&row.status)?,
        at: instant(row.at)?,
        reason: row.reason,
    })
}

/// The row of a new order.
pub(super) fn order_row(order: &Order) -> Result<orders::ActiveModel, Fault> {
    Ok(orders::ActiveModel {
        id: Set(order.id.uuid()),
        campaign_id: Set(order.campaign_id.uuid()),
        user_id: Set(order.user_id.uuid()),
        quantity: Set(column(order.quantity)?),
        unit_price_minor: Set(order.unit_price.minor),
        currency: Set(order.unit_price.currency.code().to_owned()),
        status: Set(order.status.name().to_owned()),
        version: Set(column(order.version)?),
        created_at: Set(millis(order.created_at)),
        pay_before: Set(order.pay_before.map(millis)),
        paid_at: Set(order.paid_at.map(millis)),
        closed_at: Set(order.closed_at.map(millis)),
        request_key: Set(order.request_key.as_ref().map(|key| key.as_str().to_owned())),
    })
}

/// The row of an event.
pub(super) fn event_row(event: &OrderEvent) -> Result<order_events::ActiveModel, Fault> {
    Ok(order_events::ActiveModel {
        order_id: Set(event.order_id.uuid()),
        version: Set(column(event.version)?),
        status: Set(event.status.name().to_owned()),
        at: Set(millis(event.at)),
        reason: Set(event.reason.clone()),
    })
}
