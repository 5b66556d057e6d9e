//! The contract of [`CampaignStore`]: what the ledgers say.
//!
//! [`CampaignStore`]: domain::admin::ports::CampaignStore

use std::collections::HashMap;

use domain::{admin::stock::MovementKind, id::CampaignId, order::OrderStatus, spike::Stage, testing::id};
use entity::{order_follow_ups, orders, stock_movements};

use crate::contract::{
    seed,
    stores::{Stores, campaign},
};

pub(crate) async fn a_campaign_that_is_unknown_has_no_figures(stores: &Stores) {
    assert!(stores.campaigns.figures(id(77), &[]).await.unwrap().is_none());
}

pub(crate) async fn a_new_campaign_has_empty_ledgers(stores: &Stores) {
    stores.stock_product().await;
    stores.stock_campaign(&campaign(1, Stage::Draft)).await;
    let figures = stores.campaigns.figures(id(1), &[]).await.unwrap().unwrap();
    assert_eq!((figures.quantity, figures.allocated), (10, 0));
    assert_eq!((figures.moved_available, figures.moved_held, figures.moved_sold), (0, 0, 0));
    assert!(figures.orders.is_empty());
    assert_eq!((figures.paid_minor, figures.revenue_minor, figures.postings_minor, figures.returning), (0, 0, 0, 0));
}

pub(crate) async fn figures_are_sums_of_the_ledgers_of_one_campaign(stores: &Stores) {
    let (mine, other) = (id::<CampaignId>(1), id::<CampaignId>(2));
    stores.stock_product().await;
    for number in [1, 2] {
        stores.stock_campaign(&campaign(number, Stage::Published)).await;
    }
    seed::allocate(&stores.db, mine, 7).await;
    let dear = orders::Model { unit_price_minor: 1_000_000_000_000, ..seed::order(mine, 4, OrderStatus::Paid, 3) };
    seed::write::<orders::Entity>(
        &stores.db,
        vec![
            seed::order(mine, 1, OrderStatus::PendingPayment, 2),
            seed::order(mine, 2, OrderStatus::PendingPayment, 1),
            seed::order(mine, 3, OrderStatus::Paid, 1),
            dear,
            seed::order(mine, 5, OrderStatus::Refunded, 5),
            seed::order(other, 6, OrderStatus::Paid, 9),
        ],
    )
    .await;
    let movements = [
        (mine, MovementKind::Stocked, 10),
        (mine, MovementKind::Held, 3),
        (mine, MovementKind::Held, 4),
        (mine, MovementKind::Sold, 4),
        (other, MovementKind::Stocked, 100),
    ];
    let rows = (1..).zip(movements).map(|(number, (campaign, kind, units))| moved(number, campaign, kind, units));
    seed::write::<stock_movements::Entity>(&stores.db, rows.collect()).await;
    seed::book(&stores.db, Some(mine), 1, "PAYMENT", &[("WALLET", -999), ("REVENUE", 999)]).await;
    seed::book(&stores.db, Some(mine), 2, "PAYMENT", &[("WALLET", -3_000_000_000_000), ("REVENUE", 3_000_000_000_000)])
        .await;
    seed::book(&stores.db, Some(mine), 3, "REFUND", &[("WALLET", 400), ("REVENUE", -400)]).await;
    // A journal that is out of balance is told, and not hidden.
    seed::book(&stores.db, Some(mine), 4, "PAYMENT", &[("WALLET", -7)]).await;
    seed::book(&stores.db, Some(other), 5, "PAYMENT", &[("WALLET", -1), ("REVENUE", 2)]).await;
    seed::book(&stores.db, None, 6, "TOP_UP", &[("TOP_UPS", -5_000), ("WALLET", 5_001)]).await;

    let figures = stores.campaigns.figures(mine, &[]).await.unwrap().unwrap();
    assert_eq!((figures.quantity, figures.allocated), (10, 7));
    assert_eq!((figures.moved_available, figures.moved_held, figures.moved_sold), (3, 3, 4));
    let orders = HashMap::from([
        (OrderStatus::PendingPayment, (2, 3)),
        (OrderStatus::Paid, (2, 4)),
        (OrderStatus::Refunded, (1, 5)),
    ]);
    assert_eq!(figures.orders, orders);
    assert_eq!(figures.paid_minor, 3_000_000_000_999);
    assert_eq!(figures.revenue_minor, 3_000_000_000_599);
    assert_eq!(figures.postings_minor, -7);
    assert_eq!(figures.returning, 0);
}

pub(crate) async fn units_return_while_the_note_of_the_closing_change_is_there(stores: &Stores) {
    let (mine, other) = (id::<CampaignId>(1), id::<CampaignId>(2));
    stores.stock_product().await;
    for number in [1, 2] {
        stores.stock_campaign(&campaign(number, Stage::Published)).await;
    }
    let of = |campaign, number, status, version| orders::Model {
        version,
        ..seed::order(campaign, number, status, 1 << number)
    };
    let rows = vec![
        of(mine, 1, OrderStatus::Cancelled, 2),
        of(mine, 2, OrderStatus::Expired, 2),
        of(mine, 3, OrderStatus::Refunded, 3),
        of(mine, 4, OrderStatus::Rejected, 1),
        of(mine, 5, OrderStatus::Paid, 2),
        of(mine, 6, OrderStatus::PendingPayment, 1),
        of(mine, 7, OrderStatus::Cancelled, 2),
        of(other, 8, OrderStatus::Cancelled, 2),
    ];
    seed::write::<orders::Entity>(&stores.db, rows).await;
    // Order 2 has the notes of both its changes, order 3 an old one alone, and order 7 none.
    let notes = [(1, 2), (2, 1), (2, 2), (3, 2), (4, 1), (5, 2), (6, 1), (8, 2)];
    let note = |(number, (order, version))| order_follow_ups::Model {
        id: seed::uuid(number),
        order_id: seed::uuid(order),
        version,
        created_at: 0,
    };
    seed::write::<order_follow_ups::Entity>(&stores.db, (1..).zip(notes).map(note).collect()).await;
    let figures = stores.campaigns.figures(mine, &[]).await.unwrap().unwrap();
    assert_eq!(figures.returning, 2 + 4 + 16);
}

fn moved(number: u32, campaign: CampaignId, kind: MovementKind, units: i64) -> stock_movements::Model {
    let (available, held, sold) = kind.columns(units);
    stock_movements::Model {
        id: seed::uuid(number),
        campaign_id: seed::uuid(if campaign == id(1) { 1 } else { 2 }),
        order_id: None,
        kind: kind.name().to_owned(),
        available,
        held,
        sold,
        reason: None,
        actor: None,
        at: 0,
    }
}
