//! When a buyer is told: as soon as the queue has confirmed, or after the store was asked once more.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::*;
use crate::{
    id::{CampaignId, OrderId, UserId},
    order::ports::FeedSignal,
    spike::{
        ports::{Backlog, Delivery},
        stock::{OpeningClaim, RememberedRequest, RequestKey, SaleStock, SaleTerms, StockAdjusted, StockLevel},
    },
    testing::{self, id, instant},
};

/// A store that holds whatever is asked for, and whose notes go through a gate. Its life may be over by then.
struct Store {
    gate: Semaphore,
    over: bool,
    /// By one call each, and when.
    noted: Mutex<Vec<(Instant, Vec<OrderId>)>>,
}

/// Implements a port: what a crowd asks of it, and what it never does.
macro_rules! port {
    (
        impl $port:ident for $part:ident { $($asked:tt)* }
        never { $($name:ident($($arguments:tt)*) -> $answer:ty;)* }
    ) => {
        #[async_trait]
        impl $port for $part {
            $($asked)*
            $(async fn $name(&self, $($arguments)*) -> Result<$answer, Fault> {
                unreachable!(stringify!($name))
            })*
        }
    };
}

port! {
    impl StockStore for Store {
        fn is_durable(&self) -> bool {
            true
        }
        async fn reserve_all(&self, asks: &[Reserve]) -> Vec<Result<Reserved, Fault>> {
            let held = |ask: &Reserve| Reserved::Held { hold: hold(ask.order_id), remaining: 7 };
            asks.iter().map(|ask| Ok(held(ask))).collect()
        }
        async fn note_published(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
            let _passes = self.gate.acquire().await.unwrap();
            self.noted.lock().unwrap().push((Instant::now(), holds.iter().map(|hold| hold.order_id).collect()));
            let noted = |_| if self.over { Err(Fault::unavailable("stock", "another life")) } else { Ok(()) };
            holds.iter().map(noted).collect()
        }
    }
    never {
        release(_: CampaignId, _: OrderId) -> u32;
        level(_: CampaignId) -> Option<StockLevel>;
        find_hold(_: OrderId) -> Option<Hold>;
        holds_of(_: UserId, _: Option<CampaignId>) -> Vec<Hold>;
        recall(_: UserId, _: &RequestKey) -> Option<RememberedRequest>;
        claim_opening(_: CampaignId) -> Option<OpeningClaim>;
        keep_claim(_: &OpeningClaim, _: chrono::Duration) -> ();
        load(_: SaleStock, _: &OpeningClaim) -> bool;
        unload(_: CampaignId) -> ();
        loaded() -> Vec<CampaignId>;
        set_terms(_: CampaignId, _: &SaleTerms) -> ();
        adjust(_: CampaignId, _: i32) -> StockAdjusted;
        unpublished(_: chrono::Duration, _: usize) -> Vec<Hold>;
        holds(_: CampaignId) -> Vec<Hold>;
    }
}

/// A queue that confirms at once.
struct Queue;

port! {
    impl MessageBus for Queue {
        async fn publish_all(&self, holds: &[Hold]) -> Vec<Result<(), Fault>> {
            holds.iter().map(|_| Ok(())).collect()
        }
    }
    never {
        receive(_: usize) -> Vec<Delivery>;
        settle(_: &[OrderId]) -> ();
        give_back(_: &[OrderId]) -> ();
        fail(_: OrderId, _: &str) -> bool;
        in_flight(_: CampaignId) -> Vec<Hold>;
        backlog() -> Backlog;
    }
}

/// Nobody watches.
struct Nobody;

#[async_trait]
impl StatusFeed for Nobody {
    async fn publish(&self, _changes: &[OrderChange]) {}
    async fn subscribe(&self, _user: UserId) -> Result<BoxStream<'static, FeedSignal>, Fault> {
        Ok(Box::pin(stream::empty()))
    }
}

fn hold(order_id: OrderId) -> Hold {
    Hold { order_id, ..testing::hold(instant("2026-01-01T10:00:00Z")) }
}

impl Store {
    fn noted(&self) -> Vec<Vec<OrderId>> {
        self.noted.lock().unwrap().iter().map(|(_, orders)| orders.clone()).collect()
    }
}

