//! The contract of [`CampaignStore`]: moving stock by hand, and the ledger of it.
//!
//! [`CampaignStore`]: domain::admin::ports::CampaignStore

use domain::{
    admin::{
        ports::{CampaignChange, LedgerAdjusted},
        stock::{MovementKind, StockMovement},
    },
    id::MovementId,
    page::PageRequest,
    spike::{Campaign, Stage},
    testing::id,
};
use entity::stock_movements;

use crate::contract::{
    seed,
    stores::{Stores, assert_pages, at, campaign},
};

pub(crate) async fn stock_is_added_and_taken_away(stores: &Stores) {
    let ten = ten_units(stores).await;
    for (number, delta, quantity) in [(1, 5, 15), (2, -15, 0), (3, 1, 1)] {
        let version = ten.version + u32::try_from(number).unwrap();
        let expected = Campaign { quantity, version, ..ten.clone() };
        match adjust(stores, &ten, number, delta).await {
            LedgerAdjusted::Adjusted(adjusted) => assert_eq!(adjusted, expected, "{delta}"),
            refused => panic!("{delta}: {refused:?}"),
        }
        assert_eq!(stores.campaign(&ten).await, Some(expected));
    }
    let ledger = stores.campaigns.movements(ten.id, &PageRequest::default()).await.unwrap().items;
    assert_eq!(ledger, [movement(&ten, 3, 1), movement(&ten, 2, -15), movement(&ten, 1, 5)]);
    assert_eq!(stores.done().await[2..], ["adjust", "adjust", "adjust"]);
}

pub(crate) async fn stock_is_never_less_than_orders_took_or_more_than_can_be(stores: &Stores) {
    let ten = ten_units(stores).await;
    seed::allocate(&stores.db, ten.id, 4).await;
    let most = i64::from(Campaign::MAX_QUANTITY);
    for delta in [-7, -10, -11, most - 9, most, most + 1, -most - 1, i64::from(i32::MAX), i64::MAX, i64::MIN] {
        let refused = adjust(stores, &ten, 1, delta).await;
        assert!(matches!(refused, LedgerAdjusted::OutOfRange), "{delta}: {refused:?}");
    }
    assert!(matches!(adjust(stores, &campaign(77, Stage::Draft), 1, 1).await, LedgerAdjusted::NotFound));
    assert!(matches!(adjust(stores, &campaign(77, Stage::Draft), 1, i64::MAX).await, LedgerAdjusted::NotFound));
    assert_eq!(stores.campaign(&ten).await, Some(Campaign { allocated: 4, ..ten.clone() }));
    assert!(seed::read::<stock_movements::Entity>(&stores.db).await.is_empty());
    assert_eq!(stores.done().await.len(), 2, "what was refused is not noted");

    assert!(matches!(adjust(stores, &ten, 1, -6).await, LedgerAdjusted::Adjusted(c) if c.unallocated() == 0));
    assert!(
        matches!(adjust(stores, &ten, 2, most - 4).await, LedgerAdjusted::Adjusted(c) if i64::from(c.quantity) == most)
    );
}

pub(crate) async fn adjustments_at_once_stop_at_the_guard(stores: &Stores) {
    let ten = ten_units(stores).await;
    seed::allocate(&stores.db, ten.id, 4).await;
    let tasks = (1..=8).map(|number| {
        let (campaigns, entry, movement) =
            (stores.campaigns.clone(), stores.entry("adjust"), movement(&ten, number, -1));
        tokio::spawn(async move { campaigns.adjust(movement.campaign_id, &movement, &entry).await.unwrap() })
    });
    let (mut done, mut refused) = (0, 0);
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            LedgerAdjusted::Adjusted(_) => done += 1,
            LedgerAdjusted::OutOfRange => refused += 1,
            LedgerAdjusted::NotFound => panic!("not found"),
        }
    }
    assert_eq!((done, refused), (6, 2));
    let left = Campaign { quantity: 4, allocated: 4, version: ten.version + 6, ..ten.clone() };
    assert_eq!(stores.campaign(&ten).await, Some(left));
    let figures = stores.campaigns.figures(ten.id, &[]).await.unwrap().unwrap();
    assert_eq!(figures.moved_available, -6, "a movement for each that was done");
}

pub(crate) async fn an_adjustment_and_a_change_do_not_overwrite_each_other(stores: &Stores) {
    let ten = ten_units(stores).await;
    // Somebody reads the campaign, another adjusts its stock, and then the first wants to save it.
    let stale = Campaign { version: 2, title: "Stale".to_owned(), ..ten.clone() };
    assert!(matches!(adjust(stores, &ten, 1, 5).await, LedgerAdjusted::Adjusted(_)));
    let change = CampaignChange { campaign: stale, movement: None, audit: stores.entry("save") };
    assert!(!stores.campaigns.save(&change).await.unwrap());
    assert_eq!(stores.campaign(&ten).await, Some(Campaign { quantity: 15, version: 2, ..ten }));
}

pub(crate) async fn movements_are_listed_in_pages(stores: &Stores) {
    let ten = ten_units(stores).await;
    let other = campaign(2, Stage::Published);
    stores.stock_campaign(&other).await;
    for number in 1..=7 {
        adjust(stores, &ten, number, 1).await;
        adjust(stores, &other, 100 + number, 1).await;
    }
    let of_an_order = StockMovement {
        id: id(8),
        order_id: Some(id(5)),
        kind: MovementKind::Held,
        available: -2,
        held: 2,
        sold: -3,
        reason: None,
        actor: None,
        ..movement(&ten, 8, 0)
    };
    seed::write::<stock_movements::Entity>(&stores.db, vec![row(&of_an_order)]).await;

    let list = async |page| stores.campaigns.movements(ten.id, &page).await;
    let ids: Vec<MovementId> = (1..=8).rev().map(id).collect();
    assert_pages(&ids, |movement: &StockMovement| movement.id, list).await;
    let newest = stores.campaigns.movements(ten.id, &PageRequest { limit: 1, ..PageRequest::default() }).await.unwrap();
    assert_eq!(newest.items, [of_an_order]);
    assert!(stores.campaigns.movements(id(77), &PageRequest::default()).await.unwrap().items.is_empty());
}

async fn ten_units(stores: &Stores) -> Campaign {
    stores.stock_product().await;
    let campaign = campaign(1, Stage::Published);
    stores.stock_campaign(&campaign).await;
    campaign
}

async fn adjust(stores: &Stores, campaign: &Campaign, number: u128, delta: i64) -> LedgerAdjusted {
    let movement = movement(campaign, number, delta);
    stores.campaigns.adjust(campaign.id, &movement, &stores.entry("adjust")).await.unwrap()
}

fn movement(campaign: &Campaign, number: u128, delta: i64) -> StockMovement {
    StockMovement {
        id: id(number),
        campaign_id: campaign.id,
        order_id: None,
        kind: MovementKind::Adjusted,
        available: delta,
        held: 0,
        sold: 0,
        reason: Some("found some".to_owned()),
        actor: Some(id(900)),
        at: at("10:10:00.010"),
    }
}

fn row(movement: &StockMovement) -> stock_movements::Model {
    let uuid = |number| Some(seed::uuid(number));
    stock_movements::Model {
        id: seed::uuid(8),
        campaign_id: seed::uuid(1),
        order_id: movement.order_id.and(uuid(5)),
        kind: movement.kind.name().to_owned(),
        available: movement.available,
        held: movement.held,
        sold: movement.sold,
        reason: None,
        actor: None,
        at: movement.at.timestamp_millis(),
    }
}
