//! What every stock store must do. Takes the port and a clock that the test moves, and nothing else.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test binary uses its own part of the suite")]

use std::{collections::HashMap, sync::Arc};

use chrono::Duration;
use domain::{
    clock::Clock,
    error::Fault,
    id::{CampaignId, OrderId, UserId},
    spike::{
        Hold,
        ports::StockStore,
        stock::{
            OpeningClaim, RememberedRequest, RequestKey, Reserve, Reserved, SaleStock, SaleTerms, StockAdjusted,
            StockLevel,
        },
    },
    testing::{self, ManualClock, id},
};

pub mod attempts;
pub mod model;

pub use attempts::*;

/// A store under test, and the clock that it reads.
pub struct Bench {
    pub store: Arc<dyn StockStore>,
    pub clock: Arc<ManualClock>,
}

const CAMPAIGN: u128 = 1;

fn campaign() -> CampaignId {
    id(CAMPAIGN)
}

fn key(text: &str) -> RequestKey {
    RequestKey::parse(text).unwrap()
}

impl Bench {
    fn stock(&self, quantity: u32, per_user_limit: u32) -> SaleStock {
        let now = self.clock.now();
        let mut sample = testing::campaign(now, now + Duration::hours(1));
        sample.per_user_limit = per_user_limit;
        SaleStock {
            campaign_id: campaign(),
            epoch: 1,
            quantity,
            terms: SaleTerms::from(&sample),
            holds: Vec::new(),
            requests: Vec::new(),
        }
    }

    fn ask(order: u128, user: u128, quantity: u32) -> Reserve {
        Reserve { campaign_id: campaign(), user_id: id(user), order_id: id(order), quantity, request_key: None }
    }

    /// Claims the opening and opens. What is open cannot be claimed, so it is closed first.
    async fn load(&self, stock: SaleStock) -> bool {
        if self.store.level(stock.campaign_id).await.unwrap().is_some() {
            self.store.unload(stock.campaign_id).await.unwrap();
        }
        let claim = self.store.claim_opening(stock.campaign_id).await.unwrap().expect("nobody else opens it");
        self.store.load(stock, &claim).await.unwrap()
    }

    async fn reserve(&self, order: u128, user: u128, quantity: u32) -> Reserved {
        self.store.reserve(&Self::ask(order, user, quantity)).await.unwrap()
    }

    async fn reserve_named(&self, order: u128, user: u128, quantity: u32, name: &str) -> Reserved {
        let ask = Reserve { request_key: Some(key(name)), ..Self::ask(order, user, quantity) };
        self.store.reserve(&ask).await.unwrap()
    }

    /// Opens with as many units and has them all taken, each by another user, at the moment at which the clock stands.
    pub async fn take(&self, units: u32) {
        self.load(self.stock(units, 1)).await;
        let asks: Vec<Reserve> = (1..=u128::from(units)).map(|n| Self::ask(n, n, 1)).collect();
        for answer in futures_util::future::join_all(asks.iter().map(|ask| self.store.reserve(ask))).await {
            held(answer.unwrap());
        }
    }

    async fn level(&self) -> StockLevel {
        self.store.level(campaign()).await.unwrap().expect("the campaign is open")
    }

    async fn assert_level(&self, available: u32, held: u32) {
        let level = self.level().await;
        assert_eq!((level.available, level.held), (available, held));
        assert_eq!(level.quantity, available + held, "quantity = available + held");
    }
}

fn held(reserved: Reserved) -> (Hold, u32) {
    match reserved {
        Reserved::Held { hold, remaining } => (hold, remaining),
        other => panic!("expected a hold, got {other:?}"),
    }
}

pub async fn a_closed_campaign_answers_not_loaded(bench: Bench) {
    assert_eq!(bench.reserve(1, 1, 1).await, Reserved::NotLoaded);
    assert_eq!(bench.store.level(campaign()).await.unwrap(), None);
    assert_eq!(bench.store.adjust(campaign(), 1).await.unwrap(), StockAdjusted::NotLoaded);
    assert_eq!(bench.store.release(campaign(), id(1)).await.unwrap(), 0);
    assert_eq!(bench.store.find_hold(id(1)).await.unwrap(), None);
}

