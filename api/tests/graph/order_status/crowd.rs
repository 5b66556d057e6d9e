//! A crowd grabs, pays and watches at once: each sees the states of their own order, all of them, in order.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{pay, refund, watch_all, watch_one};
use crate::support::{Customer, Subscription, TestShop, sale::money};

const CROWD: u32 = 50;

/// What one of the crowd watches, and since when.
#[derive(Clone, Copy)]
enum Watches {
    AllBeforeTheGrab,
    AllAfterwards,
    TheOrder,
}

impl Watches {
    const EACH: [Self; 3] = [Self::AllBeforeTheGrab, Self::AllAfterwards, Self::TheOrder];
}

/// One of the crowd: watches, grabs, pays when it is time, and sees that it is paid.
async fn buy(
    shop: &TestShop,
    buyer: &Customer,
    campaign: &str,
    watches: Watches,
) -> (String, Vec<Value>, Subscription) {
    let (order, mut watch) = match watches {
        Watches::AllBeforeTheGrab => {
            let watch = watch_all(shop, &buyer.token).await;
            (shop.grab(buyer, campaign).await, watch)
        }
        Watches::AllAfterwards => {
            let order = shop.grab(buyer, campaign).await;
            (order, watch_all(shop, &buyer.token).await)
        }
        Watches::TheOrder => {
            let order = shop.grab(buyer, campaign).await;
            let watch = watch_one(shop, &buyer.token, &order).await;
            (order, watch)
        }
    };
    let is = |status: &'static str| move |payload: &Value| payload["data"]["orderStatus"]["status"] == status;
    let mut told = watch.until(is("PENDING_PAYMENT")).await;
    pay(shop, buyer, &order).await;
    told.extend(watch.until(is("PAID")).await);
    (order, told, watch)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_watchers_of_fifty_orders_see_every_version_without_a_gap() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(CROWD, 1).await;
    let admin = shop.admin_token().await;
    let buyers = join_all((0..CROWD).map(|_| shop.register_customer())).await;
    let query = "mutation($input: TopUpBalanceInput!) { topUpBalance(input: $input) { userErrors { code } } }";
    for buyer in &buyers {
        let input = json!({ "input": { "userId": buyer.id, "amount": money("9.99") } });
        shop.done(&admin, "topUpBalance", query, input).await;
    }
    let bought = join_all(
        buyers.iter().zip(Watches::EACH.iter().cycle()).map(|(buyer, watches)| buy(&shop, buyer, &campaign, *watches)),
    )
    .await;
    for (order, _, _) in &bought {
        refund(&shop, &admin, order).await;
    }
    for (order, told, mut watch) in bought {
        let mut versions: Vec<(u64, String)> = Vec::new();
        for payload in told.into_iter().chain([watch.next().await]) {
            let event = &payload["data"]["orderStatus"];
            assert_eq!(event["id"], order.as_str(), "{payload:#}");
            versions.push((event["version"].as_u64().unwrap(), event["status"].as_str().unwrap().to_owned()));
        }
        let all = [(0, "QUEUED"), (1, "PENDING_PAYMENT"), (2, "PAID"), (3, "REFUNDED")];
        let all = all.map(|(version, status)| (version, status.to_owned()));
        // The first is the state at which the watch began.
        let began = usize::try_from(versions[0].0).unwrap();
        assert_eq!(versions, all[began..]);
    }
    let report = shop.settled_report(&campaign).await;
    assert_eq!((&report["refunded"], &report["balanced"]), (&json!(CROWD), &json!(true)));
    shop.stop().await;
}
