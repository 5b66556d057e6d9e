//! What is to follow from a change is noted.

use chrono::Duration;
use domain::{
    id::TypedId,
    order::{
        OrderStatus,
        ports::{Closed, Paid},
    },
    testing::id,
};

use super::{PRICE, Shop, deadline, in_time, start, user};

pub(crate) async fn what_follows_is_noted_until_it_is_done(shop: &Shop) {
    let sale = shop.sell(3).await;
    shop.fill(user(1), PRICE).await;
    let mut made = shop.place(&(1..=4).map(|n| shop.hold(sale, user(n))).collect::<Vec<_>>()).await;
    let Paid::Now(paid) = shop.pay(made[0].order.id, user(1), None, start() + Duration::seconds(1)).await else {
        panic!("not paid")
    };
    made.push(paid);
    let second = start() + Duration::seconds(2);
    let Closed::Now(cancelled) = shop.orders.cancel(made[1].order.id, None, second).await.unwrap() else {
        panic!("not cancelled")
    };
    made.push(cancelled);
    made.extend(shop.orders.expire(deadline(), 10).await.unwrap());
    let Closed::Now(refunded) = shop.refund(made[0].order.id).await.unwrap() else { panic!("not refunded") };
    made.push(refunded);

    assert_eq!(
        shop.orders.follow_ups(deadline(), usize::MAX).await.unwrap(),
        made,
        "as they were told, the oldest first"
    );
    assert_eq!(shop.orders.follow_ups(deadline(), 3).await.unwrap(), made[..3]);
    assert_eq!(shop.orders.follow_ups(second, 100).await.unwrap(), made[..6]);
    let just_before = second - Duration::milliseconds(1);
    assert_eq!(shop.orders.follow_ups(just_before, 100).await.unwrap(), made[..5]);
    assert!(shop.orders.follow_ups(start() - Duration::milliseconds(1), 100).await.unwrap().is_empty());

    let notes: Vec<_> = made.iter().filter_map(|change| change.follow_up).collect();
    assert_eq!(notes.len(), made.len());
    shop.orders.follow_ups_done(&[]).await.unwrap();
    shop.orders.follow_ups_done(&notes[..4]).await.unwrap();
    // Again, and one that never was: the other process was faster.
    shop.orders.follow_ups_done(&[notes[0], id::<domain::id::OrderId>(404).uuid()]).await.unwrap();
    assert_eq!(shop.orders.follow_ups(deadline(), 100).await.unwrap(), made[4..]);
    shop.orders.follow_ups_done(&notes).await.unwrap();
    assert!(shop.orders.follow_ups(deadline(), 100).await.unwrap().is_empty());
}

pub(crate) async fn a_note_shows_its_own_change(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.paid(sale, user(1)).await;
    shop.refund(order.id).await.unwrap();
    let notes = shop.orders.follow_ups(deadline(), 100).await.unwrap();
    let shown: Vec<_> = notes
        .iter()
        .map(|note| (note.order.status, note.order.version, note.order.paid_at, note.order.closed_at))
        .collect();
    assert_eq!(
        shown,
        [
            (OrderStatus::PendingPayment, 1, None, None),
            (OrderStatus::Paid, 2, Some(in_time()), None),
            (OrderStatus::Refunded, 3, Some(in_time()), Some(deadline())),
        ]
    );
}
