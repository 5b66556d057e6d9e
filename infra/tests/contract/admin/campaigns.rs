//! The contract of [`CampaignStore`]: making, changing and deleting campaigns.
//!
//! [`CampaignStore`]: domain::admin::ports::CampaignStore

use domain::{
    admin::{
        ports::CampaignChange,
        stock::{MovementKind, StockMovement},
    },
    money::{Currency, Money},
    order::OrderStatus,
    page::PageRequest,
    spike::{Campaign, Stage},
    testing::id,
};
use entity::{orders, queue_messages, stock_movements};

use crate::contract::{
    seed,
    stores::{Stores, at, campaign, product},
};

pub(crate) async fn a_campaign_needs_a_product(stores: &Stores) {
    let draft = campaign(1, Stage::Draft);
    assert!(!stores.campaigns.insert(&draft, &stores.entry("insert")).await.unwrap());
    stores.stock_product().await;
    stores.products.delete(draft.product_id, at("09:00:00"), &stores.entry("delete")).await.unwrap();
    assert!(!stores.campaigns.insert(&draft, &stores.entry("insert")).await.unwrap(), "it is deleted");
    assert_eq!(stores.campaign(&draft).await, None);
    stores.products.insert(&product(2), &stores.entry("product")).await.unwrap();
    let draft = Campaign { product_id: id(2), ..draft };
    assert!(stores.campaigns.insert(&draft, &stores.entry("insert")).await.unwrap());
    assert_eq!(stores.campaign(&draft).await, Some(draft));
    assert_eq!(stores.done().await, ["product", "delete", "product", "insert"]);
}

pub(crate) async fn a_change_is_saved_over_the_version_before(stores: &Stores) {
    let (draft, bystander) = two_drafts(stores).await;
    stores.products.insert(&product(2), &stores.entry("product")).await.unwrap();
    let changed = Campaign {
        product_id: id(2),
        title: "New".to_owned(),
        price: Money::new(1, Currency::Usd),
        quantity: 20,
        per_user_limit: 3,
        starts_at: at("12:00:00.001"),
        ends_at: at("13:00:00.001"),
        payment_window_seconds: 5,
        stage: Stage::Published,
        version: 2,
        ..draft.clone()
    };
    assert!(save(stores, &changed, Some(stocked(&changed, 1))).await);
    assert_eq!(stores.campaign(&draft).await, Some(changed.clone()));
    let movements = stores.campaigns.movements(draft.id, &PageRequest::default()).await.unwrap().items;
    assert_eq!(movements, [stocked(&changed, 1)]);

    for version in [0, 1, 2, 4] {
        let stale = Campaign { version, title: "Stale".to_owned(), ..changed.clone() };
        assert!(!save(stores, &stale, Some(stocked(&changed, 2))).await, "version {version} over 2");
    }
    assert!(!save(stores, &Campaign { version: 2, ..campaign(77, Stage::Draft) }, None).await, "it is gone");
    assert!(save(stores, &Campaign { version: 3, ..changed.clone() }, None).await);
    assert_eq!(stores.campaign(&draft).await, Some(Campaign { version: 3, ..changed }));
    assert_eq!(stores.campaign(&bystander).await, Some(bystander));
    assert_eq!(seed::read::<stock_movements::Entity>(&stores.db).await.len(), 1);
    assert_eq!(stores.done().await[4..], ["save", "save"], "what was not saved is not noted");
}

pub(crate) async fn a_change_leaves_what_others_count(stores: &Stores) {
    let (draft, _) = two_drafts(stores).await;
    seed::allocate(&stores.db, draft.id, 6).await;
    stores.reader.open_stock_sheet(draft.id, draft.epoch).await.unwrap().unwrap();
    let changed = Campaign { allocated: 1, epoch: 9, created_at: at("23:00:00"), version: 2, ..draft.clone() };
    assert!(save(stores, &changed, None).await);
    let expected = Campaign { allocated: 6, epoch: 1, created_at: draft.created_at, ..changed };
    assert_eq!(stores.campaign(&draft).await, Some(expected));
}

