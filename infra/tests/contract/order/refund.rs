//! Orders are paid back.

use domain::{
    money::{Currency, Money},
    order::{
        OrderStatus,
        ports::{Closed, Paid},
    },
    spike::Hold,
    testing::id,
};

use super::{PRICE, Shop, deadline, in_time, start, user};

pub(crate) async fn a_refund_gives_back_money_and_units(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.paid(sale, user(1)).await;
    let audited = shop.audited().await;
    let Closed::Now(change) = shop.refund(order.id).await.unwrap() else { panic!("not refunded") };
    let refunded = &change.order;
    assert_eq!((refunded.status, refunded.version), (OrderStatus::Refunded, 3));
    assert_eq!((refunded.paid_at, refunded.closed_at), (Some(in_time()), Some(deadline())));
    assert_eq!(shop.stored(order.id).await, *refunded);
    assert_eq!(shop.orders.events(&[order.id]).await.unwrap()[3], change.event);
    assert!(change.follow_up.is_some());
    assert_eq!(shop.balance(user(1)).await, Some(PRICE));
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (0, (10, 0, 0)));
    let kinds = [("HELD", None), ("SOLD", None), ("RETURNED", Some(user(900)))].map(|(kind, by)| (kind.to_owned(), by));
    assert_eq!(shop.movements(order.id).await, kinds);
    assert_eq!(shop.audited().await, audited + 1);
    // Once.
    let Closed::Not(found) = shop.refund(order.id).await.unwrap() else { panic!("refunded twice") };
    assert_eq!(found, *refunded);
    assert_eq!((shop.balance(user(1)).await, shop.audited().await), (Some(PRICE), audited + 1));
}

pub(crate) async fn only_what_is_paid_is_refunded(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.order(sale, user(1)).await;
    assert!(matches!(shop.refund(order.id).await.unwrap(), Closed::Not(found) if found == order));
    shop.orders.cancel(order.id, None, start()).await.unwrap();
    assert!(
        matches!(shop.refund(order.id).await.unwrap(), Closed::Not(found) if found.status == OrderStatus::Cancelled)
    );
    assert!(matches!(shop.refund(id(404)).await.unwrap(), Closed::NotFound));
    assert_eq!((shop.balance(user(1)).await, shop.audited().await), (None, 0));
}

pub(crate) async fn what_was_free_is_refunded(shop: &Shop) {
    let sale = shop.sell(10).await;
    let gift = Hold { unit_price: Money::new(0, Currency::Cny), ..shop.hold(sale, user(1)) };
    shop.place(std::slice::from_ref(&gift)).await;
    assert!(matches!(shop.pay(gift.order_id, user(1), None, in_time()).await, Paid::Now(_)));
    assert!(matches!(shop.refund(gift.order_id).await.unwrap(), Closed::Now(_)));
    assert_eq!(shop.moved(sale).await, (10, 0, 0));
}
