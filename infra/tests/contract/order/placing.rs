//! Holds become orders.

use domain::{
    id::{CampaignId, OrderId},
    order::{OrderStatus, status::OrderChange},
    spike::Hold,
    testing::id,
};

use super::{Shop, deadline, key, start, user};

fn reasons(changes: &[OrderChange]) -> Vec<&str> {
    changes.iter().map(|change| change.event.reason.as_deref().unwrap_or_default()).collect()
}

pub(crate) async fn a_hold_becomes_an_order(shop: &Shop) {
    let sale = shop.sell(10).await;
    let hold = Hold { quantity: 2, request_key: key("k"), ..shop.hold(sale, user(1)) };
    let change = shop.place(std::slice::from_ref(&hold)).await.pop().unwrap();
    let order = &change.order;
    assert_eq!((order.id, order.campaign_id, order.user_id), (hold.order_id, sale, user(1)));
    assert_eq!((order.quantity, order.unit_price, &order.request_key), (2, hold.unit_price, &hold.request_key));
    assert_eq!((order.status, order.version), (OrderStatus::PendingPayment, 1));
    assert_eq!((order.created_at, order.pay_before), (hold.grabbed_at, Some(deadline())));
    assert_eq!((order.paid_at, order.closed_at), (None, None));
    assert_eq!(shop.stored(order.id).await, *order);

    let events = shop.orders.events(&[order.id]).await.unwrap();
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(shop.history(order.id).await, [OrderStatus::Queued, OrderStatus::PendingPayment]);
    assert_eq!(events[1], change.event);
    assert!(change.follow_up.is_some());
    assert_eq!(shop.movements(order.id).await, [("HELD".to_owned(), None)]);
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (2, (8, 2, 0)));
}

pub(crate) async fn a_hold_is_placed_once(shop: &Shop) {
    let sale = shop.sell(10).await;
    let [first, second] = [shop.hold(sale, user(1)), shop.hold(sale, user(2))];
    let placed = shop.place(&[first.clone(), first.clone()]).await;
    assert_eq!(placed.len(), 1, "twice in a batch");
    assert!(shop.place(std::slice::from_ref(&first)).await.is_empty(), "in two batches");
    let placed = shop.place(&[first.clone(), second.clone(), first]).await;
    assert_eq!(placed.iter().map(|change| change.order.id).collect::<Vec<_>>(), [second.order_id]);
    assert!(shop.place(&[]).await.is_empty());
    assert_eq!(shop.allocated(sale).await, 2);
}

pub(crate) async fn what_a_campaign_has_not_is_rejected(shop: &Shop) {
    let sale = shop.sell(3).await;
    let holds: Vec<Hold> = (1..=4).map(|n| Hold { request_key: key("k"), ..shop.hold(sale, user(n)) }).collect();
    assert_eq!(reasons(&shop.place(&holds[..2]).await), ["", ""]);
    let placed = shop.place(&holds[2..]).await;
    assert_eq!(reasons(&placed), ["", "the campaign has no units left"]);
    let rejected = &placed[1];
    assert_eq!((rejected.order.status, rejected.order.version), (OrderStatus::Rejected, 1));
    assert_eq!((rejected.order.closed_at, rejected.order.pay_before), (Some(start()), None));
    assert_eq!(rejected.order.request_key, None, "its key is free again");
    assert!(rejected.follow_up.is_some(), "its units must come back to the stock");
    assert_eq!(shop.stored(rejected.order.id).await, rejected.order);
    assert_eq!(shop.history(rejected.order.id).await, [OrderStatus::Queued, OrderStatus::Rejected]);
    assert!(shop.movements(rejected.order.id).await.is_empty());
    assert_eq!((shop.allocated(sale).await, shop.moved(sale).await), (3, (0, 3, 0)));
    // What comes free goes to the next.
    shop.orders.cancel(holds[0].order_id, None, start()).await.unwrap();
    assert_eq!(reasons(&shop.place(&[shop.hold(sale, user(5))]).await), [""]);
}

pub(crate) async fn a_user_has_a_limit_in_each_campaign(shop: &Shop) {
    let [sale, other] = [shop.sell(10).await, shop.sell(10).await];
    let limit = "more units than one user may have";
    let mut holds: Vec<Hold> = (0..3).map(|_| shop.hold(sale, user(1))).collect();
    holds.push(shop.hold(sale, user(2)));
    holds.push(shop.hold(other, user(1)));
    let placed = shop.place(&holds).await;
    assert_eq!(reasons(&placed), ["", "", limit, "", ""], "in a batch");
    assert_eq!(reasons(&shop.place(&[shop.hold(sale, user(1))]).await), [limit], "over batches");
    let two = Hold { quantity: 2, ..shop.hold(sale, user(2)) };
    assert_eq!(reasons(&shop.place(&[two]).await), [limit]);
    // A paid order counts, one that was given up does not.
    shop.fill(user(1), super::PRICE).await;
    shop.pay(holds[0].order_id, user(1), None, start()).await;
    assert_eq!(reasons(&shop.place(&[shop.hold(sale, user(1))]).await), [limit]);
    shop.orders.cancel(holds[1].order_id, None, start()).await.unwrap();
    assert_eq!(reasons(&shop.place(&[shop.hold(sale, user(1))]).await), [""]);
}

