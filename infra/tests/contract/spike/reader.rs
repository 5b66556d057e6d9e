//! The contract of [`CampaignReader`].
//!
//! [`CampaignReader`]: domain::spike::ports::CampaignReader

use domain::{
    id::OrderId,
    money::{Currency, Money},
    order::OrderStatus,
    spike::{
        Campaign, Hold, Stage,
        stock::{RememberedRequest, RequestKey},
    },
    testing::id,
};
use entity::orders;

use crate::contract::{
    seed,
    stores::{Stores, at, campaign},
};

pub(crate) async fn campaigns_are_read_by_their_ids(stores: &Stores) {
    stores.stock_product().await;
    let first = Campaign {
        title: "Türkis 🐟".to_owned(),
        price: Money::new(500, Currency::Jpy),
        quantity: Campaign::MAX_QUANTITY,
        per_user_limit: 7,
        payment_window_seconds: 30 * 86_400,
        starts_at: at("10:00:00.001"),
        version: 3,
        ..campaign(1, Stage::Paused)
    };
    let second = campaign(2, Stage::Ended);
    for campaign in [&first, &second] {
        stores.stock_campaign(campaign).await;
    }
    let mut read = stores.reader.by_ids(&[id(2), id(77), id(1), id(2)]).await.unwrap();
    read.sort_by_key(|campaign| campaign.id);
    assert_eq!(read, [first, second]);
    assert_eq!(stores.reader.by_ids(&[]).await.unwrap(), []);
}

pub(crate) async fn a_stock_sheet_has_what_orders_took_and_what_was_asked_for(stores: &Stores) {
    stores.stock_product().await;
    let mine = Campaign { per_user_limit: 4, payment_window_seconds: 60, epoch: 5, ..campaign(1, Stage::Published) };
    let other = campaign(2, Stage::Published);
    for campaign in [&mine, &other] {
        stores.stock_campaign(campaign).await;
    }
    let statuses = OrderStatus::ALL;
    let keyed = (1..).zip(statuses).map(|(number, status)| orders::Model {
        // It is cheaper now than it was when the units were grabbed.
        unit_price_minor: 1_234,
        request_key: Some(format!("key-{number}")),
        ..seed::order(mine.id, number, status, 2)
    });
    let keyless = (11..).zip(statuses).map(|(number, status)| seed::order(mine.id, number, status, 1));
    let others = (21..).zip(statuses).map(|(number, status)| orders::Model {
        request_key: Some("key".to_owned()),
        ..seed::order(other.id, number, status, 1)
    });
    seed::write::<orders::Entity>(&stores.db, keyed.chain(keyless).chain(others).collect()).await;
    seed::allocate(&stores.db, mine.id, 9).await;

    let mut sheet = stores.reader.open_stock_sheet(mine.id, 5).await.unwrap().unwrap();
    assert_eq!(sheet.campaign, Campaign { epoch: 6, allocated: 9, ..mine.clone() });
    assert_eq!(stores.campaign(&mine).await.as_ref(), Some(&sheet.campaign), "the epoch was stored");
    assert_eq!(stores.campaign(&other).await, Some(other), "and of no other campaign");

    sheet.holds.sort_by_key(|hold| hold.order_id);
    let hold = |number: u128, quantity, minor| Hold {
        order_id: id(number),
        campaign_id: mine.id,
        user_id: id(1_000 + number),
        quantity,
        unit_price: Money::new(minor, Currency::Cny),
        per_user_limit: 4,
        payment_window_seconds: 60,
        request_key: (number < 10).then(|| key(number)),
        grabbed_at: at("10:00:01.500"),
        epoch: 6,
    };
    assert_eq!(
        sheet.holds,
        [hold(1, 2, 1_234), hold(2, 2, 1_234), hold(3, 2, 1_234), hold(11, 1, 999), hold(12, 1, 999), hold(13, 1, 999)],
        "queued, waiting and paid"
    );
    sheet.requests.sort_by_key(|request| request.order_id);
    let requests: Vec<_> = (1..=7)
        .map(|number| RememberedRequest {
            user_id: id(1_000 + number),
            request_key: key(number),
            campaign_id: mine.id,
            quantity: 2,
            order_id: id::<OrderId>(number),
        })
        .collect();
    assert_eq!(sheet.requests, requests, "whatever became of their orders");
}

/// Openers that claimed at the same epoch, one after the other: the claim of each but the last has ended, and one that
/// raised the epoch above a life that is open would have the orders of that life rejected.
pub(crate) async fn an_epoch_is_raised_once(stores: &Stores) {
    stores.stock_product().await;
    let sold = Campaign { epoch: 3, ..campaign(1, Stage::Published) };
    stores.stock_campaign(&sold).await;
    let tasks = (0..6).map(|_| {
        let reader = stores.reader.clone();
        tokio::spawn(async move { reader.open_stock_sheet(id(1), 3).await.unwrap() })
    });
    let mut sheets = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        sheets.extend(task.await.unwrap());
    }
    assert_eq!(sheets.iter().map(|sheet| sheet.campaign.epoch).collect::<Vec<_>>(), [4]);
    assert!(stores.reader.open_stock_sheet(id(1), 3).await.unwrap().is_none());
    assert_eq!(stores.campaign(&sold).await, Some(Campaign { epoch: 4, ..sold.clone() }), "the version did not rise");
    assert_eq!(stores.reader.open_stock_sheet(id(1), 4).await.unwrap().unwrap().campaign.epoch, 5);
}

pub(crate) async fn a_campaign_that_is_unknown_has_no_stock_sheet(stores: &Stores) {
    assert!(stores.reader.open_stock_sheet(id(77), 0).await.unwrap().is_none());
}

fn key(number: u128) -> RequestKey {
    RequestKey::parse(&format!("key-{number}")).unwrap()
}
