//! Attempts that have a name: the same is one, and a name is one campaign's.

use std::sync::Arc;

use domain::{
    spike::stock::{RememberedRequest, Reserve, Reserved, SaleStock},
    testing::id,
};

use super::{Bench, campaign, held, key};

pub async fn the_same_attempt_is_one_attempt(bench: Bench) {
    bench.load(bench.stock(5, 2)).await;
    let (hold, _) = held(bench.reserve_named(1, 1, 1, "a").await);
    let request = RememberedRequest {
        user_id: id(1),
        request_key: key("a"),
        campaign_id: campaign(),
        quantity: 1,
        order_id: id(1),
    };
    // Until its message is safe, whoever repeats the attempt is told to see to it.
    assert_eq!(
        bench.reserve_named(2, 1, 1, "a").await,
        Reserved::Known { request: request.clone(), unpublished: Some(hold.clone()) }
    );
    assert_eq!(bench.store.recall(id(1), &key("a")).await.unwrap(), None);
    bench.store.published(&[hold]).await.unwrap();
    assert_eq!(
        bench.reserve_named(3, 1, 1, "a").await,
        Reserved::Known { request: request.clone(), unpublished: None }
    );
    assert_eq!(bench.store.recall(id(1), &key("a")).await.unwrap(), Some(request.clone()));

    assert_eq!(bench.reserve_named(4, 1, 2, "a").await, Reserved::KeyReused, "another quantity");
    held(bench.reserve_named(5, 2, 1, "a").await);
    held(bench.reserve_named(6, 1, 1, "b").await);
    bench.store.release(campaign(), id(1)).await.unwrap();
    assert_eq!(
        bench.reserve_named(7, 1, 1, "a").await,
        Reserved::Known { request, unpublished: None },
        "remembered whatever became of it"
    );
    bench.assert_level(3, 2).await;
}

pub async fn a_refused_attempt_leaves_no_trace(bench: Bench) {
    bench.load(bench.stock(1, 1)).await;
    held(bench.reserve(1, 1, 1).await);
    assert_eq!(bench.reserve_named(2, 2, 1, "a").await, Reserved::SoldOut);
    bench.store.release(campaign(), id(1)).await.unwrap();
    held(bench.reserve_named(3, 2, 1, "a").await);
}

/// An order may be closed before the note that its message was published comes in.
pub async fn an_attempt_is_remembered_when_its_order_was_closed_early(bench: Bench) {
    bench.load(bench.stock(5, 2)).await;
    let (hold, _) = held(bench.reserve_named(1, 1, 1, "a").await);
    let request = RememberedRequest::of(&hold).unwrap();
    assert_eq!(bench.store.release(campaign(), id(1)).await.unwrap(), 1);
    bench.store.published(&[hold]).await.unwrap();
    assert_eq!(bench.store.recall(id(1), &key("a")).await.unwrap(), Some(request.clone()));
    assert_eq!(bench.reserve_named(2, 1, 1, "a").await, Reserved::Known { request, unpublished: None });
    assert_eq!(bench.reserve_named(3, 1, 2, "a").await, Reserved::KeyReused);
    bench.assert_level(5, 0).await;
}

pub async fn a_key_is_one_campaigns(bench: Bench) {
    bench.load(bench.stock(5, 2)).await;
    let other = SaleStock { campaign_id: id(2), ..bench.stock(5, 2) };
    bench.load(other).await;
    held(bench.reserve_named(1, 1, 1, "a").await);
    let elsewhere = Reserve { campaign_id: id(2), request_key: Some(key("a")), ..Bench::ask(2, 1, 1) };
    assert_eq!(bench.store.reserve(&elsewhere).await.unwrap(), Reserved::KeyReused);
    assert_eq!(bench.store.holds_of(id(1), None).await.unwrap().len(), 1);
}

/// The same key in two campaigns at the same moment, in one of them twice: both may be refused, but never are both
/// held, and a hold that was handed out to be published is not taken away.
pub async fn a_key_is_never_two_campaigns(bench: Bench) {
    const KEYS: u128 = 100;
    let ask = |n: u128, order: u128| {
        let key = key(&format!("k{}", n / 3));
        Reserve { campaign_id: id(1 + n % 3 % 2), request_key: Some(key), ..Bench::ask(order, 1, 1) }
    };
    bench.load(bench.stock(1_000, 1_000)).await;
    bench.load(SaleStock { campaign_id: id(2), ..bench.stock(1_000, 1_000) }).await;
    let attempts = (0..3 * KEYS).map(|n| {
        let (store, ask) = (Arc::clone(&bench.store), ask(n, n));
        tokio::spawn(async move { store.reserve(&ask).await.unwrap() })
    });
    let answers: Vec<_> = futures_util::future::join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    for three in answers.chunks(3) {
        let mut orders = Vec::new();
        for answer in three {
            match answer {
                Reserved::Held { hold, .. } | Reserved::Known { unpublished: Some(hold), .. } => {
                    orders.push(hold.order_id);
                }
                Reserved::KeyReused | Reserved::Known { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        orders.sort_unstable();
        orders.dedup();
        assert!(orders.len() <= 1, "{three:?}");
        for order in orders {
            assert!(bench.store.find_hold(order).await.unwrap().is_some(), "{three:?}");
        }
    }
    for campaign in [id(1), id(2)] {
        let level = bench.store.level(campaign).await.unwrap().expect("open");
        assert_eq!(level.quantity, level.available + level.held, "what was refused was given back");
    }
    // Whoever was refused may ask again, and then one gets it.
    for n in 0..3 * KEYS {
        bench.store.reserve(&ask(n, n + 1_000)).await.unwrap();
    }
    assert_eq!(bench.store.holds_of(id(1), None).await.unwrap().len(), usize::try_from(KEYS).unwrap());
}

/// The same attempt many times at the same moment gets one hold.
pub async fn the_same_attempt_at_the_same_moment_is_one(bench: Bench) {
    bench.load(bench.stock(100, 100)).await;
    let attempts = (0..200_u128).map(|n| {
        let ask = Reserve { request_key: Some(key("once")), ..Bench::ask(n, 1, 1) };
        let store = Arc::clone(&bench.store);
        tokio::spawn(async move { store.reserve(&ask).await.unwrap() })
    });
    let answers = futures_util::future::join_all(attempts).await;
    let holds = answers.into_iter().filter(|answer| matches!(answer, Ok(Reserved::Held { .. }))).count();
    assert_eq!(holds, 1);
    bench.assert_level(99, 1).await;
}
