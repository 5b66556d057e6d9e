//! One attempt to move an order, and what it was told.

use domain::{
    error::Failure,
    id::{OrderId, UserId},
    order::{Order, OrderStatus},
    services::Services,
    spike::stock::RequestKey,
    user::Administrator,
};
use rand::{RngExt, rngs::StdRng};

/// One attempt to move an order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pull {
    Pay,
    PayAs(u8),
    Cancel,
    CancelAsAdmin,
    Refund,
}

impl Pull {
    pub(crate) fn any(random: &mut StdRng) -> Self {
        match random.random_range(0..10) {
            0..2 => Self::Pay,
            2..5 => Self::PayAs(random.random_range(0..2)),
            5..6 => Self::Cancel,
            6..7 => Self::CancelAsAdmin,
            _ => Self::Refund,
        }
    }

    /// Pulls.
    pub(crate) async fn pull(self, services: &Services, admin: Administrator, order: OrderId, buyer: UserId) -> Told {
        let key = |n: u8| RequestKey::parse(&format!("{order}/{n}")).unwrap();
        match self {
            Self::Pay => told(services.payments.pay(buyer, order, None).await),
            Self::PayAs(n) => told(services.payments.pay(buyer, order, Some(key(n))).await),
            Self::Cancel => told(services.closing.cancel(Some(buyer), order).await),
            Self::CancelAsAdmin => told(services.closing.cancel(None, order).await),
            Self::Refund => told(services.payments.refund(admin, order).await),
        }
    }
}

/// What an attempt was told: where the order is, or the code of the refusal.
pub(crate) type Told = Result<OrderStatus, String>;

fn told<C: std::fmt::Debug>(outcome: Result<Order, Failure<C>>) -> Told {
    match outcome {
        Ok(order) => Ok(order.status),
        Err(Failure::Refused(refusals)) => Err(format!("{:?}", refusals[0].code)),
        Err(Failure::Fault(fault)) => panic!("a fault is no answer: {fault:?}"),
    }
}

/// What happened in one task of a round.
pub(crate) enum Happened {
    Pulled(OrderId, Pull, Told),
    Expired(usize),
}
