//! What the stock store, the queue and the database can differ in, made to differ behind their backs, and mended.

use domain::{
    id::{CampaignId, IdSource, OrderId},
    services::Ports,
    spike::{
        reconcile::Findings,
        stock::{Reserve, Reserved},
    },
};

use super::cancel;
use crate::support::{Customer, TestShop, wait_until};

/// Compares, repairs and compares again: what was found, after which nothing must be left.
async fn mended(shop: &TestShop, campaign: CampaignId) -> Findings {
    let reconciliation = &shop.app().services().reconciliation;
    let findings = reconciliation.compare(campaign).await.unwrap();
    reconciliation.repair(campaign, &findings).await.unwrap();
    assert_eq!(reconciliation.compare(campaign).await.unwrap(), Findings::default(), "after {findings:?}");
    findings
}

fn ports(shop: &TestShop) -> &Ports {
    &shop.app().world().ports
}

/// Takes a unit in the store and has its message noted as published, although there is none.
async fn hold_without_message(shop: &TestShop, campaign: CampaignId, buyer: &Customer, order: OrderId) {
    let user_id = buyer.id.parse().unwrap();
    let ask = Reserve { campaign_id: campaign, user_id, order_id: order, quantity: 1, request_key: None };
    match ports(shop).stock.reserve(&ask).await.unwrap() {
        Reserved::Held { hold, .. } => ports(shop).stock.published(&[hold]).await.unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn available(shop: &TestShop, campaign: CampaignId) -> u32 {
    ports(shop).stock.level(campaign).await.unwrap().expect("open").available
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_agrees_is_left_alone() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(5, 5).await;
    let buyer = shop.register_customer().await;
    for _ in 0..3 {
        shop.grab(&buyer, &campaign).await;
    }
    shop.settled_report(&campaign).await;
    let id = campaign.parse().unwrap();
    let epoch = ports(&shop).stock.level(id).await.unwrap().unwrap().epoch;
    assert_eq!(mended(&shop, id).await, Findings::default());
    assert_eq!(ports(&shop).stock.level(id).await.unwrap().unwrap().epoch, epoch);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_not_held_is_held_again() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(3, 1).await;
    let buyer = shop.register_customer().await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    let (id, order_id) = (campaign.parse().unwrap(), order.parse().unwrap());
    assert_eq!(ports(&shop).stock.release(id, order_id).await.unwrap(), 1);
    assert_eq!(available(&shop, id).await, 3, "one too many");

    assert_eq!(mended(&shop, id).await, Findings { unheld: vec![order_id], ..Findings::default() });
    assert_eq!(available(&shop, id).await, 2);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_units_of_a_closed_order_come_back() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(3, 1).await;
    let buyer = shop.register_customer().await;
    let order = shop.grab(&buyer, &campaign).await;
    shop.wait_for_status(&buyer.token, &order, "PENDING_PAYMENT").await;
    let (id, order_id): (CampaignId, OrderId) = (campaign.parse().unwrap(), order.parse().unwrap());
    cancel(&shop, &buyer.token, &order).await;
    wait_until("the unit to come back", async || (available(&shop, id).await == 3).then_some(())).await;
    hold_without_message(&shop, id, &buyer, order_id).await;

    assert_eq!(mended(&shop, id).await, Findings { kept: vec![order_id], ..Findings::default() });
    assert_eq!(available(&shop, id).await, 3);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_whose_message_was_lost_becomes_an_order() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(3, 1).await;
    let buyer = shop.register_customer().await;
    let id = campaign.parse().unwrap();
    shop.app().services().opening.ensure(id).await.unwrap();
    let ids: &dyn IdSource = &*ports(&shop).ids;
    let order_id: OrderId = ids.next(shop.now());
    hold_without_message(&shop, id, &buyer, order_id).await;

    let reconciliation = &shop.app().services().reconciliation;
    let findings = reconciliation.compare(id).await.unwrap();
    assert_eq!(findings, Findings { lost: vec![order_id], ..Findings::default() });
    reconciliation.repair(id, &findings).await.unwrap();
    shop.wait_for_status(&buyer.token, &order_id.to_string(), "PENDING_PAYMENT").await;
    assert_eq!(reconciliation.compare(id).await.unwrap(), Findings::default());
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_quantity_is_rebuilt() {
    let shop = TestShop::start().await;
    let campaign = shop.live_campaign(3, 1).await;
    let buyer = shop.register_customer().await;
    shop.grab(&buyer, &campaign).await;
    shop.settled_report(&campaign).await;
    let id = campaign.parse().unwrap();
    ports(&shop).stock.adjust(id, 4).await.unwrap();

    assert_eq!(mended(&shop, id).await, Findings { quantity: Some((3, 7)), ..Findings::default() });
    assert_eq!(available(&shop, id).await, 2);
    shop.stop().await;
}
