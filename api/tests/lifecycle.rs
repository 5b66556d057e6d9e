//! The end of a process: what is in flight is finished, nothing that was accepted is lost, and the exit is 0.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

mod support;

use futures_util::{StreamExt, stream::FuturesUnordered};
use support::{
    Site,
    builder::{ADMIN_PASSWORD, ADMIN_PHONE},
    client::{Graph, order_id},
    process::{Replica, Runs},
};

const SIGN_INS: usize = 40;
const GRABS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_what_is_in_flight_and_exits_0() {
    let mut site = Site::new().await;
    site.with_administrator();
    // All who sign in here are the same person, at the same moment and from the same place.
    site.set("rates.attempts_per_account_and_address", "1000/10m");
    let mut server = Replica::new(&site, "server", Runs::Everything);
    server.start().await;
    let http = reqwest::Client::new();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http.get(server.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    let graph = Graph::new(server.url("/graphql"));
    let admin = graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await;
    let campaign = admin.live_campaign(1_000, 1_000).await;

    // Signing in takes a while: passwords are hashed a few at a time. When the first answer is there, the
    // others are in the middle of it. Each has a client of its own, so none waits for another's connection.
    let mut sign_ins: FuturesUnordered<_> = (0..SIGN_INS)
        .map(|_| {
            let graph = Graph::new(server.url("/graphql"));
            async move { graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await }
        })
        .collect();
    let grabs: FuturesUnordered<_> = (0..GRABS).map(|_| admin.grab(&campaign, 1, None)).collect();
    let accepted: Vec<String> =
        grabs.map(|answer| order_id(&answer.unwrap()).expect("granted").to_owned()).collect().await;
    sign_ins.next().await.expect("the first has signed in");

    server.signal("TERM").await;
    let signed_in = sign_ins.count().await;
    assert_eq!(signed_in, SIGN_INS - 1, "everybody who was signing in was answered");
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(http.get(server.url("/healthz")).send().await.is_err(), "nobody listens any more");

    server.start().await;
    let admin = graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await;
    let report = admin.settled_report(&campaign).await;
    let orders = admin.orders_of(&campaign).await;
    assert!(accepted.iter().all(|id| orders.iter().any(|order| order.id == *id)), "every accepted grab is an order");
    assert_eq!((&report["grabs"], &report["balanced"]), (&GRABS.into(), &true.into()), "{report:#}");
    server.stop().await;
    site.clear().await;
}
