//! Between the hold and the message.

use std::time::Duration;

use engines::{Proxy, shared};

use crate::scene::{Outcome, Plan, Scene, site};

/// The process dies with a hold that was not published: the relay publishes it, and the order appears although its
/// buyer does not ask again.
pub(crate) async fn reserved(seed: u64) -> Outcome {
    dies_at("grab.reserved", seed).await
}

/// The process dies with a message that nobody was told of.
pub(crate) async fn published(seed: u64) -> Outcome {
    dies_at("grab.published", seed).await
}

/// The process dies when it has told its buyers, and, as a rule, not noted that their messages are published.
pub(crate) async fn told(seed: u64) -> Outcome {
    dies_at("grab.told", seed).await
}

async fn dies_at(point: &str, seed: u64) -> Outcome {
    // It dies at a crowd of holds and not at a hold: six buyers are under way at most and 25 get units, so there are five
    // crowds at least.
    let before = usize::try_from(seed % 5).expect("small");
    let plan = Plan { graph_fails_at: format!("{point}={before}*off->1*return"), ..Plan::default() };
    let mut scene = Scene::open(site().await, plan, seed).await;
    scene.crowd.rush(0..scene.crowd.len()).await;
    scene.graphs[0].ended().await;
    scene.graphs[0].start().await;
    // Nobody has asked again yet.
    let found = scene.audit().await;
    let orders: usize = found.orders.values().sum();
    scene.expect(orders > before, || format!("{orders} orders, and it died after {before} crowds"));
    scene.sell_out().await
}

/// The broker has the messages and its confirms are lost.
pub(crate) async fn confirm_lost(seed: u64) -> Outcome {
    let (proxy, mut scene) = behind_proxy(seed).await;
    let first = scene.any(3..10);
    scene.crowd.rush(0..first).await;
    proxy.drop_responses().await;
    scene.crowd.rush(first..first + 8).await;
    proxy.resume().await;
    told_yes(&mut scene, first + 8).await;
    scene.sell_out().await
}

/// The confirms come after nobody waits for them any more.
pub(crate) async fn confirm_late(seed: u64) -> Outcome {
    let (proxy, mut scene) = behind_proxy(seed).await;
    let first = scene.any(3..10);
    scene.crowd.rush(0..first).await;
    proxy.delay(Duration::from_millis(900)).await;
    scene.crowd.rush(first..first + 8).await;
    proxy.resume().await;
    told_yes(&mut scene, first + 8).await;
    scene.sell_out().await
}

/// A sale whose grabs reach RabbitMQ through a proxy. The consumer, with the relay, does not.
async fn behind_proxy(seed: u64) -> (Proxy, Scene) {
    let site = site().await;
    let rabbitmq = shared::rabbitmq().await.expect("RabbitMQ");
    let proxy = Proxy::start(([127, 0, 0, 1], rabbitmq.port()).into()).await.expect("a proxy");
    let graph_settings = vec![("bus.url", proxy.url(&rabbitmq.url())), ("bus.confirm_timeout", "500ms".to_owned())];
    let scene = Scene::open(site, Plan { graph_settings, ..Plan::default() }, seed).await;
    (proxy, scene)
}

/// A confirm that does not come changes nothing for the buyer: the hold is safe in Redis.
async fn told_yes(scene: &mut Scene, buyers: usize) {
    let granted = scene.crowd.granted().len();
    scene.expect(granted == buyers, || format!("{granted} of {buyers} were told yes"));
    let found = scene.audit().await;
    let orders: usize = found.orders.values().sum();
    scene.expect(orders == buyers, || format!("{orders} orders of {buyers} grabs"));
}