pub(crate) async fn one_of_two_changes_at_once_is_saved(stores: &Stores) {
    let (draft, _) = two_drafts(stores).await;
    let tasks = (0..6_u32).map(|limit| {
        let campaign = Campaign { version: 2, per_user_limit: 10 + limit, ..draft.clone() };
        let change = CampaignChange { campaign, movement: None, audit: stores.entry("save") };
        let campaigns = stores.campaigns.clone();
        tokio::spawn(async move { (10 + limit, campaigns.save(&change).await.unwrap()) })
    });
    let mut saved = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        let (limit, won) = task.await.unwrap();
        saved.extend(won.then_some(limit));
    }
    assert_eq!(saved.len(), 1, "{saved:?}");
    assert_eq!(stores.campaign(&draft).await.map(|stored| stored.per_user_limit), Some(saved[0]));
}

pub(crate) async fn a_campaign_without_orders_is_deleted_with_all_of_it(stores: &Stores) {
    let (draft, bystander) = two_drafts(stores).await;
    let published = Campaign { stage: Stage::Published, version: 2, ..draft.clone() };
    assert!(save(stores, &published, Some(stocked(&published, 1))).await);
    let other = Campaign { version: 2, ..bystander.clone() };
    assert!(save(stores, &other, Some(stocked(&other, 2))).await);

    assert!(!delete(stores, &draft, 1).await, "another version");
    assert!(!delete(stores, &campaign(77, Stage::Draft), 1).await);
    assert!(delete(stores, &draft, 2).await);
    assert_eq!(stores.campaign(&draft).await, None);
    assert_eq!(stores.campaign(&bystander).await, Some(other));
    let movements = seed::read::<stock_movements::Entity>(&stores.db).await;
    assert_eq!(movements.iter().map(|row| row.campaign_id).collect::<Vec<_>>(), [seed::uuid(2)]);
    assert!(!delete(stores, &draft, 2).await, "again");
    assert_eq!(stores.done().await[5..], ["delete"]);
}

pub(crate) async fn a_campaign_that_somebody_wants_stays(stores: &Stores) {
    let (ordered, queued) = two_drafts(stores).await;
    let taken = campaign(3, Stage::Draft);
    stores.stock_campaign(&taken).await;
    seed::write::<orders::Entity>(&stores.db, vec![seed::order(ordered.id, 1, OrderStatus::Rejected, 1)]).await;
    seed::write::<queue_messages::Entity>(&stores.db, vec![seed::message(queued.id, 2)]).await;
    seed::allocate(&stores.db, taken.id, 1).await;
    for (campaign, why) in [(&ordered, "an order, whatever its state"), (&queued, "a message"), (&taken, "units")] {
        assert!(!delete(stores, campaign, 1).await, "{why}");
        assert!(stores.campaign(campaign).await.is_some());
    }
    assert!(!stores.done().await.contains(&"delete".to_owned()));
}

async fn two_drafts(stores: &Stores) -> (Campaign, Campaign) {
    stores.stock_product().await;
    let both = (campaign(1, Stage::Draft), campaign(2, Stage::Draft));
    stores.stock_campaign(&both.0).await;
    stores.stock_campaign(&both.1).await;
    both
}

async fn save(stores: &Stores, campaign: &Campaign, movement: Option<StockMovement>) -> bool {
    let change = CampaignChange { campaign: campaign.clone(), movement, audit: stores.entry("save") };
    stores.campaigns.save(&change).await.unwrap()
}

async fn delete(stores: &Stores, campaign: &Campaign, version: u32) -> bool {
    stores.campaigns.delete(campaign.id, version, &stores.entry("delete")).await.unwrap()
}

fn stocked(campaign: &Campaign, number: u128) -> StockMovement {
    StockMovement {
        id: id(number),
        campaign_id: campaign.id,
        order_id: None,
        kind: MovementKind::Stocked,
        available: i64::from(campaign.quantity),
        held: 0,
        sold: 0,
        reason: None,
        actor: Some(id(900)),
        at: at("09:30:00.001"),
    }
}
