//! What is read of orders: by whom, in which order, page by page.

use chrono::Duration;
use domain::testing::instant;
use serde_json::{Value, json};

use super::{NO_ORDER, cancel, error_code, history, paid, refund, unpaid};
use crate::support::{Customer, TestShop};

const ORDERS: &str = "query($first: Int, $after: String, $last: Int, $before: String, $statuses: [OrderStatus!]) {
    me { orders(first: $first, after: $after, last: $last, before: $before, statuses: $statuses) {
        nodes { id status } edges { cursor } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";

async fn orders(shop: &TestShop, buyer: &Customer, arguments: Value) -> Value {
    shop.data(Some(&buyer.token), ORDERS, arguments).await["me"]["orders"].take()
}

fn ids(page: &Value) -> Vec<&str> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_order_is_there_for_its_buyer_and_for_administrators() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 1).await;
    let [buyer, stranger] = [shop.register_customer().await, shop.register_customer().await];
    let order = unpaid(&shop, &buyer, &campaign).await;
    let query = "query($id: ID!) { order(id: $id) { id user { id username } campaign { id title } } }";
    let ask = async |token: Option<&str>, id: &str| shop.graphql(token, query, json!({ "id": id })).await;
    let expected = json!({
        "id": order, "user": { "id": buyer.id, "username": buyer.username },
        "campaign": { "id": campaign, "title": "Sample" },
    });
    for token in [&buyer.token, &shop.admin_token().await] {
        assert_eq!(ask(Some(token), &order).await, json!({ "data": { "order": expected } }));
    }
    let nothing = json!({ "data": { "order": null } });
    assert_eq!(ask(Some(&stranger.token), &order).await, nothing);
    assert_eq!(ask(Some(&buyer.token), NO_ORDER).await, nothing, "somebody else's is like none");
    assert_eq!(error_code(&ask(None, &order).await), "UNAUTHENTICATED");
    for id in ["", "order_", campaign.as_str()] {
        assert_eq!(error_code(&ask(Some(&buyer.token), id).await), "BAD_USER_INPUT", "{id:?}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn ones_orders_are_listed_page_by_page_the_newest_first() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(10, 10).await;
    let [buyer, other] = [shop.register_customer().await, shop.register_customer().await];
    unpaid(&shop, &other, &campaign).await;
    let mut newest_first = Vec::new();
    for _ in 0..5 {
        newest_first.insert(0, unpaid(&shop, &buyer, &campaign).await);
    }
    let all = orders(&shop, &buyer, json!({})).await;
    assert_eq!((ids(&all), &all["totalCount"]), (newest_first.iter().map(String::as_str).collect(), &json!(5)));

    let mut forward = Vec::new();
    let mut after = Value::Null;
    for (size, next, previous) in [(2, true, false), (2, true, true), (1, false, true)] {
        let page = orders(&shop, &buyer, json!({ "first": 2, "after": after })).await;
        assert_eq!((ids(&page).len(), &page["totalCount"]), (size, &json!(5)));
        let info = &page["pageInfo"];
        assert_eq!((&info["hasNextPage"], &info["hasPreviousPage"]), (&json!(next), &json!(previous)));
        assert_eq!(info["startCursor"], page["edges"][0]["cursor"]);
        after = info["endCursor"].clone();
        forward.extend(ids(&page).into_iter().map(ToOwned::to_owned));
    }
    assert_eq!(forward, newest_first);
    let last = orders(&shop, &buyer, json!({ "last": 2 })).await;
    assert_eq!(ids(&last), newest_first[3..]);
    let before = orders(&shop, &buyer, json!({ "last": 2, "before": last["pageInfo"]["startCursor"] })).await;
    assert_eq!(ids(&before), newest_first[1..3]);

    for arguments in
        [json!({ "first": 0 }), json!({ "first": 101 }), json!({ "after": "x" }), json!({ "first": 1, "last": 1 })]
    {
        let answer = shop.graphql(Some(&buyer.token), ORDERS, arguments.clone()).await;
        assert_eq!(error_code(&answer), "BAD_USER_INPUT", "{arguments}");
    }
    shop.stop().await;
}

#[tokio::test]
async fn orders_are_found_by_their_states_and_by_their_campaign() {
    let shop = TestShop::start().await;
    let [campaign, elsewhere] = [shop.live_campaign(10, 10).await, shop.live_campaign(10, 10).await];
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    let stranger = shop.register_customer().await;
    shop.top_up(&buyer.id, "100").await;
    let waiting = unpaid(&shop, &buyer, &campaign).await;
    let bought = paid(&shop, &buyer, &elsewhere).await;
    let given_up = unpaid(&shop, &buyer, &campaign).await;
    cancel(&shop, &buyer.token, &given_up).await;
    let returned = paid(&shop, &buyer, &campaign).await;
    refund(&shop, &admin, &returned).await;
    for (statuses, expected) in [
        (json!(["PENDING_PAYMENT"]), vec![&waiting]),
        (json!(["PAID"]), vec![&bought]),
        (json!(["CANCELLED", "REFUNDED"]), vec![&returned, &given_up]),
        (json!(["EXPIRED", "REJECTED", "QUEUED"]), vec![]),
        (json!([]), vec![&returned, &given_up, &bought, &waiting]),
    ] {
        let page = orders(&shop, &buyer, json!({ "statuses": statuses })).await;
        assert_eq!(
            (ids(&page), &page["totalCount"]),
            (expected.iter().map(|id| id.as_str()).collect(), &json!(expected.len()))
        );
    }

    let query = "query($id: ID!) { campaign(id: $id) { myOrders { id } } }";
    let mine = async |token: Option<&str>, campaign: &str| shop.graphql(token, query, json!({ "id": campaign })).await;
    let of_campaign = json!([{ "id": returned }, { "id": given_up }, { "id": waiting }]);
    assert_eq!(mine(Some(&buyer.token), &campaign).await["data"]["campaign"]["myOrders"], of_campaign);
    assert_eq!(mine(Some(&buyer.token), &elsewhere).await["data"]["campaign"]["myOrders"], json!([{ "id": bought }]));
    for token in [&stranger.token, &admin] {
        assert_eq!(mine(Some(token), &campaign).await["data"]["campaign"]["myOrders"], json!([]), "one's own alone");
    }
    assert_eq!(error_code(&mine(None, &campaign).await), "UNAUTHENTICATED");
    shop.stop().await;
}

#[tokio::test]
async fn the_history_tells_every_state_and_when() {
    let shop = TestShop::builder().clock_at(instant("2026-01-01T10:00:00Z")).start().await;
    let campaign = shop.live_campaign(10, 2).await;
    let (admin, buyer) = (shop.admin_token().await, shop.register_customer().await);
    shop.top_up(&buyer.id, "100").await;
    let order = unpaid(&shop, &buyer, &campaign).await;
    let given_up = unpaid(&shop, &buyer, &campaign).await;
    shop.advance(Duration::milliseconds(1_500));
    shop.pay(&buyer.token, &order, "k").await;
    cancel(&shop, &buyer.token, &given_up).await;
    shop.advance(Duration::seconds(10));
    refund(&shop, &admin, &order).await;

    let event = |version: u32, status: &str, at: &str| json!({ "version": version, "status": status, "at": format!("2026-01-01T10:00:{at}+00:00"), "reason": null });
    let [queued, waiting] = [event(0, "QUEUED", "00"), event(1, "PENDING_PAYMENT", "00")];
    let (bought, returned) = (event(2, "PAID", "01.500"), event(3, "REFUNDED", "11.500"));
    assert_eq!(history(&shop, &buyer.token, &order).await, json!([queued, waiting, bought, returned]));
    assert_eq!(history(&shop, &admin, &given_up).await, json!([queued, waiting, event(2, "CANCELLED", "01.500")]));
    shop.stop().await;
}
