//! Paying, giving up, paying back, and putting money on a balance.

use async_graphql::{Context, ID, InputObject, Object};
use domain::spike::stock::RequestKey;

use super::errors::{CancelOrderErrorCode, PayErrorCode, RefundOrderErrorCode, TopUpBalanceErrorCode};
use crate::{
    context::Asked,
    document::Limits,
    errors::Result,
    graph::{Graph, root},
    ids,
    link::{OrderRef, UserRef},
    payload::{outcome, payload},
    scalars::MoneyInput,
};

/// An order to be paid.
#[derive(InputObject)]
pub struct PayInput {
    /// Which order.
    order_id: ID,
    /// What the client calls this attempt: 1 to 128 visible ASCII characters. The same key for the same order gets the
    /// same answer, so a request whose answer got lost can be sent again.
    idempotency_key: Option<String>,
}

/// An order to be given up.
#[derive(InputObject)]
pub struct CancelOrderInput {
    /// Which order.
    order_id: ID,
}

/// An order to be paid back.
#[derive(InputObject)]
pub struct RefundOrderInput {
    /// Which order.
    order_id: ID,
}

/// Money to be put on a balance.
#[derive(InputObject)]
pub struct TopUpBalanceInput {
    /// Whose balance.
    user_id: ID,
    /// How much: more than nothing, in the shop's currency.
    amount: MoneyInput,
    /// What the client calls this attempt: 1 to 128 visible ASCII characters. The same key for the same user and amount
    /// books it once.
    idempotency_key: Option<String>,
}

payload! {
    /// What `pay` answers.
    PayPayload<G>(PayErrorCode) {
        /// The paid order; null if it was not paid.
        order: Option<G::Order>,
    }
}

payload! {
    /// What `cancelOrder` answers.
    CancelOrderPayload<G>(CancelOrderErrorCode) {
        /// The cancelled order; null if it was not cancelled.
        order: Option<G::Order>,
    }
}

payload! {
    /// What `refundOrder` answers.
    RefundOrderPayload<G>(RefundOrderErrorCode) {
        /// The refunded order; null if it was not refunded.
        order: Option<G::Order>,
    }
}

payload! {
    /// What `topUpBalance` answers.
    TopUpBalancePayload<G>(TopUpBalanceErrorCode) {
        /// The user with the new balance; null if nothing was booked.
        user: Option<G::User>,
    }
}

root!(/// Mutations of the order domain.
    OrderMutation);

#[Object(name = "OrderMutation")]
impl<G: Graph> OrderMutation<G> {
    /// Pays an order of one's own from one's balance. The money moves in the same transaction that makes the order
    /// `PAID`. For signed-in users.
    ///
    /// User errors: `ORDER_NOT_FOUND`, `ORDER_QUEUED`, `INSUFFICIENT_FUNDS`, `PAYMENT_WINDOW_CLOSED`, `ALREADY_PAID`,
    /// `ORDER_CLOSED`, `IDEMPOTENCY_KEY_REUSED`. Errors: `UNAUTHENTICATED`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn pay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order to be paid.")] input: PayInput,
    ) -> Result<PayPayload<G>> {
        let user = ctx.user()?;
        let order = ids::parse(&input.order_id, "input.orderId")?;
        let key = input.idempotency_key.as_deref().map(RequestKey::parse).transpose()?;
        let (order, user_errors) = outcome(ctx.services()?.payments.pay(user, order, key).await)?;
        Ok(PayPayload { order: order.map(|order| OrderRef::of(order).into()), user_errors })
    }

    /// Gives up an order that is not paid. Its units go back on sale. For the buyer, and for administrators.
    ///
    /// User errors: `ORDER_NOT_FOUND`, `ORDER_QUEUED`, `ALREADY_PAID`, `ALREADY_CLOSED`. Errors: `UNAUTHENTICATED`,
    /// `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn cancel_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order to be given up.")] input: CancelOrderInput,
    ) -> Result<CancelOrderPayload<G>> {
        let user = ctx.user()?;
        let order = ids::parse(&input.order_id, "input.orderId")?;
        let owner = ctx.administrator_if_so().await?.is_none().then_some(user);
        let (order, user_errors) = outcome(ctx.services()?.closing.cancel(owner, order).await)?;
        Ok(CancelOrderPayload { order: order.map(|order| OrderRef::of(order).into()), user_errors })
    }

    /// Pays a paid order back to its buyer. Its units go back on sale. For administrators.
    ///
    /// User errors: `ORDER_NOT_FOUND`, `NOT_PAID`, `ALREADY_REFUNDED`. Errors: `UNAUTHENTICATED`, `FORBIDDEN`,
    /// `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn refund_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order to be paid back.")] input: RefundOrderInput,
    ) -> Result<RefundOrderPayload<G>> {
        let admin = ctx.administrator().await?;
        let order = ids::parse(&input.order_id, "input.orderId")?;
        let (order, user_errors) = outcome(ctx.services()?.payments.refund(admin, order).await)?;
        Ok(RefundOrderPayload { order: order.map(|order| OrderRef::of(order).into()), user_errors })
    }

    /// Puts money on a user's balance. For administrators.
    ///
    /// User errors: `USER_NOT_FOUND`, `INVALID_AMOUNT`, `WRONG_CURRENCY`, `IDEMPOTENCY_KEY_REUSED`. Errors:
    /// `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`.
    #[graphql(complexity = "Limits::CHANGE + child_complexity")]
    async fn top_up_balance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose balance, and how much.")] input: TopUpBalanceInput,
    ) -> Result<TopUpBalancePayload<G>> {
        let admin = ctx.administrator().await?;
        let user = ids::parse(&input.user_id, "input.userId")?;
        let key = input.idempotency_key.as_deref().map(RequestKey::parse).transpose()?;
        let (amount, currency) = input.amount.into();
        let topped_up = ctx.services()?.balances.top_up(admin, user, amount, currency, key).await;
        let (user, user_errors) = outcome(topped_up)?;
        Ok(TopUpBalancePayload { user: user.map(|user| UserRef::of(user).into()), user_errors })
    }
}