pub async fn a_hold_carries_the_terms_of_its_moment(bench: Bench) {
    let stock = bench.stock(3, 2);
    let terms = stock.terms.clone();
    assert!(bench.load(stock).await);
    let (hold, remaining) = held(bench.reserve(10, 1, 2).await);
    assert_eq!(remaining, 1);
    let expected = Hold {
        order_id: id(10),
        campaign_id: campaign(),
        user_id: id(1),
        quantity: 2,
        unit_price: terms.unit_price,
        per_user_limit: 2,
        payment_window_seconds: terms.payment_window_seconds,
        request_key: None,
        grabbed_at: bench.clock.now(),
        epoch: 1,
    };
    assert_eq!(hold, expected);
    assert_eq!(bench.store.find_hold(id(10)).await.unwrap(), Some(expected.clone()));
    assert_eq!(bench.store.holds_of(id(1), None).await.unwrap(), std::slice::from_ref(&expected));
    assert_eq!(bench.store.holds_of(id(1), Some(campaign())).await.unwrap(), [expected]);
    assert_eq!(bench.store.holds_of(id(2), None).await.unwrap(), []);
    bench.assert_level(1, 2).await;
}

pub async fn refusals_come_in_their_order(bench: Bench) {
    let now = bench.clock.now();
    let mut stock = bench.stock(3, 2);
    stock.terms.starts_at = now + Duration::minutes(1);
    let terms = stock.terms.clone();
    bench.load(stock).await;
    assert_eq!(bench.reserve(1, 1, 1).await, Reserved::NotStarted { starts_at: terms.starts_at });

    let paused = SaleTerms { version: 2, paused: true, ..terms.clone() };
    bench.store.set_terms(campaign(), &paused).await.unwrap();
    assert_eq!(bench.reserve(1, 1, 1).await, Reserved::Paused, "paused comes before not started");

    let open = SaleTerms { version: 3, ..terms.clone() };
    bench.store.set_terms(campaign(), &open).await.unwrap();
    bench.clock.advance(Duration::minutes(1));
    assert_eq!(bench.reserve(1, 1, 3).await, Reserved::LimitExceeded { limit: 2, holding: 0 });
    held(bench.reserve(1, 1, 2).await);
    assert_eq!(bench.reserve(2, 1, 1).await, Reserved::LimitExceeded { limit: 2, holding: 2 });
    assert_eq!(bench.reserve(2, 2, 2).await, Reserved::Insufficient { remaining: 1 });
    held(bench.reserve(2, 2, 1).await);
    assert_eq!(bench.reserve(3, 3, 1).await, Reserved::SoldOut);

    let ended = SaleTerms { version: 4, ended: true, ..terms.clone() };
    bench.store.set_terms(campaign(), &ended).await.unwrap();
    assert_eq!(bench.reserve(3, 3, 1).await, Reserved::Ended);
    bench.store.set_terms(campaign(), &SaleTerms { version: 5, ..terms.clone() }).await.unwrap();
    bench.clock.advance(terms.ends_at - bench.clock.now());
    assert_eq!(bench.reserve(3, 3, 1).await, Reserved::Ended, "the end is the first moment after the sale");
    bench.assert_level(0, 3).await;
}

pub async fn older_terms_never_replace_newer_ones(bench: Bench) {
    let stock = bench.stock(3, 1);
    let terms = stock.terms.clone();
    bench.load(stock).await;
    bench.store.set_terms(campaign(), &SaleTerms { version: 7, per_user_limit: 3, ..terms.clone() }).await.unwrap();
    bench.store.set_terms(campaign(), &SaleTerms { version: 6, per_user_limit: 2, ..terms }).await.unwrap();
    assert_eq!(bench.level().await.terms_version, 7);
    held(bench.reserve(1, 1, 3).await);
}

pub async fn units_come_back_once(bench: Bench) {
    bench.load(bench.stock(3, 3)).await;
    held(bench.reserve(1, 1, 2).await);
    assert_eq!(bench.store.release(campaign(), id(1)).await.unwrap(), 2);
    assert_eq!(bench.store.release(campaign(), id(1)).await.unwrap(), 0);
    bench.assert_level(3, 0).await;
    assert_eq!(bench.store.find_hold(id(1)).await.unwrap(), None);
    held(bench.reserve(2, 1, 3).await);
}

