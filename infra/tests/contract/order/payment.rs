//! Orders are paid.

use domain::{
    id::OrderId,
    money::{Currency, Money},
    order::{OrderStatus, ports::Paid},
    spike::Hold,
    testing::id,
};

use super::{PRICE, Shop, deadline, in_time, key, start, user};

pub(crate) async fn a_payment_moves_the_money(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(1), 5_000).await;
    let hold = Hold { quantity: 2, ..shop.hold(sale, user(1)) };
    shop.place(std::slice::from_ref(&hold)).await;
    let Paid::Now(change) = shop.pay(hold.order_id, user(1), key("p"), in_time()).await else { panic!("not paid") };
    let order = &change.order;
    assert_eq!((order.status, order.version), (OrderStatus::Paid, 2));
    assert_eq!((order.paid_at, order.closed_at), (Some(in_time()), None));
    assert_eq!(shop.stored(order.id).await, *order);
    assert_eq!(shop.orders.events(&[order.id]).await.unwrap()[2], change.event);
    assert!(change.follow_up.is_some());
    assert_eq!(shop.balance(user(1)).await, Some(5_000 - 2 * PRICE));
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (2, (8, 0, 2)));
}

pub(crate) async fn an_attempt_pays_once(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(1), 5_000).await;
    let order = shop.order(sale, user(1)).await;
    assert!(matches!(shop.pay(order.id, user(1), key("p"), in_time()).await, Paid::Now(_)));
    // Also after the deadline, and whatever became of the order.
    let Paid::Before(before) = shop.pay(order.id, user(1), key("p"), deadline()).await else { panic!("not before") };
    assert_eq!(before, shop.stored(order.id).await);
    shop.refund(order.id).await.unwrap();
    let Paid::Before(before) = shop.pay(order.id, user(1), key("p"), in_time()).await else { panic!("not before") };
    assert_eq!(before.status, OrderStatus::Refunded);
    assert_eq!(shop.balance(user(1)).await, Some(5_000));
}

pub(crate) async fn a_key_is_one_orders(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(1), 5_000).await;
    shop.fill(user(2), 5_000).await;
    let [first, second] = [shop.order(sale, user(1)).await, shop.order(sale, user(1)).await];
    let others = shop.order(sale, user(2)).await;
    assert!(matches!(shop.pay(first.id, user(1), key("p"), in_time()).await, Paid::Now(_)));
    assert!(matches!(shop.pay(second.id, user(1), key("p"), in_time()).await, Paid::KeyReused));
    assert!(
        matches!(shop.pay(id(404), user(1), key("p"), in_time()).await, Paid::KeyReused),
        "before it is looked for"
    );
    assert!(matches!(shop.pay(others.id, user(2), key("p"), in_time()).await, Paid::Now(_)), "a user's own keys");
    assert_eq!(shop.stored(second.id).await, second);
    // A key of a payment that failed is free.
    let not = shop.pay(first.id, user(1), key("q"), in_time()).await;
    assert!(matches!(not, Paid::NotPayable(_)));
    assert!(matches!(shop.pay(second.id, user(1), key("q"), in_time()).await, Paid::Now(_)));
}

pub(crate) async fn somebody_elses_order_is_unknown(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(2), 5_000).await;
    let order = shop.order(sale, user(1)).await;
    assert!(matches!(shop.pay(order.id, user(2), None, in_time()).await, Paid::NotFound));
    assert!(matches!(shop.pay(id::<OrderId>(404), user(2), key("p"), in_time()).await, Paid::NotFound));
    assert_eq!((shop.stored(order.id).await, shop.balance(user(2)).await), (order, Some(5_000)));
}

pub(crate) async fn the_deadline_is_sharp(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(1), 5_000).await;
    let order = shop.order(sale, user(1)).await;
    let Paid::NotPayable(found) = shop.pay(order.id, user(1), None, deadline()).await else { panic!("too late") };
    assert_eq!(found, order);
    assert!(matches!(shop.pay(order.id, user(1), None, in_time()).await, Paid::Now(_)));
}

pub(crate) async fn what_is_closed_is_not_paid(shop: &Shop) {
    let sale = shop.sell(2).await;
    shop.fill(user(1), 5_000).await;
    let [cancelled, paid] = [shop.order(sale, user(1)).await, shop.order(sale, user(1)).await];
    let rejected = shop.place(&[shop.hold(sale, user(1))]).await.pop().unwrap().order;
    shop.orders.cancel(cancelled.id, None, start()).await.unwrap();
    shop.pay(paid.id, user(1), None, in_time()).await;
    for (order, status) in
        [(cancelled.id, OrderStatus::Cancelled), (paid.id, OrderStatus::Paid), (rejected.id, OrderStatus::Rejected)]
    {
        let Paid::NotPayable(found) = shop.pay(order, user(1), None, in_time()).await else { panic!("{status:?}") };
        assert_eq!(found.status, status);
    }
    assert_eq!(shop.balance(user(1)).await, Some(5_000 - PRICE));
}

pub(crate) async fn too_little_money_changes_nothing(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.order(sale, user(1)).await;
    for balance in [0, PRICE - 1] {
        let Paid::InsufficientFunds { balance: told } = shop.pay(order.id, user(1), key("p"), in_time()).await else {
            panic!("paid from {balance}")
        };
        assert_eq!(told, Money::new(balance, Currency::Cny));
        assert_eq!(shop.stored(order.id).await, order);
        assert_eq!(shop.history(order.id).await.len(), 2);
        shop.check().await;
        shop.fill(user(1), PRICE - 1 - balance + i64::from(balance > 0)).await;
    }
    assert_eq!(shop.balance(user(1)).await, Some(PRICE));
    assert!(matches!(shop.pay(order.id, user(1), key("p"), in_time()).await, Paid::Now(_)), "the same attempt again");
    assert_eq!(shop.balance(user(1)).await, Some(0));
}

pub(crate) async fn what_is_free_needs_no_wallet(shop: &Shop) {
    let sale = shop.sell(10).await;
    let gift = Hold { unit_price: Money::new(0, Currency::Cny), ..shop.hold(sale, user(1)) };
    shop.place(std::slice::from_ref(&gift)).await;
    assert!(matches!(shop.pay(gift.order_id, user(1), key("p"), in_time()).await, Paid::Now(_)));
    assert!(matches!(shop.pay(gift.order_id, user(1), key("p"), in_time()).await, Paid::Before(_)));
    assert_eq!(shop.balance(user(1)).await, None);
}
