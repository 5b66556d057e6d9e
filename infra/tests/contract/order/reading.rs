//! Orders are read.

use domain::{
    id::{CampaignId, OrderId, UserId},
    order::{Order, OrderStatus, ports::OrderFilter},
    page::{Page, PageRequest},
    spike::Hold,
    testing::id,
};

use super::{Shop, key, start, user};

fn ids(orders: &[Order]) -> Vec<OrderId> {
    orders.iter().map(|order| order.id).collect()
}

pub(crate) async fn orders_are_read_by_id(shop: &Shop) {
    let sale = shop.sell(2_500).await;
    let holds: Vec<Hold> = (0..1_250).map(|n| shop.hold(sale, user(n))).collect();
    shop.place(&holds).await;
    // More than one statement asks for, some twice, some unknown.
    let mut asked: Vec<OrderId> = holds.iter().map(|hold| hold.order_id).collect();
    asked.extend(asked.clone().iter().rev());
    asked.extend((0..10).map(id::<OrderId>));
    let found = shop.orders.by_ids(&asked).await.unwrap();
    let mut found = ids(&found);
    found.sort_unstable();
    assert_eq!(found, asked[..1_250]);
    let events = shop.orders.events(&asked).await.unwrap();
    let order: Vec<_> = events.iter().map(|event| (event.order_id, event.version)).collect();
    assert!(order.is_sorted());
    assert_eq!(order.len(), 2_500);
    assert!(shop.orders.by_ids(&[]).await.unwrap().is_empty());
    assert!(shop.orders.events(&[]).await.unwrap().is_empty());
}

pub(crate) async fn an_attempt_finds_its_order(shop: &Shop) {
    let sale = shop.sell(10).await;
    let hold = Hold { quantity: 2, request_key: key("k"), ..shop.hold(sale, user(1)) };
    shop.place(std::slice::from_ref(&hold)).await;
    let found = shop.orders.by_request(user(1), &key("k").unwrap()).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.campaign_id), (user(1), sale));
    assert_eq!((found.quantity, found.order_id, Some(found.request_key)), (2, hold.order_id, key("k")));
    for (of, text) in [(user(2), "k"), (user(1), "K"), (user(1), "other")] {
        assert_eq!(shop.orders.by_request(of, &key(text).unwrap()).await.unwrap(), None);
    }
}

pub(crate) async fn a_list_has_filters_and_pages(shop: &Shop) {
    let [sale, other] = [shop.sell(10).await, shop.sell(10).await];
    let mut holds = Vec::new();
    for n in 1..=3 {
        holds.extend([shop.hold(sale, user(n)), shop.hold(other, user(n))]);
    }
    shop.place(&holds).await;
    shop.orders.cancel(holds[0].order_id, None, start()).await.unwrap();
    let newest: Vec<OrderId> = holds.iter().rev().map(|hold| hold.order_id).collect();
    let all = PageRequest { limit: 100, ..PageRequest::default() };

    let list = async |campaign: Option<CampaignId>, user: Option<UserId>, statuses: &[OrderStatus]| {
        let filter = OrderFilter { campaign, user, statuses: statuses.to_vec() };
        ids(&shop.orders.list(&filter, &all).await.unwrap().items)
    };
    let pick = |picked: &[usize]| picked.iter().map(|n| newest[*n]).collect::<Vec<_>>();
    assert_eq!(list(None, None, &[]).await, newest);
    assert_eq!(list(Some(sale), None, &[]).await, pick(&[1, 3, 5]));
    assert_eq!(list(None, Some(user(2)), &[]).await, pick(&[2, 3]));
    assert_eq!(list(Some(sale), Some(user(2)), &[]).await, pick(&[3]));
    assert_eq!(list(Some(sale), None, &[OrderStatus::Cancelled]).await, pick(&[5]));
    assert_eq!(list(None, None, &[OrderStatus::Cancelled, OrderStatus::PendingPayment]).await, newest);
    assert!(list(None, Some(user(4)), &[]).await.is_empty());

    let page = async |request: PageRequest<OrderId>| -> Page<Order> {
        let filter = OrderFilter { statuses: vec![OrderStatus::PendingPayment], ..OrderFilter::default() };
        shop.orders.list(&filter, &PageRequest { limit: 2, with_total: true, ..request }).await.unwrap()
    };
    let first = page(PageRequest::default()).await;
    assert_eq!(
        (ids(&first.items), first.has_previous, first.has_next, first.total),
        (pick(&[0, 1]), false, true, Some(5))
    );
    let next = page(PageRequest { after: Some(newest[1]), ..PageRequest::default() }).await;
    assert_eq!((ids(&next.items), next.has_previous, next.has_next), (pick(&[2, 3]), true, true));
    let end = page(PageRequest { backward: true, ..PageRequest::default() }).await;
    assert_eq!((ids(&end.items), end.has_previous, end.has_next), (pick(&[3, 4]), true, false));
    let before = page(PageRequest { backward: true, before: Some(newest[3]), ..PageRequest::default() }).await;
    assert_eq!((ids(&before.items), before.has_previous, before.has_next), (pick(&[1, 2]), true, true));
}

pub(crate) async fn a_buyer_sees_their_orders_in_campaigns(shop: &Shop) {
    let [a, b, c] = [shop.sell(10).await, shop.sell(10).await, shop.sell(10).await];
    let holds: Vec<Hold> =
        [(a, 1), (b, 1), (c, 1), (a, 2), (a, 1)].map(|(sale, n)| shop.hold(sale, user(n))).into_iter().collect();
    shop.place(&holds).await;
    let of = async |campaigns: &[CampaignId]| ids(&shop.orders.of_user_in(user(1), campaigns).await.unwrap());
    let pick = |picked: &[usize]| picked.iter().map(|n| holds[*n].order_id).collect::<Vec<_>>();
    assert_eq!(of(&[a]).await, pick(&[4, 0]));
    assert_eq!(of(&[b, a, b]).await, pick(&[4, 1, 0]));
    assert!(of(&[]).await.is_empty());
    assert!(of(&[id(404)]).await.is_empty());
}
