//! Two processes on one database.

use std::sync::Arc;

use domain::{
    admin::ports::CampaignStore,
    id::{IdSource, TypedId},
    order::{
        OrderStatus,
        ports::{OrderStore, Paid, Payment},
    },
    spike::Hold,
    testing::{SequentialIds, id},
};
use entity::{campaigns, orders};
use futures_util::future::join_all;
use infra::sql::{admin::SqlCampaigns, order::SqlOrders};
use sea_orm::{ActiveValue::Set, EntityTrait, QuerySelect};

use crate::{
    contract::{
        databases::{Opened, mariadb, postgresql, sqlite},
        order::{PRICE, Shop, deadline, in_time, key, start, user},
    },
    until, waiting,
};

/// The store as another process has it. Its ids differ from those of the first.
async fn other_process(opened: &Opened) -> Arc<dyn OrderStore> {
    let ids: Arc<dyn IdSource> = Arc::new(Apart(SequentialIds::default()));
    Arc::new(SqlOrders::new(opened.once_more().await, ids))
}

/// Ids in a range of their own.
struct Apart(SequentialIds);

impl IdSource for Apart {
    fn uuid(&self, at: domain::clock::Instant) -> uuid::Uuid {
        uuid::Uuid::from_u128(self.0.uuid(at).as_u128() | (1 << 60))
    }
}

async fn two_processes_never_oversell(opened: Opened) {
    let shop = Shop::over(opened.db.clone());
    let stores = [Arc::clone(&shop.orders), other_process(&opened).await];
    let sale = shop.sell(100).await;
    // 16 batches of 20 for 100 units, and both processes get every batch, as after a redelivery.
    let batches: Vec<Vec<Hold>> = (0..16)
        .map(|batch| (0..20).map(|n| Hold { request_key: key("k"), ..shop.hold(sale, user(batch * 20 + n)) }).collect())
        .collect();
    let mut tasks = Vec::new();
    for (n, store) in stores.iter().enumerate() {
        for batch in &batches {
            let (store, mut batch) = (Arc::clone(store), batch.clone());
            batch.rotate_left(n * 7);
            tasks.push(tokio::spawn(async move { store.place(&batch, start()).await.unwrap().len() }));
        }
    }
    let placed: usize = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(placed, 320, "each hold became one order");
    assert_eq!(shop.allocated(sale).await, 100);
    let ids: Vec<_> = batches.iter().flatten().map(|hold| hold.order_id).collect();
    let orders = shop.orders.by_ids(&ids).await.unwrap();
    let with_units = orders.iter().filter(|order| order.status.has_units()).count();
    assert_eq!((orders.len(), with_units), (320, 100));
    shop.check().await;
}

async fn pay_here_and_expire_there_have_one_winner(opened: Opened) {
    let shop = Shop::over(opened.db.clone());
    let there = other_process(&opened).await;
    let sale = shop.sell(100).await;
    for round in 0..12_u128 {
        let buyer = user(round + 1);
        shop.fill(buyer, PRICE).await;
        let order = shop.order(sale, buyer).await;
        let payment = Payment { order: order.id, user: buyer, request_key: None, at: in_time(), entry: id(round + 1) };
        let (here, there) = (Arc::clone(&shop.orders), Arc::clone(&there));
        let pay = tokio::spawn(async move { matches!(here.pay(&payment).await.unwrap(), Paid::Now(_)) });
        let expire = tokio::spawn(async move { there.expire(deadline(), 10).await.unwrap().len() == 1 });
        let (paid, expired) = (pay.await.unwrap(), expire.await.unwrap());
        assert!(paid != expired, "paid: {paid}, expired: {expired}");
        let status = shop.stored(order.id).await.status;
        assert_eq!(status, if paid { OrderStatus::Paid } else { OrderStatus::Expired });
        assert_eq!(shop.balance(buyer).await, Some(if paid { 0 } else { PRICE }));
    }
    shop.check().await;
}

/// An order that is refused takes no units, so the campaign's row does not tell of it.
async fn a_campaign_that_gets_an_order_is_not_deleted(opened: Opened) {
    let db = &opened.db;
    let shop = Shop::over(db.clone());
    let sale = shop.sell(10).await;
    // As placing does it: the campaign's row is locked, then the order is written.
    let placing = db.begin().await.unwrap();
    campaigns::Entity::find_by_id(sale.uuid()).lock_exclusive().one(&placing).await.unwrap().unwrap();
    let deleting = {
        let (store, entry) = (SqlCampaigns::new(db.clone()), shop.audit(None));
        tokio::spawn(async move { store.delete(sale, 1, &entry).await.unwrap() })
    };
    until("the deletion waits for the campaign", async || waiting(db).await == 1).await;
    let refused = orders::ActiveModel {
        id: Set(uuid::Uuid::from_u128(1)),
        campaign_id: Set(sale.uuid()),
        user_id: Set(user(1).uuid()),
        quantity: Set(1),
        unit_price_minor: Set(PRICE),
        currency: Set("CNY".to_owned()),
        status: Set(OrderStatus::Rejected.name().to_owned()),
        version: Set(2),
        created_at: Set(0),
        pay_before: Set(None),
        paid_at: Set(None),
        closed_at: Set(Some(0)),
        request_key: Set(None),
    };
    orders::Entity::insert(refused).exec_without_returning(&placing).await.unwrap();
    placing.commit().await.unwrap();
    assert!(!deleting.await.unwrap(), "its campaign would be gone");
}

macro_rules! rivals {
    ($engine:ident) => {
        mod $engine {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn two_processes_never_oversell() {
                super::two_processes_never_oversell(super::$engine().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn pay_here_and_expire_there_have_one_winner() {
                super::pay_here_and_expire_there_have_one_winner(super::$engine().await).await;
            }
        }
    };
}

/// On SQLite the deletion could not even begin.
macro_rules! rivals_for_a_row {
    ($engine:ident: $test:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            a_campaign_that_gets_an_order_is_not_deleted($engine().await).await;
        }
    };
}

rivals_for_a_row!(mariadb: a_campaign_of_mariadb_that_gets_an_order_is_not_deleted);
rivals_for_a_row!(postgresql: a_campaign_of_postgresql_that_gets_an_order_is_not_deleted);
rivals!(sqlite);
rivals!(mariadb);
rivals!(postgresql);