pub async fn opening_takes_holds_and_attempts_in(bench: Bench) {
    let now = bench.clock.now();
    let mut stock = bench.stock(5, 2);
    stock.holds = vec![Hold { order_id: id(1), user_id: id(1), quantity: 2, ..testing::hold(now) }];
    let request = RememberedRequest {
        user_id: id(3),
        request_key: key("a"),
        campaign_id: campaign(),
        quantity: 1,
        order_id: id(9),
    };
    stock.requests = vec![request.clone()];
    assert!(bench.load(stock.clone()).await);
    bench.assert_level(3, 2).await;
    assert_eq!(bench.reserve(2, 1, 1).await, Reserved::LimitExceeded { limit: 2, holding: 2 });
    assert_eq!(bench.store.recall(id(3), &key("a")).await.unwrap(), Some(request));
    assert_eq!(bench.store.unpublished(Duration::zero(), 10).await.unwrap(), [], "what is opened was published");
    assert_eq!(bench.store.loaded().await.unwrap(), [campaign()]);

    assert!(bench.load(SaleStock { epoch: 2, holds: Vec::new(), ..stock }).await);
    bench.assert_level(5, 0).await;
    assert_eq!(bench.level().await.epoch, 2);

    bench.store.unload(campaign()).await.unwrap();
    assert_eq!(bench.reserve(3, 1, 1).await, Reserved::NotLoaded);
    assert_eq!(bench.store.loaded().await.unwrap(), []);
}

