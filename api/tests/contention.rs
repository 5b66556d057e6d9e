//! A crowd grabs the same few units in the same second, through HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

mod support;

use std::collections::{BTreeMap, HashMap};

use futures_util::{StreamExt, stream};
use support::{
    Site,
    client::{Graph, order_id, refusal},
    people,
    process::{Replica, Runs},
};

const USERS: usize = 500;
const ATTEMPTS: usize = 10;
const UNITS: u32 = 100;

/// Everybody attempts ten times at once. Returns how often each refusal was answered.
async fn crowd(buyers: &[Graph], campaign: &str, quantity: impl Fn(usize) -> u32 + Copy) -> BTreeMap<String, usize> {
    // A user's ten attempts stand beside each other, so that they race with each other as well.
    let attempts = (0..USERS).flat_map(|user| (0..ATTEMPTS).map(move |attempt| (attempt, user)));
    let answers = stream::iter(attempts)
        .map(|(attempt, user)| async move {
            let answer =
                buyers[user].grab(campaign, quantity(user * ATTEMPTS + attempt), None).await.expect("answered");
            let granted = order_id(&answer).is_some();
            match refusal(&answer) {
                None if granted => "granted".to_owned(),
                Some(code) if !granted => code.to_owned(),
                _ => panic!("granted or refused, not both: {answer:#}"),
            }
        })
        .buffer_unordered(250);
    answers
        .fold(BTreeMap::new(), async |mut counts, answer| {
            *counts.entry(answer).or_default() += 1;
            counts
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_users_and_a_hundred_units() {
    let site = Site::new().await;
    println!("on {}", site.engines());
    let people = people::move_in(&site, USERS).await;
    let mut server = Replica::new(&site, "server", Runs::Everything);
    server.start().await;
    let graph = Graph::new(server.url("/graphql"));
    let admin = graph.signed_in(&people.admin.token);
    let buyers: Vec<Graph> = people.buyers.iter().map(|buyer| graph.signed_in(&buyer.token)).collect();

    // Limit 1, one unit each.
    let campaign = admin.live_campaign(UNITS, 1).await;
    let answers = crowd(&buyers, &campaign, |_| 1).await;
    println!("limit 1: {answers:?}");
    let report = admin.settled_report(&campaign).await;
    let orders = admin.orders_of(&campaign).await;
    let mut units: HashMap<&str, u64> = HashMap::new();
    for order in &orders {
        assert_eq!(order.status, "PENDING_PAYMENT");
        *units.entry(&order.user).or_default() += order.quantity;
    }
    assert_eq!((orders.len(), units.len()), (UNITS as usize, UNITS as usize), "100 orders by 100 users");
    assert_eq!(answers["granted"], orders.len(), "who was told yes has an order");
    assert_eq!(answers.values().sum::<usize>(), USERS * ATTEMPTS);
    assert!(
        answers.keys().all(|code| ["granted", "SOLD_OUT", "LIMIT_EXCEEDED"].contains(&code.as_str())),
        "{answers:?}"
    );
    assert!(answers["LIMIT_EXCEEDED"] > 0, "attempts of one user raced: {answers:?}");
    assert_eq!((&report["grabs"], &report["available"], &report["balanced"]), (&100.into(), &0.into(), &true.into()));

    // Limit 3, one to three units.
    let campaign = admin.live_campaign(UNITS, 3).await;
    let answers = crowd(&buyers, &campaign, |n| u32::try_from(n % 3).unwrap() + 1).await;
    println!("limit 3: {answers:?}");
    let report = admin.settled_report(&campaign).await;
    let orders = admin.orders_of(&campaign).await;
    let mut units: HashMap<&str, u64> = HashMap::new();
    for order in &orders {
        *units.entry(&order.user).or_default() += order.quantity;
    }
    assert!(units.values().all(|units| *units <= 3), "the limit holds over orders");
    assert_eq!(units.values().sum::<u64>(), u64::from(UNITS), "attempts at one unit take the last");
    assert_eq!(answers["granted"], orders.len());
    let typed = ["granted", "SOLD_OUT", "LIMIT_EXCEEDED", "INSUFFICIENT_STOCK"];
    assert!(answers.keys().all(|code| typed.contains(&code.as_str())), "{answers:?}");
    assert_eq!((&report["available"], &report["balanced"], &report["rejected"]), (&0.into(), &true.into(), &0.into()));
    server.stop().await;
    site.clear().await;
}
