//! Several want the same thing at the same moment.

use std::sync::Arc;

use domain::{
    id::{CampaignId, OrderId},
    order::{
        OrderStatus,
        ports::{Closed, Paid, Payment},
    },
    spike::Hold,
    testing::id,
};
use futures_util::future::join_all;

use super::{PRICE, Shop, deadline, in_time, key, start, user};

/// Runs all at once, on threads of their own as far as there are any.
async fn at_once<T: Send + 'static>(all: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

pub(crate) async fn one_of_pay_cancel_and_expire_wins(shop: &Shop) {
    let sale = shop.sell(100).await;
    let mut wins = [0, 0, 0];
    for round in 0..24_u128 {
        let buyer = user(round + 1);
        shop.fill(buyer, PRICE).await;
        let order = shop.order(sale, buyer).await;
        let orders = [Arc::clone(&shop.orders), Arc::clone(&shop.orders), Arc::clone(&shop.orders)];
        let [first, second, third] = orders;
        let payment =
            Payment { order: order.id, user: buyer, request_key: key("p"), at: in_time(), entry: id(round + 1) };
        let pay = async move { matches!(first.pay(&payment).await.unwrap(), Paid::Now(_)) };
        let cancel =
            async move { matches!(second.cancel(order.id, Some(buyer), deadline()).await.unwrap(), Closed::Now(_)) };
        let expire = async move { !third.expire(deadline(), 10).await.unwrap().is_empty() };
        let mut contenders: Vec<std::pin::Pin<Box<dyn Future<Output = bool> + Send>>> =
            vec![Box::pin(pay), Box::pin(cancel), Box::pin(expire)];
        let turn = usize::try_from(round % 3).unwrap();
        contenders.rotate_left(turn);
        let mut won = at_once(contenders).await;
        won.rotate_right(turn);
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");

        let winner = won.iter().position(|won| *won).unwrap();
        let expected = [OrderStatus::Paid, OrderStatus::Cancelled, OrderStatus::Expired][winner];
        wins[winner] += 1;
        assert_eq!(shop.history(order.id).await, [OrderStatus::Queued, OrderStatus::PendingPayment, expected]);
        let left = if expected == OrderStatus::Paid { 0 } else { PRICE };
        assert_eq!(shop.balance(buyer).await, Some(left), "charged for what is paid, and for nothing else");
        assert_eq!(shop.movements(order.id).await.len(), 2);
        shop.check().await;
    }
    assert_eq!(i64::from(shop.allocated(sale).await), i64::from(wins[0]));
}

pub(crate) async fn the_same_attempts_at_once_pay_once(shop: &Shop) {
    let sale = shop.sell(10).await;
    shop.fill(user(1), 5_000).await;
    let [order, other] = [shop.order(sale, user(1)).await, shop.order(sale, user(1)).await];
    let attempts = (0..8_u128).map(|n| {
        let orders = Arc::clone(&shop.orders);
        let order = if n % 4 == 3 { other.id } else { order.id };
        let payment = Payment { order, user: user(1), request_key: key("p"), at: in_time(), entry: id(n + 1) };
        async move { orders.pay(&payment).await.unwrap() }
    });
    let paid = at_once(attempts).await;
    let count = |which: fn(&Paid) -> bool| paid.iter().filter(|paid| which(paid)).count();
    assert_eq!(count(|paid| matches!(paid, Paid::Now(_))), 1);
    assert_eq!(count(|paid| matches!(paid, Paid::Now(_) | Paid::Before(_) | Paid::KeyReused)), 8, "{paid:?}");
    assert_eq!(shop.balance(user(1)).await, Some(5_000 - PRICE));
}

pub(crate) async fn the_same_batches_at_once_are_placed_once(shop: &Shop) {
    let sale = shop.sell(100).await;
    let mut holds: Vec<Hold> = (0..50).map(|n| Hold { request_key: key("k"), ..shop.hold(sale, user(n)) }).collect();
    holds.push(shop.hold(id::<CampaignId>(404), user(1)));
    let batches = (0..6_usize).map(|n| {
        let orders = Arc::clone(&shop.orders);
        let mut batch = holds.clone();
        batch.rotate_left(n * 7);
        async move { orders.place(&batch, start()).await.unwrap().len() }
    });
    assert_eq!(at_once(batches).await.into_iter().sum::<usize>(), 51);
    assert_eq!(shop.allocated(sale).await, 50);
}

pub(crate) async fn batches_at_once_never_oversell(shop: &Shop) {
    let [sale, other] = [shop.sell(30).await, shop.sell(1_000).await];
    let batches: Vec<Vec<Hold>> = (0..8)
        .map(|_| {
            // The same ten buyers in each batch, in both campaigns: their limit is two.
            let mut batch: Vec<Hold> = (0..10).map(|n| shop.hold(other, user(n))).collect();
            batch.extend((0..10).map(|n| Hold { per_user_limit: 100, ..shop.hold(sale, user(n)) }));
            batch
        })
        .collect();
    let placed = at_once(batches.clone().into_iter().map(|batch| {
        let orders = Arc::clone(&shop.orders);
        async move { orders.place(&batch, start()).await.unwrap().len() }
    }))
    .await;
    assert_eq!(placed.into_iter().sum::<usize>(), 160);
    assert_eq!((shop.allocated(sale).await, shop.allocated(other).await), (30, 20));
    for n in 0..10 {
        let of_user = shop.orders.of_user_in(user(n), &[other]).await.unwrap();
        assert_eq!(of_user.iter().filter(|order| order.status.has_units()).count(), 2);
    }
}

pub(crate) async fn money_is_spent_once(shop: &Shop) {
    let sale = shop.sell(100).await;
    shop.fill(user(1), 3 * PRICE + 1).await;
    let holds: Vec<Hold> = (0..8).map(|_| Hold { per_user_limit: 8, ..shop.hold(sale, user(1)) }).collect();
    shop.place(&holds).await;
    let payments = holds.iter().map(|hold| hold.order_id).zip(1_u128..).map(|(order, n): (OrderId, _)| {
        let orders = Arc::clone(&shop.orders);
        let payment = Payment { order, user: user(1), request_key: None, at: in_time(), entry: id(n) };
        async move { orders.pay(&payment).await.unwrap() }
    });
    let paid = at_once(payments).await;
    assert_eq!(paid.iter().filter(|paid| matches!(paid, Paid::Now(_))).count(), 3);
    let refused = |paid: &&Paid| matches!(paid, Paid::InsufficientFunds { balance } if balance.minor < PRICE);
    assert_eq!(paid.iter().filter(refused).count(), 5);
    assert_eq!((shop.balance(user(1)).await, shop.moved(sale).await), (Some(1), (92, 5, 3)));
}