pub async fn what_was_not_published_is_told(bench: Bench) {
    bench.load(bench.stock(5, 5)).await;
    let (first, _) = held(bench.reserve(1, 1, 1).await);
    bench.clock.advance(Duration::seconds(2));
    held(bench.reserve(2, 1, 1).await);
    let left = |age, max| bench.store.unpublished(Duration::seconds(age), max);
    assert_eq!(left(2, 10).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(left(0, 10).await.unwrap().len(), 2);
    assert_eq!(left(0, 1).await.unwrap().len(), 1);
    bench.store.published(&[first]).await.unwrap();
    bench.store.release(campaign(), id(2)).await.unwrap();
    assert_eq!(left(0, 10).await.unwrap(), [], "published, or given back");
}

pub async fn adjusting_never_goes_below_what_is_held(bench: Bench) {
    bench.load(bench.stock(5, 5)).await;
    held(bench.reserve(1, 1, 3).await);
    assert_eq!(bench.store.adjust(campaign(), -3).await.unwrap(), StockAdjusted::TooFewAvailable { available: 2 });
    assert!(
        matches!(bench.store.adjust(campaign(), -2).await.unwrap(), StockAdjusted::Adjusted(level) if level.available == 0)
    );
    assert_eq!(bench.reserve(2, 2, 1).await, Reserved::SoldOut);
    assert!(
        matches!(bench.store.adjust(campaign(), 4).await.unwrap(), StockAdjusted::Adjusted(level) if level.quantity == 7)
    );
    bench.assert_level(4, 3).await;
}

/// One opener at a time: what another one read before is out of date.
pub async fn an_opening_whose_claim_has_ended_does_nothing(bench: Bench) {
    let claim = bench.store.claim_opening(campaign()).await.unwrap().expect("nobody else opens it");
    assert!(bench.store.load(bench.stock(5, 2), &claim).await.unwrap());
    held(bench.reserve(1, 1, 1).await);
    let later = SaleStock { epoch: 2, ..bench.stock(5, 2) };
    assert!(!bench.store.load(later.clone(), &claim).await.unwrap(), "a claim opens once");
    let made_up = OpeningClaim { token: "none of ours".to_owned(), ..claim };
    assert!(!bench.store.load(later.clone(), &made_up).await.unwrap());
    bench.assert_level(4, 1).await;
    assert!(bench.load(later).await);
    bench.assert_level(5, 0).await;
}

/// From the claim on nothing may be taken of the life before.
pub async fn what_is_open_cannot_be_claimed(bench: Bench) {
    bench.load(bench.stock(5, 2)).await;
    held(bench.reserve(1, 1, 1).await);
    assert_eq!(bench.store.claim_opening(campaign()).await.unwrap(), None);
    bench.assert_level(4, 1).await;
    bench.store.unload(campaign()).await.unwrap();
    assert!(bench.store.claim_opening(campaign()).await.unwrap().is_some());
    assert_eq!(bench.reserve(2, 2, 1).await, Reserved::NotLoaded);
}

/// Whoever rebuilt the stock may not have counted a hold of the life before: nobody is told yes for it.
pub async fn a_hold_of_a_life_that_is_over_is_not_confirmed(bench: Bench) {
    bench.load(bench.stock(5, 2)).await;
    let (counted, _) = held(bench.reserve(1, 1, 1).await);
    let (forgotten, _) = held(bench.reserve(2, 2, 1).await);
    let now_counted = Hold { epoch: 2, ..counted.clone() };
    assert!(bench.load(SaleStock { epoch: 2, holds: vec![now_counted.clone()], ..bench.stock(5, 2) }).await);
    bench.store.published(std::slice::from_ref(&counted)).await.unwrap();
    let late = bench.store.published(std::slice::from_ref(&forgotten)).await;
    assert!(matches!(late, Err(Fault::Unavailable { part: "stock", .. })), "{late:?}");
    let mixed = bench.store.published(&[counted.clone(), forgotten]).await;
    assert!(matches!(mixed, Err(Fault::Unavailable { part: "stock", .. })), "{mixed:?}");
    // Closed meanwhile is not forgotten: its order exists.
    assert_eq!(bench.store.release(campaign(), id(1)).await.unwrap(), 1);
    bench.store.published(&[now_counted]).await.unwrap();
    bench.store.unload(campaign()).await.unwrap();
    let closed = bench.store.published(&[counted]).await;
    assert!(matches!(closed, Err(Fault::Unavailable { part: "stock", .. })), "{closed:?}");
}

pub async fn all_holds_are_told(bench: Bench) {
    assert_eq!(bench.store.holds(campaign()).await.unwrap(), []);
    bench.load(bench.stock(700, 1)).await;
    let mut expected = Vec::new();
    for n in 1..=600 {
        expected.push(held(bench.reserve(n, n, 1).await).0);
    }
    bench.store.release(campaign(), id(1)).await.unwrap();
    expected.remove(0);
    let mut told = bench.store.holds(campaign()).await.unwrap();
    told.sort_by_key(|hold| hold.order_id);
    assert_eq!(told, expected);
}

/// Whoever got no answer asks again, with a request key or without.
pub async fn the_same_order_is_taken_once(bench: Bench) {
    bench.load(bench.stock(5, 5)).await;
    let (hold, _) = held(bench.reserve(1, 1, 2).await);
    let (named, _) = held(bench.reserve_named(2, 2, 1, "n").await);
    bench.clock.advance(Duration::seconds(1));
    assert_eq!(held(bench.reserve(1, 1, 2).await), (hold, 2), "the hold as it was");
    assert_eq!(held(bench.reserve_named(2, 2, 1, "n").await), (named, 2), "the hold as it was");
    bench.assert_level(2, 3).await;
    for (order, units) in [(1, 2), (2, 1)] {
        assert_eq!(bench.store.release(campaign(), id(order)).await.unwrap(), units);
    }
    bench.assert_level(5, 0).await;
}

/// A crowd at the same moment: never more than there is, never more than one may have.
pub async fn a_crowd_takes_what_there_is(bench: Bench) {
    const UNITS: u32 = 100;
    bench.load(bench.stock(UNITS, 1)).await;
    let attempts = (0..2_000_u128).map(|n| {
        let (store, ask) = (Arc::clone(&bench.store), Bench::ask(n, n % 500, 1));
        tokio::spawn(async move { store.reserve(&ask).await.unwrap() })
    });
    let mut winners: HashMap<UserId, OrderId> = HashMap::new();
    for answer in futures_util::future::join_all(attempts).await {
        if let Reserved::Held { hold, .. } = answer.unwrap() {
            assert_eq!(winners.insert(hold.user_id, hold.order_id), None, "one each");
        }
    }
    assert_eq!(winners.len(), UNITS as usize);
    bench.assert_level(0, UNITS).await;
}