pub(crate) async fn a_key_has_one_order(shop: &Shop) {
    let sale = shop.sell(10).await;
    let taken = "the idempotency key was used for another order";
    let keyed = |number, text| Hold { request_key: key(text), ..shop.hold(sale, user(number)) };
    let [first, again, others] = [keyed(1, "a"), keyed(1, "a"), keyed(2, "a")];
    assert_eq!(reasons(&shop.place(&[first.clone(), again, others]).await), ["", taken, ""], "in a batch");
    assert_eq!(reasons(&shop.place(&[keyed(1, "a"), keyed(1, "b")]).await), [taken, ""], "over batches");
    // What became of the order does not matter.
    shop.orders.cancel(first.order_id, None, start()).await.unwrap();
    assert_eq!(reasons(&shop.place(&[keyed(1, "a")]).await), [taken]);
    let found = shop.orders.by_request(user(1), &key("a").unwrap()).await.unwrap().unwrap();
    assert_eq!(found.order_id, first.order_id);
}

pub(crate) async fn an_unknown_campaign_is_rejected(shop: &Shop) {
    let sale = shop.sell(1).await;
    let unknown = shop.hold(id::<CampaignId>(404), user(1));
    let placed = shop.place(&[unknown.clone(), shop.hold(sale, user(1))]).await;
    assert_eq!(reasons(&placed), ["the campaign does not exist any more", ""]);
    assert!(shop.place(&[unknown]).await.is_empty());
}

pub(crate) async fn a_batch_is_placed_whole_or_not_at_all(shop: &Shop) {
    let sale = shop.sell(10).await;
    let good = shop.hold(sale, user(1));
    // More than a column can hold: a message that nobody sends, and that cannot be written.
    let monstrous = Hold { quantity: u32::MAX, ..shop.hold(sale, user(2)) };
    shop.orders.place(&[good.clone(), monstrous], start()).await.unwrap_err();
    assert!(shop.orders.by_ids(&[good.order_id]).await.unwrap().is_empty());
    assert_eq!(shop.allocated(sale).await, 0);
    assert_eq!(shop.place(&[good]).await.len(), 1);
}

pub(crate) async fn a_thousand_holds_are_one_batch(shop: &Shop) {
    let [sale, small] = [shop.sell(2_000).await, shop.sell(100).await];
    let holds: Vec<Hold> = (0..1_000_u32)
        .map(|n| {
            let sale = if n % 5 == 0 { small } else { sale };
            Hold { request_key: key(&format!("k{n}")), ..shop.hold(sale, user(u128::from(n) + 1)) }
        })
        .collect();
    let placed = shop.place(&holds).await;
    let ids = |changes: &[OrderChange]| changes.iter().map(|change| change.order.id).collect::<Vec<OrderId>>();
    assert_eq!(ids(&placed), holds.iter().map(|hold| hold.order_id).collect::<Vec<_>>());
    let rejected = placed.iter().filter(|change| change.order.status == OrderStatus::Rejected).count();
    assert_eq!(rejected, 100);
    assert_eq!((shop.allocated(sale).await, shop.allocated(small).await), (800, 100));
    assert_eq!(shop.orders.events(&ids(&placed)).await.unwrap().len(), 2_000);
    assert_eq!(shop.orders.follow_ups(start(), 5_000).await.unwrap().len(), 1_000);
    assert!(shop.place(&holds).await.is_empty(), "delivered again");
    let notes: Vec<_> = placed.iter().filter_map(|change| change.follow_up).collect();
    shop.orders.follow_ups_done(&notes).await.unwrap();
    assert!(shop.orders.follow_ups(start(), 5_000).await.unwrap().is_empty());
}

pub(crate) async fn an_overdrawn_campaign_takes_nothing_more(shop: &Shop) {
    let sale = shop.sell(1).await;
    // Its row says that more was taken than there is: nothing is left, and nothing wraps around.
    shop.miscount(sale, 3).await;
    assert_eq!(reasons(&shop.place(&[shop.hold(sale, user(1))]).await), ["the campaign has no units left"]);
    shop.miscount(sale, 0).await;
}