/// A crowd whose passages may take so long, and its store. Its gate is closed.
fn crowd(passage: Duration, over: bool) -> (Arc<Crowd>, Arc<Store>) {
    let store = Arc::new(Store { gate: Semaphore::new(0), over, noted: Mutex::default() });
    (Arc::new(Crowd::of(store.clone(), Arc::new(Queue), Arc::new(Nobody), passage)), store)
}

fn grab(crowd: &Arc<Crowd>, order: u128) -> JoinHandle<Result<Taken, Fault>> {
    let crowd = Arc::clone(crowd);
    let ask = Reserve { campaign_id: id(1), user_id: id(order), order_id: id(order), quantity: 1, request_key: None };
    tokio::spawn(async move { crowd.grab(ask).await })
}

/// Lets everything go on as far as it can: nothing waits for anything but the gate, and there is one thread.
async fn all_goes_on() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_passage_in_time_is_granted_before_it_is_noted() {
    let (crowd, store) = crowd(Duration::MAX, false);
    let taken = grab(&crowd, 1).await.unwrap().unwrap();
    assert!(matches!(taken, Taken::Granted { order, remaining: 7 } if order.id == id(1)));
    assert!(store.noted.lock().unwrap().is_empty(), "the gate is closed");
    // It is noted all the same.
    store.gate.add_permits(1);
    all_goes_on().await;
    assert_eq!(store.noted(), [[id(1)]]);
}

#[tokio::test]
async fn notes_that_gather_go_together_and_are_in_the_way_of_no_crowd() {
    let (crowd, store) = crowd(Duration::MAX, false);
    // The first one is at the gate, and those that follow are granted meanwhile.
    for order in 1..=4 {
        assert!(matches!(grab(&crowd, order).await.unwrap(), Ok(Taken::Granted { .. })));
    }
    assert!(store.noted.lock().unwrap().is_empty(), "the gate is closed");
    store.gate.add_permits(1);
    crowd.close().await;
    let noted = store.noted();
    assert_eq!(noted.concat(), [1, 2, 3, 4].map(id));
    // On a machine that stands still for a tenth of a second the first one counts as slow, and is in nobody's way.
    assert!(noted.len() < 4, "{noted:?}");
    assert!(grab(&crowd, 5).await.unwrap().is_err(), "it is closed");
}

#[tokio::test]
async fn after_a_note_the_next_one_has_time_to_gather() {
    let (crowd, store) = crowd(Duration::MAX, false);
    store.gate.add_permits(1);
    grab(&crowd, 1).await.unwrap().unwrap();
    all_goes_on().await;
    grab(&crowd, 2).await.unwrap().unwrap();
    crowd.close().await;
    let noted = store.noted.lock().unwrap();
    let [(first, _), (second, _)] = &**noted else { panic!("{noted:?}") };
    assert!(*second - *first >= Notes::REST, "{noted:?}");
}

#[tokio::test]
async fn a_passage_that_took_too_long_is_granted_after_the_store_was_asked_again() {
    let (crowd, store) = crowd(Duration::ZERO, false);
    let asking = grab(&crowd, 1);
    all_goes_on().await;
    assert!(!asking.is_finished());
    store.gate.add_permits(1);
    assert!(matches!(asking.await.unwrap(), Ok(Taken::Granted { .. })));
}

#[tokio::test]
async fn a_passage_that_took_too_long_is_not_granted_when_the_life_of_the_stock_is_over() {
    let (crowd, store) = crowd(Duration::ZERO, true);
    store.gate.add_permits(1);
    let asked = grab(&crowd, 1).await.unwrap();
    assert!(matches!(asked, Err(Fault::Unavailable { part: "stock", .. })));
    // Of one whose hold was found, nobody knows since when it is on its passage.
    for passage in [Duration::ZERO, Duration::MAX] {
        let (crowd, store) = self::crowd(passage, true);
        store.gate.add_permits(1);
        assert!(matches!(crowd.publish(&hold(id(1))).await, Err(Fault::Unavailable { part: "stock", .. })));
    }
}
