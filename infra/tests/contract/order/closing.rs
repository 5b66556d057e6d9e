//! Unpaid orders are closed.

use chrono::Duration;
use domain::{
    id::OrderId,
    order::{OrderStatus, ports::Closed, status::OrderChange},
    spike::Hold,
    testing::id,
};

use super::{Shop, deadline, in_time, start, user};

fn ids(changes: &[OrderChange]) -> Vec<OrderId> {
    changes.iter().map(|change| change.order.id).collect()
}

pub(crate) async fn a_buyer_gives_an_order_up(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.order(sale, user(1)).await;
    let Closed::Now(change) = shop.orders.cancel(order.id, Some(user(1)), in_time()).await.unwrap() else {
        panic!("not cancelled")
    };
    let cancelled = &change.order;
    assert_eq!((cancelled.status, cancelled.version), (OrderStatus::Cancelled, 2));
    assert_eq!((cancelled.paid_at, cancelled.closed_at), (None, Some(in_time())));
    assert_eq!(shop.stored(order.id).await, *cancelled);
    assert_eq!(shop.orders.events(&[order.id]).await.unwrap()[2], change.event);
    assert!(change.follow_up.is_some());
    assert_eq!(shop.movements(order.id).await.last(), Some(&("RELEASED".to_owned(), None)));
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (0, (10, 0, 0)));
    // Due, but nobody has expired it yet.
    let late = shop.order(sale, user(1)).await;
    assert!(matches!(shop.orders.cancel(late.id, Some(user(1)), deadline()).await.unwrap(), Closed::Now(_)));
    assert!(shop.orders.expire(deadline(), 10).await.unwrap().is_empty());
}

pub(crate) async fn only_the_owner_gives_it_up(shop: &Shop) {
    let sale = shop.sell(10).await;
    let order = shop.order(sale, user(1)).await;
    assert!(matches!(shop.orders.cancel(order.id, Some(user(2)), start()).await.unwrap(), Closed::NotFound));
    assert!(matches!(shop.orders.cancel(id(404), None, start()).await.unwrap(), Closed::NotFound));
    assert_eq!(shop.stored(order.id).await, order);
    assert!(matches!(shop.orders.cancel(order.id, None, start()).await.unwrap(), Closed::Now(_)), "an administrator");
}

pub(crate) async fn what_is_not_unpaid_is_not_cancelled(shop: &Shop) {
    let sale = shop.sell(2).await;
    let [paid, cancelled] = [shop.paid(sale, user(1)).await, shop.order(sale, user(1)).await];
    let rejected = shop.place(&[shop.hold(sale, user(3))]).await.pop().unwrap().order;
    shop.orders.cancel(cancelled.id, None, start()).await.unwrap();
    for (order, status) in
        [(paid.id, OrderStatus::Paid), (cancelled.id, OrderStatus::Cancelled), (rejected.id, OrderStatus::Rejected)]
    {
        let Closed::Not(found) = shop.orders.cancel(order, None, start()).await.unwrap() else { panic!("{status:?}") };
        assert_eq!(found.status, status);
    }
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (1, (1, 0, 1)));
}

pub(crate) async fn what_is_due_expires_the_longest_due_first(shop: &Shop) {
    let sale = shop.sell(10).await;
    assert_eq!(shop.orders.next_deadline().await.unwrap(), None);
    let windows = [900_u32, 700, 800, 1_000];
    let holds: Vec<Hold> = windows
        .iter()
        .zip(1..)
        .map(|(seconds, n)| Hold { payment_window_seconds: *seconds, ..shop.hold(sale, user(n)) })
        .collect();
    shop.place(&holds).await;
    let paid = shop.paid(sale, user(9)).await;
    let at = |seconds| start() + Duration::seconds(seconds);
    assert_eq!(shop.orders.next_deadline().await.unwrap(), Some(at(700)));
    let just_before = at(700) - Duration::milliseconds(1);
    assert!(shop.orders.expire(just_before, 10).await.unwrap().is_empty());
    assert!(shop.orders.expire(deadline(), 0).await.unwrap().is_empty());

    let expired = shop.orders.expire(deadline(), 2).await.unwrap();
    assert_eq!(ids(&expired), [holds[1].order_id, holds[2].order_id]);
    assert_eq!(shop.orders.next_deadline().await.unwrap(), Some(at(900)));
    let expired = shop.orders.expire(deadline(), 2).await.unwrap();
    assert_eq!(ids(&expired), [holds[0].order_id]);
    let order = &expired[0].order;
    assert_eq!((order.status, order.version, order.closed_at), (OrderStatus::Expired, 2, Some(deadline())));
    assert_eq!(shop.stored(order.id).await, *order);
    assert_eq!(shop.orders.events(&[order.id]).await.unwrap()[2], expired[0].event);
    assert!(expired[0].follow_up.is_some());
    assert!(shop.orders.expire(deadline(), 2).await.unwrap().is_empty());
    assert_eq!(shop.orders.next_deadline().await.unwrap(), Some(at(1_000)));
    assert_eq!(shop.stored(paid.id).await, paid, "paid orders have no deadline any more");
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (2, (8, 1, 1)));
}

pub(crate) async fn many_expire_at_once_in_many_campaigns(shop: &Shop) {
    let sales = [shop.sell(1_000).await, shop.sell(1_000).await, shop.sell(1_000).await];
    let holds: Vec<Hold> = (0..1_200_usize).map(|n| shop.hold(sales[n % 3], user(n as u128))).collect();
    shop.place(&holds).await;
    assert_eq!(shop.orders.expire(deadline(), 1_100).await.unwrap().len(), 1_100);
    assert_eq!(shop.orders.expire(deadline(), usize::MAX).await.unwrap().len(), 100);
    for sale in sales {
        assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (0, (1_000, 0, 0)));
    }
}

pub(crate) async fn a_campaign_that_lost_count_is_a_defect(shop: &Shop) {
    let sale = shop.sell(10).await;
    let [unpaid, paid] = [shop.order(sale, user(1)).await, shop.paid(sale, user(2)).await];
    shop.miscount(sale, 0).await;
    shop.orders.cancel(unpaid.id, None, start()).await.unwrap_err();
    shop.orders.expire(deadline(), 10).await.unwrap_err();
    shop.refund(paid.id).await.unwrap_err();
    assert_eq!((shop.stored(unpaid.id).await, shop.stored(paid.id).await), (unpaid, paid), "nothing was changed");
    shop.miscount(sale, 2).await;
}
