//! Between an order that is closed in the database and its units in Redis.

use serde_json::json;

use crate::scene::{Outcome, Plan, Scene, site};

/// The process that cancelled an order dies before Redis was told.
pub(crate) async fn cancelled(seed: u64) -> Outcome {
    cancels_and_dies_at("follow_up.committed", seed).await
}

/// It dies after Redis was told and before the note of it is gone: the sweep tells Redis once more.
pub(crate) async fn released(seed: u64) -> Outcome {
    cancels_and_dies_at("follow_up.released", seed).await
}

async fn cancels_and_dies_at(point: &str, seed: u64) -> Outcome {
    let plan = Plan { graph_fails_at: format!("{point}=1*return"), ..Plan::default() };
    let mut scene = Scene::open(site().await, plan, seed).await;
    scene.crowd.rush(0..20).await;
    scene.wait_until_placed().await;
    let cancel = "mutation($id: ID!) { cancelOrder(input: { orderId: $id }) { order { status } userErrors { code } } }";
    let buyer = scene.any(0..20);
    let orders = scene.crowd.orders();
    let (buyer, order) = orders[buyer % orders.len()].clone();
    // It is answered or not: the process dies about then.
    let _ = scene.crowd.client(buyer, 0).try_run(cancel, json!({ "id": order })).await;
    scene.graphs[0].ended().await;
    scene.graphs[0].start().await;
    let found = scene.audit().await;
    scene.expect(found.orders.get("CANCELLED") == Some(&1), || format!("{:?}", found.orders));
    scene.expect(found.report["available"] == 6, || format!("of 25, 19 are taken: {}", found.report));
    scene.sell_out().await
}

/// The consumer that expires unpaid orders dies before Redis was told.
pub(crate) async fn expired(seed: u64) -> Outcome {
    let plan = Plan { payment_window_seconds: 3, quantity: 15, ..Plan::default() };
    let mut scene = Scene::open(site().await, plan, seed).await;
    scene.crowd.rush(0..15).await;
    scene.wait_until_placed().await;
    scene.consumer.kill().await;
    // The first thing it has to do is to close what is due.
    scene.consumer.start_failing_at("follow_up.committed=1*return").await;
    scene.consumer.ended().await;
    scene.consumer.start().await;
    scene.wait_for_report("all to expire", |report| report["expired"] == 15).await;
    let found = scene.audit().await;
    scene.expect(found.report["available"] == 15, || format!("all is back: {}", found.report));
    // What came back is sold again.
    scene.crowd.rush(15..30).await;
    scene.wait_for_report("the second half to expire", |report| report["expired"] == 30).await;
    let found = scene.audit().await;
    scene.expect(found.accepted == 30, || format!("{} of 30 were told yes", found.accepted));
    scene.end(found.accepted).await
}
