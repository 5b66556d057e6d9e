//! Money is put on balances.

use domain::order::ports::ToppedUp;

use super::{Shop, key, user};

pub(crate) async fn a_top_up_is_booked(shop: &Shop) {
    assert_eq!(shop.balance(user(1)).await, None);
    shop.fill(user(1), 500).await;
    shop.fill(user(1), 500).await;
    shop.fill(user(2), 1).await;
    assert_eq!((shop.balance(user(1)).await, shop.audited().await), (Some(1_000), 3));
    let mut balances = shop.ledger.balances(&[user(2), user(3), user(1), user(2)]).await.unwrap();
    balances.sort_unstable();
    assert_eq!(balances, [(user(1), 1_000), (user(2), 1)]);
    assert!(shop.ledger.balances(&[]).await.unwrap().is_empty());
}

pub(crate) async fn an_attempt_tops_up_once(shop: &Shop) {
    let [first, second] = [Some(user(900)), Some(user(901))];
    assert!(matches!(shop.top_up(user(1), 500, first, key("t")).await, ToppedUp::Now));
    assert!(matches!(shop.top_up(user(1), 500, first, key("t")).await, ToppedUp::Before));
    assert!(matches!(shop.top_up(user(1), 501, first, key("t")).await, ToppedUp::KeyReused));
    assert!(matches!(shop.top_up(user(2), 500, first, key("t")).await, ToppedUp::KeyReused));
    assert_eq!((shop.balance(user(1)).await, shop.audited().await), (Some(500), 1), "nothing else was booked");
    assert!(matches!(shop.top_up(user(1), 500, second, key("t")).await, ToppedUp::Now), "an administrator's own keys");
    assert!(matches!(shop.top_up(user(1), 500, None, key("t")).await, ToppedUp::Now), "the operator's own keys");
    assert!(matches!(shop.top_up(user(1), 500, None, key("t")).await, ToppedUp::Before));
    assert_eq!((shop.balance(user(1)).await, shop.audited().await), (Some(1_500), 3));
}

pub(crate) async fn first_top_ups_race(shop: &Shop) {
    let all = (0..8).map(|n| shop.top_up(user(1), 10, None, key(&format!("t{}", n / 2))));
    let done = futures_util::future::join_all(all).await;
    assert_eq!(done.iter().filter(|done| matches!(done, ToppedUp::Now)).count(), 4);
    assert_eq!(shop.balance(user(1)).await, Some(40));
}
