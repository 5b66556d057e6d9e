//! The end of a process: what is in flight is finished, nothing that was accepted is lost, and the exit is 0.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test relies on must be there")]

#[path = "support/client.rs"]
mod client;
#[path = "support/process.rs"]
mod process;

use std::time::Duration;

use client::{Graph, order_id};
use futures_util::{StreamExt, stream::FuturesUnordered};
use process::{ADMIN_PASSWORD, ADMIN_PHONE, Installation};
use tokio::process::Command;

const SIGN_INS: usize = 40;
const GRABS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_what_is_in_flight_and_exits_0() {
    let directory = tempfile::tempdir().unwrap();
    let shop = Installation::new(directory.path());
    let mut server = shop.start().await;
    let http = reqwest::Client::new();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http.get(shop.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    let graph = Graph::new(shop.url("/graphql"));
    let admin = graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await;
    let campaign = admin.live_campaign(1_000, 1_000).await;

    // Signing in takes a while: passwords are hashed a few at a time. When the first answer is there, the
    // others are in the middle of it. Each has a client of its own, so none waits for another's connection.
    let mut sign_ins: FuturesUnordered<_> = (0..SIGN_INS)
        .map(|_| {
            let graph = Graph::new(shop.url("/graphql"));
            async move { graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await }
        })
        .collect();
    let grabs: FuturesUnordered<_> = (0..GRABS).map(|_| admin.grab(&campaign, 1, None)).collect();
    let accepted: Vec<String> =
        grabs.map(|answer| order_id(&answer.unwrap()).expect("granted").to_owned()).collect().await;
    sign_ins.next().await.expect("the first has signed in");

    let pid = server.id().expect("running").to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let signed_in = sign_ins.count().await;
    assert_eq!(signed_in, SIGN_INS - 1, "everybody who was signing in was answered");
    let status = tokio::time::timeout(Duration::from_secs(30), server.wait()).await.expect("it ends").unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(http.get(shop.url("/healthz")).send().await.is_err(), "nobody listens any more");

    let _server = shop.start().await;
    let admin = graph.login(ADMIN_PHONE, ADMIN_PASSWORD).await;
    let report = admin.settled_report(&campaign).await;
    let orders = admin.orders_of(&campaign).await;
    assert!(accepted.iter().all(|id| orders.iter().any(|order| order.0 == *id)), "every accepted grab is an order");
    assert_eq!((&report["grabs"], &report["balanced"]), (&GRABS.into(), &true.into()), "{report:#}");
}
